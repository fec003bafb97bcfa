/* Plans of types, from Python's Nodes to C structs. */
#include "decode/typed.h"

typedef struct {
    PyObject_HEAD typed_plan plan;
} typed_reader;

struct typed_block {
    typed_block *next;
    union {
        PyObject *object;
        double real;
        uint64_t word;
    } data[];
};

/* What is known while a plan is compiled. */
typedef struct {
    typed_plan *plan;
    PyObject *nodes; /* dict: {Node: address of its typed_node} */
    PyObject *formats, *missing;
    typed_members *members; /* whose tags are to be looked at once all classes are known */
    int dict_layout_known;
    int unsupported; /* only _decoding.py can execute it */
} builder;

/* Memory of zeros that goes with the plan; NULL with MemoryError set. */
static NOINLINE void *allocate(builder *b, size_t count, size_t size) {
    if (count == 0) count = 1;
    if (count > ((size_t)PY_SSIZE_T_MAX - sizeof(typed_block)) / size) return PyErr_NoMemory();
    typed_block *block = PyMem_Calloc(1, sizeof *block + count * size);
    if (block == NULL) return PyErr_NoMemory();
    block->next = b->plan->blocks;
    b->plan->blocks = block;
    return block->data;
}

/* Have the plan keep a new reference (NULL: an exception is set), which is borrowed from then on. */
static NOINLINE PyObject *kept(builder *b, PyObject *object) {
    if (object == NULL) return NULL;
    int bad = PyList_Append(b->plan->keep, object);
    Py_DECREF(object);
    return bad ? NULL : object;
}

static NOINLINE PyObject *attribute(builder *b, PyObject *object, const char *name) {
    return kept(b, PyObject_GetAttrString(object, name));
}

/* An attribute that is a tuple. */
static NOINLINE PyObject *tuple_attribute(builder *b, PyObject *object, const char *name) {
    PyObject *found = attribute(b, object, name);
    if (found != NULL && !PyTuple_CheckExact(found)) {
        PyErr_Format(PyExc_TypeError, "%s must be a tuple", name);
        return NULL;
    }
    return found;
}

/* A flag that is an attribute: -1 with an exception set. */
static NOINLINE int flag_attribute(PyObject *object, const char *name) {
    PyObject *found = PyObject_GetAttrString(object, name);
    int is_true = found == NULL ? -1 : PyObject_IsTrue(found);
    Py_XDECREF(found);
    return is_true;
}

static int integer_attribute(PyObject *object, const char *name, long *value) {
    PyObject *found = PyObject_GetAttrString(object, name);
    *value = found == NULL ? -1 : PyLong_AsLong(found);
    Py_XDECREF(found);
    return *value == -1 && PyErr_Occurred() ? -1 : 0;
}

/* Whether a name stands in a document as its characters, at least where nobody escapes more than is needed. */
static int is_plain_name(PyObject *name) {
    if (!PyUnicode_Check(name) || !PyUnicode_IS_ASCII(name)) return 0;
    Py_ssize_t n = PyUnicode_GET_LENGTH(name);
    const uint8_t *p = PyUnicode_1BYTE_DATA(name);
    for (Py_ssize_t i = 0; i < n; i++)
        if (p[i] < 0x20 || p[i] == '"' || p[i] == '\\') return 0;
    return n > 0;
}

/* Make the table of names from `count` texts: those that are plain. index_of: NULL, or what each stands for. */
static NOINLINE int make_names(builder *b, PyObject *const *texts, size_t count, typed_names *table) {
    if (count >= 1 << 14) {
        b->unsupported = 1;
        return -1;
    }
    typed_name *names = allocate(b, count, sizeof *names);
    if (names == NULL) return -1;
    size_t n = 0;
    for (size_t i = 0; i < count; i++) {
        if (!is_plain_name(texts[i])) continue;
        const uint8_t *text = PyUnicode_1BYTE_DATA(texts[i]);
        size_t size = (size_t)PyUnicode_GET_LENGTH(texts[i]);
        names[n++] = (typed_name){typed_ends_of(text, size, 0), text, size, (Py_ssize_t)i};
    }
    /* Eight places for each or more, so that a name that isn't there mostly finds an empty place, as a processor
     * foresees; larger while names collide, up to 64 places; then the next free place is taken. */
    unsigned least = 6;
    while (((size_t)1 << least) < 8 * n) least++;
    for (unsigned bits = least;; bits++) {
        uint16_t *slots = PyMem_Calloc((size_t)1 << bits, sizeof *slots);
        int collides = 0;
        if (slots == NULL) {
            PyErr_NoMemory();
            return -1;
        }
        for (size_t i = 0; i < n; i++) {
            size_t at = (size_t)(typed_hash(names[i].ends, names[i].size) >> (64 - bits));
            for (; slots[at]; at = (at + 1) & (((size_t)1 << bits) - 1)) collides = 1;
            slots[at] = (uint16_t)(i + 1);
        }
        if (!collides || bits == least + 3) {
            uint16_t *own = allocate(b, (size_t)1 << bits, sizeof *own);
            if (own != NULL) memcpy(own, slots, sizeof *own << bits);
            PyMem_Free(slots);
            if (own == NULL) return -1;
            *table = (typed_names){names, own, bits};
            return 0;
        }
        PyMem_Free(slots);
    }
}

