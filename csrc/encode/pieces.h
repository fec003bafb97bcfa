/* A document as an iterator over pieces of its text, which is written as they are asked for: JSONEncoder.iterencode.
 *
 * Where writer.inc.h recurses, this keeps a stack of frames, so that it can stop after any item and go on later. Order,
 * checks and errors are those of the stdlib's generator. */
#ifndef CYJSON_ENCODE_PIECES_H
#define CYJSON_ENCODE_PIECES_H

#include "encode/encoder.h"

/* The iterators' type, a class of its own for each interpreter: a new reference, or NULL with an exception set. */
PyObject *encode_pieces_type(void);

/* A new iterator over the pieces of a document, as str of up to about ENCODE_CHUNK characters. The state and what the
 * options borrow must live as long as `kept` does. options->form isn't ENCODE_UTF8, and there is no sink. */
PyObject *encode_pieces_new(PyObject *type, encode_state *state, const encode_options *options, PyObject *object,
                            PyObject *kept);

/* ---- what pieces.c and stepper.inc.h share ---- */

typedef enum {
    FRAME_SEQUENCE, /* a list or tuple */
    FRAME_ITERABLE, /* a subclass's instance: what its __iter__ gives */
    FRAME_DICT, /* a walk of any kind over a dict */
    FRAME_DEFAULT, /* an object that default() replaces */
    FRAME_STR, /* a long str */
} frame_kind;

/* A value that is under way. */
typedef struct {
    frame_kind kind;
    int first; /* of an object no member was written */
    int in_value; /* it was a value within that failed */
    PyObject *object;
    PyObject *iterator; /* FRAME_ITERABLE, once it is begun */
    PyObject *key; /* of the member whose value is a frame above, or failed; what default() made */
    Py_ssize_t index; /* of the next item or character */
    walk w; /* FRAME_DICT; its dict is NULL until it begins */
} encode_frame;

typedef struct {
    PyObject_HEAD PyObject *kept, *root; /* root: what is to be written, until that begins */
    int busy; /* held by the call that uses the rest: Python code that runs meanwhile, or another thread, may come */
    encode_options options;
    encoder e;
    encode_frame *frames;
    Py_ssize_t used, room, most; /* most: the interpreter's limit of recursion */
} encode_pieces;

/* Write on from out, an empty buffer or what stands in it, until there is a full piece or no frame is left: where the
 * text ends, or NULL with an exception set. With p->root, that is begun. Compiled once, for the baseline. */
uint8_t *encode_step(encode_pieces *p, uint8_t *out);

/* A new frame, with a reference to the object, which joins the path unless it is a long str: NULL with RecursionError,
 * MemoryError or ValueError (a circular reference) set. */
encode_frame *encode_pieces_push(encode_pieces *p, frame_kind kind, PyObject *object);

/* Drop the frame on top. Finalisers may run. */
void encode_pieces_pop(encode_pieces *p);

#endif
