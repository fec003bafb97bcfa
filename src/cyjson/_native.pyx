# cython: language_level=3, binding=False, embedsignature=False
# cython: subinterpreters_compatible=own_gil
# cython: freethreading_compatible=True
"""The C extension: csrc/core's functions, the scanner that a JSONDecoder holds, and what the included files say."""

cimport cython
from cpython.buffer cimport PyBUF_SIMPLE, PyBUF_WRITABLE, PyBuffer_Release, PyObject_GetBuffer
from cpython.bytes cimport PyBytes_GET_SIZE
from cpython.mem cimport PyMem_Free, PyMem_Realloc
from cpython.object cimport PyObject
from cpython.unicode cimport PyUnicode_AsEncodedString, PyUnicode_DecodeUTF8
from libc.stdint cimport int64_t, uint8_t
from libc.string cimport memchr, memcpy, memmove

from json.decoder import _CONSTANTS
from json.decoder import JSONDecoder as _JSONDecoder
from json.scanner import c_make_scanner as _c_make_scanner
from types import SimpleNamespace as _SimpleNamespace


cdef extern from "core.h":
    ctypedef struct decode_options:
        PyObject *object_hook
        PyObject *object_pairs_hook
        PyObject *array_hook
        PyObject *parse_float
        PyObject *parse_int
        PyObject *parse_constant
        int lenient

    void decode_know_hooks(decode_options *options)
    int compat_acquire(int *flag)
    void compat_release(int *flag)
    int compat_load_int(const int *place)
    void compat_store_int(int *place, int value)
    int64_t compat_load_int64(const int64_t *place)
    void compat_store_int64(int64_t *place, int64_t value)
    object core_new(object spec)
    int core_set_up(object core, object encoder_class, object decoder_class, object unpack_pair) except -1
    object core_decode_with(object core, const decode_options *options, object text)
    object core_decode_utf8(object core, const uint8_t *data, Py_ssize_t size)
    object core_encode_method(object core, object function)
    object core_decode_method(object core, object function, object scanner, object (*decode_by)(object scanner, object text))
    object core_scan_once(object core, const decode_options *options, object text, Py_ssize_t index)


_core = core_new(_SimpleNamespace(name="cyjson"))

dump = _core.dump
dump_bytes = _core.dump_bytes
dumps = _core.dumps
encode = _core.encode
encode_basestring = _core.encode_basestring
encode_basestring_ascii = _core.encode_basestring_ascii
encode_with = _core.encode_with
iterencode_with = _core.iterencode_with
load = _core.load
loads = _core.loads
scanstring = _core.scanstring

constant = _CONSTANTS.__getitem__


@cython.final
cdef class Scanner:
    """Scans JSON documents under a decoder's settings: ``scan_once(string, idx)`` returns the value that starts at
    index idx of a str and the index behind it.

    Raises StopIteration with the index where no value starts, JSONDecodeError where a value is malformed.
    """

    cdef decode_options options
    cdef readonly bint strict
    cdef readonly object object_hook, object_pairs_hook, array_hook, parse_float, parse_int, parse_constant
    cdef object core

    # Not __init__: that could be left out, or called again on a scanner that is in use.
    def __cinit__(self, *args, **kwargs):
        if len(args) != 1 or kwargs:
            _c_make_scanner(*args, **kwargs)  # raises what a wrong call raises, unless it is a right one
        context = args[0] if args else kwargs["context"]
        self.strict = context.strict
        self.object_hook = context.object_hook
        self.object_pairs_hook = context.object_pairs_hook
        self.array_hook = getattr(context, "array_hook", None)
        self.parse_float = context.parse_float
        self.parse_int = context.parse_int
        self.parse_constant = context.parse_constant

        # The fields are read-only, so these stay what they are as long as the scanner lives.
        self.options.lenient = not self.strict
        self.options.object_hook = hook(self.object_hook, None)
        self.options.object_pairs_hook = hook(self.object_pairs_hook, None)
        self.options.array_hook = hook(self.array_hook, None)
        self.options.parse_float = hook(self.parse_float, float)
        self.options.parse_int = hook(self.parse_int, int)
        self.options.parse_constant = hook(self.parse_constant, None)
        if type(self.parse_constant) is type(constant) and self.parse_constant == constant:
            self.options.parse_constant = NULL
        decode_know_hooks(&self.options)
        self.core = _core

    cdef object alive(self):
        """The core module; an error where the garbage collector has taken this scanner apart."""
        if self.core is None:
            raise RuntimeError("this scanner is gone")
        return self.core

    def __call__(self, *args, **kwargs):
        if len(args) == 2 and not kwargs and isinstance(args[0], str) and type(args[1]) is int:
            return core_scan_once(self.alive(), &self.options, args[0], args[1])
        arguments = dict(zip(("string", "idx"), args)) | kwargs
        string, idx = arguments.get("string"), arguments.get("idx")
        if len(args) + len(kwargs) != 2 or not isinstance(string, str) or not hasattr(idx, "__index__"):
            return _JSONDecoder().scan_once(*args, **kwargs)  # raises what a wrong call raises
        return core_scan_once(self.alive(), &self.options, string, idx)

    def decode(self, str text not None):
        """The value of the whole document ``text``: ``JSONDecoder.decode`` for a decoder with these settings."""
        return core_decode_with(self.alive(), &self.options, text)


cdef PyObject *hook(object function, object default) noexcept:
    """What the options hold for a hook: NULL where the default does."""
    return NULL if function is default else <PyObject *>function


make_scanner = Scanner


cdef object decode_by(object scanner, object text):
    return core_decode_with((<Scanner>scanner).alive(), &(<Scanner>scanner).options, text)


def encode_method(function):
    """What JSONEncoder.encode is: C where that can do it, or else this function."""
    return core_encode_method(_core, function)


def decode_method(function):
    """What JSONDecoder.decode is, likewise."""
    return core_decode_method(_core, function, Scanner, decode_by)


def set_up(encoder_class, decoder_class, unpack_pair):
    """Give the functions the classes that ``cls=None`` stands for; to be called once, before any of them is."""
    global cpu
    core_set_up(_core, encoder_class, decoder_class, unpack_pair)
    cpu = _core.cpu  # which of the instruction sets in use: "avx512", "avx2", or the baseline's name


include "_lines.pxi"
include "_stream.pxi"
