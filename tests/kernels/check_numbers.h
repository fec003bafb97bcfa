/* number_parse and number_format against libc and a slow reference, on every instruction set that this machine runs:
 * what the tests and the fuzzer call. libc's strtod and printf must round correctly (glibc, musl, macOS do). */
#ifndef CYJSON_TEST_CHECK_NUMBERS_H
#define CYJSON_TEST_CHECK_NUMBERS_H

#include "guard.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>

#include "kernels.h"

enum { TEXT_MAX = 1 << 16, SHOWN = 10 };

static unsigned long failures, checks;
static uint8_t *text_end; /* one past the last readable byte */

static inline uint64_t bits_of(double x) {
    uint64_t bits;
    memcpy(&bits, &x, 8);
    return bits;
}

static inline double double_of(uint64_t bits) {
    double x;
    memcpy(&x, &bits, 8);
    return x;
}

static inline void fail(const char *what, const char *text, const char *got, const char *expected) {
    if (failures++ < SHOWN) printf("%s: %.120s: got %s, expected %s\n", what, text, got, expected);
}

static inline void make_text_buffer(void) {
    if (text_end == NULL) text_end = guarded_new(TEXT_MAX).end;
}

/* Parse a copy of text whose closing zero is the last readable byte; *used is how many characters were taken. */
static inline number_kind parse(const char *text, number *out, size_t *used) {
    size_t n = strlen(text);
    uint8_t *p = text_end - n - 1;
    memcpy(p, text, n + 1);
    int levels;
    const kernels *const *all = kernels_here(&levels);
    number_kind kind = all[0]->number_parse(p, text_end - 1, out);
    *used = kind == NUMBER_INVALID ? 0 : (size_t)(out->end - p);
    for (int l = 1; l < levels; l++) {
        number other;
        number_kind other_kind = all[l]->number_parse(p, text_end - 1, &other);
        int same = other_kind == kind && (kind == NUMBER_INVALID || other.end == out->end);
        if (same && (kind == NUMBER_INT || kind == NUMBER_DOUBLE)) same = other.integer == out->integer;
        if (!same) fail("parse, levels", text, cpu_level_name(all[l]->level), "as the baseline");
    }
    return kind;
}

/* ---- parsing ---- */

static inline void check_parse_double(const char *text, double expected) {
    number out;
    size_t used;
    char got[64], want[64];
    number_kind kind = parse(text, &out, &used);
    checks++;
    if (kind == NUMBER_DOUBLE && used == strlen(text) && bits_of(out.real) == bits_of(expected)) return;
    snprintf(got, sizeof got, "kind %d %a (%zu of %zu characters)", (int)kind, kind == NUMBER_DOUBLE ? out.real : 0,
             used, strlen(text));
    snprintf(want, sizeof want, "%a", expected);
    fail("parse", text, got, want);
}

static inline void check_parse_other(const char *text, number_kind kind, size_t used, int64_t value) {
    number out = {.integer = 0};
    size_t got_used;
    char got[80], want[80];
    number_kind got_kind = parse(text, &out, &got_used);
    checks++;
    if (got_kind == kind && got_used == used && (kind != NUMBER_INT || out.integer == value)) return;
    snprintf(got, sizeof got, "kind %d, %zu characters, %" PRId64, (int)got_kind, got_used, out.integer);
    snprintf(want, sizeof want, "kind %d, %zu characters, %" PRId64, (int)kind, used, value);
    fail("parse", text, got, want);
}

/* Where the number that starts a text ends, by RFC 8259's grammar: its length, 0 where there is none. */
static inline size_t reference_end(const char *text, int *is_double) {
    size_t i = text[0] == '-';
    *is_double = 0;
    if (text[i] < '0' || text[i] > '9') return 0;
    if (text[i++] != '0')
        while (text[i] >= '0' && text[i] <= '9') i++;
    if (text[i] == '.' && text[i + 1] >= '0' && text[i + 1] <= '9') {
        *is_double = 1;
        for (i += 2; text[i] >= '0' && text[i] <= '9';) i++;
    }
    if (text[i] == 'e' || text[i] == 'E') {
        size_t e = i + 1 + (text[i + 1] == '-' || text[i + 1] == '+');
        if (text[e] < '0' || text[e] > '9') return i;
        *is_double = 1;
        for (i = e; text[i] >= '0' && text[i] <= '9';) i++;
    }
    return i;
}

/* Any text at all. */
static inline void check_parse_any(const char *text) {
    static char copy[TEXT_MAX];
    int is_double;
    size_t n = reference_end(text, &is_double);
    memcpy(copy, text, n);
    copy[n] = 0;
    if (n == 0) check_parse_other(text, NUMBER_INVALID, 0, 0);
    else if (!is_double) {
        errno = 0;
        long long value = strtoll(copy, NULL, 10);
        check_parse_other(text, errno ? NUMBER_BIG : NUMBER_INT, n, value);
    } else {
        double expected = strtod(copy, NULL);
        number out;
        size_t used;
        checks++;
        if (parse(text, &out, &used) != NUMBER_DOUBLE || used != n || bits_of(out.real) != bits_of(expected))
            fail("parse any", text, "another", copy);
    }
}

