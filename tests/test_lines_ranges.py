"""A file that several threads read by themselves, each a range of it: what comes is what one thread gives."""

import gc
import os
import random
import sys
import threading

import pytest
from support.amount import amount
from support.compare import LyingInt, native_only
from support.lines import outcomes, random_line
from support.program import forks_threads, run

import cyjson
from cyjson import lines

pytestmark = native_only  # the fallback reads as it does with one thread

RANGE = 196_608  # as in _lines.pxi; what is here holds for any other size too
WHAT = [{"pick": ["/id", "/user/name"]}, {"pick": "/id"}, {"lazy": True}]
LINE = b'{"id": %d, "x": "%s"}\n'


def numbered(size, pad=0):
    """Lines of 64 bytes each, the first one longer."""
    return b'{"id": -1, "x": "%s"}\n' % (b"." * pad) + b"".join(
        b'{"id": %8d, "x": "%s"}\n' % (i, b"-" * 38) for i in range(size // 64)
    )


def same_outcomes(path, threads=(2, 3), **options):
    for what in WHAT:
        expected = outcomes(lambda **options: lines.load(path, **options), **options, **what)
        for n in threads:
            assert outcomes(lambda **options: lines.load(path, **options), threads=n, **options, **what) == expected


@pytest.mark.parametrize("seed", range(amount(6, 60)))
def test_values_and_errors_are_those_of_one_thread(seed, tmp_path):
    rng = random.Random(seed)
    ends = ["\n"] if seed % 2 else ["\n", "\n", "\r\n", " \n", "\n\n"]
    block = [random_line(rng) + rng.choice(ends) for _ in range(2000)]
    text = "".join(rng.choice(block) for _ in range(rng.choice([6000, 20_000])))
    data = text.encode("utf-8", "surrogatepass")[: rng.choice([None, -1])]
    path = tmp_path / "lines.ndjson"
    path.write_bytes(data)
    options = {"errors": rng.choice(["call", "raise", "skip"]), "max_line": rng.choice([None, 30, 150_000, 10**6])}
    same_outcomes(path, **options)
    start, stop = sorted(rng.randrange(len(data)) for _ in range(2))
    same_outcomes(path, threads=(2,), start=start, stop=stop, **options)


@pytest.mark.parametrize("threads", [2, 4])
def test_lines_that_end_at_the_ends_of_ranges(threads, tmp_path):
    path = tmp_path / "lines.ndjson"
    for pad in 0, *range(40, 50), 63:
        data = numbered(5 * RANGE, pad)
        for cut in 0, 1, 70:
            path.write_bytes(data[: len(data) - cut])
            whole = data[: len(data) - cut].splitlines()[: -1 if cut else None]
            expected = [cyjson.pick(each, "/id") for each in whole]
            with lines.load(path, pick="/id", errors="skip", threads=threads) as reader:
                found = list(reader)
                assert found[: len(expected)] == expected and len(found) - len(expected) <= (cut == 1)
        for cut in 2 * RANGE - 1, 2 * RANGE, 2 * RANGE + 1:
            found = list(lines.load(path, pick="/id", errors="skip", threads=threads, stop=cut))
            found += lines.load(path, pick="/id", errors="skip", threads=threads, start=cut)
            assert found == expected


@pytest.mark.parametrize("size", [4000, 4096, 100_000, RANGE, 3 * RANGE, 20 * RANGE])
def test_long_lines_in_ranges(size, tmp_path):
    path = tmp_path / "lines.ndjson"
    short = numbered(RANGE)
    path.write_bytes(b"".join([short, LINE % (1, b"x" * size), short, LINE % (2, b"y" * size) * 3, short, short]))
    same_outcomes(path)
    same_outcomes(path, errors="call", max_line=size - 1)


def test_a_file_that_is_cut_short(tmp_path):
    path = tmp_path / "lines.ndjson"
    data = numbered(30 * RANGE)
    ids = [cyjson.pick(line, "/id") for line in data.splitlines()]
    for left in 0, RANGE, 15 * RANGE, 15 * RANGE + 30, len(data) - 1:
        path.write_bytes(data)
        reader = lines.load(path, pick="/id", threads=2)
        found = [next(reader) for _ in range(10)]
        os.truncate(path, left)
        try:
            found.extend(reader)
        except lines.LineError as error:
            assert error.truncated and error.lineno == len(found) + 1
        assert found == ids[: len(found)] and len(found) >= left // 64 - 1
        assert list(reader) == []


def test_a_file_that_grows(tmp_path):
    path = tmp_path / "lines.ndjson"
    path.write_bytes(numbered(10 * RANGE)[:-10])
    reader = lines.load(path, pick="/id", threads=2)
    found = [next(reader)]
    with open(path, "ab") as file:
        file.write(b'--------"}\n' + LINE % (7, b"") + LINE % (8, b""))
    found.extend(reader)
    assert found == [-1, *range(10 * RANGE // 64), 7, 8]


def test_a_file_that_is_written_over(tmp_path):
    """Whatever comes of it, it ends, and goes on from where a line ended."""
    path = tmp_path / "lines.ndjson"
    path.write_bytes(numbered(20 * RANGE))
    reader = lines.load(path, pick="/id", threads=2, errors="skip")
    found = [next(reader)]
    with open(path, "r+b") as file:
        file.write(b'{"id":1234}\n' * (20 * RANGE // 12))
    found.extend(reader)
    assert found[-1000:] == [1234] * 1000 or found[-1] == 20 * RANGE // 64 - 1


def descriptors():
    return len(os.listdir("/proc/self/fd"))


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="counts descriptors by /proc")
@pytest.mark.parametrize("end", ["close", "drop", "with", "exhaust", "other thread"])
def test_no_descriptor_is_left(end, tmp_path):
    path = tmp_path / "lines.ndjson"
    path.write_bytes(numbered(20 * RANGE))
    gc.collect()
    before = descriptors()
    for _ in range(10):
        reader = lines.load(path, pick="/id", threads=3)
        next(reader)
        if end == "close":
            reader.close()
            assert list(reader) == []
        elif end == "drop":
            del reader
        elif end == "with":
            with reader:
                next(reader)
        elif end == "exhaust":
            assert sum(1 for _ in reader) == 20 * RANGE // 64
        else:
            other = threading.Thread(target=reader.close)
            for i, _ in enumerate(reader):
                if i == 30:
                    other.start()
            other.join()
    gc.collect()
    assert descriptors() == before


@forks_threads
@pytest.mark.parametrize("parts", ["pick='/id'", "lazy=True"])
def test_fork_within_ranges(parts, tmp_path):
    """Of ranges alone: what is read without them is at a place that both processes share, as of any open file."""
    path = tmp_path / "lines.ndjson"
    path.write_bytes(numbered(40 * RANGE))
    program = f"""
import os, sys, warnings
from cyjson import lines
warnings.simplefilter("ignore")
count = {40 * RANGE // 64 + 1}
for before in 1, 10, 5000:
    reader = lines.load(sys.argv[1], {parts}, threads=3)
    for _ in range(before):
        next(reader)
    child = os.fork()
    rest = sum(1 for _ in reader)
    reader.close()
    if child == 0:
        os._exit(0 if rest == count - before else 1)
    assert rest == count - before, rest
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
print("both")
"""
    done = run(program, str(path))
    assert (done.returncode, done.stdout, done.stderr) == (0, "both\n", "")


def test_interpreter_ends_within_ranges(tmp_path):
    path = tmp_path / "lines.ndjson"
    path.write_bytes(numbered(40 * RANGE))
    program = """
import sys
from cyjson import lines
readers = [lines.load(sys.argv[1], threads=4, **what) for what in ({"pick": "/id"}, {"lazy": True}) for _ in range(4)]
kept = [next(each) for each in readers]
print("ends")
"""
    done = run(program, str(path))
    assert (done.returncode, done.stdout, done.stderr) == (0, "ends\n", "")


@pytest.mark.parametrize("threads", [2, 3])
def test_columns(threads, tmp_path):
    path = tmp_path / "lines.ndjson"
    rng = random.Random(5)
    data = b"".join(LINE % (i, b"x" * rng.randrange(300)) for i in range(60_000))
    bad = data.replace(LINE % (50_000, b"")[:12], b'{"id": 5e4,', 1).replace(b'{"id": 59000,', b'{"id" 59000,')
    for given in {"schema": {"id": "int64", "x": "string"}}, {}:
        for text in data, data[:-1], bad, bad + b'{"id": 1, "x": "' + b"y" * 3_000_000 + b'"}\n{"id": 2}':
            path.write_bytes(text)
            told = []
            for n in None, threads:
                errors = []
                reader = lines.to_arrow(path, threads=n, errors=errors.append, max_line=2_000_000, **given)
                rows = sum(len(batch) for batch in reader)
                told.append((rows, reader.lineno, [(str(each), each.lineno, each.offset) for each in errors]))
            assert told[0] == told[1]
            assert told[0][0] > 59_000


@pytest.mark.skipif(sys.platform == "win32", reason="a file that is open isn't replaced there")
def test_another_file_of_the_same_name(tmp_path):
    path = tmp_path / "lines.ndjson"
    path.write_bytes(numbered(20 * RANGE))
    reader = lines.load(path, pick="/id", threads=2)
    found = [next(reader)]
    os.unlink(path)
    path.write_bytes(b"[]\n" * 3_000_000)
    assert found + list(reader) == [-1, *range(20 * RANGE // 64)]


def test_ints_that_lie(tmp_path):
    path = tmp_path / "lines"
    path.write_bytes(b"1\n2\n33\n")
    assert list(lines.load(path, start=LyingInt(2), stop=LyingInt(4))) == [2]
    assert list(lines.load(path, max_line=LyingInt(1), errors="skip", threads=LyingInt(1))) == [1, 2]
    for name, value in ("start", -1), ("stop", -1), ("max_line", -1), ("start", 2**63), ("threads", 0), ("threads", 65):
        with pytest.raises(ValueError, match=f"^{name} must be "):
            lines.load(path, **{name: LyingInt(value)})
