"""Lists of instances of one class are written in one go, as long as nothing runs Python code: what comes out is what
each item alone is written as, whatever is among them and whatever happens meanwhile."""

import copyreg
import dataclasses
import datetime as dt
import enum
import gc
import json
import uuid
import zoneinfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.compare import counts_levels
from support.instances import knows_instances, notes_of, told_at, written

import cyjson

pytestmark = knows_instances


@dataclasses.dataclass
class Pair:
    first: object
    second: object


@dataclasses.dataclass(slots=True)
class Slotted:
    first: object
    second: object


@dataclasses.dataclass
class Numbers:
    a: object
    bb: object
    a_name_of_more_than_sixteen_bytes: object
    a_name_of_more_than_thirty_two_bytes_as_json: object
    e: object
    f: object


class Level(enum.Enum):
    LOW = 1
    HIGH = "high"
    LIST = [1, 2]
    PAIR = Pair(1, 2)


def apart(items):
    """What a list is written as, each item on its own."""
    return b"[%b]" % b",".join(cyjson.encode(item) for item in items)


INTEGERS = st.one_of(
    st.integers(0, 10**7),
    st.integers(-(10**3), 10**3),
    st.sampled_from([0, 9, 10, 99, 999, 1000, 999_999, 10**6, 99_999_999, 10**8, 2**30 - 1, 2**30, 2**63, -(2**64)]),
)
LEAVES = st.one_of(
    INTEGERS, st.none(), st.booleans(), st.text(max_size=40), st.floats(allow_nan=False, allow_infinity=False)
)


@given(st.lists(st.lists(INTEGERS, min_size=6, max_size=6), max_size=5))
def test_ints(rows):
    found = json.loads(cyjson.encode([Numbers(*row) for row in rows]))
    assert [list(each.values()) for each in found] == rows
    assert all(list(each) == [field.name for field in dataclasses.fields(Numbers)] for each in found)


NATIVES = st.one_of(
    st.datetimes(timezones=st.sampled_from([None, dt.timezone.utc, dt.timezone(dt.timedelta(hours=-3, seconds=7))])),
    st.dates(),
    st.times(),
    st.uuids(),
    st.sampled_from(Level),
)
CLASSES = st.sampled_from([Pair, Slotted])
ITEMS = st.recursive(
    st.one_of(LEAVES, NATIVES, st.builds(lambda cls, a, b: cls(a, b), CLASSES, LEAVES, LEAVES)),
    lambda items: st.one_of(
        st.lists(items, max_size=4), st.builds(lambda cls, a, b: cls(a, b), CLASSES, items, st.lists(items, max_size=3))
    ),
    max_leaves=25,
)


@given(st.lists(ITEMS, max_size=12))
def test_all_that_may_come_one_after_another(items):
    assert cyjson.encode(items) == apart(items)
    assert cyjson.encode(Pair(items, 1)) == b'{"first":%b,"second":1}' % apart(items)
    assert json.loads(cyjson.encode(items, indent=1)) == json.loads(apart(items))


def test_long_runs():
    for make in (
        lambda i: Pair(i, str(i)),
        lambda i: Slotted([i], {"k": i}),
        lambda i: Pair(Slotted(i, None), [Pair(i, -i)] * (i % 3)),
        lambda i: dt.datetime(2026, 1 + i % 12, 1, microsecond=i % 3),
        lambda i: dt.date(1 + i, 1, 31),
        lambda i: uuid.UUID(int=i**11),
        lambda i: list(Level)[i % 4],
        lambda i: Pair(1, "é" * 3000 if i % 50 == 7 else "\n"),
    ):
        items = [make(i) for i in range(300)]
        assert cyjson.encode(items) == apart(items)
        written(items[:9])


@pytest.mark.parametrize("value", [0, 1, 2**64 - 1, 2**64, 2**128 - 1, 0x0123456789ABCDEF_FEDCBA9876543210])
def test_uuids(value):
    one = uuid.UUID(int=value)
    assert written([one, one]) == b'["%s","%s"]' % ((str(one).encode(),) * 2)
    assert cyjson.Codec(types={uuid.UUID: "hex"}).encode([one]) == b'["%s"]' % one.hex.encode()


class Own(dt.tzinfo):
    """Python code among datetimes, which does what it is told to."""

    def __init__(self, act=lambda: None):
        self.act = act

    def utcoffset(self, moment):
        self.act()
        return dt.timedelta(minutes=90)

    def tzname(self, moment):
        return "own"

    def dst(self, moment):
        return None


class OwnZone(zoneinfo.ZoneInfo):
    def utcoffset(self, moment):
        return dt.timedelta(hours=1)


def zones():
    yield from (None, dt.timezone.utc, Own())
    for offset in dt.timedelta(hours=5, minutes=30), dt.timedelta(-1, 1), dt.timedelta(0), dt.timedelta(0, 59, 1):
        yield dt.timezone(offset, "named")
    for name in "Europe/Paris", "America/St_Johns", "Africa/Monrovia", "UTC":
        for cls in zoneinfo.ZoneInfo, OwnZone:
            try:
                yield cls(name)
            except zoneinfo.ZoneInfoNotFoundError:
                return


