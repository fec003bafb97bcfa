"""Objects that pass for others by their ``__class__``, as wrapt's, werkzeug's and Django's do.

json's C encoder goes by the type, its generator by isinstance, and cyjson by what the running version uses where.
"""

import collections
import io
import itertools
import json
import math
import re
import weakref
from functools import partial
from unittest import mock

import pytest
from support.compare import PYPY, native_only, same
from support.writers import WRITERS, Proxy

import cyjson

NO_STRING = "(first argument must be a string|argument must be str), not Whole"


class Whole(Proxy):
    """With the methods of what it wraps."""

    def __len__(self):
        return len(self.wrapped)

    def __bool__(self):
        return bool(self.wrapped)

    def __iter__(self):
        return iter(self.wrapped)

    def items(self):
        return self.wrapped.items()

    def __eq__(self, other):
        return self.wrapped == other

    def __ne__(self, other):
        return self.wrapped != other

    def __lt__(self, other):
        return self.wrapped < other

    def __hash__(self):
        return hash(self.wrapped)


class ByAttribute:
    """As wrapt's: every attribute, ``__class__`` too, is the wrapped object's."""

    def __init__(self, wrapped):
        object.__setattr__(self, "wrapped", wrapped)

    def __getattribute__(self, name):
        return getattr(object.__getattribute__(self, "wrapped"), name)

    def __len__(self):
        return len(object.__getattribute__(self, "wrapped"))

    def __iter__(self):
        return iter(object.__getattribute__(self, "wrapped"))

    def __hash__(self):
        return 7


class Lazy:
    """As Django's: made when it is first needed."""

    def __init__(self, wrapped):
        self.__dict__["make"] = lambda: wrapped

    def made(self):
        if "wrapped" not in self.__dict__:
            self.__dict__["wrapped"] = self.make()
        return self.wrapped

    def __getattr__(self, name):
        return getattr(self.made(), name)

    __class__ = property(lambda self: self.made().__class__)

    def __iter__(self):
        return iter(self.made())

    def __len__(self):
        return len(self.made())

    def __hash__(self):
        return hash(self.made())


def claiming(base, claimed):
    """An instance's class that is one thing and says that it is another."""
    members = {"__class__": property(lambda self: claimed), "__hash__": base.__hash__ or (lambda self: 3)}
    return type(base)(f"{base.__name__.title()}As{claimed.__name__.title()}", (base,), members)


class Raising:
    def __init__(self, error):
        self.error = error

    @property
    def __class__(self):
        raise self.error


class WeakDict(dict):
    pass


class WeakList(list):
    pass


class OrderedClaim:
    __class__ = property(lambda self: collections.OrderedDict)

    def items(self):
        return iter([("z", 1), (2, "b"), (None, [])])


class Compared(float):
    """A float whose class answers what the stdlib's generator asks: NaN? Infinite? What it raises passes."""

    def __new__(cls, value, eq, ne):
        self = super().__new__(cls, value)
        self.eq, self.ne = eq, ne
        return self

    def __eq__(self, other):
        return self.eq(other)

    def __ne__(self, other):
        return self.ne(other)

    __hash__ = float.__hash__


def never(other):
    raise KeyError(other)


class Heir(Compared):
    pass


COMPARISONS = {"yes": lambda _: True, "no": lambda _: False, "negative": lambda other: other < 0, "never": never}
alive = []


def weak(target):
    alive.append(target)
    return weakref.proxy(target)


def circle(kind):
    if kind is dict:
        inner = {}
        inner["again"] = proxy = Whole(inner)
    else:
        inner = []
        proxy = Whole(inner)
        inner.append(proxy)
    return proxy


WRAPPED = [{}, {"a": 1, "b": [2]}, [], [1, "é", {}], (), (1, 2), "s", "é", 5, 2**80, 1.5, True, None, object()]
WRAPPED += [math.nan, math.inf, -math.inf]
MAKERS = {f"{kind.__name__} {n}": (lambda kind=kind, n=n: kind(WRAPPED[n]))
          for kind in (Proxy, Whole, ByAttribute, Lazy) for n in range(len(WRAPPED))}  # fmt: skip
TYPES = {object: (), str: ("x",), int: (5,), float: (1.5,), list: ([1],), tuple: ((1,),), dict: ({"k": 1},)}
for base, claimed in itertools.product(TYPES, [*TYPES, bool, type(None)]):
    if base is not int or claimed is not float:  # as a key: json words the refusal another way
        MAKERS[f"{base.__name__} as {claimed.__name__}"] = partial(claiming(base, claimed), *TYPES[base])
