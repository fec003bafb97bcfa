/* What a value without others in it, a key or a bracket takes, wherever it stands: included by what writes documents in one
 * call (encode_write.c) and step by step (encode_step.c), for each instruction set. */
#ifndef CYJSON_ENCODE_LEAF_H
#define CYJSON_ENCODE_LEAF_H

#include "encoder.h"
#include "escape.h"
#include "number_format.h"

enum {
    SLACK = 80,  /* characters of room beyond a value, */
    MARGIN = 32, /* of which whatever writes one leaves this many: punctuation needs no check of its own */
    SCALAR = NUMBER_DOUBLE_SPACE + SLACK, /* what a value takes that is no str or container; a key leaves so much */
    CHUNK = 1024, /* characters that are escaped between two looks at the room left */
};

/* What comes out, and in characters of which width. Constant in every inlined copy. A str begins with characters of one
 * byte (WRITE_TEXT1) and goes over to wider ones at the first that needs them; WRITE_TEXT is a str of whatever width it has
 * by now, for what is seldom. */
typedef enum { WRITE_ASCII, WRITE_UTF8, WRITE_TEXT1, WRITE_TEXT2, WRITE_TEXT4, WRITE_TEXT } write_form;

static ALWAYS_INLINE int is_text(write_form form) { return form >= WRITE_TEXT1; }

static ALWAYS_INLINE write_form seldom(write_form form) { return is_text(form) ? WRITE_TEXT : form; }

static ALWAYS_INLINE int width_of(const encoder *e, write_form form)
{
    return form == WRITE_TEXT ? e->b.width : form == WRITE_TEXT2 ? 2 : form == WRITE_TEXT4 ? 4 : 1;
}

/* Whether the characters aren't of this form's width any more. */
static ALWAYS_INLINE int has_widened(const encoder *e, write_form form)
{
    return (form == WRITE_TEXT1 || form == WRITE_TEXT2) && UNLIKELY(e->b.width != width_of(e, form));
}

/* ---- writing ---- */

/* Room for n characters at out. */
static ALWAYS_INLINE uint8_t *room(encoder *e, uint8_t *out, size_t n, write_form form)
{
    size_t need = n * (size_t)width_of(e, form);
    return LIKELY((size_t)(e->b.limit - out) >= need) ? out : encoder_more_room(e, out, need);
}

static ALWAYS_INLINE uint8_t *put(encoder *e, uint8_t *out, char c, write_form form)
{
    const int width = width_of(e, form);
    scan_write(out, (uint8_t)c, width);
    return out + width;
}

/* n <= 16 bytes of the 16 at p, for which there is room and room for the rest. */
static ALWAYS_INLINE uint8_t *put_short(encoder *e, uint8_t *out, const void *p, size_t n, write_form form)
{
    const int width = width_of(e, form);
    if (width == 1) vec_store(out, vec_load(p));
    else if (form != WRITE_TEXT) vec_store_widened(out, width, vec_load(p), 1);
    else if (width == 2) vec_store_widened16(out, 2, vec_load(p), 1);
    else vec_store_widened16(out, 4, vec_load(p), 1);
    return out + n * (size_t)width;
}

/* Bytes for which there is room. */
static ALWAYS_INLINE uint8_t *put_bytes(encoder *e, uint8_t *out, const void *p, size_t n, write_form form)
{
    const int width = width_of(e, form);
    if (width == 1) memcpy(out, p, n);
    else CPU_NAME(escape_copy_widened)(out, width, p, n, 1);
    return out + n * (size_t)width;
}

/* A separator, within the margin; a longer one makes its own room. */
static ALWAYS_INLINE uint8_t *put_piece(encoder *e, uint8_t *out, const encode_piece *piece, const uint8_t *shortened, write_form form, write_style style)
{
    if (style != STYLE_ANY || LIKELY(piece->size <= SHORT_PIECE)) return put_short(e, out, shortened, (size_t)piece->size, form);
    out = room(e, out, (size_t)piece->size + SLACK, form);
    return out == NULL ? NULL : put_bytes(e, out, piece->text, (size_t)piece->size, form);
}

