#include "module/arrow.h"

#include <errno.h>
#include <stdlib.h>

#include "module/state.h"
#include "python/compat.h"

struct core_columns {
    columns tree;
    columns like; /* what parts are made by; its root is NULL before the types are kept */
};

/* ---- plans ---- */

enum { PLAN_FORMAT, PLAN_NAME, PLAN_NULLABLE, PLAN_INFERRED, PLAN_INDEX, PLAN_PLACE, PLAN_CHILDREN, PLAN_SIZE };

/* A column for a plan: NULL with an exception set. */
static column *column_of(PyObject *plan, int depth) {
    if (!PyTuple_Check(plan) || PyTuple_GET_SIZE(plan) != PLAN_SIZE || depth > 8 * COLUMNS_DEPTH) {
        PyErr_SetString(PyExc_TypeError, "a plan is a tuple of seven");
        return NULL;
    }
    PyObject *format = PyTuple_GET_ITEM(plan, PLAN_FORMAT), *name = PyTuple_GET_ITEM(plan, PLAN_NAME);
    PyObject *children = PyTuple_GET_ITEM(plan, PLAN_CHILDREN);
    const char *text = format == Py_None ? NULL : PyUnicode_AsUTF8(format);
    if ((text == NULL && format != Py_None) || (name != Py_None && !PyBytes_Check(name)) || !PyTuple_Check(children)) {
        if (!PyErr_Occurred()) PyErr_SetString(PyExc_TypeError, "a plan has a name in bytes and a tuple of children");
        return NULL;
    }
    int known;
    column *c = column_new(text, name == Py_None ? NULL : (const uint8_t *)PyBytes_AS_STRING(name),
                           name == Py_None ? 0 : (size_t)PyBytes_GET_SIZE(name),
                           PyTuple_GET_ITEM(plan, PLAN_NULLABLE) == Py_True,
                           PyTuple_GET_ITEM(plan, PLAN_INFERRED) == Py_True, &known);
    if (c == NULL) {
        if (known) PyErr_NoMemory();
        else PyErr_Format(PyExc_ValueError, "no Arrow type that JSON is read as: %R", format);
        return NULL;
    }
    c->index = PyLong_AsLongLong(PyTuple_GET_ITEM(plan, PLAN_INDEX));
    c->place = PyLong_AsLongLong(PyTuple_GET_ITEM(plan, PLAN_PLACE));
    if (PyErr_Occurred()) goto failed;
    Py_ssize_t n = PyTuple_GET_SIZE(children);
    if (n != 0 && c->kind != COLUMN_STRUCT && c->kind != COLUMN_ROUTE && (c->kind != COLUMN_LIST || n != 1)) goto wrong;
    if (c->kind == COLUMN_LIST && n != 1) goto wrong;
    for (Py_ssize_t i = 0; i < n; i++) {
        column *child = column_of(PyTuple_GET_ITEM(children, i), depth + 1);
        if (child == NULL) goto failed;
        if (column_add_child(c, child)) {
            column_free(child);
            PyErr_NoMemory();
            goto failed;
        }
    }
    return c;
wrong:
    PyErr_Format(PyExc_ValueError, "a column of %R has not %zd children", format, n);
failed:
    column_free(c);
    return NULL;
}

/* Children know how deep they are only once they have parents. */
static void set_depths(column *c) {
    for (size_t i = 0; i < c->children; i++) {
        c->child[i]->depth = c->depth + 1;
        set_depths(c->child[i]);
    }
}

/* Whether each place from 0 on is taken by one column, so that a batch has them all. */
static int note_places(const column *c, uint8_t *taken, int64_t places, int is_beneath) {
    for (size_t i = 0; i < c->children; i++) {
        const column *child = c->child[i];
        if (child->place >= places || (child->place >= 0 && (is_beneath || taken[child->place]))) return 0;
        if ((child->place < 0 && !is_beneath) != (child->kind == COLUMN_ROUTE)) return 0;
        if (child->place >= 0) taken[child->place] = 1;
        if (!note_places(child, taken, places, is_beneath || child->place >= 0)) return 0;
    }
    return 1;
}

static int64_t count_places(const column *c) {
    int64_t found = 0;
    for (size_t i = 0; i < c->children; i++) found += (c->child[i]->place >= 0) + count_places(c->child[i]);
    return found;
}

static int has_all_places(const column *root) {
    int64_t places = count_places(root);
    uint8_t *taken = calloc((size_t)places + 1, 1);
    if (taken == NULL) {
        PyErr_NoMemory();
        return 0;
    }
    int good = (root->kind == COLUMN_STRUCT || root->kind == COLUMN_ROUTE) && note_places(root, taken, places, 0);
    free(taken);
    if (!good) PyErr_SetString(PyExc_ValueError, "a plan says of each column of a batch where it is");
    return good;
}

