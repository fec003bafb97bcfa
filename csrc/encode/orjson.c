/* orjson's rules: what they take from Python, and their errors. */
#include "encode/encoder.h"
#include "encode/natives.h"

int encode_orjson_init(encode_state *state, PyObject *values) {
    encode_orjson_state s;
    memset(&s, 0, sizeof s);
    PyObject **taken[] = {&s.stand_in,   &s.members_of,    &s.number_types, &s.field,
                          &s.field_kind, &s.fragment_type, &s.uuid_type,    &s.enum_meta};
    const Py_ssize_t count = sizeof taken / sizeof *taken;
    if (PyTuple_GET_SIZE(values) != count || !PyDict_CheckExact(PyTuple_GET_ITEM(values, 2))) {
        PyErr_SetString(PyExc_TypeError, "orjson's rules take eight values, of which the third is a dict");
        return -1;
    }
    PyTypeObject *enum_class = (PyTypeObject *)PyTuple_GET_ITEM(values, count - 1);
    int bad = natives_of_datetime(&s.datetime_type, &s.date_type, &s.time_type, &s.timezone_type, &s.utc);
    for (Py_ssize_t i = 0; i < count; i++) *taken[i] = Py_NewRef(PyTuple_GET_ITEM(values, i));
    Py_SETREF(s.enum_meta, Py_NewRef((PyObject *)Py_TYPE(enum_class)));
    struct {
        PyObject **place;
        const char *text;
    } names[] = {
        {&s.str_contents, "_contents"},
        {&s.str_int, "int"},
        {&s.str_value, "value"},
        {&s.str_own_value, "_value_"},
        {&s.str_dict, "__dict__"},
        {&s.str_fields, "__dataclass_fields__"},
        {&s.str_slots, "__slots__"},
        {&s.str_utcoffset, "utcoffset"},
        {&s.str_field_type, "_field_type"},
    };
    for (size_t i = 0; !bad && i < sizeof names / sizeof *names; i++)
        bad = (*names[i].place = PyUnicode_InternFromString(names[i].text)) == NULL;
    if (!bad) s.enum_value = Py_XNewRef(_PyType_Lookup(enum_class, s.str_value));
    encode_orjson_state before = state->orjson;
    if (!bad) state->orjson = s;
    PyObject **spent = (PyObject **)(bad ? &s : &before);
    for (Py_ssize_t i = 0; i < ENCODE_ORJSON_OBJECTS; i++) Py_XDECREF(spent[i]);
    return bad ? -1 : 0;
}

void orjson_unsupported(PyObject *object) {
    PyObject *type, *cause, *traceback, *value;
    PyErr_Fetch(&type, &cause, &traceback);
    if (type != NULL) {
        PyErr_NormalizeException(&type, &cause, &traceback);
        if (traceback != NULL) PyException_SetTraceback(cause, traceback);
    }
    PyErr_Format(PyExc_TypeError, "Type is not JSON serializable: %s", Py_TYPE(object)->tp_name);
    if (cause != NULL) {
        Py_XDECREF(type);
        Py_XDECREF(traceback);
        PyErr_Fetch(&type, &value, &traceback);
        PyErr_NormalizeException(&type, &value, &traceback);
        if (value != NULL) PyException_SetCause(value, cause);
        else Py_DECREF(cause);
        PyErr_Restore(type, value, traceback);
    }
}

void orjson_blame_keys(encoder *e, PyObject *dict) {
    if (!(e->options->orjson & (ORJSON_SORT_KEYS | ORJSON_NON_STR_KEYS))) return;
    /* After another exception than these the dict may be gone. */
    if (!PyErr_ExceptionMatches(PyExc_TypeError) && !PyErr_ExceptionMatches(PyExc_UnicodeEncodeError)) return;
    PyObject *type, *value, *traceback, *key, *member;
    Py_ssize_t size, position = 0;
    const char *blamed = NULL;
    PyErr_Fetch(&type, &value, &traceback);
    while (blamed == NULL && compat_dict_next(dict, &position, &key, &member)) {
        if (!PyUnicode_CheckExact(key)) blamed = "Dict key must be str";
        else if (!PyUnicode_IS_ASCII(key) && PyUnicode_AsUTF8AndSize(key, &size) == NULL) {
            if (!PyErr_ExceptionMatches(PyExc_MemoryError)) blamed = "str is not valid UTF-8: surrogates not allowed";
            PyErr_Clear();
        }
        Py_DECREF(key);
        Py_DECREF(member);
    }
    if (blamed == NULL) PyErr_Restore(type, value, traceback);
    else {
        encoder_raise(PyExc_TypeError, blamed);
        Py_XDECREF(type);
        Py_XDECREF(value);
        Py_XDECREF(traceback);
    }
}
