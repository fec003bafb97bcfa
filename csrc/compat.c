#include "compat.h"

#if COMPAT_READS_DICTS
/* Whether our walk over a dict's entries sees what PyDict_Next sees. */
static int same_walk(PyObject *dict)
{
    const compat_dict_keys *keys = (const compat_dict_keys *)((PyDictObject *)dict)->ma_keys;
    if (keys->entries < PyDict_GET_SIZE(dict) || keys->entries > 2 * PyDict_GET_SIZE(dict) || keys->log2_index_bytes > 12) return 0;
    Py_ssize_t ours = 0, theirs = 0;
    PyObject *key, *value, *our_key, *our_value;
    while (PyDict_Next(dict, &theirs, &key, &value))
        if (!compat_dict_next(1, dict, &ours, &our_key, &our_value) || our_key != key || our_value != value || ours != theirs)
            return 0;
    return !compat_dict_next(1, dict, &ours, &our_key, &our_value);
}

/* A dict of n keys, str or int, the first of which is gone again. */
static PyObject *sample(Py_ssize_t n, int strings)
{
    PyObject *dict = PyDict_New();
    for (Py_ssize_t i = 0; dict != NULL && i <= n; i++) {
        PyObject *key = strings ? PyUnicode_FromFormat("%zd", i) : PyLong_FromSsize_t(i);
        if (key == NULL || PyDict_SetItem(dict, key, key) || (i == 1 && PyDict_DelItemString(dict, "0") && strings)) Py_CLEAR(dict);
        if (dict != NULL && !strings) PyErr_Clear(); /* "0" isn't there */
        Py_XDECREF(key);
    }
    return dict;
}

int compat_dict_layout_known(void)
{
    int known = 1;
    for (int i = 0; known > 0 && i < 6; i++) {
        static const Py_ssize_t sizes[] = {3, 30, 300};
        PyObject *dict = sample(sizes[i / 2], i % 2);
        known = dict == NULL ? -1 : same_walk(dict);
        Py_XDECREF(dict);
    }
    return known;
}
#else
int compat_dict_layout_known(void) { return 0; }
#endif
