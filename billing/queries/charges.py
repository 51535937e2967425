"""Lists of the charges and discounts that staff entered: for staff, and what the center sees of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext as _

from billing.charges.changing import closed_until
from billing.models import Charge, ChargeClaim, Discount
from billing.periods import ONE_DAY
from centers.models import Center


@dataclass(frozen=True, slots=True)
class ListedCharge:
    """A charge as it is on `day`; `is_invoiced`: a valid invoice has something of it."""

    charge: Charge
    day: date
    is_invoiced: bool

    @property
    def is_withdrawn(self) -> bool:
        """Whether it is charged no longer and never was."""
        return self.charge.withdrawn_at is not None

    @property
    def is_billed_once(self) -> bool:
        """Whether there is nothing left to charge of a one-off charge."""
        return self.is_invoiced and self.charge.is_once and not self.charge.per_number

    @property
    def is_over(self) -> bool:
        """Whether it ended."""
        return self.charge.end_day is not None and self.charge.end_day <= self.day

    @property
    def is_planned(self) -> bool:
        """Whether it begins later."""
        return self.charge.first_day > self.day

    @property
    def is_current(self) -> bool:
        """Whether the center is still charged it, or will be."""
        return not (self.is_withdrawn or self.is_billed_once or self.is_over)

    @property
    def can_end(self) -> bool:
        """Whether a last day can be set."""
        return self.is_current and not (self.charge.is_once and not self.charge.per_number)

    @property
    def can_withdraw(self) -> bool:
        """Whether it can be withdrawn."""
        return not (self.is_withdrawn or self.is_invoiced)

    @property
    def state(self) -> tuple[str, str, str]:
        """Tone, text and icon of its badge."""
        if self.is_withdrawn:
            return "secondary", _("Withdrawn"), "x"
        if self.is_billed_once:
            return "success", _("Invoiced"), "circle-check"
        if self.is_over:
            return "secondary", _("Ended"), "history"
        if self.is_planned:
            return "info", _("Scheduled"), "clock"
        if self.can_end:
            return "success", _("Current"), "circle-check"
        return "info", _("With the next invoice"), "clock"

    @property
    def last_day(self) -> date | None:
        """The last day of one that ends."""
        return None if self.charge.end_day is None else self.charge.end_day - ONE_DAY


@dataclass(frozen=True, slots=True)
class ListedDiscount:
    """A discount as it is on `day`; `is_invoiced`: its first day is."""

    discount: Discount
    day: date
    is_invoiced: bool

    @property
    def is_withdrawn(self) -> bool:
        """Whether it counts no longer and never did."""
        return self.discount.withdrawn_at is not None

    @property
    def is_over(self) -> bool:
        """Whether it ended."""
        return self.discount.end_day is not None and self.discount.end_day <= self.day

    @property
    def is_planned(self) -> bool:
        """Whether it begins later."""
        return self.discount.first_day > self.day

    @property
    def is_current(self) -> bool:
        """Whether it applies, or will."""
        return not (self.is_withdrawn or self.is_over)

    @property
    def last_day(self) -> date | None:
        """The last day of one that ends."""
        return None if self.discount.end_day is None else self.discount.end_day - ONE_DAY


def listed_discounts(center: Center, day: date) -> list[ListedDiscount]:
    """All discounts of the center: those in force first, then the newest."""
    rows = Discount.objects.filter(center=center).select_related("charge")
    closed = closed_until(center)
    found = [ListedDiscount(row, day, closed is not None and row.first_day < closed) for row in rows]
    return sorted(found, key=lambda row: not row.is_current)


def portal_discounts(center: Center, day: date) -> list[ListedDiscount]:
    """What the center pays less on the day or later."""
    return [row for row in listed_discounts(center, day) if row.is_current]


def listed_charges(center: Center, day: date) -> list[ListedCharge]:
    """All charges of the center: those in force first, then the newest."""
    found = _listed(Charge.objects.filter(center=center).select_related("created_by", "terms"), day)
    return sorted(found, key=lambda row: not row.is_current)


def discountable_charges(center: Center, day: date) -> list[Charge]:
    """What the center is charged or will be, besides late fees; of the prices of one plan the first one."""
    found: dict[tuple[str, int], Charge] = {}
    rows = [
        row.charge for row in listed_charges(center, day) if row.is_current and not row.charge.is_late_fee
    ]
    for charge in sorted(rows, key=lambda one: one.first_day):
        key = ("plan", charge.terms.plan_id) if charge.terms else ("charge", charge.pk)
        found.setdefault(key, charge)
    return list(found.values())


def exported_charges(center: Center | None, day: date) -> Iterator[ListedCharge]:
    """All charges of the center, or of all centers, also those withdrawn; the newest first."""
    rows = Charge.objects.all() if center is None else Charge.objects.filter(center=center)
    rows = rows.select_related("center", "created_by", "late_for").order_by("-first_day", "-pk")
    for row in _with_claims(rows).iterator(chunk_size=500):
        yield ListedCharge(row, day, row.is_invoiced)


def portal_charges(center: Center, day: date) -> list[ListedCharge]:
    """What the center is or will be charged besides its usage, by name; its plan of the day is shown on its own."""
    found = _listed(Charge.objects.filter(center=center, withdrawn_at=None).defer("created_by"), day)
    return sorted(
        (row for row in found if row.is_current and not (row.charge.is_plan and not row.is_planned)),
        key=lambda row: (str(row.charge), row.charge.pk),
    )


def lasting_charges(center: Center, day: date) -> list[ListedCharge]:
    """Those of `portal_charges` that recur, or that each new number is charged: what belongs to a price list."""
    return [row for row in portal_charges(center, day) if row.charge.per_number or not row.charge.is_once]


def _listed(rows: QuerySet[Charge], day: date) -> list[ListedCharge]:
    return [ListedCharge(row, day, row.is_invoiced) for row in _with_claims(rows)]


def _with_claims(rows: QuerySet[Charge]) -> Any:
    claims = ChargeClaim.objects.filter(charge=OuterRef("pk"), voided_at=None)
    return rows.annotate(is_invoiced=Exists(claims))
