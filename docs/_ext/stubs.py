"""The public names of cyjson, with their signatures, as the stubs in src/cyjson/ give them.

Nothing of cyjson is imported: stubs are parsed, and so are the sources of modules whose packages may be missing.
"""

from __future__ import annotations

import ast
import inspect
import re
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[2] / "src" / "cyjson"


def _modules() -> list[str]:
    """Each module that has a stub, cyjson itself first."""
    found = []
    for each in sorted(PACKAGE.rglob("*.pyi")):
        parts = each.relative_to(PACKAGE).with_suffix("").parts
        if not any(part.startswith("_") and part != "__init__" for part in parts):
            found.append(".".join(["cyjson", *(part for part in parts if part != "__init__")]))
    return sorted(found)


MODULES = _modules()


@dataclass
class Entry:
    """A public name: ``kind`` is function, class, exception, method, property, attribute or data."""

    name: str  # within the module: "Codec", "Codec.decode"
    kind: str
    signatures: list[str] = field(default_factory=list)  # without the name: "(data: str) -> Any"
    annotation: str = ""
    is_async: bool = False
    members: list[Entry] = field(default_factory=list)


def path(module: str, suffix: str) -> Path:
    """A module's stub (``.pyi``) or source (``.py``)."""
    found = PACKAGE.joinpath(*module.split(".")[1:])
    return found / f"__init__{suffix}" if found.is_dir() else found.with_suffix(suffix)


def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


class _Shown(ast.NodeTransformer):
    """Annotations as a reader wants them: aliases written out, private names without their underscore."""

    def __init__(self, aliases: dict[str, ast.expr], imported: dict[str, str]) -> None:
        self.aliases = aliases
        self.imported = imported

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id in self.aliases:
            meaning = self.aliases.pop(node.id)  # which may name itself
            shown: ast.expr = self.visit(meaning)
            self.aliases[node.id] = meaning
            return shown
        if node.id in self.imported:
            return ast.Name(self.imported[node.id])
        return ast.Name({"TypeForm": "type"}.get(node.id, node.id.strip("_")))

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        if isinstance(node.value, ast.Name) and node.value.id == "builtins":
            return ast.Name(node.attr)
        return ast.Attribute(self.visit(node.value), node.attr)


