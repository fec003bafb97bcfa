"""Keys are as json writes them, or else the string form of a scalar."""

import collections
import dataclasses
import datetime as dt
import decimal
import enum
import fractions
import ipaddress
import json
import pathlib
import types
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.instances import knows_instances, told_at

import cyjson

pytestmark = knows_instances


class Colour(enum.Enum):
    RED = "red"
    TWO = 2
    DAY = dt.date(2026, 1, 2)
    PAIR = (1, 2)
    NONE = None


class Number(enum.IntEnum):
    ONE = 1


class Name(str, enum.Enum):
    A = "a"


@dataclasses.dataclass(frozen=True)
class Hashable:
    x: int = 1


SCALARS = [
    (dt.datetime(2026, 1, 2, tzinfo=dt.timezone.utc), "2026-01-02T00:00:00+00:00"),
    (dt.date(2026, 1, 2), "2026-01-02"),
    (dt.time(1, 2), "01:02:00"),
    (dt.timedelta(1), "P1D"),
    (uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001"),
    (Colour.RED, "red"),
    (Colour.TWO, "2"),
    (Colour.DAY, "2026-01-02"),
    (Colour.NONE, "null"),
    (Number.ONE, "1"),
    (Name.A, "a"),
    (decimal.Decimal("1.10"), "1.10"),
    (fractions.Fraction(1, 3), "1/3"),
    (pathlib.PurePosixPath("/é"), "/é"),
    (ipaddress.ip_address("::1"), "::1"),
    (b"abc", "YWJj"),
]


@pytest.mark.parametrize("key, expected", SCALARS, ids=repr)
def test_scalars(key, expected):
    whole = {"before": 1, key: {key: [2]}}
    same = {"before": 1, expected: {expected: [2]}}
    ways = [{}, {"indent": 1}, {"separators": (" , ", " : ")}, {"skipkeys": True}]
    if not isinstance(key, int):  # which json doesn't sort among others
        ways.append({"sort_keys": True})
    for options in ways:
        assert cyjson.encode(whole, **options) == cyjson.encode(same, **options)
    for wrap in types.MappingProxyType, collections.OrderedDict, collections.UserDict:
        assert cyjson.encode(wrap(whole)) == cyjson.encode(same)


NATIVE = [(key, text) for key, text in SCALARS if not isinstance(key, (str, int))]


def test_refused_keys_that_are_sorted():
    class Refused(enum.Enum):
        ONE = (1, 2)

    for members in {Refused.ONE: 1}, {Refused.ONE: 1, uuid.UUID(int=0): 2}, {uuid.UUID(int=0): 2, object(): 1}:
        with pytest.raises(TypeError, match="keys must be str, int, float, bool or None, not (Refused|object)"):
            cyjson.encode(members, sort_keys=True)
        assert cyjson.encode(members, sort_keys=True, skipkeys=True) in (
            b"{}",
            b'{"00000000-0000-0000-0000-000000000000":2}',
        )


@given(st.sampled_from(NATIVE), st.dictionaries(st.sampled_from([key for key, _ in NATIVE]) | st.text(), st.integers()))
def test_sorted_by_what_is_written(native, members):
    members = {**members, native[0]: 0}
    texts = dict(NATIVE)
    found = json.loads(cyjson.encode(members, sort_keys=True), object_pairs_hook=list)
    assert found == sorted([(texts.get(key, key), value) for key, value in members.items()], key=lambda pair: pair[0])


def test_order_of_json_s_own_keys():
    """As json sorts them: numbers by their value."""
    value = dt.date(1, 1, 1)
    assert cyjson.encode({10: value, 9: value}, sort_keys=True) == b'{"9":"0001-01-01","10":"0001-01-01"}'
    for members in {1: value, "a": value}, {(1,): value, "a": value}:
        with pytest.raises(TypeError, match="'<' not supported"):
            cyjson.encode(members, sort_keys=True, skipkeys=True)


@pytest.mark.parametrize("key", [(1,), Hashable(), frozenset([1]), range(2), Colour.PAIR, 1j, Colour], ids=repr)
def test_others_are_refused(key):
    told_at(
        "$.k", lambda: cyjson.encode({"k": {"a": {1}, key: 1}}), TypeError, "keys must be str, int, float, bool or None"
    )
    assert cyjson.encode({"a": {1}, key: 1}, skipkeys=True) == b'{"a":[1]}'
    assert cyjson.encode({"a": {1}, key: 1}, skipkeys=True, indent=1) == cyjson.encode({"a": [1]}, indent=1)


@pytest.mark.parametrize("wrap", [dict, collections.UserDict])
def test_all_keys_skipped(wrap):
    for options in {}, {"indent": 1}, {"sort_keys": True}:
        assert json.loads(cyjson.encode([wrap({(1,): 1}), {1}], skipkeys=True, **options)) == [{}, [1]]
    expected = json.dumps([{(1,): 1}, 0], skipkeys=True, indent=1).replace(" 0\n", ' "0001-01-01"\n').encode()
    if wrap is dict:
        assert cyjson.encode([{(1,): 1}, dt.date(1, 1, 1)], skipkeys=True, indent=1) == expected


def test_not_a_number():
    for key in float("nan"), float("-inf"):
        told_at("$.k", lambda key=key: cyjson.encode({"k": {key: {1}}}), ValueError, "Out of range float values")


def test_hooks_for_keys():
    class Id:
        def __json__(self):
            return 5

    class Deep:
        def __json__(self):
            return Id()

    assert cyjson.encode({Id(): Id()}) == b'{"5":5}'
    with pytest.raises(TypeError, match="keys must be"):
        cyjson.encode({Deep(): 1})
    codec = cyjson.Codec(types={uuid.UUID: lambda value: value.hex[-3:], dt.date: "unix", Colour: "name"})
    members = {uuid.UUID(int=1): 1, dt.date(1970, 1, 2): 2, Colour.RED: 3}
    assert codec.encode(members) == b'{"001":1,"86400":2,"RED":3}'
    assert cyjson.Codec(types={enum.Enum: "name"}).encode({Number.ONE: Name.A, Name.A: Number.ONE}) == (
        b'{"ONE":"A","A":"ONE"}'
    )


def test_default_is_not_asked_for_keys():
    with pytest.raises(TypeError, match="keys must be"):
        cyjson.encode({1j: {1}}, default=str)


def test_surrogates():
    with pytest.raises(UnicodeEncodeError):
        cyjson.encode({pathlib.PurePosixPath("\udc80"): 1})
