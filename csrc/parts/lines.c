#define PY_SSIZE_T_CLEAN
#include <Python.h> /* first: it says which of the system's functions are wanted */

#include "parts/lines.h"

#include <stdlib.h>
#include <string.h>
#if defined(HAVE_FORK) || defined(HAVE_PREAD)
#include <unistd.h>
#endif
#if defined(HAVE_SCHED_SETAFFINITY)
#include <sched.h>
#endif
#if defined(HAVE_PREAD)
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#endif

#include "parts/walk.h"

/* ---- a line ---- */

void lines_forget(lines_found *found) {
    for (size_t i = 0; found->index != NULL && i < found->count; i++) skip_index_free(&found->index[i]);
    found->count = 0;
}

void lines_free_found(lines_found *found) {
    lines_forget(found);
    free(found->line);
    free((void *)found->part);
    free(found->index);
    memset(found, 0, sizeof *found);
}

void lines_free_scratch(lines_scratch *scratch) {
    ahead_free(&scratch->ahead);
    skip_index_free(&scratch->index);
    free(scratch->name);
    memset(scratch, 0, sizeof *scratch);
}

static int grow(lines_found *found, size_t paths) {
    size_t room = found->room ? 2 * found->room : 8;
    if (room > SIZE_MAX / 2 / sizeof *found->index || (paths && room > SIZE_MAX / 2 / sizeof *found->part / paths))
        return -1;
    lines_line *line = realloc(found->line, room * sizeof *line);
    if (line == NULL) return -1;
    found->line = line;
    if (paths) {
        const uint8_t **part = realloc((void *)found->part, room * paths * sizeof *part);
        if (part == NULL) return -1;
        found->part = part;
    } else {
        skip_index *index = realloc(found->index, room * sizeof *index);
        if (index == NULL) return -1;
        found->index = index;
    }
    found->room = room;
    return 0;
}

/* A walk for the parts of [start, end); what it allocated is scratch's again by `walked`. */
static parts_walk walk_of(const lines_wish *wish, const lines_scratch *scratch, const uint8_t *start,
                          const uint8_t *end, const uint8_t **part) {
    return (parts_walk){
        .start = start,
        .end = end,
        .skip = wish->skip,
        .checked = !wish->unchecked,
        .paths = wish->paths,
        .found = part,
        .missing = wish->paths->count,
        .scratch = scratch->name,
        .scratch_room = scratch->name_room,
    };
}

static int walked(lines_scratch *scratch, const parts_walk *walk, int failed) {
    scratch->name = walk->scratch;
    scratch->name_room = walk->scratch_room;
    return failed;
}

int lines_find_unchecked(const lines_wish *wish, lines_scratch *scratch, const uint8_t *p, const uint8_t *end,
                         const uint8_t **part) {
    parts_walk walk = walk_of(wish, scratch, p, end, part);
    for (Py_ssize_t i = 0; i < wish->paths->count; i++) part[i] = NULL;
    return walked(scratch, &walk, parts_find(&walk, p));
}

/* What a line is that isn't malformed: 1, 0 where it isn't good. */
static int look(const lines_wish *wish, lines_scratch *scratch, const uint8_t *p, const uint8_t *end, lines_line *line,
                const uint8_t **part, skip_index *copy) {
    const uint8_t *start = places_space(p, end);
    skip_index *index = &scratch->index;
    skip_found what;
    if (start == end || (size_t)(start - p) > UINT32_MAX) return 0;
    line->first = (uint32_t)(start - p);
    if (wish->unchecked) {
        line->escapes = 1;
        if (*start != '{' && *start != '[') return 0;
        return wish->paths == NULL || !lines_find_unchecked(wish, scratch, start, end, part);
    }
    skip_index_clear(index);
    const uint8_t *stop = wish->skip->check(start, end, 1, 0, index, &what);
    if (stop == NULL || places_space(stop, end) != end || what.long_integer) return 0;
    line->depth = (uint32_t)what.depth;
    line->escapes = what.escapes;
    if (wish->paths == NULL) return !skip_index_copy(copy, index);
    parts_walk walk = walk_of(wish, scratch, start, end, part);
    walk.index = index;
    walk.escapes = what.escapes;
    return !walked(scratch, &walk, parts_find(&walk, start));
}

