"""A program in an interpreter of its own."""

import os
import subprocess
import sys


def run(program, *args):
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.run(
        [sys.executable, "-c", program, *args], env=environment, capture_output=True, text=True, timeout=120
    )
