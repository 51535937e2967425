"""Taking readings over: what is plain is merged in bulk, what is odd is kept beside it with a flag."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection, transaction
from django.db.models import F, Q

from billing.flagged import check_flagged
from billing.models import DOUBTS, AccountReading, BillingPeriod, UsageDay, UsageReading
from billing.odd_notes import odd_note
from billing.periods import local_day
from billing.plausibility import NOTHING, Plausibility
from centers import live
from whatsapp.mazbot import MainAccountUsage, OddField, Usage
from whatsapp.models import Instance, MazbotAccount

Flag = UsageReading.Flag
_FOR_MAZBOT = (*DOUBTS, Flag.ODD)  # MazBot may take these back by answering better
_Counts = tuple[int, int, int, Decimal]
_Figures = tuple[int | None, int | None, int | None, Decimal | None]
_PLACES = Decimal(1).scaleb(-10)
NO_USAGE = Usage(total_sent=0, total_received=0, failed_messages=0, total_cost=Decimal(0))

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
    (reseller_id, center_id, instance_id, day, sent, received, failed, cost, currency, read_at, flag, note, resolution)
SELECT %s, center, instance, day, sent, received, failed, cost, %s, read_at, flag, note, ''
  FROM unnest(%s::bigint[], %s::bigint[], %s::date[], %s::bigint[], %s::bigint[], %s::bigint[], %s::numeric[],
              %s::timestamptz[], %s::text[], %s::text[])
    AS odd (center, instance, day, sent, received, failed, cost, read_at, flag, note)
ON CONFLICT (instance_id, day, flag) WHERE resolved_at IS NULL AND NOT (flag = '')
DO UPDATE SET sent = excluded.sent, received = excluded.received, failed = excluded.failed,
              cost = excluded.cost, read_at = excluded.read_at, note = excluded.note
"""


@dataclass(frozen=True, slots=True)
class Reading:
    """MazBot's answer for one number and day; `asked_at` is when the question was sent."""

    instance: Instance
    day: date
    usage: Usage
    asked_at: datetime

    @property
    def figures(self) -> _Figures:
        """Sent, received, failed and cost, the cost at the ten decimals that are stored; None: cannot be read."""
        own = self.usage
        cost = None if own.total_cost is None else own.total_cost.quantize(_PLACES)
        return own.total_sent, own.total_received, own.failed_messages, cost

    @property
    def counts(self) -> _Counts:
        """The figures of a reading that has them all."""
        sent, received, failed, cost = self.figures
        if sent is None or received is None or failed is None or cost is None:
            raise ValueError("a figure of this reading cannot be read")
        return sent, received, failed, cost


@dataclass(slots=True)
class _Sorted:
    """Readings by what is to be done with them."""

    new: list[Reading]
    changed: list[Reading]
    same: list[int]  # ids of usage days
    flagged: list[tuple[Reading, int, str]]  # reading, center id, flag
    corrected: list[tuple[int, date, str]]  # open flags of these days are over, but for that one


def merge(account: MazbotAccount, readings: Iterable[Reading], *, now: datetime) -> None:
    """Take a batch over in one transaction: a handful of statements, however many readings.

    Counts only ever grow automatically. A reading below what was accepted, one that prices don't explain, one for a
    day to come, and one that changes an invoiced day are kept with a flag (see UsageReading); a reading that was
    asked for before the one we have is ignored. One that lacks a figure is flagged too; its day is taken over only
    where just `received` is missing, which costs nothing.
    """
    batch = list(readings)
    if not batch:
        return
    today = local_day(now, ZoneInfo(account.time_zone))
    with transaction.atomic():
        known = _lock_known(batch)
        whole = [_with_received(reading, known) for reading in batch if reading.usage.is_billable]
        found = _sort(whole, known, _closed(batch, known), today, Plausibility(account))
        found.flagged = _undecided([*found.flagged, *_odd(batch, known, today)])
        _insert(account, found.new)
        _update(found.changed)
        UsageDay.objects.filter(pk__in=found.same).update(read_at=now, repeats=F("repeats") + 1)
        _flag(account, found.flagged)
        if _correct(found.corrected, now) or any(flag == Flag.IMPOSSIBLE for _r, _c, flag in found.flagged):
            check_flagged(account.reseller, now)
        touched = {reading.instance.center_id for reading in (*found.new, *found.changed)}
        if touched or found.flagged:
            live.publish(account.reseller_id, "billing", centers=tuple(sorted(touched)))


def merge_account(
    account: MazbotAccount, day: date, usage: MainAccountUsage, *, now: datetime, is_today: bool
) -> tuple[OddField, ...]:
    """Keep the main account's day, and return what of it could not be read.

    Its quota counts only when the day is today, because it is the quota of now.
    """
    odd = tuple(field for field in usage.odd if is_today or field.name != "available_quota")
    values = {
        "sent": usage.total_sent,
        "received": usage.total_received,
        "failed": usage.failed_messages,
        "cost": None if usage.total_cost is None else usage.total_cost.quantize(_PLACES),
        "currency": account.cost_currency,
        "read_at": now,
        "odd": odd_note(odd),
    }
    if is_today:
        values["available_quota"] = usage.available_quota
        values["quota_is_unlimited"] = usage.quota_is_unlimited
    AccountReading.objects.update_or_create(reseller_id=account.reseller_id, day=day, defaults=values)
    return odd


