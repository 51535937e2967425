"""Silent and failing numbers: usage compared with the number's own, on the same weekday."""

from datetime import UTC, date, datetime, timedelta

import pytest

from billing.usage.rhythm import judge_usage
from whatsapp.models import Alert, Connection, Instance

WEDNESDAY = date(2026, 3, 4)
MORNING = datetime(2026, 3, 5, 9, tzinfo=UTC)
Kind = Alert.Kind


@pytest.fixture
def line(shop):
    """Makes a number that has long been connected, with 200 messages on each of the last eight Wednesdays."""

    def make(**usual):
        number = shop.number(
            connection=Connection.CONNECTED, connection_since=datetime(2025, 12, 1, tzinfo=UTC)
        )
        for weeks in range(1, 9):
            shop.read(number, WEDNESDAY - timedelta(weeks=weeks), **{"sent": 200, **usual})
        return number

    return make


def state(number):
    return Instance.objects.get(pk=number.pk).state


def open_kinds():
    return sorted(Alert.objects.filter(resolved_at=None).values_list("kind", flat=True))


def test_a_number_far_under_its_own_weekday_is_silent_until_a_day_is_as_usual(shop, line):
    quiet, busy = line(), line()
    shop.read(quiet, WEDNESDAY, sent=3)
    shop.read(busy, WEDNESDAY, sent=30)
    assert judge_usage(reseller=shop.reseller, now=MORNING) == 1
    assert (state(quiet), state(busy), open_kinds()) == ("silent", "connected", ["silent"])
    assert judge_usage(reseller=shop.reseller, now=MORNING + timedelta(hours=1)) == 0
    shop.read(quiet, WEDNESDAY + timedelta(days=1), sent=150)
    judge_usage(reseller=shop.reseller, now=MORNING + timedelta(days=1))
    assert (state(quiet), open_kinds()) == ("connected", [])


def test_a_day_that_is_not_over_or_has_too_little_to_compare_with_says_nothing(shop, line):
    early, young, small = line(), line(), line(sent=10)
    shop.read(early, WEDNESDAY, sent=0, at=datetime(2026, 3, 4, 15, tzinfo=UTC))
    shop.read(small, WEDNESDAY, sent=0)
    Instance.objects.filter(pk=young.pk).update(connection_since=datetime(2026, 3, 4, 12, tzinfo=UTC))
    shop.read(young, WEDNESDAY, sent=0)
    assert judge_usage(reseller=shop.reseller, now=MORNING) == 0
    assert open_kinds() == []


def test_a_holiday_makes_no_number_silent(shop, line):
    for _ in range(4):
        shop.read(line(), WEDNESDAY, sent=1)
    assert judge_usage(reseller=shop.reseller, now=MORNING) == 0


def test_a_share_of_failed_messages_that_jumps_is_an_alert(shop, line):
    worse, always = line(failed=4), line(failed=80)
    shop.read(worse, WEDNESDAY, sent=200, failed=60)
    shop.read(always, WEDNESDAY, sent=200, failed=90)
    judge_usage(reseller=shop.reseller, now=MORNING)
    assert (state(worse), state(always), open_kinds()) == ("failing", "connected", ["failing"])


def test_a_silent_number_that_goes_down_is_down_and_no_longer_silent(shop, line):
    quiet = line()
    shop.read(quiet, WEDNESDAY, sent=0)
    judge_usage(reseller=shop.reseller, now=MORNING)
    Instance.objects.filter(pk=quiet.pk).update(connection=Connection.DISCONNECTED)
    assert state(quiet) == "disconnected"
    judge_usage(reseller=shop.reseller, now=MORNING + timedelta(hours=1))
    assert open_kinds() == []
