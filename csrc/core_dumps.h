/* Part of core.c: the functions that encode. */

static PyObject *core_encode_with(PyObject *core, PyObject *const *args, Py_ssize_t nargs)
{
    core_state *state = state_of(core);
    if (nargs != 2) return PyErr_Format(PyExc_TypeError, "encode_with() takes 2 arguments but %zd were given", nargs);
    PyObject *result = NULL;
    int odd = encode_instance(state, &dumps_defaults, args[0], args[1], 0, &result);
    return odd > 0 ? PyObject_CallFunctionObjArgs(state->json_encode, args[0], args[1], NULL) : result;
}

static PyObject *core_iterencode_with(PyObject *core, PyObject *const *args, Py_ssize_t nargs)
{
    core_state *state = state_of(core);
    if (nargs != 2) return PyErr_Format(PyExc_TypeError, "iterencode_with() takes 2 arguments but %zd were given", nargs);
    prepared p = {.o = dumps_defaults};
    p.o.as_generator = 1;
    PyObject *function = NULL, *result = NULL;
    int odd = prepare_instance(state, &p, args[0], args[1], &function);
    if (odd > 0) result = PyObject_CallFunctionObjArgs(state->json_iterencode, args[0], args[1], NULL);
    else if (odd == 0) {
        PyObject *kept = PyTuple_Pack(5, core, function, p.item_separator, p.key_separator, p.indent != NULL ? p.indent : Py_None);
        if (kept != NULL) result = encode_pieces_new(state->pieces_type, &state->encode, &p.o, args[1], kept);
        Py_XDECREF(kept);
    }
    Py_XDECREF(function);
    prepared_clear(&p);
    return result;
}

