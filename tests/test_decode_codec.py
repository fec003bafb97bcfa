"""Codec: how documents are read by other rules; register; Raw."""

import collections
import copy
import dataclasses
import datetime as dt
import decimal
import enum
import json
import math
import threading
import typing
import uuid
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Optional, TypedDict, Union

import pytest

from cyjson import Codec, Raw, ValidationError, _decoding, decode, register

UTC = dt.timezone.utc


def refused(text, codec):
    with pytest.raises(ValidationError) as told:
        codec.decode(text)
    return [f"{each.path}: {each.message}" for each in told.value.errors]


class Colour(enum.Enum):
    RED = "red"
    SCARLET = "red"
    BLUE = "blue"


class Spot(NamedTuple):
    long_name: int
    y: int = 0


@dataclass
class User:
    user_id: int
    full_name: str = "none"
    born: Optional[dt.date] = None
    kept: int = field(default=1, metadata={"json": "kept_name"})


class Film(TypedDict):
    the_title: str


class Celsius:
    def __init__(self, degrees):
        self.degrees = degrees

    def __eq__(self, other):
        return type(self) is type(other) and self.degrees == other.degrees

    def __hash__(self):
        return hash(self.degrees)


def test_a_codec_reads_as_decode():
    assert Codec(list[int]).decode("[1]") == [1]
    assert Codec().decode('{"a": 1}') == {"a": 1}
    assert Codec(User).decode(b'{"user_id": 1}') == User(1)
    assert refused("[1]", Codec(User)) == ["$: expected object, got array"]
    assert decode("[1]", Codec(list[int])) == [1]
    with pytest.raises(ValidationError):
        decode("[null]", Codec(list[int]))


def test_errors():
    text = '["x", "y"]'
    for call in (
        lambda: Codec(list[int], errors="first").decode(text),
        lambda: decode(text, Codec(list[int], errors="first")),
        lambda: decode(text, Codec(list[int]), errors="first"),
    ):
        with pytest.raises(ValidationError) as told:
            call()
        assert len(told.value.errors) == 1
    assert len(refused(text, Codec(list[int]))) == 2


@pytest.mark.parametrize(
    "rename, text",
    [
        ("camel", '{"userId": 1, "fullName": "x", "kept_name": 3}'),
        ("pascal", '{"UserId": 1, "FullName": "x", "kept_name": 3}'),
        ("kebab", '{"user-id": 1, "full-name": "x", "kept_name": 3}'),
        ("upper", '{"USER_ID": 1, "FULL_NAME": "x", "kept_name": 3}'),
        ({"user_id": "id"}, '{"id": 1, "full_name": "x", "kept_name": 3}'),
        (str.title, '{"User_Id": 1, "Full_Name": "x", "kept_name": 3}'),
    ],
)
def test_rename(rename, text):
    codec = Codec(list[User], rename=rename)
    assert codec.decode(f"[{text}]") == [User(1, "x", kept=3)]
    assert json.loads(codec.encode([User(1, "x", kept=3)]))[0].keys() >= json.loads(text).keys()
    assert codec.decode(codec.encode([User(1, "x", dt.date(2026, 1, 2))])) == [User(1, "x", dt.date(2026, 1, 2))]
    assert decode('{"user_id": 1}', User) == User(1)


def test_what_rename_leaves():
    codec = Codec(Union[Film, Spot], rename="camel")
    assert codec.decode('{"the_title": "x"}') == {"the_title": "x"}
    assert codec.decode('{"longName": 1}') == Spot(1)
    with pytest.raises(TypeError, match="two fields are named 'x'"):
        Codec(User, rename=lambda name: "x").decode("{}")


def test_extra():
    codec = Codec(list[User], extra="error")
    assert codec.decode('[{"user_id": 1}]') == [User(1)]
    assert refused('[{"user_id": 1, "x": [], "born": 3}]', codec) == [
        "$[0].x: unknown member",
        "$[0].born: expected date, got int",
    ] or refused('[{"user_id": 1, "x": []}]', codec) == ["$[0].x: unknown member"]

    @dataclass
    class WithInit:
        a: int
        b: int = field(init=False, default=2)

    codec = Codec(WithInit, extra="error")
    assert codec.decode(codec.encode(WithInit(1))) == WithInit(1)
    assert refused('{"a": 1, "c": 1}', codec) == ["$.c: unknown member"]

    @dataclass
    class Rest:
        a: int
        rest: dict = field(default_factory=dict, metadata={"json": "**"})

    codec = Codec(Rest, extra="error")
    assert codec.decode('{"a": 1, "b": [2.5]}') == Rest(1, {"b": [2.5]})
    assert codec.decode(codec.encode(Rest(1, {"b": [2.5]}))) == Rest(1, {"b": [2.5]})


