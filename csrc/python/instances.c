#include "python/instances.h"

#include "base/bits.h"
#include "base/simd128.h"

/* object.__new__(class) */
static PyObject *new_instance(const instance_maker *maker) {
    return PyBaseObject_Type.tp_new(maker->type, maker->no_arguments, NULL);
}

/* Where an instance keeps its values from 3.11 on; NULL where it has none of its own. */
#if COMPAT_READS_DICTS
#define READS_VALUES 1
#if PY_VERSION_HEX >= 0x030D0000
typedef struct { /* the interpreter's struct _dictvalues; the order follows the values */
    uint8_t capacity, size, embedded, valid;
    PyObject *values[];
} instance_values;

static ALWAYS_INLINE instance_values *values_of_instance(PyObject *instance) {
    return (instance_values *)((char *)instance + Py_TYPE(instance)->tp_basicsize);
}
static int keeps_values(PyObject *instance) {
    return PyType_HasFeature(Py_TYPE(instance), Py_TPFLAGS_INLINE_VALUES) && values_of_instance(instance)->valid &&
           values_of_instance(instance)->embedded;
}
static ALWAYS_INLINE PyObject **values_array(instance_values *v) { return v->values; }
static Py_ssize_t values_room(const instance_values *v) { return v->capacity; }
static Py_ssize_t values_count(const instance_values *v) { return v->size; }
static ALWAYS_INLINE void values_set_count(instance_values *v, Py_ssize_t count) { v->size = (uint8_t)count; }
static ALWAYS_INLINE uint8_t *values_order(instance_values *v, Py_ssize_t i) {
    return (uint8_t *)&v->values[v->capacity] + i;
}
enum { ORDER_STEP = 1 };
#else
typedef struct { /* two bytes stand before it: how many are set, and how many bytes all these are; the order before */
    PyObject *values[1];
} instance_values;

/* Where an instance has them, in words from it on: EITHER has one less than where they are, or the dict. */
enum { VALUES = -4, EITHER = -3 };

static ALWAYS_INLINE instance_values *values_of_instance(PyObject *instance) {
    uintptr_t *words = (uintptr_t *)instance;
#if PY_VERSION_HEX >= 0x030C0000
    return (instance_values *)(words[EITHER] & 1 ? words[EITHER] + 1 : 0);
#else
    return (instance_values *)words[VALUES];
#endif
}
static ALWAYS_INLINE void set_values_of_instance(PyObject *instance, instance_values *v) {
#if PY_VERSION_HEX >= 0x030C0000
    ((uintptr_t *)instance)[EITHER] = (uintptr_t)v - 1;
#else
    ((uintptr_t *)instance)[VALUES] = (uintptr_t)v;
#endif
}
static int keeps_values(PyObject *instance) {
    return PyType_HasFeature(Py_TYPE(instance), Py_TPFLAGS_MANAGED_DICT) && values_of_instance(instance) != NULL;
}
static ALWAYS_INLINE PyObject **values_array(instance_values *v) { return v->values; }
static Py_ssize_t values_room(const instance_values *v) { return ((const uint8_t *)v)[-1] - 2; }
static Py_ssize_t values_count(const instance_values *v) { return ((const uint8_t *)v)[-2]; }
static ALWAYS_INLINE void values_set_count(instance_values *v, Py_ssize_t count) {
    ((uint8_t *)v)[-2] = (uint8_t)count;
}
static ALWAYS_INLINE uint8_t *values_order(instance_values *v, Py_ssize_t i) { return (uint8_t *)v - 3 - i; }
enum { ORDER_STEP = -1 };
#endif
#else
#define READS_VALUES 0
#endif

static PyObject *make_by_setting(const instance_maker *maker, PyObject *const *values) {
    PyObject *instance = new_instance(maker);
    for (Py_ssize_t i = 0; instance != NULL && i < maker->count; i++)
        if (values[i] != NULL && PyObject_GenericSetAttr(instance, maker->names[i], values[i])) Py_CLEAR(instance);
    for (Py_ssize_t i = 0; instance != NULL && i < maker->count; i++) Py_CLEAR(((PyObject **)values)[i]);
    return instance;
}

