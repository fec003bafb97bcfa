/* Plans: how the instances of each class are written, found out once per class by Python code (cyjson._instances) and
 * kept here. */
#ifndef CYJSON_ENCODE_PLANS_H
#define CYJSON_ENCODE_PLANS_H

#include "python/attributes.h"

/* The kinds of plans, what they hold and the rules of fields: see cyjson._instances, whose numbers these are. */
typedef enum {
    PLAN_UNKNOWN,
    PLAN_BASIC,
    PLAN_OBJECT,
    PLAN_ARRAY_OF_FIELDS,
    PLAN_CALL,
    PLAN_JSON_METHOD,
    PLAN_RAW_METHOD,
    PLAN_RAW,
    PLAN_PYDANTIC,
    PLAN_DATETIME,
    PLAN_DATE,
    PLAN_TIME,
    PLAN_ISOFORMAT,
    PLAN_TIMEDELTA,
    PLAN_UUID,
    PLAN_ENUM,
    PLAN_DECIMAL,
    PLAN_STRING,
    PLAN_BYTES,
    PLAN_ARRAY,
    PLAN_MAPPING,
    PLAN_NUMPY_ARRAY,
    PLAN_NUMPY_SCALAR,
    PLAN_INDEX,
    PLAN_FLOAT,
    PLAN_KINDS
} plan_kind;

typedef enum {
    OF_OBJECTS,
    OF_RESULTS,
    OF_KEYS,
    OF_DEFAULTS, /* the plans of OF_RESULTS, and default() is asked again */
    PLAN_PURPOSES
} plan_purpose;

typedef enum {
    FIELD_ALWAYS,
    FIELD_OMIT_NONE,
    FIELD_OMIT_DEFAULT,
    FIELD_OMIT_FACTORY,
    FIELD_REST,
    FIELD_CONSTANT
} field_rule;

typedef enum {
    READ_ATTRIBUTE, /* as getattr() reads it */
    READ_SLOT, /* a slot: at an offset */
    READ_VALUE, /* among the values of the instance */
} field_read;

/* A member of an object that an instance is written as. */
typedef struct {
    PyObject *name; /* of the attribute: an interned str; NULL: a constant */
    PyObject *key; /* of the member: a str */
    PyObject *value; /* what the rule takes */
    const uint8_t *text; /* a comma (of the first a brace), the key as JSON, and a colon, with PLAN_STEP bytes of room;
                            NULL: it isn't UTF-8 */
    uint32_t size;
    field_rule rule;
    field_read read;
    Py_ssize_t at; /* READ_VALUE: where it was found last */
    Py_ssize_t offset; /* READ_SLOT: in the instance; READ_VALUE: among the values, once plan->names is set */
} plan_field;

enum { PLAN_STEP = 32, PLAN_SHORT = 64, PLAN_BUCKETS = 256, PLAN_MOST = 1024, PLAN_ZONES = 2 };

/* How the instances of a class are written. */
typedef struct class_plan {
    struct class_plan *next; /* in the same bucket */
    PyTypeObject *type; /* not a reference */
    PyObject *weak; /* to the class, with a callback that drops this plan; NULL for a static type */
    unsigned version; /* the class's tag; 0: not kept */
    int users; /* who holds this plan: the table, and who writes by it */
    plan_purpose purpose;
    plan_kind kind;
    int detail; /* a format, or the basic type */
    int reads_values; /* some field is READ_VALUE */
    int is_simple; /* a plain object: all fields are written always, their texts are short, and all are read in one way
                    */
    PyObject *const *names; /* of instances' values as the class shares them, if all fields are among the first... */
    Py_ssize_t names_needed; /* ...of this many; NULL: that hasn't been seen yet */
    int has_rest; /* some field is FIELD_REST */
    int is_native; /* the class is the one that C reads */
    int is_quick; /* a datetime, date, UUID or member of an Enum that is mostly written without Python code */
    PyObject *tuple; /* the plan as it was made */
    PyObject *data; /* CALL: the function; OBJECT: what isn't written (msgspec.UNSET); DATETIME, TIME: utc; or NULL */
    Py_ssize_t n;
    plan_field *fields, *sorted; /* in the order of writing, and with sort_keys; ENUM, UUID: one, which is read */
    uint8_t *texts; /* what the fields' texts point into */
} class_plan;

/* All plans under one policy. It is within an object that holds it for as long as anybody uses it. */
typedef struct encode_plans {
    PyObject *owner; /* that object: not a reference */
    PyObject *policy; /* the second argument of what makes plans */
    int attributes_known; /* compat_attributes_known() */
    int dict_layout_known, float_null; /* float_null: NaN and infinities are written as null */
    PyObject *module, *copyreg; /* cyjson._instances and copyreg; NULL until they are needed */
    PyObject *generation_name, *table_name, *utcoffset_name; /* "_generation", "json_dispatch_table", "utcoffset" */
    PyObject *zones[PLAN_ZONES]; /* utcoffset() of timezone and of ZoneInfo, once one was met; NULL */
    int asked_copyreg; /* its table had functions when plans were made last */
#if COMPAT_HAS_DICT_WATCHERS
    const int *watcher; /* the interpreter's, -1 without one: it counts... */
    const int64_t *changes; /* ...the changes of dicts, of both modules' once they are watched */
    int watched;
#else
    const uint64_t *versions[2]; /* of both modules' dicts; NULL until they are needed */
#endif
    int64_t quiet; /* the number of changes at which plans were found not to be stale; -1: look */
    int64_t token, generation; /* abc.get_cache_token(), and the module's _generation, when plans were made last */
#if !COMPAT_HAS_GIL
    PyMutex lock; /* held by who looks at what follows */
#endif
    Py_ssize_t count;
    class_plan *buckets[PLAN_BUCKETS];
} encode_plans;

