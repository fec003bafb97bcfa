"""What the tests of cyjson.stream share: its functions by name, and files that give a document in pieces."""

import asyncio
import itertools

import pytest

import cyjson
from cyjson import _pure_stream, stream
from cyjson.stream import ITEM, StreamDecodeError

FUNCTIONS = {
    "items": lambda source, path, **options: stream.items(source, path, **options),
    "kvitems": lambda source, path, **options: stream.kvitems(source, path, **options),
    "basic_parse": lambda source, path, **options: stream.basic_parse(source, **options),
    "parse": lambda source, path, **options: stream.parse(source, **options),
}
EACH = pytest.mark.parametrize("name", FUNCTIONS)


class Pieces:
    """A file whose reads give the document in given pieces."""

    def __init__(self, pieces):
        self.pieces = iter(pieces)

    def read(self, n):
        return next(self.pieces, b"")


def cut(data, sizes):
    """``data`` in pieces of these sizes, over and over."""
    pieces, at = [], 0
    for size in itertools.cycle(sizes):
        if at >= len(data):
            return Pieces(pieces)
        pieces.append(data[at : at + size])
        at += size


def taken(iterator):
    """All that an iterator gives, and its exception, or None."""
    results = []
    try:
        for result in iterator:
            results.append(result)
    except Exception as error:
        return results, error
    return results, None


def told(error):
    if isinstance(error, StreamDecodeError):
        return type(error), str(error), error.msg, error.pos, error.lineno, error.colno, error.doc, error.offset
    return type(error), str(error)


# The model: a document as a tree of scalars, lists and tuples of pairs; what loads gives for it, and where it leads.


class Members(tuple):
    pass


def tree_of(text, **options):
    return cyjson.loads(text, object_pairs_hook=Members, **options)


def value_of(tree):
    if isinstance(tree, Members):
        return {name: value_of(each) for name, each in tree}
    return [value_of(each) for each in tree] if isinstance(tree, list) else tree


def model_events(tree, path=()):
    """(joined path, event, value)"""
    prefix = ".".join(path)
    if isinstance(tree, Members):
        yield prefix, "start_map", None
        for name, each in tree:
            yield prefix, "map_key", name
            yield from model_events(each, (*path, name))
        yield prefix, "end_map", None
    elif isinstance(tree, list):
        yield prefix, "start_array", None
        for each in tree:
            yield from model_events(each, (*path, "item"))
        yield prefix, "end_array", None
    elif isinstance(tree, str):
        yield prefix, "string", tree
    elif tree is None:
        yield prefix, "null", None
    else:
        yield prefix, "boolean" if isinstance(tree, bool) else "number", tree


def model_targets(tree, path):
    """The trees at a path, the outer ones only."""

    def walk(tree, names, elements):
        if isinstance(path, str) and ".".join(names) == path or elements == ():
            yield tree
        elif isinstance(tree, (Members, list)):
            pairs = tree if isinstance(tree, Members) else enumerate(tree)
            for name, each in pairs:
                if elements is None:
                    rest = None
                elif not fits(elements[0], name, tree):
                    continue
                else:
                    rest = elements[1:]
                yield from walk(each, [*names, name if isinstance(tree, Members) else "item"], rest)

    def fits(element, name, tree):
        if isinstance(tree, Members):
            return isinstance(element, str) and str(element) == name
        return element is ITEM or (
            element == name if type(element) is int else type(element) is not str and element == str(name)
        )

    return walk(tree, [], None if isinstance(path, str) else tuple(path))


def model(name, tree, path):
    if name == "items":
        return [value_of(each) for each in model_targets(tree, path)]
    if name == "kvitems":
        objects = [each for each in model_targets(tree, path) if isinstance(each, Members)]
        return [(key, value_of(each)) for members in objects for key, each in members]
    events = model_events(tree)
    return list(events) if name == "parse" else [(event, value) for _, event, value in events]


READERS = {"extension": stream.Reader, "Python": _pure_stream.StreamReader}
if cyjson.backend != "c":
    del READERS["extension"]


@pytest.fixture(params=READERS)
def reader(request, monkeypatch):
    monkeypatch.setattr(stream, "Reader", READERS[request.param])


# asyncio


class AsyncFile:
    """A file whose reads wait, and give a document in pieces; it raises what is among them."""

    def __init__(self, pieces):
        self.pieces = pieces
        self.sizes = []

    async def read(self, n):
        self.sizes.append(n)
        await asyncio.sleep(0)
        piece = next(self.pieces.pieces, b"") if isinstance(self.pieces, Pieces) else self.pieces.read(n)
        if isinstance(piece, BaseException):
            raise piece
        return piece


ASYNC = {
    "items": lambda source, path, **options: stream.items_async(source, path, **options),
    "kvitems": lambda source, path, **options: stream.kvitems_async(source, path, **options),
    "basic_parse": lambda source, path, **options: stream.basic_parse_async(source, **options),
    "parse": lambda source, path, **options: stream.parse_async(source, **options),
}
