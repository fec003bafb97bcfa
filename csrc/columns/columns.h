/* Columns of lines of JSON, in the layout of Arrow: a tree of columns to which rows are added, and which gives batches.
 *
 * A row is a document. It is checked as a whole (kernels/skip.h), and its values go from their places in the text into
 * the columns' buffers; what no column is for is passed over. An example, three rows of two columns:
 *
 *     {"id": 1, "tag": "a"}      id    data 1 2 3                    no nulls
 *     {"tag": null, "id": 2}     tag   data "abc", offsets 0 1 1 3   nulls: 1 0 1 from the lowest bit on
 *     {"id": 3, "tag": "bc"}
 *
 * Types are given, or found out in the rows before columns_freeze: a column begins as one of nulls, and becomes what
 * its first value is. Integers become doubles where one has a fraction, if all are the same numbers then. Nothing else
 * changes a column's type. A row that can't be added leaves the columns, and their types, as they were. To undo a
 * change of type takes as long as there are rows: after COLUMNS_UNDONE of them, rows that change types are first added
 * to a tree of their own, the trial, which has the same types and no rows.
 *
 * Functions here know nothing of Python, allocate by malloc, and may be called without the GIL, for one thread at a
 * time for each tree. What a batch consists of belongs to whoever holds it, and may be released by any thread. */
#ifndef CYJSON_COLUMNS_COLUMNS_H
#define CYJSON_COLUMNS_COLUMNS_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "columns/arrow.h"
#include "kernels/ahead.h"
#include "kernels/places.h"

enum {
    COLUMNS_DEPTH = 64, /* levels of types: reading a value is recursive, and so are those who get the columns */
    COLUMNS_FIRST_TEXT = 1 << 22, /* bytes of lines in which types are found out */
    COLUMNS_FEW = 8, /* names that are compared one by one */
    COLUMNS_UNDONE = 4 /* refused rows had changed types already: from then on rows are tried first */
};

typedef enum {
    COLUMN_NULL, /* of nulls alone; where types are found out, of no value yet */
    COLUMN_BOOL,
    COLUMN_SIGNED,
    COLUMN_UNSIGNED,
    COLUMN_DOUBLE,
    COLUMN_FLOAT,
    COLUMN_STRING,
    COLUMN_TIMESTAMP,
    COLUMN_DATE,
    COLUMN_DECIMAL,
    COLUMN_LIST,
    COLUMN_STRUCT,
    COLUMN_ROUTE /* no column, but a way to some: what a pointer passes through */
} column_kind;

typedef struct column column;
struct column {
    column_kind kind;
    int is_nullable;
    int is_inferred; /* its type was found out, so that members which it has no column for are no small matter */
    int is_zoned; /* a timestamp's: texts have an offset */
    int is_loose; /* a timestamp's: a day is its beginning, and where offsets are missing they are UTC */
    int unit; /* a timestamp's: 's', 'm', 'u', 'n' */
    int precision, scale; /* a decimal's */
    int depth;
    unsigned width; /* bytes of a value; of an offset, of strings and lists */
    char *format; /* Arrow's; of malloc */
    uint8_t *name; /* UTF-8 in which surrogates are encoded too; of malloc */
    size_t name_size; /* SIZE_MAX: no name */
    int64_t index; /* of the item that it is of, where a way leads through an array; -1: a member */
    int64_t place; /* among the batch's columns; -1: it is in another one, or none */
    column **child;
    size_t children, child_room;
    int64_t last_index; /* the greatest of the children's, or -1 */
    int has_twins; /* two children of a way have one name: "/0", which may be an index too, and a sequence's "0" */
    uint32_t *table; /* of places among the children + 1, by the hash of their names; NULL where they are few */
    size_t mask;
    uint32_t seed; /* of the hashes, so that nobody knows which names have the same */
    int64_t born, typed, widened; /* the row which made it, gave it its type, made its integers doubles; or -1 */

    int64_t length, nulls, room; /* in values */
    uint8_t *valid; /* bits, 0 for null; NULL where there are no nulls */
    uint8_t *offsets; /* room + 1 of them */
    uint8_t *data;
    size_t bytes, bytes_room; /* of a string column's data */
    int64_t expected; /* values that the next batch will have: as many as the last */
    size_t expected_bytes;

