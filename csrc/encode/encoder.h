/* Encoding: what its parts share.
 *
 * A document is written in one pass, from the root down, at a position `out` that every writer takes and returns; NULL
 * is an exception. All of it takes time in proportion to the text, unless noted.
 *
 * - document.c   begins and ends a document: which writer it gets, where the text goes.
 * - leaf.inc.h   writes what holds no other value: str, numbers, words, keys, separators. It runs no Python code.
 * - writer.inc.h writes a document in one call, by recursion. A plain document (see write_style) has loops of its own.
 * - stepper.inc.h, pieces.c: the same for iterencode, which stops after any item: a stack of frames, not recursion.
 * - walk.c       goes through dicts as the stdlib does, also while Python code changes them: O(1) a member. Before
 *                Python code runs, each dict under way is copied where the stdlib copies it: O(its size), once.
 * - sort.c       members in the order of their keys: O(n log n) comparisons.
 * - path.c       the containers under way, to find circular references: O(1) a level by a hash table once the path is
 *                long, O(depth) before.
 * - errors.c     exceptions, and the notes that say where in the document they happened.
 * - claims.c     objects that pass for one of JSON's types by their __class__.
 * - separators.c separators and indentation that aren't ASCII.
 *
 * The two .inc.h writers and leaf.inc.h are compiled for each instruction set. */
#ifndef CYJSON_ENCODER_H
#define CYJSON_ENCODER_H

#include "python/output.h"
#include "base/cpu.h"
#include "encode/encode.h"
#include "encode/plans.h"

enum {
    SHALLOW = 128, /* containers on the path for which no memory is allocated */
    SHORT_PIECE = 16,
    BETWEEN = 64, /* what e->between holds: a separator, a line feed and at least 32 characters of indentation */
    SLACK = 80, /* characters of room beyond a value */
};

/* What most documents spare their writers. */
typedef enum {
    STYLE_ANY,
    STYLE_PLAIN, /* no indentation, short separators (of bytes: a comma and a colon), not as_generator, no sink */
} write_style;

/* What a walk over a dict goes through. */
typedef enum {
    WALK_DICT, /* an exact dict itself (without a GIL: or a copy of its items) */
    WALK_SORTED, /* members on the encoder's stack: sorted ones, or a copy of what was left of a dict */
    WALK_LISTED, /* a list of pairs: a subclass's own items(), or keys that only Python can sort */
    WALK_VIEW, /* an iterator over pairs: what a subclass's items() gives to the stdlib's generator */
} walk_kind;

/* A dict that is being walked. Before Python code runs, the walks under way take copies of their items where the stdlib
 * does so from the start.
 *
 * Without a GIL other threads may change the dict at any time: a walk starts on a copy, which is the dict as it was at
 * one moment. Before Python code runs it goes back to the dict itself, as the stdlib does, one locked step at a
 * time. */
typedef struct walk {
    struct walk *outer;
    PyObject *dict;
    Py_ssize_t position; /* as PyDict_Next's, or of a pair in items; up to date whenever Python code may run */
    Py_ssize_t used, left; /* what a dict iterator checks; WALK_SORTED: how many members there are */
    walk_kind kind;
    int entered; /* see enter in leaf.inc.h: not before something in the dict may run Python code or nest */
    PyObject *items; /* WALK_DICT: NULL, or a tuple of keys and values in turn, which is a copy;
                        WALK_LISTED: the list; WALK_VIEW: the iterator */
    Py_ssize_t start; /* WALK_SORTED: of its members on the stack */
    PyObject *held[2]; /* what keeps the member at hand alive where items doesn't: the copy that items was, or key and
                          value; or NULL. Of use to WALK_VIEW, and without a GIL. */
} walk;

/* A member of a dict whose keys are all str, with what comparing keys needs. */
typedef struct {
    PyObject *key, *value;
    uint64_t
        prefix; /* eight characters of a Latin-1 key, in an order that compares as they do; 0 in a dict with others */
} sorted_member;

