/* The writing of a document in one call: see encoder.h.
 *
 * Each function is written once, with the form as a parameter that is constant wherever it is inlined, and compiled for
 * each form: write_dict for write_dict_ascii and the others. Two loops go over members, and two over items: the plain
 * ones, in write_dict and write_list, have nothing in them but what a plain document needs; the others do all the
 * rest. */

/* A function for each form, so that a level of nesting takes little of the C stack; FOR_WIDTH and FOR_FORM name it. */
#define DECLARE_FOR_WIDTHS(name, parameters) \
    static uint8_t *name##_ascii parameters; \
    static uint8_t *name##_utf8 parameters; \
    static uint8_t *name##_orjson parameters; \
    static uint8_t *name##_text1 parameters; \
    static uint8_t *name##_text2 parameters; \
    static uint8_t *name##_text4 parameters;
#define DECLARE_FOR_FORMS(name, parameters) \
    static uint8_t *name##_ascii parameters; \
    static uint8_t *name##_utf8 parameters; \
    static uint8_t *name##_text parameters;
DECLARE_FOR_WIDTHS(write_dict, (encoder * e, uint8_t *out, PyObject *dict))
DECLARE_FOR_WIDTHS(write_list, (encoder * e, uint8_t *out, PyObject *list))
DECLARE_FOR_WIDTHS(write_items, (encoder * e, uint8_t *out, PyObject *list, PyObject *sequence, Py_ssize_t i))
DECLARE_FOR_WIDTHS(write_any_dict, (encoder * e, uint8_t *out, PyObject *dict))
DECLARE_FOR_FORMS(write_odd_list, (encoder * e, uint8_t *out, PyObject *list))
DECLARE_FOR_FORMS(write_other, (encoder * e, uint8_t *out, PyObject *object))

typedef struct {
    uint8_t *out; /* NULL with an exception set */
    Py_ssize_t done; /* how many items were written; of an exception, before what failed */
} items_written;

/* The items of a list from one on, as many as are instances of one class that are quick to write, with commas between,
 * until something runs Python code. The list is entered. */
static items_written write_alike(encoder *e, uint8_t *out, PyObject *const *items, Py_ssize_t n);
static uint8_t *write_other_orjson(encoder *e, uint8_t *out, PyObject *object);
static uint8_t *write_keyed_orjson(encoder *e, uint8_t *out, PyObject *dict, int *keyed);
static uint8_t *write_members_text2(encoder *e, uint8_t *out, walk *w, int first);
static uint8_t *write_members_text4(encoder *e, uint8_t *out, walk *w, int first);

/* Any value that isn't a leaf. Whoever calls this has entered the container that it is in, and is sure that it lives
 * until Python code runs. */
static ALWAYS_INLINE uint8_t *write_nested(encoder *e, uint8_t *out, PyObject *object, write_form form) {
    PyTypeObject *type = Py_TYPE(object);
    if (type == &PyDict_Type) return FOR_WIDTH(write_dict, e, form)(e, out, object);
    if (type == &PyList_Type) return FOR_WIDTH(write_list, e, form)(e, out, object);
    return FOR_RULES(write_other, form)(e, out, object);
}

/* Any value, where it is rare. */
static ALWAYS_INLINE uint8_t *write_value(encoder *e, uint8_t *out, PyObject *object, write_form form) {
    return FOR_RULES(write_rare_leaf, form)(e, &out, object, Py_TYPE(object)) ? out
                                                                              : write_nested(e, out, object, form);
}
COMPILE_FOR_RULES(uint8_t *, write_value, (encoder * e, uint8_t *out, PyObject *object), e, out, object)

/* ---- dicts ---- */

/* A whole member, whatever its key and value are. The key has come from a walk over the dict. */
static ALWAYS_INLINE uint8_t *write_member(encoder *e, uint8_t *out, PyObject *dict, PyObject *key, PyObject *value,
                                           int *first, write_form form) {
    e->disturbances++;
    Py_INCREF(key);
    Py_INCREF(value);
    PyObject *text = (form == WRITE_ORJSON ? PyUnicode_CheckExact(key) : encoder_is_text_key(e, key))
                         ? Py_NewRef(key)
                         : encoder_key_text(e, key);
    if (text == NULL) out = PyErr_Occurred() ? NULL : out; /* it is skipped */
    else if ((out = FOR_FORM(write_rare_key, form)(e, out, text, *first)) != NULL) {
        *first = 0;
        out = FOR_RULES(write_value, form)(e, out, value);
        if (out == NULL)
            encoder_add_note(e, dict, e->options->as_generator || e->options->plans != NULL ? text : key, -1);
    }
    Py_XDECREF(text);
    Py_DECREF(key);
    Py_DECREF(value);
    return out;
}
COMPILE_FOR_RULES(uint8_t *, write_member,
                  (encoder * e, uint8_t *out, PyObject *dict, PyObject *key, PyObject *value, int *first), e, out, dict,
                  key, value, first)

