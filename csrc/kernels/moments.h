/* Dates, times of day with their offset, and UUIDs -> numbers. Includes no Python.h.
 *
 * For example "2026-11-29T05:30:00.25+01:00": the year to the second as they stand, 250000 microseconds, and an offset
 * of 60 minutes. */
#ifndef CYJSON_KERNELS_MOMENTS_H
#define CYJSON_KERNELS_MOMENTS_H

#include <stddef.h>
#include <stdint.h>

typedef enum { MOMENT_NAIVE, MOMENT_UTC, MOMENT_OFFSET } moment_zone;

typedef struct {
    int year, month, day, hour, minute, second, microsecond;
    moment_zone zone;
    int offset; /* minutes east of UTC, where the zone is MOMENT_OFFSET; not 0 */
} moment;

/* Read n bytes that are a date, as 2026-11-29: whether they are one that exists. */
int moment_read_date(const uint8_t *p, size_t n, moment *m);

/* Read n bytes that are a date and a time (RFC 3339, with T, t or a space between; the offset may be missing, and up to
 * nine digits after the second are cut to six): whether they are one that exists. Offsets that have seconds, as
 * isoformat writes them, are left to others. */
int moment_read(const uint8_t *p, size_t n, moment *m);

/* Read n bytes that are a UUID, as 8-4-4-4-12 or 32 hexadecimal digits, into 16 bytes, the highest first: whether they
 * are one. */
int moment_read_uuid(const uint8_t *p, size_t n, uint8_t bytes[16]);

#endif
