/* The functions whose calls are counted in nanoseconds: their arguments, and the state that they share.
 *
 * They are methods of a module object of their own, so that each interpreter has its own state and calls pay neither
 * for a lookup nor for a lock. _native.pyx makes that module and publishes what is in it. All functions here want the
 * GIL, or in a free-threaded build an attached thread; those that return a pointer give a new reference. */
#ifndef CYJSON_MODULE_MODULE_H
#define CYJSON_MODULE_MODULE_H

#include "decode/decoder.h"
#include "encode/encode.h"

typedef struct core_state core_state;

/* Make the module object; spec.name becomes the functions' __module__ ("json": they are to stand in for json's own),
 * originals is a dict (see state.h), and the others are the functions of _in_python.py. NULL with an exception set. */
PyObject *core_new(PyObject *spec, PyObject *originals, PyObject *unpack_pair, PyObject *refuse_encode,
                   PyObject *refuse_dump_bytes);

/* Ask these subclasses of json's for its errors from now on, which know nothing of what install() puts into json; and
 * take the methods (encode, iterencode, decode) that it gives json's classes for json's own. -1 with an exception set.
 */
int core_isolate(PyObject *core, PyObject *encoder_class, PyObject *decoder_class, PyObject *methods);

/* Give the module the classes that stand for json's; until then json's do. To be called again where json was imported
 * anew. -1 with an exception set. */
int core_set_up(PyObject *core, PyObject *encoder_class, PyObject *decoder_class);

/* Give the module the functions of cyjson._parts: those of the same names. To be called before pick and lazy are. */
int core_set_parts(PyObject *core, PyObject *compile, PyObject *pick, PyObject *at, PyObject *open);

/* What a reader of lines makes of each line where parts are wanted, and the threads that look for them. */
typedef struct core_lines core_lines;

/* pointers: a tuple, for each line a tuple of as many values, or with `single` the one value; None: a view of it.
 * check: whether lines are checked as wholes; threads: 0 for none. NULL with an exception set. */
core_lines *core_lines_new(PyObject *core, PyObject *pointers, int single, int check, int threads);

/* Whether it has any: pointers that are too long to be walked leave nothing for them to do. */
int core_lines_has_threads(const core_lines *lines);

/* End the threads, and let go of all that was given. To be called before free, or by it. */
void core_lines_close(core_lines *lines);
void core_lines_free(core_lines *lines);

/* Make the value of the line of size bytes; line[size] is zero or a line feed. number: which line of the chunk taken
 * last it is, the first being 0; -1: of none. NotImplemented where the line has to be decoded by way of a str, as an
 * error or a scalar. NULL with MemoryError set. */
PyObject *core_lines_value(core_lines *lines, const uint8_t *line, Py_ssize_t size, Py_ssize_t number);

/* Find the parts in the line at p, or, where views are wanted, its document, whose line feed is among the size bytes,
 * where that can be done for several lines at once: the size of the line with its line feed, or 0 where
 * core_lines_value has to be asked; also where it is longer than most, unless that is -1. Runs no Python code, and sets
 * no exception. The text stays as it is until core_lines_moved. Not for lines that threads are given. */
Py_ssize_t core_lines_find(core_lines *lines, const uint8_t *p, Py_ssize_t size, int64_t most);

/* Make the value of the line that core_lines_find has just found. As core_lines_value. */
PyObject *core_lines_picked(core_lines *lines);

/* The text is no longer where it was. */
void core_lines_moved(core_lines *lines);

/* Keep the bytes that all lines are in, as long as there are threads. */
void core_lines_hold(core_lines *lines, PyObject *source);

/* Have whole lines scanned by the threads (is_plain: only given back): in bytes that are held, and room is 0, or else
 * data is of malloc(room), with room for a byte after them, and becomes theirs. -1 with MemoryError set; data stays the
 * caller's then. */
int core_lines_give(core_lines *lines, uint8_t *data, Py_ssize_t size, Py_ssize_t room, int is_plain);

/* Have the threads read a regular file by ranges, which has *size bytes now; max_line is -1 where there is no limit: 0
 * where that can't be. The descriptor stays the caller's. */
int core_lines_open(core_lines *lines, int file, int64_t max_line, uint64_t *size);

