# Part of _native.pyx: reading a document block by block, over csrc/kernels/tokens. See stream.py for what it means;
# _pure_stream.py does the same in Python.

cdef extern from *:
    PyObject *PyList_GET_ITEM(PyObject *items, Py_ssize_t index)
    void PyList_SET_ITEM(PyObject *items, Py_ssize_t index, object item)
    Py_ssize_t PyList_GET_SIZE(PyObject *items)
    void PyObject_GC_UnTrack(PyObject *items)
    void Py_XDECREF(PyObject *items)

cdef extern from "module/module.h":
    PyObject *core_value_at(object core, const uint8_t *text, Py_ssize_t size, Py_ssize_t *at) except? NULL
    list core_items_at(
        object core, const uint8_t *text, Py_ssize_t size, Py_ssize_t *at, Py_ssize_t enough, int final, int members
    )
    int core_events_at(
        object core, const uint8_t *text, size_t size, int final, tokens_scanner *scanner, events *e
    ) except -1
    object core_key(object core, const uint8_t *ascii, Py_ssize_t n)
    const skip_functions *core_skip(object core)

cdef extern from "decode/events.h":
    ctypedef enum event_kind:
        EVENT_START_MAP, EVENT_END_MAP, EVENT_START_ARRAY, EVENT_END_ARRAY, EVENT_MAP_KEY
        EVENT_STRING, EVENT_NUMBER, EVENT_BOOLEAN, EVENT_NULL
    ctypedef struct events:
        PyObject *prefix
        PyObject *child
        uint64_t count
    events *events_new(int with_path) except NULL
    void events_free(events *e)
    void events_drop(events *e)
    PyObject *events_take(events *e)
    int events_open(events *e, size_t depth, int is_array) except -1
    int events_close(events *e, size_t depth, int is_array) except -1
    int events_key(events *e, size_t depth, object key) except -1
    tuple events_make(const events *e, event_kind kind, PyObject *value, PyObject *path)

cdef extern from "kernels/tokens.h":
    ctypedef enum token_kind:
        TOKEN_MORE, TOKEN_ERROR, TOKEN_NO_MEMORY, TOKEN_END, TOKEN_VALUE, TOKEN_KEY
        TOKEN_START_OBJECT, TOKEN_END_OBJECT, TOKEN_START_ARRAY, TOKEN_END_ARRAY, TOKEN_SCALAR
    ctypedef enum tokens_state:
        TOKENS_IN_KEY
    ctypedef struct tokens_scanner:
        tokens_state state
        size_t at, mark, depth
    ctypedef struct tokens_position:
        uint64_t bytes, characters, lines, line_start
    size_t TOKENS_LOST
    ctypedef struct skip_functions:
        pass
    void tokens_init(tokens_scanner *scanner, const skip_functions *skip, int lenient, int many)
    void tokens_free(tokens_scanner *scanner)
    token_kind tokens_next(tokens_scanner *scanner, const uint8_t *text, size_t size, int final, int find)
    token_kind tokens_skip(tokens_scanner *scanner, const uint8_t *text, size_t size, int final, size_t depth)
    void tokens_passed(tokens_scanner *scanner, size_t end)
    void tokens_drop(tokens_scanner *scanner, const uint8_t *text, size_t n)
    int tokens_in_object(const tokens_scanner *scanner)
    void tokens_advance(tokens_position *position, const uint8_t *text, size_t n)


# A container on the way to what is wanted.
cdef struct stream_level:
    Py_ssize_t matched  # what of the path leads here
    Py_ssize_t child    # and to the value at hand; -1: that isn't on the way
    int64_t wanted      # in an array: the only index on the way, or EVERY, or NONE
    int64_t index       # of the next value of an array

cdef enum:
    STREAM_AHEAD = 16384   # bytes of values that are made at a time
    STREAM_EVERY = -1
    STREAM_NONE = -2
    STREAM_LOOK_AHEAD = 3  # bytes that decide whether a number goes on: "1", or 1 before "e+x"
    STREAM_TAIL = 128      # bytes that are enough to find what is wrong with their start
    STREAM_BLOCK = 1 << 30  # bytes that may be asked for at a time

