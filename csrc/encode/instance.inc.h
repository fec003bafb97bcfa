/* Instances of classes, by their plans (plans.h), and what stands for them. */

/* ---- natives ---- */

/* A str that was made for an object, the reference to which is taken over; NULL: an exception is set. */
static uint8_t *write_made_text(encoder *e, uint8_t *out, PyObject *text) {
    if (text == NULL) return NULL;
    if (UNLIKELY(!PyUnicode_Check(text))) {
        PyErr_Format(PyExc_TypeError, "isoformat() must return a str, not %.100s", Py_TYPE(text)->tp_name);
        out = NULL;
    } else if (!write_rare_leaf_utf8(e, &out, text, &PyUnicode_Type)) out = write_long_str(e, out, text, WRITE_UTF8);
    Py_DECREF(text);
    return out;
}

/* The value of an attribute in the place of an Enum, where it is at hand, a leaf, and no name that is missing: 0 where
 * it isn't. */
static ALWAYS_INLINE int write_enum_value(encoder *e, uint8_t **out, PyObject *object, class_plan *plan) {
    plan_field *f = &plan->fields[0];
    compat_attributes attributes;
    if (UNLIKELY(f->read != READ_VALUE)) return 0;
    compat_attributes_of(e->options->plans->attributes_known, object, &attributes);
    PyObject *value = compat_attribute(&attributes, f->name, &f->at);
    if (UNLIKELY(value == NULL) || (UNLIKELY(value == Py_None) && plan->detail)) return 0;
    return write_rare_leaf_utf8(e, out, value, Py_TYPE(value));
}

/* The same of any, which the caller holds. */
static SELDOM uint8_t *write_enum(encoder *e, uint8_t *out, PyObject *object, class_plan *plan) {
    if (UNLIKELY(enter(e, object))) return NULL;
    PyObject *value = read_slowly(e, object, &plan->fields[0]);
    if (value == Py_None && plan->detail) /* ValueError */
        Py_SETREF(value, plans_call("replacement", "OOi", object, plan->tuple, 0));
    out = value == NULL ? NULL : write_value_utf8(e, out, value);
    Py_XDECREF(value);
    leave(e, object);
    return out;
}

static SELDOM uint8_t *write_uuid(encoder *e, uint8_t *out, PyObject *object, const class_plan *plan) {
    e->disturbances++;
    if (encoder_before_python(e)) return NULL;
    return write_made_text(e, out, plan->detail == 0 ? PyObject_Str(object) : PyObject_GetAttrString(object, "hex"));
}

/* Whether iterating over it runs no Python code, nor any collector. */
static ALWAYS_INLINE int iterates_quietly(PyTypeObject *type) {
    return type == &PySet_Type || type == &PyFrozenSet_Type;
}

/* What an iterable gives, as it comes. */
static NOINLINE uint8_t *write_iterable(encoder *e, uint8_t *out, PyObject *object) {
    const int quiet = iterates_quietly(Py_TYPE(object));
    PyObject *iterator = NULL, *item = NULL;
    if (UNLIKELY(enter(e, object))) return NULL;
    if (!quiet) e->disturbances++;
    if (quiet || !encoder_before_python(e)) {
        int paused = quiet ? compat_gc_pause(0) : 0;
        iterator = PyObject_GetIter(object);
        compat_gc_resume(paused);
    }
    if (iterator == NULL) encoder_add_note(e, object, NULL, 0);
    if (iterator == NULL || (e->python_ran && encoder_check_path(e))) out = NULL;
    else out = room(e, out, SLACK, WRITE_UTF8);
    if (out != NULL) out = put(e, out, '[', WRITE_UTF8);
    e->level++;
    for (Py_ssize_t i = 0; out != NULL; i++) {
        if (!quiet) {
            e->disturbances++;
            if (encoder_before_python(e)) {
                out = NULL;
                break;
            }
        }
        item = Py_TYPE(iterator)->tp_iternext(iterator);
        if (item == NULL) {
            if (PyErr_Occurred()) {
                if (!PyErr_ExceptionMatches(PyExc_StopIteration)) {
                    encoder_add_note(e, object, NULL, i);
                    out = NULL;
                    break;
                }
                PyErr_Clear();
            }
            if (i > 0) out = write_end(e, out, ']', WRITE_UTF8, STYLE_ANY);
            else {
                e->level--;
                out = put(e, out, ']', WRITE_UTF8);
            }
            break;
        }
        out = write_start(e, out, i == 0, between_size(e), WRITE_UTF8, STYLE_ANY);
        if (out != NULL) {
            if (!write_rare_leaf_utf8(e, &out, item, Py_TYPE(item))) out = write_nested(e, out, item, WRITE_UTF8);
            if (out == NULL) encoder_add_note(e, object, NULL, i);
        }
        Py_DECREF(item);
        if (out != NULL && is_full(e, out)) out = encoder_flush(e, out);
    }
    Py_XDECREF(iterator);
    leave(e, object);
    return out;
}

