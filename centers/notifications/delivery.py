"""Delivering what is due: claim, compose, hand over without a transaction or connection, record, retry."""

import math
import time
from datetime import datetime

import structlog
from django.conf import settings
from django.db import connection, transaction
from django.db.models import F

from centers import clock, live
from centers.models import Destination, Notification, NotificationTry, Reseller
from centers.notifications import outcomes, registry
from centers.notifications.claims import CLAIM, Batch, claim, due_lanes
from centers.notifications.compose import compose
from centers.notifications.destinations import paused_address
from centers.notifications.message import Accepted, Channel, ChannelError, Message
from centers.stored_messages import StoredMessage as _
from centers.tenancy.scoping import tenant

log = structlog.get_logger(__name__)
State = Notification.State


def deliver_due(*, reseller: Reseller, now: datetime | None = None, seconds: float = math.inf) -> int:
    """Send what is due for one reseller until nothing is, or so many seconds are over.

    `now` stands for the moment of every try; without it each has its own. Returns how many messages were tried.
    """
    tried, end = 0, time.monotonic() + seconds
    with tenant(reseller):
        while time.monotonic() < end and (lanes := due_lanes(reseller, now or clock.now())):
            tried += sum(_deliver_lane(reseller, lane, now or clock.now()) for lane in lanes)
    return tried


def _deliver_lane(reseller: Reseller, lane: str, now: datetime) -> int:
    tried = 0
    for batch in claim(reseller=reseller, lane=lane, now=now):
        tried += _deliver(batch, now)
    if tried:
        live.publish(reseller.pk, "notifications")
    return tried


def _deliver(batch: Batch, now: datetime) -> bool:
    """Whether the message was handed to its channel, accepted or not."""
    entry = registry.channel(batch.lead.channel)
    obstacle = _obstacle(batch.lead, entry)
    if entry is None or obstacle:
        outcomes.fail(batch, obstacle)
        return False
    try:
        with transaction.atomic():
            message = compose(batch.lead, batch.rows, now)
    except Exception as error:  # a message that cannot be written must not stop the others
        log.exception("notification_not_written", notification_id=batch.lead.pk)
        outcomes.fail(
            batch, _("The message couldn't be written (%(error)s).") % {"error": type(error).__name__}
        )
        return False
    if message is None:
        outcomes.drop(batch.rows)
        return False
    attempt = _begin(batch, message, now)
    if attempt is not None:
        _hand_over(entry.channel, batch, message, attempt, now)
    return attempt is not None


def _obstacle(row: Notification, entry: registry.ChannelEntry | None) -> str:
    """Why nothing can be sent this way, or ""."""
    if entry is None or registry.kind(row.kind) is None:
        return _("This version of Markaz doesn't send this kind of message.")
    if row.destination is None:
        return _obstacle_without_destination(row, entry)
    # As it is now: the message before may have paused it.
    place = Destination.objects.filter(pk=row.destination.pk).first()
    if place is None or place.paused_at is not None:
        return _("This destination is paused.")
    kind = registry.kind(row.kind)
    return "" if place.verified_at or (kind and kind.verifies) else _("This destination isn't verified.")


def _obstacle_without_destination(row: Notification, entry: registry.ChannelEntry) -> str:
    if entry.own_address:
        return _obstacle_of_address(row)
    if not row.is_to_contact:
        return _("This destination was removed.")
    return "" if row.own_address else _("The center has no phone number. Enter one, then send it again.")


def _obstacle_of_address(row: Notification) -> str:
    address = _address(row)
    if not address:
        return _("The center has no email address. Enter one, then send it again.")
    place = paused_address(row.reseller, address)
    if place is None:
        return ""
    return _("Nothing is sent to this address until someone confirms it. %(reason)s") % {
        "reason": place.pause_reason
    }


def _begin(batch: Batch, message: Message, now: datetime) -> NotificationTry | None:
    """Record, before it begins, a try whose outcome is not known; None if the claim is no longer ours."""
    with transaction.atomic():
        lead = Notification.objects.select_for_update().get(pk=batch.lead.pk)
        if lead.state != State.WAITING or lead.attempts != batch.lead.attempts:
            return None
        until = now + CLAIM
        Notification.objects.filter(pk__in=[row.pk for row in batch.rows]).update(
            attempts=F("attempts") + 1, claimed_until=until
        )
        if lead.is_to_contact:
            batch.lead.address = _address(batch.lead)
            Notification.objects.filter(pk=lead.pk).update(address=batch.lead.address)
        batch.lead.attempts += 1
        batch.lead.subject = message.subject
        return NotificationTry.objects.create(
            reseller_id=lead.reseller_id,
            notification=lead,
            at=now,
            outcome=NotificationTry.Outcome.LOST,
        )


def _hand_over(
    channel: Channel, batch: Batch, message: Message, attempt: NotificationTry, now: datetime
) -> None:
    address = _address(batch.lead)
    _give_connection_back()
    result: Accepted | ChannelError
    try:
        result = channel.send(message, address)
    except ChannelError as error:
        result = error
    except Exception as error:  # an error of the channel's own must not stop the others
        log.exception("channel_failed", channel=batch.lead.channel, notification_id=batch.lead.pk)
        reason = _("The channel failed (%(error)s).") % {"error": type(error).__name__}
        result = ChannelError(reason, unsure=True)
    outcomes.record(batch, attempt, result, now)


def _address(row: Notification) -> str:
    return row.destination.address if row.destination is not None else row.own_address


def _give_connection_back() -> None:
    """To the pool that the threads of a worker share: a channel may take a while."""
    if settings.DB_POOL and not connection.in_atomic_block:
        connection.close()
