"""What a center pays less on a day: the narrowest of its discounts, and nothing for messages that a plan counts."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, localcontext

from billing.models import Charge, Discount
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
#: Of messages that a plan counts: those beyond the included ones are charged for the month as a whole.
IN_PLAN = Off(Decimal(100))


class Discounts:
    """The discounts and plans of a reseller's centers, or of those `among` them; two queries."""

    def __init__(self, reseller: Reseller, *, among: Iterable[Center] | None = None) -> None:
        rows = Discount.objects.filter(reseller=reseller, withdrawn_at=None)
        plans = Charge.objects.filter(reseller=reseller, withdrawn_at=None, terms__isnull=False)
        if among is not None:
            own = list(among)
            rows, plans = rows.filter(center__in=own), plans.filter(center__in=own)
        self._rows: dict[int, list[Discount]] = {}
        #: Which plan the charges are the price of, by their ids.
        self._plan_ids: dict[int, int] = {}
        self._charge_ids: dict[int, int] = {}  # the other way round, one of them
        for row in rows.select_related("charge__terms").order_by("pk"):
            self._rows.setdefault(row.center_id, []).append(row)
            self._note_plan(row.charge)
        self._plans: dict[int, list[Charge]] = {}
        for plan in plans.select_related("terms").order_by("first_day"):
            self._plans.setdefault(plan.center_id, []).append(plan)
            self._note_plan(plan)

    def plan(self, center: Center, day: date) -> Charge | None:
        """The plan that the center has on that day, as its price."""
        return next((row for row in self._plans.get(center.pk, ()) if _is_in(row, day)), None)

    @property
    def center_ids(self) -> set[int]:
        """The centers that have, or had, a discount."""
        return set(self._rows)

    def on_messages(self, center: Center, day: date) -> Off:
        """Of what is charged for the messages of that day: all of it where a plan counts them."""
        return IN_PLAN if self.plan(center, day) else self.on_listed_messages(center, day)

    def on_listed_messages(self, center: Center, day: date) -> Off:
        """Of the price of messages in that day's price list."""
        return self._found(center, day, (On.MESSAGES, None), (On.ALL, None))

    def on_numbers(self, center: Center, day: date) -> Off:
        """Of what numbers are charged by MazBot's lists: subscriptions and one-off types."""
        return self._found(center, day, (On.ALL, None))

    def on_charge(self, center: Center, day: date, charge_id: int) -> Off:
        """Of a charge that staff entered; of the price of a plan, also by a discount on the plan's other terms."""
        return self._found(center, day, (On.CHARGE, charge_id), (On.ALL, None))

    def on_plan(self, center: Center, day: date, plan_id: int) -> Off:
        """Of the price of a plan, which the center has or could have."""
        return self.on_charge(center, day, self._charge_ids.get(plan_id, 0))

    def changes(self, center: Center, days: Period) -> list[date]:
        """The days inside the period on which a discount begins, or no longer applies, in order."""
        return sorted(day for day in self.first_days(center) if days.first_day < day < days.end_day)

    def first_days(self, center: Center) -> set[date]:
        """All such days."""
        return _edges(self._rows.get(center.pk, ()))

    def first_days_of_plans(self, center: Center) -> set[date]:
        """The days on which a plan of the center begins, or no longer applies."""
        return _edges(self._plans.get(center.pk, ()))

    def all_edges(self, days: Period) -> set[date]:
        """The days inside the period on which a discount or plan of any of the centers begins, or no longer applies."""
        rows = (row for own in (self._rows, self._plans) for each in own.values() for row in each)
        return {day for day in _edges(rows) if days.first_day < day < days.end_day}

    def _found(self, center: Center, day: date, *places: tuple[str, int | None]) -> Off:
        rows = self._rows.get(center.pk, ())
        for on, charge_id in places:
            for row in rows:
                if row.on == on and self._is_same(row.charge_id, charge_id) and _is_in(row, day):
                    return Off(row.percent or ZERO, row.amount or ZERO)
        return NOTHING_OFF

    def _note_plan(self, charge: Charge | None) -> None:
        if charge is not None and charge.terms is not None:
            self._plan_ids[charge.pk] = charge.terms.plan_id
            self._charge_ids[charge.terms.plan_id] = charge.pk

    def _is_same(self, one: int | None, other: int | None) -> bool:
        """Whether both are no charge, one charge, or prices of one plan."""
        if one == other or one is None or other is None:
            return one == other
        plan = self._plan_ids.get(one)
        return plan is not None and plan == self._plan_ids.get(other)


def _is_in(row: Discount | Charge, day: date) -> bool:
    return row.first_day <= day and (row.end_day is None or day < row.end_day)


def _edges(rows: Iterable[Discount | Charge]) -> set[date]:
    return {day for row in rows for day in (row.first_day, row.end_day) if day}
