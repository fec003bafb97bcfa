/* Values that only a given schema asks for. */
#include <math.h>

#include "base/bits.h"
#include "columns/columns.h"
#include "kernels/moments.h"
#include "kernels/pow10.h"

static int is_digit(uint8_t c) { return (uint8_t)(c - '0') < 10; }

int value_unsigned(const uint8_t *p, const uint8_t *limit, uint64_t *value) {
    uint64_t w = 0;
    int is_negative = *p == '-';
    const uint8_t *first = p += is_negative;
    for (; p < limit && is_digit(*p); p++) {
        unsigned digit = *p - (unsigned)'0';
        if (w > UINT64_MAX / 10 || (w == UINT64_MAX / 10 && digit > UINT64_MAX % 10)) return 0;
        w = 10 * w + digit;
    }
    if (p == first || (*p == '.' || (*p | 0x20) == 'e') || (is_negative && w != 0)) return 0;
    *value = w;
    return 1;
}

/* The parts of a JSON number in p[0, n): whether it is one. */
typedef struct {
    int is_negative;
    const uint8_t *whole, *whole_end, *fraction, *fraction_end;
    int64_t exponent;
} decimal_text;

static int read_decimal(const uint8_t *p, size_t n, decimal_text *d) {
    enum { MOST = 100000000 }; /* an exponent that no number of digits makes up for */
    const uint8_t *end = p + n;
    d->is_negative = p < end && *p == '-';
    p += d->is_negative;
    d->whole = p;
    while (p < end && is_digit(*p)) p++;
    d->whole_end = d->fraction = d->fraction_end = p;
    if (p == d->whole || (*d->whole == '0' && p - d->whole > 1)) return 0;
    if (p < end && *p == '.') {
        d->fraction = ++p;
        while (p < end && is_digit(*p)) p++;
        d->fraction_end = p;
        if (p == d->fraction) return 0;
    }
    d->exponent = 0;
    if (p < end && (*p | 0x20) == 'e') {
        int is_negative = ++p < end && *p == '-';
        p += p < end && (*p == '-' || *p == '+');
        const uint8_t *first = p;
        for (; p < end && is_digit(*p); p++)
            if (d->exponent < MOST) d->exponent = 10 * d->exponent + (*p - '0');
        if (p == first) return 0;
        if (is_negative) d->exponent = -d->exponent;
    }
    return p == end;
}

int value_decimal(const column *c, const uint8_t *p, size_t n, uint8_t value[16]) {
    decimal_text d;
    if (!read_decimal(p, n, &d)) return 0;
    const int64_t fraction = d.fraction_end - d.fraction;
    /* Digits of the value times 10^scale: those from the first that isn't zero on, and as many as this more, or less.
     */
    const int64_t shift = c->scale + d.exponent - fraction;
    int64_t digits = 0, kept = 0;
    uint64_t high = 0, low = 0;
    for (int pass = 0; pass < 2; pass++) {
        int64_t seen = 0;
        const uint8_t *q = d.whole;
        for (;;) {
            if (q == d.whole_end) q = d.fraction;
            if (q == d.fraction_end) break;
            unsigned digit = *q++ - (unsigned)'0';
            if (seen == 0 && digit == 0) continue;
            seen++;
            if (pass == 0) continue;
            if (seen > kept) {
                if (digit != 0) return 0;
                continue;
            }
            uint64_t lower, upper = multiply_128(low, 10, &lower);
            low = lower + digit;
            high = 10 * high + upper + (low < lower);
        }
        if (pass == 0) {
            digits = seen;
            kept = digits + shift;
            if (digits == 0) break;
            if (kept > c->precision) return 0;
        }
    }
    for (int64_t i = digits; digits && i < kept; i++) {
        uint64_t lower, upper = multiply_128(low, 10, &lower);
        low = lower;
        high = 10 * high + upper;
    }
    if (d.is_negative) {
        low = 0 - low;
        high = ~high + (low == 0);
    }
    const int first = BIG_ENDIAN_TARGET ? 8 : 0;
    memcpy(value + first, &low, 8);
    memcpy(value + (8 - first), &high, 8);
    return 1;
}

/* Compare the magnitude of a number's text with odd * 2^exponent, of 25 bits at most and a unit from 2^-150 to 2^103:
 * below 0, 0 or above it. Exact: a power of two below 1 is one of 5, divided by one of 10. */
