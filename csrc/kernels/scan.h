/* Reading JSON text: where a string's plain run ends, where white space ends, what a UTF-8 sequence means.
 *
 * Text is [p, end) in characters of `width` bytes (1, 2, 4: PEP 393's kinds), and *end is readable and zero, as in
 * every bytes and str object. Loops over single characters may therefore stop on the zero; vector loads never pass it.
 * Where the text is known to be well-formed, *end may be the line break after it: only white space would go on there.
 * Functions are inlined with a constant width. Includes no Python.h.
 *
 * For example the euro sign and a quote, in UTF-8 E2 82 AC 22: scan_plain(p, end, 1, 1) stops at E2, since that is from
 * 0x80 on; scan_utf8 gives length 3 and (E2 & 0F) << 12 | (82 ^ 80) << 6 | (AC ^ 80) = 2000 + 80 + 2C = 20AC; and
 * scan_plain stops at 22 at once, since 22 ^ 2 = 20 is less than 21, as it is of control characters, but of no other.
 */
#ifndef CYJSON_SCAN_H
#define CYJSON_SCAN_H

#include "base/simd128.h"

static ALWAYS_INLINE uint32_t scan_read(const uint8_t *p, int width) {
    if (width == 1) return *p;
    if (width == 2) {
        uint16_t c;
        memcpy(&c, p, 2);
        return c;
    }
    uint32_t c;
    memcpy(&c, p, 4);
    return c;
}

static ALWAYS_INLINE int scan_is_space(uint32_t c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

/* What text must be like. */
#define SCAN_ASSERT(p, end, width) \
    CYJSON_ASSERT((p) <= (end) && ((end) - (p)) % (width) == 0 && \
                  (scan_read(end, width) == 0 || scan_is_space(scan_read(end, width))))

/* How many characters of a width that isn't known in advance so many bytes are: no division, which costs as much as a
 * short document. */
static ALWAYS_INLINE size_t scan_characters(size_t bytes, int width) { return bytes >> (width >> 1); }

static ALWAYS_INLINE void scan_write(uint8_t *out, uint32_t c, int width) {
    if (width == 1) *out = (uint8_t)c;
    else if (width == 2) {
        uint16_t h = (uint16_t)c;
        memcpy(out, &h, 2);
    } else memcpy(out, &c, 4);
}

/* Bits for the characters of a block that end a plain run: quote, backslash, control characters, and with `ascii_only`
 * everything from 0x80 on (width 1). '"' is the one character that an exclusive or with 2 brings below 0x21 besides the
 * control characters, and, signed, what is from 0x80 on is below as well. */
static ALWAYS_INLINE vec_mask scan_specials(vec v, int width, int ascii_only) {
    if (width == 1) {
        vec_mask m = vec_bits(vec_or(vec8_less(vec8_xor(v, 2), 0x21), vec8_equal(v, '\\')));
        return ascii_only ? m : m & ~vec_bits(vec8_high(v));
    }
    vec control = width == 2 ? vec16_at_most(v, 0x1F) : vec32_at_most(v, 0x1F);
    return vec_bits(vec_or(vec_or(vec_equal(v, '"', width), vec_equal(v, '\\', width)), control));
}

#if defined(VEC_AVX512)
/* The same of 64 bytes, without `ascii_only`: a bit for each character. */
static ALWAYS_INLINE uint64_t scan_specials_64(__m512i v, int width) {
    __m512i mixed = _mm512_xor_si512(v, width == 1   ? _mm512_set1_epi8(2)
                                        : width == 2 ? _mm512_set1_epi16(2)
                                                     : _mm512_set1_epi32(2));
    if (width == 1)
        return _mm512_cmplt_epu8_mask(mixed, _mm512_set1_epi8(0x21)) |
               _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('\\'));
    if (width == 2)
        return _mm512_cmplt_epu16_mask(mixed, _mm512_set1_epi16(0x21)) |
               _mm512_cmpeq_epi16_mask(v, _mm512_set1_epi16('\\'));
    return (uint64_t)(_mm512_cmplt_epu32_mask(mixed, _mm512_set1_epi32(0x21)) |
                      _mm512_cmpeq_epi32_mask(v, _mm512_set1_epi32('\\')));
}
#endif

