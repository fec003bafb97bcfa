"""JSON Lines, also called NDJSON: a document on each line of a file in UTF-8.

``load`` and ``loads`` iterate over the documents, ``map`` over what a function makes of them, ``to_arrow`` over batches
of rows as Arrow columns; ``dump``, ``dumps`` and ``encode`` write them.
"""

import io
import os
import stat
import sys
from functools import lru_cache, partial
from json import JSONDecodeError
from operator import index

from . import JSONDecoder as _JSONDecoder
from . import _files, _impl, _parts, _sources, backend
from . import lazy as _lazy
from ._validation import ValidationError

__all__ = ["MAX_LINE", "LineError", "Reader", "dump", "dumps", "encode", "load", "loads", "map", "to_arrow"]

MAX_LINE = 64 * 2**20
_RAISE, _MAX_LINE = "raise", MAX_LINE  # the defaults
_type = type


class LineError(JSONDecodeError):
    """A line that isn't a document.

    msg: what is wrong with it; doc: the line's text, without its line break ("" where it is longer than max_line); pos:
    the index in doc where decoding failed; colno: that column, counted from 1; lineno: the line, counted from 1 where
    reading began; offset: where the line begins, in bytes from the start of the source; truncated: whether the source
    ends within the line, so that the line may have been cut off; path: the file, where ``cyjson.engines`` read it (then
    lines are counted from its beginning), otherwise None.

    ``__cause__`` is what ``loads`` raised, where that was no JSONDecodeError: UnicodeDecodeError (doc then has U+FFFD
    for what isn't UTF-8), RecursionError or ValueError (too many digits). With a type it may be a ValidationError.
    """

    def __init__(self, msg, doc, pos, lineno=1, offset=0, truncated=False, path=None):
        super().__init__(msg, doc, pos)
        self.lineno = lineno
        self.offset = offset
        self.truncated = truncated
        self.path = path
        end = ", which has no line break: it may have been cut off" if truncated else ""
        where = f"line {lineno} column {self.colno} (char {pos} of the line at byte {offset}{end})"
        if path is not None:
            where += f" of {path}"
        self.args = (f"%s: {where}" % msg,)  # PyPy's json gives a msg that f"{msg}" refuses

    def __reduce__(self):
        return self.__class__, (self.msg, self.doc, self.pos, self.lineno, self.offset, self.truncated, self.path)


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
        elif isinstance(error, ValidationError):
            msg, doc, pos = f"{error.errors[0].path}: {error.msg}", text, error.pos
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
        if cause is not None:
            cause.__traceback__ = None  # its frames would hold the reader, and its file, as long as the report is held
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


def _has_gil():
    return not hasattr(sys, "_is_gil_enabled") or sys._is_gil_enabled()


def _picked(pointers, single, text):
    """The parts of a line's document, by ``loads`` and looking up."""
    value = _parts.pick(text, *pointers)
    return (value,) if len(pointers) == 1 and not single else value


