/* The functions that encode to a file, and encode, which has the arguments of dump_bytes. */
#include "module/functions.h"
#include "module/names.h"
#include "module/options.h"

/* A file being written to. */
typedef struct {
    core_state *state;
    PyObject *fp;
} open_file;

/* Add a note to the exception that is set: what is probably wrong with a file whose write just failed. */
static void explain(PyObject *fp, int binary) {
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

static PyObject *write_once(open_file *file, PyObject *piece) {
    PyObject *result = PyObject_CallMethodOneArg(file->fp, file->state->names[NAME_write], piece);
    if (result == NULL) explain(file->fp, PyBytes_Check(piece) || PyMemoryView_Check(piece));
    return result;
}

static int write_text(void *context, PyObject *piece) {
    open_file *file = context;
    PyObject *result = write_once(file, piece);
    Py_XDECREF(result);
    return result == NULL ? -1 : 0;
}

/* Return how many of `size` bytes a write took, from what it returned, which may be anything; -1 with an exception set.
 * What isn't a count of some of them means all, as for json; but None or 0 from a raw file means none, because it
 * doesn't block. */
static Py_ssize_t bytes_taken(PyObject *fp, PyObject *result, Py_ssize_t size) {
    Py_ssize_t taken = result == Py_None ? 0 : size;
    if (!PyBool_Check(result) && PyIndex_Check(result)) {
        taken = PyNumber_AsSsize_t(result, NULL); /* clipped */
        if (taken == -1 && PyErr_Occurred()) return -1;
    }
    if (taken != 0) return taken < 0 || taken > size ? size : taken;
    PyObject *io = PyImport_ImportModule("io"), *raw = io == NULL ? NULL : PyObject_GetAttrString(io, "RawIOBase");
    int is_raw = raw == NULL ? -1 : PyObject_IsInstance(fp, raw);
    Py_XDECREF(raw);
    Py_XDECREF(io);
    if (is_raw <= 0) return is_raw < 0 ? -1 : size;
    PyErr_SetString(PyExc_BlockingIOError, "write() took nothing: a file that blocks is needed");
    return -1;
}

/* Write all of a piece. What a write leaves goes to the next as a memoryview: copies would make it quadratic. */
static int write_bytes(void *context, PyObject *piece) {
    open_file *file = context;
    PyObject *view = NULL, *rest = Py_NewRef(piece);
    Py_ssize_t left = PyBytes_GET_SIZE(piece);
    while (left > 0 && rest != NULL) {
        PyObject *result = write_once(file, rest);
        Py_ssize_t taken = result == NULL ? -1 : bytes_taken(file->fp, result, left);
        Py_XDECREF(result);
        if (taken < 0) break;
        left -= taken;
        if (left == 0) break;
        if (view == NULL) view = PyMemoryView_FromObject(piece);
        PyObject *slice =
            view == NULL ? NULL : PySequence_GetSlice(view, PyBytes_GET_SIZE(piece) - left, PyBytes_GET_SIZE(piece));
        Py_SETREF(rest, slice);
    }
    Py_XDECREF(view);
    Py_XDECREF(rest);
    return left > 0 ? -1 : 0;
}

/* Write what an encoder's own iterencode returns, piece by piece: -1 with an exception set. */
static int write_pieces(open_file *file, PyObject *encoder, PyObject *object) {
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

PyObject *core_dump(PyObject *core, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames) {
    core_state *state = state_of(core);
    BY_NAME(state, NAMED_DUMP, args, nargs, kwnames);
    PyObject *v[D_COUNT + 1], *others = NULL, *text = NULL, *encoder = NULL;
    outcome taken = take_arguments(state, dumps_names, D_COUNT + 1, D_FP, args, nargs, kwnames, v, &others);
    int bad = -1;
    if (taken == LEFT || (taken == DONE && is_left_to_json(state, v, others))) {
        PyObject *none = PyObject_Vectorcall(state->json_dump, args, (size_t)nargs, kwnames);
        bad = none == NULL ? -1 : 0;
        Py_XDECREF(none);
    } else if (taken == DONE) {
        open_file file = {state, v[D_FP]};
        encode_sink sink = {write_text, &file};
        encode_options base = dumps_defaults;
        base.as_generator = 1;
        base.sink = &sink;
        outcome encoded = encode_arguments(state, &base, v, others, &text, &encoder);
        bad = encoded == LEFT ? write_pieces(&file, encoder, v[D_OBJ]) : encoded == FAILED;
    }
    Py_XDECREF(encoder);
    Py_XDECREF(text);
    Py_XDECREF(others);
    return bad ? NULL : Py_NewRef(Py_None);
}

/* encode, and dump_bytes where it goes to a file. */
NOINLINE PyObject *encode_utf8(core_state *state, const encode_options *defaults, PyObject *const *args,
                               Py_ssize_t nargs, PyObject *kwnames, int to_file) {
    PyObject *v[D_COUNT + 1], *others = NULL, *separators = NULL, *encoder = NULL, *result = NULL;
    outcome taken =
        take_arguments(state, dumps_names, D_COUNT + to_file, to_file ? D_FP : 0, args, nargs, kwnames, v, &others);
    if (taken == FAILED) goto done;
    if (taken == LEFT || others != NULL || v[D_ENSURE_ASCII] != NULL || v[D_ALLOW_NAN] != NULL) {
        PyObject *refuse = to_file ? state->refuse_dump_bytes : state->refuse_encode;
        result = PyObject_Vectorcall(refuse, args, (size_t)nargs, kwnames); /* raises TypeError */
        goto done;
    }
    v[D_ENSURE_ASCII] = v[D_ALLOW_NAN] = Py_False;
    if (given(v[D_SEPARATORS]) == NULL &&
        !is_plain_class(state, given(v[D_CLS]))) { /* a class sees what the fallback gives it */
        v[D_SEPARATORS] = separators = Py_BuildValue("(ss)", ",", given(v[D_INDENT]) == NULL ? ":" : ": ");
        if (separators == NULL) goto done;
    }
    open_file file = {state, to_file ? v[D_FP] : NULL};
    encode_sink sink = {write_bytes, &file};
    encode_options base = *defaults;
    if (!is_plain_class(state, given(v[D_CLS]))) base.plans = NULL; /* it writes in its own way */
    if (to_file) base.sink = &sink;
    if (encode_arguments(state, &base, v, NULL, &result, &encoder) == LEFT) {
        PyObject *text = encode_by(state, encoder, v[D_OBJ]);
        if (text != NULL && PyUnicode_Check(text)) result = PyUnicode_AsUTF8String(text);
        else if (text != NULL)
            PyErr_Format(PyExc_TypeError, "encode() must return a str, not %.100s", Py_TYPE(text)->tp_name);
        Py_XDECREF(text);
        if (to_file && result != NULL) Py_SETREF(result, write_bytes(&file, result) ? NULL : Py_NewRef(Py_None));
    }
done:
    Py_XDECREF(separators);
    Py_XDECREF(others);
    return result;
}

PyObject *core_encode(PyObject *core, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames) {
    core_state *state = state_of(core);
    if (LIKELY(nargs == 1 && kwnames == NULL)) return encode_document(&state->encode, state->compact, args[0]);
    return encode_utf8(state, state->compact, args, nargs, kwnames, 0);
}

PyObject *core_dump_bytes(PyObject *core, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames) {
    core_state *state = state_of(core);
    return encode_utf8(state, state->compact, args, nargs, kwnames, 1);
}
