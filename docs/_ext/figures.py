"""The figures of the benchmark page: benchmarks/results/results*.json as a script that a page from a file can load.

A browser reads no JSON beside a page that it opened from a file, but it runs a script there: the figures are
``cyjsonFigures`` in benchmark-figures.js.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "benchmarks" / "results"
SCRIPT = "benchmark-figures.js"


def figures(folder: Path) -> dict[str, Any]:
    """A machine for each ``results*.json``, and what the operations are called."""
    from benchmarks.contenders import OPERATIONS
    from benchmarks.results import Results

    machines, seen = [], []
    for path in sorted(folder.glob("results*.json")):
        results = Results.load(path)
        seen += results.operations()
        machines.append(
            {
                "about": results.about,
                "versions": results.versions,
                "warnings": results.warnings(),
                "contenders": results.contenders(),
                "empty": _nested((row["operation"], row["contender"], row["reason"]) for row in results.empty),
                "documents": _races(results.races),
                "messages": _races(results.messages),
            }
        )
    operations = [{"name": name, "title": OPERATIONS[name].title} for name in OPERATIONS if name in seen]
    return {"operations": operations, "machines": machines}


def _nested(rows: Any) -> dict[str, dict[str, Any]]:
    nested: dict[str, dict[str, Any]] = {}
    for outer, inner, value in rows:
        nested.setdefault(outer, {})[inner] = value
    return nested


def _races(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Operation -> document -> contender -> speed by json's, its quartiles, seconds, and bytes."""
    races: dict[str, Any] = {}
    for row in rows:
        by_document = races.setdefault(row["operation"], {}).setdefault(row["document"], {})
        by_document[row["contender"]] = [row["ratio"], *row["quartiles"], row["seconds"], row["bytes"]]
    return races


def write(app: Sphinx, error: Exception | None) -> None:
    if error is None and app.builder.format == "html":
        text = json.dumps(figures(RESULTS), separators=(",", ":"))
        (Path(app.outdir) / "_static" / SCRIPT).write_text(f"const cyjsonFigures = {text};\n", encoding="utf-8")


def scripts(app: Sphinx, name: str, template: str, context: Any, doctree: Any) -> None:
    """The page's own scripts, and no other page's."""
    if name == "benchmarks":
        app.add_js_file(SCRIPT)
        app.add_js_file("benchmarks.js", loading_method="defer")
        app.add_css_file("benchmarks.css")


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("html-page-context", scripts)
    app.connect("build-finished", write)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