/* The value of a member; Python code may run. `widened`: its key made the text widen. */
static ALWAYS_INLINE uint8_t *write_member_value(encoder *e, uint8_t *out, PyObject *dict, PyObject *key,
                                                 PyObject *value, int widened, write_form form) {
    Py_INCREF(key); /* for the note, whatever happens to the dict */
    out = UNLIKELY(widened) ? write_value_text(e, out, value) : write_nested(e, out, value, form);
    if (UNLIKELY(out == NULL)) encoder_add_note(e, dict, key, -1);
    Py_DECREF(key);
    return out;
}

/* Enter the dict that is walked, if that hasn't been done. -1 with an exception. */
static ALWAYS_INLINE int walk_enter(encoder *e, walk *w) {
    if (w->entered) return 0;
    if (UNLIKELY(enter(e, w->dict))) return -1;
    w->entered = 1;
    w->outer = e->walks;
    e->walks = w;
    return 0;
}

static ALWAYS_INLINE void walk_leave(encoder *e, walk *w) {
    if (!w->entered) return;
    CYJSON_ASSERT(e->walks == w);
    e->walks = w->outer;
    leave(e, w->dict);
}

/* Note where a leaf failed: NULL. */
static NOINLINE uint8_t *leaf_failed(encoder *e, PyObject *dict, PyObject *key) {
    Py_INCREF(key); /* making the note may run the collector */
    encoder_add_note(e, dict, key, -1);
    Py_DECREF(key);
    return NULL;
}

/* The rest of a walk once the characters have widened. */
static NOINLINE uint8_t *write_widened_members(encoder *e, uint8_t *out, walk *w) {
    return e->text.width == 2 ? write_members_text2(e, out, w, 0) : write_members_text4(e, out, w, 0);
}

/* The members that a walk gives which can't be read directly, and the end of the object. */
static ALWAYS_INLINE uint8_t *write_members_slowly(encoder *e, uint8_t *out, walk *w, int first, write_form form) {
    PyObject *key, *value;
    int more;
    if (walk_enter(e, w)) return NULL;
    while ((more = encoder_walk_next(e, w, &key, &value)) > 0) {
        out = FOR_RULES(write_member, form)(e, out, w->dict, key, value, &first);
        if (UNLIKELY(out == NULL) || (is_full(e, out) && (out = encoder_flush(e, out)) == NULL)) return NULL;
    }
    if (more < 0) return NULL;
    return first ? write_skipped_end(e, out, form) : write_end(e, out, '}', form, STYLE_ANY);
}
COMPILE_FOR_RULES_AS(SELDOM, uint8_t *, write_members_slowly, (encoder * e, uint8_t *out, walk *w, int first), e, out,
                     w, first)

