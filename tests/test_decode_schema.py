"""Codec(T).schema() is a JSON Schema (draft 2020-12) that takes what decode takes."""

import collections
import datetime as dt
import decimal
import enum
import ipaddress
import json
import pathlib
import re
import uuid
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, NamedTuple, Optional, TypedDict, Union

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.documents import documents
from support.typed import LIMITS, broken, encode, pairs

from cyjson import Codec, ValidationError

jsonschema = pytest.importorskip("jsonschema")

DRAFT = "https://json-schema.org/draft/2020-12/schema"


class Ge:
    def __init__(self, ge):
        self.ge = ge


class Length:
    def __init__(self, min_length=None, max_length=None):
        self.min_length, self.max_length = min_length, max_length


class Colour(enum.Enum):
    RED = "red"
    ONE = 1


class Bits(enum.IntFlag):
    A = 1


@dataclass
class Address:
    """Where somebody lives."""

    street: str
    zip: Annotated[str, re.compile("^[0-9]{5}$")] = "00000"


@dataclass
class Person:
    name: Annotated[str, Length(1)]
    age: Annotated[int, Ge(0)]
    home: Optional[Address] = None
    friends: "list[Person]" = field(default_factory=list)
    born: Optional[dt.date] = None


class Spot(NamedTuple):
    x: int
    y: float = 0.0


class Film(TypedDict, total=False):
    title: str


def schema_of(tp, **options):
    made = Codec(tp, **options).schema()
    assert made["$schema"] == DRAFT
    jsonschema.Draft202012Validator.check_schema(made)
    json.dumps(made)
    return made


def test_a_class():
    assert schema_of(Person) == {
        "$schema": DRAFT,
        "$ref": "#/$defs/Person",
        "$defs": {
            "Person": {
                "title": "Person",
                "type": "object",
                "properties": {
                    "name": {"type": "string", "minLength": 1},
                    "age": {"type": "integer", "minimum": 0},
                    "home": {"anyOf": [{"$ref": "#/$defs/Address"}, {"type": "null"}], "default": None},
                    "friends": {"type": "array", "items": {"$ref": "#/$defs/Person"}},
                    "born": {"anyOf": [{"type": "string", "format": "date"}, {"type": "null"}], "default": None},
                },
                "required": ["name", "age"],
            },
            "Address": {
                "title": "Address",
                "description": "Where somebody lives.",
                "type": "object",
                "properties": {
                    "street": {"type": "string"},
                    "zip": {"type": "string", "pattern": "^[0-9]{5}$", "default": "00000"},
                },
                "required": ["street"],
            },
        },
    }


def test_policies():
    made = schema_of(Address, rename="upper", extra="error")["$defs"]["Address"]
    assert list(made["properties"]) == ["STREET", "ZIP"] and made["additionalProperties"] is False
    assert schema_of(dt.datetime, types={dt.datetime: "unix"}) == {"$schema": DRAFT, "type": "number"}
    assert schema_of(bytes, types={bytes: "hex"})["pattern"]


DOCUMENTS = [
    *("null", "true", "0", "1", "-3", "1.5", '"x"', '"red"', '"1"', '""', "[]", "[1]", '["x"]', "[1, 2.5]", "{}"),
    *('{"a": 1}', '{"1": 2}', '{"title": "t"}', '{"title": 3}', '{"x": 1}', '{"street": "s", "zip": "12345"}'),
    *('{"street": "s", "zip": "x"}', '{"name": "n", "age": 3}', '{"name": "", "age": -3}', '"2026-01-02"'),
    *('{"name": "n", "age": 3, "friends": [{"name": "m"}]}', '{"kind": "a"}', '{"kind": "b"}', "[[1], [[2]]]"),
    '"12345678123456781234567812345678"',
]


@dataclass
class A:
    kind: Literal["a"]


@dataclass
class B:
    kind: Literal["b"] = "b"


