"""How taxes are named on pages and documents."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Protocol

from django.utils.translation import gettext as _

from billing.models import TaxCategory
from billing.tax.rates import Taxes
from centers.models import Center
from centers.values.countries import country_name
from centers.values.formats import percent_text


class Named(Protocol):
    """A tax: of a line, of a sum, or a rate."""

    @property
    def category(self) -> str: ...
    @property
    def percent(self) -> Decimal: ...
    @property
    def reason(self) -> str: ...


def tax_text(tax: Named) -> str:
    """`VAT 15%`, or why there is none, with its reason."""
    kind = tax_kind(tax)
    has_reason = tax.reason and tax.category != TaxCategory.STANDARD
    return f"{kind}: {tax.reason}" if has_reason else kind


def tax_kind(tax: Named) -> str:
    """The same without the reason."""
    if tax.category == TaxCategory.STANDARD:
        return _("VAT %(percent)s") % {"percent": percent_text(tax.percent)}
    texts = {
        TaxCategory.ZERO.value: _("VAT 0% (zero rate)"),
        TaxCategory.EXEMPT.value: _("Exempt from VAT"),
        TaxCategory.OUTSIDE.value: _("Outside the scope of VAT"),
        TaxCategory.REVERSE.value: _("Reverse charge"),
    }
    return texts[tax.category]


def reverse_charge_text(tax: Named) -> str:
    """What the law wants documents with a reverse charge to say; "" of any other category."""
    if tax.category != TaxCategory.REVERSE:
        return ""
    text = _("Reverse charge: the customer is required to account for the VAT (%(reason)s).")
    return text % {"reason": tax.reason}


def price_note(center: Center, day: date) -> str:
    """What a center's price list of a day says of tax; "" of a reseller that isn't registered for it."""
    taxes = Taxes(center.reseller, center)
    if not taxes.is_registered:
        return ""
    tax = taxes.on(day, center)
    if not tax.percent:
        return tax_text(tax)
    pattern = _("Prices include %(tax)s.") if tax.included else _("%(tax)s is added to these prices.")
    return pattern % {"tax": tax_text(tax)}


def address_of(party: Mapping[str, str]) -> list[str]:
    """The lines of a party's address, as a document keeps it."""
    place = " ".join(party[name] for name in ("city", "postal_code") if party.get(name))
    lines = [
        party.get("address", ""),
        party.get("address_more", ""),
        place,
        country_name(party.get("country", "")),
    ]
    return [line for line in lines if line]


def numbers_of(party: Mapping[str, str]) -> list[tuple[str, str]]:
    """A party's numbers with their labels, as its country calls them."""
    tax = {"AE": _("Tax registration number (TRN)"), "SA": _("VAT registration number")}
    labels = {
        "tax_number": tax.get(party.get("country", ""), _("VAT number")),
        "registration_number": _("Commercial registration"),
    }
    return [(label, party[name]) for name, label in labels.items() if party.get(name)]
