/* See decode.h. Compiled for the baseline, and again by decode_avx2.c and decode_avx512.c. */
#include "decode.h"

#include "number_parse.h"
#include "scan.h"

/* How the text is stored: its characters' width in bytes, UTF-8 told apart from Latin-1. Constant in every inlined copy
 * of the decoder. */
typedef enum { TEXT_UTF8 = 0, TEXT_LATIN1 = 1, TEXT_UCS2 = 2, TEXT_UCS4 = 4 } text_form;

static ALWAYS_INLINE int width_of(text_form form) { return form == TEXT_UTF8 ? 1 : (int)form; }

/* An array or object whose end hasn't come yet. Its latest items lie on the value stack from base on; once the stack ran
 * full, earlier ones have moved into container. */
typedef struct {
    Py_ssize_t base;
    PyObject *container; /* list or dict (or list of pairs), NULL until the first move */
    int is_object;
} frame;

enum {
    ROOMY_VALUES = 1024,
    ROOMY_FRAMES = 64,
    ROOMY_SCRATCH = 512,
    TIGHT_VALUES = 64,
    TIGHT_FRAMES = 12,
    TIGHT_SCRATCH = 64,
    WORTH_MOVING = 256,  /* values of one container that are moved rather than have the stack grow */
    SHAPES = 16,
    SMALL_TEXT = 256,    /* bytes */
    LONE_NUMBER = 24,    /* bytes */
    WIDE_SHORT = 64,     /* characters of two or four bytes that are narrowed before a str is made */
    SHAPE_LEAST = 3,     /* pairs from which on a copy is cheaper */
    DEEP = 1000,         /* levels after which an interpreter that looks at its stack is asked (3.14 and later) */
};

typedef struct {
    decode_state *state;
    const decode_options *options;
    PyObject *text; /* the document as a str; NULL for bytes, where no Python code runs */
    const uint8_t *start, *end;

    const uint8_t *expects_fraction; /* start, where the number before had one; otherwise NULL */

    PyObject **values, **values_top, **values_limit; /* values_top isn't up to date while read_value has it at hand */
    frame *frames, *frames_limit;
    Py_ssize_t depth, depth_allowed; /* depth_allowed where the interpreter doesn't count levels itself */
    PyThreadState *thread;

    const uint8_t *behind; /* where what a function out of line read ends: an address given to it would keep the position in memory */
    uint8_t *scratch, *scratch_limit; /* a string that isn't a plain copy of its source is put together here */
    PyObject *shapes[SHAPES]; /* dicts of this document whose tables the next with the same keys may copy, or NULL */
    size_t seen[SHAPES];      /* what tells the dict that came last, where that wasn't copied from: with hooks it takes a copy for them */
    int uses_shapes;          /* 0: all NULL, and nothing else is known of them */
    int gc_paused;            /* what compat_gc_pause said */
    int watched;              /* what compat_new_objects_are_watched said */
#if !COMPAT_HAS_GIL
    keycache *keys; /* taken at the first key; NULL before */
#endif
    PyObject *long_keys; /* a dict: the keys too long for the cache, each to itself; NULL until there is one */

    /* what values, frames and scratch start with, on the C stack */
    PyObject **local_values;
    frame *local_frames;
    uint8_t *local_scratch;
} decoder;

/* Space on the C stack that spares most documents an allocation. */
typedef struct {
    PyObject *values[ROOMY_VALUES];
    frame frames[ROOMY_FRAMES];
    uint8_t scratch[ROOMY_SCRATCH];
} roomy_space;

/* The same where Python code runs, which may decode in turn, as deep as the interpreter allows. */
typedef struct {
    PyObject *values[TIGHT_VALUES];
    frame frames[TIGHT_FRAMES];
    uint8_t scratch[TIGHT_SCRATCH];
} tight_space;

static ALWAYS_INLINE void decoder_use_roomy(decoder *d, roomy_space *space)
{
    d->values = d->values_top = d->local_values = space->values;
    d->values_limit = space->values + ROOMY_VALUES;
    d->frames = d->local_frames = space->frames;
    d->frames_limit = space->frames + ROOMY_FRAMES;
    d->scratch = d->local_scratch = space->scratch;
    d->scratch_limit = space->scratch + ROOMY_SCRATCH;
}

static ALWAYS_INLINE void decoder_use_tight(decoder *d, tight_space *space)
{
    d->values = d->values_top = d->local_values = space->values;
    d->values_limit = space->values + TIGHT_VALUES;
    d->frames = d->local_frames = space->frames;
    d->frames_limit = space->frames + TIGHT_FRAMES;
    d->scratch = d->local_scratch = space->scratch;
    d->scratch_limit = space->scratch + TIGHT_SCRATCH;
}

static ALWAYS_INLINE void decoder_start(decoder *d, decode_state *state, const decode_options *options, PyObject *text)
{
    d->state = state;
    d->options = options;
    d->text = text;
    d->depth = 0;
    d->depth_allowed = DEEP;
    d->thread = PyThreadState_Get();
#if !COMPAT_HAS_GIL
    d->keys = NULL;
#endif
    d->long_keys = NULL;
    d->uses_shapes = 0;
    d->gc_paused = 0;
    d->watched = compat_new_objects_are_watched();
    d->expects_fraction = NULL;
}

/* What only pays in documents of some size. */
static ALWAYS_INLINE void decoder_prepare_for_many(decoder *d)
{
    if (d->end - d->start < SMALL_TEXT) return;
    d->uses_shapes = d->state->dict_layout_known && !d->options->ordered && d->options->object_pairs_hook == NULL;
    for (int i = 0; i < SHAPES; i++) d->shapes[i] = NULL, d->seen[i] = 0;
    d->gc_paused = compat_gc_pause(d->options->runs_python);
}

static NOINLINE void decoder_give_back(decoder *d)
{
    while (d->values_top > d->values) Py_DECREF(*--d->values_top);
    while (d->depth > 0) {
        d->depth--;
        Py_XDECREF(d->frames[d->depth].container);
        if (COMPAT_COUNTS_RECURSION) compat_leave(d->thread);
    }
    if (d->values != d->local_values) PyMem_Free(d->values);
    if (d->frames != d->local_frames) PyMem_Free(d->frames);
    if (d->scratch != d->local_scratch) PyMem_Free(d->scratch);
    Py_XDECREF(d->long_keys);
    if (d->uses_shapes)
        for (int i = 0; i < SHAPES; i++) Py_XDECREF(d->shapes[i]);
}

static ALWAYS_INLINE void decoder_end(decoder *d)
{
#if !COMPAT_HAS_GIL
    if (d->keys != NULL) keycache_put_back(&d->state->keys, d->thread, d->keys);
#endif
    int nothing = (d->values_top == d->local_values) & (d->depth == 0) & (d->frames == d->local_frames) &
                  (d->scratch == d->local_scratch) & (d->long_keys == NULL) & !d->uses_shapes;
    if (!nothing) decoder_give_back(d);
}

/* What a hook makes of its argument, the reference to which is taken over. */
static ALWAYS_INLINE PyObject *call_hook(decoder *d, PyObject *hook, PyObject *argument)
{
    if (argument == NULL) return NULL;
    compat_gc_resume(d->gc_paused);
    PyObject *result = PyObject_CallOneArg(hook, argument);
    Py_DECREF(argument);
    if (d->gc_paused) d->gc_paused = compat_gc_pause(1);
    d->watched = compat_new_objects_are_watched();
    return result;
}

/* ---- containers ---- */

/* n values from items on, of the container at this level, are gone: what is behind them closes up. */
static void drop_values(decoder *d, PyObject **items, Py_ssize_t n, Py_ssize_t level)
{
    Py_ssize_t rest = d->values_top - items - n;
    memmove(items, items + n, (size_t)rest * sizeof *items);
    d->values_top -= n;
    while (++level < d->depth) d->frames[level].base -= n;
}

/* Turn n values from items on, keys and values alternating, into n / 2 pairs in their place. */
static int pair_up(decoder *d, PyObject **items, Py_ssize_t n, Py_ssize_t level)
{
    Py_ssize_t done = 0;
    for (; 2 * done < n; done++) {
        PyObject *pair = PyTuple_New(2);
        if (pair == NULL) break;
        PyTuple_SET_ITEM(pair, 0, items[2 * done]);
        PyTuple_SET_ITEM(pair, 1, items[2 * done + 1]);
        items[done] = pair;
    }
    drop_values(d, items + done, done, level);
    return 2 * done < n ? -1 : 0;
}

