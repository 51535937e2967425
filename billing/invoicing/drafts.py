"""Draft invoices: the lines of a center and period, calculated but not stored."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import cast

from billing.invoicing.carried import Rest, carried_line
from billing.invoicing.corrections import Correction, correction_lines, lowers, rate_for
from billing.invoicing.draft_lines import ZERO, DraftLine, Terms, line_over
from billing.invoicing.subscriptions import Subscribed, charged_once, rate_at, subscribed
from billing.invoicing.unbilled import Unbilled, corrections, unbilled_days
from billing.models import (
    Category,
    CenterVersion,
    Interval,
    Invoice,
    InvoiceLine,
    Rate,
    RateClass,
    Share,
    TaxSums,
    Waiver,
)
from billing.money import exactly, rounded
from billing.periods import Period, cut, day_start, month_of, part_of_month, zone_of
from billing.policies import Policy, policy_for, reseller_policy
from billing.pricing.price_list import PriceList, converted, share_of, usage_charge
from billing.tax.computing import net_of, taxes
from centers.errors import OperationRefused
from centers.models import Center
from centers.stored_messages import StoredMessage as _

Kind = InvoiceLine.Kind


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
    policy = policy_for(center)
    price_list = PriceList(center.reseller, period.last_day, center=center)
    _refuse_two_currencies(price_list, center, period)
    usage, corrected = _usage_lines(price_list, center, policy, period)
    numbers = [
        *_subscription_lines(price_list, center, policy, period),
        *_one_off_lines(price_list, center, policy, period),
    ]
    drafted = [*usage, *numbers, *corrected.adjustments]
    lines = [line for line in drafted if not line.is_empty]
    tax = price_list.taxes.on(period.last_day, center)
    carried = carried_line(center, period, price_list.currency(center), lines, tax)
    return Draft(
        center=center,
        period=period,
        currency=price_list.currency(center),
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


def _usage_lines(
    price_list: PriceList, center: Center, policy: Policy, period: Period
) -> tuple[list[DraftLine], Correction]:
    """The lines of the period's days, and the corrections: of earlier days, and of days that now cost less."""
    groups: dict[Terms, list[Unbilled]] = {}
    currency = price_list.currency(center)
    corrected = corrections(center, period.first_day)
    for day in unbilled_days(center, period):
        margin = price_list.margins.find(Category.MESSAGE, center, day.day)
        # A day that was billed before, on an invoice that is void by now, and corrected since.
        if day.revision and lowers(day, margin, policy.billable):
            corrected.append(day)
            continue
        rate = rate_for(price_list, center, day, policy.billable)
        tax = price_list.taxes.on(day.day, center)
        terms = Terms(Kind.USAGE, day.instance, margin, day.currency, rate, policy.billable, currency, tax)
        groups.setdefault(terms, []).append(day)
    lines = [line_over(terms, days) for terms, days in groups.items()]
    return lines, correction_lines(price_list, center, policy, corrected)


def _subscription_lines(
    price_list: PriceList, center: Center, policy: Policy, period: Period
) -> Iterable[DraftLine]:
    """The charges of the months whose last day lies in the period, when the policy names a type to charge."""
    if not policy.subscription_type or price_list.category(policy.subscription_type) == RateClass.IGNORED:
        return
    name = policy.subscription_type
    rates: dict[tuple[date, str], Rate] = {}
    share = reseller_policy(center.reseller).subscription_share
    by_days = share == Share.HELD and price_list.interval(name) != Interval.YEAR
    for charge in subscribed(price_list, center, list(period.months_ended()), name, share):
        for part in _in_one_country(price_list, center, charge) if by_days else [charge]:
            # The days' country; that of the month's end for what isn't charged by the day.
            day = part.days.last_day if by_days else month_of(part.month).last_day
            key = (part.month, price_list.centers.country_id(center, day))
            if key not in rates:
                rates[key] = _subscription_rate(price_list, center, name, *key)
            yield _subscription_line(price_list, center, rates[key], part, day)


def _one_off_lines(
    price_list: PriceList, center: Center, policy: Policy, period: Period
) -> Iterable[DraftLine]:
    """What numbers are charged once with the months whose last day lies in the period, at the rates of those months."""
    name = policy.one_off_type
    if not name or price_list.interval(name) != Interval.ONCE:
        return
    for charge in charged_once(center, list(period.months_ended())):
        day = month_of(charge.month).last_day
        country = price_list.centers.country_id(center, day)
        rate = _subscription_rate(price_list, center, name, charge.month, country)
        yield _subscription_line(price_list, center, rate, charge, day, kind=Kind.ONE_OFF)


def _in_one_country(price_list: PriceList, center: Center, charge: Subscribed) -> Iterable[Subscribed]:
    """The charge, divided where the center's country changes."""
    changes = price_list.centers.changes(center, CenterVersion.Name.COUNTRY, charge.days)
    for days in cut(charge.days, changes):
        yield replace(charge, days=days)


def _subscription_rate(
    price_list: PriceList, center: Center, rate_type: str, month: date, country_id: str
) -> Rate:
    ended = day_start(month_of(month).end_day, zone_of(center.reseller))
    rate = rate_at(price_list, country_id, rate_type, ended)
    if rate is None:
        raise OperationRefused(
            _(
                "MazBot has no rate “%(type)s” for the country of “%(center)s”. Refresh the rates or "
                "change the billing rules."
            )
            % {"type": rate_type, "center": center}
        )
    return rate


def _subscription_line(
    price_list: PriceList,
    center: Center,
    rate: Rate,
    own: Subscribed,
    day: date,
    *,
    kind: InvoiceLine.Kind = Kind.SUBSCRIPTION,
) -> DraftLine:
    """One line over the list price, or over the days' share of their month; `day` is one in the country of the rate."""
    days, of = (part_of_month(own.days) if kind == Kind.SUBSCRIPTION else None) or (1, 1)
    currency = price_list.currency(center)
    margin = price_list.margins.find(
        Category.SUBSCRIPTION, center, month_of(own.month).last_day, in_country_of=day
    )
    percent, fixed = (margin.percent, margin.fixed) if margin else (ZERO, ZERO)
    exchange_rate = price_list.exchange.rate(rate.currency, currency, price_list.day)
    charge = converted(usage_charge(rate.cost, 1, percent, fixed), exchange_rate)
    tax = price_list.taxes.on(month_of(own.month).last_day, center)
    exact = exactly(net_of(share_of(charge, days, of), tax))
    return DraftLine(
        kind=kind,
        instance=own.instance,
        first_day=own.days.first_day,
        end_day=own.days.end_day,
        quantity=1,
        sent=0,
        received=0,
        failed=0,
        cost=round(share_of(rate.cost, days, of), 10),
        cost_currency=rate.currency,
        margin=margin,
        percent=percent,
        fixed=fixed,
        exchange_rate=exchange_rate,
        amount=rounded(exact, currency),
        exact=exact,
        currency=currency,
        rate_type=rate.type,
        month=own.month,
        tax=tax,
    )
