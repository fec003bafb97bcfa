/* What is in the containers of views: see lazy.h. */
#include "kernels/unescape.h"
#include "module/args.h"
#include "module/lazy.h"

enum {
    LOOKUPS_BEFORE_HASH = 3, /* in the list of an object's members, one after the other */
    WORTH_HASHING = 16 /* members */
};

/* A fault of a document that wasn't checked, or of what can't be decoded: json's own exception. NULL. */
PyObject *lazy_fault(lazy_document *document) {
    if (PyErr_Occurred()) return NULL;
    core_state *state = state_of_document(document);
    PyObject *value = PyObject_CallOneArg(state->json_loads, document->text.held);
    if (value != NULL) {
        Py_DECREF(value);
        PyErr_SetString(PyExc_ValueError, "a part of the document can't be decoded");
    }
    return NULL;
}

/* The value of the text at p, which ends at end, by way of a str: decoded as json decodes bytes. */
static PyObject *decode_slowly(lazy_document *document, const uint8_t *p, const uint8_t *end) {
    PyObject *text = PyUnicode_DecodeUTF8((const char *)p, end - p, "surrogatepass");
    PyObject *value = text == NULL ? NULL : PyObject_CallOneArg(state_of_document(document)->json_loads, text);
    Py_XDECREF(text);
    return value;
}

const uint8_t *lazy_pass(const lazy_document *document, const uint8_t *p, size_t next) {
    if (document->index.containers != NULL && (*p == '{' || *p == '['))
        return document->first + document->index.containers[next].end;
    return parts_pass(state_of_document(document)->parts.skip, p, document->text.data + document->text.size);
}

/* The value at p, all of it: a new reference. */
PyObject *lazy_decode(lazy_document *document, const uint8_t *p, size_t next) {
    core_state *state = state_of_document(document);
    if (!document->surrogates) {
        PyObject *value = value_at(state, &document->text, p, p == document->first);
        if (LIKELY(value != NULL) || PyErr_Occurred()) return value;
    }
    const uint8_t *end = lazy_pass(document, p, next);
    if (end == NULL) return lazy_fault(document);
    return decode_slowly(document, p, end);
}

/* ---- lists ---- */

void lazy_free_lists(lazy_list *list) {
    while (list != NULL) {
        lazy_list *older = list->older;
        PyMem_RawFree(list->table);
        PyMem_RawFree(list);
        list = older;
    }
}

/* Show others a list: it, or what another thread showed first. */
static lazy_list *publish(lazy_view *view, lazy_list *list, lazy_list *before) {
#if COMPAT_HAS_GIL
    list->older = before;
    view->list = list;
#else
    void *expected = before;
    list->older = before;
    if (!_Py_atomic_compare_exchange_ptr(&view->list, &expected, list)) {
        list->older = NULL;
        lazy_free_lists(list);
        return expected;
    }
#endif
    return list;
}

lazy_list *lazy_list_shown(lazy_view *view) {
#if COMPAT_HAS_GIL
    return view->list;
#else
    return _Py_atomic_load_ptr(&view->list);
#endif
}

static lazy_list *list_new(size_t room) {
    lazy_list *list = NULL;
    if (room <= (SIZE_MAX / 2 - sizeof *list) / sizeof(lazy_entry))
        list = PyMem_RawMalloc(sizeof *list + room * sizeof(lazy_entry));
    if (list == NULL) PyErr_NoMemory();
    else {
        list->older = NULL;
        list->table = NULL;
        list->count = 0;
        list->distinct = 0;
    }
    return list;
}

const skip_container *lazy_container(const lazy_view *view) {
    return view->document->index.containers == NULL ? NULL : &view->document->index.containers[view->container];
}

