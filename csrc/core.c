#include "core.h"
#include "encode_pieces.h"
#include "method.h"

/* Every keyword of every function here. */
typedef enum {
    NAME_obj, NAME_fp, NAME_s,
    NAME_skipkeys, NAME_ensure_ascii, NAME_check_circular, NAME_allow_nan, NAME_cls, NAME_indent, NAME_separators,
    NAME_default, NAME_sort_keys,
    NAME_object_hook, NAME_parse_float, NAME_parse_int, NAME_parse_constant, NAME_object_pairs_hook, NAME_array_hook,
    NAME_strict,
    NAME_item_separator, NAME_key_separator, NAME_encode, NAME_iterencode, NAME_decode, NAME_write, NAME_read,
    NAME_scan_once, NAME_raw_decode,
    NAMES
} name;

static const char *const name_texts[NAMES] = {
    "obj", "fp", "s",
    "skipkeys", "ensure_ascii", "check_circular", "allow_nan", "cls", "indent", "separators",
    "default", "sort_keys",
    "object_hook", "parse_float", "parse_int", "parse_constant", "object_pairs_hook", "array_hook",
    "strict",
    "item_separator", "key_separator", "encode", "iterencode", "decode", "write", "read",
    "scan_once", "raw_decode",
};

/* A class that was looked through once, and isn't again as long as it has the same version. */
typedef struct {
    unsigned version;
    int own_default; /* an encoder's: default() isn't json's */
} known_class;

struct core_state {
    decode_state decode;
    encode_state encode;
    PyObject *names[NAMES];
    /* the stdlib's own, as they were when cyjson was imported */
    PyObject *json_loads, *json_dumps, *json_dump, *json_detect_encoding, *json_scanstring, *json_decode_error, *json_escape, *json_escape_ascii;
    PyObject *json_encoder_class, *json_decoder_class, *json_encode, *json_iterencode;
    /* ours */
    PyObject *encoder_class, *decoder_class, *our_encode, *our_iterencode, *pieces_type, *method_type;
    PyObject *json_default, *json_raw_decode;
    PyObject *scanner_type; /* and how one decodes */
    PyObject *(*decode_by)(PyObject *scanner, PyObject *text);
    known_class known_encoder, known_decoder;
    int attributes_known; /* compat_attributes_known() */
};

static core_state *state_of(PyObject *core) { return PyModule_GetState(core); }

/* ---- arguments ---- */

static Py_ssize_t find_name(core_state *state, const name *names, int count, PyObject *keyword)
{
    for (int i = 0; i < count; i++)
        if (state->names[names[i]] == keyword) return i; /* keywords in source code are interned */
    for (int i = 0; i < count; i++)
        if (PyUnicode_Compare(state->names[names[i]], keyword) == 0) return i;
    return -1;
}

/* Sort a vectorcall's keywords into values (borrowed); what isn't among names goes to *others, a new dict. names[0] is
 * the one positional argument. 0, 1 where the call is wrong (too many arguments, or the first one missing or given
 * twice), -1 with an exception set. */
static int take_arguments(core_state *state, const name *names, int count, PyObject *const *args, Py_ssize_t nargs,
                          PyObject *kwnames, PyObject **values, PyObject **others)
{
    for (int i = 0; i < count; i++) values[i] = NULL;
    if (nargs > 1) return 1;
    if (nargs == 1) values[0] = args[0];
    Py_ssize_t keywords = kwnames == NULL ? 0 : PyTuple_GET_SIZE(kwnames);
    for (Py_ssize_t i = 0; i < keywords; i++) {
        PyObject *keyword = PyTuple_GET_ITEM(kwnames, i), *value = args[nargs + i];
        Py_ssize_t at = find_name(state, names, count, keyword);
        if (at >= 0) {
            if (values[at] != NULL) return 1;
            values[at] = value;
            continue;
        }
        if (*others == NULL && (*others = PyDict_New()) == NULL) return -1;
        if (PyDict_SetItem(*others, keyword, value)) return -1;
    }
    return values[0] == NULL;
}

