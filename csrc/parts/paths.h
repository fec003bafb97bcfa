/* Which parts of a document are wanted: paths joined to a tree, so that one walk finds them all. */
#ifndef CYJSON_PARTS_PATHS_H
#define CYJSON_PARTS_PATHS_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "base/compiler.h"

typedef struct paths_node paths_node;

/* A path's element, and what comes after it. */
typedef struct {
    const uint8_t *name; /* UTF-8 in which surrogates are encoded too; NULL: an index alone */
    Py_ssize_t size; /* of the name, in bytes */
    Py_ssize_t index; /* -1: a name alone */
    paths_node *node;
    Py_ssize_t next; /* the next step of the node with the same hash of its name, or -1 */
} paths_step;

struct paths_node {
    Py_ssize_t first_wanted; /* of the paths that end here, or -1 */
    Py_ssize_t steps, room;
    paths_step *step; /* those with an index by that, before those without */
    Py_ssize_t indices; /* how many of them have one */
    uint64_t sizes; /* of their names, modulo 64: a bit for each */
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

/* The first step of a node for a member's name, or -1; of those after it `next` says which to try. */
Py_ssize_t paths_find(const paths_node *node, const uint8_t *name, Py_ssize_t size);

/* Whether some step's name may have so many bytes. */
static inline int paths_have_size(const paths_node *node, size_t size) { return node->sizes >> (size & 63) & 1; }

static inline uint32_t paths_hash(const uint8_t *name, Py_ssize_t size) {
    uint32_t hash = 2166136261u; /* FNV-1a */
    for (Py_ssize_t i = 0; i < size; i++) hash = (hash ^ name[i]) * 16777619u;
    return hash ^ hash >> 15;
}

#endif
