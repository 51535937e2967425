"""The dispatcher of a process: its threads, started with the first account that it is given."""

import math
import threading
import time
from collections.abc import Callable
from contextlib import suppress

import structlog
from django.conf import settings
from django.db import Error as DatabaseError
from django.db import connection

from centers import clock, live
from centers.open_files import raise_open_files
from whatsapp.mazbot import Slot
from whatsapp.monitoring.dispatcher.accounts import SweptAccount
from whatsapp.monitoring.dispatcher.planning import Planning
from whatsapp.monitoring.dispatcher.recording import Recording
from whatsapp.monitoring.dispatcher.sending import Sending
from whatsapp.monitoring.dispatcher.slots import Reserving

log = structlog.get_logger(__name__)

_PLAN_EVERY = 0.2
_RECORD_EVERY = 0.1  # one at a time, each result would wake its thread
_CLOSE_EVERY = 10.0  # seconds after which runs without results are looked for
_AFTER_AN_ERROR = 1.0
_CLOCK_EVERY = 60.0  # seconds after which the process's clock is compared with the database's
# Open sockets: one for each request under way, some idle ones of each account, and what the process needs besides.
_IDLE_CONNECTIONS, _OTHER_FILES = 4, 512
_STOPPING = 10.0  # seconds for what is under way when the process has to stop


class Dispatcher:
    """Sweeps the accounts that it is given until it is stopped."""

    def __init__(
        self, *, senders: int | None = None, most_accounts: int | None = None, own_process: bool = False
    ) -> None:
        self._own_process, self._clock_at = own_process, -math.inf
        self._idle_at = 0.0
        self._accounts: dict[int, SweptAccount] = {}
        self._recording = Recording()
        senders = senders or settings.SWEEP_SENDERS
        most_accounts = most_accounts or settings.SWEEP_ACCOUNTS
        raise_open_files(senders + _IDLE_CONNECTIONS * most_accounts + _OTHER_FILES)
        self._sending = Sending(senders=senders, on_end=self._ended, on_result=self._recording.put)
        self._planning = Planning(self._accounts, most=most_accounts, prepare=self._sending.prepare)
        self._reserving = Reserving(
            live.valkey(), lambda: list(self._accounts.values()), self._sending.send, senders=senders
        )
        self._stopped = threading.Event()
        self._threads = [
            threading.Thread(target=self._loop, args=(turn,), name=f"sweep-{name}", daemon=True)
            for name, turn in (
                ("planning", self._plan),
                ("slots", self._reserve),
                ("recording", self._record),
            )
        ]

    def start(self) -> None:
        """Start the threads."""
        if self._own_process:
            with suppress(DatabaseError):  # while it is away, nothing is written either
                self._follow_database()
        for thread in self._threads:
            thread.start()

    def adopt(self, reseller_id: int) -> bool:
        """Sweep this account too; False if another process does or this one has enough."""
        return self._planning.adopt(reseller_id)

    def stop(self) -> None:
        """Stop, write what has come, and give the accounts to other processes."""
        self._stopped.set()
        self._sending.stop()
        until = time.monotonic() + _STOPPING
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))
        while any(account.under_way for account in self._accounts.values()) and time.monotonic() < until:
            time.sleep(0.05)
        with suppress(DatabaseError):
            self._recording.write_all()
            for account in [*self._planning.dropped, *self._accounts.values()]:
                self._recording.forget(account)
        self._planning.release()
        connection.close()

    def _ended(self, account: SweptAccount, slot: Slot, fault: bool) -> None:
        self._reserving.ended(account, slot, fault)

    def _loop(self, turn: Callable[[], float]) -> None:
        """Repeat `turn`, which returns the seconds until the next one; an error costs one turn."""
        while not self._stopped.is_set():
            try:
                wait = turn()
            except Exception:
                log.exception("sweep_turn_failed", thread=threading.current_thread().name)
                connection.close()
                wait = _AFTER_AN_ERROR
            if wait:
                self._stopped.wait(wait)
        connection.close()

    def _plan(self) -> float:
        if self._own_process and time.monotonic() - self._clock_at >= _CLOCK_EVERY:
            self._follow_database()
        self._planning.turn()
        return _PLAN_EVERY

    def _follow_database(self) -> None:
        """Accounts move between machines: a clock that is ahead would make their numbers due late on the next one."""
        correction = clock.follow_database()
        if correction:
            log.warning("sweep_clock_corrected", seconds=round(correction.total_seconds(), 1))
        self._clock_at = time.monotonic()

    def _reserve(self) -> float:
        return self._reserving.turn()

    def _record(self) -> float:
        self._recording.turn()
        while self._planning.dropped:
            self._recording.forget(self._planning.dropped[0])
            self._planning.dropped.pop(0)  # only now: without the database it is tried again
        if time.monotonic() - self._idle_at >= _CLOSE_EVERY:
            self._recording.close_idle(list(self._accounts.values()))
            self._idle_at = time.monotonic()
        return _RECORD_EVERY


_current: Dispatcher | None = None
_lock = threading.Lock()


def dispatcher() -> Dispatcher:
    """This process's dispatcher, started at the first call."""
    global _current  # noqa: PLW0603  # one per process
    with _lock:
        if _current is None:
            _current = Dispatcher(own_process=True)
            _current.start()
        return _current


def stop_dispatcher() -> None:
    """Stop this process's dispatcher, if it has one."""
    global _current  # noqa: PLW0603
    with _lock:
        if _current is not None:
            _current.stop()
            _current = None
