#include "kernels/number_parse.h"

/* A natural number, least limb first. The largest that are compared stand for a decimal of DECIMAL_DIGITS digits and
 * for 55 bits times 5^(DECIMAL_DIGITS + 343): less than 2800 bits each. */
enum { DECIMAL_DIGITS = 800, LIMBS = 96 };

typedef struct {
    uint32_t limb[LIMBS];
    int size;
} natural;

static void natural_multiply_add(natural *n, uint32_t factor, uint32_t summand) {
    uint64_t carry = summand;
    for (int i = 0; i < n->size; i++) {
        carry += (uint64_t)n->limb[i] * factor;
        n->limb[i] = (uint32_t)carry;
        carry >>= 32;
    }
    if (carry) n->limb[n->size++] = (uint32_t)carry;
}

static void natural_times_pow5(natural *n, int64_t e) {
    const uint32_t pow5_13 = 1220703125;
    for (; e >= 13; e -= 13) natural_multiply_add(n, pow5_13, 0);
    for (; e > 0; e--) natural_multiply_add(n, 5, 0);
}

static void natural_shift_left(natural *n, int64_t bits) {
    int limbs = (int)(bits / 32);
    if (bits % 32) natural_multiply_add(n, (uint32_t)1 << bits % 32, 0);
    memmove(n->limb + limbs, n->limb, (size_t)n->size * sizeof(uint32_t));
    memset(n->limb, 0, (size_t)limbs * sizeof(uint32_t));
    n->size += limbs;
}

static int natural_compare(const natural *a, const natural *b) {
    if (a->size != b->size) return a->size < b->size ? -1 : 1;
    for (int i = a->size - 1; i >= 0; i--)
        if (a->limb[i] != b->limb[i]) return a->limb[i] < b->limb[i] ? -1 : 1;
    return 0;
}

/* A decimal as it is written: count significant digits from first on, perhaps with a point among them; its value is
 * those digits as an integer times 10^exponent. */
typedef struct {
    const uint8_t *first;
    int64_t count, exponent;
} decimal_text;

/* The first DECIMAL_DIGITS digits as an integer times 10^*exponent. What follows them only matters for not being zero:
 * the middle of two doubles has at most 767 significant digits, so one more digit, a 1, says on which side of it we
 * are. */
static void natural_from_text(natural *n, const decimal_text *text, int64_t *exponent) {
    const uint8_t *p = text->first;
    int64_t kept = text->count < DECIMAL_DIGITS ? text->count : DECIMAL_DIGITS;
    n->size = 0;
    for (int64_t i = 0; i < kept; p++)
        if (*p != '.') {
            natural_multiply_add(n, 10, (uint32_t)(*p - '0'));
            i++;
        }
    *exponent = text->exponent + (text->count - kept);
    for (int64_t i = kept; i < text->count; p++)
        if (*p != '.') {
            i++;
            if (*p != '0') {
                natural_multiply_add(n, 10, 1);
                --*exponent;
                return;
            }
        }
}

/* Of the double with these bits and its successor, the one nearer to the decimal, which is between them. */
static uint64_t round_exactly(uint64_t bits, const decimal_text *text) {
    natural decimal, middle;
    int64_t e10;
    natural_from_text(&decimal, text, &e10);

    /* The middle is (2m + 1) * 2^e2. */
    uint64_t biased = bits >> 52;
    uint64_t m = bits & 0xFFFFFFFFFFFFF;
    if (biased != 0) m |= (uint64_t)1 << 52;
    int64_t e2 = (int64_t)(biased != 0 ? biased : 1) - 1075 - 1;
    m = 2 * m + 1;
    middle.limb[0] = (uint32_t)m;
    middle.limb[1] = (uint32_t)(m >> 32);
    middle.size = middle.limb[1] ? 2 : 1;

    /* decimal * 10^e10 against middle * 2^e2, both made integers. */
    if (e10 >= 0) natural_times_pow5(&decimal, e10);
    else natural_times_pow5(&middle, -e10);
    if (e10 >= e2) natural_shift_left(&decimal, e10 - e2);
    else natural_shift_left(&middle, e2 - e10);
    int order = natural_compare(&decimal, &middle);
    return bits + (order > 0 || (order == 0 && (bits & 1)));
}

uint64_t number_round_any(uint64_t w, int64_t q) {
    const uint64_t infinity = (uint64_t)0x7FF << 52;
    if (w == 0 || q < POW10_MIN) return 0; /* 2^64 * 10^-343 is less than half the least double */
    if (q > 308) return infinity;
    uint64_t bits = number_round_product(w, (int)q, 0);
    return bits < infinity ? bits : infinity;
}

uint64_t number_round_long(const uint8_t *digits, int64_t n, int64_t q) {
    for (; n > 0 && (*digits == '0' || *digits == '.'); digits++) n -= *digits == '0';

    int64_t kept = n < 19 ? n : 19;
    uint64_t w = 0;
    const uint8_t *p = digits;
    for (int64_t i = 0; i < kept; p++)
        if (*p != '.') {
            w = w * 10 + (uint64_t)(*p - '0');
            i++;
        }
    uint64_t bits = number_round_any(w, q + (n - kept));
    if (n == kept || bits == number_round_any(w + 1, q + (n - kept))) return bits;
    decimal_text text = {digits, n, q};
    return round_exactly(bits, &text);
}