@pytest.mark.parametrize(
    "cls, format, text, value",
    [
        (dt.datetime, "unix", "1767225600.5", dt.datetime(2026, 1, 1, 0, 0, 0, 500000, tzinfo=UTC)),
        (dt.datetime, "unix", "0", dt.datetime(1970, 1, 1, tzinfo=UTC)),
        (dt.datetime, "unix", "-1", dt.datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC)),
        (dt.datetime, "unix_ms", "1767225600500", dt.datetime(2026, 1, 1, 0, 0, 0, 500000, tzinfo=UTC)),
        (dt.datetime, "z", '"2026-01-01T00:00:00Z"', dt.datetime(2026, 1, 1, tzinfo=UTC)),
        (dt.datetime, "iso", '"2026-01-01T00:00:00Z"', dt.datetime(2026, 1, 1, tzinfo=UTC)),
        (dt.date, "unix", "1767225600", dt.date(2026, 1, 1)),
        (dt.timedelta, "seconds", "1.5", dt.timedelta(seconds=1.5)),
        (dt.timedelta, "iso", '"PT1.5S"', dt.timedelta(seconds=1.5)),
        (uuid.UUID, "hex", '"' + "12" * 16 + '"', uuid.UUID("12" * 16)),
        (uuid.UUID, "canonical", '"' + "12" * 16 + '"', uuid.UUID("12" * 16)),
        (decimal.Decimal, "number", "1.10", decimal.Decimal("1.10")),
        (decimal.Decimal, "number", '"1.10"', decimal.Decimal("1.10")),
        (decimal.Decimal, "string", "1.10", decimal.Decimal("1.10")),
        (bytes, "hex", '"00fF"', b"\x00\xff"),
        (bytes, "utf8", '"\\u00e9"', "é".encode()),
        (bytearray, "hex", '"00"', bytearray(1)),
        (bytes, "base64", '"AA=="', b"\0"),
        (Colour, "name", '"SCARLET"', Colour.RED),
        (enum.Enum, "name", '"BLUE"', Colour.BLUE),
        (enum.Enum, "value", '"blue"', Colour.BLUE),
        (Spot, "object", '{"long_name": 1, "y": 2}', Spot(1, 2)),
        (typing.NamedTuple, "object", '{"long_name": 1, "y": 2}', Spot(1, 2)),
    ],
)
def test_formats(cls, format, text, value):
    tp = Colour if cls is enum.Enum else Spot if cls is typing.NamedTuple else cls
    codec = Codec(list[tp], types={cls: format})
    made = codec.decode(f"[{text}]")
    assert made == [value] and type(made[0]) is type(value)
    assert codec.decode(codec.encode([value])) == [value]
    if tp is not bytearray and tp is not Spot:
        assert Codec(dict[tp, int], types={cls: format}).decode(f'{{"{text.strip(chr(34))}": 1}}') == {value: 1}


@pytest.mark.parametrize(
    "value, format",
    [
        (dt.datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC), "unix"),
        (dt.datetime(1, 1, 1, 0, 0, 0, 1, tzinfo=UTC), "unix"),
        (dt.datetime(9999, 12, 31, 23, 59, 59, 999000, tzinfo=UTC), "unix_ms"),
        (dt.timedelta.max, "seconds"),
        (dt.timedelta.min, "seconds"),
        (dt.timedelta(0, 0, -1), "seconds"),
    ],
)
def test_numbers_of_seconds_are_exact(value, format):
    """A float has too few digits for them."""
    cls = type(value)
    types = {cls: format}
    assert Codec(cls, types=types).decode(Codec(types=types).encode(value)) == value
    codec = Codec(dict[cls, cls], types=types)
    assert codec.decode(codec.encode({value: value})) == {value: value}


