"""JSON Lines, also called NDJSON: a document on each line of a file in UTF-8.

``load`` and ``loads`` iterate over the documents, ``dump``, ``dumps`` and ``encode`` write them.
"""

import io
import os
from functools import partial
from json import JSONDecodeError

from . import JSONDecoder as _JSONDecoder
from . import _files, _impl

__all__ = ["MAX_LINE", "LineError", "Reader", "dump", "dumps", "encode", "load", "loads"]

MAX_LINE = 64 * 2**20


class LineError(JSONDecodeError):
    """A line that isn't a document.

    msg: what is wrong with it; doc: the line's text, without its line break ("" where it is longer than max_line); pos:
    the index in doc where decoding failed; colno: that column, counted from 1; lineno: the line, counted from 1 where
    reading began; offset: where the line begins, in bytes from the start of the source; truncated: whether the source
    ends within the line, so that the line may have been cut off.

    ``__cause__`` is what ``loads`` raised, where that was no JSONDecodeError: UnicodeDecodeError (doc then has U+FFFD
    for what isn't UTF-8), RecursionError or ValueError (too many digits).
    """

    def __init__(self, msg, doc, pos, lineno=1, offset=0, truncated=False):
        super().__init__(msg, doc, pos)
        self.lineno = lineno
        self.offset = offset
        self.truncated = truncated
        end = ", which has no line break: it may have been cut off" if truncated else ""
        where = f"line {lineno} column {self.colno} (char {pos} of the line at byte {offset}{end})"
        self.args = (f"%s: {where}" % msg,)  # PyPy's json gives a msg that f"{msg}" refuses

    def __reduce__(self):
        return self.__class__, (self.msg, self.doc, self.pos, self.lineno, self.offset, self.truncated)


Reader = _impl.Reader
Reader.__module__ = __name__


class _Refusal:
    """What becomes of lines that can't be decoded: what a Reader calls with them."""

    def __init__(self, errors, max_line, options):
        self.errors = errors
        self.max_line = max_line
        self.options = options

    def __call__(self, reader, line, text, error, last):
        cause = error
        if line is None:
            msg, doc, pos = f"Line longer than max_line={self.max_line} bytes", "", 0
        elif text is None:
            msg, doc = str(error), line.decode("utf-8", "replace")
            pos = len(line[: error.start].decode("utf-8", "replace"))
        elif isinstance(error, JSONDecodeError) and error.doc is text:
            msg, doc, pos, cause = error.msg, text, error.pos, None
        elif isinstance(error, (ValueError, RecursionError)) and self.blamed_without_hooks(text, error):
            msg, doc, pos = str(error), text, 0
        else:
            try:
                raise error
            finally:
                del error, cause  # or its traceback, which holds this frame, would make a circle
        if self.errors == "skip":
            return
        report = LineError(msg, doc, pos, reader.lineno, reader.offset, last)
        report.__cause__ = cause
        if self.errors == "raise":
            try:
                raise report
            finally:
                del report
        self.errors(report)

    def blamed_without_hooks(self, text, error):
        """Whether the line is to blame for an exception, rather than a hook."""
        if "cls" in self.options:
            return False
        options = {name: str for name in ("parse_float", "parse_int", "parse_constant") if name in self.options}
        if "strict" in self.options:
            options["strict"] = self.options["strict"]
        try:
            _impl.loads(text, **options)
        except (ValueError, RecursionError) as again:
            return type(again) is type(error)
        return False


def _reader(read, opened, errors, max_line, options, offset=0, cut=False, stop=-1):
    """A Reader; ``opened`` is closed by it."""
    return Reader(
        read,
        opened,
        partial(_impl.loads, **options) if options else _impl.loads,
        _Refusal(errors, max_line, options),
        plain=not options,
        offset=offset,
        cut=cut,
        stop=stop,
        max_line=-1 if max_line is None else max_line,
    )


# A global: 3.11 loses the arguments of a function with a cell variable that finds no memory for the cell.
_NONE_IS_ABSENT = {"cls", *_JSONDecoder.__init__.__kwdefaults__} - {"strict"}


def _check(errors, max_line, options):
    """The options of ``loads`` that were given; TypeError or ValueError where an argument is wrong."""
    if not callable(errors) and errors not in ("raise", "skip"):
        raise ValueError(f"errors must be 'raise', 'skip' or a function of one argument, not {errors!r}")
    if max_line is not None:
        _check_count("max_line", max_line, "a number of bytes")
    if not options:
        return options
    for name in [*options]:  # not items(): see stream.py's _reader
        if options[name] is None and name in _NONE_IS_ABSENT:
            del options[name]
    if "cls" not in options:
        _JSONDecoder(**options)  # TypeError where one is unknown
    return options


