"""Times of several functions, taken in turns, so that what else the machine does hits all alike."""

from __future__ import annotations

import statistics
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


def alternate(
    functions: dict[str, Callable[[], Any]], *, rounds: int = 31, seconds: float = 0.002
) -> dict[str, list[float]]:
    """Seconds per call of each function, one number a round.

    Each function is called often enough to take about `seconds`; the functions take turns within a
    round, so that numbers of one round can be divided.
    """
    repeats = {}
    for name, function in functions.items():
        function()
        begin = time.perf_counter()
        function()
        repeats[name] = max(1, int(seconds / max(time.perf_counter() - begin, 1e-7)))
    times: dict[str, list[float]] = {name: [] for name in functions}
    for _ in range(rounds):
        for name, function in functions.items():
            begin = time.perf_counter()
            for _ in range(repeats[name]):
                function()
            times[name].append((time.perf_counter() - begin) / repeats[name])
    return times


def median(times: list[float]) -> float:
    """The middle time."""
    return statistics.median(times)


def ratio(times: dict[str, list[float]], of: str, to: str) -> float:
    """The median over rounds of one function's time divided by another's."""
    return statistics.median(a / b for a, b in zip(times[of], times[to], strict=True))
