#include "kernels/ahead.h"

#include <stdlib.h>
#include <string.h>

/* Check lines from p on: whether there is a document. */
static NOINLINE int look_ahead(const skip_functions *skip, lines_ahead *ahead, const uint8_t *p, const uint8_t *end) {
    enum { MOST_WAITS = 63 };
    const uint8_t *before = ahead->text;
    ahead->text = NULL;
    if (before != NULL && p - before < SKIP_LINES && ahead->lines->count < SKIP_LINES_MOST)
        return 0; /* the check stopped at this line */
    if (ahead->wait > 0) {
        ahead->wait--;
        return 0;
    }
    if (ahead->lines == NULL && (ahead->lines = calloc(1, sizeof *ahead->lines)) == NULL) return 0;
    skip->check_lines(p, end, ahead->lines);
    size_t count = ahead->lines->count, given = end - p < SKIP_LINES ? (size_t)(end - p) : SKIP_LINES;
    ahead->next = 0;
    if (count == 0 || (count < SKIP_LINES_MOST && ahead->lines->documents[count - 1].end < given / 2))
        ahead->waits = ahead->waits < MOST_WAITS ? 2 * ahead->waits + 1 : MOST_WAITS;
    else ahead->waits = 0;
    ahead->wait = ahead->waits;
    if (count > 0) ahead->text = p;
    return count > 0;
}

const skip_document *ahead_next(const skip_functions *skip, lines_ahead *ahead, const uint8_t *p, const uint8_t *end,
                                const uint8_t **after) {
    if ((*p != '{' && *p != '[') || skip->check_lines == NULL) return NULL;
    if (ahead->text != NULL) /* those of lines that were looked at alone */
        while (ahead->next < ahead->lines->count && ahead->text + ahead->lines->documents[ahead->next].start < p)
            ahead->next++;
    if ((ahead->text == NULL || ahead->next == ahead->lines->count) && !look_ahead(skip, ahead, p, end)) return NULL;
    const skip_document *document = &ahead->lines->documents[ahead->next];
    if (ahead->text + document->start != p) return NULL;
    const uint8_t *q = ahead->text + document->end;
    while (q < end && *q != '\n' && (*q == ' ' || *q == '\r' || *q == '\t')) q++;
    if (q == end || *q != '\n') return NULL; /* cut off; or another one, after a carriage return */
    ahead->next++;
    *after = q + 1;
    return document;
}

int ahead_escapes(const lines_ahead *ahead, const skip_document *document) {
    const uint64_t *escapes = ahead->lines->escapes;
    size_t first = document->start / 64, last = (document->end - 1) / 64;
    uint64_t bits = escapes[first / 64] & ~(uint64_t)0 << first % 64, to = ~(uint64_t)0 >> (63 - last % 64);
    for (size_t i = first / 64; i < last / 64; i++, bits = escapes[i])
        if (bits) return 1;
    return (bits & to) != 0;
}

void ahead_free(lines_ahead *ahead) {
    if (ahead->lines != NULL) skip_index_free(&ahead->lines->index);
    free(ahead->lines);
    memset(ahead, 0, sizeof *ahead);
}