def _check_count(name, value, what):
    if not isinstance(value, int):
        raise TypeError(f"{name} must be {what} (int) or None, not {type(value).__name__}")
    if not 0 <= value < 2**63:
        raise ValueError(f"{name} must be {what} from 0 on, not {value}")


def load(source, *, start=None, stop=None, errors="raise", max_line=MAX_LINE, **options):
    """Iterate over the documents in ``source``: a path (str or os.PathLike; ``.gz`` and ``.zst`` files are
    decompressed), or a file, binary (UTF-8) or text. The options are those of ``loads``.

    Lines end with a line feed, the last one may go without; a carriage return before it and blank lines are ignored.
    Memory holds 64 KiB and the longest line, and no line of more than ``max_line`` bytes; None: no limit.

    ``start`` and ``stop`` are a range of bytes, of a path or a seekable binary file: of all documents, those are
    delivered whose line begins in it. Ranges that together cover a file deliver each document once. In a compressed
    file they count what was compressed.

    ``errors`` says what becomes of a line that isn't a document: "raise" a LineError, "skip" it, or a function to be
    called with the LineError, such as the ``append`` of a list. What hooks raise, and OSError, passes.

    A file that was given is read ahead of the documents delivered, and not closed.
    """
    options = _check(errors, max_line, options)
    for name, value in ("start", start), ("stop", stop):
        if value is not None:
            _check_count(name, value, "a number of bytes")
    if isinstance(source, str) or hasattr(source, "__fspath__"):
        opened = file = _files.open_bytes(_files.path_of(source, "source"), "rb")
    elif hasattr(source, "read"):
        opened, file = None, source
        if hasattr(file, "readable") and not file.readable():
            raise io.UnsupportedOperation("source isn't open for reading")
    else:
        told = f"source must be a path (str or os.PathLike) or a file open for reading, not {type(source).__name__}"
        if isinstance(source, (bytes, bytearray, memoryview)):
            told += "; documents in memory are for lines.loads"
        raise TypeError(told)
    try:
        if _is_text(file):
            if start is not None or stop is not None:
                raise ValueError("start and stop count bytes: they need a path or a binary file, not a text file")
            # Of a pipe or terminal not read(n), which would wait for n characters where a line is there.
            read = file.read if hasattr(file, "seekable") and file.seekable() else file.readline
            return _reader(read, opened, errors, max_line, options)
        offset = 0
        if start is not None:
            # The byte before tells whether a line begins at start.
            offset = max(start - 1, 0)
            file.seek(offset)
        elif hasattr(file, "seekable") and file.seekable():
            offset = file.tell()
        read = getattr(file, "read1", file.read)  # what is there, where read(n) would wait for n bytes
        return _reader(read, opened, errors, max_line, options, offset, bool(start), -1 if stop is None else stop)
    except BaseException:
        if opened is not None:
            opened.close()
        raise


def loads(data, *, errors="raise", max_line=MAX_LINE, **options):
    """Iterate over the documents in ``data``: bytes, bytearray or memoryview (UTF-8), or str. As ``load``.

    Offsets in a str count the bytes of its UTF-8. While it is iterated over, a bytearray can't be resized.
    """
    options = _check(errors, max_line, options)
    if isinstance(data, (bytes, bytearray, memoryview)):
        data = memoryview(data).cast("B")
    elif not isinstance(data, str):
        raise TypeError(f"data must be str, bytes, bytearray or memoryview, not {type(data).__name__}")
    parts = _Parts(data)
    return _reader(parts.read, parts, errors, max_line, options)


class _Parts:
    """A str or memoryview, read in parts as a file is."""

    def __init__(self, data):
        self.data = data
        self.at = 0

    def read(self, size):
        part = self.data[self.at : self.at + size]
        self.at += len(part)
        return part

    def close(self):
        self.data = None


def _is_text(file):
    return isinstance(file, io.TextIOBase) or hasattr(file, "encoding")  # wrappers, as tempfile's, are no TextIOBase


