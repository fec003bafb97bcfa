#include "number_format.h"

/* A double is m * 2^q. With 10^k <= 2^q < 10^(k+1) the interval of reals that read back as the double is wide enough to
 * hold a multiple of 10^k and too narrow for two of 10^(k+1). So the shortest digits are the multiple of 10^(k+1) in it,
 * less its trailing zeros, if there is one, and else the multiple of 10^k nearest to the double (Schubfach, section 8).
 *
 * One product, m times the power of ten, gives m * 2^q / 10^(k+1) as integer + fraction, the fraction in units of 2^-64:
 * a candidate of the first kind is the integer itself or its successor, and the last digit of one of the second kind
 * comes from ten times the fraction. */
typedef struct {
    uint64_t tens;     /* the significand without its last digit, below 10^16 */
    uint32_t last;     /* its last digit */
    int exponent;      /* the value is (tens + last / 10) * 10^exponent */
} decimal;

typedef struct {
    uint64_t integer, fraction; /* m * 2^q / 10^(k+1), rounded down */
    uint64_t half;              /* 2^(q-1) / 10^(k+1), rounded down, in units of 2^-64 */
    uint64_t rest_high, rest_low; /* what was cut off from fraction, in units of 2^-131 */
    int exponent;               /* k + 1 */
} scaled;

/* floor(log10(2^q)) and floor(log10(3/4 * 2^q)), checked for every q by tools/generate_pow10.py --prove. */
static ALWAYS_INLINE int log10_of_pow2(int q) { return (q * 315653) >> 20; }
static ALWAYS_INLINE int log10_of_pow2_three_quarters(int q) { return (q * 315653 - 131072) >> 20; }

static ALWAYS_INLINE scaled scale(uint64_t m, int q, int k)
{
    scaled s;
    const pow10_significand *g = pow10_of(-(k + 1));
    /* 2^q / 10^(k+1) is g * 2^(shift - 3 - 128). */
    int shift = q + pow10_exponent(-(k + 1)) + 4;
    uint64_t w = m << shift, low, low2;
    uint64_t high = multiply_128(w, g->high, &low);
    uint64_t carry = multiply_128(w, g->low, &low2);
    low += carry;
    high += low < carry;
    s.integer = high >> 3;
    s.fraction = high << 61 | low >> 3;
    s.half = g->high >> (4 - shift);
    s.rest_high = low & 7;
    s.rest_low = low2;
    s.exponent = k + 1;
    return s;
}

/* The digit nearest to ten times the fraction where fraction, short by less than 1 + 1/16, leaves in doubt which one it
 * is: it is exactly half-way between two, so the even one, or else far enough for the rest to tell (--prove). The power
 * of ten is exact wherever half-way cases exist. */
static NOINLINE uint32_t nearest_digit_in_doubt(uint64_t ten_fraction, uint32_t digit, uint64_t rest_high, uint64_t rest_low)
{
    uint64_t low, missing = 8 * (((uint64_t)1 << 63) - ten_fraction);
    uint64_t rest = 10 * rest_high + multiply_128(rest_low, 10, &low);
    int above = rest > missing || (rest == missing && low != 0);
    int half_way = rest == missing && low == 0;
    return digit + (above || (half_way && (digit & 1)));
}

static ALWAYS_INLINE uint32_t nearest_digit(const scaled *s)
{
    uint64_t ten_fraction;
    uint32_t digit = (uint32_t)multiply_128(s->fraction, 10, &ten_fraction);
    const uint64_t half = (uint64_t)1 << 63;
    if (UNLIKELY(ten_fraction - (half - 11) <= 11))
        return nearest_digit_in_doubt(ten_fraction, digit, s->rest_high, s->rest_low);
    return digit + (ten_fraction > half);
}

/* All doubles but the powers of two, whose interval is narrower below than above. */
static ALWAYS_INLINE decimal shortest_regular(uint64_t m, int q)
{
    scaled s = scale(m, q, log10_of_pow2(q));
    /* The ends of the interval belong to it if m is even. An end is an integer or more than 2 + 1/16 away from one
     * (--prove), while fraction -+ half is off by less: shifting half by 2 or -1 decides every case exactly. */
    uint64_t half = s.half - 1 + 3 * (~m & 1);
    int down = s.fraction < half;
    int up = s.fraction + half < half;
    decimal d;
    d.tens = s.integer + (unsigned)up;
    d.last = nearest_digit(&s) & (uint32_t)((down | up) - 1); /* a mask, for no branch could be predicted here */
    d.exponent = s.exponent;
    return d;
}

/* m = 2^52: only half as much room below. There are 2045 of these, all of them tested. */
static NOINLINE decimal shortest_power_of_two(uint64_t m, int q)
{
    scaled s = scale(m, q, log10_of_pow2_three_quarters(q));
    decimal d = {s.integer, 0, s.exponent};
    uint64_t below = s.half / 2;
    if (s.fraction <= below + 1) return d;
    if (s.fraction + s.half + 2 < s.half + 2) {
        d.tens++;
        return d;
    }
    d.last = nearest_digit(&s);
    /* The nearest may lie below the interval; the next one is then inside. */
    uint64_t ignored, lower_end = s.fraction - below;
    if (d.last <= multiply_128(lower_end, 10, &ignored)) d.last++;
    return d;
}

