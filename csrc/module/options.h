/* How an object is encoded, and with what: from a call's arguments, or an encoder's attributes. */
#ifndef CYJSON_MODULE_OPTIONS_H
#define CYJSON_MODULE_OPTIONS_H

#include "module/args.h"

/* encode_options with the references that they borrow from. */
typedef struct {
    encode_options o;
    PyObject *item_separator, *key_separator, *indent, *separators;
    int asks_first; /* as json's encode(): whether the object is a str, then what the indentation is */
} prepared;

extern const encode_options dumps_defaults, encode_defaults;

/* The arguments of dumps and encode, D_COUNT, and with fp those of dump and dump_bytes, D_COUNT + 1. */
extern const name dumps_names[];
enum {
    D_OBJ,
    D_SKIPKEYS,
    D_ENSURE_ASCII,
    D_CHECK_CIRCULAR,
    D_ALLOW_NAN,
    D_CLS,
    D_INDENT,
    D_SEPARATORS,
    D_DEFAULT,
    D_SORT_KEYS,
    D_COUNT,
    D_FP = D_COUNT
};

static inline int is_text_alone(const encode_options *o, PyObject *object) {
    return PyUnicode_Check(object) && !o->as_generator;
}

/* Drop the references that it holds. */
void prepared_clear(prepared *p);

/* Whether it runs no Python code to ask for the truth of flags. json's functions ask when, and as often as, they want
 * to know. */
int flags_are_plain(PyObject *const *v);

/* Fill in the options from a call's arguments, for the stdlib's class or ours. LEFT where only the stdlib can answer,
 * with its generator or an error. */
outcome prepare_arguments(prepared *p, PyObject **v, PyObject *unpack_pair);

/* Fill in the options from an encoder's attributes, with a new reference (or NULL) in *function. As
 * prepare_arguments. */
outcome prepare_instance(core_state *state, prepared *p, PyObject *encoder, PyObject *object, PyObject **function);

/* Encode as an instance's attributes say, whatever its methods: as encode_instance. */
outcome encode_by_attributes(core_state *state, const encode_options *base, PyObject *encoder, PyObject *object,
                             int asks_first, PyObject **result);

/* Encode as an instance's attributes say: DONE with *result set; LEFT where its own methods have to do it, because it
 * overrides iterencode (or encode, if that is asked) or holds pieces that aren't text. */
outcome encode_instance(core_state *state, const encode_options *base, PyObject *encoder, PyObject *object,
                        int asks_encode, PyObject **result);

#endif
