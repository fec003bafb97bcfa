"""Show that time grows with the size of what is given and no faster, for input made to hurt: instructions, not seconds.

    python tools/growth.py [WORD...]    # only cases whose names hold one of these words

valgrind's callgrind counts the instructions of each call, the interpreter's included, at two sizes, of which one is
four times the other. Linear growth is 4, quadratic growth 16; more than LIMIT times is a failure.

The counts are the same each time, but they contain steps: a table doubles, a realloc copies or grows in place. Two
things keep the steps small. Both sizes are the same distance from the next doubling, because they differ by a power of
two. And malloc's choice between its heap and mmap is fixed: glibc moves that border while a program runs, so that a
buffer was copied at one size and remapped by the kernel, which callgrind doesn't count, at another.
"""

import asyncio
import gc
import io
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import traceback
from pathlib import Path

LIMIT = 5
SIZES = (1, 4)
# os.sched_yield and os.getsid are these in libc, and nothing else calls them: counting begins at one and ends at the
# other.
BEGIN, END = "sched_yield", "getsid"
# And the plain routines of libc: valgrind takes `rep movsb` a byte at a time, in minutes where others take seconds.
PLAIN = "-AVX512F,-AVX512VL,-AVX2,-AVX2_Usable,-AVX,-ERMS,-FSRM,-SSSE3,-SSE4_1,-SSE4_2,-RTM"
TUNABLES = {
    "glibc.malloc.mmap_threshold": 32 << 20,
    "glibc.malloc.trim_threshold": 1 << 30,
    "glibc.cpu.hwcaps": PLAIN,
}
FIXED = {
    "PYTHONHASHSEED": "0",
    "GLIBC_TUNABLES": ":".join(f"{name}={value}" for name, value in TUNABLES.items()),
}


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


def numbered(count, member, begin, end):
    """Members of an object, or values, with a number in them."""
    return begin + ",".join(member % n for n in range(count)) + end


class Drops:
    """A file that gives a document in pieces."""

    def __init__(self, data=b"", size=1000):
        self.data, self.at, self.size = data, 0, size

    def read(self, n):
        start = self.at
        self.at = min(len(self.data), start + min(n, self.size))
        return self.data[start : self.at]

    def readable(self):
        return True


class AsyncDrops(Drops):
    async def read(self, n):
        return super().read(n)


class RawDrops(io.RawIOBase):
    def writable(self):
        return True

    def write(self, data):
        return min(len(data), 1000)


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

