# Part of _native.pyx: reading a document block by block, over csrc/stream. See stream.py for what it means; _pure_stream.py
# does the same in Python.

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.list cimport PyList_GET_SIZE
from cpython.mem cimport PyMem_Free, PyMem_Malloc, PyMem_Realloc
from cpython.ref cimport Py_DECREF, Py_INCREF
from libc.stdint cimport uint8_t, uint64_t
from libc.string cimport memchr, memcmp, memcpy, memmove

from types import GenericAlias as _GenericAlias


cdef extern from *:
    PyObject *PyList_GET_ITEM(list items, Py_ssize_t index)
    void PyList_SET_ITEM(list items, Py_ssize_t index, object item)

cdef extern from "core.h":
    PyObject *core_value_at(object core, const uint8_t *text, Py_ssize_t size, Py_ssize_t *at) except? NULL
    list core_items_at(
        object core, const uint8_t *text, Py_ssize_t size, Py_ssize_t *at, Py_ssize_t enough, int final, int members
    )
    int core_events_at(
        object core, const uint8_t *text, size_t size, int final, stream_scanner *scanner, events *e
    ) except -1
    object core_key(object core, const uint8_t *ascii, Py_ssize_t n)

cdef extern from "events.h":
    ctypedef enum event_kind:
        EVENT_START_MAP, EVENT_END_MAP, EVENT_START_ARRAY, EVENT_END_ARRAY, EVENT_MAP_KEY
        EVENT_STRING, EVENT_NUMBER, EVENT_BOOLEAN, EVENT_NULL
    ctypedef struct events:
        PyObject *prefix
        PyObject *child
    events *events_new(int with_path) except NULL
    void events_free(events *e)
    void events_drop(events *e)
    PyObject *events_take(events *e)
    int events_open(events *e, size_t depth, int is_array) except -1
    int events_close(events *e, size_t depth) except -1
    int events_key(events *e, size_t depth, object key) except -1
    tuple events_make(const events *e, event_kind kind, PyObject *value, PyObject *path)

cdef extern from "stream.h":
    ctypedef enum stream_token:
        STREAM_MORE, STREAM_ERROR, STREAM_NO_MEMORY, STREAM_END, STREAM_VALUE, STREAM_KEY
        STREAM_START_OBJECT, STREAM_END_OBJECT, STREAM_START_ARRAY, STREAM_END_ARRAY, STREAM_SCALAR
    ctypedef enum stream_state:
        STREAM_IN_KEY
    ctypedef struct stream_scanner:
        stream_state state
        size_t at, mark, depth
    ctypedef struct stream_position:
        uint64_t bytes, characters, lines, line_start
    size_t STREAM_LOST
    void stream_init(stream_scanner *scanner, int lenient)
    void stream_free(stream_scanner *scanner)
    stream_token stream_next(stream_scanner *scanner, const uint8_t *text, size_t size, int final, int find)
    stream_token stream_skip(stream_scanner *scanner, const uint8_t *text, size_t size, int final, size_t depth)
    void stream_passed(stream_scanner *scanner, size_t end)
    void stream_drop(stream_scanner *scanner, size_t n)
    int stream_in_object(const stream_scanner *scanner)
    void stream_advance(stream_position *position, const uint8_t *text, size_t n)


# A container on the way to what is wanted.
cdef struct stream_level:
    Py_ssize_t matched  # what of the path leads here
    Py_ssize_t child    # and to the value at hand; -1: that isn't on the way
    Py_ssize_t wanted   # in an array: the only index on the way, or EVERY, or NONE
    Py_ssize_t index    # of the next value of an array

cdef enum:
    STREAM_AHEAD = 16384   # bytes of values that are made at a time
    STREAM_EVERY = -1
    STREAM_NONE = -2
    STREAM_LOOK_AHEAD = 3  # bytes that decide whether a number goes on: "1", or 1 before "e+x"
    STREAM_TAIL = 128      # bytes that are enough to tell what is wrong with what they start with

cdef object owned(PyObject *made):
    """A new reference as an object."""
    value = <object>made
    Py_DECREF(value)
    return value


cdef enum:
    STREAM_ITEMS, STREAM_KVITEMS, STREAM_BASIC, STREAM_PARSE, STREAM_COARSE


