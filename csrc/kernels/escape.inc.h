#include "kernels/escape.h"

/* What each ASCII character that needs one is escaped as (RFC 8259 section 7, in the stdlib's spelling), and its length
 * in the last byte. */
#define LETTER(c) {'\\', c, 0, 0, 0, 0, 0, 2}
#define HEX(high, low) {'\\', 'u', '0', '0', high, low, 0, 6}
static const uint8_t escape_texts[128][8] = {
    HEX('0', '0'), HEX('0', '1'), HEX('0', '2'),       HEX('0', '3'),         HEX('0', '4'),
    HEX('0', '5'), HEX('0', '6'), HEX('0', '7'),       LETTER('b'),           LETTER('t'),
    LETTER('n'),   HEX('0', 'b'), LETTER('f'),         LETTER('r'),           HEX('0', 'e'),
    HEX('0', 'f'), HEX('1', '0'), HEX('1', '1'),       HEX('1', '2'),         HEX('1', '3'),
    HEX('1', '4'), HEX('1', '5'), HEX('1', '6'),       HEX('1', '7'),         HEX('1', '8'),
    HEX('1', '9'), HEX('1', 'a'), HEX('1', 'b'),       HEX('1', 'c'),         HEX('1', 'd'),
    HEX('1', 'e'), HEX('1', 'f'), ['"'] = LETTER('"'), ['\\'] = LETTER('\\'), [0x7F] = HEX('7', 'f'),
};

/* \uXXXX, lower case as the stdlib writes it */
static ALWAYS_INLINE uint8_t *write_u_escape(uint8_t *out, uint32_t c, int width) {
    static const char hex[] = "0123456789abcdef";
    scan_write(out, '\\', width);
    scan_write(out + width, 'u', width);
    scan_write(out + 2 * width, (uint8_t)hex[c >> 12 & 15], width);
    scan_write(out + 3 * width, (uint8_t)hex[c >> 8 & 15], width);
    scan_write(out + 4 * width, (uint8_t)hex[c >> 4 & 15], width);
    scan_write(out + 5 * width, (uint8_t)hex[c & 15], width);
    return out + 6 * width;
}

static ALWAYS_INLINE uint8_t *write_escape(uint8_t *out, uint32_t c, int width) {
    if (c < 128) {
        const uint8_t *text = escape_texts[c];
        if (width == 1) memcpy(out, text, 8);
        else vec_store_widened(out, width, vec_pair(load_8(text), 0), 1); /* sixteen characters, within the slack */
        return out + text[7] * width;
    }
    if (c >= 0x10000) { /* only where the output is ASCII */
        out = write_u_escape(out, 0xD800 + ((c - 0x10000) >> 10), width);
        c = 0xDC00 + ((c - 0x10000) & 0x3FF);
    }
    return write_u_escape(out, c, width);
}

#if defined(VEC_AVX512)
/* Bits for what needs an escape in ASCII: see escape_needed_in_ascii. */
static ALWAYS_INLINE __mmask64 needed_in_64(__m512i v, int ascii) {
    __mmask64 m = scan_specials_64(v, 1);
    return ascii ? m | _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8(0x7F)) : m;
}

static ALWAYS_INLINE void store_64_widened(uint8_t *out, int width, __m512i v) {
    if (width == 1) _mm512_storeu_si512(out, v);
    else if (width == 2) {
        _mm512_storeu_si512(out, _mm512_cvtepu8_epi16(_mm512_castsi512_si256(v)));
        _mm512_storeu_si512(out + 64, _mm512_cvtepu8_epi16(_mm512_extracti64x4_epi64(v, 1)));
    } else {
        _mm512_storeu_si512(out, _mm512_cvtepu8_epi32(_mm512_castsi512_si128(v)));
        _mm512_storeu_si512(out + 64, _mm512_cvtepu8_epi32(_mm512_extracti32x4_epi32(v, 1)));
        _mm512_storeu_si512(out + 128, _mm512_cvtepu8_epi32(_mm512_extracti32x4_epi32(v, 2)));
        _mm512_storeu_si512(out + 192, _mm512_cvtepu8_epi32(_mm512_extracti32x4_epi32(v, 3)));
    }
}

static ALWAYS_INLINE int copy_long(uint8_t *out, int width, const uint8_t *p, size_t n, int ascii) {
    for (; n >= 64; p += 64, out += 64 * width, n -= 64) {
        __m512i v = _mm512_loadu_si512(p);
        store_64_widened(out, width, v);
        if (UNLIKELY(needed_in_64(v, ascii))) return 0;
    }
    __mmask64 lanes = _bzhi_u64(~(uint64_t)0, (unsigned)n);
    __m512i v = _mm512_maskz_loadu_epi8(lanes, p); /* reads no byte beyond n */
    store_64_widened(out, width, v);
    return !(needed_in_64(v, ascii) & lanes);
}
#elif defined(VEC_AVX2)
static ALWAYS_INLINE int needed_in_32(__m256i v, int ascii) {
    __m256i m = _mm256_cmpgt_epi8(_mm256_set1_epi8(0x21), _mm256_xor_si256(v, _mm256_set1_epi8(2)));
    m = _mm256_or_si256(m, _mm256_cmpeq_epi8(v, _mm256_set1_epi8('\\')));
    if (ascii) m = _mm256_or_si256(m, _mm256_cmpeq_epi8(v, _mm256_set1_epi8(0x7F)));
    return !_mm256_testz_si256(m, m);
}

