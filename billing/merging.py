"""Taking readings over: what is plain is merged in bulk, what is odd is kept beside it with a flag."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection, transaction
from django.db.models import F, Q

from billing.models import AccountReading, BillingPeriod, UsageDay, UsageReading
from billing.periods import local_day
from centers import live
from whatsapp.mazbot import MainAccountUsage, Usage
from whatsapp.models import Instance, MazbotAccount

Flag = UsageReading.Flag
_Counts = tuple[int, int, int, Decimal]
_PLACES = Decimal(1).scaleb(-10)

_INSERT = """
INSERT INTO billing_usageday
    (reseller_id, center_id, instance_id, day, sent, received, failed, cost, currency, first_read_at, read_at, repeats)
SELECT %s, center, instance, day, sent, received, failed, cost, %s, read_at, read_at, 0
  FROM unnest(%s::bigint[], %s::bigint[], %s::date[], %s::bigint[], %s::bigint[], %s::bigint[], %s::numeric[],
              %s::timestamptz[])
    AS fresh (center, instance, day, sent, received, failed, cost, read_at)
ON CONFLICT (instance_id, day) DO NOTHING
"""
_UPDATE = """
UPDATE billing_usageday AS old
   SET sent = fresh.sent, received = fresh.received, failed = fresh.failed, cost = fresh.cost,
       read_at = fresh.read_at
  FROM unnest(%s::bigint[], %s::date[], %s::bigint[], %s::bigint[], %s::bigint[], %s::numeric[],
              %s::timestamptz[])
    AS fresh (instance, day, sent, received, failed, cost, read_at)
 WHERE old.instance_id = fresh.instance AND old.day = fresh.day
"""
# One open flag per number, day and kind: the same odd answer again only brings it up to date.
_FLAG = """
INSERT INTO billing_usagereading
    (reseller_id, center_id, instance_id, day, sent, received, failed, cost, currency, read_at, flag, resolution)
SELECT %s, center, instance, day, sent, received, failed, cost, %s, read_at, flag, ''
  FROM unnest(%s::bigint[], %s::bigint[], %s::date[], %s::bigint[], %s::bigint[], %s::bigint[], %s::numeric[],
              %s::timestamptz[], %s::text[])
    AS odd (center, instance, day, sent, received, failed, cost, read_at, flag)
ON CONFLICT (instance_id, day, flag) WHERE resolved_at IS NULL AND NOT (flag = '')
DO UPDATE SET sent = excluded.sent, received = excluded.received, failed = excluded.failed,
              cost = excluded.cost, read_at = excluded.read_at
"""


@dataclass(frozen=True, slots=True)
class Reading:
    """MazBot's answer for one number and day; `asked_at` is when the question was sent."""

    instance: Instance
    day: date
    usage: Usage
    asked_at: datetime

    @property
    def counts(self) -> _Counts:
        """Sent, received, failed and cost, the cost at the ten decimals that are stored."""
        own = self.usage
        cost = own.total_cost.quantize(_PLACES)
        return own.total_sent, own.total_received, own.failed_messages, cost


@dataclass(slots=True)
class _Sorted:
    """Readings by what is to be done with them."""

    new: list[Reading]
    changed: list[Reading]
    same: list[int]  # ids of usage days
    flagged: list[tuple[Reading, int, str]]  # reading, center id, flag
    corrected: list[tuple[int, date]]  # an open "went down" is over


def merge(account: MazbotAccount, readings: Iterable[Reading], *, now: datetime) -> None:
    """Take a batch over in one transaction: a handful of statements, however many readings.

    Counts only ever grow by themselves. A reading below what was accepted, one for a day to come, and one that
    changes an invoiced day are kept with a flag (see UsageReading); a reading that was asked for before the one
    we have is ignored.
    """
    batch = list(readings)
    if not batch:
        return
    today = local_day(now, ZoneInfo(account.time_zone))
    with transaction.atomic():
        known = _lock_known(batch)
        found = _sort(batch, known, _closed(batch, known), today)
        found.flagged = _undecided(found.flagged)
        _insert(account, found.new)
        _update(found.changed)
        UsageDay.objects.filter(pk__in=found.same).update(read_at=now, repeats=F("repeats") + 1)
        _flag(account, found.flagged)
        _correct(found.corrected, now)
        touched = {reading.instance.center_id for reading in (*found.new, *found.changed)}
        if touched or found.flagged:
            live.publish(account.reseller_id, "billing", centers=tuple(sorted(touched)))


def merge_account(
    account: MazbotAccount, day: date, usage: MainAccountUsage, *, now: datetime, is_today: bool
) -> None:
    """Keep the main account's day; its quota only when the day is today, because it is the quota of now."""
    values = {
        "sent": usage.total_sent,
        "received": usage.total_received,
        "failed": usage.failed_messages,
        "cost": usage.total_cost.quantize(_PLACES),
        "currency": account.cost_currency,
        "read_at": now,
    }
    if is_today:
        values["available_quota"] = usage.available_quota
    AccountReading.objects.update_or_create(reseller_id=account.reseller_id, day=day, defaults=values)