static NOINLINE decimal shortest_subnormal(uint64_t m)
{
    decimal d = shortest_regular(m, -1074);
    while (d.tens < 100000000000000) {
        d.tens = 10 * d.tens + d.last;
        d.last = 0;
        d.exponent--;
    }
    return d;
}

static ALWAYS_INLINE uint8_t *write_exponent(uint8_t *out, int exponent)
{
    unsigned below = exponent < 0, e = ((unsigned)exponent ^ (0 - below)) + below;
    out[0] = 'e';
    out[1] = (uint8_t)('+' + ('-' - '+') * below);
    memcpy(out + 2, number_small[e], 4);
    if (LIKELY(e >= 10)) return out + 2 + number_small[e][3];
    out[2] = '0';
    out[3] = (uint8_t)('0' + e);
    return out + 4;
}

/* Eight digits with a point before digit number `at` (0 to 7); the eighth is lost. */
static ALWAYS_INLINE uint64_t insert_point(uint64_t digits, unsigned at)
{
    uint64_t before = ((uint64_t)1 << 8 * at) - 1;
    return (digits & before) | (uint64_t)'.' << 8 * at | (digits & ~before) << 8;
}

#if !defined(CYJSON_NO_SIMD) && (defined(__x86_64__) || defined(_M_X64))
#include <emmintrin.h>

/* Sixteen digits, the first in the lowest byte. */
typedef __m128i digits16;

#if defined(VEC_AVX512)
/* floor(2^52 / 10^k) times n + 1, modulo 2^52, is the fraction of n / 10^k with an error between 0 and 2^52 / 10^k (for
 * n < 10^8 the floor costs less than that: (n + 1) * 0.28 < 2^52 / 10^8 where k = 8), so ten times it begins with the k-th
 * digit from the end. Eight of those at once: Lemire, "Converting integers to decimal strings faster with AVX-512" (2022). */
static ALWAYS_INLINE digits16 sixteen_digits(uint32_t head, uint32_t tail)
{
    const int64_t unit = (int64_t)1 << 52;
    const __m512i powers = _mm512_setr_epi64(unit / 100000000, unit / 10000000, unit / 1000000, unit / 100000, unit / 10000,
                                             unit / 1000, unit / 100, unit / 10);
    const __m512i ten = _mm512_set1_epi64(10), zero = _mm512_setzero_si512();
    const __m512i order = _mm512_castsi128_si512(_mm_setr_epi8(0, 8, 16, 24, 32, 40, 48, 56, 64, 72, 80, 88, 96, 104, 112, 120));
    __m512i first = _mm512_madd52hi_epu64(zero, _mm512_madd52lo_epu64(powers, _mm512_set1_epi64(head), powers), ten);
    __m512i second = _mm512_madd52hi_epu64(zero, _mm512_madd52lo_epu64(powers, _mm512_set1_epi64(tail), powers), ten);
    return _mm512_castsi512_si128(_mm512_permutex2var_epi8(first, order, second));
}
#else
/* As number_eight_digits, on both halves at once. */
static ALWAYS_INLINE digits16 sixteen_digits(uint32_t head, uint32_t tail)
{
    __m128i eights = _mm_unpacklo_epi64(_mm_cvtsi32_si128((int)head), _mm_cvtsi32_si128((int)tail));
    __m128i tops = _mm_srli_epi64(_mm_mul_epu32(eights, _mm_set1_epi64x(109951163)), 40);
    __m128i fours = _mm_add_epi64(eights, _mm_mul_epu32(tops, _mm_set1_epi64x(((int64_t)1 << 32) - 10000)));
    fours = _mm_shuffle_epi32(fours, _MM_SHUFFLE(2, 3, 0, 1));
    tops = _mm_srli_epi16(_mm_mulhi_epu16(fours, _mm_set1_epi32(5243)), 3);
    __m128i twos = _mm_or_si128(tops, _mm_slli_epi32(_mm_sub_epi16(fours, _mm_mullo_epi16(tops, _mm_set1_epi32(100))), 16));
    tops = _mm_mulhi_epu16(twos, _mm_set1_epi16(6554));
    return _mm_sub_epi16(_mm_slli_epi16(twos, 8), _mm_mullo_epi16(tops, _mm_set1_epi16((10 << 8) - 1)));
}
#endif

/* A bit for each digit that isn't zero. */
static ALWAYS_INLINE uint32_t nonzero_digits(digits16 d)
{
    return (uint32_t)_mm_movemask_epi8(_mm_cmpgt_epi8(d, _mm_setzero_si128()));
}

