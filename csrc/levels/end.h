#if defined(CPU_SUFFIX) && CPU_HAS_LEVELS && defined(__clang__)
#pragma clang attribute pop
#endif
