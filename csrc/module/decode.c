/* decode(data, type): finds the type's plan, and executes it. */
#include "decode/typed.h"
#include "module/args.h"
#include "module/functions.h"

/* Whether all of that is there which load_decoding loads: the last of it. */
static ALWAYS_INLINE int is_loaded(core_state *state) {
    return COMPAT_EITHER(state->plan_class, _Py_atomic_load_ptr_acquire(&state->plan_class)) != NULL;
}
static void store_loaded(core_state *state, PyObject *plan_class) {
    COMPAT_EITHER(state->plan_class = plan_class, _Py_atomic_store_ptr_release(&state->plan_class, plan_class));
}

/* What is imported at the first call: see decoding() of _in_python.py. */
static int load_decoding(core_state *state) {
    if (state->load_decoding == NULL) {
        PyErr_SetString(PyExc_RuntimeError, "cyjson.decode: the interpreter ends");
        return -1;
    }
    PyObject *found = PyObject_CallNoArgs(state->load_decoding);
    if (found == NULL) return -1;
    PyObject *decode, *decode_text, *plan_of, *known_plans, *plan_class, *codec_class, *generation, *formats;
    PyObject *first_failed, *missing, *distinct;
    int good = PyTuple_Check(found) &&
               PyArg_ParseTuple(found, "OOOO!O!O!O!OOOO", &decode, &decode_text, &plan_of, &PyDict_Type, &known_plans,
                                &PyType_Type, &plan_class, &PyType_Type, &codec_class, &PyList_Type, &generation,
                                &formats, &first_failed, &missing, &distinct);
    COMPAT_BEGIN_CRITICAL_SECTION(state->load_decoding);
    if (good && !is_loaded(state)) { /* no other call was first */
        state->decode_in_python = Py_NewRef(decode);
        state->decode_text = Py_NewRef(decode_text);
        state->plan_of = Py_NewRef(plan_of);
        state->known_plans = Py_NewRef(known_plans);
        state->generation = Py_NewRef(generation);
        state->missing = Py_NewRef(missing);
        state->distinct = Py_NewRef(distinct);
        state->formats = Py_NewRef(formats);
        state->first_failed = Py_NewRef(first_failed);
        state->codec_class = Py_NewRef(codec_class);
        static const name slots[PLAN_SLOTS] = {NAME_type, NAME_stamp, NAME_compiled, NAME_ordered};
        for (int i = 0; i < PLAN_SLOTS; i++)
            state->plan_slots[i] =
                COMPAT_HAS_GIL
                    ? compat_slot_offset((PyTypeObject *)plan_class,
                                         _PyType_Lookup((PyTypeObject *)plan_class, state->names[slots[i]]), 0)
                    : 0;
        store_loaded(state, Py_NewRef(plan_class));
    }
    COMPAT_END_CRITICAL_SECTION();
    Py_DECREF(found);
    return good ? 0 : -1;
}

/* An attribute of a Plan: a new reference, or NULL with an exception set. */
static ALWAYS_INLINE PyObject *plan_attribute(core_state *state, PyObject *plan, plan_slot slot, name attribute) {
    Py_ssize_t offset = state->plan_slots[slot];
    PyObject *found = offset == 0 ? NULL : instance_slot(plan, offset);
    return LIKELY(found != NULL) ? found : PyObject_GetAttr(plan, state->names[attribute]);
}

/* Compile a plan and have it keep what comes of that, or False: a new reference. */
static PyObject *compile_plan(core_state *state, PyObject *plan) {
    PyObject *root = PyObject_GetAttr(plan, state->names[NAME_root]), *reader = NULL;
    if (root != NULL)
        reader = typed_reader_new(state->reader_type, root, state->formats, state->first_failed, state->missing,
                                  state->decode.dict_layout_known);
    Py_XDECREF(root);
    if (reader == Py_None) Py_SETREF(reader, Py_NewRef(Py_False));
    if (reader != NULL && PyObject_SetAttr(plan, state->names[NAME_compiled], reader)) Py_CLEAR(reader);
    return reader;
}

