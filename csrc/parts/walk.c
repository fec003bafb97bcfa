#include "parts/walk.h"

#include <stdlib.h>

#include "base/bits.h"
#include "kernels/unescape.h"

/* What a walk came to. */
typedef enum { WALK_ON, WALK_DONE, WALK_MALFORMED } walk_state;

/* ---- values that aren't wanted ---- */

static ALWAYS_INLINE int ends_scalar(uint8_t c) { return c == ',' || c == '}' || c == ']' || c <= ' '; }

/* The byte after the value at p; NULL where it is malformed. */
static ALWAYS_INLINE const uint8_t *pass_value(const skip_functions *skip, const uint8_t *p, const uint8_t *end) {
    int escaped;
    if (UNLIKELY(p == end)) return NULL;
    if (*p == '"') {
        p = skip_string(p + 1, end, &escaped);
        return p == NULL ? NULL : p + 1;
    }
    if (*p == '{' || *p == '[') return skip->balance(p, end, 0);
    while (p < end && !ends_scalar(*p)) p++;
    return p;
}

/* ---- those that are ---- */

static void forget(parts_walk *w, const paths_node *node) {
    for (Py_ssize_t i = node->first_wanted; i >= 0; i = w->paths->next_wanted[i])
        if (w->found[i] != NULL) {
            w->found[i] = NULL;
            w->missing++;
        }
    for (Py_ssize_t i = 0; i < node->steps; i++) forget(w, node->step[i].node);
}

/* The name of n raw characters with escapes, in scratch; its size, or -1. */
static Py_ssize_t unescaped(parts_walk *w, const uint8_t *name, size_t n) {
    if (w->scratch_room < n) {
        uint8_t *grown = realloc(w->scratch, n);
        if (grown == NULL) {
            w->no_memory = 1;
            return -1;
        }
        w->scratch = grown;
        w->scratch_room = n;
    }
    return (Py_ssize_t)unescape(w->scratch, name, n, NULL);
}

/* Where a walk is: at p, and in a text with an index at a token. */
typedef struct {
    const uint8_t *p;
    places_at in;
} walk_place;

static walk_state walk_value(parts_walk *w, const paths_node *node, walk_place *at);

/* Take the value at a place for these steps: those from `step` on that are for this name, or for this index. */
static walk_state walk_steps(parts_walk *w, const paths_node *node, Py_ssize_t step, Py_ssize_t last,
                             const uint8_t *name, Py_ssize_t size, Py_ssize_t index, walk_place *at) {
    walk_place value = *at;
    for (; step < last; step++) {
        const paths_step *s = &node->step[step];
        if (name != NULL ? !paths_is_name(s, name, size) : s->index != index) continue;
        *at = value;
        forget(w, s->node);
        walk_state state = walk_value(w, s->node, at);
        if (state != WALK_ON) return state;
    }
    return WALK_ON;
}

/* Note that a value begins at p, of a node after which no path goes on: of equal names the last counts. */
static ALWAYS_INLINE void take_leaf(parts_walk *w, const paths_node *leaf, const uint8_t *p) {
    for (Py_ssize_t i = leaf->first_wanted; i >= 0; i = w->paths->next_wanted[i]) {
        w->missing -= w->found[i] == NULL;
        w->found[i] = p;
    }
}

/* As paths_find, of a name in the text. */
static ALWAYS_INLINE Py_ssize_t find_step(const parts_walk *w, const paths_node *node, const uint8_t *name,
                                          Py_ssize_t size) {
    if (node->table != NULL || size > 8 || size == 0 || UNLIKELY(w->end - name < 8))
        return paths_find(node, name, size);
    uint64_t word = paths_word(load_8(name), size);
    for (Py_ssize_t i = 0; i < node->steps; i++)
        if (node->step[i].size == size && node->step[i].word == word) return i;
    return -1;
}

/* ---- of a text without an index ---- */

static walk_state walk_object(parts_walk *w, const paths_node *node, walk_place *at) {
    const uint8_t *p = places_space(at->p + 1, w->end), *const end = w->end;
    if (p < end && *p == '}') {
        at->p = p + 1;
        return WALK_ON;
    }
    for (;;) {
        int escaped;
        if (UNLIKELY(p == end) || UNLIKELY(*p != '"')) return WALK_MALFORMED;
        const uint8_t *name = p + 1;
        p = skip_string(name, end, &escaped);
        if (UNLIKELY(p == NULL)) return WALK_MALFORMED;
        Py_ssize_t size = p - name, step = -1;
        if (UNLIKELY(escaped)) {
            if ((size = unescaped(w, name, (size_t)size)) < 0) return WALK_MALFORMED;
            step = paths_find(node, w->scratch, size);
        } else if (node->names & paths_first_bit(*name)) step = find_step(w, node, name, size);
        p = places_space(p + 1, end);
        if (UNLIKELY(p == end) || UNLIKELY(*p != ':')) return WALK_MALFORMED;
        p = places_space(p + 1, end);
        const paths_step *first = step < 0 ? NULL : &node->step[step];
        if (first == NULL || (first->node->steps == 0 && !node->twins)) {
            if (first != NULL) {
                take_leaf(w, first->node, p);
                if (w->missing == 0 && !w->checked) return WALK_DONE;
            }
            p = pass_value(w->skip, p, end);
            if (UNLIKELY(p == NULL)) return WALK_MALFORMED;
        } else {
            at->p = p;
            walk_state state = walk_steps(w, node, step, node->steps, first->name, size, -1, at);
            if (state != WALK_ON) return state;
            p = at->p;
        }
        p = places_space(p, end);
        if (UNLIKELY(p == end)) return WALK_MALFORMED;
        if (*p == '}') {
            at->p = p + 1;
            return WALK_ON;
        }
        if (UNLIKELY(*p != ',')) return WALK_MALFORMED;
        p = places_space(p + 1, end);
    }
}

