"""cyjson.stream: the values, events and errors of a document that is cut anywhere are those of the whole document.

The expectation comes from loads, by way of a tree that keeps every member of an object.
"""

import contextlib
import decimal
import io
import json
import os
import pickle
import sys
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.compare import WORDED, frozen, native_only
from support.streams import EACH, FUNCTIONS, Members, Pieces, cut, model, taken, told, tree_of

import cyjson
from cyjson import stream
from cyjson.stream import ITEM, StreamDecodeError

# Documents


NAMES = st.sampled_from(["a", "b", "item", "a.b", "", 'é"', "中", "x" * 70])
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(10**25), 10**25)
    | st.floats(allow_nan=False)
    | st.text(st.characters(), max_size=12)
    | st.sampled_from(["\ud800", "\udc00\ud83d", '😀\\"/\n', "é" * 40])
)
TREES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=5) | st.lists(st.tuples(NAMES, inner), max_size=5).map(Members),
    max_leaves=25,
)
PATHS = st.sampled_from(
    ["", "item", "a", "a.item", "item.a", "item.item", "a.b", "a.b.item", ".", 'é"', "中.item", "x" * 70, "item.", "a."]
    + [(), (ITEM,), ("a", ITEM), ("a.b",), ("a.b", ITEM), (0,), (ITEM, 1), (ITEM, "a"), ("item",), (1, 'é"'), ("",)]
    + [stream.pointer(text) for text in ("", "/a", "/0", "/item", "/a.b/0", "/0/a", "/1/1", "/")]
)
SIZES = st.lists(st.integers(1, 9), min_size=1, max_size=4) | st.just([1]) | st.just([10000])


@st.composite
def texts(draw):
    """The UTF-8 of a document, and its tree."""
    tree = draw(TREES)
    ascii_only, spaced = draw(st.booleans()), draw(st.sampled_from(["", "", " ", "\n\t", " \r\n"]))

    def spell(tree):
        if isinstance(tree, Members):
            members = [f"{spell(name)}{spaced}:{spaced}{spell(each)}" for name, each in tree]
            return "{" + spaced + f"{spaced},{spaced}".join(members) + spaced + "}"
        if isinstance(tree, list):
            return "[" + spaced + f"{spaced},{spaced}".join(map(spell, tree)) + spaced + "]"
        return json.dumps(tree, ensure_ascii=ascii_only)

    return (spaced + spell(tree) + spaced).encode("utf-8", "surrogatepass")


FLAWS = [
    b'"',
    b"\\",
    b",",
    b"]",
    b"}",
    b"[",
    b"{",
    b":",
    b"1",
    b"e",
    b".",
    b"-",
    b"t",
    b"\\u12",
    b"\\ud800",
    b",]",
    b", }",
]
FLAWS += [
    b"\x00",
    b"\n",
    b"\xff",
    b"\xc3",
    b"\xe4\xb8",
    b"\xed\xa0\x80",
    b"\xf4\x90\x80\x80",
    b"NaN",
    b"-Inf",
    b"/*",
    b"\xef\xbb\xbf",
]


@st.composite
def broken(draw):
    data = draw(texts())
    for _ in range(draw(st.integers(1, 2))):
        at = draw(st.integers(0, len(data)))
        how = draw(st.integers(0, 2))
        if how == 0:
            data = data[:at] + data[at + 1 :]
        elif how == 1:
            data = data[:at] + draw(st.sampled_from(FLAWS)) + data[at:]
        else:
            data = data[:at]
    return data


# Values


@EACH
@given(data=texts(), path=PATHS, sizes=SIZES, buf_size=st.sampled_from([1, 7, 65536]))
def test_same_as_the_whole_document(name, data, path, sizes, buf_size):
    results, error = taken(FUNCTIONS[name](cut(data, sizes), path, buf_size=buf_size))
    assert error is None
    assert frozen(results) == frozen(model(name, tree_of(data), path))


