"""Values of the standard library's types are written as the page "Class instances" says."""

import array
import base64
import collections
import collections.abc
import datetime as dt
import decimal
import enum
import ipaddress
import json
import pathlib
import re
import types
import uuid
import zoneinfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.compare import PYPY
from support.instances import knows_instances, written

import cyjson

pytestmark = knows_instances


def text(value):
    """The JSON string of a str."""
    return json.dumps(value, ensure_ascii=False).encode()


# Dates and times

RFC_3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)")

OFFSETS = st.integers(-1439, 1439).map(lambda minutes: dt.timezone(dt.timedelta(minutes=minutes)))
ODD_OFFSETS = st.timedeltas(
    min_value=dt.timedelta(hours=-24, microseconds=1), max_value=dt.timedelta(hours=24, microseconds=-1)
).map(dt.timezone)
ZONES = st.sampled_from(["UTC", "Europe/Paris", "America/St_Johns", "Asia/Kathmandu", "Africa/Monrovia"])


def zones():
    try:
        return ZONES.map(zoneinfo.ZoneInfo)
    except zoneinfo.ZoneInfoNotFoundError:
        return st.none()


@given(st.datetimes(timezones=st.one_of(st.none(), st.just(dt.timezone.utc), OFFSETS, ODD_OFFSETS)))
def test_datetime(value):
    assert written(value) == text(value.isoformat())


@given(st.datetimes(timezones=zones()))
def test_datetime_in_a_zone(value):
    for fold in 0, 1:
        value = value.replace(fold=fold)
        assert cyjson.encode(value) == text(value.isoformat())


@given(st.datetimes(timezones=OFFSETS, allow_imaginary=True))
def test_datetime_is_that_of_the_rfc(value):
    (found,) = json.loads(cyjson.encode([value]))
    assert RFC_3339.fullmatch(found)
    assert dt.datetime.fromisoformat(found) == value


class Offset(dt.tzinfo):
    """A time zone of a program."""

    def __init__(self, offset):
        self.offset = offset

    def utcoffset(self, moment):
        return self.offset

    def tzname(self, moment):
        return "odd"

    def dst(self, moment):
        return None


@pytest.mark.parametrize("offset", [None, dt.timedelta(0), dt.timedelta(hours=-3, seconds=1), dt.timedelta(0, 1, 2)])
def test_own_time_zones(offset):
    moment = dt.datetime(1, 2, 3, 4, 5, 6, 7, Offset(offset))
    assert written(moment) == text(moment.isoformat())
    assert written(moment.timetz()) == text(moment.timetz().isoformat())


@given(st.dates())
def test_date(value):
    assert written(value) == text(value.isoformat())


@given(st.times(timezones=st.one_of(st.none(), OFFSETS)))
def test_time(value):
    assert written(value) == text(value.isoformat())


class OwnMoment(dt.datetime):
    def isoformat(self, *args):
        return "own é"


class OwnDay(dt.date):
    pass


class OwnTime(dt.time):
    def isoformat(self, *args):
        return 1


def test_subclasses_of_dates_have_their_own_isoformat():
    assert written(OwnMoment(2026, 1, 1)) == text("own é")
    assert written(OwnDay(2026, 1, 1)) == b'"2026-01-01"'
    with pytest.raises(TypeError, match=r"isoformat\(\) must return a str, not int"):
        cyjson.encode(OwnTime())


DURATION = re.compile(r"(-?)P(?:(\d+)D)?(?:T(\d+)(?:\.(\d{1,6}))?S)?")


@given(st.timedeltas())
def test_timedelta(value):
    found = json.loads(written(value))
    sign, days, seconds, fraction = DURATION.fullmatch(found).groups()
    again = dt.timedelta(int(days or 0), int(seconds or 0), int((fraction or "").ljust(6, "0")))
    assert (-again if sign else again) == value
    assert found != "P" and not found.endswith("T") and not (fraction or "1").endswith("0")


