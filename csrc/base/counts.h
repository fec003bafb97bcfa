/* Counts that threads change without a lock. Includes no Python.h. */
#ifndef CYJSON_BASE_COUNTS_H
#define CYJSON_BASE_COUNTS_H

#include "base/compiler.h"

#if defined(_MSC_VER) && !defined(__clang__)
#include <intrin.h>
typedef volatile long shared_count;
static ALWAYS_INLINE void count_set(shared_count *c, long value) { *c = value; }
static ALWAYS_INLINE void count_up(shared_count *c) { _InterlockedIncrement(c); }
static ALWAYS_INLINE long count_down(shared_count *c) { return _InterlockedDecrement(c); }
#else
typedef long shared_count;
/* Before anybody else knows of it. */
static ALWAYS_INLINE void count_set(shared_count *c, long value) { *c = value; }
static ALWAYS_INLINE void count_up(shared_count *c) { __atomic_fetch_add(c, 1, __ATOMIC_RELAXED); }
/* Return what is left. Whoever finds nothing left sees all that the others did before. */
static ALWAYS_INLINE long count_down(shared_count *c) { return __atomic_sub_fetch(c, 1, __ATOMIC_ACQ_REL); }
#endif

#endif