/* A line feed and the indentation of the current level. */
static ALWAYS_INLINE uint8_t *put_line(encoder *e, uint8_t *out, write_form form)
{
    static const uint8_t line[33] = "\n                               ";
    const encode_piece *indent = &e->options->indent;
    if (UNLIKELY(indent->size > INT32_MAX) && indent->size > PY_SSIZE_T_MAX / 64 / (e->level + 1)) {
        PyErr_NoMemory();
        return NULL;
    }
    size_t n = (size_t)e->level * (size_t)indent->size; /* a level counts a frame: no overflow */
    out = room(e, out, n + 2 * SLACK, form);
    if (UNLIKELY(out == NULL)) return NULL;
    if (LIKELY(e->indent_is_spaces)) {
        const size_t width = (size_t)width_of(e, form);
        uint8_t *end = out + (n + 1) * width;
        put_short(e, out, line, 16, form);
        for (out += 16 * width; UNLIKELY(out < end); out += 16 * width) put_short(e, out, line + 16, 16, form);
        return end;
    }
    out = put(e, out, '\n', form);
    for (Py_ssize_t i = 0; i < e->level; i++) out = put_bytes(e, out, indent->text, (size_t)indent->size, form);
    return out;
}

/* A separator and a new line, as options have it. */
static ALWAYS_INLINE uint8_t *write_item_start(encoder *e, uint8_t *out, int first, write_form form, write_style style)
{
    const encode_options *o = e->options;
    if (style == STYLE_LINES) { /* as put_line, with the separator in the same copy */
        const size_t width = (size_t)width_of(e, form), skipped = first ? (size_t)o->item_separator.size : 0;
        size_t n = (size_t)o->item_separator.size - skipped + 1 + (size_t)e->level * (size_t)o->indent.size;
        if (LIKELY(n <= 16)) return put_short(e, out, e->line + skipped, n, form); /* within the margin */
        out = room(e, out, n + 2 * SLACK, form);
        if (UNLIKELY(out == NULL)) return NULL;
        uint8_t *end = out + n * width;
        put_short(e, out, e->line + skipped, 16, form);
        for (out += 16 * width; out < end; out += 16 * width) put_short(e, out, e->line + SHORT_PIECE, 16, form);
        return end;
    }
    if (style == STYLE_PLAIN && form == WRITE_UTF8) {
        if (!first) *out++ = ',';
        return out;
    }
    if (!first && (out = put_piece(e, out, &o->item_separator, e->item_separator, form, style)) == NULL) return NULL;
    return style == STYLE_ANY && o->indented ? put_line(e, out, form) : out;
}

/* Whether so much was written that the sink is to get it. */
static ALWAYS_INLINE int is_full(const encoder *e, const uint8_t *out) { return (size_t)(out - e->b.start) >= e->flush_size; }

/* ---- strings ---- */

/* Go over to characters that hold a str's. */
static ALWAYS_INLINE uint8_t *widen_for(encoder *e, uint8_t *out, PyObject *str)
{
    Py_UCS4 maxchar = PyUnicode_MAX_CHAR_VALUE(str);
    if (maxchar <= e->b.maxchar) return out;
    if (maxchar > 0xFF) return buffer_widen(&e->b, out, maxchar);
    e->b.maxchar = maxchar;
    return out;
}

/* n <= CHUNK characters at p, a part of a str's, of `width` bytes; plain_bytes where they need no conversion. The margin
 * is left. */
