"""Columns that ``cyjson.engines`` makes straight from the text are those that it makes by rows: values, types, errors
and their places, in each mode."""

import gzip
import json
import pickle
import random

import pytest
from support.amount import amount
from support.compare import native_only

from cyjson import _columns, _engines, lines

pa = pytest.importorskip("pyarrow")
pytestmark = native_only

MODES = ["raise", "skip", "report", "keep", "keep with text"]


class ByRows(_columns.Columns):
    def _plan(self):
        return None


def columns_of(kind, schema, mode, pointers=None, path=None, rows=_columns.ROWS, max_line=1000):
    """Columns, and the list of errors that are reported."""
    reported = []
    errors = {"raise": "raise", "report": reported.append}.get(mode, "skip")
    source = _engines.Source(errors=errors, max_line=max_line, options={})
    keep = mode.startswith("keep")
    corrupt = "bad" if mode == "keep with text" else None
    if corrupt:
        schema = schema.append(pa.field(corrupt, pa.string()))
    if path:
        schema = schema.insert(0, pa.field(path, pa.string()))
    made = kind(source, schema, pointers, path, keep, corrupt, rows)
    return pickle.loads(pickle.dumps(made)) if mode != "report" else made, reported


def facts(error):
    """What an error says."""
    cause = error.__cause__
    told = [error.args, error.msg, error.doc, error.pos, error.lineno, error.colno, error.offset, error.truncated]
    return [*told, error.path, type(cause), str(cause)]


def outcome(columns, reported, parts):
    """The rows of parts, with all that must be the same."""
    batches, raised = [], None
    try:
        for part in parts:
            for batch in columns.batches(part):
                assert batch.num_rows and batch.schema.equals(columns.schema, check_metadata=True)
                batch.validate(full=True)
                batches.append(batch)
    except lines.LineError as error:
        raised = facts(error)
    table = pa.Table.from_batches(batches, columns.schema).combine_chunks()
    whole = table
    for place, field in enumerate(table.schema):
        if pa.types.is_timestamp(field.type) or field.type == pa.time64("ns"):  # not all of them are Python's
            whole = whole.set_column(place, field.name, whole.column(place).cast(pa.int64()))
    return whole.to_pylist(), table, raised, [facts(each) for each in reported]


def same(file, schema, blocksize=10**9, modes=MODES, **options):
    """Assert that both ways give the same in each mode: the rows of "skip"."""
    found = None
    for mode in modes:
        files = _engines.listed([file])
        parts = _engines.cut(files, blocksize)
        straight = outcome(*columns_of(_columns.Columns, schema, mode, **options), parts)
        by_rows = outcome(*columns_of(ByRows, schema, mode, **options), parts)
        assert straight[2:] == by_rows[2:], mode
        if mode == "raise" and straight[2]:  # some rows before the bad line
            fewer = min(len(straight[0]), len(by_rows[0]))
            assert repr(straight[0][:fewer]) == repr(by_rows[0][:fewer])
            continue
        assert repr(straight[0]) == repr(by_rows[0]), mode
        assert straight[1].schema.equals(by_rows[1].schema, check_metadata=True)
        if "nan" not in repr(straight[0]):
            assert straight[1].equals(by_rows[1])
        if mode == "skip":
            found = straight[0]
    return found


def written(path, documents, end=b"\n"):
    """A file of documents, or of lines in bytes."""
    text = end.join(each if type(each) is bytes else json.dumps(each).encode() for each in documents)
    path.write_bytes(gzip.compress(text) if path.suffix == ".gz" else text)
    return path


@pytest.fixture
def straight_alone(monkeypatch):
    """Where the rest of a range is read by rows, that fails."""

    def none_expected(self, part, done):
        raise AssertionError("by rows")

    by_rows, careful = _columns.Columns._by_rows, _columns.Columns._careful
    for name in "_by_rows", "_careful":
        monkeypatch.setattr(_columns.Columns, name, none_expected)
    ByRows._by_rows, ByRows._careful = by_rows, careful
    yield
    del ByRows._by_rows, ByRows._careful


