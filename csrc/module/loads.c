/* The functions that decode. */
#include "module/args.h"
#include "module/functions.h"
#include "module/names.h"

static const decode_options loads_defaults = {0};

/* Whether a decoder that returned NULL ran out of memory. Clear any other exception. */
static int is_out_of_memory(void) {
    if (PyErr_Occurred() == NULL) return 0;
    if (PyErr_ExceptionMatches(PyExc_MemoryError)) return 1;
    PyErr_Clear();
    return 0;
}

/* The stdlib's decoder that decides like these options and runs no Python code: numbers and constants that would go to
 * a hook stay text, so that they can't fail in another way. A new reference. */
static PyObject *deciding_decoder(core_state *state, const decode_options *options) {
    if (!options->lenient && !options->parse_float && !options->parse_int && !options->parse_constant)
        return Py_NewRef(state->decode.default_decoder);
    PyObject *keywords = PyDict_New(), *decoder = NULL, *as_text = (PyObject *)&PyUnicode_Type;
    if (keywords != NULL && !put_argument(state, keywords, NAME_strict, options->lenient ? Py_False : Py_True) &&
        !put_argument(state, keywords, NAME_parse_float, options->parse_float ? as_text : NULL) &&
        !put_argument(state, keywords, NAME_parse_int, options->parse_int ? as_text : NULL) &&
        !put_argument(state, keywords, NAME_parse_constant, options->parse_constant ? as_text : NULL))
        decoder = call_with(state->stdlib_decoder_class, keywords);
    Py_XDECREF(keywords);
    return decoder;
}

/* Answer as the stdlib does where our decoder returned NULL: decoder.decode(text), or scan_once(text, index) from an
 * index on. */
static PyObject *refuse(core_state *state, const decode_options *options, PyObject *text, Py_ssize_t index) {
    if (PyErr_Occurred()) {
        if (options->runs_python || PyErr_ExceptionMatches(PyExc_MemoryError)) return NULL;
        PyErr_Clear(); /* an error that comes earlier in the stdlib's order may be there as well */
    }
    PyObject *decoder = deciding_decoder(state, options), *result;
    if (decoder == NULL) return NULL;
    if (index < 0) result = PyObject_CallMethodOneArg(decoder, state->names[NAME_decode], text);
    else result = PyObject_CallMethod(decoder, "scan_once", "On", text, index);
    Py_DECREF(decoder);
    if (result != NULL && (options->ordered || options->tuples) && !options->runs_python) {
        /* It holds dicts and lists. The decoder takes what it refused before where it knows that hooks wait for the
         * answer. */
        decode_options again = *options;
        again.runs_python = 1;
        Py_DECREF(result);
        if (index < 0) result = state->decode.with->str(&state->decode, &again, text);
        else {
            result = state->decode.with->str_at(&state->decode, &again, text, &index);
            if (result != NULL) result = Py_BuildValue("(Nn)", result, index);
        }
    } else if (result == NULL || !options->runs_python) return result;
    else Py_CLEAR(result);
    if (result == NULL && !PyErr_Occurred())
        PyErr_SetString(PyExc_SystemError, "cyjson refused a document that json accepts");
    return result;
}

/* Turn a hook's StopIteration into what the stdlib's raw_decode makes of it, which takes it for the scanner's own. */
static void stop_iteration_to_decode_error(core_state *state, PyObject *text) {
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    PyErr_NormalizeException(&type, &value, &traceback);
    PyObject *index = value == NULL ? NULL : PyObject_GetAttrString(value, "value");
    PyObject *error =
        index == NULL ? NULL : PyObject_CallFunction(state->json_decode_error, "sOO", "Expecting value", text, index);
    if (error != NULL) {
        PyException_SetCause(error, NULL); /* from None */
        PyErr_SetObject(state->json_decode_error, error);
    }
    Py_XDECREF(error);
    Py_XDECREF(index);
    Py_XDECREF(type);
    Py_XDECREF(value);
    Py_XDECREF(traceback);
}

