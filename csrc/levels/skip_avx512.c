#define LEVEL_AVX512
#include "levels/begin.h"
#if CPU_HAS_LEVELS
#include "kernels/bytes64.inc.h"
#include "kernels/utf8.inc.h"
#include "kernels/skip.inc.h"
#endif
#include "levels/end.h"
