/* Part of core.c: how an object is encoded, and with what. */

/* encode_options with the references that they borrow from. */
typedef struct {
    encode_options o;
    PyObject *item_separator, *key_separator, *indent, *separators;
} prepared;

static void prepared_clear(prepared *p)
{
    Py_XDECREF(p->item_separator);
    Py_XDECREF(p->key_separator);
    Py_XDECREF(p->indent);
    Py_XDECREF(p->separators);
}

/* 0; 1 where it isn't text that can be copied as it is, which the stdlib then deals with; -1 with an exception set. A
 * subclass may have a __str__ or __mul__ of its own. */
static int prepare_piece(encode_piece *piece, PyObject *text, encode_form form)
{
    if (!PyUnicode_CheckExact(text)) return 1;
    if (compat_str_ready(text)) return -1;
    /* The UTF-8 of others stays in the str, where 3.13 has two threads that ask for it put theirs at once. */
    if ((form != ENCODE_UTF8 || !COMPAT_HAS_GIL) && !PyUnicode_IS_ASCII(text)) return 1;
    piece->text = PyUnicode_AsUTF8AndSize(text, &piece->size);
    if (piece->text != NULL) return 0;
    if (!PyErr_ExceptionMatches(PyExc_UnicodeEncodeError)) return -1;
    PyErr_Clear(); /* a lone surrogate: an error only if it is written */
    return 1;
}

static int truth(PyObject *value, int otherwise) { return value == NULL ? otherwise : PyObject_IsTrue(value); }

/* Fill in the indentation (None or NULL: none) and the separators that p holds. As prepare_piece. */
static int prepare_pieces(prepared *p, PyObject *indent)
{
    encode_options *o = &p->o;
    int odd;
    o->indented = indent != NULL && indent != Py_None;
    if (o->indented) {
        if (PyUnicode_Check(indent)) p->indent = Py_NewRef(indent);
        else {
            PyObject *space = PyUnicode_FromString(" ");
            p->indent = space == NULL ? NULL : PyNumber_Multiply(space, indent);
            Py_XDECREF(space);
            if (p->indent == NULL) return -1;
        }
        if ((odd = prepare_piece(&o->indent, p->indent, o->form))) return odd;
        if (COMPAT_INDENTS_AS_GENERATOR) o->as_generator = 1;
    }
    if ((odd = prepare_piece(&o->item_separator, p->item_separator, o->form))) return odd;
    return prepare_piece(&o->key_separator, p->key_separator, o->form);
}

static const encode_options dumps_defaults = {
    .form = ENCODE_ASCII,
    .item_separator = {", ", 2},
    .key_separator = {": ", 2},
    .check_circular = 1,
    .allow_nan = 1,
};

static const encode_options encode_defaults = {
    .form = ENCODE_UTF8,
    .item_separator = {",", 1},
    .key_separator = {":", 1},
    .check_circular = 1,
};

/* The first is dump's and encode's too, in this order; dump has fp besides. */
static const name dumps_names[] = {NAME_obj, NAME_skipkeys, NAME_ensure_ascii, NAME_check_circular, NAME_allow_nan, NAME_cls,
                                   NAME_indent, NAME_separators, NAME_default, NAME_sort_keys};
enum { D_OBJ, D_SKIPKEYS, D_ENSURE_ASCII, D_CHECK_CIRCULAR, D_ALLOW_NAN, D_CLS, D_INDENT, D_SEPARATORS, D_DEFAULT, D_SORT_KEYS, D_COUNT };

/* The options from a call's arguments, for the stdlib's class or ours. As prepare_piece. */
static int prepare_arguments(prepared *p, PyObject **v, PyObject *unpack_pair)
{
    encode_options *o = &p->o;
    int skipkeys = truth(v[D_SKIPKEYS], 0), ascii = truth(v[D_ENSURE_ASCII], 1);
    int circular = truth(v[D_CHECK_CIRCULAR], 1), nan = truth(v[D_ALLOW_NAN], 1), sort = truth(v[D_SORT_KEYS], 0);
    if (skipkeys < 0 || ascii < 0 || circular < 0 || nan < 0 || sort < 0) return -1;
    o->skipkeys = skipkeys;
    o->check_circular = circular;
    o->sort_keys = sort;
    if (o->form != ENCODE_UTF8) {
        o->allow_nan = nan;
        o->form = ascii ? ENCODE_ASCII : ENCODE_TEXT;
    }
    o->default_function = given(v[D_DEFAULT]);
    PyObject *indent = given(v[D_INDENT]);
    PyObject *separators = given(v[D_SEPARATORS]);
    if (separators != NULL) {
        p->separators = PyObject_CallOneArg(unpack_pair, separators);
        if (p->separators == NULL) return -1;
        v[D_SEPARATORS] = p->separators; /* an iterator is used up */
        p->item_separator = Py_NewRef(PyTuple_GET_ITEM(p->separators, 0));
        p->key_separator = Py_NewRef(PyTuple_GET_ITEM(p->separators, 1));
    }
    else {
        int compact = o->form == ENCODE_UTF8;
        p->item_separator = PyUnicode_FromString(indent != NULL || compact ? "," : ", ");
        p->key_separator = PyUnicode_FromString(indent == NULL && compact ? ":" : ": ");
        if (p->item_separator == NULL || p->key_separator == NULL) return -1;
    }
    /* encode() of the stdlib's looks at nothing else for a str. */
    if (PyUnicode_Check(v[D_OBJ]) && !o->as_generator) indent = NULL;
    return prepare_pieces(p, indent);
}

