"""Views: what they give is what loads gives, and what lazy raises is what loads raises."""

import gc
import itertools
import json
import random
import sys
import threading
import weakref
from collections.abc import Mapping, Sequence

import pytest
from support.compare import PYPY, counts_levels, native_only
from support.parts import FILES, changed, inputs, outcome, random_document, same, with_files

import cyjson


def value_of(view):
    return view.value() if isinstance(view, (cyjson.LazyObject, cyjson.LazyArray)) else view


def compare(view, value):
    """A view with what loads gave, in all that can be asked of it."""
    if isinstance(value, dict):
        assert type(view) is cyjson.LazyObject
        for name, each in value.items():
            assert name in view
            compare(view[name], each)
            assert same(value_of(view.get(name)), each)
        assert list(view) == list(view.keys()) == list(value)
        assert same([value_of(each) for each in view.values()], list(value.values()))
        assert [(name, repr(value_of(each))) for name, each in view.items()] == [(n, repr(v)) for n, v in value.items()]
        assert "nowhere" not in view and view.get("nowhere") is None and view.get("nowhere", 5) == 5 and 5 not in view
        with pytest.raises(KeyError):
            view["nowhere"]
    elif isinstance(value, list):
        assert type(view) is cyjson.LazyArray
        for each, other in zip(view, value, strict=True):
            compare(each, other)
        for i in (0, len(value) // 2, len(value) - 1, -1, -len(value)) if value else ():
            assert same(value_of(view[i]), value[i])
        assert same([value_of(each) for each in view[1:5:2]], value[1:5:2])
        assert same([value_of(each) for each in view[::-1]], value[::-1])
        for i in (len(value), -len(value) - 1):
            with pytest.raises(IndexError):
                view[i]
    else:
        assert same(view, value)
        return
    assert len(view) == len(value) and bool(view) == bool(value)
    assert same(view.value(), value)
    assert same(json.loads(view.raw.decode("utf-8", "surrogatepass")), value)
    assert len(repr(view)) < 80


DOCUMENTS = [
    '{"a": {"b": [10, {"c": null}, "x"]}, "d": true}',
    "[[1, 2], [3, [4, 5]], {}, [], [[]]]",
    '{"": 0, "/": 1, "\\u0061b": 4, "q\\"uote": [5], "same": 1, "s\\u0061me": {"x": 2}, "b": 3, "same": [7]}',
    '{"\u00e9": 1, "\u4e2d": [2], "\U0001f600": {"x": 3}, "a\\u00e9": 4, "\\ud83d\\ude00!": 5}',
    '{"x": NaN, "y": -Infinity, "z": [Infinity, 1e400, -0.0, 0, 12345678901234567890123, 1.5e-7]}',
    ' [ "a\\nb" , "\\ud800" , "" , [ ] , { } ] ',
    '{"\\ud800": 1, "\\udc00x": [2]}',
    '{"\ud800": ["\udc00"], "a": "\ud800"}',
    "{}", "[]", '"text"', "12", " null ",
    json.dumps({f"k{i % 30}": [i] for i in range(40)}),
    "{" + ", ".join(f'"k{i % 30}": {i}' for i in range(50)) + "}",
    json.dumps(list(range(100))),
]  # fmt: skip


@pytest.mark.parametrize("check", [True, False])
@pytest.mark.parametrize("text", DOCUMENTS)
def test_values(text, check):
    for data in inputs(text):
        compare(cyjson.lazy(data, check=check), json.loads(text))


def test_abstract_classes_and_match():
    view = cyjson.lazy('{"type": "point", "at": [1, 2, [3]]}')
    assert isinstance(view, Mapping) and isinstance(view["at"], Sequence)
    assert not isinstance(view, Sequence)
    source = (
        "match view:\n"
        "    case {'type': 'point', 'at': [x, y, [z]], **rest}:\n"
        "        found = x, y, z, rest\n"
    )  # fmt: skip
    names = {"view": view}
    exec(source, names)
    assert names["found"] == (1, 2, 3, {})
    assert view["at"].index(2) == 1 and view["at"].count(1) == 1 and list(reversed(view["at"]))[1:] == [2, 1]
    assert 2 in view["at"] and 7 not in view["at"] and [3] in view["at"]
    assert ("type", "point") in view.items() and "at" in view.keys() and "point" in view.values()


def test_equality_and_hash():
    view, array = cyjson.lazy('{"a": [1, {"b": 2}]}'), cyjson.lazy("[1, 2]")
    assert view == {"a": [1, {"b": 2}]} and {"a": [1, {"b": 2}]} == view
    assert view != {"a": [1, {"b": 3}]} and view != [1] and view != 5 and view is not None
    assert array == [1, 2] and array != [1] and array != (1, 2) and array == cyjson.lazy(b" [1,2]")
    assert view["a"][1] == {"b": 2} and view["a"] == [1, {"b": 2}] == view["a"].value()
    with pytest.raises(TypeError):
        hash(view)
    with pytest.raises(TypeError):
        array < [3]  # noqa: B015


def test_wrong_keys():
    view, array = cyjson.lazy('{"a": 1}'), cyjson.lazy("[1]")
    with pytest.raises(KeyError) as raised:
        view[1, 2]
    assert raised.value.args == ((1, 2),)
    for key in 0, None, b"a", 1.5:
        assert key not in view
        with pytest.raises(KeyError):
            view[key]
    for call in (lambda: view[[]], lambda: array["a"], lambda: array[1.0], lambda: cyjson.lazy(), lambda: view.get()):
        with pytest.raises(TypeError):
            call()
    for call in (lambda: cyjson.lazy("{}", "x"), lambda: cyjson.lazy("{}", wrong=1), lambda: cyjson.lazy(5)):
        with pytest.raises(TypeError):
            call()
    with pytest.raises(TypeError):
        cyjson.LazyObject()
    assert array[True - 1] == 1


def test_at():
    view = cyjson.lazy('{"a": [1, {"b/c": [2]}], "0": 3}')
    assert view.at("/a/1/b~1c/0") == view.at(["a", 1, "b/c", 0]) == 2 and view.at("/0") == 3
    assert view.at("") is view and view.at("/a/1") == {"b/c": [2]}
    for pointer in "/x", "/a/2", "/a/-1", "/a/0/0", ["a", "1"], [0]:
        with pytest.raises(KeyError):
            view.at(pointer)
    with pytest.raises(ValueError):
        view.at("a")
    with pytest.raises(TypeError):
        view.at(5)


BROKEN = ["", "{", "[1", '{"a": 1,}', "[1 2]", "{} x", '["\\x"]', "[01]", '["a', "[" + "9" * 5000 + "]"]
BROKEN += [pytest.param("[" * 100_000, marks=counts_levels)]


@pytest.mark.parametrize("text", BROKEN, ids=lambda text: repr(text[:20]))
def test_errors(text):
    for data in inputs(text):
        if isinstance(data, (str, bytes, bytearray)):  # what json takes, too
            expected = outcome(json.loads, data)
            assert expected[0] != "value" or not hasattr(sys, "get_int_max_str_digits")
            assert outcome(lambda data=data: value_of(cyjson.lazy(data))) == expected


@native_only
def test_unchecked():
    view = cyjson.lazy(b'{"a": 1, "b": [1, 2.], "c": {"x" 1}, "d": 4', check=False)
    for use in (lambda: view["a"], lambda: view["d"], lambda: len(view), lambda: view.value()):
        with pytest.raises(json.JSONDecodeError):
            use()
    view = cyjson.lazy(b'{"a": 1, "b": [1, 2.], "c": {"x" 1}, "d": 4}', check=False)
    assert view["a"] == 1 and view["d"] == 4 and view["b"][0] == 1
    for use in (lambda: view["b"][1], lambda: view["c"]["x"], lambda: list(view["b"]), lambda: view.value()):
        with pytest.raises(json.JSONDecodeError):
            use()


@pytest.mark.skipif(PYPY, reason="counts no references, and refers weakly to objects with __slots__")
def test_lifetimes():
    class Bytes(bytearray):
        pass

    data = bytearray(b'{"a": [[1, 2], {"b": "text"}]}')
    view = cyjson.lazy(data)
    data[:] = b"x" * 1000  # a copy was made
    inner = view["a"][1]
    del view, data
    gc.collect()
    assert inner == {"b": "text"}
    with pytest.raises(TypeError):
        weakref.ref(inner)
    text = "".join(["[", "1, " * 1000, "1]"])
    before = sys.getrefcount(text)
    views = [cyjson.lazy(text) for _ in range(10)]
    assert views[3][500] == 1
    del views
    assert sys.getrefcount(text) == before


def test_many_keys():
    """Neither looking up each of many keys nor each index is quadratic: this would take minutes."""
    n = 100_000
    view = cyjson.lazy(json.dumps({f"key {i}": i for i in range(n)}))
    assert all(view[f"key {i}"] == i for i in reversed(range(n)))
    assert "nowhere" not in view and len(view) == n
    array = cyjson.lazy("[" + ",".join(map(str, range(n))) + "]")
    order = list(range(n))
    random.Random(1).shuffle(order)
    assert all(array[i] == i for i in order)
    assert sum(1 for _ in array) == n


def test_documents_that_change_while_they_are_read():
    class Text(str):
        def encode(self, *arguments):
            return b""

    class Data(bytearray):
        times = 0

        def decode(self, *arguments):
            self.times += 1
            return "[1]" if self.times == 1 else "   "

    assert value_of(cyjson.lazy(Text("[1]"))) == [1]
    if cyjson.backend == "c":
        with pytest.raises(ValueError):
            cyjson.lazy(Data(b"[1]"))


@pytest.mark.skipif(not hasattr(gc, "callbacks"), reason="about this interpreter's collector")
def test_lists_are_seen_when_they_are_full():
    """Code that runs while items are decoded finds no list that has none yet at some places."""
    view = cyjson.lazy('["\ud800", ' + ", ".join(f'"{i}"' for i in range(300)) + "]")
    members = cyjson.lazy('{"\ud800": 1, ' + ", ".join(f'"{i}": 1' for i in range(300)) + "}")

    def look(phase, info):
        for each in gc.get_objects():
            if type(each) is list and len(each) == 301:
                each[::-1]

    threshold = gc.get_threshold()
    gc.callbacks.append(look)
    try:
        gc.set_threshold(1, 1, 1)
        for _ in range(3):
            assert len(view[:]) == len(list(members)) == 301
    finally:
        gc.set_threshold(*threshold)
        gc.callbacks.remove(look)
    assert gc.is_tracked(view[:])


def test_surrogates_unchecked():
    data = b'{"a": ["\xed\xa0\x80"], "\xed\xa0\x80": 1}'
    for check in True, False:
        compare(cyjson.lazy(data, check=check), json.loads(data))


def colliding_names(rounds):
    """2**rounds names of one hash, where that is 32-bit FNV-1a from its usual start (Joux, 2004)."""
    source, state, pairs = random.Random(1), 2166136261, []
    for _ in range(rounds):
        seen = {}
        while True:
            block = "".join(source.choices("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", k=6))
            after = state
            for c in block.encode():
                after = (after ^ c) * 16777619 & 0xFFFFFFFF
            if seen.setdefault(after, block) != block:
                break
        pairs.append((seen[after], block))
        state = after
    return ["".join(each) for each in itertools.product(*pairs)]


def test_chosen_names():
    """Names that a hash without a key takes for one."""
    names = colliding_names(10)
    view = cyjson.lazy(json.dumps({name: i for i, name in enumerate(names)}))
    assert len(view) == len(names) == 1 << 10
    assert [view[name] for name in reversed(names)] == [*range(len(names))][::-1]
    assert [*view] == names and "x" * len(names[0]) not in view


def test_threads():
    text = json.dumps({"all": [{f"k{i % 40}": i for i in range(60)} for _ in range(50)]})
    view, wrong = cyjson.lazy(text), []

    def work(seed):
        source = random.Random(seed)
        for _ in range(3000):
            i, k = source.randrange(50), source.randrange(40)
            each = view["all"][i]
            if each[f"k{k}"] != (k + 40 if k < 20 else k) or len(each) != 40:
                wrong.append((i, k))

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert not wrong


@pytest.mark.parametrize("seed", range(8))
def test_random_documents(seed):
    source = random.Random(seed)
    for _ in range(10):
        value = random_document(source, 3)
        text = json.dumps(value, ensure_ascii=source.random() < 0.5, indent=source.choice([None, 1]))
        compare(cyjson.lazy(text, check=source.random() < 0.7), value)
        compare(cyjson.lazy(text.encode()), value)


@pytest.mark.parametrize("seed", range(8))
def test_random_changes(seed):
    source = random.Random(seed)
    for _ in range(300):
        text = json.dumps(random_document(source, 3), ensure_ascii=source.random() < 0.5)
        data = changed(source, text.encode())
        assert repr(outcome(lambda data=data: value_of(cyjson.lazy(data)))) == repr(outcome(json.loads, data)), data
        outcome(lambda data=data: [*map(repr, cyjson.lazy(data, check=False))])  # a value or an exception


@with_files
def test_files():
    for file in FILES:
        data = file.read_bytes()
        expected = outcome(json.loads, data)
        assert repr(outcome(lambda data=data: value_of(cyjson.lazy(data)))) == repr(expected), file.name
        if expected[0] == "value" and len(data) < 100_000:
            compare(cyjson.lazy(data), expected[1])
