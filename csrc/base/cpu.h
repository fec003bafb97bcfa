/* Which instruction sets this machine has, and names for code that is compiled for each of them.
 *
 * The rooms that gain from it (escape, encode_write, ...) write every external name as CPU_NAME(name). They are
 * compiled for the baseline as they stand, and again by a file that defines CPU_SUFFIX and asks the compiler for more.
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

/* What each level has beyond the one below it: X(the compiler's name, leaf of cpuid, register, bit), by Intel's manual,
 * volume 2, CPUID. The level is compiled with it, and the processor is asked for it: there is no second list. */
/* clang-format off */
#define CPU_AVX2_FEATURES(X) \
    X("avx2", 7, EBX, 5) X("bmi", 7, EBX, 3) X("bmi2", 7, EBX, 8) X("lzcnt", 0x80000001, ECX, 5) \
    X("popcnt", 1, ECX, 23) X("pclmul", 1, ECX, 1)
#define CPU_AVX512_FEATURES(X) \
    X("avx512f", 7, EBX, 16) X("avx512bw", 7, EBX, 30) X("avx512dq", 7, EBX, 17) X("avx512vl", 7, EBX, 31) \
    X("avx512ifma", 7, EBX, 21) X("avx512vbmi", 7, ECX, 1) X("avx512vbmi2", 7, ECX, 6)
/* clang-format on */
#define CPU_TARGET_NAME(name, leaf, reg, bit) "," name
#define CPU_AVX2_TARGET "sse2" CPU_AVX2_FEATURES(CPU_TARGET_NAME)
#define CPU_AVX512_TARGET CPU_AVX2_TARGET CPU_AVX512_FEATURES(CPU_TARGET_NAME)

/* Return the highest level that this build has code for and this machine runs. CPU_AVX512 takes what Ice Lake and Zen 4
 * have (F, BW, DQ, VL, IFMA, VBMI, VBMI2). */
cpu_level cpu_best(void);

/* Return "avx512", "avx2", or for the baseline "sse2", "neon" or "c". */
const char *cpu_level_name(cpu_level level);

#ifdef CPU_SUFFIX
#define CPU_JOINED(name, suffix) name##suffix
#define CPU_JOIN(name, suffix) CPU_JOINED(name, suffix)
#define CPU_NAME(name) CPU_JOIN(name, CPU_SUFFIX)
#else
#define CPU_NAME(name) name
#endif

#endif
