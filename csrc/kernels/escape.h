/* Writing JSON strings: copy text while escaping what RFC 8259 (and, for ASCII output, the stdlib's ensure_ascii) says.
 *
 * Every function writes at `out` and returns the end of what counts. They may scribble up to ESCAPE_SLACK bytes past
 * that end, so the caller provides the room named with each. Quotes around the string are the caller's.
 * Source characters have `width` bytes (1, 2, 4). Nothing outside [p, p + n * width) is read. Includes no
 * Python.h.
 *
 * An example, on the five bytes of `a"b\x01c` to ASCII. escape_copy_ascii loads them into one vector, stores it at out
 * and compares all bytes at once: the bits 01010 say that two need an escape, so it returns 0, and the caller starts
 * over with escape_bytes. That copies up to the first of them (a), takes \" with its length 2 from the table, goes on
 * with the rest (b, then \u0001, then c) and returns out + 10: a\"b\u0001c. */
#ifndef CYJSON_ESCAPE_H
#define CYJSON_ESCAPE_H

#include "base/cpu.h"
#include "kernels/scan.h"
#include "base/simd128.h"

enum {
    ESCAPE_SLACK = 64,
    ESCAPE_MOST = 6, /* bytes for one character of a byte source: \u001f */
    ESCAPE_MOST_ASCII = 12, /* bytes for one character in ASCII: \ud83d\ude00 */
};

/* ASCII output escapes DEL too: the stdlib's pattern is [^\ -~]. */
static ALWAYS_INLINE int escape_needed(uint32_t c, int ascii) {
    return c < 0x20 || c == '"' || c == '\\' || (ascii && c >= 0x7F);
}

static ALWAYS_INLINE vec_mask escape_needed_bits(vec v, int width, int ascii) {
    if (width == 1) {
        vec m = vec_or(vec_or(vec8_equal(v, '"'), vec8_equal(v, '\\')), vec8_at_most(v, 0x1F));
        return vec_bits(ascii ? vec_or(m, vec8_at_least(v, 0x7F)) : m);
    }
    if (width == 2) {
        vec m = vec_or(vec_or(vec16_equal(v, '"'), vec16_equal(v, '\\')), vec16_at_most(v, 0x1F));
        return vec_bits(ascii ? vec_or(m, vec16_at_least(v, 0x7F)) : m);
    }
    vec m = vec_or(vec_or(vec32_equal(v, '"'), vec32_equal(v, '\\')), vec32_at_most(v, 0x1F));
    return vec_bits(ascii ? vec_or(m, vec32_at_least(v, 0x7F)) : m);
}

/* Copy bytes up to the first that needs an escape; how many were copied. Room: n. */
static ALWAYS_INLINE size_t escape_copy_clean(uint8_t *out, const uint8_t *p, size_t n, int ascii) {
    if (n >= 16) {
        size_t i = 0;
        do {
            vec v = vec_load(p + i);
            vec_store(out + i, v);
            vec_mask m = escape_needed_bits(v, 1, ascii);
            if (UNLIKELY(m)) return i + vec_first(m);
            i += 16;
        } while (i + 16 <= n);
        vec v = vec_load(p + n - 16); /* overlaps what is known to be clean */
        vec_store(out + n - 16, v);
        vec_mask m = escape_needed_bits(v, 1, ascii);
        return LIKELY(!m) ? n : n - 16 + vec_first(m);
    }
    size_t i = 0;
    NOT_UNROLLED
    for (; i < n; i++) {
        if (escape_needed(p[i], ascii)) break;
        out[i] = p[i];
    }
    return i;
}

/* Copy n bytes of ASCII into characters of `width` bytes; 0 where one of them needs an escape, and what was written is
 * then to be ignored. ESCAPE_BEFORE bytes before p must be readable too, as a str's header is: then one load does for
 * short strings of any length, and lengths are hard to predict, most of all `varied` ones. Room: n + ESCAPE_SLACK
 * characters. */
enum { ESCAPE_BEFORE = 16 };

/* Bits (vec_bits) for what needs an escape in a block of ASCII. '"' is the one character that an exclusive or with 2
 * brings below 0x21 besides the control characters. */
static ALWAYS_INLINE vec escape_needed_in_ascii(vec v, int ascii) {
    vec m = vec_or(vec8_less_in_ascii(vec8_xor(v, 2), 0x21), vec8_equal(v, '\\'));
    return ascii ? vec_or(m, vec8_equal(v, 0x7F)) : m;
}

#if defined(VEC_AVX2)
/* As escape_copy_ascii for long strings, with wider vectors: not inlined, since a function that uses them has to clean
 * up. */
enum { ESCAPE_LONG = 64 };
int CPU_NAME(escape_copy_long)(uint8_t *out, int width, const uint8_t *p, size_t n, int ascii);
#endif

/* As escape_copy_ascii, but return bits that aren't 0 where a byte needs an escape: callers branch on them as they
 * are. */
