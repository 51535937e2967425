"""Prices before and after a margin that is not saved yet."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from billing.forms.pricing import MarginForm
from billing.models import Margin
from billing.pricing.below_cost import with_version
from billing.pricing.price_list import PriceList, PriceRow


@dataclass(frozen=True, slots=True)
class Change:
    """One price before and after a margin that is not saved yet."""

    type: str
    before: PriceRow
    after: PriceRow

    @property
    def moves(self) -> bool:
        return self.before.price_at_cost != self.after.price_at_cost


def previewed(price_list: PriceList, form: MarginForm) -> Iterable[dict[str, Any]]:
    """The price lists that the typed margin affects, each with its changes on the price list's day."""
    margin = Margin(reseller=price_list.reseller, withdrawn=form.withdraws, **form.place, **form.amounts)
    margin.level = form.cleaned_data["level"]
    before, after = price_list.margins, with_version(price_list.reseller, margin)
    for country, rows in _lists(price_list, margin):
        price_list.margins = before
        old = rows()
        price_list.margins = after
        changes = [
            Change(row.type, was, row)
            for was, row in zip(old, rows(), strict=True)
            if row.category == margin.category
        ]
        if changes:
            yield {
                "center": margin.center,
                "country": country,
                "changes": changes,
                "loss": any(change.after.is_loss for change in changes),
            }


def next_version(form: MarginForm) -> date | None:
    """The day on which an already entered version replaces the typed one."""
    place = {name: value for name, value in form.place.items() if name != "valid_from"}
    later = Margin.objects.filter(**place, level=form.cleaned_data["level"])
    first_day: date | None = (
        later.filter(valid_from__gt=form.place["valid_from"])
        .order_by("valid_from")
        .values_list("valid_from", flat=True)
        .first()
    )
    return first_day


def _lists(price_list: PriceList, margin: Margin) -> list[tuple[str, Any]]:
    """Country ids and functions that return the lists to show: the center's, the country's, or every country's."""
    if margin.center is not None:
        center = margin.center
        return [(center.country_id, lambda: price_list.for_center(center))]
    countries = [margin.country_id] if margin.country_id else sorted(price_list.rates)
    return [(country, lambda country=country: price_list.for_country(country)) for country in countries]
