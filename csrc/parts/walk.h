/* Finding where the wanted parts of a document begin, by reading past all others. Runs no Python code, and may run
 * without the GIL. */
#ifndef CYJSON_PARTS_WALK_H
#define CYJSON_PARTS_WALK_H

#include "base/simd128.h"
#include "kernels/places.h"
#include "parts/paths.h"

typedef struct {
    const uint8_t *start, *end; /* of the text: UTF-8; nothing outside is read, whatever is in it */
    const skip_functions *skip;
    int checked; /* whether the text is known to be well formed */
    const skip_index *index; /* of the text, or NULL: containers to be passed over are balanced */
    int escapes; /* with an index: whether there may be escapes in names */
    const uint64_t *escapes_in; /* or else NULL; a bit for each 64 bytes from start: whether there is a backslash;
                                 * and one word more */
    const paths *paths;
    const uint8_t **found; /* for each path where its value begins, or NULL */
    Py_ssize_t missing; /* how many aren't found; with an index that isn't counted */
    uint8_t *scratch; /* a name without its escapes, of malloc */
    size_t scratch_room;
    int no_memory;
} parts_walk;

/* Find the parts in the value at p: 0, or -1 where the text is malformed or memory is missing (no_memory). All `found`
 * are NULL before, and `missing` is the number of paths. Of equal names the last counts. Where the text isn't
 * checked, the walk ends as soon as nothing is missing. The caller frees scratch. */
int parts_find(parts_walk *walk, const uint8_t *p);

/* As parts_find, of the value at a place of the walk's index. */
int parts_find_at(parts_walk *walk, places_at place);

/* Return the byte after the value at p, or NULL where it is malformed, or doesn't end before `end`. */
const uint8_t *parts_pass(const skip_functions *skip, const uint8_t *p, const uint8_t *end);

#endif
