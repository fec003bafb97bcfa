/* The module object that each interpreter has: its table of functions, its state, and how that is set up. */
#include "decode/typed.h"
#include "encode/pieces.h"
#include "module/args.h"
#include "module/functions.h"
#include "module/names.h"

#define CORE_NAME(text) #text,
static const char *const name_texts[NAMES] = {CORE_NAMES(CORE_NAME)};
#undef CORE_NAME

#define DECODER_ARGUMENTS \
    "*, cls=None, object_hook=None, parse_float=None, parse_int=None, parse_constant=None, object_pairs_hook=None, " \
    "array_hook=None, **kw"
#define ENCODER_ARGUMENTS \
    "*, skipkeys=False, ensure_ascii=True, check_circular=True, allow_nan=True, cls=None, indent=None, " \
    "separators=None, default=None, sort_keys=False, **kw"
#define COMPACT_ARGUMENTS \
    "*, default=None, sort_keys=False, indent=None, skipkeys=False, separators=None, check_circular=True, cls=None"

PyDoc_STRVAR(
    loads_doc,
    "loads($module, /, s, " DECODER_ARGUMENTS ")\n--\n\n"
    "Return the value of the JSON document s (str, bytes or bytearray; bytes in UTF-8, UTF-16 or UTF-32).\n\n"
    "object_hook(dict), object_pairs_hook(list of pairs) and array_hook(list) are called with each object or\n"
    "array decoded, and their result takes its place; object_pairs_hook goes before object_hook. parse_float,\n"
    "parse_int and parse_constant are called with the text (str) of each number, or of NaN, Infinity and\n"
    "-Infinity. cls is a JSONDecoder subclass to use instead; further keywords go to it (strict=False allows\n"
    "control characters in strings).\n\n"
    "Raises JSONDecodeError where s is not a JSON document, UnicodeDecodeError where bytes are not text,\n"
    "RecursionError where it is nested too deeply, TypeError where s is of another type.");

PyDoc_STRVAR(load_doc,
             "load($module, /, fp, " DECODER_ARGUMENTS ")\n--\n\n"
             "Return the value of the JSON document that fp.read() returns. Arguments and errors are those of loads.");

PyDoc_STRVAR(
    pick_doc,
    "pick($module, data, /, *pointers, default=None, check=True)\n--\n\n"
    "Decode only what these pointers name of the JSON document in data: one value for one pointer, a tuple for "
    "several.\n"
    "\n"
    "A pointer is a JSON Pointer (RFC 6901) or a sequence of names (str) and indices (int); one that leads nowhere "
    "gives\n"
    "default. data is str, bytes, or any buffer of UTF-8 (bytearray, memoryview, mmap), which can't be resized "
    "meanwhile.\n"
    "\n"
    "Values are those that looking up in loads' result gives: of equal names the last counts. The whole document is\n"
    "checked, and raises what loads raises. With check=False, what is passed over is only balanced, and nothing after "
    "the\n"
    "last value found is looked at.\n"
    "\n"
    "Raises ValueError for a malformed pointer, TypeError for what is none.");

PyDoc_STRVAR(
    lazy_doc,
    "lazy($module, data, /, *, check=True)\n--\n\n"
    "A view of the JSON document in data: a LazyObject or a LazyArray, whose values are made when they are asked for.\n"
    "Containers in it come as views, scalars as values; a document that is a scalar is that value.\n"
    "\n"
    "data is str, bytes, or any buffer of UTF-8 (bytearray, memoryview, mmap), of which a copy is made: a view never\n"
    "changes. It keeps the document alive. The whole document is checked, and raises what loads raises; no access "
    "fails\n"
    "for the text afterwards. With check=False, a fault raises where it is met.");

PyDoc_STRVAR(
    dumps_doc,
    "dumps($module, /, obj, " ENCODER_ARGUMENTS ")\n--\n\n"
    "Return obj as a JSON document (str).\n\n"
    "skipkeys leaves out dict keys that are not str, int, float, bool or None instead of raising TypeError.\n"
    "ensure_ascii escapes everything that is not printable ASCII. check_circular=False saves the search for\n"
    "circular references. allow_nan=False makes NaN and the infinities a ValueError. indent (int, number of\n"
    "spaces, or str) gives each item a line of its own. separators is a pair of str: between items, and\n"
    "between key and value. default(obj) is called for what cannot be encoded and returns what can, or raises\n"
    "TypeError. sort_keys sorts dicts by key. cls is a JSONEncoder subclass to use instead; further keywords\n"
    "go to it.\n\n"
    "Raises TypeError where an object or key cannot be encoded, ValueError for a circular reference,\n"
    "RecursionError where it is nested too deeply.");

