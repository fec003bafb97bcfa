/* The writing itself: see encoder.h. Compiled for the baseline, and again by encode_avx2.c and encode_avx512.c. */
#include "encode_leaf.h"

/* A function for each form, so that a level of nesting takes little of the C stack. */
#define DECLARE_WRITERS(form) \
    static uint8_t *dict_##form(encoder *e, uint8_t *out, PyObject *dict); \
    static uint8_t *list_##form(encoder *e, uint8_t *out, PyObject *list); \
    static uint8_t *members_##form(encoder *e, uint8_t *out, walk *w, int first); \
    static uint8_t *sorted_##form(encoder *e, uint8_t *out, PyObject *dict, Py_ssize_t i, Py_ssize_t last, int first); \
    static uint8_t *items_##form(encoder *e, uint8_t *out, PyObject *list, PyObject *sequence, Py_ssize_t first);
DECLARE_WRITERS(ascii)
DECLARE_WRITERS(utf8)
DECLARE_WRITERS(text1)
DECLARE_WRITERS(text2)
DECLARE_WRITERS(text4)

/* ... and one for every width where it is seldom. */
#define DECLARE_SELDOM(form) \
    static uint8_t *other_##form(encoder *e, uint8_t *out, PyObject *object); \
    static uint8_t *odd_dict_##form(encoder *e, uint8_t *out, PyObject *dict); \
    static uint8_t *odd_list_##form(encoder *e, uint8_t *out, PyObject *list);
DECLARE_SELDOM(ascii)
DECLARE_SELDOM(utf8)
DECLARE_SELDOM(text)

static ALWAYS_INLINE uint8_t *encode_dict(encoder *e, uint8_t *out, PyObject *dict, write_form form)
{
    if (form == WRITE_ASCII) return dict_ascii(e, out, dict);
    if (form == WRITE_UTF8) return dict_utf8(e, out, dict);
    int width = width_of(e, form);
    return width == 1 ? dict_text1(e, out, dict) : width == 2 ? dict_text2(e, out, dict) : dict_text4(e, out, dict);
}

static ALWAYS_INLINE uint8_t *encode_list(encoder *e, uint8_t *out, PyObject *list, write_form form)
{
    if (form == WRITE_ASCII) return list_ascii(e, out, list);
    if (form == WRITE_UTF8) return list_utf8(e, out, list);
    int width = width_of(e, form);
    return width == 1 ? list_text1(e, out, list) : width == 2 ? list_text2(e, out, list) : list_text4(e, out, list);
}

static ALWAYS_INLINE uint8_t *encode_other(encoder *e, uint8_t *out, PyObject *object, write_form form)
{
    if (form == WRITE_ASCII) return other_ascii(e, out, object);
    return form == WRITE_UTF8 ? other_utf8(e, out, object) : other_text(e, out, object);
}

static ALWAYS_INLINE uint8_t *odd_dict(encoder *e, uint8_t *out, PyObject *dict, write_form form)
{
    if (form == WRITE_ASCII) return odd_dict_ascii(e, out, dict);
    return form == WRITE_UTF8 ? odd_dict_utf8(e, out, dict) : odd_dict_text(e, out, dict);
}

static ALWAYS_INLINE uint8_t *odd_list(encoder *e, uint8_t *out, PyObject *list, write_form form)
{
    if (form == WRITE_ASCII) return odd_list_ascii(e, out, list);
    return form == WRITE_UTF8 ? odd_list_utf8(e, out, list) : odd_list_text(e, out, list);
}

/* The rest of a walk or list once the characters have widened. */
static NOINLINE uint8_t *members_widened(encoder *e, uint8_t *out, walk *w, int first)
{
    return e->b.width == 2 ? members_text2(e, out, w, first) : members_text4(e, out, w, first);
}

static NOINLINE uint8_t *items_widened(encoder *e, uint8_t *out, PyObject *list, PyObject *sequence, Py_ssize_t first)
{
    return e->b.width == 2 ? items_text2(e, out, list, sequence, first) : items_text4(e, out, list, sequence, first);
}

/* Any other value. Whoever calls this has entered the container that it is in, and is sure that it lives until Python code runs. */
static ALWAYS_INLINE uint8_t *write_nested(encoder *e, uint8_t *out, PyObject *object, write_form form)
{
    PyTypeObject *type = Py_TYPE(object);
    if (type == &PyDict_Type) return encode_dict(e, out, object, form);
    if (type == &PyList_Type) return encode_list(e, out, object, form);
    Py_INCREF(object); /* Python code may run and drop it from its container */
    out = encode_other(e, out, object, form);
    Py_DECREF(object);
    return out;
}

