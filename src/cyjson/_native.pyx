# cython: language_level=3, binding=False, embedsignature=False, auto_pickle=False
# cython: subinterpreters_compatible=own_gil
# cython: freethreading_compatible=True
"""The C extension: what csrc/module makes, and what the included files add."""

cimport cython
from cpython.buffer cimport PyBUF_SIMPLE, PyBUF_WRITABLE, PyBUF_WRITE, PyBuffer_Release, PyObject_GetBuffer
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.memoryview cimport PyMemoryView_FromMemory
from cpython.mem cimport PyMem_Free, PyMem_Malloc, PyMem_Realloc
from cpython.object cimport PyObject
from cpython.ref cimport Py_DECREF, Py_INCREF
from cpython.unicode cimport PyUnicode_AsEncodedString, PyUnicode_DecodeUTF8
from libc.stdint cimport int64_t, uint8_t, uint64_t
from libc.stdlib cimport free, malloc, realloc
from libc.string cimport memchr, memcmp, memcpy, memmove

from functools import partial as _partial
from _io import FileIO as _FileIO
from types import BuiltinMethodType as _BuiltinMethodType
from types import GenericAlias as _GenericAlias
from types import SimpleNamespace as _SimpleNamespace

from ._in_python import decoding as _decoding
from ._in_python import dump_bytes as _dump_bytes
from ._in_python import encode as _encode
from ._in_python import unpack_pair as _unpack_pair


cdef extern from "module/module.h":
    int compat_acquire(int *flag)
    void compat_release(int *flag)
    int compat_load_int(const int *place)
    void compat_store_int(int *place, int value)
    int64_t compat_load_int64(const int64_t *place)
    void compat_store_int64(int64_t *place, int64_t value)
    object core_new(object spec, object originals, object unpack_pair, object refuse_encode, object refuse_dump_bytes)
    int core_set_decoding(object core, object load_decoding) except -1
    int core_set_up(object core, object encoder_class, object decoder_class) except -1
    int core_set_parts(object core, object compile_paths, object pick, object at, object open_text) except -1
    object core_orjson(object core, object explain, object values)
    int core_isolate(object core, object encoder_class, object decoder_class, object methods) except -1
    int core_watch(object core, object owners, object find_replaced, object named) except -1
    int core_names_replaced(object core, int group) except -1
    object core_decode_utf8(object core, const uint8_t *data, Py_ssize_t size, int lenient)
    ctypedef struct core_lines:
        pass
    core_lines *core_lines_new(object core, object pointers, int single, int check, int threads) except NULL
    int core_lines_has_threads(const core_lines *lines)
    void core_lines_close(core_lines *lines)
    void core_lines_free(core_lines *lines)
    object core_lines_value(core_lines *lines, const uint8_t *line, Py_ssize_t size, Py_ssize_t number)
    Py_ssize_t core_lines_find(core_lines *lines, const uint8_t *p, Py_ssize_t size, int64_t most)
    object core_lines_picked(core_lines *lines)
    void core_lines_moved(core_lines *lines)
    void core_lines_hold(core_lines *lines, object source)
    int core_lines_give(core_lines *lines, uint8_t *data, Py_ssize_t size, Py_ssize_t room, bint is_plain) except -1
    bint core_lines_open(core_lines *lines, int file, int64_t max_line, uint64_t *size)
    int core_lines_give_range(core_lines *lines, uint64_t begin, uint64_t end, bint begins) except -1
    ctypedef enum range_place:
        RANGE_FOLLOWS
        RANGE_IS_LAST
        RANGE_IS_ELSEWHERE
    range_place core_lines_place(core_lines *lines, uint64_t at)
    uint8_t *core_lines_room(core_lines *lines, Py_ssize_t *room)
    uint8_t *core_lines_take(core_lines *lines, Py_ssize_t *size)
    Py_ssize_t core_lines_held(core_lines *lines)
    ctypedef struct core_writer:
        pass
    core_writer *core_writer_new(object core, object options, Py_ssize_t enough) except? NULL
    void core_writer_free(core_writer *writer)
    int core_writer_more(core_writer *writer, object documents, long long *count) except -1
    bytes core_writer_take(core_writer *writer)

