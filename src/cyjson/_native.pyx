# cython: language_level=3, binding=True, embedsignature=False
# cython: subinterpreters_compatible=own_gil
"""The C extension: what is counted in nanoseconds comes from csrc/core, the classes stand here."""

from cpython.object cimport PyObject

from json import decoder as _stdlib_decoder
from json import encoder as _stdlib_encoder
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

    object core_new(object spec)
    int core_set_classes(object core, object encoder_class, object decoder_class) except -1
    object core_encode_with(object core, object encoder, object obj)
    object core_decode_with(object core, const decode_options *options, object text)
    object core_scan_once(object core, const decode_options *options, object text, Py_ssize_t index)


_core = core_new(_SimpleNamespace(name="cyjson"))

dump = _core.dump
dumps = _core.dumps
encode = _core.encode
encode_basestring = _core.encode_basestring
encode_basestring_ascii = _core.encode_basestring_ascii
load = _core.load
loads = _core.loads
scanstring = _core.scanstring

_CONSTANT = _stdlib_decoder._CONSTANTS.__getitem__


cdef class Scanner:
    """Scans JSON documents under a decoder's settings: ``scan_once(string, idx)`` returns the value that starts at
    index idx of a str and the index behind it.

    Raises StopIteration with the index where no value starts, JSONDecodeError where a value is malformed.
    """

    cdef decode_options options
    cdef readonly bint strict
    cdef readonly object object_hook, object_pairs_hook, array_hook, parse_float, parse_int, parse_constant
    cdef object core

    def __init__(self, context):
        self.core = _core
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
        if type(self.parse_constant) is type(_CONSTANT) and self.parse_constant == _CONSTANT:
            self.options.parse_constant = NULL

    def __call__(self, string, Py_ssize_t idx):
        if not isinstance(string, str):
            raise TypeError(f"first argument must be a string, not {type(string).__name__}")
        return core_scan_once(self.core, &self.options, string, idx)

    cdef decode(self, text):
        return core_decode_with(self.core, &self.options, text)


cdef PyObject *hook(object function, object default) noexcept:
    """What the options hold for a hook: NULL where the default does."""
    return NULL if function is default else <PyObject *>function


make_scanner = Scanner


class JSONDecoder(_stdlib_decoder.JSONDecoder):
    """Decodes JSON documents: ``json.JSONDecoder`` with ``array_hook`` on every version.

    Hooks and errors are those of ``loads``. ``strict=False`` allows control characters in strings.
    """

    __module__ = "cyjson.decoder"

    def __init__(
        self,
        *,
        object_hook=None,
        parse_float=None,
        parse_int=None,
        parse_constant=None,
        strict=True,
        object_pairs_hook=None,
        array_hook=None,
    ):
        # The inherited __init__ would make a scanner of the stdlib's as well.
        self.object_hook = object_hook
        self.parse_float = parse_float or float
        self.parse_int = parse_int or int
        self.parse_constant = parse_constant or _CONSTANT
        self.strict = strict
        self.object_pairs_hook = object_pairs_hook
        self.array_hook = array_hook
        self.parse_object = _stdlib_decoder.JSONObject
        self.parse_array = _stdlib_decoder.JSONArray
        self.parse_string = scanstring
        self.memo = {}
        self.scan_once = Scanner(self)

    def decode(self, s, *whitespace):
        """Return the value of the JSON document in ``s`` (str), which may have white space around it.

        Raises JSONDecodeError.
        """
        scan_once = self.scan_once
        if (
            type(scan_once) is Scanner
            and type(s) is str
            and not whitespace
            and getattr(self.raw_decode, "__func__", None) is _RAW_DECODE
        ):
            return (<Scanner>scan_once).decode(s)
        return super().decode(s, *whitespace)


_RAW_DECODE = _stdlib_decoder.JSONDecoder.raw_decode


class JSONEncoder(_stdlib_encoder.JSONEncoder):
    """Encodes JSON documents: ``json.JSONEncoder``, natively."""

    __module__ = "cyjson.encoder"

    def encode(self, o):
        """Return ``o`` as a JSON document (str).

        Raises TypeError, ValueError, RecursionError as ``dumps`` does.
        """
        return core_encode_with(_core, self, o)


core_set_classes(_core, JSONEncoder, JSONDecoder)
