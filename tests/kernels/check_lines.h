/* skip's check of lines against the oracle of check_skip.h, document by document. */
#ifndef CYJSON_TEST_CHECK_LINES_H
#define CYJSON_TEST_CHECK_LINES_H

#include "check_skip.h"

/* Whether there are so many digits in a row that the check may leave them to others. */
static int lines_are_digits(const uint8_t *p, const uint8_t *end) {
    size_t run = 0;
    for (; p < end; p++) {
        run = (uint8_t)(*p - '0') < 10 ? run + 1 : 0;
        if (run >= 64) return 1;
    }
    return 0;
}

/* Whether all in a document is in one line, tabs being as good as line feeds. */
static int lines_are_flat(const uint8_t *p, const uint8_t *end) {
    for (; p < end; p++)
        if (*p == '\n' || *p == '\r' || *p == '\t') return 0;
    return 1;
}

static void check_lines_as(const uint8_t *text, size_t size) {
    static skip_lines found;
    static oracle o;
    for (int l = CPU_BASE; l <= (int)cpu_best(); l++) {
        const uint8_t *p = text, *end = text + size;
        size_t count = 0, tokens = 0, containers = 0;
        if (skip_for((cpu_level)l)->check_lines == NULL) continue;
        skip_for((cpu_level)l)->check_lines(text, end, &found);
        if (found.index.count < 1 && found.count) skip_differs((cpu_level)l, "containers of lines", text, size);
        for (int parted = 1;; parted = 0) {
            while (p < end && (*p == ' ' || *p == '\n' || *p == '\r')) {
                if (*p != ' ') {
                    parted = 1;
                    tokens++;
                }
                p++;
            }
            if (!parted || p == end || (*p != '{' && *p != '[')) break;
            memset(&o, 0, offsetof(oracle, containers));
            o.p = o.start = p;
            o.end = end;
            o.utf8 = 1;
            o.count = o.tokens = 0;
            o.escapes = 0;
            if (oracle_container(&o) || !lines_are_flat(p, o.p)) break;
            if (count == found.count) {
                if (count < SKIP_LINES_MOST && !lines_are_digits(p, end) && (size_t)(o.p - text) < SKIP_LINES)
                    skip_differs((cpu_level)l, "a line is missing", text, size);
                break;
            }
            const skip_document *d = &found.documents[count++];
            if (text + d->start != p || text + d->end != o.p || d->depth != o.deepest)
                skip_differs((cpu_level)l, "a line", text, size);
            if (d->token != tokens || d->container != containers || found.index.tokens < tokens + o.tokens)
                skip_differs((cpu_level)l, "tokens of a line", text, size);
            for (size_t i = 0; i < o.tokens; i++)
                if (found.index.places[tokens + i] != d->start + o.places[i])
                    skip_differs((cpu_level)l, "a token's place in lines", text, size);
            for (size_t i = 0; i < o.count; i++) {
                skip_container c = found.index.containers[containers + i], e = o.containers[i];
                if (c.start != d->start + e.start || c.end != d->start + e.end || c.count != e.count ||
                    c.next != containers + e.next || c.token != tokens + e.token || c.after != tokens + e.after)
                    skip_differs((cpu_level)l, "a container in lines", text, size);
            }
            for (size_t at = d->start; at < d->end; at++)
                if (text[at] == '\\' && !(found.escapes[at / 64 / 64] >> (at / 64 % 64) & 1))
                    skip_differs((cpu_level)l, "escapes in lines", text, size);
            tokens += o.tokens;
            containers += o.count;
            p = o.p;
        }
        if (count < found.count) skip_differs((cpu_level)l, "a line that is none", text, size);
    }
}

static inline void check_lines(const uint8_t *data, size_t size) {
    for (int side = 0; side < 2; side++) {
        const uint8_t *text = skip_text_at(side, data, &size);
        check_lines_as(text, size);
    }
}

#endif
