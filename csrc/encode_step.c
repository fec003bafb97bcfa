/* Writing that can stop after any item: see encode_pieces.h. Compiled for the baseline, and again by encode_avx2.c and
 * encode_avx512.c.
 *
 * Each step takes up the frame on top and goes on until that is left, another is above it, the piece is full, or the
 * characters have widened. All that is needed to go on stands in the frame. */
#include "encode_leaf.h"
#include "encode_pieces.h"

/* Whether to leave off before the next item. */
static ALWAYS_INLINE int stops(const encoder *e, const uint8_t *out, write_form form) { return UNLIKELY(is_full(e, out)) || has_widened(e, form); }

/* ---- values ---- */

/* Begin a container. */
static ALWAYS_INLINE uint8_t *begin_container(encode_pieces *p, uint8_t *out, PyObject *object, frame_kind kind, write_form form)
{
    encoder *e = &p->e;
    const int is_array = kind == FRAME_SEQUENCE || kind == FRAME_ITERABLE;
    int empty;
    if (kind == FRAME_SEQUENCE) empty = PySequence_Fast_GET_SIZE(object) == 0;
    else if (kind == FRAME_DICT || kind == FRAME_SORTED) empty = PyDict_GET_SIZE(object) == 0;
    else empty = encoder_before_python(e) ? -1 : PyObject_Not(object);
    if (UNLIKELY(empty < 0)) return NULL;
    out = room(e, out, SLACK, form);
    if (UNLIKELY(out == NULL)) return NULL;
    if (empty) return put_bytes(e, out, is_array ? "[]" : "{}", 2, form);
    encode_frame *f = encode_pieces_push(p, kind, object);
    if (UNLIKELY(f == NULL)) return NULL;
    if (kind == FRAME_SORTED) f->index = -1;
    e->level++;
    return kind == FRAME_ITERABLE ? out : put(e, out, is_array ? '[' : '{', form); /* see step_iterable */
}

/* Begin a value that isn't a leaf. */
static ALWAYS_INLINE uint8_t *begin_other(encode_pieces *p, uint8_t *out, PyObject *object, write_form form)
{
    encoder *e = &p->e;
    if (PyDict_CheckExact(object)) return begin_container(p, out, object, p->options.sort_keys ? FRAME_SORTED : FRAME_DICT, form);
    if (PyList_CheckExact(object) || PyTuple_CheckExact(object)) return begin_container(p, out, object, FRAME_SEQUENCE, form);
    if (PyUnicode_Check(object) && PyUnicode_GET_LENGTH(object) > e->long_str) {
        out = compat_str_ready(object) ? NULL : room(e, out, SLACK, form);
        if (out == NULL || encode_pieces_push(p, FRAME_STR, object) == NULL) return NULL;
        return put(e, out, '"', form);
    }
    Py_INCREF(object); /* Python code may run and drop it from its container */
    if (write_odd_scalar(e, &out, object, form)) {}
    else if (PyList_Check(object) || PyTuple_Check(object)) out = begin_container(p, out, object, FRAME_ITERABLE, form);
    else if (compat_is_dict(object)) out = begin_container(p, out, object, FRAME_VIEW, form);
    else if (encode_pieces_push(p, FRAME_DEFAULT, object) == NULL) out = NULL;
    Py_DECREF(object);
    return out;
}

static NOINLINE uint8_t *begin_ascii(encode_pieces *p, uint8_t *out, PyObject *object) { return begin_other(p, out, object, WRITE_ASCII); }
static NOINLINE uint8_t *begin_text(encode_pieces *p, uint8_t *out, PyObject *object) { return begin_other(p, out, object, WRITE_TEXT); }

/* A value that write_leaf leaves: written, or a frame on top for it. NULL with an exception set, and no frame. */
static ALWAYS_INLINE uint8_t *begin(encode_pieces *p, uint8_t *out, PyObject *object, write_form form)
{
    return form == WRITE_ASCII ? begin_ascii(p, out, object) : begin_text(p, out, object);
}

