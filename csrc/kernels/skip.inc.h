/* The bodies of kernels/skip.h, for one instruction set. */
#include "kernels/skip.h"

/* ---- the check, first half: from bytes to tokens ---- */

enum {
    SKIP_TOKENS = 1024, /* that are gathered before they are looked at */
    SKIP_BLOCKS =
        1 /* after which they are looked at for the first time, so that little is read past a small container */
};

/* What a block hands on to the next of numbers that are more than digits. */
typedef struct {
    uint64_t open; /* whether any other is set, of which bit 0 counts */
    uint64_t mark; /* it ends with 1 a minus, 2 a point, 3 an exponent's sign */
    uint64_t e, fraction_run,
        exponent_run; /* it ends with an e; in the digits of a fraction; in those of an exponent */
    uint64_t infinity; /* bytes that belong to a -Infinity */
    uint64_t zero; /* it ends with a zero after a minus */
    int not_finite; /* whether there was one */
} skip_number;

typedef struct {
    uint64_t open; /* whether any other is set */
    uint64_t escaped, hex; /* whether the first byte is escaped; which of the first four are digits of \u */
} skip_escape;

typedef struct {
    uint32_t commas; /* of what it is in, before it */
    uint32_t container; /* its index */
} skip_open;

typedef struct {
    const uint8_t *start, *end; /* of the text */
    const uint8_t *base; /* what places of tokens count from */
    const uint8_t *noted; /* where the number ends that skip_note_digits was asked of */
    const uint8_t *utf8_next; /* where the next UTF-8 sequence begins, at the earliest */
    skip_index *index;
    skip_found *found;
    skip_number number;
    skip_escape escape;
    skip_lines *lines;
    uint64_t after_value, after_name, after_key, after_open; /* bit 0: what comes first comes after such a token */
    uint64_t after_document, after_line;
    uint64_t object; /* all bits, or none: whether the innermost container is one */
    size_t depth, count;
    uint32_t commas; /* of the innermost container so far */
    uint32_t *place; /* of the tokens gathered: own, or the index's */
    size_t gathered; /* tokens of the index before those */
    uint8_t token[SKIP_TOKENS + 2 * 64]; /* the first byte of each */
    uint32_t own[SKIP_TOKENS + 2 * 64];
    skip_open opened[SKIP_DEPTH];
    uint8_t around[SKIP_DEPTH]; /* whether what a container is in is an object */
} skip_checker;

static int skip_is_digit(uint8_t c) { return (uint8_t)(c - '0') < 10; }

static ALWAYS_INLINE int skip_is_scalar(uint8_t c) {
    return c != ',' && c != ' ' && c != '\n' && c != '\r' && c != '\t' && c != ']' && c != '}' && c != ':' &&
           c != '"' && c != '[' && c != '{';
}

/* Whether a word stands at p, and nothing goes on after it. */
static ALWAYS_INLINE int skip_stands(const uint8_t *p, const uint8_t *end, const char *word, size_t n) {
    return (size_t)(end - p) > n && memcmp(p, word, n) == 0 && !skip_is_scalar(p[n]);
}

/* Take note of the number whose digits fill the block at `at`, if it is an integer that is long. */
static NOINLINE void skip_note_digits(skip_checker *c, const uint8_t *at) {
    const uint8_t *first = at, *last = at;
    if (at < c->noted) return;
    while (first > c->start && skip_is_digit(first[-1])) first--;
    while (last < c->end && skip_is_digit(*last)) last++;
    c->noted = last;
    uint8_t before = first > c->start ? first[-1] : 0;
    if (before == '+' || (before == '-' && first - c->start > 1 && (first[-2] | 0x20) == 'e')) before = 'e';
    if (before == '.' || (before | 0x20) == 'e') return;
    if (last < c->end && (*last == '.' || (*last | 0x20) == 'e')) return;
    if (last - first > SKIP_LONG) c->found->long_integer = 1;
}

/* Where escapes are wrong in the 64 bytes at p. `escaped` are what a backslash is before. */
static NOINLINE uint64_t skip_wrong_escapes(skip_escape *escape, const uint8_t *p, uint64_t escaped) {
    static const char simple[] = "\"\\/bfnrt";
    bytes64 v = bytes64_load(p);
    uint64_t known = 0, u = bytes64_equal(v, 'u') & escaped;
    for (int i = 0; i < 8; i++) known |= bytes64_equal(v, (uint8_t)simple[i]);
    uint64_t wrong = escaped & ~(known | u), due = u << 1 | u << 2 | u << 3 | u << 4 | escape->hex;
    escape->hex = u >> 63 | u >> 62 | u >> 61 | u >> 60;
    if (due) {
        uint64_t hex = bytes64_at_most(v, '9') & ~bytes64_at_most(v, '0' - 1);
        hex |= bytes64_at_most(v, 'F') & ~bytes64_at_most(v, 'A' - 1);
        hex |= bytes64_at_most(v, 'f') & ~bytes64_at_most(v, 'a' - 1);
        wrong |= due & ~hex;
    }
    escape->open = escape->escaped | escape->hex;
    return wrong;
}

