"""Who decides how an object is written: Codec.types, register, copyreg's table, __json__, natives, default."""

import collections
import copyreg
import dataclasses
import datetime as dt
import decimal
import enum
import pickle

import pytest
from support.compare import classes_go, counts_levels, frees_at_once
from support.instances import knows_instances, notes_of, told_at, written

import cyjson

pytestmark = knows_instances


class Plain:
    pass


class Own:
    def __json__(self):
        return {"own": [dt.date(2026, 1, 1)]}


@dataclasses.dataclass
class Point:
    x: int = 1


@dataclasses.dataclass
class OwnPoint(Point):
    def __json__(self):
        return [self.x]


@pytest.fixture
def registered():
    """register, undone at the end."""
    seen = []

    def register(cls, *args, **options):
        seen.append(cls)
        cyjson.register(cls, *args, **options)

    yield register
    for cls in seen:
        cyjson.register(cls)


@pytest.fixture
def table(monkeypatch):
    """copyreg's table of PEP 837."""
    found = {}
    monkeypatch.setattr(copyreg, "json_dispatch_table", found, raising=False)
    return found


# The order


def test_order(registered, table):
    for cls in Plain, Own, Point, OwnPoint, dt.date, decimal.Decimal, collections.deque, collections.OrderedDict:

        def make(cls=cls):
            return cls(2026, 1, 1) if cls is dt.date else cls()

        def encoded(codec=None, make=make):
            return (codec or cyjson).encode([make()], default=lambda obj: "default")

        by_itself = encoded()
        table[cls] = lambda obj: "copyreg"
        assert encoded() == b'["copyreg"]'
        registered(cls, lambda obj: "registered")
        assert encoded() == b'["registered"]'
        codec = cyjson.Codec(types={cls: lambda obj: "codec"})
        assert encoded(codec) == b'["codec"]'
        assert encoded(cyjson.Codec(types={Exception: len}, omit="none")) == b'["registered"]'
        registered(cls)
        assert encoded() == b'["copyreg"]'
        assert encoded(codec) == b'["codec"]'
        del table[cls]
        assert encoded() == by_itself
        assert encoded(codec) == b'["codec"]'
    assert cyjson.encode(OwnPoint()) == b"[1]"
    assert cyjson.encode(Plain(), default=lambda obj: "default") == b'"default"'


def test_exact_classes_only(registered, table):
    class Derived(Point):
        pass

    registered(Point, lambda obj: "registered")
    table[Point] = lambda obj: "copyreg"
    assert cyjson.encode([Point(), Derived()]) == b'["registered",{"x":1}]'
    codec = cyjson.Codec(types={dt.date: "unix", dt.datetime: lambda obj: 0})
    assert codec.encode([dt.date(1970, 1, 2), dt.datetime(1970, 1, 2)]) == b"[86400,0]"


def test_basic_types_are_never_given_to_hooks(table):
    for cls in type(None), bool, int, float, str, list, tuple, dict:
        table[cls] = lambda obj: "copyreg"
        with pytest.raises(TypeError, match="written as json does"):
            cyjson.register(cls, repr)
        with pytest.raises(TypeError, match="written as json does"):
            cyjson.Codec(types={cls: repr})
    value = [None, True, 1, 1.5, "s", (), {}, {"k": [{1}]}]
    assert cyjson.encode(value) == b'[null,true,1,1.5,"s",[],{},{"k":[[1]]}]'


def test_subclasses_of_basic_types_are(registered):
    class Money(int):
        pass

    class Own(str):
        def __json__(self):
            return [str.__str__(self)]

    registered(Money, lambda obj: f"{obj:d} EUR")
    assert written([Money(5), Own("é")]) == '["5 EUR",["é"]]'.encode()
    Pair = collections.namedtuple("Pair", "a b")
    registered(Pair, lambda obj: obj._asdict())
    assert written([Pair(1, Pair(2, 3))]) == b'[{"a":1,"b":{"a":2,"b":3}}]'


# What a hook returns


def test_what_a_hook_returns_is_not_given_to_hooks(registered):
    registered(Plain, lambda obj: Own())
    notes = notes_of(lambda: cyjson.encode([Plain()], default=lambda obj: "default"), TypeError, "type Own is not JSON")
    assert notes is None or notes == [
        "a hook returned it, and what one returns isn't given to another",
        "while encoding $[0]",
    ]
    registered(Plain, lambda obj: OwnPoint(5))
    assert cyjson.encode(Plain()) == b'{"x":5}'  # a dataclass, whose __json__ isn't asked
    registered(Plain, lambda obj: [Own()])
    assert cyjson.encode(Plain()) == b'[{"own":["2026-01-01"]}]'
    codec = cyjson.Codec(types={Own: lambda obj: Plain()})
    with pytest.raises(TypeError, match="type Plain"):
        codec.encode(Own(), default=lambda obj: "default")


