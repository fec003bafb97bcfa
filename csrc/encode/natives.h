/* Instances of the standard library's scalars as text, in UTF-8. Compiled once. */
#ifndef CYJSON_ENCODE_NATIVES_H
#define CYJSON_ENCODE_NATIVES_H

#include "encode/encoder.h"
#include "encode/plans.h"

enum { NATIVE_SPACE = 128 }; /* bytes of room that each of these takes, with what a value leaves behind it */

/* Room for n bytes at out; NULL with an exception set. */
static ALWAYS_INLINE uint8_t *encoder_room(encoder *e, uint8_t *out, size_t n) {
    return LIKELY((size_t)(e->text.limit - out) >= n) ? out : encoder_more_room(e, out, n);
}

/* Whether a class is the one of datetime's C module that a kind of plans is for, with a new reference to
 * datetime.timezone.utc in *utc: -1 with MemoryError set. */
int natives_are_datetimes(PyTypeObject *type, plan_kind kind, PyObject **utc);

/* Write what isoformat() gives; NATIVE_SPACE bytes of room are there. NULL with an exception set. A tzinfo may run
 * Python code: the caller holds the object. */
uint8_t *native_datetime(encoder *e, uint8_t *out, PyObject *object, const class_plan *plan);
uint8_t *native_date(uint8_t *out, PyObject *object);

/* The same of a datetime that is naive or whose time zone is of C, which runs no Python code; NULL without an exception
 * for others. */
uint8_t *native_quick_datetime(encoder *e, uint8_t *out, PyObject *object, const class_plan *plan);
uint8_t *native_time(encoder *e, uint8_t *out, PyObject *object, const class_plan *plan);

/* Write a datetime, date or time of exactly the classes of datetime's C module as orjson does, with these of its
 * options; utc is datetime.timezone.utc, timezone its class. NULL where Python code has to do it; with an exception set
 * where offsets have run out of memory. NATIVE_SPACE bytes of room are there. Runs no Python code. */
uint8_t *native_orjson_datetime(uint8_t *out, PyObject *object, PyObject *utc, PyTypeObject *timezone,
                                PyObject *utcoffset, unsigned orjson);
uint8_t *native_orjson_time(uint8_t *out, PyObject *object, unsigned orjson);

/* Find these objects of datetime's C module, new references: -1 with an exception set. */
int natives_of_datetime(PyObject **datetime, PyObject **date, PyObject **time, PyObject **timezone, PyObject **utc);

/* Write the UUID with this int, in the canonical form or its hexadecimal digits alone; NULL without an exception where
 * it isn't an int of 128 bits. NATIVE_SPACE bytes of room are there. */
uint8_t *native_uuid(uint8_t *out, PyObject *integer, int dashes);

/* Write bytes in base64, or in hexadecimal; makes room. NULL with an exception set. */
uint8_t *native_bytes(encoder *e, uint8_t *out, const uint8_t *p, size_t n, int hex);

#endif
