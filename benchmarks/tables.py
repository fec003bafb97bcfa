"""What a run prints: the progress bar and the tables, by rich."""

from __future__ import annotations

from collections.abc import Mapping

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from . import contenders
from .contenders import BASELINE, NAMES, OPERATIONS, OURS
from .results import Results, Row, geometric_mean

console = Console()
if not console.is_terminal:  # in a pipe or a log, nothing is gained by folding lines
    console = Console(width=170)


def progress() -> Progress:
    return Progress(
        BarColumn(30),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.description}"),
        console=console,
        transient=True,
    )


def _table(title: str, *columns: str, caption: str | None = None) -> Table:
    table = Table(title=title, caption=caption, caption_justify="left", box=None, pad_edge=False, header_style="dim")
    for index, column in enumerate(columns):
        table.add_column(column, justify="left" if index == 0 else "right", no_wrap=True)
    return table


def _show(table: Table) -> None:
    if table.row_count:
        title, table.title = table.title, None  # rich would fold it to the table's width
        console.print()
        console.print(Text(str(title), "bold"))
        console.print(table)


def about(results: Results, absent: Mapping[str, str]) -> None:
    for key, value in results.about.items():
        console.print(f"{key:10s} {value}", highlight=False, markup=False)
    peers = [f"{name} {version}" for name, version in results.versions.items() if not name.startswith(OURS)]
    console.print(f"{'peers':10s} {', '.join(peers) or 'none is installed: make bench-peers'}", highlight=False)
    for name, reason in absent.items():
        if peers or name == OURS:
            console.print(f"{name:10s} {reason}", highlight=False)


def warn(results: Results) -> None:
    """Say that the figures deserve no trust, where the machine wasn't steady while they were taken."""
    if results.warnings():
        console.print("\nWARNING: this machine was busy, don't trust these figures", style="bold red", highlight=False)
        for line in results.warnings():
            console.print(f"  {line}", highlight=False, soft_wrap=True)
        console.print(
            "  Run it again when nothing else runs, or by processor time: make bench BENCH_ARGS=--cpu-time",
            highlight=False,
            soft_wrap=True,
        )


def calls() -> None:
    """Every contender's call for every operation, or why it has none."""
    for name, operation in OPERATIONS.items():
        table = Table(title=f"{name}: {operation.title}", box=None, show_header=False)
        for contender in NAMES:
            if contender in operation.empty:
                table.add_row(contender, Text(f"- ({operation.empty[contender]})", style="dim"))
            else:
                table.add_row(contender, Text(contenders.shown(name, contender)))
        _show(table)


def report(results: Results) -> None:
    warn(results)
    for operation in results.operations():
        _races(results, operation)
    for operation in results.operations():
        _messages(results, operation)
    _measures(results)
    for small in (False, True):
        _summary(results, small)
    _losses(results)
    _notes(results)


def _cells(ratios: Mapping[str, float | None]) -> list[Text]:
    """Ratios with the fastest in bold; a dash where there is none."""
    best = max((ratio for ratio in ratios.values() if ratio is not None), default=None)
    return [
        Text("-", "dim") if ratio is None else Text(f"{ratio:.2f}", "bold" if ratio == best else "")
        for ratio in ratios.values()
    ]


def _races(results: Results, operation: str) -> None:
    rows = [row for row in results.races if row["operation"] == operation]
    names = results.contenders(rows)
    table = _table(
        f"{operation}: {OPERATIONS[operation].title}",
        "",
        "size",
        "json MB/s",
        "cyjson MB/s",
        *(f"{name}" for name in names if name != BASELINE),
        "middle half of cyjson",
        caption="times as fast as json",
    )
    by_document: dict[str, dict[str, Row]] = {}
    for row in rows:
        by_document.setdefault(row["document"], {})[row["contender"]] = row
    for document, found in by_document.items():
        speeds = [
            f"{found[name]['bytes'] / found[name]['seconds'] / 1e6:.1f}" if name in found else "-"
            for name in (BASELINE, OURS)
        ]
        ratios = {name: found[name]["ratio"] if name in found else None for name in names if name != BASELINE}
        low, high = found[OURS]["quartiles"] if OURS in found else (float("nan"),) * 2
        table.add_row(document, _size(found[BASELINE]["bytes"]), *speeds, *_cells(ratios), f"{low:.2f} - {high:.2f}")
    if len(by_document) > 1:
        means = {name: results.mean(operation, name) for name in names if name != BASELINE}
        table.add_row(Text("geometric mean", "italic"), "", "", "", *_cells(means), "")
    _show(table)