/* The members of an object from where a walk stands, and its end. */
static ALWAYS_INLINE uint8_t *write_members(encoder *e, uint8_t *out, walk *w, int first, write_form form,
                                            write_style style) {
    const int plain = style == STYLE_PLAIN, generator = !plain && e->options->as_generator;
    const size_t between = plain ? 0 : between_size(e);
    PyObject *key, *value;
    compat_entries entries;
    if (!plain && !generator) w->left = PY_SSIZE_T_MAX; /* a change of size is no error */
    if (!walk_entries(e, w, &entries)) goto slowly;
    for (;;) {
        if (!plain && UNLIKELY(is_full(e, out))) {
            walk_stands_at(w, &entries);
            out = walk_enter(e, w) ? NULL : encoder_flush(e, out);
            if (out == NULL || (generator && encoder_walk_is_disturbed(w))) return NULL;
            if (!walk_entries(e, w, &entries)) goto slowly;
        }
        if (UNLIKELY(!compat_entries_next(&entries, &key, &value))) break;
        compat_entries_prefetch(&entries);
        if (!plain && UNLIKELY(w->left-- <= 0)) return encoder_walk_is_too_long();
        if (LIKELY(Py_TYPE(key) == &PyUnicode_Type)) {
            out = write_key(e, out, key, &first, between, form, style);
            if (UNLIKELY(out == NULL)) return NULL;
            int widened = has_widened(e, form);
            if (LIKELY(!widened) && LIKELY(write_leaf(e, &out, value, 1, form, style))) {
                if (UNLIKELY(out == NULL)) return leaf_failed(e, w->dict, key);
                if (!has_widened(e, form)) continue;
                walk_stands_at(w, &entries);
                break;
            }
            walk_stands_at(w, &entries);
            if (UNLIKELY(walk_enter(e, w))) return NULL;
            unsigned disturbances = e->disturbances;
            out = write_member_value(e, out, w->dict, key, value, widened, form);
            if (UNLIKELY(out == NULL)) return NULL;
            if (LIKELY(disturbances == e->disturbances) && !has_widened(e, form)) continue;
        } else {
            walk_stands_at(w, &entries);
            out = walk_enter(e, w) ? NULL : FOR_RULES(write_member, form)(e, out, w->dict, key, value, &first);
        }
        if (UNLIKELY(out == NULL)) return NULL;
        if (generator && UNLIKELY(encoder_walk_is_disturbed(w))) return NULL;
        if (has_widened(e, form)) break;
        if (!walk_entries(e, w, &entries)) goto slowly;
    }
    if (has_widened(e, form)) {
        if (plain) e->level++; /* which write_end counts */
        return write_widened_members(e, out, w);
    }
    if (!plain && UNLIKELY(first)) return FOR_FORM(write_skipped_end, form)(e, out);
    return write_end(e, out, '}', form, style);

slowly:
    if (plain) e->level++;
    return FOR_RULES(write_members_slowly, form)(e, out, w, first);
}

/* Set out on a walk over a dict that is sorted, or an instance of a subclass, which is counted, held and on the path
 * from then on: whether it has members, or -1 with an exception set. To be ended by odd_walk_end, unless it has none.
 */
static NOINLINE int odd_walk_start(encoder *e, walk *w, PyObject *dict) {
    const int exact = PyDict_CheckExact(dict);
    int empty, opened = -1;
    if (UNLIKELY(count_level(e))) return -1;
    Py_INCREF(dict);
    if (LIKELY(exact) || !e->options->as_generator) empty = PyDict_GET_SIZE(dict) == 0;
    else empty = encoder_before_python(e) ? -1 : PyObject_Not(dict);
    if (LIKELY(empty == 0) && LIKELY(path_push(e, dict) == 0)) {
        if (LIKELY(!e->python_ran) || encoder_check_path(e) == 0) {
            opened = LIKELY(exact) && e->options->sort_keys ? encoder_walk_sorted(e, w, dict, e->python_ran) : 0;
            if (LIKELY(opened > 0)) return 1;
            if (opened == 0) opened = encoder_walk_items(e, w, dict); /* not by orjson's rules: it refuses the keys */
            if (opened == 0 && w->kind == WALK_LISTED) e->walks = w;
            if (opened == 0) return 1;
        }
        path_pop(e);
    }
    Py_DECREF(dict);
    compat_leave(e->thread);
    return empty > 0 ? 0 : -1;
}

static NOINLINE void odd_walk_end(encoder *e, walk *w) {
    e->walks = w->outer;
    if (UNLIKELY(w->kind != WALK_SORTED) || UNLIKELY(e->sorted_held > w->start)) e->disturbances++; /* by finalisers */
    if (LIKELY(w->kind == WALK_SORTED)) encoder_sorted_end(e, w->start);
    else encoder_walk_close(e, w);
    leave(e, w->dict);
}

/* A dict where the document isn't plain or Python code ran, or an instance of a subclass, to which the caller holds a
 * reference. */
