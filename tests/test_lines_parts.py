"""Parts of lines, and lines on several threads: the values and errors of one thread that decodes all."""

import gc
import gzip
import io
import json
import mmap
import os
import random
import signal
import sys
import threading
import time
from functools import partial
from pathlib import Path

import pytest
from support.amount import amount
from support.compare import native_only
from support.lines import outcomes, plain, random_line
from support.program import forks_threads, run

import cyjson
from cyjson import lines

POINTERS = ["/id", "/user/name", "/tags/1"]
THREADS = [None, 1, 2, 5]


def record(i):
    return {"id": i, "user": {"name": f"näme{i % 7}", "x": [i] * (i % 5)}, "tags": ["a", i, {"k\\": "é"}][: i % 4]}


def wanted(document):
    tags = document["tags"]
    return document["id"], document["user"]["name"], tags[1] if len(tags) > 1 else None


RECORDS = [record(i) for i in range(9000)]
DATA = "".join(json.dumps(each, ensure_ascii=i % 2 > 0) + "\n" for i, each in enumerate(RECORDS)).encode()
WANTED = [wanted(each) for each in RECORDS]


@pytest.fixture(params=["chosen", "parallel"])
def parallel(request, monkeypatch):
    """Threads that decode, too, which are of use without a GIL and right with one."""
    if request.param == "parallel":
        monkeypatch.setattr(lines, "_has_gil", lambda: False)
    return request.param == "parallel"


@pytest.mark.parametrize("threads", THREADS)
def test_values(threads, tmp_path, parallel):
    path = tmp_path / "events.ndjson"
    path.write_bytes(DATA)
    (tmp_path / "events.ndjson.gz").write_bytes(gzip.compress(DATA, 1))
    assert list(lines.loads(DATA, pick=POINTERS, threads=threads)) == WANTED
    assert list(lines.loads(DATA.decode(), pick=POINTERS, threads=threads)) == WANTED
    assert list(lines.loads(DATA, pick="/id", threads=threads)) == [*range(len(RECORDS))]
    assert list(lines.loads(DATA, pick=["/id"], threads=threads)) == [(i,) for i in range(len(RECORDS))]
    assert list(lines.loads(DATA, pick=[["user", "name"], ""], threads=threads))[5] == ("näme5", RECORDS[5])
    assert list(lines.loads(DATA, threads=threads)) == RECORDS
    views = list(lines.loads(DATA, lazy=True, threads=threads))
    assert all(isinstance(each, cyjson.LazyObject) for each in views)
    assert [each.value() for each in views] == RECORDS
    for source in path, str(path) + ".gz":
        assert list(lines.load(source, pick=POINTERS, threads=threads)) == WANTED
    with open(path, "rb") as file:
        assert list(lines.load(file, pick=POINTERS, threads=threads)) == WANTED
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapping:
            assert list(lines.load(mapping, pick=POINTERS, threads=threads)) == WANTED
            with memoryview(mapping) as view:
                assert list(lines.loads(view, pick=POINTERS, threads=threads)) == WANTED
    with open(path, encoding="utf-8") as file:
        assert list(lines.load(file, pick=POINTERS, threads=threads)) == WANTED
    assert list(lines.load(io.BytesIO(DATA), pick=POINTERS, threads=threads)) == WANTED


GOOD = ['{"id": 1, "user": {"name": "x"}, "tags": [1, 2, 3]}', "[]", "5", '"text"', "null", '{"id": 1, "id": 2}', "NaN"]
BAD = ['{"id": 1', "[1,]", '{"id": 01}', "nul", '{"id": "\x01"}', '{"id": "\\q"}', "[" * 2000, "[" * 200_000]
BAD += ["[" + "1" * 5000 + "]", '{"id": ' + "1" * 5000 + "}", "1 2", "{} x", "\ufeff{}", "[1}"]
RAW = [
    b'{"id": "\xff"}',
    b'{"id": "\xed\xa0\x80"}',
    b"\xef\xbb\xbf{}",
    b"",
    b"  \t ",
    b"\r",
    b"{}\r",
    b"\x00",
    b"[\x00]",
]
LINES = [*map(str.encode, GOOD + BAD), *RAW]


