"""The fallback's reader of documents block by block: what csrc/kernels/tokens.c and _stream.pxi do, in Python.

It works on bytes as they do, so that a document cut anywhere gives the same values and the same errors with both.
"""

import re
from json import JSONDecoder
from operator import index
from types import GenericAlias

from ._stream_numbers import (
    AFTER,
    AT_COLON,
    AT_DOCUMENT,
    AT_FIRST_ITEM,
    AT_FIRST_KEY,
    AT_ITEM,
    AT_KEY,
    AT_MEMBER,
    BLOCK,
    EVERY,
    IN_DIGITS,
    IN_E,
    IN_EXPONENT,
    IN_FRACTION,
    IN_KEY,
    IN_POINT,
    IN_STRING,
    PATH_LONG,
    PATHS_LIMIT,
    TAIL,
)

__all__ = ["StreamReader"]

_END, _VALUE, _KEY, _START_OBJECT, _END_OBJECT, _START_ARRAY, _END_ARRAY, _SCALAR = range(8)

_raw_decode = JSONDecoder().raw_decode
_space = re.compile(rb"[ \t\n\r]*").match
_digits = re.compile(rb"[0-9]*").match
# The interpreter takes four hexadecimal digits that end the document for an incomplete escape.
# UTF-8 by Unicode's table 3-7, and encoded surrogates, which loads lets pass. The beginnings stand for what is cut.
_CHARACTER = (
    rb"[\xC2-\xDF][\x80-\xBF]|\xE0[\xA0-\xBF][\x80-\xBF]|[\xE1-\xEF][\x80-\xBF]{2}|\xF0[\x90-\xBF][\x80-\xBF]{2}"
    rb"|[\xF1-\xF3][\x80-\xBF]{3}|\xF4[\x80-\x8F][\x80-\xBF]{2}"
)
_PART = rb'(?:[^"\\%b\x80-\xFF]+|' + _CHARACTER + rb'|\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{4}(?=[\x00-\xFF])))*'
_string_parts = re.compile(_PART % rb"\x00-\x1F").match
_lenient_string_parts = re.compile(_PART % b"").match
_cut = re.compile(
    rb"\\(?:u[0-9A-Fa-f]{0,4})?"
    rb"|[\xC2-\xDF]|\xE0[\xA0-\xBF]?|[\xE1-\xEF][\x80-\xBF]?|\xF0(?:[\x90-\xBF][\x80-\xBF]?)?"
    rb"|[\xF1-\xF3](?:[\x80-\xBF][\x80-\xBF]?)?|\xF4(?:[\x80-\x8F][\x80-\xBF]?)?"
).fullmatch
_bare = re.compile(rb"[-+.0-9A-Za-z]").match  # two numbers or constants that nothing parts are no two documents
_CONSTANTS = b"true", b"false", b"null", b"NaN", b"Infinity", b"-Infinity"


class _More(Exception):
    """The text ends within a token, or before the next."""


class _Wrong(Exception):
    """The text from ``at`` on is wrong."""


