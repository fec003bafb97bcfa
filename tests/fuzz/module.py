"""The module against json: check(data) makes documents, objects, options and hooks of any bytes and compares.

Used by driver.c, where libFuzzer chooses the bytes, and by itself, without a look at coverage, on any interpreter:

    python tests/fuzz/module.py [--seconds N] [--seed N] [FILE...]      (files: inputs to check again)
"""

import json
import math
import random
import sys
import time

import cyjson

calls = 0  # of cyjson, each compared with json's


class Choices:
    """Bytes as a source of choices; zeros once they are used up, which end what is being made."""

    def __init__(self, data):
        self.data = data
        self.at = 0

    def below(self, n):
        if self.at >= len(self.data):
            return 0
        chosen = self.data[self.at] % n
        self.at += 1
        return chosen

    def of(self, options):
        return options[self.below(len(options))]

    def rest(self):
        return self.data[self.at :]


class Difference(AssertionError):
    pass


class Refused(Exception):
    pass


def told(call, module, notes):
    """What call(module) gives, spelt out: types, order, signs and NaN are all in a repr."""
    try:
        return repr(call(module))
    except RecursionError:
        return f"{RecursionError}"
    except (Exception, KeyboardInterrupt) as exc:
        doc = getattr(exc, "doc", None)
        noted = getattr(exc, "__notes__", None) if notes else None
        # PyPy's json has messages that an f-string refuses.
        position = str(getattr(exc, "pos", None))
        return " ".join([str(type(exc)), str(exc), position, repr(doc), str(noted), repr(exc.args)])


def same(call, excused=None, notes=True):
    """Raise Difference unless both modules have the same outcome, or both fail and ours begins with ``excused``.

    That may be several; ``notes=False`` where ours may have notes that json's hasn't.
    """
    global calls
    calls += 1
    expected, actual = told(call, json, notes), told(call, cyjson, notes)
    if expected != actual and not (excused and expected.startswith("<class") and actual.startswith(excused)):
        raise Difference(f"\n  json: {expected[:3000]}\ncyjson: {actual[:3000]}")
    return expected


# Documents


WORDS = ["null", "true", "false", "NaN", "Infinity", "-Infinity", "nul", "-", "-I", "tru", "Na", "infinity"]
NUMBERS = ["0", "-0", "1", "-1", "12", "1.5", "-0.0", "1e5", "1E-7", "1.25e+300", "9223372036854775807", "1e400", "01"]
NUMBERS += [
    "9223372036854775808",
    "123456789012345678",
    "1.",
    "1e",
    "-",
    "+1",
    "0.1",
    "4.9e-324",
    "18446744073709551616",
]
SPACES = ["", " ", "\n", "\t\r\n ", " " * 20, "\f", "\u00a0"]
PLAIN = [
    "",
    "a",
    "key",
    "id",
    "0123456789abcdef",
    "x" * 31,
    "y" * 64,
    "z" * 65,
    "a b",
    "é",
    "ü" * 17,
    "中",
    "中文" * 9,
    "😀",
]
PLAIN += ["e\u0301", "\x7f", "\u2028", "\ud800", "\udc00", "\ufeff", "\uffff", "\U0010ffff", "w" * 130, "é" * 70, "/"]
ESCAPES = ["\\n", '\\"', "\\\\", "\\/", "\\b", "\\u0041", "\\u00e9", "\\u4e2d", "\\ud83d\\ude00", "\\ud800", "\\udc00x"]
ESCAPES += ["\\u12", "\\x", "\\", "\\uD83D\\u0041", "\\u00E9\\n", "\\ud83d\\u12", "\\u+123", "\n", "\x00", "\x1f"]


def string(choose):
    parts = []
    for _ in range(choose.below(4)):
        if choose.below(3) == 0:
            parts.append(choose.of(ESCAPES))
        elif choose.below(5) == 0:
            parts.append(chr(choose.below(256) * 256 + choose.below(256)) * (1 + choose.below(20)))
        else:
            parts.append(choose.of(PLAIN))
    return '"' + "".join(parts) + ('"' if choose.below(60) != 59 else "")


def number(choose):
    if choose.below(2):
        return choose.of(NUMBERS)
    digits = "".join(choose.of("0123456789") for _ in range(choose.below(24)))
    return choose.of(["", "-"]) + digits + choose.of(["", ".", ".0", ".5", "e5", "E-3", ".25e+2", "e400"])


