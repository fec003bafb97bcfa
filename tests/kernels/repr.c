/* csrc/kernels/number_format against the interpreter's own float.__repr__ (David Gay's dtoa, correctly rounded by big
 * integers: nothing in common with ours), for as many doubles as are asked for. Loaded by ctypes.PyDLL into a running
 * interpreter. -DLEVEL_AVX2 or -DLEVEL_AVX512 compiles the kernel for that instruction set, as csrc/levels/ does. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "levels/begin.h"
#include "kernels/number_format.inc.h"
#include "levels/end.h"

static int differs(double x) {
    uint8_t ours[NUMBER_DOUBLE_SPACE];
    size_t n = (size_t)(CPU_NAME(number_format_double)(ours, x) - ours);
    char *theirs = PyOS_double_to_string(x, 'r', 0, Py_DTSF_ADD_DOT_0, NULL);
    int bad = theirs == NULL || strlen(theirs) != n || memcmp(theirs, ours, n) != 0;
    PyMem_Free(theirs);
    return bad;
}

static double double_of(uint64_t bits) {
    double x;
    memcpy(&x, &bits, 8);
    return x;
}

/* splitmix64 (Steele, Lea, Flood 2014): every state gives another pattern, none twice within 2^64. */
static uint64_t pattern(uint64_t state) {
    state *= 0x9E3779B97F4A7C15;
    state = (state ^ (state >> 30)) * 0xBF58476D1CE4E5B9;
    state = (state ^ (state >> 27)) * 0x94D049BB133111EB;
    return state ^ (state >> 31);
}

/* The patterns of states [first, first + count): how many finite doubles were compared; the first that differs in *bad,
 * and then -1. */
Py_EXPORTED_SYMBOL long long check_random(unsigned long long first, unsigned long long count, double *bad) {
    long long compared = 0;
    for (uint64_t i = 0; i < count; i++) {
        double x = double_of(pattern(first + i));
        if (x - x != 0) continue;
        compared++;
        if (differs(*bad = x)) return -1;
    }
    return compared;
}

/* The boundary cases, as check_random: the 16 doubles on either side of every power of two and of ten and of its half
 * and double, and the integers around powers of two and ten; every significand with few bits at either end, at every
 * exponent. */
Py_EXPORTED_SYMBOL long long check_boundaries(double *bad) {
    long long compared = 0;
    for (int exponent = 0; exponent < 2047; exponent++) {
        for (int i = -16; i <= 16; i++) {
            uint64_t bits = ((uint64_t)exponent << 52) + (uint64_t)(int64_t)i;
            if (exponent == 0 && i < 0) continue;
            double x = double_of(bits);
            if (x - x != 0) continue;
            compared += 2;
            if (differs(*bad = x) || differs(*bad = -x)) return -1;
        }
        for (int bit = 0; bit < 52; bit++)
            for (int with = -1; with <= 1; with++) {
                uint64_t bits =
                    (uint64_t)exponent << 52 | (((uint64_t)1 << bit) + (uint64_t)(int64_t)with) % ((uint64_t)1 << 52);
                compared++;
                if (differs(*bad = double_of(bits))) return -1;
            }
    }
    for (int power = -324; power <= 308; power++)
        for (int digit = 1; digit <= 99; digit++) {
            char text[16];
            snprintf(text, sizeof text, "%de%d", digit, power);
            uint64_t bits;
            double center = PyOS_string_to_double(text, NULL, NULL);
            PyErr_Clear();
            if (center - center != 0) continue;
            memcpy(&bits, &center, 8);
            for (int i = -16; i <= 16; i++) {
                double x = double_of(bits + (uint64_t)(int64_t)i);
                if (x - x != 0) continue;
                compared++;
                if (differs(*bad = x)) return -1;
            }
        }
    return compared;
}
