"""Which days of which numbers to fetch now."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from billing.models import UsageRecord
from billing.periods import ONE_DAY, day_start, local_day
from billing.policies import reseller_policy
from billing.usage.completeness import SpanDay, note_read, unread
from billing.usage.shares import holds
from centers.models import Reseller
from whatsapp.accounts import account_of
from whatsapp.models import Instance, InstanceAssignment


def due_days(reseller: Reseller, now: datetime, *, today_again: bool = False) -> list[SpanDay]:
    """Every day that was not read since it ended; each of the last days once a calendar day; today some times.

    `today_again`: today is due whenever it was read. The longest unread come first, so that an interrupted run is
    continued by the next.
    """
    zone = ZoneInfo(account_of(reseller).time_zone)
    day, policy = local_day(now, zone), reseller_policy(reseller)
    missing = unread(reseller, day - ONE_DAY, zone)
    note_read(reseller, day - ONE_DAY, {span.pk for span, _day in missing})
    past = [day - timedelta(days=back) for back in range(1, policy.reread_days + 1)]
    turn = now if today_again else _turn_of_today(now, zone, policy.today_reads)
    seen = {
        (span, of_day): read_at
        for span, of_day, read_at in UsageRecord.objects.filter(
            reseller=reseller, day__gte=min(past, default=day)
        ).values_list("assignment_id", "day", "read_at")
    }
    due: list[tuple[datetime, int, SpanDay]] = []
    for span, of_day in {*missing, *_days_of(_present(reseller), (day, *past))}:
        read_at = seen.get((span.pk, of_day))
        # A number that has just come is read at once, so that its first figures show.
        since = day_start(day, zone) if of_day != day or (span.first_day == day and read_at is None) else turn
        if since is not None and (read_at is None or read_at < since):
            due.append((read_at or day_start(of_day, zone), -of_day.toordinal(), (span, of_day)))
    return [item for _read_at, _order, item in sorted(due, key=lambda one: (*one[:2], one[2][0].pk))]


def _turn_of_today(now: datetime, zone: ZoneInfo, times: int) -> datetime | None:
    """When today was last to be fetched: `times` a day, evenly apart, neither at its beginning nor its end."""
    began = day_start(local_day(now, zone), zone)
    apart = timedelta(days=1) / (times + 1)
    turns = (now - began) // apart
    return began + turns * apart if turns else None


def days_of(instances: Iterable[Instance], days: Iterable[date]) -> list[SpanDay]:
    """These days of these numbers, each with the span that had it last; days on which no one held them are left out."""
    spans = InstanceAssignment.objects.filter(instance__in=list(instances)).select_related(
        "instance", "center"
    )
    return _days_of(spans.order_by("instance", "since", "pk"), days)


def _present(reseller: Reseller) -> Iterable[InstanceAssignment]:
    spans = InstanceAssignment.objects.filter(reseller=reseller, until=None)
    return spans.select_related("instance", "center").order_by("instance")


def _days_of(spans: Iterable[InstanceAssignment], days: Iterable[date]) -> list[SpanDay]:
    chosen = list(days)
    last: dict[tuple[int, date], SpanDay] = {}
    for span in spans:
        last |= {(span.instance_id, day): (span, day) for day in chosen if holds(span, day)}
    return list(last.values())
