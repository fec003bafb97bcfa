"""``decode(data, type)`` by the extension: the same objects, and the same errors, as the executor in Python, which is
the definition; and it is the extension that makes them. Whatever the code that is called does meanwhile, nothing
breaks."""

import collections
import copy
import dataclasses
import datetime as dt
import decimal
import enum
import gc
import json
import random
import re
import sys
import threading
import uuid
import weakref
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Dict, Generic, List, Literal, NamedTuple, Optional, TypedDict, TypeVar, Union

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.amount import amount
from support.compare import classes_go, counts_levels, native_only
from support.parts import changed, random_document

import cyjson
from cyjson import _decoding, _reading

pytestmark = native_only

T = TypeVar("T")


class Colour(enum.Enum):
    RED = "red"
    GREEN = "grün"
    ONE = 1


class Bits(enum.Flag):
    A = 1
    B = 2


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


@dataclass
class Point:
    x: float
    y: float = 2.5


@dataclass
class Plain:
    id: int
    name: str
    score: float = 0.0
    active: bool = True
    tags: List[str] = field(default_factory=list)
    more: Dict[str, int] = field(default_factory=dict)
    note: Optional[str] = None
    at: Optional[Point] = None


@dataclass(frozen=True)
class Frozen:
    id: int
    name: str = "none"


@dataclass
class Slotted:
    __slots__ = ("a", "b", "c")
    a: int
    b: Optional[str]
    c: Any


@dataclass
class Child(Slotted):  # slots of the base, and a dict
    d: int = 4


@dataclass
class Odd:
    """Names that documents spell in several ways, one that is longer than a few bytes, and fields that aren't read."""

    accent: int = field(metadata={"json": "é"})
    quote: int = field(metadata={"json": 'a"b'})
    empty: int = field(metadata={"json": ""})
    a_name_that_is_longer_than_sixteen_bytes: int = 0
    given_nowhere: int = field(default=3, metadata={"json": None})
    made: list = field(default_factory=lambda: [1, 2], init=False)
    never: int = field(init=False, repr=False, compare=False)


@dataclass
class Rest:
    a: int
    rest: Dict[str, int] = field(default_factory=dict, metadata={"json": "**"})


@dataclass
class After:
    a: int
    b: int = 0

    def __post_init__(self):
        if self.a < 0:
            raise ValueError("negative")
        self.b += self.a


class Called:
    def __init__(self, a: int, /, b: int = 5, *, c: int = 6, d: Optional[int] = None):
        self.values = a, b, c, d

    def __eq__(self, other):
        return type(other) is Called and self.values == other.values

    def __repr__(self):
        return f"Called{self.values}"


class Pair(NamedTuple):
    left: int
    right: Optional[str] = None


class Movie(TypedDict, total=False):
    title: str
    year: int


class Cat(TypedDict):
    kind: Literal["cat"]
    lives: int


@dataclass
class Dog:
    kind: Literal["dog", "wolf"]
    age: int


@dataclass
class Bird:
    kind: Literal["bird"] = "bird"
    wings: int = 2


@dataclass
class Tree(Generic[T]):
    value: T
    left: "Optional[Tree[T]]" = None
    right: "Optional[Tree[T]]" = None


@dataclass
class Wide:
    f00: int
    f01: int = 0
    f02: int = 0
    f03: int = 0
    f04: int = 0
    f05: int = 0
    f06: int = 0
    f07: int = 0
    f08: int = 0
    f09: int = 0


