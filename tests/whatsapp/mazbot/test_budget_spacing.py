"""How far apart slots lie, and how far ahead one is granted, to the microsecond."""

import time
from itertools import pairwise

import pytest
from redis import Redis

from whatsapp.mazbot import Lane, RequestBudget
from whatsapp.mazbot.budget import HEADROOM, SECOND


def test_a_spacing_that_is_no_whole_number_of_microseconds_is_rounded_up(valkey: Redis) -> None:
    """Otherwise `limit` slots and their headroom would take less than a window."""
    budget = RequestBudget(valkey, "acc-7", limit=7, window=0.5, longest_request=30)
    slots = [budget.reserve(priority=Lane.SWEEP).at for _ in range(5)]
    closest = min(later - earlier for earlier, later in pairwise(slots))
    assert closest * 7 >= 0.5 * SECOND * (1 + HEADROOM)
    assert closest == pytest.approx(0.5 * SECOND * (1 + HEADROOM) / 7, abs=1.01)


def test_a_slot_is_granted_a_quarter_of_a_spacing_ahead(valkey: Redis) -> None:
    """Further ahead, it would be in the way of a person who comes meanwhile."""
    waits: list[float] = []

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        time.sleep(seconds)

    budget = RequestBudget(valkey, "acc-7", limit=100, sleep=sleep, longest_request=30)
    last = []
    for _ in range(4):
        budget.reserve(priority=Lane.SWEEP)
        last.append(waits[-1])
    quarter = 60 * (1 + HEADROOM) / 100 / 4
    assert 0.85 * quarter < max(last) <= quarter + 0.000_001
