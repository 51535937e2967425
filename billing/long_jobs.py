"""One long job of a reseller at a time, over all processes: leases in Valkey, renewed by the process that works.

They last minutes, and the same threads send messages, which must not wait for them: some threads run no long job.

A lock of the database session would not do: a thread that waits for MazBot gives its connection back to the pool,
and the thread that gets it next has the lock.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import redis

from centers import live
from whatsapp.monitoring.leases import Leases

THREADS = 80  # of a worker, unless `leave_threads` said otherwise
SECONDS = 30.0  # how long the lease of a worker that was killed lasts on
_RENEW_SECONDS = 8.0


class _Places:
    """How many long jobs this process runs at once."""

    def __init__(self) -> None:
        self.of(THREADS)

    def of(self, threads: int) -> None:
        self.free = threading.BoundedSemaphore(max(1, threads * 4 // 5))


_places = _Places()


def leave_threads(threads: int) -> None:
    """The worker has so many threads: a fifth of them never run a long job. Called before its first task."""
    _places.of(threads)


@contextmanager
def alone(reseller_id: int) -> Iterator[bool]:
    """Whether no other long job of the reseller runs, and this process has a place; meanwhile none begins.

    False too while Valkey is away.
    """
    free = _places.free
    if not free.acquire(blocking=False):
        yield False
        return
    try:
        with _leased(reseller_id) as taken:
            yield taken
    finally:
        free.release()


@contextmanager
def _leased(reseller_id: int) -> Iterator[bool]:
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
