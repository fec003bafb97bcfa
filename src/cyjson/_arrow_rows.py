"""Rows of documents as columns, in Python: what the fallback makes batches by, and what finds out for the extension why
a row was refused.

A plan is a tuple (format, name, is_nullable, is_inferred, index, place, children) for each column: Arrow's format, None
for a way to columns; the member's name in UTF-8, or None; whether nulls are allowed; whether the type is found out; the
index of an array's item, or -1; the column's place in a batch, -1 where it is within another; the plans within it.
csrc/columns/columns.h says what the types mean, and that rows that are refused leave nothing.
"""

import math
import re
import sys
from array import array
from json import loads

ROUTE, NULL, BOOL, SIGNED, UNSIGNED, DOUBLE, FLOAT, STRING, TIMESTAMP, DATE, DECIMAL, LIST, STRUCT = range(13)
DEPTH = 64

_PLAIN = {"n": NULL, "b": BOOL, "g": DOUBLE, "f": FLOAT, "u": STRING, "U": STRING, "+l": LIST, "+L": LIST, "+s": STRUCT}
_PLAIN.update(dict.fromkeys("csil", SIGNED), **dict.fromkeys("CSIL", UNSIGNED), tdD=DATE, tdm=DATE)
_WIDTHS = {"c": 8, "s": 16, "i": 32, "l": 64, "C": 8, "S": 16, "I": 32, "L": 64}
_CODES = {8: "b", 16: "h", 32: "i", 64: "q"}
_UNITS = {"s": 1, "m": 10**3, "u": 10**6, "n": 10**9}  # in a second
_decimal_format = re.compile(r"d:(\d{1,2}),(\d{1,2})(?:,128)?", re.ASCII).fullmatch
_match_moment = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:([Zz])|([+-])(\d\d):([0-5]\d))?", re.ASCII
).fullmatch
_match_date = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII).fullmatch
_match_number = re.compile(r"(-?)(0|[1-9]\d*)(?:\.(\d+))?(?:[eE]([+-]?)(\d+))?", re.ASCII).fullmatch

_NAMES = {
    "n": "null", "b": "bool", "c": "int8", "s": "int16", "i": "int32", "l": "int64", "C": "uint8", "S": "uint16",
    "I": "uint32", "L": "uint64", "f": "float32", "g": "float64", "u": "string", "U": "large_string", "tdD": "date32",
    "tdm": "date64", "+l": "list", "+L": "large_list", "+s": "struct",
}  # fmt: skip


def kind_of(format):
    """The kind of a format, or None where no JSON is read as it."""
    if format is None:
        return ROUTE
    if format in _PLAIN:
        return _PLAIN[format]
    if format[:2] == "ts" and format[2:3] in _UNITS and format[3:4] == ":":
        return TIMESTAMP
    found = _decimal_format(format)
    return DECIMAL if found and 1 <= int(found[1]) <= 38 and int(found[2]) <= int(found[1]) else None


def type_name(format):
    """What a format is called in messages and in a schema of names."""
    if format[:2] == "ts":
        unit = {"s": "s", "m": "ms", "u": "us", "n": "ns"}[format[2]]
        return f"timestamp[{unit}, {format[4:]}]" if format[4:] else f"timestamp[{unit}]"
    if format[:2] == "d:":
        return "decimal128({}, {})".format(*format[2:].split(",")[:2])
    return _NAMES.get(format, format)


class Unfit(ValueError):
    """A value that a column doesn't hold: args are its path and what is wrong."""


class Real(float):
    """A float that knows its digits."""

    __slots__ = ("text",)

    def __new__(cls, text):
        real = float.__new__(cls, text)
        real.text = text
        return real


