/* What was added, as batches, and in the structures of the Arrow C data interface. */
#include <stdlib.h>
#include <string.h>

#include "base/counts.h"
#include "columns/columns.h"

struct column_data {
    shared_count holders; /* who may be threads that know nothing of each other */
    column_kind kind;
    int64_t length, nulls;
    uint8_t *valid, *offsets, *data;
    size_t children;
    column_data *child[];
};

void column_data_free(column_data *data) {
    if (data == NULL || count_down(&data->holders) > 0) return;
    for (size_t i = 0; i < data->children; i++) column_data_free(data->child[i]);
    free(data->valid);
    free(data->offsets);
    free(data->data);
    free(data);
}

column_data *column_data_hold(column_data *data) {
    count_up(&data->holders);
    return data;
}

int64_t column_data_length(const column_data *data) { return data->length; }

/* How many columns of a batch are in this one, or ways through it lead to. */
static size_t places_in(const column *c) {
    size_t found = c->place >= 0;
    for (size_t i = 0; c->place < 0 && i < c->children; i++) found += places_in(c->child[i]);
    return found;
}

static column_data *new_data(const column *c, size_t children) {
    column_data *data = calloc(1, sizeof *data + children * sizeof *data->child);
    if (data == NULL) return NULL;
    data->kind = c->kind == COLUMN_ROUTE ? COLUMN_STRUCT : c->kind;
    data->children = children;
    count_set(&data->holders, 1);
    return data;
}

/* Empty data for a column and what is in it. */
static column_data *data_of(const column *c) {
    column_data *data = new_data(c, c->children);
    for (size_t i = 0; data != NULL && i < c->children; i++)
        if ((data->child[i] = data_of(c->child[i])) == NULL) {
            column_data_free(data);
            return NULL;
        }
    return data;
}

/* Empty data for each column of a batch: -1 where memory is missing. */
static int data_of_places(const column *c, column_data *batch) {
    for (size_t i = 0; i < c->children; i++) {
        const column *child = c->child[i];
        if (child->place >= 0) {
            if ((batch->child[child->place] = data_of(child)) == NULL) return -1;
        } else if (data_of_places(child, batch)) return -1;
    }
    return 0;
}

/* Give back what a buffer has too much, where that is much. */
static void fit(uint8_t **buffer, size_t size, size_t room) {
    if (*buffer == NULL || room - size < room / 4) return;
    uint8_t *smaller = realloc(*buffer, size ? size : 1);
    if (smaller != NULL) *buffer = smaller;
}

static size_t size_of(const column *c, int64_t n) {
    return c->kind == COLUMN_BOOL ? (size_t)(n + 7) / 8 : (size_t)n * c->width;
}

static void move(column *c, column_data *data) {
    if (c->offsets != NULL) {
        fit(&c->offsets, ((size_t)c->length + 1) * c->width, ((size_t)c->room + 1) * c->width);
        fit(&c->data, c->bytes, c->bytes_room);
    } else fit(&c->data, size_of(c, c->length), size_of(c, c->room));
    data->length = c->length;
    data->nulls = c->kind == COLUMN_NULL ? c->length : c->nulls;
    data->valid = c->valid;
    data->offsets = c->offsets;
    data->data = c->data;
    c->expected = c->length + c->length / 32; /* the next one has nearly as many */
    c->expected_bytes = c->bytes + c->bytes / 8;
    c->valid = c->offsets = c->data = NULL;
    c->length = c->nulls = c->room = c->exact = 0;
    c->bytes = c->bytes_room = 0;
    c->born = c->typed = c->widened = -1;
}

static void move_all(column *c, column_data *data) {
    for (size_t i = 0; i < c->children; i++) move_all(c->child[i], data->child[i]);
    move(c, data);
}

static void move_places(column *c, column_data *batch) {
    for (size_t i = 0; i < c->children; i++) {
        if (c->child[i]->place >= 0) move_all(c->child[i], batch->child[c->child[i]->place]);
        else {
            column_data ignored;
            move_places(c->child[i], batch);
            move(c->child[i], &ignored);
        }
    }
}