/* Any value. */
static ALWAYS_INLINE uint8_t *write_or_begin(encode_pieces *p, uint8_t *out, PyObject *object, write_form form)
{
    return !is_long_str(&p->e, object) && write_leaf(&p->e, &out, object, 0, form) ? out : begin(p, out, object, form);
}

/* The value of a member, which isn't written yet; `key` as a note tells it. */
static ALWAYS_INLINE uint8_t *begin_member(encode_pieces *p, uint8_t *out, PyObject *key, PyObject *value, write_form form)
{
    Py_ssize_t at = p->used - 1;
    p->frames[at].key = Py_NewRef(key);
    out = write_or_begin(p, out, value, form);
    if (UNLIKELY(out == NULL)) p->frames[at].in_value = 1;
    return out;
}

static NOINLINE uint8_t *begin_member_ascii(encode_pieces *p, uint8_t *out, PyObject *key, PyObject *value) { return begin_member(p, out, key, value, WRITE_ASCII); }
static NOINLINE uint8_t *begin_member_text(encode_pieces *p, uint8_t *out, PyObject *key, PyObject *value) { return begin_member(p, out, key, value, WRITE_TEXT); }

/* A whole member, whatever its key and value are. */
static ALWAYS_INLINE uint8_t *step_member(encode_pieces *p, uint8_t *out, PyObject *key, PyObject *value, write_form form)
{
    encode_frame *f = &p->frames[p->used - 1];
    PyObject *text = PyUnicode_Check(key) ? Py_NewRef(key) : NULL;
    Py_INCREF(key);
    Py_INCREF(value);
    if (text == NULL) text = encoder_key_text(&p->e, key);
    if (text == NULL) out = PyErr_Occurred() ? NULL : out; /* it is skipped */
    else if ((out = write_key(&p->e, out, text, &f->first, form, STYLE_ANY)) != NULL) out = begin_member(p, out, text, value, form);
    Py_XDECREF(text);
    Py_DECREF(key);
    Py_DECREF(value);
    return out;
}

static NOINLINE uint8_t *step_member_ascii(encode_pieces *p, uint8_t *out, PyObject *key, PyObject *value) { return step_member(p, out, key, value, WRITE_ASCII); }
static NOINLINE uint8_t *step_member_text(encode_pieces *p, uint8_t *out, PyObject *key, PyObject *value) { return step_member(p, out, key, value, WRITE_TEXT); }

/* A member behind its key, which was written. */
static ALWAYS_INLINE uint8_t *rest_of_member(encode_pieces *p, uint8_t *out, PyObject *key, PyObject *value, write_form form)
{
    return form == WRITE_ASCII ? begin_member_ascii(p, out, key, value) : begin_member_text(p, out, key, value);
}

static ALWAYS_INLINE uint8_t *any_member(encode_pieces *p, uint8_t *out, PyObject *key, PyObject *value, write_form form)
{
    return form == WRITE_ASCII ? step_member_ascii(p, out, key, value) : step_member_text(p, out, key, value);
}

/* ---- one step of each kind of frame ---- */

/* The end of an array, and of its frame. */
static ALWAYS_INLINE uint8_t *end_array(encode_pieces *p, uint8_t *out, write_form form)
{
    encoder *e = &p->e;
    e->level--;
    if (p->options.indented && (out = put_line(e, out, form)) == NULL) return NULL;
    out = room(e, out, SLACK, form);
    if (UNLIKELY(out == NULL)) return NULL;
    out = put(e, out, ']', form);
    encode_pieces_pop(p);
    return out;
}

static ALWAYS_INLINE uint8_t *end_object(encode_pieces *p, uint8_t *out, int none, write_form form)
{
    out = write_object_end(&p->e, out, none, form, STYLE_ANY);
    if (LIKELY(out != NULL)) encode_pieces_pop(p);
    return out;
}