Many = dataclasses.make_dataclass("Many", [(f"f{n}", int, n) for n in range(70)])

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 3),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=6),
    st.sampled_from(["red", "grün", "2026-01-02", "2026-01-02T03:04:05.123456789Z", "2026-02-30", "1.50", "NaN"]),
    st.sampled_from(["01234567-89ab-cdef-0123-456789ABCDEF", "0" * 32, "2024-02-29 23:59:59-23:59", "23:00:00"]),
)
anything = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=3), inner, max_size=3)),
    max_leaves=6,
)
ints, short = st.integers(-(10**6), 10**12), st.text(max_size=20)
numbers = st.one_of(st.floats(allow_nan=False, allow_infinity=False), ints)
points = st.fixed_dictionaries({"x": numbers}, optional={"y": numbers})
stamps = st.datetimes().map(dt.datetime.isoformat)
trees = st.recursive(
    st.fixed_dictionaries({"value": ints}),
    lambda inner: st.fixed_dictionaries({"value": ints}, optional={"left": inner, "right": st.none() | inner}),
)
animals = st.one_of(
    st.fixed_dictionaries({"kind": st.just("cat"), "lives": ints}),
    st.fixed_dictionaries({"age": ints, "kind": st.sampled_from(["dog", "wolf"])}),
    st.fixed_dictionaries({}, optional={"wings": ints, "kind": st.just("bird"), "else": anything}),
)
# Types, and documents that are mostly of them
TYPES = {
    "Any": (Any, anything),
    "int": (int, ints),
    "float": (float, numbers),
    "list of str": (List[str], st.lists(short)),
    "tuple": (tuple[int, str, Optional[float]], st.tuples(ints, short, st.none() | numbers)),
    "tuple of any number": (tuple[bool, ...], st.lists(st.booleans())),
    "set": (set[int], st.lists(ints)),
    "frozenset": (frozenset[str], st.lists(short)),
    "deque": (collections.deque[int], st.lists(ints)),
    "dict": (dict[str, float], st.dictionaries(short, numbers)),
    "dict of int": (dict[int, str], st.dictionaries(ints.map(str), short)),
    "dict of date": (dict[dt.date, int], st.dictionaries(st.dates().map(str), ints)),
    "dict of Enum": (dict[Level, int], st.dictionaries(st.sampled_from("123"), ints)),
    "OrderedDict": (collections.OrderedDict[str, int], st.dictionaries(short, ints)),
    "defaultdict": (collections.defaultdict[str, list[int]], st.dictionaries(short, st.lists(ints))),
    "Counter": (collections.Counter[str], st.dictionaries(short, ints)),
    "literal": (Literal["a", 1, None, True, "é"], st.sampled_from(["a", 1, None, True, "é", 1.0, "b", False])),
    "enum": (list[Colour], st.lists(st.sampled_from(["red", "grün", 1]))),
    "int enum": (Level, st.integers(0, 3)),
    "datetime": (dt.datetime, stamps),
    "date": (dt.date, st.dates().map(str)),
    "uuid": (list[uuid.UUID], st.lists(st.uuids().map(str))),
    "decimal": (decimal.Decimal, st.decimals(allow_nan=False).map(str) | numbers),
    "timedelta": (dt.timedelta, st.sampled_from(["P1DT2S", "-PT0.5S", "P1Y"])),
    "path": (Path, short),
    "plain": (
        Plain,
        st.fixed_dictionaries(
            {"id": ints, "name": short},
            optional={"score": numbers, "active": st.booleans(), "tags": st.lists(short), "at": st.none() | points},
        ),
    ),
    "frozen": (Frozen, st.fixed_dictionaries({"id": ints}, optional={"name": short})),
    "slots": (List[Slotted], st.lists(st.fixed_dictionaries({"a": ints, "b": st.none() | short, "c": anything}))),
    "slots and dict": (Child, st.fixed_dictionaries({"a": ints, "b": short, "c": st.none()}, optional={"d": ints})),
    "odd names": (
        Odd,
        st.fixed_dictionaries(
            {"é": ints, 'a"b': ints, "": ints},
            optional={"a_name_that_is_longer_than_sixteen_bytes": ints, "made": ints, "given_nowhere": ints},
        ),
    ),
    "rest": (Rest, st.fixed_dictionaries({"a": ints}, optional={"b": ints, "é": ints})),
    "post-init": (After, st.fixed_dictionaries({"a": ints}, optional={"b": ints})),
    "called": (Called, st.fixed_dictionaries({"a": ints}, optional={"b": ints, "c": ints, "d": st.none() | ints})),
    "named tuple": (Pair, st.tuples(ints) | st.tuples(ints, short) | st.fixed_dictionaries({"left": ints})),
    "typed dict": (Movie, st.fixed_dictionaries({}, optional={"title": short, "year": ints, "more": anything})),
    "generic": (Tree[int], trees),
    "tagged": (list[Union[Cat, Dog, Bird]], st.lists(animals, max_size=3)),
    "untagged": (Union[Point, Frozen, After, None], points | st.fixed_dictionaries({"id": ints}) | st.none()),
    "strings": (Union[dt.date, uuid.UUID, int, float, str], st.dates().map(str) | st.uuids().map(str) | scalars),
    "union": (Union[List[int], Dict[str, int], str, bool, None], scalars | st.lists(ints)),
    "wide": (Wide, st.fixed_dictionaries({"f00": ints}, optional={f"f0{n}": ints for n in range(1, 10)})),
    "many": (Many, st.fixed_dictionaries({}, optional={f"f{n}": ints for n in range(0, 70, 9)})),
    "flags": (List[Union[Bits, str]], st.lists(ints | short)),
    "raw": (cyjson.Raw, anything),
    "raw or int": (List[Union[int, cyjson.Raw]], st.lists(anything)),
    "raws": (Dict[str, cyjson.Raw], st.dictionaries(short, anything)),
    "lengths": (Union[tuple[int], tuple[Optional[str], Any], tuple[()], Cat], st.lists(anything) | animals),
    "named lengths": (List[Union[Pair, tuple[int, int, int]]], st.lists(st.lists(ints | short, max_size=3))),
    "decimals": (List[Union[decimal.Decimal, float]], st.lists(numbers | short)),
    "large floats": (List[float], st.lists(st.integers(-(10**320), 10**320) | numbers)),
}


