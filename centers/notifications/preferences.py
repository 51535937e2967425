"""Changing what reaches people: by each person, by the reseller for everyone, or by the link in a message."""

from collections.abc import Iterable, Sequence
from datetime import datetime, time

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from centers.audit import entries
from centers.errors import OperationRefused
from centers.models import Destination, Membership, NotificationPreference, Reseller, User
from centers.notifications import registry
from centers.notifications.rules import rule_of
from centers.stored_messages import of_lazy
from centers.tenancy.scoping import tenant

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
    quiet_from: time | None = None,
    quiet_until: time | None = None,
    urgent_passes: bool = True,
    digest: str = NotificationPreference.Digest.NONE,
    daily_at: time = time(8),
    resend_hours: int = 0,
    escalate_minutes: int = 0,
    escalate_to: User | None = None,
) -> NotificationPreference:
    """Store what `user` gets of a group; without a user, what everyone gets who chose nothing.

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
            reseller=reseller, user=user, group=group, defaults=values
        )
        _record(row, by, now)
    return row


def groups_at(destination: Destination) -> list[str]:
    """The names of the groups whose messages go to the destination."""
    if destination.user is None:
        return list(destination.groups)
    return [
        group.name
        for group in registry.groups()
        if destination.channel in rule_of(destination.reseller, group.name, destination.user).channels
    ]


def choose_groups(
    *, destination: Destination, groups: Sequence[str], offered: Sequence[str], by: User, now: datetime
) -> None:
    """Have the messages of `groups`, and of no other of those `offered`, go to the destination.

    For a person that holds for all their destinations of the channel.
    """
    channel = destination.channel
    with transaction.atomic():
        if destination.user is None:
            Destination.objects.filter(pk=destination.pk).update(groups=list(groups))
            entries.record(
                "destination.changed", reseller=destination.reseller, by=by, now=now, what=str(destination)
            )
            return
        for name in offered:
            rule = rule_of(destination.reseller, name, destination.user)
            if (name in groups) != (channel in rule.channels):
                values = {field: getattr(rule, field) for field in _FIELDS}
                others = [one for one in rule.channels if one != channel]
                values["channels"] = [*others, channel] if name in groups else others
                save_preference(
                    reseller=destination.reseller, group=name, user=destination.user, by=by, now=now, **values
                )


def reset_preference(*, preference: NotificationPreference, by: User, now: datetime) -> None:
    """Forget a choice: what everyone gets, or the defaults, hold again."""
    with transaction.atomic():
        entries.record(
            "notifications.reset",
            reseller=preference.reseller,
            by=by,
            now=now,
            what=of_lazy(registry.group(preference.group).label),
        )
        preference.delete()


def unsubscribe(*, reseller_id: int, user_id: int, group: str, now: datetime) -> Reseller:
    """Stop the emails of one group for one person; they asked by a link. Needs no scope.

    Raises OperationRefused if the person has left.
    """
    found = Membership.objects.select_related("user", "reseller").filter(user=user_id, reseller=reseller_id)
    membership = found.first()
    if membership is None:
        raise OperationRefused(_("You are no longer part of this organization and get no messages from it."))
    with tenant(reseller_id), transaction.atomic():
        rule = rule_of(membership.reseller, group, membership.user)
        values = {name: getattr(rule, name) for name in _FIELDS}
        values["channels"] = [name for name in rule.channels if name != "email"]
        row, _created = NotificationPreference.objects.update_or_create(
            reseller=membership.reseller, user=membership.user, group=group, defaults=values
        )
        if values["channels"] != rule.channels:
            _record(row, membership.user, now)
    return membership.reseller


def team(reseller: Reseller) -> QuerySet[Membership]:
    """The memberships of the reseller's own people."""
    return Membership.objects.filter(reseller=reseller, center=None, user__is_active=True)


def people_with(reseller: Reseller, roles: Iterable[str]) -> list[User]:
    """The people of the team who have one of the roles, always in the same order."""
    rows = team(reseller).filter(role__in=tuple(roles)).select_related("user")
    return [row.user for row in rows.order_by("pk")]


def _record(row: NotificationPreference, by: User | None, now: datetime) -> None:
    entries.record(
        "notifications.changed" if row.user_id else "notifications.changed_for_all",
        reseller=row.reseller,
        by=by,
        now=now,
        what=of_lazy(registry.group(row.group).label),
        notify_by=[of_lazy(entry.label) for entry in registry.channels() if entry.name in row.channels],
    )
