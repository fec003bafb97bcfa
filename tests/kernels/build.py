"""Build C programs of these tests with the kernels of every instruction set: build(programs, folder, ...)."""

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


def build(programs, folder, command=None, flags=("-O2",), environment=None, more=()):
    """Compile each of these C files to a program in a folder, with the kernels and ``more`` files of csrc/, which are
    compiled once: a list of the programs. Or RuntimeError."""
    start = [*(command or compiler()), "-std=c11", "-g", "-Wall", "-Wextra", "-Werror", "-DCYJSON_DEBUG", *flags]
    start += [f"-I{CSRC}", f"-I{HERE}"]
    x86 = platform.machine().lower() in ("x86_64", "amd64")
    levels = LEVELS if x86 else ["base"]
    compiled = [(HERE / "kernels.c", f"kernels-{name}.o", LEVELS[name]) for name in levels]
    compiled += [(CSRC / name, f"{name.replace('/', '-')}.o", []) for name in (*COMMON, *more)]
    objects = []
    for source, name, own in compiled:
        objects.append(str(Path(folder, name)))
        run([*start, *own, "-c", str(source), "-o", objects[-1]], environment)
    made = [Path(folder, Path(program).stem) for program in programs]
    for program, output in zip(programs, made, strict=True):
        run([*start, str(program), *objects, "-o", str(output), "-lm"], environment)
    return made
