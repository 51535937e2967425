"""Timing a call often enough to trust the median."""

import statistics
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from django.db import connection


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


def milliseconds(call: Callable[[], object], times: int = 30, warm: int = 3) -> Middle:
    """Of `times` calls after `warm` unmeasured ones."""
    for _ in range(warm):
        call()
    durations = []
    for _ in range(times):
        started = time.perf_counter()
        call()
        durations.append((time.perf_counter() - started) * 1000)
    return middle(durations)


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which `share` (0 to 1) of the values lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


@dataclass(frozen=True, slots=True)
class Taken:
    """Milliseconds of each round: of the clock, and of the CPU of this process and its database connection."""

    walls: Sequence[float]
    cpus: Sequence[float]

    @property
    def wall(self) -> float:
        """Median by the clock."""
        return statistics.median(self.walls)

    @property
    def cpu(self) -> float:
        """Median of the CPU."""
        return statistics.median(self.cpus)


def spread_of_ratio(some: Sequence[float], others: Sequence[float]) -> float:
    """How far apart the ratios of the rounds are; both were measured in turn."""
    return middle(one / other for one, other in zip(some, others, strict=True)).spread


def interleaved(
    calls: Mapping[str, Callable[[], object]], times: int = 15, warm: int = 2
) -> dict[str, Taken]:
    """Each call by turns, so that what else the machine does meets all of them alike."""
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in calls}
    for at in range(warm + times):
        for name, call in calls.items():
            cpu, wall = cpu_seconds(), time.perf_counter()
            call()
            one = (time.perf_counter() - wall) * 1000, (cpu_seconds() - cpu) * 1000
            if at >= warm:
                taken[name].append(one)
    return {name: Taken(*zip(*ones, strict=True)) for name, ones in taken.items()}


def cpu_seconds() -> float:
    """CPU of this process and of the backend of its database connection so far; without that where Linux is not."""
    connection.ensure_connection()
    file = Path(f"/proc/{connection.connection.info.backend_pid}/schedstat")
    return time.process_time() + (int(file.read_text().split()[0]) / 1e9 if file.exists() else 0.0)
