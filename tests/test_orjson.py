"""cyjson.orjson is orjson 3.13's module: its bytes, options, limits and refusals, written out.

test_orjson_differential.py compares it with the real one.
"""

import collections
import dataclasses
import datetime as dt
import inspect
import json
import pickle
import threading
import uuid

import pytest
from support.compare import PYPY
from support.orjson import Other, refusal

import cyjson
from cyjson import orjson

O = orjson  # noqa: E741


# Names


def test_names():
    assert orjson.__version__ == "3.13.0"
    assert orjson.JSONEncodeError is TypeError
    assert issubclass(orjson.JSONDecodeError, json.JSONDecodeError)
    assert issubclass(orjson.JSONDecodeError, cyjson.JSONDecodeError)
    assert all(hasattr(orjson, name) for name in orjson.__all__)
    assert {name for name in vars(orjson) if name.startswith("OPT_")} == {
        name for name in orjson.__all__ if name.startswith("OPT_")
    }


def test_options_have_orjsons_numbers():
    numbers = [O.OPT_INDENT_2, O.OPT_NAIVE_UTC, O.OPT_NON_STR_KEYS, O.OPT_OMIT_MICROSECONDS, O.OPT_SERIALIZE_NUMPY]
    numbers += [O.OPT_SORT_KEYS, O.OPT_STRICT_INTEGER, O.OPT_UTC_Z, O.OPT_PASSTHROUGH_SUBCLASS]
    numbers += [O.OPT_PASSTHROUGH_DATETIME, O.OPT_APPEND_NEWLINE, O.OPT_PASSTHROUGH_DATACLASS]
    assert numbers == [1 << i for i in range(12)]
    assert O.OPT_SERIALIZE_DATACLASS == O.OPT_SERIALIZE_UUID == 0


# Arguments


def test_signatures():
    assert str(inspect.signature(orjson.dumps)) == "(obj, /, default=None, option=None)"
    assert str(inspect.signature(orjson.loads)) == "(obj, /)"
    assert orjson.dumps.__module__ == orjson.loads.__module__ == "cyjson.orjson"
    assert (orjson.dumps.__name__, orjson.loads.__name__) == ("dumps", "loads")


@pytest.mark.parametrize(
    "args, kwargs, words",
    [
        ((), {}, "dumps() missing 1 required positional argument: 'obj'"),
        ((), {"obj": 1}, "dumps() missing 1 required positional argument: 'obj'"),
        ((1,), {"foo": 1}, "dumps() got an unexpected keyword argument"),
        ((1, None, None), {"option": 1}, "dumps() got multiple values for argument: 'option'"),
        ((1, None), {"default": 1}, "dumps() got multiple values for argument: 'default'"),
        ((1,), {"option": "x"}, "Invalid opts"),
        ((1,), {"option": True}, "Invalid opts"),
        ((1,), {"option": 4096}, "Invalid opts"),
        ((1,), {"option": -1}, "Invalid opts"),
        ((1,), {"option": 1 << 70}, "Invalid opts"),
        ((1,), {"option": 1.0}, "Invalid opts"),
    ],
)
def test_wrong_arguments_of_dumps(args, kwargs, words):
    assert refusal(orjson.dumps, *args, **kwargs)[0] == words


def test_arguments_of_dumps():
    assert orjson.dumps(1, None, None) == b"1"
    assert orjson.dumps(1, None, O.OPT_APPEND_NEWLINE) == b"1\n"
    assert orjson.dumps({1}, default=list) == orjson.dumps({1}, list) == b"[1]"
    assert orjson.dumps(1, **{"opt" + "ion": 1024}) == b"1\n"  # a str that isn't interned
    assert orjson.dumps({1}, None or list, None, None, None, None) == b"[1]"  # more than three count as orjson has it
    assert orjson.dumps(1, None, O.OPT_APPEND_NEWLINE, None) == b"1"


def test_wrong_arguments_of_loads():
    for args, kwargs in [((), {}), ((1, 2), {}), ((), {"obj": "1"})]:
        with pytest.raises(TypeError, match=r"loads\(\) takes (exactly one argument|no keyword arguments)"):
            orjson.loads(*args, **kwargs)


# Scalars