static ALWAYS_INLINE void store_32_widened(uint8_t *out, int width, __m256i v) {
    __m128i low = _mm256_castsi256_si128(v), high = _mm256_extracti128_si256(v, 1);
    if (width == 1) _mm256_storeu_si256((__m256i *)out, v);
    else if (width == 2) {
        _mm256_storeu_si256((__m256i *)out, _mm256_cvtepu8_epi16(low));
        _mm256_storeu_si256((__m256i *)(out + 32), _mm256_cvtepu8_epi16(high));
    } else {
        _mm256_storeu_si256((__m256i *)out, _mm256_cvtepu8_epi32(low));
        _mm256_storeu_si256((__m256i *)(out + 32), _mm256_cvtepu8_epi32(_mm_srli_si128(low, 8)));
        _mm256_storeu_si256((__m256i *)(out + 64), _mm256_cvtepu8_epi32(high));
        _mm256_storeu_si256((__m256i *)(out + 96), _mm256_cvtepu8_epi32(_mm_srli_si128(high, 8)));
    }
}

static ALWAYS_INLINE int copy_long(uint8_t *out, int width, const uint8_t *p, size_t n, int ascii) {
    size_t i = 0;
    for (; i + 32 <= n; i += 32) {
        __m256i v = _mm256_loadu_si256((const __m256i *)(p + i));
        store_32_widened(out + i * (size_t)width, width, v);
        if (UNLIKELY(needed_in_32(v, ascii))) return 0;
    }
    __m256i v = _mm256_loadu_si256((const __m256i *)(p + n - 32)); /* overlaps what is known to be clean */
    store_32_widened(out + (n - 32) * (size_t)width, width, v);
    return !needed_in_32(v, ascii);
}
#endif

#if defined(VEC_AVX2)
NOINLINE int CPU_NAME(escape_copy_long)(uint8_t *out, int width, const uint8_t *p, size_t n, int ascii) {
    if (width == 1) return ascii ? copy_long(out, 1, p, n, 1) : copy_long(out, 1, p, n, 0);
    return width == 2 ? copy_long(out, 2, p, n, 0) : copy_long(out, 4, p, n, 0);
}
#endif

#if defined(VEC_AVX512)
/* Copy what comes first of characters that are ASCII (`utf8`: or bytes of UTF-8 beyond it) and need no escape, 64 bytes
 * of them at a time, as long as there are so many: how many characters were copied. */
static ALWAYS_INLINE size_t copy_plain(uint8_t *out, const uint8_t *p, size_t n, int width, int utf8, int ascii) {
    const size_t block = 64 / (unsigned)width;
    size_t done = 0;
    for (; n - done >= block; done += block) {
        __m512i v = _mm512_loadu_si512(p + done * (unsigned)width);
        __mmask64 m;
        if (width == 1) {
            _mm512_storeu_si512(out + done, v);
            m = needed_in_64(v, ascii) | (utf8 ? 0 : _mm512_movepi8_mask(v));
        } else if (width == 2) {
            _mm256_storeu_si256((__m256i *)(out + done), _mm512_cvtepi16_epi8(v));
            m = scan_specials_64(v, 2) | _mm512_cmpge_epu16_mask(v, _mm512_set1_epi16(0x80));
        } else {
            _mm_storeu_si128((__m128i *)(out + done), _mm512_cvtepi32_epi8(v));
            m = scan_specials_64(v, 4) | _mm512_cmpge_epu32_mask(v, _mm512_set1_epi32(0x80));
        }
        if (m) return done + count_trailing_zeros(m);
    }
    return done;
}

/* 32 bytes at a time, each spread over a lane of two, of which those that count are then moved together (VPCOMPRESSB):
 * what an escape of two letters costs doesn't depend on where it stands, nor on how many there are. */
