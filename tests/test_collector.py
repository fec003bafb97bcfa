"""The collector comes in the middle of a call, and finalisers change what is being written or read: no crash, no other
exception than json's kinds, and what is written is JSON.

Up to 3.11 it may come wherever a container is made, as exceptions, tuples and iterators are; from 3.12 on only between
bytecodes and where signals are looked for.
"""

import collections
import contextlib
import enum
import gc
import io
import itertools
import json
import sys

import pytest
from support.amount import amount, long
from support.compare import native_only, outcome

import cyjson
from cyjson import lines, stream

pytestmark = [native_only, long]  # up to 3.13 json's own C encoder can be made to crash

MOST = 40  # objects made in a call, before each of which the collector comes in a call of its own


class Odd:
    pass


class Key(str):
    __slots__ = ()


class Items(dict):
    def items(self):
        return [(key, value) for key, value in super().items()]


class Iterated(list):
    def __iter__(self):
        return (each for each in list(super().__iter__()))


class Whole(int):
    def __repr__(self):
        return "not a number"


class Real(float):
    pass


class Level(enum.IntEnum):
    LOW = 1


Pair = collections.namedtuple("Pair", "left right")


def own(text, times=1):
    """A str that nobody else holds; reuse() covers its size, but for some."""
    return text * times + "." * 40


def circle(make):
    """What refers to itself, with leaves that fill the memory for the output: where it grows, the circle is found."""
    value = make()
    again = {f"inner key {n:050}": own("x", 7000) for n in range(2)}
    again[own("again")] = [value]
    if isinstance(value, list):
        value.append(again)
    else:
        value[own("in")] = again
    return value


def deep():
    value = [own("at the end")]
    for n in range(1500):
        value = [f"value {n:050}", value] if n % 2 else {f"key {n:050}": f"value {n:050}", own("next"): value}
    return value


DOCUMENTS = {
    "leaves": lambda: [{f"key {n:050}": own("v", n * 40), own("b"): [n, n / 3, None]} for n in range(12)],
    "circle of lists": lambda: circle(lambda: [{own("first key"): own("y", 9000)}]),
    "circle of dicts": lambda: circle(lambda: {own("first key"): own("z", 9000), own("list"): [own("w", 9000)]}),
    "circle of tuples": lambda: circle(lambda: [({own("a key"): own("t", 9000)},), (own("u", 900),)]),
    "circle of wide text": lambda: circle(lambda: [{own("\u20ackey"): own("\u20ac", 5000)}]),
    "objects": lambda: [
        {own("object key"): Odd(), own("more"): [own("a"), own("b")]},
        [Odd(), own("c")],
        (Odd(), Odd()),
    ],
    "keys that are none": lambda: {own("a"): {own("b"): 1, (1, 2): {own("c"): own("d")}}, 1j: [own("e")], own("f"): 2},
    "other keys": lambda: {1: own("a"), 2.5: {None: own("b"), True: own("c"), 1 << 70: own("d")}, Level.LOW: own("e")},
    "keys of a subclass": lambda: {Key("a" * 50): {Key("b" * 50): Key("c" * 50)}, own("d"): Key("e" * 50)},
    "no numbers": lambda: {own("a"): [own("b"), float("nan")], own("c"): {own("d"): float("inf"), float("nan"): 1}},
    "surrogates": lambda: [
        {own("key"): own("\u20ac\ud800")},
        {own("\ud800key"): [own("\udfff" * 1500)]},
        [own("\ud800")],
    ],
    "surrogate in a list": lambda: {own("a"): [[own("b"), own("\ud800")], own("c")]},
    "subclasses": lambda: [
        Items({own("a"): Iterated([own("b"), {own("c"): Items()}])}),
        collections.OrderedDict([(own("d"), Iterated([own("e")])), (own("f"), collections.OrderedDict())]),
        Pair({own("g"): own("h")}, [own("i")]),
        Iterated([{own("j"): Whole(7)}, [Real(1.5)], Level.LOW, Key("k" * 30)]),
    ],
    "large ints": lambda: {f"key {n:050}": [own("a"), {own("b"): 1 << 200 + n}, 1 << 70] for n in range(4)},
    "more than a piece": lambda: [{f"key {n:050}": [own("p", 3000), own("q", 20000)]} for n in range(8)],
}