@pytest.mark.parametrize(
    "value, text",
    [
        (None, b"null"),
        (True, b"true"),
        (False, b"false"),
        (0, b"0"),
        (-(2**63), b"-9223372036854775808"),
        (2**63, b"9223372036854775808"),
        (2**64 - 1, b"18446744073709551615"),
        ("", b'""'),
        ("aé€😀", '"aé€😀"'.encode()),
        ('"\\/\b\f\n\r\t\x00\x1f\x7f\u2028', b'"\\"\\\\/\\b\\f\\n\\r\\t\\u0000\\u001f\x7f\xe2\x80\xa8"'),
        ("x" * 3000 + "\n", b'"' + b"x" * 3000 + b'\\n"'),
        ([], b"[]"),
        ({}, b"{}"),
        ((), b"[]"),
        ((1, (2,)), b"[1,[2]]"),
        ({"a": [1, {"b": None}]}, b'{"a":[1,{"b":null}]}'),
    ],
)
def test_plain_values(value, text):
    assert orjson.dumps(value) == text
    assert orjson.dumps([value, value]) == b"[" + text + b"," + text + b"]"
    assert orjson.dumps({"k": value}) == b'{"k":' + text + b"}"


@pytest.mark.parametrize(
    "value, text",
    [
        (0.0, b"0.0"),
        (-0.0, b"-0.0"),
        (1.0, b"1.0"),
        (0.1, b"0.1"),
        (123456.789, b"123456.789"),
        (1e15, b"1000000000000000.0"),
        (9999999999999998.0, b"9999999999999998.0"),
        (1e16, b"1e+16"),
        (-1.5e16, b"-1.5e+16"),
        (1e22, b"1e+22"),
        (1.7976931348623157e308, b"1.7976931348623157e+308"),
        (0.0001, b"0.0001"),
        (0.00001, b"0.00001"),
        (-0.000015, b"-0.000015"),
        (9.999999999999999e-05, b"0.00009999999999999999"),
        (1.2345678901234568e-05, b"0.000012345678901234568"),
        (1e-6, b"1e-6"),
        (-1.5e-7, b"-1.5e-7"),
        (1e-9, b"1e-9"),
        (1e-10, b"1e-10"),
        (5e-324, b"5e-324"),
        (float("nan"), b"null"),
        (float("inf"), b"null"),
        (float("-inf"), b"null"),
    ],
)
def test_floats(value, text):
    assert orjson.dumps(value) == text
    assert orjson.dumps([1, value, {"a": value}]) == b"[1," + text + b',{"a":' + text + b"}]"
    assert orjson.dumps({value: 1}, option=O.OPT_NON_STR_KEYS) == b'{"' + text + b'":1}'


def test_ints_have_64_bits():
    for value in (2**64, -(2**63) - 1, 10**100, -(10**100)):
        assert refusal(orjson.dumps, value)[0] == "Integer exceeds 64-bit range"
        assert refusal(orjson.dumps, [1, value])[0] == "Integer exceeds 64-bit range"
        words = refusal(orjson.dumps, {value: 1}, option=O.OPT_NON_STR_KEYS)[0]
        assert words == "Dict integer key must be within 64-bit range"


def test_strict_integer():
    for value in (0, 5, -5, 2**30, 2**53 - 1, -(2**53) + 1):
        assert orjson.dumps([value], option=O.OPT_STRICT_INTEGER) == b"[%d]" % value
    for value in (2**53, -(2**53), 2**63, 2**64 - 1, -(2**63)):
        assert refusal(orjson.dumps, {"a": value}, option=O.OPT_STRICT_INTEGER)[0] == "Integer exceeds 53-bit range"
    assert refusal(orjson.dumps, 2**64, option=O.OPT_STRICT_INTEGER)[0] == "Integer exceeds 64-bit range"


@pytest.mark.parametrize("option", [0, O.OPT_SORT_KEYS, O.OPT_NON_STR_KEYS, O.OPT_INDENT_2])
def test_surrogates_are_refused(option):
    words = "str is not valid UTF-8: surrogates not allowed"
    for value in ("\ud800", ["a", "b\udfff"], {"\ud800": 1}, {"a": {"b": "\ud83d"}}, ("x" * 5000 + "\ud800",)):
        assert refusal(orjson.dumps, value, option=option) == (words, None)


