"""Draw the results as SVG: ``python -m benchmarks.charts`` (needs matplotlib: ``make bench-charts``).

One bar chart per operation and a plot of growth, into the folder of the results. Each picture has a light card and,
by a style sheet inside it, a dark one where the reader's system asks for it. Text stays text. The same results give
the same bytes.
"""

from __future__ import annotations

import argparse
import io
import re
import textwrap
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt  # noqa: E402

from .contenders import BASELINE, FALLBACK, NAMES, OPERATIONS, OURS  # noqa: E402
from .measures import GROWTH_OPERATIONS  # noqa: E402
from .results import COMMITTED, Results, geometric_mean  # noqa: E402

# What a colour is for -> on the light card, on the dark one.
THEME = {
    "card": ("#fdfdfe", "#161b22"),
    "ink": ("#1f2329", "#e8edf3"),
    "faint": ("#59626d", "#a3adb8"),
    "grid": ("#dfe3e8", "#30373f"),
    "ours": ("#0b63ce", "#58a6ff"),
    "peer": ("#8c96a2", "#6f7a87"),
    "dot": ("#2e343b", "#c9d1da"),
}
LINES = {
    BASELINE: ("#1f2328", "#e8edf2"),
    OURS: ("#0b63cf", "#58a6fe"),
    FALLBACK: ("#7a4dc4", "#b794f6"),
    "orjson": ("#b3470f", "#f0883e"),
    "msgspec": ("#1a7f37", "#4cc25f"),
    "ssrjson": ("#b42368", "#f778ba"),
    "fastsimdjson": ("#a40e26", "#ff8182"),
    "strata": ("#4d6b1f", "#a5c261"),
    "jiter": ("#5e4b8b", "#c3b1e1"),
    "ujson": ("#0f7c85", "#39c5cf"),
    "rapidjson": ("#8a6100", "#d9a520"),
    "simplejson": ("#6e7781", "#9aa4ae"),
}
MARKS = dict(zip(LINES, "sod^vPX*<>ph", strict=True))
STYLE: Any = {
    "svg.fonttype": "none",
    "svg.hashsalt": "cyjson",
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
}


def _colour(name: str) -> str:
    return THEME[name][0]


def caption(results: Results) -> list[str]:
    about = results.about
    versions = ", ".join(f"{name} {version}" for name, version in results.versions.items() if name != FALLBACK)
    text = (
        f"{about['processor']}; {about['system']}; {about['python']}; extension"
        f" {about['extension']}; {versions}; {about['date']}; {about['command']}"
    )
    return textwrap.wrap(text, 150)


def save(figure: Any, path: Path) -> None:
    """Write the figure as SVG, with a second set of colours for dark themes."""
    out = io.StringIO()
    figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None})
    plt.close(figure)
    text = out.getvalue()
    rules = []
    for light, dark in [*THEME.values(), *LINES.values()]:
        for what in ("fill", "stroke"):
            if f"{what}: {light}" in text:
                rules.append(f'[style*="{what}: {light}"]{{{what}:{dark}!important}}')
    sheet = "<style>@media (prefers-color-scheme: dark){" + "".join(rules) + "}</style>\n <defs>"
    text = re.sub(r"<metadata>.*?</metadata>\s*", "", text, flags=re.DOTALL)
    text = text.replace("'DejaVu Sans'", "'DejaVu Sans', Verdana, sans-serif").replace("<defs>", sheet, 1)
    path.write_text("\n".join(line.rstrip() for line in text.splitlines()) + "\n", encoding="utf-8")


def dark(text: str) -> str:
    """The picture as a dark theme shows it, for programs that don't read the style sheet."""
    for light, other in [*THEME.values(), *LINES.values()]:
        text = text.replace(f"fill: {light}", f"fill: {other}").replace(f"stroke: {light}", f"stroke: {other}")
    return text


def _frame(height: float, panels: int, results: Results, title: str) -> tuple[Any, Any, float]:
    """A figure of 9 inches with its title and caption; the axes' top and bottom as shares of the height."""
    lines = caption(results)
    figure = plt.figure(figsize=(9, height + 0.16 * len(lines)), facecolor=_colour("card"))
    whole = figure.get_figheight()
    figure.text(0.015, 1 - 0.24 / whole, title, color=_colour("ink"), fontsize=11, fontweight="bold", va="center")
    for number, line in enumerate(reversed(lines)):
        figure.text(0.015, (0.14 + 0.16 * number) / whole, line, color=_colour("faint"), fontsize=7, va="center")
    bottom = (0.68 + 0.16 * len(lines)) / whole
    axes = figure.subplots(1, panels, squeeze=False, gridspec_kw={"bottom": bottom, "top": 1 - 0.62 / whole})[0]
    for ax in axes:
        ax.set_facecolor(_colour("card"))
        ax.tick_params(colors=_colour("faint"), length=0)
        for spine in ax.spines.values():
            spine.set_color(_colour("grid"))
        ax.set_axisbelow(True)
    return figure, axes, whole


