"""decode makes instances of other libraries' classes: attrs, msgspec, pydantic."""

from __future__ import annotations

import dataclasses
import datetime as dt
import gc
import json
from typing import Generic, Literal, Optional, TypeVar, Union

import pytest
from support.compare import native_only

import cyjson
from cyjson import ValidationError, _decoding, _reading, decode

T = TypeVar("T")


def refused(text, tp, **options):
    """The messages of the mismatches."""
    with pytest.raises(ValidationError) as told:
        decode(text, tp, **options)
    return [f"{each.path}: {each.message}" for each in told.value.errors]


def test_attrs():
    attrs = pytest.importorskip("attrs")

    @attrs.define
    class Point:
        x: int
        _hidden: str = "h"
        items: list[int] = attrs.field(factory=list)
        derived: int = attrs.field(init=False, default=attrs.Factory(lambda self: self.x + 1, takes_self=True))

    made = decode('{"x": 1, "_hidden": "z", "derived": "past"}', Point)
    assert made == Point(1, "z") and made.derived == 2
    assert decode('{"x": 1}', Point) == Point(1)
    assert refused('{"x": "1"}', Point) == ["$.x: expected int, got str"]

    @attrs.frozen(kw_only=True)
    class Checked:
        x: int = attrs.field(validator=attrs.validators.gt(0))
        y: str = attrs.field(converter=str.upper, default="y")
        z: int = attrs.field(converter=int, default="3")
        other: int = attrs.field(alias="called", default=1)

    assert decode('{"x": 1, "y": "a", "z": "12", "other": 5}', Checked) == Checked(x=1, y="a", z="12", called=5)
    assert decode('{"x": 1}', Checked) == Checked(x=1)
    with pytest.raises(ValidationError) as told:
        decode('{"x": 0}', Checked)
    assert isinstance(told.value.__cause__, ValueError)

    @attrs.define
    class Chosen:
        a: int = attrs.field(validator=attrs.validators.in_([1, 2]))

    assert refused('{"a": 3}', Chosen) == ["$: 'a' must be in [1, 2] (got 3)"]  # the first of the exception's arguments
    assert refused('{"x": 1, "z": "no"}', Checked)

    @attrs.define
    class Annotated:
        when: dt.date = attrs.field(converter=_to_date)

    assert decode('{"when": 3}', Annotated).when == dt.date(2026, 1, 3)
    assert refused('{"when": "x"}', Annotated) == ["$.when: expected int, got str"]

    @attrs.define
    class PostInit:
        a: int
        b: int = attrs.field(default=0, metadata={"json": "B"})

        def __attrs_post_init__(self):
            self.a += 1

    assert decode('{"a": 1, "B": 2}', PostInit) == PostInit(1, 2)

    @attrs.define
    class GenericBox(Generic[T]):
        value: T

    assert refused('{"value": "x"}', GenericBox[int]) == ["$.value: expected int, got str"]


def _to_date(day: int) -> dt.date:
    return dt.date(2026, 1, day)