/* cls(skipkeys=..., ...): every argument, as the stdlib passes them. */
static PyObject *make_encoder(core_state *state, PyObject *cls, PyObject **v, PyObject *others)
{
    static const signed char defaults[D_COUNT] = {[D_ENSURE_ASCII] = 1, [D_CHECK_CIRCULAR] = 1, [D_ALLOW_NAN] = 1,
                                                  [D_INDENT] = -1, [D_SEPARATORS] = -1, [D_DEFAULT] = -1};
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

static int is_plain_class(core_state *state, PyObject *cls)
{
    return cls == NULL || cls == state->json_encoder_class || cls == state->encoder_class;
}

/* Encode v[D_OBJ] as the other arguments say: 0 with *result set; 1 with *encoder set, whose own methods have to do it: of
 * a class that overrides them, or the stdlib's where pieces aren't text that can be copied; -1 with an exception set. */
static int encode_arguments(core_state *state, const encode_options *base, PyObject **v, PyObject *others, PyObject **result, PyObject **encoder)
{
    int odd;
    if (is_plain_class(state, given(v[D_CLS]))) {
        prepared p = {.o = *base};
        odd = prepare_arguments(&p, v, state->encode.unpack_pair);
        if (odd == 0 && (*result = encode_document(&state->encode, &p.o, v[D_OBJ])) == NULL) odd = -1;
        if (odd > 0) {
            if (p.separators == NULL) p.separators = PyTuple_Pack(2, p.item_separator, p.key_separator);
            v[D_SEPARATORS] = p.separators;
            if (p.separators == NULL || (*encoder = make_encoder(state, state->json_encoder_class, v, NULL)) == NULL) odd = -1;
        }
        prepared_clear(&p);
        return odd;
    }
    PyObject *made = make_encoder(state, v[D_CLS], v, others);
    odd = made == NULL ? -1 : encode_instance(state, base, made, v[D_OBJ], !base->as_generator, result);
    if (odd > 0) *encoder = made;
    else Py_XDECREF(made);
    return odd;
}

/* encoder.encode(object); takes over the reference to the encoder. */
static PyObject *encode_by(core_state *state, PyObject *encoder, PyObject *object)
{
    PyObject *text = PyObject_CallMethodOneArg(encoder, state->names[NAME_encode], object);
    Py_DECREF(encoder);
    return text;
}

static NOINLINE PyObject *dumps_with(core_state *state, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    PyObject *v[D_COUNT], *others = NULL, *result = NULL, *encoder = NULL;
    int wrong = take_arguments(state, dumps_names, D_COUNT, args, nargs, kwnames, v, &others);
    if (wrong > 0 || (wrong == 0 && others != NULL && is_plain_class(state, given(v[D_CLS]))))
        result = PyObject_Vectorcall(state->json_dumps, args, (size_t)nargs, kwnames); /* raises TypeError */
    else if (wrong == 0 && encode_arguments(state, &dumps_defaults, v, others, &result, &encoder) > 0)
        result = encode_by(state, encoder, v[D_OBJ]);
    Py_XDECREF(others);
    return result;
}

static PyObject *core_dumps(PyObject *core, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    core_state *state = state_of(core);
    if (LIKELY(nargs == 1 && kwnames == NULL)) return encode_document(&state->encode, &dumps_defaults, args[0]);
    return dumps_with(state, args, nargs, kwnames);
}

/* A file being written to. */
typedef struct {
    core_state *state;
    PyObject *fp;
} open_file;

/* Tell in a note what is wrong with a file whose write just failed. */
static void explain(PyObject *fp, int binary)
{
#if PY_VERSION_HEX >= 0x030B0000
    PyObject *type, *value, *traceback, *module, *done;
    PyErr_Fetch(&type, &value, &traceback);
    PyErr_NormalizeException(&type, &value, &traceback);
    module = PyImport_ImportModule("cyjson._mistakes");
    done = module == NULL ? NULL : PyObject_CallMethod(module, "explain", "OOi", value, fp, binary);
    if (done == NULL) PyErr_Clear();
    Py_XDECREF(done);
    Py_XDECREF(module);
    PyErr_Restore(type, value, traceback);
#else
    (void)fp, (void)binary;
#endif
}

static PyObject *write_once(open_file *file, PyObject *piece)
{
    PyObject *result = PyObject_CallMethodOneArg(file->fp, file->state->names[NAME_write], piece);
    if (result == NULL) explain(file->fp, PyBytes_Check(piece));
    return result;
}

static int write_text(void *context, PyObject *piece)
{
    open_file *file = context;
    PyObject *result = write_once(file, piece);
    Py_XDECREF(result);
    return result == NULL ? -1 : 0;
}

/* How many bytes a write took that returned this; -1 with an exception set. Only raw files (a socket's, a pipe's) take a
 * part, or nothing where they don't block. */
static Py_ssize_t bytes_taken(PyObject *fp, PyObject *result, Py_ssize_t given_bytes)
{
    if (PyLong_CheckExact(result)) {
        Py_ssize_t taken = PyLong_AsSsize_t(result);
        if (taken != 0) return taken < 0 && !PyErr_Occurred() ? given_bytes : taken;
    }
    PyObject *io = PyImport_ImportModule("io"), *raw = io == NULL ? NULL : PyObject_GetAttrString(io, "RawIOBase");
    int is_raw = raw == NULL ? -1 : PyObject_IsInstance(fp, raw);
    Py_XDECREF(raw);
    Py_XDECREF(io);
    if (is_raw <= 0) return is_raw < 0 ? -1 : given_bytes;
    PyErr_SetString(PyExc_BlockingIOError, "write() took nothing: a file that blocks is needed");
    return -1;
}

static int write_bytes(void *context, PyObject *piece)
{
    open_file *file = context;
    PyObject *rest = Py_NewRef(piece);
    while (rest != NULL) {
        Py_ssize_t size = PyBytes_GET_SIZE(rest);
        PyObject *result = write_once(file, rest);
        Py_ssize_t taken = result == NULL ? -1 : bytes_taken(file->fp, result, size);
        Py_XDECREF(result);
        PyObject *left = taken < 0 || taken >= size ? NULL : PyBytes_FromStringAndSize(PyBytes_AS_STRING(rest) + taken, size - taken);
        Py_SETREF(rest, left);
        if (taken >= size) return 0;
    }
    return -1;
}

/* What an encoder's own iterencode gives, piece by piece. */
static int write_pieces(open_file *file, PyObject *encoder, PyObject *object)
{
    PyObject *pieces = PyObject_CallMethodOneArg(encoder, file->state->names[NAME_iterencode], object), *piece;
    PyObject *iterator = pieces == NULL ? NULL : PyObject_GetIter(pieces);
    Py_XDECREF(pieces);
    if (iterator == NULL) return -1;
    int bad = 0;
    while (!bad && (piece = PyIter_Next(iterator)) != NULL) {
        bad = write_text(file, piece);
        Py_DECREF(piece);
    }
    Py_DECREF(iterator);
    return bad || PyErr_Occurred() ? -1 : 0;
}

static PyObject *core_dump(PyObject *core, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    static const name names[] = {NAME_obj, NAME_skipkeys, NAME_ensure_ascii, NAME_check_circular, NAME_allow_nan, NAME_cls,
                                 NAME_indent, NAME_separators, NAME_default, NAME_sort_keys, NAME_fp};
    enum { D_FP = D_COUNT, DUMP_COUNT };
    core_state *state = state_of(core);
    PyObject *v[DUMP_COUNT], *others = NULL, *text = NULL, *encoder = NULL;
    int wrong = nargs > 2 ? 1 : take_arguments(state, names, DUMP_COUNT, args + nargs, 0, kwnames, v, &others), bad = -1;
    if (wrong >= 0 && nargs <= 2) { /* the two positional arguments */
        wrong = (nargs > 0 && v[D_OBJ] != NULL) || (nargs > 1 && v[D_FP] != NULL);
        if (nargs > 0) v[D_OBJ] = args[0];
        if (nargs > 1) v[D_FP] = args[1];
        wrong = wrong || v[D_OBJ] == NULL || v[D_FP] == NULL;
    }
    if (wrong > 0 || (wrong == 0 && others != NULL && is_plain_class(state, given(v[D_CLS])))) {
        PyObject *none = PyObject_Vectorcall(state->json_dump, args, (size_t)nargs, kwnames); /* raises TypeError */
        bad = none == NULL ? -1 : 0;
        Py_XDECREF(none);
    }
    else if (wrong == 0) {
        open_file file = {state, v[D_FP]};
        encode_sink sink = {write_text, &file};
        encode_options base = dumps_defaults;
        base.as_generator = 1;
        base.sink = &sink;
        int odd = encode_arguments(state, &base, v, others, &text, &encoder);
        bad = odd > 0 ? write_pieces(&file, encoder, v[D_OBJ]) : odd;
    }
    Py_XDECREF(encoder);
    Py_XDECREF(text);
    Py_XDECREF(others);
    return bad ? NULL : Py_NewRef(Py_None);
}

/* Whether a call of encode, or of dump_bytes with its second positional argument, is wrong: -1 with TypeError set. */
static int check_encode_call(PyObject **got, PyObject *const *args, Py_ssize_t nargs, PyObject *others, int to_file, int fp)
{
    const char *function = to_file ? "dump_bytes" : "encode";
    int most = 1 + to_file, missing = 0;
    if (others != NULL) {
        PyObject *key, *value;
        Py_ssize_t position = 0;
        PyDict_Next(others, &position, &key, &value);
        PyErr_Format(PyExc_TypeError, "%s() got an unexpected keyword argument '%U'", function, key);
        return -1;
    }
    if (nargs > most) {
        PyErr_Format(PyExc_TypeError, "%s() takes %d positional argument%s but %zd were given", function, most, to_file ? "s" : "", nargs);
        return -1;
    }
    PyObject **places[] = {&got[0], to_file ? &got[fp] : NULL};
    static const char *const names[] = {"obj", "fp"};
    for (int i = 0; i < nargs; i++) {
        if (*places[i] != NULL) {
            PyErr_Format(PyExc_TypeError, "%s() got multiple values for argument '%s'", function, names[i]);
            return -1;
        }
        *places[i] = args[i];
    }
    for (int i = 0; i < most; i++) missing += *places[i] == NULL;
    if (missing == 2) PyErr_Format(PyExc_TypeError, "%s() missing 2 required positional arguments: 'obj' and 'fp'", function);
    else if (missing == 1)
        PyErr_Format(PyExc_TypeError, "%s() missing 1 required positional argument: '%s'", function, got[0] == NULL ? "obj" : "fp");
    return missing ? -1 : 0;
}

/* encode, and dump_bytes where it goes to a file. */
static NOINLINE PyObject *encode_utf8(core_state *state, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames, int to_file)
{
    static const name names[] = {NAME_obj, NAME_skipkeys, NAME_check_circular, NAME_cls, NAME_indent, NAME_separators, NAME_default, NAME_sort_keys, NAME_fp};
    static const unsigned char places[] = {D_OBJ, D_SKIPKEYS, D_CHECK_CIRCULAR, D_CLS, D_INDENT, D_SEPARATORS, D_DEFAULT, D_SORT_KEYS};
    enum { COUNT = sizeof places / sizeof *places };
    PyObject *got[COUNT + 1], *v[D_COUNT] = {NULL}, *others = NULL, *separators = NULL, *encoder = NULL, *result = NULL;
    int wrong = take_arguments(state, names, COUNT + to_file, args + nargs, 0, kwnames, got, &others), odd;
    if (wrong < 0 || check_encode_call(got, args, nargs, others, to_file, COUNT)) goto done;
    for (int i = 0; i < COUNT; i++) v[places[i]] = got[i];
    v[D_ENSURE_ASCII] = v[D_ALLOW_NAN] = Py_False;
    if (given(v[D_SEPARATORS]) == NULL && !is_plain_class(state, given(v[D_CLS]))) { /* a class sees what the fallback gives it */
        v[D_SEPARATORS] = separators = Py_BuildValue("(ss)", ",", given(v[D_INDENT]) == NULL ? ":" : ": ");
        if (separators == NULL) goto done;
    }
    open_file file = {state, to_file ? got[COUNT] : NULL};
    encode_sink sink = {write_bytes, &file};
    encode_options base = encode_defaults;
    if (to_file) base.sink = &sink;
    odd = encode_arguments(state, &base, v, NULL, &result, &encoder);
    if (odd > 0) {
        PyObject *text = encode_by(state, encoder, v[D_OBJ]);
        if (text != NULL) result = PyUnicode_AsUTF8String(text);
        Py_XDECREF(text);
        if (to_file && result != NULL) Py_SETREF(result, write_bytes(&file, result) ? NULL : Py_NewRef(Py_None));
    }
done:
    Py_XDECREF(separators);
    Py_XDECREF(others);
    return result;
}

static PyObject *core_encode(PyObject *core, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    core_state *state = state_of(core);
    if (LIKELY(nargs == 1 && kwnames == NULL)) return encode_document(&state->encode, &encode_defaults, args[0]);
    return encode_utf8(state, args, nargs, kwnames, 0);
}

static PyObject *core_dump_bytes(PyObject *core, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    return encode_utf8(state_of(core), args, nargs, kwnames, 1);
}

static PyObject *encode_string(PyObject *core, PyObject *string, encode_form form)
{
    if (!PyUnicode_Check(string)) { /* the stdlib's words differ between versions */
        core_state *state = state_of(core);
        return PyObject_CallOneArg(form == ENCODE_ASCII ? state->json_escape_ascii : state->json_escape, string);
    }
    encode_options o = dumps_defaults;
    o.form = form;
    return encode_document(&state_of(core)->encode, &o, string);
}

static PyObject *core_encode_basestring(PyObject *core, PyObject *string)
{
    return encode_string(core, string, ENCODE_TEXT);
}

static PyObject *core_encode_basestring_ascii(PyObject *core, PyObject *string)
{
    return encode_string(core, string, ENCODE_ASCII);
}