/* What items() gives, as an object. */
static SELDOM uint8_t *write_mapping(encoder *e, uint8_t *out, PyObject *object) {
    PyObject *items = NULL, *iterator = NULL, *pair;
    int first = 1;
    if (UNLIKELY(enter(e, object))) return NULL;
    e->disturbances++;
    if (!encoder_before_python(e) && !encoder_check_path(e)) items = PyObject_CallMethod(object, "items", NULL);
    if (items != NULL && e->options->sort_keys)
        Py_SETREF(items, plans_call("in_order", "OOi", items, e->options->plans->policy, e->options->skipkeys));
    if (items != NULL) iterator = PyObject_GetIter(items);
    Py_XDECREF(items);
    out = iterator == NULL ? NULL : room(e, out, SLACK, WRITE_UTF8);
    if (out != NULL) out = put(e, out, '{', WRITE_UTF8);
    e->level++;
    while (out != NULL && (pair = encoder_before_python(e) ? NULL : PyIter_Next(iterator)) != NULL) {
        if (!PyTuple_CheckExact(pair) || PyTuple_GET_SIZE(pair) != 2)
            Py_SETREF(pair, PyObject_CallOneArg(e->state->unpack_pair, pair));
        if (pair == NULL) break;
        out = write_member_utf8(e, out, object, PyTuple_GET_ITEM(pair, 0), PyTuple_GET_ITEM(pair, 1), &first);
        Py_DECREF(pair);
        if (out != NULL && is_full(e, out)) out = encoder_flush(e, out);
    }
    if (out != NULL && PyErr_Occurred()) out = NULL;
    if (out != NULL) {
        if (first) e->level--;
        out = first ? put(e, out, '}', WRITE_UTF8) : write_end(e, out, '}', WRITE_UTF8, STYLE_ANY);
    }
    Py_XDECREF(iterator);
    leave(e, object);
    return out;
}

/* The bytes of an object that exports a buffer. */
static SELDOM uint8_t *write_buffer(encoder *e, uint8_t *out, PyObject *object, const class_plan *plan) {
    enum { BASE64, HEX, UTF8 };
    Py_buffer view;
    e->disturbances++;
    if (encoder_before_python(e)) return NULL;
    if (PyObject_GetBuffer(object, &view, PyBUF_CONTIG_RO)) {
        PyObject *bytes; /* in another order */
        if (!PyErr_ExceptionMatches(PyExc_BufferError)) return NULL;
        PyErr_Clear();
        bytes = PyBytes_FromObject(object);
        int bad = bytes == NULL || PyObject_GetBuffer(bytes, &view, PyBUF_SIMPLE);
        Py_XDECREF(bytes);
        if (bad) return NULL;
    }
    if (plan->detail == UTF8) out = write_made_text(e, out, PyUnicode_DecodeUTF8(view.buf, view.len, NULL));
    else out = native_bytes(e, out, view.buf, (size_t)view.len, plan->detail == HEX);
    PyBuffer_Release(&view);
    return out;
}

