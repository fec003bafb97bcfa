/* The bodies that add a row, for one instruction set: values go from the text into columns. */
#include <math.h>
#include <stdlib.h>

#include "base/simd128.h"
#include "columns/columns.h"
#include "kernels/number_parse.h"
#include "kernels/unescape.h"

enum { EXACT_INTEGERS = 53 }; /* bits of integers of which each is a double */

static row_state take_value(columns_row *row, column *c);

/* Where the token that the row is at begins. */
static ALWAYS_INLINE const uint8_t *row_text(const columns_row *row) {
    CYJSON_ASSERT(row->at.token < row->index->tokens);
    return row->start + row->index->places[row->at.token];
}

/* Make room for a value: whether there is memory. */
static ALWAYS_INLINE int has_room(column *c) { return LIKELY(c->length < c->room) || column_grow(c) == 0; }

/* Note that the value at c->length, which is there, is one. */
static ALWAYS_INLINE void put_valid(column *c) {
    if (UNLIKELY(c->valid != NULL)) {
        uint8_t *byte = c->valid + (c->length >> 3), bit = (uint8_t)(1 << (c->length & 7));
        *byte = c->length & 7 ? *byte | bit : 1;
    }
    c->length++;
}

/* ---- scalars: the row moves on by their one token ---- */

static row_state take_bool(columns_row *row, column *c, uint8_t first) {
    if (first != 't' && first != 'f') return ROW_REFUSED;
    if (!has_room(c)) return ROW_NO_MEMORY;
    uint8_t *byte = c->data + (c->length >> 3), bit = (uint8_t)((first == 't') << (c->length & 7));
    *byte = c->length & 7 ? *byte | bit : bit;
    put_valid(c);
    row->at.token++;
    return ROW_ADDED;
}

static ALWAYS_INLINE row_state put_integer(columns_row *row, column *c, int64_t value) {
    if (!has_room(c)) return ROW_NO_MEMORY;
    if (LIKELY(c->width == 8)) memcpy(c->data + 8 * c->length, &value, 8);
    else if (c->width == 4) {
        int32_t narrow = (int32_t)value;
        memcpy(c->data + 4 * c->length, &narrow, 4);
    } else if (c->width == 2) {
        int16_t narrow = (int16_t)value;
        memcpy(c->data + 2 * c->length, &narrow, 2);
    } else c->data[c->length] = (uint8_t)value;
    put_valid(c);
    row->at.token++;
    return ROW_ADDED;
}

static ALWAYS_INLINE int is_number(uint8_t first) { return first == '-' || number_is_digit(first); }

static row_state take_signed(columns_row *row, column *c, const uint8_t *p) {
    number n;
    if (!is_number(*p) || number_parse_any(p, row->last, &n) != NUMBER_INT) return ROW_REFUSED;
    if (UNLIKELY(c->width < 8) &&
        (n.integer < -((int64_t)1 << (8 * c->width - 1)) || n.integer >= (int64_t)1 << (8 * c->width - 1)))
        return ROW_REFUSED;
    return put_integer(row, c, n.integer);
}

static row_state take_unsigned(columns_row *row, column *c, const uint8_t *p) {
    uint64_t value;
    if (!is_number(*p) || !value_unsigned(p, row->last, &value)) return ROW_REFUSED;
    if (c->width < 8 && value >> (8 * c->width)) return ROW_REFUSED;
    return put_integer(row, c, (int64_t)value);
}

/* The double of a number's text, or of a word that stands for one; integers must be the same number. */
static ALWAYS_INLINE int read_double(const columns_row *row, const uint8_t *p, double *value) {
    number n;
    if (LIKELY(is_number(*p))) {
        number_kind kind = number_parse(p, row->last, row->start, &n);
        if (LIKELY(kind == NUMBER_DOUBLE)) {
            *value = n.real;
            return 1;
        }
        if (kind == NUMBER_INT) {
            *value = (double)n.integer;
            uint64_t magnitude = n.integer < 0 ? 0 - (uint64_t)n.integer : (uint64_t)n.integer;
            if (LIKELY(magnitude <= (uint64_t)1 << EXACT_INTEGERS)) return 1;
            return *value < 9223372036854775808.0 && (int64_t)*value == n.integer;
        }
        uint64_t whole;
        if (kind == NUMBER_BIG && value_unsigned(p, row->last, &whole)) {
            *value = (double)whole;
            return *value < 18446744073709551616.0 && (uint64_t)*value == whole;
        }
        if (kind != NUMBER_INVALID || p[1] != 'I') return 0;
        *value = -INFINITY;
        return 1;
    }
    if (*p != 'N' && *p != 'I') return 0;
    *value = *p == 'N' ? (double)NAN : (double)INFINITY;
    return 1;
}

