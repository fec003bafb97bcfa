"""What the readers of ``cyjson.engines`` share: files cut into ranges of bytes, their lines, errors that say where.

A ``Part`` is what one task reads, a ``Source`` how it reads that; both can be pickled. Nothing here needs an engine.
"""

import glob
import importlib
import os
import re
import uuid
from functools import partial
from itertools import islice
from operator import index
from typing import NamedTuple

from . import _files, _remote, lines

__all__ = [
    "Counter",
    "Part",
    "Source",
    "at_least_one",
    "cut",
    "discard",
    "listed",
    "needs",
    "new_name",
    "sample",
    "size_of",
    "start_job",
    "write_part",
    "written_by",
]

COUNTED = 2**32  # bytes before a bad line that are read again, for the number of the line
_UNITS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4}
_SUFFIXES = {"gzip": "x.gz", "zstd": "x.zst"}


def needs(module, extra):
    """Import a module of another package; ModuleNotFoundError that names cyjson's extra where it isn't there."""
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        package = module.partition(".")[0]
        raise ModuleNotFoundError(
            f"cyjson.engines needs {module} ({error}): pip install cyjson[{extra}]", name=package
        ) from error


def size_of(name, value):
    """A number of bytes, given as int or as "64MiB" (1024s) or "64MB" (1000s): from 1 to 2**63 - 1."""
    if isinstance(value, str):
        found = _size(value)
        if found is None:
            raise ValueError(f"{name} must be a size such as '64MiB', not {value!r}")
        number, fraction, unit, binary = found.groups()
        number, fraction = number.lstrip("0"), (fraction or "")[:_DIGITS]
        number = int(number or 0) if len(number) <= _DIGITS else _MOST + 1
        times = (1024 if binary else 1000) ** _UNITS[(unit or "").lower()]
        size = number * times + int(fraction or 0) * times // 10 ** len(fraction)
    elif isinstance(value, int):
        size = index(value)  # of a subclass too, which may compare as it likes
    else:
        raise TypeError(f"{name} must be a number of bytes (int) or a size such as '64MiB', not {type(value).__name__}")
    if not 1 <= size <= _MOST:
        shown = repr(value) if abs(size) <= 10**_DIGITS else "one of more digits"
        raise ValueError(f"{name} must be a size from 1 to {_MOST} bytes, not {shown}")
    return size


_MOST = 2**63 - 1
_DIGITS = 30
_size = re.compile(r"\s*(\d+)(?:\.(\d+))?\s*(?:([kmgt]?)(i?)b)?\s*", re.IGNORECASE | re.ASCII).fullmatch


class File(NamedTuple):
    path: str  # absolute, or an address
    size: int  # bytes, compressed ones where it is
    compression: str | None


class Part(NamedTuple):
    path: str
    start: int
    stop: int | None  # None: to the end, of a compressed file
    size: int  # bytes, compressed ones where it is
    compression: str | None


def listed(paths, storage_options=None, compression="infer"):
    """The files of a path, or of several: those that a glob finds, and those below a folder, sorted by name.

    Names that begin with "_" or "." are left out of folders, as Spark and Hadoop do it. FileNotFoundError where a path
    names nothing.
    """
    if compression not in ("infer", None, "gzip", "zstd"):
        raise ValueError(f"compression must be 'infer', 'gzip', 'zstd' or None, not {compression!r}")
    if isinstance(paths, (str, bytes)) or hasattr(paths, "__fspath__"):
        paths = [paths]
    paths = list(paths)
    if not paths:
        raise ValueError("paths names no file")
    if storage_options is not None and not all(map(_remote.is_address, paths)):
        raise ValueError("storage_options are for addresses, such as s3://bucket/name, which fsspec opens")
    found = []
    for path in paths:
        if _remote.is_address(path):
            found += _files_at(path, storage_options)
        else:
            found += _files_here(os.path.abspath(_files.path_of(path, "paths")))
    return [File(path, size, _compression(path, compression)) for path, size in found]


def _compression(path, wanted):
    if wanted != "infer":
        return wanted
    suffix = os.path.splitext(path)[1].lower()
    return {".gz": "gzip", ".zst": "zstd"}.get(suffix)


