"""``cyjson.orjson.dumps`` in Python: what the fallback runs, and the definition of what the extension writes."""

import inspect
from json.encoder import encode_basestring

from ._orjson_values import (
    APPEND_NEWLINE,
    DEEPEST,
    INDENT_2,
    INVALID_STR,
    KEY_NOT_STR,
    MEMBERS,
    MOST,
    NON_STR_KEYS,
    NUMBERS,
    RECURSION,
    SORT_KEYS,
    STRICT_INTEGER,
    TEXT,
    VALUE,
    float_text,
    in_order,
    members_of,
    must_be_utf8,
    numpy_array_text,
    stand_in,
    unsupported,
)

_NOT_GIVEN = object()


def dumps(*args, **kwargs):
    """Serialize Python objects to JSON."""
    return encode(*arguments(args, kwargs))


dumps.__signature__ = inspect.signature(lambda obj, /, default=None, option=None: ...)


def arguments(args, kwargs):
    """What dumps() is given: (obj, default or _NOT_GIVEN, option as an int). As in orjson, what more arguments are
    given than three doesn't count; nor do the second and third where there are four or five."""
    given = len(args)
    if not given:
        raise TypeError("dumps() missing 1 required positional argument: 'obj'")
    default = args[1] if given & 2 else _NOT_GIVEN
    option = args[2] if given & 3 == 3 else None
    for name, value in kwargs.items():
        if name == "option":
            if given & 3 == 3:
                raise TypeError("dumps() got multiple values for argument: 'option'")
            option = value
        elif name == "default":
            if given & 2:
                raise TypeError("dumps() got multiple values for argument: 'default'")
            default = value
        else:
            raise TypeError("dumps() got an unexpected keyword argument")
    if option is None:
        option = 0
    elif type(option) is not int or not 0 <= option <= MOST:
        raise TypeError("Invalid opts")
    return args[0], default, option


def encode(obj, default, option):
    writer = _Writer(default, option)
    writer.write(obj, 0, 0)
    if option & APPEND_NEWLINE:
        writer.out.append(b"\n")
    return b"".join(writer.out)


class _Writer:
    __slots__ = ("default", "option", "out", "indented", "colon", "plain_keys")

    def __init__(self, default, option):
        self.default, self.option, self.out = default, option, []
        self.indented = option & INDENT_2
        self.colon = b": " if self.indented else b":"
        self.plain_keys = not option & (SORT_KEYS | NON_STR_KEYS)

    def write(self, obj, depth, calls):
        """Write a value. depth: the containers that it is in; calls: those of default that led to it."""
        option = self.option
        while True:
            cls = type(obj)
            if cls is str:
                return self.out.append(_quoted(obj))
            if cls is int:
                return self.out.append(_digits(obj, option))
            if cls is bool:
                return self.out.append(b"true" if obj else b"false")
            if obj is None:
                return self.out.append(b"null")
            if cls is float:
                return self.out.append(float_text(obj).encode())
            if cls is list or (cls is tuple and obj):
                return self.write_items(obj, depth, calls)
            if cls is dict:
                return self.write_dict(obj, depth, calls)
            if cls is tuple:
                return self.out.append(b"[]")
            kind, made = stand_in(obj, option, depth)
            if kind == TEXT:
                return self.out.append(made)
            if kind == NUMBERS:
                return self.out.append(numpy_array_text(made, option, depth).encode())
            if kind == MEMBERS:
                return self.write_members(made, depth, calls)
            if kind == VALUE:
                obj = made
                continue
            obj, calls = self.ask_default(obj, made, calls)

    def ask_default(self, obj, refusal, calls):
        """What default makes of an object, and how many calls that takes. refusal: a message, for where there is no
        default, or an exception."""
        if isinstance(refusal, TypeError):
            raise refusal
        if self.default is _NOT_GIVEN:
            raise TypeError(refusal) if refusal else unsupported(obj)
        if calls > DEEPEST:
            raise TypeError("default serializer exceeds recursion limit")
        try:
            return self.default(obj), calls + 1
        except BaseException as error:
            raise unsupported(obj) from error

    def line(self, depth):
        return b"\n" + b"  " * depth if self.indented else b""

    def write_items(self, items, depth, calls):
        _check(depth)
        if not items:
            return self.out.append(b"[]")
        line = self.line(depth + 1)
        self.out.append(b"[" + line)
        for i, item in enumerate(list(items)):
            if i:
                self.out.append(b"," + line)
            self.write(item, depth + 1, calls)
        self.out.append(line[:-2] + b"]")

    def write_dict(self, obj, depth, calls):
        _check(depth)
        option = self.option
        if not obj:
            return self.out.append(b"{}")
        members = list(obj.items())  # default may change it
        if self.plain_keys:
            return self.write_pairs(members, depth, calls)
        if option & NON_STR_KEYS:
            return self.write_pairs(members_of(members, option), depth, calls)
        for key, _ in members:
            if type(key) is not str:
                raise TypeError(KEY_NOT_STR)
            if not key.isascii():
                must_be_utf8(key)
        self.write_pairs(in_order(members), depth, calls)

    def write_members(self, members, depth, calls):
        if members is None:
            return self.out.append(b"{}")
        if not members and self.indented:  # as orjson has it where all members are private
            return self.out.append(b"{" + self.line(depth + 1) + self.line(depth) + b"}")
        self.write_pairs(members, depth, calls)

    def write_pairs(self, pairs, depth, calls):
        line = self.line(depth + 1)
        self.out.append(b"{" + line)
        first = True
        for key, value in pairs:
            if type(key) is not str:
                raise TypeError(KEY_NOT_STR)
            if not first:
                self.out.append(b"," + line)
            first = False
            self.out.append(_quoted(key) + self.colon)
            self.write(value, depth + 1, calls)
        self.out.append(line[:-2] + b"}")


def _check(depth):
    if depth >= DEEPEST:
        raise TypeError(RECURSION)


def _quoted(text):
    try:
        return encode_basestring(text).encode()
    except UnicodeEncodeError:
        raise TypeError(INVALID_STR) from None


def _digits(number, option):
    if not -(2**63) <= number < 2**64:
        raise TypeError("Integer exceeds 64-bit range")
    if option & STRICT_INTEGER and not -(2**53) < number < 2**53:
        raise TypeError("Integer exceeds 53-bit range")
    return b"%d" % number
