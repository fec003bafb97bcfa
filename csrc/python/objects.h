/* Objects read in place and made by hand: str, int, float, list, tuple; by public functions from an unknown CPython on
 * (COMPAT_KNOWS_OBJECTS). The caller holds the GIL; without one, see COMPAT_HAS_GIL. */
#ifndef CYJSON_PYTHON_OBJECTS_H
#define CYJSON_PYTHON_OBJECTS_H

#include "python/compat.h"

/* Whether a str's characters follow its header, as ASCII. */
static ALWAYS_INLINE int compat_is_compact_ascii(PyObject *str) {
#if COMPAT_MAKES_OBJECTS && (defined(__GNUC__) || defined(__clang__))
    /* Both bits by one mask, whose place the compiler knows. */
    __typeof__(((PyASCIIObject *)str)->state) both = {.compact = 1, .ascii = 1};
    uint32_t mask, state;
    _Static_assert(sizeof both == sizeof mask, "a str's state has another layout");
    memcpy(&mask, &both, sizeof mask);
    memcpy(&state, &((PyASCIIObject *)str)->state, sizeof state);
    return (state & mask) == mask;
#else
    return PyUnicode_IS_COMPACT_ASCII(str);
#endif
}

static ALWAYS_INLINE int compat_is_compact(PyObject *str) { return PyUnicode_IS_COMPACT(str); }

/* Return the characters of a str for which compat_is_compact_ascii holds. */
static ALWAYS_INLINE const uint8_t *compat_ascii_text(PyObject *str) {
#if COMPAT_KNOWS_OBJECTS
    return (const uint8_t *)((PyASCIIObject *)str + 1);
#else
    return PyUnicode_1BYTE_DATA(str);
#endif
}

/* Return the hash of a str; -1 where it hasn't been asked for, or can't be seen. */
static ALWAYS_INLINE Py_hash_t compat_str_hash(PyObject *str) {
#if COMPAT_KNOWS_OBJECTS
    return ((PyASCIIObject *)str)->hash;
#else
    (void)str;
    return -1;
#endif
}

/* Whether characters of `width` bytes follow a str's header. */
static ALWAYS_INLINE int compat_is_compact_of(PyObject *str, int width) {
    return PyUnicode_IS_COMPACT(str) && (int)PyUnicode_KIND(str) == width;
}

#if COMPAT_KNOWS_OBJECTS
#if PY_VERSION_HEX >= 0x030C0000
#define COMPAT_DIGITS long_value.ob_digit
#else
#define COMPAT_DIGITS ob_digit
#endif

/* An int's digits of PyLong_SHIFT bits (30 or 15), how many they are, and its sign, which is -1 to 1. */
static ALWAYS_INLINE const digit *compat_int_digits(PyObject *integer, size_t *count, int *sign) {
#if PY_VERSION_HEX >= 0x030C0000
    uintptr_t tag =
        ((PyLongObject *)integer)->long_value.lv_tag; /* digits << 3 | sign, which is 0, 1 (for zero) or 2 */
    *count = tag >> 3;
    *sign = 1 - (int)(tag & 3);
#else
    Py_ssize_t size = Py_SIZE(integer);
    *count = (size_t)(size < 0 ? -size : size);
    *sign = size < 0 ? -1 : size > 0;
#endif
    return ((PyLongObject *)integer)->COMPAT_DIGITS;
}

/* Get the value of an int of one digit: 1, or 0 where it has more. */
static ALWAYS_INLINE int compat_int_is_small(PyObject *integer, int32_t *value) {
    size_t count;
    int sign;
    const digit *digits = compat_int_digits(integer, &count, &sign);
    *value = sign * (int32_t)digits[0]; /* zero has a digit as well, and sign 0 */
    return count <= 1;
}

/* Get the value of an int of one digit that isn't negative: 1, or 0 for another. */
static ALWAYS_INLINE int compat_int_is_natural(PyObject *integer, uint32_t *value) {
#if PY_VERSION_HEX >= 0x030C0000
    const uintptr_t others = ~(uintptr_t)(1 << 3 | 1 << 2 | 1); /* one digit, whatever bit 2 says, and zero's sign */
    *value = ((PyLongObject *)integer)->COMPAT_DIGITS[0];
    return (((PyLongObject *)integer)->long_value.lv_tag & others) == 0;
#else
    *value = ((PyLongObject *)integer)->COMPAT_DIGITS[0];
    return (size_t)Py_SIZE(integer) <= 1;
#endif
}

