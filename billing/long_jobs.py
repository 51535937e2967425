"""One long job of a reseller at a time, over all processes: leases in Valkey, renewed by the process that works.

A lock of the database session would not do: a thread that waits for MazBot gives its connection back to the pool,
and the thread that gets it next has the lock.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import redis

from centers import live
from whatsapp.monitoring.leases import Leases

SECONDS = 30.0  # how long the lease of a worker that was killed lasts on
_RENEW_SECONDS = 8.0


@contextmanager
def alone(reseller_id: int) -> Iterator[bool]:
    """Whether no other long job of the reseller runs; meanwhile none begins. False too while Valkey is away."""
    leases = Leases(live.valkey(), work="long-job", seconds=SECONDS)
    try:
        taken = leases.take(reseller_id)
    except redis.RedisError:
        taken = False
    if not taken:
        yield False
        return
    ended = threading.Event()
    renewing = threading.Thread(
        target=_renew, args=(leases, reseller_id, ended), name="long-job-lease", daemon=True
    )
    renewing.start()
    try:
        yield True
    finally:
        ended.set()
        renewing.join()
        with suppress(redis.RedisError):
            leases.release([reseller_id])


def _renew(leases: Leases, reseller_id: int, ended: threading.Event) -> None:
    while not ended.wait(_RENEW_SECONDS):
        with suppress(redis.RedisError):
            leases.renew([reseller_id])
