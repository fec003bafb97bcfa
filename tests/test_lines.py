"""``cyjson.lines``: each document of a file once, errors with their place, in bounded memory."""

import gc
import gzip
import io
import json
import os
import pickle
import sys
import tempfile
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.amount import amount
from support.compare import collect, counts_levels, frees_at_once, frozen, native_only
from support.lines import DATA, DOCUMENTS, Refused, written

import cyjson
from cyjson import lines


class Short:
    """A file whose read gives what is in turn there: parts of the sizes given, over and over."""

    def __init__(self, data, sizes):
        self.data = data
        self.sizes = sizes
        self.at = self.turn = 0

    def read(self, size):
        size = self.sizes[self.turn % len(self.sizes)]
        self.turn += 1
        part = self.data[self.at : self.at + size]
        self.at += len(part)
        return part


# Reading


def test_every_kind_of_source(tmp_path):
    path = written(tmp_path, DATA)
    assert list(lines.load(path)) == list(lines.load(str(path))) == DOCUMENTS
    assert list(lines.load(written(tmp_path, DATA, "data.ndjson.gz"))) == DOCUMENTS
    for buffering in 0, -1:
        with open(path, "rb", buffering=buffering) as file:
            assert list(lines.load(file)) == DOCUMENTS
            assert not file.closed
    for newline in None, "", "\n":
        with open(path, encoding="utf-8", newline=newline) as file:
            assert list(lines.load(file)) == DOCUMENTS
    with tempfile.NamedTemporaryFile("w+", encoding="utf-8") as file:
        file.write(DATA.decode())
        file.seek(0)
        assert list(lines.load(file)) == DOCUMENTS
    assert list(lines.load(io.BytesIO(DATA))) == list(lines.load(io.StringIO(DATA.decode()))) == DOCUMENTS
    for data in DATA, bytearray(DATA), memoryview(DATA), memoryview(b"9" + DATA + b"9")[1:-1], DATA.decode():
        assert list(lines.loads(data)) == DOCUMENTS
    for data in DATA, bytearray(DATA), DATA.decode():
        for size in 1, 2, 3, 7, 1000, 10**6:
            assert list(lines.load(Short(data, [size]))) == DOCUMENTS


def test_nothing_there(tmp_path):
    for data in b"", b"\n", b"\r\n \n\t", b"\xef\xbb\xbf", b"\xef\xbb\xbf\r\n":
        assert list(lines.loads(data)) == list(lines.load(written(tmp_path, data))) == []
    assert list(lines.loads("")) == []


def test_byte_order_mark():
    """As loads: at the start of bytes it is skipped, in a str it is an error; so it is in a later line."""
    assert list(lines.loads(b"\xef\xbb\xbf1\n2")) == [1, 2]
    for data, lineno in ("\ufeff1\n2", 1), (b"1\n\xef\xbb\xbf2", 2), (b"\xef\xbb\xbf\xef\xbb\xbf1", 1):
        with pytest.raises(lines.LineError, match="Unexpected UTF-8 BOM") as caught:
            list(lines.loads(data))
        assert caught.value.lineno == lineno


def test_surrogates_pass_as_in_loads():
    for text in '"\ud800"', '"\\ud83d\\ude00"', '"\ud83d\ude00"':
        for data in text, text.encode("utf-8", "surrogatepass"):
            assert list(lines.loads(data)) == [json.loads(data)]


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
BREAKS = st.sampled_from(["\n", "\r\n", "\n\n", "\n \t\n", "\r\n\r\n"])
FILES = st.tuples(
    st.sampled_from(["", "\n", "\r\n"]),
    st.lists(st.tuples(VALUES, st.booleans(), st.sampled_from(["", " ", "\t"]), BREAKS), max_size=12),
    st.booleans(),
)


