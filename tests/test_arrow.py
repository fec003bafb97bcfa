"""``lines.to_arrow``: columns with the values that ``loads`` gives, or an error that says where; buffers as Arrow has
them, whoever releases them and when."""

import ctypes
import datetime
import decimal
import gc
import gzip
import io
import json
import math
import os
import random
import sys
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import arrow
from support.amount import amount
from support.compare import PYPY, frozen, native_only
from support.lines import written

import cyjson
from cyjson import lines

pytestmark = pytest.mark.skipif(PYPY, reason="Arrow's capsules need CPython")

EVENTS = [
    {"id": 1, "tag": "a", "x": 1, "l": [1, 2], "s": {"a": None, "b": [{"c": 'é"\n😀'}]}},
    {"tag": None, "id": 2, "x": 2.5},
    {"id": 3, "tag": "bc" * 40, "n": None, "l": [], "s": {}, "ok": True},
    {"id": 4, "ok": False, "s": None},
]


def text_of(documents, end="\n"):
    return end.join(map(json.dumps, documents)).encode()


def filled(value, format):
    """A value as a column of this type (see arrow.types) has it: with nulls for what is missing, ints as doubles."""
    if value is None:
        return None
    if isinstance(format, dict):
        return {name: filled(value.get(name), inner) for name, inner in format.items()}
    if isinstance(format, list):
        return [filled(each, format[0]) for each in value]
    return float(value) if format in ("g", "f") else value


def rows(source, **options):
    return arrow.stream_rows(lines.to_arrow(source, **options))


def check(documents, data=None, **options):
    """That the rows are the documents; the types."""
    of, found = rows(text_of(documents) if data is None else data, **options)
    types = arrow.types(of)
    assert frozen(found) == frozen([filled(each, types) for each in documents])
    return types


# Types that are found out


def test_types_of_json():
    assert check(EVENTS) == {
        "id": "l",
        "tag": "u",
        "x": "g",
        "l": ["l"],
        "s": {"a": "n", "b": [{"c": "u"}]},
        "n": "n",
        "ok": "b",
    }
    assert check([{}, {}]) == {}
    assert check([{"a": []}, {"a": [None]}, {"a": None}]) == {"a": ["n"]}
    assert check([{"a": {}}, {"a": None}]) == {"a": {}}
    assert rows(b"")[1] == rows(b"\n \r\n")[1] == []


def test_numbers():
    whole = [0, -1, 7, 2**31, -(2**63), 2**63 - 1]
    assert check([{"a": each} for each in whole]) == {"a": "l"}
    real = [0.0, -0.0, 1e300, 5e-324, 0.1, -12.5, math.inf, -math.inf, math.nan, 123456789.123456789]
    assert check([{"a": each} for each in real]) == {"a": "g"}
    assert check([{"a": each} for each in [3, None, 2**53, 0.5, -4, 2**62]]) == {"a": "g"}
    assert check([{"a": [1, 2]}, {"a": [2.5]}]) == {"a": ["g"]}
    data = b'{"a": -0}\n{"a": 1E400}\n{"a": 1.0e+2}\n{"a":-1e400}\n{"a": 0.1e-400}'
    assert rows(data)[1] == [{"a": v} for v in (0.0, math.inf, 100.0, -math.inf, 0.0)]


def test_strings():
    texts = ["", "a", "é" * 20, "中" * 31, "😀", 'quote " back \\ slash / \b\f\n\r\t\0 \u2028', "x" * 5000, "\ufeff"]
    assert check([{"a": each, each: None} for each in texts if "\0" not in each]) == {
        "a": "u",
        **{each: "n" for each in texts if "\0" not in each and each != "a"},
    }
    for ensure_ascii in True, False:
        data = "\n".join([json.dumps({"a": each}, ensure_ascii=ensure_ascii) for each in texts]).encode()
        assert rows(data)[1] == [{"a": each} for each in texts]
    assert rows(b'{"\\u0061": "\\ud83d\\ude00\\/"}')[1] == [{"a": "😀/"}]


def test_of_equal_names_the_last_counts():
    assert rows(b'{"a": 1, "b": {"c": 1}, "a": 2, "b": {"c": 3, "c": 4}}\n{"a": 5}')[1] == [
        {"a": 2, "b": {"c": 4}},
        {"a": 5, "b": None},
    ]
    # Even where the first has another type, or is what no column holds.
    assert rows(b'{"a": "x", "a": 2}\n{"a": [9], "a": 3}\n{"a": 99999999999999999999, "a": null}')[1] == [
        {"a": 2},
        {"a": 3},
        {"a": None},
    ]
    assert rows(b'{"l": [{"a": 1, "a": [2]}, {"a": [3]}]}')[1] == [{"l": [{"a": [2]}, {"a": [3]}]}]


def test_many_members():
    wide = [{f"name {i}": i for i in range(300)}, {f"name {i}": -i for i in reversed(range(0, 300, 7))}]
    assert len(check(wide * 3)) == 300
    many = [{"a": i % 3, "b": [{"c": [i] * (i % 5)}] * (i % 3), "d": None if i % 4 else i / 2} for i in range(1000)]
    check(many)
    check(many, batch=7)