class _Scanner:
    """As stream_scanner."""

    def __init__(self, lenient, many):
        self.state = AT_DOCUMENT
        self.many = many  # after a document another one may follow
        self.last = b""  # where `at` is 0, the byte before it
        self.string_parts = _lenient_string_parts if lenient else _string_parts
        self.at = self.mark = 0
        self.kinds = []  # of the open containers: whether an object

    def next(self, text, final, find):
        """As stream_next: the token, or _More or _Wrong."""
        size = len(text)
        while True:
            if self.state < IN_KEY:
                self.at = _space(text, self.at).end()
                if self.at == size:
                    if final and self.state == AFTER and not self.kinds:
                        return _END
                    raise _Wrong if final else _More
            state, first = self.state, bytes(text[self.at : self.at + 1])
            if state == AFTER:
                if not self.kinds:
                    last = text[self.at - 1 : self.at] or self.last
                    if not self.many or _bare(last) and _bare(first):
                        raise _Wrong
                    self.state = AT_DOCUMENT
                elif first == b",":
                    self.mark = self.at
                    self.at += 1
                    self.state = AT_KEY if self.kinds[-1] else AT_ITEM
                elif first == (b"}" if self.kinds[-1] else b"]"):
                    return self.closed()
                else:
                    raise _Wrong
            elif state in (AT_FIRST_KEY, AT_KEY):
                if first == b"}" and state == AT_FIRST_KEY:
                    return self.closed()
                if first != b'"':
                    raise _Wrong
                self.start(IN_KEY)
            elif state == IN_KEY:
                self.finish_string(text, final)
                self.state = AT_COLON
                return _KEY
            elif state == AT_COLON:
                if first != b":":
                    raise _Wrong
                self.at += 1
                self.state = AT_MEMBER
            elif state < IN_KEY:
                if first == b"]" and state == AT_FIRST_ITEM:
                    return self.closed()
                if find:
                    return _VALUE
                if first in (b"{", b"["):
                    self.kinds.append(first == b"{")
                    self.start(AT_FIRST_KEY if first == b"{" else AT_FIRST_ITEM)
                    return _START_OBJECT if first == b"{" else _START_ARRAY
                if self.begin_scalar(text, final, first):
                    return _SCALAR
            else:
                if state == IN_STRING:
                    self.finish_string(text, final)
                else:
                    self.finish_number(text, final)
                self.state = AFTER
                return _SCALAR

    def start(self, state):
        self.mark = self.at
        self.at += 1
        self.state = state

    def closed(self):
        self.start(AFTER)
        return _END_OBJECT if self.kinds.pop() else _END_ARRAY

    def begin_scalar(self, text, final, first):
        """Begin to read a string or number, or read a constant; whether that was all of it."""
        if first == b'"':
            self.start(IN_STRING)
            return False
        second = text[self.at + 1 : self.at + 2]
        if first == b"-" and second != b"I":
            if not second:
                raise _Wrong if final else _More
            if not second.isdigit():
                raise _Wrong
            self.start(IN_DIGITS)
            first = second
        elif first.isdigit():
            self.mark = self.at
        else:
            for name in _CONSTANTS:
                here = bytes(text[self.at : self.at + len(name)])
                if name == here:
                    self.mark = self.at
                    self.at += len(name)
                    self.state = AFTER
                    return True
                if name.startswith(here):
                    raise _Wrong if final else _More
            raise _Wrong
        self.at += 1
        self.state = IN_POINT if first == b"0" else IN_DIGITS
        return False

    def finish_string(self, text, final):
        self.at = self.string_parts(text, self.at).end()
        if text[self.at : self.at + 1] == b'"':
            self.at += 1
        elif not final and (self.at == len(text) or _cut(text, self.at)):
            raise _More
        else:
            raise _Wrong

    def finish_number(self, text, final):
        size = len(text)
        if self.state == IN_DIGITS:
            self.pass_digits(text, final)
            self.state = IN_POINT
        if self.state == IN_POINT:
            rest = text[self.at : self.at + 2]
            if not final and rest in (b"", b"."):
                raise _More
            if rest[:1] == b".":
                if not rest[1:].isdigit():
                    return
                self.at += 1
                self.state = IN_FRACTION
            else:
                self.state = IN_E
        if self.state == IN_FRACTION:
            self.pass_digits(text, final)
            self.state = IN_E
        if self.state == IN_E:
            if text[self.at : self.at + 1] not in (b"e", b"E"):
                return
            digit = self.at + 1
            if text[digit : digit + 1] in (b"+", b"-"):
                digit += 1
            if not final and digit == size:
                raise _More
            if not text[digit : digit + 1].isdigit():
                return
            self.at = digit
            self.state = IN_EXPONENT
        self.pass_digits(text, final)

    def pass_digits(self, text, final):
        self.at = _digits(text, self.at).end()
        if self.at == len(text) and not final:
            raise _More


