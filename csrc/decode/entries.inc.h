/* What the rest of the extension calls: documents, values, items, strings. */

/* Decode the value at *at (if `whole`, with nothing but white space before and after it). */
static ALWAYS_INLINE PyObject *decode_text(decoder *d, const uint8_t **at, text_form form, int whole) {
    const int width = form_width(form);
    if (whole) *at = scan_space(*at, d->end, width);
    d->start = *at;
    decoder_prepare_for_many(d);
    int failed = BY_FORM(form, read_value)(d, at);
    PyObject *result = NULL;
    if (!failed && (!whole || *at == d->end || scan_space(*at, d->end, width) == d->end)) result = *--d->values_top;
    compat_gc_resume(d->gc_paused);
    decoder_end(d);
    return result;
}

/* Decode a document of bytes or ASCII that is just a number or an empty container, without hooks: that needs no
 * decoder. *value is a new reference where the outcome is DONE, and otherwise NULL. */
static ALWAYS_INLINE outcome read_lone_value(decode_state *state, const decode_options *options, const uint8_t *p,
                                             Py_ssize_t size, PyObject **value) {
    uint32_t last = 0;
    *value = NULL;
    if (size == 2 && p[0] == '{' && p[1] == '}') *value = options->ordered ? PyODict_New() : PyDict_New();
    else if (size == 2 && p[0] == '[' && p[1] == ']') *value = options->tuples ? PyTuple_New(0) : PyList_New(0);
    else if (number_is_digit(p[0]) && read_last_int(options, p, p + size, &last) == p + size)
        *value = compat_int_from(last, state->small_ints, 1);
    else if (size < LONE_NUMBER && (number_is_digit(p[0]) || p[0] == '-')) {
        decoder d;
        const uint8_t *stop;
        d.state = state; /* all that a number asks of it */
        d.options = options;
        d.gc_paused = 0;
        d.watched = 1;
        d.expects_fraction = NULL;
        *value = read_number_bytes(&d, NULL, p, p + size, &stop);
        if (UNLIKELY(*value == NULL)) return PyErr_Occurred() ? FAILED : LEFT;
        if (UNLIKELY(stop != p + size)) {
            Py_CLEAR(*value);
            return LEFT;
        }
    } else return LEFT;
    return LIKELY(*value != NULL) ? DONE : FAILED;
}

#if COMPAT_HAS_GIL
/* As read_lone_value, of an object with one short plain name and an int of up to six digits or a word: what a decoder
 * takes longer to begin with than to read. */
static ALWAYS_INLINE outcome read_lone_member(decode_state *state, const decode_options *options, const uint8_t *p,
                                              Py_ssize_t size, PyObject **made) {
    enum { LONGEST_NAME = 16, LEAST = sizeof "{\"\":1}", LONGEST = LEAST - 2 + LONGEST_NAME + 5 };
    const uint8_t *name = p + 2, *q = name, *end = p + size;
    uint32_t last;
    *made = NULL;
    if ((size_t)(size - LEAST) > LONGEST - LEAST || p[0] != '{' || p[1] != '"' || options->runs_python ||
        options->ordered)
        return LEFT;
    while ((uint8_t)(*q - ' ') < 0x80 - ' ' && *q != '"' && *q != '\\') q++;
    const size_t n = (size_t)(q - name);
    if (q[0] != '"' || q[1] != ':' || n - 1 >= LONGEST_NAME || end[-1] != '}') return LEFT;
    const uint8_t *value = q + 2;
    const ptrdiff_t length = end - 1 - value;
    PyObject *items[2] = {NULL, NULL};
    if (read_last_int(options, value, end, &last) == end - 1)
        items[1] = compat_int_from(last, state->small_ints, compat_new_objects_are_watched());
    else if (length == 4 && stands_at(value, "true", 1)) items[1] = compat_singleton(Py_True);
    else if (length == 4 && stands_at(value, "null", 1)) items[1] = compat_singleton(Py_None);
    else if (length == 5 && stands_at(value, "false", 1)) items[1] = compat_singleton(Py_False);
    else return LEFT;
    if (UNLIKELY(items[1] == NULL)) return FAILED;
    items[0] = keycache_get(keycache_take(&state->keys, NULL), name, n);
    if (LIKELY(items[0] != NULL)) *made = compat_dict_from(items, 1);
    if (LIKELY(*made != NULL)) return DONE;
    Py_XDECREF(items[0]);
    Py_DECREF(items[1]);
    return FAILED;
}
#endif

static NOINLINE PyObject *decode_utf8(decode_state *state, const decode_options *options, const uint8_t *data,
                                      Py_ssize_t size) {
    decoder d;
    first_space space;
    decoder_start(&d, state, options, NULL, &space);
    d.end = data + size;
    return decode_text(&d, &data, TEXT_UTF8, 1);
}

/* A lone number's decoder holds the options, nothing else: none of its arrays is there to be written to. */
static NO_STACK_PROTECTOR PyObject *entry_utf8(decode_state *state, const decode_options *options, const uint8_t *data,
                                               Py_ssize_t size) {
    PyObject *value;
    if (read_lone_value(state, options, data, size, &value) != LEFT) return value;
#if COMPAT_HAS_GIL
    if (read_lone_member(state, options, data, size, &value) != LEFT) return value;
#endif
    return decode_utf8(state, options, data, size);
}

