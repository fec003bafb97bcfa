"""What cyjson.orjson makes of Python's types: subclasses, enums, dataclasses, dates, keys, fragments, NumPy."""

import collections
import copy
import dataclasses
import datetime as dt
import enum
import functools
import json
import pickle
import sys
import typing
import uuid
import zoneinfo

import pytest
from support.compare import native_only
from support.orjson import Other, refusal

from cyjson import orjson

O = orjson  # noqa: E741


# Subclasses


class Str(str):
    def __str__(self):
        return "no"

    __repr__ = __str__


class Int(int):
    def __str__(self):
        return "no"

    __repr__ = __int__ = __index__ = __str__


class List(list):
    def __iter__(self):
        return iter([9])

    def __len__(self):
        return 0


class Dict(dict):
    def items(self):
        return [("z", 9)]

    keys = __iter__ = items

    def __len__(self):
        return 0


def test_subclasses():
    assert orjson.dumps([Str("a"), Int(5), List([1]), Dict(a=1)]) == b'["a",5,[1],{"a":1}]'
    assert orjson.dumps(Str("é\n")) == b'"\xc3\xa9\\n"'
    assert refusal(orjson.dumps, Int(2**64))[0] == "Integer exceeds 64-bit range"
    assert refusal(orjson.dumps, Int(2**53), option=O.OPT_STRICT_INTEGER)[0] == "Integer exceeds 53-bit range"
    assert refusal(orjson.dumps, Dict({1: 1}))[0] == "Dict key must be str"
    assert orjson.dumps(Dict({"b": 1, 2: 2}), option=O.OPT_NON_STR_KEYS | O.OPT_SORT_KEYS) == b'{"2":2,"b":1}'
    moved = collections.OrderedDict(a=1, b=2)
    moved.move_to_end("a")
    if sys.implementation.name == "cpython":  # the order of the dict that it is underneath
        assert orjson.dumps(moved) == b'{"a":1,"b":2}'
    assert orjson.dumps(collections.defaultdict(list, a=[1])) == b'{"a":[1]}'


def test_passthrough_subclass():
    for value in (Str("a"), Int(5), List([1]), Dict(a=1)):
        words = refusal(orjson.dumps, value, option=O.OPT_PASSTHROUGH_SUBCLASS)[0]
        assert words == f"Type is not JSON serializable: {type(value).__name__}"
        assert orjson.dumps([value], lambda o: "d", O.OPT_PASSTHROUGH_SUBCLASS) == b'["d"]'
    assert orjson.dumps([True, "a"], option=O.OPT_PASSTHROUGH_SUBCLASS) == b'[true,"a"]'


# Enums


class Plain(enum.Enum):
    ONE = 1
    TEXT = "x"
    PAIR = (1, 2)
    OTHER = Other


class Number(enum.IntEnum):
    ONE = 1


class Text(str, enum.Enum):
    A = "a"


class Flags(enum.Flag):
    A = 1
    B = 2


class Real(float, enum.Enum):
    HALF = 0.5


class Computed(enum.Enum):
    A = 1

    @property
    def value(self):
        return {"computed": True}


class Meta(enum.EnumMeta):
    pass


class WithMeta(enum.Enum, metaclass=Meta):
    A = 1


def test_enums():
    values = [Plain.ONE, Plain.TEXT, Plain.PAIR, Number.ONE, Text.A, Flags.A | Flags.B, Real.HALF]
    assert orjson.dumps(values) == b'[1,"x",[1,2],1,"a",3,0.5]'
    assert orjson.dumps(values, option=O.OPT_PASSTHROUGH_SUBCLASS) == b'[1,"x",[1,2],1,"a",3,0.5]'
    assert orjson.dumps(Computed.A) == b'{"computed":true}'
    assert refusal(orjson.dumps, Plain.OTHER)[0] == "Type is not JSON serializable: type"
    assert orjson.dumps({"a": Plain.OTHER}, lambda o: o.__name__) == b'{"a":"Other"}'
    assert refusal(orjson.dumps, WithMeta.A)[0] == "Type is not JSON serializable: WithMeta"


