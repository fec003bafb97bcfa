#include "encoder.h"
#include "number_format.h"

/* ---- the path ---- */

/* A container that stands on the path twice is a circular reference. Until Python code has run nobody looks while it is stepped into:
 * only before it runs, before the output takes more memory, and at every fourfold depth. Going round a circle without Python
 * code repeats what went well before, so nothing but time shows that it was found late. */

/* Where on the path an object stands, by its address, so that each level of a long path takes as long as the one before.
 * What has left the path isn't taken out: an entry counts only where the path holds its object. */
struct path_places {
    Py_ssize_t listed; /* so many of the first on the path are in here */
    size_t used, room; /* a power of two */
    struct {
        PyObject *object;
        Py_ssize_t index;
    } at[];
};

/* Room for the path and for as much again before there has to be more: NULL with MemoryError set. */
static struct path_places *new_places(encoder *e)
{
    size_t room = 1024;
    while (room < 4 * (size_t)e->depth) room *= 2; /* a level counts a frame of the C stack: no overflow */
    struct path_places *places = PyMem_Calloc(1, sizeof *places + room * sizeof places->at[0]);
    if (places == NULL) {
        PyErr_NoMemory();
        return NULL;
    }
    places->room = room;
    PyMem_Free(e->places);
    return e->places = places;
}

/* Whether the path holds something twice; -1 with MemoryError set. */
static int path_has_doubles(encoder *e)
{
    struct path_places *places = e->places;
    Py_ssize_t depth = e->depth, fresh = depth - e->distinct;
    int doubles = 0;
    if (places != NULL && places->listed > e->distinct) places->listed = e->distinct;
    if (depth * fresh <= 1 << 12) {
        for (Py_ssize_t j = e->distinct; j < depth && !doubles; j++)
            for (Py_ssize_t i = 0; i < j; i++) doubles |= e->path[i] == e->path[j]; /* no way out, so that it is done in vectors */
        return doubles;
    }
    if ((places == NULL || places->used + (size_t)(depth - places->listed) > places->room / 2) && (places = new_places(e)) == NULL) return -1;
    for (; places->listed < depth; places->listed++) {
        PyObject *object = e->path[places->listed];
        size_t slot = (size_t)((uint64_t)(uintptr_t)object * 0x9E3779B97F4A7C15 >> 32);
        while (slot &= places->room - 1, places->at[slot].object != NULL && places->at[slot].object != object) slot++;
        if (places->at[slot].object == NULL) {
            places->at[slot].object = object;
            places->used++;
        }
        else if (places->at[slot].index < places->listed && e->path[places->at[slot].index] == object) return 1;
        places->at[slot].index = places->listed;
    }
    return 0;
}

int encoder_check_any_path(encoder *e)
{
    int doubles = path_has_doubles(e);
    e->distinct = e->depth;
    if (doubles <= 0) return doubles;
    Py_ssize_t second = 1, first;
    for (;; second++) { /* where the stdlib would have stopped; seldom, and seldom far down */
        for (first = 0; first < second && e->path[first] != e->path[second]; first++) {}
        if (first < second) break;
    }
    e->noted_depth = second;
    PyErr_SetString(PyExc_ValueError, "Circular reference detected");
    return -1;
}

int encoder_push_deep(encoder *e, PyObject *object)
{
    if (encoder_check_path(e)) return -1;
    if (e->depth == e->path_room) {
        Py_ssize_t room = 4 * e->path_room; /* a level counts a frame of the C stack: no overflow */
        PyObject **old = e->path == e->shallow_path ? NULL : e->path;
        PyObject **grown = PyMem_Realloc(old, (size_t)room * sizeof *grown);
        if (grown == NULL) {
            PyErr_NoMemory();
            return -1;
        }
        if (old == NULL) memcpy(grown, e->path, (size_t)e->depth * sizeof *grown);
        e->path = grown;
        e->path_room = room;
    }
    e->path[e->depth++] = object;
    return 0;
}

uint8_t *encoder_more_room(encoder *e, uint8_t *out, size_t need)
{
    return encoder_check_path(e) ? NULL : buffer_grow(&e->b, out, need);
}

