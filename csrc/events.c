#include "events.h"

static const char *const names[EVENT_KINDS] = {
    "start_map", "end_map", "start_array", "end_array", "map_key", "string", "number", "boolean", "null",
};

static void forget(event_path *known)
{
    Py_XDECREF(known->path);
    Py_XDECREF(known->element);
    Py_XDECREF(known->joined);
}

events *events_new(int with_path)
{
    events *e = PyMem_Calloc(1, sizeof *e);
    if (e == NULL) {
        PyErr_NoMemory();
        return NULL;
    }
    int bad = 0;
    for (int i = 0; i < EVENT_KINDS && !bad; i++) bad = (e->names[i] = PyUnicode_InternFromString(names[i])) == NULL;
    e->with_path = with_path;
    if (!bad && (e->item = PyUnicode_InternFromString("item")) != NULL && (e->prefix = PyUnicode_New(0, 0)) != NULL) {
        e->child = Py_NewRef(e->prefix);
        return e;
    }
    events_free(e);
    return NULL;
}

void events_free(events *e)
{
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

void events_drop(events *e)
{
    e->at = e->end = 0;
    for (int i = 0; i < EVENTS_READY; i++) Py_CLEAR(e->ready[i]);
}

/* path.element: a new reference, mostly to what was joined before: objects repeat, and so do their keys, and by that their paths
 * are the same str. */
static PyObject *join(events *e, PyObject *path, PyObject *element)
{
    Py_hash_t hash = PyObject_Hash(element);
    uint64_t mixed = ((uint64_t)hash ^ (uintptr_t)path >> 4) * 0x9E3779B97F4A7C15u; /* as in keycache_hash */
    event_path *set = e->joined[mixed >> (64 - EVENT_PATHS_BITS)];
    for (int i = 0; i < EVENT_PATHS_SET; i++)
        if (LIKELY(set[i].path == path) && (set[i].element == element || (set[i].hash == hash && PyUnicode_Compare(set[i].element, element) == 0)))
            return Py_NewRef(set[i].joined);
    PyObject *joined = PyUnicode_FromFormat("%U.%U", path, element);
    if (joined == NULL || PyUnicode_GET_LENGTH(joined) > EVENT_PATH_LONGEST) return joined;
    forget(&set[EVENT_PATHS_SET - 1]);
    memmove(set + 1, set, (EVENT_PATHS_SET - 1) * sizeof *set);
    set[0] = (event_path){Py_NewRef(path), Py_NewRef(element), Py_NewRef(joined), hash};
    return joined;
}

int events_open(events *e, size_t depth, int is_array)
{
    PyObject *child = NULL;
    if (!e->with_path) return 0;
    if (depth >= EVENT_PATHS_KEPT) {
        size_t at = depth - EVENT_PATHS_KEPT;
        if (at == e->lengths_room) { /* depth counts bytes that were read: no overflow */
            size_t room = at ? 2 * at : EVENT_PATHS_KEPT;
            Py_ssize_t *grown = PyMem_Realloc(e->lengths, room * sizeof *grown);
            if (grown == NULL) {
                PyErr_NoMemory();
                return -1;
            }
            e->lengths = grown;
            e->lengths_room = room;
        }
    }
    if (is_array && (child = depth == 0 ? Py_NewRef(e->item) : join(e, e->child, e->item)) == NULL) return -1;
    if (depth < EVENT_PATHS_KEPT) e->outer[depth] = e->prefix;
    else {
        e->lengths[depth - EVENT_PATHS_KEPT] = PyUnicode_GET_LENGTH(e->prefix);
        Py_DECREF(e->prefix);
    }
    e->prefix = e->child;
    e->child = is_array ? child : Py_NewRef(e->prefix);
    return 0;
}

int events_close(events *e, size_t depth)
{
    PyObject *outer;
    if (!e->with_path) return 0;
    if (depth <= EVENT_PATHS_KEPT) {
        outer = e->outer[depth - 1];
        e->outer[depth - 1] = NULL;
    }
    else if ((outer = PyUnicode_Substring(e->prefix, 0, e->lengths[depth - 1 - EVENT_PATHS_KEPT])) == NULL) return -1;
    Py_SETREF(e->child, e->prefix);
    e->prefix = outer;
    return 0;
}

int events_key(events *e, size_t depth, PyObject *key)
{
    if (!e->with_path) return 0;
    PyObject *child = depth == 1 ? Py_NewRef(key) : join(e, e->prefix, key);
    if (child == NULL) return -1;
    Py_SETREF(e->child, child);
    return 0;
}
