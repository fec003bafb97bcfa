/* Sixty-four bytes at a time, for one instruction set: what kernels/skip.inc.h asks of them. */
#include "base/bits.h"
#include "base/simd128.h"

/* ---- 64 bytes at a time: a bit for each, the first lowest ---- */

#if defined(VEC_AVX512)
typedef __m512i bytes64;
/* A mask as an integer at once: gcc would reckon with masks in their own registers, which takes three times as long. */
static ALWAYS_INLINE uint64_t bytes64_word(__mmask64 m) { return opaque_bits(_cvtmask64_u64(m)); }
static ALWAYS_INLINE bytes64 bytes64_load(const uint8_t *p) { return _mm512_loadu_si512(p); }
static ALWAYS_INLINE uint64_t bytes64_equal(bytes64 v, uint8_t c) {
    return bytes64_word(_mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8((char)c)));
}
static ALWAYS_INLINE uint64_t bytes64_at_most(bytes64 v, uint8_t c) {
    return bytes64_word(_mm512_cmple_epu8_mask(v, _mm512_set1_epi8((char)c)));
}
static ALWAYS_INLINE uint64_t bytes64_high(bytes64 v) { return bytes64_word(_mm512_movepi8_mask(v)); }
static ALWAYS_INLINE uint64_t bytes64_letters(bytes64 v) {
    return bytes64_word(_mm512_movepi8_mask(_mm512_add_epi8(v, v)));
}
static ALWAYS_INLINE bytes64 bytes64_or(bytes64 v, uint8_t c) { return _mm512_or_si512(v, _mm512_set1_epi8((char)c)); }
static ALWAYS_INLINE uint64_t bytes64_less(bytes64 v, int8_t c) {
    return bytes64_word(_mm512_cmplt_epi8_mask(v, _mm512_set1_epi8(c)));
}
static ALWAYS_INLINE uint64_t bytes64_opens(bytes64 v) { return bytes64_equal(bytes64_or(v, 0x20), '{'); }
static ALWAYS_INLINE uint64_t bytes64_closes(bytes64 v) { return bytes64_equal(bytes64_or(v, 0x20), '}'); }
/* White space is what its last four bits look up: bytes from 0x80 on look up 0. */
static ALWAYS_INLINE uint64_t bytes64_space(bytes64 v) {
    const __m512i table = _mm512_broadcast_i32x4(
        _mm_setr_epi8(' ', 100, 100, 100, 17, 100, 113, 2, 100, '\t', '\n', 112, 100, '\r', 100, 100));
    return bytes64_word(_mm512_cmpeq_epi8_mask(v, _mm512_shuffle_epi8(table, v)));
}
/* Brackets, colons and commas likewise; and 0x0C and 0x1A, which are neither. */
static ALWAYS_INLINE uint64_t bytes64_marks(bytes64 v, __m512i spaces) {
    const __m512i table = _mm512_broadcast_i32x4(_mm_setr_epi8(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, ':', '{', ',', '}', 0, 0));
    return bytes64_word(_mm512_cmpeq_epi8_mask(_mm512_or_si512(v, spaces), _mm512_shuffle_epi8(table, v)));
}
static ALWAYS_INLINE uint64_t bytes64_digits(bytes64 v, __m512i zeros, __m512i tens) {
    return bytes64_word(_mm512_cmplt_epu8_mask(_mm512_sub_epi8(v, zeros), tens));
}
#elif defined(VEC_AVX2)
typedef struct {
    __m256i a, b;
} bytes64;
static ALWAYS_INLINE uint64_t bytes64_bits(__m256i a, __m256i b) {
    return (uint32_t)_mm256_movemask_epi8(a) | (uint64_t)(uint32_t)_mm256_movemask_epi8(b) << 32;
}
static ALWAYS_INLINE bytes64 bytes64_load(const uint8_t *p) {
    return (bytes64){_mm256_loadu_si256((const __m256i *)p), _mm256_loadu_si256((const __m256i *)(p + 32))};
}
static ALWAYS_INLINE uint64_t bytes64_equal(bytes64 v, uint8_t c) {
    __m256i all = _mm256_set1_epi8((char)c);
    return bytes64_bits(_mm256_cmpeq_epi8(v.a, all), _mm256_cmpeq_epi8(v.b, all));
}
static ALWAYS_INLINE uint64_t bytes64_at_most(bytes64 v, uint8_t c) {
    __m256i all = _mm256_set1_epi8((char)c);
    return bytes64_bits(_mm256_cmpeq_epi8(_mm256_min_epu8(v.a, all), v.a),
                        _mm256_cmpeq_epi8(_mm256_min_epu8(v.b, all), v.b));
}
static ALWAYS_INLINE uint64_t bytes64_high(bytes64 v) { return bytes64_bits(v.a, v.b); }
/* Letters, and what is in no number, unless it isn't ASCII; of ASCII nothing that may be in one. */
static ALWAYS_INLINE uint64_t bytes64_letters(bytes64 v) {
    return bytes64_bits(_mm256_add_epi8(v.a, v.a), _mm256_add_epi8(v.b, v.b));
}
static ALWAYS_INLINE bytes64 bytes64_or(bytes64 v, uint8_t c) {
    __m256i all = _mm256_set1_epi8((char)c);
    return (bytes64){_mm256_or_si256(v.a, all), _mm256_or_si256(v.b, all)};
}
static ALWAYS_INLINE uint64_t bytes64_less(bytes64 v, int8_t c) {
    __m256i all = _mm256_set1_epi8(c);
    return bytes64_bits(_mm256_cmpgt_epi8(all, v.a), _mm256_cmpgt_epi8(all, v.b));
}
static ALWAYS_INLINE uint64_t bytes64_opens(bytes64 v) { return bytes64_equal(bytes64_or(v, 0x20), '{'); }
static ALWAYS_INLINE uint64_t bytes64_closes(bytes64 v) { return bytes64_equal(bytes64_or(v, 0x20), '}'); }
static ALWAYS_INLINE uint64_t bytes64_space(bytes64 v) {
    const __m256i table = _mm256_broadcastsi128_si256(
        _mm_setr_epi8(' ', 100, 100, 100, 17, 100, 113, 2, 100, '\t', '\n', 112, 100, '\r', 100, 100));
    return bytes64_bits(_mm256_cmpeq_epi8(v.a, _mm256_shuffle_epi8(table, v.a)),
                        _mm256_cmpeq_epi8(v.b, _mm256_shuffle_epi8(table, v.b)));
}
static ALWAYS_INLINE uint64_t bytes64_marks(bytes64 v, __m256i spaces) {
    const __m256i table =
        _mm256_broadcastsi128_si256(_mm_setr_epi8(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, ':', '{', ',', '}', 0, 0));
    return bytes64_bits(_mm256_cmpeq_epi8(_mm256_or_si256(v.a, spaces), _mm256_shuffle_epi8(table, v.a)),
                        _mm256_cmpeq_epi8(_mm256_or_si256(v.b, spaces), _mm256_shuffle_epi8(table, v.b)));
}
/* Digits become 118 to 127, and nothing else does. */
static ALWAYS_INLINE uint64_t bytes64_digits(bytes64 v, __m256i up, __m256i below) {
    return bytes64_bits(_mm256_cmpgt_epi8(_mm256_add_epi8(v.a, up), below),
                        _mm256_cmpgt_epi8(_mm256_add_epi8(v.b, up), below));
}
#else
typedef struct {
    vec part[4];
} bytes64;
static ALWAYS_INLINE uint64_t bytes64_bits(vec a, vec b, vec c, vec d) {
    if (VEC_STRIDE == 1)
        return (uint64_t)vec_bits(a) | (uint64_t)vec_bits(b) << 16 | (uint64_t)vec_bits(c) << 32 |
               (uint64_t)vec_bits(d) << 48;
#if defined(__ARM_NEON) && VEC_RUNS && !defined(__SSE2__)
    /* Each lane keeps the bit of its place among eight; neighbours are added three times. */
    static const uint8_t places[16] = {1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128};
    uint8x16_t place = vld1q_u8(places);
    uint8x16_t ab = vpaddq_u8(vandq_u8(a, place), vandq_u8(b, place));
    uint8x16_t cd = vpaddq_u8(vandq_u8(c, place), vandq_u8(d, place));
    uint8x16_t all = vpaddq_u8(ab, cd);
    return vgetq_lane_u64(vreinterpretq_u64_u8(vpaddq_u8(all, all)), 0);
#else
    const vec parts[4] = {a, b, c, d};
    uint64_t bits = 0;
    for (int i = 0; i < 4; i++)
        for (vec_mask m = vec_bits(parts[i]); m; m = vec_without_first(m))
            bits |= (uint64_t)1 << (16 * i + (int)vec_first(m));
    return bits;
#endif
}
#define BYTES64_BITS(test) bytes64_bits(test(v.part[0]), test(v.part[1]), test(v.part[2]), test(v.part[3]))
static ALWAYS_INLINE bytes64 bytes64_load(const uint8_t *p) {
    bytes64 v;
    for (int i = 0; i < 4; i++) v.part[i] = vec_load(p + 16 * i);
    return v;
}
static ALWAYS_INLINE uint64_t bytes64_equal(bytes64 v, uint8_t c) {
#define IS_EQUAL(each) vec8_equal(each, c)
    return BYTES64_BITS(IS_EQUAL);
#undef IS_EQUAL
}
static ALWAYS_INLINE uint64_t bytes64_at_most(bytes64 v, uint8_t c) {
#define IS_AT_MOST(each) vec8_at_most(each, c)
    return BYTES64_BITS(IS_AT_MOST);
#undef IS_AT_MOST
}
static ALWAYS_INLINE uint64_t bytes64_high(bytes64 v) {
#define IS_HIGH(each) vec8_at_least(each, 0x80)
    return BYTES64_BITS(IS_HIGH);
#undef IS_HIGH
}
static ALWAYS_INLINE uint64_t bytes64_less(bytes64 v, int8_t c) {
#define IS_LESS(each) vec8_less(each, c)
    return BYTES64_BITS(IS_LESS);
#undef IS_LESS
}
static ALWAYS_INLINE uint64_t bytes64_letters(bytes64 v) { return ~bytes64_less(v, 'A'); }
static ALWAYS_INLINE uint64_t bytes64_opens(bytes64 v) { return bytes64_equal(v, '{') | bytes64_equal(v, '['); }
static ALWAYS_INLINE uint64_t bytes64_closes(bytes64 v) { return bytes64_equal(v, '}') | bytes64_equal(v, ']'); }
static ALWAYS_INLINE uint64_t bytes64_space(bytes64 v) {
#define IS_SPACE(each) \
    vec_or(vec_or(vec8_equal(each, ' '), vec8_equal(each, '\n')), \
           vec_or(vec8_equal(each, '\r'), vec8_equal(each, '\t')))
    return BYTES64_BITS(IS_SPACE);
#undef IS_SPACE
}
static ALWAYS_INLINE uint64_t bytes64_marks(bytes64 v) {
#define IS_MARK(each) \
    vec_or(vec_or(vec_or(vec8_equal(each, '{'), vec8_equal(each, '}')), \
                  vec_or(vec8_equal(each, '['), vec8_equal(each, ']'))), \
           vec_or(vec8_equal(each, ':'), vec8_equal(each, ',')))
    return BYTES64_BITS(IS_MARK);
#undef IS_MARK
}
static ALWAYS_INLINE uint64_t bytes64_digits(bytes64 v) {
#define IS_DIGIT(each) vec_and(vec8_at_least(each, '0'), vec8_at_most(each, '9'))
    return BYTES64_BITS(IS_DIGIT);
#undef IS_DIGIT
}
#endif

