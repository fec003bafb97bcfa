/* scan and escape against the plainest way of writing each of them down, for any bytes, on every instruction set, with
 * the text against the ends of readable memory and the output in exactly the room that the headers name. A difference
 * ends the program with a line that reports it. */
#ifndef CYJSON_TEST_CHECK_TEXT_H
#define CYJSON_TEST_CHECK_TEXT_H

#include "guard.h"
#include "kernels.h"

enum { CHECK_TEXT_MOST = 4096 }; /* bytes */

static guarded text_room, output_room;
static uint32_t expected[12 * CHECK_TEXT_MOST];

static inline void check_text_start(void) {
    if (text_room.start != NULL) return;
    text_room = guarded_new(CHECK_TEXT_MOST + 64);
    output_room = guarded_new((12 * CHECK_TEXT_MOST + 64) * 4);
}

static inline void differs(const kernels *k, const char *what, int width, const uint8_t *data, size_t size, size_t at) {
    fprintf(stderr, "%s, %s, width %d: differs at %zu for", cpu_level_name(k->level), what, width, at);
    for (size_t i = 0; i < size; i++) fprintf(stderr, " %02x", data[i]);
    fprintf(stderr, "\n");
    abort();
}

static uint32_t unit_at(const uint8_t *p, size_t i, int width) {
    uint32_t c = 0;
    if (width == 1) return p[i];
    if (width == 2) {
        uint16_t h;
        memcpy(&h, p + 2 * i, 2);
        return h;
    }
    memcpy(&c, p + 4 * i, 4);
    return c;
}

static int is_plain(uint32_t c, int ascii_only) {
    return c >= 0x20 && c != '"' && c != '\\' && !(ascii_only && c >= 0x80);
}
static int is_space(uint32_t c) { return c == 0x20 || c == 0x09 || c == 0x0A || c == 0x0D; }

/* ---- scan ---- */

/* The sequence at p of n bytes by the table of the Unicode Standard (3-7), row by row: its length, or 0. */
static int reference_utf8(const uint8_t *p, size_t n, uint32_t *c) {
    static const struct {
        uint8_t from, to, second_from, second_to, length;
    } rows[] = {
        {0xC2, 0xDF, 0x80, 0xBF, 2}, {0xE0, 0xE0, 0xA0, 0xBF, 3}, {0xE1, 0xEC, 0x80, 0xBF, 3},
        {0xED, 0xED, 0x80, 0x9F, 3}, {0xEE, 0xEF, 0x80, 0xBF, 3}, {0xF0, 0xF0, 0x90, 0xBF, 4},
        {0xF1, 0xF3, 0x80, 0xBF, 4}, {0xF4, 0xF4, 0x80, 0x8F, 4},
    };
    for (size_t r = 0; r < sizeof rows / sizeof *rows; r++) {
        if (p[0] < rows[r].from || p[0] > rows[r].to) continue;
        if (n < rows[r].length || p[1] < rows[r].second_from || p[1] > rows[r].second_to) return 0;
        *c = p[0] & (rows[r].length == 2 ? 0x1Fu : rows[r].length == 3 ? 0x0Fu : 0x07u);
        for (int i = 1; i < rows[r].length; i++) {
            if (p[i] < 0x80 || p[i] > 0xBF) return 0;
            *c = *c << 6 | (p[i] & 0x3F);
        }
        return rows[r].length;
    }
    return 0;
}

/* Sequences of one length in the 16 bytes at p: all that are well formed before the first that isn't, or, where a level
 * has no way for that length, none. */
static inline void check_utf8_run(const kernels *k, const uint8_t *p, size_t n, size_t at) {
    uint32_t units[8] = {0}, c = 0;
    unsigned length = 0, count = k->scan_utf8_run(p + at, units, &length), most = 0;
    if (length == 0) return;
    for (size_t i = at; i + length <= at + 16 && reference_utf8(p + i, n - i, &c) == (int)length; i += length) {
        if (most < count && units[most] != c) differs(k, "scan_utf8_run", 1, p, n, i);
        most++;
    }
    if (count != most && !(count == 0 && length == 3)) differs(k, "scan_utf8_run", 1, p, n, at);
}

