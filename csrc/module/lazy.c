/* lazy: views of the containers of a document, whose values are made when they are asked for. See lazy.h. */
#include "module/args.h"
#include "module/functions.h"
#include "module/lazy.h"

enum { NEAR = 12 }; /* items that are passed over to reach one without listing all */

/* ---- documents ---- */

static void document_dealloc(PyObject *self) {
    lazy_document *document = (lazy_document *)self;
    PyTypeObject *type = Py_TYPE(self);
    if (document->core != NULL) index_give(&state_of_document(document)->parts, &document->index);
    text_close(&document->text);
    Py_XDECREF(document->core);
    PyObject_Free(self);
    Py_DECREF(type);
}

/* ---- views ---- */

static PyObject *view_new(lazy_document *document, const uint8_t *start, size_t container) {
    core_state *state = state_of_document(document);
    PyTypeObject *type = (PyTypeObject *)(*start == '{' ? state->parts.object_type : state->parts.array_type);
    lazy_view *view = PyObject_New(lazy_view, type);
    if (view == NULL) return NULL;
    view->document = (lazy_document *)Py_NewRef((PyObject *)document);
    view->start = start;
    view->container = container;
    view->list = NULL;
    view->lookups = 0;
    return (PyObject *)view;
}

static void view_dealloc(PyObject *self) {
    lazy_view *view = (lazy_view *)self;
    PyTypeObject *type = Py_TYPE(self);
    lazy_free_lists(view->list);
    Py_DECREF((PyObject *)view->document);
    PyObject_Free(self);
    Py_DECREF(type);
}

/* A value as views give it: a view of a container, or the scalar. */
static PyObject *value_of(lazy_document *document, const lazy_entry *entry) {
    if (*entry->value == '{' || *entry->value == '[') return view_new(document, entry->value, entry->next);
    return lazy_decode(document, entry->value, entry->next);
}

static PyObject *view_value(PyObject *self, PyObject *nothing) {
    lazy_view *view = (lazy_view *)self;
    (void)nothing;
    return lazy_decode(view->document, view->start, view->container);
}

static PyObject *view_raw(PyObject *self, void *nothing) {
    lazy_view *view = (lazy_view *)self;
    const uint8_t *end = lazy_pass(view->document, view->start, view->container);
    (void)nothing;
    if (end == NULL) return lazy_fault(view->document);
    return PyBytes_FromStringAndSize((const char *)view->start, end - view->start);
}

static Py_ssize_t view_length(PyObject *self) {
    lazy_view *view = (lazy_view *)self;
    const skip_container *container = lazy_container(view);
    if (container != NULL && (*view->start == '[' || container->count < 2)) return container->count;
    lazy_list *list = lazy_distinct_list_of(view);
    return list == NULL ? -1 : list->count;
}

static int view_bool(PyObject *self) {
    const lazy_document *document = ((lazy_view *)self)->document;
    const uint8_t *p = places_space(((lazy_view *)self)->start + 1, document->text.data + document->text.size);
    return p < document->text.data + document->text.size && *p != ']' && *p != '}';
}

static PyObject *view_repr(PyObject *self) {
    enum { SHOWN = 40 };
    lazy_view *view = (lazy_view *)self;
    const lazy_document *document = view->document;
    const uint8_t *end = lazy_pass(document, view->start, view->container),
                  *all = document->text.data + document->text.size;
    if (end == NULL) end = all;
    int whole = end - view->start <= SHOWN;
    if (!whole) end = view->start + SHOWN;
    while (!whole && (*end & 0xC0) == 0x80) end--; /* not within a character */
    PyObject *text = PyUnicode_DecodeUTF8((const char *)view->start, end - view->start, "replace");
    if (text == NULL) return NULL;
    PyObject *result = PyUnicode_FromFormat("<cyjson.%s %U%s>", *view->start == '{' ? "LazyObject" : "LazyArray", text,
                                            whole ? "" : "...");
    Py_DECREF(text);
    return result;
}

static int is_view(core_state *state, PyObject *object) {
    return (PyObject *)Py_TYPE(object) == state->parts.object_type ||
           (PyObject *)Py_TYPE(object) == state->parts.array_type;
}

