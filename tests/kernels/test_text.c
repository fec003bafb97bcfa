/* csrc/kernels: scan and escape on every instruction set that this machine runs: every length up to some blocks of the
 * widest vectors, every place of a character that isn't plain, and random text. See check_text.h.
 *
 *     ./a.out [random cases = 20000] [seed = 1] [of all cases every so many: 1] */
#include "check_text.h"

enum { LENGTHS = 140, KINDS = 7 };

static uint64_t random_state;

static uint32_t random_bits(void) {
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(random_state >> 33);
}

static unsigned long cases, every;

/* Whether the next case is to be looked at. */
static int is_due(void) { return cases++ % every == 0; }

static void check(const uint8_t *data, size_t size) {
    if (!is_due()) return;
    check_scan(data, size);
    check_escape(data, size);
}

/* One odd character of `width` bytes among plain ones. */
static void test_one_odd(int width) {
    static const uint32_t odd[] = {0,     0x1F,  '"',    '\\',   '\n',   0x7F,   0x80,   0xFF,    0x100,
                                   0x7FF, 0x800, 0xD7FF, 0xD800, 0xDFFF, 0xE000, 0xFFFF, 0x10000, 0x10FFFF};
    static const uint32_t plain[] = {'a', ' ', 0xE9, 0x4E2D, 0x1F600};
    uint8_t data[LENGTHS * 4];
    for (size_t f = 0; f < sizeof plain / sizeof *plain; f++)
        for (size_t o = 0; o < sizeof odd / sizeof *odd; o++) {
            uint32_t most = width == 1 ? 0xFF : width == 2 ? 0xFFFF : 0x10FFFF;
            if (plain[f] > most || odd[o] > most) continue;
            if (f && o > 3) continue; /* the first filler meets all of them */
            for (size_t n = 1; n <= LENGTHS / (size_t)width; n += n < 36 ? 1 : n < 124 ? 7 : 1)
                for (size_t at = 0; at < n; at += n < 36 || at < 2 || at + 2 >= n ? 1 : (n - at) / 4 + 1) {
                    for (size_t i = 0; i < n; i++)
                        scan_write(data + i * (size_t)width, i == at ? odd[o] : plain[f], width);
                    check(data, n * (size_t)width);
                }
        }
}

/* Each byte in each place of a UTF-8 sequence. */
static void test_utf8(void) {
    static const uint8_t some[] = {0x00, 0x22, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0,
                                   0xBF, 0xC0, 0xE0, 0xED, 0xF0, 0xF4, 0xFF};
    check_text_start();
    for (unsigned a = 0x80; a < 0x100; a += a < 0xC0 ? 9 : 1) /* none of the first half begins one */
        for (unsigned b = 0; b < 0x100; b++)
            for (size_t c = 0; c < sizeof some; c++)
                for (size_t d = 0; d < sizeof some; d += a < 0xF0 ? 8 : 1) { /* the fourth matters from 0xF0 on */
                    uint8_t data[4] = {(uint8_t)a, (uint8_t)b, some[c], some[d]};
                    if (!is_due()) continue;
                    for (size_t n = d ? 4 : 1; n <= 4; n++) check_scan_as(data, n, 1);
                }
}

/* Runs of sequences of one length, with each byte in turn made another. */
static void test_utf8_runs(void) {
    static const char *const sequences[] = {"\xC2\x80",         "\xC3\xA9",         "\xDF\xBF",        "\xE0\xA0\x80",
                                            "\xE4\xB8\xAD",     "\xED\x9F\xBF",     "\xEE\x80\x80",    "\xEF\xBF\xBF",
                                            "\xF0\x90\x80\x80", "\xF0\x9F\x98\x80", "\xF4\x8F\xBF\xBF"};
    static const uint8_t others[] = {0x00, 'a', 0x80, 0xBF, 0xC0, 0xC1, 0xC3, 0xE0, 0xED, 0xEF, 0xF0, 0xF4, 0xF5, 0xFF};
    check_text_start();
    for (size_t s = 0; s < sizeof sequences / sizeof *sequences; s++)
        for (size_t o = 0; o < sizeof others; o++)
            for (size_t n = 1; n <= 12; n++) {
                uint8_t data[64];
                size_t size = 0, length = strlen(sequences[s]);
                for (size_t i = 0; i < n; i++, size += length) memcpy(data + size, sequences[s], length);
                for (size_t at = 0; at < size; at++) {
                    uint8_t kept = data[at];
                    data[at] = others[o];
                    if (is_due()) check_scan_as(data, size, 1);
                    data[at] = kept;
                }
            }
}

