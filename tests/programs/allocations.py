"""Let each allocation of a call fail in turn: it raises MemoryError or gives its result, loses nothing, and the next
call is right. Run by test_failures.py in a process of its own, with the name of a call.

    python allocations.py NAME
"""

import _testcapi
import gc
import io
import json
import sys
import time
import warnings
from collections import OrderedDict, namedtuple
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal, NamedTuple, TypedDict
from uuid import UUID

import cyjson
from cyjson import Raw, _arrow, _reading, lines, stream


class Encoder(cyjson.JSONEncoder):
    def default(self, o):
        return "default"


class File:
    def write(self, text):
        pass


def joined(value, **options):
    return "".join(Encoder(**options).iterencode(value))


Pair = namedtuple("Pair", "left right")
VALUE = {
    "text": "plain text of some length",
    "é": ["é" * 30, "中" * 30, "😀" * 30, "\n" * 30],
    "numbers": [0, -1, 2**31, 2**70, 1.5, -1e300, 123456.789],
    "nested": [[], {}, [[1, [2]]], {"a": {"b": {"c": (None, True)}}}],
    "keys": {7: 1, 2.5: 2, None: 3, True: 4, "k" * 80: 5},
}
DEEP = [[[[[[[[[[[[[[[[[[[[{"k": [1]}]]]]]]]]]]]]]]]]]]]]
LONG = ["x" * 3000, "é" * 3000, "中" * 3000, ["y\n" * 3000]]
ODD = [1j, {"a": OrderedDict(a=1j)}, {1: 2}, Pair(1, [2])]
# Made here, not within a call: where memory is short, 3.13t crashes while it makes a list (cpython#152125).
COMPLEX = [1j, {"a": 1j}]
TEXTS = [LONG, DEEP, VALUE]
RECORDS = [{"id": n, "name": f"n{n}", "tags": ["a", "é"], "sub": {"x": n / 7, "y": None}} for n in range(60)]
FEW_RECORDS, MANY_RECORDS = RECORDS[:9], RECORDS * 20
TEXT = json.dumps(VALUE)
WIDE = json.dumps(VALUE, ensure_ascii=False)
RECORDS_TEXT = json.dumps(RECORDS, ensure_ascii=False)
LATIN = json.dumps({"a": "é" * 40, "é": ["ü\\n" * 20, 1, 2.5]}, ensure_ascii=False)
KEYS = json.dumps([{("k" * length) + "中": length} for length in range(60, 70)], ensure_ascii=False)
MANY = json.dumps(list(range(3000)))
NUMBERS = "[1, -2.5, 1e400, NaN, -Infinity, 123456789012345678901234567890, 1" + "0" * 100 + "]"
DEEP_TEXT = "[" * 100 + "1" + "]" * 100
STREAM = json.dumps(FEW_RECORDS).encode()
POINTERS = ["/59/name", "", *map("/{}".format, range(40))]  # where memory is short, 3.12 crashes in a generator
LINES = b"\n".join(json.dumps(record).encode() for record in FEW_RECORDS)


@dataclass
class Inner:
    x: float
    y: str | None


@dataclass
class Record:
    id: int
    name: str
    tags: list[str]
    sub: Inner
    missing: list = field(default_factory=list)


@dataclass
class Slotted:
    __slots__ = ("id", "name", "tags", "sub")
    id: int
    name: str
    tags: set[str]
    sub: Any


class Called:
    def __init__(self, id: int, /, name: str = "", *, tags: list[str], more: int = 1):
        self.all = id, name, tags, more

    def __repr__(self):
        return f"Called{self.all}"


class Row(NamedTuple):
    a: int
    b: str = ""


class Typed(TypedDict, total=False):
    kind: Literal["typed"]
    x: int


@dataclass
class Other:
    kind: Literal["other"]
    at: datetime
    on: date
    by: UUID
    cost: Decimal