/* ---- what stands for an object ---- */

static uint8_t *write_instance(encoder *e, uint8_t *out, PyObject *object, plan_purpose purpose);

/* What a hook or default() made of an object: hooks aren't asked about it again. */
static ALWAYS_INLINE uint8_t *write_result(encoder *e, uint8_t *out, PyObject *object, plan_purpose purpose) {
    PyTypeObject *type = Py_TYPE(object);
    if (write_rare_leaf_utf8(e, &out, object, type)) return out;
    if (type == &PyDict_Type || type == &PyList_Type) return write_nested(e, out, object, WRITE_UTF8);
    return write_instance(e, out, object, purpose);
}

/* What was made of an object (NULL: an exception is set), in its place; the object is on the path, and held. */
static ALWAYS_INLINE uint8_t *write_made(encoder *e, uint8_t *out, PyObject *object, PyObject *made,
                                         plan_purpose purpose) {
    if (made == NULL) return NULL;
    if (count_level(e)) out = NULL;
    else {
        out = write_result(e, out, made, purpose);
        compat_leave(e->thread);
        if (out == NULL) encoder_add_note(e, object, NULL, -1);
    }
    Py_DECREF(made);
    return out;
}

static SELDOM uint8_t *write_replacement(encoder *e, uint8_t *out, PyObject *object, PyObject *made,
                                         plan_purpose purpose) {
    return write_made(e, out, object, made, purpose);
}

/* What default() makes of an object that no plan is for, or TypeError; the caller holds it. */
static NOINLINE uint8_t *write_by_default(encoder *e, uint8_t *out, PyObject *object, plan_purpose purpose) {
    if (path_push(e, object)) return NULL;
    PyObject *function = e->options->default_function, *made = NULL;
    e->disturbances++;
    if (encoder_before_python(e)) {
    } else if (purpose == OF_RESULTS) made = plans_call("refuse_result", "(O)", object);
    else if (function != NULL) made = PyObject_CallOneArg(function, object);
    else {
        made = PyObject_CallMethod(e->state->default_encoder, "default", "(O)", object);
        if (made == NULL && PyErr_ExceptionMatches(PyExc_TypeError)) encoder_add_advice(object);
    }
    out = write_made(e, out, object, made, OF_DEFAULTS);
    path_pop(e);
    return out;
}

/* The same, for an object that lives until Python code runs. */
static ALWAYS_INLINE uint8_t *write_unknown(encoder *e, uint8_t *out, PyObject *object, plan_purpose purpose) {
    Py_INCREF(object);
    out = write_by_default(e, out, object, purpose);
    Py_DECREF(object);
    return out;
}

/* What is written by Python code; the caller holds the object. */
static SELDOM uint8_t *write_by_python(encoder *e, uint8_t *out, PyObject *object, class_plan *plan,
                                       plan_purpose purpose) {
    const encode_options *o = e->options;
    const int is_hook = plan->kind == PLAN_CALL || plan->kind == PLAN_JSON_METHOD;
    PyObject *made = NULL;
    if (path_push(e, object)) return NULL;
    e->disturbances++;
    if (encoder_before_python(e)) {
    } else if (plan->kind == PLAN_CALL) made = PyObject_CallOneArg(plan->data, object);
    else if (plan->kind == PLAN_JSON_METHOD) made = plans_call("by_method", "(O)", object);
    else {
        int compact = !o->indented && !o->sort_keys && o->item_separator.size == 1 && o->key_separator.size == 1;
        made = plans_call("replacement", "OOi", object, plan->tuple, compact);
    }
    if (made != NULL && plan->kind == PLAN_JSON_METHOD && made == o->plans->module) { /* it is gone: by another plan */
        Py_DECREF(made);
        path_pop(e);
        return write_instance(e, out, object, purpose);
    }
    if (made == Py_NotImplemented && !is_hook) {
        Py_DECREF(made);
        path_pop(e);
        return write_by_default(e, out, object, purpose);
    }
    out = write_replacement(e, out, object, made, is_hook ? OF_RESULTS : OF_OBJECTS);
    path_pop(e);
    return out;
}