static walk_state walk_array(parts_walk *w, const paths_node *node, walk_place *at) {
    const uint8_t *p = places_space(at->p + 1, w->end), *const end = w->end;
    Py_ssize_t step = 0;
    if (p < end && *p == ']') {
        at->p = p + 1;
        return WALK_ON;
    }
    for (Py_ssize_t index = 0; step < node->indices; index++) {
        if (node->step[step].index > index) {
            p = pass_value(w->skip, p, end);
            if (UNLIKELY(p == NULL)) return WALK_MALFORMED;
        } else {
            at->p = p;
            walk_state state = walk_steps(w, node, step, node->indices, NULL, 0, index, at);
            if (state != WALK_ON) return state;
            p = at->p;
            while (step < node->indices && node->step[step].index == index) step++;
        }
        p = places_space(p, end);
        if (UNLIKELY(p == end)) return WALK_MALFORMED;
        if (*p == ']') {
            at->p = p + 1;
            return WALK_ON;
        }
        if (UNLIKELY(*p != ',')) return WALK_MALFORMED;
        p = places_space(p + 1, end);
    }
    at->p = w->skip->balance(p, end, 1);
    return at->p == NULL ? WALK_MALFORMED : WALK_ON;
}

/* Whether there is a backslash in a name, of which that is only known of the text. */
static ALWAYS_INLINE int is_escaped(const parts_walk *w, const uint8_t *name, size_t size) {
    if (w->escapes_in != NULL && size <= 64) { /* within the block that it begins in, and the next one */
        size_t block = (size_t)(name - w->start) / 64;
        const uint64_t *bits = w->escapes_in + block / 64;
        if (!((bits[0] >> block % 64 | bits[1] << 1 << (63 - block % 64)) & 3)) return 0;
    }
    if (VEC_STRIDE == 1 && size <= 16 && w->end - name >= 16) {
        uint32_t among = (uint32_t)vec_bits(vec8_equal(vec_load(name), '\\'));
        return (among & (((uint32_t)1 << size) - 1)) != 0;
    }
    return memchr(name, '\\', size) != NULL;
}

/* Up to which offset there is no backslash, from one on: 0 where that isn't known. */
static size_t clear_of_escapes(const parts_walk *w, size_t offset) {
    const uint64_t *bits = w->escapes_in;
    size_t block = offset / 64, last = (size_t)(w->end - w->start) / 64 / 64;
    if (bits == NULL) return 0;
    uint64_t word = bits[block / 64] & ~(uint64_t)0 << block % 64;
    for (size_t i = block / 64; word == 0; word = bits[i])
        if (++i > last) return SIZE_MAX;
        else block = 64 * i;
    return 64 * (block / 64 * 64 + count_trailing_zeros(word));
}

/* Whether a step of a node was taken before, for an equal name. */
static ALWAYS_INLINE int is_seen(uint64_t *seen, Py_ssize_t step) {
    if (step >= 64) return 1; /* perhaps */
    int was = (int)(*seen >> step & 1);
    *seen |= (uint64_t)1 << step;
    return was;
}

/* ---- of a text with one: from token to token. It may be somebody's who changes the text meanwhile. ---- */

/* The first step of a node for the member whose name begins at `name`, and whose colon is at `colon`: -1 where there is
 * none, -2 where the text isn't what it was, or there is no memory. Names that end before *clear have no escapes. */
static ALWAYS_INLINE Py_ssize_t member_step(parts_walk *w, const paths_node *node, const uint8_t *name,
                                            const uint8_t *colon, size_t *clear) {
    const uint8_t *last = colon - 1;
    int escaped = 0;
    while (last >= name && UNLIKELY(*last != '"')) last--; /* white space */
    if (UNLIKELY(last < name)) return -2;
    Py_ssize_t size = last - name;
    if (UNLIKELY((size_t)(last - w->start) >= *clear)) {
        escaped = is_escaped(w, name, (size_t)size);
        *clear = clear_of_escapes(w, (size_t)(last - w->start));
    }
    if (LIKELY(!escaped)) return find_step(w, node, name, size);
    size = unescaped(w, name, (size_t)size);
    return size < 0 ? -2 : paths_find(node, w->scratch, size);
}