static PyObject *view_compare(PyObject *self, PyObject *other, int operation) {
    lazy_view *view = (lazy_view *)self;
    core_state *state = state_of_document(view->document);
    int is_object = *view->start == '{', same_kind = is_object ? PyDict_Check(other) : PyList_Check(other);
    if ((operation != Py_EQ && operation != Py_NE) || (Py_TYPE(other) != Py_TYPE(self) && !same_kind))
        Py_RETURN_NOTIMPLEMENTED;
    PyObject *mine = view_value(self, NULL), *theirs = NULL, *result = NULL;
    if (mine != NULL) theirs = is_view(state, other) ? view_value(other, NULL) : Py_NewRef(other);
    if (theirs != NULL) result = PyObject_RichCompare(mine, theirs, operation);
    Py_XDECREF(mine);
    Py_XDECREF(theirs);
    return result;
}

static PyObject *view_at(PyObject *self, PyObject *pointer) {
    core_state *state = state_of_document(((lazy_view *)self)->document);
    return PyObject_CallFunctionObjArgs(state->parts.at, self, pointer, NULL);
}

/* ---- objects ---- */

static PyObject *object_subscript(PyObject *self, PyObject *key) {
    lazy_entry member;
    int found = lazy_find_member((lazy_view *)self, key, &member);
    if (found > 0) return value_of(((lazy_view *)self)->document, &member);
    if (found < 0) return NULL;
    PyObject *arguments = PyTuple_Pack(1, key); /* a key that is a tuple would be taken for them */
    if (arguments != NULL) PyErr_SetObject(PyExc_KeyError, arguments);
    Py_XDECREF(arguments);
    return NULL;
}

static int object_contains(PyObject *self, PyObject *key) {
    lazy_entry member;
    return lazy_find_member((lazy_view *)self, key, &member);
}

static PyObject *object_get(PyObject *self, PyObject *const *args, Py_ssize_t nargs) {
    lazy_entry member;
    if (nargs != 1 && nargs != 2) return PyErr_Format(PyExc_TypeError, "get expected 1 or 2 arguments, got %zd", nargs);
    int found = lazy_find_member((lazy_view *)self, args[0], &member);
    if (found > 0) return value_of(((lazy_view *)self)->document, &member);
    return found < 0 ? NULL : Py_NewRef(nargs == 2 ? args[1] : Py_None);
}

/* A list to be filled with n items, which no other code finds meanwhile by way of the collector: decoding may run some.
 * NULL with MemoryError set. */
static PyObject *list_to_fill(Py_ssize_t n) {
    PyObject *items = PyList_New(n);
    if (items != NULL) PyObject_GC_UnTrack(items);
    return items;
}

static PyObject *object_iter(PyObject *self) {
    lazy_view *view = (lazy_view *)self;
    lazy_list *list = lazy_distinct_list_of(view);
    PyObject *names = list == NULL ? NULL : list_to_fill(list->count), *iterator;
    for (Py_ssize_t i = 0; names != NULL && i < list->count; i++) {
        PyObject *name = lazy_decode(view->document, list->entries[i].name - 1, 0);
        if (name == NULL) Py_CLEAR(names);
        else PyList_SET_ITEM(names, i, name);
    }
    if (names == NULL) return NULL;
    PyObject_GC_Track(names);
    iterator = PyObject_GetIter(names);
    Py_DECREF(names);
    return iterator;
}

/* ---- arrays ---- */

/* The item at an index that isn't negative: 1, 0 where there is none, -1 with an exception set. */
static int find_item(lazy_view *view, Py_ssize_t index, lazy_entry *item) {
    lazy_list *list = lazy_list_shown(view);
    const skip_container *container = lazy_container(view);
    if (container != NULL) {
        if (index >= container->count) return 0;
        if (container->next == view->container + 1) { /* no containers in it: each item has two tokens */
            const skip_index *all = &view->document->index;
            const uint8_t *value = view->document->first + all->places[container->token + 1 + 2 * (size_t)index];
            *item = (lazy_entry){.value = value, .next = container->next};
            return 1;
        }
    }
    if (list == NULL && index < NEAR) {
        lazy_place at = lazy_begin(view);
        int more;
        while ((more = lazy_read_entry(view->document, &at, 0, item)) > 0 && index--) {}
        if (more < 0) lazy_fault(view->document);
        return more;
    }
    if (list == NULL && (list = lazy_list_of(view)) == NULL) return -1;
    if (index >= list->count) return 0;
    *item = list->entries[index];
    return 1;
}

static PyObject *array_item(PyObject *self, Py_ssize_t index) {
    lazy_entry item;
    int found = index < 0 ? 0 : find_item((lazy_view *)self, index, &item);
    if (found > 0) return value_of(((lazy_view *)self)->document, &item);
    if (found == 0) PyErr_SetString(PyExc_IndexError, "array index out of range");
    return NULL;
}