def _is_hidden(path):
    return path.startswith(("_", "."))


def _files_here(path):
    if os.path.isdir(path):
        names = []
        for folder, folders, files in os.walk(path):
            folders[:] = [name for name in folders if not _is_hidden(name)]
            names += [os.path.join(folder, name) for name in files if not _is_hidden(name)]
    elif os.path.exists(path):
        names = [path]
    else:
        names = [name for name in glob.glob(path, recursive=True) if os.path.isfile(name)]
        if not names:
            raise FileNotFoundError(f"no such file, nor any that fits: {path!r}")
    return [(name, os.path.getsize(name)) for name in sorted(names)]


def _files_at(address, storage_options):
    files, path = _remote.system(address, storage_options)
    if glob.has_magic(path):
        details = {name: each for name, each in files.glob(path, detail=True).items() if each["type"] == "file"}
    elif files.isdir(path):
        details = files.find(path, detail=True)
        start = len(path.rstrip("/"))
        details = {name: each for name, each in details.items() if not any(map(_is_hidden, name[start:].split("/")))}
    else:
        details = {path: files.info(path)}
    if not details:
        raise FileNotFoundError(f"no file fits {address!r}")
    # Of a chain such as simplecache::s3://bucket/*, the whole of it names each file again.
    before = address[: address.index("://")]
    unstrip = files.unstrip_protocol if "::" not in before else lambda name: f"{before}://{name}"
    for name, each in details.items():
        if each["size"] is None:
            raise ValueError(f"the size of {name!r} isn't known: it can't be cut into ranges")
    return [(unstrip(name), details[name]["size"]) for name in sorted(details)]


