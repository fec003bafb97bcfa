"""``save`` and ``open_document``: the old document or the new one, whatever happens, and reading as loads does."""

import errno
import gzip
import json
import mmap
import os
import random
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest
from support.compare import PYPY, counts_levels, frozen, outcome

import cyjson
from cyjson import _files

VALUE = {"text": "é中😀\n", "items": [1, 2.5, None, True, []], "more": {"a": {}}}
posix_only = pytest.mark.skipif(os.name != "posix", reason="about POSIX file systems")


def left_in(folder):
    return sorted(os.listdir(folder))


# Writing


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"indent": 2},
        {"sort_keys": True, "separators": (", ", ": ")},
        {"default": repr, "skipkeys": True, "check_circular": False},
        {"cls": json.JSONEncoder},
    ],
    ids=str,
)
def test_there_and_back(tmp_path, options):
    path = tmp_path / "value.json"
    for target in path, str(path):
        assert cyjson.save(VALUE, target, **options) is None
        assert path.read_bytes() == cyjson.encode(VALUE, **options)
        assert cyjson.open_document(target) == cyjson.open_document(target, mmap=True) == VALUE
    assert left_in(tmp_path) == ["value.json"]


@pytest.mark.parametrize("suffix", [".gz", ".GZ", ".zst"])
def test_compressed(tmp_path, suffix):
    if suffix == ".zst":
        pytest.importorskip("compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd")
    path = tmp_path / f"value.json{suffix}"
    cyjson.save([VALUE] * 100, path)
    first = path.read_bytes()
    assert len(first) < 500
    assert cyjson.open_document(path) == cyjson.open_document(path, mmap=True) == [VALUE] * 100
    cyjson.save([VALUE] * 100, path)
    assert path.read_bytes() == first  # no name and no time in it
    assert left_in(tmp_path) == [path.name]
    if suffix == ".gz":
        assert gzip.decompress(first) == cyjson.encode([VALUE] * 100)


class Refused(BaseException):
    pass


def test_a_failure_keeps_the_old_document(tmp_path, monkeypatch):
    path = tmp_path / "value.json"

    def refuse(*arguments, **options):
        raise Refused

    def failing(kind, call):
        with pytest.raises(kind):
            call()
        assert path.read_bytes() == b"[1]"
        assert left_in(tmp_path) == ["value.json"]

    cyjson.save([1], path)
    failing(TypeError, lambda: cyjson.save([1, object()], path))
    failing(ValueError, lambda: cyjson.save([1, float("nan")], path))
    failing(UnicodeEncodeError, lambda: cyjson.save(["\ud800"], path))
    failing(Refused, lambda: cyjson.save([1, object()], path, default=refuse))
    failing(TypeError, lambda: cyjson.save([1], path, bogus=1))
    for name in "fsync", "replace":
        with monkeypatch.context() as patch:
            patch.setattr(os, name, refuse)
            failing(Refused, lambda: cyjson.save([2], path))
    with monkeypatch.context() as patch:
        patch.setattr(_files, "_write", lambda file, obj, options: file.write(b"[2") and refuse())
        failing(Refused, lambda: cyjson.save([2], path))
    assert cyjson.open_document(path) == [1]
    new = tmp_path / "new.json"
    with pytest.raises(TypeError):
        cyjson.save(object(), new)
    assert left_in(tmp_path) == ["value.json"]


