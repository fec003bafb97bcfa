"""decode: unions are decided by the JSON kind, a tag or the members present, in time linear in the text."""

import dataclasses
import datetime as dt
import decimal
import enum
import gc
import json
import pathlib
import sys
import uuid
from dataclasses import dataclass
from typing import Annotated, Any, Literal, NamedTuple, Optional, TypedDict, Union

import pytest

import cyjson
from cyjson import ValidationError, _decoding, _reading, decode


def refused(text, tp):
    with pytest.raises(ValidationError) as told:
        decode(text, tp)
    return [f"{each.path}: {each.message}" for each in told.value.errors]


class Level(enum.Enum):
    LOW = "low"
    HIGH = "high"


class Size(enum.IntEnum):
    SMALL = 1
    LARGE = 2


@dataclass
class Cat:
    kind: Literal["cat", "kitten"]
    lives: int


@dataclass
class Dog:
    kind: Literal["dog"]
    name: str


@dataclass
class Cow:
    kind: Literal["cow"] = "cow"
    milk: float = 0.0


@dataclass
class Point:
    x: int
    y: int


@dataclass
class Point3:
    x: int
    y: int
    z: int = 0
    w: int = 0


@dataclass
class Other:
    a: int


class Movie(TypedDict):
    title: str


class Spot(NamedTuple):
    x: int
    y: int


PATH = pathlib.PurePosixPath


@pytest.mark.parametrize(
    "tp, text, value",
    [
        (Union[int, float], "1", 1),
        (Union[float, int], "1", 1),
        (Union[float, int], "1.0", 1.0),
        (Union[int, str, None, bool], "[1]", None),
        (Union[str, float], "1", 1.0),
        (Union[int, str], '"1"', "1"),
        (Union[str, dt.date], '"2026-01-02"', dt.date(2026, 1, 2)),
        (Union[str, dt.date], '"2026-13-02"', "2026-13-02"),
        (Union[dt.datetime, dt.date], '"2026-01-02"', dt.date(2026, 1, 2)),
        (Union[dt.date, dt.datetime], '"2026-01-02T00:00:00"', dt.datetime(2026, 1, 2)),
        (Union[uuid.UUID, Level, str], '"low"', Level.LOW),
        (Union[PATH, Level], '"low"', PATH("low")),
        (Union[Level, PATH], '"low"', Level.LOW),
        (Union[Level, Size], "2", Size.LARGE),
        (Union[int, Size], "2", Size.LARGE),
        (Union[int, Size], "3", 3),
        (Union[int, decimal.Decimal], "1", 1),
        (Union[int, decimal.Decimal], "1.10", decimal.Decimal("1.10")),
        (Union[Literal["x"], int], '"x"', "x"),
        (Union[Literal[1], str], "1", 1),
        (Union[list[int], int], "[1]", [1]),
        (Union[list[int], dict[str, int]], '{"a": 1}', {"a": 1}),
        (Union[tuple[int], tuple[int, str]], '[1, "x"]', (1, "x")),
        (Union[tuple[int], tuple[int, str]], "[1]", (1,)),
        (Union[Point, list[int], None], "null", None),
        (Union[Point, list[int], None], '{"x": 1, "y": 2}', Point(1, 2)),
        (Union[Spot, tuple[int]], "[1, 2]", Spot(1, 2)),
        (Union[int, Any], '"x"', "x"),
        (Union[list[int], Any], '{"a": 1}', {"a": 1}),
        (Union[Point, dict[str, int]], '{"x": 1, "y": 2}', Point(1, 2)),
        (Union[Point, dict[str, int]], '{"x": 1}', {"x": 1}),
        (Union[dict[str, int], Point], '{"x": 1, "y": 2}', Point(1, 2)),
        (Union[Movie, Point], '{"title": "t"}', {"title": "t"}),
        (Union[Union[int, None], Union[str, list[int]]], "[3]", [3]),
        (Optional[Union[int, str]], "null", None),
    ],
)
def test_which_member_reads(tp, text, value):
    if value is None and text == "[1]":
        assert refused(text, tp) == ["$: expected int, str, null or bool, got array"]
        return
    made = decode(text, tp)
    assert made == value and type(made) is type(value)