static row_state take_double(columns_row *row, column *c, const uint8_t *p) {
    double value;
    if (!read_double(row, p, &value)) return ROW_REFUSED;
    if (!has_room(c)) return ROW_NO_MEMORY;
    memcpy(c->data + 8 * c->length, &value, 8);
    put_valid(c);
    row->at.token++;
    return ROW_ADDED;
}

static row_state take_float(columns_row *row, column *c, const uint8_t *p) {
    double value;
    if (!read_double(row, p, &value)) return ROW_REFUSED;
    float narrow = (float)value;
    if ((double)narrow != value && is_number(*p)) {
        number n;
        if (number_parse_any(p, row->last, &n) != NUMBER_DOUBLE) return ROW_REFUSED;
        if (UNLIKELY(value_may_be_half(value))) narrow = value_float(p, (size_t)(n.end - p), value);
        if (isinf(narrow)) return ROW_REFUSED;
    }
    if (!has_room(c)) return ROW_NO_MEMORY;
    memcpy(c->data + 4 * c->length, &narrow, 4);
    put_valid(c);
    row->at.token++;
    return ROW_ADDED;
}

/* What is within the quotes of the string at p, the row's token; its size in *n. */
static ALWAYS_INLINE const uint8_t *string_text(const columns_row *row, const uint8_t *p, size_t *n) {
    CYJSON_ASSERT(row->at.token + 1 < row->index->tokens);
    const uint8_t *last = row->start + row->index->places[row->at.token + 1] - 1;
    while (UNLIKELY(*last != '"')) last--;
    CYJSON_ASSERT(last > p);
    *n = (size_t)(last - p - 1);
    return p + 1;
}

static ALWAYS_INLINE int may_have_escapes(const columns_row *row, const uint8_t *p, size_t n) {
    return UNLIKELY(row->escapes) && memchr(p, '\\', n) != NULL;
}

static row_state take_string(columns_row *row, column *c, const uint8_t *p) {
    enum { AT_ONCE = 32 };
    size_t n;
    if (*p != '"') return ROW_REFUSED;
    p = string_text(row, p, &n);
    if (!has_room(c)) return ROW_NO_MEMORY;
    if (UNLIKELY(c->bytes_room - c->bytes < n + AT_ONCE) && column_grow_bytes(c, n + AT_ONCE)) return ROW_NO_MEMORY;
    if (c->width == 4 && UNLIKELY(c->bytes + n > INT32_MAX)) return ROW_REFUSED;
    uint8_t *out = c->data + c->bytes;
    if (may_have_escapes(row, p, n)) {
        int lone = 0;
        n = unescape(out, p, n, &lone);
        if (lone) return ROW_REFUSED;
    } else if (LIKELY(n <= AT_ONCE) && LIKELY(row->end - p >= AT_ONCE)) {
        vec_store(out, vec_load(p));
        vec_store(out + 16, vec_load(p + 16));
    } else memcpy(out, p, n);
    c->bytes += n;
    if (LIKELY(c->width == 4)) {
        int32_t offset = (int32_t)c->bytes;
        memcpy(c->offsets + 4 * (c->length + 1), &offset, 4);
    } else {
        int64_t offset = (int64_t)c->bytes;
        memcpy(c->offsets + 8 * (c->length + 1), &offset, 8);
    }
    put_valid(c);
    row->at.token++;
    return ROW_ADDED;
}

/* A string without its escapes, in scratch where it has some: NULL where memory is missing. */
static const uint8_t *plain_text(columns_row *row, const uint8_t *p, size_t *n, int *lone) {
    columns *tree = row->tree;
    *lone = 0;
    if (!may_have_escapes(row, p, *n)) return p;
    if (tree->scratch_room < *n) {
        uint8_t *grown = realloc(tree->scratch, *n);
        if (grown == NULL) return NULL;
        tree->scratch = grown;
        tree->scratch_room = *n;
    }
    *n = unescape(tree->scratch, p, *n, lone);
    return tree->scratch;
}

