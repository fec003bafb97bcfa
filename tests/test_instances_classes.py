"""Classes with fields are written as objects of what fields() and getattr give."""

import collections
import dataclasses
import functools
import gc
import json
import sys
import typing
import weakref

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.compare import classes_go, collect, frees_at_once
from support.instances import knows_instances, told_at, written

import cyjson

pytestmark = knows_instances

# Dataclasses


@dataclasses.dataclass
class Address:
    street: str
    zip: "int | None" = None


@dataclasses.dataclass(frozen=True)
class Person:
    name: str
    addresses: "list[Address]" = dataclasses.field(default_factory=list)
    _secret: int = 0
    seen: typing.ClassVar[int] = 5


def test_dataclass():
    person = Person("Zoë", [Address("a"), Address("b", 1)])
    expected = '{"name":"Zoë","addresses":[{"street":"a","zip":null},{"street":"b","zip":1}],"_secret":0}'
    assert written(person) == expected.encode()
    assert json.loads(cyjson.encode(person)) == dataclasses.asdict(person)
    assert cyjson.encode(person, sort_keys=True) == (
        '{"_secret":0,"addresses":[{"street":"a","zip":null},{"street":"b","zip":1}],"name":"Zoë"}'.encode()
    )


@pytest.mark.parametrize("options", [{}, {"slots": True}, {"frozen": True}, {"slots": True, "frozen": True}])
def test_dataclasses_of_all_kinds(options):
    @dataclasses.dataclass(**options)
    class Base:
        a: int
        kept: dataclasses.InitVar[int]
        b: int = dataclasses.field(init=False, default=2)
        c: typing.ClassVar[int] = 3

        def __post_init__(self, kept):
            object.__setattr__(self, "b", kept)

    @dataclasses.dataclass(**options)
    class Derived(Base):
        d: str = "d"
        a: float  # which stays where the base class has it

    class Undecorated(Derived):
        e: int = 5

    assert written(Base(1, 7)) == b'{"a":1,"b":7}'
    assert written(Derived(1, 7)) == b'{"a":1,"b":7,"d":"d"}'
    assert written(Undecorated(1, 7, "x")) == b'{"a":1,"b":7,"d":"x"}'

    @dataclasses.dataclass(**options)
    class Empty:
        pass

    assert written(Empty()) == b"{}"


def test_keyword_only_and_many_fields():
    fields = [(f"field_{n}", int, dataclasses.field(kw_only=n % 2 == 0)) for n in range(100)]
    cls = dataclasses.make_dataclass("Wide", fields)
    instance = cls(**{f"field_{n}": n for n in range(100)})
    assert written(instance) == json.dumps(dataclasses.asdict(instance), separators=(",", ":")).encode()


def test_what_is_no_field():
    @dataclasses.dataclass
    class Point:
        x: int

        @functools.cached_property
        def cached(self):
            return self.x

        @property
        def doubled(self):
            return 2 * self.x

    point = Point(1)
    assert point.cached == 1
    point.other = 3
    assert written(point) == b'{"x":1}'


def test_attributes_that_are_made():
    @dataclasses.dataclass
    class Lazy:
        x: int
        y: int = 2

        def __getattr__(self, name):
            return f"made {name}"

    lazy = Lazy(1)
    del lazy.x
    assert written(lazy) == b'{"x":"made x","y":2}'

    @dataclasses.dataclass
    class Watched:
        x: int

        def __getattribute__(self, name):
            return (
                ["watched", object.__getattribute__(self, name)] if name == "x" else object.__getattribute__(self, name)
            )

    assert written(Watched(1)) == b'{"x":["watched",1]}'


def test_field_that_is_a_property():
    @dataclasses.dataclass
    class Circle:
        radius: float

        @property
        def radius(self):
            return self._radius

        @radius.setter
        def radius(self, value):
            self._radius = value * 2

    assert written(Circle(1.5)) == b'{"radius":3.0}'


def test_field_that_is_a_descriptor():
    class Counted:
        def __set_name__(self, owner, name):
            self.count = 0

        def __get__(self, instance, owner):
            if instance is None:
                return 0
            self.count += 1
            return self.count

        def __set__(self, instance, value):
            pass

    @dataclasses.dataclass
    class Odd:
        n: int = Counted()

    odd = Odd()
    assert [cyjson.encode(odd), cyjson.encode(odd)] == [b'{"n":1}', b'{"n":2}']


