"""The race: contender after contender, round after round, in one process.

A machine speeds up and slows down while it works; contenders that take turns every few milliseconds meet the same
machine. So a ratio is taken within each round, and what is reported is the median of those, with the middle half of
them (the quartiles) to show how steady they were. Absolute times are medians over the rounds too, but only the ratios
deserve trust.

The collector stays on, and its work counts: outside the small messages every result is kept until the next one is
there, as a service that handles it would, and freed within the timing; after each call a ``set`` is made, a container
that comes from no free list, so that a collection that was put off during the call is not put off past the clock.
"""

from __future__ import annotations

import gc
import itertools
import random
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from .contenders import Call

SLICE, LONG_SLICE = 0.002, 0.01  # seconds each contender runs per round, or one call; by --full
FEWEST, MOST = 3, 51  # rounds
FRESH = 8  # fresh objects per round: each has to be made, outside the timing
BATCH = 40  # calls between two looks at the clock, for small messages: the clock takes as long as a call
BATCHES = 400


@dataclass(frozen=True)
class Result:
    """One contender's figures: seconds per call, and times as fast as the baseline (median, quartiles).

    ``p99`` is the 99th percentile of the seconds per call, over batches; small messages only.
    """

    seconds: float
    ratio: float
    low: float
    high: float
    p99: float | None = None


def _spin(call: Call, count: int, clock: Callable[[], float]) -> float:
    function, argument, fresh = call
    held: object = None
    if fresh is None:
        loop = itertools.repeat(None, count)
        start = clock()
        for _ in loop:
            held = function(argument), set()
    else:
        arguments = [fresh() for _ in range(count)]
        start = clock()
        while arguments:  # the objects are freed within the timing too
            held = function(arguments.pop()), set()
    del held
    return clock() - start


def _spin_small(call: Call, count: int) -> float:
    function, argument, _ = call
    loop = itertools.repeat(None, count)
    start = time.perf_counter()
    for _ in loop:
        function(argument)
    return time.perf_counter() - start


def empty_loop() -> float:
    """Seconds that one turn of the loop around a small message takes by itself."""
    best = 1.0
    for _ in range(100):
        loop = itertools.repeat(None, BATCH)
        start = time.perf_counter()
        for _ in loop:
            pass
        best = min(best, time.perf_counter() - start)
    return best / BATCH


def race(
    calls: Mapping[str, Call],
    baseline: str,
    *,
    rounds: int | None = None,
    budget: float,
    turn: float = SLICE,
    clock: Callable[[], float] = time.perf_counter,
) -> dict[str, Result]:
    """Race ``calls``, each for ``turn`` seconds a round, and compare each with ``baseline``, one of them.

    ``rounds`` fixes the number of rounds; otherwise as many run as ``budget`` seconds allow, at least ``FEWEST``.
    """
    gc.collect()
    gc.freeze()  # the documents are not what is measured: keep them out of the collector's sight
    try:
        counts = {}
        start = time.perf_counter()
        for name, call in calls.items():
            count = 1
            while (spent := _spin(call, count, clock)) < turn / 4 and (call.fresh is None or count < FRESH):
                count *= 2
            counts[name] = max(1, int(count * turn / spent))
            if call.fresh is not None:
                counts[name] = min(counts[name], FRESH)
        # The first calls have warmed up caches and counted as a round's worth of the budget.
        once = time.perf_counter() - start
        if rounds is None:
            rounds = min(MOST, max(FEWEST, int(budget / once)))
        seconds: dict[str, list[float]] = {name: [] for name in calls}
        order, draw = list(calls), random.Random(0)
        for _ in range(rounds):
            for name in order:
                seconds[name].append(_spin(calls[name], counts[name], clock) / counts[name])
            draw.shuffle(order)  # not always after the same one, whose code and data fill the caches
    finally:
        gc.unfreeze()
    return {name: _result(times, seconds[baseline]) for name, times in seconds.items()}


def race_small(calls: Mapping[str, Call], baseline: str, *, batches: int = BATCHES) -> dict[str, Result]:
    """Race calls that take less time than a look at the clock: in batches, the contenders taking turns."""
    for call in calls.values():
        _spin_small(call, BATCH * 10)
    gc.collect()
    gc.freeze()
    try:
        seconds: dict[str, list[float]] = {name: [] for name in calls}
        order, draw = list(calls), random.Random(0)
        for _ in range(batches):
            for name in order:
                seconds[name].append(_spin_small(calls[name], BATCH) / BATCH)
            draw.shuffle(order)
    finally:
        gc.unfreeze()
    return {name: _result(times, seconds[baseline], tail=True) for name, times in seconds.items()}


def _result(times: list[float], base: list[float], *, tail: bool = False) -> Result:
    ratios = [b / t for b, t in zip(base, times, strict=True)]
    low, middle, high = statistics.quantiles(ratios, n=4, method="inclusive") if len(ratios) > 1 else ratios * 3
    p99 = statistics.quantiles(times, n=100, method="inclusive")[98] if tail else None
    return Result(statistics.median(times), middle, low, high, p99)
