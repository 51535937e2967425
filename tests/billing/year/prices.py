"""The prices of a day by the facts, with fractions: margins, countries, currencies, exchange rates, taxes, owners."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction

from tests.billing.year.facts import (
    Booked,
    ExchangeRate,
    Fact,
    Held,
    MarginSet,
    Month,
    Priced,
    SubscriptionRate,
    Taxed,
    bounds,
    day_of,
    days_of,
    facts_of,
)

ONE = timedelta(days=1)


@dataclass(frozen=True)
class Counts:
    """Messages and what they cost."""

    sent: int = 0
    failed: int = 0
    cost: Fraction = Fraction(0)

    def __sub__(self, other: "Counts") -> "Counts":
        return Counts(self.sent - other.sent, self.failed - other.failed, self.cost - other.cost)

    @property
    def delivered(self) -> int:
        return max(0, self.sent - self.failed)


class Prices:
    """What applied when."""

    def __init__(self, facts: Iterable[Fact]) -> None:
        rows = list(facts)
        self._margins = facts_of(rows, MarginSet)
        self._centers = facts_of(rows, Priced)
        self._rates = facts_of(rows, ExchangeRate)
        self._subscriptions = facts_of(rows, SubscriptionRate)
        self._taxes = facts_of(rows, Taxed)
        self._held: dict[str, list[Held]] = {}
        for held in facts_of(rows, Held):
            self._held.setdefault(held.number, []).append(held)
        self._booked: dict[tuple[str, date], list[Booked]] = {}
        for booked in facts_of(rows, Booked):
            self._booked.setdefault((booked.number, booked.day), []).append(booked)
        self.numbers = sorted(self._held)
        self.centers = sorted({row.center for row in self._centers})

    def priced(self, center: str, day: date) -> Priced:
        """The center's country and currency on that day."""
        own = [row for row in self._centers if row.center == center and row.since <= day]
        return max(own, key=lambda row: row.since)

    def margin(self, category: str, center: str, day: date, country: str) -> MarginSet:
        """The narrowest, and of it the newest."""
        for level, of in (("center", center), ("country", country), ("", "")):
            own = [
                row
                for row in self._margins
                if (row.category, row.level, row.of) == (category, level, of) and row.since <= day
            ]
            if own:
                newest = max(row.since for row in own)
                return [row for row in own if row.since == newest][-1]
        raise LookupError(f"no margin for {center} on {day}")

    def exchange_rate(self, currency: str, day: date) -> Fraction:
        if currency == "USD":
            return Fraction(1)
        own = [row for row in self._rates if row.currency == currency and row.since <= day]
        return Fraction(max(own, key=lambda row: (row.since, row.at)).rate)

    def tax(self, day: date) -> Fraction:
        return Fraction(
            max((row for row in self._taxes if row.since <= day), key=lambda row: row.since).percent
        )

    def subscription(self, country: str, month: Month) -> Fraction:
        """What MazBot charged for a month of a number as the month ended."""
        last = days_of(month)[-1]
        own = [row for row in self._subscriptions if row.country == country and day_of(row.at) <= last]
        return Fraction(max(own, key=lambda row: row.at).cost)

    def parts(self, number: str, day: date) -> list[tuple[str, datetime | None]]:
        """Who had the number on that day, each until when; the last one has the rest of the day."""
        found: list[tuple[str, datetime | None]] = []
        before = [row for row in self._held.get(number, ()) if day_of(row.at) < day]
        holder = before[-1].center if before else ""
        for row in self._held.get(number, ()):
            if day_of(row.at) == day and row.center:
                found += [(holder, row.at)] if holder else []
                holder = row.center
        return [*found, (holder, None)] if holder else found

    def owner(self, number: str, day: date) -> str:
        """Who had the number as the day ended, or was the last to have it on the day."""
        parts = self.parts(number, day)
        return parts[-1][0] if parts else ""

    def used(self, number: str, day: date, center: str, known: datetime) -> Counts | None:
        """The center's share of a day, of all that MazBot had counted at a moment; None: it had no share."""
        sums = [
            self._counted(number, day, min(until or known, known)) for _who, until in self.parts(number, day)
        ]
        own = Counts()
        mine = False
        for place, (who, _until) in enumerate(self.parts(number, day)):
            if who == center:
                more = sums[place] - (sums[place - 1] if place else Counts())
                own = Counts(own.sent + more.sent, own.failed + more.failed, own.cost + more.cost)
                mine = True
        return own if mine else None

    def _counted(self, number: str, day: date, until: datetime) -> Counts:
        own = [row for row in self._booked.get((number, day), ()) if row.at <= until]
        cost = sum((Fraction(row.cost) for row in own), Fraction(0))
        return Counts(sum(row.sent for row in own), sum(row.failed for row in own), cost)

    def held_days(self, number: str, center: str, month: Month) -> list[tuple[date, date, str]]:
        """The stretches of days (half-open) that the center pays a subscription for, each in one country."""
        found: list[tuple[date, date, str]] = []
        for day in days_of(month):
            if self.owner(number, day) != center:
                continue
            country = self.priced(center, day).country
            if found and found[-1][1] == day and found[-1][2] == country:
                found[-1] = (found[-1][0], day + ONE, country)
            else:
                found.append((day, day + ONE, country))
        return found


def length(month: Month) -> int:
    first, end = bounds(month)
    return (end - first).days


def half_up(amount: Fraction, digits: int) -> Fraction:
    """Rounded to that many decimals, halves away from zero."""
    whole = (2 * abs(amount) * 10**digits + 1) // 2
    return Fraction(whole if amount >= 0 else -whole, 10**digits)


def cut(amount: Fraction, digits: int) -> Fraction:
    """Without what is below that many decimals."""
    whole = abs(amount) * 10**digits // 1
    return Fraction(whole if amount >= 0 else -whole, 10**digits)
