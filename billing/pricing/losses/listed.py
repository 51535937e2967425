"""Prices in the centers' lists that are below their cost."""

from collections.abc import Iterable
from dataclasses import dataclass

from billing.pricing.price_list import PriceList, PriceRow
from billing.pricing.priced_alike import PricedAlike, first_by_name
from centers.models import Center


@dataclass(frozen=True, slots=True)
class Losing:
    """How many centers have prices below cost, and the first of them by name with those prices."""

    count: int
    first: list[tuple[Center, list[PriceRow]]]


def losing_prices(price_list: PriceList, most: int, alike: Iterable[PricedAlike]) -> Losing:
    """Which prices of which active centers are below their cost on the price list's day; at most `most` are named.

    `alike` is what `priced_alike` found.
    """
    kinds = [kind for kind in alike if _below_cost(price_list, kind.center)]
    first = first_by_name(price_list, kinds, most)
    return Losing(
        sum(kind.count for kind in kinds), [(center, _below_cost(price_list, center)) for center in first]
    )


def _below_cost(price_list: PriceList, center: Center) -> list[PriceRow]:
    return [row for row in price_list.for_center(center) if row.is_loss]
