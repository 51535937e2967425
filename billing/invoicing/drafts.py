"""Draft invoices: the lines of a center and period, calculated but not stored."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import partial
from typing import cast

from billing.invoicing.carried import Rest, carried_line
from billing.invoicing.charges import charge_lines
from billing.invoicing.corrections import Correction, correction_lines, lowers, rate_for
from billing.invoicing.draft_lines import ZERO, DraftLine, Terms, line_over
from billing.invoicing.run.beyond import corrected_lines, first_lines
from billing.invoicing.run.material import Material
from billing.invoicing.unbilled import Unbilled
from billing.models import (
    Category,
    CenterVersion,
    Charge,
    Invoice,
    InvoiceLine,
    Margin,
    TaxSums,
    TaxTerms,
    Waiver,
)
from billing.money import exactly, rounded
from billing.periods import Period, month_of
from billing.pricing.price_list import PriceList
from billing.pricing.subscriptions.prices import PricedCharge
from billing.tax.computing import net_of, taxes
from centers.errors import OperationRefused
from centers.models import Center
from centers.stored_messages import StoredMessage as _

Kind = InvoiceLine.Kind
ONE = Decimal(1)


@dataclass(frozen=True, slots=True)
class Draft:
    """A draft invoice. `lines` are printed; `silent` lines only close their days with it. `total` includes `taxes`.

    `reductions` are the lines of the credit notes that are issued with it, on earlier invoices; `waived` is usage that
    went down since it was waived.
    """

    center: Center
    period: Period
    currency: str
    lines: tuple[DraftLine, ...]
    silent: tuple[DraftLine, ...] = ()
    reductions: tuple[DraftLine, ...] = ()
    waived: tuple[tuple[Waiver, Unbilled], ...] = ()
    taxes: tuple[TaxSums, ...] = field(init=False)
    net: Decimal = field(init=False)
    tax: Decimal = field(init=False)
    total: Decimal = field(init=False)

    def __post_init__(self) -> None:
        rows = taxes(self.lines, self.currency)
        net = sum((line.amount for line in self.lines), ZERO)
        tax = sum((row.tax for row in rows), ZERO)
        for name, value in {"taxes": rows, "net": net, "tax": tax, "total": net + tax}.items():
            object.__setattr__(self, name, value)

    @property
    def charges_nothing(self) -> bool:
        """Whether the period is closed without an invoice."""
        return self.total == 0

    @property
    def notes(self) -> dict[Invoice, list[DraftLine]]:
        """The reductions by the invoice they credit."""
        found: dict[Invoice, list[DraftLine]] = {}
        for line in self.reductions:
            found.setdefault(cast(InvoiceLine, line.corrects).invoice, []).append(line)
        return found

    @property
    def rest(self) -> Rest:
        """What is carried of the draft without its credit notes."""
        if self.charges_nothing:
            return Rest.of((*self.lines, *self.silent), is_billed=False)
        return Rest.of((*self.lines, *self.silent))


def preview_invoice(center: Center, period: Period) -> Draft:
    """The invoice as it would be issued now.

    Raises MissingRate, OldRate, or OperationRefused for a subscription without a rate, or for a currency that changes
    inside the period.
    """
    return draft_of(center, Material(center.reseller, [center], period))


def draft_of(center: Center, material: Material) -> Draft:
    """The invoice of one of the centers that the material was read for; raises as `preview_invoice`."""
    price_list, period = material.price_list, material.period
    currency = price_list.currency(center)
    _refuse_two_currencies(price_list, center, period)
    usage, corrected = _usage_lines(material, center)
    numbers = list(_number_lines(material, center))
    charges = charge_lines(price_list, center, material.charges.due(center))
    beyond = first_lines(price_list, center, material.plans)
    drafted = [*usage, *numbers, *charges, *beyond, *corrected.adjustments]
    lines = [line for line in drafted if not line.is_empty]
    tax = price_list.taxes.on(period.last_day, center)
    carried = carried_line(material.carried[center.pk], period, currency, lines, tax)
    return Draft(
        center=center,
        period=period,
        currency=currency,
        lines=(*lines, carried) if carried else tuple(lines),
        silent=(*(line for line in drafted if line.is_empty), *corrected.silent),
        reductions=corrected.reductions,
        waived=corrected.waived,
    )


def _refuse_two_currencies(price_list: PriceList, center: Center, period: Period) -> None:
    """A document has one currency."""
    for day in price_list.centers.changes(center, CenterVersion.Name.CURRENCY, period):
        raise OperationRefused(
            _("The currency of “%(center)s” changes on %(day)s. Invoice the days before it on their own.")
            % {"center": center, "day": day}
        )


def _usage_lines(material: Material, center: Center) -> tuple[list[DraftLine], Correction]:
    """The lines of the period's days, and the corrections: of earlier days, and of days that now cost less."""
    price_list, policy = material.price_list, material.policies[center.pk]
    groups: dict[tuple[object, ...], tuple[Terms, list[Unbilled]]] = {}
    currency = price_list.currency(center)
    corrected = list(material.corrections[center.pk])
    # The numbers of a center share their days.
    of_day: dict[date, tuple[Margin | None, TaxTerms, Decimal, Charge | None]] = {}
    for day in material.unbilled[center.pk]:
        if day.day not in of_day:
            margin = price_list.margins.find(Category.MESSAGE, center, day.day)
            off = price_list.discounts.on_messages(center, day.day).percent
            plan = price_list.discounts.plan(center, day.day)
            of_day[day.day] = margin, price_list.taxes.on(day.day, center, plan), off, plan
        margin, tax, off, plan = of_day[day.day]
        # A day that was billed before, on an invoice that is void by now, and corrected since.
        if day.revision and lowers(day, margin, policy.billable):
            corrected.append(day)
            continue
        # Messages that a plan counts are charged by a line of its own.
        rate = ONE if plan else rate_for(price_list, center, day, policy.billable)
        key = (day.instance.pk, margin and margin.pk, day.currency, rate, tax, off, plan and plan.pk)
        if key not in groups:
            own = (Kind.USAGE, day.instance, margin, day.currency, rate, policy.billable, currency, tax)
            terms = Terms(*own, discount=off, plan=plan)
            groups[key] = terms, []
        groups[key][1].append(day)
    lines = [line_over(terms, days) for terms, days in groups.values()]
    beyond = partial(corrected_lines, price_list, center, material.plans)
    return lines, correction_lines(price_list, center, policy, corrected, beyond)


