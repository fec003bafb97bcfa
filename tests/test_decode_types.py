"""decode: what each type takes and gives."""

import abc
import collections
import collections.abc
import datetime as dt
import decimal
import enum
import fractions
import ipaddress
import json
import math
import pathlib
import re
import sys
import types
import typing
import uuid
import zoneinfo
from typing import Annotated, Any, Final, Literal, NewType, Optional, Union

import pytest
from support.compare import counts_levels

import cyjson
from cyjson import ValidationError, decode

UTC = dt.timezone.utc


def refused(text, tp, **options):
    """The messages of the mismatches."""
    with pytest.raises(ValidationError) as told:
        decode(text, tp, **options)
    return [f"{each.path}: {each.message}" for each in told.value.errors]


EVERY = {"null": "null", "bool": "true", "int": "1", "float": "1.5", "str": '"x"', "array": "[]", "object": "{}"}


@pytest.mark.parametrize(
    "tp, kinds, name",
    [
        (None, "null", "null"),
        (type(None), "null", "null"),
        (bool, "bool", "bool"),
        (int, "int", "int"),
        (float, "int float", "float"),
        (str, "str", "str"),
        (list, "array", "array"),
        (tuple, "array", "array"),
        (set, "array", "array"),
        (frozenset, "array", "array"),
        (collections.deque, "array", "array"),
        (dict, "object", "object"),
        (Optional[int], "null int", "int or null"),
        (bool | str, "bool str", "bool or str"),
    ],
)
def test_kinds(tp, kinds, name):
    """Each JSON kind alone: nothing is converted into anything."""
    for kind, text in EVERY.items():
        if kind in kinds.split():
            value = decode(text, tp)
            assert value == (json.loads(text) if kind != "array" else tp())
        else:
            assert refused(text, tp) == [f"$: expected {name}, got {kind}"]


@pytest.mark.parametrize("tp", [Any, object, Final[Any], Annotated[object, "about"]])
@pytest.mark.parametrize("text", [*EVERY.values(), '{"a": [1, 2.5, "é", null, {"b": -0.0}]}', "-0", "1e400"])
def test_any_is_what_loads_gives(tp, text):
    value = decode(text, tp)
    assert repr(value) == repr(json.loads(text))
    assert repr(decode(text.encode(), tp)) == repr(value)
    assert repr(decode(text)) == repr(value)


def test_data():
    text = '["é"]'
    for data in text, text.encode(), bytearray(text.encode()), memoryview(text.encode()), memoryview(b"[1]xx")[:3]:
        assert decode(data, list) in (["é"], [1])
    assert decode(memoryview(text.encode() * 2)[:6], list[str]) == ["é"]
    for data in None, 3, ["x"], pathlib.Path("x"):
        with pytest.raises(TypeError, match="data must be str, bytes, bytearray or memoryview, not"):
            decode(data, list)
    with pytest.raises(ValueError, match='errors must be "all" or "first", not \'some\''):
        decode("1", int, errors="some")


def test_numbers():
    assert type(decode("1", float)) is float
    assert decode("123456789012345678901234567890", int) == 123456789012345678901234567890
    assert decode("-0", int) == 0
    assert math.copysign(1, decode("-0", float)) == 1  # of the int 0
    assert math.copysign(1, decode('[-0, "1"]', tuple[float, decimal.Decimal])[0]) == 1
    assert math.copysign(1, decode("-0.0", float)) == -1
    assert decode("1" + "0" * 400, float) == math.inf
    assert decode("-1" + "0" * 400, float) == -math.inf
    assert decode("1e400", float) == math.inf
    for text in "1.0", "1e2", "1E0", "-0.0":
        assert refused(text, int) == ["$: expected int, got float"]


@pytest.mark.parametrize(
    "text, pos",
    [("NaN", 0), ("[Infinity]", 1), ('{"a": "NaN", "b": -Infinity}', 18), ('["Infin\\"ity NaN", NaN, }', 19)],
)
@pytest.mark.parametrize("tp", [Any, float, list[float], dict[str, Any], decimal.Decimal])
def test_constants_are_refused(text, pos, tp):
    for data in text, text.encode():
        with pytest.raises(json.JSONDecodeError) as told:
            decode(data, tp)
        assert type(told.value) is json.JSONDecodeError
        assert told.value.msg == "Expecting value"
        assert told.value.pos == pos
        assert told.value.doc == text


