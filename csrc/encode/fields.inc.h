/* The fields of instances, by their classes' plans (plans.h): in UTF-8, the only form of the functions that know them.
 */

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
        out = number_format_int32(put_simple_key(out, f), (int32_t)x);
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
            out = number_format_int32(out, (int32_t)natural);
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
        if (UNLIKELY(e->plain == PLAIN_DISTURBED) && UNLIKELY(comes_again(e, object))) out = NULL;
        else out = room(e, out, SLACK, WRITE_UTF8);
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
    else if (UNLIKELY(e->plain == PLAIN_DISTURBED) && UNLIKELY(comes_again(e, object))) return NULL;
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
