/* Instances of the standard library's scalars as text: see natives.h. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <datetime.h>

#include "encode/natives.h"
#include "kernels/number_format.h"

/* ---- digits ---- */

#define ROW(tens) #tens "0" #tens "1" #tens "2" #tens "3" #tens "4" #tens "5" #tens "6" #tens "7" #tens "8" #tens "9"
static const char pairs[] = ROW(0) ROW(1) ROW(2) ROW(3) ROW(4) ROW(5) ROW(6) ROW(7) ROW(8) ROW(9);
#undef ROW

/* Two digits of x < 100. */
static ALWAYS_INLINE uint8_t *put_pair(uint8_t *out, unsigned x) {
    CYJSON_ASSERT(x < 100);
    memcpy(out, pairs + 2 * x, 2);
    return out + 2;
}

static ALWAYS_INLINE uint8_t *put_pair_after(uint8_t *out, char separator, unsigned x) {
    *out = (uint8_t)separator;
    return put_pair(out + 1, x);
}

/* Six digits after a point, or nothing for 0; one byte more is written. */
static ALWAYS_INLINE uint8_t *put_microseconds(uint8_t *out, unsigned x) {
    if (x == 0) return out;
    store_8(out, (number_eight_digits(x) | NUMBER_ASCII_ZEROS) >> 16 << 8 | '.');
    return out + 7;
}

/* ---- dates and times ---- */

/* Read by the macros of datetime.h: of instances of exactly the classes that datetime's C module has. */

static ALWAYS_INLINE uint8_t *put_date(uint8_t *out, PyObject *date) {
    unsigned year = (unsigned)PyDateTime_GET_YEAR(date);
    out = put_pair(out, year / 100);
    out = put_pair(out, year % 100);
    out = put_pair_after(out, '-', (unsigned)PyDateTime_GET_MONTH(date));
    return put_pair_after(out, '-', (unsigned)PyDateTime_GET_DAY(date));
}

static ALWAYS_INLINE uint8_t *put_time(uint8_t *out, unsigned hour, unsigned minute, unsigned second,
                                       unsigned microsecond) {
    out = put_pair(out, hour);
    out = put_pair_after(out, ':', minute);
    out = put_pair_after(out, ':', second);
    return put_microseconds(out, microsecond);
}

/* An offset from UTC as isoformat() writes it: a timedelta of less than a day. */
static uint8_t *put_delta(uint8_t *out, PyObject *offset, const class_plan *plan) {
    enum { Z = 1 };
    long days = PyDateTime_DELTA_GET_DAYS(offset), seconds = PyDateTime_DELTA_GET_SECONDS(offset);
    long microseconds = PyDateTime_DELTA_GET_MICROSECONDS(offset);
    if (plan->detail == Z && days == 0 && seconds == 0 && microseconds == 0) {
        *out = 'Z';
        return out + 1;
    }
    *out++ = days < 0 ? '-' : '+';
    if (days < 0) {
        seconds = 86400 - seconds - (microseconds > 0);
        microseconds = microseconds > 0 ? 1000000 - microseconds : 0;
    }
    unsigned minutes = (unsigned)seconds / 60, rest = (unsigned)seconds % 60;
    out = put_pair_after(put_pair(out, minutes / 60 % 100), ':', minutes % 60);
    if (LIKELY(rest == 0) && LIKELY(microseconds == 0)) return out;
    return put_microseconds(put_pair_after(out, ':', rest), (unsigned)microseconds);
}

static ALWAYS_INLINE uint8_t *put_utc(uint8_t *out, const class_plan *plan) {
    enum { Z = 1 };
    memcpy(out, plan->detail == Z ? "Z     " : "+00:00", 6);
    return out + (plan->detail == Z ? 1 : 6);
}

/* Time zones of C, whose utcoffset() runs no Python code. */
static const char *const zone_names[PLAN_ZONES] = {"datetime.timezone", "zoneinfo.ZoneInfo"};