@pytest.mark.parametrize(
    "value, expected",
    [
        (dt.timedelta(0), "P0D"),
        (dt.timedelta(1, 2.5), "P1DT2.5S"),
        (dt.timedelta(hours=1), "PT3600S"),
        (dt.timedelta(-1), "-P1D"),
        (dt.timedelta(microseconds=-1), "-PT0.000001S"),
        (dt.timedelta.max, "P999999999DT86399.999999S"),
        (dt.timedelta.min, "-P999999999D"),
    ],
)
def test_timedelta_as_it_is_spelt(value, expected):
    assert written(value) == text(expected)


@given(st.timedeltas())
def test_timedelta_as_msgspec(value):
    msgspec = pytest.importorskip("msgspec")
    assert cyjson.encode(value) == msgspec.json.encode(value)


# Numbers and names


@given(st.uuids())
def test_uuid(value):
    assert written(value) == text(str(value))


class OwnUUID(uuid.UUID):
    def __str__(self):
        return "own"


def test_subclass_of_uuid():
    assert written(OwnUUID(int=1)) == b'"own"'


@given(st.decimals())
def test_decimal(value):
    assert written(value) == text(str(value))


@pytest.mark.parametrize("value", ["0", "-0", "1E+400", "1.10", "0E-20", "NaN", "sNaN", "-Infinity", "123456789" * 9])
def test_decimal_as_it_is_spelt(value):
    assert written(decimal.Decimal(value)) == text(str(decimal.Decimal(value)))


@given(st.fractions())
def test_fraction(value):
    assert written(value) == text(str(value))


class Colour(enum.Enum):
    RED = "red"
    DEEP = (1, "é", None)
    SINCE = dt.date(2026, 1, 1)


class Number(enum.IntEnum):
    ONE = 1
    HUGE = 1 << 70


class Name(str, enum.Enum):
    PLAIN = "plain"


class Access(enum.Flag):
    READ = 1
    WRITE = 2


class Bits(enum.IntFlag):
    A = 1
    B = 2


class Own(enum.Enum):
    ONE = 1

    @property
    def value(self):
        return ["own", self._value_]


class Mixed(int, enum.Enum):
    def __new__(cls, number, text):
        obj = int.__new__(cls, number)
        obj._value_ = text
        return obj

    A = 1, "one"


@pytest.mark.parametrize(
    "member, expected",
    [
        (Colour.RED, b'"red"'),
        (Colour.DEEP, '[1,"é",null]'.encode()),
        (Colour.SINCE, b'"2026-01-01"'),
        (Number.ONE, b"1"),
        (Number.HUGE, b"%d" % (1 << 70)),
        (Name.PLAIN, b'"plain"'),
        (Access.READ | Access.WRITE, b"3"),
        (Access(0), b"0"),
        (Bits.A | Bits.B, b"3"),
        (Own.ONE, b'["own",1]'),
        (Mixed.A, b'"one"'),
    ],
)
def test_enum(member, expected):
    assert written(member) == expected


def test_enum_made_by_a_call():
    assert written(enum.Enum("Made", "A B").B) == b"2"


# Strings


@pytest.mark.parametrize(
    "value",
    [
        pathlib.Path("a/é"),
        pathlib.PurePosixPath("/x"),
        pathlib.PureWindowsPath("c:\\x"),
        ipaddress.ip_address("127.0.0.1"),
        ipaddress.ip_address("::1"),
        ipaddress.ip_network("10.0.0.0/8"),
        ipaddress.ip_network("2001:db8::/32"),
        ipaddress.ip_interface("10.1.2.3/8"),
        ipaddress.ip_interface("2001:db8::1/32"),
        collections.UserString('a"b'),
    ],
    ids=repr,
)
def test_strings(value):
    assert written(value) == text(str(value))


def test_zone():
    try:
        zone = zoneinfo.ZoneInfo("Europe/Paris")
    except zoneinfo.ZoneInfoNotFoundError:
        pytest.skip("no time zones here")
    assert written(zone) == b'"Europe/Paris"'


# Bytes


class OwnBytes(bytes):
    pass


@given(st.binary())
def test_bytes_like(data):
    expected = text(base64.b64encode(data).decode())
    for value in data, bytearray(data), memoryview(data), OwnBytes(data), memoryview(bytearray(data)):
        assert cyjson.encode(value) == expected