/* As core_lines_give, of the lines that begin in [from, to) of that file; begins: one does at `from`. */
int core_lines_give_range(core_lines *lines, uint64_t from, uint64_t to, int begins);

/* How the lines taken last, of a range, follow those before `at`. */
typedef enum {
    RANGE_FOLLOWS,
    RANGE_IS_LAST, /* what comes after them has to be read otherwise */
    RANGE_IS_ELSEWHERE /* the file changed meanwhile */
} range_place;
range_place core_lines_place(core_lines *lines, uint64_t at);

/* Memory of malloc(*room) that lines taken before were in, or else new memory of that size; it becomes the caller's.
 * NULL where there is none, without an exception. */
uint8_t *core_lines_room(core_lines *lines, Py_ssize_t *room);

/* Wait for the next lines given, of which a range may have none; those taken before are freed. NULL where nothing was
 * given. */
uint8_t *core_lines_take(core_lines *lines, Py_ssize_t *size);

/* How many chunks were given and not taken. */
Py_ssize_t core_lines_held(core_lines *lines);

/* What writes lines. */
typedef struct core_writer core_writer;

/* options: a dict of what encode takes, which is kept. enough: bytes of lines after which they are to be taken;
 * PY_SSIZE_T_MAX: all at once. NULL with MemoryError set, or without an exception where each document has to go through
 * encode: by separators that are no text, or options that are wrong. */
core_writer *core_writer_new(PyObject *core, PyObject *options, Py_ssize_t enough);
void core_writer_free(core_writer *writer);

/* See encode/lines.h. */
int core_writer_more(core_writer *writer, PyObject *documents, long long *count);
PyObject *core_writer_take(core_writer *writer);

/* Give the module the function that imports what decode(data, type) needs: see decoding() of _in_python.py. -1 with an
 * exception set. */
int core_set_decoding(PyObject *core, PyObject *load_decoding);

/* Make the functions of cyjson.orjson: a new tuple (loads, dumps). explain: of cyjson._orjson_reading; values: what
 * encode_orjson_init takes. To be called again where those modules are imported anew. NULL with an exception set. */
PyObject *core_orjson(PyObject *core, PyObject *explain, PyObject *values);

/* Watch names that programs replace. owners: for each name_group a tuple of what holds them, dicts and classes, none of
 * which has a dict of its own later. find_replaced(group) says whether any was; named: a tuple of the Python functions
 * to call then, by named_function. A later call takes the place of an earlier one. -1 with an exception set. */
int core_watch(PyObject *core, PyObject *owners, PyObject *find_replaced, PyObject *named);

/* Find out whether names of a group were replaced: -1 with an exception set. */
int core_names_replaced(PyObject *core, int group);

/* Decode the document in UTF-8 bytes without a byte order mark, as loads(bytes, strict=not lenient) does; data[size] is
 * readable and zero. NotImplemented where loads itself has to decide: it isn't JSON, or there are surrogates in its
 * UTF-8. Runs no Python code but what the garbage collector may run. */
PyObject *core_decode_utf8(PyObject *core, const uint8_t *data, Py_ssize_t size, int lenient);

/* Decode the value that starts at text[*at], in UTF-8; *at becomes the index after it. text[size] is readable and zero.
 * NULL with MemoryError set, or without an exception where no whole value in strict UTF-8 is there, or it can't be
 * made. */
PyObject *core_value_at(PyObject *core, const uint8_t *text, Py_ssize_t size, Py_ssize_t *at);

/* Decode the values of an array, or the members of an object, that are whole: see decode_functions.utf8_items. */
PyObject *core_items_at(PyObject *core, const uint8_t *text, Py_ssize_t size, Py_ssize_t *at, Py_ssize_t enough,
                        int final, int members);

/* Make the events of a document's text without hooks: see decode_functions.utf8_events. */
int core_events_at(PyObject *core, const uint8_t *text, size_t size, int final, tokens_scanner *scanner, events *e);

/* The functions that skip what isn't wanted, for this machine. */
const skip_functions *core_skip(PyObject *core);

/* Make the str for a key of n plain ASCII characters: the one that equal keys had before, if they are remembered. */
PyObject *core_key(PyObject *core, const uint8_t *ascii, Py_ssize_t n);

#endif
