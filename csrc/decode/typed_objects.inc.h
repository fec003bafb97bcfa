/* Arrays, objects and unions of a type, and what the rest of the extension calls. */

/* ---- Arrays ---- */

/* Read the values of an array onto the value stack, all by one node, or the i-th by nodes[i]: the position after the
 * array, or NULL. */
static const uint8_t *typed_items(typed_run *run, const typed_node *node, const uint8_t *p, int each) {
    decoder *d = &run->d;
    if (UNLIKELY(*p != '[') || UNLIKELY(typed_enter(run))) return NULL;
    p = scan_space(p + 1, d->end, 1);
    if (*p == ']') p++;
    else
        for (Py_ssize_t i = 0;; i++) {
            if (UNLIKELY(each && i == node->count)) goto failed;
            typed_result read = read_typed(run, node->items[each ? i : 0], p);
            if (UNLIKELY(read.value == NULL) || UNLIKELY(push(d, &d->values_top, read.value))) goto failed;
            p = scan_space(read.end, d->end, 1);
            uint8_t c = *p++;
            if (LIKELY(c == ',')) p = scan_space(p, d->end, 1);
            else if (LIKELY(c == ']')) break;
            else goto failed;
        }
    typed_leave(run);
    return p;
failed:
    typed_leave(run);
    return NULL;
}

/* A tuple of the values from base on, which it takes. */
static PyObject *typed_tuple_from(decoder *d, Py_ssize_t base) {
    Py_ssize_t n = d->values_top - d->values - base;
    PyObject *tuple = PyTuple_New(n);
    if (tuple == NULL) return NULL;
    for (Py_ssize_t i = 0; i < n; i++) PyTuple_SET_ITEM(tuple, i, d->values[base + i]);
    d->values_top = d->values + base;
    return tuple;
}

static PyObject *typed_list_from(decoder *d, Py_ssize_t base) {
    PyObject *list = compat_list_from(d->values + base, d->values_top - d->values - base);
    if (LIKELY(list != NULL)) d->values_top = d->values + base;
    return list;
}

/* A set of the values from base on. Hashing and comparing them may run Python code. */
static PyObject *typed_set_from(typed_run *run, Py_ssize_t base, int frozen) {
    decoder *d = &run->d;
    PyObject *set = frozen ? PyFrozenSet_New(NULL) : PySet_New(NULL);
    typed_before_python(run);
    for (Py_ssize_t i = base; set != NULL && i < d->values_top - d->values; i++)
        if (PySet_Add(set, d->values[i])) Py_CLEAR(set);
    while (set != NULL && d->values_top - d->values > base) Py_DECREF(*--d->values_top);
    typed_after_python(run);
    return set;
}

static NOINLINE typed_result typed_array(typed_run *run, const typed_node *node, const uint8_t *p) {
    decoder *d = &run->d;
    Py_ssize_t base = d->values_top - d->values;
    int each = node->kind == TYPED_FIXED_TUPLE;
    p = typed_items(run, node, p, each);
    if (UNLIKELY(p == NULL)) return typed_refused();
    PyObject *made;
    switch (node->kind) {
    case TYPED_LIST: return typed_done(typed_list_from(d, base), p);
    case TYPED_SET:
    case TYPED_FROZENSET:
        made = typed_set_from(run, base, node->kind == TYPED_FROZENSET);
        return LIKELY(made != NULL) ? typed_done(made, p) : typed_raised(0);
    case TYPED_DEQUE:
        if ((made = typed_list_from(d, base)) == NULL) return typed_refused();
        return typed_converted(run, node->cls, made, p);
    default:
        if (each && d->values_top - d->values - base != node->count) return typed_refused();
        return typed_done(typed_tuple_from(d, base), p);
    }
}

/* ---- Objects ---- */

/* The name of a member that stands at p as a dict's key. */
static typed_result typed_key(typed_run *run, const typed_node *node, const uint8_t *p) {
    decoder *d = &run->d;
    if (UNLIKELY(*p != '"')) return typed_refused();
    if (LIKELY(node->kind == TYPED_STR)) return typed_shared_name(d, p);
    if (node->kind != TYPED_INT) return read_typed(run, node, p);
    typed_result read = typed_long_int(d, p + 1);
    if (read.value != NULL && *read.end != '"') {
        Py_DECREF(read.value);
        return typed_refused();
    }
    return typed_done(read.value, read.end + (read.value != NULL));
}

/* The position of a member's value, where p is the position after its name; NULL where no colon follows. */
static ALWAYS_INLINE const uint8_t *typed_after_name(const decoder *d, const uint8_t *p) {
    p = scan_space(p, d->end, 1);
    return LIKELY(*p == ':') ? scan_space(p + 1, d->end, 1) : NULL;
}