/* The values on the stack of the container at this level. */
static Py_ssize_t values_of(const decoder *d, Py_ssize_t level)
{
    return (level + 1 < d->depth ? d->frames[level + 1].base : d->values_top - d->values) - d->frames[level].base;
}

/* Move the values of the container at this level from the stack into its object, made here if need be. */
static int move_values(decoder *d, Py_ssize_t level)
{
    frame *f = &d->frames[level];
    PyObject **items = d->values + f->base;
    Py_ssize_t n = values_of(d, level);
    int pairs = f->is_object && d->options->object_pairs_hook != NULL;
    if (f->is_object) n &= ~(Py_ssize_t)1; /* a key whose value is still to come stays */
    if (f->container == NULL) {
        if (!f->is_object || pairs) f->container = PyList_New(0);
        else f->container = d->options->ordered ? PyODict_New() : PyDict_New();
        if (f->container == NULL) return -1;
    }
    if (pairs) {
        if (pair_up(d, items, n, level)) return -1;
        n /= 2;
    }
    if (!f->is_object || pairs) {
        if (compat_list_take(f->container, items, n)) return -1;
    }
    else {
        for (Py_ssize_t i = 0; i < n; i += 2)
            if ((d->options->ordered ? PyODict_SetItem : PyDict_SetItem)(f->container, items[i], items[i + 1])) return -1;
        for (Py_ssize_t i = 0; i < n; i++) Py_DECREF(items[i]);
    }
    drop_values(d, items, n, level);
    return 0;
}

