"""Money reads for staff pages."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import F, Q, QuerySet, Sum

from billing.models import FlaggedUsage, Invoice, LedgerEntry, Payment
from billing.money import rounded
from billing.periods import month_of, today
from billing.pricing.conversion import Converter, RatesUsed
from centers.models import Center, Reseller
from whatsapp.models import Alert

ZERO = Decimal(0)
SUMMED = ("open", "overdue", "invoiced", "paid")


@dataclass(frozen=True, slots=True)
class Credit:
    """A center's credit in one currency."""

    center: Center
    amount: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class Takings:
    """One currency's sums for the home page; `invoiced` (less credit notes) and `paid` are for the current month."""

    currency: str
    open: Decimal
    overdue: Decimal
    invoiced: Decimal
    paid: Decimal


@dataclass(frozen=True, slots=True)
class Total:
    """The sums of all currencies in `currency`, without those that `rates` does not include."""

    currency: str
    open: Decimal
    overdue: Decimal
    invoiced: Decimal
    paid: Decimal
    rates: RatesUsed


def payments() -> QuerySet[Payment]:
    """The scope's payments, newest first."""
    return Payment.objects.select_related("center", "recorded_by").order_by("-received_on", "-pk")


def flagged_usage_rows() -> QuerySet[FlaggedUsage]:
    """Flagged usage that waits for a decision or for the next invoice, oldest day first."""
    rows = FlaggedUsage.objects.exclude(flag="").filter(resolved_at=None)
    return rows.select_related("instance", "center").order_by("day", "pk")


def late_corrections() -> QuerySet[Alert]:
    """Open alerts of archived centers with usage that no invoice will include automatically."""
    rows = Alert.objects.filter(kind=Alert.Kind.LEFT_OVER, resolved_at=None)
    return rows.select_related("center").order_by("center__name", "pk")


def credits(reseller: Reseller, before: datetime | None = None) -> list[Credit]:
    """Centers with credit now, or just `before` a time in the past, by center and currency."""
    entries = LedgerEntry.objects.filter(reseller=reseller).order_by()
    entries = entries if before is None else entries.filter(at__lt=before)
    rows = entries.values("center", "currency")
    found = list(rows.annotate(sum=Sum("amount")).filter(sum__lt=0))
    centers = Center.objects.in_bulk({row["center"] for row in found})
    own = [
        Credit(centers[row["center"]], rounded(-row["sum"], row["currency"]), row["currency"])
        for row in found
    ]
    return sorted(own, key=lambda row: (row.center.name, row.center.pk, row.currency))


def credit_sums(reseller: Reseller, before: datetime | None = None) -> dict[str, Decimal]:
    """The credit of all centers, by currency, now or just `before` a time in the past."""
    sums: dict[str, Decimal] = {}
    for row in credits(reseller, before):
        sums[row.currency] = sums.get(row.currency, ZERO) + row.amount
    return sums


def refunds() -> QuerySet[LedgerEntry]:
    """The scope's refunds of credit, newest first."""
    rows = LedgerEntry.objects.filter(kind=LedgerEntry.Kind.REFUND)
    return rows.select_related("center", "by").order_by("-at", "-pk")


def takings(reseller: Reseller, now: datetime) -> list[Takings]:
    """The sums for the home page, one row per currency in use."""
    day = today(reseller, now)
    month = month_of(day)
    own = Invoice.objects.filter(reseller=reseller)
    live_rows = own.filter(kind=Invoice.Kind.INVOICE, voided_at=None).annotate(
        rest=F("total") - F("credited")
    )
    unpaid = own.filter(open_amount__gt=0).order_by().values_list("currency")
    late = Sum("open_amount", filter=Q(due_on__lt=day), default=ZERO)
    open_sums = list(unpaid.annotate(open=Sum("open_amount"), overdue=late))
    sums = {
        "open": {currency: amount for currency, amount, _overdue in open_sums},
        "overdue": {currency: amount for currency, _open, amount in open_sums},
        "invoiced": _by_currency(live_rows.filter(issued_on__gte=month.first_day), "rest"),
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


def total_takings(
    rows: Iterable[Takings], reseller: Reseller, converter: Converter, *, also: Iterable[str] = ()
) -> Total:
    """The rows of `takings` added up in the reseller's currency; `also` names further currencies of the page."""
    used = [row for row in rows if any(getattr(row, name) for name in SUMMED)]
    rates = converter.rates_used({row.currency for row in used} | set(also), reseller.currency)
    sums = {
        name: converter.total({row.currency: getattr(row, name) for row in used}, reseller.currency)
        for name in SUMMED
    }
    return Total(
        currency=reseller.currency,
        rates=rates,
        **sums,
    )


def _by_currency(rows: QuerySet[Invoice] | QuerySet[Payment], name: str) -> dict[str, Decimal]:
    return dict(rows.order_by().values_list("currency").annotate(sum=Sum(name)))
