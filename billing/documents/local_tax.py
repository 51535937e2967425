"""The tax of a document in the currency of the seller's country, where the law wants it in that."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db.models import Sum

from billing.documents.frozen import Look
from billing.documents.texts import rate_text
from billing.models import AdvanceEntry, ExchangeRate, Invoice
from billing.money import rounded
from billing.periods import Period
from billing.tax.report import documents_of
from centers.models import Reseller

ZERO, ONE = Decimal(0), Decimal(1)
#: Saudi Arabia: VAT Implementing Regulations, article 66. UAE: Federal Decree-Law No. 8 of 2017, article 69.
CURRENCIES = {"SA": "SAR", "AE": "AED"}


@dataclass(frozen=True, slots=True)
class LocalTax:
    """The tax in the seller's `currency`, by the exchange rate of a day; negative on a credit note."""

    amount: Decimal
    currency: str
    rate: Decimal
    day: date
    base: str

    @property
    def rate_text(self) -> str:
        """`1 USD = 3.75 SAR`."""
        return rate_text(self.base, self.rate, self.currency)


def local_tax(document: Invoice, look: Look) -> LocalTax | None:
    """None if the document is in that currency, or no rate of its day was known when it was issued.

    A credit note uses the rate of the invoice that it credits.
    """
    currency = CURRENCIES.get(look.seller_country)
    if currency is None or currency == document.currency:
        return None
    issued = document.credits or document
    rows = ExchangeRate.objects.filter(
        reseller_id=document.reseller_id,
        base=document.currency,
        quote=currency,
        day__lte=issued.issued_on,
        entered_at__lte=issued.issued_at,
    )
    row = rows.order_by("-day", "-pk").first()
    if row is None:
        return None
    amount = rounded(document.tax * row.rate, currency)
    return LocalTax(amount, currency, row.rate, row.day, document.currency)


@dataclass(frozen=True, slots=True)
class OwnTotal:
    """The tax of many documents in the seller's `currency`; `without_rate` are the currencies that are not in it."""

    currency: str
    tax: Decimal
    without_rate: tuple[str, ...]


def own_total(reseller: Reseller, period: Period) -> OwnTotal | None:
    """The tax report's total in the seller's currency; None if all tax of the period is in that.

    Each document is converted as it says itself, at the rate of its day, less what it deducts of advance invoices.
    A fixed number of queries.
    """
    currency = CURRENCIES.get(reseller.country, reseller.currency)
    documents = documents_of(reseller, period).order_by("pk")
    columns = ("pk", "currency", "tax", "issued_on", "issued_at", "credits__issued_on", "credits__issued_at")
    rows = list(documents.exclude(tax=0).values_list(*columns))
    if all(row[1] == currency for row in rows):
        return None
    deducted = AdvanceEntry.objects.filter(document__in=[row[0] for row in rows], invoice__isnull=False)
    taken = dict(deducted.order_by().values_list("document").annotate(Sum("tax")))
    rates = _rates(reseller, currency, {row[1] for row in rows} - {currency})
    total, missing = ZERO, set()
    for pk, own, tax, *issued, credits_on, credits_at in rows:
        known = (credits_on, credits_at) if credits_on else tuple(issued)
        rate = ONE if own == currency else _rate_of(rates.get(own, []), *known)
        if rate is None:
            missing.add(own)
        else:
            total += rounded(tax * rate, currency) + rounded(taken.get(pk, ZERO) * rate, currency)
    return OwnTotal(currency, total, tuple(sorted(missing)))


def _rates(reseller: Reseller, quote: str, bases: set[str]) -> dict[str, list[ExchangeRate]]:
    """The rates from each of the currencies, the newest first."""
    found: dict[str, list[ExchangeRate]] = {}
    rows = ExchangeRate.objects.filter(reseller=reseller, quote=quote, base__in=bases)
    for row in rows.order_by("-day", "-pk"):
        found.setdefault(row.base, []).append(row)
    return found


def _rate_of(rows: list[ExchangeRate], issued_on: date, issued_at: datetime) -> Decimal | None:
    """That of the day which was known when the document was issued."""
    known = (row.rate for row in rows if row.day <= issued_on and row.entered_at <= issued_at)
    return next(known, None)