static SELDOM int compare_exactly(const decimal_text *d, uint32_t odd, int exponent) {
    enum { LIMBS = 16, EACH = 9, STEP = 12 }; /* decimal digits of a limb; powers of 2 or 5 at a time */
    static const uint32_t base = 1000000000, pow5_step = 244140625;
    uint32_t limbs[LIMBS] = {odd};
    char digits[LIMBS * EACH];
    int64_t count = 0, point = exponent < 0 ? exponent : 0;
    for (int left = exponent < 0 ? -exponent : exponent; left > 0; left -= STEP) {
        uint64_t factor = exponent < 0 ? pow5_step : 1 << STEP, carry = 0;
        for (int i = left; i < STEP; i++) factor /= exponent < 0 ? 5 : 2;
        for (int i = 0; i < LIMBS; i++) {
            carry += limbs[i] * factor;
            limbs[i] = (uint32_t)(carry % base);
            carry /= base;
        }
        CYJSON_ASSERT(carry == 0);
    }
    for (int i = LIMBS; i-- > 0;)
        for (uint32_t unit = base / 10; unit > 0; unit /= 10) {
            char digit = (char)(limbs[i] / unit % 10);
            if (count > 0 || digit != 0) digits[count++] = digit;
        }
    point += count; /* 0.digits * 10^point */

    const uint8_t *q = d->whole;
    int64_t at = 0, text_point = d->whole_end - d->whole + d->exponent;
    for (;;) {
        if (q == d->whole_end) q = d->fraction;
        if (q == d->fraction_end) break;
        int digit = *q++ - '0';
        if (at == 0 && digit == 0) {
            text_point--;
            continue;
        }
        if (at == 0 && text_point != point) return text_point < point ? -1 : 1;
        int other = at < count ? digits[at] : 0;
        if (digit != other) return digit < other ? -1 : 1;
        at++;
    }
    for (; at < count; at++)
        if (digits[at] != 0) return -1;
    return 0;
}

float value_float(const uint8_t *p, size_t n, double value) {
    enum { LEAST = -150, MOST = 127, LEAST_NORMAL = -126, CUT = 29 }; /* exponents; bits that a double has more */
    uint64_t bits;
    memcpy(&bits, &value, 8);
    int exponent = (int)(bits >> 52 & 0x7FF) - 1023;
    uint64_t significand = (bits & (((uint64_t)1 << 52) - 1)) | (uint64_t)1 << 52;
    if (exponent < LEAST || exponent > MOST) return (float)value;
    int cut = CUT + (exponent < LEAST_NORMAL ? LEAST_NORMAL - exponent : 0);
    uint64_t half = (uint64_t)1 << (cut - 1);
    decimal_text d;
    if ((significand & (2 * half - 1)) != half || !read_decimal(p, n, &d)) return (float)value;
    int side = compare_exactly(&d, (uint32_t)(significand >> (cut - 1)), exponent - 52 + cut - 1);
    if (side == 0) return (float)value; /* the even one */
    double near = ldexp((double)((significand >> cut) + (side > 0)), exponent - 52 + cut);
    return (float)(d.is_negative ? -near : near);
}

/* Days from 1970-01-01 on, in the Gregorian calendar: Hinnant, "chrono-Compatible Low-Level Date Algorithms". */
static int64_t days_of(int year, int month, int day) {
    int64_t y = (int64_t)year - (month <= 2), era = y / 400, of_era = y - 400 * era; /* years are from 1 on */
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return 146097 * era + 365 * of_era + of_era / 4 - of_era / 100 + of_year - 719468;
}

int value_date(const column *c, const uint8_t *p, size_t n, int64_t *value) {
    moment m;
    if (!moment_read_date(p, n, &m)) return 0;
    *value = days_of(m.year, m.month, m.day) * (c->width == 8 ? 86400000 : 1);
    return 1;
}

int value_timestamp(const column *c, const uint8_t *p, size_t n, int64_t *value) {
    enum { DAY = 10, FRACTION = 20, DIGITS = 9 };
    static const int32_t powers[DIGITS + 1] = {1000000000, 100000000, 10000000, 1000000, 100000,
                                               10000,      1000,      100,      10,      1};
    moment m = {.zone = MOMENT_NAIVE};
    if (!(c->is_loose && n == DAY ? moment_read_date : moment_read)(p, n, &m)) return 0;
    if (m.zone == MOMENT_NAIVE ? c->is_zoned && !c->is_loose : !c->is_zoned) return 0;
    int64_t seconds = days_of(m.year, m.month, m.day) * 86400 + 3600 * m.hour + 60 * (m.minute - m.offset) + m.second;
    int64_t nanoseconds = 0;
    if (n > FRACTION && p[FRACTION - 1] == '.') {
        size_t digits = 0;
        for (; FRACTION + digits < n && digits < DIGITS && is_digit(p[FRACTION + digits]); digits++)
            nanoseconds = 10 * nanoseconds + (p[FRACTION + digits] - '0');
        nanoseconds *= powers[digits];
    }
    int64_t each = c->unit == 's' ? 1000000000 : c->unit == 'm' ? 1000000 : c->unit == 'u' ? 1000 : 1; /* ns */
    int64_t per_second = 1000000000 / each;
    if (nanoseconds % each) return 0;
    int64_t rest = nanoseconds / each;
    if (seconds < 0 && rest > 0) { /* of one sign, so that the product is within the range if the sum is */
        seconds++;
        rest -= per_second;
    }
    if (seconds > 0 ? seconds > (INT64_MAX - rest) / per_second
                    : seconds < 0 && seconds < (INT64_MIN - rest) / per_second)
        return 0;
    *value = seconds * per_second + rest;
    return 1;
}
