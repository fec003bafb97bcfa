"""Strategies for values of every kind that the encoder takes, and for its options."""

import collections
import decimal
import enum

from hypothesis import strategies as st


class Str(str):
    def __str__(self):
        return "not this"

    __repr__ = __str__


class Int(int):
    def __repr__(self):
        return "not this"

    __str__ = __repr__


class Float(float):
    def __repr__(self):
        return "not this"

    __str__ = __repr__


class List(list):
    pass


class Dict(dict):
    pass


class Number(enum.IntEnum):
    ONE = 1
    HUGE = 1 << 70


class Name(str, enum.Enum):
    PLAIN = "plain"
    OTHER = 'é"\n'


class Ratio(float, enum.Enum):
    HALF = 0.5
    INFINITE = float("inf")


class Flags(enum.IntFlag):
    A = 1
    B = 2


Pair = collections.namedtuple("Pair", "left right")

# Values

SPECIAL = '"\\/\b\f\n\r\t\x00\x01\x1f\x7f\x80\x9féÿĀ\u2028\u2029\ud800\udbff\udc00\udfff\ufeff\uffff中😀\U0010ffff'
# Lists of characters, not st.text: that would make one alphabet of them, in which the special ones drown.
texts = st.lists(st.sampled_from(SPECIAL) | st.sampled_from("abc 01") | st.characters(), max_size=12).map(
    "".join
) | st.builds(
    lambda characters, times: "".join(characters) * times,
    st.lists(st.sampled_from('ab é中😀"\n\ud800'), min_size=1, max_size=4),
    st.integers(0, 40),
)
integers = (
    st.integers(-300, 300)
    | st.integers(-(2**65), 2**65)
    | st.sampled_from(
        [
            sign * 2**power + step
            for sign in (1, -1)
            for power in (30, 31, 32, 53, 60, 62, 63, 64)
            for step in (-1, 0, 1)
        ]
    )
    | st.integers(0, 400).map(lambda power: -(10**power))
)
floats = st.floats() | st.sampled_from(
    [-0.0, 1e16, 1e15, 1e22, 5e-324, 1e-5, 1e-4, float("inf"), float("-inf"), float("nan")]
)
scalars = (
    st.none()
    | st.booleans()
    | integers
    | floats
    | texts
    | texts.map(Str)
    | integers.map(Int)
    | floats.map(Float)
    | st.sampled_from([*Number, *Name, *Ratio, Flags.A | Flags.B])
)
keys = (
    texts | st.none() | st.booleans() | integers | floats | texts.map(Str) | st.sampled_from([*Number, *Name, *Ratio])
)
unencodable = st.sampled_from([b"bytes", (1, 2), frozenset({1}), 2j, object, len, decimal.Decimal("1.5")])


def containers(children, keys):
    dicts = st.dictionaries(keys, children, max_size=5)
    lists = st.lists(children, max_size=5)
    return (
        lists
        | dicts
        | lists.map(tuple)
        | lists.map(List)
        | dicts.map(Dict)
        | dicts.map(collections.OrderedDict)
        | dicts.map(lambda d: collections.defaultdict(list, d))
        | st.builds(Pair, children, children)
    )


plain_values = st.recursive(scalars, lambda children: containers(children, keys), max_leaves=12)
values = st.recursive(
    scalars | unencodable, lambda children: containers(children, keys | keys | keys | unencodable), max_leaves=12
)

# Options of the encoder

defaults = {
    "none": lambda obj: None,
    "text": lambda obj: f"<{type(obj).__name__}>",
    "list": lambda obj: [1, "é", {"k": None}],
    "same": lambda obj: obj,
    "loop": lambda obj: [obj],
    "raise": lambda obj: {}["missing"],
    "deeper": lambda obj: [len, obj] if isinstance(obj, bytes) else {"then": b""} if obj is len else 1,
}
indents = st.sampled_from([None, 0, 1, 2, 4, -1, True, False, "", " ", "\t", "--", "é中", Str("  ")])
separators = st.sampled_from(
    [
        None,
        (",", ":"),
        (", ", ": "),
        ["", ""],
        (" , ", " : "),
        ("é", "中"),
        ("😀", "\ud800"),
        ";=",
        (Str(","), Str(":")),
    ]
)
options = st.fixed_dictionaries(
    {},
    optional={
        "skipkeys": st.booleans(),
        "ensure_ascii": st.booleans(),
        "check_circular": st.just(True),
        "allow_nan": st.booleans(),
        "sort_keys": st.booleans(),
        "indent": indents,
        "separators": separators,
        "default": st.sampled_from(sorted(defaults)),
    },
)


def with_default(options, record):
    """The options with the named default in place, noting its calls."""
    name = options.get("default")
    return {**options, "default": record.of("default", defaults[name])} if name else options