/* Set what a field is recognised by. */
static int set_quoted(builder *b, typed_field *field, PyObject *name, int is_first) {
    if (!is_plain_name(name) || field->place < 0) { /* those that are read past aren't expected */
        field->first = TYPED_NEVER;
        return 0;
    }
    size_t n = (size_t)PyUnicode_GET_LENGTH(name);
    uint8_t *quoted = allocate(b, n + 4 + TYPED_QUICK, 1), mask[TYPED_QUICK] = {0};
    if (quoted == NULL) return -1;
    quoted[0] = is_first ? '{' : ',';
    quoted[1] = quoted[n + 2] = '"';
    memcpy(quoted + 2, PyUnicode_1BYTE_DATA(name), n);
    quoted[n + 3] = ':';
    field->quoted = quoted;
    field->size = n + 4;
    memset(mask, 0xFF, field->size < TYPED_QUICK ? field->size : TYPED_QUICK);
    field->first_mask = load_8(mask);
    field->second_mask = load_8(mask + 8);
    field->first = load_8(quoted) & field->first_mask;
    field->second = load_8(quoted + 8) & field->second_mask;
    return 0;
}

static NOINLINE const typed_node *compile_node(builder *b, PyObject *node);

/* An array of the nodes of a tuple of Nodes. */
static NOINLINE const typed_node *const *compile_nodes(builder *b, PyObject *tuple) {
    Py_ssize_t count = PyTuple_GET_SIZE(tuple);
    const typed_node **nodes = allocate(b, (size_t)count, sizeof *nodes);
    for (Py_ssize_t i = 0; nodes != NULL && i < count; i++)
        if ((nodes[i] = compile_node(b, PyTuple_GET_ITEM(tuple, i))) == NULL) return NULL;
    return nodes;
}

/* ---- Values ---- */

/* A copy of a dict that is an attribute; `of_nodes`: with the addresses of the typed_nodes (as ints) for Nodes. */
static NOINLINE PyObject *dict_attribute(builder *b, PyObject *object, const char *name, int of_nodes) {
    PyObject *found = attribute(b, object, name), *copy, *key, *value;
    if (found == NULL || (copy = kept(b, PyDict_New())) == NULL) return NULL;
    for (Py_ssize_t at = 0; PyDict_Next(found, &at, &key, &value);) {
        if (of_nodes) {
            const typed_node *node = compile_node(b, value);
            if (node == NULL || (value = kept(b, PyLong_FromVoidPtr((void *)node))) == NULL) return NULL;
        }
        if (PyDict_SetItem(copy, key, value)) return NULL;
    }
    return copy;
}

static int compile_values(builder *b, PyObject *values, int of_nodes, typed_values *v) {
    PyObject *constants;
    if ((v->strings = dict_attribute(b, values, "strings", of_nodes)) == NULL ||
        (v->ints = dict_attribute(b, values, "ints", of_nodes)) == NULL ||
        (v->floats = dict_attribute(b, values, "floats", of_nodes)) == NULL ||
        (constants = dict_attribute(b, values, "constants", of_nodes)) == NULL)
        return -1;
    if ((v->on_null = PyDict_GetItemWithError(constants, Py_None)) == NULL && PyErr_Occurred()) return -1;
    if ((v->on_true = PyDict_GetItemWithError(constants, Py_True)) == NULL && PyErr_Occurred()) return -1;
    if ((v->on_false = PyDict_GetItemWithError(constants, Py_False)) == NULL && PyErr_Occurred()) return -1;
    PyObject *texts = kept(b, PySequence_Tuple(v->strings));
    PyObject *results = texts == NULL ? NULL : PyDict_Values(v->strings);
    if (results == NULL || PyList_GET_SIZE(results) != PyTuple_GET_SIZE(texts)) {
        Py_XDECREF(results);
        return -1;
    }
    if ((results = kept(b, results)) == NULL) return -1;
    size_t count = (size_t)PyTuple_GET_SIZE(texts);
    PyObject **array = allocate(b, count, sizeof *array), **keys = allocate(b, count, sizeof *keys);
    if (array == NULL || keys == NULL) return -1;
    for (size_t i = 0; i < count; i++) {
        array[i] = PyList_GET_ITEM(results, (Py_ssize_t)i);
        keys[i] = PyTuple_GET_ITEM(texts, (Py_ssize_t)i);
    }
    v->results = array;
    return make_names(b, keys, count, &v->names);
}

