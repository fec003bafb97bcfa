#include "kernels/number_format.h"

pow10_significand number_scale[2047];

/* 10^-(k+1), of which pow10_table has the significand, times 2^q: that moved right by as many bits as the product
 * begins with zeros. What is rounded down twice is what is rounded down once. The exponents of subnormals and of the
 * least normal numbers are one. (--prove) */
AT_LOAD(fill_number_scale) {
    for (int biased = 0; biased < 2047; biased++) {
        int q = (biased ? biased : 1) - 1075, e = -log10_of_pow2(q) - 1, shift = -(q + pow10_exponent(e)) - 1;
        const pow10_significand *power = pow10_of(e);
        number_scale[biased].high = power->high >> shift;
        number_scale[biased].low = power->low >> shift | power->high << 1 << (63 - shift);
    }
}