@pytest.mark.parametrize(
    "text", ["", "[1,", "[1,]", '{"a" 1}', "nul", '"\\x"', '["x"] 1', '[1, "a\nb"]', "[1}", "01", "[1.]", "\ufeff1"]
)
def test_malformed(text):
    """The exception of loads, also where mismatches come first."""
    for data in text, text.encode():
        with pytest.raises((json.JSONDecodeError, UnicodeDecodeError)) as expected:
            if data != "\ufeff1".encode():
                json.loads(data)
            else:
                json.loads("[")
        if data == "\ufeff1".encode():
            assert decode(data, int) == 1
            continue
        for tp in Any, int, list[str], dict[str, int]:
            with pytest.raises(type(expected.value)) as told:
                decode(data, tp)
            assert type(told.value) is type(expected.value)
            assert str(told.value) == str(expected.value)


def test_not_utf8():
    with pytest.raises(UnicodeDecodeError):
        decode(b'["\xff"]', list[int])


@counts_levels
def test_depth():
    for tp in Any, list:
        with pytest.raises(RecursionError):
            decode("[" * 100_000 + "]" * 100_000, tp)


def test_equal_names():
    assert decode('{"a": "x", "a": 1}', dict[str, int]) == {"a": 1}
    assert refused('{"a": 1, "a": "x"}', dict[str, int]) == ["$.a: expected int, got str"]


# Literal


def test_literal_compares_kinds():
    tp = Literal[1, "a", None, True]
    assert decode('[1, "a", null, true]', list[tp]) == [1, "a", None, True]
    assert decode("true", tp) is True
    for text in "1.0", '"1"', "false", "2", '"b"', "[]", "0":
        assert refused(text, tp)[0].startswith('$: expected "a", 1, null or true, got ') or refused(text, tp)
    assert refused("true", Literal[1]) == ["$: expected 1, got true"]
    assert refused("1", Literal[True]) == ["$: expected true, got 1"]
    assert refused("[]", Literal["x"]) == ['$: expected "x", got array']


class Colour(enum.Enum):
    RED = "red"
    GREEN = "green"
    SCARLET = "red"


def test_literal_of_enum_members():
    assert decode('"red"', Literal[Colour.RED]) is Colour.RED
    assert refused('"green"', Literal[Colour.RED]) == ['$: expected "red", got "green"']


def test_literals_of_other_values():
    with pytest.raises(TypeError, match="is no JSON value"):
        decode('"eA=="', Literal[b"x"])


# Enums


class Number(enum.IntEnum):
    ONE = 1
    TWO = 2


class Access(enum.Flag):
    READ = 1
    WRITE = 2
    ALL = 3


class Mixed(enum.Enum):
    INT = 1
    FLOAT = 2.5
    STR = "1"
    NONE = None
    PAIR = (1, 2)
    TRUE = True


class Lenient(enum.Enum):
    ODD = "odd"
    EVEN = "even"

    @classmethod
    def _missing_(cls, value):
        if isinstance(value, str):
            return next((each for each in cls if each.value == value.lower()), None)
        if isinstance(value, int):
            return cls.ODD if value % 2 else cls.EVEN


class Broken(enum.Enum):
    A = 1

    @classmethod
    def _missing_(cls, value):
        raise LookupError(value)


def test_enums():
    assert decode('["red", "green"]', list[Colour]) == [Colour.RED, Colour.GREEN]
    assert refused('"blue"', Colour) == ['$: expected "red" or "green", got "blue"']
    assert refused('"RED"', Colour) == ['$: expected "red" or "green", got "RED"']
    assert decode("1", Number) is Number.ONE
    assert refused("true", Number) == ["$: expected 1 or 2, got true"]
    assert refused("1.0", Number) == ["$: expected 1 or 2, got 1.0"]
    assert decode('[1, 2.5, "1", null, [1, 2]]', list[Mixed]) == [*Mixed]
    assert refused("[1, 2.5]", Mixed) == ['$: expected "1", 1, 2.5, null or array, got array']