static ALWAYS_INLINE int scan_is_special(uint32_t c, int ascii_only) {
    return c < 0x20 || c == '"' || c == '\\' || (ascii_only && c >= 0x80);
}

/* The first character at or after p that ends a plain run; at the latest the zero at end. */
static ALWAYS_INLINE const uint8_t *scan_plain(const uint8_t *p, const uint8_t *end, int width, int ascii_only) {
    SCAN_ASSERT(p, end, width);
    while (end - p >= 16) {
        vec_mask m = scan_specials(vec_load(p), width, ascii_only);
        if (m) return p + vec_first(m);
        p += 16;
    }
    while (!scan_is_special(scan_read(p, width), ascii_only)) p += width;
    return p;
}

/* As scan_plain(p, end, 1, 1) in a text that begins at `begin`: where its end is near, its last 16 bytes are looked at.
 */
static ALWAYS_INLINE const uint8_t *scan_plain_within(const uint8_t *begin, const uint8_t *p, const uint8_t *end) {
    SCAN_ASSERT(p, end, 1);
    while (end - p >= 16) {
        vec_mask m = scan_specials(vec_load(p), 1, 1);
        if (m) return p + vec_first(m);
        p += 16;
    }
    if (LIKELY(end - begin >= 16) && LIKELY(p < end)) {
        vec_mask m = scan_specials(vec_load(end - 16), 1, 1) >> (16 - (end - p)) * VEC_STRIDE;
        if (LIKELY(m)) return p + vec_first(m);
        p = end;
    }
    while (!scan_is_special(*p, 1)) p++;
    return p;
}

/* As scan_plain for Latin-1 text; *all gets a bit from 0x80 on where one is set in any of the characters passed. */
static ALWAYS_INLINE const uint8_t *scan_plain_latin1(const uint8_t *p, const uint8_t *end, uint32_t *all) {
    SCAN_ASSERT(p, end, 1);
    vec_mask seen = 0;
    while (end - p >= 16) {
        vec v = vec_load(p);
        vec_mask m = scan_specials(v, 1, 0), h = vec_bits(vec8_high(v));
        if (m) {
            *all |= (seen | (h & (m ^ (m - 1)))) != 0 ? 0x80
                                                      : 0; /* only lanes up to the first special one, which is ASCII */
            return p + vec_first(m);
        }
        seen |= h;
        p += 16;
    }
    uint8_t any = 0;
    while (!scan_is_special(*p, 0)) any |= *p++;
    *all |= seen != 0 || any >= 0x80 ? 0x80 : 0;
    return p;
}

static ALWAYS_INLINE vec_mask scan_space_lanes(vec v, int width) {
    vec one = vec_or(vec_equal(v, ' ', width), vec_equal(v, '\n', width));
    return vec_bits(vec_or(one, vec_or(vec_equal(v, '\r', width), vec_equal(v, '\t', width))));
}

/* The first character at or after p that isn't white space (RFC 8259: space, tab, line feed, carriage return). */
static ALWAYS_INLINE const uint8_t *scan_space_run(const uint8_t *p, const uint8_t *end, int width) {
    while (end - p >= 16) {
        vec_mask m = scan_space_lanes(vec_load(p), width) ^ vec_every();
        if (m) return p + vec_first(m);
        p += 16;
    }
    while (scan_is_space(scan_read(p, width))) p += width;
    return p;
}

static NOINLINE const uint8_t *scan_spaces1(const uint8_t *p, const uint8_t *end) { return scan_space_run(p, end, 1); }
static NOINLINE const uint8_t *scan_spaces2(const uint8_t *p, const uint8_t *end) { return scan_space_run(p, end, 2); }
static NOINLINE const uint8_t *scan_spaces4(const uint8_t *p, const uint8_t *end) { return scan_space_run(p, end, 4); }

