#include "levels/begin.h"
#include "kernels/bytes64.inc.h"
#include "kernels/skip.inc.h"
#include "levels/end.h"