def outcome(call):
    """What a call gives: a value and all that can be seen of it, or an exception."""
    try:
        value = call()
    except Exception as error:
        return type(error), str(error), getattr(error, "errors", None), repr(error.__cause__)
    return type(value), shown(value)


def shown(value):
    """A value with the types of all that is in it, and the order of attributes."""
    if dataclasses.is_dataclass(value):
        inner = {f.name: getattr(value, f.name, None) for f in dataclasses.fields(value)}
        return type(value), list(getattr(value, "__dict__", ())), [(name, shown(each)) for name, each in inner.items()]
    if isinstance(value, dict):
        return type(value), [(shown(key), shown(each)) for key, each in value.items()]
    if isinstance(value, (list, tuple, collections.deque)):
        return type(value), [shown(each) for each in value]
    if isinstance(value, (set, frozenset)):
        return type(value), value
    return type(value), repr(value)


def compare(document, tp):
    """The same by the extension as by _decoding."""
    plan = _reading.plan_of(tp)
    assert outcome(lambda: cyjson.decode(document, tp)) == outcome(lambda: _decoding.decode_text(document, plan))
    assert plan.compiled is not None


def spell(draw, value):
    """Write a value as JSON, in one of many ways."""
    text = json.dumps(
        value,
        ensure_ascii=draw(st.booleans()),
        indent=draw(st.sampled_from([None, None, 1])),
        separators=draw(st.sampled_from([None, (",", ":"), (" , ", " : ")])),
    )
    return text