/* scan_space_run, inline as long as it is a space at most. */
static ALWAYS_INLINE const uint8_t *scan_space(const uint8_t *p, const uint8_t *end, int width) {
    SCAN_ASSERT(p, end, width);
    const uint32_t c = scan_read(p, width);
    if (LIKELY(c > ' ')) return p;
    if (LIKELY(c == ' ') || scan_is_space(c)) p += width; /* one space is what most have, if any */
    if (LIKELY(scan_read(p, width) > ' ')) return p;
    return width == 1 ? scan_spaces1(p, end) : width == 2 ? scan_spaces2(p, end) : scan_spaces4(p, end);
}

/* Write n characters of two or four bytes, none of which is zero, as bytes; return 0 where they aren't all ASCII (what
 * was written is then to be ignored). [p, end) is readable. Room: n rounded up to 16. */
static ALWAYS_INLINE int scan_narrow_ascii(uint8_t *out, const uint8_t *p, const uint8_t *end, size_t n, int width) {
    size_t i = 0;
    for (; i < n && end - p >= 16 * width; i += 16, p += 16 * width) {
        vec v = vec_load_narrowed(p, width);
        vec_mask odd = vec_bits(vec_or(vec8_equal(v, 0), vec8_high(v)));
        vec_store(out + i, v);
        if (UNLIKELY(odd) && (n - i >= 16 || vec_below(odd, n - i))) return 0;
    }
    uint32_t all = 0;
    for (; i < n; i++, p += width) {
        uint32_t c = scan_read(p, width);
        out[i] = (uint8_t)c;
        all |= c;
    }
    return all < 0x80;
}

/* Write n characters up to U+00FF as bytes. */
static ALWAYS_INLINE void scan_narrow(uint8_t *out, const uint8_t *p, size_t n, int width) {
    size_t i = 0;
    for (; i + 16 <= n; i += 16) vec_store(out + i, vec_load_narrowed(p + i * (unsigned)width, width));
    for (; i < n; i++) out[i] = (uint8_t)scan_read(p + i * (unsigned)width, width);
}

/* All the bits that are set in any of n characters. */
static ALWAYS_INLINE uint32_t scan_all_bits(const uint8_t *p, size_t n, int width) {
    size_t size = n * (size_t)width;
    if (size < 16) {
        uint32_t all = 0;
        for (size_t i = 0; i < size; i += (size_t)width) all |= scan_read(p + i, width);
        return all;
    }
    vec v = vec_load(p + size - 16); /* overlaps the last whole block */
    for (size_t i = 0; i + 16 < size; i += 16) v = vec_or(v, vec_load(p + i));
    uint8_t lanes[16];
    vec_store(lanes, v);
    uint64_t all = load_8(lanes) | load_8(lanes + 8);
    all |= all >> 32;
    if (width <= 2) all |= all >> 16;
    if (width == 1) all |= all >> 8;
    return (uint32_t)all & (width == 1 ? 0xFFu : width == 2 ? 0xFFFFu : 0xFFFFFFFFu);
}

/* As scan_plain for characters of two or four bytes; *all gets the bits that are set in any of those passed. */
static ALWAYS_INLINE const uint8_t *scan_plain_wide(const uint8_t *p, const uint8_t *end, int width, uint32_t *all) {
    SCAN_ASSERT(p, end, width);
    const uint8_t *start = p;
    p = scan_plain(p, end, width, 0);
    *all = scan_all_bits(start, scan_characters((size_t)(p - start), width), width);
    return p;
}

/* One multi-byte UTF-8 sequence (p[0] >= 0x80): its length, with the code point in *c, or 0 where it is not well formed
 * (Unicode 15, table 3-7: no overlong form, no surrogate, nothing above U+10FFFF). Each byte is read only after the one
 * before it turned out not to be the zero at the end. */