def file_of(parts):
    """The bytes of a file, and its documents."""
    before, rows, ended = parts
    text = before
    for value, ascii, space, end in rows:
        text += space + json.dumps(value, ensure_ascii=ascii) + space + end
    data = text.encode("utf-8", "surrogatepass")
    if not ended:
        data = data.rstrip(b"\r\n")
    return data, [json.loads(json.dumps(row[0])) for row in rows]


@given(FILES, st.lists(st.integers(1, 40), min_size=1, max_size=5))
def test_blocks_end_anywhere(parts, sizes):
    data, expected = file_of(parts)
    assert frozen(list(lines.load(Short(data, sizes)))) == frozen(expected)
    assert frozen(list(lines.loads(data))) == frozen(expected)


@settings(max_examples=amount(60, 300))
@given(FILES, st.data())
def test_ranges_cover_each_document_once(parts, draw):
    data, expected = file_of(parts)
    cuts = draw.draw(st.lists(st.integers(0, len(data) + 3), max_size=8).map(sorted))
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "data")
        with open(path, "wb") as file:
            file.write(data)
        for kind in path, io.BytesIO(data):
            found = []
            for start, stop in zip([None, *cuts], [*cuts, None]):
                reader = lines.load(kind, start=0 if start is None else start, stop=stop)
                for document in reader:
                    assert (start or 0) <= reader.offset and (stop is None or reader.offset < stop)
                    line = data[reader.offset :].split(b"\n")[0]
                    assert json.loads(line.decode("utf-8", "surrogatepass")) == document
                    found.append(document)
            assert frozen(found) == frozen(expected)


def test_ranges_of_one_byte(tmp_path):
    """Every cut there is, through characters and line breaks; broken lines come once, too."""
    data = '{"é": 1}\r\nx\n\n"中"\r\n\r\n[1]\n😀\r\n2'.encode()
    path = written(tmp_path, data)
    for width in 1, 2, 3:
        found, broken = [], []
        for start in range(0, len(data) + 2, width):
            found += lines.load(path, start=start, stop=start + width, errors=broken.append)
        assert found == [{"é": 1}, "中", [1], 2]
        assert [(each.doc, each.offset) for each in broken] == [("x", 11), ("😀", data.index("😀".encode()))]
    packed = written(tmp_path, data, "data.gz")
    for cut in range(len(data)):
        both = [*lines.load(packed, stop=cut, errors="skip"), *lines.load(packed, start=cut, errors="skip")]
        assert both == found


def test_a_range_reads_no_further_than_its_last_line():
    class File(io.BytesIO):
        def read1(self, size):
            return super().read1(10)

    file = File(b"1\n" * 1000)
    assert list(lines.load(file, start=0, stop=20)) == [1] * 10
    assert file.tell() <= 40
    file = File(b"1\n" + b" " * 1000)
    assert list(lines.load(file, start=1, stop=2)) == []
    assert file.tell() <= 20


def test_lines_longer_than_a_block():
    documents = ["é" * size for size in (65533, 65534, 65535, 65536, 200_000, 3)] + [list(range(50_000))]
    for end in "\n", "\r\n":
        data = end.join(json.dumps(each, ensure_ascii=False) for each in documents).encode()
        assert list(lines.loads(data)) == list(lines.load(Short(data, [4096]))) == documents
        assert list(lines.loads(data, max_line=None)) == documents


def test_where_the_reader_stands(tmp_path):
    reader = lines.loads(DATA)
    assert (reader.lineno, reader.offset) == (0, 0)
    assert [(document, reader.lineno, reader.offset) for document in reader] == [
        ({"a": 1}, 1, 0),
        ([2, "é中😀"], 4, 16),
        ("x", 5, 33),
        (1500.0, 7, 40),
        (None, 8, 46),
    ]
    file = io.BytesIO(DATA)
    file.seek(16)
    reader = lines.load(file)
    assert next(reader) == DOCUMENTS[1]
    assert (reader.lineno, reader.offset) == (1, 16)
    reader = lines.load(written(tmp_path, DATA), start=16)
    assert next(reader) == DOCUMENTS[1]
    assert (reader.lineno, reader.offset) == (1, 16)


