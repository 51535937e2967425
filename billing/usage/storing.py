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
from billing.usage.sorting import PLACES, UsageAnswer, sort_answers
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


def merge(account: MazbotAccount, answers: Iterable[UsageAnswer], *, now: datetime) -> None:
    """Store a batch in one transaction with a handful of statements.

    Counts only ever grow automatically. An answer below what was accepted, one that prices don't explain, one for a
    future day, and one that changes an invoiced day are flagged (see FlaggedUsage); an answer requested before the
    stored one is ignored. One that lacks a figure is flagged too; its day is stored only if just `received` is
    missing, which costs nothing.
    """
    batch = list(answers)
    if not batch:
        return
    today = local_day(now, ZoneInfo(account.time_zone))
    with transaction.atomic():
        known = _lock_known(batch)
        whole = [_with_received(answer, known) for answer in batch if answer.usage.is_billable]
        result = sort_answers(whole, known, _closed(batch, known), today, Plausibility(account))
        result.flagged = _undecided([*result.flagged, *_odd(batch, known, today)])
        _insert(account, result.new)
        _update(result.changed)
        UsageRecord.objects.filter(pk__in=result.same).update(read_at=now, repeats=F("repeats") + 1)
        _flag(account, result.flagged)
        if _correct(result.corrected, now) or any(flag == Flag.IMPOSSIBLE for _r, _c, flag in result.flagged):
            check_flagged(account.reseller, now)
        touched = {answer.instance.center_id for answer in (*result.new, *result.changed)}
        if touched or result.flagged:
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


def _with_received(answer: UsageAnswer, known: dict[tuple[int, date], UsageRecord]) -> UsageAnswer:
    """Received messages are only displayed: if their count cannot be read, the known one stays."""
    if answer.usage.total_received is not None:
        return answer
    row = known.get((answer.instance.pk, answer.day))
    return replace(answer, usage=replace(answer.usage, total_received=row.received if row else 0))


def _odd(
    batch: list[UsageAnswer], known: dict[tuple[int, date], UsageRecord], today: date
) -> list[tuple[UsageAnswer, int, str]]:
    """Answers that lack a figure, with the center that had the number on that day."""
    flagged: list[tuple[UsageAnswer, int, str]] = []
    for answer in batch:
        row = known.get((answer.instance.pk, answer.day))
        if answer.usage.odd and answer.day <= today and (row is None or row.read_at <= answer.asked_at):
            flagged.append((answer, row.center_id if row else answer.instance.center_id, Flag.ODD))
    return flagged


def _lock_known(batch: list[UsageAnswer]) -> dict[tuple[int, date], UsageRecord]:
    rows = UsageRecord.objects.select_for_update(of=("self",)).filter(
        instance__in={answer.instance.pk for answer in batch}, day__in={answer.day for answer in batch}
    )
    return {(row.instance_id, row.day): row for row in rows.order_by("pk")}


def _closed(
    batch: list[UsageAnswer], known: dict[tuple[int, date], UsageRecord]
) -> dict[int, list[tuple[date, date]]]:
    """The closed periods, as half-open ranges of days, of the numbers' centers now and on those days."""
    days = [answer.day for answer in batch]
    centers = {answer.instance.center_id for answer in batch} | {row.center_id for row in known.values()}
    rows = BillingPeriod.objects.filter(
        center__in=centers, voided_at=None, first_day__lte=max(days), end_day__gt=min(days)
    )
    periods: dict[int, list[tuple[date, date]]] = {}
    for center_id, first, end in rows.values_list("center_id", "first_day", "end_day"):
        periods.setdefault(center_id, []).append((first, end))
    return periods


def _undecided(flagged: list[tuple[UsageAnswer, int, str]]) -> list[tuple[UsageAnswer, int, str]]:
    """Without answers that staff dismissed already: MazBot repeating one must not ask them again.

    Any other answer about the day since then, odd or plain growth of a past day, ends that decision.
    """
    asking = [answer for answer, _center, flag in flagged if flag in _FOR_MAZBOT]
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
        (answer, center, flag)
        for answer, center, flag in flagged
        if (answer.instance.pk, answer.day, flag, *answer.figures) not in dismissed
    ]


def _insert(account: MazbotAccount, answers: list[UsageAnswer]) -> None:
    if answers:
        centers = [answer.instance.center_id for answer in answers]
        _execute(_INSERT, [account.reseller_id, account.cost_currency, centers, *_columns(answers)])


def _update(answers: list[UsageAnswer]) -> None:
    if answers:
        _execute(_UPDATE, [*_columns(answers)])


def _flag(account: MazbotAccount, flagged: list[tuple[UsageAnswer, int, str]]) -> None:
    if flagged:
        answers = [answer for answer, _center, _flag in flagged]
        centers = [center for _answer, center, _flag in flagged]
        flags = [str(flag) for _answer, _center, flag in flagged]
        notes = [odd_note(answer.usage.odd) for answer in answers]
        _execute(
            _FLAG, [account.reseller_id, account.cost_currency, centers, *_columns(answers), flags, notes]
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


def _columns(answers: list[UsageAnswer]) -> list[list[Any]]:
    """Number, day, the four figures and the time, as one array each."""
    rows = [(r.instance.pk, r.day, *r.figures, r.asked_at) for r in answers]
    return [list(column) for column in zip(*rows, strict=True)]


def _execute(statement: str, values: list[Any]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