GNARLY = (
    '\ufeff {"a\\u0062" : [ -0, 0, 1.50e+3 , -12.5E-2, 123456789012345678901234567890, '
    '"\\ud83d\\ude00\\ud800 é中😀\\"", true'
    ',false ,null, NaN, -Infinity, Infinity, [], {}, [{"x":[1]}, ""] ],\r\n"é": {"k": 1, "k": [2], '
    '"": "\ud800"} , "z":0}\n '
).encode("utf-8", "surrogatepass")


@EACH
@pytest.mark.parametrize("path", ["", "ab.item", "é", ("ab", 14, ITEM)], ids=str)
def test_cut_at_every_byte(name, path):
    expected = model(name, tree_of(GNARLY), path)
    for at in range(len(GNARLY) + 1):
        source = Pieces(filter(None, [GNARLY[:at], GNARLY[at:]]))
        assert frozen(list(FUNCTIONS[name](source, path))) == frozen(expected)
    for size in range(1, 40):
        assert frozen(list(FUNCTIONS[name](cut(GNARLY, [size]), path))) == frozen(expected)
        assert frozen(list(FUNCTIONS[name](GNARLY, path, buf_size=size))) == frozen(expected)


@pytest.mark.parametrize("count", [0, 1, 2, 50, 20000])
def test_arrays_longer_than_a_block(count):
    value = [{"id": i, "name": f"größe {i}", "n": [i, i / 7, None]} for i in range(count)]
    data = json.dumps({"x": {"item": 1}, "rows": value}, ensure_ascii=False).encode()
    assert list(stream.items(data, "rows.item")) == value
    assert list(stream.items(data, "rows.item.id")) == [row["id"] for row in value]
    assert list(stream.items(io.BytesIO(data), "rows")) == [value]
    assert list(stream.items(data, ("rows", ITEM, "n", 1))) == [row["n"][1] for row in value]
    numbers = json.dumps([row["n"][1] for row in value]).encode()
    assert list(stream.items(numbers, "item")) == cyjson.loads(numbers)
    assert dict(stream.kvitems(json.dumps(dict.fromkeys(map(str, range(count)))).encode())) == {
        str(i): None for i in range(count)
    }