def test_flags():
    assert decode("3", Access) is Access.ALL
    assert decode("0", Access) == Access(0)
    assert decode("2", Access) is Access.WRITE
    try:
        Access(8)  # 3.11.2 makes Access(0) of it
    except ValueError:
        assert refused("8", Access)[0].startswith("$: expected 1, 2 or 3, got 8")
    assert refused("true", Access) and refused("1.0", Access)


def test_missing_of_enums():
    assert decode('["ODD", 4, "even"]', list[Lenient]) == [Lenient.ODD, Lenient.EVEN, Lenient.EVEN]
    assert refused('["no", null]', list[Lenient]) == [
        '$[0]: expected "odd" or "even", got "no"',
        '$[1]: expected "odd" or "even", got null',
    ]
    with pytest.raises(LookupError):
        decode("2", Broken)
    with pytest.raises(ValidationError) as told:  # 1.0 is equal to 1, and of another kind: _missing_ isn't asked
        decode("1.0", Broken)
    assert told.value.__cause__ is None


class Days(enum.Enum):
    FIRST = dt.date(2026, 1, 1)


def test_enums_of_natives():
    assert decode('"2026-01-01"', Days) is Days.FIRST
    assert len(refused('"2026-01-02"', Days)) == 1


# Containers


@pytest.mark.parametrize(
    "tp, expected",
    [
        (list[int], [1, 2, 1]),
        (typing.List[int], [1, 2, 1]),  # noqa: UP006
        (tuple[int, ...], (1, 2, 1)),
        (tuple[int, int, int], (1, 2, 1)),
        (tuple[float, int, Any], (1.0, 2, 1)),
        (set[int], {1, 2}),
        (frozenset[int], frozenset({1, 2})),
        (collections.deque[int], collections.deque([1, 2, 1])),
        (collections.abc.Sequence[int], [1, 2, 1]),
        (collections.abc.MutableSequence[int], [1, 2, 1]),
        (collections.abc.Collection[int], [1, 2, 1]),
        (collections.abc.Iterable[int], [1, 2, 1]),
        (collections.abc.Set[int], {1, 2}),
        (collections.abc.MutableSet[int], {1, 2}),
        (typing.Sequence[int], [1, 2, 1]),
        (typing.Tuple[int, ...], (1, 2, 1)),  # noqa: UP006
        (typing.AbstractSet[int], {1, 2}),
        (list, [1, 2, 1]),
        (tuple, (1, 2, 1)),
        (set, {1, 2}),
    ],
)
def test_arrays(tp, expected):
    value = decode("[1, 2, 1]", tp)
    assert value == expected and type(value) is type(expected)
    assert refused('{"a": 1}', tp)
    assert refused('"x"', tp)


def test_fixed_tuples():
    assert decode("[]", tuple[()]) == ()
    assert refused("[1]", tuple[()]) == ["$: expected array of 0, got array of 1"]
    assert refused("[1]", tuple[int, str]) == ["$: expected array of 2, got array of 1"]
    assert refused('["a", 1]', tuple[int, str]) == ["$[0]: expected int, got str", "$[1]: expected str, got int"]


def test_what_cannot_be_hashed():
    assert refused("[[1], 2]", set) == ["$[0]: unhashable type: 'list'"] or sys.version_info >= (3, 14)
    assert len(refused("[[1], 2]", set)) == 1


@pytest.mark.parametrize(
    "tp, expected",
    [
        (dict[str, int], {"a": 1}),
        (typing.Dict[str, int], {"a": 1}),  # noqa: UP006
        (collections.abc.Mapping[str, int], {"a": 1}),
        (collections.abc.MutableMapping[str, int], {"a": 1}),
        (collections.OrderedDict[str, int], collections.OrderedDict(a=1)),
        (collections.Counter[str], collections.Counter("a")),
        (dict, {"a": 1}),
        (typing.Mapping, {"a": 1}),
    ],
)
def test_objects(tp, expected):
    value = decode('{"a": 1}', tp)
    assert value == expected and type(value) is type(expected)
    assert refused("[]", tp)


