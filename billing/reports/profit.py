"""Profit per center and month: what was invoiced and what will be, less all that MazBot charged."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, localcontext
from typing import Any

from django.db.models import DecimalField, ExpressionWrapper, F, Q, Sum
from django.db.models.functions import TruncMonth

from billing.models import Billable, Category, CenterVersion, Invoice, InvoiceLine, Margin, TaxRate
from billing.money import PRECISION
from billing.periods import ONE_DAY, Period, month_of
from billing.policies import policies_for
from billing.pricing.conversion import Converter, NotIncluded, Way
from billing.pricing.discounts import Discounts
from billing.pricing.margins import Margins
from billing.pricing.price_list import usage_charge
from billing.reports.reconciliation import reconcile
from billing.tax.computing import exact_tax, net_of
from billing.tax.rates import Taxes
from billing.unbilled.accrued import accrued_subscriptions
from billing.unbilled.accrued_beyond import accrued_beyond
from billing.unbilled.accrued_charges import accrued_charges
from billing.unbilled.usage_costs import UsageCosts, usage_costs
from centers.models import Center, Reseller

ZERO = Decimal(0)
#: What is charged for numbers, with a cost of its own at MazBot.
PER_NUMBER = (InvoiceLine.Kind.SUBSCRIPTION, InvoiceLine.Kind.ONE_OFF)
_Key = tuple[int | None, date, str]  # center, first day of the month, currency of the costs
_NAMES = ("invoiced", "accrued", "cost", "uncharged")


@dataclass(slots=True)
class Profit:
    """One center's month in `currency`; without a center, what the main account was charged beyond the numbers.

    All is without tax. `invoiced` is less what notes credit. `accrued` is what usage and subscriptions without an
    invoice will be charged, at the margins of their days. `cost` is all that MazBot charged; `uncharged` is the part
    of it that no one pays. `accrued_tax` is what is added to `accrued` then.
    """

    center_id: int | None
    month: date
    currency: str
    invoiced: Decimal = ZERO
    accrued: Decimal = ZERO
    cost: Decimal = ZERO
    uncharged: Decimal = ZERO
    center: str = ""
    archived: bool = False
    accrued_tax: Decimal = ZERO

    @property
    def revenue(self) -> Decimal:
        """Invoiced and accrued."""
        return self.invoiced + self.accrued

    @property
    def profit(self) -> Decimal:
        """Revenue less cost."""
        return self.revenue - self.cost

    @property
    def margin(self) -> Decimal | None:
        """The profit in percent of the revenue; None without revenue."""
        return self.profit * 100 / self.revenue if self.revenue > 0 else None

    def add(self, other: "Profit") -> None:
        """Add the amounts of another row in the same currency."""
        for name in _NAMES:
            setattr(self, name, getattr(self, name) + getattr(other, name))


@dataclass(frozen=True, slots=True)
class ProfitReport:
    """The rows in the reseller's currency, or in that of their costs where there is no exchange rate.

    `not_included` names the months and currencies that could not be converted.
    """

    rows: list[Profit]
    currency: str
    not_included: list[tuple[date, NotIncluded]] = field(default_factory=list)

    def summed(self, rows: Iterable[Profit], by: str) -> list[Profit]:
        """The rows added up by one of their fields (`center_id` or `month`) and currency."""
        sums: dict[tuple[Any, str], Profit] = {}
        for row in rows:
            key = (getattr(row, by), row.currency)
            own = sums.setdefault(
                key, Profit(row.center_id, row.month, row.currency, center=row.center, archived=row.archived)
            )
            own.add(row)
        return list(sums.values())

    def total(self, rows: Iterable[Profit], currency: str) -> Profit:
        """All rows in one currency added up."""
        found = Profit(None, date.min, currency)
        for row in rows:
            if row.currency == currency:
                found.add(row)
        return found


def profit_report(
    reseller: Reseller, period: Period, *, today: date, apart: Iterable[date] = ()
) -> ProfitReport:
    """Every center and month of the period with revenue or cost, by name and month.

    `today` is the reseller's current day. On days `apart` the main account is not compared with the numbers. A fixed
    number of queries for each month, whatever the number of centers.
    """
    centers = {center.pk: center for center in Center.objects.filter(reseller=reseller)}
    parts = _Parts(reseller, today)
    parts.add_invoiced(period)
    parts.add_usage(period, centers)
    for one in accrued_subscriptions(reseller, period, centers.values(), today):
        parts.add(
            one.center_id, one.month, one.currency, accrued=one.charge, accrued_tax=one.tax, cost=one.cost
        )
    charges = accrued_charges(reseller, period, centers.values(), today)
    for one in (*charges, *accrued_beyond(reseller, period, centers.values(), today)):
        parts.add(one.center_id, one.month, one.currency, accrued=one.charge, accrued_tax=one.tax)
    for month in reconcile(reseller, period, by_months=True, apart=set(apart)):
        if month.gap:
            parts.add(None, month.first_day, month.currency, cost=month.gap, uncharged=month.gap)
    rows = [row for row in parts.rows.values() if any(getattr(row, name) for name in _NAMES)]
    for row in rows:
        if row.center_id is not None:
            row.center = centers[row.center_id].name
            row.archived = centers[row.center_id].archived_at is not None
    rows.sort(
        key=lambda row: (row.center_id is None, row.center, row.center_id or 0, row.month, row.currency)
    )
    return ProfitReport(rows, reseller.currency, parts.not_included)


class _Parts:
    """The rows while they are added up, converted month by month."""

    def __init__(self, reseller: Reseller, today: date) -> None:
        self._reseller, self._today = reseller, today
        self._ways: dict[tuple[date, str], Way | NotIncluded] = {}
        self.rows: dict[_Key, Profit] = {}

    @property
    def not_included(self) -> list[tuple[date, NotIncluded]]:
        """The months and currencies without an exchange rate."""
        found = ((month, way) for (month, _base), way in self._ways.items() if isinstance(way, NotIncluded))
        return sorted(found, key=lambda pair: (pair[0], pair[1].currency))

    def add(
        self, center_id: int | None, month: date, base: str, *, own: Decimal = ZERO, **amounts: Decimal
    ) -> None:
        """Add amounts in `base`; `own` is revenue already in the reseller's currency."""
        way = self._way(month, base)
        currency = base if isinstance(way, NotIncluded) else self._reseller.currency
        row = self.rows.setdefault((center_id, month, currency), Profit(center_id, month, currency))
        for name, amount in amounts.items():
            setattr(row, name, getattr(row, name) + _converted(amount, way))
        row.invoiced += own

    def add_invoiced(self, period: Period) -> None:
        """What documents in force charge for the days of the period, and what its subscriptions cost."""
        for row in _lines(self._reseller, period):
            base, month = row["cost_currency"], row["month"]
            exact = row["currency"] == self._reseller.currency and isinstance(self._way(month, base), Way)
            self.add(
                row["invoice__center_id"],
                month,
                base,
                invoiced=ZERO if exact else row["revenue"],
                own=row["charged"] if exact else ZERO,
                cost=row["subscriptions"] or ZERO,
            )

    def add_usage(self, period: Period, centers: dict[int, Center]) -> None:
        """What MazBot charged for usage, and what the unbilled part of it will be charged."""
        margins, taxes = Margins.of(self._reseller), Taxes(self._reseller)
        discounts = Discounts(self._reseller)
        policies = policies_for(self._reseller, centers.values())
        starts = _starts(self._reseller, period, discounts)
        for row in usage_costs(self._reseller, period, starts):
            center, billable = centers[row.center_id], policies[row.center_id].billable
            charge = _charge(row, margins.find(Category.MESSAGE, center, row.day), billable)
            tax = taxes.on(row.day, center)
            net = net_of(discounts.on_messages(center, row.day).of(charge), tax)
            self.add(
                row.center_id,
                row.day.replace(day=1),
                row.currency,
                accrued=net,
                accrued_tax=exact_tax(net, tax.percent),
                cost=row.cost,
                uncharged=row.waived + row.free,
            )

    def _way(self, month: date, base: str) -> Way | NotIncluded:
        """At the month's last day, or today."""
        if (month, base) not in self._ways:
            day = min(month_of(month).last_day, self._today)
            same = base == self._reseller.currency
            self._ways[month, base] = (
                Way(Decimal(1), Decimal(1), day)
                if same
                else Converter(self._reseller, day).way(base, self._reseller.currency)
            )
        return self._ways[month, base]


