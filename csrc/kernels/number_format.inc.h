#include "kernels/number_format.h"

/* A double is m * 2^q. With 10^k <= 2^q < 10^(k+1) the interval of reals that read back as the double is wide enough to
 * hold a multiple of 10^k and too narrow for two of 10^(k+1). So the shortest digits are the multiple of 10^(k+1) in
 * it, less its trailing zeros, if there is one, and else the multiple of 10^k nearest to the double (Schubfach, section
 * 8).
 *
 * One product, m times a constant of q, gives m * 2^q / 10^(k+1) as integer + fraction, the fraction in units of 2^-64:
 * a candidate of the first kind is the integer itself or its successor, and the last digit of one of the second kind
 * comes from ten times the fraction. */
typedef struct {
    uint64_t tens; /* the significand without its last digit, below 10^16 */
    uint32_t last; /* its last digit */
    int exponent; /* the value is (tens + last / 10) * 10^exponent */
} decimal;

typedef struct {
    uint64_t integer, fraction; /* m * 2^q / 10^(k+1), rounded down */
    uint64_t rest; /* what was cut off from fraction, in units of 2^-128, short by less than 2^53 of them */
    uint64_t half; /* 2^(q-1) / 10^(k+1), rounded down, in units of 2^-64 */
} scaled;

/* floor(log10(3/4 * 2^q)), checked for every q by tools/generate_pow10.py --prove. */
static ALWAYS_INLINE int log10_of_pow2_three_quarters(int q) { return (q * 315653 - 131072) >> 20; }

static ALWAYS_INLINE scaled scale(uint64_t m, const pow10_significand *g) {
    scaled s;
    s.integer = multiply_128(m, g->high, &s.fraction);
    uint64_t carry = multiply_128(m, g->low, &s.rest);
    s.fraction += carry;
    s.integer += s.fraction < carry;
    s.half = g->high >> 1;
    return s;
}

/* The digit nearest to ten times the fraction where fraction, short by less than 1 + 1/16, leaves in doubt which one it
 * is: it is exactly half-way between two, so the even one, or else far enough for the rest to tell. The constants are
 * exact wherever half-way cases exist. (--prove) */
static NOINLINE uint32_t nearest_digit_in_doubt(uint64_t ten_fraction, uint32_t digit, uint64_t rest) {
    uint64_t low, high = multiply_128(rest, 10, &low), missing = ((uint64_t)1 << 63) - ten_fraction;
    int above = high > missing || (high == missing && low != 0);
    int half_way = high == missing && low == 0;
    return digit + (above || (half_way && (digit & 1)));
}

/* Where in_doubt isn't NULL, a doubt is only reported. */
static ALWAYS_INLINE uint32_t nearest_digit(const scaled *s, int *in_doubt) {
    uint64_t ten_fraction;
    uint32_t digit = (uint32_t)multiply_128(s->fraction, 10, &ten_fraction);
    const uint64_t half = (uint64_t)1 << 63;
    int doubt = ten_fraction - (half - 11) <= 11;
    if (in_doubt != NULL) *in_doubt = doubt;
    else if (doubt) return nearest_digit_in_doubt(ten_fraction, digit, s->rest);
    return digit + (ten_fraction > half);
}

/* All doubles but the powers of two, whose interval is narrower below than above. */
static ALWAYS_INLINE decimal shortest_regular(uint64_t m, unsigned biased, int *in_doubt) {
    scaled s = scale(m, &number_scale[biased]);
    /* The ends of the interval belong to it if m is even. An end is an integer or more than 2 + 1/16 away from one
     * (--prove), while fraction -+ half is off by less: shifting half by 2 or -1 decides every case exactly. */
    uint64_t half = s.half - 1 + 3 * (~m & 1);
    int down = s.fraction < half;
    int up = s.fraction + half < half;
    decimal d;
    d.tens = s.integer + (unsigned)up;
    d.last =
        nearest_digit(&s, in_doubt) & (uint32_t)((down | up) - 1); /* a mask, for no branch could be predicted here */
    d.exponent = log10_of_pow2((int)biased - 1075) + 1;
    return d;
}

