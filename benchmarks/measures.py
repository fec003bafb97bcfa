"""What is measured beside speed: memory, objects, the collector, import time, growth with size, size on disk."""

from __future__ import annotations

import gc
import itertools
import math
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from . import contenders, documents
from .contenders import BASELINE, OPERATIONS, Document

Row = dict[str, Any]
Tick = Callable[[str], None]

FOLDER = Path(__file__).resolve().parents[1]
MEMORY_TASKS = {"decode": "decode-bytes", "dump-text": "dump-text", "dump-binary": "dump-binary"}
MEMORY_SIZE = {False: 8_000_000, True: 32_000_000}  # by --full
GROWTH_SIZES = [1000 * 4**step for step in range(10)]  # 1 KB to 262 MB
GROWTH_LIMIT = {False: 5_000_000, True: 300_000_000}
GROWTH_OPERATIONS = ("decode-bytes", "encode")
SETTLED = 16_000  # bytes from which on the call itself no longer counts in the judgement of growth
SLOPES = (0.75, 1.25)  # half-way to n^0.5 and n^1.5: what passes as linear


def _child(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=FOLDER,
        env=os.environ | {"PYTHONHASHSEED": "0"} | environment,
        capture_output=True,
        text=True,
        check=True,
    )


def memory(full: bool, tick: Tick) -> list[Row]:
    """The peak of a decode and of a dump to a file, above a process that made all ready but did not call."""
    size = MEMORY_SIZE[full]
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch, "document.json")
        path.write_bytes(documents.growing(size))
        for task, operation in MEMORY_TASKS.items():
            for name in contenders.installed():
                if name not in OPERATIONS[operation].calls:
                    continue
                tick(f"memory: {task}, {name}")
                start = str(path) if task == "decode" else str(size)
                peaks = [int(_child("-m", "benchmarks.probe", name, task, start, how).stdout) for how in ("rest", "do")]
                rows.append(
                    {
                        "task": task,
                        "contender": name,
                        "bytes": size,
                        "baseline": peaks[0],
                        "peak": peaks[1],
                        "extra": peaks[1] - peaks[0],
                    }
                )
    return rows


def objects(samples: list[Document], tick: Tick) -> list[Row]:
    """The memory blocks that a decoded document holds, by sys.getallocatedblocks."""
    rows: list[Row] = []
    for document in samples:
        for name, call in contenders.calls("decode-bytes", document).items():
            tick(f"objects: {document.name}, {name}")
            call.function(call.argument)  # what the contender keeps from call to call, it has now
            gc.collect()
            before = sys.getallocatedblocks()
            held = call.function(call.argument)
            after = sys.getallocatedblocks()
            del held
            rows.append({"document": document.name, "contender": name, "blocks": after - before})
    return rows


@contextmanager
def _collections() -> Iterator[list[float]]:
    """The seconds that each collection takes meanwhile."""
    seconds: list[float] = []
    started = 0.0

    def watch(phase: str, _: dict[str, int]) -> None:
        nonlocal started
        if phase == "start":
            started = time.perf_counter()
        else:
            seconds.append(time.perf_counter() - started)

    gc.callbacks.append(watch)
    try:
        yield seconds
    finally:
        gc.callbacks.remove(watch)


def collector(samples: list[Document], tick: Tick) -> list[Row]:
    """How often the collector runs, and for which share of the time, while documents are decoded one after another."""
    rows: list[Row] = []
    for document in samples:
        for name, call in contenders.calls("decode-bytes", document).items():
            tick(f"collector: {document.name}, {name}")
            gc.collect()
            gc.freeze()
            count, start, held = 0, time.perf_counter(), None
            with _collections() as seconds:
                while count < 20 or time.perf_counter() - start < 0.1:
                    held = call.function(call.argument), set[Any]()
                    count += 1
            spent = time.perf_counter() - start
            del held
            gc.unfreeze()
            rows.append(
                {
                    "document": document.name,
                    "contender": name,
                    "calls": count,
                    "collections_per_call": len(seconds) / count,
                    "share": sum(seconds) / spent,
                }
            )
    return rows