def _converted(amount: Decimal, way: Way | NotIncluded) -> Decimal:
    if isinstance(way, NotIncluded) or not amount:
        return amount
    with localcontext() as context:
        context.prec = PRECISION
        return amount * way.rate / way.divisor


def _charge(row: UsageCosts, margin: Margin | None, billable: str) -> Decimal:
    percent, fixed = (margin.percent, margin.fixed) if margin else (ZERO, ZERO)
    return usage_charge(
        row.unbilled, row.sent if billable == Billable.SENT else row.delivered, percent, fixed
    )


def _starts(reseller: Reseller, period: Period, discounts: Discounts) -> Iterator[date]:
    """The first days of months, and those on which a margin, country, tax rate, discount or plan begins or ends."""
    yield from (day for day in period.days() if day.day == 1)
    for changes in (
        Margin.objects.filter(category=Category.MESSAGE),
        CenterVersion.objects.filter(name=CenterVersion.Name.COUNTRY),
        TaxRate.objects.all(),
    ):
        inside = changes.filter(reseller=reseller, valid_from__gt=period.first_day)
        days = inside.order_by("valid_from").values_list("valid_from", flat=True).distinct()
        yield from (day for day in days if day is not None)
    yield from discounts.all_edges(period)


def _lines(reseller: Reseller, period: Period) -> Iterable[dict[str, Any]]:
    """Lines of documents in force by center, month of their first day and currencies."""
    exact = DecimalField(max_digits=60, decimal_places=20)
    lines = InvoiceLine.objects.filter(
        Invoice.in_force("invoice__"),
        reseller=reseller,
        first_day__gte=period.first_day,
        first_day__lt=period.end_day,
    )
    rows: Any = (
        lines.order_by()
        .annotate(
            month=TruncMonth("first_day"),
            at_cost=ExpressionWrapper(F("amount") / F("exchange_rate"), output_field=exact),
        )
        .values("invoice__center_id", "month", "cost_currency", "currency")
        .annotate(
            revenue=Sum("at_cost"),
            charged=Sum("amount"),
            subscriptions=Sum("cost", filter=Q(kind__in=PER_NUMBER)),
        )
    )
    return list(rows)


def last_months(month: Period, count: int = 12) -> Period:
    """The months up to and with this one."""
    first = month.first_day
    for _number in range(count - 1):
        first = (first - ONE_DAY).replace(day=1)
    return Period(first, month.end_day)