static ALWAYS_INLINE uint8_t *write_some(encoder *e, uint8_t *out, PyObject *str, const uint8_t *p, size_t n, int width, int plain_bytes, write_form form)
{
    out = room(e, out, (form == WRITE_ASCII ? ESCAPE_MOST_ASCII : ESCAPE_MOST) * n + ESCAPE_SLACK + SLACK, form);
    if (out == NULL) return NULL;
    if (form == WRITE_TEXT) return CPU_NAME(escape_widen)(out, e->b.width, p, n, width);
    if (plain_bytes) return CPU_NAME(escape_bytes)(out, p, n, form == WRITE_ASCII);
    if (form == WRITE_ASCII) return CPU_NAME(escape_to_ascii)(out, p, n, width);
    out = CPU_NAME(escape_to_utf8)(out, p, n, width);
    if (out == NULL) { /* raises UnicodeEncodeError, without a collector that could run Python code: a leaf runs none */
        int paused = compat_gc_pause(1);
        Py_XDECREF(PyUnicode_AsUTF8String(str));
        compat_gc_resume(paused);
    }
    return out;
}

/* As write_str, for what a plain copy doesn't do. */
static ALWAYS_INLINE uint8_t *write_str_with_care(encoder *e, uint8_t *out, PyObject *str, write_form form)
{
    if (compat_str_ready(str)) return NULL;
    const uint8_t *p = PyUnicode_DATA(str);
    size_t n = (size_t)PyUnicode_GET_LENGTH(str);
    int width = PyUnicode_KIND(str);
    int plain_bytes = PyUnicode_IS_ASCII(str);
    if (form == WRITE_UTF8 && !plain_bytes) {
        Py_ssize_t size = 0;
        const uint8_t *cached = compat_cached_utf8(str, &size);
        if (cached != NULL) {
            p = cached;
            n = (size_t)size;
            width = 1;
            plain_bytes = 1;
        }
    }
    if (form == WRITE_TEXT && (out = widen_for(e, out, str)) == NULL) return NULL;
    out = room(e, out, SLACK, form);
    if (out == NULL) return NULL;
    out = put(e, out, '"', form);
    while (n > 0) {
        size_t some = n < CHUNK ? n : CHUNK;
        out = write_some(e, out, str, p, some, width, plain_bytes, form);
        if (out == NULL) return NULL;
        p += some * (size_t)width;
        n -= some;
        if (UNLIKELY(e->in_long_str) && is_full(e, out) && (out = encoder_flush(e, out)) == NULL) return NULL;
    }
    return put(e, out, '"', form);
}

static NOINLINE uint8_t *careful_ascii(encoder *e, uint8_t *out, PyObject *str) { return write_str_with_care(e, out, str, WRITE_ASCII); }
static NOINLINE uint8_t *careful_utf8(encoder *e, uint8_t *out, PyObject *str) { return write_str_with_care(e, out, str, WRITE_UTF8); }
static NOINLINE uint8_t *careful_text(encoder *e, uint8_t *out, PyObject *str) { return write_str_with_care(e, out, str, WRITE_TEXT); }