/* Where numbers are wrong that may have exponents, or be -Infinity: as skip_wrong_numbers, with v, minus and point as
 * that has them. */
static NOINLINE uint64_t skip_wrong_exponents(skip_number *state, const uint8_t *p, const uint8_t *at,
                                              const uint8_t *end, uint64_t numbers, uint64_t starts, uint64_t digits,
                                              uint64_t digit_before) {
    const bytes64 v = bytes64_load(p);
    const skip_number was = *state;
    uint64_t minus = bytes64_equal(v, '-') & numbers, point = bytes64_equal(v, '.') & numbers;
    uint64_t plus = bytes64_equal(v, '+') & numbers;
    uint64_t e = (bytes64_equal(v, 'e') | bytes64_equal(v, 'E')) & numbers;
    uint64_t others = numbers & ~(digits | minus | plus | point | e);
    state->infinity = 0;
    uint64_t left = starts & minus & ~(digits >> 1); /* those that a digit follows are none */
    if (UNLIKELY(left)) {
        for (; left; left &= left - 1) {
            unsigned place = count_trailing_zeros(left);
            if (!skip_stands(at + place, end, "-Infinity", 9)) continue;
            uint64_t word = (uint64_t)0x1FF << place;
            state->not_finite = 1;
            if (place > 64 - 9) state->infinity = (uint64_t)0x1FF >> (64 - place);
            others &= ~word;
            minus &= ~word;
            starts &= ~word;
        }
    }
    uint64_t after_digit = digits << 1 | digit_before, after_e = e << 1 | was.e, sign = (minus | plus) & ~starts;
    uint64_t wrong = others | (starts & ~(digits | minus));
    wrong |= sign & ~after_e;
    wrong |= plus & starts;
    wrong |= (point | e) & ~after_digit;
    wrong |= ((minus | plus | point) << 1 | (was.mark != 0)) & ~digits;
    wrong |= after_e & ~(digits | sign);
    uint64_t zero = bytes64_equal(v, '0') & digits & ((minus & starts) << 1 | (was.mark == 1));
    wrong |= (zero << 1 | was.zero) & digits;
    /* The digits of a fraction run to their end, by a carry, where no point may be; those of an exponent no e either.
     */
    uint64_t fraction = point << 1 | (was.mark == 2) | was.fraction_run;
    uint64_t exponent = after_e | sign << 1 | (was.mark == 3) | was.exponent_run;
    uint64_t fraction_end = digits + (fraction & digits), exponent_end = digits + (exponent & digits);
    wrong |= ((fraction_end & ~digits) | (was.fraction_run & ~digits)) & point;
    wrong |= ((exponent_end & ~digits) | (was.exponent_run & ~digits)) & (point | e);
    state->fraction_run = fraction_end < digits;
    state->exponent_run = exponent_end < digits;
    state->mark = point >> 63 ? 2 : sign >> 63 ? 3 : minus >> 63;
    state->e = e >> 63;
    state->zero = zero >> 63;
    state->open = state->fraction_run | state->exponent_run | state->mark | state->e | state->infinity | state->zero;
    return wrong;
}

/* Where numbers are wrong that aren't digits alone, in the 64 bytes at p, which are v. `numbers` are their characters,
 * `starts` the first ones of each. That no digit follows a zero at a start is asked of tokens. */
static ALWAYS_INLINE uint64_t skip_wrong_numbers(skip_number *state, bytes64 v, const uint8_t *p, const uint8_t *at,
                                                 const uint8_t *end, uint64_t numbers, uint64_t starts, uint64_t digits,
                                                 uint64_t digit_before) {
    const uint64_t point_before = state->mark == 2, minus_before = state->mark == 1, run_before = state->fraction_run;
    numbers &= ~state->infinity;
    uint64_t minus = bytes64_equal(v, '-') & numbers, point = bytes64_equal(v, '.') & numbers;
    if (UNLIKELY((numbers & ~(digits | minus | point)) | minus >> 63 | state->e | state->exponent_run |
                 state->infinity | (state->mark == 3)))
        return skip_wrong_exponents(state, p, at, end, numbers, starts, digits, digit_before);
    /* No exponents, and a minus has its digit, or what is wrong instead, in this block: what is above, of that. */
    uint64_t fraction = point << 1 | point_before | run_before, fraction_end = digits + (fraction & digits);
    uint64_t wrong = (minus & ~starts) | (starts & ~(digits | minus)) | (point & ~(digits << 1 | digit_before));
    wrong |= ((minus | point) << 1 | point_before | minus_before) & ~digits;
    wrong |= ((fraction_end | run_before) & ~digits) & point;
    uint64_t zero = bytes64_equal(v, '0') & digits & (minus << 1 | minus_before);
    wrong |= (zero << 1 | state->zero) & digits;
    state->zero = zero >> 63;
    state->fraction_run = fraction_end < digits;
    state->mark = point >> 63 ? 2 : 0;
    state->open = state->fraction_run | state->mark | state->zero;
    return wrong;
}

