#include "decode/events.h"

static const char *const names[EVENT_KINDS] = {
    "start_map", "end_map", "start_array", "end_array", "map_key", "string", "number", "boolean", "null",
};

static void forget(event_path *known) {
    Py_XDECREF(known->path);
    Py_XDECREF(known->element);
    Py_XDECREF(known->joined);
}

events *events_new(int with_path) {
    events *e = PyMem_Calloc(1, sizeof *e);
    if (e == NULL) {
        PyErr_NoMemory();
        return NULL;
    }
    int bad = 0;
    for (int i = 0; i < EVENT_KINDS && !bad; i++) bad = (e->names[i] = PyUnicode_InternFromString(names[i])) == NULL;
    e->with_path = with_path;
    e->room = EVENTS_READY;
    if (!bad && (e->item = PyUnicode_InternFromString("item")) != NULL && (e->prefix = PyUnicode_New(0, 0)) != NULL) {
        e->child = Py_NewRef(e->prefix);
        return e;
    }
    events_free(e);
    return NULL;
}

void events_free(events *e) {
    if (e == NULL) return;
    events_drop(e);
    for (int i = 0; i < EVENT_KINDS; i++) Py_XDECREF(e->names[i]);
    for (int i = 0; i < EVENT_PATHS_KEPT; i++) Py_XDECREF(e->outer[i]);
    for (int i = 0; i < 1 << EVENT_PATHS_BITS; i++)
        for (int j = 0; j < EVENT_PATHS_SET; j++) forget(&e->joined[i][j]);
    Py_XDECREF(e->item);
    Py_XDECREF(e->prefix);
    Py_XDECREF(e->child);
    PyMem_Free(e->lengths);
    PyMem_Free(e);
}

void events_drop(events *e) {
    e->at = e->end = 0;
    for (int i = 0; i < EVENTS_READY; i++) Py_CLEAR(e->ready[i]);
}

void events_again(events *e) {
    int is_long = PyUnicode_GET_LENGTH(e->prefix) > EVENT_PATH_LONG || PyUnicode_GET_LENGTH(e->child) > EVENT_PATH_LONG;
    e->count += (uint64_t)e->end;
    e->at = e->end = 0;
    e->room = is_long ? 1 : EVENTS_READY;
}

/* A path of so many characters is to be made. -1 with RecursionError set. */
static int pay(events *e, Py_ssize_t length) {
    if (LIKELY(length <= EVENT_PATH_LONG)) return 0;
    if (e->copied + (uint64_t)length > EVENT_PATHS_LIMIT + EVENT_PATH_LONG * (e->count + (uint64_t)e->end)) {
        PyErr_SetString(PyExc_RecursionError,
                        "the prefixes of this document are too long for parse: it nests too deep, or its names are "
                        "too long; basic_parse gives its events without prefixes");
        return -1;
    }
    e->copied += (uint64_t)length; /* at the most the limit and 4096 for each event: no overflow */
    e->room = e->end;
    return 0;
}

/* path.element: a new reference, mostly to what was joined before: objects repeat, and so do their keys, and by that
 * their paths are the same str. */
static PyObject *join(events *e, PyObject *path, PyObject *element) {
    Py_hash_t hash = PyObject_Hash(element);
    uint64_t mixed = ((uint64_t)hash ^ (uintptr_t)path >> 4) * 0x9E3779B97F4A7C15u; /* as in keycache_hash */
    event_path *set = e->joined[mixed >> (64 - EVENT_PATHS_BITS)];
    for (int i = 0; i < EVENT_PATHS_SET; i++)
        if (LIKELY(set[i].path == path) &&
            (set[i].element == element || (set[i].hash == hash && PyUnicode_Compare(set[i].element, element) == 0)))
            return Py_NewRef(set[i].joined);
    if (UNLIKELY(pay(e, PyUnicode_GET_LENGTH(path) + 1 + PyUnicode_GET_LENGTH(element)))) return NULL;
    PyObject *joined = PyUnicode_FromFormat("%U.%U", path, element);
    if (joined == NULL || PyUnicode_GET_LENGTH(joined) > EVENT_PATH_LONGEST) return joined;
    forget(&set[EVENT_PATHS_SET - 1]);
    memmove(set + 1, set, (EVENT_PATHS_SET - 1) * sizeof *set);
    set[0] = (event_path){Py_NewRef(path), Py_NewRef(element), Py_NewRef(joined), hash};
    return joined;
}

int events_open(events *e, size_t depth, int is_array) {
    PyObject *child = NULL;
    if (!e->with_path) return 0;
    const int kept = depth < EVENT_PATHS_KEPT && PyUnicode_GET_LENGTH(e->prefix) <= EVENT_PATH_LONG;
    if (UNLIKELY(!kept) && depth >= e->lengths_room) { /* depth counts bytes that were read: no overflow */
        size_t room = 2 * depth + 2;
        Py_ssize_t *grown = PyMem_Realloc(e->lengths, room * sizeof *grown);
        if (grown == NULL) {
            PyErr_NoMemory();
            return -1;
        }
        e->lengths = grown;
        e->lengths_room = room;
    }
    if (is_array && (child = depth == 0 ? Py_NewRef(e->item) : join(e, e->child, e->item)) == NULL) return -1;
    if (kept) e->outer[depth] = e->prefix;
    else {
        e->lengths[depth] = PyUnicode_GET_LENGTH(e->prefix);
        Py_DECREF(e->prefix);
    }
    e->prefix = e->child;
    e->child = is_array ? child : Py_NewRef(e->prefix);
    return 0;
}

int events_close(events *e, size_t depth, int is_array) {
    if (!e->with_path) return 0;
    PyObject *outer = depth <= EVENT_PATHS_KEPT ? e->outer[depth - 1] : NULL;
    if (LIKELY(outer != NULL)) e->outer[depth - 1] = NULL;
    else {
        /* Of an array this is paid: its beginning made a path that was longer. */
        if (!is_array && pay(e, e->lengths[depth - 1])) return -1;
        if ((outer = PyUnicode_Substring(e->prefix, 0, e->lengths[depth - 1])) == NULL) return -1;
    }
    Py_SETREF(e->child, e->prefix);
    e->prefix = outer;
    return 0;
}

int events_key(events *e, size_t depth, PyObject *key) {
    if (!e->with_path) return 0;
    PyObject *child = depth == 1 ? Py_NewRef(key) : join(e, e->prefix, key);
    if (child == NULL) return -1;
    Py_SETREF(e->child, child);
    return 0;
}