@pytest.mark.parametrize(
    "tp",
    [
        Any,
        int,
        float,
        str,
        bool,
        None,
        Colour,
        Literal["x", 1, True, None],
        list[int],
        set[str],
        tuple[int, float],
        tuple[()],
        collections.deque[Any],
        dict[str, int],
        dict[int, int],
        dict[Colour, int],
        dict[Literal["a", 1], int],
        dict[Annotated[str, re.compile("^a$")], int],
        Optional[int],
        Union[int, str, list[float]],
        Person,
        Address,
        Spot,
        Film,
        Union[A, B],
        Annotated[list[int], Length(1, 1)],
        Annotated[Optional[int], Ge(0)],
        decimal.Decimal,
        uuid.UUID,
        pathlib.Path,
        list[Union[int, list[Union[int, list[int]]]]],
    ],
)
def test_it_takes_what_decode_takes(tp):
    codec = Codec(tp)
    validator = jsonschema.Draft202012Validator(schema_of(tp))
    for text in DOCUMENTS:
        try:
            codec.decode(text)
            taken = True
        except ValidationError:
            taken = False
        assert validator.is_valid(json.loads(text)) == taken, text


@pytest.mark.long
@LIMITS
@given(st.data())
def test_of_generated_types(data):
    """What decode takes is valid, of documents that encode writes and of such that were broken."""
    tp, values = data.draw(pairs)
    document = encode(data.draw(values))
    codec = Codec(tp)
    try:
        validator = jsonschema.Draft202012Validator(schema_of(tp))
    except TypeError as error:
        assert "told apart" in str(error) or "keys must be scalars" in str(error)
        return
    assert validator.is_valid(json.loads(document))
    changed = data.draw(broken(document))
    try:
        codec.decode(changed)
    except ValueError:
        return
    assert validator.is_valid(json.loads(changed))


@pytest.mark.long
@LIMITS
@given(st.data())
def test_what_is_valid_is_taken(data):
    tp, _ = data.draw(pairs)
    codec = Codec(tp)
    try:
        schema = schema_of(tp)
    except TypeError as error:
        assert "told apart" in str(error) or "keys must be scalars" in str(error)
        return
    document = data.draw(documents(schema))
    try:
        codec.decode(json.dumps(document))
    except ValidationError as error:
        # A Flag without these bits, an exponent of too many digits, a denominator of zero: no schema can say so.
        known = "expected 1 or 2", "expected Decimal", "expected Fraction"
        assert all(each.message.startswith(known) for each in error.errors), (document, error)


def test_formats_and_others():
    for tp, expected in (
        (dt.datetime, {"type": "string", "format": "date-time"}),
        (dt.time, {"type": "string", "format": "time"}),
        (dt.timedelta, {"type": "string", "format": "duration"}),
        (ipaddress.IPv4Address, {"type": "string", "format": "ipv4"}),
        (ipaddress.IPv6Network, {"type": "string"}),
        (bytes, {"type": "string", "contentEncoding": "base64"}),
        (Bits, {"type": "integer"}),
    ):
        assert schema_of(tp) == {"$schema": DRAFT, **expected}


def test_names_that_are_the_same():
    one = dataclass(type("Same", (), {"__annotations__": {"a": int}, "__module__": __name__}))
    two = dataclass(type("Same", (), {"__annotations__": {"b": int}, "__module__": __name__}))
    made = schema_of(tuple[one, two, one])
    assert list(made["$defs"]) == ["Same", "Same2"]
    assert [each["$ref"] for each in made["prefixItems"]] == ["#/$defs/Same", "#/$defs/Same2", "#/$defs/Same"]


def test_unknown_members():
    @dataclass
    class Rest:
        a: int
        rest: dict[str, int] = field(default_factory=dict, metadata={"json": "**"})

    made = schema_of(Rest)["$defs"]["Rest"]
    assert made["properties"] == {"a": {"type": "integer"}} and made["additionalProperties"] == {"type": "integer"}


def test_pydantic():
    pydantic = pytest.importorskip("pydantic")

    class Inner(pydantic.BaseModel):
        a: int

    class Outer(pydantic.BaseModel):
        inner: Inner

    made = schema_of(list[Outer])
    jsonschema.validate([{"inner": {"a": 1}}], made)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate([{"inner": {"a": "x"}}], made)
