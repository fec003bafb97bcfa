#define TARGET_AVX512
#include "target.h"
#if CPU_HAS_LEVELS
#include "decode.c"
#include "target_end.h"
#endif