/* lazy_read_entry of a document with an index: the text is well formed, and nobody changes it. */
static ALWAYS_INLINE int read_by_tokens(const lazy_document *document, places_at *at, int is_object,
                                        lazy_entry *entry) {
    const skip_index *index = &document->index;
    const uint8_t *first = document->first, *p = first + index->places[at->token];
    if (*p == (is_object ? '}' : ']')) return 0;
    entry->name = NULL;
    entry->name_size = 0;
    entry->escaped = 0;
    if (is_object) {
        size_t size = 0;
        entry->name = places_name(index, first, at->token, &size);
        entry->name_size = (uint32_t)size;
        entry->escaped = document->escapes && memchr(entry->name, '\\', size) != NULL;
        at->token += 2;
        p = first + index->places[at->token];
    }
    entry->value = p;
    entry->next = at->next;
    places_pass(index, at);
    at->token += first[index->places[at->token]] == ',';
    return 1;
}

static int read_from_text(const lazy_document *document, const uint8_t **at, int is_object, lazy_entry *entry) {
    const uint8_t *p = *at, *const end = document->text.data + document->text.size;
    if (p == end) return -1;
    if (*p == (is_object ? '}' : ']')) return 0;
    entry->name = NULL;
    entry->name_size = 0;
    entry->escaped = 0;
    if (is_object) {
        if (*p != '"') return -1;
        entry->name = p + 1;
        p = skip_string(p + 1, end, &entry->escaped);
        if (p == NULL || p - entry->name > (Py_ssize_t)UINT32_MAX) return -1;
        entry->name_size = (uint32_t)(p - entry->name);
        p = places_space(p + 1, end);
        if (p == end || *p != ':') return -1;
        p = places_space(p + 1, end);
    }
    entry->value = p;
    entry->next = 0;
    if (p == end || (p = lazy_pass(document, p, 0)) == NULL || p == entry->value) return -1;
    p = places_space(p, end);
    if (p == end) return -1;
    if (*p == ',') {
        p = places_space(p + 1, end);
        if (p == end || *p == (is_object ? '}' : ']')) return -1;
    } else if (*p != (is_object ? '}' : ']')) return -1;
    *at = p;
    return 1;
}

int lazy_read_entry(const lazy_document *document, lazy_place *at, int is_object, lazy_entry *entry) {
    if (document->index.containers != NULL) return read_by_tokens(document, &at->in, is_object, entry);
    return read_from_text(document, &at->p, is_object, entry);
}

lazy_place lazy_begin(const lazy_view *view) {
    const lazy_document *document = view->document;
    const skip_container *container = lazy_container(view);
    if (container != NULL) return (lazy_place){NULL, {container->token + 1, view->container + 1}};
    return (lazy_place){places_space(view->start + 1, document->text.data + document->text.size), {0, 0}};
}

/* All that is in a view's container, in the order of the text; NULL with an exception set. */
lazy_list *lazy_list_of(lazy_view *view) {
    lazy_list *list = lazy_list_shown(view);
    if (LIKELY(list != NULL)) return list;
    lazy_document *document = view->document;
    const skip_container *container = lazy_container(view);
    size_t room = container != NULL ? container->count : 8;
    lazy_place at = lazy_begin(view);
    int is_object = *view->start == '{', more = 1;
    if ((list = list_new(room)) == NULL) return NULL;
    for (;;) {
        if ((size_t)list->count == room) {
            lazy_entry last;
            if (container != NULL || (more = lazy_read_entry(document, &at, is_object, &last)) <= 0) break;
            lazy_list *grown = list_new(2 * room);
            if (grown == NULL) {
                lazy_free_lists(list);
                return NULL;
            }
            memcpy(grown->entries, list->entries, room * sizeof *list->entries);
            grown->count = list->count;
            lazy_free_lists(list);
            list = grown;
            room *= 2;
            list->entries[list->count++] = last;
        } else {
            if ((more = lazy_read_entry(document, &at, is_object, &list->entries[list->count])) <= 0) break;
            list->count++;
        }
    }
    if (more < 0) {
        lazy_free_lists(list);
        lazy_fault(document);
        return NULL;
    }
    list->distinct = !is_object;
    return publish(view, list, NULL);
}

/* ---- names ---- */

