#include "method.h"

#include <structmember.h>

typedef struct {
    PyObject_HEAD
    vectorcallfunc vectorcall;
    PyObject *core, *function, *weak_references;
    method_function quick;
} method;

static PyObject *method_vectorcall(PyObject *self, PyObject *const *args, size_t nargsf, PyObject *kwnames)
{
    method *m = (method *)self;
    if (LIKELY(PyVectorcall_NARGS(nargsf) == 2 && kwnames == NULL)) {
        PyObject *result = m->quick(m->core, args[0], args[1]);
        if (LIKELY(result != NULL) || PyErr_Occurred()) return result;
    }
    return PyObject_Vectorcall(m->function, args, nargsf, kwnames);
}

/* As a function's: looked up in a class it is itself. */
static PyObject *method_get(PyObject *self, PyObject *instance, PyObject *owner)
{
    (void)owner;
    return instance == NULL ? Py_NewRef(self) : PyMethod_New(self, instance);
}

/* All that a function tells of itself, but for how it is pickled. */
static PyObject *method_getattro(PyObject *self, PyObject *attribute)
{
    if (!PyUnicode_Check(attribute) || PyUnicode_CompareWithASCIIString(attribute, "__reduce_ex__") == 0 || PyUnicode_CompareWithASCIIString(attribute, "__reduce__") == 0)
        return PyObject_GenericGetAttr(self, attribute);
    return PyObject_GetAttr(((method *)self)->function, attribute);
}

static int method_setattro(PyObject *self, PyObject *attribute, PyObject *value)
{
    return PyObject_SetAttr(((method *)self)->function, attribute, value);
}

/* By its name, as functions are. */
static PyObject *method_reduce(PyObject *self, PyObject *nothing)
{
    (void)nothing;
    return PyObject_GetAttrString(((method *)self)->function, "__qualname__");
}

static PyObject *method_repr(PyObject *self) { return PyObject_Repr(((method *)self)->function); }

/* No tp_clear: both references stay as long as it may be called. The module's state, which a circle goes through, lets go of its own. */
static int method_traverse(PyObject *self, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(((method *)self)->core);
    Py_VISIT(((method *)self)->function);
    return 0;
}

static void method_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    if (((method *)self)->weak_references != NULL) PyObject_ClearWeakRefs(self);
    Py_XDECREF(((method *)self)->core);
    Py_XDECREF(((method *)self)->function);
    PyObject_GC_Del(self);
    Py_DECREF(type);
}

static PyMemberDef method_members[] = {
    {"__vectorcalloffset__", T_PYSSIZET, offsetof(method, vectorcall), READONLY, NULL},
    {"__weaklistoffset__", T_PYSSIZET, offsetof(method, weak_references), READONLY, NULL},
    {NULL, 0, 0, 0, NULL},
};

static PyMethodDef method_methods[] = {
    {"__reduce__", method_reduce, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot method_slots[] = {
    {Py_tp_call, PyVectorcall_Call},     {Py_tp_descr_get, method_get}, {Py_tp_getattro, method_getattro},
    {Py_tp_setattro, method_setattro},   {Py_tp_repr, method_repr},     {Py_tp_traverse, method_traverse},
    {Py_tp_dealloc, method_dealloc},     {Py_tp_members, method_members}, {Py_tp_methods, method_methods},
    {0, NULL},
};

static PyType_Spec method_spec = {
    .name = "cyjson._native.method",
    .basicsize = sizeof(method),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_HAVE_VECTORCALL | Py_TPFLAGS_METHOD_DESCRIPTOR | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = method_slots,
};

PyObject *method_type(void) { return PyType_FromSpec(&method_spec); }

PyObject *method_new(PyObject *type, PyObject *core, PyObject *function, method_function quick)
{
    method *m = PyObject_GC_New(method, (PyTypeObject *)type);
    if (m == NULL) return NULL;
    m->vectorcall = method_vectorcall;
    m->core = Py_NewRef(core);
    m->function = Py_NewRef(function);
    m->weak_references = NULL;
    m->quick = quick;
    PyObject_GC_Track(m);
    return (PyObject *)m;
}
