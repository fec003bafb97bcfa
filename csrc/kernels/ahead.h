/* Documents of lines one by one, of which many are checked at a time.
 *
 * Whoever goes through lines asks at the beginning of each for the document in it. The first answer checks some
 * SKIP_LINES bytes of lines together (skip.h), which costs less than to check them one by one; the next ones are there
 * already. A line about which there is anything to say (a fault, a scalar, white space before its bracket, what is cut
 * off) has no answer, and is for whoever looks at it alone. Where many lines are such, few are checked in vain. */
#ifndef CYJSON_KERNELS_AHEAD_H
#define CYJSON_KERNELS_AHEAD_H

#include "kernels/skip.h"

/* Lines that were checked together. All zero before the first. */
typedef struct {
    skip_lines *lines; /* of malloc; NULL before the first, or where there is no memory */
    const uint8_t *text; /* that they are of; NULL: none */
    size_t next; /* the document that comes next */
    int wait, waits; /* how many lines are still to be looked at alone, and were the last time that few were found */
} lines_ahead;

/* Return the document that is alone in the line at p, whose line feed is before end: *after becomes the byte after it.
 * Its offsets count from ahead->text, whose bytes stay as they are until ahead_forget. NULL where it isn't known. p is
 * before end, and at the beginning of a line. */
const skip_document *ahead_next(const skip_functions *skip, lines_ahead *ahead, const uint8_t *p, const uint8_t *end,
                                const uint8_t **after);

/* Whether there may be a backslash in a document that ahead_next has just given. */
int ahead_escapes(const lines_ahead *ahead, const skip_document *document);

/* Forget what was checked: the text isn't where it was. */
static inline void ahead_forget(lines_ahead *ahead) { ahead->text = NULL; }

void ahead_free(lines_ahead *ahead);

#endif
