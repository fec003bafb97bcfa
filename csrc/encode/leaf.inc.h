/* What a value without others in it, a key or a bracket takes, wherever it stands: for what writes documents in one
 * call (writer.inc.h) and step by step (stepper.inc.h). */
#ifndef CYJSON_ENCODE_LEAF_H
#define CYJSON_ENCODE_LEAF_H

#include "encode/encoder.h"
#include "kernels/escape.h"
#include "kernels/number_format.h"

/* What is compiled for one level calls its kernels directly; what several use (KERNELS_BY_TABLE), by a table. */
#if defined(KERNELS_BY_TABLE)
#define KERNEL(e, name) ((e)->state->kernels->name)
#define FORMAT_DOUBLE(e) ((e)->format_double)
#else
#define KERNEL(e, name) CPU_NAME(name)
#define FORMAT_DOUBLE(e) CPU_NAME(number_format_double)
#endif

enum {
    MARGIN = 32, /* of SLACK, whatever writes a value leaves this many: punctuation needs no check of its own */
    SCALAR = NUMBER_DOUBLE_SPACE + SLACK, /* what a value takes that is no str or container; a key leaves so much */
    CHUNK = 1024, /* characters that are escaped between two looks at the room left */
};

/* What comes out, and in characters of which width; WRITE_ORJSON is UTF-8 by orjson's rules. Constant in every inlined
 * copy. A str begins with characters of one
 * byte (WRITE_TEXT1) and goes over to wider ones at the first that needs them; WRITE_TEXT is a str of whatever width it
 * has now, for what is rare. */
typedef enum { WRITE_ASCII, WRITE_UTF8, WRITE_ORJSON, WRITE_TEXT1, WRITE_TEXT2, WRITE_TEXT4, WRITE_TEXT } write_form;

static ALWAYS_INLINE int is_text(write_form form) { return form >= WRITE_TEXT1; }

static ALWAYS_INLINE int is_utf8(write_form form) { return form == WRITE_UTF8 || form == WRITE_ORJSON; }

/* The form for what is rare: text of any width. */
static ALWAYS_INLINE write_form any_width(write_form form) { return is_text(form) ? WRITE_TEXT : form; }

static ALWAYS_INLINE int width_of(const encoder *e, write_form form) {
    return form == WRITE_TEXT ? e->text.width : form == WRITE_TEXT2 ? 2 : form == WRITE_TEXT4 ? 4 : 1;
}

/* The copy of a function that is compiled for a form: one for text of each width, or one for all widths; FOR_RULES
 * where orjson's rules make a difference. */