def test_memoryviews_of_other_shapes():
    data = bytes(range(24))
    assert cyjson.encode(memoryview(data)[::2]) == text(base64.b64encode(data[::2]).decode())
    assert cyjson.encode(memoryview(data).cast("i")) == text(base64.b64encode(data).decode())
    assert cyjson.encode(memoryview(data).cast("B", (4, 6))) == text(base64.b64encode(data).decode())
    released = memoryview(data)
    released.release()
    with pytest.raises(ValueError):
        cyjson.encode(released)


# Arrays


class OwnSequence(collections.abc.Sequence):
    def __len__(self):
        return 2

    def __getitem__(self, index):
        if index >= 2:
            raise IndexError
        return index


class OwnSet(collections.abc.Set):
    def __contains__(self, value):
        return value == 1

    def __iter__(self):
        return iter([1])

    def __len__(self):
        return 1


@pytest.mark.parametrize(
    "value, expected",
    [
        (set(), b"[]"),
        ({1}, b"[1]"),
        (frozenset(["a"]), b'["a"]'),
        (collections.deque([1, [2]], 5), b"[1,[2]]"),
        (range(3), b"[0,1,2]"),
        (range(0), b"[]"),
        ({1: 2}.keys(), b"[1]"),
        ({1: 2}.values(), b"[2]"),
        ({1: 2}.items(), b"[[1,2]]"),
        (collections.OrderedDict(a=1).values(), b"[1]"),
        (types.MappingProxyType({"a": 1}).keys(), b'["a"]'),
        (array.array("d", [1.5]), b"[1.5]"),
        (array.array("i"), b"[]"),
        (collections.UserList([1]), b"[1]"),
        (OwnSequence(), b"[0,1]"),
        (OwnSet(), b"[1]"),
        ([dt.date(2026, 1, 1)], b'["2026-01-01"]'),
        ({dt.date(2026, 1, 1)}, b'["2026-01-01"]'),
    ],
)
def test_arrays(value, expected):
    assert written(value) == expected


@given(st.sets(st.one_of(st.integers(), st.text(), st.dates()), max_size=20))
def test_sets_keep_their_order(value):
    expected = [each.isoformat() if isinstance(each, dt.date) else each for each in value]
    assert json.loads(cyjson.encode(value)) == json.loads(cyjson.encode(value, sort_keys=True)) == expected


class Countdown:
    """An iterator of a program."""

    def __init__(self, start):
        self.left = start

    def __iter__(self):
        return self

    def __next__(self):
        if self.left == 0:
            raise StopIteration
        self.left -= 1
        return self.left


@pytest.mark.parametrize(
    "make",
    [
        lambda: (n for n in (1, "a", None)),
        lambda: iter([1, "a", None]),
        lambda: filter(lambda n: True, [1, "a", None]),
        lambda: iter({1: 0, "a": 0, None: 0}),
        lambda: reversed([None, "a", 1]),
    ],
)
def test_iterators(make):
    assert cyjson.encode(make()) == b'[1,"a",null]'
    assert cyjson.encode({"k": [make()]}) == b'{"k":[[1,"a",null]]}'
    assert cyjson.encode(make(), indent=1) == json.dumps([1, "a", None], indent=1).encode()
    gone = make()
    list(gone)
    assert cyjson.encode([gone, gone]) == b"[[],[]]"
    assert cyjson.encode(gone, indent=1) == b"[]"


def test_own_iterators():
    assert cyjson.encode(Countdown(3)) == b"[2,1,0]"


def test_what_can_be_iterated_alone_is_no_array():
    class Iterable:
        def __iter__(self):
            return iter([1])

    with pytest.raises(TypeError, match="Object of type Iterable is not JSON serializable"):
        cyjson.encode(Iterable())
    assert cyjson.encode(Iterable(), default=list) == b"[1]"


# Objects


class OwnMapping(collections.abc.Mapping):
    def __init__(self, members):
        self.members = members

    def __getitem__(self, key):
        return self.members[key]

    def __iter__(self):
        return iter(self.members)

    def __len__(self):
        return len(self.members)


