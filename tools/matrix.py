"""Run the tests on every interpreter that this machine has or can get, and say of each what came of it.

    python tools/matrix.py SDIST [--only NAME...]
    python tools/matrix.py --prepare [--only NAME...]   (only get the interpreters that aren't here)

3.10 to 3.13 are taken from pyenv or PATH. 3.14, 3.15 and PyPy come from Debian sid, in a folder that debootstrap makes
and chroot enters, and 3.13t, which Debian doesn't build, is compiled in it from Debian's source package. That needs
root, debootstrap and a Debian mirror: the one that apt uses here. The folder stays in $XDG_CACHE_HOME/cyjson-matrix (in
~/.cache by default) for the next run; removing it is all it takes to begin anew.

Ends with a line for each interpreter: passed, failed, or not available and why. Only a failure is an error.
"""

import argparse
import contextlib
import fcntl
import os
import re
import shutil
import subprocess
import sys
import tarfile
import time
from pathlib import Path

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "cyjson-matrix"
ROOT = CACHE / "sid"
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
CONFIGURE = {"3.13t": "--disable-gil", "3.13t-tsan": "--disable-gil --with-thread-sanitizer --with-ensurepip=no"}
EVERYWHERE = ["gcc", "libc6-dev", "make", "ca-certificates"]
# Released Debian versions that have python3.13's source, one of which the mirror has.
SOURCE_SUITES = ["trixie", "forky", "sid"]
APT = ["apt-get", "-q", "-o", "Acquire::Check-Valid-Until=false"]


class Unavailable(Exception):
    pass


def run(command, why, **options):
    """Run it, or raise Unavailable with the last line of what it said."""
    options |= {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True, "errors": "replace"}
    done = subprocess.run(command, **options)
    if done.returncode:
        said = [line for line in done.stdout.splitlines() if line.strip()]
        raise Unavailable(f"{why}: {said[-1].strip() if said else f'exit {done.returncode}'}")
    return done.stdout


