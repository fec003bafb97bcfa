#define TARGET_AVX512
#include "target.h"
#if CPU_HAS_LEVELS
#include "encode_step.c"
#include "encode_write.c"
#include "escape.c"
#include "number_format.c"
#include "target_end.h"
#endif