/* m = 2^bits: only half as much room below. There are 2045 of these doubles and 253 floats, all of them tested. */
static NOINLINE decimal shortest_power_of_two(int bits, int q) {
    int exponent = log10_of_pow2_three_quarters(q) + 1;
    const pow10_significand *g = pow10_of(-exponent);
    /* 2^q / 10^(k+1) is g * 2^(-127 - cut). */
    int cut = -(q + pow10_exponent(-exponent)), down = 63 - bits + cut;
    scaled s;
    s.integer = g->high >> down;
    s.fraction = g->high << (64 - down) | g->low >> down;
    s.rest = g->low << (64 - down);
    s.half = g->high >> cut;
    decimal d = {s.integer, 0, exponent};
    uint64_t below = s.half / 2;
    if (s.fraction <= below + 1) return d;
    if (s.fraction + s.half + 2 < s.half + 2) {
        d.tens++;
        return d;
    }
    d.last = nearest_digit(&s, NULL);
    /* The nearest may be below the interval; the next one is then inside. */
    uint64_t ignored, lower_end = s.fraction - below;
    if (d.last <= multiply_128(lower_end, 10, &ignored)) d.last++;
    return d;
}

/* A float in the same way: 2^q / 10^(k+1) is in the same table, of which 64 bits tell the fraction to 2^-40. That is
 * enough: an end of the interval is an integer or 244 times as far from one, and ten times the fraction is half-way
 * between two digits or 154 times as far from there; where it is half-way, 64 bits are exact (--prove). */
static ALWAYS_INLINE decimal shortest_float(uint32_t m, unsigned biased) {
    const uint64_t scale = number_scale[biased + (1075 - 150)].high, margin = (uint64_t)1 << 25;
    uint64_t fraction, ten_fraction, integer = multiply_128(m, scale, &fraction);
    uint64_t half = (scale >> 1) + (m & 1 ? 0 - margin : margin);
    int down = fraction < half;
    int up = fraction + half < half;
    uint32_t digit = (uint32_t)multiply_128(fraction, 10, &ten_fraction);
    digit += ten_fraction + (digit & 1) > (uint64_t)1 << 63; /* of two as close the even one */
    decimal d;
    d.tens = integer + (unsigned)up;
    d.last = digit & (uint32_t)((down | up) - 1);
    d.exponent = log10_of_pow2((int)biased - 150) + 1;
    return d;
}

/* Move digits up until there are as many before the last one as a regular double (or float) has at least. */
static ALWAYS_INLINE decimal normalized(decimal d, uint64_t least) {
    while (d.tens < least) {
        d.tens = 10 * d.tens + d.last;
        d.last = 0;
        d.exponent--;
    }
    return d;
}

static ALWAYS_INLINE uint8_t *write_exponent(uint8_t *out, int exponent) {
    unsigned below = exponent < 0, e = ((unsigned)exponent ^ (0 - below)) + below;
    out[0] = 'e';
    out[1] = (uint8_t)('+' + ('-' - '+') * below);
    memcpy(out + 2, number_small[e], 4);
    if (LIKELY(e >= 10)) return out + 2 + number_small[e][3];
    out[2] = '0';
    out[3] = (uint8_t)('0' + e);
    return out + 4;
}

/* Digits to be written: sixteen, the first of which may be a zero that isn't wanted, and one more. */
typedef struct {
    uint32_t head, tail; /* eight of them each; of a float, tail is the ninth, and those after it are zeros */
    uint32_t last;
    unsigned skip; /* 1: the first isn't wanted */
    int exponent; /* the value is (sixteen digits + last / 10) * 10^exponent */
    int is_float; /* constant wherever this is inlined */
} seventeen;

#if !defined(CYJSON_NO_SIMD) && (defined(__x86_64__) || defined(_M_X64))
#include <emmintrin.h>