class _Wish:
    """What is wanted of each line, and by how many threads: what ``load`` and ``loads`` were given."""

    def __init__(self, errors, max_line, type, pick, lazy, threads, options, check=True):
        if not callable(errors) and errors not in ("raise", "skip"):
            raise ValueError(f"errors must be 'raise', 'skip' or a function of one argument, not {errors!r}")
        if max_line is not None:
            max_line = _checked_count("max_line", max_line, "a number of bytes")
        if threads is not None:
            if not isinstance(threads, int):
                raise TypeError(f"threads must be a number of threads (int) or None, not {_type(threads).__name__}")
            threads = index(threads)
            if not 1 <= threads <= _MOST_THREADS:
                raise ValueError(f"threads must be from 1 to {_MOST_THREADS}, not {threads}")
        self.options = options if type is not None else _check_options(options)
        if (type is not None) + (pick is not None) + bool(lazy) > 1:
            raise ValueError("a line gives one thing: type, pick and lazy exclude each other")
        if self.options and (pick is not None or lazy):
            raise ValueError(f"{'lazy' if lazy else 'pick'} takes no options of loads, such as {next(iter(options))}")
        if not check and pick is None and not lazy:
            raise ValueError("check=False goes with pick or lazy: without them all of a line is decoded")
        self.max_line = -1 if max_line is None else max_line
        self.threads = threads or 1
        self.is_plain = not self.options and type is None
        self.parts = {}
        if pick is not None:
            single = isinstance(pick, str)
            items = hasattr(_type(pick), "__iter__") or hasattr(_type(pick), "__getitem__")
            if isinstance(pick, (bytes, bytearray, memoryview)) or not items:
                kind = _type(pick).__name__
                raise TypeError(f"pick must be a pointer (str) or a sequence of pointers, not {kind}")
            pointers = (pick,) if single else tuple([each if _type(each) is str else _whole(each) for each in pick])
            if not pointers:
                raise ValueError("pick must be a pointer or a sequence of pointers, of which there are none")
            _parts.compile_paths(pointers)
            self.decode = partial(_picked, pointers, single)
            self.parts = {"pick": pointers, "single": single, "check": bool(check)}
        elif type is not None:
            self.decode = _files.typed(type, options)
        elif lazy:
            self.decode = _lazy
            self.parts = {"lazy": True, "check": bool(check)}
        else:
            self.decode = partial(_impl.loads, **self.options) if self.options else _impl.loads
        self.refuse = _Refusal(errors, max_line, self.options)

    def reader(self, read, opened, offset=0, cut=False, stop=-1, ahead=False, refuse=None, threads=True, whole=None):
        """A Reader; ``opened`` is closed by it. ``whole``: all that is read, where that is bytes; natively it is read
        by nothing else then."""
        settings = {"plain": self.is_plain and not self.parts, "offset": offset, "cut": cut, "stop": stop}
        if backend == "c":
            settings["whole"] = whole
            settings.update(self.parts)
            if self.parts and threads and self.threads > 1:
                settings["threads"] = self.threads
                settings["ahead"] = ahead
        return Reader(
            read,
            opened,
            self.decode,
            self.refuse if refuse is None else refuse,
            max_line=self.max_line,
            any_mark=self.refuse.errors == "skip",
            **settings,
        )

    def readers(self, read, opened, offset=0, cut=False, stop=-1, ahead=False, whole=None):
        """As ``reader``, or where threads can decode at the same time, what they decode."""
        if self.threads > 1 and not self.parts and backend == "c" and not _has_gil():
            from ._parallel import ParallelReader

            return ParallelReader(self, read, opened, offset, cut, stop, ahead)
        return self.reader(read, opened, offset, cut, stop, ahead, whole=whole)


def _wish(errors, max_line, type, pick, lazy, threads, options, check):
    """A _Wish; of those that many ask for, the one that was made before."""
    unusual = options or type is not None or lazy is not False or check is not True or threads is not None
    if unusual or errors is not _RAISE or max_line is not _MAX_LINE:
        return _Wish(errors, max_line, type, pick, lazy, threads, options, check)
    if _type(pick) is list:
        pick = tuple(pick)
    make = _usual_wish if pick is None or _is_short(pick) else _usual_wish.__wrapped__
    return make(pick)


@lru_cache(64)
def _usual_wish(pick):
    return _Wish(_RAISE, _MAX_LINE, None, pick, False, None, {})


_KEPT_POINTERS = 16  # of a wish that is kept, at most


def _is_short(pick):
    """Whether pointers are plain str, and not so long or many that they shouldn't be kept."""
    if _type(pick) is str:
        return len(pick) <= _parts.KEPT_LENGTH
    if _type(pick) is not tuple or len(pick) > _KEPT_POINTERS:
        return False
    for each in pick:
        if _type(each) is not str or len(each) > _parts.KEPT_LENGTH:
            return False
    return True


