/* Part of core.c: JSONEncoder.encode and JSONDecoder.decode of an instance of which nothing is odd. */

/* Whether a class's attribute is one of these two, or is missing where both are NULL. As the next two, it runs no __get__. */
static int class_attribute_is(core_state *state, PyTypeObject *type, name n, PyObject *wanted, PyObject *other)
{
    PyObject *value = _PyType_Lookup(type, state->names[n]);
    return value == wanted || (value != NULL && value == other);
}

static int class_text_is(core_state *state, PyTypeObject *type, name n, const char *wanted)
{
    PyObject *value = _PyType_Lookup(type, state->names[n]);
    return value != NULL && PyUnicode_CheckExact(value) && PyUnicode_CompareWithASCIIString(value, wanted) == 0;
}

/* Whether it is a Python function: asking an instance for it runs nothing either, and the instance's own __dict__ comes first. */
static int class_has_function(core_state *state, PyTypeObject *type, name n)
{
    PyObject *value = _PyType_Lookup(type, state->names[n]);
    return value != NULL && PyFunction_Check(value);
}

/* Whether an instance's attributes are those of its own __dict__, or else the class's, as objects usually have them; and whether
 * there still are names to ask for, which the garbage collector may have taken at the interpreter's end. */
static int has_plain_attributes(core_state *state, PyTypeObject *type)
{
    return state->names[0] != NULL && type->tp_getattro == PyObject_GenericGetAttr && Py_TYPE(type) == &PyType_Type;
}

/* What an encoder's __init__ sets. */
static const name encoder_attributes[] = {NAME_skipkeys, NAME_ensure_ascii, NAME_check_circular, NAME_allow_nan, NAME_sort_keys, NAME_indent,
                                          NAME_item_separator, NAME_key_separator, NAME_default, NAME_iterencode};
enum { E_SKIPKEYS, E_ENSURE_ASCII, E_CHECK_CIRCULAR, E_ALLOW_NAN, E_SORT_KEYS, E_INDENT, E_ITEM_SEPARATOR, E_KEY_SEPARATOR, E_DEFAULT, E_ITERENCODE, E_COUNT };

/* Whether an encoder of this class has nothing that matters but what __init__ sets, and perhaps a default() of its own; looked up
 * once. Leaves no exception. */
static int knows_encoder(core_state *state, PyTypeObject *type)
{
    known_class *known = &state->known_encoder;
    if (!COMPAT_HAS_TYPE_VERSIONS) return 0;
    unsigned version = compat_type_version(type);
    if (LIKELY(version != 0 && version == known->version)) return 1;
    if (!has_plain_attributes(state, type) || !class_attribute_is(state, type, NAME_iterencode, state->json_iterencode, state->our_iterencode)) return 0;
    for (int i = E_SKIPKEYS; i <= E_INDENT; i++)
        if (!class_attribute_is(state, type, encoder_attributes[i], NULL, NULL)) return 0;
    int usual = class_text_is(state, type, NAME_item_separator, ", ") && class_text_is(state, type, NAME_key_separator, ": ");
    known->own_default = !class_attribute_is(state, type, NAME_default, state->json_default, NULL);
    if (known->own_default && !class_has_function(state, type, NAME_default)) usual = 0;
    known->version = usual ? compat_type_version(type) : 0;
    return known->version != 0;
}

/* An instance's __dict__: NULL where it has none, or with MemoryError set. */
static PyObject *dict_of(PyObject *instance)
{
    PyObject *dict = PyObject_GenericGetDict(instance, NULL);
    if (dict == NULL && !PyErr_ExceptionMatches(PyExc_MemoryError)) PyErr_Clear();
    return dict;
}

/* Which of these names an attribute has, asking for the likeliest first: count, or -1 where its address can't tell. */
static int which_of(core_state *state, const name *names, int count, Py_ssize_t likely, PyObject *key)
{
    if (LIKELY(likely < count) && LIKELY(state->names[names[likely]] == key)) return (int)likely;
    for (int i = 0; i < count; i++)
        if (state->names[names[i]] == key) return i;
    return PyUnicode_CheckExact(key) && PyUnicode_CHECK_INTERNED(key) ? count : -1; /* may be equal all the same */
}

/* The attributes of an instance's own that have one of these names, mostly in this order, borrowed, NULL where one is missing: 1;
 * 0 where its __dict__ has to tell, -1 where a name can't be told by its address. */
static int attributes_in(core_state *state, PyObject *instance, const name *names, int count, PyObject **found)
{
    PyObject *const *keys, *const *values;
    Py_ssize_t n;
    for (int i = 0; i < count; i++) found[i] = NULL;
    if (!compat_attributes(state->attributes_known, instance, &keys, &values, &n)) return 0;
    for (Py_ssize_t at = 0; at < n; at++) {
        int i = values[at] == NULL ? count : which_of(state, names, count, at, keys[2 * at]);
        if (i < 0) return -1;
        if (i < count) found[i] = values[at];
    }
    return 1;
}

/* As attributes_in, asking for its __dict__ where need be: 0, or 1 where they can't be told, or -1 with MemoryError set. */
static int own_attributes(core_state *state, PyObject *instance, const name *names, int count, PyObject **found)
{
    int had = attributes_in(state, instance, names, count, found);
    if (had != 0) return had < 0;
    PyObject *dict = dict_of(instance), *key, *value;
    if (UNLIKELY(dict == NULL)) return PyErr_Occurred() ? -1 : 1;
    Py_ssize_t position = 0;
    int i = 0;
    for (Py_ssize_t at = 0; i >= 0 && PyDict_Next(dict, &position, &key, &value); at++)
        if ((i = which_of(state, names, count, at, key)) >= 0 && i < count) found[i] = value;
    Py_DECREF(dict); /* the instance holds it */
    return i < 0;
}

