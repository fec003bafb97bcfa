"""``cyjson.lines`` and files: each is read by its own ``read``, at once and to its end, and let go at once."""

import bz2
import codecs
import gc
import gzip
import io
import lzma
import os
import socket
import stat
import subprocess
import sys
import tempfile
import threading

import pytest
from support.compare import PYPY, frees_at_once

import cyjson
from cyjson import lines, stream

posix_only = pytest.mark.skipif(os.name != "posix", reason="about POSIX's files")
needs_set_blocking = pytest.mark.skipif(not hasattr(os, "set_blocking"), reason="pipes always block here")

SECRET = b'{"a": 1}\n[2]\n'
DOCUMENTS = [{"a": 1}, [2]]


def mixed(data):
    return bytes(each ^ 0x55 for each in data)


# A file's own read


class Proxy:
    def __init__(self, file):
        self.file = file

    def read(self, size=-1):
        return mixed(self.file.read(size))

    def __getattr__(self, name):
        return getattr(self.file, name)


class Both(Proxy):
    def read1(self, size=-1):
        raise AssertionError("not the file's own read")

    readline = readinto = readinto1 = read1


class OverBytes(io.BytesIO):
    def read(self, size=-1):
        return mixed(super().read(size))


class OverBuffered(io.BufferedReader):
    def read(self, size=-1):
        return mixed(super().read(size))


class OverRandom(io.BufferedRandom):
    def read(self, size=-1):
        return mixed(super().read(size))


class OverGzip(gzip.GzipFile):
    def read(self, size=-1):
        return mixed(super().read(size))


class Below(OverBytes):
    pass


class AsABase(io.BufferedIOBase):
    """read1 is that of the abstract class, which refuses."""

    def __init__(self, file):
        self.file = file

    def readable(self):
        return True

    def read(self, size=-1):
        return mixed(self.file.read(size))


def patched(file):
    own = file.read
    file.read = lambda size=-1: mixed(own(size))
    return file


@pytest.mark.parametrize(
    "make",
    [
        lambda data: Proxy(io.BytesIO(data)),
        lambda data: Proxy(io.BufferedReader(io.BytesIO(data))),
        lambda data: Both(io.BytesIO(data)),
        OverBytes,
        Below,
        lambda data: OverBuffered(io.BytesIO(data)),
        lambda data: OverRandom(io.BytesIO(data)),
        lambda data: OverGzip(fileobj=io.BytesIO(gzip.compress(data))),
        lambda data: AsABase(io.BytesIO(data)),
        lambda data: patched(io.BufferedReader(io.BytesIO(data))),
        lambda data: patched(gzip.GzipFile(fileobj=io.BytesIO(gzip.compress(data)))),
    ],
)
def test_a_file_is_read_by_its_own_read(make):
    assert list(lines.load(make(mixed(SECRET)))) == DOCUMENTS


@posix_only
@pytest.mark.parametrize("how", ["proxy", "class", "patched"])
def test_a_text_file_is_read_by_its_own_read(how):
    class Upper(io.TextIOWrapper):
        def read(self, size=-1):
            return super().read(size).upper()

    source, sink = os.pipe()
    os.write(sink, b'"a"\n"b"')
    os.close(sink)
    with open(source, "rb") as raw:
        file = (Upper if how == "class" else io.TextIOWrapper)(raw, encoding="utf-8")
        if how == "patched":
            own = file.read
            file.read = lambda size=-1: own(size).upper()
        if how == "proxy":
            file = type("UpperProxy", (Proxy,), {"read": lambda self, size=-1: self.file.read(size).upper()})(file)
        assert list(lines.load(file)) == ["A", "B"]


# Codecs


CODECS = ["utf-8", "utf-8-sig", "utf-16", "utf-32", "latin-1"]