static ALWAYS_INLINE uint8_t *escape_bytes_as(uint8_t *out, const uint8_t *p, size_t n, int ascii) {
    while (n > 0) {
        __mmask32 lanes = n >= 32 ? 0xFFFFFFFF : _bzhi_u32(0xFFFFFFFF, (unsigned)n);
        __m256i c = _mm256_maskz_loadu_epi8(lanes, p), letter = c; /* no byte beyond n is read */
        __mmask32 control = _mm256_mask_cmplt_epu8_mask(lanes, c, _mm256_set1_epi8(0x20));
        __mmask32 quoted = _mm256_mask_cmpeq_epi8_mask(lanes, c, _mm256_set1_epi8('"')) |
                           _mm256_mask_cmpeq_epi8_mask(lanes, c, _mm256_set1_epi8('\\'));
        if (control) { /* of these, \b \t \n \f \r are sequences of two as well */
            const __m256i letters = _mm256_setr_epi8(0, 0, 0, 0, 0, 0, 0, 0, 'b', 't', 'n', 0, 'f', 'r', 0, 0, 0, 0, 0,
                                                     0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
            __m256i known = _mm256_maskz_permutexvar_epi8(control, c, letters);
            __mmask32 lettered = _mm256_test_epi8_mask(known, known);
            letter = _mm256_mask_mov_epi8(letter, lettered, known);
            quoted |= lettered;
            control &= ~lettered;
        }
        if (ascii) control |= _mm256_mask_cmpeq_epi8_mask(lanes, c, _mm256_set1_epi8(0x7F));
        if (UNLIKELY(control)) lanes = _bzhi_u32(lanes, count_trailing_zeros(control));
        quoted &= lanes;
        __m512i pair = _mm512_or_si512(_mm512_slli_epi16(_mm512_cvtepu8_epi16(letter), 8), _mm512_set1_epi16('\\'));
        __m512i bytes = _mm512_mask_mov_epi16(_mm512_cvtepu8_epi16(c), quoted, pair);
        uint64_t counts = _pdep_u64(lanes, 0x5555555555555555) | _pdep_u64(quoted, 0xAAAAAAAAAAAAAAAA);
        _mm512_storeu_si512(out, _mm512_maskz_compress_epi8(counts, bytes));
        size_t done = n < 32 ? n : 32, written = (size_t)__builtin_popcountll(counts);
        out += written;
        if (UNLIKELY(control)) {
            done = count_trailing_zeros(control) + 1u;
            out = write_escape(out, p[done - 1], 1);
        }
        p += done;
        n -= done;
        if (written == 32) { /* nothing was escaped: more of the kind may come */
            size_t plain = copy_plain(out, p, n, 1, 1, ascii);
            out += plain;
            p += plain;
            n -= plain;
        }
    }
    return out;
}
#else
static ALWAYS_INLINE uint8_t *escape_bytes_as(uint8_t *out, const uint8_t *p, size_t n, int ascii) {
    const uint8_t *end = p + n;
    for (; end - p >= 32; p += 16) { /* what follows an escape is loaded as 16 bytes again, from within the next 16 */
        vec v = vec_load(p);
        vec_store(out, v);
        vec_mask m = escape_needed_bits(v, 1, ascii);
        unsigned done = 0;
        while (m) {
            unsigned at = vec_first(m);
            out = write_escape(out + (at - done), p[at], 1);
            done = at + 1;
            vec_store(out, vec_load(p + done));
            m = vec_without_first(m);
        }
        out += 16 - done;
    }
    while (p < end) {
        size_t clean = escape_copy_clean(out, p, (size_t)(end - p), ascii);
        p += clean;
        out += clean;
        if (p < end && escape_needed(*p, ascii)) out = write_escape(out, *p++, 1);
        else if (p < end) *out++ = *p++;
    }
    return out;
}
#endif

uint8_t *CPU_NAME(escape_bytes)(uint8_t *out, const uint8_t *p, size_t n, int ascii) {
    return ascii ? escape_bytes_as(out, p, n, 1) : escape_bytes_as(out, p, n, 0);
}

/* The 16 / width characters of a block as bytes (each below 0x80): 16, 8 or 4 of them. */
static ALWAYS_INLINE void store_narrow(uint8_t *out, vec v, int width) {
    if (width == 4) v = vec32_narrow(v, v);
    if (width >= 2) v = vec16_narrow(v, v);
    vec_store(out, v);
}

#if defined(VEC_AVX512)
/* Eight UTF-16 units, one in each lane of eight bytes, escaped there; those bytes that count are then moved
 * together. */
static ALWAYS_INLINE uint8_t *escape_units_to_ascii(uint8_t *out, __m512i c, __mmask8 lanes) {
    const __m512i hex = _mm512_broadcast_i32x4(
        _mm_setr_epi8('0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'));
    const __m512i letters =
        _mm512_broadcast_i32x4(_mm_setr_epi8(0, 0, 0, 0, 0, 0, 0, 0, 'b', 't', 'n', 0, 'f', 'r', 0, 0));
    __m512i known = _mm512_maskz_shuffle_epi8(0x0101010101010101, letters, _mm512_min_epu64(c, _mm512_set1_epi64(15)));
    __mmask8 lettered = _mm512_test_epi64_mask(known, known);
    __mmask8 two = lanes & (lettered | _mm512_cmpeq_epi64_mask(c, _mm512_set1_epi64('"')) |
                            _mm512_cmpeq_epi64_mask(c, _mm512_set1_epi64('\\')));
    /* With `lanes &` in place of the masked comparison, LLVM 19 (clang 19, zig 0.14) never finishes. */
    __mmask8 six = _mm512_mask_cmpge_epu64_mask(lanes, _mm512_sub_epi64(c, _mm512_set1_epi64(0x20)),
                                                _mm512_set1_epi64(0x7F - 0x20)) &
                   ~two;
    /* The bits from 12, 8, 4 and 0 on (VPMULTISHIFTQB). */
    __m512i nibbles =
        _mm512_and_si512(_mm512_multishift_epi64_epi8(_mm512_set1_epi64(0x000004080C0000), c), _mm512_set1_epi8(15));
    __m512i text = _mm512_maskz_shuffle_epi8(0x3C3C3C3C3C3C3C3C, hex, nibbles);
    __m512i bytes = _mm512_mask_or_epi64(c, six, text, _mm512_set1_epi64(0x755C)); /* \u */
    __m512i letter = _mm512_mask_mov_epi64(c, lettered, known);
    bytes = _mm512_mask_or_epi64(bytes, two, _mm512_slli_epi64(letter, 8), _mm512_set1_epi64('\\'));
    __m512i count = _mm512_maskz_set1_epi64(lanes, 0x80); /* the top bit of each byte that counts */
    count = _mm512_mask_set1_epi64(count, two, 0x8080);
    count = _mm512_mask_set1_epi64(count, six, 0x808080808080);
    __mmask64 counts = _mm512_movepi8_mask(count);
    _mm512_storeu_si512(out, _mm512_maskz_compress_epi8(counts, bytes));
    return out + __builtin_popcountll(counts);
}

static ALWAYS_INLINE __mmask8 first_lanes(size_t n) { return n >= 8 ? 0xFF : (__mmask8)_bzhi_u32(0xFF, (unsigned)n); }

/* The next n <= 8 characters. */
static ALWAYS_INLINE uint8_t *escape_some_to_ascii(uint8_t *out, const uint8_t *p, size_t n, int width) {
    __mmask8 lanes = first_lanes(n); /* no byte beyond n characters is read */
    if (width == 1) return escape_units_to_ascii(out, _mm512_cvtepu8_epi64(_mm_maskz_loadu_epi8(lanes, p)), lanes);
    if (width == 2) return escape_units_to_ascii(out, _mm512_cvtepu16_epi64(_mm_maskz_loadu_epi16(lanes, p)), lanes);
    __m256i c = _mm256_maskz_loadu_epi32(lanes, p), above = _mm256_sub_epi32(c, _mm256_set1_epi32(0x10000));
    __mmask8 pairs = _mm256_mask_cmpge_epu32_mask(lanes, c, _mm256_set1_epi32(0x10000));
    if (!pairs) return escape_units_to_ascii(out, _mm512_cvtepu32_epi64(c), lanes);
    /* Surrogates, both in the lane of their character, which then move together. */
    __m256i second = _mm256_slli_epi32(_mm256_and_si256(c, _mm256_set1_epi32(0x3FF)), 16);
    __m256i pair =
        _mm256_add_epi32(_mm256_or_si256(_mm256_srli_epi32(above, 10), second), _mm256_set1_epi32((int)0xDC00D800));
    __mmask16 counts = (__mmask16)(_pdep_u32(lanes, 0x5555) | _pdep_u32(pairs, 0xAAAA));
    __m256i units = _mm256_maskz_compress_epi16(counts, _mm256_mask_mov_epi32(c, pairs, pair));
    size_t m = (size_t)__builtin_popcount(counts);
    out = escape_units_to_ascii(out, _mm512_cvtepu16_epi64(_mm256_castsi256_si128(units)), first_lanes(m));
    if (m <= 8) return out;
    /* More than eight units are five characters or more, whose room isn't used up by the 48 bytes at most before. */
    return escape_units_to_ascii(out, _mm512_cvtepu16_epi64(_mm256_extracti128_si256(units, 1)), first_lanes(m - 8));
}
#elif defined(VEC_AVX2)
/* The next n <= 8 characters, each spread over eight bytes and escaped there, four of them at a time: no branch on
 * which. */
static ALWAYS_INLINE uint8_t *escape_some_to_ascii(uint8_t *out, const uint8_t *p, size_t n, int width) {
    const __m256i hex = _mm256_broadcastsi128_si256(
        _mm_setr_epi8('0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'));
    const __m256i letters =
        _mm256_broadcastsi128_si256(_mm_setr_epi8(0, 0, 0, 0, 0, 0, 0, 0, 'b', 't', 'n', 0, 'f', 'r', 0, 0));
    const __m256i spread =
        _mm256_broadcastsi128_si256(_mm_setr_epi8(-1, -1, 1, 1, 0, 0, -1, -1, -1, -1, 9, 9, 8, 8, -1, -1));
    uint8_t copy[32];
    uint64_t words[4], lengths[4];
    if (n < 8) { /* nothing beyond n characters is read */
        memset(copy, 0, sizeof copy);
        memcpy(copy, p, n * (size_t)width);
        p = copy;
    }
    for (size_t i = 0; i < n; i += 4, p += 4 * width) {
        __m256i c;
        if (width == 1) {
            int four;
            memcpy(&four, p, 4);
            c = _mm256_cvtepu8_epi64(_mm_cvtsi32_si128(four));
        } else if (width == 2) c = _mm256_cvtepu16_epi64(_mm_loadl_epi64((const __m128i *)p));
        else c = _mm256_cvtepu32_epi64(_mm_loadu_si128((const __m128i *)p));
        __m256i known = _mm256_and_si256(_mm256_shuffle_epi8(letters, _mm256_min_epu32(c, _mm256_set1_epi32(15))),
                                         _mm256_set1_epi64x(0xFF));
        __m256i quoted = _mm256_or_si256(_mm256_cmpeq_epi64(c, _mm256_set1_epi64x('"')),
                                         _mm256_cmpeq_epi64(c, _mm256_set1_epi64x('\\')));
        __m256i lettered = _mm256_cmpgt_epi64(known, _mm256_setzero_si256());
        __m256i plain = _mm256_andnot_si256(_mm256_cmpgt_epi64(_mm256_set1_epi64x(0x20), c),
                                            _mm256_cmpgt_epi64(_mm256_set1_epi64x(0x7F), c));
        __m256i halves =
            _mm256_shuffle_epi8(c, spread); /* each byte twice: for its upper nibble, and for its lower one */
        __m256i upper = _mm256_and_si256(_mm256_srli_epi64(halves, 4), _mm256_set1_epi64x(0x000F000F0000));
        __m256i lower = _mm256_and_si256(halves, _mm256_set1_epi64x(0x0F000F000000));
        __m256i text = _mm256_and_si256(_mm256_shuffle_epi8(hex, _mm256_or_si256(upper, lower)),
                                        _mm256_set1_epi64x(0xFFFFFFFF0000));
        __m256i two = _mm256_or_si256(lettered, quoted), letter = _mm256_blendv_epi8(c, known, lettered);
        __m256i word = _mm256_blendv_epi8(_mm256_or_si256(text, _mm256_set1_epi64x(0x755C)), c, plain); /* \u */
        word = _mm256_blendv_epi8(word, _mm256_or_si256(_mm256_slli_epi64(letter, 8), _mm256_set1_epi64x('\\')), two);
        __m256i length = _mm256_blendv_epi8(_mm256_set1_epi64x(6), _mm256_set1_epi64x(1), plain);
        length = _mm256_blendv_epi8(length, _mm256_set1_epi64x(2), two);
        _mm256_storeu_si256((__m256i *)words, word);
        _mm256_storeu_si256((__m256i *)lengths, length);
        for (size_t k = 0; k < 4 && i + k < n; k++) {
            uint32_t beyond = width == 4 ? scan_read(p + k * 4, 4) : 0;
            if (beyond >= 0x10000) out = write_escape(out, beyond, 1); /* a pair, of twelve bytes */
            else {
                memcpy(out, &words[k], 8);
                out += lengths[k];
            }
        }
    }
    return out;
}
#else
static ALWAYS_INLINE uint8_t *escape_some_to_ascii(uint8_t *out, const uint8_t *p, size_t n, int width) {
    for (const uint8_t *end = p + n * (size_t)width; p < end; p += width) {
        uint32_t c = scan_read(p, width);
        if (escape_needed(c, 1)) out = write_escape(out, c, 1);
        else *out++ = (uint8_t)c;
    }
    return out;
}
#endif

static ALWAYS_INLINE uint8_t *escape_to_ascii_from(uint8_t *out, const uint8_t *p, size_t n, int width) {
    while (n > 0) {
        size_t block = 16 / (unsigned)width, some = n < 8 ? n : 8;
        if (n >= block) {
            vec v = vec_load(p);
            if (!escape_needed_bits(v, width, 1)) {
                store_narrow(out, v, width);
                p += 16;
                out += block;
                n -= block;
                continue;
            }
        }
        out = escape_some_to_ascii(out, p, some, width);
        p += some * (unsigned)width;
        n -= some;
    }
    return out;
}

uint8_t *CPU_NAME(escape_to_ascii)(uint8_t *out, const uint8_t *p, size_t n, int width) {
    if (width == 1) return escape_to_ascii_from(out, p, n, 1);
    if (width == 2) return escape_to_ascii_from(out, p, n, 2);
    return escape_to_ascii_from(out, p, n, 4);
}

/* UTF-8 of a code point from 0x80 on; NULL for a surrogate. Writes four bytes, whatever counts: one store. */
static ALWAYS_INLINE uint8_t *write_utf8(uint8_t *out, uint32_t c) {
    uint32_t bytes; /* the first in the lowest eight bits */
    int n;
    if (c < 0x800) {
        bytes = 0x80C0 | c >> 6 | (c & 0x3F) << 8;
        n = 2;
    } else if (c < 0x10000) {
        if (UNLIKELY((c & 0xF800) == 0xD800)) return NULL;
        bytes = 0x8080E0 | c >> 12 | (c & 0xFC0) << 2 | (c & 0x3F) << 16;
        n = 3;
    } else {
        bytes = 0x808080F0 | c >> 18 | (c & 0x3F000) >> 4 | (c & 0xFC0) << 10 | (c & 0x3F) << 24;
        n = 4;
    }
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    for (int i = 0; i < 4; i++) out[i] = (uint8_t)(bytes >> 8 * i);
#else
    memcpy(out, &bytes, 4);
#endif
    return out + n;
}

#if defined(VEC_AVX512)
/* Sixteen code points at a time, each spread over a lane of four bytes, of which those that count are then moved
 * together (VPCOMPRESSB). A short escape is a sequence of two like any other. */
static ALWAYS_INLINE uint8_t *escape_to_utf8_from(uint8_t *out, const uint8_t *p, size_t n, int width) {
    const __m512i low6 = _mm512_set1_epi32(0x3F);
    while (n > 0) {
        __mmask16 lanes = n >= 16 ? 0xFFFF : (__mmask16)_bzhi_u32(0xFFFF, (unsigned)n);
        __m512i c;
        if (width == 1) c = _mm512_cvtepu8_epi32(_mm_maskz_loadu_epi8(lanes, p));
        else if (width == 2) c = _mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(lanes, p));
        else c = _mm512_maskz_loadu_epi32(lanes, p);
        __mmask16 control = _mm512_mask_cmplt_epu32_mask(lanes, c, _mm512_set1_epi32(0x20));
        __mmask16 quoted = _mm512_mask_cmpeq_epi32_mask(lanes, c, _mm512_set1_epi32('"')) |
                           _mm512_mask_cmpeq_epi32_mask(lanes, c, _mm512_set1_epi32('\\'));
        __m512i letter = c;
        if (control) { /* of these, \b \t \n \f \r are sequences of two as well */
            const __m512i letters = _mm512_setr_epi32(0, 0, 0, 0, 0, 0, 0, 0, 'b', 't', 'n', 0, 'f', 'r', 0, 0);
            __m512i known = _mm512_maskz_permutexvar_epi32(
                _mm512_mask_cmplt_epu32_mask(control, c, _mm512_set1_epi32(16)), c, letters);
            __mmask16 lettered = _mm512_test_epi32_mask(known, known);
            letter = _mm512_mask_mov_epi32(letter, lettered, known);
            quoted |= lettered;
            control &= (__mmask16)~lettered;
        }
        if (UNLIKELY(control)) lanes = _bzhi_u32(lanes, count_trailing_zeros(control));
        __mmask16 two = _mm512_mask_cmpge_epu32_mask(lanes, c, _mm512_set1_epi32(0x80));
        __mmask16 three = _mm512_mask_cmpge_epu32_mask(lanes, c, _mm512_set1_epi32(0x800));
        quoted &= lanes;
        __m512i last = _mm512_or_si512(_mm512_and_si512(c, low6), _mm512_set1_epi32(0x80));
        __m512i bytes = _mm512_mask_or_epi32(c, two, _mm512_slli_epi32(last, 8),
                                             _mm512_or_si512(_mm512_srli_epi32(c, 6), _mm512_set1_epi32(0xC0)));
        bytes = _mm512_mask_or_epi32(bytes, quoted, _mm512_slli_epi32(letter, 8), _mm512_set1_epi32('\\'));
        __m512i count = _mm512_maskz_set1_epi32(lanes, 0x80); /* the top bit of each byte that counts */
        count = _mm512_mask_set1_epi32(count, two | quoted, 0x8080);
        if (three) {
            if (UNLIKELY(_mm512_mask_cmpeq_epi32_mask(three, _mm512_and_si512(c, _mm512_set1_epi32(0x1FF800)),
                                                      _mm512_set1_epi32(0xD800))))
                return NULL;
            __m512i middle = _mm512_and_si512(_mm512_slli_epi32(c, 2), _mm512_set1_epi32(0x3F00));
            __m512i lead = _mm512_or_si512(_mm512_srli_epi32(c, 12), _mm512_set1_epi32(0x80E0));
            bytes = _mm512_mask_or_epi32(bytes, three, _mm512_or_si512(lead, middle), _mm512_slli_epi32(last, 16));
            count = _mm512_mask_set1_epi32(count, three, 0x808080);
            __mmask16 four = width < 4 ? 0 : _mm512_mask_cmpge_epu32_mask(three, c, _mm512_set1_epi32(0x10000));
            if (four) {
                __m512i second = _mm512_and_si512(_mm512_srli_epi32(c, 4), _mm512_set1_epi32(0x3F00));
                __m512i third = _mm512_and_si512(_mm512_slli_epi32(c, 10), _mm512_set1_epi32(0x3F0000));
                __m512i first = _mm512_or_si512(_mm512_srli_epi32(c, 18), _mm512_set1_epi32(0x8080F0));
                bytes = _mm512_mask_or_epi32(bytes, four, _mm512_or_si512(first, second),
                                             _mm512_or_si512(third, _mm512_slli_epi32(last, 24)));
                count = _mm512_mask_set1_epi32(count, four, (int)0x80808080);
            }
        }
        __mmask64 counts = _mm512_movepi8_mask(count);
        _mm512_storeu_si512(out, _mm512_maskz_compress_epi8(counts, bytes));
        size_t written = (size_t)__builtin_popcountll(counts);
        out += written;
        if (UNLIKELY(control)) {
            unsigned done = count_trailing_zeros(control);
            p += done * (unsigned)width;
            out = write_escape(out, scan_read(p, width), 1);
            p += width;
            n -= done + 1;
            continue;
        }
        if (n <= 16) return out;
        p += 16 * width;
        n -= 16;
        if (written == 16) { /* as in escape_bytes_as */
            size_t plain = copy_plain(out, p, n, width, 0, 0);
            out += plain;
            p += plain * (unsigned)width;
            n -= plain;
        }
    }
    return out;
}
#else
#if defined(VEC_RUNS)
#if defined(VEC_HALVES)
/* Three bytes for each of four characters, which are in lanes of four; up to 14 bytes are written. */
static ALWAYS_INLINE void write_four_of_three(uint8_t *out, vec c) {
    vec high = vec_or(vec32_down(c, 12), vec_and(vec32_up(c, 2), vec32_all(0x3F00)));
    vec three = vec_or(vec_or(high, vec_and(vec32_up(c, 16), vec32_all(0x3F0000))), vec32_all(0x8080E0));
    vec six = vec_or(vec_and(three, vec64_all(0xFFFFFF)), vec_and(vec64_down(three, 8), vec64_all(0xFFFFFF000000)));
    vec_store_halves(out, out + 6, six);
}
#endif