def document(choose, level):
    kind = choose.below(6 if level else 4)
    if kind == 0:
        return choose.of(WORDS[:3]) if choose.below(8) else choose.of(WORDS)
    if kind == 1:
        return number(choose)
    if kind in (2, 3):
        return string(choose)
    space = choose.of(SPACES[:5]) if choose.below(40) != 39 else choose.of(SPACES)
    comma, colon = f"{space},{space}", f":{space}"
    if choose.below(50) == 49:
        comma, colon = choose.of([",,", ";", "", ", }"]), choose.of(["", "::", "="])
    if kind == 4:
        items = [document(choose, level - 1) for _ in range(choose.below(6))] * choose.of(
            [1, 1, 1, 1, 2, 70 if level == 1 else 1]
        )
        return "[" + space + comma.join(items) + space + ("]" if choose.below(60) != 59 else "")
    members = []
    for _ in range(choose.below(6)):
        key = string(choose) if choose.below(40) != 39 else number(choose)
        members.append(f"{key}{space}{colon}{document(choose, level - 1)}")
    members *= choose.of([1, 1, 1, 1, 2, 60 if level == 1 else 1])
    return "{" + space + comma.join(members) + space + ("}" if choose.below(60) != 59 else "")


def edited(choose, text):
    """The text with some of its characters taken out, doubled or replaced."""
    for _ in range(choose.below(3)):
        if not text:
            break
        at = (choose.below(256) * 256 + choose.below(256)) % len(text)
        with_ = choose.of(
            ["", '"', "\\", ",", "]", "}", ":", "[", "{", "0", "\x00", "\u4e2d", "\U0001f600", text[at] * 2]
        )
        text = text[:at] + with_ + text[at + 1 :]
    return text


# Objects


class Odd:
    pass


class Text(str):
    def __str__(self):
        return "asked"


class Int(int):
    def __repr__(self):
        return "asked"


class Float(float):
    def __repr__(self):
        return "asked"


class Acting:
    """What happens while a value of the classes below is being asked, besides."""

    @staticmethod
    def act():
        pass


class List(list):
    def __iter__(self):
        Acting.act()
        return iter([0, *super().__iter__()])


class Dict(dict):
    def items(self):
        Acting.act()
        return [("own", 1), *super().items()]


class Claiming:
    """It passes for what it wraps, where isinstance is asked."""

    def __init__(self, wrapped):
        self.wrapped = wrapped

    @property
    def __class__(self):
        if not issubclass(type(self.wrapped), (str, float)):  # the answer to which may be asked for again
            Acting.act()
        return type(self.wrapped)

    def __len__(self):
        return len(self.wrapped)

    def __iter__(self):
        return iter(self.wrapped)

    def items(self):
        return self.wrapped.items()

    def __mul__(self, count):
        return self.wrapped * count


LEAVES = [
    None,
    True,
    False,
    0,
    1,
    -1,
    255,
    2**31,
    2**62,
    2**63,
    -(2**63),
    2**64,
    10**30,
    0.0,
    -0.0,
    0.1,
    1.5,
    1e16,
    1e22,
]
LEAVES += [
    123456.789,
    5e-324,
    1.7976931348623157e308,
    math.inf,
    -math.inf,
    math.nan,
    "",
    Odd,
    NotImplemented,
    1j,
    Text("t"),
    Int(7),
]
LEAVES += [Float(2.5), Float("nan"), [], {}, (), ..., "\\", '"', "a\nb", "\x00", "\x7f" * 3]
LEAVES += [Claiming({"a": [1]}), Claiming([1, {}]), Claiming("text"), Claiming(1.5)]
KEYS = [
    "a",
    "b",
    "key",
    "",
    "é",
    "中",
    "😀",
    "\n",
    '"',
    "x" * 20,
    "x" * 70,
    "\ud800",
    1,
    0,
    True,
    None,
    1.5,
    2**70,
    math.nan,
]
KEYS += [(1,), 2j, Text("k"), Int(3), Float(1.25), False, -1]


def anything(choose, level, alive):
    kind = choose.below(9 if level else 5)
    if kind == 0:
        return choose.of(LEAVES)
    if kind == 1:
        return choose.of(PLAIN) + choose.of(PLAIN) * choose.below(3)
    if kind == 2:
        return (choose.below(256) * 256 + choose.below(256)) ** (1 + choose.below(9)) * choose.of([1, -1])
    if kind == 3:
        return (choose.below(256) - 128) / (1 + choose.below(256)) * 10.0 ** (choose.below(60) - 30)
    if kind == 4:
        return Odd()
    if kind == 5 and alive and choose.below(20) == 19:
        return choose.of(alive)  # what is being made: a circle
    if kind in (5, 6):
        made = choose.of([list, list, list, List])()
        alive.append(made)
        made.extend(anything(choose, level - 1, alive) for _ in range(choose.below(6)))
        alive.pop()
        return tuple(made) if choose.below(6) == 5 else made * choose.of([1, 1, 1, 30 if level == 1 else 1])
    made = choose.of([dict, dict, dict, Dict])()
    alive.append(made)
    for _ in range(choose.below(6)):
        key = choose.of(KEYS) if choose.below(2) else choose.of(PLAIN)
        made[key] = anything(choose, level - 1, alive)
    alive.pop()
    return made


