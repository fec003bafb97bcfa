#include "encode.h"

#include "buffer.h"
#include "escape.h"
#include "number_format.h"

enum {
    SLACK = 64,      /* room beyond a value, so that punctuation needs no check of its own */
    NEAR = 64,       /* containers whose path is compared one by one; deeper ones are looked up */
    CHUNK = 1024,    /* characters that are escaped between two looks at the room left */
    SHORT_PIECE = 16,
};

/* A dict that is being walked. Before Python code runs, the walks under way take copies of their items where the stdlib
 * does so from the start. */
typedef struct walk {
    struct walk *outer;
    PyObject *dict;
    Py_ssize_t position;
    Py_ssize_t used, left; /* what a dict iterator checks */
    PyObject *items;       /* a list of pairs that replaces the dict, or NULL */
    Py_ssize_t index;
} walk;

typedef struct {
    buffer b;
    encode_state *state;
    const encode_options *options;
    PyThreadState *thread;
    uint8_t item_separator[SHORT_PIECE], key_separator[SHORT_PIECE];
    int indent_is_spaces, dict_layout_known;
    walk *walks;
    Py_ssize_t level; /* of indentation */
    Py_ssize_t depth; /* of the path */
    PyObject *path[NEAR];
    PyObject *markers; /* id -> object for the path beyond NEAR */
} encoder;

/* A function for each form, so that a level of nesting takes little of the C stack and the form is a constant in it. */
static uint8_t *dict_ascii(encoder *e, uint8_t *out, PyObject *dict);
static uint8_t *dict_text(encoder *e, uint8_t *out, PyObject *dict);
static uint8_t *dict_utf8(encoder *e, uint8_t *out, PyObject *dict);
static uint8_t *list_ascii(encoder *e, uint8_t *out, PyObject *list);
static uint8_t *list_text(encoder *e, uint8_t *out, PyObject *list);
static uint8_t *list_utf8(encoder *e, uint8_t *out, PyObject *list);
static uint8_t *other_ascii(encoder *e, uint8_t *out, PyObject *object);
static uint8_t *other_text(encoder *e, uint8_t *out, PyObject *object);
static uint8_t *other_utf8(encoder *e, uint8_t *out, PyObject *object);

static ALWAYS_INLINE uint8_t *encode_dict(encoder *e, uint8_t *out, PyObject *dict, encode_form form)
{
    if (form == ENCODE_ASCII) return dict_ascii(e, out, dict);
    return form == ENCODE_TEXT ? dict_text(e, out, dict) : dict_utf8(e, out, dict);
}

static ALWAYS_INLINE uint8_t *encode_list(encoder *e, uint8_t *out, PyObject *list, encode_form form)
{
    if (form == ENCODE_ASCII) return list_ascii(e, out, list);
    return form == ENCODE_TEXT ? list_text(e, out, list) : list_utf8(e, out, list);
}

static ALWAYS_INLINE uint8_t *encode_other(encoder *e, uint8_t *out, PyObject *object, encode_form form)
{
    if (form == ENCODE_ASCII) return other_ascii(e, out, object);
    return form == ENCODE_TEXT ? other_text(e, out, object) : other_utf8(e, out, object);
}

/* ---- writing ---- */

/* Bytes that n characters take now. */
static ALWAYS_INLINE size_t bytes_of(const encoder *e, size_t n, encode_form form)
{
    return form == ENCODE_TEXT ? n * (size_t)e->b.width : n;
}

/* Room for n characters at out. */
static ALWAYS_INLINE uint8_t *room(encoder *e, uint8_t *out, size_t n, encode_form form)
{
    size_t need = bytes_of(e, n, form);
    return LIKELY((size_t)(e->b.limit - out) >= need) ? out : buffer_grow(&e->b, out, need);
}

static ALWAYS_INLINE uint8_t *put(encoder *e, uint8_t *out, char c, encode_form form)
{
    if (form != ENCODE_TEXT || LIKELY(e->b.width == 1)) {
        *out = (uint8_t)c;
        return out + 1;
    }
    if (e->b.width == 2) {
        uint16_t wide = (uint8_t)c;
        memcpy(out, &wide, 2);
        return out + 2;
    }
    uint32_t wide = (uint8_t)c;
    memcpy(out, &wide, 4);
    return out + 4;
}

/* n <= 16 bytes of the 16 at p, for which there is room and room for the rest. */
static ALWAYS_INLINE uint8_t *put_short(encoder *e, uint8_t *out, const void *p, size_t n, encode_form form)
{
    if (form != ENCODE_TEXT || LIKELY(e->b.width == 1)) {
        vec_store(out, vec_load(p));
        return out + n;
    }
    if (e->b.width == 2) escape_store_widened(out, 2, vec_load(p));
    else escape_store_widened(out, 4, vec_load(p));
    return out + n * (size_t)e->b.width;
}

/* Bytes for which there is room. */
static ALWAYS_INLINE uint8_t *put_bytes(encoder *e, uint8_t *out, const void *p, size_t n, encode_form form)
{
    if (form != ENCODE_TEXT || LIKELY(e->b.width == 1)) {
        memcpy(out, p, n);
        return out + n;
    }
    escape_copy_widened(out, e->b.width, p, n, 1);
    return out + n * (size_t)e->b.width;
}