def test_what_default_returns_is_given_to_default_alone(registered):
    registered(Own, lambda obj: "registered")
    seen = []

    def default(obj):
        seen.append(type(obj).__name__)
        return {"complex": Own(), "Own": [Own(), Plain()], "Plain": 5}[type(obj).__name__]

    assert cyjson.encode(1j, default=default) == b'["registered",5]'
    assert seen == ["complex", "Own", "Plain"]


@pytest.mark.parametrize(
    "result, expected",
    [
        (None, b"null"),
        (True, b"true"),
        (1, b"1"),
        (1.5, b"1.5"),
        ("é", '"é"'.encode()),
        ([{1}], b"[[1]]"),
        ({"a": (dt.date(2026, 1, 1),)}, b'{"a":["2026-01-01"]}'),
        (dt.date(2026, 1, 1), b'"2026-01-01"'),
        (Point(), b'{"x":1}'),
        (cyjson.Raw(b"[ 1 ]"), b"[ 1 ]"),
        (collections.OrderedDict(a=1), b'{"a":1}'),
        (enum.IntEnum("E", "A").A, b"1"),
    ],
    ids=repr,
)
def test_results(result, expected):
    class Returning:
        def __json__(self):
            return result

    assert written(Returning(), verbatim=isinstance(result, cyjson.Raw)) == expected


def test_results_of_pep_837():
    """What the protocol takes, which isn't written where it stands by itself."""

    class IndexLike:
        def __index__(self):
            return 42

    class FloatLike:
        def __float__(self):
            return 1.25

    class MappingLike:
        def __getitem__(self, key):
            return self.members[key]

        def keys(self):
            return self.members.keys()

        def items(self):
            return iter(self.members.items())

    class RawLike:
        def __raw_json__(self):
            return self.text

    class Iterable:
        def __iter__(self):
            return iter([1, 2])

    class Returning:
        def __json__(self):
            return self.result

    mapping, raw, returning = MappingLike(), RawLike(), Returning()
    mapping.members = {"a": 1, "b": 2}
    raw.text = "123.00"
    for result, expected in (
        (IndexLike(), b"42"),
        (FloatLike(), b"1.25"),
        (mapping, b'{"a":1,"b":2}'),
        (iter([1, 2]), b"[1,2]"),
        (Iterable(), b"[1,2]"),
        (raw, b"123.00"),
    ):
        returning.result = result
        assert cyjson.encode([returning]) == b"[%b]" % expected
    for each in IndexLike(), FloatLike(), mapping, Iterable():
        with pytest.raises(TypeError, match="is not JSON serializable"):
            cyjson.encode(each)
    assert written(raw, verbatim=True) == b"123.00"
    raw.text = b"[1]"
    assert written(raw, verbatim=True) == b"[1]"
    raw.text = 42
    with pytest.raises(TypeError, match=r"__raw_json__\(\) must return a str or bytes, not int"):
        cyjson.encode(raw)
    raw.text = "[1"
    told_at("$[0]", lambda: cyjson.encode([raw]), cyjson.JSONDecodeError)


def test_json_method_is_looked_up_in_the_type():
    plain = Plain()
    plain.__json__ = lambda: "instance"
    with pytest.raises(TypeError, match="type Plain"):
        cyjson.encode(plain)
    Class = type("Class", (), {"__json__": staticmethod(lambda: "static")})
    assert written(Class()) == b'"static"'
    Class = type("Class", (), {"__json__": classmethod(lambda cls: cls.__name__)})
    assert written(Class()) == b'"Class"'
    Class = type("Class", (Own,), {"__json__": None})
    with pytest.raises(TypeError, match="type Class"):
        cyjson.encode(Class())
    Meta = type("Meta", (type,), {"__json__": lambda cls: "meta"})
    Class = Meta("Class", (), {})
    with pytest.raises(TypeError, match="type Class"):
        cyjson.encode(Class())
    assert cyjson.encode(Class) == b'"meta"'


# What they raise


class Refused(Exception):
    pass


def test_what_hooks_raise_passes_through(registered):
    def refuse(obj):
        raise Refused("no")

    class Refusing:
        __json__ = refuse

    registered(Plain, refuse)
    codec = cyjson.Codec(types={Point: refuse})
    for write in (
        lambda: cyjson.encode({"a": [0, Refusing()]}),
        lambda: cyjson.encode({"a": [0, Plain()]}),
        lambda: codec.encode({"a": [0, Point()]}),
        lambda: cyjson.encode({"a": [0, 1j]}, default=refuse),
        lambda: cyjson.encode({"a": [0, {1: 2, Refusing(): 2}]}),
    ):
        told_at("$.a[1]", write, Refused, "no")