    int64_t exact; /* integers, from the first on, that are known to be doubles too */
    size_t last; /* in a row that has equal names: the token of the last value, which counts */
    column *twin; /* in a tree of trials: the column whose type this is, or NULL */
};

/* What became of a row. */
typedef enum {
    ROW_ADDED,
    ROW_REFUSED, /* it is malformed or isn't of the type, or needs another look (see columns_add) */
    ROW_NO_MEMORY
} row_state;

typedef struct columns columns;

/* How a row that was refused is to be added again: not at all, by the last of equal names, or to the trial first. */
typedef enum { ROW_AS_IT_IS, ROW_BY_LAST, ROW_TRIED } row_way;

/* A row that is being added: a document whose grammar was checked. */
typedef struct {
    columns *tree;
    const skip_index *index;
    const uint8_t *start, *last, *end; /* what the index counts from, the last bracket, the end of what is readable */
    places_at at;
    int escapes; /* whether there may be some in strings */
    uint8_t wanted; /* a row_way, once it was refused */
    uint8_t is_by_last; /* of equal names the last is looked for before any value is taken */
    uint8_t is_tried; /* the trial has added it: types may change */
    uint8_t has_changed; /* a type */
} columns_row;

struct columns {
    const skip_functions *skip;
    row_state (*take_row)(columns_row *row);
    column *root; /* COLUMN_STRUCT, or COLUMN_ROUTE */
    int is_frozen;
    int64_t batch; /* the rows of a full one, */
    uint64_t text_most; /* or the bytes that they came from */
    uint64_t text; /* of what was added, and until types are kept of what was refused, by whole lines; a null takes
                    * memory too, so that each column counts a byte for each row */
    size_t members; /* columns, those within others too */
    uint64_t changes; /* of types; those of a refused row are taken back */
    uint64_t changes_before; /* what changes and members were before the row at hand changed a type */
    size_t members_before;
    unsigned undone; /* refused rows that had changed types, up to COLUMNS_UNDONE */
    columns *trial; /* the same types without rows; or NULL */
    size_t line_most; /* bytes of a line in a part */
    skip_index index; /* of a row that is looked at alone */
    lines_ahead ahead;
    uint8_t *scratch; /* a string without its escapes */
    size_t scratch_room;
};

/* ---- the tree ---- */

/* Make a column of this format (NULL: a route; "n": of nulls, or with is_inferred of what comes) with a copy of the
 * name (NULL: no member's): NULL where memory is missing, or the format is none that is known (*known becomes 0). It is
 * freed by column_free, with its children. */
column *column_new(const char *format, const uint8_t *name, size_t name_size, int is_nullable, int is_inferred,
                   int *known);
void column_free(column *c);

/* Give a column a child, which becomes its own: -1 where memory is missing, and the child stays the caller's. */
int column_add_child(column *c, column *child);

/* The child for a member's name, or NULL. `guess` is the place of the one that is likely. */
column *column_find(const column *c, const uint8_t *name, size_t size, size_t guess, size_t *place);

/* Make the tree of a root, which becomes its own; memory for it is the caller's. */
void columns_init(columns *tree, column *root, cpu_level level, int64_t batch, uint64_t text_most, size_t line_most);
void columns_free(columns *tree);

/* Make `to` a tree with the same types and no rows: -1 where memory is missing. */
int columns_copy(columns *to, const columns *from);

/* Keep the types that were found out. */
void columns_freeze(columns *tree);

/* Have timestamps of its columns be loose. */
void columns_loosen(columns *tree);

/* ---- rows ---- */

/* Add the row of a line: white space and a document; `whole` bytes count, those of the line break among them. With
 * `force`, which is for lines that loads takes, integers may be of any length, and where there are routes a scalar is a
 * row of nulls. Refused rows leave nothing. */
row_state columns_add(columns *tree, const uint8_t *line, size_t size, uint64_t whole, int force);

/* Count a line that was refused, and may not be added later. */
static inline void columns_refuse(columns *tree, uint64_t whole) {
    if (!tree->is_frozen) tree->text += whole;
}

/* Add the rows of whole lines from p on, until the tree is full or a line is for columns_add: as it is refused, say.
 * Return where that is; *lines grows by how many were added, and *last becomes where the last of them begins. Between
 * calls the bytes that were given stay as they are; where they don't, columns_forget says so. */