static ALWAYS_INLINE uint8_t *write_value(encoder *e, uint8_t *out, PyObject *object, write_form form)
{
    return !is_long_str(e, object) && write_leaf(e, &out, object, 0, form) ? out : write_nested(e, out, object, form);
}

/* ---- dicts ---- */

/* A whole member, whatever its key and value are. The caller holds references to both. */
static ALWAYS_INLINE uint8_t *write_member(encoder *e, uint8_t *out, PyObject *dict, PyObject *key, PyObject *value, int *first, write_form form)
{
    PyObject *made = NULL;
    e->disturbances++;
    if (!PyUnicode_Check(key)) {
        made = encoder_key_text(e, key);
        if (made == NULL) return PyErr_Occurred() ? NULL : out; /* it is skipped */
    }
    out = write_key(e, out, made != NULL ? made : key, first, form, STYLE_ANY);
    if (out != NULL) {
        out = write_value(e, out, value, form);
        if (out == NULL) encoder_add_note(e, dict, made != NULL && e->options->as_generator ? made : key, -1);
    }
    Py_XDECREF(made);
    return out;
}

static NOINLINE uint8_t *member_ascii(encoder *e, uint8_t *out, PyObject *dict, PyObject *key, PyObject *value, int *first)
{
    return write_member(e, out, dict, key, value, first, WRITE_ASCII);
}

static NOINLINE uint8_t *member_utf8(encoder *e, uint8_t *out, PyObject *dict, PyObject *key, PyObject *value, int *first)
{
    return write_member(e, out, dict, key, value, first, WRITE_UTF8);
}

static NOINLINE uint8_t *member_text(encoder *e, uint8_t *out, PyObject *dict, PyObject *key, PyObject *value, int *first)
{
    return write_member(e, out, dict, key, value, first, WRITE_TEXT);
}

/* As write_member, where references are still to be held. */
static ALWAYS_INLINE uint8_t *encode_member(encoder *e, uint8_t *out, PyObject *dict, PyObject *key, PyObject *value, int *first, write_form form)
{
    Py_INCREF(key);
    Py_INCREF(value);
    if (form == WRITE_ASCII) out = member_ascii(e, out, dict, key, value, first);
    else if (form == WRITE_UTF8) out = member_utf8(e, out, dict, key, value, first);
    else out = member_text(e, out, dict, key, value, first);
    Py_DECREF(key);
    Py_DECREF(value);
    return out;
}

/* The value of a member; Python code may run. */
static ALWAYS_INLINE uint8_t *write_member_value(encoder *e, uint8_t *out, PyObject *dict, PyObject *key, PyObject *value, write_form form)
{
    Py_INCREF(key); /* for the note, whatever happens to the dict */
    out = form == WRITE_TEXT ? write_value(e, out, value, form) : write_nested(e, out, value, form);
    if (UNLIKELY(out == NULL)) encoder_add_note(e, dict, key, -1);
    Py_DECREF(key);
    return out;
}

/* The same behind a key that made the text widen. */
static NOINLINE uint8_t *member_value_widened(encoder *e, uint8_t *out, PyObject *dict, PyObject *key, PyObject *value)
{
    return write_member_value(e, out, dict, key, value, WRITE_TEXT);
}

/* Enter the dict that is walked, if that hasn't been done. -1 with an exception. */
static ALWAYS_INLINE int walk_enter(encoder *e, walk *w)
{
    if (w->entered) return 0;
    if (UNLIKELY(enter(e, w->dict))) return -1;
    w->entered = 1;
    w->outer = e->walks;
    e->walks = w;
    return 0;
}

static ALWAYS_INLINE void walk_leave(encoder *e, walk *w)
{
    if (!w->entered) return;
    e->walks = w->outer;
    leave(e, w->dict);
}

/* Tell of a leaf that failed. */
static NOINLINE uint8_t *leaf_failed(encoder *e, PyObject *dict, PyObject *key)
{
    Py_INCREF(key); /* making the note may run the collector */
    encoder_add_note(e, dict, key, -1);
    Py_DECREF(key);
    return NULL;
}

