"""What a dispatcher knows about one account that it sweeps."""

import math
import time
import uuid
from collections import deque
from dataclasses import dataclass, field

from centers import clock
from centers.models import Reseller
from centers.queue.job_runs import RunRecorder
from whatsapp.accounts import client_for
from whatsapp.mazbot import MazBot
from whatsapp.models import MazbotAccount
from whatsapp.monitoring.batches import Batch, Number, cycle_seconds
from whatsapp.monitoring.rows import Asked

#: Seconds of requests that are loaded ahead.
AHEAD = 30.0
_FIRST_GUESS = 0.5  # seconds that an answer takes, until one was seen
_SMOOTHING = 0.2
# An account waits this part of the horizon for others to share its round trip.
TOGETHER = 0.25
_SLOW = 1.5  # seconds; an account that answers later on average counts as slow


@dataclass(slots=True, eq=False)
class SweptAccount:
    """One account: what to ask, what is under way, and when to reserve again (times of time.monotonic()).

    Threads share it without a lock: each field is written by the one that its comment names.
    """

    row: MazbotAccount
    reseller: Reseller
    settings: tuple[object, ...] = ()  # as last seen by planning
    waiter: str = field(default_factory=lambda: uuid.uuid4().hex)
    # planning
    client: MazBot = field(init=False)  # by `take_over`
    slack: float = field(init=False)  # seconds that a reservation waits for those of others
    numbers: int = 0
    planned_at: float = -math.inf
    plan_again_at: float = 0.0
    counted_at: float = -math.inf
    planned_full: bool = False  # there was more than what was loaded
    asking: deque[Asked] = field(default_factory=deque)  # also taken from by slots
    is_on_screen: bool = False
    # slots
    reserve_at: float = 0.0
    # a pause, from the thread that finds a reason
    paused_until: float = 0.0
    preparing: bool = False
    login_faults: int = 0
    # slots counts what started, sending what ended
    started: int = 0
    ended: int = 0
    latency: float = _FIRST_GUESS
    # recording
    busy: set[int] = field(default_factory=set)  # sent, and not yet written
    batch: Batch = field(init=False)
    failures: list[tuple[str, str]] = field(default_factory=list)
    troubled: bool = True  # what is written about the account may say that something is wrong
    concluded_at: float = field(default_factory=time.monotonic)
    hinted_at: float = 0.0
    run: RunRecorder | None = None
    run_since: float = 0.0
    run_saved: float = -math.inf

    def __post_init__(self) -> None:
        self.take_over(self.row)
        self.new_batch()

    def take_over(self, row: MazbotAccount) -> None:
        """Go on with these settings."""
        self.row = row
        self.client = client_for(row)
        self.slack = TOGETHER * self.client.budget.horizon

    def new_batch(self) -> None:
        """Collect results from now on in a new batch."""
        self.batch = Batch(
            account=self.row,
            reseller=self.reseller,
            interval=cycle_seconds(self.numbers, self.row.rate_limit),
            alarms=self.row.failing_since is None,
            report=self.report,
            started=clock.now(),
        )

    def report(self, instance: Number, why: str) -> None:
        """Keep why a check failed for the record of the run."""
        if why:
            self.failures.append((instance.instance_id, why))

    @property
    def spacing(self) -> float:
        """Seconds between two requests."""
        return self.client.budget.spacing

    @property
    def most_ahead(self) -> int:
        """How many numbers to have at hand."""
        return max(2, min(400, math.ceil(AHEAD / self.spacing)))

    @property
    def most_under_way(self) -> int:
        """As many requests as the answers' latency needs to use the limit; a slow account gets no more threads."""
        return 2 + math.ceil(1.5 * self.latency / self.spacing)

    def took(self, seconds: float) -> None:
        """Note how long an answer took."""
        self.latency += _SMOOTHING * (seconds - self.latency)

    @property
    def is_slow(self) -> bool:
        """Whether it holds senders for much longer than others do."""
        return self.latency > _SLOW

    @property
    def under_way(self) -> int:
        """Requests whose answer is awaited."""
        return self.started - self.ended

    def is_paused(self) -> bool:
        """Whether no request may be sent now."""
        return time.monotonic() < self.paused_until

    def needs_login(self) -> bool:
        """Whether there is something to ask, and no token to ask it with."""
        return bool(self.asking) and not self.preparing and not self.client.is_prepared()

    def startable(self) -> int:
        """How many requests may be started now; none without a token: each would try to log in for itself."""
        if self.preparing or self.is_paused() or not self.asking or not self.client.is_prepared():
            return 0
        return min(len(self.asking), self.most_under_way - self.under_way)
