"""``lines.to_arrow`` where types are found out: of which lines, and equal names.

What refused lines cost, tools/growth.py counts.
"""

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import arrow
from support.compare import PYPY, native_only

import cyjson
from cyjson import lines

pytestmark = pytest.mark.skipif(PYPY, reason="Arrow's capsules need CPython")

FIRST = 4 * 2**20  # bytes of lines in which types are found out


def rows(source, **options):
    of, found = arrow.stream_rows(lines.to_arrow(source, **options))
    return arrow.types(of), found


class Slowly(io.BytesIO):
    """A file of which so many bytes are given at a time."""

    step = 2

    def read(self, size=-1):
        return super().read(min(size, self.step))


def sources(data, steps):
    yield data
    for step in steps:
        source = Slowly(data)
        source.step = step
        yield source


# Which lines types are of


def counted(line, members):
    """How many such lines are the first, where each row has so many columns."""
    return -(-FIRST // (len(line) + members))


@pytest.mark.parametrize(
    "line, members",
    [
        (b'{"b":1,"c":"%s"}\n' % (b"x" * 300), 2),
        (b'{"b":1,"c":[{"d":"%s"}]} \t\r\n' % (b"x" * 300), 4),
        (b' {"b":"%s"}\n' % (b"x" * 300), 1),
        (b'{"b":"%s","b":null}\n' % (b"x" * 300), 1),
        (b'{"b":"\\u00e9%s"}\n' % (b"x" * 300), 1),
    ],
)
@pytest.mark.parametrize("empty", [b"", b"\r\n"])
def test_the_first_lines(line, members, empty):
    """Each line counts its bytes with the line break, and a byte for each column; those that are blank don't."""
    count = counted(line, members)
    last = b'{"later":1}\n'
    for more in 0, 1:
        data = (empty + line) * (count - 1 + more) + last
        for source in sources(data, [1000, 100_000]):
            reader = lines.to_arrow(source)
            if more:
                with pytest.raises(lines.LineError, match="no line of the first 4 MiB has"):
                    for _ in reader:
                        pass
            else:
                assert sum(map(len, reader)) == count
    fields = rows((empty + line) * (count - 1) + last)[0]
    assert list(fields) == ["b", *(["c"] if members > 1 else []), "later"]


@native_only
def test_a_few_bytes_at_a_time():
    for count in 1_390_000, 1_400_000:  # rows without columns count their bytes alone
        data = b"{}\n" * count + b'{"a":1}\n'
        for source in sources(data, [2, 7]):
            found = []
            reader = lines.to_arrow(source, errors=found.append)
            assert sum(map(len, reader)) == count + (count < FIRST / 3)
            assert len(found) == (count > FIRST / 3)


@pytest.mark.parametrize(
    "bad",
    [
        b"x" * 1000,  # malformed
        b'{"a":"\\ud800' + b"x" * 1000 + b'"}',  # well-formed
        b'"\xff' + b"x" * 1000,  # no UTF-8
        b"1" * 2001,  # too long
    ],
)
def test_refused_lines_count(bad):
    size = len(bad) + 1
    count = -(-(FIRST - len(b'{"b":1}\n') - 1) // size)
    for more in 0, 1:
        data = b'{"b":1}\n' + (bad + b"\n") * (count - 1 + more) + b'{"c":1}\n{"b":2,"c":null}'
        for source in sources(data, [1000, 100_000]):
            given = rows(source, errors="skip", max_line=2000)
            if more:
                assert given == ({"b": "l"}, [{"b": 1}, {"b": 2}])
            else:
                assert given[0] == {"b": "l", "c": "l"} and len(given[1]) == 3
    # Where nothing else is there, there are no columns.
    assert rows((bad + b"\n") * (count + 1) + b'{}\n{"b":1}\n', errors="skip", max_line=2000) == ({}, [{}])


@pytest.mark.parametrize("pick", [None, ["a", "/b/c"]])
def test_after_errors_that_are_raised(pick):
    data = b"x" * FIRST + b'\n{"a":1}\n{"a":null}\n{"a":null}\n'
    reader = lines.to_arrow(data, pick=pick)
    for _ in range(2):
        with pytest.raises(lines.LineError):
            next(reader)
    assert sum(map(len, reader)) == 2


# Of equal names the last counts


@pytest.mark.parametrize(
    "line, document",
    [
        (b'{"a":true,"a":null}', {"a": None}),
        (b'{"a":1.5,"a":1}', {"a": 1}),
        (b'{"a":{"x":1},"a":{"y":2}}', {"a": {"y": 2}}),
        (b'{"s":{"a":"x","b":0,"a":1}}', {"s": {"a": 1, "b": 0}}),
        (b'{"l":[{"a":[1.5],"a":[1]},{"a":null},{"a":"x","a":[]}]}', {"l": [{"a": [1]}, {"a": None}, {"a": []}]}),
        (b'{"a":1,"\\u0061":"x","b":true,"a":[]}', {"a": [], "b": True}),
        (b'{"a":{"b":1,"b":2},"a":5}', {"a": 5}),
        (b'{"a":99999999999999999999,"a":2}', {"a": 2}),
    ],
)
def test_types_are_of_the_last_of_equal_names(line, document):
    types = rows(json.dumps(document).encode())
    for repeat in 1, 20:
        for source in b"%s\n" * repeat % ((line,) * repeat), line:
            of, found = rows(source)
            assert (of, found[:1]) == types
    assert rows(b"{}\n" * 3 + (line + b"\n") * 9)[0] == types[0]


@pytest.mark.parametrize("threads", [None, 2])
@pytest.mark.parametrize("schema", [None, {"x": "int64", "y": "int64", "z": "string"}])
def test_a_name_that_is_an_index_too(threads, schema):
    """A pointer's "/0" leads to items and members, a sequence's "0" to members alone."""
    line = b'{"a": [1, 2]}\n{"a": {"1": "u", "0": 5, "0": 3}, "b": 4}\n'
    pick = {"x": "/a/0", "z": ("a", "1"), "y": ("a", "0")}
    for order in (["x", "y", "z"], ["y", "z", "x"]):
        chosen = {name: pick[name] for name in order}
        for count in 1, 200_000 if threads and cyjson.backend == "c" else 20:
            _, found = rows(line * count, pick=chosen, schema=schema, threads=threads)
            assert found[:2] == [{"x": 1, "y": None, "z": None}, {"x": 3, "y": 3, "z": "u"}]
            assert found == found[:2] * count


def test_equal_names_where_columns_are_picked():
    data = b'{"a":{"b":true,"b":null},"a":{"b":1}}\n{"a":7,"a":{"b":2}}\n{"a":{"b":[1]},"a":7}\n'
    assert rows(data, pick=["/a/b"]) == ({"/a/b": "l"}, [{"/a/b": 1}, {"/a/b": 2}, {"/a/b": None}])
    assert rows(b'[{"a":true,"a":2}]\n', pick=["/0/a"]) == ({"/0/a": "l"}, [{"/0/a": 2}])


def spelled(pairs):
    return "{" + ",".join([f'"{name}":{value}' for name, value in pairs]) + "}"


names = st.sampled_from(["a", "b", "c", "\\u0061"])
leaves = st.sampled_from(["null", "true", "1", "2.5", "-0", '"x"', '"\\ud800"', "[]", "{}", "9007199254740993", "1e99"])
texts = st.recursive(
    leaves | st.integers(-(2**65), 2**65).map(str),
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda items: f"[{','.join(items)}]")
        | st.lists(st.tuples(names, inner), max_size=4).map(spelled)
    ),
    max_leaves=6,
)
lines_of_text = st.lists(st.tuples(names, texts), max_size=4).map(spelled)


