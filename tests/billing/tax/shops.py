"""Resellers that charge tax, and what EN 16931 makes of their documents, calculated with fractions alone."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from billing.models import Invoice, TaxRate
from billing.tax.identity import identity_of, save_identity, save_tax_profile
from billing.tax.rates import set_tax_rate
from centers.models import Center
from tests.billing.conftest import NOW, Shop

LONG_AGO = date(2020, 1, 1)
DIGITS = {"SAR": 2, "AED": 2, "OMR": 3, "EGP": 2, "BHD": 3, "KWD": 3, "USD": 2, "JPY": 0}


def register(shop: Shop, *, included: bool = False) -> None:
    if not identity_of(shop.reseller).tax_number:
        save_identity(reseller=shop.reseller, tax_number="300710482300003", by=None, now=NOW)
    save_tax_profile(
        reseller=shop.reseller, is_registered=True, prices_include_tax=included, by=None, now=NOW
    )


def number_of(shop: Shop, center: Center, number: str = "TAX123") -> None:
    """Give the center a tax number, or take it."""
    save_identity(reseller=shop.reseller, center=center, tax_number=number, by=None, now=NOW)


def tax_rate(
    shop: Shop,
    percent: str = "15",
    *,
    category: str = "S",
    reason: str = "",
    valid_from: date = LONG_AGO,
    center: Center | None = None,
) -> TaxRate:
    if category == "AE" and center and not identity_of(shop.reseller, center).tax_number:
        number_of(shop, center)
    return set_tax_rate(
        reseller=shop.reseller,
        center=center,
        category=category,
        percent=Decimal(percent),
        reason=reason or ("Article 36" if category in ("E", "O", "AE") else ""),
        valid_from=valid_from,
        by=None,
        now=NOW,
    )


def half_up(amount: Fraction, digits: int) -> Fraction:
    """Rounded to that many decimals, halves away from zero."""
    scaled = abs(amount) * 10**digits
    whole = (2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator)
    return Fraction(whole if amount >= 0 else -whole, 10**digits)


def sums_by_rate(documents: Iterable[Invoice]) -> dict[tuple[str, Fraction], Fraction]:
    """The net sums of the documents' lines by category and percent."""
    sums: dict[tuple[str, Fraction], Fraction] = {}
    for document in documents:
        for line in document.lines.all():
            key = (line.tax_category, Fraction(line.tax_percent))
            sums[key] = sums.get(key, Fraction(0)) + Fraction(line.amount)
    return sums


def due(sums: dict[tuple[str, Fraction], Fraction], currency: str) -> dict[tuple[str, Fraction], Any]:
    """Tax by category and percent: the net sum times the rate, rounded once."""
    return {
        (category, percent): half_up(net * percent / 100, DIGITS[currency])
        for (category, percent), net in sums.items()
    }