/* The kernels of a level, for writers that more than one level uses. */
typedef struct encode_kernels {
    uint8_t *(*escape_bytes)(uint8_t *out, const uint8_t *p, size_t n, int ascii);
    uint8_t *(*escape_to_ascii)(uint8_t *out, const uint8_t *p, size_t n, int width);
    uint8_t *(*escape_to_utf8)(uint8_t *out, const uint8_t *p, size_t n, int width);
    uint8_t *(*escape_widen)(uint8_t *out, int to_width, const uint8_t *p, size_t n, int width);
    void (*escape_copy_widened)(uint8_t *out, int to_width, const uint8_t *p, size_t n, int width);
    int (*escape_copy_long)(uint8_t *out, int width, const uint8_t *p, size_t n, int ascii); /* NULL: none */
    uint8_t *(*number_format_double)(uint8_t *out, double value);
    uint8_t *(*number_format_float)(uint8_t *out, float value);
    uint8_t *(*number_format_integers)(uint8_t *out, const char *p, size_t n, ptrdiff_t stride, int size,
                                       int is_signed);
    uint8_t *(*number_format_bools)(uint8_t *out, const char *p, size_t n, ptrdiff_t stride);
} encode_kernels;

HIDDEN extern const encode_kernels encode_kernels_of[CPU_LEVELS];

typedef struct {
    text_output text;
    encode_state *state;
    uint8_t *(*format_double)(uint8_t *out, double value); /* the state's kernel that floats call one by one */
    const encode_options *options;
    PyThreadState *thread;
    uint8_t between[BETWEEN]; /* what comes between two items, where that is short: see between_size in leaf.inc.h */
    uint8_t key_separator[SHORT_PIECE];
    int between_holds; /* whether it is short enough for that */
    int indent_is_spaces, dict_layout_known;

    /* What Python code that runs meanwhile changes:
     *
     *                set by                                      read by
     * plain          encoder_init, encoder_before_python         write_list, write_object, write_alike
     * plain_dicts    the same                                    write_dict
     * python_ran     encoder_before_python, write_big_int;       who steps into a container: it checks the path
     *                between two pieces
     * disturbances   counts whatever may have run Python code    loops over dicts: they look for the dict's entries
     *                or moved the sorted members                anew
     *
     * Once Python code ran, each container is looked for on the path when it is stepped into: one that is there may
     * hold leaves only now, after which nobody would look. Plain loops go on (PLAIN_DISTURBED), but without a GIL. */
    unsigned disturbances;
    int python_ran;
    enum { NOT_PLAIN, PLAIN, PLAIN_DISTURBED } plain; /* lists take the plain loop: the document is plain */
    enum {
        DICTS_PLAIN,
        DICTS_PLAIN_DISTURBED,
        DICTS_PLAIN_SORTED,
        DICTS_NOT_PLAIN
    } plain_dicts; /* so do dicts, of a known layout; write_dict relies on the order */

    unsigned default_calls; /* by orjson's rules: calls of default() within one another */
    int plans_fresh; /* plans_are_stale was asked */
    int token_checked; /* plans_token_changed was */
    walk *walks;
    size_t flush_size; /* bytes that are flushed; SIZE_MAX where there is no sink */
    const uint8_t *full; /* where that many bytes end */
    Py_ssize_t long_str; /* a str of more characters is written in pieces; PY_SSIZE_T_MAX where there is no sink */
    int in_long_str; /* the str being written is: nobody but its writer relies on what flushing may disturb */
    Py_ssize_t level; /* of indentation */
    PyObject **path, *shallow_path[SHALLOW]; /* the containers under way, borrowed: whoever writes one holds it */
    Py_ssize_t depth, path_room;
    Py_ssize_t distinct; /* so many of the first on the path are known to differ */
    struct path_places *places; /* where each stands, once the path is long; NULL before */
    Py_ssize_t noted_depth; /* containers further down add no note to the exception */
    PyObject *place; /* where the exception happened: a list of steps, the innermost first; NULL without one */
    sorted_member *sorted; /* a stack: the members of the dicts under way, where they are sorted or copied */
    Py_ssize_t sorted_used, sorted_limit;
    Py_ssize_t sorted_held; /* so many of the first with references: all that are there once Python code runs; until
                               then the dicts hold theirs */
} encoder;