/* UTF-8 of the characters in a block of which the first has a code point from 0x80 on, as long as they take as many
 * bytes as it: how many, 0 where the first is a surrogate. The characters' own width is 2, or 4 where the first is
 * beyond U+FFFF; up to 32 bytes are written, *length bytes for each. */
static ALWAYS_INLINE unsigned write_utf8_run(uint8_t *out, vec v, uint32_t first, int width, unsigned *length) {
    vec_mask bad;
    if (width == 4) {
        *length = 4;
        vec high = vec_or(vec32_down(v, 18), vec32_down(vec_and(v, vec32_all(0x3F000)), 4));
        vec low = vec_or(vec32_up(vec_and(v, vec32_all(0xFC0)), 10), vec32_up(vec_and(v, vec32_all(0x3F)), 24));
        vec_store(out, vec_or(vec_or(high, low), vec32_all(0x808080F0)));
        bad = vec_bits(vec32_at_least(v, 0x10000)) ^ vec_every();
        return LIKELY(!bad) ? 4 : vec_first(bad) / 4;
    }
    if (first < 0x800) {
        *length = 2;
        vec_store(out, vec_or(vec_or(vec16_down(v, 6), vec16_up(vec_and(v, vec16_all(0x3F)), 8)), vec16_all(0x80C0)));
        bad = vec_bits(vec_and(vec16_at_least(v, 0x80), vec16_at_most(v, 0x7FF))) ^ vec_every();
        return LIKELY(!bad) ? 8 : vec_first(bad) / 2;
    }
    *length = 3;
    bad = vec_bits(vec_or(vec16_equal(vec_and(v, vec16_all(0xF800)), 0xD800), vec16_at_most(v, 0x7FF)));
#if VEC_SHUFFLES
    static const uint8_t pairs[2][16] = {{0, 1, 0x80, 2, 3, 0x80, 4, 5, 0x80, 6, 7, 0x80, 8, 9, 0x80, 10},
                                         {11, 0x80, 12, 13, 0x80, 14, 15, 0x80}};
    static const uint8_t lasts[2][16] = {
        {0x80, 0x80, 0, 0x80, 0x80, 2, 0x80, 0x80, 4, 0x80, 0x80, 6, 0x80, 0x80, 8, 0x80},
        {0x80, 10, 0x80, 0x80, 12, 0x80, 0x80, 14}};
    vec pair = vec_or(vec_or(vec16_down(v, 12), vec_and(vec16_up(v, 2), vec16_all(0x3F00))), vec16_all(0x80E0));
    vec last = vec_or(vec_and(v, vec16_all(0x3F)), vec16_all(0x80));
    vec_store(out, vec_or(vec_shuffle(pair, pairs[0]), vec_shuffle(last, lasts[0])));
    vec_store(out + 16, vec_or(vec_shuffle(pair, pairs[1]), vec_shuffle(last, lasts[1])));
#else
    write_four_of_three(out, vec16_widen_low(v));
    write_four_of_three(out + 12, vec16_widen_high(v));
#endif
    return LIKELY(!bad) ? 8 : vec_first(bad) / 2;
}
#endif