@pytest.mark.parametrize("spaced", [False, True])
def test_white_space_and_line_ends(spaced):
    separators = (" , ", "\t: ") if spaced else (",", ":")
    text = "\r\n".join(["", *[json.dumps(each, separators=separators) for each in EVENTS], " \t", ""])
    check(EVENTS, ("\ufeff" + text).encode())
    check(EVENTS, ("  " + text.replace("\r\n", " \n ").strip()).encode())


# Errors: those of lines.load, and of values that a column doesn't hold

BAD = [
    (b'{"a": 1}\n{"a": "x"}', 2, 6, "$.a", "a string in a column of int64"),
    (b'{"a": 1}\n\n{"b": 0, "a": true}', 3, 14, "$.a", "a bool in a column of int64"),
    (b'{"a": "x"}\n{"a": 1}', 2, 6, "$.a", "an integer in a column of string"),
    (b'{"a": {"b": [1, {}]}}', 1, 16, "$.a.b[1]", "an object in a column of int64"),
    (b'{"a": [1]}\n{"a": {}}', 2, 6, "$.a", "an object in a column of list"),
    (b'{"a": 99999999999999999999}', 1, 6, "$.a", "an integer past int64"),
    (b'{"a": 9223372036854775808}', 1, 6, "$.a", "an integer past int64"),
    (b'{"a": 1.5}\n{"a": 9007199254740993}', 2, 6, "$.a", "an integer that no float64 has exactly"),
    (b'{"a": 9007199254740993}\n{"a": 1.5}', 2, 6, "$.a", "a number with a fraction in a column of integers"),
    (b'{"a": "\\ud800"}', 1, 6, "$.a", "a string with a surrogate"),
    (b'{"a\\u0000b": 1}', 1, 13, "$['a\\x00b']", "a name that no column has"),
    (b"[1]", 1, 0, "$", "an array, where a row is an object"),
    (b"5", 1, 0, "$", "an integer, where a row is an object"),
    (b'{"a":1}\nnull', 2, 0, "$", "null"),
]


@pytest.mark.parametrize("data, line, pos, path, message", BAD)
def test_what_no_column_holds(data, line, pos, path, message):
    with pytest.raises(lines.LineError, match="^[^;]*") as raised:
        list(lines.to_arrow(data))
    error = raised.value
    assert (error.lineno, error.pos) == (line, pos)
    assert error.offset == sum(map(len, data.split(b"\n")[: line - 1])) + line - 1
    assert message in error.msg and error.msg.startswith(path)
    assert isinstance(error.__cause__, cyjson.ValidationError) and error.__cause__.errors[0].path == path
    assert ("schema=" in error.msg) == (path != "$")
    with pytest.raises(arrow.StreamError) as raised:
        rows(data)
    assert str(raised.value) == f"LineError: {error}"