/* A quoted string. Text may widen. A key leaves SCALAR and room for its separator. */
static ALWAYS_INLINE uint8_t *write_str(encoder *e, uint8_t *out, PyObject *str, int is_key, write_form form)
{
    const size_t slack = is_key ? SCALAR + SLACK : SLACK; /* with the quotes, and what is written behind them in vain */
    const size_t width = (size_t)width_of(e, form);
    if (form != WRITE_TEXT && LIKELY(compat_is_compact_ascii(str))) {
        size_t n = (size_t)PyUnicode_GET_LENGTH(str);
        out = room(e, out, n + slack, form);
        if (UNLIKELY(out == NULL)) return NULL;
        const uint8_t *p = (const uint8_t *)((PyASCIIObject *)str + 1); /* behind a header of at least 40 bytes */
        if (LIKELY(escape_copy_ascii(out + width, (int)width, p, n, form == WRITE_ASCII, !is_key))) {
            put(e, out, '"', form);
            return put(e, out + (n + 1) * width, '"', form);
        }
    }
    else if (form == WRITE_UTF8 && compat_is_compact(str)) {
        Py_ssize_t size = 0;
        const uint8_t *p = compat_cached_utf8(str, &size);
        if (p != NULL) {
            size_t n = (size_t)size;
            out = room(e, out, n + slack, form);
            if (UNLIKELY(out == NULL)) return NULL;
            if (LIKELY(escape_copy_utf8(out + 1, p, n))) {
                out[0] = '"';
                out[n + 1] = '"';
                return out + n + 2;
            }
        }
    }
    else if (is_text(form) && form != WRITE_TEXT && compat_is_compact_of(str, (int)width) && (width > 1 || e->b.maxchar == 0xFF)) {
        size_t n = (size_t)PyUnicode_GET_LENGTH(str);
        out = room(e, out, n + slack, form);
        if (UNLIKELY(out == NULL)) return NULL;
        if (LIKELY(escape_copy_same(out + width, (int)width, PyUnicode_DATA(str), n))) {
            put(e, out, '"', form);
            return put(e, out + (n + 1) * width, '"', form);
        }
    }
    if (form == WRITE_ASCII) out = careful_ascii(e, out, str);
    else out = form == WRITE_UTF8 ? careful_utf8(e, out, str) : careful_text(e, out, str);
    return is_key && out != NULL ? room(e, out, slack, seldom(form)) : out;
}

/* ---- numbers ---- */

/* n <= 32 digits of the 32 bytes at p, in wider characters. */
static ALWAYS_INLINE uint8_t *put_number(encoder *e, uint8_t *out, const uint8_t *p, size_t n, write_form form)
{
    if (LIKELY(n <= 16)) return put_short(e, out, p, n, form);
    out = put_short(e, out, p, 16, form);
    return put_short(e, out, p + 16, n - 16, form);
}

/* An int of more than one digit at out; the end, or NULL where it has more than 64 bits. Out of line: the variables with
 * addresses would cost every container that is written a stack protector. */
static NOINLINE uint8_t *format_large_int(uint8_t *out, PyObject *integer)
{
    int64_t value;
    if (!LIKELY(compat_int_is_large(integer, &value))) {
        int overflow;
        value = PyLong_AsLongLongAndOverflow(integer, &overflow);
        if (overflow) return NULL;
    }
    return number_format_int64(out, value);
}

static ALWAYS_INLINE uint8_t *format_int(uint8_t *out, PyObject *integer)
{
    int32_t value;
    return LIKELY(compat_int_is_small(integer, &value)) ? number_format_int32(out, value) : format_large_int(out, integer);
}

/* An int of 64 bits; 0 for a bigger one. Here and below: `roomy` where SCALAR characters of room are there. */
static ALWAYS_INLINE int write_int(encoder *e, uint8_t **at, PyObject *integer, int roomy, write_form form)
{
    uint8_t *out = *at = roomy ? *at : room(e, *at, NUMBER_INT64_SPACE + SLACK, form), *end;
    if (UNLIKELY(out == NULL)) return 1;
    if (width_of(e, form) == 1) {
        if ((end = format_int(out, integer)) == NULL) return 0;
        *at = end;
    }
    else {
        uint8_t digits[32];
        if ((end = format_int(digits, integer)) == NULL) return 0;
        *at = put_number(e, out, digits, (size_t)(end - digits), form);
    }
    return 1;
}

static NOINLINE uint8_t *write_big_int(encoder *e, uint8_t *out, PyObject *integer, write_form form)
{
    encoder_sorted_hold(e); /* handlers of signals run on the way, and from 3.12 on Python code makes the digits of very large ones */
    PyObject *digits = PyLong_Type.tp_repr(integer); /* whatever a subclass says; keeps the limit on digits */
    if (digits == NULL) return NULL;
    size_t n = (size_t)PyUnicode_GET_LENGTH(digits);
    out = room(e, out, n + SLACK, form);
    if (out != NULL) out = put_bytes(e, out, PyUnicode_1BYTE_DATA(digits), n, form);
    Py_DECREF(digits);
    return out;
}