/* The value of a field, added to what is gathered: -1 with an exception set. */
static int gather(encoder *e, PyObject *gathered, PyObject *object, const plan_field *f, const class_plan *plan) {
    PyObject *value = f->name == NULL ? Py_NewRef(f->value) : PyObject_GetAttr(object, f->name), *item = NULL;
    if (value == NULL) return -1;
    int omitted = value == plan->data, bad = 0;
    if (!omitted && f->rule != FIELD_REST) omitted = plan_omits(f, value);
    if (omitted < 0) bad = 1;
    else if (!omitted && f->rule == FIELD_REST) {
        PyObject *rest = members_of_rest(e, object, f, value);
        bad = rest == NULL || PyList_SetSlice(gathered, PyList_GET_SIZE(gathered), PyList_GET_SIZE(gathered), rest);
        Py_XDECREF(rest);
    } else if (!omitted) {
        item = PyTuple_Pack(2, f->key, value);
        bad = item == NULL || PyList_Append(gathered, item);
    }
    Py_XDECREF(item);
    Py_DECREF(value);
    return bad ? -1 : 0;
}

/* The members of all fields, of which one is "**", in the order of their keys. */
static SELDOM PyObject *gather_sorted(encoder *e, PyObject *object, const class_plan *plan) {
    PyObject *gathered = PyList_New(0);
    for (Py_ssize_t i = 0; gathered != NULL && i < plan->n; i++) {
        const plan_field *f = &plan->fields[i];
        if (gather(e, gathered, object, f, plan)) {
            encoder_add_note(e, object, f->rule == FIELD_REST ? f->name : f->key, -1);
            Py_CLEAR(gathered);
        }
    }
    if (gathered != NULL) Py_SETREF(gathered, plans_call("by_text", "(O)", gathered));
    return gathered;
}

static SELDOM uint8_t *write_gathered(encoder *e, uint8_t *out, PyObject *object, class_plan *plan) {
    PyObject *members = NULL;
    int first = 1;
    if (enter(e, object)) return NULL;
    e->disturbances++;
    if (!encoder_before_python(e) && !encoder_check_path(e)) members = gather_sorted(e, object, plan);
    out = members == NULL ? NULL : room(e, out, SLACK, WRITE_UTF8);
    if (out != NULL) out = put(e, out, '{', WRITE_UTF8);
    e->level++;
    for (Py_ssize_t i = 0; out != NULL && i < PyList_GET_SIZE(members); i++) {
        PyObject *pair = PyList_GET_ITEM(members, i);
        out = write_member_utf8(e, out, object, PyTuple_GET_ITEM(pair, 0), PyTuple_GET_ITEM(pair, 1), &first);
        if (out != NULL && is_full(e, out)) out = encoder_flush(e, out);
    }
    if (out != NULL) {
        if (first) e->level--;
        out = first ? put(e, out, '}', WRITE_UTF8) : write_end(e, out, '}', WRITE_UTF8, STYLE_ANY);
    }
    Py_XDECREF(members);
    leave(e, object);
    return out;
}

/* The values of an instance's fields, as an array. */
static SELDOM uint8_t *write_array_of_fields(encoder *e, uint8_t *out, PyObject *object, class_plan *plan) {
    PyObject *values = NULL;
    if (path_push(e, object)) return NULL;
    e->disturbances++;
    if (!encoder_before_python(e)) values = plans_call("field_values", "OO", object, plan->tuple);
    out = write_replacement(e, out, object, values, OF_OBJECTS);
    path_pop(e);
    return out;
}

