"""decode gives what calling the class with the members of the object gives."""

from __future__ import annotations

import collections
import dataclasses
import enum
import gc
import pickle
import sys
import typing
import weakref
from dataclasses import InitVar, dataclass, field
from typing import Annotated, Any, ClassVar, Generic, NamedTuple, Optional, TypedDict, TypeVar, Union, get_origin

import pytest
from support.compare import classes_go
from typing_extensions import NotRequired, ReadOnly, Required, Self, TypeVarTuple, Unpack
from typing_extensions import TypedDict as ExtendedTypedDict

from cyjson import ValidationError, decode, encode

if typing.TYPE_CHECKING:
    from nowhere import Missing

T = TypeVar("T")
K = TypeVar("K", bound=str)
N = TypeVar("N", int, str)
Ts = TypeVarTuple("Ts")


def refused(text, tp, **options):
    """The messages of the mismatches."""
    with pytest.raises(ValidationError) as told:
        decode(text, tp, **options)
    return [f"{each.path}: {each.message}" for each in told.value.errors]


# Dataclasses


@dataclass
class Plain:
    id: int
    name: str = "none"
    tags: list[str] = field(default_factory=list)
    kind: ClassVar[str] = "plain"


@dataclass(slots=True)
class Slots:
    id: int
    name: str = "none"
    tags: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Frozen:
    id: int
    name: str = "none"
    tags: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class FrozenSlots:
    id: int
    name: str = "none"
    tags: list[str] = field(default_factory=list)


@dataclass(kw_only=True)
class KeywordOnly:
    name: str = "none"
    tags: list[str] = field(default_factory=list)
    id: int


@dataclass
class Derived(Plain):
    more: Optional[float] = None


@pytest.mark.parametrize("cls", [Plain, Slots, Frozen, FrozenSlots, KeywordOnly, Derived])
def test_dataclasses(cls):
    made = decode('{"tags": ["a"], "id": 1, "name": "x", "other": [1]}', cls)
    assert made == cls(id=1, name="x", tags=["a"]) and type(made) is cls
    made = decode('{"id": 1}', cls)
    assert made == cls(id=1)
    if hasattr(made, "__dict__"):
        assert list(vars(made)) == list(vars(cls(id=1)))
        assert vars(made) == vars(cls(id=1))
    assert decode('{"id": 2}', cls).tags is not made.tags
    assert refused("{}", cls) == ['$: missing member "id"']
    assert refused('{"id": "x", "tags": [1, 2]}', cls) == [
        "$.id: expected int, got str",
        "$.tags[0]: expected str, got int",
        "$.tags[1]: expected str, got int",
    ]
    assert refused("[]", cls) == ["$: expected object, got array"]


def test_defaults_are_in_the_instance():
    @dataclass
    class Local:
        a: int = 1

    assert vars(decode("{}", Local)) == {"a": 1}


class HasAttribute:
    x = 3


@dataclass
class RequiredDespiteAttribute(HasAttribute):
    x: int = dataclasses.field()


def test_required_fields_that_shadow_class_attributes():
    assert refused("{}", RequiredDespiteAttribute) == ['$: missing member "x"']


@dataclass
class WithInit:
    a: int
    made: int = field(init=False)
    b: int = field(init=False, default=5)
    c: list = field(init=False, default_factory=list)

    def __post_init__(self):
        self.made = self.a * 2


def test_fields_that_init_does_not_take():
    made = decode('{"a": 2}', WithInit)
    assert made == WithInit(2) and vars(made) == vars(WithInit(2))
    made = decode('{"a": 2, "made": "not even read", "b": [], "c": 3}', WithInit)
    assert vars(made) == vars(WithInit(2))


@dataclass
class WithInitVar:
    a: int
    scale: InitVar[int]
    offset: InitVar[Optional[int]] = None

    def __post_init__(self, scale, offset):
        self.a = self.a * scale + (offset or 0)