EVENT = pa.schema(
    {
        "id": pa.int64(),
        "name": pa.string(),
        "ms": pa.float64(),
        "ok": pa.bool_(),
        "tags": pa.list_(pa.string()),
        "user": pa.struct({"id": pa.int32(), "city": pa.large_string(), "more": pa.list_(pa.struct({"x": pa.int8()}))}),
        "at": pa.timestamp("ms", "UTC"),
        "day": pa.date32(),
        "price": pa.decimal128(12, 2),
        "size": pa.uint64(),
        "rate": pa.float32(),
    },
    metadata={"made": "here"},
)


def event(number):
    made = {
        "id": number,
        "unknown": [{"a": [1, 2.5, None]}, "é"],
        "name": f'né中😀"\n{number % 97}' * (number % 5),
        "ms": number * 0.25,
        "ok": number % 3 == 0,
        "tags": [None, f"ü{number % 5}"][number % 2 :] * (number % 4),
        "user": {"id": number % 1000, "city": None if number % 7 else "Köln", "more": [{"x": 1}, None, {}]},
        "at": f"2026-11-{1 + number % 30:02}T23:59:{number % 60:02}.{number % 1000:03}+05:30",
        "day": "2024-02-29",
        "price": f"{number}.5" if number % 2 else number,
        "size": 2**64 - 1 - number,
        "rate": number / 7,
    }
    for name in [*made][:: 1 + number % 11]:
        if number % 13 == 0:
            made[name] = None
        elif number % 17 == 0:
            del made[name]
    return made


BAD = [
    b'{"id": 1',
    b'{"id": 1} 2',
    b'{"id": "\xff"}',
    b"[1]",
    b"7",
    b"null",
    b'"text"',
    b'{"id": 1.5, "name": "kept"}',
    b'{"id": 1e2}',
    b'{"id": true}',
    b'{"id": 9223372036854775808}',
    b'{"id": 1' + b"0" * 5000 + b"}",
    b'{"name": "' + b"x" * 2000 + b'"}',
    b'{"name": "\\ud800", "id": 5}',
    b'{"name": 1}',
    b'{"ms": "1"}',
    b'{"ms": 9007199254740993}',
    b'{"ms": false}',
    b'{"ok": 1}',
    b'{"tags": "abc"}',
    b'{"tags": ["a", 1]}',
    b'{"user": [["id", 1]]}',
    b'{"user": {"id": 2147483648}}',
    b'{"user": {"more": [{"x": 128}]}}',
    b'{"at": 1}',
    b'{"at": "yesterday"}',
    b'{"at": "2026-11-29T05:30:00.1234Z"}',
    b'{"at": "2026-11-29T24:30:00Z"}',
    b'{"day": "2023-02-29"}',
    b'{"day": "2024-02-29T00:00:00"}',
    b'{"price": 1.234}',
    b'{"price": 12345678901}',
    b'{"price": "1.5x"}',
    b'{"price": NaN}',
    b'{"size": -1}',
    b'{"size": 18446744073709551616}',
    b'{"rate": 1e300}',
    b'{"rate": 16777217}',
    b"{" * 50,
    b'{"id": 3, "unknown": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
]
# What is a row in unusual words: rows take it, and the columns too, or not.
ODD = [
    b"",
    b" \t ",
    b"{}",
    b'  {"id" : 4 , "name":"x"}  ',
    b'{"id": 1, "id": 2}',
    b'{"id": "x", "id": 2}',
    b'{"id": 2, "id": "x"}',
    b'{"user": {"id": 1}, "user": {"city": "x"}}',
    b'{"\\u0069d": 7, "n\\u0061me": "\\u00e9\\ud83d\\ude00"}',
    b'{"\\ud800": 1, "id": 8}',
    b'{"unknown": "\\ud800", "id": 8}',
    b'{"unknown": "\xed\xa0\x80", "id": 8}',
    b'{"name": "\xed\xa0\x80", "id": 8}',
    b'{"unknown": 123456789012345678901234567890, "id": 9}',
    b'{"id": -0, "ms": -0, "rate": -0.0, "price": -0.0}',
    b'{"id": -9223372036854775808}',
    b'{"ms": NaN, "rate": -Infinity}',
    b'{"ms": 1e400, "rate": 1e400}',
    b'{"ms": 9007199254740992}',
    b'{"ms": -9007199254740994}',
    b'{"ms": 1152921504606846976}',
    b'{"ms": 18446744073709551616}',
    b'{"rate": 16777216}',
    b'{"rate": 1099511627776}',
    b'{"rate": 3.4028235e38}',
    b'{"rate": 0.1}',
    b'{"price": 1e3}',
    b'{"price": "1.500"}',
    b'{"price": "+1.5"}',
    b'{"price": 1.50000000000000000001}',
    b'{"price": 150000000000000000000e-20}',
    b'{"at": "2026-11-29T05:30:00"}',
    b'{"at": "2026-11-29"}',
    b'{"at": "2026-11-29 05:30:00.120000z"}',
    b'{"at": "2026-11-29t05:30:00+00:00:30"}',
    b'{"at": "0001-01-01T00:00:00+23:59"}',
    b'{"at": "9999-12-31T23:59:59-23:59"}',
    b'{"name": "' + b"x" * 950 + b'"}',
]


