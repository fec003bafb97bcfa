"""Errors of ``encode`` say where in the document they happened, and what to do about a class that nothing knows."""

import collections
import dataclasses
import datetime as dt
import gc
import io
import sys

import pytest
from support.compare import counts_levels
from support.instances import has_notes, knows_instances, notes_of, told_at

import cyjson

pytestmark = knows_instances


@dataclasses.dataclass
class Node:
    value: object = None
    next: "Node | None" = None


class Unknown:
    pass


ADVICE = (
    "to write Unknown, give encode a default=, call cyjson.register(Unknown, encode=…), or give the class a method "
    "__json__"
)
WRITERS = {
    "encode": cyjson.encode,
    "dump_bytes": lambda obj, **options: cyjson.dump_bytes(obj, io.BytesIO(), **options),
    "Codec": lambda obj, **options: cyjson.Codec().encode(obj, **options),
}
writers = pytest.mark.parametrize("write", WRITERS.values(), ids=WRITERS)


@writers
@pytest.mark.parametrize(
    "document, path",
    [
        ({"users": [{}, {}, {}, {"tags": Unknown()}]}, "$.users[3].tags"),
        ([Unknown()], "$[0]"),
        ({"a b": {"c": {1: Unknown()}}}, "$['a b'].c['1']"),
        ({dt.date(2026, 1, 1): Unknown(), "z": 1}, "$['2026-01-01']"),
        ({None: Unknown()}, "$.null"),
        ([[{"é": (1, Unknown())}]], "$[0][0].é[1]"),
        (Node(1, Node(Unknown())), "$.next.value"),
        (Node([Node({"k": Unknown()})]), "$.value[0].value.k"),
        (collections.UserDict(a=collections.deque([1, Unknown()])), "$.a[1]"),
        (collections.OrderedDict(a=[Unknown()]), "$.a[0]"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_where(write, document, path):
    for options in {}, {"indent": 1}, {"sort_keys": True}, {"separators": (" ,", " :")}:
        notes = notes_of(
            lambda options=options: write(document, **options), TypeError, "^Object of type Unknown is not"
        )
        assert notes is None or sorted(notes) == sorted([ADVICE, f"while encoding {path}"])


def test_where_in_an_iterator():
    told_at("$[0][2]", lambda: cyjson.encode([(each for each in (1, 2, Unknown()))]), TypeError)


@writers
def test_at_the_root_there_is_no_path(write):
    assert notes_of(lambda: write(Unknown()), TypeError) in (None, [ADVICE])
    assert notes_of(lambda: write(float("nan")), ValueError) in (None, [])


@writers
def test_advice_only_where_there_is_no_default(write):
    def refuse(obj):
        raise TypeError("mine")

    notes = notes_of(lambda: write([Unknown()], default=refuse), TypeError, "mine")
    assert notes in (None, ["while encoding $[0]"])


@writers
@pytest.mark.parametrize("value", [float("nan"), "\ud800", {(): 1}, Unknown()], ids=lambda value: type(value).__name__)
def test_documents_without_instances(write, value):
    """Those say it too."""
    told_at("$.users[1].x", lambda: write({"users": [1, {"x": value}]}), (ValueError, TypeError))


@writers
def test_paths_are_cut(write):
    deep = Unknown()
    for _ in range(200):
        deep = [deep]
    notes = notes_of(lambda: write([deep, dt.date(1, 1, 1)]), TypeError)
    assert notes is None or "while encoding $..." + "[0]" * 64 in notes


def test_iterators_that_fail():
    def items():
        yield 1
        yield 2
        raise KeyError("no more")

    told_at("$.k[2]", lambda: cyjson.encode({"k": items()}), KeyError, "no more")

    class Members(collections.UserDict):
        def items(self):
            yield "a", 1
            raise KeyError("no more")

    told_at("$.k", lambda: cyjson.encode({"k": Members(a=1)}), KeyError, "no more")

    class NoPairs(collections.UserDict):
        def items(self):
            return iter([1])

    with pytest.raises(TypeError):
        cyjson.encode(NoPairs(a=1))


def test_what_is_no_exception_has_no_path():
    def stop():
        raise KeyboardInterrupt
        yield

    with pytest.raises(KeyboardInterrupt) as caught:
        cyjson.encode([stop()])
    assert not hasattr(caught.value, "__notes__")


# Circles and depth


def circles():
    node = Node()
    node.next = Node(1, node)
    yield node
    node = Node([])
    node.value.append({"k": node})
    yield node
    mapping = collections.UserDict()
    mapping["k"] = [mapping]
    yield mapping
    queue = collections.deque()
    queue.append(queue)
    yield queue

    class Own:
        def __json__(self):
            return {"k": self}

    yield Own()


@pytest.mark.parametrize("document", list(circles()), ids=lambda document: type(document).__name__)
def test_circles(document):
    for options in {}, {"indent": 1}, {"sort_keys": True}:
        with pytest.raises(ValueError, match="^Circular reference detected"):
            cyjson.encode(document, **options)
    assert cyjson.encode([Node(), Node()])


@counts_levels
@pytest.mark.parametrize("document", list(circles()), ids=lambda document: type(document).__name__)
def test_unchecked_circles(document):
    with pytest.raises(RecursionError):
        cyjson.encode(document, check_circular=False)


def test_the_same_instance_twice_is_no_circle():
    node = Node(5)
    assert cyjson.encode([node, node, [node]]) == b"[%b]" % b",".join(
        [b'{"value":5,"next":null}'] * 2 + [b'[{"value":5,"next":null}]']
    )


@counts_levels
def test_depth():
    def chain(length):
        node = None
        for _ in range(length):
            node = Node(None, node)
        return node

    assert cyjson.encode(chain(200)).count(b"{") == 200
    with pytest.raises(RecursionError) as caught:
        cyjson.encode(chain(50_000))
    assert not any(note.startswith("while") for note in getattr(caught.value, "__notes__", []))
    nested = [None]
    for _ in range(200_000):  # 3.14 looks at the stack, and a level takes little of it
        nested = collections.deque([nested])
    with pytest.raises(RecursionError):
        cyjson.encode(nested)
    while nested is not None:  # or freeing them would recurse
        nested = nested.pop() if nested else None
        if type(nested) is list:
            break


# What changes meanwhile


class Meddler:
    """Calls a function when it is written."""

    def __init__(self, function):
        self.function = function

    def __json__(self):
        self.function()
        gc.collect()
        return "m"


def test_containers_that_change():
    items = [0, 1, 2]
    items[0] = Meddler(items.clear)
    assert cyjson.encode([items]) == b'[["m"]]'
    items = [0, 1, 2]
    items[0] = Meddler(lambda: items.append("new"))
    assert cyjson.encode([items]) == b'[["m",1,2,"new"]]'
    members = {}
    members.update(a=Meddler(members.clear), b=1)
    assert cyjson.encode([members]).startswith(b'[{"a":"m"')
    queue = collections.deque([1, 2])
    queue[0] = Meddler(lambda: queue.append(3))
    told_at("$[1]", lambda: cyjson.encode(queue), RuntimeError, "mutated during iteration")
    group = {1}
    group.add(Meddler(lambda: group.add(2)))
    group.add(Meddler(lambda: group.add(3)))
    with pytest.raises(RuntimeError, match="changed size during iteration"):
        cyjson.encode(group)


def test_dropped_while_written():
    """Nobody but the call holds what was given then."""
    holder = [Node(Meddler(lambda: holder.clear()), Node("é" * 100))]
    assert cyjson.encode(holder) == '[{{"value":"m","next":{{"value":"{}","next":null}}}}]'.format("é" * 100).encode()
    outer = Node()
    outer.value = Node(Meddler(lambda: setattr(outer, "value", None)), "x" * 50)
    assert cyjson.encode(outer) == b'{"value":{"value":"m","next":"%b"},"next":null}' % (b"x" * 50)


def test_encoding_within_a_hook():
    class Nested:
        def __json__(self):
            return cyjson.loads(cyjson.encode([Node(1), {dt.date(1, 1, 1)}]))

    assert cyjson.encode([Nested(), Nested()]) == (
        b'[[{"value":1,"next":null},["0001-01-01"]],[{"value":1,"next":null},["0001-01-01"]]]'
    )


def test_a_class_that_changes_while_it_is_written():
    @dataclasses.dataclass
    class Changing:
        a: object
        b: object = 1

    def change():
        del Changing.b
        Changing.c = 5

    first = Changing(Meddler(change))
    assert cyjson.encode([first, Changing(1, 2)]) == b'[{"a":"m","b":1},{"a":1,"b":2}]'


def test_errors_leave_nothing():
    for _ in range(3):
        for bad in Node(Unknown()), [dt.date(1, 1, 1), float("nan")], collections.deque([Unknown()]):
            with pytest.raises((TypeError, ValueError)):
                cyjson.encode([Node(1), bad])
    assert cyjson.encode(Node(1)) == b'{"value":1,"next":null}'


def test_notes_need_a_version():
    assert has_notes == (sys.version_info >= (3, 11))
