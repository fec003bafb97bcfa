"""Dask: ``read_lines`` gives a bag of documents, ``read_frame`` a dataframe, ``write_lines`` writes either.

    from cyjson.engines.dask import read_lines

    read_lines("s3://logs/2026-*.ndjson").filter(lambda event: event["status"] >= 500).count().compute()

Needs ``cyjson[dask]`` on the workers too.
"""

import uuid
from functools import partial

from cyjson import _columns, _engines
from cyjson.lines import MAX_LINE

__all__ = ["read_frame", "read_lines", "write_lines"]


def read_lines(
    paths,
    *,
    blocksize="64MiB",
    pick=None,
    type=None,
    errors="raise",
    include_path=False,
    storage_options=None,
    compression="infer",
    max_line=MAX_LINE,
    **loads_options,
):
    """Return a ``dask.bag.Bag`` of the documents in files of JSON Lines: each once, in order.

    ``paths``: a path or an address ("s3://bucket/name", by fsspec, which gets ``storage_options``), a glob or a folder
    (the files below it but those that begin with "_" or "."), or several of them. Files are cut into ranges of at most
    ``blocksize`` bytes (int, or str such as "64MiB"), each a partition. Compressed files can't be cut: each is one.
    ``compression`` is "infer" (by the suffix .gz or .zst), "gzip", "zstd" or None. With ``include_path`` the items are
    pairs of a document and its file's path.

    ``pick``, ``type``, ``max_line`` and the other options are those of ``cyjson.lines.load``. ``errors`` is "raise",
    "skip", or a function that gets a LineError on the worker; the error has the path, the line's number and offset.

    Raises FileNotFoundError where a path names nothing, and LineError when it is computed.
    """
    bag = _engines.needs("dask.bag", "dask")
    source = _engines.Source(
        pick=pick, type=type, errors=errors, max_line=max_line, storage_options=storage_options, options=loads_options
    )
    files = _engines.listed(paths, storage_options, compression)
    parts = _engines.at_least_one(_engines.cut(files, _engines.size_of("blocksize", blocksize)), files)
    # Where the next step is fused with this one, Dask leaves reify out: it gets document by document, and a partition
    # needn't fit into memory. What is sent or kept is a list.
    name = f"cyjson-lines-{uuid.uuid4().hex}"
    tasks = [(bag.core.reify, (partial(source.documents, part, bool(include_path)),)) for part in parts]
    return bag.Bag({(name, number): task for number, task in enumerate(tasks)}, name, len(parts))


def read_frame(
    paths,
    *,
    schema=None,
    pick=None,
    blocksize="64MiB",
    errors="raise",
    include_path=False,
    storage_options=None,
    compression="infer",
    sample="1MiB",
    dtype_backend="pyarrow",
    max_line=MAX_LINE,
    **loads_options,
):
    """Return a ``dask.dataframe.DataFrame`` of files of JSON Lines, whose documents are objects.

    ``schema``: the columns and their types, a ``pyarrow.Schema``, or a dict of names and types of pyarrow; no others
    are decoded. Without one it is that of the first lines, ``sample`` bytes of at most eight files: members that occur
    only later have no column, and a value that doesn't fit its column's type makes its line a bad one, as ``errors``
    says. ``pick`` is a dict of columns and JSON Pointers, or a sequence of pointers, whose last tokens are the names.
    Of a dataframe of which some columns are used, only those are decoded.

    ``dtype_backend``: "pyarrow" (the types of the schema), or "numpy_nullable" (those of pandas). ``include_path``:
    True for a column "path", or its name. The other arguments are those of ``read_lines``.
    """
    frames = _engines.needs("dask.dataframe", "dask")
    if dtype_backend not in ("pyarrow", "numpy_nullable"):
        raise ValueError(f"dtype_backend must be 'pyarrow' or 'numpy_nullable', not {dtype_backend!r}")
    files, columns = _columns.columns_of(
        paths,
        schema=schema,
        pick=pick,
        errors=errors,
        include_path=include_path,
        storage_options=storage_options,
        compression=compression,
        sample=sample,
        max_line=max_line,
        options=loads_options,
    )
    parts = _engines.at_least_one(_engines.cut(files, _engines.size_of("blocksize", blocksize)), files)
    read = _Frames(columns, dtype_backend)
    return frames.from_map(read, parts, meta=read.made([]), label="cyjson-lines", enforce_metadata=False)


class _Frames:
    """Reads a part as a frame of pandas; ``columns``, which Dask gives where it needs no others, are names."""

    def __init__(self, columns, backend):
        self.columns = columns
        self.backend = backend

    def __call__(self, part, columns=None):
        return (self if columns is None else _Frames(self.columns.only(columns), self.backend)).made([part])

    def made(self, parts):
        import pandas
        import pyarrow

        batches = [batch for part in parts for batch in self.columns.batches(part)]
        table = pyarrow.Table.from_batches(batches, self.columns.schema)
        if self.backend == "pyarrow":
            return table.to_pandas(types_mapper=pandas.ArrowDtype)
        return table.to_pandas(types_mapper=_nullable(pandas, pyarrow).get)


def _nullable(pandas, pyarrow):
    """pandas' types with nulls, by those of Arrow."""
    return {
        pyarrow.bool_(): pandas.BooleanDtype(),
        pyarrow.int8(): pandas.Int8Dtype(),
        pyarrow.int16(): pandas.Int16Dtype(),
        pyarrow.int32(): pandas.Int32Dtype(),
        pyarrow.int64(): pandas.Int64Dtype(),
        pyarrow.uint8(): pandas.UInt8Dtype(),
        pyarrow.uint16(): pandas.UInt16Dtype(),
        pyarrow.uint32(): pandas.UInt32Dtype(),
        pyarrow.uint64(): pandas.UInt64Dtype(),
        pyarrow.float32(): pandas.Float32Dtype(),
        pyarrow.float64(): pandas.Float64Dtype(),
        pyarrow.string(): pandas.StringDtype(),
        pyarrow.large_string(): pandas.StringDtype(),
    }


def write_lines(collection, folder, *, compression=None, storage_options=None, compute=True, **options):
    """Write a bag of documents, or a dataframe's rows, as files of JSON Lines in a folder or below an address: one for
    each partition. Return their paths; with ``compute=False`` a Delayed of them.

    ``compression``: None, "gzip" or "zstd". The options are those of ``cyjson.lines.dump``. Each file is there once it
    is whole, and a partition that is computed again replaces its own; files that are there stay.
    """
    dask = _engines.needs("dask", "dask")
    _engines.new_name("", "", 0, compression)
    folder = _engines.start_job(folder, storage_options)
    job = uuid.uuid4().hex[:12]
    delayed = [
        dask.delayed(_write)(part, _engines.new_name(folder, job, number, compression), storage_options, options)
        for number, part in enumerate(collection.to_delayed())
    ]
    written = dask.delayed(list)(delayed)
    return written.compute() if compute else written


def _write(part, path, storage_options, options):
    if hasattr(part, "iterrows"):
        import pyarrow

        batches = pyarrow.Table.from_pandas(part, preserve_index=False).to_batches(_columns.ROWS)
        part = (row for batch in batches for row in batch.to_pylist())
    _engines.write_part(part, path, storage_options, options)
    return path
