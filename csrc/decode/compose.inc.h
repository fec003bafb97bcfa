/* Strings, and those that are put together in the scratch buffer: with escapes, or not in ASCII. The one part of the
 * decoder that gains by AVX-512: up to half of the time. */

static ALWAYS_INLINE PyObject *make_ascii(decoder *d, const uint8_t *p, size_t n) {
    if (UNLIKELY(n <= 1)) return n ? Py_NewRef(d->state->ascii[*p]) : PyUnicode_New(0, 0);
    PyObject *str = compat_ascii_like(d->state->ascii_model, (Py_ssize_t)n, d->watched);
    if (LIKELY(str != NULL)) copy_short(compat_ascii_room(str), p, n);
    return assert_consistent(str);
}

/* n ASCII characters, stored in two or four bytes each. [p, end) is readable. */
static ALWAYS_INLINE PyObject *make_ascii_narrowed(decoder *d, const uint8_t *p, const uint8_t *end, size_t n,
                                                   int width) {
    uint8_t narrow[WIDE_SHORT];
    if (n <= WIDE_SHORT && scan_narrow_ascii(narrow, p, end, n, width)) return make_ascii(d, narrow, n);
    if (UNLIKELY(n <= 1)) return n ? Py_NewRef(d->state->ascii[scan_read(p, width)]) : PyUnicode_New(0, 0);
    PyObject *str = compat_ascii_like(d->state->ascii_model, (Py_ssize_t)n, d->watched);
    if (LIKELY(str != NULL)) scan_narrow(PyUnicode_1BYTE_DATA(str), p, n, width);
    return assert_consistent(str);
}

/* n characters of a str, at their final width; `all` are the bits that are set in any of them. [p, end) is readable. */
static ALWAYS_INLINE PyObject *make_str(decoder *d, const uint8_t *p, const uint8_t *end, size_t n, int width,
                                        uint32_t all) {
    if (all < 0x80) return width == 1 ? make_ascii(d, p, n) : make_ascii_narrowed(d, p, end, n, width);
    if (n == 1 || (width == 4 && all >= 0x100 && all < 0x10000))
        return PyUnicode_FromKindAndData(width, p, (Py_ssize_t)n);
    if (width > 1 && all < 0x100) {
        PyObject *str = PyUnicode_New((Py_ssize_t)n, 0xFF);
        if (LIKELY(str != NULL)) scan_narrow(PyUnicode_1BYTE_DATA(str), p, n, width);
        return assert_consistent(str);
    }
    PyObject *str = PyUnicode_New((Py_ssize_t)n, width == 1 ? 0xFF : width == 2 ? 0xFFFF : 0x10FFFF);
    if (LIKELY(str != NULL)) copy_short(PyUnicode_DATA(str), p, n * (size_t)width);
    return assert_consistent(str);
}

/* The text being put together in a decoder's scratch: characters of `width` bytes up to out. */
typedef struct {
    uint8_t *out;
    int width;
    int high; /* UTF-8 sources, width 1: a character from 0x80 on is there */
} composed;