static ALWAYS_INLINE digits16 to_ascii(digits16 d) { return _mm_or_si128(d, _mm_set1_epi8('0')); }
static ALWAYS_INLINE void store_digits(uint8_t *out, digits16 d) { _mm_storeu_si128((__m128i *)out, d); }
static ALWAYS_INLINE uint64_t first_eight(digits16 d) { return (uint64_t)_mm_cvtsi128_si64(d); }
static ALWAYS_INLINE uint64_t last_eight(digits16 d) { return (uint64_t)_mm_cvtsi128_si64(_mm_unpackhi_epi64(d, d)); }

#else

typedef struct {
    uint64_t first, second;
} digits16;

static ALWAYS_INLINE digits16 sixteen_digits(uint32_t head, uint32_t tail)
{
    digits16 d = {number_eight_digits(head), number_eight_digits(tail)};
    return d;
}

static ALWAYS_INLINE uint32_t nonzero_digits(digits16 d)
{
    /* One bit is enough: that of the last digit that isn't zero. */
    unsigned last = d.second ? 15 - count_leading_zeros(d.second) / 8 : 7 - count_leading_zeros(d.first | 1) / 8;
    return (uint32_t)1 << last;
}

static ALWAYS_INLINE digits16 to_ascii(digits16 d)
{
    d.first |= NUMBER_ASCII_ZEROS;
    d.second |= NUMBER_ASCII_ZEROS;
    return d;
}

static ALWAYS_INLINE void store_digits(uint8_t *out, digits16 d)
{
    store_8(out, d.first);
    store_8(out + 8, d.second);
}

static ALWAYS_INLINE uint64_t first_eight(digits16 d) { return d.first; }
static ALWAYS_INLINE uint64_t last_eight(digits16 d) { return d.second; }
#endif

/* The rest: a point after the eighth digit, or an exponent. */
static ALWAYS_INLINE uint8_t *write_far_point(uint8_t *out, digits16 digits, uint8_t last, unsigned skip, int point, unsigned length)
{
    uint64_t first = first_eight(digits), second = last_eight(digits);
    if (point >= 8 && point <= 16) {
        if (skip) {
            first = first >> 8 | second << 56;
            second = second >> 8 | (uint64_t)last << 56;
            last = '0';
        }
        store_8(out, first);
        store_8(out + 8, second);
        out[16] = '.';
        out[17] = last;
        if (point < 16) {
            store_8(out + 9, second);
            store_8(out + 8, insert_point(second, (unsigned)point - 8));
        }
        unsigned least = (unsigned)point + 1;
        return out + 1 + (length > least ? length : least);
    }
    store_digits(out + 1 - skip, digits); /* the first that counts is the second character either way */
    out[17 - skip] = last;
    out[0] = (uint8_t)(first >> 8 * skip);
    out[1] = '.';
    return write_exponent(out + (length > 1 ? length + 1 : 1), point - 1);
}

static ALWAYS_INLINE uint8_t *write_decimal(uint8_t *out, decimal d)
{
    /* tens has 15 or 16 digits: written as 16, `skip` of them are not wanted. */
    unsigned skip = d.tens < 1000000000000000;
    int point = 16 - (int)skip + d.exponent;
    uint32_t head = (uint32_t)(d.tens / 100000000);
    digits16 digits = sixteen_digits(head, (uint32_t)(d.tens - (uint64_t)head * 100000000));
    uint32_t nonzero = nonzero_digits(digits) | (uint32_t)(d.last != 0) << 16;
    unsigned length = 64 - count_leading_zeros(nonzero) - skip;
    uint8_t last = (uint8_t)('0' + d.last);
    digits = to_ascii(digits);

    if (LIKELY(point >= 1 && point <= 7)) {
        store_digits(out + 1 - skip, digits);
        out[17 - skip] = last;
        store_8(out, insert_point(first_eight(digits) >> 8 * skip, (unsigned)point));
        unsigned least = (unsigned)point + 1;
        return out + 1 + (length > least ? length : least);
    }
    if (point >= -3 && point <= 0) {
        uint8_t *start = out + 2 - point - skip;
        store_8(out, NUMBER_ASCII_ZEROS);
        store_digits(start, digits);
        start[16] = last;
        out[0] = '0';
        out[1] = '.';
        return start + skip + length;
    }
    return write_far_point(out, digits, last, skip, point, length);
}

/* Not inlined where this is compiled together with its callers: these are recursive, and their frames must stay small. */
NOINLINE uint8_t *CPU_NAME(number_format_double)(uint8_t *out, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, 8);
    *out = '-';
    out += bits >> 63;
    unsigned biased = (unsigned)(bits >> 52) & 0x7FF;
    uint64_t fraction = bits & 0xFFFFFFFFFFFFF, hidden = (uint64_t)1 << 52;
    if (LIKELY(biased != 0 && fraction != 0))
        return write_decimal(out, shortest_regular(hidden | fraction, (int)biased - 1075));
    if (biased > 1) return write_decimal(out, shortest_power_of_two(hidden, (int)biased - 1075));
    if (biased == 1) return write_decimal(out, shortest_regular(hidden, -1074));
    if (fraction != 0) return write_decimal(out, shortest_subnormal(fraction));
    memcpy(out, "0.0", 3);
    return out + 3;
}