static ALWAYS_INLINE uint8_t *step_sequence(encode_pieces *p, encode_frame *f, uint8_t *out, write_form form)
{
    encoder *e = &p->e;
    PyObject *list = f->object;
    PyObject *const *items = compat_items(list);
    Py_ssize_t i = f->index, n = PySequence_Fast_GET_SIZE(list), at = p->used - 1; /* leaves change nothing */
    for (; !stops(e, out, form); i++) {
        if (!COMPAT_HAS_GIL) n = PySequence_Fast_GET_SIZE(list);
        if (i >= n) return end_array(p, out, form);
        PyObject *item = compat_item(list, items, i);
        if (!COMPAT_HAS_GIL && UNLIKELY(item == NULL)) return end_array(p, out, form);
        out = write_item_start(e, out, i == 0, form, STYLE_ANY);
        if (UNLIKELY(out == NULL)) {
            compat_item_done(item);
            return NULL;
        }
        prefetch_items(items, i, n);
        if (LIKELY(!is_long_str(e, item)) && LIKELY(write_leaf(e, &out, item, 0, form))) {
            compat_item_done(item);
            if (LIKELY(out != NULL)) continue;
        }
        else {
            prefetch_inside(e, items, i, n);
            f->index = i + 1;
            out = begin(p, out, item, form);
            compat_item_done(item);
            if (LIKELY(out != NULL)) return out;
        }
        f = &p->frames[at];
        f->index = i + 1;
        f->in_value = 1;
        return NULL;
    }
    f->index = i;
    return out;
}

static ALWAYS_INLINE uint8_t *step_iterable(encode_pieces *p, encode_frame *f, uint8_t *out, write_form form)
{
    encoder *e = &p->e;
    Py_ssize_t at = p->used - 1;
    if (f->iterator == NULL && (encoder_before_python(e) || (f->iterator = PyObject_GetIter(f->object)) == NULL)) return NULL;
    PyObject *item = encoder_before_python(e) ? NULL : PyIter_Next(f->iterator);
    if (item == NULL) return PyErr_Occurred() ? NULL : end_array(p, out, form);
    int first = f->index++ == 0;
    /* The generator writes the bracket together with the first item: a list that isn't empty but gives none has none. */
    out = room(e, out, SLACK, form);
    if (out != NULL && first) out = put(e, out, '[', form);
    if (out != NULL) out = write_item_start(e, out, first, form, STYLE_ANY);
    if (out != NULL && (out = write_or_begin(p, out, item, form)) == NULL) p->frames[at].in_value = 1;
    Py_DECREF(item);
    return out;
}

static ALWAYS_INLINE uint8_t *step_dict(encode_pieces *p, encode_frame *f, uint8_t *out, write_form form)
{
    encoder *e = &p->e;
    walk *w = &f->w;
    PyObject *key, *value;
    compat_entries entries;
    if (w->dict == NULL) { /* the iterator over its items comes after the brace, and a piece may end between them */
        w->dict = f->object;
        w->used = w->left = PyDict_GET_SIZE(f->object);
    }
    if (w->items != NULL || !compat_entries_from(e->dict_layout_known, w->dict, w->position, &entries)) {
        int more = encoder_walk_next(e, w, &key, &value);
        if (more > 0) return any_member(p, out, key, value, seldom(form));
        return more < 0 ? NULL : end_object(p, out, f->first, seldom(form));
    }
    if (UNLIKELY(encoder_walk_is_disturbed(w))) return NULL;
    int first = f->first;
    while (!stops(e, out, form)) {
        if (UNLIKELY(!compat_entries_next(&entries, &key, &value))) return end_object(p, out, first, form);
        compat_entries_prefetch(&entries);
        if (UNLIKELY(w->left-- <= 0)) return encoder_walk_is_too_long();
        if (UNLIKELY(Py_TYPE(key) != &PyUnicode_Type)) {
            w->position = compat_entries_index(&entries);
            f->first = first;
            return any_member(p, out, key, value, seldom(form));
        }
        out = write_key(e, out, key, &first, form, STYLE_ANY);
        if (UNLIKELY(out == NULL)) return NULL;
        if (LIKELY(!has_widened(e, form)) && LIKELY(!is_long_str(e, value)) && LIKELY(write_leaf(e, &out, value, 0, form))) {
            if (LIKELY(out != NULL)) continue;
            f->key = Py_NewRef(key);
            f->in_value = 1;
            return NULL;
        }
        w->position = compat_entries_index(&entries);
        f->first = 0;
        return rest_of_member(p, out, key, value, seldom(form));
    }
    w->position = compat_entries_index(&entries);
    f->first = first;
    return out;
}

