/* A method that C may do: called with one argument it tries that first, and is otherwise the Python function it stands for, with
 * that one's name, signature and code. A bound method isn't made for a call, and Python's frame is spared. */
#ifndef CYJSON_METHOD_H
#define CYJSON_METHOD_H

#include "compat.h"

/* instance.method(argument): a new reference; NULL with an exception set, or without one where the Python function has to do it,
 * before anything happened. */
typedef PyObject *(*method_function)(PyObject *core, PyObject *instance, PyObject *argument);

/* The type of such methods, made anew for each interpreter. NULL with an exception set. */
PyObject *method_type(void);

/* A method; references to core and function are kept. NULL with an exception set. */
PyObject *method_new(PyObject *type, PyObject *core, PyObject *function, method_function quick);

#endif