/* As number_eight_digits, on both halves at once: sixteen digits, the first in the lowest byte. */
static ALWAYS_INLINE __m128i sixteen_digits(uint32_t head, uint32_t tail) {
    __m128i times = _mm_set1_epi16((10 << 8) - 1);
#if defined(__GNUC__)
    __asm__("" : "+x"(times)); /* or gcc makes five instructions of the product, by shifts */
#endif
    __m128i eights = _mm_unpacklo_epi64(_mm_cvtsi32_si128((int)head), _mm_cvtsi32_si128((int)tail));
    __m128i tops = _mm_srli_epi64(_mm_mul_epu32(eights, _mm_set1_epi64x(109951163)), 40);
    __m128i fours = _mm_add_epi64(eights, _mm_mul_epu32(tops, _mm_set1_epi64x(((int64_t)1 << 32) - 10000)));
    fours = _mm_shuffle_epi32(fours, _MM_SHUFFLE(2, 3, 0, 1));
    tops = _mm_srli_epi16(_mm_mulhi_epu16(fours, _mm_set1_epi32(5243)), 3);
    __m128i twos =
        _mm_or_si128(tops, _mm_slli_epi32(_mm_sub_epi16(fours, _mm_mullo_epi16(tops, _mm_set1_epi32(100))), 16));
    tops = _mm_mulhi_epu16(twos, _mm_set1_epi16(6554));
    return _mm_sub_epi16(_mm_slli_epi16(twos, 8), _mm_mullo_epi16(tops, times));
}

static ALWAYS_INLINE __m128i first_digits(seventeen d) {
    return d.is_float ? _mm_set_epi64x(d.tail, (int64_t)number_eight_digits(d.head)) : sixteen_digits(d.head, d.tail);
}

#endif

#if defined(VEC_AVX2)

/* Where the characters of a number come from: a row for each place of the point (before digit number `point`, after
 * -point zeros where it is less than 1), for numbers written with 17 digits and, `skip`, with 16. */
typedef struct {
    uint8_t order[32]; /* the digit that comes here, */
    uint8_t text[28]; /* added to which: the code of zero, or the point, which no digit comes to */
    uint32_t least; /* the bit of the character that is written even if all from there on are zeros */
} layout;

#if defined(VEC_AVX512)
enum { LAST_DIGIT = 1, NO_DIGIT = 2, DIGIT_STRIDE = 8 };
#else
enum { LAST_DIGIT = 0xFF, NO_DIGIT = 0x80, DIGIT_STRIDE = 1 };
#endif
enum { POINT_MIN = -3, POINT_MAX = 16 };

#define DIGIT(n) ((n) < 16 ? DIGIT_STRIDE * ((n) & 15) : (n) == 16 ? LAST_DIGIT : NO_DIGIT)
#define ORDER(point, skip, i) \
    ((point) < 1 ? ((i) < 2 - (point) ? NO_DIGIT : DIGIT((i) - 2 + (point) + (skip))) \
                 : ((i) == (point) ? NO_DIGIT : DIGIT((i) - ((i) > (point)) + (skip))))
#define ORDER4(point, skip, i) \
    ORDER(point, skip, i), ORDER(point, skip, i + 1), ORDER(point, skip, i + 2), ORDER(point, skip, i + 3)
#define ORDER16(point, skip, i) \
    ORDER4(point, skip, i), ORDER4(point, skip, i + 4), ORDER4(point, skip, i + 8), ORDER4(point, skip, i + 12)
#define TEXT(point, i) ((i) == ((point) < 1 ? 1 : (point)) ? '.' : '0')
#define TEXT4(point, i) TEXT(point, i), TEXT(point, i + 1), TEXT(point, i + 2), TEXT(point, i + 3)
#define TEXT28(point) \
    TEXT4(point, 0), TEXT4(point, 4), TEXT4(point, 8), TEXT4(point, 12), TEXT4(point, 16), TEXT4(point, 20), \
        TEXT4(point, 24)
#define LAYOUT(point, skip) \
    {{ORDER16(point, skip, 0), ORDER16(point, skip, 16)}, \
     {TEXT28(point)}, \
     (point) < 1 ? 0 : (uint32_t)2 << ((point) & 31)}
