"""Tax numbers, checked by the rules of their country as far as they are public."""

import re
from collections.abc import Callable

from django.utils.translation import gettext as _
from stdnum import get_cc_module
from stdnum.exceptions import InvalidChecksum, ValidationError

from centers.errors import OperationRefused
from centers.values.countries import country_name

_BETWEEN = re.compile(r"[\s\-./]")
#: The Gulf's authorities publish a format, and no check digit. Sources: ZATCA's e-invoicing standard (BR-KSA-40);
#: the UAE's Federal Tax Authority; Oman's Tax Authority; Bahrain's National Bureau for Revenue.
_FORMATS: dict[str, tuple[str, Callable[[], str]]] = {
    "SA": (r"3\d{13}3", lambda: _("15 digits, the first and the last one 3")),
    "AE": (r"\d{15}", lambda: _("15 digits")),
    "BH": (r"\d{15}", lambda: _("15 digits")),
    "OM": (r"OM\d{10}", lambda: _("OM and 10 digits")),
}
_LONGEST = 32
_ANY = re.compile(r"[A-Z0-9]{3,32}")


def checked_tax_number(text: str, country: str) -> str:
    """The number as it is stored: capitals and digits without separators; "" stays "".

    `country` is a code of ISO 3166-1, or "". OperationRefused, with the field `tax_number`, for a number that can't
    be one of the country: by its published format, or by what python-stdnum knows of its check digits.
    """
    number = _BETWEEN.sub("", text).upper()
    if not number:
        return ""
    if country in _FORMATS:
        pattern, shape = _FORMATS[country]
        if not re.fullmatch(pattern, number, re.ASCII):
            raise _refused(number, country, shape())
        return number
    rules = get_cc_module(country.lower(), "vat") if country else None
    if rules is not None:
        return _checked(rules, number, country)
    if not _ANY.fullmatch(number):
        raise OperationRefused(
            _("“%(number)s” isn't a tax number. Use 3 to 32 letters and digits.")
            % {"number": number[:_LONGEST]},
            field="tax_number",
        )
    return number


def _checked(rules: "object", number: str, country: str) -> str:
    try:
        return str(rules.validate(number))  # type: ignore[attr-defined]
    except InvalidChecksum:
        raise OperationRefused(
            _(
                "The check digit of “%(number)s” is wrong. Compare it with the certificate: a digit may be mistyped."
            )
            % {"number": number[:_LONGEST]},
            field="tax_number",
        ) from None
    except ValidationError:
        raise _refused(number, country, "") from None


def _refused(number: str, country: str, shape: str) -> OperationRefused:
    facts = {"number": number[:_LONGEST], "country": country_name(country), "shape": shape}
    if shape:
        text = _("“%(number)s” isn't a tax number of %(country)s. It has %(shape)s.") % facts
    else:
        text = _("“%(number)s” isn't a tax number of %(country)s. Check its length and its letters.") % facts
    return OperationRefused(text, field="tax_number")