/* The members of an object from where a walk stands, and its end. */
static ALWAYS_INLINE uint8_t *write_members(encoder *e, uint8_t *out, walk *w, int first, write_form form, write_style style)
{
    const int generator = style == STYLE_LINES ? COMPAT_INDENTS_AS_GENERATOR : style == STYLE_ANY && e->options->as_generator;
    PyObject *key, *value;
    compat_entries entries;
    if (!walk_entries(e, w, &entries)) goto slowly;
    for (;;) {
        if (style == STYLE_ANY && UNLIKELY(is_full(e, out))) {
            w->position = compat_entries_index(&entries);
            out = walk_enter(e, w) ? NULL : encoder_flush(e, out);
            if (out == NULL || (generator && encoder_walk_is_disturbed(w))) return NULL;
            if (!walk_entries(e, w, &entries)) goto slowly;
        }
        if (UNLIKELY(!compat_entries_next(&entries, &key, &value))) break;
        compat_entries_prefetch(&entries);
        if (generator && UNLIKELY(w->left-- <= 0)) return encoder_walk_is_too_long();
        if (LIKELY(Py_TYPE(key) == &PyUnicode_Type)) {
            out = write_key(e, out, key, &first, form, style);
            if (UNLIKELY(out == NULL)) return NULL;
            int widened = has_widened(e, form);
            if (LIKELY(!widened) && (style != STYLE_ANY || !is_long_str(e, value)) && LIKELY(write_leaf(e, &out, value, style != STYLE_ANY, form))) {
                if (UNLIKELY(out == NULL)) return leaf_failed(e, w->dict, key);
                if (!has_widened(e, form)) continue;
                w->position = compat_entries_index(&entries);
                return members_widened(e, out, w, first);
            }
            w->position = compat_entries_index(&entries);
            if (UNLIKELY(walk_enter(e, w))) return NULL;
            unsigned disturbances = e->disturbances;
            if (UNLIKELY(widened)) out = member_value_widened(e, out, w->dict, key, value);
            else out = write_member_value(e, out, w->dict, key, value, form);
            if (UNLIKELY(out == NULL)) return NULL;
            if (LIKELY(disturbances == e->disturbances) && !has_widened(e, form)) continue;
        }
        else {
            w->position = compat_entries_index(&entries);
            out = walk_enter(e, w) ? NULL : encode_member(e, out, w->dict, key, value, &first, form);
        }
        if (UNLIKELY(out == NULL)) return NULL;
        if (generator && UNLIKELY(encoder_walk_is_disturbed(w))) return NULL;
        if (has_widened(e, form)) return members_widened(e, out, w, first);
        if (!walk_entries(e, w, &entries)) goto slowly;
    }
    return write_object_end(e, out, first, form, style);

slowly:;
    int more;
    if (walk_enter(e, w)) return NULL;
    while ((more = encoder_walk_next(e, w, &key, &value)) > 0) {
        out = encode_member(e, out, w->dict, key, value, &first, form);
        if (UNLIKELY(out == NULL) || (is_full(e, out) && (out = encoder_flush(e, out)) == NULL)) return NULL;
    }
    return more < 0 ? NULL : write_object_end(e, out, first, seldom(form), style);
}

/* The members on the stack of sorted ones from the i-th to the last, all of whose keys are str. The stack may move. */
static ALWAYS_INLINE uint8_t *write_sorted(encoder *e, uint8_t *out, PyObject *dict, Py_ssize_t i, Py_ssize_t last, int first, write_form form,
                                           write_style style)
{
    for (; i <= last; i++) {
        PyObject *key = e->sorted[i].key, *value = e->sorted[i].value;
        if (i + 2 <= last) PREFETCH(e->sorted[i + 2].value);
        out = write_key(e, out, key, &first, form, style);
        if (UNLIKELY(out == NULL)) return NULL;
        int widened = has_widened(e, form);
        if (LIKELY(!widened) && (style != STYLE_ANY || !is_long_str(e, value)) && LIKELY(write_leaf(e, &out, value, style != STYLE_ANY, form))) {
            if (UNLIKELY(out == NULL)) return leaf_failed(e, dict, key);
        }
        else {
            if (UNLIKELY(widened)) out = member_value_widened(e, out, dict, key, value);
            else out = write_member_value(e, out, dict, key, value, form);
            if (UNLIKELY(out == NULL)) return NULL;
        }
        if (style == STYLE_ANY && UNLIKELY(is_full(e, out)) && (out = encoder_flush(e, out)) == NULL) return NULL;
        if (has_widened(e, form)) return e->b.width == 2 ? sorted_text2(e, out, dict, i + 1, last, 0) : sorted_text4(e, out, dict, i + 1, last, 0);
    }
    return out;
}

