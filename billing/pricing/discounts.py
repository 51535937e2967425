"""What a center pays less on a day: the narrowest of its discounts."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, localcontext

from billing.models import Discount
from billing.money import PRECISION
from billing.periods import Period
from centers.models import Center, Reseller

ZERO = Decimal(0)
On = Discount.On


@dataclass(frozen=True, slots=True)
class Off:
    """What is taken off a price: `percent` of it, then `amount`. Without arguments: nothing."""

    percent: Decimal = ZERO
    amount: Decimal = ZERO

    def of(self, price: Decimal) -> Decimal:
        """The price that is left, unrounded."""
        if not (self.percent or self.amount):
            return price
        with localcontext() as context:
            context.prec = PRECISION
            return price - price * self.percent / 100 - self.amount


NOTHING_OFF = Off()


class Discounts:
    """The discounts of a reseller's centers, or of those `among` them; one query."""

    def __init__(self, reseller: Reseller, *, among: Iterable[Center] | None = None) -> None:
        rows = Discount.objects.filter(reseller=reseller, withdrawn_at=None)
        rows = rows if among is None else rows.filter(center__in=list(among))
        self._rows: dict[int, list[Discount]] = {}
        for row in rows.order_by("pk"):
            self._rows.setdefault(row.center_id, []).append(row)

    def on_messages(self, center: Center, day: date) -> Off:
        """Of the price of messages on that day."""
        return self._found(center, day, (On.MESSAGES, None), (On.ALL, None))

    def on_numbers(self, center: Center, day: date) -> Off:
        """Of what numbers are charged by MazBot's lists: subscriptions and one-off types."""
        return self._found(center, day, (On.ALL, None))

    def on_charge(self, center: Center, day: date, charge_id: int) -> Off:
        """Of a charge that staff entered."""
        return self._found(center, day, (On.CHARGE, charge_id), (On.ALL, None))

    def changes(self, center: Center, days: Period) -> list[date]:
        """The days inside the period on which a discount begins, or no longer applies, in order."""
        return sorted(day for day in self.first_days(center) if days.first_day < day < days.end_day)

    def first_days(self, center: Center) -> set[date]:
        """All such days."""
        rows = self._rows.get(center.pk, ())
        return {day for row in rows for day in (row.first_day, row.end_day) if day}

    def _found(self, center: Center, day: date, *places: tuple[str, int | None]) -> Off:
        rows = self._rows.get(center.pk, ())
        for on, charge_id in places:
            for row in rows:
                is_here = row.on == on and row.charge_id == charge_id
                if is_here and row.first_day <= day and (row.end_day is None or day < row.end_day):
                    return Off(row.percent or ZERO, row.amount or ZERO)
        return NOTHING_OFF