/* An argument, or NULL where it is None or wasn't given. */
static PyObject *given(PyObject *value) { return value == Py_None ? NULL : value; }

static int put_argument(core_state *state, PyObject *arguments, name n, PyObject *value)
{
    return value == NULL ? 0 : PyDict_SetItem(arguments, state->names[n], value);
}

static PyObject *call_with(PyObject *callable, PyObject *keywords)
{
    PyObject *none = PyTuple_New(0), *result = NULL;
    if (none != NULL) result = PyObject_Call(callable, none, keywords);
    Py_XDECREF(none);
    return result;
}

#include "core_decode.h"

#include "core_encode.h"

#include "core_methods.h"

#include "core_dumps.h"

/* ---- the module ---- */

#define DECODER_ARGUMENTS \
    "*, cls=None, object_hook=None, parse_float=None, parse_int=None, parse_constant=None, object_pairs_hook=None, array_hook=None, **kw"
#define ENCODER_ARGUMENTS \
    "*, skipkeys=False, ensure_ascii=True, check_circular=True, allow_nan=True, cls=None, indent=None, separators=None, default=None, sort_keys=False, **kw"

PyDoc_STRVAR(loads_doc,
"loads($module, /, s, " DECODER_ARGUMENTS ")\n--\n\n"
"Decode the JSON document in s (str, bytes or bytearray; bytes in UTF-8, UTF-16 or UTF-32).\n\n"
"object_hook(dict), object_pairs_hook(list of pairs) and array_hook(list) are called with each object or array decoded,\n"
"and their result takes its place; object_pairs_hook goes before object_hook. parse_float, parse_int and parse_constant\n"
"are called with the text of each number, or of NaN, Infinity and -Infinity. cls is a JSONDecoder subclass to use\n"
"instead; further keywords go to it (strict=False allows control characters in strings).\n\n"
"Raises JSONDecodeError where s is not a JSON document, UnicodeDecodeError where bytes are not text, RecursionError\n"
"where it is nested too deeply.");

PyDoc_STRVAR(load_doc,
"load($module, /, fp, " DECODER_ARGUMENTS ")\n--\n\n"
"Decode the JSON document that fp.read() gives. Arguments and errors are those of loads.");

PyDoc_STRVAR(dumps_doc,
"dumps($module, /, obj, " ENCODER_ARGUMENTS ")\n--\n\n"
"Encode obj as a JSON document: a str.\n\n"
"skipkeys leaves out dict keys that are not str, int, float, bool or None instead of raising TypeError. ensure_ascii\n"
"escapes everything that is not printable ASCII. check_circular=False saves the search for circular references.\n"
"allow_nan=False makes NaN and the infinities a ValueError. indent (int, number of spaces, or str) gives each item a line\n"
"of its own. separators is a pair: between items, and between key and value. default(obj) is called for what cannot be\n"
"encoded and returns what can, or raises TypeError. sort_keys sorts dicts by key. cls is a JSONEncoder subclass to use\n"
"instead; further keywords go to it.\n\n"
"Raises TypeError where an object or key cannot be encoded, ValueError for a circular reference, RecursionError where it\n"
"is nested too deeply.");

PyDoc_STRVAR(dump_doc,
"dump($module, /, obj, fp, " ENCODER_ARGUMENTS ")\n--\n\n"
"Encode obj as a JSON document and hand it to fp.write(str), in pieces of about 64 Ki characters: a smaller document in one\n"
"piece, so that one that cannot be encoded leaves the file as it was. Arguments and errors are those of dumps.");

