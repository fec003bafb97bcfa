/* The functions of the module's table: see their docstrings in module.c. */
#ifndef CYJSON_MODULE_FUNCTIONS_H
#define CYJSON_MODULE_FUNCTIONS_H

#include "module/state.h"
#include "python/outcome.h"

PyObject *core_loads(PyObject *core, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames);
PyObject *core_load(PyObject *core, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames);
PyObject *core_pick(PyObject *core, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames);
PyObject *core_lazy(PyObject *core, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames);
PyObject *core_dumps(PyObject *core, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames);
PyObject *core_dump(PyObject *core, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames);
PyObject *core_encode_policy(PyObject *core, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames);
PyObject *core_encode(PyObject *core, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames);
PyObject *core_dump_bytes(PyObject *core, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames);
PyObject *core_decode(PyObject *core, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames);
PyObject *core_decode_by_plan(PyObject *core, PyObject *const *args, Py_ssize_t nargs);
PyObject *core_scanstring(PyObject *core, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames);
PyObject *core_encode_with(PyObject *core, PyObject *const *args, Py_ssize_t nargs);
PyObject *core_one_shot_with(PyObject *core, PyObject *const *args, Py_ssize_t nargs);
PyObject *core_iterencode_with(PyObject *core, PyObject *const *args, Py_ssize_t nargs);
PyObject *core_decode_with(PyObject *core, PyObject *const *args, Py_ssize_t nargs);
PyObject *core_encode_basestring(PyObject *core, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames);
PyObject *core_encode_basestring_ascii(PyObject *core, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames);

/* ---- what loads.c and scanner.c share ---- */

/* The pair (value, index after it) of the value that starts at this index of a str; NULL with an exception set. */
PyObject *scan_once(core_state *state, const decode_options *options, PyObject *text, Py_ssize_t index);

/* Make the type of scanners, a class of its own for each interpreter: NULL with an exception set. */
PyObject *scanner_type(PyObject *core);

/* The options of a scanner, which live as long as it does; NULL for any other object. */
const decode_options *scanner_options(core_state *state, PyObject *object);

/* ---- what dumps.c and dump.c share ---- */

/* encoder.encode(object); takes over the reference to the encoder. */
PyObject *encode_by(core_state *state, PyObject *encoder, PyObject *object);

/* Encode v[D_OBJ] as the other arguments say: DONE with *result set; LEFT with *encoder set, whose own methods have to
 * do it: of a class that overrides them, or the stdlib's, which then raises or asks the pieces to add and multiply. */
outcome encode_arguments(core_state *state, const encode_options *base, PyObject **v, PyObject *others,
                         PyObject **result, PyObject **encoder);

/* encode, or with to_file dump_bytes, by these options and what the arguments say. */
PyObject *encode_utf8(core_state *state, const encode_options *defaults, PyObject *const *args, Py_ssize_t nargs,
                      PyObject *kwnames, int to_file);

/* ---- plans_type.c ---- */

/* Make the type of Plans, a class of its own for each interpreter; and one of them, whose options live as long as it
 * does. NULL with an exception set. */
PyObject *plans_type(PyObject *core);
PyObject *plans_new(core_state *state, PyObject *core, PyObject *policy);
const encode_options *plans_defaults(PyObject *plans);

/* Whether a cls argument asks for nothing but json's class or ours. */
int is_plain_class(core_state *state, PyObject *cls);

/* Whether json's own function has to take the arguments of dumps or dump: it refuses some, or a flag's truth is for it
 * to ask. */
int is_left_to_json(core_state *state, PyObject *const *v, PyObject *others);

#endif
