/* Text -> objects of a type: see typed.h. UTF-8 only; a str that isn't ASCII comes here encoded. */
#include "decode/typed.h"
#include "kernels/moments.h"
#include "kernels/skip.h"

/* A value and the position after it. The value is NULL with an exception set, or without one where the text isn't JSON,
 * isn't of the type, or is left to _decoding.py. */
typedef struct {
    PyObject *value;
    const uint8_t *end;
} typed_result;

/* One run: what a decoder has, and the plan. The decoder comes first, so that its functions may be called. */
typedef struct {
    decoder d;
    const typed_plan *plan;
    int levels;
    int undecided; /* whether a value was refused that _decoding.py may take: no other node may be asked for it */
    size_t twice; /* bytes that may yet be read twice */
} typed_run;

/* Read the value at p as a node says. */
typedef typed_result typed_reader(typed_run *run, const typed_node *node, const uint8_t *p);

static typed_reader *const typed_readers[TYPED_ALL_KINDS];

/* By a table: what a function between would do itself would cost every value the saving of registers. */
static ALWAYS_INLINE typed_result read_typed(typed_run *run, const typed_node *node, const uint8_t *p) {
    return typed_readers[node->kind](run, node, p);
}

static ALWAYS_INLINE typed_result typed_done(PyObject *value, const uint8_t *end) { return (typed_result){value, end}; }
static ALWAYS_INLINE typed_result typed_refused(void) { return (typed_result){NULL, NULL}; }

/* Refuse a value that only _decoding.py can decide on. */
static typed_result typed_undecided(typed_run *run) {
    run->undecided = 1;
    return typed_refused();
}

/* ---- Python code ---- */

static void typed_before_python(typed_run *run) { compat_gc_resume(run->d.gc_paused); }
static void typed_after_python(typed_run *run) {
    if (run->d.gc_paused) run->d.gc_paused = compat_gc_pause(1);
    run->d.watched = compat_new_objects_are_watched();
}

/* Where what was called for a value raised: the exceptions that stand for a mismatch are cleared. */
static NOINLINE typed_result typed_raised(int format) {
    if (PyErr_Occurred() == NULL) return typed_refused();
    if (PyErr_ExceptionMatches(PyExc_ValueError) ||
        (format ? PyErr_ExceptionMatches(PyExc_ArithmeticError) || PyErr_ExceptionMatches(PyExc_LookupError) ||
                      PyErr_ExceptionMatches(PyExc_OSError)
                : PyErr_ExceptionMatches(PyExc_TypeError) || PyErr_ExceptionMatches(PyExc_AssertionError)))
        PyErr_Clear();
    return typed_refused();
}

/* What a function makes of a value, whose reference is taken over. */
static NOINLINE typed_result typed_converted(typed_run *run, PyObject *function, PyObject *value, const uint8_t *end) {
    typed_before_python(run);
    PyObject *result = PyObject_CallOneArg(function, value);
    Py_DECREF(value);
    typed_after_python(run);
    return LIKELY(result != NULL) ? typed_done(result, end) : typed_raised(0);
}

/* ---- Levels ---- */

static ALWAYS_INLINE int typed_enter(typed_run *run) {
    if (UNLIKELY(run->levels >= DEEP)) return -1;
#if COMPAT_COUNTS_RECURSION
    int too_deep = compat_enter(run->d.thread, "");
#else
    int too_deep = Py_EnterRecursiveCall("");
#endif
    if (UNLIKELY(too_deep)) {
        PyErr_Clear(); /* _decoding.py says so, or takes it */
        return -1;
    }
    run->levels++;
    return 0;
}
static ALWAYS_INLINE void typed_leave(typed_run *run) {
    run->levels--;
#if COMPAT_COUNTS_RECURSION
    compat_leave(run->d.thread);
#else
    Py_LeaveRecursiveCall();
#endif
}

/* ---- The value stack ---- */

