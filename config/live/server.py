"""`/live/` and `/live/stamp` as plain ASGI: a stream of hints, and polling for networks that block streams."""

import asyncio
import json
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, replace
from urllib.parse import parse_qs

from django.core.signing import BadSignature

from centers.live import read_token, token_seconds_left
from config.live.hub import Hub, Stream, Tenant
from config.web.request_bodies import Receive, Scope, Send, client_address

MOST_TOKENS = 32
_LONGEST_SEND = 20.0
_COMMON = [
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
]


@dataclass(frozen=True)
class Limits:
    """Limits of open streams in one process: in all, for one tenant, and for one tenant and address."""

    streams: int = 5000
    per_tenant: int = 2500
    per_client: int = 100
    behind_proxy: bool = False

    def within(self, streams: int) -> "Limits":
        """These limits with at most `streams` in all."""
        return replace(self, streams=min(self.streams, streams))


class LiveServer:
    """Answers the two addresses; the pages are answered elsewhere."""

    def __init__(self, hub: Hub, limits: Limits) -> None:
        self.hub, self.limits = hub, limits
        self._open: Counter[tuple[int, str]] = Counter()
        self._tenants: Counter[int] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request below `/live/`."""
        query = parse_qs(scope["query_string"].decode("latin-1"))
        if scope["method"] != "GET":
            return await _answer(send, 405)
        tokens = [_Token(number, text) for number, text in enumerate(query.get("t", [])[:MOST_TOKENS])]
        if not any(token.tenant for token in tokens):
            return await _answer(send, 403)
        if scope["path"] == "/live/stamp":
            return await self._stamp(send, tokens[0], query.get("v", [""])[0])
        if scope["path"] != "/live/":
            return await _answer(send, 404)
        who = client_address(scope, behind_proxy=self.limits.behind_proxy)
        resellers = {token.tenant[0] for token in tokens if token.tenant}
        if not self._has_room(resellers, who):
            return await _answer(send, 503, retry=30)
        self._count(resellers, who, 1)
        try:
            return await self._stream(receive, send, tokens)
        finally:
            self._count(resellers, who, -1)

    def _has_room(self, resellers: set[int], who: str) -> bool:
        if self.hub.count >= self.limits.streams:
            return False
        return all(
            self._open[reseller, who] < self.limits.per_client
            and self._tenants[reseller] < self.limits.per_tenant
            for reseller in resellers
        )

    def _count(self, resellers: set[int], who: str, change: int) -> None:
        for reseller in resellers:
            self._open[reseller, who] += change
            self._tenants[reseller] += change
            if not self._open[reseller, who]:
                del self._open[reseller, who]
            if not self._tenants[reseller]:
                del self._tenants[reseller]

    async def _stamp(self, send: Send, token: "_Token", known: str) -> None:
        if token.tenant is None:
            return await _answer(send, 403)
        try:
            stamp = await self.hub.stamp(*token.tenant)
        except Exception:  # noqa: BLE001  # Valkey's client raises many kinds; the page asks again in 15 s
            return await _answer(send, 503, retry=15)
        return await (_answer(send, 204) if stamp == known else _answer(send, 200, stamp.encode()))

    async def _stream(self, receive: Receive, send: Send, tokens: list["_Token"]) -> None:
        good = [token for token in tokens if token.tenant]
        stream = await self.hub.join([token.tenant for token in good if token.tenant])
        if stream is None:
            return await _answer(send, 503, retry=5)
        try:
            headers = [
                *_COMMON,
                (b"content-type", b"text/event-stream; charset=utf-8"),
                (b"x-accel-buffering", b"no"),
            ]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            left = min(token_seconds_left(token.text) for token in good)
            # A timeout: a token expired. Authority is checked again before more hints are sent.
            with suppress(TimeoutError):
                async with asyncio.timeout(max(left, 1)):
                    for token in tokens:
                        if token.tenant is None:
                            await _put(send, _event(token.number, "refused", ""))
                    await _write(
                        receive, send, stream, [token.number for token in good] if len(tokens) > 1 else [None]
                    )
            with suppress(OSError, TimeoutError):
                await _put(send, b"event: bye\ndata: \n\n", more=False)
        finally:
            self.hub.leave(stream)
        return None


class _Token:
    """One token of the address, and the tenant it gives access to; None for an invalid token."""

    def __init__(self, number: int, text: str) -> None:
        self.number, self.text = number, text
        self.tenant: Tenant | None = None
        with suppress(BadSignature):
            self.tenant = read_token(text)


async def _write(receive: Receive, send: Send, stream: Stream, numbers: list[int | None]) -> None:
    """Pass hints on until the browser disconnects or the server stops."""
    gone = asyncio.ensure_future(_left(receive))
    gone.add_done_callback(lambda _gone: stream.end())
    try:
        while news := await stream.next():
            await _put(send, b"".join(_news(numbers[which], topics, stamp) for which, topics, stamp in news))
    finally:
        gone.cancel()


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _news(number: int | None, topics: list[str], stamp: str) -> bytes:
    if topics:
        return _event(number, "hint", json.dumps({"t": topics, "v": stamp}))
    return _event(number, "stamp", stamp)


def _event(number: int | None, kind: str, data: str) -> bytes:
    """The event's id is the number of its token in the address; a stream for one token has none."""
    head = "" if number is None else f"id: {number}\n"
    return f"{head}event: {kind}\ndata: {data}\n\n".encode()


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