PyDoc_STRVAR(encode_doc,
"encode($module, /, obj, *, default=None, sort_keys=False, indent=None, skipkeys=False, separators=None, check_circular=True, cls=None)\n--\n\n"
"Encode obj as compact UTF-8 bytes that are valid RFC 8259.\n\n"
"Arguments are those of dumps; separators defaults to (',', ':'), or (',', ': ') with an indent. A cls is made with\n"
"ensure_ascii=False and allow_nan=False.\n\n"
"Raises what dumps raises, ValueError for NaN and the infinities, UnicodeEncodeError for a lone surrogate.");

PyDoc_STRVAR(dump_bytes_doc,
"dump_bytes($module, /, obj, fp, *, default=None, sort_keys=False, indent=None, skipkeys=False, separators=None, check_circular=True, cls=None)\n--\n\n"
"Encode obj as encode does and hand it to fp.write(bytes), in pieces of about 64 KiB: a smaller document in one piece, so\n"
"that one that cannot be encoded leaves the file as it was.\n\n"
"fp is a binary file: buffered, raw (what a write leaves is written again), a socket's or a pipe's. Raises what encode and\n"
"fp.write raise, BlockingIOError where a raw file takes nothing because it does not block.");

PyDoc_STRVAR(encode_with_doc,
"encode_with($module, encoder, obj, /)\n--\n\n"
"What JSONEncoder.encode gives for an encoder with these attributes.");

PyDoc_STRVAR(scanstring_doc,
"scanstring($module, string, end, strict=True, /)\n--\n\n"
"The JSON string in a str whose first character behind the opening quote is at index end: the pair (str, index behind\n"
"the closing quote). strict=False allows control characters. Raises JSONDecodeError.");

PyDoc_STRVAR(encode_basestring_doc,
"encode_basestring($module, string, /)\n--\n\n"
"The JSON string for a str, quoted and escaped.");

PyDoc_STRVAR(encode_basestring_ascii_doc,
"encode_basestring_ascii($module, string, /)\n--\n\n"
"The JSON string for a str, quoted and escaped to printable ASCII.");

PyDoc_STRVAR(iterencode_with_doc,
"iterencode_with($module, encoder, obj, /)\n--\n\n"
"What encoder.iterencode(obj) gives, for a JSONEncoder, with the encoder's attributes as options.");

#define FASTCALL(function) (PyCFunction)(void (*)(void))(function), METH_FASTCALL | METH_KEYWORDS

static PyMethodDef core_methods[] = {
    {"loads", FASTCALL(core_loads), loads_doc},
    {"load", FASTCALL(core_load), load_doc},
    {"dumps", FASTCALL(core_dumps), dumps_doc},
    {"dump", FASTCALL(core_dump), dump_doc},
    {"encode", FASTCALL(core_encode), encode_doc},
    {"dump_bytes", FASTCALL(core_dump_bytes), dump_bytes_doc},
    {"scanstring", (PyCFunction)(void (*)(void))core_scanstring, METH_FASTCALL, scanstring_doc},
    {"encode_with", (PyCFunction)(void (*)(void))core_encode_with, METH_FASTCALL, encode_with_doc},
    {"iterencode_with", (PyCFunction)(void (*)(void))core_iterencode_with, METH_FASTCALL, iterencode_with_doc},
    {"encode_basestring", core_encode_basestring, METH_O, encode_basestring_doc},
    {"encode_basestring_ascii", core_encode_basestring_ascii, METH_O, encode_basestring_ascii_doc},
    {NULL, NULL, 0, NULL},
};