Wide = dataclass(type("Wide", (), {"__annotations__": {f"f{n}": int for n in range(40)}}))
WIDE_TEXT = json.dumps({f"f{n}": n * 300 for n in reversed(range(40))})
NATIVES = (
    b'[{"x": 1, "kind": "typed"}, {"kind": "other", "at": "2026-01-02T03:04:05+05:30", "on": "2026-01-02", '
    b'"by": "01234567-89ab-cdef-0123-456789abcdef", "cost": "1.50"}]'
)


def decoded(data, tp):
    """A call that decodes by a plan which is compiled anew each time."""
    plan = _reading.plan_of(tp)

    def call():
        plan.compiled = None
        return cyjson._impl.decode_by_plan(data, plan, "all")

    return call


# Columns, by calls with nothing of Python's own code in between: where memory is short 3.11 loses exceptions there.
FIELDS = (("l", "id", True, ()), ("u", "name", False, ()), ("+l", "tags", True, (("u", "item", True, ()),)))
SCHEMA = cyjson._impl.arrow_schema(FIELDS)
TYPED, UNTYPED = (_arrow.plan_of(fields, None)[0] for fields in (FIELDS, None))
KNOWN = {TYPED: FIELDS}


REST = 0.01  # seconds


def threaded():
    try:
        return list(lines.loads(bytearray(LINES), pick="/tags", threads=2))
    finally:  # _testcapi's hooks mustn't be taken away, nor set, while a thread is in one
        time.sleep(REST)


def columns(plan, fields=KNOWN.__getitem__):
    """A reader of columns; ``fields`` gets their plan once types are known."""
    return cyjson._impl.Reader(
        io.BytesIO(LINES).read, None, None, None, plain=False, offset=0, cut=False, stop=-1, max_line=-1, plan=plan,
        fields=fields, is_frozen=plan is TYPED, batch=4, text=1000,
    )  # fmt: skip


for _ in columns(UNTYPED, lambda plan: KNOWN.setdefault(plan, FIELDS)):
    pass


