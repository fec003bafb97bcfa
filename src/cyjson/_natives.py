"""What instances are written as, where Python code finds that out: the fallback always, the extension in rare cases."""

import sys
from operator import index

from . import _instances as plans
from ._codec import Raw


class Literal(str):
    """A number in JSON's spelling, in place of a value."""

    __slots__ = ()


def call_special(obj, name):
    """Call a method without arguments that the type has, as the interpreter does with special methods."""
    method = plans.lookup(type(obj), name)
    if method is None:
        raise TypeError(f"{type(obj).__name__}.{name} was taken away while an instance was being written")
    bind = getattr(type(method), "__get__", None)
    return method() if bind is None else bind(method, obj, type(obj))()


def is_omitted(value, rule, given):
    """Whether a field that has this value isn't written, by the rule and the value of its plan."""
    if rule == plans.FIELD_OMIT_NONE:
        return value is None
    if rule == plans.FIELD_OMIT_DEFAULT:
        return value is given or (type(value) is type(given) and bool(value == given))
    if rule == plans.FIELD_OMIT_FACTORY:
        given = given()
        return type(value) is type(given) and bool(value == given)
    return False


def pydantic_text(obj):
    """The bytes that the own serializer of a pydantic model writes."""
    text = type(obj).__pydantic_serializer__.to_json(obj)
    if b"NaN" in text or b"Infinity" in text:  # as a model's ser_json_inf_nan="constants" has it; or within a str
        Raw(text)
    return text


def raw_value(text):
    """What ``__raw_json__`` returned, checked."""
    if not isinstance(text, (str, bytes)):
        raise TypeError(f"__raw_json__() must return a str or bytes, not {type(text).__name__}")
    return text if isinstance(text, Raw) else Raw(text)


def replacement(obj, plan):
    """Return what is written in place of an object by a plan that isn't OBJECT, ARRAY_OF_FIELDS, ARRAY, MAPPING, BASIC
    or UNKNOWN; NotImplemented where its kind shows only now that nothing knows it, so that ``default`` is asked.

    Of hooks what they return; of a pydantic model a Raw; numbers that no float or int is are a Raw too.
    """
    kind = plan[0]
    if kind == plans.CALL:
        return plan[1](obj)
    if kind == plans.JSON_METHOD:
        return call_special(obj, "__json__")
    if kind == plans.RAW_METHOD:
        return raw_value(call_special(obj, "__raw_json__"))
    if kind == plans.PYDANTIC:
        return bytes.__new__(Raw, pydantic_text(obj))
    if kind == plans.NUMPY_ARRAY:
        return numpy_values(obj)
    value = plain_value(obj, plan)
    return bytes.__new__(Raw, value.encode()) if type(value) is Literal else value


def field_values(obj, plan):
    """Return the values of the fields that an instance is written with by a plan ARRAY_OF_FIELDS, in a list."""
    values = []
    for attribute, _, rule, given in plan[1]:
        value = given if rule == plans.FIELD_CONSTANT else getattr(obj, attribute)
        values.append(None if plan[2] and value is plan[2][0] else value)
    return values


# Values of natives


def plain_value(obj, plan):
    """What a native without items or members is written as: a str, int, float, bool, None or Literal; of an Enum any
    object. NotImplemented where it can't be written."""
    kind = plan[0]
    if kind == plans.DATETIME:
        return _moment(obj, plan[1])
    if kind == plans.DATE:
        return _day(obj, plan[1])
    if kind == plans.TIME or kind == plans.ISOFORMAT:
        return _must_be_str(obj.isoformat(), "isoformat()")
    if kind == plans.TIMEDELTA:
        return _duration(obj, plan[1])
    if kind == plans.UUID:
        return obj.hex if plan[1] == plans.HEX_DIGITS else str(obj)
    if kind == plans.ENUM:
        value = getattr(obj, plan[1])
        if value is None and plan[1] in ("name", "_name_"):
            raise ValueError(f"{obj!r} has no name")
        return value
    if kind == plans.DECIMAL:
        if plan[1] == plans.AS_STRING:
            return str(obj)
        if not obj.is_finite():
            return float("nan") if obj.is_nan() else float(obj)
        return Literal(obj)
    if kind == plans.STRING:
        return str.__str__(str(obj))
    if kind == plans.BYTES:
        return _bytes_text(obj, plan[1])
    if kind == plans.NUMPY_SCALAR:
        return numpy_values(obj)
    if kind == plans.INDEX:
        return int(index(obj))
    return float(obj)  # FLOAT


def _must_be_str(text, name):
    if not isinstance(text, str):
        raise TypeError(f"{name} must return a str, not {type(text).__name__}")
    return str.__str__(text)


