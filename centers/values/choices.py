"""Lists people choose from: currencies in use, time zones."""

from functools import cache
from zoneinfo import available_timezones

from babel import Locale
from babel.core import get_global

from centers.values.languages import active_language


def currency_choices() -> list[tuple[str, str]]:
    """(`LYD`, `LYD – Libyan Dinar`) of every currency that is legal tender somewhere today, in the active language."""
    return list(_currencies(active_language().code))


def time_zone_choices() -> list[tuple[str, str]]:
    """Every place of the IANA database, without its aliases for computers (`Etc/…`, `EST5EDT`)."""
    return [(name, name.replace("_", " ")) for name in _zones()]


@cache
def _currencies(code: str) -> tuple[tuple[str, str], ...]:
    names = Locale.parse(code).currencies
    tender = {
        entry[0]
        for entries in get_global("territory_currencies").values()
        for entry in entries
        if entry[2] is None and entry[3]
    }
    return tuple((currency, f"{currency} – {names.get(currency, currency)}") for currency in sorted(tender))


@cache
def _zones() -> tuple[str, ...]:
    return tuple(sorted(name for name in available_timezones() if _is_place(name)))


def _is_place(name: str) -> bool:
    return name == "UTC" or (
        "/" in name and not name.startswith(("Etc/", "SystemV/", "US/", "posix", "right"))
    )
