"""Run tests/test_threads.py under ThreadSanitizer: the extension and an interpreter without a GIL, both built with it.

    python tools/sanitize_threads.py SDIST [pytest arguments]

Both are compiled in the Debian sid folder of tools/matrix.py, the interpreter the first time only. Needs root,
debootstrap and a Debian mirror, as that does; where one is missing it says so and fails, since nothing was looked at.

The interpreter has races of its own. A report is the extension's unless no access in it was its doing: it isn't on the
stack, or Python code runs above it, or it called a function that needs no lock of its caller (LOCK_FREE).
"""

import re
import shutil
import sys
import tarfile

import matrix

WORK = "/work/threads"  # in the sid folder
FLAGS = "-fsanitize=thread -fno-omit-frame-pointer -g -O1 -U_FORTIFY_SOURCE"
ACCESS = re.compile(r"  (?:Previous )?(?:atomic )?(?:read|write) of size", re.IGNORECASE)
FRAME = re.compile(r"    #\d+ (\S+) .*\((\S+?)\+0x[0-9a-f]+\)")
EXTENSION = "_native."

# Functions that the interpreter has for callers without a lock, and what of 3.13's runs into them.
LOCK_FREE = {
    "PyList_GetItemRef": "it takes an item as another thread may be moving it, by memmove in list.pop and others",
}


def build(sdist):
    """Both interpreters, an environment with pytest, and the extension: how the instrumented one is started."""
    matrix.CACHE.mkdir(parents=True, exist_ok=True)
    plain, instrumented = (matrix.install(name) for name in ("3.13t", "3.13t-tsan"))
    work = matrix.ROOT / WORK.lstrip("/")
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    with tarfile.open(sdist) as archive:
        archive.extractall(work)
    [sources] = work.iterdir()
    sources.rename(work / "cyjson")
    # pip and Cython run on the plain one: it is ten times as fast, and what it builds is the same.
    pip = [f"{WORK}/venv/bin/python", "-m", "pip", "--disable-pip-version-check", "-qq", "install"]
    flags = [f"CFLAGS={FLAGS}", "LDFLAGS=-fsanitize=thread", "CYJSON_REQUIRE_NATIVE=1"]
    matrix.in_root([plain, "-m", "venv", f"{WORK}/venv"], "no virtual environment")
    matrix.in_root([*pip, "--target", f"{WORK}/site", "pytest", "hypothesis"], "pip found no pytest and hypothesis")
    matrix.in_root(["env", *flags, *pip, "--no-deps", "--target", f"{WORK}/site", f"{WORK}/cyjson"], "no build")
    return instrumented


def watched(interpreter, reports, arguments):
    """How the interpreter ended, and what ThreadSanitizer reports."""
    folder = matrix.ROOT / WORK.lstrip("/") / reports
    folder.mkdir()
    environment = [
        f"TSAN_OPTIONS=log_path={WORK}/{reports}/log exitcode=0 history_size=7",
        *[f"PYTHONPATH={WORK}/site", "CYJSON_PURE=0", "CYJSON_EXPECT_BACKEND=c", "CYJSON_SANITIZED=1"],
        "CYJSON_TESTS=all",
    ]
    # Without address randomisation, which ThreadSanitizer can't have as much of as some kernels give.
    command = ["env", "-C", f"{WORK}/cyjson", *environment, "setarch", "-R", interpreter, *arguments]
    ended = matrix.in_root(command).returncode
    texts = [path.read_text(errors="replace") for path in sorted(folder.iterdir())]
    return ended, [report for text in texts for report in text.split("WARNING: ThreadSanitizer: ")[1:]]


def accesses(report):
    """The stacks of a report as lists of (function, module), without those of where memory and threads come from."""
    for section in report.split("\n\n"):
        lines = section.splitlines()
        while lines and not lines[0].startswith("  "):
            lines.pop(0)  # what kind of report it is
        if lines and (ACCESS.match(lines[0]) or not report.startswith("data race")):
            yield [frame.groups() for frame in map(FRAME.match, lines) if frame]


def is_ours(stack):
    """Whether the extension answers for an access."""
    above = None
    for function, module in stack:
        if module.startswith(EXTENSION):
            return above not in LOCK_FREE
        if function == "_PyEval_EvalFrameDefault":
            return False
        if not module.startswith("libtsan"):
            above = function
    return False


def main(sdist, *pytest_arguments):
    try:
        interpreter = build(sdist)
    except matrix.Unavailable as exc:
        sys.exit(f"sanitize-threads: not available here: {exc}")
    _, made = watched(interpreter, "made", ["tools/races.py"])
    tests = ["-m", "pytest", "-q", "-p", "no:cacheprovider", *(pytest_arguments or ["tests/test_threads.py"])]
    ended, reports = watched(interpreter, "reports", tests)
    ours = [report for report in reports if any(map(is_ours, accesses(report)))]
    for report in ours:
        print(report)
    print(f"sanitize-threads: {len(reports)} reports, {len(ours)} of them the extension's")
    if not any(is_ours(stack) for report in made for stack in accesses(report)):
        print("sanitize-threads: a race that was made wasn't found")
        return 1
    print("sanitize-threads: a race that was made was found")
    return 1 if ours or ended else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