class Encoder(cyjson.JSONEncoder):
    def default(self, obj):
        return {own("made"): [own("by default")]}


def default(obj):
    return [own("made"), {own("by"): own("default")}]


def to_text(write):
    def call(document):
        file = io.StringIO()
        write(document, file)
        return file.getvalue()

    return call


def to_bytes(write):
    def call(document):
        file = io.BytesIO()
        write(document, file)
        return file.getvalue()

    return call


def dumps(**options):
    return lambda document: cyjson.dumps(document, **options)


def dump(**options):
    return to_text(lambda document, file: cyjson.dump(document, file, **options))


def encode(**options):
    return lambda document: cyjson.encode(document, **options)


def dump_bytes(**options):
    return to_bytes(lambda document, file: cyjson.dump_bytes(document, file, **options))


def encoder(cls=cyjson.JSONEncoder, **options):
    return lambda document: cls(**options).encode(document)


def iterencode(cls=cyjson.JSONEncoder, **options):
    return lambda document: "".join(cls(**options).iterencode(document))


WRITERS = {
    "dumps": dumps(),
    "dumps text": dumps(ensure_ascii=False),
    "dumps sort_keys": dumps(sort_keys=True),
    "dumps sort_keys text": dumps(sort_keys=True, ensure_ascii=False),
    "dumps indent": dumps(indent=1),
    "dumps indent text": dumps(indent="\t", ensure_ascii=False),
    "dumps indent sort_keys": dumps(indent=2, sort_keys=True),
    "dumps separators": dumps(separators=(",\n        \t   ", " : ")),
    "dumps default": dumps(default=default, skipkeys=True),
    "dumps default sort_keys": dumps(default=default, skipkeys=True, sort_keys=True),
    "dumps default indent": dumps(default=default, skipkeys=True, indent=1, ensure_ascii=False),
    "dumps allow_nan": dumps(allow_nan=False, skipkeys=True),
    "dumps cls": dumps(cls=Encoder, skipkeys=True),
    "dump": dump(),
    "dump text": dump(ensure_ascii=False),
    "dump sort_keys": dump(sort_keys=True),
    "dump indent": dump(indent=1, allow_nan=False),
    "dump default": dump(default=default, skipkeys=True, sort_keys=True),
    "dump cls": dump(cls=Encoder),
    "encode": encode(),
    "encode sort_keys": encode(sort_keys=True),
    "encode indent": encode(indent=1),
    "encode separators": encode(separators=(", ", ": "), sort_keys=True),
    "encode default": encode(default=default, skipkeys=True),
    "encode cls": encode(cls=Encoder),
    "dump_bytes": dump_bytes(),
    "dump_bytes sort_keys": dump_bytes(sort_keys=True, indent=1),
    "dump_bytes default": dump_bytes(default=default, skipkeys=True),
    "JSONEncoder": encoder(),
    "JSONEncoder sort_keys": encoder(sort_keys=True, ensure_ascii=False, allow_nan=False),
    "JSONEncoder subclass": encoder(Encoder, skipkeys=True),
    "JSONEncoder indent": encoder(indent=1),
    "iterencode": iterencode(),
    "iterencode text": iterencode(ensure_ascii=False),
    "iterencode sort_keys": iterencode(sort_keys=True),
    "iterencode indent": iterencode(indent=1, allow_nan=False),
    "iterencode subclass": iterencode(Encoder, skipkeys=True, sort_keys=True),
    "lines.encode": lambda document: lines.encode([document]),
    "lines.dumps": lambda document: lines.dumps([document], sort_keys=True, default=default),
    "lines.dump": to_bytes(lambda document, file: lines.dump([document], file, skipkeys=True)),
}


# What finalisers do


def empty(container):
    container.clear()


def replace(container):
    if isinstance(container, list):
        container[:] = [f"instead {n:050}" for n in range(len(container))]
    else:
        keys = list(container)
        container.clear()
        container.update((f"instead {n:050}", [own("of it")]) for n, _ in enumerate(keys))


