"""Taking what is due to one recipient by one channel, so that no one else takes it at the same time.

All that is due in a lane is looked at together: many messages at once become one list, and after a message the lane
rests for a moment, so that an outage of thousands of numbers is two messages for a person and not thousands.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.postgres.aggregates import BoolOr
from django.db import connection, transaction
from django.db.models import Count, Q, QuerySet
from django.db.models.functions import Random

from centers.models import Notification, NotificationPreference, NotificationTry, Reseller
from centers.notifications import registry
from centers.notifications.rules import rule_of
from centers.notifications.timing import permitted_from
from centers.stored_messages import StoredMessage as _
from centers.values.formats import zone_of

#: How long a claim lasts: longer than a try, and than two clocks differ (centers.queue.ticks).
CLAIM = timedelta(minutes=3)
#: More messages than this within STORM_WITHIN become one list.
STORM = 5
STORM_WITHIN = timedelta(minutes=1)
#: How long a lane rests after a message, and after a list: what comes meanwhile goes out together.
REST, REST_AFTER_LIST = timedelta(seconds=30), timedelta(minutes=5)
#: A message whose outcome was lost is sent again; one that is lost this often is given up, since it may be what ends
#: the process. Not sooner: whatever is under way when a process ends is lost with it.
MOST_LOST = 5
_MOST_AT_ONCE = 5000
_LANES_AT_ONCE = 20
State = Notification.State


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows that go out as one message, that of `lead`."""

    lead: Notification
    rows: Sequence[Notification]


def due_lanes(reseller: Reseller, now: datetime) -> list[str]:
    """A few of the lanes in which something is due and no one is at work, those with something urgent first.

    Who has sent what is due in them looks again, so that what became urgent meanwhile does not wait for all others. The
    order is a random one, so that several workers begin with different lanes.
    """
    rows = Notification.objects.filter(reseller=reseller, state=State.WAITING, due_at__lte=now)
    taken = Count("pk", filter=Q(claimed_until__gt=now))
    lanes = rows.order_by().values("lane").annotate(hurries=BoolOr("urgent"), taken=taken).filter(taken=0)
    return list(lanes.order_by("-hurries", Random()).values_list("lane", flat=True)[:_LANES_AT_ONCE])


def resellers_with_due(now: datetime) -> list[int]:
    """Ids of the resellers with something due. Needs a scope over all tenants."""
    return list(_waiting(now).order_by().values_list("reseller_id", flat=True).distinct())


def claim(*, reseller: Reseller, lane: str, now: datetime) -> list[Batch]:
    """Claim what is to be sent in this lane now; [] if there is nothing, or someone else is at work in it."""
    with transaction.atomic():
        if not _alone(reseller, lane) or _at_work(reseller, lane, now):
            return []
        found = list(
            _waiting(now)
            .filter(reseller=reseller, lane=lane)
            .select_related("recipient", "destination", "center")
            .order_by("due_at", "pk")
            .select_for_update(of=("self",))[:_MOST_AT_ONCE]
        )
        for row in found:  # not by a join: it would read the logo for each of them
            row.reseller = reseller
        rows = _permitted(reseller, _not_lost(found, now), now)
        batches = _batches(reseller, lane, rows, now)
        taken = [row.pk for batch in batches for row in batch.rows]
        Notification.objects.filter(pk__in=taken).update(claimed_until=now + CLAIM)
        for batch in batches:
            if len(batch.rows) > 1:
                parts = [row.pk for row in batch.rows if row.pk != batch.lead.pk]
                Notification.objects.filter(pk__in=parts).update(within=batch.lead)
    return batches


def _waiting(now: datetime) -> QuerySet[Notification]:
    free = Q(claimed_until=None) | Q(claimed_until__lte=now)
    return Notification.objects.filter(free, state=State.WAITING, due_at__lte=now)