def in_root(command, why=None, **options):
    """Run a command in the sid folder, with /proc and the folders that pip's configuration names, in a mount namespace
    of its own: they are gone when it ends."""
    mounts = [f"mount -t proc proc {ROOT}/proc"]
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
    told = subprocess.run([sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True).stdout
    return told + "\n".join(value for name, value in os.environ.items() if name.startswith("PIP_"))


def pip_folders():
    """Local folders where pip looks for packages."""
    paths = re.findall(r"(?:file://)?(/[^\s'\"=]+)", pip_settings())
    # The files of an index lie beside its pages, which are in a folder named simple.
    given = [Path(each) for each in paths if os.path.isdir(each)]
    folders = {each.parent if each.name == "simple" else each for each in given}
    return sorted(each for each in folders if len(each.parts) > 2)


def mirror():
    """The Debian archive that apt uses on this machine."""
    if shutil.which("apt-get"):
        told = subprocess.run(
            ["apt-get", "indextargets", "--format", "$(SITE) $(REPO_URI)", "Created-By: Packages"],
            capture_output=True,
            text=True,
        ).stdout
        uris = [line.split()[-1].rstrip("/") for line in told.splitlines() if line.split()]
        for uri in uris:
            if re.search(r"/debian$", uri):
                return uri
    return "http://deb.debian.org/debian"


def copy_settings():
    """What of this machine's settings for its network apt and pip need in there; each time, for it may have changed."""
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
        target.unlink(missing_ok=True)
        shutil.copyfile(path, target)


def make_root():
    """The sid folder, made if it isn't there."""
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


def install(name):
    """The interpreter's packages, installed if they aren't; the command that starts it."""
    packages, command = (IN_SID | FOR_TOOLS)[name]
    stamp = ROOT / f".installed-{name}"
    if not stamp.exists():
        in_root([*APT, "update"], "apt-get update failed")
        wanted = [*EVERYWHERE, *packages]
        in_root([*APT, "install", "-y", "--no-install-recommends", *wanted], "apt-get install failed")
        copy_settings()  # over what the packages brought
        if name in CONFIGURE:
            compile_free_threaded(name)
        stamp.touch()
    return command


def compile_free_threaded(name):
    """3.13 without the GIL, from the source that Debian's package is made of, in /opt."""
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
    started = time.monotonic()
    script = (
        f"cd /opt/sources && tar -xf {archives[0].name} && cd */ && "
        f"./configure {CONFIGURE[name]} --prefix=/opt/python{name} > ../log 2>&1 && "
        f"make -j{os.cpu_count()} >> ../log 2>&1 && make install >> ../log 2>&1 || {{ tail -n 5 ../log; exit 1; }}"
    )
    in_root(["sh", "-c", script], f"compiling python{name} failed")
    shutil.rmtree(sources)
    print(f"matrix: compiled python{name} in {time.monotonic() - started:.0f} s", flush=True)


def test_local(minor, sources):
    """The suite on an interpreter of this machine; whether it passed."""
    interpreter = find_local(minor)
    make = ["make", "test", f"PYTHON={interpreter}", f"VENV={CACHE}/venv-{minor}"]
    (CACHE / f"venv-{minor}" / ".cyjson").unlink(missing_ok=True)
    return subprocess.run(make, cwd=sources).returncode == 0


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


def test_in_sid(name, sources, conformance):
    make_root()
    command = install(name)
    work = ROOT / "work" / name
    shutil.rmtree(work / "cyjson", ignore_errors=True)
    shutil.copytree(sources, work / "cyjson")
    if conformance.is_dir():
        shutil.copytree(conformance, work / "shared" / "conformance", dirs_exist_ok=True)
    (work / "venv" / ".cyjson").unlink(missing_ok=True)
    make = ["make", "test", f"PYTHON={command}", f"VENV=/work/{name}/venv"]
    if name == "pypy":
        make += ["BACKENDS=fallback", "CYJSON_REQUIRE_NATIVE=0"]
    return in_root(["env", "-C", f"/work/{name}/cyjson", *make]).returncode == 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sdist", type=Path, nargs="?")
    parser.add_argument("--prepare", action="store_true")
    parser.add_argument("--only", nargs="+", choices=[*LOCAL, *IN_SID], default=[*LOCAL, *IN_SID])
    arguments = parser.parse_args()
    if (arguments.sdist is None) != arguments.prepare:
        parser.error("give either SDIST or --prepare")
    with alone():
        if arguments.prepare:
            return prepare([name for name in arguments.only if name in IN_SID])
        return test(arguments)


@contextlib.contextmanager
def alone():
    """A run waits for another's preparation."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with open(CACHE / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def prepare(names):
    for name in names:
        try:
            make_root()
            install(name)
        except Unavailable as exc:
            print(f"matrix: {name:6} not available here: {exc}", flush=True)
    return 0


def test(arguments):
    conformance = Path(__file__).resolve().parents[2] / "shared" / "conformance"
    unpacked = CACHE / "sources"
    shutil.rmtree(unpacked, ignore_errors=True)
    with tarfile.open(arguments.sdist) as archive:
        archive.extractall(unpacked)
    [sources] = unpacked.iterdir()
    outcomes = {}
    for name in arguments.only:
        print(f"\nmatrix: {name}", flush=True)
        started = time.monotonic()
        try:
            passed = test_local(name, sources) if name in LOCAL else test_in_sid(name, sources, conformance)
            outcomes[name] = f"{'passed' if passed else 'FAILED'} in {time.monotonic() - started:.0f} s"
        except Unavailable as exc:
            outcomes[name] = f"not available here: {exc}"
    print()
    for name, outcome in outcomes.items():
        print(f"matrix: {name:6} {outcome}", flush=True)
    return any("FAILED" in outcome for outcome in outcomes.values())


if __name__ == "__main__":
    sys.exit(main())
