#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "levels/begin.h"
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
#include "decode/scanstring.inc.h"
#include "decode/functions.inc.h"
#include "levels/end.h"
