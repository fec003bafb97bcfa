/* A document: what an encoder begins with, which writer it gets, and its end. */
#include "encode/encoder.h"
#include "kernels/number_format.h"

static void shorten(uint8_t *to, const encode_piece *piece) {
    if (LIKELY(piece->size == 1)) to[0] = (uint8_t)piece->text[0];
    else if (LIKELY(piece->size == 2)) memcpy(to, piece->text, 2);
    else if (piece->size <= SHORT_PIECE) memcpy(to, piece->text, (size_t)piece->size);
}

static int is_spaces(const encode_piece *piece) {
    if (piece->odd != NULL) return 0;
    for (Py_ssize_t i = 0; i < piece->size; i++)
        if (piece->text[i] != ' ') return 0;
    return 1;
}

#if CPU_HAS_LEVELS
uint8_t *encode_write_avx2(encoder *e, uint8_t *out, PyObject *object);
static uint8_t *(*const writers[CPU_LEVELS])(encoder *, uint8_t *, PyObject *) = {encode_write, encode_write_avx2,
                                                                                  encode_write_avx2};
#else
static uint8_t *(*const writers[CPU_LEVELS])(encoder *, uint8_t *, PyObject *) = {encode_write, encode_write,
                                                                                  encode_write};
#endif

uint8_t *encoder_write(encoder *e, uint8_t *out, PyObject *object) { return writers[e->state->cpu](e, out, object); }

/* A document that is but an int or an empty container needs no encoder: 1 with *result set, NULL where an exception is
 * set; 0 where it is something else. Sizes are read by the interpreter's macros: atomically, where other threads may
 * change them. */
static ALWAYS_INLINE int encode_lone_value(const encode_options *options, PyObject *object, PyObject **result) {
    PyTypeObject *type = Py_TYPE(object);
    uint8_t text[NUMBER_INT64_SPACE + 16];
    size_t n = 2;
    int32_t small;
    int64_t large;
    if (type == &PyDict_Type && PyDict_GET_SIZE(object) == 0) memcpy(text, "{}", 2);
    else if (type == &PyList_Type && PyList_GET_SIZE(object) == 0) memcpy(text, "[]", 2);
    else if (type == &PyLong_Type && compat_int_is_small(object, &small))
        n = (size_t)(number_format_int32(text, small) - text);
    else if (type == &PyLong_Type && compat_int_is_large(object, &large))
        n = (size_t)(number_format_int64(text, large) - text);
    else return 0;
    if (options->form == ENCODE_UTF8) *result = PyBytes_FromStringAndSize((char *)text, (Py_ssize_t)n);
    else if (n == 1) *result = PyUnicode_FromOrdinal(text[0]);
    else if ((*result = PyUnicode_New((Py_ssize_t)n, 0x7F)) != NULL) memcpy(PyUnicode_1BYTE_DATA(*result), text, n);
    return 1;
}

/* Whether commas and colons stand alone. */
static int is_compact(const encode_options *o) {
    return o->item_separator.size == 1 && o->item_separator.text[0] == ',' && o->key_separator.size == 1 &&
           o->key_separator.text[0] == ':';
}

/* Fill in what comes between two items, where it is short: whether it is. */
static ALWAYS_INLINE int set_between(uint8_t *between, const encode_options *o, int is_spaces) {
    enum { SHORT_SEPARATOR = SHORT_PIECE / 2 };
    const encode_piece *indent = &o->indent;
    size_t n = (size_t)o->item_separator.size;
    if (n > SHORT_SEPARATOR || (o->indented && indent->size > BETWEEN)) return 0;
    if (o->indented) {
        memset(between, ' ', BETWEEN);
        between[n++] = '\n';
        for (size_t i = 0; !is_spaces && indent->size > 0 && n < BETWEEN; i++)
            between[n++] = (uint8_t)indent->text[i % (size_t)indent->size];
    }
    shorten(between, &o->item_separator);
    return 1;
}

uint8_t *encoder_init(encoder *e, encode_state *state, const encode_options *options, size_t expected) {
    int flushes = options->sink != NULL;
    e->state = state;
    e->format_double = state->kernels->number_format_double;
    e->options = options;
    e->thread = PyThreadState_Get();
    e->disturbances = 0;
    e->python_ran = 0;
    e->default_calls = 0;
    e->plans_fresh = e->token_checked = 0;
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
    shorten(e->key_separator, &options->key_separator);
    e->flush_size = flushes ? ENCODE_CHUNK : SIZE_MAX;
    e->between_holds = set_between(e->between, options, e->indent_is_spaces);
    const int plain = e->between_holds && options->key_separator.size <= SHORT_PIECE && !flushes &&
                      !options->indented && !options->as_generator &&
                      (options->form != ENCODE_UTF8 || is_compact(options));
    e->plain = plain ? PLAIN : NOT_PLAIN;
    const int dicts_are_plain = plain && e->dict_layout_known && !(options->orjson & ORJSON_NON_STR_KEYS);
    e->plain_dicts = !dicts_are_plain ? DICTS_NOT_PLAIN : options->sort_keys ? DICTS_PLAIN_SORTED : DICTS_PLAIN;
    e->long_str = flushes ? ENCODE_CHUNK / 4 : PY_SSIZE_T_MAX;
    e->in_long_str = 0;
    uint8_t *out = output_start(&e->text, options->form == ENCODE_UTF8, expected);
    encoder_mark_full(e);
    return out;
}

