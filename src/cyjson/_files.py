"""Documents in files that are named by a path: ``save`` and ``open_document``, and how paths are opened.

A path that ends in ``.gz`` or ``.zst`` names a compressed file. Nothing that costs time is imported before it is used:
this module is a part of ``import cyjson``.
"""

import os
from types import NoneType

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
    module = _compression(path)
    if module is None:
        return open(path, mode, buffering=0)
    if module.__name__ == "gzip" and mode != "rb":
        return module.open(path, mode, _GZIP_LEVEL)
    return module.open(path, mode)


_GZIP_LEVEL = 6  # as gzip(1); the module's own default, 9, takes several times as long for 1 % less


def write_whole(file, write, data):
    """Hand ``data`` (bytes) to a binary file's ``write``, and what a raw file leaves of it again.

    Raises BlockingIOError where a raw file takes nothing because it doesn't block.
    """
    while data:
        taken = write(data)
        if not taken and type(taken) in (int, NoneType):
            from io import RawIOBase  # from 3.14 on an import of its own

            if isinstance(file, RawIOBase):
                raise BlockingIOError("write() took nothing: a file that blocks is needed")
        if type(taken) is not int or not 0 < taken < len(data):
            break
        data = data[taken:]


def _compression(path):
    """The module whose ``open`` reads and writes such files, or None where the suffix says nothing."""
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


def open_document(path, *, mmap=False, **options):
    """Return the document in the file at ``path`` (str or os.PathLike): ``loads`` of its bytes, with its options.

    A ``.gz`` or ``.zst`` file is decompressed. With ``mmap=True`` a regular file is mapped into memory and decoded from
    there, without a copy of it. While that goes on, nobody may write to the file or cut it short, or this process may
    crash (SIGBUS) or read nonsense. To replace it as ``save`` does is no danger.

    Raises OSError where the file can't be read, and what ``loads`` raises.
    """
    path = path_of(path)
    with open_bytes(path, "rb") as file:
        if mmap and _compression(path) is None:
            document = _decode_mapped(file, options)
            if document is not NotImplemented:
                return document
        return _impl.loads(file.read(), **options)


def _decode_mapped(file, options):
    """The document in a file through a mapping; NotImplemented where it can't be mapped."""
    import stat
    from mmap import ACCESS_COPY, PAGESIZE, mmap

    status = os.fstat(file.fileno())
    size = status.st_size
    if not stat.S_ISREG(status.st_mode) or size == 0:  # files in /proc say that they have no bytes
        return NotImplemented
    try:
        mapping = mmap(file.fileno(), size, access=ACCESS_COPY)
    except (OSError, ValueError, OverflowError):
        return NotImplemented
    with mapping:
        # Decoding in place needs a byte behind the text. The last page has it, unless the text fills that.
        if not options and size % PAGESIZE and hasattr(_impl, "decode_mapped"):
            document = _impl.decode_mapped(mapping, size)
            if document is not NotImplemented:
                return document
        return _impl.loads(mapping[:], **options)


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
    the disk, and then takes the place of what was there. After a failure, or a crash at any moment, the old document or
    the new one is there. Permission bits stay, the owner too where that is allowed; other hard links keep the old
    document. A symbolic link stays, and the file that it names is replaced. What isn't a regular file (a pipe, a
    terminal) is written to directly. A ``.gz`` or ``.zst`` file is compressed.

    Raises OSError where the file can't be written, and what ``encode`` raises.
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
    given = path = path_of(path)
    module = _compression(path)
    path = os.path.realpath(path)
    try:
        old = os.stat(given)
    except FileNotFoundError:
        old = None
    if old is not None and not _is_regular(old, given):
        with open(given, "wb") if module is None else open_bytes(given, "wb") as file:
            _write(file, obj, options)
        return
    folder = os.path.dirname(path)
    descriptor, temporary = _new_file(folder, 0o666 if old is None else 0o600)
    try:
        with open(descriptor, "wb") as file:
            if module is None:
                _write(file, obj, options)
            elif module.__name__ == "gzip":
                # Without a name and a time, equal documents make equal files.
                with module.GzipFile("", "wb", _GZIP_LEVEL, file, 0) as packed:
                    _write(packed, obj, options)
            else:
                with module.open(file, "wb") as packed:
                    _write(packed, obj, options)
            file.flush()
            if old is not None:
                _keep_rights(file.fileno(), temporary, old)
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
    _sync_folder(folder)


def _write(file, obj, options):
    _impl.dump_bytes(obj, file, **options)


def _is_regular(status, path):
    """Whether this is a regular file, which can be replaced; IsADirectoryError where it is a folder."""
    import errno
    import stat

    if stat.S_ISDIR(status.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), path)
    return stat.S_ISREG(status.st_mode)


def _new_file(folder, mode):
    """A file that wasn't there, open for writing: its descriptor and its path."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0)
    while True:
        path = os.path.join(folder, f".cyjson-{os.urandom(8).hex()}.tmp")
        try:
            return os.open(path, flags, mode), path
        except FileExistsError:
            continue


def _keep_rights(descriptor, path, old):
    """Give a new file the owner, as far as that is allowed, and the permission bits of the old one."""
    import stat

    mode = stat.S_IMODE(old.st_mode)
    if hasattr(os, "fchown"):
        new = os.fstat(descriptor)
        if (new.st_uid, new.st_gid) != (old.st_uid, old.st_gid):
            try:
                os.fchown(descriptor, old.st_uid, old.st_gid)
            except OSError:
                try:
                    os.fchown(descriptor, -1, old.st_gid)
                except OSError:
                    mode &= ~stat.S_IRWXG | (mode & stat.S_IRWXO) << 3  # another group gets no more than all do
                mode &= ~(stat.S_ISUID | stat.S_ISGID)
    if hasattr(os, "fchmod"):
        os.fchmod(descriptor, mode)
    else:
        os.chmod(path, mode)


def _sync_folder(folder):
    """See to it that the folder's new entry is on the disk too, where the system can."""
    if os.name == "nt":
        return
    import errno

    try:
        descriptor = os.open(folder, os.O_RDONLY | getattr(os, "O_DIRECTORY", 0))
    except PermissionError:  # may be written to, but not be read
        return
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # not on this file system
            raise
    finally:
        os.close(descriptor)


open_document.__module__ = save.__module__ = "cyjson"  # where pickles should look for them