@cython.final
cdef class StreamReader:
    """An iterator over parts of a JSON document that is read as it is needed."""

    cdef stream_scanner scanner
    cdef stream_position place, marked  # of text[0]; of a mark that is lost
    cdef uint8_t *text                  # capacity bytes; text[size] is zero
    cdef size_t size, capacity, expected
    cdef int busy  # held by the call that uses the rest: reading and hooks run Python code, and there are other threads
    cdef bint final, done, plain
    cdef bint ahead                     # reading further than the value at hand keeps nobody waiting
    cdef int mode
    cdef Py_ssize_t block
    cdef object core, source, decode, decode_string, failure
    # the path: joined by dots, or else element by element
    cdef bytes joined
    cdef tuple elements
    cdef Py_ssize_t total
    cdef stream_level *levels
    cdef size_t target  # kvitems: the depth within the object at hand, or 0
    cdef object key
    # items, kvitems: read ahead, the first `given` of them given
    cdef list ready
    cdef Py_ssize_t given
    cdef events *events # basic, parse and coarse

    # Not __init__: that could be called again on a reader that is in use.
    def __cinit__(self, mode, path, source, decode, decode_string, bint plain, bint lenient, Py_ssize_t block, failure):
        stream_init(&self.scanner, lenient)
        self.core = _core
        self.mode = ("items", "kvitems", "basic", "parse", "coarse").index(mode)
        self.joined, self.elements = path
        self.source, self.decode, self.decode_string, self.failure = source, decode, decode_string, failure
        self.plain = plain
        self.ahead = source.ahead
        self.block = block
        self.total = len(self.joined) if self.joined is not None else len(self.elements)
        if self.mode >= STREAM_BASIC:
            self.events = events_new(self.mode == STREAM_PARSE)
        # Each level but two takes at least a byte, or an element, of the path.
        self.levels = <stream_level *>PyMem_Malloc((self.total + 4) * sizeof(stream_level))
        self.capacity = block + 1
        self.text = <uint8_t *>PyMem_Malloc(self.capacity)
        if self.levels == NULL or self.text == NULL:
            raise MemoryError
        self.text[0] = 0

    def __dealloc__(self):
        stream_free(&self.scanner)
        events_free(self.events)
        PyMem_Free(self.levels)
        PyMem_Free(self.text)

    __class_getitem__ = classmethod(_GenericAlias)

    def __iter__(self):
        return self

    def __enter__(self):
        return self

    def __exit__(self, *exc_info):
        self.close()

    cdef int start(self) except -1:
        """Have the reader to oneself; to be ended with compat_release."""
        if not compat_acquire(&self.busy):
            raise ValueError("this iterator is already running")
        return 0

    def close(self):
        """Give up; a file that was opened for this iterator is closed."""
        self.start()
        self.done = True
        self.ready = None
        if self.events != NULL:
            events_drop(self.events)
        compat_release(&self.busy)
        if self.source is not None:
            self.source.close()

    def __next__(self):
        cdef PyObject *made = NULL
        self.start()
        if self.events != NULL:
            made = events_take(self.events)
        elif self.ready is not None:
            made = self.take_ready()
        if made == NULL:
            return self.advance()
        compat_release(&self.busy)
        return owned(made)

    cdef PyObject *take_ready(self) noexcept:
        """The next of those that are ready, a new reference; there is one."""
        cdef PyObject *value = PyList_GET_ITEM(self.ready, self.given)
        Py_INCREF(None)
        PyList_SET_ITEM(self.ready, self.given, None)  # takes no reference away: that one is given on
        self.given += 1
        if self.given == PyList_GET_SIZE(self.ready):
            self.ready = None
        return value

    cdef object advance(self):
        """What comes next, once nothing of it is ready; gives the reader back."""
        try:
            if self.done or self.core is None:  # or the garbage collector has taken it apart
                raise StopIteration
            try:
                if self.mode == STREAM_ITEMS:
                    if self.next_match() is not None:
                        if self.ready is not None:
                            return owned(self.take_ready())
                        return self.take_value()
                    result = None
                elif self.mode == STREAM_KVITEMS:
                    result = self.next_match()
                else:
                    result = self.next_event()
            except BaseException as error:
                self.done = True
                self.source.close()
                if isinstance(error, StopIteration):  # read()'s: it isn't the end of this iterator
                    raise RuntimeError("source.read() raised StopIteration") from error
                raise
            if result is not None:
                return result
            self.done = True
        finally:
            compat_release(&self.busy)
        self.source.close()
        raise StopIteration

    # The text

    cdef int fill(self, size_t keep) except -1:
        """Read a block more. What is before ``keep`` may go."""
        cdef size_t n, capacity
        cdef uint8_t *grown
        data = self.source.read(self.block)
        if type(data) is not bytes:
            raise TypeError("bytes expected")
        n = <size_t>PyBytes_GET_SIZE(data)
        self.final = n == 0
        if keep:
            if self.scanner.mark < keep:
                self.marked = self.place
                stream_advance(&self.marked, self.text, self.scanner.mark)
            stream_advance(&self.place, self.text, keep)
            stream_drop(&self.scanner, keep)
            self.size -= keep
            memmove(self.text, self.text + keep, self.size + 1)
        if n >= self.capacity - self.size:  # both are in memory: the sums don't overflow
            capacity = max(self.size + n + 1, 2 * self.capacity)
            grown = <uint8_t *>PyMem_Realloc(self.text, capacity)
            if grown == NULL:
                raise MemoryError
            self.text = grown
            self.capacity = capacity
        memcpy(self.text + self.size, PyBytes_AS_STRING(data), n)
        self.size += n
        self.text[self.size] = 0
        return 0

    cdef stream_token next_token(self, bint find, bint wanted) except STREAM_MORE:
        """The next token, all of which is in the text if it is wanted. Errors are raised."""
        cdef stream_token token
        while True:
            token = stream_next(&self.scanner, self.text, self.size, self.final, find)
            if token > STREAM_NO_MEMORY:
                return token
            if token != STREAM_MORE:
                self.refuse(token)
            self.fill(self.scanner.mark if wanted and self.scanner.state >= STREAM_IN_KEY else self.scanner.at)

    cdef int skip(self) except -1:
        """Go on behind the value that was found."""
        cdef size_t depth = self.scanner.depth
        cdef stream_token token
        while True:
            token = stream_skip(&self.scanner, self.text, self.size, self.final, depth)
            if token == STREAM_SCALAR:
                return 0
            if token != STREAM_MORE:
                self.refuse(token)
            self.fill(self.scanner.at)

    cdef int refuse(self, stream_token token) except -1:
        """Raise what is wrong with the text from the scanner's position on."""
        cdef stream_position at, mark
        if token == STREAM_NO_MEMORY:
            raise MemoryError
        while not self.final and self.size - self.scanner.at < STREAM_TAIL:
            self.fill(self.scanner.at)
        at = mark = self.place
        stream_advance(&at, self.text, self.scanner.at)
        if self.scanner.mark == STREAM_LOST:
            mark = self.marked
        else:
            stream_advance(&mark, self.text, self.scanner.mark)
        tail = self.slice(self.scanner.at, min(self.size, self.scanner.at + STREAM_TAIL))
        inside = 0 if self.scanner.depth == 0 else 2 if stream_in_object(&self.scanner) else 1
        raise self.failure(
            <int>self.scanner.state,
            inside,
            tail,
            (at.bytes, at.characters, at.lines, at.line_start),
            (mark.bytes, mark.characters, mark.lines, mark.line_start),
        )

    cdef bytes slice(self, size_t start, size_t end):
        return PyBytes_FromStringAndSize(<const char *>self.text + start, <Py_ssize_t>(end - start))

    # Values

    cdef PyObject *value_at(self, size_t start, bint whole) except? NULL:
        """The value that starts there, if all of it is in the text (as is known, if ``whole``); NULL if not."""
        cdef Py_ssize_t end = <Py_ssize_t>start
        cdef uint8_t first = self.text[start]
        cdef PyObject *value = core_value_at(self.core, self.text, <Py_ssize_t>self.size, &end)
        if value != NULL and not whole:
            if (first == c"-" or c"0" <= first <= c"9") and not self.final and self.size - <size_t>end < STREAM_LOOK_AHEAD:
                Py_DECREF(<object>value)
                return NULL
            stream_passed(&self.scanner, <size_t>end)
        if value != NULL:
            self.expected = <size_t>end - start
        return value

    cdef object take_value(self):
        """The value that was found."""
        cdef size_t start = self.scanner.at, depth = self.scanner.depth
        cdef stream_token token
        cdef PyObject *made
        cdef size_t enough = self.expected + self.expected // 8
        # A value of the last one's size wouldn't fit: the attempt would be for nothing.
        if self.plain and self.ahead:
            while self.size - start < enough and not self.final:
                self.fill(start)
                start = 0
        if self.plain and self.size - start >= self.expected:
            made = self.value_at(start, False)
            if made != NULL:
                return owned(made)
        while True:
            token = stream_skip(&self.scanner, self.text, self.size, self.final, depth)
            if token == STREAM_SCALAR:
                break
            if token != STREAM_MORE:
                self.refuse(token)
            self.fill(start)
            start = 0
        if self.plain:
            made = self.value_at(start, True)
            if made != NULL:
                return owned(made)
        return self.decode(self.slice(start, self.scanner.at).decode("utf-8", "surrogatepass"))

    cdef bint read_ahead(self, size_t at, bint members) except -1:
        """Whether some values of an array, or members of an object, from the one found there on, are ready."""
        cdef Py_ssize_t start = <Py_ssize_t>at, end = start
        if not self.plain or self.size - at < self.expected:
            return False
        ready = core_items_at(self.core, self.text, <Py_ssize_t>self.size, &end, STREAM_AHEAD, self.final, members)
        if not ready:
            return False
        stream_passed(&self.scanner, <size_t>end)
        self.expected = <size_t>(end - start) // <size_t>len(ready)
        self.ready = ready
        self.given = 0
        return True

    cdef object take_key(self):
        """The key that was read, in the text from the mark on."""
        cdef const uint8_t *start = self.text + self.scanner.mark + 1
        cdef Py_ssize_t n = <Py_ssize_t>(self.scanner.at - self.scanner.mark) - 2, i
        cdef uint8_t odd = 0
        for i in range(n):
            odd |= (start[i] & 0x80) | (start[i] == c"\\") | (start[i] < 0x20)
        if not odd:
            return core_key(self.core, start, n)
        return self.decode_string(self.slice(self.scanner.mark, self.scanner.at).decode("utf-8", "surrogatepass"))

    # The way to what is wanted

    cdef int enter(self, Py_ssize_t matched) except -1:
        """Open the container that was found, to which this much of the path leads."""
        cdef stream_token token = self.next_token(False, False)
        cdef stream_level *level = &self.levels[self.scanner.depth - 1]
        level.matched = matched
        level.index = 0
        level.child = -1
        level.wanted = STREAM_NONE
        if token == STREAM_START_ARRAY:
            if self.joined is not None:
                level.child = self.match_joined(level, b"item", 4)
                level.wanted = STREAM_EVERY
            elif matched < self.total:
                level.child = matched + 1
                level.wanted = self.elements[matched][1]
        return 0

    cdef Py_ssize_t match_joined(self, stream_level *level, const char *name, Py_ssize_t n) except -2:
        """How much of the path leads to the member of this name; -1: it isn't on the way."""
        cdef const char *path = PyBytes_AS_STRING(self.joined)
        cdef Py_ssize_t at = level.matched
        if level != self.levels:  # below the root a dot comes first
            if at == self.total or path[at] != c".":
                return -1
            at += 1
        if self.total - at < n or memcmp(path + at, name, <size_t>n) != 0:
            return -1
        at += n
        return at if at == self.total or path[at] == c"." else -1

    cdef int match_key(self) except -1:
        """Whether the member whose key was read is on the way."""
        cdef stream_level *level = &self.levels[self.scanner.depth - 1]
        cdef const char *name = <const char *>self.text + self.scanner.mark + 1
        cdef Py_ssize_t n = <Py_ssize_t>(self.scanner.at - self.scanner.mark) - 2
        cdef bytes other
        if memchr(name, c"\\", <size_t>n) != NULL:
            other = self.take_key().encode("utf-8", "surrogatepass")
            name, n = PyBytes_AS_STRING(other), PyBytes_GET_SIZE(other)
        if self.joined is not None:
            level.child = self.match_joined(level, name, n)
            return 0
        wanted = self.elements[level.matched][0] if level.matched < self.total else None
        level.child = -1
        if wanted is not None and PyBytes_GET_SIZE(wanted) == n and memcmp(PyBytes_AS_STRING(wanted), name, <size_t>n) == 0:
            level.child = level.matched + 1
        return 0

    cdef object next_match(self):
        """The next pair; or True where an item was found or is ready; or None at the end."""
        cdef stream_token token
        cdef stream_level *level = self.levels
        cdef Py_ssize_t child
        cdef uint8_t first
        while True:
            token = self.next_token(True, True)
            if token == STREAM_VALUE:
                if self.scanner.depth == 0:
                    child = 0
                elif self.target == self.scanner.depth:
                    key, self.key = self.key, None
                    return key, self.take_value()
                else:
                    level = &self.levels[self.scanner.depth - 1]
                    child = level.child
                    if level.wanted >= 0 and level.wanted != level.index:
                        child = -1
                    elif level.wanted == STREAM_NONE and not stream_in_object(&self.scanner):
                        child = -1
                    level.index += 1
                first = self.text[self.scanner.at]
                if child == self.total:
                    if self.mode == STREAM_ITEMS:
                        if self.scanner.depth and level.wanted == STREAM_EVERY:
                            self.read_ahead(self.scanner.at, False)
                        return True
                    if first == c"{":
                        self.enter(child)
                        self.target = self.scanner.depth
                    else:
                        self.skip()
                elif child >= 0 and (first == c"{" or first == c"["):
                    self.enter(child)
                else:
                    self.skip()
            elif token == STREAM_KEY:
                if self.target == self.scanner.depth:
                    if self.read_ahead(self.scanner.mark, True):
                        return owned(self.take_ready())
                    self.key = self.take_key()
                else:
                    self.match_key()
            elif token == STREAM_END:
                return None
            elif self.target > self.scanner.depth:
                self.target = 0

    # Events

    cdef tuple event(self, event_kind kind, object value, PyObject *path):
        Py_INCREF(value)
        return events_make(self.events, kind, <PyObject *>value, path)

    cdef object next_event(self):
        """The next event, or None at the end."""
        cdef stream_token token
        cdef size_t depth
        cdef uint8_t first
        cdef event_kind kind
        cdef PyObject *made
        if self.plain and self.mode != STREAM_COARSE:
            core_events_at(self.core, self.text, self.size, self.final, &self.scanner, self.events)
            made = events_take(self.events)
            if made != NULL:
                return owned(made)
        # There is no whole event in the text, or something is wrong.
        token = self.next_token(True, True)
        if token == STREAM_END:
            return None
        depth = self.scanner.depth
        if token == STREAM_KEY:
            key = self.take_key()
            event = self.event(EVENT_MAP_KEY, key, self.events.prefix)
            events_key(self.events, depth, key)
            return event
        if token != STREAM_VALUE:
            event = self.event(EVENT_END_MAP if token == STREAM_END_OBJECT else EVENT_END_ARRAY, None, self.events.prefix)
            events_close(self.events, depth + 1)
            return event
        first = self.text[self.scanner.at]
        if first == c"{" or first == c"[":
            if self.mode == STREAM_COARSE:
                made = self.take_small()
                if made != NULL:
                    return "value", owned(made)
            self.next_token(False, False)
            event = self.event(EVENT_START_MAP if first == c"{" else EVENT_START_ARRAY, None, self.events.child)
            events_open(self.events, depth, first == c"[")
            return event
        value = self.take_value()
        if self.mode == STREAM_COARSE:
            return "value", value
        if first == c'"':
            kind = EVENT_STRING
        elif first == c"n":
            kind = EVENT_NULL
        elif first == c"t" or first == c"f":
            kind = EVENT_BOOLEAN
        else:
            kind = EVENT_NUMBER
        return self.event(kind, value, self.events.child)

    cdef PyObject *take_small(self) except? NULL:
        """The container that was found if it fits in a block; or NULL."""
        cdef PyObject *made
        while True:
            made = self.value_at(self.scanner.at, False)
            if made != NULL or self.final or self.size - self.scanner.at >= <size_t>self.block:
                return made
            self.fill(self.scanner.at)
