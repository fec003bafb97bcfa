/* The type that json.scanner.make_scanner names: what a JSONDecoder reads documents with. */
#include "module/args.h"
#include "module/functions.h"

#include <structmember.h>

/* In the order in which they are read from a decoder. */
enum { OBJECT_HOOK, OBJECT_PAIRS_HOOK, ARRAY_HOOK, PARSE_FLOAT, PARSE_INT, PARSE_CONSTANT, HOOKS };
static const name hook_names[] = {NAME_object_hook, NAME_object_pairs_hook, NAME_array_hook,
                                  NAME_parse_float, NAME_parse_int,         NAME_parse_constant};

/* Never changed once it is made, so that the options hold while calls that use them run other code. */
typedef struct {
    PyObject_HEAD char strict;
    PyObject *hooks[HOOKS];
    decode_options options; /* which borrow the hooks */
} scanner;

/* The attribute of a decoder; array_hook may be missing before 3.15: NULL with an exception set. */
static PyObject *read_hook(core_state *state, PyObject *decoder, int hook) {
    PyObject *value, *name = state->names[hook_names[hook]];
    if (PY_VERSION_HEX >= 0x030F0000 || hook != ARRAY_HOOK) return PyObject_GetAttr(decoder, name);
    return compat_get_optional(decoder, name, &value) == 0 ? Py_NewRef(Py_None) : value;
}

/* Whether a hook is the one that a json.JSONDecoder without parse_constant has, a new object for each decoder. */
static int is_json_constant(core_state *state, PyObject *hook) {
    PyObject *constant = state->json_constant;
    return PyCFunction_CheckExact(hook) && PyCFunction_GET_SELF(hook) == PyCFunction_GET_SELF(constant) &&
           PyCFunction_GET_FUNCTION(hook) == PyCFunction_GET_FUNCTION(constant);
}

static PyObject *hook_unless(PyObject *hook, int is_default) { return is_default ? NULL : hook; }

/* Not __init__: that could be left out, or called again on a scanner that is in use. */
static PyObject *scanner_new(PyTypeObject *type, PyObject *args, PyObject *kwargs) {
    static char *keywords[] = {"context", NULL};
    PyObject *decoder, *strict, *hooks[HOOKS];
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O:make_scanner", keywords, &decoder)) return NULL;
    core_state *state = PyType_GetModuleState(type);
    if (state == NULL || (strict = PyObject_GetAttr(decoder, state->names[NAME_strict])) == NULL) return NULL;
    int is_strict = PyObject_IsTrue(strict), n = 0;
    Py_DECREF(strict);
    if (is_strict < 0) return NULL;
    while (n < HOOKS && (hooks[n] = read_hook(state, decoder, n)) != NULL) n++;
    /* Last, for the collector shows it from then on. */
    scanner *s = n == HOOKS ? (scanner *)type->tp_alloc(type, 0) : NULL;
    if (s == NULL) {
        while (n-- > 0) Py_DECREF(hooks[n]);
        return NULL;
    }
    s->strict = (char)is_strict;
    memcpy(s->hooks, hooks, sizeof hooks);
    s->options = (decode_options){
        .lenient = !is_strict,
        .object_hook = given(hooks[OBJECT_HOOK]),
        .object_pairs_hook = given(hooks[OBJECT_PAIRS_HOOK]),
        .array_hook = given(hooks[ARRAY_HOOK]),
        .parse_float = hook_unless(hooks[PARSE_FLOAT], hooks[PARSE_FLOAT] == (PyObject *)&PyFloat_Type),
        .parse_int = hook_unless(hooks[PARSE_INT], hooks[PARSE_INT] == (PyObject *)&PyLong_Type),
        .parse_constant = hook_unless(hooks[PARSE_CONSTANT], is_json_constant(state, hooks[PARSE_CONSTANT])),
    };
    decode_know_hooks(&s->options);
    return (PyObject *)s;
}