/* A finite float; 0 for another. */
static ALWAYS_INLINE int write_float(encoder *e, uint8_t **at, PyObject *number, int roomy, write_form form)
{
    double value = PyFloat_AS_DOUBLE(number);
    if (UNLIKELY(value - value != 0)) return 0;
    uint8_t *out = *at = roomy ? *at : room(e, *at, NUMBER_DOUBLE_SPACE + SLACK, form);
    if (UNLIKELY(out == NULL)) return 1;
    if (width_of(e, form) == 1) *at = CPU_NAME(number_format_double)(out, value);
    else {
        uint8_t digits[NUMBER_DOUBLE_SPACE];
        *at = put_number(e, out, digits, (size_t)(CPU_NAME(number_format_double)(digits, value) - digits), form);
    }
    return 1;
}

static uint8_t *write_not_finite(encoder *e, uint8_t *out, PyObject *number, write_form form)
{
    double value = PyFloat_AS_DOUBLE(number);
    if (!e->options->allow_nan) {
        encoder_raise_not_finite(e, number);
        return NULL;
    }
    out = room(e, out, SLACK, form);
    if (out == NULL) return NULL;
    if (value != value) return put_bytes(e, out, "NaN", 3, form);
    return value > 0 ? put_bytes(e, out, "Infinity", 8, form) : put_bytes(e, out, "-Infinity", 9, form);
}

/* ---- values ---- */

/* null, true, false or [], taken from a table: which of the two bools it is can't be predicted. */
static ALWAYS_INLINE uint8_t *write_word(encoder *e, uint8_t *out, size_t word, int roomy, write_form form)
{
    static const uint8_t words[4][16] = {"false", "true", "null", "[]"};
    static const uint8_t lengths[4] = {5, 4, 4, 2};
    if (!roomy) out = room(e, out, SLACK, form);
    return UNLIKELY(out == NULL) ? NULL : put_short(e, out, words[word], lengths[word], form);
}

/* What was written, where it lets the items behind it be written faster. */
typedef enum {
    LEAF,
    LEAF_WORD, /* None or a bool */
    LEAF_CACHED, /* a str whose UTF-8 may lie somewhere else */
} leaf_note;

/* A value that holds no others (an empty list is such), whose type is exactly one of JSON's and whose writing runs no Python code: 1, or 0 where it
 * isn't such. */
static ALWAYS_INLINE int write_leaf_noted(encoder *e, uint8_t **out, PyObject *object, leaf_note *note, int roomy, write_form form)
{
    PyTypeObject *type = Py_TYPE(object);
    *note = LEAF;
    if (type == &PyUnicode_Type) {
        if (form == WRITE_UTF8 && !compat_is_compact_ascii(object)) *note = LEAF_CACHED;
        *out = write_str(e, *out, object, 0, form);
    }
    else if (type == &PyLong_Type) return write_int(e, out, object, roomy, form);
    else if (type == &PyFloat_Type) return write_float(e, out, object, roomy, form);
    else if (object == Py_None) {
        *note = LEAF_WORD;
        *out = write_word(e, *out, 2, roomy, form);
    }
    else if (type == &PyBool_Type) {
        *note = LEAF_WORD;
        *out = write_word(e, *out, (size_t)compat_opaque(object == Py_True), roomy, form);
    }
    else if (type == &PyDict_Type) return 0;
    else if (type == &PyList_Type) {
        if (PyList_GET_SIZE(object) != 0) return 0;
        *out = write_word(e, *out, 3, roomy, form);
    }
    else return 0;
    return 1;
}

static ALWAYS_INLINE int write_leaf(encoder *e, uint8_t **out, PyObject *object, int roomy, write_form form)
{
    leaf_note note;
    return write_leaf_noted(e, out, object, &note, roomy, form);
}

