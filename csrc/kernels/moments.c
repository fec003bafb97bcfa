#include "kernels/moments.h"

#include "kernels/scan.h"

/* Two digits as a number, or at least 100 where they aren't both digits. */
static unsigned two_digits(const uint8_t *p) {
    unsigned tens = p[0] - (unsigned)'0', ones = p[1] - (unsigned)'0';
    return tens < 10 && ones < 10 ? 10 * tens + ones : 100;
}

static unsigned days_in(unsigned year, unsigned month) {
    static const uint8_t days[13] = {0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return days[month] + (month == 2 && leap);
}

enum { DATE_SIZE = 10, TIME_SIZE = 8, MOST_DIGITS = 9, KEPT_DIGITS = 6, OFFSET_SIZE = 6 };

int moment_read_date(const uint8_t *p, size_t n, moment *m) {
    if (n != DATE_SIZE || p[4] != '-' || p[7] != '-') return 0;
    unsigned century = two_digits(p), rest = two_digits(p + 2), month = two_digits(p + 5), day = two_digits(p + 8);
    unsigned year = 100 * century + rest;
    if (century >= 100 || rest >= 100 || year == 0 || month - 1 >= 12 || day == 0 || day > days_in(year, month))
        return 0;
    m->year = (int)year;
    m->month = (int)month;
    m->day = (int)day;
    return 1;
}

int moment_read(const uint8_t *p, size_t n, moment *m) {
    if (n < DATE_SIZE + 1 + TIME_SIZE || !moment_read_date(p, DATE_SIZE, m)) return 0;
    if ((p[DATE_SIZE] | 0x20) != 't' && p[DATE_SIZE] != ' ') return 0;
    const uint8_t *end = p + n;
    p += DATE_SIZE + 1;
    unsigned hour = two_digits(p), minute = two_digits(p + 3), second = two_digits(p + 6), fraction = 0;
    if (hour >= 24 || minute >= 60 || second >= 60 || p[2] != ':' || p[5] != ':') return 0;
    p += TIME_SIZE;
    if (p < end && *p == '.') {
        const uint8_t *first = ++p;
        for (; p < end && *p - (unsigned)'0' < 10 && p - first < MOST_DIGITS; p++)
            if (p - first < KEPT_DIGITS) fraction = 10 * fraction + (*p - (unsigned)'0');
        if (p == first) return 0;
        for (ptrdiff_t i = p - first; i < KEPT_DIGITS; i++) fraction *= 10;
    }
    m->hour = (int)hour;
    m->minute = (int)minute;
    m->second = (int)second;
    m->microsecond = (int)fraction;
    m->zone = MOMENT_NAIVE;
    m->offset = 0;
    if (p == end) return 1;
    m->zone = MOMENT_UTC;
    if ((*p | 0x20) == 'z') return p + 1 == end;
    if (end - p != OFFSET_SIZE || (*p != '+' && *p != '-') || p[3] != ':') return 0;
    unsigned hours = two_digits(p + 1), minutes = two_digits(p + 4);
    if (hours >= 24 || minutes >= 60) return 0;
    m->offset = (int)(60 * hours + minutes) * (*p == '-' ? -1 : 1);
    if (m->offset != 0) m->zone = MOMENT_OFFSET;
    return 1;
}

int moment_read_uuid(const uint8_t *p, size_t n, uint8_t bytes[16]) {
    enum { PLAIN = 32, WITH_HYPHENS = 36 };
    if (n != PLAIN && n != WITH_HYPHENS) return 0;
    unsigned all = 0;
    for (int i = 0; i < 16; i++) {
        if (n == WITH_HYPHENS && (i == 4 || i == 6 || i == 8 || i == 10) && *p++ != '-') return 0;
        unsigned high = scan_hex_value[p[0]], low = scan_hex_value[p[1]];
        all |= high | low;
        bytes[i] = (uint8_t)(high << 4 | low);
        p += 2;
    }
    return all < 0x10;
}
