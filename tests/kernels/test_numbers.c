/* Tests of csrc/kernels: number_parse and number_format against libc and a slow reference, on every instruction set
 * that this machine runs. Built by build.py.
 *
 *     ./a.out [random cases = 1000000] [seed = 1]
 *
 * Exits 1 after printing the first mismatches. */
#include "check_numbers.h"

static uint64_t random_state;

static uint64_t random_bits(void) {
    uint64_t z = random_state += 0x9E3779B97F4A7C15;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9;
    z = (z ^ z >> 27) * 0x94D049BB133111EB;
    return z ^ z >> 31;
}

static unsigned random_below(unsigned n) { return (unsigned)(random_bits() % n); }

/* ---- parsing ---- */

static void test_grammar(void) {
    static const struct {
        const char *text;
        number_kind kind;
        unsigned used;
        int64_t value;
    } cases[] = {
        {"", NUMBER_INVALID, 0, 0},
        {"-", NUMBER_INVALID, 0, 0},
        {"-a", NUMBER_INVALID, 0, 0},
        {"+1", NUMBER_INVALID, 0, 0},
        {".5", NUMBER_INVALID, 0, 0},
        {"-.5", NUMBER_INVALID, 0, 0},
        {"e5", NUMBER_INVALID, 0, 0},
        {"--1", NUMBER_INVALID, 0, 0},
        {"NaN", NUMBER_INVALID, 0, 0},
        {"Infinity", NUMBER_INVALID, 0, 0},
        {"/", NUMBER_INVALID, 0, 0},
        {":", NUMBER_INVALID, 0, 0},
        {"\xFF", NUMBER_INVALID, 0, 0},
        {"0", NUMBER_INT, 1, 0},
        {"-0", NUMBER_INT, 2, 0},
        {"01", NUMBER_INT, 1, 0},
        {"-01", NUMBER_INT, 2, 0},
        {"00.5", NUMBER_INT, 1, 0},
        {"0x10", NUMBER_INT, 1, 0},
        {"1", NUMBER_INT, 1, 1},
        {"1.", NUMBER_INT, 1, 1},
        {"1.e5", NUMBER_INT, 1, 1},
        {"1e", NUMBER_INT, 1, 1},
        {"1E", NUMBER_INT, 1, 1},
        {"1e+", NUMBER_INT, 1, 1},
        {"1e-", NUMBER_INT, 1, 1},
        {"1e+-5", NUMBER_INT, 1, 1},
        {"0e", NUMBER_INT, 1, 0},
        {"-0.", NUMBER_INT, 2, 0},
        {"1.5.5", NUMBER_DOUBLE, 3, 0},
        {"1.5e", NUMBER_DOUBLE, 3, 0},
        {"1.5e+", NUMBER_DOUBLE, 3, 0},
        {"1.5E-x", NUMBER_DOUBLE, 3, 0},
        {"1.5e5e5", NUMBER_DOUBLE, 5, 0},
        {"12,34", NUMBER_INT, 2, 12},
        {"12]   ", NUMBER_INT, 2, 12},
        {"1234567,", NUMBER_INT, 7, 1234567},
        {"12345678]", NUMBER_INT, 8, 12345678},
        {"123456789}", NUMBER_INT, 9, 123456789},
        {"1\xB2\xB3", NUMBER_INT, 1, 1},
        {"12\xFF\xFF\xFF\xFF\xFF\xFF\xFF", NUMBER_INT, 2, 12},
        {"1:;<=>?@", NUMBER_INT, 1, 1},
        {"1/////////", NUMBER_INT, 1, 1},
        {"1.5]        ", NUMBER_DOUBLE, 3, 0},
        {"1.\xFF", NUMBER_INT, 1, 1},
        {"1e\xFF", NUMBER_INT, 1, 1},
        {"1\x0e"
         "5",
         NUMBER_INT, 1, 1},
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
        "0.0",
        "-0.0",
        "0e0",
        "-0e5",
        "-0E-5",
        "0e99999999999999999999",
        "0.0e-99999999999999999999",
        "1e0",
        "1E+0",
        "1e-0",
        "1e5",
        "1e05",
        "1e00000000000000000000000005",
        "1.5",
        "-1.5e-5",
        "1e308",
        "1e309",
        "-1e309",
        "1e99999999999999999999",
        "1e-323",
        "1e-324",
        "2e-324",
        "2.5e-324",
        "3e-324",
        "-1e-99999999999999999999",
        "4.9406564584124654e-324",
        "2.2250738585072011e-308",
        "2.2250738585072012e-308",
        "2.2250738585072014e-308",
        "1.7976931348623157e308",
        "1.7976931348623158e308",
        "1.7976931348623159e308",
        "179769313486231580793e289",
        "9007199254740993.0",
        "9007199254740993.00000000000000000000000000000000000000000000000000000000000000000001",
        "9007199254740992.99999",
        "9223372036854775808.0",
        "18446744073709551615.0",
        "18446744073709551616.0",
        "0.000000000000000000000000000001",
        "123456789012345678901234567890e-30",
        "6.9294956446009195e15",
        "3507665085003296281e-74",
        "7185620434951919351e205",
        "-65.613616999999977",
        "8.988465674311580536566680e307",
        "0.000000000000000000000000000000000000000000000000001e51",
        "10000000000000000000e-19",
        "9999999999999999999e-19",
        "99999999999999999999e-20",
        "1e22",
        "1e23",
        "8.5e22",
    };
    for (size_t i = 0; i < sizeof doubles / sizeof *doubles; i++)
        check_parse_double(doubles[i], strtod(doubles[i], NULL));
}