static walk_state walk_members(parts_walk *w, const paths_node *node, const skip_container *container, walk_place *at) {
    const skip_index *const index = w->index;
    /* Copies: what is found might be anywhere, for all that the compiler knows. */
    const uint8_t *const start = w->start;
    const uint32_t *const places = index->places;
    const size_t tokens = index->tokens;
    const uint64_t names = node->names | (w->escapes ? paths_first_bit('\\') : 0);
    size_t clear = w->escapes ? 0 : SIZE_MAX;
    size_t token = at->in.token + 1, next = at->in.next + 1, opens = places_opens(index, next);
    uint64_t seen = 0;
    CYJSON_ASSERT(w->checked);
    for (uint32_t left = container->count; left > 0; left--, token++) { /* a comma, or the closing bracket */
        if (UNLIKELY(token + 2 >= tokens)) return WALK_MALFORMED;
        const uint8_t *name = start + places[token] + 1;
        Py_ssize_t step = -1;
        if (UNLIKELY(names & paths_first_bit(*name))) {
            step = member_step(w, node, name, start + places[token + 1], &clear);
            if (UNLIKELY(step == -2)) return WALK_MALFORMED;
        }
        token += 2;
        if (step >= 0) {
            const paths_step *s = &node->step[step];
            if (LIKELY(s->node->steps == 0) && LIKELY(!node->twins)) {
                for (Py_ssize_t i = s->node->first_wanted; i >= 0; i = w->paths->next_wanted[i])
                    w->found[i] = start + places[token]; /* of equal names the last counts */
            } else {
                walk_state state;
                at->in = (places_at){token, next};
                if (UNLIKELY(node->twins)) state = walk_steps(w, node, step, node->steps, s->name, s->size, -1, at);
                else {
                    if (UNLIKELY(is_seen(&seen, step))) forget(w, s->node);
                    state = walk_value(w, s->node, at);
                }
                if (state != WALK_ON) return state;
                token = at->in.token;
                next = at->in.next;
                opens = places_opens(index, next);
                continue;
            }
        }
        if (token == opens) {
            token = index->containers[next].after;
            next = index->containers[next].next;
            opens = places_opens(index, next);
        } else token++;
    }
    at->in = (places_at){container->after, container->next};
    return WALK_ON;
}

static walk_state walk_items(parts_walk *w, const paths_node *node, const skip_container *container, walk_place *at) {
    const skip_index *index = w->index;
    places_at in = {at->in.token + 1, at->in.next + 1};
    Py_ssize_t step = 0;
    int is_flat = container->next == in.next; /* without containers: each item has two tokens */
    for (Py_ssize_t i = 0; step < node->indices && i < (Py_ssize_t)container->count; i++) {
        Py_ssize_t wanted = node->step[step].index;
        if (wanted >= (Py_ssize_t)container->count) break;
        if (is_flat) {
            in.token += 2 * (size_t)(wanted - i);
            i = wanted;
        }
        if (wanted > i) places_pass(index, &in);
        else {
            at->in = in;
            walk_state state = walk_steps(w, node, step, node->indices, NULL, 0, i, at);
            if (state != WALK_ON) return state;
            in = at->in;
            while (step < node->indices && node->step[step].index == i) step++;
        }
        in.token++;
    }
    at->in = (places_at){container->after, container->next};
    return WALK_ON;
}

static walk_state walk_value(parts_walk *w, const paths_node *node, walk_place *at) {
    const skip_index *index = w->index;
    if (index != NULL) {
        if (UNLIKELY(at->in.token >= index->tokens)) return WALK_MALFORMED;
        at->p = w->start + index->places[at->in.token];
    }
    const uint8_t *p = at->p;
    if (UNLIKELY(p == w->end)) return WALK_MALFORMED;
    for (Py_ssize_t i = node->first_wanted; i >= 0; i = w->paths->next_wanted[i], w->missing--) w->found[i] = p;
    if (w->missing == 0 && !w->checked) return WALK_DONE;
    int object = *p == '{', enters = object ? node->steps > 0 : *p == '[' && node->indices > 0;
    if (index != NULL) {
        if (!enters) {
            places_pass(index, &at->in);
            return WALK_ON;
        }
        if (UNLIKELY(at->in.next >= index->count)) return WALK_MALFORMED;
        const skip_container *container = &index->containers[at->in.next];
        if (UNLIKELY(container->token != at->in.token)) return WALK_MALFORMED;
        return object ? walk_members(w, node, container, at) : walk_items(w, node, container, at);
    }
    if (enters) return object ? walk_object(w, node, at) : walk_array(w, node, at);
    at->p = pass_value(w->skip, p, w->end);
    return UNLIKELY(at->p == NULL) ? WALK_MALFORMED : WALK_ON;
}

int parts_find_at(parts_walk *w, places_at place) {
    walk_place at = {NULL, place};
    return walk_value(w, w->paths->root, &at) == WALK_MALFORMED ? -1 : 0;
}

const uint8_t *parts_pass(const skip_functions *skip, const uint8_t *p, const uint8_t *end) {
    return pass_value(skip, p, end);
}

int parts_find(parts_walk *w, const uint8_t *p) {
    walk_place at = {p, {0, 0}};
    return walk_value(w, w->paths->root, &at) == WALK_MALFORMED ? -1 : 0;
}
