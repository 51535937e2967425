"""The usual taxes of countries, as a start: staff confirm and change them."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class Preset:
    """The standard rate of a country since a day, or None where there is no such tax; and where that is written."""

    country: str
    percent: Decimal | None
    since: date | None
    source: Promise | str

    @property
    def shown(self) -> str:
        """`15%`."""
        return f"{self.percent}%"


def _preset(country: str, percent: int, since: date, source: Promise) -> Preset:
    return Preset(country, Decimal(percent), since, source)


PRESETS = {
    row.country: row
    for row in (
        _preset(
            "SA", 15, date(2020, 7, 1), _("ZATCA: VAT Implementing Regulations, Royal Order A/638 of 2020")
        ),
        _preset(
            "AE", 5, date(2018, 1, 1), _("Federal Tax Authority: Federal Decree-Law No. 8 of 2017, article 3")
        ),
        _preset("OM", 5, date(2021, 4, 16), _("Oman Tax Authority: Royal Decree 121/2020")),
        _preset("EG", 14, date(2017, 7, 1), _("Egyptian Tax Authority: Law No. 67 of 2016, article 3")),
        _preset("BH", 10, date(2022, 1, 1), _("National Bureau for Revenue: Law No. 33 of 2021")),
        Preset("KW", None, None, _("Kuwait has no value added tax.")),
        Preset("QA", None, None, _("Qatar has no value added tax.")),
        Preset("LY", None, None, _("Libya has no value added tax.")),
    )
}
