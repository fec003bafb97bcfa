/* Memory between two pages that can't be touched: a read or write beyond it ends the program. */
#ifndef CYJSON_TEST_GUARD_H
#define CYJSON_TEST_GUARD_H

#ifndef _DEFAULT_SOURCE
#define _DEFAULT_SOURCE /* MAP_ANONYMOUS, under -std=c11 */
#endif
#ifndef _DARWIN_C_SOURCE
#define _DARWIN_C_SOURCE
#endif

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(__unix__) || defined(__APPLE__)
#include <sys/mman.h>
#include <unistd.h>
#ifndef MAP_ANONYMOUS
#define MAP_ANONYMOUS MAP_ANON
#endif
#define HAVE_GUARD_PAGE 1
#else
#define HAVE_GUARD_PAGE 0
#endif

typedef struct {
    uint8_t *start, *end;
} guarded;

static inline guarded guarded_new(size_t least) {
#if HAVE_GUARD_PAGE
    size_t page = (size_t)sysconf(_SC_PAGESIZE), size = (least + page - 1) / page * page;
    uint8_t *start = mmap(NULL, size + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (start == MAP_FAILED || mprotect(start + page, size, PROT_READ | PROT_WRITE) != 0) {
        fprintf(stderr, "no guarded memory\n");
        exit(2);
    }
    return (guarded){start + page, start + page + size};
#else
    uint8_t *start = malloc(least);
    if (start == NULL) exit(2);
    return (guarded){start, start + least};
#endif
}

#endif
