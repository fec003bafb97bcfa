/* Which parts of a document are wanted: paths joined to a tree, so that one walk finds them all. */
#ifndef CYJSON_PARTS_PATHS_H
#define CYJSON_PARTS_PATHS_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <string.h>

#include "base/bits.h"
#include "base/compiler.h"

typedef struct paths_node paths_node;

/* A path's element, and what comes after it. */
typedef struct {
    const uint8_t *name; /* UTF-8 in which surrogates are encoded too; NULL: an index alone */
    Py_ssize_t size; /* of the name, in bytes; -1 where there is none */
    Py_ssize_t index; /* -1: a name alone */
    paths_node *node;
    uint64_t word; /* of a name of 1 to 8 bytes: paths_word */
    Py_ssize_t next; /* the next step of the node with the same hash of its name, or -1 */
} paths_step;

struct paths_node {
    Py_ssize_t first_wanted; /* of the paths that end here, or -1 */
    Py_ssize_t steps, room;
    paths_step *step; /* those with an index by that, before those without */
    Py_ssize_t indices; /* how many of them have one */
    int twins; /* whether several are for one name, or for one index: "/0" and a sequence's "0" */
    uint64_t names; /* a bit for the first byte of each: paths_first_bit */
    Py_ssize_t *table; /* steps by their names' hashes, -1 where there is none; NULL where there are few */
    size_t mask;
};

typedef struct {
    Py_ssize_t count;
    paths_node *root;
    Py_ssize_t *next_wanted; /* for each path the next that ends at the same node, or -1 */
    PyObject *names; /* what the names are of: a tuple of tuples */
} paths;

enum {
    PATHS_LONGEST = 256, /* elements of a path: walks are recursive */
    PATHS_FEW = 6 /* names that are compared one by one */
};

/* Make a tree of a tuple of paths, each a tuple of pairs (bytes or None, int), which it keeps: what
 * cyjson._parts.compile_paths gives, for no path longer than PATHS_LONGEST. NULL with MemoryError set. */
paths *paths_new(PyObject *compiled);

void paths_free(paths *p);

/* Which of 64 bits is for names that begin with this byte; an empty one begins with its closing quote. */
static ALWAYS_INLINE uint64_t paths_first_bit(uint8_t first) { return (uint64_t)1 << (first & 63); }

/* A name of 1 to 8 bytes, of a load_8 of it and what is after it. */
static ALWAYS_INLINE uint64_t paths_word(uint64_t loaded, Py_ssize_t size) { return loaded << 8 * (8 - size); }

/* Whether a step is for a member's name. Names are short: a call of memcmp would take longer. */
static ALWAYS_INLINE int paths_is_name(const paths_step *step, const uint8_t *name, Py_ssize_t size) {
    const uint8_t *own = step->name;
    if (step->size != size) return 0;
    if (size > 16) return memcmp(own, name, (size_t)size) == 0;
    if (size >= 8) {
        uint64_t a[2], b[2];
        memcpy(&a[0], own, 8), memcpy(&a[1], own + size - 8, 8);
        memcpy(&b[0], name, 8), memcpy(&b[1], name + size - 8, 8);
        return ((a[0] ^ b[0]) | (a[1] ^ b[1])) == 0;
    }
    if (size >= 4) {
        uint32_t a[2], b[2];
        memcpy(&a[0], own, 4), memcpy(&a[1], own + size - 4, 4);
        memcpy(&b[0], name, 4), memcpy(&b[1], name + size - 4, 4);
        return ((a[0] ^ b[0]) | (a[1] ^ b[1])) == 0;
    }
    for (Py_ssize_t i = 0; i < size; i++)
        if (own[i] != name[i]) return 0;
    return 1;
}

/* As paths_find, of a node that has a table. */
Py_ssize_t paths_find_in_table(const paths_node *node, const uint8_t *name, Py_ssize_t size);

/* The first step of a node for a member's name, or -1. */
static ALWAYS_INLINE Py_ssize_t paths_find(const paths_node *node, const uint8_t *name, Py_ssize_t size) {
    if (!(node->names & paths_first_bit(size ? *name : '"'))) return -1;
    if (node->table != NULL) return paths_find_in_table(node, name, size);
    for (Py_ssize_t i = 0; i < node->steps; i++)
        if (paths_is_name(&node->step[i], name, size)) return i;
    return -1;
}

#endif