class _Place:
    """As stream_position: how much of a document lies before a place."""

    def __init__(self):
        self.bytes = self.characters = self.lines = self.line_start = 0

    def after(self, text):
        """The place after a piece of text that starts here."""
        place = _Place()
        characters = text.translate(None, _CONTINUATIONS)
        place.bytes = self.bytes + len(text)
        place.characters = self.characters + len(characters)
        place.lines = self.lines + characters.count(b"\n")
        newline = characters.rfind(b"\n")
        place.line_start = self.line_start if newline < 0 else self.characters + newline + 1
        return place

    def numbers(self):
        return self.bytes, self.characters, self.lines, self.line_start


_CONTINUATIONS = bytes(range(0x80, 0xC0))


class StreamReader:
    """An iterator over parts of a JSON document that is read as it is needed."""

    __class_getitem__ = classmethod(GenericAlias)

    def __init__(self, mode, path, source, decode, decode_string, plain, lenient, block, failure, many=False):
        if not isinstance(block, int):
            raise TypeError(f"a block is an int (bytes), not {type(block).__name__}")
        block = index(block)  # of a subclass too, which may compare as it likes
        if not 1 <= block <= BLOCK:
            raise ValueError("a block is from 1 to 2**30 bytes")
        self._scanner = _Scanner(lenient, many)
        self._joined, self._elements = path
        self._total = len(self._elements if self._joined is None else self._joined)
        self._source = source
        self._decode, self._decode_string = decode, decode_string
        self._block = block
        self._is_broken = False  # whether the rest of the document is known to have a fault
        self._failure = failure
        self._text, self._final = bytearray(), False
        self._ascii = None  # the text as a str, once it was asked for
        self._plain = plain
        self._place = _Place()
        self._marked = None  # the place of a mark that is no longer in the text
        self._busy = self._done = False
        self._mode = mode
        # Of the value that the reader is in the middle of, where its source had to wait: whether it is taken, where its
        # text starts, and the depth around it.
        self._pending = None
        # Of each open container: what of the path leads to it, and the index of an array's next value.
        self._levels, self._child = [], 0
        self._target, self._key = 0, None  # kvitems: the depth within the object at hand, or 0; the name at hand
        # Of the innermost container, and of the value within it. Of the outer ones only the lengths are kept: a
        # document that nests deep would have them fill the memory.
        self._prefix, self._child_prefix, self._lengths = "", "", []
        self._count = self._copied = 0  # events, and characters of long prefixes

    def __iter__(self):
        return self

    def __enter__(self):
        return self

    def __exit__(self, *exc_info):
        self.close()

    def close(self):
        """End the iteration; a file that was opened for this iterator is closed."""
        if self._busy:
            raise ValueError("this iterator is already running")
        self._done = True
        self._source.close()

    def __next__(self):
        if self._busy:
            raise ValueError("this iterator is already running")
        if self._done:
            raise StopIteration
        self._busy = True
        try:
            if self._mode == "items":
                if self._next_match():
                    return self._value()
            elif self._mode == "kvitems":
                if self._next_match():
                    return self._member()
            else:
                event = self._next_event()
                if event is not None:
                    return event
        except BaseException as error:
            if self._source.waiting:
                raise  # the next call goes on here
            self._done = True
            self._source.close()
            if isinstance(error, StopIteration):  # read()'s: it isn't the end of this iterator
                raise RuntimeError("source.read() raised StopIteration") from error
            raise
        finally:
            self._busy = False
        self.close()
        raise StopIteration

    # The text

    def _fill(self, keep):
        """Read a block more. What is before ``keep`` may go."""
        data = self._source.read(self._block)
        self._final = not data
        self._ascii = None
        scanner = self._scanner
        if keep:
            if scanner.mark is not None and scanner.mark < keep:
                self._marked = self._place.after(self._text[: scanner.mark])
                scanner.mark = None
            elif scanner.mark is not None:
                scanner.mark -= keep
            self._place = self._place.after(self._text[:keep])
            if scanner.at == keep:
                scanner.last = bytes(self._text[keep - 1 : keep])
            scanner.at -= keep
            del self._text[:keep]
        self._text += data

    def _next(self, find, wanted):
        """The next token, all of which is in the text if it is wanted. Errors are raised."""
        scanner = self._scanner
        while True:
            try:
                return scanner.next(self._text, self._final, find)
            except _More:
                pass
            except _Wrong:
                break
            self._fill(scanner.mark if wanted and scanner.state >= IN_KEY else scanner.at)
        raise self._refused()

    def _skip(self, keep=False):
        """Go on after the value that was found, or in which the source had to wait; where it starts, if its text is
        kept."""
        scanner = self._scanner
        if self._pending is None:
            self._pending = keep, scanner.at, len(scanner.kinds)
        keep, start, depth = self._pending
        while True:
            try:
                while True:
                    scanner.next(self._text, self._final, False)
                    if len(scanner.kinds) <= depth and scanner.state == AFTER:
                        self._pending = None
                        return start
            except _More:
                pass
            except _Wrong:
                break
            self._fill(start if keep else scanner.at)
            start = 0
            self._pending = keep, start, depth
        raise self._refused()

    def _refused(self):
        """What is wrong with the text from the scanner's position on."""
        scanner = self._scanner
        while not self._final and len(self._text) - scanner.at < TAIL:
            self._fill(scanner.at)
        mark = self._marked if scanner.mark is None else self._place.after(self._text[: scanner.mark])
        place = self._place.after(self._text[: scanner.at])
        inside = 2 if scanner.kinds and scanner.kinds[-1] else 1 if scanner.kinds else 0
        tail = bytes(self._text[scanner.at : scanner.at + TAIL])
        return self._failure(scanner.state, inside, tail, place.numbers(), mark.numbers())

    # Values

    def _value(self):
        if self._plain and self._pending is None and self._first() in (b"{", b"["):
            made = self._container()
            if made is not None:
                return made[0]
        start = self._skip(keep=True)
        return self._decode(self._text[start : self._scanner.at].decode("utf-8", "surrogatepass"))

    def _member(self):
        value = self._value()
        return self._key, value

    def _container(self):
        """The container that was found, in a list, if all of it is in the text and that is ASCII, where bytes and
        characters are counted alike; or None. The interpreter's decoder is much faster than the scanner here."""
        if self._ascii is None:
            self._ascii = self._text.decode("ascii") if self._text.isascii() else ""
        if not self._ascii:
            return None
        try:
            value, end = _raw_decode(self._ascii, self._scanner.at)
        except (ValueError, RecursionError):
            return None
        self._scanner.at = end
        self._scanner.state = AFTER
        return [value]

    def _taken_key(self):
        return self._decode_string(self._text[self._scanner.mark : self._scanner.at].decode("utf-8", "surrogatepass"))

    def _first(self):
        return bytes(self._text[self._scanner.at : self._scanner.at + 1])

    # The way to what is wanted

    def _match(self, matched, name, index):
        """How much of the path leads to the member of this name, or to an array's value (name None); None: it isn't on
        the way."""
        if self._joined is None:
            if matched == self._total:
                return None
            wanted, wanted_index = self._elements[matched]
            hit = wanted_index in (EVERY, index) if name is None else wanted == name
            return matched + 1 if hit else None
        path = self._joined
        if len(self._scanner.kinds) > 1:  # below the root a dot comes first
            if path[matched : matched + 1] != b".":
                return None
            matched += 1
        name = b"item" if name is None else name
        if not path.startswith(name, matched):
            return None
        matched += len(name)
        return matched if path[matched : matched + 1] in (b"", b".") else None

    def _enter(self, matched):
        """Open the container that was found, to which this much of the path leads."""
        self._next(False, False)
        self._levels.append([matched, 0])

    def _next_match(self):
        """Stop at the next value that is wanted; False at the end."""
        if self._pending is not None:
            if self._pending[0]:
                return True
            self._skip()
        scanner, levels = self._scanner, self._levels
        while True:
            token = self._next(True, True)
            if token == _VALUE:
                if not scanner.kinds:
                    self._child = 0
                elif self._target == len(scanner.kinds):
                    return True
                elif not scanner.kinds[-1]:
                    self._child = self._match(levels[-1][0], None, levels[-1][1])
                    levels[-1][1] += 1
                first = self._first()
                if self._child == self._total:
                    if self._mode == "items":
                        return True
                    if first == b"{":
                        self._enter(self._child)
                        self._target = len(scanner.kinds)
                    else:
                        self._skip()
                elif self._child is not None and first in (b"{", b"["):
                    self._enter(self._child)
                else:
                    self._skip()
            elif token == _KEY:
                if self._target == len(scanner.kinds):
                    self._key = self._taken_key()
                    continue
                name = bytes(self._text[scanner.mark + 1 : scanner.at - 1])
                if b"\\" in name:
                    name = self._taken_key().encode("utf-8", "surrogatepass")
                self._child = self._match(levels[-1][0], name, None)
            elif token == _END:
                return False
            else:
                levels.pop()
                if self._target > len(scanner.kinds):
                    self._target = 0

    # Events

    def _event(self, name, value, prefix):
        self._count += 1
        return (prefix, name, value) if self._mode == "parse" else (name, value)

    def _pay(self, length):
        """A prefix of so many characters is to be made. Raises RecursionError where they get too many."""
        if length > PATH_LONG:
            if self._copied + length > PATHS_LIMIT + PATH_LONG * self._count:
                raise RecursionError(
                    "the prefixes of this document are too long for parse: it nests too deep, or its names are "
                    "too long; basic_parse gives its events without prefixes"
                )
            self._copied += length

    def _join(self, prefix, name):
        self._pay(len(prefix) + 1 + len(name))
        return f"{prefix}.{name}"

    def _next_event(self):
        """The next event, or None at the end."""
        scanner, parse = self._scanner, self._mode == "parse"
        if self._pending is not None:
            return self._scalar(bytes(self._text[self._pending[1] : self._pending[1] + 1]))
        token = self._next(True, True)
        if token == _END:
            return None
        if token == _KEY:
            key = self._taken_key()
            event = self._event("map_key", key, self._prefix)
            if parse:
                self._child_prefix = self._join(self._prefix, key) if len(scanner.kinds) > 1 else key
            return event
        if token != _VALUE:
            event = self._event("end_map" if token == _END_OBJECT else "end_array", None, self._prefix)
            if parse:
                length = self._lengths.pop()
                if token == _END_OBJECT:  # of an array it is paid: its beginning made a prefix that was longer
                    self._pay(length)
                self._child_prefix, self._prefix = self._prefix, self._prefix[:length]
            return event
        first = self._first()
        if first not in (b"{", b"["):
            return self._scalar(first)
        if self._mode == "coarse" and (start := self._small()) is not None:
            return "value", self._decode(self._text[start : scanner.at].decode("utf-8", "surrogatepass"))
        self._next(False, False)
        event = self._event("start_map" if first == b"{" else "start_array", None, self._child_prefix)
        if parse:
            self._lengths.append(len(self._prefix))
            self._prefix = self._child_prefix
            if first == b"[":
                self._child_prefix = self._join(self._prefix, "item") if len(scanner.kinds) > 1 else "item"
        return event

    def _scalar(self, first):
        """The event of the value that was found, which is no container."""
        value = self._value()
        if self._mode == "coarse":
            return "value", value
        name = {b'"': "string", b"n": "null", b"t": "boolean", b"f": "boolean"}.get(first, "number")
        return self._event(name, value, self._child_prefix)

    def _small(self):
        """Go on after the container that was found if it fits in a block: where it starts, or None.

        Its length decides, not what is in the text already: a pipe gives more or less at a time.
        """
        if self._is_broken:
            return None
        scanner, start = self._scanner, self._scanner.at
        while not self._final and len(self._text) - start < self._block:
            self._fill(start)
            start = 0
        state, at, mark, kinds = scanner.state, scanner.at, scanner.mark, scanner.kinds.copy()
        try:
            while True:
                scanner.next(self._text, self._final, False)
                if scanner.at - start > self._block:
                    break
                if len(scanner.kinds) == len(kinds) and scanner.state == AFTER:
                    return start
        except (_More, _Wrong):
            # Each container within would be looked through up to the same fault.
            self._is_broken = self._final
        scanner.state, scanner.at, scanner.mark, scanner.kinds = state, at, mark, kinds
        return None