@st.composite
def documents(draw):
    """A type's name and a document, which is of that type, or nearly so."""
    name = draw(st.sampled_from(sorted(TYPES)))
    value = draw(TYPES[name][1])
    change = draw(st.integers(0, 7))
    if change == 0:
        value = draw(anything)
    elif change == 1 and isinstance(value, dict) and value:
        value = dict(value)
        value[draw(st.sampled_from(sorted(value)))] = draw(anything)
    elif change == 2 and isinstance(value, dict) and value:
        value = {key: value[key] for key in draw(st.permutations(sorted(value)))}
        if draw(st.booleans()):
            value.popitem()
    text = spell(draw, value)
    if change == 3 and isinstance(value, dict) and value:  # a name twice
        key = draw(st.sampled_from(sorted(value)))
        text = f"{text.rstrip()[:-1]}, {json.dumps(key)}: {json.dumps(draw(scalars))}}}"
    elif change == 4 and text:  # cut, or with another character
        at = draw(st.integers(0, len(text) - 1))
        text = text[:at] + draw(st.sampled_from(["", '"', "}", "]", ",", "0", "\\", "\x00", "é", " "])) + text[at + 1 :]
    elif change == 5:
        text = text[: draw(st.integers(0, len(text)))]
    return name, text


@given(documents())
def test_as_in_python(given):
    name, text = given
    compare(text, TYPES[name][0])
    compare(text.encode("utf-8", "surrogatepass"), TYPES[name][0])


@given(st.binary(max_size=30), st.sampled_from(sorted(TYPES)))
def test_bytes_as_in_python(data, name):
    compare(data, TYPES[name][0])


@given(documents(), st.randoms(use_true_random=False))
def test_damaged_bytes_as_in_python(given, chance):
    name, text = given
    data = bytearray(text.encode("utf-8", "surrogatepass"))
    for _ in range(chance.randrange(3)):
        if data:
            data[chance.randrange(len(data))] = chance.randrange(256)
    compare(bytes(data), TYPES[name][0])


# What is read past: members that no field has


SKIPPING = {
    "unknown": (Frozen, '{"id": 1, "zz": %s, "name": "a"}'),
    "twice": (Frozen, '{"zz": %s, "zz": [], "name": "a", "id": 1}'),
    "last": (Frozen, '{"id": 1, "zz": %s}'),
    "within": (List[Frozen], '[{"id": 1, "a": {"b": %s}}, {"id": 2}]'),
    "chosen": (Union[Point, Frozen], '{"zz": %s, "y": 1, "x": 2}'),
}


@pytest.mark.parametrize("name", SKIPPING)
def test_skipped_members(name):
    tp, form = SKIPPING[name]
    source = random.Random(name)
    for _ in range(amount(20, 60, 3000)):
        indent = source.choice([None, 1, 30])
        skipped = json.dumps(random_document(source, 3, 6), ensure_ascii=source.random() < 0.5, indent=indent)
        compare(form % skipped, tp)
        data = (form % skipped).encode()
        compare(data, tp)
        for _ in range(3):
            compare(changed(source, data), tp)


@pytest.mark.parametrize("name", SKIPPING)
@pytest.mark.parametrize(
    "skipped",
    ["[" * 100 + "]" * 100, "[" * 20_000 + "]" * 20_000, '{"k":' * 400 + "{}" + "}" * 400, "[" + "9" * 640 + "]",
     "[" + "9" * 641 + "]", "[" + "9" * 5000 + "]", "[-" + "9" * 5000 + "]", "[" + "9" * 5000 + ".5]",
     "[1." + "9" * 5000 + "]", "[1e" + "9" * 5000 + "]", '["\\ud800"]', '["\ud800"]', '["\t"]', "[NaN, -Infinity]",
     "[-Infinit]", "[1,]", '{"a": 1, "a": 2}', '{"a" 1}', "[}", "[1 2]", '["a', "[[[", "{,}", '["\\x"]', "[01]", "[1.]",
     "[nul]", "[truex]", "[\x0c]", '{"\ud83d": "\U0001f600"}', "[ \n\t\r]", "{ }"],
    ids=lambda text: repr(text[:10]),
)  # fmt: skip
def test_skipped_edges(name, skipped):
    tp, form = SKIPPING[name]
    compare(form % skipped, tp)
    compare((form % skipped).encode("utf-8", "surrogatepass"), tp)


# That the extension does it

