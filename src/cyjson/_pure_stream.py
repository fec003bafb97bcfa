"""The fallback's reader of documents block by block: what csrc/stream.c and _stream.pxi do, in Python.

It works on bytes as they do, so that a document cut anywhere gives the same values and the same errors with both.
"""

import re
from json import JSONDecoder
from types import GenericAlias

__all__ = ["StreamReader"]

# What a scanner expects, or is in the middle of: the numbers of csrc/stream.h.
_AT_DOCUMENT, _AT_FIRST_ITEM, _AT_ITEM, _AT_FIRST_KEY, _AT_KEY, _AT_COLON, _AT_MEMBER, _AFTER = range(8)
_IN_KEY, _IN_STRING, _IN_DIGITS, _IN_POINT, _IN_FRACTION, _IN_E, _IN_EXPONENT = range(8, 15)

_END, _VALUE, _KEY, _START_OBJECT, _END_OBJECT, _START_ARRAY, _END_ARRAY, _SCALAR = range(8)

_TAIL = 128
_EVERY, _NONE = -1, -2

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
_CONSTANTS = b"true", b"false", b"null", b"NaN", b"Infinity", b"-Infinity"


class _More(Exception):
    """The text ends within a token, or before the next."""


class _Wrong(Exception):
    """The text from ``at`` on is wrong."""


class _Scanner:
    """As stream_scanner."""

    def __init__(self, lenient):
        self.state = _AT_DOCUMENT
        self.string_parts = _lenient_string_parts if lenient else _string_parts
        self.at = self.mark = 0
        self.kinds = []  # of the open containers: whether an object

    def next(self, text, final, find):
        """As stream_next: the token, or _More or _Wrong."""
        size = len(text)
        while True:
            if self.state < _IN_KEY:
                self.at = _space(text, self.at).end()
                if self.at == size:
                    if final and self.state == _AFTER and not self.kinds:
                        return _END
                    raise _Wrong if final else _More
            state, first = self.state, bytes(text[self.at : self.at + 1])
            if state == _AFTER:
                if not self.kinds:
                    raise _Wrong
                if first == b",":
                    self.mark = self.at
                    self.at += 1
                    self.state = _AT_KEY if self.kinds[-1] else _AT_ITEM
                elif first == (b"}" if self.kinds[-1] else b"]"):
                    return self.closed()
                else:
                    raise _Wrong
            elif state in (_AT_FIRST_KEY, _AT_KEY):
                if first == b"}" and state == _AT_FIRST_KEY:
                    return self.closed()
                if first != b'"':
                    raise _Wrong
                self.start(_IN_KEY)
            elif state == _IN_KEY:
                self.finish_string(text, final)
                self.state = _AT_COLON
                return _KEY
            elif state == _AT_COLON:
                if first != b":":
                    raise _Wrong
                self.at += 1
                self.state = _AT_MEMBER
            elif state < _IN_KEY:
                if first == b"]" and state == _AT_FIRST_ITEM:
                    return self.closed()
                if find:
                    return _VALUE
                if first in (b"{", b"["):
                    self.kinds.append(first == b"{")
                    self.start(_AT_FIRST_KEY if first == b"{" else _AT_FIRST_ITEM)
                    return _START_OBJECT if first == b"{" else _START_ARRAY
                if self.begin_scalar(text, final, first):
                    return _SCALAR
            else:
                if state == _IN_STRING:
                    self.finish_string(text, final)
                else:
                    self.finish_number(text, final)
                self.state = _AFTER
                return _SCALAR

    def start(self, state):
        self.mark = self.at
        self.at += 1
        self.state = state

    def closed(self):
        self.start(_AFTER)
        return _END_OBJECT if self.kinds.pop() else _END_ARRAY

    def begin_scalar(self, text, final, first):
        """Begin to read a string or number, or read a constant; whether that was all of it."""
        if first == b'"':
            self.start(_IN_STRING)
            return False
        second = text[self.at + 1 : self.at + 2]
        if first == b"-" and second != b"I":
            if not second:
                raise _Wrong if final else _More
            if not second.isdigit():
                raise _Wrong
            self.start(_IN_DIGITS)
            first = second
        elif first.isdigit():
            self.mark = self.at
        else:
            for name in _CONSTANTS:
                here = bytes(text[self.at : self.at + len(name)])
                if name == here:
                    self.mark = self.at
                    self.at += len(name)
                    self.state = _AFTER
                    return True
                if name.startswith(here):
                    raise _Wrong if final else _More
            raise _Wrong
        self.at += 1
        self.state = _IN_POINT if first == b"0" else _IN_DIGITS
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
        if self.state == _IN_DIGITS:
            self.pass_digits(text, final)
            self.state = _IN_POINT
        if self.state == _IN_POINT:
            behind = text[self.at : self.at + 2]
            if not final and behind in (b"", b"."):
                raise _More
            if behind[:1] == b".":
                if not behind[1:].isdigit():
                    return
                self.at += 1
                self.state = _IN_FRACTION
            else:
                self.state = _IN_E
        if self.state == _IN_FRACTION:
            self.pass_digits(text, final)
            self.state = _IN_E
        if self.state == _IN_E:
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
            self.state = _IN_EXPONENT
        self.pass_digits(text, final)

    def pass_digits(self, text, final):
        self.at = _digits(text, self.at).end()
        if self.at == len(text) and not final:
            raise _More