/* n bytes at p, of which there are no more, and spaces: in `copy`, which has room for 64, too. */
static ALWAYS_INLINE bytes64 bytes64_load_some(uint8_t *copy, const uint8_t *p, size_t n) {
#if defined(VEC_AVX512)
    bytes64 v = _mm512_mask_loadu_epi8(_mm512_set1_epi8(' '), ~(uint64_t)0 >> (64 - n), p); /* no others are read */
    _mm512_storeu_si512(copy, v);
    return v;
#else
    memset(copy, ' ', 64);
    memcpy(copy, p, n);
    return bytes64_load(copy);
#endif
}

/* ---- constants that stay in registers, or in memory: gcc would make each anew, by three instructions ---- */

#if defined(__GNUC__) && defined(VEC_AVX512)
#define BYTES64_KEPT(name, c) \
    bytes64 name = _mm512_set1_epi8((char)(c)); \
    __asm__("" : "+v"(name))
#define BYTES64_KEPT_LONG(name, c) BYTES64_KEPT(name, c) /* those that other levels needn't keep */
#define BYTES64_MARKS(v, spaces) bytes64_marks(v, spaces)
#define BYTES64_DIGITS(v, zeros, tens) bytes64_digits(v, zeros, tens)
#define BYTES64_DIGITS_A '0'
#define BYTES64_DIGITS_B 10
#define BYTES64_EQUAL(v, name, c) bytes64_word(_mm512_cmpeq_epi8_mask(v, name))
#define BYTES64_LESS(v, name, c) bytes64_word(_mm512_cmplt_epi8_mask(v, name))
#define BYTES64_HAS(v, name, c) BYTES64_EQUAL(v, name, c)
#elif defined(__GNUC__) && defined(VEC_AVX2)
#define BYTES64_KEPT(name, c) \
    __m256i name = _mm256_set1_epi8((char)(c)); \
    __asm__("" : "+x"(name))
