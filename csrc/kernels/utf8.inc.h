/* Whether bytes are UTF-8, for one instruction set: what kernels/skip.inc.h asks of them. */
#include "base/simd128.h"

#if defined(VEC_AVX2)
/* Keiser & Lemire, "Validating UTF-8 in less than one instruction per byte" (2020): each pair of bytes is looked up by
 * the first's two halves and the second's upper one; what all three allow as a mistake is one. Two continuations in a
 * row are one unless the byte two or three before says that they belong to it. */
enum {
    UTF8_TOO_SHORT = 1,
    UTF8_TOO_LONG = 2,
    UTF8_OVERLONG_3 = 4,
    UTF8_TOO_LARGE = 8,
    UTF8_SURROGATE = 16,
    UTF8_OVERLONG_2 = 32,
    UTF8_TOO_LARGE_OR_OVERLONG_4 = 64,
    UTF8_TWO_CONTINUATIONS = 128,
    UTF8_ANY_LOW = UTF8_TOO_SHORT | UTF8_TOO_LONG | UTF8_TWO_CONTINUATIONS,
    UTF8_LARGE = UTF8_ANY_LOW | UTF8_TOO_LARGE | UTF8_TOO_LARGE_OR_OVERLONG_4,
    UTF8_CONTINUED = UTF8_TOO_LONG | UTF8_OVERLONG_2 | UTF8_TWO_CONTINUATIONS
};
/* clang-format off */
static const uint8_t utf8_first_high[16] = {
    UTF8_TOO_LONG, UTF8_TOO_LONG, UTF8_TOO_LONG, UTF8_TOO_LONG,
    UTF8_TOO_LONG, UTF8_TOO_LONG, UTF8_TOO_LONG, UTF8_TOO_LONG,
    UTF8_TWO_CONTINUATIONS, UTF8_TWO_CONTINUATIONS, UTF8_TWO_CONTINUATIONS, UTF8_TWO_CONTINUATIONS,
    UTF8_TOO_SHORT | UTF8_OVERLONG_2, UTF8_TOO_SHORT, UTF8_TOO_SHORT | UTF8_OVERLONG_3 | UTF8_SURROGATE,
    UTF8_TOO_SHORT | UTF8_TOO_LARGE | UTF8_TOO_LARGE_OR_OVERLONG_4,
};
static const uint8_t utf8_first_low[16] = {
    UTF8_ANY_LOW | UTF8_OVERLONG_3 | UTF8_OVERLONG_2 | UTF8_TOO_LARGE_OR_OVERLONG_4, UTF8_ANY_LOW | UTF8_OVERLONG_2,
    UTF8_ANY_LOW, UTF8_ANY_LOW, UTF8_ANY_LOW | UTF8_TOO_LARGE, UTF8_LARGE, UTF8_LARGE, UTF8_LARGE,
    UTF8_LARGE, UTF8_LARGE, UTF8_LARGE, UTF8_LARGE, UTF8_LARGE, UTF8_LARGE | UTF8_SURROGATE, UTF8_LARGE, UTF8_LARGE,
};
static const uint8_t utf8_second_high[16] = {
    UTF8_TOO_SHORT, UTF8_TOO_SHORT, UTF8_TOO_SHORT, UTF8_TOO_SHORT,
    UTF8_TOO_SHORT, UTF8_TOO_SHORT, UTF8_TOO_SHORT, UTF8_TOO_SHORT,
    UTF8_CONTINUED | UTF8_OVERLONG_3 | UTF8_TOO_LARGE_OR_OVERLONG_4, UTF8_CONTINUED | UTF8_OVERLONG_3 | UTF8_TOO_LARGE,
    UTF8_CONTINUED | UTF8_SURROGATE | UTF8_TOO_LARGE, UTF8_CONTINUED | UTF8_SURROGATE | UTF8_TOO_LARGE,
    UTF8_TOO_SHORT, UTF8_TOO_SHORT, UTF8_TOO_SHORT, UTF8_TOO_SHORT,
};
/* clang-format on */

