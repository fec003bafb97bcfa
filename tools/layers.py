"""Check that the rooms of csrc/ know only what they may.

    python tools/layers.py            check; exit 1, a line for each breach
    python tools/layers.py --table    print the table of allowed edges as docs/architecture.md has it

What is checked, from the #include lines:

- a room includes its own interfaces and those of the rooms that MAY_KNOW names;
- a `.c` file is never included, a `.inc.h` file by csrc/levels/ only;
- Python.h stays out of the rooms in WITHOUT_PYTHON.
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CSRC = ROOT / "csrc"
MAP = ROOT / "docs" / "architecture.md"

MAY_KNOW = {
    "base": (),
    "kernels": ("base",),
    "python": ("base", "kernels"),
    "decode": ("base", "kernels", "python"),
    "encode": ("base", "kernels", "python"),
    "parts": ("base", "kernels", "python"),
    "columns": ("base", "kernels"),
    "levels": ("base", "kernels", "decode", "encode", "columns"),
    "module": ("base", "kernels", "python", "decode", "encode", "parts", "columns"),
}
WITHOUT_PYTHON = ("base", "kernels", "columns")
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.MULTILINE)


def includes(path):
    """What a file includes: pairs of whether it is a file of ours, and its name."""
    return [(kind == '"', name) for kind, name in INCLUDE.findall(path.read_text(encoding="utf-8"))]


def breaches():
    """Yield a line for each include that isn't allowed."""
    for path in sorted(CSRC.rglob("*.[ch]")):
        here = path.relative_to(CSRC)
        room = here.parts[0]
        for ours, name in includes(path):
            if not ours:
                if name == "Python.h" and room in WITHOUT_PYTHON:
                    yield f"csrc/{here}: {room}/ includes no Python.h"
                continue
            there = name.split("/")[0]
            if not (CSRC / name).exists():
                yield f'csrc/{here}: "{name}" is not a path from csrc/ on'
            elif name.endswith(".c"):
                yield f"csrc/{here}: {name} is compiled by itself and never included"
            elif name.endswith(".inc.h") and room != "levels":
                yield f"csrc/{here}: {name} is a body, which only csrc/levels/ includes"
            elif there != room and there not in MAY_KNOW.get(room, ()):
                known = ", ".join(MAY_KNOW.get(room, ())) or "no other room"
                yield f"csrc/{here}: {room}/ may know {known}, not {name}"


def table():
    """The allowed edges, as a table in Markdown."""
    lines = ["| room | may include | `Python.h` |", "|---|---|---|"]
    for room, known in MAY_KNOW.items():
        rooms = ", ".join(f"`{each}/`" for each in known) or "nothing else"
        lines.append(f"| `{room}/` | {rooms} | {'no' if room in WITHOUT_PYTHON else 'yes'} |")
    return "\n".join(lines)


def main():
    if "--table" in sys.argv:
        print(table())
        return 0
    found = list(breaches())
    if MAP.exists() and table() not in MAP.read_text(encoding="utf-8"):
        found.append("docs/architecture.md: the table of rooms isn't what tools/layers.py --table prints")
    print(*found or ["layers: every include is allowed"], sep="\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
