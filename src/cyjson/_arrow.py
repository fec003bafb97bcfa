"""``lines.to_arrow``: what its arguments ask for, and the iterator over batches that it returns."""

import re
from collections.abc import Mapping
from functools import partial

from . import _arrow_rows, _impl, _parts, backend
from ._places import path_of, places_of, pointer_of
from ._validation import Mismatch, ValidationError

if backend == "c":
    from ._native import arrow_field, arrow_schema, arrow_stream
else:
    from ._pure_arrow import Batch, arrow_field, arrow_schema, arrow_stream

__all__ = ["ArrowReader"]

TEXT = 4 * 2**20  # bytes of lines, after which a batch ends
THREADS_TEXT = 2**20  # the same with threads, whose batches stay in the caches, and end together
FIRST_TEXT = 4 * 2**20  # bytes of lines in which types are found out: COLUMNS_FIRST_TEXT

# ---- schemas: a field is (format, name, whether nulls are allowed, children) ----

_FORMATS = {_arrow_rows.type_name(each): each for each in _arrow_rows._PLAIN if each[0] != "+"}
_FORMATS.update(
    {"boolean": "b", "float": "f", "double": "g", "str": "u", "utf8": "u", "large_utf8": "U", "date": "tdD"}
)
_UNITS = {"s": "s", "ms": "m", "us": "u", "ns": "n"}
_timestamp = re.compile(r"timestamp\[\s*(s|ms|us|ns)\s*(?:,\s*(?:tz\s*=\s*)?([^\]]*?)\s*)?\]")
_decimal = re.compile(r"decimal(?:128)?\(\s*(\d{1,2})\s*,\s*(\d{1,2})\s*\)", re.ASCII)
_word = re.compile(r"\s*([A-Za-z_]\w*)\s*")


def _read_type(text, at, name, depth):
    """The field of the type whose name starts at text[at], and the index after it."""
    if depth > _arrow_rows.DEPTH:
        raise _too_deep()
    while text[at : at + 1].isspace():
        at += 1
    for pattern in (_timestamp, _decimal):
        if found := pattern.match(text, at):
            format = f"ts{_UNITS[found[1]]}:{found[2] or ''}" if pattern is _timestamp else f"d:{found[1]},{found[2]}"
            if _arrow_rows.kind_of(format) is None:
                break
            return (format, name, True, ()), found.end()
    word = _word.match(text, at)
    if word and word[1] in _FORMATS:
        return (_FORMATS[word[1]], name, True, ()), word.end()
    if word and word[1] in ("list", "large_list", "struct") and text[word.end() : word.end() + 1] == "<":
        at, children = word.end() + 1, []
        while not (word[1] == "struct" and not children and text[at : at + 1] == ">"):
            inner = "item"
            if word[1] == "struct":
                colon = text.find(":", at)
                if colon < 0:
                    break
                inner, at = text[at:colon].strip(), colon + 1
            child, at = _read_type(text, at, inner, depth + 1)
            children.append(child)
            while text[at : at + 1].isspace():
                at += 1
            if text[at : at + 1] != "," or word[1] != "struct":
                break
            at += 1
        if text[at : at + 1] == ">":
            format = {"list": "+l", "large_list": "+L", "struct": "+s"}[word[1]]
            return (format, name, True, tuple(children)), at + 1
    raise ValueError(f"schema: no name of a type: {text!r}")


def _too_deep():
    return ValueError(f"schema: types nested more than {_arrow_rows.DEPTH} levels deep")


def _field(name, type, depth=1):
    """The field of a column of this name, with a type as a schema of names has it."""
    if depth > _arrow_rows.DEPTH:  # one that contains itself has no end
        raise _too_deep()
    if not isinstance(name, str):
        raise TypeError(f"schema: names of columns are str, not {name.__class__.__name__}")
    if isinstance(type, str):
        field, end = _read_type(type, 0, name, depth)
        if type[end:].strip():
            raise ValueError(f"schema: no name of a type: {type!r}")
        return field
    if isinstance(type, Mapping):
        return "+s", name, True, tuple([_field(each, type[each], depth + 1) for each in type])
    if isinstance(type, list) and len(type) == 1:
        return "+l", name, True, (_field("item", type[0], depth + 1),)
    if hasattr(type, "__arrow_c_schema__"):
        return _imported(name, arrow_field(type.__arrow_c_schema__()))
    raise TypeError(f"schema: a type is a name, a mapping, a list of one type or has __arrow_c_schema__, not {type!r}")


