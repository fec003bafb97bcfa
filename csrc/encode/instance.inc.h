/* Instances of classes, by their plans (plans.h): in UTF-8, the only form of the functions that know them. */

static uint8_t *write_unplanned(encoder *e, uint8_t *out, PyObject *object);
static uint8_t *write_instance(encoder *e, uint8_t *out, PyObject *object, plan_purpose purpose);

/* A key as the plan has it, with its colon, and with what comes before it from the start-th byte on: a comma, or a
 * brace before the first. SCALAR bytes of room are left. */
static ALWAYS_INLINE uint8_t *write_plan_key(encoder *e, uint8_t *out, const plan_field *f, size_t start) {
    const size_t n = f->size - start;
    const uint8_t *p = f->text + start;
    out = room(e, out, f->size + PLAN_STEP + SCALAR, WRITE_UTF8);
    if (UNLIKELY(out == NULL)) return NULL;
    memcpy(out, p, n);
    return out + n;
}

/* Where the values of an instance's fields are, all of which are read in the same way: *base is what the offsets, times
 * 1 << *shift, count from. Whether they are there. */
static ALWAYS_INLINE int find_values(encoder *e, PyObject *object, class_plan *plan, const char **base, int *shift) {
    *shift = 0;
    *base = (const char *)object;
    if (!plan->reads_values) return 1;
    compat_attributes a;
    compat_attributes_of(e->options->plans->attributes_known, object, &a);
    *base = (const char *)a.values;
    if (LIKELY(a.shift == 0)) {
        if (LIKELY(a.names == plan->names) && LIKELY(a.n >= plan->names_needed)) return a.n > 0;
        return a.n > 0 && plan_finds_names(plan, &a);
    }
    /* A dict of its own: its entries mostly come in the order that the class has seen first. */
    *shift = 1;
    Py_ssize_t i = a.n < plan->names_needed ? -1 : 0;
    for (; i >= 0 && i < plan->n; i++) {
        const plan_field *f = &plan->fields[i];
        if (a.n == 0 || a.names[f->offset / (Py_ssize_t)sizeof(PyObject *) * 2] != f->name) i = -2;
    }
    return i > 0 || (a.n > 0 && plan_finds_names(plan, &a));
}

/* A new list of the members that a field "**" has written in its place: pairs of str and value. NULL with an exception
 * set. */
static SELDOM PyObject *members_of_rest(encoder *e, PyObject *object, const plan_field *f, PyObject *value) {
    PyObject *skipkeys = e->options->skipkeys ? Py_True : Py_False;
    return plans_call("members_of_rest", "OOOOOO", object, f->name, value, f->value, e->options->plans->policy,
                      skipkeys);
}

/* Write the members that a field "**" has written in its place; the caller holds the instance and the value. A note
 * says where an error happened. */
static SELDOM uint8_t *write_rest(encoder *e, uint8_t *out, PyObject *object, const plan_field *f, PyObject *value,
                                  int *first) {
    PyObject *members = encoder_before_python(e) ? NULL : members_of_rest(e, object, f, value);
    if (members == NULL) {
        encoder_add_note(e, object, f->name, -1);
        return NULL;
    }
    for (Py_ssize_t i = 0; out != NULL && i < PyList_GET_SIZE(members); i++) { /* nobody else has it */
        PyObject *pair = PyList_GET_ITEM(members, i);
        out = write_member_utf8(e, out, object, PyTuple_GET_ITEM(pair, 0), PyTuple_GET_ITEM(pair, 1), first);
        if (out != NULL && is_full(e, out)) out = encoder_flush(e, out);
    }
    Py_DECREF(members);
    return out;
}

/* A member by a rule: 1 where it isn't to be written any more, 0 where it is, -1 with an exception set, and a note. The
 * caller holds the instance and the value. */
static SELDOM int follow_rule(encoder *e, uint8_t **out, PyObject *object, const plan_field *f, PyObject *value,
                              int *first) {
    e->disturbances++;
    if (f->rule != FIELD_REST) {
        int omits = encoder_before_python(e) ? -1 : plan_omits(f, value);
        if (omits < 0) encoder_add_note(e, object, f->key, -1);
        return omits;
    }
    *out = write_rest(e, *out, object, f, value, first);
    return *out == NULL ? -1 : 1;
}