def test_members_after_the_first_block():
    first = b'{"a": 1, "b": []}\n' * (4 * 2**20 // 18 + 1)
    for last, message in [
        (b'{"c": 1}', "$.c: a member that no line of the first 4 MiB has"),
        (b'{"a": 2.5}', "$.a: a number with a fraction or exponent in a column of int64"),
        (b'{"b": [1]}', "$.b[0]: an integer in a column of null"),
    ]:
        reader = lines.to_arrow(first + last)
        with pytest.raises(lines.LineError) as raised:
            for _ in reader:
                pass
        assert raised.value.msg.startswith(message) and raised.value.lineno == first.count(b"\n") + 1
    with lines.to_arrow(first + b'{"c": null, "a": null, "b": [null]}') as reader:
        assert sum(map(len, reader)) == first.count(b"\n") + 1


BROKEN = [b'{"a": 1', b'{"a" 1}', b"nul", b'{"a": 01}', b'{"a": "\x01"}', b'{"a": "\xff"}', b'{"a": "\xed\xa0\x80"}x']
BROKEN += [b"[1,]", b'{"a": 1}}', b'{"a": \\u0061}', b'{"a": "\\x"}', b"\xef\xbb\xbf{}", b'{"a": ' + b"9" * 5000 + b"}"]


@pytest.mark.parametrize("bad", BROKEN)
@pytest.mark.parametrize("threads", [None, 2])
def test_errors_are_those_of_load(bad, threads):
    data = b'{"a": 2}\n\n' + bad + b'\n{"a": 3}\n'

    def told(make):
        found = []
        with make(data, errors=found.append) as reader:
            given = list(reader)
        return given, [(type(e), str(e), e.lineno, e.pos, e.offset, type(e.__cause__)) for e in found]

    documents, errors = told(lambda *a, **k: lines.loads(*a, **k))
    batches, same = told(lambda *a, **k: lines.to_arrow(*a, **k, threads=threads, schema={"a": "int64"}))
    assert same == errors and errors
    assert sum(map(len, batches)) == len(documents) == 2
    skipped = lines.to_arrow(data, errors="skip", threads=threads)
    assert [row for batch in skipped for row in arrow.batch_rows(batch)[1]] == [{"a": 2}, {"a": 3}]
    with pytest.raises(lines.LineError) as raised:
        list(lines.to_arrow(data, threads=threads))
    with pytest.raises(lines.LineError) as expected:
        list(lines.loads(data))
    assert str(raised.value) == str(expected.value)


def test_long_lines():
    data = b'{"a": 1}\n{"a": "' + b"x" * 3000 + b'"}\n{"a": 2}'
    for threads in None, 2:
        for source in data, io.BytesIO(data):
            found = []
            reader = lines.to_arrow(source, max_line=1000, errors=found.append, threads=threads, schema={"a": "int8"})
            assert sum(map(len, reader)) == 2
            assert [(each.lineno, each.offset) for each in found] == [(2, 9)]


def test_after_an_error_reading_goes_on():
    for threads in None, 2:
        reader = lines.to_arrow(b'{"a": 1}\n{"a": \n{"a": 3}\n', threads=threads, schema={"a": "int64"})
        with pytest.raises(lines.LineError):
            while True:
                next(reader)
        assert [row["a"] for batch in reader for row in arrow.batch_rows(batch)[1]] in ([1, 3], [3])


def test_refused_rows_leave_nothing():
    data = b'{"a": 1}\n{"new": {"x": [1]}, "a": "no"}\n{"a": [], "b": 2.5}\n{"c": [1, "x"]}\n{"b": true}\n{"a": 2}'
    of, found = rows(data, errors="skip")
    assert arrow.types(of) == {"a": "l", "b": "b"} and found == [
        {"a": 1, "b": None},
        {"a": None, "b": True},
        {"a": 2, "b": None},
    ]
    of, found = rows(b'{"a": 1}\n{"a": 1.5, "b": 99999999999999999999}\n{"a": 9007199254740993}', errors="skip")
    assert arrow.types(of) == {"a": "l"} and [row["a"] for row in found] == [1, 9007199254740993]
    data = b'{"l": [1, 2]}\n{"l": [3, "x"]}\n{"l": [4], "s": {"t": "abc", "u": [{"v": 1}, 2]}}\n{"l": [5]}'
    assert rows(data, errors="skip")[1] == [{"l": [1, 2]}, {"l": [5]}]


# A schema


def test_schema_of_names():
    schema = {
        "i": "int8", "u": "uint64", "d": "double", "f": "float32", "s": "large_string", "n": "null",
        "b": "bool", "day": "date32", "at": "timestamp[us, UTC]", "local": "timestamp[s]",
        "price": "decimal128(10, 2)", "l": "list<uint16>", "ll": "large_list<list<bool>>",
        "o": {"x": "int64", "y": ["string"]}, "p": "struct<q: int32, r: struct<>>",
    }  # fmt: skip
    document = {
        "i": -128, "u": 2**64 - 1, "d": 3, "f": 0.1, "s": "é", "b": True, "day": "2026-11-29", "ignored": [{}],
        "at": "2026-11-29T05:30:00.25+01:00", "local": "1969-12-31 23:59:59", "price": 12.5, "l": [0, 65535],
        "ll": [[True], None, []], "o": {"y": ["z", None], "x": 1, "w": 0}, "p": {"q": 5, "r": {"a": 1}},
    }  # fmt: skip
    of, (row, empty) = rows(text_of([document, {}]), schema=schema)
    assert set(empty.values()) == {None} and list(row) == list(schema)
    at = datetime.datetime(2026, 11, 29, 4, 30, 0, 250000, datetime.timezone.utc)
    assert row == {
        "i": -128, "u": 2**64 - 1, "d": 3.0, "f": pytest.approx(0.1), "s": "é", "n": None, "b": True,
        "day": datetime.date(2026, 11, 29).toordinal() - datetime.date(1970, 1, 1).toordinal(),
        "at": int(at.timestamp() * 10**6), "local": -1, "price": decimal.Decimal("12.50"), "l": [0, 65535],
        "ll": [[True], None, []], "o": {"x": 1, "y": ["z", None]}, "p": {"q": 5, "r": {}},
    }  # fmt: skip
    assert {each[0]: each[1] for each in of[3]}["at"] == "tsu:UTC"


HELD = [
    ("int8", "127 -128", "128 -129 1.0 1e1 true \"1\" NaN"),
    ("int16", "32767 -32768", "32768 -32769"),
    ("int32", "2147483647 -2147483648", "2147483648 -2147483649"),
    ("uint8", "255 0 -0", "256 -1 1.5 1e1"),
    ("uint32", "4294967295", "4294967296"),
    ("uint64", "18446744073709551615", "18446744073709551616 -1"),
    ("double", "1 1.5 NaN -Infinity 18446744073709549568", "9007199254740993 18446744073709551615 1" + "0" * 30),
    ("float32", "1 1.5 0.1 Infinity 16777216 3.4028235e38", "16777217 1e39 -1e39 3.4028236e38"),
    ("string", '"x" ""', "1 true [] {}"),
    ("bool", "true false", '0 "true"'),
    ("date32", '"2026-11-29" "0001-01-01"', '"2026-02-30" "2026-1-1" 5 "2026-11-29T00:00:00"'),
    ("timestamp[s]", '"2026-11-29T05:30:00" "9999-12-31t23:59:59.000"', '"2026-11-29T05:30:00.5" "2026-11-29T05:30:00Z"'
     ' 1 "2026-11-29" "x"'),
    ("timestamp[ns, UTC]", '"2026-11-29T05:30:00.123456789Z" "2026-11-29T05:30:00-23:59"', '"2026-11-29T05:30:00"'
     ' "2300-01-01T00:00:00Z" "2026-11-29T05:30:00+24:00"'),
    ("timestamp[ms, UTC]", '"2026-11-29T05:30:00.123000Z"', '"2026-11-29T05:30:00.1234Z"'),
    ("decimal128(5, 2)", '1 -999.99 1.50 "12.3" 1e2 1200e-2 0.00000 0e9 1.500e0 1000e-5',
     '1000 1.234 1000e-9 "x" "" "01" "1." NaN 1e3 "1e99999999999999999999" true'),
    ("decimal128(38, 0)", "9" * 38 + " -" + "9" * 38, "1" + "0" * 38),
    ("null", "null", "1 [] {}"),
    ("list<int8>", "[] [1,null]", "[300] 1 {} [[1]]"),
]  # fmt: skip


@pytest.mark.parametrize("type, good, bad", HELD)
def test_what_types_hold(type, good, bad):
    for text in good.split(" "):
        ((row),) = rows(b'{"a": %s}' % text.encode(), schema={"a": type})[1]
        if type[:3] == "dec":
            assert row["a"] == decimal.Decimal(text.strip('"'))
        elif type[:4] in ("date", "time"):
            assert isinstance(row["a"], int)
        elif type == "float32":
            assert row["a"] == ctypes.c_float(json.loads(text)).value
        else:
            assert frozen(row["a"]) == frozen(filled(json.loads(text), "g" if type == "double" else ""))
    for text in bad.split(" "):
        line = b'{"a": %s}' % text.encode()
        found = []
        with lines.to_arrow(line, schema={"a": type}, errors=found.append) as reader:
            assert list(reader) == [], text
        assert found[0].pos >= 6 and found[0].msg.startswith("$.a"), text


def test_of_equal_names_the_last_counts_and_decimals_keep_their_digits():
    schema = {"d": "decimal128(38, 20)", "f": "double"}
    given = rows(b'{"d": "x", "d": 0.25, "f": NaN, "f": 1e400}', schema=schema)[1]
    assert given == [{"d": decimal.Decimal("0.25"), "f": math.inf}]
    found = []
    line = b'{"d": "x", "d": 0.12345678901234567890}'
    given = rows(line, schema=schema, errors=found.append)[1]
    if cyjson.backend == "c":  # as a float it would be another number
        assert given == [] and "more digits" in str(found[0])
    else:
        assert given == [{"d": decimal.Decimal("0.12345678901234567890"), "f": None}]


def test_nulls_that_a_schema_forbids():
    pyarrow = pytest.importorskip("pyarrow")
    inner = pyarrow.struct([pyarrow.field("b", pyarrow.int8(), nullable=False), pyarrow.field("c", pyarrow.string())])
    schema = pyarrow.schema([pyarrow.field("a", pyarrow.int64(), nullable=False), pyarrow.field("s", inner)])
    data = (
        b'{"a": 1, "s": {"b": 2}}\n{"a": null}\n{}\n{"a": 2, "s": {}}\n{"a": 3, "s": null}\n{"a": 4, "s": {"b": null}}'
    )
    found = []
    of, given = rows(data, schema=schema, errors=found.append)
    assert [row["a"] for row in given] == [1, 3] and len(found) == 4
    assert [each.msg.split(":")[0] for each in found] == ["$.a", "$.a", "$.s.b", "$.s.b"]
    pyarrow.table(lines.to_arrow(data, schema=schema, errors="skip")).validate(full=True)


@pytest.mark.parametrize(
    "schema, error",
    [
        (5, TypeError), ({"a": "int7"}, ValueError), ({"a": "list<int8"}, ValueError), ({"a": "int8 x"}, ValueError),
        ({"a": 5}, TypeError), ({5: "int8"}, TypeError), ({"a": "decimal128(39, 1)"}, ValueError),
        ({"a": "decimal128(3, 4)"}, ValueError), ({"a": "struct<x int8>"}, ValueError), ({"a": ""}, ValueError),
        ({"a\0": "int8"}, ValueError), ({"a": "list<" * 70 + "int8" + ">" * 70}, ValueError), ({"a": []}, TypeError),
        ({"a": "timestamp[m]"}, ValueError), ({"a": "list<int8, int8>"}, ValueError), ({"a": "\ud800"}, ValueError),
        ({"a": "struct<x: int8, x: int8>"}, ValueError), ({"a": "timestamp[us,\0x]"}, ValueError),
        ({"a": ["timestamp[s, UTC\0]"]}, ValueError), ({"a": "struct<x: timestamp[ns, \0]>"}, ValueError),
    ],
)  # fmt: skip
def test_schemas_that_are_none(schema, error):
    with pytest.raises(error, match="schema"):
        lines.to_arrow(b"", schema=schema)


@pytest.mark.parametrize("schema", [{"\ud800": "int8"}, {"a": "timestamp[s, \ud800]"}])
def test_schemas_with_surrogates(schema):
    with pytest.raises(UnicodeEncodeError):
        lines.to_arrow(b"", schema=schema)


# Picking columns


def test_pick():
    data = text_of(
        [{"id": 1, "user": {"name": "é", "tags": ["a", "b"]}, "x": [1]}, {"id": 2, "user": None}, {"user": 7}]
    )
    of, found = rows(data, pick=["id", "/user/name", ("user", "tags", 1)])
    assert [(each[0], each[1]) for each in of[3]] == [("id", "l"), ("/user/name", "u"), ("/user/tags/1", "u")]
    assert [list(row.values()) for row in found] == [[1, "é", "b"], [2, None, None], [None, None, None]]
    of, found = rows(
        data,
        pick={"n": "/user/name", "none": "/z/5", "y": ["x"]},
        schema={"n": "large_string", "none": "bool", "x": "list<int8>"},
    )
    assert [(each[0], each[1]) for each in of[3]] == [("n", "U"), ("none", "b"), ("y", "+l")]
    assert list(found[0].values()) == ["é", None, [1]]
    assert rows(data, pick="id")[1] == [{"id": 1}, {"id": 2}, {"id": None}]
    assert rows(b'[1, "x"]\n[2]\n5\nnull\n"s"\n{"1": "y"}', pick=["/1", "/0"])[1] == [
        {"/1": each, "/0": other}
        for each, other in [("x", 1), (None, 2), (None,) * 2, (None,) * 2, (None,) * 2, ("y", None)]
    ]
    assert rows(b'{"a/b": {"~": 1}}', pick=["/a~1b/~0"])[1] == [{"/a~1b/~0": 1}]
    assert rows(b'{"a": {"b": 1}, "a": 5}\n{"a": 5, "a": {"b": 2}}', pick=["/a/b"])[1] == [{"/a/b": None}, {"/a/b": 2}]


def test_what_is_not_picked_is_checked():
    assert rows(b'{"a": 1, "b": 1' + b"0" * 700 + b', "c": "\\ud800"}', pick=["a"])[1] == [{"a": 1}]
    with pytest.raises(lines.LineError):
        list(lines.to_arrow(b'{"a": 1, "b": nul}', pick=["a"]))
    deep = b'{"a": 1, "b": ' + b"[" * 500 + b"]" * 500 + b"}"
    assert rows(deep, pick=["a"])[1] == [{"a": 1}]


@pytest.mark.parametrize(
    "pick, error",
    [
        ([], ValueError), (5, TypeError), ([5], TypeError), ([b"a"], TypeError), (["a", "a"], ValueError),
        (["/~2"], ValueError),
        (["a", "/a/b"], ValueError), (["/a/b", "a"], ValueError), ([()], ValueError), ({5: "a"}, TypeError),
        ({"x": "a", "y": "/a"}, ValueError), ({"\0": "a"}, ValueError), ([(1.5,)], TypeError),
        ([["a"] * 70], ValueError),
    ],
)  # fmt: skip
def test_picks_that_are_none(pick, error):
    with pytest.raises(error):
        lines.to_arrow(b"", pick=pick)
    with pytest.raises(ValueError, match="no column 'b'"):
        lines.to_arrow(b"", pick=["b"], schema={"a": "int8"})


# Sources, ranges, threads


def test_every_kind_of_source(tmp_path):
    data = text_of(EVENTS * 50)
    path = written(tmp_path, data)
    with gzip.open(tmp_path / "x.gz", "wb") as file:
        file.write(data)
    for source in path, str(path), tmp_path / "x.gz", io.BytesIO(data), io.StringIO(data.decode()), bytearray(data):
        check(EVENTS * 50, source)
    with open(path, "rb", buffering=0) as file:
        check(EVENTS * 50, file)
        assert not file.closed
    check(EVENTS * 50, memoryview(data))
    with pytest.raises(TypeError, match="source must be"):
        lines.to_arrow(5)
    with pytest.raises(ValueError, match="start and stop"):
        lines.to_arrow(data, start=1)
    for batch, error in (0, ValueError), (2**31, ValueError), ("5", TypeError):
        with pytest.raises(error, match="batch"):
            lines.to_arrow(data, batch=batch)
    for option in {"threads": 0}, {"errors": "none"}, {"max_line": -1}:
        with pytest.raises(ValueError):
            lines.to_arrow(data, **option)


@pytest.mark.parametrize("threads", [None, 3])
def test_ranges_cover_a_file_once(tmp_path, threads):
    data = text_of([{"i": i, "t": "é中😀" * (i % 4)} for i in range(60)], "\r\n")
    path = written(tmp_path, data)
    numbers = random.Random(7)
    for _ in range(amount(10, 100)):
        cuts = [0, *sorted(numbers.randrange(len(data)) for _ in range(3)), len(data)]
        found = []
        for start, stop in zip(cuts, cuts[1:]):
            reader = lines.to_arrow(path, start=start, stop=stop, threads=threads, batch=7, schema={"i": "int32"})
            found += [row["i"] for row in arrow.stream_rows(reader)[1]]
        assert found == list(range(60))


def test_batches():
    documents = [{"i": i, "s": str(i) * (i % 7), "b": i % 3 == 0, "l": [i] * (i % 4), "n": None if i % 5 else i / 4,
                  "o": {"p": i % 2 == 0, "q": [str(i)]}} for i in range(120)]  # fmt: skip
    data = text_of(documents)
    for batch in 1, 7, 64, 119, 120, 5000:
        for schema in None, {"i": "int64", "s": "string", "b": "bool", "l": ["int64"], "n": "double",
                             "o": {"p": "bool", "q": ["string"]}}:  # fmt: skip
            parts = [arrow.batch_rows(each) for each in lines.to_arrow(data, batch=batch, schema=schema)]
            assert [len(found) for _, found in parts[:-1]] == [batch] * (len(parts) - 1)
            assert [row for _, found in parts for row in found] == [filled(d, {
                "i": "l", "s": "u", "b": "b", "l": ["l"], "n": "g", "o": {"p": "b", "q": ["u"]}
            }) for d in documents]  # fmt: skip


@pytest.mark.parametrize("given", [False, True])
def test_threads_give_the_same(tmp_path, given):
    size = 20 if given else 200  # of which the second is more than the first block
    documents = [{"i": i, "s": "é" * (size + i % 9), "x": [i / 8] * (i % 3)} for i in range(6000)]
    data = text_of(documents) + b"\n"
    documents.insert(40, {"i": 10**9})
    data = data.replace(b'{"i": 40,', b'\n \r\n{"i": 1000000000}\n{"i": 40,', 1)
    schema = {"i": "int64", "s": "string", "x": "list<double>"} if given else None
    expected = [filled(each, {"i": "l", "s": "u", "x": ["g"]}) for each in documents]
    path = written(tmp_path, data)
    for source in (path, data) if cyjson.backend == "c" else (data,):
        for threads in 1, 3:
            with lines.to_arrow(source, threads=threads, batch=1000, schema=schema) as reader:
                batches = [arrow.batch_rows(each)[1] for each in reader]
                assert reader.lineno == data.count(b"\n")
            assert max(map(len, batches)) <= 1000
            assert [row for found in batches for row in found] == expected


@pytest.mark.parametrize("threads", [None, 2])
def test_errors_among_many_lines(threads):
    good = [{"a": i} for i in range(20_000)]
    parts = [json.dumps(each) for each in good]
    for i in range(0, 20_000, 997):
        parts[i] = ['{"a": ', '{"a": "x"}', "[]", '{"a": 1' + "0" * 700 + "}"][i % 4]
    data = "\n".join(parts).encode()
    found = []
    reader = lines.to_arrow(data, threads=threads, errors=found.append, batch=512, schema={"a": "int64"})
    got = [row["a"] for batch in reader for row in arrow.batch_rows(batch)[1]]
    assert got == [i for i in range(20_000) if i % 997]
    assert [each.lineno for each in found] == list(range(1, 20_001, 997))
    assert all(data[each.offset :].startswith(each.doc.encode()) for each in found)


def test_a_file_that_has_nothing_yet():
    class File:
        parts = [b'{"a": 1}\n{"a"', None, b": 2}\n", b""]

        def read(self, size):
            return self.parts.pop(0)

    reader = lines.to_arrow(File())
    with pytest.raises(BlockingIOError):
        next(reader)
    assert [row for batch in reader for row in arrow.batch_rows(batch)[1]] == [{"a": 1}, {"a": 2}]


# Who holds what, and when it is released


def test_closing(tmp_path):
    path = written(tmp_path, text_of(EVENTS * 1000))
    for threads in None, 2:
        reader = lines.to_arrow(path, threads=threads, batch=10)
        first = next(reader)
        reader.close()
        assert list(reader) == [] and arrow.batch_rows(first)[1][0]["id"] == 1
        reader.close()
        with lines.to_arrow(path, threads=threads) as reader:
            pass
        assert list(reader) == []
        with pytest.raises(ValueError, match="closed"):
            reader.__arrow_c_schema__()
        lines.to_arrow(path, threads=threads).__arrow_c_stream__()  # and nobody takes it
        stream = arrow.taken(lines.to_arrow(path, threads=threads).__arrow_c_stream__(), "arrow_array_stream")
        array = arrow.Array()
        assert stream.get_next(ctypes.byref(stream), ctypes.byref(array)) == 0
        arrow.release(stream)
        assert array.length == 4000
        arrow.release(array)
    gc.collect()


def test_columns_outlive_their_batch_and_each_other():
    (batch,) = lines.to_arrow(text_of(EVENTS))
    schema = arrow.taken(batch.__arrow_c_schema__(), "arrow_schema")
    of = arrow.tree(schema)
    for order in range(amount(3, 20)):
        array = arrow.taken(batch.__arrow_c_array__()[1], "arrow_array")
        columns = list(zip(arrow.moved_children(array), of[3]))
        random.Random(order).shuffle(columns)
        for column, kind in columns:
            expected = [filled(each.get(kind[0]), arrow.types(of)[kind[0]]) for each in EVENTS]
            assert arrow.values(column, kind) == expected
            arrow.release(column)
    again = arrow.taken(batch.__arrow_c_array__()[1], "arrow_array")
    del batch
    gc.collect()
    assert len(arrow.values(again, of)) == 4
    arrow.release(again)
    arrow.release(schema)


@pytest.mark.skipif(sys.platform == "emscripten", reason="there are no threads")
def test_released_by_other_threads():
    batches = list(lines.to_arrow(text_of(EVENTS * 200), batch=8))
    arrays = [arrow.taken(each.__arrow_c_array__()[1], "arrow_array") for each in batches for _ in range(3)]
    del batches

    def work(part):
        for each in part:
            for column in arrow.moved_children(each):
                arrow.release(column)

    threads = [threading.Thread(target=work, args=(arrays[i::4],)) for i in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert not any(each.release for each in arrays)


def test_the_schema_is_asked_for_first():
    reader = lines.to_arrow(text_of(EVENTS), batch=3)
    of = arrow.tree(arrow.taken(reader.__arrow_c_schema__(), "arrow_schema"))
    assert [each[0] for each in of[3]] == ["id", "tag", "x", "l", "s", "n", "ok"]
    assert [len(each) for each in reader] == [3, 1]
    reader = lines.to_arrow(text_of(EVENTS))
    next(reader)
    assert arrow.stream_rows(reader)[1] == []


def test_a_schema_that_is_requested():
    wanted = lines.to_arrow(b"", schema={"id": "uint8", "tag": "large_string"}).__arrow_c_schema__()
    of, found = arrow.stream_rows(lines.to_arrow(text_of(EVENTS)), wanted)
    assert arrow.types(of) == {"id": "C", "tag": "U"} and [row["id"] for row in found] == [1, 2, 3, 4]
    reader = lines.to_arrow(text_of(EVENTS), schema={"x": "double"})
    assert arrow.types(arrow.stream_rows(reader, wanted)[0]) == {"x": "g"}


def test_representations():
    reader = lines.to_arrow(text_of(EVENTS))
    assert repr(next(reader)) == "<Batch of 4 rows and 7 columns>"
    assert reader.lineno == 4


@native_only
def test_memory_is_given_back():
    data = text_of(EVENTS * 20_000)

    def resident():
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    if not os.path.exists("/proc/self/statm") or "CYJSON_SANITIZED" in os.environ:
        pytest.skip("no /proc here, or what is freed is kept")
    for options in {}, {"threads": 2}, {"batch": 100}:
        for batch in lines.to_arrow(data, **options):
            batch.__arrow_c_array__()
        before = resident()
        for _ in range(4):
            for batch in lines.to_arrow(data, **options):
                batch.__arrow_c_array__()
        assert resident() - before < 16 * 2**20


@native_only
@pytest.mark.parametrize("source", ["file", "bytes"])
def test_batches_of_threads_are_small(source):
    """Whatever rows are asked for: 2 MiB of lines each, of which two for each thread and two more are read ahead."""
    line, count, threads = b'{"a": "%s"}\n' % (b"x" * 1000), 24_000, 2

    class File(io.BytesIO):
        taken = 0

        def read(self, size=-1):
            block = super().read(size)
            self.taken += len(block)
            return block

    file = File(line * count)
    given = file if source == "file" else file.getvalue()
    found = read = 0
    for batch in lines.to_arrow(given, threads=threads, batch=2**30, schema={"a": "string"}):
        assert len(batch) * len(line) < 2**21 + 2**18
        read += len(batch) * len(line)
        found += len(batch)
        assert file.taken - read < (2 * threads + 3) * (2**21 + 2**18)
    assert found == count
    (batch,) = lines.to_arrow(line * 4000, batch=2**30, schema={"a": "string"})  # without threads 16 MiB are one
    assert len(batch) == 4000


# Random documents

leaves = st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats() | st.text(max_size=6)
anything = st.recursive(
    leaves | st.integers(-(2**70), 2**70),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abcdé"), inner, max_size=4),
    max_leaves=6,
)
objects = st.dictionaries(st.sampled_from("abcdefg"), anything, max_size=5)


@given(st.lists(objects, max_size=6), st.sampled_from([1, 2, 100]), st.booleans())
def test_random_documents(documents, batch, escaped):
    """Each row is either what loads gives, or reported: with errors= the rows are the documents that aren't."""
    text = [json.dumps(each, ensure_ascii=escaped) for each in documents]
    data = "\n".join(text).encode()
    found = []
    of, given = rows(data, batch=batch, errors=found.append)
    types = arrow.types(of)
    bad = {each.lineno for each in found}
    kept = [json.loads(each) for i, each in enumerate(text, 1) if i not in bad]
    assert frozen(given) == frozen([filled(each, types) for each in kept])
    for each in found:
        assert each.doc == text[each.lineno - 1] and each.__cause__.errors[0].path != "$"
    if not found and documents:
        assert rows(data, schema=_schema_of(of))[1] == given or any(v != v for v in _floats(given))


def _schema_of(of):
    class Typed:
        def __arrow_c_schema__(self):
            from cyjson import _arrow

            return _arrow.arrow_schema(tuple(map(field, of[3])))

    def field(of):
        name, format, nullable, children = of
        return format, name, nullable, tuple(map(field, children))

    return Typed()


def _floats(value):
    if isinstance(value, (dict, list)):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _floats(each)
    elif isinstance(value, float):
        yield value


@given(st.lists(objects, min_size=1, max_size=5), st.data())
def test_broken_documents(documents, data):
    """Errors of malformed lines are those of lines.load."""
    text = bytearray(b"\n".join(json.dumps(each).encode() for each in documents))
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, max(len(text) - 1, 0)))
        text[at : at + 1] = data.draw(
            st.sampled_from([b"", b'"', b"}", b"\\", b"\xff", b"\xc3", b"0", b"-", b"e", b",", b"\n"])
        )
    text = bytes(text)

    def malformed(make):
        found = []
        with make(found.append) as reader:
            for _ in reader:
                pass
        return [(str(e), e.lineno, e.offset) for e in found if not isinstance(e.__cause__, cyjson.ValidationError)]

    expected = malformed(lambda note: lines.loads(text, errors=note))
    for threads in None, 2:
        assert malformed(lambda note: lines.to_arrow(text, errors=note, threads=threads, pick=["a"])) == expected