/* Timestamps and dates, of strings; decimals, of numbers and strings. */
static row_state take_other(columns_row *row, column *c, const uint8_t *p) {
    const uint8_t *end = row->start + row->index->places[row->at.token + 1];
    int lone, is_string = *p == '"';
    size_t n;
    if (is_string) {
        p = string_text(row, p, &n);
        p = plain_text(row, p, &n, &lone);
        if (p == NULL) return ROW_NO_MEMORY;
    } else {
        if (!is_number(*p)) return ROW_REFUSED;
        while (end[-1] == ' ' || end[-1] == '\t' || end[-1] == '\r' || end[-1] == '\n') end--;
        n = (size_t)(end - p);
    }
    if (c->kind == COLUMN_DECIMAL) {
        uint8_t value[16];
        if (!value_decimal(c, p, n, value)) return ROW_REFUSED;
        if (!has_room(c)) return ROW_NO_MEMORY;
        memcpy(c->data + 16 * c->length, value, 16);
        put_valid(c);
        row->at.token++;
        return ROW_ADDED;
    }
    int64_t value;
    if (!is_string) return ROW_REFUSED;
    if (!(c->kind == COLUMN_DATE ? value_date : value_timestamp)(c, p, n, &value)) return ROW_REFUSED;
    return put_integer(row, c, value);
}

/* ---- containers ---- */

static ALWAYS_INLINE const skip_container *row_container(const columns_row *row) {
    CYJSON_ASSERT(row->at.next < row->index->count);
    CYJSON_ASSERT(row->index->containers[row->at.next].token == row->at.token);
    return &row->index->containers[row->at.next];
}

static row_state take_list(columns_row *row, column *c, const uint8_t *p) {
    if (*p != '[') return ROW_REFUSED;
    const skip_container *container = row_container(row);
    uint32_t count = container->count;
    column *items = c->child[0];
    if (!has_room(c)) return ROW_NO_MEMORY;
    if (c->width == 4 && items->length + (int64_t)count > INT32_MAX) return ROW_REFUSED;
    row->at.token++;
    row->at.next++;
    for (; count > 0; count--) {
        row_state state = take_value(row, items);
        if (UNLIKELY(state != ROW_ADDED)) return state;
        row->at.token++;
    }
    row->at = (places_at){container->after, container->next};
    if (c->width == 4) {
        int32_t offset = (int32_t)items->length;
        memcpy(c->offsets + 4 * (c->length + 1), &offset, 4);
    } else memcpy(c->offsets + 8 * (c->length + 1), &items->length, 8);
    put_valid(c);
    return ROW_ADDED;
}

/* Note that a type is about to change. 0: the row is to be tried first. */
static SELDOM int may_change(columns_row *row) {
    columns *tree = row->tree;
    if (tree->undone >= COLUMNS_UNDONE && !row->is_tried) {
        row->wanted = ROW_TRIED;
        return 0;
    }
    if (!row->has_changed) {
        row->has_changed = 1;
        tree->changes_before = tree->changes;
        tree->members_before = tree->members;
    }
    tree->changes++;
    return 1;
}

/* The column for a new member of a type that is found out: NULL with *state set. */
static SELDOM column *new_member(columns_row *row, column *c, const uint8_t *name, size_t size, int lone,
                                 row_state *state) {
    *state = ROW_REFUSED;
    if (lone || memchr(name, 0, size) != NULL) return NULL; /* no name in Arrow */
    if (!may_change(row)) return NULL;
    *state = ROW_NO_MEMORY;
    int known;
    column *child = column_new("n", name, size, 1, 1, &known);
    if (child == NULL || column_add_child(c, child)) {
        column_free(child);
        return NULL;
    }
    row->tree->members++;
    child->born = row->tree->root->length;
    child->length = child->room = c->length;
    if (c == row->tree->root) child->place = (int64_t)c->children - 1;
    return child;
}

/* Note that a member's value comes next, for a child and its twins, or add it to those that it counts for. */
static row_state take_last_value(columns_row *row, column *c, size_t place, int pass) {
    const places_at here = row->at;
    const column *child = c->child[place];
    size_t i = c->has_twins ? 0 : place, end = c->has_twins ? c->children : place + 1;
    int taken = 0;
    for (; i < end; i++) {
        column *each = c->child[i];
        if (each->name_size != child->name_size || memcmp(each->name, child->name, child->name_size) != 0) continue;
        if (pass == 0) each->last = here.token;
        else if (each->last == here.token) {
            row->at = here;
            row_state state = take_value(row, each);
            if (state != ROW_ADDED) return state;
            taken = 1;
        }
    }
    if (!taken) places_pass(row->index, &row->at);
    return ROW_ADDED;
}

