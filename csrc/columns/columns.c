#include "columns/columns.h"

#include <stdlib.h>
#include <string.h>

#include "base/bits.h"

enum { LEAST_ROOM = 64 };

/* ---- formats ---- */

/* A number from 0 to 999 at *p, which moves on; -1 where there is none. */
static int read_number(const char **p) {
    int value = 0, digits = 0;
    for (; **p >= '0' && **p <= '9' && digits < 3; (*p)++, digits++) value = 10 * value + (**p - '0');
    return digits ? value : -1;
}

/* Set what a format says of a column: whether it is known. */
static int set_format(column *c, const char *format) {
    static const struct {
        char letter;
        uint8_t kind, width;
    } plain[] = {
        {'n', COLUMN_NULL, 0},     {'b', COLUMN_BOOL, 0},     {'c', COLUMN_SIGNED, 1},   {'s', COLUMN_SIGNED, 2},
        {'i', COLUMN_SIGNED, 4},   {'l', COLUMN_SIGNED, 8},   {'C', COLUMN_UNSIGNED, 1}, {'S', COLUMN_UNSIGNED, 2},
        {'I', COLUMN_UNSIGNED, 4}, {'L', COLUMN_UNSIGNED, 8}, {'f', COLUMN_FLOAT, 4},    {'g', COLUMN_DOUBLE, 8},
        {'u', COLUMN_STRING, 4},   {'U', COLUMN_STRING, 8},
    };
    size_t n = strlen(format);
    if (n == 1) {
        for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
            if (plain[i].letter == *format) {
                c->kind = plain[i].kind;
                c->width = plain[i].width;
                return 1;
            }
        return 0;
    }
    if (n == 2 && *format == '+') {
        c->kind = format[1] == 's' ? COLUMN_STRUCT : COLUMN_LIST;
        c->width = format[1] == 'l' ? 4 : 8;
        return strchr("slL", format[1]) != NULL;
    }
    if (n == 3 && memcmp(format, "td", 2) == 0 && (format[2] == 'D' || format[2] == 'm')) {
        c->kind = COLUMN_DATE;
        c->width = format[2] == 'D' ? 4 : 8;
        return 1;
    }
    if (n >= 4 && memcmp(format, "ts", 2) == 0 && format[3] == ':' && strchr("smun", format[2]) != NULL) {
        c->kind = COLUMN_TIMESTAMP;
        c->width = 8;
        c->unit = format[2];
        c->is_zoned = n > 4;
        return 1;
    }
    if (n >= 5 && memcmp(format, "d:", 2) == 0) {
        const char *p = format + 2;
        c->kind = COLUMN_DECIMAL;
        c->width = 16;
        c->precision = read_number(&p);
        if (*p++ != ',') return 0;
        c->scale = read_number(&p);
        if (c->precision < 1 || c->precision > 38 || c->scale < 0 || c->scale > c->precision) return 0;
        return *p == 0 || strcmp(p, ",128") == 0;
    }
    return 0;
}

static char *copy_text(const char *text) {
    size_t n = strlen(text) + 1;
    char *copy = malloc(n);
    if (copy != NULL) memcpy(copy, text, n);
    return copy;
}

/* ---- the tree ---- */

column *column_new(const char *format, const uint8_t *name, size_t name_size, int is_nullable, int is_inferred,
                   int *known) {
    column *c = calloc(1, sizeof *c);
    *known = 1;
    if (c == NULL) return NULL;
    c->index = c->place = c->last_index = c->born = c->typed = c->widened = -1;
    c->is_nullable = is_nullable;
    c->is_inferred = is_inferred;
    c->depth = 1;
    c->seed = (uint32_t)((uintptr_t)c >> 4) * 2654435761u;
    c->name_size = name == NULL ? SIZE_MAX : name_size;
    c->name = malloc(name == NULL ? 1 : name_size + 1);
    if (c->name != NULL && name != NULL) memcpy(c->name, name, name_size);
    if (format == NULL) c->kind = COLUMN_ROUTE;
    else *known = set_format(c, format);
    if (format != NULL) c->format = copy_text(format);
    if (c->name != NULL && (format == NULL || c->format != NULL) && *known) return c;
    column_free(c);
    return NULL;
}