def test_default_of_the_class():
    """Read from the class where the instance hasn't it."""

    @dataclasses.dataclass
    class Point:
        x: int = 1

    point = Point()
    del point.x
    assert written(point) == b'{"x":1}'


@pytest.mark.parametrize("options", [{}, {"slots": True}])
def test_missing_attribute(options):
    @dataclasses.dataclass(**options)
    class Point:
        x: int
        y: int

    point = Point(1, 2)
    del point.y
    told_at("$[0].y", lambda: cyjson.encode([point]), AttributeError)


def test_attribute_that_raises():
    class Refused(Exception):
        pass

    @dataclasses.dataclass
    class Point:
        x: int

        @property
        def y(self):
            raise self.error

    Point.__dataclass_fields__["y"] = dataclasses.field()
    Point.__dataclass_fields__["y"].name = "y"
    Point.__dataclass_fields__["y"]._field_type = Point.__dataclass_fields__["x"]._field_type
    point = Point(1)
    for error in Refused, ValueError, StopIteration:
        point.error = error("no")
        told_at("$.k.y", lambda: cyjson.encode({"k": point}), error, "no")
        point.error = error("no")
        with pytest.raises(RuntimeError if error is StopIteration else error):
            cyjson.dump_bytes([point], __import__("io").BytesIO())
    point.error = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt) as caught:
        cyjson.encode({"k": point})
    assert not hasattr(caught.value, "__notes__")


@pytest.mark.parametrize("options", [{}, {"slots": True}])
def test_attribute_that_changes_the_object(options):
    @dataclasses.dataclass(**options)
    class Changing:
        a: object
        b: object
        c: object

    class Meddler:
        def __json__(self):
            changing.a = None
            changing.b = ["new"]
            del changing.c
            gc.collect()
            return "meddled"

    changing = Changing(Meddler(), "b", "c")
    told_at("$.c", lambda: cyjson.encode(changing), AttributeError)
    if not options:
        changing = Changing(None, None, None)
        vars(changing).clear()
        vars(changing).update(a=Meddler(), b="b", c="c")
        told_at("$.c", lambda: cyjson.encode(changing), AttributeError)


def test_dataclass_that_is_a_dict():
    @dataclasses.dataclass
    class Odd(dict):
        x: int = 1

    assert written(Odd()) == b'{"x":1}'


def test_generic_dataclass():
    T = typing.TypeVar("T")

    @dataclasses.dataclass
    class Box(typing.Generic[T]):
        value: T

    assert written(Box[int](1)) == written(Box(1)) == b'{"value":1}'


def test_class_itself_is_refused():
    with pytest.raises(TypeError, match="Object of type type is not"):
        cyjson.encode(Address)


def test_names_that_need_escapes():
    cls = dataclasses.make_dataclass("Odd", ["é", "名", "x" * 300])
    expected = json.dumps(dict.fromkeys(cls.__dataclass_fields__, 1), separators=(",", ":"), ensure_ascii=False)
    assert written(cls(1, 1, 1)) == expected.encode()


# Metadata


def test_names_in_metadata():
    @dataclasses.dataclass
    class Named:
        a: int = dataclasses.field(metadata={"json": 'A"é'})
        b: int = dataclasses.field(default=2, metadata={"json": None})
        c: int = dataclasses.field(default=3, metadata={"other": "x"})

    assert written(Named(1)) == '{"A\\"é":1,"c":3}'.encode()
    assert cyjson.Codec(rename=str.upper).encode(Named(1)) == '{"A\\"é":1,"C":3}'.encode()


