/* The functions whose calls are counted in nanoseconds: their arguments, and the state that they share.
 *
 * They are methods of a module object of their own, so that each interpreter has its own state and calls pay neither for
 * a lookup nor for a lock. _native.pyx makes that module and publishes what is in it. */
#ifndef CYJSON_CORE_H
#define CYJSON_CORE_H

#include "decode.h"
#include "encode.h"

typedef struct core_state core_state;

/* A new module object; spec.name becomes the functions' __module__. NULL with an exception set. */
PyObject *core_new(PyObject *spec);

/* Methods that stand for the Python functions JSONEncoder.encode and JSONDecoder.decode. The latter's `scanner` is the type of
 * scan_once that it knows, and decode_by calls core_decode_with with such a one's options. */
PyObject *core_encode_method(PyObject *core, PyObject *function);
PyObject *core_decode_method(PyObject *core, PyObject *function, PyObject *scanner, PyObject *(*decode_by)(PyObject *scanner, PyObject *text));

/* Give the module its classes, and a function that unpacks a pair as Python does, and complete its state: to be called
 * once, before any other function. -1 with an exception set. */
int core_set_up(PyObject *core, PyObject *encoder_class, PyObject *decoder_class, PyObject *unpack_pair);

/* The document in a str under a scanner's options, for JSONDecoder.decode: as decoder.decode(text) of the stdlib's. */
PyObject *core_decode_with(PyObject *core, const decode_options *options, PyObject *text);

/* The document in UTF-8 bytes without a byte order mark, as loads(bytes) gives it; data[size] is readable and zero.
 * NotImplemented where loads itself has to say: it isn't JSON, or there are surrogates in its UTF-8. Runs no Python code but
 * what the garbage collector may run. */
PyObject *core_decode_utf8(PyObject *core, const uint8_t *data, Py_ssize_t size);

/* A scanner's call: the pair (value, index behind it). */
PyObject *core_scan_once(PyObject *core, const decode_options *options, PyObject *text, Py_ssize_t index);

/* The value that starts at text[*at], in UTF-8; *at becomes the index behind it. text[size] is readable and zero. NULL
 * with MemoryError set, or without an exception where no whole value in strict UTF-8 is there, or it can't be made. */
PyObject *core_value_at(PyObject *core, const uint8_t *text, Py_ssize_t size, Py_ssize_t *at);

/* The values of an array, or the members of an object, that are whole: see decode_functions.utf8_items. */
PyObject *core_items_at(PyObject *core, const uint8_t *text, Py_ssize_t size, Py_ssize_t *at, Py_ssize_t enough, int final, int members);

/* The events of a document's text without hooks: see decode_functions.utf8_events. */
int core_events_at(PyObject *core, const uint8_t *text, size_t size, int final, stream_scanner *scanner, events *e);

/* The str for a key of n plain ASCII characters: the one that equal keys had before, if they are remembered. */
PyObject *core_key(PyObject *core, const uint8_t *ascii, Py_ssize_t n);

#endif
