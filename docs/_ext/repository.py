"""Pages of the repository that lie outside docs/, and links to them.

A page that consists of ``:::{whole} ../SECURITY.md`` and ``:::`` is that file. Links from any page lead to the page of
the site where there is one, and else to a copy of the file, so that the same Markdown can be read in the repository.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

DOCS = Path(__file__).resolve().parents[1]
ROOT = DOCS.parent
WHOLE = re.compile(r"^:::\{whole\} (\S+)\n:::\n", re.MULTILINE)
PAGES = {
    ROOT / "README.md": "index.md",
    ROOT / "CHANGELOG.md": "changelog.md",
    ROOT / "CONTRIBUTING.md": "contributing.md",
    ROOT / "SECURITY.md": "security.md",
    ROOT / "benchmarks" / "README.md": "measuring.md",
    ROOT / "benchmarks" / "results": "benchmarks.md",
}
CODE = re.compile(r"^(`{3,})[^`\n]*\n.*?^\1 *$|`[^`\n]+`", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"(?<=\]\()([^)\s]+)(?=\))")


def moved(text: str, folder: Path, page: Path) -> str:
    """The text, which lies in ``folder``, with links that hold in ``page`` of docs/."""

    def link(found: re.Match[str]) -> str:
        path, mark, anchor = found[1].partition("#")
        if not path or "://" in path or path.startswith("mailto:"):
            return found[1]
        target = (folder / path).resolve()
        if target in PAGES:
            target = DOCS / PAGES[target]
        return Path(os.path.relpath(target, page.parent)).as_posix() + mark + anchor

    parts, end = [], 0
    for code in CODE.finditer(text):
        # A link's text may be code: [`save`](files.md). What is rewritten stands outside of it.
        parts += [LINK.sub(link, text[end : code.start()]), code[0]]
        end = code.end()
    return "".join(parts) + LINK.sub(link, text[end:])


def read(app: Sphinx, name: str, source: list[str]) -> None:
    page = Path(app.env.doc2path(name))
    whole = WHOLE.search(source[0])
    if not whole:
        source[0] = moved(source[0], page.parent, page)
        return
    path = (page.parent / whole[1]).resolve()
    app.env.metadata[name]["whole"] = str(path)
    source[0] = moved(path.read_text(encoding="utf-8"), path.parent, page)


def depend(app: Sphinx, env: Any, added: set[str], changed: set[str], removed: set[str]) -> set[str]:
    """Pages whose file has changed since."""
    return {
        name
        for name, metadata in env.metadata.items()
        if "whole" in metadata
        and name in env.all_docs
        and os.path.getmtime(metadata["whole"]) * 1e6 > env.all_docs[name]
    }


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("source-read", read)
    app.connect("env-get-outdated", depend)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
