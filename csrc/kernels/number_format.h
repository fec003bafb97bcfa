/* int64/double -> digits. Includes no Python.h.
 *
 * For example 0.1 + 0.2, m * 2^q with m = 5404319552844596 and q = -54. 2^q is between 10^-17 and 10^-16, so k = -17.
 * m * 2^q / 10^(k+1) is 3000000000000000 and a fraction of 0.444; numbers up to 0.278 (2^(q-1) / 10^(k+1)) away read
 * back as this double. Neither 3000000000000000 nor its successor is as close, so one more digit is needed: 4, for ten
 * times the fraction is 4.44. Of 0.3, whose m is less by one, the fraction is 0.889: the successor of 2999999999999999
 * is 0.111 away, and no further digit is needed. Less trailing zeros, the one is 0.30000000000000004 and the other 0.3.
 */
#ifndef CYJSON_NUMBER_FORMAT_H
#define CYJSON_NUMBER_FORMAT_H

#include "base/cpu.h"
#include "kernels/pow10.h"

enum { NUMBER_INT64_SPACE = 24, NUMBER_DOUBLE_SPACE = 40 };

/* The eight decimal digits of x < 10^8, one a byte, the first in the lowest byte.
 * Each step splits all lanes at once by a reciprocal that is exact for the lane's range. */
static ALWAYS_INLINE uint64_t number_eight_digits(uint32_t x) {
    uint64_t quotient = ((uint64_t)x * 109951163) >> 40;
    uint64_t lanes = quotient | (uint64_t)(x - (uint32_t)quotient * 10000) << 32;
    uint64_t tops = ((lanes * 5243) >> 19) & 0x0000007F0000007F;
    lanes = (lanes << 16) - tops * ((100 << 16) - 1);
    tops = ((lanes * 103) >> 10) & 0x000F000F000F000F;
    return (lanes << 8) - tops * ((10 << 8) - 1);
}

/* By a double's biased exponent: 2^q / 10^(k+1), rounded down, in units of 2^-128, where q is what the exponent of its
 * 53-bit significand is and k = floor(log10(2^q)). Made when the library is loaded: it would be 32 kB of the file. */
HIDDEN extern pow10_significand number_scale[2047];

/* x < 1000: its one to three digits, and how many they are. */
HIDDEN extern const uint8_t number_small[1000][4];

/* x < 1000: three digits, and a zero byte. */
HIDDEN extern const uint8_t number_three[1000][4];

/* Write x < 10^9 without leading zeros, by threes: lengths are hard to predict, so there is one way for each range, and
 * tables take half the time of number_eight_digits. */
static ALWAYS_INLINE uint8_t *number_format_leading(uint8_t *out, uint32_t x) {
    if (x < 1000) {
        memcpy(out, number_small[x], 4);
        return out + number_small[x][3];
    }
    uint32_t thousands = x / 1000, rest = x - thousands * 1000;
    if (thousands < 1000) {
        memcpy(out, number_small[thousands], 4);
        out += number_small[thousands][3];
    } else {
        uint32_t millions = thousands / 1000;
        memcpy(out, number_small[millions], 4);
        out += number_small[millions][3];
        memcpy(out, number_three[thousands - millions * 1000], 4);
        out += 3;
    }
    memcpy(out, number_three[rest], 4);
    return out + 3;
}

static inline uint8_t *number_format_uint64(uint8_t *out, uint64_t value) {
    if (LIKELY(value < 100000000)) return number_format_leading(out, (uint32_t)value);
    uint64_t head = value / 100000000;
    uint32_t tail = (uint32_t)(value - head * 100000000);
    if (head < 100000000) {
        out = number_format_leading(out, (uint32_t)head);
    } else {
        uint64_t top = head / 100000000;
        out = number_format_leading(out, (uint32_t)top);
        store_8(out, number_eight_digits((uint32_t)(head - top * 100000000)) | NUMBER_ASCII_ZEROS);
        out += 8;
    }
    store_8(out, number_eight_digits(tail) | NUMBER_ASCII_ZEROS);
    return out + 8;
}

/* Write value in decimal at out; return the end. May write up to NUMBER_INT64_SPACE bytes from out, of which only those
 * before the returned pointer count. No branch on the sign: that of large ints may well be random. */
static inline uint8_t *number_format_int64(uint8_t *out, int64_t value) {
    uint64_t negative = (uint64_t)(value < 0);
    *out = '-'; /* or else the first digit is written over it */
    return number_format_uint64(out + negative, ((uint64_t)value ^ (0 - negative)) + negative);
}

/* The same for ints that are mostly small and positive. */
static ALWAYS_INLINE uint8_t *number_format_int32(uint8_t *out, int32_t value) {
    uint32_t magnitude = (uint32_t)value;
    if (value < 0) {
        *out++ = '-';
        magnitude = 0 - magnitude;
    }
    if (LIKELY(magnitude < 1000000000)) return number_format_leading(out, magnitude);
    uint32_t top = magnitude / 100000000;
    out = number_format_leading(out, top);
    store_8(out, number_eight_digits(magnitude - top * 100000000) | NUMBER_ASCII_ZEROS);
    return out + 8;
}

/* Write a finite double as float.__repr__ does: the shortest digits that read back as value, of those the closest to
 * it; with an exponent if the decimal point would stand after more than 16 digits or after more than three zeros.
 * Returns the end; may write up to NUMBER_DOUBLE_SPACE bytes from out. After Giulietti, "The Schubfach way to render
 * doubles" (2020), with the single multiplication of vitaut/zmij and xjb714/xjb. */
uint8_t *CPU_NAME(number_format_double)(uint8_t *out, double value);

/* The same of a finite float, as NumPy's float32: the digits read back as that float, and are laid out as a double's.
 */
uint8_t *CPU_NAME(number_format_float)(uint8_t *out, float value);

enum { NUMBER_LISTED_SPACE = 24, NUMBER_BOOL_SPACE = 8 };

/* Write n integers of `size` bytes (1, 2, 4, 8), the first at p and each `stride` bytes after the one before, with a
 * comma after each. Returns the end; may write up to n * NUMBER_LISTED_SPACE bytes from out, and 16 more. */
uint8_t *CPU_NAME(number_format_integers)(uint8_t *out, const char *p, size_t n, ptrdiff_t stride, int size,
                                          int is_signed);

/* The same of bools, bytes of which any but 0 is true: n * NUMBER_BOOL_SPACE bytes, and 16 more. */
uint8_t *CPU_NAME(number_format_bools)(uint8_t *out, const char *p, size_t n, ptrdiff_t stride);

#endif