def test_defaultdict():
    value = decode('{"a": [1]}', collections.defaultdict[str, list[int]])
    assert type(value) is collections.defaultdict and value == {"a": [1]} and value["b"] == []
    assert decode('{"a": {"b": 1}}', collections.defaultdict[str, dict[str, int]])["c"] == {}


@pytest.mark.parametrize(
    "key, name, value",
    [
        (str, "x", "x"),
        (Any, "1", "1"),
        (int, "-12", -12),
        (int, "0", 0),
        (float, "1.5", 1.5),
        (float, "1", 1.0),
        (bool, "true", True),
        (None, "null", None),
        (Literal["a", 1, True], "a", "a"),
        (Literal["a", 1, True], "1", 1),
        (Colour, "green", Colour.GREEN),
        (Number, "2", Number.TWO),
        (dt.date, "2026-01-02", dt.date(2026, 1, 2)),
        (uuid.UUID, "12345678-1234-5678-1234-567812345678", uuid.UUID("12345678" * 2 + "12345678" * 2)),
        (decimal.Decimal, "1.10", decimal.Decimal("1.10")),
        (pathlib.PurePosixPath, "/a", pathlib.PurePosixPath("/a")),
        (Union[int, str], "12", 12),
        (Union[str, int], "12", 12),
        (Union[str, int], "x", "x"),
        (Optional[int], "null", None),
        (NewType("Id", int), "7", 7),
        (bytes, "eA==", b"x"),
    ],
)
def test_keys(key, name, value):
    if key is uuid.UUID:
        value = uuid.UUID(name)
    made = decode(json.dumps({name: 1}), dict[key, int])
    assert made == {value: 1} and type(next(iter(made))) is type(value)


@pytest.mark.parametrize(
    "key, name",
    [
        *((int, name) for name in ("1.0", "1e2", "01", " 1", "1 ", "x", "", "true", "+1", "１", "1_0", "NaN")),
        *((float, name) for name in ("NaN", "Infinity", "x", "", "1.", ".5", " 1")),
        *((bool, name) for name in ("True", "1", "", "yes")),
        (Colour, "blue"),
        (Number, "3"),
        (Literal[1], "true"),
        (dt.date, "2026-13-01"),
        (Annotated[str, re.compile("^a")], "b"),
    ],
)
def test_keys_that_are_refused(key, name):
    told = refused(json.dumps({name: 1}), dict[key, int])
    assert len(told) == 1 and ("as key" in told[0] or "match" in told[0])


@pytest.mark.parametrize("key", [list[int], dict[str, int], tuple[int, int]])
def test_keys_that_cannot_be(key):
    with pytest.raises(TypeError, match="keys must be scalars"):
        decode("{}", dict[key, int])


# Aliases, NewType, Annotated

Id = NewType("Id", int)
Ids = NewType("Ids", list[Id])


def test_new_types():
    assert decode("[1]", Ids) == [1]
    assert refused('["x"]', Ids) == ["$[0]: expected int, got str"]


def test_annotated():
    class Gt:
        def __init__(self, gt):
            self.gt = gt

    assert decode("3", Annotated[int, Gt(2)]) == 3
    assert refused("2", Annotated[int, Gt(2)]) == ["$: expected > 2, got 2"]
    assert decode("2", Annotated[int, "anything", 3, {"gt": 4}, Gt]) == 2
    assert refused('"xb"', Annotated[str, re.compile("^b")]) == ["$: expected a match of '^b', got \"xb\""]
    assert decode('"xb"', Annotated[str, re.compile("b")]) == "xb"
    assert decode("[3, null]", list[Annotated[int | None, Gt(2)]]) == [3, None]
    assert decode("[1]", Annotated[list[int], ["unhashable"]]) == [1]


