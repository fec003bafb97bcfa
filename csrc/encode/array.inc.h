/* Arrays of numbers that export a buffer with a format, as NumPy's and its scalars do: any strides and byte order, any
 * number of dimensions. In UTF-8. */
#include "encode/natives.h"

typedef enum { NUMBERS_OTHER, NUMBERS_BOOL, NUMBERS_INT, NUMBERS_UINT, NUMBERS_FLOAT } numbers_kind;

/* An array that is being written. The buffer is held. */
typedef struct {
    Py_buffer view;
    PyObject *object; /* for notes */
    numbers_kind kind;
    int swapped; /* the other byte order than this machine's */
    int plain; /* nothing but commas comes between numbers */
} numbers;

/* What a format of the struct module says about single numbers of `size` bytes. */
static SELDOM numbers_kind numbers_of(const char *format, Py_ssize_t size, int *swapped) {
    const char order = format[0];
    *swapped = order == (PY_BIG_ENDIAN ? '<' : '>') || (!PY_BIG_ENDIAN && order == '!');
    if (order == '@' || order == '=' || order == '<' || order == '>' || order == '!') format++;
    if (format[0] == 0 || format[1] != 0 || size > 8 || (size & (size - 1)) != 0) return NUMBERS_OTHER;
    if (format[0] == '?') return size == 1 ? NUMBERS_BOOL : NUMBERS_OTHER;
    if (strchr("bhilqn", format[0]) != NULL) return NUMBERS_INT;
    if (strchr("BHILQN", format[0]) != NULL) return NUMBERS_UINT;
    return (format[0] == 'f' && size == 4) || (format[0] == 'd' && size == 8) ? NUMBERS_FLOAT : NUMBERS_OTHER;
}

/* The bits of a number of `size` bytes, 4 or 8. */
static ALWAYS_INLINE uint64_t load_number(const char *p, size_t size) {
    uint64_t bits;
    uint32_t low;
    if (size == 8) memcpy(&bits, p, 8);
    else {
        memcpy(&low, p, 4);
        bits = low;
    }
    return bits;
}

/* Give a float32's text, of 1e13 or more, the exponent that orjson has for it: the end. */
static NOINLINE uint8_t *respell_large32(uint8_t *start, uint8_t *end) {
    uint8_t *point = memchr(start, '.', (size_t)(end - start));
    if (point == NULL || memchr(start, 'e', (size_t)(end - start)) != NULL) return end; /* it has one */
    uint8_t *first = start + (*start == '-'), *last = point - 1; /* ".0" follows: nine digits are all it has */
    const int exponent = (int)(point - first) - 1;
    while (last > first && *last == '0') last--;
    memmove(first + 2, first + 1, (size_t)(last - first));
    first[1] = '.';
    end = last > first ? last + 2 : first + 1;
    memcpy(end, "e+1", 3);
    end[3] = (uint8_t)('0' + exponent - 10);
    return end + 4;
}

/* Write a float, for which there is room: NULL where it isn't finite. */
static ALWAYS_INLINE uint8_t *put_float(const encoder *e, uint8_t *out, uint64_t bits, size_t size, write_form form) {
    double value;
    float single;
    uint32_t low = (uint32_t)bits;
    (void)e; /* its kernels may be those of the level */
    memcpy(&value, &bits, 8);
    memcpy(&single, &low, 4);
    if (size == 4) value = single;
    if (UNLIKELY(value - value != 0)) return NULL;
    uint8_t *end = size == 8 ? FORMAT_DOUBLE(e)(out, value) : KERNEL(e, number_format_float)(out, single);
    if (form != WRITE_ORJSON) return end;
    if (size == 4 && UNLIKELY(single >= 1e13f || single <= -1e13f)) return respell_large32(out, end);
    return UNLIKELY(is_small(value)) ? respell_small(out, end, size == 4 ? 6 : 5) : end;
}

