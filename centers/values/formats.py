"""Display formats of amounts, numbers and times, the same in pages, mails and files.

Digits are Latin in Arabic too, and amounts carry their ISO 4217 code: three libraries format Arabic in three different
ways, and “LYD 1.500” must not turn into another number when a line runs from right to left.
"""

from datetime import date, datetime, timedelta, tzinfo
from decimal import ROUND_HALF_UP, Decimal, localcontext
from functools import lru_cache
from typing import Any, Literal
from zoneinfo import ZoneInfo

from babel.dates import TIMEDELTA_UNITS, format_date, format_datetime, format_time, format_timedelta
from babel.numbers import get_currency_precision
from django.utils.translation import gettext as _

from centers.values.languages import active_language

#: No price of a message needs more decimals than this.
_MOST_PLACES = 8
#: Amounts before rounding have up to 30 decimals: more digits than the 28 that Python keeps.
_PRECISION = 60
_NO_LARGER_UNIT = 10**9
#: The units of `3 days ago` in minutes, each from how many of it on: app.js updates the same times on an open page.
_STEPS: list[tuple[Any, int, int]] = [
    (unit, seconds // 60, 2 if unit == "week" else 1) for unit, seconds in TIMEDELTA_UNITS if seconds >= 60
]


def number_text(value: Decimal | int, places: int | None = None) -> str:
    """Grouped Latin digits, such as `1,234,567`; `places` fixes the decimals, else as many as the value has.

    As Babel writes them in English, in an eighth of the time: a page has hundreds.
    """
    with localcontext() as context:
        context.prec = _PRECISION
        if places is not None:
            return f"{_rounded(value, places):,f}"
        text = f"{Decimal(value):,f}"
        return text.rstrip("0").rstrip(".") if "." in text else text


def _rounded(value: Decimal | int, places: int) -> Decimal:
    return Decimal(value).quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)


def percent_text(percent: Decimal | int, places: int | None = None, *, signed: bool = False) -> str:
    """`12.5%`, with all its decimals or with as many as `places`; `signed` is `+12.5%`, for what moved."""
    sign = "+" if signed and percent > 0 else ""
    return f"{sign}{number_text(percent, places)}%"


def money_text(amount: Decimal | int, currency: str, *, exact: bool = False) -> str:
    """`1,234.500 LYD`, with the currency's own digits (CLDR), rounded half up.

    `exact` keeps further decimals of a price per message: `0.0125 USD`.
    """
    digits = get_currency_precision(currency)
    if exact:
        digits = max(digits, _decimals(_rounded(amount, _MOST_PLACES)))
    return f"{number_text(amount, digits)} {currency}"


def exact_text(amount: Decimal, currency: str) -> str:
    """An amount before rounding: all its decimals, and at least those of the currency."""
    with localcontext() as context:
        context.prec = _PRECISION
        places = max(get_currency_precision(currency), _decimals(amount))
        return f"{number_text(amount, places)} {currency}"


def day_text(day: date) -> str:
    """`23 Nov 2026` in the active language."""
    return str(format_date(day, active_language().day, locale=active_language().code))


def month_text(day: date, *, short: bool = False) -> str:
    """`November 2026` in the active language; `short` is `Nov 2026`, where the language shortens months."""
    return str(format_date(day, "MMM y" if short else "MMMM y", locale=active_language().code))


def moment_text(moment: datetime, zone: tzinfo, *, seconds: bool = False) -> str:
    """`23 Nov 2026, 07:05` in `zone`, in the active language; `moment` must be aware."""
    local, language = moment.astimezone(zone), active_language()
    clock = format_time(local, "HH:mm:ss" if seconds else "HH:mm", locale="en")
    return f"{format_datetime(local, language.day, locale=language.code)}{language.comma}{clock}"


def ago_text(moment: datetime, now: datetime, language: str = "") -> str:
    """`3 minutes ago` or `in 2 days`: as many whole ones as have passed; less than a minute is not counted in seconds.

    `language`: the code of the active language, where it is known already.
    """
    return minutes_text(minutes_from(moment, now), language or active_language().code)


def minutes_from(moment: datetime, now: datetime) -> int | None:
    """How many whole minutes `moment` is after `now`, less than 0 if before; None if it is just now."""
    return int((moment - now).total_seconds() / 60) or None


@lru_cache(maxsize=10_000)  # a list shows some hundreds of them, mostly equal
def minutes_text(minutes: int | None, locale: str) -> str:
    """What `ago_text` says of so many minutes; `locale` is the code of the active language."""
    if minutes is None:
        return _("just now")
    unit, size = next((unit, size) for unit, size, least in _STEPS if abs(minutes) >= size * least)
    whole = timedelta(minutes=int(minutes / size) * size)  # Babel would round 10 days to 2 weeks
    return str(
        format_timedelta(
            whole, granularity=unit, threshold=_NO_LARGER_UNIT, add_direction=True, locale=locale
        )
    )


def duration_text(length: timedelta) -> str:
    """`1 day, 6 hours` in the active language: the largest unit and the one below it; `less than a minute`."""
    minutes = int(length.total_seconds() // 60)
    if minutes < 1:
        return _("less than a minute")
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    units: list[tuple[Literal["day", "hour", "minute"], timedelta]] = [
        ("day", timedelta(days=days)),
        ("hour", timedelta(hours=hours)),
    ]
    units += [] if days else [("minute", timedelta(minutes=minutes))]
    locale = active_language().code
    texts = [_one_unit(unit, length, locale) for unit, length in units if length]
    if len(texts) == 1:
        return texts[0]
    return _("%(larger)s, %(smaller)s") % {"larger": texts[0], "smaller": texts[1]}


@lru_cache(maxsize=10_000)
def _one_unit(unit: Literal["day", "hour", "minute"], length: timedelta, locale: str) -> str:
    """Nine days are `9 days`, not a week; Babel knows the Arabic words for one and two of a unit only here."""
    return str(format_timedelta(length, granularity=unit, threshold=_NO_LARGER_UNIT, locale=locale))


def zone_of(name: str) -> tzinfo:
    """The time zone called `name` in the IANA database."""
    return ZoneInfo(name)


def _decimals(amount: Decimal) -> int:
    exponent = amount.normalize().as_tuple().exponent
    return -exponent if isinstance(exponent, int) and exponent < 0 else 0
