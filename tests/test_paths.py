"""Each option of decoding counts on every way that a document can take, whatever it is made of."""

import io
import itertools
import json
import sys
from collections import OrderedDict
from json.decoder import JSONArray
from json.scanner import py_make_scanner

import pytest
from support.compare import PYPY, frozen, native_only, outcome

import cyjson
from cyjson import lines, stream


class Reference(json.JSONDecoder):
    """json's decoder with 3.15's ``array_hook``, on every version: its result takes the place of each list."""

    def __init__(self, *, array_hook=None, **options):
        super().__init__(**options)
        if array_hook is not None:
            self.parse_array = lambda *arguments: (lambda items, end: (array_hook(items), end))(*JSONArray(*arguments))
            self.scan_once = py_make_scanner(self)


TEXTS = {
    "plain": '{"a": [1, 2.5, [], {}], "b": {"c": [{"d": []}], "c": null}, "a": [[true], "\\u00e9"]}',
    "latin": '[{"é": ["é", []], "b": {"é": "ÿ"}}, [[]]]',
    "two bytes": '{"€": [["€"], {}], "b": ["x"]}',
    "four bytes": '[{"😀": [["😀"]]}, {}]',
    "a surrogate": '{"a": ["\ud800", {"b": []}], "\udfff": [[]], "€": "\\ud83d"}',
    "surrogates in Latin text": '[["\ude00é\ud83d", []], {"é": {}}]',
    "many surrogates": "[" + '{"a": ["\udc80", 1, {}]}, ' * 100 + "[]]",
    "a surrogate, and a fault": '{"a": ["\ud800", {"b": []},]}',
    "a surrogate and a number": '["\ud800", {"a": [1, 1.5, NaN]}]',
    "a surrogate and a tab": '["\ud800", {"a": ["\t"]}]',
}


def own_pairs(pairs):
    return ("pairs", pairs)


def own(value):
    return ("hook", value)


OBJECT_HOOKS = [None, dict, OrderedDict, list, own]
PAIRS_HOOKS = [None, dict, OrderedDict, list, tuple, own_pairs]
ARRAY_HOOKS = [None, list, tuple, own]
HOOKS = [
    {name: hook for name, hook in zip(("object_hook", "object_pairs_hook", "array_hook"), each) if hook is not None}
    for each in itertools.product(OBJECT_HOOKS, PAIRS_HOOKS, ARRAY_HOOKS)
]
MORE = [
    {"strict": False},
    {"strict": 0, "parse_int": float, "array_hook": tuple},
    {"parse_float": str, "object_pairs_hook": OrderedDict},
    {"parse_constant": str, "array_hook": tuple, "object_pairs_hook": OrderedDict},
    {"parse_int": str, "strict": False, "object_hook": dict},
    {"strict": False, "object_pairs_hook": OrderedDict, "array_hook": tuple},
]


def encoded(text):
    """The documents that are this text, as ``loads`` takes them."""
    yield text
    yield bytearray(text.encode("utf-8", "surrogatepass"))
    yield b"\xef\xbb\xbf" + text.encode("utf-8", "surrogatepass")
    for encoding in "utf-8", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be":
        yield text.encode(encoding, "surrogatepass")


def ways(text, path):
    """Each way to decode it: functions of the options."""
    for each in encoded(text):
        yield lambda options, each=each: cyjson.loads(each, **options)
        yield lambda options, each=each: cyjson.load(Opened(each), **options)
    yield lambda options: cyjson.JSONDecoder(**options).decode(text)
    yield lambda options: cyjson.JSONDecoder(**options).raw_decode(text)[0]
    yield lambda options: cyjson.JSONDecoder(**options).scan_once(f"-{text}", 1)[0]
    if cyjson.backend == "c":  # the fallback's is json's own
        yield lambda options: cyjson.scanner.make_scanner(cyjson.JSONDecoder(**options))(text, 0)[0]
    yield lambda options: cyjson.loads(text, cls=cyjson.JSONDecoder, **options)
    yield lambda options: cyjson.loads(text, cls=type("Sub", (cyjson.JSONDecoder,), {}), **options)
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    yield lambda options: cyjson.open_document(path, **options)
    yield lambda options: cyjson.open_document(path, mmap=True, **options)


