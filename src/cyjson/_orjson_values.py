"""What orjson's rules make of objects that aren't JSON's own: for ``cyjson.orjson``, on both backends."""

import dataclasses
import enum
import sys
from datetime import date, datetime, time, timedelta, timezone
from uuid import UUID

INDENT_2 = 1
NAIVE_UTC = 1 << 1
NON_STR_KEYS = 1 << 2
OMIT_MICROSECONDS = 1 << 3
SERIALIZE_NUMPY = 1 << 4
SORT_KEYS = 1 << 5
STRICT_INTEGER = 1 << 6
UTC_Z = 1 << 7
PASSTHROUGH_SUBCLASS = 1 << 8
PASSTHROUGH_DATETIME = 1 << 9
APPEND_NEWLINE = 1 << 10
PASSTHROUGH_DATACLASS = 1 << 11
MOST = (1 << 12) - 1  # all options together
DEEPEST = 254  # containers in one another, and calls of default

# What stand_in() finds an object to be.
UNKNOWN = 0  # default is asked
VALUE = 1  # another object, which is written in its place
TEXT = 2  # bytes, which are JSON already
MEMBERS = 3  # a list of pairs of str and value, or None for {}
NUMBERS = 4  # a NumPy array that numpy_array_text() writes, of numbers whose format the buffer protocol has

INVALID_STR = "str is not valid UTF-8: surrogates not allowed"
RECURSION = "Recursion limit reached"
KEY_NOT_STR = "Dict key must be str"
KEY_TYPE = "Dict key must a type serializable with OPT_NON_STR_KEYS"
KEY_64_BITS = "Dict integer key must be within 64-bit range"

_HEAP_TYPE, _IMMUTABLE_TYPE = 1 << 9, 1 << 8  # of a type's __flags__
_EnumMeta = enum.EnumMeta
_FIELD = dataclasses._FIELD


class Fragment:
    """JSON that ``dumps`` writes as it is, unchecked: bytes or str."""

    __slots__ = ("_contents",)
    __module__ = "cyjson.orjson"
    _contents: object

    def __new__(cls, *args, **kwargs):
        if len(args) != 1 or kwargs:
            raise TypeError("orjson.Fragment() takes exactly 1 positional argument")
        self = object.__new__(cls)
        object.__setattr__(self, "_contents", args[0])
        return self

    def __init_subclass__(cls, **kwargs):
        raise TypeError("type 'orjson.Fragment' is not an acceptable base type")

    def __setattr__(self, name, value):
        raise AttributeError(f"'orjson.Fragment' object has no attribute {name!r}")

    def __delattr__(self, name):
        raise AttributeError(f"'orjson.Fragment' object has no attribute {name!r}")

    def __reduce_ex__(self, protocol):
        raise TypeError("cannot pickle 'orjson.Fragment' object")


fragment_contents = Fragment.__dict__["_contents"].__get__


_OF_C_IN_CPYTHON = {date, datetime, time, timedelta, timezone}


def type_name(cls):
    """The name that C code has for a class: with its module where it is written in C, and isn't a builtin."""
    name, module = cls.__name__, cls.__module__
    flags = getattr(cls, "__flags__", 0)
    of_python = flags & _HEAP_TYPE and not flags & _IMMUTABLE_TYPE
    if module == "builtins" or (of_python and cls not in _OF_C_IN_CPYTHON):
        return name
    return f"{module}.{name}"


def unsupported(obj):
    """The exception for an object that nobody knows."""
    return TypeError(f"Type is not JSON serializable: {type_name(type(obj))}")


# Floats


def float_text(value):
    """A float's shortest digits as orjson spells them: fixed from 1e-5 up to 1e16, and no zero before an exponent."""
    text = repr(value)
    digits, sign, exponent = text.partition("e-")
    if sign:
        if exponent == "05":
            minus = "-" if value < 0 else ""
            return f"{minus}0.0000{digits.lstrip('-').replace('.', '')}"
        return f"{digits}e-{exponent.lstrip('0')}"
    return "null" if text in ("nan", "inf", "-inf") else text


def float32_text(value, digits):
    """The same for a float32 or float16: fixed from 1e-6 up to 1e13. ``digits``: numpy.format_float_scientific."""
    text = digits(value, trim="-", exp_digits=1)
    significand, found, exponent = text.partition("e")
    if not found:
        return "null"
    exponent = int(exponent)
    minus = "-" if significand[0] == "-" else ""
    figures = significand.lstrip("-").replace(".", "")
    if not -6 <= exponent < 13:
        return f"{significand}e{exponent:+d}" if exponent > 0 else f"{significand}e{exponent}"
    if exponent < 0:
        return f"{minus}0.{'0' * (-exponent - 1)}{figures}"
    figures = figures.ljust(exponent + 1, "0")
    return f"{minus}{figures[: exponent + 1]}.{figures[exponent + 1 :] or '0'}"