static ALWAYS_INLINE uint8_t *write_any_dict(encoder *e, uint8_t *out, PyObject *dict, write_form form) {
    walk w;
    const int odd = e->options->sort_keys || !PyDict_CheckExact(dict);
    int members, keyed = 0;
    if (form == WRITE_ORJSON && UNLIKELY(e->options->orjson & ORJSON_NON_STR_KEYS)) {
        out = write_keyed_orjson(e, out, dict, &keyed);
        if (keyed) return out;
    }
    if (form == WRITE_ORJSON && UNLIKELY(orjson_is_too_deep(e))) return NULL;
    if (odd) members = odd_walk_start(e, &w, dict);
    else if (UNLIKELY(may_enter(e))) return NULL;
    else members = PyDict_GET_SIZE(dict) == 0 ? 0 : encoder_walk_start(&w, dict);
    if (form == WRITE_ORJSON && UNLIKELY(members < 0)) orjson_blame_keys(e, dict);
    if (UNLIKELY(members < 0)) return NULL;
    out = room(e, out, SLACK, form);
    if (LIKELY(out != NULL)) {
        out = put(e, out, '{', form);
        if (UNLIKELY(members == 0)) return put(e, out, '}', form);
        e->level++;
        if (!odd && UNLIKELY(e->python_ran) && (walk_enter(e, &w) || encoder_check_path(e))) out = NULL;
        else if (form == WRITE_TEXT2) out = write_members_text2(e, out, &w, 1);
        else if (form == WRITE_TEXT4) out = write_members_text4(e, out, &w, 1);
        else out = write_members(e, out, &w, 1, form, STYLE_ANY);
    }
    if (UNLIKELY(members == 0)) return NULL;
    if (form == WRITE_ORJSON && UNLIKELY(out == NULL)) orjson_blame_keys(e, dict);
    if (odd || w.kind != WALK_DICT) odd_walk_end(e, &w);
    else {
        walk_leave(e, &w);
        encoder_walk_end(&w);
    }
    return out;
}

/* A dict. It lives until Python code runs. */
static ALWAYS_INLINE uint8_t *write_dict(encoder *e, uint8_t *out, PyObject *dict, write_form form) {
    walk w;
    int members;
    if (form == WRITE_ORJSON && UNLIKELY(orjson_is_too_deep(e))) return NULL;
    if (UNLIKELY(e->plain_dicts > DICTS_PLAIN_DISTURBED)) {
        if (e->plain_dicts == DICTS_NOT_PLAIN) return FOR_WIDTH(write_any_dict, e, form)(e, out, dict);
        members = odd_walk_start(e, &w, dict);
    } else if (UNLIKELY(may_enter(e))) return NULL;
    else if (UNLIKELY(PyDict_GET_SIZE(dict) == 0)) members = 0;
    else if (e->plain_dicts == DICTS_PLAIN_DISTURBED && UNLIKELY(comes_again(e, dict))) return NULL;
    else members = encoder_walk_start(&w, dict);
    if (form == WRITE_ORJSON && UNLIKELY(members < 0)) orjson_blame_keys(e, dict);
    if (UNLIKELY(members <= 0)) {
        out = members < 0 ? NULL : room(e, out, SLACK, form);
        return UNLIKELY(out == NULL) ? NULL : put(e, put(e, out, '{', form), '}', form);
    }
    out = put(e, out, '{', form); /* a key is next, which makes room */
    out = write_members(e, out, &w, 1, form, STYLE_PLAIN);
    if (form == WRITE_ORJSON && UNLIKELY(out == NULL) && e->options->sort_keys) orjson_blame_keys(e, dict);
    if (w.entered) {
        if (UNLIKELY(w.kind != WALK_DICT)) {
            odd_walk_end(e, &w);
            return out;
        }
        walk_leave(e, &w);
    }
    encoder_walk_end(&w);
    return out;
}

/* ---- lists ---- */

/* The rest of a list once the characters have widened. */
static NOINLINE uint8_t *write_widened_items(encoder *e, uint8_t *out, PyObject *list, PyObject *sequence,
                                             Py_ssize_t i) {
    return e->text.width == 2 ? write_items_text2(e, out, list, sequence, i)
                              : write_items_text4(e, out, list, sequence, i);
}

enum { FEW_WORDS = 4 }; /* for which a call wouldn't pay */

static ALWAYS_INLINE int is_word(PyObject *object) {
    return object == Py_None || object == Py_True || object == Py_False;
}

/* The items of a plain list, of n, that come after the i-th, each with its separator, in bytes, as long as they are
 * true, false or null and there is room. On its own, so that all of it is in registers; no branch depends on which they
 * are. */
static NOINLINE items_written write_words(const encoder *e, uint8_t *out, PyObject *const *items, Py_ssize_t i,
                                          Py_ssize_t n) {
    static const uint8_t words[3][8] = {"false", "true", "null"};
    enum { LONGEST = 16 }; /* with its separator */
    const Py_ssize_t fit = (e->text.limit - out - SLACK) / LONGEST;
    const uint64_t between = load_8(e->between);
    const size_t separator = (size_t)e->options->item_separator.size;
    const Py_ssize_t before = i;
    CYJSON_ASSERT(separator + 5 <= LONGEST);
    for (n = n - i - 1 < fit ? n : i + 1 + fit; i + 1 < n; i++) {
        PyObject *item = items[i + 1];
        const size_t is_null = item == Py_None, is_true = item == Py_True, is_false = item == Py_False;
        if (UNLIKELY(!opaque((int)(is_null | is_true | is_false)))) break;
        store_8(out, between);
        store_8(out + separator, load_8(words[is_true + 2 * is_null]));
        out += separator + 4 + is_false;
    }
    return (items_written){out, i - before};
}

