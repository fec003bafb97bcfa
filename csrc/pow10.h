/* Powers of ten as 128-bit significands, and the arithmetic that goes with them. Includes no Python.h. */
#ifndef CYJSON_POW10_H
#define CYJSON_POW10_H

#include <stdint.h>
#include <string.h>

#include "vec.h"

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define LITTLE_ENDIAN_TARGET 1
#elif defined(_MSC_VER)
#define LITTLE_ENDIAN_TARGET 1
#else
#define LITTLE_ENDIAN_TARGET 0
#endif

enum { POW10_MIN = -342, POW10_MAX = 324 };

/* (high * 2^64 + low) * 2^(pow10_exponent(e) - 127) is 10^e rounded down; exact for 0 <= e <= 55. */
typedef struct {
    uint64_t high, low;
} pow10_significand;

#if (defined(__GNUC__) || defined(__clang__)) && !defined(_WIN32)
#define HIDDEN __attribute__((visibility("hidden"))) /* spares the look-up through the GOT */
#else
#define HIDDEN
#endif

HIDDEN extern const pow10_significand pow10_table[POW10_MAX - POW10_MIN + 1];

static ALWAYS_INLINE const pow10_significand *pow10_of(int e) { return &pow10_table[e - POW10_MIN]; }

/* floor(log2(10^e)); tools/generate_pow10.py --prove checks every e of the table. */
static ALWAYS_INLINE int pow10_exponent(int e) { return (e * 217706) >> 16; }

/* The high half of a * b; the low half goes to *low. */
static ALWAYS_INLINE uint64_t multiply_128(uint64_t a, uint64_t b, uint64_t *low)
{
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

/* x must not be zero. */
static ALWAYS_INLINE unsigned count_leading_zeros(uint64_t x)
{
#if defined(__GNUC__) || defined(__clang__)
    return (unsigned)__builtin_clzll(x);
#elif defined(_MSC_VER) && (defined(_M_X64) || defined(_M_ARM64))
    unsigned long at;
    _BitScanReverse64(&at, x);
    return 63 - at;
#else
    unsigned n = 0;
    for (; !(x >> 63); x <<= 1) n++;
    return n;
#endif
}

/* Eight bytes of text as a number whose lowest byte is the first character. */
static ALWAYS_INLINE uint64_t load_8(const uint8_t *p)
{
    uint64_t x;
#if LITTLE_ENDIAN_TARGET
    memcpy(&x, p, 8);
#else
    x = 0;
    for (int i = 7; i >= 0; i--) x = x << 8 | p[i];
#endif
    return x;
}

static ALWAYS_INLINE uint32_t load_4(const void *text)
{
    const uint8_t *p = text;
    uint32_t x;
#if LITTLE_ENDIAN_TARGET
    memcpy(&x, p, 4);
#else
    x = (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
#endif
    return x;
}

#define NUMBER_ASCII_ZEROS 0x3030303030303030 /* what eight digits have more than their values */

#endif
