"""Build a C program of these tests with the kernels of every instruction set: build(program, output, ...)."""

import functools
import os
import platform
import shlex
import shutil
import subprocess
from pathlib import Path

HERE = Path(__file__).resolve().parent
CSRC = HERE.parents[1] / "csrc"
COMMON = sorted(str(path.relative_to(CSRC)) for room in ("base", "kernels") for path in (CSRC / room).rglob("*.c"))
COMMON += sorted(f"levels/{path.name}" for path in (CSRC / "levels").glob("skip_*.c"))
COLUMNS = ["columns/values.c", *(f"levels/{path.name}" for path in sorted((CSRC / "levels").glob("columns_*.c")))]
LEVELS = {"base": [], "avx2": ["-DLEVEL_AVX2"], "avx512": ["-DLEVEL_AVX512"]}


@functools.cache
def compiler():
    """The command of the C compiler, CC or cc; None where there is none, or the sources aren't beside the tests."""
    command = shlex.split(os.environ.get("CC") or "cc")
    there = all((CSRC / name).exists() for name in ["base/cpu.c", "kernels/escape.inc.h"])
    return command if shutil.which(command[0]) and there else None


def run(command, environment=None):
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    if done.returncode:
        raise RuntimeError(f"{shlex.join(command)}\n{done.stdout}{done.stderr}")


def build(program, output, command=None, flags=("-O2",), environment=None, more=()):
    """Compile the C file ``program``, and ``more`` files of csrc/, to ``output``, whose name, with suffixes, the
    objects get. Or RuntimeError."""
    output = Path(output)
    start = [*(command or compiler()), "-std=c11", "-g", "-Wall", "-Wextra", "-Werror", "-DCYJSON_DEBUG", *flags]
    start += [f"-I{CSRC}", f"-I{HERE}"]
    x86 = platform.machine().lower() in ("x86_64", "amd64")
    objects = []
    for name in LEVELS if x86 else ["base"]:
        objects.append(f"{output}-{name}.o")
        run([*start, *LEVELS[name], "-c", str(HERE / "kernels.c"), "-o", objects[-1]], environment)
    sources = [str(program), *objects, *(str(CSRC / name) for name in (*COMMON, *more))]
    run([*start, *sources, "-o", str(output), "-lm"], environment)
