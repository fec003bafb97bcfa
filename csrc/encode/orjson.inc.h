/* What isn't exactly of one of JSON's own types, or is a scalar that write_leaf leaves, by orjson's rules: see
 * cyjson._orjson_values, which has to do with what isn't known here. */
#include "encode/natives.h"

static int write_numbers(encoder *e, uint8_t **out, PyObject *object, int orjson_array);

/* The end of an object whose members are all private: indented, it has a line of its own for them. */
static SELDOM uint8_t *write_private_end(encoder *e, uint8_t *out) {
    if (e->options->indented) out = write_any_start_utf8(e, out, 1);
    e->level--;
    if (out != NULL && e->options->indented) out = write_any_start_utf8(e, out, 1);
    return out == NULL ? NULL : put(e, out, '}', WRITE_ORJSON);
}

/* PyDict_Next, with references that attribute_done gives up where there is no GIL. */
static ALWAYS_INLINE int next_attribute(PyObject *dict, Py_ssize_t *position, PyObject **key, PyObject **value) {
#if COMPAT_HAS_GIL
    return PyDict_Next(dict, position, key, value);
#else
    return compat_dict_next(dict, position, key, value);
#endif
}

static ALWAYS_INLINE void attribute_done(PyObject *key, PyObject *value) {
#if !COMPAT_HAS_GIL
    Py_DECREF(key);
    Py_DECREF(value);
#else
    (void)key, (void)value;
#endif
}

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
    if (out != NULL) out = first ? write_private_end(e, out) : write_end(e, out, '}', WRITE_ORJSON, STYLE_ANY);
    leave(e, pairs);
    return out;
}

/* Write a key that isn't a str as its text in quotes; NULL where Python code has to make the text, or refuse the key.
 * NATIVE_SPACE bytes of room are there. Runs no Python code. */
static NOINLINE uint8_t *put_key_orjson(encoder *e, uint8_t *out, PyObject *key) {
    const encode_orjson_state *s = &e->state->orjson;
    PyObject *type = (PyObject *)Py_TYPE(key);
    const char *word = key == Py_None ? "null" : key == Py_True ? "true" : key == Py_False ? "false" : NULL;
    uint8_t *end = NULL;
    if (Py_IS_TYPE(key, &PyLong_Type)) {
        int overflow;
        int64_t value = PyLong_AsLongLongAndOverflow(key, &overflow);
        if (!overflow) end = number_format_int64(out + 1, value);
    } else if (Py_IS_TYPE(key, &PyFloat_Type)) {
        double value = PyFloat_AS_DOUBLE(key);
        if (value - value != 0) word = "null";
        else {
            end = KERNEL(e, number_format_double)(out + 1, value);
            if (is_small(value)) end = respell_small(out + 1, end, 5);
        }
    } else if (word == NULL) {
        int paused = compat_gc_pause(0);
        if (type == s->datetime_type)
            end = native_orjson_datetime(out, key, s->utc, (PyTypeObject *)s->timezone_type, s->str_utcoffset,
                                         e->options->orjson);
        else if (type == s->date_type) end = native_date(out, key);
        else if (type == s->time_type) end = native_orjson_time(out, key, e->options->orjson);
        else if (type == s->uuid_type) {
            PyObject *integer = PyObject_GenericGetAttr(key, s->str_int); /* a slot */
            if (integer != NULL) end = native_uuid(out, integer, 1);
            Py_XDECREF(integer);
        }
        if (end == NULL) PyErr_Clear();
        compat_gc_resume(paused);
        return end;
    }
    if (word != NULL) end = (uint8_t *)memcpy(out + 1, word, strlen(word)) + strlen(word);
    if (end == NULL) return NULL;
    *out = *end = '"';
    return end + 1;
}

typedef enum { KEYS_TEXT, KEYS_PLAIN, KEYS_ODD } keys_kind;

