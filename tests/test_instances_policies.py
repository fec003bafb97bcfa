"""Codec: formats of types, names of fields, which of them are omitted; and that it never changes."""

import collections
import copy
import dataclasses
import datetime as dt
import decimal
import enum
import inspect
import json
import pickle
import types
import typing
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.instances import knows_instances, told_at

import cyjson

pytestmark = knows_instances

UTC = dt.timezone.utc
Codec = cyjson.Codec


class Colour(enum.Enum):
    RED = "red"


class Number(enum.IntEnum):
    ONE = 1


class Access(enum.Flag):
    READ = 1
    WRITE = 2


class Pair(typing.NamedTuple):
    left_side: int
    right_side: int = 2


Plain = collections.namedtuple("Plain", "a b")


@dataclasses.dataclass
class Person:
    first_name: str
    nick: "str | None" = None
    tags: list = dataclasses.field(default_factory=list)
    _private_part: int = 0


# Formats


@pytest.mark.parametrize(
    "value, name, expected",
    [
        (dt.datetime(2026, 1, 2, 3, tzinfo=UTC), "iso", b'"2026-01-02T03:00:00+00:00"'),
        (dt.datetime(2026, 1, 2, 3, tzinfo=UTC), "z", b'"2026-01-02T03:00:00Z"'),
        (dt.datetime(2026, 1, 2, 3, 4, 5, 6, UTC), "z", b'"2026-01-02T03:04:05.000006Z"'),
        (dt.datetime(2026, 1, 2, 3), "z", b'"2026-01-02T03:00:00"'),
        (dt.datetime(2026, 1, 2, tzinfo=dt.timezone(dt.timedelta(hours=-1))), "z", b'"2026-01-02T00:00:00-01:00"'),
        (dt.datetime(1970, 1, 1, tzinfo=UTC), "unix", b"0"),
        (dt.datetime(1970, 1, 1, 0, 0, 1, 500_000, UTC), "unix", b"1.5"),
        (dt.datetime(1969, 12, 31, 23, 59, 59, 999_999, UTC), "unix", b"-0.000001"),
        (dt.datetime(1969, 12, 31, 23, 59, 58, 500_000, UTC), "unix", b"-1.5"),
        (dt.datetime(9999, 12, 31, 23, 59, 59, 999_999, UTC), "unix", b"253402300799.999999"),
        (dt.datetime(1970, 1, 1, 1, tzinfo=dt.timezone(dt.timedelta(hours=1))), "unix", b"0"),
        (dt.datetime(1970, 1, 1, 0, 0, 1, 1999, UTC), "unix_ms", b"1001"),
        (dt.datetime(1969, 12, 31, 23, 59, 59, 999_999, UTC), "unix_ms", b"-1"),
        (dt.date(2026, 1, 2), "iso", b'"2026-01-02"'),
        (dt.date(2026, 1, 2), "z", b'"2026-01-02"'),
        (dt.date(1970, 1, 2), "unix", b"86400"),
        (dt.date(1, 1, 1), "unix_ms", b"-62135596800000"),
        (dt.timedelta(1, 2.5), "iso", b'"P1DT2.5S"'),
        (dt.timedelta(1, 2.5), "seconds", b"86402.5"),
        (dt.timedelta(microseconds=-1), "seconds", b"-0.000001"),
        (dt.timedelta(0), "seconds", b"0"),
        (uuid.UUID(int=10), "canonical", b'"00000000-0000-0000-0000-00000000000a"'),
        (uuid.UUID(int=10), "hex", b'"0000000000000000000000000000000a"'),
        (decimal.Decimal("1.10"), "string", b'"1.10"'),
        (decimal.Decimal("1.10"), "number", b"1.10"),
        (decimal.Decimal("-1E+400"), "number", b"-1E+400"),
        (decimal.Decimal("0E-8"), "number", b"0E-8"),
        (b"\x00\xff", "base64", b'"AP8="'),
        (b"\x00\xff", "hex", b'"00ff"'),
        (bytearray("é".encode()), "utf8", '"é"'.encode()),
        (memoryview(b"a\nb"), "utf8", b'"a\\nb"'),
        (Colour.RED, "value", b'"red"'),
        (Colour.RED, "name", b'"RED"'),
        (Number.ONE, "name", b'"ONE"'),
        (1.5, "null", b"1.5"),
        (float("nan"), "null", b"null"),
        (float("-inf"), "null", b"null"),
        (Pair(1), "array", b"[1,2]"),
        (Pair(1), "object", b'{"left_side":1,"right_side":2}'),
        (Plain(1, [Plain(2, 3)]), "object", b'{"a":1,"b":[{"a":2,"b":3}]}'),
    ],
)
def test_formats(value, name, expected):
    codec = Codec(types={type(value): name})
    assert codec.encode(value) == expected
    assert codec.encode({"k": [value, (value,)]}) == b'{"k":[%b,[%b]]}' % (expected, expected)
    if expected[:1] not in b"[{":
        assert codec.encode([value], indent=1) == b"[\n %b\n]" % expected


