/* Arguments of calls. */
#ifndef CYJSON_MODULE_ARGS_H
#define CYJSON_MODULE_ARGS_H

#include "module/state.h"
#include "python/outcome.h"

/* Sort a vectorcall's arguments into values (borrowed); keywords that aren't among names go to *others, a new dict.
 * names[0] is the first positional argument, names[second] the other one (second = 0: there is none). LEFT where the
 * call is wrong: too many positional arguments, or one missing or given twice. */
outcome take_arguments(core_state *state, const name *names, int count, int second, PyObject *const *args,
                       Py_ssize_t nargs, PyObject *kwnames, PyObject **values, PyObject **others);

/* Put an argument that was given (not NULL) into a call's keywords: -1 with an exception set. */
int put_argument(core_state *state, PyObject *arguments, name n, PyObject *value);

/* Call with these keywords alone: a new reference, or NULL with an exception set. */
PyObject *call_with(PyObject *callable, PyObject *keywords);

/* Whether so many arguments are two; TypeError is set where they aren't. */
int takes_two(const char *function, Py_ssize_t nargs);

/* Whether an instance's method is one of these functions (NULL: none), bound to it, and nothing of its own: -1 with an
 * exception set. */
int is_method_of(PyObject *instance, PyObject *attribute, PyObject *function, PyObject *other, PyObject *third);

/* An argument, or NULL where it is None or wasn't given. */
static inline PyObject *given(PyObject *value) { return value == Py_None ? NULL : value; }

#endif