/* ---- formatting ---- */

static inline uint32_t bits_of_float(float x) {
    uint32_t bits;
    memcpy(&bits, &x, 4);
    return bits;
}

static inline float float_of(uint32_t bits) {
    float x;
    memcpy(&x, &bits, 4);
    return x;
}

/* What a text reads as: a double, or a float that is equal to one. */
static inline double read_back(const char *text, int is_float) {
    return is_float ? (double)strtof(text, NULL) : strtod(text, NULL);
}

/* Of the decimals with `digits` digits that read back as x > 0, a double or a float, the one closest to it, into
 * *significand and *exponent (scientific); 0 if there is none. printf gives the closest of all; below a power of two,
 * where the interval of what reads back is narrower, it may be outside, and the next one above it inside. */
static inline int reference(double x, int is_float, int digits, uint64_t *significand, int *exponent) {
    const uint64_t fraction = is_float ? bits_of_float((float)x) & 0x7FFFFF : bits_of(x) & 0xFFFFFFFFFFFFF;
    char text[40], packed[24];
    snprintf(text, sizeof text, "%.*e", digits - 1, x);
    *exponent = atoi(strchr(text, 'e') + 1);
    size_t n = 0;
    for (char *p = text; *p != 'e'; p++)
        if (*p != '.') packed[n++] = *p;
    packed[n] = 0;
    *significand = strtoull(packed, NULL, 10);
    for (int step = 0; step < (fraction == 0 ? 2 : 1); step++, ++*significand) {
        snprintf(text, sizeof text, "%" PRIu64 "e%d", *significand, *exponent - digits + 1);
        if (read_back(text, is_float) == x) return 1;
    }
    return 0;
}

/* float.__repr__'s layout (CPython's format_float_short with 'r'). */
static inline void layout(char *out, int negative, const char *digits, int exponent) {
    int n = (int)strlen(digits), point = exponent + 1;
    if (negative) *out++ = '-';
    if (point > 16 || point < -3)
        sprintf(out, "%.1s%s%se%c%02d", digits, n > 1 ? "." : "", digits + 1, exponent < 0 ? '-' : '+', abs(exponent));
    else if (point <= 0) sprintf(out, "0.%.*s%s", -point, "000", digits);
    else if (point >= n) sprintf(out, "%s%.*s.0", digits, point - n, "0000000000000000");
    else sprintf(out, "%.*s.%s", point, digits, digits + point);
}

static inline uint8_t *format(const kernels *k, uint8_t *out, double x, int is_float) {
    return is_float ? k->number_format_float(out, (float)x) : k->number_format_double(out, x);
}

/* Check how a double is written, or a float that is equal to it. */
static inline void check_format_of(double x, int is_float) {
    char name[64], expected[64], digits[32];
    uint8_t got[NUMBER_DOUBLE_SPACE + 8];
    int levels;
    const kernels *const *all = kernels_here(&levels);
    memset(got, 0xAA, sizeof got);
    *format(all[0], got, x, is_float) = 0;
    checks++;
    snprintf(name, sizeof name, "%a%s", x, is_float ? "f" : "");
    for (int l = 1; l < levels; l++) {
        uint8_t other[NUMBER_DOUBLE_SPACE + 8];
        memset(other, 0xAA, sizeof other);
        uint8_t *end = format(all[l], other, x, is_float);
        for (size_t i = NUMBER_DOUBLE_SPACE; i < sizeof other; i++)
            if (other[i] != 0xAA) fail("format, levels", name, "a write past its space", cpu_level_name(all[l]->level));
        *end = 0;
        if (strcmp((char *)other, (char *)got) != 0) fail("format, levels", name, (char *)other, (char *)got);
    }
    for (size_t i = NUMBER_DOUBLE_SPACE; i < sizeof got; i++)
        if (got[i] != 0xAA) fail("format", name, "a write past its space", "none");

    number back;
    size_t used;
    if (parse((char *)got, &back, &used) != NUMBER_DOUBLE || used != strlen((char *)got) ||
        (!is_float && bits_of(back.real) != bits_of(x)))
        fail("format, read back", name, (char *)got, name);
    if (bits_of(read_back((char *)got, is_float)) != bits_of(x)) fail("format, libc", name, (char *)got, name);
    if (x == 0) {
        if (strcmp((char *)got, signbit(x) ? "-0.0" : "0.0") != 0) fail("format", name, (char *)got, "0.0 or -0.0");
        return;
    }

    int count = 0, zeros = 0;
    for (uint8_t *p = got; *p && *p != 'e'; p++) {
        if (*p < '0' || *p > '9' || (*p == '0' && count == 0)) continue;
        count++;
        zeros = *p == '0' ? zeros + 1 : 0;
    }
    count -= zeros;
    uint64_t significand;
    int exponent;
    if (count > 1 && reference(fabs(x), is_float, count - 1, &significand, &exponent)) {
        snprintf(expected, sizeof expected, "%" PRIu64 " (shorter)", significand);
        fail("format", name, (char *)got, expected);
        return;
    }
    if (count > 17 || !reference(fabs(x), is_float, count, &significand, &exponent)) {
        fail("format", name, (char *)got, "that many digits to suffice");
        return;
    }
    snprintf(digits, sizeof digits, "%" PRIu64, significand);
    layout(expected, signbit(x) != 0, digits, exponent);
    if (strcmp((char *)got, expected) != 0) fail("format", name, (char *)got, expected);
}