int encoder_too_deep(encoder *e)
{
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    if (encoder_check_path(e) == 0) {
        PyErr_Restore(type, value, traceback);
        return -1;
    }
    Py_XDECREF(type);
    Py_XDECREF(value);
    Py_XDECREF(traceback);
    return -1;
}

/* ---- errors ---- */

#if PY_VERSION_HEX >= 0x030E0000
/* Whether an exception and the one that is set now are both of a type. */
static int is_alike(PyObject *exception, PyObject *type) { return PyErr_ExceptionMatches(type) && PyErr_GivenExceptionMatches(exception, type); }

void encoder_add_note(encoder *e, PyObject *object, PyObject *key, Py_ssize_t index)
{
    if (e->depth > e->noted_depth) return; /* beyond where the stdlib would have stopped */
    PyObject *exception = PyErr_GetRaisedException();
    PyObject *type = e->options->as_generator ? PyType_GetName(Py_TYPE(object)) : PyType_GetFullyQualifiedName(Py_TYPE(object));
    PyObject *note = type == NULL  ? NULL
                     : key != NULL ? PyUnicode_FromFormat("when serializing %U item %R", type, key)
                     : index >= 0  ? PyUnicode_FromFormat("when serializing %U item %zd", type, index)
                                   : PyUnicode_FromFormat("when serializing %U object", type);
    PyObject *done = NULL; /* the C encoder asks no subclass's add_note */
    if (note != NULL && e->options->as_generator) done = PyObject_CallMethod(exception, "add_note", "(O)", note);
    else if (note != NULL) done = PyObject_CallMethod(PyExc_BaseException, "add_note", "(OO)", exception, note);
    Py_XDECREF(note);
    Py_XDECREF(type);
    /* Near the stack's end, or where memory is short, even a note is too much; and a chain of MemoryErrors would use up those
     * that the interpreter has in store. */
    if (done == NULL && (is_alike(exception, PyExc_RecursionError) || is_alike(exception, PyExc_MemoryError))) PyErr_Clear();
    else if (done == NULL) { /* as in the stdlib, what was raised here is the exception now */
        PyObject *newer = PyErr_GetRaisedException();
        PyException_SetContext(newer, exception);
        exception = newer;
    }
    Py_XDECREF(done);
    PyErr_SetRaisedException(exception);
}

static void add_place(encoder *e) { (void)e; }
#elif PY_VERSION_HEX >= 0x030B0000
enum { PLACE_MOST = 64 }; /* steps of a path that are told */

/* Before 3.14 the stdlib doesn't say where. For a document that goes to a file one note does,
 * with the path that is put together here from its end; what dumps raises stays what it is. */
void encoder_add_note(encoder *e, PyObject *object, PyObject *key, Py_ssize_t index)
{
    (void)object;
    if (e->options->sink == NULL || e->depth > e->noted_depth || !PyErr_ExceptionMatches(PyExc_Exception) || PyErr_ExceptionMatches(PyExc_MemoryError) ||
        PyErr_ExceptionMatches(PyExc_RecursionError))
        return;
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    if (e->place == NULL) e->place = PyList_New(0);
    PyObject *step = NULL;
    if (e->place == NULL || PyList_GET_SIZE(e->place) > PLACE_MOST) {}
    else if (PyList_GET_SIZE(e->place) == PLACE_MOST) step = PyUnicode_FromString("...");
    else if (key == NULL) step = index < 0 ? PyUnicode_New(0, 0) : PyUnicode_FromFormat("[%zd]", index);
    else if (!PyUnicode_CheckExact(key)) step = PyUnicode_FromFormat("['%S']", key);
    else step = PyUnicode_FromFormat(PyUnicode_IsIdentifier(key) > 0 ? ".%U" : "[%R]", key);
    if (step == NULL || PyList_Append(e->place, step)) PyErr_Clear(); /* a note is not worth another error */
    Py_XDECREF(step);
    PyErr_Restore(type, value, traceback);
}