def cut(files, blocksize):
    """The parts of files: ranges of nearly equal sizes, at most ``blocksize`` bytes; compressed files are one each.

    A range costs no request: where its first line begins is found by who reads it.
    """
    parts = []
    for path, size, compression in files:
        if size == 0:
            continue
        if compression is not None:
            parts.append(Part(path, 0, None, size, compression))
            continue
        count = -(-size // blocksize)
        cuts = [size * each // count for each in range(count + 1)]
        parts += [Part(path, start, stop, stop - start, None) for start, stop in zip(cuts, cuts[1:], strict=False)]
    return parts


def at_least_one(parts, files):
    """The parts, or where there are none, as all files are empty, one that is empty."""
    return parts or [Part(files[0].path, 0, 0, 0, None)]


class Source:
    """How the lines of parts are read. ``errors``: "raise", "skip", or a function of a LineError, called where the line
    is read, for which it has to be picklable."""

    def __init__(self, *, pick=None, type=None, errors="raise", max_line=lines.MAX_LINE, storage_options=None, options):
        options = dict(options)
        self.check = options.pop("check", True)
        # What it refuses, it refuses here.
        lines._Wish(errors, max_line, type, pick, False, None, dict(options), self.check)
        self.pick = pick
        self.type = type
        self.errors = errors
        self.max_line = max_line
        self.storage_options = storage_options
        self.options = options

    def open(self, part):
        """The part's file, to be closed by the caller."""
        module = _files.compression(_SUFFIXES[part.compression]) if part.compression else None
        if _remote.is_address(part.path):
            return _remote.open_bytes(part.path, part.stop, self.storage_options, module)
        return module.open(part.path, "rb") if module else open(part.path, "rb", buffering=0)

    def documents(self, part, with_path=False):
        """Iterate over a part's documents; with the path, over pairs of both."""
        errors = self.errors
        if callable(errors):
            errors = partial(self.report, errors, part, Counter(self, part))
        with self.open(part) as file:
            reader = lines.load(
                file,
                start=part.start,
                stop=part.stop,
                type=self.type,
                pick=self.pick,
                check=self.check,
                errors=errors,
                max_line=self.max_line,
                **self.options,
            )
            try:
                if with_path:
                    for document in reader:
                        yield document, part.path
                else:
                    yield from reader
            except lines.LineError as error:
                raise self.placed(error, part) from error.__cause__

    def report(self, errors, part, counter, error):
        errors(self.placed(error, part, counter))

    def placed(self, error, part, counter=None):
        """A LineError with the path, and with the line's number in the file, where that can be counted."""
        before = (counter or Counter(self, part)).before()
        path, number = part.path, error.lineno
        if before is None:
            path += f", lines counted from byte {part.start} on"
        else:
            number += before
        placed = lines.LineError(error.msg, error.doc, error.pos, number, error.offset, error.truncated, path)
        placed.path = part.path
        placed.__cause__ = error.__cause__
        return placed


class Counter:
    """How many lines of a part's file begin before the part; None where that would take too long. Counted once."""

    def __init__(self, source, part):
        self.source, self.part = source, part
        self.count = None
        self.known = False

    def before(self):
        if not self.known:
            self.known = True
            if self.part.start <= COUNTED:
                self.count = self.counted() if self.part.start else 0
        return self.count

    def counted(self):
        left = self.part.start - 1  # a line that ends with the byte before it begins at start, and is the part's own
        count = 0
        with self.source.open(self.part._replace(start=0, stop=self.part.start)) as file:
            while left > 0 and (block := file.read(min(left, 2**20))):
                count += block.count(b"\n")
                left -= len(block)
        # The line that the part's first byte is within, or that ends right before it, is counted with those before.
        return count + 1


# ---- writing ----


def start_job(folder, storage_options=None):
    """Make sure that the folder is there: its absolute path, or its address."""
    if _remote.is_address(folder):
        files, path = _remote.system(folder, storage_options)
        files.makedirs(path, exist_ok=True)
        return folder
    if storage_options is not None:
        raise ValueError("storage_options are for an address, such as s3://bucket/name, which fsspec opens")
    folder = os.path.abspath(_files.path_of(folder, "folder"))
    os.makedirs(folder, exist_ok=True)
    return folder


def written_by(job, folder, storage_options=None):
    """The files of a folder in two lists: those that the job has written, and the others."""
    try:
        paths = [file.path for file in listed(folder, storage_options, None)]
    except FileNotFoundError:
        paths = []
    mark = f"-{job}.ndjson"
    return [path for path in paths if mark in path], [path for path in paths if mark not in path]


def new_name(folder, job, number, compression):
    """The path of a part that is written. A task that is done again writes to the same one."""
    suffix = {None: "", "gzip": ".gz", "zstd": ".zst"}
    if compression not in suffix:
        raise ValueError(f"compression must be 'gzip', 'zstd' or None, not {compression!r}")
    separator = "/" if _remote.is_address(folder) else os.sep
    return f"{folder.rstrip(separator)}{separator}part-{number:05d}-{job}.ndjson{suffix[compression]}"


def write_part(documents, path, storage_options, options):
    """Write documents to a new file, which is there once it is whole: the number of documents."""
    if _remote.is_address(path):
        return lines.dump(documents, path, storage_options=storage_options, **options)
    folder, name = os.path.split(path)
    hidden = os.path.join(folder, f"_{uuid.uuid4().hex[:8]}-{name}")
    try:
        count = lines.dump(documents, hidden, **options)
        os.replace(hidden, path)
    except BaseException:
        discard([hidden])
        raise
    return count


def discard(paths, storage_options=None):
    """Remove files that may be there."""
    for path in paths:
        try:
            if _remote.is_address(path):
                files, name = _remote.system(path, storage_options)
                files.rm_file(name)
            else:
                os.remove(path)
        except FileNotFoundError:
            pass


def sample(source, files, size, most=8):
    """The first documents of some of the files, ``size`` bytes of lines in all, and at most 100,000 of each."""
    filled = [file for file in files if file.size]
    step = max(len(filled) / most, 1)
    chosen = [filled[int(each * step)] for each in range(min(len(filled), most))]
    found = []
    for path, whole, compression in chosen:
        share = -(-size // len(chosen))
        documents = source.documents(Part(path, 0, share if compression else min(share, whole), whole, compression))
        found += islice(documents, 100_000)
        documents.close()
    return found
