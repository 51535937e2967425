"""The day from which on a center is invoiced, before anything of it is: that of its first month."""

from datetime import date

from django.db.models import F, Max, Min, Q

from billing.models import UsageRecord
from billing.periods import local_day, zone_of
from centers.models import Center, Reseller
from whatsapp.models import InstanceAssignment


def days_in_use(reseller: Reseller, centers: list[int]) -> dict[int, tuple[date, date]]:
    """The first and the last day each center held a number that is billed; an open end counts to its last usage."""
    rows = UsageRecord.objects.filter(reseller=reseller, center__in=centers)
    used = rows.order_by().values_list("center_id")
    held = (
        InstanceAssignment.objects.filter(
            Q(last_day=None) | Q(last_day__gte=F("billed_from")), reseller=reseller, center__in=centers
        )
        .order_by()
        .values_list("center_id")
    )
    days = {center_id: (first, last) for center_id, first, last in used.annotate(Min("day"), Max("day"))}
    for center_id, first, last in held.annotate(Min("billed_from"), Max("last_day")):
        known = days.get(center_id, (first, first))
        days[center_id] = (min(first, known[0]), max(last or first, known[1]))
    return days


def first_day_of(center: Center, used: dict[int, tuple[date, date]]) -> date:
    """The first day of the month in which it was added or, if that is earlier, first `used`."""
    entered = local_day(center.created_at, zone_of(center.reseller))
    first = min(entered, used[center.pk][0]) if center.pk in used else entered
    return first.replace(day=1)