core_columns *core_columns_new(PyObject *core, PyObject *plan, int is_frozen, int is_loose, int64_t batch, int64_t text,
                               int64_t line_most) {
    column *root = column_of(plan, 0);
    if (root == NULL) return NULL;
    core_columns *c = has_all_places(root) ? calloc(1, sizeof *c) : NULL;
    if (c == NULL) {
        column_free(root);
        if (!PyErr_Occurred()) PyErr_NoMemory();
        return NULL;
    }
    set_depths(root);
    columns_init(&c->tree, root, state_of(core)->encode.cpu, batch, (uint64_t)text,
                 line_most < 0 ? SIZE_MAX : (size_t)line_most);
    if (is_loose) columns_loosen(&c->tree);
    if (is_frozen && core_columns_freeze(c)) {
        core_columns_free(c);
        return NULL;
    }
    return c;
}

void core_columns_free(core_columns *c) {
    if (c == NULL) return;
    columns_free(&c->tree);
    columns_free(&c->like);
    free(c);
}

/* A tuple of new references, which it takes over; NULL where one of them is, or memory is missing. */
static PyObject *tuple_of(PyObject **items, Py_ssize_t n) {
    PyObject *tuple = PyTuple_New(n);
    int failed = tuple == NULL;
    for (Py_ssize_t i = 0; i < n; i++) failed |= items[i] == NULL;
    for (Py_ssize_t i = 0; i < n; i++) {
        if (failed) Py_XDECREF(items[i]);
        else PyTuple_SET_ITEM(tuple, i, items[i]);
    }
    if (!failed) return tuple;
    Py_XDECREF(tuple);
    return NULL;
}

static PyObject *plan_of_column(const column *c) {
    PyObject *children = PyTuple_New((Py_ssize_t)c->children);
    if (children == NULL) return NULL;
    for (size_t i = 0; i < c->children; i++) {
        PyObject *child = plan_of_column(c->child[i]);
        if (child == NULL) {
            Py_DECREF(children);
            return NULL;
        }
        PyTuple_SET_ITEM(children, (Py_ssize_t)i, child);
    }
    PyObject *items[PLAN_SIZE] = {
        [PLAN_FORMAT] = c->format == NULL ? Py_NewRef(Py_None) : PyUnicode_FromString(c->format),
        [PLAN_NAME] = c->name_size == SIZE_MAX
                          ? Py_NewRef(Py_None)
                          : PyBytes_FromStringAndSize((const char *)c->name, (Py_ssize_t)c->name_size),
        [PLAN_NULLABLE] = PyBool_FromLong(c->is_nullable),
        [PLAN_INFERRED] = PyBool_FromLong(c->is_inferred),
        [PLAN_INDEX] = PyLong_FromLongLong(c->index),
        [PLAN_PLACE] = PyLong_FromLongLong(c->place),
        [PLAN_CHILDREN] = children,
    };
    return tuple_of(items, PLAN_SIZE);
}

PyObject *core_columns_plan(core_columns *c) { return plan_of_column(c->tree.root); }
uint64_t core_columns_changes(core_columns *c) { return c->tree.changes; }

/* ---- rows ---- */

int core_columns_add(core_columns *c, const uint8_t *line, Py_ssize_t size, uint64_t whole, int force) {
    row_state state = columns_add(&c->tree, line, (size_t)size, whole, force);
    if (state == ROW_NO_MEMORY) PyErr_NoMemory();
    return state == ROW_NO_MEMORY ? -1 : state == ROW_ADDED;
}

void core_columns_refuse(core_columns *c, uint64_t whole) { columns_refuse(&c->tree, whole); }

Py_ssize_t core_columns_add_lines(core_columns *c, const uint8_t *p, Py_ssize_t size, int64_t *lines,
                                  Py_ssize_t *last) {
    enum { MANY = 1 << 15 };
    const uint8_t *stop, *begin = p;
    if (size < MANY) stop = columns_add_lines(&c->tree, p, p + size, lines, &begin);
    else {
        Py_BEGIN_ALLOW_THREADS;
        stop = columns_add_lines(&c->tree, p, p + size, lines, &begin);
        Py_END_ALLOW_THREADS;
    }
    *last = begin - p;
    return stop - p;
}

void core_columns_forget(core_columns *c) { columns_forget(&c->tree); }

int64_t core_columns_rows(core_columns *c) { return c->tree.root->length; }
int core_columns_is_full(core_columns *c) { return columns_is_full(&c->tree); }
const columns *core_columns_like(core_columns *c) { return &c->like; }

int core_columns_freeze(core_columns *c) {
    if (c->like.root == NULL && columns_copy(&c->like, &c->tree)) {
        PyErr_NoMemory();
        return -1;
    }
    columns_freeze(&c->tree);
    columns_freeze(&c->like);
    return 0;
}

