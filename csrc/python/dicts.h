/* Dicts: their tables read in place, copies of shapes, and walks over them. */
#ifndef CYJSON_PYTHON_DICTS_H
#define CYJSON_PYTHON_DICTS_H

#include "python/objects.h"

#if PY_VERSION_HEX >= 0x030D0000 /* exported, and declared in headers of the interpreter's own */
PyAPI_FUNC(int) _PyDict_SetItem_KnownHash(PyObject *dict, PyObject *key, PyObject *value, Py_hash_t hash);
PyAPI_FUNC(PyObject *) _PyDict_FromItems(PyObject *const *keys, Py_ssize_t keys_offset, PyObject *const *values,
                                         Py_ssize_t values_offset, Py_ssize_t length);
PyAPI_FUNC(int) _PyDict_SetItem_Take2(PyDictObject *dict, PyObject *key, PyObject *value);
#endif

/* Return a dict of n pairs, str keys and values alternating from items on, taking over the references; NULL with
 * MemoryError set, and none taken. */
static ALWAYS_INLINE PyObject *compat_dict_from(PyObject **items, Py_ssize_t n) {
    PyObject *dict;
#if PY_VERSION_HEX >= 0x030D0000 && COMPAT_KNOWS_OBJECTS
    enum { SMALLEST_TABLE = 5 }; /* as many are in every dict's first one */
    if (COMPAT_HAS_GIL && n <= SMALLEST_TABLE) {
        dict = PyDict_New();
        for (Py_ssize_t i = 0; dict != NULL && i < n; i++)
            if (UNLIKELY(_PyDict_SetItem_Take2((PyDictObject *)dict, items[2 * i], items[2 * i + 1]))) {
                Py_CLEAR(dict); /* it took these two, too */
                for (Py_ssize_t k = 0; k < 2 * i + 2; k++) items[k] = Py_None; /* which isn't counted */
            }
        return assert_consistent(dict);
    }
    dict = _PyDict_FromItems(items, 2, items + 1, 2, n);
#else
    dict = PyDict_New();
    for (Py_ssize_t i = 0; dict != NULL && i < n; i++) {
        PyObject *key = items[2 * i];
#if COMPAT_KNOWS_OBJECTS
        Py_hash_t hash = compat_str_hash(key);
        int bad = hash == -1 ? PyDict_SetItem(dict, key, items[2 * i + 1])
                             : _PyDict_SetItem_KnownHash(dict, key, items[2 * i + 1], hash);
#else
        int bad = PyDict_SetItem(dict, key, items[2 * i + 1]);
#endif
        if (UNLIKELY(bad)) Py_CLEAR(dict);
    }
#endif
    for (Py_ssize_t i = 0; dict != NULL && i < 2 * n; i++) Py_DECREF(items[i]);
    return assert_consistent(dict);
}

/* The table of a dict's entries, read directly where it has the layout that 3.11 to 3.15 share. */
#if PY_VERSION_HEX >= 0x030B0000 && COMPAT_MAKES_OBJECTS
#define COMPAT_READS_DICTS 1
typedef struct { /* the interpreter's struct _dictkeysobject */
    Py_ssize_t references;
    uint8_t log2_size, log2_index_bytes, kind; /* kind 0: entries with a hash, 1: str keys, without */
    uint32_t version;
    Py_ssize_t usable, entries;
    char indices[];
} compat_dict_keys;
#else
#define COMPAT_READS_DICTS 0
#endif

#if COMPAT_READS_DICTS
/* Return the words of a table's entries, which follow its indices. */
static ALWAYS_INLINE PyObject *const *compat_words(const compat_dict_keys *keys) {
    return (PyObject *const *)(keys->indices + ((size_t)1 << keys->log2_index_bytes));
}
#endif

int compat_dict_layout_known(
    void); /* 1, 0 where the interpreter's functions are to be used, -1 with an exception set */

enum { COMPAT_AHEAD = 2 };

/* Where a walk over a dict goes on. Valid until Python code runs, which may change the dict. */
typedef struct {
    PyObject *const *entry, *const *end; /* the next key, which its value follows */
    PyObject *const
        *send; /* of entries before this one, that one's value which is COMPAT_AHEAD further is worth sending for */
    PyObject *const *first;
    Py_ssize_t step; /* words from one entry to the next */
} compat_entries;

/* Begin a walk at the index-th of so many words that are keys and values in turn. */
static ALWAYS_INLINE void compat_entries_of_pairs(compat_entries *entries, PyObject *const *words, Py_ssize_t index,
                                                  Py_ssize_t count) {
    entries->step = 2;
    entries->first = words;
    entries->entry = words + index;
    entries->end = words + count;
    entries->send = entries->end - 2 * COMPAT_AHEAD;
}

