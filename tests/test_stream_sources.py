"""cyjson.stream's sources: text, other encodings that are cut off, several documents, asyncio files; and that a dropped
iterator gives up what it holds at once, without the collector. Each on both readers, the extension's and Python's.
"""

import asyncio
import codecs
import contextlib
import gc
import io
import itertools
import json
import os
import re
import weakref
from decimal import Decimal

import pytest
from support.compare import PYPY, WORDED, frees_at_once, frozen
from support.streams import (
    ASYNC,
    EACH,
    FUNCTIONS,
    AsyncFile,
    Pieces,
    cut,
    reader,  # noqa: F401
    taken,
    told,
)

import cyjson
from cyjson import stream
from cyjson.stream import StreamDecodeError

pytestmark = pytest.mark.usefixtures("reader")
VALUE = {"größe": ["é中😀", 1, -2.5, {"b": None}], "": "x" * 50}
TEXT = json.dumps(VALUE, ensure_ascii=False)


# Text


@EACH
def test_text_files(name, tmp_path):
    path = tmp_path / "document.json"
    path.write_text(TEXT, encoding="utf-8")
    expected = list(FUNCTIONS[name](TEXT.encode(), "größe.item"))
    for size in 1, 2, 7, 65536:
        assert list(FUNCTIONS[name](io.StringIO(TEXT), "größe.item", buf_size=size)) == expected
        assert list(FUNCTIONS[name](cut(TEXT, [size]), "größe.item")) == expected
        with path.open(encoding="utf-8") as file:
            assert list(FUNCTIONS[name](file, "größe.item", buf_size=size)) == expected
        with codecs.open(str(path), encoding="utf-8") as file:
            assert list(FUNCTIONS[name](file, "größe.item", buf_size=size)) == expected
        with path.open("rb") as file:
            assert list(FUNCTIONS[name](codecs.getreader("utf-8")(file), "größe.item", buf_size=size)) == expected
    assert list(FUNCTIONS[name](Pieces([type("Text", (str,), {})(TEXT)]), "größe.item")) == expected


@EACH
def test_a_mark_before_text(name, tmp_path):
    """It is no part of the document, as in bytes: nothing is lost, and positions don't count it."""
    path = tmp_path / "document.json"
    path.write_text("\ufeff" + TEXT, encoding="utf-8")
    expected = list(FUNCTIONS[name](TEXT.encode(), "größe.item"))
    for size in 1, 2, 65536:
        assert list(FUNCTIONS[name](io.StringIO("\ufeff" + TEXT), "größe.item", buf_size=size)) == expected
        with path.open(encoding="utf-8") as file:
            assert list(FUNCTIONS[name](file, "größe.item", buf_size=size)) == expected
        broken = "\ufeff" + TEXT[:-1] + "]"
        results, error = taken(FUNCTIONS[name](io.StringIO(broken), "größe.item", buf_size=size))
        with pytest.raises(json.JSONDecodeError) as whole:
            json.loads(broken[1:], **WORDED)
        assert str(error) == str(whole.value)
        assert (error.pos, error.offset) == (whole.value.pos, None)
    results, error = taken(FUNCTIONS[name](io.StringIO("\ufeff" * 2 + "1"), ""))
    assert (results, str(error)) == ([], "Expecting value: line 1 column 1 (char 0)")


def test_odd_text():
    assert list(stream.items(io.StringIO('["\ud83d\ude00", "\udcff"]'), "item")) == ["\ud83d\ude00", "\udcff"]
    for pieces in ["[1", b"]"], [b"[1", "]"], [b"[1,  ", "2]"]:
        with pytest.raises(TypeError, match="str and bytes in turn"):
            list(stream.items(Pieces(pieces), "item"))
    assert list(stream.items(Pieces(["[1]"]), "item")) == [1]  # of which the end is b""
    _, error = taken(stream.items(io.StringIO("")))
    assert str(error) == "Expecting value: line 1 column 1 (char 0)"


# Encodings