static NOINLINE int make_room(decoder *d)
{
    for (Py_ssize_t level = 0; level < d->depth; level++) /* of a long array of objects it is the array */
        if (values_of(d, level) >= WORTH_MOVING) return move_values(d, level);
    size_t used = (size_t)(d->values_top - d->values), room = 2 * (size_t)(d->values_limit - d->values);
    PyObject **old = d->values == d->local_values ? NULL : d->values;
    PyObject **grown = PyMem_Realloc(old, room * sizeof *grown);
    if (grown == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    if (old == NULL) memcpy(grown, d->values, used * sizeof *grown);
    d->values = grown;
    d->values_top = grown + used;
    d->values_limit = grown + room;
    return 0;
}

/* Take over a reference, *top being d->values_top or its copy at hand. */
static ALWAYS_INLINE int push(decoder *d, PyObject ***top, PyObject *value)
{
    if (UNLIKELY(*top == d->values_limit)) {
        d->values_top = *top;
        if (make_room(d)) {
            Py_DECREF(value);
            return -1;
        }
        *top = d->values_top;
    }
    *(*top)++ = value;
    return 0;
}

/* Whether the interpreter's own decoder takes a document this deep: it is asked once, without hooks. */
static int ask_interpreter(decoder *d)
{
    d->depth_allowed = PY_SSIZE_T_MAX;
    PyObject *scanner = PyObject_GetAttrString(d->state->default_decoder, "scan_once");
    if (scanner == NULL) return -1;
    Py_ssize_t index = (d->start - (const uint8_t *)PyUnicode_DATA(d->text)) / PyUnicode_KIND(d->text);
    PyObject *result = PyObject_CallFunction(scanner, "On", d->text, index);
    Py_DECREF(scanner);
    if (result == NULL && PyErr_ExceptionMatches(PyExc_RecursionError)) return -1;
    PyErr_Clear();
    Py_XDECREF(result);
    return 0;
}

static ALWAYS_INLINE int open_container(decoder *d, PyObject **top, int is_object)
{
    if (COMPAT_COUNTS_RECURSION) {
        if (UNLIKELY(compat_enter(d->thread, is_object ? " while decoding a JSON object from a unicode string"
                                                       : " while decoding a JSON array from a unicode string")))
            return -1;
    }
    else if (UNLIKELY(d->depth >= d->depth_allowed)) {
        if (!d->options->runs_python || ask_interpreter(d)) return -1;
    }
    frame *f = d->frames + d->depth;
    if (UNLIKELY(f == d->frames_limit)) {
        size_t used = (size_t)d->depth, room = 2 * used;
        frame *old = d->frames == d->local_frames ? NULL : d->frames;
        frame *grown = PyMem_Realloc(old, room * sizeof *grown);
        if (grown == NULL) {
            if (COMPAT_COUNTS_RECURSION) compat_leave(d->thread);
            PyErr_NoMemory();
            return -1;
        }
        if (old == NULL) memcpy(grown, d->frames, used * sizeof *grown);
        d->frames = grown;
        d->frames_limit = grown + room;
        f = grown + used;
    }
    f->base = top - d->values;
    f->container = NULL;
    f->is_object = is_object;
    d->depth++;
    return 0;
}

/* A list of n items, or a tuple, whose references it takes over; NULL with MemoryError set, and none taken. */
static ALWAYS_INLINE PyObject *array_from(const decoder *d, PyObject **items, Py_ssize_t n)
{
    if (UNLIKELY(d->options->tuples)) {
        PyObject *tuple = PyTuple_New(n);
        for (Py_ssize_t i = 0; tuple != NULL && i < n; i++) PyTuple_SET_ITEM(tuple, i, items[i]);
        return tuple;
    }
    return compat_list_from(items, n);
}

/* A dict of n pairs from items on, whose references it takes over; NULL with MemoryError set, and none taken. Objects that
 * have the same keys in the same order, as those of an array mostly have, are copies of the first with other values. */
static ALWAYS_INLINE PyObject *dict_from(decoder *d, PyObject **items, Py_ssize_t n)
{
    PyObject *dict, **shape = NULL, *kept;
    size_t mark = 0;
    if (d->uses_shapes && n >= SHAPE_LEAST) {
        /* Two keys' hashes (or -1), not their addresses: what a document costs shall not depend on where objects lie. */
        size_t first = (size_t)((PyASCIIObject *)items[0])->hash, second = (size_t)((PyASCIIObject *)items[2])->hash;
        mark = first + 3 * second + (size_t)n;
        shape = &d->shapes[mark % SHAPES];
        if (*shape != NULL && compat_dict_has_keys(*shape, items, n)) return compat_dict_like(*shape, items, n);
    }
    dict = compat_dict_from_pairs(items, n);
    if (UNLIKELY(dict == NULL)) return NULL;
    for (Py_ssize_t i = 0; i < 2 * n; i++) Py_DECREF(items[i]);
    if (shape == NULL || PyDict_GET_SIZE(dict) != n) return dict;
    if (LIKELY(!d->options->runs_python)) kept = Py_NewRef(dict);
    else { /* a hook does with its dict what it likes: it gets another than what is copied from */
        size_t *seen = &d->seen[mark % SHAPES], before = *seen;
        *seen = mark;
        if (before != mark) return dict;
        kept = compat_dict_shape(dict);
    }
    if (LIKELY(kept != NULL)) Py_XSETREF(*shape, kept);
    else PyErr_Clear(); /* it would only have saved time */
    return dict;
}

/* The object of the innermost container, of which values up to d->values_top are part, where it isn't made from these at once. */
static NOINLINE PyObject *container_moved(decoder *d, int is_object)
{
    frame *f = &d->frames[d->depth - 1];
    if (move_values(d, d->depth - 1)) return NULL;
    if (d->options->tuples && !is_object) {
        PyObject *tuple = PyList_AsTuple(f->container);
        if (tuple == NULL) return NULL;
        Py_SETREF(f->container, tuple);
    }
    PyObject *result = f->container;
    f->container = NULL;
    return result;
}

/* Leave the innermost container and push what it gives. */
static ALWAYS_INLINE int close_container(decoder *d, PyObject ***top, int is_object)
{
    frame *f = &d->frames[d->depth - 1];
    PyObject **items = d->values + f->base, *result, *hook;
    Py_ssize_t n = *top - items;
    if (LIKELY(f->container == NULL) && LIKELY(!is_object)) {
        result = array_from(d, items, n);
        if (UNLIKELY(result == NULL)) return -1;
        *top = items;
    }
    else if (LIKELY(f->container == NULL) && LIKELY(d->options->object_pairs_hook == NULL) && LIKELY(!d->options->ordered)) {
        result = dict_from(d, items, n / 2);
        if (UNLIKELY(result == NULL)) return -1;
        *top = items;
    }
    else {
        d->values_top = *top;
        result = container_moved(d, is_object);
        *top = d->values_top;
        if (UNLIKELY(result == NULL)) return -1;
    }
    d->depth--;
    if (COMPAT_COUNTS_RECURSION) compat_leave(d->thread);

    if (is_object) hook = d->options->object_pairs_hook ? d->options->object_pairs_hook : d->options->object_hook;
    else hook = d->options->array_hook;
    if (UNLIKELY(hook != NULL)) {
        result = call_hook(d, hook, result);
        if (result == NULL) return -1;
    }
    return push(d, top, result);
}

/* ---- strings ---- */

static ALWAYS_INLINE PyObject *make_ascii(decoder *d, const uint8_t *p, size_t n)
{
    if (UNLIKELY(n <= 1)) return n ? Py_NewRef(d->state->ascii[*p]) : PyUnicode_New(0, 0);
    PyObject *str = compat_ascii_like(d->state->ascii_model, (Py_ssize_t)n, d->watched);
    if (LIKELY(str != NULL)) copy_short((uint8_t *)PyUnicode_1BYTE_DATA(str), p, n);
    return str;
}

/* n characters of a str, at their final width. [p, end) is readable. */
static ALWAYS_INLINE PyObject *make_str(decoder *d, const uint8_t *p, const uint8_t *end, size_t n, int width)
{
    uint32_t all = scan_all_bits(p, n, width);
    uint8_t narrow[WIDE_SHORT];
    if (width == 1 && all < 0x80) return make_ascii(d, p, n);
    if (width > 1 && all < 0x80 && n <= WIDE_SHORT && scan_narrow_ascii(narrow, p, end, n, width)) return make_ascii(d, narrow, n);
    if (n == 1 || all < 0x100 * (uint32_t)(width > 1) || (width == 4 && all < 0x10000)) return PyUnicode_FromKindAndData(width, p, (Py_ssize_t)n);
    PyObject *str = PyUnicode_New((Py_ssize_t)n, width == 1 ? 0xFF : width == 2 ? 0xFFFF : 0x10FFFF);
    if (LIKELY(str != NULL)) copy_short(PyUnicode_DATA(str), p, n * (size_t)width);
    return str;
}

/* The text being put together in a decoder's scratch: characters of `width` bytes up to out. */
typedef struct {
    uint8_t *out;
    int width;
    int high; /* UTF-8 sources, width 1: a character from 0x80 on is there */
} composed;

static NOINLINE int scratch_grow(decoder *d, composed *c, size_t need)
{
    size_t used = (size_t)(c->out - d->scratch), room = 2 * (size_t)(d->scratch_limit - d->scratch);
    if (room < used + need) room = used + need;
    uint8_t *old = d->scratch == d->local_scratch ? NULL : d->scratch;
    uint8_t *grown = PyMem_Realloc(old, room);
    if (grown == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    if (old == NULL) memcpy(grown, d->scratch, used);
    d->scratch = grown;
    d->scratch_limit = grown + room;
    c->out = grown + used;
    return 0;
}

static ALWAYS_INLINE int scratch_room(decoder *d, composed *c, size_t need)
{
    return LIKELY((size_t)(d->scratch_limit - c->out) >= need) ? 0 : scratch_grow(d, c, need);
}

/* Go over to characters of `width` bytes, from the last to the first so that it works in place. */
static NOINLINE int composed_widen(decoder *d, composed *c, int width)
{
    size_t n = scan_characters((size_t)(c->out - d->scratch), c->width);
    if (scratch_room(d, c, n * (size_t)(width - c->width) + 128)) return -1;
    for (size_t i = n; i-- > 0;)
        scan_write(d->scratch + i * (size_t)width, scan_read(d->scratch + i * (size_t)c->width, c->width), width);
    c->out = d->scratch + n * (size_t)width;
    c->width = width;
    return 0;
}

/* Append one character; the caller has seen to room for four bytes. */
static ALWAYS_INLINE int put(decoder *d, composed *c, uint32_t character)
{
    if (UNLIKELY(character > (c->width == 1 ? 0xFFu : c->width == 2 ? 0xFFFFu : 0x10FFFFu)) &&
        composed_widen(d, c, character > 0xFFFF ? 4 : 2))
        return -1;
    scan_write(c->out, character, c->width);
    c->high |= character >= 0x80;
    c->out += c->width;
    return 0;
}

/* What a two-character escape means; 0 where it is none. */
static const uint8_t escape_meaning[128] = {
    ['"'] = '"', ['\\'] = '\\', ['/'] = '/', ['b'] = '\b', ['f'] = '\f', ['n'] = '\n', ['r'] = '\r', ['t'] = '\t',
};

/* The escape whose backslash is at p: its code point in *character; the position behind it, or NULL where it is wrong.
 * An escaped surrogate pair is one character, a lone surrogate stands for itself, as in the stdlib. */
static ALWAYS_INLINE const uint8_t *read_escape(const uint8_t *p, const uint8_t *end, int width, uint32_t *character)
{
    uint32_t letter = scan_read(p + width, width); /* a backslash isn't at end, so what follows is readable */
    p += 2 * width;
    if (letter != 'u') {
        *character = letter < 128 ? escape_meaning[letter] : 0;
        return *character ? p : NULL;
    }
    if (UNLIKELY(end - p < 4 * width)) return NULL;
    int32_t unit = scan_hex4(p, width);
    if (UNLIKELY(unit < 0)) return NULL;
    p += 4 * width;
    *character = (uint32_t)unit;
    if ((unit & 0xFC00) == 0xD800 && end - p >= 6 * width && scan_read(p, width) == '\\' && scan_read(p + width, width) == 'u') {
        int32_t low = scan_hex4(p + 2 * width, width);
        if (UNLIKELY(low < 0)) return NULL;
        if ((low & 0xFC00) == 0xDC00) {
            *character = 0x10000 + (((uint32_t)unit & 0x3FF) << 10 | ((uint32_t)low & 0x3FF));
            p += 6 * width;
        }
    }
    return p;
}

static PyObject *composed_str(decoder *d, const composed *c, text_form form)
{
    Py_ssize_t n = (Py_ssize_t)scan_characters((size_t)(c->out - d->scratch), c->width);
    if (form != TEXT_UTF8) { /* it may fit a narrower kind */
        if (c->width == 1) return make_str(d, d->scratch, d->scratch_limit, (size_t)n, 1);
        if (c->width == 2) return make_str(d, d->scratch, d->scratch_limit, (size_t)n, 2);
        return make_str(d, d->scratch, d->scratch_limit, (size_t)n, 4);
    }
    if (c->width == 1 && !c->high) return make_ascii(d, d->scratch, (size_t)n);
    if (n == 1) return PyUnicode_FromKindAndData(c->width, d->scratch, n); /* the shared Latin-1 characters */
    PyObject *str = PyUnicode_New(n, c->width == 1 ? 0xFF : c->width == 2 ? 0xFFFF : 0x10FFFF);
    if (str != NULL) memcpy(PyUnicode_DATA(str), d->scratch, (size_t)n * (size_t)c->width);
    return str;
}

#if defined(VEC_AVX512)
/* Append what comes next of UTF-8 up to three bytes a character, 64 bytes at a time, as long as it is well formed and the
 * text goes on for more than that: the bytes that begin characters, those after them and those after these are each moved
 * together (VPCOMPRESSB), which puts the parts of a character into the same lane. What this leaves is left to scan_utf8;
 * its
 * position, or NULL with MemoryError set. */
static NOINLINE const uint8_t *compose_blocks(decoder *d, composed *c, const uint8_t *p)
{
    while (d->end - p >= 66) {
        __m512i v = _mm512_loadu_si512(p);
        __mmask64 special = _mm512_cmplt_epu8_mask(v, _mm512_set1_epi8(0x20)) | _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('"')) |
                            _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('\\')) | _mm512_cmpge_epu8_mask(v, _mm512_set1_epi8((char)0xF0));
        __mmask64 two = _mm512_cmpge_epu8_mask(v, _mm512_set1_epi8((char)0xC0)), three = _mm512_cmpge_epu8_mask(v, _mm512_set1_epi8((char)0xE0));
        __mmask64 lead = two | _mm512_cmplt_epu8_mask(v, _mm512_set1_epi8((char)0x80)), after = two << 1 | three << 2;
        /* Up to the special character, or else to the last that begins in the first 62 bytes, which may not be whole. */
        unsigned stop = special ? count_trailing_zeros(special) : 64;
        int ended = stop <= 61;
        if (!ended) stop = 63 - (unsigned)__builtin_clzll((lead & 0x3FFFFFFFFFFFFFFF) | 1);
        __mmask64 here = _bzhi_u64(~(uint64_t)0, stop);
        if (stop == 0 || ((after ^ ~lead) & here) || (after >> stop & 1)) break;
        lead &= here;
        size_t n = (size_t)__builtin_popcountll(lead);
        __m512i first = _mm512_maskz_compress_epi8(lead, v);
        __m512i second = _mm512_maskz_compress_epi8(lead, _mm512_loadu_si512(p + 1));
        __m512i third = _mm512_maskz_compress_epi8(lead, _mm512_loadu_si512(p + 2));
        __m512i units[2];
        __mmask32 wide = 0, high = 0, bad = 0;
        for (int half = 0; half < 2; half++) {
            const __m512i low6 = _mm512_set1_epi16(0x3F);
            __m512i a = _mm512_cvtepu8_epi16(half ? _mm512_extracti64x4_epi64(first, 1) : _mm512_castsi512_si256(first));
            __m512i b = _mm512_and_si512(_mm512_cvtepu8_epi16(half ? _mm512_extracti64x4_epi64(second, 1) : _mm512_castsi512_si256(second)), low6);
            __m512i e = _mm512_and_si512(_mm512_cvtepu8_epi16(half ? _mm512_extracti64x4_epi64(third, 1) : _mm512_castsi512_si256(third)), low6);
            __mmask32 is_two = _mm512_cmpge_epu16_mask(a, _mm512_set1_epi16(0xC0)), is_three = _mm512_cmpge_epu16_mask(a, _mm512_set1_epi16(0xE0));
            __m512i ab = _mm512_or_si512(_mm512_slli_epi16(_mm512_and_si512(a, _mm512_set1_epi16(0x1F)), 6), b);
            __m512i abe = _mm512_or_si512(_mm512_slli_epi16(ab, 6), e); /* the upper bits of a leave at the top */
            units[half] = _mm512_mask_mov_epi16(_mm512_mask_mov_epi16(a, is_two, ab), is_three, abe);
            bad |= _mm512_mask_cmplt_epu16_mask(is_two, units[half], _mm512_set1_epi16(0x80));
            bad |= _mm512_mask_cmplt_epu16_mask(is_three, units[half], _mm512_set1_epi16(0x800));
            bad |= _mm512_mask_cmpeq_epi16_mask(is_three, _mm512_and_si512(units[half], _mm512_set1_epi16((short)0xF800)), _mm512_set1_epi16((short)0xD800));
            wide |= _mm512_cmpge_epu16_mask(units[half], _mm512_set1_epi16(0x100));
            high |= is_two;
        }
        if (bad) break;
        if (wide && c->width == 1 && composed_widen(d, c, 2)) return NULL;
        if (scratch_room(d, c, 64 * (size_t)c->width + 64)) return NULL;
        for (int half = 0; half < 2; half++) {
            uint8_t *out = c->out + half * 32 * c->width;
            if (c->width == 1) _mm256_storeu_si256((__m256i *)out, _mm512_cvtepi16_epi8(units[half]));
            else if (c->width == 2) _mm512_storeu_si512(out, units[half]);
            else {
                _mm512_storeu_si512(out, _mm512_cvtepu16_epi32(_mm512_castsi512_si256(units[half])));
                _mm512_storeu_si512(out + 64, _mm512_cvtepu16_epi32(_mm512_extracti64x4_epi64(units[half], 1)));
            }
        }
        c->high |= high != 0;
        c->out += n * (size_t)c->width;
        p += stop;
        if (ended) break;
    }
    return p;
}
#endif

