"""What holds for a person and a group: their own choice, else the reseller's, else the defaults of the group."""

from collections.abc import Iterable

from centers.models import Destination, NotificationPreference, Reseller, User
from centers.notifications import registry


def rules_for(
    reseller: Reseller, group: str, users: Iterable[User | int]
) -> dict[int, NotificationPreference]:
    """The rule of each of these people (by id) in one query; those that no one chose are not stored."""
    people = {user if isinstance(user, int) else user.pk for user in users}
    rows = NotificationPreference.objects.filter(reseller=reseller, group=group)
    found = {row.user_id: row for row in rows if row.user_id is None or row.user_id in people}
    fallback = found.pop(None, None) or default_rule(reseller, group)
    return {pk: found.get(pk, fallback) for pk in people}


def rule_of(reseller: Reseller, group: str, user: User | None) -> NotificationPreference:
    """The rule of one person; without a person the reseller's own."""
    if user is not None:
        return rules_for(reseller, group, [user])[user.pk]
    row = NotificationPreference.objects.filter(reseller=reseller, group=group, user=None).first()
    return row or default_rule(reseller, group)


def default_rule(reseller: Reseller, group: str) -> NotificationPreference:
    """What holds where no one has chosen anything."""
    return NotificationPreference(
        reseller=reseller, group=group, channels=list(registry.group(group).channels)
    )


def destinations_of(reseller: Reseller, users: Iterable[User | int]) -> dict[int | None, list[Destination]]:
    """The destinations that work, by person; under None those of the team."""
    people = [user if isinstance(user, int) else user.pk for user in users]
    rows = Destination.objects.filter(reseller=reseller, verified_at__isnull=False, paused_at=None)
    found: dict[int | None, list[Destination]] = {}
    for row in rows.defer("address").order_by("pk"):
        if row.user_id is None or row.user_id in people:
            found.setdefault(row.user_id, []).append(row)
    return found
