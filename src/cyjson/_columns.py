"""Columns of the lines that ``cyjson.engines`` reads: which there are, of what type, and batches of them for Arrow.

Nothing is changed silently: a value that its column's type doesn't hold as it is makes its line a bad one.
"""

import decimal
import itertools
import re
import struct
from functools import partial
from itertools import islice
from operator import methodcaller
from types import SimpleNamespace

from . import _arrow_rows, _engines, _impl, _parts, backend, lines

__all__ = ["Columns", "Misfit", "columns_of", "infer", "pointers_of"]

ROWS = 16384  # of a batch
TEXT = 8 * 2**20  # bytes of the lines of a batch: some 40 MB of Python objects while it is made
_NONE = type(None)


class Misfit(ValueError):
    """A value that doesn't fit its column; ``args[0]`` says where and why."""


def arrow():
    """pyarrow."""
    return _engines.needs("pyarrow", "arrow")


# ---- which columns there are ----


def pointers_of(pick):
    """What ``pick`` was given as, as a dict of names and pointers: of a sequence, the last token is the name."""
    if pick is None:
        return None
    if isinstance(pick, dict):
        return dict(pick)
    named = {}
    for pointer in [pick] if isinstance(pick, str) else pick:
        tokens = pointer.split("/") if isinstance(pointer, str) else [str(token) for token in pointer]
        name = tokens[-1]
        if isinstance(pointer, str):
            name = name.replace("~1", "/").replace("~0", "~")
        if name in named:
            raise ValueError(f"two pointers of pick end in {name!r}: give a dict of names and pointers")
        named[name] = pointer
    return named


# ---- types of a sample ----

_SCALARS = {bool: "bool", int: "int64", float: "double", str: "string"}


def infer(documents, pointers=None):
    """The schema (of pyarrow) of documents that are dicts, or with pointers of tuples of their values: what is null
    everywhere is taken for a string. TypeError, with the place, where values have types that no column holds together.
    """
    pa = arrow()
    if pointers is not None:
        columns = zip(*documents, strict=True) if documents else [[]] * len(pointers)
        fields = {name: _kind_of(column, name) for name, column in zip(pointers, columns, strict=True)}
    else:
        stray = next((each for each in documents if type(each) is not dict), None)
        if stray is not None:
            raise TypeError(
                f"a line holds no object, but {type(stray).__name__}: it has no columns; give pick or schema"
            )
        fields = _members(documents, "")
    if not fields:
        raise ValueError("the lines that were looked at have no columns: give a schema")
    return pa.schema([pa.field(name, _type_of(kind, pa)) for name, kind in fields.items()])


def _members(documents, place):
    """The kinds of the members of dicts, by name."""
    names = dict.fromkeys(itertools.chain.from_iterable(documents))
    return {name: _kind_of(map(methodcaller("get", name), documents), f"{place}/{name}") for name in names}


def _kind_of(values, place):
    """ "null", the name of a scalar type, a dict of members, or a list of one kind."""
    groups = {}
    for value in values:
        if value is not None:
            groups.setdefault(type(value), []).append(value)
    kinds = groups.keys()
    if not groups:
        return "null"
    if kinds == {dict}:
        return _members(groups[dict], place)
    if kinds == {list}:
        return [_kind_of(itertools.chain.from_iterable(groups[list]), f"{place}/*")]
    if kinds <= {int, float}:
        whole = groups.get(int, [])
        if float in kinds and all(-(2**53) <= each <= 2**53 for each in whole):
            return "double"
        if float not in kinds and all(-(2**63) <= each < 2**63 for each in whole):
            return "int64"
        raise TypeError(f"column {place} has integers too large for its type: give a schema (decimal128, string, …)")
    if len(kinds) == 1 and (only := next(iter(kinds))) in _SCALARS:
        return _SCALARS[only]
    found = ", ".join(sorted(kind.__name__ for kind in kinds))
    raise TypeError(f"column {place} has values of several types ({found}): give a schema, or pick without it")


def _type_of(kind, pa):
    if isinstance(kind, dict):
        return pa.struct([pa.field(name, _type_of(each, pa)) for name, each in kind.items()])
    if isinstance(kind, list):
        return pa.list_(_type_of(kind[0], pa))
    return {"null": pa.string, "bool": pa.bool_, "int64": pa.int64, "double": pa.float64, "string": pa.string}[kind]()


