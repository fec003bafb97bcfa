/* What CYJSON_DEBUG checks of each object that is made by hand. Nothing here allocates or runs Python code. */
#include "python/dicts.h"

#if defined(CYJSON_DEBUG)
static Py_hash_t hash_of(PyObject *str) {
    return compat_hash(PyUnicode_DATA(str), PyUnicode_GET_LENGTH(str) * (Py_ssize_t)PyUnicode_KIND(str));
}

static void str_is_consistent(PyObject *str) {
    const int kind = (int)PyUnicode_KIND(str);
    const void *data = PyUnicode_DATA(str);
    const Py_ssize_t n = PyUnicode_GET_LENGTH(str);
    Py_UCS4 greatest = 0;
    CYJSON_ASSERT(compat_is_compact(str) && n >= 0 && (kind == 1 || kind == 2 || kind == 4));
    for (Py_ssize_t i = 0; i < n; i++) greatest = Py_MAX(greatest, PyUnicode_READ(kind, data, i));
    CYJSON_ASSERT(PyUnicode_READ(kind, data, n) == 0);
    CYJSON_ASSERT(PyUnicode_IS_ASCII(str) == (greatest < 0x80) && greatest <= 0x10FFFF);
    CYJSON_ASSERT(compat_is_compact_ascii(str) == (greatest < 0x80));
    CYJSON_ASSERT(kind == (greatest < 0x100 ? 1 : greatest < 0x10000 ? 2 : 4));
    CYJSON_ASSERT(compat_str_hash(str) == -1 || n == 0 || compat_str_hash(str) == hash_of(str));
}

static void int_is_consistent(PyObject *integer) {
#if COMPAT_KNOWS_OBJECTS
    size_t count;
    int sign;
    const digit *digits = compat_int_digits(integer, &count, &sign);
    CYJSON_ASSERT(sign >= -1 && sign <= 1 && (sign == 0) == (count == 0 || (count == 1 && digits[0] == 0)));
    for (size_t i = 0; i < count; i++) CYJSON_ASSERT(digits[i] <= PyLong_MASK);
    CYJSON_ASSERT(count <= 1 || digits[count - 1] != 0);
    /* The interpreter has one each of the small ones: a second would be `is not`, where the stdlib's are `is`. */
    if (count <= 1 && digits[0] <= 256 && (sign >= 0 || digits[0] <= 5)) {
        PyObject *shared = PyLong_FromLong(sign * (long)digits[0]);
        CYJSON_ASSERT(shared == integer);
        Py_XDECREF(shared);
    }
#endif
    CYJSON_ASSERT(PyLong_CheckExact(integer));
}

static void list_is_consistent(PyObject *list) {
    Py_ssize_t n = PyList_GET_SIZE(list);
    CYJSON_ASSERT(n >= 0 && n <= ((PyListObject *)list)->allocated);
    CYJSON_ASSERT(n == 0 || ((PyListObject *)list)->ob_item != NULL);
    for (Py_ssize_t i = 0; i < n; i++) CYJSON_ASSERT(PyList_GET_ITEM(list, i) != NULL);
    CYJSON_ASSERT(PyObject_GC_IsTracked(list));
}

/* Of str keys, which no Python code compares. */
static void dict_is_consistent(PyObject *dict) {
    PyObject *key, *value;
    Py_ssize_t n = 0;
    int containers = 0;
    for (Py_ssize_t at = 0; PyDict_Next(dict, &at, &key, &value); n++) {
        CYJSON_ASSERT(PyUnicode_CheckExact(key) && value != NULL);
        CYJSON_ASSERT(PyDict_GetItemWithError(dict, key) == value);
        containers |= PyType_IS_GC(Py_TYPE(value));
    }
    CYJSON_ASSERT(n == PyDict_GET_SIZE(dict) && n == ((PyDictObject *)dict)->ma_used);
    CYJSON_ASSERT(!containers || PyObject_GC_IsTracked(dict));
}

PyObject *assert_consistent(PyObject *object) {
    if (object == NULL) return NULL;
    CYJSON_ASSERT(Py_REFCNT(object) > 0);
    if (PyUnicode_CheckExact(object)) str_is_consistent(object);
    else if (PyLong_CheckExact(object)) int_is_consistent(object);
    else if (PyList_CheckExact(object)) list_is_consistent(object);
    else if (PyDict_CheckExact(object)) dict_is_consistent(object);
    else CYJSON_ASSERT(PyFloat_CheckExact(object));
    return object;
}
#endif