# What is read part by part. parse makes 2**30 characters of long prefixes and then raises: the sizes are beyond that.
PARTS = {
    "values": lambda n: b"[" + b'{"a":[1,"b"]},' * (300 * n) + b"1]",
    "a long string": lambda n: b'["' + b"x" * (100_000 * n) + b'"]',
    "a long item": lambda n: b"[[" + b"1," * (3_000 * n) + b"1]]",
    "brackets": lambda n: b"[" * (22_000 * n),
}
MORE_PARTS = {
    "members": lambda n: numbered(300 * n, '"k%d":1', "{", "}").encode(),
    "a long number": lambda n: b"[0." + b"1" * (20_000 * n) + b"]",
    "white space": lambda n: b"[" + b" " * (50_000 * n) + b"1]",
    "objects": lambda n: b'{"a":' * (33_000 * n),
    "objects in brackets": lambda n: b"[" * 500 + b"{}," * (2_000 * n),
    "a long name": lambda n: numbered(34_000, '"%d":1', '{"' + "k" * 40_000 * n + '":{', "}}").encode(),
    "names": lambda n: numbered(300 * n, '"%d":{"b":1}', '{"a":{', "}}").encode(),
    "escaped names": lambda n: b"[" + b'{"\\n":1},' * (300 * n) + b"1]",
    "not closed": lambda n: b'[1, "' + b"x" * (100_000 * n),
    "an error at the end": lambda n: b"[" + b"1,\n" * (2_000 * n) + b"}",
    "UTF-16": lambda n: numbered(500 * n, '"é%d"', "[", "]").encode("utf-16"),
    "UTF-16 cut off": lambda n: numbered(500 * n, '"é%d"', "[", "]").encode("utf-16")[:-1],
    "documents": lambda n: b'{"a":1} ' * (300 * n),
}
LINES = {
    "documents": lambda n: b'{"a":[1,"b"]}\n' * (300 * n),
    "a long line": lambda n: b'["' + b"x" * (5_000 * n) + b'"]\n' + b"1\n" * (50 * n),
    "blank lines": lambda n: b" \n\r\n" * (2_000 * n),
    "lines that are refused": lambda n: b"[1,\n" * (100 * n),
    "a line that is too long": lambda n: b"[" + b"1," * (100_000 * n) + b"1]\n1\n",
    "brackets": lambda n: b"[" * (5_000 * n) + b"\n1\n",
    "UTF-8 that goes wrong": lambda n: b'"' + "é".encode() * (3_000 * n) + b'\xff"\n1\n',
    "the last line": lambda n: b"[" + b"1," * (3_000 * n) + b"1]",
}
CASES |= {
    f"{function}: {name}": (function, make)
    for function in ("items", "kvitems", "basic_parse", "parse")
    for name, make in {**PARTS, **MORE_PARTS}.items()
}
CASES |= {
    f"{function}: {name}": (function, make)
    for function in (
        "items of items",
        "items in drops",
        "parse in drops",
        "items with a hook",
        "items of text",
        "items_async",
        "kvitems_async",
        "basic_parse_async",
        "parse_async",
    )
    for name, make in PARTS.items()
}
CASES |= {
    f"{function}: {name}": (function, make)
    for function in (
        "lines.loads",
        "lines.loads of text",
        "lines.load",
        "lines.load in drops",
        "lines.loads with a hook",
    )
    for name, make in LINES.items()
}
WIDE = {
    f"refused, and columns: {line.decode()!r}": lambda n, line=line: (
        numbered(300 * n, '"%d":1', "{", "}\n").encode() + (line + b"\n") * (100 * n)
    )
    for line in (b"x", b'{"0":1')  # not JSON: what is a row costs something for each column, refused or not
}
TYPED = {  # rows that change types, and are refused: after others, which the change is made for
    f"refused after {good.decode()}: {bad.decode()}": lambda n, good=good, bad=bad: (
        (good + b"\n") * (3_000 * n) + (bad + b"\n") * (100 * n)
    )
    for good, bad in (
        (b"{}", b'{"a":1,"b":"\\ud800"}'),
        (b"{}", b'{"a":{"x":[1]},"b":"\\ud800"}'),
        (b'{"a":1}', b'{"a":1.5,"b":"\\ud800"}'),
        (b'{"a":null}', b'{"a":[],"b":"\\ud800"}'),
        (b'{"a":1}', b'{"a":true,"a":null,"b":1,"b":null}'),
        (b'{"a":1}', b'{"b":true,"b":null}'),
    )
}
CASES |= {f"lines.to_arrow: {name}": ("lines.to_arrow", make) for name, make in {**LINES, **WIDE, **TYPED}.items()}
CASES |= {f"with a schema: {name}": ("with a schema", make) for name, make in WIDE.items()}
CASES |= {
    f"{function}: {name}": (function, make)
    for function in ("lines.dump", "lines.dump to a raw file", "lines.dump to text", "lines.dumps", "lines.encode")
    for name, make in {
        "documents": lambda n: [{"a": [1, "b"]}] * (300 * n),
        "a long document": lambda n: ["x" * (200_000 * n)],
        "small and large": lambda n: [1, "x" * 1000] * (200 * n),
    }.items()
}


# These reach the limit of parse's prefixes, 2**30 characters, at both sizes: no warm-up would show in their counts.
COSTLY = {f"parse: {name}" for name in ("brackets", "objects", "a long name")}
COSTLY |= {"parse in drops: brackets", "parse_async: brackets"}


