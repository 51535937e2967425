"""How soon drops are read on a scripted day, against asking every number in turn; with the product's own choices.

What to ask next comes from `candidates`, answers are stored by the code that stores a sweep's; only time is simulated.
"""

from bisect import bisect_left
from collections import deque
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from statistics import fmean

from django.db import connection

from benchmarks.results import Result
from benchmarks.rows import analyze, big_reseller
from benchmarks.sweeps import day as script
from centers.tenancy.scoping import tenant
from whatsapp.mazbot import CheckResult
from whatsapp.mazbot.budget import HEADROOM
from whatsapp.mazbot.lane import FLOORS, Lane
from whatsapp.mazbot.results import ConnectionStatus
from whatsapp.models import Connection, Instance, MazbotAccount
from whatsapp.monitoring.batches import FLUSH_CHANGED, Batch, cycle_seconds, take
from whatsapp.monitoring.candidates import candidates, ceiling_seconds
from whatsapp.monitoring.deciding import CONFIRM_AFTER
from whatsapp.monitoring.dispatcher.accounts import AHEAD
from whatsapp.monitoring.dispatcher.planning import REPLAN_SECONDS
from whatsapp.monitoring.results import Outcome, record_outcomes
from whatsapp.monitoring.rows import Asked, write_unchanged

SPACING = 60.0 / script.LIMIT * (1 + HEADROOM)
_AHEAD = int(AHEAD / SPACING) + 1

#: Seconds at which each number was read, in order.
Readings = list[list[float]]


def measure() -> list[Result]:
    """Mean time from a drop to the reading after it, and the oldest that any number became."""
    day = script.Day()
    ours, turns = Sweep(day).run(), in_turn()
    ceiling = ceiling_seconds(script.NUMBERS, script.LIMIT)
    kinds = {
        kind: _delay(day, ours, kind) / _delay(day, turns, kind) for kind in ("flapping", "outage", "steady")
    }
    by_kind = ", ".join(f"{kind} {ratio:.2f}" for kind, ratio in kinds.items())
    return [
        Result(
            "sweep.detect",
            _delay(day, ours) / _delay(day, turns),
            0.75,
            "of asking in turn",
            f"scripted day, 500 numbers at 60/min: mean drop to reading / that of asking in turn with the whole "
            f"budget ({by_kind})",
            at_most=True,
        ),
        Result(
            "sweep.worst",
            max(map(_longest, ours)) / ceiling,
            1.0,
            "of the ceiling",
            f"the same day: the oldest that any number became / the ceiling of {ceiling / 60:.0f} min",
            at_most=True,
        ),
    ]


def in_turn() -> Readings:
    """Every number in turn, with all requests."""
    cycle = SPACING * script.NUMBERS
    return [
        [number * SPACING + cycle * turn for turn in range(int(script.SECONDS / cycle) + 1)]
        for number in range(script.NUMBERS)
    ]


