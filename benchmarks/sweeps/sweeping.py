"""The sweep of 200 accounts by one worker, in three situations, and what it costs."""

import time
from concurrent.futures import ThreadPoolExecutor

import requests

from benchmarks.results import Result
from benchmarks.sweeps.fleet import Fleet, Log, fleet, refused, used, worst_window
from billing.models import UsageRecord
from centers import live
from centers.tenancy.scoping import every_tenant

ACCOUNTS, NUMBERS = 200, 100
WARM_UP, SECONDS = 150.0, 180.0
HANGING, SLOW = 20, 20
SILENT, FIVE_SECONDS = 3600.0, 5.0
USAGE_SECONDS = 600.0
CALLS = 1000


def healthy() -> list[Result]:
    """Share of every account's limit that is used, and what it costs."""
    with fleet(ACCOUNTS, NUMBERS) as one:
        one.start("sweep", "beat")
        log, cores, memory = _watch(one)
        shares = used(log, one.keys(), one.limit, SECONDS)
        mean = sum(shares.values()) / ACCOUNTS
        over = max(0, worst_window(one.log(0)) - one.limit)
        return [
            _used("fleet.used", mean, "200 accounts x 100 numbers at 60/min: requests sent / allowed"),
            _least(
                "fleet.used.least", min(shares.values()) / mean, "least served account / mean of the accounts"
            ),
            _none("fleet.used.refused", refused(log), "answers 429"),
            _none("fleet.used.over", over, "requests over the limit in any 60 s"),
            *_costs(one, sum(cores.values()), memory, len(log)),
        ]


def _costs(one: Fleet, cores: float, memory: int, readings: int) -> list[Result]:
    of_one = cores * SECONDS / max(1, readings)
    as_many = _bare_call(one, threads=round(one.latency * ACCOUNTS * one.limit / 60))
    without_pause = _bare_call(one, threads=1, latency=0.0)
    about = "CPU of a reading / CPU of a bare call of requests"
    return [
        _most("fleet.cost.cores", cores, 1.0, "cores", "CPU of worker, beat and Valkey"),
        _most("fleet.cost.memory", memory / 2**30, 1.2, "GB", "resident memory of worker, beat and Valkey"),
        _most(
            "fleet.cost.per_reading",
            of_one / as_many,
            2.0,
            "times",
            f"{about}, as many a second that take as long",
        ),
        Result(
            "fleet.cost.per_hot_call",
            of_one / without_pause,
            None,
            "times",
            f"{about}, one after the other without a pause",
        ),
    ]


def hanging() -> list[Result]:
    """The same for the others while some accounts hang."""
    with fleet(ACCOUNTS, NUMBERS) as one:
        keys = one.keys()
        slow = dict.fromkeys(keys[:HANGING], SILENT) | dict.fromkeys(
            keys[HANGING : HANGING + SLOW], FIVE_SECONDS
        )
        one.world(slow=slow)
        one.start("sweep", "beat")
        log, _cores, _memory = _watch(one)
        shares = used(log, keys[HANGING + SLOW :], one.limit, SECONDS)
        how = (
            f"beside {HANGING} accounts that never answer and {SLOW} that answer after 5 s: the others' mean"
        )
        return [
            _used("fleet.hanging", sum(shares.values()) / len(shares), how),
            _least("fleet.hanging.least", min(shares.values()), "and the least served of them", target=0.97),
        ]


def usage_due() -> list[Result]:
    """The share of the sweep while usage of all accounts is due."""
    with fleet(ACCOUNTS, NUMBERS) as one:
        one.start("sweep", "metering", "beat")
        log, _cores, _memory = _watch(one)
        sweep = used(log, one.keys(), one.limit, SECONDS, ["status"])
        every = used(log, one.keys(), one.limit, SECONDS)
        return [
            _least(
                "fleet.usage.sweep",
                min(sweep.values()),
                "usage of all accounts due: least share of a sweep",
                target=0.28,
            ),
            _used("fleet.usage.used", sum(every.values()) / ACCOUNTS, "and sent / allowed in all lanes"),
            Result(
                "fleet.usage.done",
                _usage_done(within=USAGE_SECONDS) / (ACCOUNTS * NUMBERS),
                1.0,
                "of the numbers",
                f"and numbers whose usage is stored {USAGE_SECONDS / 60:.0f} min later",
            ),
        ]


def _usage_done(*, within: float) -> int:
    """How many numbers have usage stored, at most `within` seconds from now, sooner if all have."""
    until = time.monotonic() + within
    while True:
        with every_tenant():
            done = UsageRecord.objects.values("instance").distinct().count()
        if done >= ACCOUNTS * NUMBERS or time.monotonic() >= until:
            return done
        time.sleep(10)


def _watch(one: Fleet) -> tuple[Log, dict[str, float], int]:
    """Requests, cores per process and memory during SECONDS after WARM_UP, those of Valkey included."""
    time.sleep(WARM_UP)
    before, since = _cpu_seconds(one), time.time()
    time.sleep(SECONDS)
    until, after = time.time(), _cpu_seconds(one)
    ours = [name for name in after if name != "upstream"]
    cores = {name: (after[name] - before[name]) / (until - since) for name in ours}
    memory = sum(size for name, size in one.memory_bytes().items() if name in ours)
    memory += live.valkey().info("memory")["used_memory_rss"]
    print({name: round(share, 3) for name, share in cores.items()}, f"{memory / 2**20:.0f} MB", flush=True)
    return [entry for entry in one.log(since) if entry[0] < until], cores, memory


def _cpu_seconds(one: Fleet) -> dict[str, float]:
    valkey = live.valkey().info("cpu")
    return one.cpu_seconds() | {"valkey": valkey["used_cpu_user"] + valkey["used_cpu_sys"]}


def _bare_call(one: Fleet, *, threads: int, latency: float | None = None) -> float:
    """CPU seconds of a call of `requests` on an open connection, in this process; so many threads call at once.

    A thread that sleeps until its answer arrives costs more than one whose answer is there: caches are cold again.
    """
    one.world(limit=1_000_000, latency=one.latency if latency is None else latency)
    sessions = [requests.Session() for _ in range(threads)]

    def call(session: requests.Session) -> None:
        session.get(one.url + "/api/whatsapp/status/x", headers={"apikey": "bare"})

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(call, sessions * 3))
        began = time.process_time()
        list(pool.map(call, sessions * (CALLS // threads)))
        return (time.process_time() - began) / (CALLS // threads * threads)


def _used(name: str, value: float, how: str) -> Result:
    return Result(name, value, 0.97, "of the limit", how)


def _least(name: str, value: float, how: str, *, target: float = 0.9) -> Result:
    return Result(name, value, target, "", how)


def _none(name: str, value: int, how: str) -> Result:
    return _most(name, value, 0, "", how)


def _most(name: str, value: float, target: float, unit: str, how: str) -> Result:
    return Result(name, value, target, unit, how, at_most=True)
