"""Staff decisions about flagged usage."""

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils.translation import gettext as _

from billing.invoicing import check_late_corrections, waivable, waive_usage
from billing.ledger import lock
from billing.models import DOUBTS, FlaggedUsage, UsageRecord
from billing.periods import Period, local_day
from billing.usage.completeness import unread_days
from billing.usage.flagged import check_flagged
from billing.usage.sorting import NO_USAGE, UsageAnswer
from billing.usage.storing import merge
from centers.audit import entries
from centers.errors import OperationRefused
from centers.model_errors import checked_line
from centers.models import User
from whatsapp.accounts import account_of
from whatsapp.models import Instance


def accept_flagged_usage(*, flagged: FlaggedUsage, by: User | None, now: datetime) -> None:
    """Accept flagged usage; for an invoiced day it becomes an adjustment on the next invoice."""
    with transaction.atomic():
        row = _open_flag(flagged)
        if row.flag == FlaggedUsage.Flag.FUTURE:
            raise OperationRefused(
                _("Usage for a future day can't be accepted. It's fetched again on that day.")
            )
        if row.flag == FlaggedUsage.Flag.ODD:
            raise OperationRefused(
                _(
                    "A figure is missing here. It's requested from MazBot again automatically until it "
                    "arrives."
                )
            )
        if row.flag in DOUBTS and not row.can_be_accepted:
            raise OperationRefused(
                _("Negative usage can't be accepted. Dismiss it, or wait until MazBot corrects it.")
            )
        UsageRecord.objects.select_for_update().get(instance_id=row.instance_id, day=row.day)
        # `read_at` stays: usage read before the day was over is incomplete, even if staff accept it later.
        UsageRecord.objects.filter(instance_id=row.instance_id, day=row.day).update(
            sent=row.sent, received=row.received, failed=row.failed, cost=row.cost
        )
        _resolve(row, FlaggedUsage.Resolution.ACCEPTED, "flagged_usage.accepted", by, now)
    if row.center.archived_at:
        check_late_corrections(row.reseller, now)


def dismiss_flagged_usage(*, flagged: FlaggedUsage, by: User | None, now: datetime) -> None:
    """Dismiss flagged usage and keep what was accepted before."""
    with transaction.atomic():
        row = _open_flag(flagged)
        if row.flag == FlaggedUsage.Flag.LATE:
            raise OperationRefused(
                _("This usage has already been accepted. It's charged on the next invoice.")
            )
        _resolve(row, FlaggedUsage.Resolution.DISMISSED, "flagged_usage.dismissed", by, now)


@dataclass(frozen=True, slots=True)
class Unread:
    """Days not read since they ended: `never` read at all, or read only before they ended."""

    never: tuple[date, ...]
    partly: tuple[UsageRecord, ...]

    def __len__(self) -> int:
        return len(self.never) + len(self.partly)


def unread_of(instance: Instance, period: Period, now: datetime) -> Unread:
    """The days of a number in the period that were not read since they ended; today and future days are left out."""
    zone = ZoneInfo(account_of(instance.reseller).time_zone)
    over = Period(period.first_day, min(period.end_day, local_day(now, zone)))
    unread = unread_days(instance.center, over, zone)
    days = next((days for number, days in unread if number.pk == instance.pk), [])
    partly = UsageRecord.objects.filter(instance=instance, day__in=days).order_by("day")
    known = {row.day for row in partly}
    return Unread(tuple(day for day in days if day not in known), tuple(partly))


def waive_days(
    *,
    instance: Instance,
    period: Period,
    because: str,
    by: User | None,
    now: datetime,
    also_read: bool = False,
) -> None:
    """Stop waiting for past days that MazBot cannot report (for example of an id it no longer knows).

    Days never read count as days without usage. Days read before they ended count as read; with `also_read` all
    usage read in the period is waived instead. What MazBot reports later is handled as usual.
    """
    reason = checked_line(because, 300)
    if not reason:
        raise OperationRefused(_("Enter a reason for not charging these days."), field="because")
    with transaction.atomic():
        lock(instance.center)
        unread = unread_of(instance, period, now)
        read = also_read and bool(waivable(instance, period, now))
        if not len(unread) and not read:
            raise OperationRefused(
                _("There's nothing left to waive for “%(number)s”.") % {"number": instance}
            )
        if len(unread):
            _wait_no_longer(instance, unread, reason, by, now)
        if read:
            waive_usage(instance=instance, period=period, because=reason, by=by, now=now)


def _wait_no_longer(instance: Instance, unread: Unread, reason: str, by: User | None, now: datetime) -> None:
    UsageRecord.objects.filter(pk__in=[row.pk for row in unread.partly]).update(read_at=now)
    answers = [UsageAnswer(instance, day, NO_USAGE, now) for day in unread.never]
    merge(account_of(instance.reseller), answers, now=now)
    entries.record(
        "usage.waived",
        reseller=instance.reseller,
        center=instance.center,
        by=by,
        target=instance,
        now=now,
        topics=("billing",),
        because=reason,
        days=[day.isoformat() for day in unread.never],
        as_read=[row.day.isoformat() for row in unread.partly],
    )


def _open_flag(flagged: FlaggedUsage) -> FlaggedUsage:
    row: FlaggedUsage = FlaggedUsage.objects.select_for_update(of=("self",)).get(pk=flagged.pk)
    if row.resolved_at or not row.flag:
        raise OperationRefused(_("This flagged usage no longer needs a decision."))
    return row


def _resolve(
    row: FlaggedUsage, resolution: FlaggedUsage.Resolution, action: str, by: User | None, now: datetime
) -> None:
    FlaggedUsage.objects.filter(pk=row.pk).update(resolved_at=now, resolved_by=by, resolution=resolution)
    entries.record(
        action,
        reseller=row.reseller,
        center=row.center,
        by=by,
        target=row.instance,
        now=now,
        topics=("billing",),
        day=row.day.isoformat(),
    )
    if row.flag == FlaggedUsage.Flag.IMPOSSIBLE:
        check_flagged(row.reseller, now)
