/* Going through a text by the index that kernels/skip.h made of it. Includes no Python.h. */
#ifndef CYJSON_KERNELS_PLACES_H
#define CYJSON_KERNELS_PLACES_H

#include "base/compiler.h"
#include "kernels/skip.h"

/* The first byte from p on that isn't white space, or end. */
static inline const uint8_t *places_space(const uint8_t *p, const uint8_t *end) {
    while (p < end && (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t')) p++;
    return p;
}

/* Where somebody is: at a token, before which `next` containers begin. */
typedef struct {
    size_t token, next;
} places_at;

/* The token of the container with this index, or of none. */
static ALWAYS_INLINE size_t places_opens(const skip_index *index, size_t container) {
    return container < index->count ? index->containers[container].token : SIZE_MAX;
}

/* Go on to the token after the value at a place, which may be none: what is read there checks that. */
static ALWAYS_INLINE void places_pass(const skip_index *index, places_at *at) {
    if (at->next < index->count && index->containers[at->next].token == at->token) {
        const skip_container *container = &index->containers[at->next];
        at->token = container->after;
        at->next = container->next;
    } else at->token++;
}

/* The raw name of the member whose name's token is at `at`: its first character, and its size. NULL where it is none.
 * Between a name and the colon is but white space. */
static ALWAYS_INLINE const uint8_t *places_name(const skip_index *index, const uint8_t *start, size_t at,
                                                size_t *size) {
    if (UNLIKELY(at + 2 >= index->tokens)) return NULL;
    const uint8_t *quote = start + index->places[at], *last = start + index->places[at + 1] - 1;
    while (last > quote && *last != '"') last--;
    if (UNLIKELY(last <= quote)) return NULL;
    *size = (size_t)(last - quote - 1);
    return quote + 1;
}

#endif
