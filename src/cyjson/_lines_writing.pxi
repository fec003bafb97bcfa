# Part of _native.pyx: what writes lines, for cyjson.lines.


def encode_lines(documents, encode, dict options not None):
    """The documents of an iterator as lines, as write_lines writes them: bytes."""
    cdef long long count = 0
    cdef core_writer *writer = writer_of(encode, options, PY_SSIZE_T_MAX)
    if writer == NULL:
        parts = []
        write_lines(documents, encode, options, parts.append)
        return b"".join(parts)
    try:
        core_writer_more(writer, documents, &count)
        return core_writer_take(writer)
    finally:
        core_writer_free(writer)


def write_lines(documents, encode, dict options not None, write):
    """Write each document of an iterator on a line of its own, as ``encode(document, **options)`` spells it:
    ``write(bytes)`` gets whole lines, some 64 KiB at a time, also those before a document that fails. The number of
    documents.
    """
    cdef Py_ssize_t size = 0
    cdef long long count = 0
    cdef core_writer *writer = writer_of(encode, options, BLOCK)
    if writer != NULL:
        return write_natively(writer, documents, write)
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


cdef core_writer *writer_of(encode, dict options, Py_ssize_t enough) except? NULL:
    """A writer of lines; NULL where each document has to go through ``encode``."""
    return core_writer_new(_core, options, enough) if encode is _core.encode else NULL


cdef long long write_natively(core_writer *writer, documents, write) except -1:
    """write_lines by a writer, which is freed."""
    cdef long long count = 0
    try:
        try:
            while core_writer_more(writer, documents, &count):
                write(core_writer_take(writer))
        finally:
            rest = core_writer_take(writer)
            if rest:
                write(rest)
    finally:
        core_writer_free(writer)
    return count