static ALWAYS_INLINE uint8_t *write_odd_instance(encoder *e, uint8_t *out, PyObject *object, class_plan *plan,
                                                 plan_purpose purpose) {
    enum { Z = 1 };
    switch (plan->kind) {
    case PLAN_UNKNOWN: return write_by_default(e, out, object, purpose);
    case PLAN_BASIC:
        if (UNLIKELY(e->options->plans->float_null) && PyFloat_Check(object) &&
            PyFloat_AS_DOUBLE(object) - PyFloat_AS_DOUBLE(object) != 0)
            return write_value_utf8(e, out, Py_None);
        return write_unplanned(e, out, object);
    case PLAN_OBJECT: return write_object(e, out, object, plan);
    case PLAN_ENUM: return write_enum(e, out, object, plan);
    case PLAN_UUID: return write_uuid(e, out, object, plan);
    case PLAN_ARRAY: return write_iterable(e, out, object);
    case PLAN_ARRAY_OF_FIELDS: return write_array_of_fields(e, out, object, plan);
    case PLAN_NUMPY_ARRAY:
    case PLAN_NUMPY_SCALAR:
        if (plan->is_native && write_numbers(e, &out, object, 0)) return out;
        break;
    case PLAN_MAPPING: return write_mapping(e, out, object);
    case PLAN_BYTES: return write_buffer(e, out, object, plan);
    case PLAN_RAW:
        if (!PyBytes_Check(object)) break;
        out = room(e, out, (size_t)PyBytes_GET_SIZE(object) + SLACK, WRITE_UTF8);
        return out == NULL ? NULL
                           : put_bytes(e, out, PyBytes_AS_STRING(object), (size_t)PyBytes_GET_SIZE(object), WRITE_UTF8);
    case PLAN_DATETIME:
        if (!plan->is_native || plan->detail > Z) break;
        out = room(e, out, NATIVE_SPACE, WRITE_UTF8);
        return out == NULL ? NULL : native_datetime(e, out, object, plan);
    case PLAN_TIME:
        if (!plan->is_native) break;
        out = room(e, out, NATIVE_SPACE, WRITE_UTF8);
        return out == NULL ? NULL : native_time(e, out, object, plan);
    case PLAN_DECIMAL:
        if (plan->detail != 0) break;
        /* fall through */
    case PLAN_STRING:
    case PLAN_ISOFORMAT:
        e->disturbances++;
        if (encoder_before_python(e)) return NULL;
        return write_made_text(e, out,
                               plan->kind == PLAN_ISOFORMAT ? PyObject_CallMethod(object, "isoformat", NULL)
                                                            : PyObject_Str(object));
    default: break;
    }
    return write_by_python(e, out, object, plan, purpose);
}

/* What runs Python code, or may do so. */
static NOINLINE uint8_t *write_odd_planned(encoder *e, uint8_t *out, PyObject *object, class_plan *plan,
                                           plan_purpose purpose);