/* Keep the utcoffset() of a tzinfo's class, where it is one of those. */
static SELDOM void learn_zone(encode_plans *plans, PyTypeObject *type) {
    PyObject *method = type_is_of_c(type) ? _PyType_Lookup(type, plans->utcoffset_name) : NULL;
    if (method == NULL || !Py_IS_TYPE(method, &PyMethodDescr_Type) || PyDescr_TYPE(method) != type) return;
    for (int i = 0; i < PLAN_ZONES; i++) {
        if (strcmp(type->tp_name, zone_names[i]) != 0) continue;
        COMPAT_BEGIN_CRITICAL_SECTION(plans->owner);
        if (plans->zones[i] == NULL) {
            Py_INCREF(method);
            COMPAT_EITHER((void)(plans->zones[i] = method), _Py_atomic_store_ptr(&plans->zones[i], method));
        }
        COMPAT_END_CRITICAL_SECTION();
    }
}

/* The offset of a time zone of C: 0 where it is none of these, or has no offset to be written; *out is NULL where an
 * exception is set. `moment` is what utcoffset() takes. Runs no Python code. */
static ALWAYS_INLINE int put_zone_offset(encoder *e, uint8_t **out, PyObject *tzinfo, PyObject *moment,
                                         const class_plan *plan) {
    encode_plans *plans = e->options->plans;
    for (int i = 0; i < PLAN_ZONES; i++) {
        PyObject *method = COMPAT_EITHER(plans->zones[i], _Py_atomic_load_ptr(&plans->zones[i]));
        if (method == NULL || PyDescr_TYPE(method) != Py_TYPE(tzinfo)) continue;
        PyObject *arguments[] = {tzinfo, moment}, *offset = PyObject_Vectorcall(method, arguments, 2, NULL);
        if (UNLIKELY(offset == NULL)) {
            *out = NULL;
            return 1;
        }
        /* What a file of time zones says may be a day or more, which datetime refuses. */
        int known = offset != Py_None &&
                    (PyDateTime_DELTA_GET_DAYS(offset) == 0 ||
                     (PyDateTime_DELTA_GET_DAYS(offset) == -1 && PyDateTime_DELTA_GET_SECONDS(offset) > 0));
        if (LIKELY(known)) *out = put_delta(*out, offset, plan);
        Py_DECREF(offset);
        return known;
    }
    return 0;
}

/* The offset from UTC of a datetime or time with a tzinfo, as isoformat() writes it: NULL with an exception set. The
 * caller holds the object; Python code may run. */
static uint8_t *put_offset(encoder *e, uint8_t *out, PyObject *object, PyObject *tzinfo, const class_plan *plan) {
    if (LIKELY(tzinfo == plan->data)) return put_utc(out, plan);
    if (put_zone_offset(e, &out, tzinfo, plan->kind == PLAN_TIME ? Py_None : object, plan)) return out;
    e->disturbances++;
    if (encoder_before_python(e)) return NULL;
    learn_zone(e->options->plans, Py_TYPE(tzinfo));
    PyObject *offset = PyObject_CallMethodNoArgs(object, e->options->plans->utcoffset_name);
    if (offset == NULL) return NULL;
    if (offset != Py_None) out = put_delta(out, offset, plan); /* datetime's own utcoffset() has checked it */
    Py_DECREF(offset);
    return out;
}

static ALWAYS_INLINE uint8_t *put_datetime(uint8_t *out, PyObject *object) {
    *out = '"';
    out = put_date(out + 1, object);
    *out = 'T';
    return put_time(out + 1, (unsigned)PyDateTime_DATE_GET_HOUR(object), (unsigned)PyDateTime_DATE_GET_MINUTE(object),
                    (unsigned)PyDateTime_DATE_GET_SECOND(object), (unsigned)PyDateTime_DATE_GET_MICROSECOND(object));
}

