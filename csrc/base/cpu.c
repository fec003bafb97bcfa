#include "base/cpu.h"

#include "base/simd128.h"

#if CPU_HAS_LEVELS
#include <cpuid.h>

enum { EAX, EBX, ECX, EDX, OSXSAVE = 27, YMM = 0x6, ZMM = 0xE6 };

typedef struct {
    unsigned leaf, words[4];
} answer;

static int has_feature(const answer *answers, unsigned leaf, int reg, int bit) {
    while (answers->leaf != leaf) answers++;
    return answers->words[reg] >> bit & 1;
}

/* Which registers the system saves when it switches between threads: XCR0. */
static unsigned saved_registers(void) {
    unsigned low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    (void)high;
    return low;
}

/* The processor itself is asked: some compilers' runtimes (zig's) answer no to every __builtin_cpu_supports. */
static cpu_level ask(void) {
#define HAS(name, leaf, reg, bit) &&has_feature(answers, leaf, reg, bit)
    answer answers[] = {{1, {0}}, {7, {0}}, {0x80000001, {0}}};
    for (answer *a = answers; a < answers + sizeof answers / sizeof *answers; a++)
        __get_cpuid_count(a->leaf, 0, &a->words[EAX], &a->words[EBX], &a->words[ECX], &a->words[EDX]);
    unsigned saved = has_feature(answers, 1, ECX, OSXSAVE) ? saved_registers() : 0;
    if (!((saved & YMM) == YMM CPU_AVX2_FEATURES(HAS))) return CPU_BASE;
    return (saved & ZMM) == ZMM CPU_AVX512_FEATURES(HAS) ? CPU_AVX512 : CPU_AVX2;
#undef HAS
}
#endif

cpu_level cpu_best(void) {
#if CPU_HAS_LEVELS
    static int known = -1; /* a virtual machine takes some ten microseconds for each question */
    int level = __atomic_load_n(&known, __ATOMIC_RELAXED);
    if (level < 0) __atomic_store_n(&known, level = (int)ask(), __ATOMIC_RELAXED);
    return (cpu_level)level;
#else
    return CPU_BASE;
#endif
}

const char *cpu_level_name(cpu_level level) {
    static const char *const names[CPU_LEVELS] = {VEC_NAME, "avx2", "avx512"};
    return names[level];
}
