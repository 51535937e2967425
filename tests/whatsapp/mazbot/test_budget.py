"""The budget's rules, one at a time, against a real Valkey."""

import threading
import time
from datetime import UTC, datetime
from itertools import pairwise

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from whatsapp.mazbot import BudgetExhausted, ErrorKind, Lane, MazBotError, RequestBudget, budget_usage
from whatsapp.mazbot.budget import SECOND, Slot

ACCOUNT = "acc-7"
STATE, FLIGHTS = "mazbot:{acc-7}:budget", "mazbot:{acc-7}:budget:flights"


def budget_of(valkey, limit=600, longest_request=30, **options):
    return RequestBudget(valkey, ACCOUNT, limit=limit, longest_request=longest_request, **options)


def server_now(valkey):
    seconds, micros = valkey.time()
    return seconds * SECOND + micros


def test_a_new_account_waits_one_spacing_before_its_first_request(valkey):
    before = server_now(valkey)

    slot = budget_of(valkey).reserve(priority=Lane.SWEEP)

    assert slot.at - before >= 0.1 * SECOND
    assert server_now(valkey) >= slot.at


def test_slots_lie_a_spacing_apart(valkey):
    budget = budget_of(valkey)

    slots = [budget.reserve(priority=Lane.SWEEP).at for _ in range(6)]

    assert all(later - earlier >= 0.1 * SECOND for earlier, later in pairwise(slots))


def test_a_limit_below_one_counts_as_one(valkey):
    assert budget_of(valkey, limit=0).limit == 1


