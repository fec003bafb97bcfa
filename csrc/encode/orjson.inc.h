/* What isn't exactly of one of JSON's own types, or is a scalar that write_leaf leaves, by orjson's rules: see
 * cyjson._orjson_values, which has to do with what isn't known here. */
#include "encode/natives.h"

/* The members of an object whose keys are str, of a list of pairs that nobody else has; None stands for none at all.
 * The list is held. */
static SELDOM uint8_t *write_pairs_orjson(encoder *e, uint8_t *out, PyObject *pairs) {
    int first = 1;
    if (pairs == Py_None) {
        out = room(e, out, SLACK, WRITE_ORJSON);
        return out == NULL ? NULL : put(e, put(e, out, '{', WRITE_ORJSON), '}', WRITE_ORJSON);
    }
    if (orjson_is_too_deep(e) || enter(e, pairs)) return NULL;
    out = room(e, out, SLACK, WRITE_ORJSON);
    if (out != NULL) out = put(e, out, '{', WRITE_ORJSON);
    e->level++;
    for (Py_ssize_t i = 0; out != NULL && i < PyList_GET_SIZE(pairs); i++) {
        PyObject *pair = PyList_GET_ITEM(pairs, i);
        out = write_member_orjson(e, out, pairs, PyTuple_GET_ITEM(pair, 0), PyTuple_GET_ITEM(pair, 1), &first);
    }
    /* An object whose members are all private has a line of its own for them. */
    if (out != NULL && first && e->options->indented) out = write_any_start_utf8(e, out, 1);
    if (out != NULL && first) {
        e->level--;
        if (e->options->indented) out = write_any_start_utf8(e, out, 1);
        if (out != NULL) out = put(e, out, '}', WRITE_ORJSON);
    } else if (out != NULL) out = write_end(e, out, '}', WRITE_ORJSON, STYLE_ANY);
    leave(e, pairs);
    return out;
}

/* Whether all keys of a dict are exactly str. */
static int has_text_keys(PyObject *dict) {
    PyObject *key, *value;
    Py_ssize_t position = 0;
    int all = 1;
#if COMPAT_HAS_GIL
    while (all && PyDict_Next(dict, &position, &key, &value)) all = PyUnicode_CheckExact(key);
#else
    while (all && compat_dict_next(dict, &position, &key, &value)) {
        all = PyUnicode_CheckExact(key);
        Py_DECREF(key);
        Py_DECREF(value);
    }
#endif
    return all;
}

/* A dict with OPT_NON_STR_KEYS, where some of its keys isn't one: *keyed tells. */
static SELDOM uint8_t *write_keyed_orjson(encoder *e, uint8_t *out, PyObject *dict, int *keyed) {
    if (!(*keyed = !has_text_keys(dict))) return out;
    if (orjson_is_too_deep(e)) return NULL;
    Py_INCREF(dict);
    e->disturbances++;
    PyObject *members = NULL, *items = encoder_before_python(e) ? NULL : PyDict_Items(dict);
    if (items != NULL)
        members = PyObject_CallFunction(e->state->orjson.members_of, "OI", items, e->options->orjson & ORJSON_MOST);
    Py_XDECREF(items);
    out = members == NULL ? NULL : write_pairs_orjson(e, out, members);
    Py_XDECREF(members);
    Py_DECREF(dict);
    return out;
}

/* An int of 64 bits, or TypeError. */
static SELDOM uint8_t *write_int_orjson(encoder *e, uint8_t *out, PyObject *integer) {
    int overflow;
    const int64_t most = ((int64_t)1 << 53) - 1;
    int64_t value = PyLong_AsLongLongAndOverflow(integer, &overflow);
    uint64_t large = 0;
    const char *refused = NULL;
    if (overflow < 0) refused = "Integer exceeds 64-bit range";
    else if (overflow > 0) {
        int paused = compat_gc_pause(0);
        large = PyLong_AsUnsignedLongLong(integer);
        if (large == (uint64_t)-1 && PyErr_Occurred()) {
            PyErr_Clear();
            refused = "Integer exceeds 64-bit range";
        }
        compat_gc_resume(paused);
    }
    if (refused == NULL && e->options->orjson & ORJSON_STRICT_INTEGER && (overflow || value > most || value < -most))
        refused = "Integer exceeds 53-bit range";
    if (refused != NULL) {
        encoder_raise(PyExc_TypeError, refused);
        return NULL;
    }
    out = room(e, out, NUMBER_INT64_SPACE + SLACK, WRITE_ORJSON);
    if (out == NULL) return NULL;
    return overflow ? number_format_uint64(out, large) : number_format_int64(out, value);
}

