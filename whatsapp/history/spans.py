"""Reading a number's intervals as spans by cause."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import groupby
from operator import attrgetter

from django.db import connection as database
from django.db.models import Q, QuerySet

from whatsapp.alerts.maintenance import times_between
from whatsapp.history.causes import Cause, Span, Window, cause_of, explained
from whatsapp.models import Alert, AlertEvent, Instance, StatusInterval

#: Alerts that say that MazBot, and not a phone, was at fault.
_PROVIDER_KINDS = (Alert.Kind.PROVIDER_FAILING, Alert.Kind.NUMBERS_DROPPED)


def spans_of(instance: Instance, *, since: datetime, until: datetime, now: datetime) -> list[Span]:
    """The number's spans from `since` to `until` (at most `now`), oldest first, in a fixed number of queries.

    Nothing is known, and nothing returned, of the time before its first check.
    """
    rows = StatusInterval.objects.filter(instance=instance)
    windows = windows_of(instance.reseller_id, since=since, until=until, now=now)
    spans = _spans(rows, since, until, now, unobserved_after(instance.reseller_id))
    return explained(spans, windows)


def spans_by_number(
    reseller_id: int, *, since: datetime, until: datetime, now: datetime
) -> Iterator[list[Span]]:
    """The spans of each number of the reseller, one number after the other, in a fixed number of queries."""
    rows = StatusInterval.objects.filter(reseller=reseller_id)
    windows = windows_of(reseller_id, since=since, until=until, now=now)
    spans = _spans(rows, since, until, now, unobserved_after(reseller_id))
    for _number, own in groupby(spans, key=attrgetter("instance_id")):
        yield explained(own, windows)


def windows_of(reseller_id: int, *, since: datetime, until: datetime, now: datetime) -> list[Window]:
    """Provider incidents and maintenance that touch the time from `since` to `until`."""
    alerts = Alert.objects.filter(
        Q(resolved_at=None) | Q(resolved_at__gt=since),
        reseller=reseller_id,
        kind__in=_PROVIDER_KINDS,
        opened_at__lt=until,
    )
    rows = list(alerts.order_by("opened_at").values_list("pk", "times", "opened_at", "resolved_at"))
    returned = _times_of([pk for pk, times, *_ends in rows if times > 1], now)
    lasted = [pair for pk, _times, begin, end in rows for pair in returned.get(pk) or [(begin, end or now)]]
    provider_incidents = [Window(Cause.PROVIDER, *pair) for pair in lasted]
    planned = times_between(reseller_id, since=since, until=until, now=now)
    return provider_incidents + [Window(Cause.MAINTENANCE, *about) for about in planned]


def _times_of(alert_ids: list[int], now: datetime) -> dict[int, list[tuple[datetime, datetime]]]:
    """(begin, end) of each time that these alerts were open: one that returned was over in between."""
    if not alert_ids:
        return {}
    kinds = (AlertEvent.Kind.OPENED, AlertEvent.Kind.RETURNED, AlertEvent.Kind.RESOLVED)
    events = AlertEvent.objects.filter(alert__in=alert_ids, kind__in=kinds).order_by("alert", "at", "pk")
    found: dict[int, list[tuple[datetime, datetime]]] = {}
    begun: dict[int, datetime] = {}
    for pk, kind, at in events.values_list("alert_id", "kind", "at"):
        if kind != AlertEvent.Kind.RESOLVED:
            begun.setdefault(pk, at)
        elif pk in begun:
            found.setdefault(pk, []).append((begun.pop(pk), at))
    for pk, at in begun.items():
        found.setdefault(pk, []).append((at, now))
    return found


def unobserved_after(reseller_id: int) -> timedelta:
    """How long after its last check a status counts as known; the database's rule (migrations/_intervals.py)."""
    with database.cursor() as cursor:
        cursor.execute("SELECT whatsapp_unobserved_after(%s)", [reseller_id])
        row = cursor.fetchone()
    result: timedelta = row[0]
    return result


def _spans(
    rows: "QuerySet[StatusInterval]", since: datetime, until: datetime, now: datetime, limit: timedelta
) -> Iterator[Span]:
    touching = rows.filter(Q(until=None) | Q(until__gt=since), since__lt=until)
    columns = ("instance_id", "since", "until", "connection", "off", "ever_connected", "instance__checked_at")
    for pk, begin, end, connection, off, ever, checked_at in (
        touching.order_by("instance", "since").values_list(*columns).iterator(chunk_size=5000)
    ):
        cause = cause_of(connection=connection, off=off, ever_connected=ever)
        known_until = end or now
        if end is None and not off and now - max(checked_at or begin, begin) > limit:
            known_until = max(checked_at or begin, begin)
        pieces = [(cause, begin, known_until), (Cause.UNKNOWN, known_until, end or now)]
        yield from _clipped(pk, pieces, since, min(until, now))


def _clipped(
    pk: int, pieces: Iterable[tuple[Cause, datetime, datetime]], since: datetime, until: datetime
) -> Iterator[Span]:
    for cause, begin, end in pieces:
        first, last = max(begin, since), min(end, until)
        if first < last:
            yield Span(pk, cause, first, last)
