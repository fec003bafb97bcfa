"""Containers changed while they are being written or read: no crash, and json's result or exception.

Each case makes its own objects, once for json and once for cyjson.
"""

import collections
import gc
import io
import json
import signal
import subprocess
import sys
import time

import pytest
from support.compare import PYPY, counts_levels, native_only, same
from support.mutants import (
    OPTIONS,
    Odd,
    changes_of_a_dict,
    changes_of_a_list,
    dicts_with_own_items,
    lists_with_own_iteration,
    scalars_with_own_methods,
)

import cyjson


@OPTIONS
@pytest.mark.parametrize("change", sorted(changes_of_a_list()))
def test_list_changed_by_default(change, options):
    def call(json):
        items = [Odd() for _ in range(10)]

        def default(obj):
            changes_of_a_list()[change](items)
            gc.collect(0)
            return "x" * 100

        return json.dumps(items, default=default, **options), len(items)

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

        return json.dumps({"outer": items}, default=default, **options), len(items)

    same(call)


@OPTIONS
def test_default_drops_the_last_reference(options):
    """The object, its key and its container live on until they are written."""

    def call(json):
        holder = [{"k" * 50: Odd(), "l" * 50: [Odd()]}]

        def default(obj):
            if holder:
                holder.pop().clear()
            gc.collect(0)
            return {"made": ["here" * 10]}

        return json.dumps(holder[0], default=default, **options)

    same(call)


@OPTIONS
def test_default_returns_what_it_changes(options):
    def call(json):
        shared = [1, 2]

        def default(obj):
            shared.append(len(shared))
            return shared

        return json.dumps([Odd(), shared, Odd(), {"a": Odd()}], default=default, **options)

    same(call)


class Key(str):
    """A key that does something when it is compared."""

    action = None

    def __lt__(self, other):
        if Key.action:
            Key.action()
        return str.__lt__(self, other)

    __hash__ = str.__hash__


@pytest.mark.parametrize("change", sorted(changes_of_a_dict()))
def test_dict_changed_while_its_keys_are_sorted(change):
    def call(json):
        items = {Key(key): [key] for key in "cfabed"}
        Key.action = lambda: (changes_of_a_dict()[change](items), gc.collect(0))
        try:
            return json.dumps(items, sort_keys=True), len(items)
        finally:
            Key.action = None

    same(call)


def test_comparison_that_raises():
    def call(json):
        def fail():
            raise LookupError("no order")

        items = {Key(key): 1 for key in "ba"}
        Key.action = fail
        try:
            return json.dumps(items, sort_keys=True)
        finally:
            Key.action = None

    assert same(call)[1] is LookupError


@OPTIONS
@pytest.mark.parametrize(
    "index", range(len(dicts_with_own_items())), ids=lambda index: dicts_with_own_items()[index].__name__
)
def test_dict_subclasses(index, options):
    for contents in {"k": 1, "j": [2]}, {}:
        same(lambda json: json.dumps(dicts_with_own_items()[index](contents), **options))
        same(lambda json: json.dumps([dicts_with_own_items()[index](contents), 1], **options))

        def dump(json):
            file = io.StringIO()
            json.dump({"a": dicts_with_own_items()[index](contents)}, file, **options)
            return file.getvalue()

        same(dump, notes=False)


@OPTIONS
@pytest.mark.parametrize(
    "index", range(len(lists_with_own_iteration())), ids=lambda index: lists_with_own_iteration()[index].__name__
)
def test_list_subclasses(index, options):
    for contents in [1, [2]], []:
        same(lambda json: json.dumps(lists_with_own_iteration()[index](contents), **options))
        same(lambda json: json.dumps({"a": lists_with_own_iteration()[index](contents)}, **options))


@OPTIONS
@pytest.mark.parametrize("index", range(7))
def test_scalar_subclasses(index, options):
    value = scalars_with_own_methods()[index]
    same(lambda json: json.dumps(value, **options))
    same(lambda json: json.dumps([value, {"k": value}], **options))
    same(lambda json: json.dumps({value: 1}, **options))


