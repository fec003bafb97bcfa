#include "python/attributes.h"

#if COMPAT_HAS_GIL && COMPAT_KNOWS_OBJECTS
#if PY_VERSION_HEX >= 0x030C0000
enum { OBJECT_EX = Py_T_OBJECT_EX, LIMITS = Py_AUDIT_READ, CONSTANT = Py_READONLY };
#else
#include <structmember.h>
enum { OBJECT_EX = T_OBJECT_EX, LIMITS = READ_RESTRICTED, CONSTANT = READONLY };
#endif

Py_ssize_t compat_slot_offset(PyTypeObject *type, PyObject *attribute, int to_write) {
    if (attribute == NULL || !Py_IS_TYPE(attribute, &PyMemberDescr_Type)) return 0;
    const PyMemberDescrObject *descriptor = (const PyMemberDescrObject *)attribute;
    const PyMemberDef *member = descriptor->d_member;
    if (!PyType_IsSubtype(type, PyDescr_TYPE(attribute)) || member->type != OBJECT_EX ||
        (member->flags & (to_write ? LIMITS | CONSTANT : LIMITS)) != 0)
        return 0;
    if (member->offset < (Py_ssize_t)sizeof(PyObject) ||
        member->offset + (Py_ssize_t)sizeof(PyObject *) > type->tp_basicsize)
        return 0;
    return member->offset;
}
#else
Py_ssize_t compat_slot_offset(PyTypeObject *type, PyObject *attribute, int to_write) {
    (void)type, (void)attribute, (void)to_write;
    return 0;
}
#endif

#if COMPAT_READS_ATTRIBUTES
enum { TRIED = 3 };

/* Whether an instance's attributes a, b and c are found, and are what the interpreter says; b may be missing. */
static int same_attributes(PyObject *instance, PyObject *const *names) {
    compat_attributes attributes;
    compat_attributes_of(1, instance, &attributes);
    if (attributes.n < TRIED || attributes.n > 64) return 0;
    for (int i = 0; i < TRIED; i++) {
        Py_ssize_t index = 0;
        PyObject *ours = compat_attribute(&attributes, names[i], &index);
        PyObject *theirs = PyObject_GenericGetAttr(instance, names[i]);
        if (theirs == NULL && !PyErr_ExceptionMatches(PyExc_AttributeError)) return -1;
        if (theirs == NULL) PyErr_Clear();
        Py_XDECREF(theirs);
        if (index != i || ours != theirs) return 0;
    }
    return 1;
}

/* The three attributes of a new instance, as the interpreter keeps them first and once its __dict__ was asked for,
 * without one of them, and in a dict that is given. */
static int try_class(PyObject *cls, PyObject *const *names) {
    int known = 1;
    for (int way = 0; known > 0 && way < 3; way++) {
        PyObject *instance = PyObject_CallNoArgs(cls), *dict = NULL;
        known = instance == NULL ? -1 : 1;
        for (int i = 0; known > 0 && i < TRIED; i++) known = PyObject_SetAttr(instance, names[i], names[i]) ? -1 : 1;
        if (known > 0) known = same_attributes(instance, names);
        if (known > 0 && way == 0) known = PyObject_SetAttr(instance, names[1], NULL) ? -1 : 1;
        /* Not from 3.13 on, where values stay with the instance: if it died while memory is short, 3.13 would lose the
         * __dict__, with values that are gone, for the collector to find (cpython#124547). */
        if (known > 0 && way == 1 && PY_VERSION_HEX < 0x030D0000)
            known = (dict = PyObject_GenericGetDict(instance, NULL)) == NULL ? -1 : 1;
        if (known > 0 && way == 2) {
            dict = PyDict_New();
            for (int i = 0; dict != NULL && i < TRIED; i++)
                if (PyDict_SetItem(dict, names[i], names[i])) Py_CLEAR(dict);
            known = dict == NULL || PyObject_GenericSetDict(instance, dict, NULL) ? -1 : 1;
        }
        if (known > 0) known = same_attributes(instance, names);
        Py_XDECREF(dict);
        Py_XDECREF(instance);
    }
    return known;
}

int compat_attributes_known(int dict_layout_known) {
    static const char *const texts[TRIED] = {"first", "second", "third"};
    PyObject *names[TRIED] = {NULL};
    int known = 1;
    if (!dict_layout_known) return 0;
    for (int i = 0; known > 0 && i < TRIED; i++)
        if ((names[i] = PyUnicode_InternFromString(texts[i])) == NULL) known = -1;
    PyObject *cls = known < 0 ? NULL : PyObject_CallFunction((PyObject *)&PyType_Type, "s(){}", "Tried");
    known = cls == NULL ? -1 : try_class(cls, names);
    Py_XDECREF(cls);
    for (int i = 0; i < TRIED; i++) Py_XDECREF(names[i]);
    return known;
}
#else
int compat_attributes_known(int dict_layout_known) {
    (void)dict_layout_known;
    return 0;
}
#endif
