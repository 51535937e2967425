"""The web process: `/live/` as plain ASGI, every page through Django's WSGI handler in threads (see docs/decisions)."""

import os
from typing import Any, cast

from a2wsgi import WSGIMiddleware

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
from config.wsgi import application as pages

from django.conf import settings  # isort: skip  # only after the line above has set Django up

from config.bodies import BodyLimits, Receive, Scope, Send, WholeBodies
from config.live.hub import Hub
from config.live.server import Limits, LiveServer
from config.metrics import STREAMS


class Application:
    """Sends each request to the live server or to the pages, and closes the streams when the server stops."""

    def __init__(self) -> None:
        wsgi: Any = WSGIMiddleware(cast(Any, pages), workers=settings.WEB_THREADS)
        self._pages = WholeBodies(wsgi, BodyLimits(one=settings.MAX_REQUEST_BYTES))
        self._live: LiveServer | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif scope["type"] == "http" and scope["path"].startswith("/live/"):
            await self.live()(scope, receive, send)
        elif scope["type"] == "http":
            await self._pages(scope, _as_coroutine(receive), send)

    def live(self) -> LiveServer:
        """This process's live server; made inside the event loop that will run it."""
        if self._live is None:
            hub = Hub(settings.REDIS_URL)
            STREAMS.set_function(lambda: hub.count)
            self._live = LiveServer(hub, Limits(**settings.LIVE_LIMITS))
        return self._live

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                self.live().hub.start()
                await send({"type": "lifespan.startup.complete"})
            elif message["type"] == "lifespan.shutdown":
                await self.live().hub.close()
                self._live = None
                await send({"type": "lifespan.shutdown.complete"})
                return


def _as_coroutine(receive: Receive) -> Receive:
    """asyncio's timeouts and a2wsgi take only a coroutine; Granian hands out other awaitables."""

    async def one() -> Any:
        return await receive()

    return one


application = Application()
