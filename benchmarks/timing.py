"""Timing a call often enough to trust the median."""

import statistics
import time
from collections.abc import Callable, Sequence


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
