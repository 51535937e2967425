"""A destination that takes no more messages opens an alert, until none is paused."""

from datetime import datetime

from centers.models import Destination
from centers.notifications.destinations import EMAIL
from centers.stored_messages import StoredMessage as _
from centers.tenancy.scoping import tenant
from whatsapp.alerts.lifecycle import open_alert, resolve_alert
from whatsapp.models import Alert


def keep_alert(destination: Destination, now: datetime) -> None:
    """Open the alert while a destination of the reseller is paused, and resolve it after the last one."""
    reseller = destination.reseller
    with tenant(reseller):
        paused = Destination.objects.filter(reseller=reseller, paused_at__isnull=False)
        dead = paused.select_related("user").order_by("-paused_at").first()
        if dead is None:
            resolve_alert(reseller=reseller, kind=Alert.Kind.CHANNEL_DEAD, now=now)
            return
        values = {"destination": str(dead), "reason": dead.pause_reason}
        if dead.channel == EMAIL:  # its own address says whose it is
            detail = _("%(destination)s: %(reason)s") % values
        else:
            who = {"who": str(dead.user or reseller)}
            detail = _("%(destination)s of %(who)s: %(reason)s") % (values | who)
        open_alert(reseller=reseller, kind=Alert.Kind.CHANNEL_DEAD, detail=detail, now=now)
