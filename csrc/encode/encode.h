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
    unsigned orjson; /* not 0: by orjson's rules, with these of its options (encode_orjson_option) */
    struct encode_plans *plans; /* how instances are written (plans.h); NULL: as json does. The form is ENCODE_UTF8 */
} encode_options;

/* orjson's options, by its numbers, and what tells that they count at all. */
typedef enum {
    ORJSON_INDENT_2 = 1,
    ORJSON_NAIVE_UTC = 1 << 1,
    ORJSON_NON_STR_KEYS = 1 << 2,
    ORJSON_OMIT_MICROSECONDS = 1 << 3,
    ORJSON_SERIALIZE_NUMPY = 1 << 4,
    ORJSON_SORT_KEYS = 1 << 5,
    ORJSON_STRICT_INTEGER = 1 << 6,
    ORJSON_UTC_Z = 1 << 7,
    ORJSON_PASSTHROUGH_SUBCLASS = 1 << 8,
    ORJSON_PASSTHROUGH_DATETIME = 1 << 9,
    ORJSON_APPEND_NEWLINE = 1 << 10,
    ORJSON_PASSTHROUGH_DATACLASS = 1 << 11,
    ORJSON_MOST = (1 << 12) - 1, /* all of them */
    ORJSON_RULES = 1 << 12
} encode_orjson_option;

enum { ORJSON_DEEPEST = 254 }; /* containers in one another, and calls of default() */

/* What encoding by orjson's rules takes from Python, references all; NULL until encode_orjson_init. */
typedef struct {
    PyObject *stand_in, *members_of; /* functions of cyjson._orjson_values */
    PyObject *number_types; /* a dict: NumPy's that write_numbers knows, once one was seen; True for its arrays' */
    PyObject *field, *field_kind; /* dataclasses' Field, and what a real one's _field_type is */
    PyObject *fragment_type, *uuid_type, *enum_meta, *enum_value; /* the last: what Enum has as "value" */
    PyObject *datetime_type, *date_type, *time_type, *timezone_type, *utc; /* of datetime's C module */
    PyObject *str_contents, *str_int, *str_value, *str_own_value, *str_dict, *str_fields, *str_slots, *str_utcoffset;
    PyObject *str_field_type;
} encode_orjson_state;

#define ENCODE_ORJSON_OBJECTS ((Py_ssize_t)(sizeof(encode_orjson_state) / sizeof(PyObject *)))

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
    const struct encode_kernels *kernels; /* of that level, for a writer that isn't compiled for it */
    int skipped_all_is_empty; /* whether an indented dict of which every key is skipped is "{}"; -1: not asked yet */
    encode_orjson_state orjson;
} encode_state;

int encode_state_traverse(encode_state *state, visitproc visit, void *arg);
void encode_state_clear(encode_state *state);

/* The document: a new str or bytes (None, where a sink got it), or NULL with an exception set. */
PyObject *encode_document(encode_state *state, const encode_options *options, PyObject *object);

/* Take the objects that orjson's rules ask for: a tuple of stand_in, members_of, number_types, field, field_kind,
 * fragment_type, uuid_type and Enum, as in encode_orjson_state. -1 with an exception set. */
int encode_orjson_init(encode_state *state, PyObject *values);

/* The document by orjson's rules, of which the options tell: bytes, or NULL with an exception set. */
PyObject *encode_orjson_document(encode_state *state, const encode_options *options, PyObject *object);

#endif