def test_a_person_overtakes_what_waits_already(valkey):
    budget = budget_of(valkey, limit=120)  # a slot each half second: all have come before the next is due
    order = []

    def ask(priority):
        slot = budget.reserve(priority=priority, deadline=20)
        order.append((slot.at, priority))

    threads = [threading.Thread(target=ask, args=(Lane.SWEEP,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    time.sleep(0.1)
    for priority in (Lane.METERING, Lane.CONTROL, Lane.PERSON):
        threads.append(threading.Thread(target=ask, args=(priority,)))
        threads[-1].start()
        time.sleep(0.02)
    for thread in threads:
        thread.join()

    served = [priority for _, priority in sorted(order)]
    assert served.index(Lane.PERSON) <= 1  # a slot may have been handed out before they came
    assert [p for p in served if p != Lane.SWEEP] == [
        Lane.PERSON,
        Lane.CONTROL,
        Lane.METERING,
    ]


def test_who_cannot_be_served_in_time_learns_at_once_when_to_come_again(valkey):
    budget = budget_of(valkey, limit=6)
    asked = time.monotonic()

    with pytest.raises(BudgetExhausted) as caught:
        budget.reserve(priority=Lane.PERSON, deadline=2)

    error = caught.value
    assert time.monotonic() - asked < 0.5
    assert error.kind is ErrorKind.LIMIT
    assert error.retry
    assert 9 < error.retry_after < 11
    assert 8 < (error.free_at - datetime.now(UTC)).total_seconds() < 11
    assert budget_usage(valkey, ACCOUNT).waiting[Lane.PERSON] == 0


def test_one_who_waits_gives_up_when_others_go_first(valkey):
    budget = budget_of(valkey, limit=300)
    stop = threading.Event()

    def people():
        while not stop.is_set():
            budget.reserve(priority=Lane.PERSON)

    threads = [threading.Thread(target=people) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        with pytest.raises(BudgetExhausted):
            budget.reserve(priority=Lane.CONTROL, deadline=1.0)
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def test_a_waiter_that_died_holds_no_one_up_for_long(valkey):
    budget = budget_of(valkey)
    dead = budget_of(valkey, limit=60, sleep=lambda seconds: (_ for _ in ()).throw(SystemExit))
    with pytest.raises(SystemExit):
        dead.reserve(priority=Lane.PERSON)
    assert budget_usage(valkey, ACCOUNT).waiting[Lane.PERSON] == 1

    asked = time.monotonic()
    budget.reserve(priority=Lane.SWEEP, deadline=5)

    assert time.monotonic() - asked < 2


def test_a_raised_limit_counts_at_once(valkey):
    budget_of(valkey, limit=6000).reserve(priority=Lane.PERSON)
    valkey.hset(
        STATE, "next", server_now(valkey) + 3600 * SECOND
    )  # as after a much lower limit, or a clock set back

    slot = budget_of(valkey).reserve(priority=Lane.PERSON, deadline=2)

    assert slot.at <= server_now(valkey)


def test_a_full_window_is_waited_out_however_long_ago_the_slots_were(valkey):
    budget = budget_of(valkey, limit=3, window=1.5)
    slots = [budget.reserve(priority=Lane.PERSON) for _ in range(3)]
    time.sleep(1)  # all three were slow to come back
    for slot in slots:
        budget.finish(slot)
    finished = server_now(valkey)

    following = budget.reserve(priority=Lane.PERSON)

    assert following.at >= finished + 1.45 * SECOND


def test_the_slot_of_a_process_that_died_counts_until_its_request_must_be_over(valkey):
    budget = budget_of(valkey, limit=1, window=0.5, longest_request=1)
    lost = budget.reserve(priority=Lane.PERSON)

    following = budget.reserve(priority=Lane.PERSON)

    assert following.at - lost.at >= 1.5 * SECOND


def test_a_clock_set_back_does_not_block_the_account(valkey):
    budget = budget_of(valkey, limit=1, window=0.5, longest_request=0.5)
    budget.reserve(priority=Lane.PERSON)
    far = server_now(valkey) + 3600 * SECOND
    valkey.delete(FLIGHTS)
    valkey.zadd(FLIGHTS, {f"{far}:x": far})

    slot = budget.reserve(priority=Lane.PERSON, deadline=5)

    assert slot.at < far


def test_an_emptied_valkey_brings_no_burst(valkey):
    budget = budget_of(valkey)
    slots = []
    for _ in range(6):
        slots.append(budget.reserve(priority=Lane.SWEEP).at)
        valkey.flushdb()

    assert all(later - earlier >= 0.1 * SECOND for earlier, later in pairwise(slots))


def test_a_429_pauses_the_whole_account_for_the_time_it_names(valkey):
    budget = budget_of(valkey)
    pause = budget.penalize(budget.reserve(priority=Lane.SWEEP), 1.5)
    paused_at = server_now(valkey)
    reading = budget_usage(valkey, ACCOUNT)

    slot = budget_of(valkey).reserve(priority=Lane.PERSON)

    assert 1.4 < pause <= 1.5
    assert 0 < (reading.paused_until - datetime.now(UTC)).total_seconds() + 1.5 < 3
    assert slot.at >= paused_at + 1.4 * SECOND
    assert budget_usage(valkey, ACCOUNT).paused_until is None


@pytest.mark.parametrize("named", [0.0, 0.2, 10_000.0])
def test_a_named_pause_is_kept_within_bounds(valkey, named):
    budget = budget_of(valkey)

    pause = budget.penalize(budget.reserve(priority=Lane.SWEEP), named)

    assert pause == pytest.approx(min(max(named, 1), 900), abs=0.01)


def test_a_pause_without_a_time_is_a_window_and_doubles_while_it_repeats(valkey):
    budget = budget_of(valkey, window=0.4, limit=4)
    slot = budget.reserve(priority=Lane.SWEEP)
    same_storm = budget.reserve(priority=Lane.SWEEP)

    pauses = [budget.penalize(slot), budget.penalize(same_storm)]
    for _ in range(2):
        pauses.append(budget.penalize(budget.reserve(priority=Lane.SWEEP)))
    budget.finish(budget.reserve(priority=Lane.SWEEP))
    pauses.append(budget.penalize(budget.reserve(priority=Lane.SWEEP)))

    assert pauses == pytest.approx([0.4, 0.4, 0.8, 1.6, 0.4], abs=0.02)


def test_answers_to_requests_from_before_the_pause_do_not_end_the_escalation(valkey):
    budget = budget_of(valkey, window=0.4, limit=4)
    early, struck = (budget.reserve(priority=Lane.SWEEP) for _ in range(2))
    budget.penalize(struck)
    budget.finish(early)

    assert budget.penalize(budget.reserve(priority=Lane.SWEEP)) == pytest.approx(0.8, abs=0.02)


def test_the_reading_counts_grants_and_waiters(valkey):
    assert budget_usage(valkey, ACCOUNT).limit == 0
    budget = budget_of(valkey, limit=120)
    for _ in range(3):
        budget.finish(budget.reserve(priority=Lane.METERING))
    valkey.zadd(FLIGHTS, {f"{server_now(valkey) - 70 * SECOND}:old": server_now(valkey) + SECOND})
    waiter = threading.Thread(target=budget.reserve, kwargs={"priority": Lane.CONTROL})
    waiter.start()
    time.sleep(0.1)

    reading = budget_usage(valkey, ACCOUNT)

    waiter.join()
    assert (reading.limit, reading.granted_last_minute, reading.paused_until) == (120, 3, None)
    assert reading.waiting == {
        Lane.SWEEP: 0,
        Lane.METERING: 0,
        Lane.NOTIFICATION: 0,
        Lane.CONTROL: 1,
        Lane.PERSON: 0,
    }


def test_without_valkey_nothing_is_sent_and_nothing_else_breaks(caplog):
    nowhere = redis.Redis(port=1, retry=Retry(NoBackoff(), 0))
    budget = budget_of(nowhere)

    with pytest.raises(MazBotError) as caught:
        budget.reserve(priority=Lane.PERSON)
    budget.finish(Slot("a", 1))

    assert caught.value.kind is ErrorKind.UNAVAILABLE
    assert caught.value.retry
    assert budget.penalize(Slot("a", 1), 7.0) == 7.0
    assert budget.penalize(Slot("a", 1)) == 60.0
    assert len(caplog.records) == 3
