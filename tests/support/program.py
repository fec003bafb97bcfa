"""A program in an interpreter of its own."""

import os
import subprocess
import sys

import pytest

forks_threads = pytest.mark.skipif(
    not hasattr(os, "fork") or "CYJSON_SANITIZED" in os.environ,
    reason="no fork; or a sanitizer's allocator, whose locks other threads hold for ever in a fork's child",
)


def run(program, *args):
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.run(
        [sys.executable, "-c", program, *args], env=environment, capture_output=True, text=True, timeout=120
    )
