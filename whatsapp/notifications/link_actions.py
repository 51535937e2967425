"""What the links in a message about an alert do: acknowledge it, or snooze it for four hours."""

from datetime import datetime, timedelta

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from centers.errors import OperationRefused
from centers.models import Membership, Reseller, User
from centers.notifications.links import AlreadyResolved, LinkAction, register_action
from centers.tenancy.permissions import Permission, may
from centers.values.formats import moment_text, zone_of
from whatsapp.alerts import acts
from whatsapp.models import Alert

ACKNOWLEDGE, SNOOZE = "alert.acknowledge", "alert.snooze"
_SNOOZED_FOR = timedelta(hours=4)


def connect() -> None:
    """Register both."""
    register_action(
        LinkAction(
            name=ACKNOWLEDGE,
            button=gettext_lazy("Acknowledge"),
            question=lambda reseller, about: (
                _("“%(alert)s”: your team sees that you're looking after it, and the message isn't repeated.")
                % {"alert": _named(_open(about))}
            ),
            perform=_acknowledge,
        )
    )
    register_action(
        LinkAction(
            name=SNOOZE,
            button=gettext_lazy("Snooze for 4 hours"),
            question=lambda reseller, about: (
                _(
                    "“%(alert)s”: it isn't counted for 4 hours. If it's still open then, you get another message."
                )
                % {"alert": _named(_open(about))}
            ),
            perform=_snooze,
        )
    )


def _acknowledge(reseller: Reseller, about: str, user: User, now: datetime) -> str:
    alert = _allowed(reseller, about, user)
    if not acts.acknowledge(chosen=acts.one(alert), by=user, now=now):
        alert = _open(about)
        return _("%(person)s already acknowledged this alert.") % {"person": alert.acknowledged_by}
    return _("You acknowledged the alert.")


def _snooze(reseller: Reseller, about: str, user: User, now: datetime) -> str:
    alert = _allowed(reseller, about, user)
    until = now + _SNOOZED_FOR
    if not acts.snooze(chosen=acts.one(alert), until=until, by=user, now=now):
        _open(about)
    return _("The alert is snoozed until %(time)s.") % {
        "time": moment_text(until, zone_of(reseller.time_zone))
    }


def _allowed(reseller: Reseller, about: str, user: User) -> Alert:
    membership = Membership.objects.filter(reseller=reseller, user=user, center=None).first()
    if membership is None or not may(membership.role, Permission.MANAGE_ALERTS):
        raise OperationRefused(_("Your role doesn't allow this. Ask an owner of your team."))
    return _open(about)


def _named(alert: Alert) -> str:
    """With the center: many have a number of the same name."""
    if alert.center is None:
        return str(alert)
    return _("%(number)s (%(center)s)") % {"number": alert, "center": alert.center}


def _open(about: str) -> Alert:
    """The alert, if it is still open; raises AlreadyResolved."""
    rows = Alert.objects.select_related("reseller", "instance", "center", "acknowledged_by")
    alert = rows.filter(pk=about.partition(":")[2], resolved_at=None).first()
    if alert is None:
        raise AlreadyResolved(_("This alert is over. There's nothing left to do."))
    return alert