PyDoc_STRVAR(dump_doc,
             "dump($module, /, obj, fp, " ENCODER_ARGUMENTS ")\n--\n\n"
             "Write obj as a JSON document to fp.write (str), in pieces of about 64 Ki characters. A smaller document\n"
             "is one piece, so that one that cannot be encoded leaves the file as it was.\n\n"
             "Arguments and errors are those of dumps; fp.write's errors are raised too.");

PyDoc_STRVAR(
    encode_doc,
    "encode($module, /, obj, " COMPACT_ARGUMENTS ")\n--\n\n"
    "Return obj as a JSON document (bytes): compact UTF-8 that is valid under RFC 8259.\n\n"
    "Arguments are those of dumps; separators defaults to (',', ':'), or (',', ': ') with an indent. A cls is\n"
    "made with ensure_ascii=False and allow_nan=False.\n\n"
    "Raises what dumps raises, ValueError for NaN and the infinities, UnicodeEncodeError for a lone surrogate.");

PyDoc_STRVAR(dump_bytes_doc,
             "dump_bytes($module, /, obj, fp, " COMPACT_ARGUMENTS ")\n--\n\n"
             "Write what encode returns to fp.write (bytes), in pieces of about 64 KiB. A smaller document is one\n"
             "piece, so that one that cannot be encoded leaves the file as it was.\n\n"
             "fp is a binary file: buffered, raw (what a write leaves is written again), a socket's or a pipe's.\n\n"
             "Raises what encode and fp.write raise, BlockingIOError where a raw file takes nothing because it does\n"
             "not block.");

PyDoc_STRVAR(encode_policy_doc, "encode_policy($module, policy, /, obj, " COMPACT_ARGUMENTS ")\n--\n\n"
                                "Return obj as encode does, by the policy of a Codec.");

PyDoc_STRVAR(
    decode_doc,
    "decode($module, /, data, type=..., *, errors=\"all\")\n--\n\n"
    "Return the document in ``data`` as an instance of ``type``: text straight into the program's own classes.\n\n"
    "``data`` is bytes, bytearray or memoryview (UTF-8), or str. ``type`` is a class with annotations (a dataclass, "
    "of\n"
    "attrs, a TypedDict, a NamedTuple, any class whose ``__init__`` has them), any type made of such classes and of "
    "the\n"
    "standard library's (``list[User]``, ``dict[str, datetime]``, ``int | None``), or a Codec. ``object`` and ``Any`` "
    "are\n"
    "what ``loads`` gives. Instances are what calling the class with the members of the object gives.\n\n"
    "Text that isn't JSON (RFC 8259, so no NaN) raises what ``loads`` raises. JSON that isn't of the type raises\n"
    "ValidationError, which lists all mismatches, at most 100, each with its path and position; with "
    "``errors=\"first\"``\n"
    "only the first. TypeError for a type that can't be decoded, or anything but text.");

PyDoc_STRVAR(decode_by_plan_doc, "decode_by_plan($module, data, plan, errors, /)\n--\n\n"
                                 "Return what a Plan makes of a document, as decode_text of _decoding.py does.");

PyDoc_STRVAR(encode_with_doc, "encode_with($module, encoder, obj, /)\n--\n\n"
                              "Return what JSONEncoder.encode returns for an encoder with these attributes.");

PyDoc_STRVAR(
    one_shot_with_doc,
    "one_shot_with($module, encoder, obj, /)\n--\n\n"
    "Return the text (str) for which JSONEncoder.encode calls encoder.iterencode; None where json's C encoder\n"
    "is to raise what is wrong with the encoder's attributes.");

PyDoc_STRVAR(iterencode_with_doc, "iterencode_with($module, encoder, obj, /)\n--\n\n"
                                  "Return what JSONEncoder.iterencode returns for an encoder with these attributes.");

PyDoc_STRVAR(decode_with_doc, "decode_with($module, decoder, s, /)\n--\n\n"
                              "Return what JSONDecoder.decode returns for a decoder with these attributes.");