/* The four digits at p, or -1. */
static int64_t reference_hex4(const uint8_t *p, int width) {
    int64_t value = 0;
    for (size_t j = 0; j < 4; j++) {
        uint32_t c = unit_at(p, j, width);
        int digit = c >= '0' && c <= '9'   ? (int)c - '0'
                    : c >= 'a' && c <= 'f' ? (int)c - 'a' + 10
                    : c >= 'A' && c <= 'F' ? (int)c - 'A' + 10
                                           : -1;
        value = value < 0 || digit < 0 ? -1 : value * 16 + digit;
    }
    return value;
}

/* Escapes that follow one another at p: all that are whole before end and no surrogates. A level may leave those that
 * end less than 28 bytes before it. */
static inline void check_escaped_units(const kernels *k, const uint8_t *data, size_t n, size_t at) {
    uint16_t units[16];
    unsigned most = 0, count = k->scan_escaped_units(data + at, data + n, units, &most), wanted = 0;
    for (size_t i = at; wanted < most && i + 6 <= n && data[i] == '\\' && data[i + 1] == 'u'; i += 6, wanted++) {
        int64_t unit = reference_hex4(data + i + 2, 1);
        if (unit < 0 || (unit & 0xF800) == 0xD800) break;
        if (wanted < count && units[wanted] != unit) differs(k, "scan_escaped_units", 1, data, n, i);
    }
    if (count != wanted && !(count == 0 && n - at < 28)) differs(k, "scan_escaped_units", 1, data, n, at);
}

/* What is before the first zero, and then a character less at a time: the shorter it is, the more text follows it. */
static inline void check_narrow(const kernels *k, const uint8_t *p, const uint8_t *end, size_t n, int width) {
    size_t count = 0, ascii = 0;
    while (count < n && unit_at(p, count, width) != 0) count++;
    while (ascii < count && unit_at(p, ascii, width) < 0x80) ascii++;
    for (size_t m = count; m + 40 > count; m--) {
        uint8_t *out = output_room.end - (m + 15) / 16 * 16;
        int all = k->scan_narrow_ascii(out, p, end, m, width);
        if (all != (ascii >= m)) differs(k, "scan_narrow_ascii", width, p, n * (size_t)width, m);
        for (size_t i = 0; all && i < m; i++)
            if (out[i] != unit_at(p, i, width)) differs(k, "scan_narrow_ascii", width, p, n * (size_t)width, i);
        if (m == 0) break;
    }
}

/* The last m characters, where memory ends too; the output may not be written behind its end. */
static inline void check_scan_narrow(const kernels *k, const uint8_t *p, size_t n, int width) {
    for (size_t m = 0; m <= n && m <= 80; m++) {
        const uint8_t *from = p + (n - m) * (size_t)width;
        uint8_t *out = output_room.end - m;
        k->scan_narrow(out, from, m, width);
        for (size_t i = 0; i < m && unit_at(from, i, width) < 0x100; i++)
            if (out[i] != unit_at(from, i, width)) differs(k, "scan_narrow", width, p, n * (size_t)width, i);
    }
}

