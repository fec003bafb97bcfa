"""Documents too large for memory: iterate over parts of one while it is read.

``items(source, "features.item")`` gives the items at a path one by one, ``kvitems`` the members of an object,
``basic_parse`` and ``parse`` the events of the whole document. Names, events and paths are ijson's; values and errors
are those of ``loads``.

What is held is a block of the document and the item at hand, however long the document is. All of it is validated, the
parts that aren't asked for too, and so a document that ``loads`` refuses as malformed raises, at the latest at its end.
Parts that aren't asked for are not converted: integers with too many digits and nesting too deep for ``loads`` are no
error there.

A ``source`` is a path (str or os.PathLike; ``.gz`` and ``.zst`` files are decompressed), a binary file (anything with a
``read`` that gives bytes), or the document itself as bytes, bytearray or memoryview. It is read in blocks of
``buf_size`` bytes, and further than the item at hand: of a regular file as far as the item before was long.
A byte order mark is skipped, and UTF-16 and UTF-32 are recognised as ``loads`` does.
"""

import codecs
import functools
import io
import os
import re
import stat
from json import JSONDecodeError, JSONDecoder, detect_encoding
from json.decoder import scanstring

from . import _files, backend, loads

if backend == "c":
    from ._native import StreamReader as Reader
else:
    from ._pure_stream import StreamReader as Reader

__all__ = ["ITEM", "Reader", "StreamDecodeError", "basic_parse", "items", "kvitems", "parse", "pointer"]

BUF_SIZE = 65536  # bytes


class StreamDecodeError(JSONDecodeError):
    """A document that was read in blocks is malformed.

    ``msg``, ``pos``, ``lineno`` and ``colno`` are what ``loads`` would give for the whole document: ``pos`` counts
    characters from its beginning. ``doc`` can't hold that document, and is the little of its text that follows the
    place. ``offset`` is the place in bytes from the beginning of the source; None where that is UTF-16 or UTF-32.
    """

    def __init__(self, msg, doc, pos, lineno, colno, offset):
        ValueError.__init__(self, f"{msg}: line {lineno} column {colno} (char {pos})")
        self.msg = msg
        self.doc = doc
        self.pos = pos
        self.lineno = lineno
        self.colno = colno
        self.offset = offset

    def __reduce__(self):
        return type(self), (self.msg, self.doc, self.pos, self.lineno, self.colno, self.offset)


# Paths


class _Item:
    def __repr__(self):
        return "cyjson.stream.ITEM"

    def __reduce__(self):
        return "ITEM"


ITEM = _Item()
"""In a path given as a sequence: every value of an array."""

_EVERY, _NONE = -1, -2  # in the place of an array's index


class _Token(str):
    """A JSON Pointer's part: the name of a member, and the index of an array's value if it looks like one."""

    __slots__ = ()


def pointer(text):
    """The path that a JSON Pointer (RFC 6901) names, as ``items`` and ``kvitems`` take it: ``pointer("/features/0")``.

    Raises TypeError for anything but a str, ValueError for a str that is no JSON Pointer.
    """
    if not isinstance(text, str):
        raise TypeError(f"a JSON Pointer is a str, not {type(text).__name__}")
    if text and not text.startswith("/"):
        raise ValueError(f"a JSON Pointer is empty or starts with '/', and this doesn't: {text!r}")
    if re.search("~(?![01])", text):
        raise ValueError(f"in a JSON Pointer '~' is followed by 0 (for '~') or 1 (for '/'): {text!r}")
    return tuple(_Token(part.replace("~1", "/").replace("~0", "~")) for part in text.split("/")[1:])


def _element(element):
    """An element of a path: the name of a member as UTF-8, or None, and the index of an array's value."""
    if element is ITEM:
        return None, _EVERY
    if isinstance(element, str):
        index = _NONE
        if isinstance(element, _Token) and re.fullmatch("0|[1-9][0-9]{0,17}", element):
            index = int(element)
        return element.encode("utf-8", "surrogatepass"), index
    if isinstance(element, int) and not isinstance(element, bool):
        if 0 <= element < 10**18:
            return None, element
        raise ValueError(f"an array's index in a path is from 0 to 10**18 - 1, not {element}")
    raise TypeError(f"a path consists of str, int and ITEM; {element!r} is {type(element).__name__}")


def _path(path):
    """A path for a Reader: (bytes, None) for one joined by dots, or (None, elements)."""
    if isinstance(path, str):
        return path.encode("utf-8", "surrogatepass"), None
    try:
        elements = tuple(path)
    except TypeError:
        raise TypeError(f"a path is a str or a sequence of str, int and ITEM, not {type(path).__name__}") from None
    return None, tuple(_element(element) for element in elements)


