"""cyjson.engines.spark in a local[2] session: every document once, bad lines by mode, with their place."""

import datetime
import decimal
import json
import os
import shutil
import signal
import sys

import pytest
from support.engines import checksum, environment, spoil, written

pyspark = pytest.importorskip("pyspark")
pytest.importorskip("pyspark.sql.datasource")
pytest.importorskip("pyarrow")
if shutil.which("java") is None:
    pytest.skip("Spark needs java", allow_module_level=True)

from cyjson import lines  # noqa: E402
from cyjson.engines.spark import read_rdd, register, write_rdd  # noqa: E402

pytestmark = pytest.mark.thread_unsafe


@pytest.fixture(scope="module")
def spark():
    from pyspark.sql import SparkSession

    environment()
    os.environ["PYSPARK_PYTHON"] = os.environ["PYSPARK_DRIVER_PYTHON"] = sys.executable
    session = (
        SparkSession.builder.master("local[2, 4]")
        .config("spark.ui.enabled", "false")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.sql.shuffle.partitions", "2")
        .config("spark.log.level", "OFF")
        .getOrCreate()
    )
    register(session)
    yield session
    session.stop()


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("spark") / "lines"
    return folder, written(folder)


def read(spark, path, schema=None, **options):
    reader = spark.read.format("cyjson").options(**options)
    return (reader if schema is None else reader.schema(schema)).load(str(path))


def plain(row):
    return row.asDict(recursive=True)


def test_every_document_once(spark, data):
    folder, events = data
    frame = read(spark, folder, blockSize="40kB")
    assert frame.rdd.getNumPartitions() > 10
    rows = [plain(row) for row in frame.collect()]
    assert sorted(rows, key=lambda each: each["id"]) == events
    assert sum(map(checksum, rows)) == sum(map(checksum, events))
    assert frame.count() == len(events)
    total = frame.where("status = 500").selectExpr("sum(ms) AS s").first().s
    assert total == sum(each["ms"] for each in events if each["status"] == 500)


def test_partitions_are_worth_a_task(spark, tmp_path):
    for number in range(30):
        lines.dump([{"id": number}] * 3, tmp_path / f"{number:02}.ndjson{'.gz' if number % 5 == 0 else ''}")
    frame = read(spark, tmp_path, includePath=True)
    assert frame.rdd.getNumPartitions() == 1
    assert frame.count() == 90 and frame.select("path").distinct().count() == 30
    assert 3 < read(spark, tmp_path, blockSize="200B").rdd.getNumPartitions() < 30