/* Without a call for what only object is a base of, as it is of most that default() is asked for. */
static ALWAYS_INLINE int is_float(PyObject *object)
{
    return PyFloat_CheckExact(object) || (Py_TYPE(object)->tp_base != &PyBaseObject_Type && PyFloat_Check(object));
}

/* A scalar that write_leaf leaves: an instance of a subclass, an int of more than 64 bits, a float that isn't finite. 0 where it
 * is none. The caller holds a reference. */
static ALWAYS_INLINE int write_odd_scalar(encoder *e, uint8_t **out, PyObject *object, write_form form)
{
    if (PyUnicode_Check(object)) *out = write_str(e, *out, object, 0, form);
    else if (PyLong_Check(object)) {
        if (!write_int(e, out, object, 0, form)) *out = write_big_int(e, *out, object, form);
    }
    else if (is_float(object)) {
        if (!write_float(e, out, object, 0, form)) *out = write_not_finite(e, *out, object, form);
    }
    else return 0;
    return 1;
}

/* Whether this is a str that is written in pieces, between which Python code runs. */
static ALWAYS_INLINE int is_long_str(const encoder *e, PyObject *object)
{
    return Py_TYPE(object) == &PyUnicode_Type && UNLIKELY(PyUnicode_GET_LENGTH(object) > e->long_str);
}

/* ---- the path ---- */

/* Step into a container or an object that default() replaces: -1 with an exception. */
static ALWAYS_INLINE int path_push(encoder *e, PyObject *object)
{
    if (!e->options->check_circular) return 0;
    if (UNLIKELY(e->depth == e->path_room)) return encoder_push_deep(e, object);
    e->path[e->depth++] = object;
    return 0;
}

/* Step out of it, also with an exception set. */
static ALWAYS_INLINE void path_pop(encoder *e)
{
    if (!e->options->check_circular) return;
    e->depth--;
    if (e->distinct > e->depth) e->distinct = e->depth;
}

/* ---- levels ---- */

static const char too_deep[] = " while encoding a JSON object";

/* Whether there is a level left for a container: 0, or -1 with RecursionError or, in a circle, ValueError set. */
static ALWAYS_INLINE int may_enter(encoder *e) { return LIKELY(compat_may_enter(e->thread, too_deep) == 0) ? 0 : encoder_too_deep(e); }

/* One more level, counted: 0, or -1 as may_enter. */
static ALWAYS_INLINE int count_level(encoder *e) { return LIKELY(compat_enter(e->thread, too_deep) == 0) ? 0 : encoder_too_deep(e); }

/* Step into a container: counted, on the path, and held, whatever happens to what it was found in. -1 with an exception.
 * Those that hold leaves only, which run no Python code, are written without it. */
static ALWAYS_INLINE int enter(encoder *e, PyObject *container)
{
    if (UNLIKELY(count_level(e))) return -1;
    if (UNLIKELY(path_push(e, container))) {
        compat_leave(e->thread);
        return -1;
    }
    Py_INCREF(container);
    return 0;
}

/* Step out of it, also with an exception set. */
static ALWAYS_INLINE void leave(encoder *e, PyObject *container)
{
    path_pop(e);
    compat_leave(e->thread);
    Py_DECREF(container);
}

/* ---- members and items ---- */

/* A member up to its value, for a key that is a str. Text may widen. */
static ALWAYS_INLINE uint8_t *write_key(encoder *e, uint8_t *out, PyObject *key, int *first, write_form form, write_style style)
{
    const encode_options *o = e->options;
    out = write_item_start(e, out, *first, form, style);
    if (UNLIKELY(out == NULL)) return NULL;
    *first = 0;
    out = write_str(e, out, key, 1, form);
    if (UNLIKELY(out == NULL)) return NULL;
    if (style == STYLE_PLAIN && form == WRITE_UTF8) return put(e, out, ':', form);
    if (has_widened(e, form)) return put_piece(e, out, &o->key_separator, e->key_separator, WRITE_TEXT, style);
    return put_piece(e, out, &o->key_separator, e->key_separator, form, style);
}