uint8_t *native_datetime(encoder *e, uint8_t *out, PyObject *object, const class_plan *plan) {
    out = put_datetime(out, object);
    PyObject *tzinfo = PyDateTime_DATE_GET_TZINFO(object);
    if (tzinfo != Py_None) out = put_offset(e, out, object, tzinfo, plan);
    if (out != NULL) *out++ = '"';
    return out;
}

uint8_t *native_quick_datetime(encoder *e, uint8_t *out, PyObject *object, const class_plan *plan) {
    PyObject *tzinfo = PyDateTime_DATE_GET_TZINFO(object);
    out = put_datetime(out, object);
    if (tzinfo == plan->data) out = put_utc(out, plan);
    else if (tzinfo != Py_None && (!put_zone_offset(e, &out, tzinfo, object, plan) || out == NULL)) return NULL;
    *out = '"';
    return out + 1;
}

uint8_t *native_date(uint8_t *out, PyObject *object) {
    *out = '"';
    out = put_date(out + 1, object);
    *out = '"';
    return out + 1;
}

uint8_t *native_time(encoder *e, uint8_t *out, PyObject *object, const class_plan *plan) {
    *out = '"';
    out = put_time(out + 1, (unsigned)PyDateTime_TIME_GET_HOUR(object), (unsigned)PyDateTime_TIME_GET_MINUTE(object),
                   (unsigned)PyDateTime_TIME_GET_SECOND(object), (unsigned)PyDateTime_TIME_GET_MICROSECOND(object));
    PyObject *tzinfo = PyDateTime_TIME_GET_TZINFO(object);
    if (tzinfo != Py_None) out = put_offset(e, out, object, tzinfo, plan);
    if (out != NULL) *out++ = '"';
    return out;
}

int natives_are_datetimes(PyTypeObject *type, plan_kind kind, PyObject **utc) {
    PyDateTime_CAPI *api = PyCapsule_Import(PyDateTime_CAPSULE_NAME, 0);
    (void)PyDateTimeAPI; /* of the header's: for all interpreters at once */
    if (api == NULL) { /* what is imported as datetime is in Python */
        if (PyErr_ExceptionMatches(PyExc_MemoryError)) return -1;
        PyErr_Clear();
        return 0;
    }
    *utc = Py_NewRef(api->TimeZone_UTC);
    return type == (kind == PLAN_DATETIME ? api->DateTimeType
                    : kind == PLAN_DATE   ? api->DateType
                    : kind == PLAN_TIME   ? api->TimeType
                                          : api->DeltaType);
}

/* ---- the same by orjson's rules ---- */

/* An offset from UTC, rounded to minutes; of UTC itself, where it is +00:00 or Z. */
static ALWAYS_INLINE uint8_t *put_orjson_offset(uint8_t *out, long days, long seconds, unsigned orjson) {
    if (LIKELY(seconds == 0)) {
        memcpy(out, orjson & ORJSON_UTC_Z ? "Z     " : "+00:00", 6);
        return out + (orjson & ORJSON_UTC_Z ? 1 : 6);
    }
    if (days < 0) seconds = 86400 - seconds;
    out = put_pair_after(out, days < 0 ? '-' : '+', (unsigned)(seconds / 3600 % 100));
    return put_pair_after(out, ':', (unsigned)(seconds / 60 % 60 + (seconds % 60 >= 30)));
}

