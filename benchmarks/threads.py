"""Decode and encode in one thread and in two, and print how much more two of them get done.

    python -m benchmarks.threads [--seconds S]

Each thread has a document of its own. With the GIL the ratios are about 1; without it (free-threaded builds) they show
how well calls scale: 2 on two idle cores would be perfect. The interpreter's allocator and collector have a part in
that: the standard library's ratios stand beside.
"""

from __future__ import annotations

import argparse
import json
import sys
import threading
import time
from collections.abc import Callable

import cyjson

from . import documents

ROUNDS = 5


def throughput(calls: list[Callable[[], object]], seconds: float) -> float:
    """Calls per second of all threads together, one for each function."""
    barrier = threading.Barrier(len(calls))
    done = [0.0] * len(calls)

    def work(index: int) -> None:
        call, count = calls[index], 0
        call()
        barrier.wait()
        start = time.perf_counter()
        while time.perf_counter() - start < seconds:
            call()
            count += 1
        done[index] = count / (time.perf_counter() - start)

    threads = [threading.Thread(target=work, args=(index,)) for index in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(done)


def ratio(make: Callable[[], Callable[[], object]], seconds: float) -> float:
    """The best of some rounds: what else the machine does only ever makes it less."""
    return max(throughput([make(), make()], seconds) / throughput([make()], seconds) for _ in range(ROUNDS))


def decoding(loads: Callable[[str], object], text: str) -> Callable[[], Callable[[], object]]:
    def make() -> Callable[[], object]:
        own = (text + " ")[:-1]
        return lambda: loads(own)

    return make


def encoding(dumps: Callable[..., object], text: str) -> Callable[[], Callable[[], object]]:
    def make() -> Callable[[], object]:
        own = json.loads(text)
        return lambda: dumps(own)

    return make


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.threads", description="Two threads against one.")
    parser.add_argument("--seconds", type=float, default=0.5, help="per measurement")
    options = parser.parse_args()
    gil = getattr(sys, "_is_gil_enabled", lambda: True)()
    print(f"{'with' if gil else 'without'} the GIL; throughput of two threads / of one")
    texts = {"rpc": documents.rpc(), "events": documents.events(), "mesh": documents.mesh()}
    for name, text in texts.items():
        cells = []
        for module in (cyjson, json):
            cells.append(f"{module.__name__} loads {ratio(decoding(module.loads, text), options.seconds):.2f}")
            cells.append(f"{module.__name__} dumps {ratio(encoding(module.dumps, text), options.seconds):.2f}")
        print(f"  {name:8s} {'   '.join(cells)}", flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
