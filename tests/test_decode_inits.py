"""decode calls a class by what its __init__ takes and its annotations say."""

from __future__ import annotations

import dataclasses
import functools
from dataclasses import InitVar, dataclass, field

import pytest

from cyjson import ValidationError, decode


def refused(text, tp):
    """The messages of the mismatches."""
    with pytest.raises(ValidationError) as told:
        decode(text, tp)
    return [f"{each.path}: {each.message}" for each in told.value.errors]


def test_fields_that_make_dataclass_has_no_types_of():
    made = dataclasses.make_dataclass("Made", ["a", ("b", int)])
    assert decode('{"a": [1], "b": 2}', made) == made([1], 2)


def test_an_init_that_takes_anything():
    """Its members can't be checked, and mustn't be lost without a word."""

    class Anything:
        def __init__(self, *args, **kwargs):
            pass

    with pytest.raises(TypeError, match="no document can be decoded"):
        decode("{}", Anything)

    class Decorated:
        @(lambda init: functools.wraps(init)(lambda *args, **kwargs: init(*args, **kwargs)))
        def __init__(self, a: int):
            self.a = a

    assert decode('{"a": 1}', Decorated).a == 1
    assert refused('{"a": "1"}', Decorated) == ["$.a: expected int, got str"]


def test_an_init_var_of_any_type():
    @dataclass
    class Made:
        a: int
        b: InitVar
        c: dataclasses.InitVar = 3
        got: list = field(init=False)

        def __post_init__(self, b, c):
            self.got = [b, c]

    assert decode('{"a": 1, "b": [2]}', Made).got == [[2], 3]
    assert refused('{"a": 1}', Made) == ['$: missing member "b"']


def test_an_init_whose_parameters_the_class_annotates():
    @dataclass
    class Own:
        a: int
        b: list[int] = field(default_factory=list)

        def __init__(self, a, b=None, c=5):
            self.a, self.b, self.c = a, b, c

    class Plain:
        a: int

        def __init__(self, a):
            self.a = a

    made = decode('{"a": 1, "b": [2], "c": "any"}', Own)
    assert (made.a, made.b, made.c) == (1, [2], "any")
    assert decode('{"a": 1}', Own).b is None and decode('{"a": 1}', Plain).a == 1
    for tp in Own, Plain:
        assert refused('{"a": "1"}', tp) == ["$.a: expected int, got str"]

    class Half:
        a: int

        def __init__(self, a, b):
            pass

    with pytest.raises(TypeError, match=r"Half\.b: the parameter has no annotation"):
        decode("{}", Half)


def outcome(call):
    """The fields of what is made, or what is raised."""
    try:
        made = call()
    except Exception as error:
        return type(error)
    return {name: getattr(made, name, "unset") for name in ("a", "b", "c")}, getattr(made, "__dict__", None)


@dataclass
class Base:
    a: int


class NotCalled(Base):
    def __post_init__(self):
        self.a = -1


@dataclass(init=False)
class Inherits(Base):
    b: int = 7


@dataclass
class Slotted:
    __slots__ = ("a",)
    a: int
    b: int = field(init=False, default=3)


@dataclass(slots=True)
class Assigns:
    a: int
    c: int = field(init=False, default=3)


class AssignsToo(Assigns):
    pass


@dataclass(slots=True)
class Hides(Assigns):
    c = 99


@dataclass
class Plain:
    a: int
    c: int = field(init=False, default=3)


class WithSlots(Plain):
    __slots__ = ("b",)


@dataclass
class Added:
    a: int


Added.__post_init__ = lambda self: setattr(self, "a", -1)


@dataclass
class Deleted:
    a: int

    def __post_init__(self):
        pass


del Deleted.__post_init__


@dataclass
class OtherDefaults:
    a: int
    b: int = 2
    c: int = field(default=3, kw_only=True)


OtherDefaults.__init__.__defaults__ = (77,)
OtherDefaults.__init__.__kwdefaults__["c"] = 78

EXECUTED = """
from dataclasses import dataclass
@dataclass
class Executed:
    a: int
    b: int = 2
    def __init__(self, a: int, b: int = 5) -> None:
        self.a, self.b = 2 * a, b
"""
executed = {"__name__": __name__}
exec(EXECUTED, executed)  # code of no file, as what dataclass writes

CLASSES = [NotCalled, Inherits, Slotted, Assigns, AssignsToo, Hides, Plain, WithSlots, Added, Deleted, OtherDefaults]


@pytest.mark.parametrize("cls", [*CLASSES, executed["Executed"]], ids=lambda cls: cls.__name__)
def test_instances_are_those_that_a_call_makes(cls):
    for _ in range(2):
        assert outcome(lambda: decode('{"a": 1}', cls)) == outcome(lambda: cls(a=1))
