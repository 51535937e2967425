"""Planning maintenance, and ending it early."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from centers import live
from centers.audit import entries
from centers.errors import OperationRefused
from centers.model_errors import checked_line
from centers.models import Center, Reseller, User
from centers.values.formats import moment_text, zone_of
from whatsapp.models import Instance, MaintenanceWindow

LONGEST = timedelta(days=30)
FURTHEST = timedelta(days=365)
#: A beginning that passed while the form was filled in means now.
JUST_PASSED = timedelta(hours=1)
TOPICS = ("alerts", "instances", "billing")


def plan_maintenance(
    *,
    reseller: Reseller,
    center: Center | None = None,
    instance: Instance | None = None,
    begins_at: datetime,
    ends_at: datetime,
    reason: str,
    by: User,
    now: datetime,
) -> MaintenanceWindow:
    """Plan maintenance of a number, of a center, or of all numbers.

    Raises OperationRefused for times that don't fit, an empty reason, and an overlap with another window of the same
    number, the same center or all numbers.
    """
    why = checked_line(reason, 200)
    if not why:
        raise OperationRefused(
            _("Enter a reason. Your team and the centers concerned see it."), field="reason"
        )
    begin = max(begins_at, now) if now - begins_at <= JUST_PASSED else begins_at
    _check_times(begin, ends_at, now)
    with transaction.atomic():
        Reseller.objects.select_for_update(no_key=True).get(pk=reseller.pk)
        _check_overlap(reseller, center, instance, begin, ends_at)
        window: MaintenanceWindow = MaintenanceWindow.objects.create(
            reseller=reseller,
            center=center,
            instance=instance,
            begins_at=begin,
            ends_at=ends_at,
            reason=why,
            created_at=now,
            created_by=by,
            announced_at=now if begin <= now else None,
        )
        _trace("maintenance.planned", window, by, now)
    return window


def end_maintenance(*, window: MaintenanceWindow, by: User, now: datetime) -> None:
    """End a running window now, or cancel a planned one. What is still down opens its alert within a tick.

    Raises OperationRefused if it is over already.
    """
    with transaction.atomic():
        row = MaintenanceWindow.objects.select_for_update(of=("self",)).get(pk=window.pk)
        if row.ended_at is not None or row.ends_at <= now:
            raise OperationRefused(_("This maintenance is already over. Nothing was changed."))
        row.ended_at, row.ended_by = now, by
        row.save(update_fields=["ended_at", "ended_by"])
        canceled = row.state(now) == MaintenanceWindow.State.CANCELED
        _trace("maintenance.canceled" if canceled else "maintenance.ended", row, by, now)


def hint(window: MaintenanceWindow) -> None:
    """Hint to open pages, after the commit, that the window began or ended."""
    if window.instance is not None:
        concerned = [window.instance.center_id]
    elif window.center_id is not None:
        concerned = [window.center_id]
    else:
        rows = Center.objects.filter(reseller=window.reseller_id, archived_at=None)
        concerned = list(rows.values_list("pk", flat=True))
    live.publish(window.reseller_id, *TOPICS, centers=tuple(concerned))


def _check_times(begins_at: datetime, ends_at: datetime, now: datetime) -> None:
    if begins_at < now:
        raise OperationRefused(_("The beginning has passed. Choose a time from now on."), field="begins_at")
    if begins_at > now + FURTHEST:
        raise OperationRefused(
            _("Maintenance can begin within a year. Choose an earlier time."), field="begins_at"
        )
    if ends_at <= begins_at:
        raise OperationRefused(_("The end must be later than the beginning."), field="ends_at")
    if ends_at - begins_at > LONGEST:
        text = _("Maintenance can last up to %(days)s days. Choose an earlier end.") % {"days": LONGEST.days}
        raise OperationRefused(text, field="ends_at")


def _check_overlap(
    reseller: Reseller,
    center: Center | None,
    instance: Instance | None,
    begins_at: datetime,
    ends_at: datetime,
) -> None:
    same = MaintenanceWindow.objects.filter(
        reseller=reseller, center=center, instance=instance, ended_at=None
    )
    other = same.filter(begins_at__lt=ends_at, ends_at__gt=begins_at).order_by("begins_at").first()
    if other is None:
        return
    zone = zone_of(reseller.time_zone)
    raise OperationRefused(
        _(
            "Maintenance from %(begin)s until %(end)s is already planned: %(reason)s. Choose times before or after it, "
            "or end it first."
        )
        % {
            "begin": moment_text(other.begins_at, zone),
            "end": moment_text(other.ends_at, zone),
            "reason": other.reason,
        },
        field="begins_at",
    )


def _trace(action: str, window: MaintenanceWindow, by: User, now: datetime) -> None:
    zone = zone_of(window.reseller.time_zone)
    entries.record(
        action,
        reseller=window.reseller,
        by=by,
        target=window,
        center=window.center or (window.instance.center if window.instance else None),
        now=now,
        begins_at=moment_text(window.begins_at, zone),
        ends_at=moment_text(window.over_at, zone),
        only_number=str(window.instance or ""),
    )
    hint(window)
