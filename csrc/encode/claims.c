/* Objects that pass for one of JSON's types by their __class__, as isinstance has it. */
#include "encode/encoder.h"

encoder_claim encoder_claim_of(encoder *e, PyObject *object, int is_key) {
    PyTypeObject *const second = is_key ? &PyFloat_Type : &PyLong_Type;
    PyTypeObject *const third = is_key ? &PyLong_Type : &PyFloat_Type;
    PyTypeObject *const asked[] = {
        &PyUnicode_Type,    second, third, &PyList_Type, &PyTuple_Type, &PyDict_Type,
#if PY_VERSION_HEX >= 0x030F0000
        &PyFrozenDict_Type,
#endif
    };
    enum { SCALARS = 3, ARRAYS = 5, ALL = sizeof asked / sizeof *asked };
    if (encoder_before_python(e)) return CLAIM_ERROR;
    for (int i = 0; i < (is_key ? SCALARS : ALL); i++) {
        int is = PyObject_IsInstance(object, (PyObject *)asked[i]);
        if (is < 0) return CLAIM_ERROR;
        if (!is) continue;
        if (i < SCALARS) {
            const int is_one = PyType_IsSubtype(Py_TYPE(object), asked[i]);
            return is_one && !(asked[i] == &PyFloat_Type && encoder_float_compares(object)) ? CLAIM_TYPE : CLAIM_SCALAR;
        }
        return i < ARRAYS ? CLAIM_LIST : CLAIM_DICT;
    }
    return CLAIM_NONE;
}

/* An encoder of the stdlib's with these keywords, a reference to which is taken over; NULL with an exception set. */
PyObject *encoder_of_stdlib(encode_state *state, PyObject *keywords) {
    PyObject *none = PyTuple_New(0), *encoder = NULL;
    PyObject *cls = (PyObject *)Py_TYPE(state->strict_encoder);
    if (keywords != NULL && none != NULL) encoder = PyObject_Call(cls, none, keywords);
    Py_XDECREF(none);
    Py_XDECREF(keywords);
    return encoder;
}

PyObject *encoder_claimed_text(encode_state *state, const encode_options *options, PyObject *object) {
    int ascii = options->form == ENCODE_ASCII;
    PyObject *keywords = Py_BuildValue("{s:i,s:i}", "allow_nan", options->allow_nan, "ensure_ascii", ascii);
    PyObject *encoder = encoder_of_stdlib(state, keywords);
    PyObject *chunks = encoder == NULL ? NULL : PyObject_CallMethod(encoder, "iterencode", "(O)", object);
    PyObject *empty = chunks == NULL ? NULL : PyUnicode_New(0, 0);
    PyObject *text = empty == NULL ? NULL : PyUnicode_Join(empty, chunks);
    Py_XDECREF(empty);
    Py_XDECREF(chunks);
    Py_XDECREF(encoder);
    return text;
}