GOOD = {
    "Any": "[1, {}]",
    "int": "-12345678901234567890123",
    "float": "-1",
    "list of str": '["a", "\\u00e9", "é"]',
    "tuple": '[1, "a", null]',
    "tuple of any number": "[true, false]",
    "set": "[1, 1]",
    "frozenset": '["a"]',
    "deque": "[1]",
    "dict": '{"a": 1, "b": 1.5}',
    "dict of int": '{"1": "a", "-2": "b"}',
    "dict of date": '{"2026-01-02": 1}',
    "OrderedDict": '{"a": 1}',
    "defaultdict": '{"a": [1]}',
    "Counter": '{"a": 1}',
    "literal": '"é"',
    "enum": '["red", "grün", "gr\\u00fcn", 1]',
    "int enum": "2",
    "datetime": '"2026-01-02T03:04:05.123456789+05:30"',
    "date": '"2024-02-29"',
    "uuid": '["01234567-89ab-cdef-0123-456789ABCDEF", "0123456789abcdef0123456789abcdef"]',
    "decimal": "1.50",
    "timedelta": '"P1DT2.5S"',
    "path": '"a/b"',
    "plain": '{"id": 1, "name": "a", "at": {"x": 1}, "skipped": [{"a": "\\u00e9"}, -1.5e3, null, "é"], "score": 1e3}',
    "frozen": '{"name": "a", "id": 1}',
    "slots": '[{"a": 1, "b": null, "c": [1.5]}]',
    "slots and dict": '{"a": 1, "b": "", "c": null, "d": 7}',
    "odd names": '{"é": 1, "a\\"b": 2, "": 3, "a_name_that_is_longer_than_sixteen_bytes": 4, "made": 1}',
    "rest": '{"a": 1, "b": 2, "é": 3}',
    "post-init": '{"a": 1}',
    "called": '{"c": 1, "a": 2}',
    "named tuple": '[1, "a"]',
    "typed dict": '{"year": 1, "title": "a", "x": 1}',
    "generic": '{"value": 1, "left": {"value": 2}, "right": null}',
    "tagged": '[{"kind": "cat", "lives": 1}, {"age": 3, "kind": "wolf"}, {"wings": 1}]',
    "untagged": '{"y": 1, "x": 2}',
    "strings": '"2026-01-02"',
    "union": "[1, 2]",
    "wide": '{"f09": 1, "f00": 2}',
    "many": '{"f69": 1, "f00": 2}',
    "flags": '[3, 0, "x", 1]',
    "raw": ' {"a": [1, "\\u00e9", "é"] , "b": 1.50} ',
    "raw or int": '[1, 1.5, null, "a", [ ], true]',
    "raws": '{"a": -0, "é": {"b": [{}]}}',
    "lengths": '["a", {"b": [1, 2, 3]}]',
    "named lengths": '[[1], [1, "a"], [1, 2, 3], {"left": 1}]',
    "decimals": '[0, -0, "1", 1.50]',
    "large floats": f"[{2**70}, -0, {'9' * 400}]",
}


@pytest.mark.parametrize("name", GOOD)
def test_the_extension_reads(name, monkeypatch):
    tp, document = TYPES[name][0], GOOD[name]
    expected = outcome(lambda: _decoding.decode_text(document, _reading.plan_of(tp)))
    assert not issubclass(expected[0], Exception)

    def refuse(*args):
        raise AssertionError("it was left to Python")

    monkeypatch.setattr(_decoding, "READERS", [refuse] * len(_decoding.READERS))
    for data in document, document.encode(), bytearray(document.encode()), memoryview(document.encode()):
        assert outcome(lambda data=data: cyjson.decode(data, tp)) == expected


def test_kinds_are_numbered_alike():
    header = Path(__file__).parent.parent / "csrc" / "decode" / "typed.h"
    if not header.exists():
        pytest.skip("the sources aren't here")
    kinds = re.findall(r"X\((\w+)\)", header.read_text().partition("typedef enum")[0])
    assert kinds == sorted(kinds, key=lambda kind: getattr(_reading, kind))
    assert [getattr(_reading, kind) for kind in kinds] == list(range(_reading.PENDING))


# Values by their texts


