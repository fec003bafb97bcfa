"""Separators and indentation of any kind: json's text and errors from all that writes, and never its C encoder."""

import collections
import gc
import io
import itertools
import json
import os
import random
import subprocess
import sys

import pytest
from support.compare import PYPY, native_only, same
from support.mutants import changes_of_a_dict, changes_of_a_list, dicts_with_own_items, lists_with_own_iteration
from support.writers import WRITERS, Proxy, written

import cyjson
from cyjson import lines


class Text(str):
    """Its characters count; where json's C encoder writes separators from 3.14 on, its str()."""

    def __str__(self):
        return "asked"

    __repr__ = __format__ = __str__

    def __len__(self):
        return 99

    def __iter__(self):
        return iter("asked")

    def __getitem__(self, index):
        return "asked"

    def encode(self, *arguments):
        return b"asked"

    def join(self, parts):
        return "asked"


class Subclass(str):
    pass


class Adding(str):
    """json's generator adds to the separators, its C encoder doesn't."""

    def __add__(self, other):
        return f"<{str.__add__(self, other)}>"


class AddedTo(str):
    def __radd__(self, other):
        return f"({other}|{str.__str__(self)})"


class Multiplying(str):
    """... and multiplies the indentation."""

    def __mul__(self, count):
        return f"<{count}>"

    __rmul__ = __mul__


class Index:
    def __init__(self, result=2):
        self.result = result

    def __index__(self):
        if isinstance(self.result, Exception):
            raise self.result
        return self.result


class Times:
    def __init__(self, result):
        self.result = result

    def __rmul__(self, other):
        return self.result


class OwnInt(int):
    def __index__(self):
        return 7

    def __repr__(self):
        return "asked"


class TimesInt(int):
    def __rmul__(self, other):
        return "é"


WIDE = ["é", "中", "😀", "\ud800", "\x7f", "é" * 20, "中" * 40, "😀" * 700, "a中", "é😀"]
SUBCLASSES = [Text("x"), Text(""), Text(", "), Text("é"), Text("中" * 17), Text("😀")]
OPERATORS = [Adding("x"), Adding("é"), AddedTo("é"), Multiplying("é"), Multiplying(" ")]
PLAIN = ["", ",", " : ", ";" * 40]
WRONG = [5, None, b",", 1.5, Proxy("é"), [","], ("é",), object]
PIECES = WIDE + SUBCLASSES + OPERATORS + PLAIN
INDENTS = [*PIECES, 0, 1, 3, -1, True, False, OwnInt(3), TimesInt(2), Index(), Index(-1), Proxy("é"), Proxy(2)]
WRONG_INDENTS = [1.5, b" ", [], (), {}, Times("é"), Times(Text("é")), Times([1]), Times(None), Index(LookupError("no"))]

VALUES = [
    [],
    {},
    [1],
    [1, "é", [], {}],
    {"a": 1},
    {"a": [1, {"b": "é"}, "中"], "c": {"d": "😀", "e": None}, "f": [True, 2.5, "x" * 100, 10**30]},
    (1, (2, ())),
    "text",
    "中",
    7,
    None,
    {1: 2, None: "é", 1.5: [[[]]]},
    [{"a": 1, "b": "中" * 9}] * 40,
]


def whole(call):
    """``call`` whose result also gives the size of the str: it is no wider than its characters need."""

    def told(json):
        text = call(json)
        return text, sys.getsizeof(text) if type(text) is str else None

    return told


def compare(value, **options):
    for name, write in WRITERS.items():
        same(whole(lambda json, write=write: write(json, value, **options)), notes=name != "dump")


@pytest.mark.parametrize("ensure_ascii", [True, False])
@pytest.mark.parametrize("indent", [None, "é"])
def test_every_pair_of_separators(indent, ensure_ascii):
    value = {"a": [1, "é"], "b": {"c": None}}
    for pair in itertools.product(PIECES + WRONG, repeat=2):
        for name in "dumps", "dump":
            write = WRITERS[name]
            options = {"separators": pair, "indent": indent, "ensure_ascii": ensure_ascii}
            same(whole(lambda json, write=write, options=options: write(json, value, **options)), notes=False)