/* Make room for n values that are NULL: where they begin, as an index into d->values; -1 with MemoryError set. */
static ALWAYS_INLINE Py_ssize_t typed_reserve(decoder *d, Py_ssize_t n) {
    while (UNLIKELY(d->values_limit - d->values_top <= n)) /* one more, as they are set two at a time */
        if (make_room(d)) return -1;
    Py_ssize_t base = d->values_top - d->values;
    PyObject *const nothing = (PyObject *)(intptr_t)opaque(0); /* or it would be a call of memset, for a few */
    for (Py_ssize_t i = 0; i < n; i += 2) d->values_top[i] = d->values_top[i + 1] = nothing;
    d->values_top += n;
    return base;
}

/* ---- Scalars ---- */

static NOINLINE typed_result typed_str(typed_run *run, const typed_node *node, const uint8_t *p) {
    decoder *d = &run->d;
    (void)node;
    if (UNLIKELY(*p != '"')) return typed_refused();
    p++;
    PyObject *str = read_string(d, &p, TEXT_UTF8);
    return typed_done(str, p);
}

/* The name of a member that stands at p as a key that equal ones share. */
static NOINLINE typed_result typed_shared_name(decoder *d, const uint8_t *p) {
    if (UNLIKELY(*p != '"')) return typed_refused();
    p++;
    PyObject *key = read_key(d, &p, TEXT_UTF8);
    return typed_done(key, p);
}

static NOINLINE typed_result typed_any(typed_run *run, const typed_node *node, const uint8_t *p) {
    (void)node;
    decoder *d = &run->d;
    if (*p == '"') return typed_str(run, NULL, p);
    if (read_value_utf8(d, &p)) return typed_refused();
    return typed_done(*--d->values_top, p);
}

/* An int of more than a few digits, or near the end. */
static NOINLINE typed_result typed_long_int(decoder *d, const uint8_t *p) {
    number parsed;
    number_kind kind = number_parse_any(p, d->end, &parsed);
    if (kind == NUMBER_INT)
        return typed_done(compat_int_from(parsed.integer, d->state->small_ints, d->watched), parsed.end);
    if (kind != NUMBER_BIG) return typed_refused();
    PyObject *integer = large_integer(d, p, (size_t)(parsed.end - p));
    if (integer == NULL && PyErr_ExceptionMatches(PyExc_ValueError)) PyErr_Clear(); /* too many digits */
    return typed_done(integer, parsed.end);
}

static NOINLINE typed_result typed_int(typed_run *run, const typed_node *node, const uint8_t *p) {
    decoder *d = &run->d;
    (void)node;
    if (LIKELY(d->end - p >= 8) && LIKELY(number_is_digit(*p))) {
        uint64_t digits = load_8(p) ^ NUMBER_ASCII_ZEROS;
        unsigned n = count_trailing_zeros(number_non_digits(digits) | (uint64_t)1 << 63) / 8;
        uint8_t behind = p[n];
        if (LIKELY(n < 7) && LIKELY((*p != '0') | (n == 1))) {
            if (UNLIKELY(behind == '.') || UNLIKELY((behind | 0x20) == 'e')) return typed_refused();
            return typed_done(compat_int_from((int64_t)number_join_first(digits, n), d->state->small_ints, d->watched),
                              p + n);
        }
    }
    return typed_long_int(d, p);
}

/* The float of an int: infinite where it is too large, as with an exponent. */
static NOINLINE typed_result typed_float_of_many_digits(decoder *d, const uint8_t *p, const uint8_t *end) {
    PyObject *integer = large_integer(d, p, (size_t)(end - p));
    if (integer == NULL) {
        if (PyErr_ExceptionMatches(PyExc_ValueError)) PyErr_Clear(); /* too many digits for an int: so says loads */
        return typed_refused();
    }
    double real = PyLong_AsDouble(integer);
    Py_DECREF(integer);
    if (real == -1.0 && PyErr_Occurred()) {
        if (!PyErr_ExceptionMatches(PyExc_OverflowError)) return typed_refused();
        PyErr_Clear();
        real = *p == '-' ? -Py_HUGE_VAL : Py_HUGE_VAL;
    }
    return typed_done(compat_float_from(real, d->watched), end);
}

