/* The functions that encode to a str or bytes. */
#include "encode/pieces.h"
#include "module/functions.h"
#include "module/names.h"
#include "module/options.h"

PyObject *core_encode_with(PyObject *core, PyObject *const *args, Py_ssize_t nargs) {
    core_state *state = state_of(core);
    if (!takes_two("encode_with", nargs)) return NULL;
    BY_NAME(state, NAMED_ENCODE, args, nargs, NULL);
    PyObject *result = NULL;
    outcome encoded = encode_instance(state, &dumps_defaults, args[0], args[1], 0, &result);
    return encoded == LEFT ? PyObject_CallFunctionObjArgs(state->json_encode, args[0], args[1], NULL) : result;
}

PyObject *core_one_shot_with(PyObject *core, PyObject *const *args, Py_ssize_t nargs) {
    core_state *state = state_of(core);
    if (!takes_two("one_shot_with", nargs)) return NULL;
    PyObject *result = NULL;
    outcome encoded = encode_by_attributes(state, &dumps_defaults, args[0], args[1], 0, &result);
    return encoded == LEFT ? Py_NewRef(Py_None) : result;
}

PyObject *core_iterencode_with(PyObject *core, PyObject *const *args, Py_ssize_t nargs) {
    core_state *state = state_of(core);
    if (!takes_two("iterencode_with", nargs)) return NULL;
    BY_NAME(state, NAMED_ITERENCODE, args, nargs, NULL);
    prepared p = {.o = dumps_defaults};
    p.o.as_generator = 1;
    PyObject *function = NULL, *result = NULL;
    outcome taken = prepare_instance(state, &p, args[0], args[1], &function);
    if (taken == LEFT) result = PyObject_CallFunctionObjArgs(state->json_iterencode, args[0], args[1], NULL);
    else if (taken == DONE) {
        PyObject *kept = PyTuple_Pack(5, core, function != NULL ? function : Py_None, p.item_separator, p.key_separator,
                                      p.indent != NULL ? p.indent : Py_None);
        if (kept != NULL) result = encode_pieces_new(state->pieces_type, &state->encode, &p.o, args[1], kept);
        Py_XDECREF(kept);
    }
    Py_XDECREF(function);
    prepared_clear(&p);
    return result;
}

/* cls(skipkeys=..., ...): every argument, as the stdlib passes them. */
static PyObject *make_encoder(core_state *state, PyObject *cls, PyObject **v, PyObject *others) {
    static const signed char defaults[D_COUNT] = {[D_ENSURE_ASCII] = 1, [D_CHECK_CIRCULAR] = 1, [D_ALLOW_NAN] = 1,
                                                  [D_INDENT] = -1,      [D_SEPARATORS] = -1,    [D_DEFAULT] = -1};
    PyObject *keywords = PyDict_New(), *encoder = NULL;
    if (keywords == NULL) return NULL;
    for (int i = D_SKIPKEYS; i < D_COUNT; i++) {
        if (i == D_CLS) continue;
        PyObject *value = v[i] != NULL ? v[i] : defaults[i] < 0 ? Py_None : defaults[i] ? Py_True : Py_False;
        if (put_argument(state, keywords, dumps_names[i], value)) goto done;
    }
    if (others == NULL || !PyDict_Update(keywords, others)) encoder = call_with(cls, keywords);
done:
    Py_DECREF(keywords);
    return encoder;
}

int is_plain_class(core_state *state, PyObject *cls) {
    return cls == NULL || cls == state->json_encoder_class || cls == state->encoder_class;
}

int is_left_to_json(core_state *state, PyObject *const *v, PyObject *others) {
    return (others != NULL && is_plain_class(state, given(v[D_CLS]))) || !flags_are_plain(v);
}

outcome encode_arguments(core_state *state, const encode_options *base, PyObject **v, PyObject *others,
                         PyObject **result, PyObject **encoder) {
    outcome encoded;
    if (is_plain_class(state, given(v[D_CLS]))) {
        prepared p = {.o = *base};
        encoded = prepare_arguments(&p, v, state->encode.unpack_pair);
        if (encoded == DONE && (*result = encode_document(&state->encode, &p.o, v[D_OBJ])) == NULL) encoded = FAILED;
        if (encoded == LEFT) {
            if (p.separators == NULL)
                p.separators = Py_BuildValue("(ss)", p.o.item_separator.text, p.o.key_separator.text);
            v[D_SEPARATORS] = p.separators;
            if (p.indent != NULL && PyUnicode_Check(p.indent)) v[D_INDENT] = p.indent; /* it may have been asked for */
            if (p.separators == NULL || (*encoder = make_encoder(state, state->json_encoder_class, v, NULL)) == NULL)
                encoded = FAILED;
        }
        prepared_clear(&p);
        return encoded;
    }
    PyObject *made = make_encoder(state, v[D_CLS], v, others);
    encoded = made == NULL ? FAILED : encode_instance(state, base, made, v[D_OBJ], !base->as_generator, result);
    if (encoded == LEFT) *encoder = made;
    else Py_XDECREF(made);
    return encoded;
}

PyObject *encode_by(core_state *state, PyObject *encoder, PyObject *object) {
    PyObject *text = PyObject_CallMethodOneArg(encoder, state->names[NAME_encode], object);
    Py_DECREF(encoder);
    return text;
}

static NOINLINE PyObject *dumps_with(core_state *state, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames) {
    PyObject *v[D_COUNT], *others = NULL, *result = NULL, *encoder = NULL;
    outcome taken = take_arguments(state, dumps_names, D_COUNT, 0, args, nargs, kwnames, v, &others);
    if (taken == LEFT || (taken == DONE && is_left_to_json(state, v, others)))
        result = PyObject_Vectorcall(state->json_dumps, args, (size_t)nargs, kwnames);
    else if (taken == DONE && encode_arguments(state, &dumps_defaults, v, others, &result, &encoder) == LEFT)
        result = encode_by(state, encoder, v[D_OBJ]);
    Py_XDECREF(others);
    return result;
}

static ALWAYS_INLINE PyObject *dumps_natively(core_state *state, PyObject *const *args, Py_ssize_t nargs,
                                              PyObject *kwnames) {
    if (UNLIKELY(nargs != 1 || kwnames != NULL)) return dumps_with(state, args, nargs, kwnames);
    return encode_document(&state->encode, &dumps_defaults, args[0]);
}

PyObject *core_dumps(PyObject *core, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames) {
    core_state *state = state_of(core);
    if (names_changed(state, group_of(NAMED_DUMPS)))
        return call_by_name_or(state, args, nargs, kwnames, NAMED_DUMPS, dumps_natively);
    return dumps_natively(state, args, nargs, kwnames);
}

static PyObject *encode_string(core_state *state, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames,
                               encode_form form) {
    if (UNLIKELY(nargs != 1) || UNLIKELY(kwnames != NULL) ||
        UNLIKELY(!PyUnicode_Check(args[0]))) /* the stdlib's words differ between versions */
        return PyObject_Vectorcall(form == ENCODE_ASCII ? state->json_escape_ascii : state->json_escape, args,
                                   (size_t)nargs, kwnames);
    encode_options o = dumps_defaults;
    o.form = form;
    return encode_document(&state->encode, &o, args[0]);
}

PyObject *core_encode_basestring(PyObject *core, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames) {
    return encode_string(state_of(core), args, nargs, kwnames, ENCODE_TEXT);
}

PyObject *core_encode_basestring_ascii(PyObject *core, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames) {
    return encode_string(state_of(core), args, nargs, kwnames, ENCODE_ASCII);
}
