"""What invoices charge of messages beyond plans: once a month is over, and later what changed of it.

All messages of a plan's days have lines without an amount. What is beyond is a line over the month, at the margin, the
discount and the tax of its last day. It is a function of the month's usage alone: what invoices have of it is
subtracted, so late usage is charged only where it is beyond, and what goes down gives back what is beyond first.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from billing.invoicing.draft_lines import Counted, DraftLine
from billing.invoicing.unbilled import Unbilled
from billing.models import BillingPeriod, InvoiceLine, TaxTerms
from billing.money import exactly, rounded
from billing.periods import Period, month_of
from billing.plans import Part, PlanMonth, PlanMonths
from billing.plans.prices import BeyondPrice, beyond_price
from billing.pricing.price_list import PriceList, converted
from billing.tax.computing import net_of
from centers.models import Center


class DuePlans:
    """The months of plans that end in the period, and closed ones whose usage may have changed: read once for all."""

    def __init__(
        self,
        centers: Iterable[Center],
        period: Period,
        bases: Mapping[int, str],
        corrections: Mapping[int, list[Unbilled]],
    ) -> None:
        own = list(centers)
        self._ended = set(period.months_ended())
        late = {day.day.replace(day=1) for days in corrections.values() for day in days}
        late = (late | {period.last_day.replace(day=1)}) - self._ended
        self._months = PlanMonths(own, self._ended | late, bases)
        self._closed: set[tuple[int, date]] = set()
        with_plans = [center.pk for center in own if self._months.of(center)]
        if late and with_plans:
            self._read_closed(with_plans, late)

    def ended(self, center: Center) -> list[PlanMonth]:
        """The months to be invoiced for the first time."""
        return [one for one in self._months.of(center) if one.month in self._ended and not one.claims]

    def changed(self, center: Center) -> list[PlanMonth]:
        """The months that invoices have, or should have."""
        return [
            one
            for one in self._months.of(center)
            if (one.claims if one.month in self._ended else (center.pk, one.month) in self._closed)
        ]

    def _read_closed(self, centers: list[int], late: set[date]) -> None:
        rows = BillingPeriod.objects.filter(center__in=centers, voided_at=None, end_day__gt=min(late))
        for pk, first, end in rows.values_list("center_id", "first_day", "end_day"):
            self._closed |= {(pk, month) for month in late if first <= month_of(month).last_day < end}


def first_lines(price_list: PriceList, center: Center, plans: DuePlans) -> Iterator[DraftLine]:
    """The lines over the months that end. Raises MissingRate or OldRate."""
    for month in plans.ended(center):
        # A number that the center held in another month only, and that sent nothing.
        if month.instance is None or month.included or month.used:
            for part in month.open_parts():
                yield _line(price_list, center, month, part)


def corrected_lines(
    price_list: PriceList, center: Center, plans: DuePlans, waived: Iterable[Unbilled]
) -> Iterator[DraftLine]:
    """The lines over what is more or less beyond in months that invoices have, besides what went down of `waived` days.

    Raises MissingRate or OldRate.
    """
    apart = list(waived)
    for month in plans.changed(center):
        if month.instance is not None and not (month.claims or month.used):
            continue
        for day in apart:
            is_of = month.instance is None or month.instance.pk == day.instance.pk
            if is_of and month.days.first_day <= day.day < month.days.end_day:
                month.add(day.currency, -day.billable(month.billable), -day.cost)
        for part in month.open_parts():
            yield _line(price_list, center, month, part)


@dataclass(frozen=True, slots=True)
class _Terms:
    """How what is beyond is priced."""

    price: BeyondPrice
    tax: TaxTerms
    currency: str
    exchange_rate: Decimal


def _line(price_list: PriceList, center: Center, month: PlanMonth, part: Part) -> DraftLine:
    source = _source(month, part)
    terms = _terms_of(price_list, center, part, source) if source else _terms(price_list, center, month, part)
    price = terms.price
    exact = exactly(net_of(converted(price.of(part), terms.exchange_rate), terms.tax))
    return DraftLine(
        kind=InvoiceLine.Kind.BEYOND,
        instance=month.instance,
        first_day=month.days.first_day,
        end_day=month.days.end_day,
        quantity=part.quantity,
        billable=month.billable,
        sent=0,
        received=0,
        failed=0,
        cost=part.cost,
        cost_currency=part.currency,
        margin=price.margin,
        percent=price.percent,
        fixed=price.fixed,
        discount_percent=price.discount,
        exchange_rate=terms.exchange_rate,
        amount=rounded(exact, terms.currency),
        exact=exact,
        currency=terms.currency,
        charge=month.charge,
        description=month.charge.description,
        counted=Counted(month.included, month.messages, month.revision(part.currency)),
        corrects=source,
        tax=terms.tax,
    )


def _source(month: PlanMonth, part: Part) -> InvoiceLine | None:
    """The first line that charges something of the month in that currency; of a note, the one that it credits."""
    for claim in month.claims:
        line = claim.line.corrects if claim.line and claim.line.invoice.is_credit_note else claim.line
        if line is not None and line.cost_currency == part.currency and line.amount > 0:
            return line
    return None


def _terms(price_list: PriceList, center: Center, month: PlanMonth, part: Part) -> _Terms:
    """Those of the plan's last day in the month."""
    day, currency = month.days.last_day, price_list.currency(center)
    price = beyond_price(price_list, center, month, day)
    tax = price_list.taxes.on(day, center, month.charge)
    return _Terms(price, tax, currency, _exchange_rate(price_list, part, currency))


def _terms_of(price_list: PriceList, center: Center, part: Part, line: InvoiceLine) -> _Terms:
    """Those of the line that is corrected; what is more is charged in the center's present currency."""
    price = BeyondPrice(line.margin, line.percent, line.fixed, line.discount_percent)
    currency = price_list.currency(center)
    if price.of(part) < 0 or currency == line.currency:
        return _Terms(price, line.tax, line.currency, line.exchange_rate)
    return _Terms(price, line.tax, currency, _exchange_rate(price_list, part, currency))


def _exchange_rate(price_list: PriceList, part: Part, currency: str) -> Decimal:
    """1 where nothing is charged: then no rate is needed."""
    if not (part.quantity or part.cost):
        return Decimal(1)
    return price_list.exchange.rate(part.currency, currency, price_list.day)