/* Where the 64 bytes at p aren't UTF-8; `at` is their place in the text, which may have been copied from there. */
static NOINLINE uint64_t skip_wrong_utf8(skip_checker *c, const uint8_t *p, const uint8_t *at) {
#if defined(VEC_AVX2)
    if (UNLIKELY(p == c->start)) { /* nothing before may be read */
        uint8_t copy[16 + 64];
        memset(copy, ' ', 16);
        memcpy(copy + 16, p, 64);
        return utf8_mistakes(copy + 16);
    }
    (void)at;
    return utf8_mistakes(p);
#else
    const uint8_t *last = c->end - at < 64 ? c->end : at + 64, *q = c->utf8_next > at ? c->utf8_next : at;
    uint64_t wrong = 0;
    (void)p;
    while (q < last) {
        size_t length = *q < 0x80 ? 1 : utf8_sequence(q, c->end);
        if (length == 0) {
            wrong |= (uint64_t)1 << (q - at);
            length = 1;
        }
        q += length;
    }
    c->utf8_next = q;
    return wrong;
#endif
}

/* Add the tokens of a block at p, which is at `offset` from base, to those gathered. p[64] is readable. */
static ALWAYS_INLINE size_t skip_gather(skip_checker *c, size_t count, const uint8_t *p, bytes64 v, uint64_t tokens,
                                        uint32_t offset) {
    unsigned n = bits_count(tokens);
#if defined(VEC_AVX512)
    static const uint8_t places[64] = {0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15,
                                       16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31,
                                       32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47,
                                       48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63};
    (void)p;
    _mm512_storeu_si512(c->token + count, _mm512_maskz_compress_epi8(tokens, v));
    __m512i place = _mm512_maskz_compress_epi8(tokens, _mm512_loadu_si512(places));
    __m512i from = _mm512_set1_epi32((int)offset);
    _mm512_storeu_si512(c->place + count, _mm512_add_epi32(from, _mm512_cvtepu8_epi32(_mm512_castsi512_si128(place))));
    if (UNLIKELY(n > 16)) {
        uint32_t *out = c->place + count + 16;
        _mm512_storeu_si512(out, _mm512_add_epi32(from, _mm512_cvtepu8_epi32(_mm512_extracti32x4_epi32(place, 1))));
        _mm512_storeu_si512(out + 16,
                            _mm512_add_epi32(from, _mm512_cvtepu8_epi32(_mm512_extracti32x4_epi32(place, 2))));
        _mm512_storeu_si512(out + 32,
                            _mm512_add_epi32(from, _mm512_cvtepu8_epi32(_mm512_extracti32x4_epi32(place, 3))));
    }
#elif defined(VEC_AVX2)
    /* Eight bytes at a time by a table where there are many, or else bit by bit: what is written too much is written
     * over. */
    (void)v;
    uint8_t *token = c->token + count;
    uint32_t *place = c->place + count;
    if (LIKELY(n <= 8)) {
        for (unsigned i = 0; n && i < 8; i++) {
            uint64_t at = bits_first_or_64(tokens);
            token[i] = p[at];
            place[i] = (uint32_t)(offset + at);
            tokens &= tokens - 1;
        }
        return count + n;
    }
    __m256i from = _mm256_set1_epi32((int)offset);
    for (unsigned i = 0; i < 8; i++) {
        unsigned byte = tokens & 0xFF, more = bits_count(byte);
        __m128i places = _mm_loadl_epi64((const __m128i *)&skip_bit_places[byte]);
        __m128i text = _mm_loadl_epi64((const __m128i *)(p + 8 * i));
        _mm_storel_epi64((__m128i *)token, _mm_shuffle_epi8(text, places));
        _mm256_storeu_si256((__m256i *)place, _mm256_add_epi32(from, _mm256_cvtepu8_epi32(places)));
        from = _mm256_add_epi32(from, _mm256_set1_epi32(8));
        token += more;
        place += more;
        tokens >>= 8;
    }
#else
    (void)v;
    /* In eights, so that how many there are is seldom asked: what is written too much is written over. */
    uint8_t *token = c->token + count;
    uint32_t *place = c->place + count;
    for (unsigned done = 0; done < n; done += 8) {
        for (unsigned i = 0; i < 8; i++) {
            uint64_t at = bits_first_or_64(tokens);
            token[i] = p[at];
            place[i] = (uint32_t)(offset + at);
            tokens &= tokens - 1;
        }
        token += 8;
        place += 8;
    }
#endif
    return count + n;
}