/* A separator. There is room for SHORT_PIECE characters; a longer one makes its own. */
static ALWAYS_INLINE uint8_t *put_piece(encoder *e, uint8_t *out, const encode_piece *piece, const uint8_t *shortened, encode_form form)
{
    if (LIKELY(piece->size <= SHORT_PIECE)) return put_short(e, out, shortened, (size_t)piece->size, form);
    out = room(e, out, (size_t)piece->size + SLACK, form);
    return out == NULL ? NULL : put_bytes(e, out, piece->text, (size_t)piece->size, form);
}

static ALWAYS_INLINE uint8_t *put_spaces(encoder *e, uint8_t *out, size_t n, encode_form form)
{
    static const uint8_t spaces[16] = {32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32};
    for (; n > 16; n -= 16) out = put_short(e, out, spaces, 16, form);
    return put_short(e, out, spaces, n, form);
}

/* A line feed and the indentation of the current level; leaves SLACK characters of room. */
static ALWAYS_INLINE uint8_t *put_line(encoder *e, uint8_t *out, encode_form form)
{
    const encode_piece *indent = &e->options->indent;
    size_t n = (size_t)e->level * (size_t)indent->size;
    if (UNLIKELY(indent->size > PY_SSIZE_T_MAX / 64 / (e->level + 1))) {
        PyErr_NoMemory();
        return NULL;
    }
    out = room(e, out, n + 2 * SLACK, form);
    if (UNLIKELY(out == NULL)) return NULL;
    out = put(e, out, '\n', form);
    if (LIKELY(e->indent_is_spaces)) return put_spaces(e, out, n, form);
    for (Py_ssize_t i = 0; i < e->level; i++) out = put_bytes(e, out, indent->text, (size_t)indent->size, form);
    return out;
}

/* ---- strings ---- */

/* As write_str, for what a plain copy doesn't do. */
static NOINLINE uint8_t *write_str_careful(encoder *e, uint8_t *out, PyObject *str, encode_form form)
{
    const uint8_t *p = PyUnicode_DATA(str);
    size_t n = (size_t)PyUnicode_GET_LENGTH(str);
    int width = PyUnicode_KIND(str);
    int plain_bytes = PyUnicode_IS_ASCII(str);
    if (form == ENCODE_UTF8 && !plain_bytes) {
        Py_ssize_t size = 0;
        const uint8_t *cached = compat_cached_utf8(str, &size);
        if (cached != NULL) {
            p = cached;
            n = (size_t)size;
            width = 1;
            plain_bytes = 1;
        }
    }
    if (form == ENCODE_TEXT) {
        Py_UCS4 maxchar = PyUnicode_MAX_CHAR_VALUE(str);
        if (maxchar > e->b.maxchar) {
            if (maxchar <= 0xFF) e->b.maxchar = maxchar;
            else if ((out = buffer_widen(&e->b, out, maxchar)) == NULL) return NULL;
        }
    }
    out = room(e, out, SLACK, form);
    if (out == NULL) return NULL;
    out = put(e, out, '"', form);
    while (n > 0) {
        size_t some = n < CHUNK ? n : CHUNK;
        out = room(e, out, (form == ENCODE_ASCII ? ESCAPE_MOST_ASCII : ESCAPE_MOST) * some + ESCAPE_SLACK + SLACK, form);
        if (out == NULL) return NULL;
        if (form == ENCODE_TEXT) out = escape_widen(out, e->b.width, p, some, width);
        else if (plain_bytes) out = escape_bytes(out, p, some, form == ENCODE_ASCII);
        else if (form == ENCODE_ASCII) out = escape_to_ascii(out, p, some, width);
        else if ((out = escape_to_utf8(out, p, some, width)) == NULL) {
            Py_XDECREF(PyUnicode_AsUTF8String(str)); /* raises UnicodeEncodeError */
            return NULL;
        }
        p += some * (size_t)width;
        n -= some;
    }
    return put(e, out, '"', form);
}

/* A quoted string; leaves SLACK / 2 characters of room. */
static ALWAYS_INLINE uint8_t *write_str(encoder *e, uint8_t *out, PyObject *str, encode_form form)
{
    if (LIKELY(PyUnicode_IS_COMPACT_ASCII(str)) && (form != ENCODE_TEXT || LIKELY(e->b.width == 1))) {
        size_t n = (size_t)PyUnicode_GET_LENGTH(str);
        out = room(e, out, n + SLACK, form);
        if (UNLIKELY(out == NULL)) return NULL;
        const uint8_t *p = (const uint8_t *)((PyASCIIObject *)str + 1);
        size_t clean = n <= 16 ? escape_copy_clean_short(out + 1, p, n, form == ENCODE_ASCII) : escape_copy_clean(out + 1, p, n, form == ENCODE_ASCII);
        if (LIKELY(clean == n)) {
            out[0] = '"';
            out[n + 1] = '"';
            return out + n + 2;
        }
    }
    else if (form == ENCODE_TEXT && LIKELY(PyUnicode_IS_COMPACT_ASCII(str))) {
        size_t n = (size_t)PyUnicode_GET_LENGTH(str), width = (size_t)e->b.width;
        out = room(e, out, n + SLACK, form);
        if (UNLIKELY(out == NULL)) return NULL;
        const uint8_t *p = (const uint8_t *)((PyASCIIObject *)str + 1);
        size_t clean = width == 2 ? escape_copy_clean_widened(out + 2, 2, p, n) : escape_copy_clean_widened(out + 4, 4, p, n);
        if (LIKELY(clean == n)) {
            out = put(e, out, '"', form);
            return put(e, out + n * width, '"', form);
        }
    }
    else if (compat_str_ready(str)) return NULL;
    return write_str_careful(e, out, str, form);
}

