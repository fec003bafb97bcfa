#include "encode/natives.h"
#include "kernels/escape.h"

#if COMPAT_HAS_GIL
#define LOCK(plans) ((void)(plans))
#define UNLOCK(plans) ((void)(plans))
#else
#define LOCK(plans) PyMutex_Lock(&(plans)->lock)
#define UNLOCK(plans) PyMutex_Unlock(&(plans)->lock)

class_plan *plans_find(encode_plans *plans, PyTypeObject *type, plan_purpose purpose) {
    unsigned version = compat_type_version(type);
    LOCK(plans);
    class_plan *plan = plans->buckets[plan_bucket(type)];
    while (plan != NULL && (plan->type != type || plan->version != version || plan->purpose != purpose))
        plan = plan->next;
    if (plan != NULL) _Py_atomic_add_int(&plan->users, 1);
    UNLOCK(plans);
    return plan;
}
#endif

SELDOM void plan_free(class_plan *plan) {
    for (Py_ssize_t i = 0; plan->fields != NULL && i < plan->n; i++) {
        Py_XDECREF(plan->fields[i].name);
        Py_XDECREF(plan->fields[i].key);
        Py_XDECREF(plan->fields[i].value);
    }
    Py_XDECREF(plan->tuple);
    Py_XDECREF(plan->data);
    Py_XDECREF(plan->weak);
    PyMem_Free(plan->fields);
    PyMem_Free(plan->texts);
    PyMem_Free(plan);
}

SELDOM void plans_forget(encode_plans *plans, PyObject *weak) {
    class_plan *dropped = NULL;
    LOCK(plans);
    for (int i = 0; i < PLAN_BUCKETS; i++) {
        class_plan **place = &plans->buckets[i];
        while (*place != NULL) {
            class_plan *plan = *place;
            if (weak != NULL && plan->weak != weak) {
                place = &plan->next;
                continue;
            }
            *place = plan->next;
            plan->next = dropped;
            dropped = plan;
            plans->count--;
        }
    }
    UNLOCK(plans);
    while (dropped != NULL) { /* which may run Python code */
        class_plan *plan = dropped;
        dropped = plan->next;
        plan_release(plan);
    }
}

int plans_traverse(encode_plans *plans, visitproc visit, void *arg) {
    Py_VISIT(plans->policy);
    Py_VISIT(plans->module);
    Py_VISIT(plans->copyreg);
    for (int i = 0; i < PLAN_ZONES; i++) Py_VISIT(plans->zones[i]);
    for (int i = 0; i < PLAN_BUCKETS; i++)
        for (const class_plan *plan = plans->buckets[i]; plan != NULL; plan = plan->next) {
            if (plan->users > 1) continue; /* who writes by it holds it, too */
            Py_VISIT(plan->weak);
            Py_VISIT(plan->tuple);
            Py_VISIT(plan->data);
            for (Py_ssize_t k = 0; k < plan->n; k++) {
                Py_VISIT(plan->fields[k].name);
                Py_VISIT(plan->fields[k].key);
                Py_VISIT(plan->fields[k].value);
            }
        }
    return 0;
}

/* Put a plan into its place, unless all plans were forgotten since the numbers were taken: it is of before then. */
static void keep(encode_plans *plans, class_plan *plan, int64_t generation, int64_t token) {
    LOCK(plans);
    if (compat_load_int64(&plans->generation) != generation || compat_load_int64(&plans->token) != token) {
        UNLOCK(plans);
        return;
    }
    class_plan **place = &plans->buckets[plan_bucket(plan->type)], *stale = NULL;
    while (*place != NULL && ((*place)->type != plan->type || (*place)->purpose != plan->purpose))
        place = &(*place)->next;
    if (*place != NULL) { /* of a class that has changed since, or that another thread planned at the same time */
        stale = *place;
        *place = stale->next;
        plans->count--;
    }
    plan->next = plans->buckets[plan_bucket(plan->type)];
    plans->buckets[plan_bucket(plan->type)] = plan;
    plan->users++;
    plans->count++;
    UNLOCK(plans);
    if (stale != NULL) plan_release(stale);
}