/* Whether all keys of a dict are exactly str, or if not, all such that their text needs no Python code. */
static keys_kind kind_of_keys(encoder *e, PyObject *dict) {
    uint8_t text[NATIVE_SPACE];
    PyObject *key, *value;
    Py_ssize_t position = 0, size;
    int others = 0, odd = 0;
    while (!odd && next_attribute(dict, &position, &key, &value)) {
        if (!PyUnicode_CheckExact(key)) {
            others = 1;
            if (Py_IS_TYPE(key, &PyLong_Type)) (void)PyLong_AsLongLongAndOverflow(key, &odd); /* not 0: it is large */
            else if (!Py_IS_TYPE(key, &PyFloat_Type)) odd = put_key_orjson(e, text, key) == NULL;
        } else if (!PyUnicode_IS_ASCII(key) && PyUnicode_AsUTF8AndSize(key, &size) == NULL) {
            PyErr_Clear();
            odd = others = 1; /* refused, as another way has it, too */
        }
        attribute_done(key, value);
    }
    return odd ? KEYS_ODD : others ? KEYS_PLAIN : KEYS_TEXT;
}

/* A dict whose keys are plain, in its order. */
static SELDOM uint8_t *write_plain_keys(encoder *e, uint8_t *out, PyObject *dict) {
    PyObject *key, *value;
    Py_ssize_t position = 0, left = PyDict_GET_SIZE(dict); /* no more, should Python code add some */
    int first = 1;
    if (enter(e, dict)) return NULL;
    out = room(e, out, SLACK, WRITE_ORJSON);
    if (out != NULL) out = put(e, out, '{', WRITE_ORJSON);
    e->level++;
    while (out != NULL && left-- > 0 && next_attribute(dict, &position, &key, &value)) {
        if (PyUnicode_CheckExact(key)) out = write_rare_key_utf8(e, out, key, first);
        else if ((out = write_any_start_utf8(e, out, first)) != NULL &&
                 (out = room(e, out, NATIVE_SPACE + SCALAR, WRITE_ORJSON)) != NULL) {
            out = put_key_orjson(e, out, key);
            if (out != NULL) out = put_key_separator(e, out, WRITE_ORJSON, STYLE_ANY);
            else encoder_raise(PyExc_TypeError, "Dict key must a type serializable with OPT_NON_STR_KEYS"); /* new */
        }
        first = 0;
        if (out != NULL && !write_rare_leaf_orjson(e, &out, value, Py_TYPE(value)))
            out = write_nested(e, out, value, WRITE_ORJSON);
        attribute_done(key, value);
    }
    if (out != NULL) out = write_end(e, out, '}', WRITE_ORJSON, STYLE_ANY);
    leave(e, dict);
    return out;
}

/* A copy of a dict whose keys are plain, with their texts as keys; NULL, without an exception where two are alike. */
static SELDOM PyObject *with_text_keys(encoder *e, PyObject *dict) {
    uint8_t text[NATIVE_SPACE], *end;
    PyObject *made = PyDict_New(), *key, *value;
    Py_ssize_t position = 0, count = 0;
    while (made != NULL && next_attribute(dict, &position, &key, &value)) {
        PyObject *name = PyUnicode_CheckExact(key) ? Py_NewRef(key) : NULL;
        if (name == NULL && (end = put_key_orjson(e, text, key)) != NULL)
            name = PyUnicode_FromStringAndSize((const char *)text + 1, end - text - 2);
        if (name == NULL || PyDict_SetItem(made, name, value)) Py_CLEAR(made);
        Py_XDECREF(name);
        attribute_done(key, value);
        count++;
    }
    if (made != NULL && PyDict_GET_SIZE(made) != count) Py_CLEAR(made);
    return made;
}

