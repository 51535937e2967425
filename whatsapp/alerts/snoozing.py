"""Until when an alert is snoozed, and waking it again."""

from datetime import datetime, time, timedelta
from itertools import groupby

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from centers.models import Reseller
from centers.values.formats import zone_of
from whatsapp.alerts import events
from whatsapp.models import Alert, AlertEvent

MORNING = time(9)  # in the reseller's zone
#: What the menus offer; any other time is chosen on its own page.
PRESETS = [("4h", _("For 4 hours")), ("tomorrow", _("Until tomorrow, 09:00"))]


def is_open(now: datetime) -> Q:
    """The alerts that no one has acknowledged, snoozed or resolved."""
    return Q(resolved_at=None, acknowledged_at=None) & (Q(snoozed_until=None) | Q(snoozed_until__lte=now))


def snooze_end(preset: str, *, now: datetime, zone_name: str) -> datetime | None:
    """The time that one of PRESETS means in this zone; None for any other text."""
    if preset == "4h":
        return now + timedelta(hours=4)
    if preset == "tomorrow":
        zone = zone_of(zone_name)
        return datetime.combine(now.astimezone(zone).date() + timedelta(days=1), MORNING, zone)
    return None


def wake_due(*, now: datetime) -> int:
    """Wake the alerts of every reseller whose snooze has ended; return how many. Needs a scope over all tenants."""
    with transaction.atomic():
        due = Alert.objects.filter(snoozed_until__lte=now, resolved_at=None).order_by("reseller_id", "pk")
        locked = due.select_for_update(of=("self",), skip_locked=True)
        rows = list(locked.values_list("reseller_id", "pk", "center_id"))
        Alert.objects.filter(pk__in=[pk for _reseller, pk, _center in rows]).update(snoozed_until=None)
        resellers = Reseller.objects.in_bulk({reseller for reseller, _pk, _center in rows})
        for reseller_id, own in groupby(rows, key=lambda row: row[0]):
            events.write(
                reseller=resellers[reseller_id],
                kind=AlertEvent.Kind.WOKE,
                alerts=[(pk, center) for _reseller, pk, center in own],
                at=now,
            )
    return len(rows)