def test_unknown_members():
    @dataclasses.dataclass
    class Open:
        a: int
        rest: dict = dataclasses.field(default_factory=dict, metadata={"json": "**"})
        z: int = 0

    assert written(Open(1, {"m": 2, "k": [3]})) == b'{"a":1,"m":2,"k":[3],"z":0}'
    assert cyjson.encode(Open(1, {"m": 2, "k": [3]}), sort_keys=True) == b'{"a":1,"k":[3],"m":2,"z":0}'
    assert written(Open(1, None)) == written(Open(1)) == b'{"a":1,"z":0}'
    assert written(Open(1, collections.OrderedDict(x=1))) == b'{"a":1,"x":1,"z":0}'
    assert cyjson.encode(Open(1, {5: 6})) == b'{"a":1,"5":6,"z":0}'
    told_at("$[0].rest", lambda: cyjson.encode([Open(1, [1])]), TypeError, r'Open.rest is "\*\*" and must be a dict')
    told_at("$[0].rest", lambda: cyjson.encode([Open(1, {"z": 1})]), ValueError, "'z', which is a field's name too")
    told_at("$.m", lambda: cyjson.encode(Open(1, {"m": 1j})), TypeError)


def test_keys_of_a_field_that_is_written_in_its_place():
    @dataclasses.dataclass
    class Rest:
        b: int
        rest: dict = dataclasses.field(metadata={"json": "**"})

    for options in {}, {"sort_keys": True}:
        with pytest.raises(TypeError, match="keys must be str, int, float, bool or None, not object"):
            cyjson.encode(Rest(1, {object(): 2}), **options)
        assert cyjson.encode(Rest(1, {object(): 2, "a": 3}), skipkeys=True, **options) in (
            b'{"b":1,"a":3}',
            b'{"a":3,"b":1}',
        )
    # None and NaN have the same text here; their values can't be compared.
    value = Rest(1, {None: [1], float("inf"): {}})
    codec = cyjson.Codec(types={float: "null"})
    assert codec.encode(value, sort_keys=True) == b'{"b":1,"null":[1],"null":{}}'


@pytest.mark.parametrize(
    "metadata, error, match",
    [
        ([{"json": 5}, {}], TypeError, "One.a: its name in JSON must be a str"),
        ([{"json": "b"}, {}], ValueError, "a and b have the same name in JSON, 'b'"),
        ([{"json": "**"}, {"json": "**"}], TypeError, r'only one field may be "\*\*"'),
    ],
)
def test_wrong_metadata(metadata, error, match):
    fields = [(name, int, dataclasses.field(metadata=each)) for name, each in zip("ab", metadata)]
    cls = dataclasses.make_dataclass("One", fields)
    for _ in range(2):
        with pytest.raises(error, match=match):
            cyjson.encode([cls({}, {})])


# Hypothesis makes the classes

NAMES = st.from_regex(r"[a-zé_][a-zA-Z0-9_]{0,8}", fullmatch=True).filter(
    lambda name: name.isidentifier() and not __import__("keyword").iskeyword(name) and not name.startswith("__")
)
SIMPLE = st.none() | st.booleans() | st.integers() | st.text() | st.floats(allow_nan=False, allow_infinity=False)


@st.composite
def instances(draw, values=SIMPLE):
    names = draw(st.lists(NAMES, unique=True, max_size=8))
    kind = draw(st.sampled_from(["plain", "slots", "frozen", "attrs", "struct", "named tuple"]))
    members = [draw(values) for _ in names]
    if kind == "attrs":
        attr = pytest.importorskip("attr")
        cls = attr.make_class("Made", names, slots=draw(st.booleans()), frozen=draw(st.booleans()))
        return cls(*members), dict(zip(names, members))
    if kind == "struct" and not any(each.startswith("_") for each in names):
        msgspec = pytest.importorskip("msgspec")
        return msgspec.defstruct("Made", names)(*members), dict(zip(names, members))
    if kind == "named tuple" and not any(each.startswith("_") for each in names):
        return collections.namedtuple("Made", names)(*members), members
    options = {"slots": {"slots": True}, "frozen": {"frozen": True}}.get(kind, {})
    cls = dataclasses.make_dataclass("Made", names, **options)
    return cls(*members), dict(zip(names, members))


@given(st.data())
def test_made_classes(data):
    """Instances within instances are written as the dicts and lists of the same values."""
    inner, plain = data.draw(instances())
    outer, _ = data.draw(instances(st.just(inner)))
    members = [plain for _ in outer] if isinstance(outer, tuple) else dict.fromkeys(fields(outer), plain)
    for options in {}, {"indent": 1}, {"sort_keys": True}:
        assert cyjson.encode(inner, **options) == cyjson.encode(plain, **options)
        assert cyjson.encode([outer], **options) == cyjson.encode([members], **options)