@pytest.mark.parametrize("errors", ["raise", "skip", "call"])
@pytest.mark.parametrize("seed", range(amount(6, 60)))
def test_errors_are_those_of_one_thread(errors, seed, parallel):
    source = random.Random(seed)
    count = source.choice([5, 60, 400])
    chosen = [source.choice(LINES) for _ in range(count)]
    if seed % 2:
        chosen = [each if source.random() < 0.1 else DATA.split(b"\n")[i % 50] for i, each in enumerate(chosen)]
    data = b"\n".join(chosen) + source.choice([b"", b"\n"])
    max_line = source.choice([None, 0, 30, 70, 100_000])
    options = {"errors": errors, "max_line": max_line}
    expected = outcomes(lambda **options: lines.loads(data, **options), **options)
    for threads in 2, 3:
        assert outcomes(lambda **options: lines.loads(data, threads=threads, **options), **options) == expected
    for parts in {"pick": ""}, {"lazy": True}:
        for threads in None, 2:
            given = {**options, **parts}
            assert outcomes(lambda **options: lines.loads(data, threads=threads, **options), **given) == expected

    def read_in_pieces(**options):
        sizes = random.Random(seed)
        file = io.BytesIO(data)

        class File:
            def read(self, size):
                return file.read(min(size, sizes.choice([1, 7, 100, 65536])))

        return lines.load(File(), **options)

    for parts in {}, {"pick": ""}:
        assert outcomes(lambda **options: read_in_pieces(threads=2, **options), **options, **parts) == expected


@pytest.mark.parametrize("seed", range(amount(8, 200)))
def test_lines_looked_at_together(seed):
    """What is checked of many lines at once is what each line by itself gives: values, errors, places."""
    rng = random.Random(seed)
    ends = ["\n"] if seed % 2 else ["\n", "\n", "\r\n", " \n", "\n\n"]
    parts = [random_line(rng) + rng.choice(ends) for _ in range(rng.choice([5, 300, 3000]))]
    data = "".join(parts).encode("utf-8", "surrogatepass")
    if seed % 3 == 0:
        data = data[:-1].replace(b"\xc3\xa9", b"\xc3", 1)
    pointers = ["/id", "/user/name", "/tags/1", ""]

    def by_pick(**options):
        return lines.loads(data, pick=pointers, **options)

    def by_pick_of_file(**options):
        return lines.load(io.BytesIO(data), pick=pointers, **options)

    def one_by_one(**options):
        return lines.map(lambda each: cyjson.pick(cyjson.dumps(each), *pointers), data, **options)

    limit = rng.choice([{}, {"max_line": 30}])
    expected = outcomes(one_by_one, errors="call", **limit)
    assert outcomes(by_pick, errors="call", **limit) == expected
    assert outcomes(by_pick_of_file, errors="call", **limit) == expected
    assert list(by_pick(errors="skip", **limit)) == list(one_by_one(errors="skip", **limit))
    assert outcomes(by_pick, errors="call", threads=2, **limit) == expected
    expected = outcomes(lambda **options: lines.loads(data, **options), errors="call", **limit)
    for threads in None, 2:
        given = {"errors": "call", "lazy": True, "threads": threads, **limit}
        assert outcomes(lambda **options: lines.loads(data, **options), **given) == expected
        assert outcomes(lambda **options: lines.load(io.BytesIO(data), **options), **given) == expected


def by_looking_up(document, path):
    for name in path:
        if not isinstance(document, dict) or name not in document:
            return None
        document = document[name]
    return document