static ALWAYS_INLINE int scan_utf8(const uint8_t *p, uint32_t *c) {
    uint32_t a = p[0];
    if (a < 0xE0) {
        uint32_t b = p[1] ^ 0x80u;
        *c = (a & 0x1F) << 6 | b;
        return a >= 0xC2 && b < 0x40 ? 2 : 0;
    }
    uint32_t b = p[1] ^ 0x80u;
    if (UNLIKELY(b >= 0x40)) return 0;
    uint32_t d = p[2] ^ 0x80u;
    if (UNLIKELY(d >= 0x40)) return 0;
    if (a < 0xF0) {
        uint32_t v = (a & 0x0F) << 12 | b << 6 | d;
        *c = v;
        return v >= 0x800 && (v & 0xF800) != 0xD800 ? 3 : 0;
    }
    uint32_t e = p[3] ^ 0x80u;
    if (UNLIKELY(e >= 0x40)) return 0;
    uint32_t v = (a & 0x07) << 18 | b << 12 | d << 6 | e;
    *c = v;
    return a < 0xF8 && v >= 0x10000 && v <= 0x10FFFF ? 4 : 0;
}

#if defined(VEC_RUNS)
/* The UTF-8 sequences at p of the first one's length (p[0] >= 0x80), as long as they are well formed and within the
 * 16 readable bytes at p: how many, 0 where none is to be had here. Their length is in *length, their code points in
 * *units: 16-bit lanes, 32-bit ones for sequences of four. */
static ALWAYS_INLINE unsigned scan_utf8_run(const uint8_t *p, vec *units, unsigned *length) {
    vec v = vec_load(p), good;
    vec_mask bad;
    if (p[0] < 0xE0) {
        *length = 2;
        good = vec8_same(vec_and(v, vec16_all(0xC0E0)), vec16_all(0x80C0));
        *units = vec_or(vec16_up(vec_and(v, vec16_all(0x1F)), 6), vec_and(vec16_down(v, 8), vec16_all(0x3F)));
        bad = vec_bits(vec_and(good, vec16_at_least(*units, 0x80))) ^ vec_every();
        return LIKELY(!bad) ? 8 : vec_first(bad) / 2;
    }
    if (p[0] >= 0xF0) {
        *length = 4;
        good = vec8_same(vec_and(v, vec32_all(0xC0C0C0F8)), vec32_all(0x808080F0));
        vec high = vec_or(vec32_up(vec_and(v, vec32_all(0x07)), 18), vec32_up(vec_and(v, vec32_all(0x3F00)), 4));
        vec low = vec_or(vec_and(vec32_down(v, 10), vec32_all(0xFC0)), vec_and(vec32_down(v, 24), vec32_all(0x3F)));
        *units = vec_or(high, low);
        good = vec_and(good, vec_and(vec32_at_least(*units, 0x10000), vec32_at_most(*units, 0x10FFFF)));
        bad = vec_bits(good) ^ vec_every();
        return LIKELY(!bad) ? 4 : vec_first(bad) / 4;
    }
#if VEC_SHUFFLES
    static const uint8_t masks[16] = {0xF0, 0xC0, 0xC0, 0xF0, 0xC0, 0xC0, 0xF0, 0xC0,
                                      0xC0, 0xF0, 0xC0, 0xC0, 0xF0, 0xC0, 0xC0};
    static const uint8_t marks[16] = {0xE0, 0x80, 0x80, 0xE0, 0x80, 0x80, 0xE0, 0x80,
                                      0x80, 0xE0, 0x80, 0x80, 0xE0, 0x80, 0x80};
    static const uint8_t last_two[16] = {2, 1, 5, 4, 8, 7, 11, 10, 14, 13, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80};
    static const uint8_t leads[16] = {0x80, 0, 0x80, 3, 0x80, 6, 0x80, 9, 0x80, 12, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80};
    *length = 3;
    vec low = vec_shuffle(v, last_two), top = vec16_up(vec_shuffle(v, leads), 4);
    *units = vec_or(top, vec_or(vec_and(low, vec16_all(0x3F)), vec16_down(vec_and(low, vec16_all(0x3F00)), 2)));
    vec surrogate = vec16_equal(vec_and(*units, vec16_all(0xF800)), 0xD800), overlong = vec16_at_most(*units, 0x7FF);
    vec_mask odd = vec_below(vec_bits(vec_or(surrogate, overlong)), 10);
    bad = vec_below(vec_bits(vec8_same(vec_and(v, vec_load(masks)), vec_load(marks))) ^ vec_every(), 15);
    if (LIKELY(!(bad | odd))) return 5; /* a branch, so that the next block needn't wait for all this */
    unsigned n = bad ? vec_first(bad) / 3 : 5, valid = odd ? vec_first(odd) / 2 : 5;
    return n < valid ? n : valid;
#else
    *length = 3;
    return 0;
#endif
}
#endif

