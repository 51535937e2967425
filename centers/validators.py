"""Checks of single values that come from people or files."""

import unicodedata
from zoneinfo import available_timezones

import phonenumbers
from babel.numbers import list_currencies
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

NO_MONEY = frozenset({"XXX", "XTS"})  # ISO 4217: "no currency" and a code for tests


def validate_time_zone(value: str) -> None:
    """Raise unless `value` is a name of the IANA time zone database, such as `Asia/Riyadh`."""
    if value not in available_timezones():
        raise ValidationError(_("“%(value)s” is not a known time zone.") % {"value": value})


def validate_currency(value: str) -> None:
    """Raise unless `value` is an ISO 4217 code in capitals, such as `LYD`."""
    if value not in list_currencies() or value in NO_MONEY:
        raise ValidationError(_("“%(value)s” is not a known currency code.") % {"value": value})


def normalise_phone(value: str) -> str:
    """The number as E.164 (`+96899887897`), or "" for an empty one.

    Accepts spaces, dashes, a leading `00` or `+`, and the digits and unseen marks of Arabic keyboards; the country
    code must be there.
    Raises ValidationError with a sentence that names the number.
    """
    text = "".join(_plain(character) for character in value).strip()
    if not text:
        return ""
    text = "+" + text[2:] if text.startswith("00") else text
    text = text if text.startswith("+") else "+" + text
    try:
        number = phonenumbers.parse(text, None)
    except phonenumbers.NumberParseException:
        number = None
    if number is None or not phonenumbers.is_possible_number(number):
        raise ValidationError(
            _("“%(value)s” is not a phone number with a country code, such as +96899887897.")
            % {"value": value[:40]}
        )
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _plain(character: str) -> str:
    if character.isdecimal():
        return str(unicodedata.decimal(character))
    return "" if unicodedata.category(character) == "Cf" else character
