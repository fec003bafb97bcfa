/* Writing that can stop after any item: see pieces.h.
 *
 * Each step takes up the frame on top and goes on until that is left, another is above it, the piece is full, or the
 * characters have widened. All that is needed to go on stands in the frame. */

/* Whether to leave off before the next item. */
static ALWAYS_INLINE int stops(const encoder *e, const uint8_t *out, write_form form) {
    return UNLIKELY(is_full(e, out)) || has_widened(e, form);
}

/* ---- values ---- */

/* Compile `name`, of which the form is the last parameter, for ASCII and for text of any width: pieces are str. */
#define COMPILE_FOR_STR(how, name, parameters, ...) \
    static how uint8_t *name##_ascii parameters { return name(__VA_ARGS__, WRITE_ASCII); } \
    static how uint8_t *name##_text parameters { return name(__VA_ARGS__, WRITE_TEXT); }
#define FOR_STR(name, form) ((form) == WRITE_ASCII ? name##_ascii : name##_text)

/* Begin a container. */
static ALWAYS_INLINE uint8_t *begin_container(encode_pieces *p, uint8_t *out, PyObject *object, frame_kind kind,
                                              write_form form) {
    encoder *e = &p->e;
    const int is_array = kind != FRAME_DICT;
    int empty;
    if (kind == FRAME_SEQUENCE) empty = PySequence_Fast_GET_SIZE(object) == 0;
    else if (PyDict_CheckExact(object)) empty = PyDict_GET_SIZE(object) == 0;
    else empty = encoder_before_python(e) ? -1 : PyObject_Not(object);
    if (UNLIKELY(empty < 0)) return NULL;
    out = room(e, out, SLACK, form);
    if (UNLIKELY(out == NULL)) return NULL;
    if (empty) return put_bytes(e, out, is_array ? "[]" : "{}", 2, form);
    if (UNLIKELY(encode_pieces_push(p, kind, object) == NULL)) return NULL;
    e->level++;
    return kind == FRAME_ITERABLE ? out : put(e, out, is_array ? '[' : '{', form); /* see step_iterable */
}

/* Begin a value that isn't a leaf. */
static ALWAYS_INLINE uint8_t *begin_other(encode_pieces *p, uint8_t *out, PyObject *object, write_form form) {
    encoder *e = &p->e;
    if (PyDict_CheckExact(object)) return begin_container(p, out, object, FRAME_DICT, form);
    if (PyList_CheckExact(object) || PyTuple_CheckExact(object))
        return begin_container(p, out, object, FRAME_SEQUENCE, form);
    if (PyUnicode_Check(object) && PyUnicode_GET_LENGTH(object) > e->long_str) {
        out = compat_str_ready(object) ? NULL : room(e, out, SLACK, form);
        if (out == NULL || encode_pieces_push(p, FRAME_STR, object) == NULL) return NULL;
        return put(e, out, '"', form);
    }
    Py_INCREF(object); /* Python code may run and drop it from its container */
    encoder_claim claim = UNLIKELY(encoder_may_claim(e, object)) ? encoder_claim_of(e, object, 0) : CLAIM_TYPE;
    if (claim == CLAIM_TYPE) {
        if (PyList_Check(object) || PyTuple_Check(object)) claim = CLAIM_LIST;
        else if (compat_is_dict(object)) claim = CLAIM_DICT;
    }
    if (claim == CLAIM_ERROR) out = NULL;
    else if (claim == CLAIM_SCALAR) out = write_claimed(e, out, object, form);
    else if (claim == CLAIM_LIST) out = begin_container(p, out, object, FRAME_ITERABLE, form);
    else if (claim == CLAIM_DICT) out = begin_container(p, out, object, FRAME_DICT, form);
    else if (claim == CLAIM_TYPE && write_odd_scalar(e, &out, object, form)) {
    } else if (encode_pieces_push(p, FRAME_DEFAULT, object) == NULL) out = NULL;
    Py_DECREF(object);
    return out;
}

COMPILE_FOR_STR(NOINLINE, begin_other, (encode_pieces * p, uint8_t *out, PyObject *object), p, out, object)

/* Any value, where it is rare: written, or a frame on top for it. NULL with an exception set, and no frame. */
static ALWAYS_INLINE uint8_t *write_or_begin(encode_pieces *p, uint8_t *out, PyObject *object, write_form form) {
    if (FOR_STR(write_rare_leaf, form)(&p->e, &out, object, Py_TYPE(object))) return out;
    return FOR_STR(begin_other, form)(p, out, object);
}

/* The value of a member, which isn't written yet; `key` as a note says it. */
static ALWAYS_INLINE uint8_t *begin_member(encode_pieces *p, uint8_t *out, PyObject *key, PyObject *value,
                                           write_form form) {
    Py_ssize_t at = p->used - 1;
    p->frames[at].key = Py_NewRef(key);
    out = write_or_begin(p, out, value, form);
    if (UNLIKELY(out == NULL)) p->frames[at].in_value = 1;
    return out;
}
COMPILE_FOR_STR(NOINLINE, begin_member, (encode_pieces * p, uint8_t *out, PyObject *key, PyObject *value), p, out, key,
                value)

