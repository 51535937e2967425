"""What is asked next: age times weight, and a ceiling for every number."""

from datetime import timedelta

from whatsapp.mazbot.lane import FLOORS, Lane
from whatsapp.models import Condition, Connection, Service
from whatsapp.monitoring.candidates import PROMISED_SHARE, candidates, ceiling_seconds, sizes

MINUTE = timedelta(minutes=1)


def order(place, now, *, shown=(), busy=(), most=50, ceiling=100_000.0):
    rows = candidates(
        reseller_id=place.reseller.pk, now=now, shown=list(shown), ceiling=ceiling, busy=list(busy), most=most
    )
    return [row.pk for row in rows]


def add(place, now, minutes, **fields):
    """A number that was checked so many minutes ago."""
    fields = {"connection": Connection.CONNECTED, "connection_since": now - timedelta(days=1), **fields}
    checked_at = None if minutes is None else now - minutes * MINUTE
    return place.add(checked_at=checked_at, **fields)


def test_the_oldest_goes_first_and_what_was_never_read_before_it(place, now):
    young, old, never = add(place, now, 1), add(place, now, 9), add(place, now, None)
    assert order(place, now) == [never.pk, old.pk, young.pk]


def test_what_changed_or_is_on_screen_goes_before_what_is_a_little_older(place, now):
    old = add(place, now, 10)
    changed = add(place, now, 7, connection_since=now - 5 * MINUTE)
    seen = add(place, now, 6)
    assert order(place, now, shown=[seen.pk]) == [seen.pk, changed.pk, old.pk]
    assert order(place, now) == [changed.pk, old.pk, seen.pk]


def test_known_down_and_switched_off_numbers_wait_longer(place, now):
    down = add(place, now, 15, connection=Connection.DISCONNECTED)
    off = add(place, now, 20, desired_state=Service.DISABLED)
    usual = add(place, now, 8)
    assert order(place, now) == [usual.pk, down.pk, off.pk]


def test_no_number_in_use_waits_longer_than_the_ceiling(place, now):
    down = add(place, now, 9, connection=Connection.DISCONNECTED)
    usual = add(place, now, 7)
    assert order(place, now) == [usual.pk, down.pk]
    assert order(place, now, ceiling=600.0) == [down.pk, usual.pk]


def test_one_number_that_someone_looks_at_is_asked_more_often_than_those_of_a_board(place, now):
    usual = add(place, now, 10)
    seen = [add(place, now, 3).pk for _ in range(6)]
    assert order(place, now, shown=seen[:1])[:2] == [seen[0], usual.pk]
    assert order(place, now, shown=seen)[0] == usual.pk


def test_an_unstable_number_keeps_its_weight_on_screen(place, now):
    unstable = add(place, now, 2, condition=Condition.FLAPPING)
    usual = add(place, now, 10)
    assert order(place, now) == order(place, now, shown=[unstable.pk]) == [unstable.pk, usual.pk]


def test_what_came_back_within_the_hour_is_asked_more_often_but_not_what_is_new(place, now):
    half_an_hour = now - 30 * MINUTE
    new = add(place, now, 5, connection_since=half_an_hour, first_connected_at=half_an_hour)
    back = add(place, now, 4, connection_since=half_an_hour, first_connected_at=now - timedelta(days=9))
    long_back = add(
        place, now, 6, connection_since=now - 70 * MINUTE, first_connected_at=now - timedelta(days=9)
    )
    assert order(place, now) == [back.pk, long_back.pk, new.pk]


def test_a_number_gains_on_the_weighted_ones_before_it_reaches_the_ceiling(place, now):
    unstable = add(place, now, 2, condition=Condition.FLAPPING)
    old = add(place, now, 15)
    assert order(place, now) == [unstable.pk, old.pk]
    assert order(place, now, ceiling=1200.0) == [old.pk, unstable.pk]


def test_the_promise_leaves_room_beside_the_floor_of_the_lane():
    # Slots are a sixtieth further apart than the limit allows; the rest is for second checks.
    assert FLOORS[Lane.SWEEP] >= 1.05 * PROMISED_SHARE


def test_a_failed_check_counts_as_asked(place, now):
    failed = add(place, now, 60, check_failed_at=now - MINUTE, check_error="server")
    fine = add(place, now, 5)
    assert order(place, now) == [fine.pk, failed.pk]


def test_what_is_being_asked_or_not_due_is_left_out(place, now):
    busy, due = add(place, now, 5), add(place, now, 1, next_check_at=now)
    add(place, now, 6, next_check_at=now + MINUTE)
    add(place, now, 7, archived_at=now)
    assert order(place, now, busy=[busy.pk]) == [due.pk]


def test_only_as_many_as_asked_for_and_of_one_reseller(place, new_place, now):
    other = new_place()
    other.add()
    numbers = [add(place, now, minutes) for minutes in (3, 2, 1)]
    assert order(place, now, most=2) == [numbers[0].pk, numbers[1].pk]
    assert sizes(place.reseller.pk, now) == (3, None)


def test_the_ceiling_follows_from_the_numbers_and_the_limit():
    assert ceiling_seconds(500, 60) == 500 / 0.4
    assert ceiling_seconds(500, 600) == 60 / 0.4
    assert ceiling_seconds(1, 60) == 60 / 0.4
