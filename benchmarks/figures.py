"""Write the pages' figures from the committed results: ``python -m benchmarks.figures``.

README.md gets two charts and a few numbers, docs/performance.md the operations that most programs use and each race
that was lost, benchmarks/README.md the whole table. ``--check`` writes nothing and fails where a page says something
else.
"""

from __future__ import annotations

import argparse
import textwrap
from pathlib import Path

from .contenders import BASELINE, FALLBACK, OPERATIONS, OURS
from .results import COMMITTED, FOLDER, Results

README = Path(__file__).resolve().parents[1] / "README.md"
WHOLE = Path(__file__).resolve().parent / "README.md"
PERFORMANCE = README.parent / "docs" / "performance.md"
BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"
FEW = ("decode-bytes", "encode")  # the charts that README.md shows
IN_WORDS = {  # what README.md says of each operation's mean
    "decode-bytes": "reading",
    "encode": "writing UTF-8",
    "dumps": "`dumps`",
    "indent": "`indent=2`",
    "sort": "`sort_keys`",
}
COMMON = {  # the rows that docs/performance.md shows; of small messages too where that is True
    "decode-bytes": True,
    "decode-str": False,
    "encode": True,
    "dumps": True,
    "indent": False,
    "sort": False,
    "lines-read": False,
    "lines-write": False,
    "stream-items": False,
}

WIDTH = 120  # of the pages


def _row(label: str, ratios: dict[str, float | None]) -> str:
    best = max((ratio for ratio in ratios.values() if ratio is not None), default=None)
    cells = (
        "" if ratio is None else f"**{ratio:.2f}**" if ratio == best else f"{ratio:.2f}" for ratio in ratios.values()
    )
    return f"| {label} | {' | '.join(cells)} |"


def _wrapped(text: str) -> str:
    return textwrap.fill(text, WIDTH, break_long_words=False, break_on_hyphens=False)


def table(results: Results, *, common: bool) -> list[str]:
    """A row for each operation, or for the common ones alone: geometric means of the speed relative to json's."""
    names = [name for name in results.contenders() if name != BASELINE]
    lines = [f"| speed | {' | '.join(names)} |", "|---|" + "---:|" * len(names)]
    for small, what in ((False, ""), (True, ", small messages")):
        for operation in results.operations():
            if common and not (COMMON.get(operation) if small else operation in COMMON):
                continue
            means = {name: results.mean(operation, name, small=small) for name in names}
            if any(mean is not None for mean in means.values()):
                lines.append(_row(f"`{operation}`{what}", means))
    return lines if max(map(len, lines)) <= WIDTH else [line.replace(" | ", "|") for line in lines]


def caption(results: Results) -> str:
    about = results.about
    versions = ", ".join(f"{name} {version}" for name, version in results.versions.items() if name != FALLBACK)
    return (
        f"{about['processor']}; {about['system']}; {about['python']}; extension"
        f" {about['extension']}; {versions}; {about['date']}; `{about['command']}`."
    )


def _lost(results: Results) -> str:
    """How many races there were, and which was lost most clearly."""
    races = len({(row["operation"], row["document"]) for row in results.races + results.messages})
    losses = results.losses()
    if not losses:
        return f"cyjson won all of {races} races."
    worst = losses[0]
    return (
        f"Of {races} races cyjson lost {len(losses)}, the worst at {worst['ratio']:.2f} of {worst['contender']}'s speed"
        f" (`{worst['operation']}` of `{worst['document']}`)"
    )


def _trust(results: Results) -> list[str]:
    if not results.warnings():
        return []
    busy = f"The machine was busy, so these figures deserve no trust: {'; '.join(results.warnings())}."
    return ["", _wrapped(busy)]


def _table_and_losses(results: Results, root: str, *, common: bool) -> list[str]:
    """The table with what has to be said of it; root is the way from the page to the checkout."""
    documents = len({row["document"] for row in results.races})
    messages = len({row["document"] for row in results.messages})
    lines = [
        _wrapped(
            f"Speed relative to `json`: geometric means over {documents} documents and {messages} small messages."
            " Bold: the fastest. Empty: the codec has no such function."
        ),
        "",
        *table(results, common=common),
        "",
    ]
    if OURS in results.contenders():
        more = f"; [all of them]({root}benchmarks/results/results.json)." if results.losses() else ""
        lines += [_wrapped(_lost(results) + more)]
    return [*lines, "", _wrapped(f"Measured on {caption(results)}"), *_trust(results)]


def figures(results: Results) -> str:
    """What README.md shows."""
    lines = []
    for name in FEW:
        if (FOLDER / f"{name}.svg").exists():
            lines += [f"![{OPERATIONS[name].title}](benchmarks/results/{name}.svg)", ""]
    means = {words: results.mean(name, OURS) for name, words in IN_WORDS.items()}
    said = [f"{words} {mean:.1f}" for words, mean in means.items() if mean is not None]
    if said:
        count = len({row["document"] for row in results.races})
        lines += [_wrapped(f"Times as fast as `json`, geometric means of {count} documents: {', '.join(said)}."), ""]
    about = results.about
    if results.races:
        where = f"{about['processor']}, {about['python']}, {about['date'][:10]}."
        lines += [_wrapped(f"{_lost(results).rstrip('.')}. {where}")]
    return "\n".join([*lines, *_trust(results)])


def common_figures(results: Results) -> str:
    """What docs/performance.md shows."""
    lines = [*_table_and_losses(results, "../", common=True), "", "### Where others are ahead", ""]
    losses = results.losses()
    if not losses:
        return "\n".join([*lines, "Nowhere in this run."])
    lines += ["| operation | document | faster | cyjson's speed by it |", "|---|---|---|---:|"]
    for each in losses:
        lines += [f"| `{each['operation']}` | `{each['document']}` | {each['contender']} | {each['ratio']:.2f} |"]
    return "\n".join(lines)


def all_figures(results: Results) -> str:
    """What benchmarks/README.md shows."""
    lines = _table_and_losses(results, "../", common=False)
    if (FOLDER / "growth.svg").exists():
        lines += ["", "![time per byte over the size of the document](results/growth.svg)"]
    return "\n".join(lines)


PAGES = {README: figures, PERFORMANCE: common_figures, WHOLE: all_figures}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.figures", description="Write the pages' figures.")
    parser.add_argument("--check", action="store_true", help="fail where a page differs from the results")
    options = parser.parse_args()
    results, wrong = Results.load(COMMITTED), 0
    for page, write in PAGES.items():
        name = page.relative_to(README.parent)
        text = page.read_text(encoding="utf-8")
        before, begin, rest = text.partition(BEGIN + "\n")
        _, end, after = rest.partition(END)
        if not begin or not end:
            raise SystemExit(f"{name}: no lines {BEGIN} and {END}")
        new = before + begin + write(results) + "\n" + end + after
        if new == text:
            continue
        if options.check:
            print(f"{name}'s figures are not those of {COMMITTED.name}: python -m benchmarks.figures")
            wrong = 1
        else:
            page.write_text(new, encoding="utf-8")
            print(f"{name} has the figures of {COMMITTED.name}")
    return wrong


if __name__ == "__main__":
    raise SystemExit(main())
