"""The fallback: the native module's names over the running interpreter's own ``json``.

What the standard library has is the standard library's, so that it can neither drift from it nor be slower. Added on
top are ``encode``, ``dump_bytes``, a ``dump`` in larger pieces, the base of ``cyjson.lines`` and, before Python 3.15,
``array_hook``.
"""

import json
import re
from functools import partial
from itertools import islice
from json import JSONEncoder, dumps
from json.decoder import _CONSTANTS, JSONArray, JSONObject, scanstring
from json.encoder import encode_basestring, encode_basestring_ascii
from json.scanner import NUMBER_RE, make_scanner, py_make_scanner
from marshal import dumps as dump_quickly
from operator import index
from sys import implementation, modules
from types import FunctionType

from ._decode import decode

PYPY = implementation.name == "pypy"
__all__ = [
    "JSONDecoder",
    "JSONEncoder",
    "Reader",
    "decode",
    "dump",
    "dump_bytes",
    "dumps",
    "encode",
    "encode_basestring",
    "encode_basestring_ascii",
    "encode_lines",
    "load",
    "loads",
    "make_scanner",
    "scanstring",
    "write_lines",
]


def encode(
    obj,
    *,
    default=None,
    sort_keys=False,
    indent=None,
    skipkeys=False,
    separators=None,
    check_circular=True,
    cls=None,
):
    """Return ``obj`` as JSON in compact UTF-8, valid under RFC 8259.

    Instances of dataclasses, attrs, msgspec and pydantic classes are written as objects; dates and times, UUIDs, Enums,
    Decimals, paths, bytes, sets, iterators, mappings, NumPy arrays and the like as the page "Class instances" says.
    ``register``, a method ``__json__``, and ``default``, which is asked last, say how others are written.

    The arguments are those of ``dumps``; ``separators`` is ``(",", ":")`` where it is None, or ``(",", ": ")`` with
    an ``indent``. ``cls``, a subclass of ``json.JSONEncoder``, is made with ``ensure_ascii=False``,
    ``allow_nan=False`` and the other arguments, and its ``encode`` gives the text: it knows json's types only.

    Raises what ``dumps`` raises, ValueError for NaN and the infinities, UnicodeEncodeError for a lone surrogate, and
    what hooks and attributes raise; a note says where in the document, on versions that have notes.
    """
    if not _is_plain(cls):
        return _text_by(_compact(cls, skipkeys, check_circular, indent, separators, default, sort_keys), obj).encode()
    return _encode(None, obj, default, sort_keys, indent, skipkeys, separators, check_circular)


def encode_policy(
    policy,
    obj,
    *,
    default=None,
    sort_keys=False,
    indent=None,
    skipkeys=False,
    separators=None,
    check_circular=True,
    cls=None,
):
    """Return ``obj`` as ``encode`` does, by the policy of a Codec."""
    if not _is_plain(cls):
        return _text_by(_compact(cls, skipkeys, check_circular, indent, separators, default, sort_keys), obj).encode()
    return _encode(policy, obj, default, sort_keys, indent, skipkeys, separators, check_circular)


def _text_by(encoder, obj):
    """The text that an encoder of the program's class gives."""
    text = encoder.encode(obj)
    if not isinstance(text, str):
        raise TypeError(f"encode() must return a str, not {type(text).__name__}")
    return str.__str__(text)


def _is_plain(cls):
    """Whether an argument ``cls`` stands for ``encode`` itself, and not for a class that writes in its own way."""
    if cls is None or cls is JSONEncoder:
        return True
    return cls is getattr(modules.get(f"{__package__}.encoder"), "JSONEncoder", None)


def _encode(policy, obj, default, sort_keys, indent, skipkeys, separators, check_circular):
    """``obj`` in bytes: by the standard library if it is of the exact basic types with all that is in it."""
    encoder = _compact(None, skipkeys, check_circular, indent, separators, _met, sort_keys)
    # marshal takes these types alone, and refuses their subclasses, at 20 times the speed of json. It takes bytes, sets
    # and the like too, at which json calls default; but as keys of dicts it would skip them.
    try:
        if skipkeys or PYPY:
            is_of_json = _is_exact(obj)
        else:
            dump_quickly(obj, 4)
            is_of_json = True
    except ValueError as error:
        is_of_json = "too deeply" in str(error) and _is_exact(obj)
    except Exception:
        is_of_json = False
    if is_of_json:
        # None of the program's code runs: if json fails, our writer begins anew, and fails with a note.
        try:
            return encoder.encode(obj).encode()
        except Exception:
            pass
    if default is None:
        del encoder.default
    else:
        encoder.default = default
    if not isinstance(encoder.item_separator, str) or not isinstance(encoder.key_separator, str):
        encoder.encode([])  # json's words for separators of another type
    from ._pure_encode import encode_document

    return encode_document(obj, policy, encoder).encode()


