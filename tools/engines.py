"""Run cyjson.engines on gigabytes: whether each document comes once, and how long it takes beside the engines' readers.

    python tools/engines.py make FOLDER [--size 2GB]     files of odd sizes, one of three quarters of it, one a gzip
    python tools/engines.py check ENGINE FOLDER          counts, sums and checksums are a single process's; one worker
                                                         is killed meanwhile; the most memory that a worker had
    python tools/engines.py bad-line ENGINE FOLDER       where a line in the middle is said to be that is malformed
    python tools/engines.py make-events FILE [--size 256MiB]
    python tools/engines.py race ENGINE FILE [--rounds 3]  a filter and aggregates over eight columns, and over two

ENGINE: dask, ray or spark, with two workers. Prints a line for each figure.
"""

import argparse
import contextlib
import gzip
import json
import os
import random
import re
import signal
import sys
import threading
import time
import zlib

from cyjson import _engines, lines

WORDS = "alpha beta gamma delta ünïcode 中文字 😀 naïve Straße Ærø plain text of a log record".split()


def document(number, chance):
    return {
        "id": number,
        "text": " ".join(chance.choices(WORDS, k=chance.randrange(4, 40))),
        "ms": number * 0.25,
        "tags": chance.choices(WORDS, k=chance.randrange(4)),
        "user": {"id": number % 1000, "name": WORDS[number % len(WORDS)]},
    }


def checksum(line_or_document):
    return zlib.crc32(json.dumps(line_or_document, sort_keys=True).encode())


# The share of each file, the line's end, whether the last line has one
SHARES = [
    ("0-empty.ndjson", 0, b"\n", True),
    ("1-large.ndjson", 0.75, b"\n", True),
    ("2-windows.ndjson", 0.14, b"\r\n", True),
    ("3-open.ndjson", 0.0703, b"\n", False),
    ("4-tiny.ndjson", 0.0000003, b"\n", False),
    ("5-packed.ndjson.gz", 0.0396997, b"\n", True),
    ("6-empty.ndjson", 0, b"\n", True),
]


def make(folder, size):
    os.makedirs(folder)
    chance = random.Random(1)
    # Blocks of documents again and again, with other numbers: to make them takes longer than to read them.
    texts = [lines.encode([document(0, chance)])[len(b'{"id":0,') :].rstrip() for _ in range(5000)]
    number = 0
    for name, share, end, ended in SHARES:
        left = int(size * share)
        with (gzip.open if name.endswith(".gz") else open)(os.path.join(folder, name), "wb") as file:
            block = []
            while left > 0:
                line = b'{"id":%d,%s' % (number, texts[number % len(texts)])
                number += 1
                left -= len(line) + len(end)
                block.append(line)
                if len(block) == 10_000 or left <= 0:
                    file.write(end.join(block) + (end if ended or left > 0 else b""))
                    block = []
    print(f"made {number:,} documents")


def totals(documents):
    count = total = checks = 0
    for each in documents:
        count += 1
        total += each["id"]
        checks += checksum(each)
    return count, total, checks


class Killing:
    """Kills its process once, in the middle."""

    def __init__(self, mark, number):
        self.mark, self.number = mark, number

    def __call__(self, documents):
        for each in documents:
            if each["id"] == self.number and not os.path.exists(self.mark):
                open(self.mark, "w").close()
                os.kill(os.getpid(), signal.SIGKILL)
            yield each


class Watch(threading.Thread):
    """The most memory (RSS) that a process below this one had, whose command has a word."""

    def __init__(self, word):
        super().__init__(daemon=True)
        self.word, self.most, self.ended = word, 0, threading.Event()

    def run(self):
        import psutil

        me = psutil.Process()
        while not self.ended.wait(0.2):
            for each in me.children(recursive=True):
                try:
                    if self.word in " ".join(each.cmdline()):
                        self.most = max(self.most, each.memory_info().rss)
                except psutil.Error:
                    pass


def single(folder):
    source = _engines.Source(options={})
    parts = _engines.cut(_engines.listed(folder), 2**40)
    return totals(each for part in parts for each in source.documents(part))