#if COMPAT_MAKES_OBJECTS
static PyObject *make_of_slots(const instance_maker *maker, PyObject *const *values) {
    PyObject *instance = maker->type->tp_alloc(maker->type, 0);
    if (UNLIKELY(instance == NULL)) return NULL;
    for (Py_ssize_t i = 0; i < maker->count; i++) *(PyObject **)((char *)instance + maker->places[i]) = values[i];
    return instance;
}
#endif

#if READS_VALUES
#if PY_VERSION_HEX >= 0x030D0000
static ALWAYS_INLINE instance_values *new_values(const instance_maker *maker, PyObject *instance, size_t set) {
    (void)maker, (void)set;
    return values_of_instance(instance); /* a part of it */
}
#else
/* How many bytes stand before so many values. */
static ALWAYS_INLINE size_t values_prefix(size_t size) {
    return (size + 2 + sizeof(PyObject *) - 1) / sizeof(PyObject *) * sizeof(PyObject *);
}

/* Give a new instance its values, as object.__new__ does, of which the first `set` are yet to be set. NULL with
 * MemoryError set. */
static ALWAYS_INLINE instance_values *new_values(const instance_maker *maker, PyObject *instance, size_t set) {
    compat_dict_keys *keys = (compat_dict_keys *)((PyHeapTypeObject *)maker->type)->ht_cached_keys;
    if (keys->usable > 1) keys->usable--; /* room for other names shrinks with each instance */
    size_t size = (size_t)(keys->entries + keys->usable), prefix = values_prefix(size);
    uint8_t *memory = PyMem_Malloc(prefix + size * sizeof(PyObject *));
    if (UNLIKELY(memory == NULL)) {
        PyErr_NoMemory();
        return NULL;
    }
    memory[prefix - 1] = (uint8_t)prefix;
    instance_values *v = (instance_values *)(memory + prefix);
    PyObject **array = values_array(v);
    PyObject *const nothing = (PyObject *)(intptr_t)opaque(0); /* or it would be a call of memset, for few */
    for (size_t i = set; i < size; i++) array[i] = nothing;
    set_values_of_instance(instance, v);
    return v;
}
#endif

/* The order of values that were set one after another, as it stands in memory. */
enum { IN_ORDER_MOST = 32 };
static const uint8_t in_order[IN_ORDER_MOST] = {
#if PY_VERSION_HEX >= 0x030D0000
    0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15,
    16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31,
#else
    31, 30, 29, 28, 27, 26, 25, 24, 23, 22, 21, 20, 19, 18, 17, 16,
    15, 14, 13, 12, 11, 10, 9,  8,  7,  6,  5,  4,  3,  2,  1,  0,
#endif
};

static ALWAYS_INLINE void set_in_order(instance_values *v, size_t n) {
    CYJSON_ASSERT(n <= IN_ORDER_MOST);
    n = n < IN_ORDER_MOST ? n : IN_ORDER_MOST; /* or gcc warns of more */
    if (ORDER_STEP > 0) copy_short(values_order(v, 0), in_order, n);
    else copy_short(values_order(v, (Py_ssize_t)n - 1), in_order + IN_ORDER_MOST - n, n);
}

static PyObject *make_of_values(const instance_maker *maker, PyObject *const *values, int complete) {
    PyObject *instance = maker->type->tp_alloc(maker->type, 0);
    if (UNLIKELY(instance == NULL)) return NULL;
    instance_values *v = new_values(maker, instance, maker->in_order & complete ? (size_t)maker->count : 0);
    if (UNLIKELY(v == NULL)) {
        Py_DECREF(instance);
        return NULL;
    }
    PyObject **array = values_array(v);
    if (LIKELY(maker->in_order & complete)) {
        size_t n = (size_t)maker->count;
        array[0] = values[0];
        for (size_t i = n & 1; i < n; i += 2) vec_store(array + i, vec_load(values + i));
        set_in_order(v, n);
        values_set_count(v, (Py_ssize_t)n);
        return instance;
    }
    uint8_t *order = values_order(v, 0);
    Py_ssize_t set = 0;
    for (Py_ssize_t i = 0; i < maker->count; i++) {
        if (UNLIKELY(values[i] == NULL)) continue;
        array[maker->places[i]] = values[i];
        order[ORDER_STEP * set++] = (uint8_t)maker->places[i];
    }
    values_set_count(v, set);
    return instance;
}
#endif

