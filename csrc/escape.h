/* Writing JSON strings: copy text while escaping what RFC 8259 (and, for ASCII output, the stdlib's ensure_ascii) says.
 *
 * Every function writes at `out` and returns the end of what counts. They may scribble up to ESCAPE_SLACK bytes behind
 * that end, so the caller provides the room named with each. Quotes around the string are the caller's.
 * Source characters have `width` bytes (1, 2, 4). Nothing outside [p, p + n * width) is read. Includes no Python.h.
 */
#ifndef CYJSON_ESCAPE_H
#define CYJSON_ESCAPE_H

#include "vec.h"

enum {
    ESCAPE_SLACK = 32,
    ESCAPE_MOST = 6,        /* bytes for one character of a byte source: \u001f */
    ESCAPE_MOST_ASCII = 12, /* bytes for one character in ASCII: \ud83d\ude00 */
};

/* ASCII output escapes DEL too: the stdlib's pattern is [^\ -~]. */
static ALWAYS_INLINE int escape_needed(uint32_t c, int ascii)
{
    return c < 0x20 || c == '"' || c == '\\' || (ascii && c >= 0x7F);
}

static ALWAYS_INLINE vec_mask escape_needed_bits(vec v, int width, int ascii)
{
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
static ALWAYS_INLINE size_t escape_copy_clean(uint8_t *out, const uint8_t *p, size_t n, int ascii)
{
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
    if (n >= 8) {
        uint64_t a, b;
        memcpy(&a, p, 8);
        memcpy(&b, p + n - 8, 8);
        memcpy(out, &a, 8);
        memcpy(out + n - 8, &b, 8);
        vec_mask m = escape_needed_bits(vec_pair(a, b), 1, ascii);
        if (LIKELY(!m)) return n;
        unsigned at = vec_first(m);
        return at < 8 ? at : n - 16 + at;
    }
    if (n >= 4) {
        uint32_t a, b;
        memcpy(&a, p, 4);
        memcpy(&b, p + n - 4, 4);
        memcpy(out, &a, 4);
        memcpy(out + n - 4, &b, 4);
        vec_mask m = escape_needed_bits(vec_pair(0x2020202020202020u, (uint64_t)b << 32 | a), 1, ascii);
        if (LIKELY(!m)) return n;
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
        return 0; /* lanes are not in text order: the careful loop finds it */
#else
        unsigned at = vec_first(m) - 8;
        return at < 4 ? at : n - 8 + at;
#endif
    }
    size_t i = 0;
    while (i < n && !escape_needed(p[i], ascii)) {
        out[i] = p[i];
        i++;
    }
    return i;
}

/* As escape_copy_clean for n <= 16 bytes, of which the eight before p are readable too (a str's header): one way for
 * every n, since lengths are hard to predict. Room: 16. */
static ALWAYS_INLINE size_t escape_copy_clean_short(uint8_t *out, const uint8_t *p, size_t n, int ascii)
{
    size_t low = n < 8 ? n : 8, high = n - low;
    uint64_t a = last_to_front(load8(p + low - 8), low), b = last_to_front(load8(p + n - 8), high);
    vec v = vec_pair(a, b);
    vec_store(out, v);
    vec_mask m = vec_below(escape_needed_bits(v, 1, ascii), n);
    return LIKELY(!m) ? n : vec_first(m);
}

/* Sixteen bytes as characters of to_width bytes: 16 * to_width bytes at out. */
static ALWAYS_INLINE void escape_store_widened(uint8_t *out, int to_width, vec v)
{
    if (to_width == 1) {
        vec_store(out, v);
        return;
    }
    vec low = vec8_widen_low(v), high = vec8_widen_high(v);
    if (to_width == 2) {
        vec_store(out, low);
        vec_store(out + 16, high);
        return;
    }
    vec_store(out, vec16_widen_low(low));
    vec_store(out + 16, vec16_widen_high(low));
    vec_store(out + 32, vec16_widen_low(high));
    vec_store(out + 48, vec16_widen_high(high));
}

/* As escape_copy_clean for output that isn't ASCII, into characters of to_width (2, 4) bytes. Room: 16 + n characters. */
static ALWAYS_INLINE size_t escape_copy_clean_widened(uint8_t *out, int to_width, const uint8_t *p, size_t n)
{
    size_t i = 0;
    for (; i + 16 <= n; i += 16) {
        vec v = vec_load(p + i);
        escape_store_widened(out + i * (size_t)to_width, to_width, v);
        vec_mask m = escape_needed_bits(v, 1, 0);
        if (UNLIKELY(m)) return i + vec_first(m);
    }
    if (n - i >= 8) {
        uint64_t eight;
        memcpy(&eight, p + i, 8);
        vec v = vec_pair(eight, 0x2020202020202020u);
        escape_store_widened(out + i * (size_t)to_width, to_width, v);
        vec_mask m = escape_needed_bits(v, 1, 0);
        if (UNLIKELY(m)) return i + vec_first(m);
        i += 8;
    }
    if (n - i >= 4) {
        uint32_t four;
        memcpy(&four, p + i, 4);
        vec v = vec_pair(four | 0x2020202000000000u, 0x2020202020202020u);
        escape_store_widened(out + i * (size_t)to_width, to_width, v);
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
        return i; /* lanes are not in text order: the careful loop does it */
#else
        vec_mask m = escape_needed_bits(v, 1, 0);
        if (UNLIKELY(m)) return i + vec_first(m);
#endif
        i += 4;
    }
    for (; i < n && !escape_needed(p[i], 0); i++) {
        uint8_t *at = out + i * (size_t)to_width;
        uint32_t c = p[i];
        if (to_width == 2) {
            uint16_t h = (uint16_t)c;
            memcpy(at, &h, 2);
        }
        else memcpy(at, &c, 4);
    }
    return i;
}

/* Escape bytes that are ASCII (ascii = 1: DEL too) or UTF-8 (ascii = 0: bytes from 0x80 on are copied).
 * Room: ESCAPE_MOST * n + ESCAPE_SLACK. */
uint8_t *escape_bytes(uint8_t *out, const uint8_t *p, size_t n, int ascii);

/* Escape to ASCII: \uXXXX for everything from DEL on, surrogate pairs above U+FFFF.
 * Room: ESCAPE_MOST_ASCII * n + ESCAPE_SLACK. */
uint8_t *escape_to_ascii(uint8_t *out, const uint8_t *p, size_t n, int width);

/* Escape to UTF-8 from Latin-1, UCS-2 or UCS-4; NULL where a surrogate stands. Room: ESCAPE_MOST * n + ESCAPE_SLACK. */
uint8_t *escape_to_utf8(uint8_t *out, const uint8_t *p, size_t n, int width);

/* Escape into characters of to_width >= width bytes. Room: (ESCAPE_MOST * n + ESCAPE_SLACK) * to_width. */
uint8_t *escape_widen(uint8_t *out, int to_width, const uint8_t *p, size_t n, int width);

/* Copy n characters into wider (or equally wide) ones. Room: n * to_width + ESCAPE_SLACK. */
void escape_copy_widened(uint8_t *out, int to_width, const uint8_t *p, size_t n, int width);

#endif
