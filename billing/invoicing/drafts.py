"""Draft invoices: the lines of a center and period, calculated but not stored."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from billing.invoicing.subscriptions import Subscribed, rate_at, subscribed
from billing.invoicing.unbilled import Unbilled, corrections, unbilled_days
from billing.models import Category, InvoiceLine, LineKinds, Margin, Rate
from billing.money import rounded
from billing.periods import ONE_DAY, Period, day_start, month_of, part_of_month, zone_of
from billing.policies import Policy, policy_for, reseller_policy
from billing.pricing.exchange_rates import MissingRate, OldRate
from billing.pricing.price_list import PriceList, average, converted, share_of, usage_charge
from centers.errors import OperationRefused
from centers.models import Center
from centers.stored_messages import StoredMessage as _
from whatsapp.models import Instance

ZERO = Decimal(0)
Kind = InvoiceLine.Kind


@dataclass(frozen=True, slots=True)
class DraftLine(LineKinds):
    """A draft line with the fields of InvoiceLine. `amount` is rounded once, to the currency's decimals."""

    kind: str
    instance: Instance
    first_day: date
    end_day: date
    quantity: int
    sent: int
    received: int
    failed: int
    cost: Decimal
    cost_currency: str
    margin: Margin | None
    percent: Decimal
    fixed: Decimal
    exchange_rate: Decimal
    amount: Decimal
    currency: str
    billable: str = ""
    rate_type: str = ""
    month: date | None = None  # of a subscription
    days: tuple[Unbilled, ...] = ()

    @property
    def number_label(self) -> str:
        """The number's label on the invoice."""
        own = self.instance
        return f"{own.label} ({own.instance_id})" if own.label else own.instance_id

    @property
    def unit_cost(self) -> Decimal:
        """Average cost per message or subscription."""
        return average(self.cost, self.quantity)

    @property
    def unit_price(self) -> Decimal:
        """Average price per message or subscription, in `currency`."""
        return average(self.amount, self.quantity)

    @property
    def is_empty(self) -> bool:
        """Whether the line has no counts and no amount: it is left out, and its days are closed without a line."""
        return not (self.amount or self.quantity or self.sent or self.received or self.cost)


@dataclass(frozen=True, slots=True)
class Draft:
    """A draft invoice. `lines` are printed; `silent` lines only close their days with it."""

    center: Center
    period: Period
    currency: str
    lines: tuple[DraftLine, ...]
    silent: tuple[DraftLine, ...] = ()
    total: Decimal = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "total", sum((line.amount for line in self.lines), ZERO))

    @property
    def charges_nothing(self) -> bool:
        """Whether the period is closed without an invoice."""
        return all(line.amount == 0 for line in self.lines)


@dataclass(frozen=True, slots=True)
class _Terms:
    """What all days of one line have in common."""

    kind: str
    instance: Instance
    margin: Margin | None
    cost_currency: str
    exchange_rate: Decimal
    billable: str


def preview_invoice(center: Center, period: Period) -> Draft:
    """The invoice as it would be issued now.

    Raises MissingRate, OldRate, or OperationRefused for a subscription without a rate.
    """
    policy = policy_for(center)
    price_list = PriceList(center.reseller, period.last_day, center=center)
    drafted = [
        *_usage_lines(price_list, center, policy, period),
        *_subscription_lines(price_list, center, policy, period),
        *_adjustment_lines(price_list, center, policy, period),
    ]
    return Draft(
        center=center,
        period=period,
        currency=center.currency,
        lines=tuple(line for line in drafted if not line.is_empty),
        silent=tuple(line for line in drafted if line.is_empty),
    )


def _usage_lines(price_list: PriceList, center: Center, policy: Policy, period: Period) -> list[DraftLine]:
    groups: dict[_Terms, list[Unbilled]] = {}
    for day in unbilled_days(center, period):
        margin = price_list.margins.find(Category.MESSAGE, center, day.day)
        exchange_rate = _exchange_rate(price_list, center, day, policy.billable)
        terms = _Terms(Kind.USAGE, day.instance, margin, day.currency, exchange_rate, policy.billable)
        groups.setdefault(terms, []).append(day)
    return [_line(terms, days, center.currency) for terms, days in groups.items()]