/* ---- Objects ---- */

/* The index of an object among a tuple's; -1 where it isn't there. */
static Py_ssize_t index_in(PyObject *tuple, PyObject *object) {
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(tuple); i++)
        if (PyTuple_GET_ITEM(tuple, i) == object) return i;
    return -1;
}

/* What stands for an absent member of a Field. */
static int compile_place(builder *b, PyObject *field, int with_defaults, typed_place *place) {
    int required = flag_attribute(field, "required");
    PyObject *value = required < 0 ? NULL : attribute(b, field, "default");
    PyObject *factory = value == NULL ? NULL : attribute(b, field, "factory");
    if (factory == NULL) return -1;
    place->required = required;
    if (with_defaults) {
        place->value = value == b->missing ? NULL : value;
        place->factory = factory == b->missing ? NULL : factory;
        if (place->factory != NULL && place->factory != (PyObject *)&PyList_Type &&
            place->factory != (PyObject *)&PyDict_Type && place->factory != (PyObject *)&PySet_Type)
            b->plan->runs_python = 1;
    }
    return 0;
}

/* Complete an object's fields with the names that are read past, and make their tables. */
static int compile_names(builder *b, PyObject *by_name, typed_object *o, typed_field *fields, Py_ssize_t count,
                         PyObject **names) {
    PyObject *name, *field, *index_by_name = kept(b, PyDict_New());
    if (index_by_name == NULL) return -1;
    for (Py_ssize_t at = 0; PyDict_Next(by_name, &at, &name, &field);) {
        if (field != Py_None) continue;
        if (kept(b, Py_NewRef(name)) == NULL) return -1;
        fields[count].place = -1;
        names[count++] = name;
    }
    for (Py_ssize_t i = 0; i < count; i++) {
        PyObject *index = PyLong_FromSsize_t(i);
        int bad = index == NULL || PyDict_SetItem(index_by_name, names[i], index) ||
                  set_quoted(b, &fields[i], names[i], i == 0);
        Py_XDECREF(index);
        if (bad) return -1;
    }
    fields[count].place = -1;
    fields[count].first = TYPED_NEVER; /* the one that nothing is equal to */
    o->fields = fields;
    o->field_count = count;
    o->by_name = index_by_name;
    return make_names(b, names, (size_t)count, &o->names);
}

static NOINLINE PyObject *interned_attribute(builder *b, PyObject *object, const char *name) {
    PyObject *found = PyObject_GetAttrString(object, name);
    if (found != NULL && PyUnicode_CheckExact(found)) PyUnicode_InternInPlace(&found);
    else if (found != NULL) {
        Py_CLEAR(found);
        PyErr_Format(PyExc_TypeError, "%s must be str", name);
    }
    return kept(b, found);
}

/* How instances are made where that is written directly. */
static int compile_direct(builder *b, typed_node *node, PyObject *assigned, typed_object *o) {
    size_t count = (size_t)PyTuple_GET_SIZE(assigned);
    PyObject **names = allocate(b, count, sizeof *names);
    if (names == NULL) return -1;
    for (size_t i = 0; i < count; i++)
        if ((names[i] = interned_attribute(b, PyTuple_GET_ITEM(assigned, (Py_ssize_t)i), "attribute")) == NULL)
            return -1;
    o->next = b->plan->objects;
    b->plan->objects = o; /* from now on its maker is cleared with the plan */
    return instance_maker_init(&o->maker, (PyTypeObject *)node->cls, names, (Py_ssize_t)count, b->dict_layout_known,
                               b->plan->keep);
}

/* The order of a call's arguments: positional ones first, the others with their names. */
static int compile_call(builder *b, PyObject *fields, typed_object *o) {
    Py_ssize_t count = PyTuple_GET_SIZE(fields);
    for (Py_ssize_t i = 0; i < count; i++) {
        long passing;
        if (integer_attribute(PyTuple_GET_ITEM(fields, i), "passing", &passing)) return -1;
        if (passing == 0 && o->positional == i) o->positional++;
        else if (passing != 1) {
            b->unsupported = 1;
            return -1;
        }
    }
    return 0;
}

