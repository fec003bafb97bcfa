/* Sixteen bytes at a time: the one vector type that every kernel is written in, on SSE2, NEON or plain C.
 *
 * A vec_mask has VEC_STRIDE bits per byte lane, lane 0 lowest; a lane's bits are all set or all clear.
 * VEC_RUNS: there are shifts and what else it takes to turn runs of characters of one width into UTF-8 and back; 16-bit
 * and 32-bit lanes have their low byte first. VEC_SHUFFLES: there is vec_shuffle(v, order), whose lane i is v's lane
 * order[i], or 0 for 0x80. VEC_HALVES: there are loads, stores and shifts of halves of eight bytes, which do where
 * there is no shuffle. Includes no Python.h. */
#ifndef CYJSON_BASE_SIMD128_H
#define CYJSON_BASE_SIMD128_H

#include "base/bits.h"

#if !defined(CYJSON_NO_SIMD) && (defined(__SSE2__) || defined(_M_X64))

#include <emmintrin.h>
#define VEC_NAME "sse2"
#define VEC_TOP_BITS 1
typedef __m128i vec;
typedef uint32_t vec_mask;
enum { VEC_STRIDE = 1 };

#if defined(VEC_AVX2) && defined(__GNUC__) && !defined(__clang__)
/* Sixteen times each byte below 0x80. A constant that gcc knew it would make anew at each use, by two or three
 * instructions, where one in memory takes none of its own. */
HIDDEN extern const uint8_t vec_sixteen[128][16];
#define VEC8_ALL(c) _mm_loadu_si128((const __m128i *)vec_sixteen[c])
#else
#define VEC8_ALL(c) _mm_set1_epi8((char)(c))
#endif

static ALWAYS_INLINE vec vec_load(const void *p) { return _mm_loadu_si128((const __m128i *)p); }
static ALWAYS_INLINE void vec_store(void *p, vec v) { _mm_storeu_si128((__m128i *)p, v); }
static ALWAYS_INLINE vec vec_pair(uint64_t low, uint64_t high) {
    return _mm_set_epi64x((long long)high, (long long)low);
}
static ALWAYS_INLINE vec vec_or(vec a, vec b) { return _mm_or_si128(a, b); }
static ALWAYS_INLINE vec vec8_xor(vec v, uint8_t c) { return _mm_xor_si128(v, VEC8_ALL(c)); }
/* Lanes with their top bit set, fit only to be or-ed into what vec_bits reads. */
static ALWAYS_INLINE vec vec8_high(vec v) { return v; }
static ALWAYS_INLINE vec_mask vec_bits(vec v) { return (vec_mask)_mm_movemask_epi8(v); }

static ALWAYS_INLINE vec vec8_equal(vec v, uint8_t c) { return _mm_cmpeq_epi8(v, VEC8_ALL(c)); }
/* Signed: true of bytes from 0x80 on as well. */
static ALWAYS_INLINE vec vec8_less(vec v, int8_t c) { return _mm_cmpgt_epi8(VEC8_ALL(c), v); }
static ALWAYS_INLINE vec vec8_at_most(vec v, uint8_t c) { return _mm_cmpeq_epi8(_mm_min_epu8(v, VEC8_ALL(c)), v); }
static ALWAYS_INLINE vec vec8_at_least(vec v, uint8_t c) { return _mm_cmpeq_epi8(_mm_max_epu8(v, VEC8_ALL(c)), v); }
static ALWAYS_INLINE vec vec16_equal(vec v, uint16_t c) { return _mm_cmpeq_epi16(v, _mm_set1_epi16((short)c)); }
static ALWAYS_INLINE vec vec16_at_most(vec v, uint16_t c) {
    return _mm_cmpeq_epi16(_mm_subs_epu16(v, _mm_set1_epi16((short)c)), _mm_setzero_si128());
}
static ALWAYS_INLINE vec vec16_at_least(vec v, uint16_t c) {
    return _mm_cmpeq_epi16(_mm_subs_epu16(_mm_set1_epi16((short)c), v), _mm_setzero_si128());
}
static ALWAYS_INLINE vec vec32_equal(vec v, uint32_t c) { return _mm_cmpeq_epi32(v, _mm_set1_epi32((int)c)); }
/* Signed comparison: a code point never reaches 2^31. */
static ALWAYS_INLINE vec vec32_at_most(vec v, uint32_t c) { return _mm_cmplt_epi32(v, _mm_set1_epi32((int)c + 1)); }
static ALWAYS_INLINE vec vec32_at_least(vec v, uint32_t c) { return _mm_cmpgt_epi32(v, _mm_set1_epi32((int)c - 1)); }

