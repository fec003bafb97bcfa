/* The attributes of instances, read where they lie: slots by their offsets, others in the values that the interpreter
 * keeps for an instance or in its __dict__. Elsewhere (without a GIL, on 3.10, from an unknown version on) the
 * interpreter's own functions read them. The caller holds the GIL. */
#ifndef CYJSON_PYTHON_ATTRIBUTES_H
#define CYJSON_PYTHON_ATTRIBUTES_H

#include "python/dicts.h"

/* Whether values of instances are read in place: from 3.11 on. */
#define COMPAT_READS_ATTRIBUTES COMPAT_READS_DICTS

/* The names and values of an instance's attributes: values[i << shift] is named names[2 * i], or NULL where the
 * instance lacks that one. Valid until Python code runs. */
typedef struct {
    PyObject *const *names, *const *values;
    Py_ssize_t n; /* 0: they are to be asked for one by one */
    int shift;
} compat_attributes;

#if COMPAT_READS_ATTRIBUTES
#if PY_VERSION_HEX >= 0x030D0000
typedef struct { /* the interpreter's struct _dictvalues */
    uint8_t capacity, size, embedded, valid;
    PyObject *values[];
} compat_values;
#else
typedef struct {
    PyObject *values[1];
} compat_values;
#endif

enum { COMPAT_DICT_WORD = -3, COMPAT_VALUES_WORD = -4 }; /* from an instance to where its __dict__ and values hang */

static ALWAYS_INLINE void compat_attributes_of_dict(PyObject *dict, compat_attributes *a) {
    const PyDictObject *d = (const PyDictObject *)dict;
    const compat_dict_keys *keys = (const compat_dict_keys *)d->ma_keys;
    if (keys->kind == 0) return; /* not all of them are str */
    a->names = compat_words(keys);
    a->n = keys->entries;
    a->shift = d->ma_values == NULL;
    a->values = a->shift ? a->names + 1 : ((const compat_values *)d->ma_values)->values;
}
#endif

/* Find the attributes of an instance. `known` is what compat_attributes_known found out. */
static ALWAYS_INLINE void compat_attributes_of(int known, PyObject *instance, compat_attributes *a) {
    a->names = a->values = NULL;
    a->n = a->shift = 0;
#if COMPAT_READS_ATTRIBUTES
    PyTypeObject *type = Py_TYPE(instance);
    PyObject *dict = NULL;
    if (UNLIKELY(!known)) return;
    if (LIKELY(PyType_HasFeature(type, Py_TPFLAGS_MANAGED_DICT))) {
        PyObject *const *words = (PyObject *const *)instance;
        const compat_values *own;
        const compat_dict_keys *keys = (const compat_dict_keys *)((PyHeapTypeObject *)type)->ht_cached_keys;
#if PY_VERSION_HEX >= 0x030D0000
        own = NULL;
        if (PyType_HasFeature(type, Py_TPFLAGS_INLINE_VALUES)) {
            own = (const compat_values *)((const char *)instance + type->tp_basicsize);
            if (!own->valid) own = NULL;
        }
        dict = words[COMPAT_DICT_WORD];
#elif PY_VERSION_HEX >= 0x030C0000
        uintptr_t either = (uintptr_t)words[COMPAT_DICT_WORD]; /* one less than where the values are, or the dict */
        own = (const compat_values *)(either & 1 ? either + 1 : 0);
        dict = either & 1 ? NULL : (PyObject *)either;
#else
        own = (const compat_values *)words[COMPAT_VALUES_WORD];
        dict = words[COMPAT_DICT_WORD];
#endif
        if (own != NULL && keys != NULL) {
            a->names = compat_words(keys);
            a->values = own->values;
            a->n = keys->entries;
            return;
        }
    } else if (type->tp_dictoffset > 0) dict = *(PyObject **)((char *)instance + type->tp_dictoffset);
    if (dict != NULL) compat_attributes_of_dict(dict, a);
#else
    (void)known, (void)instance;
#endif
}

/* Prefetch the values of an instance whose attributes will be read soon. */
static ALWAYS_INLINE void compat_prefetch_values(PyObject *instance) {
#if COMPAT_READS_ATTRIBUTES && PY_VERSION_HEX < 0x030D0000
    if (PyType_HasFeature(Py_TYPE(instance), Py_TPFLAGS_MANAGED_DICT))
        PREFETCH(((PyObject *const *)instance)[PY_VERSION_HEX < 0x030C0000 ? COMPAT_VALUES_WORD : COMPAT_DICT_WORD]);
#else
    (void)instance;
#endif
}

/* Find an attribute by name, an interned str; *index is where it was in another instance, and becomes where it is
 * here: borrowed, or NULL where it has to be asked for. */
static ALWAYS_INLINE PyObject *compat_attribute(const compat_attributes *a, PyObject *name, Py_ssize_t *index) {
    enum { FEW = 64 };
    Py_ssize_t i = *index, n = a->n;
    if (LIKELY(i < n) && LIKELY(a->names[2 * i] == name)) return a->values[i << a->shift];
    if (n > FEW) return NULL;
    for (i = 0; i < n; i++)
        if (a->names[2 * i] == name) {
            *index = i;
            return a->values[i << a->shift];
        }
    return NULL;
}

/* Find out whether attributes lie where compat_attributes_of looks: 1, 0, or -1 with an exception set. Makes a class to
 * try it. */
int compat_attributes_known(int dict_layout_known);

/* Return the offset of a slot in the instances of a class, whose attribute of a name is this one (borrowed, or NULL): 0
 * where it isn't a slot that may be read, or with to_write written, in place. */
Py_ssize_t compat_slot_offset(PyTypeObject *type, PyObject *attribute, int to_write);

#endif
