"""The request budget under four processes that request more than it allows; lanes.py measures a person's wait."""

import multiprocessing
import os
import time
from typing import Any

import redis

from benchmarks.results import Result
from whatsapp.mazbot import Lane, RequestBudget

LIMIT, WINDOW, SECONDS = 60, 6.0, 24.0  # a tenth of the real window, ten times as fast
PROCESSES = 4
SPACING = WINDOW / LIMIT


def measure() -> list[Result]:
    """Share of the budget used, and windows over the limit."""
    context = multiprocessing.get_context("spawn")
    arrivals: Any = context.Queue()
    stop = time.time() + SECONDS
    workers = [context.Process(target=_sweep, args=(stop, arrivals)) for _ in range(PROCESSES)]
    for worker in workers:
        worker.start()
    slots: list[float] = []
    while any(worker.is_alive() for worker in workers) or not arrivals.empty():
        while not arrivals.empty():
            slots.append(arrivals.get())
        time.sleep(0.05)
    slots.sort()
    over = sum(later - earlier <= WINDOW for earlier, later in zip(slots, slots[LIMIT:], strict=False))
    used = (len(slots) - 1) * SPACING / (slots[-1] - slots[0])
    how = f"{PROCESSES} processes that ask for more than the limit"
    return [
        Result("budget.used", used, 0.97, "of the limit", f"{how}: requests sent / allowed"),
        Result("budget.over", over, 0, "windows", f"{how}: sliding windows over the limit", at_most=True),
    ]


def _budget() -> RequestBudget:
    valkey = redis.Redis.from_url(os.environ["REDIS_URL"])
    return RequestBudget(valkey, "bench", limit=LIMIT, window=WINDOW, longest_request=2)


def _sweep(stop: float, arrivals: Any) -> None:
    budget = _budget()
    while time.time() < stop:
        slot = budget.reserve(priority=Lane.SWEEP, deadline=30)
        arrivals.put(time.time())
        budget.finish(slot)
