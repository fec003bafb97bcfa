/* One run of the decoder: its stacks and how they begin and end. */
#include "decode/decoder.h"

#include "kernels/number_parse.h"
#include "kernels/scan.h"
#include "python/outcome.h"

/* How the text is stored: its characters' width in bytes, and whether it is UTF-8 or Latin-1. Constant in every inlined
 * copy of the decoder. */
typedef enum { TEXT_UTF8 = 0, TEXT_LATIN1 = 1, TEXT_UCS2 = 2, TEXT_UCS4 = 4 } text_form;

static ALWAYS_INLINE int form_width(text_form form) { return form == TEXT_UTF8 ? 1 : (int)form; }

/* The function out of line, of those of one name, that is compiled for a form. */
#define BY_FORM(form, function) \
    ((form) == TEXT_UTF8     ? function##_utf8 \
     : (form) == TEXT_LATIN1 ? function##_latin1 \
     : (form) == TEXT_UCS2   ? function##_ucs2 \
                             : function##_ucs4)

/* The keys that the innermost object should have if it is like the one that stood at such a place before. They are
 * borrowed from a shape: valid while state->shapes_kept stays what it was. */
typedef struct {
    PyObject *const *next, *const *end; /* of the shape's entries; NULL where nothing is expected */
    uint64_t kept;
    uint16_t place; /* of the shape */
} guess;

/* An array or object whose end hasn't come yet. Its latest items are on the value stack from base on; once the stack
 * ran full, earlier ones have moved into container. */
typedef struct {
    Py_ssize_t base;
    PyObject *container; /* list or dict (or list of pairs), NULL until the first move */
    int is_object;
    uint32_t context; /* the decoder's, of an object */
    guess guessed; /* of an object in which another container is open: the decoder's, once that ends */
} frame;

enum {
    FIRST_VALUES = 128,
    FIRST_FRAMES = 16,
    FIRST_SCRATCH = 512,
    HEAP_VALUES = 1024, /* at least, once the first are too few */
    WORTH_MOVING = 256, /* values of one container that are moved rather than have the stack grow */
    SMALL_TEXT = 256, /* bytes */
    LONE_NUMBER = 24, /* bytes */
    WIDE_SHORT = 64, /* characters of two or four bytes that are narrowed before a str is made */
    DEEP = 1000, /* levels after which an interpreter that looks at its stack is asked (3.14 and later) */
};

typedef struct decoder {
    decode_state *state;
    const decode_options *options;
    PyObject *text; /* the document as a str; NULL for bytes, where no Python code runs */
    const uint8_t *start, *end;

    const uint8_t *expects_fraction; /* start, where the number before had one; otherwise NULL */
    guess guessed; /* of the innermost container */
    uint32_t context; /* a hash of the innermost key under which a container was opened */

    PyObject **values, **values_top, **values_limit; /* values_top: see HIDE_VALUES_TOP */
    frame *frames, *frames_limit;
    Py_ssize_t depth, depth_allowed; /* depth_allowed where the interpreter doesn't count levels itself */
    PyThreadState *thread;

    const uint8_t *ended_at; /* where what a function out of line read ends: an address given to it would keep the
                              position in memory */
    uint8_t *scratch, *scratch_limit; /* a string that isn't a plain copy of its source is put together here */
    int gc_paused; /* what compat_gc_pause said */
    int watched; /* what compat_new_objects_are_watched said */
#if !COMPAT_HAS_GIL
    keycache *keys; /* taken at the first key; NULL before */
#endif
    PyObject *long_keys; /* a dict: the keys too long for the cache, each to itself; NULL until there is one */
    unsigned on_heap; /* of values, frames and scratch those that have outgrown their space on the C stack */
} decoder;

/* values_top isn't up to date while read_value has a copy at hand. A debug build makes it unusable meanwhile. */
#if defined(CYJSON_DEBUG)
#define HIDE_VALUES_TOP(d, top) \
    do { \
        if ((top) != &(d)->values_top) (d)->values_top = NULL; \
    } while (0)
#else
#define HIDE_VALUES_TOP(d, top) ((void)0)
#endif

enum { VALUES_ON_HEAP = 1, FRAMES_ON_HEAP = 2, SCRATCH_ON_HEAP = 4 };

/* Space on the C stack that spares most documents an allocation. Not much: hooks may decode in turn, as deep as the
 * interpreter allows. */
typedef struct {
    PyObject *values[FIRST_VALUES];
    frame frames[FIRST_FRAMES];
    uint8_t scratch[FIRST_SCRATCH];
} first_space;

static ALWAYS_INLINE void decoder_start(decoder *d, decode_state *state, const decode_options *options, PyObject *text,
                                        first_space *space) {
    d->values = d->values_top = space->values;
    d->values_limit = space->values + FIRST_VALUES;
    d->frames = space->frames;
    d->frames_limit = space->frames + FIRST_FRAMES;
    d->scratch = space->scratch;
    d->scratch_limit = space->scratch + FIRST_SCRATCH;
    d->state = state;
    d->options = options;
    d->text = text;
    d->depth = 0;
    d->depth_allowed = DEEP;
    d->thread = PyThreadState_Get();
#if !COMPAT_HAS_GIL
    d->keys = NULL;
#endif
    d->long_keys = NULL;
    d->on_heap = 0;
    d->gc_paused = 0;
    d->watched = compat_new_objects_are_watched();
    d->expects_fraction = NULL;
    d->guessed.next = NULL;
    d->context = 0;
}

/* What only pays in documents of some size. */
static ALWAYS_INLINE void decoder_prepare_for_many(decoder *d) {
    if (d->end - d->start < SMALL_TEXT) return;
    d->gc_paused = compat_gc_pause(d->options->runs_python);
}

static NOINLINE void decoder_give_back(decoder *d) {
    CYJSON_ASSERT(d->values_top >= d->values && d->values_top <= d->values_limit && d->depth >= 0);
    while (d->values_top > d->values) Py_XDECREF(*--d->values_top); /* NULL: of a member that hasn't come yet */
    while (d->depth > 0) {
        d->depth--;
        Py_XDECREF(d->frames[d->depth].container);
        if (COMPAT_COUNTS_RECURSION) compat_leave(d->thread);
    }
    if (d->on_heap & VALUES_ON_HEAP) PyMem_Free(d->values);
    if (d->on_heap & FRAMES_ON_HEAP) PyMem_Free(d->frames);
    if (d->on_heap & SCRATCH_ON_HEAP) PyMem_Free(d->scratch);
    Py_XDECREF(d->long_keys);
}

static ALWAYS_INLINE void decoder_end(decoder *d) {
#if !COMPAT_HAS_GIL
    if (d->keys != NULL) keycache_put_back(&d->state->keys, d->thread, d->keys);
#endif
    int nothing = (d->values_top == d->values) & (d->depth == 0) & (d->on_heap == 0) & (d->long_keys == NULL);
    if (!nothing) decoder_give_back(d);
}

/* What a hook makes of its argument, the reference to which is taken over. */
static ALWAYS_INLINE PyObject *call_hook(decoder *d, PyObject *hook, PyObject *argument) {
    if (argument == NULL) return NULL;
    compat_gc_resume(d->gc_paused);
    PyObject *result = PyObject_CallOneArg(hook, argument);
    Py_DECREF(argument);
    if (d->gc_paused) d->gc_paused = compat_gc_pause(1);
    d->watched = compat_new_objects_are_watched();
    return result;
}
