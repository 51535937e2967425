"""When maintenance begins and ends: hints to open pages, and alerts for what is still down at the end."""

from collections.abc import Iterator
from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet

from centers.models import Reseller
from centers.stored_messages import StoredMessage as _
from centers.tenancy.scoping import every_tenant
from whatsapp.alerts.lifecycle import open_alert
from whatsapp.alerts.maintenance import covered_by
from whatsapp.alerts.maintenance_plan import hint
from whatsapp.mazbot import ErrorKind
from whatsapp.models import Alert, Condition, Connection, Instance, MaintenanceWindow, MazbotAccount, Service
from whatsapp.monitoring.results import Outcome, record_outcomes

CHUNK = 500
_TROUBLE = (Condition.NEEDS_QR, Condition.STALE, Condition.FLAPPING)
_FINE = (Connection.CONNECTED, Connection.PAIRING, Connection.UNCHECKED)


def announce_begun(*, now: datetime) -> int:
    """Hint to open pages that windows of any reseller began; return how many. Needs a scope over all tenants."""
    with transaction.atomic():
        begun = MaintenanceWindow.objects.filter(
            announced_at=None, begins_at__lte=now, settled_at=None, ended_at=None
        )
        rows = list(begun.select_for_update(of=("self",), skip_locked=True))
        MaintenanceWindow.objects.filter(pk__in=[row.pk for row in rows]).update(announced_at=now)
        for row in rows:
            hint(row)
    return len(rows)


def ended_unsettled(now: datetime) -> list[int]:
    """Ids of the resellers with a window that is over and not settled yet (reads across tenants)."""
    with every_tenant():
        rows = _unsettled(now).order_by("reseller_id").values_list("reseller_id", flat=True)
        return list(rows.distinct())


def settle_ended(*, reseller: Reseller, now: datetime) -> int:
    """Open the alerts that the reseller's ended windows had hidden; return how many windows ended.

    The last known state of each number counts, and each that is down is checked next. What another window still covers
    stays hidden until that one ends.
    """
    with transaction.atomic():
        rows = list(
            _unsettled(now).filter(reseller=reseller).select_for_update(of=("self",), skip_locked=True)
        )
        ran = [row for row in rows if row.state(now) != MaintenanceWindow.State.CANCELED]
        if ran:
            _look_again(reseller, ran, now)
        MaintenanceWindow.objects.filter(pk__in=[row.pk for row in rows]).update(settled_at=now)
        for row in ran:
            hint(row)
    return len(rows)


def _unsettled(now: datetime) -> QuerySet[MaintenanceWindow]:
    return MaintenanceWindow.objects.filter(Q(ends_at__lte=now) | Q(ended_at__isnull=False), settled_at=None)


def _look_again(reseller: Reseller, windows: list[MaintenanceWindow], now: datetime) -> None:
    numbers = Instance.objects.filter(covered_by(windows), archived_at=None)
    for outcomes in _last_outcomes(numbers, now):
        record_outcomes(reseller=reseller, outcomes=outcomes)
    # Calls that MazBot has not confirmed are tried again now, and alert if that fails too.
    numbers.filter(switch_next_at__isnull=False).update(switch_next_at=now)
    numbers.filter(webhook_next_at__isnull=False).update(webhook_next_at=now)
    whole = any(window.center_id is None and window.instance_id is None for window in windows)
    failing = MazbotAccount.objects.filter(reseller=reseller, failing_since__isnull=False)
    # One by many drops began before the maintenance, so its alert is open.
    if whole and failing.filter(drops_since=None).exists():
        detail = _("It was failing when the maintenance ended.")
        open_alert(reseller=reseller, kind=Alert.Kind.PROVIDER_FAILING, detail=detail, now=now)


def _last_outcomes(numbers: QuerySet[Instance], now: datetime) -> Iterator[list[Outcome]]:
    """The last known results of the numbers that are down, to be weighed again, in chunks."""
    troubled = ~Q(connection__in=_FINE) | Q(condition__in=_TROUBLE)
    answered = Q(check_error="", checked_at__isnull=False) & troubled
    unknown = Q(check_error=ErrorKind.NOT_FOUND.value, check_failed_at__isnull=False)
    down = list(numbers.filter(answered | unknown, desired_state=Service.ENABLED).order_by("pk"))
    for start in range(0, len(down), CHUNK):
        yield [_last_outcome(row, now) for row in down[start : start + CHUNK]]


def _last_outcome(row: Instance, now: datetime) -> Outcome:
    if row.check_error:
        return Outcome(
            instance_pk=row.pk,
            at=row.check_failed_at or now,
            next_check_at=now,
            error=row.check_error,
            failures=row.check_failures,
        )
    return Outcome(
        instance_pk=row.pk,
        at=row.checked_at or now,
        next_check_at=now,
        connection=Connection(row.connection),
        raw=row.raw_status,
        last_seen=row.last_seen,
    )