@pytest.mark.parametrize("encoding", CODECS)
def test_readers_and_writers_of_codecs(tmp_path, encoding):
    documents = [{"é": 1}, "ü" * 3000, [2]] * 30
    path = tmp_path / "data"
    with codecs.open(path, "w", encoding) as file:
        assert lines.dump(documents, file) == 90
    with codecs.open(path, "r", encoding) as file:
        assert list(lines.load(file)) == documents
    with open(path, "wb") as raw:
        assert lines.dump(documents, codecs.getwriter(encoding)(raw)) == 90
    assert path.read_bytes().decode(encoding) == lines.dumps(documents)
    with open(path, "rb") as raw:
        assert list(lines.load(codecs.getreader(encoding)(raw))) == documents
    with open(path, "rb") as raw, pytest.raises(ValueError, match="start and stop count bytes"):
        lines.load(codecs.getreader(encoding)(raw), start=1)


def test_recoding_files(tmp_path):
    path = tmp_path / "data"
    for name in "zlib", "base64", "bz2", "hex":
        with open(path, "wb") as raw:
            assert lines.dump(DOCUMENTS, codecs.getwriter(name)(raw)) == 2
        assert codecs.decode(path.read_bytes(), name) == lines.encode(DOCUMENTS)
        with open(path, "rb") as raw:
            assert list(lines.load(codecs.getreader(name)(raw))) == DOCUMENTS
    with open(path, "wb") as raw:
        lines.dump(["é"], codecs.EncodedFile(raw, "utf-8", "utf-16"))
    with open(path, "rb") as raw:
        assert list(lines.load(codecs.EncodedFile(raw, "utf-8", "utf-16"))) == ["é"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-le", "utf-32"])
@pytest.mark.parametrize("count", [1, 5000])
def test_where_text_is_cut_off(tmp_path, encoding, count):
    """A file's error has the place in a block; its message has the place in the file, too."""
    path = tmp_path / "data"
    data = ("1\n" * count + "\U0001f600").encode(encoding)
    path.write_bytes(data[:-1])
    start = len(("1\n" * count).encode(encoding))
    for _ in range(2):
        with open(path, encoding=encoding) as file, pytest.raises(UnicodeDecodeError) as caught:
            list(lines.load(file))
        assert f"(byte {start} of the file)" in str(caught.value)
    path.write_bytes(data[:start] + b"\xff\xdc\xff\xff" + data)
    for opened in open, codecs.open:
        with opened(path, encoding=encoding) as file, pytest.raises(UnicodeDecodeError) as caught:
            list(lines.load(file))
        assert f"(byte {start} of the file)" in str(caught.value)


# What isn't there yet


def next_or_nothing(reader):
    """The next document, or what there is instead."""
    try:
        return next(reader)
    except BlockingIOError:
        return "nothing yet"
    except StopIteration:
        return "the end"


def by_pipe(opened):
    source, sink = os.pipe()
    os.set_blocking(source, False)
    return opened(source), lambda data: os.write(sink, data), lambda: os.close(sink)


def by_socket(**options):
    source, sink = socket.socketpair()
    source.setblocking(False)
    file = source.makefile(**options)
    source.close()
    return file, sink.sendall, sink.close


class Parts(io.RawIOBase):
    """A raw file without a descriptor, which has what it is given."""

    def __init__(self):
        self.parts = []
        self.ended = False

    def readable(self):
        return True

    def readinto(self, buffer):
        if not self.parts:
            return 0 if self.ended else None
        part = self.parts[0][: len(buffer)]
        self.parts[0] = self.parts[0][len(part) :]
        if not self.parts[0]:
            del self.parts[0]
        buffer[: len(part)] = part
        return len(part)


def by_parts(opened):
    raw = Parts()

    def end():
        raw.ended = True

    return opened(raw), raw.parts.append, end


def text_over(raw):
    return io.TextIOWrapper(io.BufferedReader(raw), encoding="utf-8")


NOT_BLOCKING = {
    "pipe": lambda: by_pipe(lambda fd: open(fd, "rb")),
    "raw pipe": lambda: by_pipe(lambda fd: open(fd, "rb", buffering=0)),
    "text pipe": lambda: by_pipe(lambda fd: open(fd, encoding="utf-8")),
    "codecs over a raw pipe": lambda: by_pipe(lambda fd: codecs.getreader("utf-8")(open(fd, "rb", buffering=0))),
    "codecs over a pipe": lambda: by_pipe(lambda fd: codecs.getreader("utf-8")(open(fd, "rb"))),
    "socket": lambda: by_socket(mode="rb"),
    "raw socket": lambda: by_socket(mode="rb", buffering=0),
    "socket for both": lambda: by_socket(mode="rwb"),
    "text socket": lambda: by_socket(mode="r", encoding="utf-8"),
    "raw": lambda: by_parts(lambda raw: raw),
    "buffered": lambda: by_parts(io.BufferedReader),
    "text": lambda: by_parts(text_over),
    "text over raw": lambda: by_parts(lambda raw: io.TextIOWrapper(raw, encoding="utf-8")),
    "codecs": lambda: by_parts(codecs.getreader("utf-8")),
    "codecs for both": lambda: by_parts(
        lambda raw: codecs.StreamReaderWriter(raw, codecs.getreader("utf-8"), codecs.getwriter("utf-8"))
    ),
}


@posix_only
@needs_set_blocking
@pytest.mark.parametrize("kind", NOT_BLOCKING)
def test_nothing_yet_is_not_the_end(kind):
    file, write, end = NOT_BLOCKING[kind]()
    with file:
        reader = lines.load(file)
        assert next_or_nothing(reader) == next_or_nothing(reader) == "nothing yet"
        write(b"1\n[2")
        assert next_or_nothing(reader) == 1
        assert next_or_nothing(reader) == next_or_nothing(reader) == "nothing yet"
        write('3]\n"ab\xe9'.encode()[:-1])  # ends within a character
        assert next_or_nothing(reader) == [23]
        assert next_or_nothing(reader) == next_or_nothing(reader) == "nothing yet"
        write('\xe9"\n{}'.encode()[1:])
        assert next_or_nothing(reader) == "ab\xe9"
        assert next_or_nothing(reader) == next_or_nothing(reader) == "nothing yet"
        end()
        assert next_or_nothing(reader) == {}
        assert next_or_nothing(reader) == "the end"


@posix_only
@pytest.mark.parametrize("text", [False, True])
def test_a_socket_with_a_timeout_ends(text):
    """Its descriptor doesn't block, though its file does."""
    source, sink = socket.socketpair()
    with source, sink:
        source.settimeout(60)
        sink.sendall(b"1\n2")
        sink.shutdown(socket.SHUT_WR)
        with source.makefile("r" if text else "rb") as file:
            assert list(lines.load(file)) == [1, 2]


@posix_only
@pytest.mark.parametrize("text", [False, True])
def test_a_terminals_end_is_asked_for_once(text):
    pty = pytest.importorskip("pty")
    controller, terminal = pty.openpty()
    os.write(controller, b"1\n2\n\x04")
    with open(terminal, "r" if text else "rb") as file:
        assert list(lines.load(file)) == [1, 2]
    os.close(controller)


@posix_only
@pytest.mark.parametrize("pack", [bytes, gzip.compress, bz2.compress, lzma.compress])
def test_lines_come_from_a_pipe_when_they_are_there(pack):
    opened = {gzip.compress: gzip.open, bz2.compress: bz2.BZ2File, lzma.compress: lzma.LZMAFile}
    source, sink = os.pipe()
    os.write(sink, pack(b"1\n"))
    with open(source, "rb", 0 if pack in opened else -1) as raw:
        file = opened[pack](raw) if pack in opened else raw
        reader = lines.load(file)
        assert next(reader) == 1
        os.write(sink, pack(b"2\n"))
        assert next(reader) == 2
        os.close(sink)
        assert list(reader) == []


def test_an_http_response_is_read_as_it_comes():
    from http.client import HTTPResponse

    source, sink = socket.socketpair()
    with source, sink:
        sink.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n1\n\r\n")
        with HTTPResponse(source) as response:
            response.begin()
            reader = lines.load(response)
            assert next(reader) == 1
            sink.sendall(b"2\r\n2\n\r\n0\r\n\r\n")
            assert list(reader) == [2]


# A byte order mark


@pytest.mark.parametrize("end", ["\n", "\r\n", ""])
def test_a_mark_before_text_costs_no_line_that_is_skipped(tmp_path, end):
    text = '\ufeff{"a": 1}' + end
    path = tmp_path / "data"
    path.write_text(text + ("x\n2" if end else ""), encoding="utf-8", newline="")
    expected = [{"a": 1}, 2] if end else [{"a": 1}]
    with open(path, encoding="utf-8") as file:
        assert list(lines.load(file, errors="skip")) == expected
    with codecs.open(path, encoding="utf-8") as file:
        assert list(lines.load(file, errors="skip")) == expected
    assert list(lines.load(path, errors="skip")) == expected
    text = path.read_bytes().decode()
    for options in {}, {"object_hook": dict}, {"max_line": 8}:
        reader = lines.loads(text, errors="skip", **options)
        assert next(reader) == {"a": 1}
        assert (reader.lineno, reader.offset) == (1, 0)
    assert list(lines.load(io.StringIO(text), errors="skip")) == expected
    # Otherwise it is an error, as with loads.
    found = []
    assert list(lines.loads(text, errors=found.append)) == expected[1:]
    assert "Unexpected UTF-8 BOM" in found[0].msg and found[0].doc == '\ufeff{"a": 1}'
    # And further on it is no mark.
    assert list(lines.loads("\n" + text, errors="skip")) == expected[1:]


# Nothing is kept


@pytest.fixture
def without_collector():
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def dropped_whole(make):
    make()


def dropped_halfway(make):
    next(make())


def dropped_at_the_end(make):
    list(make())


def dropped_after_errors(make):
    reader = make()
    for _ in range(2):
        try:
            list(reader)
        except lines.LineError:
            pass


DROPPED = [dropped_whole, dropped_halfway, dropped_at_the_end, dropped_after_errors]
BROKEN = b'1\n{"a": 2}\n\xff\nx\n' + b"[" * 200_000 + b"\n" + b"1" * 5000 + b"\n3"


@frees_at_once
@pytest.mark.parametrize("drop", DROPPED)
@pytest.mark.parametrize("errors", ["raise", "skip", "function"])
@pytest.mark.parametrize("hook", [None, dict])
def test_a_dropped_reader_lets_go_at_once(tmp_path, without_collector, drop, errors, hook):
    """Of its file or memory, though the errors that it raised are kept."""
    kept = []
    if errors == "function":
        errors = kept.append
    path = tmp_path / "data"
    path.write_bytes(b"1\n2\n" if drop is dropped_at_the_end else BROKEN)
    data = bytearray(path.read_bytes())
    opened = []

    def recording(path, mode):
        opened.append(open(path, mode, buffering=0))
        return opened[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("cyjson._files.open_bytes", recording)
        drop(lambda: lines.load(path, errors=errors, object_hook=hook))
    assert [each.closed for each in opened] == [True]
    drop(lambda: lines.loads(data, errors=errors, object_hook=hook))
    data.clear()  # BufferError while it is held
    with open(path, "rb") as file:
        before = sys.getrefcount(file)
        drop(lambda: lines.load(file, errors=errors, object_hook=hook))
        assert sys.getrefcount(file) == before
    with open(path, encoding="latin-1") as file:
        before = sys.getrefcount(file)
        drop(lambda: lines.load(file, errors=errors, object_hook=hook))
        assert sys.getrefcount(file) == before


@posix_only
@frees_at_once
def test_a_dropped_reader_of_a_text_pipe_lets_go_at_once(without_collector):
    source, sink = os.pipe()
    os.write(sink, b"1\n2\n")
    file = open(source)
    reader = lines.load(file)
    assert next(reader) == 1
    before = sys.getrefcount(file)
    del reader
    assert sys.getrefcount(file) < before
    file.close()
    os.close(sink)


# Sizes


class Far(io.BytesIO):
    """A file that says that it is read at a place where no file reaches."""

    def __init__(self, place):
        super().__init__(b'1\n"x"\n{"a": 3}\n4')
        self.place = place

    def seek(self, *place):
        return 0

    def tell(self):
        return self.place


def test_offsets_at_the_end_of_all_numbers():
    for place in 2**63 - 1, 2**63 - 5, 2**62, 2**31 - 2:
        reader = lines.load(Far(place))
        assert [(document, reader.offset - place) for document in reader] == [(1, 0), ("x", 2), ({"a": 3}, 6), (4, 15)]
        reader = lines.load(Far(place), stop=2**63 - 1)
        expected = [offset for offset in (0, 2, 6, 15) if place + offset < 2**63 - 1]
        assert [reader.offset - place for _ in reader] == expected
        found = []
        assert list(lines.load(Far(place), errors=found.append, max_line=2)) == [1, 4]
        assert [each.offset - place for each in found] == [2, 6]
    for start in 2**63 - 1, 2**62:
        reader = lines.load(Far(start), start=start)
        assert [(document, reader.offset - start) for document in reader] == [("x", 1), ({"a": 3}, 5), (4, 14)]
        assert list(lines.load(io.BytesIO(b"1\n2"), start=start)) == []
        assert list(lines.load(io.BytesIO(b"1\n2"), stop=start, max_line=start)) == [1, 2]


@pytest.mark.parametrize("wrong", [-1, 2**63, 10**30, 1.5, "1", None])
def test_places_that_are_none(wrong):
    with pytest.raises((TypeError, ValueError), match="offset"):
        lines.load(Far(wrong))


@pytest.mark.parametrize("name, least", [("offset", 0), ("stop", -1), ("max_line", -1)])
def test_the_limits_of_a_readers_numbers(name, least):
    def make(value):
        numbers = {"offset": 0, "stop": -1, "max_line": -1, name: value}
        parts = [b"1\n"]
        return lines.Reader(
            lambda size: parts.pop() if parts else b"", None, cyjson.loads, None, plain=True, cut=False, **numbers
        )

    for value in least, 2**63 - 1:
        make(value)
    for value in least - 1, -(2**63), -(2**63) - 1, 2**63, 2**64, 10**30:
        with pytest.raises(ValueError, match=f"{name} must be from {least} to"):
            make(value)
    for value in 1.5, "1", None:
        with pytest.raises(TypeError, match=f"{name} must be int"):
            make(value)


@pytest.mark.skipif(PYPY, reason="its bytes(memoryview) believes the buffer")
def test_a_buffer_that_says_it_is_larger_than_memory():
    ctypes = pytest.importorskip("ctypes")
    few = ctypes.create_string_buffer(16)
    many = (ctypes.c_char * (2**63 - 1)).from_address(ctypes.addressof(few))
    reader = lines.load(type("File", (), {"read": lambda self, size: memoryview(many)})())
    with pytest.raises(MemoryError):
        next(reader)
    assert list(reader) == []


@pytest.mark.skipif(PYPY, reason="its own text files take the number for one")
@pytest.mark.parametrize("number", [None, "1", 1.5, -1, 10**20], ids=str)
def test_a_file_whose_descriptor_is_none(number):
    """What fileno() gives is no reason not to read."""
    one = type("Bytes", (io.BytesIO,), {"fileno": lambda self: number})
    assert list(lines.load(one(b"1\n2\n"))) == [1, 2]
    assert list(lines.load(io.TextIOWrapper(one(b"1\n2\n")))) == [1, 2]
    unseekable = type("Unseekable", (one,), {"seekable": lambda self: False})
    assert list(lines.load(io.TextIOWrapper(unseekable(b"1\n2")))) == [1, 2]
    assert list(stream.items(io.BufferedReader(one(b"[1, 2]")), "item")) == [1, 2]
    assert list(lines.load(gzip.GzipFile(fileobj=one(gzip.compress(b"1\n2\n"))))) == [1, 2]


def test_a_block_that_lies_about_its_length():
    for length in 0, 10**9:
        block = type("Block", (bytes,), {"__len__": lambda self, length=length: length})
        blocks = iter([block(b"1\n2"), block(b"3\n"), block(b"")])
        file = type("File", (), {"read": lambda self, n, blocks=blocks: next(blocks)})()
        assert list(lines.load(file)) == [1, 23]


# Appending


@posix_only
@pytest.mark.parametrize("name", ["fifo", "fifo.gz"])
def test_append_to_a_fifo(tmp_path, name):
    path = tmp_path / name
    os.mkfifo(path)
    found = []
    thread = threading.Thread(target=lambda: found.extend(lines.load(path)), daemon=True)
    thread.start()
    assert lines.dump([1, {"a": 2}], path, append=True) == 2
    thread.join()
    assert found == [1, {"a": 2}]
    assert stat.S_ISFIFO(os.stat(path).st_mode)


@posix_only
@pytest.mark.parametrize("name", ["log", "log.gz"])
@pytest.mark.parametrize("before", [b"", b"1\n", b'1\n{"cut'])
def test_append_to_a_file_that_can_only_be_written(tmp_path, monkeypatch, name, before):
    """What it ends with can't be known, and so a line break comes first: a blank line at worst."""
    path = tmp_path / name
    with (gzip.open if name.endswith("gz") else open)(path, "wb") as file:
        file.write(before)
    real = os.open

    def refusing(path, flags, *rest, **names):
        if flags & (os.O_WRONLY | os.O_RDWR) == 0:
            raise PermissionError(13, "Permission denied", path)
        return real(path, flags, *rest, **names)

    with monkeypatch.context() as patch:
        patch.setattr("os.open", refusing)
        assert lines.dump([2], path, append=True) == 1
        assert lines.dump([3], path, append=True) == 1
    assert list(lines.load(path, errors="skip")) == [*([1] if before else []), 2, 3]


APPENDS = """
import sys
from cyjson import lines
print("before", end=sys.argv[2], flush=True)
lines.dump([1, 2], sys.argv[1], append=True)
print("after", flush=True)
"""
with_proc = pytest.mark.skipif(not os.path.exists("/proc/self/fd"), reason="needs Linux's /proc")


@with_proc
@pytest.mark.parametrize("path", ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1", "link", "/proc/thread-self/fd/1"])
def test_append_to_standard_output(tmp_path, path):
    """What is printed after the lines isn't written over them, and sockets are no worse than pipes."""
    if path == "link":
        path = str(tmp_path / "link")
        os.symlink("/dev/stdout", path)
    whole = b"before\n1\n2\nafter\n"

    def run(stdout, end="\n"):
        return subprocess.run([sys.executable, "-c", APPENDS, path, end], stdout=stdout, check=True).stdout

    out = tmp_path / "out"
    for mode, end in ("w", "\n"), ("a", "\n"), ("r+", ""):  # a line that isn't at its end gets a line break
        out.write_bytes(b"")
        with open(out, mode) as file:
            run(file, end)
        assert out.read_bytes() == whole, mode
    assert run(subprocess.PIPE) == whole
    first, second = socket.socketpair()
    with first, second:
        run(first)
        assert second.recv(100) == whole
    with tempfile.TemporaryFile(dir=tmp_path) as file:  # has no name
        run(file)
        file.seek(0)
        assert file.read() == whole


@with_proc
def test_append_to_descriptors(tmp_path):
    path = tmp_path / "lines"
    path.write_bytes(b"1\n2")
    with open(path, "r+b", buffering=0) as file:
        name = f"/dev/fd/{file.fileno()}"
        lines.dump([3], name, append=True)
        file.write(b"4\n")
        assert path.read_bytes() == b"1\n2\n3\n4\n"
    with open(path, "rb", buffering=0) as file:  # not open for writing: opened anew
        lines.dump([5], f"/dev/fd/{file.fileno()}", append=True)
        assert path.read_bytes() == b"1\n2\n3\n4\n5\n"
    with pytest.raises(FileNotFoundError):
        lines.dump([6], name, append=True)


# To a path whose file is there


def failing(documents, error):
    yield from documents
    raise error


@pytest.mark.parametrize("name", ["data", "data.gz"])
def test_a_file_filtered_onto_itself(tmp_path, name):
    path = tmp_path / name
    documents = [{"id": n, "text": "x" * 50} for n in range(5000)]
    assert lines.dump(documents, path) == 5000
    assert lines.dump(filter(lambda each: each["id"] % 2, lines.load(path)), path) == 2500
    assert list(lines.load(path)) == documents[1::2]
    assert lines.dump((each for each in lines.load(path) if each["id"] < 0), path) == 0
    assert list(lines.load(path)) == []
    assert os.listdir(tmp_path) == [name]


@pytest.mark.parametrize("name", ["data", "data.gz"])
@pytest.mark.parametrize("count", [0, 1, 5000])
@pytest.mark.parametrize("error", [KeyError("x"), KeyboardInterrupt(), FileExistsError("x"), None], ids=repr)
def test_a_failure_leaves_the_old_file(tmp_path, name, count, error):
    path = tmp_path / name
    lines.dump(DOCUMENTS, path)
    before = path.read_bytes()
    handled = sys.exc_info()[1]  # on PyPy an earlier test's, where recursion ended in an except clause
    for documents in failing([{"id": n} for n in range(count)], error), [*range(count), object()]:
        if error is not None or type(documents) is list:
            with pytest.raises(TypeError if type(documents) is list else type(error)) as caught:
                lines.dump(documents, path)
            assert caught.value.__context__ is handled
    assert path.read_bytes() == before
    path.write_bytes(gzip.compress(b"1\nx\n2") if name.endswith("gz") else b"1\nx\n2")
    with pytest.raises(lines.LineError):
        lines.dump(lines.load(path), path)
    assert list(lines.load(path, errors="skip")) == [1, 2]
    assert os.listdir(tmp_path) == [name]


def test_a_failure_leaves_whole_lines_in_a_new_file(tmp_path):
    for error in KeyError, FileExistsError, KeyboardInterrupt:
        path = tmp_path / error.__name__
        with pytest.raises(error):
            lines.dump(failing([1, 2], error()), path)
        assert list(lines.load(path)) == [1, 2]


@posix_only
def test_what_stays_of_a_file_that_is_replaced(tmp_path):
    path, link, dangling = tmp_path / "data", tmp_path / "link", tmp_path / "dangling"
    path.write_bytes(b"1\n")
    path.chmod(0o640)
    link.symlink_to("data")
    dangling.symlink_to("new")
    for target in path, link:
        assert lines.dump(lines.load(target), target) == 1
        assert lines.dump([[2], 3], target) == 2
        assert path.read_bytes() == b"[2]\n3\n" and link.is_symlink() and not path.is_symlink()
        assert stat.S_IMODE(path.stat().st_mode) == 0o640
        path.write_bytes(b"1\n")
    assert lines.dump([4], dangling) == 1
    assert (tmp_path / "new").read_bytes() == b"4\n" and dangling.is_symlink()


@posix_only
@pytest.mark.parametrize("append", [False, True])
def test_what_is_no_regular_file_is_written_to(tmp_path, append):
    path = tmp_path / "fifo"
    os.mkfifo(path)
    found = []
    thread = threading.Thread(target=lambda: found.extend(lines.load(path)), daemon=True)
    thread.start()
    with pytest.raises(KeyError):
        lines.dump(failing([1, 2], KeyError("x")), path, append=append)
    thread.join()
    assert found == [1, 2]
    assert lines.dump([1], os.devnull, append=append) == 1
    with pytest.raises(IsADirectoryError):
        lines.dump([1], tmp_path, append=append)
    with pytest.raises(FileNotFoundError):
        lines.dump([1], tmp_path / "missing" / "data", append=append)


def test_a_raw_file_is_read_by_its_own_read(tmp_path):
    path = tmp_path / "lines.ndjson"
    path.write_bytes(b'"a"\n' * 30_000 + b'"b"')

    class Shouting(io.FileIO):
        def read(self, size=-1):
            return super().read(size).upper()

    for threads in (1, 2):
        with Shouting(path) as file:
            assert set(lines.load(file, threads=threads)) == {"A", "B"}
        with io.FileIO(path) as file:
            file.read = lambda size, read=file.read: read(size).upper()
            assert set(lines.load(file, threads=threads)) == {"A", "B"}
        with io.FileIO(path) as file:
            found = list(lines.load(file, threads=threads))
            assert (len(found), found[-1], file.tell()) == (30_001, "b", path.stat().st_size)