static int compile_object(builder *b, typed_node *node) {
    typed_object *o = allocate(b, 1, sizeof *o);
    if (o == NULL) return -1;
    node->object = o;
    o->rest = -1;
    PyObject *data = node->data, *fields = tuple_attribute(b, data, "fields"), *by_name, *extra, *rest, *assigned;
    if (fields == NULL || (by_name = attribute(b, data, "by_name")) == NULL ||
        (extra = attribute(b, data, "extra")) == NULL || (rest = attribute(b, data, "rest")) == NULL ||
        (assigned = tuple_attribute(b, data, "assigned")) == NULL)
        return -1;
    int direct = flag_attribute(data, "direct"), post_init = flag_attribute(data, "post_init");
    if (direct < 0 || post_init < 0 || !PyDict_CheckExact(by_name)) return -1;
    if (node->kind != TYPED_OBJECT || !PyType_Check(node->cls)) direct = 0;
    Py_ssize_t count = PyTuple_GET_SIZE(fields), most = count + PyDict_GET_SIZE(by_name);
    o->direct = direct;
    o->post_init = direct && post_init;
    if (!direct && node->kind != TYPED_TYPED_DICT) b->plan->runs_python = 1;
    if (o->post_init) b->plan->runs_python = 1;
    if (PyUnicode_Check(extra)) o->refuses = 1;
    else if (extra != Py_None && (o->extra = compile_node(b, extra)) == NULL) return -1;
    typed_field *array = allocate(b, (size_t)most + 1, sizeof *array);
    PyObject **names = allocate(b, (size_t)most, sizeof *names);
    PyObject *places_of = direct ? assigned : fields;
    o->place_count = PyTuple_GET_SIZE(places_of);
    o->read_count = count;
    typed_place *places = allocate(b, (size_t)o->place_count + 1, sizeof *places);
    if (array == NULL || names == NULL || places == NULL) return -1;
    o->places = places;
    for (Py_ssize_t i = 0; i < o->place_count; i++)
        if (compile_place(b, PyTuple_GET_ITEM(places_of, i), direct || node->kind != TYPED_TYPED_DICT, &places[i]))
            return -1;
    for (Py_ssize_t i = 0; i < count; i++) {
        PyObject *field = PyTuple_GET_ITEM(fields, i), *inner = attribute(b, field, "node");
        const char *key = node->kind == TYPED_TYPED_DICT ? "attribute" : "argument";
        names[i] = attribute(b, field, "name");
        array[i].place = direct ? index_in(assigned, field) : i;
        if (inner == NULL || names[i] == NULL || (array[i].key = interned_attribute(b, field, key)) == NULL) return -1;
        if (array[i].place < 0 || !PyUnicode_CheckExact(names[i])) {
            b->unsupported = 1;
            return -1;
        }
        if ((array[i].node = compile_node(b, inner)) == NULL) return -1;
    }
    if (rest != Py_None) {
        /* The members go into a dict by their names: those of another key are left to _decoding.py. */
        PyObject *inner = attribute(b, rest, "node");
        const typed_node *dict = inner == NULL ? NULL : compile_node(b, inner);
        if (dict == NULL) return -1;
        if (dict->kind == TYPED_DICT && dict->items[0]->kind == TYPED_STR) o->extra = dict->items[1];
        else if (dict->kind == TYPED_ANY) o->extra = dict;
        else b->unsupported = 1;
        o->rest = direct ? index_in(assigned, rest) : o->place_count++;
        if (o->rest < 0 || (!direct && node->kind != TYPED_OBJECT)) b->unsupported = 1;
        if (b->unsupported) return -1;
        o->read_count++;
    }
    o->minds = o->refuses || o->extra != NULL;
    if (compile_names(b, by_name, o, array, count, names)) return -1;
    if (direct) return compile_direct(b, node, assigned, o);
    if (node->kind == TYPED_TYPED_DICT) {
        b->unsupported = o->place_count > 64; /* bits of those that were seen */
        return b->unsupported ? -1 : 0;
    }
    if (compile_call(b, fields, o)) return -1;
    PyObject *keywords = kept(b, PyTuple_New(o->place_count - o->positional));
    if (keywords == NULL) return -1;
    for (Py_ssize_t i = o->positional; i < count; i++)
        PyTuple_SET_ITEM(keywords, i - o->positional, Py_NewRef(array[i].key));
    if (o->rest >= 0) {
        PyObject *key = interned_attribute(b, rest, "argument");
        if (key == NULL) return -1;
        PyTuple_SET_ITEM(keywords, o->rest - o->positional, Py_NewRef(key));
    }
    o->keywords = keywords;
    return 0;
}

/* ---- Unions ---- */

static int compile_choice(builder *b, PyObject *choices, const char *name, typed_choice *choice) {
    PyObject *tuple = tuple_attribute(b, choices, name);
    if (tuple == NULL || (choice->nodes = compile_nodes(b, tuple)) == NULL) return -1;
    choice->count = PyTuple_GET_SIZE(tuple);
    return 0;
}