def spelt(options):
    return ", ".join(f"{name}={getattr(value, '__name__', value)}" for name, value in options.items()) or "none"


class Opened:
    def __init__(self, document):
        self.document = document

    def read(self):
        return self.document


def compare_ways(text, options, ways):
    expected = outcome(lambda _: json.loads(text, cls=Reference, **options), json)
    for number, way in enumerate(ways):
        told = outcome(lambda _: way(options), cyjson)
        if expected[0] == "result":
            assert told == expected, (number, options)
        else:
            # What a scanner's own call raises where no value starts, a decoder's makes a JSONDecodeError of.
            assert told[:2] in (expected[:2], ("exception", StopIteration)), (number, options)


@pytest.mark.skipif(PYPY, reason="whose json has other hooks' calls")
@pytest.mark.parametrize("name", TEXTS)
def test_hooks_on_every_way(name, tmp_path):
    every = list(ways(TEXTS[name], tmp_path / "document.json"))
    for options in HOOKS[:: 7 if len(TEXTS[name]) > 1000 else 1] + MORE:
        compare_ways(TEXTS[name], options, every)


@pytest.mark.parametrize("name", [name for name in TEXTS if "fault" not in name and "tab" not in name])
def test_hooks_of_lines_and_streams(name):
    text = TEXTS[name]
    data = text.encode("utf-8", "surrogatepass")
    for options in HOOKS[::3] + MORE:
        expected = outcome(lambda _, options=options: json.loads(text, cls=Reference, **options), json)
        for way in (
            lambda options: list(lines.loads(data, **options))[0],
            lambda options: list(lines.load(io.BytesIO(data), **options))[0],
            lambda options: list(stream.items(data, **options))[0],
            lambda options: list(stream.items(io.BytesIO(data), buf_size=7, **options))[0],
        ):
            told = outcome(lambda _, options=options, way=way: way(options), cyjson)
            assert told[:2] == expected[:2], options


DEPTH = 1300  # more levels than from 3.14 on are read without a question to the interpreter


def is_too_deep(text):
    try:
        json.loads(text)
    except RecursionError:
        return True
    return False


@pytest.fixture
def high_limit():
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(10 * DEPTH)
    yield
    sys.setrecursionlimit(limit)


