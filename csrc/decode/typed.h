/* Text -> objects of a type, in one pass: what `decode(data, type)` knows of the type.
 *
 * A plan that src/cyjson/_reading.py has made, a tree of Nodes, is turned into C structs once (typed_reader_new). They
 * don't change afterwards, so any number of threads may read by them. The reader (typed.inc.h) descends by them: a
 * function for each kind of node. It answers for documents that are JSON and of the type. Where one isn't it says so
 * (NULL without an exception), what it has made is dropped, and the caller hands the same text to _decoding.py, whose
 * exception is the answer. So hooks, __init__ and __post_init__ may be called again for the same values; what they
 * raise besides ValueError, TypeError and AssertionError is passed on.
 *
 * Time is O(n): what a union reads twice, to find a tag or the names of an object's members, is limited. */
#ifndef CYJSON_DECODE_TYPED_H
#define CYJSON_DECODE_TYPED_H

#include "decode/decoder.h"
#include "python/instances.h"

#include <datetime.h> /* which wants Python.h before it */

/* Kinds of Nodes, in the order of _reading.py (tests/test_decode_native.py compares the two), and those that are made
 * of them here. */
/* clang-format off */
#define TYPED_KINDS(X) \
    X(ANY) X(NULL) X(BOOL) X(INT) X(FLOAT) X(STR) X(LITERAL) X(ENUM) \
    X(LIST) X(TUPLE) X(SET) X(FROZENSET) X(DEQUE) X(FIXED_TUPLE) X(DICT) \
    X(OBJECT) X(TYPED_DICT) X(NAMED_TUPLE) X(UNION) \
    X(DATETIME) X(DATE) X(TIME) X(TIMEDELTA) X(UUID) X(DECIMAL) X(FRACTION) X(ZONEINFO) X(PATH) X(ADDRESS) X(BYTES) \
    X(CONSTRAINED) X(CONVERTED) X(PYDANTIC) X(NDARRAY) X(RAW)
/* clang-format on */
#define TYPED_KIND(name) TYPED_##name,
typedef enum {
    TYPED_KINDS(TYPED_KIND) TYPED_KINDS_GIVEN,
    TYPED_OPTIONAL = TYPED_KINDS_GIVEN, /* null, or what items[0] reads */
    TYPED_FORMATTED, /* a string, read by a function of _formats.py */
    TYPED_ALL_KINDS
} typed_kind;
#undef TYPED_KIND

typedef struct typed_node typed_node;

/* Texts of ASCII without a quote or a backslash, found by their bytes. */
typedef struct {
    uint64_t first, last; /* its first eight bytes, or all and zeros; its last eight, where it has more */
} typed_ends;

typedef struct {
    typed_ends ends;
    const uint8_t *text;
    size_t size;
    Py_ssize_t index; /* what it stands for */
} typed_name;

typedef struct {
    const typed_name *names;
    const uint16_t *slots; /* by the top bits of the hash: an index into names and one, or 0 */
    unsigned bits;
} typed_names;

/* JSON values and what they stand for: Values. References are borrowed. */
typedef struct {
    typed_names names;
    PyObject *const *results; /* of names */
    PyObject *strings, *ints, *floats, *on_null, *on_true, *on_false; /* dicts; results, or NULL */
    PyObject *call; /* asked for a value that isn't among them; or NULL */
} typed_values;

enum { TYPED_QUICK = 16 }; /* bytes of `,"name":` that are compared at once */
#define TYPED_NEVER \
    ((uint64_t)1 << 63) /* `first` of a field that isn't expected, which its mask, 0, leaves of no text */

/* A member that is known. */
typedef struct {
    uint64_t first, second, first_mask, second_mask; /* the TYPED_QUICK first bytes of `quoted`, or all of them */
    const uint8_t *quoted; /* `,"name":` or, of the first field, `{"name":`; NULL where a document may spell the name in
                              other ways only */
    size_t size;
    const typed_node *node; /* NULL: read past */
    Py_ssize_t place; /* among the object's values */
    PyObject *key; /* the argument's name; in a TYPED_DICT the key */
} typed_field;

/* A value of an object: where it isn't in the document one of the others stands for it, or nothing does. */
typedef struct {
    PyObject *value, *factory;
    int required;
} typed_place;

typedef struct typed_object typed_object;
struct typed_object {
    const typed_field *fields; /* in the order in which they are expected, followed by one that nothing is equal to */
    Py_ssize_t field_count;
    typed_names names; /* of fields */
    PyObject *by_name; /* dict: {name: index} of all */
    const typed_place *places;
    Py_ssize_t place_count, read_count; /* read_count: of those that members are read into */
    Py_ssize_t positional; /* of the places those that are positional arguments */
    PyObject *keywords; /* a tuple of the names of the other places */
    const typed_node *extra; /* reads unknown members of a TYPED_DICT, or those of rest; or NULL */
    Py_ssize_t rest; /* the place of a dict that takes unknown members, or -1 */
    int refuses, minds; /* whether unknown members are mismatches; whether they are that, or read */
    int direct, post_init;
    instance_maker maker; /* where direct */
    typed_object *next; /* of the plan's */
};

/* Which node reads a value of a union. */
typedef struct {
    const typed_node *const *nodes;
    Py_ssize_t count;
} typed_choice;

/* One of several classes that an object may be: bits of the names that it requires and knows. */
typedef struct {
    const typed_node *node;
    uint64_t required, known;
    int tag_may_lack;
} typed_member;