/* Bits of the names in a frozenset, each new one added to the list. */
static int bits_of_names(PyObject *names, PyObject *list, uint64_t *bits) {
    PyObject *iterator = PyObject_GetIter(names), *name;
    if (iterator == NULL) return -1;
    int bad = 0;
    while (!bad && (name = PyIter_Next(iterator)) != NULL) {
        Py_ssize_t found = 0;
        for (; found < PyList_GET_SIZE(list); found++) {
            int same = PyObject_RichCompareBool(PyList_GET_ITEM(list, found), name, Py_EQ);
            if (same) {
                bad = same < 0;
                break;
            }
        }
        if (!bad && found == PyList_GET_SIZE(list)) bad = PyList_Append(list, name) ? -1 : 0;
        if (!bad && found < 64) *bits |= (uint64_t)1 << found;
        Py_DECREF(name);
    }
    Py_DECREF(iterator);
    return bad || PyErr_Occurred() ? -1 : 0;
}

/* Whether an object's member of this name has a value of few, so that it isn't another one that counts in the end. */
static int is_tag_of(const typed_node *node, PyObject *tag) {
    while (node->kind == TYPED_CONSTRAINED) node = node->items[0];
    if (node->object == NULL || node->object->by_name == NULL) return 0;
    PyObject *index = PyDict_GetItemWithError(node->object->by_name, tag);
    if (index == NULL) return 0;
    const typed_node *field = node->object->fields[PyLong_AsSsize_t(index)].node;
    return field != NULL && (field->kind == TYPED_LITERAL || field->kind == TYPED_ENUM);
}

static const typed_members *compile_members(builder *b, PyObject *object) {
    typed_members *m = allocate(b, 1, sizeof *m);
    PyObject *tag, *tags, *nodes, *otherwise, *list = kept(b, PyList_New(0));
    if (m == NULL || list == NULL || (tag = attribute(b, object, "tag")) == NULL ||
        (tags = attribute(b, object, "tags")) == NULL || (nodes = tuple_attribute(b, object, "nodes")) == NULL ||
        (otherwise = attribute(b, object, "otherwise")) == NULL)
        return NULL;
    m->count = PyTuple_GET_SIZE(nodes);
    typed_member *members = allocate(b, (size_t)m->count, sizeof *members);
    if (members == NULL || (otherwise != Py_None && (m->otherwise = compile_node(b, otherwise)) == NULL)) return NULL;
    m->members = members;
    if (tag != Py_None && PyList_Append(list, tag)) return NULL;
    for (Py_ssize_t i = 0; i < m->count; i++) {
        PyObject *each = PyTuple_GET_ITEM(nodes, i);
        if ((members[i].node = compile_node(b, PyTuple_GET_ITEM(each, 0))) == NULL ||
            bits_of_names(PyTuple_GET_ITEM(each, 1), list, &members[i].required) ||
            bits_of_names(PyTuple_GET_ITEM(each, 2), list, &members[i].known) ||
            (members[i].tag_may_lack = PyObject_IsTrue(PyTuple_GET_ITEM(each, 3))) < 0)
            return NULL;
    }
    Py_ssize_t count = PyList_GET_SIZE(list);
    PyObject **names = allocate(b, (size_t)count, sizeof *names);
    if (names == NULL) return NULL;
    for (Py_ssize_t i = 0; i < count; i++) {
        names[i] = PyList_GET_ITEM(list, i); /* of a list that is kept, and that nobody changes any more */
        if (!is_plain_name(names[i])) b->unsupported = 1;
    }
    if (count > 64) b->unsupported = 1;
    if (b->unsupported || make_names(b, names, (size_t)count, &m->names)) return NULL;
    if (tag == Py_None) return m;
    m->tag_name = tag;
    m->next = b->members;
    b->members = m;
    if (compile_values(b, tags, 1, &m->tags)) return NULL;
    return m;
}

/* The nodes of arrays that are told apart by how many items they have: a dict, {count: Node}. */
static int compile_lengths(builder *b, PyObject *by_length, typed_choices *c) {
    enum { LONGEST = 1 << 10 };
    PyObject *key, *value;
    for (Py_ssize_t at = 0; PyDict_Next(by_length, &at, &key, &value);) {
        Py_ssize_t n = PyLong_AsSsize_t(key);
        if (n == -1 && PyErr_Occurred()) return -1;
        if (n < 0 || n > LONGEST) {
            b->unsupported = 1;
            return -1;
        }
        if (n > c->lengths) c->lengths = n;
    }
    const typed_node **nodes = allocate(b, (size_t)c->lengths + 1, sizeof *nodes);
    if (nodes == NULL) return -1;
    for (Py_ssize_t n = 0; n <= c->lengths; n++) {
        if ((key = PyLong_FromSsize_t(n)) == NULL) return -1;
        value = PyDict_GetItemWithError(by_length, key); /* which the Choices keep */
        Py_DECREF(key);
        if (value == NULL && PyErr_Occurred()) return -1;
        if (value != NULL && (nodes[n] = compile_node(b, value)) == NULL) return -1;
    }
    c->by_length = nodes;
    return 0;
}