def test_init_var():
    assert decode('{"a": 2, "scale": 10}', WithInitVar) == WithInitVar(2, 10)
    assert decode('{"a": 2, "scale": 10, "offset": 1}', WithInitVar) == WithInitVar(2, 10, 1)
    assert refused('{"a": 2}', WithInitVar) == ['$: missing member "scale"']
    assert refused('{"a": 2, "scale": "x"}', WithInitVar) == ["$.scale: expected int, got str"]


@dataclass
class Checked:
    a: int
    error: Optional[str] = None

    def __post_init__(self):
        if self.error:
            raise {"value": ValueError, "type": TypeError, "assert": AssertionError, "key": KeyError}[self.error]("no")
        if self.a < 0:
            raise ValueError("a must not be negative")


def test_post_init_that_raises():
    with pytest.raises(ValidationError) as told:
        decode('[{"a": 1}, {"a": -1}, {"a": "x"}, {"a": -2}]', list[Checked])
    assert [str(each) for each in told.value.errors] == [
        "$[1]: a must not be negative: line 1 column 12 (char 11)",
        "$[2].a: expected int, got str: line 1 column 29 (char 28)",
        "$[3]: a must not be negative: line 1 column 35 (char 34)",
    ]
    assert isinstance(told.value.__cause__, ValueError) and told.value.__cause__.args == ("a must not be negative",)
    for name, kind in ("value", ValueError), ("type", TypeError), ("assert", AssertionError):
        with pytest.raises(ValidationError) as told:
            decode(f'{{"a": 1, "error": "{name}"}}', Checked)
        assert type(told.value.__cause__) is kind
    with pytest.raises(KeyError):
        decode('{"a": 1, "error": "key"}', Checked)


class OwnInit:
    def __init__(self, a: int, /, b: str, *rest: int, c: float = 2.0, d=None, **more: int):
        self.args = a, b, rest, c, d, more

    def __eq__(self, other):
        return self.args == other.args


def test_classes_with_an_annotated_init():
    assert decode('{"a": 1, "b": "x"}', OwnInit) == OwnInit(1, "x")
    assert decode('{"a": 1, "b": "x", "c": 1, "d": [1], "e": 4}', OwnInit) == OwnInit(1, "x", c=1.0, d=[1])
    assert refused('{"b": 1}', OwnInit) == ["$.b: expected str, got int", '$: missing member "a"']


class PositionalDefaults:
    def __init__(self, a: int = 1, b: int = 2, c: int = 3, /):
        self.args = a, b, c


def test_positional_only_defaults():
    assert decode('{"c": 9}', PositionalDefaults).args == (1, 2, 9)
    assert decode('{"b": 9}', PositionalDefaults).args == (1, 9, 3)
    assert decode("{}", PositionalDefaults).args == (1, 2, 3)


class OwnNew:
    def __new__(cls, a: int):
        made = super().__new__(cls)
        made.a = a + 1
        return made


class Nothing:
    def __init__(self):
        self.made = True


def test_new_and_empty_init():
    assert decode('{"a": 1}', OwnNew).a == 2
    assert decode('{"a": 1}', Nothing).made


@dataclass(init=False)
class DataclassWithInit:
    a: int
    b: str

    def __init__(self, a: int, scale: int = 2):
        self.a = a * scale
        self.b = "made"


@dataclass
class DerivedInit(Plain):
    def __init__(self, id: int):
        super().__init__(id, "derived")


class Undecorated(Plain):
    extra: int = 4

    @property
    def upper(self):
        return self.name.upper()


def test_dataclasses_with_an_init_of_their_own():
    assert decode('{"a": 3}', DataclassWithInit) == DataclassWithInit(3)
    assert decode('{"a": 3, "scale": 1, "b": 7}', DataclassWithInit).a == 3
    assert decode('{"id": 3, "name": 7}', DerivedInit) == DerivedInit(3)
    made = decode('{"id": 3, "extra": "x"}', Undecorated)
    assert type(made) is Undecorated and made.name == "none" and made.extra == 4


class Meta(type):
    def __call__(cls, *args, **kw):
        made = super().__call__(*args, **kw)
        made.tagged = True
        return made


@dataclass
class WithMeta(metaclass=Meta):
    a: int


