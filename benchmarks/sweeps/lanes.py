"""The request budget: tries per request, a person's wait during a sweep, and an account that answers slowly."""

import os
import threading
import time

import redis

from benchmarks.results import Result
from benchmarks.sweeps.fleet import fleet, used
from benchmarks.timing import percentile
from whatsapp.mazbot import Lane, RequestBudget, read_verdict, run_scripts
from whatsapp.monitoring.dispatcher.slots import EARLY

_SECONDS = 30.0


def measure() -> list[Result]:
    """Figures of the budget at 60 and 600 requests a minute."""
    return [*_tries(60), *_tries(600), *_people(), _slow_account()]


def _tries(limit: int) -> list[Result]:
    """Round trips of a sweep with a full backlog, asking as the dispatcher does."""
    budget, tries, slots = _budget(f"tries-{limit}", limit), 0, 0
    until, wait = time.monotonic() + _SECONDS, 0.0
    while time.monotonic() < until:
        time.sleep(wait)
        (reply,) = run_scripts(_valkey(), [budget.attempt("sweep", lane=Lane.SWEEP, most=20, deadline=3600)])
        verdict = read_verdict(reply, "sweep")
        tries, slots = tries + 1, slots + len(verdict.slots)
        wait = verdict.wait
        if verdict.slots:
            run_scripts(_valkey(), [budget.finishing([(slot, False) for slot in verdict.slots])])
            wait = max(0.0, verdict.starts[-1] + budget.spacing - EARLY * budget.horizon)
    how = f"Valkey calls for slots per request, backlog full, {limit}/min"
    return [Result(f"budget.tries_per_grant.{limit}", tries / slots, 1.1, "", how, at_most=True)]


def _people() -> list[Result]:
    """How many intervals a person waits for a slot while a sweep takes every one."""
    alone = _waits(people=1, rounds=40)
    three = _waits(people=3, rounds=14)
    figures = (
        ("budget.interactive_wait_p99", alone, 1.5, "one person during a full sweep, p99"),
        ("budget.interactive_wait_of_three", three, 3.0, "three people at once, p99"),
    )
    return [
        Result(name, percentile(waits, 0.99), target, "intervals", how, at_most=True)
        for name, waits, target, how in figures
    ]


def _waits(*, people: int, rounds: int) -> list[float]:
    limit = 300  # as at 60/min, five times as fast: all times follow from the interval
    budget = _budget(f"people-{people}", limit)
    stop = threading.Event()
    sweep = threading.Thread(target=_sweep, args=(budget, stop))
    sweep.start()
    waits: list[float] = []

    def ask() -> None:
        began = time.monotonic()
        slot = budget.reserve(priority=Lane.PERSON)
        waits.append((time.monotonic() - began) / budget.spacing)
        budget.finish(slot)

    time.sleep(2)
    for turn in range(rounds):
        time.sleep(budget.spacing * (people + 2.37) + 0.013 * turn)
        threads = [threading.Thread(target=ask) for _ in range(people)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    stop.set()
    sweep.join()
    return waits


def _sweep(budget: RequestBudget, stop: threading.Event) -> None:
    while not stop.is_set():
        (reply,) = run_scripts(_valkey(), [budget.attempt("sweep", lane=Lane.SWEEP, most=5, deadline=3600)])
        verdict = read_verdict(reply, "sweep")
        if verdict.slots:
            run_scripts(_valkey(), [budget.finishing([(slot, False) for slot in verdict.slots])])
            time.sleep(max(0.0, verdict.starts[-1] + budget.spacing - EARLY * budget.horizon))
        else:
            time.sleep(verdict.wait)


def _slow_account() -> Result:
    """One account at 600/min whose MazBot takes a second for each answer."""
    with fleet(1, 1000, limit=600, latency=1.0) as one:
        one.start("sweep", "beat")
        time.sleep(75)
        since = time.time()
        time.sleep(60)
        until = time.time()
        log = [entry for entry in one.log(since) if entry[0] < until]
        share = used(log, one.keys(), one.limit, 60)["key-0"]
    return Result("budget.latency", share, 0.95, "of the limit", "one account at 600/min, answers after 1 s")


def _budget(account: str, limit: int) -> RequestBudget:
    return RequestBudget(_valkey(), account, limit=limit, longest_request=30)


_connections = threading.local()


def _valkey() -> redis.Redis:
    if not hasattr(_connections, "valkey"):
        _connections.valkey = redis.Redis.from_url(os.environ["REDIS_URL"])
    found: redis.Redis = _connections.valkey
    return found