typedef struct typed_members typed_members;
struct typed_members {
    const typed_member *members;
    Py_ssize_t count;
    typed_names names; /* of all members, at most 64 */
    PyObject *tag_name; /* or NULL */
    typed_values tags; /* whose results are addresses of nodes, as ints */
    const typed_node *otherwise;
    const typed_members *next; /* while the plan is compiled */
};

typedef struct {
    typed_choice null, boolean, integer, real, string;
    const typed_node *array, *object;
    const typed_node *const *by_length; /* for an array of so many items, up to `lengths`; NULL: array reads it */
    Py_ssize_t lengths;
    const typed_members *members; /* for an object; NULL: object reads it */
} typed_choices;

typedef struct {
    int operation;
    PyObject *argument;
} typed_constraint;

/* What an NDARRAY holds. */
typedef enum {
    ELEMENT_ANY, /* numpy's choice */
    ELEMENT_BOOL,
    ELEMENT_I1,
    ELEMENT_I2,
    ELEMENT_I4,
    ELEMENT_I8,
    ELEMENT_U1,
    ELEMENT_U2,
    ELEMENT_U4,
    ELEMENT_U8,
    ELEMENT_F4,
    ELEMENT_F8
} typed_element;

struct typed_node {
    typed_kind kind;
    const typed_node *const *items;
    Py_ssize_t count;
    PyObject *cls, *data; /* data: the Python code that is called, a factory, a format */
    PyObject *node; /* the Node, for functions that want it */
    const typed_values *values;
    const typed_object *object;
    const typed_choices *choices;
    const typed_constraint *constraints; /* `count` of them */
    typed_element element;
};

typedef struct typed_block typed_block;

struct typed_plan {
    const typed_node *root;
    PyObject *keep; /* a list of all that is borrowed here */
    typed_block *blocks;
    typed_object *objects;
    PyDateTime_CAPI *datetime; /* where dates are read */
    instance_maker uuid; /* where uuid_unknown isn't NULL */
    PyObject *uuid_unknown; /* a UUID's is_safe */
    PyObject *first_failed; /* of _constraints.py */
    PyObject *post_init, *validate_json; /* "__post_init__", "validate_json" */
    int runs_python; /* whether Python code may run, other than in finalisers */
};

/* Make the type of compiled plans, a class of its own for each interpreter: NULL with an exception set. */
PyObject *typed_reader_type(PyObject *module);

/* Compile the tree of Nodes below a root: a new reference to an object of that type, to None where some Node is of a
 * kind that only _decoding.py reads, or NULL with an exception set. formats: _formats.READERS; first_failed: of
 * _constraints.py; missing: _reading.MISSING. */
PyObject *typed_reader_new(PyObject *type, PyObject *root, PyObject *formats, PyObject *first_failed, PyObject *missing,
                           int dict_layout_known);

/* The plan of an object that typed_reader_new gave, which lives as long as that. */
const typed_plan *typed_plan_of(PyObject *reader);

/* Find out whether a plan's UUIDs may be made as instances with their two slots set: 1 or 0, or -1 with an exception
 * set. */
int typed_try_uuid(typed_plan *plan, PyObject *cls, int dict_layout_known);

/* The elements of a dtype whose `str` is this; ELEMENT_ANY where they aren't read here. */
typed_element typed_element_by(PyObject *text);

/* The ends of a text of n bytes, n >= 1, of which at least as many are readable as `readable` says. */
static ALWAYS_INLINE typed_ends typed_ends_of(const uint8_t *p, size_t n, ptrdiff_t readable) {
    uint8_t few[8] = {0};
    if (UNLIKELY(n > 8)) return (typed_ends){load_8(p), load_8(p + n - 8)};
    if (LIKELY(readable >= 8)) return (typed_ends){load_8(p) & UINT64_MAX >> (64 - 8 * n), 0};
    memcpy(few, p, n);
    return (typed_ends){load_8(few), 0};
}

static ALWAYS_INLINE uint64_t typed_hash(typed_ends ends, size_t n) {
    return (ends.first ^ (ends.last << 29 | ends.last >> 35) ^ (uint64_t)n << 56) * 0x9E3779B97F4A7C15u;
}

/* What decode_functions.typed is, for one instruction set. */
PyObject *CPU_NAME(typed_decode)(decode_state *state, const typed_plan *plan, const uint8_t *data, Py_ssize_t size);

/* Find the text of n bytes, n >= 1, at p: what it stands for, or -1. [p, end) is readable. */
static ALWAYS_INLINE Py_ssize_t typed_find(const typed_names *names, const uint8_t *p, size_t n, const uint8_t *end) {
    typed_ends ends = typed_ends_of(p, n, end - p);
    size_t mask = ((size_t)1 << names->bits) - 1;
    for (size_t i = (size_t)(typed_hash(ends, n) >> (64 - names->bits));; i = (i + 1) & mask) {
        unsigned slot = names->slots[i];
        if (slot == 0) return -1;
        const typed_name *name = &names->names[slot - 1];
        if (LIKELY(name->ends.first == ends.first) && LIKELY(name->size == n) && LIKELY(name->ends.last == ends.last) &&
            (LIKELY(n <= 16) || memcmp(name->text + 8, p + 8, n - 16) == 0))
            return name->index;
    }
}

static ALWAYS_INLINE const PyDateTime_CAPI *typed_datetime_api(const typed_plan *plan) {
    (void)PyDateTimeAPI; /* a static of the header's, which is never set: each interpreter has its own */
    return plan->datetime;
}

#endif
