#define PY_SSIZE_T_CLEAN
#include <Python.h>

#define LEVEL_AVX512
#include "levels/begin.h"
#if CPU_HAS_LEVELS
/* Only what puts strings together: the decoder around it is AVX2's. One for AVX-512 was 65 KB more, and no faster. */
#include "decode/run.inc.h"
#include "decode/compose.inc.h"
#endif
#include "levels/end.h"