# Dataclasses


@dataclasses.dataclass
class Point:
    x: int = 1
    _hidden: int = 2
    shared: typing.ClassVar[int] = 3
    start: dataclasses.InitVar[int] = 4
    y: object = dataclasses.field(default_factory=list)

    @functools.cached_property
    def cached(self):
        return 7

    @property
    def computed(self):
        return 8


@dataclasses.dataclass
class Slotted:
    __slots__ = ("a", "_b", "c")
    a: int
    _b: int
    c: object


class Undecorated(Point):
    pass


@dataclasses.dataclass
class Decorated(Slotted):
    z: int = 5


@dataclasses.dataclass
class Private:
    _a: int = 1


@dataclasses.dataclass
class Nothing:
    pass


@dataclasses.dataclass
class DataDict(dict):
    a: int = 1


def test_dataclasses():
    assert orjson.dumps(Point()) == b'{"x":1,"y":[]}'
    point = Point(y={"a": Point(5)})
    assert point.cached == 7
    point.extra = None
    point._extra = 1
    assert orjson.dumps([point]) == b'[{"x":1,"y":{"a":{"x":5,"y":[]}},"cached":7,"extra":null}]'
    assert orjson.dumps(Slotted(1, 2, Slotted(3, 4, None))) == b'{"a":1,"c":{"a":3,"c":null}}'
    assert orjson.dumps(Decorated(1, 2, 3)) == b'{"z":5}'  # it has a __dict__, and no __slots__ of its own
    assert refusal(orjson.dumps, Undecorated())[0] == "Type is not JSON serializable: Undecorated"
    assert refusal(orjson.dumps, Point)[0] == "Type is not JSON serializable: type"
    del point.x
    assert orjson.dumps(point).startswith(b'{"y":')


def test_dataclasses_keep_their_order():
    both = O.OPT_SORT_KEYS | O.OPT_NON_STR_KEYS
    assert orjson.dumps(Point(y={"b": 1, "a": 2}), option=both) == b'{"x":1,"y":{"a":2,"b":1}}'


def test_dataclasses_without_members():
    assert orjson.dumps([Nothing(), Private()]) == b"[{},{}]"
    assert orjson.dumps(Nothing(), option=O.OPT_INDENT_2) == b"{}"
    text = b'[\n  {\n    \n  },\n  {\n    "a": {\n      \n    }\n  }\n]'
    assert orjson.dumps([Private(), {"a": Private()}], option=O.OPT_INDENT_2) == text


def test_dataclasses_that_are_something_else():
    data = DataDict()
    data["k"] = 2
    subclass, dataclass = O.OPT_PASSTHROUGH_SUBCLASS, O.OPT_PASSTHROUGH_DATACLASS
    assert orjson.dumps(data) == orjson.dumps(data, option=dataclass) == b'{"k":2}'
    assert orjson.dumps(data, option=subclass) == b'{"a":1}'
    assert refusal(orjson.dumps, data, option=subclass | dataclass)[0].endswith(": DataDict")


def test_passthrough_dataclass():
    option = O.OPT_PASSTHROUGH_DATACLASS
    assert refusal(orjson.dumps, Point(), option=option)[0] == "Type is not JSON serializable: Point"
    assert orjson.dumps([Point()], dataclasses.asdict, option) == b'[{"x":1,"_hidden":2,"y":[]}]'


def test_odd_attributes_of_dataclasses():
    point = Point()
    point.__dict__[1] = 1
    assert refusal(orjson.dumps, point)[0] == "Dict key must be str"
    point = Point()
    point.__dict__["\ud800"] = 1
    assert refusal(orjson.dumps, point)[0] == "str is not valid UTF-8: surrogates not allowed"
    slotted = Slotted(1, 2, 3)
    del slotted.c  # for which orjson crashes
    words, cause = refusal(orjson.dumps, slotted)
    assert words == "Type is not JSON serializable: Slotted" and type(cause) is AttributeError


# Dates, times, UUIDs

UTC = dt.timezone.utc