#if defined(VEC_AVX512)
/* Append what comes next of one-byte characters and escapes of two characters, 64 bytes at a time: what the letters stand for
 * takes their place, and the backslashes are left out (VPCOMPRESSB). What this leaves is left to the caller. -1 with MemoryError
 * set. The text so far is of one-byte characters too, and p stands outside an escape. */
static ALWAYS_INLINE int compose_escapes(decoder *d, composed *c, const uint8_t **at, int ascii_only)
{
    /* b, f, n, r and t by the exclusive or of their two hexadecimal digits */
    const __m512i meanings = _mm512_broadcast_i32x4(_mm_setr_epi8('\f', 0, 0, '\t', '\b', '\r', 0, 0, '\n', 0, 0, 0, 0, 0, 0, 0));
    const uint8_t *p = *at;
    for (unsigned stop = 64; stop == 64 && d->end - p >= 64; p += stop) {
        __m512i v = _mm512_loadu_si512(p);
        __mmask64 backslash = _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('\\')), quote = _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('"'));
        uint64_t begins = backslash;
        if (UNLIKELY(backslash & backslash << 1)) {
            begins = 0; /* of two in succession the second doesn't begin an escape */
            for (uint64_t rest = backslash; rest;) {
                uint64_t lowest = rest & (~rest + 1);
                begins |= lowest;
                rest &= ~(lowest | lowest << 1);
            }
        }
        __mmask64 escaped = begins << 1;
        __mmask64 letters = _mm512_mask_cmpeq_epi8_mask(escaped, v, _mm512_set1_epi8('n')) | _mm512_mask_cmpeq_epi8_mask(escaped, v, _mm512_set1_epi8('t')) |
                            _mm512_mask_cmpeq_epi8_mask(escaped, v, _mm512_set1_epi8('r')) | _mm512_mask_cmpeq_epi8_mask(escaped, v, _mm512_set1_epi8('b')) |
                            _mm512_mask_cmpeq_epi8_mask(escaped, v, _mm512_set1_epi8('f'));
        __mmask64 known = letters | (escaped & (backslash | quote)) | _mm512_mask_cmpeq_epi8_mask(escaped, v, _mm512_set1_epi8('/'));
        uint64_t ends = (quote & ~escaped) | _mm512_cmplt_epu8_mask(v, _mm512_set1_epi8(0x20)) | (begins & ~(known >> 1));
        if (ascii_only) ends |= _mm512_movepi8_mask(v);
        stop = ends ? count_trailing_zeros(ends) : 64;
        __mmask64 kept = _bzhi_u64(~begins, stop);
        if (scratch_room(d, c, 128)) return -1;
        __m512i digits = _mm512_and_si512(_mm512_xor_si512(v, _mm512_srli_epi16(v, 4)), _mm512_set1_epi8(0x0F));
        v = _mm512_mask_shuffle_epi8(v, letters, meanings, digits);
        _mm512_storeu_si512(c->out, _mm512_maskz_compress_epi8(kept, v));
        c->out += __builtin_popcountll(kept);
    }
    *at = p;
    return 0;
}
#endif

#if defined(SCAN_ESCAPED_UNITS)
/* Append what comes next of escapes \uXXXX that are no surrogates; the position of what this leaves, or NULL
 * with MemoryError set. */
static NOINLINE const uint8_t *compose_units(decoder *d, composed *c, const uint8_t *p)
{
    unsigned n;
    do {
        uint16_t units[16];
        if (scratch_room(d, c, 64)) return NULL;
        n = scan_escaped_units(p, d->end, units);
        if (n == 0) break;
        if (UNLIKELY(c->width == 1)) {
            uint32_t all = scan_all_bits((const uint8_t *)units, n, 2);
            c->high |= all >= 0x80;
            if (all > 0xFF && (composed_widen(d, c, 2) || scratch_room(d, c, 64))) return NULL;
        }
        if (LIKELY(c->width == 2)) /* in the halves that they may have been stored in */
            for (int i = 0; i < SCAN_ESCAPED_UNITS; i += 8) vec_store(c->out + 2 * i, vec_load(units + i));
        else if (c->width == 1) vec_store(c->out, vec16_narrow(vec_load(units), vec_load(units + 8)));
        else for (int i = 0; i < SCAN_ESCAPED_UNITS; i += 8) vec_store_widened(c->out + 4 * i, 4, vec_load(units + i), 2);
        c->out += n * (unsigned)c->width;
        p += 6 * n;
    } while (n == SCAN_ESCAPED_UNITS);
    return p;
}
#endif

