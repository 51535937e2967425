"""Usage of a center that no invoice has taken yet."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import (
    BigIntegerField,
    Count,
    DecimalField,
    Exists,
    F,
    Field,
    OuterRef,
    Q,
    QuerySet,
    Sum,
    Value,
)
from django.db.models.functions import Coalesce

from billing.models import BillingPeriod, InvoiceLine, Margin, UsageClaim, UsageDay
from billing.periods import Period
from centers.models import Center
from whatsapp.models import Instance

_VALID = Q(claims__voided_at__isnull=True)
_FIELDS: dict[str, "Field[Any, Any]"] = {
    "sent": BigIntegerField(),
    "received": BigIntegerField(),
    "failed": BigIntegerField(),
    "cost": DecimalField(max_digits=24, decimal_places=10),
}
_NAMES = tuple(_FIELDS)


@dataclass(frozen=True, slots=True)
class Unbilled:
    """The difference between what was accepted for a day and what lines took of it so far."""

    usage_day_id: int
    instance: Instance
    day: date
    revision: int
    sent: int
    received: int
    failed: int
    cost: Decimal
    currency: str
    before: UsageClaim | None = None  # of an adjustment: the claim it corrects

    @property
    def margin_before(self) -> Margin | None:
        """The margin version the day was billed with."""
        return self.before.margin if self.before else None

    @property
    def line_before(self) -> InvoiceLine | None:
        """The line the day was billed on; None where it was part of a waived period."""
        return self.before.line if self.before else None


def unbilled_days(center: Center, period: Period) -> list[Unbilled]:
    """Days of the period that belong on its invoice, also those without a message: they are closed with it."""
    rows = _with_claims(UsageDay.objects.filter(center=center))
    rows = rows.filter(day__gte=period.first_day, day__lt=period.end_day)
    return [_unbilled(row, None) for row in rows if not row.revision or _differs(row)]


def corrections(center: Center, period: Period) -> list[Unbilled]:
    """Days before the period that an earlier, closed period took with other counts than are known now."""
    closed = BillingPeriod.objects.filter(
        center=center, voided_at=None, first_day__lte=OuterRef("day"), end_day__gt=OuterRef("day")
    )
    rows = _with_claims(UsageDay.objects.filter(center=center, day__lt=period.first_day))
    changed = [row for row in rows.filter(Exists(closed)).exclude(_nothing_new()) if _differs(row)]
    before = _claims_before(row.pk for row in changed)
    return [_unbilled(row, before.get(row.pk)) for row in changed]


def _with_claims(rows: QuerySet[UsageDay]) -> QuerySet[Any]:
    """Each day with the sums of its non-void claims; in the order of numbers and days."""
    billed = {
        f"billed_{name}": Coalesce(
            Sum(f"claims__{name}", filter=_VALID), Value(0), output_field=_FIELDS[name]
        )
        for name in _NAMES
    }
    counted = rows.annotate(revision=Count("claims", filter=_VALID), **billed)
    return counted.select_related("instance").order_by("instance_id", "day")


def _nothing_new() -> Q:
    same = Q()
    for name in _NAMES:
        same &= Q(**{name: F(f"billed_{name}")})
    return same


def _differs(row: UsageDay) -> bool:
    return any(getattr(row, name) != getattr(row, f"billed_{name}") for name in _NAMES)


def _claims_before(usage_day_ids: Iterable[int]) -> dict[int, UsageClaim]:
    """The latest non-void claim of each day."""
    claims = UsageClaim.objects.filter(usage_day__in=list(usage_day_ids), voided_at=None)
    return {
        claim.usage_day_id: claim for claim in claims.select_related("line", "margin").order_by("revision")
    }


def _unbilled(row: UsageDay, before: UsageClaim | None) -> Unbilled:
    rest = {name: getattr(row, name) - getattr(row, f"billed_{name}") for name in _NAMES}
    top = before.revision + 1 if before else _next_revision(row)
    return Unbilled(
        usage_day_id=row.pk,
        instance=row.instance,
        day=row.day,
        revision=top,
        currency=row.currency,
        before=before,
        **rest,
    )


def _next_revision(row: UsageDay) -> int:
    if not getattr(row, "revision", 0):
        return 0
    claims = UsageClaim.objects.filter(usage_day=row, voided_at=None).order_by("-revision")
    latest: int = claims.values_list("revision", flat=True)[0]
    return latest + 1
