/* pick: values at some pointers, and nothing else. */
#include <stdlib.h>

#include "module/args.h"
#include "module/functions.h"
#include "module/parts.h"
#include "base/simd128.h"
#include "kernels/ahead.h"
#include "kernels/number_parse.h"
#include "parts/walk.h"
#include "python/objects.h"
#include "python/threads.h"

static const decode_options pick_options = {0};
static const char *const capsule_name = "cyjson.paths";

const paths *paths_of(PyObject *capsule) { return PyCapsule_GetPointer(capsule, capsule_name); }

enum {
    FEW_PATHS = 16, /* whose places are kept on the C stack */
    FEW_CONTAINERS = 128, /* likewise */
    FEW_TOKENS = 2048,
    KEPT_POINTERS = 64, /* of a call, at most, that are kept compiled */
    DEEPEST_UNASKED = 1000 /* levels that json takes where the interpreter doesn't count them */
};

void parts_state_clear(parts_state *state) {
    Py_CLEAR(state->compile);
    Py_CLEAR(state->pick);
    Py_CLEAR(state->at);
    Py_CLEAR(state->open);
    Py_CLEAR(state->object_type);
    Py_CLEAR(state->array_type);
    Py_CLEAR(state->document_type);
    Py_CLEAR(state->iterator_type);
    skip_index_free(&state->spare);
    lines_ahead ahead = {.lines = state->spare_lines};
    ahead_free(&ahead);
    state->spare_lines = NULL;
    for (int i = 0; i < PARTS_KEPT; i++) {
        Py_CLEAR(state->kept[i].pointers);
        Py_CLEAR(state->kept[i].compiled);
    }
}

int core_set_parts(PyObject *core, PyObject *compile, PyObject *pick, PyObject *at, PyObject *open) {
    core_state *state = state_of(core);
    state->parts.skip = skip_for(state->encode.cpu);
    Py_XSETREF(state->parts.compile, Py_NewRef(compile));
    Py_XSETREF(state->parts.pick, Py_NewRef(pick));
    Py_XSETREF(state->parts.at, Py_NewRef(at));
    Py_XSETREF(state->parts.open, Py_NewRef(open));
    if (lazy_make_types(&state->parts) || PyObject_SetAttrString(core, "LazyObject", state->parts.object_type))
        return -1;
    return PyObject_SetAttrString(core, "LazyArray", state->parts.array_type);
}

/* ---- memory of indices ---- */

enum { SMALL_TEXT = 8 << 10, SPARE_MOST = 8 << 20, SPARE_LINES_MOST = 1 << 20 }; /* bytes */

static size_t memory_of(const skip_index *index) {
    return index->room * sizeof *index->containers + index->places_room * sizeof *index->places;
}

void index_take(parts_state *state, skip_index *index, size_t size) {
    if (size <= SMALL_TEXT || !compat_acquire(&state->busy)) return;
    index->containers = state->spare.containers;
    index->room = state->spare.room;
    index->places = state->spare.places;
    index->places_room = state->spare.places_room;
    memset(&state->spare, 0, sizeof state->spare);
    compat_release(&state->busy);
}

void index_give(parts_state *state, skip_index *index) {
    skip_index other = *index;
    int is_own = index->containers != NULL && index->containers != index->first && index->places != index->first_places;
    size_t memory = memory_of(index);
    if (is_own && memory > SMALL_TEXT && memory <= SPARE_MOST && compat_acquire(&state->busy)) {
        if (memory > memory_of(&state->spare)) {
            other = state->spare;
            memset(&state->spare, 0, sizeof state->spare);
            state->spare.containers = index->containers;
            state->spare.room = index->room;
            state->spare.places = index->places;
            state->spare.places_room = index->places_room;
        }
        compat_release(&state->busy);
    }
    skip_index_free(&other);
    index->containers = NULL;
    index->places = NULL;
    index->count = index->room = index->tokens = index->places_room = 0;
}

skip_lines *lines_take(parts_state *state) {
    if (!compat_acquire(&state->busy)) return NULL;
    skip_lines *lines = state->spare_lines;
    state->spare_lines = NULL;
    compat_release(&state->busy);
    return lines;
}