def offset(**given):
    return dt.datetime(2020, 1, 1, tzinfo=dt.timezone(dt.timedelta(**given)))


@pytest.mark.parametrize(
    "value, text",
    [
        (dt.datetime(1, 1, 1), "0001-01-01T00:00:00"),
        (dt.datetime(999, 12, 31, 23, 59, 59, 1), "0999-12-31T23:59:59.000001"),
        (dt.datetime(2020, 1, 2, 3, 4, 5, 100), "2020-01-02T03:04:05.000100"),
        (dt.datetime(2020, 1, 2, 3, 4, 5, 12345), "2020-01-02T03:04:05.012345"),
        (dt.datetime(2020, 1, 2, tzinfo=UTC), "2020-01-02T00:00:00+00:00"),
        (offset(hours=5, minutes=30), "2020-01-01T00:00:00+05:30"),
        (offset(hours=-5), "2020-01-01T00:00:00-05:00"),
        (offset(seconds=29), "2020-01-01T00:00:00+00:00"),
        (offset(seconds=30), "2020-01-01T00:00:00+00:01"),
        (offset(seconds=-1), "2020-01-01T00:00:00-00:00"),
        (offset(seconds=-30), "2020-01-01T00:00:00-00:01"),
        (offset(hours=1, minutes=59, seconds=45), "2020-01-01T00:00:00+01:60"),
        (offset(microseconds=500), "2020-01-01T00:00:00+00:00"),
        (dt.datetime(2020, 7, 1, tzinfo=zoneinfo.ZoneInfo("America/New_York")), "2020-07-01T00:00:00-04:00"),
        (dt.datetime(1890, 1, 1, tzinfo=zoneinfo.ZoneInfo("Europe/Amsterdam")), None),
        (dt.date(1, 2, 3), "0001-02-03"),
        (dt.date(2020, 12, 31), "2020-12-31"),
        (dt.time(1, 2, 3), "01:02:03"),
        (dt.time(1, 2, 3, 4), "01:02:03.000004"),
        (dt.time(23, 59, 59, 999999), "23:59:59.999999"),
        (dt.time(1, 2, 3, 45678), "01:02:03.45678"),  # a mistake of orjson's: it is 0.045678 seconds
        (uuid.UUID(int=5), "00000000-0000-0000-0000-000000000005"),
        (uuid.UUID("12345678-9abc-def0-1234-56789ABCDEF0"), "12345678-9abc-def0-1234-56789abcdef0"),
    ],
)
def test_natives(value, text):
    if text is None:
        text = f"1890-01-01T00:00:00+00:{'20' if value.utcoffset().seconds % 3600 >= 1170 else '18'}"
    expected = f'"{text}"'.encode()
    assert orjson.dumps(value) == expected
    assert orjson.dumps([1, value, {"a": value}]) == b"[1," + expected + b',{"a":' + expected + b"}]"
    assert orjson.dumps({value: 1}, option=O.OPT_NON_STR_KEYS) == b"{" + expected + b":1}"


def test_options_of_dates():
    naive, aware = dt.datetime(2020, 1, 2, 3, 4, 5, 6), dt.datetime(2020, 1, 2, 3, 4, 5, 6, UTC)
    dumps = orjson.dumps
    assert dumps(naive, option=O.OPT_NAIVE_UTC) == b'"2020-01-02T03:04:05.000006+00:00"'
    assert dumps(naive, option=O.OPT_NAIVE_UTC | O.OPT_UTC_Z) == b'"2020-01-02T03:04:05.000006Z"'
    assert dumps(naive, option=O.OPT_UTC_Z) == b'"2020-01-02T03:04:05.000006"'
    assert dumps(aware, option=O.OPT_UTC_Z) == b'"2020-01-02T03:04:05.000006Z"'
    assert dumps(aware, option=O.OPT_OMIT_MICROSECONDS) == b'"2020-01-02T03:04:05+00:00"'
    assert dumps(dt.time(1, 2, 3, 4), option=O.OPT_OMIT_MICROSECONDS) == b'"01:02:03"'
    assert dumps(offset(hours=1), option=O.OPT_UTC_Z) == b'"2020-01-01T00:00:00+01:00"'
    assert dumps({aware: aware}, option=O.OPT_UTC_Z | O.OPT_NON_STR_KEYS).count(b"Z") == 2
    for value in (naive, aware, dt.date(2020, 1, 1), dt.time(1)):
        words = f"Type is not JSON serializable: datetime.{type(value).__name__}"
        assert refusal(dumps, value, option=O.OPT_PASSTHROUGH_DATETIME)[0] == words
        assert dumps([value], lambda o: "d", O.OPT_PASSTHROUGH_DATETIME) == b'["d"]'
        assert dumps({value: 1}, option=O.OPT_PASSTHROUGH_DATETIME | O.OPT_NON_STR_KEYS)  # values alone pass