PyDoc_STRVAR(scanstring_doc,
             "scanstring($module, " COMPAT_SCANNED ", end, strict=True, /)\n--\n\n"
             "Return the JSON string whose first character after the opening quote is at index end of a str, as the\n"
             "pair (str, index after the closing quote). strict=False allows control characters.\n\n"
             "Raises JSONDecodeError.");

PyDoc_STRVAR(encode_basestring_doc, "encode_basestring($module, " COMPAT_ESCAPED ", /)\n--\n\n"
                                    "Return a str as a JSON string, quoted and escaped.");

PyDoc_STRVAR(encode_basestring_ascii_doc, "encode_basestring_ascii($module, " COMPAT_ESCAPED ", /)\n--\n\n"
                                          "Return a str as a JSON string, quoted and escaped to printable ASCII.");

#define FASTCALL(function) (PyCFunction)(void (*)(void))(function), METH_FASTCALL | METH_KEYWORDS

static PyMethodDef core_methods[] = {
    {"loads", FASTCALL(core_loads), loads_doc},
    {"load", FASTCALL(core_load), load_doc},
    {"pick", FASTCALL(core_pick), pick_doc},
    {"lazy", FASTCALL(core_lazy), lazy_doc},
    {"dumps", FASTCALL(core_dumps), dumps_doc},
    {"dump", FASTCALL(core_dump), dump_doc},
    {"encode", FASTCALL(core_encode), encode_doc},
    {"dump_bytes", FASTCALL(core_dump_bytes), dump_bytes_doc},
    {"encode_policy", FASTCALL(core_encode_policy), encode_policy_doc},
    {"decode", FASTCALL(core_decode), decode_doc},
    {"decode_by_plan", (PyCFunction)(void (*)(void))core_decode_by_plan, METH_FASTCALL, decode_by_plan_doc},
    {"encode_with", (PyCFunction)(void (*)(void))core_encode_with, METH_FASTCALL, encode_with_doc},
    {"one_shot_with", (PyCFunction)(void (*)(void))core_one_shot_with, METH_FASTCALL, one_shot_with_doc},
    {"iterencode_with", (PyCFunction)(void (*)(void))core_iterencode_with, METH_FASTCALL, iterencode_with_doc},
    {"decode_with", (PyCFunction)(void (*)(void))core_decode_with, METH_FASTCALL, decode_with_doc},
    {"scanstring", FASTCALL(core_scanstring), scanstring_doc},
    {"encode_basestring", FASTCALL(core_encode_basestring), encode_basestring_doc},
    {"encode_basestring_ascii", FASTCALL(core_encode_basestring_ascii), encode_basestring_ascii_doc},
    {NULL, NULL, 0, NULL},
};

static int core_traverse(PyObject *core, visitproc visit, void *arg) {
    core_state *state = state_of(core);
    if (state == NULL) return 0;
    int stop = decode_state_traverse(&state->decode, visit, arg);
    if (!stop) stop = encode_state_traverse(&state->encode, visit, arg);
    if (stop) return stop;
#define VISIT_JSON(field, owner, attribute) Py_VISIT(state->field);
#define VISIT_OURS(field) Py_VISIT(state->field);
    JSON_OBJECTS(VISIT_JSON)
    OUR_OBJECTS(VISIT_OURS)
    for (int i = 0; i < RECENT_PLANS; i++) {
        Py_VISIT(state->recent[i].type);
        Py_VISIT(state->recent[i].plan);
    }
    return 0;
}

