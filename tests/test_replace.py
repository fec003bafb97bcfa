"""How files are replaced: what ``open`` refuses, what isn't a file of its own, rights, and others who change the folder
meanwhile."""

import contextlib
import errno
import os
import shutil
import socket
import stat
import struct
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pytest
from support.compare import native_only

import cyjson

PROGRAM = Path(__file__).parent / "programs" / "races.py"
ROOT = hasattr(os, "geteuid") and os.geteuid() == 0

pytestmark = pytest.mark.skipif(os.name != "posix", reason="about POSIX file systems")
with_proc = pytest.mark.skipif(not os.path.exists("/proc/self/fd"), reason="needs /proc")


def left_in(folder):
    return sorted(os.listdir(folder))


def environment():
    return {**os.environ, "PYTHONPATH": os.path.dirname(os.path.dirname(cyjson.__file__))}


@pytest.fixture
def shared():
    """A folder that all users reach, as pytest's aren't, and may write to."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o777)
    yield folder
    shutil.rmtree(folder)


@contextlib.contextmanager
def without_privileges():
    """As a user who isn't root."""
    if ROOT:
        os.setegid(65534)
        os.seteuid(65534)
    try:
        yield
    finally:
        if ROOT:
            os.seteuid(0)
            os.setegid(0)


@pytest.fixture(params=["relative to the folder", "by paths"])
def both_ways(request, monkeypatch):
    """With and without what some systems don't have."""
    if request.param == "by paths":
        replace = pytest.importorskip("cyjson._replace")
        monkeypatch.setattr(replace, "_RELATIVE", False)
    return request.param


# Paths


def refusal(call):
    with pytest.raises((OSError, ValueError)) as caught:
        call()
    error = caught.value
    assert ".cyjson-" not in str(error)
    return type(error), getattr(error, "errno", None), getattr(error, "filename", None), str(error)


def opened(path):
    with open(path, "wb"):
        pass


@pytest.mark.parametrize(
    "path",
    [
        "",
        ".",
        "..",
        "/",
        "new/",
        "new//",
        "new/.",
        "file/",
        "file/.",
        "file/..",
        "file/s.json",
        "folder",
        "folder/",
        "folder/.",
        "folder/..",
        "missing/..",
        "missing/s.json",
        "missing/../s.json",
        "missing/../folder/s.json",
        "loop",
        "loop/s.json",
        "many links",
        "to nothing/",
        "to missing",
        "to missing/..",
        "to folder",
        "to folder/",
        "to new",
        "to file",
        "n" * 300,
        "n" * 300 + "/s.json",
        "folder/" * 700 + "s.json",
        "./" * 2100 + "s.json",
        "null\0",
        "null\0/s.json",
        "folder/null\0.json",
        "/dev/fd/977",
        "/dev/fd/x",
        "/proc/self/fd/977",
        "/proc/self/cwd",
        "/proc/nothing",
    ],
    ids=lambda path: ascii(path[:30]),
)
@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_refused_as_open_refuses_it(tmp_path, monkeypatch, both_ways, path, suffix):
    """The same exception, about the path that was given; and nothing changes."""
    monkeypatch.chdir(tmp_path)
    os.mkdir("folder")
    Path("file").write_text("old")
    os.symlink("loop", "loop")
    os.symlink("nothing", "to nothing")
    os.symlink("missing/s.json", "to missing")
    os.symlink("folder", "to folder")
    os.symlink("new/", "to new")
    os.symlink("file/", "to file")
    for n in range(50):
        os.symlink(f"link{n + 1}", f"link{n}")
    os.symlink("link0", "many links")
    path += suffix if path[-1:] == "n" or path.endswith(".json") else ""
    before = left_in(".")
    expected = refusal(lambda: opened(path))
    assert refusal(lambda: cyjson.save([1], path)) == expected
    assert left_in(".") == before
    assert Path("file").read_text() == "old"