/* An entry's name without escapes: in *copy (of PyMem_RawMalloc) where it has any. NULL with MemoryError set. */
static const uint8_t *name_of(const lazy_entry *entry, size_t *size, uint8_t **copy) {
    *copy = NULL;
    *size = entry->name_size;
    if (LIKELY(!entry->escaped)) return entry->name;
    *copy = PyMem_RawMalloc(entry->name_size + 1);
    if (*copy == NULL) PyErr_NoMemory();
    else *size = unescape(*copy, entry->name, entry->name_size, NULL);
    return *copy;
}

/* Whether an entry has this name: -1 with MemoryError set. */
static int has_name(const lazy_entry *entry, const uint8_t *name, size_t size) {
    if (LIKELY(!entry->escaped)) return entry->name_size == size && memcmp(entry->name, name, size) == 0;
    if (entry->name_size < size) return 0;
    uint8_t *copy;
    size_t own_size;
    const uint8_t *own = name_of(entry, &own_size, &copy);
    int same = own == NULL ? -1 : own_size == size && memcmp(own, name, size) == 0;
    PyMem_RawFree(copy);
    return same;
}

/* The place in a table of the entry with this name, or where one belongs; SIZE_MAX with MemoryError set. The hash is
 * one that a document's author can't foresee: names could be chosen that all have the same. */
static size_t find_place(const lazy_list *list, const uint8_t *name, size_t size) {
    size_t place = (size_t)compat_hash(name, (Py_ssize_t)size) & list->mask;
    for (; list->table[place] != 0; place = (place + 1) & list->mask) {
        int same = has_name(&list->entries[list->table[place] - 1], name, size);
        if (same) return same < 0 ? SIZE_MAX : place;
    }
    return place;
}

/* An object's members, each name once, where it came first with its last value, and a table of them. */
lazy_list *lazy_distinct_list_of(lazy_view *view) {
    lazy_list *all = lazy_list_of(view);
    if (all == NULL || all->distinct) return all;
    lazy_list *list = list_new((size_t)all->count);
    if (list == NULL) return NULL;
    size_t room = 8;
    while (room < 2 * (size_t)all->count) room *= 2;
    list->mask = room - 1;
    list->table = all->count < (Py_ssize_t)UINT32_MAX ? PyMem_RawCalloc(room, sizeof *list->table) : NULL;
    if (list->table == NULL) {
        PyErr_NoMemory();
        goto failed;
    }
    for (Py_ssize_t i = 0; i < all->count; i++) {
        const lazy_entry *entry = &all->entries[i];
        uint8_t *copy;
        size_t size;
        const uint8_t *name = name_of(entry, &size, &copy);
        size_t place = name == NULL ? SIZE_MAX : find_place(list, name, size);
        PyMem_RawFree(copy);
        if (place == SIZE_MAX) goto failed;
        if (list->table[place] != 0) {
            lazy_entry *first = &list->entries[list->table[place] - 1];
            first->value = entry->value;
            first->next = entry->next;
        } else {
            list->entries[list->count++] = *entry;
            list->table[place] = (uint32_t)list->count;
        }
    }
    list->distinct = 1;
    return publish(view, list, all);
failed:
    lazy_free_lists(list);
    return NULL;
}

/* The UTF-8 of a str, in which surrogates are encoded too; *held has to be given back. NULL with an exception set. */
static const uint8_t *utf8_of(PyObject *key, size_t *size, PyObject **held) {
    *held = NULL;
    if (compat_str_ready(key)) return NULL;
    if (LIKELY(PyUnicode_IS_ASCII(key))) {
        *size = (size_t)PyUnicode_GET_LENGTH(key);
        return PyUnicode_DATA(key);
    }
    *held = PyUnicode_AsEncodedString(key, "utf-8", "surrogatepass");
    if (*held == NULL) return NULL;
    *size = (size_t)PyBytes_GET_SIZE(*held);
    return (const uint8_t *)PyBytes_AS_STRING(*held);
}

/* Whether there is a backslash among n characters of a text that goes on up to end. */
static ALWAYS_INLINE int has_backslash(const uint8_t *p, size_t n, const uint8_t *end) {
    if (LIKELY(n <= 16) && LIKELY(end - p >= 16)) return vec_below(vec_bits(vec8_equal(vec_load(p), '\\')), n) != 0;
    return memchr(p, '\\', n) != NULL;
}

