/* libFuzzer on csrc/kernels/scan: any bytes as text of each width. */
#include "check_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    check_scan(data, size);
    return 0;
}