def _alone(reseller: Reseller, lane: str) -> bool:
    """Whether no other process claims in this lane; until the end of the transaction."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_try_advisory_xact_lock(hashtextextended(%s, %s))", [f"lane:{lane}", reseller.pk]
        )
        return bool(cursor.fetchone()[0])


def _at_work(reseller: Reseller, lane: str, now: datetime) -> bool:
    rows = Notification.objects.filter(reseller=reseller, lane=lane, state=State.WAITING)
    return rows.filter(claimed_until__gt=now).exists()


def _not_lost(rows: Sequence[Notification], now: datetime) -> list[Notification]:
    """Give up rows with which too many processes ended while they were sent."""
    tried = [row.pk for row in rows if row.claimed_until is not None]
    if not tried:
        return list(rows)
    given_up = {pk for pk, times in lost_tries(tried).items() if times >= MOST_LOST}
    reason = _("The process that sent it stopped several times. Whether it arrived is not known.")
    Notification.objects.filter(Q(pk__in=given_up) | Q(within__in=given_up), state=State.WAITING).update(
        state=State.FAILED, error=reason, claimed_until=None
    )
    return [row for row in rows if row.pk not in given_up and row.within_id not in given_up]


def lost_tries(pks: Sequence[int]) -> dict[int, int]:
    """How many tries of each of these rows have an outcome that is not known."""
    unknown = NotificationTry.objects.filter(notification__in=pks, outcome=NotificationTry.Outcome.LOST)
    return Counter(unknown.values_list("notification_id", flat=True))


def _permitted(reseller: Reseller, rows: Sequence[Notification], now: datetime) -> list[Notification]:
    """Those that quiet hours allow now; the others are due later."""
    rules: dict[str, NotificationPreference] = {}
    zone = zone_of(reseller.time_zone)
    allowed, later = [], defaultdict(list)
    for row in rows:
        if row.recipient is None or row.within_id is not None:
            allowed.append(row)
            continue
        if row.kind not in rules:
            rules[row.kind] = rule_of(reseller, row.group, row.recipient, kind=row.kind)
        begin = permitted_from(rules[row.kind], zone=zone, urgent=row.urgent, moment=now)
        if begin > now:
            later[begin].append(row.pk)
        else:
            allowed.append(row)
    for begin, pks in later.items():
        Notification.objects.filter(pk__in=pks).update(due_at=begin)
    return allowed


def _batches(reseller: Reseller, lane: str, rows: list[Notification], now: datetime) -> list[Batch]:
    if not rows:
        return []
    started = _started_list(rows)
    if started is not None:
        return [started]
    condensed: list[Notification] = []
    single: list[Notification] = []
    for row in rows:
        kind = registry.kind(row.kind)
        (condensed if kind is None or kind.condenses else single).append(row)
    batches = [Batch(row, [row]) for row in single[:STORM]]
    recent, rests_until = _recently(reseller, lane, now)
    if condensed and rests_until > now:
        Notification.objects.filter(pk__in=[row.pk for row in condensed]).update(due_at=rests_until)
        return batches
    if len(condensed) + recent > STORM:
        return batches + ([Batch(condensed[0], condensed)] if condensed else [])
    listed = _of_digests(reseller, condensed)
    if len(listed) > 1:
        batches.append(Batch(listed[0], listed))
        condensed = [row for row in condensed if row not in listed]
    return batches + [Batch(row, [row]) for row in condensed]


def _started_list(rows: Sequence[Notification]) -> Batch | None:
    """A list that was tried before, with the same rows: what carries the same key must be the same message."""
    leads = {row.within_id for row in rows if row.within_id is not None}
    for row in rows:
        if row.pk in leads:
            return Batch(row, [row, *(one for one in rows if one.within_id == row.pk)])
    orphans = [row for row in rows if row.within_id is not None]
    for row in orphans:  # their first row was dropped or sent meanwhile
        row.within_id = None
    Notification.objects.filter(pk__in=[row.pk for row in orphans]).update(within=None)
    return None


def _recently(reseller: Reseller, lane: str, now: datetime) -> tuple[int, datetime]:
    """How many rows went out by this lane within STORM_WITHIN, and until when it rests."""
    sent = Notification.objects.filter(reseller=reseller, lane=lane, sent_at__gt=now - REST_AFTER_LIST)
    times = sent.order_by("-sent_at").values_list("sent_at", "state")[: STORM + 1]
    rests, recent = now, 0
    for at, state in times:
        if at is not None:
            rests = max(rests, at + (REST_AFTER_LIST if state == State.CONDENSED else REST))
            recent += at > now - STORM_WITHIN
    return recent, rests


def _of_digests(reseller: Reseller, rows: Sequence[Notification]) -> list[Notification]:
    """Those of kinds that come together in a list; the rows of a lane have one recipient."""
    if len(rows) < 2 or rows[0].recipient is None:
        return []
    digests = {
        kind: rule_of(reseller, group, rows[0].recipient, kind=kind).digest
        for kind, group in {row.kind: row.group for row in rows}.items()
    }
    return [row for row in rows if digests[row.kind] != NotificationPreference.Digest.NONE]