@EACH
@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"])
def test_other_encodings_cut_off(name, encoding):
    """An error counts in bytes of the document where some are missing; what comes before is given."""
    data = TEXT.encode(encoding)
    unit = 2 if "16" in encoding else 4
    for end in len(data) - 1, len(data) // 2 // unit * unit + 1, data.index("x".encode(encoding)[-unit:]) + 1:
        with pytest.raises(UnicodeDecodeError) as whole:
            json.loads(data[:end])
        outcomes = []
        for size in 1, 3, 1000, 65536:
            results, error = taken(FUNCTIONS[name](data[:end], "größe.item", buf_size=size))
            assert type(error) is UnicodeDecodeError
            assert f"(byte {whole.value.start} of the document)" in str(error)
            assert error.object[error.start : error.end] == data[whole.value.start : end]
            assert error.encoding == whole.value.encoding or PYPY  # which names the byte order only at times
            outcomes.append((frozen(results), str(error)))
        assert outcomes == outcomes[:1] * 4
    events = "größe.item" if name in ("items", "kvitems") else ""
    results, error = taken(FUNCTIONS[name](data[:-1], events))
    assert len(results) >= (4 if name == "items" else 1)


@pytest.mark.parametrize("encoding", ["utf-32-le", "utf-32-be"])
def test_other_encodings_with_wrong_bytes(encoding):
    good, rest = '["a", '.encode(encoding), '"b"]'.encode(encoding)
    bad = (0x110000).to_bytes(4, "little" if encoding.endswith("le") else "big")
    for size in 1, 5, 1000:
        results, error = taken(stream.items(good + bad + rest, "item", buf_size=size))
        assert results == ["a"]
        assert f"(byte {len(good)} of the document)" in str(error)
        results, error = taken(stream.items(good + '1 2"'.encode(encoding) + bad, "item", buf_size=size))
        assert results == ["a", 1]
        assert str(error) == "Expecting ',' delimiter: line 1 column 9 (char 8)"  # of two faults the first


# Several documents


@EACH
def test_several_documents(name):
    documents = ['{"a": [1, 2]}', "[3]", "4", '"5"', "[]", '{"a": {"b": -1.5e3}}', "true", "null", "NaN", "-0"]
    for between in " ", "\n", "\r\n\t ":
        data = between.join(documents).encode()
        for path in "", "a", "a.item", "item", "a.b":
            expected = [each for part in documents for each in FUNCTIONS[name](part.encode(), path)]
            for size in 1, 2, 3, 7, 65536:
                found = FUNCTIONS[name](data + b"\n", path, buf_size=size, multiple_values=True)
                assert frozen(list(found)) == frozen(expected)
    for data in b"", b" ", b"\xef\xbb\xbf":  # one has to be there, as in ijson
        assert isinstance(taken(FUNCTIONS[name](data, "", multiple_values=True))[1], StreamDecodeError)


def test_several_documents_side_by_side():
    for text, values in {
        "{}[]": [{}, []],
        "[1][2]": [[1], [2]],
        '"a""b"': ["a", "b"],
        '1"a"2': [1, "a", 2],
        "1[2]3{}4": [1, [2], 3, {}, 4],
        "null[]true": [None, [], True],
    }.items():
        for size in 1, 2, 65536:
            assert list(stream.items(text.encode(), buf_size=size, multiple_values=True)) == values
    for text, values, at in [
        ("01", [0], 1),
        ("1-2", [1], 1),
        ("truefalse", [True], 4),
        ("1.", [1], 1),
        ("2null", [2], 1),
    ]:
        for size in 1, 2, 65536:
            results, error = taken(stream.items(text.encode(), buf_size=size, multiple_values=True))
            assert results in ([], values)
            assert str(error) == f"Extra data: line 1 column {at + 1} (char {at})"