enum { TYPED_CONTEXT = 1 }; /* of dicts made here, whose keys nobody guesses */

/* An object's dict of the n values from base on, keys and values in turn. */
static PyObject *typed_dict_from(typed_run *run, const typed_node *node, Py_ssize_t base) {
    decoder *d = &run->d;
    Py_ssize_t n = d->values_top - d->values - base;
    PyObject *dict;
    if (LIKELY(node->kind == TYPED_TYPED_DICT) ||
        (LIKELY(node->cls == (PyObject *)&PyDict_Type) && LIKELY(node->items[0]->kind == TYPED_STR))) {
        dict = dict_from(d, d->values + base, n / 2, TYPED_CONTEXT);
        if (LIKELY(dict != NULL)) d->values_top = d->values + base;
        return dict;
    }
    typed_before_python(run);
    dict = node->data == Py_None ? PyObject_CallNoArgs(node->cls) : PyObject_CallOneArg(node->cls, node->data);
    for (Py_ssize_t i = base; dict != NULL && i < base + n; i += 2)
        if (PyObject_SetItem(dict, d->values[i], d->values[i + 1])) Py_CLEAR(dict);
    /* Names that stand for equal keys: of those that are equal themselves only the last counts. */
    if (dict != NULL && UNLIKELY(PyObject_Size(dict) != n / 2)) {
        run->undecided = 1;
        Py_CLEAR(dict);
    }
    while (dict != NULL && d->values_top - d->values > base) Py_DECREF(*--d->values_top);
    typed_after_python(run);
    return dict;
}

static NOINLINE typed_result typed_dict(typed_run *run, const typed_node *node, const uint8_t *p) {
    decoder *d = &run->d;
    Py_ssize_t base = d->values_top - d->values;
    if (UNLIKELY(*p != '{') || UNLIKELY(typed_enter(run))) return typed_refused();
    p = scan_space(p + 1, d->end, 1);
    if (*p == '}') p++;
    else
        for (;;) {
            typed_result read = typed_key(run, node->items[0], p);
            if (UNLIKELY(read.value == NULL) || UNLIKELY(push(d, &d->values_top, read.value))) goto failed;
            if (UNLIKELY((p = typed_after_name(d, read.end)) == NULL)) goto failed;
            read = read_typed(run, node->items[1], p);
            if (UNLIKELY(read.value == NULL) || UNLIKELY(push(d, &d->values_top, read.value))) goto failed;
            p = scan_space(read.end, d->end, 1);
            uint8_t c = *p++;
            if (LIKELY(c == ',')) p = scan_space(p, d->end, 1);
            else if (LIKELY(c == '}')) break;
            else goto failed;
        }
    typed_leave(run);
    PyObject *dict = typed_dict_from(run, node, base);
    return LIKELY(dict != NULL) ? typed_done(dict, p) : typed_raised(0);
failed:
    typed_leave(run);
    return typed_refused();
}

/* A field and the position of its value, or of its name where it is the one after the last, which stands for unknown
 * ones. Without a field: the position after the object, or NULL where it isn't JSON. */
typedef struct {
    const typed_field *field;
    const uint8_t *at;
} typed_found;

/* Return the position after the value at p, as typed_skip does. */
static ALWAYS_INLINE const uint8_t *typed_skip_short(typed_run *run, const uint8_t *p) {
    if (LIKELY(number_is_digit(*p)) && LIKELY(run->d.end - p >= 16)) {
        unsigned n = count_trailing_zeros(number_non_digits(load_8(p) ^ NUMBER_ASCII_ZEROS) | (uint64_t)1 << 63) / 8;
        if (LIKELY(p[n] == ',') && LIKELY((*p != '0') | (n == 1))) return p + n;
    }
    return typed_skip(run, p);
}

/* Pass over members that nobody wants and that are plain: a short name that is in no place of the table, a few digits,
 * no white space. Return where the next other member begins, whose name's quote stands at p as it did. The third quote
 * from p on says where the next member begins, so that it needn't wait for what is checked. */
