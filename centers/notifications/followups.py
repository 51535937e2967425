"""What follows a first message: repeats, another person if no one reacts, and the end of both."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from centers.models import Destination, Notification, Reseller, User
from centers.notifications.destinations import EMAIL
from centers.notifications.outbox import FIRST, State, copied, lane_of, wake
from centers.notifications.rules import destinations_of, rule_of, ways
from centers.tenancy.scoping import tenant

_MOST_AT_ONCE = 500
AGAIN, ESCALATED = "again", "escalated"


def stop(*, reseller: Reseller, about: Iterable[str]) -> None:
    """Repeat and escalate nothing about these subjects any further; in the caller's transaction."""
    rows = Notification.objects.filter(reseller=reseller, about__in=list(about))
    rows.filter(Q(repeat_at__isnull=False) | Q(escalate_at__isnull=False)).update(
        repeat_at=None, escalate_at=None
    )
    waiting = Q(event__startswith=AGAIN) | Q(event__startswith=ESCALATED)
    rows.filter(waiting, state=State.WAITING, claimed_until=None).update(state=State.DROPPED)


def drop(*, reseller: Reseller, about: Iterable[str], prefix: str = "") -> None:
    """Don't send what still waits about these subjects (of the events that begin so); in the caller's transaction."""
    rows = Notification.objects.filter(
        reseller=reseller, about__in=list(about), state=State.WAITING, claimed_until=None
    )
    rows.filter(event__startswith=prefix).update(state=State.DROPPED, escalate_at=None, within=None)


def tell_those_who_know(
    *, reseller: Reseller, about: Iterable[str], event: str, over: str, not_before: datetime, now: datetime
) -> int:
    """Write `event` to all who got, or are getting, a message that these subjects began, by the same channel.

    Those who have heard since that it is over (events that begin with `over`) don't know of what began later.

    Runs in the caller's transaction; returns how many rows were written.
    """
    known = Q(state__in=(State.SENT, State.CONDENSED)) | Q(claimed_until__isnull=False)
    heard = Notification.objects.filter(known, reseller=reseller, about__in=list(about))
    began = Q(event__startswith=FIRST) | Q(event__startswith=ESCALATED)
    latest = heard.filter(began | Q(event__startswith=over)).distinct("about", "lane")
    rows = [row for row in latest.order_by("about", "lane", "-pk") if not row.event.startswith(over)]
    return _copy(reseller, rows, event, due_at=not_before, now=now)


def due(now: datetime) -> list[int]:
    """Ids of the resellers with something to repeat or escalate. Needs a scope over all tenants."""
    rows = Notification.objects.filter(Q(repeat_at__lte=now) | Q(escalate_at__lte=now))
    return list(rows.order_by().values_list("reseller_id", flat=True).distinct())


def follow_up(*, reseller: Reseller, now: datetime) -> int:
    """Write the repeats and escalations of one reseller that are due; return how many."""
    with tenant(reseller), transaction.atomic():
        return _repeat(reseller, now) + _escalate(reseller, now)


def _repeat(reseller: Reseller, now: datetime) -> int:
    found = Notification.objects.filter(reseller=reseller, repeat_at__lte=now).select_related("recipient")
    rows = list(found.order_by("repeat_at").select_for_update(of=("self",), skip_locked=True)[:_MOST_AT_ONCE])
    written = 0
    for row in rows:
        hours = rule_of(reseller, row.group, row.recipient, kind=row.kind).resend_hours
        # Named by the hour, so that a second worker writes the same row.
        if hours:
            written += _copy(reseller, [row], f"{AGAIN}.{row.repeat_at:%y%m%d%H%M}", due_at=now, now=now)
        row.repeat_at = now + timedelta(hours=hours) if hours else None
        row.save(update_fields=["repeat_at"])
    return written


def _escalate(reseller: Reseller, now: datetime) -> int:
    found = Notification.objects.filter(reseller=reseller, escalate_at__lte=now).select_related("recipient")
    rows = list(
        found.order_by("escalate_at").select_for_update(of=("self",), skip_locked=True)[:_MOST_AT_ONCE]
    )
    written = []
    reached: dict[tuple[int, str], list[tuple[str, Destination | None]]] = {}
    for row in rows:
        person = rule_of(reseller, row.group, row.recipient, kind=row.kind).escalate_to
        if person is not None and person.memberships.filter(reseller=reseller, center=None).exists():
            key = person.pk, row.kind
            if key not in reached:
                reached[key] = _ways_to(person, reseller, row)
            written += [_escalated(row, person, reseller, *way, now=now) for way in reached[key]]
    Notification.objects.filter(pk__in=[row.pk for row in rows]).update(escalate_at=None)
    return _write(reseller, written)


def _ways_to(person: User, reseller: Reseller, row: Notification) -> list[tuple[str, Destination | None]]:
    """How the person gets such messages; by email if they chose none, or no destination works."""
    rule = rule_of(reseller, row.group, person, kind=row.kind)
    found = list(ways(rule, destinations_of(reseller, [person]).get(person.pk, [])))
    return found or [(EMAIL, None)]


def _escalated(
    row: Notification,
    person: User,
    reseller: Reseller,
    channel: str,
    place: Destination | None,
    *,
    now: datetime,
) -> Notification:
    destination = place.pk if place is not None else None
    return copied(
        row,
        # Of each beginning one: a job has the same subject whenever it fails.
        event=ESCALATED + row.event.removeprefix(FIRST),
        recipient_id=person.pk,
        destination_id=destination,
        channel=channel,
        lane=lane_of(channel, user=person.pk, destination=destination),
        language=person.language or reseller.language,
        created_at=now,
        due_at=now,
    )


def _copy(
    reseller: Reseller, rows: Iterable[Notification], event: str, *, due_at: datetime, now: datetime
) -> int:
    return _write(reseller, [copied(row, event=event, created_at=now, due_at=due_at) for row in rows])


def _write(reseller: Reseller, copies: list[Notification]) -> int:
    if copies:
        Notification.objects.bulk_create(copies, batch_size=1000, ignore_conflicts=True)
        wake(reseller)
    return len(copies)
