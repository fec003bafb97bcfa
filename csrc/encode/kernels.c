/* The kernels of each level, for what isn't compiled for each of them. */
#include "encode/encoder.h"
#include "kernels/escape.h"
#include "kernels/number_format.h"

#define DECLARE(level) \
    uint8_t *escape_bytes##level(uint8_t *out, const uint8_t *p, size_t n, int ascii); \
    uint8_t *escape_to_ascii##level(uint8_t *out, const uint8_t *p, size_t n, int width); \
    uint8_t *escape_to_utf8##level(uint8_t *out, const uint8_t *p, size_t n, int width); \
    uint8_t *escape_widen##level(uint8_t *out, int to_width, const uint8_t *p, size_t n, int width); \
    void escape_copy_widened##level(uint8_t *out, int to_width, const uint8_t *p, size_t n, int width); \
    int escape_copy_long##level(uint8_t *out, int width, const uint8_t *p, size_t n, int ascii); \
    uint8_t *number_format_double##level(uint8_t *out, double value); \
    uint8_t *number_format_float##level(uint8_t *out, float value); \
    uint8_t *number_format_integers##level(uint8_t *out, const char *p, size_t n, ptrdiff_t stride, int size, \
                                           int is_signed); \
    uint8_t *number_format_bools##level(uint8_t *out, const char *p, size_t n, ptrdiff_t stride);
#define KERNELS(level, copy_long) \
    {escape_bytes##level,         escape_to_ascii##level,     escape_to_utf8##level, \
     escape_widen##level,         escape_copy_widened##level, copy_long, \
     number_format_double##level, number_format_float##level, number_format_integers##level, \
     number_format_bools##level}
#if CPU_HAS_LEVELS
DECLARE(_avx2)
DECLARE(_avx512)
const encode_kernels encode_kernels_of[CPU_LEVELS] = {KERNELS(, NULL), KERNELS(_avx2, escape_copy_long_avx2),
                                                      KERNELS(_avx512, escape_copy_long_avx512)};
#else
const encode_kernels encode_kernels_of[CPU_LEVELS] = {KERNELS(, NULL), KERNELS(, NULL), KERNELS(, NULL)};
#endif