@given(st.datetimes(timezones=st.integers(-1439, 1439).map(lambda n: dt.timezone(dt.timedelta(minutes=n)))))
def test_unix_time(moment):
    since = moment - dt.datetime(1970, 1, 1, tzinfo=UTC)
    seconds = json.loads(Codec(types={dt.datetime: "unix"}).encode(moment), parse_float=decimal.Decimal)
    assert seconds * 10**6 == since // dt.timedelta(microseconds=1)
    assert json.loads(Codec(types={dt.datetime: "unix_ms"}).encode(moment)) == since // dt.timedelta(milliseconds=1)


@given(st.timedeltas())
def test_seconds(value):
    seconds = json.loads(Codec(types={dt.timedelta: "seconds"}).encode(value), parse_float=decimal.Decimal)
    assert seconds * 10**6 == value // dt.timedelta(microseconds=1)


def test_values_that_a_format_cannot_write():
    unix = Codec(types={dt.datetime: "unix"})
    told_at("$[0]", lambda: unix.encode([dt.datetime(2026, 1, 1)]), ValueError, "has no offset")
    number = Codec(types={decimal.Decimal: "number"})
    for text in "NaN", "sNaN", "Infinity", "-Infinity":
        value = decimal.Decimal(text)
        told_at("$.k", lambda value=value: number.encode({"k": value}), ValueError, "Out of range float values")
        null = Codec(types={decimal.Decimal: "number", float: "null"})
        assert null.encode([value]) == b"[null]"
    told_at("$[0]", lambda: Codec(types={bytes: "utf8"}).encode([b"\xff"]), UnicodeDecodeError)
    with pytest.raises(ValueError, match="has no name"):
        Codec(types={Access: "name"}).encode(Access(0))


def test_not_finite():
    for codec in cyjson, Codec(), Codec(types={float: "error"}):
        for value in float("nan"), float("inf"):
            told_at("$[0]", lambda value=value, codec=codec: codec.encode([value]), ValueError, "Out of range float")
    codec = Codec(types={float: "null"})
    assert codec.encode({"a": [float("inf"), Person(float("nan"))]}).startswith(b'{"a":[null,{"first_name":null,')
    assert codec.encode({float("nan"): 1}) == b'{"null":1}'

    class Float(float):
        pass

    assert codec.encode([Float("nan"), Float(1)]) == b"[null,1.0]"


