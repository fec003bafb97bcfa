/* Text -> Python objects, in one pass.
 *
 * The decoder answers only for well-formed documents. Where one isn't, it says so (NULL without an exception) and the
 * caller hands the same text to the interpreter's own decoder, whose exception is the answer.
 *
 * How it works, in O(n) time for a text of n bytes (make growth measures it):
 *
 * Parser loop (parser.inc.h). One loop with labels, no recursion: depth is bounded by the interpreter's limit, not by
 * the C stack. An open container is a frame of three words on a stack of its own.
 *
 * Value stack (containers.inc.h). Values wait on it until their container ends, which is then made in one step of
 * known size: a list copies an array, a dict is made of alternating keys and values. It begins on the C stack. Once it
 * is full, a container with 256 values or more on it takes them over; where there is none, the stack doubles. So it
 * holds O(256 * depth) values.
 *
 * Key cache (python/keycache.h). A key of up to 64 ASCII characters is looked up by its text, before a str is made, in
 * two slots: O(1), in bounded memory, for all calls in an interpreter. The str that is found has its hash.
 *
 * Shapes (dict_from). A shape is the remembered layout of objects with the same 2 to 128 keys in the same order. All
 * of these objects but the first two are copies of its table in which the values are replaced: O(k) for k keys, with no
 * key hashed or compared. There are 256 places for shapes, in pairs, by the hashes of the keys; a newer one replaces
 * the older of its pair.
 *
 * Guesses (expect_keys). An object that stands under the same key as one before (in an array: under the array's) is
 * expected to have its shape. Each key that comes as expected is compared with the text in place: it is neither looked
 * for nor hashed, and an object of which all do needs no search for its shape. The first that doesn't ends that.
 *
 * Strings (strings.inc.h, compose.inc.h). What is in memory as it is in the text (ASCII, or a str without an escape) is
 * scanned and copied once. All else is put together in a scratch buffer, whose characters widen from 1 byte to 2 and 4
 * as needed.
 *
 * All functions are called with the GIL held, or without one with a thread state attached. Hooks run Python code, and
 * so do finalisers wherever the collector may run: see compat_gc_pause. */
#ifndef CYJSON_DECODE_H
#define CYJSON_DECODE_H

#include "python/dicts.h"
#include "base/cpu.h"
#include "decode/events.h"
#include "python/keycache.h"
#include "kernels/tokens.h"

/* What a document may be decoded with. NULL: the default. References are borrowed; the caller keeps them alive. */
typedef struct {
    PyObject *object_hook, *object_pairs_hook, *array_hook;
    PyObject *parse_float, *parse_int, *parse_constant;
    int lenient; /* strict=False: control characters are allowed in strings */
    int ordered; /* objects become OrderedDicts */
    int tuples; /* arrays become tuples */
    int finite; /* NaN, Infinity and -Infinity are refused */
    int as_orjson; /* ints past 64 bits are floats; infinite floats, lone surrogates and levels past
                      DECODE_ORJSON_LEVELS are refused */
    int odd_floats; /* floats need a look at these options: parse_float is set, or as_orjson */
    int runs_python; /* whether decoding may run Python code: there is a hook */
} decode_options;

enum { DECODE_ORJSON_LEVELS = 1024 };

/* Complete options whose hooks are set. Those whose answer is known aren't called: the containers are made as they
 * would make them. */
static inline void decode_know_hooks(decode_options *o) {
    PyObject *pairs_hook = o->object_pairs_hook;
    o->ordered = pairs_hook == (PyObject *)&PyODict_Type;
    o->tuples = o->array_hook == (PyObject *)&PyTuple_Type;
    if (o->ordered || pairs_hook == (PyObject *)&PyDict_Type) o->object_pairs_hook = o->object_hook = NULL;
    if (o->object_hook == (PyObject *)&PyDict_Type) o->object_hook = NULL;
    if (o->tuples || o->array_hook == (PyObject *)&PyList_Type) o->array_hook = NULL;
    o->odd_floats = o->parse_float != NULL || o->as_orjson;
    o->runs_python =
        o->object_hook || o->object_pairs_hook || o->array_hook || o->parse_float || o->parse_int || o->parse_constant;
}

typedef struct decode_state decode_state;
typedef struct typed_plan typed_plan; /* decode/typed.h */

