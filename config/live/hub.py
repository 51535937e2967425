"""One subscription to Valkey per process, handed on to the open streams of each tenant."""

import asyncio
import json
from collections import defaultdict
from contextlib import suppress
from typing import Any

import redis.asyncio
import structlog
from redis.exceptions import RedisError

from centers.live import CHANNEL, version_key

log = structlog.get_logger(__name__)
BEAT_SECONDS = 15.0
_FIRST_DELAY, _LONGEST_DELAY = 0.2, 5.0
_MOST_TOPICS = 32
_CONNECTIONS = 8  # one of them listens
_LOST = (RedisError, OSError, TimeoutError)


class Listener:
    """One open stream. What it has not sent yet is a set of topics, so a slow browser costs no more than a fast one."""

    def __init__(self, reseller: int, center: int | None) -> None:
        self.reseller, self.center = reseller, center
        self.key = version_key(reseller, center)
        self.stamp: str | None = None
        self.ended = False
        self._topics: set[str] = set()
        self._woken = asyncio.Event()

    def hint(self, topics: list[str], stamp: str) -> None:
        """Something changed."""
        if len(self._topics) < _MOST_TOPICS:
            self._topics.update(topics)
        self.beat(stamp)

    def beat(self, stamp: str) -> None:
        """The tenant's stamp, changed or not."""
        self.stamp = stamp
        self._woken.set()

    def end(self) -> None:
        """Close the stream at once."""
        self.ended = True
        self._woken.set()

    async def next(self) -> tuple[list[str], str | None]:
        """Wait for news: topics (empty for a mere heartbeat) and the stamp."""
        await self._woken.wait()
        self._woken.clear()
        topics, self._topics = sorted(self._topics), set()
        return topics, self.stamp


class Hub:
    """The streams of this process and the two tasks that feed them."""

    def __init__(self, url: str) -> None:
        # After a restart every open page comes back at once: they wait their turn for a connection.
        pool = redis.asyncio.BlockingConnectionPool.from_url(
            url,
            max_connections=_CONNECTIONS,
            timeout=5,
            socket_connect_timeout=3,
            socket_timeout=10,
            decode_responses=True,
        )
        self._redis = redis.asyncio.Redis.from_pool(pool)
        self._listeners: dict[int, set[Listener]] = defaultdict(set)
        self._tasks: list[asyncio.Task[None]] = []
        self._subscribed = asyncio.Event()
        self._closing = False
        self.count = 0

    def start(self) -> None:
        """Begin to listen; more calls do nothing."""
        if not self._tasks and not self._closing:
            self._tasks = [asyncio.create_task(self._listen()), asyncio.create_task(self._beat())]

    async def close(self) -> None:
        """End every stream and both tasks."""
        self._closing = True
        for listener in self._everyone():
            listener.end()
        for task in self._tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        await self._redis.aclose()

    async def join(self, reseller: int, center: int | None) -> Listener | None:
        """A new stream that has its tenant's stamp, or None while Valkey is away or the server stops."""
        self.start()
        listener = Listener(reseller, center)
        self._listeners[reseller].add(listener)  # before the stamp is read: a hint in between is not missed
        self.count += 1
        try:
            await asyncio.wait_for(self._subscribed.wait(), 2)
            stamp = await self.stamp(reseller, center)
        except _LOST:
            self.leave(listener)
            return None
        listener.beat(stamp)
        return listener

    def leave(self, listener: Listener) -> None:
        """Forget a stream that is over."""
        streams = self._listeners[listener.reseller]
        if listener in streams:
            streams.discard(listener)
            self.count -= 1
        if not streams:
            del self._listeners[listener.reseller]

    async def stamp(self, reseller: int, center: int | None) -> str:
        """The tenant's stamp as it is now; raises when Valkey is away."""
        value = await self._redis.get(version_key(reseller, center))
        return str(value or "0")

    def _everyone(self) -> list[Listener]:
        return [listener for streams in self._listeners.values() for listener in streams]

    async def _listen(self) -> None:
        delay = _FIRST_DELAY
        while True:
            try:
                async with self._redis.pubsub() as subscription:
                    await subscription.subscribe(CHANNEL)
                    self._subscribed.set()
                    delay = _FIRST_DELAY
                    await self._beat_once()  # tells pages what was published while nobody listened
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
            # Of another version of the product, say; the next heartbeat tells pages that something changed.
            log.warning("live_hint_unreadable", error=type(error).__name__)

    def _deliver(self, hint: dict[str, Any]) -> None:
        stamps = hint["v"]
        for listener in self._listeners.get(hint["r"], ()):
            stamp = stamps.get("" if listener.center is None else str(listener.center))
            if stamp is not None:
                listener.hint(hint["t"], str(stamp))

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(BEAT_SECONDS)
            if self._subscribed.is_set():
                with suppress(*_LOST):
                    await self._beat_once()

    async def _beat_once(self) -> None:
        everyone = self._everyone()
        keys = sorted({listener.key for listener in everyone})
        values = await self._redis.mget(keys) if keys else []
        stamps = {key: str(value or "0") for key, value in zip(keys, values, strict=True)}
        for listener in everyone:
            listener.beat(stamps[listener.key])