/* The next line, about which nothing is known: NULL where there is no memory. */
static lines_line *next_line(const lines_wish *wish, lines_found *found, const uint8_t ***part, skip_index **index) {
    size_t paths = wish->paths == NULL ? 0 : (size_t)wish->paths->count;
    if (found->count == found->room && grow(found, paths)) return NULL;
    lines_line *line = &found->line[found->count];
    *part = paths ? &found->part[found->count * paths] : NULL;
    *index = paths ? NULL : &found->index[found->count];
    memset(line, 0, sizeof *line);
    if (paths) memset((void *)*part, 0, paths * sizeof **part);
    else memset(*index, 0, sizeof **index);
    found->count++;
    return line;
}

int lines_scan(const lines_wish *wish, lines_scratch *scratch, const uint8_t *p, const uint8_t *end,
               lines_found *found) {
    const uint8_t **part;
    skip_index *index;
    lines_line *line = next_line(wish, found, &part, &index);
    if (line == NULL) return -1;
    line->good = look(wish, scratch, p, end, line, part, index);
    return 0;
}

/* ---- lines together ---- */

int lines_index(const lines_scratch *scratch, const skip_document *document, skip_index *to) {
    const skip_index *all = &scratch->ahead.lines->index;
    const skip_container *outermost = &all->containers[document->container];
    const skip_index own = {
        .containers = all->containers + document->container,
        .count = outermost->next - document->container,
        .places = all->places + document->token,
        .tokens = outermost->after - document->token,
    };
    if (skip_index_copy(to, &own)) return -1;
    for (size_t i = 0; i < to->count; i++) {
        skip_container *each = &to->containers[i];
        each->start -= document->start;
        each->end -= document->start;
        each->next -= document->container;
        each->token -= document->token;
        each->after -= document->token;
    }
    for (size_t i = 0; i < to->tokens; i++) to->places[i] -= document->start;
    return 0;
}

int lines_find(const lines_wish *wish, lines_scratch *scratch, const skip_document *document, const uint8_t **part) {
    const skip_lines *lines = scratch->ahead.lines;
    parts_walk walk = walk_of(wish, scratch, scratch->ahead.text, scratch->ahead.text + document->end, part);
    walk.index = &lines->index;
    walk.escapes = ahead_escapes(&scratch->ahead, document);
    walk.escapes_in = lines->escapes;
    for (Py_ssize_t i = 0; i < wish->paths->count; i++) part[i] = NULL;
    return walked(scratch, &walk, parts_find_at(&walk, (places_at){document->token, document->container}));
}

/* ---- pools ---- */

enum { UNSCANNED, TAKEN, SCANNED };

struct lines_pool {
    lines_wish wish;
    PyThread_type_lock mutex; /* for all that follows, but what only the reader looks at */
    PyThread_type_lock scanned; /* the reader waits at it for `awaited`, or, while it closes, for `at_work` to be 0 */
    lines_chunk *first_unscanned, *last_unscanned, *awaited;
    int users; /* the reader and the threads: the last one frees the pool */
    int at_work; /* threads that look at a chunk */
    int closing, is_awaiting_end;
    int idle; /* threads that wait, the last ones of `waiting` */
    int waiting[LINES_MOST_THREADS];
    PyThread_type_lock wake[LINES_MOST_THREADS];

    int file; /* that is read by ranges, or -1; it stays what it is while threads are at work */
    size_t line_most;

    lines_chunk *first, *last; /* given and not taken; these and what follows are the reader's alone */
    size_t held;
    int threads, started;
    long process;
    lines_scratch scratch;
};

typedef struct {
    lines_pool *pool;
    int number;
} lines_worker;

static long this_process(void) {
#if defined(HAVE_FORK)
    return (long)getpid();
#else
    return 0;
#endif
}

/* How many threads can run at the same time here, as far as that is known. */
static int processors(void) {
#if defined(HAVE_SCHED_SETAFFINITY) && defined(CPU_COUNT)
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0) return CPU_COUNT(&set);
#endif
    return INT_MAX;
}

static void lock(lines_pool *pool) { PyThread_acquire_lock(pool->mutex, WAIT_LOCK); }
static void unlock(lines_pool *pool) { PyThread_release_lock(pool->mutex); }

static void free_pool(lines_pool *pool) {
    for (int i = 0; i < pool->threads; i++)
        if (pool->wake[i] != NULL) PyThread_free_lock(pool->wake[i]);
    if (pool->mutex != NULL) PyThread_free_lock(pool->mutex);
    if (pool->scanned != NULL) PyThread_free_lock(pool->scanned);
    free(pool);
}

static void leave(lines_pool *pool) {
    lock(pool);
    int is_last = --pool->users == 0;
    unlock(pool);
    if (is_last) free_pool(pool);
}