static ALWAYS_INLINE vec vec8_widen_low(vec v) { return _mm_unpacklo_epi8(v, _mm_setzero_si128()); }
static ALWAYS_INLINE vec vec8_widen_high(vec v) { return _mm_unpackhi_epi8(v, _mm_setzero_si128()); }
static ALWAYS_INLINE vec vec16_widen_low(vec v) { return _mm_unpacklo_epi16(v, _mm_setzero_si128()); }
static ALWAYS_INLINE vec vec16_widen_high(vec v) { return _mm_unpackhi_epi16(v, _mm_setzero_si128()); }
static ALWAYS_INLINE vec vec_and(vec a, vec b) { return _mm_and_si128(a, b); }
static ALWAYS_INLINE vec vec8_add(vec a, vec b) { return _mm_add_epi8(a, b); }
static ALWAYS_INLINE vec vec8_same(vec a, vec b) { return _mm_cmpeq_epi8(a, b); }
static ALWAYS_INLINE vec vec16_all(uint16_t c) { return _mm_set1_epi16((short)c); }
static ALWAYS_INLINE vec vec32_all(uint32_t c) { return _mm_set1_epi32((int)c); }
static ALWAYS_INLINE vec vec16_up(vec v, int bits) { return _mm_slli_epi16(v, bits); }
static ALWAYS_INLINE vec vec16_down(vec v, int bits) { return _mm_srli_epi16(v, bits); }
static ALWAYS_INLINE vec vec32_up(vec v, int bits) { return _mm_slli_epi32(v, bits); }
static ALWAYS_INLINE vec vec32_down(vec v, int bits) { return _mm_srli_epi32(v, bits); }
#if defined(VEC_AVX2)
#define VEC_SHUFFLES 1
static ALWAYS_INLINE vec vec_shuffle(vec v, const uint8_t order[16]) { return _mm_shuffle_epi8(v, vec_load(order)); }
#else
#define VEC_SHUFFLES 0
#define VEC_HALVES 1
static ALWAYS_INLINE vec vec_load_halves(const void *low, const void *high) {
    return _mm_unpacklo_epi64(_mm_loadl_epi64((const __m128i *)low), _mm_loadl_epi64((const __m128i *)high));
}
static ALWAYS_INLINE vec vec64_all(uint64_t c) { return _mm_set1_epi64x((long long)c); }
static ALWAYS_INLINE vec vec64_down(vec v, int bits) { return _mm_srl_epi64(v, _mm_cvtsi32_si128(bits)); }
static ALWAYS_INLINE void vec_store_halves(void *low, void *high, vec v) {
    _mm_storel_epi64((__m128i *)low, v);
    _mm_storel_epi64((__m128i *)high, _mm_unpackhi_epi64(v, v));
}
#endif
#define VEC_RUNS 1
/* Lanes that don't fit (0x100 or more of 16 bits, 0x8000 of 32) become what isn't ASCII, or, from 16 bits, zero. */
static ALWAYS_INLINE vec vec16_narrow(vec low, vec high) { return _mm_packus_epi16(low, high); }
static ALWAYS_INLINE vec vec32_narrow(vec low, vec high) { return _mm_packs_epi32(low, high); }