/* A NaN or an infinity, by the policy. */
static SELDOM uint8_t *put_not_finite(encoder *e, uint8_t *out, uint64_t bits, size_t size) {
    if (e->options->orjson || e->options->plans->float_null) {
        memcpy(out, "null", 4);
        return out + 4;
    }
    double value;
    float single;
    uint32_t low = (uint32_t)bits;
    memcpy(&value, &bits, 8);
    memcpy(&single, &low, 4);
    PyObject *number = PyFloat_FromDouble(size == 8 ? value : (double)single);
    if (number != NULL) encoder_raise_not_finite(e, number);
    Py_XDECREF(number);
    return NULL;
}

enum { NUMBERS_AT_ONCE = 32 };

/* n <= NUMBERS_AT_ONCE floats, for which there is room, each with a comma after it; *failed: which of them couldn't be
 * written, where NULL is returned. */
static ALWAYS_INLINE uint8_t *put_floats(encoder *e, uint8_t *out, const char *p, Py_ssize_t n, Py_ssize_t stride,
                                         Py_ssize_t *failed, size_t size, write_form form) {
    for (Py_ssize_t i = 0; i < n; i++, p += stride) {
        uint64_t bits = load_number(p, size);
        uint8_t *after = put_float(e, out, bits, size, form);
        if (UNLIKELY(after == NULL) && (after = put_not_finite(e, out, bits, size)) == NULL) {
            *failed = i;
            return NULL;
        }
        *after = ',';
        out = after + 1;
    }
    return out;
}

/* The same by orjson's rules. */
static NOINLINE uint8_t *put_floats_orjson(encoder *e, uint8_t *out, const char *p, Py_ssize_t n, Py_ssize_t stride,
                                           Py_ssize_t *failed, Py_ssize_t size) {
    return size == 8 ? put_floats(e, out, p, n, stride, failed, 8, WRITE_ORJSON)
                     : put_floats(e, out, p, n, stride, failed, 4, WRITE_ORJSON);
}

/* Numbers of the other byte order, in this machine's. */
static SELDOM void swap_numbers(char *to, const char *p, Py_ssize_t n, Py_ssize_t stride, Py_ssize_t size) {
    for (; n > 0; n--, p += stride)
        for (Py_ssize_t i = size - 1; i >= 0; i--) *to++ = p[i];
}

/* n numbers of any kind, each with a comma after it; *failed as above. */
static NOINLINE uint8_t *put_row(encoder *e, uint8_t *out, const numbers *a, const char *p, Py_ssize_t n,
                                 Py_ssize_t stride, Py_ssize_t *failed) {
    const Py_ssize_t size = a->view.itemsize;
    char swapped[NUMBERS_AT_ONCE * 8];
    for (Py_ssize_t i = 0; i < n; i += NUMBERS_AT_ONCE) {
        const Py_ssize_t some = n - i < NUMBERS_AT_ONCE ? n - i : NUMBERS_AT_ONCE;
        const char *from = p + i * stride;
        Py_ssize_t step = stride;
        out = room(e, out, (size_t)some * (NUMBER_DOUBLE_SPACE + 1) + SLACK, WRITE_UTF8);
        if (UNLIKELY(out == NULL)) return NULL;
        if (UNLIKELY(a->swapped) && size > 1) {
            swap_numbers(swapped, from, some, stride, size);
            from = swapped;
            step = size;
        }
        if (a->kind == NUMBERS_BOOL) out = KERNEL(e, number_format_bools)(out, from, (size_t)some, step);
        else if (a->kind != NUMBERS_FLOAT)
            out = KERNEL(e, number_format_integers)(out, from, (size_t)some, step, (int)size, a->kind == NUMBERS_INT);
        else if (UNLIKELY(e->options->orjson)) out = put_floats_orjson(e, out, from, some, step, failed, size);
        else if (size == 8) out = put_floats(e, out, from, some, step, failed, 8, WRITE_UTF8);
        else out = put_floats(e, out, from, some, step, failed, 4, WRITE_UTF8);
        if (UNLIKELY(out == NULL)) {
            *failed += i;
            return NULL;
        }
    }
    return out;
}

