"""Where a run took place: the processor, system, interpreter and build that its figures belong to."""

from __future__ import annotations

import os
import platform
import re
import subprocess
import sys
import sysconfig
from datetime import datetime, timezone
from importlib import import_module
from pathlib import Path

import cyjson


def processor() -> str:
    """The processor's model, or failing that its architecture."""
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    if sys.platform == "darwin":
        command = ["sysctl", "-n", "machdep.cpu.brand_string"]
        asked = subprocess.run(command, capture_output=True, text=True, check=False)
        if asked.stdout:
            return asked.stdout.strip()
    return platform.processor() or platform.machine()


def compiler() -> str | None:
    """The compiler that built the extension, from the note that gcc and clang leave in an ELF file, or None."""
    if cyjson.backend != "c":
        return None
    data = Path(str(import_module("cyjson._native").__file__)).read_bytes()
    # clang first: its libraries start with objects that gcc compiled.
    for name, pattern in (("clang", rb"clang version ([\d.]+)"), ("gcc", rb"GCC: \([^)]*\) ([\d.]+)")):
        if found := re.search(pattern, data):
            return f"{name} {found[1].decode()}"
    return None


def describe() -> dict[str, str]:
    """What to print above a table and to keep with its figures."""
    threading = ", free-threaded" if sysconfig.get_config_var("Py_GIL_DISABLED") else ""
    backend = {"c": "native", "python": "the pure-Python fallback"}[cyjson.backend]
    built = compiler()
    return {
        "cyjson": f"{cyjson.__version__}, backend {cyjson.backend!r} ({backend})",
        "extension": f"built by {built}" if built else "none",
        "python": f"{platform.python_implementation()} {platform.python_version()}{threading}"
        f", built by {platform.python_compiler()}",
        "processor": f"{processor()}, {os.cpu_count()} logical cores",
        "system": " ".join(filter(None, (platform.system(), platform.release().split("-")[0], *platform.libc_ver()))),
        "date": datetime.now(timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
    }