@pytest.mark.parametrize("size", [100, 65530, 65536, 65540, 300_000])
def test_items_longer_than_a_block(size):
    value = ["é" * size, 0, [1.5] * (size // 4), {"k" * size: size}, int("9" * min(size, 4000)), "\\" * size]
    data = json.dumps(value, ensure_ascii=False).encode()
    for buf_size in 1000, 65536:
        assert list(stream.items(data, "item", buf_size=buf_size)) == value
        assert list(stream.kvitems(data, ("item",), buf_size=buf_size)) == []
        assert list(stream.kvitems(data, (3,), buf_size=buf_size)) == [*value[3].items()]


def test_duplicates():
    data = b'{"a": {"k": 1, "k": 2}, "b": 0, "a": {"k": 3}, "a": 4}'
    assert list(stream.items(data, "a")) == [{"k": 2}, {"k": 3}, 4]
    assert list(stream.kvitems(data, "a")) == [("k", 1), ("k", 2), ("k", 3)]
    assert list(stream.items(data)) == [{"a": 4, "b": 0}]


def test_keys_are_shared():
    (first, second) = stream.kvitems(b'[{"some long key": 1}, {"some long key": 2}]', "item")
    assert first[0] == second[0] == "some long key"
    if cyjson.backend == "c":
        assert first[0] is second[0]


# Errors


@EACH
@given(data=broken(), path=PATHS, sizes=SIZES)
def test_error_if_and_only_if_loads_has_one(name, data, path, sizes):
    whole, error = taken(FUNCTIONS[name](data, path))
    try:
        cyjson.loads(data, **WORDED)
    except json.JSONDecodeError as expected:
        assert isinstance(error, StreamDecodeError)
        assert str(error) == str(expected)
        assert (error.msg, error.pos) == (expected.msg, expected.pos)
        assert (error.lineno, error.colno) == (expected.lineno, expected.colno)
        if expected.doc.startswith("\ufeff") or not data.isascii():
            assert error.offset is None or error.offset >= error.pos
        else:
            assert error.offset in (None, error.pos)
    except UnicodeDecodeError:
        assert isinstance(error, (UnicodeDecodeError, StreamDecodeError))  # for the one that comes first
    else:
        assert error is None
    again, other = taken(FUNCTIONS[name](cut(data, sizes), path, buf_size=3))
    assert frozen(again) == frozen(whole)
    assert told(other) == told(error)


@native_only
@EACH
@given(
    data=texts() | broken(),
    path=PATHS,
    sizes=SIZES,
    options=st.sampled_from([{}, {"strict": False}, {"parse_int": str}]),
)
def test_backends_agree(name, data, path, sizes, options):
    from cyjson._pure_stream import StreamReader

    ours = taken(FUNCTIONS[name](cut(data, sizes), path, **options))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stream, "Reader", StreamReader)
        theirs = taken(FUNCTIONS[name](cut(data, sizes), path, **options))
    assert frozen(ours[0]) == frozen(theirs[0])
    assert told(ours[1]) == told(theirs[1])


def test_error_far_into_a_document():
    lines = ['{"größe": "é", "n": 1}'] * 10_000
    text = "[\n" + ",\n".join(lines) + '\n, {"größe": tru}]'
    with pytest.raises(json.JSONDecodeError) as expected:
        cyjson.loads(text, **WORDED)
    results, error = taken(stream.items(text.encode(), "item"))
    assert len(results) == 10_000
    assert str(error) == str(expected.value)
    assert (error.lineno, error.colno, error.pos) == (10_002, 13, expected.value.pos)
    assert error.doc == "tru}]"
    assert text.encode()[error.offset :] == b"tru}]"
    copy = pickle.loads(pickle.dumps(error))
    assert told(copy) == told(error)


def test_offset_counts_a_byte_order_mark():
    _, error = taken(stream.items(b"\xef\xbb\xbf[1,", "item"))
    assert (error.offset, error.pos) == (6, 3)


@pytest.mark.parametrize("place", ["skipped", "wanted", "between"])
def test_broken_utf8(place):
    text = {"skipped": b'{"x": "%b", "a": [1]}', "wanted": b'{"a": ["%b"]}', "between": b'{"a": [1]%b}'}[place]
    for bad in b"\xff", b"\xc3", b"\xe4\xb8", b"\xf0\x9f\x98", b"\xc0\xaf", b"\xf4\x90\x80\x80":
        data = text % (b"long " * 20_000 + bad) if place != "between" else text % bad
        at = data.index(bad)
        _, error = taken(stream.items(data, "a.item"))
        assert isinstance(error, UnicodeDecodeError)
        assert f"(byte {at} of the document)" in str(error)
        assert error.object[error.start : error.end] == bad[: error.end - error.start]


def test_the_rest_of_the_document_counts():
    iterator = stream.items(b'{"a": [1, 2], "b": [}', "a.item")
    assert [next(iterator), next(iterator)] == [1, 2]
    with pytest.raises(StreamDecodeError, match=r"Expecting value: line 1 column 21 \(char 20\)"):
        next(iterator)
    assert list(iterator) == []
    with pytest.raises(StreamDecodeError, match="Extra data"):
        list(stream.items(b"[1] 2", "item"))


def test_parts_that_are_not_asked_for_are_not_converted():
    digits = b"1" * 10_000
    assert list(stream.items(b'{"x": %b, "a": 1}' % digits, "a")) == [1]
    if hasattr(sys, "get_int_max_str_digits"):
        for name in FUNCTIONS:
            with pytest.raises(ValueError, match="digits"):
                list(FUNCTIONS[name](b'{"a": %b}' % digits, ""))
    deep = b"[" * 200_000 + b"]" * 200_000
    assert list(stream.items(b'{"x": %b, "a": 1}' % deep, "a")) == [1]
    assert sum(event == "start_array" for event, _ in stream.basic_parse(deep)) == 200_000
    events = stream.parse(b"[" * 20_000 + b"]" * 20_000)
    assert [len(prefix) for prefix, _, _ in events] == [
        max(5 * n - 1, 0) for n in (*range(20_000), *range(19_999, -1, -1))
    ]
    with pytest.raises(RecursionError):
        list(stream.items(deep))


# Options


@pytest.mark.parametrize(
    "options",
    [
        {"parse_float": decimal.Decimal},
        {"parse_int": lambda text: -int(text)},
        {"parse_constant": str.upper},
        {"object_hook": lambda members: sorted(members)},
        {"object_pairs_hook": tuple},
        {"array_hook": tuple},
        {"cls": json.JSONDecoder},
        {"cls": type("Decoder", (json.JSONDecoder,), {"decode": lambda self, s: ["decoded", s]})},
        {"object_hook": None, "strict": True, "cls": None},
    ],
    ids=lambda options: " ".join(options),
)
def test_options(options):
    documents = ['{"b": [1.50, 1, NaN]}', "[2, [3.5]]", '"é\\n"', "-0.0", "12"]
    data = f"[{','.join(documents)}]".encode()
    expected = frozen([cyjson.loads(each, **options) for each in documents])
    for buf_size in 1, 65536:
        assert frozen(list(stream.items(data, "item", buf_size=buf_size, **options))) == expected
    keyed = b"{" + b",".join(b'"%d": %b' % pair for pair in enumerate(each.encode() for each in documents)) + b"}"
    assert frozen([value for _, value in stream.kvitems(keyed, **options)]) == expected
    if "cls" not in options:
        numbers = [value for event, value in stream.basic_parse(b"[1.50, 1, NaN]", **options) if event == "number"]
        assert frozen(numbers) == frozen([cyjson.loads(each, **options) for each in ("1.50", "1", "NaN")])


def test_lenient():
    data = b'{"a\tb": ["x\ny", "\x00"], "skipped": "\x1f", "a": "\x01"}'
    assert list(stream.items(data, "a\tb.item", strict=False)) == ["x\ny", "\x00"]
    assert list(stream.kvitems(data, strict=False))[0][0] == "a\tb"
    assert [value for event, value in stream.basic_parse(data, strict=False) if event == "string"][2] == "\x1f"
    with pytest.raises(json.JSONDecodeError, match="Invalid control character") as expected:
        cyjson.loads(data, **WORDED)
    with pytest.raises(StreamDecodeError) as error:
        list(stream.items(data, "a"))
    assert str(error.value) == str(expected.value)


@pytest.mark.parametrize(
    "call, kind, message",
    [
        (lambda: stream.items(b"1", 1), TypeError, "a path is a str or a sequence of str, int and ITEM, not int"),
        (lambda: stream.items(b"1", ["a", 1.5]), TypeError, "1.5 is float"),
        (lambda: stream.items(b"1", ["a", True]), TypeError, "True is bool"),
        (lambda: stream.items(b"1", [-1]), ValueError, "not -1"),
        (lambda: stream.items(1), TypeError, "source is a path, a binary file, or bytes.*, not int"),
        (lambda: stream.items(b"1", buf_size=0), ValueError, "buf_size is from 1 to .* not 0"),
        (lambda: stream.items(b"1", buf_size=1.5), TypeError, "buf_size is an int .* not float"),
        (lambda: stream.items(b"1", hook=len), TypeError, "unexpected keyword argument 'hook'"),
        (lambda: stream.basic_parse(b"1", prefix="a"), TypeError, "unexpected keyword argument 'prefix'"),
        (lambda: stream.items("/nowhere/at/all"), FileNotFoundError, "at/all"),
        (lambda: list(stream.items(Pieces([b"[", "1]"]))), TypeError, "gave str and bytes in turn"),
        (lambda: list(stream.items(Pieces([b"[", None]))), BlockingIOError, "a file that blocks is needed"),
        (lambda: list(stream.items(Pieces([b"[1, ", 7]))), TypeError, "gave int, not bytes"),
        (lambda: stream.pointer("a"), ValueError, "starts with '/'"),
        (lambda: stream.pointer("/a~2"), ValueError, "'~' is followed by 0"),
        (lambda: stream.pointer(b"/a"), TypeError, "not bytes"),
    ],
)
def test_wrong_arguments(call, kind, message):
    with pytest.raises(kind, match=message):
        call()


def test_pointers():
    # The examples of RFC 6901, section 5.
    document = {
        "foo": ["bar", "baz"],
        "": 0,
        "a/b": 1,
        "c%d": 2,
        "e^f": 3,
        "g|h": 4,
        "i\\j": 5,
        'k"l': 6,
        " ": 7,
        "m~n": 8,
    }
    data = json.dumps(document).encode()
    for text, value in {
        "": document,
        "/foo": ["bar", "baz"],
        "/foo/0": "bar",
        "/": 0,
        "/a~1b": 1,
        "/c%d": 2,
        "/e^f": 3,
        "/g|h": 4,
        "/i\\j": 5,
        '/k"l': 6,
        "/ ": 7,
        "/m~0n": 8,
    }.items():
        assert list(stream.items(data, stream.pointer(text))) == [value]
    for text in "/foo/2", "/foo/00", "/foo/01", "/foo/-", "/foo/item", "/nothing", "/foo/0/0", "/foo/+1", "/foo/١":
        assert list(stream.items(data, stream.pointer(text))) == []
    assert list(stream.items(b'{"0": {"1": 2}}', stream.pointer("/0/1"))) == [2]


# Sources


class Buffer(io.BytesIO):
    def __init__(self, data, kind):
        super().__init__(data)
        self.kind = kind

    def read(self, n):
        return self.kind(super().read(n))


def test_sources(tmp_path):
    data = b'{"a": [1, 2]}'
    path = tmp_path / "document.json"
    path.write_bytes(data)
    spread = memoryview(bytes(byte for each in data for byte in (each, 0)))[::2]
    for source in [
        data,
        bytearray(data),
        memoryview(data),
        spread,
        memoryview(data).cast("b"),
        str(path),
        path,
        path.open("rb"),
        path.open("rb", buffering=0),
        Buffer(data, bytearray),
        Buffer(data, memoryview),
        Buffer(data, type("Bytes", (bytes,), {})),
        Pieces([data]),  # more than was asked for
    ]:
        with stream.items(source, "a.item", buf_size=2) as iterator:
            assert iter(iterator) is iterator
            assert list(iterator) == [1, 2]
        if isinstance(source, io.IOBase):
            assert not source.closed
            source.close()


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"]
)
def test_encodings(encoding):
    value = ["é中😀", {"größe": 1}]
    data = json.dumps(value, ensure_ascii=False).encode(encoding)
    for size in 1, 3, 1000:
        assert list(stream.items(cut(data, [size]), "item")) == value
    for broken in (
        data[:-1],
        data[: -len("]".encode(encoding.removesuffix("-sig")[:9].replace("utf-16", "utf-16-le")[:9])) or None]
        + b"\xff",
    ):
        with contextlib.suppress(ValueError):
            cyjson.loads(broken)
            continue
        with pytest.raises(ValueError):
            list(stream.items(cut(broken, [3]), "item"))


