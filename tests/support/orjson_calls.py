"""Random calls of orjson's functions: values of all that it knows, and texts that are nearly JSON."""

import collections
import dataclasses
import datetime as dt
import enum
import json
import random
import struct
import uuid
import zoneinfo


@dataclasses.dataclass
class Data:
    a: object = None
    b: object = 2
    _private: int = 3


@dataclasses.dataclass(slots=True)
class Slots:
    x: object = None
    _private: int = 1
    z: object = 5


@dataclasses.dataclass
class Derived(Data):
    c: object = None


@dataclasses.dataclass
class Nothing:
    pass


@dataclasses.dataclass
class Private:
    _private: object = None


class Undecorated(Data):
    pass


class Plain(enum.Enum):
    A = 1
    B = "b"
    C = None
    D = (1, 2)
    E = 1.5


class Number(enum.IntEnum):
    A = 1
    B = 2**63


class Text(str, enum.Enum):
    A = "a"
    B = "é"


class Flags(enum.Flag):
    A = 1
    B = 2


class Str(str):
    pass


class Int(int):
    pass


class Float(float):
    pass


class List(list):
    pass


class Dict(dict):
    pass


class Tuple(tuple):
    pass


class Other:
    def __init__(self, value):
        self.value = value


class Piece:
    """Stands for a Fragment of either module."""

    def __init__(self, contents):
        self.contents = contents


Pair = collections.namedtuple("Pair", "a b")
MEMBERS = [*Plain, *Number, *Text, Flags.A, Flags.A | Flags.B]
ZONES = [zoneinfo.ZoneInfo(name) for name in ("UTC", "Europe/Amsterdam", "America/New_York", "Asia/Kolkata")]
CHARACTERS = list('abé€😀"\\/\n\t\x00\x1f\x7f\u2028\uffff z0')
OPTIONS = 12


def default(obj):
    if isinstance(obj, Other):
        return obj.value
    if isinstance(obj, (set, dt.timedelta, bytes)):
        return str(obj)
    if isinstance(obj, tuple):
        return list(obj)
    if hasattr(obj, "tolist"):
        return obj.tolist()
    raise ValueError("no")


def with_pieces(value, fragment):
    """The value with Fragments of a module."""
    kind = type(value)
    if kind is Piece:
        return fragment(value.contents)
    if kind in (list, List, tuple):
        return kind(with_pieces(each, fragment) for each in value)
    if kind in (dict, Dict):
        return kind((key, with_pieces(each, fragment)) for key, each in value.items())
    if kind is Data or kind is Derived:
        return kind(with_pieces(value.a, fragment), with_pieces(value.b, fragment))
    if kind is Slots:
        return Slots(with_pieces(value.x, fragment))
    if kind is Other:
        return Other(with_pieces(value.value, fragment))
    if kind is Pair:
        return Pair(1, with_pieces(value.b, fragment))
    return value


