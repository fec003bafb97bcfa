"""decode makes instances of more attributes than the interpreter keeps in an instance itself."""

import gc
import json
import sys
import weakref
from dataclasses import make_dataclass

import pytest
from support.compare import PYPY, native_only

from cyjson import decode

Thirty = make_dataclass("Thirty", [(f"f{n}", int) for n in range(30)])


def test_thirty_attributes():
    """They are too many for an instance's own values: it gets a dict, which is as those of calls."""
    values = [f"a value of its own {n}" for n in range(30)]
    made = decode(json.dumps([{f"f{n}": n for n in range(30)}] * 3), list[Thirty])
    for each in made:
        assert each == Thirty(*range(30))
        assert list(vars(each)) == [f"f{n}" for n in range(30)]
        assert PYPY or gc.is_tracked(each)
    first, second, third = made
    for n, value in enumerate(values):
        setattr(first, f"f{n}", value)
    first.new = second.new = 1
    del second.f0, third.f29
    assert list(vars(first).values()) == [*values, 1]
    assert list(vars(second)) == [*(f"f{n}" for n in range(1, 30)), "new"]
    assert not hasattr(third, "f29") and third.f28 == 28
    third.__dict__ = {"f0": second}
    assert vars(third) == {"f0": second} and not hasattr(third, "f1")
    second.f0 = third  # a circle
    gone = weakref.ref(third)
    del made, each, first, second, third
    gc.collect()
    assert gone() is None


@native_only
@pytest.mark.skipif(not (3, 13) <= sys.version_info < (3, 14), reason="elsewhere these tables have other sizes")
@pytest.mark.skipif(not getattr(sys, "_is_gil_enabled", lambda: True)(), reason="made by the interpreter")
def test_thirty_attributes_are_written_directly():
    """What is written here has the smallest table that they fit in; the interpreter's has grown."""
    (made,) = decode(json.dumps([{f"f{n}": n for n in range(30)}]), list[Thirty])
    assert sys.getsizeof(vars(made)) < sys.getsizeof(vars(Thirty(*range(30))))
