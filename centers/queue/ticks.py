"""Ticks: what beat calls to have due work, which it reads from the database, handed to the workers."""

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any

from celery import shared_task
from django.conf import settings

from centers import live
from centers.queue.dispatch import enqueue

#: How far apart the clocks of two machines may be, in seconds: what one of them sends may not be too old for the other
#: at once. What comes late does no harm: ticks take only what is due.
CLOCKS_APART = 120.0
_DROPPED_AFTER = 60.0 + CLOCKS_APART  # seconds; the next tick enqueues again what is still due


#: Seconds, by the names of the ticks that have an interval of their own; beat's are in config/celery.py.
INTERVALS: dict[str, float] = {}


def tick(name: str, *, every: float | None = None) -> Callable[[Callable[[], None]], Any]:
    """A task that beat calls at a fixed interval in seconds (by default settings.TICK_SECONDS).

    Two concurrent beats, or a tick delivered twice, have the effect of one.
    """

    if every:
        INTERVALS[name] = every

    def wrap(work: Callable[[], None]) -> Any:
        @shared_task(name=name)
        @wraps(work)
        def ticking() -> None:
            pause = (every or settings.TICK_SECONDS) * 0.5
            if live.valkey().set(f"markaz:tick:{name}", "1", nx=True, px=max(1, int(pause * 1000))):
                work()

        return ticking

    return wrap


def hand_out(task: str, resellers: Iterable[int]) -> None:
    """One task for each of these resellers."""
    for reseller_id in resellers:
        enqueue(task, expires=_DROPPED_AFTER, reseller_id=reseller_id)
