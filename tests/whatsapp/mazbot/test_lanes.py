"""Who gets the next slot: strict priority, and a floor for every lane below."""

import time
from itertools import pairwise

import pytest

from whatsapp.mazbot import Lane, RequestBudget, budget_usage, read_verdict, run_scripts
from whatsapp.mazbot.budget import SECOND, Slot
from whatsapp.mazbot.lane import FLOORS

ACCOUNT = "acc-9"


def take(budget, valkey, lanes, *, count):
    """The lanes of so many slots when each of these lanes always wants one more."""
    served = []
    while len(served) < count:
        for lane in lanes:
            (reply,) = run_scripts(valkey, [budget.attempt(f"w{lane}", lane=lane, deadline=60)])
            slots = read_verdict(reply, f"w{lane}").slots
            served += [lane] * len(slots)
            if slots:
                run_scripts(valkey, [budget.finishing([(slot, False) for slot in slots])])
        time.sleep(0.002)
    return served


@pytest.mark.parametrize(
    ("above", "floor"),
    [(Lane.METERING, FLOORS[Lane.SWEEP]), (Lane.CONTROL, FLOORS[Lane.SWEEP]), (Lane.PERSON, 0.23)],
)
def test_a_sweep_keeps_its_floor_however_much_the_lane_above_wants(valkey, above, floor):
    budget = RequestBudget(valkey, ACCOUNT, limit=3000, longest_request=30)
    served = take(budget, valkey, [above, Lane.SWEEP], count=150)
    share = served.count(Lane.SWEEP) / len(served)
    assert floor - 0.02 <= share <= floor + 0.02


def test_each_lane_below_people_keeps_its_floor(valkey):
    served = take(
        RequestBudget(valkey, ACCOUNT, limit=6000, longest_request=30),
        valkey,
        sorted(Lane, reverse=True),
        count=300,
    )
    for lane in (Lane.METERING, Lane.NOTIFICATION, Lane.CONTROL):
        assert served.count(lane) / len(served) >= 0.9 * FLOORS[lane], lane
    assert served.count(Lane.SWEEP) / len(served) >= 0.3, "less than its floor only for people"
    assert served.count(Lane.PERSON) / len(served) > 0.3


def test_what_the_lane_above_leaves_unused_goes_to_the_sweep(valkey):
    budget = RequestBudget(valkey, ACCOUNT, limit=1200, longest_request=30)
    at = []
    while len(at) < 12:
        (reply,) = run_scripts(valkey, [budget.attempt("sweep", lane=Lane.SWEEP, deadline=60)])
        at += [slot.at for slot in read_verdict(reply, "sweep").slots]
        time.sleep(0.002)
    apart = [later - earlier for earlier, later in pairwise(at)]
    # Also those of the lanes above; on a busy machine the test may come too late for some.
    assert apart.count(min(apart)) >= 3
    assert min(apart) == pytest.approx(budget.spacing * SECOND, abs=2)


def test_a_lane_comes_back_when_its_turn_is_near_however_many_wait_above(valkey):
    """All of them are ahead in the queue, but the lane's floor is not: slots were left to no one meanwhile."""
    budget = RequestBudget(valkey, ACCOUNT, limit=600, longest_request=30)
    for lane in (Lane.METERING, Lane.PERSON):
        waiting = f"mazbot:{{{ACCOUNT}}}:budget:waiting:{lane.value}"
        valkey.zadd(waiting, {f"waiter{n}": 2**53 for n in range(20)})
    (reply,) = run_scripts(valkey, [budget.attempt("sweep", lane=Lane.SWEEP, deadline=60)])
    verdict = read_verdict(reply, "sweep")
    assert verdict.estimate > 39 * budget.spacing
    assert verdict.wait < 6 * budget.spacing, "people leave it one slot in four"


def test_three_people_at_once_are_served_before_the_sweep(valkey):
    budget = RequestBudget(valkey, ACCOUNT, limit=300, longest_request=30)
    take(budget, valkey, [Lane.SWEEP], count=4)
    order = []
    waiting = {f"p{n}" for n in range(3)} | {"sweep"}
    while waiting and len(order) < 4:
        for waiter in sorted(waiting):
            lane = Lane.SWEEP if waiter == "sweep" else Lane.PERSON
            (reply,) = run_scripts(valkey, [budget.attempt(waiter, lane=lane, deadline=60)])
            if read_verdict(reply, waiter).slots:
                order.append(waiter)
                if lane == Lane.PERSON:
                    valkey.zrem(f"mazbot:{{{ACCOUNT}}}:budget:waiting:{lane.value}", waiter)
                    waiting.discard(waiter)
        time.sleep(0.002)
    assert "sweep" not in order[:3]


