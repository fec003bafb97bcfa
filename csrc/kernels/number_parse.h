/* Digits -> int64/double, correctly rounded. Includes no Python.h.
 *
 * For example "-12.5e2": the digits are w = 125, the point and the exponent make q = -1 + 2 = 1. number_round(125, 1):
 * w shifted to the top of a word is 0xFA00000000000000 (57 zero bits are gone), times 10^1's 0xA000000000000000 that is
 * 0x9C40000000000000 * 2^64; of it 54 bits are kept, and the last rounds them: 0x13880000000000, the hidden bit
 * included. The exponent is 3 (of 10^1) + 1 + 63 - 57 = 10, biased 1033. Together 0x4093880000000000, 1250.0, and the
 * sign. */
#ifndef CYJSON_NUMBER_PARSE_H
#define CYJSON_NUMBER_PARSE_H

#include <float.h>

#include "kernels/pow10.h"

typedef enum { NUMBER_INVALID, NUMBER_INT, NUMBER_DOUBLE, NUMBER_BIG } number_kind;

typedef struct {
    union {
        int64_t integer;
        double real;
    };
    const uint8_t *end;
} number;

/* Return the bits of the double nearest to the n digits at `digits` (at most one point among them), taken as an
 * integer, times 10^q. For more digits than 64 bits hold; linear in n. */
uint64_t number_round_long(const uint8_t *digits, int64_t n, int64_t q);

static ALWAYS_INLINE int number_is_digit(uint8_t c) { return (uint8_t)(c - '0') < 10; }

/* Eight bytes less '0' each; the result has a bit in the high nibble of the first byte that was no digit (what it says
 * of later ones is not exact: carries). Zero if all were digits. */
static ALWAYS_INLINE uint64_t number_non_digits(uint64_t values) {
    return ((values + 0x0606060606060606) | values) & 0xF0F0F0F0F0F0F0F0;
}

/* Eight digit values, the first in the lowest byte, as a number: neighbours are joined to pairs, fours, eights. */
static ALWAYS_INLINE uint64_t number_join_eight(uint64_t values) {
    const uint64_t pairs = 0x000000FF000000FF;
    values = values * 10 + (values >> 8);
    return ((values & pairs) * (100 + ((uint64_t)1000000 << 32)) +
            ((values >> 16) & pairs) * (1 + ((uint64_t)10000 << 32))) >>
           32;
}

/* The first n < 8 of them. Moved to the top they follow zeros; in two steps, for n may be 0. */
static ALWAYS_INLINE uint64_t number_join_first(uint64_t values, unsigned n) {
    return number_join_eight(values << 8 << (56 - 8 * n));
}

/* Append the run of digits at p to *significand, modulo 2^64; return its end. */
static ALWAYS_INLINE const uint8_t *number_digits(const uint8_t *p, const uint8_t *limit, uint64_t *significand) {
    static const uint32_t pow10_small[8] = {1, 10, 100, 1000, 10000, 100000, 1000000, 10000000};
    uint64_t w = *significand;
    while (LIKELY(limit - p >= 7)) {
        uint64_t values = load_8(p) ^ NUMBER_ASCII_ZEROS;
        uint64_t stop = number_non_digits(values);
        if (stop) {
            unsigned n = count_trailing_zeros(stop) / 8;
            *significand = w * pow10_small[n] + number_join_first(values, n);
            return p + n;
        }
        w = w * 100000000 + number_join_eight(values);
        p += 8;
    }
    for (; number_is_digit(*p); p++) w = w * 10 + (uint64_t)(*p - '0');
    *significand = w;
    return p;
}

/* Read a number of digits, a point and digits, up to seven characters in all, such as 22.23, which is 2223 divided by
 * 100: its end, or NULL where it has another form. The eight bytes at p are readable. Both are exact doubles, so that
 * their quotient is the nearest (Clinger 1990). */