/* Step into an instance, unless that was done, and hold its plan: whether it is entered; else an exception is set. */
static ALWAYS_INLINE int enter_instance(encoder *e, PyObject *object, class_plan *plan, int *entered) {
    if (*entered) return 1;
    if (UNLIKELY(enter(e, object))) return 0;
    plan_hold(plan);
    return *entered = 1;
}

/* Read an attribute as getattr() does; the caller holds the instance. A new reference, or NULL with an exception. */
static NOINLINE PyObject *read_slowly(encoder *e, PyObject *object, const plan_field *f) {
    e->disturbances++;
    return encoder_before_python(e) ? NULL : PyObject_GetAttr(object, f->name);
}

/* The members of an instance from a field on, with the brace before the first. Without *entered nothing has run Python
 * code so far, and neither the instance nor the plan is held, nor is it on the path. *first: no member was written.
 * `plain`: nothing but commas and colons comes between. */
static NOINLINE uint8_t *write_fields(encoder *e, uint8_t *out, PyObject *object, class_plan *plan, plan_field *f,
                                      int *entered, int *first, int plain) {
    const int known = e->options->plans->attributes_known & plan->reads_values;
    plan_field *end = (UNLIKELY(e->options->sort_keys) ? plan->sorted : plan->fields) + plan->n;
    compat_attributes attributes;
    compat_attributes_of(known, object, &attributes);
    if (*first) out = put(e, out, '{', WRITE_UTF8);
    for (; f < end; f++) {
        PyObject *value = NULL, *held = NULL;
        if (f->read == READ_SLOT) value = *(PyObject **)((char *)object + f->offset);
        else if (LIKELY(f->read == READ_VALUE)) value = compat_attribute(&attributes, f->name, &f->at);
        else if (f->rule == FIELD_CONSTANT) value = f->value;
        unsigned disturbances = e->disturbances;
        if (UNLIKELY(value == NULL)) {
            if (!enter_instance(e, object, plan, entered)) return NULL;
            value = held = read_slowly(e, object, f);
            if (UNLIKELY(value == NULL)) goto failed;
        }
        if (UNLIKELY(value == plan->data)) goto done; /* msgspec.UNSET */
        if (UNLIKELY(f->rule != FIELD_ALWAYS) && f->rule != FIELD_CONSTANT) {
            int omitted = value == Py_None && f->rule == FIELD_OMIT_NONE;
            if (f->rule != FIELD_OMIT_NONE && !(f->rule == FIELD_OMIT_DEFAULT && (omitted = value == f->value))) {
                if (!enter_instance(e, object, plan, entered)) {
                    Py_XDECREF(held);
                    return NULL;
                }
                if (held == NULL) held = Py_NewRef(value);
                omitted = follow_rule(e, &out, object, f, value, first);
                if (UNLIKELY(omitted < 0)) {
                    Py_DECREF(held);
                    return NULL;
                }
            }
            if (omitted) goto done;
        }
        if (plain && LIKELY(f->text != NULL)) out = write_plan_key(e, out, f, (size_t)*first);
        else out = write_rare_key_utf8(e, out, f->key, *first);
        *first = 0;
        if (UNLIKELY(out == NULL)) goto failed;
        if (!write_rare_leaf_utf8(e, &out, value, Py_TYPE(value))) {
            if (!enter_instance(e, object, plan, entered)) return NULL; /* none is held: nothing ran */
            out = write_nested(e, out, value, WRITE_UTF8);
        }
        if (UNLIKELY(out == NULL)) goto failed;
        if (!plain && UNLIKELY(is_full(e, out))) {
            if (!enter_instance(e, object, plan, entered) || (out = encoder_flush(e, out)) == NULL) {
                Py_XDECREF(held);
                return NULL;
            }
        }
done:
        if (UNLIKELY(disturbances != e->disturbances)) {
            Py_XDECREF(held);
            compat_attributes_of(known, object, &attributes);
        }
        continue;
failed:
        encoder_add_note(e, object, f->rule == FIELD_REST ? f->name : f->key, -1);
        Py_XDECREF(held);
        return NULL;
    }
    return out;
}

