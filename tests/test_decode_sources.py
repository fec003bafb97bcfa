"""type= in open_document, cyjson.lines and cyjson.stream."""

import asyncio
import io
import json
from dataclasses import dataclass
from typing import Any, Optional

import pytest

import cyjson
from cyjson import Codec, ValidationError, lines, stream


@dataclass
class Event:
    id: int
    name: Optional[str] = None


TEXT = '{"id": 1}\n{"id": 2, "name": "é"}\n\n{"id": 3}\n'
EVENTS = [Event(1), Event(2, "é"), Event(3)]


def test_open_document(tmp_path):
    path = tmp_path / "event.json"
    path.write_text('{"id": 1, "name": "é"}', encoding="utf-8")
    for options in {}, {"mmap": True}:
        assert cyjson.open_document(path, type=Event, **options) == Event(1, "é")
        assert cyjson.open_document(path, type=Codec(Event), **options) == Event(1, "é")
        assert cyjson.open_document(path, type=None, **options) == {"id": 1, "name": "é"}
        with pytest.raises(ValidationError, match=r"\$\.name: expected int, got str"):
            cyjson.open_document(path, type=dict[str, int], **options)
        with pytest.raises(TypeError, match="type can't be given together with options of loads: object_hook"):
            cyjson.open_document(path, type=Event, object_hook=dict, **options)
    with pytest.raises(TypeError, match="complex"):
        cyjson.open_document(tmp_path / "not there", type=complex)


def test_lines(tmp_path):
    path = tmp_path / "events.ndjson"
    path.write_text(TEXT, encoding="utf-8")
    assert list(lines.load(path, type=Event)) == EVENTS
    assert list(lines.load(io.BytesIO(TEXT.encode()), type=Event)) == EVENTS
    assert list(lines.loads(TEXT, type=Event)) == list(lines.loads(TEXT.encode(), type=Codec(Event))) == EVENTS
    assert list(lines.loads(TEXT, type=None)) == [json.loads(line) for line in TEXT.splitlines() if line]
    with pytest.raises(TypeError, match="type can't be given together"):
        lines.loads(TEXT, type=Event, parse_int=str)
    with pytest.raises(TypeError, match="complex"):
        lines.loads(TEXT, type=complex)


def test_lines_that_are_not_of_the_type():
    text = '{"id": 1}\n{"id": "x", "name": 3}\n{"id": 2'
    reader = lines.loads(text, type=Event)
    assert next(reader) == Event(1)
    with pytest.raises(lines.LineError) as told:
        next(reader)
    error = told.value
    assert str(error) == "$.id: expected int, got str: line 2 column 8 (char 7 of the line at byte 10)"
    assert (error.lineno, error.pos, error.offset) == (2, 7, 10)
    assert isinstance(error.__cause__, ValidationError)
    assert [each.path for each in error.__cause__.errors] == ["$.id", "$.name"]
    with pytest.raises(lines.LineError) as told:
        next(reader)
    assert told.value.__cause__ is None and told.value.truncated
    assert list(reader) == []
    found = []
    assert list(lines.loads(text, type=Event, errors=found.append)) == [Event(1)]
    assert [each.lineno for each in found] == [2, 3]
    assert list(lines.loads(text, type=Event, errors="skip")) == [Event(1)]
    assert list(lines.loads("1\nNaN\n2", type=Any, errors="skip")) == [1, 2]


def test_lines_whose_hooks_raise():
    @dataclass
    class Raising:
        a: int

        def __post_init__(self):
            raise [LookupError("passes"), ValueError("a mismatch")][self.a]

    reader = lines.loads('{"a": 0}\n{"a": 1}', type=Raising, errors="skip")
    with pytest.raises(LookupError, match="passes"):
        next(reader)
    assert list(reader) == []


DOCUMENT = b'{"events": [{"id": 1}, {"id": 2, "name": "x"}], "by": {"a": {"id": 3}, "b": {"id": "x"}}}'


def test_stream():
    assert list(stream.items(DOCUMENT, "events.item", type=Event)) == [Event(1), Event(2, "x")]
    assert list(stream.items(DOCUMENT, "events", type=list[Event], buf_size=7)) == [[Event(1), Event(2, "x")]]
    assert list(stream.items(DOCUMENT, "events.item", type=Codec(Event))) == [Event(1), Event(2, "x")]
    assert list(stream.items(DOCUMENT, "events.item.id", type=float)) == [1.0, 2.0]
    members = stream.kvitems(DOCUMENT, "by", type=Event)
    assert next(members) == ("a", Event(3))
    with pytest.raises(ValidationError) as told:
        next(members)
    assert told.value.doc == '{"id": "x"}' and told.value.pos == 7
    assert list(stream.items(b'1 "x" 2.5', multiple_values=True, type=Any)) == [1, "x", 2.5]
    with pytest.raises(ValidationError):
        list(stream.items(b'["x"]', "item", type=int))
    for options in {"object_hook": dict}, {"use_float": False}:
        with pytest.raises(TypeError, match="type can't be given together"):
            stream.items(DOCUMENT, "events.item", type=Event, **options)


def test_stream_async():
    class Source:
        def __init__(self):
            self.file = io.BytesIO(DOCUMENT)

        async def read(self, n):
            return self.file.read(n)

    async def collect():
        items = [each async for each in stream.items_async(Source(), "events.item", type=Event)]
        members = stream.kvitems_async(Source(), "by", type=Event)
        return items, await members.__anext__()

    assert asyncio.run(collect()) == ([Event(1), Event(2, "x")], ("a", Event(3)))
