"""Alerts that follow a condition: one call opens, updates or closes them."""

from datetime import datetime

from centers.models import Reseller
from whatsapp.alerts.lifecycle import open_alert, resolve_alert
from whatsapp.models import Alert


def keep_alert(*, reseller: Reseller, kind: Alert.Kind, detail: str, now: datetime) -> None:
    """Keep one open alert of the reseller with this `detail`; an empty `detail` closes it."""
    if not detail:
        resolve_alert(reseller=reseller, kind=kind, now=now)
        return
    open_alert(reseller=reseller, kind=kind, detail=detail, now=now)
    own = Alert.objects.filter(reseller=reseller, kind=kind, resolved_at=None, instance=None, center=None)
    own.exclude(detail=detail).update(detail=detail)
