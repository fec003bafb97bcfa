"""A consumer of Arrow's C data interface that trusts nobody, by ctypes alone: values of batches, and what their buffers
must be. The layout is that of https://arrow.apache.org/docs/format/CDataInterface.html."""

import ctypes
import decimal
import struct
import sys
from ctypes import CFUNCTYPE, POINTER, Structure, c_char_p, c_int, c_int64, c_void_p


class Schema(Structure):
    pass


class Array(Structure):
    pass


class Stream(Structure):
    pass


Schema._fields_ = [
    *[(name, c_char_p) for name in ("format", "name", "metadata")],
    *[(name, c_int64) for name in ("flags", "n_children")],
    ("children", POINTER(POINTER(Schema))),
    ("dictionary", POINTER(Schema)),
    ("release", CFUNCTYPE(None, POINTER(Schema))),
    ("private_data", c_void_p),
]
Array._fields_ = [
    *[(name, c_int64) for name in ("length", "null_count", "offset", "n_buffers", "n_children")],
    ("buffers", POINTER(c_void_p)),
    ("children", POINTER(POINTER(Array))),
    ("dictionary", POINTER(Array)),
    ("release", CFUNCTYPE(None, POINTER(Array))),
    ("private_data", c_void_p),
]
Stream._fields_ = [
    ("get_schema", CFUNCTYPE(c_int, POINTER(Stream), POINTER(Schema))),
    ("get_next", CFUNCTYPE(c_int, POINTER(Stream), POINTER(Array))),
    ("get_last_error", CFUNCTYPE(c_char_p, POINTER(Stream))),
    ("release", CFUNCTYPE(None, POINTER(Stream))),
    ("private_data", c_void_p),
]


def taken(capsule, name):
    """The structure of a capsule, which is moved out of it as a consumer does that."""
    pointer = ctypes.pythonapi.PyCapsule_GetPointer
    pointer.restype, pointer.argtypes = c_void_p, [ctypes.py_object, c_char_p]
    kind = {"arrow_schema": Schema, "arrow_array": Array, "arrow_array_stream": Stream}[name]
    address = pointer(capsule, name.encode())
    moved = kind()
    ctypes.memmove(ctypes.addressof(moved), address, ctypes.sizeof(kind))
    clear(kind.from_address(address))
    return moved


def clear(structure):
    """Mark a structure as released."""
    offset = type(structure).release.offset
    ctypes.memset(ctypes.addressof(structure) + offset, 0, ctypes.sizeof(c_void_p))


def release(structure):
    assert structure.release
    structure.release(ctypes.byref(structure))
    assert not structure.release


def tree(schema):
    """(name, format, whether nulls are allowed, children) of a schema."""
    assert schema.release and not schema.dictionary and schema.metadata is None
    children = [tree(schema.children[i].contents) for i in range(schema.n_children)]
    return schema.name.decode(), schema.format.decode(), bool(schema.flags & 2), children


def moved_children(array):
    """The children of an array, moved out of it, which is released before they are."""
    moved = []
    for i in range(array.n_children):
        child = array.children[i].contents
        copy = Array()
        ctypes.memmove(ctypes.addressof(copy), ctypes.addressof(child), ctypes.sizeof(Array))
        clear(child)
        moved.append(copy)
    release(array)
    return moved


NUMBERS = {"c": "b", "s": "h", "i": "i", "l": "q", "C": "B", "S": "H", "I": "I", "L": "Q", "f": "f", "g": "d"}
NUMBERS.update(tdD="i", tdm="q")


def _bytes_of(array, buffer, size):
    address = array.buffers[buffer]
    assert address or size == 0
    return ctypes.string_at(address, size) if size else b""


