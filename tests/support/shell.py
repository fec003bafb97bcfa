"""What the tests of the command line share: how it is started."""

import os
import subprocess
import sys
from pathlib import Path

import cyjson

SOURCE = str(Path(cyjson.__file__).parents[1])
QUIET = {
    "PYTHONPATH": SOURCE,
    "PYTHONIOENCODING": "utf-8",
    "PYTHONUNBUFFERED": "",
    "NO_COLOR": "1",
    "COLUMNS": "80",
}


def run(module, arguments, text, cwd, **environment):
    data = text.encode() if isinstance(text, str) else text
    ran = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        input=data,
        capture_output=True,
        cwd=cwd,
        env={**os.environ, **QUIET, **environment},
    )
    return ran.returncode, ran.stdout, ran.stderr.replace(b"cyjson.tool", b"json.tool")
