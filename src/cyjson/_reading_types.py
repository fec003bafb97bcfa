"""Plans of types that aren't classes with fields: literals, constraints, containers, formats, enums."""

import sys
from functools import partial
from typing import get_args, get_origin

from . import _reading as r
from . import _reading_classes

Node = r.Node


# Literal


def literal(planner, tp, scope):
    """``Literal[...]``: the kind counts as well as the value."""
    values = r.Values()
    for value in get_args(tp):
        given = value.value if _is_enum(type(value)) else value
        if not values.add(given, value):
            raise planner.refusal(tp, scope, f": {value!r} is no JSON value")
    return Node(r.LITERAL, None, (), values)


# Constraints, known by their attributes: those of annotated_types, pydantic.Field and msgspec.Meta

_ATTRIBUTES = (
    ("gt", r.GT),
    ("ge", r.GE),
    ("lt", r.LT),
    ("le", r.LE),
    ("multiple_of", r.MULTIPLE_OF),
    ("min_length", r.MIN_LENGTH),
    ("max_length", r.MAX_LENGTH),
    ("pattern", r.PATTERN),
)


def constraints_of(metadata):
    """The constraints among the metadata of ``Annotated``."""
    found = []
    for each in metadata:
        _add_constraints(each, found)
    return tuple(found)


def _add_constraints(each, found):
    if isinstance(each, type):
        return
    if isinstance(each, slice):  # annotated_types: Annotated[list, 1:3] of old
        for op, bound in (r.MIN_LENGTH, each.start), (r.MAX_LENGTH, each.stop):
            if bound is not None:
                found.append((op, bound))
        return
    name = type(each).__name__
    if name == "Pattern" and hasattr(each, "search"):
        found.append((r.PATTERN, each))
    elif name == "Predicate" and callable(getattr(each, "func", None)):
        negated = type(each.func).__name__ == "Not"
        found.append((r.NOT, each.func.func) if negated else (r.PREDICATE, each.func))
    elif name == "Not" and callable(getattr(each, "func", None)):
        found.append((r.NOT, each.func))
    elif name == "Timezone" and hasattr(each, "tz"):
        found.append((r.TIMEZONE, each.tz))
    else:
        for attribute, op in _ATTRIBUTES:
            bound = getattr(each, attribute, None)
            if bound is not None and not callable(bound) and not (op == r.MIN_LENGTH and bound == 0):
                if op == r.PATTERN:
                    if isinstance(bound, str):
                        import re

                        bound = re.compile(bound)
                    elif not hasattr(bound, "search"):
                        continue
                found.append((op, bound))
        if name == "Meta" and isinstance(getattr(each, "tz", None), bool):  # msgspec
            found.append((r.TIMEZONE, ... if each.tz else None))
        more = getattr(each, "metadata", None)  # pydantic's Field
        if isinstance(more, list):
            for inner in more:
                _add_constraints(inner, found)


# Classes that are known by their names, so that their modules aren't imported

_FORMATS = {
    "datetime.datetime": r.DATETIME,
    "datetime.date": r.DATE,
    "datetime.time": r.TIME,
    "datetime.timedelta": r.TIMEDELTA,
    "uuid.UUID": r.UUID,
    "decimal.Decimal": r.DECIMAL,
    "fractions.Fraction": r.FRACTION,
    "zoneinfo.ZoneInfo": r.ZONEINFO,
    "builtins.bytes": r.BYTES,
    "builtins.bytearray": r.BYTES,
    "builtins.memoryview": r.BYTES,
    "cyjson.Raw": r.RAW,
}
_FORMATS.update(
    (f"ipaddress.IPv{version}{kind}", r.ADDRESS) for version in "46" for kind in ("Address", "Network", "Interface")
)
_PATHS = {"PurePath", "PurePosixPath", "PureWindowsPath", "Path", "PosixPath", "WindowsPath"}

_SEQUENCES = {
    "builtins.list": (r.LIST, list),
    "builtins.set": (r.SET, set),
    "builtins.frozenset": (r.FROZENSET, frozenset),
    "collections.deque": (r.DEQUE, None),
    **{
        f"collections.abc.{name}": (r.LIST, list)
        for name in ("Sequence", "MutableSequence", "Collection", "Iterable", "Reversible", "Container")
    },
    "collections.abc.Set": (r.SET, set),
    "collections.abc.MutableSet": (r.SET, set),
}
_MAPPINGS = {
    "builtins.dict": dict,
    "collections.abc.Mapping": dict,
    "collections.abc.MutableMapping": dict,
    "collections.OrderedDict": None,
    "collections.defaultdict": None,
    "collections.Counter": None,
}


