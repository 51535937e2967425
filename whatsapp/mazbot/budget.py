"""The request budget of a MazBot account, shared by all processes through Valkey.

Every request reserves a time slot; slots are slightly more than 60/limit seconds apart, so there are no bursts. A
request counts against the limit from its slot until 60 seconds after its answer, because it can have reached MazBot
at any moment in between: even on a slow network no sliding window of 60 seconds has more arrivals than the limit.
"""

import logging
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import cast

import redis

from .budget_scripts import FINISH, PENALIZE, READING, RESERVE
from .errors import BudgetExhausted, ErrorKind, MazBotError
from .lane import DEFAULT_DEADLINES, Lane

logger = logging.getLogger(__name__)

SECOND = 1_000_000  # the scripts count in microseconds
MINUTE = 60.0  # MazBot counts requests per minute
# The extra distance between slots: a Valkey that dies with `appendfsync everysec` loses one second of the state.
HEADROOM = 1 / 60
# How far ahead a slot is granted: enough to hide the round trip and a late wake-up, too little to delay a person.
MIN_HORIZON, MAX_HORIZON = SECOND // 20, SECOND // 4
PATIENCE = 1 * SECOND  # a waiter comes back at least this often
GRACE = 3 * SECOND // 10  # how late it may come before it loses its place
LONGEST_PAUSE = 15 * 60 * SECOND


@dataclass(frozen=True, slots=True)
class Slot:
    """A granted request: it may be sent now; `finish` or `penalize` must be called when it is over."""

    id: str
    at: int  # microseconds of the Valkey server's clock

    @property
    def flight(self) -> str:
        return f"{self.at}:{self.id}"


@dataclass(frozen=True, slots=True)
class BudgetUsage:
    """The state of an account's budget; `waiting` counts the requests waiting now, by priority.

    `limit` is the one last used, 0 for an account that has sent nothing yet.
    """

    limit: int
    granted_last_minute: int
    waiting: dict[Lane, int]
    paused_until: datetime | None


class RequestBudget:
    """The budget of the account `account`: at most `limit` requests in any `window` seconds, over all processes.

    `longest_request` (seconds) bounds how long a request may take: the slot of a process that died counts for that
    long.
    """

    def __init__(
        self,
        valkey: redis.Redis,
        account: str,
        *,
        limit: int,
        longest_request: float = 30.0,
        window: float = MINUTE,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.limit = max(1, limit)
        self._keys = _keys(account)
        self._longest = int(longest_request * SECOND)
        self._window = int(window * SECOND)
        self._spacing = int(self._window * (1 + HEADROOM) / self.limit) + 1
        self._horizon = min(max(self._spacing // 4, MIN_HORIZON), MAX_HORIZON)
        self._sleep = sleep
        self._reserve = valkey.register_script(RESERVE)
        self._finish = valkey.register_script(FINISH)
        self._penalize = valkey.register_script(PENALIZE)

    def reserve(self, *, priority: Lane, deadline: float | None = None) -> Slot:
        """Wait for a slot, at most `deadline` seconds (None: the priority's default).

        Raises BudgetExhausted as soon as it is clear that no slot comes in time, MazBotError (`unavailable`) if Valkey
        cannot be reached.
        """
        patience = DEFAULT_DEADLINES[priority] if deadline is None else deadline
        give_up = time.monotonic() + patience
        waiter = uuid.uuid4().hex
        while True:
            remaining = max(0, int((give_up - time.monotonic()) * SECOND))
            verdict, wait, detail = self._ask(waiter, priority, remaining)
            if verdict < 0:
                raise _exhausted(patience, detail / SECOND)
            if wait > 0:
                self._sleep(wait / SECOND)
            if verdict > 0:
                return Slot(waiter, detail)

    def finish(self, slot: Slot) -> None:
        """Release the slot of a request that got an answer other than 429, or none."""
        try:
            self._finish(keys=self._keys[:2], args=[slot.flight, slot.at, self._window])
        except redis.RedisError as problem:
            logger.warning("The request budget could not record an answer: %s", type(problem).__name__)

    def penalize(self, slot: Slot, retry_after: float | None = None) -> float:
        """Pause the whole account after a 429 for `retry_after` seconds.

        None: for one window, doubled each time a 429 follows right after a pause.
        Returns the seconds until the pause ends.
        """
        microseconds = (
            -1 if retry_after is None else int(min(max(retry_after, 1.0), LONGEST_PAUSE / SECOND) * SECOND)
        )
        try:
            pause = self._penalize(
                keys=self._keys[:2], args=[slot.flight, slot.at, self._window, microseconds, LONGEST_PAUSE]
            )
        except redis.RedisError as problem:
            logger.warning("The request budget could not be paused: %s", type(problem).__name__)
            return self._window / SECOND if retry_after is None else retry_after
        return cast(int, pause) / SECOND

    def _ask(self, waiter: str, priority: Lane, remaining: int) -> tuple[int, int, int]:
        args: list[bytes | bytearray | memoryview[int] | str | int | float] = [
            waiter,
            priority + 1,
            self.limit,
            self._spacing,
            self._window,
            self._longest,
            self._horizon,
            PATIENCE,
            GRACE,
            remaining,
        ]
        try:
            verdict, wait, detail = cast(list[int], self._reserve(keys=self._keys, args=args))
        except redis.RedisError as problem:
            name = type(problem).__name__
        else:
            return verdict, wait, detail
        raise MazBotError(ErrorKind.UNAVAILABLE, f"the request budget cannot be reached ({name})")


def budget_usage(valkey: redis.Redis, account: str, *, window: float = MINUTE) -> BudgetUsage:
    """The budget's state of the account with this key, for diagnosis. Raises redis.RedisError."""
    answer = cast(
        list[int], valkey.register_script(READING)(keys=_keys(account), args=[int(window * SECOND)])
    )
    limit, granted, pause, *waiting = answer
    return BudgetUsage(
        limit=limit,
        granted_last_minute=granted,
        waiting=dict(zip(sorted(Lane), waiting, strict=True)),
        paused_until=datetime.now(UTC) + timedelta(microseconds=pause) if pause else None,
    )


def _keys(account: str) -> list[str]:
    """The keys the scripts work on; the braces keep them on one node of a cluster."""
    base = f"mazbot:{{{account}}}:budget"
    return [base, f"{base}:flights", *(f"{base}:waiting:{priority.value}" for priority in sorted(Lane))]


def _exhausted(patience: float, wait: float) -> BudgetExhausted:
    return BudgetExhausted(
        message=f"no request slot within {patience:.0f} s; the next one is free in about {wait:.0f} s",
        retry_after=wait,
        free_at=datetime.now(UTC) + timedelta(seconds=wait),
    )