#define FOR_WIDTH(name, e, form) \
    ((form) == WRITE_ASCII        ? name##_ascii \
     : (form) == WRITE_UTF8       ? name##_utf8 \
     : (form) == WRITE_ORJSON     ? name##_orjson \
     : width_of((e), (form)) == 1 ? name##_text1 \
     : width_of((e), (form)) == 2 ? name##_text2 \
                                  : name##_text4)
#define FOR_FORM(name, form) ((form) == WRITE_ASCII ? name##_ascii : is_utf8(form) ? name##_utf8 : name##_text)
#define FOR_RULES(name, form) ((form) == WRITE_ORJSON ? name##_orjson : FOR_FORM(name, form))

/* Compile `name`, of which the form is the last parameter, for each of them; out of line, for what is rare, or
 * (COMPILE_SELDOM) so rare that it is to be small. */
#define COMPILE_FOR_FORMS_AS(how, result, name, parameters, ...) \
    static how result name##_ascii parameters { return name(__VA_ARGS__, WRITE_ASCII); } \
    static how MAYBE_UNUSED result name##_utf8 parameters { return name(__VA_ARGS__, WRITE_UTF8); } \
    static how result name##_text parameters { return name(__VA_ARGS__, WRITE_TEXT); }
#define COMPILE_FOR_FORMS(...) COMPILE_FOR_FORMS_AS(NOINLINE, __VA_ARGS__)
#define COMPILE_SELDOM(...) COMPILE_FOR_FORMS_AS(SELDOM, __VA_ARGS__)
#define COMPILE_FOR_RULES_AS(how, result, name, parameters, ...) \
    COMPILE_FOR_FORMS_AS(how, result, name, parameters, __VA_ARGS__) \
    static how MAYBE_UNUSED result name##_orjson parameters { return name(__VA_ARGS__, WRITE_ORJSON); }
#define COMPILE_FOR_RULES(...) COMPILE_FOR_RULES_AS(NOINLINE, __VA_ARGS__)

/* Whether the characters aren't of this form's width any more. */
static ALWAYS_INLINE int has_widened(const encoder *e, write_form form) {
    return (form == WRITE_TEXT1 || form == WRITE_TEXT2) && UNLIKELY(e->text.width != width_of(e, form));
}

/* ---- writing ---- */

/* Whether there is room for n characters at out. */
static ALWAYS_INLINE int has_room(const encoder *e, const uint8_t *out, size_t n, write_form form) {
    return out <= e->text.limit && (size_t)(e->text.limit - out) >= n * (size_t)width_of(e, form);
}

/* Room for n characters at out. */
static ALWAYS_INLINE uint8_t *room(encoder *e, uint8_t *out, size_t n, write_form form) {
    size_t need = n * (size_t)width_of(e, form);
    return LIKELY((size_t)(e->text.limit - out) >= need) ? out : encoder_more_room(e, out, need);
}

static ALWAYS_INLINE uint8_t *put(encoder *e, uint8_t *out, char c, write_form form) {
    const int width = width_of(e, form);
    scan_write(out, (uint8_t)c, width);
    return out + width;
}

/* n <= 16 bytes of the 16 at p, for which there is room and room for the rest. */
static ALWAYS_INLINE uint8_t *put_short(encoder *e, uint8_t *out, const void *p, size_t n, write_form form) {
    const int width = width_of(e, form);
    if (width == 1) vec_store(out, vec_load(p));
    else if (form != WRITE_TEXT) vec_store_widened(out, width, vec_load(p), 1);
    else if (width == 2) vec_store_widened16(out, 2, vec_load(p), 1);
    else vec_store_widened16(out, 4, vec_load(p), 1);
    return out + n * (size_t)width;
}

/* Bytes for which there is room. */
static ALWAYS_INLINE uint8_t *put_bytes(encoder *e, uint8_t *out, const void *p, size_t n, write_form form) {
    const int width = width_of(e, form);
    if (width == 1) memcpy(out, p, n);
    else KERNEL(e, escape_copy_widened)(out, width, p, n, 1);
    return out + n * (size_t)width;
}

/* A separator of any length. */
static ALWAYS_INLINE uint8_t *put_any_piece(encoder *e, uint8_t *out, const encode_piece *piece, write_form form) {
    if (piece->odd != NULL) return encoder_put_odd(e, out, piece, 1);
    out = room(e, out, (size_t)piece->size + SLACK, form);
    return out == NULL ? NULL : put_bytes(e, out, piece->text, (size_t)piece->size, form);
}

/* A long separator after a key, and room for a scalar. */
static ALWAYS_INLINE uint8_t *put_long_key_separator(encoder *e, uint8_t *out, write_form form) {
    out = put_any_piece(e, out, &e->options->key_separator, form);
    return out == NULL ? NULL : room(e, out, SCALAR, form);
}
COMPILE_SELDOM(uint8_t *, put_long_key_separator, (encoder * e, uint8_t *out), e, out)

/* The separator after a key, within the margin where it is short. */
static ALWAYS_INLINE uint8_t *put_key_separator(encoder *e, uint8_t *out, write_form form, write_style style) {
    const encode_piece *piece = &e->options->key_separator;
    CYJSON_ASSERT(has_room(e, out, SCALAR + SHORT_PIECE, form));
    if (style == STYLE_PLAIN && is_utf8(form)) return put(e, out, ':', form);
    if (style == STYLE_PLAIN || LIKELY(piece->size <= SHORT_PIECE))
        return put_short(e, out, e->key_separator, (size_t)piece->size, form);
    return FOR_FORM(put_long_key_separator, form)(e, out);
}

/* A line feed and the indentation of the current level. */
static ALWAYS_INLINE uint8_t *put_line(encoder *e, uint8_t *out, write_form form) {
    const encode_piece *indent = &e->options->indent;
    if (indent->odd != NULL) {
        out = room(e, out, SLACK, form);
        return out == NULL ? NULL : encoder_put_odd(e, put(e, out, '\n', form), indent, e->level);
    }
    if (indent->size > PY_SSIZE_T_MAX / 64 / (e->level + 1)) {
        encoder_no_memory();
        return NULL;
    }
    size_t n = (size_t)e->level * (size_t)indent->size;
    out = room(e, out, n + 2 * SLACK, form);
    if (out == NULL) return NULL;
    out = put(e, out, '\n', form);
    if (e->indent_is_spaces) {
        static const uint8_t spaces[] = "                ";
        uint8_t *end = out + n * (size_t)width_of(e, form);
        for (; out < end; out += 16 * width_of(e, form)) put_short(e, out, spaces, 16, form);
        return end;
    }
    for (Py_ssize_t i = 0; i < e->level; i++) out = put_bytes(e, out, indent->text, (size_t)indent->size, form);
    return out;
}

/* What comes before an item or a member, of any length. */
static ALWAYS_INLINE uint8_t *write_any_start(encoder *e, uint8_t *out, int first, write_form form) {
    if (!first && (out = put_any_piece(e, out, &e->options->item_separator, form)) == NULL) return NULL;
    return e->options->indented ? put_line(e, out, form) : out;
}
COMPILE_SELDOM(uint8_t *, write_any_start, (encoder * e, uint8_t *out, int first), e, out, first)

/* How many characters of e->between come between two items at the current level; SIZE_MAX where it doesn't hold
 * them. */
static ALWAYS_INLINE size_t between_size(const encoder *e) {
    const encode_options *o = e->options;
    if (UNLIKELY(!e->between_holds)) return SIZE_MAX;
    size_t n = (size_t)o->item_separator.size;
    return o->indented ? n + 1 + (size_t)e->level * (size_t)o->indent.size : n;
}

/* Write what comes before an item or a member: a separator but for the first, and a new line. `between` is
 * between_size, of no use to a plain document. */
static ALWAYS_INLINE uint8_t *write_start(encoder *e, uint8_t *out, int first, size_t between, write_form form,
                                          write_style style) {
    const size_t separator = (size_t)e->options->item_separator.size;
    CYJSON_ASSERT(has_room(e, out, MARGIN, any_width(form)));
    if (style == STYLE_PLAIN) {
        if (first) return out;
        if (!is_utf8(form)) return put_short(e, out, e->between, separator, form);
        *out = ',';
        return out + 1;
    }
    const size_t skipped = first ? separator : 0, n = between - skipped, width = (size_t)width_of(e, form);
    if (LIKELY(n <= 16)) return put_short(e, out, e->between + skipped, n, form);
    if (UNLIKELY(n > MARGIN)) return FOR_FORM(write_any_start, form)(e, out, first);
    put_short(e, out, e->between + skipped, 16, form);
    put_short(e, out + 16 * width, e->between + skipped + 16, 16, form);
    return out + n * width;
}

/* The end of an array or object that isn't empty, and of its level of indentation, which a plain document doesn't
 * count. */
static ALWAYS_INLINE uint8_t *write_end(encoder *e, uint8_t *out, char bracket, write_form form, write_style style) {
    const encode_options *o = e->options;
    if (style == STYLE_PLAIN) {
        out = room(e, out, SLACK, form);
        return UNLIKELY(out == NULL) ? NULL : put(e, out, bracket, form);
    }
    e->level--;
    if (o->indented) {
        const size_t separator = (size_t)o->item_separator.size, n = between_size(e) - separator;
        if (UNLIKELY(n > 16) && (out = FOR_FORM(write_any_start, form)(e, out, 1)) == NULL) return NULL;
        if (LIKELY(n <= 16)) out = put_short(e, out, e->between + separator, n, form);
    }
    out = room(e, out, SLACK, form);
    return UNLIKELY(out == NULL) ? NULL : put(e, out, bracket, form);
}

/* The end of an object without members, since all its keys were skipped. */
static ALWAYS_INLINE uint8_t *write_skipped_end(encoder *e, uint8_t *out, write_form form) {
    int empty = e->options->indented ? encoder_skipped_all_is_empty(e->state) : 1;
    if (empty < 0) return NULL;
    if (!empty) { /* the line that would have held the first member */
        out = write_any_start(e, out, 1, form);
        return out == NULL ? NULL : write_end(e, out, '}', form, STYLE_ANY);
    }
    e->level--;
    out = room(e, out, SLACK, form);
    return out == NULL ? NULL : put(e, out, '}', form);
}
COMPILE_SELDOM(uint8_t *, write_skipped_end, (encoder * e, uint8_t *out), e, out)

/* Whether so much was written that the sink is to get it. */
static ALWAYS_INLINE int is_full(const encoder *e, const uint8_t *out) { return out >= e->full; }

/* ---- strings ---- */

/* As escape_copy_needed, with the running level's own way for long strings where that isn't AVX2's. */
static ALWAYS_INLINE vec_mask copy_needed(const encoder *e, uint8_t *out, int width, const uint8_t *p, size_t n,
                                          int ascii, int varied) {
#if defined(KERNELS_BY_TABLE) && !defined(VEC_AVX2)
    enum { LONG = 64 };
    if (n > LONG && KERNEL(e, escape_copy_long) != NULL) return !KERNEL(e, escape_copy_long)(out, width, p, n, ascii);
#else
    (void)e;
#endif
    return escape_copy_needed(out, width, p, n, ascii, varied);
}

/* Go over to characters that hold a str's. */
static ALWAYS_INLINE uint8_t *widen_for(encoder *e, uint8_t *out, PyObject *str) {
    Py_UCS4 maxchar = PyUnicode_MAX_CHAR_VALUE(str);
    if (maxchar <= e->text.maxchar) return out;
    if (maxchar > 0xFF) return encoder_widen(e, out, maxchar);
    e->text.maxchar = maxchar;
    return out;
}

/* n <= CHUNK characters at p, a part of a str's, of `width` bytes; plain_bytes where they need no conversion. The
 * margin is left. */
static ALWAYS_INLINE uint8_t *write_some(encoder *e, uint8_t *out, PyObject *str, const uint8_t *p, size_t n, int width,
                                         int plain_bytes, write_form form) {
    out = room(e, out, (form == WRITE_ASCII ? ESCAPE_MOST_ASCII : ESCAPE_MOST) * n + ESCAPE_SLACK + SLACK, form);
    if (out == NULL) return NULL;
    if (form == WRITE_TEXT) return KERNEL(e, escape_widen)(out, e->text.width, p, n, width);
    if (plain_bytes) return KERNEL(e, escape_bytes)(out, p, n, form == WRITE_ASCII);
    if (form == WRITE_ASCII) return KERNEL(e, escape_to_ascii)(out, p, n, width);
    out = KERNEL(e, escape_to_utf8)(out, p, n, width);
    return out != NULL ? out : encoder_escape_failed(str);
}

/* As write_str, for what a plain copy doesn't do. */
static ALWAYS_INLINE uint8_t *write_str_with_care(encoder *e, uint8_t *out, PyObject *str, write_form form) {
    if (compat_str_ready(str)) return NULL;
    const uint8_t *p = PyUnicode_DATA(str);
    size_t n = (size_t)PyUnicode_GET_LENGTH(str);
    int width = PyUnicode_KIND(str);
    int plain_bytes = PyUnicode_IS_ASCII(str);
    if (is_utf8(form) && !plain_bytes) {
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

COMPILE_FOR_FORMS(uint8_t *, write_str_with_care, (encoder * e, uint8_t *out, PyObject *str), e, out, str)

/* A quoted string. Text may widen. A key leaves SCALAR and room for its separator. */
static ALWAYS_INLINE uint8_t *write_str(encoder *e, uint8_t *out, PyObject *str, int is_key, write_form form) {
    const size_t slack = is_key ? SCALAR + SLACK : SLACK; /* with the quotes, and what is written past them in vain */
    const size_t width = (size_t)width_of(e, form);
    if (form != WRITE_TEXT && LIKELY(compat_is_compact_ascii(str))) {
        size_t n = (size_t)PyUnicode_GET_LENGTH(str);
        out = room(e, out, n + slack, form);
        if (UNLIKELY(out == NULL)) return NULL;
        const uint8_t *p = compat_ascii_text(str); /* after a header of at least 40 bytes */
        if (LIKELY(!copy_needed(e, out + width, (int)width, p, n, form == WRITE_ASCII, !is_key))) {
            put(e, out, '"', form);
            return put(e, out + (n + 1) * width, '"', form);
        }
    } else if (is_utf8(form) && compat_is_compact(str)) {
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
    } else if (is_text(form) && form != WRITE_TEXT && compat_is_compact_of(str, (int)width) &&
               (width > 1 || e->text.maxchar == 0xFF)) {
        size_t n = (size_t)PyUnicode_GET_LENGTH(str);
        out = room(e, out, n + slack, form);
        if (UNLIKELY(out == NULL)) return NULL;
        if (LIKELY(escape_copy_same(out + width, (int)width, PyUnicode_DATA(str), n))) {
            put(e, out, '"', form);
            return put(e, out + (n + 1) * width, '"', form);
        }
    }
    out = FOR_FORM(write_str_with_care, form)(e, out, str);
    return is_key && out != NULL ? room(e, out, slack, any_width(form)) : out;
}

/* ---- numbers ---- */

/* n <= 32 digits of the 32 bytes at p, in wider characters. */
static ALWAYS_INLINE uint8_t *put_number(encoder *e, uint8_t *out, const uint8_t *p, size_t n, write_form form) {
    if (LIKELY(n <= 16)) return put_short(e, out, p, n, form);
    out = put_short(e, out, p, 16, form);
    return put_short(e, out, p + 16, n - 16, form);
}

/* An int of more than one digit at out; the end, or NULL where it has more than 64 bits. Out of line: the variables
 * with addresses would cost every container that is written a stack protector. */
static NOINLINE uint8_t *format_large_int(uint8_t *out, PyObject *integer) {
    int64_t value;
    if (!LIKELY(compat_int_is_large(integer, &value))) {
        int overflow;
        value = PyLong_AsLongLongAndOverflow(integer, &overflow);
        if (overflow) return NULL;
    }
    return number_format_int64(out, value);
}

static ALWAYS_INLINE uint8_t *format_int(uint8_t *out, PyObject *integer) {
    int32_t value;
    return LIKELY(compat_int_is_small(integer, &value)) ? number_format_int32(out, value)
                                                        : format_large_int(out, integer);
}

/* An int of 64 bits; 0 for a bigger one. Here and below: `roomy` where SCALAR characters of room are there. */
static ALWAYS_INLINE int write_int(encoder *e, uint8_t **at, PyObject *integer, int roomy, write_form form) {
    uint8_t *out = *at = roomy ? *at : room(e, *at, NUMBER_INT64_SPACE + SLACK, form), *end;
    CYJSON_ASSERT(!roomy || has_room(e, out, SCALAR, form));
    if (UNLIKELY(out == NULL)) return 1;
    if (width_of(e, form) == 1) {
        if ((end = format_int(out, integer)) == NULL) return 0;
        *at = end;
    } else {
        uint8_t digits[32];
        if ((end = format_int(digits, integer)) == NULL) return 0;
        *at = put_number(e, out, digits, (size_t)(end - digits), form);
    }
    return 1;
}

static NOINLINE uint8_t *write_big_int(encoder *e, uint8_t *out, PyObject *integer, write_form form) {
    encoder_sorted_hold(
        e); /* handlers of signals run on the way, and from 3.12 on Python code makes the digits of very large ones */
    e->python_ran = 1;
    PyObject *digits = PyLong_Type.tp_repr(integer); /* whatever a subclass says; keeps the limit on digits */
    if (digits == NULL) return NULL;
    size_t n = (size_t)PyUnicode_GET_LENGTH(digits);
    out = room(e, out, n + SLACK, form);
    if (out != NULL) out = put_bytes(e, out, PyUnicode_1BYTE_DATA(digits), n, form);
    Py_DECREF(digits);
    return out;
}

/* Give a float's text the exponent that orjson has for it where repr's is e-05 to e-09, or none down to e-`fixed`: the
 * end. */
static NOINLINE uint8_t *respell_small(uint8_t *start, uint8_t *end, int fixed) {
    if (end - start < 5 || end[-4] != 'e' || end[-2] != '0') return end;
    const int exponent = end[-1] - '0';
    if (exponent > fixed) {
        end[-2] = end[-1];
        return end - 1;
    }
    uint8_t digits[NUMBER_DOUBLE_SPACE];
    size_t count = 0, zeros = (size_t)exponent + 1; /* with the one before the point, and the point */
    start += *start == '-';
    for (const uint8_t *p = start; p < end - 4; p++) {
        digits[count] = *p;
        count += *p != '.';
    }
    memcpy(start, "0.000000", 8);
    memcpy(start + zeros, digits, count);
    return start + zeros + count;
}

/* Whether a float may have such a text: it isn't 0, and less than 0.0001. */
static ALWAYS_INLINE int is_small(double value) {
    uint64_t bits;
    const uint64_t least = 0x3F1A36E2EB1C432D; /* the bits of 0.0001 */
    memcpy(&bits, &value, 8);
    return (bits << 1) - 1 < (least << 1) - 1;
}

/* A finite float; 0 for another. */
static ALWAYS_INLINE int write_float(encoder *e, uint8_t **at, PyObject *number, int roomy, write_form form) {
    double value = PyFloat_AS_DOUBLE(number);
    if (UNLIKELY(value - value != 0)) return 0;
    uint8_t *out = *at = roomy ? *at : room(e, *at, NUMBER_DOUBLE_SPACE + SLACK, form);
    CYJSON_ASSERT(!roomy || has_room(e, out, SCALAR, form));
    if (UNLIKELY(out == NULL)) return 1;
    if (form == WRITE_ORJSON) {
        *at = FORMAT_DOUBLE(e)(out, value);
        if (UNLIKELY(is_small(value))) *at = respell_small(out, *at, 5);
    } else if (width_of(e, form) == 1) *at = FORMAT_DOUBLE(e)(out, value);
    else {
        uint8_t digits[NUMBER_DOUBLE_SPACE];
        *at = put_number(e, out, digits, (size_t)(FORMAT_DOUBLE(e)(digits, value) - digits), form);
    }
    return 1;
}

static uint8_t *write_not_finite(encoder *e, uint8_t *out, PyObject *number, write_form form) {
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
static ALWAYS_INLINE uint8_t *write_word(encoder *e, uint8_t *out, size_t word, int roomy, write_form form) {
    static const uint8_t words[4][16] = {"false", "true", "null", "[]"};
    static const uint8_t lengths[4] = {5, 4, 4, 2};
    if (!roomy) out = room(e, out, SLACK, form);
    return UNLIKELY(out == NULL) ? NULL : put_short(e, out, words[word], lengths[word], form);
}

/* Write a value whose type is, or is derived from, `type`, where it is a str or a number, and its writing runs no
 * Python code; *out is NULL where that failed. 0 for anything else, and for a str that is written in pieces. */
static ALWAYS_INLINE int write_scalar_as(encoder *e, uint8_t **out, PyObject *object, PyTypeObject *type, int roomy,
                                         write_form form, write_style style) {
    if (type == &PyUnicode_Type) {
        if (style != STYLE_PLAIN && UNLIKELY(PyUnicode_GET_LENGTH(object) > e->long_str)) return 0;
        *out = write_str(e, *out, object, 0, form);
        return 1;
    }
    if (type == &PyLong_Type) {
        if (form == WRITE_ORJSON && UNLIKELY(e->options->orjson & ORJSON_STRICT_INTEGER)) return 0;
        return write_int(e, out, object, roomy, form);
    }
    return type == &PyFloat_Type ? write_float(e, out, object, roomy, form) : 0;
}

/* The same where it is a word or an empty list. */
static ALWAYS_INLINE int write_word_as(encoder *e, uint8_t **out, PyObject *object, PyTypeObject *type, int roomy,
                                       write_form form) {
    if (object == Py_None) *out = write_word(e, *out, 2, roomy, form);
    else if (type == &PyBool_Type) *out = write_word(e, *out, (size_t)opaque(object == Py_True), roomy, form);
    else if (type == &PyDict_Type) return 0;
    else if (type == &PyList_Type && PyList_GET_SIZE(object) == 0 &&
             (form != WRITE_ORJSON || LIKELY(e->depth < ORJSON_DEEPEST - 1)))
        *out = write_word(e, *out, 3, roomy, form);
    else return 0;
    return 1;
}

/* The same where it is any of these. */
static ALWAYS_INLINE int write_leaf_as(encoder *e, uint8_t **out, PyObject *object, PyTypeObject *type, int roomy,
                                       write_form form, write_style style) {
    return write_scalar_as(e, out, object, type, roomy, form, style) ||
           write_word_as(e, out, object, type, roomy, form);
}

static ALWAYS_INLINE int write_leaf(encoder *e, uint8_t **out, PyObject *object, int roomy, write_form form,
                                    write_style style) {
    return write_leaf_as(e, out, object, Py_TYPE(object), roomy, form, style);
}

/* The same out of line, for what is rare. */
static ALWAYS_INLINE int write_rare_leaf(encoder *e, uint8_t **out, PyObject *object, PyTypeObject *type,
                                         write_form form) {
    return write_leaf_as(e, out, object, type, 0, form, STYLE_ANY);
}
COMPILE_FOR_RULES(int, write_rare_leaf, (encoder * e, uint8_t **out, PyObject *object, PyTypeObject *type), e, out,
                  object, type)

/* Without a call for what only object is a base of, as it is of most that default() is asked for. */
static ALWAYS_INLINE int is_float(PyObject *object) {
    return PyFloat_CheckExact(object) || (Py_TYPE(object)->tp_base != &PyBaseObject_Type && PyFloat_Check(object));
}

/* A scalar that write_leaf leaves: an instance of a subclass, an int of more than 64 bits, a float that isn't finite. 0
 * where it is none, or a str that is written in pieces. The caller holds a reference. */
static ALWAYS_INLINE int write_odd_scalar(encoder *e, uint8_t **out, PyObject *object, write_form form) {
    PyTypeObject *type = PyUnicode_Check(object) ? &PyUnicode_Type : PyLong_Check(object) ? &PyLong_Type : NULL;
    if (type == NULL && !is_float(object)) return 0;
    if (type == NULL) type = &PyFloat_Type;
    if (FOR_FORM(write_rare_leaf, form)(e, out, object, type)) return 1;
    if (type == &PyUnicode_Type) return 0;
    *out = type == &PyLong_Type ? write_big_int(e, *out, object, form) : write_not_finite(e, *out, object, form);
    return 1;
}

/* What claims to be a scalar and isn't. */
static ALWAYS_INLINE uint8_t *write_claimed(encoder *e, uint8_t *out, PyObject *object, write_form form) {
    PyObject *text = encoder_claimed_text(e->state, e->options, object);
    Py_ssize_t n = 0;
    const char *p = text == NULL ? NULL : PyUnicode_AsUTF8AndSize(text, &n); /* ASCII: see there */
    out = p == NULL ? NULL : room(e, out, (size_t)n + SLACK, form);
    if (out != NULL) out = put_bytes(e, out, p, (size_t)n, form);
    Py_XDECREF(text);
    return out;
}

/* ---- the path ---- */

/* Step into a container or an object that default() replaces: -1 with an exception. */
static ALWAYS_INLINE int path_push(encoder *e, PyObject *object) {
    if (!e->options->check_circular) return 0;
    if (UNLIKELY(e->depth == e->path_room)) return encoder_push_deep(e, object);
    e->path[e->depth++] = object;
    return 0;
}

/* Step out of it, also with an exception set. */
static ALWAYS_INLINE void path_pop(encoder *e) {
    if (!e->options->check_circular) return;
    CYJSON_ASSERT(e->depth > 0);
    e->depth--;
    if (e->distinct > e->depth) e->distinct = e->depth;
}

/* Whether a container that is stepped into is on the path already, after Python code ran: 1 with ValueError set. What
 * is on the path is held for that: with no reference but where it was found, it isn't. */
static NOINLINE int stands_on_path(encoder *e, PyObject *container) {
    if (path_push(e, container)) return 1;
    const int bad = encoder_check_path(e) != 0;
    path_pop(e);
    return bad;
}

static ALWAYS_INLINE int comes_again(encoder *e, PyObject *container) {
    return UNLIKELY(Py_REFCNT(container) != 1) && UNLIKELY(stands_on_path(e, container));
}

/* ---- levels ---- */

static const char too_deep[] = " while encoding a JSON object";

/* Whether there is a level left for a container: 0, or -1 with RecursionError or, in a circle, ValueError set. */
static ALWAYS_INLINE int may_enter(encoder *e) {
    return LIKELY(compat_may_enter(e->thread, too_deep) == 0) ? 0 : encoder_too_deep(e);
}

/* One more level, counted: 0, or -1 as may_enter. */
static ALWAYS_INLINE int count_level(encoder *e) {
    return LIKELY(compat_enter(e->thread, too_deep) == 0) ? 0 : encoder_too_deep(e);
}

/* Step into a container: counted, on the path, and held, whatever happens to what it was found in. -1 with an
 * exception. Those that hold leaves only, which run no Python code, are written without it. */
static ALWAYS_INLINE int enter(encoder *e, PyObject *container) {
    if (UNLIKELY(count_level(e))) return -1;
    if (UNLIKELY(path_push(e, container))) {
        compat_leave(e->thread);
        return -1;
    }
    Py_INCREF(container);
    return 0;
}

/* Step out of it, also with an exception set. */
static ALWAYS_INLINE void leave(encoder *e, PyObject *container) {
    CYJSON_ASSERT(!e->options->check_circular || e->path[e->depth - 1] == container);
    path_pop(e);
    compat_leave(e->thread);
    Py_DECREF(container);
}

/* ---- members and items ---- */

/* A member up to its value, for a key that is a str: SCALAR characters of room are left. Text may widen. */
static ALWAYS_INLINE uint8_t *write_key(encoder *e, uint8_t *out, PyObject *key, int *first, size_t between,
                                        write_form form, write_style style) {
    out = write_start(e, out, *first, between, form, style);
    if (UNLIKELY(out == NULL)) return NULL;
    *first = 0;
    out = write_str(e, out, key, 1, form);
    if (UNLIKELY(out == NULL)) return NULL;
    if (has_widened(e, form)) return put_key_separator(e, out, WRITE_TEXT, style);
    return put_key_separator(e, out, form, style);
}

/* The same out of line, for what is rare. */
static ALWAYS_INLINE uint8_t *write_rare_key(encoder *e, uint8_t *out, PyObject *key, int first, write_form form) {
    return write_key(e, out, key, &first, between_size(e), form, STYLE_ANY);
}
COMPILE_FOR_FORMS(uint8_t *, write_rare_key, (encoder * e, uint8_t *out, PyObject *key, int first), e, out, key, first)

/* What a walk has yet to give, from where it stands: 0 where encoder_walk_next has to be asked. */
static ALWAYS_INLINE int walk_entries(encoder *e, walk *w, compat_entries *entries) {
    enum { WORDS = sizeof(sorted_member) / sizeof(PyObject *) };
    if (UNLIKELY(w->kind == WALK_SORTED)) {
        CYJSON_ASSERT(w->position <= w->used && w->start + w->used <= e->sorted_used);
        entries->step = WORDS;
        entries->first = (PyObject *const *)(e->sorted + w->start);
        entries->entry = entries->first + w->position * WORDS;
        entries->end = entries->first + w->used * WORDS;
        entries->send = entries->end - COMPAT_AHEAD * WORDS;
        return 1;
    }
    if (LIKELY(w->items == NULL)) return compat_entries_from(e->dict_layout_known, w->dict, w->position, entries);
    if (COMPAT_HAS_GIL || !PyTuple_CheckExact(w->items)) return 0; /* copies are made without a GIL only */
    compat_entries_of_tuple(w->items, w->position, entries);
    return 1;
}

/* Note where it stands now. */
static ALWAYS_INLINE void walk_stands_at(walk *w, const compat_entries *entries) {
    enum { WORDS = sizeof(sorted_member) / sizeof(PyObject *) };
    if (UNLIKELY(w->kind == WALK_SORTED)) w->position = (entries->entry - entries->first) / WORDS;
    else w->position = compat_entries_index(entries);
}

/* Objects made at different times are far apart in memory, and loading them costs more than writing them: those a few
 * items ahead are prefetched, first the object, then a list's array, then what that begins with. */
enum { AHEAD = 16, NEAR = 4096 };

static ALWAYS_INLINE void prefetch_items(PyObject *const *items, Py_ssize_t i, Py_ssize_t n) {
    if (COMPAT_HAS_GIL && n - i > AHEAD) PREFETCH(items[i + AHEAD]);
}

static ALWAYS_INLINE void prefetch_inside(encoder *e, PyObject *const *items, Py_ssize_t i, Py_ssize_t n) {
    if (!COMPAT_HAS_GIL || n - i <= AHEAD) return;
    items += i;
    PyObject *item = items[AHEAD / 2];
    if (PyList_CheckExact(item)) PREFETCH(((PyListObject *)item)->ob_item);
    else if (PyDict_CheckExact(item)) compat_prefetch_table(item);
    item = items[AHEAD / 4];
    if (PyList_CheckExact(item)) {
        if (PyList_GET_SIZE(item) >= 2) PREFETCH(PyList_GET_ITEM(item, 1)); /* the first is mostly beside it */
    } else if (PyDict_CheckExact(item)) {
        /* Where they are close together, so are their values mostly, and the processor does so by itself. */
        if ((uintptr_t)items[AHEAD] - (uintptr_t)items[0] + NEAR < 2 * NEAR) return;
        compat_entries entries;
        if (!compat_entries_from(e->dict_layout_known, item, 0, &entries)) return;
        PyObject *key, *value;
        for (int i = 0; i <= COMPAT_AHEAD && compat_entries_next(&entries, &key, &value); i++) PREFETCH(value);
    }
}

#endif
