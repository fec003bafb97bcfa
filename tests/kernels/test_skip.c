/* csrc/kernels/skip on every instruction set that this machine runs: all short texts of what JSON is made of, well
 * formed documents with bytes changed, long ones, deep ones. See check_skip.h.
 *
 *     ./a.out [random cases = 20000] [seed = 1] [length of short texts = 3] */
#include "check_lines.h"
#include "check_skip.h"

static uint64_t random_state;
static unsigned long cases;

static uint32_t random_bits(void) {
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(random_state >> 33);
}

static void check(const uint8_t *data, size_t size) {
    cases++;
    check_skip(data, size);
    check_lines(data, size);
}

/* ---- documents ---- */

typedef struct {
    uint8_t data[CHECK_SKIP_MOST];
    size_t size;
} document;

static void put(document *d, const char *text) {
    size_t n = strlen(text);
    if (d->size + n > sizeof d->data - 64) return;
    memcpy(d->data + d->size, text, n);
    d->size += n;
}

static void put_space(document *d) {
    static const char *const spaces[] = {"", "", "", " ", "\n  ", "\r\n\t", "                    "};
    put(d, spaces[random_bits() % 7]);
    if (random_bits() % 200 == 0)
        for (uint32_t n = random_bits() % 150; n; n--) put(d, " ");
}

static void put_string(document *d) {
    static const char *const parts[] = {"a",
                                        "bc",
                                        "\\n",
                                        "\\\\",
                                        "\\\"",
                                        "\\u00e9",
                                        "[",
                                        "{",
                                        "]",
                                        ":",
                                        ",",
                                        "\xC3\xA9",
                                        " text",
                                        "\\/",
                                        "\xE4\xB8\xAD",
                                        "\xED\x9F\xBF",
                                        "\xF0\x9F\x98\x80",
                                        "\\ud83d\\ude00",
                                        "0",
                                        "\x7F"};
    put(d, "\"");
    uint32_t n = random_bits() % 8;
    if (random_bits() % 12 == 0) n = random_bits() % 90;
    while (n--) put(d, parts[random_bits() % 20]);
    if (random_bits() % 60 == 0)
        for (n = random_bits() % 200; n; n--)
            put(d, random_bits() % 9 ? "\\"
                                       "\\"
                                     : "x");
    put(d, "\"");
}

static void put_scalar(document *d) {
    static const char *const scalars[] = {"0",       "-0",       "12",     "-3",   "1.5",       "-0.25",
                                          "1e5",     "2E-7",     "null",   "true", "false",     "NaN",
                                          "1.0E+10", "Infinity", "123456", "7",    "-Infinity", "12345678901234567890",
                                          "0.1e1",   "10"};
    uint32_t which = random_bits() % 24;
    if (which < 20) put(d, scalars[which]);
    else if (which == 20 && random_bits() % 8 == 0) {
        uint32_t n = random_bits() % 1500;
        put(d, random_bits() % 2 ? "-1" : "1");
        while (n--) put(d, "7");
        if (random_bits() % 2) put(d, ".25");
    } else if (which == 21) {
        put(d, "0.");
        for (uint32_t n = random_bits() % 90 + 1; n; n--) put(d, "3");
        put(d, random_bits() % 2 ? "e7" : "");
    } else put_string(d);
}

static void put_value(document *d, int depth) {
    uint32_t kind = random_bits() % 8, n = random_bits() % 5;
    if (depth > 0 && random_bits() % 30 == 0) n = 40;
    if (depth == 0 || kind < 4 || d->size > CHECK_SKIP_MOST / 2) {
        put_scalar(d);
        return;
    }
    put(d, kind < 6 ? "{" : "[");
    put_space(d);
    for (uint32_t i = 0; i < n; i++) {
        if (i) put(d, ","), put_space(d);
        if (kind < 6) put_string(d), put_space(d), put(d, ":"), put_space(d);
        put_value(d, depth - 1);
        put_space(d);
    }
    put(d, kind < 6 ? "}" : "]");
}

static void put_container(document *d) {
    static const char *const filler[] = {"", "        ", "\n"};
    d->size = 0;
    put(d, "[");
    for (uint32_t n = random_bits() % 70; n; n--) put(d, filler[1 + random_bits() % 2]);
    for (uint32_t n = random_bits() % 4, i = 0; i <= n; i++) {
        if (i) put(d, ",");
        put_value(d, 6);
    }
    put(d, "]");
}

