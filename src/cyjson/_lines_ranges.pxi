# Part of _native.pyx: how a Reader's threads read a file that `load` opened themselves, each a range of it.
#
# A range is of RANGE bytes, or with columns of `text`; its lines are those that begin in it. Ranges cover what the file
# has when the threads begin, up to `stop`. Where they end, or one can't be read to its end (the file was cut short or
# changed, a line is too long, the system reports an error), reading goes on as it does without them, from the first
# line that wasn't delivered on: so what comes of it is the same.


cdef bint open_ranges(Reader self, uint64_t begin) except -1:
    """Have the file be read by ranges from a line's beginning on, if it can be, and is large enough: whether it
    is."""
    cdef uint64_t end = 0
    cdef int file
    if self.opened is None or self.readinto is None or self.read.__self__ is not self.opened:
        return False
    if self.ahead is not True:
        return False
    file = self.opened.fileno()
    if not core_lines_open(self.parts, file, self.max_line, &end):
        return False
    if 0 <= self.stop and <uint64_t>self.stop < end:
        end = <uint64_t>self.stop
    self.range_size = RANGE if self.columns == NULL else <uint64_t>self.text
    if end < begin or end - begin < 2 * self.range_size:
        return False
    self.range_at = begin
    self.range_end = end
    self.range_begins = self.in_ranges = True
    return True


cdef bint take_range(Reader self) except -1:
    """Put the lines of the next range into the buffer, which is used up: whether there are any. If not, ranges are
    at an end, and the file is where their last line ended."""
    cdef Py_ssize_t size = 0, most = 2 * self.threads + 2
    cdef uint64_t end
    cdef range_place place
    cdef uint8_t *taken
    self.base += <uint64_t>self.filled
    self.at = self.scanned = self.filled = 0
    while not compat_load_int(&self.closed):
        while self.range_at < self.range_end and core_lines_held(self.parts) < most:
            end = min(self.range_end, self.range_at + self.range_size)
            core_lines_give_range(self.parts, self.range_at, end, self.range_begins)
            self.range_begins = False
            self.range_at = end
        taken = core_lines_take(self.parts, &size)
        if taken == NULL:
            return leave_ranges(self)
        place = core_lines_place(self.parts, self.base) if self.range_end else RANGE_IS_ELSEWHERE
        if place != RANGE_FOLLOWS:
            self.range_at = self.range_end = 0
        if size and place != RANGE_IS_ELSEWHERE:
            self.line_index = 0
            self.buffer = taken
            self.filled = size
            self.take_part()
            break
    return True


cdef bint leave_ranges(Reader self) except -1:
    """Go on without ranges, unless the reader was closed meanwhile: false."""
    opened = self.opened
    try:
        if opened is not None:
            opened.seek(self.base)
    except ValueError:
        if not compat_load_int(&self.closed):
            raise
    self.given = self.base
    self.in_ranges = False
    return False


# ---- what a Reader is made with ----


cdef object readinto_of(read):
    """The readinto of a file of which ``read`` is FileIO's own and the file of no other class; None of others."""
    # From 3.13 on it is of a subclass of that type, which has no others.
    if isinstance(read, _BuiltinMethodType) and type(read.__self__) is _FileIO and read.__name__ == "read":
        return read.__self__.readinto
    return None


cdef int64_t count_from(name, value, int64_t least) except? -2:
    """A number of bytes that a Reader is made with, or ``least`` = -1."""
    cdef int64_t count
    if not isinstance(value, int):
        raise TypeError(f"{name} must be int, not {type(value).__name__}")
    try:
        count = value
    except OverflowError:
        count = -2
    if count < least:
        raise ValueError(f"{name} must be from {least} to 2**63 - 1, not {value}")
    return count
