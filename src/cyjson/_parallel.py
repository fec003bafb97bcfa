"""Lines decoded by several threads at once, which is of use where there is no GIL: what ``cyjson.lines`` gives then.

The source is read, and cut at line breaks, by the thread that iterates. Each block is decoded by a thread of a pool,
with a Reader of its own, which notes what becomes of each line; the iterating thread goes through these notes in order,
so that errors are raised, skipped or reported by it, as they would be without threads.
"""

import os
import threading
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait

__all__ = ["ParallelReader"]

_BLOCK = 98304  # bytes of lines
_VALUE, _REFUSED, _RAISED = range(3)  # what became of a line


class _Job:
    """A block of whole lines, and what became of them."""

    def __init__(self, reader, block, offset):
        self.block = block
        self.offset = offset
        self.wish = reader._wish
        self.function = reader._function
        self.stop = reader._stop
        self.ended = reader._ended
        self.notes = None
        self.lines = 0  # in it
        self.future = None

    def run(self):
        notes, block = [], self.block
        if not isinstance(block, str):
            block = memoryview(block)
        at = 0

        def read(size):
            nonlocal at
            part = block[at : at + size]
            at += len(part)
            return part

        def refuse(reader, *what):
            notes.append((_REFUSED, what, reader.lineno, reader.offset))

        reader = self.wish.reader(read, None, self.offset, stop=self.stop, refuse=refuse, threads=False)
        function = self.function
        while not self.ended:
            try:
                document = next(reader)
            except StopIteration:
                break
            try:
                value = document if function is None else function(document)
                notes.append((_VALUE, value, reader.lineno, reader.offset))
            except BaseException as error:
                notes.append((_RAISED, error, reader.lineno, reader.offset))
        self.lines = reader.lineno
        self.offset = reader.offset
        self.block = None
        self.notes = notes


