/* What plans know of classes that others have written. */
#include "decode/typed.h"

int typed_try_uuid(typed_plan *plan, PyObject *cls, int dict_layout_known) {
    PyObject *slots = PyObject_GetAttrString(cls, "__slots__"), *names[2] = {NULL, NULL};
    PyObject *wanted = Py_BuildValue("(sss)", "int", "is_safe", "__weakref__");
    PyObject *model = PyObject_CallFunction(cls, "s", "01234567-89ab-cdef-0123-456789abcdef");
    PyObject *integer = model == NULL ? NULL : PyObject_GetAttrString(model, "int"), *made = NULL;
    int is_derived = ((PyTypeObject *)cls)->tp_base != &PyBaseObject_Type; /* it may have a way of its own */
    plan->uuid_unknown = model == NULL ? NULL : PyObject_GetAttrString(model, "is_safe");
    int good = slots == NULL || wanted == NULL || integer == NULL || plan->uuid_unknown == NULL
                   ? -1
                   : PyObject_RichCompareBool(slots, wanted, Py_EQ);
    if (is_derived && good > 0) good = 0;
    if (good > 0) {
        for (int i = 0; i < 2; i++) names[i] = PyTuple_GET_ITEM(wanted, i);
        good = PyList_Append(plan->keep, wanted) ||
                       instance_maker_init(&plan->uuid, (PyTypeObject *)cls, names, 2, dict_layout_known, plan->keep)
                   ? -1
                   : plan->uuid.way == INSTANCE_OF_SLOTS;
    }
    if (good > 0) {
        PyObject *values[2] = {Py_NewRef(integer), Py_NewRef(plan->uuid_unknown)};
        if ((made = instance_make(&plan->uuid, values, 1)) == NULL) {
            Py_DECREF(values[0]);
            Py_DECREF(values[1]);
        }
        good = made == NULL ? -1 : PyObject_RichCompareBool(made, model, Py_EQ);
    }
    Py_XDECREF(made);
    Py_XDECREF(integer);
    Py_XDECREF(model);
    Py_XDECREF(wanted);
    Py_XDECREF(slots);
    if (good <= 0) Py_CLEAR(plan->uuid_unknown);
    if (good < 0 && !PyErr_ExceptionMatches(PyExc_MemoryError)) {
        PyErr_Clear(); /* another UUID than the one that is known */
        good = 0;
    }
    return good;
}

typed_element typed_element_by(PyObject *text) {
    static const struct {
        char kind, size;
        typed_element element;
    } known[] = {{'b', '1', ELEMENT_BOOL}, {'i', '1', ELEMENT_I1}, {'i', '2', ELEMENT_I2}, {'i', '4', ELEMENT_I4},
                 {'i', '8', ELEMENT_I8},   {'u', '1', ELEMENT_U1}, {'u', '2', ELEMENT_U2}, {'u', '4', ELEMENT_U4},
                 {'u', '8', ELEMENT_U8},   {'f', '4', ELEMENT_F4}, {'f', '8', ELEMENT_F8}};
    if (!PyUnicode_Check(text) || PyUnicode_GetLength(text) != 3) return ELEMENT_ANY;
    Py_UCS4 order = PyUnicode_READ_CHAR(text, 0), kind = PyUnicode_READ_CHAR(text, 1);
    Py_UCS4 size = PyUnicode_READ_CHAR(text, 2);
    if (order == (BIG_ENDIAN_TARGET ? '<' : '>')) return ELEMENT_ANY;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (kind == (Py_UCS4)known[i].kind && size == (Py_UCS4)known[i].size) return known[i].element;
    return ELEMENT_ANY;
}