static NOINLINE int scratch_grow(decoder *d, composed *c, size_t need) {
    size_t used = (size_t)(c->out - d->scratch), room = 2 * (size_t)(d->scratch_limit - d->scratch);
    if (room < used + need) room = used + need;
    uint8_t *old = d->on_heap & SCRATCH_ON_HEAP ? d->scratch : NULL;
    uint8_t *grown = PyMem_Realloc(old, room);
    if (grown == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    if (old == NULL) memcpy(grown, d->scratch, used);
    d->on_heap |= SCRATCH_ON_HEAP;
    d->scratch = grown;
    d->scratch_limit = grown + room;
    c->out = grown + used;
    return 0;
}

static ALWAYS_INLINE int scratch_room(decoder *d, composed *c, size_t need) {
    return LIKELY((size_t)(d->scratch_limit - c->out) >= need) ? 0 : scratch_grow(d, c, need);
}

/* n characters become wider ones, from the last to the first so that it works in place: what is written comes after
 * all that is still to be read. */
static ALWAYS_INLINE void widen_in_place(uint8_t *p, size_t n, int width, int to_width) {
    const size_t block = 16 / (unsigned)width;
    for (; n % block != 0; n--)
        scan_write(p + (n - 1) * (unsigned)to_width, scan_read(p + (n - 1) * (unsigned)width, width), to_width);
    for (; n != 0; n -= block)
        vec_store_widened(p + (n - block) * (unsigned)to_width, to_width, vec_load(p + (n - block) * (unsigned)width),
                          width);
}

/* Go over to characters of `width` bytes. */
static NOINLINE int composed_widen(decoder *d, composed *c, int width) {
    size_t n = scan_characters((size_t)(c->out - d->scratch), c->width);
    if (scratch_room(d, c, n * (size_t)(width - c->width) + 128)) return -1;
    if (width == 2) widen_in_place(d->scratch, n, 1, 2);
    else if (c->width == 1) widen_in_place(d->scratch, n, 1, 4);
    else widen_in_place(d->scratch, n, 2, 4);
    c->out = d->scratch + n * (size_t)width;
    c->width = width;
    return 0;
}

/* Append a character, for which there are four bytes of room. -1 with MemoryError set. */
static ALWAYS_INLINE int append_character(decoder *d, composed *c, uint32_t character) {
    CYJSON_ASSERT(d->scratch_limit - c->out >= 4 && character <= 0x10FFFF);
    if (UNLIKELY(character > (c->width == 1   ? 0xFFu
                              : c->width == 2 ? 0xFFFFu
                                              : 0x10FFFFu)) &&
        composed_widen(d, c, character > 0xFFFF ? 4 : 2))
        return -1;
    scan_write(c->out, character, c->width);
    c->high |= character >= 0x80;
    c->out += c->width;
    return 0;
}

/* What a two-character escape means; 0 where it is none. */
static const uint8_t escape_meaning[128] = {
    ['"'] = '"', ['\\'] = '\\', ['/'] = '/', ['b'] = '\b', ['f'] = '\f', ['n'] = '\n', ['r'] = '\r', ['t'] = '\t',
};

/* Read the escape whose backslash is at p: its code point into *character; the position after it, or NULL if malformed.
 * An escaped surrogate pair is one character, a lone surrogate stands for itself, as in the stdlib; orjson refuses it.
 */
static ALWAYS_INLINE const uint8_t *read_escape(const decoder *d, const uint8_t *p, const uint8_t *end, int width,
                                                uint32_t *character) {
    uint32_t letter = scan_read(p + width, width); /* a backslash isn't at end, so what follows is readable */
    p += 2 * width;
    if (letter != 'u') {
        *character = letter < 128 ? escape_meaning[letter] : 0;
        return *character ? p : NULL;
    }
    if (UNLIKELY(end - p < 4 * width)) return NULL;
    int32_t unit = scan_hex4(p, width);
    if (UNLIKELY(unit < 0)) return NULL;
    p += 4 * width;
    *character = (uint32_t)unit;
    if (LIKELY((unit & 0xF800) != 0xD800)) return p;
    if ((unit & 0xFC00) == 0xD800 && end - p >= 6 * width && scan_read(p, width) == '\\' &&
        scan_read(p + width, width) == 'u') {
        int32_t low = scan_hex4(p + 2 * width, width);
        if (UNLIKELY(low < 0)) return NULL;
        if ((low & 0xFC00) == 0xDC00) {
            *character = 0x10000 + (((uint32_t)unit & 0x3FF) << 10 | ((uint32_t)low & 0x3FF));
            return p + 6 * width;
        }
    }
    return UNLIKELY(d->options->as_orjson) ? NULL : p;
}

static ALWAYS_INLINE PyObject *composed_of(decoder *d, size_t n, int width) {
    return make_str(d, d->scratch, d->scratch_limit, n, width, scan_all_bits(d->scratch, n, width));
}

static PyObject *composed_str(decoder *d, const composed *c, text_form form) {
    Py_ssize_t n = (Py_ssize_t)scan_characters((size_t)(c->out - d->scratch), c->width);
    if (form != TEXT_UTF8) { /* it may fit a narrower kind */
        if (c->width == 1) return composed_of(d, (size_t)n, 1);
        return c->width == 2 ? composed_of(d, (size_t)n, 2) : composed_of(d, (size_t)n, 4);
    }
    if (c->width == 1 && !c->high) return make_ascii(d, d->scratch, (size_t)n);
    if (n == 1) return PyUnicode_FromKindAndData(c->width, d->scratch, n); /* the shared Latin-1 characters */
    PyObject *str = PyUnicode_New(n, c->width == 1 ? 0xFF : c->width == 2 ? 0xFFFF : 0x10FFFF);
    if (str != NULL) memcpy(PyUnicode_DATA(str), d->scratch, (size_t)n * (size_t)c->width);
    return assert_consistent(str);
}

#if defined(VEC_AVX512)
/* A block of UTF-8: its n characters' first bytes, those after them and so on, each moved together (VPCOMPRESSB), which
 * puts the parts of a character into the same lane; p has 67 readable bytes. */
typedef struct {
    __m512i bytes[4];
} utf8_block;

static ALWAYS_INLINE utf8_block utf8_block_at(const uint8_t *p, __mmask64 lead, int longest) {
    utf8_block block;
    for (int i = 0; i < longest; i++) block.bytes[i] = _mm512_maskz_compress_epi8(lead, _mm512_loadu_si512(p + i));
    return block;
}

/* Append a block's n characters of up to three bytes, 1 <= n <= 64; LEFT where one isn't well formed. */
static ALWAYS_INLINE outcome append_block(decoder *d, composed *c, const uint8_t *p, __mmask64 lead, size_t n) {
    const __m512i low6 = _mm512_set1_epi16(0x3F);
    utf8_block block = utf8_block_at(p, lead, 3);
    __m512i units[2];
    __mmask32 wide = 0, high = 0, bad = 0;
    for (int half = 0; half < 2; half++) {
        __m512i parts[3];
        for (int i = 0; i < 3; i++)
            parts[i] = _mm512_cvtepu8_epi16(half ? _mm512_extracti64x4_epi64(block.bytes[i], 1)
                                                 : _mm512_castsi512_si256(block.bytes[i]));
        __m512i a = parts[0], b = _mm512_and_si512(parts[1], low6), e = _mm512_and_si512(parts[2], low6);
        __mmask32 is_two = _mm512_cmpge_epu16_mask(a, _mm512_set1_epi16(0xC0)),
                  is_three = _mm512_cmpge_epu16_mask(a, _mm512_set1_epi16(0xE0));
        __m512i ab = _mm512_or_si512(_mm512_slli_epi16(_mm512_and_si512(a, _mm512_set1_epi16(0x1F)), 6), b);
        __m512i abe = _mm512_or_si512(_mm512_slli_epi16(ab, 6), e); /* the upper bits of a leave at the top */
        units[half] = _mm512_mask_mov_epi16(_mm512_mask_mov_epi16(a, is_two, ab), is_three, abe);
        bad |= _mm512_mask_cmplt_epu16_mask(is_two, units[half], _mm512_set1_epi16(0x80));
        bad |= _mm512_mask_cmplt_epu16_mask(is_three, units[half], _mm512_set1_epi16(0x800));
        bad |= _mm512_mask_cmpeq_epi16_mask(is_three, _mm512_and_si512(units[half], _mm512_set1_epi16((short)0xF800)),
                                            _mm512_set1_epi16((short)0xD800));
        wide |= _mm512_cmpge_epu16_mask(units[half], _mm512_set1_epi16(0x100));
        high |= is_two;
    }
    if (bad) return LEFT;
    if (wide && c->width == 1 && composed_widen(d, c, 2)) return FAILED;
    if (scratch_room(d, c, 64 * (size_t)c->width + 64)) return FAILED;
    for (int half = 0; half < 2; half++) {
        uint8_t *out = c->out + half * 32 * c->width;
        if (c->width == 1) _mm256_storeu_si256((__m256i *)out, _mm512_cvtepi16_epi8(units[half]));
        else if (c->width == 2) _mm512_storeu_si512(out, units[half]);
        else {
            _mm512_storeu_si512(out, _mm512_cvtepu16_epi32(_mm512_castsi512_si256(units[half])));
            _mm512_storeu_si512(out + 64, _mm512_cvtepu16_epi32(_mm512_extracti64x4_epi64(units[half], 1)));
        }
    }
    c->high |= high != 0;
    c->out += n * (size_t)c->width;
    return DONE;
}

/* The same of characters of up to four bytes. */
static ALWAYS_INLINE outcome append_wide_block(decoder *d, composed *c, const uint8_t *p, __mmask64 lead, size_t n) {
    const __m512i low6 = _mm512_set1_epi32(0x3F);
    utf8_block block = utf8_block_at(p, lead, 4);
    if (UNLIKELY(c->width < 4) && composed_widen(d, c, 4)) return FAILED;
    if (scratch_room(d, c, 64 * 4 + 64)) return FAILED;
    for (size_t done = 0; done < n; done += 16) {
        __m512i parts[4];
        for (int i = 0; i < 4; i++) {
            parts[i] = _mm512_cvtepu8_epi32(_mm512_castsi512_si128(block.bytes[i]));
            block.bytes[i] = _mm512_alignr_epi64(block.bytes[i], block.bytes[i], 2); /* the next 16 */
        }
        __m512i a = parts[0];
        __mmask16 is_two = _mm512_cmpge_epu32_mask(a, _mm512_set1_epi32(0xC0)),
                  is_three = _mm512_cmpge_epu32_mask(a, _mm512_set1_epi32(0xE0));
        __mmask16 is_four = _mm512_cmpge_epu32_mask(a, _mm512_set1_epi32(0xF0));
        __m512i two = _mm512_or_si512(_mm512_slli_epi32(_mm512_and_si512(a, _mm512_set1_epi32(0x1F)), 6),
                                      _mm512_and_si512(parts[1], low6));
        __m512i three = _mm512_or_si512(_mm512_slli_epi32(two, 6), _mm512_and_si512(parts[2], low6));
        __m512i four = _mm512_or_si512(_mm512_slli_epi32(three, 6), _mm512_and_si512(parts[3], low6));
        four = _mm512_and_si512(four, _mm512_set1_epi32(0x1FFFFF)); /* without the first byte's mark */
        __m512i units = _mm512_mask_mov_epi32(
            _mm512_mask_mov_epi32(_mm512_mask_mov_epi32(a, is_two, two), is_three, three), is_four, four);
        __mmask16 bad =
            _mm512_mask_cmplt_epu32_mask(is_two, units, _mm512_set1_epi32(0x80)) |
            _mm512_mask_cmplt_epu32_mask(is_three, units, _mm512_set1_epi32(0x800)) |
            _mm512_cmpeq_epi32_mask(_mm512_and_si512(units, _mm512_set1_epi32(0x1FF800)), _mm512_set1_epi32(0xD800)) |
            _mm512_mask_cmplt_epu32_mask(is_four, units, _mm512_set1_epi32(0x10000)) |
            _mm512_cmpgt_epu32_mask(units, _mm512_set1_epi32(0x10FFFF));
        if (bad) return LEFT; /* what is stored so far isn't counted */
        _mm512_storeu_si512(c->out + 4 * done, units);
    }
    c->high = 1;
    c->out += 4 * n;
    return DONE;
}

/* Append what comes next of UTF-8, 64 bytes at a time, as long as it is well formed and the text goes on for more than
 * that. What this leaves is left to scan_utf8: its position, or NULL with MemoryError set. */
static NOINLINE const uint8_t *compose_blocks(decoder *d, composed *c, const uint8_t *p) {
    int ended = 0;
    outcome appended = DONE;
    while (!ended && d->end - p >= 67) {
        __m512i v = _mm512_loadu_si512(p);
        __mmask64 special = scan_specials_64(v, 1) | _mm512_cmpge_epu8_mask(v, _mm512_set1_epi8((char)0xF8));
        __mmask64 two = _mm512_cmpge_epu8_mask(v, _mm512_set1_epi8((char)0xC0)),
                  three = _mm512_cmpge_epu8_mask(v, _mm512_set1_epi8((char)0xE0));
        __mmask64 four = _mm512_cmpge_epu8_mask(v, _mm512_set1_epi8((char)0xF0));
        __mmask64 lead = two | _mm512_cmplt_epu8_mask(v, _mm512_set1_epi8((char)0x80)),
                  after = two << 1 | three << 2 | four << 3;
        /* Up to the special character, or else to the last that begins in the first 61 bytes, which may not be
         * whole. */
        unsigned stop = special ? count_trailing_zeros(special) : 64;
        ended = stop <= 60;
        if (!ended) stop = 63 - count_leading_zeros((lead & 0x1FFFFFFFFFFFFFFF) | 1);
        __mmask64 here = _bzhi_u64(~(uint64_t)0, stop);
        if (stop == 0 || ((after ^ ~lead) & here) || (after >> stop & 1)) break;
        lead &= here;
        size_t n = (size_t)__builtin_popcountll(lead);
        appended = four & here ? append_wide_block(d, c, p, lead, n) : append_block(d, c, p, lead, n);
        if (UNLIKELY(appended != DONE)) break;
        p += stop;
    }
    return UNLIKELY(appended == FAILED) ? NULL : p;
}

/* Append what comes next of plain characters of two or four bytes, 64 bytes at a time, as long as there are so many:
 * the position of what this leaves, or NULL with MemoryError set. */
static ALWAYS_INLINE const uint8_t *compose_plain(decoder *d, composed *c, const uint8_t *p, int width) {
    for (unsigned stop = 64; stop == 64 && d->end - p >= 64; p += stop, c->out += stop) {
        __m512i v = _mm512_loadu_si512(p);
        uint64_t ends = scan_specials_64(v, width);
        stop = ends ? count_trailing_zeros(ends) * (unsigned)width : 64;
        if (scratch_room(d, c, 128)) return NULL;
        _mm512_storeu_si512(c->out, v);
    }
    return p;
}

/* Append what comes next of one-byte characters and escapes of two characters, 64 bytes at a time: what the letters
 * stand for takes their place, and the backslashes are left out (VPCOMPRESSB). What this leaves is left to the caller:
 * its position, or NULL with MemoryError set. The text so far is of one-byte characters too, and p stands outside an
 * escape. */
static ALWAYS_INLINE const uint8_t *compose_escapes(decoder *d, composed *c, const uint8_t *p, int ascii_only) {
    /* b, f, n, r and t by the exclusive or of their two hexadecimal digits */
    const __m512i meanings =
        _mm512_broadcast_i32x4(_mm_setr_epi8('\f', 0, 0, '\t', '\b', '\r', 0, 0, '\n', 0, 0, 0, 0, 0, 0, 0));
    for (unsigned stop = 64; stop == 64 && d->end - p >= 64; p += stop) {
        __m512i v = _mm512_loadu_si512(p);
        __mmask64 backslash = _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('\\')),
                  quote = _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('"'));
        uint64_t begins = backslash;
        if (UNLIKELY(backslash & backslash << 1)) {
            begins = 0; /* of two in succession the second doesn't begin an escape */
            for (uint64_t rest = backslash; rest;) {
                uint64_t lowest = rest & (~rest + 1);
                begins |= lowest;
                rest &= ~(lowest | lowest << 1);
            }
        }
        __mmask64 escaped = begins << 1;
        __mmask64 letters = _mm512_mask_cmpeq_epi8_mask(escaped, v, _mm512_set1_epi8('n')) |
                            _mm512_mask_cmpeq_epi8_mask(escaped, v, _mm512_set1_epi8('t')) |
                            _mm512_mask_cmpeq_epi8_mask(escaped, v, _mm512_set1_epi8('r')) |
                            _mm512_mask_cmpeq_epi8_mask(escaped, v, _mm512_set1_epi8('b')) |
                            _mm512_mask_cmpeq_epi8_mask(escaped, v, _mm512_set1_epi8('f'));
        __mmask64 known =
            letters | (escaped & (backslash | quote)) | _mm512_mask_cmpeq_epi8_mask(escaped, v, _mm512_set1_epi8('/'));
        uint64_t ends =
            (quote & ~escaped) | _mm512_cmplt_epu8_mask(v, _mm512_set1_epi8(0x20)) | (begins & ~(known >> 1));
        if (ascii_only) ends |= _mm512_movepi8_mask(v);
        stop = ends ? count_trailing_zeros(ends) : 64;
        __mmask64 kept = _bzhi_u64(~begins, stop);
        if (scratch_room(d, c, 128)) return NULL;
        __m512i digits = _mm512_and_si512(_mm512_xor_si512(v, _mm512_srli_epi16(v, 4)), _mm512_set1_epi8(0x0F));
        v = _mm512_mask_shuffle_epi8(v, letters, meanings, digits);
        _mm512_storeu_si512(c->out, _mm512_maskz_compress_epi8(kept, v));
        c->out += __builtin_popcountll(kept);
    }
    return p;
}
#endif

