#include "cpu.h"

#include "vec.h"

cpu_level cpu_best(void)
{
#if CPU_HAS_LEVELS
    __builtin_cpu_init();
    if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("bmi") || !__builtin_cpu_supports("bmi2")) return CPU_BASE;
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512ifma") &&
        __builtin_cpu_supports("avx512vbmi") && __builtin_cpu_supports("avx512vbmi2"))
        return CPU_AVX512;
    return CPU_AVX2;
#else
    return CPU_BASE;
#endif
}

const char *cpu_level_name(cpu_level level)
{
    static const char *const names[CPU_LEVELS] = {VEC_NAME, "avx2", "avx512"};
    return names[level];
}
