"""What ``lines.to_arrow`` is given: schemas that are too deep, however they are spelt, numbers that aren't what they
say, and a function ``errors`` that closes the reader."""

import pytest
from support.compare import PYPY, LyingInt

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


def test_ints_that_lie():
    data = b'{"a": 1}\n' * 5
    for batch, sizes in (LyingInt(2), [2, 2, 1]), (LyingInt(5), [5]), (True, [1] * 5):
        for schema in None, {"a": "int8"}:
            assert [len(each) for each in lines.to_arrow(data, batch=batch, schema=schema)] == sizes
    for batch in LyingInt(0), LyingInt(-5), LyingInt(2**31), LyingInt(2**70):
        with pytest.raises(ValueError, match="batch must be a number of rows from 1 to 2147483647"):
            lines.to_arrow(data, batch=batch)


@pytest.mark.parametrize("threads", [None, 2])
@pytest.mark.parametrize("schema", [None, {"a": "int8"}])
def test_closed_by_errors(schema, threads):
    """No batch comes after that, and what was read for it is dropped. With threads one may end before a bad line."""

    def close(error):
        reported.append(error.lineno)
        reader.close()

    for data in b'{"a": 1}\nx\n{"a": 2}\ny\n', b'{"a": 1}\n' * 3 + b"x\n":
        reported = []
        reader = lines.to_arrow(data, schema=schema, threads=threads, errors=close, batch=2)
        sizes = []
        for each in reader:
            assert not reported
            sizes.append(len(each))
        assert len(reported) == 1 and next(reader, None) is None
        assert threads or sum(sizes) == (2 if schema and reported == [4] else 0)


def test_closed_by_read():
    class File:
        def read(self, size):
            if not blocks:
                reader.close()
                return b'{"a": 3}\n'
            return blocks.pop()

    for schema in None, {"a": "int8"}:
        blocks = [b'{"a": 1}\n{"a": 2}\n']
        reader = lines.to_arrow(File(), schema=schema)
        assert list(reader) == []