def _whole(pointer):
    """A pointer that can be read more than once."""
    if isinstance(pointer, (str, bytes, bytearray, memoryview)) or not hasattr(type(pointer), "__iter__"):
        return pointer
    return tuple(pointer)


_MOST_THREADS = 64

# A global: 3.11 loses the arguments of a function with a cell variable that finds no memory for the cell.
_NONE_IS_ABSENT = {"cls", *_JSONDecoder.__init__.__kwdefaults__} - {"strict"}


def _check_options(options):
    """The options of ``loads`` that were given; TypeError where one is unknown."""
    if not options:
        return options
    for name in [*options]:  # not items(): see stream.py's _reader
        if options[name] is None and name in _NONE_IS_ABSENT:
            del options[name]
    if "cls" not in options:
        _JSONDecoder(**options)  # TypeError where one is unknown
    return options


def _checked_count(name, value, what):
    if not isinstance(value, int):
        raise TypeError(f"{name} must be {what} (int) or None, not {type(value).__name__}")
    value = index(value)  # of a subclass too, which may compare as it likes
    if not 0 <= value < 2**63:
        raise ValueError(f"{name} must be {what} from 0 on, not {value}")
    return value


def load(
    source,
    *,
    type=None,
    start=None,
    stop=None,
    errors="raise",
    max_line=MAX_LINE,
    pick=None,
    lazy=False,
    check=True,
    threads=None,
    storage_options=None,
    **options,
):
    """Iterate over the documents in ``source``: a path (str or os.PathLike; ``.gz`` and ``.zst`` files are
    decompressed), an address that fsspec knows ("s3://bucket/name", which gets ``storage_options``, a dict), or a file,
    binary (UTF-8) or text. The options are those of ``loads``. With a ``type`` (a class,
    another type or a Codec) each document is what ``cyjson.decode`` makes of its line.

    Lines end with a line feed, the last one may go without; a carriage return before it and blank lines are ignored.
    Memory holds 64 KiB and the longest line, and no line of more than ``max_line`` bytes; None: no limit.

    ``start`` and ``stop`` are a range of bytes, of a path or a seekable binary file: of all documents, those are
    delivered whose line begins in it. Ranges that together cover a file deliver each document once. In a compressed
    file they count what was compressed.

    Addresses, and open files of fsspec's, are read in blocks of 1 to 4 MiB, the next one by a thread while the last one
    is used.

    ``errors`` says what becomes of a line that isn't a document: "raise" a LineError, "skip" it, or a function to be
    called with the LineError, such as the ``append`` of a list. What hooks raise, and OSError, passes. Of a byte order
    mark at the start of str, which ``loads`` refuses, "skip" skips no more than the mark; in bytes it is no error.

    ``pick`` gives parts of each document instead, and decodes nothing else: of a pointer (str) its value, of a sequence
    of pointers a tuple of theirs, None where a pointer leads nowhere. ``lazy=True`` gives a view of each document. Both
    are as ``cyjson.pick`` and ``cyjson.lazy``, and check each line as a whole; neither goes with the options of
    ``loads``. With ``check=False`` of each line no more is read than the parts need: in what is passed over only
    brackets are counted, what comes after the last part isn't looked at, and of equal names the first may count. A
    fault in what is read is an error as ever; the fallback checks all the same.

    ``threads`` is how many threads look through the lines, at most 64. The documents come in order, and errors are
    those of one thread. With ``pick`` and ``lazy`` the threads check the lines and find the parts while this one makes
    objects of what they found. Without them all is making objects: that, threads do only where there is no GIL; where
    there is one, and in the fallback, it is done by this one alone. At most ``2 * threads + 2`` chunks of 96 KiB, of a
    path's file 192 KiB, or of the longest line, are held. With this one no more threads run than there are processors.
    Of a file whose reading may wait, a pipe or a socket, no more is read than is there.

    A file that was given is read by its own ``read``, ahead of the documents delivered, and not closed. Where it has
    nothing yet and doesn't block, ``next`` raises BlockingIOError, and can be called again.
    """
    wish = _wish(errors, max_line, type, pick, lazy, threads, options, check)
    return _load(wish.readers, source, start, stop, storage_options)