/* The text of a bytes document as the stdlib decodes it: a new reference. */
static PyObject *text_of(core_state *state, PyObject *document) {
    PyObject *encoding = PyObject_CallOneArg(state->json_detect_encoding, document);
    if (encoding == NULL) return NULL;
    PyObject *text = PyObject_CallMethod(document, "decode", "Os", encoding, "surrogatepass");
    Py_DECREF(encoding);
    return text;
}

/* The document in a str, decoded as decoder.decode(text) of a decoder with these options: a new reference, or NULL with
 * an exception set. */
static PyObject *loads_text(core_state *state, const decode_options *options, PyObject *text) {
    if (compat_str_ready(text)) return NULL;
    PyObject *result = state->decode.with->str(&state->decode, options, text);
    if (LIKELY(result != NULL)) return result;
    result = refuse(state, options, text, -1);
    if (result == NULL && PyErr_ExceptionMatches(PyExc_StopIteration)) stop_iteration_to_decode_error(state, text);
    return result;
}

static PyObject *loads_bytes(core_state *state, const decode_options *options, PyObject *bytes) {
    int refused = 0;
    const uint8_t *data = (const uint8_t *)PyBytes_AS_STRING(bytes);
    Py_ssize_t size = PyBytes_GET_SIZE(bytes);
    /* Two bytes that are ASCII and not zero: no byte order mark, not UTF-16, not UTF-32 (see json.detect_encoding). */
    int utf8 = size < 2 ? size == 1 : data[0] - 1u < 0x7F && data[1] != 0;
    int marked = !utf8 && size >= 3 && data[0] == 0xEF && data[1] == 0xBB && data[2] == 0xBF ? 3 : 0; /* utf-8-sig */
    if (LIKELY((utf8 || marked) && !options->runs_python)) {
        PyObject *result = state->decode.with->utf8(&state->decode, options, data + marked, size - marked);
        if (LIKELY(result != NULL)) return result;
        if (is_out_of_memory()) return NULL;
        refused = 1;
    }
    /* Hooks must not run before bytes that can't be decoded raise, so the whole text is decoded first. */
    PyObject *text = utf8 ? PyUnicode_DecodeUTF8((const char *)data, size, "surrogatepass") : text_of(state, bytes);
    if (text == NULL) return NULL;
    PyObject *result = refused ? refuse(state, options, text, -1) : loads_text(state, options, text);
    Py_DECREF(text);
    return result;
}

static const name loads_names[] = {NAME_s,
                                   NAME_cls,
                                   NAME_object_hook,
                                   NAME_parse_float,
                                   NAME_parse_int,
                                   NAME_parse_constant,
                                   NAME_object_pairs_hook,
                                   NAME_array_hook,
                                   NAME_strict};
enum {
    L_S,
    L_CLS,
    L_OBJECT_HOOK,
    L_PARSE_FLOAT,
    L_PARSE_INT,
    L_PARSE_CONSTANT,
    L_OBJECT_PAIRS_HOOK,
    L_ARRAY_HOOK,
    L_STRICT,
    L_COUNT
};

/* json.loads itself with these arguments (NULL: none but the document), for classes, and documents whose own methods
 * have a say. The class that it would choose is ours, which knows array_hook and decodes as fast. None is left out
 * where it stands for the default: classes may not know what is newer than they are. */
static PyObject *loads_by_json(core_state *state, PyObject *document, PyObject **v, PyObject *others) {
    PyObject *keywords = others != NULL ? PyDict_Copy(others) : PyDict_New(), *result = NULL;
    PyObject *cls = v == NULL ? NULL : given(v[L_CLS]);
    int bad = keywords == NULL || put_argument(state, keywords, NAME_cls, cls != NULL ? cls : state->decoder_class);
    for (int i = L_OBJECT_HOOK; !bad && v != NULL && i <= L_ARRAY_HOOK; i++)
        bad = put_argument(state, keywords, loads_names[i], given(v[i]));
    if (!bad && v != NULL) bad = put_argument(state, keywords, NAME_strict, v[L_STRICT]);
    if (!bad) result = PyObject_VectorcallDict(state->json_loads, &document, 1, keywords);
    Py_XDECREF(keywords);
    return result;
}