#elif !defined(CYJSON_NO_SIMD) && (defined(__ARM_NEON) || defined(_M_ARM64)) && \
    (defined(__aarch64__) || defined(_M_ARM64))

#include <arm_neon.h>
#define VEC_NAME "neon"
typedef uint8x16_t vec;
typedef uint64_t vec_mask;
enum { VEC_STRIDE = 4 };

#define AS16(v) vreinterpretq_u16_u8(v)
#define AS32(v) vreinterpretq_u32_u8(v)
#define FROM16(v) vreinterpretq_u8_u16(v)
#define FROM32(v) vreinterpretq_u8_u32(v)
static ALWAYS_INLINE vec vec_load(const void *p) { return vld1q_u8((const uint8_t *)p); }
static ALWAYS_INLINE void vec_store(void *p, vec v) { vst1q_u8((uint8_t *)p, v); }
static ALWAYS_INLINE vec vec_pair(uint64_t low, uint64_t high) {
    return vcombine_u8(vcreate_u8(low), vcreate_u8(high));
}
static ALWAYS_INLINE vec vec_or(vec a, vec b) { return vorrq_u8(a, b); }
static ALWAYS_INLINE vec vec8_xor(vec v, uint8_t c) { return veorq_u8(v, vdupq_n_u8(c)); }
static ALWAYS_INLINE vec vec8_high(vec v) { return vcgeq_u8(v, vdupq_n_u8(0x80)); }
/* Shift-right-and-narrow keeps four bits of each byte lane: NEON's stand-in for movemask. */
static ALWAYS_INLINE vec_mask vec_bits(vec v) { return vget_lane_u64(vreinterpret_u64_u8(vshrn_n_u16(AS16(v), 4)), 0); }

static ALWAYS_INLINE vec vec8_equal(vec v, uint8_t c) { return vceqq_u8(v, vdupq_n_u8(c)); }
static ALWAYS_INLINE vec vec8_less(vec v, int8_t c) { return vcltq_s8(vreinterpretq_s8_u8(v), vdupq_n_s8(c)); }
static ALWAYS_INLINE vec vec8_at_most(vec v, uint8_t c) { return vcleq_u8(v, vdupq_n_u8(c)); }
static ALWAYS_INLINE vec vec8_at_least(vec v, uint8_t c) { return vcgeq_u8(v, vdupq_n_u8(c)); }
static ALWAYS_INLINE vec vec16_equal(vec v, uint16_t c) { return FROM16(vceqq_u16(AS16(v), vdupq_n_u16(c))); }
static ALWAYS_INLINE vec vec16_at_most(vec v, uint16_t c) { return FROM16(vcleq_u16(AS16(v), vdupq_n_u16(c))); }
static ALWAYS_INLINE vec vec16_at_least(vec v, uint16_t c) { return FROM16(vcgeq_u16(AS16(v), vdupq_n_u16(c))); }
static ALWAYS_INLINE vec vec32_equal(vec v, uint32_t c) { return FROM32(vceqq_u32(AS32(v), vdupq_n_u32(c))); }
static ALWAYS_INLINE vec vec32_at_most(vec v, uint32_t c) { return FROM32(vcleq_u32(AS32(v), vdupq_n_u32(c))); }
static ALWAYS_INLINE vec vec32_at_least(vec v, uint32_t c) { return FROM32(vcgeq_u32(AS32(v), vdupq_n_u32(c))); }

