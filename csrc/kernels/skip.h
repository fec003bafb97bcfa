/* Where a JSON array or object ends, found 64 bytes at a time, without making anything of what is in it.
 *
 * Two ways: checked, by the whole grammar that json accepts, and balanced, by counting brackets outside of strings. The
 * method is that of Langdale & Lemire, "Parsing gigabytes of JSON per second" (2019): words of 64 bits say which of 64
 * bytes are quotes, inside a string, white space and so on. Here the grammar is decided by such words too: the first
 * bytes of tokens are moved together, and what may follow a token is a word of places among them, so that only
 * brackets, words such as true and zeros at a number's start are looked at one by one. An example, the dots being
 * zeros:
 *
 *     text     {"a" : [1,-2]}
 *     in       .11...........   from an opening quote to before its closing one: the prefix exclusive or of quotes
 *     marks    1....1.1.1..11   brackets, colons and commas that aren't in a string
 *     starts   ........1.1...   where numbers and words begin
 *     tokens   {":[1,-]}        the first bytes of what marks, starts and opening quotes say
 *     G2       .1.......        after a { or an object's comma: strings, which are keys
 *     G4       ..1......        after a key: colons, which are nowhere else
 *     G1       ...11.1..        after a colon, [ or an array's comma: values
 *     G3       .....1.11        after all others: commas and closing brackets
 *
 * Text is [p, end), and no byte outside is read. Nothing here allocates but the check, for its index. Functions may be
 * called from several threads at once, each with an index of its own. Includes no Python.h. */
#ifndef CYJSON_KERNELS_SKIP_H
#define CYJSON_KERNELS_SKIP_H

#include <stddef.h>
#include <stdint.h>

#include "base/cpu.h"
#include "base/simd128.h"

enum {
    SKIP_DEPTH = 1024, /* levels: what is deeper is refused by skip_check */
    SKIP_LONG = 640 /* digits: the least limit that an interpreter can be given for int (sys.set_int_max_str_digits) */
};

/* An array or object of a text, by the order of their beginnings. */
typedef struct {
    uint32_t start, end; /* offsets of its bracket, and of the byte after its closing one */
    uint32_t next; /* the index of the first container that begins after its end */
    uint32_t count; /* items, or members: equal names count each */
    uint32_t token, after; /* the index of its bracket among the tokens, and of what comes after its closing one */
} skip_container;

/* Tokens are brackets, colons, commas, and the beginnings of strings, numbers and words: `[1, {"a": -2}]` has nine, at
 * 0, 1, 2, 4, 5, 8, 10, 12 and 13. So whoever stands at a token knows where the next one is: a member has
 * its name's token, the colon's, its value's, and a comma or bracket. */
typedef struct {
    skip_container *containers; /* of malloc, or `first` */
    size_t count, room;
    skip_container *first; /* memory of the caller's that is used as long as it suffices; NULL where first_room is 0 */
    size_t first_room;
    uint32_t *places; /* of malloc, or `first_places`: offsets of the tokens */
    size_t tokens, places_room;
    uint32_t *first_places; /* likewise, of the caller's */
    size_t first_places_room;
} skip_index;

/* What a check found out besides. */
typedef struct {
    size_t depth; /* of the deepest container, 1 for one that holds no other */
    int long_integer; /* whether some integer has more than SKIP_LONG digits: an interpreter's limit may forbid it */
    int escapes; /* whether there is a backslash in it */
    int not_finite; /* whether there is a NaN, Infinity or -Infinity, which not everybody takes */
    int no_memory; /* the answer is NULL because the index found none */
} skip_found;

enum {
    SKIP_LINES = 1 << 15, /* bytes of lines looked at at a time, and the rest of a line: notes stay in a near cache */
    SKIP_LINES_LONGEST = 1 << 17, /* and no more than these */
    SKIP_LINES_MOST = 1024 /* nor more lines */
};

/* An array or object that is alone in its line. */
typedef struct {
    uint32_t start, end; /* offsets of its bracket, and of the byte after its closing one */
    uint32_t token, container; /* the index of its bracket among the tokens, and its own among the containers */
    uint32_t depth; /* of its deepest container */
} skip_document;

/* What was found in lines; offsets count from where they begin. */
typedef struct {
    skip_index index; /* of all documents */
    size_t count;
    skip_document documents[SKIP_LINES_MOST];
    uint64_t escapes[SKIP_LINES_LONGEST / 64 / 64 + 1]; /* a bit for each 64 bytes: whether there is a backslash */
} skip_lines;