/* Whether a str begins with a byte order mark, or is of a class with a startswith or a length of its own. */
static int is_odd_text(core_state *state, PyObject *text) {
    PyTypeObject *type = Py_TYPE(text);
    PyObject *startswith = state->names[NAME_startswith]; /* NULL at the interpreter's end */
    if (UNLIKELY(type != &PyUnicode_Type) && startswith != NULL &&
        (type->tp_as_sequence->sq_length != PyUnicode_Type.tp_as_sequence->sq_length ||
         _PyType_Lookup(type, startswith) != _PyType_Lookup(&PyUnicode_Type, startswith)))
        return 1;
    return !PyUnicode_IS_ASCII(text) && PyUnicode_GetLength(text) > 0 && PyUnicode_ReadChar(text, 0) == 0xFEFF;
}

static PyObject *loads_any(core_state *state, const decode_options *options, PyObject *document, PyObject **v) {
    if (PyBytes_CheckExact(document)) return loads_bytes(state, options, document);
    if (PyUnicode_Check(document) && LIKELY(!is_odd_text(state, document))) return loads_text(state, options, document);
    if (!PyByteArray_CheckExact(document)) return loads_by_json(state, document, v, NULL);
    PyObject *owned; /* a copy: Python code that runs while decoding could change the bytearray */
    COMPAT_BEGIN_CRITICAL_SECTION(
        document); /* which bytearray's methods enter from 3.14 on: before, it has no protection */
    owned = PyBytes_FromStringAndSize(PyByteArray_AS_STRING(document), PyByteArray_GET_SIZE(document));
    COMPAT_END_CRITICAL_SECTION();
    if (owned == NULL) return NULL;
    PyObject *result = loads_bytes(state, options, owned);
    Py_DECREF(owned);
    return result;
}

/* parse_float=f means `f or float`. */
static int parse_hook(PyObject **hook, PyObject *value, PyObject *otherwise) {
    int set = given(value) == NULL || value == otherwise ? 0 : PyObject_IsTrue(value);
    *hook = set > 0 ? value : NULL;
    return set < 0 ? -1 : 0;
}

/* loads of v[L_S] with the other arguments. */
static PyObject *loads_arguments(core_state *state, PyObject **v, PyObject *others) {
    PyObject *cls = given(v[L_CLS]);
    /* json's own class knows array_hook, or refuses it, as the running version does. */
    int of_json = cls == state->json_decoder_class && given(v[L_ARRAY_HOOK]) == NULL;
    if (others != NULL || (cls != NULL && !of_json && cls != state->decoder_class))
        return loads_by_json(state, v[L_S], v, others);
    decode_options o = {
        .object_hook = given(v[L_OBJECT_HOOK]),
        .object_pairs_hook = given(v[L_OBJECT_PAIRS_HOOK]),
        .array_hook = given(v[L_ARRAY_HOOK]),
    };
    int strict = v[L_STRICT] == NULL ? 1 : PyObject_IsTrue(v[L_STRICT]);
    if (strict < 0 || parse_hook(&o.parse_float, v[L_PARSE_FLOAT], (PyObject *)&PyFloat_Type) ||
        parse_hook(&o.parse_int, v[L_PARSE_INT], (PyObject *)&PyLong_Type) ||
        parse_hook(&o.parse_constant, v[L_PARSE_CONSTANT], NULL))
        return NULL;
    o.lenient = !strict;
    decode_know_hooks(&o);
    return loads_any(state, &o, v[L_S], v);
}