/* Decoding itself, compiled for one instruction set. */
typedef struct {
    /* Decode a document of UTF-8 bytes; data[size] is zero. A new reference, or NULL: with an exception set, or without
     * one where the text is not a JSON document in strict UTF-8. */
    PyObject *(*utf8)(decode_state *state, const decode_options *options, const uint8_t *data, Py_ssize_t size);

    /* Decode the value that starts at data[*index] of UTF-8 bytes; *index becomes the index after it. As utf8. */
    PyObject *(*utf8_at)(decode_state *state, const decode_options *options, const uint8_t *data, Py_ssize_t size,
                         Py_ssize_t *index);

    /* Decode the values of an array from the one that starts at data[*index] on, as many as are whole, until `enough`
     * bytes are read: a new list, or NULL with an exception set. *index becomes the index after the last of them. A
     * number that ends near data[size] may be cut, and isn't taken, unless the document ends there (`final`). With
     * `members`, those of an object, from the key at data[*index] on, as pairs. */
    PyObject *(*utf8_items)(decode_state *state, const decode_options *options, const uint8_t *data, Py_ssize_t size,
                            Py_ssize_t *index, Py_ssize_t enough, int final, int members);

    /* Make the events from scanner->at on, as far as they are whole in text[0, size) and fit in e->ready; `final` as in
     * utf8_items. The scanner moves on over them. 0, or -1 with MemoryError set. Without hooks only. */
    int (*utf8_events)(decode_state *state, const decode_options *options, const uint8_t *text, size_t size, int final,
                       tokens_scanner *scanner, events *e);

    /* Decode a document of UTF-8 bytes by a plan; data[size] is zero. A new reference, or NULL: without an exception
     * where the text is not JSON, is not of the type, or is left to _decoding.py; with one where memory is short or
     * Python code raised what isn't a mismatch. The document is to stay as it is whatever Python code runs. */
    PyObject *(*typed)(decode_state *state, const typed_plan *plan, const uint8_t *data, Py_ssize_t size);

    /* Decode a document in a str. As utf8. */
    PyObject *(*str)(decode_state *state, const decode_options *options, PyObject *text);

    /* Decode the value that starts at character *index of a str; *index becomes the index after it. As utf8. */
    PyObject *(*str_at)(decode_state *state, const decode_options *options, PyObject *text, Py_ssize_t *index);
} decode_functions;

extern const decode_functions CPU_NAME(decode_with);

/* What puts strings together (compose.inc.h), compiled for one instruction set, by the form of the text: for a decoder
 * that more than one uses. */
struct decoder;
typedef PyObject *decode_composer(struct decoder *d, const uint8_t *start, const uint8_t *p);
typedef struct {
    decode_composer *compose_utf8, *compose_latin1, *compose_ucs2, *compose_ucs4;
} decode_composers;

HIDDEN extern const decode_composers CPU_NAME(decode_compose);

/* Decode the string whose first character after the opening quote is at *index. As str_at. */
PyObject *decode_scanstring(decode_state *state, const decode_options *options, PyObject *text, Py_ssize_t *index);

enum {
    SHAPE_BITS = 8,
    SHAPES = 1 << SHAPE_BITS,
    SHAPE_LEAST = 2, /* pairs from which on a copy is cheaper */
    SHAPE_MOST = 128, /* pairs: what is kept is bounded */
    GUESS_BITS = 8,
    GUESSES = 1 << GUESS_BITS
};

/* What decoding shares between calls. */
struct decode_state {
    const decode_functions *with;
    const decode_composers *composers;
    keycache_pool keys;
    PyObject *ascii[128]; /* the one-character strings */
    PyObject *small_ints[COMPAT_SMALL_INTS];
    PyObject *words[2]; /* None, True: which of them it is can't be predicted */
    PyObject *ascii_model; /* for compat_ascii_like; no one else has it */
    PyObject *nan, *infinity, *minus_infinity;
    int dict_layout_known; /* compat_dict_layout_known(): whether there are shapes */
    PyObject *shapes[SHAPES]; /* dicts whose tables the next with the same keys copies (compat_dict_shape), or NULL */
    uint64_t marks[SHAPES]; /* of the keys of each shape */
    uint64_t seen[SHAPES]; /* marks of the keys of dicts that weren't copied, two for a pair of places */
    uint8_t newer_shape[SHAPES / 2]; /* of a pair: which place got its shape last, 0 or 1 */
    uint8_t plain[SHAPES]; /* whether there is a shape whose keys stand in a text as they are */
    uint16_t guesses[GUESSES]; /* 1 + the place of the shape that an object at a place like this one had; or 0 */
    uint64_t shapes_kept; /* how often a shape came or went: pointers into one hold until then */
    PyObject *default_decoder; /* the stdlib's JSONDecoder(), whose answer counts where ours gives none */
};

/* Fill the state: 0, or -1 with an exception set. The caller sets default_decoder and dict_layout_known. */
int decode_state_init(decode_state *state, cpu_level cpu);
int decode_state_traverse(decode_state *state, visitproc visit, void *arg);
void decode_state_clear(decode_state *state);

#endif