#if defined(SCAN_ESCAPED_UNITS)
/* Append what comes next of escapes \uXXXX that are no surrogates; the position of what this leaves, or NULL
 * with MemoryError set. */
static NOINLINE const uint8_t *compose_units(decoder *d, composed *c, const uint8_t *p) {
    unsigned n;
    do {
        uint16_t units[16];
        if (scratch_room(d, c, 64)) return NULL;
        n = scan_escaped_units(p, d->end, units);
        if (n == 0) break;
        if (UNLIKELY(c->width == 1)) {
            uint32_t all = scan_all_bits((const uint8_t *)units, n, 2);
            c->high |= all >= 0x80;
            if (all > 0xFF && (composed_widen(d, c, 2) || scratch_room(d, c, 64))) return NULL;
        }
        if (LIKELY(c->width == 2)) /* in the halves that they may have been stored in */
            for (int i = 0; i < SCAN_ESCAPED_UNITS; i += 8) vec_store(c->out + 2 * i, vec_load(units + i));
        else if (c->width == 1) vec_store(c->out, vec16_narrow(vec_load(units), vec_load(units + 8)));
        else
            for (int i = 0; i < SCAN_ESCAPED_UNITS; i += 8)
                vec_store_widened(c->out + 4 * i, 4, vec_load(units + i), 2);
        c->out += n * (unsigned)c->width;
        p += 6 * n;
    } while (n == SCAN_ESCAPED_UNITS);
    return p;
}
#endif

