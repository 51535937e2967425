"""What the jobs look for every few minutes in a large reseller of which nearly everything is done."""

import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from django.db import connection, transaction

from benchmarks.results import Result, is_quick
from benchmarks.rows import analyze, big_reseller, fill_lines, fill_usage
from benchmarks.timing import in_turn, middle
from billing.invoicing import due_periods
from billing.ledger import refresh_all_payment_statuses
from billing.models import BillingPeriod
from billing.periods import day_start, month_of, zone_of
from billing.usage.due import due_days
from centers.models import Center, Reseller
from centers.tenancy.scoping import tenant
from whatsapp.models import Instance

#: Twenty days of usage of each number have been read, and today since noon.
TODAY = date(2026, 11, 20)
NOW = datetime(2026, 11, 20, 15, tzinfo=UTC)
TIMES = 7


def measure() -> list[Result]:
    """CPU of this process and of its database connection, the median of some calls."""
    centers, numbers = (2_000, 10_000) if is_quick() else (20_000, 100_000)
    reseller = _reseller(centers, numbers)
    with tenant(reseller):
        jobs: dict[str, Callable[[], object]] = {
            "days": lambda: due_days(reseller, NOW),
            "periods": lambda: due_periods(reseller, NOW),
            "statuses": lambda: refresh_all_payment_statuses(reseller, NOW),
        }
        for call in jobs.values():
            call()
        found = {name: call() for name, call in jobs.items()}
        assert not any(found.values()), found
        analyze()
        size = f"of {centers} centers with {numbers} numbers"
        about = {
            "days": f"which days {size} to fetch, all read",
            "periods": f"which periods {size} to invoice, all closed",
            "statuses": f"the payment statuses {size}, every fourth owing",
        }
        rounds = in_turn({name: _cpu_of(call) for name, call in jobs.items()}, TIMES)
        return [_result(name, taken, about[name]) for name, taken in rounds.items()]


def _result(name: str, taken: list[float], how: str) -> Result:
    median, spread = middle(taken)
    return Result(f"jobs.due.{name}", median, 0.1, "s CPU", how, at_most=True, spread=spread)


def _cpu_of(call: Callable[[], object]) -> Callable[[], float]:
    """What tells the seconds of CPU of one call, here and in PostgreSQL."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        pid = cursor.fetchone()[0]

    def once() -> float:
        before = time.process_time() + _of_backend(pid)
        call()
        return time.process_time() + _of_backend(pid) - before

    return once


def _of_backend(pid: int) -> float:
    """Its CPU so far; zero where the system does not say."""
    file = Path(f"/proc/{pid}/schedstat")
    return int(file.read_text().split()[0]) / 1e9 if file.exists() else 0.0


def _reseller(centers: int, numbers: int) -> Reseller:
    reseller, _owner = big_reseller("due", centers=centers, numbers=numbers)
    month = month_of(TODAY)
    before = month_of(month.first_day - timedelta(days=1))
    began = day_start(month.first_day, zone_of(reseller))
    with tenant(reseller):
        Center.objects.update(created_at=began)
        Instance.objects.update(held_since=began)
        fill_usage(reseller, month.first_day, TODAY, read_at=NOW)
        BillingPeriod.objects.bulk_create(
            (
                BillingPeriod(
                    reseller=reseller,
                    center_id=pk,
                    first_day=before.first_day,
                    end_day=before.end_day,
                    outcome=BillingPeriod.Outcome.WAIVED,
                    closed_at=NOW,
                )
                for pk in Center.objects.values_list("pk", flat=True)
            ),
            batch_size=2000,
        )
        _owe(reseller)
    analyze()
    return reseller


def _owe(reseller: Reseller) -> None:
    """Every fourth center has an open invoice, half of them overdue."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO billing_invoice
                (reseller_id, center_id, kind, number, year, sequence, first_day, end_day, period_start, period_end,
                 currency, total, line_count, issued_at, issued_on, due_on, language, parties, reason, open_amount)
            SELECT reseller_id, id, 'invoice', 'INV-' || id, 2026, row_number() OVER (ORDER BY id), '2026-10-01',
                   '2026-11-01', '2026-10-01', '2026-11-01', 'USD', 10, 1, now(), '2026-11-03',
                   CASE WHEN id %% 8 = 0 THEN date '2026-11-10' ELSE date '2026-12-10' END, 'en', '{}', '', 10
              FROM centers_center WHERE reseller_id = %s AND id %% 4 = 0
            """,
            [reseller.pk],
        )
        fill_lines(reseller)