static int core_clear(PyObject *core) {
    core_state *state = state_of(core);
    if (state == NULL) return 0;
    forget_watcher(state);
    Py_CLEAR(state->plan_class); /* decode, if a finaliser calls it from now on, finds nothing loaded */
    Py_CLEAR(state->load_decoding);
    decode_state_clear(&state->decode);
    encode_state_clear(&state->encode);
    parts_state_clear(&state->parts);
    for (int i = 0; i < NAMES; i++) Py_CLEAR(state->names[i]);
#define CLEAR_JSON(field, owner, attribute) Py_CLEAR(state->field);
#define CLEAR_OURS(field) Py_CLEAR(state->field);
    JSON_OBJECTS(CLEAR_JSON)
    OUR_OBJECTS(CLEAR_OURS)
    for (int i = 0; i < RECENT_PLANS; i++) {
        Py_CLEAR(state->recent[i].type);
        Py_CLEAR(state->recent[i].plan);
    }
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

/* CYJSON_CPU in the environment, or else the best there is. -1 with ValueError set where it can't be had. */
static int choose_cpu(cpu_level *level) {
    const char *wanted = getenv("CYJSON_CPU");
    *level = cpu_best();
    if (wanted == NULL || !*wanted) return 0;
    for (int l = CPU_BASE; l <= (int)*level; l++)
        if (strcmp(wanted, cpu_level_name((cpu_level)l)) == 0) {
            *level = (cpu_level)l;
            return 0;
        }
    PyErr_Format(PyExc_ValueError, "CYJSON_CPU=%.100s: this build on this machine runs %s%s%s%s%s", wanted,
                 cpu_level_name(CPU_BASE), *level >= CPU_AVX2 ? ", " : "",
                 *level >= CPU_AVX2 ? cpu_level_name(CPU_AVX2) : "", *level >= CPU_AVX512 ? ", " : "",
                 *level >= CPU_AVX512 ? cpu_level_name(CPU_AVX512) : "");
    return -1;
}

/* Put a new reference (NULL: an exception is set) in its place: -1 with an exception set. What was there before stays
 * alive, for a call that goes on may use it. */
static int take(core_state *state, PyObject **place, PyObject *object) {
    if (object == NULL) return -1;
    if (*place != NULL && PyList_Append(state->retired, *place)) {
        Py_DECREF(object);
        return -1;
    }
    Py_XSETREF(*place, object);
    return 0;
}

/* What was there before install() put an object into json, or the object itself: a new reference in its place; NULL
 * with an exception set. */
static PyObject *original_of(core_state *state, PyObject *object) {
    PyObject *id = object == NULL ? NULL : PyLong_FromVoidPtr(object);
    PyObject *original = id == NULL ? NULL : PyDict_GetItemWithError(state->originals, id);
    Py_XDECREF(id);
    if (original == NULL) {
        if (!PyErr_Occurred()) return object;
        Py_XDECREF(object);
        return NULL;
    }
    Py_INCREF(original);
    Py_DECREF(object);
    return original;
}

static int take_attribute(core_state *state, PyObject **place, PyObject *owner, const char *attribute) {
    return take(state, place, original_of(state, PyObject_GetAttrString(owner, attribute)));
}

/* Take what is json's from the json that is imported now: -1 with an exception set. */
static int take_json(core_state *state) {
    PyObject *json = PyImport_ImportModule("json"), *decoder = NULL, *encoder = NULL, *constants = NULL;
    PyObject *no_nan = Py_BuildValue("{s:O}", "allow_nan", Py_False);
    /* Not json's attributes: those are missing where json alone was imported anew. */
    int bad = json == NULL || no_nan == NULL || (decoder = PyImport_ImportModule("json.decoder")) == NULL ||
              (encoder = PyImport_ImportModule("json.encoder")) == NULL ||
              (constants = PyObject_GetAttrString(decoder, "_CONSTANTS")) == NULL;
#define TAKE_JSON(field, owner, attribute) bad = bad || take_attribute(state, &state->field, owner, attribute);
    JSON_OBJECTS(TAKE_JSON)
    bad = bad || take(state, &state->stdlib_decoder_class, Py_NewRef(state->json_decoder_class)) ||
          take(state, &state->decode.default_decoder, PyObject_CallNoArgs(state->json_decoder_class)) ||
          take(state, &state->encode.default_encoder, PyObject_CallNoArgs(state->json_encoder_class)) ||
          take(state, &state->encode.strict_encoder, call_with(state->json_encoder_class, no_nan));
    Py_XDECREF(no_nan);
    Py_XDECREF(constants);
    Py_XDECREF(encoder);
    Py_XDECREF(decoder);
    Py_XDECREF(json);
    return bad ? -1 : 0;
}

/* Complete the state of a new module, all of it NULL: -1 with an exception set. */
static int set_up(PyObject *core, core_state *state) {
    state->watcher = -1;
    stop_watching(state); /* nothing is watched yet */
    state->encode.skipped_all_is_empty = -1;
    if ((state->retired = PyList_New(0)) == NULL) return -1;
    if (choose_cpu(&state->encode.cpu) || PyModule_AddStringConstant(core, "cpu", cpu_level_name(state->encode.cpu)))
        return -1;
    state->encode.kernels = &encode_kernels_of[state->encode.cpu];
    if ((state->encode.dict_layout_known = state->decode.dict_layout_known = compat_dict_layout_known()) < 0) return -1;
    for (int i = 0; i < NAMES; i++)
        if ((state->names[i] = PyUnicode_InternFromString(name_texts[i])) == NULL) return -1;
    if (decode_state_init(&state->decode, state->encode.cpu)) return -1;
    if ((state->encode.class_name = PyUnicode_InternFromString("__class__")) == NULL) return -1;
    state->encode.class_slot = Py_NewRef(_PyType_Lookup(&PyBaseObject_Type, state->encode.class_name));
    if (take_json(state)) return -1;
    if ((state->plans_type = plans_type(core)) == NULL || (state->plans = plans_new(state, core, Py_None)) == NULL ||
        PyModule_AddObjectRef(core, "Plans", state->plans_type))
        return -1;
    state->compact = plans_defaults(state->plans);
    if ((state->pieces_type = encode_pieces_type()) == NULL || (state->scanner_type = scanner_type(core)) == NULL ||
        (state->reader_type = typed_reader_type(core)) == NULL)
        return -1;
    return PyModule_AddObjectRef(core, "Scanner", state->scanner_type);
}

PyObject *core_new(PyObject *spec, PyObject *originals, PyObject *unpack_pair, PyObject *refuse_encode,
                   PyObject *refuse_dump_bytes) {
    PyObject *core = PyModule_FromDefAndSpec(&core_module, spec);
    if (core == NULL) return NULL;
    if (!PyModule_ExecDef(core, &core_module)) {
        core_state *state = state_of(core);
        state->originals = Py_NewRef(originals);
        state->encode.unpack_pair = Py_NewRef(unpack_pair);
        state->refuse_encode = Py_NewRef(refuse_encode);
        state->refuse_dump_bytes = Py_NewRef(refuse_dump_bytes);
        if (!set_up(core, state)) return core;
    }
    Py_DECREF(core);
    return NULL;
}

int core_set_decoding(PyObject *core, PyObject *load_decoding) {
    core_state *state = state_of(core);
    return take(state, &state->load_decoding, Py_NewRef(load_decoding));
}

int core_set_up(PyObject *core, PyObject *encoder_class, PyObject *decoder_class) {
    core_state *state = state_of(core);
    if (state->encoder_class == encoder_class && state->decoder_class == decoder_class) return 0;
    /* Again where json was imported anew. */
    if (!PyType_IsSubtype((PyTypeObject *)encoder_class, (PyTypeObject *)state->json_encoder_class) && take_json(state))
        return -1;
    return take_attribute(state, &state->our_encode, encoder_class, "encode") ||
                   take_attribute(state, &state->our_iterencode, encoder_class, "iterencode") ||
                   take(state, &state->encode.default_encoder, PyObject_CallNoArgs(encoder_class)) ||
                   take(state, &state->decoder_class, Py_NewRef(decoder_class)) ||
                   take(state, &state->encoder_class, Py_NewRef(encoder_class))
               ? -1
               : 0;
}

int core_isolate(PyObject *core, PyObject *encoder_class, PyObject *decoder_class, PyObject *methods) {
    core_state *state = state_of(core);
    PyObject *no_nan = Py_BuildValue("{s:O}", "allow_nan", Py_False);
    int bad = no_nan == NULL || take(state, &state->encode.strict_encoder, call_with(encoder_class, no_nan)) ||
              take(state, &state->decode.default_decoder, PyObject_CallNoArgs(decoder_class)) ||
              take(state, &state->stdlib_decoder_class, Py_NewRef(decoder_class)) ||
              take(state, &state->installed_encode, Py_NewRef(PyTuple_GET_ITEM(methods, 0))) ||
              take(state, &state->installed_iterencode, Py_NewRef(PyTuple_GET_ITEM(methods, 1))) ||
              take(state, &state->installed_decode, Py_NewRef(PyTuple_GET_ITEM(methods, 2)));
    Py_XDECREF(no_nan);
    return bad ? -1 : 0;
}