uint8_t *native_orjson_datetime(uint8_t *out, PyObject *object, PyObject *utc, PyTypeObject *timezone,
                                PyObject *utcoffset, unsigned orjson) {
    PyObject *tzinfo = PyDateTime_DATE_GET_TZINFO(object);
    long days = 0, seconds = 0;
    if (tzinfo != Py_None && UNLIKELY(tzinfo != utc)) {
        if (!Py_IS_TYPE(tzinfo, timezone)) return NULL;
        int paused = compat_gc_pause(0);
        PyObject *offset = PyObject_CallMethodOneArg(tzinfo, utcoffset, object); /* one that it has */
        compat_gc_resume(paused);
        if (offset == NULL) return NULL;
        days = PyDateTime_DELTA_GET_DAYS(offset);
        seconds = PyDateTime_DELTA_GET_SECONDS(offset);
        Py_DECREF(offset);
    }
    const unsigned fraction = orjson & ORJSON_OMIT_MICROSECONDS ? 0 : (unsigned)PyDateTime_DATE_GET_MICROSECOND(object);
    *out = '"';
    out = put_date(out + 1, object);
    *out = 'T';
    out = put_time(out + 1, (unsigned)PyDateTime_DATE_GET_HOUR(object), (unsigned)PyDateTime_DATE_GET_MINUTE(object),
                   (unsigned)PyDateTime_DATE_GET_SECOND(object), fraction);
    if (tzinfo != Py_None || orjson & ORJSON_NAIVE_UTC) out = put_orjson_offset(out, days, seconds, orjson);
    *out = '"';
    return out + 1;
}

uint8_t *native_orjson_time(uint8_t *out, PyObject *object, unsigned orjson) {
    const unsigned fraction = orjson & ORJSON_OMIT_MICROSECONDS ? 0 : (unsigned)PyDateTime_TIME_GET_MICROSECOND(object);
    if (PyDateTime_TIME_GET_TZINFO(object) != Py_None) return NULL;
    *out = '"';
    out = put_time(out + 1, (unsigned)PyDateTime_TIME_GET_HOUR(object), (unsigned)PyDateTime_TIME_GET_MINUTE(object),
                   (unsigned)PyDateTime_TIME_GET_SECOND(object), fraction);
    if (fraction >= 10000 && fraction < 100000) { /* orjson leaves out the zero: docs/orjson.md */
        memmove(out - 6, out - 5, 5);
        out--;
    }
    *out = '"';
    return out + 1;
}

int natives_of_datetime(PyObject **datetime, PyObject **date, PyObject **time, PyObject **timezone, PyObject **utc) {
    PyDateTime_CAPI *api = PyCapsule_Import(PyDateTime_CAPSULE_NAME, 0);
    if (api == NULL) return -1;
    *datetime = Py_NewRef((PyObject *)api->DateTimeType);
    *date = Py_NewRef((PyObject *)api->DateType);
    *time = Py_NewRef((PyObject *)api->TimeType);
    *timezone = Py_NewRef((PyObject *)Py_TYPE(api->TimeZone_UTC));
    *utc = Py_NewRef(api->TimeZone_UTC);
    return 0;
}

/* ---- UUID ---- */

#define HEX_ROW(high) \
    #high "0" #high "1" #high "2" #high "3" #high "4" #high "5" #high "6" #high "7" #high "8" #high "9" #high \
          "a" #high "b" #high "c" #high "d" #high "e" #high "f"
static const char hex_pairs[] = HEX_ROW(0) HEX_ROW(1) HEX_ROW(2) HEX_ROW(3) HEX_ROW(4) HEX_ROW(5) HEX_ROW(6) HEX_ROW(7)
    HEX_ROW(8) HEX_ROW(9) HEX_ROW(a) HEX_ROW(b) HEX_ROW(c) HEX_ROW(d) HEX_ROW(e) HEX_ROW(f);
#undef HEX_ROW

/* The sixteen hexadecimal digits of x. */
static ALWAYS_INLINE void put_sixteen_hex(uint8_t out[16], uint64_t x) {
#if defined(VEC_RUNS) && (defined(__GNUC__) || defined(__clang__))
    vec bytes = vec8_widen_low(vec_pair(__builtin_bswap64(x), 0));
    vec digits = vec_and(vec_or(vec16_down(bytes, 4), vec16_up(bytes, 8)), vec16_all(0x0F0F));
    const vec to_letters = vec16_all(('a' - '9' - 1) * 0x101), zeros = vec16_all('0' * 0x101);
    vec letters = vec_and(vec8_at_least(digits, 10), to_letters);
    vec_store(out, vec8_add(vec_or(digits, zeros), letters));
#else
    for (int i = 0; i < 8; i++) memcpy(out + 2 * i, hex_pairs + 2 * (x >> (56 - 8 * i) & 0xFF), 2);
#endif
}