#define LAYOUTS(point) LAYOUT(point, 0), LAYOUT(point, 1)

static const _Alignas(64) layout layouts[] = {
    LAYOUTS(-3), LAYOUTS(-2), LAYOUTS(-1), LAYOUTS(0),  LAYOUTS(1),  LAYOUTS(2),  LAYOUTS(3),
    LAYOUTS(4),  LAYOUTS(5),  LAYOUTS(6),  LAYOUTS(7),  LAYOUTS(8),  LAYOUTS(9),  LAYOUTS(10),
    LAYOUTS(11), LAYOUTS(12), LAYOUTS(13), LAYOUTS(14), LAYOUTS(15), LAYOUTS(16),
};

#if defined(VEC_AVX512)

/* floor(2^52 / 10^k) times n + 1, modulo 2^52, is the fraction of n / 10^k with an error between 0 and 2^52 / 10^k (for
 * n < 10^8 the floor costs less than that: (n + 1) * 0.28 < 2^52 / 10^8 where k = 8), so ten times it begins with the
 * k-th digit from the end. Eight of those at once, in the lowest byte of each lane: Lemire, "Converting integers to
 * decimal strings faster with AVX-512" (2022). The second bytes are last's. */
static ALWAYS_INLINE __m512i eight_digits(uint32_t n, uint32_t last) {
    const int64_t unit = (int64_t)1 << 52;
    const __m512i powers = _mm512_setr_epi64(unit / 100000000, unit / 10000000, unit / 1000000, unit / 100000,
                                             unit / 10000, unit / 1000, unit / 100, unit / 10);
    __m512i fractions = _mm512_madd52lo_epu64(powers, _mm512_set1_epi64(n), powers);
    return _mm512_madd52hi_epu64(_mm512_set1_epi64(last << 8), fractions, _mm512_set1_epi64(10));
}

static ALWAYS_INLINE __m256i arrange(seventeen d, const uint8_t *order) {
    __m512i bytes = _mm512_castsi256_si512(_mm256_load_si256((const __m256i *)order));
    __m512i tail = d.is_float ? _mm512_castsi128_si512(_mm_cvtsi32_si128((int)d.tail)) : eight_digits(d.tail, 0);
    return _mm512_castsi512_si256(_mm512_permutex2var_epi8(eight_digits(d.head, d.last), bytes, tail));
}

#else

static ALWAYS_INLINE __m256i arrange(seventeen d, const uint8_t *order) {
    __m256i lanes = _mm256_load_si256((const __m256i *)order);
    __m256i digits = _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(first_digits(d)), lanes);
    if (d.is_float) return digits;
    __m256i is_last = _mm256_cmpeq_epi8(lanes, _mm256_set1_epi8((char)LAST_DIGIT));
    return _mm256_or_si256(digits, _mm256_and_si256(is_last, _mm256_set1_epi8((char)d.last)));
}
#endif

static ALWAYS_INLINE uint8_t *write_digits(uint8_t *out, seventeen d) {
    const unsigned skip = d.skip;
    unsigned row = 2 * (16 - POINT_MIN) + 2 * (unsigned)d.exponent - skip;
    const unsigned rows = sizeof layouts / sizeof *layouts;
    unsigned used = row;
    if (UNLIKELY(row >= rows)) used = 2 * (1 - POINT_MIN) + skip;
    const layout *l = &layouts[used];
    __m256i arranged = arrange(d, l->order);
    uint32_t nonzero = (uint32_t)_mm256_movemask_epi8(_mm256_cmpgt_epi8(arranged, _mm256_setzero_si256()));
    _mm256_storeu_si256((__m256i *)out, _mm256_or_si256(arranged, _mm256_load_si256((const __m256i *)l->text)));
    if (LIKELY(row < rows)) return out + 64 - count_leading_zeros(nonzero | l->least);
    return write_exponent(out + 64 - count_leading_zeros(nonzero), 15 - (int)skip + d.exponent);
}

#else

/* Eight digits with a point before digit number `at` (0 to 7); the eighth is lost. By tables: shifts by a variable take
 * twice the instructions. */