/* What a plan was compiled to, or False: a new reference. */
static PyObject *reader_of(core_state *state, PyObject *plan) {
    PyObject *reader = plan_attribute(state, plan, PLAN_COMPILED, NAME_compiled);
    if (LIKELY(reader == NULL) || LIKELY(reader != Py_None)) return reader;
    Py_DECREF(reader);
    return compile_plan(state, plan);
}

/* The number that register changes: a new reference, or NULL with an exception set. */
static PyObject *latest_generation(core_state *state) { return PySequence_GetItem(state->generation, 0); }

/* Whether a plan is of this type (NULL: of any), and was made since register was called last: -1 with an exception set.
 */
static NOINLINE int ask_whether_fresh(core_state *state, PyObject *plan, PyObject *type) {
    if (UNLIKELY((PyObject *)Py_TYPE(plan) != state->plan_class)) return 0;
    PyObject *of = type == NULL ? Py_NewRef(Py_None) : plan_attribute(state, plan, PLAN_TYPE, NAME_type);
    PyObject *made = of == NULL ? NULL : plan_attribute(state, plan, PLAN_STAMP, NAME_stamp);
    PyObject *now = made == NULL ? NULL : latest_generation(state);
    int fresh = now == NULL ? -1 : (of == type || type == NULL) && made == now;
    Py_XDECREF(of);
    Py_XDECREF(made);
    Py_XDECREF(now);
    return fresh;
}

static ALWAYS_INLINE int is_fresh(core_state *state, PyObject *plan, PyObject *type) {
#if COMPAT_HAS_GIL
    Py_ssize_t of = state->plan_slots[PLAN_TYPE], made = state->plan_slots[PLAN_STAMP];
    if (LIKELY((PyObject *)Py_TYPE(plan) == state->plan_class) && LIKELY(of != 0) && LIKELY(made != 0) &&
        (type == NULL || LIKELY(*(PyObject **)((char *)plan + of) == type)) &&
        LIKELY(PyList_GET_SIZE(state->generation) == 1) &&
        LIKELY(*(PyObject **)((char *)plan + made) == PyList_GET_ITEM(state->generation, 0)))
        return 1;
#endif
    return ask_whether_fresh(state, plan, type);
}

#if COMPAT_HAS_GIL
/* The plan of an equal type, such as another list[T]: a new reference. NULL with an exception set, or without one where
 * _reading.py has to say. */
static NOINLINE PyObject *plan_of_equal(core_state *state, PyObject *type) {
    PyObject *plan = Py_XNewRef(PyDict_GetItemWithError(state->known_plans, type)), *ordered = NULL;
    if (plan != NULL && is_fresh(state, plan, NULL) > 0)
        ordered = plan_attribute(state, plan, PLAN_ORDERED, NAME_ordered);
    if (plan == NULL && PyErr_Occurred() && PyErr_ExceptionMatches(PyExc_TypeError)) PyErr_Clear(); /* no hash */
    if (ordered != Py_False) Py_CLEAR(plan); /* unions of other orders are equal */
    Py_XDECREF(ordered);
    return plan;
}

/* Remember the plan of a type that keeps none. What a str stands for depends on who asks. */
static void remember_plan(recent_plan *recent, PyObject *type, PyObject *plan) {
    if (PyUnicode_Check(type)) return;
    PyObject *old_type = recent->type, *old_plan = recent->plan;
    recent->type = Py_NewRef(type);
    recent->plan = Py_NewRef(plan);
    Py_XDECREF(old_type);
    Py_XDECREF(old_plan);
}
#endif

/* Whether a type can't have the attribute by which classes keep their plans. */
static ALWAYS_INLINE int keeps_none(PyObject *type) {
    return !PyType_Check(type) ||
           (((PyTypeObject *)type)->tp_flags & (Py_TPFLAGS_HEAPTYPE | Py_TPFLAGS_IMMUTABLETYPE)) != Py_TPFLAGS_HEAPTYPE;
}

/* The plan that a Codec has kept: a new reference. NULL with an exception set, or without one where it has to be asked.
 */