def test_numbers_of_seconds_with_many_digits():
    codec = Codec(dt.timedelta, types={dt.timedelta: "seconds"})
    tiny = decimal.getcontext().copy()
    tiny.prec = 2
    with decimal.localcontext(tiny):
        assert codec.decode("1234567.8900014999") == dt.timedelta(seconds=1234567, microseconds=890001)
    for text in "1e-999999999", "-0.0", "0.0000004", "-0":
        assert codec.decode(text) == dt.timedelta(0)
    for text in "1e999999999", "-1e300", str(10**30):
        assert refused(text, codec) == [f"$: expected duration, got {text}"]


@pytest.mark.parametrize(
    "cls, format, texts",
    [
        (dt.datetime, "unix", ['"2026-01-01T00:00:00"', "true", "1e300", "null", "[]"]),
        (dt.datetime, "unix_ms", ['"1"', "1e19"]),
        (dt.timedelta, "seconds", ['"PT1S"', "1e300"]),
        (bytes, "hex", ['"0"', '"zz"', '"00 00"', '"é"']),
        (bytes, "utf8", ['"\\ud800"', "1"]),
        (Colour, "name", ['"red"', '"x"', "1"]),
    ],
)
def test_formats_that_are_refused(cls, format, texts):
    for text in texts:
        (message,) = refused(text, Codec(cls, types={cls: format}))
        assert message.startswith("$: expected ")


def test_nan_as_null():
    codec = Codec(list[float], types={float: "null"})
    one, two = codec.decode("[null, 1]")
    assert math.isnan(one) and two == 1.0
    assert Codec(list[Optional[float]], types={float: "null"}).decode("[null]") == [None]
    with pytest.raises(ValidationError):
        decode("[null]", list[float])


def test_hooks_of_types():
    codec = Codec(dict[str, Celsius], types={Celsius: (lambda c: c.degrees, Celsius)})
    assert codec.decode('{"a": 20.5, "b": [1]}') == {"a": Celsius(20.5), "b": Celsius([1])}
    assert codec.decode(codec.encode({"a": Celsius(3)})) == {"a": Celsius(3)}
    with pytest.raises(TypeError, match="Celsius"):
        decode("1", Celsius)
    with pytest.raises(TypeError, match="Celsius"):
        Codec(Celsius, types={Celsius: lambda c: c.degrees}).decode("1")

    def strict(value):
        if type(value) is str:
            raise ValueError("not a temperature")
        if value == 0:
            raise LookupError("passes")
        return Celsius(value)

    codec = Codec(list[Celsius], types={Celsius: (None, strict)})
    with pytest.raises(ValidationError) as told:
        codec.decode('[1, "x", "y"]')
    assert [str(each) for each in told.value.errors] == [
        "$[1]: not a temperature: line 1 column 5 (char 4)",
        "$[2]: not a temperature: line 1 column 10 (char 9)",
    ]
    assert type(told.value.__cause__) is ValueError
    with pytest.raises(LookupError):
        codec.decode("[0]")
    # For a class that is known, too: the basic ones included.
    assert Codec(list[int], types={int: (None, lambda value: int(value) + 1)}).decode('[1, "2"]') == [2, 3]
    assert Codec(Optional[Celsius], types={Celsius: (None, strict)}).decode("null") is None


def test_hooks_get_plain_values():
    seen = []
    codec = Codec(list[Union[decimal.Decimal, Celsius]], types={Celsius: (None, lambda value: seen.append(value))})
    codec.decode('[1.10, {"a": [1.10, -0]}]')
    assert seen == [{"a": [1.1, 0]}] and [type(each) for each in seen[0]["a"]] == [float, int]


def test_register():
    @dataclass
    class Holder:
        c: Optional[Celsius] = None

    with pytest.raises(TypeError, match=r"Holder\.c: .*Celsius"):
        decode("{}", Holder)
    register(Celsius, encode=lambda c: c.degrees, decode=Celsius)
    try:
        assert decode('{"c": 3}', Holder) == Holder(Celsius(3))
        assert decode(Codec().encode(Holder(Celsius(3))), Holder) == Holder(Celsius(3))
        codec = Codec(Holder, types={Celsius: (None, lambda value: Celsius(value * 2))})
        assert codec.decode('{"c": 3}') == Holder(Celsius(6))
        register(Celsius, decode=lambda value: Celsius(-value))
        assert decode('{"c": 3}', Holder) == Holder(Celsius(-3))
        assert decode('{"c": 3}', Codec(Holder)) == Holder(Celsius(-3))
    finally:
        register(Celsius)
    with pytest.raises(TypeError, match=r"Holder\.c: .*Celsius"):
        decode("{}", Holder)


