"""The instruction sets that this build runs on this machine."""

import os
import pathlib
import subprocess
import sys

import cyjson


def run(*arguments, **environment):
    """Start an interpreter with these arguments and this added to the environment."""
    root = pathlib.Path(__file__).parents[2]
    command = [sys.executable, *arguments]
    return subprocess.run(command, env={**os.environ, **environment}, cwd=root, capture_output=True, text=True)


def levels():
    """Their names, the best last, as the message for an unknown one gives them; none of the fallback."""
    if cyjson.backend != "c":
        return []
    message = run("-c", "import cyjson", CYJSON_CPU="mmx").stderr
    return message.strip().rpartition(" runs ")[2].split(", ")
