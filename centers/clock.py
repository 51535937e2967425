"""The product's clock: real time, or real time moved ahead in a demo or a test."""

import time
from datetime import datetime, timedelta

from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.utils import timezone

_KEY = "clock-offset-seconds"
_REREAD_SECONDS = 0.5
_seen = {"offset": 0.0, "read_at": float("-inf")}  # read_at: of time.monotonic()
# A difference this small is the way to the database and back, not another clock.
_ONE_CLOCK = timedelta(seconds=2)
_correction = timedelta()


class ClockFixed(Exception):
    """The clock of a real install cannot be moved."""


def now() -> datetime:
    """The current time, aware, in UTC. Every process of the install sees the same shift within a second."""
    real = timezone.now() + _correction
    return real + timedelta(seconds=_offset()) if settings.CLOCK_MAY_MOVE else real


def follow_database() -> timedelta:
    """Correct this process's time to the database's from now on, and return the correction.

    For a process that writes times which another machine's process compares with its own.
    """
    global _correction  # noqa: PLW0603  # one clock per process
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        (moment,) = cursor.fetchone()
    apart = moment - timezone.now()
    _correction = apart if abs(apart) > _ONE_CLOCK else timedelta()
    return _correction


def offset() -> timedelta:
    """How far ahead of real time the product is; zero in production."""
    return timedelta(seconds=_offset()) if settings.CLOCK_MAY_MOVE else timedelta()


def move_to(ahead: timedelta) -> None:
    """Set the shift for all processes. Raises ClockFixed outside a demo or a test."""
    if not settings.CLOCK_MAY_MOVE:
        raise ClockFixed("The clock can only be moved in a demo (MARKAZ_DEMO=1).")
    cache.set(_KEY, ahead.total_seconds(), timeout=None)
    _seen["read_at"] = float("-inf")


def _offset() -> float:
    if time.monotonic() - _seen["read_at"] > _REREAD_SECONDS:
        _seen.update(offset=float(cache.get(_KEY, 0.0)), read_at=time.monotonic())
    return _seen["offset"]
