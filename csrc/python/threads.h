/* Threads: with the GIL and without it. */
#ifndef CYJSON_PYTHON_THREADS_H
#define CYJSON_PYTHON_THREADS_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdint.h>

#include "base/bits.h"

/* With the GIL (1) nobody else runs while C code does. Without it (0: free-threaded builds, from 3.13 on) any other
 * thread may change a list or dict, and any field that calls share, between two instructions. str, bytes, numbers and
 * tuples don't change. */
#if defined(Py_GIL_DISABLED)
#define COMPAT_HAS_GIL 0
#else
#define COMPAT_HAS_GIL 1
#endif

/* Around code that reads what an object's own methods change; not around code that may run Python's. */
#if COMPAT_HAS_GIL
#define COMPAT_BEGIN_CRITICAL_SECTION(object) {
#define COMPAT_END_CRITICAL_SECTION() }
#else
#define COMPAT_BEGIN_CRITICAL_SECTION Py_BEGIN_CRITICAL_SECTION
#define COMPAT_END_CRITICAL_SECTION Py_END_CRITICAL_SECTION
#endif

#if COMPAT_HAS_GIL
#define COMPAT_EITHER(with_gil, without) with_gil
#else
#define COMPAT_EITHER(with_gil, without) without
#endif

/* Set a flag that one thread may hold at a time: whether it was free. */
static ALWAYS_INLINE int compat_acquire(int *flag) {
    int was = COMPAT_EITHER(*flag, _Py_atomic_exchange_int(flag, 1));
    if (COMPAT_HAS_GIL) *flag = 1;
    return !was;
}
static ALWAYS_INLINE void compat_release(int *flag) { COMPAT_EITHER(*flag = 0, _Py_atomic_store_int_release(flag, 0)); }

/* Load and store a field on which nothing else depends, so that an old value will do. */
static ALWAYS_INLINE int compat_load_int(const int *place) {
    return COMPAT_EITHER(*place, _Py_atomic_load_int_relaxed(place));
}
static ALWAYS_INLINE void compat_store_int(int *place, int value) {
    COMPAT_EITHER(*place = value, _Py_atomic_store_int_relaxed(place, value));
}
static ALWAYS_INLINE Py_ssize_t compat_load_size(const Py_ssize_t *place) {
    return COMPAT_EITHER(*place, _Py_atomic_load_ssize_relaxed(place));
}
static ALWAYS_INLINE void compat_store_size(Py_ssize_t *place, Py_ssize_t value) {
    COMPAT_EITHER(*place = value, _Py_atomic_store_ssize_relaxed(place, value));
}
static ALWAYS_INLINE int64_t compat_load_int64(const int64_t *place) {
    return COMPAT_EITHER(*place, _Py_atomic_load_int64_relaxed(place));
}
static ALWAYS_INLINE void compat_store_int64(int64_t *place, int64_t value) {
    COMPAT_EITHER(*place = value, _Py_atomic_store_int64_relaxed(place, value));
}

#endif