enum { DICT_MOST = 128 }; /* attributes */

#if COMPAT_MAKES_OBJECTS
/* Give a new instance its dict: -1 with an exception set. */
static int give_dict(PyObject *instance, PyObject *dict) {
#if PY_VERSION_HEX >= 0x030D0000
    enum { MANAGED = -3 }; /* where the interpreter keeps the dict, in words from the instance on */
    if (PyType_HasFeature(Py_TYPE(instance), Py_TPFLAGS_MANAGED_DICT)) {
        PyObject **place = (PyObject **)instance + MANAGED;
        if (UNLIKELY(*place != NULL)) goto failed;
        /* None of its own values is set yet. They don't count from now on, as where the interpreter gives it a dict. */
        if (PyType_HasFeature(Py_TYPE(instance), Py_TPFLAGS_INLINE_VALUES)) values_of_instance(instance)->valid = 0;
        *place = Py_NewRef(dict);
        return 0;
    }
#endif
    PyObject **place = _PyObject_GetDictPtr(instance);
    if (UNLIKELY(place == NULL) || UNLIKELY(*place != NULL)) goto failed;
    *place = Py_NewRef(dict);
    return 0;
failed:
    PyErr_SetString(PyExc_SystemError, "a new instance has no place for a dict");
    return -1;
}

static PyObject *make_of_dict(const instance_maker *maker, PyObject *const *values) {
    PyObject *items[2 * DICT_MOST], *instance = NULL;
    Py_ssize_t n = 0;
    for (Py_ssize_t i = 0; i < maker->count; i++) {
        if (values[i] == NULL) continue;
        items[n] = Py_NewRef(maker->names[i]);
        items[n + 1] = Py_NewRef(values[i]);
        n += 2;
    }
    PyObject *dict = maker->shape != NULL && n == 2 * maker->count ? compat_dict_like(maker->shape, items, n / 2)
                                                                   : compat_dict_from(items, n / 2);
    if (dict == NULL)
        for (Py_ssize_t i = 0; i < n; i++) Py_DECREF(items[i]);
    else if ((instance = maker->type->tp_alloc(maker->type, 0)) != NULL && give_dict(instance, dict))
        Py_CLEAR(instance);
    Py_XDECREF(dict);
    for (Py_ssize_t i = 0; instance != NULL && i < maker->count; i++) Py_XDECREF(values[i]);
    return instance;
}

/* The dict of an instance whose attributes were set by the interpreter, where that is one of its own, as those that
 * make_of_dict makes: borrowed, or NULL. */
static PyObject *own_dict(PyObject *instance) {
#if READS_VALUES
    if (keeps_values(instance)) return NULL;
#endif
    PyObject **place = Py_TYPE(instance)->tp_dictoffset == 0 ? NULL : _PyObject_GetDictPtr(instance);
    if (place == NULL || *place == NULL || !PyDict_CheckExact(*place)) return NULL;
    return ((PyDictObject *)*place)->ma_values == NULL ? *place : NULL;
}
#endif

PyObject *instance_make(const instance_maker *maker, PyObject **values, int complete) {
    (void)complete;
#if READS_VALUES
    if (maker->way == INSTANCE_OF_VALUES) return make_of_values(maker, values, complete);
#endif
#if COMPAT_MAKES_OBJECTS
    if (maker->way == INSTANCE_OF_SLOTS) return make_of_slots(maker, values);
    if (maker->way == INSTANCE_OF_DICT) return make_of_dict(maker, values);
#endif
    return make_by_setting(maker, values);
}

/* Whether all attributes are slots: their offsets are in places then. */
static int are_slots(instance_maker *maker) {
#if COMPAT_MAKES_OBJECTS
    for (Py_ssize_t i = 0; i < maker->count; i++)
        if ((maker->places[i] = compat_slot_offset(maker->type, _PyType_Lookup(maker->type, maker->names[i]), 1)) == 0)
            return 0;
    return maker->count > 0 && !PyType_HasFeature(maker->type, Py_TPFLAGS_IS_ABSTRACT) && maker->type->tp_itemsize == 0;
#else
    (void)maker;
    return 0;
#endif
}

