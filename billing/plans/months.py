"""What plans count in a month: how many messages were used, how many are included, how many are beyond.

The included messages of a month are those of the whole month in the proportion of the days: of the plan, or those on
which the center held the number. A part of a message counts as one. All messages of these days count, whatever the
number (or of the number, where a plan is for each number); what is beyond costs its share of what MazBot charged for
all of them, or the price beyond.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Q, QuerySet

from billing.models import BeyondClaim, Charge, UsageClaim, UsageRecord, is_charged_to
from billing.periods import Period, month_of
from billing.pricing.price_list import more_billable, share_of
from centers.models import Center
from whatsapp.models import Instance, InstanceAssignment
from whatsapp.ownership.spans import holds, spans_among

ZERO = Decimal(0)
_COST_DECIMALS = 10
#: sent, failed, and both before
_Counts = tuple[int, int, int, int]


@dataclass(slots=True)
class Used:
    """Billable messages and their cost."""

    messages: int = 0
    cost: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class Part:
    """What is beyond: messages, and their share of the cost, in one currency; no cost where the plan has a price."""

    currency: str
    quantity: int
    cost: Decimal


@dataclass(slots=True)
class PlanMonth:
    """A month of a center's plan, or of one number where it is for each: its days in the month.

    `used` is by the currency of the cost, in the order of the days. `claims` are what invoices took of it: what is
    included, and which messages count, stays as it was then.
    """

    charge: Charge
    instance: Instance | None
    days: Period
    included: int
    billable: str
    used: dict[str, Used] = field(default_factory=dict)
    claims: list[BeyondClaim] = field(default_factory=list)

    @property
    def messages(self) -> int:
        """How many billable messages were used."""
        return sum(used.messages for used in self.used.values())

    @property
    def beyond(self) -> int:
        """How many of them are not included."""
        return max(0, self.messages - self.included)

    @property
    def month(self) -> date:
        """The first day of its month."""
        return self.days.first_day.replace(day=1)

    def parts(self) -> list[Part]:
        """What is beyond, by the currency in which it is priced: the included messages are the first ones."""
        terms = self.charge.terms
        if terms and terms.beyond is not None:
            return [Part(self.charge.currency, self.beyond, ZERO)]
        left, found = self.included, []
        for currency, used in self.used.items():
            beyond = max(0, used.messages - left)
            # A cost without messages is beyond where nothing is included.
            share = (beyond, used.messages) if used.messages else (0 if left else 1, 1)
            cost = share_of(used.cost, *share) if share[0] else ZERO
            found.append(Part(currency, beyond, round(cost, _COST_DECIMALS)))
            left = max(0, left - max(0, used.messages))
        return found

    def open_parts(self) -> list[Part]:
        """What no invoice has of what is beyond, below zero where they have more: [] if they have all.

        Of a month that no invoice has one part at least, so that it is counted.
        """
        known = {part.currency: part for part in self.parts()}
        found = []
        for currency in dict.fromkeys([*known, *(claim.currency for claim in self.claims)]):
            part = known.get(currency, Part(currency, 0, ZERO))
            own = [claim for claim in self.claims if claim.currency == currency]
            quantity = part.quantity - sum(claim.quantity for claim in own)
            cost = part.cost - sum((claim.cost for claim in own), ZERO)
            if quantity or cost:
                found.append(Part(currency, quantity, cost))
        is_counted = bool(self.claims) and self.claims[-1].messages == self.messages
        return found if found or is_counted else [Part(next(iter(known), self.charge.currency), 0, ZERO)]

    def revision(self, currency: str) -> int:
        """That of the next claim."""
        return max((claim.revision + 1 for claim in self.claims if claim.currency == currency), default=0)

    def add(self, currency: str, messages: int, cost: Decimal) -> None:
        """Count more."""
        used = self.used.setdefault(currency, Used())
        used.messages += messages
        used.cost += cost


class PlanMonths:
    """The plans of some centers in some months (their first days), read once; without any plan this is one query.

    `bases` say by center which messages count. Days that are to come count as the present holders of numbers keep them.
    """

    def __init__(self, centers: Iterable[Center], months: Iterable[date], bases: Mapping[int, str]) -> None:
        self._months, self._bases = sorted(set(months)), bases
        self._charges: dict[int, list[Charge]] = {}
        own = {center.pk: center for center in centers}
        if self._months and own:
            self._read_charges(list(own))
        self._spans: dict[int, list[InstanceAssignment]] = {}
        self._numbers: dict[int, dict[int, Instance]] = {}
        held = [own[pk] for pk, rows in self._charges.items() if any(row.per_number for row in rows)]
        if held:
            self._read_held(held)
        self._found: dict[int, list[PlanMonth]] = {}
        if self._charges:
            for pk in self._charges:
                self._found[pk] = list(self._planned(pk))
            self._by_place = {_place(one): one for own in self._found.values() for one in own}
            self._read_claims()
            self._count()

    def of(self, center: Center) -> list[PlanMonth]:
        """The center's months, in the order of its plans, months and numbers."""
        return self._found.get(center.pk, [])

    def _read_charges(self, centers: list[int]) -> None:
        rows = Charge.objects.filter(center__in=centers, withdrawn_at=None, terms__isnull=False)
        end = month_of(self._months[-1]).end_day
        rows = rows.filter(Q(end_day=None) | Q(end_day__gt=self._months[0]), first_day__lt=end)
        for charge in rows.select_related("terms").order_by("center_id", "first_day"):
            self._charges.setdefault(charge.center_id, []).append(charge)

    def _read_held(self, centers: list[Center]) -> None:
        held = spans_among(centers, self._months[0], month_of(self._months[-1]).end_day)
        for own in held:
            self._numbers.setdefault(own.center_id, {})[own.instance_id] = own.instance
        ids = {own.instance_id for own in held}
        for span in InstanceAssignment.objects.filter(instance__in=ids).order_by("since", "pk"):
            self._spans.setdefault(span.instance_id, []).append(span)

    def _planned(self, center_id: int) -> Iterator[PlanMonth]:
        for charge in self._charges[center_id]:
            for month in self._months:
                days = _days_of(charge, month_of(month))
                if days is None:
                    continue
                basis = self._bases[center_id]
                if not charge.per_number:
                    length = (days.end_day - days.first_day).days
                    yield PlanMonth(charge, None, days, _included(charge, length, month), basis)
                    continue
                for number in self._numbers.get(center_id, {}).values():
                    held = sum(self._owner(number.pk, day) == center_id for day in days.days())
                    yield PlanMonth(charge, number, days, _included(charge, held, month), basis)

    def _owner(self, number: int, day: date) -> int | None:
        """The center that held the number when the day ended, once it is billed."""
        held = [span for span in self._spans[number] if holds(span, day)]
        return held[-1].center_id if held and held[-1].billed_from <= day else None

    def _read_claims(self) -> None:
        ids = [charge.pk for charges in self._charges.values() for charge in charges]
        related = ("line__margin", "line__invoice", "line__corrects__margin", "line__corrects__invoice")
        claims = BeyondClaim.objects.filter(charge__in=ids, voided_at=None, first_day__gte=self._months[0])
        for claim in claims.select_related(*related).order_by("pk"):
            month = self._by_place.get((claim.charge_id, claim.instance_id, claim.first_day.replace(day=1)))
            if month:
                month.claims.append(claim)
                month.included, month.billable = claim.included, claim.billable

    def _count(self) -> None:
        """Add the usage of the days, less what was waived of them."""
        for sign, row, counts, cost in self._usage():
            center_id, number, day, currency = row
            charge = next((one for one in self._charges[center_id] if _has(one, day)), None)
            if charge is None:
                continue
            month = self._by_place[charge.pk, number if charge.per_number else None, day.replace(day=1)]
            sent, failed, *before = counts
            billable = more_billable((before[0], before[1]), (sent, failed), month.billable)
            month.add(currency, sign * billable, sign * cost)

    def _usage(self) -> Iterator[tuple[int, tuple[int, int, date, str], _Counts, Decimal]]:
        """(sign, (center, number, day, currency), counts, cost) of each day, in their order, and of each waiver."""
        inside = Q()
        for month in self._months:
            inside |= Q(day__gte=month, day__lt=month_of(month).end_day)
        days: QuerySet[Any] = UsageRecord.objects.filter(is_charged_to(self._charges) & inside)
        names = ("center_id", "instance_id", "day", "currency")
        for *row, sent, failed, cost in days.order_by("day", "instance_id", "pk").values_list(
            *names, "sent", "failed", "cost"
        ):
            yield 1, tuple(row), (sent, failed, 0, 0), cost
        waived = UsageClaim.objects.filter(usage_record__in=days, waiver__isnull=False, voided_at=None)
        counts = ("sent", "failed", "sent_before", "failed_before", "cost")
        for *row, sent, failed, had_sent, had_failed, cost in waived.order_by("pk").values_list(
            *(f"usage_record__{name}" for name in names), *counts
        ):
            yield -1, tuple(row), (sent, failed, had_sent, had_failed), cost


def _place(month: PlanMonth) -> tuple[int, int | None, date]:
    return month.charge.pk, month.instance.pk if month.instance else None, month.month


def _days_of(charge: Charge, month: Period) -> Period | None:
    first = max(charge.first_day, month.first_day)
    end = min(charge.end_day or month.end_day, month.end_day)
    return Period(first, end) if first < end else None


def _has(charge: Charge, day: date) -> bool:
    return charge.first_day <= day and (charge.end_day is None or day < charge.end_day)


def _included(charge: Charge, days: int, month: date) -> int:
    """The messages included for so many days of the month; a part of one counts as one."""
    whole = month_of(month)
    terms = charge.terms
    return -(-(terms.included if terms else 0) * days // (whole.end_day - whole.first_day).days)
