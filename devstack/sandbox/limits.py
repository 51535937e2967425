"""The request limit: a number of requests per account in any sliding 60 seconds."""

from __future__ import annotations

from collections import defaultdict, deque
from datetime import datetime, timedelta

WINDOW = timedelta(seconds=60)


class SlidingWindow:
    """Counts accepted requests per account; refused ones do not prolong the refusal."""

    def __init__(self) -> None:
        self._accepted: defaultdict[str, deque[datetime]] = defaultdict(deque)

    def admit(self, key: str, limit: int, now: datetime) -> bool:
        """Count one request of `key`, or return False when `limit` were already counted in the last 60 s."""
        times = self._forget_old(key, now)
        if len(times) >= limit:
            return False
        times.append(now)
        return True

    def seconds_to_wait(self, key: str, now: datetime) -> int:
        """Whole seconds until the oldest counted request leaves the window, at least 1."""
        times = self._forget_old(key, now)
        return max(1, int((times[0] + WINDOW - now).total_seconds()) + 1) if times else 1

    def forget(self, key: str) -> None:
        """Forget the counted requests of `key`."""
        self._accepted.pop(key, None)

    def _forget_old(self, key: str, now: datetime) -> deque[datetime]:
        times = self._accepted[key]
        while times and times[0] <= now - WINDOW:
            times.popleft()
        return times
