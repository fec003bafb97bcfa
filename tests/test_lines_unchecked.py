"""Parts of lines with check=False: what cyjson.pick and cyjson.lazy give of each line that way."""

import gzip
import io
import json
import mmap
import random

import pytest
from support.amount import amount
from support.compare import native_only
from support.lines import outcomes, plain, random_line

import cyjson
from cyjson import _engines, lines

POINTERS = ["/id", "/user/name", "/tags/1", "/tags"]
THREADS = [None, 2, 5]


def record(i):
    """Without a name that comes twice, of which the first one might count."""
    tags = ["a", i, {"k\\": "é"}, 1.5, "x" * 100][: i % 6]
    return {"other": {"id": [i, "]}"]}, "id": i, "user": {"x": [{}] * (i % 5), "name": f"näme{i % 7}"}, "tags": tags}


def wanted(document):
    tags = document["tags"]
    return document["id"], document["user"]["name"], tags[1] if len(tags) > 1 else None, tags


RECORDS = [record(i) for i in range(9000)]
DATA = "".join(json.dumps(each, ensure_ascii=i % 2 > 0) + "\n" for i, each in enumerate(RECORDS)).encode()
WANTED = [wanted(each) for each in RECORDS]


@pytest.fixture(params=["chosen", "parallel"], autouse=True)
def parallel(request, monkeypatch):
    """With a GIL, and as if there were none."""
    if request.param == "parallel":
        monkeypatch.setattr(lines, "_has_gil", lambda: False)


@pytest.mark.parametrize("threads", THREADS)
def test_values(threads, tmp_path):
    path = tmp_path / "events.ndjson"
    path.write_bytes(DATA)
    (tmp_path / "events.ndjson.gz").write_bytes(gzip.compress(DATA, 1))
    how = {"check": False, "threads": threads}
    for data in DATA, DATA.decode(), bytearray(DATA), DATA.replace(b"\n", b"\r\n"), DATA[:-1]:
        assert list(lines.loads(data, pick=POINTERS, **how)) == WANTED
    assert list(lines.loads(DATA, pick="/id", **how)) == [*range(len(RECORDS))]
    assert list(lines.loads(DATA, pick="", **how)) == RECORDS
    assert [plain(each) for each in lines.loads(DATA, lazy=True, **how)] == RECORDS
    assert [each["user"]["name"] for each in lines.loads(DATA, lazy=True, **how)] == [each[1] for each in WANTED]
    for source in path, str(path) + ".gz", io.BytesIO(DATA), io.StringIO(DATA.decode()):
        assert list(lines.load(source, pick=POINTERS, **how)) == WANTED
    with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapping:
        assert list(lines.load(mapping, pick=POINTERS, **how)) == WANTED
    assert list(lines.load(path, pick="/id", start=1, stop=300_000, **how))[0] == 1
    assert list(lines.map(str, DATA, pick="/id", **how)) == [str(i) for i in range(len(RECORDS))]


def by_pick(data, pointers):
    """What cyjson.pick gives of each line, and the numbers of the lines that it refuses."""
    values, refused = [], []
    for number, line in enumerate(data.removeprefix(b"\xef\xbb\xbf").split(b"\n"), 1):
        line = line.removesuffix(b"\r")
        if not line.strip(b" \t\r"):
            continue
        is_container = line.lstrip(b" \t\r")[:1] in (b"{", b"[")
        try:
            if line.startswith(b"\xef\xbb\xbf"):
                raise ValueError("a byte order mark that isn't at the start")
            values.append(cyjson.pick(line, *pointers, check=not is_container))
        except (ValueError, RecursionError):
            refused.append(number)
    return values, refused


def by_lines(read, source, pointers, **options):
    reported = []
    values = list(read(source, pick=pointers, check=False, errors=reported.append, **options))
    return values, [error.lineno for error in reported]


