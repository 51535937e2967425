"""Reading the log of messages, sending one again, and sending a test."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Count, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from centers.audit import entries
from centers.errors import OperationRefused
from centers.models import Destination, Notification, Reseller, User
from centers.notifications import registry
from centers.notifications.outbox import lane_of, wake
from centers.notifications.registry import Content, Group, Kind

TEST = "test"
OWN_TEXT = "own_text"
State = Notification.State
#: What the bell counts and lists.
RECENT = timedelta(days=30)
_SHOWN, _READ = 8, 60
KEPT = timedelta(days=180)


def send_again(*, notification: Notification, by: User, now: datetime) -> None:
    """Send a message that was given up once more; raises OperationRefused for any other."""
    with transaction.atomic():
        rows = Notification.objects.filter(pk=notification.pk, state__in=(State.FAILED, State.BOUNCED))
        again = rows.update(
            state=State.WAITING, due_at=now, attempts=0, claimed_until=None, within=None, error=""
        )
        if not again:
            raise OperationRefused(_("Only a message that wasn't delivered can be sent again."))
        entries.record(
            "notifications.sent_again",
            reseller=notification.reseller,
            center=notification.center,
            by=by,
            now=now,
            what=notification.subject or notification.about,
        )
        wake(notification.reseller)


def messages(rows: QuerySet[Notification]) -> QuerySet[Notification]:
    """These rows without those that were sent as part of another one's list: each is a message that someone got."""
    return rows.exclude(state=State.CONDENSED, within__isnull=False)


def parts_of(listed: Notification) -> QuerySet[Notification]:
    """The notifications that went out as the list of this one, and it."""
    return Notification.objects.filter(lane=listed.lane, sent_at=listed.sent_at, state=State.CONDENSED)


def list_lengths(rows: Iterable[Notification]) -> dict[int, int]:
    """How many notifications the list of each of these rows (by id) had, if it was sent as one. One query."""
    lists = {(row.lane, row.sent_at): row.pk for row in rows if row.state == State.CONDENSED}
    sent = Notification.objects.filter(  # as the index has them
        lane__in={lane for lane, _at in lists}, sent_at__in={at for _lane, at in lists}, state=State.CONDENSED
    )
    counts = sent.order_by().values_list("lane", "sent_at").annotate(Count("pk"))
    return {lists[lane, at]: count for lane, at, count in counts if (lane, at) in lists} if lists else {}


def write_to(destination: Destination, *, kind: str, by: User, now: datetime) -> Notification:
    """Write a message of the group TEST to one destination, whatever anyone chose to get."""
    lane = lane_of(destination.channel, destination=destination.pk)
    with transaction.atomic():
        row = Notification.objects.create(
            reseller=destination.reseller,
            recipient=by,
            destination=destination,
            channel=destination.channel,
            lane=lane,
            key=f"{kind}:{now:%y%m%d%H%M%S%f}:{lane}",
            kind=kind,
            group=TEST,
            about=f"{kind}:{by.pk}",
            event=kind,
            language=by.language or destination.reseller.language,
            created_at=now,
            due_at=now,
            urgent=True,
        )
        wake(destination.reseller)
    return row


def write_own_text(
    content: Content, *, reseller: Reseller, language: str, by: User, now: datetime
) -> Notification:
    """Send a text as it would reach its recipient to the email address of the person who words it."""
    lane = lane_of("email", user=by.pk)
    with transaction.atomic():
        row = Notification.objects.create(
            reseller=reseller,
            recipient=by,
            channel="email",
            lane=lane,
            key=f"{OWN_TEXT}:{now:%y%m%d%H%M%S%f}:{lane}",
            kind=OWN_TEXT,
            group=TEST,
            about=f"{OWN_TEXT}:{by.pk}",
            event=OWN_TEXT,
            language=language,
            context={"subject": content.subject, "text": content.text},
            created_at=now,
            due_at=now,
            urgent=True,
        )
        wake(reseller)
    return row


def connect() -> None:
    """Register the test messages; called from the app's ready()."""
    registry.register_group(Group(name=TEST, label=gettext_lazy("Tests"), order=999, roles=()))
    registry.register_kind(
        Kind(
            name=TEST,
            group=TEST,
            label=gettext_lazy("Test message"),
            write=_write,
            line=lambda row: _("Test message"),
            urgent=True,
            condenses=False,
        )
    )

    registry.register_kind(
        Kind(
            name=OWN_TEXT,
            group=TEST,
            label=gettext_lazy("Test of a text"),
            write=lambda row, _now: Content(row.context["subject"], row.context["text"]),
            line=lambda row: _("Test of a text"),
            urgent=True,
            condenses=False,
        )
    )


def latest(user: User, reseller: Reseller, now: datetime) -> tuple[int, list[Notification]]:
    """How many messages the person has not marked as read, and the newest; one for all channels."""
    rows = _of_person(user, reseller, now)
    unread = rows.filter(seen_at=None).order_by().values("about", "event").distinct().count()
    newest: dict[tuple[str, str], Notification] = {}
    for row in rows.select_related("reseller").order_by("-created_at", "-pk")[:_READ]:
        newest.setdefault((row.about, row.event), row)
    return unread, list(newest.values())[:_SHOWN]


def mark_read(*, user: User, reseller: Reseller, now: datetime) -> None:
    """Count the person's messages up to now as read."""
    _of_person(user, reseller, now).filter(seen_at=None).update(seen_at=now)


def tidy(*, reseller: Reseller, now: datetime) -> None:
    """Delete old messages and their tries, but not those that belong to documents. Needs an open scope."""
    old = Notification.objects.filter(reseller=reseller, created_at__lt=now - KEPT)
    kept = [kind.name for kind in registry.kinds() if kind.to_contacts]
    old.exclude(state=State.WAITING).exclude(kind__in=kept).delete()


def _of_person(user: User, reseller: Reseller, now: datetime) -> QuerySet[Notification]:
    """Also what didn't arrive by any channel: here it does."""
    rows = Notification.objects.filter(reseller=reseller, recipient=user, created_at__gt=now - RECENT)
    return rows.exclude(state=State.DROPPED).exclude(group=TEST)


def _write(row: Notification, now: datetime) -> Content:
    return Content(
        subject=_("Test message from %(reseller)s") % {"reseller": row.reseller},
        text=_("This is a test. Messages reach you on this channel."),
    )