class Adding(str):
    def __add__(self, other):
        return "+" + str.__add__(self, other)

    def __mul__(self, count):
        return "*" * count


ODD = [
    "é",
    "中",
    "😀",
    "\ud800",
    "é" * 40,
    "中" * 700,
    "😀" * 20,
    Text("t"),
    Text("é"),
    Text("😀" * 9),
    Adding("é"),
    Text(),
]
INDENTS = [None, None, None, 0, 1, 2, -1, "", "\t", "é", " " * 20, "--", True, Int(2), *ODD, Claiming("é"), 1.5]
SEPARATORS = [
    None,
    None,
    (",", ":"),
    (", ", ": "),
    ("", ""),
    ("é", "中"),
    (";" * 20, "=" * 20),
    [",", ":"],
    (",",),
    "ab",
    (5, ":"),
]
SEPARATORS += [pair for odd in ODD for pair in ((odd, ":"), (",", odd), (odd, odd))]


def options_to_write(choose):
    options = {
        "ensure_ascii": choose.below(2) == 0,
        "indent": choose.of(INDENTS),
        "separators": choose.of(SEPARATORS),
        "sort_keys": choose.below(4) == 1,
        "skipkeys": choose.below(4) == 1,
        "check_circular": choose.below(16) != 1,
        "allow_nan": choose.below(4) != 1,
    }
    # A circle that isn't looked for is written down to the recursion limit, and each level indented.
    if not options["check_circular"] and isinstance(options["indent"], str) and len(options["indent"]) > 100:
        options["indent"] = "中"
    return options


def default_of(choose, value):
    """A default(): what it does is chosen once, so that json's and ours do the same."""
    kind, at, made = choose.below(8), choose.below(6), choose.of(LEAVES)

    def default(obj):
        state["calls"] += 1
        if kind == 0 and state["calls"] > at:
            raise Refused("default")
        if kind == 1:
            return obj
        if kind == 2 and state["calls"] < 20:
            return [made, {"k": made}]
        if kind == 3 and isinstance(state["value"], (list, dict)):
            state["value"].clear()
        if kind == 4 and isinstance(state["value"], list) and len(state["value"]) < 50:
            state["value"].append("more")
        if kind == 5 and isinstance(state["value"], dict):
            state["value"].update({f"n{n}": n for n in range(at * 10)})
        if kind == 6 and state["calls"] > at:
            raise KeyboardInterrupt
        if kind == 7 and state["calls"] > at:
            raise StopIteration("default")
        return "made"

    state = {}

    def started(value):
        state.update(calls=0, value=value)
        return default

    started.gives = {1: "itself", 2: made}.get(kind, "made")
    return started


# What is checked


def check_bytes(data):
    same(lambda json: json.loads(data))
    same(lambda json: json.loads(bytearray(data)))


def check_text(text):
    """The text as it is, and as part of texts of each kind, in each encoding."""
    given = same(lambda json: json.loads(text))
    for wider in "é", "中", "😀":
        same(lambda json: json.loads(f'[{text}, "{wider}"]'))
    data = text.encode("utf-8", "surrogatepass")
    same(lambda json: json.loads(data))
    same(lambda json: json.loads(text.encode("utf-16-le", "surrogatepass")))
    same(lambda json: json.loads(text, strict=False))
    same(lambda json: json.JSONDecoder().raw_decode(text))
    same(lambda json: json.decoder.scanstring(text, 1))
    if not given.startswith("<class"):
        try:
            value = json.loads(text)
        except RecursionError:
            return
        same(lambda json: json.dumps(value))
        same(lambda json: json.dumps(value, ensure_ascii=False, separators=(",", ":")))


def check_hooks(choose, text):
    kind, at, name = choose.below(4), choose.below(12), choose.of(HOOKS)

    def call(module):
        told, count = [], [0]

        def hook(argument):
            count[0] += 1
            told.append(repr(argument))
            if count[0] > at:
                if kind == 0:
                    raise Refused(name)
                if kind == 1:
                    raise KeyboardInterrupt
                if kind == 2:
                    raise StopIteration(3)
            if isinstance(argument, (dict, list)) and at % 3 == 0:
                held.append(argument)
                held[0].clear()
            return argument if at % 2 else [argument]

        held = []
        options = {name: hook}
        if at % 5 == 0:
            options["object_pairs_hook"] = hook
        if name == "array_hook" and module is json and not ARRAY_HOOK:
            return "unknown"
        return module.loads(text, **options), told

    if name != "array_hook" or ARRAY_HOOK:
        same(call)


HOOKS = ["object_hook", "object_pairs_hook", "parse_int", "parse_float", "parse_constant", "array_hook"]
ARRAY_HOOK = "array_hook" in json.loads.__kwdefaults__