/* Begin a walk at an entry's index, which is PyDict_Next's position for this dict too: 1, or 0 where PyDict_Next is to
 * be used. `known` is what compat_dict_layout_known found out. */
static ALWAYS_INLINE int compat_entries_from(int known, PyObject *dict, Py_ssize_t index, compat_entries *entries) {
#if COMPAT_READS_DICTS
    PyDictObject *d = (PyDictObject *)dict;
    if (UNLIKELY(!known || d->ma_values != NULL)) return 0; /* values that are elsewhere: an instance's __dict__ */
    const compat_dict_keys *keys = (const compat_dict_keys *)d->ma_keys;
    PyObject *const *words = compat_words(keys);
    if (LIKELY(opaque(keys->kind))) compat_entries_of_pairs(entries, words, 2 * index, 2 * keys->entries);
    else { /* with a hash before each key */ entries->step = 3;
        entries->first = words + 1;
        entries->entry = entries->first + 3 * index;
        entries->end = entries->first + 3 * keys->entries;
        entries->send = entries->end - 3 * COMPAT_AHEAD;
    }
    return 1;
#else
    (void)known, (void)dict, (void)index;
    *entries = (compat_entries){0};
    return 0;
#endif
}

/* As compat_entries_from, for a tuple of keys and values in turn, the last of which may be missing. */
static ALWAYS_INLINE void compat_entries_of_tuple(PyObject *tuple, Py_ssize_t index, compat_entries *entries) {
    compat_entries_of_pairs(entries, ((PyTupleObject *)tuple)->ob_item, 2 * index, PyTuple_GET_SIZE(tuple));
}

/* Get the next pair as borrowed references: 1, or 0 at the end. */
static ALWAYS_INLINE int compat_entries_next(compat_entries *entries, PyObject **key, PyObject **value) {
    NOT_VECTORIZED while (LIKELY(entries->entry < entries->end)) {
        PyObject *const *entry = entries->entry;
        entries->entry += entries->step;
        if (UNLIKELY(entry[1] == NULL)) continue; /* deleted */
        *key = entry[0];
        *value = entry[1];
        return 1;
    }
    return 0;
}

/* Prefetch the value that comes after COMPAT_AHEAD others. */
static ALWAYS_INLINE void compat_entries_prefetch(const compat_entries *entries) {
    if (entries->entry < entries->send) PREFETCH(entries->entry[COMPAT_AHEAD * entries->step + 1]);
}

/* Prefetch a dict's table. */
static ALWAYS_INLINE void compat_prefetch_table(PyObject *dict) {
#if COMPAT_KNOWS_OBJECTS
    const char *table = (const char *)((PyDictObject *)dict)->ma_keys;
    PREFETCH(table);
    PREFETCH(table + 64);
#else
    (void)dict;
#endif
}

/* Return the index of the next entry: PyDict_Next's position. */
static ALWAYS_INLINE Py_ssize_t compat_entries_index(const compat_entries *entries) {
    size_t words = (size_t)(entries->entry - entries->first);
    return (Py_ssize_t)(entries->step == 2 ? words / 2 : words / 3);
}

/* Whether a dict's keys are the very objects items[0], items[2], ... in this order, n of them. */
static ALWAYS_INLINE int compat_dict_has_keys(PyObject *dict, PyObject *const *items, Py_ssize_t n) {
    compat_entries entries;
    if (PyDict_GET_SIZE(dict) != n || !compat_entries_from(1, dict, 0, &entries)) return 0;
    if (entries.end - entries.first != n * entries.step) return 0;
    for (Py_ssize_t i = 0; i < n; i++, entries.entry += entries.step)
        if (entries.entry[0] != items[2 * i]) return 0;
    return 1;
}

/* Return a dict with the keys of another, and None for its values; NULL with MemoryError set. */
PyObject *compat_dict_shape(PyObject *dict);

/* Return a dict with the keys of `like`, for which compat_dict_has_keys holds, and the values items[1], items[3], ...,
 * taking over the references to all of items; NULL with MemoryError set, and none taken. */
PyObject *compat_dict_like(PyObject *like, PyObject **items, Py_ssize_t n);

/* Return the pairs of a dict as a tuple of keys and values in turn; NULL with MemoryError set. */
PyObject *compat_dict_pairs(PyObject *dict);

/* Do what PyDict_Next does, for a dict that other threads may be changing, with new references. */
int compat_dict_next(PyObject *dict, Py_ssize_t *position, PyObject **key, PyObject **value);

/* Return PyDict_Next's position after so many pairs. */
Py_ssize_t compat_dict_position(PyObject *dict, Py_ssize_t pairs);

#endif