#define BYTES64_EQUAL(v, name, c) bytes64_bits(_mm256_cmpeq_epi8((v).a, name), _mm256_cmpeq_epi8((v).b, name))
#define BYTES64_LESS(v, name, c) bytes64_bits(_mm256_cmpgt_epi8(name, (v).a), _mm256_cmpgt_epi8(name, (v).b))
#define BYTES64_KEPT_LONG(name, c) BYTES64_KEPT(name, c) /* those that other levels needn't keep */
#define BYTES64_MARKS(v, spaces) bytes64_marks(v, spaces)
#define BYTES64_DIGITS(v, up, below) bytes64_digits(v, up, below)
#define BYTES64_DIGITS_A (127 - '9')
#define BYTES64_DIGITS_B 117
#define BYTES64_HAS(v, name, c) \
    (unsigned)_mm256_movemask_epi8(_mm256_or_si256(_mm256_cmpeq_epi8((v).a, name), _mm256_cmpeq_epi8((v).b, name)))
#else
#define BYTES64_KEPT(name, c)
#define BYTES64_EQUAL(v, name, c) bytes64_equal(v, c)
#define BYTES64_LESS(v, name, c) bytes64_less(v, c)
#define BYTES64_HAS(v, name, c) bytes64_equal(v, c)
#endif
#if !defined(BYTES64_KEPT_LONG)
#define BYTES64_KEPT_LONG(name, c)
#if defined(VEC_AVX512)
#define BYTES64_MARKS(v, spaces) bytes64_marks(v, _mm512_set1_epi8(' '))
#define BYTES64_DIGITS(v, zeros, tens) bytes64_digits(v, _mm512_set1_epi8('0'), _mm512_set1_epi8(10))
#elif defined(VEC_AVX2)
#define BYTES64_MARKS(v, spaces) bytes64_marks(v, _mm256_set1_epi8(' '))
#define BYTES64_DIGITS(v, up, below) bytes64_digits(v, _mm256_set1_epi8(127 - '9'), _mm256_set1_epi8(117))
#else
#define BYTES64_MARKS(v, spaces) bytes64_marks(v)
#define BYTES64_DIGITS(v, a, b) bytes64_digits(v)
#endif
#endif

