/* Everything that differs between CPython versions and builds, behind one name each. */
#ifndef CYJSON_COMPAT_H
#define CYJSON_COMPAT_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdint.h>

#include "vec.h"

/* ---- threads ---- */

/* With the GIL (1) nobody else runs while C code does. Without it (0: free-threaded builds, from 3.13 on) any other thread may
 * change a list or dict, and any field that calls share, between two instructions. str, bytes, numbers and tuples don't change. */
#if defined(Py_GIL_DISABLED)
#define COMPAT_HAS_GIL 0
#else
#define COMPAT_HAS_GIL 1
#endif

/* Around code that reads what an object's own methods change; not around code that may run Python's. */
#if COMPAT_HAS_GIL
#define COMPAT_BEGIN_CRITICAL_SECTION(object) {
#define COMPAT_END_CRITICAL_SECTION() }
#else
#define COMPAT_BEGIN_CRITICAL_SECTION Py_BEGIN_CRITICAL_SECTION
#define COMPAT_END_CRITICAL_SECTION Py_END_CRITICAL_SECTION
#endif

/* Set a flag that one thread may hold at a time: whether it was free. */
static ALWAYS_INLINE int compat_acquire(int *flag)
{
#if COMPAT_HAS_GIL
    int was = *flag;
    *flag = 1;
    return !was;
#else
    return !_Py_atomic_exchange_int(flag, 1);
#endif
}

static ALWAYS_INLINE void compat_release(int *flag)
{
#if COMPAT_HAS_GIL
    *flag = 0;
#else
    _Py_atomic_store_int_release(flag, 0);
#endif
}

/* Fields on which nothing else depends, so that an old value will do. */
static ALWAYS_INLINE int compat_load_int(const int *place)
{
#if COMPAT_HAS_GIL
    return *place;
#else
    return _Py_atomic_load_int_relaxed(place);
#endif
}

static ALWAYS_INLINE void compat_store_int(int *place, int value)
{
#if COMPAT_HAS_GIL
    *place = value;
#else
    _Py_atomic_store_int_relaxed(place, value);
#endif
}

static ALWAYS_INLINE Py_ssize_t compat_load_size(const Py_ssize_t *place)
{
#if COMPAT_HAS_GIL
    return *place;
#else
    return _Py_atomic_load_ssize_relaxed(place);
#endif
}

static ALWAYS_INLINE void compat_store_size(Py_ssize_t *place, Py_ssize_t value)
{
#if COMPAT_HAS_GIL
    *place = value;
#else
    _Py_atomic_store_ssize_relaxed(place, value);
#endif
}

static ALWAYS_INLINE int64_t compat_load_int64(const int64_t *place)
{
#if COMPAT_HAS_GIL
    return *place;
#else
    return _Py_atomic_load_int64_relaxed(place);
#endif
}

static ALWAYS_INLINE void compat_store_int64(int64_t *place, int64_t value)
{
#if COMPAT_HAS_GIL
    *place = value;
#else
    _Py_atomic_store_int64_relaxed(place, value);
#endif
}

/* ---- objects ---- */

/* Legacy strings that are not "ready" ended with 3.12. */
static ALWAYS_INLINE int compat_str_ready(PyObject *str)
{
#if PY_VERSION_HEX < 0x030C0000
    return PyUnicode_READY(str);
#else
    (void)str;
    return 0;
#endif
}

/* A truth value that the compiler can't split into branches, for where none could be predicted. */
static ALWAYS_INLINE int compat_opaque(int x)
{
#if defined(__GNUC__) || defined(__clang__)
    __asm__("" : "+r"(x));
#endif
    return x;
}

