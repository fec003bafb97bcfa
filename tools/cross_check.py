"""Compile the C for systems that aren't here, with zig's clang, without a warning.

    python tools/cross_check.py GENERATED [--llvm19 PYTHON] [--only WORD...] [--kernels]

GENERATED is the C file that Cython makes. For macOS (arm64, x86-64) all is compiled and linked, for Windows (x86-64,
arm64) compiled: nothing here runs it. Headers are the running interpreter's; for Windows with a pyconfig.h of a few
lines, as CPython's own is not on this system.

--llvm19 names an interpreter that has an older zig: the largest level is compiled by it, with a time limit, for LLVM 19
once didn't come to an end. Then a program of it prints the level, which must be the one that this processor has: zig's
runtime answers no to whatever is asked of it by __builtin_cpu_supports.

Then everything is looked at once more as clang-cl sees it, which wheels for Windows are compiled by and which isn't GNU
C: here without its macro.

--kernels builds the tests of the kernels for aarch64 and runs them under qemu-user, where there is one.
"""

import argparse
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

TOP = Path(__file__).resolve().parents[1]
CSRC = TOP / "csrc"
sys.path[:0] = [str(TOP / "tests"), str(TOP / "tests" / "kernels")]

from matrix import Unavailable  # noqa: E402
from wheels import emulator, zig  # noqa: E402

TARGETS = {
    "macos-arm64": "aarch64-macos.11.0",
    "macos-x86_64": "x86_64-macos.10.13",
    "windows-x86_64": "x86_64-windows-gnu",
    "windows-arm64": "aarch64-windows-gnu",
}
KERNELS = TOP / "tests" / "kernels"
LIMIT = "300"  # seconds; what it guards against is a compiler that never ends
FLAGS = "-std=c11 -O0 -DNDEBUG -g0 -Wall -Wextra -Werror -fvisibility=hidden".split()
CYTHON = ["-DCYTHON_USE_MODULE_STATE=1", "-DCYTHON_USE_TYPE_SPECS=1"]
# Cython's own code, not ours to change.
GENERATED = ["-Wno-unused-parameter", "-Wno-missing-field-initializers", "-Wno-unused-function"]
# What PC/pyconfig.h of CPython says of a 64-bit Windows, as far as its headers and we ask.
WINDOWS = """
#define MS_WINDOWS 1
#define MS_WIN32 1
#define MS_WIN64 1
#define NT_THREADS 1
#define WITH_THREAD 1
#define HAVE_STDARG_PROTOTYPES 1
#define HAVE_STDDEF_H 1
#define HAVE_SYS_TYPES_H 1
#define HAVE_SYS_STAT_H 1
#define HAVE_ERRNO_H 1
#define HAVE_WCHAR_H 1
#define SIZEOF_SHORT 2
#define SIZEOF_INT 4
#define SIZEOF_LONG 4
#define SIZEOF_LONG_LONG 8
#define SIZEOF_DOUBLE 8
#define SIZEOF_FLOAT 4
#define SIZEOF_VOID_P 8
#define SIZEOF_SIZE_T 8
#define SIZEOF_TIME_T 8
#define SIZEOF_WCHAR_T 2
#define SIZEOF_PID_T 4
#define ALIGNOF_SIZE_T 8
#define ALIGNOF_LONG 4
#define HAVE_PY_SSIZE_T 1
typedef long long Py_ssize_t;
#define PY_SSIZE_T_MAX 0x7fffffffffffffffLL
#define PY_FORMAT_SIZE_T "ll"
#define Py_ENABLE_SHARED 1
#define WITH_DOC_STRINGS 1
#define COMPILER "[clang]"
"""


def run(command, **options):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)
    if done.returncode:
        raise SystemExit(f"{' '.join(map(str, command))}\n{done.stdout[-6000:]}")
    return done.stdout


def compile_for(name, generated, scratch):
    """Compile and link for a system: the seconds taken."""
    started = time.monotonic()
    windows = name.startswith("windows")
    headers = [f"-I{scratch / 'windows' if windows else sysconfig.get_path('include')}", f"-I{CSRC}"]
    sources = [generated, *sorted(CSRC.rglob("*.c"))]
    objects = []
    for source in sources:
        objects.append(scratch / f"{name}-{source.parent.name}-{source.stem}.o")
        own = GENERATED if source == generated else []
        run(zig("cc", "-target", TARGETS[name], *FLAGS, *CYTHON, *own, *headers, "-c", source, "-o", objects[-1]))
    if not windows:
        link = ["-shared", *objects, "-Wl,-undefined,dynamic_lookup", "-o", scratch / f"_native-{name}"]
        run(zig("cc", "-target", TARGETS[name], *link))
    return time.monotonic() - started