def name_of(cls):
    """Where a class is found in its module; "" where it isn't the one that is found there."""
    module = cls.__module__
    if type(module) is not str:
        return ""
    if module == "cyjson._codec":
        module = "cyjson"
    found = vars(sys.modules.get(module, sys)).get(cls.__name__)
    return f"{module}.{cls.__name__}" if found is cls else ""


def _is_enum(cls):
    enum = sys.modules.get("enum")
    return enum is not None and isinstance(cls, enum.EnumMeta)


_FORMAT_NAMES = {
    r.DATETIME: ("iso", "z", "unix", "unix_ms"),
    r.DATE: ("iso", "z", "unix", "unix_ms"),
    r.TIMEDELTA: ("iso", "seconds"),
    r.UUID: ("canonical", "hex"),
    r.DECIMAL: ("string", "number"),
    r.BYTES: ("base64", "hex", "utf8"),
}
_PLAIN_FORMATS = {"iso", "z", "canonical", "string", "base64"}


def of_class(planner, cls, arguments, scope, policy):
    """The Node of a class with its type arguments; policy: a format's name from Codec(types=...), or None."""
    name = name_of(cls)
    kind = _kind_of(cls, name)
    if kind is not None:
        return _formatted(planner, kind, cls, policy)
    if name == "dataclasses.InitVar":  # of any type
        return planner.node(r.Any, scope)
    if cls is float:
        return Node(r.FLOAT, None, (), policy if policy == "null" else None)
    if name in _SEQUENCES:
        kind, made = _SEQUENCES[name]
        return Node(kind, made or cls, (planner.node(arguments[0] if arguments else r.Any, scope),))
    if cls is tuple:
        return _tuple(planner, arguments, scope)
    if name in _MAPPINGS:
        return _mapping(planner, _MAPPINGS[name] or cls, name, arguments, scope)
    if _is_enum(cls):
        return _enum(planner, cls, scope, policy)
    if name == "numpy.ndarray":
        return Node(r.NDARRAY, cls, (), _dtype([planner.substituted(each, scope) for each in arguments]))
    if cls.__module__ == "numpy" and "numpy" in sys.modules and issubclass(cls, sys.modules["numpy"].generic):
        return _numpy_scalar(planner, cls, scope)
    return _reading_classes.of_class(planner, cls, arguments, scope, policy)


def _kind_of(cls, name):
    kind = _FORMATS.get(name)
    if kind is None and cls.__name__ in _PATHS and cls.__module__.partition(".")[0] == "pathlib":
        kind = r.PATH
    return kind


def _formatted(planner, kind, cls, policy=None):
    data = None if policy in _PLAIN_FORMATS else policy
    planner.exact = planner.exact or kind == r.DECIMAL or data in ("unix", "unix_ms", "seconds")
    return Node(kind, cls, (), data)


def derived(planner, cls, policy):
    """The Node of a class that derives from one that is read from a string; None for any other."""
    for base in cls.__mro__:
        kind = _kind_of(base, name_of(base))
        if kind == r.BYTES and policy is not None:
            return Node(r.CONVERTED, cls, (_formatted(planner, kind, base, policy),), cls)
        if kind in (r.BYTES, r.RAW):
            return None
        if kind is not None:
            return _formatted(planner, kind, cls, policy)
    return None


def _tuple(planner, arguments, scope):
    if not arguments:
        if arguments is EMPTY:
            return Node(r.FIXED_TUPLE, tuple)
        return Node(r.TUPLE, tuple, (planner.node(r.Any, scope),))
    if arguments == ((),):  # tuple[()] on 3.10
        return Node(r.FIXED_TUPLE, tuple)
    if len(arguments) == 2 and arguments[1] is ...:
        return Node(r.TUPLE, tuple, (planner.node(arguments[0], scope),))
    places = []
    for each in arguments:
        unpacked = _unpacked(each, scope)
        if unpacked is None:
            places.append(each)
        elif len(unpacked) == 2 and unpacked[1] is ...:
            if len(arguments) > 1:
                raise TypeError(f"{scope}: a tuple of some types and any number of another can't be decoded")
            return Node(r.TUPLE, tuple, (planner.node(unpacked[0], scope),))
        else:
            places.extend(unpacked)
    return Node(r.FIXED_TUPLE, tuple, tuple(planner.node(each, scope) for each in places))


class _Empty(tuple):
    __slots__ = ()


EMPTY = _Empty()  # the arguments of tuple[()], which aren't those of tuple