def test_time_with_a_zone():
    words = "datetime.time must not have tzinfo set"
    assert refusal(orjson.dumps, dt.time(1, tzinfo=UTC))[0] == words
    assert refusal(orjson.dumps, {dt.time(1, tzinfo=UTC): 1}, option=O.OPT_NON_STR_KEYS)[0] == words


def test_tzinfo_of_ones_own():
    class Zone(dt.tzinfo):
        def utcoffset(self, when):
            return dt.timedelta(hours=1)

        def dst(self, when):
            return None

    class Pytz(Zone):
        def normalize(self, when):
            return dt.datetime(2021, 1, 1, tzinfo=dt.timezone(dt.timedelta(hours=7)))

    class Failing(dt.tzinfo):
        def utcoffset(self, when):
            raise ValueError("no")

    assert orjson.dumps(dt.datetime(2020, 1, 1, tzinfo=Zone())) == b'"2020-01-01T00:00:00+01:00"'
    assert orjson.dumps(dt.datetime(2020, 1, 1, tzinfo=Pytz())) == b'"2020-01-01T00:00:00+07:00"'
    words, cause = refusal(orjson.dumps, [dt.datetime(2020, 1, 1, tzinfo=Failing())])  # for which orjson crashes
    assert words.startswith("datetime's timezone library is not supported") and str(cause) == "no"


# Keys


def test_non_str_keys():
    value = {"1": 2, None: 3, 1.5: 5, dt.date(2020, 1, 1): 6, Plain.TEXT: 7, Str("s"): 8, Int(3): 9}
    text = b'{"1":2,"null":3,"1.5":5,"2020-01-01":6,"x":7,"s":8,"3":9}'
    assert orjson.dumps(value, option=O.OPT_NON_STR_KEYS) == text
    assert orjson.dumps([value], option=O.OPT_NON_STR_KEYS | O.OPT_PASSTHROUGH_SUBCLASS) == b"[" + text + b"]"
    assert orjson.dumps({False: [{2: 1, "a": 2}]}, option=O.OPT_NON_STR_KEYS) == b'{"false":[{"2":1,"a":2}]}'
    assert orjson.dumps({}, option=O.OPT_NON_STR_KEYS) == b"{}"
    assert orjson.dumps({2: 1, "10": 2}, option=O.OPT_NON_STR_KEYS | O.OPT_SORT_KEYS) == b'{"10":2,"2":1}'
    assert orjson.dumps({2: [1]}, option=O.OPT_NON_STR_KEYS | O.OPT_INDENT_2) == b'{\n  "2": [\n    1\n  ]\n}'
    for key in ((1,), b"1", frozenset(), object, dt.timedelta(1), orjson.Fragment("1"), Plain.PAIR, Real):
        words = "Dict key must a type serializable with OPT_NON_STR_KEYS"
        assert refusal(orjson.dumps, {"a": 1, key: 1}, str, O.OPT_NON_STR_KEYS)[0] == words


