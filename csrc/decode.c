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
    SMALL_TEXT = 256,    /* bytes */
    LONE_NUMBER = 24,    /* bytes */
    WIDE_SHORT = 64,     /* characters of two or four bytes that are narrowed before a str is made */
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
    int gc_paused;            /* what compat_gc_pause said */
    int watched;              /* what compat_new_objects_are_watched said */
#if !COMPAT_HAS_GIL
    keycache *keys; /* taken at the first key; NULL before */
#endif
    PyObject *long_keys; /* a dict: the keys too long for the cache, each to itself; NULL until there is one */
    unsigned on_heap;    /* of values, frames and scratch those that have outgrown their space on the C stack */
} decoder;

enum { VALUES_ON_HEAP = 1, FRAMES_ON_HEAP = 2, SCRATCH_ON_HEAP = 4 };

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
    d->values = d->values_top = space->values;
    d->values_limit = space->values + ROOMY_VALUES;
    d->frames = space->frames;
    d->frames_limit = space->frames + ROOMY_FRAMES;
    d->scratch = space->scratch;
    d->scratch_limit = space->scratch + ROOMY_SCRATCH;
}

static ALWAYS_INLINE void decoder_use_tight(decoder *d, tight_space *space)
{
    d->values = d->values_top = space->values;
    d->values_limit = space->values + TIGHT_VALUES;
    d->frames = space->frames;
    d->frames_limit = space->frames + TIGHT_FRAMES;
    d->scratch = space->scratch;
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
    d->on_heap = 0;
    d->gc_paused = 0;
    d->watched = compat_new_objects_are_watched();
    d->expects_fraction = NULL;
}

/* What only pays in documents of some size. */
static ALWAYS_INLINE void decoder_prepare_for_many(decoder *d)
{
    if (d->end - d->start < SMALL_TEXT) return;
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
    if (d->on_heap & VALUES_ON_HEAP) PyMem_Free(d->values);
    if (d->on_heap & FRAMES_ON_HEAP) PyMem_Free(d->frames);
    if (d->on_heap & SCRATCH_ON_HEAP) PyMem_Free(d->scratch);
    Py_XDECREF(d->long_keys);
}

static ALWAYS_INLINE void decoder_end(decoder *d)
{
#if !COMPAT_HAS_GIL
    if (d->keys != NULL) keycache_put_back(&d->state->keys, d->thread, d->keys);
#endif
    int nothing = (d->values_top == d->values) & (d->depth == 0) & (d->on_heap == 0) & (d->long_keys == NULL);
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

#include "decode_containers.h"

#include "decode_strings.h"

#include "decode_scalars.h"

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
    if (!failed && (!whole || *at == d->end || scan_space(*at, d->end, width) == d->end)) result = *--d->values_top;
    compat_gc_resume(d->gc_paused);
    decoder_end(d);
    return result;
}

/* A document of bytes or ASCII, decoded without hooks, that is but a number or an empty container needs no decoder: 1 with
 * *value set, NULL where an exception is set; 0 where it is something else. */
static ALWAYS_INLINE int lone_value(decode_state *state, const decode_options *options, const uint8_t *p, Py_ssize_t size, PyObject **value)
{
    uint32_t last = 0;
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

static PyObject *entry_str(decode_state *state, const decode_options *options, PyObject *text)
{
    Py_ssize_t index = 0;
    /* ASCII is UTF-8, and where no Python code runs nobody asks for the text. */
    if (PyUnicode_IS_ASCII(text) && !options->runs_python) return entry_utf8(state, options, PyUnicode_DATA(text), PyUnicode_GET_LENGTH(text));
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
