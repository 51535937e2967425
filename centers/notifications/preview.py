"""What a choice would have brought last week: the messages of then, with the times and lists of now."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta

from centers.models import Notification, NotificationPreference
from centers.notifications import registry
from centers.notifications.claims import REST, STORM
from centers.notifications.timing import due_at
from centers.values.formats import zone_of

WEEK = timedelta(days=7)
_MOST = 5000


@dataclass(frozen=True, slots=True)
class Previewed:
    """One message: when it would have come, and its lines."""

    at: datetime
    lines: list[str]


def last_week(rule: NotificationPreference, *, now: datetime) -> list[Previewed]:
    """The messages of the rule's group that one channel would have brought, the newest first.

    They are made from what was written for anyone at the reseller; needs the scope of the person who is to see them.
    """
    if not rule.channels:
        return []
    zone = zone_of(rule.reseller.time_zone)
    rows = Notification.objects.filter(
        reseller=rule.reseller, group=rule.group, created_at__gt=now - WEEK, created_at__lte=now
    )
    events = sorted(rows.order_by("about", "event", "pk").distinct("about", "event")[:_MOST], key=_written)
    due: dict[datetime, list[Notification]] = defaultdict(list)
    for row in events:
        due[due_at(rule, zone=zone, urgent=row.urgent, written=row.created_at)].append(row)
    messages: list[Previewed] = []
    for moment, group in sorted(_joined(due).items(), reverse=True):
        is_list = rule.digest != NotificationPreference.Digest.NONE or len(group) > STORM
        for part in [group] if is_list else [[row] for row in reversed(group)]:
            messages.append(Previewed(moment, [registry.line_of(row) for row in part]))
    return messages


def _written(row: Notification) -> datetime:
    return row.created_at


def _joined(due: dict[datetime, list[Notification]]) -> dict[datetime, list[Notification]]:
    """What comes while a way rests after a message goes out together."""
    joined: dict[datetime, list[Notification]] = {}
    last: datetime | None = None
    for moment in sorted(due):
        if last is None or moment - last > REST:
            last = moment
        joined.setdefault(last, []).extend(due[moment])
    return joined
