/* Part of core.c: the functions that decode. */

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