/* As lines_scan, of a document that ahead_next has just given. */
static int add_document(const lines_wish *wish, lines_scratch *scratch, const skip_document *document,
                        lines_found *found) {
    const uint8_t **part;
    skip_index *index;
    lines_line *line = next_line(wish, found, &part, &index);
    if (line == NULL) return -1;
    line->depth = document->depth;
    line->escapes = ahead_escapes(&scratch->ahead, document);
    line->good = !(index == NULL ? lines_find(wish, scratch, document, part) : lines_index(scratch, document, index));
    return 0;
}

/* ---- ranges of a file ---- */

#if defined(HAVE_PREAD)
/* What is read goes so many bytes after the beginning of a chunk's memory. Processors of AMD copy four times slower
 * where the place that is written is 1 to 31 bytes after the one that is read, but for multiples of 4096. */
static size_t margin_of(const lines_chunk *chunk, uint64_t from) {
    return (((uintptr_t)chunk->data - (uintptr_t)from - 1) & 4095) < LINES_MARGIN ? LINES_MARGIN : 0;
}

/* Read on until `wanted` bytes from an offset on are in a chunk's memory, after its margin: how many are. Fewer where
 * the file ends, or can't be read, or there is no memory; whoever reads it otherwise meets the same. */
static SELDOM size_t read_more(int file, lines_chunk *chunk, size_t margin, uint64_t from, size_t filled,
                               size_t wanted) {
    if (wanted + margin > chunk->room) {
        uint8_t *grown = realloc(chunk->data, wanted + margin);
        if (grown == NULL) return filled;
        chunk->data = grown;
        chunk->room = wanted + margin;
    }
    while (filled < wanted) {
        ssize_t n = pread(file, chunk->data + margin + filled, wanted - filled, (off_t)(from + filled));
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) break;
        filled += (size_t)n;
    }
    return filled;
}

/* Read the lines that begin in a chunk's range. A line begins after a line feed: of what was there before the range one
 * byte is read too. An example, the range [6, 12) of "ab\ncdefg\nhi\njk\nl": from byte 5 on, and "hi\njk\n" found. */
static SELDOM void read_range(const lines_pool *pool, lines_chunk *chunk) {
    const uint64_t from = chunk->from - !chunk->begins;
    const size_t size = (size_t)(chunk->to - from), margin = margin_of(chunk, from);
    size_t wanted = size + LINES_BEYOND, filled = 0, looked = size - 1, first = 0, end = 0;
    const uint8_t *found = NULL;
    while (found == NULL && wanted - size <= pool->line_most + LINES_BEYOND) {
        filled = read_more(pool->file, chunk, margin, from, filled, wanted);
        if (filled > looked) found = memchr(chunk->data + margin + looked, '\n', filled - looked);
        if (filled < wanted) break;
        looked = filled;
        wanted += wanted - size;
    }
    const uint8_t *text = chunk->data + margin;
    chunk->is_last = found == NULL;
    if (found != NULL) end = (size_t)(found + 1 - text);
    else
        for (end = filled; end > 0 && text[end - 1] != '\n';) end--;
    if (!chunk->begins && end > 0) { /* so that there is a line feed */
        found = memchr(text, '\n', end);
        first = (size_t)(found + 1 - text);
        if (first >= size) first = end; /* no line begins in it */
    }
    chunk->first = margin + first;
    chunk->size = end - first;
    chunk->from = from + first;
}

int lines_pool_open(lines_pool *pool, int file, size_t line_most, uint64_t *size) {
    struct stat status;
    if (fstat(file, &status) || !S_ISREG(status.st_mode)) return -1;
    /* One of its own: while threads read, somebody may close the reader's, and another file get its number. */
    pool->file = fcntl(file, F_DUPFD_CLOEXEC, 3);
    pool->line_most = line_most;
    *size = (uint64_t)status.st_size;
    return pool->file < 0 ? -1 : 0;
}

static void close_file(lines_pool *pool) {
    if (pool->file >= 0) close(pool->file);
    pool->file = -1;
}
#else
static SELDOM void read_range(const lines_pool *pool, lines_chunk *chunk) {
    (void)pool;
    chunk->is_last = 1;
}

int lines_pool_open(lines_pool *pool, int file, size_t line_most, uint64_t *size) {
    (void)pool, (void)file, (void)line_most, (void)size;
    return -1;
}

static void close_file(lines_pool *pool) { (void)pool; }
#endif

/* ---- chunks ---- */

