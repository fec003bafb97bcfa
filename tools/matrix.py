"""Run the tests on every interpreter that this machine has or can get, and print the result of each.

    python tools/matrix.py SDIST [--only NAME...] [--without NAME...] [--quick]
    python tools/matrix.py --prepare [--only NAME...]   (only install the interpreters that aren't here)

3.10 to 3.13 are taken from pyenv or PATH. 3.14, 3.15 and PyPy come from Debian sid, in a folder that debootstrap makes
and chroot enters, and 3.13t, which Debian doesn't build, is compiled in it from Debian's source package. That needs
root, debootstrap and a Debian mirror: the one that apt uses here. The folder stays in $XDG_CACHE_HOME/cyjson-matrix
(~/.cache by default) for the next run; remove it to start afresh.

As many interpreters are tested at once as there are cores; of each that fails, the whole output is printed. Ends with a
line for each: passed, failed, or not available and why. Only a failure is an error.
"""

import argparse
import contextlib
import fcntl
import functools
import os
import re
import shutil
import subprocess
import sys
import tarfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "cyjson-matrix"
ROOT = CACHE / "sid"
CONFORMANCE = Path(__file__).resolve().parents[2] / "shared" / "conformance"
LOCAL = ["3.10", "3.11", "3.12", "3.13"]
FREE_THREADED = ["libssl-dev", "zlib1g-dev", "libffi-dev", "libbz2-dev", "xz-utils"]
# What each needs to be installed, and the name of its command.
IN_SID = {
    "3.14": (["python3.14", "python3.14-venv", "python3.14-dev", "libpython3.14-testsuite"], "python3.14"),
    "3.15": (["python3.15", "python3.15-venv", "python3.15-dev", "libpython3.15-testsuite"], "python3.15"),
    "3.13t": (FREE_THREADED, "/opt/python3.13t/bin/python3.13t"),
    "pypy": (["pypy3", "pypy3-venv", "pypy3-dev"], "pypy3"),
}
# As IN_SID, but not for the tests here: what tools/sanitize_threads.py runs.
FOR_TOOLS = {"3.13t-tsan": (FREE_THREADED, "/opt/python3.13t-tsan/bin/python3.13t")}
CONFIGURE = dict.fromkeys(("3.13t", "3.13t-tsan"), "--disable-gil --without-ensurepip")
CONFIGURE["3.13t-tsan"] += " --with-thread-sanitizer"
EVERYWHERE = ["gcc", "libc6-dev", "make", "ca-certificates"]
# Released Debian versions that have python3.13's source, one of which the mirror has.
SOURCE_SUITES = ["trixie", "forky", "sid"]
APT = ["apt-get", "-q", "-o", "Acquire::Check-Valid-Until=false", "-o", "Acquire::Languages=none"]
# What --quick runs: json's own tests, and those of whatever depends on an interpreter: objects that are made by hand
# and looked into, messages, threads. make test runs everything on one, and make matrix by itself on all.
# Those of mutation collect garbage hundreds of times: first, while there is little, which 3.13t looks at more slowly.
QUICK = ["mutation", "stdlib_suite", "surface", "methods", "encode_bytes", "errors", "exports", "names", "conformance"]
QUICK += ["hardening", "generators", "fuzz", "fallback", "interpreters", "orjson", "orjson_types"]
QUICK += ["decode_classes", "decode_codec", "decode_errors", "decode_inits", "decode_native", "decode_types"]
QUICK += ["decode_unions", "instances_classes", "instances_errors", "instances_hooks", "instances_keys"]
QUICK += ["instances_runs", "instances_threads", "instances_values", "lines", "lines_ranges", "pick"]
QUICK_NATIVE = [*QUICK, "alike", "collector", "iterencode", "separators"]
QUICK_FREE_THREADED = [*QUICK, "threads"]  # as compiled here it is slow: without those that take minutes there
# The fallback is the interpreter's own json: without what only tries that.
QUICK_FALLBACK = [each for each in QUICK if each not in {"conformance", "fuzz", "interpreters", "mutation"}]
FALLBACK_TOO = ["3.15"]  # the last


class Unavailable(Exception):
    pass


