"""Documents too large for memory: iterate over parts of one while it is read.

``items(source, "features.item")`` gives the items at a path one by one, ``kvitems`` the members of an object,
``basic_parse`` and ``parse`` the events of the whole document. Names, events and paths are ijson's; values and errors
are those of ``loads``.

What is held is a block of the document and the item at hand, however long the document is. All of it is validated, the
parts that aren't asked for too, and so a document that ``loads`` refuses as malformed raises, at the latest at its end.
Parts that aren't asked for are not converted: integers with too many digits and nesting too deep for ``loads`` are no
error there.

A ``source`` is a path (str or os.PathLike; ``.gz`` and ``.zst`` files are decompressed), a file (anything with a
``read`` that gives bytes or str), or the document itself as bytes, bytearray or memoryview. It is read in blocks of
``buf_size`` bytes or characters, and further than the item at hand: of a regular file as far as the item before was
long. A byte order mark is skipped, and UTF-16 and UTF-32 are recognised as ``loads`` does.

``items_async``, ``kvitems_async``, ``basic_parse_async`` and ``parse_async`` do the same in asyncio programs, with
files whose ``read`` is a coroutine function.
"""

import codecs
import functools
import io
import os
import re
import stat
from json import JSONDecodeError, JSONDecoder, detect_encoding
from json.decoder import scanstring
from operator import index
from types import GenericAlias

from . import _files, _sources, backend, loads
from ._stream_numbers import AFTER as _AFTER
from ._stream_numbers import BLOCK as _BLOCK
from ._stream_numbers import EVERY as _EVERY
from ._stream_numbers import IN_KEY as _IN_KEY
from ._stream_numbers import IN_STRING as _IN_STRING
from ._stream_numbers import NONE as _NONE

if backend == "c":
    from ._native import StreamReader as Reader
else:
    from ._pure_stream import StreamReader as Reader

__all__ = [
    "ITEM",
    "AsyncReader",
    "Reader",
    "StreamDecodeError",
    "basic_parse",
    "basic_parse_async",
    "items",
    "items_async",
    "kvitems",
    "kvitems_async",
    "parse",
    "parse_async",
    "pointer",
]

BUF_SIZE = 65536  # bytes
_type = type


class StreamDecodeError(JSONDecodeError):
    """A document that was read in blocks is malformed.

    ``msg``, ``pos``, ``lineno`` and ``colno`` are what ``loads`` would give for the whole document: ``pos`` counts
    characters from its beginning. ``doc`` can't hold that document, and is the little of its text that follows the
    place. ``offset`` is the place in bytes from the beginning of the source; None where that is UTF-16, UTF-32 or str.
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


def _shown(number):
    """An int for a message: of one with too many digits only that it has them."""
    return str(number) if -(10**20) < number < 10**20 else "one of more than 20 digits"


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
        raise ValueError(f"an array's index in a path is from 0 to 10**18 - 1, not {_shown(element)}")
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
    except (OSError, OverflowError, TypeError, ValueError):  # whatever fileno() gives
        return False


class _Memory:
    """The bytes of an object in memory, read as those of a file are."""

    def __init__(self, source):
        view = memoryview(source)
        self.view = view.cast("B") if view.c_contiguous else memoryview(view.tobytes())
        self.at = 0

    def read(self, n):
        start = self.at
        self.at = start + n
        return bytes(self.view[start : start + n])

    def close(self):
        self.view.release()


class _CodecText:
    """What a ``codecs`` reader gives. It may read part of a character and give "", which isn't the end then."""

    def __init__(self, file):
        self.file = file
        self.reader = getattr(file, "reader", file)

    def read(self, n):
        while True:
            held = self.reader.bytebuffer
            try:
                text = self.file.read(n)
            except UnicodeDecodeError as error:
                _sources.say_where(error, self.reader.stream)
                raise
            if text or self.reader.bytebuffer == held:
                return text


