"""Arrow's C structures by ctypes, for the fallback: what _pure_arrow.py needs where somebody takes a capsule."""

import ctypes
import sys
from ctypes import CFUNCTYPE, POINTER, Structure, addressof, c_char_p, c_int, c_int64, c_uint, c_void_p

from ._pure_arrow import _NULLABLE, held, hold, let_go, number_of


class ArrowSchema(Structure):
    pass


class ArrowArray(Structure):
    pass


class ArrowArrayStream(Structure):
    pass


# Functions get addresses: ctypes would copy structures, or keep what it knows of them.
_Release = CFUNCTYPE(None, c_void_p)
_Get = CFUNCTYPE(c_int, c_void_p, c_void_p)
_GetError = CFUNCTYPE(c_void_p, c_void_p)

ArrowSchema._fields_ = [
    ("format", c_char_p),
    ("name", c_char_p),
    ("metadata", c_void_p),
    ("flags", c_int64),
    ("n_children", c_int64),
    ("children", POINTER(POINTER(ArrowSchema))),
    ("dictionary", c_void_p),
    ("release", c_void_p),
    ("private_data", c_void_p),
]
ArrowArray._fields_ = [
    ("length", c_int64),
    ("null_count", c_int64),
    ("offset", c_int64),
    ("n_buffers", c_int64),
    ("n_children", c_int64),
    ("buffers", POINTER(c_void_p)),
    ("children", POINTER(POINTER(ArrowArray))),
    ("dictionary", c_void_p),
    ("release", c_void_p),
    ("private_data", c_void_p),
]
ArrowArrayStream._fields_ = [
    ("get_schema", c_void_p),
    ("get_next", c_void_p),
    ("get_last_error", c_void_p),
    ("release", c_void_p),
    ("private_data", c_void_p),
]

_api = ctypes.pythonapi
_new_capsule = ctypes.PYFUNCTYPE(ctypes.py_object, c_void_p, c_char_p, c_void_p)(("PyCapsule_New", _api))
_pointer_in = ctypes.PYFUNCTYPE(c_void_p, ctypes.py_object, c_char_p)(("PyCapsule_GetPointer", _api))
_NAMES = {ArrowSchema: b"arrow_schema", ArrowArray: b"arrow_array", ArrowArrayStream: b"arrow_array_stream"}


# A library may call `release` while an exception is on its way: it drops a table that only the stack of a function that
# fails had. Calls of Python's functions fail then, and after a callback ctypes clears what is pending. So the exception
# is taken first, and put back by what ctypes does last of all: it lets go of what the callback returned.

_raise_pending = ctypes.PYFUNCTYPE(c_int)(("Py_IsInitialized", _api))  # as all functions of Python's do in ctypes


class _Slot(Structure):
    _fields_ = [("slot", c_int), ("function", c_void_p)]


class _Spec(Structure):
    _fields_ = [("name", c_char_p), ("size", c_int), ("item_size", c_int), ("flags", c_uint), ("slots", c_void_p)]


_FLAGS, _FINALIZE = 1 << 18 | 1 << 10, 80  # Py_TPFLAGS_DEFAULT, Py_TPFLAGS_BASETYPE; Py_tp_finalize
_slots = (_Slot * 2)(_Slot(_FINALIZE, ctypes.cast(_api.PyObject_IsTrue, c_void_p)))
_spec = _Spec(b"cyjson._arrow_c.TrueAtTheEnd", object.__basicsize__, 0, _FLAGS, addressof(_slots))


class _RaisedAtTheEnd(ctypes.PYFUNCTYPE(ctypes.py_object, c_void_p)(("PyType_FromSpec", _api))(addressof(_spec))):
    """An object that raises an exception as it goes, which ``__del__`` couldn't: its type's finalizer is bool()."""

    __slots__ = ("error",)

    def __bool__(self):
        error = self.error
        try:
            raise error
        finally:
            del self, error  # or its traceback would hold them


def _raised_at_the_end(error):
    if sys.platform == "emscripten":  # whose functions are called by their own types: the exception is lost
        return None
    made = _RaisedAtTheEnd()
    made.error = error.with_traceback(error.__traceback__.tb_next)  # without the frame that has taken it
    return made


def _released_by(kind):
    """The function that releases structures of a kind."""

    def release(address):
        pending = None
        try:
            _raise_pending()
        except BaseException as error:
            pending = error
        try:
            structure = kind.from_address(address)
            key = structure.private_data
            structure.release = None
            if kind is not ArrowArrayStream:
                for i in range(structure.n_children):
                    _release(structure.children[i].contents)
            let_go(key)
            return None if pending is None else _raised_at_the_end(pending)
        finally:
            del pending

    return _Release(release)


_releases = {kind: _released_by(kind) for kind in _NAMES}