enum {
    FEW_NUMBERS = 4, /* in a list that is written at once */
    NUMBER_LONGEST = NUMBER_DOUBLE_SPACE + 16, /* with a separator */
};

static ALWAYS_INLINE int is_number(PyObject *object) { return PyFloat_CheckExact(object) || PyLong_CheckExact(object); }

/* A number of a plain list, in bytes, for which there is room: the end, or NULL where it is something else, not finite,
 * or an int of more than 64 bits. */
static ALWAYS_INLINE uint8_t *write_number(const encoder *e, uint8_t *out, PyObject *object) {
    (void)e; /* whose level's function it is, where that isn't this one's */
    if (PyFloat_CheckExact(object)) {
        const double number = PyFloat_AS_DOUBLE(object);
        return UNLIKELY(number - number != 0) ? NULL : FORMAT_DOUBLE(e)(out, number);
    }
    return PyLong_CheckExact(object) ? format_int(out, object) : NULL;
}

/* The items of a plain list from the i-th on, with separators between, in bytes, as long as they are numbers and there
 * is room, which is made for one. */
static NOINLINE items_written write_number_run(encoder *e, uint8_t *out, PyObject *const *items, Py_ssize_t i,
                                               Py_ssize_t n) {
    out = room(e, out, NUMBER_LONGEST + SLACK, WRITE_UTF8);
    if (UNLIKELY(out == NULL)) return (items_written){NULL, 0};
    const Py_ssize_t fit = (e->text.limit - out - SLACK) / NUMBER_LONGEST, before = i;
    const Py_ssize_t stop = n - i > fit ? i + fit : n;
    const uint64_t between = load_8(e->between);
    const size_t separator = (size_t)e->options->item_separator.size;
    uint8_t *end = out, *next;
    for (; i < stop; i++) {
        prefetch_items(items, i, n);
        if ((next = write_number(e, out, items[i])) == NULL) break;
        end = next;
        store_8(end, between);
        out = end + separator;
    }
    return (items_written){end, i - before};
}

/* A short list of a plain document that holds numbers only: done is 1, or 0 where it holds anything else. */
static NOINLINE items_written write_number_list(encoder *e, uint8_t *out, PyObject *list) {
    PyObject *const *items = compat_items(list), *const *const end = items + PyList_GET_SIZE(list);
    const uint64_t between = load_8(e->between);
    const size_t separator = (size_t)e->options->item_separator.size;
    const items_written none = {out, 0};
    if (UNLIKELY(may_enter(e))) return (items_written){NULL, 0};
    if (UNLIKELY(e->text.limit - out < FEW_NUMBERS * NUMBER_LONGEST + SLACK) || UNLIKELY(e->plain != PLAIN))
        return none;
    *out++ = '[';
    for (; items < end; items++) {
        out = write_number(e, out, *items);
        if (UNLIKELY(out == NULL)) return none;
        store_8(out, between);
        out += separator;
    }
    out[-(ptrdiff_t)separator] = ']';
    return (items_written){out - separator + 1, 1};
}

/* The items of a list or tuple from one on. It may change meanwhile, once it is entered, which is done if *entered says
 * that it hasn't been: leaves change nothing, so its array is looked at anew after other items only. */