static ALWAYS_INLINE const uint8_t *typed_pass_plain(const typed_names *names, const uint8_t *p, const uint8_t *end) {
    enum { ROOM = 48 };
    while (LIKELY(end - p >= ROOM)) {
        vec v = vec_load(p);
        vec_mask quotes = vec_bits(vec8_equal(v, '"')), specials = scan_specials(v, 1, 1);
        vec_mask closing = vec_without_first(quotes), next = vec_without_first(closing);
        if (UNLIKELY(!next)) break;
        size_t n = vec_first(closing) - 1, to = vec_first(next);
        const uint8_t *value = p + n + 3;
        if (UNLIKELY(vec_below(specials ^ quotes, to) != 0) || UNLIKELY(n - 1 >= 8) || UNLIKELY(value[-1] != ':'))
            break;
        typed_ends ends = typed_ends_of(p + 1, n, ROOM);
        if (names->slots[typed_hash(ends, n) >> (64 - names->bits)] != 0) break;
        unsigned digits =
            count_trailing_zeros(number_non_digits(load_8(value) ^ NUMBER_ASCII_ZEROS) | (uint64_t)1 << 63) / 8;
        if (UNLIKELY(n + 3 + digits + 1 != to) || UNLIKELY(value[digits] != ',') || UNLIKELY(digits == 0) ||
            UNLIKELY((*value == '0') & (digits > 1)))
            break;
        p += to;
    }
    return p;
}

/* The next field of an object from the member at p on. Members that are read past, and unknown ones that don't matter,
 * are skipped. */
static NOINLINE typed_found typed_find_field(typed_run *run, const typed_object *o, const uint8_t *p) {
    const typed_found failed = {NULL, NULL};
    decoder *d = &run->d;
    for (;;) {
        const typed_field *field = o->fields + o->field_count;
        if (UNLIKELY(*p != '"')) return failed;
        if (LIKELY(!o->minds)) p = typed_pass_plain(&o->names, p, d->end);
        const uint8_t *start = p + 1, *end = scan_plain(start, d->end, 1, 1);
        if (LIKELY(*end == '"') && LIKELY(end > start)) {
            Py_ssize_t index = typed_find(&o->names, start, (size_t)(end - start), d->end);
            if (index >= 0) field = o->fields + index;
            end++;
        } else {
            typed_result name = typed_str(run, NULL, p);
            if (name.value == NULL) return failed;
            PyObject *index = typed_look_up(o->by_name, name.value);
            end = name.end;
            if (index != NULL) field = o->fields + PyLong_AsSsize_t(index);
            else if (PyErr_Occurred()) return failed;
        }
        if (field->place < 0 && UNLIKELY(o->minds) && field == o->fields + o->field_count)
            return (typed_found){field, p};
        if (LIKELY(*end == ':') && LIKELY(end[1] > ' ')) end++;
        else if (UNLIKELY((end = typed_after_name(d, end)) == NULL)) return failed;
        if (field->place >= 0) return (typed_found){field, end};
        if (UNLIKELY((p = typed_skip_short(run, end)) == NULL)) return failed;
        p = scan_space(p, d->end, 1);
        uint8_t c = *p++;
        if (LIKELY(c == ',')) p = scan_space(p, d->end, 1);
        else return LIKELY(c == '}') ? (typed_found){NULL, p} : failed;
    }
}

/* Whether the member at p is the field `next`; lead: 0xFF where what comes before the name doesn't count, else 0. */
static ALWAYS_INLINE int typed_is_next(const typed_field *next, const uint8_t *p, const uint8_t *end, uint64_t lead) {
    return LIKELY(end - p >= TYPED_QUICK) && LIKELY(((load_8(p) & next->first_mask) | lead) == (next->first | lead)) &&
           LIKELY((load_8(p + 8) & next->second_mask) == next->second) &&
           (LIKELY(next->size <= TYPED_QUICK) ||
            ((size_t)(end - p) >= next->size &&
             memcmp(p + TYPED_QUICK, next->quoted + TYPED_QUICK, next->size - TYPED_QUICK) == 0));
}

/* As typed_next_field, where it isn't the one that is expected next, at once after what comes before it. */
static NOINLINE typed_found typed_other_field(typed_run *run, const typed_object *o, const typed_field *next,
                                              const uint8_t *p, const uint8_t *begin) {
    const uint8_t *end = run->d.end;
    int first = p == begin;
    if (!first) p = scan_space(p, end, 1);
    if (UNLIKELY(*p != (first ? '{' : ','))) return (typed_found){NULL, *p == '}' ? p + 1 : NULL};
    p = scan_space(p + 1, end, 1);
    if (first && *p == '}') return (typed_found){NULL, p + 1};
    if (typed_is_next(next, p - 1, end, 0xFF)) return (typed_found){next, scan_space(p - 1 + next->size, end, 1)};
    return typed_find_field(run, o, p);
}

/* The field of an object whose member comes next: that which is expected, most probably. p: after the member before, or
 * the object's begin. */
static ALWAYS_INLINE typed_found typed_next_field(typed_run *run, const typed_object *o, const typed_field *next,
                                                  const uint8_t *p, const uint8_t *begin) {
    if (typed_is_next(next, p, run->d.end, 0)) return (typed_found){next, scan_space(p + next->size, run->d.end, 1)};
    return typed_other_field(run, o, next, p, begin);
}