# Containers


def test_keys_must_be_str():
    class Str(str):
        pass

    for key in (1, None, 1.5, Str("s"), b"a", (1,)):
        assert refusal(orjson.dumps, {"a": 1, key: 2})[0] == "Dict key must be str"
        assert refusal(orjson.dumps, [{key: 2}], option=O.OPT_SORT_KEYS)[0] == "Dict key must be str"
        assert refusal(orjson.dumps, {key: 2}, option=O.OPT_INDENT_2)[0] == "Dict key must be str"


def test_keys_are_looked_at_first_where_they_are_sorted():
    for option, words in [(0, "Type is not JSON serializable: object"), (O.OPT_SORT_KEYS, "Dict key must be str")]:
        assert refusal(orjson.dumps, {"a": object(), 1: 2}, option=option)[0] == words
    for option in (O.OPT_SORT_KEYS, O.OPT_NON_STR_KEYS):
        words = "str is not valid UTF-8: surrogates not allowed"
        assert refusal(orjson.dumps, {"a": {"b": object()}, "\ud800": 2}, option=option)[0] == words
        assert refusal(orjson.dumps, {"a": 2**70, "\ud800": 2}, option=option)[0] == words


def test_sort_keys():
    value = {"é": 5, "z": {"b": 1, "a": 2}, "\U0001f600": 7, "\uffff": 8, "a\x00": 1, "a": 2, "": 0}
    text = '{"":0,"a":2,"a\\u0000":1,"z":{"a":2,"b":1},"é":5,"\uffff":8,"😀":7}'
    assert orjson.dumps(value, option=O.OPT_SORT_KEYS) == text.encode()
    both = O.OPT_SORT_KEYS | O.OPT_NON_STR_KEYS
    assert orjson.dumps(value, option=both) == text.encode()
    assert orjson.dumps({"b": 1, "a": [{"d": 1, "c": 2}]}, option=O.OPT_SORT_KEYS | O.OPT_INDENT_2) == (
        b'{\n  "a": [\n    {\n      "c": 2,\n      "d": 1\n    }\n  ],\n  "b": 1\n}'
    )


def test_indent():
    value = [[], {}, (), [1], {"a": [], "b": {"c": 1.5}}]
    assert orjson.dumps(value, option=O.OPT_INDENT_2) == json.dumps(value, indent=2).encode()
    assert orjson.dumps([], option=O.OPT_INDENT_2 | O.OPT_APPEND_NEWLINE) == b"[]\n"
    deep = {"a": [{"b": [[1, 2], {"c": "d"}]}] * 3}
    for _ in range(30):
        deep = [deep]
    assert orjson.dumps(deep, option=O.OPT_INDENT_2) == json.dumps(deep, indent=2).encode()


def test_append_newline():
    for value in (1, "a", [], {"a": "x" * 5000}, None):
        assert orjson.dumps(value, option=O.OPT_APPEND_NEWLINE) == orjson.dumps(value) + b"\n"
    for n in range(400):  # whatever room there is
        assert orjson.dumps("x" * n, option=O.OPT_APPEND_NEWLINE) == b'"' + b"x" * n + b'"\n'


@pytest.mark.parametrize("option", [0, O.OPT_INDENT_2, O.OPT_SORT_KEYS, O.OPT_NON_STR_KEYS])
def test_254_levels(option):
    @dataclasses.dataclass
    class Data:
        a: object

    @dataclasses.dataclass
    class Slots:
        __slots__ = ("a",)
        a: object

    def nested(make, levels, value=1):
        for _ in range(levels):
            value = make(value)
        return value

    for make in (lambda v: [v], lambda v: (v,), lambda v: {"a": v}, Data, Slots, lambda v: Sub([v])):
        assert orjson.dumps(nested(make, 254), option=option).count(b"1") == 1
        assert refusal(orjson.dumps, nested(make, 255), option=option)[0] == "Recursion limit reached"
        assert refusal(orjson.dumps, nested(make, 400), option=option)[0] == "Recursion limit reached"
    for empty in ([], {}, Data(1), Sub()):  # an empty tuple is no level
        assert orjson.dumps(nested(lambda v: [v], 253, empty), option=option)
        assert refusal(orjson.dumps, nested(lambda v: [v], 254, empty), option=option)[0] == "Recursion limit reached"
    assert orjson.dumps(nested(lambda v: [v], 254, ()), option=option)