@dataclass
class Sweep:
    """The day of one account, slot by slot."""

    day: script.Day
    readings: Readings = field(default_factory=lambda: [[] for _ in range(script.NUMBERS)])
    second: float = 0.0
    usage: int = 0
    credit: float = 0.0
    asking: deque[Asked] = field(default_factory=deque)
    planned_at: float = 0.0
    plan_again_at: float = 0.0
    waiting: list[Outcome] = field(default_factory=list)
    write_at: float | None = None

    def run(self) -> Readings:
        """Sweep from midnight to midnight."""
        self._furnish()
        hour = -1
        with tenant(self.reseller), connection.cursor() as cursor:
            # A crash of the database is not measured here.
            cursor.execute("SET synchronous_commit = off")
            while self.second < script.SECONDS:
                if int(self.second // 3600) > hour:
                    hour += 1
                    self.usage += self.day.usage_due(hour)
                if not self._goes_to_usage():
                    self._ask_one()
                self.second += SPACING
            cursor.execute("SET synchronous_commit = on")
        return self.readings

    def _furnish(self) -> None:
        self.reseller, _owner = big_reseller("day", centers=script.NUMBERS // 5, numbers=script.NUMBERS)
        now = datetime.now(UTC)
        self.begin = now.replace(hour=0, minute=0, second=0, microsecond=0)
        with tenant(self.reseller):
            self.account = MazbotAccount.objects.get()
            self.pks = list(Instance.objects.order_by("center__name", "pk").values_list("pk", flat=True))
            self.place = {pk: place for place, pk in enumerate(self.pks)}
            for place, pk in enumerate(self.pks):
                Instance.objects.filter(pk=pk).update(
                    connection=Connection.CONNECTED,
                    connection_since=self.begin - timedelta(days=2),
                    first_connected_at=self.begin - timedelta(days=2),
                    last_seen=None,
                    checked_at=self.begin - timedelta(seconds=SPACING * (script.NUMBERS - place)),
                    next_check_at=self.begin,
                )
        analyze()

    def _goes_to_usage(self) -> bool:
        """As the budget shares its slots while both lanes wait."""
        if self.usage == 0:
            return False
        if self.credit >= 1:
            self.credit -= 1
            return False
        share = FLOORS[Lane.SWEEP]
        self.credit = min(self.credit + share / (1 - share), 2)
        self.usage -= 1
        return True

    def _ask_one(self) -> None:
        if self.write_at is not None and self.second >= self.write_at:
            self._write()
            self.plan_again_at = min(self.plan_again_at, self.second + CONFIRM_AFTER.total_seconds())
        if self.second >= self.plan_again_at or len(self.asking) <= _AHEAD // 2:
            self._plan()
        if not self.asking:
            return
        instance = self.asking.popleft()
        place = self.place[instance.pk]
        self.readings[place].append(self.second)
        self._store(instance, self.day.is_down(place, self.second))

    def _plan(self) -> None:
        self._write()
        self.asking = deque(
            candidates(
                reseller_id=self.reseller.pk,
                now=self._now(),
                shown=[self.pks[place] for place in self.day.shown(self.second)],
                ceiling=ceiling_seconds(script.NUMBERS, script.LIMIT),
                busy=[],
                most=_AHEAD,
            )
        )
        self.plan_again_at = self.second + REPLAN_SECONDS

    def _store(self, instance: Asked, down: bool) -> None:
        status = ConnectionStatus.DISCONNECTED if down else ConnectionStatus.CONNECTED
        batch = Batch(
            account=self.account,
            reseller=self.reseller,
            interval=cycle_seconds(script.NUMBERS, script.LIMIT),
            alarms=True,
            report=lambda _instance, _why: None,
            started=self._now(),
        )
        take(batch, instance, CheckResult(status, status.value, None))
        self.waiting += batch.waiting
        if batch.urgent and self.write_at is None:
            self.write_at = self.second + FLUSH_CHANGED

    def _write(self) -> None:
        unchanged = [outcome for outcome in self.waiting if outcome.unchanged]
        stored = write_unchanged(unchanged) if unchanged else set()
        left = [replace(one, unchanged=False) for one in self.waiting if one.instance_pk not in stored]
        record_outcomes(reseller=self.reseller, outcomes=left)
        self.waiting, self.write_at = [], None

    def _now(self) -> datetime:
        return self.begin + timedelta(seconds=self.second)


def _delay(day: script.Day, readings: Readings, kind: str = "") -> float:
    """Mean seconds from a drop to the next reading of its number; without drops that the day ends before."""
    waits = []
    for drop in day.drops():
        place = bisect_left(readings[drop.number], drop.at)
        if place < len(readings[drop.number]) and kind in ("", drop.kind):
            waits.append(readings[drop.number][place] - drop.at)
    return fmean(waits)


def _longest(moments: list[float]) -> float:
    """The longest time between two readings."""
    return max(
        later - earlier for earlier, later in zip([0.0, *moments], [*moments, script.SECONDS], strict=True)
    )