def _decimal_point(whole, digits):
    """The number of 10**-digits that ``whole`` is, with as many digits as are needed."""
    sign = "-" if whole < 0 else ""
    integer, fraction = divmod(abs(whole), 10**digits)
    text = f"{fraction:0{digits}}".rstrip("0") if fraction else ""
    return f"{sign}{integer}.{text}" if text else f"{sign}{integer}"


def _microseconds(days, seconds, microseconds):
    return (days * 86400 + seconds) * 1_000_000 + microseconds


_DAYS_BEFORE_1970 = 719163  # what date(1970, 1, 1).toordinal() gives


def _unix(microseconds, format):
    if format == plans.UNIX_MS:
        return microseconds // 1000
    return Literal(_decimal_point(microseconds, 6))


def _moment(obj, format):
    if format == plans.ISO:
        return obj.isoformat()
    offset = obj.utcoffset()
    if format == plans.Z:
        if offset is None or offset:
            return obj.isoformat()
        return obj.replace(tzinfo=None).isoformat() + "Z"
    if offset is None:
        raise ValueError(f"{obj!r} has no offset, so it is no time since 1970")
    seconds = obj.hour * 3600 + obj.minute * 60 + obj.second
    since = _microseconds(obj.toordinal() - _DAYS_BEFORE_1970, seconds, obj.microsecond)
    return _unix(since - _microseconds(offset.days, offset.seconds, offset.microseconds), format)


def _day(obj, format):
    if format in (plans.ISO, plans.Z):
        return obj.isoformat()
    return _unix(_microseconds(obj.toordinal() - _DAYS_BEFORE_1970, 0, 0), format)


def _duration(obj, format):
    total = _microseconds(obj.days, obj.seconds, obj.microseconds)
    return Literal(_decimal_point(total, 6)) if format == plans.SECONDS else duration_text(total, 6)


def duration_text(total, digits):
    """A duration of ``total`` times 10**-digits seconds, as ISO 8601 has it, in days and seconds: -P1DT2.5S."""
    sign = "-" if total < 0 else ""
    days, rest = divmod(abs(total), 86400 * 10**digits)
    text = f"{days}D" if days or not rest else ""
    if rest:
        text += f"T{_decimal_point(rest, digits)}S"
    return f"{sign}P{text}"


def _bytes_text(obj, format):
    if format == plans.HEX:
        return memoryview(obj).tobytes().hex()
    if format == plans.UTF8:
        return memoryview(obj).tobytes().decode()
    from binascii import b2a_base64

    return b2a_base64(memoryview(obj).tobytes(), newline=False).decode()


# Of NumPy's units of time: digits after the decimal point of a second, and how many of these
_UNITS = {"W": (0, 604800), "D": (0, 86400), "h": (0, 3600), "m": (0, 60), "s": (0, 1), "ms": (3, 1), "us": (6, 1)}
_UNITS |= {"ns": (9, 1), "ps": (12, 1), "fs": (15, 1), "as": (18, 1)}


def numpy_values(array):
    """What a NumPy array or scalar is written as: nested lists of what JSON or ``encode`` knows, or one of them;
    NotImplemented for complex numbers and structures.

    float16 and float32 have the digits that they need themselves, not those of the float that is equal. datetime64 is
    as NumPy spells it, timedelta64 as timedelta is; NaT is a NaN.
    """
    numpy = sys.modules["numpy"]
    dtype = array.dtype
    kind = dtype.kind
    if kind in "biuUSO" or (kind == "f" and dtype.itemsize == 8):
        return array.tolist()
    if kind == "f":
        if dtype.itemsize > 8:
            return array.astype(numpy.float64).tolist()
        digits = numpy.format_float_scientific
        return _each(array, lambda value: float(digits(value)))
    if kind == "M":
        return _each(numpy.datetime_as_string(array), lambda text: float("nan") if text == "NaT" else str(text))
    if kind == "m":
        unit, count = numpy.datetime_data(dtype)
        if unit not in _UNITS:
            return NotImplemented
        digits, factor = _UNITS[unit]
        least = -(2**63)

        def text(value):
            return float("nan") if value == least else duration_text(value * count * factor, digits)

        return _each(array.astype(numpy.int64), lambda value: text(int(value)))
    return NotImplemented


def _each(array, function):
    """Nested lists of ``function(value)`` for each value of an array; of a scalar that alone."""
    numpy = sys.modules["numpy"]
    if not isinstance(array, numpy.ndarray):
        return function(array)
    values = numpy.empty(array.shape, object)
    values.ravel()[:] = [function(each) for each in numpy.asarray(array).ravel()]
    return values.tolist()
