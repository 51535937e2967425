"""The web process: `/live/` as plain ASGI, every page through Django's WSGI handler in threads (see docs/decisions)."""

import os
from collections.abc import Awaitable
from typing import Any, cast

from a2wsgi import WSGIMiddleware

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
from config.wsgi import application as pages

from django.conf import settings  # isort: skip  # only after the line above has set Django up

from config.live.hub import Hub
from config.live.server import Limits, LiveServer
from config.metrics import STREAMS
from config.web.connections import CONNECTIONS, TAKEN, UNREAD_SECONDS, ConnectionLimits
from config.web.guard import Guard, Peer, far_end
from config.web.request_bodies import BodyLimits, Receive, Scope, Send, WholeBodies

# Parts of an answer that wait for a slow reader: with few of them the reader would block a page thread. A file's
# part has 4 KB, a page is one part.
_UNSENT_PARTS = 1024
_ALIVE = [
    (b"content-type", b"text/plain"),
    (b"content-length", b"2"),
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
]


class Application:
    """Sends each request to the live server or to the pages, and closes the streams when the server stops."""

    def __init__(self) -> None:
        wsgi: Any = WSGIMiddleware(
            cast(Any, pages), workers=settings.WEB_THREADS, send_queue_size=_UNSENT_PARTS
        )
        # Unset when something other than `python -m config.web` starts this: its connection limit is unknown.
        taken = os.environ.get(TAKEN)
        self._limits = ConnectionLimits(int(taken) if taken else CONNECTIONS)
        self._pages = WholeBodies(wsgi, _body_limits(self._limits))
        self._live: LiveServer | None = None
        self._busy: set[Peer] = set()
        self._guard: Guard | None = None
        if taken:
            self._guard = Guard(connections=self._limits.connections, busy=self._busy)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif scope["type"] == "http":
            peer = far_end(scope["client"]) if scope.get("client") else ("", 0)
            self._busy.add(peer)
            try:
                await self._answer(scope, receive, send)
            finally:
                self._busy.discard(peer)

    def _answer(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """No coroutine: one more would stay as long as a stream."""
        if scope["path"].startswith("/live/"):
            return self.live()(scope, receive, send)
        if scope["path"] == "/livez" and scope["method"] in {"GET", "HEAD"}:
            # Here, because it must cost nothing and answer also while all threads for pages are busy.
            return _alive(send, b"" if scope["method"] == "HEAD" else b"ok")
        return self._pages(scope, _as_coroutine(receive), send)

    def live(self) -> LiveServer:
        """This process's live server; created inside the event loop that runs it."""
        if self._live is None:
            hub = Hub(settings.REDIS_URL, count=STREAMS.set)
            limits = Limits(**settings.LIVE_LIMITS)
            self._live = LiveServer(hub, limits.within(self._limits.streams))
        return self._live

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                self.live().hub.start()
                if self._guard:
                    self._guard.start()
                await send({"type": "lifespan.startup.complete"})
            elif message["type"] == "lifespan.shutdown":
                if self._guard:
                    self._guard.stop()
                await self.live().hub.close()
                self._live = None
                await send({"type": "lifespan.shutdown.complete"})
                return


async def _alive(send: Send, body: bytes) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": _ALIVE})
    await send({"type": "http.response.body", "body": body})


def _body_limits(limits: ConnectionLimits) -> BodyLimits:
    return BodyLimits(
        one=settings.MAX_REQUEST_BYTES,
        requests=limits.requests,
        bodies=limits.bodies,
        unread=UNREAD_SECONDS,
        behind_proxy=settings.LIVE_LIMITS["behind_proxy"],
    )


def _as_coroutine(receive: Receive) -> Receive:
    """asyncio's timeouts and a2wsgi take only a coroutine; Granian hands out other awaitables."""

    async def one() -> Any:
        return await receive()

    return one


application = Application()