/* A float that isn't a short one. */
static NOINLINE typed_result typed_long_float(typed_run *run, const typed_node *node, const uint8_t *p) {
    decoder *d = &run->d;
    number parsed;
    if (UNLIKELY(!number_is_digit(*p)) && UNLIKELY(*p != '-')) {
        if (node->data == Py_None || !stands_at(p, "null", 1)) return typed_refused();
        return typed_done(PyFloat_FromDouble(Py_NAN), p + 4);
    }
    number_kind kind = number_parse(p, d->end, d->start, &parsed);
    if (LIKELY(kind == NUMBER_DOUBLE)) return typed_done(compat_float_from(parsed.real, d->watched), parsed.end);
    if (kind == NUMBER_INT) return typed_done(compat_float_from((double)parsed.integer, d->watched), parsed.end);
    if (kind != NUMBER_BIG) return typed_refused();
    return typed_float_of_many_digits(d, p, parsed.end);
}

static NOINLINE typed_result typed_float(typed_run *run, const typed_node *node, const uint8_t *p) {
    double real;
    const uint8_t *end = LIKELY(run->d.end - p >= 8) ? number_short_real(p, &real) : NULL;
    if (end == NULL) return typed_long_float(run, node, p);
    return typed_done(compat_float_from(real, run->d.watched), end);
}

static NOINLINE typed_result typed_bool(typed_run *run, const typed_node *node, const uint8_t *p) {
    (void)run, (void)node;
    if (stands_at(p, "true", 1)) return typed_done(compat_singleton(Py_True), p + 4);
    if (stands_at(p, "false", 1)) return typed_done(compat_singleton(Py_False), p + 5);
    return typed_refused();
}

static NOINLINE typed_result typed_null(typed_run *run, const typed_node *node, const uint8_t *p) {
    (void)run, (void)node;
    return stands_at(p, "null", 1) ? typed_done(compat_singleton(Py_None), p + 4) : typed_refused();
}

/* Look a new reference up in a dict: what it stands for, borrowed, or NULL. */
static PyObject *typed_look_up(PyObject *dict, PyObject *key) {
    PyObject *found = key == NULL ? NULL : PyDict_GetItemWithError(dict, key);
    Py_XDECREF(key);
    return found;
}

/* What the value at p stands for, borrowed; NULL where it stands for nothing. */
static typed_result typed_value(typed_run *run, const typed_values *values, const uint8_t *p) {
    decoder *d = &run->d;
    if (LIKELY(*p == '"')) {
        const uint8_t *start = p + 1, *end = scan_plain(start, d->end, 1, 1);
        if (LIKELY(*end == '"') && LIKELY(end > start)) {
            Py_ssize_t index = typed_find(&values->names, start, (size_t)(end - start), d->end);
            return index < 0 ? typed_refused() : typed_done(values->results[index], end + 1);
        }
        typed_result str = typed_str(run, NULL, p);
        return typed_done(typed_look_up(values->strings, str.value), str.end);
    }
    if (*p == 'n') return stands_at(p, "null", 1) ? typed_done(values->on_null, p + 4) : typed_refused();
    if (*p == 't') return stands_at(p, "true", 1) ? typed_done(values->on_true, p + 4) : typed_refused();
    if (*p == 'f') return stands_at(p, "false", 1) ? typed_done(values->on_false, p + 5) : typed_refused();
    if (!number_is_digit(*p) && *p != '-') return typed_refused();
    typed_result read = typed_any(run, NULL, p);
    if (read.value == NULL) return read;
    return typed_done(typed_look_up(PyFloat_CheckExact(read.value) ? values->floats : values->ints, read.value),
                      read.end);
}

/* ---- Strings of a format ---- */

