#include "module/names.h"

#ifdef _MSC_VER
#include <intrin.h>
#endif

#if COMPAT_HAS_DICT_WATCHERS
int64_t dict_changes;

static int count_change(PyDict_WatchEvent event, PyObject *dict, PyObject *key, PyObject *value) {
    (void)event, (void)dict, (void)key, (void)value;
#ifdef _MSC_VER
    _InterlockedIncrement64(&dict_changes);
#else
    __atomic_fetch_add(&dict_changes, 1, __ATOMIC_RELAXED);
#endif
    return 0;
}
#endif

/* Whether a name of the group was replaced: -1 with an exception set. Runs Python code. */
static NOINLINE int names_replaced(core_state *state, name_group group) {
    watched_names *names = &state->watched[group];
    int64_t changes = changes_of(state, group);
    if (compat_load_int64(&names->usual) == changes) return 0;
    if (compat_load_int64(&names->replaced) == changes) return 1;
    if (state->find_replaced == NULL) return 0; /* the set-up isn't over, or this interpreter is */
    PyObject *find = Py_NewRef(state->find_replaced), *found = PyObject_CallFunction(find, "i", (int)group);
    Py_DECREF(find);
    int replaced = found == NULL ? -1 : PyObject_IsTrue(found);
    Py_XDECREF(found);
    if (replaced < 0) return -1;
    if (state->watcher < 0 && COMPAT_HAS_DICT_WATCHERS) return replaced; /* there was none to be had: look each time */
    compat_store_int64(replaced ? &names->replaced : &names->usual, changes);
    compat_store_int64(replaced ? &names->usual : &names->replaced, changes - 1);
    return replaced;
}

PyObject *call_by_name(core_state *state, named_function n, PyObject *const *args, Py_ssize_t nargs,
                       PyObject *kwnames) {
    if (names_replaced(state, group_of(n)) <= 0) return NULL;
    PyObject *function = Py_NewRef(PyTuple_GET_ITEM(state->named, n));
    PyObject *result = PyObject_Vectorcall(function, args, (size_t)nargs, kwnames);
    Py_DECREF(function);
    return result;
}

PyObject *call_by_name_or(core_state *state, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames,
                          named_function n, native_function natively) {
    PyObject *result = call_by_name(state, n, args, nargs, kwnames);
    return result != NULL || PyErr_Occurred() ? result : natively(state, args, nargs, kwnames);
}

void stop_watching(core_state *state) {
#if COMPAT_HAS_DICT_WATCHERS
    Py_ssize_t count = state->watched_dicts == NULL || state->watcher < 0 ? 0 : PyTuple_GET_SIZE(state->watched_dicts);
    for (Py_ssize_t i = 0; i < count; i++)
        if (PyDict_Unwatch(state->watcher, PyTuple_GET_ITEM(state->watched_dicts, i))) PyErr_Clear();
#else
    static const uint64_t never_changes;
    for (int group = 0; group < NAME_GROUPS; group++)
        for (int i = 0; i < WATCHED_DICTS; i++) state->watched[group].versions[i] = &never_changes;
#endif
    Py_CLEAR(state->watched_dicts);
    Py_CLEAR(state->find_replaced);
    Py_CLEAR(state->named);
}

void forget_watcher(core_state *state) {
    stop_watching(state);
#if COMPAT_HAS_DICT_WATCHERS
    if (state->watcher >= 0 && PyDict_ClearWatcher(state->watcher)) PyErr_Clear();
    state->watcher = -1;
#endif
}

/* A class's dict, or the dict that this is: borrowed. */
static PyObject *dict_to_watch(PyObject *owner) {
    if (!PyType_Check(owner)) return owner;
#if COMPAT_HAS_DICT_WATCHERS
    PyObject *dict = PyType_GetDict((PyTypeObject *)owner);
    Py_XDECREF(dict); /* the class holds it */
    return dict;
#else
    return ((PyTypeObject *)owner)->tp_dict;
#endif
}

int core_watch(PyObject *core, PyObject *owners, PyObject *find_replaced, PyObject *named) {
    core_state *state = state_of(core);
    stop_watching(state);
    PyObject *dicts = PyList_New(0), *all = NULL;
    for (Py_ssize_t group = 0; dicts != NULL && group < NAME_GROUPS; group++) {
        PyObject *of_group = PyTuple_GET_ITEM(owners, group);
        for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(of_group); i++) {
            PyObject *dict = dict_to_watch(PyTuple_GET_ITEM(of_group, i));
            if (PyList_Append(dicts, dict)) goto done;
#if !COMPAT_HAS_DICT_WATCHERS
            state->watched[group].versions[i] = &((PyDictObject *)dict)->ma_version_tag;
#endif
        }
        state->watched[group].usual = state->watched[group].replaced = -1;
    }
    if (dicts == NULL || (all = PyList_AsTuple(dicts)) == NULL) goto done;
#if COMPAT_HAS_DICT_WATCHERS
    if (state->watcher < 0 && (state->watcher = PyDict_AddWatcher(count_change)) < 0) PyErr_Clear();
    for (Py_ssize_t i = 0; state->watcher >= 0 && i < PyTuple_GET_SIZE(all); i++)
        if (PyDict_Watch(state->watcher, PyTuple_GET_ITEM(all, i))) goto done;
#endif
    state->find_replaced = Py_NewRef(find_replaced);
    state->named = Py_NewRef(named);
    state->watched_dicts = Py_NewRef(all);
done:
    Py_XDECREF(dicts);
    Py_XDECREF(all);
    if (state->watched_dicts == NULL) stop_watching(state);
    return state->watched_dicts == NULL ? -1 : 0;
}

int core_names_replaced(PyObject *core, int group) {
    core_state *state = state_of(core);
    return names_changed(state, (name_group)group) ? names_replaced(state, (name_group)group) : 0;
}
