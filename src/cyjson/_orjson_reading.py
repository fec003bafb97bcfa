"""``cyjson.orjson.loads`` in Python: what the fallback runs, and what tells on both backends why a text is refused."""

import inspect
import json
import re

DEEPEST = 1024  # arrays and objects in one another
INPUT_TYPES = "Input must be bytes, bytearray, memoryview, or str"
_EMPTY = "Input is a zero-length, empty document"
_NOT_UTF8 = "str is not valid UTF-8: surrogates not allowed"
_END = "unexpected end of data"


class JSONDecodeError(json.JSONDecodeError):
    """A text isn't JSON, or can't be read: ``msg``, ``doc``, ``pos``, ``lineno`` and ``colno`` say where and why."""

    __module__ = "cyjson.orjson"


def text_of(data):
    """The text that an argument of loads() holds."""
    kind = type(data)
    if kind is str:
        text = data
        if not text.isascii():
            try:
                text.encode()
            except UnicodeEncodeError:
                raise JSONDecodeError(_NOT_UTF8, "", 0) from None
    else:
        if kind is memoryview:
            if not data.c_contiguous:
                raise JSONDecodeError(INPUT_TYPES, "", 0)
            data = data.tobytes()
        elif kind is not bytes and kind is not bytearray:
            raise JSONDecodeError(INPUT_TYPES, "", 0)
        try:
            text = data.decode()
        except UnicodeDecodeError:
            raise JSONDecodeError(_NOT_UTF8, "", 0) from None
    if not text:
        raise JSONDecodeError(_EMPTY, "", 0)
    return text


def _int(digits):
    if len(digits) < 19:
        return int(digits)
    if len(digits) > 20:
        return _float(digits)
    number = int(digits)
    return number if -(2**63) <= number < 2**64 else _float(digits)


def _float(digits):
    number = float(digits)
    if number - number != 0:
        raise ValueError(digits)
    return number


def _refuse(name):
    raise ValueError(name)


_scan = json.JSONDecoder(parse_int=_int, parse_float=_float, parse_constant=_refuse).decode
_surrogate = re.compile(r"\\u[dD][89a-fA-F]").search


def loads(*args, **kwargs):
    """Deserialize JSON to Python objects."""
    if kwargs:
        raise TypeError("orjson.loads() takes no keyword arguments")
    if len(args) != 1:
        raise TypeError(f"orjson.loads() takes exactly one argument ({len(args)} given)")
    text = text_of(args[0])
    if _surrogate(text) or text.count("[") + text.count("{") > DEEPEST:  # the standard library's isn't strict in these
        return read(text)
    try:
        return _scan(text)
    except (ValueError, RecursionError):
        return read(text)


loads.__signature__ = inspect.signature(lambda obj, /: ...)


def explain(data):
    """The value of what loads() was given, or JSONDecodeError: for what the extension doesn't read."""
    return read(text_of(data))