class _Source:
    """The text of a document, as UTF-8 without a byte order mark. No attribute leads back to it: that it is dropped
    must be seen at once, without the collector."""

    close = staticmethod(lambda: None)
    ahead = False  # whether it keeps nobody waiting to read further than is needed
    waiting = False  # whether read() raised since what comes next isn't there yet
    fault = None  # what is wrong with the bytes for which _FAULT stands in the text
    _is_text = None  # whether str is read; None: nothing was read
    _as_it_is = False  # whether it is UTF-8, and its beginning was seen
    _ended = False
    _head = b""  # what was read of bytes whose encoding isn't known
    _decoder = None  # of UTF-16 and UTF-32
    _passed = 0  # bytes that it was given

    def __init__(self, source):
        self.skipped = 0  # bytes of a mark; None where the text is another than the source's
        if isinstance(source, (str, os.PathLike)):
            file = _files.open_bytes(_files.path_of(source, "source"), "rb")
            self._get, self.close = file.read, file.close
            self.ahead = os.path.isfile(source)
        elif isinstance(source, (bytes, bytearray, memoryview)):
            memory = _Memory(source)
            self._get, self.close = memory.read, memory.close
            self.ahead = True
        elif hasattr(source, "read"):
            if isinstance(source, (codecs.StreamReader, codecs.StreamReaderWriter)):
                source = _CodecText(source)
            elif isinstance(source, io.TextIOWrapper):
                source = _sources.Located(source)
            self._get = source.read
            self.ahead = _never_waits(source)
        else:
            raise TypeError(
                "source is a path, a binary file, or bytes, bytearray or memoryview, or a text file, "
                f"not {type(source).__name__}"
            )

    def __del__(self):
        self.close()  # or a file that was opened here would complain

    def read(self, n):
        """At least a byte of the text, or b"" at its end."""
        while not self._ended:
            data = self._get(n)
            if self._as_it_is and type(data) is bytes:
                return data
            data = self._checked(data)
            text = self._utf8_of_text(data) if self._is_text else self._utf8(data)
            if text or not data:
                return text
        return b""

    def _checked(self, data):
        """What was read, as bytes or str; TypeError where it is neither, or not what came before."""
        is_text = isinstance(data, str)
        if not is_text and not isinstance(data, (bytes, bytearray, memoryview)):
            if data is None:
                raise BlockingIOError("source.read() has nothing to give yet: a file that blocks is needed")
            message = f"source.read() gave {type(data).__name__}, not bytes or str"
            if hasattr(data, "__await__"):
                message += ": such files are for items_async and the like"
                if hasattr(data, "close"):
                    data.close()  # or a coroutine complains that nobody waited for it
            raise TypeError(message)
        if self._is_text is None:
            self._is_text = is_text
        elif data and is_text is not self._is_text:
            raise TypeError("source.read() gave str and bytes in turn")
        if not data:
            return b""
        return data if type(data) is bytes or is_text else memoryview(data).tobytes()

    def _utf8_of_text(self, text):
        if self.skipped is not None and text:  # the beginning
            self.skipped = None
            text = text.removeprefix("\ufeff")
        return text.encode("utf-8", "surrogatepass") if text else b""

    def _utf8(self, data):
        if self._decoder is not None:
            return self._recoded(data)
        if self._as_it_is:
            return data
        self._head += data
        if data and not _tells_encoding(self._head):
            return b""
        data, self._head = self._head, b""
        encoding = detect_encoding(data)
        if encoding not in ("utf-8", "utf-8-sig"):
            self.skipped = None
            self._decoder = codecs.getincrementaldecoder(encoding)("surrogatepass")
            return self._recoded(data)
        self._as_it_is = True
        if encoding == "utf-8-sig":
            self.skipped = len(codecs.BOM_UTF8)
            return data[self.skipped :]
        return data

    def _recoded(self, data):
        """The bytes of another encoding. Where they are wrong, _FAULT stands in the text, so that what comes before is
        read, as with UTF-8."""
        held = self._decoder.getstate()[0]
        try:
            text, fault = self._decoder.decode(data, not data), b""
        except UnicodeDecodeError as error:
            start, fault = error.start, _FAULT
            place = self._passed - len(held) + start
            bad = (held + data)[start : start + 16]
            self.fault = UnicodeDecodeError(
                error.encoding,
                bad,
                0,
                min(error.end - start, len(bad)),
                f"{error.reason} (byte {place} of the document)",
            )
            text = self._decoder.decode(data[: max(start - len(held), 0)])
            self._ended = True
        self._passed += len(data)
        return text.encode("utf-8", "surrogatepass") + fault


_FAULT = b"\xff"  # in no UTF-8


def _tells_encoding(head):
    """Whether the encoding is known by the first bytes of a document, whatever follows."""
    # "{}" is UTF-8 without more: its source may wait for an answer to it.
    return len(head) >= 4 or (len(head) >= 2 and 0 not in head[:2] and head[0] not in b"\xef\xfe\xff")


class _Waiting(Exception):
    """A source of blocks that are handed to it has none."""