/* The place of the lowest bit; of none 64, or where that takes longer 63. */
static ALWAYS_INLINE uint64_t bits_first_or_64(uint64_t x) {
#if defined(VEC_AVX2) && defined(__GNUC__)
    uint64_t first; /* gcc's own sets it to zero before, for the sake of processors before AVX2 */
    __asm__("tzcnt %1, %0" : "=r"(first) : "r"(x) : "cc");
    return first;
#else
    return count_trailing_zeros(x | (uint64_t)1 << 63);
#endif
}

static ALWAYS_INLINE uint64_t bits_prefix_xor(uint64_t x) {
#if defined(VEC_AVX2)
    return (uint64_t)_mm_cvtsi128_si64(
        _mm_clmulepi64_si128(_mm_cvtsi64_si128((long long)x), _mm_set1_epi8((char)0xFF), 0));
#else
    for (int i = 1; i < 64; i *= 2) x ^= x << i;
    return x;
#endif
}

static ALWAYS_INLINE unsigned bits_count(uint64_t x) {
#if defined(VEC_AVX2) || (defined(__aarch64__) && (defined(__GNUC__) || defined(__clang__)))
    return (unsigned)__builtin_popcountll(x);
#else
    x -= x >> 1 & 0x5555555555555555;
    x = (x & 0x3333333333333333) + (x >> 2 & 0x3333333333333333);
    return (unsigned)(((x + (x >> 4)) & 0x0F0F0F0F0F0F0F0F) * 0x0101010101010101 >> 56);
#endif
}

/* The characters after a backslash that begins an escape; *carry: whether the first of a block is one. What begins an
 * escape is every other backslash of a run. */
static ALWAYS_INLINE uint64_t bits_escaped(uint64_t backslash, uint64_t *carry) {
    const uint64_t odd = 0xAAAAAAAAAAAAAAAA;
    uint64_t begins = backslash & ~*carry;
    uint64_t after = begins << 1 | odd; /* the borrow of a run's beginning stops after its end, at its own parity */
    uint64_t codes = (after - begins) ^ odd;
    uint64_t escaped = codes ^ (backslash | *carry);
    *carry = (codes & backslash) >> 63;
    return escaped;
}
