/* Walks over dicts as the stdlib's encoders see them, and the text of keys that are no str. */
#include "encode/encoder.h"

#if !COMPAT_HAS_GIL
/* From the copy to the dict itself, at the same pair. The frames that walk go on with the copy's member at hand. */
static void walk_go_back(walk *w) {
    w->position = compat_dict_position(w->dict, w->position);
    w->held[0] = w->items;
    w->items = NULL;
}
#endif

/* Copy the walks under way that have no copy yet, of which those further out end last: their copies are further down
 * on the stack. The list of walks is turned round and back for that. */
static NOINLINE int copy_walks(encoder *e) {
    walk *done = e->walks, *turned = NULL;
    int bad = 0;
    if (LIKELY(done->outer == NULL) || LIKELY(done->outer->kind != WALK_DICT)) return encoder_sorted_copy(e, done);
    while (done != NULL && done->kind == WALK_DICT) {
        walk *outer = done->outer;
        done->outer = turned;
        turned = done;
        done = outer;
    }
    while (turned != NULL) {
        walk *inner = turned->outer;
        turned->outer = done;
        if (!bad) bad = encoder_sorted_copy(e, turned);
        done = turned;
        turned = inner;
    }
    CYJSON_ASSERT(e->walks == done);
    return bad;
}

int encoder_before_python(encoder *e) {
    if (encoder_check_path(e)) return -1;
    e->python_ran = 1;
    if (!COMPAT_HAS_GIL) {
        e->plain = NOT_PLAIN;
        e->plain_dicts = DICTS_NOT_PLAIN;
    } else {
        if (e->plain == PLAIN) e->plain = PLAIN_DISTURBED;
        if (e->plain_dicts == DICTS_PLAIN) e->plain_dicts = DICTS_PLAIN_DISTURBED;
    }
    encoder_sorted_hold(e);
#if !COMPAT_HAS_GIL
    for (walk *w = e->walks; w != NULL && w->items != NULL && PyTuple_CheckExact(w->items); w = w->outer)
        walk_go_back(w);
#endif
    if (!COMPAT_COPIES_ITEMS || e->options->as_generator) return 0;
    return e->walks != NULL && e->walks->kind == WALK_DICT ? copy_walks(e) : 0;
}

uint8_t *encoder_flush(encoder *e, uint8_t *out) {
    if (encoder_before_python(e)) return NULL;
    e->disturbances++;
    PyObject *piece = encoder_text(e, out);
    if (piece == NULL) return NULL;
    const encode_sink *sink = e->options->sink;
    int bad = sink->write(sink->context, piece);
    Py_DECREF(piece);
    if (!bad) return e->text.start;
    e->noted_depth = -1; /* not the containers' fault */
    return NULL;
}

int encoder_walk_is_disturbed(const walk *w) {
    if (w->kind != WALK_DICT || LIKELY(w->used == PyDict_GET_SIZE(w->dict))) return 0;
    encoder_raise(PyExc_RuntimeError, "dictionary changed size during iteration");
    return 1;
}

void *encoder_walk_is_too_long(void) {
    encoder_raise(PyExc_RuntimeError, "dictionary keys changed during iteration");
    return NULL;
}

/* The next pair of what items() gave: new references. */
static int view_step(encoder *e, walk *w, PyObject **key, PyObject **value) {
    Py_CLEAR(w->held[0]);
    Py_CLEAR(w->held[1]);
    PyObject *pair = encoder_before_python(e) ? NULL : PyIter_Next(w->items);
    if (pair != NULL && (!PyTuple_CheckExact(pair) || PyTuple_GET_SIZE(pair) != 2))
        Py_SETREF(pair, PyObject_CallOneArg(e->state->unpack_pair, pair));
    if (pair == NULL) return PyErr_Occurred() ? -1 : 0;
    *key = w->held[0] = Py_NewRef(PyTuple_GET_ITEM(pair, 0));
    *value = w->held[1] = Py_NewRef(PyTuple_GET_ITEM(pair, 1));
    Py_DECREF(pair);
    return 1;
}

static int walk_step(walk *w, PyObject **key, PyObject **value) {
#if COMPAT_HAS_GIL
    return PyDict_Next(w->dict, &w->position, key, value);
#else
    PyObject *key_before = w->held[0], *value_before = w->held[1];
    int more = compat_dict_next(w->dict, &w->position, key, value);
    w->held[0] = more ? *key : NULL;
    w->held[1] = more ? *value : NULL;
    Py_XDECREF(key_before); /* may run Python code, and no more than was allowed for */
    Py_XDECREF(value_before);
    return more;
#endif
}

int encoder_walk_next(encoder *e, walk *w, PyObject **key, PyObject **value) {
    if (w->kind == WALK_VIEW) return view_step(e, w, key, value);
    if (w->kind == WALK_SORTED) {
        if (w->position >= w->used) return 0;
        const sorted_member *m = &e->sorted[w->start + w->position++];
        *key = m->key;
        *value = m->value;
        return 1;
    }
    if (!COMPAT_HAS_GIL && w->items != NULL && PyTuple_CheckExact(w->items)) {
        compat_entries entries;
        compat_entries_of_tuple(w->items, w->position, &entries);
        if (!compat_entries_next(&entries, key, value)) return 0;
        w->position = compat_entries_index(&entries);
        return 1;
    }
    if (w->items != NULL) {
        if (w->position >= PyList_GET_SIZE(w->items)) return 0;
        PyObject *pair = PyList_GET_ITEM(w->items, w->position++);
        if (!PyTuple_Check(pair) || PyTuple_GET_SIZE(pair) != 2) {
            PyErr_SetString(PyExc_ValueError, "items must return 2-tuples");
            return -1;
        }
        *key = PyTuple_GET_ITEM(pair, 0);
        *value = PyTuple_GET_ITEM(pair, 1);
        return 1;
    }
    if (e->options->as_generator) {
        if (encoder_walk_is_disturbed(w)) return -1;
        if (!walk_step(w, key, value)) return 0;
        if (w->left-- > 0) return 1;
        encoder_walk_is_too_long();
        return -1;
    }
    return walk_step(w, key, value);
}

