#include "keycache.h"

PyObject *keycache_replace(PyObject **slot, const uint8_t *p, size_t n)
{
    PyObject *key = PyUnicode_New((Py_ssize_t)n, 0x7F);
    if (key == NULL) return NULL;
    memcpy(PyUnicode_1BYTE_DATA(key), p, n);
    if (PyObject_Hash(key) == -1) { /* fills the str's own hash field */
        Py_DECREF(key);
        return NULL;
    }
    Py_INCREF(key);
    Py_XSETREF(*slot, key); /* a str's end runs no Python code */
    return key;
}

void keycache_clear(keycache *cache)
{
    for (int i = 0; i < KEYCACHE_SLOTS; i++) Py_CLEAR(cache->slots[i]);
}
