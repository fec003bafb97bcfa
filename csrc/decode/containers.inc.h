/* The value stack, and the containers that are made of what is on it. */

/* Close up the stack over n values from items on, of the container at this level. */
static void drop_values(decoder *d, PyObject **items, Py_ssize_t n, Py_ssize_t level) {
    Py_ssize_t rest = d->values_top - items - n;
    CYJSON_ASSERT(n >= 0 && rest >= 0 && items >= d->values && d->values_top <= d->values_limit);
    memmove(items, items + n, (size_t)rest * sizeof *items);
    d->values_top -= n;
    while (++level < d->depth) d->frames[level].base -= n;
}

/* Turn n values from items on, keys and values alternating, into n / 2 pairs in their place. */
static int pair_up(decoder *d, PyObject **items, Py_ssize_t n, Py_ssize_t level) {
    Py_ssize_t done = 0;
    for (; 2 * done < n; done++) {
        PyObject *pair = PyTuple_New(2);
        if (pair == NULL) break;
        PyTuple_SET_ITEM(pair, 0, items[2 * done]);
        PyTuple_SET_ITEM(pair, 1, items[2 * done + 1]);
        items[done] = pair;
    }
    drop_values(d, items + done, done, level);
    return 2 * done < n ? -1 : 0;
}

/* The values on the stack of the container at this level. */
static Py_ssize_t values_of(const decoder *d, Py_ssize_t level) {
    return (level + 1 < d->depth ? d->frames[level + 1].base : d->values_top - d->values) - d->frames[level].base;
}

/* Move the values of the container at this level from the stack into its object, made here if need be. */
static int move_values(decoder *d, Py_ssize_t level) {
    frame *f = &d->frames[level];
    PyObject **items = d->values + f->base;
    Py_ssize_t n = values_of(d, level);
    int pairs = f->is_object && d->options->object_pairs_hook != NULL;
    CYJSON_ASSERT(n >= 0 && items + n <= d->values_top && d->values_top <= d->values_limit);
    if (f->is_object) n &= ~(Py_ssize_t)1; /* a key whose value is still to come stays */
    if (f->container == NULL) {
        if (!f->is_object || pairs) f->container = PyList_New(0);
        else f->container = d->options->ordered ? PyODict_New() : PyDict_New();
        if (f->container == NULL) return -1;
    }
    if (pairs) {
        if (pair_up(d, items, n, level)) return -1;
        n /= 2;
    }
    if (!f->is_object || pairs) {
        if (compat_list_take(f->container, items, n)) return -1;
    } else {
        for (Py_ssize_t i = 0; i < n; i += 2)
            if ((d->options->ordered ? PyODict_SetItem : PyDict_SetItem)(f->container, items[i], items[i + 1]))
                return -1;
        for (Py_ssize_t i = 0; i < n; i++) Py_DECREF(items[i]);
    }
    drop_values(d, items, n, level);
    return 0;
}

