#define PY_SSIZE_T_CLEAN
#include <Python.h>

#define LEVEL_AVX512
#include "levels/begin.h"
#if CPU_HAS_LEVELS
#include "decode/run.inc.h"
#include "decode/containers.inc.h"
#include "decode/strings.inc.h"
#include "decode/scalars.inc.h"
#include "decode/parser.inc.h"
#include "decode/entries.inc.h"
/* Documents of a type, and the events of a block, are read as well by AVX2: 33 KB of code, and no difference in time
 * that could be measured. */
extern PyObject *typed_decode_avx2(decode_state *state, const typed_plan *plan, const uint8_t *data, Py_ssize_t size);
#define TYPED_DECODE typed_decode_avx2
extern int decode_utf8_events_avx2(decode_state *state, const decode_options *options, const uint8_t *text, size_t size,
                                   int final, tokens_scanner *scanner, events *e);
#define UTF8_EVENTS decode_utf8_events_avx2
#include "decode/functions.inc.h"
#endif
#include "levels/end.h"
