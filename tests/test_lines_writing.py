"""cyjson.lines writes to files of every kind: whole lines, append, compressed files, and what a write leaves."""

import functools
import gzip
import io
import json
import random
import sys
import tempfile
from collections import OrderedDict

import pytest
from support.compare import counts_levels
from support.lines import DOCUMENTS, Refused, written
from support.parts import random_document

import cyjson
from cyjson import lines

# Writing


def test_every_kind_of_target(tmp_path):
    expected = "".join(json.dumps(each, ensure_ascii=False, separators=(",", ":")) + "\n" for each in DOCUMENTS)
    assert lines.dumps(DOCUMENTS) == expected
    assert lines.encode(iter(DOCUMENTS)) == expected.encode()
    path = tmp_path / "out"
    for target in path, str(path):
        assert lines.dump(DOCUMENTS, target) == 5
        assert path.read_bytes() == expected.encode()
    for mode in {"mode": "wb"}, {"mode": "wb", "buffering": 0}, {"mode": "w", "encoding": "utf-8", "newline": ""}:
        with open(path, **mode) as file:
            assert lines.dump((each for each in DOCUMENTS), file) == 5
            assert not file.closed
        assert path.read_bytes() == expected.encode()
    file = io.StringIO()
    lines.dump(DOCUMENTS, file)
    assert file.getvalue() == expected
    with tempfile.NamedTemporaryFile("w+", encoding="utf-8", newline="") as file:
        lines.dump(DOCUMENTS, file)
        file.seek(0)
        assert file.read() == expected
    parts = []
    lines.dump(DOCUMENTS, type("File", (), {"write": lambda self, data: parts.append(data)})())
    assert b"".join(parts) == expected.encode()
    assert lines.dumps([]) == "" and lines.encode([]) == b"" and lines.dump([], path) == 0
    assert path.read_bytes() == b""
    lines.dump(DOCUMENTS, tmp_path / "out.GZ")
    assert gzip.decompress((tmp_path / "out.GZ").read_bytes()) == expected.encode()


def test_options_of_encode():
    documents = [{"b": 1, "a": 2j, (1,): 3}]
    for options in (
        {"default": repr, "skipkeys": True},
        {"default": repr, "skipkeys": True, "separators": [", ", ": "]},
        {"default": repr, "skipkeys": True, "separators": iter([", ", ": "])},
        {"default": repr, "skipkeys": True, "check_circular": False},
        {"cls": type("Encoder", (json.JSONEncoder,), {"default": lambda self, o: "z"}), "skipkeys": True},
    ):
        separators = list(options.pop("separators", ())) or None
        assert lines.encode(documents * 2, separators=separators and iter(separators), **options) == 2 * (
            cyjson.encode(documents[0], separators=separators, **options) + b"\n"
        )
    assert lines.dumps([{"b": 1, "a": "\n"}], sort_keys=True) == '{"a":"\\n","b":1}\n'


def test_a_class_that_breaks_the_line():
    class Encoder(json.JSONEncoder):
        def encode(self, o):
            return json.dumps(o, indent=1)

    with pytest.raises(ValueError, match="Encoder.encode gave a text with line breaks"):
        lines.dumps([[], [1]], cls=Encoder)


def test_a_failure_leaves_whole_lines(tmp_path):
    def documents(count, error):
        for n in range(count):
            yield {"n": n, "text": "x" * (n % 100)}
        if error is not None:
            raise error
        yield object()

    for count in 0, 1, 10, 5000:
        for error, kind in (None, TypeError), (Refused(), Refused), (KeyboardInterrupt(), KeyboardInterrupt):
            for name in "out", "out.gz":
                path = tmp_path / name
                path.unlink(missing_ok=True)  # one that is there stays as it is
                with pytest.raises(kind):
                    lines.dump(documents(count, error), path)
                assert [each["n"] for each in lines.load(path)] == list(range(count))
            file = io.StringIO()
            with pytest.raises(kind):
                lines.dump(documents(count, error), file)
            assert file.getvalue().count("\n") == count


def test_a_write_that_fails_is_not_tried_again():
    class Full:
        calls = 0

        def write(self, data):
            self.calls += 1
            raise OSError("disk full")

    for count in 1, 100_000:
        target = Full()
        with pytest.raises(OSError, match="disk full"):
            lines.dump(range(count), target)
        assert target.calls == 1


