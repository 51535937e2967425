"""The sandbox's own time: the wall clock plus an offset that the control API moves."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

WallClock = Callable[[], datetime]


def utc_now() -> datetime:
    """The wall clock, aware, in UTC."""
    return datetime.now(UTC)


class Clock:
    """Two clocks: `wall()` for tokens and request limits, `now()` for everything a number does."""

    def __init__(self, wall: WallClock = utc_now) -> None:
        self.wall = wall
        self.offset = timedelta(0)

    def now(self) -> datetime:
        """Sandbox time, aware, in UTC."""
        return self.wall() + self.offset
