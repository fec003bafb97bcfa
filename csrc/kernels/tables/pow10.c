#include "kernels/pow10.h"

const pow10_significand pow10_table[POW10_MAX - POW10_MIN + 1] = {
#define POWER(e, rows, high, low) [(e) - POW10_MIN] = {high, low},
#include "kernels/tables/powers.h"
};
