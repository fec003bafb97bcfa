"""cyjson.stream at its limits: sizes that are no sizes, what the collector hands out, and documents made to cost much.
Each on both readers, the extension's and Python's.
"""

import gc
import itertools
import re
from pathlib import Path

import pytest
from support.compare import LyingInt, native_only
from support.streams import (
    ASYNC,
    EACH,
    FUNCTIONS,
    AsyncFile,
    reader,  # noqa: F401
)

import cyjson
from cyjson import stream

BOTH = pytest.mark.usefixtures("reader")
HUGE = 10**5000  # has more digits than the interpreter would spell out


# Sizes


@BOTH
@EACH
@pytest.mark.parametrize(
    "size", [0, -1, 2**30 + 1, 2**31, 2**63 - 1, 2**63, -(2**63), 2**64, HUGE, -HUGE], ids=lambda _: ""
)
def test_sizes_that_are_refused(name, size):
    with pytest.raises(ValueError, match=r"^buf_size is from 1 to 2\*\*30 bytes, not "):
        FUNCTIONS[name](b"[1]", "", buf_size=size)
    with pytest.raises(ValueError, match=r"^buf_size is from 1 to 2\*\*30 bytes, not "):
        ASYNC[name](AsyncFile(None), "", buf_size=size)


@BOTH
@EACH
@pytest.mark.parametrize("size", [None, 1.0, "1", True, b"1", [], 1j], ids=repr)
def test_sizes_that_are_none(name, size):
    with pytest.raises(TypeError, match="^buf_size is an int .bytes., not"):
        FUNCTIONS[name](b"[1]", "", buf_size=size)


class Source(stream._Source):
    def __init__(self, *blocks):
        self.skipped = 0
        self.blocks = list(blocks)
        self.asked = []

    def read(self, n):
        self.asked.append(n)
        return self.blocks.pop(0) if self.blocks else b""


def reader_of(source, mode="items", path=(b"", None), block=1, many=False):
    failure = stream.failure_of(source, True)
    return stream.Reader(mode, path, source, cyjson.loads, cyjson.loads, True, False, block, failure, many)


@BOTH
@pytest.mark.parametrize("mode", ["items", "kvitems", "basic", "parse", "coarse"])
def test_blocks_of_a_reader(mode):
    """Its arguments aren't public, and are checked all the same."""
    for block in 0, -1, 2**30 + 1, 2**62, 2**63 - 1, 2**63, 2**64, -(2**63), HUGE:
        with pytest.raises((ValueError, OverflowError)):
            reader_of(Source(b"[1]"), mode, block=block)
    for block in None, "1", 1.5, b"":
        with pytest.raises(TypeError):
            reader_of(Source(b"[1]"), mode, block=block)
    source = Source(b"{}")
    assert list(reader_of(source, mode, block=1)) is not None
    assert set(source.asked) == {1}


@native_only
def test_paths_of_a_reader():
    for elements in ["a"], (("a", -2),), ((b"a",),), ([b"a", 1],), ((b"a", "1"),), ((None, None),), (None,), ((1, 1),):
        with pytest.raises(TypeError):
            reader_of(Source(b'{"a": 1}'), path=(None, elements))
    for index in 2**63, -(2**63) - 1, HUGE:
        with pytest.raises(OverflowError):
            reader_of(Source(b"[1]"), path=(None, ((None, index),)))
    for joined in "a", bytearray(b"a"), 1:
        with pytest.raises(TypeError):
            reader_of(Source(b"[1]"), path=(joined, None))


@BOTH
@pytest.mark.parametrize("index", [10**18, 2**63 - 1, 2**63, HUGE, -1, -HUGE], ids=lambda _: "")
def test_indexes_that_are_refused(index):
    for function in stream.items, stream.kvitems:
        with pytest.raises(ValueError, match=r"^an array's index in a path is from 0 to 10\*\*18 - 1, not "):
            function(b"[1]", [index])