static PyObject *array_subscript(PyObject *self, PyObject *key) {
    if (PyIndex_Check(key)) {
        Py_ssize_t index = PyNumber_AsSsize_t(key, PyExc_IndexError);
        if (index == -1 && PyErr_Occurred()) return NULL;
        if (index < 0) {
            Py_ssize_t length = view_length(self);
            if (length < 0) return NULL;
            index += length;
        }
        return array_item(self, index);
    }
    if (!PySlice_Check(key))
        return PyErr_Format(PyExc_TypeError, "array indices must be integers or slices, not %.200s",
                            Py_TYPE(key)->tp_name);
    Py_ssize_t start, stop, step, length = view_length(self);
    if (length < 0 || PySlice_Unpack(key, &start, &stop, &step) < 0) return NULL;
    Py_ssize_t count = PySlice_AdjustIndices(length, &start, &stop, step);
    PyObject *items = list_to_fill(count);
    for (Py_ssize_t i = 0; items != NULL && i < count; i++) {
        PyObject *item = array_item(self, start + i * step);
        if (item == NULL) Py_CLEAR(items);
        else PyList_SET_ITEM(items, i, item);
    }
    if (items != NULL) PyObject_GC_Track(items);
    return items;
}

static PyObject *array_iter(PyObject *self) {
    lazy_view *view = (lazy_view *)self;
    core_state *state = state_of_document(view->document);
    lazy_iterator *iterator = PyObject_New(lazy_iterator, (PyTypeObject *)state->parts.iterator_type);
    if (iterator == NULL) return NULL;
    iterator->view = (lazy_view *)Py_NewRef(self);
    iterator->at = lazy_begin(view);
    return (PyObject *)iterator;
}

static PyObject *iterator_next(PyObject *self) {
    lazy_iterator *iterator = (lazy_iterator *)self;
    lazy_view *view;
    lazy_entry item;
    int more = 0;
    COMPAT_BEGIN_CRITICAL_SECTION(self);
    view = iterator->view;
    if (view != NULL) {
        more = lazy_read_entry(view->document, &iterator->at, 0, &item);
        if (more > 0) Py_INCREF(view);
        else iterator->view = NULL;
    }
    COMPAT_END_CRITICAL_SECTION();
    if (view == NULL) return NULL;
    PyObject *value = more > 0 ? value_of(view->document, &item) : more < 0 ? lazy_fault(view->document) : NULL;
    Py_DECREF((PyObject *)view);
    return value;
}

static void iterator_dealloc(PyObject *self) {
    PyTypeObject *type = Py_TYPE(self);
    Py_XDECREF((PyObject *)((lazy_iterator *)self)->view);
    PyObject_Free(self);
    Py_DECREF(type);
}

/* ---- types ---- */

PyDoc_STRVAR(value_doc, "value($self, /)\n--\n\nThe dict or list that loads would give.");
PyDoc_STRVAR(at_doc,
             "at($self, pointer, /)\n--\n\n"
             "The value at a JSON Pointer (RFC 6901) or a sequence of names and indices, a view of a container. "
             "Raises KeyError where it leads nowhere, ValueError or TypeError where it is no pointer.");
PyDoc_STRVAR(raw_doc, "The text of this container, in UTF-8.");
PyDoc_STRVAR(get_doc, "get($self, name, default=None, /)\n--\n\nThe member with this name, or default.");
PyDoc_STRVAR(object_doc, "A view of a JSON object, as lazy gives it: a Mapping whose values are made when asked for.");
PyDoc_STRVAR(array_doc, "A view of a JSON array, as lazy gives it: a Sequence whose values are made when asked for.");

static PyGetSetDef view_getset[] = {{"raw", view_raw, NULL, raw_doc, NULL}, {NULL, NULL, NULL, NULL, NULL}};

static PyMethodDef object_methods[] = {
    {"value", view_value, METH_NOARGS, value_doc},
    {"at", view_at, METH_O, at_doc},
    {"get", (PyCFunction)(void (*)(void))object_get, METH_FASTCALL, get_doc},
    {NULL, NULL, 0, NULL},
};

