"""``python -m cyjson.tool``: validate, pretty-print and look into JSON from a shell.

Options, output and errors are those of Python 3.15's ``python -m json.tool``, on every version. Added are
``--validate``, ``--get``, and documents of any size: what is longer than 32 MiB, or with ``--stream`` any document, is
formatted while it is read, without holding it. What differs then from formatting it as a whole:

- an object longer than 1 MiB keeps all of its members, where otherwise of those with the same name the last is kept;
- what comes before a fault has been written when the fault is found;
- ``--sort-keys`` needs the whole document, and reads it as a whole.

An ``outfile``, which may be the infile, is replaced as a whole once all is written, or else not at all.

Standard input is decoded as ``json.tool`` does it: by the locale, which may let pass what isn't UTF-8. ``--validate``,
``--get`` and ``--stream`` take nothing but UTF-8.
"""

import argparse
import codecs
import collections
import contextlib
import errno
import io
import os
import select
import signal
import stat
import sys

import cyjson

from . import _replace, stream
from ._terminal import colours, excerpt, progress, terminal_width

__all__ = ["main"]

WHOLE = 32 * 2**20  # bytes; documents below that are formatted as a whole
BLOCK = 2**20  # bytes; what is shorter is decoded as a whole within a longer document
_NOTHING = object()
SHORT = 64  # characters of indentation that the lines of a piece may get at once
DEEP, DEEP_LIMIT = 4096, 2**30  # characters; indentation that is longer than that, what all of those may have beyond it
CHUNK = 8192  # bytes; json.tool decodes lines in such pieces, and gives positions of faults within them


def _program():
    """How this process was started, as far as a user could repeat it."""
    name = getattr(getattr(sys.modules["__main__"], "__spec__", None), "name", None)
    if name is None and os.path.splitext(os.path.basename(sys.argv[0]))[0] == "cyjson":
        return "cyjson"
    return "python -m cyjson" if name == "cyjson.__main__" else "python -m cyjson.tool"


def _parser():
    parser = argparse.ArgumentParser(
        prog=_program(),
        description="Validate, pretty-print and look into JSON, by the options of Python 3.15's `json.tool` and more.",
        **({"color": True} if sys.version_info >= (3, 14) else {}),
    )
    parser.add_argument("infile", nargs="?", help="a JSON file to be validated or pretty-printed; defaults to stdin")
    parser.add_argument("outfile", nargs="?", help="write the output of infile to outfile")
    parser.add_argument(
        "more",
        nargs="*",
        metavar="file",
        help="with --validate and --get, any number of files are read, and none written",
    )
    parser.add_argument("--version", action="version", version=f"cyjson {cyjson.__version__}")
    parser.add_argument(
        "--sort-keys", action="store_true", help="sort the output of dictionaries alphabetically by key"
    )
    parser.add_argument(
        "--no-ensure-ascii", dest="ensure_ascii", action="store_false", help="disable escaping of non-ASCII characters"
    )
    parser.add_argument(
        "--json-lines",
        action="store_true",
        help="parse input using the JSON Lines format. "
        "Use with --no-indent or --compact to produce valid JSON Lines output.",
    )
    group = parser.add_mutually_exclusive_group()
    group.add_argument(
        "--indent",
        default=4,
        type=int,
        help="separate items with newlines and use this number of spaces for indentation (default: 4)",
    )
    group.add_argument(
        "--tab",
        action="store_const",
        dest="indent",
        const="\t",
        help="separate items with newlines and use tabs for indentation",
    )
    group.add_argument(
        "--no-indent",
        action="store_const",
        dest="indent",
        const=None,
        help="separate items with spaces rather than newlines",
    )
    group.add_argument("--compact", action="store_true", help="suppress all whitespace separation (most compact)")
    group = parser.add_mutually_exclusive_group()
    group.add_argument(
        "--validate",
        action="store_true",
        help="write nothing, but check the syntax of each file: exit status 0 if all are valid; 1 otherwise, and the "
        "places are shown on stderr",
    )
    group.add_argument(
        "--get",
        metavar="PATH",
        type=_pointer,
        help="write only the value at this JSON Pointer (RFC 6901), such as /users/0/name, of each file; exit status 1 "
        "if one has none",
    )
    group.add_argument(
        "--stream",
        action="store_true",
        help="format while reading, in little memory, as is done with long documents; objects over 1 MiB then keep "
        "members of the same name, and output comes before faults are known",
    )
    parser.add_argument(
        "--output", metavar="FILE", help="write to this file, which may be one that is read; also of several files"
    )
    return parser


