"""Centers whose prices are the same: looked at once, however many they are."""

from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from itertools import chain
from typing import NamedTuple

from django.db.models import Count, Min, Q

from billing.models import Category
from billing.pricing.price_list import PriceList
from centers.models import Center


class Placed(NamedTuple):
    """A center with terms of its own, and its place by name among all that `priced_alike` read."""

    place: int
    center: Center


@dataclass(frozen=True, slots=True)
class PricedAlike:
    """`count` active centers with the country, the currency and the prices of one.

    `own` are they if they have terms of their own; else they are all others of this country and currency.
    """

    center: Center
    count: int
    own: tuple[Placed, ...] = ()


def priced_alike(price_list: PriceList) -> list[PricedAlike]:
    """All active centers of the price list's reseller, by the name of the first of each; three queries."""
    own = _with_own_terms(price_list)
    active = Center.objects.filter(reseller=price_list.reseller, archived_at=None)
    kinds = active.exclude(pk__in=own).order_by().values_list("country_id", "currency")
    sizes = {first: count for *_kind, first, count in kinds.annotate(first=Min("pk"), count=Count("pk"))}
    alike: dict[Hashable, list[Placed]] = {}
    read = active.filter(pk__in=[*sizes, *own]).order_by("name", "pk")
    for placed in map(Placed._make, enumerate(read)):
        center = placed.center
        terms = center.pk if center.pk in sizes else _terms(price_list, center)
        alike.setdefault(terms, []).append(placed)
    return [
        PricedAlike(same[0].center, sizes[same[0].center.pk])
        if same[0].center.pk in sizes
        else PricedAlike(same[0].center, len(same), tuple(same))
        for same in alike.values()
    ]


def first_by_name(price_list: PriceList, kinds: Iterable[PricedAlike], most: int) -> list[Center]:
    """The first of all these centers, by name; `kinds` are in the order of `priced_alike`."""
    chosen = list(kinds)
    own = list(chain.from_iterable(kind.own for kind in chosen))
    others = [
        Q(country_id=kind.center.country_id, currency=kind.center.currency) for kind in chosen if not kind.own
    ]
    if not others:
        return [placed.center for placed in sorted(own, key=lambda placed: placed.place)[:most]]
    wide = Q(*others, _connector=Q.OR) & ~Q(pk__in=_with_own_terms(price_list))
    found = wide | Q(pk__in=[placed.center.pk for placed in own])
    active = Center.objects.filter(reseller=price_list.reseller, archived_at=None)
    return list(active.filter(found).order_by("name", "pk")[:most])


def _terms(price_list: PriceList, center: Center) -> Hashable:
    """All that makes the prices of a center with terms of its own."""
    margins = (price_list.margins.find(category, center, price_list.day) for category in Category)
    return (
        price_list.country_id(center),
        price_list.currency(center),
        tuple((margin.percent, margin.fixed) if margin else None for margin in margins),
        price_list.taxes.on(price_list.day, center),
        tuple(price_list.off(category, center) for category in Category),
    )


def _with_own_terms(price_list: PriceList) -> set[int]:
    """The centers that have, or had, a margin, a tax rate, a discount, a country or a currency of their own."""
    parts = (price_list.margins, price_list.taxes, price_list.discounts, price_list.centers)
    return {pk for part in parts for pk in part.center_ids}