def test_the_order_of_things(tmp_path, monkeypatch):
    """The document is on the disk before it takes the other's place, and that before save returns."""
    path = tmp_path / "value.json"
    done = []
    fsync, replace = os.fsync, os.replace

    def recorded_fsync(descriptor):
        done.append("folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else os.fstat(descriptor).st_size)
        fsync(descriptor)

    def recorded_replace(source, target, *, src_dir_fd, dst_dir_fd):
        if src_dir_fd is None:
            assert os.path.dirname(source) == os.path.dirname(target) == str(tmp_path)
        else:
            assert os.path.dirname(source) == os.path.dirname(target) == ""
            assert os.path.samestat(os.fstat(src_dir_fd), os.stat(tmp_path)) and src_dir_fd == dst_dir_fd
        assert (tmp_path / source).read_bytes() == b"[12345]"
        done.append("replace")
        replace(source, target, src_dir_fd=src_dir_fd, dst_dir_fd=dst_dir_fd)

    monkeypatch.setattr(os, "fsync", recorded_fsync)
    monkeypatch.setattr(os, "replace", recorded_replace)
    cyjson.save([12345], path)
    assert done == ([7, "replace", "folder"] if os.name == "posix" else [7, "replace"])


@posix_only
def test_a_folder_that_cannot_be_synced(tmp_path, monkeypatch):
    fsync = os.fsync

    def refuse(number):
        def call(descriptor):
            if stat.S_ISDIR(os.fstat(descriptor).st_mode):
                raise OSError(number, os.strerror(number))
            fsync(descriptor)

        return call

    monkeypatch.setattr(os, "fsync", refuse(errno.EINVAL))
    cyjson.save([1], tmp_path / "value.json")
    monkeypatch.setattr(os, "fsync", refuse(errno.EIO))
    with pytest.raises(OSError, match=os.strerror(errno.EIO)):
        cyjson.save([2], tmp_path / "value.json")
    assert left_in(tmp_path) == ["value.json"]


@posix_only
def test_permission_bits(tmp_path):
    path = tmp_path / "value.json"
    old = os.umask(0o027)
    try:
        cyjson.save([1], path)
        assert stat.S_IMODE(path.stat().st_mode) == 0o640  # as open() would make it
        for mode in 0o600, 0o644, 0o666, 0o755, 0o440:
            path.chmod(mode)
            cyjson.save([mode], path)
            assert stat.S_IMODE(path.stat().st_mode) == mode
            assert cyjson.open_document(path) == [mode]
    finally:
        os.umask(old)


@posix_only
def test_a_secret_is_never_readable_by_others(tmp_path, monkeypatch):
    path = tmp_path / "secret.json"
    path.write_bytes(b"[]")
    path.chmod(0o600)
    seen = []

    def write(file, obj, options):
        seen.extend(stat.S_IMODE(each.stat().st_mode) for each in tmp_path.glob(".cyjson-*.tmp"))
        file.write(b"[1]")

    monkeypatch.setattr(_files, "_write", write)
    cyjson.save([1], path)
    assert seen == [0o600]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root may give files away")
def test_owner(tmp_path, monkeypatch):
    path = tmp_path / "value.json"
    path.write_bytes(b"[]")
    os.chown(path, 12345, 23456)
    path.chmod(0o664)
    cyjson.save([1], path)
    status = path.stat()
    assert (status.st_uid, status.st_gid, stat.S_IMODE(status.st_mode)) == (12345, 23456, 0o664)

    def refuse(*arguments):
        raise PermissionError

    monkeypatch.setattr(os, "fchown", refuse)
    cyjson.save([2], path)
    status = path.stat()
    # What was the old group's to write is not another's.
    assert (status.st_uid, stat.S_IMODE(status.st_mode)) == (0, 0o644)


@posix_only
def test_symbolic_links(tmp_path):
    (tmp_path / "real").mkdir()
    real, link = tmp_path / "real" / "value.json", tmp_path / "link.json"
    link.symlink_to("real/value.json")
    for value in [1], [2]:  # the link leads nowhere at first
        cyjson.save(value, link)
        assert link.is_symlink() and not real.is_symlink()
        assert cyjson.open_document(real) == cyjson.open_document(link) == value
    assert left_in(tmp_path / "real") == ["value.json"]
    loop = tmp_path / "loop.json"
    loop.symlink_to("loop.json")
    with pytest.raises(OSError, match=os.strerror(errno.ELOOP)):
        cyjson.save([1], loop)
    assert loop.is_symlink()


@posix_only
def test_what_is_no_regular_file(tmp_path):
    """... is written to and read from, not replaced."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for options in {}, {"mmap": True}:
        code = "import cyjson, sys; cyjson.save([1, 2], sys.argv[1])"
        environment = {**os.environ, "PYTHONPATH": str(Path(cyjson.__file__).parents[1])}
        with subprocess.Popen([sys.executable, "-c", code, str(pipe)], env=environment) as process:
            assert cyjson.open_document(pipe, **options) == [1, 2]
            assert process.wait() == 0
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    cyjson.save([1], os.devnull)
    assert not stat.S_ISREG(os.stat(os.devnull).st_mode)
    assert left_in(tmp_path) == ["pipe"]


def test_a_name_as_long_as_names_can_be(tmp_path):
    path = tmp_path / ("n" * 250 + ".json")
    cyjson.save([1], path)
    cyjson.save([2], path)
    assert cyjson.open_document(path) == [2]


def test_relative_paths(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    cyjson.save([1], "value.json")
    cyjson.save([2], "./value.json")
    assert cyjson.open_document("value.json") == [2]
    assert left_in(".") == ["value.json"]


def test_wrong_paths(tmp_path):
    for call in lambda path: cyjson.save(1, path), cyjson.open_document:
        for path in 1, None, b"value.json", ["value.json"], open:
            with pytest.raises(TypeError, match=rf"path \(str or os.PathLike\), not {type(path).__name__}"):
                call(path)
        with pytest.raises(OSError, match="irectory|denied"):
            call(tmp_path)
        with pytest.raises(FileNotFoundError, match="missing"):
            call(tmp_path / "missing" / "value.json")
        with pytest.raises(ValueError, match="null"):
            call("null\0.json")
    with pytest.raises(FileNotFoundError, match="missing.json"):
        cyjson.open_document(tmp_path / "missing.json")
    assert left_in(tmp_path) == []

    class Bytes:
        def __fspath__(self):
            return os.fsencode(tmp_path / "bytes.json")

    cyjson.save([1], Bytes())
    assert cyjson.open_document(Bytes()) == [1]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_killed_at_200_moments(tmp_path):
    """The file then holds a whole document each time, and the last one saved before or the one after."""
    path, log = tmp_path / "value.json", tmp_path / "saved"
    moments = random.Random(6)
    text = "x" * 300_000
    cyjson.save([0, text], path)
    log.write_bytes(b"\0" * 8)
    first = interrupted = 0
    for turn in range(2000):
        if turn >= 200 and first and interrupted:
            break
        ready, started = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                out = os.open(log, os.O_WRONLY)
                os.write(started, b".")
                for number in range(first + 1, first + 1_000_000):
                    cyjson.save([number, text], path)
                    os.pwrite(out, number.to_bytes(8, "big"), 0)
            finally:
                os._exit(1)
        os.close(started)
        try:
            assert os.read(ready, 1) == b"."
            time.sleep(moments.uniform(0, 0.005) * (turn // 200 + 1))  # longer where others have the processor
        finally:
            os.kill(child, signal.SIGKILL)
            status = os.waitpid(child, 0)[1]
            os.close(ready)
        assert os.WTERMSIG(status) == signal.SIGKILL
        saved = max(first, int.from_bytes(log.read_bytes(), "big"))
        number, found = cyjson.open_document(path)
        assert found == text
        assert number in (saved, saved + 1)
        first = number
        left = list(tmp_path.glob(".cyjson-*.tmp"))
        interrupted += bool(left)
        for each in left:
            each.unlink()
    assert first > 0 and interrupted > 0  # kills hit before, within and after
    assert left_in(tmp_path) == ["saved", "value.json"]


# Reading

TEXTS = {
    "empty": b"",
    "space": b" \n",
    "plain": b'{"a": [1, 2.5, "text"]}',
    "wide": '["é中😀", {"é": null}]'.encode(),
    "bom": b"\xef\xbb\xbf[1]",
    "utf-16": '["é"]'.encode("utf-16"),
    "utf-32-be": '["é"]'.encode("utf-32-be"),
    "two bytes": b"[]",
    "one byte": b"1",
    "surrogate": b'"\xed\xa0\x80"',
    "broken": b'{"a": [1, 2.5, "text"]',
    "extra": b"1 2",
    "zero": b"1\x00",
    "not utf-8": b'["\xff"]',
    "deep": b"[" * 100_000,
    "constants": b"[NaN, -Infinity, 1e400]",
}


@pytest.mark.parametrize("mapped", [False, True])
@pytest.mark.parametrize("name", [pytest.param(each, marks=[counts_levels] * (each == "deep")) for each in TEXTS])
def test_reads_as_loads_does(tmp_path, name, mapped):
    path = tmp_path / "value.json"
    path.write_bytes(TEXTS[name])
    for options in {}, {"object_hook": len}, {"parse_float": str, "strict": False}, {"cls": json.JSONDecoder}:
        expected = outcome(lambda _: cyjson.loads(TEXTS[name], **options), None)
        assert outcome(lambda _: cyjson.open_document(path, mmap=mapped, **options), None) == expected
    with pytest.raises((TypeError, UnicodeDecodeError)) as caught:
        cyjson.open_document(path, mmap=mapped, bogus=1)
    assert "bogus" in str(caught.value) or name == "not utf-8"


def test_files_that_end_with_a_page(tmp_path):
    """A mapping has no byte after them then, and none may be read or written."""
    path = tmp_path / "value.json"
    for size in sorted({n * mmap.PAGESIZE + d for n in (1, 2, 16) for d in (-2, -1, 0, 1, 2)}):
        for head, fill, tail in (b'["', b"x", b'"]'), (b"", b"1", b""), (b"[1]", b" ", b""), (b'"', b"x", b""):
            text = head + fill * (size - len(head) - len(tail)) + tail
            path.write_bytes(text)
            expected = outcome(lambda _: cyjson.loads(text), None)
            assert outcome(lambda _: cyjson.open_document(path, mmap=True), None) == expected
            assert path.read_bytes() == text


@pytest.mark.thread_unsafe
def test_a_mapping_is_given_back(tmp_path):
    path = tmp_path / "value.json"
    for text in b'["text"]', b"[1", b"[" * 10_000:
        path.write_bytes(text)
        for _ in range(100):
            outcome(lambda _: cyjson.open_document(path, mmap=True), None)
        if os.path.exists("/proc/self/maps"):
            assert "value.json" not in Path("/proc/self/maps").read_text()


@pytest.mark.skipif(PYPY, reason="there is no tracemalloc")
@pytest.mark.thread_unsafe
def test_copies_of_a_file_that_is_mapped(tmp_path):
    """How many there are at once, the document's own string among them."""
    import tracemalloc

    size = 2**20 + 10
    native, path = cyjson.backend == "c", tmp_path / "value.json"
    path.write_bytes(b'["%s"]' % (b"x" * (size - 4)))
    for options, wanted in (
        ({}, 1 if native else 2),
        ({"strict": False}, 1 if native else 2),
        ({"object_hook": dict}, 2),
        ({"parse_float": str, "strict": False}, 2),
        ({"cls": json.JSONDecoder}, 2),
        ({"type": list}, 2),
        ({"type": list[str]}, 2),
    ):
        cyjson.open_document(path, mmap=True, **options)
        tracemalloc.start()
        value = cyjson.open_document(path, mmap=True, **options)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert value == ["x" * (size - 4)]
        assert round(peak / size) == wanted, (options, peak / size)


@pytest.mark.parametrize("name", [pytest.param(each, marks=[counts_levels] * (each == "deep")) for each in TEXTS])
def test_types_are_read_as_decode_does(tmp_path, name):
    path = tmp_path / "value.json"
    path.write_bytes(TEXTS[name])
    for type in list, dict[str, int], float:
        expected = outcome(lambda _: cyjson.decode(TEXTS[name], type), None)
        assert outcome(lambda _: cyjson.open_document(path, mmap=True, type=type), None) == expected


@pytest.mark.parametrize("strict", [True, False, None, 0, "yes"])
def test_control_characters_in_a_file_that_is_mapped(tmp_path, strict):
    path = tmp_path / "value.json"
    for text in b'["a\tb\x00c"]', b'["a"]', b'["a\x01', b'["\t\xed\xa0\x80"]':
        path.write_bytes(text)
        expected = outcome(lambda _: cyjson.loads(text, strict=strict), None)
        assert outcome(lambda _: cyjson.open_document(path, mmap=True, strict=strict), None) == expected


def test_a_mapping_changes_nothing_in_the_file(tmp_path):
    path = tmp_path / "value.json"
    path.write_bytes(b"[1, 2]")
    path.chmod(0o400)
    value = cyjson.open_document(path, mmap=True)
    assert path.read_bytes() == b"[1, 2]"
    assert frozen(value) == frozen([1, 2])


@pytest.mark.skipif(not os.path.exists("/proc/self/limits"), reason="needs /proc")
def test_a_file_that_tells_no_size():
    """Files in /proc are regular, of size 0, and not empty."""
    for mapped in False, True:
        with pytest.raises(json.JSONDecodeError) as caught:
            cyjson.open_document("/proc/self/limits", mmap=mapped)
        assert caught.value.doc.startswith("Limit")