/* Read the member at `name`, which isn't a field, into the dict of the others: the position after it, or NULL. */
static NOINLINE const uint8_t *typed_rest(typed_run *run, const typed_object *o, PyObject *dict, const uint8_t *name) {
    decoder *d = &run->d;
    typed_result key = typed_shared_name(d, name), read = typed_refused();
    if (key.value == NULL) return NULL;
    const uint8_t *p = typed_after_name(d, key.end);
    if (p != NULL) read = read_typed(run, o->extra, p);
    int bad = read.value == NULL || PyDict_SetItem(dict, key.value, read.value);
    Py_DECREF(key.value);
    Py_XDECREF(read.value);
    return bad ? NULL : read.end;
}

/* Read an object's members into the values from base on: the position after the object, or NULL. *left becomes how many
 * fields are missing. */
static ALWAYS_INLINE const uint8_t *typed_members_of(typed_run *run, const typed_object *o, Py_ssize_t base,
                                                     const uint8_t *p, Py_ssize_t *left) {
    decoder *d = &run->d;
    const typed_field *next = o->fields, *const unknown = o->fields + o->field_count;
    for (const uint8_t *begin = p;;) {
        if (LIKELY(typed_is_next(next, p, d->end, 0))) p = scan_space(p + next->size, d->end, 1);
        else {
            typed_found found = typed_other_field(run, o, next, p, begin);
            if (UNLIKELY(found.field == NULL)) return found.at;
            p = found.at;
            if (UNLIKELY(found.field == unknown)) {
                if (o->refuses) return NULL;
                p = typed_rest(run, o, d->values[base + o->rest], p);
                if (UNLIKELY(p == NULL)) return NULL;
                if (next == o->fields) next = unknown; /* it is recognised by the '{' before it */
                continue;
            }
            next = found.field;
        }
        typed_result read = read_typed(run, next->node, p);
        if (UNLIKELY(read.value == NULL)) return NULL;
        PyObject **place = d->values + base + next->place, *before = *place;
        *place = read.value;
        next++;
        p = read.end;
        if (LIKELY(before == NULL)) --*left;
        else Py_DECREF(before); /* of equal names the last counts */
    }
}

/* What stands for an absent value: 0, or -1 where nothing may, or a factory failed. */
static NOINLINE int typed_fill(typed_run *run, const typed_object *o, Py_ssize_t base) {
    decoder *d = &run->d;
    for (Py_ssize_t i = 0; i < o->place_count; i++) {
        const typed_place *place = &o->places[i];
        PyObject *value;
        if (d->values[base + i] != NULL) continue;
        if (place->required) return -1;
        if (!o->direct || (place->value == NULL && place->factory == NULL)) continue;
        if (place->value != NULL) value = Py_NewRef(place->value);
        else if (place->factory == (PyObject *)&PyList_Type) value = PyList_New(0);
        else if (place->factory == (PyObject *)&PyDict_Type) value = PyDict_New();
        else if (place->factory == (PyObject *)&PySet_Type) value = PySet_New(NULL);
        else {
            typed_before_python(run);
            value = PyObject_CallNoArgs(place->factory);
            typed_after_python(run);
            if (value == NULL) typed_raised(0);
        }
        if (value == NULL) return -1;
        d->values[base + i] = value;
    }
    return 0;
}

/* cls(*positional, **keywords) of the values from base on. */
static NOINLINE PyObject *typed_call(typed_run *run, const typed_node *node, Py_ssize_t base) {
    const typed_object *o = node->object;
    PyObject **values = run->d.values + base, *keywords = NULL, *result = NULL;
    Py_ssize_t positional = o->positional, count = o->place_count, named = 0;
    while (positional > 0 && values[positional - 1] == NULL) positional--;
    for (Py_ssize_t i = 0; i < positional; i++) /* a default only counts where a later argument is there */
        if (values[i] == NULL && (values[i] = Py_XNewRef(o->places[i].value)) == NULL) return NULL;
    for (Py_ssize_t i = o->positional; i < count; i++) named += values[i] != NULL;
    if (named == count - o->positional) keywords = Py_NewRef(o->keywords);
    else {
        if ((keywords = PyTuple_New(named)) == NULL) return NULL;
        named = 0;
        for (Py_ssize_t i = o->positional; i < count; i++) {
            PyObject *value = values[i];
            if (value == NULL) continue;
            values[i] = NULL;
            values[positional + named] = value;
            PyTuple_SET_ITEM(keywords, named++, Py_NewRef(PyTuple_GET_ITEM(o->keywords, i - o->positional)));
        }
    }
    typed_before_python(run);
    if (positional == o->positional || named == 0 || PyTuple_GET_SIZE(keywords) < count - o->positional)
        result = PyObject_Vectorcall(node->cls, values, (size_t)positional, named ? keywords : NULL);
    else { /* the named ones stand after positional arguments that aren't there */
        memmove(values + positional, values + o->positional, (size_t)named * sizeof *values);
        for (Py_ssize_t i = positional + named; i < count; i++) values[i] = NULL;
        result = PyObject_Vectorcall(node->cls, values, (size_t)positional, keywords);
    }
    typed_after_python(run);
    Py_DECREF(keywords);
    return result;
}

