"""Storing usage that MazBot sent: new days, changed ones and the same again, against COPY and one merge statement."""

import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from django.db import connection, transaction

from benchmarks.results import Result, is_quick
from benchmarks.rows import analyze, big_reseller
from billing.models import UsageRecord
from billing.usage.sorting import UsageAnswer
from billing.usage.storing import merge
from centers.models import Reseller
from centers.tenancy.scoping import tenant
from whatsapp.accounts import account_of
from whatsapp.mazbot import Usage
from whatsapp.models import Instance, InstanceAssignment

NOW = datetime(2026, 11, 20, 15, tzinfo=UTC)
DAY = NOW.date()
_COUNTS = ("sent", "received", "failed", "cost")
_COPY = f"COPY fresh (assignment_id, day, {', '.join(_COUNTS)}) FROM STDIN"
_MERGE = """
INSERT INTO billing_usagerecord AS old
    (reseller_id, center_id, instance_id, assignment_id, day, sent, received, failed, cost, currency,
     first_read_at, read_at, repeats)
SELECT a.reseller_id, a.center_id, a.instance_id, a.id, fresh.day, fresh.sent, fresh.received, fresh.failed, fresh.cost,
       'USD', %(now)s, %(now)s, 0
  FROM fresh JOIN whatsapp_instanceassignment a ON a.id = fresh.assignment_id
ON CONFLICT (assignment_id, day) DO UPDATE
   SET sent = excluded.sent, received = excluded.received, failed = excluded.failed, cost = excluded.cost,
       read_at = excluded.read_at
"""


def measure() -> list[Result]:
    """Each kind of ten thousand days; both sides in transactions of their own, on resellers that are alike."""
    count = 1_000 if is_quick() else 10_000
    ours, raw = _spans("ours", count), _spans("raw", count)
    results = []
    for kind, sent, at in (("new", 100, 0), ("changed", 120, 1), ("same", 120, 2)):
        taken = _timed(
            ours, lambda spans, sent=sent, at=at: _stored(spans, sent, NOW + timedelta(minutes=at))
        )
        least = _timed(raw, lambda spans, sent=sent, at=at: _merged(spans, sent, NOW + timedelta(minutes=at)))
        with tenant(ours[0].reseller):
            assert UsageRecord.objects.filter(sent=sent).count() == count
        results.append(
            Result(
                f"usage.write.{kind}",
                taken / least,
                2.5,
                "times",
                f"{count} {kind} days of as many numbers at once: {taken * 1000:.0f} ms against {least * 1000:.0f} ms "
                "by COPY and one merge",
                at_most=True,
            )
        )
    return results


def _spans(slug: str, count: int) -> list[InstanceAssignment]:
    reseller, _owner = big_reseller(slug, centers=count // 5, numbers=count)
    with tenant(reseller):
        Instance.objects.update(held_since=NOW - timedelta(days=30))
        spans = list(
            InstanceAssignment.objects.select_related("instance__reseller", "center", "reseller").order_by(
                "pk"
            )
        )
    analyze()
    return spans


def _timed(spans: list[InstanceAssignment], call: Callable[[list[InstanceAssignment]], None]) -> float:
    with tenant(spans[0].reseller):
        started = time.perf_counter()
        call(spans)
        return time.perf_counter() - started


def _usage(sent: int) -> Usage:
    cost = Decimal(sent) / 20
    return Usage(total_sent=sent, total_received=50, failed_messages=2, total_cost=cost)


def _stored(spans: Iterable[InstanceAssignment], sent: int, at: datetime) -> None:
    own = list(spans)
    account = account_of(_reseller(own))
    merge(account, [UsageAnswer(span, DAY, _usage(sent), at) for span in own], now=at)


def _merged(spans: Iterable[InstanceAssignment], sent: int, at: datetime) -> None:
    usage = _usage(sent)
    counts = (usage.total_sent, usage.total_received, usage.failed_messages, usage.total_cost)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMP TABLE fresh (assignment_id bigint, day date, sent bigint, received bigint, failed bigint, "
            "cost numeric) ON COMMIT DROP"
        )
        with cursor.cursor.copy(_COPY) as copy:
            for span in spans:
                copy.write_row((span.pk, DAY, *counts))
        cursor.execute(_MERGE, {"now": at})


def _reseller(spans: list[InstanceAssignment]) -> Reseller:
    return spans[0].reseller