static int core_traverse(PyObject *core, visitproc visit, void *arg)
{
    core_state *state = state_of(core);
    if (state == NULL) return 0;
    int stop = decode_state_traverse(&state->decode, visit, arg);
    if (!stop) stop = encode_state_traverse(&state->encode, visit, arg);
    if (stop) return stop;
    Py_VISIT(state->json_loads);
    Py_VISIT(state->json_dumps);
    Py_VISIT(state->json_dump);
    Py_VISIT(state->json_detect_encoding);
    Py_VISIT(state->json_scanstring);
    Py_VISIT(state->json_decode_error);
    Py_VISIT(state->json_escape);
    Py_VISIT(state->json_escape_ascii);
    Py_VISIT(state->json_encoder_class);
    Py_VISIT(state->json_decoder_class);
    Py_VISIT(state->json_encode);
    Py_VISIT(state->json_iterencode);
    Py_VISIT(state->encoder_class);
    Py_VISIT(state->decoder_class);
    Py_VISIT(state->our_encode);
    Py_VISIT(state->our_iterencode);
    Py_VISIT(state->pieces_type);
    Py_VISIT(state->method_type);
    Py_VISIT(state->json_default);
    Py_VISIT(state->json_raw_decode);
    Py_VISIT(state->scanner_type);
    return 0;
}

static int core_clear(PyObject *core)
{
    core_state *state = state_of(core);
    if (state == NULL) return 0;
    decode_state_clear(&state->decode);
    encode_state_clear(&state->encode);
    for (int i = 0; i < NAMES; i++) Py_CLEAR(state->names[i]);
    state->known_encoder.version = state->known_decoder.version = 0;
    Py_CLEAR(state->json_loads);
    Py_CLEAR(state->json_dumps);
    Py_CLEAR(state->json_dump);
    Py_CLEAR(state->json_detect_encoding);
    Py_CLEAR(state->json_scanstring);
    Py_CLEAR(state->json_decode_error);
    Py_CLEAR(state->json_escape);
    Py_CLEAR(state->json_escape_ascii);
    Py_CLEAR(state->json_encoder_class);
    Py_CLEAR(state->json_decoder_class);
    Py_CLEAR(state->json_encode);
    Py_CLEAR(state->json_iterencode);
    Py_CLEAR(state->encoder_class);
    Py_CLEAR(state->decoder_class);
    Py_CLEAR(state->our_encode);
    Py_CLEAR(state->our_iterencode);
    Py_CLEAR(state->pieces_type);
    Py_CLEAR(state->method_type);
    Py_CLEAR(state->json_default);
    Py_CLEAR(state->json_raw_decode);
    Py_CLEAR(state->scanner_type);
    return 0;
}

static void core_free(void *core) { core_clear(core); }

static PyModuleDef_Slot core_slots[] = {
#if PY_VERSION_HEX >= 0x030C0000
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
#endif
#if !COMPAT_HAS_GIL
    {Py_mod_gil, Py_MOD_GIL_NOT_USED},
#endif
    {0, NULL},
};

static struct PyModuleDef core_module = {
    .m_base = PyModuleDef_HEAD_INIT,
    .m_name = "cyjson",
    .m_size = sizeof(core_state),
    .m_methods = core_methods,
    .m_slots = core_slots,
    .m_traverse = core_traverse,
    .m_clear = core_clear,
    .m_free = core_free,
};

PyObject *core_new(PyObject *spec)
{
    PyObject *core = PyModule_FromDefAndSpec(&core_module, spec);
    if (core != NULL && PyModule_ExecDef(core, &core_module)) Py_CLEAR(core);
    return core;
}

/* Take over a new reference: -1 where there is none but an exception. */
static int take(PyObject **place, PyObject *object)
{
    *place = object;
    return object == NULL ? -1 : 0;
}

static int take_attribute(PyObject **place, PyObject *owner, const char *attribute)
{
    return take(place, PyObject_GetAttrString(owner, attribute));
}

