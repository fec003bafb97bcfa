"""decode of random types and broken documents, by the extension and by the executor of plans in Python, which is right.

Each type gets documents that are of it, and many more that are made of their parts: a document costs some microseconds
to make. What the extension answers has to be what the executor answers, down to the classes and the order of
attributes; what it leaves to the executor is that one's to say anyway. By itself, on an interpreter with the extension:

    python tests/fuzz/typed.py [--types N | --seconds N] [--documents N] [--seed N]     (documents: of each type)
"""

import argparse
import dataclasses
import datetime
import decimal
import enum
import fractions
import ipaddress
import json
import random
import re
import sys
import time
import types
import typing
import uuid
from collections import OrderedDict, defaultdict, deque
from pathlib import PurePosixPath
from typing import Annotated, Any, Literal, NamedTuple, TypedDict, Union

from cyjson import Raw, _decoding, _reading

try:
    from cyjson import _native
except ImportError:
    _native = None  # types alone are made


class Difference(AssertionError):
    pass


class Refused(Exception):
    """What a class raises that isn't a mismatch."""


# The extension, which answers LEFT where it asks the executor

LEFT = object()


def _core():
    usual = _native._decoding
    _native._decoding = lambda: (usual()[0], lambda *arguments: LEFT, *usual()[2:])
    try:
        return _native.make_core()
    finally:
        _native._decoding = usual


# Types, each with a function that writes a document of it

WORDS = [
    "",
    "a",
    "id",
    "name",
    "x" * 17,
    "\\u00e9",
    "\\n",
    "é",
    "€uro",
    "\\ud83d\\ude00",
    "😀",
    "q" * 40,
    "kind",
    "null",
]
INTEGERS = ["0", "-0", "1", "-1", "7", "42", "255", "256", "257", "99999", "1234567", "12345678", "-123456789012"]
INTEGERS += [str(2**30), str(2**31), str(2**60), str(2**63), str(-(2**63)), str(2**64), "9" * 25]
REALS = [
    "0.0",
    "-0.0",
    "1.5",
    "22.23",
    "1e5",
    "-1E-7",
    "1.25e+300",
    "1e400",
    "0.1234567890123456789",
    "5e-324",
    "1e-400",
]
MOMENTS = [
    "2026-01-02T03:04:05",
    "2026-01-02 03:04:05.123456Z",
    "1999-12-31t23:59:59+05:30",
    "2024-02-29T00:00:00-00:01",
]
DATES = ["2026-01-02", "0001-01-01", "9999-12-31", "2024-02-29", "2023-02-29"]
TIMES = ["03:04:05", "23:59:59.5Z", "00:00:00+01:00"]
SPANS = ["P1DT2.5S", "-PT5M", "P2W", "PT0S"]
UUIDS = ["6f1c7b2a-0c1d-4e5f-8a9b-0c1d2e3f4a5b", "6F1C7B2A0C1D4E5F8A9B0C1D2E3F4A5B"]


class Colour(enum.Enum):
    RED = "red"
    BLUE = 3
    NONE = None


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 20


class Limit:
    """A constraint as annotated_types has them."""

    def __init__(self, **named):
        vars(self).update(named)


def quoted(texts):
    return lambda r: f'"{r.choice(texts)}"'


def any_document(r, depth=2):
    kind = r.randrange(8 if depth else 5)
    if kind == 0:
        return r.choice(["null", "true", "false"])
    if kind < 3:
        return r.choice(INTEGERS + REALS)
    if kind < 5:
        return quoted(WORDS)(r)
    if kind < 7:
        return listed(r, [any_document(r, depth - 1) for _ in range(r.randrange(4))])
    return members(r, [(f'"{r.choice(WORDS)}"', any_document(r, depth - 1)) for _ in range(r.randrange(4))])


def spaced(r):
    return r.choice(["", "", "", " ", "\n  "]) if r.random() < 0.2 else ""


def listed(r, items):
    return f"[{spaced(r)}" + f",{spaced(r)}".join(items) + f"{spaced(r)}]"


def members(r, pairs):
    return f"{{{spaced(r)}" + f"{spaced(r)},{spaced(r)}".join(f"{k}{spaced(r)}:{spaced(r)}{v}" for k, v in pairs) + "}"