# Sources


def _never_waits(file):
    """Whether what a file doesn't have yet will never come: it is in memory, or a regular file."""
    if type(file) is io.BytesIO:
        return True
    if not isinstance(
        file, (io.FileIO, io.BufferedReader, io.BufferedRandom)
    ):  # concrete classes, which cost nothing to ask
        return False
    try:
        return stat.S_ISREG(os.fstat(file.fileno()).st_mode)
    except (OSError, ValueError):
        return False


class _Source:
    """The bytes of a document, as UTF-8 without a byte order mark."""

    close = staticmethod(lambda: None)
    ahead = False  # whether it keeps nobody waiting to read further than is needed

    def __init__(self, source):
        self.skipped = 0  # bytes of a mark; None where the text is another than the source's
        self._decoder = None
        if isinstance(source, (str, os.PathLike)):
            file = _files.open_bytes(_files.path_of(source, "source"), "rb")
            self._read, self.close = file.read, file.close
            self.ahead = os.path.isfile(source)
        elif isinstance(source, (bytes, bytearray, memoryview)):
            self._view = memoryview(source)
            self._view = self._view.cast("B") if self._view.c_contiguous else memoryview(self._view.tobytes())
            self._at = 0
            self._read, self.close = self._read_view, self._view.release
            self.ahead = True
        elif hasattr(source, "read"):
            self._read = source.read
            self.ahead = _never_waits(source)
        else:
            raise TypeError(
                f"source is a path, a binary file, or bytes, bytearray or memoryview, not {type(source).__name__}"
            )
        self.read = self._read_first

    def __del__(self):
        self.close()  # or a file that was opened here would complain

    def _read_view(self, n):
        start = self._at
        self._at = start + n
        return bytes(self._view[start : start + n])

    def _read_bytes(self, n):
        data = self._read(n)
        if type(data) is bytes:
            return data
        if isinstance(data, (bytes, bytearray, memoryview)):
            return memoryview(data).tobytes()
        if isinstance(data, str):
            raise TypeError("source.read() gave str, not bytes: open the file in binary mode ('rb')")
        if data is None:
            raise BlockingIOError("source.read() has nothing to give yet: a file that blocks is needed")
        raise TypeError(f"source.read() gave {type(data).__name__}, not bytes")

    def _read_first(self, n):
        data = b""
        while len(data) < 4:  # by which the encoding is known
            more = self._read_bytes(n)
            if not more:
                break
            data += more
        encoding = detect_encoding(data)
        if encoding not in ("utf-8", "utf-8-sig"):
            self.skipped = None
            self._decoder = codecs.getincrementaldecoder(encoding)("surrogatepass")
            self.read = self._read_recoded
            return self._recoded(data) or self._read_recoded(n)
        self.read = self._read_bytes
        if encoding == "utf-8-sig":
            self.skipped = len(codecs.BOM_UTF8)
            return data[self.skipped :] or self._read_bytes(n)
        return data

    def _recoded(self, data):
        return self._decoder.decode(data, not data).encode("utf-8", "surrogatepass")

    def _read_recoded(self, n):
        while True:
            data = self._read_bytes(n)
            text = self._recoded(data)
            if text or not data:
                return text


# Errors: a Reader tells its state (csrc/stream.h has the same numbers), and the interpreter's own decoder says what is
# wrong with a small document that is in the same state.

_DOCUMENT, _ARRAY, _OBJECT = range(3)
_AFTER, _IN_KEY, _IN_STRING = 7, 8, 9
_BEGINNINGS = ["", "[", '["",', "{", '{"":"",', '{""', '{"":']
_AFTER_BEGINNINGS = ['""', '[""', '{"":""']
_decode = JSONDecoder().decode


