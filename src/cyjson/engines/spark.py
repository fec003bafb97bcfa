"""Spark: the data source "cyjson" of Spark 4, and RDDs for Spark 3.

    from cyjson.engines.spark import register

    register(spark)
    spark.read.format("cyjson").schema("status INT, ms DOUBLE").load("s3://logs/2026-*.ndjson")

Needs ``cyjson[spark]`` where the driver's and the workers' Python is (``PYSPARK_PYTHON``).
"""

import math
import os
import uuid
from functools import partial

from cyjson import _columns, _engines, _remote, loads
from cyjson.lines import MAX_LINE

_engines.needs("pyspark", "spark")

try:
    from pyspark.sql.datasource import DataSource, DataSourceReader, DataSourceWriter, InputPartition
except ImportError:  # Spark 3: RDDs alone
    DataSource = DataSourceReader = DataSourceWriter = InputPartition = object
try:
    from pyspark.sql.datasource import DataSourceArrowWriter
except ImportError:  # Spark 4.0
    DataSourceArrowWriter = None

__all__ = ["LinesDataSource", "read_rdd", "register", "write_rdd"]

_LEAST, _UNKNOWN, _MOST = 16 * 2**20, 128 * 2**20, 256 * 2**20  # bytes of partitions; _UNKNOWN: Spark's own
_PACKED = 8  # bytes of lines for each of a compressed file
_MODES = {"permissive": "skip", "dropmalformed": "skip", "failfast": "raise"}
_TRUTHS = {"true": True, "false": False}


def register(spark):
    """Make the format "cyjson" known to a session: ``spark.read.format("cyjson")``, ``df.write.format("cyjson")``."""
    if DataSource is object:
        raise NotImplementedError("a data source in Python needs Spark 4; read_rdd is for Spark 3")
    _engines.needs("pyarrow", "spark")
    try:
        cores = spark.sparkContext.defaultParallelism
    except (AttributeError, NotImplementedError):  # of a session of Spark Connect
        cores = None
    spark.dataSource.register(_for_cores(cores))


def _for_cores(cores):
    """LinesDataSource for a session with so many cores: what cuts files into ranges knows nothing of the session."""
    return LinesDataSource if cores is None else type("LinesDataSource", (LinesDataSource,), {"CORES": cores})


