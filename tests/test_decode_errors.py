"""decode: all mismatches at once, each with its path, JSON Pointer, position, line and column."""

import copy
import gc
import json
import pickle
import weakref
from dataclasses import dataclass, field
from typing import Literal, Optional

import pytest
from support.compare import PYPY

import cyjson
from cyjson import Mismatch, ValidationError, _decoding, _reading, decode


@dataclass
class Address:
    street: str
    zip: int


@dataclass
class Person:
    name: str
    addrs: list[Address] = field(default_factory=list)
    odd: Optional[dict[str, int]] = None


def error_of(text, tp, **options):
    with pytest.raises(ValidationError) as told:
        decode(text, tp, **options)
    return told.value


def test_the_words():
    text = '{"name": "x", "addrs": [{"street": "s", "zip": 1}, {"street": "a", "zip": "12345"}]}'
    error = error_of(text, Person)
    assert str(error) == "$.addrs[1].zip: expected int, got str: line 1 column 75 (char 74)"
    assert (error.msg, error.doc, error.pos, error.lineno, error.colno) == ("expected int, got str", text, 74, 1, 75)
    assert error.errors == (Mismatch("$.addrs[1].zip", "/addrs/1/zip", "expected int, got str", 74, 1, 75),)
    assert isinstance(error, json.JSONDecodeError) and isinstance(error, ValueError)
    assert error.__cause__ is None and error.__context__ is None
    assert not hasattr(error, "__notes__")


def test_all_of_them():
    text = '{"name": 1,\n "addrs": [{"zip": "é"},\n  {"street": null, "zip": 1.5, "more": []}, []]}'
    for data in text, text.encode(), bytearray(text.encode()):
        error = error_of(data, Person)
        assert [str(each) for each in error.errors] == [
            "$.name: expected str, got int: line 1 column 10 (char 9)",
            "$.addrs[0].zip: expected int, got str: line 2 column 20 (char 31)",
            '$.addrs[0]: missing member "street": line 2 column 12 (char 23)',
            "$.addrs[1].street: expected str, got null: line 3 column 14 (char 50)",
            "$.addrs[1].zip: expected int, got float: line 3 column 27 (char 63)",
            "$.addrs[2]: expected object, got array: line 3 column 45 (char 81)",
        ]
        assert error.doc == text
        if hasattr(error, "add_note"):
            assert error.__notes__ == [str(each) for each in error.errors[1:]]
        for each in error.errors:
            assert text[each.pos] in '1"{n['
            assert each.lineno == text.count("\n", 0, each.pos) + 1


def test_only_the_first():
    text = '[1, "x", null, "y"]'
    assert [each.path for each in error_of(text, list[int]).errors] == ["$[1]", "$[2]", "$[3]"]
    error = error_of(text, list[int], errors="first")
    assert [each.path for each in error.errors] == ["$[1]"]
    assert error.errors == error_of(text, list[int]).errors[:1]


def test_a_hundred_at_most():
    text = json.dumps(["x"] * 1000)
    error = error_of(text, list[int])
    assert len(error.errors) == 100 and error.errors[99].path == "$[99]"


def test_malformed_text_comes_first():
    with pytest.raises(json.JSONDecodeError) as told:
        decode('["x", "y", }', list[int])
    assert type(told.value) is json.JSONDecodeError and told.value.pos == 11


def test_characters_count_not_bytes():
    error = error_of('["é\U0001f600", 1]'.encode(), list[str])
    assert error.pos == 7


@pytest.mark.parametrize(
    "name, path, pointer",
    [
        ("a", "$.a", "/a"),
        ("_a1", "$._a1", "/_a1"),
        ("a b", "$['a b']", "/a b"),
        ("1", "$['1']", "/1"),
        ("", "$['']", "/"),
        ("a/b~c", "$['a/b~c']", "/a~1b~0c"),
        ('"', "$['\"']", '/"'),
        ("é", "$.é", "/é"),
        ("\n", "$['\\n']", "/\n"),
    ],
)
def test_paths(name, path, pointer):
    (found,) = error_of(json.dumps({"first": 1, name: "x"}), dict[str, int]).errors
    assert (found.path, found.pointer) == (path, pointer)