@pytest.mark.parametrize("text", [False, True])
def test_a_line_is_delivered_when_it_is_there(text):
    """A reader of a pipe doesn't wait for a block to fill up."""
    source, sink = os.pipe()
    with open(source, "r" if text else "rb") as file, open(sink, "wb", buffering=0) as out:
        reader = lines.load(file)
        for n in range(3):
            out.write(b"%d\n" % n)
            assert next(reader) == n
        out.write(b"3")
        out.close()
        assert list(reader) == [3]


# Options


def test_options_of_loads():
    data = b'{"a": [1, 2.5, NaN]}\n{"b": {}}\n'
    for options in (
        {"object_hook": len},
        {"object_pairs_hook": list},
        {"array_hook": tuple},
        {"parse_int": str, "parse_float": len, "parse_constant": str.lower},
        {"cls": json.JSONDecoder, "strict": False},
        {"object_hook": None, "parse_float": None, "cls": None},
        {"strict": True},
    ):
        expected = [cyjson.loads(line, **options) for line in data.splitlines()]
        assert frozen(list(lines.loads(data, **options))) == frozen(expected)
    assert list(lines.loads(b'"\t"', strict=False)) == list(lines.loads(b'"\t"', strict=None)) == ["\t"]


def test_a_decoder_class_is_made_for_each_line():
    class Decoder(json.JSONDecoder):
        def __init__(self, extra):
            super().__init__()
            self.extra = extra

        def decode(self, s):
            return s, self.extra

    assert list(lines.loads(b"not JSON\r\n\nat all", cls=Decoder, extra=None)) == [("not JSON", None), ("at all", None)]


def test_unknown_options_are_refused_at_once(tmp_path):
    for call in lambda: lines.load("missing", bogus=1), lambda: lines.loads(b"", bogus=1):
        with pytest.raises(TypeError, match="bogus"):
            call()
    for call in (
        lambda path: lines.dump([], path, indent=1),
        lambda path: lines.dumps([], indent=1),
        lambda path: lines.dump([], path, bogus=1),
    ):
        path = tmp_path / "new"
        with pytest.raises(TypeError, match="indent|bogus"):
            call(path)
        assert not path.exists()


# Errors


def error_of(data, **options):
    with pytest.raises(lines.LineError) as caught:
        list(lines.loads(data, **options))
    return caught.value


def test_what_an_error_tells():
    error = error_of('1\r\n\n{"é": [1, }\r\n2\n')
    with pytest.raises(json.JSONDecodeError) as caught:
        json.loads('{"é": [1, }')
    expected = caught.value
    assert isinstance(error, json.JSONDecodeError) and isinstance(error, ValueError)
    assert (error.msg, error.doc, error.pos) == (expected.msg, expected.doc, expected.pos)
    assert (error.lineno, error.colno, error.offset, error.truncated) == (3, expected.pos + 1, 4, False)
    assert str(error) == f"{error.msg}: line 3 column {error.colno} (char {error.pos} of the line at byte 4)"
    assert error.__cause__ is None
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is lines.LineError
    assert vars(again) == vars(error) and str(again) == str(error)


BROKEN = st.tuples(VALUES, st.integers(0, 30), st.binary(max_size=2)).map(
    lambda made: (lambda raw: raw[: made[1]] + made[2] + raw[made[1] + 1 :])(json.dumps(made[0]).encode())
)


