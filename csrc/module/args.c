#include "module/args.h"

static Py_ssize_t find_name(core_state *state, const name *names, int count, PyObject *keyword) {
    for (int i = 0; i < count; i++)
        if (state->names[names[i]] == keyword) return i; /* keywords in source code are interned */
    for (int i = 0; i < count; i++)
        if (PyUnicode_Compare(state->names[names[i]], keyword) == 0) return i;
    return -1;
}

outcome take_arguments(core_state *state, const name *names, int count, int second, PyObject *const *args,
                       Py_ssize_t nargs, PyObject *kwnames, PyObject **values, PyObject **others) {
    for (int i = 0; i < count; i++) values[i] = NULL;
    if (nargs > (second ? 2 : 1)) return LEFT;
    if (nargs > 0) values[0] = args[0];
    if (nargs > 1) values[second] = args[1];
    Py_ssize_t keywords = kwnames == NULL ? 0 : PyTuple_GET_SIZE(kwnames);
    for (Py_ssize_t i = 0; i < keywords; i++) {
        PyObject *keyword = PyTuple_GET_ITEM(kwnames, i), *value = args[nargs + i];
        Py_ssize_t at = find_name(state, names, count, keyword);
        if (at >= 0) {
            if (values[at] != NULL) return LEFT;
            values[at] = value;
            continue;
        }
        if (*others == NULL && (*others = PyDict_New()) == NULL) return FAILED;
        if (PyDict_SetItem(*others, keyword, value)) return FAILED;
    }
    return values[0] == NULL || values[second] == NULL ? LEFT : DONE;
}

int put_argument(core_state *state, PyObject *arguments, name n, PyObject *value) {
    return value == NULL ? 0 : PyDict_SetItem(arguments, state->names[n], value);
}

PyObject *call_with(PyObject *callable, PyObject *keywords) {
    PyObject *none = PyTuple_New(0), *result = NULL;
    if (none != NULL) result = PyObject_Call(callable, none, keywords);
    Py_XDECREF(none);
    return result;
}

int takes_two(const char *function, Py_ssize_t nargs) {
    if (nargs != 2) PyErr_Format(PyExc_TypeError, "%s() takes 2 arguments but %zd were given", function, nargs);
    return nargs == 2;
}

int is_method_of(PyObject *instance, PyObject *attribute, PyObject *function, PyObject *other, PyObject *third) {
    PyObject *found;
    int is = compat_get_method(instance, attribute, &found);
    if (is < 0) return -1;
    PyObject *method = NULL;
    if (is) method = found;
    else if (PyMethod_Check(found) && PyMethod_GET_SELF(found) == instance) method = PyMethod_GET_FUNCTION(found);
    is = method != NULL && (method == function || method == other || method == third);
    Py_DECREF(found);
    return is;
}
