"""The alerts about flagged usage that waits for a decision: one per number, open as long as its flags are."""

from datetime import date, datetime

from billing.models import FlaggedUsage
from centers.models import Reseller
from centers.stored_messages import StoredMessage as _
from whatsapp.alerts.lifecycle import open_alerts, resolve_alert
from whatsapp.models import Alert, Instance

KIND = Alert.Kind.USAGE_FLAGGED


def check_flagged(reseller: Reseller, now: datetime) -> None:
    """Open, update and close the alerts. Without amounts: not everyone who reads alerts may see costs."""
    rows = FlaggedUsage.objects.filter(
        reseller=reseller, flag=FlaggedUsage.Flag.IMPOSSIBLE, resolved_at=None
    ).select_related("instance__center")
    first: dict[Instance, date] = {}
    for row in rows.order_by("-day"):
        first[row.instance] = row.day
    to_open = [
        Alert(
            reseller=reseller,
            kind=KIND,
            instance=number,
            center=number.center,
            detail=_(
                "The usage of %(day)s is more than MazBot's prices explain, or more messages failed than were "
                "sent. It isn't charged until you accept it."
            )
            % {"day": day},
            opened_at=now,
        )
        for number, day in first.items()
    ]
    open_alerts(reseller=reseller, alerts=to_open)
    for item in to_open:
        own = Alert.objects.filter(reseller=reseller, kind=KIND, instance=item.instance, resolved_at=None)
        own.exclude(detail=item.detail).update(detail=item.detail)
    over = Alert.objects.filter(reseller=reseller, kind=KIND, resolved_at=None)
    done = [row.instance for row in over.exclude(instance__in=first).select_related("instance")]
    if done:
        resolve_alert(reseller=reseller, kind=KIND, instance=[number for number in done if number], now=now)