#if defined(VEC_RUNS)
/* Append the sequences of one length at p, which has 16 readable bytes, and for which there are 64 bytes of room: how many
 * bytes they are, 0 where scan_utf8 has to look, -1 with MemoryError set. */
static ALWAYS_INLINE int compose_run(decoder *d, composed *c, const uint8_t *p)
{
    vec units;
    unsigned length, n = scan_utf8_run(p, &units, &length);
    if (n == 0) return 0;
    int width = length == 4 ? 4 : length == 3 ? 2 : vec_below(vec_bits(vec16_at_least(units, 0x100)), 2 * n) ? 2 : 1;
    if (UNLIKELY(c->width < width) && composed_widen(d, c, width)) return -1;
    if (length == 4) vec_store(c->out, units);
    else if (c->width == 1) vec_store(c->out, vec16_narrow(units, units));
    else vec_store_widened(c->out, c->width, units, 2);
    c->high = 1;
    c->out += n * (unsigned)c->width;
    return (int)(n * length);
}
#endif

/* The string of which [start, p) is plain and p isn't: escapes, multi-byte characters, or an error. d->behind becomes the
 * position behind its closing quote. */
static ALWAYS_INLINE PyObject *compose_string(decoder *d, const uint8_t *start, const uint8_t *p, text_form form)
{
    const int width = width_of(form);
    const uint8_t *end = d->end;
    composed c = {d->scratch, width, 0};
    size_t prefix = (size_t)(p - start);
    if (scratch_room(d, &c, prefix + 128)) return NULL;
    memcpy(c.out, start, prefix);
    c.out += prefix;
    for (;;) {
        if (scratch_room(d, &c, 64)) return NULL;
        uint32_t character = scan_read(p, width);
        if (character == '\\') {
#if defined(VEC_AVX512)
            const uint8_t *before = p, *next = p;
            if (width == 1 && c.width == 1 && end - p >= 64 && p[1] != 'u' && compose_escapes(d, &c, &next, form == TEXT_UTF8)) return NULL;
            p = next;
            if (p != before) continue;
#endif
#if defined(SCAN_ESCAPED_UNITS)
            if (width == 1 && p[1] == 'u') {
                const uint8_t *before = p;
                p = compose_units(d, &c, p);
                if (UNLIKELY(p == NULL)) return NULL;
                if (LIKELY(p != before)) continue;
            }
#endif
            p = read_escape(p, end, width, &character);
            if (UNLIKELY(p == NULL) || UNLIKELY(put(d, &c, character))) return NULL;
        }
        else if (form == TEXT_UTF8 && character >= 0x80) {
#if defined(VEC_AVX512)
            if (character < 0xF0) {
                const uint8_t *before = p;
                p = compose_blocks(d, &c, p);
                if (UNLIKELY(p == NULL)) return NULL;
                if (p != before) continue;
            }
#endif
#if defined(VEC_RUNS)
            if (LIKELY(end - p >= 16) && (VEC_SHUFFLES || character < 0xE0 || character >= 0xF0)) {
                int run = compose_run(d, &c, p);
                if (UNLIKELY(run < 0)) return NULL;
                p += run;
                if (LIKELY(run > 0)) continue;
            }
#endif
            int length = scan_utf8(p, &character);
            if (UNLIKELY(length == 0) || UNLIKELY(put(d, &c, character))) return NULL;
            p += length;
        }
        else if (character == '"') {
            d->behind = p + width;
            return composed_str(d, &c, form);
        }
        else if (character < 0x20) {
            if (p == end || !d->options->lenient) return NULL;
            if (put(d, &c, character)) return NULL;
            p += width;
        }
        else if (end - p >= 16) {
            vec v = vec_load(p);
            vec_store_widened(c.out, c.width, v, width); /* within the 64 bytes of room */
            vec_mask m = scan_specials(v, width, form == TEXT_UTF8);
            size_t plain = m ? vec_first(m) / (unsigned)width : 16u / (unsigned)width;
            p += plain * (size_t)width;
            c.out += plain * (size_t)c.width;
        }
        else {
            if (put(d, &c, character)) return NULL;
            p += width;
        }
    }
}

static NOINLINE PyObject *compose_utf8(decoder *d, const uint8_t *s, const uint8_t *p) { return compose_string(d, s, p, TEXT_UTF8); }
static NOINLINE PyObject *compose_latin1(decoder *d, const uint8_t *s, const uint8_t *p) { return compose_string(d, s, p, TEXT_LATIN1); }
static NOINLINE PyObject *compose_ucs2(decoder *d, const uint8_t *s, const uint8_t *p) { return compose_string(d, s, p, TEXT_UCS2); }
static NOINLINE PyObject *compose_ucs4(decoder *d, const uint8_t *s, const uint8_t *p) { return compose_string(d, s, p, TEXT_UCS4); }

/* The plain end of the string whose first character behind the opening quote is at `start`: the position of the closing
 * quote, or of the first character that isn't plain. *high is set where Latin-1 isn't ASCII. */
static ALWAYS_INLINE const uint8_t *plain_end(decoder *d, const uint8_t *start, text_form form, int *high)
{
    *high = 0;
    if (form == TEXT_LATIN1) return scan_plain_latin1(start, d->end, high);
    return scan_plain(start, d->end, width_of(form), form == TEXT_UTF8);
}

/* As compose_string; *at becomes the position behind. */
static ALWAYS_INLINE PyObject *compose(decoder *d, const uint8_t *start, const uint8_t *p, const uint8_t **at, text_form form)
{
    PyObject *str = form == TEXT_UTF8     ? compose_utf8(d, start, p)
                    : form == TEXT_LATIN1 ? compose_latin1(d, start, p)
                    : form == TEXT_UCS2   ? compose_ucs2(d, start, p)
                                          : compose_ucs4(d, start, p);
    if (LIKELY(str != NULL)) *at = d->behind;
    return str;
}

/* The string whose first character behind the opening quote is at *at; *at becomes the position behind the closing one. */
static ALWAYS_INLINE PyObject *read_string(decoder *d, const uint8_t **at, text_form form)
{
    const int width = width_of(form);
    int high;
    const uint8_t *start = *at, *p = plain_end(d, start, form, &high);
    if (UNLIKELY(scan_read(p, width) != '"')) return compose(d, start, p, at, form);
    *at = p + width;
    size_t n = (size_t)(p - start) / (size_t)width;
    if (width == 1 && LIKELY(!high)) return make_ascii(d, start, n);
    return make_str(d, start, d->end, n, width);
}

/* The cache of keys; NULL with MemoryError set. */
static ALWAYS_INLINE keycache *keys_of(decoder *d)
{
#if COMPAT_HAS_GIL
    return keycache_take(&d->state->keys, d->thread);
#else
    if (UNLIKELY(d->keys == NULL)) d->keys = keycache_take(&d->state->keys, d->thread);
    return d->keys;
#endif
}

static ALWAYS_INLINE PyObject *cached_key(decoder *d, const uint8_t *p, size_t n)
{
    keycache *keys = keys_of(d);
    return LIKELY(keys != NULL) ? keycache_get(keys, p, n) : NULL;
}

/* Give up a reference to a key for one to the equal key that this document had before, if it had one. */
static NOINLINE PyObject *share_key(decoder *d, PyObject *key)
{
    PyObject *same = NULL;
    if (PyUnicode_GET_LENGTH(key) <= KEYCACHE_LONGEST) {
        keycache *keys = keys_of(d);
        if (LIKELY(keys != NULL)) return keycache_share(keys, key);
        Py_DECREF(key);
        return NULL;
    }
    if (d->long_keys != NULL || (d->long_keys = PyDict_New()) != NULL) {
        /* Not PyDict_SetDefault: where memory is short, 3.13's first ones give a key and set an exception. */
        same = PyDict_GetItemWithError(d->long_keys, key);
        if (same == NULL && !PyErr_Occurred() && PyDict_SetItem(d->long_keys, key, key) == 0) same = key;
    }
    Py_XINCREF(same);
    Py_DECREF(key);
    return same;
}