skip_lines *lines_give(parts_state *state, skip_lines *lines) {
    if (lines == NULL || memory_of(&lines->index) > SPARE_LINES_MOST || !compat_acquire(&state->busy)) return lines;
    skip_lines *other = state->spare_lines;
    state->spare_lines = lines;
    compat_release(&state->busy);
    return other;
}

/* ---- compiled pointers ---- */

static void free_capsule(PyObject *capsule) { paths_free(PyCapsule_GetPointer(capsule, capsule_name)); }

/* Whether nothing but its value matters of a pointer, so that an equal one may take its place; and it isn't so long
 * that it shouldn't be kept. */
static int is_plain_pointer(PyObject *pointer) {
    enum { LONGEST = 256, MOST_ELEMENTS = 64 };
    if (PyUnicode_CheckExact(pointer)) return PyUnicode_GET_LENGTH(pointer) <= LONGEST;
    if (!PyTuple_CheckExact(pointer) || PyTuple_GET_SIZE(pointer) > MOST_ELEMENTS) return 0;
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(pointer); i++) {
        PyObject *element = PyTuple_GET_ITEM(pointer, i);
        if (!PyUnicode_CheckExact(element) ? !PyLong_CheckExact(element) : PyUnicode_GET_LENGTH(element) > LONGEST)
            return 0;
    }
    return 1;
}

/* Where compiled pointers are kept, or -1 where they can't be; no exception is set. */
static Py_ssize_t place_of(PyObject *const *pointers, Py_ssize_t n) {
    Py_uhash_t hash = (Py_uhash_t)n;
    if (n > KEPT_POINTERS) return -1;
    for (Py_ssize_t i = 0; i < n; i++) {
        if (!is_plain_pointer(pointers[i])) return -1;
        Py_hash_t each = PyObject_Hash(pointers[i]);
        if (each == -1) {
            PyErr_Clear();
            return -1;
        }
        hash = hash * 1000003 ^ (Py_uhash_t)each;
    }
    return (Py_ssize_t)((hash ^ hash >> 12) % PARTS_KEPT);
}

static int are_same(PyObject *kept, PyObject *const *pointers, Py_ssize_t n) {
    if (kept == NULL || PyTuple_GET_SIZE(kept) != n) return 0;
    for (Py_ssize_t i = 0; i < n; i++) {
        PyObject *each = PyTuple_GET_ITEM(kept, i);
        if (each == pointers[i]) continue;
        if (Py_TYPE(each) != Py_TYPE(pointers[i])) return 0;
        int same = PyObject_RichCompareBool(each, pointers[i], Py_EQ); /* str and int alone: runs no other code */
        if (same < 0) PyErr_Clear();
        if (same <= 0) return 0;
    }
    return 1;
}

PyObject *compiled_paths(core_state *state, PyObject *const *pointers, Py_ssize_t n) {
    parts_state *parts = &state->parts;
    Py_ssize_t place = place_of(pointers, n);
    PyObject *capsule = NULL, *old_pointers = NULL, *old_compiled = NULL;
    if (place >= 0 && compat_acquire(&parts->busy)) {
        if (are_same(parts->kept[place].pointers, pointers, n)) capsule = Py_NewRef(parts->kept[place].compiled);
        compat_release(&parts->busy);
        if (capsule != NULL) return capsule;
    }
    PyObject *tuple = PyTuple_New(n), *compiled = NULL;
    for (Py_ssize_t i = 0; tuple != NULL && i < n; i++) PyTuple_SET_ITEM(tuple, i, Py_NewRef(pointers[i]));
    if (tuple != NULL) compiled = PyObject_CallOneArg(parts->compile, tuple);
    for (Py_ssize_t i = 0; compiled != NULL && i < n; i++)
        if (PyTuple_GET_SIZE(PyTuple_GET_ITEM(compiled, i)) > PATHS_LONGEST) {
            Py_DECREF(compiled);
            Py_DECREF(tuple);
            Py_RETURN_NONE;
        }
    paths *made = compiled == NULL ? NULL : paths_new(compiled);
    Py_XDECREF(compiled);
    if (made != NULL && (capsule = PyCapsule_New(made, capsule_name, free_capsule)) == NULL) paths_free(made);
    if (capsule != NULL && place >= 0 && compat_acquire(&parts->busy)) {
        old_pointers = parts->kept[place].pointers;
        old_compiled = parts->kept[place].compiled;
        parts->kept[place].pointers = Py_NewRef(tuple);
        parts->kept[place].compiled = Py_NewRef(capsule);
        compat_release(&parts->busy);
        Py_XDECREF(old_pointers);
        Py_XDECREF(old_compiled);
    }
    Py_XDECREF(tuple);
    return capsule;
}