void encoder_free(encoder *e) {
    if (LIKELY(e->path == e->shallow_path && e->sorted == NULL && e->places == NULL))
        return; /* three calls for nothing */
    PyMem_Free(e->sorted); /* spent: at the end nothing is under way */
    if (e->path != e->shallow_path) PyMem_Free(e->path);
    PyMem_Free(e->places);
}

/* The end of a document that failed (NULL), went to a sink, or has odd pieces. */
static NOINLINE PyObject *finish_unusual(encoder *e, uint8_t *out) {
    PyObject *result = NULL;
    if (out == NULL) {
        encoder_end_generator(e);
        encoder_add_place(e);
        Py_XDECREF(e->place); /* there is one in failure only */
        if (e->options->orjson && PyErr_ExceptionMatches(PyExc_UnicodeEncodeError))
            PyErr_SetString(PyExc_TypeError, "str is not valid UTF-8: surrogates not allowed");
    } else if (e->options->sink != NULL) result = encoder_flush(e, out) == NULL ? NULL : Py_NewRef(Py_None);
    else result = encoder_text(e, out);
    output_abandon(&e->text);
    return result;
}

static NOINLINE PyObject *encode_any(encode_state *state, const encode_options *options, PyObject *object) {
    encoder e;
    uint8_t *out = encoder_init(&e, state, options, (size_t)compat_load_size(&state->last_size));
    if (UNLIKELY(options->widest != 0)) out = encoder_prewiden(&e, out);
    if (LIKELY(out != NULL)) out = writers[state->cpu](&e, out, object);
    CYJSON_ASSERT(out == NULL || (e.depth == 0 && e.level == 0 && e.walks == NULL && e.sorted_used == 0));
    CYJSON_ASSERT(out == NULL || (out >= e.text.start && out <= e.text.limit));
    encoder_free(&e);
    if (UNLIKELY(out == NULL) || UNLIKELY(options->sink != NULL)) return finish_unusual(&e, out);
    if (UNLIKELY(options->orjson & ORJSON_APPEND_NEWLINE)) *out++ = '\n'; /* in the margin */
    /* Without a GIL small documents, of which nobody needs to know, don't have threads contend for the place. */
    if (COMPAT_HAS_GIL || e.text.object != NULL) compat_store_size(&state->last_size, out - e.text.start);
    return LIKELY(options->widest == 0) ? output_finish(&e.text, out) : finish_unusual(&e, out);
}

PyObject *encode_orjson_document(encode_state *state, const encode_options *options, PyObject *object) {
    return encode_any(state, options, object);
}

/* Whether encode() of the stdlib's, which dump() doesn't call, takes a document for a str that isn't one: -1 with an
 * exception set. */
static int claims_to_be_str(const encode_state *state, const encode_options *options, PyObject *object) {
    PyTypeObject *type = Py_TYPE(object);
    PyObject *name = state->class_name;
    if (PyUnicode_Check(object) || (options->as_generator && options->sink != NULL) || name == NULL) return 0;
    if (type->tp_getattro == PyObject_GenericGetAttr && _PyType_Lookup(type, name) == state->class_slot) return 0;
    return PyObject_IsInstance(object, (PyObject *)&PyUnicode_Type);
}

/* A document whose root isn't exactly a dict or a list. */
static NOINLINE PyObject *encode_odd_root(encode_state *state, const encode_options *options, PyObject *object) {
    int claims = options->plans != NULL ? 0 : claims_to_be_str(state, options, object);
    if (claims != 0)
        return claims < 0 ? NULL : encoder_claimed_text(state, options, object); /* which raises TypeError */
    return encode_any(state, options, object);
}

/* The one array, encode_lone_value's, is as long as number_format_int64 may write, whatever the number. */
NO_STACK_PROTECTOR PyObject *encode_document(encode_state *state, const encode_options *options, PyObject *object) {
    PyObject *result;
    if (options->sink == NULL && encode_lone_value(options, object, &result)) return result;
    if (LIKELY(PyDict_CheckExact(object)) || LIKELY(PyList_CheckExact(object)))
        return encode_any(state, options, object);
    return encode_odd_root(state, options, object);
}

int encode_state_traverse(encode_state *state, visitproc visit, void *arg) {
    PyObject **orjson = (PyObject **)&state->orjson;
    for (Py_ssize_t i = 0; i < ENCODE_ORJSON_OBJECTS; i++) Py_VISIT(orjson[i]);
    Py_VISIT(state->default_encoder);
    Py_VISIT(state->strict_encoder);
    Py_VISIT(state->unpack_pair);
    Py_VISIT(state->class_name);
    Py_VISIT(state->class_slot);
    return 0;
}

void encode_state_clear(encode_state *state) {
    PyObject **orjson = (PyObject **)&state->orjson;
    for (Py_ssize_t i = 0; i < ENCODE_ORJSON_OBJECTS; i++) Py_CLEAR(orjson[i]);
    Py_CLEAR(state->default_encoder);
    Py_CLEAR(state->strict_encoder);
    Py_CLEAR(state->unpack_pair);
    Py_CLEAR(state->class_name);
    Py_CLEAR(state->class_slot);
}