static void scan_chunk(const lines_pool *pool, lines_scratch *scratch, lines_chunk *chunk) {
    const lines_wish *wish = &pool->wish;
    if (chunk->is_range) read_range(pool, chunk);
    const uint8_t *p = chunk->data + chunk->first, *end = p + chunk->size;
    if (chunk->is_plain || p == end) return;
    if (wish->make != NULL) {
        wish->make(chunk->made, &scratch->kept, p, chunk->size);
        return;
    }
    ahead_forget(&scratch->ahead); /* another chunk's, of which the memory may be this one's */
    while (p < end) {
        const uint8_t *after;
        const skip_document *document =
            wish->unchecked ? NULL : ahead_next(wish->skip, &scratch->ahead, p, end, &after);
        int failed;
        if (document != NULL) failed = add_document(wish, scratch, document, &chunk->found);
        else {
            const uint8_t *found = memchr(p, '\n', (size_t)(end - p)), *stop = found == NULL ? end : found;
            failed = lines_scan(wish, scratch, p, stop, &chunk->found);
            after = stop + 1;
        }
        if (failed) break; /* the reader tries again, line by line */
        p = after;
    }
}

static void free_scratch(const lines_pool *pool, lines_scratch *scratch) {
    if (scratch->kept != NULL) pool->wish.free_kept(scratch->kept);
    lines_free_scratch(scratch);
}

/* The next chunk that nobody scans; the lock is held. */
static lines_chunk *next_unscanned(lines_pool *pool) {
    lines_chunk *chunk = pool->first_unscanned;
    if (chunk != NULL) {
        pool->first_unscanned = chunk->next_unscanned;
        chunk->state = TAKEN;
    }
    return chunk;
}

static void work(void *argument) {
    lines_worker worker = *(lines_worker *)argument;
    lines_pool *pool = worker.pool;
    lines_scratch scratch;
    memset(&scratch, 0, sizeof scratch);
    free(argument);
    lock(pool);
    while (!pool->closing) {
        lines_chunk *chunk = next_unscanned(pool);
        if (chunk == NULL) {
            pool->waiting[pool->idle++] = worker.number;
            unlock(pool);
            PyThread_acquire_lock(pool->wake[worker.number], WAIT_LOCK);
            lock(pool);
            continue;
        }
        pool->at_work++;
        unlock(pool);
        scan_chunk(pool, &scratch, chunk);
        lock(pool);
        pool->at_work--;
        chunk->state = SCANNED;
        if (pool->awaited == chunk || (pool->is_awaiting_end && pool->at_work == 0)) {
            pool->awaited = NULL;
            pool->is_awaiting_end = 0;
            PyThread_release_lock(pool->scanned);
        }
    }
    unlock(pool);
    free_scratch(pool, &scratch);
    leave(pool);
}

lines_pool *lines_pool_new(const lines_wish *wish, int threads) {
    lines_pool *pool = calloc(1, sizeof *pool);
    const int others = processors() - 1; /* the reader's thread works too */
    if (pool == NULL) return NULL;
    if (threads > others) threads = others > 0 ? others : 1;
    pool->wish = *wish;
    pool->threads = threads;
    pool->users = 1;
    pool->process = this_process();
    pool->file = -1;
    pool->mutex = PyThread_allocate_lock();
    pool->scanned = PyThread_allocate_lock();
    int failed = pool->mutex == NULL || pool->scanned == NULL;
    for (int i = 0; !failed && i < threads; i++) failed = (pool->wake[i] = PyThread_allocate_lock()) == NULL;
    if (failed) {
        free_pool(pool);
        return NULL;
    }
    /* Nobody waits yet: who does takes a lock for the second time, and is let on by whoever releases it. */
    PyThread_acquire_lock(pool->scanned, WAIT_LOCK);
    for (int i = 0; i < threads; i++) PyThread_acquire_lock(pool->wake[i], WAIT_LOCK);
    return pool;
}

/* One thread more, if one can be started. */
static void start_thread(lines_pool *pool) {
    lines_worker *worker = malloc(sizeof *worker);
    if (worker == NULL) return;
    *worker = (lines_worker){pool, pool->started};
    lock(pool);
    pool->users++;
    unlock(pool);
    if (PyThread_start_new_thread(work, worker) == PYTHREAD_INVALID_THREAD_ID) {
        free(worker);
        leave(pool);
        pool->threads = pool->started; /* what isn't scanned by others is scanned by the reader */
    } else pool->started++;
}

