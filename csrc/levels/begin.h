/* What a file of this folder includes first, once it has defined LEVEL_AVX2 or LEVEL_AVX512, or neither for the
 * baseline; end.h comes last. What is between is compiled for that level. Python's headers come before, so that they
 * are compiled as everywhere. */
#if defined(LEVEL_AVX512)
#define VEC_AVX2 1
#define VEC_AVX512 1
#define CPU_SUFFIX _avx512
#elif defined(LEVEL_AVX2)
#define VEC_AVX2 1
#define CPU_SUFFIX _avx2
#endif
#include "base/cpu.h"

#if defined(CPU_SUFFIX) && CPU_HAS_LEVELS
#include <immintrin.h>
#if defined(LEVEL_AVX512) && defined(__clang__) && __clang_major__ >= 18 && __clang_major__ <= 20
/* These know vectors of 64 bytes as a feature of their own, which zig's leaves out unless it is named. */
#define LEVEL_FEATURES CPU_AVX512_TARGET ",evex512"
#elif defined(LEVEL_AVX512)
#define LEVEL_FEATURES CPU_AVX512_TARGET
#else
#define LEVEL_FEATURES CPU_AVX2_TARGET
#endif
#define LEVEL_PRAGMA_OF(...) _Pragma(#__VA_ARGS__)
#define LEVEL_PRAGMA(...) LEVEL_PRAGMA_OF(__VA_ARGS__)
#if defined(__clang__)
LEVEL_PRAGMA(clang attribute push(__attribute__((target(LEVEL_FEATURES))), apply_to = function))
#else
LEVEL_PRAGMA(GCC target(LEVEL_FEATURES))
#endif
#endif