class _Place:
    """As stream_position: how much of a document lies before a place."""

    def __init__(self):
        self.bytes = self.characters = self.lines = self.line_start = 0

    def behind(self, text):
        """The place behind a piece of text that starts here."""
        place = _Place()
        characters = text.translate(None, _CONTINUATIONS)
        place.bytes = self.bytes + len(text)
        place.characters = self.characters + len(characters)
        place.lines = self.lines + characters.count(b"\n")
        newline = characters.rfind(b"\n")
        place.line_start = self.line_start if newline < 0 else self.characters + newline + 1
        return place

    def told(self):
        return self.bytes, self.characters, self.lines, self.line_start


_CONTINUATIONS = bytes(range(0x80, 0xC0))


class StreamReader:
    """An iterator over parts of a JSON document that is read as it is needed."""

    __class_getitem__ = classmethod(GenericAlias)

    def __init__(self, mode, path, source, decode, decode_string, plain, lenient, block, failure):
        self._scanner = _Scanner(lenient)
        self._joined, self._elements = path
        self._total = len(self._elements if self._joined is None else self._joined)
        self._source = source
        self._decode, self._decode_string = decode, decode_string
        self._block = block
        self._failure = failure
        self._text, self._final = bytearray(), False
        self._ascii = None  # the text as a str, once it was asked for
        self._plain = plain
        self._place = _Place()
        self._marked = None  # the place of a mark that is no longer in the text
        self._running = self._done = False
        matches = {"items": self._items, "kvitems": self._kvitems}
        self._results = matches[mode]() if mode in matches else self._events(mode)

    def __iter__(self):
        return self

    def __enter__(self):
        return self

    def __exit__(self, *exc_info):
        self.close()

    def close(self):
        """Give up; a file that was opened for this iterator is closed."""
        if self._running:
            raise ValueError("this iterator is already running")
        self._done = True
        self._source.close()

    def __next__(self):
        if self._running:
            raise ValueError("this iterator is already running")
        if self._done:
            raise StopIteration
        self._running = True
        try:
            for result in self._results:
                return result
        except BaseException:
            self._done = True
            self._source.close()
            raise
        finally:
            self._running = False
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
                self._marked = self._place.behind(self._text[: scanner.mark])
                scanner.mark = None
            elif scanner.mark is not None:
                scanner.mark -= keep
            self._place = self._place.behind(self._text[:keep])
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
            self._fill(scanner.mark if wanted and scanner.state >= _IN_KEY else scanner.at)
        raise self._refused()

    def _skip(self, keep=False):
        """Go on behind the value that was found; where it starts, if its text is kept."""
        scanner, start = self._scanner, self._scanner.at
        depth = len(scanner.kinds)
        while True:
            try:
                while True:
                    scanner.next(self._text, self._final, False)
                    if len(scanner.kinds) <= depth and scanner.state == _AFTER:
                        return start
            except _More:
                pass
            except _Wrong:
                break
            self._fill(start if keep else scanner.at)
            start = 0
        raise self._refused()

    def _refused(self):
        """What is wrong with the text from the scanner's position on."""
        scanner = self._scanner
        while not self._final and len(self._text) - scanner.at < _TAIL:
            self._fill(scanner.at)
        mark = self._marked if scanner.mark is None else self._place.behind(self._text[: scanner.mark])
        place = self._place.behind(self._text[: scanner.at])
        inside = 2 if scanner.kinds and scanner.kinds[-1] else 1 if scanner.kinds else 0
        tail = bytes(self._text[scanner.at : scanner.at + _TAIL])
        return self._failure(scanner.state, inside, tail, place.told(), mark.told())

    # Values

    def _value(self):
        if self._plain and self._first() in (b"{", b"["):
            made = self._container()
            if made is not None:
                return made[0]
        start = self._skip(keep=True)
        return self._decode(self._text[start : self._scanner.at].decode("utf-8", "surrogatepass"))

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
        self._scanner.state = _AFTER
        return [value]

    def _key(self):
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
            hit = wanted_index in (_EVERY, index) if name is None else wanted == name
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

    def _targets(self):
        """Stop at each value at the path, where it was found; whoever asks reads or skips it."""
        scanner = self._scanner
        levels = []  # of each open container: what of the path leads to it, and the index of an array's next value
        child = 0
        while True:
            token = self._next(True, True)
            if token == _VALUE:
                if levels and not scanner.kinds[-1]:
                    child = self._match(levels[-1][0], None, levels[-1][1])
                    levels[-1][1] += 1
                if child == self._total:
                    yield
                elif child is not None and self._first() in (b"{", b"["):
                    self._next(False, False)
                    levels.append([child, 0])
                else:
                    self._skip()
            elif token == _KEY:
                name = bytes(self._text[scanner.mark + 1 : scanner.at - 1])
                if b"\\" in name:
                    name = self._key().encode("utf-8", "surrogatepass")
                child = self._match(levels[-1][0], name, None)
            elif token == _END:
                return
            else:
                levels.pop()

    def _items(self):
        for _ in self._targets():
            yield self._value()

    def _kvitems(self):
        for _ in self._targets():
            if self._first() != b"{":
                self._skip()
                continue
            self._next(False, False)
            while self._next(True, True) == _KEY:
                key = self._key()
                self._next(True, False)
                yield key, self._value()

    # Events

    def _events(self, mode):
        scanner, parse = self._scanner, mode == "parse"
        # Of the innermost container, and of the value within it. Of the outer ones only the lengths are kept: a
        # document that nests deep would have them fill the memory.
        prefix, child, lengths = "", "", []

        def event(name, value, prefix):
            return (prefix, name, value) if parse else (name, value)

        while True:
            token = self._next(True, True)
            if token == _END:
                return
            if token == _KEY:
                key = self._key()
                if parse:
                    child = f"{prefix}.{key}" if len(scanner.kinds) > 1 else key
                yield event("map_key", key, prefix)
            elif token != _VALUE:
                yield event("end_map" if token == _END_OBJECT else "end_array", None, prefix)
                if parse:
                    child, prefix = prefix, prefix[: lengths.pop()]
            else:
                first = self._first()
                if first in (b"{", b"["):
                    if mode == "coarse" and (start := self._small()) is not None:
                        yield (
                            "value",
                            self._decode(self._text[start : self._scanner.at].decode("utf-8", "surrogatepass")),
                        )
                        continue
                    self._next(False, False)
                    if parse:
                        lengths.append(len(prefix))
                        prefix = child
                        if first == b"[":
                            child = f"{prefix}.item" if len(scanner.kinds) > 1 else "item"
                    yield event("start_map" if first == b"{" else "start_array", None, prefix)
                elif mode == "coarse":
                    yield "value", self._value()
                else:
                    name = {b'"': "string", b"n": "null", b"t": "boolean", b"f": "boolean"}.get(first, "number")
                    yield event(name, self._value(), child)

    def _small(self):
        """Go on behind the container that was found if it fits in a block: where it starts, or None."""
        scanner, start = self._scanner, self._scanner.at
        while not self._final and len(self._text) - start < self._block:
            self._fill(start)
            start = 0
        state, at, mark, kinds = scanner.state, scanner.at, scanner.mark, scanner.kinds.copy()
        try:
            while True:
                scanner.next(self._text, self._final, False)
                if len(scanner.kinds) == len(kinds) and scanner.state == _AFTER:
                    return start
        except (_More, _Wrong):
            scanner.state, scanner.at, scanner.mark, scanner.kinds = state, at, mark, kinds
        return None
