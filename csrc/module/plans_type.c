/* Plans: the type of what encodes under a policy. The functions encode and dump_bytes have one of their own, which each
 * interpreter's state holds; each Codec has another. */
#include "encode/plans.h"
#include "module/functions.h"
#include "module/names.h"
#include "module/options.h"

typedef struct {
    PyObject_HEAD encode_plans plans;
    PyObject *core;
    encode_options defaults;
} plans_object;

const encode_options *plans_defaults(PyObject *plans) { return &((plans_object *)plans)->defaults; }

PyObject *plans_new(core_state *state, PyObject *core, PyObject *policy) {
    plans_object *self = PyObject_GC_New(plans_object, (PyTypeObject *)state->plans_type);
    if (self == NULL) return NULL;
    memset(&self->plans, 0, sizeof self->plans);
    self->core = Py_NewRef(core);
    self->plans.owner = (PyObject *)self;
    self->plans.policy = Py_NewRef(policy);
    self->plans.attributes_known = -1;
    self->plans.dict_layout_known = state->encode.dict_layout_known;
    self->plans.generation = self->plans.token = self->plans.quiet = -1;
#if COMPAT_HAS_DICT_WATCHERS
    self->plans.watcher = &state->watcher;
    self->plans.changes = &dict_changes;
#endif
    self->plans.generation_name = Py_NewRef(state->names[NAME__generation]);
    self->plans.table_name = Py_NewRef(state->names[NAME_json_dispatch_table]);
    self->plans.utcoffset_name = Py_NewRef(state->names[NAME_utcoffset]);
    self->defaults = encode_defaults;
    self->defaults.plans = &self->plans;
    PyObject_GC_Track(self);
    PyObject *null = policy == Py_None ? Py_NewRef(Py_False) : PyObject_GetAttrString(policy, "float_null");
    self->plans.float_null = null == NULL ? -1 : PyObject_IsTrue(null);
    Py_XDECREF(null);
    if (self->plans.float_null < 0) Py_CLEAR(self);
    return (PyObject *)self;
}

static PyObject *plans_make_new(PyTypeObject *type, PyObject *args, PyObject *kwargs) {
    PyObject *policy, *core = PyType_GetModule(type);
    if (core == NULL) return NULL;
    if (kwargs != NULL && PyDict_GET_SIZE(kwargs) > 0) {
        PyErr_SetString(PyExc_TypeError, "Plans() takes no keyword arguments");
        return NULL;
    }
    return PyArg_UnpackTuple(args, "Plans", 1, 1, &policy) ? plans_new(state_of(core), core, policy) : NULL;
}

static PyObject *plans_encode(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames);

/* encode(obj, ...) by the Plans of a policy, which keeps them once they are made; of None, those of encode itself. */
PyObject *core_encode_policy(PyObject *core, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames) {
    core_state *state = state_of(core);
    if (nargs < 1) {
        PyErr_SetString(PyExc_TypeError, "encode_policy() takes a policy and what encode() takes");
        return NULL;
    }
    if (args[0] == Py_None) return core_encode(core, args + 1, nargs - 1, kwnames);
    PyObject *plans = PyObject_GetAttrString(args[0], "native"), *result = NULL;
    if (plans == Py_None) {
        Py_SETREF(plans, plans_new(state, core, args[0]));
        if (plans != NULL && PyObject_SetAttrString(args[0], "native", plans)) Py_CLEAR(plans);
    }
    if (plans != NULL && !Py_IS_TYPE(plans, (PyTypeObject *)state->plans_type))
        PyErr_SetString(PyExc_TypeError, "a policy's native must be None or Plans");
    else if (plans != NULL) result = plans_encode(plans, args + 1, nargs - 1, kwnames);
    Py_XDECREF(plans);
    return result;
}

static PyObject *plans_encode(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames) {
    plans_object *p = (plans_object *)self;
    core_state *state = state_of(p->core);
    if (LIKELY(nargs == 1 && kwnames == NULL)) return encode_document(&state->encode, &p->defaults, args[0]);
    return encode_utf8(state, &p->defaults, args, nargs, kwnames, 0);
}

static PyObject *plans_dump_bytes(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames) {
    plans_object *p = (plans_object *)self;
    return encode_utf8(state_of(p->core), &p->defaults, args, nargs, kwnames, 1);
}

static PyObject *plans_forget_all(PyObject *self, PyObject *weak) {
    plans_forget(&((plans_object *)self)->plans, weak == Py_None ? NULL : weak);
    return Py_NewRef(Py_None);
}

static int plans_object_traverse(PyObject *self, visitproc visit, void *arg) {
    plans_object *p = (plans_object *)self;
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(p->core);
    return plans_traverse(&p->plans, visit, arg);
}

static int plans_object_clear(PyObject *self) {
    plans_object *p = (plans_object *)self;
    plans_forget(&p->plans, NULL);
    Py_CLEAR(p->plans.module);
    Py_CLEAR(p->plans.copyreg);
    for (int i = 0; i < PLAN_ZONES; i++) Py_CLEAR(p->plans.zones[i]);
    Py_CLEAR(p->plans.policy);
    return 0;
}

static void plans_dealloc(PyObject *self) {
    PyTypeObject *type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    plans_object_clear(self);
    Py_CLEAR(((plans_object *)self)->plans.generation_name);
    Py_CLEAR(((plans_object *)self)->plans.table_name);
    Py_CLEAR(((plans_object *)self)->plans.utcoffset_name);
    Py_CLEAR(((plans_object *)self)->core);
    type->tp_free(self);
    Py_DECREF(type);
}

PyDoc_STRVAR(plans_doc, "Plans(policy, /)\n--\n\nEncode instances by a policy.");
PyDoc_STRVAR(plans_encode_doc, "Return obj as JSON (bytes): see cyjson.encode, whose options it has.");
PyDoc_STRVAR(plans_dump_bytes_doc, "Write obj as JSON to a file: see cyjson.dump_bytes, whose options it has.");
PyDoc_STRVAR(plans_forget_doc, "Forget all plans (None), or the one of a class that a weak reference led to.");

#define FASTCALL(function) (PyCFunction)(void (*)(void))(function), METH_FASTCALL | METH_KEYWORDS
static PyMethodDef plans_methods[] = {
    {"encode", FASTCALL(plans_encode), plans_encode_doc},
    {"dump_bytes", FASTCALL(plans_dump_bytes), plans_dump_bytes_doc},
    {"forget", plans_forget_all, METH_O, plans_forget_doc},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot plans_slots[] = {
    {Py_tp_doc, (void *)plans_doc},
    {Py_tp_new, plans_make_new},
    {Py_tp_methods, plans_methods},
    {Py_tp_traverse, plans_object_traverse},
    {Py_tp_clear, plans_object_clear},
    {Py_tp_dealloc, plans_dealloc},
    {0, NULL},
};

static PyType_Spec plans_spec = {
    .name = "cyjson._native.Plans",
    .basicsize = sizeof(plans_object),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = plans_slots,
};

PyObject *plans_type(PyObject *core) { return compat_type_from_spec(core, &plans_spec); }
