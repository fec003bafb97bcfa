/* What the two halves of encoding share: encode.c, with all that is seldom or done once a document, and encode_write.c,
 * the writing itself, which is compiled for each instruction set. */
#ifndef CYJSON_ENCODER_H
#define CYJSON_ENCODER_H

#include "buffer.h"
#include "cpu.h"
#include "encode.h"

enum {
    SHALLOW = 16, /* containers on the path for which no memory is allocated */
    NEAR = 1024,  /* those that a new one is compared with one by one; deeper ones are looked up */
    SHORT_PIECE = 16,
};

/* A dict that is being walked. Before Python code runs, the walks under way take copies of their items where the stdlib
 * does so from the start. */
typedef struct walk {
    struct walk *outer;
    PyObject *dict;
    Py_ssize_t position;   /* as PyDict_Next's; up to date whenever Python code may run */
    Py_ssize_t used, left; /* what a dict iterator checks */
    PyObject *items;       /* a list of pairs that replaces the dict, or NULL */
    Py_ssize_t index;
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
    int plain; /* no indentation, short separators, not as_generator: the members and items of most documents */
    int indent_is_spaces, dict_layout_known;
    unsigned disturbances; /* how often Python code may have run */
    walk *walks;
    Py_ssize_t level; /* of indentation */
    Py_ssize_t depth; /* of the path */
    PyObject **path, *shallow_path[SHALLOW];
    Py_ssize_t path_room;
    PyObject *markers; /* id -> object for the path beyond NEAR */
    sorted_member *sorted; /* a stack: the members of the dicts under way */
    Py_ssize_t sorted_used, sorted_limit;
} encoder;

/* The document at out; where it ends, or NULL with an exception set. */
uint8_t *CPU_NAME(encode_write)(encoder *e, uint8_t *out, PyObject *object);

/* ---- encode.c ---- */

/* Step into a container on a path longer than SHALLOW, and out of one on a path longer than NEAR: -1 with an exception. */
int encoder_push_deep(encoder *e, PyObject *object);
int encoder_pop_far(encoder *e, PyObject *object);
int encoder_already_on_path(void); /* -1 */

/* "when serializing dict item 'a'", "... list item 0", or, with neither key nor index, "... set object": what the stdlib
 * adds to an exception since 3.14. */
void encoder_add_note(encoder *e, PyObject *object, PyObject *key, Py_ssize_t index);

/* Python code is about to run: whatever walks a dict as the stdlib walks a copy gets its copy now. -1 with an exception. */
int encoder_before_python(encoder *e);

/* The next pair as borrowed references: 1, 0 at the end, -1 with an exception set. */
int encoder_walk_next(encoder *e, walk *w, PyObject **key, PyObject **value);

/* What a dict's iterator finds wrong before it looks for the next pair, and after it found one: 1 with RuntimeError set. */
int encoder_walk_is_disturbed(const walk *w);
int encoder_walk_is_too_long(walk *w);

/* The items of a dict that isn't walked directly, as a list. */
PyObject *encoder_items(encoder *e, PyObject *dict);

/* What a dict subclass's items() gives to the stdlib's generator: an iterator. */
PyObject *encoder_view_items(encoder *e, PyObject *dict);

/* A key as str, for what isn't one: a new reference, or NULL: with an exception, or without one to skip it. */
PyObject *encoder_key_text(encoder *e, PyObject *key);

/* The stdlib's own error for a float that JSON doesn't have: its words differ between versions, and between encoder and
 * generator. */
void encoder_raise_not_finite(encoder *e, PyObject *number);

/* Whether an indented dict whose keys were all skipped is closed on the same line: the stdlib is asked. -1 with an exception. */
int encoder_skipped_all_is_empty(encode_state *state);

/* Put the members of a dict on top of e->sorted, with references, in the order of their keys: how many; or -1 with *odd set
 * where a key isn't exactly a str, or with an exception set. */
Py_ssize_t encoder_sort(encoder *e, PyObject *dict, int *odd);

#endif