@BOTH
def test_large_sizes():
    for index in 10**18 - 1, 2**31, 2**32 + 1:
        assert list(stream.items(b"[1, 2]", [index])) == []
    assert list(stream.items(b"[1, 2]", stream.pointer("/" + "9" * 18))) == []
    assert list(stream.items(b"[1, 2]", stream.pointer("/" + "9" * 5000))) == []


# What the collector hands out


def handed_out(thing, seen):
    """All that can be found from an object on, by way of gc.get_referents."""
    for each in gc.get_referents(thing):
        if id(each) not in seen and type(each) in (list, dict, tuple, set):
            seen[id(each)] = each
            handed_out(each, seen)
    return seen.values()


@native_only
@pytest.mark.parametrize("where", ["referents", "all"])
@pytest.mark.parametrize("path", ["items", "kvitems"])
def test_what_was_read_ahead_is_nobodys(path, where):
    """Lists of an iterator's that others can find, and empty, it doesn't rely on."""
    if path == "items":
        data = b"[%b]" % b",".join(b'["value %d"]' % n for n in range(50))
        expected = [[f"value {n}"] for n in range(50)]
        iterator = stream.items(data, "item")
    else:
        data = b"{%b}" % b",".join(b'"key %d": ["value"]' % n for n in range(50))
        expected = [(f"key {n}", ["value"]) for n in range(50)]
        iterator = stream.kvitems(data)
    first = next(iterator)
    if where == "referents":
        found = [each for each in handed_out(iterator, {}) if type(each) is list]
    else:
        found = [
            each
            for each in gc.get_objects()
            if type(each) is list and len(each) == 50 and each[-1] in (["value 49"], ("key 49", ["value"]))
        ]
        found = [each for each in found if each is not expected]
    for each in found:
        each.clear()
    assert [first, *iterator] == expected
    assert found == []


# Cost


def prefixes(data, limit=None, **options):
    """How many events parse gives, how many characters their prefixes have, and the exception."""
    events = characters = 0
    before = None
    try:
        for prefix, _, _ in itertools.islice(stream.parse(data, **options), limit):
            events += 1
            characters += len(prefix) if prefix is not before else 0
            before = prefix
    except (RecursionError, ValueError) as error:
        return events, characters, error
    return events, characters, None


KEY = "k" * 40_000
COSTLY = {
    "arrays": "[" * 80_000,
    "arrays within": "[" * 15_000 + "[1]," * 15_000,
    "empty arrays within": "[" * 15_000 + "[]," * 20_000,
    "objects": '{"":' * 60_000,
    "objects with names": '{"a name of some length":' * 8000,
    "objects within": '{"a":' * 13_000 + "{" + ",".join(f'"{n}":1' for n in range(50_000)),
    "objects in arrays": "[" * 15_000 + '{"a":1},' * 9_000,
    "empty objects in arrays": "[" * 15_000 + "{}," * 80_000,
    "a long name": f'{{"{KEY}":{{' + ",".join(f'"{n}":1' for n in range(60_000)),
    "long names": f'{{"{KEY}":' * 30,
    "many long names": f'{{"{KEY}":{{' + ",".join(f'"{n}{KEY}":1' for n in range(100)),
}


@BOTH
@pytest.mark.parametrize("case", ["arrays", "objects", "a long name", "arrays within", "empty objects in arrays"])
def test_prefixes_are_bounded(case):
    """By 2**30 characters and 4096 for each event; ends of objects, which make the prefix around anew, count too."""
    events, characters, error = prefixes(COSTLY[case].encode())
    assert isinstance(error, RecursionError)
    assert "basic_parse gives its events without prefixes" in str(error)
    assert characters < 2 * (2**30 + 4096 * events)  # each may be made twice, with another in between
    assert events > 1000