@given(st.lists(BROKEN, min_size=1, max_size=4), st.booleans())
def test_errors_are_those_of_loads(rows, hooked):
    options = {"object_hook": lambda found: found} if hooked else {}
    rows = [row.replace(b"\n", b"?").removesuffix(b"\r") for row in rows]
    found, expected, at = [], [], 0
    for row in rows:
        try:
            text = row.decode("utf-8", "surrogatepass")
        except UnicodeDecodeError as error:
            expected.append((str(error), at))
        else:
            try:
                if text.strip(" \t\r") and not (at == 0 and text == "\ufeff"):
                    json.loads(row if at == 0 and row.startswith(b"\xef\xbb\xbf") else text, **options)
            except json.JSONDecodeError as error:
                expected.append((error.msg, error.pos, error.doc, at))
        at += len(row) + 1
    list(lines.loads(b"\n".join(rows) + b"\n", errors=found.append, **options))
    told = [
        (each.msg, each.offset)
        if isinstance(each.__cause__, UnicodeDecodeError)
        else (each.msg, each.pos, each.doc, each.offset)
        for each in found
    ]
    assert told == expected


def test_a_last_line_that_may_have_been_cut_off():
    error = error_of(b'1\n{"a": "b')
    assert error.truncated and "no line break: it may have been cut off" in str(error)
    assert not error_of(b'1\n{"a": "b\n').truncated
    assert error_of(b"1\n" + b"x" * 100, max_line=5).truncated
    assert error_of("x\u00e9".encode()[:-1]).truncated


def test_not_utf8():
    error = error_of(b'1\n"\xc3\xa9\xff"\n')
    assert isinstance(error.__cause__, UnicodeDecodeError)
    assert (error.doc, error.pos, error.doc[error.pos]) == ('"é\ufffd"', 2, "\ufffd")
    assert "invalid start byte" in str(error) and "line 2 column 3" in str(error)
    for encoding in "utf-16", "utf-32":
        assert isinstance(error_of("[1]\n".encode(encoding)).__cause__, UnicodeDecodeError)


@counts_levels
def test_too_deep():
    deep = b"[" * 100_000
    assert isinstance(error_of(deep).__cause__, RecursionError)
    assert isinstance(error_of(deep, object_hook=len).__cause__, RecursionError)
    assert list(lines.loads(deep + b"\n1", errors="skip")) == [1]


def test_too_many_digits():
    if hasattr(sys, "get_int_max_str_digits"):
        digits = b"1" * 5000
        assert type(error_of(digits).__cause__) is ValueError
        assert type(error_of(digits, object_hook=len).__cause__) is ValueError
        assert list(lines.loads(digits, parse_int=len)) == [5000]


def test_raise_skip_or_hand_on():
    data = b'1\nx\n2\n{"a"}\n3'
    assert list(lines.loads(data, errors="skip")) == [1, 2, 3]
    found = []
    assert list(lines.loads(data, errors=found.append)) == [1, 2, 3]
    assert [(each.lineno, each.offset) for each in found] == [(2, 2), (4, 6)]
    reader, seen = lines.loads(data), []
    while True:  # goes on after the line
        try:
            seen.append(next(reader))
        except lines.LineError as error:
            seen.append(error.doc)
        except StopIteration:
            break
    assert seen == [1, "x", 2, '{"a"}', 3]


def test_what_hooks_raise_passes():
    """A line is to blame for what loads raises without hooks, and for nothing else."""

    def refuse(found):
        raise Refused(found)

    def too_deep(found):  # by its own word: at the end of a real stack, PyPy may raise a TypeError of its own
        raise RecursionError

    def nested(found):
        return json.loads(found["a"])

    for errors in "raise", "skip", lambda error: pytest.fail("not the line's"):
        for hook, kind in (refuse, Refused), (too_deep, RecursionError), (nested, json.JSONDecodeError):
            reader = lines.loads(b'1\n{"a": "x"}\n2', errors=errors, object_hook=hook)
            assert next(reader) == 1
            with pytest.raises(kind) as caught:
                next(reader)
            assert not isinstance(caught.value, lines.LineError)
            assert list(reader) == [2]
    # The hook comes first, though the line is broken too.
    with pytest.raises(Refused):
        list(lines.loads(b'[{"a": 1}, x]', errors="skip", object_hook=refuse))