static PyObject *scanner_call(PyObject *self, PyObject *args, PyObject *kwargs) {
    static char *keywords[] = {"string", "idx", NULL};
    PyObject *string;
    Py_ssize_t index;
    if (LIKELY(kwargs == NULL) && PyTuple_GET_SIZE(args) == 2 && LIKELY(PyLong_CheckExact(PyTuple_GET_ITEM(args, 1)))) {
        string = PyTuple_GET_ITEM(args, 0); /* as below, without the cost of a format */
        index = PyLong_AsSsize_t(PyTuple_GET_ITEM(args, 1));
        if (index == -1 && PyErr_Occurred()) return NULL;
    } else if (!PyArg_ParseTupleAndKeywords(args, kwargs, "On:scan_once", keywords, &string, &index)) return NULL;
    core_state *state = PyType_GetModuleState(Py_TYPE(self));
    if (state == NULL) return NULL;
    if (PyUnicode_Check(string)) return scan_once(state, &((scanner *)self)->options, string, index);
    return PyObject_CallMethod(state->decode.default_decoder, "scan_once", "On", string, index); /* raises TypeError */
}

static int scanner_traverse(PyObject *self, visitproc visit, void *arg) {
    Py_VISIT(Py_TYPE(self));
    for (int i = 0; i < HOOKS; i++) Py_VISIT(((scanner *)self)->hooks[i]);
    return 0;
}

/* No tp_clear: as it never changes, each cycle that it is in has another object that can be cleared. */
static void scanner_dealloc(PyObject *self) {
    PyTypeObject *type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    for (int i = 0; i < HOOKS; i++) Py_XDECREF(((scanner *)self)->hooks[i]);
    type->tp_free(self);
    Py_DECREF(type);
}

#define HOOK_MEMBER(text, hook) {text, T_OBJECT, offsetof(scanner, hooks[hook]), READONLY, NULL}
static PyMemberDef scanner_members[] = {
    {"strict", T_BOOL, offsetof(scanner, strict), READONLY, NULL},
    HOOK_MEMBER("object_hook", OBJECT_HOOK),
    HOOK_MEMBER("object_pairs_hook", OBJECT_PAIRS_HOOK),
    HOOK_MEMBER("array_hook", ARRAY_HOOK),
    HOOK_MEMBER("parse_float", PARSE_FLOAT),
    HOOK_MEMBER("parse_int", PARSE_INT),
    HOOK_MEMBER("parse_constant", PARSE_CONSTANT),
    {NULL, 0, 0, 0, NULL},
};

PyDoc_STRVAR(scanner_doc,
             "Scans JSON documents under a decoder's settings: scan_once(string, idx) returns the value that starts\n"
             "at index idx of a str, and the index after it.\n\n"
             "Raises StopIteration with the index where no value starts, JSONDecodeError where a value is malformed.");

static PyType_Slot scanner_slots[] = {
    {Py_tp_doc, (void *)scanner_doc},
    {Py_tp_new, scanner_new},
    {Py_tp_call, scanner_call},
    {Py_tp_traverse, scanner_traverse},
    {Py_tp_dealloc, scanner_dealloc},
    {Py_tp_members, scanner_members},
    {0, NULL},
};

static PyType_Spec scanner_spec = {
    .name = "cyjson._native.Scanner",
    .basicsize = sizeof(scanner),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = scanner_slots,
};

PyObject *scanner_type(PyObject *core) {
    const char *name = PyModule_GetName(core);
    if (name == NULL) return NULL;
    PyType_Spec spec = scanner_spec;
    if (strcmp(name, "json") == 0) spec.name = "_json.Scanner"; /* in the place of the stdlib's, whose name that is */
    return compat_type_from_spec(core, &spec);
}

const decode_options *scanner_options(core_state *state, PyObject *object) {
    return (PyObject *)Py_TYPE(object) == state->scanner_type ? &((scanner *)object)->options : NULL;
}