SURROGATES = b'[["\xed\xa0\x80", {"a": [1, {"b": []}]}], []]'
CALLS = {
    "dumps": lambda: cyjson.dumps(VALUE),
    "dumps records": lambda: cyjson.dumps(RECORDS),
    "dumps wide": lambda: cyjson.dumps(VALUE, ensure_ascii=False),
    "dumps long": lambda: cyjson.dumps(LONG, ensure_ascii=False),
    "dumps deep": lambda: cyjson.dumps(DEEP),
    "dumps indent": lambda: cyjson.dumps(VALUE, indent=2),
    "dumps sorted": lambda: cyjson.dumps(RECORDS, sort_keys=True),
    "dumps options": lambda: cyjson.dumps(VALUE, separators=(",", ":"), skipkeys=True, check_circular=False),
    "dumps default": lambda: cyjson.dumps(COMPLEX, default=str),
    "dumps cls": lambda: cyjson.dumps(COMPLEX, cls=Encoder),
    "dump": lambda: cyjson.dump(VALUE, File()),
    "encode": lambda: cyjson.encode(VALUE),
    "encode records": lambda: cyjson.encode(RECORDS, sort_keys=True, indent=1),
    "encoder.encode": lambda: cyjson.JSONEncoder().encode(RECORDS),
    "encoder.encode cls": lambda: Encoder(ensure_ascii=False).encode(ODD[0]),
    "encoder.encode indent": lambda: cyjson.JSONEncoder(indent=1).encode(RECORDS),
    "encoder.iterencode": lambda: joined(VALUE),
    "encoder.iterencode text": lambda: joined(TEXTS, ensure_ascii=False, indent=1),
    "encoder.iterencode sorted": lambda: joined(MANY_RECORDS, sort_keys=True),
    "encoder.iterencode odd": lambda: joined(ODD),
    "encode_basestring": lambda: cyjson.encoder.encode_basestring("é\n" * 50),
    "encode_basestring_ascii": lambda: cyjson.encoder.encode_basestring_ascii("é\n😀" * 50),
    "loads": lambda: cyjson.loads(TEXT),
    "loads wide": lambda: cyjson.loads(WIDE),
    "loads latin": lambda: cyjson.loads(LATIN),
    "loads keys": lambda: cyjson.loads(KEYS),
    "loads many": lambda: cyjson.loads(MANY),
    "loads numbers": lambda: cyjson.loads(NUMBERS),
    "loads deep": lambda: cyjson.loads(DEEP_TEXT),
    "loads records": lambda: cyjson.loads(RECORDS_TEXT),
    "loads bytes": lambda: cyjson.loads(WIDE.encode()),
    "loads bytearray": lambda: cyjson.loads(bytearray(RECORDS_TEXT.encode())),
    "loads utf-16": lambda: cyjson.loads(WIDE.encode("utf-16")),
    "loads object_hook": lambda: cyjson.loads(TEXT, object_hook=len),
    "loads object_pairs_hook": lambda: cyjson.loads(RECORDS_TEXT, object_pairs_hook=lambda pairs: dict(pairs)),
    "loads array_hook": lambda: cyjson.loads(TEXT, array_hook=len),
    "loads known hooks": lambda: cyjson.loads(RECORDS_TEXT, object_pairs_hook=OrderedDict, array_hook=tuple),
    "loads known hooks, surrogates": lambda: cyjson.loads(SURROGATES, object_pairs_hook=OrderedDict, array_hook=tuple),
    "loads number hooks": lambda: cyjson.loads(NUMBERS, parse_int=str, parse_float=str, parse_constant=str),
    "decode records": lambda: cyjson.decode(RECORDS_TEXT, list[Record]),
    "decode slots": lambda: cyjson.decode(RECORDS_TEXT.encode(), list[Slotted]),
    "decode calls": lambda: cyjson.decode(RECORDS_TEXT.encode(), list[Called]),
    "decode many fields": lambda: cyjson.decode(WIDE_TEXT, Wide),
    "decode containers": lambda: cyjson.decode('{"a": [[1, "b"], [2]]}', dict[str, list[Row]]),
    "decode natives": decoded(NATIVES, list[Typed | Other]),
    "decode compiles": decoded(STREAM, list[Record]),
    "decode compiles slots": decoded(STREAM, list[Slotted]),
    "decode compiles many": decoded(WIDE_TEXT, Wide),
    "decode compiles calls": decoded(STREAM, list[Called]),
    "decode texts": decoded(
        '[[1, "é"], [{"b": [2]}], {"a": [3]}]', list[tuple[Raw, str] | tuple[Raw] | dict[str, Raw]]
    ),
    "load": lambda: cyjson.load(io.StringIO(TEXT)),
    "decoder.decode": lambda: cyjson.JSONDecoder(parse_int=str).decode(TEXT),
    "decoder.raw_decode": lambda: cyjson.JSONDecoder().raw_decode(TEXT + " rest"),
    "scanstring": lambda: cyjson.decoder.scanstring('a\\u00e9é\\n" rest' + "x" * 600, 0),
    "lines.loads": lambda: list(lines.loads(LINES)),
    "lines.loads options": lambda: list(lines.loads(LINES, object_hook=None, parse_int=str)),
    "lines.loads pick": lambda: list(lines.loads(LINES, pick=["/name", "/sub/x", "/nowhere", ""])),
    "lines.loads lazy": lambda: [each["name"] for each in lines.loads(bytearray(LINES), lazy=True)],
    "lines.loads threads": threaded,
    "lines.dumps": lambda: lines.dumps(FEW_RECORDS),
    "lines.encode": lambda: lines.encode(FEW_RECORDS * 20, sort_keys=True),
    "write_lines": lambda: lines._impl.write_lines(iter(FEW_RECORDS * 20), lines._impl.encode, {}, [].append),
    "stream.items skipped": lambda: list(stream.items(STREAM, "item.nowhere.x", buf_size=300)),
    "arrow_schema": lambda: cyjson._impl.arrow_field(cyjson._impl.arrow_schema(FIELDS)),
    "arrow_field": lambda: cyjson._impl.arrow_field(SCHEMA),
    "arrow columns": lambda: sum(map(len, columns(TYPED))),
    "arrow types": lambda: sum(map(len, columns(UNTYPED))),
    "arrow arrays": lambda: len(next(columns(TYPED)).__arrow_c_array__()),
    "pick": lambda: cyjson.pick(WIDE, "/keys/null", "/nested/3", "/nowhere", ["é", 0]),
    "pick bytearray": lambda: cyjson.pick(bytearray(RECORDS_TEXT.encode()), *POINTERS),
    "lazy": lambda: [cyjson.lazy(WIDE)[name] for name in ("text", "é", "numbers", "keys")],
    "lazy all": lambda: [(each["name"], *each, each.get("x"), each.value()) for each in cyjson.lazy(bytearray(STREAM))],
    "lazy unchecked": lambda: [each.at("/sub/x") for each in cyjson.lazy(RECORDS_TEXT, check=False)[::7]],
    "pick escaped": lambda: cyjson.pick(TEXT, "/é/1", "/numbers", check=False),
    "stream.items": lambda: list(stream.items(STREAM, "item", buf_size=200)),
    "stream.items deeper": lambda: list(stream.items(STREAM, "item.sub")),
    "stream.items options": lambda: list(stream.items(STREAM, "item", buf_size=200, strict=False, parse_int=str)),
    "stream.items given up": lambda: next(stream.items(STREAM, "item", buf_size=200)),
    "stream.kvitems": lambda: list(stream.kvitems(STREAM, "item", buf_size=200)),
    "stream.basic_parse": lambda: list(stream.basic_parse(STREAM, buf_size=500)),
    "stream.parse": lambda: list(stream.parse(STREAM, buf_size=500)),
}
# Iterators of a dict's items crash the interpreter where memory for a pair is missing (cpython#152107), json's own too.
PAIRS_IN_STORE = {CALLS["encoder.iterencode odd"]}
# No call that fails by itself: where memory is short the interpreter loses exceptions that it raises, or crashes, as it
# does in json's own functions.


