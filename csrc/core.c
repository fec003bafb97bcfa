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

/* ---- decoding ---- */

static const decode_options loads_defaults = {0};

/* Of what a decoder that gave nothing may have raised only MemoryError counts: whether that is set, and else nothing is. */
static int is_out_of_memory(void)
{
    if (PyErr_Occurred() == NULL) return 0;
    if (PyErr_ExceptionMatches(PyExc_MemoryError)) return 1;
    PyErr_Clear();
    return 0;
}

/* The stdlib's decoder that decides like these options and runs no Python code: numbers and constants that would go to a
 * hook stay text, so that they can't fail in another way. A new reference. */
static PyObject *deciding_decoder(core_state *state, const decode_options *options)
{
    if (!options->lenient && !options->parse_float && !options->parse_int && !options->parse_constant)
        return Py_NewRef(state->decode.default_decoder);
    PyObject *keywords = PyDict_New(), *decoder = NULL, *as_text = (PyObject *)&PyUnicode_Type;
    if (keywords != NULL && !put_argument(state, keywords, NAME_strict, options->lenient ? Py_False : Py_True) &&
        !put_argument(state, keywords, NAME_parse_float, options->parse_float ? as_text : NULL) &&
        !put_argument(state, keywords, NAME_parse_int, options->parse_int ? as_text : NULL) &&
        !put_argument(state, keywords, NAME_parse_constant, options->parse_constant ? as_text : NULL))
        decoder = call_with(state->json_decoder_class, keywords);
    Py_XDECREF(keywords);
    return decoder;
}

/* What the stdlib answers where decode_* gave nothing: decoder.decode(text), or scan_once(text, index) from an index on. */
static PyObject *refuse(core_state *state, const decode_options *options, PyObject *text, Py_ssize_t index)
{
    if (PyErr_Occurred()) {
        if (options->runs_python || PyErr_ExceptionMatches(PyExc_MemoryError)) return NULL;
        PyErr_Clear(); /* an error that comes earlier in the stdlib's order may be there as well */
    }
    PyObject *decoder = deciding_decoder(state, options), *result;
    if (decoder == NULL) return NULL;
    if (index < 0) result = PyObject_CallMethodOneArg(decoder, state->names[NAME_decode], text);
    else result = PyObject_CallMethod(decoder, "scan_once", "On", text, index);
    Py_DECREF(decoder);
    if (result != NULL && options->runs_python) {
        Py_DECREF(result);
        PyErr_SetString(PyExc_SystemError, "cyjson refused a document that json accepts");
        return NULL;
    }
    return result;
}