SCALARS = [
    (int, lambda r: r.choice(INTEGERS)),
    (float, lambda r: r.choice(INTEGERS + REALS)),
    (str, quoted(WORDS)),
    (bool, lambda r: r.choice(["true", "false"])),
    (type(None), lambda r: "null"),
    (datetime.datetime, quoted(MOMENTS)),
    (datetime.date, quoted(DATES)),
    (datetime.time, quoted(TIMES)),
    (datetime.timedelta, quoted(SPANS)),
    (uuid.UUID, quoted(UUIDS)),
    (decimal.Decimal, lambda r: r.choice(['"1.50"', '"-0"', '"1e5"', *INTEGERS, *REALS])),
    (fractions.Fraction, quoted(["1/2", "3", "-4/6"])),
    (ipaddress.IPv4Address, quoted(["127.0.0.1", "1.2.3.4"])),
    (ipaddress.IPv6Address, quoted(["::1", "2001:db8::8:800:200c:417a"])),
    (PurePosixPath, quoted(["/tmp/x", "."])),
    (bytes, quoted(["", "AAEC", "/+8="])),
    (Colour, lambda r: r.choice(['"red"', "3", "null"])),
    (Level, lambda r: r.choice(["1", "20"])),
    (Literal["a", "b", 1, True, None], lambda r: r.choice(['"a"', '"b"', "1", "true", "null"])),
    (Any, any_document),
    (Raw, any_document),
    (typing.NewType("Number", int), lambda r: r.choice(INTEGERS)),
]
KEYS = [(str, quoted(WORDS)), (str, quoted(WORDS)), (int, quoted(INTEGERS)), (datetime.date, quoted(DATES))]
KEYS += [(uuid.UUID, quoted(UUIDS)), (Level, quoted(["1", "20"])), (Colour, quoted(["red"]))]
HASHED = [each for each in SCALARS if each[0] not in (Any, Raw)]


