"""Countries of ISO 3166-1, by their code of two letters; names come from CLDR in the reader's language.

MazBot has its own country ids (`Center.country_id`); these are for phone numbers and taxes.
"""

import re
import unicodedata
from functools import cache

from babel import Locale
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from centers.values.languages import LANGUAGES, active_language

#: Two letters in CLDR that ISO 3166-1 does not list as a country: groups, exceptional reservations, codes for tests.
_NO_COUNTRIES = frozenset(
    ["AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "XK", "ZZ"]
)
#: What people call countries that CLDR names in full.
_SHORT = {
    "السعودية": "SA",
    "الإمارات": "AE",
    "UAE": "AE",
    "KSA": "SA",
    "UK": "GB",
    "USA": "US",
    "Turkey": "TR",
    "مصر": "EG",
}
_BETWEEN = re.compile(r"[\W_]+")


def validate_country(value: str) -> None:
    """Raise unless `value` is a country code of ISO 3166-1 in capitals, such as `LY`."""
    if value not in country_codes():
        raise ValidationError(
            _("“%(value)s” isn't a country code, such as LY or SA.") % {"value": value[:40]}
        )


@cache
def country_codes() -> frozenset[str]:
    """Every two-letter code of a country."""
    known = Locale("en").territories
    codes = {str(code) for code in known}
    return frozenset(code for code in codes if len(code) == 2 and code.isalpha()) - _NO_COUNTRIES


def country_name(code: str) -> str:
    """`Libya` in the active language; the code itself where it is none, "" for none."""
    return _names(active_language().code).get(code, code)


def country_choices() -> list[tuple[str, str]]:
    """(`LY`, `Libya`) of every country, in the order of the active language; before them "" for none."""
    names = _names(active_language().code)
    return [("", "–"), *sorted(names.items(), key=lambda item: _compared(item[1]))]


def country_of(text: str) -> str:
    """The code of a country written as its code or its name, English or Arabic; otherwise `text` in capitals."""
    code = text.strip().upper()
    return code if code in country_codes() else _by_name().get(_compared(text), code)


@cache
def _names(code: str) -> dict[str, str]:
    territories = Locale(code).territories
    return {country: territories.get(country, country) for country in country_codes()}


@cache
def _by_name() -> dict[str, str]:
    names = [(name, code) for spoken in LANGUAGES for code, name in _names(spoken).items()]
    return {_compared(name): code for name, code in names} | {
        _compared(name): code for name, code in _SHORT.items()
    }


def _compared(name: str) -> str:
    """Without case, accents, Arabic vowel signs and hamzas, and punctuation."""
    parts = unicodedata.normalize("NFKD", name)
    plain = "".join(part for part in parts if not unicodedata.combining(part) and part != "\u0640")
    plain = plain.replace("ى", "ي").replace("ة", "ه")
    return _BETWEEN.sub(" ", plain).strip().casefold()
