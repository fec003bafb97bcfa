/* Lines of which parts are wanted: checked, and the parts found, by threads beside the interpreter.
 *
 * A reader cuts its source into chunks of whole lines, and gives them to a pool; of a file it may give ranges, whose
 * lines the threads read themselves. Threads of the pool take one each, and note for each line whether it is a
 * well-formed array or object, and where the wanted values begin. The reader takes the chunks in the order in which it
 * gave them, and makes objects of what was found. A line about which there is anything to say (a fault, a scalar, what
 * is too deep) is noted as not good, and decoded by the reader as it would be without threads: so errors are the same.
 * An example, two paths, of which the second line has one, and the third is no JSON:
 *
 *     chunk    {"id": 1, "t": 2}\n{"id": 3}\n{"id": 4\n
 *     good     1                  1          0
 *     parts    1, 2               3, NULL    -
 *
 * The threads know nothing of Python: they have no thread state, take no GIL and use malloc alone, so that an
 * interpreter may end while they run. Functions here run no Python code; those of pools are for one thread at a time,
 * the reader's, and are called without the GIL, or in a free-threaded build with or without an attached thread. */
#ifndef CYJSON_PARTS_LINES_H
#define CYJSON_PARTS_LINES_H

#include "kernels/ahead.h"
#include "parts/paths.h"

enum {
    LINES_MOST_THREADS = 64,
    LINES_BEYOND = 4096, /* bytes that are read after a range, at first, to find the end of its last line */
    LINES_MARGIN = 64 /* bytes before what is read of a range, where that is faster */
};

/* What is wanted of each line. */
typedef struct {
    const skip_functions *skip;
    const paths *paths; /* NULL: no values, but the index of the line's containers */
    int unchecked; /* no more of a line is looked at than it takes to find the parts; there is no index */
    /* In place of these, what makes something of a chunk as a whole, of what was given with it (it may be NULL), and
     * how that is freed. *kept is a thread's from one chunk to the next, and NULL at first. */
    void (*make)(void *made, void **kept, const uint8_t *text, size_t size);
    void (*unmake)(void *made);
    void (*free_kept)(void *kept);
} lines_wish;

typedef struct {
    int good; /* a well-formed array or object, without integers that are too long for some interpreters; unchecked,
               * what begins as one, without a fault up to the last part */
    uint32_t depth; /* of its deepest container */
    int escapes; /* whether there is a backslash in it */
    uint32_t first; /* where its bracket is, from the line's beginning */
} lines_line;

typedef struct {
    size_t count, room;
    lines_line *line;
    const uint8_t **part; /* paths->count for each line: where the value begins, or NULL */
    skip_index *index; /* without paths, of each line; whoever takes one empties it */
} lines_found;

/* Memory that the scan of a line uses, and the next one's again. All zero before the first. */
typedef struct {
    lines_ahead ahead;
    skip_index index;
    uint8_t *name; /* without its escapes */
    size_t name_room;
    void *kept; /* by what makes something of chunks; freed apart */
} lines_scratch;

/* Scan the line [p, end), and add what is found: -1 where there is no memory for that. */
int lines_scan(const lines_wish *wish, lines_scratch *scratch, const uint8_t *p, const uint8_t *end,
               lines_found *found);

/* Find the parts of a document that ahead_next has just given: `part` gets a place for each path, NULL where there is
 * none. -1 where there is no memory. */
int lines_find(const lines_wish *wish, lines_scratch *scratch, const skip_document *document, const uint8_t **part);

/* Make `to` the index of such a document alone, whose offsets count from its bracket: -1 where there is no memory. */
int lines_index(const lines_scratch *scratch, const skip_document *document, skip_index *to);

/* Find the parts as lines_find does, of the document whose bracket is at p, and of which nothing is known but that it
 * ends before `end`: -1 also where it is malformed. */
int lines_find_unchecked(const lines_wish *wish, lines_scratch *scratch, const uint8_t *p, const uint8_t *end,
                         const uint8_t **part);

/* Forget what was found, and keep the memory for the next. */
void lines_forget(lines_found *found);
void lines_free_found(lines_found *found);
void lines_free_scratch(lines_scratch *scratch);

/* ---- pools ---- */

typedef struct lines_chunk {
    struct lines_chunk *next; /* in the order of the source */
    struct lines_chunk *next_unscanned;
    uint8_t *data;
    int is_borrowed; /* or else of malloc, and the chunk's */
    size_t first, size, room; /* lines are in data[first, first + size); room: of memory where it is the chunk's */
    int is_range; /* of a file: the lines that begin from `from` on, and before `to`; these are offsets in it */
    int begins; /* whether one begins at `from`, whatever is before it */
    uint64_t from, to;
    int is_last; /* the lines of a range that could be read: what comes after them has to be read otherwise */
    int state;
    lines_found found; /* of its lines, in their order; fewer where memory is short */
    int is_plain; /* nothing is to be made of it */
    void *made; /* whoever takes it leaves NULL */
    void (*unmake)(void *made);
} lines_chunk;

typedef struct lines_pool lines_pool;

/* Make a pool of threads, which are started as there is work for them, and of which there is at least one, but with the
 * reader's no more than processors: NULL where memory is missing. What the wish points to lives until lines_pool_close
 * returns. */
lines_pool *lines_pool_new(const lines_wish *wish, int threads);

/* Have `size` bytes at data scanned (is_plain: only given back), which are borrowed until the pool is closed and the
 * chunk freed (room is 0), or of malloc(room) and become the pool's, as does what is to be made of them. -1 where there
 * is no memory, and both stay the caller's. Wants the GIL, or an attached thread. */
int lines_pool_give(lines_pool *pool, uint8_t *data, size_t size, size_t room, int is_plain, void *made);

/* Have this file read by ranges, of which it has *size bytes now: -1 where it can't be, as it isn't a regular one. The
 * descriptor stays the caller's. Lines of more than line_most bytes aren't read. */
int lines_pool_open(lines_pool *pool, int file, size_t line_most, uint64_t *size);

/* As lines_pool_give, of the lines that begin in a range of that file. data is for what is read. */
int lines_pool_give_range(lines_pool *pool, uint8_t *data, size_t room, uint64_t from, uint64_t to, int begins,
                          void *made);

/* How many bytes a range of so many takes. */
static inline size_t lines_range_room(size_t size) { return LINES_MARGIN + 1 + size + LINES_BEYOND; }

/* How many chunks were given and not taken. */
size_t lines_pool_held(const lines_pool *pool);

/* Take the first chunk that wasn't taken, once it is scanned: NULL where there is none. Meanwhile this thread scans
 * too, as long as there is a chunk that nobody has begun. It is freed by lines_chunk_free. */
lines_chunk *lines_pool_take(lines_pool *pool);
void lines_chunk_free(lines_chunk *chunk);

/* End the threads, wait until none looks at any chunk, and free the pool. May be called with or without the GIL. */
void lines_pool_close(lines_pool *pool);

#endif
