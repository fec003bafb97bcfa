#define PY_SSIZE_T_CLEAN
#include <Python.h>

/* Compiled once: 40 KB of code, of which the kernels are what an instruction set shows in. */
#define KERNELS_BY_TABLE
#include "levels/begin.h"
#include "encode/pieces.h"
#include "encode/leaf.inc.h"
#include "encode/stepper.inc.h"
#include "levels/end.h"
