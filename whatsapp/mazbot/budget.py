"""The request budget of a MazBot account, shared by all processes through Valkey.

Every request reserves a time slot; slots are slightly more than 60/limit seconds apart, so there are no bursts. A
person's may begin up to a quarter of that early, and the next one makes up for it. A request counts against the limit
from its slot until 60 seconds after its answer, because it can have reached MazBot at any moment in between: even on a
slow network no sliding window of 60 seconds has more arrivals than the limit.

An account whose MazBot does not answer costs itself only: a circuit opens and lets one request at a time probe.
"""

import logging
import time
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import cast

import redis

from .budget_scripts import FINISH, PENALIZE, READING, RESERVE
from .errors import BudgetExhausted, ErrorKind, MazBotError
from .lane import DEFAULT_DEADLINES, FLOORS, Lane
from .scripts import Script, as_sent, run

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
# The circuit: faults in a row that open it, and for how many slots it stays open at first and at most (doubled by each
# probe); never for longer than LONGEST_OPEN.
OPENING = 3
FIRST_OPEN, MOST_OPEN = 5, 120
LONGEST_OPEN = 120 * SECOND
# What each lane is credited with for a slot that another one takes while it waits.
_CREDITS = as_sent(FLOORS[lane] / (1 - FLOORS[lane]) for lane in sorted(Lane))


@dataclass(frozen=True, slots=True)
class Slot:
    """A granted request: it may be sent now; `finish` or `penalize` must be called when it is over."""

    id: str
    at: int  # microseconds of the Valkey server's clock

    @property
    def flight(self) -> str:
        return f"{self.at}:{self.id}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer to one try for slots: the slots, or when to try again. Times are seconds from now."""

    slots: tuple[Slot, ...] = ()
    starts: tuple[float, ...] = ()  # when each slot begins
    wait: float = 0.0
    estimate: float = 0.0
    gave_up: bool = False
    is_open: bool = False  # the circuit is open: MazBot does not answer