cdef object owned(PyObject *made):
    """A new reference as an object."""
    value = <object>made
    Py_DECREF(value)
    return value


cdef enum:
    STREAM_ITEMS, STREAM_KVITEMS, STREAM_BASIC, STREAM_PARSE, STREAM_COARSE

cdef enum:  # what the reader is in the middle of, where its source had to wait: nothing, or a value
    STREAM_NOTHING, STREAM_SKIPPING, STREAM_TAKING


@cython.final
cdef class StreamReader:
    """An iterator over parts of a JSON document that is read as it is needed."""

    cdef tokens_scanner scanner
    cdef tokens_position place, marked  # of text[0]; of a mark that is lost
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
    cdef int pending
    cdef size_t begin, outside  # of the pending value: where its text starts, and the depth around it
    # items, kvitems: read ahead, the first `given` of them given. A list that nobody else is to see, the collector
    # included, which would hand it to whoever asks.
    cdef PyObject *ready
    cdef Py_ssize_t given
    cdef events *events # basic, parse and coarse

    # Not __init__: that could be called again on a reader that is in use.
    def __cinit__(
        self,
        mode,
        path,
        source,
        decode,
        decode_string,
        bint plain,
        bint lenient,
        Py_ssize_t block,
        failure,
        bint many=False,
    ):
        tokens_init(&self.scanner, core_skip(_core), lenient, many)
        if not 1 <= block <= STREAM_BLOCK:
            raise ValueError(f"a block is from 1 to 2**30 bytes, not {block}")
        self.core = _core
        self.mode = ("items", "kvitems", "basic", "parse", "coarse").index(mode)
        self.joined, self.elements = path
        self.source, self.decode, self.decode_string, self.failure = source, decode, decode_string, failure
        self.plain = plain
        self.ahead = source.ahead
        self.block = block
        if self.joined is not None:
            self.total = len(self.joined)
        else:
            self.total = len(self.elements)
            for element in self.elements:
                if type(element) is not tuple or len(element) != 2 or type(element[0]) not in (bytes, type(None)):
                    raise TypeError("an element of a path is (bytes or None, int)")
                <int64_t>element[1]
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
        tokens_free(&self.scanner)
        events_free(self.events)
        Py_XDECREF(self.ready)
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
        """End the iteration; a file that was opened for this iterator is closed."""
        self.start()
        self.done = True
        ready, self.ready = self.ready, NULL
        if self.events != NULL:
            events_drop(self.events)
        compat_release(&self.busy)
        Py_XDECREF(ready)
        if self.source is not None:
            self.source.close()

    def __next__(self):
        cdef PyObject *made = NULL
        self.start()
        if self.events != NULL:
            made = events_take(self.events)
        elif self.ready != NULL:
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
            ready, self.ready = self.ready, NULL
            Py_XDECREF(ready)  # None is left in it: no Python code runs
        return value

    cdef object advance(self):
        """What comes next, once nothing of it is ready; gives the reader back."""
        try:
            if self.done or self.core is None:  # or the garbage collector has taken it apart
                raise StopIteration
            try:
                if self.mode == STREAM_ITEMS:
                    if self.pending == STREAM_TAKING or self.next_match() is not None:
                        if self.ready != NULL:
                            return owned(self.take_ready())
                        return self.take_value()
                    result = None
                elif self.mode == STREAM_KVITEMS:
                    result = self.next_match()
                else:
                    result = self.next_event()
            except BaseException as error:
                self.done = True
                if self.source.waiting:
                    self.done = False  # the next call goes on here
                    raise
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
                tokens_advance(&self.marked, self.text, self.scanner.mark)
            tokens_advance(&self.place, self.text, keep)
            tokens_drop(&self.scanner, self.text, keep)
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

    cdef token_kind next_token(self, bint find, bint wanted) except TOKEN_MORE:
        """The next token, all of which is in the text if it is wanted. Errors are raised."""
        cdef token_kind token
        while True:
            token = tokens_next(&self.scanner, self.text, self.size, self.final, find)
            if token > TOKEN_NO_MEMORY:
                return token
            if token != TOKEN_MORE:
                self.refuse(token)
            self.fill(self.scanner.mark if wanted and self.scanner.state >= TOKENS_IN_KEY else self.scanner.at)

    cdef int skip(self) except -1:
        """Go on after the value that was found, or in which the source had to wait."""
        return self.pass_value(STREAM_SKIPPING)

    cdef int pass_value(self, int purpose) except -1:
        """The same; of one that is taken the text from ``begin`` on is kept."""
        cdef token_kind token
        if self.pending == STREAM_NOTHING:
            self.pending = purpose
            self.begin = self.scanner.at
            self.outside = self.scanner.depth
        while True:
            token = tokens_skip(&self.scanner, self.text, self.size, self.final, self.outside)
            if token == TOKEN_SCALAR:
                self.pending = STREAM_NOTHING
                return 0
            if token != TOKEN_MORE:
                self.refuse(token)
            self.fill(self.begin if purpose == STREAM_TAKING else self.scanner.at)
            self.begin = 0

    cdef int refuse(self, token_kind token) except -1:
        """Raise what is wrong with the text from the scanner's position on."""
        cdef tokens_position at, mark
        if token == TOKEN_NO_MEMORY:
            raise MemoryError
        while not self.final and self.size - self.scanner.at < STREAM_TAIL:
            self.fill(self.scanner.at)
        at = mark = self.place
        tokens_advance(&at, self.text, self.scanner.at)
        if self.scanner.mark == TOKENS_LOST:
            mark = self.marked
        else:
            tokens_advance(&mark, self.text, self.scanner.mark)
        tail = self.slice(self.scanner.at, min(self.size, self.scanner.at + STREAM_TAIL))
        inside = 0 if self.scanner.depth == 0 else 2 if tokens_in_object(&self.scanner) else 1
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
        cdef bint is_number
        if value != NULL and not whole:
            is_number = first == c"-" or c"0" <= first <= c"9"
            if is_number and not self.final and self.size - <size_t>end < STREAM_LOOK_AHEAD:
                Py_DECREF(<object>value)
                return NULL
            tokens_passed(&self.scanner, <size_t>end)
        if value != NULL:
            self.expected = <size_t>end - start
        return value

    cdef object take_value(self):
        """The value that was found."""
        cdef size_t start = self.scanner.at
        cdef PyObject *made
        cdef size_t enough = self.expected + self.expected // 8
        if self.plain and self.pending == STREAM_NOTHING:
            if self.ahead:
                while self.size - start < enough and not self.final:
                    self.fill(start)
                    start = 0
            # Where a value of the last one's size wouldn't fit, the attempt would be for nothing.
            if self.size - start >= self.expected:
                made = self.value_at(start, False)
                if made != NULL:
                    return owned(made)
        self.pass_value(STREAM_TAKING)
        if self.plain:
            made = self.value_at(self.begin, True)
            if made != NULL:
                return owned(made)
        return self.decode(self.slice(self.begin, self.scanner.at).decode("utf-8", "surrogatepass"))

    cdef object take_member(self):
        """The member whose key was read, and whose value was found."""
        value = self.take_value()
        key, self.key = self.key, None
        return key, value

    cdef bint read_ahead(self, size_t at, bint members) except -1:
        """Whether some values of an array, or members of an object, from the one found there on, are ready."""
        cdef Py_ssize_t start = <Py_ssize_t>at, end = start
        if not self.plain or self.size - at < self.expected:
            return False
        ready = core_items_at(self.core, self.text, <Py_ssize_t>self.size, &end, STREAM_AHEAD, self.final, members)
        if not ready:
            return False
        PyObject_GC_UnTrack(<PyObject *>ready)
        tokens_passed(&self.scanner, <size_t>end)
        self.expected = <size_t>(end - start) // <size_t>len(ready)
        Py_INCREF(ready)
        self.ready = <PyObject *>ready
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
        cdef token_kind token = self.next_token(False, False)
        cdef stream_level *level = &self.levels[self.scanner.depth - 1]
        level.matched = matched
        level.index = 0
        level.child = -1
        level.wanted = STREAM_NONE
        if token == TOKEN_START_ARRAY:
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
        if wanted is not None and PyBytes_GET_SIZE(wanted) == n:
            if memcmp(PyBytes_AS_STRING(wanted), name, <size_t>n) == 0:
                level.child = level.matched + 1
        return 0

    cdef object next_match(self):
        """The next pair; or True where an item was found or is ready; or None at the end."""
        cdef token_kind token
        cdef stream_level *level = self.levels
        cdef Py_ssize_t child
        cdef uint8_t first
        if self.pending == STREAM_TAKING:
            return self.take_member()
        if self.pending == STREAM_SKIPPING:
            self.skip()
        while True:
            token = self.next_token(True, True)
            if token == TOKEN_VALUE:
                if self.scanner.depth == 0:
                    child = 0
                elif self.target == self.scanner.depth:
                    return self.take_member()
                else:
                    level = &self.levels[self.scanner.depth - 1]
                    child = level.child
                    if level.wanted >= 0 and level.wanted != level.index:
                        child = -1
                    elif level.wanted == STREAM_NONE and not tokens_in_object(&self.scanner):
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
            elif token == TOKEN_KEY:
                if self.target == self.scanner.depth:
                    if self.read_ahead(self.scanner.mark, True):
                        return owned(self.take_ready())
                    self.key = self.take_key()
                else:
                    self.match_key()
            elif token == TOKEN_END:
                return None
            elif self.target > self.scanner.depth:
                self.target = 0

    # Events

    cdef tuple event(self, event_kind kind, object value, PyObject *path):
        self.events.count += 1
        Py_INCREF(value)
        return events_make(self.events, kind, <PyObject *>value, path)

    cdef object next_event(self):
        """The next event, or None at the end."""
        cdef token_kind token
        cdef event_kind kind
        cdef size_t depth
        cdef uint8_t first
        cdef PyObject *made
        if self.pending != STREAM_NOTHING:
            return self.take_scalar(self.text[self.begin])
        if self.plain and self.mode != STREAM_COARSE:
            core_events_at(self.core, self.text, self.size, self.final, &self.scanner, self.events)
            made = events_take(self.events)
            if made != NULL:
                return owned(made)
        # There is no whole event in the text, or something is wrong.
        token = self.next_token(True, True)
        if token == TOKEN_END:
            return None
        depth = self.scanner.depth
        if token == TOKEN_KEY:
            key = self.take_key()
            event = self.event(EVENT_MAP_KEY, key, self.events.prefix)
            events_key(self.events, depth, key)
            return event
        if token != TOKEN_VALUE:
            kind = EVENT_END_MAP if token == TOKEN_END_OBJECT else EVENT_END_ARRAY
            event = self.event(kind, None, self.events.prefix)
            events_close(self.events, depth + 1, token == TOKEN_END_ARRAY)
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
        return self.take_scalar(first)

    cdef object take_scalar(self, uint8_t first):
        """The event of the value that was found, which is no container."""
        cdef event_kind kind
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
        """The container that was found if it fits in a block; or NULL.

        Its length decides, not what is in the text already: a pipe gives more or less at a time.
        """
        cdef PyObject *made
        cdef tokens_scanner before
        while True:
            before = self.scanner
            made = self.value_at(before.at, False)
            if made != NULL and self.scanner.at - before.at > <size_t>self.block:
                self.scanner = before
                Py_DECREF(<object>made)
                return NULL
            if made != NULL or self.final or self.size - self.scanner.at >= <size_t>self.block:
                return made
            self.fill(self.scanner.at)
