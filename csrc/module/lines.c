/* Lines of which parts are wanted: objects of what parts/lines.h finds. */
#include <stdlib.h>

#include "module/args.h"
#include "module/arrow.h"
#include "module/parts.h"
#include "module/state.h"
#include "base/bits.h"
#include "base/simd128.h"
#include "parts/lines.h"

/* Values that a path has led to before, by their text: in logs and messages most come again and again. A type, a name
 * or a small number is then neither read nor made. */
enum {
    KNOWN_PATHS = 64, /* no more have them, for the sake of memory */
    KNOWN_VALUES = 256,
    KNOWN_LONGEST = 16, /* bytes of text */
    KNOWN_AFTER = 32, /* values: few lines needn't have the memory */
    KNOWN_TRIED = 64, /* values, of which some have to be known ... */
    KNOWN_WORTH = KNOWN_TRIED / 4,
    KNOWN_REST = 960 /* ... for the next ones to be looked for at once, and not after a rest */
};

enum { FEW_LEVELS = 8 }; /* of a line, which the interpreter isn't asked for: nothing here is recursive */

typedef struct {
    uint64_t text[2]; /* zeros after it */
    PyObject *value; /* NULL: none */
} known_value;

typedef struct {
    known_value *values; /* KNOWN_VALUES; NULL before the first */
    int tried, known, rest;
} known_values;

struct core_lines {
    PyObject *core;
    PyObject *source; /* bytes that are scanned where they are, or NULL */
    PyObject *capsule; /* of the paths; NULL: views are wanted */
    int single;
    lines_wish wish;
    lines_pool *pool; /* NULL: no threads */
    lines_chunk *chunk; /* taken last */
    uint8_t *spare; /* of spare_room bytes, of one that was taken; or NULL */
    size_t spare_room;
    const skip_document *document; /* in a line that core_lines_find has found; NULL where lines aren't checked */
    const uint8_t **part; /* of it, paths->count; or NULL */
    document_text text; /* of the line, from its bracket on where core_lines_find has found it; kept, since gcc clears a
                         * new one by rep stos, which takes as long as finding a part */
    const uint8_t *limit; /* the end of the text that the line is in */
    known_values *known; /* for each path; NULL: none */
    lines_found own; /* of another line that no thread has scanned */
    const columns *like; /* what parts are made by, or NULL */
    columns_part *parts; /* that can be used again */
    lines_scratch scratch;
};

/* Whether a pool can have so many: -1 with ValueError set. */
static int check_threads(int threads) {
    if (threads >= 0 && threads <= LINES_MOST_THREADS) return 0;
    PyErr_Format(PyExc_ValueError, "threads must be from 0 to %d, not %d", LINES_MOST_THREADS, threads);
    return -1;
}

core_lines *core_lines_new(PyObject *core, PyObject *pointers, int single, int check, int threads) {
    core_state *state = state_of(core);
    PyObject *capsule = NULL;
    if (check_threads(threads)) return NULL;
    if (pointers != Py_None) {
        capsule = compiled_paths(state, &PyTuple_GET_ITEM(pointers, 0), PyTuple_GET_SIZE(pointers));
        if (capsule == NULL) return NULL;
    }
    core_lines *lines = calloc(1, sizeof *lines);
    if (lines != NULL) {
        lines->core = Py_NewRef(core);
        lines->capsule = capsule;
        lines->single = single;
        lines->wish.skip = state->parts.skip;
        lines->wish.unchecked = !check;
        lines->text.is_ours = 1;
        lines->text.is_closed = check;
        if (capsule == Py_None) return lines; /* too long to be walked: each line goes by way of a str */
        if (capsule != NULL) {
            lines->wish.paths = paths_of(capsule);
            lines->part = calloc((size_t)lines->wish.paths->count, sizeof *lines->part); /* none: it works without */
            if (lines->wish.paths->count <= KNOWN_PATHS)
                lines->known = calloc((size_t)lines->wish.paths->count, sizeof *lines->known); /* likewise */
            for (Py_ssize_t i = 0; lines->known != NULL && i < lines->wish.paths->count; i++)
                lines->known[i].rest = KNOWN_AFTER;
        }
        if (threads == 0 && check) lines->scratch.ahead.lines = lines_take(&state->parts);
        if (threads == 0 || (lines->pool = lines_pool_new(&lines->wish, threads)) != NULL) return lines;
        core_lines_free(lines);
    } else Py_XDECREF(capsule);
    PyErr_NoMemory();
    return NULL;
}