def test_annotated_types():
    at = pytest.importorskip("annotated_types")
    for tp, good, bad in (
        (Annotated[int, at.Gt(1)], "2", "1"),
        (Annotated[int, at.Ge(1)], "1", "0"),
        (Annotated[int, at.Lt(1)], "0", "1"),
        (Annotated[float, at.Le(1)], "1", "1.5"),
        (Annotated[int, at.Interval(gt=1, le=4)], "4", "1"),
        (Annotated[int, at.Interval(gt=1, le=4)], "2", "5"),
        (Annotated[int, at.MultipleOf(3)], "-6", "4"),
        (Annotated[float, at.MultipleOf(0.1)], "0.3", "0.35"),
        (Annotated[float, at.MultipleOf(2)], "4.0", "1e999"),
        (Annotated[decimal.Decimal, at.MultipleOf(0.01)], "0.29", "0.295"),
        (Annotated[decimal.Decimal, at.MultipleOf(decimal.Decimal("0.01"))], '"0.29"', '"Infinity"'),
        (Annotated[dt.timedelta, at.MultipleOf(dt.timedelta(seconds=2))], '"PT4S"', '"PT3S"'),
        (Annotated[decimal.Decimal, at.Gt(0)], "1", '"NaN"'),
        (Annotated[decimal.Decimal, at.Le(0)], "-1", '"NaN"'),
        # What can't be written out: it has as many digits as it says.
        (Annotated[decimal.Decimal, at.MultipleOf(2)], '"1e999999999999999999"', '"1e-999999999999999"'),
        (Annotated[decimal.Decimal, at.MultipleOf(3)], '"0e999999999999999999"', '"1e999999999999999999"'),
        (Annotated[decimal.Decimal, at.MultipleOf(0.25)], '"-1.50"', '"1.51"'),
        (Annotated[int, at.MultipleOf(0.5)], "1" * 400, '"x"'),
        (Annotated[int, at.MultipleOf(2.5)], "-5", "6"),
        (Annotated[float, at.MultipleOf(3)], "3e300", "1e300"),
        (Annotated[fractions.Fraction, at.MultipleOf(fractions.Fraction(1, 6))], '"1/3"', '"1/4"'),
        (Annotated[str, at.MinLen(2)], '"ab"', '"a"'),
        (Annotated[str, at.Len(1, 2)], '"ab"', '"abc"'),
        (Annotated[list[int], at.MaxLen(1)], "[1]", "[1, 2]"),
        (Annotated[dict[str, int], at.Len(1)], '{"a": 1}', "{}"),
        (Annotated[str, at.Predicate(str.islower)], '"a"', '"A"'),
        (Annotated[str, at.LowerCase], '"a"', '"A"')
        if not hasattr(at, "LowerCase")
        else (at.LowerCase[str], '"a"', '"A"'),
        (Annotated[float, at.Predicate(at.Not(math.isinf))], "1", "1e999"),
        (Annotated[dt.datetime, at.Timezone(None)], '"2026-01-01T00:00:00"', '"2026-01-01T00:00:00Z"'),
        (Annotated[dt.datetime, at.Timezone(...)], '"2026-01-01T00:00:00Z"', '"2026-01-01T00:00:00"'),
        (Annotated[dt.datetime, at.Timezone(UTC)], '"2026-01-01T00:00:00Z"', '"2026-01-01T00:00:00+01:00"'),
    ):
        decode(good, tp)
        assert len(refused(bad, tp)) == 1, tp


@pytest.mark.parametrize("tp", [dict[int], collections.OrderedDict[int]], ids=str)
def test_mappings_of_one_type(tp):
    with pytest.raises(TypeError, match="takes two types"):
        decode("{}", tp)


def test_predicates_that_raise():
    at = pytest.importorskip("annotated_types")

    def fail(value):
        raise [ValueError("no good"), LookupError("passes")][value]

    tp = Annotated[int, at.Predicate(fail)]
    with pytest.raises(ValidationError, match="no good") as told:
        decode("0", tp)
    assert isinstance(told.value.__cause__, ValueError)
    with pytest.raises(LookupError, match="passes"):
        decode("1", tp)


