#include "kernels/scan.h"

#include "base/cpu.h"

#define NONE7 0xF0, 0xF0, 0xF0, 0xF0, 0xF0, 0xF0, 0xF0
#define NONE26 NONE7, NONE7, NONE7, 0xF0, 0xF0, 0xF0, 0xF0, 0xF0
/* clang-format off */
const uint8_t scan_hex_value[256] = {
    NONE26, NONE7, NONE7, NONE7, 0xF0, /* up to '/' */
    0, 1, 2, 3, 4, 5, 6, 7, 8, 9, NONE7, /* '0' to '9', and up to '@' */
    10, 11, 12, 13, 14, 15, NONE26, /* 'A' to 'F', and up to '`' */
    10, 11, 12, 13, 14, 15, NONE26, /* 'a' to 'f', and up to 0x80 */
    NONE26, NONE26, NONE26, NONE26, NONE7, NONE7, 0xF0, 0xF0, 0xF0, 0xF0, 0xF0, 0xF0, 0xF0, 0xF0, 0xF0,
};
/* clang-format on */

#if CPU_HAS_LEVELS
#define AT(i) 6 * (i) + 2, 6 * (i) + 3, 6 * (i) + 4, 6 * (i) + 5
#define BEFORE(i) 6 * (i), 6 * (i) + 1, 6 * (i), 6 * (i) + 1
const scan_unit_constants scan_units = {
    {AT(0), AT(1), AT(2), AT(3), AT(4), AT(5), AT(6), AT(7), AT(8), AT(9)},
    {BEFORE(0), BEFORE(1), BEFORE(2), BEFORE(3), BEFORE(4), BEFORE(5), BEFORE(6), BEFORE(7), BEFORE(8), BEFORE(9)},
    {AT(0), AT(1), AT(0), AT(1)},
    {'\\', 'u', 0, 0, 0, 0, '\\', 'u'},
    '\\' * 0x10001u | 'u' * 0x1000100u,
    0x80808080,
    0x01100110,
    0x00010100,
    0xF800,
    0xD800,
};
#endif
