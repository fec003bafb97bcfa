#include "python/dicts.h"

#if COMPAT_READS_DICTS
/* Whether our walk over a dict's entries sees what PyDict_Next sees. */
static int same_walk(PyObject *dict) {
    const compat_dict_keys *keys = (const compat_dict_keys *)((PyDictObject *)dict)->ma_keys;
    if (keys->entries < PyDict_GET_SIZE(dict) || keys->entries > 2 * PyDict_GET_SIZE(dict) ||
        keys->log2_index_bytes > 12)
        return 0;
    Py_ssize_t theirs = 0;
    PyObject *key, *value, *our_key, *our_value;
    compat_entries ours;
    if (!compat_entries_from(1, dict, 0, &ours)) return 0;
    while (PyDict_Next(dict, &theirs, &key, &value))
        if (!compat_entries_next(&ours, &our_key, &our_value) || our_key != key || our_value != value ||
            compat_entries_index(&ours) != theirs)
            return 0;
    return !compat_entries_next(&ours, &our_key, &our_value);
}

/* A dict of n keys, str or int, that had one more before them. */
static PyObject *sample(Py_ssize_t n, int strings) {
    PyObject *dict = PyDict_New(), *first, *value;
    Py_ssize_t start = 0;
    for (Py_ssize_t i = 0; dict != NULL && i <= n; i++) {
        PyObject *key = strings ? PyUnicode_FromFormat("%zd", i) : PyLong_FromSsize_t(i);
        if (key == NULL || PyDict_SetItem(dict, key, key)) Py_CLEAR(dict);
        Py_XDECREF(key);
    }
    if (dict != NULL && PyDict_Next(dict, &start, &first, &value)) {
        Py_INCREF(first);
        int bad = PyDict_DelItem(dict, first);
        Py_DECREF(first);
        if (bad) Py_CLEAR(dict);
    }
    return dict;
}

int compat_dict_layout_known(void) {
    int known = 1;
    for (int strings = 0; known > 0 && strings < 2; strings++) {
        PyObject *dict = sample(strings ? 4 : 130, strings); /* with indices of one byte, and of two */
        known = dict == NULL ? -1 : same_walk(dict);
        Py_XDECREF(dict);
    }
    return known;
}

PyObject *compat_dict_shape(PyObject *dict) {
    int paused = compat_gc_pause(0); /* nobody may have emptied `dict` meanwhile */
    PyObject *shape = PyDict_Copy(dict);
    compat_gc_resume(paused);
    compat_entries entries;
    if (shape == NULL || !compat_entries_from(1, shape, 0, &entries)) return shape;
    for (; entries.entry < entries.end; entries.entry += entries.step) {
        PyObject **place = (PyObject **)&entries.entry[1], *old = *place;
        if (old == NULL) continue;
        *place = Py_NewRef(Py_None);
        Py_DECREF(old); /* `dict` holds it too: nothing ends here */
    }
    return shape;
}

/* A copy's table is a copy of the table, whatever the keys hash to: no lookup, no growing. The values are then put into
 * it before anybody else has seen the dict. */
PyObject *compat_dict_like(PyObject *like, PyObject **items, Py_ssize_t n) {
    Py_INCREF(like); /* 3.11 may collect, and run finalisers, when a dict is made */
    PyObject *dict = PyDict_Copy(like);
    Py_DECREF(like);
    if (dict == NULL) return NULL;
    CYJSON_ASSERT(compat_dict_has_keys(like, items, n));
    compat_entries entries;
    int containers = 0,
        copied = compat_entries_from(1, dict, 0, &entries) && entries.end - entries.first == n * entries.step;
    if (UNLIKELY(!copied) || UNLIKELY(entries.entry[0] != items[0])) { /* built anew: not known to happen */
        Py_DECREF(dict);
        return compat_dict_from(items, n);
    }
    CYJSON_ASSERT(compat_dict_has_keys(dict, items, n));
    for (Py_ssize_t i = 0; i < n; i++, entries.entry += entries.step) {
        PyObject **place = (PyObject **)&entries.entry[1], *old = *place, *value = items[2 * i + 1];
        *place = value;
        containers |= PyType_IS_GC(Py_TYPE(value));
        Py_DECREF(old); /* `like` holds it too: nothing ends here */
        Py_DECREF(items[2 * i]);
    }
    if (containers !=
        PyObject_GC_IsTracked(dict)) { /* as in the interpreter: up to 3.13 what holds no container isn't tracked */
        if (containers) PyObject_GC_Track(dict);
        else if (PY_VERSION_HEX < 0x030E0000) PyObject_GC_UnTrack(dict);
    }
    return assert_consistent(dict);
}
#else
int compat_dict_layout_known(void) { return 0; }

PyObject *compat_dict_shape(PyObject *dict) { return PyDict_Copy(dict); }

PyObject *compat_dict_like(PyObject *like, PyObject **items, Py_ssize_t n) {
    (void)like, (void)items, (void)n;
    PyErr_SetString(PyExc_SystemError, "compat_dict_like: dicts aren't read here");
    return NULL;
}
#endif

PyObject *compat_dict_pairs(PyObject *dict) {
    PyObject *pairs, *key, *value;
    Py_ssize_t position = 0;
    COMPAT_BEGIN_CRITICAL_SECTION(dict);
    Py_ssize_t n = PyDict_GET_SIZE(dict);
    pairs = PyTuple_New(2 * n);
    for (Py_ssize_t i = 0; pairs != NULL && i < n && PyDict_Next(dict, &position, &key, &value); i++) {
        PyTuple_SET_ITEM(pairs, 2 * i, Py_NewRef(key));
        PyTuple_SET_ITEM(pairs, 2 * i + 1, Py_NewRef(value));
    }
    COMPAT_END_CRITICAL_SECTION();
    return pairs;
}

int compat_dict_next(PyObject *dict, Py_ssize_t *position, PyObject **key, PyObject **value) {
    int more;
    COMPAT_BEGIN_CRITICAL_SECTION(dict);
    more = PyDict_Next(dict, position, key, value);
    if (more) {
        Py_INCREF(*key);
        Py_INCREF(*value);
    }
    COMPAT_END_CRITICAL_SECTION();
    return more;
}

Py_ssize_t compat_dict_position(PyObject *dict, Py_ssize_t pairs) {
    Py_ssize_t position = 0;
    COMPAT_BEGIN_CRITICAL_SECTION(dict);
    while (pairs > 0 && PyDict_Next(dict, &position, NULL, NULL)) pairs--;
    COMPAT_END_CRITICAL_SECTION();
    return position;
}
