"""Threads that do one piece of work at a time, and wait without cost for the next."""

import queue
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Generic, TypeVar

import structlog

log = structlog.get_logger(__name__)

T = TypeVar("T")


class Senders(Generic[T]):
    """Up to `most` threads that call `work(item)`, started when they are needed.

    As an executor without results: no one waits for one, and what executors do for them costs twice as much as this.
    """

    def __init__(self, most: int, work: Callable[[T], object]) -> None:
        self._most = most
        self._work = work
        self._items: queue.SimpleQueue[T | None] = queue.SimpleQueue()
        self._counting = threading.Lock()
        self._threads = 0
        self._free = 0  # threads without work, less items without a thread

    def put(self, item: T) -> None:
        """Have a thread work on the item; it waits while all are busy."""
        with self._counting:
            self._free -= 1
            starts = self._free < 0 and self._threads < self._most
            if starts:
                self._threads += 1
                self._free += 1
        self._items.put(item)
        if starts:
            threading.Thread(target=self._run, name=f"sweep-sender-{self._threads}", daemon=True).start()

    def stop(self) -> None:
        """Drop what waits for a thread; what is under way ends."""
        with suppress(queue.Empty):
            while True:
                self._items.get_nowait()
        for _thread in range(self._threads):
            self._items.put(None)

    def _run(self) -> None:
        while (item := self._items.get()) is not None:
            try:
                self._work(item)
            except Exception:
                log.exception("sweep_sender_failed")
            with self._counting:
                self._free += 1