static PyMethodDef array_methods[] = {
    {"value", view_value, METH_NOARGS, value_doc},
    {"at", view_at, METH_O, at_doc},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot object_slots[] = {
    {Py_tp_doc, (void *)object_doc},
    {Py_tp_dealloc, view_dealloc},
    {Py_tp_repr, view_repr},
    {Py_tp_hash, PyObject_HashNotImplemented},
    {Py_tp_richcompare, view_compare},
    {Py_tp_iter, object_iter},
    {Py_tp_methods, object_methods},
    {Py_tp_getset, view_getset},
    {Py_mp_length, view_length},
    {Py_mp_subscript, object_subscript},
    {Py_sq_contains, object_contains},
    {Py_nb_bool, view_bool},
    {0, NULL},
};

static PyType_Slot array_slots[] = {
    {Py_tp_doc, (void *)array_doc},    {Py_tp_dealloc, view_dealloc},
    {Py_tp_repr, view_repr},           {Py_tp_hash, PyObject_HashNotImplemented},
    {Py_tp_richcompare, view_compare}, {Py_tp_iter, array_iter},
    {Py_tp_methods, array_methods},    {Py_tp_getset, view_getset},
    {Py_mp_length, view_length},       {Py_mp_subscript, array_subscript},
    {Py_sq_length, view_length},       {Py_sq_item, array_item},
    {Py_nb_bool, view_bool},           {0, NULL},
};

static PyType_Slot document_slots[] = {{Py_tp_dealloc, document_dealloc}, {0, NULL}};

static PyType_Slot iterator_slots[] = {
    {Py_tp_dealloc, iterator_dealloc},
    {Py_tp_iter, PyObject_SelfIter},
    {Py_tp_iternext, iterator_next},
    {0, NULL},
};

enum { VIEW_FLAGS = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION };

static PyType_Spec specs[] = {
    {"cyjson.LazyObject", sizeof(lazy_view), 0, VIEW_FLAGS, object_slots},
    {"cyjson.LazyArray", sizeof(lazy_view), 0, VIEW_FLAGS, array_slots},
    {"cyjson.LazyDocument", sizeof(lazy_document), 0, VIEW_FLAGS, document_slots},
    {"cyjson.LazyIterator", sizeof(lazy_iterator), 0, VIEW_FLAGS, iterator_slots},
};

/* Make the types that aren't there yet: -1 with an exception set. */
int lazy_make_types(parts_state *parts) {
    PyObject **types[] = {&parts->object_type, &parts->array_type, &parts->document_type, &parts->iterator_type};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        if (*types[i] != NULL) continue;
        *types[i] = PyType_FromSpec(&specs[i]);
        if (*types[i] == NULL) {
            if (!PyErr_Occurred()) PyErr_NoMemory(); /* 3.11 may leave none */
            return -1;
        }
    }
    return 0;
}

/* ---- lazy ---- */

/* What json makes of a document that isn't plain: its text as bytes where that is an object or array, else the value
 * itself. NULL with an exception set. */
static PyObject *by_json(core_state *state, PyObject *data, int *is_text) {
    PyObject *pair = PyObject_CallOneArg(state->parts.open, data), *result = NULL;
    *is_text = 0;
    if (pair == NULL) return NULL;
    if (PyTuple_Check(pair) && PyTuple_GET_SIZE(pair) == 2) {
        *is_text = PyTuple_GET_ITEM(pair, 0) == Py_True && PyBytes_CheckExact(PyTuple_GET_ITEM(pair, 1));
        result = Py_NewRef(PyTuple_GET_ITEM(pair, 1));
    }
    Py_DECREF(pair);
    return result;
}

/* Whether a document's text is checked, with its index: 1, 0 where json has to say, -1 with MemoryError set. */
static int check_document(core_state *state, lazy_document *document, int utf8) {
    enum { FEW_CONTAINERS = 128, FEW_TOKENS = 2048 };
    skip_container few[FEW_CONTAINERS];
    uint32_t few_places[FEW_TOKENS];
    skip_index index = {
        .first = few,
        .first_room = FEW_CONTAINERS,
        .first_places = few_places,
        .first_places_room = FEW_TOKENS,
    };
    const uint8_t *end = document->text.data + document->text.size, *stop;
    skip_found found;
    int indexed = (uint64_t)(end - document->first) <= UINT32_MAX, no_memory = 0;
    index_take(&state->parts, &index, (size_t)(end - document->first));
    stop = state->parts.skip->check(document->first, end, utf8, 0, indexed ? &index : NULL, &found);
    document->escapes = found.escapes;
    int good = stop != NULL && places_space(stop, end) == end;
    if (good && utf8) good = !found.long_integer && may_be_this_deep(found.depth); /* else json took it */
    if (!good) no_memory = stop == NULL && found.no_memory;
    else if (indexed && index.containers != few && index.places != few_places) {
        document->index = index;
        document->index.first = NULL;
        document->index.first_places = NULL;
        index = (skip_index){.containers = NULL};
    } else if (indexed) no_memory = skip_index_copy(&document->index, &index);
    index_give(&state->parts, &index);
    if (no_memory) {
        PyErr_NoMemory();
        return -1;
    }
    return good;
}

