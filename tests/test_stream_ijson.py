"""cyjson.stream gives what ijson gives, where both are installed, but for what the README says differs."""

import asyncio
import io
import json
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.amount import amount
from support.compare import PYPY, frozen

from cyjson import stream

ijson = pytest.importorskip("ijson")
BACKENDS = {}
for each in "python", "yajl2_c":
    try:
        BACKENDS[each] = ijson.get_backend(each)
    except ImportError:
        pass
EACH = pytest.mark.parametrize("name", ["items", "kvitems", "basic_parse", "parse"])
THEIRS = pytest.mark.parametrize("theirs", BACKENDS.values(), ids=BACKENDS)

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**62), 2**62)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["a", "b", "é", "item"]), inner),
    max_leaves=20,
)
PATHS = st.sampled_from(["", "item", "a", "a.item", "item.a", "b.item.item", "a.b", "é"])


def called(module, name, data, path, **options):
    arguments = (path,) if name in ("items", "kvitems") else ()
    return list(getattr(module, name)(io.BytesIO(data), *arguments, **options))


@EACH
@THEIRS
@settings(max_examples=amount(10, 40))
@given(
    values=st.lists(VALUES, min_size=1, max_size=3),
    path=PATHS,
    use_float=st.booleans(),
    buf_size=st.sampled_from([5, 65536]),
)
def test_same_as_ijson(theirs, name, values, path, use_float, buf_size):
    data = json.dumps(values[0], ensure_ascii=False).encode()
    options = {"use_float": use_float, "buf_size": buf_size}
    assert frozen(called(stream, name, data, path, **options)) == frozen(called(theirs, name, data, path, **options))
    data = "\n".join(json.dumps(value) for value in values).encode()
    options["multiple_values"] = True
    assert frozen(called(stream, name, data, path, **options)) == frozen(called(theirs, name, data, path, **options))


@EACH
@THEIRS
@pytest.mark.parametrize(
    "data",
    [
        b"",
        b" ",
        b"[1",
        b"[1] [2]",
        b"[1]]",
        b"{1: 2}",
        b'{"a" 1}',
        b"[1,]",
        b"[01]",
        b"tru",
        b'"\\x"',
        b"[1 2]",
        b"\xff",
    ],
)
def test_same_documents_are_refused(theirs, name, data):
    with pytest.raises(ValueError):  # of which all of ours are subclasses
        called(stream, name, data, "")
    if not (PYPY and data == b"[01]"):  # where ijson's integers may begin with 0
        with pytest.raises((ijson.JSONError, ValueError)):
            called(theirs, name, data, "")


@THEIRS
def test_what_differs(theirs):
    """The table in the README."""
    assert frozen(called(theirs, "items", b"[1.5, 1]", "item")) == frozen([Decimal("1.5"), 1])
    assert frozen(called(stream, "items", b"[1.5, 1]", "item")) == frozen([1.5, 1])
    for data in b"[NaN]", b"\xef\xbb\xbf[1]", "[1]".encode("utf-16"):
        with pytest.raises(ijson.JSONError):
            called(theirs, "items", data, "item")
        assert len(called(stream, "items", data, "item")) == 1
    for text in '"a""b"', "{}[]", "1 2":
        found = [called(each, "items", text.encode(), "", multiple_values=True) for each in (stream, theirs)]
        assert found[0] == found[1]


@EACH
def test_async_variants(name):
    class File(io.BytesIO):
        async def read(self, n):
            return super().read(n)

    async def take(module):
        arguments = ("a.item",) if name in ("items", "kvitems") else ()
        found = getattr(module, f"{name}_async")(File(data), *arguments, buf_size=7, use_float=True)
        return [each async for each in found]

    data = json.dumps({"a": [{"b": 1.5, "c": ["é", None]}, {"d": True}], "e": "x" * 50}).encode()
    assert frozen(asyncio.run(take(stream))) == frozen(asyncio.run(take(ijson)))
