/* Instances of classes, made as object.__new__ makes them, with attributes as object.__setattr__ sets them: slots at
 * their offsets, others in the values that the interpreter keeps for an instance, or where they are too many for those
 * in a dict. Each class is tried out before its instances are made by hand; elsewhere (without a GIL, up to 3.10, from
 * an unknown version on) the interpreter's own functions make them. */
#ifndef CYJSON_PYTHON_INSTANCES_H
#define CYJSON_PYTHON_INSTANCES_H

#include "python/attributes.h"

/* __init__, __new__ and __setattr__, which decide how a class makes instances */
enum { INSTANCE_OTHERS = 3 };

/* How instances of a class are made. Doesn't change once it is made; the class and the names are the caller's to keep
 * alive. */
typedef struct {
    PyTypeObject *type;
    PyObject *no_arguments; /* an empty tuple, owned */
    PyObject **names; /* of the attributes: interned, borrowed */
    Py_ssize_t *places; /* of a slot: its offset; of another: its index among the values */
    Py_ssize_t count;
    int in_order; /* whether the i-th attribute is the i-th of the values */
    PyObject **found; /* what the class has by these names, and INSTANCE_OTHERS others: borrowed, or NULL */
    PyObject *others[INSTANCE_OTHERS]; /* owned */
    int version; /* of the class, when it was last found to have them */
    PyObject *shape; /* a dict with these names (compat_dict_shape), owned, or NULL */
    enum { INSTANCE_BY_SETTING, INSTANCE_OF_SLOTS, INSTANCE_OF_VALUES, INSTANCE_OF_DICT } way;
} instance_maker;

/* Find out how to make instances of a class with `count` attributes that are set in this order, past __setattr__: 0, or
 * -1 with an exception set. The caller knows that object.__new__ makes them, and that no attribute is a data descriptor
 * but a slot. Makes an instance to try it. What the maker borrows is appended to `keep`, a list. In any case
 * instance_maker_clear is to be called. */
int instance_maker_init(instance_maker *maker, PyTypeObject *type, PyObject *const *names, Py_ssize_t count,
                        int dict_layout_known, PyObject *keep);
void instance_maker_clear(instance_maker *maker);

/* Whether a class that has changed makes instances as before: its __init__, __new__ and __setattr__ are the same, and
 * no attribute has become a data descriptor. */
int instance_maker_holds_still(const instance_maker *maker);

/* Whether the class makes instances as it did when the maker was made. */
static ALWAYS_INLINE int instance_maker_holds(const instance_maker *maker) {
    int version = compat_load_int((const int *)&maker->type->tp_version_tag);
    return LIKELY(version == compat_load_int(&maker->version)) && LIKELY(version != 0)
               ? 1
               : instance_maker_holds_still(maker);
}

/* Return an instance with these values, some of which may be NULL (not set) unless they are `complete`, taking over the
 * references; NULL with an exception set, and none taken. Nobody sees the instance before it has all of them, except
 * where another thread or a finaliser looks for it. */
PyObject *instance_make(const instance_maker *maker, PyObject **values, int complete);

/* Return what a slot of this offset holds: a new reference, or NULL where it holds nothing. */
static ALWAYS_INLINE PyObject *instance_slot(PyObject *instance, Py_ssize_t offset) {
    return Py_XNewRef(*(PyObject **)((char *)instance + offset));
}

#endif