class _Module:
    def __init__(self, name: str) -> None:
        self.name = name
        self.body = _tree(path(name, ".pyi")).body
        aliases = {}
        for node in self.body:
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id[:1] == "_":
                aliases[node.targets[0].id] = node.value
            elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value is not None:
                if isinstance(node.annotation, ast.Name) and node.annotation.id == "TypeAlias":
                    aliases[node.target.id] = node.value
        aliases = {name: node for name, node in aliases.items() if not isinstance(node, ast.Call)}
        # Full names where several modules have one: json.JSONDecoder and cyjson.JSONDecoder.
        imported = {
            each.asname or each.name: f"{'json' if node.module == 'json' else 'cyjson'}.{each.name}"
            for node in self.body
            if isinstance(node, ast.ImportFrom) and (node.module == "json" or (node.level and node.module is None))
            for each in node.names
        }
        self.shown = _Shown(aliases, imported)

    def text(self, node: ast.expr | None) -> str:
        return "" if node is None else ast.unparse(self.shown.visit(ast.parse(ast.unparse(node), mode="eval").body))

    def public(self) -> list[str]:
        """``__all__``, or where there is none the names that are defined without an underscore, in their order."""
        names = []
        for node in self.body:
            if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "__all__":
                return [name for name in ast.literal_eval(node.value) if not name.startswith("_")]
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                names.append(node.name)
            elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                names.append(node.target.id)
        return [name for name in dict.fromkeys(names) if not name.startswith("_")]

    def entry(self, name: str) -> Entry:
        nodes = [node for node in self.body if _name_of(node) == name]
        if not nodes:  # imported: from .starlette import JSONResponse
            for node in self.body:
                if isinstance(node, ast.ImportFrom) and any((a.asname or a.name) == name for a in node.names):
                    return self._imported(node, name)
            raise LookupError(f"no {name} in the stub of {self.name}")
        return self._entry(name, nodes)

    def _imported(self, node: ast.ImportFrom, name: str) -> Entry:
        parts = self.name.split(".")
        if node.level:
            base = parts if path(self.name, ".pyi").stem == "__init__" else parts[:-1]
            module = ".".join([*base[: len(base) - node.level + 1], *([node.module] if node.module else [])])
        else:
            module = node.module or ""
        if module.split(".")[0] == "cyjson":
            found = _Module(module)
            if _is_class(found, name):
                return Entry(name, "class", found.entry(name).signatures)
            return found.entry(name)
        # The standard library's, which has no stub here.
        found = getattr(import_module(module), name)
        kind = "exception" if inspect.isclass(found) else "function"
        return Entry(name, kind, [str(inspect.signature(found))])

    def _entry(self, name: str, nodes: list[ast.stmt]) -> Entry:
        first = nodes[0]
        if isinstance(first, (ast.FunctionDef, ast.AsyncFunctionDef)):
            functions = [node for node in nodes if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]
            return Entry(
                name, "function", self._signatures(functions), is_async=isinstance(first, ast.AsyncFunctionDef)
            )
        if isinstance(first, ast.ClassDef):
            return self._class(first)
        annotation = first.annotation if isinstance(first, ast.AnnAssign) else None
        return Entry(name, "data", annotation=self.text(annotation))

    def _class(self, node: ast.ClassDef) -> Entry:
        bases = [ast.unparse(base) for base in node.bases]
        error = any(base.endswith(("Error", "Exception")) for base in bases)
        entry = Entry(node.name, "exception" if error else "class")
        methods: dict[str, list[ast.FunctionDef | ast.AsyncFunctionDef]] = {}
        for each in node.body:
            if isinstance(each, (ast.FunctionDef, ast.AsyncFunctionDef)):
                methods.setdefault(each.name, []).append(each)
            elif isinstance(each, ast.AnnAssign) and isinstance(each.target, ast.Name):
                annotation = self.text(each.annotation)
                entry.members.append(Entry(f"{node.name}.{each.target.id}", "attribute", annotation=annotation))
        for name, functions in methods.items():
            decorators = {ast.unparse(each) for each in functions[0].decorator_list}
            if name in ("__init__", "__new__"):
                entry.signatures = [text.partition(" -> ")[0] for text in self._signatures(functions, bound=True)]
            elif name.startswith("_"):
                continue
            elif "property" in decorators:
                annotation = self.text(functions[0].returns)
                entry.members.append(Entry(f"{node.name}.{name}", "property", annotation=annotation))
            else:
                is_async = isinstance(functions[0], ast.AsyncFunctionDef)
                signatures = self._signatures(functions, bound=True)
                entry.members.append(Entry(f"{node.name}.{name}", "method", signatures, is_async=is_async))
        if "NamedTuple" in bases:
            named = ", ".join(f"{each.name.split('.')[1]}: {each.annotation}" for each in entry.members)
            entry.signatures = [f"({named})"]
        return entry

    def _signatures(self, functions: list[ast.FunctionDef | ast.AsyncFunctionDef], *, bound: bool = False) -> list[str]:
        """One for each overload that allows calls which no later one allows."""
        kept = []
        for number, function in enumerate(functions):
            names = _names(function)
            if any(names <= _names(later) and _required(later) <= names for later in functions[number + 1 :]):
                continue
            kept.append(self._signature(function, bound))
        return kept

    def _signature(self, function: ast.FunctionDef | ast.AsyncFunctionDef, bound: bool) -> str:
        arguments = ast.parse(f"def f({ast.unparse(function.args)}): ...").body[0].args  # type: ignore[attr-defined]
        if bound:
            (arguments.posonlyargs or arguments.args).pop(0)
        for each in [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]:
            if each is not None and each.annotation is not None:
                each.annotation = self.shown.visit(each.annotation)
        returns = self.text(function.returns)
        return f"({ast.unparse(arguments)})" + (f" -> {returns}" if returns else "")


def _name_of(node: ast.stmt) -> str:
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        return node.target.id
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
        return node.targets[0].id
    return getattr(node, "name", "")


def _is_class(module: _Module, name: str) -> bool:
    return any(isinstance(node, ast.ClassDef) and node.name == name for node in module.body)


def _names(function: ast.FunctionDef | ast.AsyncFunctionDef) -> set[str]:
    arguments = function.args
    return {each.arg for each in [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]}


def _required(function: ast.FunctionDef | ast.AsyncFunctionDef) -> set[str]:
    arguments = function.args
    positional = [*arguments.posonlyargs, *arguments.args]
    required = positional[: len(positional) - len(arguments.defaults)]
    required += [a for a, d in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True) if d is None]
    return {each.arg for each in required}


def public_names(module: str) -> list[str]:
    """The names that a module promises."""
    return _Module(module).public()


def entry(name: str) -> Entry:
    """What the stubs say of ``cyjson.lines.load`` and the like."""
    module, _, last = name.rpartition(".")
    return _Module(module).entry(last)


def source_docs(module: str) -> dict[str, str]:
    """The docstrings in a module's source, by name; the module's own as ``""``."""
    tree = _tree(path(module, ".py"))
    found = {"": ast.get_docstring(tree) or ""}
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            found[node.name] = ast.get_docstring(node) or ""
            if isinstance(node, ast.ClassDef):
                for each in node.body:
                    if isinstance(each, (ast.FunctionDef, ast.AsyncFunctionDef)):
                        found[f"{node.name}.{each.name}"] = ast.get_docstring(each) or ""
    return found


def markdown(doc: str) -> str:
    """A docstring as Markdown: sessions and tables, which json's have, become blocks of code."""
    blocks = []
    for block in re.split(r"\n\s*\n", inspect.cleandoc(doc)):
        if block.lstrip().startswith(">>>"):
            block = f"```pycon\n{inspect.cleandoc(block)}\n```"
        elif block.lstrip().startswith("+--"):
            block = f"```text\n{inspect.cleandoc(block)}\n```"
        blocks.append(re.sub(r"::$", ":", block))
    return "\n\n".join(blocks).strip()