def test_tags():
    tp = list[Union[Cat, Dog, None]]
    text = '[{"kind": "cat", "lives": 9}, {"name": "x", "kind": "dog"}, {"lives": 1, "kind": "kitten"}, null]'
    assert decode(text, tp) == [Cat("cat", 9), Dog("dog", "x"), Cat("kitten", 1), None]
    assert refused('[{"kind": "fox"}, {"lives": 1}, {"kind": 1}, {"kind": "dog", "name": 1}]', tp) == [
        '$[0].kind: expected "cat", "kitten" or "dog", got "fox"',
        '$[1]: missing member "kind"',
        '$[2].kind: expected "cat", "kitten" or "dog", got 1',
        "$[3].name: expected str, got int",
    ]


def test_a_tag_with_a_default():
    tp = Union[Cat, Dog, Cow]
    assert decode('{"milk": 1}', tp) == Cow("cow", 1.0)
    assert decode("{}", tp) == Cow()
    assert decode('{"kind": "dog", "name": "x"}', tp) == Dog("dog", "x")


def test_enums_as_tags():
    @dataclass
    class Low:
        level: Literal[Level.LOW]

    @dataclass
    class High:
        level: Literal[Level.HIGH]
        a: int = 0

    assert decode('{"level": "high"}', Union[Low, High]) == High(Level.HIGH)

    @dataclass
    class Any1:
        which: Level

    @dataclass
    class Any2:
        which: Size

    assert decode('[{"which": 1}, {"which": "low"}]', list[Union[Any1, Any2]]) == [Any2(Size.SMALL), Any1(Level.LOW)]


def test_a_tag_that_not_all_have():
    tp = list[Union[Cat, Dog, Point, Other]]
    text = '[{"kind": "cat", "lives": 1}, {"x": 1, "y": 2}, {"a": 1}, {"name": "x", "kind": "dog"}]'
    assert decode(text, tp) == [Cat("cat", 1), Point(1, 2), Other(1), Dog("dog", "x")]
    assert refused('[{"kind": "cow", "x": 1, "y": 2}, {"lives": 1}]', tp) == [
        '$[0].kind: expected "cat", "kitten" or "dog", got "cow"',
        '$[1]: missing members: "x", "y" or "a"',
    ]

    @dataclass
    class Free:
        kind: str
        z: int

    # What kind says isn't only for Cat and Dog here: the members tell them apart.
    tp = Union[Cat, Dog, Free]
    assert decode('{"kind": "cat", "z": 1}', tp) == Free("cat", 1)
    assert decode('{"kind": "cat", "lives": 1}', tp) == Cat("cat", 1)


def test_tags_of_several_kinds():
    @dataclass
    class One:
        v: Literal[1]

    @dataclass
    class Yes:
        v: Literal[True]

    assert decode('[{"v": true}, {"v": 1}]', list[Union[One, Yes]]) == [Yes(True), One(1)]


def test_members_present():
    tp = Union[Point, Point3, Other]
    assert decode('{"x": 1, "y": 2}', tp) == Point(1, 2)
    assert decode('{"x": 1, "y": 2, "z": 3}', tp) == Point3(1, 2, 3)
    assert decode('{"a": 1, "x": 1}', tp) == Other(1)
    assert decode('{"x": 1, "y": 2}', Union[Point3, Point]) == Point3(1, 2)
    assert refused('{"x": 1}', tp) == ['$: missing members: "y" or "a"']
    assert refused("{}", tp) == ['$: missing members: "x", "y" or "a"']
    # Decided by the members that are there, whatever their values: there is no way back.
    assert refused('{"x": 1, "y": "2", "a": 3}', Union[Point, Other]) == ["$.y: expected int, got str"]


