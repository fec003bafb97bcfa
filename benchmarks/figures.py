"""Write the figures in README.md from the committed results: ``python -m benchmarks.figures``.

``--check`` writes nothing and fails where README.md says something else.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from .contenders import BASELINE, FALLBACK, OPERATIONS, OURS
from .results import COMMITTED, FOLDER, Results

README = Path(__file__).resolve().parents[1] / "README.md"
BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"
FEW = ("decode-bytes", "encode")  # the charts that README.md shows


def _row(label: str, ratios: dict[str, float | None]) -> str:
    best = max((ratio for ratio in ratios.values() if ratio is not None), default=None)
    cells = ("" if ratio is None else f"**{ratio:.2f}**" if ratio == best else f"{ratio:.2f}"
             for ratio in ratios.values())
    return f"| {label} | {' | '.join(cells)} |"


def table(results: Results) -> list[str]:
    names = [name for name in results.contenders() if name != BASELINE]
    lines = [f"| times as fast as `json` | {' | '.join(names)} |", "|---|" + "---:|" * len(names)]
    for small, what in ((False, ""), (True, ", small messages")):
        for operation in results.operations():
            means = {name: results.mean(operation, name, small=small) for name in names}
            if any(mean is not None for mean in means.values()):
                lines.append(_row(f"`{operation}`{what}", means))
    return lines


def caption(results: Results) -> str:
    about = results.about
    versions = ", ".join(f"{name} {version}" for name, version in results.versions.items() if name != FALLBACK)
    return (f"{about['processor']}; {about['system']}; {about['python']}; extension"
            f" {about['extension']}; {versions}; {about['date']}; `{about['command']}`.")


def figures(results: Results) -> str:
    documents = len({row["document"] for row in results.races})
    messages = len({row["document"] for row in results.messages})
    races = len({(row["operation"], row["document"]) for row in results.races + results.messages})
    lines = [
        f"Geometric means over {documents} documents and {messages} small messages; the fastest in bold, an empty cell"
        " where a codec has no such function:",
        "",
        *table(results),
        "",
    ]
    losses = results.losses()
    if losses:
        worst = losses[0]
        lines += [f"Of {races} races cyjson lost {len(losses)}, the worst at {worst['ratio']:.2f} of"
                  f" {worst['contender']}'s speed (`{worst['operation']}` of `{worst['document']}`); all of them are in"
                  " [benchmarks/results/results.json](benchmarks/results/results.json)."]
    elif OURS in results.contenders():
        lines += [f"cyjson won all of {races} races."]
    lines += [""]
    for name in FEW:
        if (FOLDER / f"{name}.svg").exists():
            lines += [f"![{OPERATIONS[name].title}](benchmarks/results/{name}.svg)", ""]
    if (FOLDER / "growth.svg").exists():
        lines += ["![time per byte over the size of the document](benchmarks/results/growth.svg)", ""]
    lines += [f"Measured on {caption(results)}"]
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.figures", description="Write README.md's figures.")
    parser.add_argument("--check", action="store_true", help="fail where README.md differs from the results")
    options = parser.parse_args()
    text = README.read_text(encoding="utf-8")
    before, begin, rest = text.partition(BEGIN + "\n")
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise SystemExit(f"{README.name}: no lines {BEGIN} and {END}")
    new = before + begin + figures(Results.load(COMMITTED)) + "\n" + end + after
    if new == text:
        return 0
    if options.check:
        print(f"{README.name}'s figures are not those of {COMMITTED.name}: python -m benchmarks.figures")
        return 1
    README.write_text(new, encoding="utf-8")
    print(f"{README.name} has the figures of {COMMITTED.name}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
