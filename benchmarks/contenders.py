"""What is raced: the operations, and each contender's own call for them.

An operation says, per contender, how to get from the module and a document to one function and its one argument; the
race times ``function(argument)``. A contender that has no entry for an operation does not run in it.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any, NamedTuple

import cyjson


@dataclass(frozen=True)
class Document:
    """One JSON text in every form that an operation starts from."""

    name: str
    raw: bytes
    text: str
    value: Any

    @classmethod
    def parse(cls, name: str, raw: bytes) -> Document:
        return cls(name, raw, raw.decode(), json.loads(raw))


class Call(NamedTuple):
    function: Callable[[Any], Any]
    argument: Any


Factory = Callable[[Any, Document], Call]


@dataclass(frozen=True)
class Operation:
    title: str
    calls: Mapping[str, Factory]
    reads: bool = False  # throughput counts the text that is read, otherwise the text that is written
    small: bool = False  # also raced on the small messages


CONTENDERS: dict[str, ModuleType] = {"json": json, "cyjson": cyjson}


def _both(factory: Factory) -> dict[str, Factory]:
    """The stdlib's functions are cyjson's too: the same call for both."""
    return {"json": factory, "cyjson": factory}


def _unchanged(value: Any) -> Any:
    return value


def _dump(module: Any) -> Callable[[Any], str]:
    def call(value: Any) -> str:
        out = io.StringIO()
        module.dump(value, out)
        return out.getvalue()

    return call


OPERATIONS: dict[str, Operation] = {
    "loads": Operation("loads(bytes)", _both(lambda m, d: Call(m.loads, d.raw)), reads=True, small=True),
    "loads-str": Operation("loads(str)", _both(lambda m, d: Call(m.loads, d.text)), reads=True, small=True),
    "encode": Operation(
        "encode(obj), beside json.dumps(obj, ensure_ascii=False, separators=(',', ':')).encode()",
        {
            "json": lambda m, d: Call(
                lambda value: m.dumps(value, ensure_ascii=False, separators=(",", ":")).encode(), d.value
            ),
            "cyjson": lambda m, d: Call(m.encode, d.value),
        },
        small=True,
    ),
    "dumps": Operation("dumps(obj)", _both(lambda m, d: Call(m.dumps, d.value)), small=True),
    "dumps-utf8": Operation(
        "dumps(obj, ensure_ascii=False)",
        _both(lambda m, d: Call(lambda value: m.dumps(value, ensure_ascii=False), d.value)),
    ),
    "indent": Operation(
        "dumps(obj, indent=2)", _both(lambda m, d: Call(lambda value: m.dumps(value, indent=2), d.value))
    ),
    "sort": Operation(
        "dumps(obj, sort_keys=True)", _both(lambda m, d: Call(lambda value: m.dumps(value, sort_keys=True), d.value))
    ),
    "dump": Operation("dump(obj, io.StringIO())", _both(lambda m, d: Call(_dump(m), d.value))),
    "hook": Operation(
        "loads(str, object_hook=a Python function that returns its argument)",
        _both(lambda m, d: Call(lambda text: m.loads(text, object_hook=_unchanged), d.text)),
        reads=True,
    ),
}


def calls(operation: str, document: Document) -> dict[str, Call]:
    """Each contender's call for ``operation`` on ``document``, by contender."""
    return {name: make(CONTENDERS[name], document) for name, make in OPERATIONS[operation].calls.items()}
