"""Whether the machine was steady while a race ran: a fixed loop, looked at again and again, and the system's load.

The loop does always the same work. Where its turns take unequal times, or more time than the processor worked for
them, others have used the machine, and ratios taken meanwhile say little.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field

TURNS = 5  # of the loop, each time it is looked at
SPREAD = 0.10  # of the median that the middle half of the turns may take up
WAITING = 0.05  # of the turns' time in which the processor may have been with others
LOAD = 1.5  # runnable tasks a core, the race among them


def _turn() -> None:
    total = 0
    for number in range(20_000):
        total += number * number % 7


def load() -> float | None:
    """Tasks that ran or wanted to, on average over the last minute."""
    try:
        return os.getloadavg()[0]
    except (AttributeError, OSError):
        return None


@dataclass
class Steadiness:
    """The turns of the loop, in seconds of wall and of processor time, and the load at each look."""

    cores: int = field(default_factory=lambda: os.cpu_count() or 1)
    cpu_time: bool = False  # the races are timed by the process's own time: others' work counts less
    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    loads: list[float] = field(default_factory=list)

    def look(self, turn: Callable[[], object] = _turn) -> None:
        """Time some turns."""
        for _ in range(TURNS):
            wall, cpu = time.perf_counter(), time.process_time()
            turn()
            self.cpu.append(time.process_time() - cpu)
            self.wall.append(time.perf_counter() - wall)
        found = load()
        if found is not None:
            self.loads.append(found)

    def spread(self) -> float:
        """The middle half of the turns' times, as a share of their median."""
        times = self.cpu if self.cpu_time else self.wall
        if len(times) < 2:
            return 0.0
        low, middle, high = statistics.quantiles(times, n=4, method="inclusive")
        return (high - low) / middle

    def waiting(self) -> float:
        """The share of the turns' time that the processor didn't work for them."""
        return max(0.0, 1 - sum(self.cpu) / sum(self.wall)) if self.wall else 0.0

    def figures(self) -> dict[str, float]:
        found = {"spread": self.spread(), "waiting": self.waiting(), "turns": len(self.wall), "cores": self.cores}
        if self.loads:
            found["load"] = statistics.median(self.loads)  # what built cyjson is still in the first
        return found

    def warnings(self) -> list[str]:
        """What was wrong, in words and figures; nothing where the machine was steady."""
        found = self.figures()
        wrong = []
        if found["spread"] > SPREAD:
            wrong.append(
                f"a loop that always does the same took times {100 * found['spread']:.0f} % apart (the middle half of "
                f"{found['turns']} turns; steady: up to {100 * SPREAD:.0f} %)"
            )
        if found["waiting"] > WAITING and not self.cpu_time:
            wrong.append(
                f"it waited for the processor {100 * found['waiting']:.0f} % of the time (up to {100 * WAITING:.0f} %)"
            )
        if found.get("load", 0.0) > LOAD * self.cores and not self.cpu_time:
            wrong.append(
                f"the load was {found['load']:.1f} on {self.cores} core{'s'[: self.cores != 1]} "
                f"(up to {LOAD * self.cores:.1f})"
            )
        return wrong
