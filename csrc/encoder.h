/* What the parts of encoding share: encode.c, with all that is seldom or done once a document, and the writing itself, which
 * is compiled for each instruction set: encode_write.c, and encode_step.c for encode_pieces.c. */
#ifndef CYJSON_ENCODER_H
#define CYJSON_ENCODER_H

#include "buffer.h"
#include "cpu.h"
#include "encode.h"

enum {
    SHALLOW = 128, /* containers on the path for which no memory is allocated */
    SHORT_PIECE = 16,
    SHORT_INDENT = 64,
};

/* What most documents spare their writers. */
typedef enum {
    STYLE_ANY,
    STYLE_PLAIN, /* no indentation, short separators (of bytes: a comma and a colon), not as_generator, no sink */
    STYLE_LINES, /* a little indentation by spaces, short separators, as_generator as indenting has it, no sink */
} write_style;


/* A dict that is being walked. Before Python code runs, the walks under way take copies of their items where the stdlib
 * does so from the start.
 *
 * Without a GIL other threads may change the dict at any time: a walk starts on a copy, which is the dict as it was at one
 * moment. Before Python code runs it goes back to the dict itself, as the stdlib has it, one locked step at a time. */
typedef struct walk {
    struct walk *outer;
    PyObject *dict;
    Py_ssize_t position;   /* as PyDict_Next's, or of a pair in items; up to date whenever Python code may run */
    Py_ssize_t used, left; /* what a dict iterator checks */
    int entered;           /* see enter in encode_leaf.h: not before something in the dict may run Python code or nest */
    PyObject *items;       /* a list of pairs that replaces the dict; a tuple, keys and values in turn, where that is a copy; or NULL */
#if !COMPAT_HAS_GIL
    PyObject *held[2]; /* what keeps the member at hand alive where items doesn't: the copy that items was, or key and value; or NULL */
#endif
} walk;

/* A member of a dict whose keys are all str, with what comparing keys needs. */
typedef struct {
    PyObject *key, *value;
    uint64_t prefix; /* the first eight characters of a Latin-1 key, in an order that compares as they do */
    int narrow;
} sorted_member;

typedef struct {
    buffer b;
    encode_state *state;
    const encode_options *options;
    PyThreadState *thread;
    uint8_t item_separator[SHORT_PIECE], key_separator[SHORT_PIECE];
    write_style style;
    uint8_t line[3 * SHORT_PIECE]; /* the item separator, where it is short, a line feed and spaces */
    int indent_is_spaces, dict_layout_known;
    unsigned disturbances; /* how often Python code may have run */
    int python_ran;        /* whether it may have at all: from then on each container is looked for on the path when it is stepped into, since
                              one that is there may hold leaves only by now, after which nobody would look */
    int plain, plain_dicts; /* STYLE_PLAIN, and no Python code ran: lists take the short way; and dicts, unsorted and of a known layout */
    walk *walks;
    size_t flush_size; /* bytes that are flushed; SIZE_MAX where there is no sink */
    Py_ssize_t long_str; /* characters from which on a str is written in pieces; PY_SSIZE_T_MAX where there is no sink */
    int in_long_str; /* the str being written is such: nobody but its writer relies on what flushing may disturb */
    Py_ssize_t level; /* of indentation */
    PyObject **path, *shallow_path[SHALLOW]; /* the containers under way, borrowed: whoever writes one holds it */
    Py_ssize_t depth, path_room;
    Py_ssize_t distinct;    /* so many of the first on the path are known to differ */
    struct path_places *places; /* where each stands, once the path is long; NULL before */
    Py_ssize_t noted_depth; /* containers further down add no note to the exception */
    PyObject *place;        /* where the exception happened: a list of steps, the innermost first; NULL without one */
    sorted_member *sorted; /* a stack: the members of the dicts under way */
    Py_ssize_t sorted_used, sorted_limit;
    Py_ssize_t sorted_held; /* so many of the first with references: all that are there once Python code runs; until then the dicts hold theirs */
} encoder;

/* The document at out; where it ends, or NULL with an exception set. */
uint8_t *CPU_NAME(encode_write)(encoder *e, uint8_t *out, PyObject *object);

/* ---- encode.c ---- */

/* Begin a document: where its text goes. `expected`: see buffer_start. */
uint8_t *encoder_init(encoder *e, encode_state *state, const encode_options *options, size_t expected);

/* Give back what the path and the sorted members took; the buffer is the caller's. */
void encoder_free(encoder *e);

/* Step into a container where the path has no room for it: -1 with an exception. */
int encoder_push_deep(encoder *e, PyObject *object);

/* Whether the path is free of circular references: 0, or -1 with ValueError (or MemoryError) set. */
int encoder_check_any_path(encoder *e);