/* The instance of which the values from base on are there. */
static ALWAYS_INLINE typed_result typed_instance(typed_run *run, const typed_node *node, Py_ssize_t base,
                                                 Py_ssize_t left, const uint8_t *end) {
    const typed_object *o = node->object;
    decoder *d = &run->d;
    if (UNLIKELY(left > 0) && typed_fill(run, o, base)) return typed_refused(); /* some may stay NULL */
    if (LIKELY(o->direct)) {
        if (UNLIKELY(!instance_maker_holds(&o->maker))) return typed_refused();
        PyObject *instance = instance_make(&o->maker, d->values + base, left == 0);
        if (UNLIKELY(instance == NULL)) return typed_raised(0);
        d->values_top = d->values + base;
        if (UNLIKELY(o->post_init)) {
            typed_before_python(run);
            PyObject *ignored = PyObject_CallMethodNoArgs(instance, run->plan->post_init);
            typed_after_python(run);
            Py_XDECREF(ignored);
            if (ignored == NULL) {
                Py_DECREF(instance);
                return typed_raised(0);
            }
        }
        return typed_done(instance, end);
    }
    PyObject *instance = typed_call(run, node, base);
    if (instance == NULL) return typed_raised(0);
    while (d->values_top - d->values > base) Py_XDECREF(*--d->values_top);
    return typed_done(instance, end);
}

static NOINLINE typed_result typed_object_at(typed_run *run, const typed_node *node, const uint8_t *p) {
    const typed_object *o = node->object;
    decoder *d = &run->d;
    if (UNLIKELY(*p != '{') || UNLIKELY(typed_enter(run))) return typed_refused();
    Py_ssize_t base = typed_reserve(d, o->place_count), left = o->place_count;
    if (LIKELY(base >= 0)) {
        if (UNLIKELY(o->rest >= 0)) left -= (d->values[base + o->rest] = PyDict_New()) != NULL;
        p = UNLIKELY(o->rest >= 0) && d->values[base + o->rest] == NULL ? NULL
                                                                        : typed_members_of(run, o, base, p, &left);
    }
    typed_leave(run);
    if (UNLIKELY(base < 0) || UNLIKELY(p == NULL)) return typed_refused();
    return typed_instance(run, node, base, left, p);
}

/* The call of a NamedTuple with the values of an array. */
static NOINLINE typed_result typed_named_tuple(typed_run *run, const typed_node *node, const uint8_t *p) {
    const typed_object *o = node->object;
    decoder *d = &run->d;
    if (*p == '{') return typed_object_at(run, node, p);
    Py_ssize_t base = d->values_top - d->values;
    if ((p = typed_items(run, node, p, 1)) == NULL) return typed_refused();
    Py_ssize_t n = d->values_top - d->values - base;
    if (n < o->place_count && o->places[n].required) return typed_refused();
    typed_before_python(run);
    PyObject *result = PyObject_Vectorcall(node->cls, d->values + base, (size_t)n, NULL);
    typed_after_python(run);
    if (result == NULL) return typed_raised(0);
    while (d->values_top - d->values > base) Py_DECREF(*--d->values_top);
    return typed_done(result, p);
}

/* The keys and values of a TypedDict's members on the stack; the position after the object, or NULL. */
static const uint8_t *typed_pairs(typed_run *run, const typed_object *o, const uint8_t *p, uint64_t *seen) {
    decoder *d = &run->d;
    const typed_field *next = o->fields, *const unknown = o->fields + o->field_count;
    for (const uint8_t *begin = p;;) {
        typed_found found = typed_next_field(run, o, next, p, begin);
        if (UNLIKELY(found.field == NULL)) return found.at;
        const typed_node *node = found.field->node;
        p = found.at;
        if (LIKELY(found.field != unknown)) {
            next = found.field + 1;
            *seen |= (uint64_t)1 << found.field->place;
            if (UNLIKELY(push(d, &d->values_top, Py_NewRef(found.field->key)))) return NULL;
        } else {
            if (o->refuses) return NULL;
            if (next == o->fields) next = unknown; /* as above */
            typed_result key = typed_shared_name(d, p);
            if (key.value == NULL || push(d, &d->values_top, key.value)) return NULL;
            if ((p = typed_after_name(d, key.end)) == NULL) return NULL;
            node = o->extra;
        }
        typed_result read = read_typed(run, node, p);
        if (UNLIKELY(read.value == NULL) || UNLIKELY(push(d, &d->values_top, read.value))) return NULL;
        p = read.end;
    }
}