def _load(make, source, start, stop, storage_options=None):
    """What ``make`` makes of a source that is read: a reader."""
    if start is not None:
        start = _checked_count("start", start, "a number of bytes")
    if stop is not None:
        stop = _checked_count("stop", stop, "a number of bytes")
    address = isinstance(source, str) and "://" in source and _is_address(source)
    _check_storage_options(storage_options, address)
    if address:
        from ._remote import open_bytes

        opened = file = open_bytes(source, stop, storage_options, _files.compression(source))
    elif isinstance(source, str) or hasattr(source, "__fspath__"):
        opened = file = _files.open_bytes(_files.path_of(source, "source"), "rb")
    elif hasattr(source, "read"):
        opened, file = None, source
        if hasattr(file, "readable") and not file.readable():
            raise io.UnsupportedOperation("source isn't open for reading")
    else:
        message = f"source must be a path (str or os.PathLike) or a file open for reading, not {_type(source).__name__}"
        if isinstance(source, (bytes, bytearray, memoryview)):
            message += "; documents in memory are for lines.loads"
        raise TypeError(message)
    try:
        text = _sources.is_text(file)
        if text:
            if start is not None or stop is not None:
                raise ValueError("start and stop count bytes: they need a path or a binary file, not a text file")
        offset = 0
        if start is not None:
            # The byte before says whether a line begins at start.
            offset = max(start - 1, 0)
            file.seek(offset)
        elif not text and hasattr(file, "seekable") and file.seekable():
            offset = file.tell()
        if opened is None and "fsspec" in sys.modules and not text:
            file = _blocks_of(file, stop)
        read = _sources.reading(file, text) if opened is None else getattr(file, "read1", file.read)
        ahead = _sources.ahead_of(file)
        return make(read, opened, offset, bool(start), -1 if stop is None else stop, ahead)
    except BaseException:
        if opened is not None:
            opened.close()
        raise


def _is_address(path):
    from ._remote import is_address

    return is_address(path)


def _check_storage_options(storage_options, address):
    if storage_options is not None and not address:
        raise ValueError("storage_options are for an address, such as s3://bucket/name, which fsspec opens")


def _blocks_of(file, stop):
    """A file, or where that is one of fsspec's, what reads it in large blocks."""
    from ._remote import Ahead, is_remote

    return Ahead(file, stop) if is_remote(file) else file


def loads(
    data, *, type=None, errors="raise", max_line=MAX_LINE, pick=None, lazy=False, check=True, threads=None, **options
):
    """Iterate over the documents in ``data``: bytes, bytearray or memoryview (UTF-8), or str. As ``load``.

    Offsets in a str count the bytes of its UTF-8. While it is iterated over, a bytearray can't be resized.
    """
    wish = _wish(errors, max_line, type, pick, lazy, threads, options, check)
    if _type(data) is bytes and backend == "c" and wish.threads == 1:
        return wish.reader(None, None, whole=data)
    return _loads(wish.readers, data)


def _loads(make, data):
    whole = data if type(data) is bytes else None
    if isinstance(data, (bytes, bytearray, memoryview)):
        data = memoryview(data).cast("B")
    elif not isinstance(data, str):
        raise TypeError(f"data must be str, bytes, bytearray or memoryview, not {_type(data).__name__}")
    parts = _Parts(data)
    return make(parts.read, parts, ahead=True, whole=whole)