/* ---- numbers ---- */

/* n <= 32 digits of the 32 bytes at p, in wider characters. */
static ALWAYS_INLINE uint8_t *put_number(encoder *e, uint8_t *out, const uint8_t *p, size_t n, encode_form form)
{
    if (LIKELY(n <= 16)) return put_short(e, out, p, n, form);
    out = put_short(e, out, p, 16, form);
    return put_short(e, out, p + 16, n - 16, form);
}

static NOINLINE uint8_t *write_big_int(encoder *e, uint8_t *out, PyObject *integer, encode_form form)
{
    PyObject *digits = PyLong_Type.tp_repr(integer); /* whatever a subclass says; keeps the limit on digits */
    if (digits == NULL) return NULL;
    size_t n = (size_t)PyUnicode_GET_LENGTH(digits);
    out = room(e, out, n + SLACK, form);
    if (out != NULL) out = put_bytes(e, out, PyUnicode_1BYTE_DATA(digits), n, form);
    Py_DECREF(digits);
    return out;
}

static ALWAYS_INLINE uint8_t *write_int(encoder *e, uint8_t *out, PyObject *integer, encode_form form)
{
    int64_t value;
    if (!LIKELY(compat_int_is_small(integer, &value))) {
        int overflow;
        value = PyLong_AsLongLongAndOverflow(integer, &overflow);
        if (overflow) return write_big_int(e, out, integer, form);
    }
    out = room(e, out, NUMBER_INT64_SPACE + SLACK, form);
    if (UNLIKELY(out == NULL)) return NULL;
    if (form != ENCODE_TEXT || LIKELY(e->b.width == 1)) return number_format_int64(out, value);
    uint8_t digits[32];
    return put_number(e, out, digits, (size_t)(number_format_int64(digits, value) - digits), form);
}

/* The stdlib's own error for a float that JSON doesn't have: its words differ between versions, and between encoder and
 * generator. */
static void raise_not_finite(encoder *e, PyObject *number)
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

static ALWAYS_INLINE uint8_t *write_float(encoder *e, uint8_t *out, PyObject *number, encode_form form)
{
    double value = PyFloat_AS_DOUBLE(number);
    out = room(e, out, NUMBER_DOUBLE_SPACE + SLACK, form);
    if (UNLIKELY(out == NULL)) return NULL;
    if (UNLIKELY(value - value != 0)) { /* infinite or not a number */
        if (!e->options->allow_nan) {
            raise_not_finite(e, number);
            return NULL;
        }
        if (value != value) return put_bytes(e, out, "NaN", 3, form);
        return value > 0 ? put_bytes(e, out, "Infinity", 8, form) : put_bytes(e, out, "-Infinity", 9, form);
    }
    if (form != ENCODE_TEXT || LIKELY(e->b.width == 1)) return number_format_double(out, value);
    uint8_t digits[NUMBER_DOUBLE_SPACE];
    return put_number(e, out, digits, (size_t)(number_format_double(digits, value) - digits), form);
}

static ALWAYS_INLINE uint8_t *write_word(encoder *e, uint8_t *out, const char *word, size_t n, encode_form form)
{
    out = room(e, out, SLACK, form);
    return UNLIKELY(out == NULL) ? NULL : put_bytes(e, out, word, n, form);
}

/* A value that holds no others and whose type is exactly one of JSON's: 1, or 0 where it isn't one. */
static ALWAYS_INLINE int write_leaf(encoder *e, uint8_t **out, PyObject *object, encode_form form)
{
    PyTypeObject *type = Py_TYPE(object);
    if (type == &PyUnicode_Type) *out = write_str(e, *out, object, form);
    else if (type == &PyLong_Type) *out = write_int(e, *out, object, form);
    else if (type == &PyFloat_Type) *out = write_float(e, *out, object, form);
    else if (object == Py_None) *out = write_word(e, *out, "null", 4, form);
    else if (object == Py_True) *out = write_word(e, *out, "true", 4, form);
    else if (object == Py_False) *out = write_word(e, *out, "false", 5, form);
    else return 0;
    return 1;
}

/* Any other value. */
static ALWAYS_INLINE uint8_t *write_nested(encoder *e, uint8_t *out, PyObject *object, encode_form form)
{
    PyTypeObject *type = Py_TYPE(object);
    Py_INCREF(object); /* Python code may run and drop it from its container */
    if (type == &PyDict_Type) out = encode_dict(e, out, object, form);
    else if (type == &PyList_Type) out = encode_list(e, out, object, form);
    else out = encode_other(e, out, object, form);
    Py_DECREF(object);
    return out;
}

static ALWAYS_INLINE uint8_t *write_value(encoder *e, uint8_t *out, PyObject *object, encode_form form)
{
    return write_leaf(e, &out, object, form) ? out : write_nested(e, out, object, form);
}

