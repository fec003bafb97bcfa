/* Strings and keys. */

/* Find the end of the plain run of a string whose first character is at `start`: the position of the closing
 * quote, or of the first character that isn't plain. *all has a bit from 0x80 on where one is set that was passed. */
static ALWAYS_INLINE const uint8_t *plain_end(decoder *d, const uint8_t *start, text_form form, uint32_t *all) {
    *all = 0;
    if (form == TEXT_UTF8) return scan_plain_within(d->start, start, d->end);
    if (form == TEXT_LATIN1) return scan_plain_latin1(start, d->end, all);
    return scan_plain_wide(start, d->end, form_width(form), all);
}

/* As compose_string; *at becomes the position after it. */
static ALWAYS_INLINE PyObject *compose(decoder *d, const uint8_t *start, const uint8_t *p, const uint8_t **at,
                                       text_form form) {
#if defined(KERNELS_BY_TABLE)
    PyObject *str = BY_FORM(form, d->state->composers->compose)(d, start, p);
#else
    PyObject *str = BY_FORM(form, compose)(d, start, p);
#endif
    if (LIKELY(str != NULL)) *at = d->ended_at;
    return str;
}

/* Decode the string whose first character after the opening quote is at *at; *at becomes the position after the closing
 * one. */
static ALWAYS_INLINE PyObject *read_string(decoder *d, const uint8_t **at, text_form form) {
    const int width = form_width(form);
    uint32_t all;
    const uint8_t *start = *at, *p = plain_end(d, start, form, &all);
    if (UNLIKELY(scan_read(p, width) != '"')) return compose(d, start, p, at, form);
    *at = p + width;
    size_t n = (size_t)(p - start) / (size_t)width;
    if (width == 1 && LIKELY(all < 0x80)) return make_ascii(d, start, n);
    return make_str(d, start, d->end, n, width, all);
}

/* The cache of keys; NULL with MemoryError set. */
static ALWAYS_INLINE keycache *keys_of(decoder *d) {
#if COMPAT_HAS_GIL
    return keycache_take(&d->state->keys, d->thread);
#else
    if (UNLIKELY(d->keys == NULL)) d->keys = keycache_take(&d->state->keys, d->thread);
    return d->keys;
#endif
}

static ALWAYS_INLINE PyObject *cached_key(decoder *d, const uint8_t *p, size_t n) {
    keycache *keys = keys_of(d);
    return LIKELY(keys != NULL) ? keycache_get(keys, p, n) : NULL;
}

/* Give up a reference to a key for one to the equal key that this document had before, if it had one. */
static NOINLINE PyObject *share_key(decoder *d, PyObject *key) {
    PyObject *same = NULL;
    if (PyUnicode_GET_LENGTH(key) <= KEYCACHE_LONGEST) {
        keycache *keys = keys_of(d);
        if (LIKELY(keys != NULL)) return keycache_share(keys, key);
        Py_DECREF(key);
        return NULL;
    }
    if (d->long_keys != NULL || (d->long_keys = PyDict_New()) != NULL) {
        /* Not PyDict_SetDefault: where memory is short, 3.13's first ones give a key and set an exception. */
        same = PyDict_GetItemWithError(d->long_keys, key);
        if (same == NULL && !PyErr_Occurred() && PyDict_SetItem(d->long_keys, key, key) == 0) same = key;
    }
    Py_XINCREF(same);
    Py_DECREF(key);
    return same;
}

/* As read_string, for an object's key: equal keys of a document are one str. */
static ALWAYS_INLINE PyObject *read_key(decoder *d, const uint8_t **at, text_form form) {
    const int width = form_width(form);
    uint32_t all = 0;
    const uint8_t *start = *at, *p = width > 1 ? scan_plain(start, d->end, width, 0) : plain_end(d, start, form, &all);
    PyObject *key;
    if (UNLIKELY(scan_read(p, width) != '"')) key = compose(d, start, p, at, form);
    else {
        *at = p + width;
        size_t n = (size_t)(p - start) / (size_t)width;
        if (width == 1 && LIKELY(all < 0x80) && LIKELY(n - 1 < KEYCACHE_LONGEST)) return cached_key(d, start, n);
        if (width > 1 && n - 1 < KEYCACHE_LONGEST) {
            uint8_t narrow[KEYCACHE_LONGEST];
            if (scan_narrow_ascii(narrow, start, d->end, n, width)) return cached_key(d, narrow, n);
        }
        key = PyUnicode_FromKindAndData(width, start, (Py_ssize_t)n);
    }
    return key == NULL ? NULL : share_key(d, key);
}

/* The key at *at as a new reference, if it is the one that is expected next; *at becomes the position after it. NULL
 * otherwise, and nothing is expected any more. */
static ALWAYS_INLINE PyObject *expected_key(decoder *d, const uint8_t **at, text_form form) {
    const int width = form_width(form);
    const uint8_t *p = *at;
    guess *g = &d->guessed;
    if (LIKELY(g->next != g->end)) {
        PyObject *key = *g->next;
        size_t n = (size_t)PyUnicode_GET_LENGTH(key), bytes = n * (size_t)width;
        uint8_t narrow[KEYCACHE_LONGEST];
        CYJSON_ASSERT(compat_is_compact_ascii(key) && n >= 1 && n <= KEYCACHE_LONGEST);
        if ((size_t)(d->end - p) > bytes && scan_read(p + bytes, width) == '"' &&
            (width == 1 || scan_narrow_ascii(narrow, p, d->end, n, width)) &&
            keycache_same(compat_ascii_text(key), width == 1 ? p : narrow, n)) {
            g->next += 2;
            *at = p + bytes + width;
            return Py_NewRef(key);
        }
    }
    g->next = NULL;
    return NULL;
}