def map(
    function,
    source,
    *,
    type=None,
    pick=None,
    lazy=False,
    check=True,
    threads=None,
    ordered=True,
    start=None,
    stop=None,
    errors="raise",
    max_line=MAX_LINE,
    storage_options=None,
    **options,
):
    """Iterate over what ``function`` returns for each document in ``source``: what ``load`` takes, or bytes, bytearray
    or memoryview. The other arguments are those of ``load``: ``type``, ``pick`` and ``lazy`` say what it gets.

    Where there is no GIL, the function is called by ``threads`` threads, for several documents at once, with documents
    that they decoded. Where there is one, and in the fallback, it is called in the thread that iterates, while
    ``threads`` threads look through the lines for ``pick`` and ``lazy``.

    Results come in the order of the documents, or, with ``ordered=False``, as they are there; then neither ``lineno``
    nor ``offset`` grows steadily. What the function raises is raised when it is its document's turn, and iterating may
    go on after it.
    """
    if not callable(function):
        raise TypeError(f"function must be callable, not {_type(function).__name__}")
    wish = _Wish(errors, max_line, type, pick, lazy, threads, options, check)
    if wish.threads > 1 and backend == "c" and not _has_gil():
        from ._parallel import ParallelReader

        make = partial(ParallelReader, wish, function=function, ordered=ordered)
    else:
        make = partial(_mapped, wish, function)
    if isinstance(source, (bytes, bytearray, memoryview)):
        if start is not None or stop is not None:
            raise ValueError("start and stop count bytes of a path or a binary file, not of documents in memory")
        _check_storage_options(storage_options, False)
        return _loads(make, source)
    return _load(make, source, start, stop, storage_options)


def _mapped(wish, function, *args, **options):
    return _Mapped(wish.reader(*args, **options), function)


class _Mapped:
    """A Reader whose documents a function is called with."""

    def __init__(self, reader, function):
        self._reader = reader
        self._function = function

    lineno = property(lambda self: self._reader.lineno)
    offset = property(lambda self: self._reader.offset)

    def close(self):
        """End the iteration, and close the file if ``map`` opened it."""
        self._reader.close()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()

    def __iter__(self):
        return self

    def __next__(self):
        document = next(self._reader)
        try:
            return self._function(document)
        except StopIteration as error:
            raise RuntimeError("the function raised StopIteration") from error


def to_arrow(
    source,
    *,
    schema=None,
    pick=None,
    batch=65536,
    threads=None,
    start=None,
    stop=None,
    errors="raise",
    max_line=MAX_LINE,
):
    """Iterate over the documents in ``source`` as batches of rows in Arrow's columns, which every library that knows
    the Arrow C data interface takes without a copy, such as pyarrow, polars, pandas and DuckDB::

        pyarrow.table(lines.to_arrow("events.jsonl"))
        polars.DataFrame(lines.to_arrow("events.jsonl.gz", pick=["id", "/user/name"]))

    ``source`` is what ``load`` takes, or bytes, bytearray or memoryview. Each document is an object, and a row. No
    Python object is made of a value. Memory holds one batch, which has at most ``batch`` rows, and no more than 4 MiB
    of lines have; with threads, twice as many as there are and two more, of 1 MiB of lines each.

    Without a ``schema`` types are found out in the first 4 MiB of lines: bool, int64, double, string, list, struct, and
    null for what has no value. Integers become doubles where another number of the column is one, if each of them is
    the same number then. What comes later and isn't of its column's type is an error, and so is a member that those
    lines don't have, or an integer past 64 bits: nothing is changed or left out silently.

    ``schema`` gives the types: what has ``__arrow_c_schema__`` (pyarrow.schema), or a mapping of names to names of
    types, such as ``{"id": "uint32", "at": "timestamp[us, UTC]", "price": "decimal128(12, 2)", "tags":
    "list<string>"}``; a mapping is a struct, ``[type]`` a list. Members that it doesn't name are passed over.
    Timestamps and dates are read from strings as ISO 8601 has them, decimals from numbers or strings of one. A value
    that the type doesn't hold exactly is an error; float32 gets the nearest.

    ``pick`` selects columns: names of members, JSON Pointers ("/user/name") or sequences of names and indices, each
    column named as it is picked; or a mapping of names to these. What a pointer leads nowhere for is null.

    ``threads`` is how many threads make batches, at most 64; ``start``, ``stop``, ``errors`` and ``max_line`` are those
    of ``load``. A value that its column can't hold is an error of its line: a LineError whose ``__cause__`` is a
    ValidationError that says where in the document.

    Returns an ArrowReader, whose ``__arrow_c_stream__`` gives the batches that are left. Libraries report the
    exceptions of a stream by their own; iterating raises them as they are.
    """
    wish = _Wish(errors, max_line, None, None, False, threads, {})
    if not isinstance(batch, int):
        raise TypeError(f"batch must be a number of rows (int), not {type(batch).__name__}")
    batch = index(batch)
    if not 1 <= batch < 2**31:
        raise ValueError(f"batch must be a number of rows from 1 to {2**31 - 1}, not {batch}")
    from . import _arrow

    fields = None if schema is None else _arrow.fields_of(schema)
    pick = None if pick is None else _arrow.columns_picked(pick)
    _arrow.plan_of(fields, pick)  # errors
    make = partial(_arrow.ArrowReader, wish, fields, pick, batch)
    if isinstance(source, (bytes, bytearray, memoryview)):
        if start is not None or stop is not None:
            raise ValueError("start and stop count bytes of a path or a binary file, not of documents in memory")
        return _loads(make, source)
    return _load(make, source, start, stop)


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