def test_errors_name_the_path_given(tmp_path, monkeypatch, both_ways):
    """Not the temporary file, nor what a link leads to."""
    monkeypatch.chdir(tmp_path)
    os.symlink("file", "link")
    for missing in True, False:
        if not missing:
            Path("file").write_text("[]")
        for function in "open", "fsync", "replace", "fchown", "fchmod", "unlink":
            real = getattr(os, function)
            calls = []

            def refuse(*arguments, real=real, calls=calls, **options):
                calls.append(arguments)
                raise OSError(errno.EIO, "broken", ".cyjson-of-the-test.tmp")

            with monkeypatch.context() as patch:
                patch.setattr(os, function, refuse)
                try:
                    cyjson.save([1], "link")
                except OSError as error:
                    assert (error.errno, error.filename, error.filename2) == (errno.EIO, "link", None)
                    assert ".cyjson-" not in str(error)
                else:
                    assert function in ("unlink", "fchown") or not calls
            with contextlib.suppress(FileNotFoundError):
                os.unlink("file") if missing else None
            for each in Path().glob(".cyjson-*"):
                each.unlink()


def test_reading_names_the_path_given(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    os.symlink("missing", "link")
    os.mkdir("folder")
    for path in "", "link", "missing/../s.json", "folder", "missing.json.gz", "null\0":
        for mapped in False, True:
            expected = refusal(lambda: open(path, "rb"))
            assert refusal(lambda: cyjson.open_document(path, mmap=mapped)) == expected


def test_links_lead_to_what_is_replaced(tmp_path, monkeypatch, both_ways):
    monkeypatch.chdir(tmp_path)
    os.makedirs("a/b")
    os.symlink("a/b", "to b")
    os.symlink("../../end.json", "a/b/second")
    os.symlink(tmp_path / "to b" / "second", "first")
    for value in [1], [2]:
        cyjson.save(value, "first")
        assert cyjson.open_document("end.json") == value
        assert os.path.islink("first") and os.path.islink("a/b/second") and not os.path.islink("end.json")
    cyjson.save([3], "to b/../../end.json")  # beside a, where b is; not beside the link
    assert cyjson.open_document("end.json") == [3]
    assert left_in(".") == ["a", "end.json", "first", "to b"] and left_in("a/b") == ["second"]


def test_another_folder_meanwhile(tmp_path, monkeypatch, both_ways):
    """A relative path is one in the folder that the process works in when it is given."""
    (tmp_path / "there").mkdir()
    (tmp_path / "link").symlink_to("linked.json")

    def leave(obj):
        os.chdir(tmp_path / "there")
        return 1

    for path, name in ("new.json", "new.json"), ("./new.json", "new.json"), ("link", "linked.json"):
        monkeypatch.chdir(tmp_path)
        cyjson.save([object()], path, default=leave)
        assert (tmp_path / name).read_bytes() == b"[1]"
        assert left_in(tmp_path / "there") == []
        with pytest.raises(TypeError):
            monkeypatch.chdir(tmp_path)
            cyjson.save([object(), {(): 1}], path, default=leave)
    assert left_in(tmp_path) == ["link", "linked.json", "new.json", "there"]


# What isn't a regular file of its own

WRITES = """
import sys, cyjson
print("before", flush=True)
cyjson.save([1, 2], sys.argv[1])
print("after", flush=True)
"""


@with_proc
@pytest.mark.parametrize("path", ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1", "link", "/proc/thread-self/fd/1"])
@pytest.mark.parametrize("mode", ["w", "a", "r+"])
def test_standard_output(tmp_path, path, mode):
    """The file that it was sent to isn't replaced, and what is written comes in its order."""
    if path == "link":
        path = str(tmp_path / "link")
        os.symlink("/dev/stdout", path)
    out = tmp_path / "out.json"
    out.write_text("old " * 100)
    inode = out.stat().st_ino
    with open(out, mode) as file:
        if mode == "r+":
            file.seek(4)
            file.truncate()
        subprocess.run([sys.executable, "-c", WRITES, path], stdout=file, check=True, env=environment())
    assert out.stat().st_ino == inode
    head = {"w": "", "a": "old " * 100, "r+": "old "}[mode]
    assert out.read_text() == head + "before\n[1,2]after\n"
    piped = subprocess.run([sys.executable, "-c", WRITES, path], stdout=subprocess.PIPE, check=True, env=environment())
    assert piped.stdout == b"before\n[1,2]after\n"


@with_proc
@pytest.mark.parametrize("folder", ["/dev/fd", "/proc/self/fd", "/proc/{}/fd"])
def test_descriptors(tmp_path, folder):
    folder = folder.format(os.getpid())
    path = tmp_path / "value.json"
    path.write_bytes(b"old and longer")
    inode = path.stat().st_ino
    with open(path, "r+b", buffering=0) as file:
        cyjson.save([1], f"{folder}/{file.fileno()}")
        assert path.read_bytes() == b"[1]"  # at its start, as by open()
        cyjson.save([2], f"{folder}/{file.fileno()}")
        assert path.read_bytes() == b"[1][2]"
    with open(path, "rb") as file:  # not open for writing: opened anew
        cyjson.save([3], f"{folder}/{file.fileno()}")
        assert path.read_bytes() == b"[3]"
    with tempfile.TemporaryFile(dir=tmp_path) as file:  # has no name
        cyjson.save([4], f"{folder}/{file.fileno()}")
        file.seek(0)
        assert file.read() == b"[4]"
    first, second = socket.socketpair()
    with first, second:
        cyjson.save([5], f"{folder}/{first.fileno()}")
        assert second.recv(100) == b"[5]"
    assert path.stat().st_ino == inode
    assert left_in(tmp_path) == ["value.json"]


@pytest.mark.skipif(not os.path.exists("/proc/self/comm"), reason="needs Linux's /proc")
def test_settings_of_the_system(monkeypatch):
    """Regular files, which can't be replaced."""
    name = Path("/proc/self/comm").read_bytes()
    try:
        cyjson.save("short", "/proc/self/comm")
        assert Path("/proc/self/comm").read_bytes() == b'"short"\n'
    finally:
        Path("/proc/self/comm").write_bytes(name.strip())


def test_pipes_devices_and_sockets(tmp_path, monkeypatch, both_ways):
    pipe, link = tmp_path / "pipe", tmp_path / "link"
    os.mkfifo(pipe)
    link.symlink_to("pipe")
    for path in pipe, link:
        got = []
        reader = threading.Thread(target=lambda: got.append(pipe.read_bytes()))
        reader.start()
        cyjson.save([1, 2], path)
        reader.join()
        assert got == [b"[1,2]"]
    # Written before it fails.
    reader = threading.Thread(target=lambda: got.append(pipe.read_bytes()))
    reader.start()
    with pytest.raises(TypeError):
        cyjson.save(["x" * 100_000, object()], pipe)
    reader.join()
    assert len(got[1]) >= 1 << 16 or cyjson.backend == "python"
    assert stat.S_ISFIFO(os.lstat(pipe).st_mode) and link.is_symlink()
    cyjson.save([1], os.devnull)
    master, slave = os.openpty()
    try:
        cyjson.save([1], os.ttyname(slave))
        assert os.read(master, 100) == b"[1]"
    finally:
        os.close(master)
        os.close(slave)
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket")
        expected = refusal(lambda: opened("socket"))
        assert refusal(lambda: cyjson.save([1], "socket")) == expected
        assert stat.S_ISSOCK(os.lstat("socket").st_mode)
    assert left_in(tmp_path) == ["link", "pipe", "socket"]


# Rights


def test_bits_of_a_path_with_dots(tmp_path, both_ways):
    path = tmp_path / "secret.json"
    path.write_bytes(b"[]")
    path.chmod(0o600)
    (tmp_path / "folder").mkdir()
    for given in tmp_path / "folder" / ".." / "secret.json", f"{tmp_path}//folder//..//.//secret.json":
        cyjson.save([1], given)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        with pytest.raises(FileNotFoundError):
            cyjson.save([2], tmp_path / "missing" / ".." / "secret.json")
    assert cyjson.open_document(path) == [1]


@pytest.mark.thread_unsafe
def test_a_read_only_file_is_refused(shared):
    """As open() refuses it, though the folder would allow to put another in its place."""
    path = shared / "value.json"
    with without_privileges():
        path.write_bytes(b"[]")
        path.chmod(0o444)
        for given in path, str(path):
            assert refusal(lambda: cyjson.save([1], given)) == refusal(lambda: opened(given))
        assert path.read_bytes() == b"[]"
        path.chmod(0o200)  # what can't be read can be replaced
        cyjson.save([1], path)
        assert stat.S_IMODE(path.stat().st_mode) == 0o200
    assert left_in(shared) == ["value.json"]


@pytest.mark.thread_unsafe
@pytest.mark.skipif(not hasattr(os, "O_PATH"), reason="opens a folder to read it, where there is no other way (PyPy)")
def test_a_folder_without_rights(shared):
    path = shared / "folder" / "value.json"
    with without_privileges():
        path.parent.mkdir()
        path.parent.chmod(0o300)  # to go through and to write, not to read
        cyjson.save([1], path)
        cyjson.save([2], path)
        assert cyjson.open_document(path) == [2]
        for mode in 0o500, 0o600:
            path.parent.chmod(mode)
            kind, number, name, _ = refusal(lambda: cyjson.save([3], path))
            assert (kind, number, name) == (PermissionError, errno.EACCES, str(path))
        path.parent.chmod(0o700)
        assert left_in(path.parent) == ["value.json"]


ACL = "system.posix_acl_access"
OWNER, USER, GROUP, NAMED_GROUP, MASK, OTHERS = 1, 2, 4, 8, 16, 32


def acl(*entries):
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *(*entry, 0xFFFFFFFF)[:3]) for entry in entries)