class Column:
    """A column, and what is in it."""

    def __init__(self, plan, depth=1):
        self.format, self.name, self.nullable, self.inferred, self.index, self.place, children = plan
        self.kind = kind_of(self.format)
        self.depth = depth
        self.children = [Column(child, depth + 1) for child in children]
        self.names = {child.name: child for child in self.children}
        self.required = [child for child in self.children if not child.nullable]
        if self.kind == ROUTE:
            self.note_parts()
        self.inexact = False  # whether it has integers that are no doubles

    def note_parts(self):
        """Note where the children of a way are: the places of those of a name, and of an index; and of those that are
        looked for even where nothing leads to them."""
        self.named, self.indexed, self.always = {}, {}, []
        for i, child in enumerate(self.children):
            if child.name is not None:
                self.named.setdefault(child.name.decode("utf-8", "surrogatepass"), []).append(i)
            if child.index >= 0:
                self.indexed.setdefault(child.index, []).append(i)
            if not child.nullable or (child.kind == ROUTE and child.always):
                self.always.append(i)

    def plan(self):
        children = tuple([child.plan() for child in self.children])
        return self.format, self.name, self.nullable, self.inferred, self.index, self.place, children

    def count(self):
        """The columns within it; ways are none."""
        return sum((child.kind != ROUTE) + child.count() for child in self.children)


def fields_of(plan, names=None):
    """The fields of a batch's columns, with ``names`` in place of theirs: see csrc/module/arrow.h."""
    found = {}
    _find_fields(plan, found)
    fields = map(found.__getitem__, range(len(found)))
    # By way of a list: where an iterator's tuple can't be cut to size the interpreter loses what is in it.
    fields = list(fields if names is None else map(_renamed, fields, names))
    return tuple(fields)


def _renamed(field, name):
    return field[0], name, field[2], field[3]


# No inner functions: 3.11 loses the arguments of a function that finds no memory for a variable which those share.
def _find_fields(plan, found):
    for child in plan[6]:
        if child[5] >= 0:
            found[child[5]] = _field(child)
        else:
            _find_fields(child, found)


def _field(plan):
    return (
        plan[0],
        (plan[1] or b"").decode("utf-8", "surrogatepass"),
        plan[2],
        tuple([_field(each) for each in plan[6]]),
    )


def _needs_digits(plan):
    """Whether there are columns whose values aren't those of the nearest doubles: decimals, and floats."""
    return plan[0] is not None and (plan[0] == "f" or plan[0][:2] == "d:") or any(map(_needs_digits, plan[6]))


