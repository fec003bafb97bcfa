#include "kernels/unescape.h"

#include <string.h>

#include "kernels/scan.h"

static size_t put_utf8(uint8_t *out, uint32_t c) {
    if (c < 0x80) {
        out[0] = (uint8_t)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (uint8_t)(0xC0 | c >> 6);
        out[1] = (uint8_t)(0x80 | (c & 0x3F));
        return 2;
    }
    if (c < 0x10000) {
        out[0] = (uint8_t)(0xE0 | c >> 12);
        out[1] = (uint8_t)(0x80 | (c >> 6 & 0x3F));
        out[2] = (uint8_t)(0x80 | (c & 0x3F));
        return 3;
    }
    out[0] = (uint8_t)(0xF0 | c >> 18);
    out[1] = (uint8_t)(0x80 | (c >> 12 & 0x3F));
    out[2] = (uint8_t)(0x80 | (c >> 6 & 0x3F));
    out[3] = (uint8_t)(0x80 | (c & 0x3F));
    return 4;
}

/* The four digits of the escape whose u is at p, or -1. */
static int32_t unit_at(const uint8_t *p, const uint8_t *end) {
    return end - p >= 5 && *p == 'u' ? scan_hex4(p + 1, 1) : -1;
}

size_t unescape(uint8_t *out, const uint8_t *p, size_t n, int *lone) {
    static const char letters[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
    const uint8_t *end = p + n;
    uint8_t *start = out;
    while (p < end) {
        const uint8_t *found = memchr(p, '\\', (size_t)(end - p)), *stop = found == NULL ? end : found;
        memcpy(out, p, (size_t)(stop - p));
        out += stop - p;
        p = stop;
        if (p == end) break;
        if (end - p < 2) {
            *out++ = *p++;
            continue;
        }
        int32_t unit = unit_at(p + 1, end);
        const char *letter = p[1] ? strchr(letters, p[1]) : NULL;
        if (unit >= 0) {
            uint32_t c = (uint32_t)unit;
            p += 6;
            if ((c & 0xFC00) == 0xD800 && end - p >= 6 && *p == '\\') {
                int32_t low = unit_at(p + 1, end);
                if (low >= 0 && (low & 0xFC00) == 0xDC00) {
                    c = 0x10000 + ((c & 0x3FF) << 10 | ((uint32_t)low & 0x3FF));
                    p += 6;
                }
            }
            if ((c & 0xFFFFF800) == 0xD800 && lone != NULL) *lone = 1;
            out += put_utf8(out, c);
        } else if (letter != NULL) {
            *out++ = (uint8_t)meanings[letter - letters];
            p += 2;
        } else *out++ = *p++;
    }
    return (size_t)(out - start);
}