@pytest.mark.skipif(sys.version_info < (3, 12), reason="PEP 695 is in 3.12")
def test_aliases():
    names = {}
    exec(
        "from __future__ import annotations\n"
        "type Json = dict[str, Json] | list[Json] | str | int | float | bool | None\n"
        "type Pair[T] = tuple[T, T]\n"
        "type Maybe[T] = T | None\n"
        "type Loop = Loop | int\n"
        "type Tree[T] = tuple[T, list[Tree[T]]]\n",
        names,
    )
    text = '{"a": [1, 2.5, "x", null, true, {}]}'
    assert decode(text, names["Json"]) == json.loads(text)
    assert decode("[1, 2]", names["Pair"][int]) == (1, 2)
    assert refused('[1, "x"]', names["Pair"][int]) == ["$[1]: expected int, got str"]
    maybe = names["Maybe"]
    assert decode("[1, null]", list[maybe[int]]) == [1, None]
    assert decode("[1, [[2, []]]]", names["Tree"][int]) == (1, [(2, [])])
    with pytest.raises(TypeError):
        decode("1", names["Loop"])


# Subclasses of the basic types, and hooks' classes


class Name(str):
    pass


class Percent(int):
    def __new__(cls, value):
        if not 0 <= value <= 100:
            raise ValueError("not a percentage")
        return super().__new__(cls, value)


class Numbers(list[int]):
    pass


def test_subclasses_of_basic_types():
    value = decode('"x"', Name)
    assert type(value) is Name and value == "x"
    assert type(decode("3", Percent)) is Percent
    assert refused("300", Percent) == ["$: not a percentage"]
    assert refused('"3"', Percent) == ["$: expected int, got str"]
    assert decode("[1]", Numbers) == [1] and type(decode("[1]", Numbers)) is Numbers
    assert refused('["x"]', Numbers) == ["$[0]: expected int, got str"]


# What can't be decoded


class Empty:
    pass


class Abstract(abc.ABC):
    def __init__(self, a: int):
        self.a = a

    @abc.abstractmethod
    def method(self): ...


class Protocol(typing.Protocol):
    a: int


class Unannotated:
    def __init__(self, a, b: int):
        pass


@pytest.mark.parametrize(
    "tp, words",
    [
        (complex, "complex"),
        (Empty, "Empty"),
        (type, "type"),
        (collections.abc.Callable[[int], int], "Callable"),
        (typing.NoReturn, "NoReturn"),
        (range, "range"),
        (list[complex], "complex"),
        (Abstract, "Abstract: it is abstract"),
        (Protocol, "Protocol"),
        (3, "3"),
    ],
)
def test_types_that_cannot_be_decoded(tp, words):
    with pytest.raises(TypeError, match=words):
        decode("1", tp)


def test_parameter_without_annotation():
    with pytest.raises(TypeError, match="Unannotated.a: the parameter has no annotation"):
        decode("{}", Unannotated)


# Plans


def test_plans_are_bounded():
    from cyjson import _reading

    for n in range(300):
        decode("{}", dict[str, Annotated[int, n]])
    assert len(_reading._plans) <= _reading.MOST_PLANS


def test_names_mean_what_they_do_where_decode_is_called():
    def one():
        Here = int  # noqa: F841
        return decode("[1]", list["Here"]), decode("1", "Here"), decode("[1]", typing.List["Here"])

    def two():
        Here = float  # noqa: F841
        return decode("[1]", list["Here"]), decode("1", "Here"), decode("[1]", typing.List["Here"])

    for call, kind in (one, int), (two, float), (one, int):
        a, b, c = call()
        assert (type(a[0]), type(b), type(c[0])) == (kind, kind, kind)


def test_order_of_unions_counts():
    """typing takes unions of the same members for equal."""
    text = '"2026-01-02"'
    first = decode(f"[{text}]", list[dt.date | pathlib.PurePosixPath])
    second = decode(f"[{text}]", list[pathlib.PurePosixPath | dt.date])
    assert (first, second) == ([dt.date(2026, 1, 2)], [pathlib.PurePosixPath("2026-01-02")])


