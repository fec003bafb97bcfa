"""Words for the messages of mismatches."""

from . import _reading as r
from ._formats import NAMES, fullname


class Exact(float):
    """A number with a fraction or an exponent, and its text."""

    __slots__ = ("text",)


class MinusZero(int):
    """``-0``, which is an int for ``loads`` and has a sign as a Decimal."""

    __slots__ = ()
    text = "-0"


KIND_NAMES = {
    type(None): "null",
    bool: "bool",
    int: "int",
    MinusZero: "int",
    float: "float",
    Exact: "float",
    str: "str",
    list: "array",
    dict: "object",
}


def kind_name(value):
    """The name of a JSON value's kind."""
    return KIND_NAMES[type(value)]


def shown(value):
    """A value for a message: scalars as JSON, cut; the others by their kinds."""
    from json import dumps

    if isinstance(value, (list, dict)):
        return kind_name(value)
    if isinstance(value, Exact):
        return value.text
    if isinstance(value, int) and value.bit_length() > 200:
        return "an int of many digits"
    text = dumps(value, ensure_ascii=isinstance(value, str) and not is_printable(value))
    return text if len(text) <= 60 else f"{text[:50]}…{text[-1]}"


def is_printable(text):
    """Whether a str has no lone surrogate, which no file takes."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def list_of(names):
    names = list(dict.fromkeys(names))
    if len(names) > 6:
        names[5:] = ["…"]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"


def expected(node):
    """What a Node takes, in words."""
    kind = node.kind
    if kind in _EXPECTED:
        return _EXPECTED[kind]
    if kind in (r.LITERAL, r.ENUM):
        values = node.data
        every = (
            *values.strings,
            *values.ints,
            *values.floats,
            *values.constants,
            *(value for value, _ in values.others),
        )
        return list_of(map(shown, every)) if every else fullname(node.cls)
    if kind == r.UNION:
        return list_of(expected(each) for each in node.items)
    if kind == r.FIXED_TUPLE:
        return f"array of {len(node.items)}"
    if kind == r.CONVERTED and node.items[0].kind == r.ANY:
        return fullname(node.cls)
    if kind in (r.CONSTRAINED, r.CONVERTED):
        return expected(node.items[0])
    if kind in (r.OBJECT, r.PYDANTIC):
        return "object"
    if kind == r.ADDRESS:
        return node.cls.__name__
    if kind == r.BYTES and node.data is not None:
        return "hexadecimal digits" if node.data == "hex" else "str"
    if kind in NAMES:
        return "number" if node.data in ("unix", "unix_ms", "seconds") else NAMES[kind]
    return "array"


_EXPECTED = {
    r.ANY: "any value",
    r.RAW: "any value",
    r.NULL: "null",
    r.BOOL: "bool",
    r.INT: "int",
    r.FLOAT: "float",
    r.STR: "str",
    r.DICT: "object",
    r.TYPED_DICT: "object",
    r.NAMED_TUPLE: "array or object",
}
