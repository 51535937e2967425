"""Storing MazBot's answers: plain ones are merged in bulk, odd ones are kept as flagged usage."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection, transaction

from billing.models import DOUBTS, AccountUsageRecord, BillingPeriod, FlaggedUsage
from billing.periods import ONE_DAY, day_start, local_day
from billing.usage.flagged import check_flagged
from billing.usage.odd_notes import odd_note
from billing.usage.plausibility import Plausibility
from billing.usage.shares import Shares
from billing.usage.sorting import PLACES, Known, UsageAnswer, sort_answers
from centers import live
from whatsapp.mazbot import MainAccountUsage, OddField
from whatsapp.models import MazbotAccount

Flag = FlaggedUsage.Flag
_FOR_MAZBOT = (*DOUBTS, Flag.ODD)  # MazBot may resolve these by a better answer

_INSERT = """
INSERT INTO billing_usagerecord
    (reseller_id, center_id, instance_id, assignment_id, day, sent, received, failed, cost, currency,
     first_read_at, read_at, repeats)
SELECT %s, center, instance, assignment, day, sent, received, failed, cost, %s, read_at, read_at, 0
  FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::date[], %s::bigint[], %s::bigint[], %s::bigint[],
              %s::numeric[], %s::timestamptz[])
    AS fresh (center, instance, assignment, day, sent, received, failed, cost, read_at)
ON CONFLICT (assignment_id, day) DO NOTHING
"""
_UPDATE = """
UPDATE billing_usagerecord AS old
   SET sent = fresh.sent, received = fresh.received, failed = fresh.failed, cost = fresh.cost,
       read_at = fresh.read_at
  FROM unnest(%s::bigint[], %s::date[], %s::bigint[], %s::bigint[], %s::bigint[], %s::numeric[],
              %s::timestamptz[])
    AS fresh (assignment, day, sent, received, failed, cost, read_at)
 WHERE old.assignment_id = fresh.assignment AND old.day = fresh.day
"""
_REPEAT = """
UPDATE billing_usagerecord SET read_at = %s, repeats = repeats + 1 WHERE id = ANY(%s::bigint[])
"""
_OUTDATE = """
UPDATE billing_accountusagerecord AS own SET numbers_changed_at = fresh.asked_at
  FROM unnest(%s::date[], %s::timestamptz[]) AS fresh (day, asked_at)
 WHERE own.reseller_id = %s AND own.day = fresh.day AND own.read_at < fresh.asked_at
"""
# The flags of days that MazBot sent with every figure; the one that it sent again stays open.
_CORRECT = """
UPDATE billing_flaggedusage AS old
   SET resolved_at = %s, resolution = %s
  FROM unnest(%s::bigint[], %s::date[], %s::text[]) AS fresh (assignment, day, flag)
 WHERE old.assignment_id = fresh.assignment AND old.day = fresh.day AND old.flag <> fresh.flag
   AND old.flag = ANY(%s) AND old.resolved_at IS NULL
"""
# One open flag per number, day and kind: the same odd answer only updates it.
_FLAG = """
INSERT INTO billing_flaggedusage
    (reseller_id, center_id, instance_id, assignment_id, day, sent, received, failed, cost, currency, read_at,
     flag, note, sent_before, failed_before, cost_before, resolution)
SELECT %s, center, instance, assignment, day, sent, received, failed, cost, %s, read_at,
       flag, note, sent_before, failed_before, cost_before, ''
  FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::date[], %s::bigint[], %s::bigint[], %s::bigint[],
              %s::numeric[], %s::timestamptz[], %s::text[], %s::text[], %s::bigint[], %s::bigint[], %s::numeric[])
    AS odd (center, instance, assignment, day, sent, received, failed, cost, read_at, flag, note,
            sent_before, failed_before, cost_before)
ON CONFLICT (assignment_id, day, flag) WHERE resolved_at IS NULL AND NOT (flag = '')
DO UPDATE SET sent = excluded.sent, received = excluded.received, failed = excluded.failed,
              cost = excluded.cost, read_at = excluded.read_at, note = excluded.note
