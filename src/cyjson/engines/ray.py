"""Ray: ``read_lines`` gives a dataset of columns, ``write_lines`` writes one.

    from cyjson.engines.ray import read_lines

    read_lines("s3://logs/2026-*.ndjson").select_columns(["status"]).groupby("status").count()

Needs ``cyjson[ray]`` on the workers too.
"""

import uuid
from functools import partial

from cyjson import _columns, _engines
from cyjson.lines import MAX_LINE

_engines.needs("ray.data", "ray")
_engines.needs("pyarrow", "ray")

import ray.data  # noqa: E402
from ray.data.block import BlockAccessor, BlockMetadata  # noqa: E402
from ray.data.datasource import Datasink, Datasource, ReadTask  # noqa: E402

__all__ = ["LinesDatasink", "LinesDatasource", "read_lines", "write_lines"]


class LinesDatasource(Datasource):
    """A ``ray.data.Datasource`` of ranges of files, which ``read_lines`` makes. Its tasks give Arrow blocks."""

    def __init__(self, files, columns, blocksize):
        super().__init__()
        self._projection_map = None
        self._files = files
        self._columns = columns
        self._blocksize = blocksize

    def supports_projection_pushdown(self):
        return True

    def _wanted(self):
        """How the columns are read that Ray needs; of none, the rows still count."""
        names = self._get_data_columns()
        return self._columns if not names else self._columns.only(names)

    def estimate_inmemory_data_size(self):
        # A number of ten digits takes 8 bytes in Arrow and some 20 with its name in a line; a compressed file more.
        share = len(self._wanted().schema) / max(len(self._columns.schema), 1)
        return int(sum(file.size * (1 if file.compression is None else 5) for file in self._files) * share)

    def get_read_tasks(self, parallelism, per_task_row_limit=None, data_context=None):
        size = sum(file.size for file in self._files)
        # Ray's wish for more tasks, as long as they aren't tiny; never fewer, or a range would be larger.
        blocksize = min(self._blocksize, max(-(-size // max(parallelism, 1)), 2**20))
        columns = self._wanted()
        share = len(columns.schema) / max(len(self._columns.schema), 1)
        tasks = []
        for part in _engines.cut(self._files, blocksize):
            metadata = BlockMetadata(
                num_rows=None, size_bytes=int(part.size * share), input_files=[part.path], exec_stats=None
            )
            tasks.append(
                ReadTask(
                    partial(_tables, columns, part),
                    metadata,
                    schema=columns.schema,
                    per_task_row_limit=per_task_row_limit,
                )
            )
        if not tasks:
            metadata = BlockMetadata(num_rows=0, size_bytes=0, input_files=None, exec_stats=None)
            tasks = [ReadTask(partial(_empty, columns.schema), metadata, schema=columns.schema)]
        return tasks

    def get_name(self):
        return "CyjsonLines"


def _tables(columns, part):
    import pyarrow

    rest = True
    for batch in columns.batches(part):
        rest = False
        yield pyarrow.Table.from_batches([batch])
    if rest:  # a task gives at least one block
        yield columns.schema.empty_table()


def _empty(schema):
    return [schema.empty_table()]


def read_lines(
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
    max_line=MAX_LINE,
    override_num_blocks=None,
    concurrency=None,
    ray_remote_args=None,
    **loads_options,
):
    """Return a ``ray.data.Dataset`` of files of JSON Lines, whose documents are objects: each once.

    ``paths``: a path or an address ("s3://bucket/name", by fsspec, which gets ``storage_options``), a glob or a folder
    (the files below it but those that begin with "_" or "."), or several of them. A task reads a range of at most
    ``blocksize`` bytes (int, or str such as "64MiB") of one file. Compressed files can't be cut: each is one task.
    ``compression`` is "infer" (by the suffix .gz or .zst), "gzip", "zstd" or None.

    ``schema``: the columns and their types, a ``pyarrow.Schema``, or a dict of names and types of pyarrow; no others
    are decoded. Without one it is that of the first lines, ``sample`` bytes of at most eight files: members that occur
    only later have no column, and a value that doesn't fit its column's type makes its line a bad one. ``pick`` is a
    dict of columns and JSON Pointers, or a sequence of pointers, whose last tokens name the columns. What
    ``select_columns`` right after it leaves out isn't decoded. ``include_path``: True for a column "path", or its name.

    ``errors`` is "raise", "skip", or a function that gets a LineError on the worker; the error has the path, the line's
    number and offset. ``override_num_blocks``, ``concurrency`` and ``ray_remote_args`` are those of
    ``ray.data.read_datasource``, the other options those of ``cyjson.lines.load``.
    """
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
    source = LinesDatasource(files, columns, _engines.size_of("blocksize", blocksize))
    return ray.data.read_datasource(
        source, override_num_blocks=override_num_blocks, concurrency=concurrency, ray_remote_args=ray_remote_args
    )


class LinesDatasink(Datasink):
    """A ``ray.data.Datasink`` that writes a file for each task, and removes them all where the job fails."""

    def __init__(self, folder, compression=None, storage_options=None, options=None):
        self._job = uuid.uuid4().hex[:12]
        _engines.new_name("", "", 0, compression)
        self._folder = _engines.start_job(folder, storage_options)
        self._compression = compression
        self._storage_options = storage_options
        self._options = options or {}
        self.paths = []

    def write(self, blocks, ctx):
        path = _engines.new_name(self._folder, self._job, ctx.task_idx, self._compression)
        documents = (row for block in blocks for row in _rows(block))
        count = _engines.write_part(documents, path, self._storage_options, self._options)
        if count == 0:
            _engines.discard([path], self._storage_options)
        return path if count else None

    def on_write_complete(self, write_result):
        self.paths = sorted(filter(None, write_result.write_returns))

    def on_write_failed(self, error):
        ours, _ = _engines.written_by(self._job, self._folder, self._storage_options)
        _engines.discard(ours, self._storage_options)

    def get_name(self):
        return "CyjsonLines"


def _rows(block):
    return BlockAccessor.for_block(block).to_arrow().to_pylist()


def write_lines(dataset, folder, *, compression=None, storage_options=None, concurrency=None, **options):
    """Write a dataset's rows as files of JSON Lines in a folder or below an address: one for each task. Return their
    paths.

    ``compression``: None, "gzip" or "zstd". The options are those of ``cyjson.lines.dump``. Each file is there once it
    is whole, and a task that is done again replaces its own; files that are there stay.
    """
    sink = LinesDatasink(folder, compression, storage_options, options)
    dataset.write_datasink(sink, concurrency=concurrency)
    return sink.paths
