#include "decode/decoder.h"

#if CPU_HAS_LEVELS
/* AVX-512 has AVX2's, with composers of its own. */
extern const decode_functions decode_with_avx2;
extern const decode_composers decode_compose_avx2, decode_compose_avx512;
static const decode_functions *const levels[CPU_LEVELS] = {&decode_with, &decode_with_avx2, &decode_with_avx2};
static const decode_composers *const composers[CPU_LEVELS] = {&decode_compose, &decode_compose_avx2,
                                                              &decode_compose_avx512};
#else
static const decode_functions *const levels[CPU_LEVELS] = {&decode_with, &decode_with, &decode_with};
static const decode_composers *const composers[CPU_LEVELS] = {&decode_compose, &decode_compose, &decode_compose};
#endif

int decode_state_init(decode_state *state, cpu_level cpu) {
    state->with = levels[cpu];
    state->composers = composers[cpu];
    for (int c = 0; c < 128; c++)
        if ((state->ascii[c] = PyUnicode_FromOrdinal(c)) == NULL) return -1;
    for (int i = 0; i < COMPAT_SMALL_INTS; i++)
        if ((state->small_ints[i] = PyLong_FromLong(i)) == NULL) return -1;
    state->words[0] = Py_NewRef(Py_None);
    state->words[1] = Py_NewRef(Py_True);
    state->ascii_model = PyUnicode_New(2, 0x7F);
    state->nan = PyFloat_FromDouble(Py_NAN);
    state->infinity = PyFloat_FromDouble(Py_HUGE_VAL);
    state->minus_infinity = PyFloat_FromDouble(-Py_HUGE_VAL);
    return state->ascii_model == NULL || state->nan == NULL || state->infinity == NULL || state->minus_infinity == NULL
               ? -1
               : 0;
}

int decode_state_traverse(decode_state *state, visitproc visit, void *arg) {
    Py_VISIT(state->default_decoder); /* strings and floats refer to nothing, shapes to strings and None */
    return 0;
}

void decode_state_clear(decode_state *state) {
    keycache_pool_clear(&state->keys);
    for (int c = 0; c < 128; c++) Py_CLEAR(state->ascii[c]);
    for (int i = 0; i < COMPAT_SMALL_INTS; i++) Py_CLEAR(state->small_ints[i]);
    for (int i = 0; i < 2; i++) Py_CLEAR(state->words[i]);
    state->shapes_kept++;
    memset(state->plain, 0, sizeof state->plain);
    for (int i = 0; i < SHAPES; i++) Py_CLEAR(state->shapes[i]);
    Py_CLEAR(state->ascii_model);
    Py_CLEAR(state->nan);
    Py_CLEAR(state->infinity);
    Py_CLEAR(state->minus_infinity);
    Py_CLEAR(state->default_decoder);
}
