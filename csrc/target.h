/* Included first by a file that compiles others for a level above the baseline, once it has defined TARGET_AVX2 or
 * TARGET_AVX512; target_end.h comes last. Python's headers are read before, so that they are compiled as everywhere. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#define VEC_AVX2 1
#ifdef TARGET_AVX512
#define VEC_AVX512 1
#define CPU_SUFFIX _avx512
#else
#define CPU_SUFFIX _avx2
#endif
#include "cpu.h"

#if CPU_HAS_LEVELS
#include <immintrin.h>
#if defined(__clang__) && defined(TARGET_AVX512)
#pragma clang attribute push(__attribute__((target("avx2,bmi,bmi2,lzcnt,popcnt,avx512f,avx512bw,avx512dq,avx512vl,avx512ifma,avx512vbmi,avx512vbmi2,lzcnt"))), apply_to = function)
#elif defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,bmi,bmi2,lzcnt"))), apply_to = function)
#elif defined(TARGET_AVX512)
#pragma GCC target("avx2,bmi,bmi2,lzcnt,popcnt,avx512f,avx512bw,avx512dq,avx512vl,avx512ifma,avx512vbmi,avx512vbmi2,lzcnt")
#else
#pragma GCC target("avx2,bmi,bmi2,lzcnt")
#endif
#endif
