"""Sums of several currencies in one, at the dated exchange rates: for overviews only, never for an invoice."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, localcontext

from billing.models import ExchangeRate
from billing.money import PRECISION, rounded
from billing.policies import reseller_policy
from billing.pricing.exchange_rates import SAME, is_too_old
from centers.models import Reseller

_Dated = tuple[Decimal, date]


@dataclass(frozen=True, slots=True)
class Way:
    """How one currency becomes another: times `rate`, divided by `divisor`; `day` is that of the older rate."""

    rate: Decimal
    divisor: Decimal
    day: date


@dataclass(frozen=True, slots=True)
class NotIncluded:
    """A currency without a usable rate; `entered` is the day of its newest rate, which is too old, or None."""

    currency: str
    entered: date | None


@dataclass(frozen=True, slots=True)
class RatesUsed:
    """The days of the rates by which amounts of other currencies were added up, and the currencies without a rate.

    The days are None where every amount was in the currency already.
    """

    first_day: date | None
    last_day: date | None
    not_included: tuple[NotIncluded, ...]

    @property
    def is_needed(self) -> bool:
        """Whether there are amounts in other currencies."""
        return self.first_day is not None or bool(self.not_included)


class Converter:
    """The newest rates of a reseller for `day` or a day before it, all read in one query.

    A pair is converted at its own rate, else at the rate of the opposite direction, else through a currency from which
    both have a rate (staff enter them from the currency of MazBot's costs): the pair whose older rate is the newest.
    """

    def __init__(self, reseller: Reseller, day: date) -> None:
        self._day = day
        self._limit = reseller_policy(reseller).exchange_block_days
        rows = ExchangeRate.objects.filter(reseller=reseller, day__lte=day).distinct("base", "quote")
        self._newest: dict[tuple[str, str], _Dated] = {
            (base, quote): (rate, entered)
            for base, quote, rate, entered in rows.order_by("base", "quote", "-day", "-pk").values_list(
                "base", "quote", "rate", "day"
            )
        }
        self._usable = {
            pair: dated for pair, dated in self._newest.items() if not is_too_old(dated[1], day, self._limit)
        }

    def way(self, base: str, quote: str) -> Way | NotIncluded:
        """The way from `base` to `quote`, or why there is none."""
        if base == quote:
            return Way(SAME, SAME, self._day)
        usable = _best(self._usable, base, quote)
        if usable:
            return usable
        old = _best(self._newest, base, quote)
        return NotIncluded(base, old.day if old else None)

    def rates_used(self, currencies: Iterable[str], quote: str) -> RatesUsed:
        """The rates by which amounts of these currencies become `quote`."""
        ways = [self.way(base, quote) for base in sorted({*currencies} - {quote})]
        days = [way.day for way in ways if isinstance(way, Way)]
        return RatesUsed(
            first_day=min(days, default=None),
            last_day=max(days, default=None),
            not_included=tuple(way for way in ways if isinstance(way, NotIncluded)),
        )

    def total(self, amounts: Mapping[str, Decimal], quote: str) -> Decimal:
        """The sum of the amounts that can be converted, rounded once to the decimals of `quote`."""
        with localcontext() as context:
            context.prec = PRECISION
            parts = [(amount, self.way(base, quote)) for base, amount in amounts.items()]
            sums = (amount * way.rate / way.divisor for amount, way in parts if isinstance(way, Way))
            return rounded(sum(sums, Decimal(0)), quote)


def _best(rates: Mapping[tuple[str, str], _Dated], base: str, quote: str) -> Way | None:
    if (base, quote) in rates:
        rate, day = rates[base, quote]
        return Way(rate, SAME, day)
    if (quote, base) in rates:
        rate, day = rates[quote, base]
        return Way(SAME, rate, day)
    ways = [
        Way(
            rates[through, quote][0],
            rates[through, base][0],
            min(rates[through, quote][1], rates[through, base][1]),
        )
        for through in sorted({pair[0] for pair in rates})
        if (through, quote) in rates and (through, base) in rates
    ]
    return max(ways, key=lambda way: way.day, default=None)