/* ---- the document's text ---- */

void text_close(document_text *text) {
    Py_XDECREF(text->held);
    if (text->view.obj != NULL) PyBuffer_Release(&text->view);
}

int text_open(document_text *text, PyObject *document) {
    text->held = text->view.obj = NULL;
    text->is_ours = text->is_closed = 1;
    if (PyUnicode_CheckExact(document)) {
        if (compat_str_ready(document)) return -1;
        if (PyUnicode_IS_ASCII(document)) {
            text->held = Py_NewRef(document);
            text->data = PyUnicode_DATA(document);
            text->size = PyUnicode_GET_LENGTH(document);
            return 1;
        }
        if (PyUnicode_READ_CHAR(document, 0) == 0xFEFF) return 0;
        document = PyUnicode_AsUTF8String(document);
        if (document == NULL) { /* surrogates */
            if (!PyErr_ExceptionMatches(PyExc_UnicodeEncodeError)) return -1;
            PyErr_Clear();
            return 0;
        }
        text->held = document;
    } else if (PyBytes_CheckExact(document)) text->held = Py_NewRef(document);
    else {
        if (PyBytes_Check(document) || (PyByteArray_Check(document) && !PyByteArray_CheckExact(document))) return 0;
        if (!PyObject_CheckBuffer(document)) return 0;
        if (PyObject_GetBuffer(document, &text->view, PyBUF_SIMPLE)) {
            text->view.obj = NULL;
            if (!PyErr_ExceptionMatches(PyExc_BufferError)) return -1;
            PyErr_Clear();
            return 0;
        }
        text->is_ours = 0;
        text->data = text->view.buf;
        text->size = text->view.len;
    }
    if (text->held != NULL) {
        text->data = (const uint8_t *)PyBytes_AS_STRING(text->held);
        text->size = PyBytes_GET_SIZE(text->held);
    }
    /* Two bytes that are ASCII and not zero: no byte order mark, not UTF-16, not UTF-32 (see json.detect_encoding). */
    const uint8_t *data = text->data;
    return text->size < 2 ? text->size == 1 : data[0] - 1u < 0x7F && data[1] != 0;
}

int may_be_this_deep(size_t depth) {
    if (!COMPAT_COUNTS_RECURSION) return depth <= DEEPEST_UNASKED;
    PyThreadState *thread = PyThreadState_Get();
    size_t entered = 0;
    while (entered < depth && !compat_enter(thread, "")) entered++;
    for (size_t i = 0; i < entered; i++) compat_leave(thread);
    if (entered < depth) PyErr_Clear();
    return entered == depth;
}

/* ---- picking ---- */

/* The value at p where that is a short plain string, a small integer or a word, as most that are picked are: they don't
 * need the decoder's machinery. NULL where it isn't, or with MemoryError set. */
static PyObject *quick_value(const decode_state *state, const uint8_t *p, const uint8_t *end) {
    enum { LONGEST = 64, DIGITS = 18 };
    if (*p == '"') {
        const uint8_t *first = ++p;
        for (; end - p > 16 && p - first < LONGEST; p += 16) {
            vec v = vec_load(p);
            vec_mask m = vec_bits(vec_or(vec_or(vec8_equal(v, '"'), vec8_equal(v, '\\')),
                                         vec_or(vec8_at_most(v, 0x1F), vec8_at_least(v, 0x80))));
            if (!m) continue;
            p += vec_first(m);
            if (*p != '"' || p - first < 2) return NULL; /* one character's str is the interpreter's own */
            if (!ends_value(p[1]) && p[1] != ':') return NULL;
            PyObject *value = compat_ascii_like(state->ascii_model, p - first, compat_new_objects_are_watched());
            if (value != NULL) copy_short((uint8_t *)PyUnicode_DATA(value), first, (size_t)(p - first));
            return assert_consistent(value);
        }
        return NULL;
    }
    if (end - p <= DIGITS + 2) return NULL;
    int negative = *p == '-';
    const uint8_t *first = p + negative;
    const uint8_t *const most = first + DIGITS;
    unsigned long long number = 0;
    unsigned digit;
    for (p = first; p < most && (digit = (unsigned)*p - '0') < 10; p++) number = 10 * number + digit;
    if (p == first || (*p != ',' && *p != '}' && *p != ']') || (*first == '0' && (p - first > 1 || negative)))
        return NULL;
    return compat_int_from(negative ? -(long long)number : (long long)number, state->small_ints,
                           compat_new_objects_are_watched());
}