static ALWAYS_INLINE const uint8_t *number_short_real(const uint8_t *p, double *real) {
    static const double powers[8] = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7};
    uint64_t values = load_8(p) ^ NUMBER_ASCII_ZEROS, stops = number_non_digits(values);
    if (FLT_EVAL_METHOD != 0 || UNLIKELY(stops == 0)) return NULL; /* elsewhere a quotient may be rounded twice */
    unsigned point = count_trailing_zeros(stops) / 8;
    uint64_t before = ((uint64_t)1 << 8 * point) - 1, after = stops & ~before & ~((uint64_t)0xFF << 8 * point);
    if (after == 0) return NULL;
    unsigned end = count_trailing_zeros(after) / 8, decimals = end - point - 1;
    if (UNLIKELY(p[point] != '.') || UNLIKELY(point == 0) || UNLIKELY(decimals == 0) ||
        UNLIKELY((*p == '0') & (point > 1)) || UNLIKELY((p[end] | 0x20) == 'e'))
        return NULL;
    *real = (double)(int64_t)number_join_first((values & before) | (values >> 8 & ~before), end - 1) / powers[decimals];
    return p + end;
}

static ALWAYS_INLINE double number_from_bits(uint64_t bits) {
    double value;
    memcpy(&value, &bits, 8);
    return value;
}

/* w * 10^q correctly rounded to even, as the bits of a double; w is not 0 and q within the table.
 * Lemire, "Number parsing at a gigabyte per second" (2021). The 128 bits kept of the product fall short by less than 2
 * units, and (Mushtak & Lemire, "Fast number parsing without fallback", 2022; tools/generate_pow10.py --prove) no w <
 * 2^64 comes closer than one unit to a double or to the middle of two without being equal to it. Equality is possible
 * only for q <= 23 (5^23 < 2^54); there the product is exact for q >= 0, and exactly one unit short for q < 0. `normal`
 * promises that the result is neither subnormal nor infinite. */
static ALWAYS_INLINE uint64_t number_round_product(uint64_t w, int q, int normal) {
    CYJSON_ASSERT(w != 0 && q >= POW10_MIN && q <= POW10_MAX);
    unsigned zeros = count_leading_zeros(w);
    const pow10_significand *g = pow10_of(q);
    uint64_t low, ignored;
    uint64_t high = multiply_128(w << zeros, g->high, &low);
    /* What the lower half of the constant adds is less than one in `high`: where the lowest bits that are cut are
     * neither all clear nor all set it changes none of those that are kept, and there is no tie. */
    if (UNLIKELY(((high + 1) & 0x1FF) <= 1)) {
        uint64_t carry = multiply_128(w << zeros, g->low, &ignored);
        low += carry;
        high += low < carry;
        low += q < 0;
        high += low < (uint64_t)(q < 0);
    }

    /* Cut to 54 bits: a double's significand and one bit to round by. */
    unsigned top = (unsigned)(high >> 63);
    unsigned cut = 9 + top;
    int exponent = pow10_exponent(q) + (int)top + 63 - (int)zeros + 1023;
    if (!normal && exponent <= 0) {
        cut += (unsigned)(1 - exponent);
        if (cut > 63) return 0;
        exponent = 1;
    }
    uint64_t significand = high >> cut;
    uint64_t rest = (high << (64 - cut)) | low;
    uint64_t tie = rest == 0 && q <= 23;
    significand = (significand + (significand & 1 & ~(tie & ~(significand >> 1)))) >> 1;
    /* The hidden bit, where there is one, adds the last 1 to the exponent; so does a carry out of the significand. */
    return ((uint64_t)(exponent - 1) << 52) + significand;
}

/* Do the same for any w and q; out of line. */
uint64_t number_round_any(uint64_t w, int64_t q);

/* Whether the double is neither zero, subnormal nor infinite: 1 <= w < 10^20 keeps it between 10^-290 and 10^308
 * then. */
static ALWAYS_INLINE int number_round_is_plain(uint64_t w, int64_t q) {
    return w != 0 && (uint64_t)(q + 290) <= 290 + 288;
}

/* Return the bits of the double nearest to w * 10^q. */
static ALWAYS_INLINE uint64_t number_round(uint64_t w, int64_t q) {
#if FLT_EVAL_METHOD == 0
    /* Clinger: both factors are doubles, so one rounding is all there is. */
    static const double exact[23] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                     1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    /* Good up to 2^53; but the shortest digits of random doubles are on both sides of that, which no branch
     * predicts. */
    if (w <= (uint64_t)1 << 49 && (uint64_t)-q <= 22) {
        double magnitude = (double)(int64_t)w / exact[-q];
        uint64_t bits;
        memcpy(&bits, &magnitude, 8);
        return bits;
    }
#endif
    return LIKELY(number_round_is_plain(w, q)) ? number_round_product(w, (int)q, 1) : number_round_any(w, q);
}

