/* Views of a document, and what is in their containers.
 *
 * A document holds its text, and, where it was checked, the index of its containers; views hold the document and know
 * where their container begins. What is in a container is listed once it is needed: for each item or member where its
 * value is, and which container of the index is the first from there on. A list never changes once a view shows it to
 * other threads; where a better one takes its place, the old one stays as long as the view. */
#ifndef CYJSON_MODULE_LAZY_H
#define CYJSON_MODULE_LAZY_H

#include "module/parts.h"
#include "module/state.h"
#include "parts/walk.h"
#include "python/compat.h"

typedef struct {
    PyObject_HEAD PyObject *core;
    document_text text; /* which is ours */
    const uint8_t *first; /* its bracket: what the index counts from */
    int surrogates; /* there are some in the text: value_at doesn't take them */
    int escapes; /* there may be escapes in its strings */
    skip_index index; /* with containers == NULL there is none */
} lazy_document;

typedef struct {
    const uint8_t *name; /* raw; NULL in an array */
    const uint8_t *value;
    uint32_t name_size; /* raw; 0 in an array */
    int escaped;
    size_t next; /* with an index: the first container that begins from the value on */
} lazy_entry;

/* The next item or member, or the closing bracket: with an index a token, without one a place in the text. */
typedef struct {
    const uint8_t *p;
    places_at in;
} lazy_place;

typedef struct lazy_list {
    struct lazy_list *older;
    Py_ssize_t count;
    int distinct; /* no name comes twice */
    uint32_t *table; /* of a distinct list: entries by the hashes of their names, plus one; NULL: none */
    size_t mask;
    lazy_entry entries[];
} lazy_list;

typedef struct {
    PyObject_HEAD lazy_document *document;
    const uint8_t *start; /* its bracket */
    size_t container; /* its place in the index */
    void *list; /* of lazy_list; NULL before one is needed */
    int lookups;
} lazy_view;

typedef struct {
    PyObject_HEAD lazy_view *view; /* NULL at the end */
    lazy_place at;
} lazy_iterator;

static inline core_state *state_of_document(const lazy_document *document) { return state_of(document->core); }

/* A fault of a document that wasn't checked, or of what can't be decoded: json's own exception. NULL. */
PyObject *lazy_fault(lazy_document *document);

/* The value at p, all of it; next: the first container that begins from p on. A new reference, or NULL. */
PyObject *lazy_decode(lazy_document *document, const uint8_t *p, size_t next);

/* The byte after the value at p, where `next` is the first container that begins from there on; NULL where the text is
 * malformed. */
const uint8_t *lazy_pass(const lazy_document *document, const uint8_t *p, size_t next);

/* A view's place in the index; NULL where there is none. */
const skip_container *lazy_container(const lazy_view *view);

/* Where a view's first item or member is, or its closing bracket. */
lazy_place lazy_begin(const lazy_view *view);

/* The item or member at *at, which becomes the place of the next one, or of the closing bracket: 1, 0 where the closing
 * bracket is at *at, -1 where the text is malformed. */
int lazy_read_entry(const lazy_document *document, lazy_place *at, int is_object, lazy_entry *entry);

/* What others were shown, or NULL. */
lazy_list *lazy_list_shown(lazy_view *view);
void lazy_free_lists(lazy_list *list);

/* All that is in a view's container, in the order of the text; NULL with an exception set. */
lazy_list *lazy_list_of(lazy_view *view);

/* An object's members, each name once, where it came first with its last value, and a table of them. */
lazy_list *lazy_distinct_list_of(lazy_view *view);

/* The member with this name, the last one: 1, 0 where there is none, -1 with an exception set. */
int lazy_find_member(lazy_view *view, PyObject *key, lazy_entry *member);

#endif