/* As value_at, by the decoder. */
static NOINLINE PyObject *decoded_at(core_state *state, const document_text *text, const uint8_t *p, int is_root) {
    const uint8_t *end = text->data + text->size, *data = text->data;
    Py_ssize_t size = text->size, index = p - data;
    PyObject *copy = NULL, *value = NULL;
    if (!text->is_ours || !text->is_closed) { /* a copy, which is what it is until it is decoded */
        const uint8_t *stop = p + 1;
        int escaped;
        if (*p == '{' || *p == '[') stop = state->parts.skip->balance(p, end, 0);
        else if (*p == '"') {
            stop = skip_string(p + 1, end, &escaped);
            if (stop != NULL) stop++;
        } else
            while (stop < end && *stop != ',' && *stop != '}' && *stop != ']' && *stop > ' ') stop++;
        if (stop == NULL) return NULL;
        copy = PyBytes_FromStringAndSize((const char *)p, stop - p + (stop < end));
        if (copy == NULL) return NULL;
        data = (const uint8_t *)PyBytes_AS_STRING(copy);
        size = PyBytes_GET_SIZE(copy);
        index = 0;
    }
    value = state->decode.with->utf8_at(&state->decode, &pick_options, data, size, &index);
    if (value == NULL && PyErr_Occurred() && !PyErr_ExceptionMatches(PyExc_MemoryError)) PyErr_Clear();
    if (value != NULL) { /* a number may go on, or be cut off */
        uint8_t next = data[index];
        int is_last = index == size;
        int ends = ends_value(next) || (next == ':' && *p == '"');
        if (is_last ? !is_root : !ends) Py_CLEAR(value);
    }
    Py_XDECREF(copy);
    return value;
}

PyObject *value_at(core_state *state, const document_text *text, const uint8_t *p, int is_root) {
    if (text->is_ours && !is_root && (*p == '"' || *p <= '9')) {
        PyObject *value = quick_value(&state->decode, p, text->data + text->size);
        if (value != NULL || PyErr_Occurred()) return value;
    }
    return decoded_at(state, text, p, is_root);
}

/* What is found, in values (new references): 1; 0 where json has to say, -1 with an exception set. */
static int pick_from(core_state *state, const document_text *text, const paths *paths, int check, const uint8_t **found,
                     PyObject *fallback, PyObject **values) {
    skip_container few[FEW_CONTAINERS];
    uint32_t few_places[FEW_TOKENS];
    skip_index index = {
        .first = few,
        .first_room = FEW_CONTAINERS,
        .first_places = few_places,
        .first_places_room = FEW_TOKENS,
    };
    const uint8_t *end = text->data + text->size, *p = places_space(text->data, end);
    parts_walk walk = {
        .start = p,
        .end = end,
        .skip = state->parts.skip,
        .checked = check,
        .paths = paths,
        .found = found,
        .missing = paths->count,
    };
    int result = 0;
    if (p == end) return 0;
    if (check) {
        skip_found what;
        int indexed = (uint64_t)(end - p) <= UINT32_MAX;
        index_take(&state->parts, &index, (size_t)(end - p));
        const uint8_t *stop = walk.skip->check(p, end, 1, 0, indexed ? &index : NULL, &what);
        if (stop == NULL && what.no_memory) {
            PyErr_NoMemory();
            result = -1;
        }
        if (stop == NULL || places_space(stop, end) != end || what.long_integer || !may_be_this_deep(what.depth))
            goto done;
        if (indexed) {
            walk.index = &index;
            walk.escapes = what.escapes;
        }
    }
    if (parts_find(&walk, p)) {
        if (walk.no_memory) {
            PyErr_NoMemory();
            result = -1;
        }
        goto done;
    }
    result = 1;
    for (Py_ssize_t i = 0; result == 1 && i < paths->count; i++) {
        values[i] = found[i] == NULL ? Py_NewRef(fallback) : value_at(state, text, found[i], found[i] == p);
        if (values[i] == NULL) result = PyErr_Occurred() ? -1 : 0;
    }
done:
    free(walk.scratch);
    index_give(&state->parts, &index);
    return result;
}