/* What default() makes of an object, which the caller holds. refusal: what to say without a default, or None. */
static SELDOM uint8_t *write_by_default_orjson(encoder *e, uint8_t *out, PyObject *object, PyObject *refusal) {
    PyObject *function = e->options->default_function;
    if (PyExceptionInstance_Check(refusal)) PyErr_SetObject((PyObject *)Py_TYPE(refusal), refusal);
    else if (function == NULL && refusal != Py_None) PyErr_SetObject(PyExc_TypeError, refusal);
    else if (function == NULL) orjson_unsupported(object);
    else if (e->default_calls > ORJSON_DEEPEST)
        PyErr_SetString(PyExc_TypeError, "default serializer exceeds recursion limit");
    else {
        PyObject *made = PyObject_CallOneArg(function, object);
        if (made == NULL) {
            orjson_unsupported(object);
            return NULL;
        }
        e->default_calls++;
        out = write_value_orjson(e, out, made);
        e->default_calls--;
        Py_DECREF(made);
        return out;
    }
    return NULL;
}

/* What stands for an object, such as an Enum's value, which may be the Enum again. */
static SELDOM uint8_t *write_made_orjson(encoder *e, uint8_t *out, PyObject *value) {
    if (Py_EnterRecursiveCall(" while encoding a JSON object")) return NULL;
    out = write_value_orjson(e, out, value);
    Py_LeaveRecursiveCall();
    return out;
}

/* What Python code says that stands for an object, which the caller holds. */
static SELDOM uint8_t *write_stand_in_orjson(encoder *e, uint8_t *out, PyObject *object) {
    enum { UNKNOWN, VALUE, TEXT, MEMBERS }; /* as in _orjson_values.py */
    e->disturbances++;
    if (encoder_before_python(e)) return NULL;
    PyObject *made =
        PyObject_CallFunction(e->state->orjson.stand_in, "OIn", object, e->options->orjson & ORJSON_MOST, e->depth);
    if (made == NULL) return NULL;
    CYJSON_ASSERT(PyTuple_CheckExact(made) && PyTuple_GET_SIZE(made) == 2);
    const long kind = PyLong_AsLong(PyTuple_GET_ITEM(made, 0));
    PyObject *value = PyTuple_GET_ITEM(made, 1);
    if (kind == TEXT) {
        const size_t n = (size_t)PyBytes_GET_SIZE(value);
        out = room(e, out, n + SLACK, WRITE_ORJSON);
        if (out != NULL) out = put_bytes(e, out, PyBytes_AS_STRING(value), n, WRITE_ORJSON);
    } else if (kind == MEMBERS) out = write_pairs_orjson(e, out, value);
    else if (kind == UNKNOWN) out = write_by_default_orjson(e, out, object, value);
    else out = write_made_orjson(e, out, value);
    Py_DECREF(made);
    return out;
}

/* An instance of a subclass of dict: what is in its own table, whatever its methods say. The caller holds it. */
static SELDOM uint8_t *write_subclass_of_dict(encoder *e, uint8_t *out, PyObject *object) {
    PyObject *key, *value, *dict;
    Py_ssize_t position = 0;
    e->disturbances++;
    if (encoder_before_python(e)) return NULL;
    dict = PyDict_New();
    while (dict != NULL && compat_dict_next(object, &position, &key, &value)) {
        if (PyDict_SetItem(dict, key, value)) Py_CLEAR(dict);
        Py_DECREF(key);
        Py_DECREF(value);
    }
    out = dict == NULL ? NULL : write_dict_orjson(e, out, dict);
    Py_XDECREF(dict);
    return out;
}