def test_keys_of_each_kind():
    """On their own, among others, indented, sorted, and with any value."""
    at = dt.datetime(2026, 11, 29, 1, 2, 3, 450)
    keys = {7: "7", -(2**63): str(-(2**63)), 2**63: str(2**63), 10**9: "1000000000", True: "true", None: "null"}
    keys |= {0.00001: "0.00001", -1e-7: "-1e-7", 1.5: "1.5", 1e300: "1e+300", float("inf"): "null", 2.5e-6: "2.5e-6"}
    keys |= {at: at.isoformat(), at.date(): "2026-11-29", at.time(): "01:02:03.000450", uuid.UUID(int=7): None}
    keys |= {at.replace(tzinfo=UTC): at.isoformat() + "+00:00", "é": "é", "😀" * 40: "😀" * 40, "": ""}
    keys |= {dt.datetime(1, 1, 1, tzinfo=dt.timezone(dt.timedelta(hours=-3))): "0001-01-01T00:00:00-03:00"}
    texts = [str(key) if text is None else text for key, text in keys.items()]
    values = [1, "é", [[], {1: {}}], {"a": {2: None}}, 1.5, Plain.TEXT, None, {}, {None: at}]
    plain = [1, "é", [[], {"1": {}}], {"a": {"2": None}}, 1.5, "x", None, {}, {"null": at.isoformat()}]

    pairs_of = functools.partial(json.loads, object_pairs_hook=list)

    def same(pairs, option=0):
        """Written with the members that are expected."""
        found = orjson.dumps({key: values[i] for key, _, i in pairs}, option=option | O.OPT_NON_STR_KEYS)
        members = ", ".join(f"{json.dumps(text)}: {json.dumps(plain[i])}" for _, text, i in pairs)
        assert pairs_of(found) == pairs_of(f"{{{members}}}")
        return found

    every = [(key, text, n % len(values)) for n, (key, text) in enumerate(zip(keys, texts, strict=True))]
    for one in every:
        same([one])
        same([("a", "a", 2), one, ("\U0001f600", "\U0001f600", 3)])
    same(every)
    indented = same(every, O.OPT_INDENT_2)
    assert indented.startswith(b'{\n  "7": 1,\n  "-9223372036854775808": "\xc3\xa9",\n')
    alone = [each for each in every if texts.count(each[1]) == 1]
    found = orjson.dumps({key: 0 for key, _, _ in alone}, option=O.OPT_NON_STR_KEYS | O.OPT_SORT_KEYS)
    assert list(json.loads(found)) == sorted(text for _, text, _ in alone)
    for alike in ({1: 1, "1": 2}, {"1": 1, 1: 2}, {None: 1, float("nan"): 2}):
        found = orjson.dumps(alike, option=O.OPT_NON_STR_KEYS | O.OPT_SORT_KEYS)
        assert [value for _, value in pairs_of(found)] == [1, 2]


@pytest.mark.parametrize("option", [0, O.OPT_SORT_KEYS])
def test_keys_that_default_changes(option):
    """While the dict is written: it ends, with members that were there."""
    for change in (
        lambda value: value.update({len(value): Other()}),
        lambda value: value.clear(),
        lambda value: value.update({(): 1}),
        lambda value: [value.pop(key) for key in list(value)[1:]],
    ):
        value = {number: Other() for number in range(20)}

        def default(_, value=value, change=change):
            change(value)
            return [{3: 4}]

        try:
            found = json.loads(orjson.dumps(value, default, option | O.OPT_NON_STR_KEYS))
        except TypeError as error:
            assert "Dict key" in str(error)
        else:
            assert 1 <= len(found) <= 40 and found["0"] == [{"3": 4}]


@native_only
def test_plain_keys_and_arrays_need_no_python_code():
    called = []

    def look(frame, event, _):
        if event == "call":
            called.append(frame.f_code.co_name)

    value = [{1: 2, "a": 3, None: {2.5: 1}}, {dt.date(2020, 1, 1): 1, uuid.UUID(int=1): {True: 1}}]
    try:
        numbers = pytest.importorskip("numpy").arange(4).reshape(2, 2)
    except pytest.skip.Exception:
        numbers = []
    options = O.OPT_NON_STR_KEYS | O.OPT_SERIALIZE_NUMPY
    orjson.dumps(numbers, option=options)
    sys.setprofile(look)
    try:
        orjson.dumps([value, numbers, numbers], option=options)
        orjson.dumps(value, option=options | O.OPT_SORT_KEYS)
    finally:
        sys.setprofile(None)
    assert called == []