/* The note itself, to the exception that is set. */
static void add_place(encoder *e)
{
    PyObject *type, *value, *traceback;
    if (e->place == NULL || !PyErr_Occurred()) return;
    PyErr_Fetch(&type, &value, &traceback);
    PyErr_NormalizeException(&type, &value, &traceback);
    PyObject *empty = PyList_Reverse(e->place) ? NULL : PyUnicode_New(0, 0);
    PyObject *path = empty == NULL ? NULL : PyUnicode_Join(empty, e->place);
    PyObject *note = path == NULL ? NULL : PyUnicode_FromFormat("while encoding $%U", path);
    PyObject *done = note == NULL ? NULL : PyObject_CallMethod(PyExc_BaseException, "add_note", "(OO)", value, note);
    if (done == NULL) PyErr_Clear();
    Py_XDECREF(done);
    Py_XDECREF(note);
    Py_XDECREF(path);
    Py_XDECREF(empty);
    PyErr_Restore(type, value, traceback);
}
#else
void encoder_add_note(encoder *e, PyObject *object, PyObject *key, Py_ssize_t index) { (void)e, (void)object, (void)key, (void)index; }
static void add_place(encoder *e) { (void)e; }
#endif

void encoder_raise_not_finite(encoder *e, PyObject *number)
{
    PyObject *strict = e->state->strict_encoder, *result;
    if (e->options->as_generator) {
        PyObject *chunks = PyObject_CallMethod(strict, "iterencode", "(O)", number);
        result = chunks == NULL ? NULL : PySequence_List(chunks);
        Py_XDECREF(chunks);
    }
    else result = PyObject_CallMethod(strict, "encode", "(O)", number);
    if (result != NULL) {
        Py_DECREF(result);
        PyErr_SetString(PyExc_ValueError, "Out of range float values are not JSON compliant");
    }
}

/* ---- walking a dict ---- */

#if !COMPAT_HAS_GIL
/* From the copy to the dict itself, at the same pair. The frames that walk go on with the copy's member at hand. */
static void walk_go_back(walk *w)
{
    w->position = compat_dict_position(w->dict, w->position);
    w->held[0] = w->items;
    w->items = NULL;
}
#endif

void encoder_sorted_hold(encoder *e)
{
    for (; e->sorted_held < e->sorted_used; e->sorted_held++) {
        Py_INCREF(e->sorted[e->sorted_held].key);
        Py_INCREF(e->sorted[e->sorted_held].value);
    }
}

int encoder_before_python(encoder *e)
{
    if (encoder_check_path(e)) return -1;
    e->python_ran = 1;
    e->plain = e->plain_dicts = 0;
    encoder_sorted_hold(e);
#if !COMPAT_HAS_GIL
    for (walk *w = e->walks; w != NULL && w->items != NULL && PyTuple_CheckExact(w->items); w = w->outer) walk_go_back(w);
#endif
    if (!COMPAT_COPIES_ITEMS || e->options->as_generator) return 0;
    if (e->walks == NULL || e->walks->items != NULL) return 0;
    int paused = compat_gc_pause(1); /* a finaliser could change the dicts between two copies, and within one */
    walk *w = e->walks;
    for (; w != NULL && w->items == NULL; w = w->outer) {
        w->items = compat_dict_pairs(e->dict_layout_known, w->dict, w->position);
        if (w->items == NULL) break;
        w->position = 0;
    }
    compat_gc_resume(paused);
    return w != NULL && w->items == NULL ? -1 : 0;
}

uint8_t *encoder_flush(encoder *e, uint8_t *out)
{
    if (encoder_before_python(e)) return NULL;
    e->disturbances++;
    PyObject *piece = buffer_copy(&e->b, out);
    if (piece == NULL) return NULL;
    const encode_sink *sink = e->options->sink;
    int bad = sink->write(sink->context, piece);
    Py_DECREF(piece);
    if (!bad) return e->b.start;
    e->noted_depth = -1; /* not the containers' fault */
    return NULL;
}

int encoder_walk_is_disturbed(const walk *w)
{
    if (LIKELY(w->used == PyDict_GET_SIZE(w->dict))) return 0;
    PyErr_SetString(PyExc_RuntimeError, "dictionary changed size during iteration");
    return 1;
}