class Calls:
    """What calls are made with, by the numbers of a random.Random. numpy: the module, or None."""

    def __init__(self, seed, numpy=None):
        self.random, self.numpy = random.Random(seed), numpy
        self.option = 0

    def chance(self, part):
        return self.random.random() < part

    # Values

    def text(self):
        random, length = self.random, self.random.choice((0, 1, 2, 3, 5, 8, 16, 33, 70))
        if self.chance(0.6):
            return "".join(random.choices('abcdefghij "\\k', k=length))
        return "".join(random.choices([*CHARACTERS, "\ud800"] if self.chance(0.1) else CHARACTERS, k=length))

    def float(self):
        random, kind = self.random, self.random.random()
        if kind < 0.2:
            special = 0.0, -0.0, float("nan"), float("inf"), -float("inf"), 1e16, 1e-5, 1e-7, 5e-324, 1.5, 1e22, 0.1
            return random.choice(special)
        if kind < 0.4:
            return struct.unpack("d", random.getrandbits(64).to_bytes(8, "little"))[0]
        return random.uniform(-1, 1) * 10.0 ** random.randint(-9, 20)

    def int(self):
        random, kind = self.random, self.random.random()
        if kind < 0.3:
            return random.randint(-10, 10)
        if kind < 0.6:
            return random.randint(-(2**33), 2**33)
        return random.choice((-1, 1)) * (
            2 ** random.choice((30, 31, 32, 53, 60, 63, 64, 65, 100)) + random.randint(-2, 2)
        )

    def datetime(self):
        random = self.random
        zone = random.choice(
            (None, None, dt.timezone.utc, dt.timezone(dt.timedelta(seconds=random.randint(-86399, 86399))))
        )
        zone = random.choice(ZONES) if self.chance(0.2) else zone
        fraction = random.choice((0, 1, 123000, 999999, random.randint(0, 999999)))
        day = random.randint(2, 9998), random.randint(1, 12), random.randint(1, 28)
        return dt.datetime(*day, random.randint(0, 23), random.randint(0, 59), random.randint(0, 59), fraction, zone)

    def date(self):
        return dt.date(self.random.randint(1, 9999), self.random.randint(1, 12), self.random.randint(1, 28))

    def time(self):
        random = self.random
        fraction, zone = (
            random.choice((0, 5, random.randint(0, 999999))),
            dt.timezone.utc if self.chance(0.05) else None,
        )
        return dt.time(random.randint(0, 23), random.randint(0, 59), random.randint(0, 59), fraction, zone)

    def uuid(self):
        return uuid.UUID(int=self.random.getrandbits(128))

    def member(self):
        return self.random.choice(MEMBERS)

    def str_subclass(self):
        return Str(self.text())

    def int_subclass(self):
        return Int(self.int())

    def piece(self):
        return Piece(self.random.choice((b"[1]", "{}", b"x y", 5)))

    def refused(self):
        return self.random.choice((Float(1.5), b"bytes", dt.timedelta(1), Other(1), {3}, Tuple((1,)), Undecorated(1)))

    def numbers(self):
        np, random = self.numpy, self.random
        if np is None:
            return 1
        kind = random.randint(0, 7)
        if kind == 0:
            return random.choice((np.int8, np.int16, np.int32, np.uint8, np.uint16))(random.randint(0, 100))
        if kind == 1:
            return np.float32(random.uniform(-1, 1) * 10.0 ** random.randint(-9, 15))
        if kind == 2:
            return np.float64(self.float())
        if kind == 3:
            return np.frombuffer(random.getrandbits(16).to_bytes(2, "little"), np.float16)[0]
        if kind == 4:
            unit = random.choice(("Y", "M", "W", "D", "h", "m", "s", "ms", "us", "ns", "ps"))
            return np.datetime64(random.randint(0, 10 ** random.randint(1, 15)), unit)
        if kind == 5:
            return random.choice((np.bool_(True), np.int64(-5), np.uint64(2**64 - 1), np.longlong(3), np.str_("q")))
        shape = random.choice(((0,), (1,), (3,), (40,), (2, 2), (2, 0), (0, 2), (2, 3, 1), ()))
        types = "f8 f4 f2 i1 i2 i4 i8 u1 u2 u4 u8 ? M8[s] M8[us] >i4 O c8".split()
        dtype, count = random.choice(types), 1
        for length in shape:
            count *= length
        factor = random.choice((1, 37, 5 if dtype[0] == "u" else -5))
        array = (np.arange(count) * factor).astype(np.int64).astype(dtype).reshape(shape)
        return array.T if len(shape) > 1 and self.chance(0.2) else array

    def scalar(self):
        kind = self.random.random()
        if kind < 0.25:
            return self.text()
        if kind < 0.45:
            return self.int()
        if kind < 0.6:
            return self.float()
        if kind < 0.75:
            return self.random.choice((None, True, False))
        makers = self.datetime, self.date, self.time, self.uuid, self.member, self.str_subclass, self.int_subclass
        return self.random.choice((*makers, self.piece, self.numbers, self.refused))()

    def key(self):
        if self.option & 4 and self.chance(0.5):
            makers = self.int, self.float, self.datetime, self.time, self.date, self.uuid, self.str_subclass
            makers += (
                self.int_subclass,
                self.member,
                lambda: None,
                lambda: True,
                lambda: (1,) if self.chance(0.1) else 5,
            )
            return self.random.choice(makers)()
        if self.chance(0.01):
            return self.random.choice((1, Str("s"), None, Text.A, b"x"))
        return self.text()

    def value(self, depth):
        kind = self.random.random()
        if depth <= 0 or kind < 0.45:
            return self.scalar()
        n = self.random.choice((0, 1, 1, 2, 3, 5))
        if kind < 0.6:
            return [self.value(depth - 1) for _ in range(n)]
        if kind < 0.66:
            return tuple(self.value(depth - 1) for _ in range(n))
        if kind < 0.85:
            return {self.key(): self.value(depth - 1) for _ in range(n)}
        choice = self.random.randint(0, 8)
        if choice == 0:
            return List(self.value(depth - 1) for _ in range(n))
        if choice == 1:
            return Dict((self.key(), self.value(depth - 1)) for _ in range(n))
        if choice == 2:
            return Data(self.value(depth - 1), self.value(depth - 1))
        if choice == 3:
            return Slots(self.value(depth - 1))
        if choice == 4:
            return Derived(self.value(depth - 1))
        if choice == 5:
            return self.random.choice((Nothing(), Private()))
        return Pair(1, self.value(depth - 1)) if choice == 6 else Other(self.value(depth - 1))

    def of_dumps(self):
        """A value, the arguments after it, and the option."""
        self.option = sum(1 << bit for bit in range(OPTIONS) if self.chance(0.3 if bit in (0, 2, 4, 5) else 0.12))
        value = self.value(self.random.choice((0, 1, 2, 3, 4)))
        return value, (default,) if self.chance(0.5) else (), self.option

    # Texts

    def json_text(self, depth):
        random = self.random

        def space():
            return random.choice(("", "", "", " ", "\n", "  ", "\t", "\r\n"))

        kind = random.random()
        if depth <= 0 or kind < 0.5:
            return self.json_scalar()
        n = random.choice((0, 1, 2, 3, 4))
        items = [self.json_text(depth - 1) for _ in range(n)]
        if kind >= 0.75:
            for i, item in enumerate(items):
                items[i] = f'"{random.choice("abcde") * random.randint(0, 3)}"{space()}:{space()}{item}'
        inner = f"{space()},{space()}".join(items)
        return f"[{space()}{inner}{space()}]" if kind < 0.75 else f"{{{space()}{inner}{space()}}}"

    def json_scalar(self):
        random, kind = self.random, self.random.randint(0, 8)
        if kind == 0:
            return json.dumps(self.text().replace("\ud800", "x"), ensure_ascii=self.chance(0.3))
        if kind == 1:
            return str(self.int())
        if kind == 2:
            return json.dumps(self.float()).replace("NaN", "0").replace("Infinity", "1")
        if kind == 3:
            return random.choice(("null", "true", "false"))
        if kind == 4:
            return f'"\\u{random.randint(0, 65535):04x}"'
        if kind == 5:
            return f'"\\ud8{random.randint(0, 255):02x}\\udc{random.randint(0, 255):02x}"'
        if kind == 6:
            digits = str(random.randint(0, 10 ** random.randint(1, 40)))
            return digits + random.choice(("", "e5", ".5", "E-3", "e+400", ".000"))
        return "-0" if kind == 7 else f"0.000{random.randint(1, 10**20)}"

    JUNK = [*'{}[],:"\\ \n0123456789.eE+-tfnaulrs/ux\x00\x01é€😀', "true", "null", "false", "\\u", "\\ud800", "\\udc00"]
    JUNK += ["\\u00e9", "\ufeff", "NaN"]

    def of_loads(self):
        """Bytes, a str or another buffer that is JSON or nearly so."""
        random, text = self.random, self.json_text(self.random.choice((0, 1, 2, 3, 4)))
        for _ in range(random.choice((0, 0, 1, 1, 2, 3))):
            at, kind = random.randint(0, len(text)), random.random()
            if kind < 0.3:
                text = text[:at] + random.choice(self.JUNK) + text[at:]
            elif kind < 0.6:
                text = text[:at] + text[at + random.randint(1, 3) :]
            elif kind < 0.8:
                text = text[:at]
            else:
                text = text[:at] + random.choice(self.JUNK) + text[at + 1 :]
        kind = random.random()
        if kind < 0.3:
            return text
        data = bytearray(text, "utf-8", "surrogatepass")
        if kind < 0.4 and data:
            data[random.randrange(len(data))] = random.randint(0, 255)
        return data if kind < 0.5 else memoryview(data) if kind < 0.6 else bytes(data)
