"""Storing MazBot's answers: plain ones are merged in bulk, odd ones are kept as flagged usage."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection, transaction
from django.db.models import F, Q

from billing.models import DOUBTS, AccountUsageRecord, BillingPeriod, FlaggedUsage, UsageRecord
from billing.periods import local_day
from billing.usage.flagged import check_flagged
from billing.usage.odd_notes import odd_note
from billing.usage.plausibility import Plausibility
from billing.usage.sorting import PLACES, Reading, sorted_readings
from centers import live
from whatsapp.mazbot import MainAccountUsage, OddField
from whatsapp.models import MazbotAccount

Flag = FlaggedUsage.Flag
_FOR_MAZBOT = (*DOUBTS, Flag.ODD)  # MazBot may resolve these by a better answer

_INSERT = """
INSERT INTO billing_usagerecord
    (reseller_id, center_id, instance_id, day, sent, received, failed, cost, currency, first_read_at, read_at, repeats)
SELECT %s, center, instance, day, sent, received, failed, cost, %s, read_at, read_at, 0
  FROM unnest(%s::bigint[], %s::bigint[], %s::date[], %s::bigint[], %s::bigint[], %s::bigint[], %s::numeric[],
              %s::timestamptz[])
    AS fresh (center, instance, day, sent, received, failed, cost, read_at)
ON CONFLICT (instance_id, day) DO NOTHING
"""
_UPDATE = """
UPDATE billing_usagerecord AS old
   SET sent = fresh.sent, received = fresh.received, failed = fresh.failed, cost = fresh.cost,
       read_at = fresh.read_at
  FROM unnest(%s::bigint[], %s::date[], %s::bigint[], %s::bigint[], %s::bigint[], %s::numeric[],
              %s::timestamptz[])
    AS fresh (instance, day, sent, received, failed, cost, read_at)
 WHERE old.instance_id = fresh.instance AND old.day = fresh.day
"""
# One open flag per number, day and kind: the same odd answer only updates it.
_FLAG = """
INSERT INTO billing_flaggedusage
    (reseller_id, center_id, instance_id, day, sent, received, failed, cost, currency, read_at, flag, note, resolution)
SELECT %s, center, instance, day, sent, received, failed, cost, %s, read_at, flag, note, ''
  FROM unnest(%s::bigint[], %s::bigint[], %s::date[], %s::bigint[], %s::bigint[], %s::bigint[], %s::numeric[],
              %s::timestamptz[], %s::text[], %s::text[])
    AS odd (center, instance, day, sent, received, failed, cost, read_at, flag, note)
ON CONFLICT (instance_id, day, flag) WHERE resolved_at IS NULL AND NOT (flag = '')
DO UPDATE SET sent = excluded.sent, received = excluded.received, failed = excluded.failed,
              cost = excluded.cost, read_at = excluded.read_at, note = excluded.note