core_lines *core_lines_of_columns(PyObject *core, const columns *like, int threads) {
    if (check_threads(threads)) return NULL;
    core_lines *lines = calloc(1, sizeof *lines);
    if (lines != NULL) {
        lines->core = Py_NewRef(core);
        lines->wish.make = columns_make_part;
        lines->wish.unmake = columns_free_part;
        lines->wish.free_kept = columns_free_kept;
        lines->like = like;
        if ((lines->pool = lines_pool_new(&lines->wish, threads)) != NULL) return lines;
        core_lines_free(lines);
    }
    PyErr_NoMemory();
    return NULL;
}

int core_lines_has_threads(const core_lines *lines) { return lines->pool != NULL; }

/* Let go of the chunk taken last, and keep its part. */
static SELDOM void drop_chunk(core_lines *lines) {
    columns_part *part = lines->like == NULL || lines->chunk == NULL ? NULL : lines->chunk->made;
    if (part != NULL) {
        lines->chunk->made = NULL;
        part->next = lines->parts;
        lines->parts = part;
    }
    lines_chunk_free(lines->chunk);
    lines->chunk = NULL;
}

/* A part for the next chunk: NULL where none is wanted, or there is no memory. */
static SELDOM columns_part *next_part(core_lines *lines) {
    columns_part *part = lines->parts;
    if (lines->like == NULL) return NULL;
    if (part == NULL) return columns_new_part(lines->like);
    lines->parts = part->next;
    columns_begin_part(part);
    return part;
}

columns_part *core_lines_part(core_lines *lines) { return lines->chunk == NULL ? NULL : lines->chunk->made; }

void core_lines_close(core_lines *lines) {
    lines_pool *pool = lines->pool;
    lines->pool = NULL;
    if (pool == NULL) return;
    Py_BEGIN_ALLOW_THREADS;
    lines_pool_close(pool);
    Py_END_ALLOW_THREADS;
}

void core_lines_free(core_lines *lines) {
    if (lines == NULL) return;
    core_lines_close(lines);
    drop_chunk(lines);
    for (columns_part *part = lines->parts, *next; part != NULL; part = next) {
        next = part->next;
        columns_free_part(part);
    }
    free(lines->spare);
    lines_free_found(&lines->own);
    lines->scratch.ahead.lines = lines_give(&state_of(lines->core)->parts, lines->scratch.ahead.lines);
    lines_free_scratch(&lines->scratch);
    for (Py_ssize_t i = 0; lines->known != NULL && i < lines->wish.paths->count; i++) {
        known_value *values = lines->known[i].values;
        for (int j = 0; values != NULL && j < KNOWN_VALUES; j++) Py_XDECREF(values[j].value);
        free(values);
    }
    free(lines->known);
    free((void *)lines->part);
    Py_XDECREF(lines->capsule);
    Py_XDECREF(lines->source);
    Py_DECREF(lines->core);
    free(lines);
}

void core_lines_hold(core_lines *lines, PyObject *source) { Py_XSETREF(lines->source, Py_NewRef(source)); }

int core_lines_give(core_lines *lines, uint8_t *data, Py_ssize_t size, Py_ssize_t room, int is_plain) {
    columns_part *part = next_part(lines);
    if (lines_pool_give(lines->pool, data, (size_t)size, (size_t)room, is_plain, part) == 0) return 0;
    columns_free_part(part);
    PyErr_NoMemory();
    return -1;
}

int core_lines_open(core_lines *lines, int file, int64_t max_line, uint64_t *size) {
    const int64_t most = INT64_MAX / 4 < PTRDIFF_MAX / 4 ? INT64_MAX / 4 : PTRDIFF_MAX / 4;
    return lines_pool_open(lines->pool, file, (size_t)(max_line < 0 || max_line > most ? most : max_line), size) == 0;
}

int core_lines_give_range(core_lines *lines, uint64_t from, uint64_t to, int begins) {
    Py_ssize_t room = (Py_ssize_t)lines_range_room((size_t)(to - from));
    uint8_t *data = core_lines_room(lines, &room);
    columns_part *part = next_part(lines);
    if (data != NULL && lines_pool_give_range(lines->pool, data, (size_t)room, from, to, begins, part) == 0) return 0;
    columns_free_part(part);
    free(data);
    PyErr_NoMemory();
    return -1;
}

range_place core_lines_place(core_lines *lines, uint64_t at) {
    const lines_chunk *chunk = lines->chunk;
    if (chunk->size && chunk->from != at) return RANGE_IS_ELSEWHERE;
    return chunk->is_last ? RANGE_IS_LAST : RANGE_FOLLOWS;
}

uint8_t *core_lines_room(core_lines *lines, Py_ssize_t *room) {
    uint8_t *spare = lines->spare;
    lines->spare = NULL;
    if (spare != NULL && lines->spare_room >= (size_t)*room && lines->spare_room / 2 <= (size_t)*room) {
        *room = (Py_ssize_t)lines->spare_room;
        return spare;
    }
    free(spare);
    return malloc((size_t)*room);
}