class Rows:
    """Columns to which rows are added. ``strict``: a column of integers becomes one of doubles no more."""

    def __init__(self, plan, is_frozen, strict=False):
        self.root = Column(plan)
        self.frozen = is_frozen
        self.strict = strict
        self.rows = []
        self.undo = []
        self.members = self.root.count()
        self.options = {"parse_float": Real} if _needs_digits(plan) else {}

    def add(self, text):
        """Add the row of a line; what ``loads`` raises, or Unfit, where that can't be done, and nothing is changed."""
        self.rows.append(self.fitted(text))

    def fitted(self, text):
        """The row of a line, after what it changes was changed."""
        value = loads(text, **self.options)
        self.undo = []
        members = self.members
        try:
            return self.fit(self.root, value, ())
        except BaseException:
            self.restore(members)
            raise

    def tried(self, text):
        """The row of a line; nothing is changed."""
        members = self.members
        row = self.fitted(text)
        self.restore(members)
        return row

    def restore(self, members):
        for change in reversed(self.undo):
            change()
        self.members = members

    def set(self, column, **attributes):
        """Change a column so that it can be undone."""
        before = {name: getattr(column, name) for name in attributes}
        self.undo.append(lambda: [setattr(column, name, value) for name, value in before.items()])
        for name, value in attributes.items():
            setattr(column, name, value)

    def fit(self, column, value, path):
        """The value as a column keeps it. Raises Unfit."""
        kind = column.kind
        if kind == ROUTE:
            return self.fit_route(column, value, path)
        if value is None:
            if not column.nullable:
                raise Unfit(path, "null, where the schema allows none")
            return None
        if kind == NULL and column.inferred and not self.frozen:
            self.become(column, value, path)
            kind = column.kind
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if kind in (SIGNED, UNSIGNED) and is_number:
            return self.fit_integer(column, value, path)
        if kind in (DOUBLE, FLOAT) and is_number:
            return _fit_double(column, value, path)
        if kind == BOOL and isinstance(value, bool):
            return value
        if kind == STRING and isinstance(value, str):
            return _fit_string(value, path)
        if kind == LIST and isinstance(value, list):
            return [self.fit(column.children[0], each, (*path, i)) for i, each in enumerate(value)]
        if kind == STRUCT and isinstance(value, dict):
            return self.fit_struct(column, value, path)
        if kind == DECIMAL and (is_number or isinstance(value, str)):
            return _fit_decimal(column, value, path)
        if kind in (DATE, TIMESTAMP) and isinstance(value, str):
            return (_fit_date if kind == DATE else _fit_moment)(column, value, path)
        if not path:
            raise Unfit(path, f"{_called(value)}, where a row is an object")
        raise Unfit(path, f"{_called(value)} in a column of {type_name(column.format)}")

    def become(self, column, value, path):
        if isinstance(value, (dict, list)) and column.depth >= DEPTH:
            raise Unfit(path, f"types nested more than {DEPTH} levels deep")
        if isinstance(value, bool):
            format = "b"
        elif isinstance(value, int):
            format = "l"
        elif isinstance(value, float):
            format = "g"
        else:
            format = "u" if isinstance(value, str) else "+l" if isinstance(value, list) else "+s"
        item = Column(("n", b"item", True, True, -1, -1, ()), column.depth + 1)
        children = [item] if format == "+l" else []
        self.members += len(children)
        self.set(column, format=format, kind=_PLAIN[format], children=children, names={})

    def fit_integer(self, column, value, path):
        if isinstance(value, float):
            if column.format == "l" and column.inferred and not self.frozen:
                if column.inexact or self.strict:
                    raise Unfit(path, "a number with a fraction in a column of integers that no double has exactly")
                self.set(column, format="g", kind=DOUBLE)
                return value
            raise Unfit(path, f"a number with a fraction or exponent in a column of {type_name(column.format)}")
        width, is_signed = _WIDTHS[column.format], column.kind == SIGNED
        least, most = (-(1 << width - 1), 1 << width - 1) if is_signed else (0, 1 << width)
        if not least <= value < most:
            raise Unfit(path, f"an integer past {type_name(column.format)}")
        if column.inferred and not column.inexact and not _is_double(value):
            self.set(column, inexact=True)
        return value

    def fit_struct(self, column, value, path):
        row = {}
        for name, each in value.items():
            child = column.names.get(name.encode("utf-8", "surrogatepass"))
            if child is None:
                child = self.new_member(column, name, each, path)
                if child is None:
                    continue
            row[child.name] = self.fit(child, each, (*path, name))
        _check_missing(column, row, path)
        return row

    def new_member(self, column, name, value, path):
        """The column for a member that has none; None where it isn't wanted."""
        if not column.inferred or (self.frozen and value is None):
            return None
        if self.frozen:
            raise Unfit((*path, name), "a member that no line of the first 4 MiB has")
        try:
            encoded = name.encode()
        except UnicodeEncodeError:
            encoded = b"\0"
        if 0 in encoded:
            raise Unfit((*path, name), "a name that no column has")
        place = len(column.children) if column is self.root else -1
        child = Column(("n", encoded, True, True, -1, place, ()), column.depth + 1)
        column.children.append(child)
        column.names[encoded] = child
        self.undo.append(lambda: (column.children.pop(), column.names.pop(encoded)))
        self.members += 1
        return child

    def fit_route(self, column, value, path):
        is_object = isinstance(value, dict)
        parts = column.named if is_object else column.indexed
        given = value if is_object else range(len(value)) if isinstance(value, list) else ()
        if len(given) < len(parts):  # a line costs no more than it has, and a column no more than there are
            found = [part for part in given if part in parts]
        else:
            found = [part for part in parts if part in given]
        places = {i: part for part in found for i in parts[part]}
        row = {}
        for i in sorted({*places, *column.always}):
            child = column.children[i]
            if i in places:
                row[i] = self.fit(child, value[places[i]], (*path, places[i]))
                continue
            part = child.index if child.name is None or not is_object else child.name.decode("utf-8", "surrogatepass")
            if child.kind != ROUTE:
                raise Unfit((*path, part), "no value, where the schema allows no null")
            row[i] = self.fit(child, None, (*path, part))
        return row

    def take(self, most):
        """So many of the rows that were added, as the struct of a batch."""
        columns = {}
        rows = self.rows[:most]
        del self.rows[:most]

        def collect(column, rows):
            for i, child in enumerate(column.children):
                key = child.name if column.kind == STRUCT else i
                values = [row.get(key) for row in rows]
                if child.place >= 0:
                    columns[child.place] = data_of(child, values)
                else:
                    collect(child, [value or {} for value in values])

        collect(self.root, rows)
        return Data(len(rows), 0, [None], [columns[place] for place in range(len(columns))])