/* Whether a str's characters follow its header, as ASCII. */
static ALWAYS_INLINE int compat_is_compact_ascii(PyObject *str)
{
#if COMPAT_HAS_GIL && (defined(__GNUC__) || defined(__clang__)) && !defined(PYPY_VERSION)
    /* Both bits by one mask, of which the compiler knows where they lie. */
    __typeof__(((PyASCIIObject *)str)->state) both = {.compact = 1, .ascii = 1};
    uint32_t mask, state;
    _Static_assert(sizeof both == sizeof mask, "a str's state has another layout");
    memcpy(&mask, &both, sizeof mask);
    memcpy(&state, &((PyASCIIObject *)str)->state, sizeof state);
    return (state & mask) == mask;
#else
    return ((PyASCIIObject *)str)->state.compact & ((PyASCIIObject *)str)->state.ascii;
#endif
}

static ALWAYS_INLINE int compat_is_compact(PyObject *str) { return ((PyASCIIObject *)str)->state.compact; }

/* Whether characters of `width` bytes follow a str's header. */
static ALWAYS_INLINE int compat_is_compact_of(PyObject *str, int width)
{
    return ((PyASCIIObject *)str)->state.compact && ((PyASCIIObject *)str)->state.kind == (unsigned)width;
}

#if PY_VERSION_HEX >= 0x030C0000
#define COMPAT_DIGITS long_value.ob_digit
#else
#define COMPAT_DIGITS ob_digit
#endif

/* An int's digits of PyLong_SHIFT bits (30 or 15), how many they are, and its sign, which is -1 to 1. */
static ALWAYS_INLINE const digit *compat_int_digits(PyObject *integer, size_t *count, int *sign)
{
#if PY_VERSION_HEX >= 0x030C0000
    uintptr_t tag = ((PyLongObject *)integer)->long_value.lv_tag; /* digits << 3 | sign, which is 0, 1 (for zero) or 2 */
    *count = tag >> 3;
    *sign = 1 - (int)(tag & 3);
#else
    Py_ssize_t size = Py_SIZE(integer);
    *count = (size_t)(size < 0 ? -size : size);
    *sign = size < 0 ? -1 : size > 0;
#endif
    return ((PyLongObject *)integer)->COMPAT_DIGITS;
}

/* The value of an int of one digit; 0 where it has more. */
static ALWAYS_INLINE int compat_int_is_small(PyObject *integer, int32_t *value)
{
    size_t count;
    int sign;
    const digit *digits = compat_int_digits(integer, &count, &sign);
    *value = sign * (int32_t)digits[0]; /* zero has a digit as well, and sign 0 */
    return count <= 1;
}

