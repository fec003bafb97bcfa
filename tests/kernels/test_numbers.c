/* Tests of csrc/number_parse and csrc/number_format against libc and a slow reference.
 *
 *     cc -std=c11 -O2 -I csrc tests/kernels/test_numbers.c csrc/number_parse.c csrc/number_format.c csrc/number_small.c csrc/pow10.c -lm
 *     ./a.out [random cases = 1000000] [seed = 1]
 *
 * Exits 1 after printing the first mismatches. libc's strtod and printf must round correctly (glibc, musl, macOS do). */
#define _DEFAULT_SOURCE
#define _DARWIN_C_SOURCE

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "number_format.h"
#include "number_parse.h"

#if defined(__unix__) || defined(__APPLE__)
#include <sys/mman.h>
#include <unistd.h>
#define HAVE_GUARD_PAGE 1
#else
#define HAVE_GUARD_PAGE 0
#endif

enum { TEXT_MAX = 1 << 16, SHOWN = 10 };

static unsigned long failures, checks;
static uint64_t random_state;
static uint8_t *text_end; /* one past the last readable byte */

static uint64_t random_bits(void)
{
    uint64_t z = random_state += 0x9E3779B97F4A7C15;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9;
    z = (z ^ z >> 27) * 0x94D049BB133111EB;
    return z ^ z >> 31;
}

static unsigned random_below(unsigned n) { return (unsigned)(random_bits() % n); }

static uint64_t bits_of(double x)
{
    uint64_t bits;
    memcpy(&bits, &x, 8);
    return bits;
}

static double double_of(uint64_t bits)
{
    double x;
    memcpy(&x, &bits, 8);
    return x;
}

static void fail(const char *what, const char *text, const char *got, const char *expected)
{
    if (failures++ < SHOWN) printf("%s: %.120s: got %s, expected %s\n", what, text, got, expected);
}

/* Memory whose end is followed by a page that can't be read, where the system has such a thing. */
static void make_text_buffer(void)
{
#if HAVE_GUARD_PAGE
    size_t page = (size_t)sysconf(_SC_PAGESIZE), size = (TEXT_MAX + page - 1) / page * page;
    uint8_t *start = mmap(NULL, size + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON, -1, 0);
    if (start == MAP_FAILED || mprotect(start + size, page, PROT_NONE) != 0) exit(2);
    text_end = start + size;
#else
    text_end = (uint8_t *)malloc(TEXT_MAX) + TEXT_MAX;
#endif
}

/* Parse a copy of text whose closing zero is the last readable byte; *used is how many characters were taken. */
static number_kind parse(const char *text, number *out, size_t *used)
{
    size_t n = strlen(text);
    uint8_t *p = text_end - n - 1;
    memcpy(p, text, n + 1);
    number_kind kind = number_parse(p, text_end - 1, NULL, out);
    *used = kind == NUMBER_INVALID ? 0 : (size_t)(out->end - p);
    return kind;
}

/* ---- parsing ---- */

static void check_parse_double(const char *text, double expected)
{
    number out;
    size_t used;
    char got[64], want[64];
    number_kind kind = parse(text, &out, &used);
    checks++;
    if (kind == NUMBER_DOUBLE && used == strlen(text) && bits_of(out.real) == bits_of(expected)) return;
    snprintf(got, sizeof got, "kind %d %a (%zu of %zu characters)", (int)kind, kind == NUMBER_DOUBLE ? out.real : 0, used,
             strlen(text));
    snprintf(want, sizeof want, "%a", expected);
    fail("parse", text, got, want);
}

static void check_parse_other(const char *text, number_kind kind, size_t used, int64_t value)
{
    number out = {.integer = 0};
    size_t got_used;
    char got[80], want[80];
    number_kind got_kind = parse(text, &out, &got_used);
    checks++;
    if (got_kind == kind && got_used == used && (kind != NUMBER_INT || out.integer == value)) return;
    snprintf(got, sizeof got, "kind %d, %zu characters, %" PRId64, (int)got_kind, got_used, out.integer);
    snprintf(want, sizeof want, "kind %d, %zu characters, %" PRId64, (int)kind, used, value);
    fail("parse", text, got, want);
}

