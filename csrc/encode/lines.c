#include "encode/lines.h"

#include "encode/encoder.h"

struct encode_lines {
    encoder e;
    uint8_t *out; /* where the last whole line ends; NULL where nothing is there that could be taken */
    Py_ssize_t enough;
};

/* Begin a text. */
static void begin(encode_lines *lines) {
    encoder *e = &lines->e;
    int is_whole = lines->enough == PY_SSIZE_T_MAX;
    Py_ssize_t expected = is_whole ? compat_load_size(&e->state->last_lines_size) : lines->enough;
    lines->out = output_start(&e->text, 1, (size_t)expected);
    e->text.keeps = !is_whole;
    encoder_mark_full(e);
}

encode_lines *encode_lines_new(encode_state *state, const encode_options *options, Py_ssize_t enough) {
    encode_lines *lines = PyMem_Malloc(sizeof *lines);
    if (lines == NULL) {
        PyErr_NoMemory();
        return NULL;
    }
    CYJSON_ASSERT(options->form == ENCODE_UTF8 && options->plans != NULL && options->sink == NULL);
    encoder_init(&lines->e, state, options, 0);
    lines->enough = enough;
    begin(lines);
    return lines;
}

void encode_lines_free(encode_lines *lines) {
    encoder_free(&lines->e);
    output_abandon(&lines->e.text);
    PyMem_Free(lines);
}

/* What the document before, or the code that ran since, has left behind. */
static ALWAYS_INLINE void forget_document(encoder *e, int plain, int plain_dicts) {
    CYJSON_ASSERT(e->depth == 0 && e->level == 0 && e->walks == NULL && e->sorted_used == 0 && e->place == NULL);
    e->python_ran = 0;
    e->plans_fresh = e->token_checked = 0;
    e->distinct = 0;
    e->sorted_held = 0;
    e->plain = plain;
    e->plain_dicts = plain_dicts;
    if (UNLIKELY(e->places != NULL)) { /* of a path that was long */
        encoder_free(e);
        e->path = e->shallow_path;
        e->path_room = SHALLOW;
        e->places = NULL;
        e->sorted = NULL;
        e->sorted_limit = 0;
    }
}

int encode_lines_more(encode_lines *lines, PyObject *documents, long long *count) {
    encoder *e = &lines->e;
    const iternextfunc next = Py_TYPE(documents)->tp_iternext;
    const int plain = e->plain, plain_dicts = (int)e->plain_dicts;
    uint8_t *out = lines->out;
    for (;;) {
        if (out - e->text.start >= lines->enough) return 1;
        PyObject *object = next(documents);
        if (object == NULL) {
            if (!PyErr_Occurred()) return 0;
            if (!PyErr_ExceptionMatches(PyExc_StopIteration)) return -1;
            PyErr_Clear();
            return 0;
        }
        size_t before = (size_t)(out - e->text.start);
        if (UNLIKELY(e->text.limit - out < SLACK)) out = encoder_more_room(e, out, SLACK);
        if (LIKELY(out != NULL)) out = encoder_write(e, out, object);
        if (UNLIKELY(out == NULL)) {
            encoder_add_place(e);
            Py_CLEAR(e->place);
            lines->out = e->text.keeps ? e->text.start + before : NULL;
            Py_DECREF(object);
            return -1;
        }
        CYJSON_ASSERT(e->text.limit - out >= 1);
        /* Within a Raw, between tokens, where a space is the same. */
        uint8_t *start = e->text.start + before, *feed = memchr(start, '\n', (size_t)(out - start));
        for (; UNLIKELY(feed != NULL); feed = memchr(feed, '\n', (size_t)(out - feed))) *feed = ' ';
        *out++ = '\n';
        lines->out = out;
        ++*count;
        forget_document(e, plain, plain_dicts);
        Py_DECREF(object);
    }
}

PyObject *encode_lines_take(encode_lines *lines) {
    encoder *e = &lines->e;
    PyObject *text;
    if (lines->out == NULL) return PyBytes_FromStringAndSize(NULL, 0);
    if (lines->enough == PY_SSIZE_T_MAX) compat_store_size(&e->state->last_lines_size, lines->out - e->text.start);
    text = output_finish(&e->text, lines->out);
    output_abandon(&e->text);
    if (lines->enough == PY_SSIZE_T_MAX) lines->out = NULL; /* that was all */
    else begin(lines);
    return text;
}
