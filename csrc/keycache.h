/* Short object keys seen before -> the same str object, its hash ready.
 *
 * Direct-mapped: a key that meets another in its slot replaces it, so colliding keys cost what uncached keys cost and the
 * cache never grows. It holds at most KEYCACHE_SLOTS ASCII strings, found by their text before a str is made, and
 * KEYCACHE_OTHERS others, found by their hash once it is, of KEYCACHE_LONGEST characters. */
#ifndef CYJSON_KEYCACHE_H
#define CYJSON_KEYCACHE_H

#include "compat.h"

enum { KEYCACHE_BITS = 11, KEYCACHE_SLOTS = 1 << KEYCACHE_BITS, KEYCACHE_LONGEST = 64, KEYCACHE_OTHERS = 256 };

typedef struct {
    PyObject *slots[KEYCACHE_SLOTS];
    PyObject *others[KEYCACHE_OTHERS];
} keycache;

/* A new str of n ASCII bytes with its hash computed, put into *slot in place of what was there; NULL with an exception. */
PyObject *keycache_replace(PyObject **slot, const uint8_t *p, size_t n);

/* Give up a reference to a str of at most KEYCACHE_LONGEST characters for one to the equal str seen before, if there is
 * one. NULL with an exception. */
PyObject *keycache_share(keycache *cache, PyObject *key);

void keycache_clear(keycache *cache);

static ALWAYS_INLINE uint32_t keycache_load4(const uint8_t *p)
{
    uint32_t x;
    memcpy(&x, p, 4);
    return x;
}

/* Mixes the first, middle and last bytes; the multipliers are odd constants from the golden ratio and sqrt(2). */
static ALWAYS_INLINE size_t keycache_index(const uint8_t *p, size_t n)
{
    uint64_t a, b;
    if (n >= 8) {
        a = load8(p) + load8(p + (n - 8) / 2) * 0x6A09E667F3BCC909u;
        b = load8(p + n - 8);
    }
    else if (n >= 4) {
        a = keycache_load4(p);
        b = keycache_load4(p + n - 4);
    }
    else {
        a = (uint64_t)p[0] << 16 | (uint64_t)p[n / 2] << 8 | p[n - 1];
        b = 0;
    }
    uint64_t h = (a ^ (b << 29 | b >> 35) ^ (uint64_t)n << 56) * 0x9E3779B97F4A7C15u;
    return (size_t)(h >> (64 - KEYCACHE_BITS));
}

static ALWAYS_INLINE int keycache_same(const uint8_t *a, const uint8_t *b, size_t n)
{
    if (n >= 16) {
        size_t i = 0;
        do {
            if (memcmp(a + i, b + i, 16)) return 0;
            i += 16;
        } while (i + 16 <= n);
        return !memcmp(a + n - 16, b + n - 16, 16);
    }
    if (n >= 8) return load8(a) == load8(b) && load8(a + n - 8) == load8(b + n - 8);
    if (n >= 4) return keycache_load4(a) == keycache_load4(b) && keycache_load4(a + n - 4) == keycache_load4(b + n - 4);
    return a[0] == b[0] && a[n / 2] == b[n / 2] && a[n - 1] == b[n - 1];
}

/* The str of n ASCII bytes, 1 <= n <= KEYCACHE_LONGEST: a new reference, or NULL with an exception. */
static ALWAYS_INLINE PyObject *keycache_get(keycache *cache, const uint8_t *p, size_t n)
{
    PyObject **slot = &cache->slots[keycache_index(p, n)];
    PyObject *key = *slot;
    if (LIKELY(key != NULL && (size_t)PyUnicode_GET_LENGTH(key) == n &&
               keycache_same((const uint8_t *)((PyASCIIObject *)key + 1), p, n))) {
        Py_INCREF(key);
        return key;
    }
    return keycache_replace(slot, p, n);
}

#endif
