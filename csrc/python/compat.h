/* What differs between CPython versions, behind one name each. */
#ifndef CYJSON_PYTHON_COMPAT_H
#define CYJSON_PYTHON_COMPAT_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdint.h>

#include "python/threads.h"

/* Whether objects have a layout and a behaviour that were read up: those of CPython 3.10 to 3.15. From an unknown
 * version on nothing is made by hand and only public functions and macros read objects. CYJSON_UNKNOWN_PYTHON pretends
 * that the running version is one (tools/unknown_python.py). */
#if PY_VERSION_HEX < 0x03100000 && !defined(CYJSON_UNKNOWN_PYTHON) && !defined(PYPY_VERSION)
#define COMPAT_KNOWS_OBJECTS 1
#else
#define COMPAT_KNOWS_OBJECTS 0
#endif

/* Whether objects are made by hand; without a GIL the interpreter keeps account of them for each thread. */
#define COMPAT_MAKES_OBJECTS (COMPAT_KNOWS_OBJECTS && COMPAT_HAS_GIL)

/* Keep the cyclic garbage collector from running while objects are made that can't be garbage yet: up to 3.11 it would
 * run at any allocation, over and over the same objects. Later ones run between bytecodes only, so that it matters just
 * where Python code runs again and again meanwhile, for which the collector is resumed. Whether it was paused. */
static ALWAYS_INLINE int compat_gc_pause(int between_hooks) {
#if !COMPAT_HAS_GIL
    (void)between_hooks;
    return 0; /* it is other threads' as well */
#else
    return PY_VERSION_HEX < 0x030C0000 || between_hooks ? PyGC_Disable() : 0;
#endif
}
static ALWAYS_INLINE void compat_gc_resume(int paused) {
    if (paused) PyGC_Enable();
}

/* Make a legacy str "ready" (up to 3.11), without the collector: 0, or -1 with an exception set. */
static ALWAYS_INLINE int compat_str_ready(PyObject *str) {
#if PY_VERSION_HEX < 0x030C0000
    if (LIKELY(PyUnicode_IS_READY(str))) return 0;
    int paused = compat_gc_pause(0), bad = PyUnicode_READY(str);
    compat_gc_resume(paused);
    return bad;
#else
    (void)str;
    return 0;
#endif
}

/* The interpreter's hash of bytes: nobody outside of the process foresees it, unless PYTHONHASHSEED is set. */
#if PY_VERSION_HEX >= 0x030E0000
#define compat_hash(data, size) Py_HashBuffer(data, size)
#else /* it isn't documented; in 3.13 only the interpreter's own headers have it */
#if PY_VERSION_HEX >= 0x030D0000
PyAPI_FUNC(Py_hash_t) _Py_HashBytes(const void *data, Py_ssize_t size);
#endif
#define compat_hash(data, size) _Py_HashBytes(data, size)
#endif

/* Whether a function can be called at each change of a dict (from 3.12 on); before, each change gave the dict a new
 * version. */
#define COMPAT_HAS_DICT_WATCHERS (PY_VERSION_HEX >= 0x030C0000)

/* Look up an attribute that is to be called: -1 with an exception set; 0 with *found what PyObject_GetAttr gives; 1
 * with *found a function of the class that wants the object as its first argument. The second spares a bound method. */
#if PY_VERSION_HEX < 0x030F0000 && !defined(PYPY_VERSION)
#if PY_VERSION_HEX >= 0x030D0000 /* exported, and declared in a header of the interpreter's own */
PyAPI_FUNC(int) _PyObject_GetMethod(PyObject *object, PyObject *name, PyObject **found);
#endif
static inline int compat_get_method(PyObject *object, PyObject *name, PyObject **found) {
    *found = NULL; /* which stays where there is none */
    int is_function = _PyObject_GetMethod(object, name, found);
    return *found == NULL ? -1 : is_function;
}
#else
static inline int compat_get_method(PyObject *object, PyObject *name, PyObject **found) {
    return (*found = PyObject_GetAttr(object, name)) == NULL ? -1 : 0;
}
#endif

/* Get an attribute that may be missing: 1 with a new reference in *found, 0 with NULL there, -1 with an exception set.
 */
