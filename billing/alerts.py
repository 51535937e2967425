"""Alerts that say what is the case now: opened, brought up to date and closed by one call."""

from datetime import datetime

from centers.models import Reseller
from whatsapp.alerts.lifecycle import open_alert, resolve_alert
from whatsapp.models import Alert


def keep_alert(*, reseller: Reseller, kind: Alert.Kind, detail: str, now: datetime) -> None:
    """Have one open alert of the reseller that says `detail`; none where `detail` is empty."""
    if not detail:
        resolve_alert(reseller=reseller, kind=kind, now=now)
        return
    open_alert(reseller=reseller, kind=kind, detail=detail, now=now)
    own = Alert.objects.filter(reseller=reseller, kind=kind, resolved_at=None, instance=None, center=None)
    own.exclude(detail=detail).update(detail=detail)