def call_of(name):
    import cyjson
    from cyjson import lines, stream

    def caught(argument):
        try:
            function(argument)
        except (ValueError, RecursionError):
            pass

    def drained(iterator):
        for _ in iterator:
            pass

    def drained_async(iterator):
        async def drain():
            async for _ in iterator:
                pass

        asyncio.run(drain())

    skipped = {"errors": "skip", "max_line": 50_000}
    function = {
        "items": lambda data: drained(stream.items(data, "item", multiple_values=True)),
        "items of items": lambda data: drained(stream.items(data, "item.a.item")),
        "kvitems": lambda data: drained(stream.kvitems(data, "", multiple_values=True)),
        "basic_parse": lambda data: drained(stream.basic_parse(data, multiple_values=True)),
        "parse": lambda data: drained(stream.parse(data, multiple_values=True)),
        "items in drops": lambda data: drained(stream.items(Drops(data), "item")),
        "parse in drops": lambda data: drained(stream.parse(Drops(data))),
        "items with a hook": lambda data: drained(stream.items(data, "item", object_hook=len)),
        "items of text": lambda data: drained(stream.items(io.StringIO(data.decode("latin-1")), "item")),
        "items_async": lambda data: drained_async(stream.items_async(AsyncDrops(data), "item")),
        "kvitems_async": lambda data: drained_async(stream.kvitems_async(AsyncDrops(data), "")),
        "basic_parse_async": lambda data: drained_async(stream.basic_parse_async(AsyncDrops(data))),
        "parse_async": lambda data: drained_async(stream.parse_async(AsyncDrops(data))),
        "lines.loads": lambda data: drained(lines.loads(data, **skipped)),
        "lines.loads of text": lambda data: drained(lines.loads(data.decode("latin-1"), **skipped)),
        "lines.loads with a hook": lambda data: drained(lines.loads(data, object_hook=len, **skipped)),
        "lines.load": lambda data: drained(lines.load(io.BytesIO(data), **skipped)),
        "lines.load in drops": lambda data: drained(lines.load(Drops(data), **skipped)),
        "lines.to_arrow": lambda data: drained(lines.to_arrow(data, **skipped)),
        "with a schema": lambda data: drained(
            lines.to_arrow(data, schema=dict.fromkeys(json.loads(data.splitlines()[0]), "int64"), errors="skip")
        ),
        "lines.dump": lambda documents: lines.dump(documents, io.BytesIO()),
        "lines.dump to a raw file": lambda documents: lines.dump(documents, RawDrops()),
        "lines.dump to text": lambda documents: lines.dump(documents, io.StringIO()),
        "lines.dumps": lines.dumps,
        "lines.encode": lines.encode,
        "loads": cyjson.loads,
        "dumps": cyjson.dumps,
        "encode": cyjson.encode,
        "sort": lambda value: cyjson.dumps(value, sort_keys=True),
        "indent": lambda value: cyjson.dumps(value, indent=1),
        "default": lambda value: cyjson.dumps(value, default=str),
    }[name]
    return caught


def selected(words):
    return [name for name in CASES if not words or any(word in name for word in words)]


def measure(name):
    """Count a case's calls, in a process of its own: what ran before changes nothing."""
    function, make = CASES[name]
    call = call_of(function)
    if name not in COSTLY:
        call(make(1))  # what is done once only, such as imports, is done
    for size in SIZES:
        argument = make(size)
        os.sched_yield()
        call(argument)
        os.getsid(0)


def child(words):
    """Under callgrind: fork for each case, as many at once as there are processors, and print the cases' processes."""
    names = {}
    call_of("loads")  # imports what all of them need
    gc.collect()
    gc.disable()
    for count, name in enumerate(selected(words)):
        if count >= (os.cpu_count() or 1):
            os.wait()
        pid = os.fork()
        if not pid:
            try:
                measure(name)
            except BaseException:
                traceback.print_exc()
            os.kill(os.getpid(), signal.SIGKILL)  # an exit would write a count once more
        names[name] = pid
    while True:
        try:
            os.wait()
        except ChildProcessError:
            break
    print(json.dumps(names))


def counts(words):
    """name -> the instructions at each size."""
    with tempfile.TemporaryDirectory() as scratch:
        command = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={scratch}/out.%p", "--dump-line=no"]
        command += [f"--zero-before={BEGIN}", f"--dump-before={END}", sys.executable, __file__, "--child", *words]
        ran = subprocess.run(command, env={**os.environ, **FIXED}, capture_output=True, text=True)
        if ran.returncode:
            sys.exit(f"growth: valgrind failed\n{ran.stderr[-3000:]}")
        found = {}
        for name, pid in json.loads(ran.stdout).items():
            parts = [Path(scratch, f"out.{pid}.{number}") for number in range(1, len(SIZES) + 1)]
            if not all(map(Path.exists, parts)):
                sys.exit(f"growth: {name} failed\n{ran.stderr[-3000:]}")
            totals = [re.search(r"^(?:totals|summary): (\d+)", part.read_text(), re.MULTILINE)[1] for part in parts]
            found[name] = [int(total) for total in totals]
        return found


def main(words):
    failed = []
    for name, (small, large) in counts(words).items():
        print(f"  {name:42s} {small:13,d} {large:13,d}  {large / small:5.2f}")
        if small < 10_000 or large > LIMIT * small:
            failed.append(name)
    print(f"growth: {'no faster than the input' if not failed else 'FAILED: ' + ', '.join(failed)}")
    return bool(failed)


if __name__ == "__main__":
    sys.exit(child(sys.argv[2:]) if sys.argv[1:2] == ["--child"] else main(sys.argv[1:]))