/* ---- second half: the grammar of the tokens ---- */

static NOINLINE int skip_is_rare_word(const uint8_t *p, const uint8_t *end) {
    return skip_stands(p, end, "NaN", 3) || skip_stands(p, end, "Infinity", 8);
}

static ALWAYS_INLINE int skip_is_word(const uint8_t *p, const uint8_t *end, skip_found *found) {
    if (*p == 't') return skip_stands(p, end, "true", 4);
    if (*p == 'f') return skip_stands(p, end, "false", 5);
    if (*p == 'n') return skip_stands(p, end, "null", 4);
    if (!skip_is_rare_word(p, end)) return 0;
    found->not_finite = 1;
    return 1;
}

/* Keep only the documents that end before a fault. */
static void skip_drop_documents(skip_lines *lines, size_t fault) {
    while (lines->count && lines->documents[lines->count - 1].end > fault) lines->count--;
}

/* Look at the tokens gathered: 0 to go on, 1 where the container ended, at *stop, -1 where they are no JSON. What a
 * token may be depends on the one before it:
 *
 *     G1  after [ and :, and after a comma in an array     a value, or after [ its closing bracket
 *     G2  after {, and after a comma in an object          a string, which is a key, or after { its closing bracket
 *     G4  after a key                                      a colon, which comes nowhere else
 *     G3  after all others, which are values               a comma, or a closing bracket
 *
 * Of lines, the ends are tokens too: after a document comes one, and after these a document, or another one. */