class Sub(list):
    pass


def test_circles_end_at_the_limit():
    circle = []
    circle.append(circle)
    assert refusal(orjson.dumps, circle)[0] == "Recursion limit reached"
    circle = {}
    circle["a"] = [1, circle]
    for option in range(64):
        assert refusal(orjson.dumps, circle, option=option)[0] == "Recursion limit reached"
    shared = [1]
    assert orjson.dumps([shared, shared, {"a": shared}]) == b'[[1],[1],{"a":[1]}]'


# default


def test_default():
    assert orjson.dumps([Other([Other(1)]), {"a": Other("x")}], lambda o: o.value) == b'[[1],{"a":"x"}]'
    assert refusal(orjson.dumps, Other()) == ("Type is not JSON serializable: Other", None)
    words, cause = refusal(orjson.dumps, [Other()], lambda o: 1 / 0)
    assert words == "Type is not JSON serializable: Other" and type(cause) is ZeroDivisionError
    words, cause = refusal(orjson.dumps, Other(), default=None)
    assert words == "Type is not JSON serializable: Other"
    assert str(cause) == "'NoneType' object is not callable"


def test_default_is_called_255_times():
    calls = []

    def until(n):
        calls.clear()

        def default(obj):
            calls.append(obj)
            return Other() if len(calls) < n else n

        return default

    assert orjson.dumps(Other(), until(255)) == b"255"
    assert refusal(orjson.dumps, Other(), until(256)) == ("default serializer exceeds recursion limit", None)
    assert len(calls) == 255
    assert orjson.dumps([Other(1)] * 1000, lambda o: o.value).count(b"1") == 1000  # not in one another


def test_default_gets_what_comes_out_of_it():
    def nest(obj):
        calls.append(obj)
        return [Other()] if len(calls) < 300 else 1

    calls = []
    assert refusal(orjson.dumps, Other(), nest)[0] == "Recursion limit reached"
    assert len(calls) == 255


@pytest.mark.parametrize(
    "value, name",
    [
        (b"x", "bytes"),
        ({1}, "set"),
        (1j, "complex"),
        (range(3), "range"),
        (dt.timedelta(1), "datetime.timedelta"),
        (int, "type"),
        (collections.namedtuple("N", "a")(1), "N"),
        (type("T", (tuple,), {})(), "T"),
        (type("F", (float,), {})(1), "F"),
        (type("D", (dt.datetime,), {})(2020, 1, 1), "D"),
        (type("U", (uuid.UUID,), {})(int=1), "U"),
        (collections.deque(), "collections.deque"),
    ],
)
def test_types_that_are_refused(value, name):
    assert refusal(orjson.dumps, value)[0] == f"Type is not JSON serializable: {name}"
    assert orjson.dumps([value], default=lambda o: "made") == b'["made"]'


# loads


@pytest.mark.parametrize(
    "text, value",
    [
        ("1", 1),
        ("-0", 0),
        ("-0.0", -0.0),
        ("-0e5", -0.0),
        ("0e99999999999999999999", 0.0),
        ("1e-99999999999999999999", 0.0),
        ("9223372036854775808", 9223372036854775808),
        ("18446744073709551615", 18446744073709551615),
        ("18446744073709551616", 18446744073709551616.0),
        ("9999999999999999999", 9999999999999999999),
        ("-9223372036854775808", -9223372036854775808),
        ("-9223372036854775809", float("-9.223372036854776e18")),  # PyPy takes equal constants for one
        ("123456789012345678901234567890", 1.2345678901234568e29),
        ("1E5", 100000.0),
        ('"\\ud83d\\ude00\\u00e9\\/\\n"', "😀é/\n"),
        ('"\x7f"', "\x7f"),
        (" \t\r\n[ ] ", []),
        ('{"a":1,"b":{},"a":2}', {"a": 2, "b": {}}),
        ('[null,true,false,"é€😀",1.5,-1]', [None, True, False, "é€😀", 1.5, -1]),
        ('["' + "x" * 300 + '\\n€"]', ["x" * 300 + "\n€"]),
    ],
)
def test_loads(text, value):
    for data in (text, text.encode(), bytearray(text.encode()), memoryview(text.encode())):
        result = orjson.loads(data)
        assert result == value and type(result) is type(value)
        assert str(result) == str(value)  # the sign of zero, the order of keys
    assert orjson.loads(f"[{text}]") == [value]
    assert type(orjson.loads(f"[{text}, 1.5]")[0]) is type(value)


