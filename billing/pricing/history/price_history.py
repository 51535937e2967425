"""A center's price list on any day, and the days on which its prices change."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from billing.models import CenterVersion, Rate, RateFetch
from billing.periods import ONE_DAY, day_start, local_day, today, zone_of
from billing.pricing.history.plan_prices import PlanChange, PlanPrice, plan_price
from billing.pricing.price_list import PriceList, PriceRow
from centers.models import Center


@dataclass(frozen=True, slots=True)
class PriceChange:
    """One type's price before and from a day on; None if it was not listed, or no longer is."""

    type: str
    before: PriceRow | None
    after: PriceRow | None


@dataclass(frozen=True, slots=True)
class ChangeDay:
    """A day from which prices, or the plan, differ from those of the day before."""

    day: date
    changes: tuple[PriceChange, ...]
    plan: PlanChange | None


class PriceHistory:
    """One center's prices over time; margins, versions and rate lists are read once.

    A day's list is what applies when it ends; of today and later days what applies now, as far as it is known. Prices
    in another currency than the costs' are converted at the day's rate.
    """

    def __init__(self, center: Center, now: datetime) -> None:
        self._center, self._now = center, now
        self._zone = zone_of(center.reseller)
        self.today = today(center.reseller, now)
        self._base = PriceList(center.reseller, self.today, center=center)
        self._lists = self._applied()

    def on(self, day: date) -> PriceList:
        """The prices of a day."""
        found = PriceList(self._center.reseller, day, center=self._center)
        found.margins, found.exchange = self._base.margins, self._base.exchange
        found.decided, found.taxes = self._base.decided, self._base.taxes
        found.discounts = self._base.discounts
        found.rates = self._rates_on(day)
        return found

    def changes(self, first_day: date) -> list[ChangeDay]:
        """The days from `first_day` on with other prices than the day before, the latest first.

        Exchange rates count for nothing here: an invoice takes the rate of its last day.
        """
        found = []
        for day in sorted((one for one in self._days() if one >= first_day), reverse=True):
            changes, plan = tuple(self.changes_on(day)), self.plan_change_on(day)
            if changes or plan:
                found.append(ChangeDay(day, changes, plan))
        return found

    def changes_on(self, day: date) -> Iterator[PriceChange]:
        """What the prices of a day have that those of the day before didn't."""
        before = {row.type: row for row in self.on(day - ONE_DAY).for_center(self._center)}
        after = {row.type: row for row in self.on(day).for_center(self._center)}
        for name in sorted({*before, *after}):
            if _terms(before.get(name)) != _terms(after.get(name)):
                yield PriceChange(name, before.get(name), after.get(name))

    def plan_on(self, day: date) -> PlanPrice | None:
        """The plan of a day."""
        return plan_price(self._base.discounts, self._center, day)

    def plan_change_on(self, day: date) -> PlanChange | None:
        """How the plan of a day differs from that of the day before; None if it doesn't.

        A plan with which a center begins is no change.
        """
        before, after = self.plan_on(day - ONE_DAY), self.plan_on(day)
        if before == after or (before is None and day <= local_day(self._center.created_at, self._zone)):
            return None
        return PlanChange(before, after)

    def _days(self) -> set[date]:
        """Every day on which something that prices follow from begins to apply."""
        versions = CenterVersion.objects.filter(center=self._center).exclude(valid_from=None)
        days: set[Any] = set(versions.values_list("valid_from", flat=True))
        days |= self._base.margins.first_days()
        days |= self._base.discounts.first_days(self._center)
        days |= self._base.discounts.first_days_of_plans(self._center)
        days |= {local_day(since, self._zone) for lists in self._lists.values() for since, _rates in lists}
        return days

    def _rates_on(self, day: date) -> dict[str, list[Rate]]:
        end = day_start(day + ONE_DAY, self._zone) if day < self.today else None
        found = {}
        for country, lists in self._lists.items():
            applied = [rates for since, rates in lists if end is None or since < end]
            if applied:
                found[country] = applied[-1]
        return found

    def _applied(self) -> dict[str, list[tuple[datetime, list[Rate]]]]:
        """The applied lists of the countries that the center is or was in, and the general ones, oldest first."""
        own = CenterVersion.objects.filter(center=self._center, name=CenterVersion.Name.COUNTRY)
        countries = {"", self._center.country_id, *own.values_list("value", flat=True)}
        fetches = RateFetch.applied(self._center.reseller, *countries)
        found: dict[str, list[tuple[datetime, list[Rate]]]] = {}
        for fetch in fetches.order_by("pk").prefetch_related("rates"):
            rates = list(fetch.rates.all())
            for rate in rates:
                rate.fetch = fetch
            found.setdefault(fetch.country_id, []).append((fetch.applies_from, rates))
        return found


def priced(row: PriceRow | None) -> PriceRow | None:
    """The row, if there was a margin: without one its price was MazBot's cost, which a center never sees afterwards."""
    return row if row and row.margin else None


def _terms(row: PriceRow | None) -> tuple[Any, ...] | None:
    return (row.price_at_cost, row.cost_currency, row.currency, row.interval) if row else None
