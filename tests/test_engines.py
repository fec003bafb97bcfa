"""What the engines' readers share, and addresses in cyjson.lines: without an engine, some with pyarrow and fsspec."""

import gzip
import io
import json
import os
import pickle
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from support.compare import LyingInt
from support.engines import checksum, event, spoil, written

import cyjson
from cyjson import _columns, _engines, _remote, lines

SOURCE = os.path.dirname(os.path.dirname(cyjson.__file__))


def parts_of(paths, blocksize, **options):
    return _engines.cut(_engines.listed(paths, **options), blocksize)


def source(**options):
    return _engines.Source(options={}, **options)


# ---- parts ----


@pytest.mark.parametrize("blocksize", [97, 1000, 65536, 10**9])
def test_each_document_once_for_any_cut(tmp_path, blocksize):
    events = written(tmp_path / "lines", [(name, count // 10, *end) for name, count, *end in FILES])
    parts = parts_of(tmp_path / "lines", blocksize)
    assert [each for part in parts for each in source().documents(part)] == events
    assert all(part.size <= blocksize or part.compression for part in parts)


FILES = [
    ("0-empty.ndjson", 0, "\n", False),
    ("1.ndjson", 900, "\n", True),
    ("2.ndjson", 310, "\r\n", False),
    ("3.ndjson.gz", 200, "\n", False),
]


def test_every_cut_of_a_file(tmp_path):
    text = "".join(json.dumps({"é": "中😀" * n}, ensure_ascii=False) + "\n\r\n"[n % 2 :] for n in range(6)).encode()
    (tmp_path / "a.ndjson").write_bytes(text)
    whole = list(lines.load(tmp_path / "a.ndjson"))
    for at in range(1, len(text)):
        part = _engines.Part(str(tmp_path / "a.ndjson"), 0, at, at, None)
        rest = part._replace(start=at, stop=len(text))
        assert [*source().documents(part), *source().documents(rest)] == whole


def test_parts_and_sources_can_be_pickled(tmp_path):
    written(tmp_path / "lines")
    part = parts_of(tmp_path / "lines", 20_000)[1]
    again, by = pickle.loads(pickle.dumps((part, source(pick="/id", errors="skip"))))
    assert list(by.documents(again)) == list(source(pick="/id").documents(part))


def test_what_paths_name(tmp_path):
    folder = tmp_path / "lines"
    written(folder)
    (folder / "deep").mkdir()
    for name in "deep/a.ndjson", "_SUCCESS", ".a.ndjson.crc":
        (folder / name).write_text("1\n")
    names = [os.path.relpath(each.path, folder) for each in _engines.listed(folder)]
    assert names == sorted(names) and len(names) == 8 and "deep/a.ndjson".replace("/", os.sep) in names
    assert [os.path.basename(each.path) for each in _engines.listed(f"{folder}/*.gz")] == ["5-packed.ndjson.gz"]
    one, other = folder / "4-one.ndjson", str(folder / "_SUCCESS")
    assert [each.path for each in _engines.listed([one, other])] == [str(one), other]
    assert {each.compression for each in _engines.listed(folder)} == {None, "gzip"}
    assert {each.compression for each in _engines.listed(folder, compression=None)} == {None}
    for wrong, error in ((tmp_path / "none", FileNotFoundError), ([], ValueError), (7, TypeError)):
        with pytest.raises(error):
            _engines.listed(wrong)
    with pytest.raises(ValueError, match="addresses"):
        _engines.listed(folder, {"key": "x"})
    with pytest.raises(ValueError, match="compression"):
        _engines.listed(folder, compression="bz2")


def test_compression_that_no_suffix_tells(tmp_path):
    (tmp_path / "a.log").write_bytes(gzip.compress(b'{"a": 1}\n{"a": 2}\n'))
    (part,) = parts_of(tmp_path / "a.log", 5, compression="gzip")
    assert list(source().documents(part)) == [{"a": 1}, {"a": 2}]
    assert list(source().documents(part, with_path=True))[1] == ({"a": 2}, str(tmp_path / "a.log"))


def test_sizes():
    sizes = {"64MiB": 2**26, "1 kB": 1000, "1.5GiB": 3 * 2**29, "7": 7, "7b": 7, 12: 12, "2mb": 2_000_000}
    sizes |= {"9007199254740993": 2**53 + 1, f"{2**63 - 1}": 2**63 - 1, 2**63 - 1: 2**63 - 1, "0" * 5000 + "9 B": 9}
    sizes |= {"4503599627370496.5kB": 4503599627370496500, "1." + "0" * 5000 + "9k" + "b": 1000, "0.001kB": 1}
    assert {each: _engines.size_of("blocksize", each) for each in sizes} == sizes


NO_SIZES = ["64 miles", "-1", "-5MiB", "1e999MiB", "1e3", "nan", "inf", "", " ", "MiB", ".5MiB", "1.", "1,5MB", "٣MiB"]
OUTSIDE = [
    0, -1, 2**63, 10**400, -(10**400), 10**5000, "0", "0.9b", "0MiB", "9" * 400, "9" * 5000, "9" * 400 + "MiB",
    f"{2**63}", "8388608TiB", "99999999999999999999TB",
]  # fmt: skip


@pytest.mark.parametrize("name", ["blocksize", "sample"])
def test_numbers_that_are_no_sizes(name):
    for wrong in NO_SIZES:
        with pytest.raises(ValueError, match=f"^{name} must be a size such as '64MiB', not "):
            _engines.size_of(name, wrong)
    for wrong in OUTSIDE:
        with pytest.raises(ValueError, match=f"^{name} must be a size from 1 to 9223372036854775807 bytes, not "):
            _engines.size_of(name, wrong)
    for wrong in 1.5, float("nan"), float("inf"), None, b"1MiB", [1]:
        with pytest.raises(TypeError, match=f"^{name} must be a number of bytes"):
            _engines.size_of(name, wrong)


def test_sizes_of_other_kinds_of_int():
    assert type(_engines.size_of("blocksize", LyingInt(5))) is int
    with pytest.raises(ValueError, match="blocksize"):
        _engines.size_of("blocksize", LyingInt(-5))


def test_none_is_imported_unasked():
    names = "dask ray pyspark pyarrow pandas fsspec numpy cyjson._engines cyjson._remote cyjson._columns".split()
    program = f"import cyjson.lines, cyjson.engines, sys; print([name for name in {names} if name in sys.modules])"
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env={**os.environ, "PYTHONPATH": SOURCE}
    )
    assert (ran.stdout, ran.stderr) == ("[]\n", "")


@pytest.mark.parametrize(
    ("call", "extra"),
    [
        ("from cyjson.engines.dask import read_lines; read_lines('.')", "dask"),
        ("from cyjson.engines.dask import read_frame; read_frame('.')", "dask"),
        ("from cyjson.engines import ray", "ray"),
        ("from cyjson.engines import spark", "spark"),
        ("from cyjson import lines; lines.load('s3://bucket/a.ndjson')", "remote"),
        ("from cyjson import _columns; _columns.arrow()", "arrow"),
    ],
)
def test_an_error_names_the_extra(call, extra):
    program = (
        "import sys\nfor each in 'dask ray pyspark fsspec pyarrow'.split(): sys.modules[each] = None\n"
        f"try:\n    {call.replace('; ', chr(10) + '    ')}\nexcept ModuleNotFoundError as error:\n    print(error)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env={**os.environ, "PYTHONPATH": SOURCE}
    )
    assert f"pip install cyjson[{extra}]" in ran.stdout, ran.stderr


def test_the_page_on_scale_has_the_tables_of_the_model():
    root = Path(__file__).parents[1]
    model, page = root / "tools" / "scale.py", root / "docs" / "scale.md"
    if not model.exists() or not page.exists():
        pytest.skip("not beside the tests")
    ran = subprocess.run([sys.executable, str(model), "--check", str(page)], capture_output=True, text=True)
    assert (ran.returncode, ran.stderr) == (0, "")


def test_each_module_has_a_stub():
    folder = os.path.join(os.path.dirname(cyjson.__file__), "engines")
    names = {os.path.splitext(each)[0] for each in os.listdir(folder) if each.endswith(".py")}
    assert names == {os.path.splitext(each)[0] for each in os.listdir(folder) if each.endswith(".pyi")}
    assert names == {"__init__", "dask", "ray", "spark"}


# ---- bad lines ----


@pytest.mark.parametrize("blocksize", [1000, 50_000, 10**9])
@pytest.mark.parametrize("name", ["1-large.ndjson", "2-windows.ndjson"])
def test_a_bad_line_is_reported_with_its_place(tmp_path, blocksize, name):
    written(tmp_path / "lines")
    offset = spoil(tmp_path / "lines", name, 501, b"[1,")
    parts = parts_of(tmp_path / "lines", blocksize)
    with pytest.raises(lines.LineError) as caught:
        for part in parts:
            list(source().documents(part))
    error = caught.value
    path = str(tmp_path / "lines" / name)
    assert (error.path, error.lineno, error.offset, error.doc) == (path, 501, offset, "[1,")
    assert str(error).endswith(f"(char {error.pos} of the line at byte {offset}) of {path}")
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), again.path) == (str(error), path)
    found = []
    reporting = source(errors=found.append)
    assert sum(1 for part in parts for each in reporting.documents(part)) == 3921
    assert [(each.path, each.lineno, each.offset) for each in found] == [(path, 501, offset)]


