"""What takes no more messages opens an alert: one for each center whose contact it is, one for all other places."""

from datetime import datetime

from centers.models import Center, Destination, Reseller
from centers.notifications.destinations import EMAIL, centers_at
from centers.stored_messages import StoredMessage as _
from centers.tenancy.scoping import tenant
from whatsapp.alerts.lifecycle import open_alerts, resolve_alert
from whatsapp.models import Alert

_DEAD = Alert.Kind.CHANNEL_DEAD


def keep_alert(destination: Destination, now: datetime) -> None:
    """Open the alerts about what is paused at the destination's reseller, and resolve the others."""
    reseller = destination.reseller
    with tenant(reseller):
        centers, others = _paused()
        details: dict[int | None, str] = {center.pk: _detail(place, reseller) for center, place in centers}
        if others:
            details[None] = _detail(others[0], reseller)
        open_alerts(
            reseller=reseller,
            alerts=[
                Alert(reseller=reseller, kind=_DEAD, center_id=pk, detail=detail, opened_at=now)
                for pk, detail in details.items()
            ],
        )
        for alert in Alert.objects.filter(kind=_DEAD, resolved_at=None, instance=None).select_related(
            "center"
        ):
            detail = details.get(alert.center_id)
            if detail is None:
                resolve_alert(reseller=reseller, kind=_DEAD, center=alert.center, now=now)
            elif alert.detail != detail:  # it was open, about a place that works again
                Alert.objects.filter(pk=alert.pk).update(detail=detail)


def paused_place() -> Destination | None:
    """What the alert without a center is about. Needs the scope of the reseller."""
    _centers, others = _paused()
    return others[0] if others else None


def _paused() -> tuple[list[tuple[Center, Destination]], list[Destination]]:
    """Centers with the address of their contact, and all other places that are paused, the latest first."""
    rows = Destination.objects.filter(paused_at__isnull=False).defer("address").select_related("user")
    paused = list(rows.order_by("-paused_at"))
    centers = centers_at(place for place in paused if place.channel == EMAIL)
    of_centers = {place.pk for _center, place in centers}
    return centers, [place for place in paused if place.pk not in of_centers]


def _detail(place: Destination, reseller: Reseller) -> str:
    values = {"destination": str(place), "reason": place.pause_reason}
    if place.channel == EMAIL:  # its own address says whose it is
        return _("Emails to %(destination)s are paused. %(reason)s") % values
    return _("%(destination)s of %(who)s: %(reason)s") % (values | {"who": str(place.user or reseller)})
