/* The state of the module that each interpreter has, and the names that its functions look up. */
#ifndef CYJSON_MODULE_STATE_H
#define CYJSON_MODULE_STATE_H

#include "module/module.h"
#include "module/parts.h"

/* Every keyword of every function here, and every attribute that is asked for by name. */
/* clang-format off */
#define CORE_NAMES(X) \
    X(obj) X(fp) X(s) X(skipkeys) X(ensure_ascii) X(check_circular) X(allow_nan) X(cls) X(indent) \
    X(separators) X(default) X(sort_keys) X(object_hook) X(parse_float) X(parse_int) X(parse_constant) \
    X(object_pairs_hook) X(array_hook) X(strict) X(item_separator) X(key_separator) X(encode) X(iterencode) \
    X(decode) X(write) X(read) X(scan_once) X(raw_decode) X(startswith) \
    X(option) X(_generation) X(json_dispatch_table) X(utcoffset) \
    X(data) X(type) X(errors) X(all) X(root) X(compiled) X(stamp) X(__cyjson_plan__) X(_plan) X(ordered)
/* clang-format on */
#define CORE_NAME(text) NAME_##text,
typedef enum { CORE_NAMES(CORE_NAME) NAMES } name;
#undef CORE_NAME

/* Groups of names that programs replace: those that dumps and dump depend on, loads and load, JSONEncoder's methods;
 * and the Python functions to call then, two of each group. In the order of _names.py. */
typedef enum { NAMES_OF_DUMPS, NAMES_OF_LOADS, NAMES_OF_METHODS, NAME_GROUPS } name_group;
typedef enum { NAMED_DUMPS, NAMED_DUMP, NAMED_LOADS, NAMED_LOAD, NAMED_ENCODE, NAMED_ITERENCODE } named_function;
enum { WATCHED_DICTS = 6 }; /* of a group, at most */

typedef struct {
    const uint64_t *versions[WATCHED_DICTS]; /* up to 3.11, of each dict */
    int64_t usual, replaced; /* changes_of() when nothing was found to be replaced, or something */
} watched_names;

/* Objects that the state holds: attributes of json's modules and classes, as they were when cyjson was imported; */
/* clang-format off */
#define JSON_OBJECTS(X) \
    X(json_loads, json, "loads") X(json_load, json, "load") X(json_dumps, json, "dumps") X(json_dump, json, "dump") \
    X(json_detect_encoding, json, "detect_encoding") X(json_decode_error, json, "JSONDecodeError") \
    X(json_encoder_class, json, "JSONEncoder") X(json_decoder_class, json, "JSONDecoder") \
    X(json_scanstring, decoder, "scanstring") X(json_escape, encoder, "encode_basestring") \
    X(json_escape_ascii, encoder, "encode_basestring_ascii") \
    X(json_encode, state->json_encoder_class, "encode") X(json_iterencode, state->json_encoder_class, "iterencode") \
    X(json_default, state->json_encoder_class, "default") \
    X(json_decode, state->json_decoder_class, "decode") X(json_raw_decode, state->json_decoder_class, "raw_decode") \
    X(json_constant, constants, "__getitem__")
/* and ours: encoder_class to our_iterencode are NULL until core_set_up has given them, decode_in_python to first_failed
 * until decode is called. originals: by the id of each
 * object that install() put into json, what was there. stdlib_decoder_class: json's class, or one that decodes as that
 * does where nothing is installed. installed_...: the methods that install() gave json's classes, NULL before. */
#define OUR_OBJECTS(X) \
    X(encoder_class) X(decoder_class) X(our_encode) X(our_iterencode) X(pieces_type) X(scanner_type) \
    X(refuse_encode) X(refuse_dump_bytes) X(plans_type) X(plans) X(originals) X(stdlib_decoder_class) \
    X(installed_encode) X(installed_iterencode) X(installed_decode) \
    X(watched_dicts) X(find_replaced) X(named) X(retired) \
    X(load_decoding) X(decode_in_python) X(decode_text) X(plan_of) X(known_plans) X(plan_class) X(codec_class) \
    X(generation) X(missing) X(distinct) X(formats) X(first_failed) X(reader_type) X(orjson_explain)
/* clang-format on */

/* The plan of a type that keeps none (list[T], int), the last of those that have this place. With the GIL only. */
typedef struct {
    PyObject *type, *plan;
} recent_plan;
enum { RECENT_PLANS = 16 };

/* Slots of a Plan that are read at each call: their offsets, 0 where they are to be asked for. */
typedef enum { PLAN_TYPE, PLAN_STAMP, PLAN_COMPILED, PLAN_ORDERED, PLAN_SLOTS } plan_slot;

struct core_state {
    decode_state decode;
    encode_state encode;
    PyObject *names[NAMES];
#define JSON_FIELD(field, owner, attribute) PyObject *field;
#define OUR_FIELD(field) PyObject *field;
    JSON_OBJECTS(JSON_FIELD)
    OUR_OBJECTS(OUR_FIELD)
#undef JSON_FIELD
#undef OUR_FIELD
    watched_names watched[NAME_GROUPS];
    const encode_options *compact; /* what encode() has: plans_defaults(plans) */
    recent_plan recent[RECENT_PLANS];
    Py_ssize_t plan_slots[PLAN_SLOTS];
    int watcher; /* from 3.12 on: the number of our dict watcher; -1: none */
    parts_state parts;
};

static inline core_state *state_of(PyObject *core) { return PyModule_GetState(core); }

#endif
