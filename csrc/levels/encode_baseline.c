#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "levels/begin.h"
#include "kernels/escape.inc.h"
#include "kernels/number_format.inc.h"
#include "encode/leaf.inc.h"
#include "encode/writer.inc.h"
#include "encode/orjson.inc.h"
#include "encode/array.inc.h"
#include "encode/fields.inc.h"
#include "encode/instance.inc.h"
#include "levels/end.h"
