/* The functions of cyjson.orjson: see its stub. */
#include "module/functions.h"

/* ---- loads ---- */

static const decode_options orjson_options = {.finite = 1, .as_orjson = 1, .odd_floats = 1};

/* Whether a str holds a surrogate, so that it has no UTF-8. */
static int has_surrogate(PyObject *str) {
    Py_ssize_t size;
    if (PyUnicode_IS_ASCII(str) || compat_cached_utf8(str, &size) != NULL) return 0;
    const Py_ssize_t n = PyUnicode_GET_LENGTH(str);
    unsigned found = 0;
    if (PyUnicode_KIND(str) == PyUnicode_2BYTE_KIND) {
        const Py_UCS2 *p = PyUnicode_2BYTE_DATA(str);
        for (Py_ssize_t i = 0; i < n; i++) found |= (p[i] & 0xF800) == 0xD800; /* no way out: it is done in vectors */
    } else if (PyUnicode_KIND(str) == PyUnicode_4BYTE_KIND) {
        const Py_UCS4 *p = PyUnicode_4BYTE_DATA(str);
        for (Py_ssize_t i = 0; i < n; i++) found |= (p[i] & 0xFFFFF800) == 0xD800;
    }
    return found != 0;
}

static PyObject *read_bytes(core_state *state, PyObject *bytes) {
    return state->decode.with->utf8(&state->decode, &orjson_options, (const uint8_t *)PyBytes_AS_STRING(bytes),
                                    PyBytes_GET_SIZE(bytes));
}

/* The bytes of another object, as they are now. */
static PyObject *copy_of(PyObject *data) {
    PyObject *bytes = NULL;
    if (PyByteArray_CheckExact(data)) {
        COMPAT_BEGIN_CRITICAL_SECTION(data);
        bytes = PyBytes_FromStringAndSize(PyByteArray_AS_STRING(data), PyByteArray_GET_SIZE(data));
        COMPAT_END_CRITICAL_SECTION();
    } else if (PyMemoryView_Check(data) && PyBuffer_IsContiguous(PyMemoryView_GET_BUFFER(data), 'C'))
        bytes = PyBytes_FromObject(data);
    return bytes;
}

static PyObject *orjson_loads(PyObject *core, PyObject *data) {
    core_state *state = state_of(core);
    PyObject *result = NULL;
    if (LIKELY(PyBytes_CheckExact(data))) result = read_bytes(state, data);
    else if (PyUnicode_CheckExact(data)) {
        if (compat_str_ready(data)) return NULL;
        if (!has_surrogate(data)) result = state->decode.with->str(&state->decode, &orjson_options, data);
    } else {
        PyObject *bytes = copy_of(data);
        if (bytes != NULL) result = read_bytes(state, bytes);
        Py_XDECREF(bytes);
    }
    if (LIKELY(result != NULL)) return result;
    if (PyErr_Occurred()) {
        if (PyErr_ExceptionMatches(PyExc_MemoryError)) return NULL;
        PyErr_Clear(); /* RecursionError: levels count in another way */
    }
    return PyObject_CallOneArg(state->orjson_explain, data);
}

/* ---- dumps ---- */

static const encode_options orjson_defaults = {
    .form = ENCODE_UTF8,
    .item_separator = {",", 1, NULL},
    .key_separator = {":", 1, NULL},
    .check_circular = 1, /* levels are counted by the path */
    .orjson = ORJSON_RULES,
};

static PyObject *refuse_call(const char *message) {
    PyErr_SetString(PyExc_TypeError, message);
    return NULL;
}

static int is_name(core_state *state, PyObject *given, name n) {
    return given == state->names[n] || (state->names[n] != NULL && PyUnicode_Compare(given, state->names[n]) == 0);
}

/* An option's value: 0 and more, or -1 with TypeError set. */
static int option_of(PyObject *given) {
    if (given == NULL || given == Py_None) return 0;
    int overflow = 0;
    long value = PyLong_CheckExact(given) ? PyLong_AsLongAndOverflow(given, &overflow) : -1;
    if (!overflow && value >= 0 && value <= ORJSON_MOST) return (int)value;
    refuse_call("Invalid opts");
    return -1;
}

static NOINLINE PyObject *dumps_with(core_state *state, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames) {
    if (nargs == 0) return refuse_call("dumps() missing 1 required positional argument: 'obj'");
    /* Four arguments and more are taken as orjson does. */
    PyObject *function = nargs & 2 ? args[1] : NULL, *option = (nargs & 3) == 3 ? args[2] : NULL;
    for (Py_ssize_t i = 0; kwnames != NULL && i < PyTuple_GET_SIZE(kwnames); i++) {
        PyObject *given = PyTuple_GET_ITEM(kwnames, i);
        if (is_name(state, given, NAME_option)) {
            if ((nargs & 3) == 3) return refuse_call("dumps() got multiple values for argument: 'option'");
            option = args[nargs + i];
        } else if (is_name(state, given, NAME_default)) {
            if (nargs & 2) return refuse_call("dumps() got multiple values for argument: 'default'");
            function = args[nargs + i];
        } else return refuse_call("dumps() got an unexpected keyword argument");
    }
    int value = option_of(option);
    if (value < 0) return NULL;
    encode_options o = orjson_defaults;
    o.default_function = function;
    o.orjson |= (unsigned)value;
    o.sort_keys = (value & ORJSON_SORT_KEYS) != 0;
    if (value & ORJSON_INDENT_2) {
        o.indented = 1;
        o.indent = (encode_piece){"  ", 2, NULL};
        o.key_separator = (encode_piece){": ", 2, NULL};
    }
    return encode_orjson_document(&state->encode, &o, args[0]);
}

static PyObject *orjson_dumps(PyObject *core, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames) {
    core_state *state = state_of(core);
    if (UNLIKELY(nargs != 1 || kwnames != NULL)) return dumps_with(state, args, nargs, kwnames);
    return encode_orjson_document(&state->encode, &orjson_defaults, args[0]);
}

/* ---- the module's ---- */

PyDoc_STRVAR(orjson_loads_doc, "loads(obj, /)\n--\n\nDeserialize JSON to Python objects.");
PyDoc_STRVAR(orjson_dumps_doc, "dumps(obj, /, default=None, option=None)\n--\n\nSerialize Python objects to JSON.");

static PyMethodDef orjson_methods[] = {
    {"loads", orjson_loads, METH_O, orjson_loads_doc},
    {"dumps", (PyCFunction)(void (*)(void))orjson_dumps, METH_FASTCALL | METH_KEYWORDS, orjson_dumps_doc},
};

PyObject *core_orjson(PyObject *core, PyObject *explain, PyObject *values) {
    core_state *state = state_of(core);
    if (encode_orjson_init(&state->encode, values)) return NULL;
    Py_XSETREF(state->orjson_explain, Py_NewRef(explain));
    PyObject *module = PyUnicode_FromString("cyjson.orjson"), *functions = module == NULL ? NULL : PyTuple_New(2);
    for (Py_ssize_t i = 0; functions != NULL && i < 2; i++) {
        PyObject *function = PyCFunction_NewEx(&orjson_methods[i], core, module);
        if (function == NULL) Py_CLEAR(functions);
        else PyTuple_SET_ITEM(functions, i, function);
    }
    Py_XDECREF(module);
    return functions;
}
