"""Usage that MazBot changed after its day was invoiced, and the comparisons of MazBot's monthly totals."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Sum
from django.db.models.functions import TruncMonth

from billing.models import (
    DOUBTS,
    IS_CHARGED,
    BillingPeriod,
    FlaggedUsage,
    Invoice,
    UsageCheck,
    UsageRecord,
)
from billing.periods import Period, month_of
from centers.models import Reseller

_CHARGED = ("sent", "failed", "cost")  # received messages cost nothing


def late_usage() -> QuerySet[FlaggedUsage]:
    """What changed of days that were invoiced by then and still are, last received first.

    Also what staff accepted of it: less than before, or more than prices explain.
    """
    flag = FlaggedUsage.Flag.LATE
    accepted = Q(flag__in=DOUBTS, resolution=FlaggedUsage.Resolution.ACCEPTED)
    closed = BillingPeriod.objects.filter(
        center=OuterRef("center"),
        voided_at=None,
        first_day__lte=OuterRef("day"),
        end_day__gt=OuterRef("day"),
        closed_at__lte=OuterRef("read_at"),
    )
    same = Q(**{name: F(f"{name}_before") for name in _CHARGED})
    rows = FlaggedUsage.objects.filter(Q(flag=flag) | accepted, Exists(closed)).exclude(same)
    return rows.select_related("instance", "center").order_by("-read_at", "-pk")


def late_usage_of(invoice: Invoice) -> QuerySet[FlaggedUsage]:
    """What MazBot added to the invoice's days after it was issued; nothing for a document of another kind."""
    if not invoice.is_bill:
        return FlaggedUsage.objects.none()
    return late_usage().filter(
        center=invoice.center_id,
        day__gte=invoice.first_day,
        day__lt=invoice.end_day,
        read_at__gte=invoice.issued_at,
    )


def late_costs(reseller: Reseller, period: Period, *, by_months: bool) -> dict[tuple[date, str], Decimal]:
    """By how much the cost changed after its invoice, by day or month and currency; unknown changes are left out."""
    rows = late_usage().filter(
        reseller=reseller, day__gte=period.first_day, day__lt=period.end_day, cost_before__isnull=False
    )
    slot: Any = TruncMonth("day") if by_months else F("day")
    sums = rows.order_by().values_list(slot, "currency").annotate(sum=Sum(F("cost") - F("cost_before")))
    return {(first_day, currency): cost for first_day, currency, cost in sums}


def corrections_to_come(reseller: Reseller, period: Period) -> dict[tuple[date, str], Decimal]:
    """The cost of late usage that a center's next invoice takes or gives back, by month and currency.

    Not of archived centers: for those an alert asks for a decision.
    """
    rows = late_usage().filter(reseller=reseller, day__gte=period.first_day, day__lt=period.end_day)
    places = set(rows.filter(center__archived_at=None).order_by().values_list("assignment_id", "day"))
    if not places:
        return {}
    records: Any = UsageRecord.objects.filter(
        IS_CHARGED, assignment__in={span for span, _day in places}, day__in={day for _span, day in places}
    )
    billed = Sum("claims__cost", filter=Q(claims__voided_at=None))
    found: dict[tuple[date, str], Decimal] = {}
    names = ("assignment_id", "day", "currency", "cost", "billed")
    for span, day, currency, cost, taken in records.order_by().annotate(billed=billed).values_list(*names):
        if (span, day) in places:
            key = month_of(day).first_day, currency
            found[key] = found.get(key, Decimal(0)) + cost - (taken or 0)
    return found


def monthly_checks(mazbot_ids: Iterable[str], *, limit: int = 3) -> list[UsageCheck]:
    """The last months of which MazBot's total was compared with the days of these ids, the latest first."""
    return list(UsageCheck.objects.filter(mazbot_id__in=list(mazbot_ids)).order_by("-month")[:limit])