void *encoder_walk_is_too_long(void)
{
    PyErr_SetString(PyExc_RuntimeError, "dictionary keys changed during iteration");
    return NULL;
}

static int walk_step(walk *w, PyObject **key, PyObject **value)
{
#if COMPAT_HAS_GIL
    return PyDict_Next(w->dict, &w->position, key, value);
#else
    PyObject *key_before = w->held[0], *value_before = w->held[1];
    int more = compat_dict_next(w->dict, &w->position, key, value);
    w->held[0] = more ? *key : NULL;
    w->held[1] = more ? *value : NULL;
    Py_XDECREF(key_before); /* may run Python code, and no more than was allowed for */
    Py_XDECREF(value_before);
    return more;
#endif
}

int encoder_walk_next(encoder *e, walk *w, PyObject **key, PyObject **value)
{
    if (w->items != NULL && PyTuple_CheckExact(w->items)) {
        compat_entries entries;
        compat_entries_of_tuple(w->items, w->position, &entries);
        if (!compat_entries_next(&entries, key, value)) return 0;
        w->position = compat_entries_index(&entries);
        return 1;
    }
    if (w->items != NULL) {
        if (w->position >= PyList_GET_SIZE(w->items)) return 0;
        PyObject *pair = PyList_GET_ITEM(w->items, w->position++);
        if (!PyTuple_Check(pair) || PyTuple_GET_SIZE(pair) != 2) {
            PyErr_SetString(PyExc_ValueError, "items must return 2-tuples");
            return -1;
        }
        *key = PyTuple_GET_ITEM(pair, 0);
        *value = PyTuple_GET_ITEM(pair, 1);
        return 1;
    }
    if (e->options->as_generator) {
        if (encoder_walk_is_disturbed(w)) return -1;
        if (!walk_step(w, key, value)) return 0;
        if (w->left-- > 0) return 1;
        encoder_walk_is_too_long();
        return -1;
    }
    return walk_step(w, key, value);
}

PyObject *encoder_items(encoder *e, PyObject *dict)
{
    if (encoder_before_python(e)) return NULL;
    PyObject *items = PyMapping_Items(dict);
    if (items != NULL && e->options->sort_keys && PyList_Sort(items)) Py_CLEAR(items);
    return items;
}

PyObject *encoder_view_items(encoder *e, PyObject *dict)
{
    if (encoder_before_python(e)) return NULL;
    PyObject *view = PyObject_CallMethod(dict, "items", NULL);
    if (view != NULL && e->options->sort_keys) {
        Py_SETREF(view, PySequence_List(view));
        if (view != NULL && PyList_Sort(view)) Py_CLEAR(view);
    }
    PyObject *iterator = view == NULL ? NULL : PyObject_GetIter(view);
    Py_XDECREF(view);
    return iterator;
}

PyObject *encoder_view_next(encoder *e, PyObject *iterator)
{
    PyObject *item = encoder_before_python(e) ? NULL : PyIter_Next(iterator);
    if (item == NULL || (PyTuple_CheckExact(item) && PyTuple_GET_SIZE(item) == 2)) return item;
    Py_SETREF(item, PyObject_CallOneArg(e->state->unpack_pair, item));
    return item;
}

/* ---- keys ---- */

static void raise_bad_key(encoder *e, PyObject *key)
{
    static const char message[] = "keys must be str, int, float, bool or None, not ";
    if (e->options->as_generator) {
        PyObject *name = PyObject_GetAttrString((PyObject *)Py_TYPE(key), "__name__");
        if (name != NULL) PyErr_Format(PyExc_TypeError, "%s%S", message, name);
        Py_XDECREF(name);
    }
    else PyErr_Format(PyExc_TypeError, "%s%.100s", message, Py_TYPE(key)->tp_name);
}