class _Feed(_Source):
    """The text of a document whose blocks are handed over."""

    def __init__(self):
        self.skipped = 0
        self.waiting = False
        self._block = None

    def feed(self, block):
        """Hand over what was read; nothing is the end."""
        self._block = self._checked(block)
        self.waiting = False

    def _get(self, n):
        if self._block is None:
            self.waiting = True
            raise _Waiting
        block, self._block = self._block, None
        return block


# Errors: a Reader gives its state, and the interpreter's own decoder says what is wrong with a small document that is
# in the same state.

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
            if source.fault is not None:
                fault, source.fault = source.fault, None  # whose traceback will lead back to the source
                return fault
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


_MESSAGE = "the options are those of loads, buf_size, use_float and multiple_values"


def _reader(mode, path, source, buf_size, use_float, multiple_values, options, type=None, feed=None):
    if not isinstance(buf_size, int) or isinstance(buf_size, bool):
        raise TypeError(f"buf_size is an int (bytes), not {_type(buf_size).__name__}")
    buf_size = index(buf_size)  # of a subclass too, which may compare as it likes
    if not 1 <= buf_size <= _BLOCK:
        raise ValueError(f"buf_size is from 1 to 2**30 bytes, not {_shown(buf_size)}")
    path = _path(path)
    for name in options:
        if name not in _OPTIONS and options.get("cls") is None:
            raise TypeError(f"unexpected keyword argument {name!r}: {_MESSAGE}")
    if use_float is not None and options.get("parse_float") is not None:
        raise TypeError("use_float and parse_float are two ways to say what floats become: give one of them")
    decode = None
    if type is not None:
        decode = _files.typed(type, {**options, "use_float": use_float} if use_float is not None else options)
    strict = bool(options.get("strict", True))
    # Neither a comprehension with variables of this function's, for 3.11 loses arguments where memory for a cell is
    # missing, nor items(), whose iterator crashes every version where memory for a pair is (cpython#152107).
    for name in [*options]:
        if options[name] is None:
            del options[name]
    if use_float is not None and not use_float:
        from decimal import Decimal  # takes as long to import as all the rest

        options["parse_float"] = Decimal
    if strict:
        options.pop("strict", None)
    plain = not options and decode is None
    if decode is None:
        decode = functools.partial(loads, **options) if options else loads
    decode_string = loads if strict else functools.partial(loads, strict=False)
    opened = _Source(source) if feed is None else feed
    return Reader(
        mode,
        path,
        opened,
        decode,
        decode_string,
        plain,
        not strict,
        buf_size,
        failure_of(opened, strict),
        bool(multiple_values),
    )


def items(source, prefix="", *, type=None, buf_size=BUF_SIZE, use_float=None, multiple_values=False, **options):
    """Iterate over the values at a path of a JSON document, each as ``loads(..., **options)`` gives it.

    ``prefix`` is the path: the names of members joined by dots, with ``item`` for every value of an array
    (``"features.item"``); the empty one is the whole document. Such a path can't distinguish a member named ``item``
    from an array's values, nor a name with a dot from two names; a sequence does: ``("features", ITEM)``, with str for
    members, int for one value of an array, ITEM for all. ``pointer`` makes one of a JSON Pointer. Of several members
    that have the same name, each counts here; within an item the last does, as in ``loads``.

    With a ``type`` (a class, another type or a Codec) each value is what ``cyjson.decode`` makes of it. The positions
    in a ValidationError count from the value's own text, which is its ``doc``.

    ``buf_size`` is in bytes, or characters of a text file: from 1 to 2**30. With ``use_float=False`` numbers with a
    fraction or an exponent are decimal.Decimal, as ``parse_float=Decimal`` makes them; True says what is the default.
    With ``multiple_values=True`` the source holds one document or more, one after the other, white space between them
    or not; only between two numbers or constants there has to be some. The path then counts from each of them.

    The iterator has ``close()`` and is a context manager, which matter for a source given as a path: the file is closed
    with it, at the end, after an error, and when the iterator is dropped. After an exception it has ended.

    Raises StreamDecodeError, a JSONDecodeError, for a malformed document; UnicodeDecodeError for one that isn't in its
    encoding (of several faults, for the first), in which ``object`` begins with what is wrong and the message gives its
    place in the document; TypeError and ValueError for wrong arguments; OSError; and what hooks and ``read`` raise.
    """
    return _reader("items", prefix, source, buf_size, use_float, multiple_values, options, type)


def kvitems(source, prefix="", *, type=None, buf_size=BUF_SIZE, use_float=None, multiple_values=False, **options):
    """Iterate over the members of the object at a path, as pairs (name, value). Values other than objects have none.

    Arguments and errors are those of ``items``.
    """
    return _reader("kvitems", prefix, source, buf_size, use_float, multiple_values, options, type)