/* The members of an object, of equal names the last ones: what doesn't count has no say in types that are found out. */
static SELDOM row_state take_last_members(columns_row *row, column *c) {
    const skip_container *container = row_container(row);
    const places_at first = {row->at.token + 1, row->at.next + 1};
    for (int pass = 0; pass < 2; pass++) {
        size_t guess = 0, place = 0;
        row->at = first;
        for (uint32_t left = container->count; left > 0; left--) {
            int lone = 0;
            size_t size;
            const uint8_t *name = places_name(row->index, row->start, row->at.token, &size);
            if (name == NULL) return ROW_REFUSED;
            if (row->escapes && (name = plain_text(row, name, &size, &lone)) == NULL) return ROW_NO_MEMORY;
            column *child = column_find(c, name, size, guess, &place);
            row->at.token += 2;
            if (child == NULL && c->is_inferred) {
                row_state made;
                child = new_member(row, c, name, size, lone, &made);
                if (child == NULL) return made;
                place = c->children - 1;
            }
            row_state state = ROW_ADDED;
            if (child == NULL) places_pass(row->index, &row->at);
            else state = take_last_value(row, c, place, pass);
            if (state != ROW_ADDED) return state;
            guess = place + 1;
            row->at.token++;
        }
    }
    row->at = (places_at){container->after, container->next};
    return ROW_ADDED;
}

static ALWAYS_INLINE row_state take_members(columns_row *row, column *c, size_t *filled) {
    const skip_container *container = row_container(row);
    columns *tree = row->tree;
    const int64_t length = c->length;
    size_t guess = 0, place = 0;
    row->at.token++;
    row->at.next++;
    for (uint32_t left = container->count; left > 0; left--) {
        int lone = 0;
        size_t size;
        const uint8_t *name = places_name(row->index, row->start, row->at.token, &size);
        if (UNLIKELY(name == NULL)) return ROW_REFUSED;
        if (UNLIKELY(row->escapes)) {
            name = plain_text(row, name, &size, &lone);
            if (name == NULL) return ROW_NO_MEMORY;
        }
        column *child = column_find(c, name, size, guess, &place);
        row->at.token += 2;
        if (UNLIKELY(child == NULL)) {
            int counts = c->is_inferred && *row_text(row) != 'n';
            if (counts && tree->is_frozen) return ROW_REFUSED;
            if (!c->is_inferred || (tree->is_frozen && !counts)) {
                places_pass(row->index, &row->at);
                row->at.token++;
                continue;
            }
            row_state state;
            child = new_member(row, c, name, size, lone, &state);
            if (child == NULL) return state;
            place = c->children - 1;
        }
        if (UNLIKELY(child->length > length)) { /* of equal names the last counts */
            if (!tree->is_frozen) {
                row->wanted = ROW_BY_LAST;
                return ROW_REFUSED;
            }
            column_truncate(child, length, -1);
        } else ++*filled;
        row_state state = take_value(row, child);
        if (UNLIKELY(state != ROW_ADDED)) return state;
        guess = place + 1;
        row->at.token++;
    }
    row->at = (places_at){container->after, container->next};
    return ROW_ADDED;
}

/* The items of an array which a way leads through. */
static row_state take_items(columns_row *row, column *c, size_t *filled) {
    const skip_container *container = row_container(row);
    const int64_t count = (int64_t)container->count;
    row->at.token++;
    row->at.next++;
    for (int64_t i = 0; i < count && i <= c->last_index; i++) {
        const places_at here = row->at;
        int taken = 0;
        for (size_t k = 0; k < c->children; k++) {
            if (c->child[k]->index != i) continue;
            row->at = here; /* "/0" and a sequence's 0 may both be wanted */
            row_state state = take_value(row, c->child[k]);
            if (state != ROW_ADDED) return state;
            ++*filled;
            taken = 1;
        }
        if (!taken) places_pass(row->index, &row->at);
        row->at.token++;
    }
    row->at = (places_at){container->after, container->next};
    return ROW_ADDED;
}

static row_state take_struct(columns_row *row, column *c, const uint8_t *p) {
    size_t filled = 0;
    row_state state;
    if (*p != '{') return ROW_REFUSED;
    if (!has_room(c)) return ROW_NO_MEMORY;
    state = UNLIKELY(row->is_by_last) ? take_last_members(row, c) : take_members(row, c, &filled);
    if (UNLIKELY(state != ROW_ADDED)) return state;
    if (filled < c->children && (state = column_fill(c)) != ROW_ADDED) return state;
    put_valid(c);
    return ROW_ADDED;
}