def dump(
    documents,
    target,
    *,
    append=False,
    default=None,
    sort_keys=False,
    skipkeys=False,
    separators=None,
    check_circular=True,
    cls=None,
):
    """Write each document of an iterable on a line of its own, and return how many there were.

    ``target`` is a path (str or os.PathLike; ``.gz`` and ``.zst`` files are compressed) or a file, binary or text.
    With ``append=True`` the lines go behind those that a path's file has, and a last line without a line break gets one
    first. The other options are those of ``encode``.

    Lines are written some 64 KiB at a time, and memory holds no more than that and the longest line. Where a document
    fails, or the iterable does, the lines before it are written. A file that was given is neither flushed nor closed.

    Raises what ``encode`` raises, and OSError.
    """
    encode = _encoder(default, sort_keys, skipkeys, separators, check_circular, cls)
    documents = _iterator(documents)
    if isinstance(target, str) or hasattr(target, "__fspath__"):
        path = _files.path_of(target, "target")
        parted = append and _ends_within_line(path)
        with _files.open_bytes(path, "ab" if append else "wb") as file:
            if parted:
                file.write(b"\n")
            return _impl.write_lines(documents, encode, _writer(file))
    if not hasattr(target, "write"):
        raise TypeError(
            f"target must be a path (str or os.PathLike) or a file open for writing, not {type(target).__name__}"
        )
    if append:
        raise ValueError("append=True needs a path as target: what a file holds can't always be read")
    if hasattr(target, "writable") and not target.writable():
        raise io.UnsupportedOperation("target isn't open for writing")
    return _impl.write_lines(documents, encode, _writer(target))


def encode(
    documents,
    *,
    default=None,
    sort_keys=False,
    skipkeys=False,
    separators=None,
    check_circular=True,
    cls=None,
):
    """Return the documents of an iterable as lines in UTF-8: the bytes that ``dump`` writes, with its options."""
    lines = []
    encode = _encoder(default, sort_keys, skipkeys, separators, check_circular, cls)
    _impl.write_lines(_iterator(documents), encode, lines.append)
    return b"".join(lines)


def dumps(
    documents,
    *,
    default=None,
    sort_keys=False,
    skipkeys=False,
    separators=None,
    check_circular=True,
    cls=None,
):
    """Return the documents of an iterable as lines in a str: the text that ``dump`` writes, with its options."""
    return encode(
        documents,
        default=default,
        sort_keys=sort_keys,
        skipkeys=skipkeys,
        separators=separators,
        check_circular=check_circular,
        cls=cls,
    ).decode()


def _encoder(default, sort_keys, skipkeys, separators, check_circular, cls):
    """``encode`` with the options that were given."""
    options = {}
    if default is not None:
        options["default"] = default
    if sort_keys:
        options["sort_keys"] = sort_keys
    if skipkeys:
        options["skipkeys"] = skipkeys
    if separators is not None:
        separators = tuple(separators)  # an iterator would be used up by the first document
        if any(isinstance(each, str) and "\n" in each for each in separators):
            raise ValueError(f"separators must not break the line: {separators!r}")
        options["separators"] = separators
    if not check_circular:
        options["check_circular"] = check_circular
    if cls is not None:
        return partial(_encode_by_class, {**options, "cls": cls})
    return partial(_impl.encode, **options) if options else _impl.encode


def _encode_by_class(options, obj):
    line = _impl.encode(obj, **options)
    if b"\n" in line:
        raise ValueError(f"{options['cls'].__name__}.encode gave a text with line breaks")
    return line


def _iterator(documents):
    """An iterator over them; TypeError where it is one document, as far as that can be told."""
    if isinstance(documents, (str, bytes, bytearray, dict)):
        kind = type(documents).__name__
        raise TypeError(f"documents must be an iterable of documents, not {kind}: for one, [document]")
    return iter(documents)


def _writer(file):
    """The function that writes whole lines, in bytes, to a file of any kind."""
    if _is_text(file):
        return lambda data: file.write(data.decode())
    if not isinstance(file, io.RawIOBase):
        return file.write
    return partial(_files.write_whole, file, file.write)


def _ends_within_line(path):
    """Whether a file is there whose last line has no line break."""
    try:
        file = _files.open_bytes(path, "rb")
    except FileNotFoundError:
        return False
    with file:
        if isinstance(file, io.FileIO):
            if not file.seekable() or file.seek(0, os.SEEK_END) == 0:
                return False
            file.seek(-1, os.SEEK_END)
        last = b""
        while block := file.read(1 << 16):
            last = block[-1:]
        return last not in (b"", b"\n")