@pytest.mark.parametrize("threads", [None, 2])
def test_names_of_every_size(threads, parallel):
    """Names that differ in one byte, at every place; those that come again; and what they lead to, which is gone."""
    draw = random.Random(3)
    names = ["n" * size for size in range(40)] + ["é" * size for size in range(1, 12)] + ['"' * 3, "\\" * 20]
    for each in names[1:40]:
        place = draw.randrange(len(each))
        names.append(each[:place] + "m" + each[place + 1 :])
    written = []
    for _ in range(3000):
        members = []
        for name in draw.choices(names, k=draw.randrange(8)):
            value = draw.choice(["1", "[[2]]", '{"x": 3}', '{"y": {"x": 4}, "x": {"x": 5}, "x": 6}', '{"x": {"x": 7}}'])
            members.append(f"{json.dumps(name, ensure_ascii=draw.random() < 0.3)}: {value}")
        written.append("{" + ", ".join(members) + "}" + draw.choice(["", "", " ", "\r"]))
    data = "\n".join(written).encode()
    documents = [json.loads(each) for each in written]
    for chosen in [["n" * 7], ["n" * 8, "n" * 15, "n" * 16, "n" * 17], names]:
        paths = [path for name in chosen for path in ((name,), (name, "x"), (name, "x", "x"), (name, "y", "x"))]
        want = [tuple(by_looking_up(each, path) for path in paths) for each in documents]
        assert list(lines.loads(data, pick=paths, threads=threads)) == want


@pytest.mark.parametrize("threads", [None, 2])
def test_values_that_come_again(threads, parallel):
    """Texts that begin alike, at every size; a value that is kept is another's only where the text is the same."""
    draw = random.Random(5)
    texts = [f'"{"a" * size}"' for size in range(20)] + ["1" * size for size in range(1, 20)]
    texts += ["1.0", "1e0", "-1", "-0", "0", "0.0", "true", "false", "null", "NaN", "Infinity", "-Infinity", '"1"']
    texts += ['"\\""', '"\\"b"', '"\\"c"', '"\\\\"', '"\\\\b"', '"\\u0061"', '"é"', '"è"', '"]"', '",1"', '"}"']
    texts += ['" "', "[]", "[1]", "{}", '{"v":1}', *(str(i) for i in range(300))]
    written = []
    for size in [3, 20, len(texts), 5]:  # those that come again, and those that don't
        some = draw.sample(texts, size)
        for _ in range(1500):
            one, other = draw.choices(some, k=2)
            written.append(f'{{"v":{one}{draw.choice(["", " "])},"w":[0, {other}{draw.choice(["", "  "])}]}}')
    data = "\n".join(written).encode()
    want = [(each["v"], each["w"][1]) for each in map(json.loads, written)]
    for source in data, io.BytesIO(data):
        read = lines.loads if source is data else lines.load
        got = list(read(source, pick=["/v", "/w/1"], threads=threads))
        assert list(map(repr, got)) == list(map(repr, want))
    containers = [value for pair in got for value in pair if isinstance(value, (list, dict))]
    assert len(set(map(id, containers))) == len(containers) > 10
    singly = list(lines.loads(data, pick="/w/1", threads=threads))
    assert list(map(repr, singly)) == [repr(value) for _, value in want]


@pytest.mark.parametrize("threads", [None, 2])
def test_indices_that_are_names_too(threads, parallel):
    data = b'{"0": {"0": 1}, "1": 2}\n[[3, 4], 5]\n{"1": [6], "0": [7, {"0": 8}], "0": [9]}\n' * 500
    paths = [("0", "0"), (0, 0), (0, "0"), "/0/0", "/1", (1,), "/0/1/0"]
    want = [(1, None, None, 1, 2, None, None), (None, 3, None, 3, 5, 5, None), (None, None, None, 9, [6], None, None)]
    assert [cyjson.pick(each, *paths) for each in data.splitlines()[:3]] == want
    assert list(lines.loads(data, pick=paths, threads=threads)) == want * 500


@pytest.mark.parametrize("threads", [None, 2])
def test_views_are_of_their_own_line(threads, parallel):
    """Whatever is in the lines before them, which are looked at together with them."""
    draw = random.Random(4)
    written = [record(i) for i in range(4000)]
    texts = []
    for each in written:
        text = json.dumps(each, ensure_ascii=draw.random() < 0.5, separators=draw.choice([(",", ":"), (", ", ": ")]))
        texts.append((text, draw.choice(["\n", "\n", "\n", "\r\n", " \n", "\n\n"])))
    views = list(lines.loads("".join(a + b for a, b in texts).encode(), lazy=True, threads=threads))
    assert len(views) == len(written)
    for view, document, (text, _) in zip(views, written, texts, strict=True):
        assert view.raw == text.encode() or cyjson.backend == "python"
        assert (view["id"], view["user"]["name"], len(view)) == (document["id"], document["user"]["name"], 3)
        assert list(view["user"]["x"]) == document["user"]["x"]
        assert [plain(each) for each in view["tags"]] == document["tags"]
        assert view.value() == document