static int compile_union(builder *b, typed_node *node) {
    typed_choices *c = allocate(b, 1, sizeof *c);
    if (c == NULL) return -1;
    node->choices = c;
    PyObject *array, *object;
    if (compile_choice(b, node->data, "null", &c->null) || compile_choice(b, node->data, "bool", &c->boolean) ||
        compile_choice(b, node->data, "int", &c->integer) || compile_choice(b, node->data, "float", &c->real) ||
        compile_choice(b, node->data, "str", &c->string) || (array = attribute(b, node->data, "array")) == NULL ||
        (object = attribute(b, node->data, "object")) == NULL)
        return -1;
    if (PyDict_Check(array)) {
        if (compile_lengths(b, array, c)) return -1;
    } else if (array != Py_None && (c->array = compile_node(b, array)) == NULL) return -1;
    if (object != Py_None && Py_TYPE(object) != Py_TYPE(node->node)) { /* Members */
        if ((c->members = compile_members(b, object)) == NULL) return -1;
    } else if (object != Py_None && (c->object = compile_node(b, object)) == NULL) return -1;

    /* null, or what one node reads: that one may be asked for what it doesn't read, too. */
    if (c->null.count == 1 && c->null.nodes[0]->kind == TYPED_NULL && node->count == 2) {
        const typed_node *other = node->items[node->items[0]->kind == TYPED_NULL ? 1 : 0];
        if (other->kind != TYPED_NULL) {
            const typed_node **items = allocate(b, 1, sizeof *items);
            if (items == NULL) return -1;
            items[0] = other;
            node->items = items;
            node->count = 1;
            node->kind = TYPED_OPTIONAL;
        }
    }
    return 0;
}

/* ---- The other kinds ---- */

static int compile_constraints(builder *b, typed_node *node) {
    if (!PyTuple_CheckExact(node->data)) return -1;
    Py_ssize_t count = PyTuple_GET_SIZE(node->data);
    typed_constraint *constraints = allocate(b, (size_t)count, sizeof *constraints);
    for (Py_ssize_t i = 0; constraints != NULL && i < count; i++) {
        PyObject *pair = PyTuple_GET_ITEM(node->data, i);
        constraints[i].operation = (int)PyLong_AsLong(PyTuple_GET_ITEM(pair, 0));
        constraints[i].argument = PyTuple_GET_ITEM(pair, 1);
        if (PyErr_Occurred()) return -1;
    }
    node->constraints = constraints;
    node->count = count;
    b->plan->runs_python = 1;
    return constraints == NULL ? -1 : 0;
}

/* A string that a function of _formats.py reads: node->data becomes that. */
static int compile_formatted(builder *b, typed_node *node, PyObject *kind) {
    PyObject *reader = PyObject_GetItem(b->formats, kind);
    if (kept(b, reader) == NULL) return -1;
    if (PyUnicode_Check(node->data) && (PyUnicode_CompareWithASCIIString(node->data, "unix") == 0 ||
                                        PyUnicode_CompareWithASCIIString(node->data, "unix_ms") == 0 ||
                                        PyUnicode_CompareWithASCIIString(node->data, "seconds") == 0)) {
        b->unsupported = 1; /* numbers */
        return -1;
    }
    node->data = reader;
    b->plan->runs_python = 1;
    return 0;
}

static int compile_moment(builder *b, typed_node *node, PyObject *kind) {
    if (compile_formatted(b, node, kind)) return -1;
    if (b->plan->datetime == NULL) b->plan->datetime = PyCapsule_Import(PyDateTime_CAPSULE_NAME, 0);
    if (b->plan->datetime == NULL) {
        if (PyErr_ExceptionMatches(PyExc_MemoryError)) return -1;
        PyErr_Clear(); /* a datetime that is written in Python */
        node->kind = TYPED_FORMATTED;
        return 0;
    }
    PyTypeObject *native = node->kind == TYPED_DATE ? b->plan->datetime->DateType : b->plan->datetime->DateTimeType;
    if (node->cls != (PyObject *)native) node->kind = TYPED_FORMATTED;
    return 0;
}

static int compile_uuid(builder *b, typed_node *node, PyObject *kind) {
    if (compile_formatted(b, node, kind)) return -1;
    if (b->plan->uuid_unknown == NULL) {
        instance_maker_clear(&b->plan->uuid);
        int known = typed_try_uuid(b->plan, node->cls, b->dict_layout_known);
        if (known < 0) return -1;
        if (!known) node->kind = TYPED_FORMATTED;
    } else if (node->cls != (PyObject *)b->plan->uuid.type) node->kind = TYPED_FORMATTED;
    return 0;
}

