/* The events that are whole in a block of text. Everything that is in doubt, because the text ends, or is
 * malformed, or has a value that json refuses, is left to whoever reads token by token, who stops at the same places.
 *
 * The scanner is between tokens, and is so again after each event; its mark isn't kept. */

/* Take over a value's reference, if there is one, for an event. -1 with an exception set, or without one where there is
 * no value. */
static ALWAYS_INLINE int add_event(events *e, event_kind kind, PyObject *value, PyObject *path) {
    return UNLIKELY(value == NULL) ? -1 : events_add(e, kind, value, path);
}

/* Take back the event that was added last. */
static NOINLINE int withdraw_event(events *e) {
    e->end--;
    return -1;
}

static ALWAYS_INLINE int read_events(decoder *d, tokens_scanner *s, const uint8_t *text, int final, events *e) {
    enum { LONGEST_BEGINNING = 3 }; /* of what may go on a number: "e+1" */
    const uint8_t *p = text + s->at, *const end = d->end;
    tokens_state state = s->state;
    int is_object = s->depth > 0 && tokens_in_object(s);
    while (e->end < e->room) {
        p = scan_space(p, end, 1);
        if (state == TOKENS_AFTER) {
            if (s->depth == 0) return 0;
            if (*p == ',') {
                p = scan_space(p + 1, end, 1);
                if (is_object) goto key;
                goto value;
            }
            if (*p != (is_object ? '}' : ']')) return 0;
            goto close;
        }
        if (state == TOKENS_AT_COLON) {
            if (*p != ':') return 0;
            p = scan_space(p + 1, end, 1);
            goto value;
        }
        if (state == TOKENS_AT_FIRST_KEY && *p == '}') goto close;
        if (state == TOKENS_AT_FIRST_KEY || state == TOKENS_AT_KEY) goto key;
        if (state == TOKENS_AT_FIRST_ITEM && *p == ']') goto close;
        goto value;

key:
        if (*p != '"') return 0;
        p++;
        {
            PyObject *key = read_key(d, &p, TEXT_UTF8);
            if (UNLIKELY(key == NULL) || UNLIKELY(add_event(e, EVENT_MAP_KEY, key, e->prefix))) return -1;
            if (UNLIKELY(events_key(e, s->depth, key))) return withdraw_event(e);
        }
        state = TOKENS_AT_COLON;
        goto done;

value:
        if (*p == '"') {
            p++;
            if (UNLIKELY(add_event(e, EVENT_STRING, read_string(d, &p, TEXT_UTF8), e->child))) return -1;
        } else if (*p == '{' || *p == '[') {
            const int opens_object = *p == '{';
            if (UNLIKELY(
                    add_event(e, opens_object ? EVENT_START_MAP : EVENT_START_ARRAY, Py_NewRef(Py_None), e->child)))
                return -1;
            if (UNLIKELY(tokens_open(s, opens_object))) {
                PyErr_NoMemory();
                return withdraw_event(e);
            }
            if (UNLIKELY(events_open(e, s->depth - 1, !opens_object))) {
                s->depth--;
                s->state = state;
                return withdraw_event(e);
            }
            is_object = opens_object;
            state = s->state;
            p++;
            goto done;
        } else {
            const uint8_t first = *p;
            const int numeric = number_is_digit(first) || first == '-';
            const event_kind kind = first == 'n'                   ? EVENT_NULL
                                    : first == 't' || first == 'f' ? EVENT_BOOLEAN
                                                                   : EVENT_NUMBER;
            if (UNLIKELY(add_event(e, kind, read_scalar(d, &p, TEXT_UTF8), e->child))) return -1;
            if (UNLIKELY(numeric && end - p < LONGEST_BEGINNING && !final)) return withdraw_event(e);
        }
        state = TOKENS_AFTER;
        goto done;

close:
        if (UNLIKELY(add_event(e, is_object ? EVENT_END_MAP : EVENT_END_ARRAY, Py_NewRef(Py_None), e->prefix)))
            return -1;
        if (UNLIKELY(events_close(e, s->depth, !is_object))) return withdraw_event(e);
        s->depth--;
        is_object = s->depth > 0 && tokens_in_object(s);
        state = TOKENS_AFTER;
        p++;

done:
        s->state = state;
        s->at = (size_t)(p - text);
    }
    return 0;
}

int CPU_NAME(decode_utf8_events)(decode_state *state, const decode_options *options, const uint8_t *text, size_t size,
                                 int final, tokens_scanner *scanner, events *e) {
    decoder d;
    first_space space;
    decoder_start(&d, state, options, NULL, &space);
    d.start = text;
    d.end = text + size;
    events_again(e);
    if (scanner->state < TOKENS_IN_KEY) read_events(&d, scanner, text, final, e);
    decoder_end(&d);
    if (!PyErr_Occurred()) return 0;
    if (e->end == 0 && PyErr_ExceptionMatches(PyExc_MemoryError)) return -1;
    PyErr_Clear(); /* what is to blame comes next */
    return 0;
}