"""


def merge(account: MazbotAccount, readings: Iterable[Reading], *, now: datetime) -> None:
    """Store a batch in one transaction with a handful of statements.

    Counts only ever grow automatically. An answer below what was accepted, one that prices don't explain, one for a
    future day, and one that changes an invoiced day are flagged (see FlaggedUsage); an answer requested before the
    stored one is ignored. One that lacks a figure is flagged too; its day is stored only if just `received` is
    missing, which costs nothing.
    """
    batch = list(readings)
    if not batch:
        return
    today = local_day(now, ZoneInfo(account.time_zone))
    with transaction.atomic():
        known = _lock_known(batch)
        whole = [_with_received(reading, known) for reading in batch if reading.usage.is_billable]
        found = sorted_readings(whole, known, _closed(batch, known), today, Plausibility(account))
        found.flagged = _undecided([*found.flagged, *_odd(batch, known, today)])
        _insert(account, found.new)
        _update(found.changed)
        UsageRecord.objects.filter(pk__in=found.same).update(read_at=now, repeats=F("repeats") + 1)
        _flag(account, found.flagged)
        if _correct(found.corrected, now) or any(flag == Flag.IMPOSSIBLE for _r, _c, flag in found.flagged):
            check_flagged(account.reseller, now)
        touched = {reading.instance.center_id for reading in (*found.new, *found.changed)}
        if touched or found.flagged:
            live.publish(account.reseller_id, "billing", centers=tuple(sorted(touched)))


def merge_account(
    account: MazbotAccount, day: date, usage: MainAccountUsage, *, now: datetime, is_today: bool
) -> tuple[OddField, ...]:
    """Store the main account's day, and return the fields that could not be read.

    The quota is the current one, so it is stored only if the day is today. If none is sent, or none that can be read,
    the previous one stays.
    """
    odd = tuple(field for field in usage.odd if is_today or field.name != "available_quota")
    values = {
        "sent": usage.total_sent,
        "received": usage.total_received,
        "failed": usage.failed_messages,
        "cost": None if usage.total_cost is None else usage.total_cost.quantize(PLACES),
        "currency": account.cost_currency,
        "read_at": now,
        "odd": odd_note(odd),
    }
    if is_today and (usage.quota_is_unlimited or usage.available_quota is not None):
        values["available_quota"] = usage.available_quota
        values["quota_is_unlimited"] = usage.quota_is_unlimited
    AccountUsageRecord.objects.update_or_create(reseller_id=account.reseller_id, day=day, defaults=values)
    return odd


def _with_received(reading: Reading, known: dict[tuple[int, date], UsageRecord]) -> Reading:
    """Received messages are only displayed: if their count cannot be read, the known one stays."""
    if reading.usage.total_received is not None:
        return reading
    row = known.get((reading.instance.pk, reading.day))
    return replace(reading, usage=replace(reading.usage, total_received=row.received if row else 0))


def _odd(
    batch: list[Reading], known: dict[tuple[int, date], UsageRecord], today: date
) -> list[tuple[Reading, int, str]]:
    """Answers that lack a figure, with the center that had the number on that day."""
    found: list[tuple[Reading, int, str]] = []
    for reading in batch:
        row = known.get((reading.instance.pk, reading.day))
        if reading.usage.odd and reading.day <= today and (row is None or row.read_at <= reading.asked_at):
            found.append((reading, row.center_id if row else reading.instance.center_id, Flag.ODD))
    return found


def _lock_known(batch: list[Reading]) -> dict[tuple[int, date], UsageRecord]:
    rows = UsageRecord.objects.select_for_update(of=("self",)).filter(
        instance__in={reading.instance.pk for reading in batch}, day__in={reading.day for reading in batch}
    )
    return {(row.instance_id, row.day): row for row in rows.order_by("pk")}


def _closed(
    batch: list[Reading], known: dict[tuple[int, date], UsageRecord]
) -> dict[int, list[tuple[date, date]]]:
    """The closed periods, as half-open ranges of days, of the numbers' centers now and on those days."""
    days = [reading.day for reading in batch]
    centers = {reading.instance.center_id for reading in batch} | {row.center_id for row in known.values()}
    rows = BillingPeriod.objects.filter(
        center__in=centers, voided_at=None, first_day__lte=max(days), end_day__gt=min(days)
    )
    found: dict[int, list[tuple[date, date]]] = {}
    for center_id, first, end in rows.values_list("center_id", "first_day", "end_day"):
        found.setdefault(center_id, []).append((first, end))
    return found


def _undecided(flagged: list[tuple[Reading, int, str]]) -> list[tuple[Reading, int, str]]:
    """Without answers that staff dismissed already: MazBot repeating one must not ask them again.

    Any other answer about the day since then, odd or plain growth of a past day, ends that decision.
    """
    asking = [reading for reading, _center, flag in flagged if flag in _FOR_MAZBOT]
    if not asking:
        return flagged
    rows = FlaggedUsage.objects.filter(
        instance__in={row.instance.pk for row in asking}, day__in={row.day for row in asking}
    )
    last = {(row.instance_id, row.day): row for row in rows.order_by("pk")}
    dismissed = {
        (*place, row.flag, row.sent, row.received, row.failed, row.cost)
        for place, row in last.items()
        if row.flag in _FOR_MAZBOT and row.resolution == FlaggedUsage.Resolution.DISMISSED
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
    """Resolve the open flags of these days, except the one named: MazBot sent other counts, with every figure.

    Return how many were open.
    """
    if not days:
        return 0
    over = Q()
    for instance_id, day, flag in days:
        over |= Q(instance_id=instance_id, day=day) & ~Q(flag=flag)
    return FlaggedUsage.objects.filter(over, flag__in=_FOR_MAZBOT, resolved_at=None).update(
        resolved_at=now, resolution=FlaggedUsage.Resolution.SUPERSEDED
    )


def _columns(readings: list[Reading]) -> list[list[Any]]:
    """Number, day, the four figures and the time, as one array each."""
    rows = [(r.instance.pk, r.day, *r.figures, r.asked_at) for r in readings]
    return [list(column) for column in zip(*rows, strict=True)]


def _execute(statement: str, values: list[Any]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
