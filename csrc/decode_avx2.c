#define TARGET_AVX2
#include "target.h"
#if CPU_HAS_LEVELS
#include "decode.c"
#include "target_end.h"
#endif
