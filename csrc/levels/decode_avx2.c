#define PY_SSIZE_T_CLEAN
#include <Python.h>

/* AVX-512's, too: see decode_avx512.c. */
#define LEVEL_AVX2
#define KERNELS_BY_TABLE
#include "levels/begin.h"
#if CPU_HAS_LEVELS
#include "decode/run.inc.h"
#include "decode/containers.inc.h"
#include "decode/compose.inc.h"
#include "decode/strings.inc.h"
#include "decode/scalars.inc.h"
#include "decode/parser.inc.h"
#include "decode/entries.inc.h"
#include "decode/typed.inc.h"
#include "decode/typed_ndarray.inc.h"
#include "decode/typed_objects.inc.h"
#include "decode/events.inc.h"
#include "decode/functions.inc.h"
#endif
#include "levels/end.h"
