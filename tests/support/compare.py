"""What the tests share: the same call on json and on cyjson, and what counts as the same outcome."""

import gc
import inspect
import json
import math
import sys

import pytest

import cyjson

native_only = pytest.mark.skipif(cyjson.backend != "c", reason="about the extension, and the fallback runs")
fallback_only = pytest.mark.skipif(cyjson.backend != "python", reason="about the fallback, and the extension runs")

PYPY = sys.implementation.name == "pypy"
frees_at_once = pytest.mark.skipif(PYPY, reason="memory is taken until this interpreter's collector comes to it")
# PyPy's generators, one in another, and its parsers' calls may come to the end of the C stack before it counts them.
counts_levels = pytest.mark.skipif(PYPY, reason="too deep, its json ends in a segmentation fault now and then")
classes_go = pytest.mark.skipif(
    hasattr(sys, "_is_gil_enabled") and not sys._is_gil_enabled() and sys.version_info < (3, 14),
    reason="3.13t never frees a class once a thread has run",
)
# With a hook, even one that changes nothing, PyPy's json words errors as CPython's does, and otherwise not.
WORDED = {"object_hook": dict} if PYPY else {}


class LyingInt(int):
    """An int that says yes to all comparisons, as a limit that is checked by them would have it."""

    def __lt__(self, other):
        return True

    __gt__ = __le__ = __ge__ = __eq__ = __lt__
    __hash__ = int.__hash__


def collect():
    """Let PyPy free what nobody holds, which CPython has done."""
    if PYPY:
        gc.collect()


def frozen(value):
    """``value`` spelt out, flat, with all types: 1 and True, 0.0 and -0.0, two orders of a dict differ; NaN is NaN."""
    spelt, left = [], [value]
    while left:
        value = left.pop()
        kind = type(value)
        if isinstance(value, float):
            spelt.append((kind, "nan" if math.isnan(value) else float.hex(value)))
        elif isinstance(value, dict):
            spelt.append((kind, len(value)))
            left += [each for item in dict.items(value) for each in item]
        elif isinstance(value, (list, tuple)):
            spelt.append((kind, len(value)))
            left += value
        else:
            spelt.append((kind, value))
    return spelt


def outcome(call, module):
    """What ``call(module)`` gives: its result, or all that its exception says."""
    try:
        return "result", frozen(call(module))
    except RecursionError:
        # Its message says what was being read or written when the stack ran out, which is chance.
        return "exception", RecursionError
    except Exception as exc:
        told = {name: getattr(exc, name, None) for name in ("msg", "doc", "pos", "lineno", "colno", "__notes__")}
        return "exception", type(exc), str(exc), frozen(exc.args), told


def same(call, *, notes=True):
    """Assert that ``call(json)`` and ``call(cyjson)`` have the same outcome, and return it.

    ``notes=False`` where cyjson's exception may have notes that json's hasn't: ``dump`` says more of what went wrong.
    """
    expected = outcome(call, json)
    actual = outcome(call, cyjson)
    for told in (each[-1] for each in (expected, actual) if not notes and isinstance(each[-1], dict)):
        del told["__notes__"]
    if actual != expected:
        raise AssertionError(f"\n  json: {brief(expected)}\ncyjson: {brief(actual)}")
    return expected


def brief(value, limit=2000):
    text = ascii(value)
    return text if len(text) <= limit else f"{text[: limit // 2]} ... {text[-limit // 2 :]}"


class Record(list):
    """Hooks that write down each call: ``record.of("parse_int", int)`` calls int and notes name and argument."""

    def of(self, name, function):
        def hook(argument):
            self.append((name, frozen(argument)))
            return function(argument)

        return hook


# Signatures


def parameters(function):
    """Name, kind and default of each parameter, without the one that is new in 3.15."""
    return [
        (each.name, each.kind, each.default)
        for each in inspect.signature(function).parameters.values()
        if each.name != "array_hook"
    ]