static int compile_ndarray(builder *b, typed_node *node) {
    b->plan->runs_python = 1;
    if (node->data == Py_None) return 0;
    PyObject *text = attribute(b, node->data, "str"); /* such as "<f8" */
    if (text == NULL) return -1;
    node->element = typed_element_by(text);
    b->unsupported = node->element == ELEMENT_ANY;
    return b->unsupported ? -1 : 0;
}

/* A node that reads the names of a dict's members as it reads strings. */
static int reads_names(const typed_node *node) {
    switch (node->kind) {
    case TYPED_STR:
    case TYPED_INT:
    case TYPED_DATETIME:
    case TYPED_DATE:
    case TYPED_UUID:
    case TYPED_DECIMAL:
    case TYPED_FORMATTED: return 1;
    case TYPED_ENUM:
    case TYPED_LITERAL: /* numbers and constants are read from the text of the name otherwise */
        return (node->values->call == NULL || PyDict_GET_SIZE(node->values->strings)) &&
               PyDict_GET_SIZE(node->values->ints) == 0 && PyDict_GET_SIZE(node->values->floats) == 0 &&
               node->values->on_null == NULL && node->values->on_true == NULL && node->values->on_false == NULL;
    default: return 0;
    }
}

static int fill_node(builder *b, typed_node *node, PyObject *kind) {
    switch (node->kind) {
    case TYPED_ANY:
    case TYPED_NULL:
    case TYPED_BOOL:
    case TYPED_INT:
    case TYPED_STR: return 0;
    case TYPED_FLOAT: return 0;
    case TYPED_LITERAL:
    case TYPED_ENUM: {
        typed_values *values = allocate(b, 1, sizeof *values);
        node->values = values;
        PyObject *call = values == NULL ? NULL : attribute(b, node->data, "call");
        if (call == NULL || compile_values(b, node->data, 0, values)) return -1;
        values->call = call == Py_None ? NULL : call;
        if (values->call != NULL) b->plan->runs_python = 1;
        return 0;
    }
    case TYPED_SET:
    case TYPED_FROZENSET:
    case TYPED_DEQUE: b->plan->runs_python = 1; return 0;
    case TYPED_LIST:
    case TYPED_TUPLE:
    case TYPED_FIXED_TUPLE: return 0;
    case TYPED_DICT:
        if (node->count != 2 || !reads_names(node->items[0])) b->unsupported = 1;
        if (node->cls != (PyObject *)&PyDict_Type || node->items[0]->kind != TYPED_STR) b->plan->runs_python = 1;
        return b->unsupported ? -1 : 0;
    case TYPED_OBJECT:
    case TYPED_TYPED_DICT:
    case TYPED_NAMED_TUPLE: return compile_object(b, node);
    case TYPED_UNION: return compile_union(b, node);
    case TYPED_DATETIME:
    case TYPED_DATE: return compile_moment(b, node, kind);
    case TYPED_UUID: return compile_uuid(b, node, kind);
    case TYPED_DECIMAL: return compile_formatted(b, node, kind);
    case TYPED_TIME:
    case TYPED_TIMEDELTA:
    case TYPED_FRACTION:
    case TYPED_ZONEINFO:
    case TYPED_PATH:
    case TYPED_ADDRESS:
    case TYPED_BYTES: node->kind = TYPED_FORMATTED; return compile_formatted(b, node, kind);
    case TYPED_CONSTRAINED: return compile_constraints(b, node);
    case TYPED_CONVERTED:
    case TYPED_PYDANTIC: b->plan->runs_python = 1; return 0;
    case TYPED_NDARRAY: return compile_ndarray(b, node);
    case TYPED_RAW:
        b->unsupported = !PyType_Check(node->cls) || !PyType_IsSubtype((PyTypeObject *)node->cls, &PyBytes_Type);
        return b->unsupported ? -1 : 0;
    default: b->unsupported = 1; return -1;
    }
}

/* The typed_node of a Node; NULL with an exception set, or where `unsupported` is. */
static NOINLINE const typed_node *compile_node(builder *b, PyObject *object) {
    PyObject *found = PyDict_GetItemWithError(b->nodes, object);
    if (found != NULL) return PyLong_AsVoidPtr(found);
    if (PyErr_Occurred() || Py_EnterRecursiveCall(" while compiling a plan")) return NULL;
    typed_node *node = allocate(b, 1, sizeof *node);
    PyObject *kind = node == NULL ? NULL : attribute(b, object, "kind"), *items, *address;
    long number = kind == NULL ? -1 : PyLong_AsLong(kind);
    int bad = number == -1 && PyErr_Occurred();
    if (!bad && (number < 0 || number >= TYPED_KINDS_GIVEN)) {
        b->unsupported = 1;
        bad = 1;
    }
    if (!bad) {
        node->kind = (typed_kind)number;
        node->node = kept(b, Py_NewRef(object));
        bad = node->node == NULL || (node->cls = attribute(b, object, "cls")) == NULL ||
              (node->data = attribute(b, object, "data")) == NULL ||
              (items = tuple_attribute(b, object, "items")) == NULL || (address = PyLong_FromVoidPtr(node)) == NULL;
        if (!bad) {
            bad = PyDict_SetItem(b->nodes, object, address); /* before what is in it, which may be itself */
            Py_DECREF(address);
        }
        int with_items = node->kind != TYPED_OBJECT && node->kind != TYPED_TYPED_DICT;
        if (!bad && with_items) {
            node->count = PyTuple_GET_SIZE(items);
            bad = (node->items = compile_nodes(b, items)) == NULL;
        }
        bad = bad || fill_node(b, node, kind);
    }
    Py_LeaveRecursiveCall();
    return bad ? NULL : node;
}