/* Runs of escapes \uXXXX, of each length that the widest vectors take in twice, with each byte in turn made another. */
static void test_escaped_units(void) {
    static const uint8_t others[] = {0x00, '"', '/', '0', ':', '@',  'A',  'F',  'G',  'U',  '\\', '`',
                                     'a',  'd', 'f', 'g', 'u', 0x10, 0x19, 0x80, 0xB0, 0xC1, 0xE1};
    static const char *const escapes[] = {"\\u0000", "\\u007f", "\\u00E9", "\\u4e2D", "\\uFFfF", "\\ud7ff", "\\ue000"};
    check_text_start();
    for (size_t e = 0; e < sizeof escapes / sizeof *escapes; e++)
        for (size_t n = 1; n <= 21; n += n < 12 ? 1 : 9)
            for (size_t behind = 0; behind <= 65; behind += behind < 7 ? 1 : 29) {
                uint8_t data[6 * 21 + 65];
                size_t size = 6 * n + behind;
                memset(data, 'x', size);
                for (size_t i = 0; i < n; i++)
                    memcpy(data + 6 * i, escapes[(e + i) % (sizeof escapes / sizeof *escapes)], 6);
                for (size_t at = 0; at < 6 * n; at++)
                    for (size_t o = at < 66 ? 0 : sizeof others - 1; o < sizeof others; o++) {
                        uint8_t kept = data[at];
                        data[at] = others[o];
                        if (is_due()) check_scan_as(data, size, 1);
                        data[at] = kept;
                    }
            }
    for (unsigned unit = 0; unit < 0x10000; unit++) { /* each of them, in each place */
        char data[6 * 10 + 1];
        if (!is_due()) continue;
        for (int i = 0; i < 10; i++)
            snprintf(data + 6 * i, 7, i % 2 ? "\\u%04x" : "\\u%04X", i == (int)(unit % 10) ? unit : unit & 0x7FFF);
        check_scan_as((const uint8_t *)data, 60, 1);
    }
}

static void test_random(long count) {
    uint8_t data[700];
    for (long i = 0; i < count; i++) {
        size_t n = random_bits() % (random_bits() % 4 ? 100 : sizeof data);
        unsigned kind = random_bits() % KINDS;
        for (size_t j = 0; j < n; j++) {
            uint32_t r = random_bits();
            data[j] = kind == 0   ? (uint8_t)r
                      : kind == 1 ? (uint8_t)(r % 64 ? 'a' + r % 26 : r >> 8)
                      : kind == 2 ? (uint8_t)" \t\r\n"[r % 4]
                      : kind == 3 ? (uint8_t)(j % 4 ? 0 : r)
                      : kind == 4 ? (uint8_t)(j % 2 ? r % 3 : r >> 8)
                                  : 0;
            size_t wide =
                kind == 5 ? 2 : 4; /* the last two: characters of two or four bytes, of which few aren't letters */
            if (kind >= 5 && j % wide < 2 && (j % wide == 0 || r % 64 == 0))
                data[j] = (uint8_t)(j % wide || r % 64 == 0 ? r >> 8 : 'a' + r % 26);
        }
        check(data, n);
    }
}

int main(int argc, char **argv) {
    long count = argc > 1 ? atol(argv[1]) : 20000;
    random_state = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
    every = argc > 3 ? strtoul(argv[3], NULL, 10) : 1;
    check((const uint8_t *)"", 0);
    test_one_odd(1);
    test_one_odd(2);
    test_one_odd(4);
    test_utf8();
    test_utf8_runs();
    test_escaped_units();
    test_random(count);
    int levels;
    kernels_here(&levels);
    cases = (cases + every - 1) / every;
    printf("%lu cases, %d levels, guard pages: %s\n", cases, levels, HAVE_GUARD_PAGE ? "yes" : "no");
    return 0;
}
