"""What a stream passes over: the values that come after are the same, and so are all errors and their positions, as if
each token had been asked for. On both readers, with documents cut at many places."""

import asyncio
import json
import random

import pytest
from support.amount import amount
from support.parts import changed, random_document
from support.streams import (
    AsyncFile,
    cut,
    reader,  # noqa: F401
    taken,
    told,
)

from cyjson import stream

pytestmark = pytest.mark.usefixtures("reader")
SIZES = [[1 << 20], [65536], [300], [129, 64, 1000], [64], [7, 200]]


def compare(data, sizes, **options):
    """What items gives of "wanted" with what the events say, which ask for every token."""
    values, error = taken(stream.items(cut(data, sizes), "wanted", buf_size=max(sizes), **options))
    _, fault = taken(stream.basic_parse(cut(data, sizes), buf_size=max(sizes), **options))
    assert (error and told(error)) == (fault and told(fault)), data
    if fault is None:
        text = data.decode("utf-8", "surrogatepass")
        pairs = json.loads(text, object_pairs_hook=list, **options)
        expected = [json.dumps(each) for name, each in pairs if name == "wanted"]
        again = [json.dumps(dict_as_pairs(each)) for each in values]
        assert again == expected, data


def dict_as_pairs(value):
    """As object_pairs_hook=list gives it, where no name comes twice."""
    if isinstance(value, dict):
        return [[name, dict_as_pairs(each)] for name, each in value.items()]
    return [dict_as_pairs(each) for each in value] if isinstance(value, list) else value


def document(source):
    members = [(source.choice(["a", "skipped", "\u00e9"]), random_document(source, 4, 6)) for _ in range(4)]
    members.insert(source.randrange(5), ("wanted", random_document(source, 2, 4)))
    indent = source.choice([None, 1, 40])
    spelt = [(json.dumps(name), json.dumps(each, indent=indent, ensure_ascii=source.random() < 0.5))
             for name, each in members]  # fmt: skip
    return ("{" + ",".join(f"{name} : {each}" for name, each in spelt) + "}").encode()


@pytest.mark.parametrize("seed", range(6))
def test_random_documents(seed):
    source = random.Random(seed)
    for _ in range(amount(20, 60, 2000)):
        data = document(source)
        sizes = SIZES[seed % len(SIZES)]
        compare(data, sizes)
        for _ in range(3):
            compare(changed(source, data), sizes, **source.choice([{}, {}, {"strict": False}]))


def inside(text):
    return b'{"a": [' + b'{"x": [1, 2.5e3, "text"], "y": null},' * 30 + text + b', 1], "wanted": [1, {"b": 2}]}'


@pytest.mark.parametrize("sizes", SIZES, ids=str)
@pytest.mark.parametrize(
    "text",
    [b"7", b'"\xed\xa0\x80"', b'"\xc3"', b'"\xff"', b'"\\ud800"', b'"\\x"', b'"\t"', b"1.", b"01", b"-", b"1e", b"nul",
     b"truex", b"NaN", b"-Infinity", b"-Infinit", b"[1,]", b'{"k":1,}', b'{"k" 1}', b"[1 2]", b"[}", b"]", b"}", b'"',
     b"{1:2}", b"[" * 900 + b"]" * 900, b"[" * 5000 + b"]" * 5000, b'{"k":' * 2000 + b"1" + b"}" * 2000, b"[" * 3000,
     b"9" * 5000, b"9" * 5000 + b".5", b'"' + b"x" * 70000 + b'"', b" " * 9000 + b"[]" + b"\n" * 9000 + b"]",
     b'{"k": 1, "k": 2}', b'"' + b"\\" * 999 + b'"', b'"' + b"\\" * 1000 + b'"'],
    ids=lambda text: repr(text[:12]),
)  # fmt: skip
def test_each_fault(text, sizes):
    data = inside(text)
    values, error = taken(stream.items(cut(data, sizes), "wanted", buf_size=max(sizes)))
    _, fault = taken(stream.basic_parse(cut(data, sizes), buf_size=max(sizes), parse_int=str))
    assert (error and told(error)) == (fault and told(fault))
    if fault is None:  # digits that int() refuses are no fault of what isn't asked for
        assert values == [[1, {"b": 2}]]


@pytest.mark.parametrize("size", [50, 100, 1000, 4096])
def test_cut_everywhere(size):
    data = inside(b'{"k": ["a\\u00e9\\"b", -1.5e+10, true, {}], "m": "\xc3\xa9"}')
    for first in range(1, 130):
        pieces = cut(data, [first, *[size] * 100])
        assert taken(stream.items(pieces, "wanted", buf_size=size)) == ([[1, {"b": 2}]], None)


def test_indices_and_members():
    """What stands before and behind an item of an array, and the members of an object that come as they are."""
    data = json.dumps([{"k": [i] * 50, "deep": {"x": [{"y": i}] * 20}} for i in range(300)]).encode()
    for sizes in SIZES[:3]:
        assert list(stream.items(cut(data, sizes), [250, "deep", "x", 3, "y"], buf_size=max(sizes))) == [250]
        assert list(stream.items(cut(data, sizes), "item.deep.x.item.z", buf_size=max(sizes))) == []
        pairs = list(stream.kvitems(cut(data, sizes), [299], buf_size=max(sizes)))
        assert pairs == [("k", [299] * 50), ("deep", {"x": [{"y": 299}] * 20})]


def test_several_documents():
    data = b" ".join(inside(b'"%d"' % i) for i in range(40))
    for sizes in SIZES:
        found = list(stream.items(cut(data, sizes), "wanted", buf_size=max(sizes), multiple_values=True))
        assert found == [[1, {"b": 2}]] * 40


@pytest.mark.parametrize("size", [40, 150, 1000])
def test_waiting(size):
    """A source that has nothing yet, in the middle of what is passed over."""

    async def all_of(data):
        return [each async for each in stream.items_async(AsyncFile(cut(data, [size])), "wanted")]

    for text in b"[[[1]]]", b'"' + b"x" * 5000 + b'"', b"12" * 200 + b".5":
        assert asyncio.run(all_of(inside(text))) == [[1, {"b": 2}]]
    for text in b"[1,]", b"tru", b'"\xff"':
        _, fault = taken(stream.basic_parse(inside(text)))
        with pytest.raises(type(fault)) as raised:
            asyncio.run(all_of(inside(text)))
        assert told(raised.value) == told(fault)