class Types:
    """Makes types by a source of random numbers."""

    def __init__(self, r):
        self.r = r
        self.made = 0

    def name(self):
        self.made += 1
        return f"Made{self.made}"

    def any(self, depth):
        kind = self.r.randrange(12) if depth else 0
        if kind < 3:
            return self.r.choice(SCALARS)
        if kind < 6:
            return self.container(depth - 1)
        if kind < 10:
            return self.object(depth - 1)
        return self.union(depth - 1) if kind == 10 else self.annotated()

    def annotated(self):
        r = self.r
        at_least, short = Limit(ge=0), Limit(max_length=5)
        kind = r.randrange(3)
        if kind == 0:
            return Annotated[int, at_least], lambda r: r.choice(INTEGERS)
        if kind == 1:
            return Annotated[str, short, re.compile("^[a-z]*$")], quoted(WORDS)
        return Annotated[list[int], short], lambda r: listed(r, [r.choice(INTEGERS) for _ in range(r.randrange(7))])

    def container(self, depth):
        r = self.r
        tp, write = self.any(depth)
        kind = r.randrange(9)
        if kind < 4:
            made = [list[tp], tuple[tp, ...], deque[tp], typing.Sequence[tp]][kind]
            return made, lambda r: listed(r, [write(r) for _ in range(r.randrange(4))])
        if kind == 4:
            return Union[None, tp], lambda r: "null" if r.random() < 0.3 else write(r)  # noqa: UP007
        if kind == 5:
            key, keys = r.choice(HASHED)
            made = r.choice([set, frozenset])[key]
            return made, lambda r: listed(r, [keys(r) for _ in range(r.randrange(4))])
        if kind == 6:
            parts = [(tp, write), *(self.any(0) for _ in range(r.randrange(3)))]
            return tuple[tuple(part for part, _ in parts)], lambda r: listed(r, [w(r) for _, w in parts])
        key, keys = r.choice(KEYS)
        made = r.choice([dict, dict, OrderedDict, defaultdict])[key, tp]
        return made, lambda r: members(r, [(keys(r), write(r)) for _ in range(r.randrange(4))])

    def fields(self, depth):
        """Names, types, what writes values, defaults (or MISSING)."""
        r, fields = self.r, []
        long = r.random() < 0.2
        for n in range(r.choice([1, 2, 3, 3, 4, 8, 17, 33])):
            tp, write = self.any(depth if n < 3 else 0)
            name = f"f{n}" if not long else f"a_longer_name_{n}"
            default = r.choice([dataclasses.MISSING, dataclasses.MISSING, None, 7])
            fields.append((name, tp, write, default))
        fields.sort(key=lambda field: field[3] is not dataclasses.MISSING)
        return fields

    def object(self, depth):
        r, fields = self.r, self.fields(depth)
        kind = r.choice(["plain", "plain", "slots", "frozen", "keyword", "typed", "named", "called", "hooked", "codec"])
        name = self.name()
        spelt = {each[0]: each[0] for each in fields}
        if kind == "typed":
            required = TypedDict(name + "Base", {n: tp for n, tp, _, d in fields if d is dataclasses.MISSING})
            cls = TypedDict(name, {n: tp for n, tp, _, d in fields if d is not dataclasses.MISSING}, total=False)
            cls = types.new_class(name + "Both", (required, cls))
        elif kind == "named":
            cls = NamedTuple(name, [(n, tp) for n, tp, _, _ in fields])
            return (
                cls,
                lambda r: (
                    listed(r, [w(r) for _, _, w, _ in fields])
                    if r.random() < 0.6
                    else self.members_of(r, fields, spelt)
                ),
            )
        elif kind == "called":
            cls = self.called(name, fields)
        else:
            made = []
            for n, tp, _, default in fields:
                options = {}
                if default is None and r.random() < 0.3:
                    options["default_factory"] = list
                elif default is not dataclasses.MISSING:
                    options["default"] = default
                if r.random() < 0.1:
                    spelt[n] = f"other {n}"
                    options["metadata"] = {"json": spelt[n]}
                elif r.random() < 0.05 and default is not dataclasses.MISSING:
                    options["init"] = False
                made.append((n, tp, dataclasses.field(**options)))
            options = {"slots": {"slots": True}, "frozen": {"frozen": True, "slots": r.random() < 0.5}}.get(kind, {})
            options = {"kw_only": True} if kind == "keyword" else options
            namespace = {"__post_init__": hook_of(made[0][0], r.randrange(3))} if kind == "hooked" else {}
            cls = dataclasses.make_dataclass(name, made, namespace=namespace, **options)
        return cls, lambda r: self.members_of(r, fields, spelt)

    def members_of(self, r, fields, spelt):
        pairs = [
            (f'"{spelt[n]}"', write(r)) for n, _, write, d in fields if d is dataclasses.MISSING or r.random() < 0.7
        ]
        if r.random() < 0.15:
            r.shuffle(pairs)
        if r.random() < 0.15:
            pairs.insert(r.randrange(len(pairs) + 1), (quoted(WORDS)(r), any_document(r)))
        if r.random() < 0.05 and pairs:
            pairs.append(r.choice(pairs))
        return members(r, pairs)

    def called(self, name, fields):
        """A class with an annotated __init__ of its own."""
        parameters = ", ".join(n if d is dataclasses.MISSING else f"{n}={d!r}" for n, _, _, d in fields)
        scope = {}
        body = "".join(f"\n    self.{n} = {n}" for n, *_ in fields)
        exec(f"def __init__(self, {parameters}):{body}", scope)
        scope["__init__"].__annotations__ = {n: tp for n, tp, _, _ in fields}
        return type(name, (), {"__init__": scope["__init__"]})

    def union(self, depth):
        r = self.r
        if r.random() < 0.4:  # told apart by a tag
            branches = []
            for n in range(r.randrange(2, 5)):
                fields = self.fields(depth)
                tag = f"t{n}"
                made = [("kind", Literal[tag], dataclasses.field(default=tag))] if n == 1 else [("kind", Literal[tag])]
                rest = [
                    (name, tp, dataclasses.field(default=None if d is dataclasses.MISSING else d))
                    for name, tp, _, d in fields
                ]
                cls = dataclasses.make_dataclass(self.name(), made + rest)
                spelt = {each[0]: each[0] for each in fields}
                spelt["kind"] = "kind"
                all_fields = [("kind", None, lambda r, tag=tag: f'"{tag}"', dataclasses.MISSING), *fields]
                branches.append((cls, lambda r, f=all_fields, s=spelt: self.members_of(r, f, s)))
        else:
            branches = [self.any(depth) for _ in range(r.randrange(2, 4))]
        return Union[tuple(tp for tp, _ in branches)], lambda r: r.choice(branches)[1](r)  # noqa: UP007