@dataclass
class OwnSetattr:
    a: int

    def __setattr__(self, name, value):
        super().__setattr__(name, value + 100)


class Doubling:
    def __set_name__(self, owner, name):
        self.name = "_" + name

    def __get__(self, instance, owner):
        return 7 if instance is None else getattr(instance, self.name)

    def __set__(self, instance, value):
        setattr(instance, self.name, value * 2)


@dataclass
class Described:
    a: int = Doubling()


@dataclass
class DataclassNew:
    a: int

    def __new__(cls, *args, **kw):
        made = super().__new__(cls)
        made.born = True
        return made


def test_unusual_classes():
    assert decode('{"a": 1}', WithMeta).tagged
    assert decode('{"a": 1}', OwnSetattr).a == 101
    assert decode('{"a": 1}', Described).a == 2
    assert decode("{}", Described).a == 14
    assert decode('{"a": 1}', DataclassNew).born


def test_replaced_init_counts():
    @dataclass
    class Local:
        a: int

    assert decode('{"a": 1}', Local).a == 1
    original = Local.__init__

    def init(self, a):
        original(self, a + 1)

    Local.__init__ = init
    assert decode('{"a": 1}', Local).a == 2


@dataclass
class Named:
    given: int = field(metadata={"json": "otherName"})
    hidden: int = field(default=3, metadata={"json": None})
    rest: dict[str, int] = field(default_factory=dict, metadata={"json": "**"})


def test_metadata():
    made = decode('{"otherName": 1, "hidden": 7, "x": 2, "given": 9}', Named)
    assert made == Named(1, 3, {"hidden": 7, "x": 2, "given": 9})
    assert decode('{"otherName": 1}', Named) == Named(1)
    assert refused('{"otherName": 1, "x": "y"}', Named) == ["$.x: expected int, got str"]

    @dataclass
    class Hidden:
        a: int = field(metadata={"json": None})

    with pytest.raises(TypeError, match=r"Hidden\.a: it is not read, and has no default"):
        decode("{}", Hidden)

    @dataclass
    class Twice:
        a: int = field(metadata={"json": "x"})
        x: int = 0

    with pytest.raises(TypeError, match="two fields are named 'x'"):
        decode("{}", Twice)

    @dataclass
    class Rest:
        a: int = field(metadata={"json": "**"})

    with pytest.raises(TypeError, match='what is named "\\*\\*" must be a dict'):
        decode("{}", Rest)


# Forward references, recursion, generics


@dataclass
class Node:
    value: int
    next: Optional[Node] = None
    children: list["Node"] = field(default_factory=list)  # noqa: UP037
    me: Optional[Self] = None


@dataclass
class Left:
    right: Optional[Right] = None


@dataclass
class Right:
    left: Optional[Left] = None
    both: Union[Left, list[Right], None] = None


def test_recursion():
    made = decode('{"value": 1, "next": {"value": 2}, "children": [{"value": 3, "me": {"value": 4}}]}', Node)
    assert made == Node(1, Node(2), [Node(3, me=Node(4))])
    assert decode('{"right": {"left": {"right": null}, "both": [{}]}}', Left) == Left(Right(Left(), [Right()]))
    assert refused('{"value": 1, "next": {"value": "x"}}', Node) == ["$.next.value: expected int, got str"]
    deep = '{"value": 1, "next": ' * 200 + "null" + "}" * 200
    made = decode(deep, Node)
    for _ in range(199):
        made = made.next
    assert made.next is None


@dataclass
class Box(Generic[T]):
    value: T
    inner: Optional[Box[T]] = None
    many: list[T] = field(default_factory=list)


@dataclass
class IntBox(Box[int]):
    more: int = 0


@dataclass
class Pair(Generic[K, T]):
    key: K
    box: Box[T]
    boxes: dict[K, Box[Optional[T]]] = field(default_factory=dict)


@dataclass
class Swapped(Pair[T, str], Generic[T]):
    pass


@dataclass
class Constrained(Generic[N]):
    n: N