def extend(container):
    if isinstance(container, list):
        container.extend(f"more {n:050}" for n in range(30))
    else:
        container.update((f"more {n:050}", own("of it")) for n in range(30))


def reuse():
    """Zeros where objects were."""
    return [bytearray(size) for size in itertools.chain(range(15, 512, 16), (1500, 5100, 10100)) for _ in range(4)]


class Circle:
    """What only the collector finds, and what it does then."""

    def __init__(self, action):
        self.action, self.itself = action, self

    def __del__(self):
        self.action()


def within(document):
    """The lists and dicts in a document."""
    found, left = {}, [document]
    while left:
        value = left.pop()
        kind = next((kind for kind in (dict, list, tuple) if isinstance(value, kind)), None)
        if kind is not None and id(value) not in found:
            found[id(value)] = value
            left += dict.values(value) if kind is dict else kind.__iter__(value)
    return [value for value in found.values() if not isinstance(value, tuple)]


def alone(document):
    """Nothing within it is held by a finaliser."""
    return [document]


def handling(call, argument):
    """The call while an exception is handled: another one is made as soon as it is raised."""
    try:
        raise KeyError
    except KeyError:
        return call(argument)


def plainly(call, argument):
    return call(argument)


ATTACKS = [
    (empty, alone, plainly),
    *itertools.product([empty], [alone, within], [handling]),
    *itertools.product([replace, extend], [within], [handling]),
]
RAISED = (ValueError, TypeError, RuntimeError)


@contextlib.contextmanager
def collector_at(n, action):
    """Have the collector come before the n-th object from now on that it is to know, and run the action: a list that
    holds what the action gave, once it ran."""
    thresholds, ran = gc.get_threshold(), []

    def attack():
        if len(ran) < 2:
            ran.append((action(), reuse()))
            Circle(attack)

    gc.collect()
    gc.disable()
    try:
        Circle(attack)
        store = [({n: n}, [n], (n,), (n, n), (n, n, n)) for n in range(20)]  # else those freed before come back first
        gc.set_threshold(gc.get_count()[0] + n, 1000, 1000)
        gc.enable()
        yield ran
        del store
    finally:
        gc.disable()
        gc.set_threshold(*thresholds)
        ran += [None] * 2  # what circles are left do nothing


def sweep(attempt):
    """attempt(n) for each n, or every third, until the collector doesn't come any more: the last n at which it came."""
    n, step = 1, amount(3, 1)
    while n < MOST and attempt(n):
        n += step
    return max(0, n - step)


@pytest.fixture(autouse=True)
def little_to_collect():
    gc.collect()
    gc.freeze()
    yield
    gc.enable()


# Writing


def is_json(text, make):
    """Whether it is, but where json itself writes none: a list that isn't empty but whose __iter__ gives nothing."""
    return make is DOCUMENTS["subclasses"] or json.loads(text) is not None


@pytest.mark.parametrize("name", WRITERS)
def test_finalisers_change_what_is_written(name):
    write = WRITERS[name]
    for make in DOCUMENTS.values():
        expected = outcome(lambda _, make=make: write(make()), cyjson)
        for action, hold, how in ATTACKS:

            def attempt(n, make=make, action=action, hold=hold, how=how):
                document = make()
                held = hold(document)
                with collector_at(n, lambda: [action(each) for each in held]) as ran:
                    try:
                        assert is_json(how(write, document), make)
                    except RAISED:
                        pass
                    return bool(ran)

            sweep(attempt)
        assert outcome(lambda _, make=make: write(make()), cyjson) == expected


@pytest.mark.parametrize(
    "name", ["dumps", "dumps text", "dumps sort_keys", "dumps indent", "dump", "encode", "iterencode"]
)
def test_finalisers_change_what_is_too_deep(name):
    for how in handling, plainly:

        def attempt(n, how=how):
            document = deep()
            with collector_at(n, document.clear) as ran:
                try:
                    how(WRITERS[name], document)
                except RAISED:
                    pass
                return bool(ran)

        sweep(attempt)


# Reading


class Seen(list):
    """Hooks that keep what they get, and return it."""

    def __call__(self, made):
        self.append(made)
        return made