# Fragments


def test_fragments():
    fragment = orjson.Fragment(b"[1 , 2]")
    assert orjson.dumps(fragment) == b"[1 , 2]"
    values = [fragment, orjson.Fragment("x y"), {"a": orjson.Fragment('"é"')}, orjson.Fragment(b"\xff")]
    assert orjson.dumps(values) == b'[[1 , 2],x y,{"a":"\xc3\xa9"},\xff]'
    assert orjson.dumps([fragment], option=O.OPT_INDENT_2) == b"[\n  [1 , 2]\n]"
    for contents in (1, None, bytearray(b"1"), Str("1")):
        words = "orjson.Fragment's content is not of type bytes or str"
        assert refusal(orjson.dumps, orjson.Fragment(contents))[0] == words
    words = "str is not valid UTF-8: surrogates not allowed"
    assert refusal(orjson.dumps, [orjson.Fragment("\ud800")])[0] == words


def test_fragments_are_closed():
    for args, kwargs in [((), {}), ((1, 2), {}), ((), {"contents": b"1"})]:
        with pytest.raises(TypeError, match=r"orjson.Fragment\(\) takes exactly 1 positional argument"):
            orjson.Fragment(*args, **kwargs)
    fragment = orjson.Fragment(b"1")
    with pytest.raises(TypeError, match="not an acceptable base type"):
        type("Sub", (orjson.Fragment,), {})
    with pytest.raises(AttributeError):
        fragment.x = 1
    with pytest.raises(AttributeError):
        _ = fragment.contents
    for function in (copy.copy, pickle.dumps):
        with pytest.raises(TypeError, match="cannot pickle"):
            function(fragment)
    assert fragment != orjson.Fragment(b"1") and hash(fragment)


# NumPy


def numpy():
    return pytest.importorskip("numpy")


def test_numpy_needs_its_option():
    np = numpy()
    for value in (np.int64(1), np.array([1]), np.float64(1)):
        words = f"Type is not JSON serializable: numpy.{type(value).__name__}"
        assert refusal(orjson.dumps, value)[0] == words


def test_numpy_scalars():
    np = numpy()
    values = [np.int8(-5), np.uint8(200), np.int16(-3), np.uint32(3), np.int64(-(2**63)), np.uint64(2**64 - 1)]
    values += [np.float64(0.1), np.float64(1e-7), np.float32(0.1), np.float32(1e16), np.float32(1e-6), np.float32(1e-7)]
    values += [np.float32(1e12), np.float32(1e13), np.float32(16777216), np.float32("nan"), np.float16(0.1)]
    values += [np.float16(65504), np.bool_(True), np.bool_(False), np.str_("x")]
    text = b"[-5,200,-3,3,-9223372036854775808,18446744073709551615,0.1,1e-7,0.1,1e+16,0.000001,1e-7,"
    text += b'1000000000000.0,1e+13,16777216.0,null,0.099975586,65504.0,true,false,"x"]'
    assert orjson.dumps(values, option=O.OPT_SERIALIZE_NUMPY) == text
    for value in (np.longdouble(1), np.complex64(1), np.bytes_(b"x"), np.timedelta64(1, "s")):
        words = f"Type is not JSON serializable: numpy.{type(value).__name__}"
        assert refusal(orjson.dumps, value, option=O.OPT_SERIALIZE_NUMPY)[0] == words
    words = "Dict key must a type serializable with OPT_NON_STR_KEYS"
    assert refusal(orjson.dumps, {np.int64(1): 1}, option=O.OPT_SERIALIZE_NUMPY | O.OPT_NON_STR_KEYS)[0] == words