/* The value of an int of two or three digits, at least 2^15 and below 2^63 but for its sign; 0 for another. */
static ALWAYS_INLINE int compat_int_is_large(PyObject *integer, int64_t *value)
{
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

/* UTF-8 that an earlier user of a non-ASCII str left in it, or NULL. */
static ALWAYS_INLINE const uint8_t *compat_cached_utf8(PyObject *str, Py_ssize_t *length)
{
#if !COMPAT_HAS_GIL || defined(PYPY_VERSION)
    (void)str, (void)length;
    return NULL; /* another thread may be storing it */
#else
    PyCompactUnicodeObject *s = (PyCompactUnicodeObject *)str;
    if (!PyUnicode_IS_COMPACT(str)) return NULL;
    *length = s->utf8_length;
    return (const uint8_t *)s->utf8;
#endif
}

/* Whether new objects have to be made known to somebody: to what watches all of them (from 3.13 on: PyRefTracer_SetTracer), or to an
 * interpreter that keeps account of them. Holds until Python code runs. */
static ALWAYS_INLINE int compat_new_objects_are_watched(void)
{
#if defined(Py_REF_DEBUG) || defined(Py_TRACE_REFS) || defined(PYPY_VERSION) || !COMPAT_HAS_GIL
    return 1;
#elif PY_VERSION_HEX >= 0x030D0000
    void *ignored;
    return PyRefTracer_GetTracer(&ignored) != NULL;
#else
    return 0;
#endif
}

/* Memory of PyObject_Malloc as an object of a static type: PyObject_Init without a call, unless new objects are watched. */
static ALWAYS_INLINE PyObject *compat_init(PyObject *memory, PyTypeObject *type, int watched)
{
    if (UNLIKELY(watched)) return PyObject_Init(memory, type);
    memset(memory, 0, sizeof *memory); /* 3.14's header has more in it than the two */
    Py_SET_REFCNT(memory, 1);
    Py_SET_TYPE(memory, type);
    return memory;
}

/* A float, as PyFloat_FromDouble makes it, which first asks for the thread, the interpreter and its free list. */
static ALWAYS_INLINE PyObject *compat_float_from(double value, int watched)
{
    PyFloatObject *number = PyObject_Malloc(sizeof *number);
    if (UNLIKELY(number == NULL)) return PyErr_NoMemory();
    number->ob_fval = value;
    return compat_init((PyObject *)number, &PyFloat_Type, watched);
}

/* A reference to None, a bool or a small int, whose references aren't counted from 3.12 on. */
static ALWAYS_INLINE PyObject *compat_singleton(PyObject *object)
{
    return PY_VERSION_HEX >= 0x030C0000 ? object : Py_NewRef(object);
}

enum { COMPAT_SMALL_INTS = 257 }; /* from 0 on, of which the interpreter has one each */

/* An int, `small` having the small ones. Others are put together of digits of 30 bits, as compat_int_is_large takes them apart. */
static ALWAYS_INLINE PyObject *compat_int_from(int64_t value, PyObject *const *small, int watched)
{
    if ((uint64_t)value < COMPAT_SMALL_INTS) return compat_singleton(small[value]);
#if COMPAT_HAS_GIL && PyLong_SHIFT == 30 && !defined(PYPY_VERSION)
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
#if PY_VERSION_HEX >= 0x030C0000
        integer->long_value.lv_tag = (uintptr_t)digits << 3 | (uintptr_t)(value < 0) << 1;
        return compat_init((PyObject *)integer, &PyLong_Type, watched);
#else
        compat_init((PyObject *)integer, &PyLong_Type, watched);
        Py_SET_SIZE(integer, value < 0 ? -(Py_ssize_t)digits : (Py_ssize_t)digits);
        return (PyObject *)integer;
#endif
    }
#else
    (void)watched;
#endif
    return sizeof(long) == sizeof(int64_t) ? PyLong_FromLong((long)value) : PyLong_FromLongLong(value);
}

/* A str of n > 1 ASCII characters, which are yet to be written, with the header of a model: another such str, never hashed and
 * never interned. n is the length of text in memory. NULL with MemoryError set. */
static ALWAYS_INLINE PyObject *compat_ascii_like(PyObject *model, Py_ssize_t n, int watched)
{
#if COMPAT_HAS_GIL && !defined(PYPY_VERSION)
    PyASCIIObject *str = PyObject_Malloc(sizeof *str + (size_t)n + 1);
    if (UNLIKELY(str == NULL)) return PyErr_NoMemory();
    memcpy(str, model, sizeof *str);
    str->length = n;
    ((char *)(str + 1))[n] = 0;
    return compat_init((PyObject *)str, &PyUnicode_Type, watched);
#else
    (void)model, (void)watched;
    return PyUnicode_New(n, 0x7F);
#endif
}

#if PY_VERSION_HEX >= 0x030D0000 /* exported, and declared in headers of the interpreter's own */
PyAPI_FUNC(int) _PyDict_SetItem_KnownHash(PyObject *dict, PyObject *key, PyObject *value, Py_hash_t hash);
PyAPI_FUNC(PyObject *) _PyDict_FromItems(PyObject *const *keys, Py_ssize_t keys_offset, PyObject *const *values,
                                         Py_ssize_t values_offset, Py_ssize_t length);
PyAPI_FUNC(int) _PyDict_SetItem_Take2(PyDictObject *dict, PyObject *key, PyObject *value);
#endif

/* Whether a type's version tells that nothing about it has changed. On 3.10 sys._clear_type_cache() has versions given out again;
 * without a GIL the type may change while it is looked at. */
#define COMPAT_HAS_TYPE_VERSIONS (PY_VERSION_HEX >= 0x030B0000 && COMPAT_HAS_GIL)

