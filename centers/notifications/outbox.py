"""Writing messages into the outbox, in the transaction of what they are about."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from centers import live
from centers.models import Destination, Notification, NotificationPreference, Reseller, User
from centers.notifications import registry
from centers.notifications.rules import destinations_of, rules_for, ways
from centers.notifications.timing import due_at
from centers.queue.dispatch import enqueue
from centers.values.formats import zone_of

DELIVER = "centers.deliver"
#: The event of the first message about something, which is repeated and escalated while it lasts.
FIRST = "first"
State = Notification.State
_BATCH = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """Something that people should know: `event` ("first") of `about` ("alert:17"), for whom, and what it says.

    `context` is JSON, also with stored messages. `for_contact`: the billing contact of `center` gets it by email, with
    or without an account, at the address and in the language that the center has when it is sent; `also_by` are
    further channels, by which the phone of the center gets it. `follows_up`: it is repeated and escalated, for those
    who chose that, until `stop`. `for_team`: destinations of the team get it too. It is not delivered before
    `not_before`.
    """

    kind: str
    about: str
    event: str
    people: Sequence[User] = ()
    context: Mapping[str, Any] = field(default_factory=dict)
    center: int | None = None
    for_contact: bool = False
    also_by: Sequence[str] = ()
    follows_up: bool = False
    for_team: bool = False
    not_before: datetime | None = None


def notify(*, reseller: Reseller, news: Iterable[News], now: datetime) -> int:
    """Write one row for each recipient and channel of `news`; return how many are written.

    Runs in the caller's transaction and in the scope of `reseller`. What was written before, under the same subject,
    event, recipient and channel, is not written again.
    """
    items = list(news)
    if not items:
        return 0
    writer = _Writer(reseller, items, now)
    rows = [row for item in items for row in writer.rows_of(item)]
    if not rows:
        return 0
    Notification.objects.bulk_create(rows, batch_size=_BATCH, ignore_conflicts=True)
    # The tick is soon enough for contacts: a run of invoices must not fill the queue with as many tasks.
    wake(reseller, at_once=not all(row.is_to_contact for row in rows))
    return len(rows)


def wake(reseller: Reseller, *, at_once: bool = True) -> None:
    """Once the transaction has committed, let open pages show it, and have what is due delivered without a tick."""
    waking = _Waking(reseller.pk, at_once)
    waiting = transaction.get_connection().run_on_commit
    if not any(hook == waking for _sids, hook, _robust in waiting):
        transaction.on_commit(waking, robust=True)


@dataclass(frozen=True, slots=True)
class _Waking:
    """Enqueues one task, however often its transaction writes."""

    reseller_id: int
    at_once: bool

    def __call__(self) -> None:
        if self.at_once:
            enqueue(DELIVER, reseller_id=self.reseller_id)
        live.publish(self.reseller_id, "notifications")


def lane_of(
    channel: str, *, user: int | None = None, destination: int | None = None, center: int | None = None
) -> str:
    """The name of the way to one recipient by one channel; with a center alone, to its billing contact."""
    if destination is not None:
        return f"{channel}:d{destination}"
    return f"{channel}:u{user}" if user is not None else f"{channel}:c{center}"


_COPIED = (
    "reseller_id", "center_id", "recipient_id", "destination_id", "address", "channel", "lane", "kind", "group",
    "about", "event", "urgent", "language", "context", "created_at", "due_at",
)  # fmt: skip


def copied(row: Notification, **changes: Any) -> Notification:
    """A new row like this one but for the changes; its key follows from them."""
    copy = Notification(**{name: getattr(row, name) for name in _COPIED} | changes)
    copy.key = key_of(copy.about, copy.event, copy.lane)
    return copy


def key_of(about: str, event: str, lane: str) -> str:
    """What makes a row unique: its subject, what happened to it, and the way to its recipient."""
    return f"{about}:{event}:{lane}"


class _Writer:
    """Makes the rows of one transaction: rules and destinations are read once for all of them."""

    def __init__(self, reseller: Reseller, items: Sequence[News], now: datetime) -> None:
        self.reseller = reseller
        self.now = now
        self.zone = zone_of(reseller.time_zone)
        people = {user for item in items for user in item.people}
        kinds = {item.kind: kind for item in items if item.people and (kind := registry.kind(item.kind))}
        self.rules = {
            name: rules_for(reseller, kind.group, people, kind=name) for name, kind in kinds.items()
        }
        asked = bool(people) or any(item.for_team for item in items)
        self.destinations = destinations_of(reseller, people) if asked else {}

    def rows_of(self, item: News) -> Iterable[Notification]:
        kind = registry.kind(item.kind)
        if kind is None:
            return
        for user in item.people:
            rule = self.rules[kind.name][user.pk]
            for name, place in ways(rule, self.destinations.get(user.pk, ())):
                row = self._row(item, kind, name, user=user, destination=place)
                self._time(row, rule, item)
                yield row
        if item.for_contact:
            for name in ("email", *item.also_by):
                yield self._row(item, kind, name)
        for place in self.destinations.get(None, ()) if item.for_team else ():
            if kind.group in place.groups:
                yield self._row(item, kind, place.channel, destination=place)

    def _row(
        self,
        item: News,
        kind: registry.Kind,
        channel: str,
        *,
        user: User | None = None,
        destination: Destination | None = None,
    ) -> Notification:
        lane = lane_of(
            channel,
            user=user.pk if user else None,
            destination=destination.pk if destination else None,
            center=item.center,
        )
        return Notification(
            reseller=self.reseller,
            center_id=item.center,
            recipient=user,
            destination=destination,
            channel=channel,
            lane=lane,
            key=key_of(item.about, item.event, lane),
            kind=kind.name,
            group=kind.group,
            about=item.about,
            event=item.event,
            urgent=kind.urgent,
            language=(user.language if user else "") or self.reseller.language,
            context=dict(item.context),
            created_at=self.now,
            due_at=self._begin(item),
        )

    def _begin(self, item: News) -> datetime:
        return max(self.now, item.not_before) if item.not_before else self.now

    def _time(self, row: Notification, rule: NotificationPreference, item: News) -> None:
        row.due_at = due_at(rule, zone=self.zone, urgent=row.urgent, written=row.due_at)
        if item.follows_up and rule.escalate_minutes and rule.escalate_to_id:
            row.escalate_at = self.now + timedelta(minutes=rule.escalate_minutes)