def dump(
    documents,
    target,
    *,
    append=False,
    storage_options=None,
    default=None,
    sort_keys=False,
    skipkeys=False,
    separators=None,
    check_circular=True,
    cls=None,
):
    """Write each document of an iterable on a line of its own, and return how many there were.

    ``target`` is a path (str or os.PathLike; ``.gz`` and ``.zst`` files are compressed) or a file, binary or text (one
    of ``codecs`` too). A file that was given is neither flushed nor closed; of raw ones, what a write leaves is written
    again. The other options are those of ``encode``.

    A regular file that is there is replaced as a whole, as ``save`` does it: the documents may come from the same path,
    and where one of them fails, or the iterable does, the old file stays. Where nothing was, or with a file, a pipe or
    ``append=True``, lines are written as they come, and those before the failure are there.

    An address ("s3://bucket/name") is written through fsspec, which gets ``storage_options``: an object store has the
    new object as a whole at the end, or keeps the old one.

    With ``append=True`` the lines go after those that a path's file has, and a last line without a line break gets one
    first; so does a file that can be written to and not read, at the price of a blank line. Don't read the documents
    from the same file then: they would never end.

    Lines are written some 64 KiB at a time, and memory holds no more than that and the longest line.

    Raises what ``encode`` raises, and OSError: BlockingIOError where a raw file takes nothing because it doesn't block.
    """
    how = _encoder(default, sort_keys, skipkeys, separators, check_circular, cls)
    documents = _iterator(documents)
    address = isinstance(target, str) and "://" in target and _is_address(target)
    _check_storage_options(storage_options, address)
    if address:
        from . import _remote

        write = _remote.append if append else _remote.write
        return write(target, partial(_write_lines, documents, how), storage_options)
    if isinstance(target, str) or hasattr(target, "__fspath__"):
        path = _files.path_of(target, "target")
        return (_append if append else _write)(path, partial(_write_lines, documents, how))
    if not hasattr(target, "write"):
        raise TypeError(
            f"target must be a path (str or os.PathLike) or a file open for writing, not {type(target).__name__}"
        )
    if append:
        raise ValueError("append=True needs a path as target: what a file holds can't always be read")
    if hasattr(target, "writable") and not target.writable():
        raise io.UnsupportedOperation("target isn't open for writing")
    return _write_lines(documents, how, target)


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
    spell, options = _encoder(default, sort_keys, skipkeys, separators, check_circular, cls)
    return _impl.encode_lines(_iterator(documents), spell, options)


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
    """The function that encodes a document, and the options that were given."""
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
        if cls is None:
            _impl.encode([], separators=separators)  # what a document would raise, so that no documents do too
    if not check_circular:
        options["check_circular"] = check_circular
    if cls is not None:
        return partial(_encode_by_class, {**options, "cls": cls}), {}
    return _impl.encode, options