# Reading


@pytest.mark.parametrize(
    "change",
    [
        lambda found: found.clear(),
        lambda found: found.update(new=[1]),
        lambda found: found.pop("a", None),
        lambda found: [found.pop(key) for key in list(found)],
    ],
)
def test_objects_changed_by_object_hook(change):
    """A hook may keep and change every dict that it was given."""

    def call(json):
        kept = []

        def hook(found):
            for each in kept:
                change(each)
            kept.append(found)
            gc.collect(0)
            return found

        text = '[{"a": {"a": {}, "b": 1}, "c": [{"a": 2}]}, {"a": 3}, {"a": {"d": {"a": 4}}}]'
        return json.loads(text, object_hook=hook), kept

    same(call)


def test_pairs_changed_by_object_pairs_hook():
    def call(json):
        kept = []

        def hook(pairs):
            for each in kept:
                each.clear()
            kept.append(pairs)
            pairs.append(("more", kept[0]))
            return pairs

        return json.loads('[{"a": {"b": 1}}, {}, {"c": [{"d": 2}]}]', object_pairs_hook=hook), kept

    same(call)


def test_lists_seen_by_hooks_are_whole():
    """A hook that walks the garbage collector's objects finds no half-made list or dict."""
    seen = []

    def hook(text):
        for each in gc.get_objects():
            if type(each) in (list, dict) and len(each) == 3:
                seen.append(repr(type(each)) + str(len(list(each))))
        return int(text)

    assert cyjson.loads('[[1, 2, 3], {"a": 1, "b": [4], "c": 5}]', parse_int=hook) == [
        [1, 2, 3],
        {"a": 1, "b": [4], "c": 5},
    ]
    assert seen


def test_bytearray_changed_by_a_hook():
    """The text was decoded before the first hook ran: what becomes of the bytearray is no matter."""

    def call(json):
        data = bytearray(b'[{"a": 1}, {"b": [2, 3]}, "text"]')

        def hook(found):
            data.clear()
            data.extend(b"x" * 10_000)
            return found

        return json.loads(data, object_hook=hook), len(data)

    same(call)


def test_hooks_that_call_loads_and_dumps():
    def call(json):
        def hook(found):
            return json.loads(json.dumps([found, "é"]), object_hook=lambda inner: len(inner))

        def default(obj):
            return json.loads(json.dumps({"inner": [1, "é"]}, default=default))

        return json.loads('[{"a": {"b": []}}, 1]', object_hook=hook), json.dumps([Odd(), {"k": Odd()}], default=default)

    same(call)


def test_one_encoder_used_within_itself():
    def call(json):
        class Encoder(json.JSONEncoder):
            def default(self, o):
                return self.encode([1, "é"])

        return Encoder(indent=1).encode([Odd(), Odd()])

    same(call)


def test_one_decoder_used_within_itself():
    def call(json):
        def hook(found):
            return decoder.decode('["inner"]')

        decoder = json.JSONDecoder(object_hook=hook)
        return decoder.decode('[{"a": 1, "b": {"a": 2}}, {"a": 3}]')

    same(call)


def test_default_changes_the_encoder():
    """The options were read when the call began."""

    def call(json):
        class Encoder(json.JSONEncoder):
            def default(self, o):
                self.item_separator = ";"
                self.key_separator = "="
                self.ensure_ascii = False
                self.default = None
                return ["é", "f"]

        return Encoder().encode([Odd(), {"a": Odd()}, "é"])

    same(call)