class ParallelReader:
    """An iterator with the attributes and methods of a Reader, which gives what several threads decode.

    lineno: the number of the line of the last document, counted from 1 where reading began; offset: where that line
    begins, in bytes from the start of the source.
    """

    def __init__(
        self, wish, read, opened, offset=0, cut=False, stop=-1, ahead=False, function=None, ordered=True, whole=None
    ):
        self._wish = wish
        self._read = read
        self._opened = opened
        self._stop = stop
        self._ahead = ahead if callable(ahead) else lambda: ahead
        self._function = function
        self._ordered = ordered
        self._ended = []  # filled at the end, which the jobs see
        self._most = 2 * wish.threads + 2
        self._limit = None if wish.max_line < 0 else wish.max_line + 5  # a byte order mark, a \r, and what is too much
        self._pool = ThreadPoolExecutor(wish.threads, "cyjson.lines")
        self._process_now = os.getpid  # here, for a reader that outlives this module
        self._process = os.getpid()
        self._busy = threading.Lock()
        self._jobs = []
        self._job = None  # that the notes are of
        self._notes = iter(())
        self._first_line = 0  # of the block that the notes are of; the lines before it
        self._lines = 0
        self._pending = bytearray()
        self._scanned = 0
        self._dropped = 0  # bytes of the line in pending, which is too long, that aren't kept
        self._base = self.offset = offset
        self._cut = cut
        self._is_text = self._exhausted = self._is_long = self._closed = False
        self._failure = None
        self.lineno = 0

    def close(self):
        """End the iteration and the threads, and close the file if ``load`` opened it."""
        self._closed = True
        self._ended.append(True)
        if self._process == self._process_now():
            self._pool.shutdown(wait=False, cancel_futures=True)
        self._jobs = []
        self._notes = iter(())
        opened, self._opened = self._opened, None
        if opened is not None:
            opened.close()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()

    # Not close(): the interpreter may be ending, and the pool ends its threads when it goes.
    def __del__(self):
        if self.__dict__.get("_opened") is not None:
            self._opened.close()
        self.__dict__.get("_ended", []).append(True)

    def __iter__(self):
        return self

    def __next__(self):
        if not self._busy.acquire(blocking=False):
            raise ValueError("this reader is already executing")
        try:
            while not self._closed:
                for kind, what, line, offset in self._notes:
                    self.lineno = self._first_line + line
                    self.offset = offset
                    if kind == _VALUE:
                        return what
                    if kind == _REFUSED:
                        self._wish.refuse(self, *what)
                        if self._closed:
                            break
                        continue
                    if isinstance(what, StopIteration):
                        raise RuntimeError("the function raised StopIteration") from what
                    try:
                        raise what
                    finally:
                        del what  # or its traceback, which holds this frame, would make a circle
                else:
                    if self._job is not None:
                        self.lineno = self._first_line + self._job.lines
                        self.offset = self._job.offset
                    if not self._next_notes():
                        break
        except StopIteration as error:
            raise RuntimeError("a line's handling raised StopIteration") from error
        finally:
            self._busy.release()
        self.close()
        raise StopIteration

    def _next_notes(self):
        """Go on to the next block, and read ahead: whether there is one."""
        self._notes = iter(())
        self._job = None
        while not self._exhausted and self._failure is None and len(self._jobs) < self._most:
            if self._jobs and not self._ahead():
                break
            self._read_block()
            if self._closed:
                return False
        if not self._jobs:
            failure, self._failure = self._failure, None
            if failure is None:
                return False
            try:
                raise failure
            finally:
                del failure
        if self._process != self._process_now():  # a fork's child, where there are no threads
            job = self._jobs[0]
            if job.notes is None:
                job.run()
        elif self._ordered:
            job = self._jobs[0]
            job.future.result()
        else:
            done, _ = wait([job.future for job in self._jobs], return_when=FIRST_COMPLETED)
            job = next(job for job in self._jobs if job.future in done)
            job.future.result()
        self._jobs.remove(job)
        if self._ordered or self._function is None:
            self._first_line, self._lines = self._lines, self._lines + job.lines
        else:
            self._first_line = 0  # the lines before it may not be counted yet: those of its block are
        self._notes = iter(job.notes)
        job.notes = None
        self._job = job
        return True

    def _read_block(self):
        """Read until there are lines enough for a thread, and hand them over."""
        pending, limit, gave = self._pending, self._limit, False
        while True:
            if limit is not None and not self._scanned and len(pending) > limit:
                self._is_long = True
                self._dropped += len(pending) - limit
                del pending[limit:]
            try:
                block = self._read(_BLOCK)
                if block is None:
                    if not self._jobs and not self._scanned:
                        message = "read() gave None: the file is not blocking, and there is nothing to read yet"
                        self._failure = BlockingIOError(message)
                    break
                if isinstance(block, str):
                    self._is_text = True
                    block = block.encode("utf-8", "surrogatepass")
                elif not isinstance(block, (bytes, bytearray, memoryview)):
                    self._exhausted = True  # what was read is lost, so there is no going on
                    raise TypeError(f"read() must give bytes or str, not {type(block).__name__}")
                elif isinstance(block, memoryview) and not block.c_contiguous:
                    self._exhausted = True
                    raise BufferError("memoryview: underlying buffer is not C-contiguous")
                size = len(pending)
                pending += block
            except StopIteration as error:
                self._failure = RuntimeError("read() raised StopIteration")
                self._failure.__cause__ = error
                break
            except Exception as error:
                self._failure = error
                break
            if self._closed:
                return
            if len(pending) == size:
                self._exhausted = True
                break
            if self._cut:
                start = pending.find(b"\n") + 1 or len(pending)
                self._cut = pending[start - 1] != 10
                self._base += start
                del pending[:start]
                size = 0
            if self._is_long:
                if not self._end_long(size):
                    continue
                size = 0
                gave = True
            self._scanned = pending.rfind(b"\n", size) + 1 or self._scanned
            if (self._scanned or gave) and (len(pending) >= _BLOCK or not self._ahead()):
                break
        if self._exhausted and not self._cut:
            self._scanned = len(pending)
        if self._scanned:
            self._submit(bytes(pending[: self._scanned]))
            del pending[: self._scanned]
            self._scanned = 0

    def _end_long(self, size):
        """Look for the end of a line that is too long, of which ``size`` bytes are kept: whether it is there."""
        pending = self._pending
        end = pending.find(b"\n", size)
        self._dropped += (len(pending) if end < 0 else end) - size
        if end < 0:
            del pending[size:]
            return False
        self._submit(bytes(pending[:size]) + b"\n")
        del pending[: end + 1]
        self._base += self._dropped
        self._is_long = False
        self._dropped = 0
        return True

    def _submit(self, block):
        if 0 <= self._stop <= self._base:
            self._exhausted = True
            self._pending.clear()
            return
        text = block.decode("utf-8", "surrogatepass") if self._is_text and self._base == 0 else block
        job = _Job(self, text, self._base)
        self._base += len(block)
        self._jobs.append(job)
        if self._process == self._process_now():
            job.future = self._pool.submit(job.run)