static void free_buffers(column *c) {
    free(c->valid);
    free(c->offsets);
    free(c->data);
    c->valid = c->offsets = c->data = NULL;
    c->room = c->nulls = c->length = 0;
    c->bytes = c->bytes_room = 0;
}

static void free_children(column *c) {
    for (size_t i = 0; i < c->children; i++) column_free(c->child[i]);
    free(c->child);
    free(c->table);
    c->child = NULL;
    c->table = NULL;
    c->children = c->child_room = c->mask = 0;
    c->last_index = -1;
}

void column_free(column *c) {
    if (c == NULL) return;
    free_buffers(c);
    free_children(c);
    free(c->format);
    free(c->name);
    free(c);
}

static uint32_t hash_of(const column *c, const uint8_t *name, size_t size) {
    uint32_t hash = c->seed; /* FNV-1a */
    for (size_t i = 0; i < size; i++) hash = (hash ^ name[i]) * 16777619u;
    return hash ^ hash >> 15;
}

static void enter(column *c, size_t place) {
    if (c->child[place]->name_size == SIZE_MAX) return;
    size_t at = hash_of(c, c->child[place]->name, c->child[place]->name_size) & c->mask;
    while (c->table[at]) at = (at + 1) & c->mask;
    c->table[at] = (uint32_t)place + 1;
}

int column_add_child(column *c, column *child) {
    size_t place;
    if (c->children >= UINT32_MAX / 4) return -1;
    if (c->kind == COLUMN_ROUTE && child->name_size != SIZE_MAX)
        c->has_twins |= column_find(c, child->name, child->name_size, SIZE_MAX, &place) != NULL;
    if (c->children == c->child_room) {
        size_t room = c->child_room ? 2 * c->child_room : 4;
        column **grown = realloc(c->child, room * sizeof *grown);
        if (grown == NULL) return -1;
        c->child = grown;
        c->child_room = room;
    }
    size_t room = c->table == NULL ? 0 : c->mask + 1;
    if (c->children + 1 > COLUMNS_FEW && 2 * (c->children + 1) > room) {
        size_t larger = room ? 2 * room : 64;
        uint32_t *table = calloc(larger, sizeof *table);
        if (table == NULL) return -1;
        free(c->table);
        c->table = table;
        c->mask = larger - 1;
        for (size_t i = 0; i < c->children; i++) enter(c, i);
    }
    c->child[c->children++] = child;
    child->depth = c->depth + 1;
    if (child->index > c->last_index) c->last_index = child->index;
    if (c->table != NULL) enter(c, c->children - 1);
    return 0;
}

/* Remove the last child. */
static void remove_child(column *c) {
    column *child = c->child[--c->children];
    if (c->table != NULL) { /* whoever came after it in the table is found without it: nobody did */
        size_t at = hash_of(c, child->name, child->name_size) & c->mask;
        while (c->table[at] != c->children + 1) at = (at + 1) & c->mask;
        c->table[at] = 0;
    }
    column_free(child);
}

column *column_find(const column *c, const uint8_t *name, size_t size, size_t guess, size_t *place) {
    if (LIKELY(guess < c->children)) {
        column *child = c->child[guess];
        if (child->name_size == size && memcmp(child->name, name, size) == 0) {
            *place = guess;
            return child;
        }
    }
    if (c->table != NULL) {
        for (size_t at = hash_of(c, name, size) & c->mask; c->table[at]; at = (at + 1) & c->mask) {
            column *child = c->child[c->table[at] - 1];
            if (child->name_size != size || memcmp(child->name, name, size) != 0) continue;
            *place = c->table[at] - 1;
            return child;
        }
        return NULL;
    }
    for (size_t i = 0; i < c->children; i++)
        if (c->child[i]->name_size == size && memcmp(c->child[i]->name, name, size) == 0) {
            *place = i;
            return c->child[i];
        }
    return NULL;
}

/* The columns within one; ways are none. */
static SELDOM size_t count_columns(const column *c) {
    size_t found = 0;
    for (size_t i = 0; i < c->children; i++) found += (c->child[i]->kind != COLUMN_ROUTE) + count_columns(c->child[i]);
    return found;
}

