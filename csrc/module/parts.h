/* Parts of documents: what pick and views share. */
#ifndef CYJSON_MODULE_PARTS_H
#define CYJSON_MODULE_PARTS_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "kernels/skip.h"
#include "parts/paths.h"

enum { PARTS_KEPT = 64 }; /* sets of pointers that are kept compiled */

/* What the module's state holds of it. All zero before the module is set up. */
typedef struct {
    const skip_functions *skip;
    PyObject *compile, *pick, *at, *open; /* cyjson._parts' functions */
    PyObject *object_type, *array_type, *document_type, *iterator_type; /* of lazy, once they are needed */
    int busy; /* held while what is kept is read or written */
    skip_index spare; /* memory of an index that isn't needed: a new one would cost as much as what is put into it */
    skip_lines *spare_lines; /* likewise, of a reader that has ended; or NULL */
    struct {
        PyObject *pointers; /* a tuple of exact str, or of tuples of exact str and int */
        PyObject *compiled; /* a capsule */
    } kept[PARTS_KEPT];
} parts_state;

void parts_state_clear(parts_state *state);

/* Memory for the index of a text of so many bytes: what is spare, or none. */
void index_take(parts_state *state, skip_index *index, size_t size);

/* Free an index, or keep its memory. */
void index_give(parts_state *state, skip_index *index);

/* Memory for lines that are checked together: what is spare, or NULL. And keep it: what the caller is to free then, or
 * NULL. */
skip_lines *lines_take(parts_state *state);
skip_lines *lines_give(parts_state *state, skip_lines *lines);

/* ---- the text of a document ---- */

typedef struct {
    const uint8_t *data; /* UTF-8 */
    Py_ssize_t size;
    int is_ours; /* nobody changes it */
    int is_closed; /* data[size] is zero, or a line feed after a line that was checked: it may be decoded where it is */
    PyObject *held;
    Py_buffer view; /* with view.obj, where there is one */
} document_text;

/* Find the text of a document: 1, 0 where json has to say what it is, -1 with an exception set. To be closed whichever
 * it is. */
int text_open(document_text *text, PyObject *document);
void text_close(document_text *text);

/* Whether json would take a document of so many levels here. Leaves no exception. */
int may_be_this_deep(size_t depth);

struct core_state;

/* A capsule of these pointers' paths, kept or made: a new reference; None where they are too long to be walked
 * natively; NULL with an exception set. */
PyObject *compiled_paths(struct core_state *state, PyObject *const *pointers, Py_ssize_t n);
const paths *paths_of(PyObject *capsule);

/* Whether a value may end before this character. */
static inline int ends_value(uint8_t c) {
    return c == ',' || c == '}' || c == ']' || c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

/* Decode the value at p: a new reference, or NULL with MemoryError set, or without an exception where json has to say.
 */
PyObject *value_at(struct core_state *state, const document_text *text, const uint8_t *p, int is_root);

/* A view of the well-formed array or object whose bracket is `first` bytes from the start of a line, with the index of
 * its containers, which becomes the view's: a new reference, or NULL with MemoryError set. */
PyObject *lazy_of_line(PyObject *core, const uint8_t *line, Py_ssize_t size, size_t first, int escapes,
                       skip_index *index);

/* Make the types of lazy that aren't there yet: -1 with an exception set. */
int lazy_make_types(parts_state *state);

#endif
