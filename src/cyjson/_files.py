"""Documents in files that are named by a path: ``save`` and ``open_document``, and how paths are opened.

A path that ends in ``.gz`` or ``.zst`` names a compressed file. Nothing that costs time is imported before it is used:
this module is a part of ``import cyjson``.
"""

import os
from functools import partial
from operator import index

from . import _impl

__all__ = ["open_document", "save"]


def path_of(path, argument="path"):
    """The path as a str; TypeError, which names the argument, where it isn't one."""
    if not isinstance(path, str):
        if not hasattr(path, "__fspath__"):
            raise TypeError(f"{argument} must be a path (str or os.PathLike), not {type(path).__name__}")
        path = os.fsdecode(path)
    return path


def open_bytes(path, mode):
    """The file at ``path``, open for bytes in ``mode`` ("rb", "wb" or "ab"), through its compression; a plain file is
    not buffered."""
    module = compression(path)
    if module is None:
        return open(path, mode, buffering=0)
    if module.__name__ == "gzip" and mode != "rb":
        return module.open(path, mode, _GZIP_LEVEL)
    return module.open(path, mode)


def packed(module, file):
    """A file that writes to a binary one what compression's ``module`` (None: none) makes of it."""
    if module is None:
        return file
    if module.__name__ == "gzip":
        # Without a name and a time, equal documents make equal files.
        return module.GzipFile("", "wb", _GZIP_LEVEL, file, 0)
    return module.open(file, "wb")


_GZIP_LEVEL = 6  # as gzip(1); the module's own default, 9, takes several times as long for 1 % less


def write_whole(file, write, data):
    """Hand ``data`` (bytes) to a binary file's ``write``, and what a write leaves of it again, as a memoryview.

    What isn't a count of some of the bytes means that all were taken, as for json; but a raw file's None or 0
    means that it took nothing because it doesn't block: BlockingIOError.
    """
    size, at, rest = len(data), 0, data
    while at < size:
        taken = write(rest)
        if not isinstance(taken, bool) and hasattr(type(taken), "__index__"):
            count = index(taken)
        else:
            count = size if taken is not None else 0
        if count == 0:
            from io import RawIOBase  # from 3.14 on an import of its own

            if isinstance(file, RawIOBase):
                raise BlockingIOError("write() took nothing: a file that blocks is needed")
        if not 0 < count < size - at:
            break
        at += count
        rest = memoryview(data)[at:]


def compression(path):
    """The module whose ``open`` reads and writes such files, or None for any other suffix."""
    suffix = os.path.splitext(path)[1].lower()
    if suffix == ".gz":
        import gzip

        return gzip
    if suffix == ".zst":
        from importlib import import_module

        # Not zstandard, which stops at the first frame's end: of a file that was appended to it reads a part.
        for name in "compression.zstd", "backports.zstd", "pyzstd":
            try:
                return import_module(name)
            except ImportError:
                pass
        raise ModuleNotFoundError(
            f"{path!r} needs Python 3.14's compression.zstd, or the package backports.zstd: pip install cyjson[zstd]",
            name="backports.zstd",
        )
    return None


def open_document(path, *, mmap=False, type=None, **options):
    """Return the document in the file at ``path`` (str or os.PathLike): ``loads`` of its bytes, with its options; or
    with a ``type`` (a class, another type or a Codec) ``decode(…, type)`` of them.

    A ``.gz`` or ``.zst`` file is decompressed. With ``mmap=True`` a regular file is mapped into memory and decoded from
    there, without a copy of it, where no option but ``strict`` is given. With others, and in the fallback, one str is
    made of it, and no bytes. Read into bytes as without ``mmap`` are files for a ``type`` (not in the fallback), in
    another encoding than UTF-8 or with a byte order mark, whose size is a multiple of the page size, or that hold no
    document.

    While that goes on, nobody may write to the file or cut it short, or this process may crash (SIGBUS) or read
    nonsense. To replace it as ``save`` does is no danger.

    Raises OSError where the file can't be read, what ``loads`` raises, and with a type ValidationError.
    """
    path = path_of(path)
    decode = partial(_impl.loads, **options) if type is None else typed(type, options)
    is_native = hasattr(_impl, "decode_mapped")
    with open_bytes(path, "rb") as file:
        if not mmap or compression(path) is not None or is_native and type is not None:
            found = file.read()
        elif is_native and options.keys() <= {"strict"}:
            found = _mapped(file, partial(_document_in, strict=bool(options.get("strict", True))))
            if isinstance(found, tuple):
                return found[0]
        else:
            found = _mapped(file, _text_in)
        return decode(found)