#if defined(VEC_RUNS)
/* Append the sequences of one length at p, which has 16 readable bytes, and for which there are 64 bytes of room: how
 * many bytes they are, 0 where scan_utf8 has to look, -1 with MemoryError set. */
static ALWAYS_INLINE int compose_run(decoder *d, composed *c, const uint8_t *p) {
    vec units;
    unsigned length, n = scan_utf8_run(p, &units, &length);
    if (n == 0) return 0;
    int width = length == 4 ? 4 : length == 3 ? 2 : vec_below(vec_bits(vec16_at_least(units, 0x100)), 2 * n) ? 2 : 1;
    if (UNLIKELY(c->width < width) && composed_widen(d, c, width)) return -1;
    if (length == 4) vec_store(c->out, units);
    else if (c->width == 1) vec_store(c->out, vec16_narrow(units, units));
    else vec_store_widened(c->out, c->width, units, 2);
    c->high = 1;
    c->out += n * (unsigned)c->width;
    return (int)(n * length);
}
#endif

/* The string of which [start, p) is plain and p isn't: escapes, multi-byte characters, or an error. d->ended_at becomes
 * the position after its closing quote. */
static ALWAYS_INLINE PyObject *compose_string(decoder *d, const uint8_t *start, const uint8_t *p, text_form form) {
    const int width = form_width(form);
    const uint8_t *end = d->end;
    composed c = {d->scratch, width, 0};
    size_t prefix = (size_t)(p - start);
    if (scratch_room(d, &c, prefix + 128)) return NULL;
    memcpy(c.out, start, prefix);
    c.out += prefix;
    for (;;) {
        if (scratch_room(d, &c, 64)) return NULL;
        uint32_t character = scan_read(p, width);
        if (character == '\\') {
            const uint8_t *before = p;
#if defined(VEC_AVX512)
            if (width == 1 && c.width == 1 && end - p >= 64 && p[1] != 'u')
                p = compose_escapes(d, &c, p, form == TEXT_UTF8);
#endif
#if defined(SCAN_ESCAPED_UNITS)
            if (width == 1 && p == before && p[1] == 'u') p = compose_units(d, &c, p);
#endif
            if (UNLIKELY(p == NULL)) return NULL;
            if (p != before) continue;
            p = read_escape(d, p, end, width, &character);
            if (UNLIKELY(p == NULL) || UNLIKELY(append_character(d, &c, character))) return NULL;
        } else if (form == TEXT_UTF8 && character >= 0x80) {
#if defined(VEC_AVX512)
            const uint8_t *before = p;
            p = compose_blocks(d, &c, p);
            if (UNLIKELY(p == NULL)) return NULL;
            if (p != before) continue;
#endif
#if defined(VEC_RUNS)
            if (LIKELY(end - p >= 16) && (VEC_SHUFFLES || character < 0xE0 || character >= 0xF0)) {
                int run = compose_run(d, &c, p);
                if (UNLIKELY(run < 0)) return NULL;
                p += run;
                if (LIKELY(run > 0)) continue;
            }
#endif
            int length = scan_utf8(p, &character);
            if (UNLIKELY(length == 0) || UNLIKELY(append_character(d, &c, character))) return NULL;
            p += length;
        } else if (character == '"') {
            d->ended_at = p + width;
            return composed_str(d, &c, form);
        } else if (character < 0x20) {
            if (p == end || !d->options->lenient) return NULL;
            if (append_character(d, &c, character)) return NULL;
            p += width;
        }
#if defined(VEC_AVX512)
        else if (width > 1 && c.width == width && end - p >= 64) {
            p = compose_plain(d, &c, p, width);
            if (UNLIKELY(p == NULL)) return NULL;
        }
#endif
        else if (end - p >= 16) {
            vec v = vec_load(p);
            vec_store_widened(c.out, c.width, v, width); /* within the 64 bytes of room */
            vec_mask m = scan_specials(v, width, form == TEXT_UTF8);
            size_t plain = m ? vec_first(m) / (unsigned)width : 16u / (unsigned)width;
            p += plain * (size_t)width;
            c.out += plain * (size_t)c.width;
        } else {
            if (append_character(d, &c, character)) return NULL;
            p += width;
        }
    }
}

static NOINLINE PyObject *compose_utf8(decoder *d, const uint8_t *start, const uint8_t *p) {
    return compose_string(d, start, p, TEXT_UTF8);
}
static NOINLINE PyObject *compose_latin1(decoder *d, const uint8_t *start, const uint8_t *p) {
    return compose_string(d, start, p, TEXT_LATIN1);
}
static NOINLINE PyObject *compose_ucs2(decoder *d, const uint8_t *start, const uint8_t *p) {
    return compose_string(d, start, p, TEXT_UCS2);
}
static NOINLINE PyObject *compose_ucs4(decoder *d, const uint8_t *start, const uint8_t *p) {
    return compose_string(d, start, p, TEXT_UCS4);
}

const decode_composers CPU_NAME(decode_compose) = {compose_utf8, compose_latin1, compose_ucs2, compose_ucs4};