# ---- values that fit ----


def fitted(values, type, place, pa):
    """The values, as pa.array takes them for the type: those of the same number of rows. Misfit where one isn't of it.

    pa.array itself would make 1 of 1.5, 1.0 of True, a list of characters of a str, and a date of an int.
    """
    kinds = set(map(_type, values))
    kinds.discard(_NONE)
    types = pa.types
    if not kinds:
        return values
    if types.is_integer(type):
        expected = {int}
    elif types.is_floating(type):
        expected = {float, int, _Written}
        if kinds <= expected and (int in kinds or type.bit_width < 64):
            return _converted(values, type, place, pa)
    elif types.is_boolean(type):
        expected = {bool}
    elif types.is_string(type) or types.is_large_string(type) or types.is_string_view(type):
        expected = {str}
    elif types.is_struct(type):
        expected = {dict}
        if kinds == expected:
            return _fitted_structs(values, type, place, pa)
    elif types.is_map(type):
        expected = {dict}
        if kinds == expected:
            whole = list(itertools.chain.from_iterable(each.values() for each in values if each is not None))
            made = iter(fitted(whole, type.item_type, f"{place}/*", pa))
            return [None if each is None else [(name, next(made)) for name in each] for each in values]
    elif types.is_list(type) or types.is_large_list(type) or types.is_fixed_size_list(type):
        expected = {list}
        if kinds == expected:
            whole = list(itertools.chain.from_iterable(each for each in values if each is not None))
            made = fitted(whole, type.value_type, f"{place}/*", pa)
            if made is whole:
                return values
            made = iter(made)
            return [None if each is None else list(islice(made, len(each))) for each in values]
    else:
        return _converted(values, type, place, pa)
    if not kinds <= expected:
        names = {"float" if kind is _Written else kind.__name__ for kind in kinds - expected}
        raise Misfit(f"{place or '$'} must be {type}, not {', '.join(sorted(names))}")
    return values


_type = type


def _fitted_structs(values, type, place, pa):
    changed = {}
    for field in type:
        column = [None if each is None else each.get(field.name) for each in values]
        made = fitted(column, field.type, f"{place}/{field.name}", pa)
        if made is not column:
            changed[field.name] = made
    if not changed:
        return values
    names = [*changed]
    rows = zip(values, *changed.values(), strict=True)
    return [None if each is None else {**each, **dict(zip(names, new, strict=True))} for each, *new in rows]


def _converted(values, type, place, pa):
    """Values of types that JSON spells as str or number: decimal, timestamp, date, time, binary; and floating."""
    types = pa.types
    if types.is_floating(type):
        convert = partial(_real, {16: "<e", 32: "<f", 64: "<d"}[type.bit_width])
    elif types.is_decimal(type):
        convert = partial(_decimal, type)
    elif types.is_timestamp(type) or types.is_date(type) or types.is_time(type):
        convert = partial(_moment, type, pa)
    elif types.is_binary(type) or types.is_large_binary(type):
        convert = _bytes
    else:
        raise Misfit(f"{place or '$'}: lines have no {type}")
    try:
        return [None if each is None else convert(each) for each in values]
    except (ValueError, TypeError, ArithmeticError) as error:
        raise Misfit(f"{place or '$'} must be {type}: {error}") from None


class _Written(float):
    """A float that knows how it was written."""

    def __new__(cls, text):
        self = float.__new__(cls, text)
        self.text = text
        return self


def _real(code, value):
    """A number as a float, which the type of this code (of struct) has: as the nearest, or an integer as it is."""
    real = float(value)
    if code != "<d" and isinstance(value, float):
        real = _arrow_rows.narrowed(value, *_NARROW[code])
    if struct.unpack(code, struct.pack(code, real))[0] != value and _type(value) is int:
        raise ValueError(f"it hasn't {value}")
    return real


_NARROW = {"<e": (11, -24), "<f": (24, -149)}  # bits, and the exponent of the least number


def _decimal(wanted, value):
    if type(value) not in (_Written, float, int, str, decimal.Decimal):
        raise TypeError(f"not {type(value).__name__}")
    number = _arrow_rows.decimal_of(value, wanted.precision, wanted.scale, wanted)
    return decimal.Decimal(number).scaleb(-wanted.scale, _EXACTLY)