static PyObject *plan_of_codec(core_state *state, PyObject *codec) {
    PyObject *plan = PyObject_GetAttr(codec, state->names[NAME__plan]);
    if (plan == NULL || LIKELY(is_fresh(state, plan, NULL) > 0)) return plan;
    Py_DECREF(plan);
    return NULL;
}

/* The plan of a type: a new reference. */
static PyObject *plan_of(core_state *state, PyObject *type) {
    PyObject *plan = NULL;
    int fresh = 0, is_kept = !keeps_none(type);
#if COMPAT_HAS_GIL
    recent_plan *recent = &state->recent[(uintptr_t)type / 16 % RECENT_PLANS];
    if (is_kept) plan = Py_XNewRef(_PyType_Lookup((PyTypeObject *)type, state->names[NAME___cyjson_plan__]));
    else if (recent->type == type) plan = Py_NewRef(recent->plan);
#endif
    if (LIKELY(plan != NULL) && LIKELY((fresh = is_fresh(state, plan, is_kept ? type : NULL)) > 0)) return plan;
    Py_CLEAR(plan);
    if (fresh < 0) return NULL;
#if COMPAT_HAS_GIL
    if (!is_kept && !PyUnicode_Check(type)) plan = plan_of_equal(state, type);
    if (plan == NULL && PyErr_Occurred()) return NULL;
#endif
    if (plan == NULL) plan = PyObject_CallOneArg(state->plan_of, type);
    if (plan != NULL && (PyObject *)Py_TYPE(plan) != state->plan_class) {
        PyErr_SetString(PyExc_SystemError, "cyjson._reading gave no Plan");
        Py_CLEAR(plan);
    }
#if COMPAT_HAS_GIL
    if (plan != NULL && !is_kept) remember_plan(recent, type, plan);
#endif
    return plan;
}

/* Whether the exception that is set, which a document met in Python code, is the answer: not where the document isn't
 * JSON further on, or has equal names, of which the last may be all that counts. */
static int counts(core_state *state, const uint8_t *data, Py_ssize_t size) {
    decode_options finite = {.finite = 1};
    PyObject *type, *value, *traceback;
    if (PyErr_ExceptionMatches(PyExc_MemoryError)) return 1;
    if (PyErr_ExceptionMatches(PyExc_Exception)) finite.object_pairs_hook = state->distinct;
    decode_know_hooks(&finite);
    PyErr_Fetch(&type, &value, &traceback);
    PyObject *document = state->decode.with->utf8(&state->decode, &finite, data, size);
    int is_json = document != NULL;
    Py_XDECREF(document);
    PyErr_Clear();
    if (is_json) PyErr_Restore(type, value, traceback);
    else {
        Py_XDECREF(type);
        Py_XDECREF(value);
        Py_XDECREF(traceback);
    }
    return is_json;
}

/* What a compiled plan makes of a document: a new reference; NULL with the exception that is the answer, or without
 * one where _decoding.py has to say. */
static PyObject *execute(core_state *state, PyObject *reader, PyObject *data) {
    PyObject *owned = NULL;
    const uint8_t *text;
    Py_ssize_t size;
    if (LIKELY(PyBytes_CheckExact(data))) owned = Py_NewRef(data);
    else if (PyUnicode_CheckExact(data)) {
        if (compat_str_ready(data)) return NULL;
        if (PyUnicode_IS_ASCII(data)) owned = Py_NewRef(data);
        else if ((owned = PyUnicode_AsUTF8String(data)) == NULL && PyErr_ExceptionMatches(PyExc_UnicodeError))
            PyErr_Clear(); /* surrogates */
    } else if (PyByteArray_CheckExact(data) || PyMemoryView_Check(data)) {
        COMPAT_BEGIN_CRITICAL_SECTION(data);
        owned = PyBytes_FromObject(data); /* Python code that runs while decoding could change it */
        COMPAT_END_CRITICAL_SECTION();
        if (owned == NULL && !PyErr_ExceptionMatches(PyExc_MemoryError)) PyErr_Clear();
    }
    if (owned == NULL) return NULL;
    if (PyBytes_CheckExact(owned)) {
        text = (const uint8_t *)PyBytes_AS_STRING(owned);
        size = PyBytes_GET_SIZE(owned);
    } else {
        text = PyUnicode_DATA(owned);
        size = PyUnicode_GET_LENGTH(owned);
    }
    PyObject *result = state->decode.with->typed(&state->decode, typed_plan_of(reader), text, size);
    if (UNLIKELY(result == NULL) && PyErr_Occurred()) counts(state, text, size);
    Py_DECREF(owned);
    return result;
}

