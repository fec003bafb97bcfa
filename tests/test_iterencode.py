"""JSONEncoder.iterencode: text, errors and the order of events are json's, in pieces made as they are asked for."""

import collections
import gc
import sys
import threading
import weakref

import pytest
from hypothesis import given
from support.compare import Record, counts_levels, native_only, outcome, same
from support.mutants import (
    OPTIONS,
    changes_of_a_dict,
    changes_of_a_list,
    dicts_with_own_items,
    lists_with_own_iteration,
    scalars_with_own_methods,
)
from support.values import options, values, with_default

import cyjson

PIECE = 65536  # characters


def text_of(json, value, **options):
    return "".join(json.JSONEncoder(**options).iterencode(value))


def pieces_of(value, **options):
    return list(cyjson.JSONEncoder(**options).iterencode(value))


class Odd:
    pass


# The text


@given(value=values, options=options)
def test_any_value(value, options):
    def call(json):
        record = Record()
        try:
            text = text_of(json, value, **with_default(options, record))
        except Exception as error:
            error.args += (record,)
            raise
        return text, record

    same(call)


@pytest.mark.parametrize("ensure_ascii", [True, False])
@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("sort_keys", [False, True])
def test_many_pieces(ensure_ascii, indent, sort_keys):
    """Everything is cut somewhere, at every width of characters."""
    value = {
        "plain": list(range(30000)),
        "records": [{"id": n, "name": f"n{n}", "é": [n / 7, None, (True,)], "sub": {"x": {}}} for n in range(4000)],
        "中": ["中" * 20] * 3000,
        "long": ["x" * 200000, "é\n" * 100000, "中" * 100000, "😀" * 70000],
        "items": collections.OrderedDict((f"k{n}", n) for n in range(9000)),
        "other": [collections.UserString, {7: 1, None: [2], 2.5: {True: 3}}] * 3000,
        "keys": {"k" * 40 + str(n): "😀" for n in range(3000)},
        "smile 😀": [["😀", 1]] * 8000,
    }
    options = {
        "ensure_ascii": ensure_ascii,
        "indent": indent,
        "sort_keys": sort_keys,
        "default": lambda cls: [cls.__name__],
    }
    value["other"] = [
        {str(key): each for key, each in one.items()} if type(one) is dict else one for one in value["other"]
    ]
    assert same(lambda json: text_of(json, value, **options))[0] == "result"


@native_only
def test_sizes():
    """Pieces are full but for the last one, and a small document is one."""
    for value in 1, "é", [], [1, {"a": None}], list(range(10000)):
        assert len(pieces_of(value)) == 1
    for value in list(range(200000)), ["é" * 1000] * 1000, "x" * 10**6, [["中"] * 9] * 50000:
        for ensure_ascii in True, False:
            sizes = [len(piece) for piece in pieces_of(value, ensure_ascii=ensure_ascii)]
            assert len(sizes) > 3
            assert all(PIECE <= size < PIECE * 3 / 2 for size in sizes[:-1])
            assert 0 < sizes[-1] < PIECE * 3 / 2


def test_separators_and_subclasses():
    class Own(cyjson.JSONEncoder):
        item_separator = " ,\n"

        def default(self, o):
            return {"made": type(o).__name__}

    assert "".join(Own().iterencode([1, Odd()])) == '[1 ,\n{"made": "Odd"}]'
    long = ";" * 100
    assert "".join(cyjson.JSONEncoder(separators=(long, "=" * 99)).iterencode({"a": 1, "b": 2})) == (
        f'{{"a"{"=" * 99}1{long}"b"{"=" * 99}2}}'
    )


def test_one_shot():
    """What encode() of json's asks of iterencode."""
    same(lambda json: "".join(json.JSONEncoder().iterencode([1, {"a": 2}], True)))
    same(lambda json: "".join(json.JSONEncoder(indent=1).iterencode([1, {"a": 2}], _one_shot=True)))
    same(lambda json: json.JSONEncoder().iterencode([1], _one_shot=True, other=1))


def test_overridden():
    """A class that overrides iterencode is asked by encode and dumps, and may ask ours."""

    class Own(cyjson.JSONEncoder):
        def iterencode(self, o, _one_shot=False):
            yield "<"
            yield from super().iterencode([o])
            yield ">"

    assert Own().encode(1) == cyjson.dumps(1, cls=Own) == "<[1]>"