def import_time(tick: Tick) -> list[Row]:
    """Microseconds that ``import`` takes once json is there, by python -X importtime: the least of several."""
    rows: list[Row] = []
    for name in contenders.installed():
        module = contenders.NAMES[name][0].removesuffix("._pure")
        tick(f"import: {name}")
        first = "" if name == BASELINE else "import json\n"
        pure = "1" if name == contenders.FALLBACK else "0"
        times = []
        for _ in range(7):
            log = _child("-X", "importtime", "-c", f"{first}import {module}", CYJSON_PURE=pure).stderr
            found = re.findall(rf"\| +(\d+) \| {re.escape(module)}$", log, re.MULTILINE)
            times.append(int(found[-1]))
        rows.append({"contender": name, "microseconds": min(times), "median": statistics.median(times)})
    return rows


def growth(full: bool, tick: Tick) -> list[Row]:
    """Seconds per call from 1 KB up: the least of several calls, which the contenders take in turns."""
    rows: list[Row] = []
    for size in GROWTH_SIZES:
        if size > GROWTH_LIMIT[full]:
            break
        document = Document.parse(f"{size}", documents.growing(size))
        for operation in GROWTH_OPERATIONS:
            calls = contenders.calls(operation, document)
            best = dict.fromkeys(calls, math.inf)
            gc.collect()
            gc.freeze()
            for _ in range(4 if size < 10_000_000 else 2):
                for name, (function, argument, _) in calls.items():
                    tick(f"growth: {operation}, {size / 1e6:g} MB, {name}")
                    until = time.perf_counter() + 0.005
                    while True:
                        start = time.perf_counter()
                        held = function(argument)
                        end = time.perf_counter()
                        del held
                        best[name] = min(best[name], end - start)
                        if end > until:
                            break
            gc.unfreeze()
            rows += [
                {"operation": operation, "contender": name, "bytes": len(document.raw), "seconds": seconds}
                for name, seconds in best.items()
            ]
    return rows


def slopes(rows: list[Row]) -> list[Row]:
    """The median slope of log(time) over log(size) between neighbouring sizes from ``SETTLED`` on: 1 is linear, 2
    quadratic; ``linear`` says whether it is near.

    The median, since a cache that no longer holds the document, or memory that comes fresh from the system, steepens
    one or two steps, for every contender; a cost that grows faster than the document steepens them all.
    """
    judged: list[Row] = []
    for operation in GROWTH_OPERATIONS:
        for name in dict.fromkeys(row["contender"] for row in rows):
            points = [
                (math.log(row["bytes"]), math.log(row["seconds"]))
                for row in rows
                if (row["operation"], row["contender"]) == (operation, name) and row["bytes"] >= SETTLED * 0.9
            ]
            if len(points) > 2:
                slope = statistics.median((t2 - t1) / (n2 - n1) for (n1, t1), (n2, t2) in itertools.pairwise(points))
                judged.append(
                    {
                        "operation": operation,
                        "contender": name,
                        "slope": slope,
                        "linear": SLOPES[0] <= slope <= SLOPES[1],
                    }
                )
    return judged


def sizes(tick: Tick) -> list[Row]:
    """Bytes on disk: of each contender's package, of its extensions alone, and of the wheels of cyjson in dist/."""
    rows: list[Row] = []
    for name, module in contenders.installed().items():
        if name in (BASELINE, contenders.FALLBACK):
            continue
        tick(f"size: {name}")
        path = Path(str(module.__file__))
        # A package is its folder; a module that is one extension is its file.
        paths = [
            p
            for p in (path.parent.rglob("*") if path.name.startswith("__init__") else [path])
            if p.is_file() and p.suffix != ".pyc"
        ]
        extensions = [p.stat().st_size for p in paths if p.suffix in (".so", ".pyd")]
        rows.append(
            {"contender": name, "installed": sum(p.stat().st_size for p in paths), "extension": sum(extensions)}
        )
    for wheel in sorted(FOLDER.glob("dist/cyjson-*.whl")):
        rows.append({"contender": contenders.OURS, "wheel": wheel.name, "bytes": wheel.stat().st_size})
    return rows