/* CYJSON_CPU in the environment, or else the best there is. -1 with ValueError set where it can't be had. */
static int choose_cpu(cpu_level *level)
{
    const char *wanted = getenv("CYJSON_CPU");
    *level = cpu_best();
    if (wanted == NULL || !*wanted) return 0;
    for (int l = CPU_BASE; l <= (int)*level; l++)
        if (strcmp(wanted, cpu_level_name((cpu_level)l)) == 0) {
            *level = (cpu_level)l;
            return 0;
        }
    PyErr_Format(PyExc_ValueError, "CYJSON_CPU=%.100s: this build on this machine runs %s%s%s%s%s", wanted, cpu_level_name(CPU_BASE),
                 *level >= CPU_AVX2 ? ", " : "", *level >= CPU_AVX2 ? cpu_level_name(CPU_AVX2) : "",
                 *level >= CPU_AVX512 ? ", " : "", *level >= CPU_AVX512 ? cpu_level_name(CPU_AVX512) : "");
    return -1;
}

int core_set_up(PyObject *core, PyObject *encoder_class, PyObject *decoder_class, PyObject *unpack_pair)
{
    core_state *state = state_of(core);
    state->encode.skipped_all_is_empty = -1;
    if (choose_cpu(&state->encode.cpu) || PyModule_AddStringConstant(core, "cpu", cpu_level_name(state->encode.cpu))) return -1;
    if ((state->encode.dict_layout_known = state->decode.dict_layout_known = compat_dict_layout_known()) < 0) return -1;
    for (int i = 0; i < NAMES; i++)
        if ((state->names[i] = PyUnicode_InternFromString(name_texts[i])) == NULL) return -1;
    if (decode_state_init(&state->decode, state->encode.cpu)) return -1;
    state->encoder_class = Py_NewRef(encoder_class);
    state->decoder_class = Py_NewRef(decoder_class);
    state->encode.unpack_pair = Py_NewRef(unpack_pair);

    PyObject *json = PyImport_ImportModule("json"), *decoder = NULL, *encoder = NULL, *strict = NULL, *sample = NULL;
    /* Each may fail, and nothing may be asked while an exception is set. */
    int bad = json == NULL || take_attribute(&decoder, json, "decoder") || take_attribute(&encoder, json, "encoder") ||
              take_attribute(&state->our_encode, encoder_class, "encode") ||
              take_attribute(&state->our_iterencode, encoder_class, "iterencode") || take(&state->pieces_type, encode_pieces_type()) ||
              take_attribute(&state->json_scanstring, decoder, "scanstring") ||
              take_attribute(&state->json_escape, encoder, "encode_basestring") ||
              take_attribute(&state->json_escape_ascii, encoder, "encode_basestring_ascii") ||
              take_attribute(&state->json_loads, json, "loads") || take_attribute(&state->json_dumps, json, "dumps") ||
              take_attribute(&state->json_dump, json, "dump") ||
              take_attribute(&state->json_detect_encoding, json, "detect_encoding") ||
              take_attribute(&state->json_decode_error, json, "JSONDecodeError") ||
              take_attribute(&state->json_encoder_class, json, "JSONEncoder") ||
              take_attribute(&state->json_decoder_class, json, "JSONDecoder") ||
              take_attribute(&state->json_encode, state->json_encoder_class, "encode") ||
              take_attribute(&state->json_iterencode, state->json_encoder_class, "iterencode") ||
              take_attribute(&state->json_default, state->json_encoder_class, "default") ||
              take_attribute(&state->json_raw_decode, state->json_decoder_class, "raw_decode") ||
              take(&state->decode.default_decoder, PyObject_CallNoArgs(state->json_decoder_class)) ||
              take(&state->encode.default_encoder, PyObject_CallNoArgs(encoder_class)) ||
              take(&strict, Py_BuildValue("{s:O}", "allow_nan", Py_False)) ||
              take(&state->encode.strict_encoder, call_with(state->json_encoder_class, strict)) ||
              take(&sample, PyObject_CallNoArgs(state->json_encoder_class)) ||
              (state->attributes_known = state->encode.dict_layout_known ? compat_attributes_known(sample) : 0) < 0;
    Py_XDECREF(sample);
    Py_XDECREF(strict);
    Py_XDECREF(encoder);
    Py_XDECREF(decoder);
    Py_XDECREF(json);
    return bad ? -1 : 0;
}
