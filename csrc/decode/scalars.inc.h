/* Numbers and constants. */

static NOINLINE PyObject *integer_from_text(const uint8_t *p, size_t n) {
    char local[64], *copy = n < sizeof local ? local : PyMem_Malloc(n + 1);
    if (copy == NULL) return PyErr_NoMemory();
    memcpy(copy, p, n);
    copy[n] = 0;
    PyObject *integer = PyLong_FromString(copy, NULL, 10); /* keeps the interpreter's limit on digits */
    if (copy != local) PyMem_Free(copy);
    return integer;
}

/* An int past 63 bits as orjson has it: of 64 bits, or else a float; NULL without an exception where that is infinite.
 */
static NOINLINE PyObject *orjson_large_integer(decoder *d, const uint8_t *p, size_t n) {
    const uint64_t negative = *p == '-';
    const uint8_t *digits = p + negative;
    const size_t count = n - negative;
    uint64_t value = 0;
    if (!negative && count <= 20) {
        size_t i = 0;
        for (; i < 19; i++) value = value * 10 + (uint64_t)(digits[i] - '0'); /* what isn't of 63 bits has so many */
        if (count == 19) return PyLong_FromUnsignedLongLong(value);
        uint64_t last = (uint64_t)(digits[i] - '0');
        if (value < UINT64_MAX / 10 || (value == UINT64_MAX / 10 && last <= UINT64_MAX % 10))
            return PyLong_FromUnsignedLongLong(value * 10 + last);
    }
    double real = number_from_bits(negative << 63 | number_round_long(digits, (int64_t)count, 0));
    return real - real == 0 ? compat_float_from(real, d->watched) : NULL;
}

static NOINLINE PyObject *large_integer(decoder *d, const uint8_t *p, size_t n) {
    if (UNLIKELY(d->options->as_orjson)) return orjson_large_integer(d, p, n);
    PyObject *integer = integer_from_text(p, n);
    d->watched = compat_new_objects_are_watched(); /* from 3.12 on large ones are made by Python code */
    return integer;
}

static NOINLINE PyObject *call_with_text(decoder *d, PyObject *hook, const uint8_t *ascii, size_t n) {
    return call_hook(d, hook, PyUnicode_FromKindAndData(PyUnicode_1BYTE_KIND, ascii, (Py_ssize_t)n));
}

/* A float where the options have a say. */
static NOINLINE PyObject *odd_float(decoder *d, const uint8_t *p, const number *parsed) {
    if (d->options->parse_float != NULL)
        return call_with_text(d, d->options->parse_float, p, (size_t)(parsed->end - p));
    return parsed->real - parsed->real == 0 ? compat_float_from(parsed->real, d->watched) : NULL;
}

/* What the number is that number_parse read at p. */
static ALWAYS_INLINE PyObject *make_number(decoder *d, const uint8_t *p, number_kind kind, const number *parsed) {
    switch (kind) {
    case NUMBER_INT:
        if (UNLIKELY(d->options->parse_int != NULL)) break;
        return compat_int_from(parsed->integer, d->state->small_ints, d->watched);
    case NUMBER_DOUBLE:
        if (UNLIKELY(d->options->odd_floats)) return odd_float(d, p, parsed);
        return compat_float_from(parsed->real, d->watched);
    case NUMBER_BIG:
        if (UNLIKELY(d->options->parse_int != NULL)) break;
        return large_integer(d, p, (size_t)(parsed->end - p));
    case NUMBER_INVALID: return NULL;
    }
    return call_with_text(d, d->options->parse_int, p, (size_t)(parsed->end - p));
}

/* Decode the number at p, in bytes (of a text that begins at start, or NULL); *end becomes the position after it. */
static ALWAYS_INLINE PyObject *read_number_bytes(decoder *d, const uint8_t *start, const uint8_t *p,
                                                 const uint8_t *limit, const uint8_t **end) {
    number parsed;
    number_kind kind = number_parse(p, limit, d->expects_fraction, &parsed);
    d->expects_fraction = kind == NUMBER_DOUBLE ? start : NULL;
    *end = parsed.end;
    return make_number(d, p, kind, &parsed);
}

/* As read_number_bytes, for a number in wider characters, which are all ASCII. d->ended_at becomes the position after
 * it. */
static NOINLINE PyObject *read_number_wide(decoder *d, const uint8_t *start, int width) {
    const uint8_t *p = start, *stop;
    uint8_t local[64], *narrow = local;
    size_t n = 0;
    for (uint32_t c;
         c = scan_read(p, width), (c >= '0' && c <= '9') || c == '-' || c == '+' || c == '.' || c == 'e' || c == 'E';
         p += width, n++)
        if (LIKELY(n < sizeof local)) local[n] = (uint8_t)c;
    if (UNLIKELY(n >= sizeof local)) {
        if ((narrow = PyMem_Malloc(n + 1)) == NULL) return PyErr_NoMemory();
        for (size_t i = 0; i < n; i++) narrow[i] = (uint8_t)scan_read(start + i * (size_t)width, width);
    }
    narrow[n] = 0;
    PyObject *value = read_number_bytes(d, NULL, narrow, narrow + n, &stop);
    if (value != NULL) d->ended_at = start + (stop - narrow) * width;
    if (narrow != local) PyMem_Free(narrow);
    return value;
}