static NOINLINE typed_result typed_typed_dict(typed_run *run, const typed_node *node, const uint8_t *p) {
    const typed_object *o = node->object;
    decoder *d = &run->d;
    Py_ssize_t base = d->values_top - d->values;
    uint64_t seen = 0;
    if (UNLIKELY(*p != '{') || UNLIKELY(typed_enter(run))) return typed_refused();
    p = typed_pairs(run, o, p, &seen);
    typed_leave(run);
    if (UNLIKELY(p == NULL)) return typed_refused();
    for (Py_ssize_t i = 0; i < o->place_count; i++)
        if (o->places[i].required && !(seen >> i & 1)) return typed_refused();
    PyObject *dict = typed_dict_from(run, node, base);
    return typed_done(dict, p);
}

/* ---- Unions ---- */

/* Read a scalar by the first node that takes it. */
static typed_result typed_first_of(typed_run *run, const typed_choice *choice, const uint8_t *p) {
    typed_result read = typed_refused();
    for (Py_ssize_t i = 0; i < choice->count && read.value == NULL && !run->undecided && !PyErr_Occurred(); i++)
        read = read_typed(run, choice->nodes[i], p);
    return read;
}

/* Whether the number at p has a fraction or an exponent. */
static int typed_is_real(const uint8_t *p) {
    p += *p == '-';
    while (number_is_digit(*p)) p++;
    return *p == '.' || (*p | 0x20) == 'e';
}

/* The node for an object whose tag's value is at p; NULL where that is no tag. */
static const typed_node *typed_by_tag(typed_run *run, const typed_members *m, const uint8_t *p) {
    if (*p == '{' || *p == '[') return m->otherwise;
    typed_result found = typed_value(run, &m->tags, p);
    if (PyErr_Occurred()) return NULL;
    return found.value == NULL ? m->otherwise : PyLong_AsVoidPtr(found.value);
}

/* Which of several nodes reads the object at p; NULL with an exception set, or where none does or this has read too
 * much twice. */
static NOINLINE const typed_node *typed_choose(typed_run *run, const typed_members *m, const uint8_t *p) {
    decoder *d = &run->d;
    const uint8_t *begin = p;
    uint64_t seen = 0;
    p = scan_space(p + 1, d->end, 1);
    if (*p != '}')
        for (;;) {
            if (*p != '"') return NULL;
            const uint8_t *start = p + 1, *end = scan_plain(start, d->end, 1, 1);
            if (*end != '"') return NULL; /* a name that may be one of them in another spelling */
            Py_ssize_t index = end == start ? -1 : typed_find(&m->names, start, (size_t)(end - start), d->end);
            if ((p = typed_after_name(d, end + 1)) == NULL) return NULL;
            if (index == 0 && m->tag_name != NULL) {
                run->twice -= (size_t)(p - begin) < run->twice ? (size_t)(p - begin) : run->twice;
                return typed_by_tag(run, m, p);
            }
            if (index >= 0) seen |= (uint64_t)1 << index;
            if ((p = typed_skip(run, p)) == NULL) return NULL;
            if ((size_t)(p - begin) > run->twice) return NULL;
            p = scan_space(p, d->end, 1);
            uint8_t c = *p++;
            if (c == '}') break;
            if (c != ',') return NULL;
            p = scan_space(p, d->end, 1);
        }
    run->twice -= (size_t)(p - begin) < run->twice ? (size_t)(p - begin) : run->twice;
    const typed_node *best = m->otherwise;
    int most = -1;
    for (Py_ssize_t i = 0; i < m->count; i++) {
        const typed_member *each = &m->members[i];
        if ((m->tag_name != NULL && !each->tag_may_lack) || (each->required & ~seen)) continue;
        int known = 0;
        for (uint64_t bits = each->known & seen; bits; bits &= bits - 1) known++;
        if (known > most) {
            most = known;
            best = each->node;
        }
    }
    return best;
}

/* Which node reads the array at p, by how many items it has; NULL with an exception set, or where none does or this has
 * read too much twice. */
static NOINLINE const typed_node *typed_by_length(typed_run *run, const typed_choices *c, const uint8_t *p) {
    const uint8_t *begin = p, *end = run->d.end;
    Py_ssize_t n = 0;
    p = scan_space(p + 1, end, 1);
    if (*p != ']')
        for (;;) {
            if (++n > c->lengths || (p = typed_skip(run, p)) == NULL || (size_t)(p - begin) > run->twice) return NULL;
            p = scan_space(p, end, 1);
            uint8_t follows = *p++;
            if (follows == ']') break;
            if (follows != ',') return NULL;
            p = scan_space(p, end, 1);
        }
    run->twice -= (size_t)(p - begin) < run->twice ? (size_t)(p - begin) : run->twice;
    return c->by_length[n];
}