def _with_received(reading: Reading, known: dict[tuple[int, date], UsageDay]) -> Reading:
    """What was received is told to people only: where it cannot be read, what was known of it stays."""
    if reading.usage.total_received is not None:
        return reading
    row = known.get((reading.instance.pk, reading.day))
    return replace(reading, usage=replace(reading.usage, total_received=row.received if row else 0))


def _odd(
    batch: list[Reading], known: dict[tuple[int, date], UsageDay], today: date
) -> list[tuple[Reading, int, str]]:
    """Readings that lack a figure, with the center that had the number on that day."""
    found: list[tuple[Reading, int, str]] = []
    for reading in batch:
        row = known.get((reading.instance.pk, reading.day))
        if reading.usage.odd and reading.day <= today and (row is None or row.read_at <= reading.asked_at):
            found.append((reading, row.center_id if row else reading.instance.center_id, Flag.ODD))
    return found


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
    prices: Plausibility,
) -> _Sorted:
    found = _Sorted([], [], [], [], [])
    for reading in batch:
        row = known.get((reading.instance.pk, reading.day))
        center_id = row.center_id if row else reading.instance.center_id
        late = any(first <= reading.day < end for first, end in closed.get(center_id, ()))
        if reading.day > today:
            found.flagged.append((reading, center_id, Flag.FUTURE))
        elif row is None:
            _sort_new(found, reading, center_id, late=late, prices=prices)
        elif row.read_at <= reading.asked_at:
            _sort_known(found, reading, row, late=late, past=reading.day < today, prices=prices)
    return found


def _sort_new(found: _Sorted, reading: Reading, center_id: int, *, late: bool, prices: Plausibility) -> None:
    if not prices.explains(reading.counts, NOTHING, reading.instance.center.country_id, reading.day):
        # The day counts as read, with nothing on it, until staff decide.
        found.new.append(replace(reading, usage=NO_USAGE))
        found.flagged.append((reading, center_id, Flag.IMPOSSIBLE))
        _corrected(found, reading, Flag.IMPOSSIBLE)
        return
    found.new.append(reading)
    _corrected(found, reading)
    if late and any(reading.counts):
        found.flagged.append((reading, center_id, Flag.LATE))


def _sort_known(
    found: _Sorted, reading: Reading, row: UsageDay, *, late: bool, past: bool, prices: Plausibility
) -> None:
    accepted = (row.sent, row.received, row.failed, row.cost)
    doubt = ""
    if reading.counts != accepted:
        explained = prices.explains(reading.counts, accepted, reading.instance.center.country_id, row.day)
        down = Flag.DECREASED if _went_down(reading.counts, accepted) else ""
        doubt = down if explained else Flag.IMPOSSIBLE
    _corrected(found, reading, doubt)
    if doubt:
        found.flagged.append((reading, row.center_id, doubt))
    if doubt or reading.counts == accepted:
        found.same.append(row.pk)
    else:
        found.changed.append(reading)
        if late or past:
            found.flagged.append((reading, row.center_id, Flag.LATE if late else Flag.NONE))


def _corrected(found: _Sorted, reading: Reading, doubt: str = "") -> None:
    if not reading.usage.odd:
        found.corrected.append((reading.instance.pk, reading.day, doubt))


def _went_down(new: _Counts, old: _Counts) -> bool:
    return new[0] < old[0] or new[1] < old[1] or new[2] < old[2] or new[3] < old[3]


def _undecided(flagged: list[tuple[Reading, int, str]]) -> list[tuple[Reading, int, str]]:
    """Without those that staff dismissed already: MazBot saying the same again must not ask them again.

    Any other answer about the day since then, be it odd or plain growth of a day that was over, ends that decision.
    """
    asking = [reading for reading, _center, flag in flagged if flag in _FOR_MAZBOT]
    if not asking:
        return flagged
    rows = UsageReading.objects.filter(
        instance__in={row.instance.pk for row in asking}, day__in={row.day for row in asking}
    )
    last = {(row.instance_id, row.day): row for row in rows.order_by("pk")}
    dismissed = {
        (*place, row.flag, row.sent, row.received, row.failed, row.cost)
        for place, row in last.items()
        if row.flag in _FOR_MAZBOT and row.resolution == UsageReading.Resolution.DISMISSED
    }
    return [
        (reading, center, flag)
        for reading, center, flag in flagged
        if (reading.instance.pk, reading.day, flag, *reading.figures) not in dismissed
    ]


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
        notes = [odd_note(reading.usage.odd) for reading in readings]
        _execute(
            _FLAG, [account.reseller_id, account.cost_currency, centers, *_columns(readings), flags, notes]
        )


def _correct(days: list[tuple[int, date, str]], now: datetime) -> int:
    """MazBot says something else of these days, with every figure: their open flags are over, but for the one named.

    How many were open.
    """
    if not days:
        return 0
    over = Q()
    for instance_id, day, flag in days:
        over |= Q(instance_id=instance_id, day=day) & ~Q(flag=flag)
    return UsageReading.objects.filter(over, flag__in=_FOR_MAZBOT, resolved_at=None).update(
        resolved_at=now, resolution=UsageReading.Resolution.SUPERSEDED
    )


def _columns(readings: list[Reading]) -> list[list[Any]]:
    """Number, day, the four counts and the moment, as one array each."""
    rows = [(r.instance.pk, r.day, *r.figures, r.asked_at) for r in readings]
    return [list(column) for column in zip(*rows, strict=True)]


def _execute(statement: str, values: list[Any]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
