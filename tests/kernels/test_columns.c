/* columns/: rows of made-up documents, at each level, where any allocation may fail; what is refused leaves nothing.
 * Whether values are right is for tests/test_arrow.py. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static long left = -1, failed; /* allocations until one fails; -1: none does */

static int fails(void) {
    if (left < 0 || left-- > 0) return 0;
    failed++;
    left = -1;
    return 1;
}
static void *test_malloc(size_t n) { return fails() ? NULL : malloc(n); }
static void *test_calloc(size_t n, size_t size) { return fails() ? NULL : calloc(n, size); }
static void *test_realloc(void *p, size_t n) { return fails() ? NULL : realloc(p, n); }

#define malloc test_malloc
#define calloc test_calloc
#define realloc test_realloc
#include "../../csrc/columns/batches.c"
#define copy_text copy_text_of_column /* both files have one */
#include "../../csrc/columns/columns.c"
#undef malloc
#undef calloc
#undef realloc

static const char *const texts[] = {
    "{\"a\":1,\"b\":\"x\",\"c\":[1,2.5,null],\"d\":{\"e\":true,\"f\":[{\"g\":\"\\u00e9\\n\"}]}}",
    "{\"a\":null,\"b\":\"a text that is longer than thirty-two bytes are\",\"n\":null}",
    " {\"b\" : \"\\ud83d\\ude00\", \"a\" : 2 , \"c\" : [ ] } ",
    "{\"a\":9007199254740993,\"z\":[[[]]]}",
    "{\"a\":1.5}",
    "{\"a\":\"no\",\"new\":{\"x\":1}}",
    "{\"b\":\"\\ud800\"}",
    "{\"a\":1,\"a\":2,\"d\":{\"e\":false,\"e\":null}}",
    "{\"k1\":1,\"k2\":2,\"k3\":3,\"k4\":4,\"k5\":5,\"k6\":6,\"k7\":7,\"k8\":8,\"k9\":9,\"k10\":10}",
    "{\"a\":1",
    "[1]",
    "{}",
};
enum { TEXTS = sizeof texts / sizeof *texts };

static void check(int condition, const char *what) {
    if (condition) return;
    printf("failed: %s\n", what);
    exit(1);
}

/* Columns have as many values as their struct has rows, and no more nulls than values. */
static void check_column(const column *c, int64_t length) {
    check(c->length == length && c->nulls <= c->length, "a column's length");
    check(c->length <= c->room || c->kind == COLUMN_NULL, "a column's room");
    for (size_t i = 0; i < c->children; i++)
        check_column(c->child[i], c->kind == COLUMN_LIST ? c->offsets == NULL ? 0 : offset_at(c, c->length) : length);
}

static uint64_t state = 88172645463325252;
static unsigned random_below(unsigned n) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (unsigned)(state % n);
}

static void release_all(struct ArrowArray *array) {
    struct ArrowArray moved;
    if (array->n_children > 0 && array->children[0]->release != NULL) { /* one outlives the others */
        moved = *array->children[0];
        array->children[0]->release = NULL;
        array->release(array);
        moved.release(&moved);
    } else array->release(array);
}

/* Add the rows of lines as a reader does, as many together as can be: how many. */
static int64_t add_text(columns *tree, const char *text, size_t size) {
    int64_t before = tree->root->length, lines = 0;
    uint8_t *exact = (malloc)(size);
    check(exact != NULL, "memory");
    memcpy(exact, text, size);
    const uint8_t *p = exact, *end = exact + size, *last = exact;
    columns_forget(tree);
    while (p < end) {
        int64_t had = tree->root->length, added = lines;
        const uint8_t *next = columns_add_lines(tree, p, end, &lines, &last);
        check(tree->root->length == had + lines - added, "lines that were added together");
        check(lines == added ? next == p : last < next && next[-1] == '\n', "where lines that were added end");
        check_column(tree->root, tree->root->length);
        if ((p = next) == end) break;
        const uint8_t *stop = memchr(p, '\n', (size_t)(end - p));
        columns_add(tree, p, (size_t)((stop == NULL ? end : stop) - p), 0, 0);
        p = stop == NULL ? end : stop + 1;
    }
    free(exact);
    return tree->root->length - before;
}