@pytest.mark.parametrize("rows", [1, 1000])
@pytest.mark.parametrize("blocksize", [2000, 10**9])
def test_events(tmp_path, rows, blocksize, straight_alone):
    documents = [event(number) for number in range(150)]
    path = written(tmp_path / "a.ndjson", documents)
    found = same(path, EVENT, blocksize, rows=rows, path="file")
    assert len(found) == 150 and found[7]["id"] == 7 and found[7]["user"]["city"] == "Köln"
    assert same(written(tmp_path / "a.ndjson.gz", documents, b"\r\n"), EVENT, rows=rows, path="file")[99]["id"] == 99


@pytest.mark.parametrize("line", BAD, ids=range(len(BAD)))
def test_each_bad_line(tmp_path, line, straight_alone):
    documents = [event(number) for number in range(150)]
    documents.insert(130, line)
    longest = 10**6 if b"[[" in line else 1500
    found = same(written(tmp_path / "a.ndjson", documents), EVENT, 40_000, rows=50, max_line=longest)
    assert [each["id"] for each in found] == [event(number).get("id") for number in range(150)]


@pytest.mark.parametrize("line", ODD, ids=range(len(ODD)))
def test_each_odd_line(tmp_path, line):
    documents = [event(number) for number in range(80)]
    for at in 0, 70:
        same(written(tmp_path / "a.ndjson", [*documents[:at], line, *documents[at:]]), EVENT, rows=32)
    same(written(tmp_path / "a.ndjson", [line] * 5), EVENT, rows=2)


def test_many_bad_lines(tmp_path):
    chance = random.Random(1)
    for share in 0.02, 0.5, 1:
        count = amount(200, 4000)
        documents = [event(n) if chance.random() > share else chance.choice(BAD[:-1] + ODD) for n in range(count)]
        file = written(tmp_path / "a.ndjson", documents, chance.choice([b"\n", b"\r\n"]))
        for blocksize in 3000, 10**9:
            same(file, EVENT, blocksize, rows=50, path="file")


def test_lines_without_the_types_of_columns_are_for_rows_at_once(tmp_path):
    """Offsets with seconds: each would be a batch of its own."""
    documents = [{"at": f"2026-11-{1 + number % 30:02}T00:00:00+00:00:30"} for number in range(500)]
    schema = pa.schema({"at": pa.timestamp("us", "UTC")})
    file = written(tmp_path / "a.ndjson", documents)
    same(file, schema)
    columns, _ = columns_of(_columns.Columns, schema, "raise")
    assert [batch.num_rows for batch in columns.batches(_engines.cut(_engines.listed(file), 10**9)[0])] == [1, 499]


