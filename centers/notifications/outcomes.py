"""What follows from the outcome of a try: sent, tried again later, given up; and destinations that are dead."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F

from centers.models import Destination, Notification, NotificationTry
from centers.notifications import registry
from centers.notifications.claims import MOST_LOST, Batch, lost_tries
from centers.notifications.destinations import EMAIL, pause_address, pause_destination
from centers.notifications.message import Accepted, ChannelError
from centers.notifications.outbox import FIRST, copied, lane_of
from centers.notifications.rules import rule_of

#: Waits before the next try; after the last one the message is given up.
WAITS = tuple(timedelta(seconds=seconds) for seconds in (10, 60, 5 * 60, 30 * 60, 2 * 3600, 12 * 3600))
LONGEST_WAIT = timedelta(days=1)
#: A destination that refuses this many messages in a row is paused.
MOST_FAILURES = 10
Outcome = NotificationTry.Outcome
State = Notification.State


def record(batch: Batch, attempt: NotificationTry, result: Accepted | ChannelError, now: datetime) -> None:
    """Record the outcome of a try and what follows from it, in one transaction."""
    with transaction.atomic():
        if isinstance(result, Accepted):
            _sent(batch, attempt, result, now)
        else:
            _refused(batch, attempt, result, now)


def fail(batch: Batch, reason: str) -> None:
    """Give the rows up without a try."""
    with transaction.atomic():
        _give_up([row.pk for row in batch.rows], reason)
        _fall_back(batch.rows)


def drop(rows: Sequence[Notification]) -> None:
    """The rows are no longer needed."""
    Notification.objects.filter(pk__in=[row.pk for row in rows], state=State.WAITING).update(
        state=State.DROPPED, claimed_until=None, escalate_at=None, within=None
    )


def _sent(batch: Batch, attempt: NotificationTry, result: Accepted, now: datetime) -> None:
    lead = batch.lead
    _close(attempt, Outcome.SENT, answer=result.answer)
    fields = {"sent_at": now, "claimed_until": None, "error": "", "subject": lead.subject}
    parts = [row.pk for row in batch.rows]
    state = State.CONDENSED if len(parts) > 1 else State.SENT
    # A provider can report that it came back before we know that it was taken.
    rows = Notification.objects.filter(pk__in=parts).exclude(state__in=(State.BOUNCED, State.SPAM))
    rows.update(state=state, provider_id=result.provider_id[:200], answer=result.answer[:300], **fields)
    _plan_repeats(batch, now)
    if lead.destination_id:
        Destination.objects.filter(pk=lead.destination_id).update(failures=0, last_sent_at=now)


def _plan_repeats(batch: Batch, now: datetime) -> None:
    """The first message is repeated while its subject lasts, for those who chose that."""
    lead = batch.lead
    if lead.recipient is None:
        return
    firsts: dict[tuple[str, str], list[int]] = {}
    for row in batch.rows:
        if row.event.startswith(FIRST):
            firsts.setdefault((row.group, row.kind), []).append(row.pk)
    for (group, kind), pks in firsts.items():
        hours = rule_of(lead.reseller, group, lead.recipient, kind=kind).resend_hours
        if hours:
            Notification.objects.filter(pk__in=pks).update(repeat_at=now + timedelta(hours=hours))


def _refused(batch: Batch, attempt: NotificationTry, error: ChannelError, now: datetime) -> None:
    lead = batch.lead
    final = error.permanent or error.dead or lead.attempts > len(WAITS)
    if error.unsure:
        final = final or lost_tries([lead.pk]).get(lead.pk, 0) >= MOST_LOST
        _close(attempt, Outcome.LOST, answer=error.answer, error=error.reason)
    else:
        outcome = Outcome.FAILED if final else Outcome.RETRIED
        _close(attempt, outcome, answer=error.answer, error=error.reason)
    pks = [row.pk for row in batch.rows]
    if final:
        _give_up(pks, error.reason, answer=error.answer)
        _fall_back(batch.rows)
    else:
        wait = WAITS[lead.attempts - 1]
        if error.retry_after is not None:
            wait = min(max(wait, timedelta(seconds=error.retry_after)), LONGEST_WAIT)
        Notification.objects.filter(pk__in=pks, state=State.WAITING).update(
            due_at=now + wait, claimed_until=None, error=error.reason, answer=error.answer[:300]
        )
    _count_failure(lead, error, now)


def _close(attempt: NotificationTry, outcome: Outcome, *, answer: str, error: str = "") -> None:
    attempt.outcome, attempt.answer, attempt.error = outcome, answer[:300], error
    attempt.save(update_fields=["outcome", "answer", "error"])


def _give_up(pks: Sequence[int], reason: str, *, answer: str = "") -> None:
    Notification.objects.filter(pk__in=pks, state=State.WAITING).update(
        state=State.FAILED, error=reason, answer=answer[:300], claimed_until=None
    )


def _fall_back(rows: Sequence[Notification]) -> None:
    """What a person cannot get by another channel goes to their email address, unless it already does."""
    copies = [
        copied(row, destination_id=None, channel="email", lane=lane_of("email", user=row.recipient_id))
        for row in rows
        if row.recipient_id is not None and row.channel != "email" and not _verifies(row)
    ]
    Notification.objects.bulk_create(copies, ignore_conflicts=True)


def _verifies(row: Notification) -> bool:
    kind = registry.kind(row.kind)
    return kind is not None and kind.verifies


def _count_failure(lead: Notification, error: ChannelError, now: datetime) -> None:
    if lead.destination_id is None:
        if error.dead and lead.channel == EMAIL:
            pause_address(
                reseller=lead.reseller,
                user=lead.recipient,
                address=lead.email_address,
                reason=error.reason,
                now=now,
            )
        return
    own = Destination.objects.filter(pk=lead.destination_id)
    own.update(failures=F("failures") + 1)
    place = own.select_related("reseller").get()
    if error.dead or place.failures >= MOST_FAILURES:
        pause_destination(destination=place, reason=error.reason, now=now)
