"""`/live/` and `/live/stamp` as plain ASGI: a stream of hints, and the same question for where streams are blocked."""

import asyncio
import json
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import parse_qs

from django.core.signing import BadSignature

from centers.live import read_token, token_seconds_left
from config.bodies import Receive, Scope, Send
from config.live.hub import Hub, Listener

_LONGEST_SEND = 20.0
_COMMON = [
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
]


@dataclass(frozen=True)
class Limits:
    """How many streams one process holds open, in all and for one tenant and address."""

    streams: int = 5000
    per_client: int = 100
    behind_proxy: bool = False


class LiveServer:
    """Answers the two addresses; the pages are answered elsewhere."""

    def __init__(self, hub: Hub, limits: Limits) -> None:
        self.hub, self.limits = hub, limits
        self._open: Counter[tuple[int, str]] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request below `/live/`."""
        query = parse_qs(scope["query_string"].decode("latin-1"))
        if scope["method"] != "GET":
            return await _answer(send, 405)
        token = query.get("t", [""])[0]
        try:
            reseller, center = read_token(token)
        except BadSignature:
            return await _answer(send, 403)
        if scope["path"] == "/live/stamp":
            return await self._stamp(send, reseller, center, query.get("v", [""])[0])
        if scope["path"] != "/live/":
            return await _answer(send, 404)
        who = (reseller, self._address(scope))
        if self.hub.count >= self.limits.streams or self._open[who] >= self.limits.per_client:
            return await _answer(send, 503, retry=30)
        self._open[who] += 1
        try:
            return await self._stream(receive, send, token, reseller, center)
        finally:
            self._open[who] -= 1
            if not self._open[who]:
                del self._open[who]

    async def _stamp(self, send: Send, reseller: int, center: int | None, known: str) -> None:
        try:
            stamp = await self.hub.stamp(reseller, center)
        except Exception:  # noqa: BLE001  # whatever Valkey's client raises, the page asks again in 15 s
            return await _answer(send, 503, retry=15)
        return await (_answer(send, 204) if stamp == known else _answer(send, 200, stamp.encode()))

    async def _stream(
        self, receive: Receive, send: Send, token: str, reseller: int, center: int | None
    ) -> None:
        listener = await self.hub.join(reseller, center)
        if listener is None:
            return await _answer(send, 503, retry=5)
        try:
            headers = [
                *_COMMON,
                (b"content-type", b"text/event-stream; charset=utf-8"),
                (b"x-accel-buffering", b"no"),
            ]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            with suppress(TimeoutError):  # the token's end: authority is looked at again before hints go on
                async with asyncio.timeout(max(token_seconds_left(token), 1)):
                    await _write(receive, send, listener)
            with suppress(OSError, TimeoutError):
                await _put(send, b"event: bye\ndata: \n\n", more=False)
        finally:
            self.hub.leave(listener)
        return None

    def _address(self, scope: Scope) -> str:
        if self.limits.behind_proxy:
            forwarded = str(dict(scope["headers"]).get(b"x-forwarded-for", b""), "latin-1")
            if forwarded:
                return forwarded.rsplit(",", 1)[-1].strip()
        return str(scope["client"][0]) if scope.get("client") else ""


async def _write(receive: Receive, send: Send, listener: Listener) -> None:
    """Pass news on until the browser leaves or the server stops."""
    gone = asyncio.ensure_future(_left(receive))
    try:
        while not listener.ended:
            news = asyncio.ensure_future(listener.next())
            try:
                await asyncio.wait({gone, news}, return_when=asyncio.FIRST_COMPLETED)
                if gone.done() or listener.ended:
                    return
                await _put(send, _event(*news.result()))
            finally:
                news.cancel()
    finally:
        gone.cancel()


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _event(topics: list[str], stamp: str | None) -> bytes:
    if topics:
        return f"event: hint\ndata: {json.dumps({'t': topics, 'v': stamp})}\n\n".encode()
    return f"event: stamp\ndata: {stamp}\n\n".encode()


async def _put(send: Send, body: bytes, *, more: bool = True) -> None:
    message = {"type": "http.response.body", "body": body, "more_body": more}
    await asyncio.wait_for(send(message), _LONGEST_SEND)


async def _answer(send: Send, status: int, body: bytes = b"", *, retry: int = 0) -> None:
    headers = [*_COMMON, (b"content-type", b"text/plain; charset=utf-8")]
    if status != 204:
        headers.append((b"content-length", str(len(body)).encode()))
    if retry:
        headers.append((b"retry-after", str(retry).encode()))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
