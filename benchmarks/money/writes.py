"""Storing usage that MazBot sent: new days, changed ones and the same again, against COPY and one merge statement."""

import gc
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import partial
from statistics import median

from django.db import connection, transaction

from benchmarks.results import Result, is_quick
from benchmarks.rows import analyze, big_reseller
from benchmarks.timing import spread_of_ratio
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
ROUNDS = 7
FIRST = 100  # messages sent of a new day
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
    gc.collect()
    gc.freeze()  # as config/web/loading.py does before the workers are forked
    taken: dict[str, list[float]] = defaultdict(list)
    least: dict[str, list[float]] = defaultdict(list)
    for turn in range(ROUNDS):
        # Today grows all day long; a change of an earlier day is kept beside it, which is more than one merge.
        grown = FIRST + ROUNDS + turn
        for minute, (kind, day, sent) in enumerate(
            (("new", DAY - timedelta(days=turn), FIRST), ("changed", DAY, grown), ("same", DAY, grown))
        ):
            at = NOW + timedelta(minutes=3 * turn + minute)
            taken[kind].append(_timed(ours, partial(_stored, day=day, sent=sent, at=at)))
            least[kind].append(_timed(raw, partial(_merged, day=day, sent=sent, at=at)))
            with tenant(ours[0].reseller):
                assert UsageRecord.objects.filter(day=day, sent=sent).count() == count
    gc.unfreeze()  # other benchmarks run in this process
    return [_result(kind, count, taken[kind], least[kind]) for kind in taken]


def _result(kind: str, count: int, taken: list[float], least: list[float]) -> Result:
    ours, raw = median(taken), median(least)
    about = f"{count} {kind} days of as many numbers at once, median of {ROUNDS}: "
    about += f"{ours * 1000:.0f} ms against {raw * 1000:.0f} ms by COPY and one merge"
    spread = spread_of_ratio(taken, least)
    return Result(f"usage.write.{kind}", ours / raw, 2.5, "times", about, at_most=True, spread=spread)


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


def _stored(spans: Iterable[InstanceAssignment], *, day: date, sent: int, at: datetime) -> None:
    own = list(spans)
    account = account_of(_reseller(own))
    merge(account, [UsageAnswer(span, day, _usage(sent), at) for span in own], now=at)


def _merged(spans: Iterable[InstanceAssignment], *, day: date, sent: int, at: datetime) -> None:
    usage = _usage(sent)
    counts = (usage.total_sent, usage.total_received, usage.failed_messages, usage.total_cost)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMP TABLE fresh (assignment_id bigint, day date, sent bigint, received bigint, failed bigint, "
            "cost numeric) ON COMMIT DROP"
        )
        with cursor.cursor.copy(_COPY) as copy:
            for span in spans:
                copy.write_row((span.pk, day, *counts))
        cursor.execute(_MERGE, {"now": at})


def _reseller(spans: list[InstanceAssignment]) -> Reseller:
    return spans[0].reseller