def run(command, why, **options):
    """Return its output, or raise Unavailable with the last line of it."""
    options |= {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True, "errors": "replace"}
    done = subprocess.run(command, **options)
    if done.returncode:
        output = [line for line in done.stdout.splitlines() if line.strip()]
        raise Unavailable(f"{why}: {output[-1].strip() if output else f'exit {done.returncode}'}")
    return done.stdout


def in_root(command, why=None, **options):
    """Run a command in the sid folder, in a mount namespace with /proc, terminals and the folders that pip's
    configuration names, which ends with it."""
    mounts = [f"mount -t proc proc {ROOT}/proc", f"mount --bind /dev/pts {ROOT}/dev/pts"]
    for folder in pip_folders():
        (ROOT / folder.relative_to("/")).mkdir(parents=True, exist_ok=True)
        mounts.append(f"mount --bind {folder} {ROOT}{folder}")
    script = " && ".join([*mounts, 'exec chroot "$0" "$@"'])
    whole = ["unshare", "--mount", "--propagation", "private", "sh", "-c", script, str(ROOT), *command]
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8", "HOME": "/root"}
    environment["PIP_PREFER_BINARY"] = "1"  # of a test tool, an older release that needs no compiler will do
    if why is None:
        return subprocess.run(whole, env=environment, **options)
    return run(whole, why, env=environment, **options)


def pip_settings():
    command = [sys.executable, "-m", "pip", "config", "list"]
    output = subprocess.run(command, capture_output=True, text=True).stdout
    return output + "\n".join(value for name, value in os.environ.items() if name.startswith("PIP_"))


def pip_folders():
    """Return the local folders where pip looks for packages."""
    paths = re.findall(r"(?:file://)?(/[^\s'\"=]+)", pip_settings())
    # An index has its files beside the folder named simple.
    given = [Path(each) for each in paths if os.path.isdir(each)]
    folders = {each.parent if each.name == "simple" else each for each in given}
    return sorted(each for each in folders if len(each.parts) > 2)


def mirror():
    """Return the address of the Debian archive that apt uses on this machine."""
    if shutil.which("apt-get"):
        output = subprocess.run(
            ["apt-get", "indextargets", "--format", "$(SITE) $(REPO_URI)", "Created-By: Packages"],
            capture_output=True,
            text=True,
        ).stdout
        uris = [line.split()[-1].rstrip("/") for line in output.splitlines() if line.split()]
        for uri in uris:
            if re.search(r"/debian$", uri):
                return uri
    return "http://deb.debian.org/debian"


def copy_settings():
    """Copy the network settings of this machine that apt and pip need; each time, as they may have changed."""
    for name in "/etc/resolv.conf", "/etc/hosts", "/etc/pip.conf", "/etc/ssl/certs/ca-certificates.crt":
        put(Path(name))
    put(Path.home() / ".config" / "pip" / "pip.conf", Path("/root/.config/pip/pip.conf"))
    for value in os.environ.values():  # certificates named in the environment
        if value.startswith("/") and value.endswith((".crt", ".pem")):
            put(Path(value))
    for path in Path("/etc/apt/apt.conf.d").glob("*"):
        if "roxy" in path.read_text(errors="replace"):
            put(path)


def put(path, to=None):
    target = ROOT / (to or path).relative_to("/")
    if path.is_file():
        target.parent.mkdir(parents=True, exist_ok=True)
        # In one step: tests that are running may be reading it.
        copy = shutil.copyfile(path, target.with_name(target.name + ".new"))
        os.replace(copy, target)


def make_root():
    """Make the sid folder if it isn't there."""
    if os.geteuid() != 0:
        raise Unavailable("needs root, for debootstrap and chroot")
    if not (ROOT / ".made").exists():
        for tool in "debootstrap", "unshare", "chroot":
            if shutil.which(tool) is None and not (tool == "debootstrap" and install_debootstrap()):
                raise Unavailable(f"{tool} isn't installed")
        shutil.rmtree(ROOT, ignore_errors=True)
        ROOT.mkdir(parents=True)
        started = time.monotonic()
        run(["debootstrap", "--variant=minbase", "sid", str(ROOT), mirror()], "debootstrap of sid failed")
        # Without fsync: what a crash of the machine loses can be made again.
        (ROOT / "etc/dpkg/dpkg.cfg.d/unsafe-io").write_text("force-unsafe-io\n")
        print(f"matrix: made a Debian sid folder in {time.monotonic() - started:.0f} s", flush=True)
        (ROOT / ".made").touch()
    copy_settings()


