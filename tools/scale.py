"""A model of reading 100 TB of JSON Lines with cyjson.engines: the tables of docs/scale.md.

    python tools/scale.py               print them
    python tools/scale.py --check FILE  whether they are those in FILE

Each constant says whether it was measured here or is assumed. Change them, and the tables are yours.
"""

import heapq
import random
import sys

TB, GB, MB, MIB, KIB = 10**12, 10**9, 10**6, 2**20, 2**10

SIZE = 100 * TB
FILE = 1 * GB  # assumed: of equal files
LINE = 300  # assumed: bytes of a line

CORES = 1000  # assumed: workers of one core
DECODING = 100 * MB  # measured, rounded down: bytes a second of a core, lines to documents or Arrow columns
LATENCY = 0.030  # assumed: seconds until an object store's first byte
CONNECTION = 80 * MB  # assumed: bytes a second of a connection
PRICE = 0.40  # assumed: dollars for a million GET requests
PRICE_OF_CORE = 0.04  # assumed: dollars for an hour of one

PART = 161  # measured: bytes that a Part takes in the driver (tracemalloc), its path shared by those of its file
TASK = {"Dask": 0.001, "Ray": 0.002, "Spark": 0.0005}  # assumed: seconds that the driver takes for a task
TASK_MEMORY = {"Dask": 1500, "Ray": 10_000, "Spark": 2000}  # assumed: bytes that it holds for one

BLOCK, TAIL = 4 * MIB, 64 * KIB  # cyjson's own: of a request, and what is asked for beyond a range

BLOCKSIZES = [64 * MIB, 256 * MIB, 1024 * MIB]


def fetching(size):
    """Seconds of a request for so many bytes."""
    return LATENCY + size / CONNECTION


def seconds_of(size, block=BLOCK):
    """Seconds of a core for a range: the next block comes while this one is decoded."""
    rate = min(DECODING, block / fetching(block))
    return fetching(block) + size / rate


def readable(size):
    for unit, name in ((TB, "TB"), (GB, "GB"), (MB, "MB")):
        if size >= unit:
            return f"{size / unit:.3g} {name}"
    return f"{size / 1000:.3g} kB"


def table(heads, rows):
    lines = [f"| {' | '.join(heads)} |", "|" + "---:|" * len(heads)]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows)])


def ranges():
    rows = []
    for blocksize in BLOCKSIZES:
        count = -(-FILE // blocksize) * (SIZE // FILE)
        size = SIZE / count
        rows.append(
            [
                f"{blocksize // MIB} MiB",
                f"{count:,}",
                readable(count * PART),
                *(f"{readable(count * TASK_MEMORY[name])}, {count * each / 60:.0f} min" for name, each in TASK.items()),
                f"{seconds_of(size):.0f} s",
                f"{SIZE / size * (TAIL + LINE / 2) / SIZE:.3%}",
            ]
        )
    heads = ["blocksize", "ranges", "driver, ranges", *(f"driver, {name}" for name in TASK), "one range", "read twice"]
    return table(heads, rows)


def requests():
    rows = []
    for block in (64 * KIB, 1 * MIB, 4 * MIB, 16 * MIB, 64 * MIB):
        count = SIZE / block
        rate = block / fetching(block)
        core = min(DECODING, rate)
        rows.append(
            [
                f"{block // KIB} KiB" if block < MIB else f"{block // MIB} MiB",
                f"{count / 1e6:,.1f} million",
                f"{count / 1e6 * PRICE:,.0f} $",
                f"{rate / MB:.0f} MB/s",
                f"{SIZE / CORES / core / 3600:.1f} h",
                f"{SIZE / core / 3600 * PRICE_OF_CORE:,.0f} $",
                f"{2 * block / MIB:.3g} MiB",
            ]
        )
    return table(["block", "requests", "their price", "a connection", "1,000 cores", "their price", "memory"], rows)


def scheduled(tasks, cores):
    """When the last of the tasks ends, each begun by the core that is free first."""
    free = [0.0] * cores
    for seconds in tasks:
        heapq.heapreplace(free, free[0] + seconds)
    return max(free)


def stragglers():
    """How much later than with perfect balance a job ends: a tenth of it, on a tenth of the cores."""
    share, cores = 0.1, CORES // 10
    rows = []
    for blocksize in (*BLOCKSIZES, 16 * 1024 * MIB, None):
        chance = random.Random(7)
        sizes = skewed(chance, SIZE * share)
        if blocksize is not None:
            sizes = [size / -(-size // blocksize) for size in sizes for _ in range(int(-(-size // blocksize)))]
        tasks = []
        for size in sizes:
            slow = chance.random() < 0.01
            tasks.append(seconds_of(size) * (5 if slow else 1) * (0.9 + 0.2 * chance.random()))
        ideal = sum(tasks) / cores
        lost = max(size for size in sizes) / 2
        rows.append(
            [
                "a file is a task" if blocksize is None else f"{blocksize // MIB:,} MiB",
                f"{len(sizes):,}",
                f"{readable(max(sizes))}",
                f"{scheduled(tasks, cores) / ideal - 1:+.1%}",
                f"{seconds_of(lost) / 60:.1f} min",
            ]
        )
    return table(["blocksize", "tasks", "the largest", "later than balanced", "lost with a worker"], rows)


def skewed(chance, size):
    """Sizes of files of which few hold most: Pareto with 1.2, from 100 MB to 1 TB."""
    sizes = []
    while size > 0:
        each = min(100 * MB * chance.paretovariate(1.2), TB, size)
        sizes.append(each)
        size -= each
    return sizes


def tables():
    return {"ranges": ranges(), "requests": requests(), "stragglers": stragglers()}


def main():
    made = tables()
    if sys.argv[1:2] == ["--check"]:
        with open(sys.argv[2], encoding="utf-8") as file:
            page = file.read()
        missing = [name for name, text in made.items() if text not in page]
        sys.exit(f"{sys.argv[2]} lacks the tables of today: {', '.join(missing)}" if missing else 0)
    for name, text in made.items():
        print(f"{name}\n\n{text}\n")


if __name__ == "__main__":
    main()