static PyObject *entry_utf8_at(decode_state *state, const decode_options *options, const uint8_t *data, Py_ssize_t size,
                               Py_ssize_t *index) {
    decoder d;
    first_space space;
    const uint8_t *p = data + *index;
    PyObject *result = NULL;
    decoder_start(&d, state, options, NULL, &space);
    d.start = p;
    d.end = data + size;
    if (*p == '{' || *p == '[') result = decode_text(&d, &p, TEXT_UTF8, 0);
    else { /* spared what pays for containers only */
        if (!read_value_utf8(&d, &p)) result = *--d.values_top;
        decoder_end(&d);
    }
    *index = p - data;
    return result;
}

/* The key that stands at *at, pushed on the value stack; *at becomes the position of its value. -1 where none stands
 * there. */
static ALWAYS_INLINE int push_key(decoder *d, const uint8_t **at) {
    if (**at != '"') return -1;
    const uint8_t *p = *at + 1;
    PyObject *key = read_key(d, &p, TEXT_UTF8);
    if (key == NULL || push(d, &d->values_top, key)) return -1;
    p = scan_space(p, d->end, 1);
    if (*p != ':') return -1;
    *at = scan_space(p + 1, d->end, 1);
    return 0;
}

static PyObject *entry_utf8_items(decode_state *state, const decode_options *options, const uint8_t *data,
                                  Py_ssize_t size, Py_ssize_t *index, Py_ssize_t enough, int final, int members) {
    enum { LONGEST_BEGINNING = 3 }; /* of what may go on a number: "e+1" */
    decoder d;
    first_space space;
    const uint8_t *p = data + *index, *first = p, *behind = p;
    Py_ssize_t n = 0;
    decoder_start(&d, state, options, NULL, &space);
    d.start = p;
    d.end = data + size;
    decoder_prepare_for_many(&d);
    for (;;) {
        if (members && push_key(&d, &p)) break;
        int numeric = number_is_digit(*p) || *p == '-';
        if (read_value_utf8(&d, &p)) break;
        if (UNLIKELY(numeric && d.end - p < LONGEST_BEGINNING && !final)) break;
        behind = p;
        n++;
        if (p - first >= enough) break;
        p = scan_space(p, d.end, 1);
        if (*p != ',') break;
        p = scan_space(p + 1, d.end, 1);
    }
    *index = behind - data;
    PyObject *list = NULL;
    if (members && !d.gc_paused)
        d.gc_paused = compat_gc_pause(0); /* a finaliser could look at the list before it is full */
    if (!PyErr_Occurred() || !PyErr_ExceptionMatches(PyExc_MemoryError)) {
        PyErr_Clear(); /* the value that is to blame comes next */
        list = compat_list_new(n);
    }
    for (Py_ssize_t i = 0; list != NULL && members && i < n; i++) {
        PyObject *pair = PyTuple_Pack(2, d.values[2 * i], d.values[2 * i + 1]);
        if (pair == NULL) Py_CLEAR(list);
        else PyList_SET_ITEM(list, i, pair);
    }
    if (list != NULL && !members) { /* no container is open above these values: they are where they were put */
        for (Py_ssize_t i = 0; i < n; i++) PyList_SET_ITEM(list, i, d.values[i]);
        memmove(d.values, d.values + n, (size_t)(d.values_top - d.values - n) * sizeof *d.values);
        d.values_top -= n;
    }
    compat_gc_resume(d.gc_paused);
    decoder_end(&d);
    return list;
}

static NOINLINE PyObject *decode_str(decode_state *state, const decode_options *options, PyObject *text,
                                     Py_ssize_t *index, int whole) {
    decoder d;
    first_space space;
    decoder_start(&d, state, options, text, &space);
    int width = PyUnicode_KIND(text);
    const uint8_t *data = PyUnicode_DATA(text), *p = data + *index * width;
    d.end = data + PyUnicode_GET_LENGTH(text) * width;
    PyObject *result;
    if (PyUnicode_IS_ASCII(text))
        result = decode_text(&d, &p, TEXT_UTF8, whole); /* which takes no second look at what it composed */
    else if (width == 1) result = decode_text(&d, &p, TEXT_LATIN1, whole);
    else result = width == 2 ? decode_text(&d, &p, TEXT_UCS2, whole) : decode_text(&d, &p, TEXT_UCS4, whole);
    *index = (Py_ssize_t)scan_characters((size_t)(p - data), width);
    return result;
}

static PyObject *entry_str(decode_state *state, const decode_options *options, PyObject *text) {
    Py_ssize_t index = 0, size;
    /* Where no Python code runs, nobody asks for the text. */
    if (!options->runs_python) {
        if (PyUnicode_IS_ASCII(text))
            return entry_utf8(state, options, PyUnicode_DATA(text), PyUnicode_GET_LENGTH(text));
        /* Some have asked for the UTF-8 of a text before: that is fewer bytes, and what is ASCII in it needs no
         * narrowing. */
        const uint8_t *utf8 = compat_cached_utf8(text, &size);
        if (utf8 != NULL) return decode_utf8(state, options, utf8, size);
    }
    return decode_str(state, options, text, &index, 1);
}

static PyObject *entry_str_at(decode_state *state, const decode_options *options, PyObject *text, Py_ssize_t *index) {
    return decode_str(state, options, text, index, 0);
}