SMALL = '[{"a key of its own": [1, {"b": 2.5}], "c": [], "d": {}}, [[3, 4, "e"], {"f": "g"}], NaN]'
TEXTS = {
    "small": SMALL,
    "large": json.dumps([{f"key {n}": [n, n / 7, {f"inner {n}": f"text {n}"}] for n in range(12)}]),
    "many values": json.dumps([list(range(700)), {f"key {n}": [n] for n in range(700)}]),
    "wide": json.dumps([{f"\u20ac {n}": [n, "\u20ac" * n] for n in range(20)}], ensure_ascii=False),
    "long keys": json.dumps([{"k" * 80 + str(n): {"l" * 90: n}} for n in range(6)] * 2),
    "malformed": SMALL[:-1],
}
HOOKS = ["object_hook", "object_pairs_hook", "array_hook", "parse_int", "parse_float", "parse_constant"]


def read_by_lines(text, **hooks):
    return list(lines.loads("\n".join([text] * 3), **hooks))


READERS = {
    "loads": cyjson.loads,
    "loads bytes": lambda text, **hooks: cyjson.loads(text.encode(), **hooks),
    "load": lambda text, **hooks: cyjson.load(io.StringIO(text), **hooks),
    "decode": lambda text, array_hook=None, **hooks: cyjson.JSONDecoder(**hooks).decode(text),
    "raw_decode": lambda text, array_hook=None, **hooks: cyjson.JSONDecoder(**hooks).raw_decode(text),
    "lines.loads": read_by_lines,
    "stream.items": lambda text, array_hook=None, **hooks: list(stream.items(text.encode(), "item", **hooks)),
    "stream.kvitems": lambda text, array_hook=None, **hooks: list(stream.kvitems(text.encode(), "item", **hooks)),
    "stream.parse": lambda text, **hooks: list(stream.parse(text.encode())),
}


def look_at_all():
    """Look into every list and tuple that the collector knows: one that isn't full yet would crash it."""
    for each in gc.get_objects():
        if type(each) in (list, tuple):
            for item in each:
                type(item)


@pytest.mark.parametrize("name", READERS)
def test_finalisers_change_what_is_read(name):
    """They change what hooks got before, use what is kept between calls, and look at what is being made."""
    read = READERS[name]
    attacks = [([], empty)]
    if name != "stream.parse":
        attacks += [
            *itertools.product([["object_hook"], HOOKS[1:]], [empty, extend]),
            *([[hook], extend] for hook in HOOKS[1:]),
        ]
    for text in TEXTS.values():
        expected = outcome(lambda _, text=text: read(text), cyjson)
        for hooks, action in attacks:

            def attempt(n, text=text, hooks=hooks, action=action):
                seen = Seen()

                def change():
                    for made in seen:
                        if isinstance(made, (list, dict)):
                            action(made)
                    look_at_all()
                    return cyjson.loads(TEXTS["large"]), cyjson.dumps(list(seen))

                with collector_at(n, change) as ran:
                    try:
                        read(text, **dict.fromkeys(hooks, seen))
                    except RAISED:
                        pass
                    return bool(ran)

            sweep(attempt)
        assert outcome(lambda _, text=text: read(text), cyjson) == expected


@pytest.mark.parametrize("kind", ["items", "kvitems", "parse", "lines"])
def test_finalisers_use_the_iterator_at_hand(kind):
    """It is busy; what it gives is whole."""
    data = b"\n".join([SMALL.encode()] * 3) if kind == "lines" else TEXTS["large"].encode()

    def attempt(n):
        if kind == "lines":
            iterator = lines.loads(data)
        elif kind == "parse":
            iterator = stream.parse(data, buf_size=64)
        else:
            iterator = getattr(stream, kind)(data, "item", buf_size=64)

        def use():
            with contextlib.suppress(ValueError, StopIteration):
                next(iterator)
            if n % 2:
                with contextlib.suppress(ValueError):
                    iterator.close()
            look_at_all()

        with collector_at(n, use) as ran:
            for each in iterator:
                assert type(each) in (list, dict, tuple)
            return bool(ran)

    assert sweep(attempt) or sys.version_info >= (3, 12)
