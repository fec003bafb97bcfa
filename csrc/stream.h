/* Reading JSON text block by block: which token comes next, in a document that is never held as a whole.
 *
 * The scanner decides what is well formed, by the grammar of CPython's json: it validates each byte once, in the order of
 * the document, and makes nothing of what it reads. A token may be cut at any byte: the scanner answers STREAM_MORE, and
 * goes on where it was once more text has been put behind the rest. Includes no Python.h. */
#ifndef CYJSON_STREAM_H
#define CYJSON_STREAM_H

#include "vec.h"

typedef enum {
    STREAM_MORE,      /* the text ends within a token, or before the next */
    STREAM_ERROR,     /* the text from `at` on is wrong: for what is wrong see stream_state */
    STREAM_NO_MEMORY,
    STREAM_END,       /* the document is complete, and nothing is behind it */
    STREAM_VALUE,     /* when only asked to find it: a value starts at `at` */
    STREAM_KEY,       /* from here on the token is [mark, at), quotes included */
    STREAM_START_OBJECT,
    STREAM_END_OBJECT,
    STREAM_START_ARRAY,
    STREAM_END_ARRAY,
    STREAM_SCALAR     /* a string, number or constant: the first byte tells */
} stream_token;

/* What is expected, or in the middle of what the scanner is. stream.py names the same numbers. */
typedef enum {
    STREAM_AT_DOCUMENT,   /* the document's value */
    STREAM_AT_FIRST_ITEM, /* an array's first value, or its end */
    STREAM_AT_ITEM,       /* a value behind an array's comma; mark is at the comma */
    STREAM_AT_FIRST_KEY,  /* an object's first key, or its end */
    STREAM_AT_KEY,        /* a key behind an object's comma; mark is at the comma */
    STREAM_AT_COLON,
    STREAM_AT_MEMBER,     /* an object's value */
    STREAM_AFTER,         /* behind a value: a comma, an end, or white space up to the end of the document */
    STREAM_IN_KEY,        /* in all that follow, mark is where the token starts */
    STREAM_IN_STRING,
    STREAM_IN_DIGITS,
    STREAM_IN_POINT,
    STREAM_IN_FRACTION,
    STREAM_IN_E,
    STREAM_IN_EXPONENT
} stream_state;

typedef struct {
    stream_state state;
    int lenient;     /* control characters are allowed in strings */
    size_t at, mark; /* offsets in the text */
    size_t depth;    /* containers that are open */
    uint64_t *kinds; /* a bit for each of them: 1 for an object */
    size_t room;     /* words of kinds */
} stream_scanner;

void stream_init(stream_scanner *scanner, int lenient);
void stream_free(stream_scanner *scanner);

/* Read one token of text[0, size), from scanner->at on; text[size] is readable and zero. `final`: the document ends at
 * size. With `find`, stop where a value starts (STREAM_VALUE) rather than read it.
 *
 * After STREAM_MORE the caller appends text and calls again; it may drop what is before `at` (before `mark`, where it
 * wants the token) by stream_drop. After STREAM_ERROR and STREAM_NO_MEMORY the scanner is at its end. */
stream_token stream_next(stream_scanner *scanner, const uint8_t *text, size_t size, int final, int find);

/* Read on until `depth` containers are open and a value is behind: from where a value starts (STREAM_VALUE), with its
 * depth, to its end. STREAM_SCALAR then; or STREAM_MORE, STREAM_ERROR, STREAM_NO_MEMORY. */
stream_token stream_skip(stream_scanner *scanner, const uint8_t *text, size_t size, int final, size_t depth);

/* Whether the innermost container is an object; there is one. */
static ALWAYS_INLINE int stream_in_object(const stream_scanner *s) { return s->kinds[(s->depth - 1) / 64] >> (s->depth - 1) % 64 & 1; }

/* A container begins: its kind, and what is expected in it. -1 where there is no memory, and nothing changed. */
int stream_open(stream_scanner *scanner, int is_object);

/* The value at scanner->at was read by someone else, up to `end`. */
void stream_passed(stream_scanner *scanner, size_t end);

/* The first n <= at bytes of the text are gone. A mark among them becomes STREAM_LOST. */
#define STREAM_LOST SIZE_MAX
void stream_drop(stream_scanner *scanner, size_t n);

/* Where in the document a byte of its text is. */
typedef struct {
    uint64_t bytes;
    uint64_t characters;
    uint64_t lines;      /* line feeds before it */
    uint64_t line_start; /* the characters before its line */
} stream_position;

/* Move on over n bytes. */
void stream_advance(stream_position *position, const uint8_t *text, size_t n);

#endif