def _release(structure):
    """Release what is not yet released."""
    if structure.release:
        _Release(structure.release)(addressof(structure))


def _address(function):
    return ctypes.cast(function, c_void_p)


# Capsules and their structures. A capsule could call when it goes, but into Python, which would lose the exception that
# may be on its way then: so these are held here, until nobody else has the capsule.
_capsules = []


def _sweep():
    """Release what nobody took out of capsules that are gone."""
    for pair in _capsules[:]:
        if sys.getrefcount(pair[0]) <= _ALONE:
            _release(pair[1])
            _capsules.remove(pair)


def _count_alone():
    pairs = [(object(), None)]
    for pair in pairs[:]:
        return sys.getrefcount(pair[0])


_ALONE = _count_alone()


def _capsule(structure):
    _sweep()
    capsule = _new_capsule(addressof(structure), _NAMES[type(structure)], None)
    _capsules.append((capsule, structure))
    return capsule


def _children(kind, structures):
    pointers = (POINTER(kind) * max(1, len(structures)))()
    for i, each in enumerate(structures):
        pointers[i] = ctypes.pointer(each)
    return pointers


def _schema(field):
    format, name, nullable, children = field
    structures = [_schema(child) for child in children]
    pointers = _children(ArrowSchema, structures)
    schema = ArrowSchema(format.encode(), name.encode(), None, _NULLABLE if nullable else 0, len(structures))
    schema.children = ctypes.cast(pointers, POINTER(POINTER(ArrowSchema)))
    schema.release = _address(_releases[ArrowSchema])
    schema.private_data = hold(format.encode(), name.encode(), structures, pointers, schema._objects)
    return schema


def schema_capsule(field):
    return _capsule(_schema(field))


def _array(data):
    structures = [_array(child) for child in data.children]
    pointers = _children(ArrowArray, structures)
    buffers = (c_void_p * max(1, len(data.buffers)))()
    kept = []
    for i, each in enumerate(data.buffers):
        if each is not None:
            kept.append(ctypes.create_string_buffer(each, len(each) + 8))
            buffers[i] = addressof(kept[-1])
    array = ArrowArray(data.length, data.nulls, 0, len(data.buffers), len(structures))
    array.buffers = ctypes.cast(buffers, POINTER(c_void_p))
    array.children = ctypes.cast(pointers, POINTER(POINTER(ArrowArray)))
    array.release = _address(_releases[ArrowArray])
    array.private_data = hold(kept, buffers, structures, pointers)
    return array


def array_capsule(data):
    return _capsule(_array(data))


def field_of(capsule):
    schema = ArrowSchema.from_address(_pointer_in(capsule, _NAMES[ArrowSchema]))
    if not schema.release:
        raise ValueError("the schema was released")
    return _field(schema, 0)


def _field(schema, depth):
    if depth > 128:
        raise ValueError("a schema of too many levels")
    children = tuple([_field(schema.children[i].contents, depth + 1) for i in range(schema.n_children)])
    name = (schema.name or b"").decode()
    return schema.format.decode(), name, bool(schema.flags & _NULLABLE), children, bool(schema.dictionary)


# ---- streams ----


class _Stream:
    def __init__(self, iterator):
        self.iterator = iterator
        self.error = None

    def failed(self, error):
        text = f"{type(error).__name__}: {error}"
        self.error = ctypes.create_string_buffer(text.encode("utf-8", "backslashreplace"))
        return number_of(error)


def _stream_of(address):
    return held(ArrowArrayStream.from_address(address).private_data)[0]


def _give(kind, capsule, out):
    """Move the structure of a capsule to the address ``out``."""
    source = _pointer_in(capsule, _NAMES[kind])
    ctypes.memmove(out, source, ctypes.sizeof(kind))
    kind.from_address(source).release = None


@_Get
def _get_schema(address, out):
    stream = _stream_of(address)
    try:
        _give(ArrowSchema, stream.iterator.__arrow_c_schema__(), out)
    except BaseException as error:
        return stream.failed(error)
    return 0


@_Get
def _get_next(address, out):
    stream = _stream_of(address)
    ctypes.memset(out, 0, ctypes.sizeof(ArrowArray))
    try:
        for batch in stream.iterator:
            _give(ArrowArray, batch.__arrow_c_array__()[1], out)
            break
    except BaseException as error:
        return stream.failed(error)
    return 0


@_GetError
def _get_last_error(address):
    error = _stream_of(address).error
    return None if error is None else addressof(error)


def stream_capsule(iterator):
    stream = ArrowArrayStream(*map(_address, (_get_schema, _get_next, _get_last_error, _releases[ArrowArrayStream])))
    stream.private_data = hold(_Stream(iterator))
    return _capsule(stream)