static void test_documents(long count) {
    static const uint8_t odd[] =
        "{}[]:,\"\\ 019-+.eEtfnNIu/\n\r\t\x01\x1F\x0C\x1A\x7F\x80\xBF\xC1\xC3\xE0\xED\xF0\xF4\xFF";
    static document d;
    for (long i = 0; i < count; i++) {
        put_container(&d);
        if (i % 5 == 0) put(&d, i % 2 ? " " : ",\x01\xFF]");
        check(d.data, d.size);
        for (int turn = 0; turn < 6; turn++) {
            document *m = &d;
            size_t at = random_bits() % m->size;
            uint8_t kept = m->data[at];
            m->data[at] = odd[random_bits() % (sizeof odd - 1)];
            check(m->data, m->size);
            if (turn % 3) m->data[at] = kept; /* others pile up */
        }
        size_t cut = random_bits() % d.size;
        check(d.data, cut);
    }
}

/* ---- all short texts ---- */

static void test_short(size_t most) {
    static const char letters[] = "[]{},:\"\\1-0.eu a\n";
    size_t kinds = sizeof letters - 1, all = 1;
    uint8_t text[80];
    for (size_t n = 0; n <= most; n++, all *= kinds)
        for (size_t i = 0; i < all; i++) {
            size_t size = 0, rest = i;
            text[size++] = i % 2 ? '[' : '{';
            for (size_t k = 0; k < n; k++, rest /= kinds) text[size++] = (uint8_t)letters[rest % kinds];
            check(text, size);
            text[size++] = ']';
            check(text, size);
        }
}

/* What stands across the end of a block of 64 bytes, at each place. */
static void test_across(void) {
    static const char *const parts[] = {"true",
                                        "false",
                                        "null",
                                        "NaN",
                                        "Infinity",
                                        "-Infinity",
                                        "-Infinit",
                                        "nul",
                                        "truex",
                                        "-12.5e+10",
                                        "1.2.3",
                                        "1e5.3",
                                        "1e5e3",
                                        "01",
                                        "-01",
                                        "1e",
                                        "1.e5",
                                        "-",
                                        "1-2",
                                        "+1",
                                        "1e-05",
                                        "\"\\u12aF\"",
                                        "\"\\u12g\"",
                                        "\"\\\\\"",
                                        "\"\\\\\\\"\"",
                                        "\"\\q\"",
                                        "{\"a\":1}",
                                        "{\"a\" }",
                                        "{\"a\",1}",
                                        "[1 2]",
                                        "[1,]",
                                        "{\"a\":1,}",
                                        "{}",
                                        "[]",
                                        "[[],{}]",
                                        "\"\xF0\x9F\x98\x80\"",
                                        "\"\xF0\x9F\x98\"",
                                        "\"\xED\xA0\x80\"",
                                        "{,}",
                                        "\"\x01\"",
                                        "1true",
                                        "true1",
                                        "\"a\"1",
                                        "1\"a\"",
                                        "[}",
                                        "--1",
                                        "-Infinity1",
                                        "1.5E",
                                        "12e+",
                                        "0e0"};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        for (size_t before = 0; before < 140; before++)
            for (int kind = 0; kind < 4; kind++) {
                static document d;
                d.size = 0;
                put(&d, kind & 1 ? "{\"k\":" : "[");
                for (size_t n = 0; n < before; n++) put(&d, " ");
                put(&d, parts[i]);
                put(&d, kind & 2 ? " " : "");
                put(&d, kind & 1 ? "}" : "]");
                check(d.data, d.size);
            }
}

static void test_deep(void) {
    static document d;
    for (size_t depth = SKIP_DEPTH - 2; depth < SKIP_DEPTH + 3; depth++) {
        d.size = 0;
        for (size_t n = 0; n < depth; n++) put(&d, n % 3 ? "[" : n + 1 < depth ? "{\"a\":" : "{");
        for (size_t n = depth; n--;) put(&d, n % 3 ? "]" : "}");
        check(d.data, d.size);
    }
}

/* Each pair of bytes, in a string. */
static void test_pairs(void) {
    uint8_t text[8] = "[\"..a\"]";
    for (unsigned a = 0; a < 256; a++)
        for (unsigned b = 0; b < 256; b++) {
            text[2] = (uint8_t)a;
            text[3] = (uint8_t)b;
            check(text, 7);
        }
}

