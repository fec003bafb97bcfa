"""Run the tests, and count references, on a debug interpreter: one built with Py_DEBUG, whose assertions end a process.

    python tools/debug.py SOURCES [pytest arguments]

SOURCES is an unpacked sdist: the extension is built there, with the assertions of what it has of the interpreter's and
of Cython's. PYTHON_DEBUG names the interpreter; without it Debian's python3.X-dbg is looked for (packages
python3.11-dbg and libpython3.11-dev). Where there is none it says so, and fails nothing.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from sanitize import TOOLS, install

NEEDED = ["pytest>=8", "pytest-xdist>=3.5", "hypothesis>=6.100"]

NOT_RUN = [
    "--ignore=tests/test_hardening.py",  # this build isn't meant for anybody
    "--ignore=tests/test_kernels.py",  # these run no interpreter
    # A debug interpreter fills the blocks, and every str, that it allocates; this counts what is touched.
    "--deselect=tests/test_memory.py::test_encoding_takes_the_output_and_little_beside",
]


CHECK = """
import os, sys, sysconfig
sys.gettotalrefcount()
os.stat(os.path.join(sysconfig.get_path("include"), "Python.h"))
"""


def is_debug(interpreter):
    """Whether this is one, and extensions can be built for it."""
    return subprocess.run([interpreter, "-c", CHECK], stderr=subprocess.DEVNULL).returncode == 0


def find():
    """The debug interpreter, or None; of several one of this version, then the newest."""
    if given := os.environ.get("PYTHON_DEBUG"):
        if shutil.which(given) is None or not is_debug(given):
            sys.exit(f"debug: PYTHON_DEBUG={given} is no debug interpreter with headers")
        return shutil.which(given)
    minors = sorted(range(10, 16), key=lambda minor: (minor != sys.version_info.minor, -minor))
    found = [shutil.which(f"python3.{minor}-dbg") for minor in minors]
    return next((each for each in found if each and is_debug(each)), None)


def build(interpreter, sources, site):
    # Optimised a little: much less stack and time than without, and all assertions are in.
    environment = {**os.environ, "CFLAGS": "-g -O1 -UNDEBUG -DCYJSON_DEBUG", "CYJSON_REQUIRE_NATIVE": "1"}
    environment["PYTHONWARNINGS"] = "ignore"  # pip's own, which a debug interpreter shows
    install(site, *NEEDED, str(sources), interpreter=interpreter, environment=environment)


def main(sources, *pytest_arguments):
    interpreter = find()
    if interpreter is None:
        print("debug: not available here: no PYTHON_DEBUG, and no python3.X-dbg with headers in PATH")
        return 0
    sources = Path(sources).resolve()
    site = sources / "debug"
    build(interpreter, sources, site)
    environment = {**os.environ, "PYTHONPATH": str(site), "CYJSON_PURE": "0", "CYJSON_EXPECT_BACKEND": "c"}
    references = [interpreter, "-W", "ignore", str(TOOLS / "leaks.py"), str(sources / "tests"), "--totals"]
    counted = subprocess.run(references, env=environment, cwd=sources).returncode
    tests = [interpreter, "-m", "pytest", "-q", "-p", "no:cacheprovider", *NOT_RUN, *pytest_arguments]
    tested = subprocess.run(tests, env=environment, cwd=sources).returncode
    return 1 if counted or tested else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
