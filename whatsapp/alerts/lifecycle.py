"""Alerts: opened once, resolved when their cause is gone. What people do with them stands in acts.py."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from centers import clock
from centers.models import Center, Reseller
from whatsapp.alerts import events
from whatsapp.alerts.maintenance import audible
from whatsapp.models import Alert, AlertEvent, Instance

Kind = Alert.Kind
#: Alerts about a number's phone; none is open while the number is disabled.
OF_THE_PHONE = (
    Kind.DISCONNECTED,
    Kind.EXPIRED,
    Kind.UNKNOWN_STATUS,
    Kind.NEEDS_QR,
    Kind.FLAPPING,
    Kind.STALE,
    Kind.SILENT,
    Kind.FAILING,
)
#: Alerts that a check of the connection opens and closes.
CONNECTION_KINDS = tuple({*OF_THE_PHONE, Kind.NOT_FOUND} - {Kind.SILENT, Kind.FAILING})
BACK_SOON = timedelta(minutes=10)
_What = tuple[str, int | None, int | None]


def open_alert(
    *,
    reseller: Reseller,
    kind: Alert.Kind,
    instance: Instance | None = None,
    center: Center | None = None,
    detail: str = "",
    now: datetime,
) -> bool:
    """Open an alert unless the same one is already open; True if it is new."""
    owner = center if center is not None else (instance.center if instance is not None else None)
    alert = Alert(reseller=reseller, kind=kind, instance=instance, center=owner, detail=detail, opened_at=now)
    return open_alerts(reseller=reseller, alerts=[alert]) > 0


def open_alerts(*, reseller: Reseller, alerts: Iterable[Alert]) -> int:
    """Open the alerts that are not open yet; return how many opened.

    One that returns within BACK_SOON continues the earlier alert, acknowledged, snoozed or neither: an unstable
    connection is one problem. An alert that a person resolved is never continued. None opens under maintenance.
    """
    opening = audible(reseller, alerts, clock.now())
    if not opening:
        return 0
    with transaction.atomic():
        again = _reopen(reseller, opening)
        Alert.objects.bulk_create(
            (item for item in opening if _what(item) not in again), ignore_conflicts=True
        )
        return len(again) + _begin_stories(reseller, opening)


def _begin_stories(reseller: Reseller, opening: list[Alert]) -> int:
    """Write the event of each alert that was just opened; return how many.

    Another process may have opened some of them a moment earlier: those have their event.
    """
    has_story = AlertEvent.objects.filter(alert=OuterRef("pk"), kind=AlertEvent.Kind.OPENED)
    fresh = _about(reseller, opening).filter(~Exists(has_story), resolved_at=None)
    rows = list(fresh.values_list("pk", "center_id", "opened_at"))
    happened = [
        AlertEvent(reseller=reseller, alert_id=pk, kind=AlertEvent.Kind.OPENED, at=at) for pk, _, at in rows
    ]
    events.store(reseller=reseller, events=happened, centers=(center for _, center, _ in rows))
    return len(rows)


def _about(reseller: Reseller, opening: list[Alert]) -> QuerySet[Alert]:
    numbers = {item.instance_id for item in opening if item.instance_id}
    kinds = {item.kind for item in opening}
    return Alert.objects.filter(Q(instance=None) | Q(instance__in=numbers), reseller=reseller, kind__in=kinds)


def _reopen(reseller: Reseller, opening: list[Alert]) -> set[_What]:
    """Reopen alerts that were resolved only a moment ago, in one statement; return what they are about."""
    since = max(item.opened_at for item in opening) - BACK_SOON
    rows = _about(reseller, opening).filter(Q(resolved_at=None) | Q(resolved_at__gt=since))
    # The last one counts, and an open one is last: PostgreSQL sorts NULL after every time.
    latest = {_what(row): row for row in rows.order_by("resolved_at", "pk")}
    over = {what: row for what, row in latest.items() if row.resolved_at and row.resolved_by_id is None}
    again = {_what(item): item for item in opening if _what(item) in over}
    by_detail: dict[str, list[int]] = {}
    for what, item in again.items():
        by_detail.setdefault(item.detail, []).append(over[what].pk)
    try:
        with transaction.atomic():
            for detail, pks in by_detail.items():
                Alert.objects.filter(pk__in=pks).update(resolved_at=None, times=F("times") + 1, detail=detail)
    except IntegrityError:  # one of them was opened in the meantime: insert new alerts instead
        return set()
    happened = [
        AlertEvent(reseller=reseller, alert=over[what], kind=AlertEvent.Kind.RETURNED, at=item.opened_at)
        for what, item in again.items()
    ]
    events.store(reseller=reseller, events=happened, centers=(over[what].center_id for what in again))
    return set(again)


def _what(alert: Alert) -> _What:
    return alert.kind, alert.instance_id, alert.center_id


def resolve_alert(
    *,
    reseller: Reseller,
    kind: Alert.Kind | Iterable[Alert.Kind],
    instance: Instance | Iterable[Instance] | None = None,
    center: Center | Iterable[Center] | None = None,
    now: datetime,
) -> int:
    """Resolve the open alerts of these kinds; return how many.

    Without `instance` and `center` only those of the reseller as a whole are resolved.
    """
    kinds = [kind] if isinstance(kind, Alert.Kind) else list(kind)
    rows = Alert.objects.filter(reseller=reseller, kind__in=kinds, resolved_at=None)
    if instance is not None:
        rows = rows.filter(instance__in=[instance] if isinstance(instance, Instance) else list(instance))
    elif center is not None:
        rows = rows.filter(center__in=[center] if isinstance(center, Center) else list(center))
    else:
        rows = rows.filter(instance=None, center=None)
    return _close(reseller, rows.values_list("pk", flat=True), now)


def _close(reseller: Reseller, pks: Iterable[int], now: datetime) -> int:
    found = list(pks)
    if not found:  # as nearly always
        return 0
    with transaction.atomic():
        rows = Alert.objects.filter(pk__in=found, resolved_at=None).order_by("pk")
        closing = list(rows.select_for_update(of=("self",)).values_list("pk", "center_id"))
        if closing:
            Alert.objects.filter(pk__in=[pk for pk, _center in closing]).update(resolved_at=now)
            events.write(reseller=reseller, kind=AlertEvent.Kind.RESOLVED, alerts=closing, at=now)
    return len(closing)