def _failure(source, strict, state, inside, tail, place, mark):
    """The exception for a document of which ``tail`` (bytes) is wrong from its first byte on.

    ``place`` and ``mark`` are positions: (bytes, characters, line feeds, characters before the line). The mark is at
    the comma or at the quote that came before.
    """
    try:
        tail.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError as error:
        if error.start == 0:
            if source.skipped is not None:
                error.reason += f" (byte {place[0] + source.skipped} of the document)"
            return error
    text = tail.decode("utf-8", "replace")
    if state in (_IN_KEY, _IN_STRING):
        before, check = '"', lambda probe: scanstring(probe, 1, strict)
    else:
        before, check = _AFTER_BEGINNINGS[inside] if state == _AFTER else _BEGINNINGS[state], _decode
    msg, within = "Expecting value", 0
    try:
        check(before + text)
    except JSONDecodeError as error:
        msg, within = error.msg, error.pos - len(before)
    if within < 0:
        place, within = mark, 0
    offset, pos, lines, line_start = place
    passed = text[:within]
    pos += within
    if "\n" in passed:
        lines += passed.count("\n")
        line_start = pos - within + passed.rindex("\n") + 1
    offset = None if source.skipped is None else offset + source.skipped + len(passed.encode())
    return StreamDecodeError(msg, text[within:], pos, lines + 1, pos - line_start + 1, offset)


def failure_of(source, strict):
    """What makes a Reader's exceptions."""
    return functools.partial(_failure, source, strict)


# Readers

_OPTIONS = {
    "array_hook",
    "cls",
    "object_hook",
    "object_pairs_hook",
    "parse_constant",
    "parse_float",
    "parse_int",
    "strict",
}


def _reader(mode, path, source, buf_size, options):
    if not isinstance(buf_size, int) or isinstance(buf_size, bool):
        raise TypeError(f"buf_size is an int (bytes), not {type(buf_size).__name__}")
    if not 1 <= buf_size <= 2**30:
        raise ValueError(f"buf_size is from 1 to 2**30 bytes, not {buf_size}")
    path = _path(path)
    for name in options:
        if name not in _OPTIONS and options.get("cls") is None:
            raise TypeError(f"unexpected keyword argument {name!r}: the options are those of loads, and buf_size")
    strict = bool(options.get("strict", True))
    # Neither a comprehension with variables of this function's, for 3.11 loses arguments where memory for a cell is
    # missing, nor items(), whose iterator crashes every version where memory for a pair is (cpython#152107).
    for name in [*options]:
        if options[name] is None:
            del options[name]
    if strict:
        options.pop("strict", None)
    decode = functools.partial(loads, **options) if options else loads
    decode_string = loads if strict else functools.partial(loads, strict=False)
    opened = _Source(source)
    return Reader(
        mode, path, opened, decode, decode_string, not options, not strict, buf_size, failure_of(opened, strict)
    )


def items(source, prefix="", *, buf_size=BUF_SIZE, **options):
    """Iterate over the values at a path of a JSON document, each as ``loads(..., **options)`` gives it.

    ``prefix`` is the path: the names of members joined by dots, with ``item`` for every value of an array
    (``"features.item"``); the empty one is the whole document. Such a path doesn't tell a member named ``item`` from an
    array's values, nor a name with a dot from two names; a sequence does: ``("features", ITEM)``, with str for members,
    int for one value of an array, ITEM for all. ``pointer`` makes one of a JSON Pointer. Of several members that have
    the same name, each counts here; within an item the last does, as in ``loads``.

    ``buf_size`` is in bytes. The iterator has ``close()`` and is a context manager, which matter for a source given as
    a path: the file is closed with it, at the end and after an error. After an exception it has ended.

    Raises StreamDecodeError, a JSONDecodeError, for a malformed document; UnicodeDecodeError for one that isn't UTF-8
    (of several faults, for the first); TypeError and ValueError for wrong arguments; OSError; and what hooks and
    ``read`` raise.
    """
    return _reader("items", prefix, source, buf_size, options)


def kvitems(source, prefix="", *, buf_size=BUF_SIZE, **options):
    """Iterate over the members of the object at a path, as pairs (name, value). Values other than objects have none.

    Arguments and errors are those of ``items``.
    """
    return _reader("kvitems", prefix, source, buf_size, options)


def basic_parse(source, *, buf_size=BUF_SIZE, **options):
    """Iterate over the events of a JSON document, as pairs (event, value).

    Events are ``start_map``, ``end_map``, ``start_array``, ``end_array`` (with the value None), ``map_key``,
    ``string``, ``number``, ``boolean`` and ``null``. Of the options, those for numbers and strings have an effect:
    ``parse_int``, ``parse_float``, ``parse_constant``, ``strict``. Errors are those of ``items``.
    """
    return _reader("basic", "", source, buf_size, options)


def parse(source, *, buf_size=BUF_SIZE, **options):
    """Iterate over the events of a JSON document, as triples (prefix, event, value).

    The prefix is the path of the value (of the object, for ``map_key`` and ``end_map``), joined by dots as ``items``
    takes it. Otherwise as ``basic_parse``.
    """
    return _reader("parse", "", source, buf_size, options)