static lazy_document *document_new(PyObject *core) {
    if (lazy_make_types(&state_of(core)->parts)) return NULL;
    lazy_document *document = PyObject_New(lazy_document, (PyTypeObject *)state_of(core)->parts.document_type);
    if (document == NULL) return NULL;
    document->core = Py_NewRef(core);
    document->text.held = document->text.view.obj = NULL;
    document->index = (skip_index){.containers = NULL};
    document->surrogates = 0;
    document->escapes = 1;
    return document;
}

PyObject *lazy_of_line(PyObject *core, const uint8_t *line, Py_ssize_t size, size_t first, int escapes,
                       skip_index *index) {
    lazy_document *document = document_new(core);
    PyObject *view = NULL;
    if (document == NULL) return NULL;
    document->text.held = PyBytes_FromStringAndSize((const char *)line, size);
    if (document->text.held != NULL) {
        document->text.data = (const uint8_t *)PyBytes_AS_STRING(document->text.held);
        document->text.size = size;
        document->text.is_ours = document->text.is_closed = 1;
        document->first = document->text.data + first;
        document->index = *index;
        document->escapes = escapes;
        *index = (skip_index){.containers = NULL};
        view = view_new(document, document->first, 0);
    }
    Py_DECREF((PyObject *)document);
    return view;
}

PyObject *core_lazy(PyObject *core, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames) {
    core_state *state = state_of(core);
    int check = 1;
    if (nargs != 1 || (kwnames != NULL && PyTuple_GET_SIZE(kwnames) > 1) ||
        (kwnames != NULL && PyTuple_GET_SIZE(kwnames) == 1 &&
         PyUnicode_CompareWithASCIIString(PyTuple_GET_ITEM(kwnames, 0), "check") != 0)) {
        PyErr_SetString(PyExc_TypeError, "lazy() takes one document, and the keyword check");
        return NULL;
    }
    if (kwnames != NULL && PyTuple_GET_SIZE(kwnames) == 1 && (check = PyObject_IsTrue(args[1])) < 0) return NULL;
    lazy_document *document = document_new(core);
    if (document == NULL) return NULL;
    PyObject *result = NULL, *copy = NULL;

    int opened = text_open(&document->text, args[0]), is_text;
    if (opened > 0 && !document->text.is_ours) { /* somebody else's memory: a copy of it never changes */
        copy = PyBytes_FromStringAndSize((const char *)document->text.data, document->text.size);
        text_close(&document->text);
        document->text.held = document->text.view.obj = NULL;
        opened = copy == NULL ? -1 : text_open(&document->text, copy);
        Py_XDECREF(copy);
    }
    if (opened < 0) goto done;
    const uint8_t *end = opened ? document->text.data + document->text.size : NULL;
    if (opened) document->first = places_space(document->text.data, end);
    int is_container = opened && document->first < end && (*document->first == '{' || *document->first == '[');
    if (is_container && check) {
        int good = check_document(state, document, 1);
        if (good < 0) goto done;
        is_container = good;
    }
    if (!is_container) {
        PyObject *text = by_json(state, args[0], &is_text);
        if (text == NULL || !is_text) {
            result = text;
            goto done;
        }
        text_close(&document->text);
        document->text.view.obj = NULL;
        document->text.held = text;
        document->text.is_ours = document->text.is_closed = 1;
        document->text.data = (const uint8_t *)PyBytes_AS_STRING(text);
        document->text.size = PyBytes_GET_SIZE(text);
        document->surrogates = 1;
        end = document->text.data + document->text.size;
        document->first = places_space(document->text.data, end);
        if (document->first == end || (*document->first != '{' && *document->first != '[')) {
            /* A buffer that others write to, or a class with an encode or decode of its own. */
            PyErr_SetString(PyExc_ValueError, "the document isn't the same each time it is read");
            goto done;
        }
        if (check_document(state, document, 0) < 0) goto done;
    }
    result = view_new(document, document->first, 0);
done:
    Py_DECREF((PyObject *)document);
    return result;
}
