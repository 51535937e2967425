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


def previewed(book: PriceList, form: MarginForm) -> Iterable[dict[str, Any]]:
    """The price lists that the typed margin is for, each with its changes on the book's day."""
    wanted = Margin(reseller=book.reseller, withdrawn=form.withdraws, **form.place, **form.amounts)
    wanted.level = form.cleaned_data["level"]
    before, after = book.margins, with_version(book.reseller, wanted)
    for country, rows in _lists(book, wanted):
        book.margins = before
        old = rows()
        book.margins = after
        changes = [
            Change(row.type, was, row)
            for was, row in zip(old, rows(), strict=True)
            if row.category == wanted.category
        ]
        if changes:
            yield {
                "center": wanted.center,
                "country": country,
                "changes": changes,
                "loss": any(change.after.is_loss for change in changes),
            }


def next_version(form: MarginForm) -> date | None:
    """The day on which a version that was entered before takes over from the one typed."""
    place = {name: value for name, value in form.place.items() if name != "valid_from"}
    later = Margin.objects.filter(**place, level=form.cleaned_data["level"])
    found: date | None = (
        later.filter(valid_from__gt=form.place["valid_from"])
        .order_by("valid_from")
        .values_list("valid_from", flat=True)
        .first()
    )
    return found


def _lists(book: PriceList, margin: Margin) -> list[tuple[str, Any]]:
    """Country ids and makers of the lists to show: the center's, the country's, or every country's."""
    if margin.center is not None:
        center = margin.center
        return [(center.country_id, lambda: book.for_center(center))]
    countries = [margin.country_id] if margin.country_id else sorted(book.rates)
    return [(country, lambda country=country: book.for_country(country)) for country in countries]
