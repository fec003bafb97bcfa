"""cyjson.orjson gives what the real orjson gives, whatever it is asked: values, options, texts and errors."""

import inspect
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.amount import amount, long
from support.compare import brief, frozen
from support.orjson_calls import OPTIONS, Calls, with_pieces
from support.values import plain_values

from cyjson import orjson as ours

theirs = pytest.importorskip("orjson")
if theirs.__version__.split(".")[:2] != ours.__version__.split(".")[:2]:
    pytest.skip(f"orjson {theirs.__version__} is another one", allow_module_level=True)
try:
    import numpy
except ImportError:
    numpy = None

OUT_OF_MEMORY = "failed to allocate memory"  # of its parser's own, which ours hasn't


def outcome(function, *args, **kwargs):
    """The result, or all that an exception says."""
    try:
        return "result", frozen(function(*args, **kwargs))
    except (TypeError, ValueError) as error:
        cause = error.__cause__
        told = [type(error).__name__, str(error), type(cause), str(cause)]
        return "exception", told + [getattr(error, name, None) for name in ("msg", "doc", "pos", "lineno", "colno")]


def same(call, function, *args, **kwargs):
    expected, actual = (
        outcome(getattr(theirs, function), *args, **kwargs),
        outcome(getattr(ours, function), *args, **kwargs),
    )
    if actual != expected and OUT_OF_MEMORY not in str(expected):
        raise AssertionError(f"{call}: {brief(args)} {kwargs}\n  orjson: {brief(expected)}\n  cyjson: {brief(actual)}")


def is_sorted_alike(option, expected, actual):
    """Whether two results differ in the order of members with equal keys only, which orjson leaves open."""
    both = ours.OPT_SORT_KEYS | ours.OPT_NON_STR_KEYS
    return (
        option & both == both
        and expected[0] == actual[0] == "result"
        and sorted(expected[1][0][1]) == sorted(actual[1][0][1])
    )


def same_dumps(seed):
    value, args, option = Calls(seed, numpy).of_dumps()
    expected = outcome(theirs.dumps, with_pieces(value, theirs.Fragment), *args, option=option)
    actual = outcome(ours.dumps, with_pieces(value, ours.Fragment), *args, option=option)
    if actual != expected and not is_sorted_alike(option, expected, actual):
        told = f"\n  orjson: {brief(expected)}\n  cyjson: {brief(actual)}"
        raise AssertionError(f"seed {seed}, option {option}, {args}: {brief(value)}{told}")


def same_loads(seed):
    data = Calls(seed).of_loads()
    same(f"seed {seed}", "loads", data)


SEEDS = amount(1_500, 20_000, 500_000)


def test_dumps():
    for seed in range(1_000, 1_000 + SEEDS):
        same_dumps(seed)


def test_loads():
    for seed in range(1_000, 1_000 + SEEDS):
        same_loads(seed)


@long
def test_other_calls():
    """Other ones at each run."""
    first = int.from_bytes(os.urandom(6), "little")
    for seed in range(first, first + SEEDS):
        same_dumps(seed)
        same_loads(seed)


@given(value=plain_values, option=st.integers(0, (1 << OPTIONS) - 1))
def test_plain_values(value, option):
    same("", "dumps", value, option=option)


@given(text=st.text(st.sampled_from('[]{}:,"\\ \n0123456789.eE+-truefalsn😀é\ud800'), max_size=30))
def test_texts(text):
    same("", "loads", text)


@given(data=st.binary(max_size=30))
def test_bytes(data):
    same("", "loads", data)
    same("", "loads", b'["' + data + b'"]')


@given(values=st.lists(st.floats(), max_size=50))
def test_floats(values):
    same("", "dumps", values)
    same("", "dumps", dict.fromkeys(values), option=ours.OPT_NON_STR_KEYS)


@given(values=st.lists(st.floats(width=32), max_size=50))
@pytest.mark.skipif(numpy is None, reason="NumPy isn't installed")
def test_float32s(values):
    same("", "dumps", numpy.array(values, numpy.float32), option=ours.OPT_SERIALIZE_NUMPY)


def test_truncated_texts():
    text = '{"a": [1.5e+3, "é\\u00e9\\ud83d\\ude00", true, {"b": null, "c": false}], "d": -0.25}'
    for end in range(len(text)):
        same("", "loads", text[:end])
        same("", "loads", text[:end].encode())


def test_signatures_and_docstrings():
    for name in ("dumps", "loads"):
        assert getattr(theirs, name).__doc__ == getattr(ours, name).__doc__
        assert getattr(theirs, name).__text_signature__ == str(inspect.signature(getattr(ours, name)))
    assert set(theirs.__all__) == set(ours.__all__)
    for name in theirs.__all__:
        if name.startswith("OPT_"):
            assert getattr(theirs, name) == getattr(ours, name)
