# What reads and writes lines, and documents in files: the native parts of cyjson.lines and _files. Included by _native.pyx.

cdef extern from "Python.h":
    PyObject *Py_NotImplemented  # Cython's own would be looked up in the module's state for each line

cdef enum:
    BLOCK = 65536  # bytes asked of a source at a time, and gathered before they are written

cdef enum:  # what becomes of the bytes up to the next line break
    TAKEN = 0
    NOT_OURS = 1  # the rest of a line that begins before the range
    TOO_LONG = 2  # the rest of a line that was given up


# Final, and what it needs of Python is handed to it: through a subclass the interpreter would find __next__ the slow way.
@cython.final
cdef class Reader:
    """The iterator that ``load`` and ``loads`` of ``cyjson.lines`` return.

    lineno: the number of the line that was read last, counted from 1 where reading began; offset: where the line of the
    last document begins, in bytes from the start of the source.

    A file that ``load`` opened is closed at the end, by ``close``, and at the end of a ``with``. After an error, ``next``
    goes on behind the line. As with a generator, ``next`` can't be called while it runs, from a hook or another thread:
    ValueError.
    """

    # Made of: read(n), which gives the next bytes, or str, and nothing at the end; opened, to be closed, or None;
    # decode(text), a line's document, which with `plain` is loads(text); refuse(reader, line, text, error, last), called
    # with each line that can't be decoded (its bytes, None where it is too long; its text, None where it isn't UTF-8; what
    # was raised; whether the source ends with it). offset is where in the source reading begins; with `cut` that is
    # within a line, which is left out. Lines from `stop` on are left out; -1: none. Of a line longer than max_line bytes
    # (-1: no limit) no more is kept.
    #
    # buffer[at:filled] is still to be delivered, with no line break before `scanned`. One byte of room is kept behind
    # `filled`, for the zero that decoding needs. The buffer stays where it is while other code runs: only fill moves it,
    # which __next__ alone calls, which `busy` keeps from being entered again. lineno and offset are read without it: while
    # another thread is at work they are those of the line before, or of this one.
    cdef uint8_t *buffer
    cdef Py_ssize_t at, scanned, filled, room
    cdef long long base  # offset of buffer[0] in the source
    cdef long long stop, max_line
    cdef int fate
    cdef int busy    # held by the call of __next__ that is under way
    cdef int closed  # may be set at any time, by other threads too
    cdef bint plain, ended, is_text
    cdef object core, read, opened, decode, refuse
    cdef int64_t line_number, line_start  # lineno and offset; written by the call that holds busy

    # Not __init__: that could be left out, or called again on a reader that is in use.
    def __cinit__(
        self, read, opened, decode, refuse, *, bint plain, long long offset, bint cut, long long stop, long long max_line
    ):
        self.core = _core
        self.read = read
        self.opened = opened
        self.decode = decode
        self.refuse = refuse
        self.plain = plain
        self.base = self.line_start = offset
        self.fate = NOT_OURS if cut else TAKEN
        self.stop = stop
        self.max_line = max_line

    def __dealloc__(self):
        PyMem_Free(self.buffer)

    def close(self):
        """End the iteration, and close the file if ``load`` opened it."""
        compat_store_int(&self.closed, True)
        with cython.critical_section(self):
            opened, self.opened = self.opened, None
        if opened is not None:
            opened.close()

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
        return compat_load_int64(&self.line_start)

    def __iter__(self):
        return self

    def __next__(self):
        cdef uint8_t *line
        cdef const uint8_t *found
        cdef Py_ssize_t size
        cdef bint whole
        if not compat_acquire(&self.busy):
            raise ValueError("this reader is already executing")
        try:
            while not compat_load_int(&self.closed):
                if 0 <= self.stop <= self.base + self.at and self.fate != TOO_LONG:
                    break
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
                if self.fate != TAKEN:
                    self.at = self.scanned = self.at + size + whole
                    if self.fate == TOO_LONG:
                        self.fate = TAKEN
                        self.give_up(not whole)
                    self.fate = TAKEN
                    continue
                self.begin_line()
                self.at = self.scanned = self.at + size + whole
                if whole and size > 0 and line[size - 1] == c'\r':
                    size -= 1
                if self.line_start == 0 and not self.is_text and size >= 3 and (
                    line[0] == 0xEF and line[1] == 0xBB and line[2] == 0xBF
                ):
                    line += 3
                    size -= 3
                line[size] = 0  # the line break's place, or the byte of room behind the last line
                found = line
                while found[0] == c' ' or found[0] == c'\t' or found[0] == c'\r':
                    found += 1
                if found == line + size:
                    continue
                if 0 <= self.max_line < size:
                    self.give_up(not whole)
                    continue
                if self.plain:
                    value = core_decode_utf8(self.core, line, size)
                    if <PyObject *>value != Py_NotImplemented:
                        return value
                value = self.decoded(line, size, not whole)
                if <PyObject *>value != Py_NotImplemented:
                    return value
        finally:
            compat_release(&self.busy)
        self.close()
        raise StopIteration

    cdef void begin_line(self) noexcept:
        """The line that is read next begins at self.at."""
        compat_store_int64(&self.line_number, self.line_number + 1)
        compat_store_int64(&self.line_start, self.base + self.at)

    cdef int fill(self) except -1:
        """Read on behind what is in the buffer; give up a line that has grown too long."""
        cdef Py_buffer view
        if self.fate == TAKEN and 0 <= self.max_line < self.filled - self.at - 4:  # a byte order mark, and a \r
            self.fate = TOO_LONG
            self.begin_line()
        if self.fate != TAKEN:
            self.at = self.filled
        if self.at > 0:
            memmove(self.buffer, self.buffer + self.at, self.filled - self.at)
            self.base += self.at
            self.filled -= self.at
            self.at = 0
        self.scanned = self.filled
        self.reserve(BLOCK)
        try:
            block = self.read(BLOCK)
        except StopIteration as error:
            raise RuntimeError("read() raised StopIteration") from error
        if compat_load_int(&self.closed):
            return 0
        if block is None:
            raise BlockingIOError("read() gave None: the file is not blocking, and there is nothing to read yet")
        try:
            if isinstance(block, str):
                self.is_text = True
                block = PyUnicode_AsEncodedString(block, "utf-8", "surrogatepass")
            elif not isinstance(block, (bytes, bytearray, memoryview)):
                raise TypeError(f"read() must give bytes or str, not {type(block).__name__}")
            PyObject_GetBuffer(block, &view, PyBUF_SIMPLE)
        except BaseException:
            compat_store_int(&self.closed, True)  # what was read is lost, so there is no going on
            raise
        try:
            if view.len == 0:
                self.ended = True
            else:
                self.reserve(view.len)
                memcpy(self.buffer + self.filled, view.buf, view.len)
                self.filled += view.len
        except BaseException:
            compat_store_int(&self.closed, True)
            raise
        finally:
            PyBuffer_Release(&view)
        return 0

    cdef int reserve(self, Py_ssize_t more) except -1:
        """Room for so many bytes behind what is in the buffer, and one for a zero."""
        cdef Py_ssize_t need = self.filled + more + 1  # both count bytes in memory, but for a block: no overflow
        if need > self.room:
            need = max(need, self.room + self.room // 2)
            grown = <uint8_t *>PyMem_Realloc(self.buffer, need)
            if grown == NULL:
                raise MemoryError
            self.buffer = grown
            self.room = need
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

    cdef int give_up(self, bint last) except -1:
        """Report a line that is too long."""
        try:
            self.refuse(self, None, None, None, last)
        except StopIteration as error:
            raise RuntimeError("a line's handling raised StopIteration") from error
        return 0


def write_lines(documents, encode, write):
    """Write each document on a line of its own: ``write(bytes)`` gets whole lines, some 64 KiB at a time, also those
    before a document that fails. The number of documents.
    """
    cdef Py_ssize_t size = 0
    cdef long long count = 0
    lines = []
    try:
        for document in documents:
            line = encode(document)
            if type(line) is not bytes:
                raise TypeError(f"encode() must give bytes, not {type(line).__name__}")
            lines.append(line)
            count += 1
            size += PyBytes_GET_SIZE(line) + 1
            if size >= BLOCK:
                size = 0
                full, lines = lines, []
                full.append(b"")
                write(b"\n".join(full))
    finally:
        if lines:
            lines.append(b"")
            write(b"\n".join(lines))
    return count


def decode_mapped(mapping, Py_ssize_t size):
    """The document in a private, writable mapping of a file of ``size`` bytes, not a multiple of the page size, so
    that there is a byte behind them; NotImplemented where loads has to say."""
    cdef Py_buffer view
    PyObject_GetBuffer(mapping, &view, PyBUF_WRITABLE)
    try:
        if view.len != size:
            raise ValueError("the mapping is not of this size")
        (<uint8_t *>view.buf)[size] = 0  # nobody else's, once it is written to
        return core_decode_utf8(_core, <const uint8_t *>view.buf, size)
    finally:
        PyBuffer_Release(&view)