/* The members of a dict in the order of their keys without a Python comparison; NULL with *odd set where that can't be. */
static ALWAYS_INLINE uint8_t *write_members_sorted(encoder *e, uint8_t *out, PyObject *dict, int *odd, write_form form)
{
    /* Once Python code ran, more of it may run whenever a reference is given up. */
    Py_ssize_t start = e->sorted_used, n = encoder_sort(e, dict, e->python_ran, odd), last = start + n - 1;
    if (n < 0) return NULL;
    e->level++;
    if (form == WRITE_ASCII) out = sorted_ascii(e, out, dict, start, last, 1);
    else if (form == WRITE_UTF8) out = sorted_utf8(e, out, dict, start, last, 1);
    else if (e->b.width == 1) out = sorted_text1(e, out, dict, start, last, 1);
    else out = e->b.width == 2 ? sorted_text2(e, out, dict, start, last, 1) : sorted_text4(e, out, dict, start, last, 1);
    encoder_sorted_end(e, start);
    return out == NULL ? NULL : write_object_end(e, out, n == 0, seldom(form), STYLE_ANY);
}

/* The members of a dict subclass as the stdlib's generator sees them: its own items(), taken one by one. */
static ALWAYS_INLINE uint8_t *write_members_of_view(encoder *e, uint8_t *out, PyObject *dict, write_form form)
{
    int first = 1;
    PyObject *iterator = encoder_view_items(e, dict), *pair;
    if (iterator == NULL) return NULL;
    e->level++;
    while (out != NULL && (pair = encoder_view_next(e, iterator)) != NULL) {
        out = encode_member(e, out, dict, PyTuple_GET_ITEM(pair, 0), PyTuple_GET_ITEM(pair, 1), &first, form);
        Py_DECREF(pair);
        if (out != NULL && is_full(e, out)) out = encoder_flush(e, out);
    }
    Py_DECREF(iterator);
    return out == NULL || PyErr_Occurred() ? NULL : write_object_end(e, out, first, seldom(form), STYLE_ANY);
}

/* The members that a walk gives, which is set up. */
static ALWAYS_INLINE uint8_t *write_walk(encoder *e, uint8_t *out, walk *w, write_form form)
{
    if (e->style != STYLE_PLAIN) e->level++;
    if (LIKELY(e->style == STYLE_PLAIN) && form != WRITE_TEXT) out = write_members(e, out, w, 1, form, STYLE_PLAIN);
    else if (e->style == STYLE_LINES && form < WRITE_TEXT2) out = write_members(e, out, w, 1, form, STYLE_LINES);
    else if (form == WRITE_ASCII) out = members_ascii(e, out, w, 1);
    else if (form == WRITE_UTF8) out = members_utf8(e, out, w, 1);
    else if (width_of(e, form) == 1) out = members_text1(e, out, w, 1);
    else out = width_of(e, form) == 2 ? members_text2(e, out, w, 1) : members_text4(e, out, w, 1);
    return out;
}

/* The members that a list of them gives: a subclass's own items(), or keys that only Python can sort. */
static ALWAYS_INLINE uint8_t *write_members_listed(encoder *e, uint8_t *out, PyObject *dict, write_form form)
{
    walk w = {.dict = dict, .items = encoder_items(e, dict)};
    if (w.items == NULL) return NULL;
    w.entered = 1; /* the dict is */
    w.outer = e->walks;
    e->walks = &w;
    out = write_walk(e, out, &w, form);
    e->walks = w.outer;
    Py_DECREF(w.items);
    return out;
}

/* The members of a dict that isn't walked as it is. */
static ALWAYS_INLINE uint8_t *write_odd_members(encoder *e, uint8_t *out, PyObject *dict, int exact, write_form form)
{
    int odd = 0;
    e->disturbances++;
    if (!exact && e->options->as_generator) return write_members_of_view(e, out, dict, form);
    if (exact && e->options->sort_keys) {
        uint8_t *sorted = write_members_sorted(e, out, dict, &odd, form);
        if (!odd) return sorted;
    }
    return write_members_listed(e, out, dict, form);
}

