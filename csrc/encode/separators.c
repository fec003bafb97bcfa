#include "encode/encoder.h"
#include "kernels/escape.h"

/* Separators and indentation that can't be copied as bytes. A str is as wide as they are from the start, so that
 * writing one needs no look at the width. Escaped text is ASCII: there a piece is as many marks as it has characters,
 * and its characters take their places once the text is whole. */
enum { MARK = 0x80 };

static int mark_of_piece(const encode_options *o, const encode_piece *piece) {
    return piece == &o->item_separator ? MARK : piece == &o->key_separator ? MARK + 1 : MARK + 2;
}

static const encode_piece *piece_of_mark(const encode_options *o, uint8_t mark) {
    return mark == MARK ? &o->item_separator : mark == MARK + 1 ? &o->key_separator : &o->indent;
}

uint8_t *encoder_put_odd(encoder *e, uint8_t *out, const encode_piece *piece, Py_ssize_t times) {
    const encode_options *o = e->options;
    const size_t width = (size_t)e->text.width;
    Py_ssize_t n = PyUnicode_GET_LENGTH(piece->odd); /* not empty: it isn't ASCII */
    if (o->form == ENCODE_UTF8 && times > 0) return encoder_escape_failed(piece->odd); /* a lone surrogate */
    if (times > PY_SSIZE_T_MAX / 64 / n) {
        encoder_no_memory();
        return NULL;
    }
    size_t need = ((size_t)(n * times) + SLACK) * width + ESCAPE_SLACK;
    if ((size_t)(e->text.limit - out) < need && (out = encoder_more_room(e, out, need)) == NULL) return NULL;
    for (Py_ssize_t i = 0; i < times; i++, out += (size_t)n * width) {
        if (o->form == ENCODE_ASCII) memset(out, mark_of_piece(o, piece), (size_t)n);
        else escape_copy_widened(out, e->text.width, PyUnicode_DATA(piece->odd), (size_t)n, PyUnicode_KIND(piece->odd));
    }
    return out;
}

uint8_t *encoder_prewiden(encoder *e, uint8_t *out) {
    Py_UCS4 widest = e->options->form == ENCODE_TEXT ? e->options->widest : 0;
    if (widest > 0xFF) out = output_widen(&e->text, out, widest);
    else if (widest > 0) e->text.maxchar = widest;
    encoder_mark_full(e);
    return out;
}

/* Escaped text with its marks replaced. */
static PyObject *replace_marks(const encode_options *o, const uint8_t *p, Py_ssize_t n) {
    Py_UCS4 maxchar = 0x7F;
    for (Py_ssize_t i = 0; i < n; i++) {
        if (p[i] < MARK) continue;
        const encode_piece *piece = piece_of_mark(o, p[i]);
        maxchar |= PyUnicode_MAX_CHAR_VALUE(piece->odd);
        i += PyUnicode_GET_LENGTH(piece->odd) - 1;
    }
    PyObject *text = PyUnicode_New(n, maxchar);
    if (text == NULL) return NULL;
    uint8_t *out = PyUnicode_DATA(text);
    const int width = PyUnicode_KIND(text);
    for (Py_ssize_t i = 0; i < n; i++) {
        if (p[i] < MARK) {
            scan_write(out + i * width, p[i], width);
            continue;
        }
        PyObject *piece = piece_of_mark(o, p[i])->odd;
        Py_ssize_t length = PyUnicode_GET_LENGTH(piece);
        if (PyUnicode_CopyCharacters(text, i, piece, 0, length) < 0) {
            Py_DECREF(text);
            return NULL;
        }
        i += length - 1;
    }
    return text;
}

PyObject *encoder_text(const encoder *e, const uint8_t *out) {
    const encode_options *o = e->options;
    if (o->widest == 0 || o->form != ENCODE_ASCII) return output_copy(&e->text, out);
    return replace_marks(o, e->text.start, out - e->text.start);
}
