/* Powers of ten as 128-bit significands, and the arithmetic that goes with them. Includes no Python.h.
 *
 * For example 10^1: pow10_of(1) is {0xA000000000000000, 0} and pow10_exponent(1) is 3, so that its value is
 * 0.625 * 2^128 * 2^(3 - 127) = 10. 10^-1, which has no end in binary: both words are 0xCCCCCCCCCCCCCCCC, just less
 * than 0.8 * 2^128, and the exponent is -4, so that it is just less than 0.8 * 2^128 * 2^(-4 - 127) = 0.1. */
#ifndef CYJSON_POW10_H
#define CYJSON_POW10_H

#include "base/simd128.h"

enum { POW10_MIN = -342, POW10_MAX = 324 };

/* (high * 2^64 + low) * 2^(pow10_exponent(e) - 127) is 10^e rounded down; exact for 0 <= e <= 55. */
typedef struct {
    uint64_t high, low;
} pow10_significand;

HIDDEN extern const pow10_significand pow10_table[POW10_MAX - POW10_MIN + 1];

static ALWAYS_INLINE const pow10_significand *pow10_of(int e) { return &pow10_table[e - POW10_MIN]; }

/* floor(log2(10^e)) and floor(log10(2^q)); tools/generate_pow10.py --prove checks every e of the table, and every q of
 * a double. */
static ALWAYS_INLINE int pow10_exponent(int e) { return (e * 217706) >> 16; }
static ALWAYS_INLINE int log10_of_pow2(int q) { return (q * 315653) >> 20; }

/* The high half of a * b; the low half goes to *low. */
static ALWAYS_INLINE uint64_t multiply_128(uint64_t a, uint64_t b, uint64_t *low) {
#if defined(__SIZEOF_INT128__)
    __extension__ typedef unsigned __int128 uint128;
    uint128 product = (uint128)a * b;
    *low = (uint64_t)product;
    return (uint64_t)(product >> 64);
#elif defined(_MSC_VER) && defined(_M_X64)
    uint64_t high;
    *low = _umul128(a, b, &high);
    return high;
#elif defined(_MSC_VER) && defined(_M_ARM64)
    *low = a * b;
    return __umulh(a, b);
#else
    uint64_t a0 = (uint32_t)a, a1 = a >> 32, b0 = (uint32_t)b, b1 = b >> 32;
    uint64_t low_part = a0 * b0;
    uint64_t middle = a1 * b0 + (low_part >> 32);
    uint64_t middle2 = a0 * b1 + (uint32_t)middle;
    *low = (middle2 << 32) | (uint32_t)low_part;
    return a1 * b1 + (middle >> 32) + (middle2 >> 32);
#endif
}

#define NUMBER_ASCII_ZEROS 0x3030303030303030 /* what eight digits have more than their values */

#endif
