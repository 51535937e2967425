"""What happened in a year, as plain facts: what MazBot counted, what staff entered, when the jobs ran.

Centers and numbers are called by name. Nothing here knows the product.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import TypeVar

RIYADH = timezone(timedelta(hours=3))
COST = "USD"  # the currency of MazBot's costs
#: Decimals of the currencies in the year.
DIGITS = {"SAR": 2, "USD": 2, "LYD": 3, "JPY": 0, "EGP": 2, "KWD": 3, "AED": 2, "OMR": 3}
TERMS, GRACE = timedelta(days=14), timedelta(days=10)
Month = tuple[int, int]


@dataclass(frozen=True)
class Booked:
    """MazBot adds so much to a day of a number; less than nothing is a correction."""

    at: datetime
    number: str
    day: date
    sent: int
    failed: int
    cost: Decimal


@dataclass(frozen=True)
class Held:
    """From this moment on the center has the number; "" is no one: it was archived."""

    at: datetime
    number: str
    center: str


@dataclass(frozen=True)
class MarginSet:
    """`level` is "" (all centers), "country" or "center", `of` says which."""

    at: datetime
    category: str
    level: str
    of: str
    percent: Decimal
    fixed: Decimal
    since: date


@dataclass(frozen=True)
class Priced:
    """A center's country and currency from a day on."""

    at: datetime
    center: str
    country: str
    currency: str
    since: date


@dataclass(frozen=True)
class ExchangeRate:
    """What a dollar costs from a day on."""

    at: datetime
    currency: str
    rate: Decimal
    since: date


@dataclass(frozen=True)
class SubscriptionRate:
    """What a month of a number costs in a country; known since this moment."""

    at: datetime
    country: str
    cost: Decimal


@dataclass(frozen=True)
class Taxed:
    """The standard rate from a day on."""

    at: datetime
    percent: Decimal
    since: date


@dataclass(frozen=True)
class Paid:
    """A payment, a refund of credit (negative), or a payment that was reversed (negative)."""

    at: datetime
    center: str
    currency: str
    amount: Decimal
    kind: str = "payment"


@dataclass(frozen=True)
class Waived:
    """Staff decide not to charge the days of a number from `first` until before `end`."""

    at: datetime
    number: str
    center: str
    first: date
    end: date


@dataclass(frozen=True)
class Credited:
    """Staff credit so much of the dearest line of an invoice."""

    at: datetime
    center: str
    month: Month
    amount: Decimal


@dataclass(frozen=True)
class Voided:
    """An invoice is voided and issued again at once."""

    at: datetime
    center: str
    month: Month


@dataclass(frozen=True)
class Round:
    """The jobs ran; whether MazBot answered."""

    at: datetime
    answered: bool


Fact = (
    Booked | Held | MarginSet | Priced | ExchangeRate | SubscriptionRate | Taxed
    | Paid | Waived | Credited | Voided | Round
)  # fmt: skip
OneFact = TypeVar("OneFact")


def facts_of(facts: Iterable[Fact], kind: type[OneFact]) -> list[OneFact]:
    return [fact for fact in facts if isinstance(fact, kind)]


def restored(facts: Iterable[Fact], backup: datetime) -> list[Fact]:
    """What is left after a backup of that moment was restored: MazBot knows what it counted, we know no more."""
    return [fact for fact in facts if isinstance(fact, Booked) or fact.at <= backup]


def day_of(moment: datetime) -> date:
    return moment.astimezone(RIYADH).date()


def month_of(day: date) -> Month:
    return day.year, day.month


def bounds(month: Month) -> tuple[date, date]:
    """The first day, and the day after the last."""
    year, number = month
    return date(year, number, 1), date(year + number // 12, number % 12 + 1, 1)


def days_of(month: Month) -> list[date]:
    first, end = bounds(month)
    return [first + timedelta(days=count) for count in range((end - first).days)]