static ALWAYS_INLINE int skip_judge(skip_checker *c, int indexed, int by_lines, const uint8_t **stop) {
    const uint32_t from_start = (uint32_t)(c->base - c->start);
    skip_index *const index = c->index;
    skip_container *const containers = indexed ? index->containers : NULL;
    skip_lines *const lines = by_lines ? c->lines : NULL;
    /* Copies: the compiler has to take it that a byte that is written changes what is in memory. */
    size_t depth = c->depth, deepest = c->found->depth, container = indexed ? index->count : 0;
    uint64_t inside = c->object;
    uint32_t commas = c->commas;
    for (size_t first = 0; first < c->count; first += 64) {
        size_t n = c->count - first;
        uint64_t valid = n >= 64 ? ~(uint64_t)0 : ((uint64_t)1 << n) - 1, left, ended = 0;
        const uint32_t *places = c->place + first;
        bytes64 v = bytes64_load(c->token + first);
        uint64_t open = bytes64_opens(v), close = bytes64_closes(v);
        uint64_t objects = bytes64_equal(v, '{') | bytes64_equal(v, '}');
        uint64_t colon = bytes64_equal(v, ':'), comma = bytes64_equal(v, ','), string = bytes64_equal(v, '"');
        /* Ends of lines, and what is no token: 0x0C and 0x1A, which look like marks, or what isn't ASCII. */
        uint64_t line = bytes64_less(v, ' '), documents = 0, wrong = line;
        if (by_lines) {
            wrong &= ~bytes64_equal(v, '\n');
            if (UNLIKELY(wrong)) wrong &= ~bytes64_equal(v, '\r');
        }
        /* What begins with neither a letter nor a digit or minus was refused among the bytes. */
        uint64_t words = bytes64_letters(v) & ~(open | close);
        uint64_t after_open = open << 1 | c->after_open, object = inside, commas_left = comma;

        for (left = (open | close) & valid; left; left &= left - 1) {
            unsigned i = count_trailing_zeros(left);
            uint64_t from = ~(uint64_t)0 << i, kind = 0 - (objects >> i & 1), inner;
            if (indexed) {
                commas += bits_count(commas_left & ~from);
                commas_left &= from;
            }
            if (open >> i & 1) {
                if (UNLIKELY(depth == SKIP_DEPTH) ||
                    (by_lines && depth == 0 && UNLIKELY(lines->count == SKIP_LINES_MOST))) {
                    if (!by_lines) return -1;
                    wrong |= from & (0 - from);
                    valid &= ~(from << 1);
                    break;
                }
                if (by_lines && depth == 0) {
                    skip_document *document = &lines->documents[lines->count];
                    document->start = from_start + places[i];
                    document->token = (uint32_t)(c->gathered + first + i);
                    document->container = (uint32_t)container;
                    deepest = 0;
                }
                c->around[depth] = (uint8_t)inside;
                if (indexed) {
                    containers[container].start = from_start + places[i];
                    containers[container].token = (uint32_t)(c->gathered + first + i);
                    c->opened[depth] = (skip_open){.commas = commas, .container = (uint32_t)container};
                    container++;
                    commas = 0;
                }
                depth++;
                deepest = depth > deepest ? depth : deepest;
                inner = kind;
            } else {
                /* The text may be somebody's who has changed the first bracket meanwhile. */
                if (UNLIKELY(kind != inside) || UNLIKELY(depth == 0)) {
                    if (!by_lines) return -1;
                    wrong |= from & (0 - from);
                    valid &= ~(from << 1);
                    break;
                }
                depth--;
                inner = (uint64_t)(int64_t)(int8_t)c->around[depth];
                if (indexed) {
                    skip_open opened = c->opened[depth];
                    skip_container *closed = &containers[opened.container];
                    closed->end = from_start + places[i] + 1;
                    closed->next = (uint32_t)container;
                    closed->after = (uint32_t)(c->gathered + first + i + 1);
                    closed->count = commas + !(after_open >> i & 1);
                    commas = opened.commas;
                }
                if (by_lines && depth == 0) {
                    skip_document *document = &lines->documents[lines->count++];
                    document->end = from_start + places[i] + 1;
                    document->depth = (uint32_t)deepest;
                    documents |= (uint64_t)1 << i;
                } else if (UNLIKELY(depth == 0)) {
                    *stop = c->base + places[i] + 1;
                    ended = 1;
                    valid &= ~from | (uint64_t)1 << i;
                    break;
                }
            }
            inside = inner;
            object ^= (object ^ inner) & from;
        }
        if (indexed) commas += bits_count(commas_left & valid);

        uint64_t g1 = (open & ~objects) | colon | (comma & ~object), g2 = (open & objects) | (comma & object);
        uint64_t after_g1 = g1 << 1 | c->after_value, after_g2 = g2 << 1 | c->after_name;
        uint64_t keys = after_g2 & string, after_key = keys << 1 | c->after_key;
        uint64_t after_value = ~(after_g1 | after_g2 | after_key), after_document = 0, after_line = 0;
        if (by_lines) {
            after_document = documents << 1 | c->after_document;
            after_line = line << 1 | c->after_line;
            after_value &= ~(after_document | after_line);
            wrong |= (after_document & ~line) | (after_line & ~(open | line)) | (after_g1 & line);
        }
        wrong |= after_g1 & (comma | colon);
        wrong |= after_g2 & ~(string | close);
        wrong |= after_value & ~(comma | close);
        wrong |= after_key ^ colon;
        wrong |= close & (after_g1 | after_g2) & ~after_open;
        if (!by_lines && UNLIKELY(wrong & valid)) return -1;
        for (left = bytes64_equal(v, '0') & valid; left; left &= left - 1) {
            const uint8_t *next = c->base + places[count_trailing_zeros(left)] + 1;
            if (LIKELY(next == c->end || !skip_is_digit(*next))) continue;
            if (!by_lines) return -1;
            wrong |= left & (0 - left);
            break;
        }
        for (left = words & valid; left; left &= left - 1) {
            if (LIKELY(skip_is_word(c->base + places[count_trailing_zeros(left)], c->end, c->found))) continue;
            if (!by_lines) return -1;
            wrong |= left & (0 - left);
            break;
        }
        if (by_lines && UNLIKELY(wrong & valid)) {
            skip_drop_documents(lines, from_start + places[count_trailing_zeros(wrong & valid)]);
            index->count = container;
            return -1;
        }
        if (ended) {
            if (indexed) index->count = container;
            c->found->depth = deepest;
            return 1;
        }
        unsigned latest = n < 64 ? (unsigned)n - 1 : 63;
        c->after_value = g1 >> latest & 1;
        c->after_name = g2 >> latest & 1;
        c->after_key = keys >> latest & 1;
        c->after_open = open >> latest & 1;
        if (by_lines) {
            c->after_document = documents >> latest & 1;
            c->after_line = line >> latest & 1;
        }
    }
    c->depth = depth;
    c->found->depth = deepest;
    c->object = inside;
    c->commas = commas;
    if (indexed) index->count = container;
    c->count = 0;
    return 0;
}

/* Make room for the tokens to be gathered next: -1 where there is no memory. */
static NOINLINE int skip_next_places(skip_checker *c) {
    enum { AT_ONCE = SKIP_TOKENS + 2 * 64 };
    if (c->index->places_room < AT_ONCE + c->index->tokens && skip_index_grow_places(c->index, AT_ONCE)) {
        c->found->no_memory = 1;
        return -1;
    }
    c->place = c->index->places + c->index->tokens;
    return 0;
}