/* What is between entering a dict that isn't walked as it is and leaving it. */
static ALWAYS_INLINE uint8_t *write_odd_object(encoder *e, uint8_t *out, PyObject *dict, write_form form)
{
    int exact = PyDict_CheckExact(dict), empty;
    if (!exact && e->options->as_generator) empty = encoder_before_python(e) ? -1 : PyObject_Not(dict);
    else empty = PyDict_GET_SIZE(dict) == 0;
    if (UNLIKELY(empty < 0)) return NULL;
    out = room(e, out, SLACK, form);
    if (UNLIKELY(out == NULL)) return NULL;
    out = put(e, out, '{', form);
    if (empty) return put(e, out, '}', form);
    if (UNLIKELY(path_push(e, dict))) return NULL;
    out = e->python_ran && encoder_check_path(e) ? NULL : write_odd_members(e, out, dict, exact, form);
    path_pop(e);
    return out;
}

/* A dict that isn't walked as it is: a subclass's instance, or to be sorted. */
static ALWAYS_INLINE uint8_t *write_odd_dict(encoder *e, uint8_t *out, PyObject *dict, write_form form)
{
    if (UNLIKELY(count_level(e))) return NULL;
    Py_INCREF(dict);
    out = write_odd_object(e, out, dict, form);
    Py_DECREF(dict);
    compat_leave(e->thread);
    return out;
}

/* The members of a dict that isn't empty, where the document isn't plain or Python code ran. */
static ALWAYS_INLINE uint8_t *write_careful_walk(encoder *e, uint8_t *out, walk *w, write_form form)
{
    if (UNLIKELY(e->python_ran) && (walk_enter(e, w) || encoder_check_path(e))) return NULL;
    return write_walk(e, out, w, form);
}

/* A dict. It lives until Python code runs. */
static ALWAYS_INLINE uint8_t *write_dict(encoder *e, uint8_t *out, PyObject *dict, write_form form)
{
    walk w;
    const int plain = e->plain_dicts && form != WRITE_TEXT;
    if (UNLIKELY(!plain) && UNLIKELY(e->options->sort_keys)) return odd_dict(e, out, dict, form);
    if (UNLIKELY(may_enter(e))) return NULL;
    int empty = PyDict_GET_SIZE(dict) == 0;
    if (UNLIKELY(empty) || UNLIKELY(!plain)) { /* else a key is next, which makes room */
        out = room(e, out, SLACK, form);
        if (UNLIKELY(out == NULL)) return NULL;
    }
    out = put(e, out, '{', form);
    if (UNLIKELY(empty)) return put(e, out, '}', form);
    int members = encoder_walk_start(&w, dict);
    if (LIKELY(members > 0)) {
        out = LIKELY(plain) ? write_members(e, out, &w, 1, form, STYLE_PLAIN) : write_careful_walk(e, out, &w, form);
        walk_leave(e, &w);
    }
    else if ((out = members < 0 ? NULL : room(e, out, SLACK, form)) != NULL) out = put(e, out, '}', form); /* another thread has just emptied it */
    encoder_walk_end(&w);
    return out;
}

/* ---- lists ---- */

/* The items behind the i-th that are None or bools, without a branch on which: *i becomes the last one's index. */
static ALWAYS_INLINE uint8_t *write_words(encoder *e, uint8_t *out, PyObject *const *items, Py_ssize_t *i, Py_ssize_t n, write_form form)
{
    for (; *i + 1 < n; ++*i) {
        PyObject *item = items[*i + 1];
        const size_t is_true = item == Py_True, is_null = item == Py_None;
        if (!compat_opaque((int)(is_true | is_null | (item == Py_False)))) break;
        out = write_item_start(e, out, 0, form, STYLE_PLAIN);
        out = write_word(e, out, is_true + 2 * is_null, 0, form);
        if (UNLIKELY(out == NULL)) return NULL;
    }
    return out;
}

/* The items of a list or tuple from one on. It may change meanwhile, once it is entered, which is done if *entered tells that it
 * hasn't been: leaves change nothing, so its array is looked at anew behind other items only. */