/* The end of an object of which `none` tells that it has no members, and of its level of indentation, which a plain document
 * doesn't count. */
static ALWAYS_INLINE uint8_t *write_object_end(encoder *e, uint8_t *out, int none, write_form form, write_style style)
{
    if (style != STYLE_PLAIN) e->level--;
    if (style != STYLE_PLAIN && UNLIKELY(e->options->indented)) {
        int empty = none ? encoder_skipped_all_is_empty(e->state) : 0;
        if (empty < 0) return NULL;
        if (none && !empty) { /* the line that would have held the first member */
            e->level++;
            out = put_line(e, out, form);
            e->level--;
            if (out == NULL) return NULL;
        }
        if (!empty && (out = put_line(e, out, form)) == NULL) return NULL;
    }
    out = room(e, out, SLACK, form);
    return UNLIKELY(out == NULL) ? NULL : put(e, out, '}', form);
}

/* What a walk has yet to give, from where it stands: 0 where encoder_walk_next has to be asked. */
static ALWAYS_INLINE int walk_entries(encoder *e, walk *w, compat_entries *entries)
{
    if (LIKELY(w->items == NULL)) return compat_entries_from(e->dict_layout_known, w->dict, w->position, entries);
    if (!PyTuple_CheckExact(w->items)) return 0;
    compat_entries_of_tuple(w->items, w->position, entries);
    return 1;
}

/* Objects made at different times lie far apart, and fetching them costs more than writing them: those a few items ahead
 * are sent for, first the object, then a list's array, then what that begins with. */
enum { AHEAD = 16, NEAR = 4096 };

static ALWAYS_INLINE void prefetch_items(PyObject *const *items, Py_ssize_t i, Py_ssize_t n)
{
    if (COMPAT_HAS_GIL && n - i > AHEAD) PREFETCH(items[i + AHEAD]);
}

/* As prefetch_items, for what a str keeps elsewhere. */
static ALWAYS_INLINE void prefetch_cached(PyObject *const *items, Py_ssize_t i, Py_ssize_t n)
{
    if (!COMPAT_HAS_GIL || n - i <= AHEAD) return;
    PyObject *item = items[i + AHEAD / 2];
    Py_ssize_t size;
    if (Py_TYPE(item) == &PyUnicode_Type && compat_is_compact(item) && !compat_is_compact_ascii(item)) PREFETCH(compat_cached_utf8(item, &size));
}

static ALWAYS_INLINE void prefetch_inside(encoder *e, PyObject *const *items, Py_ssize_t i, Py_ssize_t n)
{
    if (!COMPAT_HAS_GIL || n - i <= AHEAD) return;
    items += i;
    PyObject *item;
    /* Where they lie close together the processor sees to it by itself. */
    if ((uintptr_t)items[AHEAD] - (uintptr_t)items[0] + NEAR < 2 * NEAR) return;
    item = items[AHEAD / 2];
    if (PyList_CheckExact(item)) PREFETCH(((PyListObject *)item)->ob_item);
    else if (PyDict_CheckExact(item)) compat_prefetch_table(item);
    item = items[AHEAD / 4];
    if (PyList_CheckExact(item) && PyList_GET_SIZE(item) >= 2) {
        PREFETCH(PyList_GET_ITEM(item, 0));
        PREFETCH(PyList_GET_ITEM(item, 1));
    }
    else if (PyDict_CheckExact(item)) {
        compat_entries entries;
        if (!compat_entries_from(e->dict_layout_known, item, 0, &entries)) return;
        PyObject *key, *value;
        for (int i = 0; i <= COMPAT_AHEAD && compat_entries_next(&entries, &key, &value); i++) PREFETCH(value);
    }
}

#endif
