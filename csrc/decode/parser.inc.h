/* The parser: one loop over values, whose containers are on a stack of its own. */

/* Decode the value at *at and push it on the value stack; *at becomes the position after it. 0, or -1. */
static ALWAYS_INLINE int read_value(decoder *d, const uint8_t **at, text_form form) {
    const int width = form_width(form);
    const uint8_t *p = *at, *const end = d->end;
    PyObject *value, **top = d->values_top;
    uint32_t c;
    enum { NOTHING, ARRAY, OBJECT } inside = NOTHING; /* kept at hand: of what the innermost container is */
    HIDE_VALUES_TOP(d, &top);

value:
    c = scan_read(p, width);
    if (c == '"') {
        p += width;
        value = read_string(d, &p, form);
        if (UNLIKELY(value == NULL) || UNLIKELY(push(d, &top, value))) goto failed;
    } else if (c == '{') {
        if (UNLIKELY(open_container(d, top, 1))) goto failed;
        inside = OBJECT;
        p = scan_space(p + width, end, width);
        if (scan_read(p, width) == '"') goto key;
        if (scan_read(p, width) != '}') goto failed;
        p += width;
        goto end_of_object;
    } else if (c == '[') {
        if (UNLIKELY(open_container(d, top, 0))) goto failed;
        inside = ARRAY;
        p = scan_space(p + width, end, width);
        if (scan_read(p, width) != ']') goto value;
        p += width;
        goto end_of_array;
    } else {
        value = read_scalar(d, &p, form);
        if (UNLIKELY(value == NULL) || UNLIKELY(push(d, &top, value))) goto failed;
    }

after_value:
    if (UNLIKELY(inside == NOTHING)) {
        CYJSON_ASSERT(d->depth == 0 && top > d->values);
        *at = p;
        d->values_top = top;
        return 0;
    }
    p = scan_space(p, end, width);
    c = scan_read(p, width);
    if (inside == OBJECT) {
        if (LIKELY(c == ',')) {
            p = scan_space(p + width, end, width);
            if (UNLIKELY(scan_read(p, width) != '"')) goto failed;
            goto key;
        }
        if (UNLIKELY(c != '}')) goto failed;
        p += width;
        goto end_of_object;
    }
    if (LIKELY(c == ',')) {
        p = scan_space(p + width, end, width);
        goto value;
    }
    if (UNLIKELY(c != ']')) goto failed;
    p += width;

end_of_array:
    if (UNLIKELY(close_container(d, &top, 0))) goto failed;
    inside = d->depth == 0 ? NOTHING : d->frames[d->depth - 1].is_object ? OBJECT : ARRAY;
    goto after_value;

end_of_object:
    if (UNLIKELY(close_container(d, &top, 1))) goto failed;
    inside = d->depth == 0 ? NOTHING : d->frames[d->depth - 1].is_object ? OBJECT : ARRAY;
    goto after_value;

key:
    p += width;
    value = LIKELY(d->guessed.next != NULL) ? expected_key(d, &p, form) : NULL;
    if (value == NULL) value = read_key(d, &p, form);
    if (UNLIKELY(value == NULL) || UNLIKELY(push(d, &top, value))) goto failed;
    p = scan_space(p, end, width);
    if (UNLIKELY(scan_read(p, width) != ':')) goto failed;
    p = scan_space(p + width, end, width);
    goto value;

failed:
    d->values_top = top;
    return -1;
}

static NOINLINE int read_value_utf8(decoder *d, const uint8_t **at) { return read_value(d, at, TEXT_UTF8); }
static NOINLINE int read_value_latin1(decoder *d, const uint8_t **at) { return read_value(d, at, TEXT_LATIN1); }
static NOINLINE int read_value_ucs2(decoder *d, const uint8_t **at) { return read_value(d, at, TEXT_UCS2); }
static NOINLINE int read_value_ucs4(decoder *d, const uint8_t **at) { return read_value(d, at, TEXT_UCS4); }
