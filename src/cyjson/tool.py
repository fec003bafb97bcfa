"""``python -m cyjson.tool``: validate, pretty-print and look into JSON from a shell.

Options, output and errors are those of Python 3.15's ``python -m json.tool``, on every version. Added are
``--validate``, ``--get``, and documents of any size: what is longer than 32 Mi characters, or with ``--stream`` any
document, is formatted while it is read, without holding it. What differs then from formatting it as a whole:

- an object longer than 1 MiB keeps all of its members, where otherwise of those with the same name the last is kept;
- what comes before a fault has been written when the fault is found (but an ``outfile`` is replaced at the end, or not
  at all);
- ``--sort-keys`` needs the whole document, and reads it as a whole.
"""

import argparse
import contextlib
import io
import os
import re
import shutil
import stat
import sys
import tempfile

import cyjson

from . import stream
from ._terminal import colours, excerpt, progress, terminal_width

__all__ = ["main"]

WHOLE = 32 * 2**20  # characters; documents below that are formatted as a whole
BLOCK = 2**20  # bytes; what is shorter is decoded as a whole within a longer document


def _parser():
    name = getattr(getattr(sys.modules["__main__"], "__spec__", None), "name", None)
    parser = argparse.ArgumentParser(
        prog="python -m cyjson" if name == "cyjson.__main__" else "python -m cyjson.tool",
        description="Validate, pretty-print and look into JSON, by the options of Python 3.15's `json.tool` and more.",
        **({"color": True} if sys.version_info >= (3, 14) else {}),
    )
    parser.add_argument(
        "infile", nargs="?", default="-", help="a JSON file to be validated or pretty-printed; defaults to stdin"
    )
    parser.add_argument("outfile", nargs="?", help="write the output of infile to outfile")
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
        help="write nothing, but check the syntax: exit status 0 for a valid document; 1 for others, and the place is "
        "shown on stderr",
    )
    group.add_argument(
        "--get",
        metavar="PATH",
        type=_pointer,
        help="write only the value at this JSON Pointer (RFC 6901), such as /users/0/name; exit status 1 without one",
    )
    group.add_argument(
        "--stream",
        action="store_true",
        help="format while reading, in little memory, as is done with long documents; objects over 1 MiB then keep "
        "members of the same name, and output comes before faults are known",
    )
    return parser


