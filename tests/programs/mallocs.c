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
static atomic_long left, failed; /* left: allocations until one fails */
static atomic_int all;

/* The addresses that it holds, each at its hash or one of the places after it, which are taken up to there. Whoever
 * frees them: a function that ends with a call of free leaves no address of the library to return to. */
enum { PLACES = 1 << 16 };
static uintptr_t places[PLACES];
static long held;
static atomic_flag busy = ATOMIC_FLAG_INIT;

static size_t place_of(uintptr_t address) { return (address >> 4) * 0x9E3779B1u % PLACES; }

static void lock(void) {
    while (atomic_flag_test_and_set(&busy)) {}
}

static void *counted(void *p) {
    if (p == NULL) return NULL;
    size_t i = place_of((uintptr_t)p);
    lock();
    while (places[i] != 0) i = (i + 1) % PLACES;
    places[i] = (uintptr_t)p;
    held++;
    atomic_flag_clear(&busy);
    return p;
}

static int forget(void *p) {
    size_t i = place_of((uintptr_t)p), next;
    int found = 0;
    lock();
    while (places[i] != 0 && places[i] != (uintptr_t)p) i = (i + 1) % PLACES;
    if (places[i] != 0) {
        found = 1;
        held--;
        for (next = (i + 1) % PLACES; places[next] != 0; next = (next + 1) % PLACES) {
            /* It may move to i unless its own place lies after i. */
            if ((next - place_of(places[next])) % PLACES < (next - i) % PLACES) continue;
            places[i] = places[next];
            i = next;
        }
        places[i] = 0;
    }
    atomic_flag_clear(&busy);
    return found;
}

static int is_ours(void *caller) { return (uintptr_t)caller - first < last - first; }

static int fails(void) {
    long n = atomic_fetch_sub(&left, 1);
    if (n != 1 && !(n < 1 && atomic_load(&all))) return 0;
    atomic_fetch_add(&failed, 1);
    return 1;
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
    int ours = is_ours(__builtin_return_address(0));
    if (ours && fails()) return NULL;
    if (p != NULL) ours |= forget(p);
    void *grown = __libc_realloc(p, n);
    if (!ours || n == 0) return grown;
    counted(grown != NULL ? grown : p);
    return grown;
}

void free(void *p) {
    if (p != NULL) forget(p);
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

long mallocs_held(void) {
    lock();
    long now = held;
    atomic_flag_clear(&busy);
    return now;
}
