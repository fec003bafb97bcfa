/* libFuzzer on csrc/kernels/skip: any bytes, and the same after a bracket. */
#include "check_lines.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static uint8_t text[CHECK_SKIP_MOST];
    if (size > sizeof text - 2) size = sizeof text - 2;
    check_skip(data, size);
    text[0] = size % 2 ? '[' : '{';
    if (size) memcpy(text + 1, data, size);
    check_skip(text, size + 1);
    check_lines(data, size);
    check_lines(text, size + 1);
    return 0;
}