/* A whole member, whatever its key and value are. */
static ALWAYS_INLINE uint8_t *step_member(encode_pieces *p, uint8_t *out, PyObject *key, PyObject *value,
                                          write_form form) {
    encode_frame *f = &p->frames[p->used - 1];
    Py_INCREF(key);
    Py_INCREF(value);
    PyObject *text = PyUnicode_Check(key) ? Py_NewRef(key) : encoder_key_text(&p->e, key);
    if (text == NULL) out = PyErr_Occurred() ? NULL : out; /* it is skipped */
    else if ((out = FOR_STR(write_rare_key, form)(&p->e, out, text, f->first)) != NULL) {
        f->first = 0;
        out = begin_member(p, out, text, value, form);
    }
    Py_XDECREF(text);
    Py_DECREF(key);
    Py_DECREF(value);
    return out;
}
COMPILE_FOR_STR(SELDOM, step_member, (encode_pieces * p, uint8_t *out, PyObject *key, PyObject *value), p, out, key,
                value)

/* ---- one step of each kind of frame ---- */

/* The end of an array or object, and of its frame. `none`: the object has no members. */
static ALWAYS_INLINE uint8_t *end_container(encode_pieces *p, uint8_t *out, int is_array, int none, write_form form) {
    if (UNLIKELY(none)) out = FOR_STR(write_skipped_end, form)(&p->e, out);
    else out = write_end(&p->e, out, is_array ? ']' : '}', form, STYLE_ANY);
    if (LIKELY(out != NULL)) encode_pieces_pop(p);
    return out;
}