uint8_t *core_lines_take(core_lines *lines, Py_ssize_t *size) {
    if (lines->chunk != NULL && !lines->chunk->is_borrowed && lines->spare == NULL) {
        lines->spare = lines->chunk->data;
        lines->spare_room = lines->chunk->room;
        lines->chunk->data = NULL;
    }
    drop_chunk(lines);
    if (lines->pool == NULL || lines_pool_held(lines->pool) == 0) return NULL;
    lines_pool *pool = lines->pool;
    lines_chunk *chunk;
    Py_BEGIN_ALLOW_THREADS;
    chunk = lines_pool_take(pool);
    Py_END_ALLOW_THREADS;
    lines->chunk = chunk;
    *size = (Py_ssize_t)chunk->size;
    return chunk->data + chunk->first;
}

Py_ssize_t core_lines_held(core_lines *lines) {
    return lines->pool == NULL ? 0 : (Py_ssize_t)lines_pool_held(lines->pool);
}

/* The n bytes at p, of which 16 are readable, as two words: n. */
static size_t known_words(const uint8_t *p, size_t n, uint64_t *first, uint64_t *last) {
    uint64_t kept = ~(uint64_t)0;
    *first = n < 8 ? load_8(p) & ~(kept << 8 * n) : load_8(p);
    *last = n <= 8 ? 0 : load_8(p + 8) & kept >> 8 * (16 - n);
    return n;
}

/* The text of the scalar at p, of which 16 bytes are readable, in two words: its size, or 0 where it is longer. */
static size_t short_text(const uint8_t *p, uint64_t *first, uint64_t *last) {
    vec v = vec_load(p);
    if (*p == '"') {
        /* With its closing quote, or NUL would be as no character. */
        vec_mask quotes = vec_without_first(vec_bits(vec8_equal(v, '"'))), escapes = vec_bits(vec8_equal(v, '\\'));
        if (!quotes || (escapes && vec_first(escapes) < vec_first(quotes))) return 0;
        return known_words(p, vec_first(quotes) + 1, first, last);
    }
    vec ends = vec_or(vec_or(vec8_equal(v, ','), vec8_equal(v, '}')), vec_or(vec8_equal(v, ']'), vec8_at_most(v, ' ')));
    vec_mask m = vec_bits(ends);
    return m ? known_words(p, vec_first(m), first, last) : 0;
}

/* As value_at, of a value that a path leads to. `limit` is the end of what is readable. */
static PyObject *known_value_at(core_state *state, known_values *known, const document_text *text, const uint8_t *limit,
                                const uint8_t *p, int is_root) {
    uint64_t first, last;
    size_t n;
    if (known->rest) {
        known->rest--;
        return value_at(state, text, p, is_root);
    }
    if (++known->tried == KNOWN_TRIED) {
        if (known->known < KNOWN_WORTH) known->rest = KNOWN_REST;
        known->tried = known->known = 0;
    }
    if (*p == '{' || *p == '[' || limit - p < KNOWN_LONGEST || !(n = short_text(p, &first, &last)))
        return value_at(state, text, p, is_root);
    if (!text->is_closed && (p + n >= text->data + text->size || !ends_value(p[n])))
        return value_at(state, text, p, is_root);
    if (known->values == NULL && (known->values = calloc(KNOWN_VALUES, sizeof *known->values)) == NULL)
        return value_at(state, text, p, is_root);
    uint64_t hash = (first ^ (last << 29 | last >> 35)) * 0x9E3779B97F4A7C15;
    known_value *place = &known->values[hash >> 56];
    if (place->text[0] == first && place->text[1] == last && place->value != NULL) {
        known->known++;
        return Py_NewRef(place->value);
    }
    PyObject *value = value_at(state, text, p, is_root);
    if (value != NULL) {
        place->text[0] = first;
        place->text[1] = last;
        Py_XSETREF(place->value, Py_NewRef(value));
    }
    return value;
}

/* The value of a path, None where there is none: NULL with MemoryError set, or without an exception. */
static PyObject *part_value(const core_lines *lines, core_state *state, const document_text *text, const uint8_t *limit,
                            const uint8_t **part, Py_ssize_t path, const uint8_t *root) {
    const uint8_t *p = part[path];
    if (p == NULL) return Py_NewRef(Py_None);
    if (lines->known == NULL) return value_at(state, text, p, p == root);
    return known_value_at(state, &lines->known[path], text, limit, p, p == root);
}