def test_what_the_function_for_errors_raises_passes():
    def refuse(error):
        raise Refused

    reader = lines.loads(b"x\n1", errors=refuse)
    with pytest.raises(Refused):
        next(reader)
    assert list(reader) == [1]


def test_stop_iteration_ends_nothing_silently():
    def stop(argument):
        raise StopIteration

    class File:
        read = stop

    class Decoder(json.JSONDecoder):
        decode = stop

    for call in (
        lambda: list(lines.loads(b"x\n1", errors=stop)),
        lambda: list(lines.loads(b"x" * 100, max_line=1, errors=stop)),
        lambda: list(lines.load(type("File", (), {"read": lambda self, size: stop(size)})())),
        lambda: list(lines.loads(b"1", cls=type("Decoder", (json.JSONDecoder,), {"decode": lambda self, s: stop(s)}))),
    ):
        with pytest.raises(RuntimeError, match="StopIteration"):
            call()


def test_max_line():
    for length in range(1, 30):
        for unit, limit, end in (b"x", 10, b"\r\n2\n"), (b"x" * 50_000, 500_000, b"\n2"):
            data = b"1\n" + unit * length + end
            for source in lines.loads, lambda data, **o: lines.load(Short(data, [999]), **o):
                found = []
                assert list(source(data, max_line=limit, errors=found.append)) == [1, 2]
                (error,) = found
                assert (error.lineno, error.offset) == (2, 2)
                assert ("longer than max_line" in error.msg) == (len(data.split(b"\n")[1].strip()) > limit)
    error = error_of(b"[" + b"1, " * 100_000 + b"1]\n2", max_line=100_000)
    assert (error.msg, error.doc, error.pos) == ("Line longer than max_line=100000 bytes", "", 0)
    assert list(lines.loads(b"\xef\xbb\xbf12\r\n34", max_line=2)) == [12, 34]
    assert lines.MAX_LINE == 64 * 2**20


@pytest.mark.parametrize(
    "call, kind, text",
    [
        (lambda: lines.load(b"[1]"), TypeError, "source must be .* not bytes; documents in memory are for lines.loads"),
        (lambda: lines.load(1), TypeError, "source must be .* not int"),
        (lambda: lines.load(None), TypeError, "source must be .* not NoneType"),
        (lambda: lines.load("missing.ndjson"), FileNotFoundError, "missing.ndjson"),
        (lambda: lines.load(os.curdir), OSError, "irectory|denied"),
        (lambda: lines.load(io.StringIO(), start=1), ValueError, "start and stop count bytes"),
        (lambda: lines.load(io.BytesIO(), start=-1), ValueError, "start must be .* not -1"),
        (lambda: lines.load(io.BytesIO(), stop=1.5), TypeError, "stop must be .* not float"),
        (lambda: lines.load(io.BytesIO(), max_line="1"), TypeError, "max_line must be .* not str"),
        (lambda: lines.load(io.BytesIO(), max_line=-1), ValueError, "max_line must be .* not -1"),
        (lambda: lines.load(io.BytesIO(), errors="ignore"), ValueError, "errors must be 'raise', 'skip' .* 'ignore'"),
        (lambda: lines.load(io.BytesIO(), errors=[]), ValueError, "errors must be"),
        (lambda: lines.loads(1), TypeError, "data must be .* not int"),
        (lambda: lines.loads(None), TypeError, "data must be .* not NoneType"),
        (lambda: lines.dump([], 1), TypeError, "target must be .* not int"),
        (lambda: lines.dump([], b"path"), TypeError, "target must be .* not bytes"),
        (lambda: lines.dump({"a": 1}, io.BytesIO()), TypeError, "not dict: for one, "),
        (lambda: lines.dump("text", io.BytesIO()), TypeError, "not str"),
        (lambda: lines.dump(1, io.BytesIO()), TypeError, "not iterable"),
        (lambda: lines.dump([], io.BytesIO(), append=True), ValueError, "append=True needs a path"),
        (lambda: lines.dump([], io.BytesIO(), separators=(",\n", ":")), ValueError, "separators must not break"),
    ],
)
def test_wrong_arguments(call, kind, text):
    with pytest.raises(kind, match=text):
        call()