static ALWAYS_INLINE uint8_t *escape_to_utf8_from(uint8_t *out, const uint8_t *p, size_t n, int width) {
    const uint8_t *end = p + n * (size_t)width;
    while (p < end) {
        uint32_t c = scan_read(p, width);
        if (c >= 0x80) {
#if defined(VEC_RUNS)
            if (width > 1 && end - p >= 16 && (width == 2 || c >= 0x10000)) {
                unsigned length, run = write_utf8_run(out, vec_load(p), c, width, &length);
                p += run * (unsigned)width;
                out += run * length;
                if (LIKELY(run > 0)) continue;
            }
#endif
            out = write_utf8(out, c);
            if (width > 1 && UNLIKELY(out == NULL)) return NULL;
            p += width;
        } else if (end - p >= 16 && !escape_needed(c, 1)) { /* what is plain before the first character that isn't */
            vec v = vec_load(p);
            store_narrow(out, v, width);
            vec_mask m = escape_needed_bits(v, width, 1);
            unsigned plain = LIKELY(!m) ? 16u / (unsigned)width : vec_first(m) / (unsigned)width;
            p += plain * (unsigned)width;
            out += plain;
        } else {
            if (escape_needed(c, 0)) out = write_escape(out, c, 1);
            else *out++ = (uint8_t)c;
            p += width;
        }
    }
    return out;
}
#endif