def test_raw_is_the_text():
    for text in " [1 , 2.50]\n", '{"a":\t"\\u00e9\\ud800"}', "-0", "1e400", '"é\\n"', "null", "[" * 50 + "]" * 50:
        raw = cyjson.decode(text, cyjson.Raw)
        assert type(raw) is cyjson.Raw and raw == text.strip().encode()
        assert hash(raw) == hash(text.strip().encode())
        assert cyjson.decode(f"[{text}]", List[cyjson.Raw]) == [raw]
    for text in "[1", "nan", "[NaN]", '"\t"', "01", "[1,]", "{1: 2}", "9" * 5000, "[" * 100_000, "1 2", "", "-":
        compare(text, cyjson.Raw)
        compare(f"[{text}]", List[cyjson.Raw])
        compare(f'{{"a": {text}}}', Dict[str, cyjson.Raw])
    for data in b'"\xff"', b"[\xed\xa0\x80]", b"\xef\xbb\xbf[1]", "[1]".encode("utf-16"), b'["\xc3\xa9"]', b"\0":
        compare(data, cyjson.Raw)
    assert cyjson.decode('{"a": [1], "a": [2]}', Dict[str, cyjson.Raw]) == {"a": b"[2]"}


def test_arrays_by_length_take_linear_time():
    """What is counted is read twice; nested unions have the rest left to Python, not the text read again and again."""
    tp, document = int, 1
    for level in range(40):
        inner = dataclasses.make_dataclass(f"Level{level}", [("x", tp)])
        tp = Union[tuple[inner], tuple[inner, int]]
        document = [{"x": document}, level] if level % 2 else [{"x": document}]
    compare(json.dumps(document), tp)
    compare(json.dumps([*document, 1]), tp)
    compare(json.dumps(document).replace("1}", "null}"), tp)


def test_arrays_by_length_of_equal_plans():
    tp = Union[tuple[int, int], Pair]
    with pytest.raises(TypeError, match="can't be told apart"):
        cyjson.decode("[1, 2]", tp)
    for text in "[1]", "[]", "[1, 2, 3]", "[1,", "[1 2]", "[,]", '[1, "a"', "{}", "1", "[[", "[1,2}":
        compare(text, Union[tuple[int], tuple[int, int, Any]])


# Classes that change

ROUNDS = amount(3, 10)


def test_class_that_changes():
    @dataclass
    class Local:
        a: int
        b: int = 1

    document = b'[{"a": 1}, {"a": 2, "b": 3}]'
    assert cyjson.decode(document, List[Local]) == [Local(1), Local(2, 3)]
    Local.counter = 1  # nothing that matters
    assert cyjson.decode(document, List[Local]) == [Local(1), Local(2, 3)]

    def add(self, name, value):
        object.__setattr__(self, name, value + 1)

    Local.__setattr__ = add
    made = cyjson.decode(document, List[Local])
    assert [vars(each) for each in made] == [{"a": 2, "b": 2}, {"a": 3, "b": 4}]
    del Local.__setattr__
    assert cyjson.decode(document, List[Local]) == [Local(1), Local(2, 3)]
    Local.a = property(lambda self: 7, lambda self, value: None)
    assert [vars(each) for each in cyjson.decode(document, List[Local])] == [{"b": 1}, {"b": 3}]


def test_class_that_counts_its_instances():
    @dataclass
    class Counted:
        a: int

        def __post_init__(self):
            Counted.count = getattr(Counted, "count", 0) + 1

    assert len(cyjson.decode(b'[{"a": 1}, {"a": 2}, {"a": 3}]', List[Counted])) == 3
    assert Counted.count == 3


def test_instances_are_ordinary():
    made = cyjson.decode(b'{"id": 1, "name": "a"}', Plain)
    assert gc.is_tracked(made)
    made.extra = 5
    del made.id
    assert list(vars(made))[0] == "name" and list(vars(made))[-1] == "extra"
    other = copy.deepcopy(made)
    assert vars(other) == vars(made)
    made.__dict__ = {"name": "b"}
    assert made.name == "b"
    slotted = cyjson.decode(b'{"a": 1, "b": null, "c": []}', Slotted)
    slotted.c.append(slotted)
    del slotted.a
    with pytest.raises(AttributeError):
        slotted.a  # noqa: B018