PyObject *encoder_key_text(encoder *e, PyObject *key)
{
    if (PyFloat_Check(key)) {
        double value = PyFloat_AS_DOUBLE(key);
        if (value - value == 0) return PyFloat_Type.tp_repr(key);
        if (!e->options->allow_nan) {
            encoder_raise_not_finite(e, key);
            return NULL;
        }
        return PyUnicode_FromString(value != value ? "NaN" : value > 0 ? "Infinity" : "-Infinity");
    }
    if (key == Py_True) return PyUnicode_FromString("true");
    if (key == Py_False) return PyUnicode_FromString("false");
    if (key == Py_None) return PyUnicode_FromString("null");
    if (PyLong_Check(key)) return PyLong_Type.tp_repr(key);
    if (!e->options->skipkeys) raise_bad_key(e, key);
    return NULL;
}

int encoder_skipped_all_is_empty(encode_state *state)
{
    int is_empty = compat_load_int(&state->skipped_all_is_empty);
    if (is_empty < 0) {
        PyObject *cls = (PyObject *)Py_TYPE(state->strict_encoder), *encoder = NULL, *text = NULL; /* the stdlib's */
        PyObject *arguments = Py_BuildValue("{s:O,s:i}", "skipkeys", Py_True, "indent", 0);
        PyObject *none = PyTuple_New(0);
        if (arguments != NULL && none != NULL) encoder = PyObject_Call(cls, none, arguments);
        PyObject *dict = Py_BuildValue("{():i}", 1);
        if (encoder != NULL && dict != NULL) text = PyObject_CallMethod(encoder, "encode", "(O)", dict);
        if (text != NULL) compat_store_int(&state->skipped_all_is_empty, is_empty = PyUnicode_GetLength(text) == 2);
        Py_XDECREF(text);
        Py_XDECREF(dict);
        Py_XDECREF(encoder);
        Py_XDECREF(none);
        Py_XDECREF(arguments);
    }
    return is_empty;
}

/* ---- sorting ---- */

/* Code points in order, as str compares: keys of one dict are never equal. */
static NOINLINE int is_before_by_text(const sorted_member *a, const sorted_member *b)
{
    if (!a->narrow || !b->narrow) return PyUnicode_Compare(a->key, b->key) < 0;
    size_t m = (size_t)PyUnicode_GET_LENGTH(a->key), n = (size_t)PyUnicode_GET_LENGTH(b->key);
    int order = memcmp(PyUnicode_DATA(a->key), PyUnicode_DATA(b->key), m < n ? m : n);
    return order ? order < 0 : m < n;
}

static ALWAYS_INLINE int is_before(const sorted_member *a, const sorted_member *b)
{
    if (LIKELY(a->prefix != b->prefix) && LIKELY(a->narrow & b->narrow)) return a->prefix < b->prefix;
    return is_before_by_text(a, b);
}

/* By insertion, where the first `ordered` are in order. */
static ALWAYS_INLINE void sort_few(sorted_member *members, Py_ssize_t n, Py_ssize_t ordered)
{
    for (Py_ssize_t i = ordered; i < n; i++) {
        sorted_member one = members[i];
        Py_ssize_t j = i;
        for (; j > 0 && is_before(&one, &members[j - 1]); j--) members[j] = members[j - 1];
        members[j] = one;
    }
}

/* What two runs side by side, of m and of n members, come to. The loop has no branch on which is next: it can't be predicted. */
static ALWAYS_INLINE void merge(sorted_member *out, const sorted_member *a, Py_ssize_t m, const sorted_member *b, Py_ssize_t n)
{
    const sorted_member *a_end = a + m, *b_end = b + n;
    while (a < a_end && b < b_end) {
        Py_ssize_t second = is_before(b, a);
        const sorted_member *next = second ? b : a;
        *out++ = *next;
        b += second;
        a += 1 - second;
    }
    memcpy(out, a, (size_t)(a_end - a) * sizeof *a);
    memcpy(out + (a_end - a), b, (size_t)(b_end - b) * sizeof *b);
}

enum { SORT_FEW = 24, SORT_RUN = 8 };