static inline void check_scan_as(const uint8_t *data, size_t size, int width) {
    int levels;
    const kernels *const *all = kernels_here(&levels);
    size_t n = size / (size_t)width, bytes = n * (size_t)width;
    uint8_t *end = text_room.end - width, *p = end - bytes; /* the zero is the last that can be read */
    memcpy(p, data, bytes);
    if (width == 4) /* a code point, as in every str */
        for (size_t i = 0; i < n; i++) {
            uint32_t c = unit_at(p, i, 4) % 0x110000;
            memcpy(p + 4 * i, &c, 4);
        }
    memset(end, 0, (size_t)width);
    for (int l = 0; l < levels; l++) {
        const kernels *k = all[l];
        for (int ascii_only = 0; ascii_only <= (width == 1); ascii_only++) {
            size_t stop = 0;
            while (stop < n && is_plain(unit_at(p, stop, width), ascii_only)) stop++;
            if (k->scan_plain(p, end, width, ascii_only) != p + stop * (size_t)width)
                differs(k, "scan_plain", width, p, bytes, stop);
        }
        if (width == 1) {
            for (size_t i = n < 40 ? 0 : n - 40; i <= n; i++)
                if (k->scan_plain_within(p, p + i, end) != k->scan_plain(p + i, end, 1, 1))
                    differs(k, "scan_plain_within", 1, p, bytes, i);
            size_t stop = 0;
            int high = 0;
            uint32_t seen = 0;
            for (; stop < n && is_plain(p[stop], 0); stop++) high |= p[stop] >= 0x80;
            if (k->scan_plain_latin1(p, end, &seen) != p + stop || (seen >= 0x80) != high)
                differs(k, "scan_plain_latin1", 1, p, bytes, stop);
            for (size_t i = 0; i < n; i++) {
                uint32_t c = 0, wanted = 0;
                if (p[i] == '\\') check_escaped_units(k, p, n, i);
                if (p[i] < 0x80) continue;
                if (n - i >= 16) check_utf8_run(k, p, n, i);
                int length = reference_utf8(p + i, n - i, &wanted);
                if (k->scan_utf8(p + i, &c) != length || (length && c != wanted))
                    differs(k, "scan_utf8", 1, p, bytes, i);
            }
        }
        if (width > 1) {
            check_narrow(k, p, end, n, width);
            check_scan_narrow(k, p, n, width);
            size_t stop = 0;
            uint32_t bits = 0, seen = 0;
            for (; stop < n && is_plain(unit_at(p, stop, width), 0); stop++) bits |= unit_at(p, stop, width);
            if (k->scan_plain_wide(p, end, width, &seen) != p + stop * (size_t)width || seen != bits)
                differs(k, "scan_plain_wide", width, p, bytes, stop);
        }
        uint32_t all = 0;
        for (size_t i = n; i-- > 0 && n - i <= 80;) { /* from the end on, where memory ends too */
            all |= unit_at(p, i, width);
            if (k->scan_all_bits(p + i * (size_t)width, n - i, width) != all)
                differs(k, "scan_all_bits", width, p, bytes, i);
        }
        size_t stop = 0;
        while (stop < n && is_space(unit_at(p, stop, width))) stop++;
        if (k->scan_space(p, end, width) != p + stop * (size_t)width) differs(k, "scan_space", width, p, bytes, stop);
        for (size_t i = 0; i + 4 <= n; i++) {
            if (k->scan_hex4(p + i * (size_t)width, width) != reference_hex4(p + i * (size_t)width, width))
                differs(k, "scan_hex4", width, p, bytes, i);
        }
    }
}

static inline void check_scan(const uint8_t *data, size_t size) {
    check_text_start();
    if (size > CHECK_TEXT_MOST) size = CHECK_TEXT_MOST;
    check_scan_as(data, size, 1);
    check_scan_as(data, size, 2);
    check_scan_as(data, size, 4);
}

/* ---- escape ---- */

static size_t reference_unit(uint32_t *out, uint32_t unit) {
    out[0] = '\\';
    out[1] = 'u';
    for (int i = 0; i < 4; i++) out[2 + i] = (uint8_t)"0123456789abcdef"[unit >> (12 - 4 * i) & 15];
    return 6;
}

/* One character in a JSON string: everything from DEL on as \u (ascii), as UTF-8 (utf8), or as it is. */
static size_t reference_escape(uint32_t *out, uint32_t c, int ascii, int utf8) {
    static const char letters[] = "\"\"\\\\\bb\ff\nn\rr\tt";
    for (const char *l = letters; *l; l += 2)
        if (c == (uint8_t)*l) {
            out[0] = '\\';
            out[1] = (uint8_t)l[1];
            return 2;
        }
    if (c < 0x20 || (ascii && c >= 0x7F && c < 0x10000)) return reference_unit(out, c);
    if (ascii && c >= 0x10000) {
        reference_unit(out, 0xD7C0 + (c >> 10)); /* 0xD800 + ((c - 0x10000) >> 10) */
        reference_unit(out + 6, 0xDC00 + (c & 0x3FF));
        return 12;
    }
    if (!utf8 || c < 0x80) {
        out[0] = c;
        return 1;
    }
    size_t n = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    for (size_t i = n; i-- > 1; c >>= 6) out[i] = 0x80 | (c & 0x3F);
    out[0] = (n == 2 ? 0xC0 : n == 3 ? 0xE0 : 0xF0) | c;
    return n;
}

