"""Let each allocation by malloc that the extension makes for lines.to_arrow fail in turn, and all from it on: it raises
MemoryError or gives its result, loses nothing, and the next call is right. Nothing of the interpreter's own fails. Run
by test_failures.py with mallocs.c preloaded.

    LD_PRELOAD=mallocs.so python mallocs.py mallocs.so
"""

import ctypes
import errno
import gc
import io
import json
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from support import arrow

import cyjson
from cyjson import _impl, lines

MANY_NAMES = {f"name {n}": n for n in range(9)}
DOCUMENTS = [
    {"id": n, "x": n / 7, "tags": ["a", None, "é" * n], "sub": {"y": None, "z": [{"ok": n % 2 == 0}]}, "text": "t" * 40}
    for n in range(4)
]
LINES = "\n".join(map(json.dumps, [*DOCUMENTS, MANY_NAMES, {"n": 1}, {"n": 1.5, "new": None}])).encode()
TYPED = b'{"at": "2026-11-29T05:30:00\\u005a", "d": "1\\u002e5", "id": 1, "id": 2, "u": 3}\n' * 4
SCHEMA = {"id": "int32", "at": "timestamp[us, UTC]", "d": "decimal128(9, 2)", "s": {"a": ["string"]}, "t": "string"}
BAD = b'{"id": 1}\n{"id": "x"}\n{"id": \n[]\n{"id": 2, "x": 0.5}'
TRIED = (
    b'{"a": 1}\n' + b'{"a": 1.5, "b": [{"c": 1}], "d": "\\ud800"}\n' * 6 + b'{"b": [{"c": true, "c": "x"}], "a": 2.5}'
)
LONG = LINES * 4


def rows(data, **options):
    found = []
    for batch in lines.to_arrow(data, batch=3, **options):
        schema, array = batch.__arrow_c_array__()
        schema, array = arrow.taken(schema, "arrow_schema"), arrow.taken(array, "arrow_array")
        found.append(arrow.values(array, arrow.tree(schema)))
        arrow.release(schema)
        arrow.release(array)
    return found


def stream(data, **options):
    """The rows of an "arrow_array_stream", whose errors are numbers."""
    source = arrow.taken(lines.to_arrow(data, batch=3, **options).__arrow_c_stream__(), "arrow_array_stream")
    schema, found = arrow.Schema(), []
    try:
        number = source.get_schema(ctypes.byref(source), ctypes.byref(schema))
        while not number:
            array = arrow.Array()
            number = source.get_next(ctypes.byref(source), ctypes.byref(array))
            if number or not array.release:
                break
            found.append(arrow.values(array, arrow.tree(schema)))
            arrow.release(array)
        words = source.get_last_error(ctypes.byref(source))
    finally:
        if schema.release:
            arrow.release(schema)
        arrow.release(source)
    if number == errno.ENOMEM or (number and words is None):  # there was no memory for the words
        raise MemoryError
    return found, number, words


FIELDS = (("l", "id", True, ()), ("+l", "tags", False, (("u", "item", True, ()),)))
CALLS = {
    "types that are found out": lambda: rows(LINES),
    "a schema": lambda: rows(TYPED, schema=SCHEMA),
    "pick": lambda: rows(LINES, pick={"y": "/tags/1", "z": "/sub/z/0/ok", "n": ["name 3"]}),
    "bad lines": lambda: rows(BAD, errors="skip"),
    "rows that are tried": lambda: rows(TRIED, errors="skip"),
    "a file": lambda: rows(io.BytesIO(LINES)),
    "threads": lambda: rows(LONG, threads=2, schema={"id": "int64", "text": "string"}),
    "threads, a file": lambda: rows(io.BytesIO(LONG), threads=2, schema={"id": "int64", "tags": ["string"]}),
    "a stream": lambda: stream(LINES),
    "a stream that fails": lambda: stream(BAD),
    "fields": lambda: _impl.arrow_field(_impl.arrow_schema(FIELDS)),
}


def told(call):
    try:
        return repr(call())
    except MemoryError:
        return MemoryError
    except Exception as error:
        return f"{type(error)} {error}"


def addresses():
    """Where the extension is."""
    name = sys.modules["cyjson._native"].__file__
    with open("/proc/self/maps") as file:
        places = [line.split()[0].split("-") for line in file if line.rstrip().endswith(name)]
    return min(int(first, 16) for first, _ in places), max(int(last, 16) for _, last in places)


def main(library):
    mallocs = ctypes.CDLL(library)
    mallocs.mallocs_of.argtypes = [ctypes.c_size_t, ctypes.c_size_t]
    mallocs.mallocs_fail.argtypes = [ctypes.c_long, ctypes.c_int]
    mallocs.mallocs_failed.restype = mallocs.mallocs_held.restype = ctypes.c_long
    mallocs.mallocs_of(*addresses())
    for name, call in CALLS.items():
        expected = told(call)
        assert expected is not MemoryError
        count = refused = 0
        gc.collect()
        held = mallocs.mallocs_held()
        for rest in False, True:
            nth = 0
            while True:
                nth += 1
                mallocs.mallocs_fail(nth, rest)
                found = told(call)
                failed = mallocs.mallocs_failed()
                mallocs.mallocs_fail(0, False)
                if not failed:
                    break
                count += 1
                refused += found is MemoryError
                if found is not MemoryError and found != expected:
                    sys.exit(f"{name}, allocation {nth}: {found!r} in place of {expected!r}")
                for _ in range(50):  # threads may be ending; and what is in circles waits to be collected
                    if mallocs.mallocs_held() <= held:
                        break
                    gc.collect()
                    time.sleep(0.02)
                if mallocs.mallocs_held() > held:
                    sys.exit(f"{name}, allocation {nth}: {mallocs.mallocs_held() - held} blocks are lost")
                if nth % 16 == 1 and told(call) != expected:
                    sys.exit(f"{name}: another result after allocation {nth}")
        print(f"{name}: {count} allocations failed one by one, {refused} times it was an error", flush=True)


if __name__ == "__main__":
    assert cyjson.backend == "c"
    main(sys.argv[1])
