"""How soon the pages of one reseller are notified of a change: a few at once, a crowd one after the other.

Each page fetches what changed. A thousand pages that do so together, at every change, would take the whole machine from
everyone else; the more pages a reseller has open, the less often each of them is notified.
"""

import time
from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

#: Pages notified at once after a calm, and a second afterwards: of one reseller, in one process.
AT_ONCE = 8
PER_SECOND = 12.0


class Waiting(Protocol):
    """What waits for its turn."""

    def tell(self) -> None:
        """Its turn has come."""


One = TypeVar("One", bound=Waiting)


class Pace(Generic[One]):
    """The queue of one reseller: who hears of a change while waiting keeps the place, and hears of all in one."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._queue: dict[One, None] = {}
        self._turns, self._counted = float(AT_ONCE), clock()

    def add(self, one: One) -> None:
        """Queue up, unless it already waits."""
        self._queue.setdefault(one, None)

    def leave(self, one: One) -> None:
        """Forget it."""
        self._queue.pop(one, None)

    def waits(self, one: One) -> bool:
        """Whether it is queued."""
        return one in self._queue

    def release(self) -> float | None:
        """Tell those whose turn has come; seconds until the next turn, None when no one waits."""
        now = self._clock()
        self._turns = min(AT_ONCE, self._turns + (now - self._counted) * PER_SECOND)
        self._counted = now
        while self._queue and self._turns >= 1:
            one = next(iter(self._queue))
            del self._queue[one]
            self._turns -= 1
            one.tell()
        return (1 - self._turns) / PER_SECOND if self._queue else None
