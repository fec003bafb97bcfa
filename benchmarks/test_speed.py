"""The same operations, documents and contenders for pytest-benchmark: ``make bench-pytest``.

Groups are operation and document, so that its tables, histograms and comparisons show the contenders side by side.
Contenders run one after another here: for ratios, the race (``make bench``) is steadier.
"""

from __future__ import annotations

import functools
from typing import Any

import pytest

from . import answers, contenders, documents
from .contenders import BASELINE, OPERATIONS, Document


@functools.cache
def document(name: str) -> Document:
    message = documents.messages().get(name)
    return Document.parse(name, documents.SHAPES[name]().encode() if message is None else message)


CELLS = [
    pytest.param(operation, name, contender, id=f"{operation}-{name.replace(' ', '_')}-{contender}")
    for operation, about in OPERATIONS.items()
    for name in [*documents.SHAPES, *(documents.messages() if about.small else ())]
    for contender in contenders.installed()
    if contender in about.calls
]


@pytest.mark.parametrize(("operation", "name", "contender"), CELLS)
def test_speed(benchmark: Any, operation: str, name: str, contender: str) -> None:
    benchmark.group = f"{operation}: {name}"
    calls = contenders.calls(operation, document(name))
    benchmark.extra_info["call"] = contenders.shown(operation, contender)
    if contender != BASELINE:
        differs = answers.difference(answers.answer(calls[contender]), answers.answer(calls[BASELINE]))
        benchmark.extra_info["differs"] = differs
    call = calls[contender]
    if call.fresh is None:
        benchmark(call.function, call.argument)
    else:
        fresh = call.fresh
        benchmark.pedantic(call.function, setup=lambda: ((fresh(),), {}), rounds=10)