# One thing after another


def test_nothing_is_encoded_before_it_is_asked_for():
    asked = []
    encoder = cyjson.JSONEncoder(default=lambda obj: asked.append(obj) or "x" * 1000)
    pieces = encoder.iterencode([Odd() for _ in range(1000)])
    assert not asked
    count = 0
    for piece in pieces:
        assert len(asked) <= (count := count + len(piece)) / 1000 + 1
    assert len(asked) == 1000


def test_it_is_an_iterator():
    pieces = cyjson.JSONEncoder().iterencode([1])
    assert iter(pieces) is pieces
    assert "".join(pieces) == "[1]"
    assert list(pieces) == []
    with pytest.raises(StopIteration):
        next(pieces)


def test_closed():
    pieces = cyjson.JSONEncoder().iterencode([1])
    pieces.close()
    pieces.close()
    assert list(pieces) == []
    pieces = cyjson.JSONEncoder().iterencode(list(range(100000)))
    next(pieces)
    pieces.close()
    assert list(pieces) == []


@pytest.mark.parametrize("how", ["close", "drop", "error", "end"])
def test_objects_are_let_go(how):
    class Kept(list):
        pass

    class Keys(dict):
        pass

    kept = Kept([Keys(a=list(range(50000)), b=Odd()), {"c": [1] * 50000}])
    there = [weakref.ref(kept), weakref.ref(kept[0])]
    pieces = cyjson.JSONEncoder(default=(lambda obj: 1 / 0) if how == "error" else (lambda obj: 1)).iterencode(kept)
    del kept
    next(pieces)
    assert all(each() is not None for each in there)
    if how == "close":
        pieces.close()
    elif how == "drop":
        del pieces
    elif how == "error":
        with pytest.raises(ZeroDivisionError):
            list(pieces)
    else:
        for _ in pieces:
            pass
    gc.collect()
    assert [each() for each in there] == [None, None]


@pytest.mark.parametrize("sort_keys", [False, True])
@pytest.mark.parametrize("where", ["behind", "within"])
def test_collected(where, sort_keys):
    """What is being encoded may refer to the iterator."""
    holder = Odd()
    numbers = list(range(50000))
    value = [numbers, {"b": [1, 2]}, {"k": holder}] if where == "behind" else {"k": [numbers, holder], "l": 1}
    holder.pieces = cyjson.JSONEncoder(sort_keys=sort_keys).iterencode(value)
    next(holder.pieces)
    there = weakref.ref(holder)
    del holder, value, numbers
    gc.collect()
    assert there() is None


# Errors


def test_errors():
    loop = [1]
    loop.append({"a": (2, loop)})
    for value in (
        [Odd()],
        {"a": [1, {"b": Odd()}]},
        {(1,): 2},
        loop,
        [float("nan")],
        {"a": float("inf")},
        {float("nan"): 1},
        [10**5000],
        {"a": 1, 2: 3},
    ):
        assert same(lambda json, value=value: text_of(json, value, allow_nan=False, sort_keys=True))[0] == "exception"
    assert same(lambda json: text_of(json, loop, default=lambda obj: obj))[0] == "exception"
    assert same(lambda json: text_of(json, [Odd()], default=lambda obj: obj))[0] == "exception"
    assert same(lambda json: text_of(json, [Odd()], default=lambda obj: [obj]))[0] == "exception"


@native_only
def test_what_comes_before_an_error():
    """Whole pieces come; the rest doesn't, so that a small document gives all or nothing. Then it is over."""
    for wrong in Odd(), float("nan"), {(): 1}:
        pieces = cyjson.JSONEncoder(allow_nan=False).iterencode([1, wrong])
        with pytest.raises((TypeError, ValueError)):
            next(pieces)
        assert list(pieces) == []
        pieces = cyjson.JSONEncoder(allow_nan=False).iterencode([list(range(100000)), wrong])
        got = []
        with pytest.raises((TypeError, ValueError)):
            for piece in pieces:
                got.append(piece)
        whole = str([list(range(100000))])
        assert len(got) > 5 and whole.startswith("".join(got))
        assert len(whole) - len("".join(got)) < PIECE * 3 / 2
        assert list(pieces) == []