/* The plan for a class, held for the caller until plan_release. NULL with an exception set. May run any Python
 * code. */
class_plan *plans_make(encode_plans *plans, PyTypeObject *type, plan_purpose purpose);

/* Whether plans that were made before may hold no longer, apart from what shows in a class's version. For the first
 * use of plans in a document. Runs no Python code. */
int plans_are_stale(encode_plans *plans);

/* The same for what ABCs say, before it counts: -1 with an exception set. */
int plans_token_changed(encode_plans *plans);

/* Note where the fields' values are among an instance's: 0 where some isn't there. */
int plan_finds_names(class_plan *plan, const compat_attributes *attributes);

/* Whether a field that has this value is left out by its rule: -1 with an exception set. May run any Python code. */
int plan_omits(const plan_field *field, PyObject *value);

/* Free a plan that nobody holds any more. */
void plan_free(class_plan *plan);

/* Drop all plans, or those that a weak reference to a dead class belongs to. */
void plans_forget(encode_plans *plans, PyObject *weak);

int plans_traverse(encode_plans *plans, visitproc visit, void *arg);

/* A number that grows with each change of the modules' dicts; -1 where that isn't known. */
static ALWAYS_INLINE int64_t plans_changes(const encode_plans *plans) {
#if !COMPAT_HAS_GIL
    (void)plans; /* watchers are called before the change, and another thread may look in between */
    return -1;
#elif COMPAT_HAS_DICT_WATCHERS
    return plans->watched && *plans->watcher >= 0 ? *plans->changes : -1;
#else
    return plans->versions[0] == NULL ? -1 : (int64_t)(*plans->versions[0] + *plans->versions[1]);
#endif
}

/* Whether nothing has changed since plans were found not to be stale: plans_are_stale needn't be asked. */
static ALWAYS_INLINE int plans_are_quiet(const encode_plans *plans) {
    return plans->quiet >= 0 && plans->quiet == plans_changes(plans);
}

static ALWAYS_INLINE void plan_release(class_plan *plan) {
    int left = COMPAT_EITHER(--plan->users, _Py_atomic_add_int(&plan->users, -1) - 1);
    if (UNLIKELY(left == 0)) plan_free(plan);
}

static ALWAYS_INLINE void plan_hold(class_plan *plan) {
    COMPAT_EITHER((void)++plan->users, (void)_Py_atomic_add_int(&plan->users, 1));
}

static ALWAYS_INLINE size_t plan_bucket(const PyTypeObject *type) {
    uintptr_t address = (uintptr_t)type;
    return (address >> 4 ^ address >> 12) % PLAN_BUCKETS;
}

/* Call a function of cyjson._replacements, as PyObject_CallFunction. A new reference, or NULL with an exception set. */
PyObject *plans_call(const char *function, const char *format, ...);

/* Whether a class that nobody can change was made in C. */
static inline int type_is_of_c(PyTypeObject *type) {
    return !PyType_HasFeature(type, Py_TPFLAGS_HEAPTYPE) || PyType_HasFeature(type, Py_TPFLAGS_IMMUTABLETYPE);
}

/* Have a class get a version tag, if it can have one. */
static inline void compat_type_assign_version(PyTypeObject *type) {
#if PY_VERSION_HEX >= 0x030C0000
    PyUnstable_Type_AssignVersionTag(type);
#else
    PyObject *name = PyUnicode_InternFromString("__json__");
    if (name != NULL) _PyType_Lookup(type, name);
    else PyErr_Clear();
    Py_XDECREF(name);
#endif
}

static ALWAYS_INLINE unsigned compat_type_version(PyTypeObject *type) {
#if PY_VERSION_HEX < 0x030C0000
    if (UNLIKELY(!PyType_HasFeature(type, Py_TPFLAGS_VALID_VERSION_TAG))) return 0;
#endif
    return COMPAT_EITHER(type->tp_version_tag, _Py_atomic_load_uint_relaxed(&type->tp_version_tag));
}

#if COMPAT_HAS_GIL
/* A plan that is kept, NULL where there is none: it stays until Python code runs; plan_hold it before. */
static ALWAYS_INLINE class_plan *plans_find(const encode_plans *plans, PyTypeObject *type, plan_purpose purpose) {
    class_plan *plan = plans->buckets[plan_bucket(type)];
    while (plan != NULL &&
           (plan->type != type || UNLIKELY(plan->version != compat_type_version(type)) || plan->purpose != purpose))
        plan = plan->next;
    return plan;
}
#else
/* The same, held for the caller: another thread may drop it at any time. */
class_plan *plans_find(encode_plans *plans, PyTypeObject *type, plan_purpose purpose);
#endif

#endif
