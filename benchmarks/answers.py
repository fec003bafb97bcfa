"""What the contenders answer, compared with the standard library's answer before anything is timed.

cyjson has to give the same, to the byte and the type. A peer may differ, and then it is said how.
"""

from __future__ import annotations

import json
import marshal
import re
from collections.abc import Mapping
from typing import Any

from .contenders import BASELINE, FALLBACK, OURS, Call

# What a JSON text consists of; JSON texts only, so that the pattern need not be strict.
TOKEN = re.compile(r'(?P<strings>"(?:[^"\\]|\\.)*")|(?P<numbers>-?\d[-+.\deE]*)|(?P<space>\s+)|(?P<other>.)')
KINDS = {"strings": "escapes in strings", "numbers": "spelling of numbers", "other": "order"}


def answer(call: Call) -> Any:
    """What the call returns, or wrote to its file."""
    got = call.function(call.argument if call.fresh is None else call.fresh())
    return got.getvalue() if hasattr(got, "getvalue") else got


def same(left: Any, right: Any) -> bool:
    """Whether the two are equal in value, type and the order of keys, down to the last bit (and nan equals nan)."""
    try:
        return marshal.dumps(left, 2) == marshal.dumps(right, 2)
    except ValueError:  # Decimals, which marshal doesn't know
        return repr(left) == repr(right)


def spelling(text: str, reference: str) -> str:
    """In which kinds of tokens two texts of equal values differ."""
    if "".join(text.split()) == "".join(reference.split()):
        return "white space"
    tokens = [
        [(str(found.lastgroup), found[0]) for found in TOKEN.finditer(t) if found.lastgroup != "space"]
        for t in (text, reference)
    ]
    kinds = {kind for (kind, mine), (_, other) in zip(*tokens, strict=False) if mine != other}
    found = [words for kind, words in KINDS.items() if kind in kinds]
    spaces = [sum(map(str.isspace, t)) for t in (text, reference)]
    return ", ".join((["white space"] if spaces[0] != spaces[1] else []) + found)


def first_difference(got: Any, expected: Any, path: str = "$") -> str:
    """Where two decoded values differ first, and how."""
    if type(got) is type(expected) and isinstance(got, dict) and list(got) == list(expected):
        pairs = [(f"{path}.{key}", got[key], expected[key]) for key in got]
    elif type(got) is type(expected) and isinstance(got, list) and len(got) == len(expected):
        pairs = [
            (f"{path}[{index}]", mine, other) for index, (mine, other) in enumerate(zip(got, expected, strict=True))
        ]
    else:
        return "" if same(got, expected) else f"{path} is {str(got)[:30]!r}, not {str(expected)[:30]!r}"
    return next((found for where, mine, other in pairs if (found := first_difference(mine, other, where))), "")


def difference(got: Any, expected: Any) -> str | None:
    """How a contender's answer differs from the expected one; None where it doesn't."""
    if not isinstance(expected, str | bytes):
        return None if same(got, expected) else f"other values: {first_difference(got, expected)}"
    if got == expected:
        return None
    value, reference = _value(got), _value(expected)
    if not same(value, reference):
        return f"other values: {first_difference(value, reference)}"
    return spelling(*(t.decode() if isinstance(t, bytes) else t for t in (got, expected)))


def _value(text: str | bytes) -> Any:
    """What the text says; JSON Lines: as a list."""
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return [json.loads(line) for line in text.splitlines()]


def check(calls: Mapping[str, Call]) -> tuple[dict[str, str], dict[str, str], int]:
    """Call each once: the differences by contender, the errors by contender, and the length of the baseline's text.

    Raises AssertionError where cyjson differs; whatever the baseline raises is raised.
    """
    expected = answer(calls[BASELINE])
    differences: dict[str, str] = {}
    errors: dict[str, str] = {}
    for name, call in calls.items():
        if name == BASELINE:
            continue
        try:
            got = answer(call)
        except Exception as error:
            if name in (OURS, FALLBACK):
                raise AssertionError(f"{name} raises {type(error).__name__}: {error}") from error
            errors[name] = f"{type(error).__name__}: {str(error)[:80]}"
            continue
        if found := difference(got, expected):
            if name in (OURS, FALLBACK):
                raise AssertionError(f"{name} differs from {BASELINE}: {found}")
            differences[name] = found
    length = 0
    if isinstance(expected, str):
        length = len(expected.encode("utf-8", "surrogatepass"))
    elif isinstance(expected, bytes):
        length = len(expected)
    return differences, errors, length
