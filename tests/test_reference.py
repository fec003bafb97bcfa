"""The reference has an entry for every public name, made from its stub, and an example that uses it."""

import importlib
import re
import sys
from pathlib import Path

import pytest

DOCS = Path(__file__).resolve().parents[1] / "docs"
REFERENCE = DOCS / "reference"
if not REFERENCE.exists() or not (DOCS.parent / "src").exists():
    pytest.skip("docs/ or src/ is not beside the tests", allow_module_level=True)

sys.path.insert(0, str(DOCS / "_ext"))
stubs = importlib.import_module("stubs")
sys.path.remove(str(DOCS / "_ext"))

DIRECTIVE = re.compile(r"^:::\{api\} (.*)\n:::$", re.MULTILINE)
EXAMPLE = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
BY_HAND = re.compile(r"^```py\n(.*?)^```$", re.MULTILINE | re.DOTALL)  # of engines: make engines runs the real ones
PUBLIC = [f"{module}.{name}" for module in stubs.MODULES for name in stubs.public_names(module)]


def entries():
    """The name of each entry, with the examples of its section; a section begins at a heading."""
    found = {}
    for page in sorted(REFERENCE.glob("*.md")):
        for section in re.split(r"^## ", page.read_text(encoding="utf-8"), flags=re.MULTILINE):
            examples = "".join((BY_HAND if page.stem == "engines" else EXAMPLE).findall(section))
            for names in DIRECTIVE.findall(section):
                for name in names.split():
                    assert name not in found, f"{name} has two entries"
                    found[name] = examples
    return found


def test_every_public_name_has_an_entry():
    assert sorted(set(PUBLIC) - entries().keys()) == []
    assert sorted(entries().keys() - set(PUBLIC)) == []
    assert len(PUBLIC) > 100


def test_every_module_is_looked_at():
    assert {"cyjson", "cyjson.lines", "cyjson.tool", "cyjson.integrations.flask"} <= set(stubs.MODULES)
    assert len(stubs.MODULES) == len([*stubs.PACKAGE.rglob("[a-z]*.pyi"), *stubs.PACKAGE.rglob("__init__.pyi")])


def uses(example, name):
    """Whether an example imports the name's module, or names it in full, and uses the name."""
    module, _, last = name.rpartition(".")
    parent, _, child = module.rpartition(".")
    imported = module in example or re.search(rf"from {re.escape(parent)} import .*\b{child}\b", example)
    return bool(imported and re.search(rf"\b{last}\b", example))


def test_every_entry_has_an_example_that_uses_the_name():
    """That they run is tested by test_readme.py."""
    found = entries()
    assert [name for name in PUBLIC if not uses(found.get(name, ""), name)] == []
    assert not uses("import cyjson\ncyjson.loads('1')", "cyjson.dumps")
    assert not uses("from cyjson import lines\nlines.load('1')", "cyjson.stream.load")


def test_every_entry_can_be_made():
    for name in PUBLIC:
        entry = stubs.entry(name)
        assert entry.kind in ("function", "class", "exception", "data"), name
        assert all(each.startswith("(") for each in entry.signatures), name
        assert entry.signatures or entry.kind != "function", name


def test_signatures_are_those_of_the_stubs():
    assert stubs.entry("cyjson.register").signatures == [
        "(cls: type[T], encode: Callable[[T], object] | None=None, decode: Callable[[Any], Any] | None=None) -> None"
    ]
    assert [len(stubs.entry(name).signatures) for name in ("cyjson.pick", "cyjson.decode", "cyjson.lines.load")] == [
        2,  # one pointer, several
        1,
        1,
    ]
    assert [each.name for each in stubs.entry("cyjson.LazyObject").members] == [
        "LazyObject.get",
        "LazyObject.value",
        "LazyObject.at",
        "LazyObject.raw",
    ]


def test_docstrings_become_markdown():
    assert stubs.markdown("One.\n\n    >>> 1\n    1\n\n    So::") == "One.\n\n```pycon\n>>> 1\n1\n```\n\nSo:"