def test_all_enums_and_named_tuples():
    codec = Codec(types={enum.Enum: "name", typing.NamedTuple: "object"})
    assert codec.encode([Colour.RED, Number.ONE, Access.READ, Pair(1), Plain(1, 2)]) == (
        b'["RED","ONE","READ",{"left_side":1,"right_side":2},{"a":1,"b":2}]'
    )
    codec = Codec(types={enum.Enum: "name", Number: "value", typing.NamedTuple: "object", Plain: "array"})
    assert codec.encode([Colour.RED, Number.ONE, Plain(1, Pair(1))]) == (
        b'["RED",1,[1,{"left_side":1,"right_side":2}]]'
    )
    codec = Codec(types={enum.Enum: "name", Colour: lambda obj: "function"})
    assert codec.encode([Colour.RED, Number.ONE]) == b'["function","ONE"]'

    class Own(enum.Enum):
        A = 1

        def __json__(self):
            return "own"

    assert cyjson.encode(Own.A) == b'"own"'
    assert Codec(types={enum.Enum: "name"}).encode(Own.A) == b'"A"'

    class Derived(Plain):
        pass

    assert Codec(types={Plain: "object"}).encode([Plain(1, 2), Derived(1, 2)]) == b'[{"a":1,"b":2},[1,2]]'


def test_functions():
    codec = Codec(types={Person: lambda person: person.first_name, complex: (lambda c: [c.real, c.imag], None)})
    assert codec.encode([Person("Zoë"), 1 + 2j]) == '["Zoë",[1.0,2.0]]'.encode()
    only_reading = Codec(types={Person: (None, Person)})
    assert only_reading.encode(Person("x")) == cyjson.encode(Person("x"))
    assert Codec(types=types.MappingProxyType({complex: str})).encode(1j) == b'"1j"'


# Names of fields


@pytest.mark.parametrize(
    "rename, expected",
    [
        (None, ["first_name", "nick", "tags", "_private_part"]),
        ("camel", ["firstName", "nick", "tags", "_privatePart"]),
        ("pascal", ["FirstName", "Nick", "Tags", "_PrivatePart"]),
        ("kebab", ["first-name", "nick", "tags", "private-part"]),
        ("upper", ["FIRST_NAME", "NICK", "TAGS", "_PRIVATE_PART"]),
        ({"nick": "Nick name"}, ["first_name", "Nick name", "tags", "_private_part"]),
        (lambda name: name[::-1], ["eman_tsrif", "kcin", "sgat", "trap_etavirp_"]),
        (lambda name: None, ["first_name", "nick", "tags", "_private_part"]),
    ],
)
def test_rename(rename, expected):
    codec = Codec(rename=rename)
    value = Person("a", None, [{"first_name": 1}])
    assert (
        codec.encode(value)
        == json.dumps(dict(zip(expected, ["a", None, [{"first_name": 1}], 0])), separators=(",", ":")).encode()
    )
    assert list(json.loads(codec.encode(value, sort_keys=True))) == sorted(expected)


@pytest.mark.parametrize("rename", ["camel", "pascal", "kebab", "upper"])
def test_rename_as_msgspec(rename):
    msgspec = pytest.importorskip("msgspec")
    names = ["a", "a_b_c", "_private_field", "from_", "a__b", "x1_y", "w_", "trailing_name_"]
    theirs = msgspec.defstruct("S", [(name, int) for name in names], rename=rename)(*range(8))
    ours = dataclasses.make_dataclass("D", names)(*range(8))
    assert Codec(rename=rename).encode(ours) == msgspec.json.encode(theirs)
    assert json.loads(Codec(rename="upper").encode(theirs)).keys() - json.loads(msgspec.json.encode(theirs)).keys() == (
        {"A", "X1_2Y"} & {name.upper() for name in names if name in theirs.__struct_encode_fields__}
    )


def test_rename_of_other_classes():
    attr = pytest.importorskip("attr")
    cls = attr.make_class("Attrs", ["some_name"])
    assert Codec(rename="camel").encode(cls(1)) == b'{"someName":1}'
    assert Codec(rename="camel", types={Pair: "object"}).encode(Pair(1)) == b'{"leftSide":1,"rightSide":2}'
    assert Codec(rename="camel").encode({"some_name": types.MappingProxyType({"a_b": 1})}) == b'{"some_name":{"a_b":1}}'