static ALWAYS_INLINE number_kind number_finish_int(uint64_t w, int64_t n, int negative, number *out) {
    if (UNLIKELY(n > 18) && (n > 19 || w > (uint64_t)INT64_MAX + (unsigned)negative)) return NUMBER_BIG;
    out->integer = (int64_t)(negative ? 0 - w : w);
    return NUMBER_INT;
}

/* Add the exponent whose 'e' stands at p to *q and return its end; p where it is malformed. */
static ALWAYS_INLINE const uint8_t *number_exponent(const uint8_t *p, int64_t *q) {
    const uint8_t *digits = p + 1;
    int64_t below = -(*digits == '-'), exponent = 0;
    digits += *digits == '-' || *digits == '+';
    if (UNLIKELY(!number_is_digit(*digits))) return p;
    for (; number_is_digit(*digits); digits++)
        if (exponent < 100000000000000000) exponent = exponent * 10 + (*digits - '0');
    *q += (exponent ^ below) - below;
    return digits;
}

#if defined(VEC_AVX2)
/* Objects are made between one number and the next, of memory from all over the heap: the processor then
 * doesn't prefetch the text by itself. */
enum { NUMBER_AHEAD = 512 }; /* bytes */

typedef struct {
    double real;
    const uint8_t *end; /* NULL: not a number that is read here */
} number_fraction;

/* The number with a fraction at p, without a branch on how many digits it has or whether it has a sign, which can't be
 * predicted. Left to number_parse_any are those with too many digits, too near to an end of [start, limit), or too
 * small or large; this calls nothing, so that it has no frame. */
static inline number_fraction number_read_fraction(const uint8_t *start, const uint8_t *p, const uint8_t *limit) {
    enum { MOST = 20 }; /* digits: seventeen after the zeros that a small number begins with */
    static const uint8_t last_lanes[16 + MOST] = {
        0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0xFF, 0xFF,
        0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
    };
    /* By the number of digits, the first characters that must be those of 0.00. */
    static const uint32_t zeros[MOST + 1] = {[18] = 0xFFFF, [19] = 0xFFFFFF, [20] = 0xFFFFFFFF};
    const number_fraction none = {0, NULL};
    if (UNLIKELY(limit - p < 32)) return none;
    PREFETCH((const char *)((uintptr_t)p + NUMBER_AHEAD)); /* perhaps beyond the text: no address that C knows of */
    /* Moved so that digits are the greatest of all bytes. */
    __m256i moved = _mm256_add_epi8(_mm256_loadu_si256((const __m256i *)p), _mm256_set1_epi8(0x7F - '9'));
    uint32_t others = ~(uint32_t)_mm256_movemask_epi8(_mm256_cmpgt_epi8(moved, _mm256_set1_epi8(0x7F - 10)));
    unsigned sign = others & 1, point = _tzcnt_u32(others - sign), stop = _tzcnt_u32(_blsr_u32(others - sign));
    unsigned whole = point - sign, n = stop - sign - 1; /* digits before the point; and all */
    if (UNLIKELY(whole - 1 >= n - 1 || n > MOST) || UNLIKELY(p[point] != '.')) return none;
    unsigned first = (unsigned)(p[sign] - '0');
    if (UNLIKELY((unsigned)(*p == '-') != sign) || UNLIKELY(whole - 1 > MOST * first)) return none; /* 01 */
    if (UNLIKELY(((load_4(p + sign) ^ load_4("0.00")) & zeros[n]) != 0)) return none;
    const uint8_t *end = p + stop;
    unsigned fraction = n - whole;
    if (UNLIKELY(end - start < 18)) return none;

    /* The last sixteen digits: those before the point move up by one, to where it was. */
    __m128i before = vec_load(end - 17), after = vec_load(end - 16);
    __m128i digits = _mm_blendv_epi8(before, after, vec_load(last_lanes + fraction));
    digits = _mm_and_si128(_mm_sub_epi8(digits, _mm_set1_epi8('0')), vec_load(last_lanes + n));
    __m128i pairs = _mm_maddubs_epi16(digits, _mm_set1_epi16(0x010A));
    __m128i fours = _mm_madd_epi16(pairs, _mm_set1_epi32(0x00010064));
    __m128i eights = _mm_madd_epi16(_mm_packus_epi32(fours, fours), _mm_set1_epi32(0x00012710));
    uint64_t both = (uint64_t)_mm_cvtsi128_si64(eights);
    uint64_t seventeenth = (uint64_t)(end[fraction > 16 ? -17 : -18] - '0') * (n > 16);
    uint64_t w = (uint32_t)both * (uint64_t)100000000 + (both >> 32) + seventeenth * 10000000000000000;

    int64_t q = -(int64_t)fraction;
    if ((*end | 0x20) == 'e') end = number_exponent(end, &q);
    if (UNLIKELY(!number_round_is_plain(w, q))) return none;
    number_fraction read = {number_from_bits((uint64_t)sign << 63 | number_round(w, q)), end};
    return read;
}
#endif