def _encode_by_class(options, obj):
    line = _impl.encode(obj, **options)
    if b"\n" in line:
        raise ValueError(f"{options['cls'].__name__}.encode gave a text with line breaks")
    return line


def _iterator(documents):
    """An iterator over them; TypeError where it is one document, as far as its type shows that."""
    if type(documents) is not list and isinstance(documents, (str, bytes, bytearray, dict)):
        kind = type(documents).__name__
        raise TypeError(f"documents must be an iterable of documents, not {kind}: for one, [document]")
    return iter(documents)


def _writer(file):
    """The function that writes whole lines, in bytes, to a file of any kind."""
    if _sources.is_text(file):
        return lambda data: file.write(data.decode())
    return partial(_files.write_whole, file, file.write)


def _write_lines(documents, how, file):
    return _impl.write_lines(documents, *how, _writer(file))


def _write(path, write):
    """Make a file at ``path`` of what ``write(file)`` writes, or replace the one that is there once that is done."""
    module = _files.compression(path)
    try:
        file = open(path, "xb", -1 if module else 0)
    except FileExistsError:
        file = None
    if file is None:  # what is there stays until then: the documents may be read from it
        from ._replace import replace

        return replace(path, write, compress=True)
    with file, _files.packed(module, file) as packed:
        return write(packed)


def _append(path, write):
    """Write lines after those of the file at ``path``."""
    module = _files.compression(path)
    # Opened for writing, and only then for reading: a FIFO would wait, and a file may have none of a reader's rights.
    # Of a descriptor a copy has the same position: what is written after the end through another one would be written
    # over by what this process writes next.
    number = _own_descriptor(path)
    copy = None if number is None else lambda path, flags: os.dup(number)
    with open(path, "ab", -1 if module else 0, opener=copy) as file:
        parted = _ends_within_line(file, path, module)
        with _files.packed(module, file) as packed:
            if parted:
                _writer(packed)(b"\n")
            return write(packed)


def _own_descriptor(path):
    """The descriptor of this process, open for writing, that a path such as /dev/stdout names on Linux; or None."""
    try:
        for _ in range(40):
            link = os.readlink(path)
            folder, name = os.path.split(path)
            there = os.stat(folder or os.curdir)
            if any(os.path.samestat(there, os.stat(f"/proc/{each}/fd")) for each in ("self", "thread-self")):
                from fcntl import F_GETFL, fcntl

                number = int(name)
                return number if fcntl(number, F_GETFL) & (os.O_WRONLY | os.O_RDWR) else None
            path = os.path.join(folder, link)
    except (OSError, ValueError):  # it is no link, or there is no such folder
        pass
    return None


def _ends_within_line(file, path, module):
    """Whether the file at ``path``, open for appending, has a last line without a line break, or may have one."""
    status = os.fstat(file.fileno())
    if not stat.S_ISREG(status.st_mode) or status.st_size == 0:
        return False
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0))
    except OSError:  # one without the right to read: a blank line is better than a line lost
        return True
    with open(descriptor, "rb", 0) as again:
        if not os.path.samestat(os.fstat(again.fileno()), status):
            return True
        if module is None:
            again.seek(-1, os.SEEK_END)
        last = b""
        with module.open(again, "rb") if module else again as unpacked:
            while block := unpacked.read(1 << 16):
                last = block[-1:]
        return last not in (b"", b"\n")