def test_other_natives():
    for tp, text, value in (
        (fractions.Fraction, '"1/3"', fractions.Fraction(1, 3)),
        (fractions.Fraction, '"-2"', fractions.Fraction(-2)),
        (zoneinfo.ZoneInfo, '"Europe/Paris"', zoneinfo.ZoneInfo("Europe/Paris")),
        (pathlib.Path, '"a/b"', pathlib.Path("a/b")),
        (pathlib.PurePath, '"a/b"', pathlib.PurePath("a/b")),
        (ipaddress.IPv4Address, '"127.0.0.1"', ipaddress.ip_address("127.0.0.1")),
        (ipaddress.IPv6Address, '"::1"', ipaddress.ip_address("::1")),
        (ipaddress.IPv4Network, '"10.0.0.0/8"', ipaddress.ip_network("10.0.0.0/8")),
        (ipaddress.IPv6Interface, '"::1/64"', ipaddress.ip_interface("::1/64")),
        (decimal.Decimal, "1.10", decimal.Decimal("1.10")),
        (decimal.Decimal, '"1.10"', decimal.Decimal("1.10")),
        (decimal.Decimal, "3", decimal.Decimal(3)),
        (decimal.Decimal, "-0", decimal.Decimal("-0")),
        (decimal.Decimal, "1e2", decimal.Decimal("1e2")),
        (decimal.Decimal, "0.1234567890123456789012345678901", decimal.Decimal("0.1234567890123456789012345678901")),
        (bytes, '"eHk="', b"xy"),
        (bytearray, '"eHk="', bytearray(b"xy")),
        (memoryview, '"eHk="', b"xy"),
    ):
        made = decode(text, tp)
        assert made == value and isinstance(made, tp)
        assert str(made) == str(value) or tp is memoryview
        assert refused("[]", tp) and refused("true", tp) and refused("null", tp)


@pytest.mark.parametrize(
    "value",
    [
        dt.datetime(2026, 1, 2, 3, 4, 5, 6),
        dt.date(2026, 1, 2),
        dt.time(3, 4, 5),
        dt.timedelta(1, 2, 3),
        -dt.timedelta(1, 2, 3),
        uuid.UUID(int=5),
        decimal.Decimal("1.50"),
        fractions.Fraction(1, 3),
        ipaddress.ip_address("::1"),
        pathlib.PurePosixPath("/a"),
        b"x",
        collections.deque([1]),
        collections.UserString("x"),
        collections.Counter({"a": 1}),
        collections.defaultdict(None, {"a": 1}),
    ],
    ids=lambda value: type(value).__name__,
)
def test_classes_that_derive_from_natives(value):
    """What encode writes as their base is made of what their base is read from."""
    base = type(value)

    class Derived(base):
        made = 0

        def __new__(cls, *arguments):
            cls.made += 1
            return super().__new__(cls, *(() if base.__new__ is object.__new__ else arguments))

    document = cyjson.encode(value)
    made = decode(document, Derived)
    assert made == value and type(made) is Derived and Derived.made
    counted = Derived.made
    assert decode(b"[%b, %b]" % (document, document), list[Derived]) == [made, made] and Derived.made >= counted + 2
    assert refused("true", Derived)
    assert decode(document, base) == value and type(decode(document, base)) is base


def test_a_derived_uuid_beside_its_base():
    class Named(uuid.UUID):
        def __init__(self, text):
            super().__init__(text)
            object.__setattr__(self, "name", "named")

        __slots__ = ("name",)

    text = json.dumps([str(uuid.UUID(int=5))] * 2)
    for tp in tuple[Named, uuid.UUID], tuple[uuid.UUID, Named], tuple[Named, Named]:
        for made in decode(text, tp):
            assert made == uuid.UUID(int=5) and getattr(made, "name", None) == (
                "named" if type(made) is Named else None
            )


def test_mappingproxy():
    assert decode('{"a": 1}', types.MappingProxyType[str, int]) == types.MappingProxyType({"a": 1})
    assert refused('{"a": "1"}', types.MappingProxyType[str, int]) == ["$.a: expected int, got str"]


def test_digits_of_decimals_do_not_show_elsewhere():
    text = '{"a": 1.10, "b": [1.10, -0, {"c": -0.0}], "d": 2.50}'
    tp = dict[str, decimal.Decimal | list]
    made = decode(text, tp)
    assert str(made["a"]) == "1.10" and made["b"] == [1.1, 0, {"c": 0.0}]
    assert [type(each) for each in made["b"]] == [float, int, dict]
    assert type(made["b"][2]["c"]) is float