@pytest.mark.parametrize(
    ("lane", "ahead", "early"), [(Lane.PERSON, 450_000, True), (Lane.CONTROL, 200_000, False)]
)
def test_a_persons_slot_begins_early_and_the_next_one_lies_where_it_would_have_been(
    valkey, lane, ahead, early
):
    """Others are granted their slots ahead: without this, the third of three people would wait for four of them."""
    budget = RequestBudget(valkey, ACCOUNT, limit=6, longest_request=30)
    seconds, micros = valkey.time()
    next_free = seconds * SECOND + micros + ahead
    state = f"mazbot:{{{ACCOUNT}}}:budget"
    valkey.hset(state, "next", next_free)
    (reply,) = run_scripts(valkey, [budget.attempt("one", lane=lane, deadline=60)])
    (slot,) = read_verdict(reply, "one").slots
    assert (slot.at < next_free) is early
    assert int(valkey.hget(state, "next")) == max(slot.at, next_free) + round(budget.spacing * SECOND)


def test_several_slots_are_granted_in_one_round_trip_and_lie_a_spacing_apart(valkey):
    budget = RequestBudget(valkey, ACCOUNT, limit=6000, longest_request=30)
    slots, tries = [], 0
    until = time.monotonic() + 2
    while time.monotonic() < until:
        (reply,) = run_scripts(valkey, [budget.attempt("sweep", lane=Lane.SWEEP, most=20, deadline=60)])
        got = read_verdict(reply, "sweep").slots
        tries += 1
        slots += got
        time.sleep(0.03)
    apart = [later.at - earlier.at for earlier, later in pairwise(slots)]
    assert min(apart) >= budget.spacing * 1_000_000 - 1
    assert len(slots) > 2 * tries
    assert len({slot.flight for slot in slots}) == len(slots)


@pytest.mark.parametrize(("limit", "seconds"), [(60, 0.25), (600, 0.05), (120, 0.127)])
def test_a_slot_is_granted_a_quarter_of_an_interval_ahead_within_bounds(valkey, limit, seconds):
    assert RequestBudget(valkey, ACCOUNT, limit=limit, longest_request=30).horizon == pytest.approx(
        seconds, abs=0.001
    )


def test_requests_are_counted_per_lane_for_an_hour(valkey):
    budget = RequestBudget(valkey, ACCOUNT, limit=6000, longest_request=30)
    served = take(budget, valkey, [Lane.METERING, Lane.SWEEP], count=20)
    counted = budget_usage(valkey, ACCOUNT).last_hour
    assert counted[Lane.METERING] == served.count(Lane.METERING) > 0
    assert counted[Lane.SWEEP] == served.count(Lane.SWEEP) > 0
    assert counted[Lane.PERSON] == 0


def test_messages_go_before_metering_and_behind_switching_which_leaves_them_their_floor(valkey):
    budget = RequestBudget(valkey, ACCOUNT, limit=3000, longest_request=30)
    served = take(budget, valkey, [Lane.NOTIFICATION, Lane.METERING], count=75)
    assert served.count(Lane.NOTIFICATION) > 5 * served.count(Lane.METERING) > 0
    served = take(budget, valkey, [Lane.CONTROL, Lane.NOTIFICATION], count=150)
    share = served.count(Lane.NOTIFICATION) / len(served)
    assert FLOORS[Lane.NOTIFICATION] - 0.02 <= share <= FLOORS[Lane.NOTIFICATION] + 0.02


def test_a_sweep_keeps_its_floor_while_all_lanes_but_people_want_more(valkey):
    lanes = [Lane.CONTROL, Lane.NOTIFICATION, Lane.METERING, Lane.SWEEP]
    served = take(RequestBudget(valkey, ACCOUNT, limit=6000, longest_request=30), valkey, lanes, count=300)
    for lane in lanes:
        assert served.count(lane) / len(served) >= 0.9 * FLOORS[lane], lane


def test_what_waits_is_forgotten_within_minutes_and_all_else_within_a_week(valkey):
    """Keys that stayed would fill Valkey with accounts that were deleted long ago."""
    budget = RequestBudget(valkey, ACCOUNT, limit=6000, longest_request=30)
    slots: tuple[Slot, ...] = ()
    while not slots:
        (reply,) = run_scripts(valkey, [budget.attempt("served", lane=Lane.SWEEP, deadline=60)])
        slots = read_verdict(reply, "served").slots
    while slots:  # until it waits
        kept = _seconds_kept(valkey)
        assert kept[f":waiting:{Lane.SWEEP.value}"] <= 600, "expected back for more"
        (reply,) = run_scripts(valkey, [budget.attempt("waits", lane=Lane.METERING, deadline=60)])
        slots = read_verdict(reply, "waits").slots
    budget.penalize(budget.reserve(priority=Lane.PERSON), 5)
    kept = _seconds_kept(valkey)
    assert {f":waiting:{Lane.METERING.value}", ":flights", ":spent", ""} <= kept.keys()
    assert all(0 < seconds <= 7 * 86_400 for seconds in kept.values()), kept
    assert all(seconds <= 600 for name, seconds in kept.items() if "waiting" in name), kept


def _seconds_kept(valkey):
    """How long each key of the account's budget stays, by its ending; -1: forever."""
    found = valkey.scan_iter(f"mazbot:{{{ACCOUNT}}}:budget*")
    return {key.decode().rpartition(":budget")[2]: valkey.ttl(key) for key in found}