def _lock_known(batch: list[Reading]) -> dict[tuple[int, date], UsageDay]:
    rows = UsageDay.objects.select_for_update(of=("self",)).filter(
        instance__in={reading.instance.pk for reading in batch}, day__in={reading.day for reading in batch}
    )
    return {(row.instance_id, row.day): row for row in rows.order_by("pk")}


def _closed(
    batch: list[Reading], known: dict[tuple[int, date], UsageDay]
) -> dict[int, list[tuple[date, date]]]:
    """The closed periods, as half-open ranges of days, of who has the numbers and of who had them on those days."""
    days = [reading.day for reading in batch]
    centers = {reading.instance.center_id for reading in batch} | {row.center_id for row in known.values()}
    rows = BillingPeriod.objects.filter(
        center__in=centers, voided_at=None, first_day__lte=max(days), end_day__gt=min(days)
    )
    found: dict[int, list[tuple[date, date]]] = {}
    for center_id, first, end in rows.values_list("center_id", "first_day", "end_day"):
        found.setdefault(center_id, []).append((first, end))
    return found


def _sort(
    batch: list[Reading],
    known: dict[tuple[int, date], UsageDay],
    closed: dict[int, list[tuple[date, date]]],
    today: date,
) -> _Sorted:
    found = _Sorted([], [], [], [], [])
    for reading in batch:
        row = known.get((reading.instance.pk, reading.day))
        center_id = row.center_id if row else reading.instance.center_id
        late = any(first <= reading.day < end for first, end in closed.get(center_id, ()))
        if reading.day > today:
            found.flagged.append((reading, center_id, Flag.FUTURE))
        elif row is None:
            found.new.append(reading)
            if late and any(reading.counts):
                found.flagged.append((reading, center_id, Flag.LATE))
        elif row.read_at <= reading.asked_at:
            _sort_known(found, reading, row, late=late, past=reading.day < today)
    return found


def _sort_known(found: _Sorted, reading: Reading, row: UsageDay, *, late: bool, past: bool) -> None:
    accepted = (row.sent, row.received, row.failed, row.cost)
    if reading.counts == accepted:
        found.same.append(row.pk)
        found.corrected.append((row.instance_id, row.day))
    elif _went_down(reading.counts, accepted):
        found.same.append(row.pk)
        found.flagged.append((reading, row.center_id, Flag.DECREASED))
    else:
        found.changed.append(reading)
        found.corrected.append((row.instance_id, row.day))
        if late or past:
            found.flagged.append((reading, row.center_id, Flag.LATE if late else Flag.NONE))


def _went_down(new: _Counts, old: _Counts) -> bool:
    return new[0] < old[0] or new[1] < old[1] or new[2] < old[2] or new[3] < old[3]


def _undecided(flagged: list[tuple[Reading, int, str]]) -> list[tuple[Reading, int, str]]:
    """Without those that staff dismissed already: MazBot saying the same again must not ask them again.

    Any other answer about the day since then, be it odd or plain growth of a day that was over, ends that decision.
    """
    down = [reading for reading, _center, flag in flagged if flag == Flag.DECREASED]
    if not down:
        return flagged
    rows = UsageReading.objects.filter(
        instance__in={row.instance.pk for row in down}, day__in={row.day for row in down}
    )
    last = {(row.instance_id, row.day): row for row in rows.order_by("pk")}
    dismissed = {
        (*place, row.sent, row.received, row.failed, row.cost)
        for place, row in last.items()
        if row.flag == Flag.DECREASED and row.resolution == UsageReading.Resolution.DISMISSED
    }
    return [item for item in flagged if (item[0].instance.pk, item[0].day, *item[0].counts) not in dismissed]


def _insert(account: MazbotAccount, readings: list[Reading]) -> None:
    if readings:
        centers = [reading.instance.center_id for reading in readings]
        _execute(_INSERT, [account.reseller_id, account.cost_currency, centers, *_columns(readings)])


def _update(readings: list[Reading]) -> None:
    if readings:
        _execute(_UPDATE, [*_columns(readings)])


def _flag(account: MazbotAccount, flagged: list[tuple[Reading, int, str]]) -> None:
    if flagged:
        readings = [reading for reading, _center, _flag in flagged]
        centers = [center for _reading, center, _flag in flagged]
        flags = [str(flag) for _reading, _center, flag in flagged]
        _execute(_FLAG, [account.reseller_id, account.cost_currency, centers, *_columns(readings), flags])


def _correct(days: list[tuple[int, date]], now: datetime) -> None:
    """MazBot is back at, or above, what was accepted: the open "went down" of these days is over."""
    if not days:
        return
    same = Q()
    for instance_id, day in days:
        same |= Q(instance_id=instance_id, day=day)
    UsageReading.objects.filter(same, flag=Flag.DECREASED, resolved_at=None).update(
        resolved_at=now, resolution=UsageReading.Resolution.SUPERSEDED
    )


def _columns(readings: list[Reading]) -> list[list[Any]]:
    """Number, day, the four counts and the moment, as one array each."""
    rows = [(r.instance.pk, r.day, *r.counts, r.asked_at) for r in readings]
    return [list(column) for column in zip(*rows, strict=True)]


def _execute(statement: str, values: list[Any]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