static ALWAYS_INLINE uint8_t *write_items(encoder *e, uint8_t *out, PyObject *list, PyObject *sequence, Py_ssize_t i, int *entered, write_form form,
                                          write_style style)
{
    PyObject *const *items = compat_items(sequence);
    Py_ssize_t n = PySequence_Fast_GET_SIZE(sequence);
    for (; i < n; i++) {
        PyObject *item = compat_item(sequence, items, i);
        if (!COMPAT_HAS_GIL && UNLIKELY(item == NULL)) break;
        out = write_item_start(e, out, i == 0, form, style);
        if (UNLIKELY(out == NULL)) {
            compat_item_done(item);
            return NULL;
        }
        prefetch_items(items, i, n);
        leaf_note note = LEAF;
        int nested = (style == STYLE_ANY && is_long_str(e, item)) || !write_leaf_noted(e, &out, item, &note, 0, form);
        if (nested) {
            if (!*entered && UNLIKELY((*entered = !enter(e, list)) == 0)) {
                compat_item_done(item);
                return NULL;
            }
            prefetch_inside(e, items, i, n);
            out = write_nested(e, out, item, form);
        }
        compat_item_done(item);
        if (UNLIKELY(out == NULL)) {
            encoder_add_note(e, list, NULL, i);
            return NULL;
        }
        if (note == LEAF_CACHED) prefetch_cached(items, i, n);
        if (COMPAT_HAS_GIL && style == STYLE_PLAIN && note == LEAF_WORD) {
            out = write_words(e, out, items, &i, n, form);
            if (LIKELY(out != NULL)) continue;
            encoder_add_note(e, list, NULL, i + 1);
            return NULL;
        }
        if (style == STYLE_ANY && UNLIKELY(is_full(e, out)) && (out = encoder_flush(e, out)) == NULL) return NULL;
        if (has_widened(e, form)) {
            if (!*entered && UNLIKELY((*entered = !enter(e, list)) == 0)) return NULL; /* the rest takes that for granted */
            return items_widened(e, out, list, sequence, i + 1);
        }
        if (!COMPAT_HAS_GIL || nested || style == STYLE_ANY) {
            items = compat_items(sequence);
            n = PySequence_Fast_GET_SIZE(sequence);
        }
    }
    return out;
}

/* The items of a list subclass (or any iterable) as the stdlib's generator sees them. */
static ALWAYS_INLINE uint8_t *write_items_of_iterator(encoder *e, uint8_t *out, PyObject *list, write_form form)
{
    e->disturbances++;
    if (encoder_before_python(e)) return NULL;
    PyObject *iterator = PyObject_GetIter(list), *item;
    if (iterator == NULL) return NULL;
    Py_ssize_t i = 0;
    for (; out != NULL && (item = PyIter_Next(iterator)) != NULL; i++) {
        out = write_item_start(e, out, i == 0, form, STYLE_ANY);
        if (out != NULL && (out = write_value(e, out, item, form)) == NULL) encoder_add_note(e, list, NULL, i);
        Py_DECREF(item);
        if (out != NULL && is_full(e, out)) out = encoder_flush(e, out);
    }
    Py_DECREF(iterator);
    if (out == NULL || PyErr_Occurred()) return NULL;
    /* The generator writes the bracket together with the first item: a list that isn't empty but gives none has none. */
    return i > 0 ? out : out - width_of(e, form);
}

/* The items in lines or of a str, whose width is found out while it is written. The list is entered. */
static ALWAYS_INLINE uint8_t *write_items_apart(encoder *e, uint8_t *out, PyObject *list, PyObject *sequence, write_form form)
{
    if (form == WRITE_ASCII) return items_ascii(e, out, list, sequence, 0);
    if (form == WRITE_UTF8) return items_utf8(e, out, list, sequence, 0);
    int width = width_of(e, form);
    return width == 1 ? items_text1(e, out, list, sequence, 0) : width == 2 ? items_text2(e, out, list, sequence, 0) : items_text4(e, out, list, sequence, 0);
}

/* The bracket behind an array that isn't empty. */
static ALWAYS_INLINE uint8_t *write_array_end(encoder *e, uint8_t *out, write_form form)
{
    if (e->options->indented && (out = put_line(e, out, seldom(form))) == NULL) return NULL;
    out = room(e, out, SLACK, seldom(form));
    return UNLIKELY(out == NULL) ? NULL : put(e, out, ']', seldom(form));
}

