"""Batches of the fallback, and Arrow's structures and capsules by ctypes.

The structures are those of csrc/columns/arrow.h. What they point to is kept until they are released, by the key that
their private_data is.
"""

import errno
import itertools
import sys

__all__ = ["Batch", "arrow_field", "arrow_schema", "arrow_stream"]

_NULLABLE = 2
_keys = itertools.count(1)
_held = {}


class Batch:
    """Rows as Arrow columns: a record batch for every library that takes the Arrow C data interface, without a copy."""

    def __init__(self, data, fields):
        self._data = data
        self._fields = fields

    def __len__(self):
        return self._data.length

    def __repr__(self):
        return f"<Batch of {len(self)} rows and {len(self._fields)} columns>"

    def __arrow_c_schema__(self):
        """The "arrow_schema" capsule of its columns, a struct's."""
        return arrow_schema(self._fields)

    def __arrow_c_array__(self, requested_schema=None):
        """The capsules "arrow_schema" and "arrow_array" of its rows, a struct's. They have the types of the batch,
        whichever are requested."""
        return arrow_schema(self._fields), _c().array_capsule(self._data)


def arrow_schema(fields):
    """The "arrow_schema" capsule of a struct of fields."""
    return _c().schema_capsule(("+s", "", False, fields))


def arrow_field(capsule):
    """The field of an "arrow_schema" capsule: (format, name, whether nulls are allowed, children, is a dictionary)."""
    return _c().field_of(capsule)


def arrow_stream(iterator):
    """The "arrow_array_stream" capsule of an iterator of batches that has ``__arrow_c_schema__``."""
    return _c().stream_capsule(iterator)


def _c():
    """The part that needs ctypes, once it is asked for."""
    if sys.implementation.name != "cpython":
        raise NotImplementedError("Arrow's capsules need CPython")
    from . import _arrow_c

    return _arrow_c


def hold(*objects):
    """Keep objects until ``let_go`` is called with the number returned."""
    key = next(_keys)
    _held[key] = objects
    return key


def held(key):
    return _held[key]


def let_go(key):
    _held.pop(key, None)


def number_of(error):
    """The error number of a stream's exception."""
    if isinstance(error, MemoryError):
        return errno.ENOMEM
    return errno.EINVAL if isinstance(error, ValueError) else errno.EIO
