/* Compiled for the baseline as it stands, and with LEVEL_AVX2 or LEVEL_AVX512. */
#include <float.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "levels/begin.h"

#if defined(LEVEL_AVX512)
#define KERNELS kernels_avx512
#define LEVEL CPU_AVX512
#elif defined(LEVEL_AVX2)
#define KERNELS kernels_avx2
#define LEVEL CPU_AVX2
#else
#define KERNELS kernels_base
#define LEVEL CPU_BASE
#endif

#include "kernels.h"

#include "kernels/escape.inc.h"
#include "kernels/number_format.inc.h"

static const uint8_t *plain(const uint8_t *p, const uint8_t *end, int width, int ascii_only) {
    if (width == 1) return ascii_only ? scan_plain(p, end, 1, 1) : scan_plain(p, end, 1, 0);
    return width == 2 ? scan_plain(p, end, 2, 0) : scan_plain(p, end, 4, 0);
}

static const uint8_t *plain_within(const uint8_t *begin, const uint8_t *p, const uint8_t *end) {
    return scan_plain_within(begin, p, end);
}

static const uint8_t *plain_latin1(const uint8_t *p, const uint8_t *end, uint32_t *all) {
    return scan_plain_latin1(p, end, all);
}

static const uint8_t *plain_wide(const uint8_t *p, const uint8_t *end, int width, uint32_t *all) {
    return width == 2 ? scan_plain_wide(p, end, 2, all) : scan_plain_wide(p, end, 4, all);
}

static void narrow(uint8_t *out, const uint8_t *p, size_t n, int width) {
    if (width == 2) scan_narrow(out, p, n, 2);
    else scan_narrow(out, p, n, 4);
}

static const uint8_t *space(const uint8_t *p, const uint8_t *end, int width) {
    if (width == 1) return scan_space(p, end, 1);
    return width == 2 ? scan_space(p, end, 2) : scan_space(p, end, 4);
}

static int narrow_ascii(uint8_t *out, const uint8_t *p, const uint8_t *end, size_t n, int width) {
    return width == 2 ? scan_narrow_ascii(out, p, end, n, 2) : scan_narrow_ascii(out, p, end, n, 4);
}

static uint32_t all_bits(const uint8_t *p, size_t n, int width) {
    if (width == 1) return scan_all_bits(p, n, 1);
    return width == 2 ? scan_all_bits(p, n, 2) : scan_all_bits(p, n, 4);
}

static int utf8(const uint8_t *p, uint32_t *c) { return scan_utf8(p, c); }

static unsigned utf8_run(const uint8_t *p, uint32_t *units, unsigned *length) {
    unsigned n = 0;
    *length = 0;
#if defined(VEC_RUNS)
    uint8_t lanes[16] = {0};
    vec v = vec_load(lanes);
    n = scan_utf8_run(p, &v, length);
    vec_store(lanes, v);
    for (unsigned i = 0; i < n; i++) units[i] = scan_read(lanes + (*length == 4 ? 4 : 2) * i, *length == 4 ? 4 : 2);
#else
    (void)p, (void)units;
#endif
    return n;
}

static unsigned escaped_units(const uint8_t *p, const uint8_t *end, uint16_t units[16], unsigned *most) {
#if defined(SCAN_ESCAPED_UNITS)
    *most = SCAN_ESCAPED_UNITS;
    return scan_escaped_units(p, end, units);
#else
    (void)p, (void)end, (void)units;
    *most = 0;
    return 0;
#endif
}

static int32_t hex4(const uint8_t *p, int width) {
    if (width == 1) return scan_hex4(p, 1);
    return width == 2 ? scan_hex4(p, 2) : scan_hex4(p, 4);
}

static size_t copy_clean(uint8_t *out, const uint8_t *p, size_t n, int ascii) {
    return ascii ? escape_copy_clean(out, p, n, 1) : escape_copy_clean(out, p, n, 0);
}

static int copy_ascii(uint8_t *out, int width, const uint8_t *p, size_t n, int ascii, int varied) {
    if (width == 2) return escape_copy_ascii(out, 2, p, n, 0, varied);
    if (width == 4) return escape_copy_ascii(out, 4, p, n, 0, varied);
    if (varied) return ascii ? escape_copy_ascii(out, 1, p, n, 1, 1) : escape_copy_ascii(out, 1, p, n, 0, 1);
    return ascii ? escape_copy_ascii(out, 1, p, n, 1, 0) : escape_copy_ascii(out, 1, p, n, 0, 0);
}

static int copy_same(uint8_t *out, int width, const uint8_t *p, size_t n) {
    if (width == 1) return escape_copy_same(out, 1, p, n);
    return width == 2 ? escape_copy_same(out, 2, p, n) : escape_copy_same(out, 4, p, n);
}

static int copy_utf8(uint8_t *out, const uint8_t *p, size_t n) { return escape_copy_utf8(out, p, n); }

static void copy(uint8_t *to, const uint8_t *from, size_t n) { copy_short(to, from, n); }

/* A number, read twice: as it stands, where nothing around it may be read, and in the midst of other text, where a
 * fraction is expected. */
static number_kind parse_number(const uint8_t *p, const uint8_t *limit, number *out) {
    uint8_t text[32 + 512 + 64];
    size_t n = (size_t)(limit - p);
    number_kind kind = number_parse(p, limit, NULL, out), again;
    number other;
    if (n > 512) return kind;
    memset(text, ',', sizeof text);
    memcpy(text + 32, p, n);
    again = number_parse(text + 32, text + sizeof text - 1, text, &other);
    int same = again == kind;
    if (same && kind != NUMBER_INVALID) same = other.end - (text + 32) == out->end - p;
    if (same && kind == NUMBER_DOUBLE) same = memcmp(&other.real, &out->real, sizeof other.real) == 0;
    if (same && kind == NUMBER_INT) same = other.integer == out->integer;
    if (!same) {
        fprintf(stderr, "%.*s: read otherwise in the midst of other text\n", (int)n, (const char *)p);
        abort();
    }
    return kind;
}
static uint8_t *format_int64(uint8_t *out, int64_t value) { return number_format_int64(out, value); }

const kernels KERNELS = {
    LEVEL,
    plain,
    plain_within,
    plain_latin1,
    plain_wide,
    space,
    narrow_ascii,
    narrow,
    all_bits,
    utf8,
    utf8_run,
    escaped_units,
    hex4,
    copy_clean,
    copy_ascii,
    copy_same,
    copy_utf8,
    CPU_NAME(escape_bytes),
    CPU_NAME(escape_to_ascii),
    CPU_NAME(escape_to_utf8),
    CPU_NAME(escape_widen),
    CPU_NAME(escape_copy_widened),
    copy,
    parse_number,
    CPU_NAME(number_format_double),
    CPU_NAME(number_format_float),
    format_int64,
    CPU_NAME(number_format_integers),
    CPU_NAME(number_format_bools),
};

#include "levels/end.h"