def test_files_open_the_other_way(tmp_path):
    path = written(tmp_path, b"1\n")
    with open(path, "ab") as file, pytest.raises(io.UnsupportedOperation, match="source isn't open for reading"):
        lines.load(file)
    with open(path, "rb") as file, pytest.raises(io.UnsupportedOperation, match="target isn't open for writing"):
        lines.dump(iter([1]), file)


def test_a_read_that_misbehaves():
    class File:
        def __init__(self, *answers):
            self.answers = list(answers)

        def read(self, size):
            answer = self.answers.pop(0)
            if isinstance(answer, BaseException):
                raise answer
            return answer

    assert list(lines.load(File(b"1\n" * 200_000, b""))) == [1] * 200_000  # more than asked for
    for answer in 1, [b"1"], object():
        reader = lines.load(File(b"1\n2", answer, b"3\n", b""))
        assert next(reader) == 1
        with pytest.raises(TypeError, match="read\\(\\) must give bytes or str, not"):
            next(reader)
        assert list(reader) == []  # something was lost
    reader = lines.load(File(b"1\n2", None, OSError("later"), b"3\n", b""))
    assert next(reader) == 1
    with pytest.raises(BlockingIOError):
        next(reader)
    with pytest.raises(OSError, match="later"):
        next(reader)
    assert list(reader) == [23]
    with pytest.raises(EOFError):
        list(lines.load(gzip.GzipFile(fileobj=io.BytesIO(gzip.compress(b"1\n" * 100)[:-9]))))


# Re-entry


def test_next_within_next():
    def again(argument=None):
        return next(reader)

    for make in (
        lambda: lines.loads(b"{}\n1", object_hook=again),
        lambda: lines.loads(b"x\n1", errors=again),
        lambda: lines.loads(b"xxx\n1", errors=again, max_line=1),
        lambda: lines.load(type("File", (), {"read": lambda self, size: again()})()),
    ):
        reader = make()
        with pytest.raises(ValueError, match="already executing"):
            next(reader)


def test_close_within_next(tmp_path):
    def close(argument=None):
        reader.close()
        return b"5\n"

    reader = lines.load(written(tmp_path, b"{}\n1\n2"), object_hook=close)
    assert list(reader) == [b"5\n"]
    reader = lines.load(written(tmp_path, b"x\n1\n2"), errors=close)
    assert list(reader) == []
    reader = lines.load(type("File", (), {"read": lambda self, size: close()})())
    assert list(reader) == []
    reader = lines.loads(b"x" * 100 + b"\n1\n", errors=close, max_line=5)
    assert list(reader) == []


def test_the_last_reference_goes_meanwhile():
    holder = []

    def hook(found):
        holder.clear()
        gc.collect()
        return found

    holder.append(lines.loads(b'{"a": 1}\n{"b": 2}', object_hook=hook))
    assert next(holder[0]) == {"a": 1}


@pytest.mark.skipif(not hasattr(gc, "set_threshold"), reason="this interpreter's collector comes when it likes")
def test_collection_meanwhile():
    """Up to 3.11 the collector runs finalizers in the middle of decoding."""

    class Odd:
        def __init__(self):
            self.me = self

        def __del__(self):
            try:
                next(reader)
            except (ValueError, StopIteration):
                pass

    reader = lines.loads(b'[{"a": []}, {"b": []}]\n' * 2000)
    before = gc.get_threshold()
    gc.set_threshold(1)
    try:
        count = 0
        for document in reader:
            assert document == [{"a": []}, {"b": []}]
            Odd()
            count += 1
    finally:
        gc.set_threshold(*before)
    assert 0 < count <= 2000