def test_generics():
    text = '{"value": 1, "inner": {"value": 2}, "many": [3]}'
    assert decode(text, Box[int]) == Box(1, Box(2), [3])
    assert refused(text, Box[str]) == [
        "$.value: expected str, got int",
        "$.inner.value: expected str, got int",
        "$.many[0]: expected str, got int",
    ]
    assert decode('{"value": [1]}', Box) == Box([1])
    assert decode(text, IntBox) == IntBox(1, Box(2), [3])
    assert refused('{"value": "x"}', IntBox) == ["$.value: expected int, got str"]
    assert decode('{"key": "k", "box": {"value": 1}, "boxes": {"a": {"value": null}}}', Pair[str, int]) == Pair(
        "k", Box(1), {"a": Box(None)}
    )
    assert refused('{"key": 1, "box": {"value": 1}}', Pair[str, str]) == [
        "$.key: expected str, got int",
        "$.box.value: expected str, got int",
    ]
    assert refused('{"key": 1, "box": {"value": 1}}', Pair) == ["$.key: expected str, got int"]
    assert refused('{"key": "k", "box": {"value": 1}}', Swapped[str]) == ["$.box.value: expected str, got int"]
    assert decode('[{"n": 1}, {"n": "x"}]', list[Constrained]) == [Constrained(1), Constrained("x")]
    assert decode('{"value": {"value": 1}}', Box[Box[int]]) == Box(Box(1))
    made = decode(text, Box[Union[int, str]])
    assert made == Box(1, Box(2), [3])


@dataclass
class Several(Generic[Unpack[Ts]]):
    values: tuple[Unpack[Ts]]


def test_several_type_variables_in_one():
    assert decode('{"values": [1, "x"]}', Several[int, str]) == Several((1, "x"))
    assert refused('{"values": [1, 2]}', Several[int, str]) == ["$.values[1]: expected str, got int"]
    assert decode('{"values": [1, 2, "x"]}', Several) == Several((1, 2, "x"))
    with pytest.raises(TypeError, match="any number of another"):
        decode("[]", tuple[int, Unpack[tuple[str, ...]]])


def test_classes_local_to_a_function():
    @dataclass
    class Inner:
        a: int

    @dataclass
    class Outer:
        inner: Inner
        many: list[Inner]
        own: Optional[Outer] = None

    assert decode('{"inner": {"a": 1}, "many": [], "own": null}', Outer) == Outer(Inner(1), [])


def test_names_that_cannot_be_found():
    @dataclass
    class Lost:
        a: int
        lost: Missing

    with pytest.raises(TypeError, match=r"Lost\.lost: .*Missing"):
        decode('{"a": 1}', Lost)
    Missing = int  # noqa: F841
    assert decode('{"a": 1, "lost": 2}', Lost).lost == 2  # now it is there

    @dataclass
    class Wrong:
        a: complex

    with pytest.raises(TypeError, match=r"Wrong\.a: no document can be decoded into complex"):
        decode("{}", Wrong)


@dataclass
class OddNames:
    list: list[int]
    str: Optional[str] = None
    int: int = 3


def test_fields_named_as_types():
    assert decode('{"list": [1], "str": "x", "int": 4}', OddNames) == OddNames([1], "x", 4)


@dataclass
class Outside:
    class Inside(enum.Enum):
        A = "a"

    inside: Inside
    other: Outside.Inside = Inside.A


def test_names_in_the_class():
    assert decode('{"inside": "a"}', Outside) == Outside(Outside.Inside.A)


# TypedDict, NamedTuple


class Movie(TypedDict):
    title: str
    year: NotRequired[int]


class Series(Movie, total=False):
    seasons: Required[int]
    tags: list[str]


class Both(ExtendedTypedDict, total=False):
    a: Required[ReadOnly[int]]
    b: Annotated[NotRequired[int], "x"]


class Table(ExtendedTypedDict, Generic[T]):
    rows: list[T]


class IntTable(Table[int]):
    name: str


class Closed(ExtendedTypedDict, closed=True):
    a: int


class Extra(ExtendedTypedDict, extra_items=int):
    a: str