@contextlib.contextmanager
def spoiled(folder):
    """A line in the middle of the large file is malformed meanwhile: its number and offset."""
    path = os.path.join(folder, SHARES[1][0])
    with open(path, "r+b", buffering=0) as file:
        before = file.read(os.path.getsize(path) // 2)
        offset, number = before.rindex(b"\n") + 1, before.count(b"\n") + 1
        try:
            os.pwrite(file.fileno(), b"}", offset)
            yield number, offset
        finally:
            os.pwrite(file.fileno(), b"{", offset)


def check(engine, folder):
    begun = time.perf_counter()
    expected = single(folder)
    print(f"one process: {expected} in {time.perf_counter() - begun:.1f} s", flush=True)
    failed = []
    with STARTS[engine]() as session:
        for name, run in CHECKS[engine].items():
            mark = os.path.join(folder, f"_killed-{os.getpid()}")
            watch = Watch({"dask": "spawn", "ray": "ray::", "spark": "pyspark.daemon"}[engine])
            watch.start()
            begun = time.perf_counter()
            found = run(session, folder, Killing(mark, expected[0] // 2))
            seconds = time.perf_counter() - begun
            watch.ended.set()
            most = f"most memory of a worker {watch.most / 2**20:.0f} MiB"
            killed = os.path.exists(mark)
            if killed:
                os.remove(mark)
            equal = "equal" if found == expected else f"{found}, which isn't what a single process gives"
            print(f"{name}: {seconds:.1f} s, {most}, {'a' if killed else 'no'} worker was killed: {equal}", flush=True)
            failed += [name] * (found != expected or not killed)
    if failed:
        sys.exit(f"failed: {', '.join(failed)}")


def bad_line(engine, folder):
    with STARTS[engine]() as session, spoiled(folder) as (number, offset):
        begun = time.perf_counter()
        try:
            BAD_LINES[engine](session, folder)
            told = "no error"
        except Exception as error:
            told = str(error)
        seconds = time.perf_counter() - begun
    found = re.search(rf"line {number} column \d+ .*at byte {offset}\) of .*{SHARES[1][0]}", told)
    if found is None:
        sys.exit(f"line {number} at byte {offset} isn't what is reported: {told}")
    print(f"{engine}: {found[0]!r} in {seconds:.1f} s")


def add(one, other):
    return tuple(x + y for x, y in zip(one, other, strict=True))


def check_bag(session, folder, killing):
    from cyjson.engines.dask import read_lines

    found = read_lines(folder).map_partitions(lambda each: [totals(killing(each))])
    return found.fold(add, initial=(0, 0, 0)).compute()


def sums_of(table, killing):
    """The totals of a table, as one: texts, for they may be large."""
    import pyarrow

    found = totals(killing(table.to_pylist()))
    return pyarrow.table({name: [str(each)] for name, each in zip("abc", found, strict=True)})


def check_frame(session, folder, killing):
    import pyarrow

    from cyjson.engines.dask import read_frame

    def sums(frame):
        return sums_of(pyarrow.Table.from_pandas(frame, preserve_index=False), killing).to_pandas()

    found = read_frame(folder).map_partitions(sums, meta=dict.fromkeys("abc", str)).compute()
    return tuple(sum(map(int, found[name])) for name in "abc")


def check_dataset(session, folder, killing):
    from cyjson.engines.ray import read_lines

    def sums(batch):
        return sums_of(batch, killing)

    rows = read_lines(folder).map_batches(sums, batch_format="pyarrow", batch_size=None).take_all()
    return tuple(sum(int(row[name]) for row in rows) for name in "abc")


def check_rdd(session, folder, killing):
    from cyjson.engines.spark import read_rdd

    found = read_rdd(session.sparkContext, folder).mapPartitions(lambda each: [totals(killing(each))])
    return found.fold((0, 0, 0), add)


def check_sql(session, folder, killing):
    def sums(batches):
        import pyarrow

        for batch in batches:
            yield from sums_of(pyarrow.table(batch), killing).to_batches()

    frame = session.read.format("cyjson").load(folder)
    rows = frame.mapInArrow(sums, "a STRING, b STRING, c STRING").collect()
    return tuple(sum(int(row[name]) for row in rows) for name in "abc")


def bad_line_of_dask(session, folder):
    from cyjson.engines.dask import read_lines

    read_lines(folder).count().compute()


def bad_line_of_ray(session, folder):
    from cyjson.engines.ray import read_lines

    read_lines(folder).sum("id")


def bad_line_of_spark(session, folder):
    frame = session.read.format("cyjson").option("mode", "FAILFAST").schema("id BIGINT").load(folder)
    frame.agg({"id": "sum"}).collect()


# ---- starting ----


def start_dask():
    from distributed import Client, LocalCluster

    return Client(LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None))


def start_ray():
    import ray

    @contextlib.contextmanager
    def session():
        ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, object_store_memory=2**30)
        ray.data.DataContext.get_current().enable_progress_bars = False
        yield ray
        ray.shutdown()

    return session()


def start_spark():
    from pyspark.sql import SparkSession

    from cyjson.engines.spark import register

    os.environ["PYSPARK_PYTHON"] = os.environ["PYSPARK_DRIVER_PYTHON"] = sys.executable

    @contextlib.contextmanager
    def session():
        spark = (
            SparkSession.builder.master("local[2, 4]")
            .config("spark.ui.enabled", "false")
            .config("spark.driver.bindAddress", "127.0.0.1")
            .config("spark.driver.host", "127.0.0.1")
            .config("spark.driver.memory", "2g")
            .config("spark.log.level", "ERROR")
            .getOrCreate()
        )
        register(spark)
        yield spark
        spark.stop()

    return session()


STARTS = {"dask": start_dask, "ray": start_ray, "spark": start_spark}
CHECKS = {
    "dask": {"bag": check_bag, "frame": check_frame},
    "ray": {"dataset": check_dataset},
    "spark": {"RDD": check_rdd, "frame": check_sql},
}
BAD_LINES = {"dask": bad_line_of_dask, "ray": bad_line_of_ray, "spark": bad_line_of_spark}

# ---- the race ----

LEVELS = ["debug", "info", "warning", "error"]


def make_events(path, size):
    chance = random.Random(2)
    number = 0
    with open(path, "wb") as file:
        while file.tell() < size:
            events = []
            for _ in range(10_000):
                number += 1
                events.append(
                    {
                        "id": number,
                        "ts": 1_700_000_000 + number,
                        "level": chance.choice(LEVELS),
                        "status": chance.choice([200, 200, 200, 301, 404, 500, 503]),
                        "ms": chance.randrange(100_000) / 8,
                        "bytes": chance.randrange(10**6),
                        "user": f"user-{chance.randrange(10**5)}",
                        "path": "/" + "/".join(chance.choices(WORDS, k=3)),
                        "agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0",
                        "trace": {"span": f"{chance.getrandbits(64):016x}", "parent": f"{chance.getrandbits(64):016x}"},
                    }
                )
            file.write(lines.encode(events))
    print(f"made {number:,} documents")


EIGHT = ["id", "ts", "level", "status", "ms", "bytes", "user", "path"]
TWO = ["status", "ms"]


def of_documents(columns, loads=None):
    """The aggregates of an iterator of documents, or of tuples of the columns."""

    def aggregate(documents):
        count, found = 0, {}
        for each in documents:
            if loads is not None:
                each = loads(each)
            values = each if type(each) is tuple else tuple([each[name] for name in columns])
            row = dict(zip(columns, values, strict=True))
            if row["status"] >= 500:
                count += 1
                found["ms"] = found.get("ms", 0) + row["ms"]
                for name in columns:
                    if name != "ms" and (name not in found or row[name] > found[name]):
                        found[name] = row[name]
        return [(count, found)]

    return aggregate


def merged(results):
    count, found = 0, {}
    for more, each in results:
        count += more
        for name, value in each.items():
            if name == "ms":
                found[name] = found.get(name, 0) + value
            else:
                found[name] = max(found.get(name, value), value)
    return count, found


def dask_contenders(session, path, columns):
    import dask.bag
    import dask.dataframe

    from cyjson.engines.dask import read_frame, read_lines

    def bag_of_text():
        bag = dask.bag.read_text(path, blocksize="64MiB").map_partitions(of_documents(columns, json.loads))
        return merged(bag.compute())

    def our_bag():
        bag = read_lines(path, blocksize="64MiB")
        return merged(bag.map_partitions(of_documents(columns)).compute())

    def our_bag_picking():
        bag = read_lines(path, pick=[f"/{name}" for name in columns], blocksize="64MiB")
        return merged(bag.map_partitions(of_documents(columns)).compute())

    def of_frame(frame):
        frame = frame[columns]
        frame = frame[frame.status >= 500]
        wanted = {name: frame[name].sum() if name == "ms" else frame[name].max() for name in columns}
        import dask

        (found, count) = dask.compute(wanted, frame.status.count())
        return int(count), {name: each.item() if hasattr(each, "item") else each for name, each in found.items()}

    return {
        "bag: read_text, json.loads": bag_of_text,
        "bag: read_lines": our_bag,
        "bag: read_lines(pick=)": our_bag_picking,
        "frame: read_json": lambda: of_frame(dask.dataframe.read_json(path, lines=True, blocksize=2**26)),
        "frame: read_frame": lambda: of_frame(read_frame(path, blocksize="64MiB")),
    }


def ray_contenders(session, path, columns):
    import ray.data
    from ray.data import aggregate

    from cyjson.engines.ray import read_lines

    def of_dataset(dataset):
        import pyarrow.compute as pc

        def kept(table):
            return table.select(columns).filter(pc.greater_equal(table["status"], 500))

        kinds = [aggregate.Sum(name) if name == "ms" else aggregate.Max(name) for name in columns]
        found = dataset.map_batches(kept, batch_format="pyarrow").aggregate(aggregate.Count(), *kinds)
        return found["count()"], {name: found[f"sum({name})" if name == "ms" else f"max({name})"] for name in columns}

    return {
        "read_json (Arrow)": lambda: of_dataset(ray.data.read_json(path, file_extensions=None)),
        "read_lines": lambda: of_dataset(read_lines(path).select_columns(columns)),
    }


def spark_contenders(session, path, columns):
    from pyspark.sql import functions as F

    types = {
        **dict.fromkeys(["id", "ts", "status", "bytes"], "long"),
        **dict.fromkeys(["level", "user", "path"], "string"),
        "ms": "double",
    }
    schema = ", ".join(f"{name} {types[name]}" for name in columns)

    def of_frame(frame):
        kinds = [F.sum(name).alias(name) if name == "ms" else F.max(name).alias(name) for name in columns]
        found = frame.where("status >= 500").agg(F.count("*").alias("count"), *kinds).first().asDict()
        return found.pop("count"), found

    ours = session.read.format("cyjson")
    return {
        "json, no schema": lambda: of_frame(session.read.json(path)),
        "json, schema": lambda: of_frame(session.read.schema(schema).json(path)),
        "cyjson, no schema": lambda: of_frame(session.read.format("cyjson").load(path)),
        "cyjson, schema": lambda: of_frame(ours.schema(schema).load(path)),
    }


CONTENDERS = {"dask": dask_contenders, "ray": ray_contenders, "spark": spark_contenders}


def race(engine, path, rounds):
    with STARTS[engine]() as session:
        for columns in EIGHT, TWO:
            contenders = CONTENDERS[engine](session, path, columns)
            best, results = {}, {}
            for _ in range(rounds):
                for name, run in contenders.items():
                    begun = time.perf_counter()
                    count, found = run()
                    seconds = time.perf_counter() - begun
                    best[name] = min(best.get(name, seconds), seconds)
                    results[name] = count, {each: found[each] for each in sorted(found)}
            for name, seconds in best.items():
                print(f"{engine}, {len(columns)} columns, {name}: {seconds:.2f} s", flush=True)
            expected = next(iter(results.values()))
            for name, result in results.items():
                if repr(result) != repr(expected):
                    print(f"  {name} gives {result}, not {expected}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    for name in "make", "make-events", "check", "bad-line", "race":
        command = commands.add_parser(name)
        if not name.startswith("make"):
            command.add_argument("engine", choices=STARTS)
        command.add_argument("path")
        if name.startswith("make"):
            command.add_argument("--size", default="2GB" if name == "make" else "256MiB")
        if name == "race":
            command.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    if given.command == "make":
        make(given.path, _engines.size_of("--size", given.size))
    elif given.command == "make-events":
        make_events(given.path, _engines.size_of("--size", given.size))
    elif given.command == "check":
        check(given.engine, given.path)
    elif given.command == "bad-line":
        bad_line(given.engine, given.path)
    else:
        race(given.engine, os.path.abspath(given.path), given.rounds)


if __name__ == "__main__":
    main()