def test_a_bytearray_stays_as_large_as_it_is():
    data = bytearray(b"1\n" * 100_000)
    reader = lines.loads(data)
    assert next(reader) == 1
    with pytest.raises(BufferError):
        data.clear()
    reader.close()
    collect()
    data.clear()
    assert list(reader) == []


@frees_at_once
@pytest.mark.parametrize("how", ["line", "hook"])
def test_errors_make_no_circles(how):
    """What an error was raised in is let go with it, and not kept for the collector."""

    def refuse(found):
        raise KeyError

    data = bytearray(b"{}\n" if how == "hook" else b"{\n")
    gc.collect()
    gc.disable()
    try:
        try:
            list(lines.loads(data, object_hook=refuse))
        except (KeyError, lines.LineError):
            pass
        data.clear()  # BufferError, while somebody reads it
    finally:
        gc.enable()


def test_many_threads_at_one_reader():
    """Each document goes to one of them, or next is refused."""
    reader = lines.loads(b'{"a": 1}\n' * 3000, object_hook=lambda found: found)
    counts = [0] * 4

    def work(number):
        while True:
            try:
                next(reader)
            except ValueError:
                continue
            except StopIteration:
                return
            counts[number] += 1

    threads = [threading.Thread(target=work, args=[number]) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(counts) == 3000


@native_only
def test_readers_are_made_whole():
    with pytest.raises(TypeError):
        lines.Reader.__new__(lines.Reader)
    with pytest.raises(TypeError):
        type("Subclass", (lines.Reader,), {})


def test_files_are_closed(tmp_path, monkeypatch):
    opened = []

    def recording(path, mode):
        opened.append(open(path, mode, buffering=0))
        return opened[-1]

    monkeypatch.setattr("cyjson._files.open_bytes", recording)
    path = written(tmp_path, b"1\n2\n")
    assert list(lines.load(path)) == [1, 2]
    assert opened[-1].closed
    with lines.load(path) as reader:
        assert next(reader) == 1
    assert opened[-1].closed and list(reader) == []
    reader = lines.load(path)
    next(reader)
    assert not opened[-1].closed
    del reader
    gc.collect()
    assert opened[-1].closed
    assert lines.dump([1], path) == 1
    assert opened[-1].closed
    with pytest.raises(TypeError):
        lines.dump([1, object()], path)
    assert opened[-1].closed
    reader = lines.load(path, stop=0)
    assert list(reader) == []
    assert opened[-1].closed


# Memory


class Endless:
    """A file of so many bytes, of which only the block that is read is ever there."""

    def __init__(self, size, block):
        self.left = size
        self.block = block

    def read(self, size):
        self.left -= len(self.block)
        return self.block if self.left > 0 else b""


def peak_of(call):
    tracemalloc = pytest.importorskip("tracemalloc", reason="this interpreter counts no memory")
    call()
    tracemalloc.start()
    try:
        call()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def count(documents):
    return sum(1 for each in documents)


@pytest.mark.parametrize(
    "call, most",
    [
        (lambda: count(lines.load(Endless(10_000_000, b'{"a": [1, 2, "%s"]}\n' % (b"x" * 1000) * 50))), 400_000),
        (lambda: count(lines.load(Endless(30_000_000, b"x" * 65536), max_line=1000, errors="skip")), 300_000),
        (lambda: count(lines.load(Endless(30_000_000, b"x" * 65536), max_line=10**6, errors="skip")), 3_000_000),
        (lambda: count(lines.load(Endless(30_000_000, b" " * 65535 + b"\n"))), 400_000),
        (lambda: lines.dump(({"n": "x" * 1000} for n in range(10_000)), open(os.devnull, "wb")), 600_000),
    ],
    ids=["read", "too long", "long", "blank", "write"],
)
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_memory_is_bounded(call, most):
    assert peak_of(call) < most
