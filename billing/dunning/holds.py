"""Holds: "do not suspend until DATE, because …"."""

from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext as _

from billing.dunning.suspension import resume_if_paid
from billing.ledger import lock
from billing.models import Hold
from billing.periods import today
from centers.audit import entries
from centers.errors import OperationRefused
from centers.model_errors import checked_line
from centers.models import Center, User


def hold(*, center: Center, until: date, because: str, by: User | None, now: datetime) -> Hold:
    """Do not suspend the center before `until`; resume it if it is suspended. Replaces an earlier hold."""
    reason = checked_line(because, 300)
    if not reason:
        raise OperationRefused(_("Enter a reason for not suspending the center."), field="because")
    with transaction.atomic():
        center = lock(center)
        if until <= today(center.reseller, now):
            raise OperationRefused(_("The hold must end on a future date."), field="until")
        end_current(center, by, now)
        row: Hold = Hold.objects.create(
            reseller_id=center.reseller_id,
            center=center,
            until=until,
            because=reason,
            created_at=now,
            created_by=by,
        )
        _audit("hold.set", row, center, by, now)
        resume_if_paid(center=center, now=now, by=by)
    return row


def end_current(center: Center, by: User | None, now: datetime) -> None:
    """End the center's hold or promise, because another one takes its place. The caller holds the center's lock."""
    Hold.objects.filter(center=center, released_at=None).update(released_at=now, released_by=by)


def release_hold(*, center: Center, by: User | None, now: datetime) -> Hold | None:
    """End the center's hold or promise, so that the next run may suspend it; return it, or None if there was none."""
    with transaction.atomic():
        center = lock(center)
        row: Hold | None = Hold.objects.filter(center=center, released_at=None).first()
        if row is not None:
            Hold.objects.filter(pk=row.pk).update(released_at=now, released_by=by)
            action = "promise.released" if row.is_promise else "hold.released"
            _audit(action, row, center, by, now)
    return row


def _audit(action: str, row: Hold, center: Center, by: User | None, now: datetime) -> None:
    entries.record(
        action,
        reseller=center.reseller,
        center=center,
        by=by,
        target=center,
        now=now,
        topics=("billing", "centers"),
        until=row.until.isoformat(),
        because=row.because,
    )
