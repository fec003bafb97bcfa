"""Subinterpreters, each with a GIL of its own from 3.12 on: many at once."""

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
from support.amount import amount, long

import cyjson

PROGRAM = Path(__file__).parent / "programs" / "interpreters.py"
ROUNDS = amount(6, 10, 200)

FREE = bool(sysconfig.get_config_var("Py_GIL_DISABLED"))

has_subinterpreters = pytest.mark.skipif(
    sys.version_info < (3, 12) or sys.implementation.name != "cpython", reason="before 3.12 interpreters share one GIL"
)


def left_behind(module, threads, rounds):
    """Bytes that each interpreter leaves, once the first have filled what is filled once."""
    environment = {**os.environ, "PYTHONPATH": str(Path(cyjson.__file__).parents[1])}
    if not FREE:  # those builds have one allocator
        environment["PYTHONMALLOC"] = "malloc"
    command = [sys.executable, str(PROGRAM), module, str(threads), str(rounds)]
    ran = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=1800)
    assert ran.returncode == 0, f"ended with {ran.returncode}\n{ran.stdout}{ran.stderr[-3000:]}"
    return int(ran.stdout)


@long
@has_subinterpreters
@pytest.mark.skipif("CYJSON_SANITIZED" in os.environ, reason="memory that is freed stays taken there")
@pytest.mark.parametrize("threads", [1, 4])
def test_created_and_destroyed(threads):
    """No crash, and no more left behind than what the interpreter leaves itself: its own strings and modules stay."""
    if FREE:  # 3.13t leaves 7 to 9 MB, now more and now less: nothing of ours would show
        left_behind("cyjson", threads, ROUNDS)
        return
    with_json = left_behind("json", threads, ROUNDS)
    found = []
    while len(found) < 4:  # what is lost is lost each time; what threads' arenas keep is less the more come after it
        found.append(left_behind("cyjson", threads, ROUNDS << len(found)) - with_json)
        if found[-1] < 200_000:
            break
    assert min(found) < 200_000