static ALWAYS_INLINE vec vec8_widen_low(vec v) { return FROM16(vmovl_u8(vget_low_u8(v))); }
static ALWAYS_INLINE vec vec8_widen_high(vec v) { return FROM16(vmovl_u8(vget_high_u8(v))); }
static ALWAYS_INLINE vec vec16_widen_low(vec v) { return FROM32(vmovl_u16(vget_low_u16(AS16(v)))); }
static ALWAYS_INLINE vec vec16_widen_high(vec v) { return FROM32(vmovl_u16(vget_high_u16(AS16(v)))); }
static ALWAYS_INLINE vec vec_and(vec a, vec b) { return vandq_u8(a, b); }
static ALWAYS_INLINE vec vec8_add(vec a, vec b) { return vaddq_u8(a, b); }
static ALWAYS_INLINE vec vec8_same(vec a, vec b) { return vceqq_u8(a, b); }
static ALWAYS_INLINE vec vec16_all(uint16_t c) { return FROM16(vdupq_n_u16(c)); }
static ALWAYS_INLINE vec vec32_all(uint32_t c) { return FROM32(vdupq_n_u32(c)); }
static ALWAYS_INLINE vec vec16_up(vec v, int bits) { return FROM16(vshlq_u16(AS16(v), vdupq_n_s16((int16_t)bits))); }
static ALWAYS_INLINE vec vec16_down(vec v, int bits) { return FROM16(vshlq_u16(AS16(v), vdupq_n_s16((int16_t)-bits))); }
static ALWAYS_INLINE vec vec32_up(vec v, int bits) { return FROM32(vshlq_u32(AS32(v), vdupq_n_s32(bits))); }
static ALWAYS_INLINE vec vec32_down(vec v, int bits) { return FROM32(vshlq_u32(AS32(v), vdupq_n_s32(-bits))); }
#define VEC_SHUFFLES 1
static ALWAYS_INLINE vec vec_shuffle(vec v, const uint8_t order[16]) { return vqtbl1q_u8(v, vec_load(order)); }
#if !defined(__AARCH64EB__)
#define VEC_RUNS 1
#endif
static ALWAYS_INLINE vec vec16_narrow(vec low, vec high) {
    return vcombine_u8(vqmovn_u16(AS16(low)), vqmovn_u16(AS16(high)));
}
static ALWAYS_INLINE vec vec32_narrow(vec low, vec high) {
    return FROM16(vcombine_u16(vqmovn_u32(AS32(low)), vqmovn_u32(AS32(high))));
}
#undef AS16
#undef AS32
#undef FROM16
#undef FROM32

#else /* plain C: the same operations lane by lane, left to the compiler to vectorise */

#define VEC_NAME "c"
typedef union {
    uint8_t b[16];
    uint16_t h[8];
    uint32_t w[4];
} vec;
typedef uint32_t vec_mask;
enum { VEC_STRIDE = 1 };

static ALWAYS_INLINE vec vec_load(const void *p) {
    vec v;
    memcpy(&v, p, 16);
    return v;
}
static ALWAYS_INLINE void vec_store(void *p, vec v) { memcpy(p, &v, 16); }
static ALWAYS_INLINE vec vec_pair(uint64_t low, uint64_t high) {
    vec v;
    store_8(v.b, low);
    store_8(v.b + 8, high);
    return v;
}
static ALWAYS_INLINE vec vec8_high(vec v) { return v; }
static ALWAYS_INLINE vec_mask vec_bits(vec v) {
    vec_mask m = 0;
    for (int i = 0; i < 16; i++) m |= (vec_mask)(v.b[i] >> 7) << i;
    return m;
}

/* A function that gives lane i of its result by an expression. */
#define LANES(name, parameters, lanes, expression) \
    static ALWAYS_INLINE vec name parameters { \
        vec r; \
        for (size_t i = 0; i < sizeof r.lanes / sizeof *r.lanes; i++) r.lanes[i] = expression; \
        return r; \
    }
