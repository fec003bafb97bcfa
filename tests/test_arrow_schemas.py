"""Schemas of ``lines.to_arrow`` that are too deep, however they are given: an error that says so, and no other one."""

import pytest
from support.compare import PYPY

from cyjson import lines

pytestmark = pytest.mark.skipif(PYPY, reason="Arrow's capsules need CPython")


def nested(wrap, levels, type="int8"):
    for _ in range(levels):
        type = wrap(type)
    return type


def within_itself(container, key=None):
    if key is None:
        container.append(container)
    else:
        container[key] = container
    return container


DEEP = {
    "lists by name": "list<" * 100_000,
    "lists by name, closed": "list<" * 1000 + "int8" + ">" * 1000,
    "large lists by name": "large_list<" * 1000,
    "structs by name": "struct<a: " * 100_000,
    "both by name": "struct<a: int8, b: list<" * 10_000,
    "structs": nested(lambda type: {"a": type}, 1000),
    "lists": nested(lambda type: [type], 1000),
    "a name in structs": nested(lambda type: {"a": type}, 40, "list<" * 40 + "int8" + ">" * 40),
    "a struct in itself": within_itself({"b": "int8"}, "a"),
    "a list in itself": within_itself([]),
    "65 levels": nested(lambda type: {"a": type}, 65),
}


@pytest.mark.parametrize("type", DEEP.values(), ids=DEEP)
def test_types_that_are_too_deep(type):
    for schema in {"x": type}, {"y": "int8", "x": type}, {"x": {"y": [type]}}:
        with pytest.raises(ValueError) as caught:
            lines.to_arrow(b"", schema=schema)
        assert str(caught.value) == "schema: types nested more than 64 levels deep"


def test_a_schema_that_is_within_itself():
    with pytest.raises(ValueError, match="^schema: types nested more than 64 levels deep$"):
        lines.to_arrow(b"", schema=within_itself({}, "a"))


def test_types_of_many_levels():
    for type in "list<" * 60 + "int8" + ">" * 60, nested(lambda type: {"a": type}, 60), nested(lambda t: [t], 60):
        assert list(lines.to_arrow(b"", schema={"x": type})) == []
