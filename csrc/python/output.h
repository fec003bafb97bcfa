/* The growing output: text that starts on the C stack and becomes the bytes or str result without a last copy when it
 * outgrew it.
 *
 * The writer keeps its own position `out`, in [start, limit], and hands it to each function here. A str grows in
 * characters of `width` bytes; `maxchar` is the bound that PyUnicode_New takes. */
#ifndef CYJSON_PYTHON_OUTPUT_H
#define CYJSON_PYTHON_OUTPUT_H

#include "python/dicts.h"

enum {
    OUTPUT_LOCAL = 2048,
    OUTPUT_AHEAD = 256, /* bytes that a writer may ask for beyond what it writes last */
};

typedef struct {
    uint8_t *start, *limit;
    PyObject *object; /* NULL while the text is in local */
    int is_bytes;
    int width; /* of the characters being written: 1 for bytes */
    Py_UCS4 maxchar; /* str: 0x7F, 0xFF (still width 1), 0xFFFF or 0x10FFFF */
    int keeps; /* of bytes: what was written stays where there is no memory for more, at the price of a copy */
    size_t expected; /* bytes that a large text may well come to: what the one before it did */
    uint8_t local[OUTPUT_LOCAL];
} text_output;

static ALWAYS_INLINE uint8_t *output_start(text_output *text, int is_bytes, size_t expected) {
    text->start = text->local;
    text->limit = text->local + OUTPUT_LOCAL;
    text->object = NULL;
    text->is_bytes = is_bytes;
    text->width = 1;
    text->maxchar = 0x7F;
    text->keeps = 0;
    text->expected = expected;
    return text->start;
}

/* Make room for `need` bytes at out; the new position, or NULL with MemoryError set. */
uint8_t *output_grow(text_output *text, uint8_t *out, size_t need);

/* Go over to characters that hold maxchar (0xFFFF or 0x10FFFF); the new position, or NULL with MemoryError set. */
uint8_t *output_widen(text_output *text, uint8_t *out, Py_UCS4 maxchar);

/* The result, ending at out: a new reference, or NULL with MemoryError set. The buffer is spent either way. */
PyObject *output_finish(text_output *text, uint8_t *out);

/* What was written up to out, as a new object of its own; NULL with MemoryError set. The buffer stays as it is. */
PyObject *output_copy(const text_output *text, const uint8_t *out);

/* Drop what was written. */
static ALWAYS_INLINE void output_abandon(text_output *text) { Py_CLEAR(text->object); }

#endif
