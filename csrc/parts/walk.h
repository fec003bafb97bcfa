/* Finding where the wanted parts of a document begin, by reading past all others. Runs no Python code, and may run
 * without the GIL. */
#ifndef CYJSON_PARTS_WALK_H
#define CYJSON_PARTS_WALK_H

#include "base/simd128.h"
#include "kernels/skip.h"
#include "parts/paths.h"

typedef struct {
    const uint8_t *start, *end; /* of the text: UTF-8; nothing outside is read, whatever is in it */
    const skip_functions *skip;
    int checked; /* whether the text is known to be well formed */
    const skip_index *index; /* of the text, or NULL: containers to be passed over are balanced */
    int escapes; /* with an index: whether there may be escapes in names */
    const paths *paths;
    const uint8_t **found; /* for each path where its value begins, or NULL */
    Py_ssize_t missing; /* how many aren't found */
    uint8_t *scratch; /* a name without its escapes, of malloc */
    size_t scratch_room;
    int no_memory;
} parts_walk;

/* Find the parts in the value at p: 0, or -1 where the text is malformed or memory is missing (no_memory). All `found`
 * are NULL before, and `missing` is the number of paths. Of equal names the last counts. Where the text isn't
 * checked, the walk ends as soon as nothing is missing. The caller frees scratch. */
int parts_find(parts_walk *walk, const uint8_t *p);

/* The first byte from p on that isn't white space, or end. */
static inline const uint8_t *parts_space(const uint8_t *p, const uint8_t *end) {
    while (p < end && (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t')) p++;
    return p;
}

/* Return the byte after the value at p, or NULL where it is malformed. Of the walk only what describes a text without
 * an index counts. */
const uint8_t *parts_pass(const parts_walk *walk, const uint8_t *p);

/* Where somebody is in a text that has an index: at a token, before which `next` containers begin. */
typedef struct {
    size_t token, next;
} parts_place;

/* Go on to the token after the value at a place, which may be none: what is read there checks that. */
static ALWAYS_INLINE void parts_pass_token(const skip_index *index, parts_place *at) {
    if (at->next < index->count && index->containers[at->next].token == at->token) {
        const skip_container *container = &index->containers[at->next];
        at->token = container->after;
        at->next = container->next;
    } else at->token++;
}

/* The raw name of the member whose name's token is at `at`: its first character, and its size. NULL where it is none.
 * Between a name and the colon is but white space. */
static ALWAYS_INLINE const uint8_t *parts_name(const skip_index *index, const uint8_t *start, size_t at, size_t *size) {
    if (UNLIKELY(at + 2 >= index->tokens)) return NULL;
    const uint8_t *quote = start + index->places[at], *last = start + index->places[at + 1] - 1;
    while (last > quote && *last != '"') last--;
    if (UNLIKELY(last <= quote)) return NULL;
    *size = (size_t)(last - quote - 1);
    return quote + 1;
}

/* The name of n raw characters, without its escapes, in out, which has room for n bytes: its size. What is no escape
 * stays as it is. */
size_t parts_unescape(uint8_t *out, const uint8_t *p, size_t n);

#endif
