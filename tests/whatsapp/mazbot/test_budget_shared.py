"""The budget under several processes: the limit, its use, and how long a person waits."""

import multiprocessing
import random
import time

import pytest
import redis

from whatsapp.mazbot import Lane, RequestBudget

LIMIT, WINDOW, SECONDS = 40, 4.0, 11.0
ACCOUNT = "shared"
SPACING = WINDOW / LIMIT


def send(ready, connection, priority, seed, results):
    """One process, for SECONDS once all are ready: arrive a random time after each slot, and report when."""
    dice = random.Random(seed)
    budget = RequestBudget(redis.Redis(**connection), ACCOUNT, limit=LIMIT, window=WINDOW, longest_request=2)
    ready.wait()
    stop = time.time() + SECONDS
    while time.time() < stop:
        slot = budget.reserve(priority=priority, deadline=30)
        time.sleep(dice.choice([0, 0, 0.005, 0.02]))
        results.put(time.time())
        time.sleep(dice.choice([0, 0.001, 0.01]))
        budget.finish(slot)


@pytest.fixture
def connection(valkey):
    kwargs = valkey.connection_pool.connection_kwargs
    return {name: kwargs[name] for name in ("host", "port", "db", "username", "password") if kwargs.get(name)}


@pytest.fixture
def sweepers(connection):
    """Four processes that sweep for SECONDS; yields the queue of arrival times and a way to wait for their end."""
    context = multiprocessing.get_context("spawn")
    results = context.Queue()
    ready = context.Barrier(5)
    processes = [
        context.Process(target=send, args=(ready, connection, Lane.SWEEP, seed, results)) for seed in range(4)
    ]
    for process in processes:
        process.start()
    ready.wait(timeout=120)  # on a busy machine a process may take longer to start than it then sends

    def collect():
        arrivals = []
        while any(process.is_alive() for process in processes) or not results.empty():
            while not results.empty():
                arrivals.append(results.get())
            time.sleep(0.05)
        return sorted(arrivals)

    yield collect
    for process in processes:
        process.terminate()
        process.join()


def windows_over_the_limit(arrivals):
    return sum(later - earlier <= WINDOW for earlier, later in zip(arrivals, arrivals[LIMIT:], strict=False))


def test_four_processes_use_the_budget_and_never_exceed_it(sweepers):
    arrivals = sweepers()
    used = (len(arrivals) - 1) * SPACING / (arrivals[-1] - arrivals[0])

    assert windows_over_the_limit(arrivals) == 0
    assert used > 0.95, used


def test_a_person_is_served_within_two_slots_while_four_processes_sweep(sweepers, valkey):
    budget = RequestBudget(valkey, ACCOUNT, limit=LIMIT, window=WINDOW, longest_request=2)
    time.sleep(2.5)
    waits, mine = [], []
    for _ in range(30):
        time.sleep(random.uniform(0.05, 0.2))
        asked = time.monotonic()
        slot = budget.reserve(priority=Lane.PERSON)
        waits.append(time.monotonic() - asked)
        mine.append(time.time())
        budget.finish(slot)
    arrivals = sorted(sweepers() + mine)

    assert sorted(waits)[-2] < 2.5 * SPACING, waits
    assert windows_over_the_limit(arrivals) == 0
