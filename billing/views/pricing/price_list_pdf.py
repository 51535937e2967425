"""A center's price list as PDF, with only what the center may see."""

from datetime import UTC, date, datetime
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _

from billing import queries
from billing.documents.frozen import BRAND
from billing.documents.typesetting import Sheet
from billing.periods import today
from billing.pricing.rate_types.known import type_name
from billing.queries.charges import ListedCharge, lasting_charges
from billing.queries.plans import plan_notes
from billing.tax.texts import price_note, tax_text
from centers.models import Center, Reseller
from centers.values.formats import day_text, money_text
from centers.values.languages import LANGUAGES, language_named


def price_list_pdf(center: Center, now: datetime, *, language: str = "", day: date | None = None) -> bytes:
    """The prices of today or of `day`, in the center's language or in `language`, the code of one of ours.

    No cost is in it.
    """
    chosen = language if language in LANGUAGES else center.language
    reseller = Reseller.objects.get(pk=center.reseller_id)  # with its logo, which the usual queries defer
    shown = day or today(center.reseller, now)
    with translation.override(chosen):
        data = {
            "colour": reseller.colour or BRAND,
            "number": day_text(shown),
            "editions": [_edition(reseller, center, now, chosen, shown)],
        }
    at = now.astimezone(UTC).replace(microsecond=0)
    return Sheet("price_list.typ", data, at, bytes(reseller.logo) if reseller.logo else None).pdf()


def _edition(reseller: Reseller, center: Center, now: datetime, language: str, day: date) -> dict[str, Any]:
    rows = queries.portal_prices(center, now, day)
    currency = rows[0].currency if rows else center.currency
    return {
        "language": language,
        "rtl": language_named(language).right_to_left,
        "title": _("Price list"),
        "seller": {
            "name": reseller.name,
            "lines": [],
            "codes": _given(reseller.support_contact),
        },
        "buyer": {
            "name": center.name,
            "lines": _given(center.contact_name),
            "codes": [],
        },
        "facts": [(_("Date"), day_text(day)), (_("Currency"), currency)],
        "columns": [_("Type"), "", _("Price")],
        "lines": [_line(row) for row in rows],
        "charges": [_charge(row) for row in lasting_charges(center, day)],
        "notes": [
            *plan_notes(center, day),
            *_given(price_note(center, day)),
            _("Prices of %(day)s. They can change from a later day on.") % {"day": day_text(day)},
        ],
        "footer": reseller.name,
        "words": {"from": _("From"), "to": _("To"), "logo": _("Logo"), "charges": _("Charges")},
    }


def _given(text: str) -> list[str]:
    return [text] if text else []


def _charge(row: ListedCharge) -> dict[str, str]:
    each, charge = row.charge.rhythm, row.charge
    if row.is_planned:
        each = _("%(every)s, from %(day)s") % {"every": each, "day": day_text(charge.first_day)}
    if charge.own_tax:
        each = f"{each} · {tax_text(charge.own_tax)}"
    return {"what": charge.description, "each": each, "price": money_text(charge.amount, charge.currency)}


def _line(row: queries.PortalPrice) -> dict[str, str]:
    price = _("not known yet") if row.price is None else money_text(row.price, row.currency, exact=True)
    return {"what": type_name(row.type), "each": row.unit, "price": price}
