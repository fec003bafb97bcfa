"""Show that time grows with the size of what is given and no faster, for input made to hurt: instructions, not seconds.

    python tools/growth.py

valgrind's callgrind counts the instructions of each call, CPython's functions that it leads to included, at three
sizes, each twice the one before. A step of more than LIMIT times is a failure: linear growth is 2, quadratic growth 4.
"""

import gc
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

LIMIT = 2.4  # tables grow in steps
SIZES = (1, 2, 4)
TOGGLES = ("core_loads", "core_dumps", "core_encode", "core_scanstring")
MARK = "sched_yield"  # os.sched_yield is this in libc, and nothing else calls it


class Odd:
    pass


def colliding(count):
    """Keys of 64 characters that have one place in the cache of keys: it looks at their ends and their middle."""
    return [f"{'a' * 8}{n:020d}{'b' * 8}{'c' * 20}{'d' * 8}" for n in range(count)]


def integers_colliding(count):
    """Integers with one hash: a dict that holds them compares each with all before it, whoever made it."""
    return [n * (2**61 - 1) for n in range(count)]


def nested(depth, opening, closing, inner="1"):
    return opening * depth + inner + closing * depth


def spread(keys):
    return "[" + ",".join(f'{{"{key}":1}}' for key in keys) + "]"


def shapes(count):
    """Objects of which none has the keys of the one before, though they begin alike."""
    return "[" + ",".join('{"a":1,"b":2,' + f'"c{n}":3,"d{n % 7}":4}}' for n in range(count)) + "]"


# name -> (what is called, the argument at a size)
def reading(make):
    return "loads", make


def writing(make):
    return "dumps", make


CASES = {
    "brackets": reading(lambda n: "[" * (50_000 * n)),
    "brackets, bytes": reading(lambda n: b"[" * (50_000 * n)),
    "objects": reading(lambda n: '{"a":' * (20_000 * n)),
    "levels within the limit": reading(lambda n: "[" + ",".join([nested(60, "[", "]")] * 40 * n) + "]"),
    "a long string": reading(lambda n: '"' + "x" * (200_000 * n) + '"'),
    "escapes": reading(lambda n: '"' + "\\u00e9\\n\\ud83d\\ude00" * (5_000 * n) + '"'),
    "backslashes": reading(lambda n: '"' + "\\\\" * (20_000 * n)),
    "lone surrogates": reading(lambda n: '"' + "\\ud83d" * (10_000 * n) + '"'),
    "not closed": reading(lambda n: '["' + "x" * (200_000 * n)),
    "wider and wider": reading(lambda n: '["' + "".join(c * 5_000 * n for c in "aé中") + '\\ud83d\\ude00"]'),
    "UTF-8": reading(lambda n: ('["' + "é中😀" * 5_000 * n + '"]').encode()),
    "UTF-8 that goes wrong": reading(lambda n: b'["' + "é".encode() * 20_000 * n + b'\xff"]'),
    "white space": reading(lambda n: "[" + " \n\t" * (50_000 * n) + "]"),
    "white space, wide": reading(lambda n: "[" + " \n\t" * (20_000 * n) + '"中"]'),
    "digits of a fraction": reading(lambda n: "0." + "1234567890" * (5_000 * n)),
    "zeros before a digit": reading(lambda n: "0." + "0" * (50_000 * n) + "1"),
    "digits of an exponent": reading(lambda n: "1e" + "0" * (50_000 * n) + "1"),
    "an integer too long": reading(lambda n: "1" * (50_000 * n)),
    "many integers": reading(lambda n: "[" + "1," * (10_000 * n) + "1]"),
    "keys that collide in the cache": reading(lambda n: spread(colliding(1_000 * n))),
    "keys that collide, one object": reading(
        lambda n: "{" + ",".join(f'"{key}":1' for key in colliding(1_000 * n)) + "}"
    ),
    "keys beyond the cache": reading(lambda n: spread("k" * 70 + str(key) for key in range(1_000 * n))),
    "one key again and again": reading(lambda n: "{" + '"a":1,' * (5_000 * n) + '"a":2}'),
    "shapes that almost agree": reading(lambda n: shapes(1_000 * n)),
    "write: a long string": writing(lambda n: "x" * (200_000 * n)),
    "write: escapes": writing(lambda n: "\x00\n" * (20_000 * n)),
    "write: not ASCII": writing(lambda n: "é中😀" * (10_000 * n)),
    "write: items": writing(lambda n: [1] * (20_000 * n)),
    "write: empty lists": writing(lambda n: [[] for _ in range(10_000 * n)]),
    "write: levels": writing(lambda n: [json.loads(nested(60, '{"a":', "}")) for _ in range(20 * n)]),
    "write: keys, sorted": ("sort", lambda n: {f"{key * 7919 % 10007}": key for key in range(1_000 * n)}),
    "write: keys that begin alike, sorted": ("sort", lambda n: {f"{'p' * 50}{key}": key for key in range(1_000 * n)}),
    "write: integers that collide": writing(lambda n: dict.fromkeys(integers_colliding(200 * n))),
    "write: indentation": ("indent", lambda n: [[1, {"a": 2}]] * (2_000 * n)),
    "write: default": ("default", lambda n: [Odd()] * (2_000 * n)),
    "write: bytes": ("encode", lambda n: ["é中😀" * 10, "\x00"] * (1_000 * n)),
}


