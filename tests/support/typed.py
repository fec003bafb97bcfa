"""Generated types: for hypothesis, with strategies of their values and of documents that are broken."""

import collections
import dataclasses
import datetime as dt
import decimal
import enum
import fractions
import ipaddress
import itertools
import json
import uuid
from typing import NamedTuple, Optional, TypedDict, Union

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from cyjson import Codec

from .amount import amount

encode = Codec().encode
numbers = itertools.count()


class Colour(enum.Enum):
    RED = "red"
    BLUE = 3
    NONE = None


class Bits(enum.Flag):
    A = 1
    B = 2


text = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
zones = (
    st.none() | st.just(dt.timezone.utc) | st.integers(-1439, 1439).map(lambda m: dt.timezone(dt.timedelta(minutes=m)))
)
integers = st.integers() | st.integers(-5, 5)
floats = st.floats(allow_nan=False, allow_infinity=False)

# (type, strategy of its values, whether it can be a key, whether it can be in a set)
SCALARS = [
    (int, integers),
    (float, floats),
    (str, text),
    (bool, st.booleans()),
    (dt.datetime, st.datetimes(timezones=zones)),
    (dt.date, st.dates()),
    (dt.time, st.times()),
    (dt.timedelta, st.timedeltas()),
    (uuid.UUID, st.uuids()),
    (decimal.Decimal, st.decimals(allow_nan=False)),
    (fractions.Fraction, st.fractions()),
    (ipaddress.IPv4Address, st.ip_addresses(v=4)),
    (ipaddress.IPv6Address, st.ip_addresses(v=6)),
    (bytes, st.binary(max_size=9)),
    (Bits, st.sampled_from([Bits(0), Bits.A, Bits.B, Bits.A | Bits.B])),
]
LEAVES = [*SCALARS, (Colour, st.sampled_from([*Colour])), (type(None), st.none())]
KEYS = [each for each in SCALARS if each[0] is not bytes] + [(bytes, st.binary(max_size=4))]


def dataclass_of(fields, options):
    name = f"Data{next(numbers)}"
    return dataclasses.make_dataclass(name, [(f"f{n}", tp) for n, (tp, _) in enumerate(fields)], **options)


def typed_dict_of(fields):
    return TypedDict(f"Typed{next(numbers)}", {f"f{n}": tp for n, (tp, _) in enumerate(fields)})


def named_tuple_of(fields):
    return NamedTuple(f"Named{next(numbers)}", [(f"f{n}", tp) for n, (tp, _) in enumerate(fields)])


def attrs_of(fields):
    attrs = pytest.importorskip("attrs")
    attributes = {f"f{n}": attrs.field(type=tp) for n, (tp, _) in enumerate(fields)}
    return attrs.make_class(f"Attrs{next(numbers)}", attributes)


@st.composite
def classes(draw, pairs):
    fields = draw(st.lists(pairs, min_size=1, max_size=4))
    values = st.tuples(*(strategy for _, strategy in fields))
    kind = draw(st.sampled_from(["plain", "slots", "frozen", "keyword", "typed", "named", "attrs"]))
    if kind == "typed":
        cls = typed_dict_of(fields)
        return cls, values.map(lambda each: {f"f{n}": value for n, value in enumerate(each)})
    if kind == "named":
        cls = named_tuple_of(fields)
    elif kind == "attrs":
        cls = attrs_of(fields)
    else:
        options = {"slots": {"slots": True}, "frozen": {"frozen": True}, "keyword": {"kw_only": True}}.get(kind, {})
        cls = dataclass_of(fields, options)
    return cls, values.map(lambda each: cls(**{f"f{n}": value for n, value in enumerate(each)}))


@st.composite
def containers(draw, pairs):
    tp, values = draw(pairs)
    kind = draw(st.sampled_from(["list", "tuple", "deque", "dict", "optional", "set", "fixed", "ordered"]))
    if kind == "list":
        return list[tp], st.lists(values, max_size=3)
    if kind == "tuple":
        return tuple[tp, ...], st.lists(values, max_size=3).map(tuple)
    if kind == "deque":
        return collections.deque[tp], st.lists(values, max_size=3).map(collections.deque)
    if kind in ("dict", "ordered"):
        key, keys = draw(st.sampled_from(KEYS))
        if key in (float, decimal.Decimal, Bits):
            key, keys = str, text
        made = dict if kind == "dict" else collections.OrderedDict
        return made[key, tp], st.dictionaries(keys, values, max_size=3).map(made)
    if kind == "optional":
        return Optional[tp], st.none() | values
    if kind == "set":
        key, keys = draw(st.sampled_from(SCALARS))
        return frozenset[key], st.frozensets(keys, max_size=3)
    other, others = draw(pairs)
    return tuple[tp, other], st.tuples(values, others)


@st.composite
def unions(draw, pairs):
    """Of kinds that can be told apart by their JSON kind."""
    object_type, objects = draw(classes(pairs))
    chosen = draw(
        st.lists(
            st.sampled_from(
                [
                    (int, integers),
                    (bool, st.booleans()),
                    (dt.date, st.dates()),
                    (list[int], st.lists(integers, max_size=2)),
                    (type(None), st.none()),
                ]
            ),
            unique_by=lambda pair: str(pair[0]),
            min_size=1,
            max_size=4,
        )
    )
    if hasattr(object_type, "_fields"):  # a NamedTuple is an array, too
        chosen = [pair for pair in chosen if pair[0] != list[int]] or [(int, integers)]
    return Union[(object_type, *(tp for tp, _ in chosen))], st.one_of(objects, *(values for _, values in chosen))


pairs = st.recursive(
    st.sampled_from(LEAVES),
    lambda inner: st.one_of(containers(inner), classes(inner), unions(inner)),
    max_leaves=6,
)
LIMITS = settings(
    max_examples=amount(150, 1500, 20000),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)


@st.composite
def broken(draw, document):
    """A document of which something was replaced, removed or added."""
    value = json.loads(document)
    for _ in range(draw(st.integers(1, 3))):
        path, holder, key = [], [value], 0
        while draw(st.booleans()) and isinstance(holder[key], (list, dict)) and holder[key]:
            holder = holder[key]
            key = draw(st.sampled_from(sorted(holder) if isinstance(holder, dict) else range(len(holder))))
            path.append(key)
        other = draw(st.sampled_from([None, True, 0, -1, 1.5, "", "x", "2026-01-02", [], [1], {}, {"f0": 1}]))
        if draw(st.booleans()) and path and isinstance(holder, dict):
            del holder[key]
        else:
            holder[key] = other
        if not path:
            value = other if holder[0] is other else value
    made = json.dumps(value)
    if draw(st.integers(0, 5)) == 0:
        at = draw(st.integers(0, len(made)))
        made = made[:at] + draw(st.sampled_from(["", ",", "]", "}", '"', "NaN", " \n"])) + made[at + 1 :]
    return made