/* A flag that is exactly a bool: 0, or 1 where it isn't. */
static int plain_flag(PyObject *value, int *flag)
{
    *flag = value == Py_True;
    return value != Py_True && value != Py_False;
}

/* JSONEncoder.encode for an encoder that has nothing unusual. */
static PyObject *encode_quickly(PyObject *core, PyObject *encoder, PyObject *object)
{
    core_state *state = state_of(core);
    if (UNLIKELY(!knows_encoder(state, Py_TYPE(encoder)))) return NULL;
    int own_default = state->known_encoder.own_default;
    PyObject *v[E_COUNT], *function = NULL, *result = NULL;
    prepared p = {.o = dumps_defaults};
    int ascii, odd = own_attributes(state, encoder, encoder_attributes, E_COUNT, v);
    if (!odd) odd = v[E_INDENT] != Py_None || v[E_ITERENCODE] != NULL || plain_flag(v[E_SKIPKEYS], &p.o.skipkeys) || plain_flag(v[E_ENSURE_ASCII], &ascii) ||
                    plain_flag(v[E_CHECK_CIRCULAR], &p.o.check_circular) || plain_flag(v[E_ALLOW_NAN], &p.o.allow_nan) || plain_flag(v[E_SORT_KEYS], &p.o.sort_keys);
    if (!odd && !ascii) p.o.form = ENCODE_TEXT;
    if (!odd && v[E_ITEM_SEPARATOR] != NULL) odd = prepare_piece(&p.o.item_separator, p.item_separator = Py_NewRef(v[E_ITEM_SEPARATOR]), p.o.form);
    if (!odd && v[E_KEY_SEPARATOR] != NULL) odd = prepare_piece(&p.o.key_separator, p.key_separator = Py_NewRef(v[E_KEY_SEPARATOR]), p.o.form);
    if (!odd && v[E_DEFAULT] != NULL) function = Py_NewRef(v[E_DEFAULT]);
    else if (!odd && UNLIKELY(own_default) && (function = PyObject_GetAttr(encoder, state->names[NAME_default])) == NULL) odd = -1;
    p.o.default_function = function;
    if (!odd) result = encode_document(&state->encode, &p.o, object);
    Py_XDECREF(function);
    prepared_clear(&p);
    return result;
}

static int knows_decoder(core_state *state, PyTypeObject *type)
{
    known_class *known = &state->known_decoder;
    if (!COMPAT_HAS_TYPE_VERSIONS) return 0;
    unsigned version = compat_type_version(type);
    if (LIKELY(version != 0 && version == known->version)) return 1;
    if (!has_plain_attributes(state, type) || !class_attribute_is(state, type, NAME_raw_decode, state->json_raw_decode, NULL) ||
        !class_attribute_is(state, type, NAME_scan_once, NULL, NULL))
        return 0;
    known->version = compat_type_version(type);
    return known->version != 0;
}

/* JSONDecoder.decode for a decoder that has nothing unusual. */
static PyObject *decode_quickly(PyObject *core, PyObject *decoder, PyObject *text)
{
    core_state *state = state_of(core);
    if (UNLIKELY(!PyUnicode_CheckExact(text)) || UNLIKELY(!knows_decoder(state, Py_TYPE(decoder)))) return NULL;
    static const name names[] = {NAME_raw_decode, NAME_scan_once};
    PyObject *found[2], *dict = NULL, *result = NULL;
    int had = attributes_in(state, decoder, names, 2, found);
    if (had < 0) return NULL;
    if (had == 0) {
        if (UNLIKELY((dict = dict_of(decoder)) == NULL)) return NULL;
        found[0] = PyDict_GetItemWithError(dict, state->names[NAME_raw_decode]);
        if (LIKELY(found[0] == NULL) && LIKELY(!PyErr_Occurred())) /* asked for last: a key's __eq__ may run */
            found[1] = PyDict_GetItemWithError(dict, state->names[NAME_scan_once]);
    }
    PyObject *scanner = found[1];
    if (LIKELY(found[0] == NULL) && LIKELY(scanner != NULL) && LIKELY((PyObject *)Py_TYPE(scanner) == state->scanner_type)) {
        Py_INCREF(scanner);
        result = state->decode_by(scanner, text);
        Py_DECREF(scanner);
    }
    Py_XDECREF(dict);
    return result;
}

static PyObject *new_method(PyObject *core, PyObject *function, method_function quick)
{
    core_state *state = state_of(core);
    if (state->method_type == NULL && (state->method_type = method_type()) == NULL) return NULL;
    return method_new(state->method_type, core, function, quick);
}

PyObject *core_encode_method(PyObject *core, PyObject *function) { return new_method(core, function, encode_quickly); }

PyObject *core_decode_method(PyObject *core, PyObject *function, PyObject *scanner, PyObject *(*decode_by)(PyObject *scanner, PyObject *text))
{
    core_state *state = state_of(core);
    Py_XSETREF(state->scanner_type, Py_NewRef(scanner));
    state->decode_by = decode_by;
    return new_method(core, function, decode_quickly);
}