static ALWAYS_INLINE PyObject *read_number(decoder *d, const uint8_t **at, text_form form) {
    if (form_width(form) == 1) return read_number_bytes(d, d->start, *at, d->end, at);
    PyObject *value = read_number_wide(d, *at, form_width(form));
    if (LIKELY(value != NULL)) *at = d->ended_at;
    return value;
}

/* Read an int of less than eight digits near the end of the text, digit by digit: its end, or NULL where it
 * is something else, or there is a hook. */
static ALWAYS_INLINE const uint8_t *read_last_int(const decode_options *options, const uint8_t *p, const uint8_t *end,
                                                  uint32_t *value) {
    const uint8_t *first = p;
    uint32_t n = 0;
    if (UNLIKELY(options->parse_int != NULL) || end - p >= 8) return NULL;
    for (; number_is_digit(*p); p++) n = n * 10 + (uint32_t)(*p - '0');
    if (UNLIKELY(*p == '.') || UNLIKELY((*p | 0x20) == 'e') || UNLIKELY((*first == '0') & (p - first > 1))) return NULL;
    *value = n;
    return p > first ? p : NULL;
}

/* Whether the ASCII word stands at p. Stops at the zero at end, so it reads no further. */
static ALWAYS_INLINE int stands_at(const uint8_t *p, const char *word, int width) {
    for (; *word; word++, p += width)
        if (scan_read(p, width) != (uint8_t)*word) return 0;
    return 1;
}

static NOINLINE PyObject *constant(decoder *d, const char *name, PyObject *value) {
    if (d->options->finite) return NULL;
    if (d->options->parse_constant == NULL) return Py_NewRef(value);
    return call_hook(d, d->options->parse_constant, PyUnicode_InternFromString(name));
}

/* null, true, false, NaN, Infinity, -Infinity or a number; NULL without an exception where it is none of them. */
static ALWAYS_INLINE PyObject *read_scalar(decoder *d, const uint8_t **at, text_form form) {
    const int width = form_width(form);
    const uint8_t *p = *at;
    const uint32_t c = scan_read(p, width);
    if (width == 1 && LIKELY(d->end - p >= 8)) {
        /* The two that can't be predicted: how many digits an int has, and which of null and true it is. False has a
         * branch, though: one letter more would have the next value wait for it. */
        uint64_t text = load_8(p), digits = text ^ NUMBER_ASCII_ZEROS;
        if (c < 'a' && d->expects_fraction != NULL) {
        } else if (LIKELY(c - '0' <= 9)) {
            unsigned n = count_trailing_zeros(number_non_digits(digits) | (uint64_t)1 << 63) / 8;
            uint8_t behind = p[n];
            if (LIKELY(n < 7) && behind != '.' && (behind | 0x20) != 'e' && LIKELY((c != '0') | (n == 1)) &&
                LIKELY(d->options->parse_int == NULL)) {
                *at = p + n;
                return compat_int_from((int64_t)number_join_first(digits, n), d->state->small_ints, d->watched);
            }
        } else if (c >= 'a') {
            int is_null = (uint32_t)text == load_4("null"), is_true = (uint32_t)text == load_4("true");
            if (c == 'f') {
                if (LIKELY((uint32_t)(text >> 8) == load_4("alse"))) {
                    *at = p + 5;
                    return compat_singleton(Py_False);
                }
            } else if (LIKELY(opaque(is_null | is_true))) {
                *at = p + 4;
                return compat_singleton(d->state->words[is_true]);
            }
        }
    } else if (width == 1 && c - '0' <= 9) {
        uint32_t last;
        const uint8_t *stop = read_last_int(d->options, p, d->end, &last);
        if (LIKELY(stop != NULL)) {
            *at = stop;
            return compat_int_from(last, d->state->small_ints, d->watched);
        }
    }
    if (LIKELY(c - '-' <= (uint32_t)('9' - '-'))) { /* a sign can't be predicted, so it gets no branch of its own */
        PyObject *number = read_number(d, at, form);
        if (LIKELY(number != NULL)) return number;
        if (c != '-' || PyErr_Occurred() || !stands_at(p, "-Infinity", width)) return NULL;
        *at = p + 9 * width;
        return constant(d, "-Infinity", d->state->minus_infinity);
    }
    switch (c) {
    case 'n':
        if (!stands_at(p, "null", width)) return NULL;
        *at = p + 4 * width;
        return compat_singleton(Py_None);
    case 't':
        if (!stands_at(p, "true", width)) return NULL;
        *at = p + 4 * width;
        return compat_singleton(Py_True);
    case 'f':
        if (!stands_at(p, "false", width)) return NULL;
        *at = p + 5 * width;
        return compat_singleton(Py_False);
    case 'N':
        if (!stands_at(p, "NaN", width)) return NULL;
        *at = p + 3 * width;
        return constant(d, "NaN", d->state->nan);
    case 'I':
        if (!stands_at(p, "Infinity", width)) return NULL;
        *at = p + 8 * width;
        return constant(d, "Infinity", d->state->infinity);
    }
    return NULL;
}
