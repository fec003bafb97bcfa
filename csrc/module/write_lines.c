/* What writes lines: encode/lines.h, with options as encode takes them. */
#include "encode/lines.h"
#include "module/options.h"

struct core_writer {
    prepared p;
    PyObject *core, *options; /* which p borrows from */
    encode_lines *lines;
};

/* Fill in the options. LEFT where each document has to go through encode. */
static outcome prepare_lines(core_state *state, prepared *p, PyObject *options) {
    static const int known[] = {D_SKIPKEYS, D_CHECK_CIRCULAR, D_SEPARATORS, D_DEFAULT, D_SORT_KEYS};
    PyObject *v[D_COUNT] = {[D_OBJ] = Py_None};
    Py_ssize_t found = 0;
    p->o = *state->compact;
    for (size_t i = 0; PyDict_GET_SIZE(options) > 0 && i < sizeof known / sizeof *known; i++) {
        v[known[i]] = PyDict_GetItemWithError(options, state->names[dumps_names[known[i]]]);
        if (v[known[i]] != NULL) found++;
        else if (PyErr_Occurred()) return FAILED;
    }
    if (found != PyDict_GET_SIZE(options)) return LEFT;
    outcome taken = prepare_arguments(p, v, state->encode.unpack_pair);
    if (taken != DONE) return taken;
    return p->o.plans == NULL || p->o.item_separator.odd != NULL || p->o.key_separator.odd != NULL ? LEFT : DONE;
}

core_writer *core_writer_new(PyObject *core, PyObject *options, Py_ssize_t enough) {
    core_writer *writer = PyMem_Calloc(1, sizeof *writer);
    if (writer == NULL) {
        PyErr_NoMemory();
        return NULL;
    }
    writer->core = Py_NewRef(core);
    writer->options = Py_NewRef(options);
    outcome taken = prepare_lines(state_of(core), &writer->p, options);
    if (taken == DONE) writer->lines = encode_lines_new(&state_of(core)->encode, &writer->p.o, enough);
    if (writer->lines != NULL) return writer;
    core_writer_free(writer);
    if (taken == FAILED && !PyErr_ExceptionMatches(PyExc_MemoryError))
        PyErr_Clear(); /* encode raises it, for a document */
    return NULL;
}

void core_writer_free(core_writer *writer) {
    if (writer->lines != NULL) encode_lines_free(writer->lines);
    prepared_clear(&writer->p);
    Py_DECREF(writer->options);
    Py_DECREF(writer->core);
    PyMem_Free(writer);
}

int core_writer_more(core_writer *writer, PyObject *documents, long long *count) {
    return encode_lines_more(writer->lines, documents, count);
}

PyObject *core_writer_take(core_writer *writer) { return encode_lines_take(writer->lines); }