def typed(type, options):
    """The function of a text that decodes it as a type; TypeError where options of ``loads`` are given too."""
    if options:
        given = ", ".join(sorted(options))
        raise TypeError(f"type can't be given together with options of loads: {given}")
    from ._decoding import decoder_of

    return decoder_of(type)


def _mapped(file, use):
    """What ``use`` makes of the mapping of a file; the file's bytes where it can't be mapped."""
    import stat
    from mmap import ACCESS_COPY, mmap

    status = os.fstat(file.fileno())
    size = status.st_size
    if not stat.S_ISREG(status.st_mode) or size == 0:  # files in /proc say that they have no bytes
        return file.read()
    try:
        mapping = mmap(file.fileno(), size, access=ACCESS_COPY)
    except (OSError, ValueError, OverflowError):
        return file.read()
    with mapping:
        return use(mapping)


def _text_in(mapping):
    """The str in a mapping, where that is UTF-8 without a byte order mark, and otherwise its bytes."""
    from json import detect_encoding

    if detect_encoding(mapping[:4]) == "utf-8":
        try:
            return str(mapping, "utf-8", "surrogatepass")
        except UnicodeDecodeError:  # which decoding the bytes raises too
            pass
    return mapping[:]


def _document_in(mapping, strict):
    """The document in a mapping, in a tuple; or its bytes, for ``loads``."""
    from mmap import PAGESIZE

    # Decoding in place needs a byte after the text. The last page has it, unless the text fills that.
    if len(mapping) % PAGESIZE:
        document = _impl.decode_mapped(mapping, len(mapping), strict)
        if document is not NotImplemented:
            return (document,)
    return mapping[:]


def save(
    obj,
    path,
    *,
    default=None,
    sort_keys=False,
    indent=None,
    skipkeys=False,
    separators=None,
    check_circular=True,
    cls=None,
):
    """Write ``obj`` to the file at ``path`` (str or os.PathLike) as ``encode`` gives it, with its options.

    The file is replaced as a whole: the document goes to a temporary file in the same folder (``.cyjson-*.tmp``), to
    the disk, and then takes the place of what was there. After a failure, Ctrl-C, or a crash at any moment, the old
    document or the new one is there. Permission bits, the ACL and extended attributes stay (the two latter on Linux),
    the owner too where that is allowed; where some of it can't be kept, fewer may use the file, never more. Other hard
    links keep the old document. A symbolic link stays, and the file that it leads to is replaced; but a link that
    another user made in a folder that is sticky and that all may write to is a PermissionError.

    What isn't a regular file of its own (a pipe, a terminal, ``/dev/stdout``) is written to directly, a descriptor of
    this process from where it stands on. A ``.gz`` or ``.zst`` file is compressed.

    Paths are what they are for ``open(path, "wb")``, which raises the same where it refuses one, a file that is
    read-only included.

    The first call imports modules: a process that won't be able to read them later (after ``chroot`` or ``setuid``)
    imports ``cyjson._replace`` before.

    Raises OSError, whose ``filename`` is ``path``, where the file can't be replaced (EBUSY: others put something else
    in its place at the same time), and what ``encode`` raises.
    """
    options = {
        "default": default,
        "sort_keys": sort_keys,
        "indent": indent,
        "skipkeys": skipkeys,
        "separators": separators,
        "check_circular": check_circular,
        "cls": cls,
    }
    path = path_of(path)
    from ._replace import replace

    replace(path, partial(_write, obj=obj, options=options), compress=True)


def _write(file, obj, options):
    _impl.dump_bytes(obj, file, **options)


open_document.__module__ = save.__module__ = "cyjson"  # where pickles should look for them