/* The value of an Enum, which the caller holds: a new reference, or NULL, without an exception where Python code has to
 * say it. */
static ALWAYS_INLINE PyObject *enum_value(encoder *e, PyObject *object) {
    const encode_orjson_state *s = &e->state->orjson;
    PyTypeObject *type = Py_TYPE(object);
    if (type->tp_getattro != PyObject_GenericGetAttr || s->enum_value == NULL ||
        _PyType_Lookup(type, s->str_value) != s->enum_value || _PyType_Lookup(type, s->str_own_value) != NULL)
        return NULL;
    int paused = compat_gc_pause(0);
    PyObject *value = PyObject_GenericGetAttr(object, s->str_own_value); /* of its dict: no descriptor is in the way */
    compat_gc_resume(paused);
    if (value == NULL) PyErr_Clear();
    return value;
}

/* The datetime module's and uuid's: 0 where Python code has to write it. */
static ALWAYS_INLINE int write_native_orjson(encoder *e, uint8_t **at, PyObject *object) {
    const encode_orjson_state *s = &e->state->orjson;
    const unsigned orjson = e->options->orjson;
    PyObject *type = (PyObject *)Py_TYPE(object);
    const int is_uuid = type == s->uuid_type, is_datetime = type == s->datetime_type;
    if (!is_uuid &&
        (orjson & ORJSON_PASSTHROUGH_DATETIME || !(is_datetime || type == s->date_type || type == s->time_type)))
        return 0;
    uint8_t *out = *at = room(e, *at, NATIVE_SPACE + SLACK, WRITE_ORJSON), *end;
    if (out == NULL) return 1;
    if (is_uuid) {
        PyObject *integer = PyObject_GenericGetAttr(object, s->str_int); /* a slot */
        end = integer == NULL ? NULL : native_uuid(out, integer, 1);
        Py_XDECREF(integer);
    } else if (is_datetime)
        end = native_orjson_datetime(out, object, s->utc, (PyTypeObject *)s->timezone_type, s->str_utcoffset, orjson);
    else if (type == s->date_type) end = native_date(out, object);
    else end = native_orjson_time(out, object, orjson);
    if (end == NULL) {
        PyErr_Clear();
        return 0;
    }
    *at = end;
    return 1;
}

/* The caller holds the object. */
static ALWAYS_INLINE uint8_t *write_held_orjson(encoder *e, uint8_t *out, PyObject *object) {
    PyTypeObject *type = Py_TYPE(object);
    const unsigned orjson = e->options->orjson;
    if (write_native_orjson(e, &out, object)) return out;
    if (!(orjson & ORJSON_PASSTHROUGH_SUBCLASS)) {
        if (PyUnicode_Check(object)) return write_rare_leaf_orjson(e, &out, object, &PyUnicode_Type) ? out : NULL;
        if (PyLong_Check(object)) return write_int_orjson(e, out, object);
        if (PyList_Check(object)) return write_list_orjson(e, out, object);
        if (PyDict_Check(object)) return write_subclass_of_dict(e, out, object);
    }
    if ((PyObject *)Py_TYPE(type) == e->state->orjson.enum_meta) {
        PyObject *value = enum_value(e, object);
        if (value != NULL) {
            out = write_made_orjson(e, out, value);
            Py_DECREF(value);
            return out;
        }
    }
    return write_stand_in_orjson(e, out, object);
}

static NOINLINE uint8_t *write_other_orjson(encoder *e, uint8_t *out, PyObject *object) {
    PyTypeObject *type = Py_TYPE(object);
    if (type == &PyLong_Type) return write_int_orjson(e, out, object);
    if (type == &PyFloat_Type) return write_word(e, out, 2, 0, WRITE_ORJSON); /* it isn't finite */
    if (type == &PyTuple_Type && PyTuple_GET_SIZE(object) == 0) return write_word(e, out, 3, 0, WRITE_ORJSON);
    e->disturbances++;
    Py_INCREF(object);
    out = type == &PyTuple_Type ? write_list_orjson(e, out, object) : write_held_orjson(e, out, object);
    Py_DECREF(object);
    return out;
}