/* A chunk of data: NULL where there is no memory. */
static NOINLINE lines_chunk *new_chunk(const lines_pool *pool, uint8_t *data, size_t room, void *made) {
    lines_chunk *chunk = calloc(1, sizeof *chunk);
    if (chunk == NULL) return NULL;
    chunk->data = data;
    chunk->is_borrowed = room == 0;
    chunk->room = room;
    chunk->made = made;
    chunk->unmake = pool->wish.unmake;
    return chunk;
}

/* Put a chunk last, and have it scanned. */
static NOINLINE void give(lines_pool *pool, lines_chunk *chunk) {
    if (pool->last == NULL) pool->first = chunk;
    else pool->last->next = chunk;
    pool->last = chunk;
    pool->held++;
    if (pool->process != this_process()) return;
    lock(pool);
    if (pool->first_unscanned == NULL) pool->first_unscanned = chunk;
    else pool->last_unscanned->next_unscanned = chunk;
    pool->last_unscanned = chunk;
    int is_idle = pool->idle > 0;
    if (is_idle) PyThread_release_lock(pool->wake[pool->waiting[--pool->idle]]);
    unlock(pool);
    if (!is_idle && pool->started < pool->threads) start_thread(pool);
}

int lines_pool_give(lines_pool *pool, uint8_t *data, size_t size, size_t room, int is_plain, void *made) {
    lines_chunk *chunk = new_chunk(pool, data, room, made);
    if (chunk == NULL) return -1;
    chunk->size = size;
    chunk->is_plain = is_plain;
    give(pool, chunk);
    return 0;
}

int lines_pool_give_range(lines_pool *pool, uint8_t *data, size_t room, uint64_t from, uint64_t to, int begins,
                          void *made) {
    CYJSON_ASSERT(from < to && (begins || from > 0));
    lines_chunk *chunk = new_chunk(pool, data, room, made);
    if (chunk == NULL) return -1;
    chunk->is_range = 1;
    chunk->from = from;
    chunk->to = to;
    chunk->begins = begins;
    give(pool, chunk);
    return 0;
}

size_t lines_pool_held(const lines_pool *pool) { return pool->held; }

lines_chunk *lines_pool_take(lines_pool *pool) {
    lines_chunk *chunk = pool->first;
    if (chunk == NULL) return NULL;
    pool->first = chunk->next;
    if (pool->first == NULL) pool->last = NULL;
    pool->held--;
    if (pool->process != this_process()) { /* a fork's child: what another thread has begun is lost */
        if (chunk->state == TAKEN) {
            memset(&chunk->found, 0, sizeof chunk->found);
            chunk->made = NULL;
            if (chunk->is_range) {
                chunk->data = NULL;
                chunk->room = 0;
            }
        }
        if (chunk->state != SCANNED) scan_chunk(pool, &pool->scratch, chunk);
        return chunk;
    }
    lock(pool);
    while (chunk->state != SCANNED) {
        lines_chunk *mine = next_unscanned(pool); /* this one, if nobody has begun it; or one that comes after it */
        if (mine == NULL) pool->awaited = chunk;
        unlock(pool);
        if (mine == NULL) {
            PyThread_acquire_lock(pool->scanned, WAIT_LOCK);
            return chunk;
        }
        scan_chunk(pool, &pool->scratch, mine);
        lock(pool);
        mine->state = SCANNED;
    }
    unlock(pool);
    return chunk;
}

void lines_chunk_free(lines_chunk *chunk) {
    if (chunk == NULL) return;
    lines_free_found(&chunk->found);
    if (chunk->made != NULL) chunk->unmake(chunk->made);
    if (!chunk->is_borrowed) free(chunk->data);
    free(chunk);
}

void lines_pool_close(lines_pool *pool) {
    int is_here = pool->process == this_process();
    if (is_here) {
        lock(pool);
        pool->closing = 1;
        pool->first_unscanned = NULL;
        while (pool->idle > 0) PyThread_release_lock(pool->wake[pool->waiting[--pool->idle]]);
        int waits = pool->is_awaiting_end = pool->at_work > 0;
        unlock(pool);
        if (waits) PyThread_acquire_lock(pool->scanned, WAIT_LOCK);
    }
    for (lines_chunk *chunk = pool->first, *next; chunk != NULL; chunk = next) {
        next = chunk->next;
        lines_chunk_free(chunk);
    }
    pool->first = NULL;
    close_file(pool);
    free_scratch(pool, &pool->scratch);
    if (is_here) leave(pool); /* else its locks are as they happened to be: a few hundred bytes are lost */
}
