#include "encode/pieces.h"
#include "kernels/escape.h"
#include "kernels/number_format.h"

/* ---- frames ---- */

static void path_shorten(encoder *e) {
    e->depth--;
    if (e->distinct > e->depth) e->distinct = e->depth;
}

encode_frame *encode_pieces_push(encode_pieces *p, frame_kind kind, PyObject *object) {
    encoder *e = &p->e;
    if (UNLIKELY(p->used >= p->most)) {
        encoder_raise(PyExc_RecursionError, "maximum recursion depth exceeded while encoding a JSON object");
        encoder_too_deep(e);
        return NULL;
    }
    if (UNLIKELY(p->used == p->room)) {
        Py_ssize_t room = p->room ? 2 * p->room : 16; /* not above twice the limit of recursion, an int */
        encode_frame *grown = PyMem_Realloc(p->frames, (size_t)room * sizeof *grown);
        if (grown == NULL) {
            encoder_no_memory();
            return NULL;
        }
        p->frames = grown;
        p->room = room;
    }
    if (kind != FRAME_STR && p->options.check_circular) {
        if (UNLIKELY(e->depth == e->path_room)) {
            if (encoder_push_deep(e, object)) return NULL;
        } else e->path[e->depth++] = object;
        if (UNLIKELY(e->python_ran) && UNLIKELY(encoder_check_path(e))) {
            path_shorten(e);
            return NULL;
        }
    }
    encode_frame *f = &p->frames[p->used];
    *f = (encode_frame){.kind = kind, .first = 1, .object = Py_NewRef(object)};
    p->used++;
    return f;
}

void encode_pieces_pop(encode_pieces *p) {
    encoder *e = &p->e;
    encode_frame f = p->frames[--p->used];
    if (f.kind != FRAME_STR && p->options.check_circular) path_shorten(e);
    if (f.w.kind != WALK_DICT || !COMPAT_HAS_GIL) encoder_walk_close(e, &f.w);
    Py_XDECREF(f.iterator);
    Py_XDECREF(f.key);
    Py_DECREF(f.object);
}

/* Leave all frames, with an exception set that gets their notes. */
static void fail(encode_pieces *p) {
    encoder_end_generator(&p->e);
    while (p->used > 0) {
        encode_frame *f = &p->frames[p->used - 1];
        int is_list = f->kind == FRAME_SEQUENCE || f->kind == FRAME_ITERABLE;
        if (f->in_value && f->kind != FRAME_STR)
            encoder_add_note(&p->e, f->object, f->kind == FRAME_DEFAULT ? NULL : f->key, is_list ? f->index - 1 : -1);
        PyObject *type, *value, *traceback;
        PyErr_Fetch(&type, &value, &traceback); /* finalisers may run */
        encode_pieces_pop(p);
        PyErr_Restore(type, value, traceback);
        if (p->used > 0) p->frames[p->used - 1].in_value = 1;
    }
}

/* ---- the iterator ---- */

/* Drop everything: there are no more pieces. An exception that is set stays so, whatever finalisers do. The caller
 * holds p->busy, since they may come back here. */
static void finish(encode_pieces *p) {
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    while (p->used > 0) encode_pieces_pop(p);
    output_abandon(&p->e.text);
    Py_CLEAR(p->root);
    Py_CLEAR(p->kept); /* what the options and the state are borrowed from */
    PyErr_Restore(type, value, traceback);
}

/* The start of an empty buffer where a piece was, of characters of one byte unless odd pieces need wider ones; NULL
 * with MemoryError set. */
static uint8_t *start_over(encoder *e) {
    text_output *text = &e->text;
    if (text->width == 1 && text->limit - text->start <= 4 * ENCODE_CHUNK) {
        text->maxchar = 0x7F;
        return encoder_prewiden(e, text->start);
    }
    output_abandon(text);
    return encoder_prewiden(e, output_start(text, 0, 0));
}

/* The next piece, which isn't empty; NULL at the end, or with an exception set. */
static PyObject *next_piece(encode_pieces *p) {
    encoder *e = &p->e;
    p->most = Py_GetRecursionLimit();
    uint8_t *out = start_over(e);
    if (out != NULL) out = encode_step(p, out);
    if (out != NULL && (p->used == 0 || encoder_check_path(e) == 0)) {
        PyObject *piece = NULL;
        e->python_ran = 1; /* it may, before the next piece */
        if (p->used > 0 || (p->options.widest != 0 && out > e->text.start)) piece = encoder_text(e, out);
        else if (out > e->text.start) piece = output_finish(&e->text, out);
        if (p->used == 0 || piece == NULL) finish(p);
        return piece;
    }
    fail(p);
    finish(p);
    return NULL;
}