uint8_t *CPU_NAME(escape_to_utf8)(uint8_t *out, const uint8_t *p, size_t n, int width) {
    if (width == 1) return escape_to_utf8_from(out, p, n, 1);
    if (width == 2) return escape_to_utf8_from(out, p, n, 2);
    return escape_to_utf8_from(out, p, n, 4);
}

#if defined(VEC_AVX512)
/* Copy 64 bytes of characters at a time, into wider ones, as long as none needs an escape: how many characters were
 * copied. */
static ALWAYS_INLINE size_t widen_plain(uint8_t *out, int to_width, const uint8_t *p, size_t n, int width) {
    const size_t block = 64 / (unsigned)width;
    size_t done = 0;
    for (; n - done >= block; done += block, out += block * (unsigned)to_width) {
        __m512i v = _mm512_loadu_si512(p + done * (unsigned)width);
        uint64_t m = scan_specials_64(v, width);
        if (width == 1) store_64_widened(out, to_width, v);
        else if (width == to_width) _mm512_storeu_si512(out, v);
        else {
            _mm512_storeu_si512(out, _mm512_cvtepu16_epi32(_mm512_castsi512_si256(v)));
            _mm512_storeu_si512(out + 64, _mm512_cvtepu16_epi32(_mm512_extracti64x4_epi64(v, 1)));
        }
        if (m) return done + count_trailing_zeros(m);
    }
    return done;
}
#endif

