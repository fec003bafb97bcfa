#include <math.h>
#include <stdlib.h>

#include "levels/begin.h"
#include "columns/rows.inc.h"
#include "levels/end.h"
