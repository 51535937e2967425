"""Emails that came back or were marked as spam: the message says so, and its address isn't written to any longer."""

from collections.abc import Iterable
from datetime import datetime, timedelta

import structlog
from django.db import transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Coalesce

from centers import live
from centers.mail.events import Bounce
from centers.models import Notification, NotificationTry
from centers.notifications.channels.email import KEY, message_id
from centers.notifications.destinations import EMAIL, pause_address
from centers.stored_messages import StoredMessage as _
from centers.tenancy.scoping import every_tenant, tenant

log = structlog.get_logger(__name__)
State = Notification.State
Outcome = NotificationTry.Outcome
#: Two clocks differ by less. What a provider reports about an earlier time is about an earlier sending.
_CLOCKS_APART = timedelta(minutes=5)


def note(bounces: Iterable[Bounce], *, now: datetime) -> int:
    """Mark the messages that these are about; return how many. Needs no scope.

    A bounce that no message of ours matches, or that was reported before, changes nothing.
    """
    noted = 0
    for bounce in bounces:
        with every_tenant():
            resellers = set(_about(bounce).values_list("reseller_id", flat=True))
        for reseller in resellers:
            with tenant(reseller), transaction.atomic():
                noted += _note(bounce, now)
    return noted


def _note(bounce: Bounce, now: datetime) -> int:
    locked = _about(bounce).select_related("recipient", "center", "reseller").select_for_update(of=("self",))
    rows = [row for row in locked.order_by("within_id", "pk") if not _is_older(bounce, row)]
    if not rows:
        return 0
    lead = next((row for row in rows if row.within_id is None), rows[0])
    state, outcome = (State.SPAM, Outcome.SPAM) if bounce.spam else (State.BOUNCED, Outcome.BOUNCED)
    reason = (
        _("The recipient marked an email as spam.")
        if bounce.spam
        else _("An email bounced: the mailbox doesn't exist, or doesn't accept our email.")
    )
    Notification.objects.filter(pk__in=[row.pk for row in rows]).update(
        state=state,
        error=reason,
        answer=bounce.said,
        claimed_until=None,
        sent_at=Coalesce("sent_at", now),
    )
    NotificationTry.objects.create(
        reseller=lead.reseller, notification=lead, at=now, outcome=outcome, answer=bounce.said, error=reason
    )
    address = lead.email_address
    # Not the address that it was sent to, if the person or the center has another one by now.
    if (bounce.address or lead.address).casefold() in ("", address.casefold()):
        pause_address(reseller=lead.reseller, user=lead.recipient, address=address, reason=reason, now=now)
    live.publish(lead.reseller_id, "notifications")
    log.info("mail_came_back", notification_id=lead.pk, spam=bounce.spam)
    return len(rows)


def _about(bounce: Bounce) -> QuerySet[Notification]:
    """The messages of the mail: by the provider's id or our Message-ID, or by its key while neither is known."""
    rows = Notification.objects.filter(channel=EMAIL)
    message_key, bare = str(bounce.metadata.get(KEY, "")), bounce.provider_id.strip("<>")
    names = ({bare, f"<{bare}>"} if bare else set()) | ({message_id(message_key)} if message_key else set())
    taken = rows.filter(provider_id__in=names, state__in=(State.SENT, State.CONDENSED))
    reseller, _colon, key = message_key.removesuffix(":list").partition(":")
    if not (key and reseller.isascii() and reseller.isdigit() and len(reseller) < 19) or taken.exists():
        return taken
    unknown = rows.filter(provider_id="", attempts__gt=0, state__in=(State.WAITING, State.FAILED))
    return unknown.filter(Q(key=key) | Q(within__key=key), reseller=int(reseller))


def _is_older(bounce: Bounce, row: Notification) -> bool:
    return bounce.at is not None and row.sent_at is not None and bounce.at < row.sent_at - _CLOCKS_APART
