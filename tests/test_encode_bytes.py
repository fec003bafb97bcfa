"""The contract of ``encode``: compact UTF-8 bytes, always valid RFC 8259."""

import collections
import json

import pytest
from support.compare import Record, counts_levels

import cyjson


@pytest.mark.parametrize(
    "value, expected",
    [
        (None, b"null"),
        (True, b"true"),
        (False, b"false"),
        (0, b"0"),
        (-(2**70), b"-1180591620717411303424"),
        (1.5, b"1.5"),
        (-0.0, b"-0.0"),
        (1e16, b"1e+16"),
        ("", b'""'),
        ('a"b\\c/d\n\x00\x7f', b'"a\\"b\\\\c/d\\n\\u0000\x7f"'),
        ("é中😀\u2028", '"é中😀\u2028"'.encode()),
        ([], b"[]"),
        ((), b"[]"),
        ({}, b"{}"),
        ([1, [2, (3,)]], b"[1,[2,[3]]]"),
        ({"a": 1, "é": [None, {"x": "y"}]}, '{"a":1,"é":[null,{"x":"y"}]}'.encode()),
        ({2: 1, 1.5: 2, None: 3, True: 4}, b'{"2":1,"1.5":2,"null":3,"true":4}'),
        (collections.OrderedDict([("b", 1), ("a", 2)]), b'{"b":1,"a":2}'),
    ],
)
def test_values(value, expected):
    written = cyjson.encode(value)
    assert type(written) is bytes
    assert written == expected
    assert cyjson.encode([value, value, value]) == b"[" + b",".join([expected] * 3) + b"]"


def test_options():
    value = {"b": [1, {"c": "é"}], "a": {}}
    assert cyjson.encode(value, sort_keys=True) == '{"a":{},"b":[1,{"c":"é"}]}'.encode()
    assert cyjson.encode(value, indent=1) == json.dumps(value, indent=1, ensure_ascii=False).encode()
    assert cyjson.encode(value, indent="\t", sort_keys=True) == (
        json.dumps(value, indent="\t", sort_keys=True, ensure_ascii=False).encode()
    )
    assert cyjson.encode(value, indent=0) == json.dumps(value, indent=0, ensure_ascii=False).encode()
    assert cyjson.encode(value, separators=(" , ", " é ")) == '{"b" é [1 , {"c" é "é"}] , "a" é {}}'.encode()
    assert cyjson.encode(value, indent=2, separators=(";", "=")) == (
        json.dumps(value, indent=2, separators=(";", "="), ensure_ascii=False).encode()
    )
    assert cyjson.encode({(1,): 1, "a": 2}, skipkeys=True) == b'{"a":2}'
    assert cyjson.encode([1, [2]], check_circular=False) == b"[1,[2]]"


def test_default():
    calls = Record()
    default = calls.of("default", lambda obj: {"complex": [obj.real, obj.imag]})
    assert cyjson.encode([1 + 3j, "é"], default=default) == '[{"complex":[1.0,3.0]},"é"]'.encode()
    assert len(calls) == 1
    with pytest.raises(TypeError, match="Object of type complex is not JSON serializable"):
        cyjson.encode([1j])


def test_cls():
    made = []

    class Encoder(json.JSONEncoder):
        item_separator = "never"

        def __init__(self, **options):
            made.append(options)
            super().__init__(**options)

        def default(self, o):
            return f"<{o}>"

    assert cyjson.encode({"b": 2j, "a": "é"}, cls=Encoder, sort_keys=True) == '{"a":"é","b":"<2j>"}'.encode()
    assert made == [
        {
            "skipkeys": False,
            "ensure_ascii": False,
            "check_circular": True,
            "allow_nan": False,
            "indent": None,
            "separators": (",", ":"),
            "default": None,
            "sort_keys": True,
        }
    ]

    class Whole(json.JSONEncoder):
        def encode(self, o):
            return f"whole é {o}"

    assert cyjson.encode(1, cls=Whole) == "whole é 1".encode()


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_no_nan(value):
    for document in value, [value], {"a": value}, {value: 1}, {"a": [{"b": (value,)}]}:
        for options in {}, {"indent": 1}, {"sort_keys": True}:
            with pytest.raises(ValueError) as told:
                cyjson.encode(document, **options)
            with pytest.raises(ValueError) as expected:
                json.dumps(document, allow_nan=False, **options)
            assert told.value.args == expected.value.args
    with pytest.raises(ValueError):
        cyjson.encode([2j], default=lambda obj: value)


