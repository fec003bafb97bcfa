/* Which instruction sets this machine has, and names for code that is compiled for each of them.
 *
 * The rooms that gain from it (escape, encode_write, ...) write every external name as CPU_NAME(name). They are compiled
 * for the baseline as they stand, and again by a file that defines CPU_SUFFIX and asks the compiler for more.
 * Includes no Python.h. */
#ifndef CYJSON_CPU_H
#define CYJSON_CPU_H

typedef enum { CPU_BASE, CPU_AVX2, CPU_AVX512, CPU_LEVELS } cpu_level;

/* Whether there is code for the levels above CPU_BASE. */
#if !defined(CYJSON_NO_SIMD) && defined(__x86_64__) && (defined(__GNUC__) || defined(__clang__))
#define CPU_HAS_LEVELS 1
#else
#define CPU_HAS_LEVELS 0
#endif

/* The highest level that this build has code for and this machine runs. CPU_AVX512 takes what Ice Lake and Zen 4 have
 * (F, BW, DQ, VL, IFMA, VBMI, VBMI2). */
cpu_level cpu_best(void);

/* "avx512", "avx2", and for the baseline "sse2", "neon" or "c". */
const char *cpu_level_name(cpu_level level);

#ifdef CPU_SUFFIX
#define CPU_JOINED(name, suffix) name##suffix
#define CPU_JOIN(name, suffix) CPU_JOINED(name, suffix)
#define CPU_NAME(name) CPU_JOIN(name, CPU_SUFFIX)
#else
#define CPU_NAME(name) name
#endif

#endif
