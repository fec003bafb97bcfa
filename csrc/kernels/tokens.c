#include "kernels/tokens.h"

#include <stdlib.h>

#include "kernels/number_parse.h"
#include "kernels/scan.h"

void tokens_init(tokens_scanner *s, const skip_functions *skip, int lenient, int many) {
    memset(s, 0, sizeof *s);
    s->skip = skip;
    s->lenient = lenient;
    s->many = many;
}

void tokens_free(tokens_scanner *s) {
    free(s->kinds);
    s->kinds = NULL;
    s->room = s->depth = 0;
}

/* ---- the open containers ---- */

/* Make room for so many: -1 where there is none. */
static int make_room(tokens_scanner *s, size_t depth) { /* it counts bytes that were read: no overflow */
    size_t room = s->room ? s->room : 2;
    while (room < (depth + 63) / 64) room *= 2;
    if (room == s->room) return 0;
    uint64_t *grown = realloc(s->kinds, room * sizeof *grown);
    if (grown == NULL) return -1;
    s->kinds = grown;
    s->room = room;
    return 0;
}

static ALWAYS_INLINE void push(tokens_scanner *s, int is_object) {
    uint64_t bit = (uint64_t)1 << s->depth % 64, *word = &s->kinds[s->depth / 64];
    *word = is_object ? *word | bit : *word & ~bit;
    s->depth++;
}

int tokens_open(tokens_scanner *s, int is_object) {
    if (UNLIKELY(s->depth / 64 == s->room) && make_room(s, s->depth + 1)) return -1;
    push(s, is_object);
    s->state = is_object ? TOKENS_AT_FIRST_KEY : TOKENS_AT_FIRST_ITEM;
    return 0;
}

/* ---- tokens ---- */

typedef enum { PART_DONE, PART_MORE, PART_WRONG } part;

/* A UTF-8 sequence's length, as bytes.decode("utf-8", "surrogatepass") takes it: encoded surrogates pass. 0: not
 * one. */
static ALWAYS_INLINE int sequence_length(const uint8_t *p) {
    uint32_t c;
    int length = scan_utf8(p, &c);
    if (UNLIKELY(length == 0) && p[0] == 0xED && (p[1] & 0xE0) == 0xA0 && (p[2] & 0xC0) == 0x80) return 3;
    return length;
}

/* Whether [p, end) could be the beginning of a UTF-8 sequence that goes on after end. */
static int sequence_may_go_on(const uint8_t *p, const uint8_t *end) {
    size_t n = (size_t)(end - p);
    uint8_t a = p[0];
    size_t length = a < 0xC2 ? 0 : a < 0xE0 ? 2 : a < 0xF0 ? 3 : a < 0xF5 ? 4 : 0;
    if (n >= length) return 0;
    if (n < 2) return 1;
    uint8_t low = a == 0xE0 ? 0xA0 : a == 0xF0 ? 0x90 : 0x80, high = a == 0xF4 ? 0x8F : 0xBF;
    if (p[1] < low || p[1] > high) return 0;
    return n < 3 || (p[2] & 0xC0) == 0x80;
}

/* Go from within a string to after its closing quote. What is passed is passed in whole parts: *at is at the beginning
 * of an escape or of a character where PART_MORE or PART_WRONG is the answer. */
static part pass_string(const tokens_scanner *s, const uint8_t **at, const uint8_t *end, int final) {
    const uint8_t *p = *at;
    for (;;) {
        p = *at = scan_plain(p, end, 1, 1);
        uint8_t c = *p;
        if (LIKELY(c == '"')) {
            *at = p + 1;
            return PART_DONE;
        }
        if (p == end) return final ? PART_WRONG : PART_MORE;
        if (c == '\\') {
            if (end - p < 2) return final ? PART_WRONG : PART_MORE;
            switch (p[1]) {
            case '"':
            case '\\':
            case '/':
            case 'b':
            case 'f':
            case 'n':
            case 'r':
            case 't': p += 2; continue;
            case 'u':
                for (int i = 2; i < 6; i++) {
                    if (p + i == end) return final ? PART_WRONG : PART_MORE;
                    if (scan_hex_value[p[i]] > 0xF) return PART_WRONG;
                }
                p += 6;
                if (p == end) return final ? PART_WRONG : PART_MORE; /* which the interpreter calls incomplete */
                continue;
            default: return PART_WRONG;
            }
        }
        if (c >= 0x80) {
            int length;
            while (*p >= 0x80 && (length = sequence_length(p)) != 0) p += length; /* stops at the zero at end */
            *at = p;
            if (*p < 0x80) continue;
            return !final && sequence_may_go_on(p, end) ? PART_MORE : PART_WRONG;
        }
        if (!s->lenient) return PART_WRONG;
        p++;
    }
}