/* Get the value of an int of two or three digits, from 2^15 to 2^63 - 1 or the negative of it: 1, or 0 for another. */
static ALWAYS_INLINE int compat_int_is_large(PyObject *integer, int64_t *value) {
    size_t count;
    int sign;
    const digit *digits = compat_int_digits(integer, &count, &sign);
    if (count < 2 || count > 3) return 0;
    uint64_t magnitude = (uint64_t)digits[0] | (uint64_t)digits[1] << PyLong_SHIFT;
    if (count == 3) {
        if (digits[2] >= (uint64_t)1 << (PyLong_SHIFT < 21 ? PyLong_SHIFT : 63 - 2 * PyLong_SHIFT)) return 0;
        magnitude |= (uint64_t)digits[2] << 2 * PyLong_SHIFT;
    }
    *value = sign * (int64_t)magnitude;
    return 1;
}
#else
static inline int compat_int_is_large(PyObject *integer, int64_t *value) {
    int overflow;
    *value = PyLong_AsLongLongAndOverflow(integer, &overflow);
    return !overflow && *value != INT64_MIN;
}
static inline int compat_int_is_natural(PyObject *integer, uint32_t *value) {
    int64_t any;
    if (!compat_int_is_large(integer, &any) || any < 0 || any >= (int64_t)1 << 30) return 0;
    *value = (uint32_t)any;
    return 1;
}
static inline int compat_int_is_small(PyObject *integer, int32_t *value) {
    int64_t any;
    if (!compat_int_is_large(integer, &any) || any <= -((int64_t)1 << 30) || any >= (int64_t)1 << 30) return 0;
    *value = (int32_t)any;
    return 1;
}
#endif

/* Return the UTF-8 that an earlier user of a non-ASCII str left in it, which the str owns, or NULL. */
static ALWAYS_INLINE const uint8_t *compat_cached_utf8(PyObject *str, Py_ssize_t *length) {
#if !COMPAT_MAKES_OBJECTS
    (void)str, (void)length;
    return NULL; /* without a GIL another thread may be storing it */
#else
    PyCompactUnicodeObject *s = (PyCompactUnicodeObject *)str;
    if (!PyUnicode_IS_COMPACT(str)) return NULL;
    *length = s->utf8_length;
    return (const uint8_t *)s->utf8;
#endif
}

/* Whether new objects have to be made known to somebody: to what watches all of them (from 3.13 on:
 * PyRefTracer_SetTracer), or to an interpreter that keeps account of them. Holds until Python code runs. */
static ALWAYS_INLINE int compat_new_objects_are_watched(void) {
#if defined(Py_REF_DEBUG) || defined(Py_TRACE_REFS) || !COMPAT_MAKES_OBJECTS
    return 1;
#elif PY_VERSION_HEX >= 0x030D0000
    void *ignored;
    return PyRefTracer_GetTracer(&ignored) != NULL;
#else
    return 0;
#endif
}

/* Make an object of a static type of memory from PyObject_Malloc, with one reference: PyObject_Init without a call,
 * unless new objects are watched. */
static ALWAYS_INLINE PyObject *compat_init(PyObject *memory, PyTypeObject *type, int watched) {
    if (UNLIKELY(watched)) return PyObject_Init(memory, type);
    memset(memory, 0, sizeof *memory); /* 3.14's header has more in it than the two */
    Py_SET_REFCNT(memory, 1);
    Py_SET_TYPE(memory, type);
    return memory;
}

#if defined(CYJSON_DEBUG)
/* End the process where a new object isn't what the interpreter would have made; return it. NULL passes. */
PyObject *assert_consistent(PyObject *object);
#else
static ALWAYS_INLINE PyObject *assert_consistent(PyObject *object) { return object; }
#endif

/* Return a float, as PyFloat_FromDouble does, which first asks for the thread, the interpreter and its free list. */
static ALWAYS_INLINE PyObject *compat_float_from(double value, int watched) {
#if COMPAT_MAKES_OBJECTS
    PyFloatObject *number = PyObject_Malloc(sizeof *number);
    if (UNLIKELY(number == NULL)) return PyErr_NoMemory();
    number->ob_fval = value;
    return assert_consistent(compat_init((PyObject *)number, &PyFloat_Type, watched));
#else
    (void)watched;
    return PyFloat_FromDouble(value);
#endif
}

