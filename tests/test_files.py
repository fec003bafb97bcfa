"""``load`` and ``dump`` with file objects of every sort."""

import io
import json

import pytest
from compare import same

import cyjson

VALUE = {"text": "é中😀\n", "items": [1, 2.5, None, True, []], "more": {"a": {}}}


@pytest.mark.parametrize(
    "options", [{}, {"indent": 2}, {"ensure_ascii": False}, {"sort_keys": True, "separators": (",", ":")}]
)
def test_there_and_back(tmp_path, options):
    path = tmp_path / "value.json"
    with open(path, "w", encoding="utf-8") as file:
        assert cyjson.dump(VALUE, file, **options) is None
    assert path.read_text(encoding="utf-8") == json.dumps(VALUE, **options)
    with open(path, encoding="utf-8") as file:
        assert cyjson.load(file) == VALUE
    with open(path, "rb") as file:
        assert cyjson.load(file) == VALUE


def test_load_reads_from_where_the_file_stands():
    for kind, data in (io.StringIO, "skip[1]"), (io.BytesIO, b"skip[1]"):
        file = kind(data)
        file.read(4)
        assert cyjson.load(file) == [1]
        assert file.read() == type(data)()
        assert same(lambda json: json.load(kind(data)))[0] == "exception"


def test_dump_appends():
    file = io.StringIO()
    file.write("before ")
    cyjson.dump([1], file)
    cyjson.dump({"a": 2}, file)
    assert file.getvalue() == 'before [1]{"a": 2}'


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32-le"])
def test_load_of_bytes_in_each_encoding(encoding):
    data = json.dumps(VALUE, ensure_ascii=False).encode(encoding)
    assert cyjson.load(io.BytesIO(data)) == VALUE


def test_load_options():
    text = '{"a": [1, 2.5, NaN], "b": {}}'
    for options in (
        {"object_hook": len},
        {"object_pairs_hook": list},
        {"parse_int": str, "parse_float": len, "parse_constant": str.lower},
        {"cls": json.JSONDecoder},
        {"strict": False},
    ):
        same(lambda json: json.load(io.StringIO(text), **options))
    assert cyjson.load(io.StringIO("[[1], []]"), array_hook=tuple) == ((1,), ())


class Reader:
    def __init__(self, result):
        self.result = result
        self.calls = []

    def read(self, *arguments):
        self.calls.append(arguments)
        return self.result


@pytest.mark.parametrize("result", ["[1]", b"[1]", bytearray(b"[1]"), "", b"", None, 1, memoryview(b"[1]"), ["[1]"]])
def test_any_object_with_read(result):
    same(lambda json: json.load(Reader(result)))
    reader = Reader("[1]")
    assert cyjson.load(reader) == [1]
    assert reader.calls == [()]


class Writer:
    def __init__(self, limit=None):
        self.limit = limit
        self.parts = []

    def write(self, part):
        assert type(part) is str
        if self.limit is not None and len(self.parts) >= self.limit:
            raise OSError("disk full")
        self.parts.append(part)


def test_any_object_with_write():
    for value in VALUE, [], "é", 1.5, None, [[[]]]:
        writer = Writer()
        cyjson.dump(value, writer)
        assert "".join(writer.parts) == json.dumps(value)


def test_errors_of_the_file_pass():
    assert same(lambda json: json.dump(VALUE, Writer(limit=0)))[1:3] == (OSError, "disk full")
    assert same(lambda json: json.load(io.StringIO("[")))[1] is json.JSONDecodeError
    assert same(lambda json: json.dump(1, object()))[1] is AttributeError
    assert same(lambda json: json.load(object()))[1] is AttributeError

    class Closed:
        @property
        def write(self):
            raise ValueError("closed")

        read = write

    same(lambda json: json.dump([1], Closed()))
    same(lambda json: json.load(Closed()))


def test_text_without_an_encoding_for_it(tmp_path):
    path = tmp_path / "ascii.json"

    with open(path, "w", encoding="ascii") as file, pytest.raises(UnicodeEncodeError):
        cyjson.dump({"é": "中"}, file, ensure_ascii=False)


@pytest.mark.parametrize("indent", [None, 1])
def test_what_a_failed_dump_leaves_behind(indent):
    """json writes as it goes, so that what precedes the failure has arrived; the extension has written nothing yet."""

    def call(json):
        file = io.StringIO()
        with pytest.raises(TypeError):
            json.dump([1, {"a": "b", "c": [2, 3j]}, 4], file, indent=indent)
        return file.getvalue()

    if cyjson.backend == "c":
        assert call(cyjson) == ""
    else:
        assert same(call)[1] != ""


def test_dump_with_a_class():
    class Encoder(json.JSONEncoder):
        def default(self, o):
            return repr(o)

    class Iterencode(json.JSONEncoder):
        def iterencode(self, o, _one_shot=False):
            assert not _one_shot
            yield from ("a", "b")

    for options in {"cls": Encoder}, {"cls": Encoder, "indent": 1}, {"cls": Iterencode}, {"default": repr}:

        def call(json):
            file = io.StringIO()
            json.dump([2j, {"é": 1}], file, **options)
            return file.getvalue()

        same(call)


def test_big_documents():
    value = [{"id": n, "text": "é" * (n % 50), "list": [n / 7] * 3} for n in range(20_000)]
    file = io.StringIO()
    cyjson.dump(value, file)
    assert file.getvalue() == json.dumps(value)
    file.seek(0)
    assert cyjson.load(file) == value
