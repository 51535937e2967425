"""Which days of a period are missing: never read since they ended, while the number was in use here."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from billing.models import UsageRecord
from billing.periods import Period
from billing.usage.completeness import first_open_day, unread_days, unread_of
from centers.models import Center
from tests.billing.conftest import Shop
from whatsapp.accounts import mazbot_zone
from whatsapp.instances import edit_instance, move
from whatsapp.models import Instance, InstanceAssignment, MazbotAccount

RIYADH = ZoneInfo("Asia/Riyadh")
DAYS = [date(2026, 2, day) for day in range(1, 5)]
PERIOD = Period(DAYS[0], DAYS[-1] + timedelta(days=1))
LONG_AGO = datetime(2025, 1, 1, tzinfo=UTC)


def midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=RIYADH)


@pytest.fixture
def number(shop: Shop) -> Instance:
    """A number that has been here since long before the period."""
    made = shop.number()
    Instance.objects.filter(pk=made.pk).update(held_since=LONG_AGO)
    return made


def missing(center: Center) -> dict[int, list[int]]:
    """Number -> days of February."""
    return {number.pk: [day.day for day in days] for number, days in unread_days(center, PERIOD, RIYADH)}


def test_of_no_centers_nothing_is_missing() -> None:
    assert unread_of([], PERIOD, RIYADH) == []


def test_every_day_that_was_never_read_is_missing_and_none_outside_the_period(
    shop: Shop, number: Instance
) -> None:
    assert missing(shop.center) == {number.pk: [1, 2, 3, 4]}
    for day in (DAYS[0], DAYS[2]):
        shop.read(number, day)
    assert missing(shop.center) == {number.pk: [2, 4]}
    for day in (DAYS[1], DAYS[3]):
        shop.read(number, day)
    assert missing(shop.center) == {}


@pytest.mark.parametrize(("early", "is_missing"), [(timedelta(seconds=1), True), (timedelta(0), False)])
def test_a_day_is_complete_once_it_was_read_after_it_ended_in_mazbots_calendar(
    shop: Shop, number: Instance, early: timedelta, is_missing: bool
) -> None:
    for day in DAYS:
        shop.read(number, day, at=midnight(day + timedelta(days=1)) - early)
    assert missing(shop.center) == ({number.pk: [1, 2, 3, 4]} if is_missing else {})


def test_a_number_counts_from_the_day_it_was_entered_to_the_day_it_was_archived(
    shop: Shop, number: Instance
) -> None:
    own = Instance.objects.filter(pk=number.pk)
    own.update(held_since=midnight(DAYS[2]) - timedelta(seconds=1))
    own.update(archived_at=midnight(DAYS[3]) - timedelta(seconds=1))
    assert missing(shop.center) == {number.pk: [2, 3]}


def test_the_days_of_a_number_that_moved_are_missing_where_it_was_on_them(
    shop: Shop, number: Instance
) -> None:
    shop.read(number, DAYS[0], at=midnight(DAYS[0]) + timedelta(hours=1))
    new = shop.new_center()
    move(instance=number, center=new, by=None, now=midnight(DAYS[2]) + timedelta(hours=1))
    assert missing(shop.center) == {number.pk: [1, 2]}, "the third is complete once its new center's is"
    assert missing(new) == {number.pk: [3, 4]}
    assert UsageRecord.objects.get().center == shop.center


def test_days_before_the_first_billed_one_are_not_waited_for(shop: Shop, number: Instance) -> None:
    InstanceAssignment.objects.update(billed_from=DAYS[2])
    assert missing(shop.center) == {number.pk: [3, 4]}


def test_an_id_that_was_corrected_before_anything_was_read_is_not_waited_for(
    shop: Shop, number: Instance
) -> None:
    edit_instance(instance=number, instance_id="right", by=None, now=midnight(DAYS[2]))
    assert missing(shop.center) == {number.pk: [3, 4]}
    edit_instance(instance=number, instance_id="better", by=None, now=midnight(DAYS[3]))
    shop.read(number, DAYS[2], at=midnight(DAYS[2]) + timedelta(hours=1))
    assert missing(shop.center) == {number.pk: [3, 4]}, "what was begun is finished"


def test_the_first_open_day_is_the_earlier_one_of_both_calendars(shop: Shop) -> None:
    # Half past nine in the evening in UTC: the next day in Riyadh.
    now = datetime(2026, 3, 5, 21, 30, tzinfo=UTC)
    assert first_open_day(shop.reseller, now) == date(2026, 3, 6)
    MazbotAccount.objects.update(time_zone="UTC")
    assert mazbot_zone(shop.reseller) == ZoneInfo("UTC")
    assert first_open_day(shop.reseller, now) == date(2026, 3, 5)
    MazbotAccount.objects.all().delete()
    assert mazbot_zone(shop.reseller) == RIYADH, "until there is an account, the reseller's own"
    assert first_open_day(shop.reseller, now) == date(2026, 3, 6)
