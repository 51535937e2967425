"""Changing what reaches people: by each person, by the reseller for everyone, or by the link in a message."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, time

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from centers.audit import entries
from centers.errors import OperationRefused
from centers.models import Destination, Membership, NotificationPreference, Reseller, User
from centers.notifications import registry
from centers.notifications.destinations import EMAIL
from centers.notifications.rules import chosen_rules
from centers.stored_messages import StoredMessage, of_lazy

_FIELDS = (
    "channels",
    "quiet_from",
    "quiet_until",
    "urgent_passes",
    "digest",
    "daily_at",
    "resend_hours",
    "escalate_minutes",
    "escalate_to",
)
MOST_MINUTES, MOST_HOURS = 7 * 24 * 60, 7 * 24


def save_preference(
    *,
    reseller: Reseller,
    group: str,
    user: User | None,
    by: User | None,
    now: datetime,
    channels: Sequence[str],
    kind: str = "",
    quiet_from: time | None = None,
    quiet_until: time | None = None,
    urgent_passes: bool = True,
    digest: str = NotificationPreference.Digest.NONE,
    daily_at: time = time(8),
    resend_hours: int = 0,
    escalate_minutes: int = 0,
    escalate_to: User | None = None,
) -> NotificationPreference:
    """Store what `user` gets of a group, or of one kind in it; without a user, what everyone gets who chose nothing.

    Minutes and hours of 0 mean never. Raises OperationRefused where two values don't fit together.
    """
    if (quiet_from is None) != (quiet_until is None):
        missing = "quiet_from" if quiet_from is None else "quiet_until"
        raise OperationRefused(_("Enter both times of the quiet hours, or neither."), field=missing)
    if escalate_minutes and escalate_to is None:
        raise OperationRefused(_("Choose whom to notify."), field="escalate_to")
    if escalate_to is not None and not team(reseller).filter(user=escalate_to).exists():
        raise OperationRefused(_("This person isn't on your team. Choose someone else."), field="escalate_to")
    values = {
        "channels": [entry.name for entry in registry.channels() if entry.name in channels],
        "quiet_from": quiet_from,
        "quiet_until": quiet_until,
        "urgent_passes": urgent_passes,
        "digest": digest,
        "daily_at": daily_at,
        "resend_hours": resend_hours,
        "escalate_minutes": escalate_minutes,
        "escalate_to": escalate_to,
    }
    with transaction.atomic():
        row, _created = NotificationPreference.objects.update_or_create(
            reseller=reseller, user=user, group=group, kind=kind, defaults=values
        )
        _record(row, by, now)
    return row


def kinds_apart(reseller: Reseller, group: str, user: User | None) -> frozenset[str]:
    """The kinds of a group for which this person (or the reseller) has chosen apart from it."""
    rows = NotificationPreference.objects.filter(reseller=reseller, group=group, user=user)
    return frozenset(rows.exclude(kind="").values_list("kind", flat=True))


def groups_at(destination: Destination) -> list[str]:
    """The names of the groups of which messages go to the destination, of all kinds or of some."""
    if destination.user is None:
        return list(destination.groups)
    rules = chosen_rules(destination.reseller, destination.user)
    return [name for name, kinds in rules.items() if _reached(kinds, destination.channel)]


def choose_groups(
    *, destination: Destination, groups: Sequence[str], offered: Sequence[str], by: User, now: datetime
) -> None:
    """Have the messages of `groups`, and of no other of those `offered`, go to the destination.

    For a person that holds for all their destinations of the channel. Kinds that they chose apart from their group are
    taken away with it, but not added with it.
    """
    with transaction.atomic():
        if destination.user is None:
            Destination.objects.filter(pk=destination.pk).update(groups=list(groups))
            entries.record(
                "destination.changed", reseller=destination.reseller, by=by, now=now, what=str(destination)
            )
            return
        rules = chosen_rules(destination.reseller, destination.user)
        for name in offered:
            if (name in groups) != _reached(rules[name], destination.channel):
                _switch(destination.user, rules[name], destination.channel, on=name in groups, by=by, now=now)


def reset_preference(*, preference: NotificationPreference, by: User, now: datetime) -> None:
    """Forget a choice: what everyone gets, or the defaults, hold again."""
    with transaction.atomic():
        entries.record(
            "notifications.reset",
            reseller=preference.reseller,
            by=by,
            now=now,
            what=_name(preference),
        )
        preference.delete()


def unsubscribe(*, reseller: Reseller, user: User, group: str, now: datetime) -> None:
    """Stop the emails of one group, with all its kinds, for one person; they asked by a link."""
    with transaction.atomic():
        rules = chosen_rules(reseller, user)[group]
        if _reached(rules, EMAIL):
            _switch(user, rules, EMAIL, on=False, by=user, now=now)


def team(reseller: Reseller) -> QuerySet[Membership]:
    """The memberships of the reseller's own people."""
    return Membership.objects.filter(reseller=reseller, center=None, user__is_active=True)


def people_with(reseller: Reseller, roles: Iterable[str]) -> list[User]:
    """The people of the team who have one of the roles, always in the same order."""
    rows = team(reseller).filter(role__in=tuple(roles)).select_related("user")
    return [row.user for row in rows.order_by("pk")]


def _reached(rules: Mapping[str, NotificationPreference], channel: str) -> bool:
    """Whether messages of the group go by this channel, of all kinds or of some."""
    return any(channel in rule.channels for rule in rules.values())


def _switch(
    user: User,
    rules: Mapping[str, NotificationPreference],
    channel: str,
    *,
    on: bool,
    by: User,
    now: datetime,
) -> None:
    """Add a channel to what holds for a group, or take it away from all its kinds.

    `rules` (chosen_rules) become the person's own: once they have a choice for the group, the reseller's choices for
    its kinds no longer hold for them.
    """
    for kind, rule in rules.items():
        values = {name: getattr(rule, name) for name in _FIELDS}
        if on and not kind:
            values["channels"] = [*rule.channels, channel]
        elif not on:
            values["channels"] = [one for one in rule.channels if one != channel]
        row, _created = NotificationPreference.objects.update_or_create(
            reseller=rule.reseller, user=user, group=rule.group, kind=kind, defaults=values
        )
        if row.channels != rule.channels:
            _record(row, by, now)


def _record(row: NotificationPreference, by: User | None, now: datetime) -> None:
    entries.record(
        "notifications.changed" if row.user_id else "notifications.changed_for_all",
        reseller=row.reseller,
        by=by,
        now=now,
        what=_name(row),
        notify_by=[of_lazy(entry.label) for entry in registry.channels() if entry.name in row.channels],
    )


def _name(row: NotificationPreference) -> str:
    """Of what is chosen: the group, and the kind in it."""
    group, kind = of_lazy(registry.group(row.group).label), registry.kind(row.kind)
    if kind is None:
        return group
    return StoredMessage("%(group)s: %(kind)s", {"group": group, "kind": of_lazy(kind.label)})
