/* The growing output: text that starts on the C stack and becomes the bytes or str result without a last copy when it
 * outgrew it.
 *
 * The writer keeps its own position `out`, in [start, limit], and hands it to each function here. A str grows in
 * characters of `width` bytes; `maxchar` is the bound that PyUnicode_New takes. */
#ifndef CYJSON_BUFFER_H
#define CYJSON_BUFFER_H

#include "compat.h"

enum {
    BUFFER_LOCAL = 2048,
    BUFFER_AHEAD = 256, /* bytes that a writer may ask for beyond what it writes last */
};

typedef struct {
    uint8_t *start, *limit;
    PyObject *object; /* NULL while the text is in local */
    int is_bytes;
    int width;      /* of the characters being written: 1 for bytes */
    Py_UCS4 maxchar; /* str: 0x7F, 0xFF (still width 1), 0xFFFF or 0x10FFFF */
    size_t expected; /* bytes that a large text may well come to: what the one before it did */
    uint8_t local[BUFFER_LOCAL];
} buffer;

static ALWAYS_INLINE uint8_t *buffer_start(buffer *b, int is_bytes, size_t expected)
{
    b->start = b->local;
    b->limit = b->local + BUFFER_LOCAL;
    b->object = NULL;
    b->is_bytes = is_bytes;
    b->width = 1;
    b->maxchar = 0x7F;
    b->expected = expected;
    return b->start;
}

/* Make room for `need` bytes at out; the new position, or NULL with MemoryError set. */
uint8_t *buffer_grow(buffer *b, uint8_t *out, size_t need);

/* Go over to characters that hold maxchar (0xFFFF or 0x10FFFF); the new position, or NULL with MemoryError set. */
uint8_t *buffer_widen(buffer *b, uint8_t *out, Py_UCS4 maxchar);

/* The result, ending at out: a new reference, or NULL with MemoryError set. The buffer is spent either way. */
PyObject *buffer_finish(buffer *b, uint8_t *out);

/* What was written up to out, as a new object of its own; NULL with MemoryError set. The buffer stays as it is. */
PyObject *buffer_copy(const buffer *b, const uint8_t *out);

/* Drop what was written. */
static ALWAYS_INLINE void buffer_abandon(buffer *b) { Py_CLEAR(b->object); }

#endif