def _imported(name, field):
    """The field that a library's schema has."""
    format, own, nullable, children, is_dictionary = field
    name = own if name is None else name
    if is_dictionary or _arrow_rows.kind_of(format) is None:
        what = "a dictionary" if is_dictionary else f"the Arrow format {format!r}"
        raise ValueError(f"schema: column {name!r}: JSON isn't read as {what}")
    return format, name, nullable, tuple([_imported(None, child) for child in children])


def fields_of(schema):
    """The fields of a schema: of Arrow's, or of a mapping of names to types."""
    if isinstance(schema, Mapping):
        fields = tuple([_field(name, schema[name]) for name in schema])
    elif hasattr(schema, "__arrow_c_schema__"):
        fields = _root_fields(schema.__arrow_c_schema__())
    else:
        raise TypeError(f"schema must have __arrow_c_schema__ or be a mapping, not {schema.__class__.__name__}")
    _check(fields, 1)
    return fields


def _root_fields(capsule):
    root = arrow_field(capsule)
    if root[0] != "+s":
        raise ValueError("schema: a schema has columns; this is a type of one")
    return tuple([_imported(None, child) for child in root[3]])


def _check(fields, depth):
    if depth >= _arrow_rows.DEPTH:
        raise _too_deep()
    names = set()
    for format, name, _, children in fields:
        if name in names:
            raise ValueError(f"schema: two columns are called {name!r}")
        if "\0" in name:
            raise ValueError(f"schema: no column is called {name!r}")
        if "\0" in format:
            raise ValueError(f"schema: column {name!r}: no time zone has a null character: {format[4:]!r}")
        (name + format).encode()  # UnicodeEncodeError: surrogates
        names.add(name)
        _check(children if format == "+s" else children[:1], depth + 1)


# ---- plans ----


def _planned(field, name, index, place):
    format, _, nullable, children = field
    inner = tuple([_planned(child, child[1].encode(), -1, -1) for child in children])
    return format, name, nullable, format == "n" and field is _ANY, index, place, inner


_ANY = ("n", "", True, ())  # of a type that is found out


def plan_of(fields, pick):
    """The root's plan, and the names of the columns, None where they aren't known yet."""
    if pick is None:
        if fields is None:
            return ("+s", b"", False, True, -1, -1, ()), None
        children = [_planned(field, field[1].encode(), -1, place) for place, field in enumerate(fields)]
        return ("+s", b"", False, False, -1, -1, tuple(children)), [field[1] for field in fields]
    names = [name for name, _ in pick]
    if len(set(names)) < len(names):
        raise ValueError("pick: two columns have the same name")
    ways = {}
    for place, (name, pointer) in enumerate(pick):
        (path,) = _parts.compile_paths([pointer])
        if not path or len(path) >= _arrow_rows.DEPTH:
            raise ValueError(
                f"pick: a column is within a row, and less than {_arrow_rows.DEPTH} levels deep: {pointer!r}"
            )
        field = _ANY if fields is None else _typed(fields, name, path)
        at = ways
        for element in path[:-1]:
            at = at.setdefault(element, {})
            if not isinstance(at, dict):
                break
        if not isinstance(at, dict) or path[-1] in at:
            raise ValueError(f"pick: {pointer!r} is picked twice, or is within another column")
        at[path[-1]] = field, place
    return _route(ways, b"", -1), names


def _route(ways, name, index):
    children = []
    for (inner, at), what in ways.items():
        children.append(_route(what, inner, at) if isinstance(what, dict) else _planned(what[0], inner, at, what[1]))
    return None, name, True, False, index, -1, tuple(children)


def _typed(fields, name, path):
    """The field that a schema has for a column that is picked."""
    for field in fields:
        if field[1] == name:
            return field
    for i, (part, index) in enumerate(path):
        part = None if part is None else part.decode("utf-8", "surrogatepass")
        if i and field[0] in ("+l", "+L") and index >= 0:
            field = field[3][0]
            continue
        inner = fields if i == 0 else field[3] if field[0] == "+s" else ()
        field = next((each for each in inner if each[1] == part), None)
        if field is None:
            raise ValueError(f"pick: the schema has no column {name!r}")
    return field[0], field[1], True, field[3]  # what is around it may be missing