/* Runs by insertion, which are merged, there and back; `spare` is room for as many. */
static NOINLINE void sort_many(sorted_member *members, Py_ssize_t n, sorted_member *spare)
{
    for (Py_ssize_t i = 0; i < n; i += SORT_RUN) sort_few(members + i, n - i < SORT_RUN ? n - i : SORT_RUN, 1);
    sorted_member *from = members, *to = spare;
    for (Py_ssize_t run = SORT_RUN; run < n; run *= 2) {
        for (Py_ssize_t i = 0; i < n; i += 2 * run) {
            Py_ssize_t left = n - i < run ? n - i : run, right = n - i - left < run ? n - i - left : run;
            merge(to + i, from + i, left, from + i + left, right);
        }
        sorted_member *other = from;
        from = to;
        to = other;
    }
    if (from != members) memcpy(members, from, (size_t)n * sizeof *members);
}

/* Eight characters of a key from the skip-th on, as an integer that compares as they do. */
static ALWAYS_INLINE uint64_t prefix_of(PyObject *key, size_t skip)
{
    const uint8_t *p = (const uint8_t *)PyUnicode_DATA(key) + skip;
    size_t n = (size_t)PyUnicode_GET_LENGTH(key) - skip;
    uint64_t prefix = 0;
    if (LIKELY(n >= 8)) {
        for (int k = 0; k < 8; k++) prefix |= (uint64_t)p[k] << (56 - 8 * k); /* one load, its bytes turned round */
        return prefix;
    }
    for (size_t k = 0; k < n; k++) prefix |= (uint64_t)p[k] << (56 - 8 * k);
    return prefix;
}

/* What all keys begin with is left out of their prefixes, which would hardly tell them apart otherwise. */
static void sharpen_prefixes(sorted_member *members, Py_ssize_t n)
{
    const uint8_t *first = PyUnicode_DATA(members[0].key);
    size_t same = (size_t)PyUnicode_GET_LENGTH(members[0].key);
    for (Py_ssize_t i = 0; i < n; i++) {
        if (!members[i].narrow) return;
        const uint8_t *p = PyUnicode_DATA(members[i].key);
        size_t most = (size_t)PyUnicode_GET_LENGTH(members[i].key), k = 0;
        if (most < same) same = most;
        while (k < same && p[k] == first[k]) k++;
        same = k;
    }
    if (same == 0) return;
    for (Py_ssize_t i = 0; i < n; i++) members[i].prefix = prefix_of(members[i].key, same);
}

/* `members` has room for as many again. */
static void sort_members(sorted_member *members, Py_ssize_t n)
{
    Py_ssize_t i = 1; /* as many are in order */
    while (i < n && is_before(&members[i - 1], &members[i])) i++;
    if (LIKELY(n <= SORT_FEW) || i >= n) sort_few(members, n, i);
    else {
        sharpen_prefixes(members, n);
        sort_many(members, n, members + n);
    }
}

