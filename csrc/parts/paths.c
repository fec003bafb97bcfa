#include "parts/paths.h"

static paths_node *node_new(void) {
    paths_node *node = PyMem_Calloc(1, sizeof *node);
    if (node != NULL) node->first_wanted = -1;
    else PyErr_NoMemory();
    return node;
}

static void node_free(paths_node *node) {
    if (node == NULL) return;
    for (Py_ssize_t i = 0; i < node->steps; i++) node_free(node->step[i].node);
    PyMem_Free(node->step);
    PyMem_Free(node->table);
    PyMem_Free(node);
}

void paths_free(paths *p) {
    if (p == NULL) return;
    node_free(p->root);
    PyMem_Free(p->next_wanted);
    Py_XDECREF(p->names);
    PyMem_Free(p);
}

static uint32_t paths_hash(const uint8_t *name, Py_ssize_t size) {
    uint32_t hash = 2166136261u; /* FNV-1a */
    for (Py_ssize_t i = 0; i < size; i++) hash = (hash ^ name[i]) * 16777619u;
    return hash ^ hash >> 15;
}

/* The node after this element, made if need be; NULL with MemoryError set. */
static paths_node *node_after(paths_node *node, const uint8_t *name, Py_ssize_t size, Py_ssize_t index) {
    int twins = 0;
    for (Py_ssize_t i = 0; i < node->steps; i++) {
        paths_step *step = &node->step[i];
        int is_name = name == NULL ? step->name == NULL : paths_is_name(step, name, size);
        if (is_name && step->index == index) return step->node;
        twins |= (is_name && name != NULL) || (index >= 0 && step->index == index);
    }
    node->twins |= twins;
    if (node->steps == node->room) {
        Py_ssize_t room = node->room ? 2 * node->room : 2;
        paths_step *grown = PyMem_Realloc(node->step, (size_t)room * sizeof *grown);
        if (grown == NULL) {
            PyErr_NoMemory();
            return NULL;
        }
        node->step = grown;
        node->room = room;
    }
    paths_node *after = node_new();
    if (after == NULL) return NULL;
    Py_ssize_t at = node->steps++;
    if (index >= 0) /* among those that have one, by it */
        for (at = node->indices++; at > 0 && node->step[at - 1].index > index; at--) {}
    memmove(node->step + at + 1, node->step + at, (size_t)(node->steps - 1 - at) * sizeof *node->step);
    if (name != NULL) node->names |= paths_first_bit(size ? *name : '"');
    node->step[at] =
        (paths_step){.name = name, .size = name == NULL ? -1 : size, .index = index, .node = after, .next = -1};
    if (name != NULL && size > 0 && size <= 8) {
        uint8_t bytes[8] = {0};
        memcpy(bytes, name, (size_t)size);
        node->step[at].word = paths_word(load_8(bytes), size);
    }
    return after;
}

/* Tables of the names, where they are many, in this node and those after it. -1 with MemoryError set. */
static int node_finish(paths_node *node) {
    for (Py_ssize_t i = 0; i < node->steps; i++)
        if (node_finish(node->step[i].node)) return -1;
    if (node->steps <= PATHS_FEW) return 0;
    size_t room = 16;
    while (room < 2 * (size_t)node->steps) room *= 2;
    node->table = PyMem_Malloc(room * sizeof *node->table);
    if (node->table == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    node->mask = room - 1;
    for (size_t i = 0; i < room; i++) node->table[i] = -1;
    for (Py_ssize_t i = node->steps; i--;) {
        paths_step *step = &node->step[i];
        if (step->name == NULL) continue;
        Py_ssize_t *place = &node->table[paths_hash(step->name, step->size) & node->mask];
        step->next = *place;
        *place = i;
    }
    return 0;
}

Py_ssize_t paths_find_in_table(const paths_node *node, const uint8_t *name, Py_ssize_t size) {
    Py_ssize_t i = node->table[paths_hash(name, size) & node->mask];
    while (i >= 0 && !paths_is_name(&node->step[i], name, size)) i = node->step[i].next;
    return i;
}

paths *paths_new(PyObject *compiled) {
    paths *p = PyMem_Calloc(1, sizeof *p);
    if (p == NULL) {
        PyErr_NoMemory();
        return NULL;
    }
    p->names = Py_NewRef(compiled);
    p->count = PyTuple_GET_SIZE(compiled);
    p->next_wanted = PyMem_Malloc((size_t)(p->count ? p->count : 1) * sizeof *p->next_wanted);
    if (p->next_wanted == NULL) PyErr_NoMemory();
    if (p->next_wanted == NULL || (p->root = node_new()) == NULL) goto failed;
    for (Py_ssize_t i = 0; i < p->count; i++) {
        PyObject *path = PyTuple_GET_ITEM(compiled, i);
        paths_node *node = p->root;
        for (Py_ssize_t k = 0; k < PyTuple_GET_SIZE(path); k++) {
            PyObject *element = PyTuple_GET_ITEM(path, k), *name = PyTuple_GET_ITEM(element, 0);
            Py_ssize_t index = PyLong_AsSsize_t(PyTuple_GET_ITEM(element, 1));
            if (index == -1 && PyErr_Occurred()) goto failed;
            int named = name != Py_None;
            node = node_after(node, named ? (const uint8_t *)PyBytes_AS_STRING(name) : NULL,
                              named ? PyBytes_GET_SIZE(name) : 0, index);
            if (node == NULL) goto failed;
        }
        p->next_wanted[i] = node->first_wanted;
        node->first_wanted = i;
    }
    if (node_finish(p->root)) goto failed;
    return p;
failed:
    paths_free(p);
    return NULL;
}