def _adjustment_lines(
    price_list: PriceList, center: Center, policy: Policy, period: Period
) -> list[DraftLine]:
    """Corrections keep the margin version, the exchange rate and the billable basis of the day's original line."""
    groups: dict[_Terms, list[Unbilled]] = {}
    for day in corrections(center, period.first_day):
        margin, line = day.margin_before, day.line_before
        if day.before is None:
            margin = price_list.margins.find(Category.MESSAGE, center, day.day)
        basis = (line.billable if line else "") or policy.billable
        # A line without cost may have been issued without a rate: its stored 1 is a placeholder, not a rate.
        if line is not None and line.currency == center.currency and (line.amount or line.exchange_rate != 1):
            exchange_rate = line.exchange_rate
        else:
            exchange_rate = _exchange_rate(price_list, center, day, basis)
        terms = _Terms(Kind.ADJUSTMENT, day.instance, margin, day.currency, exchange_rate, basis)
        groups.setdefault(terms, []).append(day)
    return [_line(terms, days, center.currency) for terms, days in groups.items()]


def _subscription_lines(
    price_list: PriceList, center: Center, policy: Policy, period: Period
) -> Iterable[DraftLine]:
    """The charges of the months whose last day lies in the period, when the policy names a type to charge."""
    if not policy.subscription_type:
        return
    rates: dict[date, Rate] = {}
    share = reseller_policy(center.reseller).subscription_share
    months = list(period.months_ended())
    for charge in subscribed(price_list, center, months, policy.subscription_type, share):
        if charge.month not in rates:
            rates[charge.month] = _subscription_rate(
                price_list, center, policy.subscription_type, charge.month
            )
        yield _subscription_line(price_list, center, rates[charge.month], charge)


def _subscription_rate(price_list: PriceList, center: Center, rate_type: str, month: date) -> Rate:
    ended = day_start(month_of(month).end_day, zone_of(center.reseller))
    rate = rate_at(price_list, center.country_id, rate_type, ended)
    if rate is None:
        raise OperationRefused(
            _(
                "MazBot has no rate “%(type)s” for the country of “%(center)s”. Refresh the rates or "
                "change the billing rules."
            )
            % {"type": rate_type, "center": center}
        )
    return rate


def _subscription_line(price_list: PriceList, center: Center, rate: Rate, own: Subscribed) -> DraftLine:
    """One line over the list price, or over the days' share of their month."""
    days, of = part_of_month(own.days) or (1, 1)
    margin = price_list.margins.find(Category.SUBSCRIPTION, center, month_of(own.month).last_day)
    percent, fixed = (margin.percent, margin.fixed) if margin else (ZERO, ZERO)
    exchange_rate = price_list.exchange.rate(rate.currency, center.currency, price_list.day)
    charge = converted(usage_charge(rate.cost, 1, percent, fixed), exchange_rate)
    return DraftLine(
        kind=Kind.SUBSCRIPTION,
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
        amount=rounded(share_of(charge, days, of), center.currency),
        currency=center.currency,
        rate_type=rate.type,
        month=own.month,
    )


def _line(terms: _Terms, days: list[Unbilled], currency: str) -> DraftLine:
    quantity = sum(day.billable(terms.billable) for day in days)
    cost = sum((day.cost for day in days), ZERO)
    percent, fixed = (terms.margin.percent, terms.margin.fixed) if terms.margin else (ZERO, ZERO)
    charge = converted(usage_charge(cost, quantity, percent, fixed), terms.exchange_rate)
    return DraftLine(
        kind=terms.kind,
        instance=terms.instance,
        first_day=min(day.day for day in days),
        end_day=max(day.day for day in days) + ONE_DAY,
        quantity=quantity,
        billable=terms.billable,
        sent=sum(day.sent for day in days),
        received=sum(day.received for day in days),
        failed=sum(day.failed for day in days),
        cost=cost,
        cost_currency=terms.cost_currency,
        margin=terms.margin,
        percent=percent,
        fixed=fixed,
        exchange_rate=terms.exchange_rate,
        amount=rounded(charge, currency),
        currency=currency,
        days=tuple(days),
    )


def _exchange_rate(price_list: PriceList, center: Center, day: Unbilled, basis: str) -> Decimal:
    """The exchange rate for a day's cost; 1 if the day costs nothing and there is no rate, or only an old one.

    Raises MissingRate or OldRate.
    """
    try:
        return price_list.exchange.rate(day.currency, center.currency, price_list.day)
    except (MissingRate, OldRate):
        if day.cost or day.billable(basis):
            raise
        return Decimal(1)