/* Not inline, as dumps_with and encode_utf8 aren't: calls without options are spared the arrays' stack protector. */
static NOINLINE PyObject *loads_with(core_state *state, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames) {
    PyObject *v[L_COUNT], *others = NULL, *result = NULL;
    outcome taken = take_arguments(state, loads_names, L_COUNT, 0, args, nargs, kwnames, v, &others);
    if (taken == LEFT)
        result = PyObject_Vectorcall(state->json_loads, args, (size_t)nargs, kwnames); /* raises TypeError */
    else if (taken == DONE) result = loads_arguments(state, v, others);
    Py_XDECREF(others);
    return result;
}

static ALWAYS_INLINE PyObject *loads_natively(core_state *state, PyObject *const *args, Py_ssize_t nargs,
                                              PyObject *kwnames) {
    if (UNLIKELY(nargs != 1 || kwnames != NULL)) return loads_with(state, args, nargs, kwnames);
    if (LIKELY(PyBytes_CheckExact(args[0]))) return loads_bytes(state, &loads_defaults, args[0]);
    return loads_any(state, &loads_defaults, args[0], NULL);
}

PyObject *core_loads(PyObject *core, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames) {
    core_state *state = state_of(core);
    if (names_changed(state, group_of(NAMED_LOADS)))
        return call_by_name_or(state, args, nargs, kwnames, NAMED_LOADS, loads_natively);
    return loads_natively(state, args, nargs, kwnames);
}

/* loads(fp.read(), ...) */
PyObject *core_load(PyObject *core, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames) {
    core_state *state = state_of(core);
    BY_NAME(state, NAMED_LOAD, args, nargs, kwnames);
    name names[L_COUNT];
    memcpy(names, loads_names, sizeof names);
    names[L_S] = NAME_fp;
    PyObject *v[L_COUNT], *others = NULL, *result = NULL, *document;
    outcome taken = take_arguments(state, names, L_COUNT, 0, args, nargs, kwnames, v, &others);
    if (taken == LEFT)
        result = PyObject_Vectorcall(state->json_load, args, (size_t)nargs, kwnames); /* raises TypeError */
    else if (taken == DONE && (document = PyObject_CallMethodNoArgs(v[L_S], state->names[NAME_read])) != NULL) {
        v[L_S] = document;
        result = loads_arguments(state, v, others);
        Py_DECREF(document);
    }
    Py_XDECREF(others);
    return result;
}

/* JSONDecoder.decode(decoder, text) where no part of it is the program's own. */
PyObject *core_decode_with(PyObject *core, PyObject *const *args, Py_ssize_t nargs) {
    core_state *state = state_of(core);
    if (!takes_two("decode_with", nargs)) return NULL;
    PyObject *decoder = args[0], *text = args[1], *scanner = NULL, *decode, *result = NULL;
    /* In json's order, which doesn't come to scan_once where this is no text. */
    int ours = PyUnicode_CheckExact(text);
    if (ours) ours = is_method_of(decoder, state->names[NAME_raw_decode], state->json_raw_decode, NULL, NULL);
    if (ours > 0 && (scanner = PyObject_GetAttr(decoder, state->names[NAME_scan_once])) == NULL) ours = -1;
    if (ours < 0 && PyErr_ExceptionMatches(PyExc_AttributeError)) {
        PyErr_Clear();
        ours = 0;
    }
    if (ours >= 0 && (decode = PyObject_GetAttr(state->json_decoder_class, state->names[NAME_decode])) != NULL) {
        const decode_options *options = ours ? scanner_options(state, scanner) : NULL;
        if (decode == state->installed_decode) Py_SETREF(decode, Py_NewRef(state->json_decode)); /* it came here */
        if (options != NULL && decode == state->json_decode) result = loads_text(state, options, text);
        else result = PyObject_Vectorcall(decode, args, (size_t)nargs, NULL);
        Py_DECREF(decode);
    }
    Py_XDECREF(scanner);
    return result;
}