@dataclass(frozen=True, slots=True)
class BudgetUsage:
    """The state of an account's budget; `waiting` counts the requests waiting now, `last_hour` those sent, by lane.

    `limit` is the one last used, 0 for an account that has sent nothing yet. `open_until`: no requests but those of
    people until then, because MazBot does not answer.
    """

    limit: int
    granted_last_minute: int
    waiting: dict[Lane, int]
    last_hour: dict[Lane, int]
    paused_until: datetime | None
    open_until: datetime | None


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
        longest_request: float,
        window: float = MINUTE,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.limit = max(1, limit)
        self._keys = _keys(account)
        self._longest = int(longest_request * SECOND)
        self._window = int(window * SECOND)
        self._spacing = int(self._window * (1 + HEADROOM) / self.limit) + 1
        self._horizon = min(max(self._spacing // 4, MIN_HORIZON), MAX_HORIZON)
        self._open = [min(slots * self._spacing, LONGEST_OPEN) for slots in (FIRST_OPEN, MOST_OPEN)]
        self._sleep = sleep
        self._rules = as_sent(
            [self.limit, self._spacing, self._window, self._longest, self._horizon, PATIENCE, GRACE]
        )
        self._valkey = valkey
        self._penalize = valkey.register_script(PENALIZE)

    @property
    def spacing(self) -> float:
        """Seconds between two slots."""
        return self._spacing / SECOND

    @property
    def horizon(self) -> float:
        """How many seconds ahead of its beginning a slot is granted."""
        return self._horizon / SECOND

    def reserve(self, *, priority: Lane, deadline: float | None = None) -> Slot:
        """Wait for a slot, at most `deadline` seconds (None: the lane's default).

        Raises BudgetExhausted as soon as it is clear that no slot comes in time, MazBotError (`not_answering`) while
        the circuit is open, and MazBotError (`unavailable`) if Valkey cannot be reached.
        """
        patience = DEFAULT_DEADLINES[priority] if deadline is None else deadline
        give_up = time.monotonic() + patience
        waiter = uuid.uuid4().hex
        while True:
            verdict = self._try(waiter, priority, max(0.0, give_up - time.monotonic()))
            if verdict.is_open:
                raise _not_answering(verdict.estimate)
            if verdict.gave_up:
                raise _exhausted(patience, verdict.estimate)
            wait = verdict.starts[0] if verdict.slots else verdict.wait
            if wait > 0:
                self._sleep(wait)
            if verdict.slots:
                return verdict.slots[0]

    def attempt(self, waiter: str, *, lane: Lane, most: int = 1, deadline: float = 0.0) -> Script:
        """One try for up to `most` slots, to be sent by `run`; read its reply with `read_verdict`.

        The same `waiter` keeps its place in the queue from one try to the next; it is expected back for more.
        """
        return Script(RESERVE, self._keys, self._attempt(waiter, lane, deadline, most=most, stays=True))

    def finishing(self, ended: Iterable[tuple[Slot, bool]]) -> Script:
        """What `finish` does, for several requests (slot, whether MazBot failed), to be sent by `run`."""
        each = [item for slot, fault in ended for item in (slot.flight, slot.at, int(fault))]
        return Script(FINISH, self._keys[:2], [self._window, OPENING, *self._open, *each])

    def finish(self, slot: Slot, *, fault: bool = False) -> None:
        """Release the slot of a request that got an answer other than 429, or none.

        `fault`: no answer, or one that shows that MazBot itself is broken. OPENING of them in a row open the circuit.
        """
        try:
            run(self._valkey, [self.finishing([(slot, fault)])])
        except redis.RedisError as problem:
            logger.warning("The request budget could not record an answer: %s", type(problem).__name__)

    def penalize(self, slot: Slot, retry_after: float | None = None) -> float:
        """Pause the whole account after a 429 for `retry_after` seconds, at most LONGEST_PAUSE.

        None: for one window, doubled each time a 429 follows right after a pause.
        Returns the seconds until the pause ends.
        """
        microseconds = -1 if retry_after is None else int(max(retry_after, 1.0) * SECOND)
        try:
            pause = self._penalize(
                keys=self._keys[:2], args=[slot.flight, slot.at, self._window, microseconds, LONGEST_PAUSE]
            )
        except redis.RedisError as problem:
            logger.warning("The request budget could not be paused: %s", type(problem).__name__)
            return self._window / SECOND if retry_after is None else retry_after
        return cast(int, pause) / SECOND

    def _try(self, waiter: str, priority: Lane, remaining: float) -> Verdict:
        script = Script(RESERVE, self._keys, self._attempt(waiter, priority, remaining))
        try:
            (reply,) = run(self._valkey, [script])
        except redis.RedisError as problem:
            name = type(problem).__name__
        else:
            return read_verdict(reply, waiter)
        raise MazBotError(ErrorKind.UNAVAILABLE, f"the request budget cannot be reached ({name})")

    def _attempt(
        self, waiter: str, lane: Lane, remaining: float, *, most: int = 1, stays: bool = False
    ) -> list[str | int | float | bytes]:
        tried = int(remaining * SECOND), most, int(stays)
        return [waiter, int(lane) + 1, *self._rules, *tried, *_CREDITS]


def read_verdict(reply: Sequence[int], waiter: str) -> Verdict:
    """The reply to an attempt of this waiter."""
    kind, second, *rest = reply
    if kind == 1:
        slots = tuple(Slot(f"{waiter}{place}", at) for place, at in enumerate(rest, start=3))
        return Verdict(slots, tuple(max(0.0, (slot.at - second) / SECOND) for slot in slots))
    estimate = rest[0] / SECOND
    return Verdict(wait=second / SECOND, estimate=estimate, gave_up=kind < 0, is_open=kind == -2)


def budget_usage(valkey: redis.Redis, account: str, *, window: float = MINUTE) -> BudgetUsage:
    """The budget's state of the account with this key, for diagnosis. Raises redis.RedisError."""
    return budgets_usage(valkey, [account], window=window)[0]


def budgets_usage(
    valkey: redis.Redis, accounts: Iterable[str], *, window: float = MINUTE
) -> list[BudgetUsage]:
    """As `budget_usage` for several accounts in one round trip."""
    replies = run(valkey, [Script(READING, _keys(account), [int(window * SECOND)]) for account in accounts])
    return [_usage(reply) for reply in replies]


def _usage(reply: Sequence[int]) -> BudgetUsage:
    limit, granted, pause, still_open, *by_lane = reply
    lanes = sorted(Lane)
    return BudgetUsage(
        limit=limit,
        granted_last_minute=granted,
        waiting=dict(zip(lanes, by_lane[: len(lanes)], strict=True)),
        last_hour=dict(zip(lanes, by_lane[len(lanes) :], strict=True)),
        paused_until=_in(pause),
        open_until=_in(still_open),
    )


def _in(microseconds: int) -> datetime | None:
    return datetime.now(UTC) + timedelta(microseconds=microseconds) if microseconds else None


def _keys(account: str) -> list[bytes]:
    """The keys the scripts work on; the braces keep them on one node of a cluster."""
    base = f"mazbot:{{{account}}}:budget"
    waiting = (f"{base}:waiting:{lane.value}" for lane in sorted(Lane))
    return as_sent([base, f"{base}:flights", f"{base}:spent", *waiting])


def _exhausted(patience: float, wait: float) -> BudgetExhausted:
    return BudgetExhausted(
        message=f"no request slot within {patience:.0f} s; the next one is free in about {wait:.0f} s",
        retry_after=wait,
        free_at=datetime.now(UTC) + timedelta(seconds=wait),
    )


def _not_answering(wait: float) -> MazBotError:
    return MazBotError(
        ErrorKind.NOT_ANSWERING,
        f"MazBot did not answer the last requests of this account; the next one is sent in {wait:.0f} s",
        retry_after=wait,
    )