def _is_exact(obj):
    """Whether an object and all that is in it are of the exact basic types."""
    left, seen = [obj], set()
    while left:
        obj = left.pop()
        kind = type(obj)
        if kind is dict or kind is list or kind is tuple:
            if id(obj) not in seen:
                seen.add(id(obj))
                if kind is dict:
                    left += obj
                    left += obj.values()
                else:
                    left += obj
        elif id(kind) not in _SCALARS:
            return False
    return True


_SCALARS = frozenset(map(id, (type(None), bool, int, float, str)))


def _met(obj):
    """The ``default`` of documents that are said to have basic types only."""
    raise TypeError


def _compact(cls, skipkeys, check_circular, indent, separators, default, sort_keys):
    """The encoder whose text is valid under RFC 8259, with ``encode``'s separators."""
    if separators is None:
        separators = (",", ":") if indent is None else (",", ": ")
    return (JSONEncoder if cls is None else cls)(
        skipkeys=skipkeys,
        ensure_ascii=False,
        check_circular=check_circular,
        allow_nan=False,
        indent=indent,
        separators=separators,
        default=default,
        sort_keys=sort_keys,
    )


_CHUNK = 65536  # characters or bytes


def _write(fp, piece):
    try:
        return fp.write(piece)
    except Exception as e:
        from ._mistakes import explain

        explain(e, fp, isinstance(piece, (bytes, memoryview)))
        raise


def _texts(pieces):
    """The same text in pieces of at least ``_CHUNK`` characters, the last one apart."""
    pieces = iter(pieces)
    texts, size = [], 0
    while batch := list(islice(pieces, 256)):
        texts.append("".join(batch))
        size += len(texts[-1])
        if size >= _CHUNK:
            yield "".join(texts)
            texts, size = [], 0
    if texts:
        yield "".join(texts)


def dump(
    obj,
    fp,
    *,
    skipkeys=False,
    ensure_ascii=True,
    check_circular=True,
    allow_nan=True,
    cls=None,
    indent=None,
    separators=None,
    default=None,
    sort_keys=False,
    **kw,
):
    """Encode ``obj`` as a JSON document and hand it to ``fp.write`` (str), in pieces of about 64 Ki characters.

    A smaller document goes in one piece, so that one that can't be encoded leaves the file as it was. Arguments and
    errors are those of ``dumps``.
    """
    no_others = cls is None and indent is None and separators is None and default is None and not kw
    # json asks for the flags' truth in this order, which a flag's __bool__ may see.
    if not skipkeys and ensure_ascii and check_circular and allow_nan and no_others and not sort_keys:
        encoder = JSONEncoder()
    else:
        encoder = (JSONEncoder if cls is None else cls)(
            skipkeys=skipkeys,
            ensure_ascii=ensure_ascii,
            check_circular=check_circular,
            allow_nan=allow_nan,
            indent=indent,
            separators=separators,
            default=default,
            sort_keys=sort_keys,
            **kw,
        )
    pieces = encoder.iterencode(obj)
    separators = getattr(encoder, "item_separator", ""), getattr(encoder, "key_separator", "")
    # Others than str are the file's to refuse, once it comes to them.
    for text in _texts(pieces) if all(issubclass(type(each), str) for each in separators) else pieces:
        _write(fp, text)


def dump_bytes(
    obj,
    fp,
    *,
    default=None,
    sort_keys=False,
    indent=None,
    skipkeys=False,
    separators=None,
    check_circular=True,
    cls=None,
):
    """Encode ``obj`` as ``encode`` does and hand it to ``fp.write`` (bytes), in pieces of about 64 KiB.

    A smaller document goes in one piece, so that one that can't be encoded leaves the file as it was. ``fp`` is a
    binary file: buffered, raw (what a write leaves is written again), a socket's or a pipe's.

    Raises what ``encode`` and ``fp.write`` raise, BlockingIOError where a raw file takes nothing because it doesn't
    block.
    """
    from ._files import write_whole

    def write(text):
        write_whole(fp, partial(_write, fp), text.encode())

    encoder = _compact(cls, skipkeys, check_circular, indent, separators, default, sort_keys)
    if _is_plain(cls):
        from ._pure_encode import encode_document

        encode_document(obj, None, encoder, write)
    elif type(encoder).encode is JSONEncoder.encode:
        for text in _texts(encoder.iterencode(obj)):
            write(text)
    else:
        write(_text_by(encoder, obj))


