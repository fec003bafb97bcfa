/* Reading JSON text block by block: which token comes next, in a document that is never held as a whole.
 *
 * The scanner decides what is well formed, by the grammar of CPython's json: it validates each byte once, in the order
 * of the document, and makes nothing of what it reads. A token may be cut at any byte: the scanner answers TOKEN_MORE,
 * and goes on where it was once more text has been appended to the rest. Includes no Python.h.
 *
 * For example {"a":[1 and later 2]: the answers are TOKEN_START_OBJECT (mark 0, at 1), TOKEN_KEY (mark 1, at 4),
 * TOKEN_START_ARRAY (mark 5, at 6) and, with the state TOKENS_IN_DIGITS, TOKEN_MORE (mark 6, at 7). Once the text is
 * {"a":[12] the answer is TOKEN_SCALAR (mark 6, at 8): the bytes 12. Or the caller drops the first 6 bytes before it
 * appends: then mark is 0 and at 2. */
#ifndef CYJSON_TOKENS_H
#define CYJSON_TOKENS_H

#include "base/simd128.h"
#include "kernels/skip.h"

/* ---- the numbers of the protocol: _stream.pxi declares them, stream.py and _pure_stream.py have the same ---- */

typedef enum {
    TOKEN_MORE, /* the text ends within a token, or before the next */
    TOKEN_ERROR, /* the text from `at` on is wrong: for what is wrong see tokens_state */
    TOKEN_NO_MEMORY,
    TOKEN_END, /* the document (the last of many) is complete, and nothing follows it */
    TOKEN_VALUE, /* when only asked to find it: a value starts at `at` */
    TOKEN_KEY, /* from here on the token is [mark, at), quotes included */
    TOKEN_START_OBJECT,
    TOKEN_END_OBJECT,
    TOKEN_START_ARRAY,
    TOKEN_END_ARRAY,
    TOKEN_SCALAR /* a string, number or constant: which, the first byte shows */
} token_kind;

/* What is expected, or in the middle of what the scanner is. */
typedef enum {
    TOKENS_AT_DOCUMENT, /* the document's value */
    TOKENS_AT_FIRST_ITEM, /* an array's first value, or its end */
    TOKENS_AT_ITEM, /* a value after an array's comma; mark is at the comma */
    TOKENS_AT_FIRST_KEY, /* an object's first key, or its end */
    TOKENS_AT_KEY, /* a key after an object's comma; mark is at the comma */
    TOKENS_AT_COLON,
    TOKENS_AT_MEMBER, /* an object's value */
    TOKENS_AFTER, /* after a value: a comma, an end, or white space up to the end of the document */
    TOKENS_IN_KEY, /* in all that follow, mark is where the token starts */
    TOKENS_IN_STRING,
    TOKENS_IN_DIGITS,
    TOKENS_IN_POINT,
    TOKENS_IN_FRACTION,
    TOKENS_IN_E,
    TOKENS_IN_EXPONENT
} tokens_state;

/* The kinds of events that are made of the tokens (decode/events.h). */
typedef enum {
    EVENT_START_MAP,
    EVENT_END_MAP,
    EVENT_START_ARRAY,
    EVENT_END_ARRAY,
    EVENT_MAP_KEY,
    EVENT_STRING,
    EVENT_NUMBER,
    EVENT_BOOLEAN,
    EVENT_NULL,
    EVENT_KINDS
} event_kind;

/* ---- the scanner ---- */

typedef struct {
    const skip_functions *skip; /* by which long values are skipped; NULL: none */
    tokens_state state;
    int lenient; /* control characters are allowed in strings */
    int many; /* another document may follow one */
    uint8_t last; /* where `at` is 0, the byte before it */
    size_t at, mark; /* offsets in the text */
    size_t depth; /* containers that are open */
    uint64_t *kinds; /* a bit for each of them: 1 for an object */
    size_t room; /* words of kinds */
} tokens_scanner;

/* Begin at the start of a document. The scanner owns nothing yet; tokens_free gives back what it takes. */
void tokens_init(tokens_scanner *scanner, const skip_functions *skip, int lenient, int many);
void tokens_free(tokens_scanner *scanner);

/* Read one token of text[0, size), from scanner->at on; text[size] is readable and zero. `final`: the document ends at
 * size. With `find`, stop where a value starts (TOKEN_VALUE) rather than read it.
 *
 * After TOKEN_MORE the caller appends text and calls again; it may drop what is before `at` (before `mark`, where it
 * wants the token) by tokens_drop. After TOKEN_ERROR, which is answered again, and TOKEN_NO_MEMORY the scanner is at
 * its end. */
token_kind tokens_next(tokens_scanner *scanner, const uint8_t *text, size_t size, int final, int find);

/* Read on until `depth` containers are open and a value is read: from where a value starts (TOKEN_VALUE), with its
 * depth, to its end. TOKEN_SCALAR then; or TOKEN_MORE, TOKEN_ERROR, TOKEN_NO_MEMORY. What is well formed is gone
 * through 64 bytes at a time; what isn't, or ends with the text, token by token, so that the answer is that of
 * tokens_next. */
token_kind tokens_skip(tokens_scanner *scanner, const uint8_t *text, size_t size, int final, size_t depth);

/* Whether the innermost container is an object; there is one. */
static ALWAYS_INLINE int tokens_in_object(const tokens_scanner *s) {
    CYJSON_ASSERT(s->depth > 0 && (s->depth - 1) / 64 < s->room);
    return s->kinds[(s->depth - 1) / 64] >> (s->depth - 1) % 64 & 1;
}

/* Begin a container: note its kind, and what is expected in it. 0, or -1 where there is no memory; nothing changed
 * then. */
int tokens_open(tokens_scanner *scanner, int is_object);

/* Go on at `end`: the value at scanner->at was read by other means. */
void tokens_passed(tokens_scanner *scanner, size_t end);

/* Forget the first n <= at bytes of the text, which are gone. A mark among them becomes TOKENS_LOST. */
#define TOKENS_LOST SIZE_MAX
void tokens_drop(tokens_scanner *scanner, const uint8_t *text, size_t n);

/* Where in the document a byte of its text is. */
typedef struct {
    uint64_t bytes;
    uint64_t characters;
    uint64_t lines; /* line feeds before it */
    uint64_t line_start; /* the characters before its line */
} tokens_position;

/* Move on over n bytes. */
void tokens_advance(tokens_position *position, const uint8_t *text, size_t n);

#endif
