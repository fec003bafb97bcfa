/* The path: which containers are under way, and whether one of them stands on it twice. */
#include "encode/encoder.h"

/* A container that stands on the path twice is a circular reference. Until Python code has run nobody looks while it is
 * stepped into: only before it runs, before the output takes more memory, and at every fourfold depth. Going round a
 * circle without Python code repeats what went well before, so nothing but time shows that it was found late. */

/* Where on the path an object stands, by its address, so that each level of a long path takes as long as the one
 * before. What has left the path isn't taken out: an entry counts only where the path holds its object. */
struct path_places {
    Py_ssize_t listed; /* so many of the first on the path are in here */
    size_t used, room; /* a power of two */
    struct {
        PyObject *object;
        Py_ssize_t index;
    } at[];
};

/* Room for the path and for as much again before there has to be more: NULL with MemoryError set. */
static struct path_places *new_places(encoder *e) {
    size_t room = 1024;
    while (room < 4 * (size_t)e->depth) room *= 2; /* a level counts a frame of the C stack: no overflow */
    struct path_places *places = PyMem_Calloc(1, sizeof *places + room * sizeof places->at[0]);
    if (places == NULL) {
        encoder_no_memory();
        return NULL;
    }
    places->room = room;
    PyMem_Free(e->places);
    return e->places = places;
}

/* Whether the path holds something twice; -1 with MemoryError set. */
static int path_has_doubles(encoder *e) {
    struct path_places *places = e->places;
    Py_ssize_t depth = e->depth, fresh = depth - e->distinct;
    int doubles = 0;
    if (places != NULL && places->listed > e->distinct) places->listed = e->distinct;
    if (depth * fresh <= 1 << 12) {
        for (Py_ssize_t j = e->distinct; j < depth && !doubles; j++)
            for (Py_ssize_t i = 0; i < j; i++)
                doubles |= e->path[i] == e->path[j]; /* no way out, so that it is done in vectors */
        return doubles;
    }
    if ((places == NULL || places->used + (size_t)(depth - places->listed) > places->room / 2) &&
        (places = new_places(e)) == NULL)
        return -1;
    for (; places->listed < depth; places->listed++) {
        PyObject *object = e->path[places->listed];
        size_t slot = (size_t)((uint64_t)(uintptr_t)object * 0x9E3779B97F4A7C15 >> 32);
        while (slot &= places->room - 1, places->at[slot].object != NULL && places->at[slot].object != object) slot++;
        if (places->at[slot].object == NULL) {
            places->at[slot].object = object;
            places->used++;
        } else if (places->at[slot].index < places->listed && e->path[places->at[slot].index] == object) return 1;
        places->at[slot].index = places->listed;
    }
    return 0;
}

int encoder_check_any_path(encoder *e) {
    if (UNLIKELY(e->options->orjson)) { /* which knows levels, and no circles */
        e->distinct = e->depth;
        return 0;
    }
    if (LIKELY(e->depth <= PATH_SHORT) && LIKELY(e->places == NULL)) {
        while (e->distinct < e->depth) {
            Py_ssize_t i = 0;
            while (e->path[i] != e->path[e->distinct]) i++;
            if (UNLIKELY(i < e->distinct)) break;
            e->distinct++;
        }
        if (LIKELY(e->distinct == e->depth)) return 0;
    }
    int doubles = path_has_doubles(e);
    e->distinct = e->depth;
    if (doubles <= 0) return doubles;
    Py_ssize_t second = 1, first;
    for (;; second++) { /* where the stdlib would have stopped; seldom, and seldom far down */
        for (first = 0; first < second && e->path[first] != e->path[second]; first++) {}
        if (first < second) break;
    }
    e->noted_depth = second;
    encoder_raise(PyExc_ValueError, "Circular reference detected");
    return -1;
}

int encoder_push_deep(encoder *e, PyObject *object) {
    if (e->options->orjson && orjson_is_too_deep(e)) return -1;
    if (encoder_check_path(e)) return -1;
    if (e->depth == e->path_room) {
        Py_ssize_t room = e->options->orjson
                              ? ORJSON_DEEPEST
                              : 4 * e->path_room; /* a level counts a frame of the C stack: no overflow */
        PyObject **old = e->path == e->shallow_path ? NULL : e->path;
        PyObject **grown = PyMem_Realloc(old, (size_t)room * sizeof *grown);
        if (grown == NULL) {
            encoder_no_memory();
            return -1;
        }
        if (old == NULL) memcpy(grown, e->path, (size_t)e->depth * sizeof *grown);
        e->path = grown;
        e->path_room = room;
    }
    e->path[e->depth++] = object;
    return 0;
}

uint8_t *encoder_more_room(encoder *e, uint8_t *out, size_t need) {
    if (encoder_check_path(e)) return NULL;
    int paused = compat_gc_pause(0); /* MemoryError may be raised */
    out = output_grow(&e->text, out, need);
    compat_gc_resume(paused);
    encoder_mark_full(e);
    return out;
}

uint8_t *encoder_widen(encoder *e, uint8_t *out, Py_UCS4 maxchar) {
    int paused = compat_gc_pause(0); /* as above */
    out = output_widen(&e->text, out, maxchar);
    compat_gc_resume(paused);
    encoder_mark_full(e);
    return out;
}

int encoder_too_deep(encoder *e) {
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    if (encoder_check_path(e) == 0) {
        PyErr_Restore(type, value, traceback);
        return -1;
    }
    Py_XDECREF(type);
    Py_XDECREF(value);
    Py_XDECREF(traceback);
    return -1;
}