static ALWAYS_INLINE uint64_t insert_point(uint64_t digits, unsigned at) {
    static const struct {
        uint64_t before, point;
    } places[8] = {
        {0, (uint64_t)'.'},
        {0xFF, (uint64_t)'.' << 8},
        {0xFFFF, (uint64_t)'.' << 16},
        {0xFFFFFF, (uint64_t)'.' << 24},
        {0xFFFFFFFF, (uint64_t)'.' << 32},
        {0xFFFFFFFFFF, (uint64_t)'.' << 40},
        {0xFFFFFFFFFFFF, (uint64_t)'.' << 48},
        {0xFFFFFFFFFFFFFF, (uint64_t)'.' << 56},
    };
    const uint64_t before = digits & places[at].before;
    return before | places[at].point | (digits ^ before) << 8;
}

#if !defined(CYJSON_NO_SIMD) && (defined(__x86_64__) || defined(_M_X64))

typedef __m128i digits16;

/* A bit for each digit that isn't zero. */
static ALWAYS_INLINE uint32_t nonzero_digits(digits16 d) {
    return (uint32_t)_mm_movemask_epi8(_mm_cmpgt_epi8(d, _mm_setzero_si128()));
}

static ALWAYS_INLINE digits16 to_ascii(digits16 d) { return _mm_or_si128(d, _mm_set1_epi8('0')); }
static ALWAYS_INLINE void store_digits(uint8_t *out, digits16 d) { _mm_storeu_si128((__m128i *)out, d); }
static ALWAYS_INLINE uint64_t first_eight(digits16 d) { return (uint64_t)_mm_cvtsi128_si64(d); }
/* Fifteen of them, and one more. */
static ALWAYS_INLINE digits16 drop_first(digits16 d, uint8_t last) {
    return _mm_or_si128(_mm_srli_si128(d, 1), _mm_slli_si128(_mm_cvtsi32_si128(last), 15));
}
static ALWAYS_INLINE uint64_t last_eight(digits16 d) { return (uint64_t)_mm_cvtsi128_si64(_mm_unpackhi_epi64(d, d)); }

#else

typedef struct {
    uint64_t first, second;
} digits16;

static ALWAYS_INLINE digits16 first_digits(seventeen d) {
    digits16 first = {number_eight_digits(d.head), d.is_float ? d.tail : number_eight_digits(d.tail)};
    return first;
}

static ALWAYS_INLINE uint32_t nonzero_digits(digits16 d) {
    /* One bit is enough: that of the last digit that isn't zero. */
    unsigned last = d.second ? 15 - count_leading_zeros(d.second) / 8 : 7 - count_leading_zeros(d.first | 1) / 8;
    return (uint32_t)1 << last;
}

static ALWAYS_INLINE digits16 to_ascii(digits16 d) {
    d.first |= NUMBER_ASCII_ZEROS;
    d.second |= NUMBER_ASCII_ZEROS;
    return d;
}

static ALWAYS_INLINE void store_digits(uint8_t *out, digits16 d) {
    store_8(out, d.first);
    store_8(out + 8, d.second);
}

static ALWAYS_INLINE uint64_t first_eight(digits16 d) { return d.first; }
static ALWAYS_INLINE digits16 drop_first(digits16 d, uint8_t last) {
    digits16 left = {d.first >> 8 | d.second << 56, d.second >> 8 | (uint64_t)last << 56};
    return left;
}
static ALWAYS_INLINE uint64_t last_eight(digits16 d) { return d.second; }
#endif

/* The highest bit set of an x that isn't zero. Not 63 - n: gcc makes two instructions more of that. */
static ALWAYS_INLINE size_t last_bit(uint64_t x) { return 63 ^ (size_t)count_leading_zeros(x); }

