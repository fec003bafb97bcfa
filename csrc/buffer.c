#include "buffer.h"

#include "escape.h"

static int width_of(Py_UCS4 maxchar) { return maxchar <= 0xFF ? 1 : maxchar <= 0xFFFF ? 2 : 4; }

static void set_room(buffer *b, size_t capacity)
{
    b->start = b->is_bytes ? (uint8_t *)PyBytes_AS_STRING(b->object) : (uint8_t *)PyUnicode_DATA(b->object);
    b->limit = b->start + capacity;
    compat_large_pages(b->start, capacity + (size_t)b->width); /* a zero follows */
}

uint8_t *buffer_grow(buffer *b, uint8_t *out, size_t need)
{
    size_t used = (size_t)(out - b->start), width = (size_t)b->width;
    if (need > (size_t)PY_SSIZE_T_MAX / 4 || used > (size_t)PY_SSIZE_T_MAX / 4) {
        PyErr_NoMemory();
        return NULL;
    }
    size_t capacity = used + need > 2 * used ? used + need : 2 * used;
    if (capacity < 4 * BUFFER_LOCAL) capacity = 4 * BUFFER_LOCAL;
    /* Texts of one size after another get blocks of one size, which malloc then keeps at hand: else each would be new
     * memory, and the faults at its pages cost as much as the encoding. Smaller texts don't get there. */
    size_t hoped = b->expected + b->expected / 32 + BUFFER_AHEAD;
    size_t some = hoped / 8 < 16 * BUFFER_LOCAL ? hoped / 8 : 16 * BUFFER_LOCAL; /* to begin with, where it may well be short */
    if (capacity < hoped && capacity > hoped / 8) capacity = hoped;
    else if (capacity < some) capacity = some;
    Py_ssize_t chars = (Py_ssize_t)((capacity + width - 1) / width);
    capacity = (size_t)chars * width;
    if (b->object == NULL) {
        b->object = b->is_bytes ? PyBytes_FromStringAndSize(NULL, chars) : PyUnicode_New(chars, 0x7F);
        if (b->object == NULL) return NULL;
        set_room(b, capacity);
        memcpy(b->start, b->local, used);
    }
    else {
        /* On failure _PyBytes_Resize drops the object and clears the pointer; PyUnicode_Resize leaves it. */
        if (b->is_bytes ? _PyBytes_Resize(&b->object, chars) : PyUnicode_Resize(&b->object, chars)) return NULL;
        set_room(b, capacity);
    }
    return b->start + used;
}

uint8_t *buffer_widen(buffer *b, uint8_t *out, Py_UCS4 maxchar)
{
    int width = width_of(maxchar);
    size_t chars = scan_characters((size_t)(out - b->start), b->width);
    size_t capacity = scan_characters((size_t)(b->limit - b->start), b->width);
    if (b->object == NULL) capacity = chars + BUFFER_LOCAL;
    PyObject *wider = PyUnicode_New((Py_ssize_t)capacity, maxchar);
    if (wider == NULL) return NULL;
    escape_copy_widened((uint8_t *)PyUnicode_DATA(wider), width, b->start, chars, b->width);
    Py_XSETREF(b->object, wider);
    b->width = width;
    b->maxchar = maxchar;
    set_room(b, capacity * (size_t)width);
    return b->start + chars * (size_t)width;
}

/* Whether so little is left over that it isn't worth giving back. */
static int fits_well(const buffer *b, const uint8_t *out)
{
    return out < b->limit && b->limit - out <= (out - b->start) / 16;
}

PyObject *buffer_finish(buffer *b, uint8_t *out)
{
    Py_ssize_t chars = (Py_ssize_t)scan_characters((size_t)(out - b->start), b->width);
    PyObject *object = b->object;
    if (b->is_bytes) {
        if (object == NULL) return PyBytes_FromStringAndSize((char *)b->start, chars);
        if (fits_well(b, out)) {
            *out = 0;
            Py_SET_SIZE(object, chars);
        }
        else _PyBytes_Resize(&b->object, chars); /* NULL on failure */
    }
    else if (object == NULL || b->maxchar == 0xFF) { /* Latin-1 was gathered in an ASCII str */
        PyObject *result = PyUnicode_New(chars, b->maxchar);
        if (result != NULL) copy_short((uint8_t *)PyUnicode_DATA(result), b->start, (size_t)chars);
        Py_XDECREF(object);
        b->object = result;
    }
    else if (b->width == 1 && fits_well(b, out)) { /* ASCII: nothing but the length depends on it */
        *out = 0;
        ((PyASCIIObject *)object)->length = chars;
    }
    else if (PyUnicode_Resize(&b->object, chars)) Py_CLEAR(b->object);
    object = b->object;
    b->object = NULL;
    return object;
}

PyObject *buffer_copy(const buffer *b, const uint8_t *out)
{
    Py_ssize_t chars = (Py_ssize_t)scan_characters((size_t)(out - b->start), b->width);
    if (b->is_bytes) return PyBytes_FromStringAndSize((const char *)b->start, chars);
    return PyUnicode_FromKindAndData(b->width, b->start, chars);
}