static NOINLINE typed_result typed_union(typed_run *run, const typed_node *node, const uint8_t *p) {
    const typed_choices *c = node->choices;
    const typed_node *chosen;
    switch (*p) {
    case 'n': return typed_first_of(run, &c->null, p);
    case 't':
    case 'f': return typed_first_of(run, &c->boolean, p);
    case '"': return typed_first_of(run, &c->string, p);
    case '[': chosen = c->by_length == NULL ? c->array : typed_by_length(run, c, p); break;
    case '{': chosen = c->members == NULL ? c->object : typed_choose(run, c->members, p); break;
    default: return typed_first_of(run, typed_is_real(p) ? &c->real : &c->integer, p);
    }
    return chosen == NULL ? typed_refused() : read_typed(run, chosen, p);
}

/* ---- Constraints ---- */

/* Whether a value fulfils a constraint that needs no Python code; -1 where _constraints.py has to decide. */
static int typed_fulfils(PyObject *value, const typed_constraint *constraint) {
    enum { GT, GE, LT, LE, MULTIPLE_OF, MIN_LENGTH, MAX_LENGTH };
    static const int comparisons[] = {[GT] = Py_GT, [GE] = Py_GE, [LT] = Py_LT, [LE] = Py_LE};
    PyObject *argument = constraint->argument;
    Py_ssize_t length, bound;
    switch (constraint->operation) {
    case GT:
    case GE:
    case LT:
    case LE:
        if ((!PyLong_CheckExact(value) && !PyFloat_CheckExact(value)) ||
            (!PyLong_CheckExact(argument) && !PyFloat_CheckExact(argument)))
            return -1;
        return PyObject_RichCompareBool(value, argument, comparisons[constraint->operation]);
    case MIN_LENGTH:
    case MAX_LENGTH:
        if (!PyLong_CheckExact(argument)) return -1;
        if (PyUnicode_CheckExact(value)) length = PyUnicode_GET_LENGTH(value);
        else if (PyList_CheckExact(value)) length = PyList_GET_SIZE(value);
        else if (PyDict_CheckExact(value)) length = PyDict_GET_SIZE(value);
        else return -1;
        bound = PyLong_AsSsize_t(argument);
        if (bound == -1 && PyErr_Occurred()) {
            PyErr_Clear();
            return -1;
        }
        return constraint->operation == MIN_LENGTH ? length >= bound : length <= bound;
    default: return -1;
    }
}

static NOINLINE typed_result typed_constrained(typed_run *run, const typed_node *node, const uint8_t *p) {
    typed_result read = read_typed(run, node->items[0], p);
    if (read.value == NULL || read.value == Py_None) return read;
    int good = 1;
    for (Py_ssize_t i = 0; good > 0 && i < node->count; i++) good = typed_fulfils(read.value, &node->constraints[i]);
    if (good < 0 && !PyErr_Occurred()) {
        PyObject *arguments[2] = {node->data, read.value};
        typed_before_python(run);
        PyObject *failed = PyObject_Vectorcall(run->plan->first_failed, arguments, 2, NULL);
        typed_after_python(run);
        good = failed == NULL ? -1 : failed == Py_None;
        Py_XDECREF(failed);
    }
    if (LIKELY(good > 0)) return read;
    Py_DECREF(read.value);
    return typed_refused();
}

/* ---- All of them ---- */

static NOINLINE typed_result typed_member_of(typed_run *run, const typed_node *node, const uint8_t *p) {
    typed_result read = typed_value(run, node->values, p);
    Py_XINCREF(read.value);
    if (LIKELY(read.value != NULL) || node->values->call == NULL || PyErr_Occurred()) return read;
    if (*p == '[' || *p == '{') return typed_undecided(run); /* it may be a value, too */
    read = typed_any(run, NULL, p);
    return read.value == NULL ? read : typed_converted(run, node->values->call, read.value, read.end);
}

static NOINLINE typed_result typed_by_function(typed_run *run, const typed_node *node, const uint8_t *p) {
    typed_result read = read_typed(run, node->items[0], p);
    return read.value == NULL ? read : typed_converted(run, node->data, read.value, read.end);
}

/* ---- Values by their texts ---- */