static ALWAYS_INLINE uint8_t *write_items(encoder *e, uint8_t *out, PyObject *list, PyObject *sequence, Py_ssize_t i,
                                          int *entered, write_form form, write_style style) {
    const int plain = style == STYLE_PLAIN, by_run = COMPAT_HAS_GIL && plain && !is_text(form);
    const int by_number = COMPAT_HAS_GIL && plain && (form == WRITE_ASCII || form == WRITE_UTF8 || form == WRITE_TEXT1);
    const size_t between = plain ? 0 : between_size(e);
    PyObject *const *items = compat_items(sequence);
    Py_ssize_t n = PySequence_Fast_GET_SIZE(sequence);
    for (; i < n; i++) {
        PyObject *item = compat_item(sequence, items, i);
        if (!COMPAT_HAS_GIL && UNLIKELY(item == NULL)) break;
        out = write_start(e, out, i == 0, between, form, style);
        if (UNLIKELY(out == NULL)) {
            compat_item_done(item);
            return NULL;
        }
        prefetch_items(items, i, n);
        int leaf = 0;
        if (by_number && !PyUnicode_CheckExact(item)) {
            if (is_number(item)) {
                items_written run = write_number_run(e, out, items, i, n);
                out = run.out;
                if (LIKELY(run.done > 0)) {
                    i += run.done - 1;
                    continue;
                }
                leaf = out == NULL;
            }
        } else leaf = write_scalar_as(e, &out, item, Py_TYPE(item), 0, form, style);
        if (!leaf && (leaf = write_word_as(e, &out, item, Py_TYPE(item), 0, form)) && by_run && LIKELY(out != NULL) &&
            n - i > FEW_WORDS && is_word(items[i + 1])) {
            items_written run = write_words(e, out, items, i, n);
            out = run.out;
            i += run.done;
        }
        if (!leaf) {
            if (!*entered && UNLIKELY((*entered = !enter(e, list)) == 0)) {
                compat_item_done(item);
                return NULL;
            }
            prefetch_inside(e, items, i, n);
            items_written run = {out, 0};
            if (by_number && PyList_CheckExact(item)) {
                if ((size_t)PyList_GET_SIZE(item) - 1 < FEW_NUMBERS && is_number(PyList_GET_ITEM(item, 0)))
                    run = write_number_list(e, out, item);
            } else if (COMPAT_HAS_GIL && plain && form == WRITE_UTF8 && !PyDict_CheckExact(item) &&
                       !PyList_CheckExact(item))
                run = write_alike(e, out, items + i, n - i);
            out = run.out;
            if (UNLIKELY(out == NULL)) i += run.done;
            else if (run.done > 0) i += run.done - 1;
            else out = write_nested(e, out, item, form);
        }
        compat_item_done(item);
        if (UNLIKELY(out == NULL)) {
            encoder_add_note(e, list, NULL, i);
            return NULL;
        }
        if (!plain && UNLIKELY(is_full(e, out)) && (out = encoder_flush(e, out)) == NULL) return NULL;
        if (has_widened(e, form)) {
            if (!*entered && UNLIKELY((*entered = !enter(e, list)) == 0))
                return NULL; /* the rest takes that for granted */
            return write_widened_items(e, out, list, sequence, i + 1);
        }
        if (!COMPAT_HAS_GIL || !leaf || !plain) {
            items = compat_items(sequence);
            n = PySequence_Fast_GET_SIZE(sequence);
        }
    }
    return out;
}

/* The items of a list subclass (or any iterable) as the stdlib's generator sees them. */
static ALWAYS_INLINE uint8_t *write_items_of_iterator(encoder *e, uint8_t *out, PyObject *list, write_form form) {
    e->disturbances++;
    if (encoder_before_python(e)) return NULL;
    PyObject *iterator = PyObject_GetIter(list), *item;
    if (iterator == NULL) return NULL;
    Py_ssize_t i = 0;
    for (; out != NULL && (item = PyIter_Next(iterator)) != NULL; i++) {
        out = write_start(e, out, i == 0, between_size(e), form, STYLE_ANY);
        if (out != NULL && (out = FOR_RULES(write_value, form)(e, out, item)) == NULL)
            encoder_add_note(e, list, NULL, i);
        Py_DECREF(item);
        if (out != NULL && is_full(e, out)) out = encoder_flush(e, out);
    }
    Py_DECREF(iterator);
    if (out == NULL || PyErr_Occurred()) return NULL;
    /* The generator writes the bracket together with the first item: a list that isn't empty but gives none has
     * none. */
    return i > 0 ? out : out - width_of(e, form);
}

/* What is between entering an instance of a list's or tuple's subclass and leaving it. */
static ALWAYS_INLINE uint8_t *write_odd_array(encoder *e, uint8_t *out, PyObject *list, write_form form) {
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
        else
            out = generator ? write_items_of_iterator(e, out, list, form)
                            : FOR_WIDTH(write_items, e, form)(e, out, list, sequence, 0);
        path_pop(e);
        if (out != NULL) out = write_end(e, out, ']', form, STYLE_ANY);
    }
    Py_XDECREF(sequence);
    return out;
}

/* An instance of a list's or tuple's subclass. The caller holds a reference. */
static ALWAYS_INLINE uint8_t *write_odd_list(encoder *e, uint8_t *out, PyObject *list, write_form form) {
    if (UNLIKELY(count_level(e))) return NULL;
    out = write_odd_array(e, out, list, form);
    compat_leave(e->thread);
    return out;
}