def hook_of(name, kind):
    """A __post_init__ that changes the instance, refuses some values, or raises what isn't a mismatch."""

    def __post_init__(self):
        size = len(repr(getattr(self, name, None)))
        if kind == 1 and size % 5 == 0:
            raise ValueError(size)
        if kind == 2 and size % 5 == 0:
            raise Refused(size)
        self.seen = True

    return __post_init__


# Documents that are made of others

TOKENS = re.compile(r'"(?:[^"\\]|\\.)*"|[-+.\w]+|[\[\]{}:,]|\s+')
ODD = [
    "NaN",
    "Infinity",
    "nul",
    "01",
    "-",
    "1.",
    ".5",
    "1e",
    '"',
    "[",
    "]",
    "{",
    "}",
    ",",
    ":",
    "\\",
    '"\\x"',
    "\x00",
    "\t",
]
ODD += ['"\\ud800"', "\x7f", "\ufeff", "[]", "{}", '""', "null", "true", "0", "1", "-1", "1.0", "1e2", '"a"']
ODD += ["9" * 700, '"' + "x" * 300 + '"', " " * 20, "[[[[[[[[[[]]]]]]]]]]", '{"a":{"a":{"a":1}}}']


def cut(document):
    """The tokens of a document, and where its values and members are: from which token to which."""
    tokens, values, pairs, open_at = TOKENS.findall(document), [], [], []
    after_key = None
    for i, token in enumerate(tokens):
        if token in "[{":
            open_at.append((i, after_key))
            after_key = None
        elif token in "]}":
            start, key = open_at.pop()
            values.append((start, i + 1))
            if key is not None:
                pairs.append((key, i + 1))
            after_key = None
        elif token == ":":
            after_key = max(j for j in range(i) if tokens[j][0] == '"')
        elif token != "," and not token.isspace():
            if i + 1 < len(tokens) and next((t for t in tokens[i + 1 :] if not t.isspace()), "") == ":":
                continue
            values.append((i, i + 1))
            if after_key is not None:
                pairs.append((after_key, i + 1))
            after_key = None
    return tokens, values, pairs


class Mutants:
    """Documents made of those of one type."""

    def __init__(self, r, documents):
        self.r = r
        self.cut = [cut(document) for document in documents]
        self.parts = ["".join(tokens[a:b]) for tokens, values, _ in self.cut for a, b in values][:3000]
        self.parts += [any_document(r) for _ in range(30)] + ODD

    def next(self):
        random = self.r.random
        tokens, values, pairs = self.cut[int(random() * len(self.cut))]
        parts = self.parts
        kind = random()
        if kind < 0.35:  # another value
            a, b = values[int(random() * len(values))]
            made = [*tokens[:a], parts[int(random() * len(parts))], *tokens[b:]]
        elif kind < 0.5 and pairs:  # a member left out, or there twice
            a, b = pairs[int(random() * len(pairs))]
            if kind < 0.42:
                if b < len(tokens) and tokens[b] == ",":
                    b += 1
                elif tokens[a - 1] == ",":
                    a -= 1
                made = tokens[:a] + tokens[b:]
            else:
                made = [*tokens[:a], *tokens[a:b], ",", *tokens[a:]]
        elif kind < 0.6 and len(pairs) > 1:  # two members in each other's place
            (a, b), (c, d) = sorted((pairs[int(random() * len(pairs))], pairs[int(random() * len(pairs))]))
            if b <= c:
                made = tokens[:a] + tokens[c:d] + tokens[b:c] + tokens[a:b] + tokens[d:]
            else:
                made = tokens
        elif kind < 0.7:  # another token
            made = list(tokens)
            made[int(random() * len(made))] = parts[int(random() * len(parts))]
        elif kind < 0.78:  # white space
            at = int(random() * (len(tokens) + 1))
            made = [*tokens[:at], " \n\t\r\v"[int(random() * 5)], *tokens[at:]]
        elif kind < 0.82:
            made = tokens
        else:  # a character, or some, of the text
            text = "".join(tokens)
            at = int(random() * (len(text) + 1))
            kind = random()
            if kind < 0.4:
                return text[:at] + ODD[int(random() * len(ODD))] + text[at + 1 :]
            if kind < 0.7:
                return text[:at] + text[at + int(random() * 4) :]
            if kind < 0.8:
                return text[:at]
            to = int(random() * (len(text) + 1))
            return text[:at] + text[to : to + 9] + text[at:]
        return "".join(made)


