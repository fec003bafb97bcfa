/* skip against the plainest way of finding where a container ends, for any bytes, on every instruction set, with the
 * text against both ends of readable memory. A difference ends the program with a line that describes it. */
#ifndef CYJSON_TEST_CHECK_SKIP_H
#define CYJSON_TEST_CHECK_SKIP_H

#include "guard.h"
#include "kernels/skip.h"
#include "kernels/tokens.h"

enum { CHECK_SKIP_MOST = 1 << 14 }; /* bytes */

/* ---- the oracle: one byte after the other ---- */

typedef struct {
    const uint8_t *p, *end;
    int utf8, lenient;
    size_t depth, deepest;
    int long_integer, not_finite;
    skip_container containers[CHECK_SKIP_MOST];
    size_t count;
    uint32_t places[CHECK_SKIP_MOST];
    size_t tokens;
    int escapes;
    const uint8_t *start;
} oracle;

static void oracle_token(oracle *o) { o->places[o->tokens++] = (uint32_t)(o->p - o->start); }

static void oracle_space(oracle *o) {
    while (o->p < o->end && (*o->p == ' ' || *o->p == '\t' || *o->p == '\n' || *o->p == '\r')) o->p++;
}

static int oracle_here(const oracle *o, const char *text) {
    size_t n = strlen(text);
    return (size_t)(o->end - o->p) >= n && memcmp(o->p, text, n) == 0;
}