def _pointer(text):
    try:
        return text, stream.pointer(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _options():
    """What sys.argv says: argparse's options, with ``files`` to read and ``output``, a path or None for stdout."""
    parser = _parser()
    # Before Python 3.13 argparse leaves positional arguments over that come after an option and after others.
    options, left = parser.parse_known_args()
    if any(each.startswith("-") and each != "-" for each in left):
        parser.error(f"unrecognized arguments: {' '.join(left)}")
    files = [each for each in (options.infile, options.outfile) if each is not None] + options.more + left
    options.own = options.validate or options.get is not None or options.stream  # that is, none of json.tool's
    if options.validate or options.get is not None:
        if options.validate and options.output is not None:
            parser.error("argument --output: not allowed with argument --validate, which writes nothing")
    elif len(files) > 2:
        parser.error(f"unrecognized arguments: {' '.join(files[2:])}")
    elif len(files) == 2:
        if options.output is not None:
            parser.error("argument --output: not allowed with an outfile")
        options.output = files.pop()
    options.files = files or ["-"]
    if options.stream and options.sort_keys:
        parser.error("argument --stream: not allowed with argument --sort-keys, which needs the whole document")
    options.dump = {"sort_keys": options.sort_keys, "indent": options.indent, "ensure_ascii": options.ensure_ascii}
    if options.compact:
        options.dump["indent"] = None
        options.dump["separators"] = ",", ":"
    return options


def main():
    """Run the command line in ``sys.argv``.

    Raises SystemExit for wrong arguments and malformed documents, OSError for files that can't be opened, read or
    written.
    """
    options = _options()
    if options.validate:
        valid = [_validate(path, options) for path in options.files]
        if not all(valid):
            raise SystemExit(1)
        return
    with _output(options.output) as outfile:
        if len(options.files) == 1:
            _write_file(options.files[0], options, outfile)
            return
        written = [_write_one_of_several(path, options, outfile) for path in options.files]
        if not all(written):
            raise SystemExit(1)  # before the output, if it is a file, is replaced


def _write_file(path, options, outfile):
    """Write what the options ask for of a file. Raises SystemExit with what is wrong with it."""
    with _opened(path, options) as infile:
        try:
            if options.json_lines:
                _write_lines(infile, options, outfile)
            else:
                _write_document(infile, options, outfile)
        except ValueError as error:
            place = infile.place(error)
            if place is None:
                raise SystemExit(error) from None
            if options.get is not None:
                raise SystemExit(f"{place}: {error}") from None
            # The last line is json.tool's.
            _tell(f"{place}:")
            raise SystemExit(error) from None


def _write_one_of_several(path, options, outfile):
    """Whether that could be done; if not, stderr says why."""
    try:
        _write_file(path, options, outfile)
    except SystemExit as error:
        _tell(error)
    except RecursionError as error:
        _tell(f"{path}: {_line_of(error)}")
    except OSError as error:
        if not _is_about(path, error):
            raise
        _tell(_line_of(error))
    else:
        return True
    return False


def _is_about(path, error):
    """Whether an OSError is about this file to read, rather than about one that is written to."""
    return error.filename == ("<stdin>" if path == "-" else path)


def _line_of(error):
    return f"{type(error).__name__}: {error}"


def _tell(text):
    """Write a line to stderr, if that is open: print() would take stdout instead."""
    if sys.stderr is not None:
        print(text, file=sys.stderr)


# Reading


class _Input:
    """The text of a file, as open() and json.tool decode it, read as far as it is there."""

    def __init__(self, name, read, size=None, encoding="utf-8", errors="strict", by_chunk=False):
        self.name = name
        self.size = size  # bytes, of a regular file
        self.line = 0  # of those of --json-lines, the one at hand
        self.taken = 0  # bytes
        self.ahead = collections.deque()  # what was put back
        self._read = read
        self._decode = None
        if encoding is not None:
            decoder = codecs.getincrementaldecoder(encoding)(errors)
            # Python's stdin leaves line ends as they are, but on Windows.
            if name != "<stdin>" or os.name == "nt":
                decoder = io.IncrementalNewlineDecoder(decoder, translate=True)
            self._decode = decoder.decode
        self._by_chunk = by_chunk

    def read(self, n):
        """Up to n bytes as a str, which is empty at the end alone."""
        if self.ahead:
            return self.ahead.popleft()
        while True:
            try:
                data = self._read(n)
            except OSError as error:
                if error.filename is None:
                    error.filename = self.name
                raise
            if self._decode is None:
                self.taken += len(data)
                return data
            try:
                text = self._decode(data, not data)
            except UnicodeDecodeError as error:
                if self._by_chunk:
                    raise
                raise _undecodable(error, self.taken - (len(error.object) - len(data))) from None
            self.taken += len(data)
            if text or not data:
                return text

    def whole(self, limit=None):
        """All of the text; None where it has ``limit`` bytes or more, of which nothing is lost."""
        if limit is not None and self.size is not None and self.size >= limit:
            return None
        blocks = []
        while text := self.read(BLOCK):
            blocks.append(text)
            if limit is not None and self.taken >= limit:
                self.ahead.extend(blocks)
                return None
        return "".join(blocks)

    def lines(self, bar):
        """Iterate over the lines as they come: lists of some, without their ends, and what the end is."""
        begun = []
        taken = 0
        while text := self.read(CHUNK):
            lines = text.split("\n")
            begun.append(lines[0])
            if len(lines) > 1:
                lines[0] = "".join(begun)
                begun = [lines.pop()]
                yield lines, "\n"
            if bar is not None:
                bar.update(self.taken - taken)
                taken = self.taken
        if line := "".join(begun):
            yield [line], ""

    def place(self, error):
        """Where in a named file an error is, or None."""
        if self.name == "<stdin>":
            return None
        if isinstance(error, cyjson.JSONDecodeError):
            if self.line:
                end = len(error.doc.removesuffix("\n"))
                return f"{self.name}:{self.line}:{min(error.pos, end) + 1}"
            return f"{self.name}:{error.lineno}:{error.colno}"
        return f"{self.name}:{self.line}" if self.line else self.name


def _undecodable(error, before):
    """A UnicodeDecodeError's text, with positions that count from ``before`` on."""
    what = f"bytes in position {before + error.start}-{before + error.end - 1}"
    if error.end == error.start + 1:
        what = f"byte 0x{error.object[error.start]:02x} in position {before + error.start}"
    return ValueError(f"{error.encoding!r} codec can't decode {what}: {error.reason}")


@contextlib.contextmanager
def _opened(path, options):
    """An _Input of a path, or of stdin for "-"."""
    # Each line that --validate finds not to be UTF-8 is reported.
    decoding = {
        "encoding": "utf-8",
        "errors": "surrogateescape" if options.validate and options.json_lines else "strict",
    }
    decoding["by_chunk"] = options.json_lines and not options.own
    if path != "-":
        with open(path, "rb", buffering=0) as file:
            yield _Input(path, file.read, _size(file), **decoding)
        return
    if sys.stdin is None:
        raise OSError(errno.EBADF, os.strerror(errno.EBADF), "<stdin>")
    file = getattr(sys.stdin, "buffer", None)
    if file is None:
        yield _Input("<stdin>", sys.stdin.read, encoding=None)
        return
    if not options.own:
        decoding["encoding"], decoding["errors"] = sys.stdin.encoding, sys.stdin.errors
    yield _Input("<stdin>", _reading(file), _size(file), **decoding)


def _reading(file):
    """The function that reads what a binary file has, and waits where it has nothing yet."""
    raw = getattr(file, "raw", None)
    if os.name != "posix" or not isinstance(raw, io.FileIO) or os.get_blocking(raw.fileno()):
        return getattr(file, "read1", file.read)

    def read(n):
        while (data := raw.read(n)) is None:
            select.select([raw], [], [])
        return data

    return read


def _size(file):
    """How many bytes of a regular file are left to read; None of other files."""
    try:
        status = os.fstat(file.fileno())
        return max(status.st_size - file.tell(), 0) if stat.S_ISREG(status.st_mode) else None
    except (AttributeError, OSError, ValueError):
        return None


class _Text(stream._Source):
    """What a text file holds, for a stream's Reader; the latest of it is kept, to show the place of a fault."""

    KEPT = 4  # reads

    def __init__(self, bar, file):
        self.skipped = None  # bytes are ours, not the file's
        self.bar = bar
        self.file = file
        self.kept, self.kept_from = [], 0

    def read(self, n):
        text = self.file.read(n)
        self.kept.append(text)
        if self.kept_from == 0 and len(self.kept) == 1 and text.startswith("\ufeff"):
            cyjson.loads(text)  # raises
        if len(self.kept) > self.KEPT:
            self.kept_from += len(self.kept.pop(0))
        data = text.encode("utf-8", "surrogatepass")
        if self.bar is not None:
            self.bar.update(len(data))
        return data

    def around(self, pos):
        """The text on both sides of a character that is still kept, or None."""
        text = "".join(self.kept)
        at = pos - self.kept_from
        return (text[:at], text[at:]) if at >= 0 else None


def _reader(mode, path, source):
    return stream.Reader(
        mode, path, source, cyjson.loads, cyjson.loads, True, False, BLOCK, stream.failure_of(source, strict=True)
    )


# Writing


def _write_document(infile, options, outfile):
    """Write a document, or the value in it that is asked for, as a whole or piece by piece."""
    text = None if options.stream else infile.whole(None if options.sort_keys else WHOLE)
    if text is not None:
        document = cyjson.loads(text) if options.get is None else _pick(text, options.get[0])
        del text
    else:
        with progress(infile.size, outfile) as bar:
            source = _Text(bar, infile)
            if options.get is None:
                _write_events(_reader("coarse", stream._path(""), source), outfile, options.dump)
                return
            found = collections.deque(_reader("items", stream._path(options.get[1]), source), 1)
        if not found:
            raise ValueError(f"nothing is at {options.get[0]!r}")
        document = found[0]
    colour = colours(outfile)
    if colour is None:
        cyjson.dump(document, outfile, **options.dump)
    else:
        outfile.write(colour(cyjson.dumps(document, **options.dump)))
    outfile.write("\n")


def _dumps(sort_keys, indent, ensure_ascii, separators=None):
    """cyjson.dumps with these options, for many documents."""
    if indent is None:
        return cyjson.JSONEncoder(sort_keys=sort_keys, ensure_ascii=ensure_ascii, separators=separators).encode
    dumps = cyjson.dumps  # which reads its arguments faster than an encoder's attributes

    def indented(document):
        return dumps(document, sort_keys=sort_keys, indent=indent, ensure_ascii=ensure_ascii)

    return indented


def _write_lines(infile, options, outfile):
    """Write the document on each line, or the value in it that is asked for; those before a fault too."""
    loads, dumps, colour = cyjson.loads, _dumps(**options.dump), colours(outfile)
    with progress(infile.size, outfile) as bar:
        for lines, end in infile.lines(bar):
            before, texts = infile.line, []
            try:
                for line in lines:
                    document = loads(line) if options.get is None else _pick(line, options.get[0])
                    texts.append(dumps(document) if colour is None else colour(dumps(document)))
            except Exception as error:
                _write_texts(texts, infile, outfile)
                infile.line = before + len(texts) + 1
                if isinstance(error, cyjson.JSONDecodeError):
                    loads(line + end)  # raises what json.tool reports, which may be a fault at the end
                raise
            _write_texts(texts, infile, outfile)
            if infile.size is None:
                outfile.flush()  # for whoever waits for the lines of a pipe


def _write_texts(texts, infile, outfile):
    """Write each text on a line, or those before one that can't be encoded."""
    try:
        outfile.write("\n".join([*texts, ""]))
        infile.line += len(texts)
    except UnicodeEncodeError:
        for text in texts:
            infile.line += 1
            outfile.write(text + "\n")


def _pick(text, pointer):
    """The value at a JSON Pointer in a document. Raises ValueError where there is none."""
    value = cyjson.pick(text, pointer, default=_NOTHING)
    if value is _NOTHING:
        raise ValueError(f"nothing is at {pointer!r}")
    return value


@contextlib.contextmanager
def _output(path):
    """The text file to write to: stdout, or one that takes the place of what is at ``path`` once all is written."""
    if path is not None:
        with _replace.replacing(path) as file, io.TextIOWrapper(file, encoding="utf-8") as outfile:
            yield outfile
        return
    outfile = sys.stdout
    if outfile is None:
        raise OSError(errno.EBADF, os.strerror(errno.EBADF), "<stdout>")
    try:
        yield outfile
    except KeyboardInterrupt:
        raise  # a flush would wait for a reader who may have stopped as well
    except BaseException:
        outfile.flush()
        raise
    outfile.close()


class _Indented:
    """A file for the values of a document that begin at some depth, and what stands before them: the end of a line and
    the next one's indentation. That grows with the depth, so it is kept for one alone, and bounded: those of 80 KB of
    "[" would fill 25 GB."""

    def __init__(self, outfile, indent):
        self._outfile = outfile
        self._step = "" if indent is None else " " * indent if isinstance(indent, int) else indent
        self._end = "" if indent is None else "\n"
        self._beyond = 0
        self.go_to(0)

    def go_to(self, depth):
        self._times = depth
        self._length = len(self._step) * depth
        self._short = self._end + self._step * depth if self._length <= SHORT else None

    def line_break(self, times=1):
        if self._short is not None:
            return self._short
        if self._length > DEEP:
            self._beyond += times * (self._length - DEEP)
            if self._beyond > DEEP_LIMIT:
                raise RecursionError("nested too deeply to be indented (--compact and --no-indent write it)")
        return self._end + self._step * self._times

    def write(self, text):
        if self._short is not None:
            self._outfile.write(text.replace("\n", self._short))
            return
        first, *rest = text.split("\n")
        self._outfile.write(first)
        line_break = self.line_break(len(rest))
        for line in rest:
            self._outfile.write(line_break)
            self._outfile.write(line)


def _write_events(events, outfile, dump_args):
    """Write a document that comes in pieces, as dump would write it."""
    colour = colours(outfile)
    dumps = _dumps(**dump_args)
    indent = dump_args["indent"]
    between, colon = dump_args.get("separators") or ("," if indent is not None else ", ", ": ")
    indented = _Indented(outfile, indent)
    depth, empty, after_key = 0, True, False
    for event, value in events:
        if event in ("end_map", "end_array"):
            depth -= 1
            indented.go_to(depth)
            outfile.write(("" if empty else indented.line_break()) + ("}" if event == "end_map" else "]"))
            empty = after_key = False
            continue
        before = "" if depth == 0 or after_key else ("" if empty else between) + indented.line_break()
        after_key = empty = False
        if event == "value":
            if indent is not None and isinstance(value, (dict, list)):
                outfile.write(before)
                if colour is None:
                    cyjson.dump(value, indented, **dump_args)  # whose text may be 2000 times as long as the block's
                else:
                    indented.write(colour(dumps(value)))
            else:
                outfile.write(before + (dumps(value) if colour is None else colour(dumps(value))))
        elif event == "map_key":
            text = dumps(value)
            outfile.write(before + (text if colour is None else colour(text + ":")[:-1]) + colon)
            after_key = True
        else:
            outfile.write(before + ("{" if event == "start_map" else "["))
            depth += 1
            indented.go_to(depth)
            empty = True
    outfile.write("\n")


# Validation


def _validate(path, options):
    """Whether a file is well-formed; the faults are shown on stderr."""
    try:
        with _opened(path, options) as infile, progress(infile.size, sys.stdout) as bar:
            if options.json_lines:
                return _validate_lines(infile, bar)
            return _check(infile.name, 1, _Text(bar, infile))
    except OSError as error:
        if not _is_about(path, error):
            raise
        _tell(_line_of(error))
        return False


def _validate_lines(infile, bar):
    valid, loads = True, cyjson.loads
    for lines, _ in infile.lines(bar):
        for line in lines:
            infile.line += 1
            try:
                if not line.isascii():
                    line.encode()  # raises for what wasn't UTF-8
                loads(line)
            except (ValueError, RecursionError):  # which may also be too deep, or have too many digits, for loads
                valid &= _check_line(infile, line)
    return valid


def _check_line(infile, line):
    try:
        line.encode("utf-8", "surrogateescape").decode()
    except UnicodeError as error:
        _tell(f"{infile.name}:{infile.line}: {error}")
        return False
    return _check(infile.name, infile.line, _Text(None, io.StringIO(line, newline="")))


def _check(name, first_line, source):
    try:
        for _ in _reader("items", (None, ((None, -2),)), source):  # a path that leads nowhere: nothing is made
            pass
    except cyjson.JSONDecodeError as error:
        line = first_line + error.lineno - 1
        _tell(f"{name}:{line}:{error.colno}: {error.msg}")
        around = source.around(error.pos)
        if around is not None:
            _tell(excerpt(*around, terminal_width()))
    except ValueError as error:  # it isn't UTF-8
        _tell(f"{name}: {error}")
    else:
        return True
    return False


# The process


def run():
    """main, as a process: errors of files are reported in a line, a reader of the output who leaves isn't an error, and
    Ctrl-C ends it as it ends other programs."""
    try:
        try:
            main()
        except SystemExit:
            if sys.stdout is not None and not sys.stdout.closed:
                sys.stdout.flush()  # argparse's help
            raise
    except BrokenPipeError as error:
        _leave_stdout()
        sys.exit(error.errno)
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        if os.name == "posix":
            os.kill(os.getpid(), signal.SIGINT)  # so that a shell's loop ends too
        sys.exit(130)
    except (OSError, RecursionError, MemoryError) as error:
        if isinstance(error, OSError):
            _leave_stdout()
        sys.exit(_line_of(error))


def _leave_stdout():
    """Have the interpreter not complain once more, at its end, of what is left in the buffer."""
    if sys.stdout is not None and not sys.stdout.closed:
        with contextlib.suppress(OSError, ValueError):
            sys.stdout.flush()  # which is in order where the error is another file's
            return
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    run()