/* The document at out; where it ends, or NULL with an exception set. */
uint8_t *CPU_NAME(encode_write)(encoder *e, uint8_t *out, PyObject *object);

/* The same, by the one that is compiled for this machine. */
uint8_t *encoder_write(encoder *e, uint8_t *out, PyObject *object);

/* ---- what may run Python code ----
 *
 * Most references are borrowed: a container holds what is in it, and only the outermost is held by somebody else. Any
 * Python code may empty, fill or replace any of them; and up to 3.11 the making of any object that the collector is to
 * track has it come, and run finalisers. An exception is such an object: where another is being handled, it is made as
 * soon as it is raised. So:
 *
 * 1. What writes a leaf, a key or what stands between them runs no Python code, not even where it fails: the next leaf
 * is found where the last one was, and the key of one that failed is still there for the note. Up to where the leaf's
 * writer returns nothing that the collector is to track is made but with the collector paused: exceptions by
 * encoder_raise, encoder_no_memory and encoder_escape_failed, memory by encoder_more_room and encoder_widen.
 * 2. Everything else may run it. Before, what is needed after it is held: the containers under way (enter), the
 * object, the key and the value at hand, what is sorted (encoder_before_python); after it a walk or list is looked at
 * anew (e->disturbances). Where it fails, nothing that isn't held is touched any more: entering a container and adding
 * a note, too, may run it. */

/* Raise it: an exception, which runs no Python code. */
void encoder_raise(PyObject *type, const char *message);

/* Raise MemoryError, likewise. */
void encoder_no_memory(void);

/* Raise the UnicodeEncodeError for a str with a lone surrogate, likewise: NULL. */
void *encoder_escape_failed(PyObject *str);

/* ---- what is compiled once ---- */

/* Begin a document: where its text goes. `expected`: see output_start. */
uint8_t *encoder_init(encoder *e, encode_state *state, const encode_options *options, size_t expected);

/* Free what the path and the sorted members took; the output is the caller's. */
void encoder_free(encoder *e);

/* Whether orjson's rules allow no container here: then TypeError is set. */
static ALWAYS_INLINE int orjson_is_too_deep(encoder *e) {
    if (LIKELY(e->depth < ORJSON_DEEPEST)) return 0;
    encoder_raise(PyExc_TypeError, "Recursion limit reached");
    return 1;
}

/* With an exception set while the members of a dict were written, all of whose keys orjson looks at before, where it
 * sorts or converts them: have the exception be about the first key that it refuses, if there is one. */
void orjson_blame_keys(encoder *e, PyObject *dict);

/* Raise TypeError for an object that nobody knows, with the exception that is set as its cause. */
void orjson_unsupported(PyObject *object);

/* Step into a container where the path has no room for it: -1 with an exception. */
int encoder_push_deep(encoder *e, PyObject *object);

/* Whether the path is free of circular references: 0, or -1 with ValueError (or MemoryError) set. */
int encoder_check_any_path(encoder *e);

enum { PATH_SHORT = 12 }; /* containers, of which each new one is compared with all */