column_data *core_columns_take(core_columns *c) {
    column_data *data = columns_take(&c->tree);
    if (data == NULL) PyErr_NoMemory();
    return data;
}

/* ---- schemas ---- */

static void free_schema(PyObject *capsule) {
    struct ArrowSchema *schema = PyCapsule_GetPointer(capsule, "arrow_schema");
    if (schema == NULL) return;
    if (schema->release != NULL) schema->release(schema);
    free(schema);
}

/* Make the schema of a field: -1 with an exception set, and nothing is to be released. */
static int export_field(PyObject *field, struct ArrowSchema *out) {
    const char *format, *name;
    int is_nullable;
    PyObject *children;
    if (!PyTuple_Check(field)) {
        PyErr_SetString(PyExc_TypeError, "a field is a tuple of four");
        return -1;
    }
    if (!PyArg_ParseTuple(field, "sspO!", &format, &name, &is_nullable, &PyTuple_Type, &children)) return -1;
    Py_ssize_t n = PyTuple_GET_SIZE(children);
    if (schema_export(out, format, name, is_nullable, (size_t)n)) {
        PyErr_NoMemory();
        return -1;
    }
    for (Py_ssize_t i = 0; i < n; i++)
        if (export_field(PyTuple_GET_ITEM(children, i), out->children[i])) {
            out->release(out);
            return -1;
        }
    return 0;
}

PyObject *core_arrow_schema(PyObject *fields) {
    struct ArrowSchema *schema = calloc(1, sizeof *schema);
    if (schema == NULL) return PyErr_NoMemory();
    PyObject *root = Py_BuildValue("(ssOO)", "+s", "", Py_False, fields);
    int failed = root == NULL || export_field(root, schema);
    Py_XDECREF(root);
    PyObject *capsule = failed ? NULL : PyCapsule_New(schema, "arrow_schema", free_schema);
    if (capsule != NULL) return capsule;
    if (!failed) schema->release(schema);
    free(schema);
    return NULL;
}

static PyObject *field_of(const struct ArrowSchema *schema, int depth) {
    if (depth > 2 * COLUMNS_DEPTH || schema->n_children < 0 || schema->n_children > INT32_MAX) {
        PyErr_SetString(PyExc_ValueError, "a schema of too many levels or columns");
        return NULL;
    }
    PyObject *children = PyTuple_New((Py_ssize_t)schema->n_children);
    if (children == NULL) return NULL;
    for (int64_t i = 0; i < schema->n_children; i++) {
        PyObject *child = field_of(schema->children[i], depth + 1);
        if (child == NULL) {
            Py_DECREF(children);
            return NULL;
        }
        PyTuple_SET_ITEM(children, (Py_ssize_t)i, child);
    }
    PyObject *items[] = {
        PyUnicode_FromString(schema->format),
        PyUnicode_FromString(schema->name == NULL ? "" : schema->name),
        PyBool_FromLong((schema->flags & ARROW_FLAG_NULLABLE) != 0),
        children,
        PyBool_FromLong(schema->dictionary != NULL),
    };
    return tuple_of(items, sizeof items / sizeof *items);
}

PyObject *core_arrow_field(PyObject *capsule) {
    const struct ArrowSchema *schema = PyCapsule_GetPointer(capsule, "arrow_schema");
    if (schema == NULL) return NULL;
    if (schema->release != NULL) return field_of(schema, 0);
    PyErr_SetString(PyExc_ValueError, "the schema was released");
    return NULL;
}

/* ---- arrays ---- */

static void free_array(PyObject *capsule) {
    struct ArrowArray *array = PyCapsule_GetPointer(capsule, "arrow_array");
    if (array == NULL) return;
    if (array->release != NULL) array->release(array);
    free(array);
}

PyObject *core_arrow_array(column_data *data, int64_t first, int64_t rows) {
    struct ArrowArray *array = malloc(sizeof *array);
    if (array == NULL || column_data_export(data, first, rows, array)) {
        free(array);
        return PyErr_NoMemory();
    }
    PyObject *capsule = PyCapsule_New(array, "arrow_array", free_array);
    if (capsule != NULL) return capsule;
    array->release(array);
    free(array);
    return NULL;
}

/* ---- streams: their functions may be called by any thread, with the GIL or without ---- */

typedef struct {
    PyObject *iterator;
    char *error; /* of malloc, or NULL */
} stream_data;

/* Whether Python code can still run; who asks may be a library that outlives the interpreter. */
static int python_runs(void) {
#if PY_VERSION_HEX >= 0x030D0000
    if (Py_IsFinalizing()) return 0;
#endif
    return Py_IsInitialized();
}

