#include "kernels/skip.h"

#include <stdlib.h>
#include <string.h>

#if CPU_HAS_LEVELS
extern const skip_functions skip_with_avx2, skip_with_avx512;
static const skip_functions *const levels[CPU_LEVELS] = {&skip_with, &skip_with_avx2, &skip_with_avx512};
#else
static const skip_functions *const levels[CPU_LEVELS] = {&skip_with, &skip_with, &skip_with};
#endif

const skip_functions *skip_for(cpu_level level) { return levels[level]; }

void skip_index_free(skip_index *index) {
    if (index->containers != index->first) free(index->containers);
    if (index->places != index->first_places) free(index->places);
    index->containers = NULL;
    index->places = NULL;
    index->count = index->room = index->tokens = index->places_room = 0;
}

int skip_index_grow_places(skip_index *index, size_t more) {
    if (index->places == NULL && index->first_places_room >= more) {
        index->places = index->first_places;
        index->places_room = index->first_places_room;
        return 0;
    }
    size_t room = 2 * index->places_room < more ? more : 2 * index->places_room;
    uint32_t *old = index->places == index->first_places ? NULL : index->places;
    if (room < index->tokens + more) room = index->tokens + more;
    uint32_t *grown = room > SIZE_MAX / sizeof *grown ? NULL : realloc(old, room * sizeof *grown);
    if (grown == NULL) return -1;
    if (old == NULL && index->tokens) memcpy(grown, index->places, index->tokens * sizeof *grown);
    index->places = grown;
    index->places_room = room;
    return 0;
}

int skip_index_grow(skip_index *index) {
    enum { AT_ONCE = 64, LEAST = 256 };
    if (index->containers == NULL && index->first_room >= AT_ONCE) {
        index->containers = index->first;
        index->room = index->first_room;
        return 0;
    }
    size_t room = 2 * index->room < LEAST ? LEAST : 2 * index->room;
    skip_container *old = index->containers == index->first ? NULL : index->containers;
    skip_container *grown = room > SIZE_MAX / sizeof *grown ? NULL : realloc(old, room * sizeof *grown);
    if (grown == NULL) return -1;
    if (old == NULL && index->count) memcpy(grown, index->containers, index->count * sizeof *grown);
    index->containers = grown;
    index->room = room;
    return 0;
}

int skip_index_copy(skip_index *to, const skip_index *from) {
    memset(to, 0, sizeof *to);
    to->containers = malloc((from->count ? from->count : 1) * sizeof *to->containers);
    to->places = malloc((from->tokens ? from->tokens : 1) * sizeof *to->places);
    if (to->containers == NULL || to->places == NULL) {
        skip_index_free(to);
        return -1;
    }
    memcpy(to->containers, from->containers, from->count * sizeof *to->containers);
    memcpy(to->places, from->places, from->tokens * sizeof *to->places);
    to->count = to->room = from->count;
    to->tokens = to->places_room = from->tokens;
    return 0;
}