/* Behind the run of digits at p; *end is zero. */
static ALWAYS_INLINE const uint8_t *pass_digits(const uint8_t *p, const uint8_t *end) {
    while (end - p >= 8 && !number_non_digits(load_8(p) ^ NUMBER_ASCII_ZEROS)) p += 8;
    while (number_is_digit(*p)) p++;
    return p;
}

/* Go from within a number (s->state) to its end: PART_DONE or PART_MORE. Where a fraction or an exponent is
 * malformed the number ends before it, as for number_parse. */
static part pass_number(tokens_scanner *s, const uint8_t **at, const uint8_t *end, int final) {
    const uint8_t *p = *at;
    switch (s->state) {
    case TOKENS_IN_DIGITS:
        p = pass_digits(p, end);
        if (p == end) break;
        s->state = TOKENS_IN_POINT; /* fall through */
    case TOKENS_IN_POINT:
        if (p == end) break;
        if (*p != '.') goto exponent;
        if (p + 1 == end) break;
        if (!number_is_digit(p[1])) goto done;
        p++;
        s->state = TOKENS_IN_FRACTION; /* fall through */
    case TOKENS_IN_FRACTION:
        p = pass_digits(p, end);
        if (p == end) break;
exponent:
        s->state = TOKENS_IN_E; /* fall through */
    case TOKENS_IN_E:
        if ((*p | 0x20) != 'e') goto done;
        {
            const uint8_t *q = p + 1;
            if (q < end && (*q == '+' || *q == '-')) q++;
            if (q >= end) break;
            if (!number_is_digit(*q)) goto done;
            p = q;
        }
        s->state = TOKENS_IN_EXPONENT; /* fall through */
    default:
        p = pass_digits(p, end);
        if (p == end) break;
done:
        *at = p;
        return PART_DONE;
    }
    *at = p;
    return final ? PART_DONE : PART_MORE;
}

/* The constant that stands at *at, if one does. */
static part pass_constant(const uint8_t **at, const uint8_t *end, int final) {
    static const char *const names[] = {"true", "false", "null", "NaN", "Infinity", "-Infinity"};
    size_t here = (size_t)(end - *at);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        size_t length = strlen(names[i]), n = here < length ? here : length;
        if (memcmp(*at, names[i], n)) continue;
        if (n < length) return final ? PART_WRONG : PART_MORE;
        *at += length;
        return PART_DONE;
    }
    return PART_WRONG;
}

/* Whether a byte belongs to a number or constant: two of them that nothing parts are no two documents. */
static int is_bare(uint8_t c) {
    return number_is_digit(c) || (uint8_t)((c | 0x20) - 'a') < 26 || c == '-' || c == '+' || c == '.';
}