@pytest.mark.parametrize("ensure_ascii", [True, False])
@pytest.mark.parametrize("index", range(len(VALUES)))
def test_every_value_with_every_piece(index, ensure_ascii):
    for each in INDENTS + WRONG_INDENTS:
        compare(VALUES[index], indent=each, ensure_ascii=ensure_ascii)
    for each in PIECES + WRONG:
        compare(VALUES[index], separators=(each, ": "), ensure_ascii=ensure_ascii)
        compare(VALUES[index], separators=(",", each), ensure_ascii=ensure_ascii)


@pytest.mark.parametrize("seed", range(4))
def test_any_options(seed):
    choose = random.Random(seed)
    for _ in range(150):
        compare(
            choose.choice(VALUES),
            separators=(choose.choice(PIECES), choose.choice(PIECES)),
            indent=choose.choice([None, *INDENTS]),
            ensure_ascii=choose.random() < 0.5,
            sort_keys=choose.random() < 0.2,
            check_circular=choose.random() < 0.8,
        )


def test_odd_attributes_of_an_encoder():
    def call(json):
        class Encoder(json.JSONEncoder):
            item_separator = Text("é")
            key_separator = "中"

            def default(self, obj):
                return ["made"]

        mine = Encoder(ensure_ascii=False)
        mine.indent = Text("😀")
        plain = json.JSONEncoder()
        plain.item_separator = Text("中")
        return [
            mine.encode({"a": [1, object]}),
            "".join(mine.iterencode({"a": [1, object]})),
            json.dumps({"a": [1, object]}, cls=Encoder),
            plain.encode([1, [2]]),
        ]

    same(call)


@pytest.mark.parametrize("width", ["é", "中", "😀"])
@pytest.mark.parametrize("ensure_ascii", [True, False])
def test_text_that_widens_later(width, ensure_ascii):
    """The widest character is in the separators, in values before or after them, or in neither: at every turn."""
    for text in "a", "é", "中", "😀":
        value = {"x" * 3000: [text, {text: [text] * 3, "k": [1.5, -7, None, "a" * 3000, text * 600]}], text: text}
        compare(value, separators=(width, width * 2), ensure_ascii=ensure_ascii)
        compare(value, indent=width, ensure_ascii=ensure_ascii, sort_keys=text > "a")
        compare(["a", 1, [text]], separators=(width, ":"), ensure_ascii=ensure_ascii)


# In pieces


@native_only
@pytest.mark.parametrize("ensure_ascii", [True, False])
@pytest.mark.parametrize("separator", ["é", "中" * 3, "😀" * 50, Text("é" * 5000), "\ud800"], ids=range(5))
def test_pieces_stay_small(separator, ensure_ascii):
    size = str.__len__(separator)
    value = [list(range(30)), {str(n): ["é", "😀"] for n in range(30)}] * (20 if size > 1000 else 300)
    pieces = []
    options = {"separators": (separator, separator), "ensure_ascii": ensure_ascii}
    expected = "".join(json.JSONEncoder(**options).iterencode(value))

    class File:
        write = pieces.append

    cyjson.dump(value, File, **options)
    for each in pieces, list(cyjson.JSONEncoder(**options).iterencode(value)):
        assert "".join(each) == expected
        assert len(each) > 1
        assert max(map(len, each)) < 65536 + 2 * size + 1000
        assert {type(piece) for piece in each} == {str}


def test_long_strings_in_pieces():
    value = {"k" * 50_000: ["中" * 100_000, "a" * 100_000], "l": "😀" * 70_000}
    for ensure_ascii in True, False:
        compare(value, separators=("é", "中"), ensure_ascii=ensure_ascii)
        compare(value, indent="中", ensure_ascii=ensure_ascii)


# Bytes