_space = re.compile(r"[ \t\n\r]*").match
_plain = re.compile(r'[^"\\\x00-\x1f]*').match
_number = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?").match
_digits = re.compile(r"[0-9]*").match
_hex = re.compile(r"[0-9a-fA-F]{4}").match
_some_hex = re.compile(r"u[0-9a-fA-F]{0,4}").fullmatch
_low_surrogate_begins = re.compile(r"(\\(u([dD]([c-fC-F][0-9a-fA-F]?)?)?)?)?").fullmatch
_ESCAPES = {'"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_WORDS = {"t": ("true", True), "f": ("false", False), "n": ("null", None)}
_SIGNS = frozenset("-+.0123456789")


def read(text):
    """The value of a whole text, or JSONDecodeError in orjson's words, at its position."""
    return _Reader(text).document()


class _Reader:
    """Reads without recursion, so that the interpreter's limit doesn't count."""

    __slots__ = ("text", "size")

    def __init__(self, text):
        self.text, self.size = text, len(text)

    def fail(self, message, at):
        if at >= self.size:
            message, at = _END, self.size
        raise JSONDecodeError(message, self.text, at)

    def skip(self, at):
        return _space(self.text, at).end()

    def peek(self, at):
        return self.text[at] if at < self.size else ""

    def document(self):
        text = self.text
        if text[0] == "\ufeff":
            raise JSONDecodeError("UTF-8 byte order mark (BOM) is not supported", text, 0)
        at = self.skip(0)
        if at >= self.size:
            raise JSONDecodeError("input data is empty", text, 0)
        if text[at] in "[{":
            value, at = self.containers(at)
        else:
            value, at = self.scalar(at)
        at = self.skip(at)
        if at < self.size:
            self.fail("unexpected content after document", at)
        return value

    def containers(self, at):
        """The array or object at a position, and where it ends."""
        stack = []  # of containers that are under way around this one, and of their keys
        here, key = None, ""
        while True:
            # A value is next.
            at = self.skip(at)
            first = self.peek(at)
            if first == "[" or first == "{":
                if here is not None:
                    stack.append((here, key))
                at += 1
                if len(stack) >= DEEPEST:
                    self.fail("depth limit exceeded", at)
                here = [] if first == "[" else {}
                at = self.skip(at)
                if self.peek(at) != ("]" if first == "[" else "}"):
                    if first == "{":
                        key, at = self.key(at)
                    continue
            else:
                value, at = self.scalar(at)
                self.keep(here, key, value)
            # An end, or a comma.
            while True:
                at = self.skip(at)
                is_list = type(here) is list
                first = self.peek(at)
                if first == ",":
                    comma, at = at, self.skip(at + 1)
                    if self.peek(at) == ("]" if is_list else "}"):
                        self.fail("trailing comma is not allowed", comma)
                    if not is_list:
                        key, at = self.key(at)
                    break
                if first != ("]" if is_list else "}"):
                    self.fail(f"unexpected character, expected ',' or '{']' if is_list else '}'}'", at)
                at += 1
                if not stack:
                    return here, at
                made = here
                here, key = stack.pop()
                self.keep(here, key, made)

    def keep(self, here, key, value):
        if type(here) is list:
            here.append(value)
        else:
            here[key] = value

    def key(self, at):
        """The key at a position, and where its value begins."""
        if self.peek(at) != '"':
            self.fail("unexpected character, expected a string key", at)
        key, at = self.string(at)
        at = self.skip(at)
        if self.peek(at) != ":":
            self.fail("unexpected character, expected ':' after key", at)
        return key, at + 1

    def scalar(self, at):
        first = self.peek(at)
        if first == '"':
            return self.string(at)
        if first in _WORDS:
            word, value = _WORDS[first]
            if self.text.startswith(word, at):
                return value, at + len(word)
            if word.startswith(self.text[at:]):
                self.fail(_END, self.size)
            self.fail(f"invalid literal, expected '{word}'", at)
        if first in _SIGNS and first:
            return self.number(at)
        return self.fail("unexpected character, expected a JSON value", at)

    def number(self, start):
        text = self.text
        at = start + (text[start] == "-")
        if not "0" <= self.peek(at) <= "9":
            self.fail("no digit after sign", at)
        if text[at] == "0" and "0" <= self.peek(at + 1) <= "9":
            self.fail("number with leading zero is not allowed", at)
        at = end = _digits(text, at).end()
        if self.peek(at) == ".":
            end = _digits(text, at + 1).end()
            if end == at + 1:
                self.fail("no digit after decimal point", end)
            at = end
        if self.peek(at) in ("e", "E"):
            at += 1
            at += self.peek(at) in ("+", "-")
            end = _digits(text, at).end()
            if end == at:
                self.fail("no digit after exponent sign", at)
        digits = text[start:end]
        try:
            return (_int if digits.lstrip("-").isdigit() else _float)(digits), end
        except ValueError:
            self.fail("number is infinity when parsed as double", start)

    def string(self, at):
        text = self.text
        at += 1
        pieces = []
        while True:
            end = _plain(text, at).end()
            pieces.append(text[at:end])
            stop = self.peek(end)
            if stop == '"':
                return "".join(pieces), end + 1
            if stop != "\\":
                self.fail("unexpected control character in string", end)
            escaped = self.peek(end + 1)
            if escaped in _ESCAPES:
                pieces.append(_ESCAPES[escaped])
                at = end + 2
            else:
                character, at = self.unicode(end)
                pieces.append(character)

    def unicode(self, at):
        r"""The character of an escape \uXXXX, or of two, and where it ends."""
        text = self.text
        self.must_go_on(at)
        if text[at + 1] != "u" or not _hex(text, at + 2):
            self.fail("invalid escaped sequence in string", at)
        high = int(text[at + 2 : at + 6], 16)
        if not 0xD800 <= high <= 0xDFFF:
            return chr(high), at + 6
        low = at + 6
        if _low_surrogate_begins(text, low):
            self.fail(_END, self.size)
        if high >= 0xDC00:
            self.fail("invalid high surrogate in string", at)
        if not text.startswith("\\u", low):
            self.fail("no low surrogate in string", at)
        if not _hex(text, low + 2):
            self.fail("invalid escape in string", at)
        second = int(text[low + 2 : low + 6], 16)
        if not 0xDC00 <= second <= 0xDFFF:
            self.fail("invalid low surrogate in string", at)
        return chr(0x10000 + (high - 0xD800 << 10) + (second - 0xDC00)), low + 6

    def must_go_on(self, at):
        """Fail where the text ends within an escape that is right so far."""
        rest = self.text[at + 1 : at + 7]
        if at + 1 + len(rest) >= self.size and len(rest) < 5 and (not rest or _some_hex(rest)):
            self.fail(_END, self.size)