/* A Raw of the value at p, which is checked here: its own checks aren't repeated. */
static NOINLINE typed_result typed_raw(typed_run *run, const typed_node *node, const uint8_t *p) {
    const uint8_t *end = typed_skip(run, p);
    if (UNLIKELY(end == NULL)) return typed_refused();
    PyObject *text = PyBytes_FromStringAndSize((const char *)p, end - p);
    PyObject *arguments = text == NULL ? NULL : PyTuple_Pack(1, text), *raw = NULL;
    if (arguments != NULL) raw = PyBytes_Type.tp_new((PyTypeObject *)node->cls, arguments, NULL);
    Py_XDECREF(arguments);
    Py_XDECREF(text);
    return typed_done(raw, end);
}

/* What a pydantic model's validator makes of the text of the value at p, which is checked to be JSON first. */
static NOINLINE typed_result typed_validated(typed_run *run, const typed_node *node, const uint8_t *p) {
    const uint8_t *end = typed_skip(run, p);
    if (UNLIKELY(end == NULL)) return typed_refused();
    PyObject *text = PyUnicode_DecodeUTF8((const char *)p, end - p, NULL);
    if (UNLIKELY(text == NULL)) return typed_raised(0);
    typed_before_python(run);
    PyObject *result = PyObject_CallMethodOneArg(node->data, run->plan->validate_json, text);
    Py_DECREF(text);
    typed_after_python(run);
    return LIKELY(result != NULL) ? typed_done(result, end) : typed_raised(0);
}

/* null, or what another node reads. */
static NOINLINE typed_result typed_optional(typed_run *run, const typed_node *node, const uint8_t *p) {
    if (*p == 'n') return typed_null(run, node, p);
    return read_typed(run, node->items[0], p);
}

static typed_reader *const typed_readers[TYPED_ALL_KINDS] = {
    [TYPED_ANY] = typed_any,
    [TYPED_NULL] = typed_null,
    [TYPED_BOOL] = typed_bool,
    [TYPED_INT] = typed_int,
    [TYPED_FLOAT] = typed_float,
    [TYPED_STR] = typed_str,
    [TYPED_LITERAL] = typed_member_of,
    [TYPED_ENUM] = typed_member_of,
    [TYPED_LIST] = typed_array,
    [TYPED_TUPLE] = typed_array,
    [TYPED_SET] = typed_array,
    [TYPED_FROZENSET] = typed_array,
    [TYPED_DEQUE] = typed_array,
    [TYPED_FIXED_TUPLE] = typed_array,
    [TYPED_DICT] = typed_dict,
    [TYPED_OBJECT] = typed_object_at,
    [TYPED_TYPED_DICT] = typed_typed_dict,
    [TYPED_NAMED_TUPLE] = typed_named_tuple,
    [TYPED_UNION] = typed_union,
    [TYPED_DATETIME] = typed_moment,
    [TYPED_DATE] = typed_moment,
    [TYPED_TIME] = typed_formatted,
    [TYPED_TIMEDELTA] = typed_formatted,
    [TYPED_UUID] = typed_moment,
    [TYPED_DECIMAL] = typed_decimal,
    [TYPED_FRACTION] = typed_formatted,
    [TYPED_ZONEINFO] = typed_formatted,
    [TYPED_PATH] = typed_formatted,
    [TYPED_ADDRESS] = typed_formatted,
    [TYPED_BYTES] = typed_formatted,
    [TYPED_CONSTRAINED] = typed_constrained,
    [TYPED_CONVERTED] = typed_by_function,
    [TYPED_PYDANTIC] = typed_validated,
    [TYPED_NDARRAY] = typed_ndarray,
    [TYPED_RAW] = typed_raw,
    [TYPED_OPTIONAL] = typed_optional,
    [TYPED_FORMATTED] = typed_formatted,
};

static ALWAYS_INLINE PyObject *decode_typed(typed_run *run, const uint8_t *data, Py_ssize_t size) {
    decoder *d = &run->d;
    run->levels = 0;
    run->undecided = 0;
    run->twice = 4 * (size_t)size + 1024;
    d->end = data + size;
    const uint8_t *p = d->start = scan_space(data, d->end, 1);
    if (size >= SMALL_TEXT) d->gc_paused = compat_gc_pause(run->plan->runs_python);
    typed_result read = read_typed(run, run->plan->root, p);
    if (read.value != NULL && read.end != d->end && scan_space(read.end, d->end, 1) != d->end) Py_CLEAR(read.value);
    compat_gc_resume(d->gc_paused);
    decoder_end(d);
    return read.value;
}

static const decode_options typed_options = {.finite = 1};

PyObject *CPU_NAME(typed_decode)(decode_state *state, const typed_plan *plan, const uint8_t *data, Py_ssize_t size) {
    typed_run run;
    first_space space;
    decoder_start(&run.d, state, &typed_options, NULL, &space);
    run.plan = plan;
    return decode_typed(&run, data, size);
}