def _check_missing(column, row, path):
    for child in column.required:
        if child.name not in row:
            name = child.name.decode("utf-8", "surrogatepass")
            raise Unfit((*path, name), "no value, where the schema allows no null")


def _called(value):
    names = {bool: "a bool", int: "an integer", str: "a string", list: "an array", dict: "an object"}
    return names.get(type(value), "a number with a fraction or exponent")


def _is_double(value):
    return -(1 << 63) <= value < 1 << 64 and float(value) == value


def _single(value):
    return array("f", [value])[0]


def narrowed(value, bits, least):
    """The float nearest to a number among those that are so many bits times 2**least or a higher power; of two the even
    one. A float may be half-way between them where its text isn't, which it knows then."""
    if not 0 < abs(value) < 2.0**900:
        return float(value)
    exponent = max(math.frexp(value)[1] - bits, least)
    scaled = math.ldexp(value, -exponent)
    whole = math.floor(scaled)
    side = scaled - whole - 0.5
    if side == 0 and hasattr(value, "text"):
        from decimal import Decimal

        text, middle = Decimal(value.text), Decimal(value)
        side = (text > middle) - (text < middle)
    return math.copysign(math.ldexp(whole + (side > 0 or side == 0 and whole % 2), exponent), value)


def _fit_double(column, value, path):
    if isinstance(value, float):
        if column.kind == FLOAT:
            nearest = narrowed(value, 24, -149)
            if 2.0**128 <= abs(nearest) < math.inf:
                raise Unfit(path, "a number past float32")
            return nearest
        return float(value)
    if not _is_double(value):
        raise Unfit(path, "an integer that no float64 has exactly")
    if column.kind == FLOAT and _single(value) != value:
        raise Unfit(path, "an integer that no float32 has exactly")
    return float(value)


def _fit_string(value, path):
    try:
        return value.encode()
    except UnicodeEncodeError:
        raise Unfit(path, "a string with a surrogate that has no other one") from None


def decimal_of(value, precision, scale, type):
    """The value, a number or a JSON number in a string, times 10**scale; ValueError where a decimal ``type`` of so many
    digits doesn't hold it."""
    text = getattr(value, "text", None) or (repr(value) if isinstance(value, float) else str(value))
    found = _match_number(text)
    if found is None:
        raise ValueError(f"{_called(value)} that is no decimal number")
    sign, whole, fraction, power_sign, power = found.groups()
    digits = (whole + (fraction or "")).lstrip("0")
    # Of an exponent without its zeros, 12 digits are more than any number of digits makes up for.
    shift = scale + int(f"{power_sign or ''}{(power or '').lstrip('0')[:12] or 0}") - len(fraction or "")
    if not digits:
        return 0
    if len(digits) + shift > precision:
        raise ValueError(f"a number past {type}")
    if shift < 0 and digits[shift:].strip("0") or len(digits) + shift <= 0:
        raise ValueError(f"more digits after the point than {type} has")
    number = int(digits[:shift] if shift < 0 else digits + shift * "0")
    return -number if sign else number