static int oracle_is_hex(uint8_t c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* A sequence of bytes from 0x80 on by its code point. */
static int oracle_utf8(oracle *o) {
    uint32_t c = *o->p, least;
    int more;
    if (c >= 0xC0 && c < 0xE0) more = 1, c &= 0x1F, least = 0x80;
    else if (c >= 0xE0 && c < 0xF0) more = 2, c &= 0x0F, least = 0x800;
    else if (c >= 0xF0 && c < 0xF8) more = 3, c &= 0x07, least = 0x10000;
    else return -1;
    if (o->end - o->p <= more) return -1;
    for (int i = 1; i <= more; i++) {
        if ((o->p[i] & 0xC0) != 0x80) return -1;
        c = c << 6 | (o->p[i] & 0x3F);
    }
    o->p += more + 1;
    return c < least || c > 0x10FFFF || (c >= 0xD800 && c < 0xE000) ? -1 : 0;
}

static int oracle_string(oracle *o) {
    oracle_token(o);
    for (o->p++; o->p < o->end;) {
        uint8_t c = *o->p;
        if (c == '"') {
            o->p++;
            return 0;
        }
        if (c < 0x20 && !o->lenient) return -1;
        if (c >= 0x80 && o->utf8) {
            if (oracle_utf8(o)) return -1;
            continue;
        }
        o->p++;
        if (c != '\\') continue;
        o->escapes = 1;
        if (o->p == o->end || strchr("\"\\/bfnrtu", *o->p) == NULL || *o->p == 0) return -1;
        if (*o->p++ != 'u') continue;
        for (int i = 0; i < 4; i++, o->p++)
            if (o->p == o->end || !oracle_is_hex(*o->p)) return -1;
    }
    return -1;
}

static size_t oracle_digits(oracle *o) {
    const uint8_t *first = o->p;
    while (o->p < o->end && *o->p >= '0' && *o->p <= '9') o->p++;
    return (size_t)(o->p - first);
}

static int oracle_number(oracle *o) {
    int integer = 1;
    if (*o->p == '-') o->p++;
    const uint8_t *first = o->p;
    size_t n = oracle_digits(o);
    if (n == 0 || (n > 1 && *first == '0')) return -1;
    if (o->p < o->end && *o->p == '.') {
        o->p++;
        integer = 0;
        if (oracle_digits(o) == 0) return -1;
    }
    if (o->p < o->end && (*o->p == 'e' || *o->p == 'E')) {
        o->p++;
        integer = 0;
        if (o->p < o->end && (*o->p == '+' || *o->p == '-')) o->p++;
        if (oracle_digits(o) == 0) return -1;
    }
    if (integer && n > SKIP_LONG) o->long_integer = 1;
    return 0;
}

static int oracle_value(oracle *o);

static int oracle_container(oracle *o) {
    int object = *o->p == '{', wrong = -1;
    size_t mine = o->count++;
    o->containers[mine].start = (uint32_t)(o->p - o->start);
    o->containers[mine].count = 0;
    o->containers[mine].token = (uint32_t)o->tokens;
    oracle_token(o);
    if (o->depth++ == SKIP_DEPTH) return -1;
    if (o->depth > o->deepest) o->deepest = o->depth;
    o->p++;
    oracle_space(o);
    if (o->p < o->end && *o->p == (object ? '}' : ']')) wrong = 0;
    while (wrong) {
        if (object) {
            if (o->p == o->end || *o->p != '"' || oracle_string(o)) return -1;
            oracle_space(o);
            if (o->p == o->end || *o->p != ':') return -1;
            oracle_token(o);
            o->p++;
            oracle_space(o);
        }
        if (oracle_value(o)) return -1;
        o->containers[mine].count++;
        oracle_space(o);
        if (o->p == o->end) return -1;
        if (*o->p == ',') oracle_token(o);
        if (*o->p == (object ? '}' : ']')) wrong = 0;
        else if (*o->p++ != ',') return -1;
        else oracle_space(o);
    }
    oracle_token(o);
    o->p++;
    o->depth--;
    o->containers[mine].end = (uint32_t)(o->p - o->start);
    o->containers[mine].next = (uint32_t)o->count;
    o->containers[mine].after = (uint32_t)o->tokens;
    return 0;
}

static int oracle_value(oracle *o) {
    static const char *const words[] = {"true", "false", "null", "NaN", "Infinity", "-Infinity"};
    if (o->p == o->end) return -1;
    if (*o->p == '{' || *o->p == '[') return oracle_container(o);
    if (*o->p == '"') return oracle_string(o);
    oracle_token(o);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (oracle_here(o, words[i])) {
            o->p += strlen(words[i]);
            o->not_finite |= i > 2;
            return 0;
        }
    return oracle_number(o);
}

static const uint8_t *oracle_balance(const uint8_t *p, const uint8_t *end) {
    long depth = 0;
    for (int in_string = 0; p < end; p++) {
        if (*p == '\\') p += p + 1 < end && (p[1] == '"' || p[1] == '\\');
        else if (*p == '"') in_string = !in_string;
        else if (!in_string && (*p == '[' || *p == '{')) depth++;
        else if (!in_string && (*p == ']' || *p == '}') && --depth == 0) return p + 1;
    }
    return NULL;
}

static const uint8_t *oracle_quote(const uint8_t *p, const uint8_t *end, int *escaped) {
    *escaped = 0;
    for (; p < end; p++) {
        if (*p == '"') return p;
        if (*p == '\\') *escaped = 1, p++;
    }
    return NULL;
}

/* ---- the comparison ---- */

static void skip_differs(cpu_level level, const char *what, const uint8_t *text, size_t size) {
    fprintf(stderr, "%s: %s differs for %zu bytes:", cpu_level_name(level), what, size);
    for (size_t i = 0; i < size && i < 2000; i++) fprintf(stderr, " %02x", text[i]);
    fprintf(stderr, "\n%.*s\n", (int)size, text);
    abort();
}

static void check_skip_as(const uint8_t *text, size_t size, int utf8, int lenient) {
    static oracle o;
    o.p = o.start = text;
    o.end = text + size;
    o.utf8 = utf8;
    o.lenient = lenient;
    o.depth = o.deepest = o.count = o.tokens = 0;
    o.long_integer = o.not_finite = o.escapes = 0;
    const uint8_t *expected = size && (*text == '{' || *text == '[') && !oracle_container(&o) ? o.p : NULL;
    for (int l = CPU_BASE; l <= (int)cpu_best(); l++) {
        const skip_functions *skip = skip_for((cpu_level)l);
        skip_container first[64];
        uint32_t first_places[2048];
        skip_index index = {
            .first = first,
            .first_room = size % 3 ? 64 : 0,
            .first_places = first_places,
            .first_places_room = size % 5 ? 2048 : 0,
        };
        skip_found found;
        if (skip->check(text, text + size, utf8, lenient, NULL, &found) != expected)
            skip_differs((cpu_level)l, "check", text, size);
        if (expected != NULL && found.depth < o.deepest) skip_differs((cpu_level)l, "depth", text, size);
        if (expected != NULL && found.long_integer < o.long_integer)
            skip_differs((cpu_level)l, "long integer", text, size);
        if (expected != NULL && found.not_finite < o.not_finite) skip_differs((cpu_level)l, "not finite", text, size);
        if (skip->check(text, text + size, utf8, lenient, &index, &found) != expected)
            skip_differs((cpu_level)l, "check with an index", text, size);
        if (expected != NULL) {
            if (index.count != o.count) skip_differs((cpu_level)l, "index's size", text, size);
            if (found.depth != o.deepest) skip_differs((cpu_level)l, "depth, exactly", text, size);
            for (size_t i = 0; i < o.count; i++)
                if (memcmp(&index.containers[i], &o.containers[i], sizeof *o.containers) != 0)
                    skip_differs((cpu_level)l, "index", text, size);
            if (index.tokens < o.tokens || memcmp(index.places, o.places, o.tokens * sizeof *o.places) != 0)
                skip_differs((cpu_level)l, "tokens", text, size);
            if (found.escapes < o.escapes) skip_differs((cpu_level)l, "escapes", text, size);
        }
        skip_index_free(&index);
    }
}

/* ---- text that comes piece by piece ---- */

typedef struct {
    token_kind answer;
    tokens_scanner scanner;
    size_t gone; /* bytes before the scanner's text */
} pieces_end;

/* Skip a value of [data, size) that comes in pieces: the document, or with `inside` its first value. */
static pieces_end skip_in_pieces(const skip_functions *skip, const uint8_t *data, size_t size, size_t piece,
                                 int lenient, int inside) {
    static uint8_t text[CHECK_SKIP_MOST + 1];
    pieces_end end = {.answer = TOKEN_MORE};
    size_t have = 0, read = 0;
    int opened = 0, found = 0;
    tokens_scanner *s = &end.scanner;
    tokens_init(s, skip, lenient, 0);
    text[0] = 0;
    while (end.answer == TOKEN_MORE) {
        size_t n = size - read < piece ? size - read : piece;
        int final = n == 0;
        size_t passed = s->at;
        tokens_drop(s, text, passed);
        have -= passed;
        end.gone += passed;
        memmove(text, text + passed, have);
        memcpy(text + have, data + read, n);
        have += n;
        read += n;
        text[have] = 0;
        if (inside && !opened) {
            end.answer = tokens_next(s, text, have, final, 0);
            opened = end.answer > TOKEN_VALUE;
            if (!opened) continue;
        }
        if (inside && !found) {
            while ((end.answer = tokens_next(s, text, have, final, 1)) == TOKEN_KEY) {}
            found = end.answer == TOKEN_VALUE;
            if (!found) continue;
        }
        end.answer = tokens_skip(s, text, have, final, (size_t)inside);
    }
    return end;
}

/* Skipping by the kernel and token by token come to the same, wherever the text is cut. */
static void check_pieces(const uint8_t *text, size_t size, size_t piece, int lenient) {
    for (int inside = 0; inside < 2; inside++) {
        pieces_end expected = skip_in_pieces(NULL, text, size, piece, lenient, inside);
        for (int l = CPU_BASE; l <= (int)cpu_best(); l++) {
            pieces_end got = skip_in_pieces(skip_for((cpu_level)l), text, size, piece, lenient, inside);
            const tokens_scanner *a = &expected.scanner, *b = &got.scanner;
            int marked = a->state == TOKENS_AT_ITEM || a->state == TOKENS_AT_KEY || a->state >= TOKENS_IN_KEY;
            int differs = expected.answer != got.answer || expected.gone != got.gone || a->at != b->at ||
                          a->state != b->state || a->depth != b->depth || (marked && a->mark != b->mark);
            for (size_t i = 0; !differs && i < a->depth; i++)
                differs = (a->kinds[i / 64] ^ b->kinds[i / 64]) >> i % 64 & 1;
            if (differs) skip_differs((cpu_level)l, "skipping in pieces", text, size);
            tokens_free(&got.scanner);
        }
        tokens_free(&expected.scanner);
    }
}

/* Put a text at the end of readable memory (side 0) or at its start (side 1): where it is. Long ones are cut. */
static inline const uint8_t *skip_text_at(int side, const uint8_t *data, size_t *size) {
    static guarded room;
    if (room.start == NULL) room = guarded_new(CHECK_SKIP_MOST);
    if (*size > CHECK_SKIP_MOST) *size = CHECK_SKIP_MOST;
    return memcpy(side ? room.start : room.end - *size, data, *size);
}

/* Compare all that there is on [data, size), at both ends of readable memory. */
static inline void check_skip(const uint8_t *data, size_t size) {
    for (int side = 0; side < 2; side++) {
        const uint8_t *text = skip_text_at(side, data, &size);
        check_skip_as(text, size, 1, 0);
        check_skip_as(text, size, side, !side);
        if (size > 0) check_pieces(text, size, side ? size : 100 + 37 * (size % 11) + text[size / 2] % 64, side);
        for (int l = CPU_BASE; l <= (int)cpu_best(); l++) {
            const skip_functions *skip = skip_for((cpu_level)l);
            int escaped = 0, got_escaped = 0;
            const uint8_t *quote = oracle_quote(text, text + size, &escaped);
            if (size && (*text == '{' || *text == '[')) {
                const uint8_t *closing = oracle_balance(text, text + size);
                if (skip->balance(text, text + size, 0) != closing ||
                    skip->balance(text + 1, text + size, 1) != closing)
                    skip_differs((cpu_level)l, "balance", text, size);
            }
            if (skip_string(text, text + size, &got_escaped) != quote || (quote != NULL && got_escaped != escaped))
                skip_differs((cpu_level)l, "string", text, size);
        }
    }
}

#endif