def test_names_that_clash():
    cls = dataclasses.make_dataclass("Clash", ["a_b", "aB"])
    with pytest.raises(ValueError, match="Clash: a_b and aB have the same name in JSON, 'aB'"):
        Codec(rename="camel").encode(cls(1, 2))
    with pytest.raises(TypeError, match="Clash.a_b: its name in JSON must be a str"):
        Codec(rename=len).encode(cls(1, 2))


# Omitted fields


def test_omit():
    value = [Person("a"), Person("", "x", [1], 5), Person(None)]
    assert Codec(omit="none").encode(value) == (
        b'[{"first_name":"a","tags":[],"_private_part":0},'
        b'{"first_name":"","nick":"x","tags":[1],"_private_part":5},{"tags":[],"_private_part":0}]'
    )
    assert Codec(omit="default").encode(value) == (
        b'[{"first_name":"a"},{"first_name":"","nick":"x","tags":[1],"_private_part":5},{"first_name":null}]'
    )
    assert Codec(omit="default").encode(value, indent=1) == (
        json.dumps(json.loads(Codec(omit="default").encode(value)), indent=1).encode()
    )


def test_equal_of_another_type_is_no_default():
    @dataclasses.dataclass
    class Numbers:
        i: int = 0
        f: float = 1.0
        n: float = float("nan")

    codec = Codec(omit="default")
    assert codec.encode(Numbers()) == b"{}"
    assert codec.encode(Numbers(False, 1, 2.0)) == b'{"i":false,"f":1,"n":2.0}'
    assert codec.encode(Numbers(0, 1.0, 2.0)) == b'{"n":2.0}'


def test_defaults_of_other_classes():
    attr = pytest.importorskip("attr")

    @attr.define
    class Attrs:
        a: int = 1
        b: list = attr.Factory(list)
        c: int = attr.Factory(lambda self: self.a, takes_self=True)

    assert Codec(omit="default").encode([Attrs(), Attrs(2, [3])]) == b'[{"c":1},{"a":2,"b":[3],"c":2}]'
    codec = Codec(omit="default", types={Pair: "object"})
    assert codec.encode([Pair(1), Pair(1, 3)]) == b'[{"left_side":1},{"left_side":1,"right_side":3}]'
    msgspec = pytest.importorskip("msgspec")
    struct = msgspec.defstruct("S", [("a", int, 1), ("b", list, []), ("c", list, msgspec.field(default_factory=list))])
    assert Codec(omit="default").encode([struct(), struct(2, [1], [2])]) == b'[{},{"a":2,"b":[1],"c":[2]}]'


def test_a_comparison_that_fails():
    class Odd:
        def __eq__(self, other):
            raise ValueError("incomparable")

        __hash__ = None

        def __json__(self):
            return "odd"

    @dataclasses.dataclass
    class Holder:
        value: Odd = dataclasses.field(default_factory=Odd)

    told_at("$.value", lambda: Codec(omit="default").encode(Holder()), ValueError, "incomparable")
    assert cyjson.encode(Holder()) == b'{"value":"odd"}'


# Arguments