def test_constraints_in_unions():
    class Ge:
        def __init__(self, ge):
            self.ge = ge

    tp = Union[Annotated[int, Ge(0)], str]
    assert decode('[3, "x"]', list[tp]) == [3, "x"]
    assert refused("-1", tp) == ["$: expected >= 0, got -1"]
    tp = Union[Annotated[Union[int, str], "x"], None]
    assert decode('[3, "x", null]', list[tp]) == [3, "x", None]


@pytest.mark.parametrize(
    "tp, words",
    [
        (Union[list[int], list[str]], "can't be told apart"),
        (Union[list[int], set[int]], "can't be told apart"),
        (Union[tuple[int, str], tuple[str, int]], "can't be told apart"),
        (Union[tuple[int, ...], tuple[str, int]], "can't be told apart"),
        (Union[dict[str, int], dict[str, str]], "can't be told apart"),
        (Union[Spot, list[int]], "Spot and array can't be told apart"),
        (Union[Movie, TypedDict("Film", {"title": int})], "the same members"),
    ],
)
def test_what_cannot_be_told_apart(tp, words):
    with pytest.raises(TypeError, match=words):
        decode("1", tp)


def test_the_field_is_named():
    @dataclass
    class Bad:
        ok: int
        choice: Union[list[int], tuple[str, ...]]

    with pytest.raises(TypeError, match=r"Bad\.choice: in a union .* can't be told apart"):
        decode("{}", Bad)


def test_recursive_unions():
    made = decode('{"left": {"left": null, "right": 1}, "right": [2, {"right": 3}]}', Tree)
    assert made == Tree(Tree(None, 1), [2, Tree(None, 3)])


@dataclass
class Tree:
    left: "Optional[Tree]" = None
    right: "Union[int, Tree, list[Union[int, Tree]]]" = 0


def nested(levels):
    """A union of two classes, whose member is a union of two classes, and so on; and a document of all levels."""
    tp, document = int, 1
    for level in range(levels):
        a = dataclasses.make_dataclass(f"A{level}", [("x", tp), ("a", int)])
        b = dataclasses.make_dataclass(f"B{level}", [("x", tp), ("b", int)])
        tp = Union[a, b]
        document = {"x": document, "ab"[level % 2]: level}
    return tp, json.dumps(document)


def steps(text, tp):
    """How many functions run in the executor that is written in Python."""
    plan = _reading.plan_of(tp)
    count = 0

    def profile(frame, event, arg):
        nonlocal count
        count += event == "call"

    gc.disable()  # a collection's callbacks would count, too
    sys.setprofile(profile)
    try:
        _decoding.decode_text(text, plan)
    finally:
        sys.setprofile(None)
        gc.enable()
    return count


def test_kinds_of_numbers_in_the_order_written():
    for text in "0", "-0", "7", "1.5", "1e5", str(2**70), "-" + "9" * 400, "9" * 700:
        assert type(decode(text, Union[decimal.Decimal, float])) is decimal.Decimal
        assert type(decode(text, Union[float, decimal.Decimal])) is float
        assert type(decode(text, Optional[Union[decimal.Decimal, Any]])) is decimal.Decimal
        assert decode(text, Union[float, decimal.Decimal]) == decode(text, float)
    assert decode("9" * 400, float) == -decode("-" + "9" * 400, float) == float("inf")


class Bits(enum.Flag):
    A = 1
    B = 2


class Status(enum.Enum):
    OPEN = "open"
    ONE = 1
    LIST = [1]

    @classmethod
    def _missing_(cls, value):
        if value == "key":
            raise KeyError(value)
        return cls.OPEN if value in ("OPEN", 7, ["x"]) else None