def test_errors_in_several_documents():
    data = '{"é": 1}\n[2,\n3]\n[4, tru]'
    for size in 1, 4, 65536:
        results, error = taken(stream.items(data.encode(), buf_size=size, multiple_values=True))
        assert results == [{"é": 1}, [2, 3]]
        assert (error.msg, error.pos, error.lineno, error.colno) == ("Expecting value", 20, 4, 5)
        results, error = taken(stream.items(b"[1], [2]", buf_size=size, multiple_values=True))
        assert (results, str(error)) == ([[1]], "Expecting value: line 1 column 4 (char 3)")
        results, error = taken(stream.items(b"[1] [2", buf_size=size, multiple_values=True))
        assert (results, str(error)) == ([[1]], "Expecting ',' delimiter: line 1 column 7 (char 6)")
        results, error = taken(stream.items(b"[1] [2]", buf_size=size))
        assert "Extra data: line 1 column 5 (char 4)" in str(error)


# Numbers


@EACH
def test_use_float(name):
    data = b'{"a": [1.10, 1, -2E+3, 12345678901234567890.5]}'
    as_decimal = [Decimal("1.10"), 1, Decimal("-2E+3"), Decimal("12345678901234567890.5")]

    def numbers(**options):
        found = list(FUNCTIONS[name](data, "a.item" if name == "items" else "", **options))
        if name == "kvitems":
            return found[0][1]
        return found if name == "items" else [each[-1] for each in found if each[-2] == "number"]

    assert frozen(numbers(use_float=False)) == frozen(as_decimal)
    assert frozen(numbers(use_float=True)) == frozen(numbers()) == frozen(json.loads(data)["a"])
    with pytest.raises(TypeError, match="use_float and parse_float"):
        numbers(use_float=False, parse_float=str)


def taken_async(iterator):
    async def take():
        results = []
        try:
            async for result in iterator:
                results.append(result)
        except Exception as error:
            return results, error
        return results, None

    return asyncio.run(take())


@EACH
@pytest.mark.parametrize("options", [{}, {"parse_int": str}, {"multiple_values": True}], ids=str)
def test_async_files(name, options):
    """The values, events and errors are those of a file that doesn't wait, wherever its blocks are cut."""
    long = json.dumps({"größe": [{"é": "y" * 90, "n": [1] * 20}, "\\u00e9\n" * 9, 1.5e300], "z": {"größe": 1}})
    for text in TEXT, long, "[[1, 2], -12.5e-3]", "12", TEXT[:40], TEXT[:-1] + "]", '{"größe": [1, tru]}', "", TEXT * 2:
        data = text.encode()
        for path in "", "größe.item", "größe":
            expected, expected_error = taken(FUNCTIONS[name](data, path, **options))
            for source in cut(data, [1]), cut(text, [2, 3]), cut(data, [100]), cut(text, [10**6]):
                results, error = taken_async(ASYNC[name](AsyncFile(source), path, **options))
                assert frozen(results) == frozen(expected)
                assert type(error) is type(expected_error)
                assert told(error)[1:6] == told(expected_error)[1:6]


def test_async_items_come_before_the_rest_is_there():
    async def run():
        log = []

        class Source:
            pieces = [b'{"a": [[1, 2]', b', "x"', b", 7 ", b', {"k": ' + b"3" * 500, b"", b"never"]

            async def read(self, n):
                log.append("read")
                return self.pieces.pop(0)

        got = []
        iterator = stream.items_async(Source(), "a.item")
        for _ in range(3):
            got.append(await iterator.__anext__())
            log.append(got[-1])
        return log

    assert asyncio.run(run()) == ["read", [1, 2], "read", "x", "read", 7]