/* A number that no type has once one of its attributes, or of its bases', has changed, and that no other type ever has; 0: none. */
static ALWAYS_INLINE unsigned compat_type_version(PyTypeObject *type)
{
#if PY_VERSION_HEX < 0x030C0000
    if (!PyType_HasFeature(type, Py_TPFLAGS_VALID_VERSION_TAG)) return 0;
#endif
    return COMPAT_HAS_TYPE_VERSIONS ? type->tp_version_tag : 0;
}

/* A dict of n pairs, str keys and values alternating from items on, taking over the references; NULL with MemoryError set, and
 * none taken. */
static ALWAYS_INLINE PyObject *compat_dict_from(PyObject **items, Py_ssize_t n)
{
    PyObject *dict;
#if PY_VERSION_HEX >= 0x030D0000
    enum { SMALLEST_TABLE = 5 }; /* as many are in every dict's first one */
    if (COMPAT_HAS_GIL && n <= SMALLEST_TABLE) {
        dict = PyDict_New();
        for (Py_ssize_t i = 0; dict != NULL && i < n; i++)
            if (UNLIKELY(_PyDict_SetItem_Take2((PyDictObject *)dict, items[2 * i], items[2 * i + 1]))) {
                Py_CLEAR(dict); /* it took these two, too */
                for (Py_ssize_t k = 0; k < 2 * i + 2; k++) items[k] = Py_None; /* which isn't counted */
            }
        return dict;
    }
    dict = _PyDict_FromItems(items, 2, items + 1, 2, n);
#else
    dict = PyDict_New();
    for (Py_ssize_t i = 0; dict != NULL && i < n; i++) {
        PyObject *key = items[2 * i];
        Py_hash_t hash = ((PyASCIIObject *)key)->hash;
        int bad = hash == -1 ? PyDict_SetItem(dict, key, items[2 * i + 1])
                             : _PyDict_SetItem_KnownHash(dict, key, items[2 * i + 1], hash);
        if (UNLIKELY(bad)) Py_CLEAR(dict);
    }
#endif
    for (Py_ssize_t i = 0; dict != NULL && i < 2 * n; i++) Py_DECREF(items[i]);
    return dict;
}

/* The table of a dict's entries, read directly where it has the layout that 3.11 to 3.15 share. */
#if PY_VERSION_HEX >= 0x030B0000 && PY_VERSION_HEX < 0x03100000 && COMPAT_HAS_GIL && !defined(PYPY_VERSION)
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
/* The words of a table's entries, which come behind its indices. */
static ALWAYS_INLINE PyObject *const *compat_words(const compat_dict_keys *keys)
{
    return (PyObject *const *)(keys->indices + ((size_t)1 << keys->log2_index_bytes));
}
#endif

int compat_dict_layout_known(void); /* 1, 0 where the interpreter's functions are to be used, -1 with an exception set */

enum { COMPAT_AHEAD = 2 };

/* Where a walk over a dict goes on. Good until Python code runs, which may change the dict. */
typedef struct {
    PyObject *const *entry, *const *end; /* the next key, which its value follows */
    PyObject *const *send;               /* of entries before this one, that one's value which is COMPAT_AHEAD further is worth sending for */
    PyObject *const *first;
    Py_ssize_t step; /* words from one entry to the next */
} compat_entries;

/* Set out at the index-th of so many words that are keys and values in turn. */
static ALWAYS_INLINE void compat_entries_of_pairs(compat_entries *entries, PyObject *const *words, Py_ssize_t index, Py_ssize_t count)
{
    entries->step = 2;
    entries->first = words;
    entries->entry = words + index;
    entries->end = words + count;
    entries->send = entries->end - 2 * COMPAT_AHEAD;
}

/* Set out from an entry's index, which is PyDict_Next's position for this dict too: 1, or 0 where PyDict_Next is to be
 * used. `known` is what compat_dict_layout_known found out. */