static void test_grammar(void)
{
    static const struct { const char *text; number_kind kind; unsigned used; int64_t value; } cases[] = {
        {"", NUMBER_INVALID, 0, 0},       {"-", NUMBER_INVALID, 0, 0},     {"-a", NUMBER_INVALID, 0, 0},
        {"+1", NUMBER_INVALID, 0, 0},     {".5", NUMBER_INVALID, 0, 0},    {"-.5", NUMBER_INVALID, 0, 0},
        {"e5", NUMBER_INVALID, 0, 0},     {"--1", NUMBER_INVALID, 0, 0},   {"NaN", NUMBER_INVALID, 0, 0},
        {"Infinity", NUMBER_INVALID, 0, 0}, {"/", NUMBER_INVALID, 0, 0},   {":", NUMBER_INVALID, 0, 0},
        {"\xFF", NUMBER_INVALID, 0, 0},   {"0", NUMBER_INT, 1, 0},         {"-0", NUMBER_INT, 2, 0},
        {"01", NUMBER_INT, 1, 0},         {"-01", NUMBER_INT, 2, 0},       {"00.5", NUMBER_INT, 1, 0},
        {"0x10", NUMBER_INT, 1, 0},       {"1", NUMBER_INT, 1, 1},         {"1.", NUMBER_INT, 1, 1},
        {"1.e5", NUMBER_INT, 1, 1},       {"1e", NUMBER_INT, 1, 1},        {"1E", NUMBER_INT, 1, 1},
        {"1e+", NUMBER_INT, 1, 1},        {"1e-", NUMBER_INT, 1, 1},       {"1e+-5", NUMBER_INT, 1, 1},
        {"0e", NUMBER_INT, 1, 0},         {"-0.", NUMBER_INT, 2, 0},       {"1.5.5", NUMBER_DOUBLE, 3, 0},
        {"1.5e", NUMBER_DOUBLE, 3, 0},    {"1.5e+", NUMBER_DOUBLE, 3, 0},  {"1.5E-x", NUMBER_DOUBLE, 3, 0},
        {"1.5e5e5", NUMBER_DOUBLE, 5, 0}, {"12,34", NUMBER_INT, 2, 12},    {"12]   ", NUMBER_INT, 2, 12},
        {"1234567,", NUMBER_INT, 7, 1234567},                              {"12345678]", NUMBER_INT, 8, 12345678},
        {"123456789}", NUMBER_INT, 9, 123456789},                          {"1\xB2\xB3", NUMBER_INT, 1, 1},
        {"12\xFF\xFF\xFF\xFF\xFF\xFF\xFF", NUMBER_INT, 2, 12},             {"1:;<=>?@", NUMBER_INT, 1, 1},
        {"1/////////", NUMBER_INT, 1, 1},                                  {"1.5]        ", NUMBER_DOUBLE, 3, 0},
        {"1.\xFF", NUMBER_INT, 1, 1},     {"1e\xFF", NUMBER_INT, 1, 1},    {"1\x0e" "5", NUMBER_INT, 1, 1},
        {"9223372036854775807", NUMBER_INT, 19, INT64_MAX},
        {"-9223372036854775808", NUMBER_INT, 20, INT64_MIN},
        {"9223372036854775808", NUMBER_BIG, 19, 0},
        {"-9223372036854775809", NUMBER_BIG, 20, 0},
        {"9999999999999999999", NUMBER_BIG, 19, 0},
        {"18446744073709551616", NUMBER_BIG, 20, 0},
        {"18446744073709551617.", NUMBER_BIG, 20, 0},
        {"100000000000000000000e", NUMBER_BIG, 21, 0},
        {"-100000000000000000000000000000000000000000000000000", NUMBER_BIG, 52, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        check_parse_other(cases[i].text, cases[i].kind, cases[i].used, cases[i].value);

    static const char *const doubles[] = {
        "0.0", "-0.0", "0e0", "-0e5", "-0E-5", "0e99999999999999999999", "0.0e-99999999999999999999", "1e0", "1E+0", "1e-0",
        "1e5", "1e05", "1e00000000000000000000000005", "1.5", "-1.5e-5", "1e308", "1e309", "-1e309", "1e99999999999999999999",
        "1e-323", "1e-324", "2e-324", "2.5e-324", "3e-324", "-1e-99999999999999999999", "4.9406564584124654e-324",
        "2.2250738585072011e-308", "2.2250738585072012e-308", "2.2250738585072014e-308", "1.7976931348623157e308",
        "1.7976931348623158e308", "1.7976931348623159e308", "179769313486231580793e289", "9007199254740993.0",
        "9007199254740993.00000000000000000000000000000000000000000000000000000000000000000001", "9007199254740992.99999",
        "9223372036854775808.0", "18446744073709551615.0", "18446744073709551616.0", "0.000000000000000000000000000001",
        "123456789012345678901234567890e-30", "6.9294956446009195e15", "3507665085003296281e-74", "7185620434951919351e205",
        "-65.613616999999977", "8.988465674311580536566680e307", "0.000000000000000000000000000000000000000000000000001e51",
        "10000000000000000000e-19", "9999999999999999999e-19", "99999999999999999999e-20", "1e22", "1e23", "8.5e22",
    };
    for (size_t i = 0; i < sizeof doubles / sizeof *doubles; i++) check_parse_double(doubles[i], strtod(doubles[i], NULL));
}

static void test_long_zeros(void)
{
    static char text[TEXT_MAX];
    for (unsigned zeros = 1; zeros < 60000; zeros += zeros / 3 + 1) {
        for (unsigned digits = 1; digits < 40; digits += 6) {
            /* 0.000…ddd, with an exponent that brings it back */
            size_t n = 0;
            text[n++] = '0', text[n++] = '.';
            memset(text + n, '0', zeros), n += zeros;
            for (unsigned i = 0; i < digits; i++) text[n++] = (char)('1' + random_below(9));
            snprintf(text + n, 32, "e%u", zeros + random_below(20));
            check_parse_double(text, strtod(text, NULL));
            snprintf(text + n, 32, "e-%u", random_below(20));
            check_parse_double(text, strtod(text, NULL));
            /* ddd000….0 likewise */
            n = 0;
            for (unsigned i = 0; i < digits; i++) text[n++] = (char)('1' + random_below(9));
            memset(text + n, '0', zeros), n += zeros;
            snprintf(text + n, 32, "e-%u", zeros + random_below(20));
            check_parse_double(text, strtod(text, NULL));
            snprintf(text + n, 32, "%s", random_below(2) ? ".0" : ".000000000001");
            check_parse_double(text, strtod(text, NULL));
        }
    }
}

/* Decimal digits of (2m + 1) * 2^(q - 1), the middle between m * 2^q and its successor; returns the power of ten that the
 * integer they form is to be multiplied with. */
static int middle_digits(uint64_t m, int q, char *digits)
{
    enum { BASE = 1000000000 };
    uint32_t limb[160] = {0};
    int size = 3, e = q - 1;
    uint64_t odd = 2 * m + 1;
    for (int i = 0; i < size; i++, odd /= BASE) limb[i] = (uint32_t)(odd % BASE);
    for (int i = 0; i < abs(e); i++) {
        uint64_t carry = 0;
        for (int j = 0; j < size; j++) {
            carry += (uint64_t)limb[j] * (e < 0 ? 5 : 2);
            limb[j] = (uint32_t)(carry % BASE);
            carry /= BASE;
        }
        if (carry) limb[size++] = (uint32_t)carry;
    }
    while (limb[size - 1] == 0) size--;
    digits += sprintf(digits, "%" PRIu32, limb[size - 1]);
    for (int j = size - 2; j >= 0; j--) digits += sprintf(digits, "%09" PRIu32, limb[j]);
    return e < 0 ? e : 0;
}

/* Exactly half-way texts, written in several ways, and their neighbours on both sides. */
static void check_middle(uint64_t bits)
{
    char digits[1400], text[4000];
    unsigned biased = (unsigned)(bits >> 52);
    uint64_t m = bits & 0xFFFFFFFFFFFFF;
    int e10 = middle_digits(biased ? m | (uint64_t)1 << 52 : m, (int)(biased ? biased : 1) - 1075, digits);
    int n = (int)strlen(digits), point = 1 + (int)random_below((unsigned)n);
    uint64_t above = bits + 1, even = bits + (bits & 1);

    snprintf(text, sizeof text, "%se%d", digits, e10);
    check_parse_double(text, double_of(even));
    snprintf(text, sizeof text, "%.*s.%s0e%d", point, digits, digits + point, e10 + n - point);
    check_parse_double(text, double_of(even));
    snprintf(text, sizeof text, "0.000%se%d", digits, e10 + n + 3);
    check_parse_double(text, double_of(even));
    snprintf(text, sizeof text, "%s.%0*d1e%d", digits, 1 + (int)random_below(900), 0, e10);
    check_parse_double(text, double_of(above));
    if (digits[n - 1]-- > '0') {
        snprintf(text, sizeof text, "%s.99999e%d", digits, e10);
        check_parse_double(text, double_of(bits));
    }
    if (random_below(4) == 0) check_parse_double(text, strtod(text, NULL));
}

static void check_random_text(void)
{
    char text[500];
    size_t n = 0;
    static const unsigned lengths[] = {3, 8, 17, 19, 20, 25, 60, 400};
    unsigned digits = 1 + random_below(lengths[random_below(8)]);
    unsigned point = random_below(3) ? random_below(digits < 20 ? digits : 20) : digits;
    int runs = random_below(4) == 0; /* many zeros or nines: long carries */
    if (random_below(2)) text[n++] = '-';
    if (point == 0) text[n++] = '0';
    for (unsigned i = 0; i < digits; i++) {
        if (i == point) text[n++] = '.';
        char c = (char)('0' + (runs ? (random_below(12) ? 9 * (i / 7 % 2) : random_below(10)) : random_below(10)));
        text[n++] = i == 0 && point != 0 && c == '0' ? '1' : c;
    }
    text[n] = 0;
    if (point == digits || random_below(2)) {
        int e = random_below(3) ? (int)random_below(60) - 30 : (int)random_below(760) - 380;
        static const char *const forms[] = {"e%d", "E%d", "e%+d", "e%+04d"};
        snprintf(text + n, sizeof text - n, forms[random_below(4)], e - (random_below(2) ? (int)digits : 0));
    }
    check_parse_double(text, strtod(text, NULL));
}

/* ---- formatting ---- */

/* Of the decimals with `digits` digits that read back as x > 0, the one closest to it, into *significand and *exponent
 * (scientific); 0 if there is none. printf gives the closest of all; below a power of two, where the interval of what reads
 * back is narrower, it may be outside, and the next one above it inside. */
static int reference(double x, int digits, uint64_t *significand, int *exponent)
{
    char text[40], packed[24];
    snprintf(text, sizeof text, "%.*e", digits - 1, x);
    *exponent = atoi(strchr(text, 'e') + 1);
    size_t n = 0;
    for (char *p = text; *p != 'e'; p++)
        if (*p != '.') packed[n++] = *p;
    packed[n] = 0;
    *significand = strtoull(packed, NULL, 10);
    for (int step = 0; step < ((bits_of(x) & 0xFFFFFFFFFFFFF) == 0 ? 2 : 1); step++, ++*significand) {
        snprintf(text, sizeof text, "%" PRIu64 "e%d", *significand, *exponent - digits + 1);
        if (strtod(text, NULL) == x) return 1;
    }
    return 0;
}

/* float.__repr__'s layout (CPython's format_float_short with 'r'). */
static void layout(char *out, int negative, const char *digits, int exponent)
{
    int n = (int)strlen(digits), point = exponent + 1;
    if (negative) *out++ = '-';
    if (point > 16 || point < -3)
        sprintf(out, "%.1s%s%se%c%02d", digits, n > 1 ? "." : "", digits + 1, exponent < 0 ? '-' : '+', abs(exponent));
    else if (point <= 0) sprintf(out, "0.%.*s%s", -point, "000", digits);
    else if (point >= n) sprintf(out, "%s%.*s.0", digits, point - n, "0000000000000000");
    else sprintf(out, "%.*s.%s", point, digits, digits + point);
}

static void check_format(double x)
{
    char name[64], expected[64], digits[32];
    uint8_t got[NUMBER_DOUBLE_SPACE + 8];
    memset(got, 0xAA, sizeof got);
    *number_format_double(got, x) = 0;
    checks++;
    snprintf(name, sizeof name, "%a", x);
    for (size_t i = NUMBER_DOUBLE_SPACE; i < sizeof got; i++)
        if (got[i] != 0xAA) fail("format", name, "a write past its space", "none");

    number back;
    size_t used;
    if (parse((char *)got, &back, &used) != NUMBER_DOUBLE || used != strlen((char *)got) || bits_of(back.real) != bits_of(x))
        fail("format, read back", name, (char *)got, name);
    if (bits_of(strtod((char *)got, NULL)) != bits_of(x)) fail("format, strtod", name, (char *)got, name);
    if (x == 0) {
        if (strcmp((char *)got, signbit(x) ? "-0.0" : "0.0") != 0) fail("format", name, (char *)got, "0.0 or -0.0");
        return;
    }

    int count = 0, zeros = 0;
    for (uint8_t *p = got; *p && *p != 'e'; p++) {
        if (*p < '0' || *p > '9' || (*p == '0' && count == 0)) continue;
        count++;
        zeros = *p == '0' ? zeros + 1 : 0;
    }
    count -= zeros;
    uint64_t significand;
    int exponent;
    if (count > 1 && reference(fabs(x), count - 1, &significand, &exponent)) {
        snprintf(expected, sizeof expected, "%" PRIu64 " (shorter)", significand);
        fail("format", name, (char *)got, expected);
        return;
    }
    if (count > 17 || !reference(fabs(x), count, &significand, &exponent)) {
        fail("format", name, (char *)got, "that many digits to suffice");
        return;
    }
    snprintf(digits, sizeof digits, "%" PRIu64, significand);
    layout(expected, signbit(x) != 0, digits, exponent);
    if (strcmp((char *)got, expected) != 0) fail("format", name, (char *)got, expected);
}

static void check_format_around(double x)
{
    uint64_t bits = bits_of(x);
    for (int i = -3; i <= 3; i++) {
        double y = double_of(bits + (uint64_t)(int64_t)i);
        if (!isfinite(y)) continue;
        check_format(y);
        check_format(-y);
    }
}

static void test_format_boundaries(void)
{
    char text[32];
    for (int e = -1074; e < 1024; e++) check_format_around(ldexp(1, e));
    for (int e = -323; e < 309; e++)
        for (int d = 1; d < 10; d++) {
            snprintf(text, sizeof text, "%de%d", d, e);
            if (strtod(text, NULL) <= 1.7976931348623157e308) check_format_around(strtod(text, NULL));
        }
    for (int i = -2000; i <= 2000; i++) {
        check_format(9007199254740992.0 + i);
        check_format(9007199254740992.0 * 2 + 2 * i);
        check_format((double)i);
        check_format(i / 8.0);
        check_format(i / 100.0);
    }
    /* n / 2^s has s decimal places: half-way cases when it is cut after 17 digits */
    for (int s = 0; s < 60; s++)
        for (int n = 1; n < 400; n += 2) {
            check_format(ldexp(n, -s));
            check_format(1 + ldexp(n, -s));
        }
    check_format(1.7976931348623157e308);
    check_format(0.0);
    check_format(-0.0);
}

static double random_double(void)
{
    char text[48];
    double x;
    switch (random_below(6)) {
    case 0: x = (double)(int64_t)random_bits() / ldexp(1, (int)random_below(80)); break;
    case 1: x = (double)(random_bits() >> (11 + random_below(53))); break;
    case 2: x = double_of(random_bits() >> (12 + random_below(52))); break; /* subnormal */
    case 3: /* d digits, exponent */
        snprintf(text, sizeof text, "%" PRIu64 "e%d", random_bits() >> random_below(64), (int)random_below(600) - 300);
        x = strtod(text, NULL);
        break;
    case 4: /* few decimal places, as in most documents */
        snprintf(text, sizeof text, "%u.%0*" PRIu64, random_below(1000), 1 + (int)random_below(16), random_bits() >> random_below(64));
        x = strtod(text, NULL);
        break;
    default: x = double_of(random_bits());
    }
    return isfinite(x) ? x : 1;
}

/* ---- integers ---- */

static void check_int(int64_t value)
{
    char expected[32];
    uint8_t got[NUMBER_INT64_SPACE + 8];
    memset(got, 0xAA, sizeof got);
    uint8_t *end = number_format_int64(got, value);
    for (size_t i = NUMBER_INT64_SPACE; i < sizeof got; i++)
        if (got[i] != 0xAA) fail("format int", "", "a write past its space", "none");
    *end = 0;
    checks++;
    snprintf(expected, sizeof expected, "%" PRId64, value);
    if (strcmp((char *)got, expected) != 0) fail("format int", expected, (char *)got, expected);
    check_parse_other(expected, NUMBER_INT, strlen(expected), value);
}

static void check_uint(uint64_t value)
{
    char expected[32];
    uint8_t got[NUMBER_INT64_SPACE + 1];
    *number_format_uint64(got, value) = 0;
    checks++;
    snprintf(expected, sizeof expected, "%" PRIu64, value);
    if (strcmp((char *)got, expected) != 0) fail("format uint", expected, (char *)got, expected);
    if (value > INT64_MAX) check_parse_other(expected, NUMBER_BIG, strlen(expected), 0);
}

static void check_int_around(uint64_t value)
{
    for (int i = -2; i <= 2; i++) {
        uint64_t near = value + (uint64_t)(int64_t)i;
        check_int((int64_t)near);
        check_int((int64_t)(0 - near));
        check_uint(near);
    }
}

static void test_ints(void)
{
    for (int64_t i = -20000; i <= 20000; i++) check_int(i);
    uint64_t power = 1;
    for (int i = 0; i < 20; i++, power *= 10)
        for (unsigned d = 1; d < 10; d++) check_int_around(d * power);
    for (int i = 0; i < 64; i++) check_int_around((uint64_t)1 << i);
}

int main(int argc, char **argv)
{
    long count = argc > 1 ? atol(argv[1]) : 1000000;
    random_state = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
    make_text_buffer();

    test_grammar();
    test_long_zeros();
    test_ints();
    test_format_boundaries();
    check_middle(0);
    check_middle(bits_of(1.7976931348623157e308));
    check_middle(((uint64_t)1 << 52) - 1);
    for (long i = 0; i < count; i++) {
        check_format(random_double());
        check_random_text();
        uint64_t integer = random_bits() >> random_below(64);
        check_int((int64_t)integer);
        check_int((int64_t)(0 - integer));
        check_uint(integer);
        if (i % 100 == 0) check_middle(bits_of(fabs(random_double())));
    }
    printf("%lu checks, %lu failures\n", checks, failures);
    return failures != 0;
}
