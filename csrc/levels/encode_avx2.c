#define PY_SSIZE_T_CLEAN
#include <Python.h>

/* The writers of AVX-512, too, whose kernels are what shows in time. */
#define LEVEL_AVX2
#define KERNELS_BY_TABLE
#include "levels/begin.h"
#if CPU_HAS_LEVELS
#include "kernels/escape.inc.h"
#include "kernels/number_format.inc.h"
#include "encode/leaf.inc.h"
#include "encode/writer.inc.h"
#include "encode/orjson.inc.h"
#include "encode/array.inc.h"
#include "encode/fields.inc.h"
#include "encode/instance.inc.h"
#endif
#include "levels/end.h"
