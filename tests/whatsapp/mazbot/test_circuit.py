"""An account whose MazBot does not answer: the circuit opens, and one request at a time probes."""

import time

import pytest

from whatsapp.mazbot import ErrorKind, Lane, MazBotError, RequestBudget, budget_usage
from whatsapp.mazbot.budget import FIRST_OPEN, OPENING

ACCOUNT = "acc-11"


@pytest.fixture
def budget(valkey):
    return RequestBudget(valkey, ACCOUNT, limit=600, longest_request=2)


def fail(budget, times, **options):
    for _ in range(times):
        budget.finish(budget.reserve(priority=Lane.SWEEP, **options), fault=True)


def refused(budget, lane=Lane.SWEEP):
    with pytest.raises(MazBotError) as caught:
        budget.reserve(priority=lane, deadline=0.2)
    return caught.value.kind


def test_it_opens_after_three_faults_in_a_row(budget, valkey):
    fail(budget, 2)
    budget.finish(budget.reserve(priority=Lane.SWEEP))
    fail(budget, 3)
    assert refused(budget) == ErrorKind.NOT_ANSWERING
    assert refused(budget, Lane.METERING) == ErrorKind.NOT_ANSWERING
    assert budget_usage(valkey, ACCOUNT).open_until is not None


def test_a_person_is_not_held_back(budget):
    fail(budget, OPENING)
    budget.finish(budget.reserve(priority=Lane.PERSON, deadline=1))
    budget.finish(budget.reserve(priority=Lane.SWEEP, deadline=0.3))  # the answer closed it


def test_one_request_probes_and_its_answer_closes_the_circuit(budget):
    fail(budget, OPENING)
    began = time.monotonic()
    probe = budget.reserve(priority=Lane.SWEEP, deadline=5)
    assert time.monotonic() - began >= FIRST_OPEN * budget.spacing - 0.2
    assert refused(budget) == ErrorKind.NOT_ANSWERING, "one at a time"
    budget.finish(probe)
    budget.reserve(priority=Lane.SWEEP, deadline=0.3)


def test_each_probe_that_fails_doubles_the_pause(budget):
    fail(budget, OPENING)
    pauses = []
    for _ in range(3):
        began = time.monotonic()
        fail(budget, 1, deadline=20)
        pauses.append(time.monotonic() - began)
    assert pauses[1] > 1.6 * pauses[0]
    assert pauses[2] > 1.6 * pauses[1]


def test_faults_of_requests_that_were_under_way_do_not_double_it(budget, valkey):
    under_way = [budget.reserve(priority=Lane.SWEEP) for _ in range(OPENING + 5)]
    for slot in under_way:
        budget.finish(slot, fault=True)
    left = budget_usage(valkey, ACCOUNT).open_until.timestamp() - time.time()
    assert left <= FIRST_OPEN * budget.spacing


def test_a_probe_that_died_is_replaced(budget):
    fail(budget, OPENING)
    budget.reserve(priority=Lane.SWEEP, deadline=5)
    began = time.monotonic()
    budget.reserve(priority=Lane.SWEEP, deadline=5)
    assert time.monotonic() - began < 2.5, "longest_request"