def call_of(name):
    import cyjson

    def caught(argument):
        try:
            function(argument)
        except (ValueError, RecursionError):
            pass

    function = {
        "loads": cyjson.loads,
        "dumps": cyjson.dumps,
        "encode": cyjson.encode,
        "sort": lambda value: cyjson.dumps(value, sort_keys=True),
        "indent": lambda value: cyjson.dumps(value, indent=1),
        "default": lambda value: cyjson.dumps(value, default=str),
    }[name]
    return caught


def child():
    """Under callgrind: each call between two marks, at which callgrind writes down its count."""
    gc.collect()
    gc.disable()
    names = []
    for name, (function, make) in CASES.items():
        call = call_of(function)
        call(make(1))
        for size in SIZES:
            argument = make(size)
            os.sched_yield()
            call(argument)
            os.sched_yield()
            names.append(name)
    print(json.dumps(names))


def count():
    """name -> the instructions at each size."""
    with tempfile.TemporaryDirectory() as scratch:
        command = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={scratch}/out", f"--dump-before={MARK}"]
        command += [*(f"--toggle-collect={name}" for name in TOGGLES), sys.executable, __file__, "--child"]
        ran = subprocess.run(command, env={**os.environ, "PYTHONHASHSEED": "0"}, capture_output=True, text=True)
        if ran.returncode:
            sys.exit(f"growth: valgrind failed\n{ran.stderr[-3000:]}")
        counts = {}
        for number, name in enumerate(json.loads(ran.stdout)):
            part = Path(scratch, f"out.{2 * number + 2}").read_text(errors="replace")
            counts.setdefault(name, []).append(int(re.search(r"^(?:totals|summary): (\d+)", part, re.MULTILINE)[1]))
    return counts


def main():
    failed = []
    for name, counted in count().items():
        steps = [after / before for before, after in zip(counted, counted[1:], strict=False)]
        told = " ".join(f"{each:13,d}" for each in counted), " ".join(f"{step:.2f}" for step in steps)
        print(f"  {name:42s} {told[0]}  {told[1]}")
        if min(counted) < 10_000 or max(steps) > LIMIT:
            failed.append(name)
    print(f"growth: {'no faster than the input' if not failed else 'FAILED: ' + ', '.join(failed)}")
    return bool(failed)


if __name__ == "__main__":
    sys.exit(child() if "--child" in sys.argv else main())
