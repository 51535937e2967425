"""The demo's last month of connections: as an install that had checked its numbers all the time would have it."""

from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import transaction

from centers.models import Center, Reseller
from centers.tenancy.scoping import tenant
from devstack.demo_data.sandbox import all_ids, away_of, state_of
from whatsapp.history.days import sum_up
from whatsapp.models import Connection, Instance
from whatsapp.monitoring.results import Outcome, record_outcomes

DAYS = 30
_SECOND_CHECK = timedelta(seconds=2)
#: Days ago and hours of an outage, and which numbers had it: every n-th, starting with the m-th.
_OUTAGES = ((26, 9, 3, 1), (19, 5, 4, 2), (12, 30, 5, 0), (6, 3, 3, 2), (3, 14, 4, 1), (1, 2, 6, 4))


def with_a_past(reseller: Reseller, add: Callable[[], None], *, added: datetime, now: datetime) -> None:
    """Add numbers by `add` and remember their last month, in one transaction.

    The workers of a running install begin to check a number as soon as they see it. A check of the present between
    two checks of the past would leave a gap that counts as not known.
    """
    with transaction.atomic():
        add()
        remember(reseller, added=added, now=now)


def remember(reseller: Reseller, *, added: datetime, now: datetime) -> None:
    """Write the check results of DAYS days, oldest first; a number that was already checked keeps its own.

    The `added` time of centers and numbers is backdated too: no operation can set it later.
    """
    with tenant(reseller):
        known = dict(Instance.objects.filter(checked_at=None).values_list("instance_id", "pk"))
        Center.objects.update(created_at=added)
        Instance.objects.update(created_at=added, held_since=added)
    numbers = {position: known[one] for position, one in enumerate(all_ids()) if one in known}
    for at, states in _steps(list(numbers), now):
        seen = {position: (at - timedelta(minutes=7 * position), state) for position, state in states.items()}
        with tenant(reseller):
            # The checks that found nothing new are left out; this keeps their time from counting as not checked.
            Instance.objects.filter(pk__in=[numbers[position] for position in seen]).update(checked_at=None)
            for later in (timedelta(0), _SECOND_CHECK):  # a drop counts once a second check agrees
                outcomes = [
                    _outcome(numbers[position], moment + later, state, now)
                    for position, (moment, state) in seen.items()
                ]
                record_outcomes(reseller=reseller, outcomes=outcomes)
    with tenant(reseller):
        # Emptied first: from an old time to the present would be a gap in the checks.
        mine = Instance.objects.filter(pk__in=numbers.values())
        for checked_at in (None, now):
            mine.update(checked_at=checked_at)
        sum_up(reseller=reseller, now=now)


def _outcome(pk: int, at: datetime, state: Connection, now: datetime) -> Outcome:
    return Outcome(pk, at, next_check_at=now, connection=state, raw=state.value, last_seen=at)


def _steps(positions: list[int], now: datetime) -> list[tuple[datetime, dict[int, Connection]]]:
    """Moments, oldest first, with the new state of the numbers that change then."""
    up, down = Connection.CONNECTED, Connection.DISCONNECTED
    gone = {position: now - away_of(position) for position in positions if state_of(position) != up.value}
    steps = [(now - timedelta(days=DAYS), dict.fromkeys(positions, up))]
    for days, hours, every, first in _OUTAGES:
        begin, end = now - timedelta(days=days), now - timedelta(days=days, hours=-hours)
        struck = [one for one in positions if one % every == first and (one not in gone or end < gone[one])]
        steps.append((begin, dict.fromkeys(struck, down)))
        steps.append((end, dict.fromkeys(struck, up)))
    for position, last in gone.items():
        steps.append((last + timedelta(minutes=7 * position), {position: Connection(state_of(position))}))
    return sorted(steps, key=lambda step: step[0])