/* What is between entering an instance of a list's or tuple's subclass and leaving it. */
static ALWAYS_INLINE uint8_t *write_odd_array(encoder *e, uint8_t *out, PyObject *list, write_form form)
{
    int generator = e->options->as_generator, empty;
    PyObject *sequence = NULL;
    if (encoder_before_python(e)) return NULL;
    if (generator) empty = PyObject_Not(list);
    else {
        sequence = PySequence_Fast(list, "_iterencode_list needs a sequence");
        empty = sequence == NULL ? -1 : PySequence_Fast_GET_SIZE(sequence) == 0;
    }
    out = empty < 0 ? NULL : room(e, out, SLACK, form);
    if (out != NULL) out = put(e, out, '[', form);
    if (out != NULL && empty) out = put(e, out, ']', form);
    else if (out != NULL && path_push(e, list)) out = NULL;
    else if (out != NULL) {
        e->level++;
        if (encoder_check_path(e)) out = NULL;
        else out = generator ? write_items_of_iterator(e, out, list, form) : write_items_apart(e, out, list, sequence, form);
        e->level--;
        path_pop(e);
        if (out != NULL) out = write_array_end(e, out, form);
    }
    Py_XDECREF(sequence);
    return out;
}

/* An instance of a list's or tuple's subclass. The caller holds a reference. */
static ALWAYS_INLINE uint8_t *write_odd_list(encoder *e, uint8_t *out, PyObject *list, write_form form)
{
    if (UNLIKELY(count_level(e))) return NULL;
    out = write_odd_array(e, out, list, form);
    compat_leave(e->thread);
    return out;
}

/* A list or a tuple. It lives until Python code runs. */
static ALWAYS_INLINE uint8_t *write_list(encoder *e, uint8_t *out, PyObject *list, write_form form)
{
    if (UNLIKELY(may_enter(e))) return NULL;
    int empty = PySequence_Fast_GET_SIZE(list) == 0, entered = 0;
    out = room(e, out, SLACK, form);
    if (UNLIKELY(out == NULL)) return NULL;
    out = put(e, out, '[', form);
    if (UNLIKELY(empty)) return put(e, out, ']', form);
    if (UNLIKELY(!e->plain)) {
        if (UNLIKELY(enter(e, list))) return NULL;
        entered = 1;
        if (UNLIKELY(e->python_ran) && UNLIKELY(encoder_check_path(e))) out = NULL;
        else if (e->style != STYLE_PLAIN) {
            e->level++;
            out = write_items_apart(e, out, list, list, form);
            e->level--;
        }
    }
    if (LIKELY(e->style == STYLE_PLAIN) && LIKELY(out != NULL)) out = write_items(e, out, list, list, 0, &entered, form, STYLE_PLAIN);
    if (entered) leave(e, list);
    return UNLIKELY(out == NULL) ? NULL : write_array_end(e, out, form);
}

/* ---- everything else ---- */

/* What default() makes of an object that JSON has no form for. */
static ALWAYS_INLINE uint8_t *write_default(encoder *e, uint8_t *out, PyObject *object, write_form form)
{
    if (path_push(e, object)) return NULL;
    PyObject *function = e->options->default_function, *made;
    if (encoder_before_python(e)) made = NULL;
    else if (function != NULL) made = PyObject_CallOneArg(function, object);
    else made = PyObject_CallMethod(e->state->default_encoder, "default", "(O)", object);
    if (made == NULL) out = NULL;
    else if (count_level(e)) out = NULL;
    else {
        out = write_value(e, out, made, form);
        compat_leave(e->thread);
        if (out == NULL) encoder_add_note(e, object, NULL, -1);
    }
    Py_XDECREF(made);
    path_pop(e);
    return out;
}

/* A str that is written in pieces. */
static ALWAYS_INLINE uint8_t *write_long_str(encoder *e, uint8_t *out, PyObject *str, write_form form)
{
    e->in_long_str = 1;
    if (form == WRITE_ASCII) out = careful_ascii(e, out, str);
    else out = form == WRITE_UTF8 ? careful_utf8(e, out, str) : careful_text(e, out, str);
    e->in_long_str = 0;
    return out;
}