/* Whether an instance whose attributes were just set, by the interpreter, keeps them as is expected here; places become
 * where. */
static int are_values(instance_maker *maker, PyObject *instance) {
#if READS_VALUES
    const compat_dict_keys *keys = (const compat_dict_keys *)((PyHeapTypeObject *)maker->type)->ht_cached_keys;
    if (keys == NULL || keys->kind == 0 || !keeps_values(instance) ||
        PyType_HasFeature(maker->type, Py_TPFLAGS_IS_ABSTRACT))
        return 0;
    PyObject *const *words = compat_words(keys);
    instance_values *v = values_of_instance(instance);
    if (maker->count == 0 || values_count(v) != maker->count || values_room(v) < keys->entries) return 0;
    maker->in_order = maker->count <= IN_ORDER_MOST;
    for (Py_ssize_t i = 0; i < maker->count; i++) {
        Py_ssize_t place = *values_order(v, i);
        if (place >= keys->entries || words[2 * place] != maker->names[i]) return 0;
        if (values_array(v)[place] != maker->names[i]) return 0;
        maker->places[i] = place;
        maker->in_order &= place == i;
    }
#if PY_VERSION_HEX < 0x030D0000
    /* As new_values would have made them. */
    if (values_room(v) + 2 != (Py_ssize_t)values_prefix((size_t)(keys->entries + keys->usable))) return 0;
#endif
    return 1;
#else
    (void)maker, (void)instance;
    return 0;
#endif
}

/* Whether the dict of such an instance has exactly its attributes, in their order; it is the shape of others. */
static int are_in_dict(instance_maker *maker, PyObject *instance, int dict_layout_known) {
#if COMPAT_MAKES_OBJECTS
    PyObject *dict = own_dict(instance), *key, *value;
    Py_ssize_t i = 0;
    if (dict == NULL || maker->count > DICT_MOST || PyDict_GET_SIZE(dict) != maker->count ||
        PyType_HasFeature(maker->type, Py_TPFLAGS_IS_ABSTRACT))
        return 0;
    for (Py_ssize_t at = 0; PyDict_Next(dict, &at, &key, &value); i++)
        if (key != maker->names[i]) return 0;
    if (!dict_layout_known) return 1;
    /* A new dict: the instance's has a table that is twice as large on some versions. */
    if ((dict = PyDict_New()) == NULL) return -1;
    for (i = 0; i < maker->count; i++)
        if (PyDict_SetItem(dict, maker->names[i], Py_None)) break;
    if (i == maker->count) maker->shape = compat_dict_shape(dict);
    Py_DECREF(dict);
    return maker->shape == NULL ? -1 : 1;
#else
    (void)maker, (void)instance, (void)dict_layout_known;
    return 0;
#endif
}

/* Whether instances made here have the attributes that they should: -1 with an exception set. */
static int try_making(const instance_maker *maker, PyObject **values) {
    for (Py_ssize_t i = 0; i < maker->count; i++) values[i] = Py_NewRef(maker->names[i]);
    PyObject *instance = instance_make(maker, values, 1);
    if (instance == NULL) {
        for (Py_ssize_t i = 0; i < maker->count; i++) Py_CLEAR(values[i]);
        return -1;
    }
    int good = 1;
    for (Py_ssize_t i = 0; good > 0 && i < maker->count; i++) {
        PyObject *value = PyObject_GenericGetAttr(instance, maker->names[i]);
        good = value == NULL ? -1 : value == maker->names[i];
        Py_XDECREF(value);
    }
    Py_DECREF(instance);
    return good;
}

/* What a class has by a name, in itself or in a base: a new reference, or NULL. */
static PyObject *look_up(PyTypeObject *type, PyObject *name) {
#if COMPAT_HAS_GIL
    return Py_XNewRef(_PyType_Lookup(type, name));
#else
    return _PyType_LookupRef(type, name);
#endif
}

/* The name of the i-th attribute that is watched. */
static PyObject *watched_name(const instance_maker *maker, Py_ssize_t i) {
    return i < maker->count ? maker->names[i] : maker->others[i - maker->count];
}