@pytest.mark.parametrize("size", [100, 262_140, 262_144, 262_150, 300_000, 2_000_000])
def test_long_lines(size, parallel):
    long = b'{"id": "' + b"x" * size + b'"}'
    short = b'{"id": 1}'
    for chosen in [long], [short, long, short], [long, long], [short] * 3 + [long]:
        for end in b"", b"\n":
            data = b"\n".join(chosen) + end
            for max_line in None, size, size - 50_000:
                if max_line is not None and max_line < 0:
                    continue
                options = {"errors": "call", "max_line": max_line}
                expected = outcomes(lambda **options: lines.loads(data, **options), **options)
                for parts in {}, {"pick": ""}, {"lazy": True}:
                    given = {**options, **parts, "threads": 2}
                    assert outcomes(lambda **options: lines.loads(data, **options), **given) == expected


@pytest.mark.parametrize("threads", THREADS)
def test_ranges(threads, tmp_path, parallel):
    path = tmp_path / "events.ndjson"
    data = DATA[: DATA.index(b"\n", 700_000) + 1]
    path.write_bytes(data)
    cuts = [0, 1, 300, 300_000, 300_001, 600_000, len(data)]
    for parts in {}, {"pick": "/id"}, {"lazy": True}:
        found = []
        for start, stop in zip(cuts, cuts[1:]):
            found += map(plain, lines.load(path, start=start, stop=stop, threads=threads, **parts))
        assert found == [each["id"] if "pick" in parts else each for each in RECORDS[: len(found)]]
        assert len(found) == data.count(b"\n")


def test_wrong_arguments():
    for threads, error in (0, ValueError), (-1, ValueError), (65, ValueError), ("2", TypeError), (2.0, TypeError):
        with pytest.raises(error, match="threads must be"):
            lines.loads(b"", threads=threads)
    with pytest.raises(ValueError, match="type, pick and lazy exclude each other"):
        lines.loads(b"", pick="/a", lazy=True)
    for options in {"parse_int": str}, {"cls": cyjson.JSONDecoder}, {"strict": False}:
        with pytest.raises(ValueError, match="takes no options of loads"):
            lines.loads(b"", pick="/a", **options)
        with pytest.raises(ValueError, match="takes no options of loads"):
            lines.loads(b"", lazy=True, **options)
    for pick, error in ("a", ValueError), (["/a", "~"], ValueError), ([], ValueError), ([5], TypeError), (5, TypeError):
        with pytest.raises(error):
            lines.loads(b"", pick=pick)
    with pytest.raises(TypeError, match="function must be callable"):
        lines.map(None, b"")
    with pytest.raises(ValueError, match="start and stop"):
        lines.map(len, b"", start=1)


@pytest.mark.parametrize("threads", THREADS)
@pytest.mark.parametrize("depth", [256, 257, 5000])
def test_pointers_that_are_too_long_to_be_walked(threads, depth, tmp_path):
    pointer, data = "/a" * depth, b'{}\n{"a": 1}\n' * 20
    path = tmp_path / "lines"
    path.write_bytes(data)
    for make in (lines.loads, lambda data, **options: lines.load(path, **options), partial(lines.map, str)):
        assert set(make(data, pick=pointer, threads=threads)) == {"None" if isinstance(make, partial) else None}


@pytest.mark.skipif(not hasattr(sys, "getrefcount"), reason="this interpreter doesn't count references")
def test_long_pointers_are_not_kept():
    for pick in (["/" + "a" * 300], ["/a" * 200], [("a" * 300,)], [("a",) * 100]):
        pointer = pick[0] if len(pick[0]) > 1 else pick[0][0]
        before = sys.getrefcount(pointer)
        for _ in range(3):
            assert cyjson.pick(b"{}", *pick) is None
            assert len(list(lines.loads(b"{}\n", pick=pick))) == 1
        assert sys.getrefcount(pointer) == before


