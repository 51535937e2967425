"""Days are summed up once they are over, and add up to what the intervals say."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from centers.tenancy.scoping import every_tenant, tenant
from whatsapp import tasks
from whatsapp.history import days
from whatsapp.history.causes import Cause, Span
from whatsapp.history.days import Outages, days_of, due, outages_of, sum_up
from whatsapp.history.spans import spans_of
from whatsapp.history.sums import sums_of
from whatsapp.models import NumberDay, StatusInterval
from whatsapp.views.timeline import BY_DAYS, LENGTHS

MUSCAT = ZoneInfo("Asia/Muscat")
NOON = datetime(2026, 11, 20, 12, tzinfo=MUSCAT)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def here(place):
    place.reseller.time_zone = "Asia/Muscat"
    place.reseller.save()
    return place


def wrote(place, number, *states, checked=NOON):
    """Intervals from (moment, connection) to the next one; the last is the present."""
    ends = [moment for moment, _state in states[1:]] + [None]
    StatusInterval.objects.bulk_create(
        StatusInterval(
            reseller=place.reseller,
            instance=number,
            since=moment,
            until=end,
            connection=state,
            ever_connected=True,
        )
        for (moment, state), end in zip(states, ends, strict=True)
    )
    number.checked_at = checked
    number.save(update_fields=["checked_at"])
    return number


def at(day, hour=0, minute=0, second=0):
    return datetime(2026, 11, day, hour, minute, second, tzinfo=MUSCAT)


def hours(row):
    return {cause.value: getattr(row, cause.value) / 3600 for cause in Cause if getattr(row, cause.value)}


def test_each_day_of_the_resellers_calendar_has_its_sums(here):
    number = wrote(
        here, here.add(), (at(17, 6), "connected"), (at(18, 23), "expired"), (at(19, 2), "connected")
    )
    assert sum_up(reseller=here.reseller, now=NOON) == 3
    rows = list(NumberDay.objects.filter(instance=number))
    assert [(row.day.day, hours(row), row.outages, row.longest) for row in rows] == [
        (17, {"connected": 18}, 0, 0),
        (18, {"connected": 23, "expired": 1}, 1, 3600),
        (19, {"connected": 22, "expired": 2}, 0, 3 * 3600),
    ]
    assert {row.center_id for row in rows} == {here.center.pk}


def test_a_day_is_due_once_it_is_over_and_then_no_longer(here):
    assert due(NOON) == []
    wrote(here, here.add(), (at(19, 6), "connected"), checked=at(20, 0, 5))
    assert due(at(20, 0, 5)) == [], "its last checks may still come"
    assert due(at(20, 0, 11)) == [here.reseller.pk]
    sum_up(reseller=here.reseller, now=at(20, 0, 11))
    assert due(at(20, 0, 12)) == []
    assert due(at(21, 0, 11)) == [here.reseller.pk]


def test_days_that_were_missed_are_summed_up_later(here):
    wrote(here, here.add(), (at(10, 6), "connected"), checked=at(20))
    sum_up(reseller=here.reseller, now=at(12, 1))
    sum_up(reseller=here.reseller, now=at(20, 1))
    assert list(NumberDay.objects.values_list("day", flat=True)) == [
        date(2026, 11, day) for day in range(10, 20)
    ]


def test_the_last_day_is_summed_up_again_when_it_turns_out_that_checks_had_stopped(here):
    number = wrote(here, here.add(), (at(18, 12), "connected"), checked=at(18, 23, 45))
    sum_up(reseller=here.reseller, now=at(19, 0, 10))
    assert hours(NumberDay.objects.get()) == {"connected": 12}
    sum_up(reseller=here.reseller, now=at(20, 0, 10))
    rows = list(NumberDay.objects.filter(instance=number))
    assert [hours(row) for row in rows] == [{"connected": 11.75, "unknown": 0.25}, {"unknown": 24}]


def test_summing_up_twice_changes_nothing_and_keeps_the_center_of_the_day(here):
    number = wrote(here, here.add(), (at(18, 12), "connected"))
    sum_up(reseller=here.reseller, now=NOON)
    before = list(NumberDay.objects.values_list())
    number.center = type(here.center)(reseller=here.reseller, name="Other", currency="USD", country_id="1")
    number.center.save()
    number.save()
    sum_up(reseller=here.reseller, now=NOON + HOUR)
    assert list(NumberDay.objects.values_list()) == before


def test_a_short_outage_is_not_rounded_away(here):
    outage = at(19, 12) + timedelta(milliseconds=100)
    wrote(here, here.add(), (at(19), "connected"), (at(19, 12), "expired"), (outage, "connected"))
    sum_up(reseller=here.reseller, now=NOON)
    row = NumberDay.objects.get()
    assert (row.connected, row.expired, row.outages, row.longest) == (86_399, 1, 1, 1)


def test_the_days_of_a_number_add_up_to_its_spans(here):
    states = [(at(1) + 5 * HOUR * index, "expired" if index % 3 else "connected") for index in range(90)]
    number = wrote(here, here.add(), *states)
    sum_up(reseller=here.reseller, now=at(18, 3))
    found = days_of(number, days=30, now=NOON)
    assert [day.day for day in found] == [date(2026, 11, day) for day in range(1, 21)]
    whole = sums_of(spans_of(number, since=at(1), until=NOON, now=NOON))
    for cause in Cause:
        assert sum(day.sums.seconds.get(cause, 0) for day in found) == whole.seconds.get(cause, 0)
    assert sum(day.outages for day in found) == 30
    assert [day.day.day for day in days_of(number, days=7, now=NOON)] == list(range(14, 21))


def test_a_number_without_history_has_no_days(here):
    assert days_of(here.add(), days=30, now=NOON) == []


def span(cause, begin, end):
    return Span(1, cause, at(1) + begin * HOUR, at(1) + end * HOUR)


def test_an_outage_goes_on_through_what_is_not_known_and_ends_with_a_connection():
    through = [
        span(Cause.LOGGED_OUT, 0, 1),
        span(Cause.PROVIDER, 1, 3),
        span(Cause.EXPIRED, 3, 4),
        span(Cause.UNKNOWN, 4, 9),
    ]
    assert outages_of(through) == Outages(begun=1, longest=7200, running=7200)
    ended = [*through, span(Cause.CONNECTED, 9, 10), span(Cause.EXPIRED, 10, 11), span(Cause.UNPAID, 11, 12)]
    assert outages_of(ended) == Outages(begun=2, longest=7200, running=0)


def test_an_outage_of_the_day_before_is_not_counted_again():
    assert outages_of([span(Cause.EXPIRED, 0, 1)], running=60) == Outages(begun=0, longest=3660, running=3660)
    assert outages_of([span(Cause.CONNECTED, 0, 1)], running=60) == Outages()


def test_a_day_of_many_numbers_costs_the_same_queries_as_of_one(here, new_place):
    def queries(place, numbers):
        for _ in range(numbers):
            wrote(place, place.add(), (at(19), "connected"), (at(19, 5), "expired"))
        with CaptureQueriesContext(connection) as captured:
            sum_up(reseller=place.reseller, now=NOON)
        return len(captured)

    one = queries(here, 1)
    other = new_place()
    with tenant(other.reseller):
        other.reseller.time_zone = "Asia/Muscat"
        assert queries(other, 40) == one
        assert NumberDay.objects.count() == 40


def test_what_is_kept_covers_what_the_pages_show():
    single = max(length for name, (length, *_texts) in LENGTHS.items() if name not in BY_DAYS)
    assert single + timedelta(days=30) <= days.INTERVALS_KEPT, (
        "and a month for days that were not summed up in time"
    )
    assert timedelta(days=366) <= days.DAYS_KEPT


def test_the_task_sums_up_the_days_of_its_reseller_alone(here, new_place, now):
    since = now - timedelta(days=3)
    wrote(here, here.add(), (since, "connected"), checked=now)
    other = new_place()
    with tenant(other.reseller):
        wrote(other, other.add(), (since, "connected"), checked=now)
    tasks.sum_up_days(reseller_id=here.reseller.pk)
    tasks.sum_up_days(reseller_id=0)
    with every_tenant():
        assert set(NumberDay.objects.values_list("reseller", flat=True)) == {here.reseller.pk}