@pytest.mark.thread_unsafe
@pytest.mark.skipif(PYPY, reason="whose json with hooks is Python, which ends at fewer levels")
@pytest.mark.parametrize("string", ['"x"', '"\ud800"', '"é"'], ids=ascii)
@pytest.mark.parametrize(
    "options",
    [
        {"object_pairs_hook": OrderedDict},
        {"array_hook": tuple},
        {"object_pairs_hook": OrderedDict, "array_hook": tuple},
        {"object_hook": dict, "array_hook": list},
        {"object_pairs_hook": OrderedDict, "parse_int": float},
        {"object_pairs_hook": OrderedDict, "array_hook": own},
        {"object_hook": own},
        {"strict": False, "array_hook": tuple},
    ],
    ids=spelt,
)
def test_hooks_of_deep_documents(options, string, tmp_path, high_limit):
    if cyjson.backend == "python" and "array_hook" in options:
        pytest.skip("the fallback's scanner for array_hook is Python, which ends at fewer levels")
    text = '[{"a":' * (DEPTH // 2) + string + "}]" * (DEPTH // 2)
    if is_too_deep(text):
        pytest.skip("this interpreter's json takes no document this deep")
    pairs_hook, array_hook = options.get("object_pairs_hook"), options.get("array_hook") or (lambda items: items)
    object_hook = options.get("object_hook") or (lambda members: members)
    expected = json.loads(string)
    for _ in range(DEPTH // 2):
        expected = pairs_hook([("a", expected)]) if pairs_hook else object_hook({"a": expected})
        expected = array_hook([expected])
    expected = frozen(expected)
    for number, way in enumerate(ways(text, tmp_path / "deep.json")):
        assert frozen(way(options)) == expected, number


# Documents that are str or bytes to isinstance, as json asks it


class Proxy:
    """What wrapt's, werkzeug's and Django's lazy objects are: all that isn't their own is the other object's."""

    def __init__(self, other):
        self.other = other

    @property
    def __class__(self):
        return type(self.other)

    def __getattr__(self, name):
        return getattr(self.other, name)

    def __getitem__(self, index):
        return self.other[index]

    def __len__(self):
        return len(self.other)


class Bytes(bytes):
    pass


class OwnBytes(bytes):
    def decode(self, *arguments):
        return '["own", [NaN], {"a": 1}]'


class NoText(bytes):
    def decode(self, *arguments):
        return 3


class TextProxy(bytes):
    def decode(self, *arguments):
        return Proxy(super().decode(*arguments))


class OwnStart(bytes):
    def startswith(self, *arguments):
        return False

    def __getitem__(self, index):
        return 0 if index == 0 else 1


class OwnByteArray(bytearray):
    def decode(self, *arguments):
        return f"[{bytearray.decode(self, *arguments)}]"


class OwnText(str):
    def startswith(self, *arguments):
        return False


class Marked(str):
    def startswith(self, *arguments):
        return True


class Long(str):
    def __len__(self):
        return super().__len__() + 3


class Faulty(str):
    def startswith(self, *arguments):
        raise LookupError("startswith")


TEXT = '[1, 1.5, [NaN, "\t"], {"a": {"b": [1]}}]'
DOCUMENTS = {
    "proxy of bytes": lambda text: Proxy(text.encode()),
    "proxy of UTF-16": lambda text: Proxy(text.encode("utf-16")),
    "proxy of a bytearray": lambda text: Proxy(bytearray(text.encode())),
    "proxy of a str": Proxy,
    "proxy of a list": lambda text: Proxy([text]),
    "bytes subclass": lambda text: Bytes(text.encode()),
    "decode": lambda text: OwnBytes(text.encode()),
    "decode of no text": lambda text: NoText(text.encode()),
    "decode of a proxy": lambda text: TextProxy(text.encode()),
    "startswith and getitem": lambda text: OwnStart(text.encode()),
    "bytearray subclass": lambda text: OwnByteArray(text.encode()),
    "str subclass": lambda text: type("Text", (str,), {})(text),
    "startswith": OwnText,
    "startswith, marked": lambda text: OwnText("\ufeff" + text),
    "always marked": Marked,
    "marked": lambda text: "\ufeff" + text,
    "another length": Long,
    "a fault": Faulty,
    "memoryview": lambda text: memoryview(text.encode()),
    "a number": lambda text: 3,
    "None": lambda text: None,
    "list": lambda text: [text],
}


class Anything(json.JSONDecoder):
    """Decodes what isn't a str too."""

    def __init__(self, **options):
        self.options = sorted(options)
        super().__init__(**options)

    def decode(self, s):
        return self.options, super().decode(str(getattr(s, "other", s)))


LOADS_OPTIONS = [
    {},
    {"strict": False},
    {"object_hook": len, "strict": False},
    {"object_pairs_hook": OrderedDict, "strict": False},
    {"parse_int": str, "parse_float": repr, "parse_constant": str, "strict": False},
    {"parse_int": 0, "object_hook": None, "cls": None, "strict": False},
    {"cls": Anything},
    {"cls": Anything, "strict": False, "parse_int": float, "object_pairs_hook": tuple},
    {"cls": json.JSONDecoder, "strict": False, "object_hook": own},
    {"unknown": 1},
    {"cls": Anything, "unknown": 1},
]


@pytest.mark.parametrize("options", LOADS_OPTIONS, ids=spelt)
@pytest.mark.parametrize("name", DOCUMENTS)
def test_options_with_odd_documents(name, options):
    def told(call):
        kind, *what = outcome(lambda _: call(DOCUMENTS[name](TEXT)), json)
        return kind, what[0] if kind == "result" else what[:2]

    expected = told(lambda document: json.loads(document, **options))
    assert told(lambda document: cyjson.loads(document, **options)) == expected
    assert told(lambda document: cyjson.loads(s=document, **options)) == expected
    assert told(lambda document: cyjson.load(Opened(document), **options)) == expected
    assert told(lambda document: cyjson.load(fp=Opened(document), **options)) == expected


@pytest.mark.parametrize("options", [{}, {"strict": False}, {"object_hook": len, "strict": False}], ids=spelt)
@pytest.mark.parametrize("name", DOCUMENTS)
def test_array_hook_with_odd_documents(name, options):
    def told(call):
        kind, *what = outcome(lambda _: call(DOCUMENTS[name](TEXT)), json)
        return kind, what[0] if kind == "result" else what[:2]

    expected = told(lambda document: json.loads(document, cls=Reference, array_hook=tuple, **options))
    assert told(lambda document: cyjson.loads(document, array_hook=tuple, **options)) == expected
    assert told(lambda document: cyjson.load(Opened(document), array_hook=tuple, **options)) == expected
    assert told(lambda document: cyjson.loads(document, cls=Reference, array_hook=tuple, **options)) == expected


def test_array_hook_with_json_s_own_class():
    """Which takes it from 3.15 on."""

    def told(call):
        return outcome(lambda _: call(), json)[:3]

    for text in "[1]", b"[1]", "{}":
        expected = told(lambda text=text: json.JSONDecoder(array_hook=tuple).decode(json.loads(text) and "[1]" or "{}"))
        assert told(lambda text=text: cyjson.loads(text, cls=json.JSONDecoder, array_hook=tuple)) == expected
        assert cyjson.loads(text, cls=json.JSONDecoder) == json.loads(text)


WRONG_CALLS = [
    ((), {}),
    (("[]", "[]"), {}),
    (("[]", "[]"), {"strict": False}),
    (("[]",), {"s": "[]"}),
    (("[]",), {"fp": "[]"}),
    ((), {"s": "[]", "fp": "[]"}),
    ((), {"strict": True}),
    (("[]",), {"object_hok": list}),
    (("[]",), {"obj": 1, "cls": None}),
    ((None,), {"obj": 1}),
]


@pytest.mark.parametrize("args, options", WRONG_CALLS)
@pytest.mark.parametrize("name", ["loads", "load"])
def test_wrong_calls(name, args, options):
    """Refused as json refuses them, before anything is read."""
    reads = []

    class File:
        def __init__(self, text):
            self.text = text

        def read(self):
            reads.append(self.text)
            return self.text

    def told(module):
        del reads[:]
        arguments = [File(each) if name == "load" else each for each in args]
        keywords = {key: File(each) if key == "fp" else each for key, each in options.items()}
        kind, *what = outcome(lambda module: getattr(module, name)(*arguments, **keywords), module)
        return kind, what[:2], list(reads)

    assert told(cyjson)[0] == "exception"
    assert told(cyjson) == told(json)


# Scanners


class Index:
    def __init__(self, index):
        self.index = index

    def __index__(self):
        return self.index


class Hidden(Index):
    def __getattribute__(self, name):
        raise AttributeError(name)

    def __index__(self):
        return 0


def test_scanners_calls():
    """Right calls keep the decoder's options, and wrong ones are refused, as json's are."""
    options = {"object_pairs_hook": OrderedDict, "parse_int": float, "strict": False}
    for args, keywords in [
        (("[1]", Index(0)), {}),
        (("[1]", Hidden(0)), {}),
        (("[1]", True), {}),
        (("-1", Index(1)), {}),
        ((), {"string": "[1]", "idx": 0}),
        ((), {"idx": Index(0), "string": '{"a": 1}'}),
        (("[1]",), {"idx": 0}),
        (("[1]", -1), {}),
        (("[1]", 9), {}),
        (("[1]", 10**30), {}),
        (("[1]", 0.0), {}),
        (("[1]", None), {}),
        (("[1]", int), {}),
        ((b"[1]", 0), {}),
        ((Proxy("[1]"), 0), {}),
        ((), {}),
        (("[1]",), {}),
        (("[1]", 0, 0), {}),
        (("[1]",), {"string": "[1]"}),
        (("[1]", 0), {"idx": 0}),
        ((), {"string": "[1]", "index": 0}),
        ((), {"idx": 0}),
    ]:

        def told(module, args=args, keywords=keywords):
            return outcome(lambda module: module.JSONDecoder(**options).scan_once(*args, **keywords), module)[:3]

        assert told(cyjson) == told(json), (args, keywords)


@native_only
def test_a_scanner_s_hooks_are_those_of_its_decoder():
    scanner = cyjson.JSONDecoder(object_pairs_hook=OrderedDict, array_hook=tuple).scan_once
    assert frozen(scanner('[{"a": []}]', 0)) == frozen(((OrderedDict(a=()),), 11))
    assert frozen(scanner('["\ud800", {"a": []}]', 0)) == frozen((("\ud800", OrderedDict(a=())), 16))