static ALWAYS_INLINE int encoder_check_path(encoder *e) {
    Py_ssize_t last = e->depth - 1;
    /* One that is new, as where Python code runs again and again; e->places would have to hear of it. More than
     * one are left to a function: their loop would cost each frame of write_list 64 bytes. */
    if (LIKELY(e->distinct == last) && LIKELY(last < PATH_SHORT) && LIKELY(e->places == NULL)) {
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

/* Go over to characters that hold maxchar, as output_widen. */
uint8_t *encoder_widen(encoder *e, uint8_t *out, Py_UCS4 maxchar);

/* Add a note to the exception that is set: which item of an object it happened in: "when serializing dict item 'a'",
 * "... list item 0", or, with neither key nor index, "... set object", as the stdlib does since 3.14; before, one note
 * in all with the path of the keys and indices. */
void encoder_add_note(encoder *e, PyObject *object, PyObject *key, Py_ssize_t index);

/* Add a note to the TypeError that is set: what to do for a class that nothing knows. */
void encoder_add_advice(PyObject *object);

/* Add the one note of older versions to the exception that is set, once the document has failed. */
void encoder_add_place(encoder *e);

/* Python code is about to run: the path is checked, what is sorted is held, and whatever walks a dict as the stdlib
 * walks a copy gets its copy now, as WALK_SORTED. -1 with an exception. */
int encoder_before_python(encoder *e);

/* Hand what was written so far to the sink, which may run any Python code: the start of the buffer, or NULL with an
 * exception set. */
uint8_t *encoder_flush(encoder *e, uint8_t *out);

/* Note where flush_size bytes end: the output has moved, or the size has changed. */
static ALWAYS_INLINE void encoder_mark_full(encoder *e) {
    e->full = e->flush_size == SIZE_MAX ? (const uint8_t *)UINTPTR_MAX : e->text.start + e->flush_size;
}

/* Set out on a walk over an exact dict that had members: whether it still has, or -1 with MemoryError set. To be ended
 * by encoder_walk_end unless it hasn't. */
static ALWAYS_INLINE int encoder_walk_start(walk *w, PyObject *dict) {
    w->dict = dict;
    w->position = 0;
    w->kind = WALK_DICT;
    w->entered = 0;
#if COMPAT_HAS_GIL
    w->items = NULL;
    w->used = w->left = PyDict_GET_SIZE(dict);
    return 1;
#else
    w->held[0] = w->held[1] = NULL;
    w->items = compat_dict_pairs(dict);
    if (UNLIKELY(w->items == NULL)) return -1;
    w->used = w->left = PyTuple_GET_SIZE(w->items) / 2;
    if (w->used == 0) Py_CLEAR(w->items);
    return w->used > 0;
#endif
}

static ALWAYS_INLINE void encoder_walk_end(walk *w) {
#if COMPAT_HAS_GIL
    CYJSON_ASSERT(w->kind == WALK_DICT && w->items == NULL);
    (void)w;
#else
    Py_XDECREF(w->items);
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

/* A JSONEncoder of the stdlib's, made with these keywords, the reference to which is taken over. A new reference. */
PyObject *encoder_of_stdlib(encode_state *state, PyObject *keywords);

/* Whether a key is its own text. */
static ALWAYS_INLINE int encoder_is_text_key(const encoder *e, PyObject *key) {
    return PyUnicode_Check(key) && (PyUnicode_CheckExact(key) || e->options->plans == NULL);
}

/* A key as str, for what isn't one: a new reference, or NULL: with an exception, or without one to skip it. */
PyObject *encoder_key_text(encoder *e, PyObject *key);

/* The stdlib's own error for a float that JSON doesn't have: its words differ between versions, and between encoder and
 * generator. */
void encoder_raise_not_finite(encoder *e, PyObject *number);

/* Whether an indented dict whose keys were all skipped is closed on the same line: the stdlib is asked. -1 with an
 * exception. */
int encoder_skipped_all_is_empty(encode_state *state);

/* Write an odd piece so many times, with SLACK characters of room behind it: NULL with an exception set. */
uint8_t *encoder_put_odd(encoder *e, uint8_t *out, const encode_piece *piece, Py_ssize_t times);

/* Before anything is written: characters that hold every odd piece. NULL with MemoryError set. */
uint8_t *encoder_prewiden(encoder *e, uint8_t *out);

/* What was written, with the odd pieces in it, as a new object of its own; NULL with MemoryError set. */
PyObject *encoder_text(const encoder *e, const uint8_t *out);

/* A StopIteration that would leave a generator of the stdlib's becomes what it becomes there: RuntimeError. With an
 * exception set. */
void encoder_end_generator(encoder *e);

/* What the stdlib's generator takes an object for: it asks isinstance(), to which a proxy answers by its __class__. */
typedef enum {
    CLAIM_ERROR = -1,
    CLAIM_NONE, /* it is for default() */
    CLAIM_TYPE, /* it is what its type says */
    CLAIM_SCALAR, /* a str, int or float that isn't one, or compares in Python: see encoder_claimed_text */
    CLAIM_LIST,
    CLAIM_DICT,
} encoder_claim;

/* Whether a float's class compares in Python: the stdlib's generator asks it whether it is NaN or infinite. */
static ALWAYS_INLINE int encoder_float_compares(PyObject *object) {
    PyTypeObject *type = Py_TYPE(object);
    return type->tp_richcompare != PyFloat_Type.tp_richcompare && PyType_HasFeature(type, Py_TPFLAGS_HEAPTYPE) &&
           PyFloat_Check(object);
}

/* Whether isinstance() may find more than the type's bases, or what is found isn't written by its value. */
static ALWAYS_INLINE int encoder_may_claim(const encoder *e, PyObject *object) {
    const encode_state *state = e->state;
    PyTypeObject *type = Py_TYPE(object);
    if (LIKELY(!e->options->as_generator) || state->class_name == NULL)
        return 0; /* the collector took it: the interpreter ends */
    return type->tp_getattro != PyObject_GenericGetAttr ||
           _PyType_Lookup(type, state->class_name) != state->class_slot || encoder_float_compares(object);
}

/* Ask isinstance(), which may run Python code. A key is looked at as a scalar only. */
encoder_claim encoder_claim_of(encoder *e, PyObject *object, int is_key);

/* The text for CLAIM_SCALAR: of a float's class, and NaN and the infinities, which a proxy may compare as; else NULL
 * with the stdlib's exception set. */
PyObject *encoder_claimed_text(encode_state *state, const encode_options *options, PyObject *object);

/* Put the members of a dict on top of e->sorted, in the order of their keys: how many; or -1 with *odd set where a key
 * isn't exactly a str, or with an exception set. With references if `hold`; else the dict lives, and its members, until
 * encoder_before_python sees to it. */
Py_ssize_t encoder_sort(encoder *e, PyObject *dict, int hold, int *odd);

/* Set out on a walk over the members of an exact dict in the order of their keys: whether they can be sorted without
 * Python code, or -1 with MemoryError set. To be ended by encoder_walk_close. */
static ALWAYS_INLINE int encoder_walk_sorted(encoder *e, walk *w, PyObject *dict, int hold) {
    int odd = 0;
    w->outer = e->walks;
    w->dict = dict;
    w->position = 0;
    w->kind = WALK_SORTED;
    w->entered = 1;
    w->items = NULL;
    w->start = e->sorted_used;
    w->used = encoder_sort(e, dict, hold, &odd);
    w->left = PY_SSIZE_T_MAX; /* a change of size is no error */
    return LIKELY(w->used >= 0) ? 1 : odd ? 0 : -1;
}

/* Set out on a walk over what a dict's items() gives. -1 with an exception set. To be ended by encoder_walk_close. */
int encoder_walk_items(encoder *e, walk *w, PyObject *dict);

/* End a walk of either kind, also with an exception set. May run Python code. */
void encoder_walk_close(encoder *e, walk *w);

/* Hold what is on it: Python code is about to run. */
static ALWAYS_INLINE void encoder_sorted_hold(encoder *e) {
    for (; UNLIKELY(e->sorted_held < e->sorted_used); e->sorted_held++) {
        Py_INCREF(e->sorted[e->sorted_held].key);
        Py_INCREF(e->sorted[e->sorted_held].value);
    }
}

/* Put what is left of a walk over a dict on top of it, held, and have the walk go on there. -1 with MemoryError set. */
int encoder_sorted_copy(encoder *e, walk *w);

/* Take those from `start` on away again, each before its references are given up: that may run Python code, and the
 * collector, which looks at what is on the stack. */
static ALWAYS_INLINE void encoder_sorted_end(encoder *e, Py_ssize_t start) {
    CYJSON_ASSERT(start <= e->sorted_used && e->sorted_held <= e->sorted_used);
    while (e->sorted_held > start) {
        sorted_member last = e->sorted[--e->sorted_held];
        e->sorted_used = e->sorted_held;
        Py_DECREF(last.key);
        Py_DECREF(last.value);
    }
    e->sorted_used = start;
}

#endif
