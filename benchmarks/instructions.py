"""Count the instructions of the native codec and compare them with the committed baseline.

    python -m benchmarks.instructions            # compare; more than 2% worse fails
    python -m benchmarks.instructions --write    # make this environment's baseline, in the commit that explains it

Instructions don't depend on what else the machine does, so a change of a percent can be seen. valgrind's callgrind
counts them inside the C functions of ``loads``, ``dumps`` and ``encode``, and in all that these call, CPython's
functions included. A fixed set of documents and operations runs in one process with hash seed, environment and
collector fixed and the codec at its lowest level (sse2); each call is repeated beforehand, so that caches and buffers
are as they will stay. libc is asked for its plain routines, as the others differ from one processor to the next.

What is counted depends on the interpreter, the compiler and the libraries: a baseline holds for one environment
(Python's version and compiler, architecture, compiler of the extension). Where there is none, nothing is compared.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from . import contenders, documents, machine
from .contenders import OURS, Document
from .results import FOLDER, geometric_mean

BASELINES = FOLDER / "instructions.json"
LIMIT = 0.02
# The C functions of the public names; callgrind counts while one of them runs. They don't call each other here.
TOGGLES = ("core_loads", "core_dumps", "core_encode")
OPERATIONS = ("decode-bytes", "decode-str", "encode", "dumps", "dumps-utf8", "indent", "sort")
WARM = 3
MESSAGE_CALLS = 100
# os.sched_yield is this in libc, and nothing else calls it: whenever it is reached, callgrind writes a file with the
# count since the last one.
MARK = "sched_yield"
PLAIN_LIBC = "glibc.cpu.hwcaps=-AVX512F,-AVX512VL,-AVX2,-AVX2_Usable,-AVX,-ERMS,-FSRM,-SSSE3,-SSE4_1,-SSE4_2,-RTM"


def geo_part() -> bytes:
    """Some islands of the ``geo`` document: 1,500 pairs or so of doubles with 17 digits."""
    head, _, rings = documents.geo().partition('"coordinates":[')
    parts = rings.split("]],[[")[1:21]
    return (head + '"coordinates":[[[' + "]],[[".join(parts) + "]]]}}]}").encode()


def samples() -> list[Document]:
    made = {
        "rpc": documents.rpc().encode(),
        "social_page": documents.social_page().encode(),
        "social_page escaped": json.dumps(json.loads(documents.social_page())).encode(),
        "events": documents.events().encode(),
        "geo part": geo_part(),
        "mesh": documents.mesh().encode(),
    }
    return [Document.parse(name, raw) for name, raw in made.items()]


def pinned_arenas() -> list[float]:
    """An object in each of as many of the interpreter's arenas (1 MiB) as the samples ever fill.

    An arena goes back to the system once nothing is left in it, and what a call takes from a new one costs more
    instructions than from one that was in use: 2% of ``mesh``. Whether the last call had emptied one depends on where
    the interpreter's own objects are, so on the lengths of paths and the like.
    """
    each = (1 << 20) // sys.getsizeof(0.5)
    return [float(number) for number in range(24 * each)][:: each // 2]


def child() -> None:
    """Run under callgrind: every cell between two marks."""
    _pins = pinned_arenas()
    gc.collect()
    gc.disable()
    cells = [(operation, document, 1) for document in samples() for operation in OPERATIONS]
    cells += [
        (operation, Document.parse(f"message: {name}", raw), MESSAGE_CALLS)
        for name, raw in documents.messages().items()
        for operation in ("decode-bytes", "encode", "dumps")
    ]
    names = []
    for operation, document, times in cells:
        function, argument, _ = contenders.calls(operation, document)[OURS]
        for _ in range(WARM):
            function(argument)
        os.sched_yield()
        for _ in range(times):
            function(argument)
        os.sched_yield()
        names.append(f"{operation} {document.name}")
    print(json.dumps(names))


def count() -> dict[str, int]:
    """Instructions by cell."""
    with tempfile.TemporaryDirectory() as scratch:
        command = [
            "valgrind", "--tool=callgrind", f"--callgrind-out-file={scratch}/out", f"--dump-before={MARK}",
            *(f"--toggle-collect={name}" for name in TOGGLES),
            sys.executable, "-m", "benchmarks.instructions", "--child",
        ]  # fmt: skip
        # Nothing of the caller's environment: its size moves the stack.
        fixed = {
            "PYTHONHASHSEED": "0",
            "PYTHONDONTWRITEBYTECODE": "1",
            "GLIBC_TUNABLES": PLAIN_LIBC,
            "LC_ALL": "C.UTF-8",
            "PATH": os.environ["PATH"],
        }
        if platform.machine() == "x86_64":  # the level that every machine has
            fixed["CYJSON_CPU"] = "sse2"
        kept = {key: os.environ[key] for key in ("PYTHONPATH", "LD_LIBRARY_PATH") if key in os.environ}
        ran = subprocess.run(command, env=fixed | kept, capture_output=True, text=True, check=False)
        if ran.returncode:
            raise SystemExit(f"valgrind failed:\n{ran.stderr[-2000:]}")
        names = json.loads(ran.stdout)
        totals = []
        for number in range(1, 2 * len(names) + 1):
            part = Path(scratch, f"out.{number}").read_text(encoding="utf-8", errors="replace")
            found = re.search(r"^(?:totals|summary): (\d+)", part, re.MULTILINE)
            totals.append(int(found[1]) if found else 0)
    counts = dict(zip(names, totals[1::2], strict=True))
    if nothing := [name for name, instructions in counts.items() if not instructions]:
        raise SystemExit(f"{nothing[0]}: nothing counted. Is the extension stripped, or {', '.join(TOGGLES)} renamed?")
    return counts


def environment() -> str:
    """What a baseline holds for."""
    python = f"{platform.python_implementation()} {platform.python_version()} by {platform.python_compiler()}"
    return f"{python}, {platform.machine()}, extension by {machine.compiler()}"


def libraries() -> str:
    """What else has a part in the count."""
    valgrind = subprocess.run(["valgrind", "--version"], capture_output=True, text=True, check=True).stdout.strip()
    return f"{valgrind}, {' '.join(platform.libc_ver())}"


def compare(counts: dict[str, int], baseline: dict[str, int]) -> int:
    """Print every cell; the exit status."""
    worse = []
    for name in counts.keys() | baseline.keys():
        if name not in counts or name not in baseline:
            worse.append(f"{name}: {'not counted any more' if name not in counts else 'not in the baseline'}")
    shared = [name for name in counts if name in baseline]
    for name in shared:
        change = counts[name] / baseline[name] - 1
        flag = "  WORSE" if change > LIMIT else "  better" if change < -LIMIT else ""
        print(f"  {name:36s} {baseline[name]:12,d} {counts[name]:12,d} {change:+8.2%}{flag}")
        if change > LIMIT:
            worse.append(f"{name}: {change:+.2%}")
    if shared:
        print(f"  geometric mean {geometric_mean(counts[name] / baseline[name] for name in shared) - 1:+.2%}")
    if worse:
        print(f"\n{len(worse)} of {len(counts)} differ from the baseline by more than {LIMIT:.0%} or are missing:")
        print("\n".join(f"  {line}" for line in worse))
        print("If that is meant: make bench-instructions BENCH_ARGS=--write, and say why in the commit.")
    return 1 if worse else 0


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.instructions", description="Count the native codec's instructions."
    )
    parser.add_argument("--write", action="store_true", help="make this count the baseline of this environment")
    parser.add_argument("--json", type=Path, metavar="FILE", help="keep the counts in FILE")
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if OURS not in contenders.installed():
        raise SystemExit("the extension isn't there: nothing to count")
    if options.child:
        child()
        return 0
    if shutil.which("valgrind") is None:
        raise SystemExit("valgrind isn't installed")
    key = environment()
    baselines = json.loads(BASELINES.read_text(encoding="utf-8")) if BASELINES.exists() else {}
    counts = count()
    if options.json:
        options.json.write_text(json.dumps(counts, indent=1) + "\n", encoding="utf-8")
    print(f"{len(counts)} cells counted on {key}")
    if options.write:
        baselines[key] = {"libraries": libraries(), "instructions": counts}
        BASELINES.parent.mkdir(exist_ok=True)
        BASELINES.write_text(json.dumps(baselines, indent=1, sort_keys=True) + "\n", encoding="utf-8")
        print(f"written to {BASELINES.relative_to(FOLDER.parents[1])}")
        return 0
    if key not in baselines:
        print("NOT COMPARED: there is no baseline for this environment. There are baselines for:")
        print("\n".join(f"  {other}" for other in baselines) or "  none")
        return 0
    if baselines[key]["libraries"] != libraries():
        print(f"note: the baseline was counted with {baselines[key]['libraries']}, this with {libraries()}")
    return compare(counts, baselines[key]["instructions"])


if __name__ == "__main__":
    raise SystemExit(main())
