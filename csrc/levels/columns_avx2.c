#include <math.h>
#include <stdlib.h>

#define LEVEL_AVX2
#include "levels/begin.h"
#if CPU_HAS_LEVELS
#include "columns/rows.inc.h"
#endif
#include "levels/end.h"
