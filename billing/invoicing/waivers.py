"""Usage that staff decide not to charge, and why: claimed as firmly as by an invoice line."""

from collections.abc import Iterable
from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext as _

from billing.invoicing.unbilled import Unbilled, corrections, unbilled_days
from billing.ledger import lock
from billing.models import BillingPeriod, FlaggedUsage, UsageClaim, Waiver
from billing.periods import Period
from billing.usage.completeness import first_open_day
from centers.audit import entries
from centers.errors import OperationRefused
from centers.model_errors import checked_line
from centers.models import Center, User
from whatsapp.models import Instance


def waive_corrections(*, center: Center, because: str, by: User | None, now: datetime) -> Waiver:
    """Waive the corrections known now of invoiced days; later corrections are new."""
    with transaction.atomic():
        center = lock(center)
        return _write(center, corrections(center), because, by, now)


def waive_usage(
    *,
    instance: Instance,
    period: Period,
    because: str,
    by: User | None,
    now: datetime,
    center: Center | None = None,
) -> Waiver:
    """Waive the usage of the days on which the center (default: its present one) held the number.

    Closed days and days that are not over are left out.
    """
    with transaction.atomic():
        center = lock(center or instance.center)
        return _write(center, waivable(instance, center, period, now), because, by, now)


def waivable(instance: Instance, center: Center, period: Period, now: datetime) -> list[Unbilled]:
    """The number's usage that the center will be charged for, of those of these days that are over and not closed."""
    over = Period(period.first_day, min(period.end_day, first_open_day(instance.reseller, now)))
    closed = BillingPeriod.objects.filter(
        center=center, voided_at=None, first_day__lt=over.end_day, end_day__gt=over.first_day
    ).values_list("first_day", "end_day")
    taken = list(closed)
    return [
        row
        for row in unbilled_days(center, over)
        if row.instance.pk == instance.pk
        and (row.sent or row.failed or row.cost)
        and not any(first <= row.day < end for first, end in taken)
    ]


def _write(center: Center, days: Iterable[Unbilled], because: str, by: User | None, now: datetime) -> Waiver:
    rows, reason = list(days), checked_line(because, 300)
    if not reason:
        raise OperationRefused(_("Enter a reason for not charging these days."), field="because")
    if not rows:
        raise OperationRefused(_("There's nothing left to waive for “%(center)s”.") % {"center": center})
    waiver: Waiver = Waiver.objects.create(
        reseller_id=center.reseller_id, center=center, because=reason, at=now, by=by
    )
    claim_waived((waiver, row) for row in rows)
    resolve_late(
        center, {(row.instance.pk, row.day) for row in rows}, FlaggedUsage.Resolution.WAIVED, by, now
    )
    entries.record(
        "usage.waived",
        reseller=center.reseller,
        center=center,
        by=by,
        target=center,
        now=now,
        topics=("billing",),
        because=reason,
        days=[f"{row.instance} {row.day.isoformat()}" for row in rows],
    )
    return waiver


def claim_waived(rows: Iterable[tuple[Waiver, Unbilled]]) -> None:
    """Take usage for its waiver: also what went down since, which was never charged."""
    UsageClaim.objects.bulk_create(
        UsageClaim(
            reseller_id=waiver.reseller_id,
            usage_record_id=row.usage_record_id,
            waiver=waiver,
            revision=row.revision,
            sent=row.sent,
            received=row.received,
            failed=row.failed,
            sent_before=row.claimed.sent,
            failed_before=row.claimed.failed,
            cost=row.cost,
        )
        for waiver, row in rows
    )


def resolve_late(
    center: Center,
    days: set[tuple[int, date]],
    resolution: FlaggedUsage.Resolution,
    by: User | None,
    now: datetime,
) -> None:
    """Resolve the open LATE flags of these days (id of the number, day)."""
    late = FlaggedUsage.objects.filter(center=center, flag=FlaggedUsage.Flag.LATE, resolved_at=None)
    done = [row.pk for row in late if (row.instance_id, row.day) in days]
    FlaggedUsage.objects.filter(pk__in=done).update(resolved_at=now, resolved_by=by, resolution=resolution)
