"""The fragment of a number's page: messages per day of this month and the last one, and the estimated charge."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from billing import queries
from billing.models import UsageRecord
from billing.periods import Period, month_of, previous_month, today
from billing.pricing.estimates import charges_by_number
from billing.views.time_span import COUNTS, Span, chart_summary, counts_by_slot
from centers import clock
from centers.models import Center
from centers.tenancy.access import TenantRequest, staff
from centers.tenancy.permissions import Permission
from centers.values.formats import day_text, number_text
from whatsapp.models import Instance

__all__ = ["instance_usage"]

BAR_STEP = 10  # units of the chart's width per day; the bar itself leaves a gap
BAR_WIDTH = 8
CHART_HEIGHT = 60


@dataclass(frozen=True, slots=True)
class Bar:
    """One day's two bars on top of each other, in the chart's units from its top left corner."""

    day: date
    sent: int
    received: int
    x: int
    sent_y: int
    sent_height: int
    received_y: int
    received_height: int

    @property
    def text(self) -> str:
        """Shown where the mouse rests on the day."""
        counts = {"sent": number_text(self.sent), "received": number_text(self.received)}
        return _("%(day)s: %(sent)s sent, %(received)s received") % {"day": day_text(self.day), **counts}


@dataclass(frozen=True, slots=True)
class MonthUsage:
    """A month up to today: `charges` maps a currency to the estimate, None without an exchange rate."""

    month: Period
    slots: list[dict[str, Any]]
    totals: dict[str, int]
    summary: str
    bars: list[Bar]
    charges: dict[str, Decimal | None]

    @property
    def width(self) -> int:
        """Of the chart: as many days as the month has, so that both months have the same scale."""
        return BAR_STEP * (self.month.end_day - self.month.first_day).days


@staff(Permission.VIEW)
@require_GET
def instance_usage(request: TenantRequest, pk: int) -> HttpResponseBase:
    """`#instance-usage`: both months by days; the charge only for those who may see invoices."""
    number = get_object_or_404(Instance, pk=pk)
    day = today(request.reseller, clock.now())
    months = (month_of(day), previous_month(day))
    with_money = Permission.VIEW_INVOICES in request.permissions
    read = _counts(number, months, day)
    most = max((row["sent"] + row["received"] for slots in read for row in slots), default=0)
    charges = _charges(request, number, months) if with_money else ({}, {})
    context = {
        "instance": number,
        "months": [
            _month(month, slots, most, charge)
            for month, slots, charge in zip(months, read, charges, strict=True)
        ],
        "chart_height": CHART_HEIGHT,
        "bar_width": BAR_WIDTH,
        "read_at": queries.last_read_of(number.pk),
        "with_money": with_money,
        "with_costs": Permission.VIEW_COSTS in request.permissions,
        "late_usage": queries.late_usage().filter(instance=number)[:5],
        "checks": queries.monthly_checks([number.instance_id]),
    }
    return render(request, "billing/parts/instance_usage.html", context)


def _counts(number: Instance, months: tuple[Period, Period], day: date) -> list[list[dict[str, Any]]]:
    """Per month its days with their counts, none in the future but those MazBot, in its own zone, already counts."""
    both = Period(min(months).first_day, max(months).end_day)
    rows = queries.usage_by_day(both, instance_id=number.pk)
    counts = []
    for month in months:
        own = [row for row in rows if month.first_day <= row["day"] < month.end_day]
        slots = counts_by_slot(_span(month), own)
        counts.append([slot for slot in slots if slot["slot"] <= day or any(slot[name] for name in COUNTS)])
    return counts


def _span(month: Period) -> Span:
    return Span(month, by_months=False, latest=month)


def _charges(
    request: TenantRequest, number: Instance, months: tuple[Period, Period]
) -> tuple[dict[str, Decimal | None], ...]:
    """Per month the estimates by currency; a number that was moved has been billed to several centers."""
    owners = UsageRecord.objects.filter(instance=number).order_by().values("center")
    centers = {center.pk: center for center in Center.objects.filter(pk__in=owners)}
    found = []
    for month in months:
        sums: dict[str, Decimal | None] = {}
        parts = charges_by_number(request.reseller, centers.values(), month, instance_id=number.pk)
        for (center_id, _number, _currency), charge in parts.items():
            currency = centers[center_id].currency
            before = sums.get(currency, Decimal(0))
            sums[currency] = None if charge is None or before is None else before + charge
        found.append(sums)
    return tuple(found)


def _month(
    month: Period, slots: list[dict[str, Any]], most: int, charges: dict[str, Decimal | None]
) -> MonthUsage:
    return MonthUsage(
        month=month,
        slots=slots,
        totals={name: sum(row[name] for row in slots) for name in COUNTS},
        summary=chart_summary(_span(month), slots),
        bars=[_bar(place, row, most) for place, row in enumerate(slots) if row["sent"] + row["received"]],
        charges=charges,
    )


def _bar(place: int, row: dict[str, Any], most: int) -> Bar:
    """The bar of the day at `place`; `most` messages fill the height, and any message at all can be seen."""
    sent, received = (_height(row[name], most) for name in ("sent", "received"))
    received = min(received, CHART_HEIGHT - sent)
    return Bar(
        day=row["slot"],
        sent=row["sent"],
        received=row["received"],
        x=BAR_STEP * place,
        sent_y=CHART_HEIGHT - sent,
        sent_height=sent,
        received_y=CHART_HEIGHT - sent - received,
        received_height=received,
    )


def _height(count: int, most: int) -> int:
    return max(1, CHART_HEIGHT * count // most) if count else 0
