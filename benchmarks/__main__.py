"""Race cyjson against the standard library's json and the peers that are installed."""

from __future__ import annotations

import argparse
import shlex
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from . import answers, contenders, documents, machine, measures
from .contenders import BASELINE, NAMES, OPERATIONS, Document
from .race import BATCH, LONG_SLICE, SLICE, empty_loop, race, race_small
from .results import Results
from .steadiness import Steadiness

MEASURES = ("memory", "objects", "collector", "import", "growth", "size")
LARGE = ("catalog", "geo")  # left to --full: the standard library takes seconds for some operations
COUNTED = ("social", "mesh")  # the documents whose objects and collections are counted
SECONDS = {False: 35.0, True: 300.0}  # for all races together, by --full


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--corpus", type=Path, metavar="DIR", help="race on DIR/*.json instead of the made documents")
    parser.add_argument(
        "--only",
        nargs="+",
        default=[],
        metavar="NAME",
        help="only these operations, documents, contenders and measures; 'messages' are the small messages",
    )
    parser.add_argument("--full", action="store_true", help="all documents, more rounds, documents up to 256 MB")
    parser.add_argument("--rounds", type=int, metavar="N", help="rounds per race (default: as fit into the time)")
    parser.add_argument("--cpu-time", action="store_true", help="race by the process's CPU time: for a busy machine")
    parser.add_argument("--json", type=Path, metavar="FILE", help="keep the figures in FILE")
    parser.add_argument("--compare", type=Path, metavar="OLD.json", help="say what became faster or slower since")
    parser.add_argument("--calls", action="store_true", help="show each contender's call for each operation, and stop")
    options = parser.parse_args()
    if options.rounds is not None and options.rounds < 2:
        parser.error(f"--rounds is {options.rounds}: it takes 2 or more, for the spread between them is shown")
    return options


def corpus(folder: Path) -> dict[str, bytes]:
    found = {path.name.removesuffix(".json"): path.read_bytes() for path in sorted(folder.glob("*.json"))}
    if not found:
        raise SystemExit(f"{folder}: no .json file there")
    return found


class Run:
    """The steps of a run, races and measures; each adds its figures to the results."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        made = documents.documents() if options.corpus is None else corpus(options.corpus)
        words = set(options.only)
        known = {*OPERATIONS, *made, *NAMES, *MEASURES, "messages"}
        if unknown := [word for word in options.only if word not in known]:
            raise SystemExit(f"--only {' '.join(unknown)}: not among {', '.join(sorted(known))}")
        self.names = [
            name for name in contenders.installed() if name == BASELINE or not words & {*NAMES} or name in words
        ]
        self.operations = [name for name in OPERATIONS if not words & {*OPERATIONS} or name in words]
        by_name = words & {*made}
        chosen = [
            name for name in made if (name in words if by_name else options.full or options.corpus or name not in LARGE)
        ]
        races = not words or bool(words - {*MEASURES} - {"messages"})
        self.samples = self.parsed({name: made[name] for name in chosen}) if races else []
        if "messages" in words and not by_name and not words & {*OPERATIONS}:
            self.samples = []
        self.messages: list[Document] = []
        if options.corpus is None and ("messages" in words or races and not by_name):
            self.messages = [Document.parse(name, raw) for name, raw in documents.messages().items()]
        whole = not words and options.corpus is None
        self.measures = [name for name in MEASURES if whole or name in words]
        self.counted = [
            Document.parse(name, documents.SHAPES[name]().encode())
            for name in COUNTED
            if {"objects", "collector"} & {*self.measures}
        ]
        command = f"python -m benchmarks {shlex.join(sys.argv[1:])}".strip()
        self.results = Results(machine.describe() | {"command": command}, contenders.versions())
        self.wrong: list[str] = []
        self.left = SECONDS[options.full]
        self.steadiness = Steadiness(cpu_time=options.cpu_time)

    @staticmethod
    def parsed(raws: dict[str, bytes]) -> list[Document]:
        samples = []
        for name, raw in raws.items():
            try:
                samples.append(Document.parse(name, raw))
            except (ValueError, RecursionError) as error:
                print(f"{name}: left out, not JSON in UTF-8: {error}")
        return samples

    def steps(self) -> list[tuple[str, Callable[[], object]]]:
        found: list[tuple[str, Callable[[], object]]] = []
        for small, samples in ((False, self.samples), (True, self.messages)):
            for operation in self.operations:
                if not small or OPERATIONS[operation].small:
                    found += [
                        (f"{operation}: {document.name}", self.step(operation, document, small)) for document in samples
                    ]
        self.races = len(found)
        return found

    def step(self, operation: str, document: Document, small: bool) -> Callable[[], object]:
        return lambda: self.race(operation, document, small)

    def race(self, operation: str, document: Document, small: bool) -> None:
        calls = {name: call for name, call in contenders.calls(operation, document).items() if name in self.names}
        where = {"operation": operation, "document": document.name}
        start = time.perf_counter()
        try:
            differences, errors, length = answers.check(calls)
        except AssertionError as error:
            self.wrong.append(f"{operation} of {document.name}: {error}")
            return
        except Exception as error:  # a file of the user's may hold what an operation refuses, such as NaN
            differences, errors, length = {}, {BASELINE: f"{type(error).__name__}: {str(error)[:80]}"}, 0
        self.results.differences += [where | {"contender": name, "what": what} for name, what in differences.items()]
        self.results.empty += [where | {"contender": name, "reason": reason} for name, reason in errors.items()]
        if BASELINE in errors:
            self.races -= 1
            return
        calls = {name: call for name, call in calls.items() if name not in errors}
        if OPERATIONS[operation].reads:
            length = document.length(OPERATIONS[operation].takes)
        if small:
            found = race_small(calls, BASELINE, **({"batches": self.options.rounds} if self.options.rounds else {}))
        else:
            budget = self.left / max(1, self.races)
            turn = LONG_SLICE if self.options.full else SLICE
            found = race(
                calls,
                BASELINE,
                rounds=self.options.rounds,
                budget=budget,
                turn=turn,
                clock=time.process_time if self.options.cpu_time else time.perf_counter,
            )
        self.races -= 1
        self.left -= time.perf_counter() - start
        rows = self.results.messages if small else self.results.races
        for name, result in found.items():
            rows.append(
                where
                | {
                    "contender": name,
                    "bytes": length,
                    "seconds": result.seconds,
                    "ratio": result.ratio,
                    "quartiles": [result.low, result.high],
                }
                | ({} if result.p99 is None else {"p99": result.p99})
            )

    def measure(self, name: str, tick: Callable[[str], None]) -> list[dict[str, Any]]:
        full = self.options.full
        if name == "memory":
            return measures.memory(full, tick)
        if name == "objects":
            return measures.objects(self.counted, tick)
        if name == "collector":
            return measures.collector(self.counted, tick)
        if name == "import":
            return measures.import_time(tick)
        if name == "growth":
            rows = measures.growth(full, tick)
            self.results.measures["slopes"] = measures.slopes(rows)
            return rows
        return measures.sizes(tick)


def main() -> int:
    options = arguments()
    try:
        from . import tables
    except ImportError as error:
        raise SystemExit(f"{error}: python -m pip install rich, or make bench") from None
    if options.calls:
        tables.calls()
        return 0
    old = Results.load(options.compare) if options.compare else None
    run = Run(options)
    for name in OPERATIONS:
        if name in run.operations:
            run.results.empty += [
                {"operation": name, "contender": contender, "reason": reason}
                for contender, reason in OPERATIONS[name].empty.items()
                if contender in run.names
            ]
    tables.about(run.results, contenders.absent())
    with tables.progress() as bar:
        steps = run.steps()
        task = bar.add_task("", total=len(steps) + 8 * len(run.measures))
        run.steadiness.look()
        for label, step in steps:
            bar.update(task, description=label)
            step()
            run.steadiness.look()
            bar.advance(task)
        for name in run.measures:
            run.results.measures[name] = run.measure(name, lambda what: bar.update(task, description=what))
            run.steadiness.look()
            bar.advance(task, 8)
    run.results.steadiness = {**run.steadiness.figures(), "warnings": run.steadiness.warnings()}
    if run.messages:
        run.results.about["loop"] = f"{empty_loop() * 1e9:.0f} ns a turn, in batches of {BATCH} (small messages)"
    tables.report(run.results)
    if old is not None:
        tables.compare(run.results, old)
    if options.json:
        run.results.save(options.json)
        print(f"kept in {options.json}")
    tables.warn(run.results)  # last, where it is seen
    for line in run.wrong:
        print(f"WRONG: {line}", file=sys.stderr)
    return 1 if run.wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
