/* libFuzzer on csrc/kernels/number_parse: any text, or, where the first byte is below 0x80, one of characters that
 * numbers have. */
#include "check_numbers.h"

enum { MOST = 2000 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const char characters[] = "0123456789.eE+-,";
    char text[MOST + 1];
    if (size == 0) return 0;
    size_t n = size - 1 < MOST ? size - 1 : MOST;
    for (size_t i = 0; i < n; i++) text[i] = (char)(data[0] < 0x80 ? characters[data[i + 1] % 16] : data[i + 1]);
    text[n] = 0;
    make_text_buffer();
    check_parse_any(text);
    if (failures) abort();
    return 0;
}
