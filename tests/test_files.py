"""``load`` and ``dump`` with file objects of every sort."""

import gc
import io
import json
import os
import socket
import sys
import threading

import pytest
from support.compare import native_only, same

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


CHUNK = 65536  # characters or bytes: what README.md promises
NOTES = pytest.mark.skipif(sys.version_info < (3, 11), reason="exceptions have no notes before 3.11")


class Pieces:
    """A file that keeps what it is given, piece by piece."""

    def __init__(self):
        self.pieces = []

    def write(self, piece):
        self.pieces.append(piece)


FUNCTIONS = {"dump": (cyjson.dump, cyjson.dumps), "dump_bytes": (cyjson.dump_bytes, cyjson.encode)}
functions = pytest.mark.parametrize("write,whole", FUNCTIONS.values(), ids=FUNCTIONS)


@functions
@pytest.mark.parametrize("indent", [None, 1])
def test_a_failed_dump_of_a_small_document_leaves_the_file_alone(write, whole, indent):
    pieces = Pieces()
    with pytest.raises(TypeError):
        write([1, {"a": "b" * 60_000, "c": [2, 3j]}, 4], pieces, indent=indent)
    assert pieces.pieces == []


def large(n):
    """All that can be written, in n items of some 400 characters."""
    return [
        {
            "id": i,
            "text": "é😀中\n\x7f" * (i % 7),
            "plain": "word " * 40,
            "numbers": [i / 7, -i, 2**70, True, None, [], {}],
            str(i): "x",
        }
        for i in range(n)
    ]


OPTIONS = [
    {},
    {"indent": 2},
    {"indent": "\t", "sort_keys": True},
    {"sort_keys": True},
    {"check_circular": False},
    {"separators": ("," * 40, ": ")},
]


