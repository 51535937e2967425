"""What holds for a person and a kind of message.

Their own choice for the kind, else for its group; else the reseller's for the kind, else for the group; else the
defaults of the group.
"""

from collections.abc import Iterable, Iterator, Sequence

from django.db.models import Q

from centers.models import Destination, NotificationPreference, Reseller, User
from centers.notifications import registry


def rules_for(
    reseller: Reseller, group: str, users: Iterable[User | int], *, kind: str = ""
) -> dict[int, NotificationPreference]:
    """The rule of each of these people (by id) in one query; those that no one chose are not stored.

    Without a kind what holds for those of the group that nothing is chosen for.
    """
    people = {user if isinstance(user, int) else user.pk for user in users}
    rows = NotificationPreference.objects.filter(reseller=reseller, group=group, kind__in={"", kind})
    own: dict[int | None, NotificationPreference] = {}
    for row in rows.order_by("kind"):  # what is chosen for the kind replaces what is chosen for the group
        if row.user_id is None or row.user_id in people:
            own[row.user_id] = row
    fallback = own.pop(None, None) or default_rule(reseller, group)
    return {pk: own.get(pk, fallback) for pk in people}


def rule_of(reseller: Reseller, group: str, user: User | None, *, kind: str = "") -> NotificationPreference:
    """The rule of one person; without a person the reseller's own."""
    if user is not None:
        return rules_for(reseller, group, [user], kind=kind)[user.pk]
    rows = NotificationPreference.objects.filter(
        reseller=reseller, group=group, user=None, kind__in={"", kind}
    )
    return rows.order_by("-kind").first() or default_rule(reseller, group)


def chosen_rules(reseller: Reseller, user: User | None) -> dict[str, dict[str, NotificationPreference]]:
    """What holds for a person (or for everyone who chose nothing), by group and kind, in one query.

    Each group has a rule under "", and one for each kind that doesn't follow it.
    """
    whose = Q(user=None) if user is None else Q(user=None) | Q(user=user)
    rows = NotificationPreference.objects.filter(whose, reseller=reseller).select_related("escalate_to")
    stored: dict[tuple[str, bool], dict[str, NotificationPreference]] = {}
    for row in rows:
        stored.setdefault((row.group, row.user_id is not None), {})[row.kind] = row
    found = {}
    for group in registry.groups():
        everyones, own = stored.get((group.name, False), {}), stored.get((group.name, True), {})
        base = {"": default_rule(reseller, group.name)} | everyones
        # Who chose for the group chose for all its kinds.
        found[group.name] = own if "" in own else base | own
    return found


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


def ways(
    rule: NotificationPreference, destinations: Sequence[Destination]
) -> Iterator[tuple[str, Destination | None]]:
    """The channels by which the rule reaches a person who has these destinations, each with where it goes.

    A channel of which every account has an address goes there, without a destination.
    """
    for name in rule.channels:
        entry = registry.channel(name)
        if entry is not None and entry.own_address:
            yield name, None
            continue
        for place in destinations:
            if place.channel == name:
                yield name, place