static ALWAYS_INLINE int encoder_check_path(encoder *e)
{
    enum { SHORT_PATH = 12 };
    Py_ssize_t last = e->depth - 1;
    /* One that is new, as where Python code runs again and again; e->places would have to hear of it. */
    if (LIKELY(e->distinct == last) && LIKELY(last < SHORT_PATH) && LIKELY(e->places == NULL)) {
        Py_ssize_t i = 0;
        while (i < last && e->path[i] != e->path[last]) i++;
        if (LIKELY(i == last)) {
            e->distinct = e->depth;
            return 0;
        }
    }
    return e->distinct == e->depth ? 0 : encoder_check_any_path(e);
}

/* With RecursionError set: -1, with ValueError in its place where the path has a circular reference. */
int encoder_too_deep(encoder *e);

/* Room for `need` bytes at out: the new position, or NULL with an exception set. */
uint8_t *encoder_more_room(encoder *e, uint8_t *out, size_t need);

/* Tell in a note of the exception that is set which item of an object it happened in: "when serializing dict item 'a'",
 * "... list item 0", or, with neither key nor index, "... set object", as the stdlib does since 3.14; before, one note in all
 * with the path of the keys and indices. */
void encoder_add_note(encoder *e, PyObject *object, PyObject *key, Py_ssize_t index);

/* Python code is about to run: the path is checked, what is sorted is held, and whatever walks a dict as the stdlib walks a copy gets its copy now. -1 with an exception. */
int encoder_before_python(encoder *e);

/* Hand what was written so far to the sink, which may run any Python code: the start of the buffer, or NULL with an
 * exception set. */
uint8_t *encoder_flush(encoder *e, uint8_t *out);

/* Set out on a walk over an exact dict that had members: whether it still has, or -1 with MemoryError set. */
static ALWAYS_INLINE int encoder_walk_start(walk *w, PyObject *dict)
{
    w->dict = dict;
    w->position = 0;
    w->entered = 0;
#if COMPAT_HAS_GIL
    w->items = NULL;
    w->used = w->left = PyDict_GET_SIZE(dict);
    return 1;
#else
    w->held[0] = w->held[1] = NULL;
    w->items = compat_dict_pairs(0, dict, 0);
    if (UNLIKELY(w->items == NULL)) return -1;
    w->used = w->left = PyTuple_GET_SIZE(w->items) / 2;
    return w->used > 0;
#endif
}

static ALWAYS_INLINE void encoder_walk_end(walk *w)
{
    Py_XDECREF(w->items);
#if !COMPAT_HAS_GIL
    Py_XDECREF(w->held[0]);
    Py_XDECREF(w->held[1]);
#endif
}

/* The next pair as borrowed references: 1, 0 at the end, -1 with an exception set. */
int encoder_walk_next(encoder *e, walk *w, PyObject **key, PyObject **value);

/* Whether a dict's iterator finds something wrong before it looks for the next pair: 1 with RuntimeError set. */
int encoder_walk_is_disturbed(const walk *w);

/* What is wrong where it found one more than there were: NULL with RuntimeError set. */
void *encoder_walk_is_too_long(void);

/* The items of a dict that isn't walked directly, as a list. */
PyObject *encoder_items(encoder *e, PyObject *dict);

/* What a dict subclass's items() gives to the stdlib's generator: an iterator. */
PyObject *encoder_view_items(encoder *e, PyObject *dict);

/* The next pair of such an iterator, as a tuple of two: NULL at the end, or with an exception set. */
PyObject *encoder_view_next(encoder *e, PyObject *iterator);

/* A key as str, for what isn't one: a new reference, or NULL: with an exception, or without one to skip it. */
PyObject *encoder_key_text(encoder *e, PyObject *key);

/* The stdlib's own error for a float that JSON doesn't have: its words differ between versions, and between encoder and
 * generator. */
void encoder_raise_not_finite(encoder *e, PyObject *number);

/* Whether an indented dict whose keys were all skipped is closed on the same line: the stdlib is asked. -1 with an exception. */
int encoder_skipped_all_is_empty(encode_state *state);

/* Put the members of a dict on top of e->sorted, in the order of their keys: how many; or -1 with *odd set where a key isn't
 * exactly a str, or with an exception set. With references if `hold`; else the dict lives, and its members, until
 * encoder_before_python sees to it. */
Py_ssize_t encoder_sort(encoder *e, PyObject *dict, int hold, int *odd);

/* Hold what is on it: Python code is about to run. */
void encoder_sorted_hold(encoder *e);

/* Take those from `start` on away again, each before its references are given up: that may run Python code, and the collector,
 * which looks at what is on the stack. */
static ALWAYS_INLINE void encoder_sorted_end(encoder *e, Py_ssize_t start)
{
    while (e->sorted_held > start) {
        sorted_member last = e->sorted[--e->sorted_held];
        e->sorted_used = e->sorted_held;
        Py_DECREF(last.key);
        Py_DECREF(last.value);
    }
    e->sorted_used = start;
}

#endif
