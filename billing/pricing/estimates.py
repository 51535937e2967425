"""Estimated charges of usage that is not invoiced yet, at today's margins: for pages only, not for invoices.

They are without tax, but for what the center's month costs it so far.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db.models import DateField, F, Func, IntegerField, QuerySet, Sum, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Greatest

from billing.models import Billable, Category, Margin, TaxTerms, UsageClaim, UsageRecord, is_charged_to
from billing.money import rounded
from billing.periods import Period, month_of, today
from billing.policies import policies_for
from billing.pricing.discounts import IN_PLAN, Off
from billing.pricing.price_list import PriceList, converted, usage_charge
from billing.tax.computing import net_of, tax_of
from centers.models import Center, Reseller

ZERO = Decimal(0)
_Part = tuple[int, int, str]  # center, number, currency of the cost
#: How many more messages of a day were delivered by what a claim took of it.
_NEWLY_DELIVERED = Greatest(F("sent_before") + F("sent") - F("failed_before") - F("failed"), 0) - Greatest(
    F("sent_before") - F("failed_before"), 0
)


@dataclass(slots=True)
class _Sums:
    """Usage of one number with the same pricing."""

    billable: int = 0
    cost: Decimal = ZERO


def charges_by_number(
    reseller: Reseller, centers: Iterable[Center], period: Period, *, instance_id: int | None = None
) -> dict[_Part, Decimal | None]:
    """Charge per (center id, id of our instance row, currency of the cost) in the center's currency.

    None without an exchange rate; with `instance_id` only of that number. A fixed number of queries for any number of
    centers.
    """
    found: dict[_Part, Decimal | None] = {}
    for part, _tax, charge in _charges(reseller, centers, period, instance_id):
        before = found.get(part, ZERO)
        found[part] = None if charge is None or before is None else before + charge
    return found


def _charges(
    reseller: Reseller, centers: Iterable[Center], period: Period, instance_id: int | None = None
) -> Iterator[tuple[_Part, TaxTerms, Decimal | None]]:
    """The charges of days that are priced and taxed alike."""
    known = {center.pk: center for center in centers}
    price_list = PriceList(reseller, period.last_day, centers=known.values())
    for (part, margin, tax, off), sums in _groups(price_list, known, period, instance_id).items():
        center_id, _number, currency = part
        center = known[center_id]
        exchange_rate = price_list.exchange.find(currency, center.currency, price_list.day)
        if off == IN_PLAN:
            exchange_rate = exchange_rate or Decimal(1)
        if exchange_rate is None:
            yield part, tax, None
            continue
        percent, fixed = (margin.percent, margin.fixed) if margin else (ZERO, ZERO)
        charge = converted(off.of(usage_charge(sums.cost, sums.billable, percent, fixed)), exchange_rate)
        yield part, tax, rounded(net_of(charge, tax), center.currency)


def _groups(
    price_list: PriceList, centers: dict[int, Center], period: Period, instance_id: int | None
) -> dict[tuple[_Part, Margin | None, TaxTerms, Off], _Sums]:
    """Days added up by their pricing, tax and discount, less what was waived of them."""
    days = UsageRecord.objects.filter(
        is_charged_to(centers), day__gte=period.first_day, day__lt=period.end_day
    )
    if instance_id is not None:
        days = days.filter(instance=instance_id)
    waived = UsageClaim.objects.filter(usage_record__in=days, waiver__isnull=False, voided_at=None)
    starts = _starts(price_list, period)
    policies = policies_for(price_list.reseller, centers.values())
    groups: dict[tuple[_Part, Margin | None, TaxTerms, Off], _Sums] = {}
    parts = (
        (1, _stretches(days.order_by(), starts, "", Greatest(F("sent") - F("failed"), 0))),
        (-1, _stretches(waived.order_by(), starts, "usage_record__", _NEWLY_DELIVERED)),
    )
    for sign, rows in parts:
        for center_id, number, currency, stretch, sent, delivered, cost in rows:
            center, day = centers[center_id], starts[stretch - 1]
            margin = price_list.margins.find(Category.MESSAGE, center, day)
            tax = price_list.taxes.on(day, center)
            off = price_list.discounts.on_messages(center, day)
            own = groups.setdefault(((center_id, number, currency), margin, tax, off), _Sums())
            own.billable += sign * int(sent if policies[center_id].billable == Billable.SENT else delivered)
            own.cost += sign * cost
    return groups


def _stretches(rows: QuerySet[Any], starts: list[date], record: str, delivered: Combinable) -> Iterable[Any]:
    """Center, number, currency, the place in `starts`, and sums of sent and delivered messages and cost.

    `record` leads to the usage record. Delivered messages are added up day by day, as on the invoice: those of a day
    are never below zero.
    """
    stretch = Func(
        F(f"{record}day"),
        Value(starts, output_field=ArrayField(DateField())),
        function="width_bucket",
        output_field=IntegerField(),
    )
    names = [f"{record}{name}" for name in ("center_id", "instance_id", "currency")]
    sums = {"all_sent": Sum("sent"), "delivered": Sum(delivered), "costs": Sum("cost")}
    found: Iterable[Any] = rows.annotate(stretch=stretch).values_list(*names, "stretch").annotate(**sums)
    return found


def _starts(price_list: PriceList, period: Period) -> list[date]:
    """The period's first day, and those on which a price, a tax, a discount or a plan of a center may change."""
    changes = (
        price_list.margins.first_days() | price_list.centers.first_days() | price_list.taxes.first_days()
    )
    inside = {day for day in changes if period.first_day < day < period.end_day}
    return sorted({period.first_day} | inside | price_list.discounts.all_edges(period))


def charges_by_center(
    reseller: Reseller, centers: Iterable[Center], period: Period
) -> dict[tuple[int, str], Decimal | None]:
    """The same, added up per center id and currency of the cost."""
    found: dict[tuple[int, str], Decimal | None] = {}
    for (center_id, _number, currency), charge in charges_by_number(reseller, centers, period).items():
        before = found.get((center_id, currency), ZERO)
        found[center_id, currency] = None if charge is None or before is None else before + charge
    return found


def month_so_far(center: Center, now: datetime) -> Decimal | None:
    """What the messages of the reseller's current month cost the center until now, at today's margins.

    In the center's currency, with tax, less what was waived; None without an exchange rate.
    """
    nets: dict[TaxTerms, Decimal] = {}
    for _part, tax, charge in _charges(center.reseller, [center], month_of(today(center.reseller, now))):
        if charge is None:
            return None
        nets[tax] = nets.get(tax, ZERO) + charge
    return sum((net + tax_of(net, tax.percent, center.currency) for tax, net in nets.items()), ZERO)
