/* Errors: raised without Python code running, with notes that tell where in the document they happened. */
#include "encode/encoder.h"

void encoder_raise(PyObject *type, const char *message) {
    int paused = compat_gc_pause(0);
    PyErr_SetString(type, message);
    compat_gc_resume(paused);
}

void encoder_no_memory(void) {
    int paused = compat_gc_pause(0);
    PyErr_NoMemory();
    compat_gc_resume(paused);
}

void *encoder_escape_failed(PyObject *str) {
    int paused = compat_gc_pause(0);
    Py_XDECREF(PyUnicode_AsUTF8String(str));
    compat_gc_resume(paused);
    return NULL;
}

void encoder_end_generator(encoder *e) {
    const encode_options *o = e->options;
    if ((!o->as_generator && o->sink == NULL) || e->noted_depth < 0) return; /* what a sink raises isn't raised there */
    if (!PyErr_ExceptionMatches(PyExc_StopIteration)) return;
    PyObject *type, *value, *traceback, *cause;
    PyErr_Fetch(&type, &cause, &traceback);
    PyErr_NormalizeException(&type, &cause, &traceback);
    if (traceback != NULL) PyException_SetTraceback(cause, traceback);
    Py_XDECREF(type);
    Py_XDECREF(traceback);
    PyErr_SetString(PyExc_RuntimeError, "generator raised StopIteration");
    PyErr_Fetch(&type, &value, &traceback);
    PyErr_NormalizeException(&type, &value, &traceback);
    PyException_SetCause(value, Py_NewRef(cause));
    PyException_SetContext(value, cause);
    PyErr_Restore(type, value, traceback);
}

#if PY_VERSION_HEX >= 0x030E0000
/* Whether an exception and the one that is set now are both of a type. */
static int is_alike(PyObject *exception, PyObject *type) {
    return PyErr_ExceptionMatches(type) && PyErr_GivenExceptionMatches(exception, type);
}

/* The notes of the stdlib's: one for each container. */
static void add_json_note(encoder *e, PyObject *object, PyObject *key, Py_ssize_t index) {
    encoder_end_generator(e);
    PyObject *exception = PyErr_GetRaisedException();
    PyObject *type =
        e->options->as_generator ? PyType_GetName(Py_TYPE(object)) : PyType_GetFullyQualifiedName(Py_TYPE(object));
    PyObject *note = type == NULL  ? NULL
                     : key != NULL ? PyUnicode_FromFormat("when serializing %U item %R", type, key)
                     : index >= 0  ? PyUnicode_FromFormat("when serializing %U item %zd", type, index)
                                   : PyUnicode_FromFormat("when serializing %U object", type);
    PyObject *done = NULL; /* the C encoder asks no subclass's add_note */
    if (note != NULL && e->options->as_generator) done = PyObject_CallMethod(exception, "add_note", "(O)", note);
    else if (note != NULL) done = PyObject_CallMethod(PyExc_BaseException, "add_note", "(OO)", exception, note);
    Py_XDECREF(note);
    Py_XDECREF(type);
    /* Near the stack's end, or where memory is short, even a note is too much; and a chain of MemoryErrors would use up
     * those that the interpreter has in store. */
    if (done == NULL && (is_alike(exception, PyExc_RecursionError) || is_alike(exception, PyExc_MemoryError)))
        PyErr_Clear();
    else if (done == NULL) { /* as in the stdlib, what was raised here is the exception now */
        PyObject *newer = PyErr_GetRaisedException();
        PyException_SetContext(newer, exception);
        exception = newer;
    }
    Py_XDECREF(done);
    PyErr_SetRaisedException(exception);
}
#endif

#if PY_VERSION_HEX >= 0x030B0000
enum { PLACE_MOST = 64 }; /* steps of a path that are told */

/* Before 3.14 the stdlib doesn't say where. For a document that goes to a file, or of which instances are known, one
 * note does, with the path that is put together here from its end; what dumps raises stays what it is. */