@pytest.mark.parametrize(
    "tp, texts",
    [
        (fractions.Fraction, ["1/0", "x", "1e9", "1.5", " 1", "1_0", "1/-3", ""]),
        (zoneinfo.ZoneInfo, ["Nowhere/There", "../x", "Europe", "", "a\0b", "/etc/passwd"]),
        (ipaddress.IPv4Address, ["1", "256.0.0.1", "01.2.3.4", "1.2.3", "::1", "1.2.3.4 "]),
        (ipaddress.IPv4Network, ["10.0.0.1/8", "x"]),
        (decimal.Decimal, ["x", "", "1_0", " 1", "１", "sNaN", "nan", "1e", "--1", "inf"]),
        (bytes, ["eHk", "eHk=\n", "e H k=", "eHl=", "é", "eHk==", "-_8=", "="]),
    ],
)
def test_texts_that_are_refused(tp, texts):
    for text in texts:
        (message,) = refused(json.dumps(text), tp)
        assert message.startswith("$: expected ")


def test_raw_numbers_in_decimals_are_not_infinite():
    with pytest.raises(json.JSONDecodeError):
        decode("NaN", decimal.Decimal)
    assert decode('"Infinity"', decimal.Decimal).is_infinite()


def test_numpy():
    np = pytest.importorskip("numpy")
    npt = pytest.importorskip("numpy.typing")
    made = decode("[[1, 2.5], [3, 4]]", npt.NDArray[np.float64])
    assert made.dtype == np.float64 and made.tolist() == [[1.0, 2.5], [3.0, 4.0]]
    assert decode("[1, 2]", npt.NDArray[np.int8]).dtype == np.int8
    assert decode("[true]", npt.NDArray[np.bool_]).dtype == np.bool_
    assert decode("[]", npt.NDArray[np.float32]).shape == (0,)
    assert decode("[1]", np.ndarray).tolist() == [1]
    for text, tp in (
        ("[1.5]", npt.NDArray[np.int64]),
        ("[300]", npt.NDArray[np.int8]),
        ("[-1]", npt.NDArray[np.uint8]),
        ("[[1], [1, 2]]", npt.NDArray[np.float64]),
        ('["1"]', npt.NDArray[np.float64]),
        ("[true]", npt.NDArray[np.float64]),
        ("[1]", npt.NDArray[np.bool_]),
        ("[null]", npt.NDArray[np.float64]),
        ("1", npt.NDArray[np.float64]),
    ):
        assert len(refused(text, tp)) == 1, (text, tp)
    assert decode("1.5", np.float32) == np.float32(1.5) and type(decode("1", np.int16)) is np.int16
    assert refused("40000", np.int16) == ["$: expected -32768 to 32767, got 40000"]
    assert refused("-1", np.uint8) == ["$: expected 0 to 255, got -1"]
    assert refused(str(10**30), np.int64) and refused("1.0", np.int8) and refused("true", np.int8)


def test_numpy_arrays_say_where():
    np = pytest.importorskip("numpy")
    npt = pytest.importorskip("numpy.typing")
    assert refused('{"a": [[1, 2], [3, null]]}', dict[str, npt.NDArray[np.int64]]) == [
        "$.a[1][1]: expected int, got null"
    ]
    assert refused("[[1, {}]]", npt.NDArray[np.float64]) == ["$[0][1]: expected int or float, got object"]


@pytest.mark.filterwarnings("error")
def test_floats_that_numpy_has_no_digits_for():
    """They are infinite, as 1e400 is, without a warning."""
    np = pytest.importorskip("numpy")
    npt = pytest.importorskip("numpy.typing")
    assert decode("1e300", np.float32) == np.inf
    assert decode("[-1e39, 1]", npt.NDArray[np.float32]).tolist() == [-np.inf, 1]


def test_names_are_exported():
    assert {"decode", "ValidationError", "Mismatch"} <= set(cyjson.__all__)