int plan_omits(const plan_field *field, PyObject *value) {
    if (field->rule == FIELD_OMIT_NONE) return value == Py_None;
    if (field->rule != FIELD_OMIT_DEFAULT && field->rule != FIELD_OMIT_FACTORY) return 0;
    if (field->rule == FIELD_OMIT_DEFAULT && value == field->value) return 1;
    PyObject *given = field->rule == FIELD_OMIT_FACTORY ? PyObject_CallNoArgs(field->value) : Py_NewRef(field->value);
    if (given == NULL) return -1;
    PyObject *equal =
        Py_IS_TYPE(given, Py_TYPE(value)) ? PyObject_RichCompare(value, given, Py_EQ) : Py_NewRef(Py_False);
    int omits = equal == NULL ? -1 : PyObject_IsTrue(equal);
    Py_XDECREF(equal);
    Py_DECREF(given);
    return omits;
}

/* ---- plans from tuples ---- */

/* Whether a class reads attributes as object does, but for what it has for those that are missing. */
static int reads_as_object(PyTypeObject *type, PyObject *getattribute) {
    return type->tp_getattr == NULL && _PyType_Lookup(type, getattribute) != NULL &&
           _PyType_Lookup(type, getattribute) == _PyType_Lookup(&PyBaseObject_Type, getattribute);
}

/* Decide how the attribute of a field is read. */
static void decide_read(const encode_plans *plans, class_plan *plan, plan_field *field) {
    field->read = READ_ATTRIBUTE;
#if COMPAT_HAS_GIL && COMPAT_KNOWS_OBJECTS
    PyObject *attribute = _PyType_Lookup(plan->type, field->name);
    Py_ssize_t offset = compat_slot_offset(plan->type, attribute, 0);
    if (offset > 0) {
        field->read = READ_SLOT;
        field->offset = offset;
    } else if (plans->attributes_known > 0 && (attribute == NULL || Py_TYPE(attribute)->tp_descr_set == NULL)) {
        field->read = READ_VALUE;
        plan->reads_values = 1;
    }
#else
    (void)plans, (void)plan;
#endif
}

/* The keys of n fields as JSON, from out on, where there is room: the end, or NULL with an exception set. */
static uint8_t *write_keys(plan_field *fields, Py_ssize_t n, uint8_t *out) {
    for (Py_ssize_t i = 0; i < n; i++) {
        plan_field *f = &fields[i];
        PyObject *bytes = PyUnicode_AsUTF8String(f->key);
        if (bytes == NULL) {
            if (!PyErr_ExceptionMatches(PyExc_UnicodeEncodeError)) return NULL;
            PyErr_Clear(); /* a lone surrogate: an error where it is written */
            continue;
        }
        f->text = out;
        *out++ = i == 0 ? '{' : ',';
        *out++ = '"';
        out = escape_bytes(out, (const uint8_t *)PyBytes_AS_STRING(bytes), (size_t)PyBytes_GET_SIZE(bytes), 0);
        *out++ = '"';
        *out++ = ':';
        f->size = (uint32_t)(out - f->text);
        out += PLAN_STEP;
        Py_DECREF(bytes);
    }
    return out;
}