void columns_init(columns *tree, column *root, cpu_level level, int64_t batch, uint64_t text_most, size_t line_most) {
    memset(tree, 0, sizeof *tree);
    tree->skip = skip_for(level);
    tree->take_row = columns_rows_for(level);
    tree->root = root;
    tree->batch = batch;
    tree->text_most = text_most;
    tree->line_most = line_most;
    tree->members = count_columns(root);
}

static void free_trial(columns *tree) {
    if (tree->trial != NULL) columns_free(tree->trial);
    free(tree->trial);
    tree->trial = NULL;
}

void columns_free(columns *tree) {
    free_trial(tree);
    column_free(tree->root);
    skip_index_free(&tree->index);
    ahead_free(&tree->ahead);
    free(tree->scratch);
    tree->root = NULL;
    tree->scratch = NULL;
}

static column *copy_column(const column *c) {
    int known;
    column *copy = column_new(c->format, c->name_size == SIZE_MAX ? NULL : c->name, c->name_size, c->is_nullable,
                              c->is_inferred, &known);
    if (copy == NULL) return NULL;
    copy->index = c->index;
    copy->place = c->place;
    copy->depth = c->depth;
    copy->is_loose = c->is_loose;
    copy->expected = c->expected;
    copy->expected_bytes = c->expected_bytes;
    for (size_t i = 0; i < c->children; i++) {
        column *child = copy_column(c->child[i]);
        if (child == NULL || column_add_child(copy, child)) {
            column_free(child);
            column_free(copy);
            return NULL;
        }
    }
    return copy;
}

int columns_copy(columns *to, const columns *from) {
    column *root = copy_column(from->root);
    if (root == NULL) return -1;
    *to = *from;
    to->root = root;
    to->text = 0;
    memset(&to->index, 0, sizeof to->index);
    memset(&to->ahead, 0, sizeof to->ahead);
    to->scratch = NULL;
    to->scratch_room = 0;
    to->trial = NULL;
    return 0;
}

void columns_freeze(columns *tree) {
    tree->is_frozen = 1;
    if (tree->root->length == 0) tree->text = 0; /* of lines that were refused */
    free_trial(tree);
}

static SELDOM void loosen(column *c) {
    c->is_loose = 1;
    for (size_t i = 0; i < c->children; i++) loosen(c->child[i]);
}

void columns_loosen(columns *tree) { loosen(tree->root); }

/* ---- buffers ---- */

static size_t bits_size(int64_t n) { return (size_t)(n + 7) / 8; }

/* Make a buffer larger: whether there is memory. */
static int enlarge(uint8_t **buffer, size_t size) {
    uint8_t *grown = realloc(*buffer, size);
    if (grown != NULL) *buffer = grown;
    return grown != NULL;
}

/* Make room for this many values, in what the kind has. */
static int make_room(column *c, int64_t room) {
    if (room > INT64_MAX / 64) return -1;
    size_t n = (size_t)room;
    int has_offsets = c->kind == COLUMN_STRING || c->kind == COLUMN_LIST;
    if (c->valid != NULL && !enlarge(&c->valid, bits_size(room))) return -1;
    if (has_offsets) {
        int is_first = c->offsets == NULL;
        if (!enlarge(&c->offsets, (n + 1) * c->width)) return -1;
        if (is_first) memset(c->offsets, 0, c->width);
    } else if (c->kind == COLUMN_BOOL) {
        if (!enlarge(&c->data, bits_size(room))) return -1;
    } else if (c->width && c->kind != COLUMN_STRUCT && c->kind != COLUMN_ROUTE && c->kind != COLUMN_NULL) {
        if (!enlarge(&c->data, n * c->width)) return -1;
    }
    c->room = room;
    return 0;
}

int column_grow(column *c) {
    int64_t room = c->room ? 2 * c->room : c->expected;
    return make_room(c, room < LEAST_ROOM ? LEAST_ROOM : room);
}