static ALWAYS_INLINE int compat_entries_from(int known, PyObject *dict, Py_ssize_t index, compat_entries *entries)
{
#if COMPAT_READS_DICTS
    PyDictObject *d = (PyDictObject *)dict;
    if (UNLIKELY(!known || d->ma_values != NULL)) return 0; /* values that lie elsewhere: an instance's __dict__ */
    const compat_dict_keys *keys = (const compat_dict_keys *)d->ma_keys;
    PyObject *const *words = compat_words(keys);
    if (LIKELY(compat_opaque(keys->kind))) compat_entries_of_pairs(entries, words, 2 * index, 2 * keys->entries);
    else { /* behind a hash each */
        entries->step = 3;
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
static ALWAYS_INLINE void compat_entries_of_tuple(PyObject *tuple, Py_ssize_t index, compat_entries *entries)
{
    compat_entries_of_pairs(entries, ((PyTupleObject *)tuple)->ob_item, 2 * index, PyTuple_GET_SIZE(tuple));
}

/* The next pair as borrowed references; 0 at the end. */
static ALWAYS_INLINE int compat_entries_next(compat_entries *entries, PyObject **key, PyObject **value)
{
    while (LIKELY(entries->entry < entries->end)) {
        PyObject *const *entry = entries->entry;
        entries->entry += entries->step;
        if (UNLIKELY(entry[1] == NULL)) continue; /* deleted */
        *key = entry[0];
        *value = entry[1];
        return 1;
    }
    return 0;
}

/* Send for the value that comes after COMPAT_AHEAD others. */
static ALWAYS_INLINE void compat_entries_prefetch(const compat_entries *entries)
{
    if (entries->entry < entries->send) PREFETCH(entries->entry[COMPAT_AHEAD * entries->step + 1]);
}

/* Send for a dict's table. */
static ALWAYS_INLINE void compat_prefetch_table(PyObject *dict)
{
    const char *table = (const char *)((PyDictObject *)dict)->ma_keys;
    PREFETCH(table);
    PREFETCH(table + 64);
}

/* The index of the next entry: PyDict_Next's position. */
static ALWAYS_INLINE Py_ssize_t compat_entries_index(const compat_entries *entries)
{
    size_t words = (size_t)(entries->entry - entries->first);
    return (Py_ssize_t)(entries->step == 2 ? words / 2 : words / 3);
}

/* Whether a dict's keys are the very objects items[0], items[2], ... in this order, n of them. */
static ALWAYS_INLINE int compat_dict_has_keys(PyObject *dict, PyObject *const *items, Py_ssize_t n)
{
    compat_entries entries;
    if (PyDict_GET_SIZE(dict) != n || !compat_entries_from(1, dict, 0, &entries)) return 0;
    if (entries.end - entries.first != n * entries.step) return 0;
    for (Py_ssize_t i = 0; i < n; i++, entries.entry += entries.step)
        if (entries.entry[0] != items[2 * i]) return 0;
    return 1;
}

/* From 3.13 on an instance has its attributes' values behind its fields, in the order of the names that its class has met,
 * until its __dict__ is asked for, which then shares them. If it dies while memory is short, 3.13 loses that __dict__, with values
 * that are gone, for the collector to find; later versions empty it, and write a message (cpython#124547). So it isn't asked for. */
#define COMPAT_READS_ATTRIBUTES (COMPAT_READS_DICTS && PY_VERSION_HEX >= 0x030D0000)

#if COMPAT_READS_ATTRIBUTES
typedef struct { /* the interpreter's struct _dictvalues */
    uint8_t capacity, size, embedded, valid;
    PyObject *values[];
} compat_values;
#endif

/* Whether they are found in a new instance, which nobody else will use; -1 with an exception set. */
int compat_attributes_known(PyObject *instance);

/* The attributes of an instance that has no __dict__ yet: the names from *names on, every other word, and *n values, NULL where
 * it lacks one. 0 where its __dict__ is to be asked for. `known` is what compat_attributes_known found out. */
static ALWAYS_INLINE int compat_attributes(int known, PyObject *instance, PyObject *const **names, PyObject *const **values, Py_ssize_t *n)
{
#if COMPAT_READS_ATTRIBUTES
    enum { DICT = -3 }; /* words from the object to the pointer to its __dict__ */
    PyTypeObject *type = Py_TYPE(instance);
    if (!known || !PyType_HasFeature(type, Py_TPFLAGS_INLINE_VALUES) || ((PyObject **)instance)[DICT] != NULL) return 0;
    const compat_values *own = (const compat_values *)((char *)instance + type->tp_basicsize);
    const compat_dict_keys *keys = (const compat_dict_keys *)((PyHeapTypeObject *)type)->ht_cached_keys;
    if (!own->valid) return 0;
    *names = compat_words(keys);
    *values = own->values;
    *n = Py_MIN(keys->entries, own->capacity);
    return 1;
#else
    (void)known, (void)instance, (void)names, (void)values, (void)n;
    return 0;
#endif
}

/* A dict with the keys of another, and none of its values; NULL with MemoryError set. */
PyObject *compat_dict_shape(PyObject *dict);

/* A dict with the keys of `like`, for which compat_dict_has_keys holds, and the values items[1], items[3], ..., taking over
 * the references to all of items; NULL with MemoryError set, and none taken. */
PyObject *compat_dict_like(PyObject *like, PyObject **items, Py_ssize_t n);

/* A list for n items, which are yet to be set. Without a GIL PyList_New that finds no memory for them frees the array that an
 * earlier list had (3.13 and 3.14: cpython#152125). One without items comes back from its free list as the next, and has none. */
static ALWAYS_INLINE PyObject *compat_list_new(Py_ssize_t n)
{
#if !COMPAT_HAS_GIL
    if (n > 0) {
        PyObject *empty = PyList_New(0);
        if (UNLIKELY(empty == NULL)) return NULL;
        Py_DECREF(empty);
    }
#endif
    return PyList_New(n);
}

/* A list of n items, taking over the references; NULL with MemoryError set, and none taken. */
static ALWAYS_INLINE PyObject *compat_list_from(PyObject *const *items, Py_ssize_t n)
{
#if COMPAT_HAS_GIL && !defined(PYPY_VERSION)
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
    return list;
#else
    PyObject *list = compat_list_new(n);
    if (list == NULL) return NULL;
    for (Py_ssize_t i = 0; i < n; i++) PyList_SET_ITEM(list, i, items[i]);
    return list;
#endif
}

/* Append n items to a list that nobody else has seen, taking over the references; -1 with MemoryError set, and none taken. */
static inline int compat_list_take(PyObject *list, PyObject **items, Py_ssize_t n)
{
#if !COMPAT_HAS_GIL
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
#endif
    return 0;
}

/* Whether nobody else has a tuple, so that it can be filled again; what is remembered of its old items is forgotten. */
static ALWAYS_INLINE int compat_tuple_is_ours(PyObject *tuple)
{
#if !COMPAT_HAS_GIL || defined(PYPY_VERSION)
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

/* The array of a list's or tuple's items; NULL without a GIL, where another thread may be replacing it. */
static ALWAYS_INLINE PyObject *const *compat_items(PyObject *sequence) { return COMPAT_HAS_GIL ? PySequence_Fast_ITEMS(sequence) : NULL; }

/* The i-th item of a list or tuple that has just had so many, whose compat_items are at hand. Until compat_item_done it lives as
 * long as it is in there, or, where another thread may take it out, as long as is needed. NULL without an exception where one
 * has (never with the GIL). */
static ALWAYS_INLINE PyObject *compat_item(PyObject *sequence, PyObject *const *items, Py_ssize_t i)
{
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

static ALWAYS_INLINE void compat_item_done(PyObject *item)
{
    if (!COMPAT_HAS_GIL) Py_DECREF(item);
}

/* The pairs of a dict from PyDict_Next's position on as a tuple of keys and values in turn, the last of which may be missing; NULL
 * with MemoryError set. `known` is what compat_dict_layout_known found out; where it isn't 0 no collector may run. */
PyObject *compat_dict_pairs(int known, PyObject *dict, Py_ssize_t position);

/* PyDict_Next, for a dict that other threads may be changing: new references. */
int compat_dict_next(PyObject *dict, Py_ssize_t *position, PyObject **key, PyObject **value);

/* PyDict_Next's position behind so many pairs. */
Py_ssize_t compat_dict_position(PyObject *dict, Py_ssize_t pairs);

/* Have memory that is written from end to end mapped by large pages, where the system does so when asked, and where that pays:
 * from 16 MiB on, where a page begun for nothing (2 MiB) is small beside the whole. A fault for each 4 KiB takes longer than
 * the text that is written there. */
void compat_large_pages(void *memory, size_t bytes);

/* Keep the cyclic garbage collector from running while objects are made that can't be garbage yet: up to 3.11 it would run
 * at any allocation, over and over the same objects. Later ones run between bytecodes only, so that it matters just where
 * Python code runs again and again meanwhile, for which the collector is resumed. Whether it was paused. */
static ALWAYS_INLINE int compat_gc_pause(int between_hooks)
{
#if !COMPAT_HAS_GIL
    (void)between_hooks;
    return 0; /* it is other threads' as well */
#else
    return PY_VERSION_HEX < 0x030C0000 || between_hooks ? PyGC_Disable() : 0;
#endif
}
static ALWAYS_INLINE void compat_gc_resume(int paused)
{
    if (paused) PyGC_Enable();
}

/* One more level of C recursion, or -1 with RecursionError set; each success is paired with compat_leave. The counters
 * are the interpreter's own, so Python code that runs meanwhile sees them. Up to 3.13 the interpreter counts levels;
 * later it looks at the C stack, so only real recursion means something there (COMPAT_COUNTS_RECURSION is 0). */
#if PY_VERSION_HEX >= 0x030E0000
#define COMPAT_COUNTS_RECURSION 0
#elif PY_VERSION_HEX >= 0x030B0000
#define COMPAT_COUNTS_RECURSION 1
#if PY_VERSION_HEX >= 0x030C0000
#define COMPAT_RECURSION_LEFT(thread) ((thread)->c_recursion_remaining)
#else
#define COMPAT_RECURSION_LEFT(thread) ((thread)->recursion_remaining)
#endif
#else
#define COMPAT_COUNTS_RECURSION 1
#endif

static ALWAYS_INLINE int compat_enter(PyThreadState *thread, const char *where)
{
#ifdef COMPAT_RECURSION_LEFT
    if (LIKELY(COMPAT_RECURSION_LEFT(thread) > 0)) {
        COMPAT_RECURSION_LEFT(thread)--;
        return 0;
    }
#else
    (void)thread;
#endif
    return Py_EnterRecursiveCall(where);
}

static ALWAYS_INLINE void compat_leave(PyThreadState *thread);

/* Whether compat_enter would find a level: 0, or -1 with RecursionError set. */
static ALWAYS_INLINE int compat_may_enter(PyThreadState *thread, const char *where)
{
#ifdef COMPAT_RECURSION_LEFT
    if (LIKELY(COMPAT_RECURSION_LEFT(thread) > 0)) return 0;
#endif
    if (Py_EnterRecursiveCall(where)) return -1;
    compat_leave(thread);
    return 0;
}

static ALWAYS_INLINE void compat_leave(PyThreadState *thread)
{
#ifdef COMPAT_RECURSION_LEFT
    COMPAT_RECURSION_LEFT(thread)++;
#else
    (void)thread;
    Py_LeaveRecursiveCall();
#endif
}

/* Whether the stdlib's C encoder walks a copy of a dict's items (up to 3.11) or the dict itself. */
#define COMPAT_COPIES_ITEMS (PY_VERSION_HEX < 0x030C0000)

/* Whether the stdlib leaves indenting to its generator, since its C encoder can't (up to 3.12). */
#define COMPAT_INDENTS_AS_GENERATOR (PY_VERSION_HEX < 0x030D0000)

/* dict, and frozendict where there is one (3.15) */
static ALWAYS_INLINE int compat_is_dict(PyObject *object)
{
#if PY_VERSION_HEX >= 0x030F0000
    return PyAnyDict_Check(object);
#else
    return PyDict_Check(object);
#endif
}

#endif