/* Have the iterator to oneself; to be ended with compat_release. -1 with ValueError set. */
static int start(encode_pieces *p) {
    if (compat_acquire(&p->busy)) return 0;
    PyErr_SetString(PyExc_ValueError, "generator already executing");
    return -1;
}

static PyObject *pieces_next(PyObject *self) {
    encode_pieces *p = (encode_pieces *)self;
    if (start(p)) return NULL;
    PyObject *piece = p->kept == NULL ? NULL : next_piece(p);
    compat_release(&p->busy);
    return piece;
}

static PyObject *pieces_close(PyObject *self, PyObject *none) {
    (void)none;
    encode_pieces *p = (encode_pieces *)self;
    if (start(p)) return NULL;
    finish(p);
    compat_release(&p->busy);
    return Py_NewRef(Py_None);
}

/* Without a GIL the collector comes when every other thread waits: for a lock, in Python code or outside of the
 * interpreter. Even within a step each reference that is found here is one that is held; one that is on its way isn't
 * found, which keeps its object. */
static int pieces_traverse(PyObject *self, visitproc visit, void *arg) {
    encode_pieces *p = (encode_pieces *)self;
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(p->kept);
    Py_VISIT(p->root);
    for (Py_ssize_t i = 0; i < p->used; i++) {
        Py_VISIT(p->frames[i].object);
        Py_VISIT(p->frames[i].iterator);
        Py_VISIT(p->frames[i].key);
        Py_VISIT(p->frames[i].w.items);
        Py_VISIT(p->frames[i].w.held[0]);
        Py_VISIT(p->frames[i].w.held[1]);
    }
    for (Py_ssize_t i = 0; i < p->e.sorted_used; i++) {
        Py_VISIT(p->e.sorted[i].key);
        Py_VISIT(p->e.sorted[i].value);
    }
    return 0;
}

static int pieces_clear(PyObject *self) {
    encode_pieces *p = (encode_pieces *)self;
    if (compat_acquire(&p->busy)) {
        finish(p);
        compat_release(&p->busy);
    }
    return 0;
}

static void pieces_dealloc(PyObject *self) {
    encode_pieces *p = (encode_pieces *)self;
    PyTypeObject *type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    finish(p);
    encoder_free(&p->e);
    PyMem_Free(p->frames);
    type->tp_free(self);
    Py_DECREF(type);
}

PyDoc_STRVAR(close_doc, "close($self, /)\n--\n\n"
                        "Give up: there are no more pieces. ValueError while a piece is being made.");

static PyMethodDef pieces_methods[] = {
    {"close", pieces_close, METH_NOARGS, close_doc},
    {NULL, NULL, 0, NULL},
};

PyDoc_STRVAR(pieces_doc,
             "An iterator over a document's text in pieces of about 64 Ki characters, made as they are asked for.");

static PyType_Slot pieces_slots[] = {
    {Py_tp_doc, (void *)pieces_doc},   {Py_tp_iter, PyObject_SelfIter},
    {Py_tp_iternext, pieces_next},     {Py_tp_methods, pieces_methods},
    {Py_tp_traverse, pieces_traverse}, {Py_tp_clear, pieces_clear},
    {Py_tp_dealloc, pieces_dealloc},   {0, NULL},
};

static PyType_Spec pieces_spec = {
    .name = "cyjson.encoder.Pieces",
    .basicsize = sizeof(encode_pieces),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_DISALLOW_INSTANTIATION | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = pieces_slots,
};

PyObject *encode_pieces_type(void) { return compat_type_from_spec(NULL, &pieces_spec); }

PyObject *encode_pieces_new(PyObject *type, encode_state *state, const encode_options *options, PyObject *object,
                            PyObject *kept) {
    encode_pieces *p = PyObject_GC_New(encode_pieces, (PyTypeObject *)type);
    if (p == NULL) return NULL;
    p->kept = Py_NewRef(kept);
    p->root = Py_NewRef(object);
    p->busy = 0;
    p->options = *options;
    p->options.as_generator = 1;
    encoder_init(&p->e, state, &p->options, 0);
    p->e.long_str = ENCODE_CHUNK / 4;
    p->frames = NULL;
    p->used = p->room = p->most = 0;
    PyObject_GC_Track(p);
    return (PyObject *)p;
}