token_kind tokens_next(tokens_scanner *s, const uint8_t *text, size_t size, int final, int find) {
    const uint8_t *p = text + s->at, *end = text + size;
    part answer;
    CYJSON_ASSERT(s->at <= size && *end == 0);
    for (;;) {
        if (s->state < TOKENS_IN_KEY) {
            p = scan_space(p, end, 1);
            s->at = (size_t)(p - text);
            if (p == end) {
                if (!final) return TOKEN_MORE;
                return s->state == TOKENS_AFTER && s->depth == 0 ? TOKEN_END : TOKEN_ERROR;
            }
        }
        switch (s->state) {
        case TOKENS_AFTER:
            if (s->depth == 0) {
                if (!s->many || (is_bare(p == text ? s->last : p[-1]) && is_bare(*p))) return TOKEN_ERROR;
                s->state = TOKENS_AT_DOCUMENT;
                continue;
            }
            if (*p == ',') {
                s->mark = s->at;
                s->state = tokens_in_object(s) ? TOKENS_AT_KEY : TOKENS_AT_ITEM;
                p++;
                continue;
            }
            if (*p != (tokens_in_object(s) ? '}' : ']')) return TOKEN_ERROR;
            goto close;

        case TOKENS_AT_FIRST_KEY:
            if (*p == '}') goto close; /* fall through */
        case TOKENS_AT_KEY:
            if (*p != '"') return TOKEN_ERROR;
            s->mark = s->at;
            s->state = TOKENS_IN_KEY;
            p++; /* fall through */
        case TOKENS_IN_KEY:
            answer = pass_string(s, &p, end, final);
            s->at = (size_t)(p - text);
            if (answer != PART_DONE) return answer == PART_MORE ? TOKEN_MORE : TOKEN_ERROR;
            s->state = TOKENS_AT_COLON;
            return TOKEN_KEY;

        case TOKENS_AT_COLON:
            if (*p != ':') return TOKEN_ERROR;
            s->state = TOKENS_AT_MEMBER;
            p++;
            continue;

        case TOKENS_AT_FIRST_ITEM:
            if (*p == ']') goto close; /* fall through */
        case TOKENS_AT_DOCUMENT:
        case TOKENS_AT_ITEM:
        case TOKENS_AT_MEMBER:
            if (find) return TOKEN_VALUE;
            switch (*p) {
            case '"':
                s->mark = s->at;
                s->state = TOKENS_IN_STRING;
                p++;
                continue;
            case '{':
            case '[':
                if (tokens_open(s, *p == '{')) return TOKEN_NO_MEMORY;
                s->mark = s->at++;
                return *p == '{' ? TOKEN_START_OBJECT : TOKEN_START_ARRAY;
            case '-':
                if (end - p < 2) return final ? TOKEN_ERROR : TOKEN_MORE;
                if (p[1] == 'I') break;
                if (!number_is_digit(p[1])) return TOKEN_ERROR;
                s->mark = s->at;
                s->state = *++p == '0' ? TOKENS_IN_POINT : TOKENS_IN_DIGITS;
                p++;
                goto number;
            default:
                if (!number_is_digit(*p)) break;
                s->mark = s->at;
                s->state = *p == '0' ? TOKENS_IN_POINT : TOKENS_IN_DIGITS;
                p++;
                goto number;
            }
            answer = pass_constant(&p, end, final);
            if (answer != PART_DONE) return answer == PART_MORE ? TOKEN_MORE : TOKEN_ERROR;
            s->mark = s->at;
            goto scalar;

        case TOKENS_IN_STRING:
            answer = pass_string(s, &p, end, final);
            s->at = (size_t)(p - text);
            if (answer != PART_DONE) return answer == PART_MORE ? TOKEN_MORE : TOKEN_ERROR;
            goto scalar;

number:
        default:
            answer = pass_number(s, &p, end, final);
            s->at = (size_t)(p - text);
            if (answer != PART_DONE) return TOKEN_MORE;
            goto scalar;
        }
    }

scalar:
    s->at = (size_t)(p - text);
    s->state = TOKENS_AFTER;
    return TOKEN_SCALAR;

close:
    s->mark = s->at++;
    s->state = TOKENS_AFTER;
    s->depth--;
    return *p == '}' ? TOKEN_END_OBJECT : TOKEN_END_ARRAY;
}

/* Go on by the kernel that skips, until `depth` containers are open, or as far as it goes: 1 where it was of use, -1
 * where there is no memory. */