static ALWAYS_INLINE vec_mask escape_copy_needed(uint8_t *out, int width, const uint8_t *p, size_t n, int ascii,
                                                 int varied) {
#if defined(VEC_AVX2)
    if (varied && width == 1 && n <= 32) { /* the first k and the last k bytes, which are the same up to 16 */
        size_t k = n < 16 ? n : 16;
        vec order = vec_load(vec_from + 16 - k);
        vec v = _mm_shuffle_epi8(vec_load(p + k - 16), order), w = _mm_shuffle_epi8(vec_load(p + n - 16), order);
        vec_store(out, v);
        vec_store(out + n - k, w);
        return vec_below(vec_bits(vec_or(escape_needed_in_ascii(v, ascii), escape_needed_in_ascii(w, ascii))), k);
    }
#elif defined(VEC_HALVES)
    /* The first k bytes and the last k, up to 8, as halves of one vector; what was read before them is shifted out. */
    if (width == 1 && n <= 16) {
        if (!varied && n >= 8) { /* predicted, for the same keys come again, in the same order mostly */
            vec v = vec_load_halves(p, p + n - 8);
            vec_store_halves(out, out + n - 8, v);
            return vec_bits(escape_needed_in_ascii(v, ascii));
        }
        size_t k = n < 8 ? n : 8;
        int before = 64 - 8 * (int)k;
        vec v = vec_load_halves(p + k - 8, p + n - 8);
        vec_store_halves(out, out + n - k, vec64_down(v, before));
        return vec_bits(vec64_down(escape_needed_in_ascii(v, ascii), before));
    }
#endif
    (void)varied;
    if (n <= 16) {
        vec v = vec_first_of(p, n);
        vec_store_widened(out, width, v, 1);
        return vec_below(vec_bits(escape_needed_in_ascii(v, ascii)), n);
    }
#if defined(VEC_AVX2)
    if (n > ESCAPE_LONG) return !CPU_NAME(escape_copy_long)(out, width, p, n, ascii);
#endif
    size_t i = 0;
    do {
        vec v = vec_load(p + i);
        vec_store_widened(out + i * (size_t)width, width, v, 1);
        vec_mask m = vec_bits(escape_needed_in_ascii(v, ascii));
        if (UNLIKELY(m)) return m;
        i += 16;
    } while (i + 16 <= n);
    vec v = vec_load(p + n - 16); /* overlaps what is known to be clean */
    vec_store_widened(out + (n - 16) * (size_t)width, width, v, 1);
    return vec_bits(escape_needed_in_ascii(v, ascii));
}

static ALWAYS_INLINE int escape_copy_ascii(uint8_t *out, int width, const uint8_t *p, size_t n, int ascii, int varied) {
    return !escape_copy_needed(out, width, p, n, ascii, varied);
}

/* As escape_copy_ascii, for n characters of any kind that stay as wide as they are. */
static ALWAYS_INLINE int escape_copy_same(uint8_t *out, int width, const uint8_t *p, size_t n) {
    size_t size = n * (size_t)width, i = 0;
    if (size <= 16) {
        vec v = vec_first_of(p, size);
        vec_store(out, v);
        return !vec_below(escape_needed_bits(v, width, 0), size);
    }
    do {
        vec v = vec_load(p + i);
        vec_store(out + i, v);
        if (UNLIKELY(escape_needed_bits(v, width, 0))) return 0;
        i += 16;
    } while (i + 16 <= size);
    vec v = vec_load(p + size - 16);
    vec_store(out + size - 16, v);
    return !escape_needed_bits(v, width, 0);
}

/* Copy n bytes of UTF-8; 0 where one of them needs an escape, and what was written is to be ignored. Room: n +
 * ESCAPE_SLACK. */
static ALWAYS_INLINE int escape_copy_utf8(uint8_t *out, const uint8_t *p, size_t n) {
    if (n >= 16 || n < 4) return escape_copy_clean(out, p, n, 0) == n;
    size_t second = n - 8; /* of two words, which overlap; or else of four bytes each, twice */
    uint64_t first, last;
    if (n >= 8) {
        first = load_8(p);
        last = load_8(p + second);
    } else {
        second = n - 4;
        first = load_4(p) * (uint64_t)0x100000001;
        last = load_4(p + second) * (uint64_t)0x100000001;
    }
    store_8(out, first);
    store_8(out + second, last);
    return !escape_needed_bits(vec_pair(first, last), 1, 0);
}

/* Escape bytes that are ASCII (ascii = 1: DEL too) or UTF-8 (ascii = 0: bytes from 0x80 on are copied).
 * Room: ESCAPE_MOST * n + ESCAPE_SLACK. */
uint8_t *CPU_NAME(escape_bytes)(uint8_t *out, const uint8_t *p, size_t n, int ascii);

/* Escape to ASCII: \uXXXX for everything from DEL on, surrogate pairs above U+FFFF.
 * Room: ESCAPE_MOST_ASCII * n + ESCAPE_SLACK. */
uint8_t *CPU_NAME(escape_to_ascii)(uint8_t *out, const uint8_t *p, size_t n, int width);

/* Escape to UTF-8 from Latin-1, UCS-2 or UCS-4; NULL where a surrogate stands. Room: ESCAPE_MOST * n + ESCAPE_SLACK. */
uint8_t *CPU_NAME(escape_to_utf8)(uint8_t *out, const uint8_t *p, size_t n, int width);

/* Escape into characters of to_width >= width bytes. Room: (ESCAPE_MOST * n + ESCAPE_SLACK) * to_width. */
uint8_t *CPU_NAME(escape_widen)(uint8_t *out, int to_width, const uint8_t *p, size_t n, int width);

/* Copy n characters into wider (or equally wide) ones. Room: n * to_width + ESCAPE_SLACK. */
void CPU_NAME(escape_copy_widened)(uint8_t *out, int to_width, const uint8_t *p, size_t n, int width);

#endif
