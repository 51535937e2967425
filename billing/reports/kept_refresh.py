"""When kept reports are added up again: by a tick, and when a page finds them too old."""

from datetime import datetime

from billing.periods import Period, month_of
from billing.periods import today as current_day
from billing.reports.kept import is_large, large_resellers
from billing.reports.kept_profit import due_months, keep_profit
from billing.reports.profit import last_months
from billing.reports.quota import are_senders_due, keep_top_senders
from centers import live
from centers.models import Reseller
from centers.queue.dispatch import enqueue
from centers.tenancy.scoping import every_tenant, tenant

TASK = "billing.reports"
#: Longer than a task may run.
_RUN_SECONDS = 1800
_ASKED_SECONDS = 60


def due_resellers(now: datetime) -> list[int]:
    """Ids of the resellers of which a kept report is missing or too old (reads across tenants)."""
    with every_tenant():
        resellers = list(large_resellers().order_by("pk"))
    return [reseller.pk for reseller in resellers if _is_due(reseller, now)]


def ask(reseller: Reseller, period: Period, now: datetime) -> None:
    """Have the reports of a period of months added up that are missing or too old; asked for once a minute at most."""
    with tenant(reseller):
        due = due_months(reseller, period, now)
    key = f"markaz:reports:asked:{reseller.pk}:{period.last_day}"
    if due and live.valkey().set(key, "1", nx=True, ex=_ASKED_SECONDS):
        enqueue(TASK, reseller_id=reseller.pk, last_day=period.last_day.isoformat())


def refresh(*, reseller: Reseller, now: datetime, period: Period | None = None) -> None:
    """Add up what is missing or too old of the period, by default the last twelve months; by one worker at a time."""
    key = f"markaz:reports:run:{reseller.pk}"
    if not live.valkey().set(key, "1", nx=True, ex=_RUN_SECONDS):
        return
    try:
        with tenant(reseller):
            if is_large(reseller):
                if are_senders_due(reseller, now):
                    keep_top_senders(reseller, now)
                months = period or last_months(month_of(current_day(reseller, now)))
                keep_profit(reseller, due_months(reseller, months, now), now)
    finally:
        live.valkey().delete(key)
    live.publish(reseller.pk, "billing")


def _is_due(reseller: Reseller, now: datetime) -> bool:
    with tenant(reseller):
        months = last_months(month_of(current_day(reseller, now)))
        return are_senders_due(reseller, now) or bool(due_months(reseller, months, now))