class OwnDict(dict):
    def items(self):
        return [("own", 1)]


@pytest.mark.parametrize(
    "value, expected",
    [
        (types.MappingProxyType({"b": 1, "a": [2]}), b'{"b":1,"a":[2]}'),
        (collections.ChainMap({"a": 1}, {"a": 2, "b": 3}), b'{"a":1,"b":3}'),
        (collections.UserDict(a=1), b'{"a":1}'),
        (collections.UserDict(), b"{}"),
        (OwnMapping({2: 2, 10: None}), b'{"2":2,"10":null}'),
        (collections.Counter("aab"), b'{"a":2,"b":1}'),
        (collections.defaultdict(list, a=1), b'{"a":1}'),
        (OwnDict(a=2), b'{"own":1}'),
        (OwnDict(), b"{}"),
    ],
)
def test_objects(value, expected):
    if isinstance(value, collections.ChainMap):
        assert json.loads(written(value)) == json.loads(expected)
    else:
        assert written(value) == expected
    members = dict(value.items()) if value else {}
    assert cyjson.encode(value, sort_keys=True) == json.dumps(members, sort_keys=True, separators=(",", ":")).encode()


@given(st.dictionaries(st.text(), st.one_of(st.integers(), st.text(), st.lists(st.booleans()))))
def test_mappings_as_dicts(members):
    for options in {}, {"indent": 2}, {"sort_keys": True}, {"separators": ("; ", "= ")}:
        expected = cyjson.encode(members, **options)
        for wrap in types.MappingProxyType, collections.UserDict, OwnMapping, collections.OrderedDict:
            assert cyjson.encode(wrap(members), **options) == expected


# Basic types stay json's


class Str(str):
    def __str__(self):
        return "not this"


class Int(int):
    def __repr__(self):
        return "not this"


class Float(float):
    def __repr__(self):
        return "not this"


class List(list):
    def __iter__(self):
        return iter(["not this"])


class Tuple(tuple):
    def __iter__(self):
        return iter(["not this"])


@pytest.mark.skipif(PYPY, reason="PyPy's json asks the subclasses")
@pytest.mark.parametrize(
    "value", [Str("é"), Int(5), Float(2.5), List([1]), Tuple([2]), collections.namedtuple("T", "a")(1)]
)
def test_subclasses_of_basic_types(value):
    expected = json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()
    assert written(value) == expected
    with_instances = cyjson.encode([value, {"k": value}, dt.date(1, 1, 1)])
    assert with_instances == b'[%b,{"k":%b},"0001-01-01"]' % (expected, expected)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.lists(inner).map(tuple),
)


@given(JSON, st.sampled_from([{}, {"indent": 1}, {"sort_keys": True}, {"indent": "", "separators": (" ,", "\t:")}]))
def test_documents_beside_an_instance(value, options):
    """Whatever is written differently where there is an instance in the document."""
    whole = cyjson.encode([value, "0001-01-01"], **options)
    assert cyjson.encode([value, dt.date(1, 1, 1)], **options) == whole
    assert json.loads(whole) == json.loads(json.dumps([value, "0001-01-01"]))


def test_what_has_no_form():
    for value in 1j, object(), type, Colour, ..., NotImplemented, len, types.SimpleNamespace(a=1), re.compile("a"):
        with pytest.raises(TypeError, match="is not JSON serializable"):
            cyjson.encode(value)
        assert cyjson.encode([value], default=lambda obj: "made") == b'["made"]'


@pytest.mark.parametrize("value", [{1}, dt.date(1, 1, 1), b"a", decimal.Decimal(1), collections.deque()])
def test_dumps_knows_none_of_it(value):
    for write in cyjson.dumps, cyjson.JSONEncoder().encode, lambda obj: "".join(cyjson.JSONEncoder().iterencode(obj)):
        with pytest.raises(TypeError, match="is not JSON serializable"):
            write([value])
    assert cyjson.dumps([value], default=lambda obj: "made") == '["made"]'