def _number_lines(material: Material, center: Center) -> Iterable[DraftLine]:
    """What numbers are charged with the months whose last day lies in the period: subscriptions, then once."""
    price_list, numbers = material.price_list, material.numbers
    for charge in numbers.subscriptions(price_list, center):
        for priced in numbers.priced(price_list, center, charge):
            yield _number_line(price_list, center, priced)
    for charge in numbers.one_off(price_list, center):
        for priced in numbers.priced(price_list, center, charge, once=True):
            yield _number_line(price_list, center, priced)


def _number_line(price_list: PriceList, center: Center, priced: PricedCharge) -> DraftLine:
    """One line over the list price, or over the days' share of their month."""
    own = priced.of
    tax = price_list.taxes.on(month_of(own.month).last_day, center)
    exact = exactly(net_of(priced.price, tax))
    return DraftLine(
        kind=Kind.ONE_OFF if priced.is_once else Kind.SUBSCRIPTION,
        instance=own.instance,
        first_day=own.days.first_day,
        end_day=own.days.end_day,
        quantity=1,
        sent=0,
        received=0,
        failed=0,
        cost=round(priced.cost, 10),
        cost_currency=priced.rate.currency,
        margin=priced.margin,
        percent=priced.percent,
        fixed=priced.fixed,
        discount_percent=priced.off.percent,
        exchange_rate=priced.exchange_rate,
        amount=rounded(exact, priced.currency),
        exact=exact,
        currency=priced.currency,
        rate_type=priced.rate.type,
        month=own.month,
        tax=tax,
    )