@counts_levels
def test_hooks_that_decode_in_turn():
    """Each level of it takes so little of the C stack that the interpreter's limit is met first."""
    code = (
        "import cyjson\n"
        "def hook(value): return cyjson.loads('{}', object_hook=hook)\n"
        "try: hook({})\n"
        "except RecursionError: print('too deep')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "too deep\n"


@native_only
def test_scanners_are_made_whole():
    """No way to one without its settings, none to change them while it works."""
    from cyjson._native import Scanner

    with pytest.raises(TypeError):
        Scanner.__new__(Scanner)
    with pytest.raises(TypeError):
        type("Subclass", (Scanner,), {})


def test_separators_that_are_used_up():
    same(lambda json: json.dumps([1, {"a": 2}], separators=iter((",", ":"))))
    same(lambda json: json.dumps([1, {"a": 2}], separators=iter((",", "：")), ensure_ascii=False))
    same(lambda json: json.dumps([1], separators=iter(",")))
    for argument in ("a",), (), ("a", "b"):
        same(lambda json: json.encoder.encode_basestring(argument))
        same(lambda json: json.encoder.encode_basestring_ascii(argument))


@pytest.mark.parametrize("sort_keys", [False, True])
@pytest.mark.skipif(PYPY, reason="the encoder is json's own, which asks the dict again")
def test_containers_that_are_dropped_while_they_are_written(sort_keys):
    """Nobody but the call holds them then. json's own encoder isn't asked: up to 3.13 it may crash."""
    for make in (
        lambda: [[Odd(), "x" * 50, [Odd(), 2]], "end"],
        lambda: [{"a": Odd(), "b" * 50: [Odd(), {"c": Odd()}]}, "end"],
        lambda: {"a": [[Odd(), ["y" * 50, Odd()]]], "b": {"c": [Odd()]}},
        lambda: [([Odd(), (Odd(), "z" * 50)], Odd()), "end"],
    ):
        outer = make()

        def default(obj):
            outer.clear()
            gc.collect()
            return ["made"]

        assert cyjson.loads(cyjson.dumps(outer, default=default, sort_keys=sort_keys)) is not None
        outer = make()
        assert cyjson.loads(cyjson.encode(outer, default=default, sort_keys=sort_keys)) is not None


@pytest.mark.parametrize("n", [2, 24, 25, 60])
@pytest.mark.parametrize("options", [{}, {"indent": 1}, {"separators": ("; ", ": ")}], ids=str)
@pytest.mark.skipif(PYPY, reason="the encoder is json's own, which asks the dict again")
def test_sorted_dicts_that_are_dropped_while_they_are_written(n, options):
    """What is in them is held from the moment that Python code runs, whether sorted before or after."""

    def document(made):
        """Keys and values that nobody else holds, the order of the keys turned round."""
        inner = {}
        for k in reversed(range(n)):
            deep = {f"b{k}": f"deep {k}", f"a{k}": {f"c{k}": []}}
            inner[f"inner key {k:03}"] = [f"value {k}", made if k == 1 else k * 1.5, deep]
        return {f"outer key {k:03}": inner if k == 1 else f"after {k}" for k in reversed(range(n))}

    for write in cyjson.dumps, cyjson.encode:
        outer = document(Odd())
        inner = outer["outer key 001"]
        kept = []

        def default(obj):
            inner.clear()
            outer.clear()
            gc.collect()
            kept.extend(f"in their place {k}" for k in range(200))
            return "made"

        expected = write(document("made"), sort_keys=True, **options)
        assert write(outer, sort_keys=True, default=default, **options) == expected
        assert kept


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no timers that send signals here")
@native_only
def test_a_signal_while_sorted_members_are_written():
    """Its handler runs within the repr of an int above 64 bits."""
    junk, caught = [], []

    def handler(*_):
        items.clear()
        caught.append(len(junk))
        junk.extend(bytes([k & 255]) * 60 for k in range(3000))

    before = signal.signal(signal.SIGALRM, handler)
    try:
        for turn in range(40):
            junk.clear()
            big = [[(1 << 70) + k] for k in range(6000)]
            items = {f"{turn} key {k:06}": big[k] if k % 2 else f"text {k}" * 4 for k in range(6000)}
            expected = json.dumps(items, sort_keys=True)
            start = time.perf_counter()
            cyjson.dumps(items, sort_keys=True)
            signal.setitimer(signal.ITIMER_REAL, max(1e-6, (time.perf_counter() - start) * (turn + 1) / 40))
            try:
                text = cyjson.dumps(items, sort_keys=True)
            finally:
                signal.setitimer(signal.ITIMER_REAL, 0)
            assert text in (expected, "{}")  # where the handler ran before the members were sorted
            big.clear()
    finally:
        signal.signal(signal.SIGALRM, before)
    assert caught


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no timers that send signals here")
@native_only
def test_keys_in_the_place_of_others_that_a_signal_dropped():
    """A handler within an int's repr empties the dict at hand: later its keys go, and others come to lie there."""

    class Last(int):
        def __del__(self):
            made = {}
            for i in range(1000):
                key = f"{i:03}" + "-" * 40  # of another size than what is made on the way
                made.setdefault(id(key), key)
                if wanted.issubset(made):
                    break
            if wanted.issubset(made):
                second.clear()
                second.update((key, None) for key in sorted((made[at] for at in wanted), reverse=True))
            made.clear()

    limit = sys.get_int_max_str_digits() if hasattr(sys, "get_int_max_str_digits") else None
    if limit is not None:
        sys.set_int_max_str_digits(0)
    before = signal.signal(signal.SIGALRM, lambda *_: first.clear())
    try:
        big = 7**60000
        start = time.perf_counter()
        repr(big)
        took = time.perf_counter() - start
        for names in ("ab", "ba") * 3:
            keys = [name + "-" * 42 for name in names]
            wanted = {id(key) for key in keys}
            first = {"a": big, "b": [Last(5), *(dict.fromkeys(keys, 1) for _ in range(3))]}
            second = {"none": None}
            document = {"a": first, "b": second}
            del keys
            signal.setitimer(signal.ITIMER_REAL, took / 3)
            try:
                text = cyjson.dumps(document, sort_keys=True)
            finally:
                signal.setitimer(signal.ITIMER_REAL, 0)
            keys = list(json.loads(text)["b"])
            assert keys == sorted(keys)
    finally:
        signal.signal(signal.SIGALRM, before)
        if limit is not None:
            sys.set_int_max_str_digits(limit)


@pytest.mark.skipif(sys.version_info < (3, 12), reason="C makes the digits of every int")
@native_only
def test_collector_runs_while_digits_are_made():
    """Those of a very large int are made by Python code, in which a finaliser may run that empties the dict at hand."""
    junk, ran = [], []

    class Cycle:
        def __del__(self):
            items.clear()
            ran.append(True)
            junk.extend(bytes([k & 255]) * 60 for k in range(3000))

    limit = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(0)
    try:
        for turn in range(10):
            items = {"a": 1 << 400000}
            items.update((f"b{k}", "".join([f"x{k}"] * 12)) for k in range(20))
            items.update((f"c{k}", [turn, "".join([f"y{k}"] * 12)]) for k in range(20))
            expected = json.dumps(items, sort_keys=True)
            gc.collect()
            thresholds = gc.get_threshold()
            gc.set_threshold(1)
            try:
                cycle = Cycle()
                cycle.itself = cycle
                del cycle
                text = cyjson.dumps(items, sort_keys=True)
            finally:
                gc.set_threshold(*thresholds)
            assert text in (expected, "{}")
    finally:
        sys.set_int_max_str_digits(limit)
    gc.collect()
    assert ran


@native_only
def test_collector_runs_while_sorted_members_are_given_up():
    """It looks at what the iterator has: none of what is gone already."""

    class Value(str):
        def __del__(self):
            gc.collect()

    for _ in range(20):
        items = {f"key {k:05}": [[k, f"text {k}"]] for k in range(200)}
        items |= {"zz": "q" * 200000, "m": None, "key 00100x": Value("v")}
        expected = json.dumps(items, sort_keys=True)
        pieces = cyjson.JSONEncoder(sort_keys=True).iterencode(items)
        first = next(pieces)
        items.clear()
        assert first + "".join(pieces) == expected


@pytest.mark.parametrize("first", ["\xe9", "\u20ac", "\U0001f600", "\u20ac\U0001f600"])
@pytest.mark.skipif(PYPY, reason="the encoder is json's own, which asks the dict again")
def test_lists_that_are_dropped_once_their_text_has_widened(first):
    """The characters of the first items make the text wider: the list is left to another writer, which must hold it."""
    for kind in (lambda *items: list(items)), (lambda *items: {str(n): item for n, item in enumerate(items)}):
        outer = [kind(*first, Odd(), "tail", [1, 2], 3)]
        kept = []

        def default(obj):
            outer.clear()
            gc.collect()
            kept.extend(["Z", "Y", "X", "W", "V"] for _ in range(50))
            return 1

        expected = [kind(*first, 1, "tail", [1, 2], 3)]
        assert cyjson.loads(cyjson.dumps(outer, default=default, ensure_ascii=False)) == expected


@pytest.mark.parametrize("first", ["x", "\u20ac"])
@pytest.mark.parametrize("options", [{}, {"ensure_ascii": False}, {"indent": 1}, {"sort_keys": True}], ids=str)
def test_circles_of_what_holds_nothing_any_more(first, options):
    """default() empties a container that is being written, and returns it: it is on the path all the same."""

    def list_itself(module):
        value = [first, Odd(), 2]

        def default(obj):
            value[:] = [1]
            return value

        return module.dumps(value, default=default, **options)

    def list_in_a_list(module):
        value = [first, Odd(), 2]

        def default(obj):
            value[:] = [1]
            return [value]

        return module.dumps(value, default=default, **options)

    def dict_itself(module):
        value = {"a": first, "b": Odd()}

        def default(obj):
            value["b"] = 1
            return value

        return module.dumps(value, default=default, **options)

    def asked_once(module):
        value, asked = [first, Odd()], []

        def default(obj):
            asked.append(obj)
            value[1] = Odd()
            return value

        with pytest.raises(ValueError):
            module.dumps(value, default=default, **options)
        return len(asked)

    for case in list_itself, list_in_a_list, dict_itself, asked_once:
        same(case)


@OPTIONS
@pytest.mark.parametrize("members", [1, 3, 40])
def test_dicts_of_several_levels_changed_at_once(members, options):
    """None was copied so far where the innermost's first value runs Python code, which changes them all."""

    class Plain:
        pass

    def call(json):
        dicts = []

        def nested(levels):
            if levels == 0:
                return Odd()
            each = Plain().__dict__ if levels == 2 else {}
            each.update((f"gone {i}", 0) for i in range(4))
            each[f"first {levels}"] = nested(levels - 1)
            each.update((f"{levels} {i}", [i, {"deep": str(i) * i}]) for i in range(members))
            for i in range(4):
                del each[f"gone {i}"]
            each["last"] = Odd()
            dicts.append(each)
            return each

        def default(obj):
            for i, each in enumerate(dicts):
                each.pop(f"{i + 1} 0", None)
                each[f"{i + 1} {members - 1}"] = f"new at {i}"
            gc.collect(0)
            return {"made": [len(dicts)]}

        return json.dumps([nested(5), nested(3)], default=default, **options)

    same(call)


@OPTIONS
def test_containers_of_which_there_are_two_references(options):
    """Once Python code ran, such a one may be under way already; mostly it isn't."""

    def call(json):
        shared, empty = {"list": [1, [2]], "none": {}}, []
        document = [shared, Odd(), shared, [shared, empty], empty, {"a": shared, "b": Odd(), "c": [shared], "d": empty}]
        return json.dumps(document, default=lambda obj: [shared, empty], **options)

    same(call)


@pytest.mark.parametrize(
    "options", [{}, {"ensure_ascii": False}, {"sort_keys": True}, {"check_circular": False}], ids=str
)
@pytest.mark.parametrize("depth", [1, 3, 11, 40])
@pytest.mark.parametrize("kind", [list, dict])
def test_ancestors_that_hold_leaves_only_now(kind, depth, options):
    """They come again further down, and nothing but a look at the path shows the circle."""

    def call(json):
        last = [Odd(), 1, 2]
        top = inner = [last] if kind is list else {"a": last, "b": 1}
        for _ in range(depth):
            top = [top] if kind is list else {"a": top, "b": 2}

        def default(obj):
            inner.clear()
            inner.extend([1]) if kind is list else inner.update(z=1)
            last[1] = inner
            return "done"

        return json.dumps(top, default=default, **options)

    same(call)


class Circle:
    """What only the collector finds, and what it does then."""

    def __init__(self, action):
        self.action, self.itself = action, self

    def __del__(self):
        self.action()


@pytest.mark.parametrize("write", [cyjson.dumps, cyjson.encode], ids=["dumps", "encode"])
@pytest.mark.parametrize("members", [30, 100])
@pytest.mark.skipif(PYPY, reason="the encoder is json's own")
def test_collector_runs_while_default_is_about_to(write, members):
    """A finaliser changes dicts under way: up to 3.11 wherever a container is made, such as a copy of their items."""
    threshold = gc.get_threshold()

    def default(obj):
        return 1

    for changed in "outer", "inner":
        inner = {"a": Odd(), **{f"i{n}": n for n in range(members)}}
        outer = {**{f"k{n}": n for n in range(members)}, "inner": inner, "b": Odd()}
        dropped = {"outer": outer, "inner": inner}[changed]
        ran = []

        def change():
            dropped.clear()
            dropped["z"] = 1
            ran.append([bytes(size) for size in range(1000, 4000, 100)])

        gc.collect()
        gc.disable()
        gc.set_threshold(700, 10, 10)
        try:
            Circle(change)
            kept = [[] for _ in range(900)]
            gc.enable()  # the next container that is made, where it isn't put off, has the collector run
            text = write(outer, default=default)
        except RuntimeError as error:  # from 3.12 on json walks the dicts themselves
            assert "changed" in str(error)
        else:
            assert isinstance(cyjson.loads(text), dict)
        finally:
            gc.enable()
            gc.set_threshold(*threshold)
            del kept
        gc.collect()
        assert ran


AT_DEPTH = """
import json, sys, threading
import cyjson

def deep(levels, obj):
    for _ in range(levels):
        obj = [obj]
    return obj

def told(write, levels):
    calls = []
    first = [object()]
    first.append(deep(levels, [first]))
    try:
        write([deep(levels, object()), first], default=calls.append)
    except (RecursionError, ValueError) as error:
        calls.append(type(error))
    first.clear()
    return [type(each) if isinstance(each, type) else object for each in calls], calls[-1:]

def main():
    for levels in 10, 100, 4000, 5000:
        expected = told(json.dumps, levels)
        assert expected[1] in ([RecursionError], [ValueError])
        assert told(cyjson.dumps, levels) == expected, levels
        assert told(cyjson.encode, levels) == expected, levels
    print("told alike")

sys.setrecursionlimit(1_000_000)
threading.stack_size(1 << 28)
thread = threading.Thread(target=main)
thread.start()
thread.join()
"""


@pytest.mark.skipif(PYPY, reason="the encoder is json's own")
def test_circle_behind_a_deep_path():
    """It is found where json finds it, however long the path was before: default() is called as often."""
    told = subprocess.run([sys.executable, "-c", AT_DEPTH], capture_output=True, text=True, check=False)
    assert told.stdout == "told alike\n", told.stderr
