"""The vector kernels of every instruction set that this machine runs; the other tests run with the best of them."""

import pathlib

import pytest
from support.amount import CHOSEN, long
from support.compare import native_only
from support.cpu import levels, run
from support.processor import best_listed

HERE = pathlib.Path(__file__).parent


@native_only
def test_a_wrong_name_is_refused():
    told = run("-c", "import cyjson", CYJSON_CPU="mmx")
    assert told.returncode != 0
    assert "ValueError: CYJSON_CPU=mmx: this build on this machine runs " in told.stderr


LEVELS = levels()


@native_only
def test_the_best_is_the_default():
    told = run("-c", "import cyjson; print(cyjson._impl.cpu)", CYJSON_CPU="")
    assert told.stdout.strip() == LEVELS[-1]


@native_only
def test_the_best_is_what_the_system_lists():
    """A compiler's runtime may not know the processor, and the extension then run at the baseline without a word."""
    expected = best_listed()
    if expected is None:
        pytest.skip("this system doesn't list the processor's features")
    assert LEVELS[-1] == expected


@native_only
@pytest.mark.parametrize("level", LEVELS)
def test_levels(level):
    told = run("-c", "import cyjson; print(cyjson._impl.cpu)", CYJSON_CPU=level)
    assert told.stdout.strip() == level


@native_only
@long
@pytest.mark.skipif(CHOSEN == "short", reason="make test-all runs four files again at each level below the best")
@pytest.mark.parametrize("name", ["blocks", "encode_bytes", "large", "numbers"])  # each may run in another process
@pytest.mark.parametrize("level", LEVELS[:-1])
def test_suite(level, name):
    ran = run("-m", "pytest", "-q", "-p", "no:cacheprovider", str(HERE / f"test_{name}.py"), CYJSON_CPU=level)
    assert ran.returncode == 0, ran.stdout[-3000:] + ran.stderr[-3000:]
