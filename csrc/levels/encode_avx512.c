#include <stdint.h>

#define LEVEL_AVX512
#include "levels/begin.h"
#if CPU_HAS_LEVELS
/* Kernels only: the writers around them are AVX2's. Their own for AVX-512 were 180 KB, and no faster. */
#include "kernels/escape.inc.h"
#include "kernels/number_format.inc.h"
#endif
#include "levels/end.h"