/* UTF-8 sequences with each byte of interest in each place, across a block's end too. */
static void test_utf8(void) {
    static const uint8_t some[] = {0x22, 0x61, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC1, 0xC2, 0xDF, 0xE0,
                                   0xE1, 0xEC, 0xED, 0xEE, 0xEF, 0xF0, 0xF1, 0xF3, 0xF4, 0xF5, 0xFF};
    uint8_t text[80];
    for (size_t at = 2; at < 70; at += at < 60 ? 58 : 1)
        for (size_t i = 0; i < sizeof some * sizeof some * sizeof some * sizeof some; i += at == 2 ? 1 : 7) {
            size_t rest = i;
            memset(text, 'x', sizeof text);
            text[0] = '[', text[1] = '"';
            for (int k = 0; k < 4; k++, rest /= sizeof some) text[at + (size_t)k] = some[rest % sizeof some];
            text[at + 4] = '"', text[at + 5] = ']';
            cases++;
            check_skip_as(text, at + 6, 1, 0);
        }
}

/* Lines, most of them well formed, parted in several ways, some with a byte changed. */
static void test_lines(long count) {
    static const char *const some[] = {
        "{}",
        "[]",
        "{\"a\":1}",
        "[true,false,null,-0.5e+3]",
        "{\"a\\n\":[{\"b\":\"\\u00e9\"}],\"c\":\"\xC3\xA9\"}",
        "{\"ts\": 1700000000.25, \"level\": \"info\", \"ok\": true, \"path\": \"/v1/items/17\"}",
        "[NaN,-Infinity]",
        "{\"text\":\"a string which is so long that a block of sixty-four bytes has nothing else in it, or two\"}",
        "1",
        "[[[[[[]]]]]]",
        "{\"a\":\t1}",
        "[0,10,100,-1,1.5,2e9]",
        "\"\"",
        "[1 ,\"\\\\\", {} ]",
    };
    static const char *const ends[] = {"\n", "\n", "\n", "\n", "\n", "\r\n", " \n", "\n\n", "\n ", "\r", " ", "\t\n"};
    static document d;
    for (long i = 0; i < count; i++) {
        uint32_t lines = random_bits() % (i % 50 ? 12 : 1500), odd = random_bits() % 3;
        for (d.size = 0; lines; lines--) {
            put(&d, some[odd ? random_bits() % 8 : random_bits() % 14]);
            put(&d, ends[odd ? random_bits() % 5 : random_bits() % 12]);
        }
        cases++;
        check_lines(d.data, d.size);
        if (d.size == 0) continue;
        d.data[random_bits() % d.size] = (uint8_t)"\"{}[],:0aet\\\n\r\x01\x80\xC3 "[random_bits() % 19];
        check_lines(d.data, d.size);
    }
}

/* Lines of one length, more than are looked at at a time: those that end with the block where the first one ends after
 * SKIP_LINES bytes, and no more. */
static void test_lines_enough(void) {
    static const size_t sizes[] = {3, 10, 33, 63, 64, 65, 100, 1000, 32767, 32768, 32769, 40000, 70000, 140000};
    static skip_lines found;
    const size_t all = SKIP_LINES_LONGEST + 20000;
    guarded room = guarded_new(all);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        size_t size = sizes[i], most = 0, last = 0;
        uint8_t *text = room.end - all / size * size;
        for (uint8_t *line = text; line < room.end; line += size) {
            memset(line, ' ', size);
            line[0] = '[';
            line[size - 2] = ']';
            line[size - 1] = '\n';
        }
        for (size_t feed = size - 1; feed < SKIP_LINES_LONGEST && last == 0; feed += size)
            if (feed >= SKIP_LINES) last = (feed / 64 + 1) * 64;
        if (last > SKIP_LINES_LONGEST) last = SKIP_LINES_LONGEST;
        while (most < SKIP_LINES_MOST && most * size + size - 1 <= last) most++;
        for (int l = CPU_BASE; l <= (int)cpu_best(); l++) {
            if (skip_for((cpu_level)l)->check_lines == NULL) continue;
            skip_for((cpu_level)l)->check_lines(text, room.end, &found);
            cases++;
            if (found.count != most) skip_differs((cpu_level)l, "how many lines were looked at", text, size);
            for (size_t n = 0; n < most; n++)
                if (found.documents[n].start != n * size || found.documents[n].end != n * size + size - 1)
                    skip_differs((cpu_level)l, "one of many lines", text, size);
        }
        skip_index_free(&found.index);
    }
}

int main(int argc, char **argv) {
    long count = argc > 1 ? atol(argv[1]) : 20000;
    random_state = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
    test_short(argc > 3 ? (size_t)atol(argv[3]) : 3);
    test_across();
    test_lines_enough();
    test_deep();
    test_pairs();
    test_utf8();
    test_documents(count);
    test_lines(count / 4);
    printf("%lu cases, %d levels\n", cases, (int)cpu_best() + 1);
    return 0;
}
