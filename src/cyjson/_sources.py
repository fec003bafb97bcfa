"""How ``cyjson.lines`` asks a file for what is there, without waiting for more, and what kind of file it is."""

import codecs
import io
import os

__all__ = ["Located", "ahead_of", "is_text", "reading", "say_where"]

# The standard library's files whose read(n) waits for n bytes, while their read1(n) gives what is there. Only of these
# it is known that read1 reads what read does: another's read may decrypt, count or hash.
_HAVE_READ1 = {
    "_io.BufferedReader",
    "_io.BufferedRandom",
    "_io.BufferedRWPair",
    "_io.BytesIO",
    "bz2.BZ2File",
    "compression.zstd._zstdfile.ZstdFile",
    "gzip.GzipFile",
    "http.client.HTTPResponse",
    "lzma.LZMAFile",
    "zipfile.ZipExtFile",
}


# What comes of fileno(), which may be anybody's, and of using what it gives as a descriptor.
_NO_DESCRIPTOR = AttributeError, OSError, OverflowError, TypeError, ValueError


def is_text(file):
    """Whether a file reads or writes str."""
    if isinstance(file, codecs.StreamReaderWriter):
        file = file.reader
    if isinstance(file, (codecs.StreamReader, codecs.StreamWriter)):
        return getattr(type(file), "charbuffertype", str) is str  # of zlib, base64 and the like it is bytes
    return isinstance(file, io.TextIOBase) or hasattr(file, "encoding")  # wrappers, as tempfile's, are no TextIOBase


def reading(file, text):
    """The function read(size) for a Reader, which gives what there is of a file: None where that is nothing yet, and
    nothing at the end."""
    if text:
        if isinstance(file, io.TextIOWrapper):
            # Of what can be sought in, read(n) keeps nobody waiting.
            return (Located if file.seekable() else _Text)(file).read
        if _read_of(file) in ("codecs.StreamReader", "codecs.StreamReaderWriter"):
            return _Recoded(file).read
    elif _read_of(file) in _HAVE_READ1:
        return _Buffered(file).read
    return file.read


def _read_of(file):
    """The full name of the class whose ``read`` a file has; None where that is the file's alone."""
    if "read" not in getattr(file, "__dict__", ()):
        for each in type(file).__mro__:
            if "read" in vars(each):
                return f"{each.__module__}.{each.__qualname__}"
    return None


def _blocks(file):
    """Whether a file is known to wait for what isn't there yet. To ask such a terminal again would need a second ^D."""
    try:
        return os.get_blocking(file.fileno())
    except _NO_DESCRIPTOR:
        return False


def _is_ready(file):
    """Whether there is something to read, or the end; None where that isn't known: a TLS socket's end isn't seen."""
    import select
    import stat

    try:
        descriptor = file.fileno()
        if stat.S_ISSOCK(os.fstat(descriptor).st_mode):
            return None
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        return bool(poll.poll(0))
    except _NO_DESCRIPTOR:
        return None


def ahead_of(file):
    """Whether what reads a file may read ahead of what is wanted, which must not wait: True, False, or a function that
    says so each time."""
    import stat

    if isinstance(file, (io.BytesIO, io.StringIO)) or type(file).__module__ == "mmap":
        return True
    if type(file).__module__ == "cyjson._remote":
        return getattr(file, "is_ready", False)
    try:
        mode = os.fstat(file.fileno()).st_mode
    except _NO_DESCRIPTOR:
        return False
    return True if stat.S_ISREG(mode) else lambda: bool(_is_ready(file))


class _Buffered:
    """A file whose read1 is known."""

    def __init__(self, file):
        self.file = file
        self.read1 = file.read1

    def read(self, size):
        data = self.read1(size)
        if not data and data is not None and not _blocks(self.file):
            return self.file.read(1)  # which distinguishes the end from nothing yet, as read1 doesn't
        return data


def say_where(error, binary):
    """Add the place in the binary file below to the reason of a UnicodeDecodeError, whose position is in a block."""
    try:
        place = binary.tell() - len(error.object) + error.start
    except (AttributeError, OSError, ValueError):
        return
    error.reason += f" (byte {place} of the file)"


class Located:
    """A TextIOWrapper whose errors say where in the file it can't be decoded."""

    def __init__(self, file):
        self.file = file

    def read(self, size):
        try:
            return self.file.read(size)
        except UnicodeDecodeError as error:
            say_where(error, self.file.buffer)
            raise


class _Text:
    """A TextIOWrapper that can't seek, such as a pipe's or terminal's: of that not read(n), which would wait for n
    characters where a line is there.

    It takes for the end what is nothing yet, and fails there after a part of a character.
    """

    def __init__(self, file):
        self.file = file
        self.has_own_read = _read_of(file) != "_io.TextIOWrapper"
        self.in_lines = _blocks(file)

    def read(self, size):
        try:
            text = self.get(size)
            if text or _blocks(self.file):
                return text
        except (TypeError, UnicodeDecodeError):
            if _blocks(self.file):
                raise
        ready = _is_ready(self.file)
        if ready is not None:
            return self.get(size) if ready else None
        try:
            return self.file.read()  # to the end, or to nothing yet
        except BlockingIOError:
            return None
        except TypeError as error:  # before 3.14
            if "NoneType" in str(error):
                return None
            raise

    def get(self, size):
        if self.has_own_read:
            return self.file.read(size)
        if self.in_lines:
            return io.TextIOWrapper.readline(self.file, size)
        found = []  # character by character: what readline had found is lost where it fails
        try:
            while len(found) < size and (character := self.file.read(1)):
                found.append(character)
                if character == "\n":
                    break
        except (TypeError, UnicodeDecodeError):
            if not found:
                raise
        return "".join(found)


class _Recoded:
    """A reader of codecs, which adds the bytes of a file together."""

    def __init__(self, file):
        self.file = file
        self.reader = file.reader if isinstance(file, codecs.StreamReaderWriter) else file

    def read(self, size):
        try:
            return self.file.read(size)
        except UnicodeDecodeError as error:
            say_where(error, self.reader.stream)
            raise
        except TypeError as error:
            if "NoneType" not in str(error):
                raise
        held = len(self.reader.charbuffer)
        return self.reader.read(held, held) if held else None