def bars(results: Results, operation: str) -> Any:
    """One operation: a bar per contender (geometric mean), a dot per document, a line from the least to the most."""
    about = OPERATIONS[operation]
    names = [name for name in NAMES if name in results.contenders() or name in about.empty]
    reasons = dict(about.empty)
    figure, (ax,), whole = _frame(1.35 + 0.31 * len(names), 1, results, about.title)
    figure.subplots_adjust(left=0.13, right=0.93)
    most = max(max(results.ratios(operation, name).values(), default=0) for name in names)
    for place, name in enumerate(names):
        ratios = list(results.ratios(operation, name).values())
        if not ratios:
            reason = reasons.get(name, "no answer")
            ax.text(
                most * 0.01,
                place,
                f"– {reason}",
                color=_colour("faint"),
                fontsize=7.5,
                va="center",
                bbox={"facecolor": _colour("card"), "edgecolor": "none", "pad": 1},
            )
            continue
        mean = geometric_mean(ratios)
        ax.barh(place, mean, height=0.62, color=_colour("ours" if name == OURS else "peer"))
        ax.plot([min(ratios), max(ratios)], [place, place], color=_colour("dot"), linewidth=0.9)
        ax.plot(ratios, [place] * len(ratios), "o", color=_colour("dot"), markersize=2.6)
        ax.text(
            max(*ratios, mean) + most * 0.012,
            place,
            f"{mean:.2f}×",
            color=_colour("ink"),
            fontsize=8.5,
            va="center",
            fontweight="bold" if name == OURS else "normal",
        )
    ax.axvline(1, color=_colour("faint"), linewidth=0.8, linestyle=(0, (3, 3)))
    ax.set_yticks(range(len(names)), names, color=_colour("ink"))
    ax.set_ylim(len(names) - 0.45, -0.55)
    ax.set_xlim(0, most * 1.1)
    ax.grid(axis="x", color=_colour("grid"), linewidth=0.7)
    count = len(results.ratios(operation, BASELINE))
    ax.set_xlabel(
        f"times as fast as json: geometric mean of {count} documents (bar), each document (dot)",
        color=_colour("faint"),
        fontsize=8,
    )
    return figure


def growth(results: Results) -> Any:
    """Time per byte over the size of the document: flat is linear."""
    rows = results.measures["growth"]
    names = results.contenders(rows)
    figure, axes, whole = _frame(4.6, 2, results, "Time per byte over the size of the document (flat: linear)")
    figure.subplots_adjust(left=0.075, right=0.83, wspace=0.2)
    paces = [row["seconds"] / row["bytes"] * 1e9 for row in rows]
    for ax, operation in zip(axes, GROWTH_OPERATIONS, strict=True):
        for name in names:
            points = [
                (row["bytes"], row["seconds"] / row["bytes"] * 1e9)
                for row in rows
                if (row["operation"], row["contender"]) == (operation, name)
            ]
            ax.plot(
                *zip(*points, strict=True),
                marker=MARKS[name],
                markersize=4,
                color=LINES[name][0],
                label=name,
                linewidth=2.2 if name == OURS else 1.1,
            )
        ax.set_xscale("log")
        ax.set_yscale("log")
        low, high = min(paces) * 0.8, max(paces) * 1.25
        ax.set_ylim(low, high)
        sizes = sorted({row["bytes"] for row in rows})
        shown = sizes[::2] if len(sizes) > 8 else sizes
        ax.set_xticks(shown, [_size(size) for size in shown])
        ticks = [tick for tick in (0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200) if low < tick < high]
        ax.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
        ax.minorticks_off()
        ax.grid(color=_colour("grid"), linewidth=0.7)
        ax.set_title(OPERATIONS[operation].title.split(",")[0], color=_colour("ink"), fontsize=9)
        ax.set_xlabel("size of the document", color=_colour("faint"), fontsize=8)
    axes[0].set_ylabel("ns per byte", color=_colour("faint"), fontsize=8)
    legend = figure.legend(
        *axes[0].get_legend_handles_labels(),
        loc="center left",
        bbox_to_anchor=(0.84, 0.55),
        frameon=False,
        fontsize=8.5,
    )
    for text in legend.get_texts():
        text.set_color(_colour("ink"))
    return figure


def _size(length: int) -> str:
    for unit, scale in (("MB", 1e6), ("KB", 1e3)):
        if length >= scale * 0.95:
            return f"{length / scale:.0f} {unit}"
    return f"{length} B"


def draw(results: Results, folder: Path) -> list[Path]:
    """Draw every chart that the results have figures for."""
    written = []
    with matplotlib.rc_context(STYLE):
        for operation in results.operations():
            if results.ratios(operation, BASELINE):
                written.append(folder / f"{operation}.svg")
                save(bars(results, operation), written[-1])
        if results.measures.get("growth"):
            written.append(folder / "growth.svg")
            save(growth(results), written[-1])
    return written


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.charts", description="Draw the results as SVG.")
    parser.add_argument("results", type=Path, nargs="?", default=COMMITTED, help="a file that --json wrote")
    parser.add_argument("--into", type=Path, metavar="DIR", help="where to (default: beside the results)")
    options = parser.parse_args()
    written = draw(Results.load(options.results), options.into or options.results.parent)
    print(f"{len(written)} charts in {written[0].parent}" if written else "nothing to draw")


if __name__ == "__main__":
    main()