/* ---- containers ---- */

static int already_on_path(void)
{
    PyErr_SetString(PyExc_ValueError, "Circular reference detected");
    return -1;
}

static NOINLINE int path_push_far(encoder *e, PyObject *object)
{
    if (e->markers == NULL && (e->markers = PyDict_New()) == NULL) return -1;
    PyObject *id = PyLong_FromVoidPtr(object);
    if (id == NULL) return -1;
    int known = PyDict_Contains(e->markers, id);
    int bad = known < 0 ? -1 : known ? already_on_path() : PyDict_SetItem(e->markers, id, object);
    Py_DECREF(id);
    if (bad == 0) e->depth++;
    return bad;
}

/* Step into a container or an object that default() replaces: -1 with ValueError set where it is on the path already. */
static ALWAYS_INLINE int path_push(encoder *e, PyObject *object)
{
    if (!e->options->check_circular) return 0;
    Py_ssize_t near = e->depth < NEAR ? e->depth : NEAR;
    for (Py_ssize_t i = 0; i < near; i++)
        if (UNLIKELY(e->path[i] == object)) return already_on_path();
    if (UNLIKELY(near == NEAR)) return path_push_far(e, object);
    e->path[e->depth++] = object;
    return 0;
}

static NOINLINE int path_pop_far(encoder *e, PyObject *object)
{
    PyObject *id = PyLong_FromVoidPtr(object);
    if (id == NULL) return -1;
    int bad = PyDict_DelItem(e->markers, id);
    Py_DECREF(id);
    return bad;
}

static ALWAYS_INLINE int path_pop(encoder *e, PyObject *object)
{
    if (!e->options->check_circular) return 0;
    return UNLIKELY(--e->depth >= NEAR) ? path_pop_far(e, object) : 0;
}

/* "when serializing dict item 'a'", "... list item 0", or, with neither key nor index, "... set object": what the stdlib
 * adds to an exception since 3.14. */
static NOINLINE void add_note(encoder *e, PyObject *object, PyObject *key, Py_ssize_t index)
{
#if PY_VERSION_HEX >= 0x030E0000
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
    if (done == NULL && PyErr_ExceptionMatches(PyExc_RecursionError) && PyErr_GivenExceptionMatches(exception, PyExc_RecursionError))
        PyErr_Clear(); /* so near the stack's end even a note is too much */
    else if (done == NULL) { /* as in the stdlib, what was raised here is the exception now */
        PyObject *newer = PyErr_GetRaisedException();
        PyException_SetContext(newer, exception);
        exception = newer;
    }
    Py_XDECREF(done);
    PyErr_SetRaisedException(exception);
#else
    (void)e, (void)object, (void)key, (void)index;
#endif
}

/* Python code is about to run: whatever walks a dict as the stdlib walks a copy gets its copy now. */
static int before_python(encoder *e)
{
    if (!COMPAT_COPIES_ITEMS || e->options->as_generator) return 0;
    for (walk *w = e->walks; w != NULL && w->items == NULL; w = w->outer) {
        PyObject *items = PyList_New(0), *key, *value;
        if (items == NULL) return -1;
        Py_ssize_t position = w->position;
        while (PyDict_Next(w->dict, &position, &key, &value)) {
            Py_INCREF(key);
            Py_INCREF(value);
            PyObject *pair = PyTuple_Pack(2, key, value);
            Py_DECREF(key);
            Py_DECREF(value);
            int bad = pair == NULL || PyList_Append(items, pair);
            Py_XDECREF(pair);
            if (bad) {
                Py_DECREF(items);
                return -1;
            }
        }
        w->items = items;
        w->index = 0;
    }
    return 0;
}

/* What a dict's iterator finds before it looks for the next pair. */
static ALWAYS_INLINE int walk_is_disturbed(const walk *w)
{
    if (LIKELY(w->used == PyDict_GET_SIZE(w->dict))) return 0;
    PyErr_SetString(PyExc_RuntimeError, "dictionary changed size during iteration");
    return 1;
}

/* ... and after it found one. */
static ALWAYS_INLINE int walk_goes_on_too_long(walk *w)
{
    if (LIKELY(w->left-- > 0)) return 0;
    PyErr_SetString(PyExc_RuntimeError, "dictionary keys changed during iteration");
    return 1;
}

/* The next pair as borrowed references: 1, 0 at the end, -1 with an exception set. */
static NOINLINE int walk_next(encoder *e, walk *w, PyObject **key, PyObject **value)
{
    if (UNLIKELY(w->items != NULL)) {
        if (w->index >= PyList_GET_SIZE(w->items)) return 0;
        PyObject *pair = PyList_GET_ITEM(w->items, w->index++);
        if (!PyTuple_Check(pair) || PyTuple_GET_SIZE(pair) != 2) {
            PyErr_SetString(PyExc_ValueError, "items must return 2-tuples");
            return -1;
        }
        *key = PyTuple_GET_ITEM(pair, 0);
        *value = PyTuple_GET_ITEM(pair, 1);
        return 1;
    }
    if (UNLIKELY(e->options->as_generator)) {
        if (walk_is_disturbed(w)) return -1;
        if (!PyDict_Next(w->dict, &w->position, key, value)) return 0;
        return walk_goes_on_too_long(w) ? -1 : 1;
    }
    return PyDict_Next(w->dict, &w->position, key, value);
}

