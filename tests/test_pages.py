"""No byte is read beyond the end of what is given, through the module as in the kernels (test_kernels.py)."""

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
from support.compare import native_only
from support.cpu import levels

import cyjson

PROGRAM = Path(__file__).parent / "programs" / "pages.py"

pytestmark = [
    native_only,
    pytest.mark.skipif(not hasattr(os, "fork"), reason="needs mprotect"),
    pytest.mark.skipif(bool(sysconfig.get_config_var("Py_GIL_DISABLED")), reason="objects have another header there"),
    pytest.mark.skipif("CYJSON_SANITIZED" in os.environ, reason="objects are put where no allocator would put them"),
]


def run(level, *arguments):
    environment = {**os.environ, "PYTHONPATH": str(Path(cyjson.__file__).parents[1]), "CYJSON_CPU": level}
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, env=environment)


@pytest.mark.parametrize("level", levels())
def test_at_the_end_of_a_page(level):
    ran = run(level, str(PROGRAM))
    assert ran.returncode == 0, f"ended with {ran.returncode}\n{ran.stdout[-2000:]}{ran.stderr[-2000:]}"
    assert ran.stdout.endswith(f"level {level}\n")


def test_the_page_behind_is_guarded():
    """A read of one byte more does end the process."""
    program = (
        f"import sys; sys.path.insert(0, {str(PROGRAM.parent)!r}); import ctypes, pages\n"
        "guarded = pages.Guarded(); copy = guarded.put(b'some bytes')\n"
        "print(ctypes.string_at(guarded.start + pages.ROOM - 1, 1), flush=True)\n"
        "ctypes.string_at(guarded.start + pages.ROOM, 1)\n"
    )
    ran = run("", "-c", program)
    assert ran.stdout == "b'\\x00'\n"
    assert ran.returncode < 0