@pytest.mark.skipif(not hasattr(sys, "getrefcount"), reason="this interpreter doesn't count references")
def test_a_closed_reader_holds_nothing():
    for options in {}, {"pick": "/id"}, {"lazy": True}, {"type": dict}:
        for ends in True, False:
            data = b'{"id": 1}\n' * 20_000
            before = sys.getrefcount(data)
            reader = lines.loads(data, **options)
            for _ in reader if ends else [next(reader)]:
                pass
            reader.close()
            assert sys.getrefcount(data) == before
            assert list(reader) == []


@native_only
def test_a_reader_made_by_hand():
    for pick in ["/a"], "/a", 5, (1,), ("a",), (b"/a",):
        with pytest.raises((TypeError, ValueError)):
            lines.Reader(None, None, None, None, plain=True, max_line=-1, pick=pick)
    for threads in -1, 65:
        with pytest.raises(ValueError, match="threads must be from 0 to 64"):
            lines.Reader(None, None, None, None, plain=True, max_line=-1, pick=("/a",), threads=threads)
    for reader in lines.loads(b"{}"), lines.loads(b"{}", pick="/a"):
        for of_columns in reader._take, reader._plan:
            with pytest.raises(ValueError, match="makes no columns"):
                of_columns()


def test_hooks_on_threads(parallel):
    data = b'{"a": 1.5}\n{"a": 2.5}\n' * 1000
    assert list(lines.loads(data, threads=2, parse_float=str)) == [{"a": "1.5"}, {"a": "2.5"}] * 1000

    def fail(text):
        raise KeyError(text) if text == "2.5" else ZeroDivisionError

    reader = lines.loads(data, threads=2, parse_float=fail, errors="skip")
    for error in ZeroDivisionError, KeyError, ZeroDivisionError:
        with pytest.raises(error):
            next(reader)
    reader.close()


@pytest.mark.parametrize("threads", [None, 2, 4])
def test_map(threads, tmp_path, parallel):
    assert list(lines.map(wanted, DATA, threads=threads)) == WANTED
    assert list(lines.map(sum, b"[1,2]\n[3]\n", threads=threads)) == [3, 3]
    assert list(lines.map(str, DATA, pick="/id", threads=threads)) == [str(i) for i in range(len(RECORDS))]
    assert list(lines.map(lambda view: view["id"], DATA, lazy=True, threads=threads)) == [*range(len(RECORDS))]
    path = tmp_path / "events.ndjson"
    path.write_bytes(DATA)
    assert sorted(lines.map(lambda each: each["id"], path, threads=threads, ordered=False)) == [*range(len(RECORDS))]
    with lines.map(wanted, path, threads=threads) as results:
        assert next(results) == WANTED[0] and results.lineno == 1 and results.offset == 0
        assert next(results) == WANTED[1] and results.lineno == 2 and results.offset == DATA.index(b"\n") + 1
    assert list(results) == []


@pytest.mark.parametrize("threads", [None, 2])
def test_the_function_raises(threads, parallel):
    def fail(document):
        if document % 3 == 1:
            raise (ZeroDivisionError, StopIteration)[document % 2](document)
        return document

    found = []
    results = lines.map(fail, b"0\n1\n2\n3\n4\nx\n6\n", threads=threads)
    while True:
        try:
            found.append(next(results))
        except StopIteration:
            break
        except Exception as error:
            found.append(type(error))
    assert found == [0, RuntimeError, 2, 3, ZeroDivisionError, lines.LineError, 6]


def threads_here():
    """How many threads this process has, those that Python doesn't know of too."""
    return len(os.listdir("/proc/self/task"))


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="counts threads by /proc")
@pytest.mark.parametrize("parts", [{"pick": "/id"}, {"lazy": True}, {}])
@pytest.mark.parametrize("end", ["close", "drop", "with", "exhaust", "error"])
def test_threads_end(parts, end, parallel):
    before = threads_here()
    reader = lines.loads(DATA * 2, threads=3, **parts)
    next(reader)
    if end == "close":
        reader.close()
        assert list(reader) == []
    elif end == "drop":
        del reader
        gc.collect()
    elif end == "with":
        with reader:
            next(reader)
    elif end == "exhaust":
        assert len(list(reader)) == 2 * len(RECORDS) - 1
    else:
        with pytest.raises(ZeroDivisionError):
            for _ in reader:
                1 / 0  # noqa: B018
        del reader
        gc.collect()
    deadline = time.monotonic() + 60
    while threads_here() > before and time.monotonic() < deadline:
        time.sleep(0.005)
    assert threads_here() <= before