/* decode_text(data, plan, errors) */
static PyObject *decode_by(core_state *state, PyObject *data, PyObject *plan, PyObject *errors) {
    PyObject *reader = reader_of(state, plan), *result = NULL;
    if (UNLIKELY(reader == NULL)) return NULL;
    if (LIKELY(reader != Py_False)) result = execute(state, reader, data);
    Py_DECREF(reader);
    if (LIKELY(result != NULL) || PyErr_Occurred()) return result;
    PyObject *arguments[3] = {data, plan, errors};
    return PyObject_Vectorcall(state->decode_text, arguments, 3, NULL);
}

PyObject *core_decode(PyObject *core, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames) {
    core_state *state = state_of(core);
    if (UNLIKELY(!is_loaded(state)) && load_decoding(state)) return NULL;
    /* Other arguments than the two, and wrong ones, have their order and their words in Python. */
    PyObject *data = nargs > 0 ? args[0] : NULL, *type = (PyObject *)&PyBaseObject_Type,
             *errors = state->names[NAME_all];
    if (LIKELY(nargs == 2) && LIKELY(kwnames == NULL)) type = args[1];
    else if (nargs != 1 || kwnames != NULL) {
        static const name names[] = {NAME_data, NAME_type, NAME_errors};
        PyObject *v[3], *others = NULL;
        outcome taken = take_arguments(state, names, 3, 1, args, nargs, kwnames, v, &others);
        int odd =
            taken != DONE || others != NULL ||
            (v[2] != NULL && (!PyUnicode_CheckExact(v[2]) || (PyUnicode_CompareWithASCIIString(v[2], "all") != 0 &&
                                                              PyUnicode_CompareWithASCIIString(v[2], "first") != 0)));
        Py_XDECREF(others);
        if (taken == FAILED) return NULL;
        if (odd) return PyObject_Vectorcall(state->decode_in_python, args, (size_t)nargs, kwnames);
        data = v[0];
        if (v[1] != NULL) type = v[1];
        if (v[2] != NULL) errors = v[2];
    }
    if (UNLIKELY(type == Py_Ellipsis)) type = (PyObject *)&PyBaseObject_Type;
    PyObject *plan, *result = NULL, *own_errors = NULL;
    if (UNLIKELY(!PyType_Check(type)) && PyObject_TypeCheck(type, (PyTypeObject *)state->codec_class)) {
        if ((plan = plan_of_codec(state, type)) == NULL)
            return PyErr_Occurred() ? NULL : PyObject_Vectorcall(state->decode_in_python, args, (size_t)nargs, kwnames);
        if (PyUnicode_CompareWithASCIIString(errors, "all") == 0)
            errors = own_errors = PyObject_GetAttr(type, state->names[NAME_errors]);
    } else plan = plan_of(state, type);
    if (LIKELY(plan != NULL) && LIKELY(errors != NULL)) result = decode_by(state, data, plan, errors);
    Py_XDECREF(own_errors);
    Py_XDECREF(plan);
    return result;
}

PyObject *core_decode_by_plan(PyObject *core, PyObject *const *args, Py_ssize_t nargs) {
    core_state *state = state_of(core);
    if (UNLIKELY(!is_loaded(state)) && load_decoding(state)) return NULL;
    if (nargs != 3 || (PyObject *)Py_TYPE(args[1]) != state->plan_class) {
        PyErr_SetString(PyExc_TypeError, "decode_by_plan() takes data, a Plan and errors");
        return NULL;
    }
    return decode_by(state, args[0], args[1], args[2]);
}