/* One axis and those within it. Only flushing runs Python code. */
static SELDOM uint8_t *write_axis(encoder *e, uint8_t *out, const numbers *a, const char *p, int axis) {
    enum { PIECE = 1024 };
    const Py_ssize_t n = a->view.shape[axis], stride = a->view.strides[axis];
    const int last = axis == a->view.ndim - 1;
    Py_ssize_t i = 0, failed = 0;
    out = room(e, out, SLACK, WRITE_UTF8);
    if (UNLIKELY(out == NULL)) return NULL;
    out = put(e, out, '[', WRITE_UTF8);
    if (n == 0) return put(e, out, ']', WRITE_UTF8);
    if (!a->plain) e->level++;
    while (i < n) {
        if (last && a->plain) { /* with a comma after the last one of a piece, too */
            Py_ssize_t some = n - i < PIECE ? n - i : PIECE;
            out = put_row(e, out, a, p + i * stride, some, stride, &failed);
            if (UNLIKELY(out == NULL)) {
                i += failed;
                break;
            }
            i += some;
            if (i == n) out--;
        } else {
            if (a->plain && i > 0) out = put(e, out, ',', WRITE_UTF8);
            else if (!a->plain) out = write_start(e, out, i == 0, between_size(e), WRITE_UTF8, STYLE_ANY);
            if (out != NULL && !last) out = write_axis(e, out, a, p + i * stride, axis + 1);
            else if (out != NULL && (out = put_row(e, out, a, p + i * stride, 1, stride, &failed)) != NULL) out--;
            if (UNLIKELY(out == NULL)) break;
            i++;
        }
        if (UNLIKELY(is_full(e, out))) {
            if ((out = encoder_flush(e, out)) == NULL) return NULL;
        }
    }
    if (UNLIKELY(out == NULL)) {
        encoder_add_note(e, a->object, NULL, i);
        return NULL;
    }
    return write_end(e, out, ']', WRITE_UTF8, a->plain ? STYLE_PLAIN : STYLE_ANY);
}

/* An array or a scalar of numbers, which the caller holds: 0 where Python code has to write it, and nothing was
 * written; *out is NULL where an exception is set. orjson_array: one that orjson's rules may refuse. */
static SELDOM int write_numbers(encoder *e, uint8_t **out, PyObject *object, int orjson_array) {
    numbers a = {.object = object};
    e->disturbances++;
    if (encoder_before_python(e)) {
        *out = NULL;
        return 1;
    }
    if (PyObject_GetBuffer(object, &a.view, PyBUF_FULL_RO)) {
        if (PyErr_ExceptionMatches(PyExc_MemoryError)) {
            *out = NULL;
            return 1;
        }
        PyErr_Clear(); /* of a kind that buffers don't have, such as times */
        return 0;
    }
    const encode_options *o = e->options;
    a.plain = !o->indented && o->item_separator.size == 1 && o->item_separator.text[0] == ',';
    const Py_buffer *view = &a.view;
    int known = view->format != NULL && view->suboffsets == NULL && (view->ndim == 0 || view->shape != NULL);
    known = known && (view->ndim == 0 || view->strides != NULL);
    if (known) known = (a.kind = numbers_of(view->format, view->itemsize, &a.swapped)) != NUMBERS_OTHER;
    if (known && orjson_array) known = view->ndim > 0 && !a.swapped && PyBuffer_IsContiguous(view, 'C');
    if (known && view->ndim > 0) *out = write_axis(e, *out, &a, view->buf, 0);
    else if (known) {
        Py_ssize_t failed;
        *out = put_row(e, *out, &a, view->buf, 1, 0, &failed);
        if (*out != NULL) *out = room(e, *out - 1, SLACK, WRITE_UTF8);
    }
    PyBuffer_Release(&a.view);
    return known;
}
