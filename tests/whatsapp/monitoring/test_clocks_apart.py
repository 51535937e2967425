"""Two machines whose clocks are 90 seconds apart: what both of them read and write has one clock."""

from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
import redis
import time_machine

from centers import clock
from centers.queue.ticks import CLOCKS_APART
from config.celery import beat_schedule
from whatsapp.mazbot import Lane, RequestBudget
from whatsapp.monitoring.leases import Leases, unleased
from whatsapp.monitoring.on_screen import note_on_screen, on_screen

APART = timedelta(seconds=90)


def ahead():
    """The clock of the other machine."""
    return time_machine.travel(datetime.now(UTC) + APART, tick=True)


def test_the_limit_holds_between_machines_whose_clocks_differ(valkey: redis.Redis) -> None:
    here, there = (RequestBudget(valkey, "apart", limit=1200, longest_request=30) for _ in range(2))
    slots = []
    for number in range(40):
        with ahead() if number % 2 else nullcontext():
            slots.append((there if number % 2 else here).reserve(priority=Lane.SWEEP, deadline=10))
    moments = [slot.at for slot in slots]
    assert moments == sorted(moments)
    assert min(later - at for at, later in pairwise(moments)) >= here.spacing * 999_000


def test_a_lease_is_neither_lost_nor_doubled(valkey: redis.Redis) -> None:
    here, there = Leases(valkey), Leases(valkey)
    assert here.take(7)
    with ahead():
        assert not there.take(7)
        assert unleased(valkey, [7]) == []
    assert here.renew([7]) == set()
    with ahead():
        assert there.take(8)
    assert not here.take(8)


@pytest.mark.parametrize("task", ["whatsapp.tick_status", "billing.tick_usage"])
def test_a_tick_is_not_too_old_for_a_worker_whose_clock_is_ahead(task: str) -> None:
    assert beat_schedule()[task]["options"]["expires"] > APART.total_seconds()
    assert APART.total_seconds() < CLOCKS_APART


@pytest.fixture
def own_clock():
    """What is measured is forgotten afterwards."""
    yield
    clock.follow_database()


@pytest.mark.django_db
@pytest.mark.usefixtures("own_clock")
def test_a_process_that_sweeps_writes_the_time_of_the_database() -> None:
    assert clock.follow_database() == timedelta(), "one clock: nothing is corrected"
    with ahead():
        here = datetime.now(UTC)
        assert abs(clock.follow_database() + APART) < timedelta(seconds=5)
        assert abs(clock.now() - (here - APART)) < timedelta(seconds=5)


def test_what_is_on_a_screen_is_known_to_a_machine_whose_clock_is_ahead(valkey: redis.Redis) -> None:
    with ahead():
        note_on_screen(7, [1, 2])
    assert on_screen(7) == [1, 2]
    note_on_screen(7, [2, 3])
    with ahead():
        assert sorted(on_screen(7)) == [1, 2, 3]