/* The value of a hexadecimal digit, 0xF0 for any other byte. */
extern const uint8_t scan_hex_value[256];

/* Four hexadecimal digits at p as a number, or -1. The caller has checked that four characters are there. */
static ALWAYS_INLINE int32_t scan_hex4(const uint8_t *p, int width) {
    uint32_t value = 0, all = 0;
    for (int i = 0; i < 4; i++) {
        uint32_t c = scan_read(p + i * width, width);
        uint32_t digit = c < 256 ? scan_hex_value[c] : 0xF0;
        value = value << 4 | (digit & 0xF);
        all |= digit;
    }
    return all < 0x10 ? (int32_t)value : -1;
}

/* What scan_escaped_units takes its lanes from, in memory for the reason that vec_sixteen is. */
typedef struct {
    uint8_t digits[64],
        marks[64]; /* where the digits are of an escape for each four bytes, and twice what stands before them */
    uint8_t two_digits[16],
        two_marks[16]; /* the same of two escapes in 16 bytes, twice, and what stands before them as it stands */
    uint32_t mark, high_bits, join_two, join_four, surrogates, surrogate;
} scan_unit_constants;
extern const scan_unit_constants scan_units;

#if defined(VEC_AVX512)
#define SCAN_ESCAPED_UNITS 10
#elif defined(VEC_AVX2)
#define SCAN_ESCAPED_UNITS 4
#endif
#if defined(SCAN_ESCAPED_UNITS)
/* Read the escapes \uXXXX that follow one another from p on, as far as they are whole before end and aren't surrogates:
 * how many of them, at most SCAN_ESCAPED_UNITS, and their code points in units. Digits are moved together, looked up,
 * and joined by two multiplications that add in pairs, as Mula does it with hexadecimal text. */