def test_time_zones():
    moments = [dt.datetime(1883 + i * 3, 1 + i % 12, 28, i % 24, i * 7 % 60, fold=i % 2) for i in range(50)]
    for zone in zones():
        aware = [moment.replace(tzinfo=zone) for moment in moments]
        expected = [moment.isoformat() for moment in aware]
        for _ in range(2):  # the second time the class of the time zone is known
            assert json.loads(cyjson.encode(aware)) == expected
        times = [moment.timetz() for moment in aware]
        assert json.loads(cyjson.encode(times)) == [time.isoformat() for time in times]
        z = cyjson.Codec(types={dt.datetime: "z"}).encode(aware[-1:])
        text = expected[-1]
        assert json.loads(z) == [text.removesuffix("+00:00") + "Z" if text.endswith("+00:00") else text]
    mixed = [moment.replace(tzinfo=zone) for moment, zone in zip(moments, list(zones()) * 5)]
    assert json.loads(cyjson.encode(mixed)) == [moment.isoformat() for moment in mixed]


def test_time_zone_whose_offset_is_a_day(tmp_path):
    """A file may say so; datetime refuses it."""
    zone = tmp_path / "zone"
    header = b"TZif" + b"\0" * 16
    counts = b"".join(n.to_bytes(4, "big") for n in (0, 0, 0, 0, 1, 4))
    body = (86400).to_bytes(4, "big") + b"\0\0" + b"ODD\0"
    zone.write_bytes(header + counts + body)
    try:
        with zone.open("rb") as file:
            odd = zoneinfo.ZoneInfo.from_file(file)
    except ValueError:
        pytest.skip("zoneinfo refuses it here")
    moment = dt.datetime(2026, 1, 1, tzinfo=odd)
    try:
        expected = json.dumps([moment.isoformat()]).encode()
    except ValueError:
        for _ in range(2):
            told_at("$[0]", lambda: cyjson.encode([moment]), ValueError)
    else:
        assert cyjson.encode([moment]) == expected


def test_list_that_shrinks_meanwhile():
    """What comes after is gone, with the instances that were in it."""
    items = []

    def act():
        del items[3:]
        gc.collect()

    for other in (
        lambda: dt.datetime(2026, 1, 1),
        lambda: Pair(1, [2]),
        lambda: Slotted("x", "y"),
        lambda: uuid.uuid4(),
        lambda: Level.PAIR,
    ):
        items[:] = [other(), other(), dt.datetime(2026, 1, 1, tzinfo=Own(act)), *(other() for _ in range(50))]
        assert cyjson.encode(items) == apart(items) and len(items) == 3
        items[:] = [other(), other(), Pair(dt.datetime(2026, 1, 1, tzinfo=Own(act)), 5), *(other() for _ in range(50))]
        assert cyjson.encode(items) == apart(items) and len(items) == 3


def test_instance_that_changes_meanwhile():
    pair = Pair(None, 5)

    def act():
        pair.__dict__ = {"second": "other", "first": 0}

    pair.first = dt.datetime(2026, 1, 1, tzinfo=Own(act))
    assert cyjson.encode([Pair(1, 2), pair, Pair(3, 4)]) == (
        b'[{"first":1,"second":2},{"first":"2026-01-01T00:00:00+01:30","second":"other"},{"first":3,"second":4}]'
    )


def test_class_that_changes_meanwhile():
    cls = dataclasses.make_dataclass("cls", ["a", "b"])

    def act():
        cls.b = property(lambda self: "property")

    items = [cls(1, 2), cls(dt.datetime(2026, 1, 1, tzinfo=Own(act)), 3), cls(4, 5)]
    data = cyjson.encode(items)
    assert data.startswith(b'[{"a":1,"b":2},{"a":"2026-01-01T00:00:00+01:30","b":')
    assert data.endswith(b'},{"a":4,"b":"property"}]')


def test_where_it_fails():
    told_at("$[2].second", lambda: cyjson.encode([Pair(1, 2), Pair(3, 4), Pair(5, object())]), TypeError)
    told_at("$[1].second[0]", lambda: cyjson.encode([Pair(1, [2]), Pair(3, [float("nan")])]), ValueError)
    told_at("$[1].first", lambda: cyjson.encode([Pair(1, 2), Pair("\ud800", 4)]), UnicodeEncodeError)
    told_at("$[2]", lambda: cyjson.encode([Level.LOW, Level.HIGH, object()]), TypeError)

    def act():
        raise OSError("no time")

    moments = [dt.datetime(2026, 1, 1), dt.datetime(2026, 1, 1, tzinfo=Own(act))]
    told_at("$[1]", lambda: cyjson.encode(moments), OSError, "no time")
    missing = [Pair(1, 2), Pair(3, 4)]
    del missing[1].first
    notes_of(lambda: cyjson.encode(missing), AttributeError, "first")