@pytest.mark.parametrize("seed", range(amount(8, 200)))
def test_faults_are_those_of_pick(seed):
    """Lines with faults, cut off or with bytes changed, anywhere: before, in and after what is picked."""
    rng = random.Random(seed)
    written = []
    for _ in range(rng.choice([5, 60, 400])):
        line = random_line(rng) if rng.random() < 0.5 else json.dumps(record(rng.randrange(50)))
        line = line.encode()
        if rng.random() < 0.3:
            line = line[: rng.randrange(len(line) + 1)]
        if line and rng.random() < 0.3:
            place = rng.randrange(len(line))
            other = rng.choice([b'"', b"\\", b"{", b"]", b",", b"1", b"\xff", b"\x01"])
            line = line[:place] + other + line[place + 1 :]
        written.append(line + rng.choice([b"", b"", b"", b"\r", b" ", b"  \t"]))
    data = b"\n".join(written) + rng.choice([b"", b"\n"])
    chosen = [*POINTERS, "/i\\d", ("0",), (1,)]
    pointers = rng.sample(chosen, rng.randrange(2, len(chosen)))
    expected = by_pick(data, pointers)
    for threads in THREADS:
        assert by_lines(lines.loads, data, pointers, threads=threads) == expected
        assert by_lines(lines.load, io.BytesIO(data), pointers, threads=threads) == expected

    def read(**options):
        return lines.loads(data, pick=pointers, check=False, **options)

    for errors in "raise", "skip", "call":
        options = {"errors": errors, "max_line": rng.choice([None, 0, 30, 100_000])}
        alone = outcomes(read, **options)
        assert outcomes(read, threads=3, **options) == alone


@native_only
@pytest.mark.parametrize("threads", THREADS)
def test_what_is_not_looked_at(threads):
    """What is passed over is only balanced; after the last part nothing is read; of equal names the first counts."""
    data = b'{"a": [1,, x], "id": 1, "id": 2} rest\n' * 500 + b'{"id": 1, "user": {"name": "x"\n' * 500
    how = {"check": False, "threads": threads}
    assert list(lines.loads(data, pick="/id", **how)) == [1] * 1000
    views = list(lines.loads(data, lazy=True, **how))
    assert len(views) == 1000
    with pytest.raises(cyjson.JSONDecodeError):
        views[0]["a"].value()


@pytest.mark.parametrize("threads", THREADS)
@pytest.mark.parametrize("value", ["[1,", '{"x":', '"abc', "12", "1.", "tr", "", "["])
def test_a_value_ends_with_its_line(value, threads):
    """Whatever the next line begins with."""
    for following in ' 2], "w": 3}', 'def"}', '"x": 3}}', "ue}", "5}", "]}", "":
        data = f'{{"v": {value}\n{following}\n'.encode() * 300
        reported = []
        found = list(lines.loads(data, pick="/v", check=False, threads=threads, errors=reported.append))
        assert found == []
        assert [error.lineno for error in reported] == [i + 1 for i in range(600) if following or i % 2 == 0]


@pytest.mark.parametrize("threads", THREADS)
@pytest.mark.parametrize("after", ["x", '"', "1", "\x00", "{", "\\", ":", "é"])
def test_values_that_come_again(after, threads):
    """A value that is known isn't taken for one that goes on, or that something wrong follows."""
    for text, value in ('"abc"', "abc"), ("12", 12), ("true", True), ("1.5", 1.5), ('"' + "a" * 14 + '"', "a" * 14):
        if (after == "1" and text[0] in "1") or (after == ":" and text[0] == '"'):
            continue
        good, bad = f'{{"v": {text}, "w": 0}}\n'.encode(), f'{{"v": {text}{after}, "w": 0}}\n'.encode()
        reported = []
        data = good * 400 + bad + good + bad
        found = list(lines.loads(data, pick="/v", check=False, threads=threads, errors=reported.append))
        assert found == [value] * 401
        assert [error.lineno for error in reported] == [401, 403]


@native_only
def test_fewer_bytes_are_read():
    """A line of 5 MB of which the first member is wanted: no copy, no index, no check."""
    data = b'{"id": 7, "rest": [' + b"[1], " * 1_000_000 + b"\n"
    assert list(lines.loads(data, pick="/id", check=False, max_line=None)) == [7]


@pytest.mark.parametrize("options", [{}, {"type": dict}, {"lazy": False}])
def test_without_parts(options):
    with pytest.raises(ValueError, match="check=False goes with pick or lazy"):
        lines.loads(b"{}", check=False, **options)
    with pytest.raises(ValueError, match="check=False goes with pick or lazy"):
        lines.load(io.BytesIO(), check=False, **options)
    with pytest.raises(ValueError, match="check=False goes with pick or lazy"):
        lines.map(print, b"{}", check=0, **options)


@native_only
def test_engines(tmp_path):
    path = tmp_path / "a.ndjson"
    path.write_bytes(b'{"id": 1, "x": [1,,2]}\n' * 5)
    part = _engines.Part(str(path), 0, path.stat().st_size, path.stat().st_size, None)
    source = _engines.Source(pick=["/id"], options={"check": False})
    assert list(source.documents(part)) == [(1,)] * 5
    with pytest.raises(lines.LineError):
        list(_engines.Source(pick=["/id"], options={}).documents(part))
    with pytest.raises(ValueError, match="check=False goes with pick or lazy"):
        _engines.Source(options={"check": False})
