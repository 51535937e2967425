"""Staff decisions about flagged usage."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils.translation import gettext as _

from billing.invoicing import check_late_corrections, waivable, waive_usage
from billing.ledger import lock
from billing.models import DOUBTS, FlaggedUsage, UsageRecord
from billing.periods import Period, local_day
from billing.usage.completeness import SpanDay, unread_of_center
from billing.usage.flagged import check_flagged
from billing.usage.sorting import NO_USAGE, UsageAnswer
from billing.usage.storing import merge, outdate_account
from centers.audit import entries
from centers.errors import OperationRefused
from centers.model_errors import checked_line
from centers.models import Center, User
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
        UsageRecord.objects.select_for_update().get(assignment_id=row.assignment_id, day=row.day)
        # `read_at` stays: usage read before the day was over is incomplete, even if staff accept it later.
        UsageRecord.objects.filter(assignment_id=row.assignment_id, day=row.day).update(
            sent=row.sent, received=row.received, failed=row.failed, cost=row.cost
        )
        outdate_account(row.reseller_id, {row.day: row.read_at})
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

    never: tuple[SpanDay, ...]
    partly: tuple[UsageRecord, ...]

    def __len__(self) -> int:
        return len(self.never) + len(self.partly)


def unread_of(instance: Instance, center: Center, period: Period, now: datetime) -> Unread:
    """The days of the period on which the center held the number that were not read since they ended.

    Today and future days are left out.
    """
    zone = ZoneInfo(account_of(instance.reseller).time_zone)
    over = Period(period.first_day, min(period.end_day, local_day(now, zone)))
    days = [item for item in unread_of_center(center, over, zone) if item[0].instance_id == instance.pk]
    rows = UsageRecord.objects.filter(
        assignment__in={span.pk for span, _day in days}, day__in={day for _span, day in days}
    )
    known = {(row.assignment_id, row.day): row for row in rows}
    partly = [known[span.pk, day] for span, day in days if (span.pk, day) in known]
    return Unread(tuple(item for item in days if (item[0].pk, item[1]) not in known), tuple(partly))


def waive_days(
    *,
    instance: Instance,
    period: Period,
    because: str,
    by: User | None,
    now: datetime,
    center: Center | None = None,
    also_read: bool = False,
) -> None:
    """Stop waiting for past days that MazBot cannot report (for example of an id it no longer knows).

    They are days on which the center (default: its present one) held the number. Days never read count as days without
    usage. Days read before they ended count as read; with `also_read` all usage read in the period is waived instead.
    What MazBot reports later is handled as usual.
    """
    reason = checked_line(because, 300)
    if not reason:
        raise OperationRefused(_("Enter a reason for not charging these days."), field="because")
    with transaction.atomic():
        center = lock(center or instance.center)
        unread = unread_of(instance, center, period, now)
        read = also_read and bool(waivable(instance, center, period, now))
        if not len(unread) and not read:
            raise OperationRefused(
                _("There's nothing left to waive for “%(number)s”.") % {"number": instance}
            )
        if len(unread):
            _wait_no_longer(instance=instance, center=center, unread=unread, because=reason, by=by, now=now)
        if read:
            waive_usage(instance=instance, center=center, period=period, because=reason, by=by, now=now)


def _wait_no_longer(
    *, instance: Instance, center: Center, unread: Unread, because: str, by: User | None, now: datetime
) -> None:
    UsageRecord.objects.filter(pk__in=[row.pk for row in unread.partly]).update(read_at=now)
    answers = [UsageAnswer(span, day, NO_USAGE, now) for span, day in unread.never]
    merge(account_of(instance.reseller), answers, now=now)
    entries.record(
        "usage.waived",
        reseller=instance.reseller,
        center=center,
        by=by,
        target=instance,
        now=now,
        topics=("billing",),
        because=because,
        days=[day.isoformat() for _span, day in unread.never],
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
