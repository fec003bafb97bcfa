#include "escape.h"

#include "scan.h"

/* The letter of a two-character escape, 0 for the others (RFC 8259 section 7; '/' is not escaped). */
static const uint8_t short_escape[128] = {
    ['\b'] = 'b', ['\f'] = 'f', ['\n'] = 'n', ['\r'] = 'r', ['\t'] = 't', ['"'] = '"', ['\\'] = '\\',
};

/* \uXXXX, lower case as the stdlib writes it */
static ALWAYS_INLINE uint8_t *write_u_escape(uint8_t *out, uint32_t c, int width)
{
    static const char hex[] = "0123456789abcdef";
    escape_write_char(out, '\\', width);
    escape_write_char(out + width, 'u', width);
    escape_write_char(out + 2 * width, (uint8_t)hex[c >> 12 & 15], width);
    escape_write_char(out + 3 * width, (uint8_t)hex[c >> 8 & 15], width);
    escape_write_char(out + 4 * width, (uint8_t)hex[c >> 4 & 15], width);
    escape_write_char(out + 5 * width, (uint8_t)hex[c & 15], width);
    return out + 6 * width;
}

static ALWAYS_INLINE uint8_t *write_escape(uint8_t *out, uint32_t c, int width)
{
    uint8_t letter = c < 128 ? short_escape[c] : 0;
    if (letter) {
        escape_write_char(out, '\\', width);
        escape_write_char(out + width, letter, width);
        return out + 2 * width;
    }
    if (c >= 0x10000) { /* only where the output is ASCII */
        out = write_u_escape(out, 0xD800 + ((c - 0x10000) >> 10), width);
        c = 0xDC00 + ((c - 0x10000) & 0x3FF);
    }
    return write_u_escape(out, c, width);
}

