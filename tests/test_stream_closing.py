"""cyjson.stream closes what it opens, lets go of buffers, passes errors on, and takes little memory."""

import gc
import io
import os
import pathlib
import pickle
import subprocess
import sys
import textwrap
import weakref

import pytest
from support.compare import collect, frees_at_once, frozen
from support.streams import EACH, FUNCTIONS, model, taken, tree_of

import cyjson
from cyjson import stream
from cyjson.stream import ITEM, StreamDecodeError

# Closing


def descriptors():
    return len(os.listdir("/proc/self/fd"))


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="counts descriptors under /proc")
@EACH
def test_files_are_closed(name, tmp_path):
    good, bad = tmp_path / "good.json", tmp_path / "bad.json"
    good.write_bytes(b'{"a": [1, 2, 3], "b": {"c": 1}}')
    bad.write_bytes(b'{"a": [1, 2, 3')
    collect()
    before = descriptors()
    path = "" if name == "kvitems" else "a.item"
    held = FUNCTIONS[name](good, path)
    list(held)
    assert descriptors() == before
    failed = FUNCTIONS[name](bad, path)
    assert isinstance(taken(failed)[1], StreamDecodeError)
    assert descriptors() == before
    with FUNCTIONS[name](good, path) as left:
        next(left)
        assert descriptors() == before + 1
    assert descriptors() == before
    assert list(left) == []
    left.close()
    dropped = FUNCTIONS[name](good, path)
    next(dropped)
    del dropped
    gc.collect()
    assert descriptors() == before


def test_buffers_are_released():
    data = bytearray(b"[1, 2]")
    iterator = stream.items(data, "item")
    assert next(iterator) == 1
    iterator.close()
    collect()
    data.clear()
    assert list(iterator) == []


# Python code that runs meanwhile


def reenter(iterator):
    for attempt in (lambda: next(iterator), iterator.close):
        with pytest.raises(ValueError, match="already running"):
            attempt()


@EACH
def test_read_that_comes_back(name):
    class Source:
        pieces = [b'{"a": [1, ', b'2.5, "x', b'y"], "b": ', b'{"c": null}', b"}"]

        def read(self, n):
            reenter(iterator)
            return self.pieces.pop(0) if self.pieces else b""

    iterator = FUNCTIONS[name](Source(), "")
    assert frozen(list(iterator)) == frozen(model(name, tree_of(b'{"a": [1, 2.5, "xy"], "b": {"c": null}}'), ""))


def test_hooks_that_come_back():
    seen = []

    def hook(members):
        reenter(iterator)
        seen.append(members)
        return members

    iterator = stream.items(b'[{"a": 1}, {"a": 2}]', "item", object_hook=hook)
    assert list(iterator) == [{"a": 1}, {"a": 2}] == seen


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError, StopIteration, GeneratorExit, MemoryError])
def test_errors_of_read(error):
    def pieces():
        yield b'[1, {"a": '
        raise error

    class Source:
        def __init__(self):
            self.pieces = pieces()
            self.count = 0

        def read(self, n):
            self.count += 1
            if self.count > 1:
                raise error
            return b'[1, {"a": '

    iterator = stream.items(Source(), "item")
    assert next(iterator) == 1
    with pytest.raises(RuntimeError if error is StopIteration else error):
        next(iterator)
    assert list(iterator) == []


def test_errors_of_hooks():
    class Refused(Exception):
        pass

    def refuse(text):
        raise Refused

    iterator = stream.items(b"[1, 2.5, 3]", "item", parse_float=refuse)
    assert next(iterator) == 1
    with pytest.raises(Refused):
        next(iterator)
    assert list(iterator) == []


def test_a_source_that_holds_its_iterator_is_collected():
    class Source(io.BytesIO):
        pass

    source = Source(b"[1, 2, 3]")
    source.iterator = stream.items(source, "item")
    assert next(source.iterator) == 1
    gone = weakref.ref(source)
    del source
    gc.collect()
    assert gone() is None


def test_readers_are_made_by_functions_only():
    assert isinstance(stream.items(b"1"), stream.Reader)
    with pytest.raises(TypeError):
        stream.Reader()
    assert stream.Reader[int]
    assert repr(ITEM) == "cyjson.stream.ITEM"
    assert pickle.loads(pickle.dumps(ITEM)) is ITEM


# Memory


LARGE = """
    import io, itertools, re, sys
    from cyjson import stream

    class Repeated:
        '''A beginning, a part again and again up to a size, and an end.'''
        def __init__(self, begin, part, end, size):
            self.pieces = itertools.chain([begin], itertools.repeat(part, size // len(part)), [end])
        def read(self, n):
            return next(self.pieces, b"")

    def peak():
        return int(re.search(r"VmHWM:\\s*(\\d+) kB", open("/proc/self/status").read())[1]) * 1000

    size = int(sys.argv[1])
    part = b'{"id": 12345, "name": "some name", "tags": ["a", "b"], "n": [1.5, 2.5]}, ' * 100
    list(stream.items(Repeated(b'{"a": [', part, b'0]}', 1_000_000), "a.item.id"))
    before = peak()
    count = sum(1 for _ in stream.items(Repeated(b'{"a": [', part, b'0]}', size), "a.item"))
    assert count == size // len(part) * 100 + 1
    assert list(stream.items(Repeated(b'{"x": [', part, b'0], "a": 7}', size // 4), "a")) == [7]
    assert list(stream.items(Repeated(b'{"x": "', b"text " * 20_000, b'", "a": 7}', size // 2), "a")) == [7]
    assert list(stream.items(Repeated(b'{"x": 1', b"0" * 100_000, b', "a": 7}', size // 2), "a")) == [7]
    assert list(stream.items(Repeated(b'{"x":', b" " * 100_000, b'1, "a": 7}', size // 2), "a")) == [7]
    assert sum(1 for _ in stream.parse(Repeated(b'{"a": [', part, b'0]}', size // 16))) > size // 200
    print(peak() - before)
"""


@frees_at_once
@pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="reads the peak of memory under /proc")
def test_memory_is_bounded():
    """Of a document of 200 MB (of 16 MB, where Python does it), no more is held than some blocks."""
    size = 200_000_000 if cyjson.backend == "c" else 16_000_000
    path = str(pathlib.Path(cyjson.__file__).parents[1])
    ran = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(LARGE), str(size)],
        env=os.environ | {"PYTHONPATH": path},
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stderr
    assert int(ran.stdout) < 4_000_000