def test_a_raw_file_that_takes_little_at_a_time():
    class Raw(io.RawIOBase):
        def __init__(self):
            self.data = b""

        def writable(self):
            return True

        def write(self, data):
            self.data += bytes(data[:1000])
            return min(len(data), 1000)

    target = Raw()
    lines.dump(range(20_000), target)
    assert list(lines.loads(target.data)) == list(range(20_000))
    target.write = lambda data: None
    with pytest.raises(BlockingIOError):
        lines.dump([1], target)


def spelt(documents, **options):
    """One by one."""
    return b"".join(cyjson.encode(each, **options).replace(b"\n", b" ") + b"\n" for each in documents)


@pytest.mark.parametrize("seed", range(4))
def test_as_one_by_one(seed):
    source = random.Random(seed)
    deep = []
    for _ in range(200):
        deep = [deep, {"a": 1}] if source.random() < 0.5 else {"deep": deep}
    sizes = [0, 1, 2040, 2047, 2048, 8190, 60_000, 65_530, 70_000, 200_000]
    documents = [random_document(source, 3, 6) for _ in range(300)]
    documents += [deep, *("x" * size for size in sizes), *(["\u00e9\n"] * size for size in (1, 700, 20_000))]
    documents += [cyjson.Raw(b'{"raw":\n[1,\r\n2]}'), (1, 2), OrderedDict(b=1, a=2), 10**400, -0.0, True, {}, []]
    for options in {}, {"sort_keys": True}, {"separators": (" , ", " : ")}, {"separators": ("\u4e2d", ":")}:
        source.shuffle(documents)
        expected = spelt(documents, **options)
        assert lines.encode(documents, **options) == lines.encode(iter(documents), **options) == expected
        parts = []
        count = lines.dump(documents, type("File", (), {"write": lambda self, data: parts.append(data)})(), **options)
        assert b"".join(parts) == expected and count == len(documents)


CIRCULAR = [1]
CIRCULAR.append({"a": CIRCULAR})
DEEP = functools.reduce(lambda value, _: [value], range(100_000), [])
FAILING = [(CIRCULAR, ValueError), ([[object()]], TypeError), ({(): 1}, TypeError)]
FAILING += [pytest.param(DEEP, RecursionError, marks=counts_levels)]


@pytest.mark.parametrize("wrong, kind", FAILING, ids=["circle", "value", "key", "depth"])
def test_documents_that_fail(wrong, kind):
    good = [{"n": n, "text": "x" * n} for n in range(100)]
    file = io.BytesIO()
    with pytest.raises(kind):
        lines.dump([*good, wrong, *good], file)
    assert file.getvalue() == spelt(good)
    with pytest.raises(kind) as one:
        cyjson.encode(wrong)
    with pytest.raises(kind) as raised:
        lines.encode([*good, wrong])
    if kind is not RecursionError:  # whose words, and notes, tell of the level at which it was raised
        assert getattr(raised.value, "__notes__", None) == getattr(one.value, "__notes__", None)
        assert str(raised.value) == str(one.value)
    assert lines.encode(good, default=repr) == spelt(good)  # and nothing of that is left


def test_what_the_code_of_a_document_does():
    """Hooks that write lines themselves, and change what is being written."""
    documents = [[object(), 1], {"a": object(), "b": [2]}, [[[object()]]]] * 50

    def default(each):
        for document in documents:
            if isinstance(document, list):
                document[1:] = [3]
        return lines.dumps([{"inner": 1}, [2]] * 3)

    expected = "[" + json.dumps('{"inner":1}\n[2]\n' * 3) + ",3]\n"
    assert lines.dumps(documents, default=default).startswith(expected)

    def more():
        for n in range(1000):
            yield {"n": n, "lines": lines.dumps(range(n % 3))}

    assert lines.encode(more()) == spelt(more())


def test_an_iterator_that_ends_by_an_exception():
    class Ends:
        def __iter__(self):
            return self

        def __init__(self):
            self.left = 3

        def __next__(self):
            self.left -= 1
            if self.left < 0:
                raise StopIteration("a value")
            return self.left

    assert lines.encode(Ends()) == b"2\n1\n0\n"


