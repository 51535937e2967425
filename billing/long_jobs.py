"""One long job of a reseller at a time, over all processes: leases in Valkey, renewed by the process that works.

They last minutes, and the same threads send messages, which must not wait for them: some threads run no long job, and
of all long jobs only a few compute at the same time. The others wait for MazBot, or for their turn.

A lock of the database session would not do: a thread that waits for MazBot gives its connection back to the pool,
and the thread that gets it next has the lock.
"""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

import redis
from django.db import connection

from centers import live
from whatsapp.mazbot import release_before_waiting
from whatsapp.monitoring.leases import Leases, unleased

THREADS = 320  # of a worker, unless `leave_threads` said otherwise
SECONDS = 30.0  # how long the lease of a worker that was killed lasts on
# More would take the worker's connections from its messages, and no process computes more for it.
COMPUTING = 4
_WORK = "long-job"
_RENEW_SECONDS = 8.0


class _Places:
    """How many long jobs this process runs at once."""

    def __init__(self) -> None:
        self.of(THREADS)

    def of(self, threads: int) -> None:
        self.free = threading.BoundedSemaphore(max(1, threads * 4 // 5))


_places = _Places()


class _Turns:
    """A long job has a turn while it computes or uses the database, and gives it back while it waits for MazBot."""

    def __init__(self) -> None:
        self._free = threading.BoundedSemaphore(COMPUTING)
        self._of_thread = threading.local()

    @contextmanager
    def of_this_thread(self) -> Iterator[None]:
        """The thread runs a long job: it begins with a turn."""
        if hasattr(self._of_thread, "has"):  # inside another one
            yield
            return
        self._take()
        try:
            yield
        finally:
            if self._of_thread.has:
                self._free.release()
            del self._of_thread.has

    def give_back(self) -> None:
        """Before a wait; not in a transaction, for whose locks another job may be waiting in its own turn."""
        if getattr(self._of_thread, "has", False) and not connection.in_atomic_block:
            self._of_thread.has = False
            self._free.release()

    def resume(self) -> None:
        """After a wait: a turn again, unless this thread runs no long job."""
        if not getattr(self._of_thread, "has", True):
            self._take()

    def _take(self) -> None:
        self._free.acquire()
        self._of_thread.has = True


_turns = _Turns()
release_before_waiting(_turns.give_back, _turns.resume)


class _Renewing:
    """Renews the leases of this process in one thread, however many jobs it runs."""

    def __init__(self) -> None:
        self._held: dict[Leases, int] = {}
        self._changing = threading.Lock()
        self._idle = threading.Event()
        self._thread: threading.Thread | None = None

    def begin(self, leases: Leases, reseller_id: int) -> None:
        """Renew this lease from now on."""
        with self._changing:
            self._held[leases] = reseller_id
            if self._thread is None:
                self._idle.clear()
                self._thread = threading.Thread(target=self._renew, name="long-job-leases", daemon=True)
                self._thread.start()

    def end(self, leases: Leases) -> None:
        """No longer renew it."""
        with self._changing:
            self._held.pop(leases, None)
            if not self._held:
                self._idle.set()

    def _renew(self) -> None:
        while True:
            self._idle.wait(_RENEW_SECONDS)
            with self._changing:
                if not self._held:
                    self._thread = None
                    return
                held = list(self._held.items())
                self._idle.clear()
            for leases, reseller_id in held:
                self._renew_one(leases, reseller_id)

    def _renew_one(self, leases: Leases, reseller_id: int) -> None:
        with self._changing, suppress(redis.RedisError):
            if leases in self._held:  # renewing one that was given back would take it again
                leases.renew([reseller_id])


_renewing = _Renewing()


def leave_threads(threads: int) -> None:
    """The worker has so many threads: a fifth of them never run a long job. Called before its first task."""
    _places.of(threads)


def without_long_job(reseller_ids: Sequence[int]) -> list[int]:
    """Those of the resellers for which no long job runs: for the others a worker could do nothing now."""
    return unleased(live.valkey(), reseller_ids, work=_WORK)


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
    leases = Leases(live.valkey(), work=_WORK, seconds=SECONDS)
    try:
        taken = leases.take(reseller_id)
    except redis.RedisError:
        taken = False
    if not taken:
        yield False
        return
    _renewing.begin(leases, reseller_id)
    try:
        with _turns.of_this_thread():
            yield True
    finally:
        _renewing.end(leases)
        with suppress(redis.RedisError):
            leases.release([reseller_id])