def _fit_decimal(column, value, path):
    precision, scale = map(int, column.format[2:].split(",")[:2])
    try:
        return decimal_of(value, precision, scale, type_name(column.format))
    except ValueError as error:
        raise Unfit(path, error.args[0]) from None


def _days(text):
    from datetime import date

    return date(*map(int, text.split("-"))).toordinal() - 719163


def _fit_date(column, value, path):
    try:
        if _match_date(value):
            return _days(value) * (86400000 if column.format == "tdm" else 1)
    except ValueError:
        pass
    raise Unfit(path, "a string that is no date, such as 2026-11-29")


def _fit_moment(column, value, path):
    found = _match_moment(value)
    try:
        day = _days(found[1]) if found else None
    except ValueError:
        day = None
    if day is None or int(found[2]) > 23 or int(found[3]) > 59 or int(found[4]) > 59 or int(found[8] or 0) > 23:
        raise Unfit(path, "a string that is no date and time, such as 2026-11-29T05:30:00Z")
    is_zoned = bool(found[6] or found[7])
    if is_zoned != bool(column.format[4:]):
        raise Unfit(path, f"a time {'with' if is_zoned else 'without'} an offset in {type_name(column.format)}")
    minutes = int(found[8] or 0) * 60 + int(found[9] or 0)
    seconds = ((day * 24 + int(found[2])) * 60 + int(found[3]) - (-minutes if found[7] == "-" else minutes)) * 60
    number, rest = divmod(int(f"{found[5] or 0:0<9}"), 10**9 // _UNITS[column.format[2]])
    number += (seconds + int(found[4])) * _UNITS[column.format[2]]
    if rest or not -(1 << 63) <= number < 1 << 63:
        raise Unfit(path, f"a time that {type_name(column.format)} doesn't have exactly")
    return number


class Data:
    """A column's length, how many are null, its buffers (bytes or None) and its children's Data."""

    def __init__(self, length, nulls, buffers, children=()):
        self.length = length
        self.nulls = nulls
        self.buffers = buffers
        self.children = children


def _bits(values):
    packed = bytearray((len(values) + 7) // 8)
    for i, value in enumerate(values):
        if value:
            packed[i >> 3] |= 1 << (i & 7)
    return bytes(packed)


def data_of(column, values):
    """The Data of values as ``fit`` gives them."""
    kind, n = column.kind, len(values)
    if kind == NULL:
        return Data(n, n, [])
    nulls = sum(value is None for value in values) if column.nullable else 0
    valid = _bits([value is not None for value in values]) if nulls else None
    if kind == STRUCT:
        rows = [value or {} for value in values]
        children = [data_of(child, [row.get(child.name) for row in rows]) for child in column.children]
        return Data(n, nulls, [valid], children)
    if kind in (LIST, STRING):
        offsets = array("i" if column.format in ("+l", "u") else "q", [0])
        for value in values:
            offsets.append(offsets[-1] + len(value or ()))
        if kind == STRING:
            return Data(n, nulls, [valid, offsets.tobytes(), b"".join([value or b"" for value in values])])
        items = [item for value in values for item in value or ()]
        return Data(n, nulls, [valid, offsets.tobytes()], [data_of(column.children[0], items)])
    if kind == BOOL:
        return Data(n, nulls, [valid, _bits(values)])
    if kind == DECIMAL:
        return Data(n, nulls, [valid, b"".join([(v or 0).to_bytes(16, sys.byteorder, signed=True) for v in values])])
    if kind in (DOUBLE, FLOAT):
        code = "d" if kind == DOUBLE else "f"
    elif kind == DATE:
        code = "i" if column.format == "tdD" else "q"
    else:
        code = _CODES[_WIDTHS.get(column.format, 64)]
        code = code.upper() if kind == UNSIGNED else code
    return Data(n, nulls, [valid, array(code, [0 if value is None else value for value in values]).tobytes()])