static NOINLINE int make_room(decoder *d) {
    for (Py_ssize_t level = 0; level < d->depth; level++) /* of a long array of objects it is the array */
        if (values_of(d, level) >= WORTH_MOVING) return move_values(d, level);
    size_t used = (size_t)(d->values_top - d->values), room = 2 * (size_t)(d->values_limit - d->values);
    if (room < HEAP_VALUES) room = HEAP_VALUES;
    PyObject **old = d->on_heap & VALUES_ON_HEAP ? d->values : NULL;
    PyObject **grown = PyMem_Realloc(old, room * sizeof *grown);
    if (grown == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    if (old == NULL) memcpy(grown, d->values, used * sizeof *grown);
    d->on_heap |= VALUES_ON_HEAP;
    d->values = grown;
    d->values_top = grown + used;
    d->values_limit = grown + room;
    return 0;
}

/* Push a value, taking over the reference; *top is d->values_top or its copy at hand. */
static ALWAYS_INLINE int push(decoder *d, PyObject ***top, PyObject *value) {
    CYJSON_ASSERT(*top >= d->values && *top <= d->values_limit && value != NULL);
    if (UNLIKELY(*top == d->values_limit)) {
        d->values_top = *top;
        if (make_room(d)) {
            Py_DECREF(value);
            return -1;
        }
        *top = d->values_top;
        HIDE_VALUES_TOP(d, top);
        CYJSON_ASSERT(*top < d->values_limit);
    }
    *(*top)++ = value;
    return 0;
}

/* Whether the interpreter's own decoder takes a document this deep: it is asked once, without hooks. */
static int ask_interpreter(decoder *d) {
    d->depth_allowed = PY_SSIZE_T_MAX;
    PyObject *scanner = PyObject_GetAttrString(d->state->default_decoder, "scan_once");
    if (scanner == NULL) return -1;
    Py_ssize_t index = (d->start - (const uint8_t *)PyUnicode_DATA(d->text)) / PyUnicode_KIND(d->text);
    PyObject *result = PyObject_CallFunction(scanner, "On", d->text, index);
    Py_DECREF(scanner);
    if (result == NULL && PyErr_ExceptionMatches(PyExc_RecursionError)) return -1;
    PyErr_Clear();
    Py_XDECREF(result);
    return 0;
}

/* Expect of a new container in frame f, if it is an object, the keys that one in its place had before. */
static ALWAYS_INLINE void expect_keys(decoder *d, frame *f, PyObject **top, int is_object) {
#if COMPAT_READS_DICTS
    const decode_state *state = d->state;
    compat_entries entries;
    if (d->depth > 0 && f[-1].is_object) {
        f[-1].guessed = d->guessed;
        d->guessed.next = NULL;
        d->context = (uint32_t)compat_str_hash(top[-1]);
    }
    if (!is_object) return;
    f->context = d->context;
    unsigned place = state->guesses[f->context % GUESSES];
    if (place-- == 0 || !state->plain[place] || d->options->runs_python) return; /* another may be there by now */
    if (!compat_entries_from(1, state->shapes[place], 0, &entries) || UNLIKELY(entries.step != 2)) return;
    d->guessed = (guess){entries.entry, entries.end, state->shapes_kept, (uint16_t)place};
#else
    (void)d, (void)f, (void)top, (void)is_object;
#endif
}

/* Expect of the container around that in frame f, which has ended, what was expected before that began. */
static ALWAYS_INLINE void expect_keys_again(decoder *d, const frame *f, int was_object) {
#if COMPAT_READS_DICTS
    if (d->depth > 0 && f[-1].is_object) {
        d->guessed = f[-1].guessed;
        d->context = f[-1].context;
        if (UNLIKELY(d->guessed.kept != d->state->shapes_kept)) d->guessed.next = NULL;
    } else if (was_object) d->guessed.next = NULL;
#else
    (void)d, (void)f, (void)was_object;
#endif
}

static ALWAYS_INLINE int open_container(decoder *d, PyObject **top, int is_object) {
    if (COMPAT_COUNTS_RECURSION) {
        if (UNLIKELY(compat_enter(d->thread, is_object ? " while decoding a JSON object from a unicode string"
                                                       : " while decoding a JSON array from a unicode string")))
            return -1;
    } else if (UNLIKELY(d->depth >= d->depth_allowed)) {
        if (!d->options->runs_python || ask_interpreter(d)) return -1;
    }
    frame *f = d->frames + d->depth;
    if (UNLIKELY(f == d->frames_limit)) {
        size_t used = (size_t)d->depth, room = 2 * used;
        _Static_assert(DECODE_ORJSON_LEVELS % FIRST_FRAMES == 0 &&
                           (DECODE_ORJSON_LEVELS / FIRST_FRAMES & (DECODE_ORJSON_LEVELS / FIRST_FRAMES - 1)) == 0,
                       "the room for frames, which doubles, is full at that depth");
        if (UNLIKELY(d->options->as_orjson) && used >= DECODE_ORJSON_LEVELS) {
            if (COMPAT_COUNTS_RECURSION) compat_leave(d->thread);
            return -1;
        }
        frame *old = d->on_heap & FRAMES_ON_HEAP ? d->frames : NULL;
        frame *grown = PyMem_Realloc(old, room * sizeof *grown);
        if (grown == NULL) {
            if (COMPAT_COUNTS_RECURSION) compat_leave(d->thread);
            PyErr_NoMemory();
            return -1;
        }
        if (old == NULL) memcpy(grown, d->frames, used * sizeof *grown);
        d->on_heap |= FRAMES_ON_HEAP;
        d->frames = grown;
        d->frames_limit = grown + room;
        f = grown + used;
    }
    CYJSON_ASSERT(f < d->frames_limit && (d->depth == 0 || f[-1].base <= top - d->values));
    f->base = top - d->values;
    f->container = NULL;
    f->is_object = is_object;
    expect_keys(d, f, top, is_object);
    d->depth++;
    return 0;
}

/* A list of n items, or a tuple, whose references it takes over; NULL with MemoryError set, and none taken. */
static ALWAYS_INLINE PyObject *array_from(const decoder *d, PyObject **items, Py_ssize_t n) {
    if (UNLIKELY(d->options->tuples)) {
        PyObject *tuple = PyTuple_New(n);
        for (Py_ssize_t i = 0; tuple != NULL && i < n; i++) PyTuple_SET_ITEM(tuple, i, items[i]);
        return tuple;
    }
    return compat_list_from(items, n);
}

/* The place of the shape of objects with these keys in this order, and a mark of them. Made of hashes (or -1), not of
 * addresses, so that the cost of a document does not depend on where objects are in memory. */
static ALWAYS_INLINE size_t shape_place(PyObject *const *items, Py_ssize_t n, uint64_t *mark) {
    uint64_t m = (uint64_t)n;
    for (Py_ssize_t i = 0; i < n; i++) m = (m << 5 | m >> 59) + (uint64_t)compat_str_hash(items[2 * i]);
    *mark = m;
    return (size_t)((m * 0x9E3779B97F4A7C15u) >> (64 - SHAPE_BITS)); /* as in keycache_hash */
}

/* Whether a key stands in a text as it is, but for its quotes. */
static int is_plain_key(PyObject *key) {
    if (!compat_is_compact_ascii(key) || PyUnicode_GET_LENGTH(key) == 0) return 0;
    for (const uint8_t *p = compat_ascii_text(key); *p != 0; p++)
        if (*p < ' ' || *p == '"' || *p == '\\') return 0;
    return strlen((const char *)compat_ascii_text(key)) == (size_t)PyUnicode_GET_LENGTH(key);
}

/* Keep a dict's keys as a shape where they are those of one of the last two that came before it to this pair of places:
 * keys that come once would only cost. Not long ones: what is kept is bounded. */
static NOINLINE void keep_shape(decode_state *state, size_t place, uint64_t mark, PyObject *dict) {
    if (state->seen[place] != mark && state->seen[place ^ 1] != mark) {
        state->seen[place ^ 1] = state->seen[place];
        state->seen[place] = mark;
        return;
    }
    /* In place of one whose keys are equal, but other objects; of none; or of the older. */
    if (state->marks[place] != mark && state->shapes[place] != NULL &&
        (state->marks[place ^ 1] == mark || state->shapes[place ^ 1] == NULL ||
         state->newer_shape[place / 2] == place % 2))
        place ^= 1;
    PyObject *key, *value;
    int plain = 1;
    for (Py_ssize_t at = 0; PyDict_Next(dict, &at, &key, &value);) {
        if (PyUnicode_GET_LENGTH(key) > KEYCACHE_LONGEST) return;
        plain &= is_plain_key(key);
    }
    PyObject *shape = compat_dict_shape(dict);
    if (UNLIKELY(shape == NULL)) {
        PyErr_Clear(); /* it would only have saved time */
        return;
    }
    state->shapes_kept++;
    state->plain[place] = (uint8_t)plain;
    state->marks[place] = mark;
    state->newer_shape[place / 2] = place % 2;
    Py_XSETREF(state->shapes[place], shape);
}

/* A dict of n pairs from items on, whose references it takes over; NULL with MemoryError set, and none taken. Objects
 * that have the same keys in the same order, as messages of one kind and those of an array mostly have, are copies of a
 * shape. */
static ALWAYS_INLINE PyObject *dict_from(decoder *d, PyObject **items, Py_ssize_t n, uint32_t context) {
    decode_state *state = d->state;
    if (d->guessed.next != NULL && d->guessed.next == d->guessed.end && d->guessed.kept == state->shapes_kept)
        return compat_dict_like(state->shapes[d->guessed.place], items, n); /* all keys were as guessed */
    int shaped = n >= SHAPE_LEAST && n <= SHAPE_MOST && state->dict_layout_known;
    size_t place = 0;
    uint64_t mark = 0;
    if (shaped) {
        place = shape_place(items, n, &mark);
        size_t at = state->marks[place] == mark ? place : place ^ 1;
        PyObject *shape = state->shapes[at];
        if (state->marks[at] == mark && shape != NULL && compat_dict_has_keys(shape, items, n)) {
            if (state->plain[at]) state->guesses[context % GUESSES] = (uint16_t)(at + 1);
            return compat_dict_like(shape, items, n);
        }
    }
    PyObject *dict = compat_dict_from(items, n);
    if (shaped && LIKELY(dict != NULL) && PyDict_GET_SIZE(dict) == n) keep_shape(state, place, mark, dict);
    return dict;
}

/* The object of the innermost container, of which values up to d->values_top are part, where it isn't made from these
 * at once. */
static NOINLINE PyObject *container_moved(decoder *d, int is_object) {
    frame *f = &d->frames[d->depth - 1];
    if (move_values(d, d->depth - 1)) return NULL;
    if (d->options->tuples && !is_object) {
        PyObject *tuple = PyList_AsTuple(f->container);
        if (tuple == NULL) return NULL;
        Py_SETREF(f->container, tuple);
    }
    PyObject *result = f->container;
    f->container = NULL;
    return result;
}

/* Leave the innermost container and push what it gives. */
static ALWAYS_INLINE int close_container(decoder *d, PyObject ***top, int is_object) {
    frame *f = &d->frames[d->depth - 1];
    PyObject **items = d->values + f->base, *result, *hook;
    Py_ssize_t n = *top - items;
    CYJSON_ASSERT(d->depth > 0 && f->is_object == is_object && n >= 0 && *top <= d->values_limit);
    CYJSON_ASSERT(!is_object || n % 2 == 0);
    if (LIKELY(f->container == NULL) && LIKELY(!is_object)) {
        result = array_from(d, items, n);
        if (UNLIKELY(result == NULL)) return -1;
        *top = items;
    } else if (LIKELY(f->container == NULL) && LIKELY(d->options->object_pairs_hook == NULL) &&
               LIKELY(!d->options->ordered)) {
        result = dict_from(d, items, n / 2, f->context);
        if (UNLIKELY(result == NULL)) return -1;
        *top = items;
    } else {
        d->values_top = *top;
        result = container_moved(d, is_object);
        *top = d->values_top;
        HIDE_VALUES_TOP(d, top);
        if (UNLIKELY(result == NULL)) return -1;
    }
    d->depth--;
    expect_keys_again(d, f, is_object);
    if (COMPAT_COUNTS_RECURSION) compat_leave(d->thread);

    if (is_object) hook = d->options->object_pairs_hook ? d->options->object_pairs_hook : d->options->object_hook;
    else hook = d->options->array_hook;
    if (UNLIKELY(hook != NULL)) {
        result = call_hook(d, hook, result);
        if (result == NULL) return -1;
    }
    return push(d, top, result);
}