@pytest.mark.parametrize(
    "options, error, match",
    [
        ({"types": [1]}, TypeError, "types must be a mapping or None, not list"),
        ({"types": {"x": repr}}, TypeError, "types must have classes as keys, not 'x'"),
        ({"types": {uuid.UUID: 5}}, TypeError, r"types\[UUID\] must be the name of a format, a function, or a pair"),
        ({"types": {uuid.UUID: (None, None)}}, TypeError, r"types\[UUID\] must be"),
        ({"types": {uuid.UUID: (repr, 5)}}, TypeError, r"types\[UUID\] must be"),
        ({"types": {uuid.UUID: "base64"}}, ValueError, r"types\[UUID\] must be 'canonical' or 'hex', not 'base64'"),
        ({"types": {dt.datetime: "ms"}}, ValueError, "must be 'iso', 'z', 'unix' or 'unix_ms', not 'ms'"),
        ({"types": {dt.time: "iso"}}, ValueError, "no formats have names for this class"),
        ({"types": {Person: "iso"}}, ValueError, "no formats have names for this class"),
        ({"types": {int: "string"}}, ValueError, "no formats have names for this class"),
        ({"types": {float: "zero"}}, ValueError, "must be 'error' or 'null', not 'zero'"),
        ({"types": {enum.Enum: repr}}, TypeError, "must be the name of a format, not a function"),
        ({"types": {typing.NamedTuple: repr}}, TypeError, "must be the name of a format, not a function"),
        ({"types": {str: repr}}, TypeError, "written as json does"),
        (
            {"rename": "snake"},
            ValueError,
            "rename must be 'camel', 'pascal', 'kebab' or 'upper', a mapping, a function",
        ),
        ({"rename": 5}, TypeError, "rename must be .*, not int"),
        ({"omit": "null"}, ValueError, "omit must be None, 'none' or 'default', not 'null'"),
        ({"omit": False}, ValueError, "omit must be"),
        ({"extra": "forbid"}, ValueError, "extra must be 'ignore' or 'error', not 'forbid'"),
        ({"errors": None}, ValueError, "errors must be 'all' or 'first', not None"),
        ({"names": 5}, TypeError, "names must be a mapping or None, not int"),
        ({"unknown": 1}, TypeError, "unknown"),
    ],
)
def test_arguments(options, error, match):
    with pytest.raises(error, match=match):
        Codec(**options)


def test_it_never_changes():
    """Nor does it when what it was made with does."""
    rules = {dt.date: "unix"}
    renamed = {"first_name": "x"}
    codec = Codec(list[int], types=rules, rename=renamed, omit="none", extra="error", errors="first", names={"A": int})
    before = codec.encode([dt.date(1970, 1, 2), Person("a")])
    rules[dt.date] = "iso"
    renamed["first_name"] = "y"
    for mapping, key in (codec.types, dt.date), (codec.rename, "first_name"), (codec.names, "A"):
        with pytest.raises(TypeError):
            mapping[key] = "iso"
    for name in "type", "types", "rename", "omit", "extra", "errors", "names", "_policy", "other":
        with pytest.raises(AttributeError, match="a Codec never changes"):
            setattr(codec, name, None)
        with pytest.raises(AttributeError, match="a Codec never changes"):
            delattr(codec, name)
    assert (
        codec.encode([dt.date(1970, 1, 2), Person("a")]) == before == b'[86400,{"x":"a","tags":[],"_private_part":0}]'
    )
    assert (codec.type, codec.omit, codec.extra, codec.errors) == (list[int], "none", "error", "first")
    assert copy.copy(codec) is copy.deepcopy(codec) is codec
    again = pickle.loads(pickle.dumps(codec))
    assert again.encode(dt.date(1970, 1, 2)) == b"86400"
    assert repr(again) == repr(codec)
    assert repr(Codec(int, omit="none")) == "Codec(int, omit='none')"
    assert Codec().type is typing.Any


def test_options_of_encode():
    codec = Codec(types={dt.date: "unix"})
    value = {"b": dt.date(1970, 1, 2), "a": 1j}
    assert codec.encode(value, default=str, sort_keys=True, indent=1) == b'{\n "a": "1j",\n "b": 86400\n}'
    for wrong in {"unknown": 1}, {"cls": 5}:
        with pytest.raises(TypeError):
            codec.encode(1, **wrong)
    with pytest.raises(TypeError):
        codec.encode()
    parameters = inspect.signature(Codec).parameters
    assert list(parameters) == ["type", "types", "rename", "omit", "extra", "errors", "names"]
    assert all(each.kind is each.KEYWORD_ONLY for each in list(parameters.values())[1:])


def test_codecs_keep_their_plans_apart():
    codecs = [Codec(omit=omit, rename=rename) for omit in (None, "none") for rename in (None, "upper")]
    value = Person("a")
    for _ in range(3):
        found = {codec.encode(value) for codec in codecs}
        assert len(found) == 4