/* A hook's StopIteration ends up as the stdlib's raw_decode has it, which takes it for the scanner's own. */
static void stop_iteration_to_decode_error(core_state *state, PyObject *text)
{
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    PyErr_NormalizeException(&type, &value, &traceback);
    PyObject *index = value == NULL ? NULL : PyObject_GetAttrString(value, "value");
    PyObject *error = index == NULL ? NULL : PyObject_CallFunction(state->json_decode_error, "sOO", "Expecting value", text, index);
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

/* The text of a bytes or bytearray document as the stdlib decodes it: a new reference. */
static PyObject *text_of(core_state *state, PyObject *document)
{
    PyObject *encoding = PyObject_CallOneArg(state->json_detect_encoding, document);
    if (encoding == NULL) return NULL;
    PyObject *text = PyObject_CallMethod(document, "decode", "Os", encoding, "surrogatepass");
    Py_DECREF(encoding);
    if (text != NULL && !PyUnicode_Check(text)) {
        PyErr_Format(PyExc_TypeError, "%.200s.decode() returned %.200s, not str", Py_TYPE(document)->tp_name, Py_TYPE(text)->tp_name);
        Py_CLEAR(text);
    }
    return text;
}

static PyObject *loads_text(core_state *state, const decode_options *options, PyObject *text)
{
    if (compat_str_ready(text)) return NULL;
    PyObject *result = state->decode.with->str(&state->decode, options, text);
    if (LIKELY(result != NULL)) return result;
    result = refuse(state, options, text, -1);
    if (result == NULL && PyErr_ExceptionMatches(PyExc_StopIteration)) stop_iteration_to_decode_error(state, text);
    return result;
}

static PyObject *loads_bytes(core_state *state, const decode_options *options, PyObject *bytes)
{
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

static int starts_with_mark(PyObject *text)
{
    return !PyUnicode_IS_ASCII(text) && PyUnicode_GetLength(text) > 0 && PyUnicode_ReadChar(text, 0) == 0xFEFF;
}

static PyObject *loads_str(core_state *state, const decode_options *options, PyObject *text)
{
    if (UNLIKELY(starts_with_mark(text))) return PyObject_CallOneArg(state->json_loads, text); /* raises */
    return loads_text(state, options, text);
}

static PyObject *loads_any(core_state *state, const decode_options *options, PyObject *document)
{
    if (PyBytes_CheckExact(document)) return loads_bytes(state, options, document);
    if (PyUnicode_Check(document)) return loads_str(state, options, document);
    PyObject *owned;
    if (PyByteArray_CheckExact(document)) { /* copied: Python code that runs meanwhile could change it */
        COMPAT_BEGIN_CRITICAL_SECTION(document); /* which bytearray's methods enter from 3.14 on: before, it has no protection */
        owned = PyBytes_FromStringAndSize(PyByteArray_AS_STRING(document), PyByteArray_GET_SIZE(document));
        COMPAT_END_CRITICAL_SECTION();
        if (owned == NULL) return NULL;
        PyObject *result = loads_bytes(state, options, owned);
        Py_DECREF(owned);
        return result;
    }
    if (!PyBytes_Check(document) && !PyByteArray_Check(document)) return PyObject_CallOneArg(state->json_loads, document); /* TypeError */
    owned = text_of(state, document);
    if (owned == NULL) return NULL;
    PyObject *result = loads_text(state, options, owned);
    Py_DECREF(owned);
    return result;
}

static const name loads_names[] = {NAME_s, NAME_cls, NAME_object_hook, NAME_parse_float, NAME_parse_int, NAME_parse_constant,
                                   NAME_object_pairs_hook, NAME_array_hook, NAME_strict};
enum { L_S, L_CLS, L_OBJECT_HOOK, L_PARSE_FLOAT, L_PARSE_INT, L_PARSE_CONSTANT, L_OBJECT_PAIRS_HOOK, L_ARRAY_HOOK, L_STRICT, L_COUNT };

/* cls(**keywords).decode(text), as the stdlib's loads does it: only what was given is passed on. */
static PyObject *loads_with_class(core_state *state, PyObject **v, PyObject *others)
{
    PyObject *document = v[L_S], *text = NULL, *keywords = NULL, *decoder = NULL, *result = NULL;
    if (PyUnicode_Check(document)) {
        if (starts_with_mark(document)) return PyObject_CallOneArg(state->json_loads, document); /* raises */
        text = Py_NewRef(document);
    }
    else if (PyBytes_Check(document) || PyByteArray_Check(document)) text = text_of(state, document);
    else return PyObject_CallOneArg(state->json_loads, document); /* raises TypeError */
    if (text == NULL) return NULL;
    keywords = others != NULL ? PyDict_Copy(others) : PyDict_New();
    if (keywords == NULL) goto done;
    for (int i = L_OBJECT_HOOK; i <= L_ARRAY_HOOK; i++)
        if (put_argument(state, keywords, loads_names[i], given(v[i]))) goto done;
    if (put_argument(state, keywords, NAME_strict, v[L_STRICT])) goto done;
    decoder = call_with(v[L_CLS], keywords);
    if (decoder != NULL) result = PyObject_CallMethodOneArg(decoder, state->names[NAME_decode], text);
done:
    Py_XDECREF(decoder);
    Py_XDECREF(keywords);
    Py_DECREF(text);
    return result;
}

/* parse_float=f means `f or float`. */
static int parse_hook(PyObject **hook, PyObject *value, PyObject *otherwise)
{
    int set = given(value) == NULL || value == otherwise ? 0 : PyObject_IsTrue(value);
    *hook = set > 0 ? value : NULL;
    return set < 0 ? -1 : 0;
}

/* Not inline, as dumps_with and encode_utf8 aren't: calls without options are spared the arrays' stack protector. */
static NOINLINE PyObject *loads_with(core_state *state, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    PyObject *v[L_COUNT], *others = NULL, *result = NULL;
    int wrong = take_arguments(state, loads_names, L_COUNT, args, nargs, kwnames, v, &others);
    PyObject *cls = wrong ? NULL : given(v[L_CLS]);
    if (wrong > 0 || (wrong == 0 && others != NULL && cls == NULL))
        result = PyObject_Vectorcall(state->json_loads, args, (size_t)nargs, kwnames); /* raises TypeError */
    else if (wrong < 0) result = NULL;
    else if (cls != NULL && (others != NULL || (cls != state->json_decoder_class && cls != state->decoder_class)))
        result = loads_with_class(state, v, others);
    else {
        decode_options o = {
            .object_hook = given(v[L_OBJECT_HOOK]),
            .object_pairs_hook = given(v[L_OBJECT_PAIRS_HOOK]),
            .array_hook = given(v[L_ARRAY_HOOK]),
        };
        int strict = v[L_STRICT] == NULL ? 1 : PyObject_IsTrue(v[L_STRICT]);
        o.lenient = !strict;
        if (strict >= 0 && !parse_hook(&o.parse_float, v[L_PARSE_FLOAT], (PyObject *)&PyFloat_Type) &&
            !parse_hook(&o.parse_int, v[L_PARSE_INT], (PyObject *)&PyLong_Type) &&
            !parse_hook(&o.parse_constant, v[L_PARSE_CONSTANT], NULL)) {
            decode_know_hooks(&o);
            result = loads_any(state, &o, v[L_S]);
        }
    }
    Py_XDECREF(others);
    return result;
}

static PyObject *core_loads(PyObject *core, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    core_state *state = state_of(core);
    if (LIKELY(nargs == 1 && kwnames == NULL)) return loads_any(state, &loads_defaults, args[0]);
    return loads_with(state, args, nargs, kwnames);
}

/* loads(fp.read(), ...) */
static PyObject *core_load(PyObject *core, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    core_state *state = state_of(core);
    Py_ssize_t keywords = kwnames == NULL ? 0 : PyTuple_GET_SIZE(kwnames), fp = nargs == 1 ? 0 : -1;
    for (Py_ssize_t i = 0; nargs == 0 && i < keywords; i++)
        if (PyUnicode_Compare(PyTuple_GET_ITEM(kwnames, i), state->names[NAME_fp]) == 0) fp = i;
    if (fp < 0) {
        PyErr_Format(PyExc_TypeError, nargs ? "load() takes 1 positional argument but %zd were given"
                                            : "load() missing 1 required positional argument: 'fp'", nargs);
        return NULL;
    }
    PyObject *document = PyObject_CallMethodNoArgs(args[fp], state->names[NAME_read]);
    if (document == NULL) return NULL;
    /* The same values, with the document in front of those that have a name. */
    PyObject *result = NULL, *names = kwnames == NULL ? NULL : PyList_New(0);
    PyObject **values = PyMem_New(PyObject *, keywords + 1);
    if (values == NULL) {
        PyErr_NoMemory();
        goto done;
    }
    Py_ssize_t n = 1;
    values[0] = document;
    for (Py_ssize_t i = 0; i < keywords; i++) {
        if (nargs == 0 && i == fp) continue;
        if (names == NULL || PyList_Append(names, PyTuple_GET_ITEM(kwnames, i))) goto done;
        values[n++] = args[nargs + i];
    }
    if (names != NULL) Py_XSETREF(names, PyList_AsTuple(names));
    if (kwnames != NULL && names == NULL) goto done;
    result = core_loads(core, values, 1, n > 1 ? names : NULL);
done:
    PyMem_Free(values);
    Py_XDECREF(names);
    Py_DECREF(document);
    return result;
}

PyObject *core_decode_with(PyObject *core, const decode_options *options, PyObject *text)
{
    return loads_text(state_of(core), options, text);
}

PyObject *core_decode_utf8(PyObject *core, const uint8_t *data, Py_ssize_t size)
{
    core_state *state = state_of(core);
    PyObject *result = state->decode.with->utf8(&state->decode, &loads_defaults, data, size);
    if (LIKELY(result != NULL)) return result;
    return is_out_of_memory() ? NULL : Py_NewRef(Py_NotImplemented);
}

PyObject *core_scan_once(PyObject *core, const decode_options *options, PyObject *text, Py_ssize_t index)
{
    core_state *state = state_of(core);
    if (compat_str_ready(text)) return NULL;
    Py_ssize_t end = index;
    PyObject *value = NULL;
    if (index >= 0 && index <= PyUnicode_GET_LENGTH(text)) value = state->decode.with->str_at(&state->decode, options, text, &end);
    if (value != NULL) return Py_BuildValue("(Nn)", value, end);
    if (index >= 0) return refuse(state, options, text, index);
    PyErr_SetString(PyExc_ValueError, "idx cannot be negative");
    return NULL;
}

PyObject *core_value_at(PyObject *core, const uint8_t *text, Py_ssize_t size, Py_ssize_t *at)
{
    core_state *state = state_of(core);
    PyObject *value = state->decode.with->utf8_at(&state->decode, &loads_defaults, text, size, at);
    if (value == NULL) is_out_of_memory();
    return value;
}

PyObject *core_items_at(PyObject *core, const uint8_t *text, Py_ssize_t size, Py_ssize_t *at, Py_ssize_t enough, int final, int members)
{
    core_state *state = state_of(core);
    return state->decode.with->utf8_items(&state->decode, &loads_defaults, text, size, at, enough, final, members);
}

int core_events_at(PyObject *core, const uint8_t *text, size_t size, int final, stream_scanner *scanner, events *e)
{
    core_state *state = state_of(core);
    return state->decode.with->utf8_events(&state->decode, &loads_defaults, text, size, final, scanner, e);
}

PyObject *core_key(PyObject *core, const uint8_t *ascii, Py_ssize_t n)
{
    if (n - 1u >= KEYCACHE_LONGEST) return PyUnicode_FromKindAndData(PyUnicode_1BYTE_KIND, ascii, n);
    keycache_pool *pool = &state_of(core)->decode.keys;
    PyThreadState *thread = COMPAT_HAS_GIL ? NULL : PyThreadState_Get();
    keycache *keys = keycache_take(pool, thread);
    if (keys == NULL) return NULL;
    PyObject *key = keycache_get(keys, ascii, (size_t)n);
    keycache_put_back(pool, thread, keys);
    return key;
}

static PyObject *core_scanstring(PyObject *core, PyObject *const *args, Py_ssize_t nargs)
{
    core_state *state = state_of(core);
    decode_options o = {.lenient = nargs == 3 && args[2] == Py_False};
    if ((nargs == 2 || (nargs == 3 && PyBool_Check(args[2]))) && PyUnicode_Check(args[0]) && PyLong_Check(args[1])) {
        if (compat_str_ready(args[0])) return NULL;
        Py_ssize_t end = PyLong_AsSsize_t(args[1]);
        if (end >= 0 && end <= PyUnicode_GET_LENGTH(args[0])) {
            PyObject *string = state->decode.with->scanstring(&state->decode, &o, args[0], &end);
            if (string != NULL) return Py_BuildValue("(Nn)", string, end);
        }
        if (PyErr_Occurred() && PyErr_ExceptionMatches(PyExc_MemoryError)) return NULL;
        PyErr_Clear();
    }
    return PyObject_Vectorcall(state->json_scanstring, args, (size_t)nargs, NULL); /* raises, or coerces */
}

/* ---- encoding ---- */

/* encode_options with the references that they borrow from. */
typedef struct {
    encode_options o;
    PyObject *item_separator, *key_separator, *indent, *separators;
} prepared;

static void prepared_clear(prepared *p)
{
    Py_XDECREF(p->item_separator);
    Py_XDECREF(p->key_separator);
    Py_XDECREF(p->indent);
    Py_XDECREF(p->separators);
}

/* 0; 1 where it isn't text that can be copied as it is, which the stdlib then deals with; -1 with an exception set. A
 * subclass may have a __str__ or __mul__ of its own. */
static int prepare_piece(encode_piece *piece, PyObject *text, encode_form form)
{
    if (!PyUnicode_CheckExact(text)) return 1;
    if (compat_str_ready(text)) return -1;
    /* The UTF-8 of others stays in the str, where 3.13 has two threads that ask for it put theirs at once. */
    if ((form != ENCODE_UTF8 || !COMPAT_HAS_GIL) && !PyUnicode_IS_ASCII(text)) return 1;
    piece->text = PyUnicode_AsUTF8AndSize(text, &piece->size);
    if (piece->text != NULL) return 0;
    if (!PyErr_ExceptionMatches(PyExc_UnicodeEncodeError)) return -1;
    PyErr_Clear(); /* a lone surrogate: an error only if it is written */
    return 1;
}

static int truth(PyObject *value, int otherwise) { return value == NULL ? otherwise : PyObject_IsTrue(value); }

/* Fill in the indentation (None or NULL: none) and the separators that p holds. As prepare_piece. */
static int prepare_pieces(prepared *p, PyObject *indent)
{
    encode_options *o = &p->o;
    int odd;
    o->indented = indent != NULL && indent != Py_None;
    if (o->indented) {
        if (PyUnicode_Check(indent)) p->indent = Py_NewRef(indent);
        else {
            PyObject *space = PyUnicode_FromString(" ");
            p->indent = space == NULL ? NULL : PyNumber_Multiply(space, indent);
            Py_XDECREF(space);
            if (p->indent == NULL) return -1;
        }
        if ((odd = prepare_piece(&o->indent, p->indent, o->form))) return odd;
        if (COMPAT_INDENTS_AS_GENERATOR) o->as_generator = 1;
    }
    if ((odd = prepare_piece(&o->item_separator, p->item_separator, o->form))) return odd;
    return prepare_piece(&o->key_separator, p->key_separator, o->form);
}

static const encode_options dumps_defaults = {
    .form = ENCODE_ASCII,
    .item_separator = {", ", 2},
    .key_separator = {": ", 2},
    .check_circular = 1,
    .allow_nan = 1,
};

static const encode_options encode_defaults = {
    .form = ENCODE_UTF8,
    .item_separator = {",", 1},
    .key_separator = {":", 1},
    .check_circular = 1,
};

/* The first is dump's and encode's too, in this order; dump has fp besides. */
static const name dumps_names[] = {NAME_obj, NAME_skipkeys, NAME_ensure_ascii, NAME_check_circular, NAME_allow_nan, NAME_cls,
                                   NAME_indent, NAME_separators, NAME_default, NAME_sort_keys};
enum { D_OBJ, D_SKIPKEYS, D_ENSURE_ASCII, D_CHECK_CIRCULAR, D_ALLOW_NAN, D_CLS, D_INDENT, D_SEPARATORS, D_DEFAULT, D_SORT_KEYS, D_COUNT };

/* The options from a call's arguments, for the stdlib's class or ours. As prepare_piece. */
static int prepare_arguments(prepared *p, PyObject **v, PyObject *unpack_pair)
{
    encode_options *o = &p->o;
    int skipkeys = truth(v[D_SKIPKEYS], 0), ascii = truth(v[D_ENSURE_ASCII], 1);
    int circular = truth(v[D_CHECK_CIRCULAR], 1), nan = truth(v[D_ALLOW_NAN], 1), sort = truth(v[D_SORT_KEYS], 0);
    if (skipkeys < 0 || ascii < 0 || circular < 0 || nan < 0 || sort < 0) return -1;
    o->skipkeys = skipkeys;
    o->check_circular = circular;
    o->sort_keys = sort;
    if (o->form != ENCODE_UTF8) {
        o->allow_nan = nan;
        o->form = ascii ? ENCODE_ASCII : ENCODE_TEXT;
    }
    o->default_function = given(v[D_DEFAULT]);
    PyObject *indent = given(v[D_INDENT]);
    PyObject *separators = given(v[D_SEPARATORS]);
    if (separators != NULL) {
        p->separators = PyObject_CallOneArg(unpack_pair, separators);
        if (p->separators == NULL) return -1;
        v[D_SEPARATORS] = p->separators; /* an iterator is used up */
        p->item_separator = Py_NewRef(PyTuple_GET_ITEM(p->separators, 0));
        p->key_separator = Py_NewRef(PyTuple_GET_ITEM(p->separators, 1));
    }
    else {
        int compact = o->form == ENCODE_UTF8;
        p->item_separator = PyUnicode_FromString(indent != NULL || compact ? "," : ", ");
        p->key_separator = PyUnicode_FromString(indent == NULL && compact ? ":" : ": ");
        if (p->item_separator == NULL || p->key_separator == NULL) return -1;
    }
    /* encode() of the stdlib's looks at nothing else for a str. */
    if (PyUnicode_Check(v[D_OBJ]) && !o->as_generator) indent = NULL;
    return prepare_pieces(p, indent);
}

static int read_flag(PyObject *instance, PyObject *attribute)
{
    PyObject *value = PyObject_GetAttr(instance, attribute);
    if (value == NULL) return -1;
    int flag = PyObject_IsTrue(value);
    Py_DECREF(value);
    return flag;
}

static int is_text_alone(const encode_options *o, PyObject *object) { return PyUnicode_Check(object) && !o->as_generator; }

/* The options from an encoder's attributes, with a new reference in *function. As prepare_piece. */
static int prepare_instance(core_state *state, prepared *p, PyObject *encoder, PyObject *object, PyObject **function)
{
    encode_options *o = &p->o;
    PyObject *const *names = state->names;
    int alone = is_text_alone(o, object); /* for which encode() looks at nothing else */
    if (!alone && (o->check_circular = read_flag(encoder, names[NAME_check_circular])) < 0) return -1;
    int ascii = read_flag(encoder, names[NAME_ensure_ascii]);
    if (ascii < 0) return -1;
    if (o->form != ENCODE_UTF8) {
        o->form = ascii ? ENCODE_ASCII : ENCODE_TEXT;
        if (alone) return 0;
        if ((o->allow_nan = read_flag(encoder, names[NAME_allow_nan])) < 0) return -1;
    }
    PyObject *indent = PyObject_GetAttr(encoder, names[NAME_indent]);
    if (indent == NULL) return -1;
    *function = PyObject_GetAttr(encoder, names[NAME_default]);
    p->key_separator = *function == NULL ? NULL : PyObject_GetAttr(encoder, names[NAME_key_separator]);
    p->item_separator = p->key_separator == NULL ? NULL : PyObject_GetAttr(encoder, names[NAME_item_separator]);
    int odd = -1;
    if (p->item_separator != NULL && (o->sort_keys = read_flag(encoder, names[NAME_sort_keys])) >= 0 &&
        (o->skipkeys = read_flag(encoder, names[NAME_skipkeys])) >= 0)
        odd = prepare_pieces(p, indent);
    Py_DECREF(indent);
    o->default_function = *function;
    return odd;
}

/* Whether an instance's method is one of these functions, bound to it, and nothing of its own. */
static int is_method_of(PyObject *instance, PyObject *attribute, PyObject *function, PyObject *other)
{
    PyObject *method = PyObject_GetAttr(instance, attribute);
    if (method == NULL) return -1;
    int is = PyMethod_Check(method) && PyMethod_GET_SELF(method) == instance &&
             (PyMethod_GET_FUNCTION(method) == function || PyMethod_GET_FUNCTION(method) == other);
    Py_DECREF(method);
    return is;
}

/* Encode as an instance's attributes say: 0 with *result set; 1 where its own methods have to do it, because it overrides
 * iterencode (or encode, if that is asked) or holds odd pieces; -1 with an exception set. */
static int encode_instance(core_state *state, const encode_options *base, PyObject *encoder, PyObject *object, int asks_encode, PyObject **result)
{
    int ours = asks_encode ? is_method_of(encoder, state->names[NAME_encode], state->json_encode, state->our_encode) : 1;
    if (ours > 0 && !is_text_alone(base, object)) ours = is_method_of(encoder, state->names[NAME_iterencode], state->json_iterencode, state->our_iterencode);
    if (ours <= 0) return ours < 0 ? -1 : 1;
    prepared p = {.o = *base};
    PyObject *function = NULL;
    int odd = prepare_instance(state, &p, encoder, object, &function);
    if (odd == 0 && (*result = encode_document(&state->encode, &p.o, object)) == NULL) odd = -1;
    Py_XDECREF(function);
    prepared_clear(&p);
    return odd;
}

/* ---- methods ---- */

/* Whether a class's attribute is one of these two, or is missing where both are NULL. As the next two, it runs no __get__. */
static int class_attribute_is(core_state *state, PyTypeObject *type, name n, PyObject *wanted, PyObject *other)
{
    PyObject *value = _PyType_Lookup(type, state->names[n]);
    return value == wanted || (value != NULL && value == other);
}

static int class_text_is(core_state *state, PyTypeObject *type, name n, const char *wanted)
{
    PyObject *value = _PyType_Lookup(type, state->names[n]);
    return value != NULL && PyUnicode_CheckExact(value) && PyUnicode_CompareWithASCIIString(value, wanted) == 0;
}

/* Whether it is a Python function: asking an instance for it runs nothing either, and the instance's own __dict__ comes first. */
static int class_has_function(core_state *state, PyTypeObject *type, name n)
{
    PyObject *value = _PyType_Lookup(type, state->names[n]);
    return value != NULL && PyFunction_Check(value);
}

/* Whether an instance's attributes are those of its own __dict__, or else the class's, as objects usually have them; and whether
 * there still are names to ask for, which the garbage collector may have taken at the interpreter's end. */
static int has_plain_attributes(core_state *state, PyTypeObject *type)
{
    return state->names[0] != NULL && type->tp_getattro == PyObject_GenericGetAttr && Py_TYPE(type) == &PyType_Type;
}

/* What an encoder's __init__ sets. */
static const name encoder_attributes[] = {NAME_skipkeys, NAME_ensure_ascii, NAME_check_circular, NAME_allow_nan, NAME_sort_keys, NAME_indent,
                                          NAME_item_separator, NAME_key_separator, NAME_default, NAME_iterencode};
enum { E_SKIPKEYS, E_ENSURE_ASCII, E_CHECK_CIRCULAR, E_ALLOW_NAN, E_SORT_KEYS, E_INDENT, E_ITEM_SEPARATOR, E_KEY_SEPARATOR, E_DEFAULT, E_ITERENCODE, E_COUNT };

/* Whether an encoder of this class has nothing that matters but what __init__ sets, and perhaps a default() of its own; looked up
 * once. Leaves no exception. */
static int knows_encoder(core_state *state, PyTypeObject *type)
{
    known_class *known = &state->known_encoder;
    if (!COMPAT_HAS_TYPE_VERSIONS) return 0;
    unsigned version = compat_type_version(type);
    if (LIKELY(version != 0 && version == known->version)) return 1;
    if (!has_plain_attributes(state, type) || !class_attribute_is(state, type, NAME_iterencode, state->json_iterencode, state->our_iterencode)) return 0;
    for (int i = E_SKIPKEYS; i <= E_INDENT; i++)
        if (!class_attribute_is(state, type, encoder_attributes[i], NULL, NULL)) return 0;
    int usual = class_text_is(state, type, NAME_item_separator, ", ") && class_text_is(state, type, NAME_key_separator, ": ");
    known->own_default = !class_attribute_is(state, type, NAME_default, state->json_default, NULL);
    if (known->own_default && !class_has_function(state, type, NAME_default)) usual = 0;
    known->version = usual ? compat_type_version(type) : 0;
    return known->version != 0;
}

/* An instance's __dict__: NULL where it has none, or with MemoryError set. */
static PyObject *dict_of(PyObject *instance)
{
    PyObject *dict = PyObject_GenericGetDict(instance, NULL);
    if (dict == NULL && !PyErr_ExceptionMatches(PyExc_MemoryError)) PyErr_Clear();
    return dict;
}

/* Which of these names an attribute has, asking for the likeliest first: count, or -1 where its address can't tell. */
static int which_of(core_state *state, const name *names, int count, Py_ssize_t likely, PyObject *key)
{
    if (LIKELY(likely < count) && LIKELY(state->names[names[likely]] == key)) return (int)likely;
    for (int i = 0; i < count; i++)
        if (state->names[names[i]] == key) return i;
    return PyUnicode_CheckExact(key) && PyUnicode_CHECK_INTERNED(key) ? count : -1; /* may be equal all the same */
}

/* The attributes of an instance's own that have one of these names, mostly in this order, borrowed, NULL where one is missing: 1;
 * 0 where its __dict__ has to tell, -1 where a name can't be told by its address. */
static int attributes_in(core_state *state, PyObject *instance, const name *names, int count, PyObject **found)
{
    PyObject *const *keys, *const *values;
    Py_ssize_t n;
    for (int i = 0; i < count; i++) found[i] = NULL;
    if (!compat_attributes(state->attributes_known, instance, &keys, &values, &n)) return 0;
    for (Py_ssize_t at = 0; at < n; at++) {
        int i = values[at] == NULL ? count : which_of(state, names, count, at, keys[2 * at]);
        if (i < 0) return -1;
        if (i < count) found[i] = values[at];
    }
    return 1;
}

/* As attributes_in, asking for its __dict__ where need be: 0, or 1 where they can't be told, or -1 with MemoryError set. */
static int own_attributes(core_state *state, PyObject *instance, const name *names, int count, PyObject **found)
{
    int had = attributes_in(state, instance, names, count, found);
    if (had != 0) return had < 0;
    PyObject *dict = dict_of(instance), *key, *value;
    if (UNLIKELY(dict == NULL)) return PyErr_Occurred() ? -1 : 1;
    Py_ssize_t position = 0;
    int i = 0;
    for (Py_ssize_t at = 0; i >= 0 && PyDict_Next(dict, &position, &key, &value); at++)
        if ((i = which_of(state, names, count, at, key)) >= 0 && i < count) found[i] = value;
    Py_DECREF(dict); /* the instance holds it */
    return i < 0;
}

/* A flag that is exactly a bool: 0, or 1 where it isn't. */
static int plain_flag(PyObject *value, int *flag)
{
    *flag = value == Py_True;
    return value != Py_True && value != Py_False;
}

/* JSONEncoder.encode for an encoder that has nothing unusual. */
static PyObject *encode_quickly(PyObject *core, PyObject *encoder, PyObject *object)
{
    core_state *state = state_of(core);
    if (UNLIKELY(!knows_encoder(state, Py_TYPE(encoder)))) return NULL;
    int own_default = state->known_encoder.own_default;
    PyObject *v[E_COUNT], *function = NULL, *result = NULL;
    prepared p = {.o = dumps_defaults};
    int ascii, odd = own_attributes(state, encoder, encoder_attributes, E_COUNT, v);
    if (!odd) odd = v[E_INDENT] != Py_None || v[E_ITERENCODE] != NULL || plain_flag(v[E_SKIPKEYS], &p.o.skipkeys) || plain_flag(v[E_ENSURE_ASCII], &ascii) ||
                    plain_flag(v[E_CHECK_CIRCULAR], &p.o.check_circular) || plain_flag(v[E_ALLOW_NAN], &p.o.allow_nan) || plain_flag(v[E_SORT_KEYS], &p.o.sort_keys);
    if (!odd && !ascii) p.o.form = ENCODE_TEXT;
    if (!odd && v[E_ITEM_SEPARATOR] != NULL) odd = prepare_piece(&p.o.item_separator, p.item_separator = Py_NewRef(v[E_ITEM_SEPARATOR]), p.o.form);
    if (!odd && v[E_KEY_SEPARATOR] != NULL) odd = prepare_piece(&p.o.key_separator, p.key_separator = Py_NewRef(v[E_KEY_SEPARATOR]), p.o.form);
    if (!odd && v[E_DEFAULT] != NULL) function = Py_NewRef(v[E_DEFAULT]);
    else if (!odd && UNLIKELY(own_default) && (function = PyObject_GetAttr(encoder, state->names[NAME_default])) == NULL) odd = -1;
    p.o.default_function = function;
    if (!odd) result = encode_document(&state->encode, &p.o, object);
    Py_XDECREF(function);
    prepared_clear(&p);
    return result;
}

static int knows_decoder(core_state *state, PyTypeObject *type)
{
    known_class *known = &state->known_decoder;
    if (!COMPAT_HAS_TYPE_VERSIONS) return 0;
    unsigned version = compat_type_version(type);
    if (LIKELY(version != 0 && version == known->version)) return 1;
    if (!has_plain_attributes(state, type) || !class_attribute_is(state, type, NAME_raw_decode, state->json_raw_decode, NULL) ||
        !class_attribute_is(state, type, NAME_scan_once, NULL, NULL))
        return 0;
    known->version = compat_type_version(type);
    return known->version != 0;
}

/* JSONDecoder.decode for a decoder that has nothing unusual. */
static PyObject *decode_quickly(PyObject *core, PyObject *decoder, PyObject *text)
{
    core_state *state = state_of(core);
    if (UNLIKELY(!PyUnicode_CheckExact(text)) || UNLIKELY(!knows_decoder(state, Py_TYPE(decoder)))) return NULL;
    static const name names[] = {NAME_raw_decode, NAME_scan_once};
    PyObject *found[2], *dict = NULL, *result = NULL;
    int had = attributes_in(state, decoder, names, 2, found);
    if (had < 0) return NULL;
    if (had == 0) {
        if (UNLIKELY((dict = dict_of(decoder)) == NULL)) return NULL;
        found[0] = PyDict_GetItemWithError(dict, state->names[NAME_raw_decode]);
        if (LIKELY(found[0] == NULL) && LIKELY(!PyErr_Occurred())) /* asked for last: a key's __eq__ may run */
            found[1] = PyDict_GetItemWithError(dict, state->names[NAME_scan_once]);
    }
    PyObject *scanner = found[1];
    if (LIKELY(found[0] == NULL) && LIKELY(scanner != NULL) && LIKELY((PyObject *)Py_TYPE(scanner) == state->scanner_type)) {
        Py_INCREF(scanner);
        result = state->decode_by(scanner, text);
        Py_DECREF(scanner);
    }
    Py_XDECREF(dict);
    return result;
}

static PyObject *new_method(PyObject *core, PyObject *function, method_function quick)
{
    core_state *state = state_of(core);
    if (state->method_type == NULL && (state->method_type = method_type()) == NULL) return NULL;
    return method_new(state->method_type, core, function, quick);
}

PyObject *core_encode_method(PyObject *core, PyObject *function) { return new_method(core, function, encode_quickly); }

PyObject *core_decode_method(PyObject *core, PyObject *function, PyObject *scanner, PyObject *(*decode_by)(PyObject *scanner, PyObject *text))
{
    core_state *state = state_of(core);
    Py_XSETREF(state->scanner_type, Py_NewRef(scanner));
    state->decode_by = decode_by;
    return new_method(core, function, decode_quickly);
}

static PyObject *core_encode_with(PyObject *core, PyObject *const *args, Py_ssize_t nargs)
{
    core_state *state = state_of(core);
    if (nargs != 2) return PyErr_Format(PyExc_TypeError, "encode_with() takes 2 arguments but %zd were given", nargs);
    PyObject *result = NULL;
    int odd = encode_instance(state, &dumps_defaults, args[0], args[1], 0, &result);
    return odd > 0 ? PyObject_CallFunctionObjArgs(state->json_encode, args[0], args[1], NULL) : result;
}

static PyObject *core_iterencode_with(PyObject *core, PyObject *const *args, Py_ssize_t nargs)
{
    core_state *state = state_of(core);
    if (nargs != 2) return PyErr_Format(PyExc_TypeError, "iterencode_with() takes 2 arguments but %zd were given", nargs);
    prepared p = {.o = dumps_defaults};
    p.o.as_generator = 1;
    PyObject *function = NULL, *result = NULL;
    int odd = prepare_instance(state, &p, args[0], args[1], &function);
    if (odd > 0) result = PyObject_CallFunctionObjArgs(state->json_iterencode, args[0], args[1], NULL);
    else if (odd == 0) {
        PyObject *kept = PyTuple_Pack(5, core, function, p.item_separator, p.key_separator, p.indent != NULL ? p.indent : Py_None);
        if (kept != NULL) result = encode_pieces_new(state->pieces_type, &state->encode, &p.o, args[1], kept);
        Py_XDECREF(kept);
    }
    Py_XDECREF(function);
    prepared_clear(&p);
    return result;
}

/* cls(skipkeys=..., ...): every argument, as the stdlib passes them. */
static PyObject *make_encoder(core_state *state, PyObject *cls, PyObject **v, PyObject *others)
{
    static const signed char defaults[D_COUNT] = {[D_ENSURE_ASCII] = 1, [D_CHECK_CIRCULAR] = 1, [D_ALLOW_NAN] = 1,
                                                  [D_INDENT] = -1, [D_SEPARATORS] = -1, [D_DEFAULT] = -1};
    PyObject *keywords = PyDict_New(), *encoder = NULL;
    if (keywords == NULL) return NULL;
    for (int i = D_SKIPKEYS; i < D_COUNT; i++) {
        if (i == D_CLS) continue;
        PyObject *value = v[i] != NULL ? v[i] : defaults[i] < 0 ? Py_None : defaults[i] ? Py_True : Py_False;
        if (put_argument(state, keywords, dumps_names[i], value)) goto done;
    }
    if (others == NULL || !PyDict_Update(keywords, others)) encoder = call_with(cls, keywords);
done:
    Py_DECREF(keywords);
    return encoder;
}

static int is_plain_class(core_state *state, PyObject *cls)
{
    return cls == NULL || cls == state->json_encoder_class || cls == state->encoder_class;
}

/* Encode v[D_OBJ] as the other arguments say: 0 with *result set; 1 with *encoder set, whose own methods have to do it: of
 * a class that overrides them, or the stdlib's where pieces aren't text that can be copied; -1 with an exception set. */
static int encode_arguments(core_state *state, const encode_options *base, PyObject **v, PyObject *others, PyObject **result, PyObject **encoder)
{
    int odd;
    if (is_plain_class(state, given(v[D_CLS]))) {
        prepared p = {.o = *base};
        odd = prepare_arguments(&p, v, state->encode.unpack_pair);
        if (odd == 0 && (*result = encode_document(&state->encode, &p.o, v[D_OBJ])) == NULL) odd = -1;
        if (odd > 0) {
            if (p.separators == NULL) p.separators = PyTuple_Pack(2, p.item_separator, p.key_separator);
            v[D_SEPARATORS] = p.separators;
            if (p.separators == NULL || (*encoder = make_encoder(state, state->json_encoder_class, v, NULL)) == NULL) odd = -1;
        }
        prepared_clear(&p);
        return odd;
    }
    PyObject *made = make_encoder(state, v[D_CLS], v, others);
    odd = made == NULL ? -1 : encode_instance(state, base, made, v[D_OBJ], !base->as_generator, result);
    if (odd > 0) *encoder = made;
    else Py_XDECREF(made);
    return odd;
}

/* encoder.encode(object); takes over the reference to the encoder. */
static PyObject *encode_by(core_state *state, PyObject *encoder, PyObject *object)
{
    PyObject *text = PyObject_CallMethodOneArg(encoder, state->names[NAME_encode], object);
    Py_DECREF(encoder);
    return text;
}

static NOINLINE PyObject *dumps_with(core_state *state, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    PyObject *v[D_COUNT], *others = NULL, *result = NULL, *encoder = NULL;
    int wrong = take_arguments(state, dumps_names, D_COUNT, args, nargs, kwnames, v, &others);
    if (wrong > 0 || (wrong == 0 && others != NULL && is_plain_class(state, given(v[D_CLS]))))
        result = PyObject_Vectorcall(state->json_dumps, args, (size_t)nargs, kwnames); /* raises TypeError */
    else if (wrong == 0 && encode_arguments(state, &dumps_defaults, v, others, &result, &encoder) > 0)
        result = encode_by(state, encoder, v[D_OBJ]);
    Py_XDECREF(others);
    return result;
}

static PyObject *core_dumps(PyObject *core, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    core_state *state = state_of(core);
    if (LIKELY(nargs == 1 && kwnames == NULL)) return encode_document(&state->encode, &dumps_defaults, args[0]);
    return dumps_with(state, args, nargs, kwnames);
}

/* A file being written to. */
typedef struct {
    core_state *state;
    PyObject *fp;
} open_file;

/* Tell in a note what is wrong with a file whose write just failed. */
static void explain(PyObject *fp, int binary)
{
#if PY_VERSION_HEX >= 0x030B0000
    PyObject *type, *value, *traceback, *module, *done;
    PyErr_Fetch(&type, &value, &traceback);
    PyErr_NormalizeException(&type, &value, &traceback);
    module = PyImport_ImportModule("cyjson._mistakes");
    done = module == NULL ? NULL : PyObject_CallMethod(module, "explain", "OOi", value, fp, binary);
    if (done == NULL) PyErr_Clear();
    Py_XDECREF(done);
    Py_XDECREF(module);
    PyErr_Restore(type, value, traceback);
#else
    (void)fp, (void)binary;
#endif
}

static PyObject *write_once(open_file *file, PyObject *piece)
{
    PyObject *result = PyObject_CallMethodOneArg(file->fp, file->state->names[NAME_write], piece);
    if (result == NULL) explain(file->fp, PyBytes_Check(piece));
    return result;
}

static int write_text(void *context, PyObject *piece)
{
    open_file *file = context;
    PyObject *result = write_once(file, piece);
    Py_XDECREF(result);
    return result == NULL ? -1 : 0;
}

/* How many bytes a write took that returned this; -1 with an exception set. Only raw files (a socket's, a pipe's) take a
 * part, or nothing where they don't block. */
static Py_ssize_t bytes_taken(PyObject *fp, PyObject *result, Py_ssize_t given_bytes)
{
    if (PyLong_CheckExact(result)) {
        Py_ssize_t taken = PyLong_AsSsize_t(result);
        if (taken != 0) return taken < 0 && !PyErr_Occurred() ? given_bytes : taken;
    }
    PyObject *io = PyImport_ImportModule("io"), *raw = io == NULL ? NULL : PyObject_GetAttrString(io, "RawIOBase");
    int is_raw = raw == NULL ? -1 : PyObject_IsInstance(fp, raw);
    Py_XDECREF(raw);
    Py_XDECREF(io);
    if (is_raw <= 0) return is_raw < 0 ? -1 : given_bytes;
    PyErr_SetString(PyExc_BlockingIOError, "write() took nothing: a file that blocks is needed");
    return -1;
}

static int write_bytes(void *context, PyObject *piece)
{
    open_file *file = context;
    PyObject *rest = Py_NewRef(piece);
    while (rest != NULL) {
        Py_ssize_t size = PyBytes_GET_SIZE(rest);
        PyObject *result = write_once(file, rest);
        Py_ssize_t taken = result == NULL ? -1 : bytes_taken(file->fp, result, size);
        Py_XDECREF(result);
        PyObject *left = taken < 0 || taken >= size ? NULL : PyBytes_FromStringAndSize(PyBytes_AS_STRING(rest) + taken, size - taken);
        Py_SETREF(rest, left);
        if (taken >= size) return 0;
    }
    return -1;
}

/* What an encoder's own iterencode gives, piece by piece. */
static int write_pieces(open_file *file, PyObject *encoder, PyObject *object)
{
    PyObject *pieces = PyObject_CallMethodOneArg(encoder, file->state->names[NAME_iterencode], object), *piece;
    PyObject *iterator = pieces == NULL ? NULL : PyObject_GetIter(pieces);
    Py_XDECREF(pieces);
    if (iterator == NULL) return -1;
    int bad = 0;
    while (!bad && (piece = PyIter_Next(iterator)) != NULL) {
        bad = write_text(file, piece);
        Py_DECREF(piece);
    }
    Py_DECREF(iterator);
    return bad || PyErr_Occurred() ? -1 : 0;
}

static PyObject *core_dump(PyObject *core, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    static const name names[] = {NAME_obj, NAME_skipkeys, NAME_ensure_ascii, NAME_check_circular, NAME_allow_nan, NAME_cls,
                                 NAME_indent, NAME_separators, NAME_default, NAME_sort_keys, NAME_fp};
    enum { D_FP = D_COUNT, DUMP_COUNT };
    core_state *state = state_of(core);
    PyObject *v[DUMP_COUNT], *others = NULL, *text = NULL, *encoder = NULL;
    int wrong = nargs > 2 ? 1 : take_arguments(state, names, DUMP_COUNT, args + nargs, 0, kwnames, v, &others), bad = -1;
    if (wrong >= 0 && nargs <= 2) { /* the two positional arguments */
        wrong = (nargs > 0 && v[D_OBJ] != NULL) || (nargs > 1 && v[D_FP] != NULL);
        if (nargs > 0) v[D_OBJ] = args[0];
        if (nargs > 1) v[D_FP] = args[1];
        wrong = wrong || v[D_OBJ] == NULL || v[D_FP] == NULL;
    }
    if (wrong > 0 || (wrong == 0 && others != NULL && is_plain_class(state, given(v[D_CLS])))) {
        PyObject *none = PyObject_Vectorcall(state->json_dump, args, (size_t)nargs, kwnames); /* raises TypeError */
        bad = none == NULL ? -1 : 0;
        Py_XDECREF(none);
    }
    else if (wrong == 0) {
        open_file file = {state, v[D_FP]};
        encode_sink sink = {write_text, &file};
        encode_options base = dumps_defaults;
        base.as_generator = 1;
        base.sink = &sink;
        int odd = encode_arguments(state, &base, v, others, &text, &encoder);
        bad = odd > 0 ? write_pieces(&file, encoder, v[D_OBJ]) : odd;
    }
    Py_XDECREF(encoder);
    Py_XDECREF(text);
    Py_XDECREF(others);
    return bad ? NULL : Py_NewRef(Py_None);
}

/* Whether a call of encode, or of dump_bytes with its second positional argument, is wrong: -1 with TypeError set. */
static int check_encode_call(PyObject **got, PyObject *const *args, Py_ssize_t nargs, PyObject *others, int to_file, int fp)
{
    const char *function = to_file ? "dump_bytes" : "encode";
    int most = 1 + to_file, missing = 0;
    if (others != NULL) {
        PyObject *key, *value;
        Py_ssize_t position = 0;
        PyDict_Next(others, &position, &key, &value);
        PyErr_Format(PyExc_TypeError, "%s() got an unexpected keyword argument '%U'", function, key);
        return -1;
    }
    if (nargs > most) {
        PyErr_Format(PyExc_TypeError, "%s() takes %d positional argument%s but %zd were given", function, most, to_file ? "s" : "", nargs);
        return -1;
    }
    PyObject **places[] = {&got[0], to_file ? &got[fp] : NULL};
    static const char *const names[] = {"obj", "fp"};
    for (int i = 0; i < nargs; i++) {
        if (*places[i] != NULL) {
            PyErr_Format(PyExc_TypeError, "%s() got multiple values for argument '%s'", function, names[i]);
            return -1;
        }
        *places[i] = args[i];
    }
    for (int i = 0; i < most; i++) missing += *places[i] == NULL;
    if (missing == 2) PyErr_Format(PyExc_TypeError, "%s() missing 2 required positional arguments: 'obj' and 'fp'", function);
    else if (missing == 1)
        PyErr_Format(PyExc_TypeError, "%s() missing 1 required positional argument: '%s'", function, got[0] == NULL ? "obj" : "fp");
    return missing ? -1 : 0;
}

/* encode, and dump_bytes where it goes to a file. */
static NOINLINE PyObject *encode_utf8(core_state *state, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames, int to_file)
{
    static const name names[] = {NAME_obj, NAME_skipkeys, NAME_check_circular, NAME_cls, NAME_indent, NAME_separators, NAME_default, NAME_sort_keys, NAME_fp};
    static const unsigned char places[] = {D_OBJ, D_SKIPKEYS, D_CHECK_CIRCULAR, D_CLS, D_INDENT, D_SEPARATORS, D_DEFAULT, D_SORT_KEYS};
    enum { COUNT = sizeof places / sizeof *places };
    PyObject *got[COUNT + 1], *v[D_COUNT] = {NULL}, *others = NULL, *separators = NULL, *encoder = NULL, *result = NULL;
    int wrong = take_arguments(state, names, COUNT + to_file, args + nargs, 0, kwnames, got, &others), odd;
    if (wrong < 0 || check_encode_call(got, args, nargs, others, to_file, COUNT)) goto done;
    for (int i = 0; i < COUNT; i++) v[places[i]] = got[i];
    v[D_ENSURE_ASCII] = v[D_ALLOW_NAN] = Py_False;
    if (given(v[D_SEPARATORS]) == NULL && !is_plain_class(state, given(v[D_CLS]))) { /* a class sees what the fallback gives it */
        v[D_SEPARATORS] = separators = Py_BuildValue("(ss)", ",", given(v[D_INDENT]) == NULL ? ":" : ": ");
        if (separators == NULL) goto done;
    }
    open_file file = {state, to_file ? got[COUNT] : NULL};
    encode_sink sink = {write_bytes, &file};
    encode_options base = encode_defaults;
    if (to_file) base.sink = &sink;
    odd = encode_arguments(state, &base, v, NULL, &result, &encoder);
    if (odd > 0) {
        PyObject *text = encode_by(state, encoder, v[D_OBJ]);
        if (text != NULL) result = PyUnicode_AsUTF8String(text);
        Py_XDECREF(text);
        if (to_file && result != NULL) Py_SETREF(result, write_bytes(&file, result) ? NULL : Py_NewRef(Py_None));
    }
done:
    Py_XDECREF(separators);
    Py_XDECREF(others);
    return result;
}

static PyObject *core_encode(PyObject *core, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    core_state *state = state_of(core);
    if (LIKELY(nargs == 1 && kwnames == NULL)) return encode_document(&state->encode, &encode_defaults, args[0]);
    return encode_utf8(state, args, nargs, kwnames, 0);
}

static PyObject *core_dump_bytes(PyObject *core, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    return encode_utf8(state_of(core), args, nargs, kwnames, 1);
}

static PyObject *encode_string(PyObject *core, PyObject *string, encode_form form)
{
    if (!PyUnicode_Check(string)) { /* the stdlib's words differ between versions */
        core_state *state = state_of(core);
        return PyObject_CallOneArg(form == ENCODE_ASCII ? state->json_escape_ascii : state->json_escape, string);
    }
    encode_options o = dumps_defaults;
    o.form = form;
    return encode_document(&state_of(core)->encode, &o, string);
}

static PyObject *core_encode_basestring(PyObject *core, PyObject *string)
{
    return encode_string(core, string, ENCODE_TEXT);
}

static PyObject *core_encode_basestring_ascii(PyObject *core, PyObject *string)
{
    return encode_string(core, string, ENCODE_ASCII);
}

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