/* A list or a tuple. It lives until Python code runs. */
static ALWAYS_INLINE uint8_t *write_list(encoder *e, uint8_t *out, PyObject *list, write_form form) {
    if (form == WRITE_ORJSON && UNLIKELY(orjson_is_too_deep(e))) return NULL;
    if (UNLIKELY(may_enter(e))) return NULL;
    int empty = PySequence_Fast_GET_SIZE(list) == 0, entered = 0;
    out = room(e, out, SLACK, form);
    if (UNLIKELY(out == NULL)) return NULL;
    out = put(e, out, '[', form);
    if (UNLIKELY(empty)) return put(e, out, ']', form);
    if (LIKELY(e->plain)) {
        if (UNLIKELY(e->plain == PLAIN_DISTURBED) && UNLIKELY(comes_again(e, list))) return NULL;
        out = write_items(e, out, list, list, 0, &entered, form, STYLE_PLAIN);
        if (entered) leave(e, list);
        return UNLIKELY(out == NULL) ? NULL : write_end(e, out, ']', any_width(form), STYLE_PLAIN);
    }
    if (UNLIKELY(enter(e, list))) return NULL;
    e->level++;
    if (UNLIKELY(e->python_ran) && UNLIKELY(encoder_check_path(e))) out = NULL;
    else out = FOR_WIDTH(write_items, e, form)(e, out, list, list, 0);
    leave(e, list);
    return UNLIKELY(out == NULL) ? NULL : write_end(e, out, ']', any_width(form), STYLE_ANY);
}

/* ---- everything else ---- */

/* What default() makes of an object that JSON has no form for. */
static ALWAYS_INLINE uint8_t *write_default(encoder *e, uint8_t *out, PyObject *object, write_form form) {
    if (path_push(e, object)) return NULL;
    PyObject *function = e->options->default_function, *made;
    if (encoder_before_python(e)) made = NULL;
    else if (function != NULL) made = PyObject_CallOneArg(function, object);
    else made = PyObject_CallMethod(e->state->default_encoder, "default", "(O)", object);
    if (made == NULL) out = NULL;
    else if (count_level(e)) out = NULL;
    else {
        out = FOR_RULES(write_value, form)(e, out, made);
        compat_leave(e->thread);
        if (out == NULL) encoder_add_note(e, object, NULL, -1);
    }
    Py_XDECREF(made);
    path_pop(e);
    return out;
}

/* A str that is written in pieces. */
static ALWAYS_INLINE uint8_t *write_long_str(encoder *e, uint8_t *out, PyObject *str, write_form form) {
    e->in_long_str = 1;
    out = FOR_FORM(write_str_with_care, form)(e, out, str);
    e->in_long_str = 0;
    return out;
}

/* What isn't exactly of one of JSON's own types, or is a scalar that write_leaf leaves. The caller holds a
 * reference. */
static ALWAYS_INLINE uint8_t *write_held_other(encoder *e, uint8_t *out, PyObject *object, write_form form) {
    encoder_claim claim = CLAIM_TYPE;
    e->disturbances++;
    if (PyTuple_CheckExact(object)) return FOR_WIDTH(write_list, e, form)(e, out, object);
    if (UNLIKELY(encoder_may_claim(e, object)) && (claim = encoder_claim_of(e, object, 0)) < 0) return NULL;
    if (claim == CLAIM_TYPE) {
        if (PyUnicode_Check(object) && PyUnicode_GET_LENGTH(object) > e->long_str)
            return write_long_str(e, out, object, form);
        if (write_odd_scalar(e, &out, object, form)) return out;
        if (PyList_Check(object) || PyTuple_Check(object)) claim = CLAIM_LIST;
        else if (compat_is_dict(object)) claim = CLAIM_DICT;
    }
    if (claim == CLAIM_LIST) return FOR_FORM(write_odd_list, form)(e, out, object);
    if (claim == CLAIM_DICT) return FOR_WIDTH(write_any_dict, e, form)(e, out, object);
    return UNLIKELY(claim == CLAIM_SCALAR) ? write_claimed(e, out, object, form) : write_default(e, out, object, form);
}

static ALWAYS_INLINE uint8_t *write_other(encoder *e, uint8_t *out, PyObject *object, write_form form) {
    Py_INCREF(object); /* Python code may run and drop it from its container */
    out = write_held_other(e, out, object, form);
    Py_DECREF(object);
    return out;
}

static NOINLINE uint8_t *write_unplanned(encoder *e, uint8_t *out, PyObject *object) {
    return write_other(e, out, object, WRITE_UTF8);
}