REFUSED = [
    ("", "Input is a zero-length, empty document", 0),
    (" \n", "input data is empty", 0),
    ("\ufeff1", "UTF-8 byte order mark (BOM) is not supported", 0),
    ("[1,]", "trailing comma is not allowed", 2),
    ('{"a":1, }', "trailing comma is not allowed", 6),
    ("tru", "unexpected end of data", 3),
    ("trux", "invalid literal, expected 'true'", 0),
    ("[fals]", "invalid literal, expected 'false'", 1),
    ("nan", "invalid literal, expected 'null'", 0),
    ("NaN", "unexpected character, expected a JSON value", 0),
    ("[Infinity]", "unexpected character, expected a JSON value", 1),
    ("[1,,2]", "unexpected character, expected a JSON value", 3),
    ("-", "unexpected end of data", 1),
    ("-a", "no digit after sign", 1),
    ("+1", "no digit after sign", 0),
    ("[.5]", "no digit after sign", 1),
    ("01", "number with leading zero is not allowed", 0),
    ("-01", "number with leading zero is not allowed", 1),
    ("1.e", "no digit after decimal point", 2),
    ("[1e]", "no digit after exponent sign", 3),
    ("1e", "unexpected end of data", 2),
    ("[2e400]", "number is infinity when parsed as double", 1),
    ("-" + "1" * 400, "number is infinity when parsed as double", 0),
    ("[1 2]", "unexpected character, expected ',' or ']'", 3),
    ('{"a":1 "b":2}', "unexpected character, expected ',' or '}'", 7),
    ("{1:2}", "unexpected character, expected a string key", 1),
    ('{"a" 1}', "unexpected character, expected ':' after key", 5),
    ('"abc', "unexpected end of data", 4),
    ('"a\\x"', "invalid escaped sequence in string", 2),
    ('"a\\u12"', "invalid escaped sequence in string", 2),
    ('"a\\u12', "unexpected end of data", 6),
    ('"\\ud800"', "no low surrogate in string", 1),
    ('"\\ud800\\u0041"', "invalid low surrogate in string", 1),
    ('"\\ud800\\uzzzz"', "invalid escape in string", 1),
    ('["é\\udc00"]', "invalid high surrogate in string", 3),
    ('{"\\ud800": 1}', "no low surrogate in string", 2),
    ('"\x01"', "unexpected control character in string", 1),
    ('"\n"', "unexpected control character in string", 1),
    ("[1]x", "unexpected content after document", 3),
    ("1\x0c", "unexpected content after document", 1),
    ("[1]\x00", "unexpected content after document", 3),
    ('["éé", x]', "unexpected character, expected a JSON value", 7),
    ("[" * 1025 + "]" * 1025, "depth limit exceeded", 1025),
    ('{"a":' * 1025 + "1" + "}" * 1025, "depth limit exceeded", 5121),
]


@pytest.mark.parametrize("text, words, at", REFUSED, ids=range(len(REFUSED)))
def test_refused_texts(text, words, at):
    for data in (text, text.encode(), bytearray(text.encode()), memoryview(text.encode())):
        with pytest.raises(orjson.JSONDecodeError) as caught:
            orjson.loads(data)
        error = caught.value
        assert (error.msg, error.pos, error.doc) == (words, at, text)
        assert str(error) == str(json.JSONDecodeError(words, text, at))
        assert error.__cause__ is None


