"""The constraints of ``Annotated``: whether a value fulfils them, and what is said where it doesn't."""

from . import _reading as r
from ._words import shown

HOOK_ERRORS = (ValueError, TypeError, AssertionError)  # of these, what a user's function raises is a mismatch


def first_failed(constraints, value):
    """None, or (message, cause) of the first constraint that a value doesn't fulfil."""
    if value is None:
        return None
    for constraint, argument in constraints:
        try:
            if _CHECKS[constraint](value, argument):
                continue
        except HOOK_ERRORS as error:
            return str(error) or type(error).__name__, error
        return _MESSAGES[constraint](value, argument), None
    return None


def _is_multiple(value, argument):
    if isinstance(value, int) and isinstance(argument, int) or not hasattr(value, "is_integer"):
        if type(value).__name__ != "Decimal":
            return not value % argument
    from fractions import Fraction  # exactly: 0.3 is a multiple of 0.1 as the digits say

    try:
        return not Fraction(str(value)) % Fraction(str(argument))
    except ValueError:  # infinite
        return False


def _has_timezone(value, argument):
    zone = value.tzinfo
    if argument is None:
        return zone is None
    if zone is None:
        return False
    if argument is ...:
        return True
    if isinstance(argument, str):
        from zoneinfo import ZoneInfo

        argument = ZoneInfo(argument)
    return value.utcoffset() == value.replace(tzinfo=argument).utcoffset()


_CHECKS = {
    r.GT: lambda value, argument: value > argument,
    r.GE: lambda value, argument: value >= argument,
    r.LT: lambda value, argument: value < argument,
    r.LE: lambda value, argument: value <= argument,
    r.MULTIPLE_OF: _is_multiple,
    r.MIN_LENGTH: lambda value, argument: len(value) >= argument,
    r.MAX_LENGTH: lambda value, argument: len(value) <= argument,
    r.TIMEZONE: _has_timezone,
    r.PREDICATE: lambda value, argument: argument(value),
    r.NOT: lambda value, argument: not argument(value),
    r.PATTERN: lambda value, argument: argument.search(value),
}


def _named(function):
    return getattr(function, "__name__", None) or repr(function)


def _counted(value, argument, which):
    return f"expected a length of at {which} {argument}, got {len(value)}"


def _bounded(sign):
    return lambda value, argument: f"expected {sign} {argument}, got {_short(value)}"


def _short(value):
    text = str(value)
    return text if len(text) <= 60 else f"{text[:50]}…"


_MESSAGES = {
    r.GT: _bounded(">"),
    r.GE: _bounded(">="),
    r.LT: _bounded("<"),
    r.LE: _bounded("<="),
    r.MULTIPLE_OF: _bounded("a multiple of"),
    r.MIN_LENGTH: lambda value, argument: _counted(value, argument, "least"),
    r.MAX_LENGTH: lambda value, argument: _counted(value, argument, "most"),
    r.TIMEZONE: lambda value, argument: (
        "expected "
        + ("no time zone" if argument is None else "a time zone" if argument is ... else f"the time zone {argument}")
    ),
    r.PREDICATE: lambda value, argument: f"{_named(argument)} doesn't hold",
    r.NOT: lambda value, argument: f"{_named(argument)} holds",
    r.PATTERN: lambda value, argument: f"expected a match of {argument.pattern!r}, got {shown(value)}",
}