static ALWAYS_INLINE int skip_judge_with_index(skip_checker *c, int by_lines, const uint8_t **stop) {
    size_t count = c->count;
    while (c->index->room - c->index->count < count)
        if (skip_index_grow(c->index)) {
            c->found->no_memory = 1;
            return -1;
        }
    int done = skip_judge(c, 1, by_lines, stop);
    c->gathered = c->index->tokens += count;
    return done ? done : skip_next_places(c);
}

static NOINLINE int skip_judge_indexed(skip_checker *c, const uint8_t **stop) {
    return skip_judge_with_index(c, 0, stop);
}

static NOINLINE int skip_judge_lines(skip_checker *c, const uint8_t **stop) {
    return skip_judge_with_index(c, 1, stop);
}

static NOINLINE int skip_judge_plainly(skip_checker *c, const uint8_t **stop) { return skip_judge(c, 0, 0, stop); }

/* ---- both ---- */

/* Go on where a place is. */
static NOINLINE void skip_resume(skip_checker *c, const skip_place *place) {
    c->after_value = place->due == SKIP_VALUE || place->due == SKIP_FIRST_ITEM;
    c->after_name = place->due == SKIP_NAME || place->due == SKIP_FIRST_NAME;
    c->after_open = place->due == SKIP_FIRST_ITEM || place->due == SKIP_FIRST_NAME;
    c->after_key = place->due == SKIP_COLON;
    c->depth = place->depth;
    for (size_t i = 0; i < place->depth; i++) {
        c->around[i] = (uint8_t)c->object;
        c->object = 0 - (uint64_t)(place->objects[i] != 0);
    }
}

/* Stop before the token that is kept, all others having been judged. */
static NOINLINE const uint8_t *skip_pause(const skip_checker *c, skip_place *place, const uint8_t *before) {
    if (before == NULL) return place->at;
    place->at = c->base + c->place[0];
    place->before = before;
    place->due = c->after_key     ? SKIP_COLON
                 : c->after_value ? c->after_open ? SKIP_FIRST_ITEM : SKIP_VALUE
                 : c->after_name  ? c->after_open ? SKIP_FIRST_NAME : SKIP_NAME
                                  : SKIP_AFTER;
    place->depth = c->depth;
    for (size_t i = 1; i < c->depth; i++) place->objects[i - 1] = c->around[i] != 0;
    if (c->depth) place->objects[c->depth - 1] = c->object != 0;
    return place->at;
}

/* With a place the text from p on is gone through in whole blocks, the last token of which is kept back each time that
 * the others are judged: it may go on. */
