"""The usual taxes of countries, as a start: staff confirm and change them."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class Preset:
    """The standard rate of a country since a day, or None where there is no such tax; and where that is written.

    `advances`: what its law says of payments in advance, and where.
    """

    country: str
    percent: Decimal | None
    since: date | None
    source: Promise | str
    advances: Promise | str = ""

    @property
    def shown(self) -> str:
        """`15%`."""
        return f"{self.percent}%"


def _preset(country: str, percent: int, since: date, source: Promise, advances: Promise) -> Preset:
    return Preset(country, Decimal(percent), since, source, advances)


_AGREEMENT = _(
    "A payment in advance gets a tax invoice, and its VAT is due at once "
    "(GCC Common VAT Agreement, articles 23 and 55)."
)
_EMIRATES = _(
    "VAT on a payment in advance is due at once (Federal Decree-Law No. 8 of 2017, articles 25 and 26)."
)
_EGYPT = _("VAT on a payment in advance is due at once (Law No. 67 of 2016).")


PRESETS = {
    row.country: row
    for row in (
        _preset(
            "SA",
            15,
            date(2020, 7, 1),
            _("ZATCA: VAT Implementing Regulations, Royal Order A/638 of 2020"),
            _AGREEMENT,
        ),
        _preset(
            "AE",
            5,
            date(2018, 1, 1),
            _("Federal Tax Authority: Federal Decree-Law No. 8 of 2017, article 3"),
            _EMIRATES,
        ),
        _preset("OM", 5, date(2021, 4, 16), _("Oman Tax Authority: Royal Decree 121/2020"), _AGREEMENT),
        _preset(
            "EG", 14, date(2017, 7, 1), _("Egyptian Tax Authority: Law No. 67 of 2016, article 3"), _EGYPT
        ),
        _preset("BH", 10, date(2022, 1, 1), _("National Bureau for Revenue: Law No. 33 of 2021"), _AGREEMENT),
        Preset("KW", None, None, _("Kuwait has no value added tax.")),
        Preset("QA", None, None, _("Qatar has no value added tax.")),
        Preset("LY", None, None, _("Libya has no value added tax.")),
    )
}