def _messages(results: Results, operation: str) -> None:
    rows = [row for row in results.messages if row["operation"] == operation]
    names = results.contenders(rows)
    table = _table(f"small messages, {operation}: ns per call, p50 / p99", "", "size", *names)
    for document in dict.fromkeys(row["document"] for row in rows):
        found = {row["contender"]: row for row in rows if row["document"] == document}
        cells = [f"{found[n]['seconds'] * 1e9:.0f} / {found[n]['p99'] * 1e9:.0f}" if n in found else "-" for n in names]
        table.add_row(document, _size(found[BASELINE]["bytes"]), *cells)
    if rows:
        means = {name: results.mean(operation, name, small=True) for name in names}
        table.add_row(Text("times as fast as json", "italic"), "", *_cells(means))
    _show(table)


def _pivot(
    title: str, rows: list[Row], label: str, value: str, form: str, scale: float = 1.0, caption: str | None = None
) -> None:
    """One line per ``label``, one column per contender."""
    names = [name for name in NAMES if any(row["contender"] == name for row in rows)]
    table = _table(title, "", *names, caption=caption)
    for key in dict.fromkeys(row[label] for row in rows):
        cells = {row["contender"]: row[value] * scale for row in rows if row[label] == key}
        table.add_row(str(key), *(format(cells[name], form) if name in cells else "-" for name in names))
    _show(table)


def _measures(results: Results) -> None:
    found = results.measures
    if rows := found.get("memory"):
        _pivot(
            f"peak memory of one call, MB above the process at rest (document: {rows[0]['bytes'] / 1e6:.0f} MB)",
            rows,
            "task",
            "extra",
            ".1f",
            1e-6,
        )
    if rows := found.get("objects"):
        _pivot("memory blocks that a decoded document holds", rows, "document", "blocks", ",.0f")
    if rows := found.get("collector"):
        _pivot("collections per decode", rows, "document", "collections_per_call", ".2f")
        _pivot("share of the time that the collector takes, %", rows, "document", "share", ".1f", 100)
    if rows := found.get("import"):
        _pivot(
            "import, once json is imported", [row | {"what": "ms"} for row in rows], "what", "microseconds", ".2f", 1e-3
        )
    if rows := found.get("growth"):
        sized = [
            row
            | {"what": f"{row['operation']} {_size(row['bytes']).strip()}", "pace": row["seconds"] / row["bytes"] * 1e9}
            for row in rows
        ]
        _pivot(
            "growth: ns per byte",
            sorted(sized, key=lambda row: (row["operation"], row["bytes"])),
            "what",
            "pace",
            ".2f",
        )
    if rows := found.get("slopes"):
        _pivot("growth: median slope of log(time) over log(size); 1 is linear", rows, "operation", "slope", ".3f")
        for row in rows:
            if not row["linear"]:
                console.print(f"NOT LINEAR: {row['contender']}, {row['operation']}: slope {row['slope']:.2f}")
    if rows := found.get("size"):
        installed = [row for row in rows if "installed" in row]
        _pivot(
            "size, MB",
            [row | {"what": what, "value": row[what]} for what in ("installed", "extension") for row in installed],
            "what",
            "value",
            ".2f",
            1e-6,
        )
        for row in rows:
            if "wheel" in row:
                console.print(f"{row['wheel']}: {row['bytes'] / 1e6:.2f} MB", highlight=False)


