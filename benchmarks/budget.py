"""The request budget under four processes that request more than it allows, and a person among them."""

import multiprocessing
import os
import time
from typing import Any

import redis

from benchmarks.timing import percentile
from whatsapp.mazbot import Lane, RequestBudget

LIMIT, WINDOW, SECONDS = 60, 6.0, 24.0  # a tenth of the real window, ten times as fast
PROCESSES = 4
SPACING = WINDOW / LIMIT


def measure() -> list[tuple[str, str]]:
    """Share of the budget used, windows over the limit, and how many slots a person waits."""
    context = multiprocessing.get_context("spawn")
    arrivals: Any = context.Queue()
    stop = time.time() + SECONDS
    workers = [context.Process(target=_sweep, args=(stop, arrivals)) for _ in range(PROCESSES)]
    for worker in workers:
        worker.start()
    waits, mine = _person(stop - 1)
    slots = list(mine)
    while any(worker.is_alive() for worker in workers) or not arrivals.empty():
        while not arrivals.empty():
            slots.append(arrivals.get())
        time.sleep(0.05)
    slots.sort()
    over = sum(later - earlier <= WINDOW for earlier, later in zip(slots, slots[LIMIT:], strict=False))
    used = (len(slots) - 1) * SPACING / (slots[-1] - slots[0])
    return [
        (f"Request budget, {PROCESSES} processes: used", f"{used:.1%}"),
        (f"Request budget, {PROCESSES} processes: sliding windows over the limit", f"{over} of {len(slots)}"),
        ("A person's wait for a slot under this load, p99", f"{percentile(waits, 0.99) / SPACING:.1f} slots"),
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


def _person(stop: float) -> tuple[list[float], list[float]]:
    budget, waits, arrivals = _budget(), [], []
    time.sleep(4)
    while time.time() < stop:
        time.sleep(0.15)
        asked = time.monotonic()
        slot = budget.reserve(priority=Lane.PERSON)
        waits.append(time.monotonic() - asked)
        arrivals.append(time.time())
        budget.finish(slot)
    return waits, arrivals