def test_far_into_a_file_lines_are_counted_from_the_range(tmp_path, monkeypatch):
    monkeypatch.setattr(_engines, "COUNTED", 1000)
    written(tmp_path / "lines")
    spoil(tmp_path / "lines", "1-large.ndjson", 501, b"[1,")
    with pytest.raises(lines.LineError, match=r"line \d+ .*, lines counted from byte \d+ on") as caught:
        for part in parts_of(tmp_path / "lines" / "1-large.ndjson", 10_000):
            list(source().documents(part))
    assert caught.value.lineno < 501 and caught.value.path.endswith("1-large.ndjson")


# ---- columns ----


def columns_of(folder, **options):
    given = {
        "schema": None,
        "pick": None,
        "errors": "raise",
        "include_path": False,
        "storage_options": None,
        "compression": "infer",
        "sample": "1MiB",
        "max_line": None,
        "options": {},
    }
    return _columns.columns_of(folder, **{**given, **options})


def rows_of(columns, parts):
    pa = pytest.importorskip("pyarrow")
    return pa.Table.from_batches((each for part in parts for each in columns.batches(part)), columns.schema).to_pylist()


def test_columns(tmp_path):
    pa = pytest.importorskip("pyarrow")
    events = written(tmp_path / "lines")
    files, columns = columns_of(tmp_path / "lines")
    assert columns.schema.field("user").type == pa.struct({"id": pa.int64(), "city": pa.string()})
    for blocksize in 10_000, 10**9:
        assert rows_of(columns, _engines.cut(files, blocksize)) == events
    few = pickle.loads(pickle.dumps(columns.only(["ms", "id"])))
    assert rows_of(few, _engines.cut(files, 50_000)) == [{"ms": each["ms"], "id": each["id"]} for each in events]
    files, columns = columns_of(tmp_path / "lines", pick={"x": "/user/id", "y": ["tags", 0]}, include_path="file")
    found = rows_of(columns, _engines.cut(files, 50_000))
    assert [(each["x"], each["y"]) for each in found] == [
        (each["user"]["id"], each["tags"][0] if each["tags"] else None) for each in events
    ]
    assert os.path.basename(found[-1]["file"]) == "5-packed.ndjson.gz"
    options = {"parse_int": float}
    files, columns = columns_of(tmp_path / "lines", pick="/id", options=options)
    assert rows_of(columns, _engines.cut(files, 50_000))[:2] == [{"id": 0.0}, {"id": 1.0}]