static SELDOM uint8_t *write_odd_fields(encoder *e, uint8_t *out, PyObject *object, class_plan *plan, int *entered) {
    plan_field *f = e->options->sort_keys ? plan->sorted : plan->fields;
    int first = 1;
    e->level++;
    if (UNLIKELY(e->python_ran) && (!enter_instance(e, object, plan, entered) || encoder_check_path(e))) return NULL;
    out = write_fields(e, out, object, plan, f, entered, &first, 0);
    if (UNLIKELY(out == NULL)) return NULL;
    if (LIKELY(!first)) return write_end(e, out, '}', WRITE_UTF8, STYLE_ANY);
    e->level--;
    out = room(e, out, SLACK, WRITE_UTF8);
    return UNLIKELY(out == NULL) ? NULL : put(e, out, '}', WRITE_UTF8);
}

static NOINLINE uint8_t *write_plain_fields(encoder *e, uint8_t *out, PyObject *object, class_plan *plan, plan_field *f,
                                            int *entered) {
    int first = f == (e->options->sort_keys ? plan->sorted : plan->fields);
    out = write_fields(e, out, object, plan, f, entered, &first, 1);
    return UNLIKELY(out == NULL) ? NULL : write_end(e, out, '}', WRITE_UTF8, STYLE_PLAIN);
}

/* The key of a simple plan's field; there is room for it and a scalar. */
static ALWAYS_INLINE uint8_t *put_simple_key(uint8_t *out, const plan_field *f) {
    const uint8_t *text = f->text;
    const size_t n = f->size;
    vec_store(out, vec_load(text));
    if (UNLIKELY(n > 16)) {
        vec_store(out + 16, vec_load(text + 16));
        if (UNLIKELY(n > 32)) memcpy(out + 32, text + 32, n - 32);
    }
    return out + n;
}

typedef struct {
    uint8_t *out;
    plan_field *next;
} fields_written;

/* Write fields of a simple plan as long as their values are ints of one digit that aren't negative, and there is room:
 * `next` is the first that isn't written. On its own, so that all of it is in registers. */
static NOINLINE fields_written write_naturals(uint8_t *out, const uint8_t *limit, const char *base, int shift,
                                              plan_field *f, const plan_field *end) {
    for (; f < end && (size_t)(limit - out) >= PLAN_SHORT + SCALAR; f++) {
        PyObject *value = *(PyObject **)(base + (f->offset << shift));
        uint32_t x;
        if (UNLIKELY(value == NULL) || Py_TYPE(value) != &PyLong_Type || !compat_int_is_natural(value, &x)) break;
        out = number_format_natural(put_simple_key(out, f), x);
    }
    return (fields_written){out, f};
}

/* A plain object by a simple plan. */
static ALWAYS_INLINE uint8_t *write_simple_fields(encoder *e, uint8_t *out, PyObject *object, class_plan *plan,
                                                  int *entered) {
    enum { FEW = 2 };
    plan_field *f = UNLIKELY(e->options->sort_keys) ? plan->sorted : plan->fields, *const end = f + plan->n;
    const char *base;
    int shift, naturals = 0;
    if (UNLIKELY(!find_values(e, object, plan, &base, &shift)))
        return write_plain_fields(e, out, object, plan, f, entered);
    do {
        PyObject *value = *(PyObject **)(base + (f->offset << shift));
        uint32_t natural;
        if (UNLIKELY(value == NULL)) return write_plain_fields(e, out, object, plan, f, entered);
        out = room(e, out, PLAN_SHORT + SCALAR, WRITE_UTF8);
        if (UNLIKELY(out == NULL)) return NULL;
        out = put_simple_key(out, f);
        if (Py_TYPE(value) == &PyLong_Type && LIKELY(compat_int_is_natural(value, &natural))) {
            out = number_format_natural(out, natural);
            if (LIKELY(++naturals != FEW) || f + 1 == end) continue;
            /* Several in a row: there may be more. */
            fields_written more = write_naturals(out, e->text.limit, base, shift, f + 1, end);
            out = more.out;
            f = more.next - 1;
            naturals = 0;
            continue;
        }
        naturals = 0;
        if (LIKELY(write_leaf(e, &out, value, 1, WRITE_UTF8, STYLE_PLAIN))) {
            if (LIKELY(out != NULL)) continue;
            encoder_add_note(e, object, f->key, -1);
            return NULL;
        }
        if (UNLIKELY(value == plan->data)) /* msgspec.UNSET: without the key */
            return write_plain_fields(e, out - f->size, object, plan, f, entered);
        if (!enter_instance(e, object, plan, entered)) return NULL;
        unsigned disturbances = e->disturbances;
        out = write_nested(e, out, value, WRITE_UTF8);
        if (UNLIKELY(out == NULL)) {
            encoder_add_note(e, object, f->key, -1);
            return NULL;
        }
        if (UNLIKELY(disturbances != e->disturbances) &&
            (Py_TYPE(object) != plan->type || !find_values(e, object, plan, &base, &shift)))
            return write_plain_fields(e, out, object, plan, f + 1, entered);
    } while (++f < end);
    return write_end(e, out, '}', WRITE_UTF8, STYLE_PLAIN);
}

