"""Reading numbers before a check is recorded, and writing all of them in one statement."""

from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass, fields
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import connection as database
from django.db.models import Count, Exists, OuterRef

from centers.models import Reseller
from whatsapp.models import Connection, Instance, PairingAttempt, Service, StatusInterval
from whatsapp.monitoring.deciding import (
    FLAPPING_WINDOW,
    LONGEST_PAIRING,
    UNDONE_WITHIN,
    Facts,
    Outcome,
    Status,
)

State = PairingAttempt.State
_COLUMNS = tuple(field.name for field in fields(Status))
_TYPES: dict[Any, str] = {datetime | None: "timestamptz", str: "text", int: "int"}
_NOT_CONNECTED = (Connection.DISCONNECTED, Connection.EXPIRED, Connection.PAIRING, Connection.UNKNOWN)
#: A time of a check that lies further ahead of the clock than this comes from a clock that was set back since.
CLOCK_SET_BACK = timedelta(minutes=5)

_WRITE = f"""
UPDATE whatsapp_instance AS i SET {", ".join(f"{name} = s.{name}" for name in _COLUMNS)}, version = i.version + 1
FROM unnest(%s::bigint[], {", ".join(f"%s::{_TYPES[field.type]}[]" for field in fields(Status))})
    AS s(id, {", ".join(_COLUMNS)})
WHERE i.id = s.id
"""  # noqa: S608


# Most results say that a connected number is still connected: for all resellers in one statement, without a look at
# alerts and history. Left out is what is no longer as it was when it was loaded, what is in a condition that the
# result could end, and whose phone was quiet for so long that the result says something about its rhythm.
_WRITE_UNCHANGED = """
UPDATE whatsapp_instance AS i SET
    raw_status = s.raw,
    last_seen = COALESCE(s.last_seen, i.last_seen),
    checked_at = s.at,
    check_failed_at = NULL,
    check_failures = 0,
    next_check_at = s.next_at,
    version = i.version + 1
FROM unnest(%s::bigint[], %s::timestamptz[], %s::text[], %s::timestamptz[], %s::timestamptz[])
    AS s(id, at, raw, last_seen, next_at)
WHERE i.id = s.id AND i.connection = 'connected' AND i.check_error = ''
    AND i.condition = '' AND i.suspect_since IS NULL AND i.first_connected_at IS NOT NULL
    AND COALESCE(s.at - COALESCE(s.last_seen, i.last_seen) < interval '10 minutes', true)
    AND COALESCE(s.last_seen - i.last_seen < interval '10 minutes', true)
    AND (i.checked_at IS NULL OR i.checked_at <= s.at)
RETURNING i.id
"""


class Asked(NamedTuple):
    """What a check needs of its number, as it was loaded; a number's row has the same fields and costs far more."""

    pk: int
    instance_id: str
    connection: str
    connection_since: datetime | None
    check_error: str
    check_failures: int
    desired_state: str


@dataclass(frozen=True, slots=True)
class Checked:
    """One number with its outcome: `before` is what is stored, `after` what the check makes of it."""

    pk: int
    center_id: int
    off: bool
    archived: bool
    outcome: Outcome
    before: Status
    after: Status

    @property
    def changed(self) -> bool:
        """Whether the connection changed (confirmed)."""
        return self.before.connection != self.after.connection

    @property
    def visible(self) -> bool:
        """Whether pages show something else than before, apart from times."""
        return (
            self.changed
            or self.before.check_error != self.after.check_error
            or self.before.condition != self.after.condition
        )