BAD = [
    ("int64", 1.5),
    ("int64", True),
    ("int64", 2**63),
    ("int64", "1"),
    ("float64", True),
    ("float64", 2**53 + 1),
    ("float32", 1e39),
    ("bool_", 1),
    ("string", 1),
    ("string", "\ud800"),
    ("list", "abc"),
    ("list", ["a", 1]),
    ("struct", [["a", 1]]),
    ("struct", {"a": 1.5}),
    ("timestamp", 1),
    ("timestamp", "yesterday"),
    ("timestamp", "2024-01-01T00:00:00.1234567"),
    ("date32", 1),
    ("decimal", 1.234),
    ("int8", 300),
]


@pytest.mark.parametrize(("kind", "value"), BAD)
def test_no_value_is_changed_silently(tmp_path, kind, value):
    pa = pytest.importorskip("pyarrow")
    types = {
        "list": lambda: pa.list_(pa.string()),
        "struct": lambda: pa.struct({"a": pa.int64()}),
        "timestamp": lambda: pa.timestamp("us"),
        "decimal": lambda: pa.decimal128(20, 2),
    }
    schema = pa.schema({"n": pa.int64(), "x": types.get(kind, getattr(pa, kind, None))()})
    path = tmp_path / "a.ndjson"
    documents = {"n": 1, "x": None}, {"n": 2, "x": value}, {"n": 3}
    path.write_text("".join(json.dumps(each) + "\n" for each in documents), encoding="utf-8")
    files, columns = columns_of(path, schema=schema)
    with pytest.raises(lines.LineError, match=r"^x\S* must be .*line 2 ") as caught:
        rows_of(columns, _engines.cut(files, 1000))
    assert caught.value.lineno == 2
    files, columns = columns_of(path, schema=schema, errors="skip")
    assert [each["n"] for each in rows_of(columns, _engines.cut(files, 1000))] == [1, 3]
    files, columns = columns_of(path, schema=schema, keep=True)
    assert rows_of(columns, _engines.cut(files, 1000)) == [{"n": n, "x": None} for n in (1, 2, 3)]