for _function in (encode, dump, dump_bytes):
    _function.__module__ = "cyjson"  # where pickles should look for it


def _rebound(function, **names):
    """A copy of a standard library function that finds ``names`` among its globals."""
    # The code is copied too: two sets of globals would keep spoiling one code object's inline caches.
    code = function.__code__.replace()
    copy = FunctionType(code, {**function.__globals__, **names}, function.__name__, function.__defaults__)
    copy.__kwdefaults__ = function.__kwdefaults__
    return copy


if "array_hook" not in json.loads.__kwdefaults__:
    _constant = _CONSTANTS.__getitem__

    class JSONDecoder(json.JSONDecoder):
        """``json.JSONDecoder`` with Python 3.15's ``array_hook``: called with each decoded list, which its result
        replaces."""

        __module__ = "cyjson.decoder"

        def __init__(
            self,
            *,
            object_hook=None,
            parse_float=None,
            parse_int=None,
            parse_constant=None,
            strict=True,
            object_pairs_hook=None,
            array_hook=None,
        ):
            # All is set here: a call of the inherited __init__ would make loads with any hook slower than json's.
            self.object_hook = object_hook
            self.object_pairs_hook = object_pairs_hook
            self.array_hook = array_hook
            self.parse_float = parse_float or float
            self.parse_int = parse_int or int
            self.parse_constant = parse_constant or _constant
            self.parse_string = scanstring
            self.parse_object = JSONObject
            self.strict = strict
            self.memo = {}
            if array_hook is None:
                self.parse_array = JSONArray
                self.scan_once = make_scanner(self)
            else:
                self.parse_array = _hooked(array_hook)
                self.scan_once = _array_scanner()(self)

    def _hooked(array_hook):
        def parse_array(s_and_end, scan_once):
            values, end = JSONArray(s_and_end, scan_once)
            return array_hook(values), end

        return parse_array

    def _array_scanner():
        # The C scanner makes its lists itself; only the Python one asks parse_array. Its pattern takes any Unicode
        # digit where the C scanner, whose verdicts are to be kept, takes ASCII's.
        ascii_number = re.compile(NUMBER_RE.pattern, NUMBER_RE.flags & ~re.UNICODE | re.ASCII)
        return _rebound(py_make_scanner, NUMBER_RE=ascii_number)

    # The standard library's loads passes arguments that it doesn't know on to the decoder class: given ours, it knows
    # array_hook, and every call costs what it did.
    loads = _rebound(json.loads, __name__="cyjson", JSONDecoder=JSONDecoder)
    load = _rebound(json.load, __name__="cyjson", loads=loads)
else:
    from json import JSONDecoder, load, loads


BLOCK = 65536  # bytes asked of a source at a time, and gathered before they are written