def test_short_documents():
    for data in b"", b" ", b"1", b"12", b"[]", b'"', b"-", b"\xef\xbb\xbf", b"\xef\xbb", b"\xff\xfe", b"nul", b"1\x00":
        try:
            expected = [cyjson.loads(data, **WORDED)]
        except ValueError as error:
            expected = error
        for size in 1, 2, 9:
            results, error = taken(stream.items(cut(data, [size])))
            if isinstance(expected, list):
                assert (results, error) == (expected, None)
            else:
                assert type(error) is type(expected) or isinstance(error, StreamDecodeError)
                if isinstance(expected, json.JSONDecodeError):
                    assert str(error) == str(expected)


@pytest.mark.parametrize("suffix", [".gz", ".GZ", ".zst"])
def test_compressed_files(suffix, tmp_path):
    path = tmp_path / f"document.json{suffix}"
    data = {"a": [{"id": n, "é": "x" * 100} for n in range(3000)], "b": {"c": 1}}
    try:
        cyjson.save(data, path)
    except ModuleNotFoundError:
        pytest.skip("nothing here reads and writes .zst")
    for source in path, str(path):
        assert list(stream.items(source, "a.item")) == data["a"]
        assert dict(stream.kvitems(source, "b")) == data["b"]
    assert path.read_bytes()[:1] != b"{"
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises((EOFError, OSError)):
        list(stream.items(path, "a.item"))


