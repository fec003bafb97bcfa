"""Files for the tests of cyjson.engines: lines in every spelling, and what a single process makes of them."""

import gzip
import json
import os
import zlib
from pathlib import Path

TESTS = str(Path(__file__).parents[1])


def environment():
    """What the workers of an engine need to find what the tests pickle."""
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [TESTS, os.environ.get("PYTHONPATH")]))


def event(number):
    """A document whose text has characters of one to four bytes nearly everywhere."""
    return {
        "id": number,
        "name": f"né中😀{number % 97}" + "é中😀" * (number % 23),
        "ms": number * 0.25,
        "ok": number % 3 == 0,
        "tags": [f"ü{number % 5}"] * (number % 4),
        "user": {"id": number % 1000, "city": None if number % 7 else "Köln"},
        "status": 500 if number % 10 == 0 else 200,
        "big": 2**53 + number,
    }


# name, how many lines, the line's end, whether the last line has one
FILES = [
    ("0-empty.ndjson", 0, "\n", False),
    ("1-large.ndjson", 2600, "\n", True),
    ("2-windows.ndjson", 613, "\r\n", True),
    ("3-open.ndjson", 401, "\n", False),
    ("4-one.ndjson", 1, "\n", False),
    ("5-packed.ndjson.gz", 307, "\n", True),
    ("6-empty.ndjson", 0, "\n", True),
]


def written(folder, files=FILES):
    """Write the files: the events that they hold, in order."""
    folder.mkdir(exist_ok=True)
    events = []
    for name, count, end, ended in files:
        more = [event(len(events) + each) for each in range(count)]
        events += more
        text = end.join(json.dumps(each, ensure_ascii=False, separators=(",", ":")) for each in more)
        if ended and more:
            text += end
        with (gzip.open if name.endswith(".gz") else open)(folder / name, "wb") as file:
            file.write(text.encode())
    return events


def checksum(document):
    """A number that doesn't depend on the order of members: sums of it don't depend on that of documents either."""
    return zlib.crc32(json.dumps(document, sort_keys=True).encode())


def spoil(folder, name, number, line):
    """Put a line in the place of another one (from 1): the offset of it."""
    path = folder / name
    data = path.read_bytes().split(b"\n")
    data[number - 1] = line
    path.write_bytes(b"\n".join(data))
    return sum(len(each) + 1 for each in data[: number - 1])