@functions
@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("ascii", [True, False])
def test_pieces(write, whole, options, ascii):
    if whole is cyjson.encode and ascii:
        pytest.skip("encode writes no escapes but the necessary ones")
    options = options if ascii else {**options, "ensure_ascii": False} if whole is cyjson.dumps else options
    for document in large(0), large(10), large(1000), {"a": large(800)}, [[[large(500)]]], dict(enumerate(large(600))):
        pieces = Pieces()
        assert write(document, pieces, **options) is None
        text = whole(document, **options)
        assert type(text)().join(pieces.pieces) == text
        if len(text) <= CHUNK // 4:
            assert len(pieces.pieces) == 1
        assert all(len(each) >= CHUNK // 4 for each in pieces.pieces[:-1])
        assert all(len(each) <= 2 * CHUNK for each in pieces.pieces)
        assert all(pieces.pieces)


@functions
@pytest.mark.parametrize("character", ["a", "\n", "é", "中", "😀"])
def test_long_strings(write, whole, character):
    for n in CHUNK // 4 - 1, CHUNK // 4, CHUNK // 4 + 1, CHUNK, 10 * CHUNK + 3:
        text = character * n
        for document in text, [text, text], {"key": text, text[:100]: 1}, ["é", text, "中", text, "😀", text]:
            for options in {}, {"indent": 1}, {"sort_keys": True}:
                pieces = Pieces()
                write(document, pieces, **options)
                assert type(pieces.pieces[0])().join(pieces.pieces) == whole(document, **options)
                if cyjson.backend == "c":
                    assert all(len(each) <= 5 * CHUNK for each in pieces.pieces)


@native_only
@functions
def test_memory_is_bounded(write, whole):
    """... by a chunk or two, whatever the document's size and however long its strings are."""
    tracemalloc = pytest.importorskip("tracemalloc", reason="this interpreter counts no memory")
    small = large(100)
    document = [{"items": small, "text": "é" * 500_000, "escaped": "\x01" * 300_000, "ascii": "x" * 3_000_000}] * 20

    class Nowhere:
        def write(self, piece):
            self.size = self.size + len(piece)

        size = 0

    nowhere = Nowhere()
    write(document[:1], nowhere)
    gc.collect()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        tracemalloc.reset_peak()
        write(document, nowhere)
        peak = tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()
    assert nowhere.size > 70_000_000
    assert peak <= 1 << 20


@native_only
@functions
def test_write_may_do_anything(write, whole):
    """... to what is being written: it is survived, as json would or better."""
    base = large(2000)

    class Vandal:
        def __init__(self, victims):
            self.victims = victims
            self.calls = 0

        def write(self, piece):
            self.calls += 1
            for victim in self.victims:
                victim.clear()
            gc.collect()
            junk = [[None] * 10 for _ in range(1000)]
            del junk

    for options in {}, {"indent": 1}, {"sort_keys": True}, {"check_circular": False}:
        for make in (
            lambda: ([dict(each) for each in base],),
            lambda: (middle := [dict(each) for each in base], {"a": middle, "b": middle}),
            lambda: (inner := {str(i): dict(each) for i, each in enumerate(base)}, [inner, inner]),
            lambda: (inner := {str(i): "x" * 100 for i in range(5000)}, [inner, inner]),
            lambda: (inner := dict.fromkeys(range(5000), "x" * 100), [inner, inner]),
            lambda: (inner := ["x" * 300_000, "y" * 300_000], {"a": inner, "b": inner}),
        ):
            objects = make()
            vandal = Vandal(objects)
            try:
                write(objects[-1], vandal, **options)
            except RuntimeError as exc:
                assert "dictionary changed" in str(exc) or "dictionary keys changed" in str(exc)
            assert vandal.calls


def test_a_dict_that_write_changes():
    """Here dump reads the dict on as json does: it finds out."""
    document = {str(i): "x" * 1000 for i in range(1000)}

    def call(json):
        mine = dict(document)

        class Adding:
            def write(self, piece):
                mine[len(mine)] = 1

        json.dump(mine, Adding())

    assert same(call, notes=False)[1:3] == (RuntimeError, "dictionary changed size during iteration")


def test_circles_are_found_before_they_are_written():
    circle = ["x" * 1000] * 100
    circle.append({"again": circle})
    for document in circle, [1, circle], {"a": [circle]}:
        file = io.StringIO()
        assert same(lambda json: json.dump(document, file), notes=False)[1:3] == (
            ValueError,
            "Circular reference detected",
        )
        pieces = Pieces()
        with pytest.raises(ValueError, match="Circular"):
            cyjson.dump_bytes(document, pieces)
        assert sum(map(len, pieces.pieces)) < 300_000


class Silent(str):
    """A key that isn't asked how it is called."""

    def __str__(self):
        raise AssertionError("asked")

    __repr__ = __str__


@NOTES
@native_only
@pytest.mark.skipif(sys.version_info >= (3, 14), reason="json says where, from 3.14 on")
@functions
def test_where_it_happened(write, whole):
    bad = {"users": [{}, {"tags": []}, {}, {"tags": [1, 2j]}]}
    with pytest.raises(TypeError) as caught:
        write(bad, Pieces())
    assert str(caught.value) == "Object of type complex is not JSON serializable"
    assert caught.value.__notes__[-1:] == ["while encoding $.users[3].tags[1]"]
    for document, place in (
        ({"a b": {"c": {1: 2j}}}, "$['a b'].c['1']"),
        ([2j], "$[0]"),
        ([[{"é": (1, 2j)}]], "$[0][0].é[1]"),
        ({"nan": [float("nan")]}, "$.nan[0]") if write is cyjson.dump_bytes else ({"key": {(): 1}}, "$.key"),
    ):
        for options in {}, {"indent": 1}, {"sort_keys": True}:
            with pytest.raises((TypeError, ValueError)) as caught:
                write(document, Pieces(), **options)
            assert caught.value.__notes__[-1:] == [f"while encoding {place}"]
    with pytest.raises(TypeError) as caught:
        write({"a": {Silent("k"): 2j}}, Pieces())
    assert caught.value.__notes__[-1:] == ["while encoding $.a.k"]
    deep = 2j
    for _ in range(200):
        deep = [deep]
    with pytest.raises(TypeError) as caught:
        write(deep, Pieces())
    assert caught.value.__notes__[-1:] == ["while encoding $..." + "[0]" * 64]
    with pytest.raises(TypeError) as caught:
        write(2j, Pieces())
    assert not any(note.startswith("while") for note in getattr(caught.value, "__notes__", []))
    with pytest.raises(TypeError) as caught:
        whole(bad)
    notes = getattr(caught.value, "__notes__", [])
    assert [note for note in notes if note.startswith("while")] == (
        ["while encoding $.users[3].tags[1]"] if whole is cyjson.encode else []
    )


@NOTES
def test_typical_mistakes(tmp_path):
    path = tmp_path / "file"
    path.write_text("")

    def note(function, fp, error):
        with fp if hasattr(fp, "close") else open(path):
            with pytest.raises(error) as caught:
                function([1], fp)
        return "\n".join(caught.value.__notes__)

    assert "save(" in note(cyjson.dump, str(path), AttributeError)
    assert "save(" in note(cyjson.dump_bytes, path, AttributeError)
    assert "dump_bytes()" in note(cyjson.dump, open(path, "wb"), TypeError)
    assert "dump_bytes()" in note(cyjson.dump, open(path, "wb", buffering=0), TypeError)
    assert "dump_bytes()" in note(cyjson.dump, io.BytesIO(), TypeError)
    assert "; dump() " in note(cyjson.dump_bytes, io.StringIO(), TypeError)
    assert "opened for writing" in note(cyjson.dump, open(path), io.UnsupportedOperation)
    assert "opened for writing" in note(cyjson.dump_bytes, open(path, "rb"), io.UnsupportedOperation)
    with pytest.raises(AttributeError) as caught:
        cyjson.dump([1], object())
    assert not any(note.startswith("while") for note in getattr(caught.value, "__notes__", []))


class Reluctant(io.RawIOBase):
    """A raw file that takes some bytes at a time."""

    def __init__(self, *takes):
        self.takes = takes
        self.taken = b""

    def writable(self):
        return True

    def write(self, data):
        take = self.takes[len(self.taken) % len(self.takes)]
        if take is None:
            return None
        self.taken += data[:take]
        return min(take, len(data))


def test_raw_files_take_a_part():
    document = large(100)
    for takes in (7, 13, 1000), (99_999,), (40_000,):
        file = Reluctant(*takes)
        cyjson.dump_bytes(document, file)
        assert file.taken == cyjson.encode(document)
    for take in None, 0:
        with pytest.raises(BlockingIOError, match="took nothing"):
            cyjson.dump_bytes(document, Reluctant(take))


def test_pipes_and_sockets():
    document = large(3000)
    expected = cyjson.encode(document)

    def read(file, into):
        with file:
            into.append(file.read())

    def pipe():
        r, w = os.pipe()
        return os.fdopen(w, "wb", buffering=0), os.fdopen(r, "rb")

    def sockets():
        near, far = socket.socketpair()
        with near, far:  # the files keep them open
            return near.makefile("wb", buffering=0), far.makefile("rb")

    for make in pipe, sockets:
        near, far = make()
        got = []
        reader = threading.Thread(target=read, args=(far, got))
        reader.start()
        with near:
            cyjson.dump_bytes(document, near)
        reader.join()
        assert got == [expected]


def test_dump_bytes_takes_what_encode_takes():
    class Encoder(json.JSONEncoder):
        def default(self, o):
            return repr(o)

    class Own(json.JSONEncoder):
        def encode(self, o):
            return "own é"

    for options in (
        {"default": repr},
        {"cls": Encoder},
        {"cls": Own},
        {"indent": 1},
        {"skipkeys": True},
        {"separators": (" , ", " : ")},
        {"sort_keys": True},
    ):
        document = {
            "b": 2j if "default" in options or "cls" in options else 2,
            "a": "é",
            **({(): 1} if "skipkeys" in options else {}),
        }
        file = io.BytesIO()
        assert cyjson.dump_bytes(document, file, **options) is None
        assert file.getvalue() == cyjson.encode(document, **options)
    file = io.BytesIO()
    cyjson.dump_bytes(fp=file, obj=[1])
    assert file.getvalue() == b"[1]"
    for wrong in (
        lambda: cyjson.dump_bytes(),
        lambda: cyjson.dump_bytes([1]),
        lambda: cyjson.dump_bytes([1], file, 2),
        lambda: cyjson.dump_bytes([1], file, obj=1),
        lambda: cyjson.dump_bytes([1], file, ensure_ascii=True),
    ):
        with pytest.raises(TypeError, match=r"dump_bytes\(\)"):
            wrong()
    for value in "\ud800", ["x" * 200_000, "\ud800"]:
        with pytest.raises(UnicodeEncodeError):
            cyjson.dump_bytes(value, io.BytesIO())
    with pytest.raises(ValueError):
        cyjson.dump_bytes(float("inf"), io.BytesIO())


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
