"""Builds the C extension; everything that is static stands in pyproject.toml.

A build says how far it is in lines that begin with "cyjson: "; pip shows them with -v.

In the environment:
    CFLAGS                    flags to add to the compiler's; without a -O among them, -O3 is added, without a -g, -g0,
                              and on Linux -fstack-protector-strong and -D_FORTIFY_SOURCE=2 where they say nothing of
                              those
    CYJSON_PROFILE=make:DIR   have gcc write a profile of the encoder into DIR; use:DIR: compile by it (make pgo)
    CC=clang-cl               on Windows: compile with it rather than with MSVC, which has the baseline's code only
    SOURCE_DATE_EPOCH         the time, in seconds, that every file of the sdist gets
    CYJSON_REQUIRE_NATIVE=1   fail where the extension can't be built, rather than install the fallback
"""

import gzip
import os
import shutil
import sys
import sysconfig
import tarfile
import tempfile
from concurrent.futures import ThreadPoolExecutor
from glob import glob
from itertools import count
from pathlib import Path

import setuptools
from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext
from setuptools.command.build_py import build_py
from setuptools.command.sdist import sdist
from setuptools.errors import BaseError, CCompilerError, CompileError, PlatformError

native = Extension(
    "cyjson._native",
    sources=["src/cyjson/_native.pyx", *sorted(glob("csrc/**/*.c", recursive=True))],
    depends=sorted([*glob("csrc/**/*.h", recursive=True), *glob("src/cyjson/*.pxi")]),
    include_dirs=["csrc"],
    # With both, no C static of Cython's holds a Python object: each subinterpreter can have a module of its own.
    define_macros=[("CYTHON_USE_MODULE_STATE", "1"), ("CYTHON_USE_TYPE_SPECS", "1")],
)


def tell(line):
    """Print a line to the build's log, and, since pip hides that, to the terminal where there is one."""
    print(line, file=sys.stderr)
    try:
        with open("CON" if os.name == "nt" else "/dev/tty", "w") as terminal:
            print("\n" + line, file=terminal)
    except OSError:
        pass


MEMORY_OF_A_COMPILER = 1 << 30  # bytes that one may take, at most
WHAT_TO_INSTALL = (
    "Debian, Ubuntu: apt install gcc python3-dev; Fedora: dnf install gcc python3-devel; Alpine: apk add build-base "
    "python3-dev; macOS: xcode-select --install; Windows: the C++ build tools of Visual Studio"
)


def control_groups(root="/sys/fs/cgroup", groups="/proc/self/cgroup"):
    """The folders of the control groups (Linux) that this process is in, the closest first."""
    found = []
    for line in read(groups).splitlines():
        _, controllers, path = line.split(":", 2)
        top = Path(root, *controllers.split(",")[:1])
        here = top / path.strip("/")
        found += [folder for folder in (here, *here.parents) if folder == top or top in folder.parents]
    return [folder for folder in found if folder.is_dir()]


def read(path):
    try:
        return Path(path).read_text()
    except OSError:
        return ""


def number(text):
    return int(text) if text.strip().lstrip("-").isdigit() else None