def _bits(array, buffer):
    first, n = array.offset, array.length
    data = _bytes_of(array, buffer, (first + n + 7) // 8)
    return [bool(data[i >> 3] >> (i & 7) & 1) for i in range(first, first + n)]


def _numbers(array, buffer, code, more=0):
    n = array.offset + array.length + more
    found = struct.unpack(f"={n}{code}", _bytes_of(array, buffer, n * struct.calcsize("=" + code)))
    return found[array.offset :]


def values(array, schema):
    """The values of an array, whose schema is a tree; what must hold of the buffers is asserted."""
    _, format, nullable, children = schema
    n = array.length
    assert array.release and n >= 0 and array.offset >= 0 and not array.dictionary
    assert array.n_children == len(children)
    inner = [(array.children[i].contents, child) for i, child in enumerate(children)]
    if format == "n":
        assert array.n_buffers == 0 and array.null_count in (n, -1)
        return [None] * n
    assert array.n_buffers == {"+s": 1, "u": 3, "U": 3}.get(format, 2)
    if array.buffers[0]:
        valid = _bits(array, 0)
    else:
        valid = [True] * n
    assert array.null_count in (-1, valid.count(False)) and (nullable or all(valid))
    if format == "+s":
        assert all(child.length + child.offset >= n for child, _ in inner)
        columns = [(of[0], values(child, of)[array.offset : array.offset + n]) for child, of in inner]
        found = [{name: column[i] for name, column in columns} for i in range(n)]
    elif format in ("u", "U", "+l", "+L"):
        offsets = _numbers(array, 1, "i" if format in ("u", "+l") else "q", 1) if n else (0,)
        assert list(offsets) == sorted(offsets) and offsets[0] >= 0
        if format in ("u", "U"):
            data = _bytes_of(array, 2, offsets[-1])
            data.decode()  # as a whole, and no character is cut
            found = [data[a:b].decode() for a, b in zip(offsets, offsets[1:])]
        else:
            ((child, of),) = inner
            assert child.length >= offsets[-1]
            items = values(child, of)
            found = [items[a:b] for a, b in zip(offsets, offsets[1:])]
    elif format == "b":
        found = _bits(array, 1)
    elif format[:2] == "d:":
        scale = int(format[2:].split(",")[1])
        data = _bytes_of(array, 1, 16 * (array.offset + n))[16 * array.offset :]
        parts = [data[16 * i : 16 * i + 16] for i in range(n)]
        context = decimal.Context(prec=60)
        found = [decimal.Decimal(int.from_bytes(p, sys.byteorder, signed=True)).scaleb(-scale, context) for p in parts]
    else:
        found = list(_numbers(array, 1, NUMBERS.get(format, "q")))
    return [value if is_valid else None for value, is_valid in zip(found, valid)]


def batch_rows(batch):
    """The tree of a batch's columns, and its rows."""
    schema, array = batch.__arrow_c_array__()
    schema, array = taken(schema, "arrow_schema"), taken(array, "arrow_array")
    of = tree(schema)
    rows = values(array, of)
    assert array.offset == 0 and len(rows) == len(batch)
    release(schema)
    release(array)
    return of, rows


class StreamError(Exception):
    pass


def stream_rows(reader, *requested):
    """The tree and the rows of a stream, of which the batches are released after it; StreamError with its words."""
    stream = taken(reader.__arrow_c_stream__(*requested), "arrow_array_stream")
    schema, arrays = Schema(), []
    try:
        if stream.get_schema(ctypes.byref(stream), ctypes.byref(schema)):
            raise StreamError(stream.get_last_error(ctypes.byref(stream)).decode())
        while True:
            array = Array()
            if stream.get_next(ctypes.byref(stream), ctypes.byref(array)):
                raise StreamError(stream.get_last_error(ctypes.byref(stream)).decode())
            if not array.release:
                break
            arrays.append(array)
    finally:
        release(stream)
        if schema.release:
            of = tree(schema)
            release(schema)
        rows = []
        for array in arrays:
            rows += values(array, of)
            release(array)
    return of, rows


def types(of):
    """{name: format, or for a struct or list what is in it} of a tree's columns."""
    return {name: _type(format, children) for name, format, _, children in of[3]}


def _type(format, children):
    if format == "+s":
        return types(("", format, True, children))
    return [_type(*children[0][1::2])] if format in ("+l", "+L") else format