/* Add rows, the `nth` allocation failing: whether one did. */
static int round_of(cpu_level level, long nth, unsigned seed) {
    columns tree, copy;
    int known, rows = 0, all = 1;
    column *root = column_new("+s", (const uint8_t *)"", 0, 0, 1, &known);
    check(root != NULL, "a root");
    columns_init(&tree, root, level, 64, 1 << 20, SIZE_MAX);
    state = 88172645463325252 + seed;
    left = nth;
    failed = 0;
    for (int i = 0; i < 40; i++) {
        const char *text = texts[random_below(TEXTS)];
        size_t n = strlen(text), before = (size_t)tree.root->length;
        char *exact = (malloc)(n); /* so that AddressSanitizer sees what is read beyond */
        check(exact != NULL, "memory");
        memcpy(exact, text, n);
        row_state state_now = columns_add(&tree, (const uint8_t *)exact, n, n, 0);
        free(exact);
        check(tree.root->length == (int64_t)before + (state_now == ROW_ADDED), "the number of rows");
        check_column(tree.root, tree.root->length);
        rows += state_now == ROW_ADDED;
        all &= state_now != ROW_NO_MEMORY;
        if (i == 25) columns_freeze(&tree);
    }
    check(all == (failed == 0) || failed == 1, "what failed is reported");
    char text[4096];
    size_t size = 0;
    int64_t one_by_one = 0;
    for (int i = 0; i < 20; i++) { /* some of them malformed, or of other types */
        const char *line = texts[random_below(TEXTS)];
        size_t n = strlen(line), before = (size_t)tree.root->length;
        columns_add(&tree, (const uint8_t *)line, n, n, 0);
        one_by_one += tree.root->length - (int64_t)before;
        memcpy(text + size, line, n);
        memcpy(text + size + n, &"\r\n"[i & 1], 2 - (size_t)(i & 1));
        size += n + 2 - (size_t)(i & 1);
    }
    int64_t together = add_text(&tree, text, size);
    check(failed || together == one_by_one, "rows together are those one by one");
    rows += (int)(together + one_by_one);
    if (columns_copy(&copy, &tree) == 0) {
        void *kept = NULL;
        columns_part *part = columns_new_part(&copy);
        for (int i = 0; part != NULL && i < 4; i++) { /* up to the first that is refused */
            const char *few = "{\"a\":1}\n\n{\"b\":\"x\"}\n{\"a\":";
            const char *lines = i == 1 ? text : few;
            size_t n = i == 1 ? size : strlen(few);
            columns_begin_part(part);
            columns_make_part(part, &kept, (const uint8_t *)lines, n);
            check(part->bytes <= n && (part->data != NULL || part->lines == 0 || i == 1), "a part");
            if (part->data != NULL) check(column_data_length(part->data) <= part->lines, "a part's rows");
        }
        columns_free_part(part);
        columns_free_kept(kept);
        columns_free(&copy);
    }
    column_data *data = rows ? columns_take(&tree) : NULL;
    if (data != NULL) {
        struct ArrowArray array, part;
        struct ArrowSchema schema;
        check(column_data_length(data) == rows, "a batch's rows");
        int have = column_data_export(data, 0, rows, &array) == 0;
        int has_part = column_data_export(data, rows / 2, rows - rows / 2, &part) == 0;
        column_data_free(data);
        if (have) release_all(&array);
        if (has_part) release_all(&part);
        if (schema_export(&schema, "+s", "x", 1, 2) == 0) schema.release(&schema);
    }
    left = -1;
    columns_free(&tree);
    return failed > 0;
}

int main(int argc, char **argv) {
    int seeds = argc > 1 ? atoi(argv[1]) : 3;
    long cases = 0;
    for (int level = CPU_BASE; level <= (int)cpu_best(); level++)
        for (int seed = 0; seed < seeds; seed++) {
            round_of((cpu_level)level, -1, (unsigned)seed);
            for (long nth = 0; round_of((cpu_level)level, nth, (unsigned)seed); nth++) cases++;
        }
    printf("%ld allocations failed\n", cases);
    return cases > 0 ? 0 : 1;
}