def test_closed_by_another_thread_and_by_itself(parallel):
    for parts in {"pick": "/id"}, {}:
        for _ in range(20):
            reader = lines.loads(DATA, threads=2, **parts)
            other = threading.Thread(target=reader.close)
            count = 0
            for _ in reader:
                count += 1
                if count == 50:
                    other.start()
            other.join()
            assert count >= 50
        reader = lines.loads(b'{"id": 1}\nx\n' + DATA, threads=2, errors=lambda error: reader.close(), **parts)
        assert len(list(reader)) == 1


def test_sources_that_wait(parallel):
    """What is there is given before more is waited for."""
    for parts in {"pick": "/id"}, {"lazy": True}, {}:
        out, into = os.pipe()
        with open(out, "rb") as file, open(into, "wb", buffering=0) as feed:
            reader = lines.load(file, threads=2, **parts)
            for i in range(5):
                feed.write(b'{"id": %d}\n{"id": %d}\n{"id"' % (2 * i, 2 * i + 1))
                got = [next(reader), next(reader)]
                assert [each if "pick" in parts else each["id"] for each in got] == [2 * i, 2 * i + 1]
                feed.write(b": 0}\n")
                zero = next(reader)
                assert (zero if "pick" in parts else zero["id"]) == 0
            feed.close()
            assert list(reader) == []


def test_nothing_yet(parallel):
    blocks = [b'{"id": 1}\n{"i', None, b'd": 2}\n', None, None, b'{"id": 3}']

    class File:
        def read(self, size):
            return blocks.pop(0) if blocks else b""

    for parts in {"pick": "/id"}, {"pick": "/id", "threads": 2}, {"threads": 2}:
        blocks[:] = [b'{"id": 1}\n{"i', None, b'd": 2}\n', None, None, b'{"id": 3}']
        reader, found = lines.load(File(), **parts), []
        while True:
            try:
                value = next(reader)
                found.append(value if "pick" in parts else value["id"])
            except BlockingIOError:
                found.append(None)
            except StopIteration:
                break
        assert found == [1, None, 2, None, None, 3]


@pytest.mark.parametrize("error", [OSError, ZeroDivisionError, StopIteration, KeyboardInterrupt])
def test_reading_fails(error, parallel):
    """What was read before comes first, and reading may go on."""

    class File(io.BytesIO):
        failing = True

        def read(self, size=-1):
            if self.failing and self.tell() >= 300_000:
                self.failing = False
                raise error
            return super().read(10_000)

    raised = RuntimeError if error is StopIteration else error
    for parts in {"pick": "/id", "threads": 2}, {"pick": "/id"}, {"threads": 2}:
        reader, found = lines.load(File(DATA), **parts), []
        with pytest.raises(raised):
            for each in reader:
                found.append(each if "pick" in parts else each["id"])
        found += [each if "pick" in parts else each["id"] for each in reader]
        assert found == [*range(len(RECORDS))]


def test_reads_that_are_not_contiguous(parallel):
    """The same exception on both backends, however lines are read, which ``parallel`` decides too."""

    class File:
        def read(self, size):
            return memoryview(b"1\n2\n3\n")[::2]

    for options in {}, {"threads": 2}, {"pick": "/id"}, {"lazy": True}, {"pick": "/id", "threads": 2}:
        reader = lines.load(File(), **options)
        with pytest.raises(BufferError, match="^memoryview: underlying buffer is not C-contiguous$"):
            next(reader)
        assert next(reader, None) is None  # what was read is lost


def test_wrong_reads(parallel):
    class File:
        def read(self, size):
            return 5

    for parts in {"pick": "/id", "threads": 2}, {"threads": 2}:
        reader = lines.load(File(), **parts)
        with pytest.raises(TypeError, match=r"read\(\) must give bytes or str, not int"):
            next(reader)
        assert list(reader) == []