def group_of(value):
    return {tag: rights for tag, rights, _ in struct.iter_unpack("<HHI", value[4:])}[GROUP]


LIMITED = acl((OWNER, 6), (USER, 6, 12345), (GROUP, 0), (MASK, 6), (OTHERS, 0))


def set_or_skip(path, name, value):
    try:
        os.setxattr(path, name, value)
    except (AttributeError, OSError):
        pytest.skip(f"{name} isn't supported here")


def test_acl(tmp_path):
    """Kept; its mask doesn't become the group's rights."""
    path = tmp_path / "value.json"
    path.write_bytes(b"[]")
    set_or_skip(path, ACL, LIMITED)
    assert stat.S_IMODE(path.stat().st_mode) == 0o660
    for value in [1], [2]:
        cyjson.save(value, path)
        assert os.getxattr(path, ACL) == LIMITED
        assert stat.S_IMODE(path.stat().st_mode) == 0o660
    assert cyjson.open_document(path) == [2]


def test_acl_that_can_not_be_kept(tmp_path, monkeypatch):
    path = tmp_path / "value.json"
    path.write_bytes(b"[]")
    set_or_skip(path, ACL, acl((OWNER, 6), (USER, 0, 12345), (GROUP, 4), (MASK, 6), (OTHERS, 4)))

    def refuse(*arguments, **options):
        raise OSError(errno.ENOTSUP, os.strerror(errno.ENOTSUP))

    monkeypatch.setattr(os, "setxattr", refuse)
    cyjson.save([1], path)
    assert os.listxattr(path) == []
    assert stat.S_IMODE(path.stat().st_mode) == 0o600  # 12345 could not read it


