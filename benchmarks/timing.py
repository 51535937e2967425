"""Timing a call often enough to trust the median."""

import statistics
import time
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple


class Middle(NamedTuple):
    """The median of some rounds, and how far apart they were."""

    median: float
    spread: float


def middle(values: Iterable[float]) -> Middle:
    """Median, and the distance between the quartiles; of fewer than four rounds that of the extremes."""
    ordered = sorted(values)
    if len(ordered) < 4:
        return Middle(statistics.median(ordered), ordered[-1] - ordered[0])
    low, _half, high = statistics.quantiles(ordered, n=4, method="inclusive")
    return Middle(statistics.median(ordered), high - low)


def in_turn(calls: dict[str, Callable[[], float]], rounds: int) -> dict[str, list[float]]:
    """What each call measured in each round; in turn, so that a change of the machine's load meets all of them."""
    measured: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(rounds):
        for name, call in calls.items():
            measured[name].append(call())
    return measured


def milliseconds(call: Callable[[], object], times: int = 30, warm: int = 3) -> float:
    """Median of `times` calls after `warm` unmeasured ones."""
    for _ in range(warm):
        call()
    durations = []
    for _ in range(times):
        started = time.perf_counter()
        call()
        durations.append((time.perf_counter() - started) * 1000)
    return statistics.median(durations)


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which `share` (0 to 1) of the values lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