/* Whether the tags of all unions are members that their classes read. Of equal names the last counts: another value
 * than the first one's is a mismatch then. */
static int tags_are_fields(builder *b) {
    for (const typed_members *m = b->members; m != NULL; m = m->next)
        for (Py_ssize_t i = 0; i < m->count; i++)
            if (!is_tag_of(m->members[i].node, m->tag_name)) {
                b->unsupported = !PyErr_Occurred();
                return 0;
            }
    return 1;
}

/* ---- The objects that hold plans ---- */

static int reader_traverse(PyObject *self, visitproc visit, void *arg) {
    typed_reader *reader = (typed_reader *)self;
    Py_VISIT(reader->plan.keep);
    Py_VISIT(reader->plan.uuid_unknown);
    Py_VISIT(reader->plan.first_failed);
    Py_VISIT(Py_TYPE(self));
    return 0;
}

/* What is borrowed goes last, and nobody can be reading by it any more. Cycles go by way of the Plan, which the
 * interpreter can clear. */
static void reader_dealloc(PyObject *self) {
    PyTypeObject *type = Py_TYPE(self);
    typed_plan *plan = &((typed_reader *)self)->plan;
    PyObject_GC_UnTrack(self);
    for (typed_object *o = plan->objects; o != NULL; o = o->next) instance_maker_clear(&o->maker);
    instance_maker_clear(&plan->uuid);
    while (plan->blocks != NULL) {
        typed_block *block = plan->blocks;
        plan->blocks = block->next;
        PyMem_Free(block);
    }
    Py_CLEAR(plan->uuid_unknown);
    Py_CLEAR(plan->first_failed);
    Py_CLEAR(plan->post_init);
    Py_CLEAR(plan->validate_json);
    Py_CLEAR(plan->keep);
    type->tp_free(self);
    Py_DECREF(type);
}

static PyType_Slot reader_slots[] = {
    {Py_tp_traverse, reader_traverse},
    {Py_tp_dealloc, reader_dealloc},
    {Py_tp_doc, "A plan as the extension executes it."},
    {0, NULL},
};

static PyType_Spec reader_spec = {
    .name = "cyjson._native.Reader",
    .basicsize = sizeof(typed_reader),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_DISALLOW_INSTANTIATION | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = reader_slots,
};

PyObject *typed_reader_type(PyObject *module) { return compat_type_from_spec(module, &reader_spec); }

PyObject *typed_reader_new(PyObject *type, PyObject *root, PyObject *formats, PyObject *first_failed, PyObject *missing,
                           int dict_layout_known) {
    typed_reader *reader = PyObject_GC_New(typed_reader, (PyTypeObject *)type);
    if (reader == NULL) return NULL;
    typed_plan *plan = &reader->plan;
    memset(plan, 0, sizeof *plan);
    builder b = {plan, PyDict_New(), formats, missing, NULL, dict_layout_known, 0};
    plan->keep = PyList_New(0);
    plan->first_failed = Py_NewRef(first_failed);
    plan->post_init = PyUnicode_InternFromString("__post_init__");
    plan->validate_json = PyUnicode_InternFromString("validate_json");
    if (plan->post_init != NULL && plan->validate_json != NULL && b.nodes != NULL && plan->keep != NULL)
        plan->root = compile_node(&b, root);
    if (plan->root != NULL && !tags_are_fields(&b)) plan->root = NULL;
    Py_XDECREF(b.nodes);
    PyObject_GC_Track((PyObject *)reader);
    if (plan->root != NULL) return (PyObject *)reader;
    Py_DECREF(reader);
    if (PyErr_Occurred()) return NULL;
    if (b.unsupported) return Py_NewRef(Py_None);
    PyErr_SetString(PyExc_SystemError, "a plan couldn't be compiled");
    return NULL;
}

const typed_plan *typed_plan_of(PyObject *reader) { return &((typed_reader *)reader)->plan; }
