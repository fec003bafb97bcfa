"""Lines as Arrow tables: `lines.to_arrow` beside pyarrow's and polars' own readers, and on several threads.

    python -m benchmarks.lines_arrow                          # 64 MB each of events, log records and wide records
    python -m benchmarks.lines_arrow --what logs --threads 2 4
    python -m benchmarks.lines_arrow --file big.ndjson

Each contender is a process of its own, which reads the file into a table of its library's, types found out: pyarrow's
and polars' readers with one thread, and `to_arrow` handed to each of these libraries. They take turns. Printed is the
least processor time of each, which others' work on the machine hardly changes, and the least wall time. For threads it
is both that count: wall, and how much more processor time than one thread's they take, which is what sharing costs.
Before that, the tables' values are compared with those of `json.loads`.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

from cyjson import lines

from . import documents
from .steadiness import Steadiness

WHAT = ("events", "logs", "wide")
ONE = ("pyarrow", "polars", "cyjson", "cyjson-polars")


def of_events() -> Iterator[Any]:
    yield from json.loads(documents.events())


def of_logs() -> Iterator[Any]:
    draw = documents.Draw(20)
    for number in range(2000):
        yield {
            "id": number,
            "ts": 1_700_000_000 + number,
            "level": draw.pick(("debug", "info", "warning", "error")),
            "status": draw.pick((200, 200, 200, 301, 404, 500, 503)),
            "ms": draw.between(0, 99_999) / 8,
            "bytes": draw.between(0, 10**6),
            "user": f"user-{draw.between(0, 10**5)}",
            "path": "/" + "/".join(draw.word() for _ in range(3)),
            "agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0",
            "trace": {"span": draw.hexadecimal(16), "parent": draw.hexadecimal(16)},
        }


def of_wide() -> Iterator[Any]:
    """Of fifty numbers, half of them whole."""
    draw = documents.Draw(21)
    for _ in range(500):
        yield {
            f"{'count' if number % 2 else 'value'}_{number}": draw.digits(1 + number % 9)
            if number % 2
            else draw.real(-1000, 1000)
            for number in range(50)
        }


RECORDS = {"events": of_events, "logs": of_logs, "wide": of_wide}


def write(path: str, what: str, size: int) -> None:
    """Write the records again and again, until there are ``size`` bytes of lines."""
    block = lines.encode(RECORDS[what]())
    with open(path, "wb") as file:
        for _ in range(-(-size // len(block))):
            file.write(block)


def table(path: str, contender: str) -> Any:
    """The file as a table of pyarrow's or polars'."""
    if contender == "pyarrow":
        reader = import_module("pyarrow.json")
        return reader.read_json(path, reader.ReadOptions(use_threads=False))
    if contender == "polars":
        return import_module("polars").read_ndjson(path)
    if contender == "cyjson-polars":
        return import_module("polars").DataFrame(lines.to_arrow(path))
    _, _, threads = contender.partition(":")
    return import_module("pyarrow").table(lines.to_arrow(path, threads=int(threads or 1)))


def known(value: Any) -> Any:
    """A value without members that are null: in a table none is missing."""
    if isinstance(value, dict):
        return {name: known(each) for name, each in value.items() if each is not None}
    return [known(each) for each in value] if isinstance(value, list) else value


def values(path: str, contender: str) -> list[Any]:
    found = table(path, contender)
    return list(map(known, found.to_dicts() if contender.endswith("polars") else found.to_pylist()))


def run(path: str, contender: str) -> None:
    """Read the file once for each line of stdin, and print how long that took."""
    table(path, contender)  # what is imported and allocated once
    print("ready", flush=True)
    for _ in sys.stdin:
        wall, cpu = time.perf_counter(), time.process_time()
        found = table(path, contender)
        print(json.dumps([time.perf_counter() - wall, time.process_time() - cpu]), flush=True)
        del found


def measure(path: str, contenders: list[str], rounds: int) -> dict[str, tuple[float, float]]:
    """The least wall and processor times."""
    running = {}
    for each in contenders:
        command = [sys.executable, "-m", "benchmarks.lines_arrow", "--run", each, "--file", path]
        environment = {**os.environ, "POLARS_MAX_THREADS": "1"}
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
        )
        if process.stdout.readline().strip() == "ready":  # type: ignore[union-attr]
            running[each] = process
        else:
            print(f"  {each} fails: {process.communicate()[1].strip().splitlines()[-1:]}")
    found: dict[str, list[list[float]]] = {each: [] for each in running}
    for _ in range(rounds):
        for each, process in running.items():
            process.stdin.write("\n")  # type: ignore[union-attr]
            process.stdin.flush()  # type: ignore[union-attr]
            found[each].append(json.loads(process.stdout.readline()))  # type: ignore[union-attr]
    for process in running.values():
        process.communicate()
    return {each: (min(one[0] for one in times), min(one[1] for one in times)) for each, times in found.items()}


def report(path: str, what: str, threads: list[int], rounds: int) -> None:
    size = os.path.getsize(path)
    found = measure(path, [*ONE, *(f"cyjson:{n}" for n in threads if n > 1)], rounds)
    wall, cpu = found["cyjson"]
    for name, (seconds, work) in found.items():
        line = f"  {what:6s} {name:14s} {size / seconds / 1e6:6.0f} MB/s; processor {work:.3f} s, wall {seconds:.3f} s"
        if name.startswith("cyjson:"):
            line += f": {wall / seconds:.2f} times as fast as one thread, at {work / cpu:.2f} times its processor time"
        elif not name.startswith("cyjson"):
            ours = found["cyjson-polars" if name == "polars" else "cyjson"][1]
            line += f": cyjson is {work / ours:.2f} times as fast"
        print(line, flush=True)


def compare(path: str) -> None:
    with open(path, "rb") as file:
        expected = [known(json.loads(each)) for each in file]
    for contender in (*ONE, "cyjson:2"):
        try:
            equal = values(path, contender) == expected
        except Exception as error:
            print(f"  {contender}: {type(error).__name__}: {str(error)[:200]}")
        else:
            print(f"  {contender}: {'equal to' if equal else 'other values than'} those of json.loads")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.lines_arrow", description=__doc__)
    parser.add_argument("--what", nargs="+", choices=WHAT, default=WHAT)
    parser.add_argument("--file", help="a file of lines to be read instead")
    parser.add_argument("--size", type=int, default=64 * 10**6, help="bytes of each file that is made")
    parser.add_argument("--threads", type=int, nargs="+", default=[2])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--run", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.run:
        run(options.file, options.run)
        return 0
    print(f"{os.cpu_count()} cores, Python {sys.version.split()[0]}")
    steadiness = Steadiness()
    with tempfile.TemporaryDirectory() as folder:
        for what in [options.file] if options.file else options.what:
            path = str(Path(folder, f"{what}.ndjson")) if options.file is None else options.file
            if options.file is None:
                write(path, what, 1)
                print(what)
                compare(path)
                write(path, what, options.size)
            steadiness.look()
            report(path, Path(what).stem, options.threads, options.rounds)
    for each in steadiness.warnings() or ["the machine was steady"]:
        print(f"  {each}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