static inline int compat_get_optional(PyObject *object, PyObject *name, PyObject **found) {
#if PY_VERSION_HEX >= 0x030D0000
    return PyObject_GetOptionalAttr(object, name, found);
#else
    return _PyObject_LookupAttr(object, name, found);
#endif
}

/* A new type of a module (NULL: of none): NULL with an exception set, which 3.11 leaves out where there is no memory
 * for the name. */
static inline PyObject *compat_type_from_spec(PyObject *module, PyType_Spec *spec) {
    PyObject *type = PyType_FromModuleAndSpec(module, spec, NULL);
    if (type == NULL && !PyErr_Occurred()) PyErr_NoMemory();
    return type;
}

/* Enter one more level of C recursion: 0, or -1 with RecursionError set; each success is paired with compat_leave. The
 * counters are the interpreter's own, so Python code that runs meanwhile sees them. Up to 3.13 the interpreter counts
 * levels; later it looks at the C stack, so only real recursion means something there (COMPAT_COUNTS_RECURSION is 0).
 */
#if PY_VERSION_HEX >= 0x030E0000
#define COMPAT_COUNTS_RECURSION 0
#else
#define COMPAT_COUNTS_RECURSION 1
#if COMPAT_KNOWS_OBJECTS && PY_VERSION_HEX >= 0x030C0000
#define COMPAT_RECURSION_LEFT(thread) ((thread)->c_recursion_remaining)
#elif COMPAT_KNOWS_OBJECTS && PY_VERSION_HEX >= 0x030B0000
#define COMPAT_RECURSION_LEFT(thread) ((thread)->recursion_remaining)
#endif
#endif

static ALWAYS_INLINE int compat_enter(PyThreadState *thread, const char *where) {
#ifdef COMPAT_RECURSION_LEFT
    if (LIKELY(COMPAT_RECURSION_LEFT(thread) > 0)) {
        COMPAT_RECURSION_LEFT(thread)--;
        return 0;
    }
#else
    (void)thread;
#endif
    return Py_EnterRecursiveCall(where);
}

static ALWAYS_INLINE void compat_leave(PyThreadState *thread);

/* Whether compat_enter would find a level: 0, or -1 with RecursionError set. */
static ALWAYS_INLINE int compat_may_enter(PyThreadState *thread, const char *where) {
#ifdef COMPAT_RECURSION_LEFT
    if (LIKELY(COMPAT_RECURSION_LEFT(thread) > 0)) return 0;
#endif
    if (Py_EnterRecursiveCall(where)) return -1;
    compat_leave(thread);
    return 0;
}

static ALWAYS_INLINE void compat_leave(PyThreadState *thread) {
#ifdef COMPAT_RECURSION_LEFT
    COMPAT_RECURSION_LEFT(thread)++;
#else
    (void)thread;
    Py_LeaveRecursiveCall();
#endif
}

/* Whether the stdlib's C encoder walks a copy of a dict's items (up to 3.11) or the dict itself. */
#define COMPAT_COPIES_ITEMS (PY_VERSION_HEX < 0x030C0000)

/* Whether the stdlib leaves indenting to its generator, since its C encoder can't (up to 3.12). */
#define COMPAT_INDENTS_AS_GENERATOR (PY_VERSION_HEX < 0x030D0000)

/* Whether the stdlib's C encoder writes str(separator) for a str subclass (from 3.14 on), not its characters. */
#define COMPAT_WRITES_STR_OF_SEPARATORS (PY_VERSION_HEX >= 0x030E0000)

/* What json's signatures call the str that encode_basestring escapes, and the one that scanstring scans; where they
 * have none, what its documentation says. */
#if PY_VERSION_HEX >= 0x030F0000
#define COMPAT_ESCAPED "pystr"
#define COMPAT_SCANNED "pystr"
#elif PY_VERSION_HEX >= 0x030D0000
#define COMPAT_ESCAPED "object"
#define COMPAT_SCANNED "string"
#else
#define COMPAT_ESCAPED "string"
#define COMPAT_SCANNED "string"
#endif

/* dict, and frozendict where there is one (3.15) */
static ALWAYS_INLINE int compat_is_dict(PyObject *object) {
#if PY_VERSION_HEX >= 0x030F0000
    return PyAnyDict_Check(object);
#else
    return PyDict_Check(object);
#endif
}

#endif