"""


def merge(account: MazbotAccount, answers: Iterable[UsageAnswer], *, now: datetime) -> None:
    """Store a batch in one transaction with a handful of statements, each answer for the center that held the number.

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
        shares = Shares(account, batch)
        batch = [answer for answer in map(shares.assigned, batch) if answer is not None]
        known = shares.records
        whole = [_with_received(answer, known) for answer in batch if answer.usage.is_billable]
        result = sort_answers(whole, known, _closed(batch), today, Plausibility(account))
        result.flagged = _undecided([*result.flagged, *_odd(batch, known, today)])
        _insert(account, result.new)
        _update(result.changed)
        outdate_account(account.reseller_id, _past(result.changed, today))
        _repeat(result.same, now)
        _flag(account, result.flagged, known)
        if _correct(result.corrected, now) or any(
            flag == Flag.IMPOSSIBLE for _answer, flag in result.flagged
        ):
            check_flagged(account.reseller, now)
        touched = {answer.assignment.center_id for answer in (*result.new, *result.changed)}
        if touched or result.flagged:
            live.publish(account.reseller_id, "billing", centers=tuple(sorted(touched)))


def merge_account(
    account: MazbotAccount, day: date, usage: MainAccountUsage, *, now: datetime, is_today: bool
) -> tuple[OddField, ...]:
    """Store the main account's day, and return the fields that could not be read.

    The quota is the current one, so it is stored only if the day is today. If none is sent, or none that can be read,
    the previous one stays. Figures that replace others of the whole day are noted as changed.
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
    if _replaces_whole_day(account, day, values):
        values["changed_at"] = now
    AccountUsageRecord.objects.update_or_create(reseller_id=account.reseller_id, day=day, defaults=values)
    return odd


def _replaces_whole_day(account: MazbotAccount, day: date, values: Mapping[str, Any]) -> bool:
    """Whether these are other figures of a day than those that were read since it ended."""
    ended = day_start(day + ONE_DAY, ZoneInfo(account.time_zone))
    rows = AccountUsageRecord.objects.filter(
        reseller_id=account.reseller_id, day=day, odd="", read_at__gte=ended
    )
    figures = ("sent", "received", "failed", "cost")
    known = rows.values_list(*figures).first()
    return known is not None and known != tuple(values[name] for name in figures)


def _with_received(answer: UsageAnswer, known: Mapping[tuple[int, date], Known]) -> UsageAnswer:
    """Received messages are only displayed: if their count cannot be read, the known one stays."""
    if answer.usage.total_received is not None:
        return answer
    row = known.get((answer.assignment.pk, answer.day))
    return replace(answer, usage=replace(answer.usage, total_received=row.received if row else 0))


def _odd(
    batch: list[UsageAnswer], known: Mapping[tuple[int, date], Known], today: date
) -> list[tuple[UsageAnswer, str]]:
    """Answers that lack a figure."""
    flagged: list[tuple[UsageAnswer, str]] = []
    for answer in batch:
        row = known.get((answer.assignment.pk, answer.day))
        if answer.usage.odd and answer.day <= today and (row is None or row.read_at <= answer.asked_at):
            flagged.append((answer, Flag.ODD))
    return flagged


def _closed(batch: list[UsageAnswer]) -> dict[int, list[tuple[date, date]]]:
    """The closed periods of the answers' centers, as half-open ranges of days."""
    if not batch:
        return {}
    days = [answer.day for answer in batch]
    centers = {answer.assignment.center_id for answer in batch}
    rows = BillingPeriod.objects.filter(
        center__in=centers,
        voided_at=None,
        first_day__lte=max(days),
        end_day__gt=min(days),
    )
    periods: dict[int, list[tuple[date, date]]] = {}
    for center_id, first, end in rows.values_list("center_id", "first_day", "end_day"):
        periods.setdefault(center_id, []).append((first, end))
    return periods


