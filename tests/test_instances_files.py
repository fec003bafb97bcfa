"""Instances in files and lines; iterators are written as they come."""

import collections
import dataclasses
import datetime as dt
import io
import json
import types

import pytest
from support.compare import PYPY
from support.instances import knows_instances

import cyjson
from cyjson import lines

pytestmark = knows_instances


@dataclasses.dataclass
class Event:
    id: int
    at: dt.datetime = dt.datetime(2026, 11, 29)


def events(count):
    for n in range(count):
        yield Event(n)


def test_save(tmp_path):
    path = tmp_path / "events.json"
    cyjson.save(list(events(3)), path, indent=2)
    assert cyjson.open_document(path) == [{"id": n, "at": "2026-11-29T00:00:00"} for n in range(3)]
    cyjson.save(events(3), path)
    assert path.read_bytes() == cyjson.encode(list(events(3)))
    with pytest.raises(TypeError):
        cyjson.save([Event(1), Event(1j)], path)
    assert path.read_bytes() == cyjson.encode(list(events(3)))
    cyjson.save(Event(1), tmp_path / "packed.json.gz")
    assert cyjson.open_document(tmp_path / "packed.json.gz")["id"] == 1


def test_lines(tmp_path):
    path = tmp_path / "events.ndjson"
    assert lines.dump(events(5), path) == 5
    expected = b"".join(cyjson.encode(event) + b"\n" for event in events(5))
    assert path.read_bytes() == lines.encode(events(5)) == lines.dumps(events(5)).encode() == expected
    assert [each["id"] for each in lines.load(path)] == list(range(5))
    assert lines.encode([{1}, dt.date(1, 1, 1)]) == b'[1]\n"0001-01-01"\n'
    assert lines.encode([{"b": Event, "a": 1}], default=str, sort_keys=True).startswith(b'{"a":1,"b":"<')


def test_lines_of_raw_texts():
    """A line break between tokens would part the line: it becomes a space."""
    raw = cyjson.Raw(b'{\n "a": "\\n"\r\n}')
    assert lines.encode([raw, [raw]]) == b'{  "a": "\\n"\r }\n[{  "a": "\\n"\r }]\n'
    assert list(lines.loads(lines.encode([raw]))) == [{"a": "\n"}]
    assert cyjson.encode(raw) == raw


class Pieces:
    def __init__(self):
        self.sizes = []
        self.data = []

    def write(self, data):
        self.sizes.append(len(data))
        self.data.append(bytes(data))


def test_iterators_are_written_as_they_come():
    file = Pieces()
    seen = []

    def items():
        for n in range(20_000):
            seen.append(len(file.sizes))
            yield Event(n)

    cyjson.dump_bytes({"events": items(), "last": 1}, file)
    written = b"".join(file.data)
    assert json.loads(written) == {"events": [{"id": n, "at": "2026-11-29T00:00:00"} for n in range(20_000)], "last": 1}
    assert seen[0] == 0 and seen[-1] > 5
    assert max(file.sizes) < 400_000


@pytest.mark.skipif(PYPY, reason="tracemalloc measures CPython's memory")
@pytest.mark.parametrize(
    "make",
    [
        lambda count: events(count),
        lambda count: {"k": [iter(range(count * 2))]},
        lambda count: (str(n) * 20 for n in range(count)),
        lambda count: ({str(n): n} for n in range(count)),
        lambda count: types.MappingProxyType({"k": map(str, range(count * 10))}),
    ],
)
@pytest.mark.thread_unsafe
def test_in_constant_memory(make):
    tracemalloc = pytest.importorskip("tracemalloc")

    class Nowhere:
        def write(self, data):
            pass

    def most(count):
        document = make(count)
        tracemalloc.start()
        try:
            cyjson.dump_bytes(document, Nowhere())
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    most(100)
    assert most(12_000) < most(6_000) + 120_000


def test_a_failure_leaves_a_small_file_empty():
    file = io.BytesIO()
    with pytest.raises(TypeError):
        cyjson.dump_bytes([Event(1), 1j], file)
    assert file.getvalue() == b""


def test_what_the_file_raises_has_no_path():
    class Full:
        def write(self, data):
            raise OSError(28, "full")

    with pytest.raises(OSError, match="full") as caught:
        cyjson.dump_bytes([Event(1)], Full())
    assert not any(note.startswith("while") for note in getattr(caught.value, "__notes__", []))

    class Stopping:
        def write(self, data):
            raise StopIteration("mine")

    with pytest.raises(StopIteration, match="mine"):
        cyjson.dump_bytes([Event(1)], Stopping())


def test_stop_iteration_is_no_end():
    class Stopping:
        def __json__(self):
            raise StopIteration

    with pytest.raises(RuntimeError, match="generator raised StopIteration"):
        cyjson.dump_bytes([Stopping()], io.BytesIO())


def test_a_file_that_is_written_within_itself():
    file = io.BytesIO()

    class Nested:
        def __json__(self):
            cyjson.dump_bytes([Event(1)], file)
            return "nested"

    cyjson.dump_bytes([Nested()], file)
    assert file.getvalue() == cyjson.encode([Event(1)]) + b'["nested"]'


def test_dump_knows_none_of_it():
    for value in Event(1), {1}, collections.deque(), dt.date(1, 1, 1):
        with pytest.raises(TypeError, match="is not JSON serializable"):
            cyjson.dump(value, io.StringIO())


def test_classes_that_encode():
    """A class that is given as cls writes in its own way, and knows json's types only."""

    class Encoder(cyjson.JSONEncoder):
        def default(self, obj):
            return f"default {type(obj).__name__}"

    assert cyjson.encode([Event(1), {1}], cls=Encoder) == b'["default Event","default set"]'
    for cls in json.JSONEncoder, cyjson.JSONEncoder:
        assert cyjson.encode([{1}], cls=cls) == b"[[1]]"
        file = io.BytesIO()
        cyjson.dump_bytes([{1}], file, cls=cls)
        assert file.getvalue() == b"[[1]]"
