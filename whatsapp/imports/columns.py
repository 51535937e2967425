"""Recognising the columns of a file by key or label, in English or Arabic, ignoring case and spaces."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache

from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from centers.values.languages import LANGUAGES
from centers.web.center_export import export_columns
from whatsapp.number_export import EXPORT_COLUMNS as NUMBER_EXPORT

COLUMNS = (
    "center",
    "contact_name",
    "email",
    "phone",
    "country",
    "country_id",
    "currency",
    "language",
    "instance_id",
    "label",
    "whatsapp_number",
)
MANDATORY = ("center",)

#: The labels of our pages and exports, matched in both languages.
LABELS: dict[str, Promise] = {
    "center": gettext_lazy("Center"),
    "contact_name": gettext_lazy("Contact"),
    "email": gettext_lazy("Email"),
    "phone": gettext_lazy("Phone"),
    "country": gettext_lazy("Country"),
    "country_id": gettext_lazy("MazBot country ID"),
    "currency": gettext_lazy("Currency"),
    "language": gettext_lazy("Language"),
    "instance_id": gettext_lazy("Instance ID"),
    "label": gettext_lazy("Label"),
    "whatsapp_number": gettext_lazy("WhatsApp number"),
}
#: Other names people use.
_ALSO: dict[str, str] = {
    "center": "center name, centre, centre name, name, customer, customer name, client, مركز, اسم المركز, الاسم, "
    "العميل, اسم العميل, الزبون, اسم الزبون",
    "contact_name": "contact name, contact person, اسم جهة الاتصال, الشخص المسؤول, المسؤول, اسم المسؤول",
    "email": "e-mail, email, email address, mail, البريد, الإيميل, إيميل",
    "phone": "phone number, mobile, mobile number, telephone, tel, رقم الهاتف, هاتف, الجوال, رقم الجوال, "
    "الموبايل, رقم الموبايل, المحمول, التلفون, تليفون",
    "country": "country code, البلد, رمز الدولة",
    "country_id": "country id, mazbot country, معرف الدولة, رقم الدولة",
    "currency": "currency code, رمز العملة, عملة",
    "language": "lang, لغة",
    "instance_id": "instance, number id, mazbot id, معرف رقم, معرّف instance",
    "label": "number label, number name, تسمية, تسمية الرقم, اسم الرقم",
    "whatsapp_number": "whatsapp, whatsapp phone, واتساب, رقم واتساب, رقم الواتساب, واتس اب, رقم الواتس",
}
#: Headings in exports of earlier versions.
_EARLIER_EXPORTS = ("Standing", "الوضع المالي")
_BETWEEN = re.compile(r"[\W_]+")
_ARTICLE, _SHORTEST = "ال", 4  # "الـ" before a word, dropped if enough of the word remains


@dataclass(slots=True)
class Header:
    """What each column of a file is: a name of COLUMNS, or "" for one that is not read."""

    names: list[str] = field(default_factory=list)
    twice: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)  # as in the file
    derived: list[str] = field(default_factory=list)  # of our own exports: calculated, so never read

    @property
    def nothing_known(self) -> bool:
        """Whether not a single column was recognised."""
        return not any(self.names)


def read_header(cells: Sequence[str]) -> Header:
    """Match the cells of the first row; columns without a heading are ignored."""
    header = Header()
    for cell in cells:
        key = _compared(cell)
        name = _known().get(key, "")
        if name and name in header.names:
            header.twice.append(cell)
        header.names.append(name)
        if key and not name:
            (header.derived if key in _exported() else header.unknown).append(cell)
    header.missing = [name for name in MANDATORY if name not in header.names]
    return header


@cache
def _known() -> dict[str, str]:
    """The column of every known heading, in the form used for comparison."""
    known = {_compared(word): name for name, words in _ALSO.items() for word in words.split(",")}
    for name, label in LABELS.items():
        known |= {_compared(text): name for text in [name, *_spoken([label])]}
    return known


@cache
def _exported() -> frozenset[str]:
    """Headings of our own exports that an import does not use."""
    return frozenset(
        _compared(text) for text in [*_spoken([*export_columns(), *NUMBER_EXPORT]), *_EARLIER_EXPORTS]
    )


def _spoken(labels: Iterable[Promise | str]) -> list[str]:
    headings = []
    for code in LANGUAGES:
        with translation.override(code):
            headings += [str(label) for label in labels]
    return headings


def _compared(heading: str) -> str:
    """The text without case, spaces, punctuation, invisible marks, Arabic vowel signs, hamzas and articles."""
    parts = unicodedata.normalize("NFKD", heading).casefold()
    plain = "".join(
        part
        for part in parts
        if not unicodedata.combining(part) and part != "\u0640" and unicodedata.category(part) != "Cf"
    )
    plain = plain.replace("ى", "ي").replace("ة", "ه")
    return "".join(
        word.removeprefix(_ARTICLE) if len(word) >= _SHORTEST else word for word in _BETWEEN.split(plain)
    )