/* Return a reference to None, a bool or a small int, whose references aren't counted from 3.12 on. */
static ALWAYS_INLINE PyObject *compat_singleton(PyObject *object) {
    return PY_VERSION_HEX >= 0x030C0000 && COMPAT_KNOWS_OBJECTS ? object : Py_NewRef(object);
}

enum { COMPAT_SMALL_INTS = 257 }; /* from 0 on, of which the interpreter has one each */

/* Return an int: of the small ones, which `small` has, or made of digits of 30 bits, as compat_int_is_large reads them.
 * NULL with MemoryError set. */
static ALWAYS_INLINE PyObject *compat_int_from(int64_t value, PyObject *const *small, int watched) {
    if ((uint64_t)value < COMPAT_SMALL_INTS) return compat_singleton(small[value]);
#if COMPAT_MAKES_OBJECTS && PyLong_SHIFT == 30
    enum { LEAST = -5, MOST = PY_VERSION_HEX >= 0x030F0000 ? 1024 : 256 }; /* kept by the interpreter */
    uint64_t magnitude = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    if (LIKELY((uint64_t)value - (uint64_t)LEAST > MOST - LEAST)) {
        unsigned large = magnitude >> (2 * PyLong_SHIFT) != 0, digits = 1 + (magnitude >> PyLong_SHIFT != 0) + large;
        PyLongObject *integer = PyObject_Malloc(offsetof(PyLongObject, COMPAT_DIGITS) + (2 + large) * sizeof(digit));
        if (UNLIKELY(integer == NULL)) return PyErr_NoMemory();
        digit *d = integer->COMPAT_DIGITS;
        d[0] = (digit)(magnitude & PyLong_MASK);
        d[1] = (digit)(magnitude >> PyLong_SHIFT & PyLong_MASK);
        if (UNLIKELY(large)) d[2] = (digit)(magnitude >> (2 * PyLong_SHIFT));
        compat_init((PyObject *)integer, &PyLong_Type, watched);
#if PY_VERSION_HEX >= 0x030C0000
        integer->long_value.lv_tag = (uintptr_t)digits << 3 | (uintptr_t)(value < 0) << 1;
#else
        Py_SET_SIZE(integer, value < 0 ? -(Py_ssize_t)digits : (Py_ssize_t)digits);
#endif
        return assert_consistent((PyObject *)integer);
    }
#else
    (void)watched;
#endif
    return sizeof(long) == sizeof(int64_t) ? PyLong_FromLong((long)value) : PyLong_FromLongLong(value);
}

/* Return a str of n > 1 ASCII characters, which are yet to be written at compat_ascii_room, with the header of a model:
 * another ASCII str, never hashed and never interned. n is the length of text in memory. NULL with MemoryError set. */
static ALWAYS_INLINE PyObject *compat_ascii_like(PyObject *model, Py_ssize_t n, int watched) {
#if COMPAT_MAKES_OBJECTS
    PyASCIIObject *str = PyObject_Malloc(sizeof *str + (size_t)n + 1);
    if (UNLIKELY(str == NULL)) return PyErr_NoMemory();
    enum { HEADER = sizeof(PyObject) }; /* which compat_init sets */
    memcpy((char *)str + HEADER, (char *)model + HEADER, sizeof *str - HEADER);
    str->length = n;
    ((char *)(str + 1))[n] = 0;
    return compat_init((PyObject *)str, &PyUnicode_Type, watched);
#else
    (void)model, (void)watched;
    return PyUnicode_New(n, 0x7F);
#endif
}

/* Return where the characters of what compat_ascii_like gave are: PyUnicode_DATA would look at what it is. */
static ALWAYS_INLINE uint8_t *compat_ascii_room(PyObject *str) {
#if COMPAT_MAKES_OBJECTS
    return (uint8_t *)((PyASCIIObject *)str + 1);
#else
    return PyUnicode_DATA(str);
#endif
}

/* Return a list for n items, which are yet to be set; NULL with MemoryError set. Without a GIL PyList_New that finds no
 * memory for them frees the array that an earlier list had (3.13 and 3.14: cpython#152125). One without items comes
 * back from its free list as the next, and has none. */
static ALWAYS_INLINE PyObject *compat_list_new(Py_ssize_t n) {
#if !COMPAT_HAS_GIL
    if (n > 0) {
        PyObject *empty = PyList_New(0);
        if (UNLIKELY(empty == NULL)) return NULL;
        Py_DECREF(empty);
    }
#endif
    return PyList_New(n);
}

