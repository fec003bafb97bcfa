"""Files that fsspec knows by an address, such as ``s3://bucket/events.ndjson``: how ``cyjson.lines`` reads them in
large blocks, the next one on its way while this one is used, and writes them.

Nothing here is imported before an address, or an open file of fsspec's, is given.
"""

import re
import sys
import threading

from . import _files

__all__ = ["Ahead", "append", "is_address", "is_remote", "open_bytes", "system", "write"]

BLOCK = 4 * 2**20  # bytes of a request: some 50 ms of a connection of 80 MB/s, which makes a round trip's 20 small
LEAST = 2**20
TAIL = 2**16  # asked for beyond the end of a range, where its last line ends

_ADDRESS = re.compile(r"(?:[A-Za-z][A-Za-z0-9+.-]*::)*[A-Za-z][A-Za-z0-9+.-]+://", re.ASCII)


def is_address(path):
    """Whether a path is an address. One letter and a colon are a drive of Windows."""
    return isinstance(path, str) and "://" in path and _ADDRESS.match(path) is not None


def is_remote(file):
    """Whether an open file is one of fsspec's that asks for ranges of bytes."""
    spec = sys.modules.get("fsspec.spec")
    return spec is not None and isinstance(file, spec.AbstractBufferedFile)


def system(address, storage_options=None):
    """fsspec's file system of an address, and the path in it."""
    try:
        from fsspec.core import url_to_fs
    except ImportError:
        raise ModuleNotFoundError(
            f"{address!r} needs the package fsspec: pip install cyjson[remote]", name="fsspec"
        ) from None
    return url_to_fs(address, **(storage_options or {}))


def open_bytes(address, stop=None, storage_options=None, module=None):
    """The file at an address, open for reading through the compression of ``module``: as ``Ahead``."""
    files, path = system(address, storage_options)
    # Blocks are cached here: fsspec's own cache would ask for more than the range, or once for each 64 KiB.
    file = Ahead(files.open(path, "rb", block_size=BLOCK, cache_type="none"), None if module else stop, owned=True)
    return file if module is None else _Unpacked(module.open(file, "rb"), file)


def write(address, write, storage_options=None, mode="wb"):
    """Make a file at an address of what ``write(file)`` writes. An object store has it as a whole once that is done, or
    keeps what was there."""
    module = _files.compression(address)
    files, path = system(address, storage_options)
    held = "w" in mode  # until it is committed
    file = files.open(path, mode, autocommit=not held)
    try:
        with _files.packed(module, file) if module else _Open(file) as packed:
            result = write(packed)
        file.close()
    except BaseException:
        try:
            file.close()
        finally:
            if held:
                _discard(file)
        raise
    if held and hasattr(file, "commit"):
        file.commit()
    return result


def _discard(file):
    try:
        file.discard()
    except (AttributeError, OSError):  # nothing of it is there
        pass


def append(address, write_lines, storage_options=None):
    """Write lines after those of the file at an address."""
    files, path = system(address, storage_options)
    parted = False
    if files.exists(path) and files.size(path):
        module = _files.compression(address)
        if module is None:
            parted = files.tail(path, 1) != b"\n"
        else:
            last = b""
            with open_bytes(address, None, storage_options, module) as file:
                while block := file.read(LEAST):
                    last = block[-1:]
            parted = last not in (b"", b"\n")

    def parted_lines(file):
        if parted:
            _files.write_whole(file, file.write, b"\n")
        return write_lines(file)

    return write(address, parted_lines, storage_options, "ab")


class _Open:
    """A file that is closed by another."""

    def __init__(self, file):
        self.file = file

    def __enter__(self):
        return self.file

    def __exit__(self, *exception):
        pass


class _Fetch(threading.Thread):
    """A block that is on its way."""

    def __init__(self, read, size):
        super().__init__(daemon=True, name="cyjson-ahead")
        self.read, self.size = read, size
        self.block = self.error = None

    def run(self):
        try:
            self.block = self.read(self.size)
        except BaseException as error:
            self.error = error


class Ahead:
    """A binary file, read in blocks of ``BLOCK`` bytes, the next one by a thread while the last one is used. Of what
    comes after ``stop``, no more than a line's end is asked for until it is needed. Memory holds two blocks.

    ``owned``: whether ``close`` closes the file.
    """

    def __init__(self, file, stop=None, owned=False):
        self.file = file
        self.stop = stop
        self.owned = owned
        self.block, self.at = b"", 0
        self.asked = None  # where in the file what is asked for next begins: not known before the first read
        self.coming = None

    def read(self, size=-1):
        """Return at most so many bytes, fewer where the block ends, and nothing at the end; or all."""
        if size < 0:
            return b"".join(iter(lambda: self.read(BLOCK), b""))
        if self.at == len(self.block):
            self.block, self.at = self._next_block(), 0
        part = self.block[self.at : self.at + size]
        self.at += len(part)
        return part

    def is_ready(self):
        """Whether ``read`` returns without waiting."""
        return self.at < len(self.block) or (self.coming is not None and not self.coming.is_alive())

    def _size(self):
        """How much is asked for next."""
        if self.stop is None:
            return BLOCK
        return min(max(self.stop - self.asked + TAIL, LEAST), BLOCK)

    def _next_block(self):
        if self.asked is None:
            self.asked = self.file.tell()
        coming, self.coming = self.coming, None
        if coming is not None:
            coming.join()
            block = coming.block
            if coming.error is not None:
                try:
                    raise coming.error
                finally:
                    del coming  # or its traceback, which holds this frame, would make a circle
            if block is None:  # a fork's child hasn't got the thread
                self.file.seek(self.asked)
                block = self.file.read(self._size())
        else:
            block = self.file.read(self._size())
        self.asked += len(block)
        if block and (self.stop is None or self.asked < self.stop):
            coming = _Fetch(self.file.read, self._size())
            try:
                coming.start()
                self.coming = coming
            except RuntimeError:  # no more threads here: it is read when it is wanted
                pass
        return block

    def seek(self, offset, whence=0):
        self._wait()
        if whence == 1:  # the file itself may be further on
            offset, whence = offset + self.tell(), 0
        self.block, self.at = b"", 0
        self.asked = self.file.seek(offset, whence)
        if self.asked is None:
            self.asked = self.file.tell()
        return self.asked

    def tell(self):
        if self.asked is None:
            self.asked = self.file.tell()
        return self.asked - (len(self.block) - self.at)

    def _wait(self):
        """Until nobody reads."""
        coming, self.coming = self.coming, None
        if coming is not None:
            coming.join()

    def readable(self):
        return True

    def seekable(self):
        return not hasattr(self.file, "seekable") or self.file.seekable()

    def close(self):
        self._wait()
        self.block, self.at = b"", 0
        if self.owned:
            self.file.close()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()


class _Unpacked:
    """A decompressed file, which closes what it reads."""

    def __init__(self, file, packed):
        self.file = file
        self.packed = packed
        self.read, self.seek, self.tell = file.read, file.seek, file.tell
        self.read1 = getattr(file, "read1", file.read)

    def readable(self):
        return True

    def seekable(self):
        return self.packed.seekable()

    def close(self):
        try:
            self.file.close()
        finally:
            self.packed.close()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()