/* The rest: a point after the eighth digit, or an exponent. */
static ALWAYS_INLINE uint8_t *write_far_point(uint8_t *out, digits16 digits, uint8_t last, int point, size_t length) {
    if (point >= 8 && point <= 16) {
        uint64_t second = last_eight(digits);
        store_digits(out, digits);
        out[16] = '.';
        out[17] = last;
        if (point < 16) {
            store_8(out + 9, second);
            store_8(out + 8, insert_point(second, (unsigned)point - 8));
        }
        size_t least = (size_t)point + 1;
        return out + 1 + (length > least ? length : least);
    }
    store_digits(out + 1, digits);
    out[17] = last;
    out[0] = (uint8_t)first_eight(digits);
    out[1] = '.';
    return write_exponent(out + (length > 1 ? length + 1 : 1), point - 1);
}

static ALWAYS_INLINE uint8_t *write_digits(uint8_t *out, seventeen d) {
    const unsigned skip = d.skip;
    int point = 16 + d.exponent - (int)skip;
    digits16 digits = first_digits(d);
    uint32_t nonzero = nonzero_digits(digits) | (uint32_t)(d.last != 0) << 16;
    uint8_t last = (uint8_t)('0' + d.last);
    digits = to_ascii(digits);

    if (LIKELY(point >= 1 && point <= 7)) {
        uint8_t *end = out + 2 - skip + last_bit(nonzero | (uint32_t)1 << (point + (int)skip));
        store_digits(out + 1 - skip, digits);
        out[17 - skip] = last;
        store_8(out, insert_point(first_eight(digits) >> 8 * skip, (unsigned)point));
        return end; /* with one digit after the point at least */
    }
    const size_t length = 1 + last_bit(nonzero);
    if (point >= -3 && point <= 0) {
        uint8_t *start = out + 2 - point - skip;
        store_8(out, NUMBER_ASCII_ZEROS);
        store_digits(start, digits);
        start[16] = last;
        out[0] = '0';
        out[1] = '.';
        return start + length;
    }
    if (skip) {
        digits = drop_first(digits, last);
        return write_far_point(out, digits, '0', point, length - 1);
    }
    return write_far_point(out, digits, last, point, length);
}
#endif

static ALWAYS_INLINE uint8_t *write_decimal(uint8_t *out, decimal d) {
    const uint64_t sixteen = 1000000000000000;
    uint32_t head = (uint32_t)(d.tens / 100000000), tail = (uint32_t)(d.tens - (uint64_t)head * 100000000);
    seventeen all = {head, tail, d.last, d.tens < sixteen, d.exponent, 0};
    return write_digits(out, all);
}

/* The same of a float's, 7 to 9 digits. */
static ALWAYS_INLINE uint8_t *write_float_decimal(uint8_t *out, decimal d) {
    int is_long = d.tens >= 10000000;
    uint32_t head = (uint32_t)d.tens;
    if (!is_long) head = 10 * head + d.last;
    seventeen all = {head, is_long ? d.last : 0, 0, head < 10000000, d.exponent - 9 + is_long, 1};
    return write_digits(out, all);
}

static uint8_t *write_zero(uint8_t *out) {
    memcpy(out, "0.0", 3);
    return out + 3;
}

/* What number_format_double leaves. */
static NOINLINE uint8_t *write_rare(uint8_t *out, uint64_t bits) {
    int biased = (int)(bits >> 52) & 0x7FF;
    uint64_t fraction = bits & 0xFFFFFFFFFFFFF, hidden = (uint64_t)1 << 52;
    decimal d;
    if (biased == 0 && fraction == 0) return write_zero(out);
    if (biased == 0) d = normalized(shortest_regular(fraction, 1, NULL), 100000000000000);
    else if (fraction != 0 || biased == 1) d = shortest_regular(hidden | fraction, (unsigned)biased, NULL);
    else d = shortest_power_of_two(52, biased - 1075);
    return write_decimal(out, d);
}

/* Not inlined where this is compiled together with its callers: these are recursive, and their frames must stay small.
 * The rare cases are a call at the end, so that this has no frame at all. */