/* Room for n more on the stack of sorted members; -1 with MemoryError set. */
static int sorted_room(encoder *e, Py_ssize_t n)
{
    if (e->sorted_limit - e->sorted_used >= n) return 0;
    size_t limit = 2 * (size_t)e->sorted_used + (size_t)n + 16; /* each counts an entry in memory: no overflow */
    sorted_member *grown = PyMem_Realloc(e->sorted, limit * sizeof *grown);
    if (grown == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    e->sorted = grown;
    e->sorted_limit = (Py_ssize_t)limit;
    return 0;
}

Py_ssize_t encoder_sort(encoder *e, PyObject *dict, int hold, int *odd)
{
    Py_ssize_t n, i = 0, position = 0;
    sorted_member *members;
    PyObject *key, *value;
    compat_entries entries = {0};
    int bad; /* MemoryError is set */
    hold |= !COMPAT_HAS_GIL;
    COMPAT_BEGIN_CRITICAL_SECTION(dict);
    n = PyDict_GET_SIZE(dict); /* 0 where another thread has just emptied it */
    bad = sorted_room(e, n <= SORT_FEW ? n : 2 * n); /* an entry in memory is larger: no overflow */
    members = e->sorted + e->sorted_used;
    int direct = compat_entries_from(e->dict_layout_known, dict, 0, &entries);
    for (; !bad && i < n && (direct ? compat_entries_next(&entries, &key, &value) : PyDict_Next(dict, &position, &key, &value)); i++) {
        if (!PyUnicode_CheckExact(key) || compat_str_ready(key)) break;
        sorted_member *m = &members[i];
        m->key = key;
        m->value = value;
        if (hold) {
            Py_INCREF(key);
            Py_INCREF(value);
        }
        m->narrow = PyUnicode_KIND(key) == PyUnicode_1BYTE_KIND;
        m->prefix = m->narrow ? prefix_of(key, 0) : 0;
    }
    COMPAT_END_CRITICAL_SECTION();
    if (bad) return -1;
    if (i == n) {
        sort_members(members, n);
        e->sorted_used += n;
        if (hold) e->sorted_held = e->sorted_used;
        return n;
    }
    while (hold && i > 0) {
        i--;
        Py_DECREF(members[i].key);
        Py_DECREF(members[i].value);
    }
    *odd = !PyErr_Occurred();
    return -1;
}

/* ---- the document ---- */

static void shorten(uint8_t *to, const encode_piece *piece)
{
    if (LIKELY(piece->size == 1)) to[0] = (uint8_t)piece->text[0];
    else if (LIKELY(piece->size == 2)) memcpy(to, piece->text, 2);
    else if (piece->size <= SHORT_PIECE) memcpy(to, piece->text, (size_t)piece->size);
}

static int is_spaces(const encode_piece *piece)
{
    for (Py_ssize_t i = 0; i < piece->size; i++)
        if (piece->text[i] != ' ') return 0;
    return 1;
}

#if CPU_HAS_LEVELS
uint8_t *encode_write_avx2(encoder *e, uint8_t *out, PyObject *object);
uint8_t *encode_write_avx512(encoder *e, uint8_t *out, PyObject *object);
static uint8_t *(*const writers[CPU_LEVELS])(encoder *, uint8_t *, PyObject *) = {encode_write, encode_write_avx2, encode_write_avx512};
#else
static uint8_t *(*const writers[CPU_LEVELS])(encoder *, uint8_t *, PyObject *) = {encode_write, encode_write, encode_write};
#endif

/* A document that is but an int or an empty container needs no encoder: 1 with *result set, NULL where an exception is set; 0
 * where it is something else. Sizes are read by the interpreter's macros: atomically, where other threads may change them. */
static ALWAYS_INLINE int lone_value(const encode_options *options, PyObject *object, PyObject **result)
{
    PyTypeObject *type = Py_TYPE(object);
    uint8_t text[NUMBER_INT64_SPACE + 16];
    size_t n = 2;
    int32_t small;
    int64_t large;
    if (type == &PyDict_Type && PyDict_GET_SIZE(object) == 0) memcpy(text, "{}", 2);
    else if (type == &PyList_Type && PyList_GET_SIZE(object) == 0) memcpy(text, "[]", 2);
    else if (type == &PyLong_Type && compat_int_is_small(object, &small)) n = (size_t)(number_format_int32(text, small) - text);
    else if (type == &PyLong_Type && compat_int_is_large(object, &large)) n = (size_t)(number_format_int64(text, large) - text);
    else return 0;
    if (options->form == ENCODE_UTF8) *result = PyBytes_FromStringAndSize((char *)text, (Py_ssize_t)n);
    else if (n == 1) *result = PyUnicode_FromOrdinal(text[0]);
    else if ((*result = PyUnicode_New((Py_ssize_t)n, 0x7F)) != NULL) memcpy(PyUnicode_1BYTE_DATA(*result), text, n);
    return 1;
}

/* Whether commas and colons stand alone. */
static int is_compact(const encode_options *o)
{
    return o->item_separator.size == 1 && o->item_separator.text[0] == ',' && o->key_separator.size == 1 && o->key_separator.text[0] == ':';
}

uint8_t *encoder_init(encoder *e, encode_state *state, const encode_options *options, size_t expected)
{
    int flushes = options->sink != NULL;
    e->state = state;
    e->options = options;
    e->thread = PyThreadState_Get();
    e->disturbances = 0;
    e->python_ran = 0;
    e->walks = NULL;
    e->level = e->depth = e->distinct = 0;
    e->noted_depth = PY_SSIZE_T_MAX;
    e->place = NULL;
    e->path = e->shallow_path;
    e->path_room = SHALLOW;
    e->places = NULL;
    e->sorted = NULL;
    e->sorted_used = e->sorted_limit = e->sorted_held = 0;
    e->dict_layout_known = state->dict_layout_known;
    e->indent_is_spaces = is_spaces(&options->indent);
    shorten(e->item_separator, &options->item_separator);
    shorten(e->key_separator, &options->key_separator);
    e->style = STYLE_ANY;
    if (options->item_separator.size <= SHORT_PIECE / 2 && options->key_separator.size <= SHORT_PIECE && !flushes) {
        if (!options->indented && !options->as_generator) e->style = options->form != ENCODE_UTF8 || is_compact(options) ? STYLE_PLAIN : STYLE_ANY;
        else if (options->indented && e->indent_is_spaces && options->indent.size <= SHORT_INDENT && options->as_generator == COMPAT_INDENTS_AS_GENERATOR)
            e->style = STYLE_LINES;
    }
    e->plain = e->style == STYLE_PLAIN;
    e->plain_dicts = e->plain && !options->sort_keys && e->dict_layout_known;
    if (e->style == STYLE_LINES) {
        memset(e->line, ' ', sizeof e->line);
        memcpy(e->line, options->item_separator.text, (size_t)options->item_separator.size);
        e->line[options->item_separator.size] = '\n';
    }
    e->flush_size = flushes ? ENCODE_CHUNK : SIZE_MAX;
    e->long_str = flushes ? ENCODE_CHUNK / 4 : PY_SSIZE_T_MAX;
    e->in_long_str = 0;
    return buffer_start(&e->b, options->form == ENCODE_UTF8, expected);
}

void encoder_free(encoder *e)
{
    if (LIKELY(e->path == e->shallow_path && e->sorted == NULL && e->places == NULL)) return; /* three calls for nothing */
    PyMem_Free(e->sorted); /* spent: at the end nothing is under way */
    if (e->path != e->shallow_path) PyMem_Free(e->path);
    PyMem_Free(e->places);
}

static NOINLINE PyObject *encode_any(encode_state *state, const encode_options *options, PyObject *object)
{
    encoder e;
    uint8_t *out = encoder_init(&e, state, options, (size_t)compat_load_size(&state->last_size));
    out = writers[state->cpu](&e, out, object);
    encoder_free(&e);
    if (out == NULL) add_place(&e);
    Py_XDECREF(e.place);
    if (options->sink != NULL) {
        out = out == NULL ? NULL : encoder_flush(&e, out);
        buffer_abandon(&e.b);
        return out == NULL ? NULL : Py_NewRef(Py_None);
    }
    if (out != NULL) {
        /* Without a GIL small documents, of which nobody needs to know, don't have threads contend for the place. */
        if (COMPAT_HAS_GIL || e.b.object != NULL) compat_store_size(&state->last_size, out - e.b.start);
        return buffer_finish(&e.b, out);
    }
    buffer_abandon(&e.b);
    return NULL;
}

/* The one array, lone_value's, is as long as number_format_int64 may write, whatever the number. */
NO_STACK_PROTECTOR PyObject *encode_document(encode_state *state, const encode_options *options, PyObject *object)
{
    PyObject *result;
    if (options->sink == NULL && lone_value(options, object, &result)) return result;
    return encode_any(state, options, object);
}

int encode_state_traverse(encode_state *state, visitproc visit, void *arg)
{
    Py_VISIT(state->default_encoder);
    Py_VISIT(state->strict_encoder);
    Py_VISIT(state->unpack_pair);
    return 0;
}

void encode_state_clear(encode_state *state)
{
    Py_CLEAR(state->default_encoder);
    Py_CLEAR(state->strict_encoder);
    Py_CLEAR(state->unpack_pair);
}
