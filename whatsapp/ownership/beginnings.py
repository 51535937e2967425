"""When numbers begin: the day on which each was first billed, or entered if that was later."""

from collections.abc import Iterable, Iterator
from datetime import date
from zoneinfo import ZoneInfo

from whatsapp.models import InstanceAssignment


def begun(numbers: Iterable[int], zone: ZoneInfo) -> Iterator[tuple[InstanceAssignment, date]]:
    """The day on which each of these numbers (by id) was first billed, or entered if that was later, and its span.

    A span that ended before it was billed is none; `zone` is that of the reseller's calendar.
    """
    seen: set[int] = set()
    spans = InstanceAssignment.objects.filter(instance__in=list(numbers)).select_related("instance")
    for held in spans.order_by("instance", "since", "pk"):
        day = max(held.billed_from, held.since.astimezone(zone).date())
        if held.instance_id not in seen and (held.last_day is None or held.last_day >= day):
            seen.add(held.instance_id)
            yield held, day