NOINLINE uint8_t *CPU_NAME(number_format_double)(uint8_t *out, double value) {
    uint64_t bits;
    memcpy(&bits, &value, 8);
    *out = '-';
    out += bits >> 63;
    unsigned biased = (unsigned)(bits >> 52) & 0x7FF;
    uint64_t fraction = bits & 0xFFFFFFFFFFFFF, hidden = (uint64_t)1 << 52;
    int in_doubt;
    if (UNLIKELY(biased == 0 || fraction == 0)) return write_rare(out, bits);
    decimal d = shortest_regular(hidden | fraction, biased, &in_doubt);
    return UNLIKELY(in_doubt) ? write_rare(out, bits) : write_decimal(out, d);
}

/* What number_format_float leaves. */
static NOINLINE uint8_t *write_rare_float(uint8_t *out, uint32_t bits) {
    int biased = (int)(bits >> 23) & 0xFF;
    uint32_t fraction = bits & 0x7FFFFF, hidden = (uint32_t)1 << 23;
    decimal d;
    if (biased == 0 && fraction == 0) return write_zero(out);
    if (biased == 0) d = normalized(shortest_float(fraction, 1), 100000);
    else d = biased == 1 ? shortest_float(hidden, 1) : shortest_power_of_two(23, biased - 150);
    return write_float_decimal(out, d);
}

NOINLINE uint8_t *CPU_NAME(number_format_float)(uint8_t *out, float value) {
    uint32_t bits;
    memcpy(&bits, &value, 4);
    *out = '-';
    out += bits >> 31;
    unsigned biased = (bits >> 23) & 0xFF;
    uint32_t fraction = bits & 0x7FFFFF, hidden = (uint32_t)1 << 23;
    if (UNLIKELY(biased == 0 || fraction == 0)) return write_rare_float(out, bits);
    return write_float_decimal(out, shortest_float(hidden | fraction, biased));
}

/* ---- arrays ---- */

#if defined(VEC_AVX2)

/* A run that, read from one place or another, moves digits to the front; and what is added to them: the code of zero,
 * and a comma after the last one. */
static const uint8_t to_front[32] = {0,    1,    2,    3,    4,    5,    6,    7,    8,    9,    10,
                                     11,   12,   13,   14,   15,   0x80, 0x80, 0x80, 0x80, 0x80, 0x80,
                                     0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80};
static const uint8_t zeros_and_comma[33] = "0000000000000000,,,,,,,,,,,,,,,,";

/* x < 10^16 and a comma, without a branch: how long numbers are can't be predicted. */
static ALWAYS_INLINE uint8_t *put_listed(uint8_t *out, uint64_t x) {
    uint32_t head = (uint32_t)(x / 100000000), tail = (uint32_t)(x - (uint64_t)head * 100000000);
    __m128i d = sixteen_digits(head, tail);
    unsigned zeros = count_trailing_zeros((uint32_t)_mm_movemask_epi8(_mm_cmpgt_epi8(d, _mm_setzero_si128())) | 0x8000);
    d = _mm_shuffle_epi8(d, vec_load(to_front + zeros));
    out[16] = ',';
    vec_store(out, _mm_or_si128(d, vec_load(zeros_and_comma + zeros)));
    return out + 17 - zeros;
}

static ALWAYS_INLINE uint8_t *put_listed_64(uint8_t *out, uint64_t x) {
    const uint64_t limit = 10000000000000000;
    if (x < limit) return put_listed(out, x);
    uint64_t top = x / limit;
    x -= top * limit;
    out = number_format_leading(out, (uint32_t)top);
    uint32_t head = (uint32_t)(x / 100000000), tail = (uint32_t)(x - (uint64_t)head * 100000000);
    vec_store(out, _mm_or_si128(sixteen_digits(head, tail), _mm_set1_epi8('0')));
    out[16] = ',';
    return out + 17;
}

#else

static ALWAYS_INLINE uint8_t *put_listed_64(uint8_t *out, uint64_t x) {
    out = number_format_uint64(out, x);
    *out = ',';
    return out + 1;
}
static ALWAYS_INLINE uint8_t *put_listed(uint8_t *out, uint64_t x) { return put_listed_64(out, x); }
#endif