static ALWAYS_INLINE uint8_t *step_sequence(encode_pieces *p, encode_frame *f, uint8_t *out, write_form form) {
    encoder *e = &p->e;
    PyObject *list = f->object;
    PyObject *const *items = compat_items(list);
    Py_ssize_t i = f->index, n = PySequence_Fast_GET_SIZE(list), at = p->used - 1; /* leaves change nothing */
    const size_t between = between_size(e);
    for (; !stops(e, out, form); i++) {
        if (!COMPAT_HAS_GIL) n = PySequence_Fast_GET_SIZE(list);
        if (i >= n) return end_container(p, out, 1, 0, form);
        PyObject *item = compat_item(list, items, i);
        if (!COMPAT_HAS_GIL && UNLIKELY(item == NULL)) return end_container(p, out, 1, 0, form);
        out = write_start(e, out, i == 0, between, form, STYLE_ANY);
        if (UNLIKELY(out == NULL)) {
            compat_item_done(item);
            return NULL;
        }
        prefetch_items(items, i, n);
        if (LIKELY(write_leaf(e, &out, item, 0, form, STYLE_ANY))) {
            compat_item_done(item);
            if (LIKELY(out != NULL)) continue;
        } else {
            prefetch_inside(e, items, i, n);
            f->index = i + 1;
            out = FOR_STR(begin_other, form)(p, out, item);
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

static ALWAYS_INLINE uint8_t *step_iterable(encode_pieces *p, encode_frame *f, uint8_t *out, write_form form) {
    encoder *e = &p->e;
    Py_ssize_t at = p->used - 1;
    if (f->iterator == NULL && (encoder_before_python(e) || (f->iterator = PyObject_GetIter(f->object)) == NULL))
        return NULL;
    PyObject *item = encoder_before_python(e) ? NULL : PyIter_Next(f->iterator);
    if (item == NULL) return PyErr_Occurred() ? NULL : end_container(p, out, 1, 0, form);
    int first = f->index++ == 0;
    /* The generator writes the bracket together with the first item: a list that isn't empty but gives none has
     * none. */
    out = room(e, out, SLACK, form);
    if (out != NULL && first) out = put(e, out, '[', form);
    if (out != NULL) out = write_start(e, out, first, between_size(e), form, STYLE_ANY);
    if (out != NULL && (out = write_or_begin(p, out, item, form)) == NULL) p->frames[at].in_value = 1;
    Py_DECREF(item);
    return out;
}

static ALWAYS_INLINE uint8_t *step_dict(encode_pieces *p, encode_frame *f, uint8_t *out, write_form form) {
    encoder *e = &p->e;
    walk *w = &f->w;
    const size_t between = between_size(e);
    PyObject *key, *value;
    compat_entries entries;
    if (w->dict == NULL) { /* after the brace: a piece may end between them */
        int opened = PyDict_CheckExact(f->object);
        if (opened && UNLIKELY(p->options.sort_keys)) opened = encoder_walk_sorted(e, w, f->object, 1);
        if (UNLIKELY(opened <= 0)) {
            if (opened < 0 || encoder_walk_items(e, w, f->object)) return NULL;
        } else if (w->dict == NULL) {
            w->dict = f->object; /* not a copy of it: Python code may run between two pieces */
            w->used = w->left = PyDict_GET_SIZE(f->object);
        }
    }
    if (!walk_entries(e, w, &entries)) {
        int more = encoder_walk_next(e, w, &key, &value);
        if (more > 0) return FOR_STR(step_member, form)(p, out, key, value);
        return more < 0 ? NULL : end_container(p, out, 0, f->first, form);
    }
    if (UNLIKELY(encoder_walk_is_disturbed(w))) return NULL;
    int first = f->first;
    while (!stops(e, out, form)) {
        if (UNLIKELY(!compat_entries_next(&entries, &key, &value))) return end_container(p, out, 0, first, form);
        compat_entries_prefetch(&entries);
        if (UNLIKELY(w->left-- <= 0)) return encoder_walk_is_too_long();
        if (UNLIKELY(Py_TYPE(key) != &PyUnicode_Type)) {
            walk_stands_at(w, &entries);
            f->first = first;
            return FOR_STR(step_member, form)(p, out, key, value);
        }
        out = write_key(e, out, key, &first, between, form, STYLE_ANY);
        if (UNLIKELY(out == NULL)) return NULL;
        if (LIKELY(!has_widened(e, form)) && LIKELY(write_leaf(e, &out, value, 1, form, STYLE_ANY))) {
            if (LIKELY(out != NULL)) continue;
            f->key = Py_NewRef(key);
            f->in_value = 1;
            return NULL;
        }
        walk_stands_at(w, &entries);
        f->first = 0;
        return FOR_STR(begin_member, form)(p, out, key, value);
    }
    walk_stands_at(w, &entries);
    f->first = first;
    return out;
}

static ALWAYS_INLINE uint8_t *step_default(encode_pieces *p, encode_frame *f, uint8_t *out, write_form form) {
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
static ALWAYS_INLINE uint8_t *step_str(encode_pieces *p, encode_frame *f, uint8_t *out, write_form form) {
    encoder *e = &p->e;
    Py_ssize_t n = PyUnicode_GET_LENGTH(f->object);
    const int width = PyUnicode_KIND(f->object);
    if (form == WRITE_TEXT && (out = widen_for(e, out, f->object)) == NULL)
        return NULL; /* each piece begins as ASCII */
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

/* A step of a frame that is rare. */
static ALWAYS_INLINE uint8_t *step_odd(encode_pieces *p, encode_frame *f, uint8_t *out, write_form form) {
    if (f->kind == FRAME_ITERABLE) return step_iterable(p, f, out, form);
    return f->kind == FRAME_DEFAULT ? step_default(p, f, out, form) : step_str(p, f, out, form);
}
COMPILE_FOR_STR(SELDOM, step_odd, (encode_pieces * p, encode_frame *f, uint8_t *out), p, f, out)

/* Steps up to where encode_step looks again. */
static ALWAYS_INLINE uint8_t *steps(encode_pieces *p, uint8_t *out, write_form form) {
    while (LIKELY(out != NULL) && p->used > 0 && !stops(&p->e, out, form)) {
        encode_frame *f = &p->frames[p->used - 1];
        if (f->key != NULL) Py_CLEAR(f->key); /* its value is behind */
        f = &p->frames[p->used - 1];
        if (f->kind == FRAME_SEQUENCE) out = step_sequence(p, f, out, form);
        else if (f->kind == FRAME_DICT) out = step_dict(p, f, out, form);
        else out = FOR_STR(step_odd, form)(p, f, out);
    }
    return out;
}

static NOINLINE uint8_t *steps_ascii(encode_pieces *p, uint8_t *out) { return steps(p, out, WRITE_ASCII); }
static NOINLINE uint8_t *steps_text1(encode_pieces *p, uint8_t *out) { return steps(p, out, WRITE_TEXT1); }
static NOINLINE uint8_t *steps_text2(encode_pieces *p, uint8_t *out) { return steps(p, out, WRITE_TEXT2); }
static NOINLINE uint8_t *steps_text4(encode_pieces *p, uint8_t *out) { return steps(p, out, WRITE_TEXT4); }

uint8_t *encode_step(encode_pieces *p, uint8_t *out) {
    encoder *e = &p->e;
    const int ascii = p->options.form == ENCODE_ASCII;
    if (p->root != NULL) {
        PyObject *root = p->root;
        p->root = NULL;
        e->flush_size = ENCODE_CHUNK;
        encoder_mark_full(e);
        out = ascii ? write_or_begin(p, out, root, WRITE_ASCII) : write_or_begin(p, out, root, WRITE_TEXT);
        Py_DECREF(root);
    }
    while (out != NULL && p->used > 0) {
        e->flush_size = (size_t)ENCODE_CHUNK * (size_t)e->text.width;
        encoder_mark_full(e);
        if (is_full(e, out)) return out;
        if (ascii) out = steps_ascii(p, out);
        else if (e->text.width == 1) out = steps_text1(p, out);
        else out = e->text.width == 2 ? steps_text2(p, out) : steps_text4(p, out);
    }
    return out;
}