def test_sizes_of_partitions():
    from cyjson import _engines
    from cyjson.engines import spark as engine

    def sizes(cores, *files):
        files = [_engines.File(f"{number}", size * 2**20, None) for number, size in enumerate(files)]
        size = engine._block_size(files, cores)
        groups = engine._grouped(_engines.cut(files, size), size + size // 8)
        assert sum(part.size for parts in groups for part in parts) == sum(file.size for file in files)
        return [sum(part.size for part in parts) // 2**20 for parts in groups]

    assert sizes(2, 1000) == [250] * 4
    assert sizes(2, 300) == [150] * 2
    assert sizes(2, 20) == [10, 10]  # 16 MiB at least
    assert sizes(64, 1000) == [15] * 63
    assert sizes(None, 1000) == [125] * 8
    assert sizes(1, *[1] * 100) == [100]
    assert sizes(2, 90, 5, 5) == [45, 55]
    packed = _engines.File("x.gz", 2**20, "gzip")
    assert [len(parts) for parts in engine._grouped(_engines.cut([packed] * 5, 2**24), 2**24)] == [2, 2, 1]
    assert engine._grouped([], 1) == []


def test_the_inferred_schema_is_sparks(spark, data):
    folder, events = data
    ours = dict(read(spark, folder).dtypes)
    theirs = dict(spark.read.json(str(folder)).dtypes)
    assert (ours.pop("user"), theirs.pop("user")) == (
        "struct<id:bigint,city:string>",
        "struct<city:string,id:bigint>",
    )
    assert ours == theirs


def test_schema_pick_and_path(spark, data):
    folder, events = data
    frame = read(spark, folder, "ms FLOAT, status SHORT, nothing STRING")
    assert frame.selectExpr("sum(status) AS s", "count(nothing) AS n").first().asDict() == {
        "s": sum(each["status"] for each in events),
        "n": 0,
    }
    picked = read(spark, folder, pick=json.dumps({"user": "/user/id", "first": "/tags/0"}), includePath="true")
    assert picked.columns == ["user", "first", "path"]
    assert picked.selectExpr("sum(user) AS s").first().s == sum(each["user"]["id"] for each in events)
    assert picked.select("path").distinct().count() == 5
    several = spark.read.format("cyjson").load([str(folder / "4-one.ndjson"), str(folder / "5-packed.ndjson.gz")])
    assert several.count() == 308
    assert read(spark, folder / "0-empty.ndjson", "id LONG").collect() == []


def test_types_that_the_schema_asks_for(spark, tmp_path):
    texts = [
        '{"at": "2024-02-29T12:30:15.123456Z", "day": "2024-02-29", "price": 1.10, "m": {"a": 1, "b": 2}, "l": [[1]]}',
        '{"at": "2024-02-29T12:30:15+02:00", "day": "2024-02-29", "price": 12345678901234567.25, "m": {}, "l": []}',
    ]
    (tmp_path / "a.ndjson").write_text("\n".join(texts), encoding="utf-8")
    schema = "at TIMESTAMP, day DATE, price DECIMAL(20,2), m MAP<STRING, INT>, l ARRAY<ARRAY<BYTE>>"
    one, two = [plain(row) for row in read(spark, tmp_path, schema, mode="FAILFAST").collect()]
    assert one["price"] == decimal.Decimal("1.10") and two["price"] == decimal.Decimal("12345678901234567.25")
    assert one["day"] == datetime.date(2024, 2, 29)
    assert (one["m"], two["m"], one["l"], two["l"]) == ({"a": 1, "b": 2}, {}, [[1]], [])
    theirs = spark.read.schema(schema).json(str(tmp_path))
    ours = read(spark, tmp_path, schema)
    assert [str(row.at) for row in ours.collect()] == [str(row.at) for row in theirs.collect()]


BAD = [b'{"id": 7,', b"[1]", b'{"id": "x", "ms": 5}', b'"\xff"']
SCHEMA = "id LONG, ms DOUBLE, _corrupt_record STRING"


@pytest.fixture(scope="module")
def broken(tmp_path_factory):
    folder = tmp_path_factory.mktemp("broken") / "lines"
    events = written(folder)
    offsets = [spoil(folder, "1-large.ndjson", 700 + 300 * each, line) for each, line in enumerate(BAD)]
    return folder, events, offsets


def test_permissive(spark, broken):
    folder, events, offsets = broken
    frame = read(spark, folder, SCHEMA, blockSize="30kB")
    assert frame.count() == len(events)
    bad = frame.where("_corrupt_record IS NOT NULL").collect()
    assert {row._corrupt_record: (row.id, row.ms) for row in bad} == {
        '{"id": 7,': (None, None),
        "[1]": (None, None),
        '{"id": "x", "ms": 5}': (None, 5.0),
        '"\ufffd"': (None, None),
    }
    named = read(spark, folder, "id LONG, bad STRING", columnNameOfCorruptRecord="bad")
    assert named.where("bad IS NOT NULL").count() == 4
    assert read(spark, folder, "id LONG").where("id IS NULL").count() == 4
    (folder.parent / "bad.ndjson").write_text('{"id": 1}\n{"id"\n')
    inferred = read(spark, folder.parent / "bad.ndjson")
    assert sorted(map(tuple, inferred.collect()), key=str) == [(1, None), (None, '{"id"')]


def test_dropmalformed(spark, broken):
    folder, events, offsets = broken
    assert read(spark, folder, "id LONG, ms DOUBLE", mode="DROPMALFORMED", blockSize="30kB").count() == len(events) - 4


def test_failfast_says_where(spark, broken):
    folder, events, offsets = broken
    with pytest.raises(Exception, match=rf"line 700 column \d+ .*at byte {offsets[0]}\) of .*1-large.ndjson"):
        read(spark, folder, "id LONG", mode="FAILFAST").count()


def test_options_are_checked(spark, data):
    folder, events = data
    for options, message in (
        ({"modus": "x"}, "no option modus"),
        ({"mode": "x"}, "mode must be one of"),
        ({"blockSize": "x"}, "blockSize must be a size"),
        ({"maxLine": "x"}, "maxLine must be a size"),
        ({"compression": "rar"}, "compression must be"),
    ):
        with pytest.raises(Exception, match=message):
            read(spark, folder, "id LONG", **options).count()
    with pytest.raises(Exception, match="no such file"):
        read(spark, folder / "none", "id LONG").count()


def test_write(spark, data, tmp_path):
    folder, events = data
    frame = read(spark, folder, blockSize="200kB")
    out = tmp_path / "out"
    frame.write.format("cyjson").mode("append").save(str(out))
    assert all(name.startswith("part-") and name.endswith(".ndjson") for name in os.listdir(out))
    found = [each for name in os.listdir(out) for each in lines.load(out / name)]
    assert sorted(found, key=lambda each: each["id"]) == [without_nulls(each) for each in events]
    options = {"compression": "gzip", "ignoreNullFields": "false"}
    frame.where("id < 10").write.format("cyjson").mode("overwrite").options(**options).save(str(out))
    found = [each for name in os.listdir(out) for each in lines.load(out / name)]
    assert sorted(found, key=lambda each: each["id"]) == events[:10]
    with pytest.raises(Exception, match="zero|ZERO"):
        broken = frame.selectExpr("IF(id = 2000, raise_error('zero'), id) AS id")
        broken.write.format("cyjson").mode("append").save(str(tmp_path / "failed"))
    assert not os.path.exists(tmp_path / "failed") or os.listdir(tmp_path / "failed") == []


def without_nulls(document):
    return {
        name: without_nulls(each) if isinstance(each, dict) else each
        for name, each in document.items()
        if each is not None
    }


def test_rdds(spark, data, tmp_path):
    folder, events = data
    context = spark.sparkContext
    rdd = read_rdd(context, folder, blocksize="20kB")
    assert rdd.getNumPartitions() > 20
    assert rdd.collect() == events
    assert read_rdd(context, folder, pick="/ms").sum() == sum(each["ms"] for each in events)
    paths = write_rdd(rdd, tmp_path / "rdd")
    assert [each for path in paths for each in lines.load(path)] == events
    assert read_rdd(context, folder / "0-empty.ndjson").collect() == []


def test_a_bad_line_of_an_rdd(spark, broken):
    folder, events, offsets = broken
    with pytest.raises(Exception, match=rf"line 700 column \d+ .*at byte {offsets[0]}\) of .*1-large.ndjson"):
        read_rdd(spark.sparkContext, folder).count()
    assert read_rdd(spark.sparkContext, folder, errors="skip").count() == len(events) - 2


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs signals")
def test_a_killed_worker_changes_nothing(spark, data, tmp_path):
    folder, events = data
    mark = str(tmp_path / "killed")

    def sums(documents):
        for each in documents:
            if each["id"] == 2000 and not os.path.exists(mark):
                open(mark, "w").close()
                os.kill(os.getpid(), signal.SIGKILL)
            yield checksum(each)

    found = read_rdd(spark.sparkContext, folder, blocksize="20kB").mapPartitions(sums).sum()
    assert os.path.exists(mark)
    assert found == sum(map(checksum, events))