/* What comes next in a text of which more may come. */
typedef enum { SKIP_VALUE, SKIP_FIRST_ITEM, SKIP_NAME, SKIP_FIRST_NAME, SKIP_COLON, SKIP_AFTER } skip_due;

/* A place in such a text: between tokens. */
typedef struct {
    const uint8_t *at; /* where a token begins, or white space before it */
    const uint8_t *before; /* where the token before it begins; NULL where none was passed */
    skip_due due; /* what the token at `at` may be; SKIP_AFTER: a comma or a closing bracket */
    size_t depth; /* containers that are open */
    uint8_t objects[SKIP_DEPTH]; /* whether they are objects, the outermost first */
} skip_place;

typedef struct {
    /* Check the array or object whose bracket is at p, by the grammar of json.loads: NaN, Infinity and -Infinity are
     * values, strings have no control characters (unless `lenient`), every escape is one. With utf8, it must be
     * UTF-8 without surrogates; without, bytes from 0x80 on stand for any characters. Return the byte after its closing
     * bracket, or NULL where it isn't well formed, deeper than SKIP_DEPTH, or index can't grow. index (NULL: none) gets
     * the containers and tokens of the text, offsets counting from p; a text of 4 GiB or more is refused then. It is to
     * be freed by skip_index_free, whatever the answer is. */
    const uint8_t *(*check)(const uint8_t *p, const uint8_t *end, int utf8, int lenient, skip_index *index,
                            skip_found *found);

    /* Go on checking, by the same grammar with utf8, in the containers that are open at a place, or, where none is, in
     * the one whose bracket is there: 1 where the outermost has ended (depth is 0 then, and `at` the byte after it), 0
     * where the text ends before; then all before `at` is well formed, and there is a token from `at` on which was
     * looked at no further, or a few bytes. -1 where something isn't well formed, or may not be, and nothing changed.
     */
    int (*advance)(skip_place *place, const uint8_t *end, int lenient);

    /* Return the byte after the bracket that closes the outermost of `depth` containers that are open at p, outside of
     * a string; with 0, of the one whose bracket is the first from p on. NULL where there is none. Brackets are
     * counted, whichever they are; what else is between is anything. */
    const uint8_t *(*balance)(const uint8_t *p, const uint8_t *end, size_t depth);

    /* Check the arrays and objects of lines of which the first begins at p, as `check` does with utf8, by one pass over
     * all of them, and note those before the first fault, or before what is no such document alone in its line, such as
     * a scalar, what has a long row of digits, or what is cut off by `end`; the last one may have something after it on
     * its line. Those after some SKIP_LINES bytes are left for another call. Between documents are line feeds, carriage
     * returns and spaces. The index keeps its memory from call to call, and is to be freed by skip_index_free. NULL
     * where a level has none. */
    void (*check_lines)(const uint8_t *p, const uint8_t *end, skip_lines *lines);
} skip_functions;

extern const skip_functions CPU_NAME(skip_with);
extern const uint64_t skip_bit_places[256]; /* of kernels/tables/places.c, for x86 */

/* Return the functions for a level that this machine runs. */
const skip_functions *skip_for(cpu_level level);

/* The closing quote of the string whose first character is at p, or NULL. *escaped becomes whether there is a backslash
 * in it. */
static ALWAYS_INLINE const uint8_t *skip_string(const uint8_t *p, const uint8_t *end, int *escaped) {
    *escaped = 0;
    for (;;) {
        while (end - p >= 16) {
            vec v = vec_load(p);
            vec_mask m = vec_bits(vec_or(vec8_equal(v, '"'), vec8_equal(v, '\\')));
            if (LIKELY(m)) {
                p += vec_first(m);
                goto special;
            }
            p += 16;
        }
        while (p < end && *p != '"' && *p != '\\') p++;
        if (p == end) return NULL;
special:
        if (LIKELY(*p == '"')) return p;
        *escaped = 1;
        if (end - p < 2) return NULL;
        p += 2;
    }
}

void skip_index_free(skip_index *index);

/* Make `to` a copy of as much memory as it needs: -1 where there is none, and `to` is empty. */
int skip_index_copy(skip_index *to, const skip_index *from);

/* Forget what is in it, and keep the memory for another text. */
static inline void skip_index_clear(skip_index *index) { index->count = index->tokens = 0; }

/* Make room for 64 containers more, or for as many tokens: -1 where there is no memory. */
int skip_index_grow(skip_index *index);
int skip_index_grow_places(skip_index *index, size_t more);

#endif