def _unpacked(tp, scope):
    """What ``*Ts`` and ``*tuple[...]`` stand for; None for any other type."""
    if getattr(tp, "__unpacked__", False):
        return get_args(tp)
    if getattr(get_origin(tp), "_name", None) == "Unpack" or type(tp).__name__ == "_UnpackGenericAlias":
        tp = get_args(tp)[0]
        return scope.bindings.get(tp, (r.Any, ...)) if type(tp).__name__ == "TypeVarTuple" else get_args(tp)
    return None


def _mapping(planner, made, name, arguments, scope):
    if name == "collections.Counter":
        arguments = (arguments[0] if arguments else r.Any, int)
    if len(arguments) not in (0, 2):
        raise TypeError(f"{scope}: {name.rpartition('.')[2]} takes two types, of keys and of values")
    key, value = arguments or (r.Any, r.Any)
    key = planner.node(str if key is r.Any else key, scope)
    planner.unfinished.append(lambda: _check_key(key, scope))
    node = Node(r.DICT, made, (key, planner.node(value, scope)))
    if name == "collections.defaultdict":
        origin = get_origin(value) or value
        factory = _factories().get(name_of(origin) if isinstance(origin, type) else "", origin)
        node.data = factory if isinstance(factory, type) else None
    return node


def _factories():
    return {
        **{name: made for name, (_, made) in _SEQUENCES.items() if made is not None},
        **{name: made for name, made in _MAPPINGS.items() if made is not None},
    }


_KEYS = {
    *(r.NULL, r.BOOL, r.INT, r.FLOAT, r.STR, r.LITERAL, r.ENUM, r.DATETIME, r.DATE, r.TIME, r.TIMEDELTA, r.UUID),
    *(r.DECIMAL, r.FRACTION, r.ZONEINFO, r.PATH, r.ADDRESS, r.BYTES),
}


def _check_key(node, scope):
    if node.kind in (r.CONSTRAINED, r.CONVERTED, r.UNION):
        for each in node.items:
            if not (node.kind == r.CONVERTED and each.kind == r.ANY):
                _check_key(each, scope)
    elif node.kind not in _KEYS:
        raise TypeError(f"{scope}: a dict's keys must be scalars: str, int, float, bool, an Enum, a date or the like")


# Enums


def _enum(planner, cls, scope, policy):
    enum = sys.modules["enum"]
    values = r.Values()
    if policy is None:
        for base in cls.__mro__[1:]:
            if isinstance(planner.types.get(base), str):
                policy = planner.types[base]
                break
    if policy == "name":
        for name, member in cls.__members__.items():
            values.add(name, member)
        return Node(r.ENUM, cls, (), values)
    others = []
    for member in cls.__members__.values():
        value = member._value_
        if not values.add(value, member):
            others.append(value)
    if others:  # dates and the like: read by the node of their class, then looked up
        kinds = {type(value) for value in others}
        if len(kinds) == 1 and not values.kinds():
            return Node(r.CONVERTED, cls, (planner.node(kinds.pop(), scope),), cls)
        raise planner.refusal(cls, scope, f": the value {others[0]!r} is no JSON value")
    missing = getattr(cls._missing_, "__func__", None)
    if issubclass(cls, enum.Flag) or missing is not enum.Enum._missing_.__func__:
        from ._values import ask

        values.call = partial(ask, cls)
    return Node(r.ENUM, cls, (), values)


# numpy


def _dtype(arguments):
    """The dtype of ``NDArray[...]``; None where it may be any."""
    if len(arguments) < 2:
        return None
    scalar = next(iter(get_args(arguments[1])), None)
    if not isinstance(scalar, type):
        return None
    numpy = sys.modules["numpy"]
    try:
        return numpy.dtype(scalar)
    except TypeError:
        return None


def _numpy_scalar(planner, cls, scope):
    numpy = sys.modules["numpy"]
    for base, tp in (numpy.bool_, bool), (numpy.integer, int), (numpy.floating, float), (numpy.str_, str):
        if issubclass(cls, base):
            convert = cls
            if tp is int:
                convert = partial(_numpy_integer, cls, numpy.iinfo(cls))
            elif tp is float:
                convert = partial(_numpy_float, cls, numpy.errstate)
            return Node(r.CONVERTED, cls, (planner.node(tp, scope),), convert)
    raise planner.refusal(cls, scope)


def _numpy_integer(cls, limits, value):
    from ._words import shown

    if not limits.min <= value <= limits.max:
        raise ValueError(f"expected {limits.min} to {limits.max}, got {shown(value)}")
    return cls(value)


def _numpy_float(cls, errstate, value):
    with errstate(over="ignore"):  # infinite, as a float is
        return cls(value)