static ALWAYS_INLINE uint8_t *step_sorted(encode_pieces *p, encode_frame *f, uint8_t *out, write_form form)
{
    encoder *e = &p->e;
    if (f->index < 0) return encode_pieces_sort(p, f) ? NULL : out;
    while (!stops(e, out, form)) {
        if (f->index > f->last) return end_object(p, out, f->first, form);
        PyObject *key = e->sorted[f->index].key, *value = e->sorted[f->index].value;
        if (f->index + 2 <= f->last) PREFETCH(e->sorted[f->index + 2].value);
        f->index++;
        out = write_key(e, out, key, &f->first, form, STYLE_ANY);
        if (UNLIKELY(out == NULL)) return NULL;
        if (LIKELY(!has_widened(e, form)) && LIKELY(!is_long_str(e, value)) && LIKELY(write_leaf(e, &out, value, 0, form))) {
            if (LIKELY(out != NULL)) continue;
            f->key = Py_NewRef(key);
            f->in_value = 1;
            return NULL;
        }
        return rest_of_member(p, out, key, value, seldom(form));
    }
    return out;
}

static ALWAYS_INLINE uint8_t *step_view(encode_pieces *p, encode_frame *f, uint8_t *out, write_form form)
{
    encoder *e = &p->e;
    if (f->iterator == NULL && (f->iterator = encoder_view_items(e, f->object)) == NULL) return NULL;
    PyObject *pair = encoder_view_next(e, f->iterator);
    if (pair == NULL) return PyErr_Occurred() ? NULL : end_object(p, out, f->first, form);
    out = any_member(p, out, PyTuple_GET_ITEM(pair, 0), PyTuple_GET_ITEM(pair, 1), form);
    Py_DECREF(pair);
    return out;
}

static ALWAYS_INLINE uint8_t *step_default(encode_pieces *p, encode_frame *f, uint8_t *out, write_form form)
{
    encoder *e = &p->e;
    Py_ssize_t at = p->used - 1;
    if (f->index++ > 0) {
        encode_pieces_pop(p);
        return out;
    }
    if (encoder_before_python(e)) return NULL;
    PyObject *function = p->options.default_function, *made;
    if (function != NULL) made = PyObject_CallOneArg(function, f->object);
    else made = PyObject_CallMethod(e->state->default_encoder, "default", "(O)", f->object);
    if (made == NULL) return NULL;
    f->key = made;
    out = write_or_begin(p, out, made, form);
    if (out == NULL) p->frames[at].in_value = 1;
    return out;
}