def test_options_are_wrong_for_a_document():
    for separators in (1, 2), (",",), (",", ":", ";"):
        with pytest.raises((TypeError, ValueError)) as one:
            cyjson.encode([1], separators=separators)
        with pytest.raises(type(one.value)) as raised:
            lines.encode([[1]], separators=separators)
        assert str(raised.value) == str(one.value)


def test_chunks():
    sizes = []
    lines.dump(["x" * 98] * 10_000, type("File", (), {"write": lambda self, data: sizes.append(len(data))})())
    assert sum(sizes) == 1_010_000 and len(sizes) == 1_010_000 // 65536 + 1
    assert all(65536 <= size < 65536 + 101 for size in sizes[:-1])


@pytest.mark.parametrize("name", ["log", "log.gz"])
def test_append(tmp_path, name):
    path = tmp_path / name
    read = (lambda: gzip.decompress(path.read_bytes())) if name.endswith("gz") else path.read_bytes
    assert lines.dump([1], path, append=True) == 1
    assert lines.dump([2, 3], path, append=True) == 2
    assert read() == b"1\n2\n3\n"
    written(tmp_path, b'1\n{"cut', name)
    lines.dump([4], path, append=True)
    assert read() == b'1\n{"cut\n4\n'
    assert list(lines.load(path, errors="skip")) == [1, 4]
    written(tmp_path, b"", name)
    lines.dump([5], path, append=True)
    assert read() == b"5\n"
    lines.dump([6], path)
    assert read() == b"6\n"


@pytest.mark.parametrize("module", ["compression.zstd", "backports.zstd", "pyzstd"])
def test_zstandard(tmp_path, module):
    zstd = pytest.importorskip(module)
    path = tmp_path / "data.ndjson.zst"
    lines.dump(DOCUMENTS[:2], path)
    lines.dump(DOCUMENTS[2:], path, append=True)
    assert list(lines.load(path)) == DOCUMENTS
    assert list(lines.load(path, start=1)) == DOCUMENTS[1:]
    path.write_bytes(zstd.compress(b"[1]\n2"))
    lines.dump([3], path, append=True)
    assert list(lines.load(path)) == [[1], 2, 3]


def test_zstandard_where_nothing_reads_it(tmp_path, monkeypatch):
    for name in "compression.zstd", "backports.zstd", "pyzstd":
        monkeypatch.setitem(sys.modules, name, None)
    path = tmp_path / "data.zst"
    for call in lambda: lines.load(path), lambda: lines.dump([1], path), lambda: cyjson.save(1, path):
        with pytest.raises(ModuleNotFoundError, match="backports.zstd"):
            call()
    assert not path.exists()


# What writes take


class Taking:
    """A file each of whose writes takes some bytes, and says how many in its own way."""

    def __init__(self, take, answer=int):
        self.take = take
        self.answer = answer
        self.parts = []
        self.handed = 0

    def write(self, data):
        self.handed += isinstance(data, bytes) and len(data)
        part = bytes(data[: self.take])
        self.parts.append(part)
        return self.answer(len(part))


class RawTaking(Taking, io.RawIOBase):
    def writable(self):
        return True


class Index:
    def __init__(self, value):
        self.value = value

    def __index__(self):
        return self.value


class Count(int):
    pass


class Encoder(cyjson.JSONEncoder):
    def encode(self, o):
        return cyjson.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode(o)


VALUE = list(range(14_000))
WRITERS = {
    "dump_bytes": lambda file: cyjson.dump_bytes(VALUE, file),
    "dump_bytes indent": lambda file: cyjson.dump_bytes(VALUE, file, indent=0),
    "dump_bytes cls": lambda file: cyjson.dump_bytes(VALUE, file, cls=Encoder),
    "lines.dump": lambda file: lines.dump([VALUE] * 2, file),
    "lines.dump cls": lambda file: lines.dump([VALUE] * 2, file, cls=Encoder),
}


def written_by(write):
    file = io.BytesIO()
    write(file)
    return file.getvalue()


every_writer = pytest.mark.parametrize("write", WRITERS.values(), ids=WRITERS)
every_kind = pytest.mark.parametrize("kind", [Taking, RawTaking])