LANES(vec_or, (vec a, vec b), w, a.w[i] | b.w[i])
LANES(vec8_xor, (vec v, uint8_t c), b, v.b[i] ^ c)
LANES(vec8_less, (vec v, int8_t c), b, (int8_t)v.b[i] < c ? 0xFF : 0)
LANES(vec8_equal, (vec v, uint8_t c), b, v.b[i] == c ? 0xFF : 0)
LANES(vec8_at_most, (vec v, uint8_t c), b, v.b[i] <= c ? 0xFF : 0)
LANES(vec8_at_least, (vec v, uint8_t c), b, v.b[i] >= c ? 0xFF : 0)
LANES(vec16_equal, (vec v, uint16_t c), h, v.h[i] == c ? 0xFFFF : 0)
LANES(vec16_at_most, (vec v, uint16_t c), h, v.h[i] <= c ? 0xFFFF : 0)
LANES(vec16_at_least, (vec v, uint16_t c), h, v.h[i] >= c ? 0xFFFF : 0)
LANES(vec32_equal, (vec v, uint32_t c), w, v.w[i] == c ? ~0u : 0)
LANES(vec32_at_most, (vec v, uint32_t c), w, v.w[i] <= c ? ~0u : 0)
LANES(vec32_at_least, (vec v, uint32_t c), w, v.w[i] >= c ? ~0u : 0)
LANES(vec8_widen_low, (vec v), h, v.b[i])
LANES(vec8_widen_high, (vec v), h, v.b[8 + i])
LANES(vec16_widen_low, (vec v), w, v.h[i])
LANES(vec16_widen_high, (vec v), w, v.h[4 + i])
LANES(vec16_narrow, (vec low, vec high), b, (i < 8 ? low : high).h[i % 8] < 0xFF ? (i < 8 ? low : high).h[i % 8] : 0xFF)
LANES(vec32_narrow, (vec low, vec high), h,
      (i < 4 ? low : high).w[i % 4] < 0x7FFF ? (i < 4 ? low : high).w[i % 4] : 0x7FFF)
#undef LANES

#endif

/* As vec8_less for bytes below 0x80 and c > 0, of use to vec_bits only: where that takes the top bit of each lane, gcc
 * makes three instructions of the comparison, and one of this. */
static ALWAYS_INLINE vec vec8_less_in_ascii(vec v, int8_t c) {
#if defined(VEC_TOP_BITS)
    return _mm_sub_epi8(v, VEC8_ALL(c));
#else
    return vec8_less(v, c);
#endif
}

/* Lanes of `width` bytes that equal c. */
static ALWAYS_INLINE vec vec_equal(vec v, uint8_t c, int width) {
    return width == 1 ? vec8_equal(v, c) : width == 2 ? vec16_equal(v, c) : vec32_equal(v, c);
}

/* The mask of all sixteen byte lanes. */
static ALWAYS_INLINE vec_mask vec_every(void) { return VEC_STRIDE == 4 ? (vec_mask) ~(vec_mask)0 : (vec_mask)0xFFFF; }

/* The lowest byte lane set in a mask that isn't zero. */
static ALWAYS_INLINE unsigned vec_first(vec_mask m) { return count_trailing_zeros(m) / VEC_STRIDE; }

/* A mask without its lowest lane. */
static ALWAYS_INLINE vec_mask vec_without_first(vec_mask m) {
    if (VEC_STRIDE == 1) return m & (m - 1);
    return m & ~((((vec_mask)1 << VEC_STRIDE) - 1) << (vec_first(m) * VEC_STRIDE));
}

/* A mask's bits for the first n <= 16 lanes. */
static ALWAYS_INLINE vec_mask vec_below(vec_mask m, size_t n) {
#if defined(VEC_AVX2)
    return _bzhi_u32(m, (unsigned)n);
#else
    if (VEC_STRIDE == 1) return m & (((vec_mask)1 << n) - 1);
    return n ? m & ((vec_mask) ~(vec_mask)0 >> (8 * sizeof m - n * VEC_STRIDE)) : 0;
#endif
}

#if defined(VEC_AVX2)
/* What to shuffle by, read from vec_from + 16 - n, to bring the last n bytes of a vec to its front. */
static const uint8_t vec_from[32] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
#endif