/* As read_string, for an object's key: equal keys of a document are one str. */
static ALWAYS_INLINE PyObject *read_key(decoder *d, const uint8_t **at, text_form form)
{
    const int width = width_of(form);
    int high;
    const uint8_t *start = *at, *p = plain_end(d, start, form, &high);
    PyObject *key;
    if (UNLIKELY(scan_read(p, width) != '"')) key = compose(d, start, p, at, form);
    else {
        *at = p + width;
        size_t n = (size_t)(p - start) / (size_t)width;
        if (width == 1 && LIKELY(!high) && LIKELY(n - 1 < KEYCACHE_LONGEST)) return cached_key(d, start, n);
        if (width > 1 && n - 1 < KEYCACHE_LONGEST) {
            uint8_t narrow[KEYCACHE_LONGEST];
            if (scan_narrow_ascii(narrow, start, d->end, n, width)) return cached_key(d, narrow, n);
        }
        key = PyUnicode_FromKindAndData(width, start, (Py_ssize_t)n);
    }
    return key == NULL ? NULL : share_key(d, key);
}

/* ---- numbers and constants ---- */

static NOINLINE PyObject *integer_from_text(const uint8_t *p, size_t n)
{
    char local[64], *copy = n < sizeof local ? local : PyMem_Malloc(n + 1);
    if (copy == NULL) return PyErr_NoMemory();
    memcpy(copy, p, n);
    copy[n] = 0;
    PyObject *integer = PyLong_FromString(copy, NULL, 10); /* keeps the interpreter's limit on digits */
    if (copy != local) PyMem_Free(copy);
    return integer;
}

static NOINLINE PyObject *large_integer(decoder *d, const uint8_t *p, size_t n)
{
    PyObject *integer = integer_from_text(p, n);
    d->watched = compat_new_objects_are_watched(); /* from 3.12 on large ones are made by Python code */
    return integer;
}

static NOINLINE PyObject *call_with_text(decoder *d, PyObject *hook, const uint8_t *ascii, size_t n)
{
    return call_hook(d, hook, PyUnicode_FromKindAndData(PyUnicode_1BYTE_KIND, ascii, (Py_ssize_t)n));
}

/* What the number is that number_parse read at p. */
static ALWAYS_INLINE PyObject *make_number(decoder *d, const uint8_t *p, number_kind kind, const number *parsed)
{
    switch (kind) {
    case NUMBER_INT:
        if (UNLIKELY(d->options->parse_int != NULL)) break;
        return compat_int_from(parsed->integer, d->state->small_ints, d->watched);
    case NUMBER_DOUBLE:
        if (UNLIKELY(d->options->parse_float != NULL))
            return call_with_text(d, d->options->parse_float, p, (size_t)(parsed->end - p));
        return compat_float_from(parsed->real, d->watched);
    case NUMBER_BIG:
        if (UNLIKELY(d->options->parse_int != NULL)) break;
        return large_integer(d, p, (size_t)(parsed->end - p));
    case NUMBER_INVALID:
        return NULL;
    }
    return call_with_text(d, d->options->parse_int, p, (size_t)(parsed->end - p));
}

/* The number at p, in bytes (of a text that begins at start, or NULL); *end becomes the position behind it. */
static ALWAYS_INLINE PyObject *read_number_bytes(decoder *d, const uint8_t *start, const uint8_t *p, const uint8_t *limit, const uint8_t **end)
{
    number parsed;
    number_kind kind = number_parse(p, limit, d->expects_fraction, &parsed);
    d->expects_fraction = kind == NUMBER_DOUBLE ? start : NULL;
    *end = parsed.end;
    return make_number(d, p, kind, &parsed);
}

/* As read_number_bytes, for a number in wider characters that may be long or near the end of the text. d->behind becomes the
 * position behind it. */
static NOINLINE PyObject *read_number_slowly(decoder *d, const uint8_t *start, int width)
{
    const uint8_t *p = start, *stop;
    uint8_t local[64], *narrow = local;
    for (;; p += width) {
        uint32_t c = scan_read(p, width);
        if (!((c >= '0' && c <= '9') || c == '-' || c == '+' || c == '.' || c == 'e' || c == 'E')) break;
    }
    size_t n = (size_t)(p - start) / (size_t)width;
    if (n >= sizeof local && (narrow = PyMem_Malloc(n + 1)) == NULL) return PyErr_NoMemory();
    for (size_t i = 0; i < n; i++) narrow[i] = (uint8_t)scan_read(start + i * (size_t)width, width);
    narrow[n] = 0;
    PyObject *value = read_number_bytes(d, NULL, narrow, narrow + n, &stop);
    d->behind = start + (stop - narrow) * width;
    if (narrow != local) PyMem_Free(narrow);
    return value;
}

/* As read_number_slowly, for any number: its own characters are all ASCII, so they are narrowed first. */
static ALWAYS_INLINE PyObject *read_number_wide(decoder *d, const uint8_t *start, int width)
{
    enum { BEFORE = 16, SEEN = 32, BEHIND = 16, LOOK_AHEAD = 3 }; /* which of a number's characters a later one may decide about */
    if (UNLIKELY(d->end - start < SEEN * width)) return read_number_slowly(d, start, width);
    uint8_t narrow[BEFORE + SEEN + BEHIND + 1] = {0}, *p = narrow + BEFORE;
    for (int i = 0; i < SEEN; i += 16) vec_store(p + i, vec_load_narrowed(start + i * width, width));
    number parsed;
    number_kind kind = number_parse(p, p + SEEN + BEHIND, d->expects_fraction != NULL ? narrow : NULL, &parsed);
    if (UNLIKELY(kind == NUMBER_INVALID) || UNLIKELY(parsed.end > p + SEEN - LOOK_AHEAD)) return read_number_slowly(d, start, width);
    d->expects_fraction = kind == NUMBER_DOUBLE ? d->start : NULL;
    d->behind = start + (parsed.end - p) * width;
    return make_number(d, p, kind, &parsed);
}

static NOINLINE PyObject *read_number2(decoder *d, const uint8_t *p) { return read_number_wide(d, p, 2); }
static NOINLINE PyObject *read_number4(decoder *d, const uint8_t *p) { return read_number_wide(d, p, 4); }

static ALWAYS_INLINE PyObject *read_number(decoder *d, const uint8_t **at, text_form form)
{
    if (width_of(form) == 1) return read_number_bytes(d, d->start, *at, d->end, at);
    PyObject *value = form == TEXT_UCS2 ? read_number2(d, *at) : read_number4(d, *at);
    if (LIKELY(value != NULL)) *at = d->behind;
    return value;
}

/* An int of less than eight digits, behind which at most some bytes are left, digit by digit: its end, or NULL where it is
 * something else, or there is a hook. */
static ALWAYS_INLINE const uint8_t *read_last_int(const decode_options *options, const uint8_t *p, const uint8_t *end, uint32_t *value)
{
    const uint8_t *first = p;
    uint32_t n = 0;
    if (UNLIKELY(options->parse_int != NULL) || end - p >= 8) return NULL;
    for (; number_is_digit(*p); p++) n = n * 10 + (uint32_t)(*p - '0');
    if (UNLIKELY(*p == '.') || UNLIKELY((*p | 0x20) == 'e') || UNLIKELY((*first == '0') & (p - first > 1))) return NULL;
    *value = n;
    return p > first ? p : NULL;
}

/* Whether the ASCII word stands at p. Stops at the zero at end, so it reads no further. */
static ALWAYS_INLINE int stands_at(const uint8_t *p, const char *word, int width)
{
    for (; *word; word++, p += width)
        if (scan_read(p, width) != (uint8_t)*word) return 0;
    return 1;
}

static NOINLINE PyObject *constant(decoder *d, const char *name, PyObject *value)
{
    if (d->options->parse_constant == NULL) return Py_NewRef(value);
    return call_hook(d, d->options->parse_constant, PyUnicode_InternFromString(name));
}