@classes_go
def test_plans_go_with_their_classes():
    def make():
        Local = dataclasses.make_dataclass("Local", [("a", int), ("b", Any, None)], namespace={"m": lambda self: 1})
        assert cyjson.decode(b'{"a": 1}', Local).a == 1
        return weakref.ref(Local)

    made = [make() for _ in range(ROUNDS)]
    while gc.collect():
        pass
    assert [each() for each in made] == [None] * ROUNDS


# Python code that is called


class Hostile:
    """Its hook does what is worst while a document is read."""

    def __init__(self, a: int, b: Any = None):
        self.a = a
        gc.collect()
        for each in gc.get_objects():
            if type(each) in (Plain, Point) and hasattr(each, "__dict__"):
                vars(each).clear()
        cyjson.decode(b'[{"id": 1, "name": "a"}]', List[Plain])
        Plain.touched = a


def test_hooks_that_meddle():
    tp = List[Union[Plain, Hostile]]
    document = b'[{"id": 1, "name": "a", "tags": ["x"]}, {"a": 1}, {"id": 2, "name": "b"}, {"a": 2, "b": [{}]}]' * 1
    for _ in range(ROUNDS):
        first, second, third, fourth = cyjson.decode(document, tp)
        assert (second.a, fourth.a) == (1, 2)
        assert type(first) is type(third) is Plain
        assert vars(third) in ({}, vars(Plain(2, "b")))
    del Plain.touched


def test_hooks_that_change_what_is_read():
    data = bytearray(b'[{"a": 1}, {"a": 2}]')

    @dataclass
    class Eater:
        a: int

        def __post_init__(self):
            data[:] = b""

    assert [each.a for each in cyjson.decode(data, List[Eater])] == [1, 2]
    assert data == b""


def test_exceptions_of_hooks():
    class Own(Exception):
        pass

    @dataclass
    class Raises:
        a: int

        def __post_init__(self):
            calls.append(self.a)
            if self.a:
                raise self.kind("said")

    for kind, raised in (ValueError, cyjson.ValidationError), (Own, Own), (KeyError, KeyError), (MemoryError,) * 2:
        calls = []
        Raises.kind = kind
        with pytest.raises(raised, match="said"):
            cyjson.decode(b'[{"a": 0}, {"a": 1}]', List[Raises])
        # What isn't a mismatch is raised at once; where one is, the executor in Python says which.
        assert calls == ([0, 1] * 2 if raised is cyjson.ValidationError else [0, 1])
    Raises.kind = Own
    with pytest.raises(json.JSONDecodeError) as error:  # text that isn't JSON goes before
        cyjson.decode(b'[{"a": 0}, {"a": 1}', List[Raises])
    assert type(error.value) is json.JSONDecodeError


def test_keys_and_items_that_compare_as_they_like():
    @dataclass(frozen=True)
    class Key:
        a: int

        def __hash__(self):
            cyjson.decode(b'{"x": 1}', Point)
            gc.collect()
            return 1

        def __eq__(self, other):
            if 3 in (self.a, other.a):
                raise ZeroDivisionError
            return False

    assert len(cyjson.decode(b'[{"a": 1}, {"a": 1}, {"a": 2}]', set[Key])) == 3
    with pytest.raises(ZeroDivisionError):
        cyjson.decode(b'[{"a": 1}, {"a": 3}]', set[Key])
    with pytest.raises(cyjson.ValidationError, match="unhashable"):
        cyjson.decode(b"[[1]]", set[List[int]])