int encoder_walk_items(encoder *e, walk *w, PyObject *dict) {
    const int is_view = e->options->as_generator && !PyDict_CheckExact(dict);
    e->disturbances++;
    *w = (walk){.outer = e->walks, .dict = dict, .left = PY_SSIZE_T_MAX, .entered = 1};
    w->kind = is_view ? WALK_VIEW : WALK_LISTED;
    if (UNLIKELY(e->options->orjson)) {
        encoder_raise(PyExc_TypeError, "Dict key must be str");
        return -1;
    }
    if (encoder_before_python(e)) return -1;
    PyObject *items = is_view ? PyObject_CallMethod(dict, "items", NULL) : PyMapping_Items(dict);
    if (items != NULL && e->options->sort_keys && e->options->plans != NULL)
        Py_SETREF(items, plans_call("in_order", "OOi", items, e->options->plans->policy, e->options->skipkeys));
    else if (items != NULL && e->options->sort_keys) {
        if (is_view) Py_SETREF(items, PySequence_List(items));
        if (items != NULL && PyList_Sort(items)) Py_CLEAR(items);
    }
    if (items != NULL && is_view) Py_SETREF(items, PyObject_GetIter(items));
    w->items = items;
    return items == NULL ? -1 : 0;
}

void encoder_walk_close(encoder *e, walk *w) {
    if (w->kind == WALK_SORTED) {
        encoder_sorted_end(e, w->start);
        return;
    }
    Py_CLEAR(w->items);
    Py_CLEAR(w->held[0]);
    Py_CLEAR(w->held[1]);
}

static void raise_bad_key(encoder *e, PyObject *key) {
    static const char message[] = "keys must be str, int, float, bool or None, not ";
    if (e->options->as_generator) {
        PyObject *cls = PyObject_GetAttrString(key, "__class__");
        PyObject *name = cls == NULL ? NULL : PyObject_GetAttrString(cls, "__name__");
        if (name != NULL) PyErr_Format(PyExc_TypeError, "%s%S", message, name);
        Py_XDECREF(name);
        Py_XDECREF(cls);
    } else PyErr_Format(PyExc_TypeError, "%s%.100s", message, Py_TYPE(key)->tp_name);
}

/* The text of a key that a plan may be for. */
static PyObject *key_text_by_plan(encoder *e, PyObject *key) {
    PyObject *text = encoder_before_python(e) ? NULL : plans_call("key_text", "OO", key, e->options->plans->policy);
    if (text != Py_None) return text;
    Py_DECREF(text);
    if (!e->options->skipkeys) raise_bad_key(e, key);
    return NULL;
}

PyObject *encoder_key_text(encoder *e, PyObject *key) {
    if (UNLIKELY(e->options->orjson)) {
        PyErr_SetString(PyExc_TypeError, "Dict key must be str");
        return NULL;
    }
    const encode_plans *plans = e->options->plans;
    if (plans != NULL && PyFloat_CheckExact(key)) {
        double value = PyFloat_AS_DOUBLE(key);
        if (plans->float_null && value - value != 0) return PyUnicode_FromString("null");
    } else if (plans != NULL && key != Py_None && !PyBool_Check(key) && !PyLong_CheckExact(key))
        return key_text_by_plan(e, key);
    if (UNLIKELY(encoder_may_claim(e, key))) {
        encoder_claim claim = encoder_claim_of(e, key, 1);
        if (claim == CLAIM_ERROR) return NULL;
        if (claim == CLAIM_SCALAR) return encoder_claimed_text(e->state, e->options, key);
    }
    if (PyFloat_Check(key)) {
        double value = PyFloat_AS_DOUBLE(key);
        if (value - value == 0) return PyFloat_Type.tp_repr(key);
        if (!e->options->allow_nan) {
            encoder_raise_not_finite(e, key);
            return NULL;
        }
        return PyUnicode_FromString(value != value ? "NaN" : value > 0 ? "Infinity" : "-Infinity");
    }
    if (key == Py_True) return PyUnicode_FromString("true");
    if (key == Py_False) return PyUnicode_FromString("false");
    if (key == Py_None) return PyUnicode_FromString("null");
    if (PyLong_Check(key)) return PyLong_Type.tp_repr(key);
    if (!e->options->skipkeys) raise_bad_key(e, key);
    return NULL;
}

int encoder_skipped_all_is_empty(encode_state *state) {
    int is_empty = compat_load_int(&state->skipped_all_is_empty);
    if (is_empty < 0) {
        PyObject *keywords = Py_BuildValue("{s:O,s:i}", "skipkeys", Py_True, "indent", 0), *text = NULL;
        PyObject *encoder = encoder_of_stdlib(state, keywords);
        PyObject *dict = encoder == NULL ? NULL : Py_BuildValue("{():i}", 1);
        if (encoder != NULL && dict != NULL) text = PyObject_CallMethod(encoder, "encode", "(O)", dict);
        if (text != NULL) compat_store_int(&state->skipped_all_is_empty, is_empty = PyUnicode_GetLength(text) == 2);
        Py_XDECREF(text);
        Py_XDECREF(dict);
        Py_XDECREF(encoder);
    }
    return is_empty;
}
