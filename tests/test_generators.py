"""StopIteration that leaves json's generator is a RuntimeError, never the end of the text; elsewhere it stays so."""

import io

import pytest
from support.compare import same
from support.writers import WRITERS

import cyjson
from cyjson import lines


def stop(*arguments):
    raise StopIteration(5)


class SubStop(StopIteration):
    pass


def stop_by_subclass(obj):
    raise SubStop("default")


class Odd:
    pass


class Items(dict):
    items = stop


class ItemsIterable(dict):
    def items(self):
        class View:
            __iter__ = stop

        return View()


class Pair:
    __iter__ = stop


class ItemsPair(dict):
    def items(self):
        return [("a", 1), Pair()]


class ItemsUnpacked(dict):
    """Whose pairs end early: ValueError, as unpacking has it."""

    def items(self):
        class Ending:
            __next__ = stop

            def __iter__(self):
                return self

        return [("a", 1), Ending()]


class Bool(dict):
    __bool__ = stop


class Iter(list):
    __iter__ = stop


class IterTuple(tuple):
    __iter__ = stop


class Next(list):
    """Which ends there, as every iteration does."""

    def __iter__(self):
        class Ending:
            __next__ = stop

            def __iter__(self):
                return self

        return Ending()


class Len(list):
    __len__ = stop


class Key(str):
    __lt__ = stop
    __hash__ = str.__hash__


class IntKey(int):
    __lt__ = stop


class Float(float):
    __repr__ = stop


class NamedBadly(type):
    @property
    def __name__(cls):
        raise StopIteration(5)


class BadKey(metaclass=NamedBadly):
    pass


class Class:
    __class__ = property(stop)


VALUES = {
    "default": lambda: [1, Odd()],
    "default at the root": Odd,
    "default in a dict": lambda: {"a": {"b": Odd()}},
    "default in a tuple": lambda: (1, Odd()),
    "items": lambda: {"a": Items(a=1)},
    "items at the root": lambda: Items(a=1),
    "items, iter": lambda: [ItemsIterable(a=1)],
    "items, pair": lambda: ItemsPair(a=1),
    "items, unpacked": lambda: ItemsUnpacked(a=1),
    "bool": lambda: [Bool(a=1)],
    "iter": lambda: [[Iter([1])]],
    "iter of a tuple": lambda: {"a": IterTuple([1])},
    "next": lambda: [[Next([1])], 2],
    "len": lambda: Len([1]),
    "key": lambda: {Key("b"): 1, Key("a"): 2},
    "int key": lambda: {IntKey(2): 1, IntKey(1): 2},
    "float": lambda: [Float("nan")],
    "float key": lambda: {Float("nan"): 1},
    "bad key": lambda: {BadKey(): 1},
    "class": lambda: [Class()],
    "class of a key": lambda: {Class(): 1},
}
OPTIONS = [
    {},
    {"indent": 1},
    {"sort_keys": True},
    {"allow_nan": False},
    {"skipkeys": True, "ensure_ascii": False},
    {"check_circular": False, "indent": "é"},
]


def chain(error, depth=0):
    """All that an exception says, and those that it came from."""
    if error is None or depth > 4:
        return None
    causes = chain(error.__cause__, depth + 1), chain(error.__context__, depth + 1)
    return type(error), error.args, causes, error.__suppress_context__, error.__traceback__ is not None


def told(call):
    def outcome(json):
        try:
            return call(json)
        except BaseException as error:
            return chain(error)

    return outcome


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("name", VALUES)
def test_stop_iteration(name, options):
    for default in stop, stop_by_subclass:
        for write in WRITERS.values():
            call = told(lambda json, write=write: write(json, VALUES[name](), default=default, **options))
            same(call)
            try:
                raise LookupError("handled")
            except LookupError:
                same(call)


@pytest.mark.parametrize("name", ["default", "items", "iter", "key"])
def test_pieces_before_it_are_given(name):
    """... and none after it."""
    pieces = iter(cyjson.JSONEncoder(default=stop, sort_keys=True).iterencode(["x" * 100_000, VALUES[name]()]))
    with pytest.raises(RuntimeError) as caught:  # without match, which looks at the notes too
        for _ in range(100_000):
            next(pieces)
    assert str(caught.value) == "generator raised StopIteration"
    assert type(caught.value.__cause__) is StopIteration
    assert next(pieces, "the end") == "the end"


def test_a_file_s_own():
    """What write() raises doesn't pass through the generator."""

    class File:
        write = stop

    same(told(lambda json: json.dump([1], File())))
    same(told(lambda json: json.dump(["x" * 200_000] * 3, File())))
    with pytest.raises(StopIteration):
        cyjson.dump_bytes([1], File())


def test_bytes():
    """``dump_bytes`` as ``dump``; ``encode`` as ``dumps``."""
    file = io.BytesIO()
    with pytest.raises(RuntimeError, match="generator raised StopIteration") as caught:
        cyjson.dump_bytes([Odd()], file, default=stop)
    assert type(caught.value.__cause__) is StopIteration
    with pytest.raises(StopIteration):
        cyjson.encode([Odd()], default=stop)
    assert file.getvalue() == b""


def test_lines():
    """A line that fails isn't the last one."""
    for write in (
        lambda: lines.encode([1, Odd(), 2], default=stop),
        lambda: lines.dump([1, Odd()], io.BytesIO(), default=stop),
    ):
        with pytest.raises((StopIteration, RuntimeError)):
            write()


def test_a_class_of_its_own():
    def call(json):
        class Encoder(json.JSONEncoder):
            def default(self, obj):
                raise StopIteration(type(obj).__name__)

        file = io.StringIO()
        outcomes = []
        for write in WRITERS.values():
            outcomes.append(told(lambda json, write=write: write(json, [Odd()], default=Encoder().default))(json))
        outcomes.append(told(lambda json: json.dumps([Odd()], cls=Encoder))(json))
        outcomes.append(told(lambda json: json.dump([Odd()], file, cls=Encoder))(json))
        return outcomes, file.getvalue().replace("[", "")  # json has written the bracket

    same(call)
