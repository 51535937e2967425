"""Moving a number to another center, with today's usage split between the two."""

from datetime import datetime

from centers import clock
from centers.models import Center, User
from whatsapp.instances import move
from whatsapp.models import Instance
from whatsapp.ownership.todays_usage import TodayUnknown, todays_usage


def hand_over(
    *, instance: Instance, center: Center, by: User | None, anyway: bool = False, now: datetime | None = None
) -> bool:
    """Ask MazBot what the number used today, then move it: the answer is the old center's part of the day.

    False if MazBot did not answer and the number moved `anyway`: the old center's part is then what was last fetched.
    Raises TodayUnknown without `anyway`, and OperationRefused as `move`. Waits for MazBot, outside any transaction.
    """
    when = now or clock.now()
    store = None
    try:
        store = todays_usage(instance, when)
    except TodayUnknown:
        if not anyway:
            raise
    move(instance=instance, center=center, by=by, now=when, store_usage=store)
    return store is not None