/* Objects of one class by a simple plan, plain and with commas between: the first and as many of the n items that it
 * begins as come one after another, until something runs Python code. One is written at least. */
static NOINLINE items_written write_simple_objects(encoder *e, uint8_t *out, PyObject *object, PyObject *const *items,
                                                   Py_ssize_t n, class_plan *plan) {
    PyTypeObject *const type = plan->type;
    const unsigned disturbances = e->disturbances;
    Py_ssize_t done = 0;
    if (UNLIKELY(may_enter(e))) return (items_written){NULL, 0};
    for (;;) {
        int entered = 0;
        out = room(e, out, SLACK, WRITE_UTF8);
        if (UNLIKELY(out == NULL)) break;
        out = write_simple_fields(e, out, object, plan, &entered);
        if (entered) {
            leave(e, object);
            plan_release(plan);
        }
        if (UNLIKELY(out == NULL) || ++done == n || UNLIKELY(disturbances != e->disturbances)) break;
        object = items[done];
        if (Py_TYPE(object) != type) break;
        prefetch_items(items, done, n);
        if (n - done > AHEAD) compat_prefetch_values(items[done + AHEAD / 2]);
        out = put(e, out, ',', WRITE_UTF8);
    }
    return (items_written){out, done};
}

/* The same where a field "**" has members that keys are to be sorted with. */
static SELDOM uint8_t *write_gathered(encoder *e, uint8_t *out, PyObject *object, class_plan *plan);

static NOINLINE uint8_t *write_odd_object(encoder *e, uint8_t *out, PyObject *object, class_plan *plan) {
    int entered = 0;
    if (UNLIKELY(may_enter(e))) return NULL;
    out = room(e, out, SLACK, WRITE_UTF8);
    if (UNLIKELY(out == NULL)) return NULL;
    if (UNLIKELY(plan->n == 0)) return put(e, put(e, out, '{', WRITE_UTF8), '}', WRITE_UTF8);
    else if (UNLIKELY(plan->has_rest) && e->options->sort_keys) return write_gathered(e, out, object, plan);
    else if (e->plain)
        out = write_plain_fields(e, out, object, plan, e->options->sort_keys ? plan->sorted : plan->fields, &entered);
    else out = write_odd_fields(e, out, object, plan, &entered);
    if (entered) {
        leave(e, object);
        plan_release(plan);
    }
    return out;
}

static ALWAYS_INLINE uint8_t *write_object(encoder *e, uint8_t *out, PyObject *object, class_plan *plan) {
    if (LIKELY(e->plain) && LIKELY(plan->is_simple)) return write_simple_objects(e, out, object, NULL, 1, plan).out;
    return write_odd_object(e, out, object, plan);
}

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
static SELDOM uint8_t *write_result(encoder *e, uint8_t *out, PyObject *object, plan_purpose purpose) {
    PyTypeObject *type = Py_TYPE(object);
    if (write_rare_leaf_utf8(e, &out, object, type)) return out;
    if (type == &PyDict_Type || type == &PyList_Type) return write_nested(e, out, object, WRITE_UTF8);
    return write_instance(e, out, object, purpose);
}

/* What was made of an object (NULL: an exception is set), in its place; the object is on the path, and held. */
static SELDOM uint8_t *write_replacement(encoder *e, uint8_t *out, PyObject *object, PyObject *made,
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

/* What default() makes of an object that no plan is for, or TypeError; the caller holds it. */
static SELDOM uint8_t *write_by_default(encoder *e, uint8_t *out, PyObject *object, plan_purpose purpose) {
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
    out = write_replacement(e, out, object, made, OF_DEFAULTS);
    path_pop(e);
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
        if (plan->is_native && write_numbers(e, &out, object)) return out;
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