static ALWAYS_INLINE const uint8_t *skip_check_text(const uint8_t *p, const uint8_t *end, int utf8, int lenient,
                                                    skip_index *index, skip_found *found, int indexed,
                                                    skip_place *resumed, skip_lines *lines) {
    const int by_lines = lines != NULL;
    const uint8_t *const enough = by_lines && end - p > SKIP_LINES ? p + SKIP_LINES : end;
    skip_checker c;
    const uint8_t *stop = NULL, *at = p, *block, *before = NULL;
    uint8_t last[16 + 64 + 1];
    memset(&c, 0, offsetof(skip_checker, token));
    c.start = c.base = c.utf8_next = c.noted = p;
    c.end = end;
    c.index = index;
    c.found = found;
    c.lines = lines;
    if (by_lines) c.after_line = 1;
    else c.after_value = 1; /* what comes first is a value */
    c.place = c.own;
    c.gathered = 0;
    if (indexed && skip_next_places(&c)) return NULL;
    if (!indexed && UNLIKELY(resumed != NULL)) {
        skip_resume(&c, resumed);
        end = p + (end - p - 1) / 64 * 64;
    }
    uint64_t in_string = 0, scalar_before = 0, digit_before = 0, word_before = 0, high_before = 0;
    size_t count = 0, blocks = 0,
           look = indexed ? SIZE_MAX : SKIP_BLOCKS; /* an index is asked for of whole documents */
    BYTES64_KEPT(backslashes, '\\');
    BYTES64_KEPT(quotes, '"');
    BYTES64_KEPT(controls, ' ');
    BYTES64_KEPT_LONG(spaces, ' ');
    BYTES64_KEPT_LONG(digits_a, BYTES64_DIGITS_A);
    BYTES64_KEPT_LONG(digits_b, BYTES64_DIGITS_B);
    for (;;) {
        bytes64 v;
        if (LIKELY(c.end - at > 64)) {
            block = at;
            v = bytes64_load(block);
        } else {
            if (at >= end) return NULL;
            memset(last, ' ', 16);
            if (at > p) memcpy(last + 13, at - 3, 3);
            last[16 + 64] = ' ';
            block = last + 16;
            v = bytes64_load_some(last + 16, at, (size_t)(end - at));
        }
        uint64_t quote = BYTES64_EQUAL(v, quotes, '"'), wrong = 0;
        if (UNLIKELY(BYTES64_HAS(v, backslashes, '\\') | c.escape.open)) {
            uint64_t backslash = BYTES64_EQUAL(v, backslashes, '\\');
            uint64_t escaped = bits_escaped(backslash, &c.escape.escaped);
            quote &= ~escaped;
            found->escapes = 1;
            if (by_lines && backslash) {
                size_t number = (size_t)(at - p) / 64;
                lines->escapes[number / 64] |= (uint64_t)1 << number % 64;
            }
            wrong = skip_wrong_escapes(&c.escape, block, escaped);
        }
        uint64_t in = bits_prefix_xor(quote) ^ in_string;
        in_string = (uint64_t)((int64_t)in >> 63);
        uint64_t less = BYTES64_LESS(v, controls, ' '); /* control characters, and what isn't ASCII */
        if (UNLIKELY((less & in) | high_before)) {
            uint64_t high = bytes64_high(v);
            if (utf8) {
                wrong |= skip_wrong_utf8(&c, block, at);
                high_before = high >> 61;
            }
            if (!lenient) wrong |= less & ~high & in;
        }

        uint64_t marks = BYTES64_MARKS(v, spaces) & ~in, scalar = ~(marks | bytes64_space(v) | quote | in);
        uint64_t starts = scalar & ~(2 * scalar + scalar_before);
        uint64_t letters = bytes64_letters(v) & scalar, digits = BYTES64_DIGITS(v, digits_a, digits_b) & scalar;
        scalar_before = scalar >> 63;
        if (UNLIKELY((scalar ^ letters ^ digits) | (letters & (2 * digits + digit_before)) | c.number.open)) {
            /* The sum has no bit left in the runs that words begin. */
            uint64_t words = (letters & starts) | word_before, beyond = scalar + words, numbers = scalar & beyond;
            word_before = beyond < scalar;
            wrong |= skip_wrong_numbers(&c.number, v, block, at, c.end, numbers, starts & ~letters, digits & numbers,
                                        digit_before);
            digits &= numbers;
        } else word_before = letters >> 63;
        digit_before = digits >> 63;
        if (UNLIKELY(digits == ~(uint64_t)0)) {
            if (by_lines) wrong |= 1; /* to be looked at alone */
            else skip_note_digits(&c, at);
        }

        uint64_t tokens = marks | (quote & in) | starts;
        uint64_t line = by_lines ? less & ~in : 0;
        if (by_lines) {
            tokens |= line;
            PREFETCH(at + 1024);
        }
        count = skip_gather(&c, count, block, v, tokens, (uint32_t)(at - c.base));
        at += 64;
        if (!indexed) blocks++;
        if (UNLIKELY(count > SKIP_TOKENS) || UNLIKELY(wrong != 0) || UNLIKELY(at >= (by_lines ? enough : end)) ||
            UNLIKELY(!indexed && blocks == look)) {
            if (by_lines && at < end) {
                if (at - 64 >= enough && line) end = at; /* this block's are the last documents */
                else if (count <= SKIP_TOKENS && wrong == 0) continue;
            }
            size_t kept = !indexed && UNLIKELY(resumed != NULL) && count > 0;
            c.count = count - kept;
            int done = by_lines  ? skip_judge_lines(&c, &stop)
                       : indexed ? skip_judge_indexed(&c, &stop)
                                 : skip_judge_plainly(&c, &stop);
            if (by_lines && wrong) skip_drop_documents(lines, (size_t)(at - 64 - p) + count_trailing_zeros(wrong));
            if (done < 0 || (wrong && (!done || stop > at - 64 + count_trailing_zeros(wrong)))) return NULL;
            found->not_finite |= c.number.not_finite;
            if (done || (by_lines && at >= end)) return stop;
            if (kept) {
                if (count > 1) before = c.base + c.place[count - 2];
                c.token[0] = c.token[count - 1];
                c.place[0] = c.place[count - 1];
            }
            count = kept;
            if (!indexed && LIKELY(resumed == NULL)) c.base = at; /* of an index all places count from the start */
            else if (!indexed && at >= end) return skip_pause(&c, resumed, before);
            if (!indexed && blocks == look) look = blocks < ((size_t)1 << 16) ? 4 * blocks : blocks + ((size_t)1 << 20);
        }
    }
}

static NOINLINE const uint8_t *skip_check_indexed(const uint8_t *p, const uint8_t *end, skip_index *index,
                                                  skip_found *found) {
    return skip_check_text(p, end, 1, 0, index, found, 1, NULL, NULL);
}