def install_debootstrap():
    if shutil.which("apt-get") is None:
        return False
    quietly = ["-o", "DPkg::Lock::Timeout=600", "-y", "-qq", "--no-install-recommends"]
    command = ["apt-get", "install", *quietly, "debootstrap"]
    subprocess.run(["apt-get", "update", "-qq"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return shutil.which("debootstrap") is not None


@contextlib.contextmanager
def the_sid_folder():
    """Hold the lock on the sid folder: a test waits until a preparation has ended."""
    with open(CACHE / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        make_root()
        yield


@functools.cache
def update_packages():
    in_root([*APT, "update"], "apt-get update failed")


def install(name):
    """Install the interpreter's packages if they aren't yet. Return the command that starts it."""
    packages, command = (IN_SID | FOR_TOOLS)[name]
    stamp = ROOT / f".installed-{name}"
    with the_sid_folder():
        if not stamp.exists():
            started = time.monotonic()
            update_packages()
            wanted = [*EVERYWHERE, *packages]
            in_root([*APT, "install", "-y", "--no-install-recommends", *wanted], "apt-get install failed")
            copy_settings()  # the packages brought their own
            if name in CONFIGURE:
                compile_free_threaded(name)
            stamp.touch()
            print(f"matrix: installed {name} in {time.monotonic() - started:.0f} s", flush=True)
    return command


def compile_free_threaded(name):
    """Build 3.13 without the GIL from the source of Debian's package, in /opt."""
    sources = ROOT / "opt" / "sources"
    shutil.rmtree(sources, ignore_errors=True)
    sources.mkdir(parents=True)
    for suite in SOURCE_SUITES:
        lines = f"deb-src {mirror()} {suite} main\n"
        (ROOT / "etc/apt/sources.list.d/python3.13.list").write_text(lines)
        silent = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        download = ["env", "-C", "/opt/sources", *APT, "source", "--download-only", "python3.13"]
        if in_root([*APT, "update"], **silent).returncode:
            continue
        if in_root(download, **silent).returncode == 0:
            break
    (ROOT / "etc/apt/sources.list.d/python3.13.list").unlink()
    archives = sorted(sources.glob("python3.13_*.orig.tar.*"))
    archives = [each for each in archives if not each.name.endswith(".asc")]
    if not archives:
        raise Unavailable("the mirror has no source package of python3.13")
    # In half the time: little optimisation, no symbols, no byte code of the whole library.
    script = (
        f"cd /opt/sources && tar -xf {archives[0].name} && cd */ && "
        f"OPT='-DNDEBUG -O1' ./configure {CONFIGURE[name]} --prefix=/opt/python{name} > ../log 2>&1 && "
        f"make -j{os.cpu_count()} >> ../log 2>&1 && make install COMPILEALL_OPTS=-l >> ../log 2>&1 || "
        "{ tail -n 5 ../log; exit 1; }"
    )
    in_root(["sh", "-c", script], f"compiling python{name} failed")
    shutil.rmtree(sources)


def find_local(minor):
    candidates = []
    if shutil.which("pyenv"):
        versions = Path(subprocess.run(["pyenv", "root"], capture_output=True, text=True).stdout.strip()) / "versions"
        candidates = sorted(map(str, versions.glob(f"{minor}.*/bin/python")))
    candidates.append(shutil.which(f"python{minor}"))
    check = "import ssl, venv, sys; print('%d.%d' % sys.version_info[:2])"
    for each in filter(None, candidates):
        if subprocess.run([each, "-c", check], capture_output=True, text=True).stdout.strip() == minor:
            return each
    raise Unavailable("neither pyenv nor PATH has it")


def chosen(name, quick):
    """Return a dict of the backends to test: the files of tests of each, none where all are."""
    if name == "pypy":
        return {"fallback": QUICK_FALLBACK if quick else []}
    if not quick:
        return {"native": [], "fallback": []}
    native = QUICK_FREE_THREADED if name.endswith("t") else QUICK_NATIVE
    return {"native": native} | ({"fallback": QUICK_FALLBACK} if name in FALLBACK_TOO else {})


def test(name, sources, workers, quick):
    """Run the suite on an interpreter, which is installed first if need be. Return whether it passed, its counts and
    the path of the log."""
    work, where = CACHE / "work" / name, f"{CACHE}/work/{name}"
    if name in LOCAL:
        start, command = subprocess.run, find_local(name)
    else:
        start, command = in_root, install(name)
        work, where = ROOT / "work" / name, f"/work/{name}"
    shutil.rmtree(work / "cyjson", ignore_errors=True)
    shutil.copytree(sources, work / "cyjson")
    if CONFORMANCE.is_dir():
        shutil.copytree(CONFORMANCE, work / "shared" / "conformance", dirs_exist_ok=True)
    (work / "venv" / ".cyjson").unlink(missing_ok=True)
    log = work / "log"
    passed, counts, seen = True, [], 0
    with open(log, "w") as file:
        for backend, files in chosen(name, quick).items():
            pytest = " ".join([f"-n {workers}", *(f"tests/test_{each}.py" for each in files)])
            make = ["make", "test" if quick else "test-all", f"PYTHON={command}", f"VENV={where}/venv"]
            make += [f"BACKENDS={backend}", f"PYTEST_ARGS={os.environ.get('PYTEST_ARGS') or pytest}"]
            make += ["CYJSON_REQUIRE_NATIVE=0"] if name == "pypy" else []
            make += ["CFLAGS=-O1"] if quick else []  # half the time of -O3, which takes longer than the tests
            make = ["env", "-C", f"{where}/cyjson", "-u", "MAKEFLAGS", "-u", "MAKEOVERRIDES", *make]
            passed &= start(make, stdout=file, stderr=subprocess.STDOUT).returncode == 0
            results = re.findall(r"(\d+ (?:passed|failed|error).*) in [\d.]+s", log.read_text(errors="replace"))
            counts.append(f"{backend}: {results[-1] if len(results) > seen else 'ended early'}")
            seen = len(results)
    return passed, "; ".join(counts), log


def main():
    names = [*IN_SID, *LOCAL]  # those that take longest first, so that the last two end at about the same time
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sdist", type=Path, nargs="?")
    parser.add_argument("--prepare", action="store_true")
    parser.add_argument("--only", nargs="+", choices=names, default=names)
    parser.add_argument("--without", nargs="+", choices=names, default=[])
    parser.add_argument("--quick", action="store_true", help="only the tests of what differs between interpreters")
    arguments = parser.parse_args()
    if (arguments.sdist is None) != arguments.prepare:
        parser.error("give either SDIST or --prepare")
    CACHE.mkdir(parents=True, exist_ok=True)
    names = [name for name in arguments.only if name not in arguments.without]
    if arguments.prepare:
        return prepare([name for name in names if name in IN_SID])
    return test_all(names, arguments.sdist, arguments.quick)


def prepare(names):
    for name in names:
        try:
            install(name)
        except Unavailable as exc:
            print(f"matrix: {name:6} not available here: {exc}", flush=True)
    return 0


def test_all(names, sdist, quick):
    unpacked = CACHE / "sources"
    shutil.rmtree(unpacked, ignore_errors=True)
    with tarfile.open(sdist) as archive:
        archive.extractall(unpacked)
    [sources] = unpacked.iterdir()
    cores = os.cpu_count()
    at_once = min(cores, len(names))

    def outcome(name):
        print(f"matrix: {name:6} begins", flush=True)
        started = time.monotonic()
        try:
            # The last to begin soon has all cores.
            workers = cores if name == names[-1] else cores // at_once
            passed, counts, log = test(name, sources, workers, quick)
        except Unavailable as exc:
            return f"not available here: {exc}"
        if not passed:
            print(f"\nmatrix: {name}\n{log.read_text(errors='replace')}", flush=True)
        return f"{'passed' if passed else 'FAILED'} in {time.monotonic() - started:.0f} s ({counts})"

    with ThreadPoolExecutor(at_once) as pool:
        outcomes = dict(zip(names, pool.map(outcome, names), strict=True))
    print()
    for name, result in outcomes.items():
        print(f"matrix: {name:6} {result}", flush=True)
    return any(result.startswith("FAILED") for result in outcomes.values())


if __name__ == "__main__":
    sys.exit(main())
