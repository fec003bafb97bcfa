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
