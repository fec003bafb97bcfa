"""Parts of documents: what pointers mean, and the parts by ``loads`` and looking up.

The native functions come here to compile pointers, for exceptions, and for what they don't do themselves; the fallback
does all of it this way.
"""

import re
from _collections_abc import Mapping, Sequence  # in memory at start-up, as collections.abc is not
from functools import lru_cache
from json import detect_encoding, dumps, loads

KEPT_LENGTH = 256  # characters of a pointer that is kept compiled, at most
_INDEX = re.compile("0|[1-9][0-9]{0,17}").fullmatch
_STRAY = re.compile("~(?![01])").search


def compile_paths(pointers):
    """For each pointer its path: a tuple of pairs, a member's name in UTF-8, or None, and an array's index, or -1."""
    return tuple([_path(pointer) for pointer in pointers])


def _path(pointer):
    if isinstance(pointer, str):
        pointer = str.__str__(pointer)  # without the methods of a class of its own, as below
        return (_path_of_text if len(pointer) <= KEPT_LENGTH else _path_of_text.__wrapped__)(pointer)
    # bytes are a sequence of int, which nobody meant. No try: where memory is short 3.11 may go on for ever in it.
    if isinstance(pointer, (bytes, bytearray, memoryview)) or not hasattr(type(pointer), "__iter__"):
        raise TypeError(f"a pointer is a str, or a sequence of str and int, not {type(pointer).__name__}")
    return tuple([_element(element) for element in pointer])


@lru_cache(256)
def _path_of_text(pointer):
    if pointer and not pointer.startswith("/"):
        raise ValueError(f"a JSON Pointer is empty or starts with '/', and this doesn't: {pointer!r}")
    if _STRAY(pointer):
        raise ValueError(f"in a JSON Pointer '~' is followed by 0 (for '~') or 1 (for '/'): {pointer!r}")
    parts = pointer.split("/")[1:]
    return tuple([_name(part.replace("~1", "/").replace("~0", "~"), True) for part in parts])


def _name(name, may_be_index):
    index = int(name) if may_be_index and _INDEX(name) else -1
    return name.encode("utf-8", "surrogatepass"), index


def _element(element):
    if isinstance(element, str):
        return _name(str.__str__(element), type(element).__name__ == "_Token")  # of stream.pointer
    if isinstance(element, int) and not isinstance(element, bool):
        index = int.__add__(element, 0)  # PyPy's int.__int__ asks the class
        if 0 <= index < 10**18:
            return None, index
        raise ValueError("an array's index in a pointer is from 0 to 10**18 - 1")
    raise TypeError(f"a pointer consists of str and int; {element!r} is {type(element).__name__}")


def look_up(value, path, default):
    """The value at a path of what ``loads`` gave, or ``default``."""
    for name, index in path:
        if isinstance(value, dict) and name is not None:
            key = name.decode("utf-8", "surrogatepass")
            if key not in value:
                return default
            value = value[key]
        elif isinstance(value, list) and 0 <= index < len(value):
            value = value[index]
        else:
            return default
    return value


def document_of(data):
    """What ``loads`` takes for it: a copy where that is another kind of buffer."""
    if isinstance(data, (str, bytes, bytearray)):
        return data
    try:
        view = memoryview(data)
    except TypeError:
        return data  # loads says what is wrong with it
    with view:
        return bytes(view)


def pick(data, /, *pointers, default=None, check=True):
    """Decode only what these pointers name of the JSON document in ``data``: one value for one pointer, a tuple for
    several.

    A pointer is a JSON Pointer (RFC 6901) or a sequence of names (str) and indices (int); one that leads nowhere gives
    ``default``. ``data`` is str, bytes, or any buffer of UTF-8 (bytearray, memoryview, mmap).

    Values are those that looking up in ``loads``' result gives: of equal names the last counts. The whole document is
    checked, and raises what ``loads`` raises; the fallback does so with ``check=False`` too.

    Raises ValueError for a malformed pointer, TypeError for what is none.
    """
    if not pointers:
        raise TypeError("pick() takes at least one pointer")
    paths = compile_paths(pointers)
    value = loads(document_of(data))
    found = [look_up(value, path, default) for path in paths]
    return tuple(found) if len(found) > 1 else found[0]


