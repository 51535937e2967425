"""What staff decide about odd readings."""

from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils.translation import gettext as _

from billing.merging import Reading, merge
from billing.models import UsageDay, UsageReading
from billing.periods import Period
from billing.readiness import unread_days
from centers import audit, live
from centers.errors import Refused
from centers.models import User
from whatsapp.accounts import account_of
from whatsapp.mazbot import Usage
from whatsapp.models import Instance


def accept_reading(*, reading: UsageReading, by: User | None, now: datetime) -> None:
    """Take a flagged reading over after all; of an invoiced day it becomes an adjustment on the next invoice."""
    with transaction.atomic():
        row = _open_flag(reading)
        if row.flag == UsageReading.Flag.FUTURE:
            raise Refused(_("A reading for a day to come cannot be accepted; it is read again on that day."))
        UsageDay.objects.select_for_update().get(instance_id=row.instance_id, day=row.day)
        UsageDay.objects.filter(instance_id=row.instance_id, day=row.day).update(
            sent=row.sent, received=row.received, failed=row.failed, cost=row.cost, read_at=now
        )
        _resolve(row, UsageReading.Resolution.ACCEPTED, "reading.accepted", by, now)


def dismiss_reading(*, reading: UsageReading, by: User | None, now: datetime) -> None:
    """Stay with what was accepted before."""
    with transaction.atomic():
        row = _open_flag(reading)
        if row.flag == UsageReading.Flag.LATE:
            raise Refused(_("This reading is taken over already; it is charged on the next invoice."))
        _resolve(row, UsageReading.Resolution.DISMISSED, "reading.dismissed", by, now)


def waive_days(*, instance: Instance, period: Period, because: str, by: User | None, now: datetime) -> int:
    """Count days that MazBot cannot tell of (an id it no longer knows) as days without usage; how many."""
    if not because.strip():
        raise Refused(_("Say why these days are not charged."))
    account = account_of(instance.reseller)
    missing = {
        day
        for number, days in unread_days(instance.center, period, ZoneInfo(account.time_zone))
        if number.pk == instance.pk
        for day in days
    }
    with transaction.atomic():
        known = UsageDay.objects.filter(instance=instance, day__in=missing)
        known.update(read_at=now)
        missing -= set(known.values_list("day", flat=True))
        nothing = Usage(total_sent=0, total_received=0, failed_messages=0, total_cost=Decimal(0))
        merge(account, [Reading(instance, day, nothing, now) for day in sorted(missing)], now=now)
        audit.record(
            "usage.waived",
            reseller=instance.reseller,
            center=instance.center,
            by=by,
            target=instance,
            now=now,
            because=because.strip()[:300],
            days=sorted(day.isoformat() for day in missing),
        )
    return len(missing)


def _open_flag(reading: UsageReading) -> UsageReading:
    row: UsageReading = UsageReading.objects.select_for_update(of=("self",)).get(pk=reading.pk)
    if row.resolved_at or not row.flag:
        raise Refused(_("This reading was dealt with already."))
    return row


def _resolve(
    row: UsageReading, resolution: UsageReading.Resolution, action: str, by: User | None, now: datetime
) -> None:
    UsageReading.objects.filter(pk=row.pk).update(resolved_at=now, resolved_by=by, resolution=resolution)
    audit.record(
        action,
        reseller=row.reseller,
        center=row.center,
        by=by,
        target=row.instance,
        now=now,
        day=row.day.isoformat(),
    )
    live.publish(row.reseller_id, "billing", centers=(row.center_id,))
