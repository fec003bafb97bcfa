/* Names that programs replace, in cyjson's modules and in json's classes. As long as they are what they were, nothing
 * looks them up; once one isn't, json's own Python functions run instead, with cyjson's names. The dicts that hold them
 * are watched: after each change of one, a Python function compares the names again. */
#ifndef CYJSON_MODULE_NAMES_H
#define CYJSON_MODULE_NAMES_H

#include "module/state.h"

#if COMPAT_HAS_DICT_WATCHERS
extern int64_t dict_changes; /* of all watched dicts, in all interpreters */
#endif

/* A number that grows with each change of a group's dicts. */
static ALWAYS_INLINE int64_t changes_of(const core_state *state, name_group group) {
#if COMPAT_HAS_DICT_WATCHERS
    (void)state, (void)group;
    return compat_load_int64(&dict_changes);
#else
    uint64_t sum = 0; /* each change gives a dict a version that is higher than all */
    int dicts = group == NAMES_OF_METHODS ? 2 : WATCHED_DICTS;
    for (int i = 0; i < dicts; i++) sum += *state->watched[group].versions[i];
    return (int64_t)sum;
#endif
}

/* Return the group of names that a function depends on. */
static ALWAYS_INLINE name_group group_of(named_function n) { return (name_group)((int)n / 2); }

/* Whether a name of this group may have been replaced; call_by_name finds out. */
static ALWAYS_INLINE int names_changed(const core_state *state, name_group group) {
    return UNLIKELY(changes_of(state, group) != compat_load_int64(&state->watched[group].usual));
}

/* Call the Python function that does this by name, if names of its group were replaced: what it gave, or NULL with an
 * exception set. NULL without one where none was replaced, and C is to do it. */
PyObject *call_by_name(core_state *state, named_function n, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames);

/* The same, then `natively` where C is to do it: for callers that have nothing else to do where names_changed, so that
 * they need no frame. */
typedef PyObject *(*native_function)(core_state *state, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames);
PyObject *call_by_name_or(core_state *state, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames,
                          named_function n, native_function natively);

/* Stop watching dicts, as before core_watch. */
void stop_watching(core_state *state);

/* Stop watching, and give the watcher back to the interpreter. */
void forget_watcher(core_state *state);

/* Return call_by_name's result from the calling function, where there is one. */
#define BY_NAME(state, function, args, nargs, kwnames) \
    do { \
        if (names_changed(state, group_of(function))) { \
            PyObject *result_by_name = call_by_name(state, function, args, nargs, kwnames); \
            if (result_by_name != NULL || PyErr_Occurred()) return result_by_name; \
        } \
    } while (0)

#endif
