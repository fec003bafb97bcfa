"""The kernels alone, as plain C, on every instruction set that this machine runs: against the slowest and plainest ways
of doing the same, with the text ending where the readable memory ends."""

import os
import subprocess

import pytest
from kernels import build
from support.amount import CHOSEN, amount, long
from support.compare import native_only

pytestmark = native_only  # they are the same C whichever backend runs


def run(program, tmp_path, count, **options):
    if build.compiler() is None:
        pytest.skip("no C compiler here, or the kernels' C sources are not beside these tests")
    binary = tmp_path / program
    # What is tested is plain C: a preloaded sanitizer belongs to the interpreter.
    environment = {name: value for name, value in os.environ.items() if name != "LD_PRELOAD"}
    build.build(build.HERE / f"{program}.c", binary, environment=environment, **options)
    ran = subprocess.run([str(binary), str(count)], capture_output=True, text=True, env=environment)
    assert ran.returncode == 0, ran.stdout[-2000:] + ran.stderr[-2000:]
    return ran.stdout


@long
def test_numbers(tmp_path):
    assert "checks, 0 failures" in run("test_numbers", tmp_path, amount(50_000, 250_000, 5_000_000))


@long
def test_text(tmp_path):
    assert "cases," in run("test_text", tmp_path, amount(500, 2_000, 200_000))


@long
def test_skip(tmp_path):
    assert "cases," in run("test_skip", tmp_path, amount(200, 500, 100_000))


# gcc takes what a sanitizer adds for a way past what is set.
SANITIZERS = "-fsanitize=address,undefined", "-fno-sanitize-recover=undefined", "-Wno-maybe-uninitialized"


@long
@pytest.mark.parametrize("flags", [("-O2",), ("-O1", *SANITIZERS)] if CHOSEN != "short" else [("-O1", *SANITIZERS)])
def test_columns_where_allocations_fail(tmp_path, flags):
    try:
        told = run("test_columns", tmp_path, amount(1, 4, 200), more=build.COLUMNS, flags=flags)
    except RuntimeError as error:
        if flags[1:] and "cannot find" in str(error):
            pytest.skip("this compiler has no sanitizers")
        raise
    assert "allocations failed" in told
