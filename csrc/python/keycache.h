/* Short object keys seen before -> the same str object, its hash ready.
 *
 * Slots are pairs. A key that isn't in its pair drops the older of the two there, and stands in its own slot; the other
 * stays or moves to the neighbour. So any two keys of a pair stay, whatever documents before left there; three cost
 * what uncached keys cost, and the cache never grows. Beside each slot stands a tag, a byte of the text's hash, so that
 * what a key doesn't equal is hardly ever looked at. It holds at most KEYCACHE_SLOTS ASCII strings, found by their text
 * before a str is made, and KEYCACHE_OTHERS others, found by their hash once it is, of KEYCACHE_LONGEST characters. */
#ifndef CYJSON_KEYCACHE_H
#define CYJSON_KEYCACHE_H

#include "base/simd128.h"
#include "python/objects.h"

enum { KEYCACHE_BITS = 11, KEYCACHE_SLOTS = 1 << KEYCACHE_BITS, KEYCACHE_LONGEST = 64, KEYCACHE_OTHERS = 256 };

typedef struct {
    PyObject *slots[KEYCACHE_SLOTS];
    PyObject *others[KEYCACHE_OTHERS];
    uint8_t tags[KEYCACHE_SLOTS]; /* 0: the slot is empty */
    uint8_t newer[KEYCACHE_SLOTS / 2]; /* of a pair: which slot got its key last, 0 or 1 */
} keycache;

/* What calls take their cache from. With the GIL there is one. Without it nobody may share one while it is used: a call
 * takes the one of its thread out of its place and puts it back, or makes one where there is none: the first time, and
 * where a hook of a call decodes in turn. So the strings in it are mostly this thread's own, whose references it counts
 * without atomic operations. Threads whose numbers differ by KEYCACHE_THREADS share a place, not a cache. */
enum { KEYCACHE_THREADS = 64, KEYCACHE_APART = 64 /* bytes: no two places in one line of the processor's cache */ };

typedef struct {
#if COMPAT_HAS_GIL
    keycache only;
#else
    struct {
        keycache *cache;
        char apart[KEYCACHE_APART - sizeof(keycache *)];
    } places[KEYCACHE_THREADS];
#endif
} keycache_pool;

/* Take a cache, which is this call's own until it puts it back; NULL with MemoryError set. */
static ALWAYS_INLINE keycache *keycache_take(keycache_pool *pool, PyThreadState *thread) {
#if COMPAT_HAS_GIL
    (void)thread;
    return &pool->only;
#else
    keycache *cache =
        _Py_atomic_exchange_ptr(&pool->places[PyThreadState_GetID(thread) % KEYCACHE_THREADS].cache, NULL);
    if (UNLIKELY(cache == NULL) && (cache = PyMem_Calloc(1, sizeof *cache)) == NULL) PyErr_NoMemory();
    return cache;
#endif
}

#if COMPAT_HAS_GIL
static ALWAYS_INLINE void keycache_put_back(keycache_pool *pool, PyThreadState *thread, keycache *cache) {
    (void)pool, (void)thread, (void)cache;
}
#else
void keycache_put_back(keycache_pool *pool, PyThreadState *thread, keycache *cache);
#endif

void keycache_pool_clear(keycache_pool *pool);

/* Return what keycache_get does for text that isn't in its slot: the neighbour's str, or a new one with its hash. */
PyObject *keycache_get_other(keycache *cache, uint64_t hash, const uint8_t *p, size_t n);

/* Exchange a reference to a str of at most KEYCACHE_LONGEST characters for one to the equal str seen before, if there
 * is one. NULL with an exception, and the reference is gone. */
PyObject *keycache_share(keycache *cache, PyObject *key);

/* Mix the first, middle and last bytes; the multipliers are odd constants from the golden ratio and sqrt(2). */
static ALWAYS_INLINE uint64_t keycache_hash(const uint8_t *p, size_t n) {
    uint64_t a, b;
    if (n >= 8) {
        a = load_8(p) + load_8(p + (n - 8) / 2) * 0x6A09E667F3BCC909u;
        b = load_8(p + n - 8);
    } else if (n >= 4) {
        a = load_4(p);
        b = load_4(p + n - 4);
    } else {
        a = (uint64_t)p[0] << 16 | (uint64_t)p[n / 2] << 8 | p[n - 1];
        b = 0;
    }
    return (a ^ (b << 29 | b >> 35) ^ (uint64_t)n << 56) * 0x9E3779B97F4A7C15u;
}

static ALWAYS_INLINE size_t keycache_index(uint64_t hash) { return (size_t)(hash >> (64 - KEYCACHE_BITS)); }
static ALWAYS_INLINE uint8_t keycache_tag(uint64_t hash) { return (uint8_t)(hash >> (56 - KEYCACHE_BITS)) | 1; }

static ALWAYS_INLINE int keycache_same(const uint8_t *a, const uint8_t *b, size_t n) {
    if (n >= 16) {
        size_t i = 0;
        do {
            if (memcmp(a + i, b + i, 16)) return 0;
            i += 16;
        } while (i + 16 <= n);
        return !memcmp(a + n - 16, b + n - 16, 16);
    }
    if (n >= 8) return load_8(a) == load_8(b) && load_8(a + n - 8) == load_8(b + n - 8);
    if (n >= 4) return load_4(a) == load_4(b) && load_4(a + n - 4) == load_4(b + n - 4);
    return a[0] == b[0] && a[n / 2] == b[n / 2] && a[n - 1] == b[n - 1];
}

/* Return the str of n ASCII bytes that a slot has, borrowed, or NULL. */
static ALWAYS_INLINE PyObject *keycache_at(const keycache *cache, size_t index, uint8_t tag, const uint8_t *p,
                                           size_t n) {
    if (UNLIKELY(cache->tags[index] != tag)) return NULL;
    PyObject *key = cache->slots[index];
    CYJSON_ASSERT(key != NULL && compat_is_compact_ascii(key));
    return (size_t)PyUnicode_GET_LENGTH(key) == n && keycache_same(compat_ascii_text(key), p, n) ? key : NULL;
}

/* Return the str of n ASCII bytes, 1 <= n <= KEYCACHE_LONGEST: a new reference, or NULL with an exception. */
static ALWAYS_INLINE PyObject *keycache_get(keycache *cache, const uint8_t *p, size_t n) {
    CYJSON_ASSERT(n >= 1 && n <= KEYCACHE_LONGEST);
    uint64_t hash = keycache_hash(p, n);
    PyObject *key = keycache_at(cache, keycache_index(hash), keycache_tag(hash), p, n);
    if (LIKELY(key != NULL)) {
        Py_INCREF(key);
        return key;
    }
    return keycache_get_other(cache, hash, p, n);
}

#endif