/* The n <= 16 bytes at p as the first of a vec, whatever its others are. The 16 bytes before p are readable. */
static ALWAYS_INLINE vec vec_first_of(const uint8_t *p, size_t n) {
#if defined(VEC_AVX2)
    return _mm_shuffle_epi8(vec_load(p + n - 16), vec_load(vec_from + 16 - n));
#else
    size_t low = n < 8 ? n : 8;
    return vec_pair(last_to_front(load_8(p + low - 8), low), last_to_front(load_8(p + n - 8), n - low));
#endif
}

/* A block of 16 / width characters as characters of to_width >= width bytes: 16 / width * to_width bytes at out. With
 * nothing wider than the block: for recursive functions, whose frames gcc would align. */
static ALWAYS_INLINE void vec_store_widened16(uint8_t *out, int to_width, vec v, int width) {
    if (width == to_width) vec_store(out, v);
    else if (width == 2) {
        vec_store(out, vec16_widen_low(v));
        vec_store(out + 16, vec16_widen_high(v));
    } else {
        vec low = vec8_widen_low(v), high = vec8_widen_high(v);
        if (to_width == 2) {
            vec_store(out, low);
            vec_store(out + 16, high);
        } else {
            vec_store(out, vec16_widen_low(low));
            vec_store(out + 16, vec16_widen_high(low));
            vec_store(out + 32, vec16_widen_low(high));
            vec_store(out + 48, vec16_widen_high(high));
        }
    }
}

/* The same by the widest stores there are. */
static ALWAYS_INLINE void vec_store_widened(uint8_t *out, int to_width, vec v, int width) {
#if defined(VEC_AVX2)
    if (width == to_width) vec_store(out, v);
    else if (width == 2) _mm256_storeu_si256((__m256i *)out, _mm256_cvtepu16_epi32(v));
    else if (to_width == 2) _mm256_storeu_si256((__m256i *)out, _mm256_cvtepu8_epi16(v));
    else {
        _mm256_storeu_si256((__m256i *)out, _mm256_cvtepu8_epi32(v));
        _mm256_storeu_si256((__m256i *)out + 1, _mm256_cvtepu8_epi32(_mm_unpackhi_epi64(v, v)));
    }
#else
    vec_store_widened16(out, to_width, v, width);
#endif
}

/* Sixteen characters of two or four bytes at p as bytes; one beyond 0xFF becomes what isn't ASCII, or zero. */
static ALWAYS_INLINE vec vec_load_narrowed(const uint8_t *p, int width) {
    if (width == 2) return vec16_narrow(vec_load(p), vec_load(p + 16));
    return vec16_narrow(vec32_narrow(vec_load(p), vec_load(p + 16)), vec32_narrow(vec_load(p + 32), vec_load(p + 48)));
}

/* memcpy for lengths that are short most of the time: no call below 64 bytes, and no byte read or written outside. */
static ALWAYS_INLINE void copy_short(uint8_t *to, const uint8_t *from, size_t n) {
    if (n >= 16) {
        if (UNLIKELY(n > 64)) {
            memcpy(to, from, n);
            return;
        }
        vec last = vec_load(from + n - 16);
        for (size_t i = 0; i + 16 < n; i += 16) vec_store(to + i, vec_load(from + i));
        vec_store(to + n - 16, last);
    } else if (n >= 8) {
        uint64_t a, b;
        memcpy(&a, from, 8);
        memcpy(&b, from + n - 8, 8);
        memcpy(to, &a, 8);
        memcpy(to + n - 8, &b, 8);
    } else if (n >= 4) {
        uint32_t a, b;
        memcpy(&a, from, 4);
        memcpy(&b, from + n - 4, 4);
        memcpy(to, &a, 4);
        memcpy(to + n - 4, &b, 4);
    } else if (n) {
        uint8_t a = from[0], b = from[n / 2], c = from[n - 1];
        to[0] = a;
        to[n / 2] = b;
        to[n - 1] = c;
    }
}

#endif