/* A dict with OPT_NON_STR_KEYS, where some of its keys isn't one: *keyed tells. */
static SELDOM uint8_t *write_keyed_orjson(encoder *e, uint8_t *out, PyObject *dict, int *keyed) {
    const keys_kind kind = kind_of_keys(e, dict);
    *keyed = kind != KEYS_TEXT;
    if (kind == KEYS_TEXT) return out;
    if (orjson_is_too_deep(e)) return NULL;
    if (kind == KEYS_PLAIN && !e->options->sort_keys) return write_plain_keys(e, out, dict);
    Py_INCREF(dict);
    e->disturbances++;
    PyObject *members = NULL, *items = NULL, *plain = NULL;
    if (encoder_before_python(e) == 0 && (kind != KEYS_PLAIN || (plain = with_text_keys(e, dict)) == NULL) &&
        !PyErr_Occurred() && (items = PyDict_Items(dict)) != NULL)
        members = PyObject_CallFunction(e->state->orjson.members_of, "OI", items, e->options->orjson & ORJSON_MOST);
    Py_XDECREF(items);
    if (plain != NULL) out = write_dict_orjson(e, out, plain);
    else out = members == NULL ? NULL : write_pairs_orjson(e, out, members);
    Py_XDECREF(plain);
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
    enum { UNKNOWN, VALUE, TEXT, MEMBERS, NUMBERS }; /* as in _orjson_values.py */
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
    else if (kind == NUMBERS) {
        if (!write_numbers(e, &out, value, 0)) {
            PyErr_SetString(PyExc_TypeError, "numpy array is malformed");
            out = NULL;
        }
    } else out = write_made_orjson(e, out, value);
    Py_DECREF(made);
    return out;
}