static ALWAYS_INLINE uint8_t *escape_bytes_as(uint8_t *out, const uint8_t *p, size_t n, int ascii)
{
    const uint8_t *end = p + n;
    while (end - p >= 16) {
        vec v = vec_load(p);
        vec_store(out, v);
        vec_mask m = escape_needed_bits(v, 1, ascii);
        if (!m) {
            p += 16;
            out += 16;
            continue;
        }
        unsigned clean = vec_first(m);
        p += clean;
        out += clean;
        do out = write_escape(out, *p++, 1);
        while (p < end && escape_needed(*p, ascii));
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

uint8_t *CPU_NAME(escape_bytes)(uint8_t *out, const uint8_t *p, size_t n, int ascii)
{
    return ascii ? escape_bytes_as(out, p, n, 1) : escape_bytes_as(out, p, n, 0);
}

/* The 16 / width characters of a block as bytes (each below 0x80): 16, 8 or 4 of them. */
static ALWAYS_INLINE void store_narrow(uint8_t *out, vec v, int width)
{
    if (width == 4) v = vec32_narrow(v, v);
    if (width >= 2) v = vec16_narrow(v, v);
    vec_store(out, v);
}

static ALWAYS_INLINE uint8_t *escape_to_ascii_from(uint8_t *out, const uint8_t *p, size_t n, int width)
{
    const uint8_t *end = p + n * (size_t)width;
    while (p < end) {
        if (end - p >= 16) {
            vec v = vec_load(p);
            vec_mask m = escape_needed_bits(v, width, 1);
            if (!m) {
                store_narrow(out, v, width);
                p += 16;
                out += 16 / width;
                continue;
            }
        }
        const uint8_t *stop = end - p >= 16 ? p + 16 : end; /* one character at a time through this block */
        for (; p < stop; p += width) {
            uint32_t c = scan_read(p, width);
            if (escape_needed(c, 1)) out = write_escape(out, c, 1);
            else *out++ = (uint8_t)c;
        }
    }
    return out;
}

uint8_t *CPU_NAME(escape_to_ascii)(uint8_t *out, const uint8_t *p, size_t n, int width)
{
    if (width == 1) return escape_to_ascii_from(out, p, n, 1);
    if (width == 2) return escape_to_ascii_from(out, p, n, 2);
    return escape_to_ascii_from(out, p, n, 4);
}

/* UTF-8 of a code point from 0x80 on; NULL for a surrogate. Writes four bytes, whatever counts: one store. */
static ALWAYS_INLINE uint8_t *write_utf8(uint8_t *out, uint32_t c)
{
    uint32_t bytes; /* the first in the lowest eight bits */
    int n;
    if (c < 0x800) {
        bytes = 0x80C0 | c >> 6 | (c & 0x3F) << 8;
        n = 2;
    }
    else if (c < 0x10000) {
        if (UNLIKELY((c & 0xF800) == 0xD800)) return NULL;
        bytes = 0x8080E0 | c >> 12 | (c & 0xFC0) << 2 | (c & 0x3F) << 16;
        n = 3;
    }
    else {
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

static ALWAYS_INLINE uint8_t *escape_to_utf8_from(uint8_t *out, const uint8_t *p, size_t n, int width)
{
    const uint8_t *end = p + n * (size_t)width;
    while (p < end) {
        if (end - p >= 16) {
            vec v = vec_load(p);
            if (!escape_needed_bits(v, width, 1)) {
                store_narrow(out, v, width);
                p += 16;
                out += 16 / width;
                continue;
            }
        }
        const uint8_t *stop = end - p >= 16 ? p + 16 : end;
        for (; p < stop; p += width) {
            uint32_t c = scan_read(p, width);
            if (c >= 0x80) {
                out = write_utf8(out, c);
                if (width > 1 && UNLIKELY(out == NULL)) return NULL;
            }
            else if (escape_needed(c, 0)) out = write_escape(out, c, 1);
            else *out++ = (uint8_t)c;
        }
    }
    return out;
}

uint8_t *CPU_NAME(escape_to_utf8)(uint8_t *out, const uint8_t *p, size_t n, int width)
{
    if (width == 1) return escape_to_utf8_from(out, p, n, 1);
    if (width == 2) return escape_to_utf8_from(out, p, n, 2);
    return escape_to_utf8_from(out, p, n, 4);
}

/* A block of 16 / width characters in to_width >= width bytes each. */
static ALWAYS_INLINE void store_widened(uint8_t *out, int to_width, vec v, int width)
{
    if (width == to_width) vec_store(out, v);
    else if (width == 2) {
        vec_store(out, vec16_widen_low(v));
        vec_store(out + 16, vec16_widen_high(v));
    }
    else escape_store_widened(out, to_width, v);
}

static ALWAYS_INLINE uint8_t *escape_widen_from(uint8_t *out, int to_width, const uint8_t *p, size_t n, int width)
{
    const uint8_t *end = p + n * (size_t)width;
    while (p < end) {
        if (end - p >= 16) {
            vec v = vec_load(p);
            store_widened(out, to_width, v, width);
            vec_mask m = escape_needed_bits(v, width, 0);
            size_t clean = m ? vec_first(m) / (unsigned)width : 16u / (unsigned)width;
            p += clean * (size_t)width;
            out += clean * (size_t)to_width;
            if (!m) continue;
            out = write_escape(out, scan_read(p, width), to_width);
            p += width;
            continue;
        }
        uint32_t c = scan_read(p, width);
        p += width;
        if (escape_needed(c, 0)) out = write_escape(out, c, to_width);
        else {
            escape_write_char(out, c, to_width);
            out += to_width;
        }
    }
    return out;
}

uint8_t *CPU_NAME(escape_widen)(uint8_t *out, int to_width, const uint8_t *p, size_t n, int width)
{
    if (to_width == 1) return escape_widen_from(out, 1, p, n, 1);
    if (to_width == 2) return width == 1 ? escape_widen_from(out, 2, p, n, 1) : escape_widen_from(out, 2, p, n, 2);
    if (width == 1) return escape_widen_from(out, 4, p, n, 1);
    return width == 2 ? escape_widen_from(out, 4, p, n, 2) : escape_widen_from(out, 4, p, n, 4);
}

static ALWAYS_INLINE void copy_widened_from(uint8_t *out, int to_width, const uint8_t *p, size_t n, int width)
{
    const uint8_t *end = p + n * (size_t)width;
    for (; end - p >= 16; p += 16, out += 16 / width * to_width) store_widened(out, to_width, vec_load(p), width);
    for (; p < end; p += width, out += to_width) escape_write_char(out, scan_read(p, width), to_width);
}

void CPU_NAME(escape_copy_widened)(uint8_t *out, int to_width, const uint8_t *p, size_t n, int width)
{
    if (to_width == width) memcpy(out, p, n * (size_t)width);
    else if (to_width == 2) copy_widened_from(out, 2, p, n, 1);
    else if (width == 1) copy_widened_from(out, 4, p, n, 1);
    else copy_widened_from(out, 4, p, n, 2);
}
