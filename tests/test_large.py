"""Documents that make every buffer, stack and table grow: many items, long strings, many levels, many keys."""

import io
import itertools
import json
import os
import random
from collections import OrderedDict

import pytest
from support.compare import Record, frozen, same

import cyjson

SIZES = sorted({size + step for size in (8, 64, 256, 512, 1024, 4096) for step in (-1, 0, 1)})
OPTIONS = [{}, {"ensure_ascii": False, "separators": (",", ":")}, {"indent": 1}]


def there_and_back(value):
    """Written and read as json writes and reads it, in every form."""
    expected = frozen(json.loads(json.dumps(value)))
    for options in OPTIONS:
        text = json.dumps(value, **options)
        assert cyjson.dumps(value, **options) == text
        assert frozen(cyjson.loads(text)) == expected
        assert frozen(cyjson.loads(text.encode("utf-8", "surrogatepass"))) == expected
    assert frozen(cyjson.loads(text.encode("utf-16", "surrogatepass"))) == expected
    file = io.StringIO()
    cyjson.dump(value, file)
    assert file.getvalue() == json.dumps(value)


@pytest.mark.parametrize("size", SIZES)
def test_containers(size):
    there_and_back(list(range(size)))
    there_and_back({f"key {n}": n for n in range(size)})
    there_and_back([[]] * size + [{}] * size)
    there_and_back([{"a": [n, str(n)], "b": n / 8} for n in range(size // 4)])
    there_and_back([None] * size * 10)


@pytest.mark.parametrize("before", [0, 1, 255, 256, 1000, 1023, 1024])
def test_large_after_large(before):
    """A container begins wherever the one around it has got to."""
    for inside in 0, 1, 257, 1025:
        there_and_back([*range(before), list(range(inside)), {str(n): n for n in range(inside)}, "last"])
        there_and_back({**{str(n): [n] for n in range(before)}, "list": list(range(inside)), "last": {"a": {}}})


def test_nested_large():
    value = [0]
    for n in range(30):
        value = [*range(n * 37), value, {"k": n, **{f"{n} {m}": m for m in range(n * 11)}}]
    there_and_back(value)


@pytest.mark.parametrize("depth", [1, 10, 62, 63, 64, 65, 66, 100, 127, 128, 129, 200])
def test_levels(depth):
    for step in lambda v: [v], lambda v: {"k": v}, lambda v: [1, {"a": v, "b": []}, "x"], lambda v: (v, {"": 2.5}):
        value = "inside"
        for _ in range(depth):
            value = step(value)
        there_and_back(value)


@pytest.mark.parametrize("size", [*range(505, 520), 1023, 1024, 1025, 4095, 4096, 4097, 70_000, 1_000_000])
def test_strings(size):
    """Long strings, plain and with something in them that keeps them from being copied as they are."""
    for fill in "a", "é", "中", "😀":
        for special in "", "\n", '"', "é", "中", "😀", "\ud800":
            for text in fill * size + special, special + fill * size, fill * (size // 2) + special + fill * (size // 2):
                for ensure_ascii in True, False:
                    document = json.dumps([text, {text: 1}], ensure_ascii=ensure_ascii)
                    assert cyjson.dumps([text, {text: 1}], ensure_ascii=ensure_ascii) == document
                    assert cyjson.loads(document) == [text, {text: 1}]
                    assert cyjson.loads(document.encode("utf-8", "surrogatepass")) == [text, {text: 1}]
        if size > 10_000:
            break


def test_strings_of_escapes_only():
    for size in 1, 100, 511, 512, 513, 5000:
        for text in "\n" * size, '"' * size, "\x00" * size, "é" * size, "😀" * size, "\ud800" * size:
            document = json.dumps(text)
            assert cyjson.dumps(text) == document
            assert cyjson.loads(document) == cyjson.loads(document.encode()) == text


# Output that grows, and goes over to wider characters on the way


def test_widening():
    """The widest character so far comes early or late, with values of every sort before and after it."""
    others = [1, -(2**63), 10**40, 1.5, -1e-300, True, None, "plain", "a\n", {}, [[]], {"k": 0.1}]
    for order in itertools.permutations(["a" * 20, "é" * 20, "中" * 20, "😀" * 20]):
        there_and_back([each for text in order for each in (*others, text)])
        there_and_back({f"{text}{n}": others for n, text in enumerate(order)})
        there_and_back([{text: text} for text in order])


@pytest.mark.parametrize("size", [1, 2, 14, 15, 16, 17, 31, 32, 33, 63, 64, 65, 100, 5000])
def test_separators_and_indentation(size):
    value = [1, "a", {"b": [], "c": [2.5, {"d": None}]}, "é", [[3], "中"], {"😀": 4}]
    for filler in "-", "é", "中", "😀", "\n":
        for options in (
            {"separators": (filler * size, ":")},
            {"separators": (",", filler * size)},
            {"indent": filler * size},
        ):
            for ensure_ascii in True, False:
                for document in value, value[:3]:
                    same(lambda json: json.dumps(document, ensure_ascii=ensure_ascii, **options))
    same(lambda json: json.dumps(value, indent=size))
    same(lambda json: json.dumps(value, indent=size, ensure_ascii=False, separators=("é" * size, "中" * size)))
    assert cyjson.encode(value, indent=size) == json.dumps(value, indent=size, ensure_ascii=False).encode()


def test_deep_indentation():
    value = 1
    for depth in range(150):
        value = [value, depth] if depth % 2 else {"k": value, "é": depth}
    for indent in 1, 7, 40, "\t", "é", "longer than that":
        for ensure_ascii in True, False:
            same(lambda json: json.dumps(value, indent=indent, ensure_ascii=ensure_ascii))


# Keys


def keys_of_each_length():
    source = random.Random(17)
    alphabets = "ab", "abcdefghijklmnop_0", "aé", "a中", "a😀", "a\x00\n", "é中😀\ud800"
    return [
        "".join(source.choice(alphabet) for _ in range(length))
        for alphabet in alphabets
        for length in range(70)
        for _ in range(4)
    ]


def test_keys():
    keys = keys_of_each_length()
    there_and_back([{key: n} for n, key in enumerate(keys)])
    there_and_back([dict.fromkeys(keys, 0), dict.fromkeys(reversed(keys), 1)])


@pytest.mark.parametrize("length", [1, 2, 3, 4, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65])
def test_keys_that_differ_in_one_character(length):
    """Keys seen before aren't taken for others that are almost the same."""
    base = "x" * length
    keys = [base[:at] + other + base[at + 1 :] for at in range(length) for other in "abyzX\x7f"]
    keys += [base + "\x00", base + "x", base[:-1], base.upper(), base + "é", base + "中", base[:-1] + "\u0178"]
    for _ in range(3):
        document = json.dumps([{key: at} for at, key in enumerate(keys)], ensure_ascii=False)
        for source in document, document.encode():
            assert [*map(list, cyjson.loads(source))] == [[key] for key in keys]


def test_very_many_keys():
    """More than any cache holds, and some of them again and again."""
    document = json.dumps([{f"key{n}": n, "often": n, f"é{n}": n, f"{n % 97}": n} for n in range(20_000)])
    same(lambda json: json.loads(document))


def test_repeated_keys_are_one_object():
    """As json's memo has it within one document."""
    lengths = 1, 2, 3, 4, 7, 8, 15, 16, 17, 63, 64, 65, 66, 200, 5000
    keys = ["a longer key that is no identifier", *("ké中😀"[n % 4] * length for n, length in enumerate(lengths * 4))]
    for key in keys:
        for spelt in json.dumps(key), json.dumps(key, ensure_ascii=False):
            plain, wide, widest = (f'[{{{spelt}: 1}}, {{{spelt}: 2}}, "{more}"]' for more in ("a", "中", "😀"))
            for document in plain, plain.encode(), wide, wide.encode(), widest:
                first, second, _ = map(list, cyjson.loads(document))
                assert first == [key]
                assert first[0] is second[0]


@pytest.mark.parametrize("count", [1, 2, 5, 255, 256, 257, 1024, 3000])
def test_duplicate_keys(count):
    """The last value counts, in the place of the first, however far apart they are; pairs hooks see all."""
    items = ", ".join(f'"k{n}": {n}' for n in range(count))
    document = f'{{"twice": "first", {items}, "twice": ["last"], "k0": "again", {items}}}'
    for source in document, document.encode():
        same(lambda json: json.loads(source))
        same(lambda json: json.loads(source, object_pairs_hook=list))
        same(lambda json: json.loads(source, object_hook=lambda found: list(found.items())))


# Hooks in large documents


@pytest.mark.parametrize("size", [10, 255, 256, 257, 1023, 1024, 1025, 5000])
def test_hooks(size):
    document = json.dumps([{"id": n, "values": [n, n / 4], "more": {"a": {}}} for n in range(size)])

    def call(json):
        record = Record()
        options = {
            "object_pairs_hook": record.of("pairs", tuple),
            "parse_int": record.of("int", lambda text: None if text.endswith("7") else int(text)),
            "parse_float": record.of("float", str),
        }
        return json.loads(document, **options), record

    same(call)
    same(lambda json: json.loads(document, object_hook=len))


@pytest.mark.parametrize("size", [10, 256, 1025, 5000])
def test_errors_far_inside(size):
    """All that was read is dropped, and the error has the right place."""
    items = ", ".join(f'{{"k{n}": [{n}, "é{n}"]}}' for n in range(size))
    for bad in "x", '{"a" 1}', '"\\x"', "[1,]", '{"a": 1,}', '"\n"', "":
        document = f'[{items}, [1, {{"a": {bad}'
        assert same(lambda json: json.loads(document))[0] == "exception"
        assert same(lambda json: json.loads(document.encode()))[0] == "exception"


def test_random_documents():
    """Documents with all there is in them, from a fixed seed."""
    source = random.Random(23)

    def text():
        alphabet = source.choice(["abc ", "aé", "a中", "a😀", 'a\\"\n\x01', "a\ud800é"])
        return "".join(source.choice(alphabet) for _ in range(source.choice([0, 3, 10, 30, 200])))

    def value(level):
        kind = source.randrange(8 if level else 6)
        if kind == 0:
            return text()
        if kind == 1:
            return source.choice([None, True, False, 0, -1, 10**20, float("inf")])
        if kind == 2:
            return source.randrange(-(10 ** source.randrange(1, 20)), 10**6)
        if kind == 3:
            return source.uniform(-1, 1) * 10 ** source.randrange(-30, 30)
        if kind in (4, 6):
            return [value(level - 1) for _ in range(source.choice([0, 1, 4, 40]))] if level else []
        return {text(): value(level - 1) for _ in range(source.choice([0, 1, 4, 40]))} if level else {}

    for _ in range(40):
        there_and_back(value(3))


# A str result goes over to wider characters at the first that needs them, wherever that is


def widenings():
    """Values of which one string or two are wider than all before them."""
    wider = "é", "中", "😀"
    for first in wider:
        for second in wider:
            for at in range(9):
                parts = ["a"] * 9
                parts[at] = "x" + first
                parts[(at + 4) % 9] = second * 20
                a, b, c, d, e, f, g, h, i = parts
                yield [a, 1, {"k" + b: c, d: [e, 1.5, {}, 10**20], "l": {f: None}}, (g, True, [[], h]), i, -1]


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"indent": 2},
        {"indent": "\t", "sort_keys": True},
        {"sort_keys": True},
        {"separators": (" " * 20 + ",", " " * 20 + ":")},
        {"skipkeys": True},
    ],
    ids=str,
)
def test_widening_anywhere(options):
    class Made:
        pass

    for value in widenings():
        # Objects that default() replaces, other types of keys, and subclasses, on the way there.
        odd = {"first": 0, 1: Made(), None: [OrderedDict(value[2])], "value": value, 2.5: "end"}
        for each in (value, {"v": value, "w": "end"}, [odd, odd] if "sort_keys" not in options else [value, value]):
            more = {**options, "ensure_ascii": False, "default": lambda obj: [value[0], value[4]]}
            same(lambda json: json.dumps(each, **more))
            compact = {"separators": (",", ":" if "indent" not in options else ": "), **more}
            del more["ensure_ascii"]
            assert cyjson.encode(each, **more) == json.dumps(each, **compact).encode()


# Lengths that 32 bits don't hold, where they are asked for: CYJSON_HUGE=1

GIB = 2**30
BEYOND = 4 * GIB + 100


def available():
    """GiB of memory that could be had; 0 where the system doesn't tell."""
    try:
        with open("/proc/meminfo") as file:
            return next(int(line.split()[1]) / 2**20 for line in file if line.startswith("MemAvailable"))
    except (OSError, StopIteration):
        return 0


def huge(test):
    asked = os.environ.get("CYJSON_HUGE", "0") not in ("", "0")
    test = pytest.mark.skipif(asked and available() < 14, reason="14 GiB of memory aren't available")(test)
    return pytest.mark.skipif(not asked, reason="takes 13 GiB of memory and minutes: CYJSON_HUGE=1 runs it")(test)


@pytest.fixture(scope="module")
def long_text():
    return "x" * BEYOND


def quoted(text):
    return '"'.join(["", text, ""])


@huge
def test_huge_str_from_bytes(long_text):
    document = b'"'.join([b"", b"x" * BEYOND, b""])
    assert cyjson.loads(document) == long_text


@huge
def test_huge_str_from_str(long_text):
    document = quoted(long_text)
    assert cyjson.loads(document) == long_text
    # From an index beyond 32 bits on, a plain string and one that is put together.
    assert cyjson.decoder.scanstring(document, BEYOND - 5) == ("x" * 6, BEYOND + 2)
    document = "".join(["x" * BEYOND, '\\né"', "[1]"])
    assert cyjson.decoder.scanstring(document, BEYOND - 5) == ("xxxxx\né", BEYOND + 4)
    assert cyjson.JSONDecoder().raw_decode(document, BEYOND + 4) == ([1], BEYOND + 7)


@huge
@pytest.mark.parametrize("ensure_ascii", [True, False])
def test_huge_str_written(long_text, ensure_ascii):
    assert cyjson.dumps(long_text, ensure_ascii=ensure_ascii) == quoted(long_text)


@huge
def test_huge_str_to_bytes(long_text):
    written = cyjson.encode(long_text)
    assert written == b'"'.join([b"", b"x" * BEYOND, b""])


@huge
def test_huge_str_to_a_file(long_text):
    class File:
        size = 0

        def write(self, piece):
            self.size += len(piece)

    file = File()
    cyjson.dump([long_text, "é"], file)
    assert file.size == len('["", "\\u00e9"]') + BEYOND


@huge
@pytest.mark.parametrize("function", [cyjson.encode, lambda value: cyjson.dumps(value, ensure_ascii=False)])
@pytest.mark.parametrize("last", ["", "é"])
def test_huge_output_of_many_parts(function, last):
    """And all of it is read again."""
    part = "y" * 2**26 + last
    written = function([part] * 70)
    assert len(written) > 2**32
    parts = cyjson.loads(written)
    assert len(parts) == 70 and all(each == part for each in parts)


@huge
def test_huge_position_of_an_error(long_text):
    document = "".join(['["', long_text, '",\n nul]'])
    told = []
    for module in json, cyjson:
        with pytest.raises(json.JSONDecodeError) as caught:
            module.loads(document)
        told.append((str(caught.value), caught.value.pos, caught.value.lineno, caught.value.colno))
        del caught
    assert told[0] == told[1]
    assert told[1][1] == BEYOND + 6
