"""Rehearse a release: everything that its workflow does and this machine can do.

    python tools/release_check.py VERSION SDIST [--only WORD...]
    python tools/release_check.py VERSION --version-only
    python tools/release_check.py VERSION --metadata-only FILE...

1. VERSION is pyproject.toml's and cyjson.__version__, and CHANGELOG.md has a heading for it; with --version-only, which
   the workflow asks of a tag, one that has the date.
2. The sdist holds what a build and the tests need, is small, and builds without a network.
3. Wheels are built twice from it, in two folders, and are the same to the byte; so is the sdist.
4. Each file that this interpreter can install is installed in an empty environment, and answers.
5. Metadata: twine check --strict, check-wheel-contents, validate-pyproject, pyroma.
"""

import argparse
import hashlib
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import tempfile
import venv
from pathlib import Path

TOP = Path(__file__).resolve().parents[1]
CHECKS = TOP / ".venv-checks" / "bin"
SDIST_LIMIT = 1_100_000  # bytes: a third are tests, which who packages cyjson runs
ANSWERS = (
    "import cyjson; assert cyjson.loads(cyjson.dumps([1, 'é'])) == [1, 'é']; print(cyjson.__version__, cyjson.backend)"
)


def run(*command, **options):
    done = subprocess.run(
        list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options
    )
    if done.returncode:
        raise SystemExit(f"release-check: {' '.join(map(str, command))}\n{done.stdout[-4000:]}")
    return done.stdout


def step(text):
    print(f"release-check: {text}", flush=True)


def check_version(version, dated):
    for path, name in ("pyproject.toml", "version"), ("src/cyjson/__init__.py", "__version__"):
        own = re.search(rf'^{name} = "(.*)"$', (TOP / path).read_text(), re.MULTILINE)[1]
        if own != version:
            raise SystemExit(f"release-check: {path} says {own}, not {version}")
    heading = re.search(rf"^## {re.escape(version)}\b.*$", (TOP / "CHANGELOG.md").read_text(), re.MULTILINE)
    if heading is None:
        raise SystemExit(f"release-check: CHANGELOG.md has no heading for {version}")
    if dated and not re.search(r"\(\d{4}-\d{2}-\d{2}\)$", heading[0]):
        raise SystemExit(f"release-check: CHANGELOG.md says {heading[0]!r}, without a date")
    step(f"version {version}: pyproject.toml, cyjson.__version__ and CHANGELOG.md ({heading[0]})")


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def check_twice(sdist, only, scratch):
    """Build all twice. Return the wheels."""
    epoch = os.environ.setdefault("SOURCE_DATE_EPOCH", "1735689600")  # 2025-01-01; the workflow takes the commit's
    built = []
    for turn in "once", "twice":
        folder = scratch / turn / "some" / "folder" if turn == "twice" else scratch / turn
        folder.mkdir(parents=True)
        with tarfile.open(sdist) as archive:
            archive.extractall(folder / "sources")
        [sources] = (folder / "sources").iterdir()
        run(sys.executable, "-m", "build", "--sdist", "--no-isolation", "--outdir", folder / "out", sources)
        # zig keeps what it has compiled: the second turn has to compile again.
        environment = {**os.environ, "CYJSON_ZIG_CACHE": str(folder / "zig")}
        fallback = {**environment, "PYODIDE": "1", "CYJSON_REQUIRE_NATIVE": "0"}
        wheel = ["-m", "build", "--wheel", "--no-isolation", "--outdir", folder / "out", sources]
        run(sys.executable, *wheel, env=fallback)
        command = [TOP / "tools/wheels.py", sdist, "--no-tests", "--out", folder / "out"]
        step(run(sys.executable, *command, *(["--only", *only] if only else []), env=environment).strip())
        built.append({path.name: path for path in sorted((folder / "out").iterdir())})
    first, second = built
    if first.keys() != second.keys():
        raise SystemExit(f"release-check: {sorted(first.keys() ^ second.keys())} built only once")
    for name in first:
        if digest(first[name]) != digest(second[name]):
            raise SystemExit(f"release-check: {name} isn't the same when it is built again: {first[name]}")
    step(f"{len(first)} files are the same to the byte when built again (SOURCE_DATE_EPOCH={epoch})")
    return list(first.values())


def check_sdist(sdist, scratch):
    if sdist.stat().st_size > SDIST_LIMIT:
        raise SystemExit(f"release-check: {sdist.name} has {sdist.stat().st_size} bytes, at most {SDIST_LIMIT}")
    with tarfile.open(sdist) as archive:
        archive.extractall(scratch / "offline")
    [sources] = (scratch / "offline").iterdir()
    # Without an index: what pyproject.toml names has to do. The fallback shows it in seconds; wheels show the rest.
    environment = {**os.environ, "PIP_NO_INDEX": "1", "PYODIDE": "1", "CYJSON_REQUIRE_NATIVE": "0"}
    command = ["-m", "pip", "wheel", "--no-build-isolation", "--no-deps", "--no-index", "-w", scratch / "offline-wheel"]
    run(sys.executable, *command, sources, env=environment)
    step(f"sdist: {sdist.stat().st_size / 1000:.0f} kB; builds without an index and without build isolation")


def check_metadata(files):
    wheels = [path for path in files if path.suffix == ".whl"]
    run(CHECKS / "twine", "check", "--strict", *files)
    if wheels:
        run(CHECKS / "check-wheel-contents", *wheels)
    run(CHECKS / "validate-pyproject", TOP / "pyproject.toml")
    for path in files:
        if path.name.endswith(".tar.gz"):
            told = run(CHECKS / "pyroma", "--min", "10", path)
            step(f"pyroma: {re.search(r'Final rating: *(.*)', told)[1]}")
    step(f"metadata of {len(files)} files: twine --strict, check-wheel-contents, validate-pyproject")


def check_installs(files, scratch):
    from packaging.tags import sys_tags
    from packaging.utils import parse_wheel_filename

    tags = set(sys_tags())
    for path in files:
        if path.suffix != ".whl" or not parse_wheel_filename(path.name)[3] & tags:
            continue
        shutil.rmtree(scratch / "empty", ignore_errors=True)
        venv.create(scratch / "empty", with_pip=True)
        python = scratch / "empty" / "bin" / "python"
        run(python, "-m", "pip", "install", "--no-index", "--no-deps", path)
        environment = {**os.environ, "CYJSON_REQUIRE_NATIVE": "0"}
        step(f"{path.name}: installed, {run(python, '-I', '-c', ANSWERS, cwd=scratch, env=environment).strip()}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("version")
    parser.add_argument("sdist", type=Path, nargs="?")
    parser.add_argument("--version-only", action="store_true")
    parser.add_argument("--metadata-only", type=Path, nargs="+", metavar="FILE")
    parser.add_argument("--only", nargs="+", default=[], metavar="WORD")
    arguments = parser.parse_args()
    os.environ["PATH"] = sysconfig.get_path("scripts") + os.pathsep + os.environ["PATH"]
    if arguments.metadata_only:
        return check_metadata(arguments.metadata_only)
    check_version(arguments.version, dated=arguments.version_only)
    if arguments.version_only:
        return
    with tempfile.TemporaryDirectory() as scratch:
        scratch = Path(scratch)
        check_sdist(arguments.sdist, scratch)
        files = check_twice(arguments.sdist, arguments.only, scratch)
        check_installs(files, scratch)
        check_metadata(files)
    step("passed")


if __name__ == "__main__":
    main()