int column_grow_bytes(column *c, size_t more) {
    size_t least = c->expected_bytes > 1024 ? c->expected_bytes : 1024,
           room = c->bytes_room ? 2 * c->bytes_room : least;
    if (more > SIZE_MAX / 4 - c->bytes) return -1;
    if (room < c->bytes + more) room = c->bytes + more;
    if (!enlarge(&c->data, room)) return -1;
    c->bytes_room = room;
    return 0;
}

static void put_bit(uint8_t *bits, int64_t at, int is_set) {
    uint8_t mask = (uint8_t)(1 << (at & 7)), old = at & 7 ? bits[at >> 3] : 0; /* bits after the last are zero */
    bits[at >> 3] = (uint8_t)(is_set ? old | mask : old & ~mask);
}

/* Note that the value about to be added is null. */
static int put_null(column *c) {
    if (c->valid == NULL) {
        c->valid = malloc(bits_size(c->room));
        if (c->valid == NULL) return -1;
        memset(c->valid, 0xFF, bits_size(c->length));
        if (c->length & 7) c->valid[c->length >> 3] = (uint8_t)((1 << (c->length & 7)) - 1);
    }
    put_bit(c->valid, c->length, 0);
    c->nulls++;
    return 0;
}

/* Add what stands where there is no value: a null, or where the column has none, and its parent is null, anything. */
int column_add_null(column *c) {
    if (c->length == c->room && column_grow(c)) return -1;
    int is_null = c->is_nullable && c->kind != COLUMN_NULL && c->kind != COLUMN_ROUTE;
    for (size_t i = 0; (c->kind == COLUMN_STRUCT || c->kind == COLUMN_ROUTE) && i < c->children; i++)
        if (c->child[i]->length == c->length && column_add_null(c->child[i])) return -1;
    if (is_null ? put_null(c) : 0) return -1;
    if (!is_null && c->valid != NULL) put_bit(c->valid, c->length, 1);
    if (c->offsets != NULL)
        memcpy(c->offsets + (size_t)(c->length + 1) * c->width, c->offsets + (size_t)c->length * c->width, c->width);
    else if (c->kind == COLUMN_BOOL) put_bit(c->data, c->length, 0);
    else if (c->data != NULL) memset(c->data + (size_t)c->length * c->width, 0, c->width);
    c->length++;
    return 0;
}

row_state column_fill(column *c) {
    for (size_t i = 0; i < c->children; i++) {
        column *child = c->child[i];
        if (child->length != c->length) continue;
        if (child->kind == COLUMN_ROUTE) {
            if (child->length == child->room && column_grow(child)) return ROW_NO_MEMORY;
            row_state state = column_fill(child);
            if (state != ROW_ADDED) return state;
            child->length++;
        } else {
            if (!child->is_nullable) return ROW_REFUSED;
            if (column_add_null(child)) return ROW_NO_MEMORY;
        }
    }
    return ROW_ADDED;
}

/* ---- types that are found out ---- */

/* Make a column of nulls one of another kind. */
int column_become(column *c, column_kind kind, unsigned width, const char *format) {
    int64_t nulls = c->length;
    char *copy = copy_text(format);
    if (copy == NULL) return -1;
    if (kind == COLUMN_LIST) {
        int known;
        column *item = column_new("n", (const uint8_t *)"item", 4, 1, 1, &known);
        if (item == NULL || column_add_child(c, item)) {
            column_free(item);
            free(copy);
            return -1;
        }
    }
    free(c->format);
    c->format = copy;
    c->kind = kind;
    c->width = width;
    c->length = c->room = c->exact = 0;
    while (c->length < nulls)
        if (column_add_null(c)) {
            free_buffers(c);
            free_children(c);
            c->kind = COLUMN_NULL;
            c->width = 0;
            memcpy(c->format, "n", 2); /* no format is shorter */
            c->length = c->room = nulls;
            return -1;
        }
    return 0;
}

int column_is_exact(column *c) {
    if (c->twin != NULL && c->twin->kind == COLUMN_SIGNED && !column_is_exact(c->twin)) return 0;
    for (; c->exact < c->length; c->exact++) {
        int64_t integer;
        memcpy(&integer, c->data + 8 * c->exact, 8);
        double real = (double)integer;
        if (real >= 9223372036854775808.0 || (int64_t)real != integer) return 0;
    }
    return 1;
}

