/* The events of a document that is read block by block, as tuples: (name, value), or (path, name, value), where the
 * path is that of the value, its elements joined by dots. See stream.py for what they mean. */
#ifndef CYJSON_EVENTS_H
#define CYJSON_EVENTS_H

#include "kernels/tokens.h"
#include "python/dicts.h"

/* A document can be made so that its paths have many more characters than it has itself: its length squared. Of long
 * paths no more may be made than these characters, and EVENT_PATH_LONG for each event. _pure_stream.py counts alike. */
#define EVENT_PATHS_LIMIT ((uint64_t)1 << 30)

enum {
    EVENTS_READY = 128, /* events that are made at a time */
    EVENT_PATHS_KEPT = 64, /* levels whose paths are kept as they are */
    EVENT_PATHS_BITS = 8, /* 2^8 sets of paths that were joined before, */
    EVENT_PATHS_SET = 4, /* of so many: a path that is replaced takes those below it with it */
    EVENT_PATH_LONGEST = 256, /* characters of a path that is kept there */
    EVENT_PATH_LONG = 4096, /* characters of a path that is long */
};

typedef struct {
    PyObject *path, *element, *joined;
    Py_hash_t hash; /* of the element */
} event_path;

typedef struct {
    PyObject *names[EVENT_KINDS], *item; /* item: an array's element of a path */
    int with_path;
    PyObject *prefix, *child; /* of the innermost container, and of the value within it */
    /* The paths of the outer containers. Of those far down, and of long ones, only the lengths are kept: a document
     * that nests deep would have the paths fill the memory. */
    PyObject *outer[EVENT_PATHS_KEPT];
    Py_ssize_t *lengths;
    size_t lengths_room;
    event_path joined[1 << EVENT_PATHS_BITS][EVENT_PATHS_SET]; /* of each set the latest first */
    /* Those from at to end are yet to be given. Those before were, and are filled again where no one else kept them. */
    PyObject *ready[EVENTS_READY];
    int at, end, room; /* room: how many may be ready; one where paths are long */
    uint64_t count; /* events that were ready before these */
    uint64_t copied; /* characters of long paths that were made */
} events;

/* Return new events, to be freed by events_free; NULL with MemoryError set. They hold str and tuples of scalars. */
events *events_new(int with_path);
void events_free(events *e);

/* Drop the events that are ready, and that were. */
void events_drop(events *e);

/* Make room for others, once all that were ready are taken. */
void events_again(events *e);

/* Take the next event that is ready: a new reference, or NULL without an exception. */
static inline PyObject *events_take(events *e) { return e->at < e->end ? Py_NewRef(e->ready[e->at++]) : NULL; }

/* `depth` containers are open: one more begins, which is a new one's path now; or the innermost of them ends; or a key
 * was read in it. -1 with an exception set, and nothing changed: RecursionError where the paths cost too much. */
int events_open(events *e, size_t depth, int is_array);
int events_close(events *e, size_t depth, int is_array);
int events_key(events *e, size_t depth, PyObject *key);

/* Return an event, taking over the reference to the value; NULL with MemoryError set. */
static inline PyObject *events_make(const events *e, event_kind kind, PyObject *value, PyObject *path) {
    PyObject *event = PyTuple_New(2 + e->with_path);
    if (UNLIKELY(event == NULL)) {
        Py_DECREF(value);
        return NULL;
    }
    if (e->with_path) PyTuple_SET_ITEM(event, 0, Py_NewRef(path));
    PyTuple_SET_ITEM(event, e->with_path, Py_NewRef(e->names[kind]));
    PyTuple_SET_ITEM(event, e->with_path + 1, value);
    return event;
}

static ALWAYS_INLINE void events_put(PyObject *event, int i, PyObject *value) {
    PyObject *before = PyTuple_GET_ITEM(event, i);
    PyTuple_SET_ITEM(event, i, value);
    Py_DECREF(before); /* a scalar: no Python code runs */
}

/* Add one to those that are ready, for which there is room; takes over the reference. -1 with MemoryError set. */
static ALWAYS_INLINE int events_add(events *e, event_kind kind, PyObject *value, PyObject *path) {
    PyObject *event = e->ready[e->end];
    if (LIKELY(event != NULL) && LIKELY(compat_tuple_is_ours(event))) {
        if (e->with_path && PyTuple_GET_ITEM(event, 0) != path) events_put(event, 0, Py_NewRef(path));
        if (PyTuple_GET_ITEM(event, e->with_path) != e->names[kind])
            events_put(event, e->with_path, Py_NewRef(e->names[kind]));
        events_put(event, e->with_path + 1, value);
    } else {
        Py_XDECREF(event);
        event = e->ready[e->end] = events_make(e, kind, value, path);
        if (UNLIKELY(event == NULL)) return -1;
    }
    e->end++;
    return 0;
}

#endif