MAKERS |= {
    "raising": lambda: Raising(LookupError("class")),
    "raising AttributeError": lambda: Raising(AttributeError("class")),
    "raising StopIteration": lambda: Raising(StopIteration("class")),
    "no class": type("NoClass", (), {"__class__": property(lambda self: 5)}),
    "weak dict": lambda: weak(WeakDict(a=1)),
    "weak list": lambda: weak(WeakList([1])),
    "ordered": OrderedClaim,
    "two deep": lambda: Whole(Whole({"q": Whole([Lazy({})])})),
    "mocked dict": lambda: mock.MagicMock(spec=dict),
    "mocked list": lambda: mock.MagicMock(spec=list),
    "circle of dicts": lambda: circle(dict),
    "circle of lists": lambda: circle(list),
    "generic alias": lambda: list[int],
}
for (one, eq), (other, ne) in itertools.product(COMPARISONS.items(), repeat=2):
    kind, value = (Heir, math.inf) if one == other else (Compared, 1.5)
    MAKERS[f"a float: eq {one}, ne {other}"] = partial(kind, value, eq, ne)
PLACES = {
    "at the root": lambda made: made,
    "in a list": lambda made: [made, 1],
    "in a dict": lambda made: {"k": made, "l": "é"},
    "in a proxy": lambda made: Whole({"a": [made, {"b": (made,)}]}),
    "key": lambda made: {made: 1, "b": 2},
    "lone key": lambda made: {made: 1},
}
OPTIONS = [
    {},
    {"indent": 1},
    {"sort_keys": True, "allow_nan": False, "skipkeys": True},
    {"ensure_ascii": False, "indent": "é", "default": lambda obj: "made"},
    {"default": lambda obj: Whole([1, {}]), "separators": ("é", "中")},
]


@pytest.mark.parametrize("options", OPTIONS, ids=range(len(OPTIONS)))
@pytest.mark.parametrize("name", MAKERS)
def test_proxies(name, options):
    def told(call):
        def outcome(json):
            try:
                return call(json)
            except RecursionError:
                raise
            except Exception as error:  # addresses differ, and a mock's number
                return type(error), re.sub(r"0x[0-9a-f]+|id='\d+'", "", str(error))

        return outcome

    for place in PLACES.values():
        for how, write in WRITERS.items():
            if how != "one shot":
                same(told(lambda json, write=write, place=place: write(json, place(MAKERS[name]()), **options)))


def test_what_the_paths_do():
    """The differences themselves, that json's own tests don't show."""
    proxy = Whole({"a": Whole([1])})
    for module in json, cyjson:
        file = io.StringIO()
        module.dump(proxy, file)
        assert file.getvalue() == "".join(module.JSONEncoder().iterencode(proxy)) == '{"a": [1]}'
        with pytest.raises(TypeError, match="not JSON serializable"):
            module.dumps(proxy)
        with pytest.raises(TypeError, match=None if PYPY else NO_STRING):
            module.dumps(Whole("text"), default=str)
        assert module.dumps([Whole("text")], default=lambda obj: "made") == '["made"]'


@native_only
def test_bytes_go_by_the_type():
    """``encode`` and ``dump_bytes`` have no place for what only says that it is a dict or a str: default gets it."""
    file = io.BytesIO()
    cyjson.dump_bytes([Whole({})], file, default=lambda obj: "made")
    assert file.getvalue() == cyjson.encode([Whole({})], default=lambda obj: "made") == b'["made"]'
    assert cyjson.encode(Whole("text"), default=str) == b"\"Proxy('text')\""


def test_a_class_that_changes_what_is_written():
    """``__class__`` may run any Python code."""

    class Changing:
        @property
        def __class__(self):
            for each in held:
                each.clear()
            return object

    def call(json):
        held[:] = [[Changing(), "x" * 100], {"k" * 50: Changing(), "l" * 50: ["y" * 50]}]
        outcomes = []
        for each in list(held):
            for write in WRITERS["dump"], WRITERS["iterencode"]:
                each.extend([Changing(), "z" * 50]) if isinstance(each, list) else each.update({"m" * 50: Changing()})
                try:
                    outcomes.append(write(json, {"outer": each}, default=lambda obj: "made"))
                except RuntimeError as error:
                    outcomes.append(str(error))
        return outcomes

    held = []
    same(call)


REFUSED = {"float": 1.5, "list": [], "proxy": Whole(2)}
MADE = [lambda: Whole("text"), lambda: Raising(KeyError("asked")), lambda: Raising(RecursionError("asked"))]
MADE += [lambda: Whole([]), lambda: 1, list]


@pytest.mark.parametrize("indent", REFUSED)
@pytest.mark.parametrize("write", [how for how in WRITERS if how != "one shot"])
def test_an_indent_that_is_refused(write, indent):
    """``encode`` asks first whether a document is a str, then what the indentation is; ``iterencode`` doesn't ask."""
    for make in MADE:
        same(lambda json, make=make: WRITERS[write](json, make(), indent=REFUSED[indent]))
