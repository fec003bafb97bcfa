"""decode(encode(x), T) == x for generated types and values; what is broken is refused in the same words by both."""

import collections
import json
import typing
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.typed import LIMITS, broken, encode, floats, integers, pairs, text

from cyjson import ValidationError, _decoding, _reading, decode


def same(a, b):
    """Equal, and of the same classes all the way down."""
    if type(a) is not type(b):
        return False
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if isinstance(a, (list, tuple, collections.deque)):
        return len(a) == len(b) and all(map(same, a, b))
    return a == b


@pytest.mark.long
@LIMITS
@given(st.data())
def test_what_is_written_is_read_again(data):
    tp, values = data.draw(pairs)
    value = data.draw(values)
    document = encode(value)
    try:
        made = decode(document, tp)
    except TypeError as error:  # two NamedTuples in a union and the like
        assert "told apart" in str(error) or "keys must be scalars" in str(error)
        return
    assert same(made, value), (tp, document)
    assert same(decode(document.decode(), tp), value)
    assert same(
        decode(json.dumps(json.loads(document, parse_float=str), indent=1), Any), json.loads(document, parse_float=str)
    )


def verdict(call):
    try:
        return "result", call()
    except ValidationError as error:
        return "mismatches", error.errors
    except Exception as error:
        return "exception", type(error), str(error)


@pytest.mark.long
@LIMITS
@given(st.data())
def test_what_is_broken(data):
    """Either it is of the type all the same, or the mismatches lead to values; the executor in Python agrees."""
    tp, values = data.draw(pairs)
    document = data.draw(broken(encode(data.draw(values))))
    try:
        plan = _reading.plan_of(tp)
    except TypeError:
        return
    kind, *told = verdict(lambda: decode(document, tp))
    expected = verdict(lambda: _decoding.decode_text(document, plan))
    assert kind == expected[0]
    if kind != "result":
        assert told == list(expected[1:])
    for given_text in document.encode(), bytearray(document.encode()):
        assert verdict(lambda given_text=given_text: decode(given_text, tp))[0] == kind
    if kind == "mismatches":
        for each in told[0]:
            assert 0 <= each.pos < len(document) and document[each.pos] not in " \n\t,:]}"
            value = json.loads(document)
            for part in each.pointer.split("/")[1:]:
                part = part.replace("~1", "/").replace("~0", "~")
                value = value[int(part)] if isinstance(value, list) else value[part]
        first = verdict(lambda: decode(document, tp, errors="first"))
        assert first == ("mismatches", told[0][:1])


@LIMITS
@given(
    st.recursive(st.none() | st.booleans() | integers | floats | text, lambda v: st.lists(v) | st.dictionaries(text, v))
)
def test_any_value(value):
    document = json.dumps(value)
    assert same(decode(document), json.loads(document))
    assert same(decode(document.encode(), typing.Any), json.loads(document))
