"""Checks of single values that come from people or files."""

from zoneinfo import available_timezones

from babel.numbers import list_currencies
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

NO_MONEY = frozenset({"XXX", "XTS"})  # ISO 4217: "no currency" and a code for tests


def validate_time_zone(value: str) -> None:
    """Raise unless `value` is a name of the IANA time zone database, such as `Asia/Riyadh`."""
    if value not in available_timezones():
        raise ValidationError(_("“%(value)s” isn't a known time zone.") % {"value": value})


def validate_currency(value: str) -> None:
    """Raise unless `value` is an ISO 4217 code in capitals, such as `LYD`."""
    if value not in list_currencies() or value in NO_MONEY:
        raise ValidationError(_("“%(value)s” isn't a known currency code.") % {"value": value})