static ALWAYS_INLINE unsigned scan_escaped_units(const uint8_t *p, const uint8_t *end, uint16_t units[16]) {
#if defined(VEC_AVX512)
    size_t left = (size_t)(end - p);
    __m512i v = LIKELY(left >= 64) ? _mm512_loadu_si512(p) : _mm512_maskz_loadu_epi8(((uint64_t)1 << left) - 1, p);
    __m512i digits = _mm512_permutexvar_epi8(_mm512_loadu_si512(scan_units.digits), v);
    __m512i marks = _mm512_permutexvar_epi8(_mm512_loadu_si512(scan_units.marks), v);
    __m512i values =
        _mm512_permutex2var_epi8(_mm512_loadu_si512(scan_hex_value), digits, _mm512_loadu_si512(scan_hex_value + 64));
    __m512i pairs = _mm512_maddubs_epi16(values, _mm512_set1_epi32((int)scan_units.join_two));
    __m512i joined = _mm512_madd_epi16(pairs, _mm512_set1_epi32((int)scan_units.join_four));
    __mmask16 good = _mm512_cmpeq_epi32_mask(marks, _mm512_set1_epi32((int)scan_units.mark));
    good = _mm512_mask_testn_epi32_mask(good, _mm512_or_si512(digits, values),
                                        _mm512_set1_epi32((int)scan_units.high_bits));
    __m512i top = _mm512_and_si512(joined, _mm512_set1_epi32((int)scan_units.surrogates));
    good = _mm512_mask_cmpneq_epi32_mask(good, top, _mm512_set1_epi32((int)scan_units.surrogate));
    _mm256_storeu_si256((__m256i *)units, _mm512_cvtepi32_epi16(joined));
    uint64_t bad = ~(uint64_t)good & (((uint64_t)1 << SCAN_ESCAPED_UNITS) - 1);
    if (bad == 0) return SCAN_ESCAPED_UNITS; /* a branch, so that the next block needn't wait for all this */
    return count_trailing_zeros(bad);
#else
    enum { BYTES = 28, EACH = 12 }; /* two escapes in each half */
    if (UNLIKELY(end - p < BYTES)) return 0;
    __m256i v = _mm256_inserti128_si256(_mm256_castsi128_si256(vec_load(p)), vec_load(p + EACH), 1);
    __m256i digits = _mm256_shuffle_epi8(v, _mm256_broadcastsi128_si256(vec_load(scan_units.two_digits)));
    __m256i number = _mm256_sub_epi8(digits, _mm256_broadcastsi128_si256(VEC8_ALL('0')));
    __m256i letter = _mm256_sub_epi8(_mm256_or_si256(digits, _mm256_broadcastsi128_si256(VEC8_ALL(0x20))),
                                     _mm256_broadcastsi128_si256(VEC8_ALL('a')));
    __m256i is_number = _mm256_cmpeq_epi8(_mm256_min_epu8(number, _mm256_broadcastsi128_si256(VEC8_ALL(9))), number);
    __m256i is_letter = _mm256_cmpeq_epi8(_mm256_min_epu8(letter, _mm256_broadcastsi128_si256(VEC8_ALL(5))), letter);
    __m256i values =
        _mm256_blendv_epi8(number, _mm256_add_epi8(letter, _mm256_broadcastsi128_si256(VEC8_ALL(10))), is_letter);
    __m256i pairs = _mm256_maddubs_epi16(values, _mm256_set1_epi32((int)scan_units.join_two));
    __m256i joined = _mm256_madd_epi16(pairs, _mm256_set1_epi32((int)scan_units.join_four));
    __m256i top = _mm256_and_si256(joined, _mm256_set1_epi32((int)scan_units.surrogates));
    __m256i surrogate = _mm256_cmpeq_epi32(top, _mm256_set1_epi32((int)scan_units.surrogate));
    uint32_t good =
        (uint32_t)_mm256_movemask_epi8(_mm256_andnot_si256(surrogate, _mm256_or_si256(is_number, is_letter)));
    uint32_t marked = (uint32_t)_mm256_movemask_epi8(
        _mm256_cmpeq_epi8(v, _mm256_broadcastsi128_si256(vec_load(scan_units.two_marks))));
    /* Four bits for each escape: of its digits, and of its first two characters, which are bits 0 and 1, 6 and 7 of a
     * half. */
    uint32_t bad = (~good & 0x00FF00FF) | (~marked & 0x00C300C3);
    __m256i packed = _mm256_packus_epi32(joined, joined);
    _mm_storeu_si128((__m128i *)units,
                     _mm_unpacklo_epi32(_mm256_castsi256_si128(packed), _mm256_extracti128_si256(packed, 1)));
    _mm_storeu_si128((__m128i *)units + 1, _mm_setzero_si128());
    if (LIKELY(bad == 0)) return SCAN_ESCAPED_UNITS; /* likewise */
    unsigned at = count_trailing_zeros(bad);
    return at >= 16 ? at / 4 - 2 : at / 4;
#endif
}
#endif

#endif