void column_widen(column *c) {
    for (int64_t i = 0; i < c->length; i++) {
        int64_t integer;
        memcpy(&integer, c->data + 8 * i, 8);
        double real = (double)integer;
        memcpy(c->data + 8 * i, &real, 8);
    }
    c->kind = COLUMN_DOUBLE;
    c->format[0] = 'g';
}

static int64_t offset_at(const column *c, int64_t i) {
    int32_t narrow;
    int64_t wide;
    if (c->width == 4) {
        memcpy(&narrow, c->offsets + 4 * i, 4);
        return narrow;
    }
    memcpy(&wide, c->offsets + 8 * i, 8);
    return wide;
}

/* Drop what is beyond this many values; and what row `row` (-1: none) made of the types. */
SELDOM void column_truncate(column *c, int64_t length, int64_t row) {
    if (length < c->length) {
        if (c->valid != NULL) {
            for (int64_t i = length; i < c->length; i++) c->nulls -= !(c->valid[i >> 3] >> (i & 7) & 1);
            if (length & 7) c->valid[length >> 3] &= (uint8_t)((1 << (length & 7)) - 1);
        }
        if (c->kind == COLUMN_BOOL && length & 7) c->data[length >> 3] &= (uint8_t)((1 << (length & 7)) - 1);
        c->length = length;
        if (c->exact > length) c->exact = length;
    }
    if (row >= 0 && c->typed == row) { /* what it has are nulls */
        int64_t nulls = c->length;
        free_buffers(c);
        free_children(c);
        c->kind = COLUMN_NULL;
        c->width = 0;
        memcpy(c->format, "n", 2);
        c->length = c->room = nulls;
        c->exact = 0;
        c->typed = c->widened = -1;
        return;
    }
    if (row >= 0 && c->widened == row) {
        for (int64_t i = 0; i < c->length; i++) {
            double real;
            memcpy(&real, c->data + 8 * i, 8);
            int64_t integer = (int64_t)real;
            memcpy(c->data + 8 * i, &integer, 8);
        }
        c->kind = COLUMN_SIGNED;
        c->format[0] = 'l';
        c->widened = -1;
    }
    if (c->kind == COLUMN_STRING) c->bytes = c->offsets == NULL ? 0 : (size_t)offset_at(c, c->length);
    if (c->kind == COLUMN_LIST) column_truncate(c->child[0], c->offsets == NULL ? 0 : offset_at(c, c->length), row);
    if (c->kind == COLUMN_STRUCT || c->kind == COLUMN_ROUTE) {
        while (row >= 0 && c->children && c->child[c->children - 1]->born == row) remove_child(c);
        for (size_t i = 0; i < c->children; i++) column_truncate(c->child[i], length, row);
    }
}

/* ---- rows ---- */

#if CPU_HAS_LEVELS
extern row_state columns_take_row_avx2(columns_row *row);
#endif

row_state (*columns_rows_for(cpu_level level))(columns_row *row) {
#if CPU_HAS_LEVELS
    if (level != CPU_BASE) return columns_take_row_avx2;
#endif
    (void)level;
    return columns_take_row;
}

/* Leave nothing of a row that was refused. */
static void undo(columns_row *row) {
    columns *tree = row->tree;
    column_truncate(tree->root, tree->root->length, row->has_changed ? tree->root->length : -1);
    if (!row->has_changed) return;
    tree->changes = tree->changes_before;
    tree->members = tree->members_before;
    if (tree->undone < COLUMNS_UNDONE) tree->undone++;
    row->has_changed = 0;
}

/* Keep the types of a column that is tried: they are those of another one. */
static void pair(column *c, column *twin) {
    CYJSON_ASSERT(c->kind == twin->kind && c->children == twin->children);
    c->born = c->typed = c->widened = -1;
    c->twin = twin;
    for (size_t i = 0; i < c->children; i++) pair(c->child[i], twin->child[i]);
}