void encoder_add_note(encoder *e, PyObject *object, PyObject *key, Py_ssize_t index) {
    if (e->depth > e->noted_depth || e->options->orjson) return; /* beyond where the stdlib would have stopped */
    const int known = e->options->plans != NULL;
#if PY_VERSION_HEX >= 0x030E0000
    if (!known) {
        add_json_note(e, object, key, index);
        return;
    }
#endif
    (void)object;
    if ((e->options->sink == NULL && !known) || (known && key == NULL && index < 0) ||
        !PyErr_ExceptionMatches(PyExc_Exception) || PyErr_ExceptionMatches(PyExc_MemoryError) ||
        PyErr_ExceptionMatches(PyExc_RecursionError))
        return;
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    if (e->place == NULL) e->place = PyList_New(0);
    PyObject *step = NULL;
    if (e->place == NULL || PyList_GET_SIZE(e->place) > PLACE_MOST) {
    } else if (PyList_GET_SIZE(e->place) == PLACE_MOST) step = PyUnicode_FromString("...");
    else if (key == NULL) step = index < 0 ? PyUnicode_New(0, 0) : PyUnicode_FromFormat("[%zd]", index);
    else if (PyUnicode_Check(key)) {
        PyObject *name = PyUnicode_FromObject(key); /* of a class of the program's, which isn't asked for its str() */
        if (name != NULL) step = PyUnicode_FromFormat(PyUnicode_IsIdentifier(name) > 0 ? ".%U" : "[%R]", name);
        Py_XDECREF(name);
    } else step = PyUnicode_FromFormat("['%S']", key);
    if (step == NULL || PyList_Append(e->place, step)) PyErr_Clear(); /* a note is not worth another error */
    Py_XDECREF(step);
    PyErr_Restore(type, value, traceback);
}

/* The note itself, to the exception that is set. */
void encoder_add_place(encoder *e) {
    PyObject *type, *value, *traceback;
    if (e->place == NULL || !PyErr_Occurred()) return;
    PyErr_Fetch(&type, &value, &traceback);
    PyErr_NormalizeException(&type, &value, &traceback);
    PyObject *empty = PyList_Reverse(e->place) ? NULL : PyUnicode_New(0, 0);
    PyObject *path = empty == NULL ? NULL : PyUnicode_Join(empty, e->place);
    PyObject *note = path == NULL ? NULL : PyUnicode_FromFormat("while encoding $%U", path);
    PyObject *done = note == NULL ? NULL : PyObject_CallMethod(PyExc_BaseException, "add_note", "(OO)", value, note);
    if (done == NULL) PyErr_Clear();
    Py_XDECREF(done);
    Py_XDECREF(note);
    Py_XDECREF(path);
    Py_XDECREF(empty);
    PyErr_Restore(type, value, traceback);
}

void encoder_add_advice(PyObject *object) {
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    PyErr_NormalizeException(&type, &value, &traceback);
    PyObject *note = plans_call("advice", "(O)", (PyObject *)Py_TYPE(object));
    PyObject *done = note == NULL ? NULL : PyObject_CallMethod(PyExc_BaseException, "add_note", "(OO)", value, note);
    if (done == NULL) PyErr_Clear();
    Py_XDECREF(done);
    Py_XDECREF(note);
    PyErr_Restore(type, value, traceback);
}
#else
void encoder_add_note(encoder *e, PyObject *object, PyObject *key, Py_ssize_t index) {
    (void)e, (void)object, (void)key, (void)index;
}
void encoder_add_place(encoder *e) { (void)e; }
void encoder_add_advice(PyObject *object) { (void)object; }
#endif

void encoder_raise_not_finite(encoder *e, PyObject *number) {
    PyObject *strict = e->state->strict_encoder, *result;
    if (e->options->as_generator) {
        PyObject *chunks = PyObject_CallMethod(strict, "iterencode", "(O)", number);
        result = chunks == NULL ? NULL : PySequence_List(chunks);
        Py_XDECREF(chunks);
    } else result = PyObject_CallMethod(strict, "encode", "(O)", number);
    if (result != NULL) {
        Py_DECREF(result);
        PyErr_SetString(PyExc_ValueError, "Out of range float values are not JSON compliant");
    }
}