static NOINLINE int skip_quickly(tokens_scanner *s, const uint8_t *text, size_t size, size_t depth) {
    static const skip_due dues[] = {
        [TOKENS_AT_DOCUMENT] = SKIP_VALUE, [TOKENS_AT_FIRST_ITEM] = SKIP_FIRST_ITEM,
        [TOKENS_AT_ITEM] = SKIP_VALUE,     [TOKENS_AT_FIRST_KEY] = SKIP_FIRST_NAME,
        [TOKENS_AT_KEY] = SKIP_NAME,       [TOKENS_AT_COLON] = SKIP_COLON,
        [TOKENS_AT_MEMBER] = SKIP_VALUE,   [TOKENS_AFTER] = SKIP_AFTER,
    };
    static const tokens_state states[] = {
        [SKIP_VALUE] = TOKENS_AT_ITEM,           [SKIP_FIRST_ITEM] = TOKENS_AT_FIRST_ITEM, [SKIP_NAME] = TOKENS_AT_KEY,
        [SKIP_FIRST_NAME] = TOKENS_AT_FIRST_KEY, [SKIP_COLON] = TOKENS_AT_COLON,           [SKIP_AFTER] = TOKENS_AFTER,
    };
    skip_place place;
    place.at = text + s->at;
    place.depth = s->depth - depth;
    if (place.depth == 0 && *place.at != '{' && *place.at != '[') return 0;
    if (place.depth > SKIP_DEPTH) return 0;
    for (size_t i = depth; i < s->depth; i++) place.objects[i - depth] = s->kinds[i / 64] >> i % 64 & 1;
    place.due = dues[s->state];
    int ended = s->skip->advance(&place, text + size, s->lenient);
    if (ended < 0 || (!ended && place.before == NULL)) return 0;
    if (make_room(s, depth + place.depth)) return -1;
    s->at = (size_t)(place.at - text);
    s->mark = ended ? s->at - 1 : (size_t)(place.before - text);
    s->depth = depth;
    for (size_t i = 0; i < place.depth; i++) push(s, place.objects[i]);
    s->state = states[place.due];
    if (place.due == SKIP_VALUE && place.objects[place.depth - 1]) s->state = TOKENS_AT_MEMBER;
    return 1;
}

token_kind tokens_skip(tokens_scanner *s, const uint8_t *text, size_t size, int final, size_t depth) {
    enum { WORTH = 128 }; /* bytes */
    token_kind token;
    int quick = s->skip != NULL;
    do {
        if (quick && size - s->at >= WORTH && s->state < TOKENS_IN_KEY) {
            quick = skip_quickly(s, text, size, depth);
            if (UNLIKELY(quick < 0)) return TOKEN_NO_MEMORY;
            if (s->depth == depth && s->state == TOKENS_AFTER) break;
        }
        token = tokens_next(s, text, size, final, 0);
        if (token < TOKEN_KEY) return token;
    } while (s->depth > depth || s->state != TOKENS_AFTER);
    return TOKEN_SCALAR;
}

void tokens_passed(tokens_scanner *s, size_t end) {
    s->at = end;
    s->state = TOKENS_AFTER;
}

void tokens_drop(tokens_scanner *s, const uint8_t *text, size_t n) {
    CYJSON_ASSERT(n <= s->at);
    if (s->at == n && n > 0) s->last = text[n - 1];
    s->at -= n;
    s->mark = s->mark < n || s->mark == TOKENS_LOST ? TOKENS_LOST : s->mark - n;
}

void tokens_advance(tokens_position *position, const uint8_t *text, size_t n) {
    enum { RUN = 240 }; /* bytes of which the counts fit in a byte, so that they are taken in vectors of bytes */
    uint64_t characters = 0, lines = 0;
    for (size_t from = 0; from < n; from += RUN) {
        uint8_t some_characters = 0, some_lines = 0;
        size_t to = n - from < RUN ? n : from + RUN;
        for (size_t i = from; i < to; i++) {
            some_characters = (uint8_t)(some_characters + ((int8_t)text[i] >= -64)); /* not 10xxxxxx */
            some_lines = (uint8_t)(some_lines + (text[i] == '\n'));
        }
        characters += some_characters;
        lines += some_lines;
    }
    if (lines) {
        size_t last = n, behind = 0;
        while (text[last - 1] != '\n') behind += (text[--last] & 0xC0) != 0x80;
        position->line_start = position->characters + characters - behind;
    }
    position->bytes += n;
    position->characters += characters;
    position->lines += lines;
}