def attributes(value):
    """All that an instance has, in order."""
    kept = getattr(value, "__dict__", None)
    found = [] if kept is None else list(kept.items())
    for cls in type(value).__mro__:
        for name in getattr(cls, "__slots__", ()):
            if name not in ("__weakref__", "__dict__") and hasattr(value, name):
                found.append((name, getattr(value, name)))
    return found


PLAIN = {int, str, bool, type(None), datetime.datetime, datetime.date, datetime.time, datetime.timedelta, uuid.UUID}
PLAIN |= {bytes, Raw, fractions.Fraction, ipaddress.IPv4Address, ipaddress.IPv6Address, PurePosixPath, Colour, Level}


def same(a, b):
    """Whether two values are equal, and of the same classes all the way down."""
    kind = type(a)
    if kind is not type(b):
        return False
    if kind in PLAIN:
        return a == b and (kind not in (datetime.datetime, datetime.time) or repr(a) == repr(b))
    if kind is float or kind is decimal.Decimal:
        return repr(a) == repr(b)
    if isinstance(a, dict):
        return len(a) == len(b) and all(same(x, y) for x, y in zip(a.items(), b.items()))
    if isinstance(a, (list, tuple, deque)):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, (set, frozenset)):
        return a == b and sorted(map(repr, a)) == sorted(map(repr, b))
    return same(attributes(a), attributes(b))


class Checker:
    def __init__(self):
        self.core = _core()
        self.answered = self.left = self.raised = self.late = 0

    def check(self, plan, data):
        """Raise Difference where the extension's answer isn't the executor's."""
        try:
            answer, raised = self.core.decode_by_plan(data, plan, "all"), None
        except Exception as exc:
            answer, raised = None, exc
        if answer is LEFT:
            self.left += 1
            if self.left % 64:
                return
        try:
            expected, error = _decoding.decode_text(data, plan), None
        except Exception as exc:
            expected, error = None, exc
        if answer is LEFT:
            self.late += error is None
        elif raised is not None:
            self.raised += 1
            if type(raised) is not type(error) or str(raised) != str(error):
                raise Difference(f"{raised!r} instead of {error!r}" if error else f"{raised!r} instead of {expected!r}")
        else:
            self.answered += 1
            if error is not None:
                raise Difference(f"{answer!r} instead of {error!r}")
            if not same(answer, expected):
                raise Difference(f"{answer!r} instead of {expected!r}")


def check_type(checker, seed, count):
    """Check a type and so many documents: how many there were; 0 where it is no type that can be read."""
    r = random.Random(seed)
    tp, write = Types(r).any(3)
    try:
        plan = _reading.plan_of(tp)
    except TypeError as error:  # no union of those
        if "told apart" in str(error) or "scalars" in str(error) or "can't" in str(error):
            return 0
        raise
    mutants = Mutants(r, [write(r) for _ in range(25)])
    for i in range(count):
        text = mutants.next()
        data = text if i % 8 == 0 else text.encode("utf-8", "surrogatepass")
        try:
            checker.check(plan, data)
        except Difference as difference:
            raise Difference(f"seed {seed}: {tp}: {data!r}: {difference}") from None
    return count


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--types", type=int, default=200)
    parser.add_argument("--seconds", type=float, help="as many types as that allows")
    parser.add_argument("--documents", type=int, default=1000, help="of each type")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    _decoding._impl = types.SimpleNamespace(loads=json.loads)  # not the extension's
    checker, done, documents, seed, begin = Checker(), 0, 0, arguments.seed, time.monotonic()
    while True:
        made = check_type(checker, seed, arguments.documents)
        seed += 1
        done += made > 0
        documents += made
        took = time.monotonic() - begin
        ends = done >= arguments.types if arguments.seconds is None else took >= arguments.seconds
        if ends or (made and done % 10 == 0 and arguments.seconds is None):
            told = f"{done} types, {documents} documents: {checker.answered} answered, {checker.left} left (of "
            told += f"{checker.left // 64} looked at {checker.late} of the type), {checker.raised} raised; "
            print(told + f"seed {seed - 1}, {took:.0f} s", flush=True)
        if ends:
            return


if __name__ == "__main__":
    sys.exit(main())