/* Characters of a long str, and its end. */
static ALWAYS_INLINE uint8_t *step_str(encode_pieces *p, encode_frame *f, uint8_t *out, write_form form)
{
    encoder *e = &p->e;
    Py_ssize_t n = PyUnicode_GET_LENGTH(f->object);
    const int width = PyUnicode_KIND(f->object);
    if (form == WRITE_TEXT && (out = widen_for(e, out, f->object)) == NULL) return NULL; /* each piece begins as ASCII */
    while (f->index < n) {
        Py_ssize_t some = n - f->index < CHUNK ? n - f->index : CHUNK;
        const uint8_t *at = (const uint8_t *)PyUnicode_DATA(f->object) + f->index * width;
        out = write_some(e, out, f->object, at, (size_t)some, width, PyUnicode_IS_ASCII(f->object), form);
        if (out == NULL) return NULL;
        f->index += some;
        if (is_full(e, out)) return out;
    }
    out = room(e, out, SLACK, form);
    if (out == NULL) return NULL;
    out = put(e, out, '"', form);
    encode_pieces_pop(p);
    return out;
}

/* ---- steps ---- */

/* A step of a frame that is seldom. */
static ALWAYS_INLINE uint8_t *step_odd(encode_pieces *p, encode_frame *f, uint8_t *out, write_form form)
{
    switch (f->kind) {
    case FRAME_ITERABLE: return step_iterable(p, f, out, form);
    case FRAME_VIEW: return step_view(p, f, out, form);
    case FRAME_DEFAULT: return step_default(p, f, out, form);
    default: return step_str(p, f, out, form);
    }
}

static NOINLINE uint8_t *step_odd_ascii(encode_pieces *p, encode_frame *f, uint8_t *out) { return step_odd(p, f, out, WRITE_ASCII); }
static NOINLINE uint8_t *step_odd_text(encode_pieces *p, encode_frame *f, uint8_t *out) { return step_odd(p, f, out, WRITE_TEXT); }

/* Steps up to where encode_step looks again. */
static ALWAYS_INLINE uint8_t *steps(encode_pieces *p, uint8_t *out, write_form form)
{
    while (LIKELY(out != NULL) && p->used > 0 && !stops(&p->e, out, form)) {
        encode_frame *f = &p->frames[p->used - 1];
        if (f->key != NULL) Py_CLEAR(f->key); /* its value is behind */
        f = &p->frames[p->used - 1];
        if (f->kind == FRAME_SEQUENCE) out = step_sequence(p, f, out, form);
        else if (f->kind == FRAME_DICT) out = step_dict(p, f, out, form);
        else if (f->kind == FRAME_SORTED) out = step_sorted(p, f, out, form);
        else out = form == WRITE_ASCII ? step_odd_ascii(p, f, out) : step_odd_text(p, f, out);
    }
    return out;
}

static NOINLINE uint8_t *steps_ascii(encode_pieces *p, uint8_t *out) { return steps(p, out, WRITE_ASCII); }
static NOINLINE uint8_t *steps_text1(encode_pieces *p, uint8_t *out) { return steps(p, out, WRITE_TEXT1); }
static NOINLINE uint8_t *steps_text2(encode_pieces *p, uint8_t *out) { return steps(p, out, WRITE_TEXT2); }
static NOINLINE uint8_t *steps_text4(encode_pieces *p, uint8_t *out) { return steps(p, out, WRITE_TEXT4); }

uint8_t *CPU_NAME(encode_step)(encode_pieces *p, uint8_t *out)
{
    encoder *e = &p->e;
    const int ascii = p->options.form == ENCODE_ASCII;
    if (p->root != NULL) {
        PyObject *root = p->root;
        p->root = NULL;
        e->flush_size = ENCODE_CHUNK;
        out = ascii ? write_or_begin(p, out, root, WRITE_ASCII) : write_or_begin(p, out, root, WRITE_TEXT);
        Py_DECREF(root);
    }
    while (out != NULL && p->used > 0) {
        e->flush_size = (size_t)ENCODE_CHUNK * (size_t)e->b.width;
        if (is_full(e, out)) return out;
        if (ascii) out = steps_ascii(p, out);
        else if (e->b.width == 1) out = steps_text1(p, out);
        else out = e->b.width == 2 ? steps_text2(p, out) : steps_text4(p, out);
    }
    return out;
}