/* The keys of all fields as JSON, in both orders, in one block: 0, or -1 with an exception set. */
static int write_texts(class_plan *plan) {
    size_t room = 0;
    for (Py_ssize_t i = 0; i < plan->n; i++) {
        plan_field *f = &plan->fields[i];
        room += (size_t)PyUnicode_GET_LENGTH(f->key) * 4 * ESCAPE_MOST + ESCAPE_SLACK + 2 * PLAN_STEP;
    }
    if (room > (size_t)1 << 28) return 0; /* they are written from the keys */
    uint8_t *out = plan->texts = PyMem_Calloc(2 * room + 1, 1);
    if (out == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    out = write_keys(plan->fields, plan->n, out);
    if (out != NULL) out = write_keys(plan->sorted, plan->n, out);
    return out == NULL ? -1 : 0;
}

/* Whether there is nothing odd about the fields. */
static int is_simple(const class_plan *plan) {
    for (Py_ssize_t i = 0; i < plan->n; i++) {
        const plan_field *f = &plan->fields[i];
        if (f->rule != FIELD_ALWAYS || f->text == NULL || f->size > PLAN_SHORT || f->read == READ_ATTRIBUTE ||
            f->read != plan->fields[0].read)
            return 0;
    }
    return plan->n > 0;
}

int plan_finds_names(class_plan *plan, const compat_attributes *attributes) {
    Py_ssize_t needed = 0;
    for (Py_ssize_t i = 0; i < plan->n; i++) {
        plan_field *f = &plan->fields[i];
        if (compat_attribute(attributes, f->name, &f->at) == NULL) return 0;
        f->offset = f->at * (Py_ssize_t)sizeof(PyObject *);
        needed = Py_MAX(needed, f->at + 1);
        for (Py_ssize_t k = 0; k < plan->n; k++)
            if (plan->sorted[k].key == f->key) plan->sorted[k].offset = f->offset;
    }
    plan->names = attributes->shift == 0 ? attributes->names : NULL; /* a dict's own table comes and goes */
    plan->names_needed = needed;
    return 1;
}

static int set_name(plan_field *field, PyObject *name) {
    if (name == Py_None) return 0;
    if (!PyUnicode_CheckExact(name)) {
        PyErr_SetString(PyExc_TypeError, "an attribute's name must be str");
        return -1;
    }
    Py_INCREF(name);
    PyUnicode_InternInPlace(&name);
    field->name = name;
    return 0;
}

/* The fields in the order of their keys: by insertion, for there are few of them. */
static void sort_fields(class_plan *plan) {
    for (Py_ssize_t i = 0; i < plan->n; i++) {
        Py_ssize_t at = i;
        for (; at > 0 && PyUnicode_Compare(plan->fields[i].key, plan->sorted[at - 1].key) < 0; at--)
            plan->sorted[at] = plan->sorted[at - 1];
        plan->sorted[at] = plan->fields[i];
    }
}

/* Take over the fields of (kind, fields, unset). -1 with an exception set. */
static SELDOM int compile_fields(const encode_plans *plans, class_plan *plan, int reads) {
    PyObject *fields, *unset;
    if (!PyArg_ParseTuple(plan->tuple, "iO!O!", &plan->detail, &PyTuple_Type, &fields, &PyTuple_Type, &unset))
        return -1;
    Py_ssize_t n = PyTuple_GET_SIZE(fields);
    if (PyTuple_GET_SIZE(unset) > 0) plan->data = Py_NewRef(PyTuple_GET_ITEM(unset, 0));
    plan->fields = PyMem_Calloc((size_t)n * 2 + 1, sizeof *plan->fields);
    if (plan->fields == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    plan->sorted = plan->fields + n;
    for (Py_ssize_t i = 0; i < n; i++) {
        plan_field *f = &plan->fields[i];
        PyObject *name, *key, *value;
        int rule;
        if (!PyTuple_Check(PyTuple_GET_ITEM(fields, i)) ||
            !PyArg_ParseTuple(PyTuple_GET_ITEM(fields, i), "OUiO", &name, &key, &rule, &value))
            return -1;
        plan->n = i + 1;
        f->key = Py_NewRef(key);
        f->value = Py_NewRef(value);
        f->rule = (field_rule)rule;
        f->at = i;
        if (compat_str_ready(key) || set_name(f, name)) return -1;
        plan->has_rest |= f->rule == FIELD_REST;
        if (reads && f->name != NULL) decide_read(plans, plan, f);
    }
    sort_fields(plan);
    if (write_texts(plan)) return -1;
    plan->is_simple = is_simple(plan);
    return 0;
}

/* A plan that reads one attribute. */
static int compile_one(const encode_plans *plans, class_plan *plan, PyObject *name, int reads) {
    plan->fields = PyMem_Calloc(1, sizeof *plan->fields);
    if (plan->fields == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    plan->n = 1;
    if (set_name(&plan->fields[0], name)) return -1;
    if (reads) decide_read(plans, plan, &plan->fields[0]);
    return 0;
}

static SELDOM int compile_plan(encode_plans *plans, class_plan *plan) {
    enum { Z = 1 };
    if (!PyTuple_Check(plan->tuple) || PyTuple_GET_SIZE(plan->tuple) == 0) {
        PyErr_SetString(PyExc_TypeError, "a plan must be a tuple");
        return -1;
    }
    long kind = PyLong_AsLong(PyTuple_GET_ITEM(plan->tuple, 0));
    if (kind < 0 || kind >= PLAN_KINDS) {
        if (!PyErr_Occurred()) PyErr_SetString(PyExc_ValueError, "a plan of an unknown kind");
        return -1;
    }
    plan->kind = (plan_kind)kind;
    PyObject *getattribute = PyUnicode_InternFromString("__getattribute__"), *name;
    if (getattribute == NULL) return -1;
    int reads = reads_as_object(plan->type, getattribute), bad = 0;
    Py_DECREF(getattribute);
    PyObject *second = PyTuple_GET_SIZE(plan->tuple) > 1 ? PyTuple_GET_ITEM(plan->tuple, 1) : NULL;
    switch (plan->kind) {
    case PLAN_OBJECT:
    case PLAN_ARRAY_OF_FIELDS: return compile_fields(plans, plan, reads);
    case PLAN_CALL: plan->data = Py_XNewRef(second); break;
    case PLAN_DATETIME:
    case PLAN_DATE:
    case PLAN_TIME:
    case PLAN_TIMEDELTA:
        if ((bad = natives_are_datetimes(plan->type, plan->kind, &plan->data)) < 0) return -1;
        plan->is_native = bad;
        bad = 0;
        break;
    case PLAN_DECIMAL: plan->is_native = type_is_of_c(plan->type); break;
    case PLAN_NUMPY_ARRAY: /* subclasses, which are made in Python, may have more to say: a mask */
    case PLAN_NUMPY_SCALAR: plan->is_native = !PyType_HasFeature(plan->type, Py_TPFLAGS_HEAPTYPE); break;
    case PLAN_ENUM:
        if (second == NULL || !PyUnicode_Check(second)) break;
        plan->detail = PyUnicode_CompareWithASCIIString(second, "_name_") == 0 ||
                       PyUnicode_CompareWithASCIIString(second, "name") == 0;
        if (compile_one(plans, plan, second, reads)) return -1;
        plan->is_quick = plan->fields[0].read == READ_VALUE;
        return 0;
    case PLAN_UUID:
        if ((name = PyUnicode_InternFromString("int")) == NULL) return -1;
        bad = compile_one(plans, plan, name, reads);
        Py_DECREF(name);
        break;
    default: break;
    }
    if (second != NULL && PyLong_Check(second)) plan->detail = (int)PyLong_AsLong(second);
    if (plan->kind == PLAN_UUID) plan->is_quick = !bad && plan->fields[0].read == READ_SLOT;
    else
        plan->is_quick =
            (plan->kind == PLAN_DATETIME || plan->kind == PLAN_DATE) && plan->is_native && plan->detail <= Z;
    return bad || PyErr_Occurred() ? -1 : 0;
}

/* A module that is kept from its first use on: borrowed, or NULL with an exception set. */
static PyObject *module_of(encode_plans *plans, PyObject **place, const char *name) {
    PyObject *module = COMPAT_EITHER(*place, _Py_atomic_load_ptr(place));
    if (module != NULL) return module;
    module = PyImport_ImportModule(name);
    if (module == NULL) return NULL;
    COMPAT_BEGIN_CRITICAL_SECTION(plans->owner);
    if (*place == NULL) *place = Py_NewRef(module);
    COMPAT_END_CRITICAL_SECTION();
    Py_DECREF(module);
    (void)plans;
    return *place;
}

SELDOM PyObject *plans_call(const char *function, const char *format, ...) {
    PyObject *module = PyImport_ImportModule("cyjson._replacements"), *result = NULL;
    PyObject *found = module == NULL ? NULL : PyObject_GetAttrString(module, function);
    va_list values;
    va_start(values, format);
    PyObject *arguments = found == NULL ? NULL : Py_VaBuildValue(format, values);
    va_end(values);
    if (arguments != NULL) result = PyObject_CallObject(found, arguments);
    Py_XDECREF(arguments);
    Py_XDECREF(found);
    Py_XDECREF(module);
    return result;
}

static PyObject *forget_dead(PyObject *plans, PyObject *weak) {
    return PyObject_CallMethod(plans, "forget", "O", weak);
}
static PyMethodDef forget_method = {"forget", forget_dead, METH_O, NULL};

/* A weak reference to a class, which has its plans forgotten when it dies: new, or NULL with an exception set. */
static PyObject *weak_to(encode_plans *plans, PyTypeObject *type) {
    PyObject *callback = PyCFunction_New(&forget_method, plans->owner);
    PyObject *weak = callback == NULL ? NULL : PyWeakref_NewRef((PyObject *)type, callback);
    Py_XDECREF(callback);
    return weak;
}

/* Take note of a number, in the place of the one before: whether it is another one. */
static int has_changed(int64_t *place, int64_t now) {
    int changed = compat_load_int64(place) != now;
    if (changed) compat_store_int64(place, now);
    return changed;
}

/* What a module has under a name, which is a str that both keep: borrowed, or NULL. Without a GIL the interpreter's
 * lifetime is that of what is looked for. */
static PyObject *in_module(PyObject *module, PyObject *name) {
    PyObject *found = PyDict_GetItemWithError(PyModule_GetDict(module), name);
    if (found == NULL) PyErr_Clear();
    return found;
}

int plans_are_stale(encode_plans *plans) {
    PyObject *module = COMPAT_EITHER(plans->module, _Py_atomic_load_ptr(&plans->module));
    PyObject *copyreg = COMPAT_EITHER(plans->copyreg, _Py_atomic_load_ptr(&plans->copyreg));
    if (module == NULL || copyreg == NULL) return 1;
    int64_t changes = plans_changes(plans);
    PyObject *generation = in_module(module, plans->generation_name), *table = in_module(copyreg, plans->table_name);
    int64_t now = generation == NULL ? 0 : PyLong_AsLongLong(generation);
    int asks = table != NULL && !(PyDict_CheckExact(table) && PyDict_GET_SIZE(table) == 0);
    int asked = compat_load_int(&plans->asked_copyreg);
    compat_store_int(&plans->asked_copyreg, asks);
    int stale = has_changed(&plans->generation, now) | asks | asked;
    /* A table's own changes don't show: with one, even if it is empty, this is asked each time. */
    if (COMPAT_HAS_GIL) plans->quiet = !stale && table == NULL ? changes : -1;
    return stale;
}

/* Have the changes of both modules' dicts counted. */
static void watch_modules(encode_plans *plans) {
#if !COMPAT_HAS_GIL
    (void)plans;
#elif COMPAT_HAS_DICT_WATCHERS
    if (plans->watched || *plans->watcher < 0) return;
    if (PyDict_Watch(*plans->watcher, PyModule_GetDict(plans->module)) ||
        PyDict_Watch(*plans->watcher, PyModule_GetDict(plans->copyreg)))
        PyErr_Clear();
    else plans->watched = 1;
#else
    plans->versions[1] = &((PyDictObject *)PyModule_GetDict(plans->copyreg))->ma_version_tag;
    plans->versions[0] = &((PyDictObject *)PyModule_GetDict(plans->module))->ma_version_tag;
#endif
}

int plans_token_changed(encode_plans *plans) {
    PyObject *module = module_of(plans, &plans->module, "cyjson._instances");
    PyObject *token = module == NULL ? NULL : PyObject_CallMethod(module, "get_cache_token", NULL);
    int64_t now = token == NULL ? -1 : PyLong_AsLongLong(token);
    Py_XDECREF(token);
    if (now == -1 && PyErr_Occurred()) return -1;
    return has_changed(&plans->token, now);
}

SELDOM class_plan *plans_make(encode_plans *plans, PyTypeObject *type, plan_purpose purpose) {
    static const char *const makers[] = {"plan_of", "result_plan_of", "key_plan_of"};
    PyObject *module = module_of(plans, &plans->module, "cyjson._instances");
    if (module == NULL || module_of(plans, &plans->copyreg, "copyreg") == NULL) return NULL;
    watch_modules(plans);
    class_plan *plan = PyMem_Calloc(1, sizeof *plan);
    if (plan == NULL) {
        PyErr_NoMemory();
        return NULL;
    }
    plan->users = 1;
    plan->type = type;
    plan->purpose = purpose;
    if (plans->attributes_known < 0 &&
        (plans->attributes_known = compat_attributes_known(plans->dict_layout_known)) < 0)
        goto failed;
    const int64_t generation = compat_load_int64(&plans->generation), token = compat_load_int64(&plans->token);
    compat_type_assign_version(type);
    plan->version = compat_type_version(type);
    plan->tuple = PyObject_CallMethod(module, makers[purpose], "OO", (PyObject *)type, plans->policy);
    if (plan->tuple == NULL || compile_plan(plans, plan)) goto failed;
    if (plan->version == 0) return plan;
    if (PyType_HasFeature(type, Py_TPFLAGS_HEAPTYPE) && (plan->weak = weak_to(plans, type)) == NULL) goto failed;
    if (plans->count >= PLAN_MOST) plans_forget(plans, NULL);
    keep(plans, plan, generation, token);
    return plan;
failed:
    plan_release(plan);
    return NULL;
}