int instance_maker_holds_still(const instance_maker *maker) {
    int same = 1;
    for (Py_ssize_t i = 0; same && i < maker->count + INSTANCE_OTHERS; i++) {
        PyObject *found = look_up(maker->type, watched_name(maker, i));
        same = found == maker->found[i] || (i < maker->count && maker->way != INSTANCE_OF_SLOTS &&
                                            (found == NULL || Py_TYPE(found)->tp_descr_set == NULL));
        Py_XDECREF(found);
    }
    /* A number that look_up gave it, if there was one left. */
    if (same) compat_store_int((int *)&maker->version, compat_load_int((const int *)&maker->type->tp_version_tag));
    return same;
}

/* Note what the class has now. */
static int watch_class(instance_maker *maker, PyObject *keep) {
    static const char *const others[INSTANCE_OTHERS] = {"__init__", "__new__", "__setattr__"};
    for (int i = 0; i < INSTANCE_OTHERS; i++)
        if ((maker->others[i] = PyUnicode_InternFromString(others[i])) == NULL) return -1;
    for (Py_ssize_t i = 0; i < maker->count + INSTANCE_OTHERS; i++) {
        PyObject *found = look_up(maker->type, watched_name(maker, i));
        int bad = found != NULL && PyList_Append(keep, found);
        Py_XDECREF(found);
        if (bad) return -1;
        maker->found[i] = found;
    }
    return 0;
}

int instance_maker_init(instance_maker *maker, PyTypeObject *type, PyObject *const *names, Py_ssize_t count,
                        int dict_layout_known, PyObject *keep) {
    memset(maker, 0, sizeof *maker);
    maker->type = type;
    maker->count = count;
    maker->way = INSTANCE_BY_SETTING;
    if ((maker->no_arguments = PyTuple_New(0)) == NULL) return -1;
    size_t room = (size_t)count + 1;
    maker->names = PyMem_Calloc(room, sizeof *maker->names);
    maker->places = PyMem_Calloc(room, sizeof *maker->places);
    PyObject **values = PyMem_Calloc(room, sizeof *values);
    maker->found = PyMem_Calloc(room + INSTANCE_OTHERS, sizeof *maker->found);
    if (maker->names == NULL || maker->places == NULL || maker->found == NULL || values == NULL) {
        PyMem_Free(values);
        PyErr_NoMemory();
        return -1;
    }
    for (Py_ssize_t i = 0; i < count; i++) maker->names[i] = names[i];
    int known = watch_class(maker, keep);
    /* None of those that nobody asked for may be seen by a finaliser of the class. */
    if (COMPAT_MAKES_OBJECTS && known == 0 && type->tp_alloc == PyType_GenericAlloc && type->tp_finalize == NULL &&
        type->tp_del == NULL) {
        if (are_slots(maker)) {
            maker->way = INSTANCE_OF_SLOTS;
            known = try_making(maker, values);
        } else {
            for (Py_ssize_t i = 0; i < count; i++) values[i] = Py_NewRef(names[i]);
            PyObject *instance = make_by_setting(maker, values);
            known = instance == NULL ? -1 : are_values(maker, instance);
            if (known > 0) maker->way = INSTANCE_OF_VALUES;
            else if (known == 0 && (known = are_in_dict(maker, instance, dict_layout_known)) > 0)
                maker->way = INSTANCE_OF_DICT;
            for (Py_ssize_t i = 0; i < count; i++) Py_CLEAR(values[i]);
            Py_XDECREF(instance);
            if (known > 0) known = try_making(maker, values);
        }
    }
    PyMem_Free(values);
    if (known > 0) return 0;
    maker->way = INSTANCE_BY_SETTING;
    if (known < 0 && PyErr_ExceptionMatches(PyExc_MemoryError)) return -1;
    PyErr_Clear(); /* what can't be tried is made in the interpreter's way, and fails there as it does */
    return 0;
}

void instance_maker_clear(instance_maker *maker) {
    PyMem_Free(maker->names);
    PyMem_Free(maker->places);
    PyMem_Free(maker->found);
    for (int i = 0; i < INSTANCE_OTHERS; i++) Py_CLEAR(maker->others[i]);
    Py_CLEAR(maker->no_arguments);
    Py_CLEAR(maker->shape);
    maker->names = NULL;
    maker->places = NULL;
    maker->found = NULL;
}