/* Return a list of n items, taking over the references; NULL with MemoryError set, and none taken. */
static ALWAYS_INLINE PyObject *compat_list_from(PyObject *const *items, Py_ssize_t n) {
#if COMPAT_MAKES_OBJECTS
    /* PyList_New(n) would have the array zeroed first. PyListObject's fields are public. */
    PyObject *list = PyList_New(0);
    if (UNLIKELY(list == NULL) || UNLIKELY(n == 0)) return list;
    PyObject **array = PyMem_Malloc((size_t)n * sizeof *array); /* n objects are in memory: no overflow */
    if (UNLIKELY(array == NULL)) {
        Py_DECREF(list);
        return PyErr_NoMemory();
    }
    array[0] = items[0]; /* most lists are short, for which a loop of vectors is long */
    if (n > 1) array[1] = items[1];
    for (Py_ssize_t i = 2; i < n; i++) array[i] = items[i];
    ((PyListObject *)list)->ob_item = array;
    ((PyListObject *)list)->allocated = n;
    Py_SET_SIZE((PyVarObject *)list, n);
#else
    PyObject *list = compat_list_new(n);
    if (list == NULL) return NULL;
    for (Py_ssize_t i = 0; i < n; i++) PyList_SET_ITEM(list, i, items[i]);
#endif
    return assert_consistent(list);
}

/* Append n items to a list that nobody else has seen, taking over the references; -1 with MemoryError set, and none
 * taken. */
static inline int compat_list_take(PyObject *list, PyObject **items, Py_ssize_t n) {
#if !COMPAT_MAKES_OBJECTS
    for (Py_ssize_t i = 0; i < n; i++)
        if (PyList_Append(list, items[i])) return -1;
    for (Py_ssize_t i = 0; i < n; i++) Py_DECREF(items[i]);
#else
    /* What list.extend does, without a reference count touched: PyListObject's fields are public. */
    if (n == 0) return 0; /* an empty list has no array */
    PyListObject *l = (PyListObject *)list;
    Py_ssize_t size = Py_SIZE(l), need = size + n; /* both count objects in memory: no overflow */
    if (need > l->allocated) {
        size_t room = (size_t)need + ((size_t)need >> 3) + 6;
        PyObject **grown = PyMem_Realloc(l->ob_item, room * sizeof *grown);
        if (grown == NULL) {
            PyErr_NoMemory();
            return -1;
        }
        l->ob_item = grown;
        l->allocated = (Py_ssize_t)room;
    }
    memcpy(l->ob_item + size, items, (size_t)n * sizeof *items);
    Py_SET_SIZE(l, need);
    assert_consistent(list);
#endif
    return 0;
}

/* Whether no one else has a tuple, so that it can be filled again; what is remembered of its old items is forgotten. */
static ALWAYS_INLINE int compat_tuple_is_ours(PyObject *tuple) {
#if !COMPAT_MAKES_OBJECTS
    (void)tuple;
    return 0;
#else
    if (Py_REFCNT(tuple) != 1) return 0;
#if PY_VERSION_HEX >= 0x030E0000
    ((PyTupleObject *)tuple)->ob_hash = -1;
#endif
    return 1;
#endif
}

/* Return the array of a list's or tuple's items; NULL without a GIL, where another thread may be replacing it. */
static ALWAYS_INLINE PyObject *const *compat_items(PyObject *sequence) {
    return COMPAT_HAS_GIL ? PySequence_Fast_ITEMS(sequence) : NULL;
}

/* Return the i-th item of a list or tuple that has just had more, and whose compat_items these are. Until
 * compat_item_done it lives as long as it is in there, or, where another thread may take it out, as long as is needed.
 * NULL without an exception where one has (never with the GIL). */
static ALWAYS_INLINE PyObject *compat_item(PyObject *sequence, PyObject *const *items, Py_ssize_t i) {
#if COMPAT_HAS_GIL
    (void)sequence;
    return items[i];
#else
    (void)items;
    if (PyTuple_Check(sequence)) return Py_NewRef(PyTuple_GET_ITEM(sequence, i));
    PyObject *item = PyList_GetItemRef(sequence, i);
    if (UNLIKELY(item == NULL)) PyErr_Clear(); /* IndexError */
    return item;
#endif
}

static ALWAYS_INLINE void compat_item_done(PyObject *item) {
    if (!COMPAT_HAS_GIL) Py_DECREF(item);
}

#endif