def test_positions_of_names():
    text = '{"ok": {"1": 2}, "no": {"1": 2, "x": 3}}'
    (found,) = error_of(text, dict[str, dict[int, int]]).errors
    assert (found.path, found.message, found.pos) == ("$.no.x", 'expected int as key, got "x"', text.index('"x"'))


def test_of_equal_names_the_last_counts():
    text = '{"a": {"b": "x", "c": "x"}, "a": {"b": 1}, "a": {"b": [], "b": "z"}}'
    (found,) = error_of(text, dict[str, dict[str, int]]).errors
    assert found.pos == text.index('"z"')


def test_missing_members_in_a_member_given_twice():
    text = '{"addrs": [{"street": 1}], "name": "x", "addrs": [{"zip": 1}]}'
    (found,) = error_of(text, Person).errors
    assert found.path == "$.addrs[0]" and found.pos == text.rindex("{")


def test_whitespace():
    text = ' \n[ 1 ,\t"x" ,{ "a" : [ ] } ] '
    found = error_of(text, list[int]).errors
    assert [each.pos for each in found] == [text.index('"x"'), text.index("{")]


def test_values_in_messages():
    cases = {
        '"blue"': '"blue"',
        "1.50": "1.5",
        "null": "null",
        "true": "true",
        "[1]": "array",
        '{"a": 1}': "object",
        json.dumps("x" * 100): '"' + "x" * 49 + '…"',
        "1" * 100: "an int of many digits",
    }
    for text, words in cases.items():
        assert error_of(text, Literal["a", 1]).msg == f'expected "a" or 1, got {words}'


def test_lone_surrogates_can_be_printed():
    error = error_of('{"\\ud800": "\\udfff"}', dict[str, Literal["a"]])
    assert str(error).isascii() and error.errors[0].path == "$['\\ud800']"


def test_long_names_do_not_multiply():
    text = json.dumps({"x" * 2**19: ["x"] * 100})
    error = error_of(text, dict[str, list[int]])
    assert 1 < len(error.errors) < 5


def test_errors_pickle_and_copy():
    error = error_of('["x", {}]', list[int])
    for again in pickle.loads(pickle.dumps(error)), copy.copy(error), copy.deepcopy(error):
        assert type(again) is ValidationError
        assert (again.errors, again.doc, str(again), again.pos) == (error.errors, error.doc, str(error), error.pos)
        assert getattr(again, "__notes__", None) == getattr(error, "__notes__", None)


def test_names_of_the_classes():
    for cls in ValidationError, Mismatch:
        assert cls.__module__ == "cyjson" and getattr(cyjson, cls.__name__) is cls
    assert Mismatch._fields == ("path", "pointer", "message", "pos", "lineno", "colno")


def test_hooks_run_once():
    calls = []

    @dataclass
    class Counted:
        a: int

        def __post_init__(self):
            calls.append(self.a)

    with pytest.raises(ValidationError):
        _decoding.decode_text('[{"a": 1}, {"a": "x"}, {"a": 2}]', _reading.plan_of(list[Counted]))
    assert calls == [1, 2]


@pytest.mark.skipif(PYPY, reason="counts no references")
def test_errors_go_without_the_collector():
    class Refusal(ValueError):
        pass

    @dataclass
    class Refusing:
        a: int

        def __post_init__(self):
            raise Refusal("no")

    gc.collect()
    gc.disable()
    try:
        for text, tp in (b'["x", null]', list[int]), (b'[{"a": 1}, {"a": 2}]', list[Refusing]):
            dead = []
            try:
                decode(text, tp)
            except ValidationError as error:
                dead += [weakref.ref(each) for each in (error, error.__cause__) if each is not None]
            assert dead
            assert [each() for each in dead] == [None] * len(dead)
    finally:
        gc.enable()