# Libraries


def test_pyarrow(tmp_path):
    pyarrow = pytest.importorskip("pyarrow")
    path = written(tmp_path, text_of(EVENTS * 100))
    table = pyarrow.table(lines.to_arrow(path, batch=64))
    table.validate(full=True)
    assert table.num_rows == 400 and table["id"].to_pylist()[:5] == [1, 2, 3, 4, 1]
    assert table.schema.field("s").type == pyarrow.struct(
        [("a", pyarrow.null()), ("b", pyarrow.list_(pyarrow.struct([("c", pyarrow.string())])))]
    )
    reader = pyarrow.RecordBatchReader.from_stream(lines.to_arrow(path, batch=64, threads=2))
    assert reader.read_next_batch().num_rows == 64
    reader.close()
    batch = pyarrow.record_batch(next(lines.to_arrow(path)))
    assert batch.to_pylist()[3]["ok"] is False
    schema = pyarrow.schema(
        [("x", pyarrow.decimal128(20, 3)), ("id", pyarrow.int8()), ("at", pyarrow.timestamp("ms", "UTC"))]
    )
    for made in pyarrow.table(lines.to_arrow(path), schema=schema), pyarrow.table(lines.to_arrow(path, schema=schema)):
        made.validate(full=True)
        assert made.schema == schema and made["x"].to_pylist()[:2] == [decimal.Decimal(1), decimal.Decimal("2.5")]
    with pytest.raises(ValueError, match="dictionary"):
        lines.to_arrow(path, schema=pyarrow.schema([("a", pyarrow.dictionary(pyarrow.int8(), pyarrow.string()))]))
    with pytest.raises(ValueError, match="column 'a'"):
        lines.to_arrow(path, schema=pyarrow.schema([("a", pyarrow.binary())]))
    with pytest.raises(ValueError, match="has columns"):
        lines.to_arrow(path, schema=pyarrow.int8())
    assert rows(b'{"a": 1}', schema={"a": pyarrow.int16()})[1] == [{"a": 1}]
    with pytest.raises(pyarrow.ArrowInvalid, match=r"LineError: \$.id: a string .* line 401 "):
        pyarrow.table(lines.to_arrow(io.BytesIO(path.read_bytes() + b'\n{"id": "x"}')))


def test_polars():
    polars = pytest.importorskip("polars")
    frame = polars.DataFrame(lines.to_arrow(text_of(EVENTS), batch=3))
    assert frame.to_dicts() == [filled(each, arrow.types(rows(text_of(EVENTS))[0])) for each in EVENTS]
    schema = {"id": "int16", "x": "decimal128(9, 2)", "s": {"a": "date32"}, "tag": "large_string"}
    assert polars.DataFrame(lines.to_arrow(text_of(EVENTS), schema=schema))["x"].to_list() == [1, 2.5, None, None]


def test_pandas():
    pandas = pytest.importorskip("pandas", minversion="3")
    pytest.importorskip("pyarrow")
    frame = pandas.DataFrame.from_arrow(lines.to_arrow(text_of(EVENTS)))
    assert frame["id"].tolist() == [1, 2, 3, 4]


def test_duckdb():
    duckdb = pytest.importorskip("duckdb")
    pytest.importorskip("pyarrow")
    events = lines.to_arrow(text_of(EVENTS * 10))  # found by its name
    assert duckdb.sql("select sum(id), count(tag) from events").fetchall() == [(100, 20)]
    del events