/* The output at `out` up to `end`, in characters of width bytes, against the first n expected. */
static inline void check_output(const kernels *k, const char *what, const uint8_t *out, const uint8_t *end, int width,
                                size_t n, const uint8_t *p, size_t bytes) {
    if (end != out + n * (size_t)width) differs(k, what, width, p, bytes, n);
    for (size_t i = 0; i < n; i++)
        if (unit_at(out, i, width) != expected[i]) differs(k, what, width, p, bytes, i);
}

static uint8_t *output(size_t bytes) {
    uint8_t *out = output_room.end - bytes;
    memset(out, 0xA5, bytes);
    return out;
}

/* ASCII text at p, of which 16 bytes before it can be read. */
static inline void check_copies_of_ascii(const kernels *k, const uint8_t *p, size_t n) {
    for (int ascii = 0; ascii < 2; ascii++) {
        size_t clean = 0;
        while (clean < n && p[clean] >= 0x20 && p[clean] != '"' && p[clean] != '\\' && !(ascii && p[clean] == 0x7F))
            clean++;
        for (size_t i = 0; i < n; i++) expected[i] = p[i];
        for (int width = 1; width <= (ascii ? 1 : 4); width *= 2)
            for (int varied = 0; varied < 2; varied++) {
                uint8_t *out = output((n + ESCAPE_SLACK) * (size_t)width);
                int copied = k->escape_copy_ascii(out, width, p, n, ascii, varied);
                if (copied != (clean == n)) differs(k, "escape_copy_ascii", width, p, n, clean);
                if (copied) check_output(k, "escape_copy_ascii", out, out + n * (size_t)width, width, n, p, n);
            }
    }
}

static inline void check_copy_same(const kernels *k, const uint8_t *p, size_t n, int width) {
    size_t clean = 0;
    while (clean < n && is_plain(unit_at(p, clean, width), 0)) clean++;
    uint8_t *out = output((n + ESCAPE_SLACK) * (size_t)width);
    int copied = k->escape_copy_same(out, width, p, n);
    if (copied != (clean == n)) differs(k, "escape_copy_same", width, p, n * (size_t)width, clean);
    if (copied && memcmp(out, p, n * (size_t)width) != 0)
        differs(k, "escape_copy_same", width, p, n * (size_t)width, 0);
}

