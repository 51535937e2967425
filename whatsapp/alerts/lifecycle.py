"""Alerts: opened once, acknowledged by people, resolved when their cause is gone."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import F, Q

from centers import live
from centers.audit import entries
from centers.models import Center, Reseller, User
from whatsapp.models import Alert, Instance

Kind = Alert.Kind
#: Alerts about a number's phone; none is open while the number is switched off.
OF_THE_PHONE = (Kind.DISCONNECTED, Kind.EXPIRED, Kind.UNKNOWN_STATUS)
#: Alerts that a check of the connection opens and closes.
CONNECTION_KINDS = (*OF_THE_PHONE, Kind.NOT_FOUND)
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

    One that returns within BACK_SOON continues the earlier alert, acknowledged or not: an unstable connection is one
    problem.
    """
    opening = list(alerts)
    if not opening:
        return 0
    known = Alert.objects.filter(
        reseller=reseller, resolved_at=None, kind__in={item.kind for item in opening}
    )
    with transaction.atomic():
        before = known.count()
        again = _reopen(reseller, opening)
        Alert.objects.bulk_create(
            (item for item in opening if _what(item) not in again), ignore_conflicts=True
        )
        opened = known.count() - before
        if opened > 0:
            _publish(reseller, {item.center_id for item in opening})
    return max(opened, 0)


def _reopen(reseller: Reseller, opening: list[Alert]) -> set[_What]:
    """Reopen alerts that were resolved only a moment ago, in one statement; return what they are about."""
    since = max(item.opened_at for item in opening) - BACK_SOON
    about = Q(instance=None) | Q(instance__in={item.instance_id for item in opening if item.instance_id})
    rows = Alert.objects.filter(
        about,
        Q(resolved_at=None) | Q(resolved_at__gt=since),
        reseller=reseller,
        kind__in={item.kind for item in opening},
    )
    # The last one counts, and an open one is last: PostgreSQL sorts NULL after every time.
    latest = {_what(row): row for row in rows.order_by("resolved_at", "pk")}
    over = {what: row.pk for what, row in latest.items() if row.resolved_at is not None}
    again = {_what(item): item.detail for item in opening if _what(item) in over}
    by_detail: dict[str, list[int]] = {}
    for what, detail in again.items():
        by_detail.setdefault(detail, []).append(over[what])
    try:
        with transaction.atomic():
            for detail, pks in by_detail.items():
                Alert.objects.filter(pk__in=pks).update(resolved_at=None, times=F("times") + 1, detail=detail)
    except IntegrityError:  # one of them was opened in the meantime: insert new alerts instead
        return set()
    return set(again)


def _what(alert: Alert) -> _What:
    return alert.kind, alert.instance_id, alert.center_id


def resolve_alert(
    *,
    reseller: Reseller,
    kind: Alert.Kind | Iterable[Alert.Kind],
    instance: Instance | Iterable[Instance] | None = None,
    center: Center | None = None,
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
        rows = rows.filter(center=center)
    else:
        rows = rows.filter(instance=None, center=None)
    return _close(reseller, rows.values_list("pk", flat=True), now)


def acknowledge(*, alert: Alert, by: User, now: datetime) -> None:
    """Record who looks after the alert; the first person stays recorded."""
    with transaction.atomic():
        first = Alert.objects.filter(pk=alert.pk, acknowledged_at=None).update(
            acknowledged_at=now, acknowledged_by=by
        )
        if first:
            entries.record(
                "alert.acknowledged",
                reseller=alert.reseller,
                by=by,
                target=alert,
                center=alert.center,
                now=now,
                topics=("alerts",),
            )


def _close(reseller: Reseller, pks: Iterable[int], now: datetime) -> int:
    with transaction.atomic():
        open_rows = Alert.objects.filter(pk__in=list(pks), resolved_at=None)
        centers = set(open_rows.values_list("center_id", flat=True))
        closed = open_rows.update(resolved_at=now)
        if closed:
            _publish(reseller, centers)
    return closed


def _publish(reseller: Reseller, centers: Iterable[int | None]) -> None:
    live.publish(reseller.pk, "alerts", centers=tuple(sorted({pk for pk in centers if pk is not None})))