def test_items_come_before_the_rest_is_there():
    """An item that has been read as a whole is given without another read."""

    def pieces():
        yield from [b'{"a": [[1, 2]', b', "x"', b", 7 ", b', {"k": 3}', b"]}"]
        raise AssertionError

    log = []

    class Source:
        parts = pieces()

        def read(self, n):
            log.append("read")
            return next(self.parts)

    iterator = stream.items(Source(), "a.item")
    got = []
    for _ in range(4):
        got.append(next(iterator))
        log.append(got[-1])
    assert log == ["read", [1, 2], "read", "x", "read", 7, "read", {"k": 3}]


def test_reading_ahead(tmp_path):
    """Of a regular file as far as the item before was long; of others no further than is needed."""
    large, small = ["x" * 50] * 5000, [7]
    documents = [large, small, small, large, large, small]
    data = json.dumps(documents).encode()
    path = tmp_path / "document.json"
    path.write_bytes(data)
    for source in data, path, path.open("rb"), path.open("rb", buffering=0), io.BytesIO(data), cut(data, [1000]):
        assert list(stream.items(source, "item")) == documents
        if isinstance(source, io.IOBase):
            source.close()

    there = threading.Event()
    end, other = os.pipe()

    def write():
        with open(other, "wb", buffering=0) as writing:
            writing.write(b"[" + json.dumps(large).encode() + b", [7], ")
            there.wait(60)
            writing.write(b"[8]]")

    writer = threading.Thread(target=write)
    writer.start()
    with open(end, "rb", buffering=0) as reading, stream.items(reading, "item") as iterator:
        assert next(iterator) == large
        assert next(iterator) == small  # though a second large one would need more than is there
        assert not there.is_set()
        there.set()
        assert list(iterator) == [[8]]
    writer.join()