def columns_picked(pick):
    """Pairs of a column's name and a pointer."""
    if isinstance(pick, str):
        pick = (pick,)
    if isinstance(pick, Mapping):
        pairs = [(name, _pointer(pick[name])) for name in pick]
        if not all(isinstance(name, str) for name, _ in pairs):
            raise TypeError("pick: names of columns are str")
    else:
        pairs = [(each if isinstance(each, str) else pointer_of(each), each) for each in map(_pointer_or_name, pick)]
        pairs = [(name, _pointer(pointer)) for name, pointer in pairs]
    if not pairs:
        raise ValueError("pick must have columns, of which there are none")
    for name, _ in pairs:
        name.encode()
        if "\0" in name:
            raise ValueError(f"pick: no column is called {name!r}")
    return pairs


def _pointer_or_name(pointer):
    _pointer(pointer)
    return pointer if isinstance(pointer, str) else tuple(pointer)


def _pointer(pointer):
    if isinstance(pointer, str):
        return pointer if pointer.startswith("/") else (pointer,)
    if isinstance(pointer, (bytes, bytearray, memoryview)) or not hasattr(type(pointer), "__iter__"):
        raise TypeError(f"pick: a column is a name, a pointer or a sequence, not {type(pointer).__name__}")
    return pointer if isinstance(pointer, (list, tuple)) else tuple(pointer)


# ---- rows that were refused ----


def _report(text, path, message, cure):
    """The ValidationError of a value that its column doesn't hold."""
    pos = places_of(text, [path])[path][1]
    message = f"{message}; {cure}" if cure and path else message
    return ValidationError([Mismatch(path_of(path), pointer_of(path), message, pos, 1, pos + 1)], text)


class _Explain:
    """What is wrong with a line that the extension refused, or the same document in other words."""

    plan = rows = None

    def __init__(self, cure):
        self.cure = cure

    def __call__(self, text, reader, is_last):
        value = _impl.loads(text)  # raises what lines.load reports
        rows = self.rows_of(reader)
        rows.strict = is_last
        try:
            row = rows.tried(text)
        except _arrow_rows.Unfit as error:
            report = _report(text, *error.args, self.cure)
        else:
            # Of equal names the last counts; surrogates are escapes.
            again = _impl.dumps(value)
            if not is_last and self.keeps_digits(again, rows, row):
                return again.encode()
            report = _report(text, (), "a document of too many levels, or more digits than these columns hold", "")
        raise report

    def rows_of(self, reader):
        """Rows like the reader's, made once for all lines of the same types."""
        plan, is_frozen = reader._plan()
        if plan is not self.plan:
            self.rows = _arrow_rows.Rows(plan, is_frozen)
            self.plan = plan
        self.rows.frozen = is_frozen
        return self.rows

    def keeps_digits(self, again, rows, row):
        """Whether another text of a row has the digits that its decimals have, and floats may not."""
        if not rows.options:
            return True
        try:
            return repr(rows.tried(again)) == repr(row)
        except _arrow_rows.Unfit:
            return False


_CURE = "the types are those of the first 4 MiB, and schema= gives others"

# ---- batches ----


