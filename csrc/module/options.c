#include "module/options.h"

const name dumps_names[] = {NAME_obj, NAME_skipkeys, NAME_ensure_ascii, NAME_check_circular, NAME_allow_nan,
                            NAME_cls, NAME_indent,   NAME_separators,   NAME_default,        NAME_sort_keys,
                            NAME_fp};

void prepared_clear(prepared *p) {
    Py_XDECREF(p->item_separator);
    Py_XDECREF(p->key_separator);
    Py_XDECREF(p->indent);
    Py_XDECREF(p->separators);
}

/* Whether a str subclass adds or multiplies in its own way, which counts in json's generator. */
static int has_own_operators(PyObject *str) {
    const PyNumberMethods *own = Py_TYPE(str)->tp_as_number;
    return !PyUnicode_CheckExact(str) && own != NULL && (own->nb_add != NULL || own->nb_multiply != NULL);
}

/* Whether the stdlib's C encoder writes str(piece). What it indents has the characters of the item separator, which is
 * joined to a newline first, and of the indentation. */
static int is_written_by_str(const encode_options *o, const encode_piece *piece, PyObject *str) {
    int joined = piece == &o->indent || (o->indented && piece == &o->item_separator);
    return COMPAT_WRITES_STR_OF_SEPARATORS && !o->as_generator && !joined &&
           Py_TYPE(str)->tp_str != PyUnicode_Type.tp_str;
}

/* Fill in a piece, which lives as long as *text. LEFT where only the stdlib can answer, with its generator or an error.
 * Of a str subclass the characters count, or str() where the stdlib's C encoder writes that (from 3.14 on). o->indented
 * is set before. */
static outcome prepare_piece(encode_options *o, encode_piece *piece, PyObject **text) {
    if (!PyUnicode_Check(*text) || (o->as_generator && has_own_operators(*text))) return LEFT;
    if (UNLIKELY(is_written_by_str(o, piece, *text))) { /* once, where the stdlib asks at each place */
        PyObject *written = PyObject_Str(*text);
        if (written == NULL) return FAILED;
        Py_SETREF(*text, written);
    }
    PyObject *str = *text;
    if (compat_str_ready(str)) return FAILED;
    if (LIKELY(PyUnicode_IS_ASCII(str))) {
        piece->text = PyUnicode_DATA(str);
        piece->size = PyUnicode_GET_LENGTH(str);
        return DONE;
    }
    if (o->form == ENCODE_UTF8) { /* apart: what is kept in a str is put there by two threads at once in 3.13 */
        PyObject *bytes = PyUnicode_AsUTF8String(str);
        if (bytes != NULL) {
            piece->text = PyBytes_AS_STRING(bytes);
            piece->size = PyBytes_GET_SIZE(bytes);
            Py_SETREF(*text, bytes);
            return DONE;
        }
        if (!PyErr_ExceptionMatches(PyExc_UnicodeEncodeError)) return FAILED;
        PyErr_Clear(); /* a lone surrogate: an error only if it is written */
    } else if (PyUnicode_MAX_CHAR_VALUE(str) > o->widest) o->widest = PyUnicode_MAX_CHAR_VALUE(str);
    piece->odd = str;
    piece->size = PY_SSIZE_T_MAX;
    return DONE;
}

static int is_plain_flag(PyObject *value) {
    return PyBool_Check(value) || value == Py_None || PyLong_CheckExact(value) || PyUnicode_CheckExact(value);
}

static const unsigned char flags[] = {D_SKIPKEYS, D_ENSURE_ASCII, D_CHECK_CIRCULAR, D_ALLOW_NAN, D_SORT_KEYS};

int flags_are_plain(PyObject *const *v) {
    for (size_t i = 0; i < sizeof flags; i++)
        if (v[flags[i]] != NULL && !is_plain_flag(v[flags[i]])) return 0;
    return 1;
}

/* Whether what is written is what json's encode() gives, or dumps, which calls it. */
static int encode_asks_first(const encode_options *o) { return !o->as_generator && o->form != ENCODE_UTF8; }

/* " " * indent failed. json's encode() asks before whether the object is a str: LEFT where it passes for one, else
 * FAILED with what was raised first. */
