"""Phone numbers: E.164 from typed text, never guessed."""

import phonenumbers
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from phonenumbers import PhoneNumber, PhoneNumberFormat, PhoneNumberType, ValidationResult

from centers.values.countries import country_name
from centers.values.text import typed_code

#: Where no country is known, an example from the country most numbers here come from would only mislead.
_ABROAD = "+96899887897"


def normalise_phone(value: str, country: str = "") -> str:
    """The number as E.164 (`+218912345678`), or "" for an empty one.

    With `+` or `00` it may be of any country, and must be valid there or at least as long as a mobile number there, as
    ranges are opened before the library lists them; without, it is read as people of `country` (ISO 3166) dial it, and
    must be valid there. Digits and invisible characters of Arabic keyboards are understood.
    Raises ValidationError with a message that names the number and gives an example.
    """
    text = typed_code(value)
    if not text:
        return ""
    text = "+" + text[2:] if text.startswith("00") else text
    abroad = text.startswith("+")
    if not abroad and not country:
        raise _no_country(value[:40])
    number = _parsed(text, None if abroad else country)
    if number is not None and (phonenumbers.is_valid_number(number) or (abroad and _may_be_mobile(number))):
        return phonenumbers.format_number(number, PhoneNumberFormat.E164)
    raise _refusal(value[:40], "" if abroad else country)


def _may_be_mobile(number: PhoneNumber) -> bool:
    """Whether its length is that of a mobile number; numbers without an area code are dialled without a country."""
    length = phonenumbers.is_possible_number_for_type_with_reason(number, PhoneNumberType.MOBILE)
    return length == ValidationResult.IS_POSSIBLE


def whatsapp_digits(phone: str) -> str:
    """A phone number in E.164 as wa.me and MazBot expect it: without the plus."""
    return phone.strip().lstrip("+")


def _parsed(text: str, country: str | None) -> PhoneNumber | None:
    try:
        return phonenumbers.parse(text, country)
    except phonenumbers.NumberParseException:
        return None


def _no_country(value: str) -> ValidationError:
    text = _(
        "“%(value)s” has no country code, and no country is set to read it in. Write it as %(example)s, "
        "or choose the country."
    )
    return ValidationError(text, params={"value": value, "example": _ABROAD})


def _refusal(value: str, country: str) -> ValidationError:
    params = {"value": value, "country": country_name(country), "example": _ABROAD}
    inside = _example(country)
    if not country:
        text = _("“%(value)s” isn't a phone number with a country code, such as %(example)s.")
    elif inside:
        params["inside"] = inside
        text = _(
            "“%(value)s” isn't a phone number in %(country)s, such as %(inside)s. Write a number of another "
            "country with + and its country code, such as %(example)s."
        )
    else:
        text = _("“%(value)s” isn't a phone number in %(country)s. Write it as %(example)s.")
    return ValidationError(text, params=params)


def _example(country: str) -> str:
    """A number of `country` as its people dial it; "" where the library knows none."""
    number = phonenumbers.example_number_for_type(country, PhoneNumberType.MOBILE) if country else None
    return phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL) if number else ""