def test_structs():
    msgspec = pytest.importorskip("msgspec")

    class Point(msgspec.Struct):
        x: int
        y: list[int] = []
        z: str = msgspec.field(name="zed", default="z")

    assert decode('{"x": 1, "zed": "q"}', Point) == Point(1, [], "q")
    assert decode('{"x": 1}', Point).y is not decode('{"x": 1}', Point).y
    assert refused('{"x": "1"}', Point) == ["$.x: expected int, got str"]

    class Strict(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
        a: int = 1
        b: str

    assert decode('{"b": "x"}', Strict) == Strict(b="x")
    assert refused('{"b": "x", "c": 1}', Strict) == ["$.c: unknown member"]

    class Cat(msgspec.Struct, tag="cat"):
        lives: int

    class Dog(msgspec.Struct, tag=True):
        name: str

    assert decode('[{"type": "cat", "lives": 9}, {"name": "x", "type": "Dog"}]', list[Union[Cat, Dog]]) == [
        Cat(9),
        Dog("x"),
    ]
    assert decode('{"lives": 9}', Cat) == Cat(9)
    assert refused('{"type": "cow", "lives": 9}', Cat) == ['$.type: expected "cat", got "cow"']

    class Unset(msgspec.Struct):
        a: Union[int, None, msgspec.UnsetType] = msgspec.UNSET

    assert decode("{}", Unset).a is msgspec.UNSET and decode('{"a": null}', Unset).a is None
    assert refused('{"a": "x"}', Unset) == ["$.a: expected int or null, got str"]

    class Row(msgspec.Struct, array_like=True):
        a: int
        b: str = "b"

    assert decode('[1, "x"]', Row) == Row(1, "x")
    assert decode("[1]", Row) == Row(1)

    class Tagged(msgspec.Struct, array_like=True, tag="t", kw_only=True):
        a: int

    assert decode('["t", 1]', Tagged) == Tagged(a=1)
    assert decode('["t", 1, "of a later version"]', Tagged) == Tagged(a=1)
    assert decode('[[1, "x", null, []]]', list[Row]) == [Row(1, "x")]
    assert refused('[1, "x", null]', cyjson.Codec(Row, extra="error")) == [
        "$: expected array of 1 to 2, got array of 3"
    ]

    class Strict(msgspec.Struct, array_like=True, forbid_unknown_fields=True):
        a: int

    assert refused("[1, 2]", Strict) == ["$: expected array of 1, got array of 2"]

    class Checked(msgspec.Struct):
        a: int

        def __post_init__(self):
            if self.a < 0:
                raise ValueError("negative")

    assert refused('{"a": -1}', Checked) == ["$: negative"]


def test_attrs_instances_are_those_that_a_call_makes():
    attrs = pytest.importorskip("attrs")

    @attrs.frozen(cache_hash=True)
    class Kept:
        x: int

    @attrs.define(unsafe_hash=True, cache_hash=True)
    class KeptToo:
        x: int

    @attrs.define
    class Doubles:
        x: int

        def __setattr__(self, name, value):
            object.__setattr__(self, name, 2 * value)

    class Doubling:
        def __setattr__(self, name, value):
            super().__setattr__(name, 2 * value)

    @attrs.define(slots=False)
    class Inherits(Doubling):
        x: int

    @attrs.define
    class NotCalled:
        x: int

    class Sub(NotCalled):
        def __attrs_post_init__(self):
            self.x = -1

    @attrs.frozen
    class OtherDefault:
        x: int = 2

    OtherDefault.__init__.__defaults__ = (5,)

    for cls in Kept, KeptToo, Doubles, Inherits, Sub:
        assert decode('{"x": 1}', cls).x == cls(x=1).x
    assert decode("{}", OtherDefault) == OtherDefault() == OtherDefault(5)
    assert {decode('{"x": 1}', Kept)} == {Kept(1)} and hash(decode('{"x": 1}', KeptToo)) == hash(KeptToo(1))


def test_names_of_pydantic_models_in_unions():
    pydantic = pytest.importorskip("pydantic")

    class Aliased(pydantic.BaseModel):
        a: int = pydantic.Field(validation_alias="V")

    class Choices(pydantic.BaseModel):
        a: int = pydantic.Field(validation_alias=pydantic.AliasChoices("V", pydantic.AliasPath("W", 0)))

    class ByName(pydantic.BaseModel):
        model_config = pydantic.ConfigDict(populate_by_name=True)
        a: int = pydantic.Field(alias="V")

    class Tagged(pydantic.BaseModel):
        a: Literal["x"] = pydantic.Field(validation_alias="kind")

    class Other(pydantic.BaseModel):
        b: int

    class OtherTag(pydantic.BaseModel):
        kind: Literal["y"]

    for cls, text in (
        (Aliased, '{"V": 1}'),
        (Choices, '{"V": 1}'),
        (Choices, '{"W": [1]}'),
        (ByName, '{"V": 1}'),
        (ByName, '{"a": 1}'),
    ):
        assert decode(text, Union[cls, Other]) == cls.model_validate_json(text)
        assert decode('{"b": 2}', Union[cls, Other]) == Other(b=2)
    assert decode('{"kind": "x"}', Union[Tagged, OtherTag]) == Tagged(kind="x")
    assert decode('{"kind": "y"}', Union[Tagged, OtherTag]) == OtherTag(kind="y")


def test_pydantic():
    pydantic = pytest.importorskip("pydantic")

    class User(pydantic.BaseModel):
        id: int
        name: str = pydantic.Field(default="none", alias="Name")
        when: Optional[dt.datetime] = None
        price: float = 0

    assert refused('[{"Name": "x"}]', list[User]) == ['$[0]: Field required: "id"']
    text = '{"id": "12", "Name": "x", "when": 0, "price": 1.10}'
    assert decode(text, User) == User.model_validate_json(text)
    made = decode(f'{{"users": [{text}, {{"id": 3}}]}}', dict[str, list[User]])
    assert made["users"] == [User.model_validate_json(text), User(id=3)]
    with pytest.raises(ValidationError) as told:
        decode('[{"id": 1},\n {"id": "x", "price": []}, {}]', list[User])
    paths = [(each.path, each.lineno, each.colno) for each in told.value.errors]
    assert paths == [("$[1].id", 2, 9), ("$[1].price", 2, 23), ("$[2]", 2, 28)]
    assert isinstance(told.value.__cause__, pydantic.ValidationError)

    class Raising(pydantic.BaseModel):
        a: int

        @pydantic.field_validator("a")
        @classmethod
        def check(cls, value):
            raise LookupError("passes")

    with pytest.raises(LookupError):
        decode('{"a": 1}', Raising)

    @pydantic.dataclasses.dataclass
    class Modern:
        a: int

    assert decode('{"a": "1"}', Modern) == Modern(1)

    class Cat(pydantic.BaseModel):
        kind: Literal["cat"]

    class Dog(pydantic.BaseModel):
        kind: Literal["dog"]

    assert decode('[{"kind": "dog"}, null]', list[Union[Cat, Dog, None]]) == [Dog(kind="dog"), None]


@native_only
def test_pydantic_by_the_extension(monkeypatch):
    """The validator gets the text of its value; the rest of the document is read as ever."""
    pydantic = pytest.importorskip("pydantic")

    class User(pydantic.BaseModel):
        id: int
        name: str = "none"

    @dataclasses.dataclass
    class Group:
        users: list[User]
        owner: Optional[User] = None

    class Numbers(pydantic.RootModel[list[int]]):
        pass

    text = '{"users": [ {"id": 1, "name": "\\u00e9é"} , {"name": "a", "id": "2", "x": [{}]}], "owner": {"id": 3}}'
    expected = Group([User(id=1, name="éé"), User(id=2, name="a")], User(id=3))
    plan, numbers = _reading.plan_of(Group), _reading.plan_of(Numbers)
    assert _decoding.decode_text(text, plan) == expected
    with monkeypatch.context() as patch:
        patch.setattr(_decoding, "READERS", [None] * len(_decoding.READERS))
        for data in text, text.encode():
            assert decode(data, Group) == expected
        assert decode(" [1, 2]", Numbers) == Numbers([1, 2])
    for text in (
        '{"users": [{"id": 1}, {"id": NaN}]}',
        '{"users": [{"id": 1,}]}',
        '{"users": [{"id": "x"}, {}]}',
        "[1,",
        '"',
    ):
        for tp, by in (Group, plan), (Numbers, numbers):
            with pytest.raises(json.JSONDecodeError) as ours:
                decode(text, tp)
            with pytest.raises(json.JSONDecodeError) as theirs:
                _decoding.decode_text(text, by)
            assert (str(ours.value), ours.value.pos) == (str(theirs.value), theirs.value.pos)
            assert getattr(ours.value, "errors", None) == getattr(theirs.value, "errors", None)


@native_only
def test_pydantic_validators_that_meddle():
    """What a validator does while a document is read: it decodes, collects, and drops what was read before."""
    pydantic = pytest.importorskip("pydantic")
    seen = []

    class Item(pydantic.BaseModel):
        n: int

        @pydantic.field_validator("n")
        @classmethod
        def check(cls, value):
            seen.append(value)
            gc.collect()
            if value > 0:
                assert decode(f'[{{"n": {value - 1}}}]', list[Item])[0].n == value - 1
            if value == 7:
                raise KeyError("passes")
            return value

    text = '[[{"n": 0}, "a"], [{"n": 2}, "b"]]'
    made = decode(text, list[tuple[Item, str]])
    assert [(each.n, name) for each, name in made] == [(0, "a"), (2, "b")] and seen == [0, 2, 1, 0]
    with pytest.raises(KeyError):
        decode('[[{"n": 7}, "a"]]', list[tuple[Item, str]])
    with pytest.raises(json.JSONDecodeError) as told:  # the text counts before what hooks raise
        decode('[[{"n": 7}, "a"]', list[tuple[Item, str]])
    assert not isinstance(told.value, ValidationError)