/* Keep the words of the exception that is set, and clear it: the error's number. */
static int keep_error(stream_data *stream) {
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    PyErr_NormalizeException(&type, &value, &traceback);
    int number = PyErr_GivenExceptionMatches(type, PyExc_MemoryError)  ? ENOMEM
                 : PyErr_GivenExceptionMatches(type, PyExc_ValueError) ? EINVAL
                                                                       : EIO;
    free(stream->error);
    stream->error = NULL;
    PyObject *text = value == NULL ? NULL : PyUnicode_FromFormat("%s: %S", ((PyTypeObject *)type)->tp_name, value);
    PyObject *utf8 = text == NULL ? NULL : PyUnicode_AsEncodedString(text, "utf-8", "backslashreplace");
    if (utf8 != NULL) {
        stream->error = malloc((size_t)PyBytes_GET_SIZE(utf8) + 1);
        if (stream->error != NULL) memcpy(stream->error, PyBytes_AS_STRING(utf8), (size_t)PyBytes_GET_SIZE(utf8) + 1);
    }
    PyErr_Clear();
    Py_XDECREF(utf8);
    Py_XDECREF(text);
    Py_XDECREF(type);
    Py_XDECREF(value);
    Py_XDECREF(traceback);
    return number;
}

static int get_schema(struct ArrowArrayStream *self, struct ArrowSchema *out) {
    stream_data *stream = self->private_data;
    int number = 0;
    memset(out, 0, sizeof *out);
    if (!python_runs()) return EIO;
    PyGILState_STATE gil = PyGILState_Ensure();
    PyObject *capsule = PyObject_CallMethod(stream->iterator, "__arrow_c_schema__", NULL);
    struct ArrowSchema *schema = capsule == NULL ? NULL : PyCapsule_GetPointer(capsule, "arrow_schema");
    if (schema == NULL) number = keep_error(stream);
    else {
        *out = *schema;
        schema->release = NULL;
    }
    Py_XDECREF(capsule);
    PyGILState_Release(gil);
    return number;
}

static int get_next(struct ArrowArrayStream *self, struct ArrowArray *out) {
    stream_data *stream = self->private_data;
    int number = 0;
    memset(out, 0, sizeof *out);
    if (!python_runs()) return EIO;
    PyGILState_STATE gil = PyGILState_Ensure();
    PyObject *batch = PyIter_Next(stream->iterator), *capsules = NULL;
    if (batch != NULL) capsules = PyObject_CallMethod(batch, "__arrow_c_array__", NULL);
    if (capsules != NULL && PyTuple_Check(capsules) && PyTuple_GET_SIZE(capsules) == 2) {
        struct ArrowArray *array = PyCapsule_GetPointer(PyTuple_GET_ITEM(capsules, 1), "arrow_array");
        if (array != NULL) {
            *out = *array;
            array->release = NULL;
        }
    }
    if (PyErr_Occurred()) number = keep_error(stream);
    Py_XDECREF(capsules);
    Py_XDECREF(batch);
    PyGILState_Release(gil);
    return number;
}

static const char *get_last_error(struct ArrowArrayStream *self) { return ((stream_data *)self->private_data)->error; }

static void release_stream(struct ArrowArrayStream *self) {
    stream_data *stream = self->private_data;
    if (python_runs()) {
        PyGILState_STATE gil = PyGILState_Ensure();
        PyObject *type, *value, *traceback; /* an exception may be on its way through whoever releases */
        PyErr_Fetch(&type, &value, &traceback);
        Py_DECREF(stream->iterator);
        PyErr_Restore(type, value, traceback);
        PyGILState_Release(gil);
    }
    free(stream->error);
    free(stream);
    self->release = NULL;
}

static void free_stream(PyObject *capsule) {
    struct ArrowArrayStream *stream = PyCapsule_GetPointer(capsule, "arrow_array_stream");
    if (stream == NULL) return;
    if (stream->release != NULL) stream->release(stream);
    free(stream);
}

PyObject *core_arrow_stream(PyObject *iterator) {
    if (PyInterpreterState_Get() != PyInterpreterState_Main()) {
        PyErr_SetString(PyExc_NotImplementedError,
                        "Arrow streams call Python from any thread, which only the main interpreter allows: in others "
                        "iterate over the batches");
        return NULL;
    }
    struct ArrowArrayStream *stream = calloc(1, sizeof *stream);
    stream_data *data = calloc(1, sizeof *data);
    if (stream == NULL || data == NULL) {
        free(stream);
        free(data);
        return PyErr_NoMemory();
    }
    data->iterator = Py_NewRef(iterator);
    stream->get_schema = get_schema;
    stream->get_next = get_next;
    stream->get_last_error = get_last_error;
    stream->release = release_stream;
    stream->private_data = data;
    PyObject *capsule = PyCapsule_New(stream, "arrow_array_stream", free_stream);
    if (capsule != NULL) return capsule;
    stream->release(stream);
    free(stream);
    return NULL;
}
