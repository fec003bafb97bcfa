/* sort_keys: members on a stack, in the order of their keys. */
#include "encode/encoder.h"

/* Code points in order, as str compares: keys of one dict are never equal. */
static NOINLINE int is_before_by_text(const sorted_member *a, const sorted_member *b) {
    return PyUnicode_Compare(a->key, b->key) < 0;
}

static ALWAYS_INLINE int is_before(const sorted_member *a, const sorted_member *b) {
    return LIKELY(a->prefix != b->prefix) ? a->prefix < b->prefix : is_before_by_text(a, b);
}

/* By insertion, where the first `ordered` are in order. */
static ALWAYS_INLINE void sort_few(sorted_member *members, Py_ssize_t n, Py_ssize_t ordered) {
    for (Py_ssize_t i = ordered; i < n; i++) {
        sorted_member one = members[i];
        Py_ssize_t j = i;
        for (; j > 0 && is_before(&one, &members[j - 1]); j--) members[j] = members[j - 1];
        members[j] = one;
    }
}

/* What two runs side by side, of m and of n members, come to. The loop has no branch on which is next: it can't be
 * predicted. */
static ALWAYS_INLINE void merge(sorted_member *out, const sorted_member *a, Py_ssize_t m, const sorted_member *b,
                                Py_ssize_t n) {
    const sorted_member *a_end = a + m, *b_end = b + n;
    while (a < a_end && b < b_end) {
        Py_ssize_t second = is_before(b, a);
        const sorted_member *next = second ? b : a;
        *out++ = *next;
        b += second;
        a += 1 - second;
    }
    memcpy(out, a, (size_t)(a_end - a) * sizeof *a);
    memcpy(out + (a_end - a), b, (size_t)(b_end - b) * sizeof *b);
}

enum { SORT_FEW = 40, SORT_RUN = 8 };

/* Runs by insertion, which are merged, there and back; `spare` is room for as many. */
static NOINLINE void sort_many(sorted_member *members, Py_ssize_t n, sorted_member *spare) {
    for (Py_ssize_t i = 0; i < n; i += SORT_RUN) sort_few(members + i, n - i < SORT_RUN ? n - i : SORT_RUN, 1);
    sorted_member *from = members, *to = spare;
    for (Py_ssize_t run = SORT_RUN; run < n; run *= 2) {
        for (Py_ssize_t i = 0; i < n; i += 2 * run) {
            Py_ssize_t left = n - i < run ? n - i : run, right = n - i - left < run ? n - i - left : run;
            merge(to + i, from + i, left, from + i + left, right);
        }
        sorted_member *other = from;
        from = to;
        to = other;
    }
    if (from != members) memcpy(members, from, (size_t)n * sizeof *members);
}

/* The first eight characters of a key, as an integer that compares as they do. */
static ALWAYS_INLINE uint64_t prefix_of(PyObject *key) {
    const uint8_t *p = PyUnicode_DATA(key);
    size_t n = (size_t)PyUnicode_GET_LENGTH(key);
    uint64_t prefix = 0;
    if (LIKELY(n >= 8)) {
        for (int k = 0; k < 8; k++) prefix |= (uint64_t)p[k] << (56 - 8 * k); /* one load, its bytes turned round */
        return prefix;
    }
    for (size_t k = 0; k < n; k++) prefix |= (uint64_t)p[k] << (56 - 8 * k);
    return prefix;
}

/* `members` has room for as many again. */
static void sort_members(sorted_member *members, Py_ssize_t n) {
    Py_ssize_t i = 1; /* as many are in order */
    while (i < n && is_before(&members[i - 1], &members[i])) i++;
    if (LIKELY(n <= SORT_FEW) || i >= n) sort_few(members, n, i);
    else sort_many(members, n, members + n);
}

/* Room for n more on the stack of sorted members; -1 with MemoryError set. */
static int sorted_room(encoder *e, Py_ssize_t n) {
    if (e->sorted != NULL && e->sorted_limit - e->sorted_used >= n) return 0;
    size_t limit = 2 * (size_t)e->sorted_used + (size_t)n + 16; /* each counts an entry in memory: no overflow */
    sorted_member *grown = PyMem_Realloc(e->sorted, limit * sizeof *grown);
    if (grown == NULL) {
        encoder_no_memory();
        return -1;
    }
    e->sorted = grown;
    e->disturbances++; /* whoever goes through them looks for them anew */
    e->sorted_limit = (Py_ssize_t)limit;
    return 0;
}

Py_ssize_t encoder_sort(encoder *e, PyObject *dict, int hold, int *odd) {
    hold |= !COMPAT_HAS_GIL;
    Py_ssize_t n, i = 0, position = 0;
    sorted_member *members;
    PyObject *key, *value;
    compat_entries entries = {0};
    int bad, narrow = 1; /* bad: MemoryError is set */
    COMPAT_BEGIN_CRITICAL_SECTION(dict);
    n = PyDict_GET_SIZE(dict); /* 0 where another thread has just emptied it */
    bad = sorted_room(e, n <= SORT_FEW ? n : 2 * n); /* an entry in memory is larger: no overflow */
    members = e->sorted + e->sorted_used;
    int direct = compat_entries_from(e->dict_layout_known, dict, 0, &entries);
    for (; !bad && i < n &&
           (direct ? compat_entries_next(&entries, &key, &value) : PyDict_Next(dict, &position, &key, &value));
         i++) {
        if (!PyUnicode_CheckExact(key) || compat_str_ready(key)) break;
        sorted_member *m = &members[i];
        m->key = key;
        m->value = value;
        if (hold) {
            Py_INCREF(key);
            Py_INCREF(value);
        }
        if (LIKELY(PyUnicode_KIND(key) == PyUnicode_1BYTE_KIND)) m->prefix = prefix_of(key);
        else narrow = 0;
    }
    COMPAT_END_CRITICAL_SECTION();
    if (bad) return -1;
    if (i == n) {
        for (Py_ssize_t k = 0; !narrow && k < n; k++) members[k].prefix = 0;
        sort_members(members, n);
        e->sorted_used += n;
        if (hold) e->sorted_held = e->sorted_used;
        return n;
    }
    while (hold && i > 0) {
        i--;
        Py_DECREF(members[i].key);
        Py_DECREF(members[i].value);
    }
    *odd = !PyErr_Occurred();
    return -1;
}

int encoder_sorted_copy(encoder *e, walk *w) {
    compat_entries entries = {0};
    PyObject *key, *value;
    Py_ssize_t position = w->position;
    CYJSON_ASSERT(e->sorted_held == e->sorted_used);
    if (sorted_room(e, PyDict_GET_SIZE(w->dict))) return -1;
    const int direct = compat_entries_from(e->dict_layout_known, w->dict, position, &entries);
    sorted_member *const first = e->sorted + e->sorted_used, *m = first;
    for (; direct ? compat_entries_next(&entries, &key, &value) : PyDict_Next(w->dict, &position, &key, &value); m++) {
        m->key = Py_NewRef(key);
        m->value = Py_NewRef(value);
    }
    CYJSON_ASSERT(m - first <= PyDict_GET_SIZE(w->dict));
    w->kind = WALK_SORTED;
    w->start = e->sorted_used;
    w->position = 0;
    w->used = m - first;
    e->sorted_held = e->sorted_used += w->used;
    return 0;
}