@pytest.mark.parametrize(
    "data, words",
    [
        (b"\xff", "str is not valid UTF-8: surrogates not allowed"),
        (b'"\xed\xa0\x80"', "str is not valid UTF-8: surrogates not allowed"),
        (b'"\xc0\x80"', "str is not valid UTF-8: surrogates not allowed"),
        ('["\ud800"]', "str is not valid UTF-8: surrogates not allowed"),
        ('["😀\udfff"]', "str is not valid UTF-8: surrogates not allowed"),
        ("1".encode("utf-16"), "str is not valid UTF-8: surrogates not allowed"),
        (5, "Input must be bytes, bytearray, memoryview, or str"),
        (None, "Input must be bytes, bytearray, memoryview, or str"),
        (type("Str", (str,), {})("1"), "Input must be bytes, bytearray, memoryview, or str"),
        (type("Bytes", (bytes,), {})(b"1"), "Input must be bytes, bytearray, memoryview, or str"),
        (memoryview(b"1x1x")[::2], "Input must be bytes, bytearray, memoryview, or str"),
        (memoryview(b""), "Input is a zero-length, empty document"),
    ],
)
def test_refused_inputs(data, words):
    with pytest.raises(orjson.JSONDecodeError) as caught:
        orjson.loads(data)
    assert (caught.value.msg, caught.value.pos, caught.value.doc) == (words, 0, "")


def test_memoryviews():
    assert orjson.loads(memoryview(bytearray(b"[1,2]"))) == [1, 2]
    assert orjson.loads(memoryview(b"x[1]1")[1:4]) == [1]
    assert orjson.loads(memoryview(b"[1]").cast("b")) == [1]


@pytest.mark.skipif(PYPY, reason="how deep its json goes depends on what ran before")
def test_1024_levels():
    for opened, closed in ("[", "]"), ('{"a":', "}"), ("[ \n ", " ]"):
        text = opened * 1024 + ("1" if "{" in opened else "") + closed * 1024
        value, levels = orjson.loads(text), 0
        while value and value != 1:
            value, levels = value[0] if type(value) is list else value["a"], levels + 1
        assert levels >= 1023


def test_errors_are_pickled():
    with pytest.raises(orjson.JSONDecodeError) as caught:
        orjson.loads("[1,\n x]")
    error = pickle.loads(pickle.dumps(caught.value))
    assert type(error) is orjson.JSONDecodeError
    assert (error.msg, error.pos, error.lineno, error.colno) == (
        "unexpected character, expected a JSON value",
        5,
        2,
        2,
    )


def test_keys_are_shared():
    first, second = orjson.loads(b'[{"key":1},{"key":2}]')
    assert first == {"key": 1} and second == {"key": 2}


# Whatever runs meanwhile


def test_containers_that_change_meanwhile():
    """Other values may be written then, or fewer; nothing else happens."""
    for option in (0, O.OPT_SORT_KEYS, O.OPT_NON_STR_KEYS, O.OPT_INDENT_2):
        for container in ([], {}):

            def change(obj, container=container):
                container.clear()
                return "made"

            for i in range(100):
                if type(container) is list:
                    container.append(Other())
                else:
                    container[f"k{i}"] = Other()
            assert orjson.loads(orjson.dumps([container], change, option))


@dataclasses.dataclass
class Point:
    x: object = 1
    y: object = 2


def test_dataclass_that_changes_meanwhile():
    point = Point()

    def change(obj):
        point.__dict__.clear()
        point.__dict__.update({f"k{i}": i for i in range(100)})
        return 1

    point.x = Other()
    assert orjson.dumps(point, change).startswith(b'{"x":1')


def test_threads():
    value = [{"a": 1.5, "b": [None, "é", dt.datetime(2020, 1, 1)], "c": Point()} for _ in range(50)]
    text, results = orjson.dumps(value), []

    def work():
        for _ in range(20):
            assert orjson.dumps(value) == text
            results.append(orjson.loads(text)[-1])

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 80 and all(each == results[0] for each in results)


def test_install_leaves_it_alone():
    if cyjson.installed():
        pytest.skip("installed already")
    before = orjson.dumps(1e-7)
    cyjson.install()
    try:
        assert orjson.dumps(1e-7) == before == b"1e-7"
        with pytest.raises(orjson.JSONDecodeError):
            orjson.loads("NaN")
    finally:
        cyjson.uninstall()