/* By a plan that is held, or lives until Python code runs; so does the object. */
static ALWAYS_INLINE uint8_t *write_planned(encoder *e, uint8_t *out, PyObject *object, class_plan *plan,
                                            plan_purpose purpose) {
    enum { Z = 1 };
    const plan_kind kind = plan->kind;
    if (LIKELY(kind == PLAN_OBJECT)) return write_object(e, out, object, plan);
    if (kind == PLAN_UNKNOWN && LIKELY(e->token_checked)) return write_unknown(e, out, object, purpose);
    if (kind == PLAN_ENUM) {
        if (LIKELY(write_enum_value(e, &out, object, plan))) return out;
    } else if (kind == PLAN_DATETIME) {
        if (LIKELY(plan->is_native) && LIKELY(plan->detail <= Z)) {
            out = room(e, out, NATIVE_SPACE, WRITE_UTF8);
            if (UNLIKELY(out == NULL)) return NULL;
            uint8_t *end = native_quick_datetime(e, out, object, plan);
            if (LIKELY(end != NULL) || PyErr_Occurred()) return end;
        }
    } else if (kind == PLAN_DATE) {
        if (LIKELY(plan->is_native) && LIKELY(plan->detail <= Z)) {
            out = room(e, out, NATIVE_SPACE, WRITE_UTF8);
            return UNLIKELY(out == NULL) ? NULL : native_date(out, object);
        }
    } else if (kind == PLAN_UUID && LIKELY(plan->fields[0].read == READ_SLOT)) {
        PyObject *value = *(PyObject **)((char *)object + plan->fields[0].offset);
        out = room(e, out, NATIVE_SPACE, WRITE_UTF8);
        if (UNLIKELY(out == NULL)) return NULL;
        uint8_t *end = value == NULL ? NULL : native_uuid(out, value, plan->detail == 0);
        if (LIKELY(end != NULL)) return end;
    } else if (kind == PLAN_DECIMAL && LIKELY(plan->is_native) && plan->detail == 0) {
        int paused = compat_gc_pause(0); /* a context may be made */
        PyObject *text = Py_TYPE(object)->tp_str(object);
        compat_gc_resume(paused);
        if (LIKELY(text != NULL)) return write_made_text(e, out, text);
        return NULL;
    }
    return write_odd_planned(e, out, object, plan, purpose);
}

/* The plan for an object's class, found with care or made now: held, or NULL with an exception set. */
static SELDOM class_plan *make_plan(encoder *e, PyObject *object, plan_purpose purpose) {
    encode_plans *plans = e->options->plans;
    class_plan *plan = NULL;
    int stale = e->plans_fresh ? 0 : plans_are_stale(plans);
    if (!stale && (plan = plans_find(plans, Py_TYPE(object), purpose)) != NULL) {
        e->plans_fresh = 1;
        if (COMPAT_HAS_GIL) plan_hold(plan);
        return plan;
    }
    e->disturbances++;
    if (encoder_before_python(e)) return NULL;
    if (stale) plans_forget(plans, NULL);
    e->plans_fresh = 1;
    return plans_make(plans, Py_TYPE(object), purpose);
}

/* What ABCs decide may have changed, which is asked once: the plan for the class now, held; NULL with an exception. */
static SELDOM class_plan *ask_abcs(encoder *e, PyObject *object, class_plan *plan, plan_purpose purpose) {
    e->token_checked = 1;
    e->disturbances++;
    int changed = encoder_before_python(e) ? -1 : plans_token_changed(e->options->plans);
    if (changed == 0) plan_hold(plan);
    if (changed <= 0) return changed < 0 ? NULL : plan;
    plans_forget(e->options->plans, NULL);
    return plans_make(e->options->plans, Py_TYPE(object), purpose);
}

static ALWAYS_INLINE int depends_on_abcs(const class_plan *plan) {
    return plan->kind == PLAN_UNKNOWN || plan->kind == PLAN_MAPPING || (plan->kind == PLAN_ARRAY && plan->weak != NULL);
}

/* The table of plans for a purpose. */
static ALWAYS_INLINE plan_purpose table_for(plan_purpose purpose) {
    return purpose == OF_DEFAULTS ? OF_RESULTS : purpose;
}

static NOINLINE uint8_t *write_odd_planned(encoder *e, uint8_t *out, PyObject *object, class_plan *plan,
                                           plan_purpose purpose) {
    Py_INCREF(object);
    plan_hold(plan);
    class_plan *now = plan;
    if (depends_on_abcs(plan) && !e->token_checked) now = ask_abcs(e, object, plan, table_for(purpose));
    else plan_hold(now);
    out = now == NULL ? NULL : write_odd_instance(e, out, object, now, purpose);
    if (now != NULL) plan_release(now);
    plan_release(plan);
    Py_DECREF(object);
    return out;
}

