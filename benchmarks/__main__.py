"""Race cyjson against the standard library's json and print throughput and ratios."""

from __future__ import annotations

import argparse
import json
import math
import shlex
import statistics
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from . import documents, machine
from .contenders import OPERATIONS, Call, Document, calls
from .race import Result, race

BASELINE = "json"
OURS = "cyjson"


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--corpus", type=Path, metavar="DIR", help="race on DIR/*.json instead of the made documents")
    parser.add_argument(
        "--only",
        nargs="+",
        default=[],
        metavar="NAME",
        help="only these operations and documents; 'messages' stands for the small messages",
    )
    parser.add_argument("--rounds", type=int, metavar="N", help="rounds per race (default: as fit into half a second)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="keep the figures in FILE")
    options = parser.parse_args()
    if options.rounds is not None and options.rounds < 1:
        parser.error("--rounds takes a number above 0")
    return options


def corpus(folder: Path) -> dict[str, bytes]:
    found = {path.name.removesuffix(".json"): path.read_bytes() for path in sorted(folder.glob("*.json"))}
    if not found:
        raise SystemExit(f"{folder}: no .json file there")
    return found


def chosen(words: list[str], names: Iterable[str]) -> list[str]:
    """The names among ``words``, or all names where none of them is."""
    names = list(names)
    return [name for name in names if name in words] or names


def geometric_mean(numbers: list[float]) -> float:
    return math.exp(statistics.fmean(map(math.log, numbers)))


def answers(contenders: Mapping[str, Call]) -> dict[str, Any]:
    """What each contender returns, once; text and bytes as they are, decoded values by their repr (nan != nan)."""
    results = {name: function(argument) for name, (function, argument) in contenders.items()}
    return {name: got if isinstance(got, str | bytes) else repr(got) for name, got in results.items()}


class Report:
    """Runs the races, prints their rows as they come and keeps the figures."""

    def __init__(self, rounds: int | None) -> None:
        self.rounds = rounds
        self.figures: list[dict[str, Any]] = []
        self.wrong = 0

    def row(self, operation: str, document: Document, *, small: bool = False) -> float | None:
        """Race on one document and print the row; the ratio, or None where there is none."""
        contenders = calls(operation, document)
        label = f"  {document.name[:20]:20s} {size(len(document.raw))}"
        try:
            answer = answers(contenders)
        except Exception as error:  # a file of the user's may hold what an operation refuses, such as NaN
            print(f"{label}   not raced: {type(error).__name__}: {str(error)[:60]}", flush=True)
            return None
        if len(set(answer.values())) > 1:
            self.wrong += 1
            print(f"{label}   not raced: the answers DIFFER", flush=True)
            return None
        if OPERATIONS[operation].reads:
            length = len(document.raw)
        else:
            text = answer[BASELINE]
            length = len(text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text)
        results = race(contenders, BASELINE, rounds=self.rounds, small=small, **({"budget": 0.2} if small else {}))
        ours, base = results[OURS], results[BASELINE]
        if small:
            figures = f"{base.seconds * 1e9:10.0f} {ours.seconds * 1e9:10.0f}"
        else:
            figures = f"{length / base.seconds / 1e6:10.1f} {length / ours.seconds / 1e6:10.1f}"
        print(f"{label} {figures} {ours.ratio:8.2f}x   {ours.low:.2f} - {ours.high:.2f}", flush=True)
        self.keep(operation, document.name, length, results)
        return ours.ratio

    def keep(self, operation: str, document: str, length: int, results: Mapping[str, Result]) -> None:
        for contender, result in results.items():
            self.figures.append(
                {
                    "operation": operation,
                    "document": document,
                    "bytes": length,
                    "contender": contender,
                    "seconds": result.seconds,
                    "ratio": result.ratio,
                    "quartiles": [result.low, result.high],
                }
            )

    def block(self, operation: str, samples: list[Document], *, small: bool = False) -> dict[str, float]:
        """Race one operation on each document; the ratios by document."""
        print(f"\n{OPERATIONS[operation].title}")
        unit = "ns per call" if small else "MB/s"
        print(f"  {unit:20s} {'':8s} {BASELINE:>10s} {OURS:>10s} {'ratio':>9s}   middle half")
        ratios = {d.name: ratio for d in samples if (ratio := self.row(operation, d, small=small)) is not None}
        if ratios:
            print(f"  {'geometric mean':20s} {'':30s} {geometric_mean(list(ratios.values())):8.2f}x", flush=True)
        return ratios


def size(length: int) -> str:
    return f"{length:5d} B " if length < 10_000 else f"{length / 1000:5.0f} KB"


def summary(table: Mapping[str, Mapping[str, float]], names: list[str]) -> None:
    """Every ratio once more, documents down and operations across."""
    widths = {operation: max(6, len(operation)) + 2 for operation in table}

    def line(label: str, cells: Mapping[str, float | None]) -> None:
        texts = (f"{cells[op]:.2f}" if cells.get(op) else "-" for op in table)
        print(f"  {label[:20]:20s}" + "".join(f"{text:>{widths[op]}}" for op, text in zip(table, texts, strict=True)))

    print(f"\nTimes as fast as {BASELINE}")
    print(f"  {'':20s}" + "".join(f"{op:>{width}}" for op, width in widths.items()))
    for name in names:
        line(name, {op: table[op].get(name) for op in table})
    line("geometric mean", {op: geometric_mean(list(cells.values())) if cells else None for op, cells in table.items()})


def main() -> int:
    options = arguments()
    raws = corpus(options.corpus) if options.corpus else documents.documents()
    known = {*OPERATIONS, *raws} | ({"messages"} if not options.corpus else set())
    if unknown := [word for word in options.only if word not in known]:
        raise SystemExit(f"--only {' '.join(unknown)}: not among {', '.join(sorted(known))}")

    about = machine.describe() | {"command": f"python -m benchmarks {shlex.join(sys.argv[1:])}".strip()}
    for key, value in about.items():
        print(f"{key:10s} {value}")

    samples = []
    for name in chosen(options.only, raws):
        try:
            samples.append(Document.parse(name, raws[name]))
        except (ValueError, RecursionError) as error:
            print(f"{name}: left out, not JSON in UTF-8: {error}")
    messages = [Document.parse(name, raw) for name, raw in documents.messages().items()]

    report = Report(options.rounds)
    operations = chosen(options.only, OPERATIONS)
    by_name = any(word in raws for word in options.only)
    if samples and (by_name or "messages" not in options.only):
        table = {operation: report.block(operation, samples) for operation in operations}
        summary(table, [d.name for d in samples])
    if not options.corpus and ("messages" in options.only or not by_name):
        small = [operation for operation in operations if OPERATIONS[operation].small]
        print(f"\nSmall messages{'' if small else ': not raced with these operations'}")
        table = {operation: report.block(operation, messages, small=True) for operation in small}
        if small:
            summary(table, [d.name for d in messages])

    if options.json:
        options.json.write_text(json.dumps({"about": about, "results": report.figures}, indent=1) + "\n")
    if report.wrong:
        print(f"\n{report.wrong} answers differ from {BASELINE}'s", file=sys.stderr)
    return 1 if report.wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
