"""MazBot's price list, with its history: what a type cost in a country at a moment."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal

from .records import RateChange

COUNTRIES = {
    "1": "Saudi Arabia",
    "2": "Egypt",
    "3": "Libya",
    "4": "Kuwait",
    "5": "United Arab Emirates",
    "6": "Oman",
}
MESSAGE_TYPES = ("marketing", "utility", "authentication", "service")
_TYPES = (*MESSAGE_TYPES, "subscription_monthly", "subscription_yearly", "number_subscription")
# Made-up figures in the size and precision that MazBot shows (two to four decimals).
_DEFAULT_COSTS = {
    "": ("0.05", "0.02", "0.025", "0.008", "15", "150", "5.5"),
    "1": ("0.0455", "0.0107", "0.0131", "0.005", "18.75", "187.5", "6.25"),
    "2": ("0.0644", "0.0036", "0.0041", "0.002", "9.9", "99", "3.3"),
    "3": ("0.0225", "0.0077", "0.0085", "0.004", "12", "120", "4"),
    "4": ("0.0523", "0.0125", "0.0149", "0.006", "20.5", "205", "7.15"),
    "5": ("0.0384", "0.0157", "0.0178", "0.0061", "20", "200", "7"),
    "6": ("0.0491", "0.0118", "0.0136", "0.0055", "17.4", "174", "6"),
}
_ALWAYS = datetime.min.replace(tzinfo=UTC)


def default_changes(currency: str = "USD") -> list[RateChange]:
    """The price list of a fresh sandbox, valid since always."""
    return [
        RateChange(country, kind, Decimal(cost), currency)
        for country, costs in _DEFAULT_COSTS.items()
        for kind, cost in zip(_TYPES, costs, strict=True)
    ]


class RateBook:
    """Every change of every rate; past days keep the rates they had."""

    def __init__(self, changes: Iterable[RateChange]) -> None:
        self.changes: list[RateChange] = []
        self._history: dict[tuple[str, str], list[tuple[datetime, RateChange]]] = {}
        for change in changes:
            self.record(change)

    def record(self, change: RateChange) -> None:
        """Append a change; of two at the same moment the later call counts."""
        self.changes.append(change)
        line = self._history.setdefault((change.country_id, change.type), [])
        line.append((change.at or _ALWAYS, change))
        line.sort(key=lambda entry: entry[0])

    def rate(self, country_id: str, kind: str, at: datetime) -> RateChange | None:
        """The rate of one type at a moment; None when that country has none."""
        line = self._history.get((country_id, kind), [])
        position = bisect_right(line, at, key=lambda entry: entry[0])
        if not position or line[position - 1][1].cost is None:
            return None
        return line[position - 1][1]

    def price_list(self, country_id: str, at: datetime) -> list[RateChange]:
        """All rates of a country at a moment, in the order their types first appeared."""
        kinds = [kind for country, kind in self._history if country == country_id]
        return [rate for kind in kinds if (rate := self.rate(country_id, kind, at))]

    def cost(self, country_id: str, kind: str, at: datetime) -> Decimal:
        """The cost of one message: the country's rate, else the default list's, else zero."""
        rate = self.rate(country_id, kind, at) or self.rate("", kind, at)
        return rate.cost if rate and rate.cost is not None else Decimal(0)

    def moments_between(self, country_id: str, start: datetime, end: datetime) -> list[datetime]:
        """Moments strictly inside the interval at which a rate of the country changed."""
        return sorted(
            {
                moment
                for (country, _), line in self._history.items()
                if country in ("", country_id)
                for moment, _ in line
                if start < moment < end
            }
        )