/* By a plan that isn't there, or isn't known to hold. */
static SELDOM uint8_t *write_unprepared(encoder *e, uint8_t *out, PyObject *object, plan_purpose purpose) {
    PyTypeObject *type = Py_TYPE(object);
    if (type == &PyTuple_Type || type == &PyLong_Type || type == &PyUnicode_Type ||
        (type == &PyFloat_Type && !e->options->plans->float_null))
        return write_unplanned(e, out, object);
    if (type == &PyFloat_Type) return write_rare_leaf_utf8(e, &out, Py_None, Py_TYPE(Py_None)) ? out : NULL;
    Py_INCREF(object);
    class_plan *plan = make_plan(e, object, table_for(purpose));
    out = plan == NULL ? NULL : write_planned(e, out, object, plan, purpose);
    if (plan != NULL) plan_release(plan);
    Py_DECREF(object);
    return out;
}

/* A datetime, date, UUID or member of an Enum, for which there is room, where that runs no Python code: the end, or
 * NULL, without an exception where it isn't such a one. */
static ALWAYS_INLINE uint8_t *write_native(encoder *e, uint8_t *out, PyObject *object, class_plan *plan) {
    if (plan->kind == PLAN_DATETIME) return native_quick_datetime(e, out, object, plan);
    if (plan->kind == PLAN_DATE) return native_date(out, object);
    if (plan->kind == PLAN_UUID) {
        PyObject *value = *(PyObject **)((char *)object + plan->fields[0].offset);
        return value == NULL ? NULL : native_uuid(out, value, plan->detail == 0);
    }
    return write_enum_value(e, &out, object, plan) ? out : NULL;
}

static NOINLINE items_written write_alike(encoder *e, uint8_t *out, PyObject *const *items, Py_ssize_t n) {
    PyTypeObject *const type = Py_TYPE(items[0]);
    items_written none = {out, 0};
    Py_ssize_t done = 0;
    if (!COMPAT_HAS_GIL || e->options->plans == NULL || !e->plans_fresh) return none;
    class_plan *plan = plans_find(e->options->plans, type, OF_OBJECTS);
    if (plan == NULL) return none;
    if (plan->kind == PLAN_OBJECT)
        return plan->is_simple && e->plain ? write_simple_objects(e, out, items[0], items, n, plan) : none;
    if (plan->kind == PLAN_UNKNOWN && e->token_checked) { /* default() is asked for one at a time */
        out = write_unknown(e, out, items[0], OF_OBJECTS);
        return (items_written){out, out != NULL};
    }
    if (!plan->is_quick) return none;
    for (;;) {
        out = room(e, out, NATIVE_SPACE, WRITE_UTF8);
        if (UNLIKELY(out == NULL)) break;
        uint8_t *end = write_native(e, out, items[done], plan);
        if (UNLIKELY(end == NULL)) {
            out = PyErr_Occurred() ? NULL : out - (done > 0); /* before the comma */
            break;
        }
        out = end;
        if (++done == n || Py_TYPE(items[done]) != type) break;
        *out++ = ',';
        prefetch_items(items, done, n);
    }
    return (items_written){out, done};
}

/* What isn't exactly of one of JSON's own types, or is a scalar that write_leaf leaves. It lives until Python code
 * runs. */
static NOINLINE uint8_t *write_instance(encoder *e, uint8_t *out, PyObject *object, plan_purpose purpose) {
    class_plan *plan;
    if (UNLIKELY(!e->plans_fresh)) e->plans_fresh = plans_are_quiet(e->options->plans);
    if (UNLIKELY(!e->plans_fresh) ||
        UNLIKELY((plan = plans_find(e->options->plans, Py_TYPE(object), table_for(purpose))) == NULL))
        return write_unprepared(e, out, object, purpose);
#if COMPAT_HAS_GIL
    return write_planned(e, out, object, plan, purpose);
#else
    out = write_planned(e, out, object, plan, purpose);
    plan_release(plan);
    return out;
#endif
}
