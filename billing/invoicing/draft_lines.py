"""The lines of a draft, calculated from days of usage but not stored."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from billing.invoicing.unbilled import Unbilled
from billing.models import Charge, InvoiceLine, LineKinds, Margin, TaxTerms
from billing.money import exactly, rounded
from billing.periods import ONE_DAY
from billing.pricing.discounts import Off
from billing.pricing.price_list import average, converted, usage_charge
from billing.tax.computing import UNTAXED, net_of
from whatsapp.models import Instance

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Counted:
    """What a line over messages beyond a plan says about its month: see BeyondClaim."""

    included: int
    messages: int
    revision: int


@dataclass(frozen=True, slots=True)
class DraftLine(LineKinds):
    """A draft line with the fields of InvoiceLine. `amount` is `exact` rounded once, to the currency's decimals.

    Both are without tax.
    """

    kind: str
    instance: Instance | None
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
    exact: Decimal
    currency: str
    billable: str = ""
    rate_type: str = ""
    month: date | None = None  # of a subscription
    days: tuple[Unbilled, ...] = ()
    corrects: InvoiceLine | None = None
    charge: Charge | None = None  # that staff entered; the plan that counts the messages
    counted: Counted | None = None  # of a line over messages beyond the plan
    description: str = ""
    discount_percent: Decimal = ZERO
    discount_amount: Decimal = ZERO
    tax: TaxTerms = UNTAXED
    credited_before: Decimal = ZERO  # what staff credited already of what this line would credit

    @property
    def number_label(self) -> str:
        """The number's label on the invoice; empty on a line over what was carried."""
        own = self.instance
        if own is None:
            return ""
        return f"{own.label} ({own.instance_id})" if own.label else own.instance_id

    @property
    def margin_id(self) -> int | None:
        """The key of its margin."""
        return self.margin.pk if self.margin else None

    @property
    def charge_id(self) -> int | None:
        """The key of its charge."""
        return self.charge.pk if self.charge else None

    @property
    def tax_category(self) -> str:
        """The column of its own."""
        return self.tax.category

    @property
    def tax_percent(self) -> Decimal:
        """The column of its own."""
        return self.tax.percent

    @property
    def tax_reason(self) -> str:
        """The column of its own."""
        return self.tax.reason

    @property
    def tax_included(self) -> bool:
        """The column of its own."""
        return self.tax.included

    @property
    def discount_currency(self) -> str:
        """That of the charge, and so of an amount taken off it."""
        return self.cost_currency

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
class Terms:
    """What all days of one line have in common."""

    kind: str
    instance: Instance
    margin: Margin | None
    cost_currency: str
    exchange_rate: Decimal
    billable: str
    currency: str
    tax: TaxTerms = UNTAXED
    corrects: InvoiceLine | None = None
    falls: bool = False  # what goes down and what goes up share no line
    discount: Decimal = ZERO  # in percent
    plan: Charge | None = None  # that counts the messages


def charge_of(cost: Decimal, quantity: int, margin: Margin | None) -> Decimal:
    """The charge in the currency of the cost, unrounded."""
    percent, fixed = (margin.percent, margin.fixed) if margin else (ZERO, ZERO)
    return usage_charge(cost, quantity, percent, fixed)


def line_over(terms: Terms, days: Iterable[Unbilled]) -> DraftLine:
    """One line over these days, rounded once."""
    own = tuple(days)
    quantity = sum(day.billable(terms.billable) for day in own)
    cost = sum((day.cost for day in own), ZERO)
    price = Off(terms.discount).of(charge_of(cost, quantity, terms.margin))
    exact = exactly(net_of(converted(price, terms.exchange_rate), terms.tax))
    return DraftLine(
        kind=terms.kind,
        instance=terms.instance,
        first_day=min(day.day for day in own),
        end_day=max(day.day for day in own) + ONE_DAY,
        quantity=quantity,
        billable=terms.billable,
        sent=sum(day.sent for day in own),
        received=sum(day.received for day in own),
        failed=sum(day.failed for day in own),
        cost=cost,
        cost_currency=terms.cost_currency,
        margin=terms.margin,
        percent=terms.margin.percent if terms.margin else ZERO,
        fixed=terms.margin.fixed if terms.margin else ZERO,
        discount_percent=terms.discount,
        exchange_rate=terms.exchange_rate,
        amount=rounded(exact, terms.currency),
        exact=exact,
        currency=terms.currency,
        days=own,
        corrects=terms.corrects,
        charge=terms.plan,
        description=str(terms.plan or ""),
        tax=terms.tax,
    )
