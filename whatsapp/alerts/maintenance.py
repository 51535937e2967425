"""Which numbers and centers are under maintenance: no alerts are opened and no one is suspended meanwhile."""

from collections.abc import Iterable
from datetime import datetime

from django.db import connection
from django.db.models import Q, QuerySet

from centers.models import Center, Reseller
from centers.tenancy.scoping import tenant
from whatsapp.models import Alert, Instance, MaintenanceWindow

# Most pages ask, and nearly never one runs: as a query set it took four times as long.
_ANY = """
SELECT 1 FROM whatsapp_maintenancewindow
WHERE reseller_id = %s AND begins_at <= %s AND ends_at > %s AND ended_at IS NULL LIMIT 1
"""


def running(reseller: Reseller | int, now: datetime) -> list[MaintenanceWindow]:
    """The reseller's windows that run at `now`, whatever scope is open."""
    with connection.cursor() as cursor:
        cursor.execute(_ANY, [reseller.pk if isinstance(reseller, Reseller) else reseller, now, now])
        if cursor.fetchone() is None:
            return []
    with tenant(reseller):
        rows = MaintenanceWindow.objects.filter(begins_at__lte=now, ends_at__gt=now, ended_at=None)
        return list(rows.select_related("center", "instance__center").order_by("ends_at", "pk"))


def under_maintenance(*, reseller: Reseller | int, instances: Iterable[int], now: datetime) -> set[int]:
    """Those of these numbers (ids) that a window covers at `now`; one query while none runs."""
    windows = running(reseller, now)
    if not windows:
        return set()
    rows = Instance.objects.filter(covered_by(windows), pk__in=list(instances))
    return set(rows.values_list("pk", flat=True))


def covered_by(windows: Iterable[MaintenanceWindow]) -> Q:
    """The numbers that at least one of these windows of one reseller is about."""
    covered = Q(pk__in=[])
    for window in windows:
        if window.instance_id:
            covered |= Q(pk=window.instance_id)
        elif window.center_id:
            covered |= Q(center=window.center_id)
        else:
            covered |= Q(reseller=window.reseller_id)
    return covered


def centers_under_maintenance(*, reseller: Reseller | int, centers: Iterable[int], now: datetime) -> set[int]:
    """Those of these centers (ids) whose numbers are all under maintenance by a window of theirs or of the reseller."""
    windows = [window for window in running(reseller, now) if window.instance_id is None]
    if any(window.center_id is None for window in windows):
        return set(centers)
    return set(centers) & {window.center_id for window in windows if window.center_id}


def planned_for_centers(
    *, reseller: Reseller | int, centers: Iterable[int], now: datetime
) -> dict[int, list[tuple[datetime, datetime]]]:
    """(begin, end) of the maintenance that runs or will run, earliest first, for each of these centers (ids).

    In one query. Windows of single numbers are left out: a center is suspended while only some numbers are under
    maintenance.
    """
    windows = _of_centers(reseller, now)
    return {pk: [(begin, end) for own, begin, end in windows if own in (None, pk)] for pk in centers}


def planned_for_all(reseller: Reseller | int, now: datetime) -> list[tuple[datetime, datetime]]:
    """(begin, end) of the maintenance of all centers at once that runs or will run, earliest first."""
    return [(begin, end) for own, begin, end in _of_centers(reseller, now) if own is None]


def planned_for_some(reseller: Reseller | int, now: datetime) -> set[int]:
    """Ids of the centers for which maintenance of their own runs or will run."""
    return {own for own, _begin, _end in _of_centers(reseller, now) if own is not None}


def _of_centers(reseller: Reseller | int, now: datetime) -> list[tuple[int | None, datetime, datetime]]:
    """Center (None: all of them), begin and end of what runs or will run, earliest first."""
    with tenant(reseller):
        rows = MaintenanceWindow.objects.filter(instance=None, ends_at__gt=now, ended_at=None)
        return list(rows.order_by("begins_at", "pk").values_list("center", "begins_at", "ends_at"))


def audible(reseller: Reseller, alerts: Iterable[Alert], now: datetime) -> list[Alert]:
    """The alerts that no running window hides; those that are not about numbers are never hidden."""
    given = list(alerts)
    if all(alert.kind in Alert.ALWAYS_SEEN for alert in given):
        return given
    windows = running(reseller, now)
    return [alert for alert in given if alert.kind in Alert.ALWAYS_SEEN or not _hidden(alert, windows)]


def _hidden(alert: Alert, windows: Iterable[MaintenanceWindow]) -> bool:
    return any(
        (window.instance_id is None and window.center_id is None)
        or (window.center_id is not None and window.center_id == alert.center_id)
        or (window.instance_id is not None and window.instance_id == alert.instance_id)
        for window in windows
    )


def concerning(*, center: Center, now: datetime) -> list[MaintenanceWindow]:
    """The windows that run at `now` for a center: its own, its numbers' and the reseller's, for its portal."""
    return [
        window
        for window in running(center.reseller_id, now)
        if center.pk in (window.center_id, window.instance.center_id if window.instance else None)
        or (window.center_id is None and window.instance_id is None)
    ]


def times_between(
    reseller: Reseller | int, *, since: datetime, until: datetime, now: datetime
) -> list[tuple[datetime, datetime, frozenset[int] | None]]:
    """(begin, end, numbers) of the maintenance that ran from `since` to `until`, at most until `now`.

    `numbers` are ids, those of a center as it has them today; None is all numbers.
    """
    with tenant(reseller):
        rows = MaintenanceWindow.objects.filter(begins_at__lt=min(until, now), ends_at__gt=since)
        ran = [row for row in rows if row.begins_at < row.over_at and row.over_at > since]
        centers = {row.center_id for row in ran if row.center_id}
        numbers: dict[int, set[int]] = {pk: set() for pk in centers if pk}
        for center, pk in Instance.objects.filter(center__in=centers).values_list("center_id", "pk"):
            numbers[center].add(pk)
    return [(row.begins_at, min(row.over_at, now), _numbers(row, numbers)) for row in ran]


def _numbers(window: MaintenanceWindow, of_center: dict[int, set[int]]) -> frozenset[int] | None:
    if window.instance_id:
        return frozenset({window.instance_id})
    return frozenset(of_center[window.center_id]) if window.center_id else None


def ahead(*, instance: Instance, now: datetime) -> QuerySet[MaintenanceWindow]:
    """The windows that run or will run for a number, the next one first."""
    whole = Q(center=None, instance=None)
    rows = MaintenanceWindow.objects.filter(
        whole | Q(center=instance.center_id) | Q(instance=instance), ends_at__gt=now, ended_at=None
    )
    return rows.select_related("center", "instance").order_by("begins_at", "pk")
