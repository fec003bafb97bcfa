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
import statistics
import time
from collections.abc import Mapping
from dataclasses import dataclass

from .contenders import Call

SLICE = 0.01  # seconds each contender runs per round
BUDGET = 0.5  # seconds for one race, unless its fewest rounds take longer
FEWEST, MOST = 3, 25  # rounds


@dataclass(frozen=True)
class Result:
    """One contender's figures: seconds per call, and times as fast as the baseline (median, quartiles)."""

    seconds: float
    ratio: float
    low: float
    high: float


def _spin(call: Call, count: int) -> float:
    function, argument = call
    loop = itertools.repeat(None, count)
    held: object = None
    start = time.perf_counter()
    for _ in loop:
        held = function(argument), set()
    del held
    return time.perf_counter() - start


def _spin_small(call: Call, count: int) -> float:
    function, argument = call
    loop = itertools.repeat(None, count)
    start = time.perf_counter()
    for _ in loop:
        function(argument)
    return time.perf_counter() - start


def race(
    calls: Mapping[str, Call],
    baseline: str,
    *,
    rounds: int | None = None,
    small: bool = False,
    budget: float = BUDGET,
) -> dict[str, Result]:
    """Race ``calls`` and compare each with ``baseline``, one of them.

    ``rounds`` fixes the number of rounds; otherwise as many run as ``budget`` seconds allow, at least ``FEWEST``.
    """
    spin = _spin_small if small else _spin
    gc.collect()
    gc.freeze()  # the documents are not what is measured: keep them out of the collector's sight
    try:
        counts = {}
        for name, call in calls.items():
            count = 1
            while (spent := spin(call, count)) < SLICE / 4:
                count *= 2
            counts[name] = max(1, int(count * SLICE / spent))
        once = sum(spin(call, counts[name]) for name, call in calls.items())
        if rounds is None:
            rounds = min(MOST, max(FEWEST, int(budget / once)))
        seconds: dict[str, list[float]] = {name: [] for name in calls}
        order = list(calls)
        for _ in range(rounds):
            for name in order:
                seconds[name].append(spin(calls[name], counts[name]) / counts[name])
            order.reverse()  # nobody always runs in the other's wake
    finally:
        gc.unfreeze()
    return {name: _result(times, seconds[baseline]) for name, times in seconds.items()}


def _result(times: list[float], base: list[float]) -> Result:
    ratios = [b / t for b, t in zip(base, times, strict=True)]
    low, middle, high = statistics.quantiles(ratios, n=4, method="inclusive") if len(ratios) > 1 else ratios * 3
    return Result(statistics.median(times), middle, low, high)