/* The items of a dict that isn't walked directly, as a list. */
static NOINLINE PyObject *items_of(encoder *e, PyObject *dict)
{
    if (before_python(e)) return NULL;
    PyObject *items = PyMapping_Items(dict);
    if (items != NULL && e->options->sort_keys && PyList_Sort(items)) Py_CLEAR(items);
    return items;
}

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

/* A key as str, for what isn't one: a new reference, or NULL: with an exception, or without one to skip it. */
static NOINLINE PyObject *key_text(encoder *e, PyObject *key)
{
    if (PyFloat_Check(key)) {
        double value = PyFloat_AS_DOUBLE(key);
        if (value - value == 0) return PyFloat_Type.tp_repr(key);
        if (!e->options->allow_nan) {
            raise_not_finite(e, key);
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

/* Whether an indented dict whose keys were all skipped is closed on the same line: the stdlib is asked. */
static int skipped_all_is_empty(encode_state *state)
{
    if (state->skipped_all_is_empty < 0) {
        PyObject *cls = (PyObject *)Py_TYPE(state->strict_encoder), *encoder = NULL, *text = NULL; /* the stdlib's */
        PyObject *arguments = Py_BuildValue("{s:O,s:i}", "skipkeys", Py_True, "indent", 0);
        PyObject *none = PyTuple_New(0);
        if (arguments != NULL && none != NULL) encoder = PyObject_Call(cls, none, arguments);
        PyObject *dict = Py_BuildValue("{():i}", 1);
        if (encoder != NULL && dict != NULL) text = PyObject_CallMethod(encoder, "encode", "(O)", dict);
        if (text != NULL) state->skipped_all_is_empty = PyUnicode_GetLength(text) == 2;
        Py_XDECREF(text);
        Py_XDECREF(dict);
        Py_XDECREF(encoder);
        Py_XDECREF(none);
        Py_XDECREF(arguments);
    }
    return state->skipped_all_is_empty;
}

/* One member of an object. *nested tells that Python code may have run. */
static ALWAYS_INLINE uint8_t *write_member(encoder *e, uint8_t *out, PyObject *dict, PyObject *key, PyObject *value, int *first, int *nested, encode_form form)
{
    const encode_options *o = e->options;
    PyObject *made = NULL;
    *nested = 0;
    if (UNLIKELY(!PyUnicode_Check(key))) {
        made = key_text(e, key);
        if (made == NULL) return PyErr_Occurred() ? NULL : out;
    }
    out = room(e, out, SHORT_PIECE + SLACK, form);
    if (UNLIKELY(out == NULL)) goto done;
    if (*first) *first = 0;
    else if ((out = put_piece(e, out, &o->item_separator, e->item_separator, form)) == NULL) goto done;
    if (o->indented && (out = put_line(e, out, form)) == NULL) goto done;
    out = write_str(e, out, made != NULL ? made : key, form);
    if (UNLIKELY(out == NULL)) goto done;
    out = put_piece(e, out, &o->key_separator, e->key_separator, form);
    if (UNLIKELY(out == NULL)) goto done;

    Py_INCREF(key); /* for the note, whatever happens to the dict */
    *nested = !write_leaf(e, &out, value, form);
    if (*nested) out = write_nested(e, out, value, form);
    if (UNLIKELY(out == NULL)) add_note(e, dict, made != NULL && o->as_generator ? made : key, -1);
    Py_DECREF(key);
done:
    Py_XDECREF(made);
    return out;
}

/* The end of an object; `none` where no member was written. */
static ALWAYS_INLINE uint8_t *write_object_end(encoder *e, uint8_t *out, int none, encode_form form)
{
    if (UNLIKELY(e->options->indented)) {
        int empty = none ? skipped_all_is_empty(e->state) : 0;
        if (empty < 0) return NULL;
        if (none && !empty) { /* the line that would have held the first member */
            e->level++;
            out = put_line(e, out, form);
            e->level--;
            if (out == NULL) return NULL;
        }
        if (!empty && (out = put_line(e, out, form)) == NULL) return NULL;
    }
    out = room(e, out, SLACK, form);
    return UNLIKELY(out == NULL) ? NULL : put(e, out, '}', form);
}

/* The members of an object, from a walk that is set up. */
static ALWAYS_INLINE uint8_t *write_members(encoder *e, uint8_t *out, walk *w, encode_form form)
{
    int first = 1, more, nested;
    PyObject *key, *value;
    compat_entries entries;
    w->outer = e->walks;
    e->walks = w;
    e->level++;
    if (w->items == NULL && compat_entries_from(e->dict_layout_known, w->dict, w->position, &entries)) {
        while ((more = compat_entries_next(&entries, &key, &value)) > 0) {
            w->position = entries.next;
            if (UNLIKELY(e->options->as_generator) && walk_goes_on_too_long(w)) break;
            out = write_member(e, out, w->dict, key, value, &first, &nested, form);
            if (UNLIKELY(out == NULL)) break;
            if (!nested) continue;
            if (UNLIKELY(e->options->as_generator) && walk_is_disturbed(w)) break;
            if (UNLIKELY(w->items != NULL) || !compat_entries_from(e->dict_layout_known, w->dict, w->position, &entries)) goto slowly;
        }
    }
    else
    slowly:
        while ((more = walk_next(e, w, &key, &value)) > 0) {
            out = write_member(e, out, w->dict, key, value, &first, &nested, form);
            if (UNLIKELY(out == NULL)) break;
        }
    e->level--;
    e->walks = w->outer;
    return UNLIKELY(more != 0) ? NULL : write_object_end(e, out, first, form);
}

/* A member of a dict whose keys are all str, with what comparing keys needs. */
typedef struct {
    PyObject *key, *value;
    uint64_t prefix; /* the first eight characters of a Latin-1 key, in an order that compares as they do */
    int narrow;
} sorted_member;

/* Code points in order, as str compares: keys of one dict are never equal. */
static int compare_members(const void *left, const void *right)
{
    const sorted_member *a = left, *b = right;
    if (!a->narrow || !b->narrow) return PyUnicode_Compare(a->key, b->key);
    if (a->prefix != b->prefix) return a->prefix < b->prefix ? -1 : 1;
    size_t m = (size_t)PyUnicode_GET_LENGTH(a->key), n = (size_t)PyUnicode_GET_LENGTH(b->key);
    int order = memcmp(PyUnicode_DATA(a->key), PyUnicode_DATA(b->key), m < n ? m : n);
    return order ? order : m < n ? -1 : 1;
}

static void sort_members(sorted_member *members, Py_ssize_t n)
{
    if (n > 24) {
        qsort(members, (size_t)n, sizeof *members, compare_members);
        return;
    }
    for (Py_ssize_t i = 1; i < n; i++) {
        sorted_member one = members[i];
        Py_ssize_t j = i;
        for (; j > 0 && compare_members(&one, &members[j - 1]) < 0; j--) members[j] = members[j - 1];
        members[j] = one;
    }
}

/* The members of a dict in the order of their keys, all of which are str: n of them with new references. 0; 1 where a key
 * isn't str; -1 with an exception set. */
static int collect_members(PyObject *dict, sorted_member *members, Py_ssize_t n)
{
    PyObject *key, *value;
    Py_ssize_t position = 0, i = 0;
    while (i < n && PyDict_Next(dict, &position, &key, &value)) {
        if (!PyUnicode_CheckExact(key)) break;
        sorted_member *m = &members[i++];
        m->key = Py_NewRef(key);
        m->value = Py_NewRef(value);
        m->narrow = !compat_str_ready(key) && PyUnicode_KIND(key) == PyUnicode_1BYTE_KIND;
        m->prefix = 0;
        const uint8_t *p = m->narrow ? PyUnicode_DATA(key) : NULL;
        Py_ssize_t some = m->narrow ? Py_MIN(PyUnicode_GET_LENGTH(key), 8) : 0;
        for (Py_ssize_t k = 0; k < some; k++) m->prefix |= (uint64_t)p[k] << (56 - 8 * k);
    }
    if (i == n) {
        sort_members(members, n);
        return 0;
    }
    while (i > 0) {
        i--;
        Py_DECREF(members[i].key);
        Py_DECREF(members[i].value);
    }
    return PyErr_Occurred() ? -1 : 1;
}

/* The members of a dict in the order of their keys without a Python comparison; NULL with *odd set where that can't be. */
static NOINLINE uint8_t *write_members_sorted(encoder *e, uint8_t *out, PyObject *dict, int *odd, encode_form form)
{
    Py_ssize_t n = PyDict_GET_SIZE(dict);
    sorted_member *members = PyMem_New(sorted_member, n);
    if (members == NULL) {
        PyErr_NoMemory();
        return NULL;
    }
    int first = 1, nested, failed = collect_members(dict, members, n);
    *odd = failed > 0;
    if (!failed) {
        e->level++;
        for (Py_ssize_t i = 0; i < n; i++) {
            if (out != NULL) out = write_member(e, out, dict, members[i].key, members[i].value, &first, &nested, form);
            Py_DECREF(members[i].key);
            Py_DECREF(members[i].value);
        }
        e->level--;
        if (out != NULL) out = write_object_end(e, out, first, form);
    }
    PyMem_Free(members);
    return failed ? NULL : out;
}

/* The members of a dict subclass as the stdlib's generator sees them: its own items(), taken one by one. */
static NOINLINE uint8_t *write_members_of_view(encoder *e, uint8_t *out, PyObject *dict, encode_form form)
{
    int first = 1, nested;
    PyObject *view = PyObject_CallMethod(dict, "items", NULL), *item;
    if (view != NULL && e->options->sort_keys) {
        Py_SETREF(view, PySequence_List(view));
        if (view != NULL && PyList_Sort(view)) Py_CLEAR(view);
    }
    PyObject *iterator = view == NULL ? NULL : PyObject_GetIter(view);
    Py_XDECREF(view);
    if (iterator == NULL) return NULL;
    e->level++;
    while (out != NULL && (item = PyIter_Next(iterator)) != NULL) {
        PyObject *pair = PyObject_CallOneArg(e->state->unpack_pair, item);
        Py_DECREF(item);
        if (pair == NULL) out = NULL;
        else out = write_member(e, out, dict, PyTuple_GET_ITEM(pair, 0), PyTuple_GET_ITEM(pair, 1), &first, &nested, form);
        Py_XDECREF(pair);
    }
    e->level--;
    Py_DECREF(iterator);
    return out == NULL || PyErr_Occurred() ? NULL : write_object_end(e, out, first, form);
}

/* The members that a list of them gives: a subclass's own items(), or keys that only Python can sort. */
static NOINLINE uint8_t *write_members_listed(encoder *e, uint8_t *out, PyObject *dict, encode_form form)
{
    walk w = {.dict = dict, .items = items_of(e, dict)};
    if (w.items == NULL) return NULL;
    out = write_members(e, out, &w, form);
    Py_DECREF(w.items);
    return out;
}

/* A dict or a subclass's instance. The caller holds a reference. */
static ALWAYS_INLINE uint8_t *write_dict(encoder *e, uint8_t *out, PyObject *dict, encode_form form)
{
    const encode_options *o = e->options;
    int exact = PyDict_CheckExact(dict), empty;
    if (LIKELY(exact)) empty = PyDict_GET_SIZE(dict) == 0;
    else if (o->as_generator) empty = before_python(e) ? -1 : PyObject_Not(dict);
    else empty = PyDict_GET_SIZE(dict) == 0;
    if (UNLIKELY(empty < 0)) return NULL;
    out = room(e, out, SLACK, form);
    if (UNLIKELY(out == NULL)) return NULL;
    out = put(e, out, '{', form);
    if (empty) return put(e, out, '}', form);
    if (UNLIKELY(path_push(e, dict))) return NULL;
    if (UNLIKELY(!exact && o->as_generator)) out = write_members_of_view(e, out, dict, form);
    else if (UNLIKELY(o->sort_keys && exact)) {
        int odd = 0;
        uint8_t *sorted = write_members_sorted(e, out, dict, &odd, form);
        out = odd ? write_members_listed(e, out, dict, form) : sorted;
    }
    else if (UNLIKELY(!exact)) out = write_members_listed(e, out, dict, form);
    else {
        walk w;
        w.dict = dict;
        w.position = 0;
        w.used = w.left = PyDict_GET_SIZE(dict);
        w.items = NULL;
        w.index = 0;
        out = write_members(e, out, &w, form);
        Py_XDECREF(w.items);
    }
    if (UNLIKELY(out == NULL) || UNLIKELY(path_pop(e, dict))) return NULL;
    return out;
}

static ALWAYS_INLINE uint8_t *write_item(encoder *e, uint8_t *out, PyObject *list, PyObject *item, Py_ssize_t index, encode_form form)
{
    const encode_options *o = e->options;
    out = room(e, out, SHORT_PIECE + SLACK, form);
    if (UNLIKELY(out == NULL)) return NULL;
    if (index && (out = put_piece(e, out, &o->item_separator, e->item_separator, form)) == NULL) return NULL;
    if (o->indented && (out = put_line(e, out, form)) == NULL) return NULL;
    out = write_value(e, out, item, form);
    if (UNLIKELY(out == NULL)) add_note(e, list, NULL, index);
    return out;
}

/* The items of a list subclass (or any iterable) as the stdlib's generator sees them. */
static uint8_t *write_items_of_iterator(encoder *e, uint8_t *out, PyObject *list, encode_form form)
{
    PyObject *iterator = PyObject_GetIter(list), *item;
    if (iterator == NULL) return NULL;
    Py_ssize_t i = 0;
    while (out != NULL && (item = PyIter_Next(iterator)) != NULL) {
        out = write_item(e, out, list, item, i++, form);
        Py_DECREF(item);
    }
    Py_DECREF(iterator);
    if (out == NULL || PyErr_Occurred()) return NULL;
    /* The generator writes the bracket together with the first item: a list that isn't empty but gives none has none. */
    return i > 0 ? out : out - bytes_of(e, 1, form);
}

/* A list, a tuple or a subclass's instance. The caller holds a reference. */
static ALWAYS_INLINE uint8_t *write_list(encoder *e, uint8_t *out, PyObject *list, encode_form form)
{
    const encode_options *o = e->options;
    int exact = PyList_CheckExact(list) || PyTuple_CheckExact(list), empty;
    PyObject *sequence = list;
    if (UNLIKELY(!exact) && before_python(e)) return NULL;
    if (LIKELY(exact)) empty = PySequence_Fast_GET_SIZE(list) == 0;
    else if (o->as_generator) empty = PyObject_Not(list);
    else {
        sequence = PySequence_Fast(list, "_iterencode_list needs a sequence");
        empty = sequence == NULL ? -1 : PySequence_Fast_GET_SIZE(sequence) == 0;
    }
    if (UNLIKELY(empty < 0)) return NULL;
    out = room(e, out, SLACK, form);
    if (UNLIKELY(out == NULL)) goto done;
    out = put(e, out, '[', form);
    if (empty) {
        out = put(e, out, ']', form);
        goto done;
    }
    if (UNLIKELY(path_push(e, list))) {
        out = NULL;
        goto done;
    }
    e->level++;
    if (UNLIKELY(!exact && o->as_generator)) out = write_items_of_iterator(e, out, list, form);
    else
        for (Py_ssize_t i = 0; i < PySequence_Fast_GET_SIZE(sequence); i++) { /* it may change meanwhile */
            out = write_item(e, out, list, PySequence_Fast_GET_ITEM(sequence, i), i, form);
            if (UNLIKELY(out == NULL)) break;
        }
    e->level--;
    if (UNLIKELY(out == NULL) || UNLIKELY(path_pop(e, list))) {
        out = NULL;
        goto done;
    }
    if (o->indented && (out = put_line(e, out, form)) == NULL) goto done;
    out = room(e, out, SLACK, form);
    if (LIKELY(out != NULL)) out = put(e, out, ']', form);
done:
    if (sequence != list) Py_DECREF(sequence);
    return out;
}

/* ---- everything else ---- */

/* What default() makes of an object that JSON has no form for. */
static uint8_t *write_default(encoder *e, uint8_t *out, PyObject *object, encode_form form)
{
    if (before_python(e) || path_push(e, object)) return NULL;
    PyObject *function = e->options->default_function, *made;
    if (function != NULL) made = PyObject_CallOneArg(function, object);
    else made = PyObject_CallMethod(e->state->default_encoder, "default", "(O)", object);
    if (made == NULL) return NULL;
    if (compat_enter(e->thread, " while encoding a JSON object")) out = NULL;
    else {
        out = write_value(e, out, made, form);
        compat_leave(e->thread);
        if (out == NULL) add_note(e, object, NULL, -1);
    }
    Py_DECREF(made);
    return out == NULL || path_pop(e, object) ? NULL : out;
}

static ALWAYS_INLINE uint8_t *write_container(encoder *e, uint8_t *out, PyObject *object, int is_dict, encode_form form)
{
    if (UNLIKELY(compat_enter(e->thread, " while encoding a JSON object"))) return NULL;
    out = is_dict ? write_dict(e, out, object, form) : write_list(e, out, object, form);
    compat_leave(e->thread);
    return out;
}

/* What isn't of one of JSON's own types. The caller holds a reference. */
static ALWAYS_INLINE uint8_t *write_other(encoder *e, uint8_t *out, PyObject *object, encode_form form)
{
    if (PyUnicode_Check(object)) return write_str(e, out, object, form);
    if (PyLong_Check(object)) return write_int(e, out, object, form);
    if (PyFloat_Check(object)) return write_float(e, out, object, form);
    if (PyList_Check(object) || PyTuple_Check(object)) return encode_list(e, out, object, form);
    if (compat_is_dict(object)) return encode_dict(e, out, object, form);
    return write_default(e, out, object, form);
}

static NOINLINE uint8_t *dict_ascii(encoder *e, uint8_t *out, PyObject *dict) { return write_container(e, out, dict, 1, ENCODE_ASCII); }
static NOINLINE uint8_t *dict_text(encoder *e, uint8_t *out, PyObject *dict) { return write_container(e, out, dict, 1, ENCODE_TEXT); }
static NOINLINE uint8_t *dict_utf8(encoder *e, uint8_t *out, PyObject *dict) { return write_container(e, out, dict, 1, ENCODE_UTF8); }
static NOINLINE uint8_t *list_ascii(encoder *e, uint8_t *out, PyObject *list) { return write_container(e, out, list, 0, ENCODE_ASCII); }
static NOINLINE uint8_t *list_text(encoder *e, uint8_t *out, PyObject *list) { return write_container(e, out, list, 0, ENCODE_TEXT); }
static NOINLINE uint8_t *list_utf8(encoder *e, uint8_t *out, PyObject *list) { return write_container(e, out, list, 0, ENCODE_UTF8); }
static NOINLINE uint8_t *other_ascii(encoder *e, uint8_t *out, PyObject *object) { return write_other(e, out, object, ENCODE_ASCII); }
static NOINLINE uint8_t *other_text(encoder *e, uint8_t *out, PyObject *object) { return write_other(e, out, object, ENCODE_TEXT); }
static NOINLINE uint8_t *other_utf8(encoder *e, uint8_t *out, PyObject *object) { return write_other(e, out, object, ENCODE_UTF8); }

static void shorten(uint8_t *to, const encode_piece *piece)
{
    if (piece->size <= SHORT_PIECE) memcpy(to, piece->text, (size_t)piece->size);
}

static int is_spaces(const encode_piece *piece)
{
    for (Py_ssize_t i = 0; i < piece->size; i++)
        if (piece->text[i] != ' ') return 0;
    return 1;
}

PyObject *encode_document(encode_state *state, const encode_options *options, PyObject *object)
{
    encoder e;
    e.state = state;
    e.options = options;
    e.thread = PyThreadState_Get();
    e.walks = NULL;
    e.level = e.depth = 0;
    e.markers = NULL;
    e.dict_layout_known = state->dict_layout_known;
    e.indent_is_spaces = is_spaces(&options->indent);
    shorten(e.item_separator, &options->item_separator);
    shorten(e.key_separator, &options->key_separator);
    uint8_t *out = buffer_start(&e.b, options->form == ENCODE_UTF8);
    if (options->form == ENCODE_ASCII) out = write_value(&e, out, object, ENCODE_ASCII);
    else if (options->form == ENCODE_TEXT) out = write_value(&e, out, object, ENCODE_TEXT);
    else out = write_value(&e, out, object, ENCODE_UTF8);
    Py_XDECREF(e.markers);
    if (out != NULL) return buffer_finish(&e.b, out);
    buffer_abandon(&e.b);
    return NULL;
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
