"""The tax of a document in the currency of the seller's country, where the law wants it in that."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from billing.documents.frozen import Look
from billing.documents.texts import rate_text
from billing.models import ExchangeRate, Invoice
from billing.money import rounded

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