static outcome refuse_indent(PyObject *object) {
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    int is_text = PyObject_IsInstance(object, (PyObject *)&PyUnicode_Type);
    if (is_text == 0) {
        PyErr_Restore(type, value, traceback);
        return FAILED;
    }
    Py_DECREF(type);
    Py_XDECREF(value);
    Py_XDECREF(traceback);
    return is_text < 0 ? FAILED : LEFT;
}

/* Fill in the indentation (None or NULL: none) and the separators that p holds, for what is written of an object. As
 * prepare_piece. */
static outcome prepare_pieces(prepared *p, PyObject *indent, PyObject *object) {
    encode_options *o = &p->o;
    outcome taken;
    o->indented = indent != NULL && indent != Py_None;
    if (o->indented) {
        if (COMPAT_INDENTS_AS_GENERATOR) o->as_generator = 1;
        int is_text = PyLong_CheckExact(indent) ? 0 : PyObject_IsInstance(indent, (PyObject *)&PyUnicode_Type);
        if (is_text < 0) return FAILED;
        if (is_text) p->indent = Py_NewRef(indent);
        else {
            PyObject *space = PyUnicode_FromString(" ");
            p->indent = space == NULL ? NULL : PyNumber_Multiply(space, indent);
            Py_XDECREF(space);
            if (p->indent == NULL) return p->asks_first ? refuse_indent(object) : FAILED;
        }
        if ((taken = prepare_piece(o, &o->indent, &p->indent)) != DONE) return taken;
    }
    if (p->item_separator == NULL) return DONE; /* none was given */
    if ((taken = prepare_piece(o, &o->item_separator, &p->item_separator)) != DONE) return taken;
    return prepare_piece(o, &o->key_separator, &p->key_separator);
}

const encode_options dumps_defaults = {
    .form = ENCODE_ASCII,
    .item_separator = {", ", 2, NULL},
    .key_separator = {": ", 2, NULL},
    .check_circular = 1,
    .allow_nan = 1,
};

const encode_options encode_defaults = {
    .form = ENCODE_UTF8,
    .item_separator = {",", 1, NULL},
    .key_separator = {":", 1, NULL},
    .check_circular = 1,
};

outcome prepare_arguments(prepared *p, PyObject **v, PyObject *unpack_pair) {
    encode_options *o = &p->o;
    p->asks_first = encode_asks_first(o);
    int is[D_COUNT] = {[D_ENSURE_ASCII] = 1, [D_CHECK_CIRCULAR] = 1, [D_ALLOW_NAN] = 1};
    for (size_t i = 0; i < sizeof flags; i++) {
        PyObject *value = v[flags[i]];
        if (value != NULL && (is[flags[i]] = PyObject_IsTrue(value)) < 0) return FAILED;
    }
    o->skipkeys = is[D_SKIPKEYS];
    o->check_circular = is[D_CHECK_CIRCULAR];
    o->sort_keys = is[D_SORT_KEYS];
    if (o->form != ENCODE_UTF8) {
        o->allow_nan = is[D_ALLOW_NAN];
        o->form = is[D_ENSURE_ASCII] ? ENCODE_ASCII : ENCODE_TEXT;
    }
    o->default_function = given(v[D_DEFAULT]);
    PyObject *indent = given(v[D_INDENT]);
    PyObject *separators = given(v[D_SEPARATORS]);
    if (separators != NULL) {
        p->separators = PyObject_CallOneArg(unpack_pair, separators);
        if (p->separators == NULL) return FAILED;
        v[D_SEPARATORS] = p->separators; /* an iterator is used up */
        p->item_separator = Py_NewRef(PyTuple_GET_ITEM(p->separators, 0));
        p->key_separator = Py_NewRef(PyTuple_GET_ITEM(p->separators, 1));
    } else if (indent != NULL) {
        o->item_separator = (encode_piece){",", 1, NULL};
        o->key_separator = (encode_piece){": ", 2, NULL};
    } /* or else those of the defaults */
    /* encode() of the stdlib's looks at nothing else for a str. */
    if (PyUnicode_Check(v[D_OBJ]) && !o->as_generator) indent = NULL;
    return prepare_pieces(p, indent, v[D_OBJ]);
}

enum { ASKED_BY_JSON = 2 };