def fields(instance):
    for name in "__dataclass_fields__", "__struct_fields__":
        if hasattr(instance, name):
            return list(getattr(instance, name))
    return [each.name for each in instance.__attrs_attrs__]


# Other makers of classes


def test_attrs():
    attr = pytest.importorskip("attr")

    @attr.define
    class Point:
        x: int
        _y: int = 2
        named: int = attr.field(default=3, metadata={"json": "Named"})
        hidden: int = attr.field(default=4, metadata={"json": None})
        late: int = attr.field(init=False, default=5)

    class Undecorated(Point):
        pass

    assert written(Point(1)) == written(Undecorated(1)) == b'{"x":1,"_y":2,"Named":3,"late":5}'

    @attr.s
    class Old:
        x = attr.ib()

    assert written(Old([Point(1)])) == b'{"x":[{"x":1,"_y":2,"Named":3,"late":5}]}'
    assert json.loads(cyjson.encode(Old(1))) == attr.asdict(Old(1))


def test_msgspec():
    msgspec = pytest.importorskip("msgspec")

    class Plain(msgspec.Struct):
        a: int
        b: "list[int]" = []

    class Renamed(msgspec.Struct, rename="camel", tag=True):
        some_name: int
        other: int = msgspec.field(default=2, name="x")

    class Omitting(msgspec.Struct, omit_defaults=True):
        a: int = 1
        b: list = msgspec.field(default_factory=list)
        c: "int | msgspec.UnsetType" = msgspec.UNSET

    class Listed(msgspec.Struct, array_like=True, tag="t"):
        a: int
        b: str = "x"

    for value in (
        Plain(1),
        Plain(1, [2]),
        Renamed(1),
        Omitting(),
        Omitting(2),
        Omitting(1, [1]),
        Omitting(c=3),
        Listed(1),
        [Plain(1), {"k": Renamed(3)}],
    ):
        assert written(value) == msgspec.json.encode(value)


def test_unset_is_omitted_everywhere():
    msgspec = pytest.importorskip("msgspec")

    @dataclasses.dataclass
    class Partial:
        street: str
        zip: "int | msgspec.UnsetType" = msgspec.UNSET

    assert written(Partial("a")) == msgspec.json.encode(Partial("a")) == b'{"street":"a"}'


def test_pydantic():
    pydantic = pytest.importorskip("pydantic")

    class Inner(pydantic.BaseModel):
        when: "__import__('datetime').datetime" = None
        items: "list[int]" = []

    Inner.model_rebuild()

    class Model(pydantic.BaseModel):
        model_config = pydantic.ConfigDict(serialize_by_alias=True)
        name: str = pydantic.Field(alias="Name")
        inner: Inner = Inner()
        secret: int = pydantic.Field(default=1, exclude=True)

        @pydantic.computed_field
        @property
        def upper(self) -> str:
            return self.name.upper()

        @pydantic.field_serializer("inner")
        def write_inner(self, inner):
            return {"é": inner.items}

    model = Model(Name="a")
    assert written(model) == model.model_dump_json().encode()
    assert cyjson.encode(model, indent=2) == model.model_dump_json(indent=2).encode()
    assert json.loads(cyjson.encode([model], sort_keys=True)) == [json.loads(model.model_dump_json())]
    assert cyjson.encode(model, sort_keys=True).startswith(b'{"Name":"a","inner":')

    @pydantic.dataclasses.dataclass
    class Point:
        x: int

    assert written(Point(x="5")) == b'{"x":5}'

    class Root(pydantic.RootModel):
        root: "list[int]"

    assert written(Root([1, 2])) == b"[1,2]"

    class Constant(pydantic.BaseModel):
        model_config = pydantic.ConfigDict(ser_json_inf_nan="constants")
        x: float

    with pytest.raises(ValueError):
        cyjson.encode(Constant(x=float("nan")))

    class Refusing(pydantic.BaseModel):
        x: int = 1

        @pydantic.field_serializer("x")
        def refuse(self, x):
            raise ValueError("refused")

    told_at("$.k", lambda: cyjson.encode({"k": Refusing()}), Exception, "refused")


class Pair(typing.NamedTuple):
    left: int
    right: "str | None" = None


class Movie(typing.TypedDict):
    title: str