static NOINLINE const uint8_t *skip_check_plainly(const uint8_t *p, const uint8_t *end, skip_found *found,
                                                  skip_place *resumed) {
    return skip_check_text(p, end, 1, 0, NULL, found, 0, resumed, NULL);
}

/* With flags that aren't constant: for what is rare. */
static NOINLINE const uint8_t *skip_check_other(const uint8_t *p, const uint8_t *end, int utf8, int lenient,
                                                skip_index *index, skip_found *found, skip_place *resumed) {
    return skip_check_text(p, end, utf8, lenient, index, found, index != NULL, resumed, NULL);
}

static const uint8_t *skip_check(const uint8_t *p, const uint8_t *end, int utf8, int lenient, skip_index *index,
                                 skip_found *found) {
    found->depth = 0;
    found->long_integer = found->escapes = found->not_finite = found->no_memory = 0;
    if (p == end || (*p != '{' && *p != '[') || (index != NULL && (uint64_t)(end - p) > UINT32_MAX)) return NULL;
    if (!utf8 || lenient) return skip_check_other(p, end, utf8, lenient, index, found, NULL);
    return index != NULL ? skip_check_indexed(p, end, index, found) : skip_check_plainly(p, end, found, NULL);
}

/* Not for processors below AVX2, where there are levels: 8 kB, and lines are checked there too, one by one. */
#if defined(CPU_SUFFIX) || !CPU_HAS_LEVELS
static NOINLINE void skip_check_lines(const uint8_t *p, const uint8_t *end, skip_lines *lines) {
    skip_found found;
    found.depth = 0;
    found.long_integer = found.escapes = found.not_finite = found.no_memory = 0;
    skip_index_clear(&lines->index);
    lines->count = 0;
    if (end - p > SKIP_LINES_LONGEST) end = p + SKIP_LINES_LONGEST;
    memset(lines->escapes, 0, sizeof lines->escapes);
    if (p < end) skip_check_text(p, end, 1, 0, &lines->index, &found, 1, NULL, lines);
}
#else
#define skip_check_lines NULL
#endif

static int skip_advance(skip_place *place, const uint8_t *end, int lenient) {
    enum { MOST = 1 << 30 }; /* bytes: places of tokens are 32 bits wide */
    const uint8_t *p = place->at;
    skip_found found;
    CYJSON_ASSERT(place->depth <= SKIP_DEPTH);
    found.depth = 0;
    found.not_finite = 0;
    place->before = NULL;
    if (end - p > MOST) end = p + MOST;
    if (end - p <= 64) return 0;
    const uint8_t *stop =
        lenient ? skip_check_other(p, end, 1, 1, NULL, &found, place) : skip_check_plainly(p, end, &found, place);
    if (stop == NULL) return -1;
    if (stop == place->at) return 0;
    place->at = stop;
    place->due = SKIP_AFTER;
    place->depth = 0;
    return 1;
}

/* ---- by brackets alone ---- */

typedef struct {
    uint64_t in_string, escaped;
    size_t depth;
} skip_balancer;

/* The place of the bracket in 64 bytes that closes the first, or 64. */
static ALWAYS_INLINE unsigned skip_balance_block(skip_balancer *b, bytes64 v) {
    uint64_t backslash = bytes64_equal(v, '\\'), quote = bytes64_equal(v, '"');
    if (UNLIKELY(backslash | b->escaped)) quote &= ~bits_escaped(backslash, &b->escaped);
    uint64_t in = bits_prefix_xor(quote) ^ b->in_string;
    b->in_string = (uint64_t)((int64_t)in >> 63);
    uint64_t open = bytes64_opens(v) & ~in, close = bytes64_closes(v) & ~in;
    size_t closing = bits_count(close);
    if (LIKELY(b->depth > closing)) {
        b->depth += bits_count(open) - closing;
        return 64;
    }
    /* As many closing brackets as there are levels, and perhaps more than opening ones. */
    size_t before = 0;
    for (; close; close &= close - 1, before++) {
        unsigned place = count_trailing_zeros(close);
        if (b->depth + bits_count(open & (((uint64_t)1 << place) - 1)) == before + 1) return place;
    }
    b->depth += bits_count(open) - before;
    return 64;
}

static const uint8_t *skip_balance(const uint8_t *p, const uint8_t *end, size_t depth) {
    skip_balancer b = {0, 0, depth};
    for (; end - p >= 64; p += 64) {
        unsigned place = skip_balance_block(&b, bytes64_load(p));
        if (place < 64) return p + place + 1;
    }
    if (p == end) return NULL;
    uint8_t last[64];
    unsigned place = skip_balance_block(&b, bytes64_load_some(last, p, (size_t)(end - p)));
    return place < 64 ? p + place + 1 : NULL;
}

const skip_functions CPU_NAME(skip_with) = {skip_check, skip_advance, skip_balance, skip_check_lines};