def test_acl_of_the_folder(tmp_path):
    """New files get it, and those that have none stay without."""
    set_or_skip(tmp_path, "system.posix_acl_default", LIMITED)
    path, new = tmp_path / "value.json", tmp_path / "new.json"
    path.write_bytes(b"[]")
    os.removexattr(path, ACL)
    path.chmod(0o640)
    cyjson.save([1], path)
    assert ACL not in os.listxattr(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    cyjson.save([1], new)
    assert os.getxattr(new, ACL) == LIMITED


@pytest.mark.skipif(not ROOT, reason="only root may give files away")
def test_acl_without_the_group(tmp_path, monkeypatch):
    """Members of the new group get no more than all, those of the old group no more than they had."""
    path = tmp_path / "value.json"
    for mode, expected in ((0o664, 0o644), (0o660, 0o600), (0o604, 0o600), (0o646, 0o644), (0o4775, 0o755)):
        path.write_bytes(b"[]")
        os.chown(path, 12345, 23456)
        path.chmod(mode)
        with monkeypatch.context() as patch:
            patch.setattr(os, "fchown", lambda *arguments: refuse())
            cyjson.save([1], path)
        assert stat.S_IMODE(path.stat().st_mode) == expected
        path.unlink()
    path.write_bytes(b"[]")
    os.chown(path, 12345, 23456)
    set_or_skip(path, ACL, acl((OWNER, 6), (USER, 6, 1), (GROUP, 6), (NAMED_GROUP, 6, 2), (MASK, 6), (OTHERS, 4)))
    monkeypatch.setattr(os, "fchown", lambda *arguments: refuse())
    cyjson.save([1], path)
    expected = acl((OWNER, 6), (USER, 6, 1), (GROUP, 4), (NAMED_GROUP, 6, 2), (MASK, 6), (OTHERS, 4))
    assert os.getxattr(path, ACL) == expected


def refuse():
    raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))


