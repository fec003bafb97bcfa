/* Columns of lines for Python: rows are added to them by a reader of lines, and batches handed to Arrow's libraries. */
#ifndef CYJSON_MODULE_ARROW_H
#define CYJSON_MODULE_ARROW_H

#include "columns/columns.h"
#include "module/module.h"

typedef struct core_columns core_columns;

/* plan: of the root, (format or None for a way to columns, name as bytes or None, whether nulls are allowed, whether
 * the type is found out, index of an array's item or -1, place among the batch's columns or -1, the children's plans).
 * text: bytes of lines after which a batch ends; line_most: bytes of a line, or -1; is_loose: see columns_loosen. NULL
 * with an exception set. */
core_columns *core_columns_new(PyObject *core, PyObject *plan, int is_frozen, int is_loose, int64_t batch, int64_t text,
                               int64_t line_most);
void core_columns_free(core_columns *columns);

/* Add a row: 1, or 0 where it was refused, -1 with MemoryError set. whole, force: see columns_add. */
int core_columns_add(core_columns *columns, const uint8_t *line, Py_ssize_t size, uint64_t whole, int force);
void core_columns_refuse(core_columns *columns, uint64_t whole); /* see columns_refuse */

/* See columns_add_lines; those of many bytes are added without the GIL. */
Py_ssize_t core_columns_add_lines(core_columns *columns, const uint8_t *p, Py_ssize_t size, int64_t *lines,
                                  Py_ssize_t *last);
void core_columns_forget(core_columns *columns);
int64_t core_columns_rows(core_columns *columns);
int core_columns_is_full(core_columns *columns);

/* The root's plan as it is now; the number of changes that made it what it is. */
PyObject *core_columns_plan(core_columns *columns);
uint64_t core_columns_changes(core_columns *columns);

/* Keep the types, so that threads may make parts: -1 with MemoryError set. */
int core_columns_freeze(core_columns *columns);

/* Take the rows: NULL with MemoryError set. */
column_data *core_columns_take(core_columns *columns);

/* Have threads make parts of what core_lines_give gives. The columns live until core_lines_close returns. */
core_lines *core_lines_of_columns(PyObject *core, const columns *like, int threads);
const columns *core_columns_like(core_columns *columns);

/* What was made of the chunk taken last, which stays the chunk's: NULL where that is nothing. */
columns_part *core_lines_part(core_lines *lines);

/* ---- capsules of Arrow's structures ---- */

/* "arrow_schema" of a struct of fields: (format, name, whether nulls are allowed, the children's fields) each. */
PyObject *core_arrow_schema(PyObject *fields);

/* The field of an "arrow_schema", with a fifth item: whether it is of a dictionary. */
PyObject *core_arrow_field(PyObject *capsule);

/* "arrow_array" of rows of a batch. */
PyObject *core_arrow_array(column_data *data, int64_t first, int64_t rows);

/* "arrow_array_stream" of an iterator of objects that have __arrow_c_array__, which has itself __arrow_c_schema__. */
PyObject *core_arrow_stream(PyObject *iterator);

#endif