static ALWAYS_INLINE uint8_t *put_small(uint8_t *out, uint32_t x) {
    memcpy(out, number_small[x], 4);
    out += number_small[x][3];
    *out = ',';
    return out + 1;
}

/* An integer of `size` bytes, with its sign in all of the upper ones. */
static ALWAYS_INLINE uint64_t load_integer(const char *p, int size, int is_signed) {
    uint8_t one;
    uint16_t two;
    uint32_t four;
    uint64_t eight;
    if (size == 1) {
        memcpy(&one, p, 1);
        return is_signed ? (uint64_t)(int8_t)one : one;
    }
    if (size == 2) {
        memcpy(&two, p, 2);
        return is_signed ? (uint64_t)(int16_t)two : two;
    }
    if (size == 4) {
        memcpy(&four, p, 4);
        return is_signed ? (uint64_t)(int32_t)four : four;
    }
    memcpy(&eight, p, 8);
    return eight;
}

static ALWAYS_INLINE uint8_t *put_integers(uint8_t *out, const char *p, size_t n, ptrdiff_t stride, int size,
                                           int is_signed) {
    for (; n > 0; n--, p += stride) {
        uint64_t x = load_integer(p, size, is_signed), negative = is_signed ? x >> 63 : 0;
        x = (x ^ (0 - negative)) + negative;
        *out = '-'; /* or else the first digit is written over it */
        out += negative;
        out = size == 8 ? put_listed_64(out, x) : size == 1 ? put_small(out, (uint32_t)x) : put_listed(out, x);
    }
    return out;
}

NOINLINE uint8_t *CPU_NAME(number_format_integers)(uint8_t *out, const char *p, size_t n, ptrdiff_t stride, int size,
                                                   int is_signed) {
    switch (2 * size + is_signed) {
    case 2: return put_integers(out, p, n, stride, 1, 0);
    case 3: return put_integers(out, p, n, stride, 1, 1);
    case 4: return put_integers(out, p, n, stride, 2, 0);
    case 5: return put_integers(out, p, n, stride, 2, 1);
    case 8: return put_integers(out, p, n, stride, 4, 0);
    case 9: return put_integers(out, p, n, stride, 4, 1);
    case 16: return put_integers(out, p, n, stride, 8, 0);
    default: return put_integers(out, p, n, stride, 8, 1);
    }
}

#define BOOLS(a, b, c, d) a "," b "," c "," d ","
#define BOOLS_OF_1(b, c, d) BOOLS("false", b, c, d), BOOLS("true", b, c, d)
#define BOOLS_OF_2(c, d) BOOLS_OF_1("false", c, d), BOOLS_OF_1("true", c, d)
#define BOOLS_OF_3(d) BOOLS_OF_2("false", d), BOOLS_OF_2("true", d)

/* Four bools by their bits, the first in the lowest; where they end. */
static const char four_bools[16][32] = {BOOLS_OF_3("false"), BOOLS_OF_3("true")};
static const uint8_t length_of_four[16] = {24, 23, 23, 22, 23, 22, 22, 21, 23, 22, 22, 21, 22, 21, 21, 20};

static ALWAYS_INLINE uint8_t *put_four_bools(uint8_t *out, unsigned bits) {
    memcpy(out, four_bools[bits], 24);
    return out + length_of_four[bits];
}

NOINLINE uint8_t *CPU_NAME(number_format_bools)(uint8_t *out, const char *p, size_t n, ptrdiff_t stride) {
    size_t i = 0;
    for (; stride == 1 && n - i >= 8; i += 8, p += 8) {
        uint64_t eight = load_8((const uint8_t *)p);
        if (UNLIKELY((eight & 0xFEFEFEFEFEFEFEFE) != 0)) break; /* true by another value than 1 */
        unsigned bits = (unsigned)(eight * 0x0102040810204080 >> 56); /* the first in the lowest */
        out = put_four_bools(put_four_bools(out, bits & 15), bits >> 4);
    }
    for (; i < n; i++, p += stride) {
        unsigned is_true = *p != 0;
        memcpy(out, four_bools[is_true], 8);
        out += 6 - is_true;
    }
    return out;
}