def test_register_for_known_classes():
    codec, own = Codec(dt.date), Codec(dt.date, rename="camel")
    register(dt.date, decode=lambda value: dt.date(*value))
    try:
        assert decode("[[2026, 1, 2]]", list[dt.date]) == [dt.date(2026, 1, 2)]
        for _ in range(3):  # whoever keeps a plan knows that it is an old one
            assert decode("[2026, 1, 2]", dt.date) == dt.date(2026, 1, 2)
            assert codec.decode("[2026, 1, 2]") == own.decode("[2026, 1, 2]") == dt.date(2026, 1, 2)
    finally:
        register(dt.date)
    assert decode('["2026-01-02"]', list[dt.date]) == [dt.date(2026, 1, 2)]
    assert decode('"2026-01-02"', dt.date) == codec.decode('"2026-01-02"') == own.decode('"2026-01-02"')


def test_classes_of_codecs():
    class Strict(Codec):
        def __init__(self, type):
            super().__init__(type, extra="error", errors="first")

    codec = Strict(list[int])
    for _ in range(3):
        assert codec.decode("[1]") == decode("[1]", codec) == [1]
        for errors in ({}, {"errors": "all"}, {"errors": "first"}):
            with pytest.raises(ValidationError) as caught:
                decode('["a", "b"]', codec, **errors)
            assert len(caught.value.errors) == 1


def test_names():
    @dataclass
    class Lost:
        a: "Elsewhere"  # noqa: F821

    with pytest.raises(TypeError, match=r"Lost\.a: .*Elsewhere.*names"):
        Codec(Lost).decode("{}")
    assert Codec(Lost, names={"Elsewhere": int}).decode('{"a": 1}') == Lost(1)
    assert Codec(list["Elsewhere"], names={"Elsewhere": int}).decode("[1]") == [1]  # noqa: F821


def test_names_in_strings_are_looked_up_once():
    codec = Codec(list["Later"])  # noqa: F821
    with pytest.raises(TypeError, match="Later"):
        codec.decode("[]")

    def first():
        Later = int  # noqa: F841
        return codec.decode("[1]")

    def second():
        Later = str  # noqa: F841
        return codec.decode("[1]")

    assert first() == second() == [1]
    assert _decoding.plan_by(codec) is _decoding.plan_by(codec)


def test_a_codec_never_changes():
    codec = Codec(User, rename="camel", extra="error")
    codec.decode('{"userId": 1}')
    with pytest.raises(AttributeError):
        codec.type = int
    with pytest.raises(AttributeError):
        del codec._reading
    assert copy.copy(codec) is codec
    given = {Colour: "name"}
    codec = Codec(Colour, types=given)
    given[Colour] = "value"
    assert codec.decode('"RED"') is Colour.RED


def test_shared_between_threads():
    codec = Codec(list[User], rename="camel")
    results = []

    def work():
        results.append(codec.decode('[{"userId": 1}]'))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [[User(1)]] * 8


def test_raw():
    text = '{"a": [ 1.10 , {"x":"\\u00e9"} ], "b": 2}'
    made = decode(text, dict[str, Raw])
    assert made == {"a": b'[ 1.10 , {"x":"\\u00e9"} ]', "b": b"2"}
    assert type(made["a"]) is Raw
    assert Codec().encode(made) == b'{"a":[ 1.10 , {"x":"\\u00e9"} ],"b":2}'
    assert made["b"].decode(int) == 2
    assert made["a"].decode()[1] == {"x": "é"}
    assert made["b"].decode(Codec(int)) == 2
    with pytest.raises(ValidationError):
        made["b"].decode(str)
    assert decode("[1, null]", list[Union[Raw, None]]) == [b"1", None]
    assert decode(' {"é": "日本"} '.encode(), Raw) == '{"é": "日本"}'.encode()

    @dataclass
    class Envelope:
        kind: str
        payload: Raw

    made = decode('{"payload": {"x": 1}, "kind": "user", "payload": {"y": 1}}', Envelope)
    assert made.payload == b'{"y": 1}'


def test_mappings_that_are_kept():
    codec = Codec(collections.OrderedDict[str, Any])
    assert list(codec.decode('{"b": 1, "a": 2}')) == ["b", "a"]
    assert dataclasses.is_dataclass(User)
