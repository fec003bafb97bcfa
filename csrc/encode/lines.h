/* Documents one after the other, each with a line feed behind it: by one encoder, into one text. */
#ifndef CYJSON_ENCODE_LINES_H
#define CYJSON_ENCODE_LINES_H

#include "encode/encode.h"

typedef struct encode_lines encode_lines;

/* The options, which outlive it, have the form ENCODE_UTF8, plans, no indentation, no sink and no odd pieces. `enough`:
 * bytes after which lines are to be taken; PY_SSIZE_T_MAX: all at once. NULL with MemoryError set. To be freed by
 * encode_lines_free, which may run Python code. */
encode_lines *encode_lines_new(encode_state *state, const encode_options *options, Py_ssize_t enough);
void encode_lines_free(encode_lines *lines);

/* Write documents that an iterator gives, adding them to *count: 1 once there is enough, 0 where it ended, -1 with an
 * exception set, after which nothing but taking and freeing makes sense. What was written before is kept, but for that
 * of a writer that takes all at once. */
int encode_lines_more(encode_lines *lines, PyObject *documents, long long *count);

/* The whole lines that weren't taken yet, as bytes; NULL with MemoryError set. Runs no Python code. After a writer that
 * takes all at once has given them, nothing but freeing makes sense. */
PyObject *encode_lines_take(encode_lines *lines);

#endif
