"""Prices before and after a margin that is not saved yet."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import partial

from billing.models import Margin
from billing.pricing.price_list import PriceList, PriceRow
from centers.models import Center


@dataclass(frozen=True, slots=True)
class Change:
    """One price before and after a margin that is not saved yet."""

    type: str
    before: PriceRow
    after: PriceRow

    @property
    def moves(self) -> bool:
        """Whether the margin changes the price."""
        return self.before.price_at_cost != self.after.price_at_cost


@dataclass(frozen=True, slots=True)
class ChangedList:
    """The price list of a center, or else of a country ("" is all other countries), with its changes."""

    center: Center | None
    country: str
    changes: tuple[Change, ...]

    @property
    def loss(self) -> bool:
        """Whether the margin leaves a price below cost."""
        return any(change.after.is_loss for change in self.changes)


def changed_lists(price_list: PriceList, margin: Margin) -> Iterator[ChangedList]:
    """The lists that the unsaved margin is for, as on the price list's day; those without its category are left out."""
    before, after = price_list.margins, price_list.margins.plus(margin)
    for country, rows in _lists(price_list, margin):
        price_list.margins = before
        old = rows()
        price_list.margins = after
        changes = tuple(
            Change(row.type, was, row)
            for was, row in zip(old, rows(), strict=True)
            if row.category == margin.category
        )
        if changes:
            yield ChangedList(margin.center, country, changes)


def replaced_on(margin: Margin) -> date | None:
    """The day on which a version that is already entered replaces the unsaved margin; None if none does."""
    later = Margin.objects.filter(
        category=margin.category,
        level=margin.level,
        center=margin.center,
        country_id=margin.country_id,
        valid_from__gt=margin.valid_from,
    )
    first_day: date | None = later.order_by("valid_from").values_list("valid_from", flat=True).first()
    return first_day


def _lists(price_list: PriceList, margin: Margin) -> list[tuple[str, Callable[[], list[PriceRow]]]]:
    """Country ids and functions that return the lists to show: the center's, the country's, or every country's."""
    if margin.center is not None:
        return [(price_list.country_id(margin.center), partial(price_list.for_center, margin.center))]
    countries = [margin.country_id] if margin.country_id else sorted(price_list.rates)
    return [(country, partial(price_list.for_country, country)) for country in countries]