def test_duplicates_and_finalisers():
    dropped = []

    @dataclass
    class Dropped:
        a: int

        def __del__(self):
            dropped.append(self.a)
            cyjson.decode(b'{"x": 1}', Point)

    @dataclass
    class Holder:
        d: Dropped
        e: Any = None

    made = cyjson.decode(b'{"d": {"a": 1}, "e": 1, "d": {"a": 2}, "d": {"a": 3}}', Holder)
    assert made.d.a == 3 and dropped == [1, 2]
    with pytest.raises(cyjson.ValidationError):
        cyjson.decode(b'{"d": {"a": 4}, "e": [], "d": 5}', Holder)
    with pytest.raises(json.JSONDecodeError):
        cyjson.decode(b'{"d": {"a": 5}, "e": ', Holder)
    assert sorted(dropped) == [1, 2, 4, 5]


# Depth, length, threads


@counts_levels
@pytest.mark.parametrize("depth", [10, 900, 1100, 100_000])
def test_depth(depth):
    document = '{"value":1,"left":' * depth + "null" + "}" * depth
    try:
        made = cyjson.decode(document, Tree[int])
    except RecursionError:
        assert depth > 300
    else:
        while made is not None:
            made, depth = made.left, depth - 1
        assert depth == 0
    with pytest.raises((RecursionError, json.JSONDecodeError)):
        cyjson.decode('{"left":' * depth * 100, Tree[int])


def test_unions_take_linear_time():
    """What is read twice to find a tag is limited: a document that asks for more goes another way, once."""
    inner = '{"wings":1,"else":[' + "1," * 50 + "1]}"
    for _ in range(300):
        inner = '{"else":' + inner + ',"kind":"bird"}'
    assert cyjson.decode(inner, Union[Cat, Dog, Bird]).kind == "bird"


def test_many_items():
    documents = [{"id": n, "name": str(n), "tags": ["x"] * (n % 5)} for n in range(amount(3000, 30000))]
    random.Random(1).shuffle(documents)
    made = cyjson.decode(json.dumps(documents), List[Plain])
    assert made == [Plain(**each) for each in documents]
    assert cyjson.decode(json.dumps(documents), List[Called and Dict[str, Any]]) == documents


def test_threads_share_a_plan():
    Local = dataclasses.make_dataclass("Local", [("a", int), ("b", List[str]), ("c", dt.datetime)])
    document = b'[{"a": 1, "b": ["x"], "c": "2026-01-02T00:00:00Z"}, {"c": "2026-01-02T00:00:00Z", "b": [], "a": 2}]'
    expected = _decoding.decode_text(document, _reading.plan_of(List[Local]))
    wrong, interval = [], sys.getswitchinterval()

    def read():
        for _ in range(amount(200, 2000)):
            Local.touched = 1
            if cyjson.decode(document, List[Local]) != expected:
                wrong.append(1)

    sys.setswitchinterval(1e-5)
    threads = [threading.Thread(target=read) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    sys.setswitchinterval(interval)
    assert not wrong


def test_equal_types_share_a_plan():
    """Types made anew for each call: those that are equal have one plan, unless the order of a union counts."""
    for _ in range(3):
        assert cyjson.decode('[{"x": 1}]', List[Point]) == cyjson.decode('[{"x": 1}]', list[Point]) == [Point(1.0)]
        assert cyjson.decode('"2026-01-02"', Union[dt.date, str]) == dt.date(2026, 1, 2)
        assert cyjson.decode("1", Union[int, float]) == 1 and type(cyjson.decode("1", Union[float, int])) is int
        for order, made in (((uuid.UUID, dt.date), uuid.UUID), ((dt.date, uuid.UUID), uuid.UUID)):
            assert type(cyjson.decode('"00000000-0000-0000-0000-000000000001"', Union[order])) is made


def test_types_whose_hash_raises():
    class Meta(type):
        failure = KeyboardInterrupt

        def __hash__(cls):
            raise cls.failure

    class Key(metaclass=Meta):
        pass

    for failure in (KeyboardInterrupt, ValueError, MemoryError, TypeError):
        Meta.failure = failure
        with pytest.raises(failure):
            cyjson.decode("[]", list[Key])