def everything(value):
    """All that is in a value, itself too."""
    found, left = {}, [value]
    while left:
        one = left.pop()
        if id(one) in found:
            continue
        found[id(one)] = one
        if issubclass(type(one), dict):
            left += [each for pair in dict.items(one) for each in pair]
        elif issubclass(type(one), (list, tuple)):
            left += type(one).__mro__[-2].__iter__(one)
    return list(found.values())


def check_object(choose, data, at):
    options = options_to_write(choose)
    started = default_of(choose, None)
    acting = choose.below(3) == 1

    def write(call):
        """``call(module, value, default)`` where asking values may do what default() does."""

        def calling(module):
            value = anything(Choices(data[at:]), 4, [])
            # json's C encoder reads what was freed where a value empties what it is in, and nobody else holds it.
            kept = everything(value) if module is json or cyjson.backend != "c" else None
            default = started(value)
            if acting:
                Acting.act = staticmethod(lambda: default(None))
            limit = sys.getrecursionlimit()
            if not options["check_circular"]:  # the time that json's generators take grows by the square of the depth
                sys.setrecursionlimit(200)
            try:
                return call(module, value, default)
            finally:
                sys.setrecursionlimit(limit)
                Acting.act = staticmethod(lambda: None)
                del kept

        return calling

    def dumps(module, value, default):
        return module.dumps(value, default=default, **options)

    def dump(module, value, default):
        pieces = Pieces()
        module.dump(value, pieces, default=default, **options)
        return "".join(pieces)

    def iterencode(module, value, default):
        return "".join(module.JSONEncoder(default=default, **options).iterencode(value))

    def encode(module, value, default):
        chosen = {name: options[name] for name in ("indent", "sort_keys", "skipkeys", "check_circular", "separators")}
        if module is cyjson:
            return cyjson.encode(value, default=default, **chosen)
        if chosen["separators"] is None:
            chosen["separators"] = (",", ":" if chosen["indent"] is None else ": ")
        return json.dumps(value, default=default, ensure_ascii=False, allow_nan=False, **chosen).encode()

    same(write(dumps))
    same(write(dump), notes=False)
    same(write(iterencode))
    # json's generator asks isinstance, and so does JSONEncoder.encode of a document that may be a str; encode goes by
    # the type. PyPy's json doesn't ask a dict's own items().
    generates = sys.version_info < (3, 13) or cyjson.backend == "python"
    claims = type(anything(Choices(data[at:]), 4, [])) is Claiming
    asks = claims or (options["indent"] is not None and generates)
    if sys.implementation.name == "pypy" or asks:
        return
    # What default() gives back is written by its methods (__iter__, items) by encode; json asks default() again.
    values = everything(anything(Choices(data[at:]), 4, []))
    if started.gives == "itself" and any(type(each) is Claiming for each in values):
        return
    if type(started.gives) is Claiming:
        return
    # json's text is whole before it is encoded, so another error may come first there.
    same(write(encode), excused="<class 'UnicodeEncodeError'>", notes=False)


class Pieces(list):
    write = list.append


def check(data):
    """Raise Difference where json and cyjson don't agree about what these bytes are made into."""
    choose = Choices(data)
    kind = choose.below(6)
    if kind == 0:
        check_bytes(choose.rest())
    elif kind == 1:
        check_text(choose.rest().decode("utf-8", "replace"))
    elif kind == 2:
        check_text(edited(choose, document(choose, 4)))
    elif kind == 3:
        data = edited(choose, document(choose, 4)).encode("utf-8", "surrogatepass")
        if choose.below(2) and data:
            at = choose.below(256) * 256 % len(data)
            data = data[:at] + bytes([choose.below(256)]) + data[at + 1 :]
        check_bytes(data)
    elif kind == 4:
        check_hooks(choose, edited(choose, document(choose, 4)))
    else:
        check_object(choose, data, 16)


def main(arguments):
    seconds, seed, files = 10.0, 1, []
    while arguments:
        argument = arguments.pop(0)
        if argument == "--seconds":
            seconds = float(arguments.pop(0))
        elif argument == "--seed":
            seed = int(arguments.pop(0))
        else:
            files.append(argument)
    if files:
        for name in files:
            with open(name, "rb") as file:
                check(file.read())
        return
    source, end, inputs = random.Random(seed), time.monotonic() + seconds, 0
    while time.monotonic() < end:
        for _ in range(100):
            data = source.randbytes(source.choice([8, 20, 40, 100, 300]))
            inputs += 1
            try:
                check(data)
            except BaseException:
                print(f"input: {data.hex()}", file=sys.stderr)
                raise
    print(f"{inputs} inputs, {calls} calls compared, backend {cyjson.backend}, seed {seed}")


if __name__ == "__main__":
    main(sys.argv[1:])