def _undecided(flagged: list[tuple[UsageAnswer, str]]) -> list[tuple[UsageAnswer, str]]:
    """Without answers that staff dismissed already: MazBot repeating one must not ask them again.

    Any other answer about the day since then, odd or plain growth of a past day, ends that decision.
    """
    asking = [answer for answer, flag in flagged if flag in _FOR_MAZBOT]
    if not asking:
        return flagged
    rows = FlaggedUsage.objects.filter(
        assignment__in={row.assignment.pk for row in asking}, day__in={row.day for row in asking}
    )
    last = {(row.assignment_id, row.day): row for row in rows.order_by("pk")}
    dismissed = {
        (*place, row.flag, row.sent, row.received, row.failed, row.cost)
        for place, row in last.items()
        if row.flag in _FOR_MAZBOT and row.resolution == FlaggedUsage.Resolution.DISMISSED
    }
    return [
        (answer, flag)
        for answer, flag in flagged
        if (answer.assignment.pk, answer.day, flag, *answer.figures) not in dismissed
    ]


def _insert(account: MazbotAccount, answers: list[UsageAnswer]) -> None:
    if answers:
        _execute(_INSERT, [account.reseller_id, account.cost_currency, *_owners(answers), *_columns(answers)])


def _update(answers: list[UsageAnswer]) -> None:
    if answers:
        _execute(_UPDATE, [*_columns(answers)])


def outdate_account(reseller_id: int, days: Mapping[date, datetime]) -> None:
    """Have the main account's usage of these past days asked for again, where it was read before those moments.

    They are when MazBot counted a number's messages of the day otherwise.
    """
    if days:
        _execute(_OUTDATE, [list(days), list(days.values()), reseller_id])


def _past(changed: list[UsageAnswer], today: date) -> dict[date, datetime]:
    """The days before `today` that changed, and when the latest answer about each was asked for."""
    found: dict[date, datetime] = {}
    for answer in changed:
        if answer.day < today:
            found[answer.day] = max(answer.asked_at, found.get(answer.day, answer.asked_at))
    return found


def _repeat(records: list[int], now: datetime) -> None:
    """Note that MazBot sent the same of these days again."""
    if records:
        _execute(_REPEAT, [now, _array(records)])


def _flag(
    account: MazbotAccount,
    flagged: list[tuple[UsageAnswer, str]],
    known: Mapping[tuple[int, date], Known],
) -> None:
    """`known` are the records as they were before."""
    if flagged:
        answers = [answer for answer, _flag in flagged]
        rows = [known.get((answer.assignment.pk, answer.day)) for answer in answers]
        before = [[getattr(row, name) if row else 0 for row in rows] for name in ("sent", "failed", "cost")]
        flags = [str(flag) for _answer, flag in flagged]
        notes = [odd_note(answer.usage.odd) for answer in answers]
        columns = [*_owners(answers), *_columns(answers)]
        _execute(_FLAG, [account.reseller_id, account.cost_currency, *columns, flags, notes, *before])


def _correct(days: list[tuple[int, date, str]], now: datetime) -> int:
    """Resolve the open flags of these days, except the one named: MazBot sent other counts, with every figure.

    Return how many were open.
    """
    if not days:
        return 0
    spans, dates, flags = zip(*days, strict=True)
    superseded = FlaggedUsage.Resolution.SUPERSEDED.value
    named = [str(flag) for flag in flags]
    doubts = [str(flag) for flag in _FOR_MAZBOT]
    return _execute(_CORRECT, [now, superseded, _array(spans), _array(dates), named, doubts])


def _owners(answers: list[UsageAnswer]) -> list[str]:
    """Center and number, as one array each."""
    spans = [answer.assignment for answer in answers]
    return [_array(span.center_id for span in spans), _array(span.instance_id for span in spans)]


def _columns(answers: list[UsageAnswer]) -> list[str]:
    """Span, day, the four figures and the time, as one array each."""
    rows = [(r.assignment.pk, r.day, *r.figures, f'"{r.asked_at.isoformat()}"') for r in answers]
    return [_array(column) for column in zip(*rows, strict=True)]


def _array(values: Iterable[int | Decimal | date | str | None]) -> str:
    """Numbers, days and quoted moments as PostgreSQL writes an array, in a tenth of the time that the driver takes."""
    return "{" + ",".join("NULL" if value is None else str(value) for value in values) + "}"


def _execute(statement: str, values: list[Any]) -> int:
    """How many rows were written."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return int(cursor.rowcount)
