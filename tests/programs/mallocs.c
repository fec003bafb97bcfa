/* Lets allocations of one library fail, those between two addresses, and counts what it holds: for LD_PRELOAD. Only
 * glibc has the functions that these stand before. */
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void __libc_free(void *);

static uintptr_t first, last;
static atomic_long left, failed, held; /* left: allocations until one fails */
static atomic_int all;

static int is_ours(void *caller) { return (uintptr_t)caller - first < last - first; }

static int fails(void) {
    long n = atomic_fetch_sub(&left, 1);
    if (n != 1 && !(n < 1 && atomic_load(&all))) return 0;
    atomic_fetch_add(&failed, 1);
    return 1;
}

static void *counted(void *p) {
    if (p != NULL) atomic_fetch_add(&held, 1);
    return p;
}

void *malloc(size_t n) {
    if (!is_ours(__builtin_return_address(0))) return __libc_malloc(n);
    return fails() ? NULL : counted(__libc_malloc(n));
}

void *calloc(size_t n, size_t size) {
    if (!is_ours(__builtin_return_address(0))) return __libc_calloc(n, size);
    return fails() ? NULL : counted(__libc_calloc(n, size));
}

void *realloc(void *p, size_t n) {
    if (!is_ours(__builtin_return_address(0))) return __libc_realloc(p, n);
    if (fails()) return NULL;
    return p == NULL ? counted(__libc_realloc(p, n)) : __libc_realloc(p, n);
}

void free(void *p) {
    if (p != NULL && is_ours(__builtin_return_address(0))) atomic_fetch_sub(&held, 1);
    __libc_free(p);
}

void mallocs_of(uintptr_t from, uintptr_t to) {
    first = from;
    last = to;
}

/* Let the nth allocation fail, and with `rest` those after it; 0: none. */
void mallocs_fail(long nth, int rest) {
    atomic_store(&failed, 0);
    atomic_store(&all, nth > 0 && rest);
    atomic_store(&left, nth > 0 ? nth : -1);
}

long mallocs_failed(void) { return atomic_load(&failed); }
long mallocs_held(void) { return atomic_load(&held); }