def without_gnu(scratch):
    """Check that all of it compiles by clang where nothing says that it knows GNU C: the seconds taken."""
    if shutil.which("clang") is None:
        raise Unavailable("no clang")
    started = time.monotonic()
    headers = scratch / "not_gnu.h"
    headers.write_text(
        "#define PY_SSIZE_T_CLEAN\n#include <Python.h>\n#include <immintrin.h>\n#include <string.h>\n#undef __GNUC__\n"
    )
    flags = ["-std=c11", "-fsyntax-only", "-include", headers, f"-I{sysconfig.get_path('include')}", f"-I{CSRC}"]
    for source in sorted(CSRC.rglob("*.c")):
        run(["clang", *flags, source])
    return time.monotonic() - started


def llvm19(python, scratch):
    """Compile the kernels of every level with it, and compare the level with what the system lists."""
    from support.processor import best_listed

    started = time.monotonic()
    compiler = [python, "-m", "ziglang", "cc"]
    program = scratch / "level.c"
    program.write_text(
        '#include <stdio.h>\n#include "base/cpu.h"\nint main(void) { puts(cpu_level_name(cpu_best())); return 0; }\n'
    )
    for command in [*compiler, "-O2"], [*zig("cc"), "-O2"]:
        output = scratch / "level"
        run([*command, "-std=c11", f"-I{CSRC}", program, *(CSRC / "base").glob("*.c"), "-o", output])
        level, listed = run([output]).strip(), best_listed()
        if listed and level != listed:
            raise SystemExit(f"{' '.join(command)}: the level is {level}, but this processor's is {listed}")
        print(f"cross-check: built by {run([*command, '--version']).splitlines()[0].partition(' (')[0]}: {level}")
    flags = ["-O2", "-std=c11", "-Wall", "-Wextra", "-Werror", "-DLEVEL_AVX512", f"-I{CSRC}", f"-I{KERNELS}"]
    run(["timeout", LIMIT, *compiler, *flags, "-c", KERNELS / "kernels.c", "-o", scratch / "kernels.o"])
    return time.monotonic() - started


def kernels_on_aarch64(scratch):
    """Build the tests of the kernels for aarch64 and run them: text that ends where readable memory does, NEON against
    the plainest way."""
    from unittest import mock

    import build

    started = time.monotonic()
    qemu = emulator("aarch64")
    # Of the cases of text, of which a processor has some millions in seconds, every seventh.
    given = {"test_text": ["300", "1", "7"], "test_numbers": ["20000"], "test_skip": ["300"]}
    with mock.patch.object(build.platform, "machine", return_value="aarch64"):
        target = zig("cc", "-target", "aarch64-linux-musl", "-static")
        programs = [build.HERE / f"{name}.c" for name in given]
        made = build.build(programs, scratch, target, ("-O2", "-fno-sanitize=all"))
    for program in made:
        print("cross-check: aarch64:", run([*qemu, program, *given[program.name]]).strip().splitlines()[-1])
    return time.monotonic() - started


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("generated", type=Path)
    parser.add_argument("--llvm19")
    parser.add_argument("--kernels", action="store_true")
    parser.add_argument("--only", nargs="+", choices=TARGETS, default=list(TARGETS))
    arguments = parser.parse_args()
    os.environ.setdefault("ZIG_GLOBAL_CACHE_DIR", str(Path(tempfile.gettempdir(), "cyjson-zig")))
    with tempfile.TemporaryDirectory() as scratch:
        scratch = Path(scratch)
        # A copy: Python.h includes the pyconfig.h beside it.
        shutil.copytree(sysconfig.get_path("include"), scratch / "windows")
        (scratch / "windows" / "pyconfig.h").write_text(WINDOWS)
        if arguments.llvm19:
            print(f"cross-check: LLVM 19 in {llvm19(arguments.llvm19, scratch):.0f} s", flush=True)
        if arguments.kernels:
            try:
                print(f"cross-check: kernels on aarch64 in {kernels_on_aarch64(scratch):.0f} s", flush=True)
            except Unavailable as exc:
                print(f"cross-check: kernels on aarch64 not run: {exc}")
        try:
            print(f"cross-check: without GNU C in {without_gnu(scratch):.0f} s", flush=True)
        except Unavailable as exc:
            print(f"cross-check: without GNU C not run: {exc}")
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            taken = pool.map(lambda name: compile_for(name, arguments.generated, scratch), arguments.only)
            for name, seconds in zip(arguments.only, taken, strict=True):
                print(f"cross-check: {name}: no warning, in {seconds:.0f} s", flush=True)


if __name__ == "__main__":
    main()