def test_async_readers():
    async def run():
        streamed = asyncio.StreamReader()
        streamed.feed_data(b'{"a": [1, 2')
        with pytest.raises(asyncio.TimeoutError):
            waiting = stream.items_async(streamed, "a")
            await asyncio.wait_for(waiting.__anext__(), 0.01)
        assert [each async for each in waiting] == []  # a cancelled one has ended
        streamed.feed_data(b"3]}")
        streamed.feed_eof()

        async with stream.items_async(AsyncFile(io.BytesIO(b"[1, 2, 3]")), "item", buf_size=4) as iterator:
            assert iterator.__aiter__() is iterator
            assert await iterator.__anext__() == 1
        assert [each async for each in iterator] == []

        iterator = stream.items_async(AsyncFile(io.BytesIO(b"[1, 2, 3]")), "item", buf_size=1)
        first = asyncio.ensure_future(iterator.__anext__())
        await asyncio.sleep(0)
        with pytest.raises(ValueError, match="already running"):
            await iterator.__anext__()
        with pytest.raises(ValueError, match="already running"):
            await iterator.aclose()
        assert [await first] + [each async for each in iterator] == [1, 2, 3]

    asyncio.run(run())
    for error in OSError, StopIteration, KeyError:
        results, raised = taken_async(stream.items_async(AsyncFile(Pieces([b"[1, ", error()])), "item"))
        assert results == [1]
        assert type(raised) is (RuntimeError if error is StopIteration else error)
    for wrong in 7, None, object():
        _, raised = taken_async(stream.items_async(AsyncFile(Pieces([b"[1, ", wrong])), "item"))
        assert type(raised) is (BlockingIOError if wrong is None else TypeError)


@pytest.mark.parametrize("name", ASYNC)
def test_async_iterators_end_at_the_document_s_end_alone(name):
    class Source:
        blocks = iter([b"[1, 2, "])

        async def read(self, n):
            for block in self.blocks:
                return block
            raise StopAsyncIteration

    _, raised = taken_async(ASYNC[name](Source(), ""))
    if name != "kvitems":
        assert isinstance(raised, RuntimeError) and isinstance(raised.__cause__, StopAsyncIteration)

    def hook(number):
        raise StopAsyncIteration

    path = "a" if name == "items" else ""
    _, raised = taken_async(ASYNC[name](AsyncFile(io.BytesIO(b'{"a": 1, "b": 2}')), path, parse_int=hook))
    assert isinstance(raised, RuntimeError) and isinstance(raised.__cause__, StopAsyncIteration)


@pytest.mark.parametrize("first", [b"{}", b"{}\n", b'{"', b"1 ", b"[]"])
def test_small_documents_are_not_waited_behind(first):
    """Their encoding is known by two bytes, and who sent them may wait for an answer."""
    iterator = stream.items(Pieces([first, None]), "", multiple_values=True)
    if first != b'{"':
        assert next(iterator) == json.loads(first)
    with pytest.raises(BlockingIOError):
        next(iterator)
    for encoding in "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be":
        document = "[1]".encode(encoding)
        assert list(stream.items(cut(document, [1]), "item")) == [1], encoding
        assert list(stream.items(cut(document, [2]), "item")) == [1], encoding
        assert list(stream.items(cut(document, [3]), "item")) == [1], encoding


@EACH
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32"])
def test_where_text_is_cut_off(name, encoding, tmp_path):
    """A text file's error has a position in a block; the message has the one in the file."""
    path = tmp_path / "document.json"
    data = ("[" + "1, " * 20000 + '"é').encode(encoding)
    path.write_bytes(data[:-1])
    place = len(data) - {"utf-8": 2, "utf-16": 2, "utf-32": 4}[encoding]
    with path.open(encoding=encoding) as file:
        _, error = taken(FUNCTIONS[name](file, "item"))
        assert isinstance(error, UnicodeDecodeError) and f"(byte {place} of the file)" in str(error)


def test_files_of_the_other_kind():
    with pytest.raises(TypeError, match="a file whose read.. is asynchronous, not bytes"):
        stream.items_async(b"[1]", "item")
    _, error = taken_async(stream.items_async(io.BytesIO(b"[1]"), "item"))
    assert isinstance(error, TypeError) and "isn't asynchronous: such files are for items" in str(error)
    with pytest.raises(TypeError, match="gave coroutine, not bytes or str: such files are for items_async"):
        list(stream.items(AsyncFile(io.BytesIO(b"[1]")), "item"))
    with pytest.raises(TypeError, match="unexpected keyword argument 'hook'"):
        stream.parse_async(AsyncFile(None), hook=1)


