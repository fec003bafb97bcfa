"""The constraints of ``Annotated``: whether a value fulfils them, and what is said where it doesn't."""

import operator

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
    kind = type(value).__name__
    if (
        isinstance(argument, int)
        and isinstance(value, int)
        or not (isinstance(value, (int, float)) or kind in ("Decimal", "Fraction"))
    ):
        return not value % argument
    if "Fraction" in (kind, type(argument).__name__):
        from fractions import Fraction

        return not Fraction(str(value)) % Fraction(str(argument))
    from decimal import Decimal  # exactly: 0.3 is a multiple of 0.1 as the digits say

    _, digits, exponent = Decimal(str(value)).as_tuple()
    _, step, unit = Decimal(str(argument)).as_tuple()
    if isinstance(exponent, str) or isinstance(unit, str):  # infinite, or NaN
        return False
    digits, step = _whole(digits), _whole(step)
    if exponent < unit:  # what is less than a digit of it has to be nothing: a power of ten may be of any size
        few = min(unit - exponent, len(str(digits)) + 1) if digits else 0
        digits, rest = divmod(digits, 10**few)
        return not rest and not digits % step
    return not digits * pow(10, exponent - unit, step) % step


def _whole(digits):
    return int("".join(map(str, digits)))


def _compares(compare):
    def check(value, argument):
        try:
            return compare(value, argument)
        except ArithmeticError:  # of a NaN of Decimal's
            return False

    return check


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
    r.GT: _compares(operator.gt),
    r.GE: _compares(operator.ge),
    r.LT: _compares(operator.lt),
    r.LE: _compares(operator.le),
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
