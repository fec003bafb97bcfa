#include "kernels/number_format.h"

/* In the order of q. 10^-(k+1) has a row for each q of this k: its significand, moved right by as many bits as
 * 2^q / 10^(k+1) begins with zeros. */
const pow10_significand number_scale[2047] = {
#define LOW(shift, high, low) (uint64_t)(low) >> (shift) | (uint64_t)(high) << 1 << (63 - (shift))
#define ROW(shift, high, low) {(uint64_t)(high) >> (shift), LOW(shift, high, low)},
#define NONE(high, low)
#define THREE(high, low) ROW(2, high, low) ROW(1, high, low) ROW(0, high, low)
#define FOUR(high, low) ROW(3, high, low) THREE(high, low)
/* The exponents of subnormals and of the least normal numbers are one. */
#define FIRST(high, low) ROW(1, high, low) ROW(1, high, low) ROW(0, high, low)
#define LAST(high, low) ROW(2, high, low)
#define POWER(e, rows, high, low) rows(high, low)
#include "kernels/tables/powers.h"
};