PyObject *core_decode_utf8(PyObject *core, const uint8_t *data, Py_ssize_t size, int lenient) {
    core_state *state = state_of(core);
    decode_options options = {.lenient = lenient};
    PyObject *result = state->decode.with->utf8(&state->decode, &options, data, size);
    if (LIKELY(result != NULL)) return result;
    return is_out_of_memory() ? NULL : Py_NewRef(Py_NotImplemented);
}

PyObject *scan_once(core_state *state, const decode_options *options, PyObject *text, Py_ssize_t index) {
    if (compat_str_ready(text)) return NULL;
    Py_ssize_t end = index;
    PyObject *value = NULL;
    if (index >= 0 && index <= PyUnicode_GET_LENGTH(text))
        value = state->decode.with->str_at(&state->decode, options, text, &end);
    if (value != NULL) return Py_BuildValue("(Nn)", value, end);
    if (index >= 0) return refuse(state, options, text, index);
    PyErr_SetString(PyExc_ValueError, "idx cannot be negative");
    return NULL;
}

PyObject *core_value_at(PyObject *core, const uint8_t *text, Py_ssize_t size, Py_ssize_t *at) {
    core_state *state = state_of(core);
    PyObject *value = state->decode.with->utf8_at(&state->decode, &loads_defaults, text, size, at);
    if (value == NULL) is_out_of_memory();
    return value;
}

PyObject *core_items_at(PyObject *core, const uint8_t *text, Py_ssize_t size, Py_ssize_t *at, Py_ssize_t enough,
                        int final, int members) {
    core_state *state = state_of(core);
    return state->decode.with->utf8_items(&state->decode, &loads_defaults, text, size, at, enough, final, members);
}

int core_events_at(PyObject *core, const uint8_t *text, size_t size, int final, tokens_scanner *scanner, events *e) {
    core_state *state = state_of(core);
    return state->decode.with->utf8_events(&state->decode, &loads_defaults, text, size, final, scanner, e);
}

const skip_functions *core_skip(PyObject *core) { return skip_for(state_of(core)->encode.cpu); }

PyObject *core_key(PyObject *core, const uint8_t *ascii, Py_ssize_t n) {
    if ((size_t)n - 1 >= KEYCACHE_LONGEST) return PyUnicode_FromKindAndData(PyUnicode_1BYTE_KIND, ascii, n);
    keycache_pool *pool = &state_of(core)->decode.keys;
    PyThreadState *thread = COMPAT_HAS_GIL ? NULL : PyThreadState_Get();
    keycache *keys = keycache_take(pool, thread);
    if (keys == NULL) return NULL;
    PyObject *key = keycache_get(keys, ascii, (size_t)n);
    keycache_put_back(pool, thread, keys);
    return key;
}

PyObject *core_scanstring(PyObject *core, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames) {
    core_state *state = state_of(core);
    decode_options o = {.lenient = nargs == 3 && args[2] == Py_False};
    if (kwnames == NULL && (nargs == 2 || (nargs == 3 && PyBool_Check(args[2]))) && PyUnicode_Check(args[0]) &&
        PyLong_Check(args[1])) {
        if (compat_str_ready(args[0])) return NULL;
        Py_ssize_t end = PyLong_AsSsize_t(args[1]);
        if (end >= 0 && end <= PyUnicode_GET_LENGTH(args[0])) {
            PyObject *string = decode_scanstring(&state->decode, &o, args[0], &end);
            if (string != NULL) return Py_BuildValue("(Nn)", string, end);
        }
        if (PyErr_Occurred() && PyErr_ExceptionMatches(PyExc_MemoryError)) return NULL;
        PyErr_Clear();
    }
    return PyObject_Vectorcall(state->json_scanstring, args, (size_t)nargs, kwnames); /* raises, or coerces */
}
