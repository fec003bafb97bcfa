"""The directive ``api``: entries of the reference, made of the stubs' signatures and the docstrings.

    :::{api} cyjson.encode cyjson.dump_bytes
    :::

Signatures come from the stubs, which `make types` compares with the modules; texts from the docstrings of the fallback,
which are the extension's, or from the source where a module needs other packages. What a page adds is its example.
"""

from __future__ import annotations

import builtins
import inspect
import re
from importlib import import_module
from typing import Any

import stubs
from docutils import nodes
from docutils.statemachine import StringList
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective


class Api(SphinxDirective):
    required_arguments = 1
    final_argument_whitespace = True
    has_content = False

    def run(self) -> list[nodes.Node]:
        lines = []
        for name in self.arguments[0].split():
            module = name.rpartition(".")[0]
            self.env.note_dependency(str(stubs.path(module, ".pyi")))
            self.env.note_dependency(str(stubs.path(module, ".py")))
            try:
                lines += _entry(module, stubs.entry(name), 0)
            except LookupError as error:
                raise self.error(str(error)) from error
        node = nodes.container()
        node.document = self.state.document
        self.state.nested_parse(StringList(lines, f"<api {self.arguments[0]}>"), self.content_offset, node)
        for link in list(node.findall(addnodes.pending_xref)):
            if hasattr(builtins, link["reftarget"]):  # type isn't Codec.type
                link.replace_self(nodes.Text(link["reftarget"]))
        return list(node.children)


def _entry(module: str, entry: stubs.Entry, depth: int) -> list[str]:
    short = entry.name.rpartition(".")[2]
    signatures = entry.signatures or ["()" if entry.kind in ("function", "method") else ""]
    fence = "`" * (6 - depth)
    lines = ["```{py:currentmodule} " + module, "```", ""] if depth == 0 else []
    lines += [fence + "{py:" + entry.kind + "} " + short + signatures[0]]
    lines += [short + each for each in signatures[1:]]
    annotation = re.sub(r"^Final\[(.*)\]$|^Final$", r"\1", entry.annotation)
    if annotation:
        lines += [f":type: {annotation}"]
    if entry.is_async:
        lines += [":async:"]
    lines += ["", *stubs.markdown(_doc(module, entry)).splitlines(), ""]
    for member in entry.members:
        lines += _entry(module, member, depth + 1)
    return [*lines, fence, ""]


def _doc(module: str, entry: stubs.Entry) -> str:
    if module.count(".") > 1:  # cyjson.integrations.flask needs Flask
        docs = stubs.source_docs(module)
        return docs.get(entry.name) or _doc_of_import(module, entry)
    found: Any = import_module(module)
    for part in entry.name.split("."):
        found = inspect.getattr_static(found, part, None)
    if entry.kind in ("attribute", "data") or (entry.kind == "property" and not isinstance(found, property)):
        return ""
    doc = found.__doc__ if isinstance(getattr(found, "__doc__", None), str) else ""
    return doc or inspect.getdoc(found) or ""


def _doc_of_import(module: str, entry: stubs.Entry) -> str:
    """``quart.JSONProvider`` is Flask's, ``kafka.loads`` is cyjson's."""
    for other in ("flask", "starlette"):
        if entry.kind == "class" and entry.name in stubs.public_names(f"cyjson.integrations.{other}"):
            return stubs.source_docs(f"cyjson.integrations.{other}").get(entry.name, "")
    if hasattr(import_module("cyjson"), entry.name):
        return f"cyjson's own `{entry.name}`, so that one import is enough."
    return ""


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_directive("api", Api)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
