/* Bits of integers, and loads and stores in the order of text. Includes no Python.h. */
#ifndef CYJSON_BASE_BITS_H
#define CYJSON_BASE_BITS_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/compiler.h"

/* The zero bits below the lowest bit set, and above the highest, of an x that isn't zero. */
#if defined(_MSC_VER) && !defined(__clang__)
#include <intrin.h>
static ALWAYS_INLINE unsigned count_trailing_zeros(uint64_t x) {
    unsigned long at;
#if defined(_M_X64) || defined(_M_ARM64)
    _BitScanForward64(&at, x);
#else
    if (_BitScanForward(&at, (unsigned long)x)) return at;
    _BitScanForward(&at, (unsigned long)(x >> 32));
    at += 32;
#endif
    return at;
}
static ALWAYS_INLINE unsigned count_leading_zeros(uint64_t x) {
    unsigned long at;
#if defined(_M_X64) || defined(_M_ARM64)
    _BitScanReverse64(&at, x);
#else
    if (_BitScanReverse(&at, (unsigned long)(x >> 32))) return 31 - at;
    _BitScanReverse(&at, (unsigned long)x);
#endif
    return 63 - at;
}
#else
static ALWAYS_INLINE unsigned count_trailing_zeros(uint64_t x) { return (unsigned)__builtin_ctzll(x); }
static ALWAYS_INLINE unsigned count_leading_zeros(uint64_t x) { return (unsigned)__builtin_clzll(x); }
#endif

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
enum { BIG_ENDIAN_TARGET = 1 };
#else
enum { BIG_ENDIAN_TARGET = 0 };
#endif

/* Eight bytes of text, the first in the lowest eight bits. */
static ALWAYS_INLINE uint64_t load_8(const uint8_t *p) {
    uint64_t x = 0;
    if (BIG_ENDIAN_TARGET)
        for (int i = 7; i >= 0; i--) x = x << 8 | p[i];
    else memcpy(&x, p, 8);
    return x;
}

/* Four. */
static ALWAYS_INLINE uint32_t load_4(const void *text) {
    const uint8_t *p = text;
    uint32_t x = 0;
    if (BIG_ENDIAN_TARGET)
        for (int i = 3; i >= 0; i--) x = x << 8 | p[i];
    else memcpy(&x, p, 4);
    return x;
}

/* Store what load_8 would load. */
static ALWAYS_INLINE void store_8(uint8_t *p, uint64_t x) {
    if (BIG_ENDIAN_TARGET)
        for (int i = 0; i < 8; i++) p[i] = (uint8_t)(x >> 8 * i);
    else memcpy(p, &x, 8);
}

/* The last n <= 8 bytes of a load_8 as its first; those after them are arbitrary (all of them, if n is 0). */
static ALWAYS_INLINE uint64_t last_to_front(uint64_t x, size_t n) { return x >> ((unsigned)(8 * (8 - n)) & 63); }

/* Bits that the compiler can't look into, for where it would take them apart. */
static ALWAYS_INLINE uint64_t opaque_bits(uint64_t x) {
#if defined(__GNUC__) || defined(__clang__)
    __asm__("" : "+r"(x));
#endif
    return x;
}

/* A truth value that the compiler can't split into branches, for where none could be predicted. */
static ALWAYS_INLINE int opaque(int x) { return (int)opaque_bits((uint64_t)x); }

#endif