# Dropped without the collector


@pytest.fixture
def without_collector():
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def advanced(iterator, how):
    if how == "begun":
        next(iterator)
    elif how == "read to the end":
        list(iterator)
    elif how == "refused":
        with contextlib.suppress(ValueError):
            list(iterator)
    return iterator


HOWS = "not begun", "begun", "read to the end", "refused"
GOOD = b'{"a": {"b": [1, {"c": "d"}], "e": 2}}'
OPTIONS = {}, {"parse_int": str}, {"multiple_values": True}


@frees_at_once
@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="counts descriptors under /proc")
@EACH
@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_a_dropped_iterator_closes_its_file(name, suffix, tmp_path, without_collector):
    good, bad = tmp_path / f"good.json{suffix}", tmp_path / f"bad.json{suffix}"
    for path, data in (good, GOOD), (bad, GOOD[:-2]):
        with cyjson._files.open_bytes(str(path), "wb") as file:
            file.write(data)
    before = len(os.listdir("/proc/self/fd"))
    for how, options in itertools.product(HOWS, OPTIONS):
        for _ in range(3):
            advanced(FUNCTIONS[name](bad if how == "refused" else good, "a", **options), how)
            assert len(os.listdir("/proc/self/fd")) == before


@frees_at_once
@EACH
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_dropped_iterator_releases_its_bytes(name, encoding, without_collector):
    good = bytearray(GOOD.decode().encode(encoding))
    bad = good[:-3]
    for how, options, size in itertools.product(HOWS, OPTIONS, (3, 65536)):
        data = bad if how == "refused" else good
        advanced(FUNCTIONS[name](data, "a", buf_size=size, **options), how)
        data += b" "  # BufferError while somebody looks at it
        del data[-1:]


@frees_at_once
@EACH
@pytest.mark.parametrize("kind", [io.BytesIO, io.StringIO])
def test_a_dropped_iterator_lets_go_of_a_file(name, kind, without_collector):
    for how, options in itertools.product(HOWS, OPTIONS):
        data = GOOD[:-2] if how == "refused" else GOOD
        source = kind(data if kind is io.BytesIO else data.decode())
        gone = weakref.ref(source)
        iterator = advanced(FUNCTIONS[name](source, "a", **options), how)
        del source, iterator
        assert gone() is None


@frees_at_once
@EACH
def test_a_dropped_async_iterator_lets_go_of_a_file(name, without_collector):
    async def run(data, count, options):
        source = AsyncFile(io.BytesIO(data))
        gone = weakref.ref(source)
        iterator = ASYNC[name](source, "a", **options)
        del source
        with contextlib.suppress(ValueError, StopAsyncIteration):
            for _ in range(count):
                await iterator.__anext__()
        del iterator
        assert gone() is None

    for data in GOOD, GOOD[:-2], GOOD[:-2].decode().encode("utf-16")[:-1]:
        for count, options in itertools.product((0, 1, 100), OPTIONS):
            asyncio.run(run(data, count, options))


@frees_at_once
def test_a_failed_call_opens_nothing(tmp_path, without_collector):
    data = bytearray(GOOD)
    for wrong in {"buf_size": 0}, {"prefix": 1}, {"use_float": True, "parse_float": str}, {"hook": 1}:
        with pytest.raises((TypeError, ValueError)):
            stream.items(data, **wrong)
        data += b" "


def test_the_place_of_a_fault_is_in_the_message():
    for data, place in [(b"[1, \xff]", 4), ("[1, 2".encode("utf-16-le")[:-1], 8), (b"\xef\xbb\xbf[\xff", 4)]:
        _, error = taken(stream.items(data, "item"))
        assert re.search(rf"\(byte {place} of the document\)$", str(error))
