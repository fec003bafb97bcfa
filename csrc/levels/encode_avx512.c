#define PY_SSIZE_T_CLEAN
#include <Python.h>

#define LEVEL_AVX512
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