Functional = TypedDict("Functional", {"not a name": int, "class": str})


def test_typed_dicts():
    assert decode('{"title": "x", "rating": 3}', Movie) == {"title": "x"}
    assert decode('{"year": 1, "title": "x"}', Movie) == {"title": "x", "year": 1}
    assert refused('{"year": "x"}', Movie) == ["$.year: expected int, got str", '$: missing member "title"']
    assert refused("{}", Series) == ['$: missing member "title"', '$: missing member "seasons"']
    assert decode('{"title": "x", "seasons": 1}', Series) == {"title": "x", "seasons": 1}
    assert refused("{}", Both) == ['$: missing member "a"']
    assert decode('{"a": 1, "b": 2}', Both) == {"a": 1, "b": 2}
    assert decode('{"rows": [1]}', Table[int]) == {"rows": [1]}
    assert refused('{"rows": ["x"]}', Table[int]) == ["$.rows[0]: expected int, got str"]
    assert refused('{"rows": ["x"], "name": 1}', IntTable) == [
        "$.rows[0]: expected int, got str",
        "$.name: expected str, got int",
    ]
    assert decode('{"not a name": 1, "class": "x"}', Functional) == {"not a name": 1, "class": "x"}
    assert refused('{"not a name": "x", "class": "x"}', Functional) == ["$['not a name']: expected int, got str"]


def test_closed_typed_dicts():
    assert decode('{"a": 1}', Closed) == {"a": 1}
    assert refused('{"a": 1, "b": 2}', Closed) == ["$.b: unknown member"]
    assert decode('{"a": "x", "b": 2}', Extra) == {"a": "x", "b": 2}
    assert refused('{"a": "x", "b": "y"}', Extra) == ["$.b: expected int, got str"]

    class ClosedToo(Closed):  # as its base is (PEP 728)
        pass

    class ExtraToo(Extra):
        c: NotRequired[int]

    assert decode('{"a": 1}', ClosedToo) == {"a": 1}
    assert refused('{"a": 1, "b": 2}', ClosedToo) == ["$.b: unknown member"]
    assert decode('{"a": "x", "b": 2, "c": 3}', ExtraToo) == {"a": "x", "b": 2, "c": 3}
    assert refused('{"a": "x", "b": "y"}', ExtraToo) == ["$.b: expected int, got str"]


def test_mappings_and_lists_of_collections():
    for tp in (
        collections.ChainMap,
        collections.ChainMap[str, int],
        collections.UserDict,
        type("U", (collections.UserDict,), {}),
    ):
        made = decode('{"a": 1}', tp)
        assert isinstance(made, get_origin(tp) or tp) and dict(made) == {"a": 1}
    assert decode("[1]", collections.UserList) == collections.UserList([1])
    assert refused('{"a": "1"}', collections.ChainMap[str, int]) == ["$.a: expected int, got str"]

    class Numbers(collections.ChainMap[str, T], Generic[T]):
        pass

    assert refused('{"a": "1"}', Numbers[int]) == ["$.a: expected int, got str"]
    assert decode('{"a": 1}', Numbers[int]).maps == [{"a": 1}]


class Spot(NamedTuple):
    x: float
    y: float = 0.0
    name: Optional[str] = None


class GenericSpot(NamedTuple):
    x: int
    tags: list[str] = []


class CheckedSpot(Spot):
    def __new__(cls, x: float, y: float = 1.0, name: Optional[str] = None):
        if x < 0:
            raise ValueError("negative")
        return super().__new__(cls, x, y, name)


def test_named_tuples():
    for text in "[1, 2]", '{"y": 2, "x": 1}':
        made = decode(text, Spot)
        assert made == Spot(1.0, 2.0) and type(made) is Spot and type(made.x) is float
    assert decode("[1]", Spot) == Spot(1.0)
    assert decode('{"x": 1, "name": "n"}', Spot) == Spot(1.0, name="n")
    assert refused("[]", Spot) == ["$: expected array of 1 to 3, got array of 0"]
    assert refused("[1, 2, null, 4]", Spot) == ["$: expected array of 1 to 3, got array of 4"]
    assert refused("[1, null]", Spot) == ["$[1]: expected float, got null"]
    assert refused("{}", Spot) == ['$: missing member "x"']
    assert refused("1", Spot) == ["$: expected array or object, got int"]
    assert decode("[1]", CheckedSpot) == CheckedSpot(1.0) and refused("[-1]", CheckedSpot) == ["$: negative"]