@given(st.lists(lines_of_text, min_size=1, max_size=30), st.booleans())
def test_rows_are_added_or_leave_nothing(documents, with_threads):
    """Whichever rows are refused: types and rows are those of the others alone, of equal names with the last ones."""
    found = []
    data = "\n".join(documents).encode()
    given = rows(data, errors=found.append, threads=2 if with_threads else None)
    bad = {each.lineno for each in found}
    kept = [json.dumps(json.loads(each)) for i, each in enumerate(documents, 1) if i not in bad]
    assert repr(rows("\n".join(kept).encode())) == repr(given)
    # And each that was refused is refused after those before it.
    for number in sorted(bad)[:5]:
        before = [each for i, each in enumerate(documents[:number], 1) if i not in bad or i == number]
        again = []
        rows("\n".join(before).encode(), errors=again.append)
        assert [each.lineno for each in again] == [len(before)]


def test_explanations_after_types_have_changed():
    """What is wrong is said by the types as they are, and a row that was refused leaves nothing in them."""
    documents = [
        ({"a": 1}, None),
        ({"a": "x"}, "$.a: a string in a column of int64"),
        ({"a": 1.5}, None),
        ({"a": "x"}, "$.a: a string in a column of float64"),
        ({"b": "\ud800", "c": []}, "$.b: a string with a surrogate"),
        ({"c": {"d": True}}, None),
        ({"c": []}, "$.c: an array in a column of struct"),
        ({"c": {"d": 1, "e": 2}}, "$.c.d: an integer in a column of bool"),
        ({"c": {"e": "x"}}, None),
        ({"c": {"e": 2}}, "$.c.e: an integer in a column of string"),
    ]
    for pick in None, ["a", "b", "/c/d", "/c/e"], ["a", "b", "c"]:
        found = []
        rows("\n".join([json.dumps(each) for each, _ in documents]).encode(), errors=found.append, pick=pick)
        routes = pick and "/c/d" in pick  # through what is no object
        expected = [message for _, message in documents if message and not (routes and "an array" in message)]
        assert [each.msg.split(";")[0].split(" that ")[0] for each in found] == expected