/* Text of n characters of which nothing else can be read on one side, be it before or after. */
static inline void check_escape_at(const kernels *k, const uint8_t *p, size_t n, int width) {
    size_t bytes = n * (size_t)width, count;
    uint8_t *out;
    if (width == 1)
        for (int ascii = 0; ascii < 2; ascii++) {
            size_t clean = 0;
            while (clean < n && p[clean] >= 0x20 && p[clean] != '"' && p[clean] != '\\' && !(ascii && p[clean] >= 0x7F))
                clean++;
            out = output(n);
            if (k->escape_copy_clean(out, p, n, ascii) != clean || memcmp(out, p, clean) != 0)
                differs(k, "escape_copy_clean", 1, p, n, clean);
            if (!ascii) {
                out = output(n + ESCAPE_SLACK);
                if (k->escape_copy_utf8(out, p, n) != (clean == n) || (clean == n && memcmp(out, p, n) != 0))
                    differs(k, "escape_copy_utf8", 1, p, n, clean);
            }
            int is_ascii = 1;
            for (size_t i = 0; i < n; i++) is_ascii &= p[i] < 0x80;
            if (ascii && !is_ascii) continue;
            count = 0;
            for (size_t i = 0; i < n; i++) count += reference_escape(expected + count, p[i], ascii, 0);
            out = output(ESCAPE_MOST * n + ESCAPE_SLACK);
            check_output(k, "escape_bytes", out, k->escape_bytes(out, p, n, ascii), 1, count, p, n);
        }

    count = 0;
    for (size_t i = 0; i < n; i++) count += reference_escape(expected + count, unit_at(p, i, width), 1, 0);
    out = output(ESCAPE_MOST_ASCII * n + ESCAPE_SLACK);
    check_output(k, "escape_to_ascii", out, k->escape_to_ascii(out, p, n, width), 1, count, p, bytes);

    int surrogate = 0;
    count = 0;
    for (size_t i = 0; i < n; i++) {
        uint32_t c = unit_at(p, i, width);
        surrogate |= c >= 0xD800 && c <= 0xDFFF;
        count += reference_escape(expected + count, c, 0, 1);
    }
    out = output(ESCAPE_MOST * n + ESCAPE_SLACK);
    uint8_t *end = k->escape_to_utf8(out, p, n, width);
    if (surrogate != (end == NULL)) differs(k, "escape_to_utf8", width, p, bytes, 0);
    if (end != NULL) check_output(k, "escape_to_utf8", out, end, 1, count, p, bytes);

    for (int to_width = width; to_width <= 4; to_width *= 2) {
        count = 0;
        for (size_t i = 0; i < n; i++) count += reference_escape(expected + count, unit_at(p, i, width), 0, 0);
        out = output((ESCAPE_MOST * n + ESCAPE_SLACK) * (size_t)to_width);
        check_output(k, "escape_widen", out, k->escape_widen(out, to_width, p, n, width), to_width, count, p, bytes);
        for (size_t i = 0; i < n; i++) expected[i] = unit_at(p, i, width);
        out = output(n * (size_t)to_width + ESCAPE_SLACK);
        k->escape_copy_widened(out, to_width, p, n, width);
        check_output(k, "escape_copy_widened", out, out + n * (size_t)to_width, to_width, n, p, bytes);
    }

    out = output(bytes);
    k->copy_short(out, p, bytes);
    if (memcmp(out, p, bytes) != 0) differs(k, "copy_short", width, p, bytes, 0);
}

static inline void check_escape_as(const uint8_t *data, size_t size, int width) {
    int levels;
    const kernels *const *all = kernels_here(&levels);
    size_t n = size / (size_t)width, bytes = n * (size_t)width;
    uint8_t *places[] = {text_room.end - bytes, text_room.start, text_room.start + ESCAPE_BEFORE};
    for (int place = 0; place < 3; place++) {
        uint8_t *p = places[place];
        for (int i = 1; i <= 64; i++) { /* what is around it must not matter */
            if (p - i >= text_room.start) p[-i] = (uint8_t)(place * 0x11);
            if (p + bytes + i <= text_room.end) p[bytes + (size_t)i - 1] = (uint8_t)(place * 0x11);
        }
        memcpy(p, data, bytes);
        if (width == 4)
            for (size_t i = 0; i < n; i++) {
                uint32_t c = unit_at(p, i, 4) % 0x110000;
                memcpy(p + 4 * i, &c, 4);
            }
        for (int l = 0; l < levels; l++) {
            if (place < 2) check_escape_at(all[l], p, n, width);
            if (place != 1) check_copy_same(all[l], p, n, width);
        }
        if (width == 1 && place != 1) {
            for (size_t i = 0; i < n; i++) p[i] &= 0x7F;
            for (int l = 0; l < levels; l++) {
                check_copies_of_ascii(all[l], p, n);
                if (place == 0) check_escape_at(all[l], p, n, 1);
            }
        }
    }
}

static inline void check_escape(const uint8_t *data, size_t size) {
    check_text_start();
    if (size > CHECK_TEXT_MOST) size = CHECK_TEXT_MOST;
    check_escape_as(data, size, 1);
    check_escape_as(data, size, 2);
    check_escape_as(data, size, 4);
}

#endif