def _summary(results: Results, small: bool) -> None:
    names = [name for name in results.contenders() if name != BASELINE]
    documents = {row["document"] for row in (results.messages if small else results.races)}
    what = f"the {len(documents)} small messages" if small else f"{len(documents)} documents"
    table = _table(f"Times as fast as json: geometric means over {what}", "", *names)
    for operation in results.operations():
        means = {name: results.mean(operation, name, small=small) for name in names}
        if any(mean is not None for mean in means.values()):
            table.add_row(operation, *_cells(means))
    _show(table)


def _losses(results: Results) -> None:
    losses = results.losses()
    doubt = " (on a busy machine: see the warning)" if results.warnings() else ""
    title = f"Where cyjson is not the fastest{doubt}"
    table = _table(title, "operation", "document", "the fastest", "cyjson's speed / its")
    for row in losses:
        table.add_row(row["operation"], row["document"], row["contender"], f"{row['ratio']:.2f}")
    _show(table)
    if not losses and len(results.contenders()) > 1:
        console.print("\ncyjson was the fastest in every race", highlight=False)


def _notes(results: Results) -> None:
    table = _table("Empty cells", "operation", "contender", "reason")
    table.columns[1].justify = table.columns[2].justify = "left"
    for row in results.empty:
        table.add_row(
            row["operation"] + (f", {row['document']}" if "document" in row else ""), row["contender"], row["reason"]
        )
    _show(table)
    table = _table("The same work, spelt otherwise than json does", "contender", "what differs", "in")
    table.columns[1].justify = table.columns[2].justify = "left"
    merged: dict[tuple[str, str], list[str]] = {}
    for row in results.differences:
        merged.setdefault((row["contender"], row["what"]), []).append(row["operation"])
    for (contender, what), operations in merged.items():
        table.add_row(contender, what, ", ".join(dict.fromkeys(operations)))
    _show(table)


def compare(new: Results, old: Results) -> None:
    """What changed in the ratios to the standard library, beyond the spread of both runs."""
    for key in ("python", "processor"):
        if new.about.get(key) != old.about.get(key):
            console.print(f"\n{key} differs: {old.about.get(key)} then, {new.about.get(key)} now", highlight=False)
    names = [name for name in new.contenders() if name in old.contenders() and name != BASELINE]
    table = _table(f"Change since {old.about.get('date')}: ratio to json now / then, geometric means", "", *names)
    changed = _table(
        "Changed beyond the spread of both runs", "operation", "document", "contender", "then", "now", "now / then"
    )
    for operation in new.operations():
        cells: dict[str, float | None] = {}
        for name in names:
            pairs = _pairs(new, old, operation, name)
            cells[name] = geometric_mean(now["ratio"] / then["ratio"] for now, then in pairs) if pairs else None
            for now, then in pairs:
                if now["quartiles"][0] > then["quartiles"][1] or now["quartiles"][1] < then["quartiles"][0]:
                    changed.add_row(
                        operation,
                        now["document"],
                        name,
                        f"{then['ratio']:.2f}",
                        f"{now['ratio']:.2f}",
                        f"{now['ratio'] / then['ratio']:.2f}",
                    )
        table.add_row(operation, *("-" if cell is None else f"{cell:.2f}" for cell in cells.values()))
    _show(table)
    _show(changed)


def _pairs(new: Results, old: Results, operation: str, name: str) -> list[tuple[Row, Row]]:
    def rows(results: Results) -> dict[str, Row]:
        return {
            row["document"]: row
            for row in results.races + results.messages
            if (row["operation"], row["contender"]) == (operation, name)
        }

    then = rows(old)
    return [(row, then[document]) for document, row in rows(new).items() if document in then]


def _size(length: int) -> str:
    if length < 1000:
        return f"{length} B"
    return f"{length / 1000:.0f} KB" if length < 1_000_000 else f"{length / 1e6:.1f} MB"
