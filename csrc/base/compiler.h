/* What compilers call differently. Includes no Python.h. */
#ifndef CYJSON_BASE_COMPILER_H
#define CYJSON_BASE_COMPILER_H

/* For functions in which nothing is written at an index or for a length that varies: where one of them runs often,
 * the stack protector costs time and protects nothing. Each says why. */
#if defined(__has_attribute)
#if __has_attribute(no_stack_protector)
#define NO_STACK_PROTECTOR __attribute__((no_stack_protector))
#endif
#endif
#ifndef NO_STACK_PROTECTOR
#define NO_STACK_PROTECTOR
#endif

#if defined(__GNUC__) || defined(__clang__)
#define ALWAYS_INLINE inline __attribute__((always_inline))
#define NOINLINE __attribute__((noinline))
#if defined(__clang__)
#define SELDOM __attribute__((noinline, cold, minsize, aligned(1)))
#else
#define SELDOM __attribute__((noinline, cold)) /* compiled to be small */
#endif
#define MAYBE_UNUSED __attribute__((unused))
#define LIKELY(x) __builtin_expect(!!(x), 1)
#define UNLIKELY(x) __builtin_expect(!!(x), 0)
#define PREFETCH(p) __builtin_prefetch(p) /* any address: it never faults */
#elif defined(_MSC_VER)
#define ALWAYS_INLINE __forceinline
#define NOINLINE __declspec(noinline)
#define SELDOM NOINLINE
#define MAYBE_UNUSED
#define LIKELY(x) (x)
#define UNLIKELY(x) (x)
#define PREFETCH(p) ((void)(p))
#else
#define ALWAYS_INLINE inline
#define NOINLINE
#define SELDOM
#define MAYBE_UNUSED
#define LIKELY(x) (x)
#define UNLIKELY(x) (x)
#define PREFETCH(p) ((void)(p))
#endif

/* Keep the loop that follows from being vectorized, as gcc 16 does with loops that are left early: constants in vectors
 * take room in each frame of recursive functions. */
#if defined(__GNUC__) && !defined(__clang__) && __GNUC__ >= 14
#define NOT_VECTORIZED _Pragma("GCC novector")
#else
#define NOT_VECTORIZED
#endif

/* Keep the loop that follows as short as it stands, where it is inlined in many places and for what is left over. */
#if defined(__clang__)
#define NOT_UNROLLED _Pragma("clang loop unroll(disable) vectorize(disable)")
#elif defined(__GNUC__)
#define NOT_UNROLLED _Pragma("GCC unroll 1")
#else
#define NOT_UNROLLED
#endif

#if (defined(__GNUC__) || defined(__clang__)) && !defined(_WIN32)
#define HIDDEN __attribute__((visibility("hidden"))) /* an extern table is found without a look-up in the GOT */
#else
#define HIDDEN
#endif

/* AT_LOAD(name) { ... }: what the loader runs once for a process, in one thread, before anything else of this library
 * or program. */
#if defined(_MSC_VER) && !defined(__clang__)
#define AT_LOAD(name) \
    static void name(void); \
    __pragma(section(".CRT$XCU", read)) __declspec(allocate(".CRT$XCU")) void (*const name##_at_load)(void) = name; \
    static void name(void)
#else
#define AT_LOAD(name) __attribute__((constructor)) static void name(void)
#endif

/* End the process where an invariant doesn't hold. Only where CYJSON_DEBUG is defined (make debug, make sanitize, the
 * tests and the fuzzing of the kernels); otherwise the condition is compiled and never evaluated. */
#if defined(CYJSON_DEBUG)
#include <stdio.h>
#include <stdlib.h>
_Noreturn static inline void assert_failed(const char *condition, const char *file, int line) {
    fprintf(stderr, "%s:%d: CYJSON_ASSERT(%s) failed\n", file, line, condition);
    abort();
}
#define CYJSON_ASSERT(condition) ((condition) ? (void)0 : assert_failed(#condition, __FILE__, __LINE__))
#else
#define CYJSON_ASSERT(condition) ((void)sizeof(!(condition)))
#endif

#endif