def _pointer(text):
    try:
        return text, stream.pointer(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def main():
    """Run the command line in ``sys.argv``.

    Raises SystemExit for wrong arguments and malformed documents, OSError for files that can't be opened, read or
    written.
    """
    parser = _parser()
    options = parser.parse_args()
    if options.stream and options.sort_keys:
        parser.error("argument --stream: not allowed with argument --sort-keys, which needs the whole document")
    dump_args = {"sort_keys": options.sort_keys, "indent": options.indent, "ensure_ascii": options.ensure_ascii}
    if options.compact:
        dump_args["indent"] = None
        dump_args["separators"] = ",", ":"

    with contextlib.ExitStack() as stack:
        if options.infile == "-":
            infile = sys.stdin
        else:
            infile = stack.enter_context(open(options.infile, encoding="utf-8"))
        try:
            if options.validate:
                if not _validate(infile, options):
                    raise SystemExit(1)
            else:
                _write(infile, options, dump_args)
        except ValueError as error:
            raise SystemExit(error) from None


# Reading


class _Text(stream._Source):
    """What a text file holds, for a stream's Reader; the latest of it is kept, to show the place of a fault."""

    KEPT = 4  # reads

    def __init__(self, bar, *files):
        self.skipped = None  # bytes are ours, not the file's
        self.bar = bar
        self.files = list(files)
        self.kept, self.kept_from = [], 0

    def read(self, n):
        text = ""
        while self.files and not (text := self.files[0].read(n)):
            del self.files[0]
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


def _size(file):
    """A regular file's size in bytes, or None."""
    try:
        status = os.fstat(file.fileno())
    except (AttributeError, OSError, ValueError):
        return None
    return status.st_size if stat.S_ISREG(status.st_mode) else None


def _reader(mode, path, source):
    return stream.Reader(
        mode, path, source, cyjson.loads, cyjson.loads, True, False, BLOCK, stream.failure_of(source, strict=True)
    )


# Writing


def _write(infile, options, dump_args):
    """Write what the options ask for, as a whole or piece by piece."""
    if options.json_lines:
        lines = infile
        if options.outfile is not None and not options.stream and (_size(infile) or WHOLE) < WHOLE:
            lines = infile.readlines()  # so that the outfile may be the same file
        documents = _each_line(lines, options)
        _write_documents(documents, options, dump_args, replace=lines is infile)
        return
    head = "" if options.stream else infile.read() if options.sort_keys else infile.read(WHOLE)
    if not options.stream and (options.sort_keys or len(head) < WHOLE):
        document = cyjson.loads(head)
        del head
        documents = [document] if options.get is None else [_at(document, *options.get)]
        _write_documents(documents, options, dump_args, replace=False)
    elif options.get is not None:
        with progress(_size(infile), sys.stdout) as bar:
            found = list(
                _reader("items", stream._path(options.get[1]), _Text(bar, io.StringIO(head, newline=""), infile))
            )
        if not found:
            raise ValueError(f"nothing is at {options.get[0]!r}")
        _write_documents(found[-1:], options, dump_args, replace=False)
    else:
        with _output(options, replace=True) as outfile, progress(_size(infile), outfile) as bar:
            events = _reader("coarse", stream._path(""), _Text(bar, io.StringIO(head, newline=""), infile))
            _write_events(events, outfile, dump_args)


def _each_line(lines, options):
    for line in lines:
        document = cyjson.loads(line)
        yield document if options.get is None else _at(document, *options.get)


def _at(document, text, path):
    """The value at a JSON Pointer's path. Raises ValueError where there is none."""
    value = document
    for token in path:
        if isinstance(value, dict) and token in value:
            value = value[token]
        elif isinstance(value, list) and re.fullmatch("0|[1-9][0-9]{0,17}", token) and int(token) < len(value):
            value = value[int(token)]
        else:
            raise ValueError(f"nothing is at {text!r}")
    return value


@contextlib.contextmanager
def _output(options, replace):
    """The file to write to. With ``replace`` an outfile, which may be the infile, is replaced once all is written."""
    if options.outfile is None:
        with sys.stdout:
            yield sys.stdout
        return
    path = os.path.realpath(options.outfile)
    if not replace or os.path.exists(path) and not os.path.isfile(path):
        with open(options.outfile, "w", encoding="utf-8") as outfile:
            yield outfile
        return
    handle, temporary = tempfile.mkstemp(prefix=".cyjson-", dir=os.path.dirname(path))
    try:
        with open(handle, "w", encoding="utf-8") as outfile:
            yield outfile
        if os.path.exists(path):
            shutil.copymode(path, temporary)
        else:
            mask = os.umask(0)
            os.umask(mask)
            os.chmod(temporary, 0o666 & ~mask)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def _write_documents(documents, options, dump_args, replace):
    with _output(options, replace) as outfile:
        colour = colours(outfile)
        for document in documents:
            if colour is None:
                cyjson.dump(document, outfile, **dump_args)
            else:
                outfile.write(colour(cyjson.dumps(document, **dump_args)))
            outfile.write("\n")


def _write_events(events, outfile, dump_args):
    """Write a document that comes in pieces, as dump would write it."""
    colour = colours(outfile) or str
    dumps = cyjson.JSONEncoder(**dump_args).encode
    indent = dump_args["indent"]
    between, colon = dump_args.get("separators") or ("," if indent is not None else ", ", ": ")
    step = " " * indent if isinstance(indent, int) else indent or ""
    breaks = [""] if indent is None else ["\n"]  # what stands before a value, by depth
    depth, empty, after_key = 0, True, False
    for event, value in events:
        if event in ("end_map", "end_array"):
            depth -= 1
            outfile.write(("" if empty else breaks[depth]) + ("}" if event == "end_map" else "]"))
            empty = after_key = False
            continue
        before = "" if depth == 0 or after_key else breaks[depth] if empty else between + breaks[depth]
        after_key = empty = False
        if event == "value":
            text = colour(dumps(value))
            outfile.write(before + (text if indent is None else text.replace("\n", breaks[depth])))
        elif event == "map_key":
            outfile.write(before + colour(dumps(value) + ":")[:-1] + colon)
            after_key = True
        else:
            outfile.write(before + ("{" if event == "start_map" else "["))
            depth += 1
            empty = True
            if depth == len(breaks):
                breaks.append("" if indent is None else breaks[-1] + step)
    outfile.write("\n")


# Validation


def _validate(infile, options):
    """Whether the input is well-formed; the faults are shown on stderr."""
    name = "<stdin>" if infile is sys.stdin else options.infile
    with progress(_size(infile), sys.stdout) as bar:
        if not options.json_lines:
            return _check(name, 1, _Text(bar, infile))
        valid = True
        for number, line in enumerate(infile, 1):
            valid &= _check(name, number, _Text(bar, io.StringIO(line.removesuffix("\n"), newline="")))
        return valid


def _check(name, first_line, source):
    try:
        for _ in _reader("items", (None, ((None, -2),)), source):  # a path that leads nowhere: nothing is made
            pass
    except cyjson.JSONDecodeError as error:
        line = first_line + error.lineno - 1
        print(f"{name}:{line}:{error.colno}: {error.msg}", file=sys.stderr)
        around = source.around(error.pos)
        if around is not None:
            print(excerpt(*around, terminal_width()), file=sys.stderr)
    except UnicodeDecodeError as error:
        print(f"{name}: {error}", file=sys.stderr)
    else:
        return True
    return False


def run():
    """main, as a process: errors of files are told in a line, a reader of the output who leaves isn't an error."""
    try:
        main()
    except BrokenPipeError as error:
        sys.exit(error.errno)
    except OSError as error:
        sys.exit(f"{type(error).__name__}: {error}")


if __name__ == "__main__":
    run()
