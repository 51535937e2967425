"""The kinds and groups of messages about alerts; money's are registered by `billing`."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.utils.translation import gettext_lazy as _

from centers.models import Notification, Role
from centers.notifications.registry import Group, Kind, register_group, register_kind
from whatsapp.alerts.lifecycle import OF_THE_PHONE
from whatsapp.alerts.snoozing import is_open
from whatsapp.models import Alert
from whatsapp.notifications import counts, texts, wordings

#: Who works for the center learns these about its numbers; the others are the reseller's to solve.
FOR_CENTERS = frozenset(set(OF_THE_PHONE) - {Alert.Kind.UNKNOWN_STATUS})


def open_count(row: Notification, now: datetime) -> int:
    """How many alerts are open: the reseller's, or for a center's people those about their phones."""
    alerts = Alert.objects.filter(is_open(now))
    if texts.is_for_center(row):
        alerts = alerts.filter(center=row.center_id, kind__in=FOR_CENTERS)
    return alerts.count()


NUMBERS = Group(
    name="numbers",
    label=_("Numbers"),
    text=_("A number lost its connection, needs its phone paired again, or is connected again."),
    order=10,
    roles=(Role.OWNER, Role.SUPPORT, Role.CENTER_ADMIN),
    overview=texts.overview,
    open_count=open_count,
)
MAZBOT = Group(
    name="mazbot",
    label=_("MazBot and your account"),
    text=_("MazBot is failing, refuses your account or limits it, or messages can't be delivered."),
    order=20,
    roles=(Role.OWNER, Role.SUPPORT),
    overview=texts.overview,
    open_count=open_count,
)
_NUMBERS = (
    *OF_THE_PHONE,
    Alert.Kind.NOT_FOUND,
    Alert.Kind.SWITCH_UNCONFIRMED,
    Alert.Kind.WEBHOOK_UNCONFIRMED,
)
_MAZBOT = (
    Alert.Kind.PROVIDER_FAILING,
    Alert.Kind.NUMBERS_DROPPED,
    Alert.Kind.ACCOUNT_REFUSED,
    Alert.Kind.ACCOUNT_LIMITED,
    Alert.Kind.CHANNEL_DEAD,
)
#: What someone has to act on at any hour.
_URGENT = frozenset(
    {
        Alert.Kind.DISCONNECTED,
        Alert.Kind.EXPIRED,
        Alert.Kind.NEEDS_QR,
        Alert.Kind.PROVIDER_FAILING,
        Alert.Kind.NUMBERS_DROPPED,
        Alert.Kind.ACCOUNT_REFUSED,
    }
)


def kind_name(kind: str) -> str:
    """The kind of message about an alert of this kind."""
    return f"alert.{kind}"


def register_alerts(group: Group, kinds: Sequence[Alert.Kind], *, urgent: Iterable[Alert.Kind] = ()) -> None:
    """Register a group with the kinds of messages about these alerts."""
    register_group(group)
    hurried = set(urgent)
    for kind in kinds:
        register_kind(
            Kind(
                name=kind_name(kind),
                group=group.name,
                label=kind.label,
                write=texts.write,
                line=texts.line,
                page=texts.page,
                counted=counts.counted,
                since=counts.since,
                urgent=kind in hurried,
                for_team=kind not in FOR_CENTERS,
            )
        )
    wordings.register(group, [(kind_name(kind), kind) for kind in kinds], FOR_CENTERS)


def connect() -> None:
    """Register this app's own."""
    register_alerts(NUMBERS, _NUMBERS, urgent=_URGENT)
    register_alerts(MAZBOT, _MAZBOT, urgent=_URGENT)