def test_read_calls_the_reader(parallel):
    for parts in {"pick": "/id", "threads": 2}, {"threads": 2}:
        calls = []

        class File(io.BytesIO):
            def read(self, size=-1):
                calls.append(1)
                if len(calls) == 2:
                    with pytest.raises(ValueError, match="already executing"):
                        next(reader)
                if len(calls) == 4:
                    reader.close()
                return super().read(50_000)

        reader = lines.load(File(DATA), **parts)
        assert 0 < len(list(reader)) < len(RECORDS) or calls


@pytest.mark.parametrize("parts", ["pick='/id'", "lazy=True", "**{}"])
def test_interpreter_ends_while_threads_run(parts):
    program = f"""
import sys
from cyjson import lines
lines._has_gil = lambda: {parts != "**{}"}
data = b'{{"id": 1, "x": [1, 2, {{}}]}}\\n' * 200_000
readers = [lines.loads(data, {parts}, threads=4) for _ in range(4)]
kept = [next(each) for each in readers]
print("ends")
"""
    done = run(program)
    assert (done.returncode, done.stdout, done.stderr) == (0, "ends\n", "")


@forks_threads
@pytest.mark.parametrize("parts", ["pick='/id'", "lazy=True", "**{}"])
def test_fork(parts):
    """Both processes go on: the child without threads."""
    program = f"""
import os, sys, warnings
from cyjson import lines
lines._has_gil = lambda: {parts != "**{}"}
warnings.simplefilter("ignore")
data = b'{{"id": 1, "x": [1, 2, {{}}]}}\\n' * 100_000
reader = lines.loads(data, {parts}, threads=3)
for _ in range(10):
    next(reader)
child = os.fork()
count = sum(1 for _ in reader)
reader.close()
if child == 0:
    os._exit(0 if count == 99_990 else 1)
assert count == 99_990, count
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
print("both")
"""
    done = run(program)
    assert (done.returncode, done.stdout, done.stderr) == (0, "both\n", "")


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs a signal by time")
@pytest.mark.parametrize("parts", ["pick='/id'", "**{}"])
def test_keyboard_interrupt(parts):
    program = f"""
import itertools, signal
from cyjson import lines
lines._has_gil = lambda: {parts != "**{}"}
class File:
    block = b'{{"id": 1, "x": [1, 2, {{}}]}}\\n' * 5000
    def read(self, size):
        return self.block
    def fileno(self):
        import sys
        return file.fileno()
file = open(lines.__file__)
signal.signal(signal.SIGALRM, signal.default_int_handler)
signal.setitimer(signal.ITIMER_REAL, 1)
try:
    reader = lines.load(File(), {parts}, threads=2)
    for _ in reader:
        pass
except KeyboardInterrupt:
    print("interrupted")
"""
    done = run(program)
    assert (done.returncode, done.stdout, done.stderr) == (0, "interrupted\n", "")


@native_only
def test_bounded_memory():
    """However long the source is, some chunks are held."""
    resource = pytest.importorskip("resource")
    program = """
import resource, sys
from cyjson import lines
class File:
    left = int(sys.argv[1])
    block = b'{"id": 1, "x": [1, 2, {}]}\\n' * 2400
    def read(self, size):
        self.left -= 1
        return self.block if self.left >= 0 else b""
    def fileno(self):
        return file.fileno()
file = open(lines.__file__)
assert sum(lines.load(File(), pick="/id", threads=2)) == int(sys.argv[1]) * 2400
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""
    assert resource
    short, long = (run(program, str(n)) for n in (100, 3000))  # 6 and 190 MB
    assert short.returncode == long.returncode == 0, long.stderr
    assert int(long.stdout) - int(short.stdout) < 8 * 1024  # KiB


def test_one_reader_on_many_threads():
    """Threads that share a reader get each document once, or are refused."""
    reader, found, wrong = lines.loads(DATA, pick="/id", threads=2), [], []

    def work():
        while True:
            try:
                found.append(next(reader))
            except StopIteration:
                break
            except ValueError as error:
                if "already executing" not in str(error):
                    wrong.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert wrong == [] and sorted(found) == [*range(len(RECORDS))]