_EXACTLY = decimal.Context(prec=76)  # a decimal256's digits


def _moment(wanted, pa, value):
    """A date or time; of timestamps, and of times with nanoseconds, which datetime hasn't, their number."""
    from datetime import date, datetime, time, timezone

    from . import _formats

    if type(value) is not str:
        raise TypeError(f"not {type(value).__name__}")
    types = pa.types
    fraction = re.search(r"\.(\d+)", value)
    digits = fraction[1].rstrip("0") if fraction else ""
    if types.is_date(wanted):
        return _formats.read_date(value, SimpleNamespace(cls=date))
    power = {"s": 0, "ms": 3, "us": 6, "ns": 9}[wanted.unit]
    if len(digits) > power:
        raise ValueError(f"{value!r} has more digits than that")
    if types.is_time(wanted):
        found = _formats.read_time(value, SimpleNamespace(cls=time))
        if found.tzinfo is not None:
            raise ValueError(f"{value!r} has an offset, which the type hasn't")
        if power < 9:
            return found
        seconds = 3600 * found.hour + 60 * found.minute + found.second
    else:
        text = value if len(value) > 10 else f"{value}T00:00:00"
        found = _formats.read_datetime(text, SimpleNamespace(cls=datetime))
        if wanted.tz is None and found.tzinfo is not None:
            raise ValueError(f"{value!r} has an offset, which the type hasn't")
        zone = found.tzinfo or timezone.utc
        since = found.replace(microsecond=0, tzinfo=zone) - datetime(1970, 1, 1, tzinfo=timezone.utc)
        if since.microseconds:  # of an offset with a fraction
            raise ValueError(f"{value!r} has more digits than that")
        seconds = 86400 * since.days + since.seconds
    return seconds * 10**power + int(f"{digits:0<{power}}" or 0)


def _bytes(value):
    if type(value) is not str:
        raise TypeError(f"not {type(value).__name__}")
    return value.encode()


# ---- batches ----