/* null, true, false, NaN, Infinity, -Infinity or a number; NULL without an exception where it is none of them. */
static ALWAYS_INLINE PyObject *read_scalar(decoder *d, const uint8_t **at, text_form form)
{
    const int width = width_of(form);
    const uint8_t *p = *at;
    const uint32_t c = scan_read(p, width);
    if (width == 1 && LIKELY(d->end - p >= 8)) {
        /* The two that can't be predicted: how many digits an int has, and which of the constants it is. */
        uint64_t text = load_8(p), digits = text ^ NUMBER_ASCII_ZEROS;
        if (c < 'a' && d->expects_fraction != NULL) {}
        else if (LIKELY(c - '0' <= 9)) {
            unsigned n = count_trailing_zeros(number_non_digits(digits) | (uint64_t)1 << 63) / 8;
            uint8_t behind = p[n];
            if (LIKELY(n < 7) && behind != '.' && (behind | 0x20) != 'e' && LIKELY((c != '0') | (n == 1)) && LIKELY(d->options->parse_int == NULL)) {
                *at = p + n;
                return compat_int_from((int64_t)number_join_first(digits, n), d->state->small_ints, d->watched);
            }
        }
        else if (c >= 'a') {
            int is_null = (uint32_t)text == load_4("null"), is_true = (uint32_t)text == load_4("true");
            int is_false = (uint32_t)(text >> 8) == load_4("alse") && c == 'f';
            if (LIKELY(compat_opaque(is_null | is_true | is_false))) {
                *at = p + 4 + is_false;
                return compat_singleton(d->state->words[is_true | is_null << 1]);
            }
        }
    }
    else if (width == 1 && c - '0' <= 9) {
        uint32_t last;
        const uint8_t *stop = read_last_int(d->options, p, d->end, &last);
        if (LIKELY(stop != NULL)) {
            *at = stop;
            return compat_int_from(last, d->state->small_ints, d->watched);
        }
    }
    if (LIKELY(c - '-' <= (uint32_t)('9' - '-'))) { /* a sign can't be predicted, so it gets no branch of its own */
        PyObject *number = read_number(d, at, form);
        if (LIKELY(number != NULL)) return number;
        if (c != '-' || PyErr_Occurred() || !stands_at(p, "-Infinity", width)) return NULL;
        *at = p + 9 * width;
        return constant(d, "-Infinity", d->state->minus_infinity);
    }
    switch (c) {
    case 'n':
        if (!stands_at(p, "null", width)) return NULL;
        *at = p + 4 * width;
        return compat_singleton(Py_None);
    case 't':
        if (!stands_at(p, "true", width)) return NULL;
        *at = p + 4 * width;
        return compat_singleton(Py_True);
    case 'f':
        if (!stands_at(p, "false", width)) return NULL;
        *at = p + 5 * width;
        return compat_singleton(Py_False);
    case 'N':
        if (!stands_at(p, "NaN", width)) return NULL;
        *at = p + 3 * width;
        return constant(d, "NaN", d->state->nan);
    case 'I':
        if (!stands_at(p, "Infinity", width)) return NULL;
        *at = p + 8 * width;
        return constant(d, "Infinity", d->state->infinity);
    }
    return NULL;
}

/* ---- the document ---- */

/* The value at *at, pushed on the value stack; *at becomes the position behind it. */
static ALWAYS_INLINE int read_value(decoder *d, const uint8_t **at, text_form form)
{
    const int width = width_of(form);
    const uint8_t *p = *at, *const end = d->end;
    PyObject *value, **top = d->values_top;
    uint32_t c;
    enum { NOTHING, ARRAY, OBJECT } inside = NOTHING; /* kept at hand: of what the innermost container is */

value:
    c = scan_read(p, width);
    if (c == '"') {
        p += width;
        value = read_string(d, &p, form);
        if (UNLIKELY(value == NULL) || UNLIKELY(push(d, &top, value))) goto failed;
    }
    else if (c == '{') {
        if (UNLIKELY(open_container(d, top, 1))) goto failed;
        inside = OBJECT;
        p = scan_space(p + width, end, width);
        if (scan_read(p, width) == '"') goto key;
        if (scan_read(p, width) != '}') goto failed;
        p += width;
        goto end_of_object;
    }
    else if (c == '[') {
        if (UNLIKELY(open_container(d, top, 0))) goto failed;
        inside = ARRAY;
        p = scan_space(p + width, end, width);
        if (scan_read(p, width) != ']') goto value;
        p += width;
        goto end_of_array;
    }
    else {
        value = read_scalar(d, &p, form);
        if (UNLIKELY(value == NULL) || UNLIKELY(push(d, &top, value))) goto failed;
    }

after_value:
    if (UNLIKELY(inside == NOTHING)) {
        *at = p;
        d->values_top = top;
        return 0;
    }
    p = scan_space(p, end, width);
    c = scan_read(p, width);
    if (inside == OBJECT) {
        if (LIKELY(c == ',')) {
            p = scan_space(p + width, end, width);
            if (UNLIKELY(scan_read(p, width) != '"')) goto failed;
            goto key;
        }
        if (UNLIKELY(c != '}')) goto failed;
        p += width;
        goto end_of_object;
    }
    if (LIKELY(c == ',')) {
        p = scan_space(p + width, end, width);
        goto value;
    }
    if (UNLIKELY(c != ']')) goto failed;
    p += width;

end_of_array:
    if (UNLIKELY(close_container(d, &top, 0))) goto failed;
    inside = d->depth == 0 ? NOTHING : d->frames[d->depth - 1].is_object ? OBJECT : ARRAY;
    goto after_value;

end_of_object:
    if (UNLIKELY(close_container(d, &top, 1))) goto failed;
    inside = d->depth == 0 ? NOTHING : d->frames[d->depth - 1].is_object ? OBJECT : ARRAY;
    goto after_value;

key:
    p += width;
    value = read_key(d, &p, form);
    if (UNLIKELY(value == NULL) || UNLIKELY(push(d, &top, value))) goto failed;
    p = scan_space(p, end, width);
    if (UNLIKELY(scan_read(p, width) != ':')) goto failed;
    p = scan_space(p + width, end, width);
    goto value;

failed:
    d->values_top = top;
    return -1;
}

static NOINLINE int read_value_utf8(decoder *d, const uint8_t **at) { return read_value(d, at, TEXT_UTF8); }
static NOINLINE int read_value_latin1(decoder *d, const uint8_t **at) { return read_value(d, at, TEXT_LATIN1); }
static NOINLINE int read_value_ucs2(decoder *d, const uint8_t **at) { return read_value(d, at, TEXT_UCS2); }
static NOINLINE int read_value_ucs4(decoder *d, const uint8_t **at) { return read_value(d, at, TEXT_UCS4); }

/* The value at *at (behind white space, if `whole`, and with nothing but white space after it). */
static ALWAYS_INLINE PyObject *decode_text(decoder *d, const uint8_t **at, text_form form, int whole)
{
    const int width = width_of(form);
    if (whole) *at = scan_space(*at, d->end, width);
    d->start = *at;
    decoder_prepare_for_many(d);
    int failed = form == TEXT_UTF8     ? read_value_utf8(d, at)
                 : form == TEXT_LATIN1 ? read_value_latin1(d, at)
                 : form == TEXT_UCS2   ? read_value_ucs2(d, at)
                                       : read_value_ucs4(d, at);
    PyObject *result = NULL;
    if (!failed && (!whole || scan_space(*at, d->end, width) == d->end)) result = *--d->values_top;
    compat_gc_resume(d->gc_paused);
    decoder_end(d);
    return result;
}

/* A document of bytes or Latin-1, decoded without hooks, that is but a number or an empty container needs no decoder: 1 with
 * *value set, NULL where an exception is set; 0 where it is something else. */
