"""Reads for a center about itself: no cost is selected."""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db.models import F, QuerySet
from django.utils.translation import gettext as _

from billing.ledger import Balance, balances
from billing.models import BillingPolicy, Category, Interval, Invoice, InvoiceLine, LineKinds
from billing.periods import Period, today
from billing.policies import policy_for, reseller_policy
from billing.pricing.history.price_history import PriceHistory, priced
from billing.pricing.price_list import PriceList
from billing.queries.usage import SUMS, usage_rows
from centers.models import Center


@dataclass(frozen=True, slots=True)
class PortalPrice:
    """A price the center pays; None if it cannot be determined yet."""

    type: str
    category: str
    price: Decimal | None
    currency: str
    read_at: datetime | None
    interval: str  # of a subscription

    @property
    def is_yearly(self) -> bool:
        """Whether it is charged once a year per number."""
        return self.interval == Interval.YEAR

    @property
    def is_subscription(self) -> bool:
        """Whether it is charged per number, not per message."""
        return self.category == Category.SUBSCRIPTION

    @property
    def unit(self) -> str:
        """What the price is for, in words."""
        return unit_text(self.interval)


@dataclass(frozen=True, slots=True)
class PortalSource:
    """The line of an earlier invoice that a line credits or adds to."""

    position: int
    invoice: Invoice


@dataclass(frozen=True, slots=True)
class PortalLine(LineKinds):
    """An invoice line as its center sees it."""

    pk: int
    position: int
    kind: str
    number_label: str
    description: str
    discount_percent: Decimal
    discount_amount: Decimal
    discount_currency: str | None
    rate_type: str
    charge_id: int | None
    first_day: date
    end_day: date
    quantity: int
    sent: int
    received: int
    failed: int
    unit_price: Decimal
    amount: Decimal
    currency: str
    corrects: PortalSource | None


@dataclass(frozen=True, slots=True)
class PortalDay:
    """A day's messages of one center (or one of its numbers)."""

    day: date
    sent: int
    received: int
    failed: int


_INVOICE_FIELDS = (
    "id",
    "reseller_id",
    "center_id",
    "kind",
    "number",
    "first_day",
    "end_day",
    "currency",
    "total",
    "tax",
    "issued_at",
    "issued_on",
    "due_on",
    "language",
    "parties",
    "reason",
    "open_amount",
    "credited",
    "written_off",
    "credits_id",
    "credit_kind",
    "settled_at",
    "voided_at",
)


def unit_text(interval: str) -> str:
    """What a price is for: a message, or the interval of a subscription."""
    units = {
        Interval.YEAR.value: _("Per number per year"),
        Interval.MONTH.value: _("Per number per month"),
        Interval.ONCE.value: _("Once per number"),
    }
    return units.get(interval, _("Per message"))


def portal_prices(center: Center, now: datetime, day: date | None = None) -> list[PortalPrice]:
    """The center's prices of today or of a day by type name: an order by price could reveal costs."""
    is_today = day is None or day == today(center.reseller, now)
    if day is None or is_today:
        price_list = PriceList(center.reseller, today(center.reseller, now), center=center)
    else:
        price_list = PriceHistory(center, now).on(day)
    read_at = price_list.read_at(price_list.country_id(center))
    prices = [
        PortalPrice(
            row.type,
            row.category,
            row.price if is_today or priced(row) else None,
            row.currency,
            read_at,
            row.interval,
        )
        for row in price_list.for_center(center)
    ]
    return sorted(prices, key=lambda row: (row.category, row.type))


def portal_subscription(center: Center) -> BillingPolicy | None:
    """The policy by which the center is charged a subscription; None if it is charged none."""
    return reseller_policy(center.reseller) if policy_for(center).subscription_type else None


def portal_usage(center: Center, period: Period, *, instance_id: int | None = None) -> list[PortalDay]:
    """Messages per day; no cost is selected."""
    counts = {name: SUMS[name] for name in ("sent", "received", "failed")}
    rows = usage_rows(period, center, instance_id).values("day").annotate(**counts).order_by("day")
    return [PortalDay(**row) for row in rows.values("day", "sent", "received", "failed")]


def portal_invoices(center: Center) -> QuerySet[Invoice]:
    """The center's invoices and credit notes, newest first."""
    return Invoice.objects.filter(center=center).only(*_INVOICE_FIELDS).order_by("-issued_at", "-pk")


def portal_lines(invoice: Invoice, *, line_id: int | None = None) -> list[PortalLine]:
    """The lines of one of the center's invoices, or the one of them with that id."""
    columns = [field.name for field in fields(PortalLine) if field.name != "discount_currency"]
    rows: Iterable[dict[str, Any]] = (
        InvoiceLine.objects.filter(invoice=invoice, **({} if line_id is None else {"pk": line_id}))
        .order_by("position")
        .values(*columns, "corrects__position", "corrects__invoice", discount_currency=F("charge__currency"))
    )
    read = list(rows)
    invoices = Invoice.objects.only(*_INVOICE_FIELDS).in_bulk(
        {row["corrects__invoice"] for row in read} - {None}
    )
    return [_portal_line(row, invoices) for row in read]


def _portal_line(row: dict[str, Any], invoices: dict[int, Invoice]) -> PortalLine:
    position, invoice = row.pop("corrects__position"), invoices.get(row.pop("corrects__invoice"))
    source = PortalSource(position, invoice) if invoice else None
    return PortalLine(**row | {"corrects": source})


def portal_balance(center: Center, now: datetime) -> list[Balance]:
    """The center's balance or credit per currency, its own first."""
    return balances(center, now)