/* An instance of a subclass of dict: what is in its own table, whatever its methods say. The caller holds it. */
static SELDOM uint8_t *write_subclass_of_dict(encoder *e, uint8_t *out, PyObject *object) {
    PyObject *key, *value, *dict;
    Py_ssize_t position = 0;
    if (COMPAT_HAS_GIL && e->plain_dicts == DICTS_PLAIN) return write_dict_orjson(e, out, object);
    e->disturbances++;
    if (encoder_before_python(e)) return NULL; /* a key's __eq__ may run */
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

/* What a class has itself in its dict: borrowed, NULL where it hasn't got it. Runs no Python code. */
static ALWAYS_INLINE PyObject *own_of_class(PyTypeObject *type, PyObject *name) {
    if (!PyType_HasFeature(type, Py_TPFLAGS_HEAPTYPE) || type->tp_dict == NULL) return NULL;
    PyObject *found = PyDict_GetItemWithError(type->tp_dict, name);
    if (found == NULL) PyErr_Clear();
    return found;
}

/* The __dict__ of a dataclass's instance, which holds what is to be written: a new reference, or NULL without an
 * exception where Python code has to look. */
static ALWAYS_INLINE PyObject *dict_of_dataclass(encoder *e, PyObject *object) {
    const encode_orjson_state *s = &e->state->orjson;
    PyTypeObject *type = Py_TYPE(object);
    if (type->tp_getattro != PyObject_GenericGetAttr || own_of_class(type, s->str_slots) != NULL) return NULL;
    PyObject *descriptor = _PyType_Lookup(type, s->str_dict);
    if (descriptor == NULL || !Py_IS_TYPE(descriptor, &PyGetSetDescr_Type)) return NULL;
    int paused = compat_gc_pause(0);
    PyObject *dict = PyObject_GenericGetAttr(object, s->str_dict);
    compat_gc_resume(paused);
    if (dict != NULL && !PyDict_CheckExact(dict)) Py_CLEAR(dict);
    if (dict == NULL) PyErr_Clear();
    return dict;
}

/* The fields of a dataclass whose instances have slots, a dict of its own: a new reference, or NULL without an
 * exception where Python code has to look, as at a property. */
static SELDOM PyObject *fields_of_dataclass(encoder *e, PyObject *object) {
    const encode_orjson_state *s = &e->state->orjson;
    PyTypeObject *type = Py_TYPE(object);
    if (!COMPAT_HAS_GIL) return NULL; /* others may change the class */
    PyObject *fields = own_of_class(type, s->str_fields), *name, *field;
    Py_ssize_t position = 0;
    if (fields == NULL || !PyDict_CheckExact(fields) || type->tp_getattro != PyObject_GenericGetAttr) return NULL;
    if (own_of_class(type, s->str_slots) == NULL && _PyType_Lookup(type, s->str_dict) != NULL) return NULL;
    Py_INCREF(fields);
    int plain = 1;
    while (plain && next_attribute(fields, &position, &name, &field)) {
        PyObject *found = PyUnicode_CheckExact(name) ? _PyType_Lookup(type, name) : fields;
        plain =
            (found == NULL || Py_IS_TYPE(found, &PyMemberDescr_Type)) && Py_IS_TYPE(field, (PyTypeObject *)s->field);
        attribute_done(name, field);
    }
    if (!plain) Py_CLEAR(fields);
    return fields;
}

/* Whether a field of dataclasses' is one that instances have. */
static ALWAYS_INLINE int is_real_field(encoder *e, PyObject *field) {
    int paused = compat_gc_pause(0);
    PyObject *kind = PyObject_GenericGetAttr(field, e->state->orjson.str_field_type); /* a slot */
    if (kind == NULL) PyErr_Clear();
    compat_gc_resume(paused);
    Py_XDECREF(kind);
    return kind == e->state->orjson.field_kind;
}

/* The members of such a dict, which the caller holds, but for those whose names begin with an underscore; of an object
 * (or NULL) whose fields they are. */
static NOINLINE uint8_t *write_attributes(encoder *e, uint8_t *out, PyObject *dict, PyObject *object) {
    PyObject *key, *value;
    Py_ssize_t position = 0;
    int first = 1;
    if (orjson_is_too_deep(e)) return NULL;
    if (PyDict_GET_SIZE(dict) == 0) return write_pairs_orjson(e, out, Py_None);
    if (enter(e, dict)) return NULL;
    out = room(e, out, SLACK, WRITE_ORJSON);
    if (out != NULL) out = put(e, out, '{', WRITE_ORJSON);
    e->level++;
    while (out != NULL && next_attribute(dict, &position, &key, &value)) {
        if (UNLIKELY(!PyUnicode_CheckExact(key))) {
            encoder_raise(PyExc_TypeError, "Dict key must be str");
            out = NULL;
        } else if (UNLIKELY(PyUnicode_GET_LENGTH(key) > 0 && PyUnicode_READ_CHAR(key, 0) == '_')) {
            Py_ssize_t size;
            if (!PyUnicode_IS_ASCII(key) && PyUnicode_AsUTF8AndSize(key, &size) == NULL) out = NULL;
        } else if (object == NULL || is_real_field(e, value)) {
            PyObject *read = object == NULL ? NULL : PyObject_GenericGetAttr(object, key); /* a slot, or of its dict */
            if (UNLIKELY(object != NULL && read == NULL)) {
                orjson_unsupported(object);
                out = NULL;
            } else if ((out = write_rare_key_utf8(e, out, key, first)) != NULL) {
                PyObject *written = object == NULL ? value : read;
                first = 0;
                if (!write_rare_leaf_orjson(e, &out, written, Py_TYPE(written)))
                    out = write_nested(e, out, written, WRITE_ORJSON);
            }
            Py_XDECREF(read);
        }
        attribute_done(key, value);
    }
    if (out != NULL) out = first ? write_private_end(e, out) : write_end(e, out, '}', WRITE_ORJSON, STYLE_ANY);
    leave(e, dict);
    return out;
}

/* Whether an object is of a class that write_native_orjson may know. */
static ALWAYS_INLINE int is_native_orjson(const encoder *e, PyObject *type) {
    const encode_orjson_state *s = &e->state->orjson;
    if (type == s->uuid_type || type == s->fragment_type) return 1;
    return !(e->options->orjson & ORJSON_PASSTHROUGH_DATETIME) &&
           (type == s->datetime_type || type == s->date_type || type == s->time_type);
}

/* What a Fragment holds: 0 where it can't be written. */
static SELDOM int write_fragment_orjson(encoder *e, uint8_t **out, PyObject *object) {
    PyObject *contents = PyObject_GenericGetAttr(object, e->state->orjson.str_contents); /* a slot */
    const char *p = NULL;
    Py_ssize_t n = 0;
    if (contents != NULL && PyBytes_CheckExact(contents)) {
        p = PyBytes_AS_STRING(contents);
        n = PyBytes_GET_SIZE(contents);
    } else if (contents != NULL && PyUnicode_CheckExact(contents)) p = PyUnicode_AsUTF8AndSize(contents, &n);
    if (p != NULL) {
        *out = room(e, *out, (size_t)n + SLACK, WRITE_ORJSON);
        if (*out != NULL) *out = put_bytes(e, *out, p, (size_t)n, WRITE_ORJSON);
    } else PyErr_Clear(); /* Python code says why */
    Py_XDECREF(contents);
    return p != NULL;
}

/* The datetime module's classes, uuid's and Fragment: 0 where Python code has to write it. Runs no Python code. */
static ALWAYS_INLINE int write_native_orjson(encoder *e, uint8_t **at, PyObject *object) {
    const encode_orjson_state *s = &e->state->orjson;
    const unsigned orjson = e->options->orjson;
    PyObject *type = (PyObject *)Py_TYPE(object);
    uint8_t *out = *at = room(e, *at, NATIVE_SPACE + SLACK, WRITE_ORJSON), *end;
    if (out == NULL) return 1;
    int paused = compat_gc_pause(0);
    if (type == s->fragment_type) {
        int written = write_fragment_orjson(e, at, object);
        compat_gc_resume(paused);
        return written;
    }
    if (type == s->datetime_type)
        end = native_orjson_datetime(out, object, s->utc, (PyTypeObject *)s->timezone_type, s->str_utcoffset, orjson);
    else if (type == s->date_type) end = native_date(out, object);
    else if (type == s->time_type) end = native_orjson_time(out, object, orjson);
    else {
        PyObject *integer = PyObject_GenericGetAttr(object, s->str_int); /* a slot */
        end = integer == NULL ? NULL : native_uuid(out, integer, 1);
        Py_XDECREF(integer);
    }
    if (end == NULL) PyErr_Clear();
    else *at = end;
    compat_gc_resume(paused);
    return end != NULL;
}

/* A dataclass's instance: 0 where Python code has to write it. */
static ALWAYS_INLINE int write_dataclass_orjson(encoder *e, uint8_t **out, PyObject *object) {
    PyObject *dict = dict_of_dataclass(e, object), *fields = NULL;
    if (dict == NULL && (fields = fields_of_dataclass(e, object)) == NULL) return 0;
    *out = write_attributes(e, *out, dict != NULL ? dict : fields, dict != NULL ? NULL : object);
    Py_XDECREF(dict);
    Py_XDECREF(fields);
    return 1;
}

/* The caller holds the object. */
static ALWAYS_INLINE uint8_t *write_held_orjson(encoder *e, uint8_t *out, PyObject *object) {
    PyTypeObject *type = Py_TYPE(object);
    const unsigned orjson = e->options->orjson;
    if (is_native_orjson(e, (PyObject *)type))
        return LIKELY(write_native_orjson(e, &out, object)) ? out : write_stand_in_orjson(e, out, object);
    if (!(orjson & ORJSON_PASSTHROUGH_SUBCLASS)) {
        if (PyUnicode_Check(object)) return write_rare_leaf_orjson(e, &out, object, &PyUnicode_Type) ? out : NULL;
        if (PyLong_Check(object)) return write_int_orjson(e, out, object);
        if (PyList_Check(object)) return write_list_orjson(e, out, object);
        if (PyDict_Check(object)) return write_subclass_of_dict(e, out, object);
    }
    if ((PyObject *)Py_TYPE(type) == e->state->orjson.enum_meta) {
        PyObject *value = enum_value(e, object);
        if (value == NULL) return write_stand_in_orjson(e, out, object);
        out = write_made_orjson(e, out, value);
        Py_DECREF(value);
        return out;
    }
    if (!(orjson & ORJSON_PASSTHROUGH_DATACLASS) && own_of_class(type, e->state->orjson.str_fields) != NULL)
        return LIKELY(write_dataclass_orjson(e, &out, object)) ? out : write_stand_in_orjson(e, out, object);
    if (orjson & ORJSON_SERIALIZE_NUMPY) {
        PyObject *is_array = NULL;
        if (Py_IS_TYPE(type, &PyType_Type))
            is_array = PyDict_GetItemWithError(e->state->orjson.number_types, (PyObject *)type);
        if (is_array != NULL && write_numbers(e, &out, object, is_array == Py_True)) return out;
        return write_stand_in_orjson(e, out, object);
    }
    e->disturbances++;
    return encoder_before_python(e) ? NULL : write_by_default_orjson(e, out, object, Py_None);
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