static ALWAYS_INLINE int lone_value(decode_state *state, const decode_options *options, const uint8_t *p, Py_ssize_t size, PyObject **value)
{
    uint32_t last;
    if (size == 2 && p[0] == '{' && p[1] == '}') *value = options->ordered ? PyODict_New() : PyDict_New();
    else if (size == 2 && p[0] == '[' && p[1] == ']') *value = options->tuples ? PyTuple_New(0) : PyList_New(0);
    else if (number_is_digit(p[0]) && read_last_int(options, p, p + size, &last) == p + size) *value = compat_int_from(last, state->small_ints, 1);
    else if (size < LONE_NUMBER && ((uint8_t)(p[0] - '0') <= 9 || p[0] == '-')) {
        decoder d;
        const uint8_t *stop;
        d.state = state; /* all that a number asks of it */
        d.options = options;
        d.gc_paused = 0;
        d.watched = 1;
        d.expects_fraction = NULL;
        *value = read_number_bytes(&d, NULL, p, p + size, &stop);
        if (UNLIKELY(*value == NULL)) return PyErr_Occurred() != NULL;
        if (LIKELY(stop == p + size)) return 1;
        Py_DECREF(*value);
        return 0;
    }
    else return 0;
    return 1;
}

static NOINLINE PyObject *decode_utf8(decode_state *state, const decode_options *options, const uint8_t *data, Py_ssize_t size)
{
    decoder d;
    roomy_space space;
    decoder_start(&d, state, options, NULL);
    decoder_use_roomy(&d, &space);
    d.end = data + size;
    return decode_text(&d, &data, TEXT_UTF8, 1);
}

/* A lone number's decoder holds the options, nothing else: none of its arrays is there to be written to. */
static NO_STACK_PROTECTOR PyObject *entry_utf8(decode_state *state, const decode_options *options, const uint8_t *data, Py_ssize_t size)
{
    PyObject *value;
    return lone_value(state, options, data, size, &value) ? value : decode_utf8(state, options, data, size);
}

static PyObject *entry_utf8_at(decode_state *state, const decode_options *options, const uint8_t *data, Py_ssize_t size, Py_ssize_t *index)
{
    decoder d;
    roomy_space space;
    const uint8_t *p = data + *index;
    PyObject *result = NULL;
    decoder_start(&d, state, options, NULL);
    decoder_use_roomy(&d, &space);
    d.start = p;
    d.end = data + size;
    if (*p == '{' || *p == '[') result = decode_text(&d, &p, TEXT_UTF8, 0);
    else { /* spared what pays for containers only */
        if (!read_value_utf8(&d, &p)) result = *--d.values_top;
        decoder_end(&d);
    }
    *index = p - data;
    return result;
}

/* The key that stands at *at, pushed on the value stack; *at becomes the position of its value. -1 where none stands there. */
static ALWAYS_INLINE int push_key(decoder *d, const uint8_t **at)
{
    if (**at != '"') return -1;
    const uint8_t *p = *at + 1;
    PyObject *key = read_key(d, &p, TEXT_UTF8);
    if (key == NULL || push(d, &d->values_top, key)) return -1;
    p = scan_space(p, d->end, 1);
    if (*p != ':') return -1;
    *at = scan_space(p + 1, d->end, 1);
    return 0;
}

static PyObject *entry_utf8_items(decode_state *state, const decode_options *options, const uint8_t *data, Py_ssize_t size, Py_ssize_t *index,
                                  Py_ssize_t enough, int final, int members)
{
    enum { LONGEST_BEGINNING = 3 }; /* of what may go on a number: "e+1" */
    decoder d;
    roomy_space space;
    const uint8_t *p = data + *index, *first = p, *behind = p;
    Py_ssize_t n = 0;
    decoder_start(&d, state, options, NULL);
    decoder_use_roomy(&d, &space);
    d.start = p;
    d.end = data + size;
    decoder_prepare_for_many(&d);
    for (;;) {
        if (members && push_key(&d, &p)) break;
        int numeric = number_is_digit(*p) || *p == '-';
        if (read_value_utf8(&d, &p)) break;
        if (UNLIKELY(numeric && d.end - p < LONGEST_BEGINNING && !final)) break;
        behind = p;
        n++;
        if (p - first >= enough) break;
        p = scan_space(p, d.end, 1);
        if (*p != ',') break;
        p = scan_space(p + 1, d.end, 1);
    }
    *index = behind - data;
    PyObject *list = NULL;
    if (!PyErr_Occurred() || !PyErr_ExceptionMatches(PyExc_MemoryError)) {
        PyErr_Clear(); /* the value that is to blame comes next */
        list = compat_list_new(n);
    }
    for (Py_ssize_t i = 0; list != NULL && members && i < n; i++) {
        PyObject *pair = PyTuple_Pack(2, d.values[2 * i], d.values[2 * i + 1]);
        if (pair == NULL) Py_CLEAR(list);
        else PyList_SET_ITEM(list, i, pair);
    }
    if (list != NULL && !members) { /* no container is open above these values: they are where they were put */
        for (Py_ssize_t i = 0; i < n; i++) PyList_SET_ITEM(list, i, d.values[i]);
        memmove(d.values, d.values + n, (size_t)(d.values_top - d.values - n) * sizeof *d.values);
        d.values_top -= n;
    }
    compat_gc_resume(d.gc_paused);
    decoder_end(&d);
    return list;
}

static PyObject *decode_str_by(decoder *d, PyObject *text, Py_ssize_t *index, int whole)
{
    int width = PyUnicode_KIND(text);
    const uint8_t *data = PyUnicode_DATA(text), *p = data + *index * width;
    d->end = data + PyUnicode_GET_LENGTH(text) * width;
    PyObject *result;
    if (PyUnicode_IS_ASCII(text)) result = decode_text(d, &p, TEXT_UTF8, whole); /* which takes no second look at what it composed */
    else if (width == 1) result = decode_text(d, &p, TEXT_LATIN1, whole);
    else result = width == 2 ? decode_text(d, &p, TEXT_UCS2, whole) : decode_text(d, &p, TEXT_UCS4, whole);
    *index = (Py_ssize_t)scan_characters((size_t)(p - data), width);
    return result;
}

static NOINLINE PyObject *decode_str_roomy(decode_state *state, const decode_options *options, PyObject *text, Py_ssize_t *index, int whole)
{
    decoder d;
    roomy_space space;
    decoder_start(&d, state, options, text);
    decoder_use_roomy(&d, &space);
    return decode_str_by(&d, text, index, whole);
}

static NOINLINE PyObject *decode_str_tight(decode_state *state, const decode_options *options, PyObject *text, Py_ssize_t *index, int whole)
{
    decoder d;
    tight_space space;
    decoder_start(&d, state, options, text);
    decoder_use_tight(&d, &space);
    return decode_str_by(&d, text, index, whole);
}

static ALWAYS_INLINE PyObject *decode_str_from(decode_state *state, const decode_options *options, PyObject *text, Py_ssize_t *index, int whole)
{
    if (options->runs_python) return decode_str_tight(state, options, text, index, whole);
    return decode_str_roomy(state, options, text, index, whole);
}

/* As entry_utf8. */
static NO_STACK_PROTECTOR PyObject *entry_str(decode_state *state, const decode_options *options, PyObject *text)
{
    Py_ssize_t index = 0;
    if (PyUnicode_KIND(text) == PyUnicode_1BYTE_KIND && !options->runs_python) {
        PyObject *value;
        if (lone_value(state, options, PyUnicode_1BYTE_DATA(text), PyUnicode_GET_LENGTH(text), &value)) return value;
    }
    return decode_str_from(state, options, text, &index, 1);
}

static PyObject *entry_str_at(decode_state *state, const decode_options *options, PyObject *text, Py_ssize_t *index)
{
    return decode_str_from(state, options, text, index, 0);
}

static PyObject *entry_scanstring(decode_state *state, const decode_options *options, PyObject *text, Py_ssize_t *index)
{
    decoder d;
    tight_space space;
    decoder_start(&d, state, options, text);
    decoder_use_tight(&d, &space);
    int width = PyUnicode_KIND(text);
    const uint8_t *data = PyUnicode_DATA(text), *p = data + *index * width;
    d.end = data + PyUnicode_GET_LENGTH(text) * width;
    PyObject *result = width == 1   ? read_string(&d, &p, TEXT_LATIN1)
                       : width == 2 ? read_string(&d, &p, TEXT_UCS2)
                                    : read_string(&d, &p, TEXT_UCS4);
    *index = (Py_ssize_t)scan_characters((size_t)(p - data), width);
    decoder_end(&d);
    return result;
}

#include "decode_events.h"

const decode_functions CPU_NAME(decode_with) = {entry_utf8, entry_utf8_at,  entry_utf8_items, entry_utf8_events,
                                                entry_str,  entry_str_at, entry_scanstring};