class ArrowReader:
    """What ``to_arrow`` returns: an iterator over batches of rows, and a stream of them for Arrow's libraries.

    Each batch has ``len()``, ``__arrow_c_array__`` and ``__arrow_c_schema__``. lineno: the number of the line read
    last, counted from 1 where reading began. A file that ``to_arrow`` opened is closed at the end, by ``close``, and at
    the end of a ``with``. After an error, ``next`` goes on after the line, with the rows before it.
    """

    _opened = _reader = None

    def __init__(self, wish, fields, pick, batch, read, opened, offset=0, cut=False, stop=-1, ahead=False, whole=None):
        self._opened = opened
        self._wish = wish
        self._fields = fields
        self._pick = pick
        self._batch = batch
        # Taken out by pop, of which one thread alone gets it, and which needs no try: 3.11 loses a MemoryError there.
        self._kept = {"source": (read, opened, offset, cut, stop, ahead, whole)}  # and a batch read for its types
        self._closed = False

    def _started(self):
        """The reader, which is made once."""
        if self._reader is None:
            source = self._kept.pop("source", None)
            if source is None:
                raise ValueError("this reader is already executing")
            self._reader = self._make(*source)
        return self._reader

    def _make(self, read, opened, offset, cut, stop, ahead, whole):
        plan, names = plan_of(self._fields, self._pick)
        is_frozen, wish = self._fields is not None, self._wish

        describe = partial(_arrow_rows.fields_of, names=names)
        settings = {"plain": False, "offset": offset, "cut": cut, "stop": stop, "max_line": wish.max_line}
        settings["any_mark"] = wish.refuse.errors == "skip"
        cure = "" if is_frozen else _CURE
        if backend == "c":
            settings.update(
                plan=plan, fields=describe, is_frozen=is_frozen, batch=self._batch, ahead=ahead, whole=whole
            )
            settings["threads"] = wish.threads if wish.threads > 1 else 0
            settings["text"] = THREADS_TEXT if settings["threads"] else TEXT
            return _impl.Reader(read, opened, _Explain(cure), wish.refuse, **settings)
        return _PureReader(plan, is_frozen, describe, self._batch, cure, read, opened, wish.refuse, settings)

    def __iter__(self):
        return self

    def __next__(self):
        if self._kept:
            batch = self._kept.pop("batch", None)
            if batch is not None:
                return batch
        batch = None if self._closed else next(self._started(), None)
        if batch is None:
            raise StopIteration
        return batch

    @property
    def lineno(self):
        return 0 if self._reader is None else self._reader.lineno

    def close(self):
        """End the iteration, and close the file if ``to_arrow`` opened it."""
        self._closed = True
        self._kept.pop("batch", None)
        if self._reader is not None:
            self._reader.close()
        elif self._opened is not None:
            self._opened.close()
        self._opened = None

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()

    def __del__(self):
        if self._reader is None and self._opened is not None:
            self._opened.close()

    def __arrow_c_schema__(self):
        """The "arrow_schema" capsule of the batches: where no schema was given, the first one is read for it."""
        reader = self._started()
        if reader.fields is None and not self._closed:
            for batch in reader:
                self._kept["batch"] = batch
                break
        if reader.fields is None:
            raise ValueError("the reader was closed before any types were found out")
        return arrow_schema(reader.fields)

    def __arrow_c_stream__(self, requested_schema=None):
        """The "arrow_array_stream" capsule of the batches that are left. Where no schema was given, and nothing was
        read yet, a requested one is taken for it."""
        if requested_schema is not None and self._reader is None and self._fields is None:
            fields = _root_fields(requested_schema)
            _check(fields, 1)
            self._fields = fields
        return arrow_stream(self)


class _PureReader:
    """The fallback's reader of batches."""

    def __init__(self, plan, is_frozen, describe, batch, cure, read, opened, refuse, settings):
        self.rows = _arrow_rows.Rows(plan, is_frozen)
        self.describe = describe
        self.batch = batch
        self.cure = cure
        self.fields = describe(plan) if is_frozen else None
        self.size = 0  # of the lines of these rows
        self.block = 0  # rows that are to be given before others are read
        self.closed = False
        self.refuse = refuse
        self.reader = _impl.Reader(read, opened, self.add, self.refused, **settings)

    def close(self):
        self.closed = True
        self.reader.close()

    lineno = property(lambda self: self.reader.lineno)

    def line_size(self):
        """The bytes of the line that was read last, with its line break."""
        return self.reader._base + self.reader._at - self.reader.offset

    def refused(self, reader, line, text, error, last):
        """Report a line; where types are found out, it counts."""
        if not self.rows.frozen:
            self.size += self.line_size()
        self.refuse(reader, line, text, error, last)

    def add(self, text):
        """Add the row of a line: what it counts, as columns_add has it."""
        if not self.rows.frozen and self.size >= FIRST_TEXT:  # by lines that were refused
            self.keep_types()
            self.size = self.size if self.rows.rows else 0
        _impl.loads(text)
        try:
            self.rows.add(text)
        except _arrow_rows.Unfit as error:
            report = _report(text, *error.args, self.cure)
        else:
            return self.line_size() + self.rows.members
        raise report

    def __iter__(self):
        return self

    def __next__(self):
        if not self.block:
            for each in self.reader:
                self.size += each
                rows = len(self.rows.rows)
                if self.size >= FIRST_TEXT if not self.rows.frozen else rows >= self.batch or self.size >= TEXT:
                    break
            self.size = 0
            if self.closed:  # meanwhile, by errors= or by read()
                raise StopIteration
            self.keep_types()
            self.block = len(self.rows.rows)
        if not self.block:
            raise StopIteration
        self.block -= min(self.block, self.batch)
        return Batch(self.rows.take(self.batch), self.fields)

    def keep_types(self):
        if not self.rows.frozen:
            self.rows.frozen = True
            self.fields = self.describe(self.rows.root.plan())
