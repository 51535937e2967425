"""The separators and the decimal mark of a CSV: those that fit the reader, or the person's last choice.

A spreadsheet takes both from its computer's region. One with a decimal comma separates by semicolons, and reads `1.5`
as the first of May and `1.500` as fifteen hundred; one with a decimal point errs as badly about commas. So nothing
suits both, and each choice shows its mark.
"""

from dataclasses import dataclass

from babel import Locale, UnknownLocaleError
from babel.languages import get_official_languages
from babel.numbers import get_decimal_symbol
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from centers.values.languages import active_language

PARAMETER = "csv"
_SESSION = "csv_style"


@dataclass(frozen=True, slots=True)
class Style:
    """One way to write a CSV; `names_separator` puts Excel's own hint, a line `sep=`, before the header.

    The `sep=` line names no decimal mark: spreadsheets still take that from the region.
    """

    key: str
    label: str | Promise
    separator: str
    names_separator: bool = False
    decimal: str = "."


STYLES = {
    style.key: style
    for style in (
        Style("comma", _("CSV with commas (1.5)"), ","),
        Style("semicolon", _("CSV with semicolons (1,5)"), ";", decimal=","),
        Style("semicolon-point", _("CSV with semicolons (1.5)"), ";"),
        Style("tab", _("CSV with tabs (1.5)"), "\t"),
        Style("sep-comma", _("CSV with commas and a sep= line (1.5)"), ",", True),
        Style("sep-semicolon", _("CSV with semicolons and a sep= line (1,5)"), ";", True, ","),
    )
}


def style_of(request: HttpRequest) -> Style:
    """The style in the URL (stored for the person's next exports), or the one chosen last."""
    asked = request.GET.get(PARAMETER, "")
    session = getattr(request, "session", None)
    if asked in STYLES:
        if session is not None and session.get(_SESSION) != asked:
            session[_SESSION] = asked
        return STYLES[asked]
    return remembered(request)


def remembered(request: HttpRequest) -> Style:
    """The style chosen last, or the one that fits the language and the reseller's country."""
    session = getattr(request, "session", None)
    chosen = session.get(_SESSION, "") if session is not None else ""
    if chosen in STYLES:
        return STYLES[chosen]
    language, reseller = active_language(), getattr(request, "reseller", None)
    country = getattr(reseller, "country", "")
    if language.separator == "semicolon" and country and _decimal_mark(language.code, country) == ".":
        return STYLES["semicolon-point"]
    return STYLES[language.separator]


def _decimal_mark(language: str, country: str) -> str:
    """Between Latin digits, in this language in this country, or else in the country's own first language (CLDR)."""
    for spoken in (language, *get_official_languages(country, de_facto=True)):
        try:
            return str(get_decimal_symbol(Locale(spoken, country), numbering_system="latn"))
        except UnknownLocaleError:
            continue
    return ""