pick.__module__ = __package__


def open_text(data):
    """What ``lazy`` shows of a document that isn't plain: the pair True and its text in UTF-8, where that is an object
    or array, or False and its value. Raises what ``loads`` raises.
    """
    data = document_of(data)
    value = loads(data)
    if not isinstance(value, (dict, list)):
        return False, value
    text = data if isinstance(data, str) else data.decode(detect_encoding(data), "surrogatepass")
    return True, str.encode(text, "utf-8", "surrogatepass")


def at(view, pointer):
    """The value at a pointer in a view; KeyError where it leads nowhere."""
    path = _path(pointer)
    for name, index in path:
        if isinstance(view, Mapping) and name is not None:
            key = name.decode("utf-8", "surrogatepass")
            found = key in view
        else:
            key = index
            found = isinstance(view, Sequence) and not isinstance(view, str) and 0 <= index < len(view)
        if not found:
            raise KeyError(pointer if isinstance(pointer, str) else tuple(pointer))
        view = view[key]
    return view


class _View:
    __slots__ = ("_value",)
    __hash__ = None

    def __init__(self, value):
        self._value = value

    def __len__(self):
        return len(self._value)

    def __eq__(self, other):
        if isinstance(other, type(self)):
            other = other._value
        return self._value == other if isinstance(other, type(self._value)) else NotImplemented

    def __repr__(self):
        text = dumps(self._value, ensure_ascii=False)
        shown = text if len(text) <= 40 else text[:40] + "..."
        return f"<cyjson.{type(self).__name__} {shown}>"

    def value(self):
        """The dict or list that loads would give."""
        return _copy(self._value)

    def at(self, pointer, /):
        """The value at a JSON Pointer (RFC 6901) or a sequence of names and indices, a view of a container. Raises
        KeyError where it leads nowhere, ValueError or TypeError where it is no pointer.
        """
        return at(self, pointer)

    @property
    def raw(self):
        """The text of this container, in UTF-8: here not as it was, but the same value."""
        return dumps(self._value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")


def _copy(value):
    """Another of the same, however deep."""
    copy = type(value)()
    left = [(value, copy)]
    while left:
        source, target = left.pop()
        for name, each in source.items() if isinstance(source, dict) else enumerate(source):
            if isinstance(each, (dict, list)):
                left.append((each, type(each)()))
                each = left[-1][1]
            if isinstance(target, dict):
                target[name] = each
            else:
                target.append(each)
    return copy


def _view(value):
    return LazyObject(value) if isinstance(value, dict) else LazyArray(value) if isinstance(value, list) else value


class LazyObject(_View, Mapping):
    """A view of a JSON object, as lazy gives it: a Mapping whose values are made when asked for."""

    __slots__ = ()

    def __getitem__(self, name):
        return _view(self._value[name])

    def __contains__(self, name):
        return name in self._value

    def __iter__(self):
        return iter(self._value)


class LazyArray(_View, Sequence):
    """A view of a JSON array, as lazy gives it: a Sequence whose values are made when asked for."""

    __slots__ = ()

    def __getitem__(self, index):
        found = self._value[index]
        return [_view(each) for each in found] if isinstance(index, slice) else _view(found)


for _each in LazyObject, LazyArray:
    _each.__module__ = __package__


def lazy(data, /, *, check=True):
    """A view of the JSON document in ``data``: a LazyObject or a LazyArray, whose values are made when they are asked
    for. Containers in it come as views, scalars as values; a document that is a scalar is that value.

    ``data`` is str, bytes, or any buffer of UTF-8 (bytearray, memoryview, mmap). A view never changes. The whole
    document is checked, and raises what ``loads`` raises; the fallback does so with ``check=False`` too.
    """
    return _view(loads(document_of(data)))


lazy.__module__ = __package__


def adopt(object_type, array_type):
    """Make the native types of views what these classes are, by the methods of the abstract ones."""
    Mapping.register(object_type)
    Sequence.register(array_type)
    for name in "keys", "values", "items":
        setattr(object_type, name, getattr(Mapping, name))
    for name in "index", "count", "__reversed__":
        setattr(array_type, name, getattr(Sequence, name))