column_data *columns_take(columns *tree) {
    column *root = tree->root;
    size_t places = 0;
    for (size_t i = 0; i < root->children; i++) places += places_in(root->child[i]);
    column_data *batch = new_data(root, places);
    if (batch == NULL) return NULL;
    if (data_of_places(root, batch)) {
        column_data_free(batch);
        return NULL;
    }
    move_places(root, batch);
    move(root, batch);
    tree->text = 0;
    return batch;
}

/* ---- arrays ---- */

/* What an array holds: it may be moved out of its parent, and released later than that. */
typedef struct {
    column_data *data;
    const void *buffers[3];
    struct ArrowArray *child[];
} held_array;

static void release_array(struct ArrowArray *array) {
    held_array *held = array->private_data;
    for (int64_t i = 0; i < array->n_children; i++) {
        struct ArrowArray *child = array->children[i];
        if (child->release != NULL) child->release(child);
        free(child);
    }
    column_data_free(held->data);
    free(held);
    array->release = NULL;
}

/* Stands for a buffer of no values, among them the one offset. */
static const uint64_t nothing[8];

static int export_rows(column_data *data, int64_t first, int64_t rows, int is_batch, struct ArrowArray *out) {
    CYJSON_ASSERT(first >= 0 && rows >= 0 && first + rows <= data->length);
    memset(out, 0, sizeof *out);
    held_array *held = calloc(1, sizeof *held + data->children * sizeof *held->child);
    if (held == NULL) return -1;
    held->data = column_data_hold(data);
    held->buffers[0] = data->valid;
    out->length = rows;
    out->offset = is_batch ? 0 : first; /* importers of batches want none there */
    out->null_count = rows == data->length || data->nulls == 0 ? data->nulls : data->kind == COLUMN_NULL ? rows : -1;
    out->buffers = held->buffers;
    out->children = held->child;
    out->private_data = held;
    out->release = release_array;
    switch (data->kind) {
    case COLUMN_NULL: break;
    case COLUMN_STRUCT: out->n_buffers = 1; break;
    case COLUMN_STRING:
        out->n_buffers = 3;
        held->buffers[1] = data->offsets == NULL ? (const void *)nothing : data->offsets;
        held->buffers[2] = data->data == NULL ? (const void *)nothing : data->data;
        break;
    default:
        out->n_buffers = 2;
        held->buffers[1] = data->kind == COLUMN_LIST ? data->offsets : data->data;
        if (held->buffers[1] == NULL) held->buffers[1] = nothing;
    }
    for (size_t i = 0; i < data->children; i++) {
        struct ArrowArray *child = malloc(sizeof *child);
        column_data *inner = data->child[i];
        if (child == NULL || export_rows(inner, is_batch ? first : 0, is_batch ? rows : inner->length, 0, child)) {
            free(child);
            out->release(out);
            return -1;
        }
        held->child[i] = child;
        out->n_children++;
    }
    return 0;
}

int column_data_export(column_data *data, int64_t first, int64_t rows, struct ArrowArray *out) {
    return export_rows(data, first, rows, 1, out);
}

/* ---- schemas ---- */

static void release_schema(struct ArrowSchema *schema) {
    for (int64_t i = 0; i < schema->n_children; i++) {
        struct ArrowSchema *child = schema->children[i];
        if (child == NULL) continue;
        if (child->release != NULL) child->release(child);
        free(child);
    }
    free(schema->children);
    free((void *)schema->format);
    free((void *)schema->name);
    schema->release = NULL;
}

static char *copy_text(const char *text) {
    size_t size = strlen(text) + 1;
    char *copy = malloc(size);
    if (copy != NULL) memcpy(copy, text, size);
    return copy;
}

int schema_export(struct ArrowSchema *out, const char *format, const char *name, int is_nullable, size_t children) {
    memset(out, 0, sizeof *out);
    out->format = copy_text(format);
    out->name = copy_text(name);
    out->flags = is_nullable ? ARROW_FLAG_NULLABLE : 0;
    out->children = calloc(children ? children : 1, sizeof *out->children);
    out->release = release_schema;
    int failed = out->format == NULL || out->name == NULL || out->children == NULL;
    for (size_t i = 0; !failed && i < children; i++) {
        failed = (out->children[i] = calloc(1, sizeof **out->children)) == NULL;
        if (!failed) out->n_children++;
    }
    if (failed) out->release(out);
    return failed ? -1 : 0;
}