static NOINLINE uint8_t *write_instance(encoder *e, uint8_t *out, PyObject *object, plan_purpose purpose);

/* ---- one function for each form ---- */

COMPILE_SELDOM(uint8_t *, write_odd_list, (encoder * e, uint8_t *out, PyObject *list), e, out, list)
static NOINLINE uint8_t *write_other_ascii(encoder *e, uint8_t *out, PyObject *object) {
    return write_other(e, out, object, WRITE_ASCII);
}
static NOINLINE uint8_t *write_other_text(encoder *e, uint8_t *out, PyObject *object) {
    return write_other(e, out, object, WRITE_TEXT);
}
static NOINLINE uint8_t *write_other_utf8(encoder *e, uint8_t *out, PyObject *object) {
    return e->options->plans != NULL ? write_instance(e, out, object, OF_OBJECTS) : write_unplanned(e, out, object);
}

/* What has an address in them is a walk, a position, a key and a value: arrays for digits are in those of wide text
 * only, which keep their stack protector. */
#define ONLY_SCALARS NO_STACK_PROTECTOR
#define DIGITS

#define COMPILE_FOR_WIDTH(suffix, form, locals) \
    static NOINLINE locals uint8_t *write_dict_##suffix(encoder *e, uint8_t *out, PyObject *dict) { \
        return write_dict(e, out, dict, form); \
    } \
    static NOINLINE locals uint8_t *write_any_dict_##suffix(encoder *e, uint8_t *out, PyObject *dict) { \
        return write_any_dict(e, out, dict, form); \
    } \
    static NOINLINE uint8_t *write_list_##suffix(encoder *e, uint8_t *out, PyObject *list) { \
        return write_list(e, out, list, form); \
    } \
    static NOINLINE uint8_t *write_items_##suffix(encoder *e, uint8_t *out, PyObject *list, PyObject *sequence, \
                                                  Py_ssize_t i) { \
        int entered = 1; \
        return write_items(e, out, list, sequence, i, &entered, form, STYLE_ANY); \
    }
#define COMPILE_MEMBERS_FOR_WIDTH(suffix, form, locals) \
    static NOINLINE locals uint8_t *write_members_##suffix(encoder *e, uint8_t *out, walk *w, int first) { \
        return write_members(e, out, w, first, form, STYLE_ANY); \
    }
COMPILE_FOR_WIDTH(ascii, WRITE_ASCII, ONLY_SCALARS)
COMPILE_FOR_WIDTH(utf8, WRITE_UTF8, ONLY_SCALARS)
COMPILE_FOR_WIDTH(orjson, WRITE_ORJSON, ONLY_SCALARS)
COMPILE_FOR_WIDTH(text1, WRITE_TEXT1, ONLY_SCALARS)
COMPILE_FOR_WIDTH(text2, WRITE_TEXT2, DIGITS)
COMPILE_FOR_WIDTH(text4, WRITE_TEXT4, DIGITS)
COMPILE_MEMBERS_FOR_WIDTH(text2, WRITE_TEXT2, DIGITS)
COMPILE_MEMBERS_FOR_WIDTH(text4, WRITE_TEXT4, DIGITS)

/* The outermost value. */
static ALWAYS_INLINE uint8_t *write_root(encoder *e, uint8_t *out, PyObject *object, write_form form) {
    PyTypeObject *type = Py_TYPE(object);
    if (LIKELY(type == &PyDict_Type)) return FOR_WIDTH(write_dict, e, form)(e, out, object);
    if (LIKELY(type == &PyList_Type)) return FOR_WIDTH(write_list, e, form)(e, out, object);
    if (type == &PyUnicode_Type || type == &PyLong_Type || type == &PyFloat_Type || type == &PyBool_Type ||
        object == Py_None)
        return FOR_RULES(write_value, form)(e, out, object);
    return FOR_RULES(write_other, form)(e, out, object);
}

uint8_t *CPU_NAME(encode_write)(encoder *e, uint8_t *out, PyObject *object) {
    const encode_form form = e->options->form;
    if (form == ENCODE_ASCII) return write_root(e, out, object, WRITE_ASCII);
    if (form == ENCODE_UTF8 && UNLIKELY(e->options->orjson)) return write_root(e, out, object, WRITE_ORJSON);
    if (form == ENCODE_UTF8) return write_root(e, out, object, WRITE_UTF8);
    return LIKELY(e->text.width == 1) ? write_root(e, out, object, WRITE_TEXT1) : write_value_text(e, out, object);
}
