#include "python/keycache.h"

PyObject *keycache_get_other(keycache *cache, uint64_t hash, const uint8_t *p, size_t n) {
    const size_t index = keycache_index(hash), neighbour = index ^ 1;
    const uint8_t tag = keycache_tag(hash);
    PyObject *key = keycache_at(cache, neighbour, tag, p, n);
    if (key != NULL) return Py_NewRef(key);
    CYJSON_ASSERT(index < KEYCACHE_SLOTS && neighbour < KEYCACHE_SLOTS && tag != 0);
    CYJSON_ASSERT((cache->tags[index] != 0) == (cache->slots[index] != NULL));
    key = PyUnicode_New((Py_ssize_t)n, 0x7F);
    if (key == NULL) return NULL;
    copy_short(PyUnicode_1BYTE_DATA(key), p, n);
    if (PyObject_Hash(key) == -1) { /* fills the str's own hash field */
        Py_DECREF(key);
        return NULL;
    }
    PyObject *dropped = cache->slots[index];
    if (dropped != NULL && (cache->slots[neighbour] == NULL || cache->newer[index / 2] == index % 2)) {
        PyObject *older = cache->slots[neighbour];
        cache->slots[neighbour] = dropped;
        cache->tags[neighbour] = cache->tags[index];
        dropped = older;
    }
    cache->slots[index] = Py_NewRef(assert_consistent(key));
    cache->tags[index] = tag;
    cache->newer[index / 2] = index % 2;
    Py_XDECREF(dropped); /* a str's end runs no Python code */
    return key;
}

PyObject *keycache_share(keycache *cache, PyObject *key) {
    size_t n = (size_t)PyUnicode_GET_LENGTH(key);
    if (n == 0) return key;
    if (PyUnicode_IS_COMPACT_ASCII(key)) { /* it had escapes */
        PyObject *same = keycache_get(cache, compat_ascii_text(key), n);
        Py_DECREF(key);
        return same;
    }
    Py_hash_t hash = PyObject_Hash(key);
    if (hash == -1) {
        Py_DECREF(key);
        return NULL;
    }
    PyObject **slot = &cache->others[(size_t)hash % KEYCACHE_OTHERS];
    if (*slot != NULL && PyUnicode_Compare(*slot, key) == 0) {
        Py_INCREF(*slot);
        Py_DECREF(key);
        return *slot;
    }
    Py_INCREF(key);
    Py_XSETREF(*slot, key);
    return key;
}

static void keycache_clear(keycache *cache) {
    memset(cache->tags, 0, sizeof cache->tags);
    for (int i = 0; i < KEYCACHE_SLOTS; i++) Py_CLEAR(cache->slots[i]);
    for (int i = 0; i < KEYCACHE_OTHERS; i++) Py_CLEAR(cache->others[i]);
}

#if COMPAT_HAS_GIL
void keycache_pool_clear(keycache_pool *pool) { keycache_clear(&pool->only); }
#else
static void keycache_free(keycache *cache) {
    if (cache == NULL) return;
    keycache_clear(cache);
    PyMem_Free(cache);
}

void keycache_put_back(keycache_pool *pool, PyThreadState *thread, keycache *cache) {
    /* What is found there was put back by a call within this one, or by another thread that has this place. */
    keycache_free(_Py_atomic_exchange_ptr(&pool->places[PyThreadState_GetID(thread) % KEYCACHE_THREADS].cache, cache));
}

void keycache_pool_clear(keycache_pool *pool) {
    for (int i = 0; i < KEYCACHE_THREADS; i++) keycache_free(_Py_atomic_exchange_ptr(&pool->places[i].cache, NULL));
}
#endif