@pytest.mark.parametrize("error", [KeyboardInterrupt, MemoryError, RecursionError, StopIteration, SystemExit])
def test_errors_of_all_kinds(error):
    class Raising:
        def __json__(self):
            raise error("é")

    for value in Raising(), [Raising()], {"a": (Raising(),)}:
        with pytest.raises(error, match="é"):
            cyjson.encode(value)


class Itself:
    def __json__(self):
        return self


class Around:
    def __json__(self):
        return [self]


def test_circles_through_hooks():
    for value in Itself(), Around():
        with pytest.raises(ValueError, match="Circular reference detected"):
            cyjson.encode(value)


@counts_levels
def test_endless_hooks():
    with pytest.raises(RecursionError):
        cyjson.encode(Around(), check_circular=False)

    class Fresh:
        def __json__(self):
            return [Fresh()]

    with pytest.raises(RecursionError):
        cyjson.encode(Fresh())


# register


def test_arguments_of_register(registered):
    for wrong, match in (
        ((5,), "cls must be a class, not int"),
        ((Plain, 5), "encode must be a function or None, not int"),
        ((Plain, None, "x"), "decode must be a function or None, not str"),
        ((list[int], repr), "cls must be a class, not GenericAlias"),
    ):
        with pytest.raises(TypeError, match=match):
            cyjson.register(*wrong)
    with pytest.raises(TypeError, match="type Plain"):
        cyjson.encode(Plain())
    assert registered(Plain, encode=lambda obj: 1) is None
    assert cyjson.encode(Plain()) == b"1"
    registered(Plain, encode=lambda obj: 2)
    assert cyjson.encode(Plain()) == b"2"
    registered(Plain, decode=lambda value: Plain())
    with pytest.raises(TypeError, match="type Plain"):
        cyjson.encode(Plain())


@classes_go
@frees_at_once
def test_register_keeps_no_class():
    import weakref

    class Local:
        pass

    cyjson.register(Local, repr)
    assert cyjson.encode(Local()).startswith(b'"<')
    dead = weakref.ref(Local)
    del Local
    __import__("gc").collect()
    assert dead() is None


def test_register_within_a_hook(registered):
    def hook(obj):
        registered(Plain, lambda obj: "second")
        return "first"

    registered(Plain, hook)
    cyjson.encode([Plain(), Plain()])
    assert cyjson.encode([Plain(), Plain()]) == b'["second","second"]'


# Raw


@pytest.mark.parametrize(
    "text", [b"1", b' {"a": [1.50, "\xc3\xa9"]}\n', b"1e400", b"9" * 5000, b'"\\ud800"', b"[[]]"], ids=len
)
def test_raw(text):
    raw = cyjson.Raw(text)
    assert raw == text
    assert isinstance(raw, bytes)
    assert written(raw, verbatim=True) == text
    for options in {"indent": 4}, {"sort_keys": True}:
        assert cyjson.encode(raw, **options) == text
    for data in bytearray(text), memoryview(text), text.decode(), raw:
        assert cyjson.Raw(data) == raw
    for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
        again = pickle.loads(pickle.dumps(raw, protocol))
        assert again == raw and type(again) is cyjson.Raw
    assert repr(raw) == f"Raw({text!r})"


@pytest.mark.parametrize(
    "text", ["", "NaN", "[Infinity]", "-Infinity", "[1,]", "{'a': 1}", "1 2", "\ufeff1", "01", '"\n"', "nul", "[" * 10]
)
def test_raw_is_checked(text):
    for data in text, text.encode():
        with pytest.raises(cyjson.JSONDecodeError):
            cyjson.Raw(data)


def test_raw_is_utf_8():
    for data in b'"\xff"', '"é"'.encode("utf-16"), b'"\xed\xa0\x80"':
        with pytest.raises((UnicodeDecodeError, cyjson.JSONDecodeError)):
            cyjson.Raw(data)
    with pytest.raises(UnicodeEncodeError):
        cyjson.Raw('"\ud800"')
    for wrong in 1, None, [1]:
        with pytest.raises(TypeError, match="data must be bytes, bytearray, memoryview or str, not"):
            cyjson.Raw(wrong)


@counts_levels
def test_raw_too_deep():
    with pytest.raises(RecursionError):
        cyjson.Raw(b"[" * 200_000)


def test_raw_is_decoded():
    assert cyjson.Raw(b'{"a": [1, 2.5]}').decode() == {"a": [1, 2.5]}


def test_raw_of_a_subclass():
    class Own(cyjson.Raw):
        pass

    assert written(Own(b"[ 1]"), verbatim=True) == b"[ 1]"
