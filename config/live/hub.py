"""One subscription to Valkey per process, handed on to the open streams of each tenant."""

import asyncio
import json
import time
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import redis.asyncio
import structlog
from redis.exceptions import RedisError

from centers.live import CHANNEL, version_key
from config.live.pacing import Pace
from config.live.streams import Listener, Stream, Tenant

log = structlog.get_logger(__name__)
BEAT_SECONDS = 15.0
_SLICES = 30
_FIRST_DELAY, _LONGEST_DELAY = 0.2, 5.0
_GATHER_SECONDS = 0.01
_GIVEN_SECONDS = 0.5  # to a task that is to end
_CONNECTIONS = 8  # one of them listens
_LOST = (RedisError, OSError, TimeoutError)


class Hub:
    """The streams of this process and the two tasks that feed them."""

    def __init__(self, url: str, count: Callable[[int], None] = lambda _number: None) -> None:
        """`count` is called with the number of open streams whenever it changes."""
        # After a restart all open pages reconnect together: they queue for a connection.
        pool = redis.asyncio.BlockingConnectionPool.from_url(
            url,
            max_connections=_CONNECTIONS,
            timeout=5,
            socket_connect_timeout=3,
            socket_timeout=10,
            decode_responses=True,
        )
        self._redis = redis.asyncio.Redis.from_pool(pool)
        self._streams: set[Stream] = set()
        self._listeners: dict[int, set[Listener]] = defaultdict(set)
        self._paces: dict[int, Pace[Listener]] = {}
        self._turns: dict[int, asyncio.TimerHandle] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._subscribed = asyncio.Event()
        self._arrivals: list[Listener] = []
        self._reading: asyncio.Task[None] | None = None
        self._closing = False
        self._count = count

    @property
    def count(self) -> int:
        """Open streams."""
        return len(self._streams)

    def start(self) -> None:
        """Start listening; further calls do nothing."""
        if not self._tasks and not self._closing:
            self._tasks = [asyncio.create_task(self._listen()), asyncio.create_task(self._beat())]

    async def close(self) -> None:
        """End every stream and both tasks."""
        self._closing = True
        for stream in self._streams:
            stream.end()
        for turn in self._turns.values():
            turn.cancel()
        # Again and again: a time limit that runs out at the same moment can take a cancellation for its own.
        while running := {task for task in self._tasks if not task.done()}:
            for task in running:
                task.cancel()
            await asyncio.wait(running, timeout=_GIVEN_SECONDS)
        await self._redis.aclose()

    async def join(self, tenants: list[tuple[int | None, Tenant]], *, seconds: float) -> Stream | None:
        """A new stream with its tenants' stamps, or None while Valkey is unavailable or the server stops."""
        self.start()
        stream = Stream(tenants, seconds=seconds)
        self._streams.add(stream)
        self._count(self.count)
        for listener in stream.listeners:  # before the stamps are read, so that no hint in between is missed
            self._listeners[listener.reseller].add(listener)
        try:
            await asyncio.wait_for(self._subscribed.wait(), 2)
            await self._first_stamps(stream.listeners)
        except _LOST:
            self.leave(stream)
            return None
        except BaseException:
            self.leave(stream)
            raise
        return stream

    def leave(self, stream: Stream) -> None:
        """Forget a stream that is over."""
        self._streams.discard(stream)
        self._count(self.count)
        for listener in stream.listeners:
            others = self._listeners[listener.reseller]
            others.discard(listener)
            if listener.reseller in self._paces:
                self._paces[listener.reseller].leave(listener)
            if not others:
                del self._listeners[listener.reseller]
                self._paces.pop(listener.reseller, None)
                if turn := self._turns.pop(listener.reseller, None):
                    turn.cancel()

    async def stamp(self, reseller: int, center: int | None) -> str:
        """The tenant's current stamp; raises when Valkey is unavailable."""
        value = await self._redis.get(version_key(reseller, center))
        return str(value or "0")

    def _everyone(self) -> list[Listener]:
        return [listener for stream in self._streams for listener in stream.listeners]

    async def _listen(self) -> None:
        delay = _FIRST_DELAY
        while True:
            try:
                async with self._redis.pubsub() as subscription:
                    await subscription.subscribe(CHANNEL)
                    self._subscribed.set()
                    delay = _FIRST_DELAY
                    # Makes pages fetch what was published while the subscription was down.
                    await self._beat_once(self._everyone())
                    while True:
                        await self._pass_on(subscription)
            except _LOST as error:
                self._subscribed.clear()
                log.warning("live_subscription_lost", error=type(error).__name__, retry_in=delay)
                await asyncio.sleep(delay)
                delay = min(delay * 2, _LONGEST_DELAY)

    async def _pass_on(self, subscription: Any) -> None:
        message = await subscription.get_message(ignore_subscribe_messages=True, timeout=5)
        if message is None or message["type"] != "message":
            return
        try:
            self._deliver(json.loads(message["data"]))
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            # From another version of the product, for example; the next heartbeat makes pages notice the change.
            log.warning("live_hint_unreadable", error=type(error).__name__)

    def _deliver(self, hint: dict[str, Any]) -> None:
        stamps, reseller = hint["v"], hint["r"]
        listeners = self._listeners.get(reseller, ())
        pace = self._paces.setdefault(reseller, Pace()) if listeners else None
        for listener in listeners:
            stamp = stamps.get("" if listener.center is None else str(listener.center))
            if stamp is not None and pace:
                listener.note(hint["t"], str(stamp))
                pace.add(listener)
        if pace and reseller not in self._turns:
            self._release(reseller)

    def _release(self, reseller: int) -> None:
        self._turns.pop(reseller, None)
        pause = self._paces[reseller].release()
        if pause is not None:
            loop = asyncio.get_running_loop()
            self._turns[reseller] = loop.call_later(pause, self._release, reseller)

    def _has_turn(self, listener: Listener) -> bool:
        pace = self._paces.get(listener.reseller)
        return pace is not None and pace.waits(listener)

    async def _beat(self) -> None:
        """Send each stream a heartbeat every BEAT_SECONDS, in batches: thousands together would delay the pages."""
        while True:
            everyone = self._everyone()
            slices = [everyone[start::_SLICES] for start in range(_SLICES)]
            for some in slices:
                await asyncio.sleep(BEAT_SECONDS / _SLICES)
                self._end_expired()
                if self._subscribed.is_set():
                    with suppress(*_LOST):
                        await self._beat_once(some)

    def _end_expired(self) -> None:
        now = time.monotonic()
        for stream in self._streams:
            stream.end_in_time(now)

    async def _first_stamps(self, listeners: tuple[Listener, ...]) -> None:
        """One request to Valkey for all streams that ask within a moment: after a restart thousands do."""
        self._arrivals += listeners
        if self._reading is None:
            self._reading = asyncio.create_task(self._read_arrivals())
        # Shielded: a browser that disconnects must not cancel the answer for the others.
        await asyncio.shield(self._reading)

    async def _read_arrivals(self) -> None:
        await asyncio.sleep(_GATHER_SECONDS)
        arrived, self._arrivals, self._reading = self._arrivals, [], None
        await self._beat_once(arrived)

    async def _beat_once(self, listeners: list[Listener]) -> None:
        keys = [listener.key for listener in listeners]
        asked = sorted(set(keys))
        values = await self._redis.mget(asked) if asked else []
        stamps = {key: str(value or "0") for key, value in zip(asked, values, strict=True)}
        for listener, key in zip(listeners, keys, strict=True):
            if not self._has_turn(listener):  # its hint comes in its turn, with the stamp of then
                listener.beat(stamps[key])