/* A flag's truth; ASKED_BY_JSON as flags_are_plain has it; -1 with an exception set. */
static int read_flag(const encode_options *o, PyObject *instance, PyObject *attribute) {
    PyObject *value = PyObject_GetAttr(instance, attribute);
    int asks = o->form == ENCODE_UTF8 || (value != NULL && is_plain_flag(value));
    int flag = value == NULL ? -1 : asks ? PyObject_IsTrue(value) : ASKED_BY_JSON;
    Py_XDECREF(value);
    return flag;
}

/* The encoder's default(): a new reference, NULL where the class has json's, which is called without one. -1 with an
 * exception set. */
static int read_default(core_state *state, PyObject *encoder, PyObject **function) {
    PyObject *found, *name = state->names[NAME_default], *json_default = state->json_default;
    int is_function = compat_get_method(encoder, name, &found);
    if (is_function <= 0) {
        *function = found;
        return is_function;
    }
    if (found != json_default || _PyType_Lookup(Py_TYPE(state->encode.default_encoder), name) != json_default)
        *function = Py_TYPE(found)->tp_descr_get(found, encoder, (PyObject *)Py_TYPE(encoder));
    Py_DECREF(found);
    return PyErr_Occurred() ? -1 : 0;
}

outcome prepare_instance(core_state *state, prepared *p, PyObject *encoder, PyObject *object, PyObject **function) {
    encode_options *o = &p->o;
    PyObject *const *names = state->names;
    int alone = is_text_alone(o, object); /* for which encode() looks at nothing else */
    int circular = alone ? 0 : read_flag(o, encoder, names[NAME_check_circular]);
    int ascii = circular < 0 ? -1 : read_flag(o, encoder, names[NAME_ensure_ascii]);
    if (ascii < 0) return FAILED;
    int asked = (circular | ascii) & ASKED_BY_JSON, nan = 0, sort = -1, skipkeys = -1;
    if (o->form != ENCODE_UTF8) {
        o->form = ascii ? ENCODE_ASCII : ENCODE_TEXT;
        if (alone) return asked ? LEFT : DONE;
        if ((nan = read_flag(o, encoder, names[NAME_allow_nan])) < 0) return FAILED;
        o->allow_nan = nan;
    }
    PyObject *indent = PyObject_GetAttr(encoder, names[NAME_indent]);
    if (indent == NULL) return FAILED;
    int read = read_default(state, encoder, function);
    p->key_separator = read < 0 ? NULL : PyObject_GetAttr(encoder, names[NAME_key_separator]);
    p->item_separator = p->key_separator == NULL ? NULL : PyObject_GetAttr(encoder, names[NAME_item_separator]);
    if (p->item_separator != NULL && (sort = read_flag(o, encoder, names[NAME_sort_keys])) >= 0)
        skipkeys = read_flag(o, encoder, names[NAME_skipkeys]);
    asked |= (nan | sort | skipkeys) & ASKED_BY_JSON;
    o->check_circular = circular;
    o->sort_keys = sort;
    o->skipkeys = skipkeys;
    o->default_function = *function;
    outcome taken = skipkeys < 0 ? FAILED : asked ? LEFT : prepare_pieces(p, indent, object);
    Py_DECREF(indent);
    return taken;
}

outcome encode_by_attributes(core_state *state, const encode_options *base, PyObject *encoder, PyObject *object,
                             int asks_first, PyObject **result) {
    prepared p = {.o = *base, .asks_first = asks_first};
    PyObject *function = NULL;
    outcome taken = prepare_instance(state, &p, encoder, object, &function);
    if (taken == DONE && (*result = encode_document(&state->encode, &p.o, object)) == NULL) taken = FAILED;
    Py_XDECREF(function);
    prepared_clear(&p);
    return taken;
}

outcome encode_instance(core_state *state, const encode_options *base, PyObject *encoder, PyObject *object,
                        int asks_encode, PyObject **result) {
    int ours = 1;
    if (asks_encode)
        ours = is_method_of(encoder, state->names[NAME_encode], state->json_encode, state->our_encode,
                            state->installed_encode);
    if (ours > 0 && !is_text_alone(base, object))
        ours = is_method_of(encoder, state->names[NAME_iterencode], state->json_iterencode, state->our_iterencode,
                            state->installed_iterencode);
    if (ours <= 0) return ours < 0 ? FAILED : LEFT;
    return encode_by_attributes(state, base, encoder, object, encode_asks_first(base), result);
}