def test_numpy_datetimes():
    np = numpy()

    def dumps(value, option=0):
        return orjson.dumps(value, option=option | O.OPT_SERIALIZE_NUMPY)

    for text, written in [
        ("2020", "2020-01-01T00:00:00"),
        ("2020-05", "2020-05-01T00:00:00"),
        ("1500-01-01", "1500-01-01T00:00:00"),
        ("0000-01-01", "0000-01-01T00:00:00"),
        ("2020-01-01T03", "2020-01-01T03:00:00"),
        ("2020-01-01T03:04:05.123", "2020-01-01T03:04:05.123000"),
        ("1969-12-31T23:59:59.999999999", "1969-12-31T23:59:59.999999"),
    ]:
        value = np.datetime64(text)
        assert dumps(value) == f'"{written}"'.encode()
        assert dumps(np.array([value])) == f'["{written}"]'.encode()
        assert dumps(value, O.OPT_NAIVE_UTC | O.OPT_UTC_Z) == f'"{written}Z"'.encode()
        assert dumps(value, O.OPT_OMIT_MICROSECONDS) == f'"{written[:19]}"'.encode()
    for value, words in [
        (np.datetime64(-719529, "D"), "unrepresentable numpy.datetime64: -719529 days"),
        (np.datetime64("9999-12-31T23:59:59"), "unrepresentable numpy.datetime64: 253402300799 seconds"),
        (np.datetime64("1965-03"), "unrepresentable numpy.datetime64: -58 months"),
        (np.datetime64(8030, "Y"), "unrepresentable numpy.datetime64: 8030 years"),
        (np.datetime64("NaT"), "unsupported numpy.datetime64 unit: NaT"),
        (np.datetime64(1, "ps"), "unsupported numpy.datetime64 unit: picoseconds"),
    ]:
        assert refusal(dumps, value)[0] == words


def test_numpy_arrays():
    np = numpy()

    def dumps(value, *default, option=0):
        return orjson.dumps(value, *default, option=option | O.OPT_SERIALIZE_NUMPY)

    assert (
        dumps(np.arange(24).reshape(2, 3, 4))
        == json.dumps(np.arange(24).reshape(2, 3, 4).tolist(), separators=(",", ":")).encode()
    )
    for dtype in ("i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8"):
        assert dumps(np.array([[1, 2], [3, 4]], dtype)) == b"[[1,2],[3,4]]"
    assert dumps(np.array([1.5, np.nan, np.inf, 1e16, 1e-7])) == b"[1.5,null,null,1e+16,1e-7]"
    assert dumps(np.array([1.5, 0.1], np.float32)) == b"[1.5,0.1]"
    assert dumps(np.array([1.5, 0.1], np.float16)) == b"[1.5,0.099975586]"
    assert dumps(np.array([True, False])) == b"[true,false]"
    for shape, text in [((0,), b"[]"), ((2, 0), b"[[],[]]"), ((0, 3), b"[]"), ((2, 1, 0), b"[[[]],[[]]]")]:
        assert dumps(np.zeros(shape)) == text
    assert dumps({"a": np.array([[1], [2]])}, option=O.OPT_INDENT_2) == (
        b'{\n  "a": [\n    [\n      1\n    ],\n    [\n      2\n    ]\n  ]\n}'
    )
    contiguous = "numpy array is not C contiguous; use ndarray.tolist() in default"
    unsupported = "unsupported datatype in numpy array"
    for array, words in [
        (np.array([[1, 2], [3, 4]]).T, contiguous),
        (np.arange(6)[::2], contiguous),
        (np.array(5), unsupported),
        (np.array(["a"]), unsupported),
        (np.array([None]), unsupported),
        (np.array([1], "m8[s]"), unsupported),
        (np.array([1j]), unsupported),
    ]:
        assert refusal(dumps, array)[0] == words
        assert dumps([array], lambda o: "made") == b'["made"]'
    swapped = np.array([1, 2], ">i4" if sys.byteorder == "little" else "<i4")
    assert refusal(dumps, swapped, str)[0] == "numpy array is not native-endianness"
    assert dumps(np.arange(6)[::2], lambda o: o.tolist()) == b"[0,2,4]"
