/* Strings of JSON without their escapes, in UTF-8. Includes no Python.h. */
#ifndef CYJSON_KERNELS_UNESCAPE_H
#define CYJSON_KERNELS_UNESCAPE_H

#include <stddef.h>
#include <stdint.h>

/* Write a string of n raw characters without its escapes to out, which has room for n bytes, and return its size. What
 * is no escape stays as it is. A surrogate that isn't one of a pair is written as if it were a character, which is no
 * UTF-8: *lone becomes 1 then (NULL: nobody asks). */
size_t unescape(uint8_t *out, const uint8_t *p, size_t n, int *lone);

#endif