def test_lines_that_are_no_objects(tmp_path):
    pa = pytest.importorskip("pyarrow")
    path = tmp_path / "a.ndjson"
    path.write_text('{"a": 1}\n[1]\n{}\n7\nnull\n{"a": 2}\n')
    files, columns = columns_of(path, schema={"a": pa.int64()}, errors="skip")
    assert rows_of(columns, _engines.cut(files, 1000)) == [{"a": 1}, {"a": None}, {"a": 2}]
    found = []
    files, columns = columns_of(path, schema={"a": pa.int64()}, errors=found.append)
    rows_of(columns, _engines.cut(files, 1000))
    assert [each.lineno for each in found] == [2, 4, 5]


def test_inference_refuses_what_no_column_holds(tmp_path):
    pa = pytest.importorskip("pyarrow")
    assert _columns.infer([{"a": 1}, {"a": 1.5, "b": None}]) == pa.schema({"a": pa.float64(), "b": pa.string()})
    assert _columns.infer([{"a": [{"x": 1}, {"y": [True]}]}]) == pa.schema(
        {"a": pa.list_(pa.struct({"x": pa.int64(), "y": pa.list_(pa.bool_())}))}
    )
    for documents, words in (
        ([{"a": 1}, {"a": "x"}], r"column /a has values of several types \(int, str\)"),
        ([{"a": {"b": [1, True]}}], r"column /a/b/\* has values of several types"),
        ([{"a": 2**63}], "column /a has integers too large"),
        ([{"a": 2**53 + 1}, {"a": 0.5}], "column /a has integers too large"),
        ([[1]], "no object, but list"),
    ):
        with pytest.raises(TypeError, match=words):
            _columns.infer(documents)
    with pytest.raises(ValueError, match="give a schema"):
        _columns.infer([])