static inline void check_format(double x) { check_format_of(x, 0); }
static inline void check_format_float(float x) { check_format_of((double)x, 1); }

/* ---- integers ---- */

static inline void check_int(int64_t value) {
    char expected[32];
    uint8_t got[NUMBER_INT64_SPACE + 8];
    memset(got, 0xAA, sizeof got);
    uint8_t *end = number_format_int64(got, value);
    for (size_t i = NUMBER_INT64_SPACE; i < sizeof got; i++)
        if (got[i] != 0xAA) fail("format int", "", "a write past its space", "none");
    *end = 0;
    checks++;
    snprintf(expected, sizeof expected, "%" PRId64, value);
    if (strcmp((char *)got, expected) != 0) fail("format int", expected, (char *)got, expected);
    check_parse_other(expected, NUMBER_INT, strlen(expected), value);
    if (value < INT32_MIN || value > INT32_MAX) return;
    memset(got, 0xAA, sizeof got);
    *number_format_int32(got, (int32_t)value) = 0;
    for (size_t i = NUMBER_INT64_SPACE; i < sizeof got; i++)
        if (got[i] != 0xAA) fail("format int32", "", "a write past its space", "none");
    if (strcmp((char *)got, expected) != 0) fail("format int32", expected, (char *)got, expected);
}

static inline void check_uint(uint64_t value) {
    char expected[32];
    uint8_t got[NUMBER_INT64_SPACE + 1];
    *number_format_uint64(got, value) = 0;
    checks++;
    snprintf(expected, sizeof expected, "%" PRIu64, value);
    if (strcmp((char *)got, expected) != 0) fail("format uint", expected, (char *)got, expected);
    if (value > INT64_MAX) check_parse_other(expected, NUMBER_BIG, strlen(expected), 0);
}

/* ---- arrays ---- */

enum { LISTED_MOST = 80 };

/* The integer of `size` bytes at p, as printf writes it, and a comma: how many characters they are. */
static inline int reference_integer(char *out, const char *p, int size, int is_signed) {
    uint64_t bits = 0;
    for (int i = 0; i < size; i++) bits |= (uint64_t)(uint8_t)p[i] << 8 * (BIG_ENDIAN_TARGET ? size - 1 - i : i);
    if (!is_signed) return sprintf(out, "%" PRIu64 ",", bits);
    return sprintf(out, "%" PRId64 ",", (int64_t)(bits << (64 - 8 * size)) >> (64 - 8 * size));
}

/* n <= LISTED_MOST integers of `size` bytes, or bools where it is 0, each `stride` bytes after the one before. */
static inline void check_listed(const char *p, size_t n, ptrdiff_t stride, int size, int is_signed) {
    char expected[LISTED_MOST * NUMBER_LISTED_SPACE], name[64];
    uint8_t got[LISTED_MOST * NUMBER_LISTED_SPACE + 16 + 8];
    const size_t space = n * (size ? NUMBER_LISTED_SPACE : NUMBER_BOOL_SPACE) + 16;
    int levels;
    const kernels *const *all = kernels_here(&levels);
    char *to = expected;
    for (size_t i = 0; i < n; i++) {
        const char *at = p + (ptrdiff_t)i * stride;
        to += size ? reference_integer(to, at, size, is_signed) : sprintf(to, "%s,", *at ? "true" : "false");
    }
    checks++;
    snprintf(name, sizeof name, "%zu of %d bytes, signed %d, every %td", n, size, is_signed, stride);
    for (int l = 0; l < levels; l++) {
        memset(got, 0xAA, sizeof got);
        uint8_t *end = size ? all[l]->number_format_integers(got, p, n, stride, size, is_signed)
                            : all[l]->number_format_bools(got, p, n, stride);
        for (size_t i = space; i < sizeof got; i++)
            if (got[i] != 0xAA) fail("listed", name, "a write past its space", cpu_level_name(all[l]->level));
        *end = 0;
        *to = 0;
        if (strcmp((char *)got, expected) != 0) fail("listed", name, (char *)got, expected);
    }
}

#endif
