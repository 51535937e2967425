"""What MazBot books late is often seen at the main account first: numbers are compared then, and no alert opens."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from billing.jobs import usage_job
from billing.models import AccountUsageRecord, GapItem, UsageRecord
from billing.reports.gaps import check_gap, not_comparable
from billing.usage import account_ahead
from billing.usage.account_ahead import days_ahead
from billing.usage.main_account import read_account_usage
from tests.billing.usage.conftest import Place
from whatsapp.models import Alert, Instance

D = Decimal
LATE = date(2026, 2, 17)
HOUR = timedelta(hours=1)
NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)


def used(place: Place, cost: int) -> Instance:
    """A number that used this on 17 February."""
    number = place.number(held_since=datetime(2026, 2, 1, 6, tzinfo=UTC))
    place.control.add_instance("demo-key", number.instance_id, daily_messages=0)
    place.control.add_usage(number.instance_id, LATE, sent=cost, cost=D(cost))
    return number


def settle(place: Place) -> None:
    """Everything is read and compared, and the turns of this week are had."""
    for hours in (0, 1):
        place.clock[0] = NOON + hours * HOUR
        usage_job(reseller=place.reseller, now=place.clock[0])
        read_account(place)
    assert check_gap(place.reseller, place.clock[0]) == []
    assert days_ahead(place.account, place.clock[0]) == set()


def read_account(place: Place) -> None:
    read_account_usage(reseller=place.reseller, now=place.clock[0], days=[LATE])


def asked_about(place: Place) -> list[str]:
    """The numbers about whose usage MazBot gave answers, in this order; a session that ended is none."""
    rows = place.control.requests_log()
    return [row.instance_id for row in rows if row.call == "usage" and row.status_code == 200]


def book_late(place: Place, number: Instance) -> None:
    """All is settled; then MazBot books 100.00 late, and the main account shows it first."""
    settle(place)
    place.control.add_usage(number.instance_id, LATE, sent=100, cost=D(100))
    place.clock[0] += HOUR
    read_account(place)


def is_alarmed() -> bool:
    return Alert.objects.filter(kind=Alert.Kind.USAGE_GAP, resolved_at=None).exists()


def test_late_usage_of_the_main_account_is_looked_for_at_once_and_opens_nothing(place: Place) -> None:
    """Seen before: a difference was open until the number's turn in the week."""
    number = used(place, 10)
    book_late(place, number)
    assert days_ahead(place.account, place.clock[0]) == {LATE}
    assert LATE in not_comparable(place.reseller, place.clock[0])
    assert check_gap(place.reseller, place.clock[0]) == []
    place.clock[0] += HOUR
    usage_job(reseller=place.reseller, now=place.clock[0])
    assert UsageRecord.objects.get(day=LATE).cost == 110
    assert days_ahead(place.account, place.clock[0]) == set()
    assert check_gap(place.reseller, place.clock[0]) == []
    assert not GapItem.objects.filter(kind=GapItem.Kind.DAY).exists()


def test_what_no_number_used_is_a_difference_once_all_were_asked_and_they_are_asked_once(
    place: Place,
) -> None:
    number = used(place, 10)
    settle(place)
    place.control.add_instance("demo-key", "stranger", daily_messages=0)
    place.control.add_usage("stranger", LATE, sent=5, cost=D(5))
    place.clock[0] += HOUR
    read_account(place)
    assert check_gap(place.reseller, place.clock[0]) == []
    assert not is_alarmed()
    before = len(asked_about(place))
    for _hour in range(3):
        place.clock[0] += HOUR
        usage_job(reseller=place.reseller, now=place.clock[0])
        read_account(place)
    assert asked_about(place)[before:] == [number.instance_id]
    assert check_gap(place.reseller, place.clock[0]) == [LATE]
    assert is_alarmed()


def test_no_more_numbers_are_asked_once_the_day_matches(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(account_ahead, "AT_ONCE", 1)
    used(place, 10)
    busy = used(place, 50)
    book_late(place, busy)
    before = len(asked_about(place))
    usage_job(reseller=place.reseller, now=place.clock[0] + HOUR)
    assert set(asked_about(place)[before:]) == {busy.instance_id}, "who used most comes first"
    assert UsageRecord.objects.get(day=LATE, instance=busy).cost == 150


def test_a_day_waits_for_numbers_for_a_day_at_most(place: Place) -> None:
    number = used(place, 10)
    book_late(place, number)
    place.control.set_fault("usage", "500")
    usage_job(reseller=place.reseller, now=place.clock[0] + HOUR)
    assert days_ahead(place.account, place.clock[0] + 23 * HOUR) == {LATE}
    assert days_ahead(place.account, place.clock[0] + 24 * HOUR) == set()
    assert check_gap(place.reseller, place.clock[0] + 24 * HOUR) != []


def test_the_first_reading_of_a_day_that_is_over_is_no_change(place: Place) -> None:
    number = used(place, 10)
    place.control.add_usage(number.instance_id, NOON.date(), sent=1, cost=D(1))
    settle(place)
    place.control.add_usage(number.instance_id, NOON.date(), sent=1, cost=D(1))
    place.clock[0] += timedelta(days=1)
    read_account_usage(reseller=place.reseller, now=place.clock[0])
    assert AccountUsageRecord.objects.get(day=NOON.date()).cost == 2
    assert not AccountUsageRecord.objects.exclude(changed_at=None).exists()
