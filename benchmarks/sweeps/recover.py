"""After a kill -9: how soon each of 20 accounts is asked again once what was killed is back."""

import os
import signal
import time
from collections.abc import Callable

from django.db import connection

from benchmarks.results import Result
from benchmarks.sweeps.fleet import Fleet, fleet, worst_window
from centers import live
from devstack.embedded import postgres, valkey
from devstack.embedded.binaries import binaries
from devstack.embedded.state import exclusive

ACCOUNTS, NUMBERS = 20, 100
AWAY = 10.0  # seconds that a server stays away
FIRST, LONGEST = 120.0, 90.0  # seconds until all accounts are swept at first, and again
CALM = 5.0
TARGET = 10.0


def measure() -> list[Result]:
    """Seconds from the return of each to the first check of the account that waited longest."""
    strikes = {"worker": _worker, "valkey": _valkey, "postgres": _postgres, "flushall": _emptied}
    hows = {
        "worker": "the sweep's worker is killed and started at once; from the start of its process",
        "valkey": f"Valkey is killed and away for {AWAY:.0f} s; from its first answer",
        "postgres": f"PostgreSQL is killed and away for {AWAY:.0f} s; from its first answer",
        "flushall": "Valkey loses all of the install's data",
    }
    with fleet(ACCOUNTS, NUMBERS) as one:
        one.start("sweep", "beat")
        _all_asked(one, time.time(), FIRST)
        results = []
        for name, strike in strikes.items():
            time.sleep(CALM)
            worst = _all_asked(one, strike(one), LONGEST)
            how = f"{hows[name]}: seconds to the first check of the last of {ACCOUNTS} accounts"
            results.append(Result(f"recover.{name}", worst, TARGET, "s", how, at_most=True))
        time.sleep(CALM)
        over = max(0, worst_window(one.log(0)) - one.limit)
    how = "requests over the limit in any 60 s meanwhile"
    results.append(Result("recover.over", over, 0, "requests", how, at_most=True))
    return results


def _all_asked(one: Fleet, since: float, longest: float) -> float:
    """Wait until every account was asked about a number since then; seconds that the last one waited."""
    while time.time() < since + longest:
        first: dict[str, float] = {}
        for at, key, call, status in one.log(since):
            if call == "status" and status == 200:
                first.setdefault(key, at)
        if len(first) == one.accounts:
            return max(first.values()) - since
        time.sleep(0.2)
    raise AssertionError(f"{one.accounts - len(first)} accounts were not asked within {longest:.0f} s")


def _worker(one: Fleet) -> float:
    one.kill("sweep")
    returned = time.time()
    one.start("sweep")
    return returned


def _valkey(_one: Fleet) -> float:
    _kill(valkey.running)
    time.sleep(AWAY)
    with exclusive():
        valkey.start(binaries(running=True))
    return time.time()


def _postgres(_one: Fleet) -> float:
    _kill(postgres.running)
    connection.close()
    time.sleep(AWAY)
    with exclusive():
        postgres.start(binaries(running=True))
    return time.time()


def _emptied(_one: Fleet) -> float:
    live.valkey().flushdb()  # all that an install has; this server may have more than the benchmarks' data
    return time.time()


def _kill(running: Callable[[], int | None]) -> None:
    pid = running()
    if pid is None:
        raise RuntimeError("this benchmark kills the embedded servers; unset DATABASE_URL and REDIS_URL")
    os.kill(pid, signal.SIGKILL)
    while running() is not None:
        time.sleep(0.02)