def told(call):
    try:
        return repr(call())
    except Exception as exc:
        return f"{type(exc)} {exc}"


def failing(call, start, stop):
    """The call with allocations from the start-th on failing, up to the stop-th (0: all of them)."""
    # The interpreter has freed tuples in store, up to 2000 pairs: none is left where all allocations fail.
    pairs = () if call in PAIRS_IN_STORE else [(start, n) for n in range(2000)]
    _testcapi.set_nomemory(*((start, stop) if stop else (start,)))  # which puts its arguments' tuple there
    try:
        result = call()
    except MemoryError:
        return MemoryError
    except Exception as exc:
        _testcapi.remove_mem_hooks()
        return f"{type(exc)} {exc}"
    finally:
        _testcapi.remove_mem_hooks()
        del pairs
    return repr(result)


def one_round(call, expected):
    """How many allocations were made to fail."""
    start = 0
    while True:
        start += 1
        every = failing(call, start, 0)
        one = failing(call, start, start + 1)
        for outcome in every, one:
            if outcome is not MemoryError and outcome != expected:
                sys.exit(f"allocation {start}: {outcome!r} in place of {expected!r}")
        after = told(call)
        if after != expected:
            sys.exit(f"after allocation {start}: {after!r} in place of {expected!r}")
        if every is not MemoryError:
            return start


def blocks():
    # Until it gives 0, which is an int that is never freed. A number beyond 256 (1024 on 3.15) is, and from 3.14 on it
    # waits as a block for the next collection to give it back.
    while gc.collect():
        pass
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        getattr(sys, "_clear_type_cache", int)()  # it holds names that were looked up
    return sys.getallocatedblocks()


def main(name):
    call = CALLS[name]
    expected = told(call)
    count, grown = one_round(call, expected), []
    for _ in range(12):
        before = blocks()
        one_round(call, expected)
        grown.append(blocks() - before)
        if grown[-1] <= 0:
            break
    else:  # an object that is lost is lost in every round; caches and free lists have filled up by then
        sys.exit(f"{grown} blocks more each time that {count} allocations failed")
    print(f"{name}: {count} allocations failed one by one")


if __name__ == "__main__":
    main(sys.argv[1])
