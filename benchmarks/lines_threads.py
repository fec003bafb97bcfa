"""Lines of a large file on one thread and on several: how much faster, and how much memory.

    python -m benchmarks.lines_threads                       # 1 GB, pick, with one thread and two
    python -m benchmarks.lines_threads --what lazy decode    # views; whole documents, which threads make without a GIL
    python -m benchmarks.lines_threads --threads 2 4 --size 4000000000
    python -m benchmarks.lines_threads --file big.ndjson --pointers /id /user/name

Each run is a process of its own that has read the file once, so that it comes from memory. Rounds alternate; the time
is the least of them, and the ratio that of the least times. The memory is what the process's peak grew by from before
the first line to after the last one, beside the blocks that may be in flight. It wants as many idle cores as threads:
what it says of others' work is at the end.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import cyjson
from cyjson import lines

from . import documents
from .steadiness import Steadiness

POINTERS = ["/type", "/actor/login", "/repo/name"]
CHUNK = 196608  # bytes of a file that a thread reads at a time
MB = 1e6


def write_events(path: str, size: int) -> None:
    """Write events, one a line, until there are ``size`` bytes of them."""
    events = [json.dumps(each).encode() for each in json.loads(documents.events())]
    block = b"\n".join(events * max(1, 2_000_000 // sum(map(len, events)))) + b"\n"
    with open(path, "wb") as file:
        for _ in range(-(-size // len(block))):
            file.write(block)


def peak() -> int | None:
    """The most bytes of memory that this process has had at a time, where the system says it."""
    try:
        import resource
    except ImportError:
        return None
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else 1024 * most


def wish_of(what: str, pointers: list[str]) -> dict[str, Any]:
    return {"pick": pointers} if what == "pick" else {"lazy": True} if what == "lazy" else {}


def run(path: str, what: str, pointers: list[str], threads: int) -> None:
    """One run, in this process: print its figures as JSON."""
    with open(path, "rb", 0) as file:
        buffer = bytearray(1 << 20)
        while file.readinto(buffer):
            pass
    for _ in lines.loads(b"[]\n", **wish_of(what, pointers), threads=threads):  # what is imported and made once
        pass
    before, start, count = peak(), time.perf_counter(), 0
    for _ in lines.load(path, **wish_of(what, pointers), threads=threads):
        count += 1
    seconds, after = time.perf_counter() - start, peak()
    memory = None if before is None or after is None else after - before
    print(json.dumps({"seconds": seconds, "count": count, "memory": memory}))


def measure(path: str, what: str, pointers: list[str], threads: list[int], rounds: int) -> None:
    """Print the figures of one thread, and of each number of threads beside it."""
    command = [sys.executable, "-m", "benchmarks.lines_threads", "--run", "--file", path, "--what", what]
    size = os.path.getsize(path)
    found: dict[int, list[dict[str, Any]]] = {}
    for _ in range(rounds):
        for n in dict.fromkeys([1, *threads]):
            full = [*command, "--pointers", *pointers, "--threads", str(n)]
            done = subprocess.run(full, check=True, capture_output=True, text=True)
            found.setdefault(n, []).append(json.loads(done.stdout))
    one = min(each["seconds"] for each in found[1])
    for n, runs in found.items():
        seconds, count = min(each["seconds"] for each in runs), runs[0]["count"]
        memory = max((each["memory"] for each in runs if each["memory"] is not None), default=None)
        held = "unknown" if memory is None else f"{memory / MB:.1f} MB"
        bound = f", of which blocks in flight {(2 * n + 2) * CHUNK / MB:.1f} MB" if n > 1 else ""
        print(
            f"  {what:6s} threads={n}: {count} lines, {size / MB:.0f} MB in {seconds:.3f} s ({size / seconds / 1e9:.2f}"
            f" GB/s), {one / seconds:.2f} times as fast as one; memory grew by {held}{bound}",
            flush=True,
        )


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.lines_threads", description=__doc__)
    parser.add_argument("--size", type=int, default=10**9, help="bytes of the file that is made")
    parser.add_argument("--file", help="a file of lines to be read instead")
    parser.add_argument("--what", nargs="+", choices=("pick", "lazy", "decode"), default=["pick"])
    parser.add_argument("--pointers", nargs="+", default=POINTERS, help="what is picked")
    parser.add_argument("--threads", type=int, nargs="+", default=[2])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--run", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.run:
        run(options.file, options.what[0], options.pointers, options.threads[0])
        return 0
    gil = getattr(sys, "_is_gil_enabled", lambda: True)()
    print(f"{'with' if gil else 'without'} the GIL, {os.cpu_count()} cores, cyjson's backend {cyjson.backend}")
    steadiness = Steadiness()
    with tempfile.TemporaryDirectory() as folder:
        path = options.file
        if path is None:
            path = str(Path(folder, "lines.ndjson"))
            write_events(path, options.size)
        for what in options.what:
            steadiness.look()
            measure(path, what, options.pointers, options.threads, options.rounds)
        steadiness.look()
    for each in steadiness.warnings() or ["the machine was steady"]:
        print(f"  {each}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
