"""Texts of dates, durations, UUIDs, addresses and the like, as ``decode`` reads them.

Each function takes a str and the Node, and returns the object; ValueError, or what _REFUSALS names, where the text
isn't of the format.
"""

import re
import sys

from . import _reading as r

REFUSALS = (ValueError, ArithmeticError, LookupError, OSError)  # of these functions, which run no code of the user's

_DATE = r"(\d{4})-(\d\d)-(\d\d)"
_TIME = r"(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?"
# RFC 3339 has offsets of minutes only; isoformat writes the seconds of those that have them.
_OFFSET = r"(?:([Zz])|([+-])(\d\d):([0-5]\d)(?::([0-5]\d)(?:\.(\d{1,6}))?)?)?"
_match_date = re.compile(_DATE, re.ASCII).fullmatch
_match_time = re.compile(_TIME + _OFFSET, re.ASCII).fullmatch
_match_datetime = re.compile(f"{_DATE}[Tt ]{_TIME}{_OFFSET}", re.ASCII).fullmatch
_match_duration = re.compile(
    r"([+-]?)P(?:(\d+)W|(?=\d|T\d)(?:(\d+)D)?(?:T(?=\d)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:\.(\d{1,9}))?S)?)?)", re.ASCII
).fullmatch
_match_uuid = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[0-9a-fA-F]{32}").fullmatch
_match_decimal = re.compile(r"[+-]?(?:(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?|Infinity)|NaN", re.ASCII).fullmatch
_match_fraction = re.compile(r"[+-]?\d+(?:/\d+)?", re.ASCII).fullmatch
_match_hex = re.compile(r"(?:[0-9a-fA-F]{2})*").fullmatch


def _microseconds(digits):
    """The first six digits of a fraction of a second."""
    return int(f"{digits:0<6}"[:6]) if digits else 0


def _zone(z, sign, hours, minutes, seconds, fraction):
    from datetime import timedelta, timezone

    if z:
        return timezone.utc
    if sign is None:
        return None
    if int(hours) > 23:
        raise ValueError("an offset has less than 24 hours")
    offset = timedelta(0, int(seconds or 0), _microseconds(fraction), 0, int(minutes), int(hours))
    return timezone(-offset if sign == "-" else offset) if offset else timezone.utc


def _found(match, text):
    found = match(text)
    if found is None:
        raise ValueError(text)
    return found.groups()


def read_datetime(text, node):
    year, month, day, hour, minute, second, fraction, *zone = _found(_match_datetime, text)
    parts = int(year), int(month), int(day), int(hour), int(minute), int(second), _microseconds(fraction)
    return node.cls(*parts, _zone(*zone))


def read_date(text, node):
    year, month, day = _found(_match_date, text)
    return node.cls(int(year), int(month), int(day))


def read_time(text, node):
    hour, minute, second, fraction, *zone = _found(_match_time, text)
    return node.cls(int(hour), int(minute), int(second), _microseconds(fraction), _zone(*zone))


def read_timedelta(text, node):
    sign, weeks, days, hours, minutes, seconds, fraction = _found(_match_duration, text)
    factor = -1 if sign == "-" else 1
    parts = (days, seconds, _microseconds(fraction), 0, minutes, hours, weeks)
    return node.cls(*(factor * int(part or 0) for part in parts))


def read_uuid(text, node):
    if not _match_uuid(text):
        raise ValueError(text)
    return node.cls(text)


def read_decimal(text, node):
    _found(_match_decimal, text)
    return node.cls(text)


def read_fraction(text, node):
    _found(_match_fraction, text)
    return node.cls(text)


def read_bytes(text, node):
    if node.data == "utf8":
        data = text.encode()
    elif node.data == "hex":
        if not _match_hex(text):
            raise ValueError(text)
        data = bytes.fromhex(text)
    else:
        from binascii import a2b_base64, b2a_base64

        encoded = text.encode("ascii")
        data = a2b_base64(encoded)
        # Equal to what is written only if there is nothing in it but the alphabet, and all the padding.
        if b2a_base64(data, newline=False) != encoded:
            raise ValueError(text)
    return data if node.cls is bytes else node.cls(data)


def read_by_class(text, node):
    return node.cls(text)


READERS = {
    r.DATETIME: read_datetime,
    r.DATE: read_date,
    r.TIME: read_time,
    r.TIMEDELTA: read_timedelta,
    r.UUID: read_uuid,
    r.DECIMAL: read_decimal,
    r.FRACTION: read_fraction,
    r.ZONEINFO: read_by_class,
    r.PATH: read_by_class,
    r.ADDRESS: read_by_class,
    r.BYTES: read_bytes,
}


def of_number(number, node):
    """A datetime, date or timedelta of an int or an Exact: seconds or milliseconds since 1970 in UTC, or seconds."""
    import datetime

    scale = 1000 if node.data == "unix_ms" else 10**6
    microseconds = number * scale if isinstance(number, int) else _rounded(number, scale)
    if node.kind == r.TIMEDELTA:
        return node.cls(0, 0, microseconds)
    moment = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc) + datetime.timedelta(0, 0, microseconds)
    if node.kind == r.DATE:
        return node.cls.fromordinal(moment.toordinal())
    return node.cls.combine(moment, moment.timetz())


def _rounded(number, scale):
    """The product of an Exact, by its digits, as the nearest int."""
    from decimal import Context, Decimal

    if not -1e20 < number < 1e20:
        raise OverflowError(number.text)
    context = Context(prec=40)
    return int(context.multiply(Decimal(number.text), scale).to_integral_value(context=context))


NAMES = {
    r.DATETIME: "datetime",
    r.DATE: "date",
    r.TIME: "time",
    r.TIMEDELTA: "duration",
    r.UUID: "UUID",
    r.DECIMAL: "Decimal",
    r.FRACTION: "Fraction",
    r.ZONEINFO: "time zone",
    r.PATH: "path",
    r.BYTES: "base64",
}


def fullname(cls):
    """For messages."""
    return cls.__qualname__ if isinstance(cls, type) else repr(cls)


# Kinds of numpy's dtypes, and what they are made of
_LEAVES = {"b": (bool,), "i": (int,), "u": (int,), "f": (int, float), "c": (int, float), "U": (str,)}


def wrong_leaf(value, node):
    """None, or (path, message) of the first item of nested lists that a dtype isn't made of."""
    leaf = None if node.data is None else _LEAVES.get(node.data.kind)
    return None if leaf is None else _wrong_leaf(value, leaf)


def _wrong_leaf(value, leaf):
    for index, each in enumerate(value):
        if type(each) is list:
            found = _wrong_leaf(each, leaf)
            if found is not None:
                return (index, *found[0]), found[1]
        elif type(each) not in leaf:
            from ._words import kind_name

            return (index,), f"expected {' or '.join(kind.__name__ for kind in leaf)}, got {kind_name(each)}"
    return None


def numpy_array(value, node):
    """An ndarray of nested lists; ValueError where they aren't one."""
    numpy = sys.modules["numpy"]
    try:
        with numpy.errstate(over="ignore"):  # infinite, as a float is
            return numpy.array(value, node.data)
    except OverflowError as error:
        raise ValueError(str(error)) from None
