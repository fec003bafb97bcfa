/* Text -> Python objects, in one pass.
 *
 * The decoder answers only for well-formed documents. Where one isn't, it says so (NULL without an exception) and the
 * caller hands the same text to the interpreter's own decoder, whose exception is the answer. */
#ifndef CYJSON_DECODE_H
#define CYJSON_DECODE_H

#include "compat.h"
#include "cpu.h"
#include "events.h"
#include "keycache.h"
#include "stream.h"

/* What a document may be decoded with. NULL: the default. References are borrowed; the caller keeps them alive. */
typedef struct {
    PyObject *object_hook, *object_pairs_hook, *array_hook;
    PyObject *parse_float, *parse_int, *parse_constant;
    int lenient; /* strict=False: control characters are allowed in strings */
    int ordered; /* objects become OrderedDicts */
    int tuples;  /* arrays become tuples */
    int runs_python; /* whether decoding may run Python code: there is a hook */
} decode_options;

/* Complete options whose hooks are set. Those whose answer is known aren't called: the containers are made as they would make them. */
static inline void decode_know_hooks(decode_options *o)
{
    PyObject *pairs_hook = o->object_pairs_hook;
    o->ordered = pairs_hook == (PyObject *)&PyODict_Type;
    o->tuples = o->array_hook == (PyObject *)&PyTuple_Type;
    if (o->ordered || pairs_hook == (PyObject *)&PyDict_Type) o->object_pairs_hook = o->object_hook = NULL;
    if (o->object_hook == (PyObject *)&PyDict_Type) o->object_hook = NULL;
    if (o->tuples || o->array_hook == (PyObject *)&PyList_Type) o->array_hook = NULL;
    o->runs_python = o->object_hook || o->object_pairs_hook || o->array_hook || o->parse_float || o->parse_int || o->parse_constant;
}

typedef struct decode_state decode_state;

/* Decoding itself, compiled for one instruction set. */
typedef struct {
    /* A whole document of UTF-8 bytes; data[size] is zero. A new reference, or NULL: with an exception set, or without one
     * where the text is not a JSON document in strict UTF-8. */
    PyObject *(*utf8)(decode_state *state, const decode_options *options, const uint8_t *data, Py_ssize_t size);

    /* The value that starts at data[*index] of UTF-8 bytes; *index becomes the index behind it. As utf8. */
    PyObject *(*utf8_at)(decode_state *state, const decode_options *options, const uint8_t *data, Py_ssize_t size, Py_ssize_t *index);

    /* The values of an array from the one that starts at data[*index] on, as many as are whole, until `enough` bytes are
     * read: a new list, or NULL with an exception set. *index becomes the index behind the last of them. A number that
     * ends near data[size] may be cut, and isn't taken, unless the document ends there (`final`). With `members`, those of an
     * object, from the key at data[*index] on, as pairs. */
    PyObject *(*utf8_items)(decode_state *state, const decode_options *options, const uint8_t *data, Py_ssize_t size, Py_ssize_t *index,
                            Py_ssize_t enough, int final, int members);

    /* The events from scanner->at on, as far as they are whole in text[0, size) and fit in e->ready; `final` as in
     * utf8_items. The scanner moves on over them. 0, or -1 with MemoryError set. Without hooks only. */
    int (*utf8_events)(decode_state *state, const decode_options *options, const uint8_t *text, size_t size, int final,
                       stream_scanner *scanner, events *e);

    /* A whole document in a str. As utf8. */
    PyObject *(*str)(decode_state *state, const decode_options *options, PyObject *text);

    /* The value that starts at character *index of a str; *index becomes the index behind it. As utf8. */
    PyObject *(*str_at)(decode_state *state, const decode_options *options, PyObject *text, Py_ssize_t *index);

    /* The string whose first character behind the opening quote is at *index. As str_at. */
    PyObject *(*scanstring)(decode_state *state, const decode_options *options, PyObject *text, Py_ssize_t *index);
} decode_functions;

extern const decode_functions CPU_NAME(decode_with);

enum {
    SHAPE_BITS = 6,
    SHAPES = 1 << SHAPE_BITS,
    SHAPE_LEAST = 3, /* pairs from which on a copy is cheaper */
    SHAPE_MOST = 128 /* pairs: what is kept is bounded */
};

/* What decoding shares between calls. */
struct decode_state {
    const decode_functions *with;
    keycache_pool keys;
    PyObject *ascii[128]; /* the one-character strings */
    PyObject *small_ints[COMPAT_SMALL_INTS];
    PyObject *words[2]; /* None, True: which of them it is can't be predicted */
    PyObject *ascii_model; /* what compat_ascii_like asks for; nobody else has it */
    PyObject *nan, *infinity, *minus_infinity;
    int dict_layout_known; /* compat_dict_layout_known(): whether there are shapes */
    PyObject *shapes[SHAPES]; /* dicts whose tables the next with the same keys copies (compat_dict_shape), or NULL */
    uint64_t seen[SHAPES];    /* a mark of the keys of the dict that came last and wasn't copied */
    PyObject *default_decoder; /* the stdlib's JSONDecoder(), whose answer counts where ours gives none */
};

/* 0, or -1 with an exception. The caller sets default_decoder and dict_layout_known. */
int decode_state_init(decode_state *state, cpu_level cpu);
int decode_state_traverse(decode_state *state, visitproc visit, void *arg);
void decode_state_clear(decode_state *state);

#endif
