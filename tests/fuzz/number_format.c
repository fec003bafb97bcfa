/* libFuzzer on csrc/kernels/number_format: the first eight bytes are an integer, a double's bits, and, with the bytes
 * after them, the digits and the exponent of a double with few digits. */
#include "check_numbers.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    uint64_t bits;
    if (size < 8) return 0;
    memcpy(&bits, data, 8);
    make_text_buffer();
    check_int((int64_t)bits);
    check_uint(bits);
    double values[2] = {double_of(bits), 0};
    if (size >= 10) {
        char text[64];
        snprintf(text, sizeof text, "%" PRIu64 "e%d", bits >> data[8] % 64, (int)(int8_t)data[9] * 3);
        values[1] = strtod(text, NULL);
    }
    for (int i = 0; i < 2; i++)
        if (isfinite(values[i])) check_format(values[i]);
    if (isfinite(float_of((uint32_t)bits))) check_format_float(float_of((uint32_t)bits));
    if (failures) abort();
    return 0;
}
