"""Run tests on an extension that takes the running interpreter for an unknown version of CPython.

    python tools/unknown_python.py SOURCES [pytest arguments]

SOURCES is an unpacked sdist: the extension is built there with CYJSON_UNKNOWN_PYTHON defined (csrc/python/compat.h), so
that nothing is made by hand and objects are read by public functions only, as on the first CPython after those that
are known.
"""

import os
import subprocess
import sys
from pathlib import Path

from sanitize import install

# What the values are that come out, and what goes in; numbers and texts of every kind; documents in pieces.
TESTS = [f"tests/test_{name}.py" for name in ("surface", "differential", "blocks", "numbers", "mutation")]


def main(sources, *pytest_arguments):
    sources = Path(sources).resolve()
    site = sources / "unknown"
    flags = f"-O1 -DCYJSON_UNKNOWN_PYTHON {os.environ.get('CFLAGS', '')}"
    install(site, "--no-deps", str(sources), environment={**os.environ, "CFLAGS": flags, "CYJSON_REQUIRE_NATIVE": "1"})
    environment = {**os.environ, "PYTHONPATH": str(site), "CYJSON_PURE": "0", "CYJSON_EXPECT_BACKEND": "c"}
    tests = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *TESTS, *pytest_arguments]
    return subprocess.run(tests, env=environment, cwd=sources).returncode


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