def basic_parse(source, *, buf_size=BUF_SIZE, use_float=None, multiple_values=False, **options):
    """Iterate over the events of a JSON document, as pairs (event, value).

    Events are ``start_map``, ``end_map``, ``start_array``, ``end_array`` (with the value None), ``map_key``,
    ``string``, ``number``, ``boolean`` and ``null``. Of the options, those for numbers and strings have an effect:
    ``parse_int``, ``parse_float``, ``parse_constant``, ``strict``. Other arguments and errors are those of ``items``.
    """
    return _reader("basic", "", source, buf_size, use_float, multiple_values, options)


def parse(source, *, buf_size=BUF_SIZE, use_float=None, multiple_values=False, **options):
    """Iterate over the events of a JSON document, as triples (prefix, event, value).

    The prefix is the path of the value (of the object, for ``map_key`` and ``end_map``), joined by dots as ``items``
    takes it. Otherwise as ``basic_parse``.

    All the prefixes of a document can have as many characters as it has itself, squared: 80 KB of ``[`` have 16 GB. So
    their cost is bounded: those over 4096 characters may have 2**30 in all, and 4096 more for each event. What goes
    beyond, such as arrays 20,724 deep, raises RecursionError; ``basic_parse`` has no such limit.
    """
    return _reader("parse", "", source, buf_size, use_float, multiple_values, options)


# asyncio


class AsyncReader:
    """An asynchronous iterator over parts of a JSON document that is read as it is needed.

    Like the iterator of an asynchronous generator it has ended after an exception, a cancellation too. It is used by
    one task at a time: ValueError where another one waits for it.
    """

    __class_getitem__ = classmethod(GenericAlias)

    def __init__(self, mode, path, source, buf_size, *options):
        if not hasattr(source, "read"):
            raise TypeError(f"source is a file whose read() is asynchronous, not {type(source).__name__}")
        self._feed = _Feed()
        self._reader = _reader(mode, path, source, buf_size, *options, feed=self._feed)
        self._read, self._size = source.read, index(buf_size)
        self._busy = False

    def __aiter__(self):
        return self

    async def __anext__(self):
        if self._busy:
            raise ValueError("this iterator is already running")
        self._busy = True
        try:
            while True:
                try:
                    return next(self._reader)
                except _Waiting:
                    pass
                self._feed.feed(await self._block())
        except StopIteration:
            raise StopAsyncIteration from None
        except BaseException as error:
            self._reader.close()
            if isinstance(error, StopAsyncIteration):  # read()'s or a hook's: it isn't the end of this iterator
                raise RuntimeError("source.read() or a hook raised StopAsyncIteration") from error
            raise
        finally:
            self._busy = False

    async def _block(self):
        block = self._read(self._size)
        if block is None or isinstance(block, (str, bytes, bytearray, memoryview)):
            raise TypeError("source.read() isn't asynchronous: such files are for items, kvitems and so on")
        return await block

    async def aclose(self):
        """End the iteration."""
        if self._busy:
            raise ValueError("this iterator is already running")
        self._reader.close()

    async def __aenter__(self):
        return self

    async def __aexit__(self, *exc_info):
        await self.aclose()


def items_async(source, prefix="", *, type=None, buf_size=BUF_SIZE, use_float=None, multiple_values=False, **options):
    """``items`` of an asyncio file, for ``async for``.

    ``source`` is any object whose ``read(n)`` gives an awaitable of bytes or str: an asyncio.StreamReader, a file of
    aiofiles. It isn't closed. The iterator has ``aclose()`` and is an asynchronous context manager.
    """
    return AsyncReader("items", prefix, source, buf_size, use_float, multiple_values, options, type)


def kvitems_async(source, prefix="", *, type=None, buf_size=BUF_SIZE, use_float=None, multiple_values=False, **options):
    """``kvitems`` of an asyncio file: see ``items_async``."""
    return AsyncReader("kvitems", prefix, source, buf_size, use_float, multiple_values, options, type)


def basic_parse_async(source, *, buf_size=BUF_SIZE, use_float=None, multiple_values=False, **options):
    """``basic_parse`` of an asyncio file: see ``items_async``."""
    return AsyncReader("basic", "", source, buf_size, use_float, multiple_values, options)


def parse_async(source, *, buf_size=BUF_SIZE, use_float=None, multiple_values=False, **options):
    """``parse`` of an asyncio file: see ``items_async``."""
    return AsyncReader("parse", "", source, buf_size, use_float, multiple_values, options)
