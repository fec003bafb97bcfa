"""The figures of one run as a JSON file, and what can be asked of it."""

from __future__ import annotations

import json
import math
import statistics
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .contenders import BASELINE, NAMES, OPERATIONS, OURS

FOLDER = Path(__file__).parent / "results"
COMMITTED = FOLDER / "results.json"
Row = dict[str, Any]


def geometric_mean(numbers: Iterable[float]) -> float:
    return math.exp(statistics.fmean(map(math.log, numbers)))


@dataclass
class Results:
    """``races`` and ``messages`` have a row per operation, document and contender; see benchmarks/README.md."""

    about: dict[str, str]
    versions: dict[str, str] = field(default_factory=dict)
    races: list[Row] = field(default_factory=list)
    messages: list[Row] = field(default_factory=list)
    differences: list[Row] = field(default_factory=list)
    empty: list[Row] = field(default_factory=list)
    measures: dict[str, list[Row]] = field(default_factory=dict)
    steadiness: Row = field(default_factory=dict)  # figures, and "warnings": see benchmarks/steadiness.py

    @classmethod
    def load(cls, path: Path) -> Results:
        return cls(**json.loads(path.read_text(encoding="utf-8")))

    def save(self, path: Path) -> None:
        """Write the file, a row to a line: differences between two runs can be read."""

        def rows(found: list[Row]) -> str:
            return "[" + ",".join("\n  " + json.dumps(_rounded(row)) for row in found) + "\n ]"

        parts = []
        for key, value in vars(self).items():
            if isinstance(value, list):
                text = rows(value)
            elif key == "measures":
                text = "{" + ",".join(f"\n {json.dumps(name)}: {rows(found)}" for name, found in value.items()) + "\n }"
            else:
                text = json.dumps(_rounded(value), indent=1).replace("\n", "\n ")
            parts.append(f" {json.dumps(key)}: {text}")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("{\n" + ",\n".join(parts) + "\n}\n", encoding="utf-8")

    def warnings(self) -> list[str]:
        """Why these figures deserve no trust."""
        return list(self.steadiness.get("warnings", []))

    def contenders(self, rows: list[Row] | None = None) -> list[str]:
        """Who took part, in the order of the tables."""
        seen = {row["contender"] for row in (self.races + self.messages if rows is None else rows)}
        return [name for name in NAMES if name in seen]

    def operations(self) -> list[str]:
        seen = {row["operation"] for row in self.races + self.messages}
        return [name for name in OPERATIONS if name in seen]

    def ratios(self, operation: str, contender: str, *, small: bool = False) -> dict[str, float]:
        """Times as fast as the standard library, by document."""
        return {
            row["document"]: row["ratio"]
            for row in (self.messages if small else self.races)
            if (row["operation"], row["contender"]) == (operation, contender)
        }

    def mean(self, operation: str, contender: str, *, small: bool = False) -> float | None:
        """The geometric mean of the ratios; None where there is none, or where documents are missing."""
        ratios = self.ratios(operation, contender, small=small)
        if not ratios or len(ratios) < len(self.ratios(operation, BASELINE, small=small)):
            return None
        return geometric_mean(ratios.values())

    def losses(self) -> list[Row]:
        """The races that cyjson did not win, each with its winner, the worst first.

        ``ratio`` is cyjson's speed / the winner's.
        """
        found = []
        for rows in (self.races, self.messages):
            races: dict[tuple[str, str], list[Row]] = {}
            for row in rows:
                races.setdefault((row["operation"], row["document"]), []).append(row)
            for race in races.values():
                first = max(race, key=lambda row: float(row["ratio"]))
                for row in race:
                    if row["contender"] == OURS and row is not first:
                        found.append(first | {"ratio": row["ratio"] / first["ratio"]})
        return sorted(found, key=lambda row: float(row["ratio"]))


def _rounded(row: Row) -> Row:
    """Five significant digits: what comes after is noise."""
    return {key: _short(value) for key, value in row.items()}


def _short(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{value:.5g}")
    if isinstance(value, list):
        return [_short(item) for item in value]
    return value
