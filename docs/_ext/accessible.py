"""What Sphinx and furo write that axe-core calls serious, mended in the finished HTML."""

from __future__ import annotations

import re
from typing import Any

from sphinx.application import Sphinx

SIGNATURE = re.compile(r'<dt class="sig .*?</dt>', re.DOTALL)


def _signature(found: re.Match[str]) -> str:
    """Parameters on lines of their own are a list of definitions without terms: spans, which site.css puts on lines."""
    text = re.sub(r"<dl>", '<span class="sig-lines">', found[0])
    text = re.sub(r"<dd>", '<span class="sig-line">', text)
    return re.sub(r"</d[ld]>", "</span>", text)


def mend(app: Sphinx, name: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    if "body" in context:
        context["body"] = SIGNATURE.sub(_signature, context["body"])
    # A heading has a level.
    tree = context.get("furo_navigation_tree", "")
    context["furo_navigation_tree"] = tree.replace('role="heading"', 'role="heading" aria-level="2"')


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("html-page-context", mend, priority=900)  # after furo
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