@pytest.mark.parametrize("indent", [None, 1, "é", Text("中")])
def test_utf8(indent):
    value = {"a": [1, "é", {"b": "中"}], "c": [[], {}]}
    generator_asks_no_str = cyjson.backend == "python" and sys.version_info >= (3, 14)
    for pair in itertools.product([each for each in PIECES if each != "\ud800" and each not in OPERATORS], repeat=2):
        expected = json.dumps(value, separators=pair, indent=indent, ensure_ascii=False).encode()
        assert cyjson.encode(value, separators=pair, indent=indent) == expected
        file = io.BytesIO()
        cyjson.dump_bytes(value, file, separators=pair, indent=indent)
        if not generator_asks_no_str or all(str(each) == str.__str__(each) for each in pair):
            assert file.getvalue() == expected
        if indent is None and "\n" not in "".join(pair):
            assert lines.encode([value, value], separators=pair) == 2 * (expected + b"\n")
            assert lines.dumps([value], separators=pair).encode() == expected + b"\n"


def test_a_lone_surrogate_counts_where_it_is_written():
    options = {"separators": ("\ud800", Subclass("\udfff")), "indent": "\ud800"}
    assert cyjson.encode([], **options) == b"[]"
    assert cyjson.encode([1], separators=options["separators"]) == b"[1]"
    file = io.BytesIO()
    for value, more in [([1], options), ([1, 2], {**options, "indent": None}), ({"a": 1}, {**options, "indent": None})]:
        with pytest.raises(UnicodeEncodeError):
            cyjson.encode(value, **more)
        with pytest.raises(UnicodeEncodeError):
            cyjson.dump_bytes(value, file, **more)
    assert file.getvalue() == b""


# Not json's C encoder


class Refused(Exception):
    pass


@native_only
@pytest.mark.skipif(PYPY, reason="its json has no C encoder")
def test_json_s_c_encoder_is_not_asked(monkeypatch):
    def refuse(*arguments):
        raise Refused

    class Own(cyjson.JSONEncoder):
        def iterencode(self, o, _one_shot=False):
            return super().iterencode(o, _one_shot)

    class OwnBoth(Own):
        def encode(self, o):
            return super().encode([o])

    value = {"a": [1, {"b": None}], "c": lists_with_own_iteration()[0]([1])}
    tried = list(itertools.product([None, "é", Multiplying("中"), 2], PIECES, PIECES))
    expected = [json.dumps(value, indent=indent, separators=pair) for indent, *pair in tried]
    monkeypatch.setattr(json.encoder, "c_make_encoder", refuse)
    with pytest.raises(Refused):
        json.JSONEncoder().encode(value)
    for (indent, *pair), text in zip(tried, expected, strict=True):
        options = {"separators": pair, "indent": indent}
        assert cyjson.dumps(value, **options) == text
        assert cyjson.JSONEncoder(**options).encode(value) == text
        assert cyjson.dumps(value, cls=Own, **options) == text
        if indent is None:
            assert cyjson.dumps(value, cls=OwnBoth, **options) == f"[{text}]"
        written(cyjson, value, **options)
        list(cyjson.JSONEncoder(**options).iterencode(value))
        if "\ud800" not in (*pair, indent):
            cyjson.encode(value, **options)
            cyjson.dump_bytes(value, io.BytesIO(), **options)


CRASH = """
import gc
import cyjson

class Emptying(list):
    def __iter__(self):
        above.clear()
        gc.collect()
        return iter([["x" * 500, {}], 2.5])

class Text(str):
    pass

class Own(cyjson.JSONEncoder):
    def iterencode(self, o, _one_shot=False):
        return super().iterencode(o, _one_shot)

for options in [
    {"cls": Own}, {"separators": (chr(233), chr(0x4E2D))}, {"separators": (Text(","), Text(":"))}, {"indent": chr(233)},
    {"separators": (Text(chr(0x1F600)), ":"), "ensure_ascii": False}, {"separators": ("", chr(0xD800))},
    {"indent": Text(" ")},
]:
    for make in (lambda: [Emptying([1]), 2]), (lambda: {"k" * 500: Emptying([1]), "l": 2}):
        for write in cyjson.dumps, lambda *a, cls=None, **k: list(cyjson.JSONEncoder(**k).iterencode(*a)):
            above = make()
            try:
                write(above, **options)
            except RuntimeError as error:
                assert "changed size during iteration" in str(error)
print("done")
"""


