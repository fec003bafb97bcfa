#include "python/output.h"

#ifdef __linux__
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>
#endif

#include "kernels/escape.h"

/* Have memory that is written from end to end mapped by large pages, where the system does so when asked, and where
 * that pays: from 16 MiB on, where a page begun for nothing (2 MiB) is small beside the whole. A fault for each 4 KiB
 * takes longer than the text that is written there. */
static void use_large_pages(void *memory, size_t bytes) {
#if defined(__linux__) && defined(MADV_HUGEPAGE)
    enum { WORTH_IT = 1 << 24 };
    if (bytes < WORTH_IT) return;
    /* Whole pages: malloc maps blocks as large one by one, and couldn't let one grow in place of which only a part is
     * marked. */
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), start = (uintptr_t)memory & ~(page - 1);
    uintptr_t end = ((uintptr_t)memory + bytes + page - 1) & ~(page - 1);
    int kept = errno; /* of no use where the system has none */
    madvise((void *)start, end - start, MADV_HUGEPAGE);
    errno = kept;
#else
    (void)memory, (void)bytes;
#endif
}

static int width_for(Py_UCS4 maxchar) { return maxchar <= 0xFF ? 1 : maxchar <= 0xFFFF ? 2 : 4; }

static void set_room(text_output *text, size_t capacity) {
    text->start = text->is_bytes ? (uint8_t *)PyBytes_AS_STRING(text->object) : (uint8_t *)PyUnicode_DATA(text->object);
    text->limit = text->start + capacity;
    use_large_pages(text->start, capacity + (size_t)text->width); /* a zero follows */
}

uint8_t *output_grow(text_output *text, uint8_t *out, size_t need) {
    size_t used = (size_t)(out - text->start), width = (size_t)text->width;
    if (need > (size_t)PY_SSIZE_T_MAX / 4 || used > (size_t)PY_SSIZE_T_MAX / 4) {
        PyErr_NoMemory();
        return NULL;
    }
    size_t capacity = used + need > 2 * used ? used + need : 2 * used;
    if (capacity < 4 * OUTPUT_LOCAL) capacity = 4 * OUTPUT_LOCAL;
    /* Texts of one size after another get blocks of one size, which malloc then keeps at hand: else each would be new
     * memory, and the faults at its pages cost as much as the encoding. Smaller texts don't get there. */
    size_t hoped = text->expected + text->expected / 32 + OUTPUT_AHEAD;
    size_t some =
        hoped / 8 < 16 * OUTPUT_LOCAL ? hoped / 8 : 16 * OUTPUT_LOCAL; /* to begin with, where it may well be short */
    if (capacity < hoped && capacity > hoped / 8) capacity = hoped;
    else if (capacity < some) capacity = some;
    Py_ssize_t chars = (Py_ssize_t)((capacity + width - 1) / width);
    capacity = (size_t)chars * width;
    if (text->object == NULL) {
        text->object = text->is_bytes ? PyBytes_FromStringAndSize(NULL, chars) : PyUnicode_New(chars, 0x7F);
        if (text->object == NULL) return NULL;
        set_room(text, capacity);
        memcpy(text->start, text->local, used);
    } else if (text->keeps) {
        PyObject *larger = PyBytes_FromStringAndSize(NULL, chars);
        if (larger == NULL) return NULL;
        memcpy(PyBytes_AS_STRING(larger), text->start, used);
        Py_SETREF(text->object, larger);
        set_room(text, capacity);
    } else {
        /* On failure _PyBytes_Resize drops the object and clears the pointer; PyUnicode_Resize leaves it. */
        if (text->is_bytes ? _PyBytes_Resize(&text->object, chars) : PyUnicode_Resize(&text->object, chars))
            return NULL;
        set_room(text, capacity);
    }
    return text->start + used;
}

uint8_t *output_widen(text_output *text, uint8_t *out, Py_UCS4 maxchar) {
    int width = width_for(maxchar);
    size_t chars = scan_characters((size_t)(out - text->start), text->width);
    size_t capacity = scan_characters((size_t)(text->limit - text->start), text->width);
    if (text->object == NULL) capacity = chars + OUTPUT_LOCAL;
    PyObject *wider = PyUnicode_New((Py_ssize_t)capacity, maxchar);
    if (wider == NULL) return NULL;
    escape_copy_widened((uint8_t *)PyUnicode_DATA(wider), width, text->start, chars, text->width);
    Py_XSETREF(text->object, wider);
    text->width = width;
    text->maxchar = maxchar;
    set_room(text, capacity * (size_t)width);
    return text->start + chars * (size_t)width;
}

/* Whether so little is left over that it isn't worth giving back. */
static int fits_well(const text_output *text, const uint8_t *out) {
    return COMPAT_MAKES_OBJECTS && out < text->limit && text->limit - out <= (out - text->start) / 16;
}

PyObject *output_finish(text_output *text, uint8_t *out) {
    Py_ssize_t chars = (Py_ssize_t)scan_characters((size_t)(out - text->start), text->width);
    PyObject *object = text->object;
    if (text->is_bytes) {
        if (object == NULL) return PyBytes_FromStringAndSize((char *)text->start, chars);
        if (fits_well(text, out)) {
            *out = 0;
            Py_SET_SIZE(object, chars);
        } else _PyBytes_Resize(&text->object, chars); /* NULL on failure */
    } else if (object == NULL || text->maxchar == 0xFF) { /* Latin-1 was gathered in an ASCII str */
        PyObject *result = PyUnicode_New(chars, text->maxchar);
        if (result != NULL) copy_short((uint8_t *)PyUnicode_DATA(result), text->start, (size_t)chars);
        Py_XDECREF(object);
        text->object = result;
    } else if (text->width == 1 && fits_well(text, out)) { /* ASCII: nothing but the length depends on it */
        *out = 0;
        ((PyASCIIObject *)object)->length = chars;
    } else if (PyUnicode_Resize(&text->object, chars)) Py_CLEAR(text->object);
    object = text->object;
    text->object = NULL;
    return object;
}

PyObject *output_copy(const text_output *text, const uint8_t *out) {
    Py_ssize_t chars = (Py_ssize_t)scan_characters((size_t)(out - text->start), text->width);
    if (text->is_bytes) return PyBytes_FromStringAndSize((const char *)text->start, chars);
    return PyUnicode_FromKindAndData(text->width, text->start, chars);
}