@pytest.fixture
def rings():
    """Circles of several lengths."""
    found = []
    for length in 1, 2, 50, 500:
        chain = ring = []
        for n in range(length - 1):
            inner = [] if n % 2 else {}
            chain.append(inner) if isinstance(chain, list) else chain.update(k=inner)
            chain = inner
        chain.append(ring) if isinstance(chain, list) else chain.update(k=ring)
        found.append(ring)
    return found


def test_circles(rings):
    """A circle is found before any piece of it is given, however it goes round."""
    for ring in rings:
        assert same(lambda json, ring=ring: text_of(json, ring))[2] == "Circular reference detected"


@counts_levels
def test_unchecked_circles(rings):
    for ring in rings:
        with pytest.raises(RecursionError):
            text_of(cyjson, ring, check_circular=False)


@counts_levels
def test_deep():
    deep = []
    for _ in range(sys.getrecursionlimit() + 10):
        deep = [deep]
    told = same(lambda json: text_of(json, deep))
    assert told[1] is RecursionError
    half = []
    for _ in range(sys.getrecursionlimit() // 2):
        half = [half]
    assert same(lambda json: text_of(json, half))[0] == "result"


@counts_levels
def test_default_that_never_ends():
    class Endless:
        pass

    assert same(lambda json: text_of(json, Endless(), default=lambda obj: [Endless()]))[1] is RecursionError


# Mutation


@OPTIONS
@pytest.mark.parametrize("change", sorted(changes_of_a_list()))
def test_list_changed_by_default(change, options):
    def call(json):
        items = [Odd() for _ in range(10)]

        def default(obj):
            changes_of_a_list()[change](items)
            gc.collect(0)
            return "x" * 100

        return text_of(json, items, default=default, **options), len(items)

    same(call)


@OPTIONS
@pytest.mark.parametrize("kind", [dict, collections.OrderedDict])
@pytest.mark.parametrize("change", sorted(changes_of_a_dict()))
def test_dict_changed_by_default(change, kind, options):
    def call(json):
        items = kind((key, Odd()) for key in "abcdef")

        def default(obj):
            changes_of_a_dict()[change](items)
            gc.collect(0)
            return ["y" * 100]

        return text_of(json, {"outer": items}, default=default, **options), len(items)

    same(call)


@OPTIONS
@pytest.mark.parametrize("kind", [list, dict])
def test_circle_without_an_end(kind, options):
    """A container is found within itself, also where it holds nothing but scalars by then."""

    def call(json, between):
        inner = kind([("a" * PIECE, 0), ("k", 2 if between else Odd())])
        root = {"inner": inner}

        def replace(obj):
            inner.clear()
            inner.update(k=1) if kind is dict else inner.append(1)
            return inner

        if not between:
            return text_of(json, root, default=replace, **options)
        size = 0
        for piece in (pieces := json.JSONEncoder(**options).iterencode(root)):
            size += len(piece)
            if size >= PIECE:
                root.update(inner=1)
                inner.update(k=root) if kind is dict else inner.append(root)
                return "".join(pieces)[-1]

    for between in False, True:
        told = same(lambda json, between=between: call(json, between))
        copied = between and kind is dict and "sort_keys" in options  # as it was when it was sorted
        assert copied or "check_circular" in options or told[2] == "Circular reference detected"


@OPTIONS
@pytest.mark.parametrize("index", range(len(dicts_with_own_items())))
def test_dict_subclasses(index, options):
    for contents in {"b": 1, "a": [2]}, {}:
        same(lambda json: text_of(json, dicts_with_own_items()[index](contents), **options))
        same(lambda json: text_of(json, [dicts_with_own_items()[index](contents)], **options))


@OPTIONS
@pytest.mark.parametrize("index", range(len(lists_with_own_iteration())))
def test_list_subclasses(index, options):
    for contents in [1, [2]], []:
        same(lambda json: text_of(json, lists_with_own_iteration()[index](contents), **options))
        same(lambda json: text_of(json, {"a": lists_with_own_iteration()[index](contents)}, **options))


@OPTIONS
@pytest.mark.parametrize("index", range(7))
def test_scalar_subclasses(index, options):
    value = scalars_with_own_methods()[index]
    same(lambda json: text_of(json, [value, {"k": value}, {value: 1}], **options))


@pytest.mark.parametrize("change", sorted(changes_of_a_list()))
def test_list_changed_between_pieces(change):
    items = [[n, {"k": [n]}] for n in range(20000)]
    for n, _ in enumerate(cyjson.JSONEncoder().iterencode(items)):
        changes_of_a_list()[change](items)
        gc.collect(0)
        if n > 50:
            break


@native_only
@pytest.mark.parametrize("sort_keys", [False, True])
@pytest.mark.parametrize("change", sorted(changes_of_a_dict()))
def test_dict_changed_between_pieces(change, sort_keys):
    """A dict of another size or with more keys than before is an error, unless a sorted copy is written."""
    items = {f"key {n}": [n, {"k": [n]}] for n in range(20000)}
    size = len(items)
    pieces = cyjson.JSONEncoder(sort_keys=sort_keys).iterencode([items])
    next(pieces)
    changes_of_a_dict()[change](items)
    gc.collect(0)
    told = outcome(lambda json: "".join(pieces)[-2:], cyjson)
    if not sort_keys and len(items) != size:
        assert told[2] == "dictionary changed size during iteration"
        assert list(pieces) == []
    elif not sort_keys and change == "replace all":
        assert told[2] == "dictionary keys changed during iteration"
    else:
        assert told[0] == "result" and told[1][0][1] == "}]"


@native_only
def test_containers_dropped_between_pieces():
    """What the iterator is within of lives on, though nobody else has it."""
    items = [[{"k": ["x" * 50 for _ in range(5000)]}, (1, 2)], [3]]
    pieces = cyjson.JSONEncoder().iterencode(items)
    first = next(pieces)
    items[0][0].clear()
    items[0].clear()
    gc.collect()
    with pytest.raises(RuntimeError, match="changed size"):
        list(pieces)
    assert first.startswith('[[{"k": ["xxx')


# Reentrance


def test_asked_while_it_runs():
    seen = []

    def default(obj):
        for ask in pieces.__next__, pieces.close:
            with pytest.raises(ValueError, match="generator already executing"):
                ask()
            seen.append(obj)
        return 1

    pieces = cyjson.JSONEncoder(default=default).iterencode([Odd(), 2])
    assert "".join(pieces) == "[1, 2]"
    assert len(seen) == 2


def test_finalisers_that_ask():
    """What is let go may come back to the iterator that lets it go."""
    seen = []

    class Last(list):
        def __del__(self):
            for ask in pieces.__next__, pieces.close:
                seen.append(outcome(lambda json: ask(), cyjson)[1:3])  # noqa: B023

    for finish in (lambda: pieces.close(), lambda: list(pieces)):
        pieces = cyjson.JSONEncoder().iterencode([Last(range(50000)), 1])
        next(pieces)
        finish()
        gc.collect()
    assert seen


def test_threads():
    """Threads that share one get each piece once, or an error that another is at it."""
    value = [{"id": n, "name": [str(n)] * 3} for n in range(30000)]
    pieces = cyjson.JSONEncoder(default=str).iterencode(value)
    got = []

    def take():
        while True:
            try:
                got.append(next(pieces))
            except StopIteration:
                return
            except ValueError:
                pass

    threads = [threading.Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(map(len, got)) == len(cyjson.dumps(value))


# Memory


@native_only
@pytest.mark.parametrize("sort_keys", [False, True])
def test_memory_is_bounded(sort_keys):
    tracemalloc = pytest.importorskip("tracemalloc", reason="this interpreter counts no memory")
    record = {"id": 12345, "name": "n" * 50, "é": ["é" * 50] * 5, "sub": {"x": 1.5, "y": None}}
    value = {"records": [record] * 40000, "long": "ü" * 5_000_000, "deep": [[[[record] * 1000]] * 20]}
    gc.collect()
    tracemalloc.start()
    try:
        for ensure_ascii in True, False:
            tracemalloc.reset_peak()
            before = tracemalloc.get_traced_memory()[0]
            size = sum(map(len, cyjson.JSONEncoder(ensure_ascii=ensure_ascii, sort_keys=sort_keys).iterencode(value)))
            assert size > 10**7
            assert tracemalloc.get_traced_memory()[1] - before < 2**20
    finally:
        tracemalloc.stop()