static ALWAYS_INLINE uint8_t *escape_widen_from(uint8_t *out, int to_width, const uint8_t *p, size_t n, int width) {
    const uint8_t *end = p + n * (size_t)width;
    for (unsigned turn = 0; end - p >= 32;
         p += 16, turn++) { /* what follows an escape is loaded as 16 bytes again, from within the next 16 */
#if defined(VEC_AVX512)
        while (turn % 4 == 0) { /* what had to be escaped may lie behind by now */
            size_t plain = widen_plain(out, to_width, p, (size_t)(end - p) / (unsigned)width, width);
            p += plain * (unsigned)width;
            out += plain * (unsigned)to_width;
            if (plain < 64 || end - p < 32) break;
            uint32_t c = scan_read(p, width); /* one that stands alone, most likely */
            if (!escape_needed(c, 0)) break;
            out = write_escape(out, c, to_width);
            p += width;
        }
        if (end - p < 32) break;
#endif
        vec v = vec_load(p);
        vec_store_widened(out, to_width, v, width);
        vec_mask m = escape_needed_bits(v, width, 0);
        unsigned done = 0, chars = 16u / (unsigned)width;
        while (m) {
            unsigned at = vec_first(m) / (unsigned)width;
            out = write_escape(out + (at - done) * (unsigned)to_width, scan_read(p + at * (unsigned)width, width),
                               to_width);
            done = at + 1;
            vec_store_widened(out, to_width, vec_load(p + done * (unsigned)width), width);
            for (int i = 0; i < width; i++) m = vec_without_first(m);
        }
        out += (chars - done) * (unsigned)to_width;
    }
    for (; p < end; p += width) {
        uint32_t c = scan_read(p, width);
        if (escape_needed(c, 0)) out = write_escape(out, c, to_width);
        else {
            scan_write(out, c, to_width);
            out += to_width;
        }
    }
    return out;
}

