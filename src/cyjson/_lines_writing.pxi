# Part of _native.pyx: what writes lines, for cyjson.lines.


def write_lines(documents, encode, dict options not None, write, bint whole=False):
    """Write each document of an iterator on a line of its own, as ``encode(document, **options)`` spells it:
    ``write(bytes)`` gets whole lines, some 64 KiB at a time, also those before a document that fails. The number of
    documents. ``whole``: it may get them all at once, at the end, and none where one fails.
    """
    cdef Py_ssize_t size = 0
    cdef long long count = 0
    cdef core_writer *writer = NULL
    if encode is _core.encode:
        writer = core_writer_new(_core, options, PY_SSIZE_T_MAX if whole else BLOCK)
    if writer != NULL:
        return write_natively(writer, documents, write, whole)
    if options:
        encode = _partial(encode, **options)
    lines = []
    try:
        for document in documents:
            line = encode(document)
            if type(line) is not bytes:
                raise TypeError(f"encode() must give bytes, not {type(line).__name__}")
            if b"\n" in line:  # within a Raw, between tokens, where a space is the same
                line = line.replace(b"\n", b" ")
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


cdef long long write_natively(core_writer *writer, documents, write, bint whole) except -1:
    """write_lines by a writer, which is freed."""
    cdef long long count = 0
    try:
        try:
            while core_writer_more(writer, documents, &count):
                write(core_writer_take(writer))
        except BaseException:
            if not whole:
                rest = core_writer_take(writer)
                if rest:
                    write(rest)
            raise
        rest = core_writer_take(writer)
        if rest:
            write(rest)
    finally:
        core_writer_free(writer)
    return count
