"""Run the test suites of packages that use json, from their sdists, with cyjson.install() and without: same outcomes?

    python tools/installed.py FOLDER [--only NAME...] [--offline]

FOLDER keeps the sdists, and a virtual environment for the packages and what their tests need; pip fetches both, the
first time. With --offline nothing is fetched, and a package whose sdist or environment isn't there is passed over. Each
suite is run twice, by pytest and by `python -m cyjson.run -m pytest`, and the outcome of each test compared. The cyjson
is that of the interpreter that runs this. Prints a line for each package; ends with 1 where outcomes differ.
"""

import argparse
import os
import re
import subprocess
import sys
import tarfile
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import cyjson

SOURCE = Path(cyjson.__file__).resolve().parents[1]
# What the tests need beside pytest, and where they are in the sdist.
# Left out: what wants an older pytest, or starts commands of its own.
SUITES = {
    "simplejson": ([], ["simplejson/tests"]),
    "jsonpointer": ([], ["tests.py"]),
    "jsonpatch": ([], ["tests.py"]),
    "jsonschema": (["jsonpath-ng"], ["jsonschema/tests", "--deselect", "jsonschema/tests/test_cli.py"]),
    "python-json-logger": (["freezegun", "orjson", "msgspec"], ["tests"]),
    "structlog": (["freezegun", "pretend", "pytest-asyncio", "time-machine"], ["tests"]),
    "marshmallow": (["simplejson"], ["tests"]),
    "requests": (["pytest-httpbin", "pytest-mock", "trustme", "PySocks"], ["tests"]),
    "httpx": (["pytest-trio", "trustme", "uvicorn", "cryptography", "zstandard", "brotli"], ["tests"]),
    "flask": (["blinker"], ["tests", "--ignore=tests/test_cli.py"]),
    "tinydb": (["PyYAML"], ["tests"]),
    "jsonpickle": ([], ["tests"]),
    "pyjwt": (["cryptography"], ["tests"]),
    "responses": (["pytest-asyncio", "pytest-httpserver", "PyYAML", "tomli-w"], ["responses/tests"]),
    "kombu": (["pytest-freezer", "pytz"], ["t/unit/test_serialization.py", "t/unit/utils"]),
}
# Warnings of newer packages than a suite knows are no failures.
OPTIONS = ["-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-o", "addopts=", "-o", "filterwarnings=", "-W", "ignore"]
OUTCOMES = ("failure", "error", "skipped")
LONGEST = 900  # seconds


def unpacked(name, folder, offline):
    """The folder of a package's sources; None where they aren't there."""
    normal = name.replace("-", "_")
    if not offline and not list(folder.glob(f"{normal}-*.tar.gz")):
        command = [sys.executable, "-m", "pip", "-q", "download", "--no-deps", "--no-binary", name, "-d", folder, name]
        subprocess.run(command, check=False)
    for path in sorted(folder.glob(f"{normal}-*.tar.gz")):
        target = folder / path.name.removesuffix(".tar.gz")
        if not target.exists():
            with tarfile.open(path) as archive:
                if hasattr(tarfile, "data_filter"):
                    archive.extractall(folder, filter="data")
                else:
                    archive.extractall(folder)
        return target
    return None


def interpreter(folder, names, offline):
    """The interpreter of FOLDER's virtual environment, with the packages and what their tests need."""
    python = folder / "venv" / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True)
    if not offline:
        wanted = ["pytest<9", *names, *(each for name in names for each in SUITES[name][0])]
        subprocess.run([python, "-m", "pip", "-q", "install", *wanted], check=True)
    return python


def outcomes(python, sources, arguments, installed):
    """The outcome of each test, by its name; or what pytest said where it came to none."""
    report = sources / ("with.xml" if installed else "without.xml")
    report.unlink(missing_ok=True)
    start = ["-m", "cyjson.run", "-m", "pytest"] if installed else ["-m", "pytest"]
    environment = {**os.environ, "PYTHONPATH": str(SOURCE), "PYTHONHASHSEED": "0"}
    for name in "CYJSON_PURE", "PYTEST_ADDOPTS":
        environment.pop(name, None)
    command = [python, *start, *OPTIONS, f"--junitxml={report}", *arguments]
    try:
        ran = subprocess.run(
            command, cwd=sources, env=environment, capture_output=True, text=True, errors="replace", timeout=LONGEST
        )
    except subprocess.TimeoutExpired:
        return f"longer than {LONGEST} s"
    if not report.exists():
        return (ran.stdout + ran.stderr)[-1000:]
    found = {}
    for case in ElementTree.parse(report).iter("testcase"):
        kinds = [each.tag for each in case if each.tag in OUTCOMES]
        # Some names of tests hold the time of day, or where an object is.
        name = re.sub(r"\d+([-:.]\d+)+( \d+(:\d+)+)?|0x[0-9a-f]+", "N", f"{case.get('classname')}::{case.get('name')}")
        found.setdefault(name, []).extend(kinds or ["passed"])
    return found


def compare(name, python, sources):
    """Print a package's line, and the tests that differ: whether none does."""
    arguments = SUITES[name][1]
    without, with_it = (outcomes(python, sources, arguments, installed) for installed in (False, True))
    if isinstance(without, str) or isinstance(with_it, str) or not without:
        print(f"{sources.name}: no outcome\n{without}\n{with_it}")
        return isinstance(without, str) and isinstance(with_it, str)
    different = sorted(each for each in without.keys() | with_it.keys() if without.get(each) != with_it.get(each))
    counts = {}
    for kinds in without.values():
        for kind in kinds:
            counts[kind] = counts.get(kind, 0) + 1
    told = ", ".join(f"{count} {kind}" for kind, count in sorted(counts.items(), key=lambda each: -each[1]))
    print(
        f"{sources.name}: {told}; {f'{len(different)} DIFFERENT' if different else 'the same with cyjson'}", flush=True
    )
    for each in different:
        print(f"    {each}: {without.get(each)} without, {with_it.get(each)} with")
    return not different


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", nargs="+", choices=sorted(SUITES), default=list(SUITES), metavar="NAME")
    parser.add_argument("--offline", action="store_true", help="fetch nothing")
    options = parser.parse_args()
    if cyjson.backend != "c":
        sys.exit("install() does nothing in the fallback")
    folder = options.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    python = interpreter(folder, options.only, options.offline)
    fine = True
    for name in options.only:
        sources = unpacked(name, folder, options.offline)
        if sources is None:
            print(f"{name}: no sdist")
            continue
        fine = compare(name, python, sources) and fine
    sys.exit(0 if fine else 1)


if __name__ == "__main__":
    main()