# Dates and times


def offset_text(obj, option):
    """The offset of a datetime, rounded to minutes."""
    tzinfo = obj.tzinfo
    if tzinfo is None:
        offset = None
    else:
        try:
            if hasattr(tzinfo, "normalize") and not hasattr(tzinfo, "convert"):
                obj = tzinfo.normalize(obj)  # pytz: the zone's first offset isn't the one that counts
            offset = obj.utcoffset()
        except Exception as error:
            raise TypeError(
                "datetime's timezone library is not supported: use datetime.timezone.utc, pendulum, pytz, or dateutil"
            ) from error
    seconds = offset.seconds if offset is not None else 0
    if not seconds:
        return "Z" if option & UTC_Z else "+00:00"
    sign = "+"
    if offset.days == -1:
        sign, seconds = "-", 86400 - seconds
    hours, rest = divmod(seconds, 3600)
    minutes, rest = divmod(rest, 60)
    return f"{sign}{hours:02d}:{minutes + (rest >= 30):02d}"


def datetime_text(obj, option):
    text = f"{obj.year:04d}-{obj.month:02d}-{obj.day:02d}T{obj.hour:02d}:{obj.minute:02d}:{obj.second:02d}"
    if obj.microsecond and not option & OMIT_MICROSECONDS:
        text += f".{obj.microsecond:06d}"
    if obj.tzinfo is not None or option & NAIVE_UTC:
        text += offset_text(obj, option)
    return text


def date_text(obj):
    return f"{obj.year:04d}-{obj.month:02d}-{obj.day:02d}"


def time_text(obj, option):
    if obj.tzinfo is not None:
        raise TypeError("datetime.time must not have tzinfo set")
    text = f"{obj.hour:02d}:{obj.minute:02d}:{obj.second:02d}"
    fraction = obj.microsecond
    if fraction and not option & OMIT_MICROSECONDS:
        # orjson leaves out the zero of 0.01 to 0.1 seconds, and these are to be its bytes: docs/orjson.md warns of it.
        text += f".{fraction}" if 10_000 <= fraction < 100_000 else f".{fraction:06d}"
    return text


# NumPy

_UNITS = {"Y": "years", "M": "months", "W": "weeks", "D": "days", "h": "hours", "m": "minutes", "s": "seconds"}
_UNITS |= {"ms": "milliseconds", "us": "microseconds", "ns": "nanoseconds", "ps": "picoseconds", "fs": "femtoseconds"}
_UNITS |= {"as": "attoseconds"}
_IN_SECONDS = {"W": 604800, "D": 86400, "h": 3600, "m": 60, "s": 1}
_OF_A_SECOND = {"ms": 10**3, "us": 10**6, "ns": 10**9}
_LAST_SECOND = 253402207200  # 9999-12-30T22:00:00: where the timestamps of the library that orjson uses end
_FIRST_YEAR_DAYS = 719528  # from 0000-01-01 to 1970-01-01
_SHAPES = {"b": (1,), "u": (1, 2, 4, 8), "i": (1, 2, 4, 8), "f": (2, 4, 8), "M": (8,)}


def _numpy():
    return sys.modules.get("numpy")


number_types = {}  # NumPy's whose values the buffer protocol shows, once one was seen: whether it is the arrays'
_SCALARS = "float64", "float32", "int64", "int32", "int16", "int8", "uint64", "uint32", "uint16", "uint8", "bool_"


def is_numpy_scalar(cls, numpy):
    if not number_types:
        number_types.update({getattr(numpy, name): False for name in _SCALARS} | {numpy.ndarray: True})
    return number_types.get(cls) is False or cls is numpy.float16 or cls is numpy.datetime64


def _wrapped(number):
    """An int of 64 bits with a sign, as machines count."""
    return (number + 2**63) % 2**64 - 2**63


