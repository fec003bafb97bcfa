/* Python objects -> text, in one pass. */
#ifndef CYJSON_ENCODE_H
#define CYJSON_ENCODE_H

#include "python/dicts.h"
#include "base/cpu.h"

/* What comes out: a str with everything from DEL on escaped, a str with it left as it is, or UTF-8 bytes. */
typedef enum { ENCODE_ASCII, ENCODE_TEXT, ENCODE_UTF8 } encode_form;

/* A piece of text that is written between values: UTF-8, and ASCII where the form isn't ENCODE_UTF8. */
typedef struct {
    const char *text;
    Py_ssize_t size;
    PyObject *odd; /* the piece as a str, where it isn't such text; the size is PY_SSIZE_T_MAX then; else NULL */
} encode_piece;

enum {
    ENCODE_CHUNK = 65536
}; /* characters, or bytes of UTF-8: what a sink gets at a time, and what ends the last item */

/* Takes the document piece by piece: str, or bytes where the form is ENCODE_UTF8. May run any Python code; -1 with an
 * exception set ends the encoding. */
typedef struct {
    int (*write)(void *context, PyObject *piece);
    void *context;
} encode_sink;

/* References are borrowed; the caller keeps them alive. */
typedef struct {
    encode_form form;
    encode_piece item_separator, key_separator, indent;
    int indented; /* indent counts: a line for each item */
    Py_UCS4 widest; /* of odd pieces that a str gets: what PyUnicode_New takes for them; 0 without such */
    PyObject *default_function; /* for what can't be encoded; NULL: the stdlib's, which raises */
    int skipkeys, check_circular, allow_nan, sort_keys;
    int as_generator; /* the finer points as the stdlib's Python generator has them, not its C encoder: what a
                         list subclass's __iter__ gives counts, a dict that changes size meanwhile is an error */
    const encode_sink *sink; /* NULL: the document is the result */
    struct encode_plans *plans; /* how instances are written (plans.h); NULL: as json does. The form is ENCODE_UTF8 */
} encode_options;

/* What encoding takes from the stdlib. */
typedef struct {
    PyObject *default_encoder; /* our JSONEncoder(): its default() */
    PyObject *strict_encoder; /* the stdlib's JSONEncoder(allow_nan=False): its errors */
    PyObject *unpack_pair; /* a Python function: pair -> tuple of its two, or what unpacking raises */
    PyObject *class_name, *class_slot; /* "__class__", and what the attribute is in object */
    int dict_layout_known; /* compat_dict_layout_known() */
    Py_ssize_t last_size; /* of the document before, in bytes */
    Py_ssize_t last_lines_size; /* of the lines before, where they were taken all at once */
    cpu_level cpu; /* which of the compiled writers to use */
    int skipped_all_is_empty; /* whether an indented dict of which every key is skipped is "{}"; -1: not asked yet */
} encode_state;

int encode_state_traverse(encode_state *state, visitproc visit, void *arg);
void encode_state_clear(encode_state *state);

/* The document: a new str or bytes (None, where a sink got it), or NULL with an exception set. */
PyObject *encode_document(encode_state *state, const encode_options *options, PyObject *object);

#endif