def test_an_enum_that_makes_members_is_asked_before_others():
    for tp in Union[Bits, int], Union[Bits, float, str], Union[Bits, Annotated[int, "of another kind"]]:
        assert [decode(text, tp) for text in ("3", "0", "-0")] == [Bits.A | Bits.B, Bits(0), Bits(0)]
    try:
        four = Bits(4)  # 3.11.2 makes Bits(0) of it
    except ValueError:
        four = 4
    assert decode("4", Union[Bits, float]) == four and decode("4", Union[Bits, int]) == four
    assert decode('["open", "OPEN", "other", 7, 8]', list[Union[Status, str, int]]) == [
        *(Status.OPEN, Status.OPEN, "other", Status.OPEN, 8),
    ]
    assert decode("[1]", Union[Status, str]) is Status.LIST and decode('["x"]', Union[Status, str]) is Status.OPEN
    assert refused('["y"]', Union[Status, str]) == ['$: expected "open", 1 or array, got array']
    for tp in Status, Union[Status, str], dict[Status, int]:
        with pytest.raises(KeyError):
            decode('{"key": 1}' if tp == dict[Status, int] else '"key"', tp)
    assert decode('{"open": 1, "OPEN": 2}', dict[Literal["open"] | str, int]) == {"open": 1, "OPEN": 2}


def test_a_class_or_anything():
    assert decode('{"x": 1, "y": 2}', Union[Point, Any]) == Point(1, 2)
    for text, value in ('{"x": 1}', {"x": 1}), ("[1]", [1]), ("1", 1), ("null", None):
        assert decode(text, Union[Point, Any]) == value
        assert decode(text, Union[Point, cyjson.Raw]).decode() == value
    assert refused('{"x": 1, "y": "2"}', Union[Point, Any]) == ["$.y: expected int, got str"]


def test_time_is_linear():
    """Nested unions of 18 levels, of which one that tries alternatives would try 2**18."""
    counts = {levels: steps(*reversed(nested(levels))) for levels in (6, 12, 18)}
    assert abs(counts[18] - counts[12] - (counts[12] - counts[6])) < 6  # PyPy's own callbacks count, too
    assert counts[12] - counts[6] < 6 * 20
    tp, text = nested(18)
    made = decode(text, tp)
    for level in reversed(range(18)):
        assert type(made).__name__ == f"{'AB'[level % 2]}{level}"
        made = made.x
    assert made == 1


def test_errors_are_linear_too():
    tp, text = nested(18)
    text = text.replace('"x": 1,', '"x": null,')
    (message,) = refused(text, tp)
    assert message == "$" + ".x" * 18 + ": expected int, got null"


Json = Union[dict[str, "Json"], list["Json"], str, int, None]
Nested = list["Nested"]
Endless = Union["Endless", int]


def test_types_that_refer_to_themselves():
    """As type checkers take them where there is no ``type`` statement."""
    document = {"a": [1, {"b": None}], "c": "d"}
    assert decode(json.dumps(document), Json) == document
    assert decode('[{"a": []}]', list[Json]) == [{"a": []}]
    assert refused('{"a": [1.5]}', Json) != []
    assert decode("[[], [[]]]", Nested) == [[], [[]]]
    assert refused("[[], [1]]", Nested) == ["$[1][0]: expected array, got int"]
    with pytest.raises(TypeError, match="it stands for itself"):
        decode("1", Endless)


def test_types_named_where_decode_is_called():
    @dataclasses.dataclass
    class Item:
        q: int

    @dataclasses.dataclass
    class Order:
        items: "list[Item]"

    text, made = '{"items": [{"q": 1}]}', Order([Item(1)])
    assert decode(text, Order) == made
    assert decode(f"[{text}]", list[Order]) == [made]
    assert decode(text, Optional[Order]) == made
    assert cyjson.Codec(list[Order]).decode(f"[{text}]") == [made]
    assert cyjson.Codec(list[Order]).schema()["type"] == "array"