static void test_long_zeros(void) {
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

/* 0.00ddd: zeros before the digits that count, about as many as are read at once. */
static void test_few_zeros(void) {
    char text[80];
    for (unsigned turn = 0; turn < 40; turn++)
        for (unsigned zeros = 0; zeros < 8; zeros++)
            for (unsigned digits = 1; digits < 24; digits++) {
                size_t n = 0;
                if (random_below(2)) text[n++] = '-';
                text[n++] = turn % 8 == 7 ? (char)('1' + random_below(9)) : '0';
                text[n++] = '.';
                memset(text + n, '0', zeros), n += zeros;
                for (unsigned i = 0; i < digits; i++) text[n++] = (char)('0' + random_below(10));
                text[n] = 0;
                check_parse_double(text, strtod(text, NULL));
                snprintf(text + n, sizeof text - n, "e%d", (int)random_below(700) - 350);
                check_parse_double(text, strtod(text, NULL));
            }
}

/* Decimal digits of (2m + 1) * 2^(q - 1), the middle between m * 2^q and its successor; returns the power of ten that
 * the integer they form is to be multiplied with. */
static int middle_digits(uint64_t m, int q, char *digits) {
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
static void check_middle(uint64_t bits) {
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

static void check_random_text(void) {
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

/* The characters of numbers in any order, and a few others. */
static void check_any_text(void) {
    static const char characters[] = "0123456789012345678901234567890123456789..eeE+--,] \xB2";
    char text[64];
    size_t n = random_below(random_below(3) ? 12 : sizeof text - 1);
    for (size_t i = 0; i < n; i++) text[i] = characters[random_below(sizeof characters - 1)];
    text[n] = 0;
    check_parse_any(text);
}

/* ---- formatting ---- */

static void check_format_around(double x) {
    uint64_t bits = bits_of(x);
    for (int i = -3; i <= 3; i++) {
        double y = double_of(bits + (uint64_t)(int64_t)i);
        if (!isfinite(y)) continue;
        check_format(y);
        check_format(-y);
    }
}

static void test_format_boundaries(void) {
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

/* A float may have any bits at all: every power of two, whose interval is narrower below, and what is around it, every
 * power of ten, and the subnormal ones of few bits. */
static void test_format_floats(void) {
    for (uint32_t biased = 0; biased < 255; biased++)
        for (int i = -40; i <= 40; i++) {
            uint32_t bits = (biased << 23) + (uint32_t)i;
            if (bits < 0x7F800000) check_format_float(float_of(bits));
        }
    for (int e = -45; e < 39; e++)
        for (int d = 1; d < 100; d++) {
            char text[32];
            snprintf(text, sizeof text, "%de%d", d, e);
            float x = strtof(text, NULL);
            for (uint32_t i = 0; i < 5 && isfinite(x) && x > 0; i++)
                if (isfinite(float_of(bits_of_float(x) + i - 2)))
                    check_format_float(float_of(bits_of_float(x) + i - 2));
        }
    for (int i = -2000; i <= 2000; i++) {
        check_format_float(16777216.0f + (float)i);
        check_format_float((float)i);
        check_format_float((float)i / 100.0f);
        check_format_float((float)i / 1024.0f);
    }
    check_format_float(-0.0f);
}

static float random_float(void) {
    uint32_t bits = (uint32_t)random_bits();
    float x = float_of(bits);
    switch (random_below(4)) {
    case 0: x = (float)(bits >> 8) / 16777216.0f; break;
    case 1: x = (float)(int32_t)(bits % 2000000) / 100.0f; break;
    case 2: x = (float)(bits >> random_below(32)); break; /* an integer of up to 32 bits */
    default: break;
    }
    return isfinite(x) ? x : 1;
}

static double random_double(void) {
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
        snprintf(text, sizeof text, "%u.%0*" PRIu64, random_below(1000), 1 + (int)random_below(16),
                 random_bits() >> random_below(64));
        x = strtod(text, NULL);
        break;
    default: x = double_of(random_bits());
    }
    return isfinite(x) ? x : 1;
}

/* ---- integers ---- */

static void check_int_around(uint64_t value) {
    for (int i = -2; i <= 2; i++) {
        uint64_t near = value + (uint64_t)(int64_t)i;
        check_int((int64_t)near);
        check_int((int64_t)(0 - near));
        check_uint(near);
    }
}

static void test_ints(void) {
    for (int64_t i = -20000; i <= 20000; i++) check_int(i);
    uint64_t power = 1;
    for (int i = 0; i < 20; i++, power *= 10)
        for (unsigned d = 1; d < 10; d++) check_int_around(d * power);
    for (int i = 0; i < 64; i++) check_int_around((uint64_t)1 << i);
}

/* ---- arrays ---- */

/* Numbers of any length, in an array that ends where the readable memory does. */
static void check_random_array(void) {
    static const int sizes[] = {0, 1, 2, 4, 8};
    enum { ROOM = 3 * 8 * LISTED_MOST };
    const int size = sizes[random_below(5)], item = size ? size : 1;
    const size_t n = random_below(LISTED_MOST + 1);
    const ptrdiff_t step = item * (ptrdiff_t)(random_below(3) ? 1 : 1 + random_below(3));
    char *start = (char *)text_end - (ptrdiff_t)n * step;
    memset(text_end - ROOM, 0xAA, ROOM);
    for (size_t i = 0; i < n; i++) {
        uint64_t bits = random_bits();
        if (size == 0) bits = random_below(40) ? bits & 1 : bits & 0xFF;
        else bits = random_below(2) ? bits >> random_below(64) : 0 - (bits >> random_below(64));
        memcpy(start + (ptrdiff_t)i * step, BIG_ENDIAN_TARGET ? (char *)&bits + 8 - item : (char *)&bits, (size_t)item);
    }
    if (random_below(3) || n == 0) check_listed(start, n, step, size, (int)random_below(2));
    else check_listed(start + ((ptrdiff_t)n - 1) * step, n, -step, size, (int)random_below(2));
}

/* Where numbers become longer, and where types end. */
static void test_listed_limits(void) {
    uint64_t power = 1, limits[LISTED_MOST];
    size_t n = 0;
    for (int i = 0; i < 20; i++, power *= 10) {
        limits[n++] = power - 1;
        limits[n++] = power;
        limits[n++] = 0 - power;
    }
    limits[n++] = UINT64_MAX;
    limits[n++] = (uint64_t)1 << 63;
    for (int size = 1; size <= 8; size *= 2)
        for (int is_signed = 0; is_signed < 2; is_signed++)
            check_listed((const char *)limits + (BIG_ENDIAN_TARGET ? 8 - size : 0), n, 8, size, is_signed);
}

int main(int argc, char **argv) {
    long count = argc > 1 ? atol(argv[1]) : 1000000;
    random_state = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
    make_text_buffer();

    test_grammar();
    test_long_zeros();
    test_few_zeros();
    test_ints();
    test_format_boundaries();
    test_format_floats();
    test_listed_limits();
    check_middle(0);
    check_middle(bits_of(1.7976931348623157e308));
    check_middle(((uint64_t)1 << 52) - 1);
    for (long i = 0; i < count; i++) {
        check_format(random_double());
        check_format_float(random_float());
        check_random_text();
        check_any_text();
        check_random_array();
        uint64_t integer = random_bits() >> random_below(64);
        check_int((int64_t)integer);
        check_int((int64_t)(0 - integer));
        check_uint(integer);
        if (i % 100 == 0) check_middle(bits_of(fabs(random_double())));
    }
    printf("%lu checks, %lu failures\n", checks, failures);
    return failures != 0;
}