/* An int of up to 128 bits that isn't negative: 1, or 0 for any other. */
static int int_of_128_bits(PyObject *integer, uint64_t *high, uint64_t *low) {
#if COMPAT_KNOWS_OBJECTS && PyLong_SHIFT == 30
    size_t count;
    int sign;
    const digit *digits = compat_int_digits(integer, &count, &sign);
    uint64_t d[5] = {0};
    if (sign < 0 || count > 5) return 0;
    for (size_t i = 0; i < count; i++) d[i] = digits[i];
    if (d[4] >> 8 != 0) return 0;
    *low = d[0] | d[1] << 30 | d[2] << 60;
    *high = d[2] >> 4 | d[3] << 26 | d[4] << 56;
    return 1;
#else
    PyObject *shift = PyLong_FromLong(64), *top = shift == NULL ? NULL : PyNumber_Rshift(integer, shift);
    *low = PyLong_AsUnsignedLongLongMask(integer);
    *high = top == NULL ? 0 : PyLong_AsUnsignedLongLong(top);
    Py_XDECREF(shift);
    Py_XDECREF(top);
    int fits = !PyErr_Occurred();
    PyErr_Clear();
    return fits;
#endif
}

/* All that is written has a place and a length that are constant. */
NO_STACK_PROTECTOR uint8_t *native_uuid(uint8_t *out, PyObject *integer, int dashes) {
    uint64_t high, low;
    uint8_t digits[32];
    if (!PyLong_CheckExact(integer) || !int_of_128_bits(integer, &high, &low)) return NULL;
    put_sixteen_hex(digits, high);
    put_sixteen_hex(digits + 16, low);
    *out++ = '"';
    if (dashes) {
        memcpy(out, digits, 8);
        memcpy(out + 9, digits + 8, 4);
        memcpy(out + 14, digits + 12, 4);
        memcpy(out + 19, digits + 16, 4);
        memcpy(out + 24, digits + 20, 12);
        out[8] = out[13] = out[18] = out[23] = '-';
        out += 36;
    } else {
        memcpy(out, digits, 32);
        out += 32;
    }
    *out = '"';
    return out + 1;
}

/* ---- bytes ---- */

static const char base64_digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static uint8_t *put_base64(uint8_t *out, const uint8_t *p, size_t n) {
    for (; n >= 3; n -= 3, p += 3) {
        uint32_t x = (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];
        *out++ = (uint8_t)base64_digits[x >> 18];
        *out++ = (uint8_t)base64_digits[x >> 12 & 63];
        *out++ = (uint8_t)base64_digits[x >> 6 & 63];
        *out++ = (uint8_t)base64_digits[x & 63];
    }
    if (n == 0) return out;
    uint32_t x = (uint32_t)p[0] << 16 | (n > 1 ? (uint32_t)p[1] << 8 : 0);
    *out++ = (uint8_t)base64_digits[x >> 18];
    *out++ = (uint8_t)base64_digits[x >> 12 & 63];
    *out++ = n > 1 ? (uint8_t)base64_digits[x >> 6 & 63] : '=';
    *out++ = '=';
    return out;
}

uint8_t *native_bytes(encoder *e, uint8_t *out, const uint8_t *p, size_t n, int hex) {
    if (n > (size_t)PY_SSIZE_T_MAX / 8) {
        encoder_no_memory();
        return NULL;
    }
    out = encoder_room(e, out, 2 * n + NATIVE_SPACE);
    if (out == NULL) return NULL;
    *out++ = '"';
    if (hex)
        for (size_t i = 0; i < n; i++, out += 2) memcpy(out, hex_pairs + 2 * p[i], 2);
    else out = put_base64(out, p, n);
    *out++ = '"';
    return encoder_room(e, out, NATIVE_SPACE);
}