def chunks(reader, rows):
    """Lists of what a Reader gives: at most so many, and of some TEXT bytes of lines."""
    step = 16
    while True:
        found, begun = [], reader.offset
        while len(found) < rows:
            more = list(islice(reader, min(step, rows - len(found))))
            if not more:
                break
            found += more
            size = reader.offset - begun
            if size >= TEXT:
                break
            # As many as there is room for, by the lines so far; those that come may be longer.
            step = max(1, min(4 * step, (TEXT - size) * len(found) // (size + 1)))
        if not found:
            return
        yield found


def _needs_digits(type, pa):
    """Whether it has values that aren't those of the nearest doubles."""
    if pa.types.is_decimal(type) or (pa.types.is_floating(type) and type.bit_width < 64):
        return True
    if pa.types.is_map(type):
        return _needs_digits(type.item_type, pa)
    return any(_needs_digits(type.field(each).type, pa) for each in range(type.num_fields))


class Columns:
    """How the lines of parts are made batches of columns.

    source: the Source, without a pick of its own; schema: of the batches, of pyarrow; pointers: a dict of where the
    values of the columns are (None: they are the members of the document, which has to be an object); path: the name of
    the column for the file's path, or None. With ``keep``, a bad line makes a row of nulls, except for the values that
    fit, and its text goes to the column ``corrupt``, where there is one.
    """

    def __init__(self, source, schema, pointers=None, path=None, keep=False, corrupt=None, rows=ROWS):
        if path is not None and path not in schema.names:
            raise ValueError(f"the schema has no column {path!r} for the path")
        if len(set(schema.names)) < len(schema.names):
            raise ValueError("two columns of the schema have the same name")
        self.source = source
        self.schema = schema
        self.pointers = pointers
        self.path = path
        self.keep = keep
        self.corrupt = corrupt
        self.rows = rows
        self.names = [name for name in schema.names if name not in (path, corrupt)]
        for name in self.names:
            if pointers is not None and name not in pointers:
                raise ValueError(f"the schema has a column {name!r}, which pick doesn't name")
        self.wanted = [(name,) if pointers is None else pointers[name] for name in self.names]
        self.paths = _parts.compile_paths(self.wanted)
        self.written = any(_needs_digits(type, arrow()) for type in schema.types)

    def only(self, names):
        """The same with some of the columns, in this order."""
        schema = arrow().schema([self.schema.field(name) for name in names], self.schema.metadata)
        path, corrupt = (name if name in names else None for name in (self.path, self.corrupt))
        return Columns(self.source, schema, self.pointers, path, self.keep, corrupt, self.rows)

    def batches(self, part):
        """Iterate over a part's batches, none of which is empty."""
        done = yield from self._fast(part)
        if done is None:
            return
        try:
            for batch in self._by_rows(part, done):
                yield batch
                done += batch.num_rows
        except (Misfit, lines.LineError):
            pass
        else:
            return
        yield from self._careful(part, done)

    # Straight from the text, by the columns of lines.to_arrow. They take no value that rows refuse, and make the same
    # of it; a line that they refuse is judged as a row.

    def _plan(self):
        """The plan of these columns for the extension's Reader, and their fields; None where only rows have them."""
        if backend != "c" or self.source.options:
            return None
        from . import _arrow

        pa = arrow()
        wanted = pa.schema([self.schema.field(name) for name in self.names])
        try:
            fields = _arrow.fields_of(wanted)
            # Rows look for nulls that aren't allowed in whole columns, and not within their values.
            loose = tuple([(f[0], f[1], f[2] or self.keep, tuple(map(_loosened, f[3]))) for f in fields])
            pick = None if self.pointers is None else [*zip(self.names, self.wanted, strict=True)]
            plan, _ = _arrow.plan_of(loose, pick)
        except ValueError:  # of no such type; a pointer to a whole line, or into another one's value
            return None
        # What a type has besides its format is lost: an extension's name.
        return (plan, fields) if pa.schema(_Described(fields)).types == wanted.types else None

    def _fast(self, part):
        """Batches of a part. Return how many lines are done with, where the others are for rows, and otherwise None."""
        planned = self._plan()
        if planned is None:
            return 0
        pa = arrow()
        counter = _engines.Counter(self.source, part)
        refusal = _Refusal(self.source.max_line)
        done = strange = 0
        ready, rows = [], 0  # batches that are to be one
        with self.source.open(part) as file:
            reader = lines._load(partial(self._reader, *planned, refusal), file, part.start, part.stop)
            begun = reader.offset
            while True:
                item, found, is_full = None, [], True
                try:
                    made = next(reader, None)
                except _Stopped:
                    item = refusal.items.pop()
                if item is not None:
                    fits, found = self._judged(item, part, counter, pa)
                    made = reader._take() if found else None
                    is_full = rows >= self.rows or reader.offset - begun >= TEXT
                    done += 1
                    strange += fits
                elif made is None:
                    break
                if made is not None:
                    columns = pa.record_batch(made).columns
                    ready.append(self._arranged(dict(zip(self.names, columns, strict=True)), len(made), part, pa))
                    rows += len(made)
                    done += len(made)
                ready += found
                rows += len(found)
                # Where many lines are as only rows have them, such as offsets with seconds, rows are faster.
                for_rows = 64 * strange > done
                if is_full or for_rows:
                    yield from _joined(ready, pa)
                    ready, rows, begun = [], 0, reader.offset
                if for_rows:
                    return done
            yield from _joined(ready, pa)
        return None

    def _reader(self, plan, fields, refusal, read, opened, offset, cut, stop, ahead):
        """The extension's Reader of batches."""
        return lines.Reader(
            read,
            opened,
            partial(_decoded, self._options()),
            refusal,
            plain=False,
            offset=offset,
            cut=cut,
            stop=stop,
            max_line=refusal.wish.max_line,
            plan=plan,
            fields=lambda plan: fields,
            is_frozen=True,
            is_loose=True,
            batch=self.rows,
            text=TEXT,
        )

    def _judged(self, item, part, counter, pa):
        """Whether rows take what the columns refused, and the batches that it becomes, or none: see _pieces."""
        if type(item) is not lines.LineError:
            try:
                return True, [self._batch(self._columns([item[1]]), 1, part, pa)]
            except Misfit:
                pass
        return False, [*self._pieces([item], part, counter, pa)]

    # By rows, which are Python objects.

    def _options(self):
        return {**self.source.options, "parse_float": _Written} if self.written else self.source.options

    def _by_rows(self, part, done):
        """Batches of a part without its first ``done`` lines; Misfit or LineError somewhere before the end of the batch
        that has a bad line."""
        pa = arrow()
        options = self._options()
        # Where nothing else is asked of loads, what isn't wanted needn't be decoded.
        picked = not options and bool(self.names)
        if picked:
            options = {"pick": self.wanted}
        with self.source.open(part) as file:
            reader = lines.load(file, start=part.start, stop=part.stop, max_line=self.source.max_line, **options)
            next(islice(reader, done, done), None)
            for rows in chunks(reader, self.rows):
                if picked:
                    columns = [*zip(*rows, strict=True)]
                    empty = self.pointers is None and all(None in column for column in columns)
                    if empty and any(row.count(None) == len(row) for row in rows):
                        raise Misfit("a line without any of the columns, which may be no object")
                else:
                    columns = self._columns(rows)
                yield self._batch(columns, len(rows), part, pa)

    def _columns(self, documents):
        if self.pointers is not None:
            return [[_parts.look_up(each, path, None) for each in documents] for path in self.paths]
        if set(map(type, documents)) != {dict}:
            raise Misfit("the line holds no object")
        return [[each.get(name) for each in documents] for name in self.names]

    def _batch(self, columns, count, part, pa, corrupt=None):
        """Columns of values as a batch; Misfit where one doesn't fit, or is null and must not be. corrupt: the text of
        its one line."""
        arrays = {}
        for name, values in zip(self.names, columns, strict=True):
            field = self.schema.field(name)
            arrays[name] = made = self._array(values, field, pa)
            if made.null_count and not field.nullable and not self.keep:
                raise Misfit(f"{name} must be {field.type}, not null")
        return self._arranged(arrays, count, part, pa, corrupt)

    def _arranged(self, arrays, count, part, pa, corrupt=None):
        """Arrays, by name, and the columns that lines don't have, as a batch."""
        for field in self.schema:
            if field.name == self.path:
                arrays[field.name] = pa.repeat(pa.scalar(part.path, field.type), count)
            elif field.name == self.corrupt:
                arrays[field.name] = pa.nulls(count, field.type) if corrupt is None else pa.array([corrupt], field.type)
        return pa.RecordBatch.from_arrays([arrays[name] for name in self.schema.names], schema=self.schema)

    def _array(self, values, field, pa):
        try:
            return pa.array(fitted(values, field.type, field.name, pa), field.type)
        except Misfit:
            raise
        except (pa.ArrowException, OverflowError, UnicodeError, TypeError) as error:
            raise Misfit(f"{field.name} must be {field.type}: {error}") from None

    # What is wrong with which line is known from here on, at some two or three times the price.

    def _careful(self, part, done):
        """Batches of a part without its first ``done`` lines."""
        pa = arrow()
        counter = _engines.Counter(self.source, part)
        options = self._options()
        items = []  # in order: (text, document, line number, offset), and LineErrors
        wish = lines._Wish(items.append, self.source.max_line, None, None, False, None, options)
        wish.decode = partial(_with_text, options)
        wish.is_plain = False
        with self.source.open(part) as file:
            reader = lines._load(wish.readers, file, part.start, part.stop)
            begun = reader.offset
            for text, document in reader:
                items.append((text, document, reader.lineno, reader.offset))
                if done:
                    before = min(done, len(items))
                    del items[:before]
                    done -= before
                elif len(items) >= self.rows or reader.offset - begun >= TEXT:
                    yield from self._made(items, part, counter, pa)
                    begun = reader.offset
                    items.clear()
            yield from self._made(items[done:], part, counter, pa)

    def _made(self, items, part, counter, pa):
        return _joined([*self._pieces(items, part, counter, pa)], pa)

    def _pieces(self, items, part, counter, pa):
        """Batches of items: halves of halves, until the bad ones are alone."""
        if not items:
            return
        error = items[0] if len(items) == 1 and type(items[0]) is lines.LineError else None
        if lines.LineError not in map(type, items):
            try:
                documents = [each[1] for each in items]
                yield self._batch(self._columns(documents), len(items), part, pa)
                return
            except Misfit as misfit:
                error = misfit
        if len(items) > 1:
            half = len(items) // 2
            yield from self._pieces(items[:half], part, counter, pa)
            yield from self._pieces(items[half:], part, counter, pa)
            return
        document = None
        if type(error) is Misfit:
            text, document, number, offset = items[0]
            error = lines.LineError(error.args[0], text, 0, number, offset)
        if self.keep:
            yield self._kept(document, error.doc, part, pa)
            return
        errors = self.source.errors
        if errors == "raise":
            raise self.source.placed(error, part, counter) from error.__cause__
        if errors != "skip":
            errors(self.source.placed(error, part, counter))

    def _kept(self, document, text, part, pa):
        """The row of a bad line: of its values, those that fit."""
        columns = []
        for name, path in zip(self.names, self.paths, strict=True):
            field = self.schema.field(name)
            value = _parts.look_up(document, path, None)
            try:
                self._array([value], field, pa)
            except Misfit:
                value = None
            columns.append([value])
        # Surrogates become U+FFFD, as bytes that aren't UTF-8 did.
        return self._batch(columns, 1, part, pa, text.encode("utf-8", "surrogatepass").decode("utf-8", "replace"))


def _joined(batches, pa):
    """The rows of batches, as few batches."""
    return pa.Table.from_batches(batches).combine_chunks().to_batches() if len(batches) > 1 else batches


class _Described:
    """Fields as Arrow's libraries take a schema."""

    def __init__(self, fields):
        self.fields = fields

    def __arrow_c_schema__(self):
        from . import _arrow

        return _arrow.arrow_schema(self.fields)


def _loosened(field):
    """A field that may be null, and so may all that is in it."""
    format, name, _, children = field
    return format, name, True, tuple(map(_loosened, children))


class _Decoded(Exception):
    """The document of a line that the columns refused."""


class _Stopped(Exception):
    """A Reader was stopped at a line that it refused."""


class _Refusal:
    """What a Reader of columns calls with a line that it refused: stops it, and keeps the line as _careful has it."""

    def __init__(self, max_line):
        self.items = []
        self.wish = lines._Wish(self.items.append, max_line, None, None, False, None, {})

    def __call__(self, reader, line, text, error, last):
        if type(error) is _Decoded:
            self.items.append((text, error.args[0], reader.lineno, reader.offset))
        else:
            self.wish.refuse(reader, line, text, error, last)
        raise _Stopped from None


def _decoded(options, text, reader, is_last):
    raise _Decoded(_with_text(options, text)[1])


def _with_text(options, text):
    return text, _impl.loads(text, **options) if options else _impl.loads(text)


def columns_of(
    paths, *, schema, pick, errors, include_path, storage_options, compression, sample, max_line, options, **others
):
    """The files, and how their columns are read: what the readers of frames were given."""
    pa = arrow()
    source = _engines.Source(errors=errors, max_line=max_line, storage_options=storage_options, options=options)
    files = _engines.listed(paths, storage_options, compression)
    path = None
    if include_path:
        path = "path" if include_path is True else include_path
    pointers = pointers_of(pick)
    if schema is not None and not isinstance(schema, pa.Schema):
        schema = pa.schema(schema)  # a dict, or pairs, of names and types
    if schema is None:
        schema = sampled(source, files, pointers, _engines.size_of("sample", sample))
        if path is not None:
            if path in schema.names:
                raise ValueError(f"the lines have a column {path!r} too: include_path='another name'")
            schema = schema.append(pa.field(path, pa.string()))
    elif path is not None and path not in schema.names:
        schema = schema.append(pa.field(path, pa.string()))
    return files, Columns(source, schema, pointers, path, **others)


def sampled(source, files, pointers, size, bad="skip"):
    """The schema that the first lines of some files have. Bad ones among them are none of its business, but of the
    function ``bad``."""
    quiet = _engines.Source(
        errors=bad,
        max_line=source.max_line,
        storage_options=source.storage_options,
        pick=None if pointers is None or source.options else [*pointers.values()],
        options=source.options,
    )
    found = _engines.sample(quiet, files, size)
    if pointers is not None and source.options:
        paths = _parts.compile_paths(pointers.values())
        found = [tuple([_parts.look_up(each, path, None) for path in paths]) for each in found]
    return infer(found, pointers)