@native_only
@pytest.mark.parametrize("case", COSTLY)
def test_readers_count_alike(case, monkeypatch):
    """They stop at the same event, wherever blocks are cut."""
    from cyjson import _pure_stream

    data = COSTLY[case].encode()
    counted = [prefixes(data, 40_000, buf_size=size)[:2] for size in (65536, 5000)]
    assert counted[0] == counted[1]
    if case in ("arrays", "a long name"):
        monkeypatch.setattr(stream, "Reader", _pure_stream.StreamReader)
        assert prefixes(data, 40_000)[:2] == counted[0]


@BOTH
def test_prefixes_that_were_not_costly():
    """The limit is on what is joined: long documents, long names and deep ones go through."""
    deep = b"[" * 20_000 + b"]" * 20_000
    assert prefixes(deep)[::2] == (40_000, None)
    name = "n" * 4000
    data = f'{{"{name}": [{",".join(["[1, 2]", "{}"] * 2000)}]}}'.encode()
    assert prefixes(data)[2] is None
    data = f'{{"{"n" * 5000}": {{"a": 1, "b": 2}}}}'.encode()
    assert [len(prefix) for prefix, event, _ in stream.parse(data) if event == "number"] == [5002, 5002]


@BOTH
def test_ends_after_long_prefixes():
    """The prefix around a container is right again at its end, whether it was kept or made anew."""
    long = "k" * 5000
    data = f'{{"a": {{"{long}": [{{"b": {{"{long}": [[], {{}}, 1]}}}}, {{}}], "c": [[]]}}, "d": {{"e": 1}}}}'.encode()
    found = list(stream.parse(data))
    assert list(stream.parse(data, buf_size=7)) == found
    opened = []
    for prefix, event, _ in found:
        if event.startswith("start"):
            opened.append(prefix)
        elif event.startswith("end"):
            assert prefix == opened.pop()
    assert opened == []


@native_only
def test_long_prefixes_are_not_kept():
    """No more than a few of them are in memory at a time, of those around a value and of those ready to be given."""
    tracemalloc = pytest.importorskip("tracemalloc")  # PyPy has none
    for case in "arrays within", "a long name", "arrays", "objects":
        iterator = stream.parse(COSTLY[case].encode())
        tracemalloc.start()
        try:
            for _ in itertools.islice(iterator, 17_000):
                pass
            assert tracemalloc.get_traced_memory()[1] < 4_000_000
        finally:
            tracemalloc.stop()


def test_the_numbers_of_the_readers():
    """Python's are those of the headers that the extension is compiled with."""
    from cyjson import _stream_numbers

    kernels, decode = Path(__file__).parents[1] / "csrc" / "kernels", Path(__file__).parents[1] / "csrc" / "decode"
    if not kernels.is_dir():
        pytest.skip("the sources aren't here")
    states = re.findall(r"^ +[A-Z]+_((?:AT|IN)_[A-Z_]+|AFTER)\b", (kernels / "tokens.h").read_text(), re.M)
    assert {name: getattr(_stream_numbers, name) for name in states} == {name: i for i, name in enumerate(states)}
    assert len(states) == 15
    paths = (decode / "events.h").read_text()
    assert re.search(r"EVENT_PATH_LONG = (\d+)", paths)[1] == str(_stream_numbers.PATH_LONG)
    assert re.search(r"EVENT_PATHS_LIMIT \(\(uint64_t\)1 << (\d+)\)", paths)[1] == "30"
    assert _stream_numbers.PATHS_LIMIT == 1 << 30


def test_ints_that_lie():
    for size in LyingInt(1), LyingInt(2), LyingInt(2**30):
        assert list(stream.items(b"[1, 2, 3]", "item", buf_size=size)) == [1, 2, 3]
        assert list(stream.kvitems(b'{"a": 1}', buf_size=size)) == [("a", 1)]
    for size in LyingInt(0), LyingInt(-1), LyingInt(2**30 + 1), LyingInt(2**70):
        for function in stream.items, stream.kvitems, stream.basic_parse, stream.parse:
            with pytest.raises(ValueError, match=r"buf_size is from 1 to 2\*\*30 bytes"):
                function(b"[1, 2, 3]", buf_size=size)
