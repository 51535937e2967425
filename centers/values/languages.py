"""The languages people may choose, and all that differs between them: CONTRIBUTING says how to add one.

Settings, forms, dates, amounts, spreadsheets, PDF files, imports and the translation catalogs read this list; names in
the language itself and the direction of writing come from Django, plural forms from Babel unless `plural` is given.
"""

from dataclasses import dataclass

from django.conf.locale import LANG_INFO
from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, kw_only=True)
class Language:
    """One language; `day` is a date pattern of Unicode CLDR, `separator` a key of centers.web.csv_styles.STYLES."""

    code: str
    label: Promise | str  # in the reader's language
    day: str = "d MMM y"
    comma: str = ", "
    separator: str = "comma"
    plural: str = ""  # the Plural-Forms rule of the catalog

    @property
    def name(self) -> str:
        """What the language calls itself."""
        return str(LANG_INFO[self.code]["name_local"])

    @property
    def right_to_left(self) -> bool:
        """Whether it is written from right to left."""
        return bool(LANG_INFO[self.code]["bidi"])


ENGLISH = Language(code="en", label=_("English"))
#: English is what the sources are written in, and what is used where nothing else is known.
LANGUAGES = {
    "en": ENGLISH,
    "ar": Language(
        code="ar",
        label=_("Arabic"),
        day="d MMMM y",
        comma="، ",
        # Spreadsheets set to Arabic separate by semicolons; csv_styles.py asks the country for the decimal mark.
        separator="semicolon",
        # The rule of Django's own Arabic catalogs, with its six forms in their order.
        plural=(
            "nplurals=6; plural=n==0 ? 0 : n==1 ? 1 : n==2 ? 2 : n%100>=3 && n%100<=10 ? 3 : "
            "n%100>=11 && n%100<=99 ? 4 : 5;"
        ),
    ),
}


def language_named(code: str | None) -> Language:
    """The language with this code or its first part (`ar-sa`); English for one that is not offered."""
    return LANGUAGES.get((code or "en").split("-")[0], ENGLISH)


def active_language() -> Language:
    """The language of the page or mail that is being written."""
    return language_named(get_language())


def labels() -> list[tuple[str, Promise | str]]:
    """Code and label in the reader's language, as settings and the choices of a model field want them."""
    return [(one.code, one.label) for one in LANGUAGES.values()]


def own_names() -> list[tuple[str, str]]:
    """Code and name in the language itself, for the people who look for theirs."""
    return [(one.code, one.name) for one in LANGUAGES.values()]