# Plans and classes


@classes_go
def test_plans_go_with_the_class():
    def make():
        @dataclass
        class Local:
            a: int
            other: list[Local] | None = None  # typing.Optional would keep it, in a cache of its own

        decode('{"a": 1}', Local)
        decode('{"a": 1, "other": [{"a": 2}]}', Local)
        return weakref.ref(Local)

    dead = make()
    for _ in range(3):
        gc.collect()
    assert dead() is None


def test_plans_are_not_copied_with_the_class():
    @dataclass
    class First:
        a: int

    decode('{"a": 1}', First)
    names = {name: value for name, value in vars(First).items() if name not in ("__dict__", "__weakref__")}
    Second = type("Second", (), names)
    assert type(decode('{"a": 1}', Second)) is Second
    assert type(decode('{"a": 1}', First)) is First
    assert pickle.loads(pickle.dumps(vars(First)["__cyjson_plan__"])) is None


def test_a_subclass_has_a_plan_of_its_own():
    @dataclass
    class Parent:
        a: int

    assert decode('{"a": 1}', Parent) == Parent(1)

    @dataclass
    class Child(Parent):
        b: int

    assert decode('{"a": 1, "b": 2}', Child) == Child(1, 2)
    assert refused('{"a": 1}', Child) == ['$: missing member "b"']


def test_a_class_that_changes():
    """Its plan stays as it was at the first use; that is, what is called is the class as it is now."""

    @dataclass
    class Changing:
        a: int
        b: int = 1

    decode('{"a": 1}', Changing)
    Changing.__annotations__["a"] = str
    Changing.b = 2
    assert refused('{"a": "x"}', Changing) == ["$.a: expected int, got str"]
    assert decode('{"a": 1}', Changing) == Changing(1)
    Changing.__post_init__ = lambda self: setattr(self, "b", 9)
    assert decode('{"a": 1}', Changing).b == Changing(1).b


def test_hooks_that_decode_again():
    @dataclass
    class Inner:
        a: int

    @dataclass
    class Outer:
        inner: Inner
        again: Any = None

        def __post_init__(self):
            self.again = decode('{"a": 7}', Inner)

    assert decode('{"inner": {"a": 1}}', Outer).again == Inner(7)


def test_hooks_may_do_anything():
    data = bytearray(b'[{"a": 1}, {"a": 2}, {"a": 3}]')

    @dataclass
    class Wild:
        a: int

        def __post_init__(self):
            data.clear()
            gc.collect()
            Wild.b = self.a
            Wild.__annotations__["c"] = str
            decode("[]", list[Wild])
            if self.a == 2:
                with pytest.raises(ValidationError):
                    decode('{"a": "x"}', Wild)

    assert decode(data, list[Wild]) == [Wild(1), Wild(2), Wild(3)]
    assert data == b""


def test_encode_is_read_again():
    """Of what encode knows today; the rest is in test_decode_properties.py."""
    assert decode(encode({"id": 1, "tags": ["x"]}), Plain) == Plain(1, tags=["x"])


@pytest.mark.skipif(sys.version_info < (3, 12), reason="PEP 695 is in 3.12")
def test_type_parameters():
    names = {}
    exec(
        "from dataclasses import dataclass\n"
        "@dataclass\n"
        "class Box[T]:\n"
        "    value: T\n"
        "    inner: 'Box[T] | None' = None\n",
        names,
    )
    box = names["Box"]
    assert decode('{"value": 1, "inner": {"value": 2}}', box[int]) == box(1, box(2))
    assert refused('{"value": 1, "inner": {"value": "x"}}', box[int]) == ["$.inner.value: expected int, got str"]