static int read_flag(PyObject *instance, PyObject *attribute)
{
    PyObject *value = PyObject_GetAttr(instance, attribute);
    if (value == NULL) return -1;
    int flag = PyObject_IsTrue(value);
    Py_DECREF(value);
    return flag;
}

static int is_text_alone(const encode_options *o, PyObject *object) { return PyUnicode_Check(object) && !o->as_generator; }

/* The options from an encoder's attributes, with a new reference in *function. As prepare_piece. */
static int prepare_instance(core_state *state, prepared *p, PyObject *encoder, PyObject *object, PyObject **function)
{
    encode_options *o = &p->o;
    PyObject *const *names = state->names;
    int alone = is_text_alone(o, object); /* for which encode() looks at nothing else */
    if (!alone && (o->check_circular = read_flag(encoder, names[NAME_check_circular])) < 0) return -1;
    int ascii = read_flag(encoder, names[NAME_ensure_ascii]);
    if (ascii < 0) return -1;
    if (o->form != ENCODE_UTF8) {
        o->form = ascii ? ENCODE_ASCII : ENCODE_TEXT;
        if (alone) return 0;
        if ((o->allow_nan = read_flag(encoder, names[NAME_allow_nan])) < 0) return -1;
    }
    PyObject *indent = PyObject_GetAttr(encoder, names[NAME_indent]);
    if (indent == NULL) return -1;
    *function = PyObject_GetAttr(encoder, names[NAME_default]);
    p->key_separator = *function == NULL ? NULL : PyObject_GetAttr(encoder, names[NAME_key_separator]);
    p->item_separator = p->key_separator == NULL ? NULL : PyObject_GetAttr(encoder, names[NAME_item_separator]);
    int odd = -1;
    if (p->item_separator != NULL && (o->sort_keys = read_flag(encoder, names[NAME_sort_keys])) >= 0 &&
        (o->skipkeys = read_flag(encoder, names[NAME_skipkeys])) >= 0)
        odd = prepare_pieces(p, indent);
    Py_DECREF(indent);
    o->default_function = *function;
    return odd;
}

/* Whether an instance's method is one of these functions, bound to it, and nothing of its own. */
static int is_method_of(PyObject *instance, PyObject *attribute, PyObject *function, PyObject *other)
{
    PyObject *method = PyObject_GetAttr(instance, attribute);
    if (method == NULL) return -1;
    int is = PyMethod_Check(method) && PyMethod_GET_SELF(method) == instance &&
             (PyMethod_GET_FUNCTION(method) == function || PyMethod_GET_FUNCTION(method) == other);
    Py_DECREF(method);
    return is;
}

/* Encode as an instance's attributes say: 0 with *result set; 1 where its own methods have to do it, because it overrides
 * iterencode (or encode, if that is asked) or holds odd pieces; -1 with an exception set. */
static int encode_instance(core_state *state, const encode_options *base, PyObject *encoder, PyObject *object, int asks_encode, PyObject **result)
{
    int ours = asks_encode ? is_method_of(encoder, state->names[NAME_encode], state->json_encode, state->our_encode) : 1;
    if (ours > 0 && !is_text_alone(base, object)) ours = is_method_of(encoder, state->names[NAME_iterencode], state->json_iterencode, state->our_iterencode);
    if (ours <= 0) return ours < 0 ? -1 : 1;
    prepared p = {.o = *base};
    PyObject *function = NULL;
    int odd = prepare_instance(state, &p, encoder, object, &function);
    if (odd == 0 && (*result = encode_document(&state->encode, &p.o, object)) == NULL) odd = -1;
    Py_XDECREF(function);
    prepared_clear(&p);
    return odd;
}
