"""What staff pages read about money."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db.models import QuerySet, Sum

from billing.dunning.plan import preview
from billing.models import (
    Hold,
    Invoice,
    InvoiceLine,
    LedgerEntry,
    Payment,
    SuspensionCase,
    UsageReading,
)
from billing.money import rounded
from billing.periods import month_of, today
from billing.pricing import PriceBook, PriceRow
from centers.models import Center, Reseller
from whatsapp.models import Incident

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Unpaid:
    """A center that owes: in one currency, with what is done about it. `suspends_on` is None when never or done."""

    center: Center
    currency: str
    open: Decimal
    overdue: Decimal
    oldest_due_on: date
    days_overdue: int
    suspends_on: date | None
    hold: Hold | None
    case: SuspensionCase | None


@dataclass(frozen=True, slots=True)
class Credit:
    """What a center has paid too much in one currency."""

    center: Center
    amount: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class Takings:
    """One currency's sums for the home page; `invoiced` and `paid` are of the current month."""

    currency: str
    open: Decimal
    overdue: Decimal
    invoiced: Decimal
    paid: Decimal


def invoices() -> QuerySet[Invoice]:
    """The scope's invoices and credit notes, newest first."""
    return Invoice.objects.select_related("center", "credits").order_by("-issued_at", "-pk")


def state_of(invoice: Invoice, day: date) -> str:
    """credit_note, voided, paid, overdue or open, on a day of the reseller's calendar."""
    if invoice.is_credit_note:
        return "credit_note"
    if invoice.voided_at:
        return "voided"
    if invoice.open_amount <= 0:
        return "paid"
    return "overdue" if invoice.due_on < day else "open"


def invoice_lines(invoice: Invoice) -> QuerySet[InvoiceLine]:
    """The lines with everything behind them: for staff who may see costs."""
    return (
        InvoiceLine.objects.filter(invoice=invoice).select_related("instance", "margin").order_by("position")
    )


def payments() -> QuerySet[Payment]:
    """The scope's payments, newest first."""
    return Payment.objects.select_related("center", "recorded_by").order_by("-received_on", "-pk")


def ledger(center: Center) -> QuerySet[LedgerEntry]:
    """A center's entries, newest first."""
    rows = LedgerEntry.objects.filter(center=center).select_related("invoice", "payment")
    return rows.order_by("-at", "-pk")


def doubtful_readings() -> QuerySet[UsageReading]:
    """Flagged readings that wait for a decision or for the next invoice, oldest day first."""
    rows = UsageReading.objects.exclude(flag="").filter(resolved_at=None)
    return rows.select_related("instance", "center").order_by("day", "pk")


def left_over() -> QuerySet[Incident]:
    """Open alerts of archived centers with usage that no invoice takes by itself."""
    rows = Incident.objects.filter(kind=Incident.Kind.LEFT_OVER, resolved_at=None)
    return rows.select_related("center").order_by("center__name", "pk")


def unpaid(reseller: Reseller, now: datetime) -> list[Unpaid]:
    """Who owes, the longest overdue first; a fixed number of queries for any number of centers."""
    day = today(reseller, now)
    rows = Invoice.objects.filter(reseller=reseller, open_amount__gt=0).order_by("due_on", "pk")
    groups: dict[tuple[int, str], list[Invoice]] = {}
    for row in rows.select_related("center__reseller"):
        groups.setdefault((row.center_id, row.currency), []).append(row)
    centers = {own[0].center_id: own[0].center for own in groups.values()}
    holds = {
        row.center_id: row for row in Hold.objects.filter(reseller=reseller, released_at=None, until__gt=day)
    }
    cases = {row.center_id: row for row in SuspensionCase.objects.filter(reseller=reseller, ended_at=None)}
    plans = _suspension_days(reseller, now)
    return [
        Unpaid(
            center=centers[center_id],
            currency=currency,
            open=sum((row.open_amount for row in own), ZERO),
            overdue=sum((row.open_amount for row in own if row.due_on < day), ZERO),
            oldest_due_on=own[0].due_on,
            days_overdue=max(0, (day - own[0].due_on).days),
            suspends_on=plans.get(center_id),
            hold=holds.get(center_id),
            case=cases.get(center_id),
        )
        for (center_id, currency), own in groups.items()
    ]


def credits(reseller: Reseller) -> list[Credit]:
    """Who has paid more than was invoiced, by center and currency."""
    rows = LedgerEntry.objects.filter(reseller=reseller).order_by().values("center", "currency")
    found = list(rows.annotate(sum=Sum("amount")).filter(sum__lt=0))
    centers = Center.objects.in_bulk({row["center"] for row in found})
    own = [
        Credit(centers[row["center"]], rounded(-row["sum"], row["currency"]), row["currency"])
        for row in found
    ]
    return sorted(own, key=lambda row: (row.center.name, row.center.pk, row.currency))


def refunds() -> QuerySet[LedgerEntry]:
    """The scope's credit that was paid out, newest first."""
    rows = LedgerEntry.objects.filter(kind=LedgerEntry.Kind.REFUND)
    return rows.select_related("center", "by").order_by("-at", "-pk")


def takings(reseller: Reseller, now: datetime) -> list[Takings]:
    """The money of the home page, one row per currency in use."""
    day = today(reseller, now)
    month = month_of(day)
    own = Invoice.objects.filter(reseller=reseller)
    live_rows = own.filter(kind=Invoice.Kind.INVOICE, voided_at=None)
    sums = {
        "open": _by_currency(own.filter(open_amount__gt=0), "open_amount"),
        "overdue": _by_currency(own.filter(open_amount__gt=0, due_on__lt=day), "open_amount"),
        "invoiced": _by_currency(live_rows.filter(issued_on__gte=month.first_day), "total"),
        "paid": _by_currency(
            Payment.objects.filter(
                reseller=reseller, reversed_at=None, received_on__gte=month.first_day, received_on__lte=day
            ),
            "amount",
        ),
    }
    currencies = sorted({currency for found in sums.values() for currency in found} | {reseller.currency})
    return [
        Takings(currency, **{name: found.get(currency, ZERO) for name, found in sums.items()})
        for currency in currencies
    ]


def losses(reseller: Reseller, now: datetime) -> list[tuple[Center, PriceRow]]:
    """Prices that lie below their cost today."""
    book = PriceBook(reseller, today(reseller, now))
    centers = Center.objects.filter(reseller=reseller, archived_at=None).order_by("name", "pk")
    return [(center, row) for center in centers for row in book.for_center(center) if row.is_loss]


def _by_currency(rows: QuerySet[Invoice] | QuerySet[Payment], name: str) -> dict[str, Decimal]:
    return dict(rows.order_by().values_list("currency").annotate(sum=Sum(name)))


def _suspension_days(reseller: Reseller, now: datetime) -> dict[int, date]:
    return {item.center.pk: item.on for item in preview(reseller, now, days=60)}