#if defined(VEC_AVX512)
/* Places where the 64 bytes at p aren't UTF-8, or what is before them isn't complete. The three before are readable. */
static ALWAYS_INLINE uint64_t utf8_mistakes(const uint8_t *p) {
    const __m512i low = _mm512_set1_epi8(0x0F);
    __m512i v = _mm512_loadu_si512(p), before = _mm512_loadu_si512(p - 1);
    __m512i a = _mm512_shuffle_epi8(_mm512_broadcast_i32x4(vec_load(utf8_first_high)),
                                    _mm512_and_si512(_mm512_srli_epi16(before, 4), low));
    __m512i b = _mm512_shuffle_epi8(_mm512_broadcast_i32x4(vec_load(utf8_first_low)), _mm512_and_si512(before, low));
    __m512i c = _mm512_shuffle_epi8(_mm512_broadcast_i32x4(vec_load(utf8_second_high)),
                                    _mm512_and_si512(_mm512_srli_epi16(v, 4), low));
    __m512i third = _mm512_subs_epu8(_mm512_loadu_si512(p - 2), _mm512_set1_epi8(0xE0 - 0x80));
    __m512i fourth = _mm512_subs_epu8(_mm512_loadu_si512(p - 3), _mm512_set1_epi8(0xF0 - 0x80));
    __m512i due = _mm512_and_si512(_mm512_or_si512(third, fourth), _mm512_set1_epi8((char)0x80));
    __m512i wrong = _mm512_xor_si512(_mm512_ternarylogic_epi64(a, b, c, 0x80), due);
    return _mm512_test_epi8_mask(wrong, wrong);
}
#else
static ALWAYS_INLINE __m256i utf8_right(const uint8_t *p) {
    const __m256i low = _mm256_set1_epi8(0x0F);
    __m256i v = _mm256_loadu_si256((const __m256i *)p), before = _mm256_loadu_si256((const __m256i *)(p - 1));
    __m256i a = _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(vec_load(utf8_first_high)),
                                    _mm256_and_si256(_mm256_srli_epi16(before, 4), low));
    __m256i b =
        _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(vec_load(utf8_first_low)), _mm256_and_si256(before, low));
    __m256i c = _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(vec_load(utf8_second_high)),
                                    _mm256_and_si256(_mm256_srli_epi16(v, 4), low));
    __m256i third = _mm256_subs_epu8(_mm256_loadu_si256((const __m256i *)(p - 2)), _mm256_set1_epi8(0xE0 - 0x80));
    __m256i fourth = _mm256_subs_epu8(_mm256_loadu_si256((const __m256i *)(p - 3)), _mm256_set1_epi8(0xF0 - 0x80));
    __m256i due = _mm256_and_si256(_mm256_or_si256(third, fourth), _mm256_set1_epi8((char)0x80));
    return _mm256_cmpeq_epi8(_mm256_xor_si256(_mm256_and_si256(_mm256_and_si256(a, b), c), due),
                             _mm256_setzero_si256());
}
static ALWAYS_INLINE uint64_t utf8_mistakes(const uint8_t *p) {
    return ~opaque_bits(bytes64_bits(utf8_right(p), utf8_right(p + 32))); /* or LLVM 22 negates one bit after another */
}
#endif
#endif

/* The sequence at p, whose first byte is 0x80 or more, before end (Unicode 15, table 3-7): its length, or 0. */
static ALWAYS_INLINE size_t utf8_sequence(const uint8_t *p, const uint8_t *end) {
    uint8_t a = p[0], least = 0x80, most = 0xBF;
    size_t length = a < 0xC2 ? 0 : a < 0xE0 ? 2 : a < 0xF0 ? 3 : a < 0xF5 ? 4 : 0;
    if (a == 0xE0) least = 0xA0;
    if (a == 0xED) most = 0x9F;
    if (a == 0xF0) least = 0x90;
    if (a == 0xF4) most = 0x8F;
    if (length == 0 || (size_t)(end - p) < length || p[1] < least || p[1] > most) return 0;
    for (size_t i = 2; i < length; i++)
        if ((p[i] & 0xC0) != 0x80) return 0;
    return length;
}