def test_batches_are_bounded(tmp_path):
    pytest.importorskip("pyarrow")
    path = tmp_path / "a.ndjson"
    sizes = [10] * 200 + [100_000] * 300 + [10] * 100_000
    lines.dump(({"a": "x" * size} for size in sizes), path)
    files, columns = columns_of(path)
    batches = [*columns.batches(_engines.cut(files, 10**9)[0])]
    assert sum(each.num_rows for each in batches) == len(sizes)
    assert max(each.nbytes for each in batches) < 4 * _columns.TEXT
    assert len(batches) < 20


# ---- addresses ----


class Counting(io.BytesIO):
    """Counts what is asked of it."""

    def __init__(self, data):
        super().__init__(data)
        self.asked = []

    def read(self, size=-1):
        found = super().read(size)
        self.asked.append((self.tell() - len(found), size, threading.current_thread()))
        return found


def test_blocks_are_large_and_no_more_is_read_than_the_range():
    data = b"".join(b'{"n": %d, "x": "%s"}\n' % (n, b"x" * 100) for n in range(120_000))
    whole = len(data)
    for start, stop in ((0, whole), (6_000_000, 10_000_000), (5, 6), (whole - 1, whole)):
        file = Counting(data)
        found = list(lines.load(_remote.Ahead(file, stop), start=start, stop=stop, pick="/n"))
        assert found == list(lines.load(io.BytesIO(data), start=start, stop=stop, pick="/n"))
        assert all(size >= _remote.LEAST for _, size, _ in file.asked)
        assert max(at + size for at, size, _ in file.asked) <= max(stop + _remote.TAIL, start - 1 + _remote.LEAST)
        assert len(file.asked) <= (stop - start) // _remote.BLOCK + 2
        if stop - start > _remote.BLOCK:
            assert {thread for _, _, thread in file.asked} > {threading.current_thread()}


def test_an_error_of_reading_ahead_is_raised_when_it_is_its_turn():
    class Failing(Counting):
        def read(self, size=-1):
            if self.tell() >= 2 * _remote.BLOCK:
                raise OSError("gone")
            return super().read(size)

    data = b'"%s"\n' % (b"x" * 1021) * 12_000
    found = []
    with pytest.raises(OSError, match="gone"):
        for each in lines.load(_remote.Ahead(Failing(data))):
            found.append(each)
    assert len(found) == 2 * _remote.BLOCK // 1024


def test_seeking_in_what_is_read_ahead():
    ahead = _remote.Ahead(io.BytesIO(bytes(range(256)) * 2**16))
    assert (ahead.read(3), ahead.tell(), ahead.seek(-1, 1), ahead.read(2)) == (b"\0\1\2", 3, 2, b"\2\3")
    assert (ahead.seek(255), ahead.read(1), ahead.seek(-1, 2), ahead.read(9), ahead.read(9)) == (
        255, b"\xff", 2**24 - 1, b"\xff", b"",
    )  # fmt: skip
    assert ahead.seek(2**24 - 300) and len(ahead.read()) == 300


def test_what_is_an_address():
    yes = "s3://b/a", "memory://x", "simplecache::s3://b/a", "file:///a", "abfs+x://a"
    no = "a/b", "C://a", "://a", "a b://c", "/s3://b", "s3:/b"
    assert [each for each in (*yes, *no) if _remote.is_address(each)] == [*yes]


