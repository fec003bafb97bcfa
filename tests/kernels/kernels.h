/* The kernels of one instruction set, as plain functions: what kernels.c is compiled to for each of them. */
#ifndef CYJSON_TEST_KERNELS_H
#define CYJSON_TEST_KERNELS_H

#include <stdlib.h>

#include "kernels/escape.h"
#include "kernels/number_format.h"
#include "kernels/number_parse.h"
#include "kernels/scan.h"

typedef struct {
    cpu_level level;
    const uint8_t *(*scan_plain)(const uint8_t *p, const uint8_t *end, int width, int ascii_only);
    const uint8_t *(*scan_plain_within)(const uint8_t *begin, const uint8_t *p, const uint8_t *end);
    const uint8_t *(*scan_plain_latin1)(const uint8_t *p, const uint8_t *end, uint32_t *all);
    const uint8_t *(*scan_plain_wide)(const uint8_t *p, const uint8_t *end, int width, uint32_t *all);
    const uint8_t *(*scan_space)(const uint8_t *p, const uint8_t *end, int width);
    int (*scan_narrow_ascii)(uint8_t *out, const uint8_t *p, const uint8_t *end, size_t n, int width);
    void (*scan_narrow)(uint8_t *out, const uint8_t *p, size_t n, int width);
    uint32_t (*scan_all_bits)(const uint8_t *p, size_t n, int width);
    int (*scan_utf8)(const uint8_t *p, uint32_t *c);
    /* 0 code points where the compiler's target hasn't this kernel, with *length 0 */
    unsigned (*scan_utf8_run)(const uint8_t *p, uint32_t *units, unsigned *length);
    /* 0 likewise, with *most 0: how many code points it gives at most */
    unsigned (*scan_escaped_units)(const uint8_t *p, const uint8_t *end, uint16_t units[16], unsigned *most);
    int32_t (*scan_hex4)(const uint8_t *p, int width);
    size_t (*escape_copy_clean)(uint8_t *out, const uint8_t *p, size_t n, int ascii);
    int (*escape_copy_ascii)(uint8_t *out, int width, const uint8_t *p, size_t n, int ascii, int varied);
    int (*escape_copy_same)(uint8_t *out, int width, const uint8_t *p, size_t n);
    int (*escape_copy_utf8)(uint8_t *out, const uint8_t *p, size_t n);
    uint8_t *(*escape_bytes)(uint8_t *out, const uint8_t *p, size_t n, int ascii);
    uint8_t *(*escape_to_ascii)(uint8_t *out, const uint8_t *p, size_t n, int width);
    uint8_t *(*escape_to_utf8)(uint8_t *out, const uint8_t *p, size_t n, int width);
    uint8_t *(*escape_widen)(uint8_t *out, int to_width, const uint8_t *p, size_t n, int width);
    void (*escape_copy_widened)(uint8_t *out, int to_width, const uint8_t *p, size_t n, int width);
    void (*copy_short)(uint8_t *to, const uint8_t *from, size_t n);
    number_kind (*number_parse)(const uint8_t *p, const uint8_t *limit, number *out);
    uint8_t *(*number_format_double)(uint8_t *out, double value);
    uint8_t *(*number_format_float)(uint8_t *out, float value);
    uint8_t *(*number_format_int64)(uint8_t *out, int64_t value);
    uint8_t *(*number_format_integers)(uint8_t *out, const char *p, size_t n, ptrdiff_t stride, int size,
                                       int is_signed);
    uint8_t *(*number_format_bools)(uint8_t *out, const char *p, size_t n, ptrdiff_t stride);
} kernels;

extern const kernels kernels_base, kernels_avx2, kernels_avx512;

/* The levels that this machine runs and this build has, the baseline first; how many, in *count. A build for the fuzzer
 * or a test has all that the compiler knows. */
static inline const kernels *const *kernels_here(int *count) {
#if CPU_HAS_LEVELS
    static const kernels *const all[] = {&kernels_base, &kernels_avx2, &kernels_avx512};
    *count = (int)cpu_best() + 1;
#else
    static const kernels *const all[] = {&kernels_base};
    *count = 1;
#endif
    return all;
}

#endif
