"""Check that lines have at most 120 columns, and files of code at most 800 lines.

    python tools/sizes.py

A line that is one long word, such as a link, can't be broken: it may be longer.
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
COLUMNS, LINES = 120, 800
CODE = ("csrc", "src", "tests", "tools")
SUFFIXES = {".c", ".h", ".py", ".pyi", ".pyx", ".pxi", ".md", ".yml", ".yaml", ".toml"}
NAMES = {"Makefile", "run"}


def files():
    for path in sorted(ROOT.rglob("*")):
        parts = path.relative_to(ROOT).parts
        if path.suffix not in SUFFIXES and path.name not in NAMES or not path.is_file():
            continue
        hidden = any(part[0] == "." and part not in (".ci", ".github") for part in parts[:-1])
        if hidden or parts[0] in ("build", "dist"):
            continue
        yield path, parts


def unbreakable(line):
    """Whether no line break can make it shorter."""
    return not re.search(r"\S\s+\S", line.lstrip(" #>*-"))


def faults():
    for path, parts in files():
        name, lines = "/".join(parts), path.read_text(encoding="utf-8").splitlines()
        for number, line in enumerate(lines, 1):
            if len(line) > COLUMNS and not unbreakable(line):
                yield f"{name}:{number}: {len(line)} columns, at most {COLUMNS}"
        if parts[0] in CODE and len(lines) > LINES:
            yield f"{name}: {len(lines)} lines, at most {LINES}"


def main():
    found = list(faults())
    for each in found:
        print(each)
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