def processors(groups):
    """How many this process may use: by its affinity and its control groups' quotas."""
    found = [len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1]
    for folder in groups:
        old = (read(folder / "cpu.cfs_quota_us") + " " + read(folder / "cpu.cfs_period_us")).split()
        quota, period = map(number, [*(read(folder / "cpu.max").split() or old), "", ""][:2])
        if quota and period and quota > 0:
            found.append(quota // period)
    return max(1, min(found))


def memory(groups, meminfo="/proc/meminfo"):
    """How many bytes this process can get, or None where that can't be found out."""
    found = []
    for line in read(meminfo).splitlines():
        if line.startswith("MemAvailable:"):
            found.append(int(line.split()[1]) * 1024)
    for folder in groups:
        for limit, used in (("memory.max", "memory.current"), ("memory.limit_in_bytes", "memory.usage_in_bytes")):
            most, taken = number(read(folder / limit)), number(read(folder / used))
            if most is not None and taken is not None:
                found.append(max(0, most - taken))
    return min(found, default=None)


def compilers_at_once():
    """As many as there are processors and memory for."""
    groups = control_groups()
    most, room = processors(groups), memory(groups)
    return most if room is None else max(1, min(most, room // MEMORY_OF_A_COMPILER))


def remove_stale(folder, keep=()):
    """Remove the files of earlier builds: what they hold may be no module of this package any more."""
    for path in Path(folder).rglob("*"):
        if path.is_file() and path.name not in keep:
            path.unlink()


# What gains by a profile. The decoder loses by one.
PROFILED = ("csrc/encode/", "csrc/levels/encode_", "csrc/python/output.c")


def profile_flags(source=""):
    """gcc's flags to write or use a profile, for a source or, without one, for the linker."""
    how, _, folder = os.environ.get("CYJSON_PROFILE", "").partition(":")
    if how not in ("", "make", "use") or how and not folder:
        raise PlatformError(f"CYJSON_PROFILE is make:DIR or use:DIR, not {os.environ['CYJSON_PROFILE']!r}")
    if not how or source and not Path(source).as_posix().startswith(PROFILED):
        return []
    if how == "make":
        return [f"-fprofile-generate={folder}", "-fprofile-update=atomic"]
    # Partial training: what the profile says nothing of, such as a level that wasn't to be had, is compiled as always.
    use = [f"-fprofile-use={folder}", "-fprofile-partial-training", "-Wno-missing-profile"]
    return use if source else []


# Cython's file calls what isn't its own for every line and block: small, it is as fast. So are files that run once for
# a process, a class or a batch, or where something fails.
SMALL = ["-Os", "-fno-inline-functions", "-falign-functions=1"]
SELDOM_RUN = (
    "csrc/columns/batches.c",
    "csrc/decode/typed.c",
    "csrc/encode/claims.c",
    "csrc/encode/errors.c",
    "csrc/encode/orjson.c",
    "csrc/encode/separators.c",
    "csrc/module/arrow.c",
    "csrc/module/module.c",
    "csrc/module/plans_type.c",
)
# Vectors are written by hand in csrc/levels/. What compilers make of the loops for the few characters left over is a
# fifth of the decoder's code, and no faster. The encoder's floats take 5 % more instructions without it (gcc 12).
PLAIN_LOOPS = ["-fno-tree-vectorize", "-fno-tree-slp-vectorize", "-fno-unroll-loops"]
# These have loops that count or compare many of a kind.
WITH_VECTORS = ("csrc/levels/encode_", "csrc/encode/path.c", "csrc/kernels/tokens.c", "csrc/module/orjson.c")


def size_flags(source):
    """Flags of gcc and clang that keep a source's code small; none where CFLAGS say how much to optimise."""
    if "-O" in os.environ.get("CFLAGS", ""):
        return []
    source = Path(source).as_posix()
    if source.endswith("/_native.c") or source in SELDOM_RUN:
        return SMALL
    return [] if source.startswith(WITH_VECTORS) else PLAIN_LOOPS


def use_clang_cl(compiler):
    """Have setuptools' compiler for Windows, which asks nothing of CC, call clang-cl where CC names it."""
    command = os.environ.get("CC", "")
    if Path(command).stem == "clang-cl":
        compiler.initialize()  # or it would look for cl.exe later
        compiler.cc = shutil.which(command) or command


class SourceArchive(sdist):
    """The sdist; with SOURCE_DATE_EPOCH the same to the byte each time, which setuptools' own isn't."""

    def make_archive(self, *args, **kwargs):
        path, epoch = super().make_archive(*args, **kwargs), os.environ.get("SOURCE_DATE_EPOCH")
        if epoch and path.endswith(".tar.gz"):
            with tarfile.open(path) as archive:
                members = sorted(archive.getmembers(), key=lambda member: member.name)
                files = [(member, archive.extractfile(member)) for member in members]
                with gzip.GzipFile(path + ".new", "wb", mtime=int(epoch)) as packed:
                    with tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as again:
                        for member, file in files:
                            member.mtime, member.uid, member.gid = int(epoch), 0, 0
                            member.uname = member.gname = ""
                            member.pax_headers = {}
                            again.addfile(member, file)
            os.replace(path + ".new", path)
        return path


class BuildModules(build_py):
    """Copy the modules, and nothing that an earlier build left."""

    def run(self):
        extension = self.get_finalized_command("build_ext").get_ext_filename(native.name)
        remove_stale(Path(self.build_lib, "cyjson"), keep={Path(extension).name})
        super().run()


class BuildExtension(build_ext):
    """Build the extension; where that can't be done, say so and go on without it."""

    def run(self):
        self.cython_c_in_temp = True  # keeps the generated C out of src/
        try:
            if sys.implementation.name != "cpython" or sys.platform == "emscripten" or "PYODIDE" in os.environ:
                raise PlatformError("not on this kind of Python")
            super().run()
        except (BaseError, CCompilerError) as error:
            why = " ".join(str(error).split())
            if os.environ.get("CYJSON_REQUIRE_NATIVE", "0") not in ("", "0"):
                raise PlatformError(f"cyjson: the C extension can't be built here ({why})") from None
            tell(f"cyjson: the C extension can't be built here, installing the pure-Python fallback ({why})")
            for left in Path(self.build_lib, "cyjson").glob("_native.*"):
                left.unlink()  # by an earlier build
            self.extensions = self.distribution.ext_modules = []
            if wheel := self.distribution.get_command_obj("bdist_wheel", create=False):
                wheel.root_is_pure = True  # so it is named py3-none-any

    def check_tools(self):
        """Compile next to nothing first: what is missing shows in one line."""
        with tempfile.TemporaryDirectory() as scratch:
            source = Path(scratch, "headers.c")
            source.write_text("#include <Python.h>\n")
            try:
                self.compiler.compile([str(source)], output_dir=scratch, include_dirs=self.include_dirs)
            except CompileError as error:
                command = getattr(self.compiler, "compiler_so", None) or ["cc"]
                if shutil.which(command[0]) is None:
                    raise PlatformError(f"no C compiler: {command[0]} isn't there. {WHAT_TO_INSTALL}") from error
                if not Path(sysconfig.get_path("include"), "Python.h").exists():
                    raise PlatformError(f"Python.h, of Python's headers, is missing. {WHAT_TO_INSTALL}") from error
                raise PlatformError(f"what includes Python.h doesn't compile: {error}. {WHAT_TO_INSTALL}") from error

    def build_extension(self, ext):
        msvc = self.compiler.compiler_type == "msvc"
        level = [] if "-O" in os.environ.get("CFLAGS", "") else ["-O3"]
        # Python's own flags ask for debug information, which is ten times as large as the code.
        level += [] if "-g" in os.environ.get("CFLAGS", "") else ["-g0"]
        # A call of some 70 ns took up to 20 more where functions began anywhere.
        level += [] if "-falign-functions" in os.environ.get("CFLAGS", "") else ["-falign-functions=64"]
        flags = ["-std=c11", "-fvisibility=hidden", *level]
        ext.extra_compile_args = ["/O2", "/std:c11"] if msvc else flags
        if sys.platform == "linux":
            # What is written past an array's end is found out before it is used; addresses of functions can't be
            # overwritten once the library is loaded.
            if "stack-protector" not in os.environ.get("CFLAGS", ""):
                ext.extra_compile_args += ["-fstack-protector-strong"]
            if "_FORTIFY_SOURCE" not in os.environ.get("CFLAGS", ""):
                ext.extra_compile_args += ["-U_FORTIFY_SOURCE", "-D_FORTIFY_SOURCE=2"]
            ext.extra_link_args = ["-Wl,-z,relro,-z,now"]
            # All addresses are bound when the library is loaded, so the interpreter's functions need no stubs.
            ext.extra_compile_args += ["-fno-plt"]
        ext.extra_link_args = [*ext.extra_link_args, *profile_flags()]
        if msvc:
            use_clang_cl(self.compiler)
        self.check_tools()
        compile_all, done = self.compiler.compile, count(1)
        jobs = compilers_at_once()
        with ThreadPoolExecutor(jobs) as pool:  # setuptools starts one after another

            def compile_at_once(sources, *args, extra_postargs=(), **kwargs):
                def compile_one(source):
                    flags = [*extra_postargs, *([] if msvc else size_flags(source)), *profile_flags(source)]
                    objects = compile_all([source], *args, extra_postargs=flags, **kwargs)
                    print(f"cyjson: compiled {next(done)} of {len(sources)}: {Path(source).name}", flush=True)
                    return objects

                print(f"cyjson: {len(sources)} files to compile, {jobs} at a time", flush=True)
                return sum(pool.map(compile_one, sources), [])

            self.compiler.compile = compile_at_once
            super().build_extension(ext)


# The license stands here because its spelling in pyproject.toml changed in setuptools 77: neither form works in both.
license_field = "license_expression" if int(setuptools.__version__.partition(".")[0]) >= 77 else "license"
setup(
    **{license_field: "MIT"},
    ext_modules=[native],
    cmdclass={"build_ext": BuildExtension, "build_py": BuildModules, "sdist": SourceArchive},
)