def test_tuples_and_dicts_with_names():
    assert written(Pair(1)) == b"[1,null]"
    assert written([Pair(1, "x"), Address("a")]) == b'[[1,"x"],{"street":"a","zip":null}]'
    assert written(Movie(title="x")) == b'{"title":"x"}'


# Classes that change, and die


def test_a_class_that_gets_fields():
    class Point:
        x: int = 1

    with pytest.raises(TypeError, match="Object of type Point"):
        cyjson.encode(Point())
    dataclasses.dataclass(Point)
    assert cyjson.encode(Point()) == b'{"x":1}'
    Point.__json__ = lambda self: "json"
    assert cyjson.encode(Point()) == b'"json"'
    Point.__json__ = lambda self: "other"
    assert cyjson.encode(Point()) == b'"other"'
    del Point.__json__
    assert cyjson.encode(Point()) == b'{"x":1}'
    Point.__annotations__["y"] = int
    Point.y = 2
    del Point.__dataclass_fields__
    Point.x = 1
    dataclasses.dataclass(Point)
    point = Point()
    assert cyjson.encode(point) == json.dumps(dataclasses.asdict(point), separators=(",", ":")).encode()
    Point.x = property(lambda self: "made")
    assert json.loads(cyjson.encode(point))["x"] == "made"


def test_a_base_class_that_changes():
    class Base:
        pass

    @dataclasses.dataclass
    class Derived(Base):
        x: int = 1

    assert cyjson.encode(Derived()) == b'{"x":1}'
    Base.__json__ = lambda self: "base"
    assert cyjson.encode(Derived()) == b'"base"'
    Base.__json__ = None
    assert cyjson.encode(Derived()) == b'{"x":1}'


def test_a_class_that_is_said_to_be_a_mapping():
    class Odd:
        def items(self):
            return [("a", 1)]

    with pytest.raises(TypeError):
        cyjson.encode(Odd())
    collections.abc.Mapping.register(Odd)
    assert cyjson.encode(Odd()) == b'{"a":1}'


def test_an_instance_that_changes_its_class():
    @dataclasses.dataclass
    class One:
        x: int = 1

    @dataclasses.dataclass
    class Other:
        y: int = 2

    one = One()
    assert cyjson.encode(one) == b'{"x":1}'
    one.__class__ = Other
    one.y = 3
    assert cyjson.encode(one) == b'{"y":3}'


@classes_go
@frees_at_once
@pytest.mark.parametrize("kind", ["dataclass", "slots", "method", "unknown"])
def test_classes_die(kind):
    def make():
        class Local:
            if kind == "method":

                def __json__(self):
                    return __class__.__name__

        if kind in ("dataclass", "slots"):
            Local = dataclasses.dataclass(slots=kind == "slots")(Local)
        for _ in range(2):
            cyjson.encode([Local(), Local()], default=lambda obj: 1)
        return weakref.ref(Local)

    dead = [make() for _ in range(50)]
    gc.collect()
    collect()
    assert not any(each() for each in dead)


def test_odd_metaclasses():
    """Plans are kept for classes that are equal, or have no hash."""

    class Equal(type):
        def __eq__(cls, other):
            return True

        __hash__ = None

    @dataclasses.dataclass
    class One(metaclass=Equal):
        """Has a text of its own: up to 3.10 dataclasses would look for a signature."""

        x: int = 1

    @dataclasses.dataclass
    class Other(metaclass=Equal):
        """The same."""

        y: int = 2

    assert cyjson.encode([One(), Other(), One()]) == b'[{"x":1},{"y":2},{"x":1}]'


def test_nothing_is_imported_for_it():
    """Neither for documents without instances nor for a class of the program."""
    import subprocess

    code = (
        "import sys, cyjson\n"
        "cyjson.encode([1, {'a': None}])\n"
        "assert 'cyjson._instances' not in sys.modules\n"
        "class Own:\n    def __json__(self): return {1}\n"
        "assert cyjson.encode([Own()]) == b'[[1]]'\n"
        "heavy = {'dataclasses', 'datetime', 'decimal', 'enum', 'numpy', 'typing', 'uuid', 'fractions', 'ipaddress'}\n"
        "before = set(sys.modules)\n"
        "assert not heavy & before - {'enum'}, heavy & before\n"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (ran.returncode, ran.stderr) == (0, "")
