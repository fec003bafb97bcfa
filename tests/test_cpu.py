"""The vector kernels of every instruction set that this machine runs; the other tests run with the best of them."""

import os
import pathlib
import subprocess
import sys

import pytest
from compare import native_only

import cyjson

HERE = pathlib.Path(__file__).parent


def run(*arguments, **environment):
    return subprocess.run(
        [sys.executable, *arguments], env={**os.environ, **environment}, cwd=HERE.parent, capture_output=True, text=True
    )


@native_only
def test_a_wrong_name_is_refused():
    told = run("-c", "import cyjson", CYJSON_CPU="mmx")
    assert told.returncode != 0
    assert "ValueError: CYJSON_CPU=mmx: this build on this machine runs " in told.stderr


def levels():
    if cyjson.backend != "c":
        return []
    told = run("-c", "import cyjson", CYJSON_CPU="mmx").stderr
    return told.strip().rpartition(" runs ")[2].split(", ")


@native_only
def test_the_best_is_the_default():
    told = run("-c", "import cyjson; print(cyjson._impl.cpu)", CYJSON_CPU="")
    assert told.stdout.strip() == levels()[-1]


@native_only
@pytest.mark.parametrize("level", levels())
def test_kernels(level):
    told = run("-c", "import cyjson; print(cyjson._impl.cpu)", CYJSON_CPU=level)
    assert told.stdout.strip() == level
    if level == cyjson._impl.cpu:
        return  # this very run
    names = "test_blocks.py", "test_encode_bytes.py", "test_large.py", "test_numbers.py"
    files = [str(HERE / name) for name in names]
    ran = run("-m", "pytest", "-q", "-p", "no:cacheprovider", *files, CYJSON_CPU=level)
    assert ran.returncode == 0, ran.stdout[-3000:] + ran.stderr[-3000:]