class Reader:
    """The iterator that ``load`` and ``loads`` of ``cyjson.lines`` return.

    lineno: the number of the line that was read last, counted from 1 where reading began; offset: where the line of
    the last document begins, in bytes from the start of the source.

    A file that ``load`` opened is closed at the end, by ``close``, and at the end of a ``with``. After an error,
    ``next`` goes on after the line. As with a generator, ``next`` can't be called while it runs, from a hook or
    another thread: ValueError.
    """

    _opened = None

    # The native class of this name says what the arguments are.
    def __init__(self, read, opened, decode, refuse, *, plain, offset, cut, stop, max_line, any_mark=False):
        self._read = read
        self._opened = opened
        self._decode = decode
        self._refuse = refuse
        self._any_mark = any_mark
        self._stop = _count_from("stop", stop, -1)
        self._max_line = _count_from("max_line", max_line, -1)
        self._buffer = bytearray()
        self._at = self._scanned = 0
        self._base = self.offset = _count_from("offset", offset, 0)
        self._dropping = "cut" if cut else None
        self._ended = self._closed = self._busy = self._is_text = False
        self.lineno = 0

    def close(self):
        """End the iteration, and close the file if ``load`` opened it."""
        self._closed = True
        opened, self._opened = self._opened, None
        if opened is not None:
            opened.close()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()

    def __del__(self):
        self.close()

    def __iter__(self):
        return self

    def __next__(self):
        if self._busy:
            raise ValueError("this reader is already executing")
        self._busy = True
        try:
            while not self._closed:
                if 0 <= self._stop <= self._base + self._at and self._dropping != "too long":
                    break
                found = self._buffer.find(b"\n", self._scanned)
                last = found < 0
                if last and not self._ended:
                    self._fill()
                    continue
                if last and self._at == len(self._buffer) and self._dropping != "too long":
                    break
                start, end = self._at, len(self._buffer) if last else found
                self._at = self._scanned = end if last else end + 1
                if self._dropping:
                    dropped, self._dropping = self._dropping, None
                    if dropped == "too long":
                        self._refuse(self, None, None, None, last)
                    continue
                self.lineno += 1
                self.offset = self._base + start
                line = bytes(self._buffer[start:end])
                if not last and line.endswith(b"\r"):
                    line = line[:-1]
                if self.offset == 0 and (self._any_mark or not self._is_text) and line.startswith(b"\xef\xbb\xbf"):
                    line = line[3:]
                if not line.strip(b" \t\r"):
                    continue
                if 0 <= self._max_line < len(line):
                    self._refuse(self, None, None, None, last)
                    continue
                try:
                    text = line.decode("utf-8", "surrogatepass")
                except UnicodeDecodeError as error:
                    self._refuse(self, line, None, error, last)
                    continue
                try:
                    return self._decode(text)
                except Exception as error:
                    self._refuse(self, line, text, error, last)
        except StopIteration as error:
            raise RuntimeError("a line's handling raised StopIteration") from error
        finally:
            self._busy = False
        self.close()
        raise StopIteration

    def _fill(self):
        size = len(self._buffer)
        if not self._dropping and 0 <= self._max_line < size - self._at - 4:  # a byte order mark, and a \r
            self._dropping = "too long"
            self.lineno += 1
            self.offset = self._base + self._at
        if self._dropping:
            self._at = size
        del self._buffer[: self._at]
        self._base += self._at
        self._at = 0
        self._scanned = len(self._buffer)
        try:
            block = self._read(BLOCK)
        except StopIteration as error:
            raise RuntimeError("read() raised StopIteration") from error
        if self._closed:
            return
        if block is None:
            raise BlockingIOError("read() gave None: the file is not blocking, and there is nothing to read yet")
        try:
            if isinstance(block, str):
                self._is_text = True
                block = block.encode("utf-8", "surrogatepass")
            elif not isinstance(block, (bytes, bytearray, memoryview)):
                raise TypeError(f"read() must give bytes or str, not {type(block).__name__}")
            elif isinstance(block, memoryview) and not block.c_contiguous:
                raise BufferError("memoryview: underlying buffer is not C-contiguous")
            self._buffer += block
        except BaseException:
            self._closed = True  # what was read is lost, so there is no going on
            raise
        self._ended = len(self._buffer) == self._scanned  # whatever length the block says that it has


def _count_from(name, value, least):
    """A number of bytes that a Reader is made with, or ``least`` = -1."""
    if not isinstance(value, int):
        raise TypeError(f"{name} must be int, not {type(value).__name__}")
    value = index(value)
    if not least <= value < 2**63:
        raise ValueError(f"{name} must be from {least} to 2**63 - 1, not {value}")
    return value


def encode_lines(documents, encode, options):
    """The documents of an iterator as lines, as write_lines writes them: bytes."""
    parts = []
    write_lines(documents, encode, options, parts.append)
    return b"".join(parts)


def write_lines(documents, encode, options, write):
    """Write each document of an iterator on a line of its own, as ``encode(document, **options)`` spells it:
    ``write(bytes)`` gets whole lines, some 64 KiB at a time, also those before a document that fails. The number of
    documents.
    """
    size = count = 0
    lines = []
    if options:
        encode = partial(encode, **options)
    try:
        for document in documents:
            line = encode(document)
            if type(line) is not bytes:
                raise TypeError(f"encode() must give bytes, not {type(line).__name__}")
            if b"\n" in line:  # within a Raw, between tokens, where a space is the same
                line = line.replace(b"\n", b" ")
            lines.append(line)
            count += 1
            size += len(line) + 1
            if size >= BLOCK:
                size = 0
                full, lines = lines, []
                full.append(b"")
                write(b"\n".join(full))
    finally:
        if lines:
            lines.append(b"")
            write(b"\n".join(lines))
    return count