cdef extern from "module/arrow.h":
    ctypedef struct column_data:
        pass
    ctypedef struct columns:
        pass
    ctypedef struct columns_part:
        column_data *data
        int64_t lines
        size_t bytes
    ctypedef struct core_columns:
        pass
    column_data *column_data_hold(column_data *data)
    void column_data_free(column_data *data)
    int64_t column_data_length(const column_data *data)
    core_columns *core_columns_new(
        object core, object plan, int is_frozen, int is_loose, int64_t batch, int64_t text, int64_t line_most
    ) except NULL
    void core_columns_free(core_columns *columns)
    int core_columns_add(
        core_columns *columns, const uint8_t *line, Py_ssize_t size, uint64_t whole, int force
    ) except -1
    void core_columns_refuse(core_columns *columns, uint64_t whole)
    Py_ssize_t core_columns_add_lines(
        core_columns *columns, const uint8_t *p, Py_ssize_t size, int64_t *lines, Py_ssize_t *last
    )
    void core_columns_forget(core_columns *columns)
    int64_t core_columns_rows(core_columns *columns)
    int core_columns_is_full(core_columns *columns)
    object core_columns_plan(core_columns *columns)
    uint64_t core_columns_changes(core_columns *columns)
    int core_columns_freeze(core_columns *columns) except -1
    column_data *core_columns_take(core_columns *columns) except NULL
    const columns *core_columns_like(core_columns *columns)
    core_lines *core_lines_of_columns(object core, const columns *like, int threads) except NULL
    columns_part *core_lines_part(core_lines *lines)
    object core_arrow_schema(object fields)
    object core_arrow_field(object capsule)
    object core_arrow_array(column_data *data, int64_t first, int64_t rows)
    object core_arrow_stream(object iterator)


# What install() did in this interpreter; here, for cyjson's other modules may be imported anew. originals: by the id of
# each object that it put into json, what was there.
installation = {}
originals = {}


def make_core(name="cyjson"):
    """The module of C functions, with a state of its own. ``name``: their ``__module__``."""
    core = core_new(_SimpleNamespace(name=name), originals, _unpack_pair, _encode, _dump_bytes)
    core_set_decoding(core, _decoding)
    return core


_core = make_core()

cpu = _core.cpu  # which of the instruction sets in use: "avx512", "avx2", or the baseline's name
decode = _core.decode
decode_by_plan = _core.decode_by_plan
decode_with = _core.decode_with
dump = _core.dump
dump_bytes = _core.dump_bytes
dumps = _core.dumps
encode = _core.encode
encode_policy = _core.encode_policy
Plans = _core.Plans
encode_basestring = _core.encode_basestring
encode_basestring_ascii = _core.encode_basestring_ascii
encode_with = _core.encode_with
iterencode_with = _core.iterencode_with
one_shot_with = _core.one_shot_with
load = _core.load
loads = _core.loads
pick = _core.pick
lazy = _core.lazy
scanstring = _core.scanstring
Scanner = make_scanner = _core.Scanner


def _is_core(core):
    if type(core) is not type(_core) or not hasattr(core, "encode_with"):
        raise TypeError("a module of make_core() expected")


def watch(tuple owners not None, find_replaced, tuple named not None, core=None):
    """Have the functions see what programs replace: see _names.py."""
    if core is None:
        core = _core
    _is_core(core)
    core_watch(core, owners, find_replaced, named)


def set_parts(compile_paths, pick, at, open_text):
    """Give the functions what _parts.py has: to be called before ``pick`` and ``lazy`` are. The classes of views."""
    core_set_parts(_core, compile_paths, pick, at, open_text)
    return _core.LazyObject, _core.LazyArray


def orjson_functions(explain, tuple values not None):
    """loads and dumps of cyjson.orjson."""
    return core_orjson(_core, explain, values)


def methods_go_by_name(core=None):
    """Whether names were replaced that JSONEncoder's methods depend on."""
    if core is None:
        core = _core
    _is_core(core)
    return core_names_replaced(core, 2) != 0


def set_up(encoder_class, decoder_class, core=None):
    """Give the functions the classes that ``cls=None`` stands for; before, those are json's."""
    if not isinstance(encoder_class, type) or not isinstance(decoder_class, type):
        raise TypeError("classes expected")
    if core is None:
        core = _core
    _is_core(core)
    core_set_up(core, encoder_class, decoder_class)


def isolate(type encoder_class not None, type decoder_class not None, tuple methods not None, core=None):
    """Have the functions ask these classes for json's errors: see _install.py."""
    if len(methods) != 3:
        raise ValueError("three methods expected")
    if core is None:
        core = _core
    _is_core(core)
    core_isolate(core, encoder_class, decoder_class, methods)


def decode_mapped(mapping, Py_ssize_t size, bint strict):
    """The document in a private, writable mapping of a file of ``size`` bytes, not a multiple of the page size, so
    that there is a byte after them; NotImplemented where loads has to decide."""
    cdef Py_buffer view
    PyObject_GetBuffer(mapping, &view, PyBUF_WRITABLE)
    try:
        if view.len != size:
            raise ValueError("the mapping is not of this size")
        (<uint8_t *>view.buf)[size] = 0  # nobody else's, once it is written to
        return core_decode_utf8(_core, <const uint8_t *>view.buf, size, not strict)
    finally:
        PyBuffer_Release(&view)


include "_arrow.pxi"
include "_lines.pxi"
include "_lines_ranges.pxi"
include "_lines_writing.pxi"
include "_stream.pxi"
