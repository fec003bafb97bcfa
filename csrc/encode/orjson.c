/* orjson's rules: what they take from Python, and their errors. */
#include "encode/encoder.h"
#include "encode/natives.h"

int encode_orjson_init(encode_state *state, PyObject *stand_in, PyObject *members_of, PyObject *fragment_type,
                       PyObject *uuid_type, PyObject *enum_class) {
    encode_orjson_state s = {NULL};
    int bad = natives_of_datetime(&s.datetime_type, &s.date_type, &s.time_type, &s.timezone_type, &s.utc);
    s.stand_in = Py_NewRef(stand_in);
    s.members_of = Py_NewRef(members_of);
    s.fragment_type = Py_NewRef(fragment_type);
    s.uuid_type = Py_NewRef(uuid_type);
    s.enum_meta = Py_NewRef((PyObject *)Py_TYPE(enum_class));
    struct {
        PyObject **place;
        const char *text;
    } names[] = {
        {&s.str_contents, "_contents"}, {&s.str_int, "int"},
        {&s.str_value, "value"},        {&s.str_own_value, "_value_"},
        {&s.str_dict, "__dict__"},      {&s.str_fields, "__dataclass_fields__"},
        {&s.str_slots, "__slots__"},    {&s.str_utcoffset, "utcoffset"},
    };
    for (size_t i = 0; !bad && i < sizeof names / sizeof *names; i++)
        bad = (*names[i].place = PyUnicode_InternFromString(names[i].text)) == NULL;
    if (!bad) s.enum_value = Py_XNewRef(_PyType_Lookup((PyTypeObject *)enum_class, s.str_value));
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