/* What isn't exactly of one of JSON's own types, or is a scalar that write_leaf leaves. The caller holds a reference. */
static ALWAYS_INLINE uint8_t *write_other(encoder *e, uint8_t *out, PyObject *object, write_form form)
{
    e->disturbances++;
    if (PyUnicode_Check(object) && PyUnicode_GET_LENGTH(object) > e->long_str) return write_long_str(e, out, object, form);
    if (write_odd_scalar(e, &out, object, form)) return out;
    if (PyTuple_CheckExact(object)) return encode_list(e, out, object, form);
    if (PyList_Check(object) || PyTuple_Check(object)) return odd_list(e, out, object, form);
    if (compat_is_dict(object)) return odd_dict(e, out, object, form);
    return write_default(e, out, object, form);
}

/* ---- one function for each form ---- */

/* What has an address in them is a walk, a position, a key and a value: arrays for digits are in those of wide text only, which
 * keep their stack protector. */
#define ONLY_SCALARS NO_STACK_PROTECTOR
#define DIGITS

/* write_walk and write_list have the members and items of a plain document in place: they come here only as a str, whose
 * width is found out while it is written. */
#define DEFINE_WRITERS(suffix, form, locals) \
    static NOINLINE locals uint8_t *dict_##suffix(encoder *e, uint8_t *out, PyObject *dict) { return write_dict(e, out, dict, form); } \
    static NOINLINE uint8_t *list_##suffix(encoder *e, uint8_t *out, PyObject *list) { return write_list(e, out, list, form); } \
    static NOINLINE locals uint8_t *members_##suffix(encoder *e, uint8_t *out, walk *w, int first) \
    { \
        if (e->style == STYLE_LINES) return write_members(e, out, w, first, form, STYLE_LINES); \
        return is_text(form) && e->style == STYLE_PLAIN ? write_members(e, out, w, first, form, STYLE_PLAIN) \
                                                        : write_members(e, out, w, first, form, STYLE_ANY); \
    } \
    static NOINLINE locals uint8_t *sorted_##suffix(encoder *e, uint8_t *out, PyObject *dict, Py_ssize_t i, Py_ssize_t last, int first) \
    { \
        if (e->style == STYLE_PLAIN) return write_sorted(e, out, dict, i, last, first, form, STYLE_PLAIN); \
        return write_sorted(e, out, dict, i, last, first, form, STYLE_ANY); \
    } \
    static NOINLINE uint8_t *items_##suffix(encoder *e, uint8_t *out, PyObject *list, PyObject *sequence, Py_ssize_t first) \
    { \
        int entered = 1; \
        if (e->style == STYLE_LINES) return write_items(e, out, list, sequence, first, &entered, form, STYLE_LINES); \
        return is_text(form) && e->style == STYLE_PLAIN ? write_items(e, out, list, sequence, first, &entered, form, STYLE_PLAIN) \
                                                        : write_items(e, out, list, sequence, first, &entered, form, STYLE_ANY); \
    }
DEFINE_WRITERS(ascii, WRITE_ASCII, ONLY_SCALARS)
DEFINE_WRITERS(utf8, WRITE_UTF8, ONLY_SCALARS)
DEFINE_WRITERS(text1, WRITE_TEXT1, ONLY_SCALARS)
DEFINE_WRITERS(text2, WRITE_TEXT2, DIGITS)
DEFINE_WRITERS(text4, WRITE_TEXT4, DIGITS)

/* ... and one for every width where it is seldom. */
#define DEFINE_SELDOM(suffix, form) \
    static NOINLINE uint8_t *other_##suffix(encoder *e, uint8_t *out, PyObject *object) { return write_other(e, out, object, form); } \
    static NOINLINE uint8_t *odd_dict_##suffix(encoder *e, uint8_t *out, PyObject *dict) { return write_odd_dict(e, out, dict, form); } \
    static NOINLINE uint8_t *odd_list_##suffix(encoder *e, uint8_t *out, PyObject *list) { return write_odd_list(e, out, list, form); }
DEFINE_SELDOM(ascii, WRITE_ASCII)
DEFINE_SELDOM(utf8, WRITE_UTF8)
DEFINE_SELDOM(text, WRITE_TEXT)

uint8_t *CPU_NAME(encode_write)(encoder *e, uint8_t *out, PyObject *object)
{
    switch (e->options->form) {
    case ENCODE_ASCII: return write_value(e, out, object, WRITE_ASCII);
    case ENCODE_UTF8: return write_value(e, out, object, WRITE_UTF8);
    default: return write_value(e, out, object, WRITE_TEXT1);
    }
}
