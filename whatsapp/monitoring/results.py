"""Storing the results of connection checks: rows (their trigger keeps the history), alerts, hints."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection as database
from django.db import transaction

from centers import live
from centers.models import Reseller
from whatsapp.alerts.lifecycle import CONNECTION_KINDS, open_alerts, resolve_alert
from whatsapp.mazbot import ErrorKind
from whatsapp.models import Alert, Connection, Instance, Service
from whatsapp.pairing_attempts import end_connected

Kind = Alert.Kind
_ALARMS = {
    Connection.DISCONNECTED: Kind.DISCONNECTED,
    Connection.EXPIRED: Kind.EXPIRED,
    Connection.UNKNOWN: Kind.UNKNOWN_STATUS,
}

# A result older than the stored one (two workers, one slow) changes nothing.
_MERGE = """
WITH seen AS (
    SELECT * FROM unnest(%s::bigint[], %s::timestamptz[], %s::text[], %s::text[], %s::timestamptz[],
                         %s::text[], %s::int[], %s::timestamptz[])
        AS s(id, at, connection, raw, last_seen, error, failures, next_at)
), old AS (
    SELECT i.id, i.connection, i.check_error
    FROM whatsapp_instance i JOIN seen USING (id)
    WHERE i.reseller_id = %s AND (i.checked_at IS NULL OR i.checked_at <= seen.at)
    ORDER BY i.id FOR UPDATE OF i
)
UPDATE whatsapp_instance AS i SET
    connection = COALESCE(s.connection, i.connection),
    raw_status = COALESCE(s.raw, i.raw_status),
    connection_since = CASE WHEN s.connection <> i.connection THEN s.at ELSE i.connection_since END,
    last_seen = COALESCE(s.last_seen, i.last_seen),
    checked_at = CASE WHEN s.connection IS NULL THEN i.checked_at ELSE s.at END,
    check_failed_at = CASE WHEN s.connection IS NULL THEN s.at END,
    check_error = s.error,
    check_failures = s.failures,
    next_check_at = s.next_at,
    version = i.version + 1
FROM seen s JOIN old o USING (id)
WHERE i.id = s.id
RETURNING i.id, i.center_id, o.connection, i.connection, i.desired_state,
          i.archived_at IS NOT NULL, o.check_error <> i.check_error
"""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One check of one number: `connection` is None if it failed, then `error` is the ErrorKind."""

    instance_pk: int
    at: datetime
    next_check_at: datetime
    connection: Connection | None = None
    raw: str = ""
    last_seen: datetime | None = None
    error: str = ""
    failures: int = 0


@dataclass(frozen=True, slots=True)
class _Row:
    pk: int
    center_id: int
    before: str
    after: str
    desired_state: str
    archived: bool
    error_changed: bool

    @property
    def changed(self) -> bool:
        return self.before != self.after


def record_outcomes(*, reseller: Reseller, outcomes: Sequence[Outcome], alarms: bool = True) -> int:
    """Merge the outcomes in one statement; return the number of changed connections.

    `alarms` False opens no alerts (MazBot itself is failing); alerts whose cause is gone are resolved anyway.
    """
    if not outcomes:
        return 0
    by_pk = {outcome.instance_pk: outcome for outcome in outcomes}
    with transaction.atomic():
        rows = _merge(reseller, list(by_pk.values()))
        changed = [row for row in rows if row.changed]
        _settle_alerts(reseller, rows, by_pk, alarms)
        now_connected = [row.pk for row in changed if row.after == Connection.CONNECTED]
        if now_connected:
            end_connected(reseller_id=reseller.pk, instances=now_connected, now=max(o.at for o in outcomes))
        touched = {row.center_id for row in rows if row.changed or row.error_changed}
        live.publish(reseller.pk, "instances", centers=tuple(sorted(touched)))
    return len(changed)


def _merge(reseller: Reseller, outcomes: list[Outcome]) -> list[_Row]:
    columns: list[list[Any]] = [
        [item.instance_pk for item in outcomes],
        [item.at for item in outcomes],
        [item.connection.value if item.connection else None for item in outcomes],
        [item.raw[:64] if item.connection else None for item in outcomes],
        [item.last_seen for item in outcomes],
        [item.error for item in outcomes],
        [item.failures for item in outcomes],
        [item.next_check_at for item in outcomes],
    ]
    with database.cursor() as cursor:
        cursor.execute(_MERGE, [*columns, reseller.pk])
        return [_Row(*row) for row in cursor.fetchall()]


def _settle_alerts(reseller: Reseller, rows: list[_Row], by_pk: dict[int, Outcome], alarms: bool) -> None:
    """Open and resolve alerts so that each number has the one for its state, or none."""
    open_now: dict[int, set[str]] = {row.pk: set() for row in rows}
    known = Alert.objects.filter(instance__in=open_now, resolved_at=None, kind__in=CONNECTION_KINDS)
    for pk, kind in known.values_list("instance_id", "kind"):
        open_now[pk].add(kind)
    opening, closing = [], []
    for row in rows:
        expected = _alert_kinds(row, by_pk[row.pk], open_now[row.pk])
        closing += [(row.pk, kind) for kind in open_now[row.pk] - expected]
        if alarms:
            opening += [_alert(reseller, row, by_pk[row.pk], kind) for kind in expected - open_now[row.pk]]
    open_alerts(reseller=reseller, alerts=opening)
    for kind in {kind for _pk, kind in closing}:
        over = Instance.objects.filter(pk__in=[pk for pk, one in closing if one == kind])
        latest = max(by_pk[pk].at for pk, one in closing if one == kind)
        resolve_alert(reseller=reseller, kind=Kind(kind), instance=over, now=latest)


def _alert_kinds(row: _Row, outcome: Outcome, open_now: set[str]) -> set[str]:
    if row.archived:
        return set()
    if outcome.error == ErrorKind.NOT_FOUND:
        return {Kind.NOT_FOUND}
    if outcome.connection is None:
        return open_now
    if row.desired_state == Service.DISABLED:
        return set()
    if outcome.connection == Connection.PAIRING:
        # Not recovered yet: someone is pairing the phone.
        return open_now & {Kind.DISCONNECTED, Kind.EXPIRED}
    alarm = _ALARMS.get(outcome.connection)
    return {alarm} if alarm else set()


def _alert(reseller: Reseller, row: _Row, outcome: Outcome, kind: str) -> Alert:
    return Alert(
        reseller=reseller,
        instance_id=row.pk,
        center_id=row.center_id,
        kind=kind,
        detail=outcome.raw[:300] if kind == Kind.UNKNOWN_STATUS else "",
        opened_at=outcome.at,
    )