def test_unset_among_others():
    """Of a program that has msgspec, any field may be UNSET."""
    unset = pytest.importorskip("msgspec").UNSET
    cls = dataclasses.make_dataclass("cls", ["a", "b", "c"])  # which is planned now that msgspec is there
    for made in cls, dataclasses.make_dataclass("slotted", ["a", "b", "c"], slots=True):
        items = [made(1, 2, 3), made(unset, 2, "x"), made(1, unset, 3), made([], {}, unset), made(unset, unset, unset)]
        found = b'[{"a":1,"b":2,"c":3},{"b":2,"c":"x"},{"a":1,"c":3},{"a":[],"b":{}},{}]'
        assert cyjson.encode(items) == found
        assert cyjson.encode(items * 3, sort_keys=True) == found[:-1] + b"," + found[1:-1] + b"," + found[1:]


def test_circles():
    items = [Pair(1, 2), Pair(3, 4)]
    items[1].second = items
    with pytest.raises(ValueError, match="Circular reference detected"):
        cyjson.encode(items)
    items[1].second = items[1]
    with pytest.raises(ValueError, match="Circular reference detected"):
        cyjson.encode(items)


@counts_levels
def test_depth():
    deep = None
    for _ in range(100_000):
        deep = [Pair(deep, 0)]
    with pytest.raises(RecursionError):
        cyjson.encode(deep)
    while deep is not None:  # which would be too deep for the interpreter, too
        deep = deep[0].first


class Opaque:
    """What default() is asked for."""


def test_runs_after_default():
    """Python code has run: what comes after is written as before."""
    rows = [Pair(1, "two"), Pair(None, [3, {"k": Slotted(4.5, "x")}]), Pair([], 2**70), Slotted(True, None)]
    after = [*rows, Numbers(*range(6)), Level.LOW, Level.PAIR, *rows * 20, {"a": rows}]
    after += [Pair(i, i) for i in range(90)]
    for options in {}, {"sort_keys": True}, {"check_circular": False}:
        alone = [cyjson.encode(item, **options) for item in after]
        data = cyjson.encode([Opaque(), *after], default=lambda _: 0, **options)
        assert data == b"[%b]" % b",".join([b"0", *alone])
        between = [each for item in after for each in (item, Opaque())]
        data = cyjson.encode(between, default=lambda _: 0, **options)
        assert data == b"[%b]" % b",".join(each for one in alone for each in (one, b"0"))


def test_circles_after_default():
    for cls in Pair, Slotted:
        inner, outer = cls(1, 2), cls(3, [])
        outer.second.append(inner)
        for first in (1, Opaque(), [Opaque()]):
            inner.second = 2
            assert cyjson.encode([first, outer, outer, inner], default=str)  # what comes again is no circle
            for around in (inner, outer, [outer], {"a": outer}):
                inner.second = around
                with pytest.raises(ValueError, match="Circular reference detected"):
                    cyjson.encode([first, outer], default=str)
        # default() gives what stands around it
        inner.second = Opaque()
        with pytest.raises(ValueError, match="Circular reference detected"):
            cyjson.encode([Opaque(), outer], default=lambda o: outer if o is inner.second else 0)


def test_instances_that_default_changes():
    items = []

    def default(_):
        items[2].__dict__ = {"second": "other", "first": 0}
        items[3].second = Opaque()
        del items[4:], items[0].second
        gc.collect()
        return "made"

    items[:] = [Pair(Opaque(), 1), Pair(1, 2), Pair(3, 4), Pair(5, 6), *(Pair(7, 8) for _ in range(60))]
    with pytest.raises(AttributeError, match="second"):
        cyjson.encode(items, default=default)
    items[0] = Pair(Opaque(), 1)
    items[4:] = [Pair(7, 8) for _ in range(60)]
    seen = []

    def once(_):
        if not seen:
            items[2].__dict__ = {"second": "other", "first": 0}
            del items[4:]
            gc.collect()
        seen.append(1)
        return "made"

    items[3].second = Opaque()
    assert cyjson.encode(items, default=once) == (
        b'[{"first":"made","second":1},{"first":1,"second":2},{"first":0,"second":"other"},{"first":5,"second":"made"}]'
    )


def test_what_is_registered_between_two_documents(monkeypatch):
    cls = dataclasses.make_dataclass("cls", ["a"])
    assert cyjson.encode([cls(1)]) == cyjson.encode([cls(1)]) == b'[{"a":1}]'
    cyjson.register(cls, encode=lambda obj: "registered")
    assert cyjson.encode([cls(1)]) == cyjson.encode(cls(1)).join([b"[", b"]"]) == b'["registered"]'
    other = dataclasses.make_dataclass("other", ["a"])
    assert cyjson.encode(other(1)) == cyjson.encode(other(1)) == b'{"a":1}'
    monkeypatch.setattr(copyreg, "json_dispatch_table", {other: lambda obj: "of the table"}, raising=False)
    assert cyjson.encode(other(1)) == cyjson.encode(other(1)) == b'"of the table"'
    monkeypatch.setattr(copyreg, "json_dispatch_table", {}, raising=False)
    assert cyjson.encode(other(1)) == cyjson.encode(other(1)) == b'{"a":1}'
    copyreg.json_dispatch_table[other] = lambda obj: "added"
    assert cyjson.encode(other(1)) == b'"added"'
    cyjson.register(cls)