@pytest.fixture
def memory():
    fsspec = pytest.importorskip("fsspec")
    files = fsspec.filesystem("memory")
    yield files
    if files.exists("/cyjson"):
        files.rm("/cyjson", recursive=True)


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_lines_at_an_address(memory, suffix):
    events = [event(number) for number in range(300)]
    address = f"memory://cyjson/a.ndjson{suffix}"
    assert lines.dump(events, address) == 300
    assert lines.dump(events[:2], address, append=True) == 2
    assert list(lines.load(address)) == events + events[:2]
    assert list(lines.load(address, pick="/id", threads=2)) == [each["id"] for each in events + events[:2]]
    assert list(lines.map(lambda each: each["ms"], address)) == [each["ms"] for each in events + events[:2]]
    size = 90_000
    cuts = [size * each // 7 for each in range(8)]
    ranges = zip(cuts, [*cuts[1:-1], None])
    assert [each for start, stop in ranges for each in lines.load(address, start=start, stop=stop)] == events + events[
        :2
    ]
    if not suffix:
        memory.pipe("/cyjson/open.ndjson", b"1\n2")
        lines.dump([3], "memory://cyjson/open.ndjson", append=True)
        assert memory.cat("/cyjson/open.ndjson") == b"1\n2\n3\n"
    with pytest.raises(FileNotFoundError):
        lines.load("memory://cyjson/none")


def test_a_failure_leaves_the_old_object(tmp_path):
    pytest.importorskip("fsspec")
    address = f"file://{tmp_path}/a.ndjson"
    lines.dump([1], address)
    with pytest.raises(ZeroDivisionError):
        lines.dump((1 // (3 - each) for each in range(9)), address)
    assert (tmp_path / "a.ndjson").read_bytes() == b"1\n"
    assert lines.dump([2], address) == 1
    assert lines.dump([3], address, append=True) == 1
    assert list(lines.load(address)) == [2, 3]
    assert os.listdir(tmp_path) == ["a.ndjson"]


def test_storage_options_are_for_addresses(tmp_path):
    for call in (
        lambda: lines.load(tmp_path / "a", storage_options={}),
        lambda: lines.dump([], tmp_path / "a", storage_options={}),
        lambda: lines.map(len, b"[]", storage_options={}),
        lambda: lines.load(io.BytesIO(), storage_options={}),
    ):
        with pytest.raises(ValueError, match="storage_options"):
            call()


def remote_file(data):
    """An open file of fsspec's that asks for ranges, and what was asked for."""
    spec = pytest.importorskip("fsspec.spec")
    asked = []

    class Files(spec.AbstractFileSystem):
        protocol = "counted"
        cachable = False

        def info(self, path, **options):
            return {"name": path, "size": len(data), "type": "file"}

        def cat_file(self, path, start=None, end=None, **options):
            asked.append((start, end))
            return data[start:end]

    return Files(), asked


@pytest.mark.parametrize("threads", [None, 2])
def test_an_open_file_of_fsspecs(threads):
    data = b"".join(b'{"n": %d, "text": "%s"}\n' % (n, b"x" * 150) for n in range(60_000))
    files, asked = remote_file(data)
    whole = [each["n"] for each in lines.loads(data)]
    size = len(data)
    found = []
    for start, stop in ((0, size // 3), (size // 3, size // 2), (size // 2, size)):
        with files.open("a", "rb", cache_type="none") as file:
            found += lines.load(file, start=start, stop=stop, pick="/n", threads=threads)
            assert not file.closed
    assert found == whole
    assert all(end - start >= 2**20 or end == size for start, end in asked)
    assert sum(end - start for start, end in asked) < size + 3 * (_remote.LEAST + _remote.TAIL)


def test_listed_at_addresses(memory):
    for name in "a/1.ndjson", "a/b/2.ndjson.gz", "a/_c/3.ndjson", "a/.d":
        lines.dump([1], f"memory://cyjson/{name}")
    names = ["memory:///cyjson/a/1.ndjson", "memory:///cyjson/a/b/2.ndjson.gz"]
    assert [each.path for each in _engines.listed("memory://cyjson/a")] == names
    assert [each.path for each in _engines.listed("memory://cyjson/a/**/*.gz")] == names[1:]
    assert [each.compression for each in _engines.listed("memory://cyjson/a")] == [None, "gzip"]
    with pytest.raises(FileNotFoundError):
        _engines.listed("memory://cyjson/none*")
    events = [event(number) for number in range(99)]
    lines.dump(events, "memory://cyjson/x.ndjson")
    parts = parts_of("memory://cyjson/x.ndjson", 1000)
    assert sum(checksum(each) for part in parts for each in source().documents(part)) == sum(map(checksum, events))
