"""What is probably wrong with a file that ``dump`` or ``dump_bytes`` couldn't write to."""

import io
import os


def _advice(fp, binary):
    function, other, kind = ("dump_bytes", "dump", "binary") if binary else ("dump", "dump_bytes", "text")
    if isinstance(fp, (str, bytes, os.PathLike)):
        return f"{function}() writes to an open file; save(obj, path) writes to a path"
    if isinstance(fp, io.IOBase) and not fp.closed and not fp.writable():
        return f"{function}() needs a file opened for writing"
    if isinstance(fp, io.TextIOBase if binary else (io.RawIOBase, io.BufferedIOBase)):
        return f"{function}() writes to a {kind} file; {other}() writes to one like this"
    return None


def explain(exception, fp, binary):
    """Add a note to what ``fp.write`` (or the lack of it) raised, where there is something to say."""
    if isinstance(exception, (AttributeError, TypeError, io.UnsupportedOperation)) and hasattr(exception, "add_note"):
        advice = _advice(fp, binary)
        if advice:
            exception.add_note(advice)
