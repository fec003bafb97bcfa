"""Which value of a Literal or an Enum a JSON value is."""

import sys

from . import _reading as r
from ._words import Exact, MinusZero


def look_up(values, value):
    """What a value stands for among Values; MISSING."""
    kind = type(value)
    if kind is str:
        return values.strings.get(value, r.MISSING)
    if kind is int or kind is MinusZero:
        return values.ints.get(value, r.MISSING)
    if kind is float or kind is Exact:
        return values.floats.get(value, r.MISSING)
    if kind is list or kind is dict:
        for each, result in values.others:
            if type(each) is kind and _is_same(each, value):
                return result
        return r.MISSING
    return values.constants.get(value, r.MISSING)


def _is_same(a, b):
    """Whether a value of an Enum (tuples in it are arrays) is a JSON value, the kinds counting."""
    if isinstance(a, tuple):
        a = list(a)
    if type(a) is list is type(b):
        return len(a) == len(b) and all(map(_is_same, a, b))
    if type(a) is dict is type(b):
        return a.keys() == b.keys() and all(_is_same(a[name], b[name]) for name in a)
    return a == b and isinstance(a, bool) == isinstance(b, bool) and isinstance(a, float) == isinstance(b, float)


def is_of_enum_itself(error):
    return error.__context__ is None and error.__cause__ is None and "is not a valid" in str(error)


def ask(cls, value):
    """Return the member that an Enum class makes of a value that none has: not of one that equals a member's of another
    kind."""
    if issubclass(cls, sys.modules["enum"].Flag):
        may_call = type(value) is int
    else:
        try:
            may_call = value not in cls._value2member_map_
        except TypeError:  # a list or dict
            may_call = True
    if not may_call:
        raise ValueError("is not a valid value")
    return cls(value)
