"""What a choice would have brought last week: the messages of then, with the times and lists of now."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q

from centers.models import Membership, Notification, NotificationPreference
from centers.notifications import registry
from centers.notifications.claims import REST, STORM
from centers.notifications.followups import AGAIN, ESCALATED
from centers.notifications.timing import due_at
from centers.values.formats import zone_of

WEEK = timedelta(days=7)
_MOST = 5000


@dataclass(frozen=True, slots=True)
class Previewed:
    """One message: when it would have come, and its lines."""

    at: datetime
    lines: list[str]


def last_week(
    rule: NotificationPreference,
    *,
    now: datetime,
    at_center: bool = False,
    kind: str = "",
    apart: Collection[str] = (),
) -> list[Previewed]:
    """The messages of a kind, or of the rule's group but for the kinds `apart`, that one channel would have brought.

    The newest come first.

    They are made from what was written for anyone at the reseller, but for what followed from another's choice alone:
    what went to them because someone else didn't react, and repeats where the rule has none. `at_center`: for someone
    who works there. Needs the scope of the person who is to see them.
    """
    if not rule.channels:
        return []
    zone = zone_of(rule.reseller.time_zone)
    due: dict[datetime, list[Notification]] = defaultdict(list)
    kinds = Q(kind=kind) if kind else ~Q(kind__in=apart)
    for row in _events(rule, now, kinds, at_center=at_center):
        due[due_at(rule, zone=zone, urgent=row.urgent, written=row.created_at)].append(row)
    messages: list[Previewed] = []
    for moment, group in sorted(_joined(due).items(), reverse=True):
        is_list = rule.digest != NotificationPreference.Digest.NONE or len(group) > STORM
        for part in [group] if is_list else [[row] for row in reversed(group)]:
            messages.append(Previewed(moment, [registry.line_of(row) for row in part]))
    return messages


def _events(rule: NotificationPreference, now: datetime, kinds: Q, *, at_center: bool) -> list[Notification]:
    """A row for each thing that was written about, in order; for a center's people as it was worded for them."""
    rows = Notification.objects.filter(
        kinds, reseller=rule.reseller, group=rule.group, created_at__gt=now - WEEK, created_at__lte=now
    ).exclude(event__startswith=ESCALATED)
    if not rule.resend_hours:
        rows = rows.exclude(event__startswith=AGAIN)
    order = ["about", "event", "pk"]
    if at_center:
        colleagues = Membership.objects.filter(user=OuterRef("recipient"), center=OuterRef("center"))
        rows = rows.exclude(kind__in=[kind.name for kind in registry.kinds() if kind.for_team])
        rows, order = rows.annotate(for_colleague=Exists(colleagues)), [*order[:2], "-for_colleague", "pk"]
    return sorted(rows.order_by(*order).distinct("about", "event")[:_MOST], key=_written)


def _written(row: Notification) -> tuple[datetime, int]:
    return row.created_at, row.pk


def _joined(due: dict[datetime, list[Notification]]) -> dict[datetime, list[Notification]]:
    """What comes while a way rests after a message goes out together."""
    joined: dict[datetime, list[Notification]] = {}
    last: datetime | None = None
    for moment in sorted(due):
        if last is None or moment - last > REST:
            last = moment
        joined.setdefault(last, []).extend(due[moment])
    return joined