@native_only
def test_a_list_emptied_by_its_item_s_iteration():
    """What crashes json itself. Freed memory is overwritten, so that reading it shows."""
    environment = {**os.environ, "PYTHONMALLOC": "debug"}
    ran = subprocess.run([sys.executable, "-c", CRASH], env=environment, capture_output=True, text=True)
    assert (ran.returncode, ran.stdout) == (0, "done\n"), ran.stderr


# Changed while they are written


ODD_OPTIONS = [
    {"separators": ("é", "中")},
    {"separators": ("\ud800", "é" * 300), "ensure_ascii": False},
    {"separators": (Text("😀"), Text(":")), "sort_keys": True},
    {"separators": ("😀" * 3000, ""), "ensure_ascii": False, "check_circular": False},
    {"separators": (Adding("é"), AddedTo(":")), "skipkeys": True},
    {"indent": "é"},
    {"indent": Text("中"), "separators": ("", ""), "ensure_ascii": False},
    {"indent": Multiplying("😀"), "sort_keys": True},
    {"indent": "\udfff" * 200, "separators": (Text(","), "é")},
]
odd_options = pytest.mark.parametrize("options", ODD_OPTIONS, ids=range(len(ODD_OPTIONS)))


class Odd:
    pass


def compare_changed(make, change, **options):
    """Every writer over ``make()``, whose Python code calls ``change(it)``; also what is left of it then."""
    for name, write in WRITERS.items():
        if name == "one shot" and options.get("indent") is not None:
            continue

        def call(json, write=write):
            made = make()
            # json itself reads what was freed where nobody else holds it.
            kept = (list(made), list(made.values() if isinstance(made, dict) else made))
            if json is cyjson and cyjson.backend == "c":
                del kept

            def act(result):
                change(made)
                gc.collect(0)
                return result

            Acting.act = staticmethod(act)
            try:
                return write(json, made, default=lambda obj: act(["y" * 100, {"z": "é"}]), **options), len(made)
            finally:
                Acting.act = staticmethod(lambda result: result)

        same(call, notes=name != "dump")


class Acting:
    @staticmethod
    def act(result):
        return result


class ActingList(list):
    def __iter__(self):
        return iter(Acting.act([["own" * 100], {}]))


class ActingDict(dict):
    def items(self):
        return Acting.act([("own", [1]), ("k" * 100, {"é": 1})])


class ActingKey(str):
    __hash__ = str.__hash__

    def __lt__(self, other):
        return Acting.act(str.__lt__(self, other))


@odd_options
@pytest.mark.parametrize("change", sorted(changes_of_a_list()))
def test_lists_changed(change, options):
    for make in Odd, lambda: ActingList([1]), lambda: ActingDict(a=1):
        compare_changed(lambda make=make: [make() for _ in range(6)], changes_of_a_list()[change], **options)


@odd_options
@pytest.mark.parametrize("kind", [dict, collections.OrderedDict])
@pytest.mark.parametrize("change", sorted(changes_of_a_dict()))
def test_dicts_changed(change, kind, options):
    for make in Odd, lambda: ActingList([1]), lambda: ActingDict(a=1):
        compare_changed(
            lambda make=make: kind((key * 9, make()) for key in "abcd"), changes_of_a_dict()[change], **options
        )


@odd_options
@pytest.mark.parametrize("change", sorted(changes_of_a_dict()))
def test_dicts_changed_while_they_are_sorted(change, options):
    if "sort_keys" in options:
        compare_changed(lambda: {ActingKey(key): [key] for key in "cfabed"}, changes_of_a_dict()[change], **options)


@odd_options
def test_subclasses_with_methods_of_their_own(options):
    kinds = [(kind, {"k": 1, "j": [2]}) for kind in dicts_with_own_items()]
    kinds += [(kind, [1, [2]]) for kind in lists_with_own_iteration()]
    for (kind, contents), (name, write) in itertools.product(kinds, WRITERS.items()):
        for make in kind, lambda made, kind=kind: [kind(made), 1], lambda made, kind=kind: {"a": kind(made), "b": "é"}:
            if name != "one shot" or options.get("indent") is None:
                same(lambda json, write=write, make=make: write(json, make(contents), **options), notes=name != "dump")