/* What a reader gives of them: a value, or a tuple. Text is readable to `limit`. */
static PyObject *parts_values(const core_lines *lines, core_state *state, const document_text *text,
                              const uint8_t *limit, const uint8_t **part, const uint8_t *root) {
    if (lines->single) return part_value(lines, state, text, limit, part, 0, root);
    /* The tuple is seen by nobody before it is full, the collector included: decoding may run other code. */
    Py_ssize_t n = lines->wish.paths->count;
    PyObject *values = PyTuple_New(n);
    int tracked = 0; /* the collector would find out itself that it needn't look at tuples of scalars */
    if (values == NULL) return NULL;
    PyObject_GC_UnTrack(values);
    for (Py_ssize_t i = 0; i < n; i++) {
        PyObject *each = part_value(lines, state, text, limit, part, i, root);
        if (each == NULL) {
            Py_DECREF(values);
            return NULL;
        }
        PyTuple_SET_ITEM(values, i, each);
        tracked |= PyType_IS_GC(Py_TYPE(each)); /* what is decoded has no types as values */
    }
    if (tracked) PyObject_GC_Track(values);
    return values;
}

/* As core_lines_find, of a line that isn't checked. */
static Py_ssize_t find_unchecked(core_lines *lines, const uint8_t *p, Py_ssize_t size, int64_t most) {
    const uint8_t *end = memchr(p, '\n', (size_t)size);
    if (end == NULL || (*p != '{' && *p != '[') || (most >= 0 && end - p > most)) return 0;
    size = end + 1 - p;
    if (end[-1] == '\r') end--;
    if (lines->part != NULL && lines_find_unchecked(&lines->wish, &lines->scratch, p, end, lines->part)) return 0;
    lines->document = NULL;
    lines->text.data = p;
    lines->text.size = end - p;
    lines->limit = end;
    return size;
}

Py_ssize_t core_lines_find(core_lines *lines, const uint8_t *p, Py_ssize_t size, int64_t most) {
    const uint8_t *after;
    if (lines->part == NULL && lines->capsule != NULL) return 0;
    if (lines->wish.unchecked) return find_unchecked(lines, p, size, most);
    const skip_document *document = ahead_next(lines->wish.skip, &lines->scratch.ahead, p, p + size, &after);
    if (document == NULL || (most >= 0 && after - 1 - p > most)) return 0;
    if (document->depth > FEW_LEVELS && !may_be_this_deep(document->depth)) return 0;
    if (lines->part != NULL && lines_find(&lines->wish, &lines->scratch, document, lines->part)) return 0;
    lines->document = document;
    lines->text.data = p;
    lines->text.size = after - 1 - p;
    lines->limit = p + size;
    return after - p;
}

/* A view of the line that core_lines_find has found. */
static PyObject *view_of_line(core_lines *lines) {
    const skip_document *document = lines->document;
    skip_index index = {.containers = NULL};
    Py_ssize_t size = lines->text.size;
    int escapes = 1;
    if (document != NULL) {
        if (lines_index(&lines->scratch, document, &index)) Py_RETURN_NOTIMPLEMENTED;
        size = (Py_ssize_t)(document->end - document->start);
        escapes = ahead_escapes(&lines->scratch.ahead, document);
    }
    PyObject *view = lazy_of_line(lines->core, lines->text.data, size, 0, escapes, &index);
    skip_index_free(&index);
    return view;
}

PyObject *core_lines_picked(core_lines *lines) {
    core_state *state = state_of(lines->core);
    if (lines->part == NULL) return view_of_line(lines);
    PyObject *value = parts_values(lines, state, &lines->text, lines->limit, lines->part, lines->text.data);
    return value != NULL || PyErr_Occurred() ? value : Py_NewRef(Py_NotImplemented);
}

void core_lines_moved(core_lines *lines) { ahead_forget(&lines->scratch.ahead); }

PyObject *core_lines_value(core_lines *lines, const uint8_t *line, Py_ssize_t size, Py_ssize_t number) {
    core_state *state = state_of(lines->core);
    const paths *paths = lines->wish.paths;
    lines_found *found = &lines->own;
    if (lines->capsule == Py_None) return Py_NewRef(Py_NotImplemented);
    if (number >= 0 && lines->chunk != NULL && (size_t)number < lines->chunk->found.count) found = &lines->chunk->found;
    else {
        lines_forget(found);
        number = 0;
        if (lines_scan(&lines->wish, &lines->scratch, line, line + size, found)) return PyErr_NoMemory();
    }
    lines_line *what = &found->line[number];
    if (!what->good || (what->depth > FEW_LEVELS && !may_be_this_deep(what->depth)))
        return Py_NewRef(Py_NotImplemented);
    if (paths == NULL) return lazy_of_line(lines->core, line, size, what->first, what->escapes, &found->index[number]);
    const uint8_t **part = found->part + (size_t)number * (size_t)paths->count;
    lines->text.data = line;
    lines->text.size = size;
    PyObject *value = parts_values(lines, state, &lines->text, line + size, part, line + what->first);
    return value != NULL || PyErr_Occurred() ? value : Py_NewRef(Py_NotImplemented);
}
