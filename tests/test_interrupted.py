"""Ctrl-C while a file is being replaced: at any instruction, at any call, and by real signals.

The old document is there then, or the new one; no temporary file and no descriptor is left; and it stays a
KeyboardInterrupt.
"""

import gc
import inspect
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from support.amount import amount, long

import cyjson

SOURCES = tuple(os.path.join(os.path.dirname(cyjson.__file__), name) for name in ("_files.py", "_replace.py"))

# Every so many moments; of the fallback fewer, for files are replaced by the same code.
STEP = amount(3 if cyjson.backend == "c" else 7, 1)

pytestmark = pytest.mark.skipif(not os.path.exists("/dev/fd"), reason="needs a list of descriptors")


def descriptors():
    return sorted(os.listdir("/dev/fd"))


def by_instruction(at):
    """A KeyboardInterrupt before the at-th instruction of the code in question."""
    count = 0

    def trace(frame, event, argument):
        nonlocal count
        if frame.f_code.co_filename not in SOURCES:
            return None
        frame.f_trace_opcodes = True
        if event == "opcode":
            count += 1
            if count == at:
                raise KeyboardInterrupt
        return trace

    return sys.settrace, trace


def by_call(at):
    """A KeyboardInterrupt before or after the at-th call of any function: there handlers of signals are run."""
    count = 0

    def profile(frame, event, argument):
        nonlocal count
        resumed = event == "call" and frame.f_code.co_flags & inspect.CO_GENERATOR  # 3.10 would end the generator
        if event != "return" and not resumed and frame.f_code.co_filename != __file__:
            count += 1
            if count == at:
                raise KeyboardInterrupt

    return sys.setprofile, profile


class Case:
    """``save`` over an old file, in the current folder. The others differ from it."""

    path = "value.json"
    old, new = b"[1]", b"[2]"
    left = {"value.json"}

    def set_up(self, patch):
        """Once."""

    def prepare(self):
        """Before each time."""
        Path(self.path).write_bytes(self.old)
        os.chmod(self.path, 0o640)

    def run(self):
        cyjson.save([2], self.path)

    def state(self):
        """What is there after it was interrupted."""
        assert set(os.listdir(".")) == self.left
        return Path(self.path).read_bytes()

    def expected(self):
        return {self.old, self.new}


class Fresh(Case):
    """There is no old file."""

    def prepare(self):
        Path(self.path).unlink(missing_ok=True)

    def state(self):
        if not os.path.exists(self.path):
            assert os.listdir(".") == []
            return None
        return super().state()

    def expected(self):
        return {None, self.new}


class Linked(Case):
    """A link to a compressed file."""

    path = "link.gz"
    left = {"link.gz", "value.json.gz"}

    def set_up(self, patch):
        os.symlink("value.json.gz", self.path)
        for name, value in ("old", [1]), ("new", [2]):
            cyjson.save(value, self.path)
            setattr(self, name, Path(self.path).read_bytes())


class Failing(Case):
    """It fails anyway, later."""

    def run(self):
        cyjson.save([2, object()], self.path)

    def expected(self):
        return {self.old}


class Raced(Case):
    """Another saves meanwhile, with other rights: what was written is copied to another file."""

    def set_up(self, patch):
        fchmod = os.fchmod

        def raced(descriptor, mode):
            fchmod(descriptor, mode)
            if mode == 0o640:
                with open("other.json", "wb") as file:
                    file.write(self.old)
                    fchmod(file.fileno(), 0o600)
                os.rename("other.json", self.path)

        patch.setattr(os, "fchmod", raced)


class Pipe(Case):
    """Written to directly."""

    def set_up(self, patch):
        os.mkfifo(self.path)
        self.reader = os.open(self.path, os.O_RDWR | os.O_NONBLOCK)

    def prepare(self):
        pass

    def state(self):
        assert set(os.listdir(".")) == self.left
        try:
            return os.read(self.reader, 100)
        except BlockingIOError:
            return None

    def expected(self):
        return {None, self.new}


class Descriptor(Pipe):
    """One of this process."""

    def set_up(self, patch):
        super().set_up(patch)
        self.given = f"/dev/fd/{self.reader}"

    def run(self):
        cyjson.save([2], self.given)


class Managed(Case):
    """By the context manager."""

    def run(self):
        from cyjson._replace import replacing

        with replacing(self.path) as file:
            file.write(self.new)


def is_interrupted(case, start, function):
    gc.disable()  # what is raised in a callback of the collector, such as Hypothesis's, goes no further
    try:
        start(function)
        try:
            case.run()
        finally:
            start(None)
    except KeyboardInterrupt:
        return True
    except TypeError:
        assert isinstance(case, Failing)
    finally:
        gc.enable()
    return False


def in_a_thread(function, *arguments):
    """Call it in a thread of its own. What is raised before the instruction that ends an except block leaves the
    handled exception with the thread (from 3.11 on): later ones would have it as their context."""
    found = []
    thread = threading.Thread(target=lambda: found.append(function(*arguments)))
    thread.start()
    thread.join()
    return found[0]


@pytest.mark.skipif(sys.implementation.name == "pypy", reason="has no events of instructions")
@pytest.mark.thread_unsafe
@long
@pytest.mark.parametrize("interrupt", [by_instruction, by_call])
@pytest.mark.parametrize("case", [Case, Fresh, Linked, Failing, Raced, Pipe, Descriptor, Managed])
def test_at_any_moment(tmp_path, monkeypatch, interrupt, case):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)  # for speed
    case = case()
    case.set_up(monkeypatch)
    for at in 0, 0:  # what is imported at first is then there, and 3.12 has seen the code that it should trace
        case.prepare()
        start, function = interrupt(at)
        start(function)
        try:
            case.run()
        except TypeError:
            assert isinstance(case, Failing)
        finally:
            start(None)
    case.state()
    before = descriptors()
    found, at, interrupted = set(), 1 - STEP, True
    while interrupted:
        at += STEP
        case.prepare()
        interrupted = in_a_thread(is_interrupted, case, *interrupt(at))
        assert descriptors() == before, at
        found.add(case.state())
    assert found == case.expected()
    assert at > 50


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs an interval timer")
def test_by_signals(tmp_path):
    """In a process of its own, from a timer, at 300 moments."""
    program = """
import os, signal, sys, cyjson
signal.signal(signal.SIGALRM, signal.default_int_handler)
os.fsync = lambda descriptor: None
path = os.path.join(sys.argv[1], "value.json")
value = ["x" * 2000] * 50
cyjson.save([0, value], path)
before = len(os.listdir("/dev/fd"))
for n in range(300):
    try:
        signal.setitimer(signal.ITIMER_REAL, 20e-6 + n * 2e-6)
        while True:
            cyjson.save([n, value], path)
    except KeyboardInterrupt:
        pass
    assert cyjson.open_document(path)[1] == value
    assert os.listdir(sys.argv[1]) == ["value.json"], os.listdir(sys.argv[1])
    # PyPy's own functions can be interrupted between os.open and their return: the number is lost.
    assert len(os.listdir("/dev/fd")) == before or sys.implementation.name == "pypy"
"""
    environment = {**os.environ, "PYTHONPATH": os.path.dirname(os.path.dirname(cyjson.__file__))}
    ran = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, env=environment
    )
    assert ran.returncode == 0, ran.stderr[-2000:]
