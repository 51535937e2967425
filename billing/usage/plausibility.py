"""Usage that MazBot's prices cannot explain: flagged until staff decide."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from zoneinfo import ZoneInfo

from billing.models import Category, Rate, RateFetch
from billing.periods import day_start
from billing.policies import reseller_policy
from billing.pricing.price_list import PriceList
from centers.models import Center
from whatsapp.models import MazbotAccount

ZERO = Decimal(0)
Counts = tuple[int, int, int, Decimal]
NOTHING: Counts = (0, 0, 0, ZERO)


@dataclass(frozen=True, slots=True)
class _PriceListed:
    """One fetched list: its first fetch, and the cost of its most expensive message; None if unknown."""

    since: datetime
    max_cost: Decimal | None


class Plausibility:
    """The maximum cost of a day of one account, by country; its rate lists are loaded once."""

    def __init__(self, account: MazbotAccount) -> None:
        self._account = account
        self._zone = ZoneInfo(account.time_zone)
        self._book = PriceList(account.reseller, date.max)
        self._max_costs: dict[tuple[str, date], Decimal | None] = {}

    def explains(self, counts: Counts, before: Counts, center: Center, day: date) -> bool:
        """Whether prices explain the counts of a day, or at least their increase over `before` (accepted).

        The increase counts so that usage that staff accepted does not flag everything added to it later.
        """
        if _is_negative(counts):
            return False
        country_id = self._book.centers.country_id(center, day)
        more = (counts[0] - before[0], counts[1] - before[1], counts[2] - before[2], counts[3] - before[3])
        return self._fits(counts, country_id, day) or (
            not _is_negative(more) and self._fits(more, country_id, day)
        )

    def _fits(self, counts: Counts, country_id: str, day: date) -> bool:
        sent, _received, failed, cost = counts
        if failed > sent:
            return False
        if not cost:
            return True
        if (country_id, day) not in self._max_costs:
            self._max_costs[country_id, day] = self.max_cost(country_id, day)
        max_cost = self._max_costs[country_id, day]
        return max_cost is None or cost <= sent * max_cost * self._tolerance

    def max_cost(self, country_id: str, day: date) -> Decimal | None:
        """The highest cost of a message in any of the country's lists in force on that day.

        None if no list is known, as in a new install, or a list's currency differs from the usage's: then nothing is
        flagged because of its cost.
        """
        lists = self._lists.get(country_id) or self._lists.get("", [])
        begin = day_start(day, self._zone)
        end = day_start(day + timedelta(days=1), self._zone)
        before = [one for one in lists if one.since < begin][-1:]
        valid = [*before, *(one for one in lists if begin <= one.since < end)] or lists[:1]
        costs = [one.max_cost for one in valid]
        known = [cost for cost in costs if cost is not None]
        return max(known) if known and len(known) == len(costs) else None

    @cached_property
    def _tolerance(self) -> Decimal:
        return reseller_policy(self._account.reseller).usage_tolerance

    @cached_property
    def _lists(self) -> dict[str, list[_PriceListed]]:
        """All applied lists per country id, oldest first.

        A list that staff confirmed explains usage from when MazBot first returned it: MazBot charged it from then on.
        """
        reseller = self._account.reseller
        rows: dict[int, list[tuple[str, Decimal, str]]] = {}
        rates = Rate.objects.filter(reseller=reseller).values_list("fetch_id", "type", "cost", "currency")
        for fetch_id, rate_type, cost, currency in rates:
            rows.setdefault(fetch_id, []).append((rate_type, cost, currency))
        found: dict[str, list[_PriceListed]] = {}
        applied = RateFetch.objects.filter(reseller=reseller, state=RateFetch.State.APPLIED)
        for fetch in applied.order_by("country_id", "pk"):
            listed = _PriceListed(fetch.first_fetched_at, self._max_cost_of(rows.get(fetch.pk, [])))
            found.setdefault(fetch.country_id, []).append(listed)
        return found

    def _max_cost_of(self, rows: list[tuple[str, Decimal, str]]) -> Decimal | None:
        messages = [row for row in rows if self._book.category(row[0]) == Category.MESSAGE]
        costs = [self._in_cost_currency(cost, currency) for _type, cost, currency in messages]
        known = [cost for cost in costs if cost is not None]
        return max(known) if known and len(known) == len(costs) else None

    def _in_cost_currency(self, cost: Decimal, currency: str) -> Decimal | None:
        rate = self._book.exchange.find(currency, self._account.cost_currency, self._book.day)
        return None if rate is None else cost * rate


def _is_negative(counts: Counts) -> bool:
    return min(counts[:3]) < 0 or counts[3] < 0
