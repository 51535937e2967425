"""The alerts about the connection of single numbers: each number has the one for its state, or none."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import F

from centers.models import Reseller
from whatsapp.alerts import events
from whatsapp.alerts.lifecycle import CONNECTION_KINDS, open_alerts, resolve_alert
from whatsapp.models import Alert, AlertEvent, Condition, Connection, Instance
from whatsapp.monitoring.deciding import FLAPPING_WINDOW, Status, is_confirmed_missing
from whatsapp.monitoring.mass_drops import SINGLE, Gate
from whatsapp.monitoring.rows import Checked

Kind = Alert.Kind
_OF_CONNECTION: dict[str, Alert.Kind] = {
    Connection.DISCONNECTED: Kind.DISCONNECTED,
    Connection.EXPIRED: Kind.EXPIRED,
    Connection.UNKNOWN: Kind.UNKNOWN_STATUS,
}
_OF_CONDITION: dict[str, Alert.Kind] = {
    Condition.FLAPPING: Kind.FLAPPING,
    Condition.STALE: Kind.STALE,
    Condition.NEEDS_QR: Kind.NEEDS_QR,
}
#: A phone that is asked to scan a code has not recovered yet.
_LAST_WHILE_PAIRING = frozenset({Kind.DISCONNECTED, Kind.EXPIRED, Kind.NEEDS_QR})


@dataclass(frozen=True, slots=True)
class _Opening:
    row: Checked
    kind: str
    since: datetime | None


def settle(reseller: Reseller, checked: Sequence[Checked], gate: Gate) -> None:
    """Open and resolve alerts so that each number has the one for its state, or none."""
    _turn_into_flapping(reseller, checked)
    open_now: dict[int, set[str]] = {row.pk: set() for row in checked}
    known = Alert.objects.filter(instance__in=open_now, resolved_at=None, kind__in=CONNECTION_KINDS)
    for pk, kind in known.values_list("instance_id", "kind"):
        open_now[pk].add(kind)
    opening, closing = [], []
    for row in checked:
        expected = _expected(row, open_now[row.pk])
        closing += [(row, kind) for kind in open_now[row.pk] - expected]
        new = [_Opening(row, kind, _began(row, kind)) for kind in expected - open_now[row.pk]]
        opening += [one for one in new if gate.opens(one.since, row.outcome.at)]
    open_alerts(reseller=reseller, alerts=_alerts(reseller, opening))
    _close(reseller, closing)


def _expected(row: Checked, open_now: set[str]) -> set[str]:
    if row.archived:
        return set()
    if is_confirmed_missing(row.after):
        return {Kind.NOT_FOUND}
    if row.outcome.connection is None:
        return open_now
    if row.after.suspect_since is not None:
        # Not certain: nothing begins and nothing ends, except that MazBot knows the number.
        return open_now - {Kind.NOT_FOUND}
    return set() if row.off else _of_status(row.after, open_now & _LAST_WHILE_PAIRING)


def _of_status(status: Status, lasting: set[str]) -> set[str]:
    """By the number's status alone; `lasting` are open alerts that pairing does not end."""
    if status.condition == Condition.NEEDS_QR:
        return lasting or {Kind.NEEDS_QR}
    if status.condition in _OF_CONDITION:
        return {_OF_CONDITION[status.condition]}
    if status.condition == Condition.NOT_PAIRED:
        return set()
    if status.connection == Connection.PAIRING:
        return lasting
    kind = _OF_CONNECTION.get(status.connection)
    return {kind} if kind else set()


def _began(row: Checked, kind: str) -> datetime | None:
    """When that began which an alert of this kind is about."""
    if kind == Kind.NOT_FOUND:
        return row.before.suspect_since
    of_condition = kind in _OF_CONDITION.values()
    return row.after.condition_since if of_condition else row.after.connection_since


def _alerts(reseller: Reseller, opening: Sequence[_Opening]) -> list[Alert]:
    """The alerts, dated by the first check that found their cause; later ones about the same cause by this check."""
    earlier = _known_openings(opening)
    return [
        Alert(
            reseller=reseller,
            instance_id=one.row.pk,
            center_id=one.row.center_id,
            kind=one.kind,
            detail=one.row.after.raw_status if one.kind == Kind.UNKNOWN_STATUS else "",
            opened_at=one.row.outcome.at
            if one.since is None or (one.row.pk, one.kind) in earlier
            else min(one.since, one.row.outcome.at),
        )
        for one in opening
    ]


def _known_openings(opening: Sequence[_Opening]) -> set[tuple[int, str]]:
    """Which of these had an alert since their cause began: a person has resolved it."""
    if not opening:
        return set()
    begun = {(one.row.pk, one.kind): one.since for one in opening if one.since}
    known = Alert.objects.filter(
        instance__in={one.row.pk for one in opening},
        kind__in={one.kind for one in opening},
        opened_at__gte=min(begun.values(), default=opening[0].row.outcome.at),
    )
    rows = known.order_by().values_list("instance_id", "kind", "opened_at")
    return {(pk, kind) for pk, kind, at in rows if (pk, kind) in begun and at >= begun[pk, kind]}


def _close(reseller: Reseller, closing: Iterable[tuple[Checked, str]]) -> None:
    pairs = list(closing)
    for kind in {kind for _row, kind in pairs}:
        rows = [row for row, one in pairs if one == kind]
        over = Instance.objects.filter(pk__in=[row.pk for row in rows])
        latest = max(row.outcome.at for row in rows)
        resolve_alert(reseller=reseller, kind=Kind(kind), instance=over, now=latest)


def _turn_into_flapping(reseller: Reseller, checked: Sequence[Checked]) -> None:
    """Let the last alert about a number that turns out to be unstable become the alert about that."""
    begun = {
        row.pk: row.outcome.at
        for row in checked
        if row.after.condition == Condition.FLAPPING and row.before.condition != Condition.FLAPPING
    }
    if not begun:
        return
    since = min(begun.values()) - FLAPPING_WINDOW - timedelta(minutes=1)
    about = Alert.objects.filter(instance__in=begun, resolved_by=None)
    taken = set(about.filter(kind=Kind.FLAPPING, resolved_at=None).values_list("instance_id", flat=True))
    single = about.filter(kind__in=SINGLE, opened_at__gt=since).order_by("opened_at", "pk")
    latest = {alert.instance_id: alert for alert in single if alert.instance_id not in taken}
    again = [alert for alert in latest.values() if alert.resolved_at is not None]
    Alert.objects.filter(pk__in=[alert.pk for alert in latest.values()]).update(
        kind=Kind.FLAPPING, detail="", resolved_at=None, times=F("times") + 1
    )
    stories = [
        AlertEvent(
            reseller=reseller,
            alert=alert,
            kind=AlertEvent.Kind.RETURNED,
            at=begun[alert.instance_id or 0],
        )
        for alert in again
    ]
    events.store(reseller=reseller, events=stories, centers=(alert.center_id for alert in again))