/* Add a row that begins at `first` to the trial alone. */
static row_state try_row(columns_row *row, places_at first) {
    columns *tree = row->tree;
    if (tree->trial == NULL) {
        columns *trial = calloc(1, sizeof *trial);
        if (trial == NULL || columns_copy(trial, tree)) {
            free(trial);
            return ROW_NO_MEMORY;
        }
        pair(trial->root, tree->root);
        tree->trial = trial;
    }
    columns_row other = *row;
    other.tree = tree->trial;
    other.at = first;
    other.wanted = ROW_AS_IT_IS;
    other.is_tried = 1;
    row_state state = tree->take_row(&other);
    if (state != ROW_ADDED) undo(&other);
    row->wanted = other.wanted;
    return state;
}

/* Add a row that begins at `first` and wasn't added, as it wants to be; or leave nothing of it. */
static SELDOM row_state add_otherwise(columns_row *row, row_state state, places_at first) {
    columns *tree = row->tree;
    for (;;) {
        undo(row);
        if (row->wanted == ROW_TRIED && (state = try_row(row, first)) == ROW_ADDED) row->is_tried = 1;
        else if (state == ROW_REFUSED && row->wanted == ROW_BY_LAST) row->is_by_last = 1;
        else return state;
        row->wanted = ROW_AS_IT_IS;
        row->at = first;
        state = tree->take_row(row);
        if (row->is_tried) {
            column *tried = tree->trial->root;
            column_truncate(tried, 0, state == ROW_ADDED ? -1 : 0);
            if (state == ROW_ADDED) pair(tried, tree->root);
            row->is_tried = 0;
        }
        if (state == ROW_ADDED) return state;
    }
}

row_state columns_add(columns *tree, const uint8_t *line, size_t size, uint64_t whole, int force) {
    const uint8_t *end = line + size, *start = line;
    skip_found what;
    while (start < end && (*start == ' ' || *start == '\t' || *start == '\r')) start++;
    if (start == end) return ROW_REFUSED;
    if (force && *start != '{' && *start != '[') {
        if (tree->root->kind != COLUMN_ROUTE) return ROW_REFUSED;
        row_state state = tree->root->length < tree->root->room || column_grow(tree->root) == 0
                              ? column_fill(tree->root)
                              : ROW_NO_MEMORY;
        if (state == ROW_ADDED) tree->root->length++;
        else column_truncate(tree->root, tree->root->length, -1);
        if (state == ROW_ADDED) tree->text += whole + tree->members;
        return state;
    }
    skip_index_clear(&tree->index);
    const uint8_t *stop = tree->skip->check(start, end, 1, 0, &tree->index, &what);
    if (stop == NULL) return what.no_memory ? ROW_NO_MEMORY : ROW_REFUSED;
    for (const uint8_t *p = stop; p < end; p++)
        if (*p != ' ' && *p != '\t' && *p != '\r' && *p != '\n') return ROW_REFUSED;
    if (what.long_integer && !force) return ROW_REFUSED;
    columns_row row = {
        .tree = tree,
        .index = &tree->index,
        .start = start,
        .last = stop - 1,
        .end = end,
        .at = {0, 0},
        .escapes = what.escapes,
    };
    row_state state = tree->take_row(&row);
    if (state != ROW_ADDED && (state = add_otherwise(&row, state, (places_at){0, 0})) != ROW_ADDED) return state;
    tree->text += whole + tree->members;
    return ROW_ADDED;
}

const uint8_t *columns_add_lines(columns *tree, const uint8_t *p, const uint8_t *end, int64_t *lines,
                                 const uint8_t **last) {
    while (p < end && !columns_is_full(tree)) {
        const uint8_t *after;
        const skip_document *document = ahead_next(tree->skip, &tree->ahead, p, end, &after);
        if (document == NULL || (size_t)(after - p) > tree->line_most) break;
        columns_row row = {
            .tree = tree,
            .index = &tree->ahead.lines->index,
            .start = tree->ahead.text,
            .last = tree->ahead.text + document->end - 1,
            .end = end,
            .at = {document->token, document->container},
            .escapes = ahead_escapes(&tree->ahead, document),
        };
        row_state state = tree->take_row(&row);
        if (UNLIKELY(state != ROW_ADDED) &&
            add_otherwise(&row, state, (places_at){document->token, document->container}) != ROW_ADDED)
            break;
        tree->text += (uint64_t)(after - p) + tree->members;
        ++*lines;
        *last = p;
        p = after;
    }
    return p;
}

