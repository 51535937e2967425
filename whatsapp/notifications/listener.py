"""From the events of alerts to messages, in the transaction of the event: nothing is lost or sent for nothing."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.db.models import Q

from centers.models import Membership, Notification, Reseller, Role, User
from centers.notifications import followups, registry
from centers.notifications.followups import AGAIN
from centers.notifications.outbox import FIRST, News, notify
from centers.tenancy.permissions import Permission, may
from centers.tenancy.scoping import tenant
from whatsapp.models import Alert, AlertEvent
from whatsapp.notifications.kinds import FOR_CENTERS, kind_name
from whatsapp.notifications.texts import RESOLVED, context_of

Kind = AlertEvent.Kind
State = Notification.State
#: "Connected again" waits for this long: a connection that is lost again meanwhile is no news.
BACK_FOR = timedelta(seconds=30)
_REPEATED_AFTER_RETURN = timedelta(hours=1)


def hear(reseller: Reseller, events: Sequence[AlertEvent]) -> None:
    """Write, drop or stop the messages that follow from these events of alerts."""
    with tenant(reseller):
        for kind in (Kind.OPENED, Kind.RETURNED, Kind.WOKE, Kind.RESOLVED, Kind.ACKNOWLEDGED, Kind.SNOOZED):
            own = [event for event in events if event.kind == kind]
            if own:
                _ACTS[kind](reseller, own)


def _opened(reseller: Reseller, events: Sequence[AlertEvent]) -> None:
    _announce(reseller, [event.alert_id for event in events], _latest(events))


def _returned(reseller: Reseller, events: Sequence[AlertEvent]) -> None:
    """A moment after it was over: no news for those who don't know that it was."""
    abouts = _abouts(events)
    followups.drop(reseller=reseller, about=abouts, prefix=RESOLVED)
    rows = Notification.objects.filter(reseller=reseller, about__in=abouts)
    reached = rows.filter(Q(state__in=(State.SENT, State.CONDENSED)) | Q(claimed_until__isnull=False))
    over = set(reached.filter(event__startswith=RESOLVED).values_list("about", flat=True))
    known = set(reached.filter(event__startswith=FIRST).values_list("about", flat=True)) - over
    now = _latest(events)
    rows.filter(about__in=known, event__startswith=FIRST, sent_at__isnull=False).update(
        repeat_at=now + _REPEATED_AFTER_RETURN
    )
    _announce(reseller, [event.alert_id for event in events if about(event) not in known], now)


def _woke(reseller: Reseller, events: Sequence[AlertEvent]) -> None:
    now = _latest(events)
    followups.tell_those_who_know(
        reseller=reseller,
        about=_abouts(events),
        event=f"{AGAIN}.{now:%y%m%d%H%M}",
        over=RESOLVED,
        not_before=now,
        now=now,
    )


def _resolved(reseller: Reseller, events: Sequence[AlertEvent]) -> None:
    abouts, now = _abouts(events), _latest(events)
    followups.stop(reseller=reseller, about=abouts)
    followups.drop(reseller=reseller, about=abouts)
    times = dict(Alert.objects.filter(pk__in=[event.alert_id for event in events]).values_list("pk", "times"))
    for often in sorted(set(times.values())):
        followups.tell_those_who_know(
            reseller=reseller,
            about=[about(event) for event in events if times.get(event.alert_id) == often],
            event=_named(RESOLVED, often),
            over=RESOLVED,
            not_before=now + BACK_FOR,
            now=now,
        )


def _stopped(reseller: Reseller, events: Sequence[AlertEvent]) -> None:
    followups.stop(reseller=reseller, about=_abouts(events))


_ACTS = {
    Kind.OPENED: _opened,
    Kind.RETURNED: _returned,
    Kind.WOKE: _woke,
    Kind.RESOLVED: _resolved,
    Kind.ACKNOWLEDGED: _stopped,
    Kind.SNOOZED: _stopped,
}


def about(event: AlertEvent) -> str:
    """The name of the event's alert in the outbox."""
    return f"alert:{event.alert_id}"


def _abouts(events: Iterable[AlertEvent]) -> list[str]:
    return [about(event) for event in events]


def _latest(events: Iterable[AlertEvent]) -> datetime:
    return max(event.at for event in events)


def _named(event: str, times: int) -> str:
    return event if times == 1 else f"{event}.{times}"


def _announce(reseller: Reseller, pks: Sequence[int], now: datetime) -> None:
    """Tell the team, and the people of the center, about these alerts."""
    rows = Alert.objects.filter(pk__in=pks, resolved_at=None).select_related("instance__center", "center")
    alerts = list(rows.order_by("opened_at", "pk"))  # as they happened, in a list too
    if not alerts:
        return
    people = _People(reseller, alerts)
    news = [one for alert in alerts for one in _news(alert, people)]
    notify(reseller=reseller, news=news, now=now)


def _news(alert: Alert, people: "_People") -> Iterable[News]:
    kind = registry.kind(kind_name(alert.kind))
    if kind is None:
        return
    group = registry.group(kind.group)
    team = people.team(group)
    for acts in (True, False):
        own = [user for user, role in team if may(role, Permission.MANAGE_ALERTS) == acts]
        yield _one(alert, own, {"acts": acts}, for_team=acts)
    if alert.kind in FOR_CENTERS and alert.center_id is not None:
        staff = {user for user, _role in team}
        admins = [user for user in people.of_center(alert.center_id, group) if user not in staff]
        yield _one(alert, admins, {"portal": True}, for_team=False)


def _one(alert: Alert, people: Sequence[User], more: dict[str, bool], *, for_team: bool) -> News:
    return News(
        kind=kind_name(alert.kind),
        about=f"alert:{alert.pk}",
        event=_named(FIRST, alert.times),
        people=people,
        context=context_of(alert) | more,
        center=alert.center_id,
        follows_up=True,
        for_team=for_team,
    )


class _People:
    """Who works for the reseller, and for the centers of these alerts; read once."""

    def __init__(self, reseller: Reseller, alerts: Sequence[Alert]) -> None:
        centers = {alert.center_id for alert in alerts if alert.center_id is not None}
        rows = Membership.objects.filter(
            Q(center=None) | Q(center__in=centers), reseller=reseller, user__is_active=True
        )
        self._rows = list(rows.select_related("user").order_by("pk"))

    def team(self, group: registry.Group) -> list[tuple[User, str]]:
        own = [row for row in self._rows if row.center_id is None and row.role in group.roles]
        return [(row.user, row.role) for row in own]

    def of_center(self, center: int, group: registry.Group) -> list[User]:
        return [
            row.user
            for row in self._rows
            if row.center_id == center and row.role in group.roles and row.role == Role.CENTER_ADMIN
        ]