def numpy_datetime_text(value, unit, count, option):
    """A datetime64 with this number and unit, in quotes."""
    if unit == "generic":
        raise TypeError("unsupported numpy.datetime64 unit: NaT")
    if count != 1:
        raise TypeError(f"unsupported numpy.datetime64 unit: {count}{unit}")
    name = _UNITS[unit]
    if unit not in ("Y", "M") and unit not in _IN_SECONDS and unit not in _OF_A_SECOND:
        raise TypeError(f"unsupported numpy.datetime64 unit: {name}")
    refusal = TypeError(f"unrepresentable numpy.datetime64: {value} {name}")
    days = seconds = fraction = 0
    if unit == "Y":
        year, month = value + 1970, 0
    elif unit == "M":
        year, month = (
            int(abs(value) // 12) * (-1 if value < 0 else 1) + 1970,
            value - int(abs(value) // 12) * (-12 if value < 0 else 12),
        )
        if month < 0:
            raise refusal
    else:
        if unit in _IN_SECONDS:
            moment = _wrapped(value * _IN_SECONDS[unit])
        else:
            moment, fraction = divmod(value, _OF_A_SECOND[unit])
            if moment == _LAST_SECOND and fraction and unit != "ns":
                raise refusal
            fraction = fraction * 10**6 // _OF_A_SECOND[unit]
        if moment > _LAST_SECOND:
            raise refusal
        days, seconds = divmod(moment, 86400)
        days += _FIRST_YEAR_DAYS
        if days < 0:
            raise refusal
        # Python's calendar begins with the year 1; that of 400 years later is the same.
        moved = date.fromordinal(days + 146097 - 365)
        year, month, day = moved.year - 400, moved.month, moved.day
    if unit in ("Y", "M"):
        if not 0 <= year <= 9999:
            raise refusal
        month, day = month + 1, 1
    text = f"{year:04d}-{month:02d}-{day:02d}"
    text += f"T{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
    if fraction and not option & OMIT_MICROSECONDS:
        text += f".{fraction:06d}"
    if option & NAIVE_UTC:
        text += "Z" if option & UTC_Z else "+00:00"
    return f'"{text}"'


def _numpy_scalar_text(numpy, dtype, option):
    """The function of a scalar's plain value that gives its text."""
    kind = dtype.kind
    if kind == "b":
        return {False: "false", True: "true"}.__getitem__
    if kind == "M":
        unit, count = numpy.datetime_data(dtype)
        return lambda value: numpy_datetime_text(value, unit, count, option)
    if kind != "f":
        return str
    if dtype.itemsize == 8:
        return float_text
    digits = numpy.format_float_scientific
    return lambda value: float32_text(numpy.float32(value), digits)


def numpy_scalar_text(scalar, option):
    numpy = _numpy()
    plain = scalar.astype(numpy.int64).item() if scalar.dtype.kind == "M" else scalar.item()
    return _numpy_scalar_text(numpy, scalar.dtype, option)(plain)


def _check_array(array):
    """Raise TypeError for an array that isn't written, whose second argument says if default is asked."""
    dtype, flags = array.dtype, array.flags
    if not flags.c_contiguous or dtype.names is not None:
        raise TypeError("numpy array is not C contiguous; use ndarray.tolist() in default", True)
    if not dtype.isnative:
        raise TypeError("numpy array is not native-endianness", False)
    if array.ndim == 0 or dtype.itemsize not in _SHAPES.get(dtype.kind, ()):
        raise TypeError("unsupported datatype in numpy array", True)


def numpy_array_text(array, option, level):
    """The text of an array at a level of indentation."""
    numpy, dtype = _numpy(), array.dtype
    values = array.astype(numpy.int64).tolist() if dtype.kind == "M" else array.tolist()
    out = []
    text = _numpy_scalar_text(numpy, dtype, option)

    def write(values, level, dimensions):
        if not values:
            out.append("[]")
            return
        level += 1
        line = "\n" + "  " * level if option & INDENT_2 else ""
        out.append(f"[{line}")
        if dimensions == 1:
            out.append(f",{line}".join(map(text, values)))
        else:
            for i, inner in enumerate(values):
                if i:
                    out.append(f",{line}")
                write(inner, level, dimensions - 1)
        out.append(f"{line[:-2]}]")

    write(values, level, array.ndim)
    return "".join(out)


# Dataclasses


def dataclass_members(obj):
    """The members of a dataclass's instance: what its __dict__ holds; with __slots__ its fields. None: it has none."""
    try:
        values = obj.__dict__
    except Exception:
        values = None
    if not isinstance(values, dict) or "__slots__" in type(obj).__dict__:
        return _fields(obj)
    if not values:
        return None
    members = []
    for key, value in list(values.items()):
        if type(key) is not str:
            raise TypeError(KEY_NOT_STR)
        if not key.startswith("_"):
            members.append((key, value))
        elif not key.isascii():
            must_be_utf8(key)
    return members


def _fields(obj):
    fields = obj.__dataclass_fields__
    if not fields:
        return None
    members = []
    for name, field in list(fields.items()):
        if field._field_type is _FIELD and not name.startswith("_"):
            try:
                members.append((name, getattr(obj, name)))
            except Exception as error:
                raise unsupported(obj) from error
    return members


def must_be_utf8(text):
    try:
        text.encode()
    except UnicodeEncodeError:
        raise TypeError(INVALID_STR) from None


# Anything


def stand_in(obj, option, depth):
    """What is written for an object within so many containers that isn't exactly a str, int, bool, None, float, list,
    dict or tuple: the kind, and what that says."""
    cls = type(obj)
    if not option & PASSTHROUGH_DATETIME:
        if cls is datetime:
            return TEXT, f'"{datetime_text(obj, option)}"'.encode()
        if cls is date:
            return TEXT, f'"{date_text(obj)}"'.encode()
        if cls is time:
            return TEXT, f'"{time_text(obj, option)}"'.encode()
    if cls is UUID:
        return TEXT, f'"{UUID.__str__(obj)}"'.encode()
    if cls is Fragment:
        return TEXT, _fragment_text(obj)
    if not option & PASSTHROUGH_SUBCLASS:
        if issubclass(cls, str):
            return VALUE, str.__str__(obj)
        if issubclass(cls, int):
            return VALUE, int.__add__(obj, 0)  # PyPy's int.__int__ asks the class
        if issubclass(cls, list):
            return VALUE, list.__getitem__(obj, slice(None))
        if issubclass(cls, dict):
            return VALUE, dict(dict.items(obj))
    if type(cls) is _EnumMeta:
        return VALUE, _enum_value(obj)
    if not option & PASSTHROUGH_DATACLASS and "__dataclass_fields__" in cls.__dict__:
        if depth >= DEEPEST:
            raise TypeError(RECURSION)
        return MEMBERS, dataclass_members(obj)
    if option & SERIALIZE_NUMPY:
        numpy = _numpy()
        if numpy is not None:
            if is_numpy_scalar(cls, numpy):
                return TEXT, numpy_scalar_text(obj, option).encode()
            if cls is numpy.ndarray:
                return _array(obj, option, depth)
    return UNKNOWN, None


def _array(obj, option, depth):
    try:
        _check_array(obj)
    except TypeError as error:
        message, may_ask = error.args
        return UNKNOWN, (message if may_ask else TypeError(message))
    if obj.dtype.kind == "M" or obj.dtype.itemsize == 2 and obj.dtype.kind == "f":
        return TEXT, numpy_array_text(obj, option, depth).encode()
    return NUMBERS, obj


def _enum_value(obj):
    try:
        return obj.value
    except Exception as error:
        raise unsupported(obj) from error


def _fragment_text(obj):
    contents = fragment_contents(obj)
    if type(contents) is bytes:
        return contents
    if type(contents) is not str:
        raise TypeError("orjson.Fragment's content is not of type bytes or str")
    try:
        return contents.encode()
    except UnicodeEncodeError:
        raise TypeError(INVALID_STR) from None


def key_text(key, option):
    """The str that a key is written as, with OPT_NON_STR_KEYS."""
    option &= ~(PASSTHROUGH_DATETIME | PASSTHROUGH_DATACLASS | PASSTHROUGH_SUBCLASS)
    while True:
        cls = type(key)
        if cls is str:
            return key
        if key is None:
            return "null"
        if cls is bool:
            return "true" if key else "false"
        if cls is float:
            return float_text(key)
        if cls is datetime:
            return datetime_text(key, option)
        if cls is date:
            return date_text(key)
        if cls is time:
            return time_text(key, option)
        if cls is UUID:
            return UUID.__str__(key)
        if issubclass(cls, str):
            return str.__str__(key)
        if issubclass(cls, int):
            if not -(2**63) <= key < 2**64:
                raise TypeError(KEY_64_BITS)
            return int.__repr__(key)
        if type(cls) is not _EnumMeta:
            raise TypeError(KEY_TYPE)
        key = _enum_value(key)


def in_order(members):
    """Members in the order of their keys, as UTF-8 has it: that of code points."""
    return sorted(members, key=lambda member: member[0])


def members_of(pairs, option):
    """What a dict with OPT_NON_STR_KEYS is written as: members whose keys are str, sorted with OPT_SORT_KEYS."""
    members = []
    for key, value in pairs:
        key = key_text(key, option)
        if not key.isascii():
            must_be_utf8(key)
        members.append((key, value))
    return in_order(members) if option & SORT_KEYS else members


FOR_NATIVE = (stand_in, members_of, number_types, dataclasses.Field, _FIELD, Fragment, UUID, enum.Enum)