@every_writer
@every_kind
@pytest.mark.parametrize("answer", [int, Index, Count])
@pytest.mark.parametrize("take", [1000, 40_000, 65_536])
def test_what_a_write_leaves_is_written_again(write, kind, answer, take):
    expected = written_by(write)
    file = kind(take, answer)
    write(file)
    assert b"".join(file.parts) == expected
    assert file.handed <= len(expected) < 2 * file.handed + 2  # what is left is a view of it, no copy


NO_COUNTS = [10**6, 2**31, 2**63 - 1, 2**63, 10**30, -1, -(2**63), -(10**30), True, False, "1000", b"", 1000.0, 0.0, []]
NO_COUNTS += [object(), Index(10**30), Index(-1)]


@every_writer
@every_kind
def test_what_is_no_count_of_some_bytes_means_all(write, kind):
    expected = written_by(write)
    for answer in NO_COUNTS:
        file = kind(None, lambda count: answer)  # noqa: B023
        write(file)
        assert b"".join(file.parts) == expected


@every_writer
@pytest.mark.parametrize("answer", [None, 0, Index(0)], ids=["None", "0", "index"])
def test_nothing_taken(write, answer):
    with pytest.raises(BlockingIOError, match="took nothing"):
        write(RawTaking(None, lambda count: answer))
    file = Taking(None, lambda count: answer)  # another's answer is its own affair
    write(file)
    assert b"".join(file.parts) == written_by(write)


@every_writer
def test_a_count_that_fails(write):
    class Fails:
        def __index__(self):
            raise KeyError("count")

    file = Taking(None, lambda count: Fails())
    with pytest.raises(KeyError, match="count"):
        write(file)
    assert len(file.parts) == 1


@every_kind
def test_nothing_to_write(kind):
    class Empty(cyjson.JSONEncoder):
        def encode(self, o):
            return ""

    file = kind(None)
    cyjson.dump_bytes([], file, cls=Empty)
    lines.dump([], file)
    assert file.parts == []


@pytest.mark.parametrize("text", [b"{}", bytearray(b"{}"), 5, None, ["{}"]])
def test_classes_whose_encode_gives_no_str(text):
    class Encoder(json.JSONEncoder):
        def encode(self, obj):
            return text

    for write in (
        lambda: lines.encode([object()], cls=Encoder),
        lambda: lines.dumps([1], cls=Encoder),
        lambda: lines.dump([1], io.BytesIO(), cls=Encoder),
        lambda: cyjson.encode({}, cls=Encoder),
        lambda: cyjson.dump_bytes({}, io.BytesIO(), cls=Encoder),
        lambda: cyjson.Codec(dict).encode({}, cls=Encoder),
    ):
        with pytest.raises(TypeError, match=rf"^encode\(\) must return a str, not {type(text).__name__}$"):
            write()


def test_classes_whose_encode_gives_a_subclass_of_str():
    class Text(str):
        def encode(self):
            raise AssertionError("it was asked")

    class Encoder(json.JSONEncoder):
        def encode(self, obj):
            return Text("é")

    assert lines.encode([1, 2], cls=Encoder) == "é\né\n".encode()


@pytest.mark.parametrize(
    "separators", [(1, 2, 3), (1, 2), (",",), (), "", ",", ",:,", [",", None], (b",", b":"), 5, {1}]
)
def test_separators_are_checked_without_documents(tmp_path, separators):
    with pytest.raises((TypeError, ValueError)) as caught:
        lines.encode([{"a": [1]}], separators=separators)
    kind, words = type(caught.value), str(caught.value)
    path = tmp_path / "lines"
    for write in (
        lambda: lines.encode([], separators=separators),
        lambda: lines.encode(iter(()), separators=separators, sort_keys=True),
        lambda: lines.dumps([], separators=separators),
        lambda: lines.dump([], io.BytesIO(), separators=separators),
        lambda: lines.dump([], path, separators=separators),
        lambda: lines.dump([], path, separators=separators, append=True),
    ):
        with pytest.raises(kind) as caught:
            write()
        assert str(caught.value) == words
    assert not path.exists()
    assert lines.encode([], separators=(",", ":")) == b""