def test_extended_attributes(tmp_path):
    path = tmp_path / "value.json"
    path.write_bytes(b"[]")
    set_or_skip(path, "user.origin", b"somewhere\0else")
    os.setxattr(path, "user.empty", b"")
    if ROOT:
        os.setxattr(path, "trusted.note", b"root's")
    before = {name: os.getxattr(path, name) for name in os.listxattr(path)}
    cyjson.save([1], path)
    assert {name: os.getxattr(path, name) for name in os.listxattr(path)} == before
    if ROOT:  # the right to more than others may isn't passed on to another content
        os.setxattr(path, "security.capability", struct.pack("<IIIII", 0x02000000, 1, 0, 0, 0))
        cyjson.save([2], path)
        assert {name: os.getxattr(path, name) for name in os.listxattr(path)} == before


@pytest.mark.skipif(not ROOT, reason="needs two users")
@pytest.mark.thread_unsafe
def test_a_file_of_another(shared):
    """Saved by a user who may write to it, but not give files away."""
    path = shared / "value.json"
    path.write_bytes(b"[]")
    path.chmod(0o4666)
    with without_privileges():
        cyjson.save([1], path)
    status = path.stat()
    assert (status.st_uid, stat.S_IMODE(status.st_mode)) == (65534, 0o666)
    shared.chmod(0o1777)
    os.chown(path, 12345, -1)
    with without_privileges():
        kind, number, name, _ = refusal(lambda: cyjson.save([2], path))
        assert (kind, number, name) == (PermissionError, errno.EPERM, str(path))
    assert left_in(shared) == ["value.json"]
    assert cyjson.open_document(path) == [1]


@pytest.mark.skipif(not ROOT, reason="needs two users")
def test_links_of_others_in_a_folder_for_all(shared):
    victim, link = shared / "folder" / "victim.json", shared / "link.json"
    victim.parent.mkdir()
    victim.write_bytes(b"[]")
    link.symlink_to("folder/victim.json")
    os.chown(link, 65534, 65534, follow_symlinks=False)
    cyjson.save([1], link)
    shared.chmod(0o1777)
    assert refusal(lambda: cyjson.save([2], link))[:3] == (PermissionError, errno.EACCES, str(link))
    assert cyjson.open_document(victim) == [1]
    os.chown(link, 0, 0, follow_symlinks=False)
    cyjson.save([3], link)
    assert cyjson.open_document(victim) == [3]


def test_hard_links(tmp_path, both_ways):
    path, other = tmp_path / "value.json", tmp_path / "other.json"
    path.write_bytes(b"[]")
    os.link(path, other)
    cyjson.save([1], path)
    assert other.read_bytes() == b"[]" and path.read_bytes() == b"[1]"