@pytest.mark.parametrize(
    "text", ["\ud800", "a\udfff", "é\ud83d", "中\udc00中", "😀\ud800", "\udc80" * 40, "x" * 100 + "\ud800"]
)
def test_no_lone_surrogates(text):
    """The exception is the one that str.encode raises, on a str that has the surrogate in it: that text or all."""
    first = next(character for character in text if "\ud800" <= character <= "\udfff")
    for document in text, [1, text], {"a": text}, {text: 1}, [{"k": ["é", text]}]:
        with pytest.raises(UnicodeEncodeError) as told:
            cyjson.encode(document)
        assert (told.value.encoding, told.value.reason) == ("utf-8", "surrogates not allowed")
        assert text in told.value.object
        assert told.value.object[told.value.start] == first
        with pytest.raises(UnicodeEncodeError) as expected:
            told.value.object.encode()
        assert told.value.args == expected.value.args
    with pytest.raises(UnicodeEncodeError):
        cyjson.encode([1, 2], separators=("\ud800", ":"))
    with pytest.raises(UnicodeEncodeError):
        cyjson.encode([1, 2], indent="\ud800")


@pytest.mark.parametrize("length", [1, 2, 15, 16, 17, 40, 2000])
def test_strings_that_know_their_utf8(length):
    """The interpreter keeps the UTF-8 of a str that it was once asked for: encode may take that."""
    ctypes = pytest.importorskip("ctypes")
    if not hasattr(ctypes, "pythonapi"):
        pytest.skip("this interpreter isn't asked through ctypes")
    ask = ctypes.pythonapi.PyUnicode_AsUTF8AndSize
    ask.argtypes, ask.restype = [ctypes.py_object, ctypes.c_void_p], ctypes.c_void_p
    for fill in "a", "é", "中", "😀":
        for special in "", '"', "\\", "\n", "\x00", "\x1f", "\x7f", "é", "😀":
            text = "".join([fill * length, special, fill * length])
            assert ask(text, None)
            expected = json.dumps([text, {text: text}], ensure_ascii=False, separators=(",", ":"))
            assert cyjson.encode([text, {text: text}]) == expected.encode()
            assert cyjson.dumps([text, {text: text}], ensure_ascii=False, separators=(",", ":")) == expected
            assert cyjson.dumps(text) == json.dumps(text)
            assert cyjson.loads(json.dumps(text)) == text


def test_surrogate_pairs_are_not_joined():
    """Two halves in one str are two code points that UTF-8 has no form for."""
    with pytest.raises(UnicodeEncodeError):
        cyjson.encode("\ud83d\ude00")


def test_result_is_valid_and_reads_back():
    value = {"é": [0.1, -1, "\x00\x1f\x7f\x80\u2028", [], {}], "": {"": ""}, "😀": None}
    assert json.loads(cyjson.encode(value)) == value
    assert cyjson.loads(cyjson.encode(value, indent=3)) == value


@pytest.mark.parametrize("length", [0, 1, 63, 64, 65, 1000, 65_536, 3_000_000])
def test_sizes(length):
    """The output grows over every buffer size, with text whose UTF-8 is longer than its characters."""
    for character in "a", "é", "中", "😀", "\n", '"':
        assert cyjson.encode(character * length) == json.dumps(character * length, ensure_ascii=False).encode()
    values = list(range(length // 10))
    assert cyjson.encode(values) == json.dumps(values, separators=(",", ":")).encode()


@pytest.mark.parametrize(
    "arguments, options",
    [
        ((), {}),
        ((1, 2), {}),
        ((1, None, None), {}),
        ((1,), {"bogus": 1}),
        ((1,), {"ensure_ascii": False}),
        ((1,), {"allow_nan": True}),
        ((1,), {"obj": 2}),
        (([1],), {"separators": 3}),
        (([1],), {"separators": (1, 2)}),
        (([1],), {"indent": 1.5}),
        (([2j],), {"default": 3}),
        (([1],), {"cls": 3}),
    ],
    ids=str,
)
def test_wrong_arguments(arguments, options):
    with pytest.raises(TypeError):
        cyjson.encode(*arguments, **options)


def test_obj_by_name():
    assert cyjson.encode(obj=[1]) == b"[1]"


def test_circular():
    loop = []
    loop.append(loop)
    with pytest.raises(ValueError, match="Circular reference detected"):
        cyjson.encode(loop)


@counts_levels
def test_unchecked_circular():
    loop = []
    loop.append(loop)
    with pytest.raises(RecursionError):
        cyjson.encode(loop, check_circular=False)
