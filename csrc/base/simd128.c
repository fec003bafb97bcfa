/* The constants that simd128.h names. */
#include "base/cpu.h"

#if CPU_HAS_LEVELS
#include <stdint.h>

#include "base/compiler.h"

HIDDEN extern const uint8_t vec_sixteen[128][16]; /* see simd128.h */

#define ROW(c) {c, c, c, c, c, c, c, c, c, c, c, c, c, c, c, c},
#define FOUR(c) ROW(c) ROW((c) + 1) ROW((c) + 2) ROW((c) + 3)
#define SIXTEEN(c) FOUR(c) FOUR((c) + 4) FOUR((c) + 8) FOUR((c) + 12)
const uint8_t vec_sixteen[128][16] = {SIXTEEN(0) SIXTEEN(16) SIXTEEN(32) SIXTEEN(48) SIXTEEN(64) SIXTEEN(80) SIXTEEN(96)
                                          SIXTEEN(112)};
#endif
