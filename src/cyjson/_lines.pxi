# Part of _native.pyx: what reads lines, for cyjson.lines.

cdef extern from "Python.h":
    Py_ssize_t PY_SSIZE_T_MAX
    PyObject *Py_NotImplemented  # Cython's own would be looked up in the module's state for each line

cdef enum:
    BLOCK = 65536  # bytes asked of a source at a time, and gathered before they are written
    CHUNK = 98304  # bytes of lines that threads get at a time: memory that malloc has at hand
    RANGE = 196608  # bytes of a file whose lines a thread reads at a time
    WIDE_BLOCK = 262144  # bytes asked for where they become columns

cdef enum:  # what becomes of the bytes up to the next line break
    TAKEN = 0
    NOT_OURS = 1  # the rest of a line that begins before the range
    TOO_LONG = 2  # the rest of a line that was too long


ctypedef void *(*reallocate)(void *, size_t) noexcept


cdef nothing_yet():
    return BlockingIOError("read() gave None: the file is not blocking, and there is nothing to read yet")


cdef bint reserve(uint8_t **data, Py_ssize_t *room, Py_ssize_t filled, Py_ssize_t more, reallocate again) noexcept:
    """Make room for so many bytes after what is in data, and one for a zero: whether there is any."""
    cdef Py_ssize_t need
    cdef uint8_t *grown
    if more >= PY_SSIZE_T_MAX // 2 - filled:  # by what a buffer says: it needn't be there
        return False
    need = filled + more + 1
    if need > room[0]:
        need = max(need, room[0] + room[0] // 2)
        grown = <uint8_t *>again(data[0], need)
        if grown == NULL:
            return False
        data[0] = grown
        room[0] = need
    return True


# Final, and what it needs of Python is handed to it: of a subclass the interpreter would find __next__ the slow way.
@cython.final
cdef class Reader:
    """The iterator that ``load`` and ``loads`` of ``cyjson.lines`` return.

    lineno: the number of the line that was read last, counted from 1 where reading began; offset: where the line of
    the last document begins, in bytes from the start of the source.

    A file that ``load`` opened is closed at the end, by ``close``, and at the end of a ``with``. After an error,
    ``next`` goes on after the line. As with a generator, ``next`` can't be called while it runs, from a hook or
    another thread: ValueError.
    """

    # Made of: read(n), which returns the next bytes, or str, and nothing at the end; opened, to be closed, or None;
    # decode(text), which returns a line's document, and with `plain` is loads; refuse(reader, line, text, error, last),
    # called with each line that can't be decoded (its bytes, None where it is too long; its text, None where it isn't
    # UTF-8; what was raised; whether the source ends with it). offset is where in the source reading begins; with `cut`
    # that is within a line, which is left out. Lines from `stop` on are left out; -1: none. Of a line longer
    # than max_line bytes (-1: no limit) no more is kept. A byte order mark at the start of bytes is left out; with
    # `any_mark`, of str too. With `pick`, a tuple of pointers, or `lazy`, parts of each line are given (`single`: the
    # one value rather than a tuple; without `check` no more is looked at than they take); decode then does the same.
    # With threads, these scan the lines: what is read goes to `pending`, whole lines of it to them in chunks, two for
    # each thread and two more at most, and the buffer is the chunk taken last. ahead() says whether read would return
    # without waiting, so that it may be called while there are lines to be delivered; what it raises is kept until
    # these are.
    #
    # With `plan`, rows are added to columns (module/arrow.h), and each item is a Batch of at most `batch` of them, or
    # of as many as `text` bytes of lines have; the last has the rest. `fields(plan)` describes the columns once their
    # types are known, which `is_frozen` says that they are: else those of the first block of lines are kept.
    # decode(text, reader, is_last) is called with a line that was refused, and raises what is wrong with it, or returns
    # another text of the same document, in bytes; is_last: that was tried. With `is_loose` timestamps may be days, or
    # have no offset. Threads begin once the types are kept. What they get has `text` bytes of lines.
    #
    # buffer[at:filled] is still to be delivered, with no line break before `scanned`. One byte of room is kept after
    # `filled`, for the zero that decoding needs. The buffer stays where it is while other code runs: only fill moves
    # it, which __next__ alone calls, which `busy` keeps from being entered again. lineno and offset are read without
    # that: while another thread is at work they are those of the line before, or of this one.
    cdef uint8_t *buffer
    cdef Py_ssize_t at, scanned, filled, room
    cdef uint64_t base  # offset of buffer[0] in the source: a file may say that it is read near 2**63
    cdef int64_t stop, max_line
    cdef int fate
    cdef int busy    # held by the call of __next__ that is under way
    cdef int closed  # may be set at any time, by other threads too
    cdef bint plain, ended, is_text, any_mark
    cdef object core, read, opened, decode, refuse
    cdef object readinto  # of a file whose read does nothing else, or None
    cdef int64_t line_number  # lineno; written by the call that holds busy, as is
    cdef int64_t line_start   # offset, of which this has the bits
    cdef core_lines *parts   # NULL: whole documents are given
    cdef int threads
    cdef bint finds  # lines may be found by core_lines_find
    cdef Py_ssize_t line_index  # of the line at `at` in the chunk
    cdef uint8_t *pending  # of malloc; no line break from pending_line on
    cdef Py_ssize_t pending_line, pending_size, pending_room
    cdef bint exhausted, fails_for_good
    cdef object ahead, failure
    cdef bytes whole  # a source that isn't read by read, which is None then
    cdef bint in_place  # which is the buffer: its parts and columns allow that
    cdef Py_ssize_t copied  # of it, otherwise
    cdef core_columns *columns  # NULL: no columns are made
    cdef column_data *made  # by a thread, or in the first block, and to be given next
    cdef int64_t made_first  # row of it
    cdef object describe
    cdef readonly object fields  # what describe gave, or None
    cdef int64_t batch, text
    cdef int later_threads
    cdef bint is_frozen
    cdef object plan  # what _plan gave, and the changes until then
    cdef uint64_t plan_changes
    cdef bint in_long, goes_on  # the line that is too long: pending is of it, and so is what comes next
    cdef Py_ssize_t scanned_ahead  # bytes of pending in which line feeds were looked for
    cdef uint64_t given  # offset of pending in the source
    cdef bint may_open, in_ranges, range_begins  # see _lines_ranges.pxi; whether a line begins at range_at
    cdef uint64_t range_at, range_end, range_size  # what is to be given next; 0 to 0 once ranges are of no use

    # Not __init__: that could be left out, or called again on a reader that is in use.
    def __cinit__(
        self, read, opened, decode, refuse, *, bint plain, max_line, offset=0, bint cut=False, stop=-1,
        bint any_mark=False, tuple pick=None, bint single=False, bint lazy=False, bint check=True, int threads=0,
        ahead=None, bytes whole=None, plan=None, fields=None, bint is_frozen=False, bint is_loose=False, batch=0, text=0
    ):
        self.core = _core
        self.read = read
        self.readinto = readinto_of(read)
        self.opened = opened
        self.decode = decode
        self.refuse = refuse
        self.plain = plain
        self.any_mark = any_mark
        self.line_start = count_from("offset", offset, 0)
        self.base = <uint64_t>self.line_start
        self.fate = NOT_OURS if cut else TAKEN
        self.stop = count_from("stop", stop, -1)
        self.max_line = count_from("max_line", max_line, -1)
        self.ahead = ahead
        self.whole = whole
        if plan is not None:
            self.describe = fields
            self.is_frozen = is_frozen
            self.batch = count_from("batch", batch, 1)
            self.text = count_from("text", text, 1)
            self.columns = core_columns_new(
                _core, plan, is_frozen, is_loose, self.batch, self.text, self.max_line
            )
            if is_frozen:
                self.fields = fields(plan)
            self.later_threads = threads
            if whole is not None:
                self.in_place = True
                self.buffer = <uint8_t *>PyBytes_AS_STRING(whole)
                self.filled = PyBytes_GET_SIZE(whole)
                self.ended = True
        if lazy or pick is not None:
            self.parts = core_lines_new(_core, pick, single, check, threads)
            if not core_lines_has_threads(self.parts):
                threads = 0  # none are of use for pointers that are too long
            self.threads = threads
            self.may_open = threads > 0
            self.finds = threads == 0
            self.in_place = whole is not None
            if whole is not None and threads:
                core_lines_hold(self.parts, whole)
            elif whole is not None:
                self.buffer = <uint8_t *>PyBytes_AS_STRING(whole)
                self.filled = PyBytes_GET_SIZE(whole)
                self.ended = True

    def __dealloc__(self):
        if self.threads == 0 and not self.in_place:
            PyMem_Free(self.buffer)
        free(self.pending)
        core_lines_free(self.parts)  # before the columns, by which its threads work
        core_columns_free(self.columns)
        column_data_free(self.made)

    def close(self):
        """End the iteration, and close the file if ``load`` opened it."""
        compat_store_int(&self.closed, True)
        self.let_go()
        with cython.critical_section(self):
            opened, self.opened = self.opened, None
        if opened is not None:
            opened.close()

    cdef void let_go(self) noexcept:
        """End the threads of a closed reader, or drop its bytes; __next__ does it where it is under way."""
        if not compat_acquire(&self.busy):
            return
        if self.threads:
            core_lines_close(self.parts)
        elif self.columns == NULL:
            if self.in_place:
                self.buffer = NULL
                self.at = self.scanned = self.filled = 0
            self.whole = None
        compat_release(&self.busy)

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()

    # The collector calls this before it clears anything: once closed, nothing that it cleared is used.
    def __del__(self):
        self.close()

    @property
    def lineno(self):
        return compat_load_int64(&self.line_number)

    @property
    def offset(self):
        return <uint64_t>compat_load_int64(&self.line_start)

    def __iter__(self):
        return self

    def __next__(self):
        cdef uint8_t *line
        cdef const uint8_t *found
        cdef Py_ssize_t size
        cdef bint whole
        if not compat_acquire(&self.busy):
            if self.threads and compat_load_int(&self.closed):
                raise StopIteration  # another thread is about to end the threads
            raise ValueError("this reader is already executing")
        try:
            while not compat_load_int(&self.closed):
                if self.columns != NULL and not self.is_frozen and core_columns_is_full(self.columns):
                    if core_columns_rows(self.columns):  # lines that were refused have filled it
                        return self.take_rows()
                    self.keep_types()
                if self.columns != NULL and (self.later_threads or self.made != NULL):
                    if self.made != NULL:
                        return self.take_rows()
                    if self.is_frozen and self.fate == TAKEN:
                        self.begin_threads()
                if self.stop >= 0 and <uint64_t>self.stop <= self.base + <uint64_t>self.at and self.fate != TOO_LONG:
                    break
                if self.columns != NULL and self.scanned == self.at < self.filled and self.fate == TAKEN:
                    if self.add_rows():
                        if core_columns_is_full(self.columns):
                            return self.take_rows()
                        continue
                if self.finds and self.scanned == self.at < self.filled and self.fate == TAKEN:
                    size = core_lines_find(self.parts, self.buffer + self.at, self.filled - self.at, self.max_line)
                    if size > 0:
                        self.begin_line()
                        self.at = self.scanned = self.at + size
                        value = core_lines_picked(self.parts)
                        if <PyObject *>value != Py_NotImplemented:
                            return value
                        self.at = self.scanned = self.at - size  # all over again
                        compat_store_int64(&self.line_number, self.line_number - 1)
                found = NULL
                if self.scanned < self.filled:
                    found = <const uint8_t *>memchr(self.buffer + self.scanned, c'\n', self.filled - self.scanned)
                whole = found != NULL
                if not whole and not self.ended:
                    self.fill()
                    continue
                if not whole and self.at == self.filled and self.fate != TOO_LONG:
                    break

                line = self.buffer + self.at
                size = found - line if whole else self.filled - self.at
                self.line_index += 1
                if self.fate != TAKEN:
                    self.at = self.scanned = self.at + size + whole
                    if self.fate == TOO_LONG:
                        self.fate = TAKEN
                        self.refuse_long(not whole)
                    self.fate = TAKEN
                    continue
                self.begin_line()
                self.at = self.scanned = self.at + size + whole
                if whole and size > 0 and line[size - 1] == c'\r':
                    size -= 1
                if self.line_start == 0 and (self.any_mark or not self.is_text) and size >= 3 and (
                    line[0] == 0xEF and line[1] == 0xBB and line[2] == 0xBF
                ):
                    line += 3
                    size -= 3
                if not self.in_place:
                    line[size] = 0  # the line break's place, or the byte of room after the last line
                found = line
                while found < line + size and (found[0] == c' ' or found[0] == c'\t' or found[0] == c'\r'):
                    found += 1
                if found == line + size:
                    continue
                if 0 <= self.max_line < size:
                    self.refuse_long(not whole)
                    continue
                if self.columns != NULL:
                    self.add_row(line, size, not whole)
                    if core_columns_rows(self.columns) and core_columns_is_full(self.columns):
                        return self.take_rows()
                    continue
                if self.parts != NULL:
                    value = core_lines_value(self.parts, line, size, self.line_index - 1)
                    if <PyObject *>value != Py_NotImplemented:
                        return value
                elif self.plain:
                    value = core_decode_utf8(self.core, line, size, 0)
                    if <PyObject *>value != Py_NotImplemented:
                        return value
                value = self.decoded(line, size, not whole)
                if <PyObject *>value != Py_NotImplemented:
                    return value
            if self.columns != NULL and not compat_load_int(&self.closed):
                if core_columns_rows(self.columns):
                    return self.take_rows()
                self.keep_types()
        finally:
            compat_release(&self.busy)
            if self.threads and compat_load_int(&self.closed):
                self.let_go()
        self.close()
        raise StopIteration

    cdef void begin_line(self) noexcept:
        """The line that is read next begins at self.at."""
        compat_store_int64(&self.line_number, self.line_number + 1)
        compat_store_int64(&self.line_start, <int64_t>(self.base + <uint64_t>self.at))

    cdef int fill(self) except -1:
        """Read on after what is in the buffer; drop a line that has grown too long."""
        cdef Py_ssize_t size
        if self.fate == TAKEN and 0 <= self.max_line < self.filled - self.at - 4:  # a byte order mark, and a \r
            self.fate = TOO_LONG
            self.begin_line()
        if self.fate != TAKEN:
            self.at = self.filled
        if self.threads:
            return self.take_chunk()
        if self.finds:
            core_lines_moved(self.parts)
        if self.columns != NULL:
            core_columns_forget(self.columns)
        if self.at > 0:
            memmove(self.buffer, self.buffer + self.at, self.filled - self.at)
            self.base += <uint64_t>self.at
            self.filled -= self.at
            self.at = 0
        self.scanned = self.filled
        size = BLOCK if self.columns == NULL else WIDE_BLOCK
        if self.whole is not None:
            size = min(size, PyBytes_GET_SIZE(self.whole) - self.copied)
        if not reserve(&self.buffer, &self.room, self.filled, size, PyMem_Realloc):
            raise MemoryError
        if self.whole is not None:
            memcpy(self.buffer + self.filled, PyBytes_AS_STRING(self.whole) + self.copied, size)
            self.copied += size
            self.filled += size
            self.ended = self.copied == PyBytes_GET_SIZE(self.whole)
            if self.ended:
                self.whole = None
            return 0
        if self.readinto is not None:
            size = self.read_into(self.buffer + self.filled, size)
            if compat_load_int(&self.closed):
                return 0
            if size < 0:
                raise nothing_yet()
            self.filled += size
            self.ended = size == 0
            return 0
        block = self.read_block(size)
        if compat_load_int(&self.closed):
            return 0
        if block is None:
            raise nothing_yet()
        try:
            if self.take_block(block, &self.buffer, &self.room, &self.filled, PyMem_Realloc) == 0:
                self.ended = True
        except BaseException:
            compat_store_int(&self.closed, True)  # what was read is lost, so there is no going on
            raise
        return 0

    cdef Py_ssize_t read_into(self, uint8_t *place, Py_ssize_t size) except -2:
        """Read at most so many bytes, to where nobody else writes: how many; -1 where there are none yet."""
        count = self.readinto(PyMemoryView_FromMemory(<char *>place, size, PyBUF_WRITE))
        return -1 if count is None else <Py_ssize_t>count

    cdef object read_block(self, Py_ssize_t size):
        try:
            return self.read(size)
        except StopIteration as error:
            raise RuntimeError("read() raised StopIteration") from error

    cdef Py_ssize_t take_block(
        self, object block, uint8_t **data, Py_ssize_t *room, Py_ssize_t *filled, reallocate again
    ) except -1:
        """Add what read gave to data: how much it was."""
        cdef Py_buffer view
        cdef Py_ssize_t size
        if isinstance(block, str):
            self.is_text = True
            block = PyUnicode_AsEncodedString(block, "utf-8", "surrogatepass")
        elif not isinstance(block, (bytes, bytearray, memoryview)):
            raise TypeError(f"read() must give bytes or str, not {type(block).__name__}")
        PyObject_GetBuffer(block, &view, PyBUF_SIMPLE)
        try:
            size = view.len
            if size:
                if not reserve(data, room, filled[0], size, again):
                    raise MemoryError
                memcpy(data[0] + filled[0], view.buf, size)
                filled[0] += size
        finally:
            PyBuffer_Release(&view)
        return size

    # ---- with threads ----

    cdef int take_chunk(self) except -1:
        """Put the next chunk of lines into the buffer, which is used up; read ahead as far as that doesn't wait."""
        cdef Py_ssize_t size = 0, most = 2 * self.threads + 2
        cdef uint8_t *taken
        if self.may_open:
            self.may_open = False
            open_ranges(self, self.base)
        if self.in_ranges and take_range(self):
            return 0
        while not compat_load_int(&self.closed):
            while not self.exhausted and self.failure is None and core_lines_held(self.parts) < most:
                if core_lines_held(self.parts) > 0 and not self.may_read():
                    break
                self.read_ahead()
                if compat_load_int(&self.closed):
                    return 0
            self.base += <uint64_t>self.filled
            self.at = self.scanned = self.filled = self.line_index = 0
            if self.columns != NULL:
                core_columns_forget(self.columns)
            self.buffer = taken = core_lines_take(self.parts, &size)
            if taken != NULL:
                self.filled = size
                self.take_part()
                self.ended = self.exhausted and self.failure is None and core_lines_held(self.parts) == 0
                return 0
            if self.failure is not None:
                failure, self.failure = self.failure, None
                if self.fails_for_good:
                    compat_store_int(&self.closed, True)
                try:
                    raise failure
                finally:
                    del failure  # or its traceback, which holds this frame, would make a circle
            if self.exhausted:
                self.ended = True
                return 0
        return 0

    cdef bint may_read(self) except -1:
        try:
            return bool(self.ahead()) if callable(self.ahead) else bool(self.ahead)
        except Exception:
            return False

    cdef int read_ahead(self) except -1:
        """Read until there is a chunk for the threads, or the end; as little as may be where reading would wait."""
        cdef Py_ssize_t size, before
        if self.in_place:
            return self.give_in_place()
        while self.columns == NULL or not self.has_rows():
            size = self.next_size()
            if not reserve(&self.pending, &self.pending_room, self.pending_size, size, realloc):
                raise MemoryError
            before = self.pending_size
            block = None
            try:
                if self.readinto is not None:
                    size = self.read_into(self.pending + before, size)
                    if size > 0:
                        self.pending_size += size
                else:
                    block = self.read_block(size)
                    size = 0 if block is not None else -1
            except Exception as error:
                self.failure = error
                break
            if compat_load_int(&self.closed):
                return 0
            if size < 0:
                if self.pending_line == 0 and core_lines_held(self.parts) == 0:
                    self.failure = nothing_yet()
                break
            try:
                if block is not None:
                    size = self.take_block(block, &self.pending, &self.pending_room, &self.pending_size, realloc)
            except BaseException as error:
                self.failure = error
                self.fails_for_good = True  # what was read is lost
                break
            if size == 0:
                self.exhausted = True
                self.pending_line = self.pending_size
                break
            if self.columns != NULL:
                if not self.may_read() and self.has_lines():
                    break
                continue
            size = self.pending_size
            while size > before and self.pending[size - 1] != c'\n':
                size -= 1
            if size > before:
                self.pending_line = size
            if 0 <= self.max_line < self.pending_size - self.pending_line - 4:  # a byte order mark, and a \r
                self.pending_line = self.pending_size  # the beginning of a line that is too long
            if self.pending_line and (self.pending_size >= CHUNK // 2 or not self.may_read()):
                break
        return self.give_pending()

    cdef int give_in_place(self) except -1:
        """Give the threads the next lines of bytes that are there; pending_line is where they begin."""
        cdef uint8_t *begin = <uint8_t *>PyBytes_AS_STRING(self.whole) + self.pending_line
        cdef Py_ssize_t size = PyBytes_GET_SIZE(self.whole) - self.pending_line, most = CHUNK
        cdef const uint8_t *found = NULL
        if self.columns != NULL:
            most = self.text
        if size > most:
            found = <const uint8_t *>memchr(begin + most, c'\n', size - most)
        if found != NULL:
            size = found + 1 - begin
        if size:
            core_lines_give(self.parts, begin, size, 0, False)
        self.pending_line += size
        self.exhausted = self.pending_line == PyBytes_GET_SIZE(self.whole)
        return 0

    cdef int give_pending(self) except -1:
        """Give the whole lines that were read to the threads."""
        cdef uint8_t *rest
        cdef Py_ssize_t size = self.pending_line, left = self.pending_size - self.pending_line, room
        if self.columns != NULL and not self.in_long:
            size = self.before_stop(size)
            left = self.pending_size - size
        if size == 0:
            return 0
        room = left + CHUNK + 1
        if self.columns != NULL:
            room = max(room, self.text + WIDE_BLOCK + 1)
        rest = core_lines_room(self.parts, &room)
        if rest == NULL:
            raise MemoryError
        memcpy(rest, self.pending + size, left)
        try:
            core_lines_give(self.parts, self.pending, size, self.pending_room, self.in_long)
        except MemoryError:
            free(rest)
            raise
        self.pending = rest
        self.pending_room = room
        self.pending_size = left
        self.pending_line = self.scanned_ahead = 0
        self.given += <uint64_t>size
        self.in_long = self.goes_on
        return 0

    # ---- with columns ----

    cdef int begin_threads(self) except -1:
        """Have what is still to be read go to threads."""
        cdef Py_ssize_t left = self.filled - self.at
        cdef int threads = self.later_threads
        self.later_threads = 0
        if self.ended and not self.in_place:
            return 0  # there is little left
        self.parts = core_lines_of_columns(_core, core_columns_like(self.columns), threads)
        if self.in_place:
            core_lines_hold(self.parts, self.whole)
            self.pending_line = self.at
            self.ended = False
        elif not open_ranges(self, self.base + <uint64_t>self.at) and left:
            self.pending = <uint8_t *>malloc(left + CHUNK + 1)
            if self.pending == NULL:
                raise MemoryError
            memcpy(self.pending, self.buffer + self.at, left)
            self.pending_size = left
            self.pending_room = left + CHUNK + 1
        if not self.in_place:
            PyMem_Free(self.buffer)
        self.buffer = NULL
        core_columns_forget(self.columns)
        self.given = self.base = self.base + <uint64_t>self.at
        self.at = self.scanned = self.filled = 0
        self.threads = threads
        return 0

    cdef Py_ssize_t before_stop(self, Py_ssize_t size) noexcept:
        """Of so many bytes of whole lines in pending, those of lines that begin before `stop`."""
        cdef const uint8_t *found
        cdef Py_ssize_t first
        if self.stop < 0 or self.given + <uint64_t>size <= <uint64_t>self.stop:
            return size
        self.exhausted = True
        if self.given >= <uint64_t>self.stop:
            return 0
        first = <Py_ssize_t>(<uint64_t>self.stop - self.given) - 1
        found = <const uint8_t *>memchr(self.pending + first, c'\n', size - first)
        return size if found == NULL else found + 1 - self.pending

    cdef Py_ssize_t next_size(self) noexcept:
        """How many bytes are to be read to pending."""
        cdef uint64_t filled = self.given + <uint64_t>self.pending_size
        cdef int64_t size = self.text - self.pending_size + WIDE_BLOCK
        if self.columns == NULL or self.readinto is None or self.in_long or self.pending_size >= self.text:
            return CHUNK
        if self.stop >= 0:
            size = min(size, CHUNK + (self.stop - <int64_t>filled if <uint64_t>self.stop > filled else 0))
        return size

    cdef bint has_lines(self) noexcept:
        """Look for the last line feed in what was read: whether there are whole lines."""
        cdef Py_ssize_t size = self.pending_size
        while size > self.scanned_ahead and self.pending[size - 1] != c'\n':
            size -= 1
        if size > self.scanned_ahead:
            self.pending_line = size
        self.scanned_ahead = self.pending_size
        return self.pending_line > 0

    cdef bint has_rows(self) noexcept:
        """Whether enough was read for a batch; or too much, without the end of a line."""
        cdef const uint8_t *found
        self.goes_on = False
        if self.in_long:  # the rest of a line that is too long, whatever it looks like
            found = <const uint8_t *>memchr(self.pending, c'\n', self.pending_size)
            self.goes_on = found == NULL
            self.pending_line = self.pending_size if found == NULL else found + 1 - self.pending
            return self.pending_size > 0
        if self.has_lines() and self.pending_size >= self.text:
            return True
        if 0 <= self.max_line < self.pending_size - self.pending_line - 4:  # a byte order mark, and a \r
            if self.pending_line == 0:
                self.pending_line = self.pending_size
                self.in_long = self.goes_on = True
            return True
        return False

    cdef int take_part(self) except -1:
        """Go on after what a thread has made of the chunk."""
        cdef columns_part *part
        if self.columns == NULL:
            return 0
        part = core_lines_part(self.parts)
        if part == NULL:
            return 0
        self.made = part.data
        part.data = NULL
        compat_store_int64(&self.line_number, self.line_number + part.lines)
        self.at = self.scanned = part.bytes
        return 0

    cdef int keep_types(self) except -1:
        """Keep the types that the first block has."""
        if not self.is_frozen:
            core_columns_freeze(self.columns)
            self.fields = self.describe(self._plan()[0])
            self.is_frozen = True
        return 0

    cdef Batch take_rows(self):
        """The rows that were added; or where there are none, those that are made. The first block may be several
        batches, of which all but this one are kept."""
        cdef int64_t rows
        cdef Batch batch
        self.keep_types()
        if core_columns_rows(self.columns):
            if self.made != NULL:
                return self.own_rows()
            self.made = core_columns_take(self.columns)
            self.made_first = 0
        rows = min(self.batch, column_data_length(self.made) - self.made_first)
        batch = batch_of(self.made, self.made_first, rows, self.fields)
        self.made_first += rows
        if self.made_first == column_data_length(self.made):
            column_data_free(self.made)
            self.made = NULL
            self.made_first = 0
        return batch

    def _plan(self):
        """The plan of the columns as they are now, and whether their types are kept."""
        if self.columns == NULL:
            raise ValueError("this reader makes no columns")
        if self.plan is None or self.plan_changes != core_columns_changes(self.columns):
            self.plan = core_columns_plan(self.columns)
            self.plan_changes = core_columns_changes(self.columns)
        return self.plan, self.is_frozen

    def _take(self):
        """The rows that were added since the last batch, as a batch; None where there are none. For cyjson._columns."""
        if self.columns == NULL or not compat_acquire(&self.busy):
            raise ValueError("this reader is already executing, or makes no columns")
        try:
            return self.take_rows() if core_columns_rows(self.columns) else None
        finally:
            compat_release(&self.busy)

    cdef Batch own_rows(self):
        """The rows that were added, before those that a thread has made."""
        cdef column_data *data = core_columns_take(self.columns)
        try:
            return batch_of(data, 0, column_data_length(data), self.fields)
        finally:
            column_data_free(data)

    cdef bint add_rows(self) noexcept:
        """Add the lines that come next, as many as can be without a look at each: whether there are any."""
        cdef Py_ssize_t size = self.filled - self.at, last = 0
        cdef const uint8_t *found
        cdef int64_t count = 0
        cdef uint64_t first
        if self.stop >= 0 and <uint64_t>self.stop < self.base + <uint64_t>self.filled:
            first = <uint64_t>self.stop - self.base  # lines that begin here are none of ours
            if first <= <uint64_t>self.at:
                return False
            found = <const uint8_t *>memchr(self.buffer + first - 1, c'\n', self.filled - <Py_ssize_t>first + 1)
            if found != NULL:
                size = found + 1 - (self.buffer + self.at)
        size = core_columns_add_lines(self.columns, self.buffer + self.at, size, &count, &last)
        if count == 0:
            return False
        compat_store_int64(&self.line_number, self.line_number + count)
        compat_store_int64(&self.line_start, <int64_t>(self.base + <uint64_t>(self.at + last)))
        self.at = self.scanned = self.at + size
        return True

    cdef uint64_t line_size(self) noexcept:
        """The bytes of the line that was read last, with its line break."""
        return self.base + <uint64_t>self.at - <uint64_t>self.line_start

    cdef int add_row(self, const uint8_t *line, Py_ssize_t size, bint last) except -1:
        """Add a line to the columns, or report it."""
        cdef uint64_t whole = self.line_size()
        if core_columns_add(self.columns, line, size, whole, False):
            return 0
        data = line[:size]
        try:
            try:
                text = PyUnicode_DecodeUTF8(<const char *>line, size, "surrogatepass")
            except UnicodeDecodeError as error:
                core_columns_refuse(self.columns, whole)
                self.refuse(self, data, None, error, last)
                return 0
            try:
                again = self.decode(text, self, False)
                if not core_columns_add(
                    self.columns, <const uint8_t *>PyBytes_AS_STRING(again), len(again), whole, True
                ):
                    self.decode(text, self, True)
            except MemoryError:
                raise
            except Exception as error:
                core_columns_refuse(self.columns, whole)
                self.refuse(self, data, text, error, last)
        except StopIteration as error:
            raise RuntimeError("a line's handling raised StopIteration") from error
        return 0

    cdef object decoded(self, const uint8_t *line, Py_ssize_t size, bint last):
        """The document in a line by way of a str; NotImplemented where it was refused."""
        data = line[:size]
        try:
            try:
                text = PyUnicode_DecodeUTF8(<const char *>line, size, "surrogatepass")
            except UnicodeDecodeError as error:
                self.refuse(self, data, None, error, last)
                return NotImplemented
            try:
                return self.decode(text)
            except MemoryError:
                raise  # no line's fault; and 3.11 may crash on another one that comes while this one is handled
            except Exception as error:
                self.refuse(self, data, text, error, last)
                return NotImplemented
        except StopIteration as error:
            raise RuntimeError("a line's handling raised StopIteration") from error

    cdef int refuse_long(self, bint last) except -1:
        """Report a line that is too long."""
        if self.columns != NULL:
            core_columns_refuse(self.columns, self.line_size())
        try:
            self.refuse(self, None, None, None, last)
        except StopIteration as error:
            raise RuntimeError("a line's handling raised StopIteration") from error
        return 0