/* A string for a function of _formats.py. */
static NOINLINE typed_result typed_formatted(typed_run *run, const typed_node *node, const uint8_t *p) {
    typed_result read = typed_str(run, NULL, p);
    if (read.value == NULL) return read;
    PyObject *arguments[2] = {read.value, node->node};
    typed_before_python(run);
    PyObject *result = PyObject_Vectorcall(node->data, arguments, 2, NULL);
    Py_DECREF(read.value);
    typed_after_python(run);
    return result != NULL ? typed_done(result, read.end) : typed_raised(1);
}

static PyObject *typed_datetime(const PyDateTime_CAPI *api, const moment *m) {
    PyObject *zone = Py_None, *result;
    if (m->zone == MOMENT_UTC) zone = api->TimeZone_UTC;
    Py_INCREF(zone);
    if (m->zone == MOMENT_OFFSET) {
        Py_DECREF(zone);
        PyObject *offset = api->Delta_FromDelta(0, 60 * m->offset, 0, 1, api->DeltaType);
        zone = offset == NULL ? NULL : api->TimeZone_FromTimeZone(offset, NULL);
        Py_XDECREF(offset);
        if (zone == NULL) return NULL;
    }
    result = api->DateTime_FromDateAndTime(m->year, m->month, m->day, m->hour, m->minute, m->second, m->microsecond,
                                           zone, api->DateTimeType);
    Py_DECREF(zone);
    return result;
}

static PyObject *typed_uuid(const typed_plan *plan, const uint8_t bytes[16]) {
#if PY_VERSION_HEX >= 0x030D0000
    PyObject *integer = PyLong_FromUnsignedNativeBytes(bytes, 16, Py_ASNATIVEBYTES_BIG_ENDIAN);
#else
    PyObject *integer = _PyLong_FromByteArray(bytes, 16, 0, 0);
#endif
    if (integer == NULL) return NULL;
    PyObject *values[2] = {integer, Py_NewRef(plan->uuid_unknown)};
    PyObject *uuid = instance_make(&plan->uuid, values, 1);
    if (uuid == NULL) {
        Py_DECREF(values[0]);
        Py_DECREF(values[1]);
    }
    return uuid;
}

/* Dates and UUIDs. What isn't plain ASCII, or isn't read here, goes to the function of _formats.py. */
static NOINLINE typed_result typed_moment(typed_run *run, const typed_node *node, const uint8_t *p) {
    if (*p != '"') return typed_refused();
    const PyDateTime_CAPI *api = typed_datetime_api(run->plan);
    const uint8_t *start = p + 1, *end = scan_plain(start, run->d.end, 1, 1);
    size_t n = (size_t)(end - start);
    moment m;
    uint8_t bytes[16];
    PyObject *value;
    if (*end != '"') return typed_formatted(run, node, p);
    if (node->kind == TYPED_DATETIME && moment_read(start, n, &m)) value = typed_datetime(api, &m);
    else if (node->kind == TYPED_DATE && moment_read_date(start, n, &m))
        value = api->Date_FromDate(m.year, m.month, m.day, api->DateType);
    else if (node->kind == TYPED_UUID && moment_read_uuid(start, n, bytes)) value = typed_uuid(run->plan, bytes);
    else return typed_formatted(run, node, p);
    return value == NULL ? typed_raised(1) : typed_done(value, end + 1);
}

/* The end of what Decimal takes as a finite number of ASCII digits; p where it begins otherwise. */
static const uint8_t *typed_decimal_end(const uint8_t *p) {
    const uint8_t *start = p;
    p += *p == '-' || *p == '+';
    const uint8_t *digits = p;
    while (number_is_digit(*p)) p++;
    if (p == digits) return start;
    if (*p == '.' && number_is_digit(p[1]))
        for (p++; number_is_digit(*p);) p++;
    if ((*p | 0x20) == 'e') {
        const uint8_t *exponent = p + 1 + (p[1] == '-' || p[1] == '+');
        if (number_is_digit(*exponent))
            for (p = exponent; number_is_digit(*p);) p++;
    }
    return p;
}