uint8_t *CPU_NAME(escape_widen)(uint8_t *out, int to_width, const uint8_t *p, size_t n, int width) {
    if (to_width == 1) return escape_bytes_as(out, p, n, 0);
    if (to_width == 2) return width == 1 ? escape_widen_from(out, 2, p, n, 1) : escape_widen_from(out, 2, p, n, 2);
    if (width == 1) return escape_widen_from(out, 4, p, n, 1);
    return width == 2 ? escape_widen_from(out, 4, p, n, 2) : escape_widen_from(out, 4, p, n, 4);
}

static ALWAYS_INLINE void copy_widened_from(uint8_t *out, int to_width, const uint8_t *p, size_t n, int width) {
    const uint8_t *end = p + n * (size_t)width;
    for (; end - p >= 16; p += 16, out += 16 / width * to_width) vec_store_widened(out, to_width, vec_load(p), width);
    NOT_UNROLLED
    for (; p < end; p += width, out += to_width) scan_write(out, scan_read(p, width), to_width);
}

void CPU_NAME(escape_copy_widened)(uint8_t *out, int to_width, const uint8_t *p, size_t n, int width) {
    if (to_width == width) memcpy(out, p, n * (size_t)width);
    else if (to_width == 2) copy_widened_from(out, 2, p, n, 1);
    else if (width == 1) copy_widened_from(out, 4, p, n, 1);
    else copy_widened_from(out, 4, p, n, 2);
}