# Events


def test_events_that_are_kept():
    """Their tuples are used again only where nobody has them."""
    document = [{"id": n, "name": f"n{n}", "tags": ["a", None, True, n / 7]} for n in range(1000)]
    data = json.dumps(document).encode()
    for function in stream.parse, stream.basic_parse:
        kept = list(function(data))
        assert [tuple(event) for event in function(data)] == kept
        some = [event for n, event in enumerate(function(io.BytesIO(data), buf_size=100)) if n % 3 == 0]
        assert some == kept[::3]
        iterator = function(data)
        first, second = next(iterator), next(iterator)
        iterator.close()
        assert [first, second] == kept[:2]
        assert len({*function(data)}) == len({*kept})


def test_events_of_deep_documents():
    deep = b'{"a":[' * 300 + b"1" + b"]}" * 300
    expected = list(stream.parse(deep, buf_size=7))
    assert list(stream.parse(deep)) == expected
    begins, ends = expected[:900], expected[901:]
    assert expected[900] == (".".join(["a", "item"] * 300), "number", 1)
    assert [prefix for prefix, event, _ in ends] == [prefix for prefix, event, _ in begins if event != "map_key"][::-1]


def test_events_of_many_keys():
    """More paths than are remembered, with keys that are alike."""
    document = {f"k{n % 5000}": {f"m{n}": {"x" * (n % 300): n, "é": n}} for n in range(6000)}
    data = json.dumps(document, ensure_ascii=False).encode()
    got = [(prefix, value) for prefix, event, value in stream.parse(data) if event == "number"]
    assert got == [
        (f"{outer}.{middle}.{inner}", value)
        for outer, members in document.items()
        for middle, last in members.items()
        for inner, value in last.items()
    ]