/* As pick_from, with room for what is found: *picked becomes the one value, or a tuple of several. */
static int pick_all(core_state *state, const document_text *text, const paths *paths, int check, PyObject *fallback,
                    PyObject **picked) {
    const uint8_t *few_found[FEW_PATHS], **found = few_found;
    PyObject *few[FEW_PATHS], **values = few;
    Py_ssize_t n = paths->count;
    for (Py_ssize_t i = 0; i < n && i < FEW_PATHS; i++) {
        few_found[i] = NULL;
        few[i] = NULL;
    }
    if (n > FEW_PATHS) {
        found = PyMem_Calloc((size_t)n, sizeof *found);
        values = PyMem_Calloc((size_t)n, sizeof *values);
        if (found == NULL || values == NULL) {
            PyMem_Free(found);
            PyMem_Free(values);
            PyErr_NoMemory();
            return -1;
        }
    }
    int result = pick_from(state, text, paths, check, found, fallback, values);
    if (result == 1 && n == 1) {
        *picked = values[0];
        values[0] = NULL;
    } else if (result == 1) {
        *picked = PyTuple_New(n);
        if (*picked == NULL) result = -1;
        else
            for (Py_ssize_t i = 0; i < n; i++) {
                PyTuple_SET_ITEM(*picked, i, values[i]);
                values[i] = NULL;
            }
    }
    for (Py_ssize_t i = 0; i < n; i++) Py_XDECREF(values[i]);
    if (values != few) {
        PyMem_Free(found);
        PyMem_Free(values);
    }
    return result;
}

/* As core_pick, where pointers are iterators: their elements are taken once, for they may be asked for again. */
static PyObject *pick_by_iterators(PyObject *core, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames) {
    Py_ssize_t n = nargs + (kwnames == NULL ? 0 : PyTuple_GET_SIZE(kwnames));
    PyObject *held = PyTuple_New(n), *picked = NULL;
    if (held == NULL) return NULL;
    PyObject_GC_UnTrack(held); /* nobody finds it before it is full */
    for (Py_ssize_t i = 0; i < n; i++) {
        int taken = i > 0 && i < nargs && PyIter_Check(args[i]);
        PyObject *each = taken ? PySequence_Tuple(args[i]) : Py_NewRef(args[i]);
        if (each == NULL) goto done;
        PyTuple_SET_ITEM(held, i, each);
    }
    picked = core_pick(core, &PyTuple_GET_ITEM(held, 0), nargs, kwnames);
done:
    Py_DECREF(held);
    return picked;
}

PyObject *core_pick(PyObject *core, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames) {
    core_state *state = state_of(core);
    PyObject *fallback = Py_None, *picked = NULL;
    int check = 1, known = nargs >= 2;
    for (Py_ssize_t i = 1; i < nargs; i++)
        if (UNLIKELY(PyIter_Check(args[i]))) return pick_by_iterators(core, args, nargs, kwnames);
    for (Py_ssize_t i = 0; known && kwnames != NULL && i < PyTuple_GET_SIZE(kwnames); i++) {
        PyObject *keyword = PyTuple_GET_ITEM(kwnames, i), *value = args[nargs + i];
        if (PyUnicode_CompareWithASCIIString(keyword, "default") == 0) fallback = value;
        else if (PyUnicode_CompareWithASCIIString(keyword, "check") == 0) {
            if ((check = PyObject_IsTrue(value)) < 0) return NULL;
        } else known = 0;
    }
    if (known) {
        PyObject *capsule = compiled_paths(state, args + 1, nargs - 1);
        document_text text;
        if (capsule == NULL) return NULL;
        int result = capsule == Py_None ? 0 : text_open(&text, args[0]);
        if (capsule != Py_None) {
            if (result > 0)
                result = pick_all(state, &text, PyCapsule_GetPointer(capsule, capsule_name), check, fallback, &picked);
            text_close(&text);
        }
        Py_DECREF(capsule);
        if (result) return picked;
    }
    /* By loads and looking up, which raises what is wrong with the document, or with the call. */
    return PyObject_Vectorcall(state->parts.pick, args, (size_t)nargs, kwnames);
}