@pytest.mark.parametrize("zone", [None, "UTC", "Europe/Berlin"])
def test_days_and_times_without_offset_are_columns(tmp_path, straight_alone, zone):
    """Of UTC, where the type has a zone; nested ones too. Half the lines have no offset: by rows they would all be."""
    ends = ["", "T05:30:00", " 23:59:59.25", "T00:00:00.000001"] + ["T05:30:00+01:00", "t05:30:00z"] * bool(zone)
    texts = [f"{year}-02-28{end}" for year in ("0001", "1969", "2024", "9999") for end in ends] * 60
    documents = [{"at": text, "more": [{"at": text}, None]} for text in texts]
    kind = pa.timestamp("us", zone)
    schema = pa.schema({"at": kind, "more": pa.list_(pa.struct({"at": kind}))})
    file = written(tmp_path / "a.ndjson", documents)
    columns, _ = columns_of(_columns.Columns, schema, "raise")
    (part,) = _engines.cut(_engines.listed(file), 10**9)
    (batch,) = columns.batches(part)
    by_rows, _ = columns_of(ByRows, schema, "raise")
    assert batch.equals(pa.Table.from_batches(by_rows.batches(part)).combine_chunks().to_batches()[0])
    for bad in ["2024-02-30", "2024-2-9", "2024-02-28T", "20240228", "2024-02-28T05", "+024-02-28"]:
        documents[700 // 2] = {"at": bad}
        assert len(same(written(file, documents), schema, modes=["skip", "keep"])) == len(texts) - 1


POINTERS = {
    "id": "/id",
    "city": "/user/city",
    "x": "/user/more/0/x",
    "y": ["user", "more", 1],
    "tag": "/tags/1",
    "odd": "/a~1b/~0/",
    "none": "/user/city/0",
}
PICKED = pa.schema(
    {
        "x": pa.int16(),
        "id": pa.int64(),
        "tag": pa.string(),
        "city": pa.string(),
        "y": pa.struct({"x": pa.int8()}),
        "odd": pa.bool_(),
        "none": pa.string(),
    }
)


@pytest.mark.parametrize("nullable", [True, False])
def test_pointers(tmp_path, nullable):
    documents = [event(number) for number in range(100)]
    documents += [{"a/b": {"~": {"": True}}}, {"user": {"more": {"0": {"x": 5}}}}, {"tags": "ab"}, {"user": [1]}]
    documents += [[], [1], 7, None, "x", b"{", b'{"user": 1, "user": {"city": "y"}}', {"id": "x"}, {"tags": ["a", 1]}]
    file = written(tmp_path / "a.ndjson", documents)
    schema = pa.schema([field.with_nullable(nullable or field.name != "id") for field in PICKED])
    found = same(file, schema, 3000, pointers=POINTERS, rows=20)
    assert len(found) == (
        110 if nullable else sum(type(each) is dict and type(each.get("id")) is int for each in documents)
    )
    for pointers, kind in (
        ({"id": ""}, pa.int64()),
        ({"id": []}, pa.struct({"id": pa.int64()})),
        ({"id": "/user", "x": "/user/id"}, pa.int64()),
        ({"id": "/id", "x": ["id"]}, pa.int64()),
        ({"id": "/" * 70, "x": "/x"}, pa.int64()),
        ({"id": [0], "x": "/0"}, pa.int64()),
    ):
        same(file, pa.schema(dict.fromkeys(pointers, kind)), pointers=pointers)
    assert same(file, pa.schema({}), pointers={}, path="file") == [{"file": str(file)}] * 112


def test_nulls_that_are_not_allowed(tmp_path):
    schema = pa.schema(
        [
            pa.field("a", pa.int64(), False),
            pa.field("l", pa.list_(pa.field("element", pa.int64(), False))),
            pa.field("s", pa.struct([pa.field("x", pa.string(), False)]), metadata={"made": "here"}),
        ]
    )
    documents = [{"a": 1, "l": [1], "s": {"x": "y"}}] * 80
    documents += [{"a": None}, {"l": [1]}, {"a": 2, "l": [None, 1]}, {"a": 3, "s": {}}, {"a": 4, "s": {"x": None}}]
    found = same(written(tmp_path / "a.ndjson", documents), schema)
    assert found[80:] == [
        {"a": 2, "l": [None, 1], "s": None},
        {"a": 3, "l": None, "s": {"x": None}},
        {"a": 4, "l": None, "s": {"x": None}},
    ]


class Degrees(pa.ExtensionType):
    def __init__(self):
        pa.ExtensionType.__init__(self, pa.float64(), "cyjson.degrees")

    def __arrow_ext_serialize__(self):
        return b""

    @classmethod
    def __arrow_ext_deserialize__(cls, storage, data):
        return cls()


TYPES = [
    pa.null(),
    pa.int8(), pa.uint16(), pa.int32(), pa.uint64(), pa.float16(), pa.float32(), pa.bool_(),
    pa.string(), pa.large_string(), pa.string_view(), pa.binary(), pa.large_binary(), pa.binary(3),
    pa.date32(), pa.date64(), pa.time32("s"), pa.time32("ms"), pa.time64("us"), pa.time64("ns"),
    *[pa.timestamp(unit, zone) for unit in ("s", "ms", "us", "ns") for zone in (None, "UTC", "Europe/Berlin")],
    pa.decimal128(38, 37), pa.decimal128(5), pa.decimal128(5, -2), pa.decimal256(50, 2), pa.duration("s"),
    pa.list_(pa.int64()), pa.large_list(pa.string()), pa.list_(pa.bool_(), 2), pa.map_(pa.string(), pa.int64()),
    pa.list_(pa.list_(pa.float32())), pa.struct({}), pa.struct({"a": pa.struct({"a": pa.decimal128(9, 3)})}),
    pa.struct({"a\0b": pa.int64()}),
    pa.dictionary(pa.int32(), pa.string()), Degrees(),
]  # fmt: skip
VALUES = [
    None, True, 0, -1, 127, 128, 65535, 65536, 2**31, 2**53 + 1, 2**60, 2**63, 2**64, 10**30, 99999, 100000, 12300,
    0.0, -0.0, 0.1, 1.5, 65504.0, 65520.0, 3.4028234663852886e38, 3.4028235e38, 3.4028236e38, 1e300, 1e-50,
    "", "abc", "é", "1", "1.5", "1e2", "+1", " 1", "NaN", "Infinity", "0.1234567", "12345678901234567890.5",
    "2024-02-29", "2023-02-29", "0000-01-01", "24-02-29", "2024-02-29T12:34:56", "2024-02-29T12:34:56Z",
    "2024-02-29 12:34:56.1+05:30", "2024-02-29T12:34:56.123", "2024-02-29T12:34:56.123456",
    "2024-02-29T12:34:56.123456789", "2024-02-29T12:34:56.1234567890", "2024-02-29T12:34:56.100000000z",
    "2024-02-29T12:34:60", "2024-02-29T12:34", "2024-02-29T12:34:56+00:00:30", "2024-02-29T12:34:56+00:00:30.5",
    "1500-01-01T00:00:00", "1677-09-21T00:12:43.145224193", "1677-09-21T00:12:43.145224192",
    "2262-04-11T23:47:16.854775807", "2262-04-11T23:47:16.854775808", "0001-01-01T00:00:00+23:59",
    "9999-12-31T23:59:59-23:59", "12:34:56", "12:34:56.1", "12:34:56.123456789", "23:59:60", "12:34:56Z",
    [], [None], [1], [1, 2], [True, False], ["a", None], [[1.5, None], []], [1, "a"], [["a"]],
    {}, {"a": 1}, {"a": None}, {"a": "b"}, {"a": {"a": 1.5}}, {"a": {"a": 1.2345}}, {"a\0b": 1}, {"a": 1, "b": 2},
]  # fmt: skip


@pytest.mark.parametrize("kind", TYPES, ids=str)
def test_each_type_and_value(tmp_path, kind):
    texts = [*map(json.dumps, VALUES), "NaN", "-Infinity", "1e2", "1E+400", "-0", "1.10", "123e-2", '"\\ud800"', "1.0"]
    texts += ["0.1234567890123456789012345678901234567", "1.12345678901234567890123456789012345678"]
    file = tmp_path / "a.ndjson"
    file.write_text("".join(f'{{"n": {n}, "x": {text}}}\n' for n, text in enumerate(texts)))
    schema = pa.schema({"x": kind, "n": pa.int64()})
    found = same(file, schema, modes=["skip", "report", "keep"])
    assert 0 < len(found) < len(texts)
    file.write_text("".join(f'{{"n": {n}, "x": null}}\n{{"x": {text}}}\n' * 66 for n, text in enumerate(texts[::9])))
    same(file, schema, modes=["skip"])


@pytest.mark.parametrize("kind", [
    pa.map_(pa.string(), pa.int64()), pa.binary(), pa.list_(pa.int64(), 2), pa.time64("us"), pa.float16(), Degrees(),
    pa.list_(Degrees()), pa.dictionary(pa.int32(), pa.string()), pa.struct([("a", pa.int64()), ("a", pa.string())]),
    pa.struct({"a\0b": pa.int64()}), pa.decimal256(50, 2), pa.string_view(),
], ids=str)  # fmt: skip
def test_types_that_only_rows_have(kind):
    for schema in pa.schema({"x": kind}), pa.schema({"n": pa.int64(), "x": pa.list_(kind)}):
        assert columns_of(_columns.Columns, schema, "skip")[0]._plan() is None


def test_options_are_for_rows(tmp_path):
    schema = pa.schema({"a": pa.int64(), "b": pa.string()})
    file = written(tmp_path / "a.ndjson", [{"a": "1", "b": "x"}] * 3)
    source = _engines.Source(options={"object_pairs_hook": lambda pairs: {"a": len(pairs), "b": "y"}})
    columns = _columns.Columns(source, schema)
    assert columns._plan() is None and columns_of(_columns.Columns, schema, "skip")[0]._plan() is not None
    (batch,) = columns.batches(_engines.cut(_engines.listed(file), 10**9)[0])
    assert batch.to_pylist() == [{"a": 2, "b": "y"}] * 3


def test_values_beyond_what_datetime_and_pyarrow_take(tmp_path):
    """By rows, too: nanoseconds, large integers that are doubles, numbers past float32."""
    schema = pa.schema({"at": pa.timestamp("ns"), "t": pa.time64("ns"), "x": pa.float64(), "f": pa.float32()})
    documents = [{"at": "2024-02-29T00:00:00.123456789", "x": 2**60, "f": 3.4028235e38}, {"f": 1e39}, {"x": 2**60 + 1}]
    (row,) = same(written(tmp_path / "a.ndjson", documents), schema)
    assert row["at"] % 10**9 == 123456789 and row["x"] == 2**60
    (row,) = same(written(tmp_path / "a.ndjson", [{"t": "00:00:01.000000002"}]), schema.remove(0))
    assert row["t"] is not None


def test_floats_are_the_nearest(tmp_path):
    """Where their doubles are half-way, too: straight from the text and by rows."""
    texts = ["1.000000059604644775390625001", "1.0000000596046447753906249", "0.1", "65519.99999999999999999999"]
    file = tmp_path / "a.ndjson"
    file.write_text("".join(f'{{"x": {text}}}\n' for text in texts))
    found = [row["x"] for row in same(file, pa.schema({"x": pa.float32()}))]
    assert found == [1.0000001192092896, 1.0, 0.10000000149011612, 65520.0]
    found = [row["x"] for row in same(file, pa.schema({"x": pa.float16()}))]
    assert found == [1.0, 1.0, 0.0999755859375, 65504.0]


def test_wide_lines(tmp_path, straight_alone):
    names = [f"column {number}" for number in range(200)]
    kinds = [pa.int64(), pa.float64(), pa.string(), pa.bool_()]
    values = [7, 0.5, "text", True, None]
    documents = [
        {
            name: values[(number + line) % 5] if (number + line) % 5 == number % 4 else None
            for number, name in enumerate(names)
        }
        for line in range(40)
    ]
    schema = pa.schema([(name, kinds[number % 4]) for number, name in enumerate(names)])
    file = written(tmp_path / "a.ndjson", documents)
    assert same(file, schema, max_line=10**5) == documents
    few = pa.schema([schema.field(name) for name in names[150::-49]])
    assert same(file, few, max_line=10**5) == [{name: each[name] for name in few.names} for each in documents]