class LinesDataSource(DataSource):
    """Files of JSON Lines as a data source, which ``register`` registers.

    Reading. The path, or list of paths, of ``load``: files, globs, folders (the files below them but those that begin
    with "_" or "."), addresses that fsspec knows. A partition is a range of bytes of a file, or several small files. Of
    a schema that is given, only the columns are decoded: Spark doesn't say to a source in Python which ones a query
    uses. Options:

    - ``mode``: PERMISSIVE (a bad line gives nulls, except for the values that fit), DROPMALFORMED or FAILFAST
    - ``columnNameOfCorruptRecord``: the column of the schema that gets the text of bad lines; "_corrupt_record"
    - ``pick``: a JSON object of columns and JSON Pointers, or an array of pointers, whose last tokens name the columns
    - ``blockSize``: of a partition's ranges together, such as "64MiB". Spark takes a tenth of a second to start a task
      in Python, so without it there are as many partitions as cores, or that several times, of some 256 MiB at most
    - ``sample``: bytes of at most eight files whose lines give the schema, where none is given; "1MiB"
    - ``includePath``: the name of a column for the file's path, or "true" for "path"
    - ``compression``: "infer" (by the suffix .gz or .zst; such files aren't cut), "gzip", "zstd" or "none"
    - ``maxLine``: bytes of the longest line; ``storageOptions``: a JSON object for fsspec

    Writing, with mode "append" or "overwrite": a file for each partition. The files are there once the job is done;
    below an address, each once it is whole. Options: ``compression``, ``storageOptions``, and ``ignoreNullFields``:
    whether members that are null are left out; "true".
    """

    READING = "mode columnNameOfCorruptRecord pick blockSize sample includePath compression maxLine storageOptions"
    WRITING = "compression ignoreNullFields storageOptions"
    CORES = None  # that a session has, where that is known

    @classmethod
    def name(cls):
        return "cyjson"

    def _option(self, name, default, choices=None):
        value = self.options.get(name, default)
        if choices is not None:
            if str(value).lower() not in choices:
                raise ValueError(f"the option {name} must be one of {', '.join(choices)}, not {value!r}")
            return choices[str(value).lower()]
        return value

    def _checked(self, known):
        known = {name.lower() for name in f"path paths {known}".split()}
        strange = sorted(name for name in self.options if name.lower() not in known)
        if strange:
            raise ValueError(f"format 'cyjson' has no option {', '.join(strange)}")
        text = self.options.get("storageOptions")
        return None if text is None else loads(text)

    def _compression(self, default):
        value = self._option("compression", default)
        return None if value == "none" else value

    def _files(self):
        """The files, and how their lines are read."""
        storage_options = self._checked(self.READING)
        paths = loads(self.options["paths"]) if "paths" in self.options else self.options.get("path")
        if paths is None:
            raise ValueError("no path: load(path), or load([path, …])")
        source = _engines.Source(
            errors=self._option("mode", "PERMISSIVE", _MODES),
            max_line=_engines.size_of("maxLine", self._option("maxLine", MAX_LINE)),
            storage_options=storage_options,
            options={},
        )
        return _engines.listed(paths, storage_options, self._compression("infer")), source

    def _pointers(self):
        pick = self.options.get("pick")
        if pick is not None:
            pick = pick if pick.startswith("/") else loads(pick)
        return _columns.pointers_of(pick)

    def _path_column(self):
        name = self._option("includePath", "false")
        return {"true": "path", "false": None}.get(name.lower(), name)

    def _keeps(self):
        return self._option("mode", "PERMISSIVE", {mode: mode for mode in _MODES}) == "permissive"

    def schema(self):
        """The schema of the first lines; with the column for bad ones, where there is one among them."""
        from pyspark.sql.pandas.types import from_arrow_schema

        files, source = self._files()
        bad = []
        size = _engines.size_of("sample", self._option("sample", "1MiB"))
        found = from_arrow_schema(_columns.sampled(source, files, self._pointers(), size, bad.append))
        corrupt = self._option("columnNameOfCorruptRecord", "_corrupt_record")
        if bad and self._keeps():
            found = found.add(corrupt, "string")
        path = self._path_column()
        return found if path is None else found.add(path, "string")

    def reader(self, schema):
        files, source = self._files()
        corrupt = self._option("columnNameOfCorruptRecord", "_corrupt_record")
        path = self._path_column()
        if path is not None and path not in schema.names:
            raise ValueError(f"includePath: the schema has no column {path!r}")
        columns = _columns.Columns(
            source,
            _arrow_schema(schema),
            self._pointers(),
            path=path,
            keep=self._keeps(),
            corrupt=corrupt if corrupt in schema.names and self._keeps() else None,
        )
        given = self._option("blockSize", None)
        size = most = _block_size(files, self.CORES) if given is None else _engines.size_of("blockSize", given)
        if given is None:
            most += size // 8  # or a small file more would be a task more
        return _Reader(columns, _grouped(_engines.cut(files, size), most))

    def writer(self, schema, overwrite):
        storage_options = self._checked(self.WRITING)
        if self.options.get("path") is None:
            raise ValueError("no path: save(path)")
        kind = _Writer if DataSourceArrowWriter is None else _ArrowWriter
        return kind(
            self.options["path"],
            overwrite,
            self._compression(None),
            storage_options,
            self._option("ignoreNullFields", "true", _TRUTHS),
        )


def _weight(file):
    """About how many bytes of lines there are in a file, or in a part of one."""
    return file.size if file.compression is None else _PACKED * file.size


def _block_size(files, cores):
    """Bytes of partitions that all cores are done with at about the same time, and that are worth a task."""
    if cores is None:
        return _UNKNOWN
    share = sum(map(_weight, files)) / cores
    rounds = max(round(share / _MOST), 1)
    return max(math.ceil(share / rounds), _LEAST)


def _grouped(parts, size):
    """The parts in lists, each of no more bytes than that, or of one part."""
    groups, room = [], 0
    for part in parts:
        weight = _weight(part)
        if weight > room:
            groups.append([])
            room = size
        groups[-1].append(part)
        room -= weight
    return groups


def _arrow_schema(schema):
    """The schema that Spark expects of batches."""
    from pyspark.sql.pandas.types import to_arrow_schema

    try:
        return to_arrow_schema(schema, timezone="UTC")
    except TypeError:  # Spark 4.0 knows no other time zone
        return to_arrow_schema(schema)


class _Ranges(InputPartition):
    def __init__(self, parts):
        self.value = parts


class _Reader(DataSourceReader):
    def __init__(self, columns, groups):
        self.columns = columns
        self.groups = groups

    def partitions(self):
        return [_Ranges(parts) for parts in self.groups]

    def read(self, partition):
        for part in partition.value or ():  # None: of no files that have anything
            yield from self.columns.batches(part)