# Others who change the folder meanwhile


def at_each_call(monkeypatch, save, step, names=("open", "fstat", "stat", "listxattr", "fsync", "replace")):
    """Run ``save`` anew with ``step`` before its first, second, … call of the system, until it makes fewer."""
    turn = 0
    while True:
        count = 0
        turn += 1
        with monkeypatch.context() as patch:
            for name in names:
                if not hasattr(os, name):
                    continue

                real = getattr(os, name)

                def counted(*arguments, real=real, **options):
                    nonlocal count
                    count += 1
                    if count == turn:
                        step()
                    return real(*arguments, **options)

                patch.setattr(os, name, counted)
            yield turn, save
        if count < turn:
            return


def test_two_who_save(tmp_path, monkeypatch, both_ways):
    """The last one wins, and the rights are those of what it replaces."""
    path, other = tmp_path / "value.json", tmp_path / "other.json"
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)  # for speed
    for mode in 0o640, 0o600:

        def step(mode=mode):
            other.write_bytes(b"[2]")
            other.chmod(mode)
            os.rename(other, path)

        for there in True, False:
            path.unlink(missing_ok=True)
            for _, save in at_each_call(monkeypatch, lambda: cyjson.save([1], path), step):
                if there:
                    path.write_bytes(b"[]")
                    path.chmod(0o640)
                else:
                    path.unlink(missing_ok=True)
                save()
                assert path.read_bytes() in (b"[1]", b"[2]")
                assert left_in(tmp_path) == ["value.json"]
                if mode == 0o640 and there:
                    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_the_target_goes_away(tmp_path, monkeypatch, both_ways):
    path = tmp_path / "value.json"
    for _, save in at_each_call(monkeypatch, lambda: cyjson.save([1], path), lambda: path.unlink(missing_ok=True)):
        path.write_bytes(b"[]")
        path.chmod(0o600)
        save()
        assert not path.exists() or path.read_bytes() == b"[1]"
        assert not set(left_in(tmp_path)) - {"value.json"}


@pytest.mark.parametrize("kind", ["link", "folder", "pipe"])
def test_the_target_becomes_something_else(tmp_path, monkeypatch, kind):
    """It isn't replaced, nor is what a link leads to given its rights."""
    path, elsewhere = tmp_path / "value.json", tmp_path / "elsewhere.json"
    reader = None

    def step():
        nonlocal reader
        if path.is_dir():
            return
        path.unlink()
        if kind == "link":
            path.symlink_to("elsewhere.json")
        elif kind == "folder":
            path.mkdir()
        else:
            os.mkfifo(path)
            reader = os.open(path, os.O_RDWR | os.O_NONBLOCK)

    seen = set()
    for _, save in at_each_call(monkeypatch, lambda: cyjson.save([1], path), step):
        shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink(missing_ok=True)
        path.write_bytes(b"[]")
        path.chmod(0o666)
        elsewhere.write_bytes(b"[]")
        elsewhere.chmod(0o600)
        try:
            save()
        except OSError as error:
            assert error.filename == str(path)
            seen.add(error.errno)
        else:
            seen.add(None)
        if reader is not None:
            os.close(reader)
            reader = None
        assert stat.S_IMODE(elsewhere.stat().st_mode) == 0o600
        assert left_in(tmp_path) == ["elsewhere.json", "value.json"]
    assert seen & {errno.EBUSY, errno.EISDIR}


@pytest.mark.skipif(not ROOT, reason="needs a second user, as whom only root can run something")
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="about Linux's rules")
@native_only  # the same Python code replaces files whichever backend runs
def test_a_second_user_who_races():
    ran = subprocess.run([sys.executable, str(PROGRAM)], capture_output=True, text=True, env=environment())
    assert ran.returncode == 0, f"ended with {ran.returncode}\n{ran.stdout[-2000:]}{ran.stderr[-2000:]}"
    assert "0 breaches" in ran.stdout