static NOINLINE typed_result typed_decimal(typed_run *run, const typed_node *node, const uint8_t *p) {
    int is_string = *p == '"';
    const uint8_t *start = p + is_string, *end;
    if (is_string) {
        end = typed_decimal_end(start);
        if (end == start || *end != '"') return typed_formatted(run, node, p);
    } else {
        enum { LONG = 640 }; /* digits: the least limit that an interpreter can be given */
        number parsed;
        number_kind kind = number_parse_any(start, run->d.end, &parsed);
        end = parsed.end;
        if (kind == NUMBER_INVALID) return typed_refused();
        if (end - start > LONG) return typed_undecided(run);
    }
    PyObject *text = make_ascii(&run->d, start, (size_t)(end - start));
    if (text == NULL) return typed_refused();
    PyObject *value = PyObject_CallOneArg(node->cls, text);
    Py_DECREF(text);
    return value == NULL ? typed_raised(1) : typed_done(value, end + is_string);
}

/* ---- Values that are read past ---- */

/* Whether the interpreter would let so many containers be open here. */
static int typed_may_be_this_deep(typed_run *run, size_t depth) {
#if COMPAT_COUNTS_RECURSION
    size_t entered = 0;
    while (entered < depth && !compat_enter(run->d.thread, "")) entered++;
    for (size_t i = 0; i < entered; i++) compat_leave(run->d.thread);
    if (entered < depth) PyErr_Clear();
    return entered == depth;
#else
    return run->d.depth + (Py_ssize_t)depth <= run->d.depth_allowed;
#endif
}

/* Return the position after the value at p, or NULL: with MemoryError set, or where it isn't JSON or has to be made to
 * find that out. */
static const uint8_t *typed_skip(typed_run *run, const uint8_t *first) {
    enum { LONG = 640 }; /* digits: the least limit that an interpreter can be given */
    const uint8_t *p = first;
    if (*p == '"') {
        p = scan_plain(p + 1, run->d.end, 1, 1);
        if (LIKELY(*p == '"')) return p + 1;
    } else if (number_is_digit(*p) || *p == '-') {
        p += *p == '-';
        const uint8_t *digits = p;
        if (!number_is_digit(*p)) return NULL;
        if (LIKELY(run->d.end - p >= 8))
            p += count_trailing_zeros(number_non_digits(load_8(p) ^ NUMBER_ASCII_ZEROS) | (uint64_t)1 << 63) / 8;
        while (number_is_digit(*p)) p++;
        if (*digits == '0' && p - digits > 1) return NULL;
        if (LIKELY(p - digits <= LONG)) {
            if (*p == '.') {
                if (!number_is_digit(*++p)) return NULL;
                while (number_is_digit(*p)) p++;
            }
            if ((*p | 0x20) == 'e') {
                p += 1 + (p[1] == '-' || p[1] == '+');
                if (!number_is_digit(*p)) return NULL;
                while (number_is_digit(*p)) p++;
            }
            return p;
        }
    } else if (*p != '{' && *p != '[') {
        if (stands_at(p, "null", 1) || stands_at(p, "true", 1)) return p + 4;
        return stands_at(p, "false", 1) ? p + 5 : NULL;
    } else {
        skip_found found;
        /* Nothing is in it: ASCII has ] and } two after [ and {. */
        if (p[1] == *p + 2) return typed_may_be_this_deep(run, 1) ? p + 2 : NULL;
        p = CPU_NAME(skip_with).check(p, run->d.end, 1, 0, NULL, &found);
        if (LIKELY(p != NULL) && LIKELY(!found.long_integer) && LIKELY(!found.not_finite) &&
            LIKELY(typed_may_be_this_deep(run, found.depth)))
            return p;
    }
    typed_result read =
        typed_any(run, NULL, first); /* of what may be a fault, or a long integer, a value has to be made */
    Py_XDECREF(read.value);
    return read.value == NULL ? NULL : read.end;
}
