"""One browser's stream, made for rest: thousands are open, and most of the time nothing happens to any of them."""

import asyncio
import json
import time
from typing import Any

from centers.live import version_key
from config.web.request_bodies import Receive, Send

LONGEST_SEND = 20.0
#: What a send raises when the browser is gone, or reads nothing.
GONE = (OSError, TimeoutError)
_MOST_TOPICS = 32

Tenant = tuple[int, int | None]  # reseller and, for a portal page, center


class Listener:
    """One tenant's part of a stream. Unsent hints are a set of topics: a slow browser costs no more than a fast one."""

    __slots__ = ("_news", "_number", "_stamp", "_stream", "_topics", "center", "reseller")

    def __init__(self, stream: "Stream", number: int | None, tenant: Tenant) -> None:
        self.reseller, self.center = tenant
        self._stream, self._number = stream, number
        self._stamp = ""
        self._news = False
        self._topics: set[str] | None = None  # made when there is one: an empty set takes 216 bytes

    @property
    def key(self) -> str:
        """Valkey's key of the tenant's stamp."""
        return version_key(self.reseller, self.center)

    def note(self, topics: list[str], stamp: str) -> None:
        """Note that `topics` changed; `tell` passes it on."""
        known = self._topics or set()
        if len(known) < _MOST_TOPICS:
            self._topics = known | set(topics)
        self._stamp = stamp

    def beat(self, stamp: str) -> None:
        """The tenant's stamp, changed or not."""
        self._stamp = stamp
        self.tell()

    def tell(self) -> None:
        """Pass on what is known."""
        self._news = True
        self._stream.wake()

    def take(self) -> bytes:
        """The event of the unsent topics, or a heartbeat, handed out once; nothing where nothing is new."""
        if not self._news:
            return b""
        topics, self._topics, self._news = self._topics, None, False
        if topics:
            return event(self._number, "hint", json.dumps({"t": sorted(topics), "v": self._stamp}))
        return event(self._number, "stamp", self._stamp)


class Stream:
    """The tenants that its pages show, in the order in which the browser named them.

    At rest it is one coroutine that waits for the browser to leave. A task writes, while there is something to write.
    """

    __slots__ = ("_limit", "_send", "_until", "_writing", "ended", "listeners")

    def __init__(self, tenants: list[tuple[int | None, Tenant]], *, seconds: float) -> None:
        """`tenants` with the number by which the browser knows each; it may hear of them for so many seconds."""
        self.listeners = tuple(Listener(self, number, tenant) for number, tenant in tenants)
        self.ended = False
        self._until = time.monotonic() + seconds
        self._send: Send | None = None
        self._limit: asyncio.Timeout | None = None
        self._writing: asyncio.Task[None] | None = None

    def end(self) -> None:
        """Close the stream immediately."""
        if not self.ended:
            self.ended = True
            if self._limit:
                self._limit.reschedule(0)

    def end_in_time(self, now: float) -> None:
        """Close the stream once its seconds are over, by the monotonic clock."""
        if now >= self._until:
            self.end()

    def wake(self) -> None:
        """Something is new."""
        if self._send and not self._writing and not self.ended:
            self._writing = asyncio.create_task(self._write(self._send))

    async def follow(self, receive: Receive, send: Send) -> None:
        """Write what is new until the browser disconnects, does not read, or the stream is closed."""
        if self.ended:
            return
        try:
            async with asyncio.timeout(None) as self._limit:  # without a limit: `end` sets it
                self._send = send
                self.wake()
                while (await receive())["type"] != "http.disconnect":
                    pass
        except TimeoutError:
            pass
        finally:
            self.ended, self._limit, self._send = True, None, None
            if self._writing:
                self._writing.cancel()
                await asyncio.wait({self._writing})

    async def _write(self, send: Send) -> None:
        try:
            while body := b"".join([listener.take() for listener in self.listeners]):
                self.end_in_time(time.monotonic())  # nothing is said to one whose authority has expired
                if self.ended:
                    break
                await put(send, body)
        except Exception as error:
            self.end()
            if not isinstance(error, GONE):
                raise
        finally:
            self._writing = None


def event(number: int | None, kind: str, data: str) -> bytes:
    """The event's id is the number of its token in the address; a stream for one token has none."""
    head = "" if number is None else f"id: {number}\n"
    return f"{head}event: {kind}\ndata: {data}\n\n".encode()


async def put(send: Send, body: bytes, *, more: bool = True) -> None:
    """Send a part of the answer; raises TimeoutError when the browser reads nothing for LONGEST_SEND."""
    message: dict[str, Any] = {"type": "http.response.body", "body": body, "more_body": more}
    async with asyncio.timeout(LONGEST_SEND):
        await send(message)