class _Job:
    """What the writers of rows and of batches share. ``commit`` and ``abort`` run in the driver."""

    def __init__(self, folder, overwrite, compression, storage_options, without_nulls):
        _engines.new_name("", "", 0, compression)
        self.job = uuid.uuid4().hex[:12]
        self.folder = folder if _remote.is_address(folder) else os.path.abspath(folder)
        self.overwrite = overwrite
        self.compression = compression
        self.storage_options = storage_options
        self.without_nulls = without_nulls
        # A local file is moved when all are written. An object can't be moved: it is written to where it stays.
        remote = _remote.is_address(folder)
        self.aside = self.folder if remote else os.path.join(self.folder, f"_cyjson-{self.job}")

    def write_rows(self, rows):
        from pyspark import TaskContext

        _engines.start_job(self.aside, self.storage_options)
        number = TaskContext.get().partitionId()
        path = _engines.new_name(self.aside, self.job, number, self.compression)
        if self.without_nulls:
            rows = map(_without_nulls, rows)
        _engines.write_part(rows, path, self.storage_options, {})
        return _written(path)

    def commit(self, messages):
        _engines.start_job(self.folder, self.storage_options)
        paths = [message.path for message in messages if message is not None]
        if self.overwrite:
            _, others = _engines.written_by(self.job, self.folder, self.storage_options)
            _engines.discard(others, self.storage_options)
        if self.aside != self.folder:
            for path in paths:
                os.replace(path, os.path.join(self.folder, os.path.basename(path)))
            self._clear()

    def abort(self, messages):
        if self.aside != self.folder:
            self._clear()
        else:
            ours, _ = _engines.written_by(self.job, self.folder, self.storage_options)
            _engines.discard(ours, self.storage_options)

    def _clear(self):
        import shutil

        shutil.rmtree(self.aside, ignore_errors=True)


def _written(path):
    from pyspark.sql.datasource import WriterCommitMessage

    message = WriterCommitMessage()
    message.path = path
    return message


class _Writer(_Job, DataSourceWriter):
    def write(self, iterator):
        return self.write_rows(row.asDict(True) for row in iterator)


if DataSourceArrowWriter is not None:

    class _ArrowWriter(_Job, DataSourceArrowWriter):
        def write(self, iterator):
            return self.write_rows(row for batch in iterator for row in batch.to_pylist(maps_as_pydicts="strict"))


def _without_nulls(value):
    """A row without the members that are null, as Spark's own writer leaves them out."""
    if type(value) is dict:
        return {name: _without_nulls(each) for name, each in value.items() if each is not None}
    if type(value) is list:
        return [_without_nulls(each) for each in value]
    return value


# ---- RDDs ----


def read_rdd(
    context,
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
    """Return an RDD of the documents in files of JSON Lines: each once, in order. For Spark 3 and 4.

    ``context`` is a SparkContext. ``paths``: a path or an address ("s3://bucket/name", by fsspec, which gets
    ``storage_options``), a glob or a folder (the files below it but those that begin with "_" or "."), or several of
    them. A partition is a range of at most ``blocksize`` bytes (int, or str such as "64MiB") of one file; compressed
    files can't be cut. With ``include_path`` the items are pairs of a document and its file's path. ``errors`` is
    "raise", "skip", or a function that gets a LineError on the worker; the error has the path, the line's number and
    offset. The other options are those of ``cyjson.lines.load``.
    """
    source = _engines.Source(
        pick=pick, type=type, errors=errors, max_line=max_line, storage_options=storage_options, options=loads_options
    )
    files = _engines.listed(paths, storage_options, compression)
    parts = _engines.cut(files, _engines.size_of("blocksize", blocksize))
    if not parts:
        return context.emptyRDD()
    read = partial(_documents, source, bool(include_path))
    return context.parallelize(parts, len(parts)).flatMap(read)


def _documents(source, with_path, part):
    return source.documents(_engines.Part(*part), with_path)


def write_rdd(rdd, folder, *, compression=None, storage_options=None, **options):
    """Write an RDD of documents as files of JSON Lines in a folder or below an address: one for each partition. Return
    their paths.

    ``compression``: None, "gzip" or "zstd". The options are those of ``cyjson.lines.dump``. Each file is there once it
    is whole, and a task that is done again replaces its own; files that are there stay.
    """
    _engines.new_name("", "", 0, compression)
    folder = _engines.start_job(folder, storage_options)
    job = uuid.uuid4().hex[:12]
    return rdd.mapPartitionsWithIndex(partial(_write, folder, job, compression, storage_options, options)).collect()


def _write(folder, job, compression, storage_options, options, number, documents):
    path = _engines.new_name(folder, job, number, compression)
    _engines.write_part(documents, path, storage_options, options)
    return [path]
