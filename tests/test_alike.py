"""Objects like those before them: of which the keys are expected, and whose table is copied. What then comes may be
like them nearly, or not at all."""

import ctypes
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.amount import amount
from support.compare import frozen, native_only, same

import cyjson

KEYS = [
    "a",
    "ab",
    "abc",
    "abcdefgh",
    "abcdefghijklmnop",
    "k" * 63,
    "k" * 64,
    "k" * 65,
    "é",
    "中",
    "😀",
    "",
    'a"',
    "a\\",
    "\n",
]


def learn(value, times=4):
    """Have objects like these be known in what place they stand."""
    text = json.dumps(value)
    for _ in range(times):
        assert frozen(cyjson.loads(text)) == frozen(value)
        assert frozen(cyjson.loads(text.encode())) == frozen(value)


def forms(text):
    """The text in every form that is decoded by code of its own."""
    yield text
    yield text.encode()
    for character in "é", "中", "😀":
        yield f'[{text}, "{character}"]'


def agree(text):
    for form in forms(text):
        same(lambda module, form=form: module.loads(form))


@pytest.mark.parametrize("key", KEYS, ids=ascii)
def test_one_key(key):
    learn({key: 1})
    learn({"outer": {key: 1, "last": 2}})
    for other in KEYS:
        for member in {key: 1}, {other: 1}, {key: 1, other: 2}, {other: 1, key: 2}, {key + other: 1}, {}:
            agree(json.dumps(member))
            agree(json.dumps({"outer": member}, ensure_ascii=False))


def test_texts_that_are_nearly_the_expected_ones():
    learn({"name": "x", "size": 1, "parts": [{"name": "y", "size": 2}]})
    for text in [
        '{"name": "x", "size": 1}',
        '{"name": "x", "size": 1, "parts": []}',
        '{"name": "x", "size": 1, "parts": [], "more": 2}',
        '{"name": "x", "name": 1, "parts": []}',
        '{"name": "x", "size": 1, "size": []}',
        '{"size": 1, "name": "x", "parts": []}',
        '{"name": {"name": 1, "size": {"name": 3, "size": 4}}, "size": {"name": 1}, "parts": [{"name": 5}]}',
        '{"nam": 1, "size": 2, "parts": 3}',
        '{"name ": 1, "size": 2, "parts": 3}',
        '{"n\\u0061me": 1, "size": 2, "parts": 3}',
        '{"name\\"": 1, "size": 2, "parts": 3}',
        '{"name\\\\": 1}',
        '{"name"x: 1}',
        '{"name":}',
        '{"name"',
        '{"name',
        '{"name": "x", "size',
        '{"name": "x", "size"',
        '{"name": "x", "size": 1, "parts"',
        '{"name": "x", "size": 1, "parts": ',
        '{"name": "x", "size": 1, "parts": []',
        '{"name": "x", "size": 1, "parts": [], }',
        '{"name": "x", "size": 1,, "parts": []}',
        '{name": "x"}',
        '{"name\x00": "x"}',
        '{"name: "x"}',
    ]:
        agree(text)
        agree(f'{{"parts": [{text}, {text}]}}')
        for end in range(len(text)):
            same(lambda module, part=text[:end]: module.loads(part))


def test_one_context_for_objects_of_many_kinds():
    """Those of an array have one place: each is expected to be like the last that was known."""
    kinds = [{f"k{i}": i, "common": None, f"l{i}": {"common": i}} for i in range(300)]
    for _ in range(3):
        for document in kinds, kinds[::-1], kinds * 2, [kinds, {"deep": kinds}]:
            agree(json.dumps(document))


def test_the_same_within_itself():
    tree = {"name": "leaf", "children": []}
    for _ in range(50):
        tree = {
            "name": "node",
            "children": [tree, {"name": "leaf", "children": []}],
            "size": {"name": 1, "children": {}},
        }
    learn(tree)
    agree(json.dumps(tree))


def test_shapes_that_come_and_go_while_an_object_is_open():
    """In an object whose keys are expected, objects of so many kinds that its own shape is replaced."""
    for extra in "", '"', "\\", "é":
        learn({"first": 1, "many": [], "last": 2})
        many = [{f"x{i}{extra}": 1, f"y{i}": 2} for i in range(2000) for _ in range(3)]
        agree(json.dumps({"first": 1, "many": many, "last": 2}))


@pytest.mark.parametrize(
    "hook, function", [("object_hook", dict.copy), ("object_pairs_hook", list), ("parse_int", str)]
)
def test_hooks_that_decode_others(hook, function):
    document = json.dumps({"a": 1, "b": {"a": 2, "b": 3}, "c": [{"a": 4, "b": 5}]})

    def decoding(module):
        def called(value):
            for i in range(20):
                module.loads(json.dumps({"a": 1, f"b{i}": {"a": 2, "b": [3]}}))
            return function(value)

        return module.loads(document, **{hook: called})

    learn(json.loads(document))
    for _ in range(3):
        same(decoding)


@native_only
@pytest.mark.skipif(not hasattr(ctypes, "pythonapi"), reason="this interpreter isn't asked through ctypes")
def test_texts_that_know_their_utf8():
    """loads takes the UTF-8 that a str was once asked for: with the same results and errors."""
    ask = ctypes.pythonapi.PyUnicode_AsUTF8AndSize
    ask.argtypes, ask.restype = [ctypes.py_object, ctypes.c_void_p], ctypes.c_void_p
    for text in [
        '{"é": "中😀\\ud83d\\ude00", "b": [1, 2.5, "\x7f"]}',
        '["é", "\\ud800"]',
        '["é", "x\x00y"]',
        '["é", 1',
        '["é"] é',
        '\ufeff["é"]',
        '"é"',
        "é",
        '  {"é":\t"é"}\n',
        '["' + "é" * 5000 + '", {"k": "' + "中" * 5000 + '"}]',
    ]:
        text = "".join(list(text))  # of this test alone
        before = same(lambda module, text=text: module.loads(text))
        assert ask(text, None)
        assert same(lambda module, text=text: module.loads(text)) == before


MEMBERS = st.dictionaries(st.sampled_from(["id", "name", "tags", "user", "é", "x" * 64]), st.integers(0, 9), max_size=5)


@settings(max_examples=amount(100, 2000))
@given(
    st.recursive(
        MEMBERS,
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(st.sampled_from(["id", "name", "user", "tags"]), inner, max_size=4)
        ),
        max_leaves=30,
    )
)
def test_any_objects(value):
    for text in (
        json.dumps(value),
        json.dumps(value, ensure_ascii=False),
        json.dumps(value, ensure_ascii=False, indent=1),
    ):
        for _ in range(3):
            assert frozen(cyjson.loads(text)) == frozen(value) == frozen(cyjson.loads(text.encode()))