/* ---- parts ---- */

static int is_blank(const uint8_t *p, const uint8_t *end) {
    while (p < end && (*p == ' ' || *p == '\t' || *p == '\r')) p++;
    return p == end;
}

/* What a maker of parts keeps from one to the next: the memory in which lines are looked at, which is warm. */
typedef struct {
    skip_index index;
    lines_ahead ahead;
    uint8_t *scratch;
    size_t scratch_room;
} part_maker;

static void lend(columns *tree, const part_maker *maker) {
    tree->index = maker->index;
    tree->ahead = maker->ahead;
    tree->scratch = maker->scratch;
    tree->scratch_room = maker->scratch_room;
}

static void take_back(columns *tree, part_maker *maker) {
    static const part_maker none;
    maker->index = tree->index;
    maker->ahead = tree->ahead;
    maker->scratch = tree->scratch;
    maker->scratch_room = tree->scratch_room;
    lend(tree, &none);
}

void columns_free_kept(void *kept) {
    part_maker *maker = kept;
    if (maker == NULL) return;
    skip_index_free(&maker->index);
    ahead_free(&maker->ahead);
    free(maker->scratch);
    free(maker);
}

columns_part *columns_new_part(const columns *like) {
    columns_part *part = calloc(1, sizeof *part);
    if (part == NULL || columns_copy(&part->tree, like)) {
        free(part);
        return NULL;
    }
    /* A part is as large as its text; one of few bytes and many columns may be too large. */
    part->tree.batch = INT64_MAX;
    part->tree.text_most = like->text_most < UINT64_MAX / 2 ? 2 * like->text_most : UINT64_MAX;
    return part;
}

/* Make room for what is expected, as it would be made later; where there is no memory, then. */
static SELDOM void expect(column *c) {
    for (size_t i = 0; i < c->children; i++) expect(c->child[i]);
    if (c->room || !c->expected || make_room(c, c->expected < LEAST_ROOM ? LEAST_ROOM : c->expected)) return;
    if (c->kind == COLUMN_STRING && c->expected_bytes) (void)column_grow_bytes(c, 0);
}

void columns_begin_part(columns_part *part) {
    column_data_free(part->data);
    part->data = NULL;
    part->lines = 0;
    part->bytes = 0;
    expect(part->tree.root);
}

void columns_make_part(void *made, void **kept, const uint8_t *text, size_t size) {
    columns_part *part = made;
    if (*kept == NULL) *kept = calloc(1, sizeof(part_maker));
    if (part == NULL || *kept == NULL) return;
    columns *tree = &part->tree;
    const uint8_t *p = text, *end = text + size, *last;
    lend(tree, *kept);
    columns_forget(tree); /* another text, of which the memory may be this one's */
    while (p < end && !columns_is_full(tree)) {
        const uint8_t *before = p;
        p = columns_add_lines(tree, p, end, &part->lines, &last);
        if (p > before) continue;
        const uint8_t *found = memchr(p, '\n', (size_t)(end - p)), *stop = found == NULL ? end : found;
        if ((size_t)(stop - p) > tree->line_most) break;
        const uint8_t *after = found == NULL ? end : found + 1;
        if (!is_blank(p, stop) && columns_add(tree, p, (size_t)(stop - p), (uint64_t)(after - p), 0) != ROW_ADDED)
            break;
        p = after;
        part->lines++;
    }
    take_back(tree, *kept);
    part->bytes = (size_t)(p - text);
    tree->text = 0;
    if (tree->root->length > 0 && (part->data = columns_take(tree)) == NULL) {
        part->lines = 0;
        part->bytes = 0;
        column_truncate(tree->root, 0, -1); /* rows, which the reader makes again */
    }
}

void columns_free_part(void *made) {
    columns_part *part = made;
    if (part == NULL) return;
    column_data_free(part->data);
    columns_free(&part->tree);
    free(part);
}