const uint8_t *columns_add_lines(columns *tree, const uint8_t *p, const uint8_t *end, int64_t *lines,
                                 const uint8_t **last);
static inline void columns_forget(columns *tree) { ahead_forget(&tree->ahead); }

static inline int columns_is_full(const columns *tree) {
    if (!tree->is_frozen) return tree->text >= COLUMNS_FIRST_TEXT;
    return tree->root->length >= tree->batch || tree->text >= tree->text_most;
}

/* What the bodies in rows.inc.h need. 0, or -1 where memory is missing. */
int column_grow(column *c);
int column_grow_bytes(column *c, size_t more);
int column_add_null(column *c);
row_state column_fill(column *c); /* nulls for the children that a row had nothing for */
int column_become(column *c, column_kind kind, unsigned width, const char *format);
int column_is_exact(column *c); /* whether each integer is a double too */
void column_widen(column *c); /* and then, make them doubles */

/* Drop what is beyond this many values; and what row `row` (-1: none) made of the types. */
void column_truncate(column *c, int64_t length, int64_t row);

/* Read what types ask for that text seldom has; see values.c. The characters of a number, or those within a string's
 * quotes: 0 where they aren't such a value, or the column doesn't hold it exactly. */
int value_decimal(const column *c, const uint8_t *p, size_t n, uint8_t value[16]);
int value_timestamp(const column *c, const uint8_t *p, size_t n, int64_t *value);
int value_date(const column *c, const uint8_t *p, size_t n, int64_t *value);
int value_unsigned(const uint8_t *p, const uint8_t *limit, uint64_t *value);

/* The float nearest to a number's characters, of which `value` is the nearest double: that may be half-way between two
 * floats where the number isn't. */
float value_float(const uint8_t *p, size_t n, double value);
static inline int value_may_be_half(double value) { /* between two floats, none of which it is */
    uint64_t bits;
    memcpy(&bits, &value, 8);
    return (bits & 0xFFFFFFF) == 0;
}

/* The function that adds a row for a level that this machine runs: what it adds before it fails is to be dropped. */
row_state (*columns_rows_for(cpu_level level))(columns_row *row);
extern row_state CPU_NAME(columns_take_row)(columns_row *row);

/* ---- batches ---- */

/* What a column had, and who holds it. */
typedef struct column_data column_data;

/* Take the rows that were added, of which there are some, as the struct of a batch: NULL where memory is missing, and
 * they stay. The tree is empty then. */
column_data *columns_take(columns *tree);
int64_t column_data_length(const column_data *data);
column_data *column_data_hold(column_data *data); /* once more; each holder calls column_data_free */
void column_data_free(column_data *data);

/* What was made of whole lines, up to the first that was refused, is too long, or found no memory. */
typedef struct columns_part {
    column_data *data; /* NULL: no rows */
    int64_t lines;
    size_t bytes;
    columns tree; /* that makes it, and is empty otherwise */
    struct columns_part *next; /* for whoever has several */
} columns_part;

/* Make memory for a part, of any number of rows, by a tree like this one, which is frozen: NULL where there is none. */
columns_part *columns_new_part(const columns *like);

/* Forget what a part is, and allocate what it had the last time. Whoever hands parts out does this, and not who makes
 * them: what a thread allocates is often kept apart, and given back to the system when it is freed. */
void columns_begin_part(columns_part *part);

/* Make a part of a text; NULL: of nothing. *kept, which is NULL at first, is the maker's memory from one part to the
 * next; others may make other parts at the same time with their own. Both are freed by the functions below. */
void columns_make_part(void *part, void **kept, const uint8_t *text, size_t size);
void columns_free_part(void *part);
void columns_free_kept(void *kept);

/* Hand `rows` rows of a batch over, from `first` on, as often as is wanted: -1 where memory is missing. */
int column_data_export(column_data *data, int64_t first, int64_t rows, struct ArrowArray *out);

/* Make the schema of a column with room for children, which the caller fills in, each of them released (all zero) until
 * it is made: -1 where memory is missing, and nothing is to be released. */
int schema_export(struct ArrowSchema *out, const char *format, const char *name, int is_nullable, size_t children);

#endif