/* Parse the JSON number (RFC 8259, section 6) that starts at p, by the grammar of CPython's json scanner: where a
 * fraction or an exponent is malformed the number ends before it, so "1." is 1 and "01" is 0. out->end is where it
 * ends.
 *
 * [p, limit) is readable and *limit is readable too and is not part of a number, as the zero that ends every bytes and
 * str object; no load passes it.
 *
 * NUMBER_INT      out->integer; "-0" is 0
 * NUMBER_BIG      an integer past 64 bits: the caller converts [p, out->end)
 * NUMBER_DOUBLE   out->real, rounded to nearest, ties to even; may be infinite or -0.0
 * NUMBER_INVALID  no number starts here; *out is undefined */
static inline number_kind number_parse_any(const uint8_t *p, const uint8_t *limit, number *out) {
    /* The sign bit of a double from the start: as a byte it would be spilled, and read back as more than was stored. */
    uint64_t sign = (uint64_t)(*p == '-') << 63;
    CYJSON_ASSERT(p <= limit && !number_is_digit(*limit));
    p += *p == '-';
    const uint8_t *digits = p;
    uint64_t w = 0;
    if (UNLIKELY(*p == '0')) {
        p++;
        digits++;
    } else {
        if (UNLIKELY(!number_is_digit(*p))) return NUMBER_INVALID;
#if !defined(VEC_AVX2) /* where what comes here is long: short ints and fractions are read elsewhere */
        for (int i = 0; i < 4 && number_is_digit(*p); i++) w = w * 10 + (uint64_t)(*p++ - '0');
#endif
        if (number_is_digit(*p)) p = number_digits(p, limit, &w);
    }
    int64_t n = p - digits;

    int64_t q = 0;
    if (*p == '.' && LIKELY(number_is_digit(p[1]))) {
        const uint8_t *fraction = p + 1;
        p = number_digits(fraction, limit, &w);
        q = fraction - p;
        n -= q;
    } else if (LIKELY((*p | 0x20) != 'e')) {
        out->end = p;
        return number_finish_int(w, n, sign != 0, out);
    }
    if (UNLIKELY((*p | 0x20) == 'e')) {
        const uint8_t *e = p;
        p = number_exponent(e, &q);
        if (p == e && q == 0) {
            out->end = p;
            return number_finish_int(w, n, sign != 0, out);
        }
    }
    out->end = p;
    out->real = number_from_bits(sign | (LIKELY(n <= 19) ? number_round(w, q) : number_round_long(digits, n, q)));
    return NUMBER_DOUBLE;
}

/* The same, where `start` is a hint: NULL, or the start of readable bytes that p is among, where a fraction is
 * expected. */
static ALWAYS_INLINE number_kind number_parse(const uint8_t *p, const uint8_t *limit, const uint8_t *start,
                                              number *out) {
#if defined(VEC_AVX2)
    if (start != NULL) {
        number_fraction read = number_read_fraction(start, p, limit);
        if (LIKELY(read.end != NULL)) {
            out->real = read.real;
            out->end = read.end;
            return NUMBER_DOUBLE;
        }
    }
#else
    (void)start;
#endif
    return number_parse_any(p, limit, out);
}

#endif