static row_state take_route(columns_row *row, column *c, const uint8_t *p) {
    size_t filled = 0;
    row_state state = ROW_ADDED;
    if (!has_room(c)) return ROW_NO_MEMORY;
    if (*p == '{' && UNLIKELY(row->is_by_last | c->has_twins)) state = take_last_members(row, c);
    else if (*p == '{') state = take_members(row, c, &filled);
    else if (*p == '[' && c->last_index >= 0) state = take_items(row, c, &filled);
    else places_pass(row->index, &row->at);
    if (state == ROW_ADDED && filled < c->children) state = column_fill(c);
    if (state == ROW_ADDED) c->length++;
    return state;
}

/* ---- any value ---- */

/* Make a column of nulls one of what comes. */
static SELDOM row_state take_first(columns_row *row, column *c, const uint8_t *p) {
    static const struct {
        column_kind kind;
        unsigned width;
        const char *format;
    } kinds[] = {
        {COLUMN_STRING, 4, "u"}, {COLUMN_STRUCT, 0, "+s"}, {COLUMN_LIST, 4, "+l"},
        {COLUMN_BOOL, 0, "b"},   {COLUMN_SIGNED, 8, "l"},  {COLUMN_DOUBLE, 8, "g"},
    };
    number n;
    if (row->tree->is_frozen || !c->is_inferred) return ROW_REFUSED;
    int which = *p == '"' ? 0 : *p == '{' ? 1 : *p == '[' ? 2 : *p == 't' || *p == 'f' ? 3 : 5;
    if ((which == 1 || which == 2) && c->depth >= COLUMNS_DEPTH) return ROW_REFUSED;
    if (which == 5 && is_number(*p)) {
        number_kind kind = number_parse_any(p, row->last, &n);
        if (kind == NUMBER_BIG) return ROW_REFUSED;
        which = kind == NUMBER_INT ? 4 : 5;
    }
    if (!may_change(row)) return ROW_REFUSED;
    if (column_become(c, kinds[which].kind, kinds[which].width, kinds[which].format)) return ROW_NO_MEMORY;
    c->typed = row->tree->root->length;
    row->tree->members += c->children;
    return take_value(row, c);
}

/* A number in a column of integers whose type is found out: where it is none, they become doubles. */
static SELDOM row_state take_widening(columns_row *row, column *c, const uint8_t *p) {
    number n;
    double ignored;
    int is_double = is_number(*p) ? number_parse_any(p, row->last, &n) == NUMBER_DOUBLE : read_double(row, p, &ignored);
    if (is_number(*p) && p[1] == 'I') is_double = 1;
    if (!is_double || !column_is_exact(c) || !may_change(row)) return ROW_REFUSED;
    column_widen(c);
    if (c->typed != row->tree->root->length) c->widened = row->tree->root->length;
    return take_double(row, c, p);
}

static row_state take_value(columns_row *row, column *c) {
    const uint8_t *p = row_text(row);
    row_state state;
    if (UNLIKELY(*p == 'n') && c->kind != COLUMN_ROUTE) {
        if (!c->is_nullable) return ROW_REFUSED;
        row->at.token++;
        return column_add_null(c) ? ROW_NO_MEMORY : ROW_ADDED;
    }
    switch (c->kind) {
    case COLUMN_BOOL: return take_bool(row, c, *p);
    case COLUMN_SIGNED:
        state = take_signed(row, c, p);
        if (LIKELY(state == ROW_ADDED) || row->tree->is_frozen || !c->is_inferred) return state;
        return state == ROW_REFUSED ? take_widening(row, c, p) : state;
    case COLUMN_UNSIGNED: return take_unsigned(row, c, p);
    case COLUMN_DOUBLE: return take_double(row, c, p);
    case COLUMN_FLOAT: return take_float(row, c, p);
    case COLUMN_STRING: return take_string(row, c, p);
    case COLUMN_TIMESTAMP:
    case COLUMN_DATE:
    case COLUMN_DECIMAL: return take_other(row, c, p);
    case COLUMN_LIST: return take_list(row, c, p);
    case COLUMN_STRUCT: return take_struct(row, c, p);
    case COLUMN_ROUTE: return take_route(row, c, p);
    default: return take_first(row, c, p);
    }
}

row_state CPU_NAME(columns_take_row)(columns_row *row) { return take_value(row, row->tree->root); }
