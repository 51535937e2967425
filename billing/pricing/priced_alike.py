"""Centers whose prices are the same: looked at once, however many they are."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count, Min, Q

from billing.pricing.price_list import PriceList
from centers.models import Center


@dataclass(frozen=True, slots=True)
class PricedAlike:
    """`count` active centers with the country, the currency and the prices of one; `is_own`: only that one has them."""

    center: Center
    count: int
    is_own: bool

    @property
    def condition(self) -> Q:
        """Which centers they are, together with not being among those with prices of their own."""
        alike = {"country_id": self.center.country_id, "currency": self.center.currency}
        return Q(pk=self.center.pk) if self.is_own else Q(**alike)


def priced_alike(price_list: PriceList) -> list[PricedAlike]:
    """All active centers of the price list's reseller; three queries."""
    own = _with_own_terms(price_list)
    active = Center.objects.filter(reseller=price_list.reseller, archived_at=None)
    kinds = active.exclude(pk__in=own).order_by().values_list("country_id", "currency")
    sizes = {first: count for *_kind, first, count in kinds.annotate(first=Min("pk"), count=Count("pk"))}
    centers = active.filter(pk__in=[*sizes, *own]).order_by("name", "pk")
    return [PricedAlike(center, sizes.get(center.pk, 1), center.pk in own) for center in centers]


def first_by_name(price_list: PriceList, kinds: Iterable[PricedAlike], most: int) -> list[Center]:
    """The first of all these centers, by name; `kinds` are in the order of `priced_alike`."""
    chosen = list(kinds)
    alike = [kind.condition for kind in chosen if not kind.is_own]
    if not alike:
        return [kind.center for kind in chosen[:most]]
    wide = Q(*alike, _connector=Q.OR) & ~Q(pk__in=_with_own_terms(price_list))
    alone = Q(pk__in=[kind.center.pk for kind in chosen if kind.is_own])
    active = Center.objects.filter(reseller=price_list.reseller, archived_at=None)
    return list(active.filter(wide | alone).order_by("name", "pk")[:most])


def _with_own_terms(price_list: PriceList) -> set[int]:
    """The centers that have, or had, a margin, a tax rate, a discount, a country or a currency of their own."""
    parts = (price_list.margins, price_list.taxes, price_list.discounts, price_list.centers)
    return {pk for part in parts for pk in part.center_ids}