def lock(reseller: Reseller, outcomes: Sequence[Outcome]) -> list[Checked]:
    """The reseller's numbers that these outcomes are about, locked; `after` is still `before`.

    An outcome older than the stored one (two workers, one slow) is left out.
    """
    by_pk = {outcome.instance_pk: outcome for outcome in outcomes}
    rows = Instance.objects.filter(pk__in=by_pk, reseller=reseller).order_by("pk").select_for_update()
    names = ("pk", "center_id", "desired_state", "archived_at", *_COLUMNS)
    checked = []
    for pk, center, desired, archived_at, *values in rows.values_list(*names):
        status, outcome = Status(*values), by_pk[pk]
        if not _is_older(outcome.at, status.checked_at):
            off = desired == Service.DISABLED
            checked.append(Checked(pk, center, off, archived_at is not None, outcome, status, status))
    return checked


def _is_older(at: datetime, known: datetime | None) -> bool:
    return known is not None and at < known <= at + CLOCK_SET_BACK


def write(checked: Iterable[Checked]) -> None:
    """Store `after` of each number."""
    rows = [(row.pk, *astuple(row.after)) for row in checked]
    if not rows:
        return
    columns: list[list[Any]] = [list(column) for column in zip(*rows, strict=True)]
    with database.cursor() as cursor:
        cursor.execute(_WRITE, columns)


def write_unchanged(outcomes: Iterable[Outcome]) -> set[int]:
    """Store results, of any resellers, that say that a connected number is still connected.

    Returns the keys of the numbers stored; the others need `results.record_outcomes`.
    """
    ordered = sorted(outcomes, key=lambda item: item.instance_pk)
    columns: list[list[Any]] = [
        [item.instance_pk for item in ordered],
        [item.at for item in ordered],
        [item.raw[:64] for item in ordered],
        [item.last_seen for item in ordered],
        [item.next_check_at for item in ordered],
    ]
    with database.cursor() as cursor:
        cursor.execute(_WRITE_UNCHANGED, columns)
        return {pk for (pk,) in cursor.fetchall()}


def facts_of(checked: Sequence[Checked], stale_after: timedelta) -> dict[int, Facts]:
    """The facts around each number; only those that are not simply connected cost a query."""
    differing = [row for row in checked if row.outcome.connection not in (None, row.before.connection)]
    pairing = [row for row in checked if row.outcome.connection == Connection.PAIRING]
    asked, paired = _pairings([*differing, *pairing])
    returns = _returns([row for row in differing if row.before.connection == Connection.CONNECTED])
    return {
        row.pk: Facts(
            stale_after=stale_after,
            off=row.off,
            pairing_asked=row.pk in asked,
            just_paired=row.pk in paired,
            returns=returns.get(row.pk, 0),
        )
        for row in checked
    }


def _pairings(rows: Sequence[Checked]) -> tuple[set[int], set[int]]:
    """The numbers for which a person requested a code: not scanned yet, and scanned moments ago."""
    if not rows:
        return set(), set()
    now = min(row.outcome.at for row in rows)
    attempts = PairingAttempt.objects.filter(
        instance__in={row.pk for row in rows}, started_at__gt=now - LONGEST_PAIRING
    )
    waiting = attempts.filter(state__in=(State.ASKING, State.SHOWN, State.EXPIRED))
    scanned = attempts.filter(state=State.CONNECTED, ended_at__gt=now - UNDONE_WITHIN)
    return (
        set(waiting.values_list("instance_id", flat=True)),
        set(scanned.values_list("instance_id", flat=True)),
    )


def _returns(rows: Sequence[Checked]) -> dict[int, int]:
    """How often each of these numbers was connected again within FLAPPING_WINDOW."""
    if not rows:
        return {}
    since = min(row.outcome.at for row in rows) - FLAPPING_WINDOW
    was_down = StatusInterval.objects.filter(
        instance=OuterRef("instance"), until=OuterRef("since"), connection__in=_NOT_CONNECTED
    )
    back = StatusInterval.objects.filter(
        Exists(was_down),
        instance__in=[row.pk for row in rows],
        since__gt=since,
        connection=Connection.CONNECTED,
    )
    return dict(back.order_by().values_list("instance_id").annotate(Count("pk")))
