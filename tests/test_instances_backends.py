"""The extension and the fallback write the same documents, byte by byte, and fail with the same errors and notes."""

import array
import collections
import dataclasses
import datetime as dt
import decimal
import enum
import fractions
import pathlib
import types
import typing
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.compare import native_only
from support.instances import knows_instances

import cyjson
from cyjson import _codec, _pure

pytestmark = [native_only, knows_instances]


@dataclasses.dataclass
class Plain:
    a: object
    b_c: object = None
    _d: object = dataclasses.field(default_factory=list)


@dataclasses.dataclass(slots=True)
class Slots:
    x: object
    y: object = 1


@dataclasses.dataclass
class Open:
    known: object = dataclasses.field(default=None, metadata={"json": "Known"})
    hidden: object = dataclasses.field(default=None, metadata={"json": None})
    rest: object = dataclasses.field(default=None, metadata={"json": "**"})


class Pair(typing.NamedTuple):
    left: object
    right: object = None


class Colour(enum.Enum):
    RED = "red"
    TWO = (1, 2)
    DAY = dt.date(2026, 1, 1)


class Bits(enum.IntFlag):
    A = 1
    B = 2


class Text(str):
    pass


class Number(float):
    pass


class Own:
    """Its __json__ returns, or raises, what it holds."""

    def __init__(self, value):
        self.value = value

    def __json__(self):
        if isinstance(self.value, type) and issubclass(self.value, Exception):
            raise self.value("own")
        return self.value

    def __repr__(self):
        return f"Own({self.value!r})"

    __hash__ = object.__hash__


class Index:
    def __index__(self):
        return 7


class Unknown:
    def __repr__(self):
        return "Unknown()"


def missing():
    value = Slots(1)
    del value.x
    return value


UTC = dt.timezone.utc
LEAVES = st.one_of(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.floats(allow_nan=True),
    st.datetimes(timezones=st.sampled_from([None, UTC, dt.timezone(dt.timedelta(hours=-3, seconds=5))])),
    st.dates() | st.times() | st.timedeltas() | st.uuids() | st.decimals() | st.binary(max_size=5),
    st.sampled_from([*Colour, Bits.A | Bits.B, Text("é"), Number(1.5), Number("nan"), fractions.Fraction(1, 3)]),
    st.sampled_from([pathlib.PurePosixPath("/é"), range(3), array.array("d", [1.5]), cyjson.Raw(b'[ 1, "\xc3\xa9"]')]),
    st.sampled_from([Unknown, missing, Index, lambda: "\ud800", lambda: 1j]).map(lambda make: make()),
    st.sampled_from([ValueError, StopIteration, RuntimeError]).map(Own),
)
KEYS = st.one_of(
    st.text(max_size=5) | st.integers() | st.floats() | st.none() | st.booleans(),
    st.dates() | st.uuids() | st.sampled_from([*Colour, Bits.A, Text("k"), Number(2.5), b"k", (1,), "a b", "é"]),
    st.text(max_size=3).map(Own),
)


def nested(inner):
    members = st.dictionaries(KEYS, inner, max_size=4)
    return st.one_of(
        st.lists(inner, max_size=4) | st.lists(inner, max_size=4).map(tuple),
        st.lists(inner, max_size=4).map(collections.deque),
        members | members.map(types.MappingProxyType) | members.map(collections.UserDict),
        members.map(collections.OrderedDict) | members.map(lambda found: Open(rest=found)),
        st.tuples(inner, inner).map(lambda pair: Plain(*pair)),
        inner.map(Slots) | inner.map(Pair) | inner.map(Open) | inner.map(Own),
    )


VALUES = st.recursive(LEAVES, nested, max_leaves=12)
OPTIONS = st.fixed_dictionaries(
    {},
    optional={
        "indent": st.sampled_from([None, 0, 2, "\t", "é"]),
        "sort_keys": st.booleans(),
        "skipkeys": st.booleans(),
        "separators": st.sampled_from([None, (" , ", " : "), (",", ":"), ("é", "=")]),
        "check_circular": st.booleans(),
        "default": st.sampled_from([None, repr, lambda obj: {"made": [type(obj).__name__]}]),
    },
)


def told(encode, value, options):
    try:
        return encode(value, **options)
    except UnicodeEncodeError as error:  # of the text that it couldn't encode, which may be more than the one str
        return type(error), error.reason
    except Exception as error:
        return type(error), str(error), getattr(error, "__notes__", [])


@given(VALUES, OPTIONS)
def test_same(value, options):
    assert told(cyjson.encode, value, options) == told(_pure.encode, value, options)


CODECS = [
    {"rename": "camel", "omit": "none"},
    {"rename": "upper", "omit": "default", "types": {float: "null", enum.Enum: "name"}},
    {"types": {dt.datetime: "z", dt.date: "unix", dt.timedelta: "seconds", typing.NamedTuple: "object"}},
    {"types": {dt.datetime: "unix_ms", uuid.UUID: "hex", decimal.Decimal: "number", bytes: "hex", Plain: repr}},
    {"types": {dt.datetime: "unix", bytes: "utf8", Slots: lambda obj: Own(obj.y), Unknown: lambda obj: [1]}},
]


def by_fallback(codec):
    return lambda value, **options: _pure.encode_policy(codec._policy, value, **options)


@pytest.mark.parametrize("rules", CODECS, ids=range(len(CODECS)))
@given(value=VALUES, options=OPTIONS)
def test_same_by_codecs(rules, value, options):
    codec = _codec.Codec(**rules)
    assert told(codec.encode, value, options) == told(by_fallback(codec), value, options)


def test_notes_are_compared():
    result = told(cyjson.encode, [Plain(Unknown())], {})
    assert result[0] is TypeError
    assert not hasattr(BaseException, "add_note") or result[2][-1] == "while encoding $[0].a"
