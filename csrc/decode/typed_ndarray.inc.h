/* Arrays of numpy's from text, without Python numbers in between. What numpy would make in another way than a plain
 * array of numbers, or wouldn't make, is left to _decoding.py. */

enum { NDARRAY_DIMENSIONS = 32 }; /* as many as every numpy has */

typedef union {
    int64_t integer; /* or 0, 1 */
    double real;
} typed_cell;

/* The numbers of a document's array in their order, and its shape. */
typedef struct {
    typed_cell *cells;
    Py_ssize_t count, room;
    Py_ssize_t shape[NDARRAY_DIMENSIONS + 1], counts[NDARRAY_DIMENSIONS + 1]; /* from 1 on; counts: of those open */
    int dimensions; /* 0: not known yet */
    enum { CELLS_UNKNOWN, CELLS_BOOL, CELLS_INT, CELLS_REAL } kind;
} typed_cells;

static NOINLINE int typed_more_cells(typed_cells *cells) {
    enum { FIRST = 64 };
    size_t room = cells->room == 0 ? FIRST : (size_t)cells->room + (size_t)cells->room / 2;
    if (room > (size_t)PY_SSIZE_T_MAX / sizeof(typed_cell)) {
        PyErr_NoMemory();
        return -1;
    }
    typed_cell *more = PyMem_Realloc(cells->cells, room * sizeof *more);
    if (more == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    cells->cells = more;
    cells->room = (Py_ssize_t)room;
    return 0;
}

/* Read the number or constant at p into the next cell: the position after it, or NULL. Among ints and floats all become
 * floats; elements of another kind than the first are refused. */
static ALWAYS_INLINE const uint8_t *typed_cell_at(typed_run *run, typed_cells *cells, const uint8_t *p) {
    decoder *d = &run->d;
    number parsed;
    if (UNLIKELY(cells->count == cells->room) && typed_more_cells(cells)) return NULL;
    typed_cell *cell = &cells->cells[cells->count++];
    if (LIKELY(number_is_digit(*p)) || LIKELY(*p == '-')) {
        number_kind kind = cells->kind == CELLS_REAL ? number_parse(p, d->end, d->start, &parsed)
                                                     : number_parse_any(p, d->end, &parsed);
        if (LIKELY(kind == NUMBER_DOUBLE)) {
            if (UNLIKELY(cells->kind != CELLS_REAL)) {
                if (cells->kind == CELLS_BOOL) return NULL;
                for (Py_ssize_t i = 0; i < cells->count - 1; i++)
                    cells->cells[i].real = (double)cells->cells[i].integer;
                cells->kind = CELLS_REAL;
            }
            cell->real = parsed.real;
        } else if (LIKELY(kind == NUMBER_INT) && LIKELY(cells->kind != CELLS_BOOL)) {
            if (cells->kind == CELLS_REAL) cell->real = (double)parsed.integer;
            else {
                cells->kind = CELLS_INT;
                cell->integer = parsed.integer;
            }
        } else return NULL;
        return parsed.end;
    }
    if (cells->kind != CELLS_BOOL && cells->kind != CELLS_UNKNOWN) return NULL;
    cells->kind = CELLS_BOOL;
    cell->integer = *p == 't';
    if (stands_at(p, "true", 1)) return p + 4;
    return stands_at(p, "false", 1) ? p + 5 : NULL;
}

/* Read the nested arrays at p: the position after them, or NULL, also where they aren't of one shape. */
static const uint8_t *typed_cells_of(typed_run *run, typed_cells *cells, const uint8_t *p) {
    const uint8_t *end = run->d.end;
    int depth = 0;
    if (*p != '[') return NULL;
    for (;;) {
        if (*p == '[') {
            if (UNLIKELY(depth == (cells->dimensions ? cells->dimensions : NDARRAY_DIMENSIONS))) return NULL;
            cells->counts[++depth] = 0;
            p = scan_space(p + 1, end, 1);
            if (*p != ']') continue;
            if (cells->dimensions == 0) {
                cells->dimensions = depth;
                for (int i = 1; i <= depth; i++) cells->shape[i] = -1;
            } else if (depth != cells->dimensions) return NULL;
        } else {
            if (UNLIKELY(cells->dimensions == 0)) {
                cells->dimensions = depth;
                for (int i = 1; i <= depth; i++) cells->shape[i] = -1;
            } else if (UNLIKELY(depth != cells->dimensions)) return NULL;
            if (UNLIKELY((p = typed_cell_at(run, cells, p)) == NULL)) return NULL;
            cells->counts[depth]++;
            p = scan_space(p, end, 1);
        }
        while (*p == ']') {
            if (cells->shape[depth] < 0) cells->shape[depth] = cells->counts[depth];
            else if (UNLIKELY(cells->shape[depth] != cells->counts[depth])) return NULL;
            p++;
            if (--depth == 0) return p;
            cells->counts[depth]++;
            p = scan_space(p, end, 1);
        }
        if (UNLIKELY(*p != ',')) return NULL;
        p = scan_space(p + 1, end, 1);
        if (UNLIKELY(*p == ']')) return NULL;
    }
}

/* Whether all ints are from least to most. */
static int typed_cells_within(const typed_cells *cells, int64_t least, int64_t most) {
    int within = 1;
    for (Py_ssize_t i = 0; i < cells->count; i++)
        within &= (cells->cells[i].integer >= least) & (cells->cells[i].integer <= most);
    return within;
}

/* Which elements an array gets that may have any: numpy's choice; ELEMENT_ANY where that is left to numpy. */
static typed_element typed_element_of(const typed_cells *cells) {
    switch (cells->kind) {
    case CELLS_BOOL: return ELEMENT_BOOL;
    case CELLS_INT: return sizeof(long) == 8 ? ELEMENT_I8 : ELEMENT_ANY;
    default: return ELEMENT_F8;
    }
}

/* Whether these elements hold what was read; ints become floats where they are wanted. */
static int typed_cells_fit(typed_cells *cells, typed_element element) {
    if (cells->kind == CELLS_UNKNOWN) return 1;
    switch (element) {
    case ELEMENT_BOOL: return cells->kind == CELLS_BOOL;
    case ELEMENT_F4:
    case ELEMENT_F8:
        for (Py_ssize_t i = 0; cells->kind == CELLS_INT && i < cells->count; i++)
            cells->cells[i].real = (double)cells->cells[i].integer;
        return cells->kind != CELLS_BOOL;
    default: break;
    }
    if (cells->kind != CELLS_INT) return 0;
    switch (element) {
    case ELEMENT_I1: return typed_cells_within(cells, INT8_MIN, INT8_MAX);
    case ELEMENT_I2: return typed_cells_within(cells, INT16_MIN, INT16_MAX);
    case ELEMENT_I4: return typed_cells_within(cells, INT32_MIN, INT32_MAX);
    case ELEMENT_I8: return 1;
    case ELEMENT_U1: return typed_cells_within(cells, 0, UINT8_MAX);
    case ELEMENT_U2: return typed_cells_within(cells, 0, UINT16_MAX);
    case ELEMENT_U4: return typed_cells_within(cells, 0, UINT32_MAX);
    case ELEMENT_U8: return typed_cells_within(cells, 0, INT64_MAX);
    default: return 0;
    }
}

static Py_ssize_t typed_element_size(typed_element element) {
    switch (element) {
    case ELEMENT_BOOL:
    case ELEMENT_I1:
    case ELEMENT_U1: return 1;
    case ELEMENT_I2:
    case ELEMENT_U2: return 2;
    case ELEMENT_I4:
    case ELEMENT_U4:
    case ELEMENT_F4: return 4;
    default: return 8;
    }
}

/* Write the cells, which fit, as elements. Ints of the same size differ in their signs only. */
static void typed_write_elements(const typed_cells *cells, typed_element element, void *to) {
    const typed_cell *from = cells->cells;
    Py_ssize_t n = cells->count;
    if (n == 0) return;
    if (element == ELEMENT_F4)
        for (Py_ssize_t i = 0; i < n; i++) ((float *)to)[i] = (float)from[i].real;
    else if (typed_element_size(element) == 1)
        for (Py_ssize_t i = 0; i < n; i++) ((uint8_t *)to)[i] = (uint8_t)from[i].integer;
    else if (typed_element_size(element) == 2)
        for (Py_ssize_t i = 0; i < n; i++) ((uint16_t *)to)[i] = (uint16_t)from[i].integer;
    else if (typed_element_size(element) == 4)
        for (Py_ssize_t i = 0; i < n; i++) ((uint32_t *)to)[i] = (uint32_t)from[i].integer;
    else memcpy(to, from, (size_t)n * sizeof *from);
}

/* The numpy.ndarray of what was read; NULL with an exception set, or where it isn't the memory that is expected. */
static PyObject *typed_ndarray_of(const typed_node *node, const typed_cells *cells, typed_element element) {
    PyObject *shape = PyTuple_New(cells->dimensions), *type = NULL, *array = NULL;
    Py_buffer memory;
    for (int i = 0; shape != NULL && i < cells->dimensions; i++) {
        PyObject *length = PyLong_FromSsize_t(cells->shape[i + 1]);
        if (length == NULL) Py_CLEAR(shape);
        else PyTuple_SET_ITEM(shape, i, length);
    }
    if (shape == NULL) return NULL;
    if (node->element != ELEMENT_ANY) type = Py_NewRef(node->data);
    else type = PyUnicode_FromString(element == ELEMENT_BOOL ? "?" : element == ELEMENT_I8 ? "i8" : "f8");
    if (type != NULL) array = PyObject_CallFunctionObjArgs(node->cls, shape, type, NULL);
    Py_XDECREF(type);
    Py_DECREF(shape);
    if (array == NULL) return NULL;
    if (PyObject_GetBuffer(array, &memory, PyBUF_C_CONTIGUOUS | PyBUF_WRITABLE)) Py_CLEAR(array);
    else {
        int as_expected = memory.len == cells->count * typed_element_size(element);
        if (as_expected) typed_write_elements(cells, element, memory.buf);
        PyBuffer_Release(&memory);
        if (!as_expected) Py_CLEAR(array);
    }
    return array;
}

static NOINLINE typed_result typed_ndarray(typed_run *run, const typed_node *node, const uint8_t *p) {
    typed_cells cells;
    PyObject *array = NULL;
    memset(&cells, 0, sizeof cells);
    if (node->element == ELEMENT_F4 || node->element == ELEMENT_F8) cells.kind = CELLS_REAL;
    p = typed_cells_of(run, &cells, p);
    if (p != NULL && typed_may_be_this_deep(run, (size_t)cells.dimensions)) {
        typed_element element = node->element == ELEMENT_ANY ? typed_element_of(&cells) : node->element;
        if (typed_cells_fit(&cells, element)) {
            typed_before_python(run);
            array = typed_ndarray_of(node, &cells, element);
            typed_after_python(run);
        }
    }
    PyMem_Free(cells.cells);
    return array != NULL ? typed_done(array, p) : typed_raised(0);
}
