"""List where Python sources use other JSON modules, and what each place becomes: ``python -m cyjson.migrate PATH …``.

It reads json, simplejson, ujson, orjson, msgspec and rapidjson, by the sources' syntax trees, and changes nothing.
Names are followed from their imports within a file; what is passed around, or looked up by ``getattr``, isn't seen.
"""

import ast
import os
import sys
import tokenize
from collections import namedtuple

from ._migrations import ARGUMENTS, MODULES, SAME, WHOLE

__all__ = ["Place", "main", "places"]

USAGE = """\
usage: python -m cyjson.migrate [-h] [--changes] PATH [PATH ...]

List where Python files, or those in folders, use json, simplejson, ujson, orjson, msgspec or rapidjson, and what each
place becomes. Nothing is changed.

  --changes   only what isn't the same under cyjson
"""
SKIPPED = ("node_modules", "__pycache__", "site-packages")

Place = namedtuple("Place", "path line column used becomes note")
Place.__doc__ = """A place in a source.

path (str), line and column (from 1); used: what is used there, such as ``"orjson.dumps"``; becomes:
``"cyjson.encode"``, or None where nothing does the same; note: what changes, ``"the same"`` where nothing does.
"""


def _module_of(dotted):
    """The longest known module that a dotted name begins with, and the rest of it; None where there is none."""
    for module in MODULES:
        if dotted == module or dotted.startswith(f"{module}."):
            return module, dotted[len(module) + 1 :]
    return None


class _Finder(ast.NodeVisitor):
    def __init__(self, path):
        self.path = path
        self.names = {}  # what is imported under a name: dotted names, for an import may be tried after another
        self.found = []

    def add(self, node, used, becomes, note):
        self.found.append(Place(self.path, node.lineno, node.col_offset + 1, used, becomes, note))

    def visit_Import(self, node):
        for alias in node.names:
            if _module_of(alias.name):
                module, rest = _module_of(alias.name)
                becomes, note = self._rule(module, rest)
                self.add(node, f"import {alias.name}", becomes, note)

    def visit_ImportFrom(self, node):
        for alias in node.names:
            dotted = f"{node.module}.{alias.name}"
            if node.level == 0 and node.module and _module_of(dotted):
                module, rest = _module_of(dotted)
                becomes, note = self._rule(module, rest)
                if module in WHOLE and (rest == "*" or rest in MODULES[module]):
                    own = f"{becomes}: {note}" if becomes else ""
                    becomes, note = f"from {WHOLE[module]} import {rest}", f"{SAME}; or {own}" if own else SAME
                self.add(node, f"from {node.module} import {alias.name}", becomes, note)

    def _rule(self, module, rest):
        """What a name of a module becomes: the rule of its first part, if that isn't a module itself."""
        rules = MODULES[module]
        first, _, more = rest.partition(".")
        if first and first not in rules:
            return None, "not known here: see docs/migrate.md"
        becomes, note = rules[first]
        return (f"{becomes}.{more}" if more and becomes is not None else becomes), note

    def _dotted(self, node):
        """The dotted names that an expression may stand for, by the imports."""
        if isinstance(node, ast.Name):
            return self.names.get(node.id, ())
        if isinstance(node, ast.Attribute):
            return [f"{each}.{node.attr}" for each in self._dotted(node.value)]
        return ()

    def _use(self, node):
        known = [each for each in map(_module_of, self._dotted(node)) if each is not None and each[1]]
        for module, rest in known:
            self.add(node, f"{module}.{rest}", *self._rule(module, rest))
        return known

    def visit_Attribute(self, node):
        if not self._use(node):
            self.generic_visit(node)

    def visit_Name(self, node):
        if isinstance(node.ctx, ast.Load):
            self._use(node)

    def visit_Call(self, node):
        for module, rest in filter(None, map(_module_of, self._dotted(node.func))):
            for keyword in node.keywords:
                becomes = ARGUMENTS.get(module, {}).get(keyword.arg)
                if becomes is not None and rest:
                    self.add(keyword, f"{module}.{rest}({keyword.arg}=)", None, becomes)
            if module == "orjson" and rest == "dumps" and len(node.args) > 1:
                self.add(node.args[1], "orjson.dumps(…, default)", "default=", "a keyword")
        self.generic_visit(node)

    def bind(self, tree):
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    name = alias.asname or alias.name.partition(".")[0]
                    bound = alias.name if alias.asname else name
                    self.names.setdefault(name, []).append(bound)
            elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
                for alias in node.names:
                    self.names.setdefault(alias.asname or alias.name, []).append(f"{node.module}.{alias.name}")
        self.names = {name: list(dict.fromkeys(bound)) for name, bound in self.names.items()}


def places(source, path="<string>"):
    """Return the places of a source (str or bytes): a list of ``Place``, in its order.

    Raises SyntaxError where it isn't Python of the running version.
    """
    tree = ast.parse(source, path)
    finder = _Finder(path)
    finder.bind(tree)
    finder.visit(tree)
    return sorted(finder.found, key=lambda place: (place.line, place.column))


def _files(path):
    """The Python files of a folder, in order; a file as it is."""
    if not os.path.isdir(path):
        yield path
        return
    for folder, folders, files in os.walk(path):
        folders[:] = sorted(each for each in folders if each[0] != "." and each not in SKIPPED)
        for name in sorted(files):
            if name.endswith((".py", ".pyi")):
                yield os.path.join(folder, name)


def main(arguments=None):
    """List the places in the files that the arguments name (None: those of this process). The exit status: 0, or 1
    where a file can't be read.
    """
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    paths = [each for each in arguments if not each.startswith("-")]
    options = [each for each in arguments if each.startswith("-")]
    if "-h" in options or "--help" in options:
        print(USAGE, end="")
        return 0
    if not paths or set(options) - {"--changes"}:
        print(USAGE, end="", file=sys.stderr)
        return 2
    failed = same = different = 0
    for path in paths:
        for each in _files(path):
            try:
                with open(each, "rb") as file:
                    found = places(file.read(), each)
            except (OSError, SyntaxError, ValueError, tokenize.TokenError) as error:
                print(f"{each}: {error}", file=sys.stderr)
                failed += 1
                continue
            for place in found:
                is_same = place.note == SAME
                same += is_same
                different += not is_same
                if not is_same or not options:
                    becomes = f" -> {place.becomes}" if place.becomes else ""
                    print(f"{place.path}:{place.line}:{place.column}: {place.used}{becomes}: {place.note}")
    print(f"{same} places stay the same, {different} have something to look at")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