/* As lazy_find_member, by going through the tokens of an object with an index. What is between a name's quote and its
 * colon says how long it can be at most, so that the text of the shorter ones isn't looked at: with an escape, too, a
 * name has at least as many characters as what it stands for. */
static int find_by_tokens(const lazy_view *view, const uint8_t *name, size_t size, lazy_entry *member) {
    const lazy_document *document = view->document;
    const uint8_t *first = document->first, *end = document->text.data + document->text.size;
    const skip_index *index = &document->index;
    const skip_container *container = &index->containers[view->container], *next = container + 1;
    const skip_container *const all = index->containers + index->count;
    const uint32_t *places = index->places;
    const int escapes = document->escapes, odd = escapes && memchr(name, '\\', size) != NULL;
    size_t token = container->token + 1, upcoming = next < all ? next->token : SIZE_MAX;
    int found = 0;
    for (uint32_t left = container->count; left > 0; left--) {
        const uint8_t *quote = first + places[token];
        size_t span = places[token + 1] - places[token], own_size = size;
        int same = 0, escaped = 0;
        CYJSON_ASSERT(token + 2 < index->tokens && *quote == '"' && first[places[token + 1]] == ':');
        if (LIKELY(span == size + 2) && LIKELY(!odd))
            same = quote[size + 1] == '"' && memcmp(quote + 1, name, size) == 0;
        else if (span >= size + 2) {
            const uint8_t *own = places_name(index, first, token, &own_size);
            escaped = escapes && own_size >= size && has_backslash(own, own_size, end);
            if (UNLIKELY(escaped)) {
                lazy_entry entry = {.name = own, .name_size = (uint32_t)own_size, .escaped = 1};
                if ((same = has_name(&entry, name, size)) < 0) return -1;
            } else same = own_size == size && memcmp(own, name, size) == 0;
        }
        token += 2;
        if (UNLIKELY(same)) {
            *member = (lazy_entry){quote + 1, first + places[token], (uint32_t)own_size, escaped, 0};
            member->next = (size_t)(next - index->containers);
            found = 1;
        }
        if (token == upcoming) {
            token = next->after + 1;
            next = index->containers + next->next;
            upcoming = next < all ? next->token : SIZE_MAX;
        } else token += 2;
    }
    return found;
}

int lazy_find_member(lazy_view *view, PyObject *key, lazy_entry *member) {
    if (!PyUnicode_Check(key))
        return PyObject_Hash(key) == -1 ? -1 : 0; /* a dict of str hasn't got it, if it may be asked */
    PyObject *held;
    size_t size;
    const uint8_t *name = utf8_of(key, &size, &held);
    if (name == NULL) return -1;
    const skip_container *container = lazy_container(view);
    lazy_list *list = lazy_list_shown(view);
    int found = 0;
    if (list == NULL || list->table == NULL) {
        int is_long = container == NULL || container->count >= WORTH_HASHING, lookups = 0;
        if (is_long && (lookups = compat_load_int(&view->lookups)) < LOOKUPS_BEFORE_HASH)
            compat_store_int(&view->lookups, lookups + 1);
        if (container != NULL && (!is_long || lookups < LOOKUPS_BEFORE_HASH)) {
            found = find_by_tokens(view, name, size, member);
            goto done;
        }
        if ((list = lazy_list_of(view)) == NULL) goto failed;
        if (list->count >= WORTH_HASHING && lookups >= LOOKUPS_BEFORE_HASH &&
            (list = lazy_distinct_list_of(view)) == NULL)
            goto failed;
    }
    if (list->table != NULL) {
        size_t place = find_place(list, name, size);
        if (place == SIZE_MAX) found = -1;
        else if (list->table[place] != 0) {
            *member = list->entries[list->table[place] - 1];
            found = 1;
        }
    } else
        for (Py_ssize_t i = list->count; found == 0 && i--;)
            if ((found = has_name(&list->entries[i], name, size)) > 0) *member = list->entries[i];
done:
    Py_XDECREF(held);
    return found;
failed:
    Py_XDECREF(held);
    return -1;
}
