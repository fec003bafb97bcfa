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

/* The offset from UTC of a datetime or time with a tzinfo, as isoformat() writes it: NULL with an exception set. The
 * caller holds the object; Python code may run. */
static uint8_t *put_offset(encoder *e, uint8_t *out, PyObject *object, PyObject *tzinfo, const class_plan *plan) {
    enum { Z = 1 };
    if (LIKELY(tzinfo == plan->data)) {
        memcpy(out, "+00:00", 6);
        if (plan->detail == Z) *out = 'Z';
        return out + (plan->detail == Z ? 1 : 6);
    }
    e->disturbances++;
    if (encoder_before_python(e)) return NULL;
    PyObject *offset = PyObject_CallMethodNoArgs(object, e->options->plans->utcoffset_name);
    if (offset == NULL) return NULL;
    if (offset != Py_None) {
        /* Checked by datetime's own utcoffset(): a timedelta of less than a day, of a subclass perhaps. */
        long days = PyDateTime_DELTA_GET_DAYS(offset), seconds = PyDateTime_DELTA_GET_SECONDS(offset);
        long microseconds = PyDateTime_DELTA_GET_MICROSECONDS(offset);
        if (plan->detail == Z && days == 0 && seconds == 0 && microseconds == 0) {
            Py_DECREF(offset);
            *out = 'Z';
            return out + 1;
        }
        *out++ = days < 0 ? '-' : '+';
        if (days < 0) {
            seconds = 86400 - seconds - (microseconds > 0);
            microseconds = microseconds > 0 ? 1000000 - microseconds : 0;
        }
        out = put_pair(out, (unsigned)(seconds / 3600 % 100));
        out = put_pair_after(out, ':', (unsigned)(seconds / 60 % 60));
        if (seconds % 60 != 0 || microseconds != 0) {
            out = put_pair_after(out, ':', (unsigned)(seconds % 60));
            out = put_microseconds(out, (unsigned)microseconds);
        }
    }
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

uint8_t *native_utc(uint8_t *out, PyObject *object, const class_plan *plan) {
    enum { Z = 1 };
    PyObject *tzinfo = PyDateTime_DATE_GET_TZINFO(object);
    if (tzinfo != Py_None && UNLIKELY(tzinfo != plan->data)) return NULL;
    out = put_datetime(out, object);
    if (tzinfo != Py_None) {
        memcpy(out, plan->detail == Z ? "Z     " : "+00:00", 6);
        out += plan->detail == Z ? 1 : 6;
    }
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

/* ---- UUID ---- */

#define HEX_ROW(high) \
    #high "0" #high "1" #high "2" #high "3" #high "4" #high "5" #high "6" #high "7" #high "8" #high "9" #high \
          "a" #high "b" #high "c" #high "d" #high "e" #high "f"
static const char hex_pairs[] = HEX_ROW(0) HEX_ROW(1) HEX_ROW(2) HEX_ROW(3) HEX_ROW(4) HEX_ROW(5) HEX_ROW(6) HEX_ROW(7)
    HEX_ROW(8) HEX_ROW(9) HEX_ROW(a) HEX_ROW(b) HEX_ROW(c) HEX_ROW(d) HEX_ROW(e) HEX_ROW(f);
#undef HEX_ROW

/* The highest `bytes` bytes of x in hexadecimal, the highest first. */
static ALWAYS_INLINE uint8_t *put_hex(uint8_t *out, uint64_t x, int high, int bytes) {
    for (int i = 0; i < bytes; i++) memcpy(out + 2 * i, hex_pairs + 2 * (x >> (56 - 8 * (high + i)) & 0xFF), 2);
    return out + 2 * bytes;
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

uint8_t *native_uuid(uint8_t *out, PyObject *integer, int dashes) {
    uint64_t high, low;
    if (!PyLong_CheckExact(integer) || !int_of_128_bits(integer, &high, &low)) return NULL;
    *out++ = '"';
    if (dashes) {
        out = put_hex(out, high, 0, 4);
        *out++ = '-';
        out = put_hex(out, high, 4, 2);
        *out++ = '-';
        out = put_hex(out, high, 6, 2);
        *out++ = '-';
        out = put_hex(out, low, 0, 2);
        *out++ = '-';
        out = put_hex(out, low, 2, 6);
    } else out = put_hex(put_hex(out, high, 0, 8), low, 0, 8);
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
